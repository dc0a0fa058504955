//! The program as written: names unresolved, types unknown, every node with its place.
//!
//! Chains of operators, of comparisons and of `else if` are flat lists, so the depth of a tree is the depth of the
//! brackets in the text, whatever the number of terms. `Display` prints a program that parses to the same tree.

use std::fmt;

use super::span::Span;

/// A whole kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Declarations, in order.
    pub items: Vec<Item>,
    /// The outputs, in order; at least one.
    pub outputs: Vec<Output>,
}

/// A declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `input a, b;`
    Inputs(Vec<Name>),
    /// `param t = 0.5;`
    Parameter {
        /// Its name.
        name: Name,
        /// Its value where none is set.
        default: Option<Expr>,
    },
    /// `weights k;`
    Weights(Name),
    /// `fn f(x) = body;`
    Function(Function),
    /// `let x = value;`
    Let {
        /// One name, or one for each accumulator of a fold.
        names: Vec<Name>,
        /// The value.
        value: Expr,
    },
    /// `assert condition;`
    Assert(Expr),
}

/// A function, to be inlined where it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// The names of its parameters.
    pub parameters: Vec<Name>,
    /// Its value.
    pub body: Expr,
}

/// An output and its name, where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The name in front of the colon.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// A name and where it is written.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// An expression and where it is written.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal.
    Number(f64),
    /// A name.
    Name(String),
    /// `f(x, y where c)`
    Call {
        /// The function.
        function: Name,
        /// Its arguments.
        arguments: Vec<Argument>,
    },
    /// `w[dy, dx]`
    Index {
        /// The input.
        input: Name,
        /// The offset along each axis.
        offsets: Vec<Expr>,
    },
    /// `-x` or `not x`
    Prefix(PrefixOp, Box<Expr>),
    /// Operators of one precedence level, left associative: `first op1 e1 op2 e2`.
    Chain {
        /// The leftmost operand.
        first: Box<Expr>,
        /// The operators and operands that follow.
        rest: Vec<(BinaryOp, Expr)>,
    },
    /// `base ** exponent`
    Power {
        /// What is raised.
        base: Box<Expr>,
        /// To which power.
        exponent: Box<Expr>,
    },
    /// `a < b <= c`
    Compare {
        /// The leftmost operand.
        first: Box<Expr>,
        /// The comparisons and operands that follow.
        rest: Vec<(CompareOp, Expr)>,
    },
    /// `if c1 then a1 else if c2 then a2 else otherwise`
    Conditional {
        /// Conditions and their values.
        arms: Vec<(Expr, Expr)>,
        /// The value where no condition holds.
        otherwise: Box<Expr>,
    },
    /// A loop over the cells of the footprint.
    Fold(Box<Fold>),
}

/// `fold accumulators for elements where condition: next`
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// Accumulators and their first values.
    pub accumulators: Vec<(Name, Expr)>,
    /// Element names and their windows.
    pub elements: Vec<(Name, Expr)>,
    /// Elements where this is false are skipped.
    pub condition: Option<Expr>,
    /// The new values of the accumulators.
    pub next: Vec<Expr>,
}

/// An argument of a call, with its condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The value.
    pub value: Expr,
    /// The condition after `where`.
    pub condition: Option<Expr>,
}

/// An operator in front of its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators")]
pub enum PrefixOp {
    Negate,
    Not,
}

/// A left-associative operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators")]
pub enum BinaryOp {
    Or,
    And,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators")]
pub enum CompareOp {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

// Two trees are equal if they mean the same; where they stand in the text does not matter.
impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.text == other.text
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.kind == other.kind
    }
}

impl BinaryOp {
    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
        }
    }

    /// Operators that may stand in one chain share a level.
    pub fn level(self) -> u8 {
        match self {
            BinaryOp::Or => 0,
            BinaryOp::And => 1,
            BinaryOp::Add | BinaryOp::Subtract => 2,
            BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => 3,
        }
    }
}

impl CompareOp {
    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Less => "<",
            CompareOp::LessEqual => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterEqual => ">=",
            CompareOp::Equal => "==",
            CompareOp::NotEqual => "!=",
        }
    }
}

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
            Item::Inputs(names) => {
                f.write_str("input ")?;
                write_list(f, names, ", ")
            }
            Item::Parameter { name, default: None } => write!(f, "param {name}"),
            Item::Parameter { name, default: Some(value) } => write!(f, "param {name} = {value}"),
            Item::Weights(name) => write!(f, "weights {name}"),
            Item::Function(Function { name, parameters, body }) => {
                write!(f, "fn {name}(")?;
                write_list(f, parameters, ", ")?;
                write!(f, ") = {body}")
            }
            Item::Let { names, value } => {
                f.write_str("let ")?;
                write_list(f, names, ", ")?;
                write!(f, " = {value}")
            }
            Item::Assert(condition) => write!(f, "assert {condition}"),
        }
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
