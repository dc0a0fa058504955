//! The tree as a program that parses to the same tree.

use std::fmt;

use super::{Argument, BinaryOp, Expr, ExprKind, Function, Input, Item, Let, Name, Output, PrefixOp, Program};

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
                    values => write_operands(f, values),
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
        write!(f, "{}", Operand(&self.value, Level::Or))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Operand(&self.value, Level::Or))?;
        match &self.condition {
            Some(condition) => write!(f, " where {}", Operand(condition, Level::Or)),
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
                write_operands(f, offsets)?;
                f.write_str("]")
            }
            ExprKind::Prefix(PrefixOp::Negate, operand) => write!(f, "-{}", Operand(operand, Level::Power)),
            ExprKind::Prefix(PrefixOp::Not, operand) => write!(f, "not {}", Operand(operand, Level::Compare)),
            ExprKind::Chain { first, rest } => {
                // Operands of the same level would become a part of this chain.
                let level = Level::of(self).next();
                write!(f, "{}", Operand(first, level))?;
                rest.iter().try_for_each(|(op, operand)| write!(f, " {} {}", op.symbol(), Operand(operand, level)))
            }
            ExprKind::Power { base, exponent } => {
                write!(f, "{} ** {}", Operand(base, Level::Atom), Operand(exponent, Level::Atom))
            }
            ExprKind::Compare { first, rest } => {
                write!(f, "{}", Operand(first, Level::Sum))?;
                rest.iter().try_for_each(|(op, operand)| write!(f, " {} {}", op.symbol(), Operand(operand, Level::Sum)))
            }
            ExprKind::Conditional { arms, otherwise } => {
                let operand = |expr| Operand(expr, Level::Or);
                for (condition, value) in arms {
                    write!(f, "if {} then {} else ", operand(condition), operand(value))?;
                }
                write!(f, "{}", operand(otherwise))
            }
            ExprKind::Fold(fold) => {
                let bound = |list: &[(Name, Expr)], sign: &str| {
                    list.iter()
                        .map(|(name, value)| format!("{name} {sign} {}", Operand(value, Level::Or)))
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                write!(f, "fold {} for {}", bound(&fold.accumulators, "="), bound(&fold.elements, "in"))?;
                if let Some(condition) = &fold.condition {
                    write!(f, " where {}", Operand(condition, Level::Or))?;
                }
                f.write_str(": ")?;
                write_operands(f, &fold.next)
            }
        }
    }
}

/// How tightly an expression holds together, loosest first, as in the grammar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// `if` and `fold`.
    Open,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Negate,
    Power,
    Atom,
}

impl Level {
    fn of(expr: &Expr) -> Level {
        match &expr.kind {
            ExprKind::Conditional { .. } | ExprKind::Fold(_) => Level::Open,
            ExprKind::Chain { rest, .. } => match rest.first().map(|(op, _)| *op) {
                Some(BinaryOp::Or) => Level::Or,
                Some(BinaryOp::And) => Level::And,
                Some(BinaryOp::Add | BinaryOp::Subtract) => Level::Sum,
                Some(BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder) | None => Level::Product,
            },
            ExprKind::Prefix(PrefixOp::Not, _) => Level::Not,
            ExprKind::Compare { .. } => Level::Compare,
            ExprKind::Prefix(PrefixOp::Negate, _) => Level::Negate,
            ExprKind::Power { .. } => Level::Power,
            ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Index { .. } => Level::Atom,
        }
    }

    /// What holds together more tightly than a chain of this level.
    fn next(self) -> Level {
        match self {
            Level::Open => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Sum => Level::Product,
            Level::Product => Level::Negate,
            Level::Not | Level::Compare | Level::Negate | Level::Power | Level::Atom => Level::Atom,
        }
    }
}

/// An expression as an operand: in brackets unless it holds together so tightly.
struct Operand<'a>(&'a Expr, Level);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operand(expr, level) = self;
        if Level::of(expr) < *level { write!(f, "({expr})") } else { write!(f, "{expr}") }
    }
}

/// Operands between commas, which a fold would take for its own.
fn write_operands(f: &mut fmt::Formatter<'_>, operands: &[Expr]) -> fmt::Result {
    write_list(f, &operands.iter().map(|operand| Operand(operand, Level::Or)).collect::<Vec<_>>(), ", ")
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

#[cfg(test)]
mod tests {
    use crate::lang::check::check;
    use crate::lang::parse::parse;

    /// What is printed has the same meaning, and is printed alike.
    #[track_caller]
    fn comes_back(source: &str) -> String {
        let program = parse(source).expect(source);
        let printed = program.to_string();
        let again = parse(&printed).unwrap_or_else(|error| panic!("{source}\n{printed}\n{}", error.message));
        assert_eq!(again.to_string(), printed, "{source}");
        let meaning = |program| check(program).expect(source).to_string();
        assert_eq!(meaning(&again), meaning(&program), "{source}\n{printed}");
        printed
    }

    #[test]
    fn printed_programs_come_back() {
        for source in [
            "1 + (2 + w[0]) + 3",
            "1 - (2 - w[0]) - 3 * (4 / w[0]) / 5 % 6",
            "(1 + w[0]) * -(2 + 3) - -w[0] ** 2 ** 3",
            "(2 ** w[0]) ** 3 + (-w[0]) ** 2 + 2 ** -w[0] * -(-w[0])",
            "if not (w[0] > 1 and w[0] < 3 or w[0] == 2) and (w[1] > 1 or true) then 1 else 2",
            "if not not (w[0] > 1) then 1 else 2",
            "(if w[0] > 1 then 2 else 3) + (fold a = 1 + 2 for v in w where v > 1 or v < 0: a + v * 2)",
            "let a, b = fold a = (if w[0] > 1 then 2 else 3), b = 2 for v in w, u in w * 2: a + v, b * u; (fold s = 0 for v in w: s + v), a + b",
            "mean(w * (w + 1) where w > 1 or w < 0), max((if w[0] > 1 then 2 else 3), 4)",
            "fn f(x, y) = let z = x - (y - 1); (fold a = 0 for v in w: a + v * z), z; let p, q = f(1, w[0, -1 + 2]); p * (q / 2)",
        ] {
            comes_back(source);
        }
        assert_eq!(comes_back("((w[0]) + ((2) * (-3)))"), "w[0] + 2 * -3");
        // What has as many brackets as may be has no more of them when it is printed.
        let (left, right) = ("w[0, 0] + 2 * (".repeat(198), ")".repeat(198));
        comes_back(&format!("{left}1{right}"));
    }
}
