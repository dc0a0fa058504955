//! The elementwise operations that every engine implements: the table of what each one computes, and what is known of it.
//!
//! Everything else in the language is lowered to these. `apply` is the definition, which constant folding and the
//! interpreter use. Transcendental functions come from the `libm` crate, the same code on every platform; compiled
//! code has its own, which may differ in the last places within the bounds of the table.

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

/// What is known of an operation on one value.
#[derive(Clone, Copy, Debug)]
pub struct UnaryRow {
    /// Its name in listings, and in the language if it is a function there.
    pub name: &'static str,
    /// What it computes; a boolean is 0 or 1.
    pub apply: fn(f64) -> f64,
    /// The bound of its error in compiled code, in units in the last place: 0 if the value is never rounded, 0.5 if it is
    /// correctly rounded.
    pub ulp: f64,
    /// Whether it has another value at -0 than at 0, which then is -0.
    pub passes_sign: bool,
}

/// What is known of an operation on two values.
#[derive(Clone, Copy, Debug)]
pub struct BinaryRow {
    /// Its name in listings, and in the language if it is a function there.
    pub name: &'static str,
    /// What it computes; a boolean is 0 or 1.
    pub apply: fn(f64, f64) -> f64,
    /// The bound of its error in compiled code, as in [`UnaryRow::ulp`].
    pub ulp: f64,
    /// Which of its operands show the sign of a zero.
    pub zero_sign: ZeroSign,
    /// Whether the operands may change places.
    pub commutative: bool,
    /// Whether the value is a boolean.
    pub boolean: bool,
}

/// Where the sign of a zero operand can be told from the value of an operation on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZeroSign {
    /// Nowhere, or the sign of the value's zero is not specified.
    Never,
    /// In that of a zero, if the other operand is -0 as well.
    Sum,
    /// In that of a zero: for the first operand if the second may be 0, for the second if the first may be -0.
    Difference,
    /// In that of a zero.
    Product,
    /// In that of a zero for the first operand, in an infinity for the second.
    Quotient,
    /// In the value, for the first operand.
    Base,
    /// In the value.
    Always,
}

const fn unary(name: &'static str, apply: fn(f64) -> f64, ulp: f64, passes_sign: bool) -> UnaryRow {
    UnaryRow { name, apply, ulp, passes_sign }
}

const fn arithmetic(name: &'static str, apply: fn(f64, f64) -> f64, zero_sign: ZeroSign) -> BinaryRow {
    let commutative = matches!(zero_sign, ZeroSign::Sum | ZeroSign::Product);
    BinaryRow { name, apply, ulp: 0.5, zero_sign, commutative, boolean: false }
}

const fn function(name: &'static str, apply: fn(f64, f64) -> f64, ulp: f64, zero_sign: ZeroSign) -> BinaryRow {
    BinaryRow { name, apply, ulp, zero_sign, commutative: false, boolean: false }
}

const fn logical(name: &'static str, apply: fn(f64, f64) -> f64, commutative: bool) -> BinaryRow {
    BinaryRow { name, apply, ulp: 0.0, zero_sign: ZeroSign::Never, commutative, boolean: true }
}

