//! The elementwise operations that every engine implements, and what each one computes.
//!
//! Everything else in the language is lowered to these. `apply` is the definition, which constant folding and the
//! interpreter use. Transcendental functions come from the `libm` crate, the same code on every platform; compiled
//! code has its own, which may differ in the last places within the bounds that `builtins` states.

/// An operation on one number, or on one boolean for `Not`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the functions of the language")]
pub enum UnaryOp {
    Not,
    Negate,
    Abs,
    Sqrt,
    Cbrt,
    Exp,
    Exp2,
    Expm1,
    Log,
    Log2,
    Log10,
    Log1p,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Floor,
    Ceil,
    Round,
    Trunc,
}

/// An operation on two values of the same type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the operators and functions of the language")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Atan2,
    Hypot,
    /// NaN if either operand is NaN.
    Min,
    /// NaN if either operand is NaN.
    Max,
    Less,
    LessEqual,
    /// Of numbers or of booleans.
    Equal,
    /// Of numbers or of booleans.
    NotEqual,
    And,
    Or,
}

impl UnaryOp {
    /// The value for `x`; a boolean is 0 or 1.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            UnaryOp::Not => 1.0 - x,
            UnaryOp::Negate => -x,
            UnaryOp::Abs => x.abs(),
            UnaryOp::Sqrt => libm::sqrt(x),
            UnaryOp::Cbrt => libm::cbrt(x),
            UnaryOp::Exp => libm::exp(x),
            UnaryOp::Exp2 => libm::exp2(x),
            UnaryOp::Expm1 => libm::expm1(x),
            UnaryOp::Log => libm::log(x),
            UnaryOp::Log2 => libm::log2(x),
            UnaryOp::Log10 => libm::log10(x),
            UnaryOp::Log1p => libm::log1p(x),
            UnaryOp::Sin => libm::sin(x),
            UnaryOp::Cos => libm::cos(x),
            UnaryOp::Tan => libm::tan(x),
            UnaryOp::Asin => libm::asin(x),
            UnaryOp::Acos => libm::acos(x),
            UnaryOp::Atan => libm::atan(x),
            UnaryOp::Sinh => libm::sinh(x),
            UnaryOp::Cosh => libm::cosh(x),
            UnaryOp::Tanh => libm::tanh(x),
            UnaryOp::Floor => libm::floor(x),
            UnaryOp::Ceil => libm::ceil(x),
            UnaryOp::Round => libm::rint(x),
            UnaryOp::Trunc => libm::trunc(x),
        }
    }

    /// The operation's name in listings.
    pub fn name(self) -> &'static str {
        match self {
            UnaryOp::Not => "not",
            UnaryOp::Negate => "negate",
            UnaryOp::Abs => "abs",
            UnaryOp::Sqrt => "sqrt",
            UnaryOp::Cbrt => "cbrt",
            UnaryOp::Exp => "exp",
            UnaryOp::Exp2 => "exp2",
            UnaryOp::Expm1 => "expm1",
            UnaryOp::Log => "log",
            UnaryOp::Log2 => "log2",
            UnaryOp::Log10 => "log10",
            UnaryOp::Log1p => "log1p",
            UnaryOp::Sin => "sin",
            UnaryOp::Cos => "cos",
            UnaryOp::Tan => "tan",
            UnaryOp::Asin => "asin",
            UnaryOp::Acos => "acos",
            UnaryOp::Atan => "atan",
            UnaryOp::Sinh => "sinh",
            UnaryOp::Cosh => "cosh",
            UnaryOp::Tanh => "tanh",
            UnaryOp::Floor => "floor",
            UnaryOp::Ceil => "ceil",
            UnaryOp::Round => "round",
            UnaryOp::Trunc => "trunc",
        }
    }
}

impl BinaryOp {
    /// The value for `x` and `y`; a boolean is 0 or 1.
    pub fn apply(self, x: f64, y: f64) -> f64 {
        let truth = |b: bool| f64::from(u8::from(b));
        match self {
            BinaryOp::Add => x + y,
            BinaryOp::Subtract => x - y,
            BinaryOp::Multiply => x * y,
            BinaryOp::Divide => x / y,
            BinaryOp::Power => libm::pow(x, y),
            BinaryOp::Atan2 => libm::atan2(x, y),
            BinaryOp::Hypot => libm::hypot(x, y),
            BinaryOp::Min => min(x, y),
            BinaryOp::Max => -min(-x, -y),
            BinaryOp::Less => truth(x < y),
            BinaryOp::LessEqual => truth(x <= y),
            BinaryOp::Equal => truth(x == y),
            BinaryOp::NotEqual => truth(x != y),
            BinaryOp::And => x * y,
            BinaryOp::Or => x.max(y),
        }
    }

    /// The operation's name in listings.
    pub fn name(self) -> &'static str {
        match self {
            BinaryOp::Add => "add",
            BinaryOp::Subtract => "subtract",
            BinaryOp::Multiply => "multiply",
            BinaryOp::Divide => "divide",
            BinaryOp::Power => "power",
            BinaryOp::Atan2 => "atan2",
            BinaryOp::Hypot => "hypot",
            BinaryOp::Min => "min",
            BinaryOp::Max => "max",
            BinaryOp::Less => "less",
            BinaryOp::LessEqual => "less_equal",
            BinaryOp::Equal => "equal",
            BinaryOp::NotEqual => "not_equal",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }

    /// Whether the operands may change places.
    pub fn is_commutative(self) -> bool {
        matches!(
            self,
            BinaryOp::Add | BinaryOp::Multiply | BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::And | BinaryOp::Or
        )
    }

    /// Whether the value is a boolean.
    pub fn is_boolean(self) -> bool {
        matches!(
            self,
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::And | BinaryOp::Or
        )
    }
}

fn min(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if y < x {
        y
    } else {
        x
    }
}
