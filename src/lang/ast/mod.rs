//! The program as written: names unresolved, types unknown, every node with its place.
//!
//! Chains of operators, of comparisons and of `else if` are flat lists, so the depth of a tree is the depth of the
//! brackets in the text, whatever the number of terms. `Display` prints a program that parses to the same tree.

mod print;
mod visit;

use super::span::Span;

pub use self::visit::{NameUse, Role};

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
    /// `input a, bad: bool;`
    Inputs(Vec<Input>),
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
    Let(Let),
    /// `assert condition;`
    Assert(Expr),
}

/// An input.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// Whether its elements are true or false.
    pub boolean: bool,
}

/// Names for values.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// One name, or one for each value of a fold or a function.
    pub names: Vec<Name>,
    /// What has the values.
    pub value: Expr,
}

/// A function, to be inlined where it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// The names of its parameters.
    pub parameters: Vec<Name>,
    /// Names for parts of it, in order.
    pub lets: Vec<Let>,
    /// Its values; at least one.
    pub values: Vec<Expr>,
}

impl Function {
    /// The place of what it computes.
    pub fn body_span(&self) -> Span {
        let first = self.lets.first().map_or(self.values[0].span, |binding| binding.names[0].span);
        first.to(self.values[self.values.len() - 1].span)
    }
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
