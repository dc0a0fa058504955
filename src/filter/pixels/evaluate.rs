//! What computes a pixel's outputs from its window.

#![allow(unsafe_code, reason = "a callback's window is checked once for a run, and not at each of its calls")]

use crate::callback::ActiveCallback;
use crate::filter::job::{Job, PixelPos};
use crate::lang::hir;
use crate::lang::interpret::{Interpreter, Pixel};

/// What computes a pixel's outputs from its windows.
pub trait Evaluate {
    /// Computes the outputs from the cells of every input in turn, which may be overwritten, for pixel `x` of the row at
    /// `position`, whose last number does not matter. The outputs are 0 on entry. False where an assertion does not hold.
    ///
    /// In a run that is compacted there may be fewer cells.
    fn evaluate(&mut self, cells: &mut [f64], position: &[usize], x: usize, outputs: &mut [f64]) -> bool;
}

/// A callback for windows of one length, and perhaps another for shorter ones.
pub struct CallbackEvaluator<'c> {
    callback: ActiveCallback<'c>,
    len: usize,
    shorter: Option<ActiveCallback<'c>>,
}

impl<'c> CallbackEvaluator<'c> {
    /// An evaluator of windows of `len` cells; `None` if the callback does not take them. Where there are fewer, the
    /// callback `shorter` has them, or the same if there is no other.
    pub fn new(
        callback: ActiveCallback<'c>,
        len: usize,
        shorter: Option<ActiveCallback<'c>>,
    ) -> Option<CallbackEvaluator<'c>> {
        callback.takes(len).then_some(CallbackEvaluator { callback, len, shorter })
    }
}

impl Evaluate for CallbackEvaluator<'_> {
    #[inline(always)]
    fn evaluate(&mut self, cells: &mut [f64], _: &[usize], _: usize, outputs: &mut [f64]) -> bool {
        if cells.len() == self.len {
            // SAFETY: `new` has checked the length.
            return unsafe { self.callback.call_unchecked(cells, &mut outputs[0]) };
        }
        let value = self.shorter.as_ref().unwrap_or(&self.callback).call(cells);
        outputs[0] = value.unwrap_or(0.0);
        value.is_some()
    }
}

/// The reference interpreter.
pub struct InterpreterEvaluator<'k> {
    interpreter: Interpreter<'k>,
    pixel: PixelPos,
}

impl<'k> InterpreterEvaluator<'k> {
    /// An interpreter of what the job's kernel means.
    pub fn new(meaning: &'k hir::Kernel, job: &'k Job) -> InterpreterEvaluator<'k> {
        InterpreterEvaluator {
            interpreter: job.interpreter(meaning),
            pixel: PixelPos::new(job.domain.shape(), &job.axes),
        }
    }
}

impl Evaluate for InterpreterEvaluator<'_> {
    fn evaluate(&mut self, cells: &mut [f64], position: &[usize], x: usize, outputs: &mut [f64]) -> bool {
        self.pixel.move_to(position, x);
        let pixel = Pixel { cells, position: &self.pixel.position, extent: &self.pixel.extent };
        self.interpreter.run(&pixel, outputs).is_ok()
    }
}
