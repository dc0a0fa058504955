//! What a kernel means where some cells of the array have no value: they are masked, or hold the number that stands for none.
//!
//! Which cells those are is one more input of the kernel, the last one. It is as large as the others, and continued beyond the
//! array's ends as they are.

use super::hir::{Builder, Expr, ExprId, Kernel, Node, Output, Rewrite};
use super::ops::BinaryOp;
use super::restrict::{Condition, restricted};
use super::types::{Elem, Type};

/// What is made of missing cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Missing {
    /// The value of the last input that says that a cell is one.
    pub mark: u8,
    /// The bits of the number that pixels without a value get; without one, a missing pixel keeps its own.
    pub nodata: Option<u64>,
    /// Whether missing pixels get a value from those around.
    pub fill: bool,
    /// The number of the window's axes.
    pub axes: usize,
}

/// The kernel with one more input, without the cells that are missing.
pub fn without_missing(kernel: &Kernel, missing: Missing) -> Kernel {
    let mut extended = kernel.clone();
    extended.inputs.push("mask".to_string());
    let condition = Excluded { missing, input: kernel.inputs.len(), reduces: kernel.reads_window() };
    restricted(&extended, condition)
}

/// The kernel for pixels that see no missing cell: like that for the others it asks nothing of those that see no cell at all, and their values, if
/// there is such a number, and those that are NaN are this one.
pub fn all_present(kernel: &Kernel, nodata: Option<f64>) -> Kernel {
    let present = Present { nodata, reduces: kernel.reads_window() };
    kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), present)
}

/// What is told of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Whether the value is NaN.
    Nan,
    /// Whether there is no value: it is NaN, or the kernel reads a window no cell of which takes part.
    Absent,
}

/// The kernel with one more output for each of its outputs that is asked for: what is told of it, 0 or 1.
pub fn with_told(kernel: &Kernel, asked: &[bool], told: Told) -> Kernel {
    let mut extended = kernel.clone();
    let of = |(output, asked): (&Output, &bool)| asked.then(|| Output { tells: true, ..output.clone() });
    extended.outputs.extend(kernel.outputs.iter().zip(asked).filter_map(of));
    let telling = Telling { values: kernel.outputs.len(), sees_none: told == Told::Absent && kernel.reads_window() };
    extended.rewritten(kernel.params.clone(), kernel.weights.clone(), telling)
}

struct Excluded {
    missing: Missing,
    /// The number of the input that says what is missing.
    input: usize,
    /// Whether the kernel is about a window, and not about fixed cells only.
    reduces: bool,
}

impl Excluded {
    /// Whether a cell with this value of the last input takes part.
    fn takes_part(&self, builder: &mut Builder, value: ExprId) -> ExprId {
        let mark = builder.number(self.missing.mark.into());
        builder.binary(BinaryOp::NotEqual, value, mark)
    }

    /// The value of an input at the pixel itself.
    fn own(&self, builder: &mut Builder, input: usize) -> ExprId {
        builder.leaf(Expr::At { input, offset: vec![0; self.missing.axes].into() }, Type::NUMBER)
    }

    /// What is told of a pixel, which has its own value or another one.
    fn told(&self, builder: &mut Builder, value: ExprId) -> ExprId {
        if self.missing.fill {
            return value;
        }
        let (present, own) = (self.own_takes_part(builder), self.own(builder, 0));
        let own_is_nan = is_nan(builder, own);
        builder.select(present, value, own_is_nan)
    }

    /// Whether the pixel's own cell takes part.
    fn own_takes_part(&self, builder: &mut Builder) -> ExprId {
        self.fixed(builder, &vec![0; self.missing.axes])
    }
}

impl Condition for Excluded {
    fn cell(&self, builder: &mut Builder) -> ExprId {
        let marks = builder.leaf(Expr::Tap(self.input), Type::NUMBERS);
        self.takes_part(builder, marks)
    }

    fn fixed(&self, builder: &mut Builder, offset: &[i32]) -> ExprId {
        let mark = builder.leaf(Expr::At { input: self.input, offset: offset.into() }, Type::NUMBER);
        self.takes_part(builder, mark)
    }

    fn output(&self, builder: &mut Builder, output: &Output, value: ExprId) -> ExprId {
        if output.tells {
            return self.told(builder, value);
        }
        let mut value = value;
        let nodata = self.missing.nodata.map(|bits| builder.number(f64::from_bits(bits)));
        if let Some(nodata) = nodata {
            if self.reduces {
                let cells = self.cell(builder);
                let some = builder.count(cells);
                value = instead_of_none(builder, some, value, nodata);
            }
            value = instead_of_nan(builder, value, nodata);
        }
        if self.missing.fill {
            return value;
        }
        let kept = match nodata {
            Some(nodata) => nodata,
            None => self.own(builder, 0),
        };
        let present = self.own_takes_part(builder);
        let missing = builder.not(present);
        select_number(builder, missing, kept, value)
    }

