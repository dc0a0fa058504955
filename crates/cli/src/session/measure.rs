//! How long it takes: `:time` and `:bench`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hoodoo::{AnyArray, AnyElement, DType, Engine, Filter, Input, Kernel, Mode, Output, Progress};
use ndarray::Slice;

use super::draw;
use super::error::Error;
use super::named::NamedImage;
use super::rivals::Rivals;
use super::state::{State, Subject};
use super::times::milliseconds;
use crate::arrays::for_any;

/// The most runs whose median counts, and how long all of them may take before there are fewer.
const RUNS: usize = 9;
/// See [`RUNS`].
const PATIENCE: Duration = Duration::from_millis(800);

/// The longest side of what the interpreter gets.
const CROP: usize = 64;

/// The shortest sides that other programs are compared on.
const LEAST_SIDE: usize = 64;

/// The median time of some runs of `work`.
fn median(mut work: impl FnMut() -> Result<(), Error>) -> Result<(Duration, usize), Error> {
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < RUNS && (times.is_empty() || start.elapsed() < PATIENCE) {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], times.len()))
}

/// The first array to filter of each input, and what comes out.
struct Task<'a> {
    subject: &'a Subject,
    inputs: Vec<AnyArray>,
    dtype: DType,
    progress: &'a Progress,
}

impl<'a> Task<'a> {
    /// The middle of the images, at most `longest` pixels each way.
    fn new(
        state: &State,
        subject: &'a Subject,
        inputs: &[Arc<NamedImage>],
        longest: usize,
        progress: &'a Progress,
    ) -> Result<Task<'a>, Error> {
        let Some(first) = inputs.first() else { return Err(Error::say("the kernel has no inputs")) };
        if first.array.shape().contains(&0) {
            return Err(Error::say(format!("`{}` has no pixels to time", first.name)));
        }
        let dtype = state.settings.dtype.unwrap_or(first.dtype());
        let inputs = inputs.iter().map(|image| middle(image.plane(0), longest)).collect();
        Ok(Task { subject, inputs, dtype, progress })
    }

    fn shape(&self) -> &[usize] {
        self.inputs[0].shape()
    }

    fn pixels(&self) -> f64 {
        self.shape().iter().product::<usize>() as f64
    }

    fn run(&self, filter: &Filter) -> Result<Vec<AnyArray>, Error> {
        let in_program = |error| self.subject.error(error);
        let region = filter.output_region(self.shape()).map_err(in_program)?;
        let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
        let count = self.subject.kernel.outputs().len();
        let mut outputs: Vec<AnyArray> = (0..count).map(|_| AnyArray::zeros(self.dtype, &shape)).collect();
        let inputs: Vec<Input<'_>> = self.inputs.iter().map(Input::from).collect();
        let mut views: Vec<Output<'_>> = outputs.iter_mut().map(Output::from).collect();
        filter.run_all_into(&inputs, &mut views, self.progress).map_err(in_program)?;
        Ok(outputs)
    }
}

/// The middle of an array, at most `longest` elements each way.
fn middle(input: Input<'_>, longest: usize) -> AnyArray {
    for_any!(Input, input, view => {
        let part = view.slice_each_axis(|axis| {
            let length = axis.len.min(longest);
            let start = (axis.len - length) / 2;
            Slice::from(start..start + length)
        });
        AnyElement::any(part.to_owned())
    })
}

