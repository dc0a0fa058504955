//! `hoodoo run` on what comes row after row: arrays along their first axis, and videos.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use hoodoo::lang::hir::Expr;
use hoodoo::{AnyArray, DType, Filter, Kernel, Mode, Progress};

use super::arguments::RunArguments;
use super::slabs::{Plane, Reach, Slabs, has};
use crate::failure::Failure;
use crate::files::{Format, RowReader, elements, is_standard, write_npy_header, y4m};
use crate::output::Target;

/// Whether the input is a video, which is filtered as it comes.
pub fn is_video(arguments: &RunArguments) -> Result<bool, Failure> {
    let [input] = arguments.inputs.as_slice() else { return Ok(false) };
    if !is_standard(input) {
        return Ok(Format::of(input) == Ok(Format::Y4m));
    }
    // Who reads standard input afterwards finds these bytes again.
    let mut stdin = io::stdin().lock();
    let start = stdin.fill_buf().map_err(|error| Failure::Run(format!("standard input: {error}")))?;
    Ok(start.starts_with(y4m::MAGIC))
}

/// Filters the input as it comes.
pub fn run(arguments: &RunArguments, kernel: &Kernel, targets: &[Target], progress: &Progress) -> Result<(), Failure> {
    check(arguments, kernel)?;
    let [target] = targets else { return Err(Failure::Usage("--stream: there must be one output".to_string())) };
    let filter = arguments.filter(kernel)?;
    let input = &arguments.inputs[0];
    target.check_place()?;
    match is_video(arguments)? {
        true => {
            let name = |error: String| match is_standard(input) {
                true => Failure::Run(format!("standard input: {error}")),
                false => Failure::at(input, error),
            };
            let mut reader: Box<dyn BufRead> = match is_standard(input) {
                true => Box::new(io::stdin().lock()),
                false => Box::new(BufReader::new(File::open(input).map_err(|error| Failure::at(input, error))?)),
            };
            video(arguments, &filter, &mut reader, &name, target, progress)
        }
        false => array(arguments, &filter, input, target, progress),
    }
}

/// Checks that nothing is asked for that needs all rows at once.
fn check(arguments: &RunArguments, kernel: &Kernel) -> Result<(), Failure> {
    let wrong = |what: &str| Err(Failure::Usage(format!("--stream: {what}")));
    if arguments.inputs.len() != 1 || arguments.outputs.len() != 1 || kernel.inputs().len() != 1 {
        return wrong("there must be one input and one output");
    }
    if kernel.outputs().len() != 1 {
        return wrong("the kernel must have one output");
    }
    let RunArguments { then, repeat, mask, nodata, band, page, .. } = arguments;
    if !then.is_empty() || repeat.is_some() || mask.is_some() || nodata.is_some() || !band.is_empty() || page.is_some()
    {
        return wrong("--then, --repeat, --mask, --nodata, --band and --page need all rows at once");
    }
    if arguments.json || arguments.explain || arguments.time {
        return wrong("--json, --explain and --time are for what is in memory");
    }
    let placed = |expr: &Expr| matches!(expr, Expr::Coord(_) | Expr::Extent(_) | Expr::Inside);
    if kernel.hir().live_nodes().any(|(_, node)| placed(&node.expr)) {
        return wrong("the kernel asks for coord, extent or inside, which are not known before the end");
    }
    Ok(())
}

/// The filter for slabs, and how far it reaches along the first axis of arrays whose rows have this shape.
fn for_slabs(
    arguments: &RunArguments,
    filter: &Filter,
    row: &[usize],
    dtype: DType,
) -> Result<(Filter, Reach), Failure> {
    /// Longer than any window.
    const LONG: usize = 1 << 26;
    let shape = [&[LONG], row].concat();
    let axes: Vec<isize> = match arguments.axes.as_slice() {
        [] => (0..shape.len() as isize).collect(),
        named => named.to_vec(),
    };
    let first = axes.iter().position(|axis| *axis == 0 || *axis == -(shape.len() as isize));
    let mut modes: Vec<Mode> = match arguments.mode.as_slice() {
        [] => vec![Mode::default(); axes.len()],
        [one] => vec![*one; axes.len()],
        each => each.to_vec(),
    };
    let cval = arguments.cval;
    let Some(first) = first.filter(|first| *first < modes.len()) else {
        return Ok((filter.clone(), Reach { before: 0, after: 0, mode: Mode::Nearest, cval }));
    };
    let mode = modes[first];
    modes[first] = Mode::Valid;
    let valid = filter.clone().modes(modes.clone());
    let region = &valid.output_region(&shape)?[0];
    let reach = Reach { before: region.start, after: LONG - region.end, mode, cval };
    if mode == Mode::Wrap && (reach.before, reach.after) != (0, 0) {
        return Err(Failure::Usage("--stream: mode wrap needs the last rows before the first ones".to_string()));
    }
    if mode == Mode::Constant && !has(dtype, cval) {
        return Err(Failure::Usage(format!("--stream: elements of {dtype} can't have --cval {cval}")));
    }
    modes[first] = if mode == Mode::Shrink { Mode::Shrink } else { Mode::Valid };
    Ok((filter.clone().modes(modes), reach))
}

