//! Kernels from strangers: each line of standard input is one, and is run under limits and a time-out.
//!
//! `printf 'mean(w)\nmin(w' | cargo run --release --example untrusted`

use std::io::{self, BufRead, Read, Write};
use std::time::Duration;

use hoodoo::{Error, Filter, Kernel, Limits, Progress};
use ndarray::Array2;

/// What a stranger may take.
fn limits() -> Limits {
    Limits {
        source_bytes: 1000,
        nesting: 20,
        nodes: 500,
        taps: 200,
        pixel_operations: 1_000_000,
        code_bytes: 1 << 20,
        compile_time: Duration::from_millis(200),
        ..Limits::default()
    }
}

/// How long a run may take.
const TIMEOUT: Duration = Duration::from_millis(300);

/// Runs one kernel. Whatever the source is, this returns soon, and takes memory in proportion to the limits.
fn answer(source: &str, image: &Array2<f32>) -> Result<f32, Error> {
    let kernel = Kernel::compile_with_limits(source, "upload", limits())?;
    let progress = Progress::default().timeout(TIMEOUT);
    let filtered = Filter::new(&kernel).size(7).threads(1).run_with(image, &progress)?;
    Ok(filtered.sum())
}

/// Answers each line of `requests` with a line, or with a drawing of the error.
pub fn serve(mut requests: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    let image = Array2::from_shape_fn((256, 256), |(y, x)| ((x * y) % 17) as f32);
    let most = limits().source_bytes as u64 + 1;
    let mut line = Vec::new();
    // No more of a line is read than a kernel may have, and one byte that says that there is more.
    while requests.by_ref().take(most).read_until(b'\n', &mut line)? > 0 {
        let whole = line.pop_if(|last| *last == b'\n').is_some();
        match std::str::from_utf8(&line) {
            Ok(source) => match answer(source, &image) {
                Ok(sum) => writeln!(answers, "the sum of the filtered image is {sum}")?,
                Err(error) => writeln!(answers, "{error}")?,
            },
            Err(error) => writeln!(answers, "not UTF-8: {error}")?,
        }
        if !whole {
            requests.skip_until(b'\n')?;
        }
        line.clear();
    }
    Ok(())
}

/// Serves standard input.
pub fn main() -> io::Result<()> {
    serve(io::stdin().lock(), io::stdout().lock())
}