impl UnaryOp {
    /// What is known of it.
    pub const fn row(self) -> UnaryRow {
        match self {
            UnaryOp::Not => unary("not", |x| 1.0 - x, 0.0, false),
            UnaryOp::Negate => unary("negate", |x| -x, 0.0, true),
            UnaryOp::Abs => unary("abs", f64::abs, 0.0, false),
            UnaryOp::Sqrt => unary("sqrt", libm::sqrt, 0.5, true),
            UnaryOp::Cbrt => unary("cbrt", libm::cbrt, 1.0, true),
            UnaryOp::Exp => unary("exp", libm::exp, 2.0, false),
            UnaryOp::Exp2 => unary("exp2", libm::exp2, 2.0, false),
            UnaryOp::Expm1 => unary("expm1", libm::expm1, 1.0, true),
            UnaryOp::Log => unary("log", libm::log, 1.0, false),
            UnaryOp::Log2 => unary("log2", libm::log2, 1.0, false),
            UnaryOp::Log10 => unary("log10", libm::log10, 1.0, false),
            UnaryOp::Log1p => unary("log1p", libm::log1p, 1.0, true),
            UnaryOp::Sin => unary("sin", libm::sin, 1.0, true),
            UnaryOp::Cos => unary("cos", libm::cos, 1.0, false),
            UnaryOp::Tan => unary("tan", libm::tan, 1.0, true),
            UnaryOp::Asin => unary("asin", libm::asin, 1.5, true),
            UnaryOp::Acos => unary("acos", libm::acos, 1.0, false),
            UnaryOp::Atan => unary("atan", libm::atan, 1.5, true),
            UnaryOp::Sinh => unary("sinh", libm::sinh, 2.0, true),
            UnaryOp::Cosh => unary("cosh", libm::cosh, 2.0, false),
            UnaryOp::Tanh => unary("tanh", libm::tanh, 2.0, true),
            UnaryOp::Floor => unary("floor", libm::floor, 0.0, true),
            UnaryOp::Ceil => unary("ceil", libm::ceil, 0.0, true),
            UnaryOp::Round => unary("round", libm::rint, 0.0, true),
            UnaryOp::Trunc => unary("trunc", libm::trunc, 0.0, true),
        }
    }

    /// The value for `x`; a boolean is 0 or 1.
    pub fn apply(self, x: f64) -> f64 {
        (self.row().apply)(x)
    }

    /// The operation's name in listings.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether it has another value at -0 than at 0, which then is -0.
    pub const fn passes_sign(self) -> bool {
        self.row().passes_sign
    }

    /// Whether the value is a boolean.
    pub const fn is_boolean(self) -> bool {
        matches!(self, UnaryOp::Not)
    }
}

impl BinaryOp {
    /// What is known of it.
    pub const fn row(self) -> BinaryRow {
        match self {
            BinaryOp::Add => arithmetic("add", |x, y| x + y, ZeroSign::Sum),
            BinaryOp::Subtract => arithmetic("subtract", |x, y| x - y, ZeroSign::Difference),
            BinaryOp::Multiply => arithmetic("multiply", |x, y| x * y, ZeroSign::Product),
            BinaryOp::Divide => arithmetic("divide", |x, y| x / y, ZeroSign::Quotient),
            BinaryOp::Power => function("power", libm::pow, 1.0, ZeroSign::Base),
            BinaryOp::Atan2 => function("atan2", libm::atan2, 1.5, ZeroSign::Always),
            BinaryOp::Hypot => function("hypot", libm::hypot, 1.0, ZeroSign::Never),
            BinaryOp::Min => function("min", min, 0.0, ZeroSign::Never),
            BinaryOp::Max => function("max", |x, y| -min(-x, -y), 0.0, ZeroSign::Never),
            BinaryOp::Less => logical("less", |x, y| truth(x < y), false),
            BinaryOp::LessEqual => logical("less_equal", |x, y| truth(x <= y), false),
            BinaryOp::Equal => logical("equal", |x, y| truth(x == y), true),
            BinaryOp::NotEqual => logical("not_equal", |x, y| truth(x != y), true),
            BinaryOp::And => logical("and", |x, y| x * y, true),
            BinaryOp::Or => logical("or", f64::max, true),
        }
    }

    /// The value for `x` and `y`; a boolean is 0 or 1.
    pub fn apply(self, x: f64, y: f64) -> f64 {
        (self.row().apply)(x, y)
    }

    /// The operation's name in listings.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Which of its operands show the sign of a zero.
    pub const fn zero_sign(self) -> ZeroSign {
        self.row().zero_sign
    }

    /// Whether the operands may change places.
    pub const fn is_commutative(self) -> bool {
        self.row().commutative
    }

    /// Whether the value is a boolean.
    pub const fn is_boolean(self) -> bool {
        self.row().boolean
    }
}

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
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