fn array(
    arguments: &RunArguments,
    filter: &Filter,
    input: &Path,
    target: &Target,
    progress: &Progress,
) -> Result<(), Failure> {
    let is_npy = |path: &Path| Format::of(path) == Ok(Format::Npy);
    if !is_npy(input) || is_standard(input) || !is_npy(target.path()) {
        return Err(Failure::Usage("--stream: for .npy files, and for y4m videos".to_string()));
    }
    let mut rows = RowReader::open(input).map_err(|error| Failure::at(input, error))?;
    let (length, shape, dtype) = (rows.count, rows.shape.clone(), rows.dtype);
    let (filter, reach) = for_slabs(arguments, filter, &shape, dtype)?;
    let region = filter.output_region(&[&[reach.before + reach.after + 1], shape.as_slice()].concat())?;
    let output = arguments.dtype.unwrap_or(dtype);
    let left = if reach.mode == Mode::Valid { length.saturating_sub(reach.before + reach.after) } else { length };
    let lengths: Vec<usize> = [left].into_iter().chain(region[1..].iter().map(ExactSizeIterator::len)).collect();
    let planes = vec![Plane { shape, first: 0, filter }];
    let slabs = Slabs { planes, reach, input: dtype, output, progress };
    target.stream(progress, |writer| {
        let wrong = |error: String| Failure::at(target.path(), error);
        write_npy_header(output, &lengths, &mut *writer).map_err(wrong)?;
        let next = || rows.next().map_err(|error| Failure::at(input, error));
        slabs.run(next, |arrays| {
            let bytes = elements::little(&arrays[0]).map_err(wrong)?;
            writer.write_all(&bytes).map_err(|error| wrong(error.to_string()))
        })
    })
}

fn video(
    arguments: &RunArguments,
    filter: &Filter,
    reader: &mut impl BufRead,
    name: &dyn Fn(String) -> Failure,
    target: &Target,
    progress: &Progress,
) -> Result<(), Failure> {
    if !is_standard(target.path()) && Format::of(target.path()) != Ok(Format::Y4m) {
        return Err(Failure::at(target.path(), "a video is written as .y4m, or to standard output"));
    }
    let header = y4m::Header::read(reader).map_err(name)?;
    if arguments.dtype.is_some_and(|dtype| dtype != header.dtype) {
        return Err(Failure::Run(format!("--dtype: the video has {}, and stays so", header.dtype)));
    }
    let (mut planes, mut first, mut reach) = (Vec::new(), 0, None);
    for [height, width] in &header.planes {
        let (filter, along) = for_slabs(arguments, filter, &[*height, *width], header.dtype)?;
        let region = filter.output_region(&[along.before + along.after + 1, *height, *width])?;
        if region[1..] != [0..*height, 0..*width] {
            return Err(Failure::Run("--mode: pictures of a video keep their size".to_string()));
        }
        planes.push(Plane { shape: vec![*height, *width], first, filter });
        first += height * width * header.dtype.bytes();
        reach = Some(along);
    }
    let reach = reach.ok_or_else(|| name("has no planes".to_string()))?;
    let slabs = Slabs { planes, reach, input: header.dtype, output: header.dtype, progress };
    target.stream(progress, |writer| {
        let wrong = |error: io::Error| Failure::at(target.path(), error);
        writer.write_all(&header.line).map_err(wrong)?;
        slabs.run(|| header.picture(reader).map_err(name), |planes| pictures(planes, writer).map_err(wrong))
    })
}

/// Writes pictures, given as an array for each plane.
fn pictures(planes: &[AnyArray], writer: &mut dyn Write) -> io::Result<()> {
    let count = planes.first().map_or(0, |plane| plane.shape()[0]);
    let planes: Result<Vec<Vec<u8>>, String> = planes.iter().map(elements::little).collect();
    let planes = planes.map_err(io::Error::other)?;
    for picture in 0..count {
        writer.write_all(b"FRAME\n")?;
        for plane in &planes {
            let bytes = plane.len() / count;
            writer.write_all(&plane[picture * bytes..][..bytes])?;
        }
    }
    Ok(())
}