/// Where the time goes, step by step.
pub(super) fn time(
    state: &State,
    subject: &Subject,
    inputs: &[Arc<NamedImage>],
    progress: &Progress,
) -> Result<String, Error> {
    let task = Task::new(state, subject, inputs, usize::MAX, progress)?;
    let start = Instant::now();
    let kernel = Kernel::compile(subject.kernel.source())?;
    let check = start.elapsed();
    let filter = state.settings.filter(&kernel);
    let dtypes: Vec<DType> = task.inputs.iter().map(AnyArray::dtype).collect();
    let start = Instant::now();
    let outputs = vec![task.dtype; kernel.outputs().len()];
    filter.compile(task.shape(), &dtypes, &outputs).map_err(|error| subject.error(error))?;
    let code = start.elapsed();
    let start = Instant::now();
    task.run(&filter)?;
    let first = start.elapsed();
    let (time, runs) = median(|| task.run(&filter).map(drop))?;
    let rate = task.pixels() / time.as_secs_f64() / 1e6;
    let rows = [
        ("parse and check".to_string(), check),
        ("machine code".to_string(), code),
        ("first run".to_string(), first),
        (format!("median of {runs}"), time),
    ];
    let lines = rows.iter().map(|(step, time)| format!("{step:<16} {:>12}", milliseconds(*time)));
    Ok(format!("{}\n{:<16} {rate:>12.1} million pixels a second", lines.collect::<Vec<_>>().join("\n"), ""))
}

/// The compiled kernel beside the interpreter, and beside other programs if there are any.
pub(super) fn bench(
    state: &State,
    subject: &Subject,
    inputs: &[Arc<NamedImage>],
    rivals: &dyn Rivals,
    progress: &Progress,
) -> Result<String, Error> {
    let settings = &state.settings;
    let task = Task::new(state, subject, inputs, usize::MAX, progress)?;
    let engine = if settings.engine == Engine::Interpreter { Engine::Auto } else { settings.engine };
    let compiled = settings.filter(&subject.kernel).engine(engine);
    let expected = task.run(&compiled)?;
    let (ours, runs) = median(|| task.run(&compiled).map(drop))?;
    let mut rows = vec![("compiled".to_string(), ours, 0.0)];

    let crop = Task::new(state, subject, inputs, CROP, progress)?;
    let interpreter = settings.filter(&subject.kernel).engine(Engine::Interpreter);
    let (meant, given) = (crop.run(&interpreter)?, crop.run(&compiled)?);
    let (slow, _) = median(|| crop.run(&interpreter).map(drop))?;
    let off = meant.iter().zip(&given).map(|(meant, given)| difference(meant, given)).fold(0.0, f64::max);
    rows.push(("interpreter".to_string(), slow.mul_f64(task.pixels() / crop.pixels()), off));

    let plain = settings.modes.iter().all(|mode| *mode == Mode::Reflect) && settings.origin.iter().all(|at| *at == 0);
    if let ([input], [output]) = (task.inputs.as_slice(), expected.as_slice())
        && plain
        && input.dtype() == output.dtype()
        && input.shape().iter().all(|side| *side >= LEAST_SIDE)
    {
        for rival in rivals.rivals(&subject.kernel, &settings.window, task.dtype, settings.precision) {
            let Some(result) = (rival.run)(input) else { continue };
            let off = difference(&result, output);
            if off > rival.tolerance {
                return Err(Error::say(format!(
                    "the result of {} is off by {off}: this is a bug in hoodoo",
                    rival.name
                )));
            }
            let (time, _) = median(|| {
                drop((rival.run)(input));
                if progress.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
            })?;
            rows.push((rival.name, time, off));
        }
    }
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let lines = rows.iter().map(|(name, time, off)| {
        let ratio = time.as_secs_f64() / ours.as_secs_f64();
        let off = if *off > 0.0 { format!("  results differ by {}", draw::number(*off)) } else { String::new() };
        format!("{name:<width$} {:>14} {ratio:>10.2} x{off}", milliseconds(*time))
    });
    let lines: Vec<String> = lines.collect();
    Ok(format!("median of {runs} runs; the interpreter on a part of the image, scaled\n{}", lines.join("\n")))
}

/// The greatest difference of two arrays of one shape; two NaNs do not differ.
fn difference(a: &AnyArray, b: &AnyArray) -> f64 {
    let (a, b) = (a.to_f64(), b.to_f64());
    let apart = |(a, b): (&f64, &f64)| if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { (a - b).abs() };
    // A NaN on one side only is as far off as can be.
    a.iter().zip(&b).map(apart).fold(0.0, |most, off| if off.is_nan() { f64::INFINITY } else { most.max(off) })
}
