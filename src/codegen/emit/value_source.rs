//! Where the emitter gets the values around the pixels from: the one thing in which a callback and a row differ.

use cranelift_codegen::ir::Value;
use cranelift_frontend::FunctionBuilder;

use crate::codegen::lanes::Lanes;
use crate::lang::hir::Expr;

/// A position in the footprint: known while compiling, or an I64.
#[derive(Clone, Copy, Debug)]
pub enum Tap {
    Known(usize),
    Running(Value),
}

/// What order statistics that are not networks are computed in.
#[derive(Clone, Copy, Debug)]
pub enum Scratch {
    /// Room for the elements of one pixel.
    Pixel(Value),
    /// Room for the elements of a block of pixels, in the layout of `host::block_order_statistic`.
    Block(Value),
}

/// The cells around the pixels, and what else is known of their place.
pub trait ValueSource {
    /// The number of cells of the footprint, if the code is for one footprint.
    fn taps(&self) -> Option<usize>;

    /// The number of cells of the footprint, an I64.
    fn count(&self, b: &mut FunctionBuilder<'_>) -> Value;

    /// The number of the row of cells that a tap is in, for the trees of the plan.
    fn tree_row(&self, tap: usize) -> usize;

    /// Which of the rows of pixels of a call is computed.
    fn row_of_call(&self) -> usize;

    /// An input's values at a cell of the footprint.
    fn tap(&mut self, b: &mut FunctionBuilder<'_>, input: usize, tap: Tap) -> Lanes;

    /// An input's values at a fixed offset.
    fn cell(&mut self, b: &mut FunctionBuilder<'_>, input: usize, offset: &[i32]) -> Lanes;

    /// A scalar parameter, a scalar f64.
    fn param(&mut self, b: &mut FunctionBuilder<'_>, param: usize) -> Value;

    /// A weights vector's value at a cell, a scalar f64.
    fn weight(&mut self, b: &mut FunctionBuilder<'_>, weights: usize, tap: Tap) -> Value;

    /// An offset or a distance: a known number, or a scalar f64.
    fn place(&mut self, b: &mut FunctionBuilder<'_>, place: &Expr, tap: Tap) -> Result<f64, Value>;

    /// The pixels' indices along an axis.
    fn coordinate(&mut self, b: &mut FunctionBuilder<'_>, axis: usize) -> Lanes;

    /// Memory for order statistics.
    fn scratch(&self) -> Scratch;
}