    fn assertion(&self, builder: &mut Builder, condition: ExprId) -> ExprId {
        let mut condition = condition;
        if self.reduces {
            let cells = self.cell(builder);
            let some = builder.count(cells);
            condition = or_none(builder, some, condition);
        }
        if self.missing.fill {
            return condition;
        }
        // Nobody needs the value of a pixel that is missing.
        let present = self.own_takes_part(builder);
        let missing = builder.not(present);
        builder.binary(BinaryOp::Or, missing, condition)
    }
}

struct Present {
    /// What pixels without a value get.
    nodata: Option<f64>,
    /// Whether the kernel is about a window, which may have no cell.
    reduces: bool,
}

impl Rewrite for Present {
    fn node(&mut self, _: &mut Builder, _: ExprId, _: &Node, _: &dyn Fn(ExprId) -> ExprId) -> Option<ExprId> {
        None
    }

    fn output(&mut self, builder: &mut Builder, output: &Output, value: ExprId) -> ExprId {
        let Some(number) = self.nodata.filter(|_| !output.tells) else { return value };
        let nodata = builder.number(number);
        let mut value = value;
        if self.reduces {
            let cells = builder.window_len();
            value = instead_of_none(builder, cells, value, nodata);
        }
        if number.is_nan() { value } else { instead_of_nan(builder, value, nodata) }
    }

    fn assertion(&mut self, builder: &mut Builder, condition: ExprId) -> ExprId {
        if !self.reduces {
            return condition;
        }
        let cells = builder.window_len();
        or_none(builder, cells, condition)
    }
}

struct Telling {
    /// How many outputs are still to come that are values.
    values: usize,
    /// Whether it is told, too, that no cell takes part.
    sees_none: bool,
}

impl Rewrite for Telling {
    fn node(&mut self, _: &mut Builder, _: ExprId, _: &Node, _: &dyn Fn(ExprId) -> ExprId) -> Option<ExprId> {
        None
    }

    fn output(&mut self, builder: &mut Builder, _: &Output, value: ExprId) -> ExprId {
        if self.values > 0 {
            self.values -= 1;
            return value;
        }
        let told = is_nan(builder, value);
        if !self.sees_none {
            return told;
        }
        let (cells, one) = (builder.window_len(), builder.number(1.0));
        instead_of_none(builder, cells, told, one)
    }
}

/// 1 where a value is NaN, else 0.
fn is_nan(builder: &mut Builder, value: ExprId) -> ExprId {
    let (zero, one) = (builder.number(0.0), builder.number(1.0));
    if builder.ty(value).elem == Elem::Boolean {
        return zero;
    }
    let nan = builder.binary(BinaryOp::NotEqual, value, value);
    builder.select(nan, one, zero)
}

/// The value, or `nodata` where so many cells are none.
fn instead_of_none(builder: &mut Builder, cells: ExprId, value: ExprId, nodata: ExprId) -> ExprId {
    let zero = builder.number(0.0);
    let none = builder.binary(BinaryOp::Equal, cells, zero);
    select_number(builder, none, nodata, value)
}

/// Whether a condition holds, or so many cells are none: of those nothing can be asked, such as an element of some rank.
fn or_none(builder: &mut Builder, cells: ExprId, condition: ExprId) -> ExprId {
    let zero = builder.number(0.0);
    let none = builder.binary(BinaryOp::Equal, cells, zero);
    builder.binary(BinaryOp::Or, none, condition)
}

/// The value, or `nodata` where it is NaN.
fn instead_of_nan(builder: &mut Builder, value: ExprId, nodata: ExprId) -> ExprId {
    if builder.ty(value).elem == Elem::Boolean {
        return value;
    }
    let nan = builder.binary(BinaryOp::NotEqual, value, value);
    builder.select(nan, nodata, value)
}

/// A number or the kernel's value, which counts as 0 or 1 if it is a boolean.
fn select_number(builder: &mut Builder, condition: ExprId, number: ExprId, value: ExprId) -> ExprId {
    let value = match builder.ty(value).elem {
        Elem::Number => value,
        Elem::Boolean => {
            let (one, zero) = (builder.number(1.0), builder.number(0.0));
            builder.select(value, one, zero)
        }
    };
    builder.select(condition, number, value)
}
