//! The error for a pixel that could not be computed.

use super::exec::view::RawView;
use super::job::{Job, PixelPos};
use super::options::Function;
use super::pixels::gather::cells_at;
use super::pixels::neighbourhood::Neighbourhood;
use crate::error::{Error, Place};
use crate::lang::interpret::Pixel;

/// The error for the pixel at a position of the job's views.
pub fn failure(job: &Job, inputs: &[RawView<'_>], at: &[usize]) -> Error {
    // Axes are not arranged where a pixel can fail.
    let position = at[..job.ndim].to_vec();
    let (Function::Kernel(kernel), Some(meaning)) = (&job.function, job.meaning()) else {
        return Error::Callback { position };
    };
    // Machine code says only that something does not hold; the interpreter says what.
    let mut interpreter = job.interpreter(&meaning);
    let cells = cells_at(&Neighbourhood::new(&job.domain, job.offsets()), inputs, at, job.has_long_inputs());
    let mut pixel = PixelPos::new(job.domain.shape(), &job.axes);
    pixel.move_to(at, at[at.len() - 1]);
    let pixel = Pixel { cells: &cells, position: &pixel.position, extent: &pixel.extent };
    match interpreter.run(&pixel, &mut vec![0.0; job.function.output_count()]) {
        Err(assertion) => {
            let (line, column) = assertion.span.line_column(kernel.source());
            let place = Some(Place { span: assertion.span, line, column });
            Error::Assertion { position, message: assertion.message.clone(), place }
        }
        // Sums may round differently there, and large windows need memory for order statistics.
        Ok(()) => {
            let message = "an assertion does not hold in compiled arithmetic, or there is no memory".to_string();
            Error::Assertion { position, message, place: None }
        }
    }
}
