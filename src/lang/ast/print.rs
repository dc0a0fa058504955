//! The tree as a program that parses to the same tree.

use std::fmt;

use super::{Argument, Expr, ExprKind, Function, Input, Item, Let, Name, Output, PrefixOp, Program};

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            writeln!(f, "{item};")?;
        }
        write_list(f, &self.outputs, ",\n")
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Inputs(inputs) => {
                f.write_str("input ")?;
                write_list(f, inputs, ", ")
            }
            Item::Parameter { name, default: None } => write!(f, "param {name}"),
            Item::Parameter { name, default: Some(value) } => write!(f, "param {name} = {value}"),
            Item::Weights(name) => write!(f, "weights {name}"),
            Item::Function(Function { name, parameters, lets, values }) => {
                write!(f, "fn {name}(")?;
                write_list(f, parameters, ", ")?;
                f.write_str(") = ")?;
                lets.iter().try_for_each(|binding| write!(f, "{binding}; "))?;
                match values.as_slice() {
                    [value] => write!(f, "{value}"),
                    // A fold would take the values after it for its own.
                    values => write_list(f, &values.iter().map(Operand).collect::<Vec<_>>(), ", "),
                }
            }
            Item::Let(binding) => write!(f, "{binding}"),
            Item::Assert(condition) => write!(f, "assert {condition}"),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, if self.boolean { ": bool" } else { "" })
    }
}

impl fmt::Display for Let {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("let ")?;
        write_list(f, &self.names, ", ")?;
        write!(f, " = {}", self.value)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name}: ")?;
        }
        // A fold would take the outputs after it for its own values.
        write_operand_if(f, &self.value, matches!(self.value.kind, ExprKind::Fold(_) | ExprKind::Conditional { .. }))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_operand_if(f, &self.value, matches!(self.value.kind, ExprKind::Fold(_) | ExprKind::Conditional { .. }))?;
        match &self.condition {
            Some(condition) => write!(f, " where {}", Operand(condition)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            // Whole numbers as one writes them, unless they have an exponent.
            ExprKind::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 => write!(f, "{value}"),
            ExprKind::Number(value) => write!(f, "{value:?}"),
            ExprKind::Name(name) => f.write_str(name),
            ExprKind::Call { function, arguments } => {
                write!(f, "{function}(")?;
                write_list(f, arguments, ", ")?;
                f.write_str(")")
            }
            ExprKind::Index { input, offsets } => {
                write!(f, "{input}[")?;
                write_list(f, &offsets.iter().map(Operand).collect::<Vec<_>>(), ", ")?;
                f.write_str("]")
            }
            ExprKind::Prefix(PrefixOp::Negate, operand) => write!(f, "-{}", Operand(operand)),
            ExprKind::Prefix(PrefixOp::Not, operand) => write!(f, "not {}", Operand(operand)),
            ExprKind::Chain { first, rest } => {
                write!(f, "{}", Operand(first))?;
                rest.iter().try_for_each(|(op, operand)| write!(f, " {} {}", op.symbol(), Operand(operand)))
            }
            ExprKind::Power { base, exponent } => write!(f, "{} ** {}", Operand(base), Operand(exponent)),
            ExprKind::Compare { first, rest } => {
                write!(f, "{}", Operand(first))?;
                rest.iter().try_for_each(|(op, operand)| write!(f, " {} {}", op.symbol(), Operand(operand)))
            }
            ExprKind::Conditional { arms, otherwise } => {
                for (condition, value) in arms {
                    write!(f, "if {} then {} else ", Operand(condition), Operand(value))?;
                }
                write!(f, "{}", Operand(otherwise))
            }
            ExprKind::Fold(fold) => {
                let bound = |list: &[(Name, Expr)], sign: &str| {
                    list.iter()
                        .map(|(name, value)| format!("{name} {sign} {}", Operand(value)))
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                write!(f, "fold {} for {}", bound(&fold.accumulators, "="), bound(&fold.elements, "in"))?;
                if let Some(condition) = &fold.condition {
                    write!(f, " where {}", Operand(condition))?;
                }
                f.write_str(": ")?;
                write_list(f, &fold.next.iter().map(Operand).collect::<Vec<_>>(), ", ")
            }
        }
    }
}

/// An expression as an operand: in brackets unless it is atomic.
struct Operand<'a>(&'a Expr);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let atomic = matches!(
            self.0.kind,
            ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Index { .. }
        );
        write_operand_if(f, self.0, !atomic)
    }
}

fn write_operand_if(f: &mut fmt::Formatter<'_>, expr: &Expr, brackets: bool) -> fmt::Result {
    if brackets { write!(f, "({expr})") } else { write!(f, "{expr}") }
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, list: &[T], separator: &str) -> fmt::Result {
    for (index, entry) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{entry}")?;
    }
    Ok(())
}
