//! `hoodoo run` on what comes row after row: files that are larger than memory, and videos and arrays through pipes.
//!
//! One thread reads, one writes each output, and this one filters, with as many as it likes; between them are a few slabs of rows.

mod filtering;
mod memory;
mod slabs;
mod writing;

use std::io::{self, BufRead};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use hoodoo::{DType, Kernel, Progress};

use self::filtering::{Block, Streamed};
use self::slabs::{Slab, Slabs};
use self::writing::{Output, Wrote};
use super::arguments::RunArguments;
use super::bands::{self, Selected};
use super::carried::carry;
use super::job::check_counts;
use super::missing::check_mask;
use crate::failure::Failure;
use crate::files::{Format, Rows, is_standard, open_rows, y4m};
use crate::image::{Channels, Layout};
use crate::output::{Target, publish};
use crate::report::{Filtered, Report};
use crate::watch::{self, Share};

/// Whether the inputs are filtered as they come: they are a video, or it is asked for, or there is no memory for all of them.
pub fn is_wanted(arguments: &RunArguments, kernels: &[Kernel], targets: &[Target]) -> Result<bool, Failure> {
    if arguments.out_dir.is_some() {
        return Ok(false);
    }
    Ok(arguments.stream || is_video(arguments)? || is_larger_than_memory(arguments, kernels, targets))
}

fn is_video(arguments: &RunArguments) -> Result<bool, Failure> {
    let [input] = arguments.inputs.as_slice() else { return Ok(false) };
    if !is_standard(input) {
        return Ok(Format::of(input) == Ok(Format::Y4m));
    }
    if arguments.raw.is_some() {
        return Ok(false);
    }
    // Who reads standard input afterwards finds these bytes again.
    let mut stdin = io::stdin().lock();
    let start = stdin.fill_buf().map_err(|error| Failure::Run(format!("standard input: {error}")))?;
    Ok(start.starts_with(y4m::MAGIC))
}

/// Whether inputs and outputs together are more than there is memory for, and can be filtered row by row.
fn is_larger_than_memory(arguments: &RunArguments, kernels: &[Kernel], targets: &[Target]) -> bool {
    let rows = |format: &Format| matches!(format, Format::Npy | Format::Tiff | Format::Raw);
    let files = arguments.inputs.iter().map(|input| bands::selected(input).0);
    let by_rows = |path: &PathBuf| path.is_file() && Format::of(path).as_ref().is_ok_and(rows);
    let written = |target: &Target| rows(&target.format());
    let [kernel] = kernels else { return false };
    let Some(available) = memory::available() else { return false };
    if !files.clone().all(|path| by_rows(&path)) || !targets.iter().all(written) || check(arguments, kernels).is_err() {
        return false;
    }
    // What can't be opened is an error of those who read it as a whole.
    let opened: Result<Vec<_>, Failure> = files.map(|path| open_rows(&path, &arguments.reading())).collect();
    let Ok(opened) = opened else { return false };
    let outlines = || opened.iter().map(|rows| rows.outline());
    let elements = |rows: usize, row: usize, pages: usize| rows.saturating_mul(row).saturating_mul(pages) as u64;
    let counted = outlines()
        .map(|one| (elements(one.rows.unwrap_or(0), one.row_len(), one.pages.unwrap_or(1)), one.dtype.bytes() as u64));
    let read = counted.clone().fold(0u64, |sum, (count, bytes)| sum.saturating_add(count.saturating_mul(bytes)));
    let output = arguments.dtype.or_else(|| outlines().next().map(|one| one.dtype)).map_or(1, DType::bytes);
    let each = counted.map(|(count, _)| count).max().unwrap_or(0).saturating_mul(output as u64);
    read.saturating_add(each.saturating_mul(kernel.outputs().len() as u64)) > available
}

/// Checks that nothing is asked for that needs all rows at once.
fn check(arguments: &RunArguments, kernels: &[Kernel]) -> Result<(), Failure> {
    let RunArguments { then, repeat, inputs, .. } = arguments;
    if !then.is_empty() || repeat.is_some() {
        return Err(Failure::Usage("--stream: --then and --repeat need all rows at once".to_string()));
    }
    let array = |input: &PathBuf| matches!(bands::selected(input).1, Selected::Array(_));
    if inputs.iter().any(array) {
        return Err(Failure::Usage("--stream: an array of an .npz file is read as a whole".to_string()));
    }
    kernels.iter().try_for_each(filtering::check_kernel)
}

/// What is known of a run before the first row comes.
struct Plan {
    /// The shape of the first input, if its number of rows is known.
    layout: Option<Layout>,
    /// Which part of it outputs have, if that is known.
    region: Option<Vec<Range<usize>>>,
    /// What each file is to be.
    outputs: Vec<Output>,
}

/// Filters the inputs as they come.
pub fn run(
    arguments: &RunArguments,
    kernels: &[Kernel],
    targets: &[Target],
    progress: &Progress,
    report: &mut Report,
) -> Result<(), Failure> {
    check(arguments, kernels)?;
    let kernel = &kernels[0];
    targets.iter().try_for_each(Target::check_place)?;
    let names: Vec<&str> = kernel.outputs().collect();
    if targets.len() != 1 || targets[0].is_array() {
        check_counts("output", &names.join(", "), names.len(), targets.len())?;
    }
    if arguments.inputs.len() > 1 {
        check_counts("input", &kernel.inputs().join(", "), kernel.inputs().len(), arguments.inputs.len())?;
    }
    let files = open(arguments)?;
    let streamed = Streamed::new(arguments, kernel, &files, progress)?;
    let plan = plan(arguments, &streamed, &files, targets)?;
    if arguments.explain {
        streamed.explain(plan.layout.as_ref())?;
    }
    watch::check(progress)?;
    let share = Share::new(progress, 1);
    let pixels = |layout: &Layout| layout.filtered().iter().product::<usize>() * layout.planes();
    share.begin(plan.layout.as_ref().zip(plan.region.as_ref()).map_or(0, |(all, region)| pixels(&all.cut(region))));
    let longest = files.iter().map(|file| file.outline().row_len()).max().unwrap_or(1);
    let files = paths(arguments).into_iter().zip(files).collect();
    let slabs = Slabs::new(files, arguments.mask.is_some(), streamed.reach(), streamed.reach().height(longest));
    let wrote = share.with_bar(arguments.quiet, || pass_on(&streamed, slabs, targets, &plan, report))?;
    let described = |(name, (target, one)): (&&str, (&Target, &Wrote))| one.describe(name, target.path());
    let outputs = names.iter().zip(targets.iter().zip(&wrote)).map(described).collect();
    publish(wrote.into_iter().filter_map(|one| one.written).collect())?;
    let outputs = if arguments.json { outputs } else { Vec::new() };
    report.filtered.push(Filtered { inputs: arguments.inputs.clone(), outputs });
    Ok(())
}

/// The files of the inputs, and that of the mask behind them.
fn paths(arguments: &RunArguments) -> Vec<PathBuf> {
    arguments.inputs.iter().map(|input| bands::selected(input).0).chain(arguments.mask.clone()).collect()
}

/// Opens the inputs, and the mask behind them.
fn open(arguments: &RunArguments) -> Result<Vec<Box<dyn Rows>>, Failure> {
    let paths = paths(arguments);
    let files: Vec<_> =
        paths.iter().map(|path| open_rows(path, &arguments.reading())).collect::<Result<_, Failure>>()?;
    let many = files.len() > 1;
    for (path, file) in paths.iter().zip(&files) {
        let (first, one) = (files[0].outline(), file.outline());
        if many && one.planes.len() > 1 {
            return Err(Failure::at(path, "a video has to be the only input"));
        }
        let known = first.rows.zip(one.rows);
        if one.pages != first.pages || known.is_some_and(|(first, one)| first != one) {
            let rows = |rows: Option<usize>| rows.map_or("unknown".to_string(), |rows| rows.to_string());
            let (pages, others) = (one.pages.unwrap_or(1), first.pages.unwrap_or(1));
            let (given, needed) = (rows(one.rows), rows(first.rows));
            let message = format!("has {given} rows and {pages} pages, and the first input {needed} and {others}");
            return Err(Failure::at(path, message));
        }
    }
    Ok(files)
}

/// What is known before the first row comes, and what the user is told of it.
fn plan(
    arguments: &RunArguments,
    streamed: &Streamed<'_>,
    files: &[Box<dyn Rows>],
    targets: &[Target],
) -> Result<Plan, Failure> {
    let outline = files[0].outline();
    let one = streamed.one_row();
    let layout = outline.rows.map(|rows| with_rows(&one.layout(), rows, outline.pages));
    let dtype = arguments.dtype.unwrap_or(one.dtype());
    if let (Some(path), Some(mask)) = (&arguments.mask, files.last()) {
        let mask = streamed.mask_row(mask.as_ref())?;
        check_mask(path, (&mask.layout(), mask.dtype()), (&one.layout(), one.dtype()))?;
    }
    let region = layout.as_ref().map(|layout| streamed.region(layout)).transpose()?;
    let (metadata, line) = (&one.metadata, files[0].line());
    let regions: Vec<_> = region.iter().cloned().collect();
    let path = bands::selected(&arguments.inputs[0]).0;
    let carried = carry(arguments, (&path, metadata), &regions, (dtype, streamed.nodata()), targets)?;
    let mut outputs = Vec::new();
    for (target, (metadata, lost)) in targets.iter().zip(carried) {
        let layout = layout.as_ref().map(|layout| streamed.output_layout(layout)).transpose()?;
        let layout = layout.map(|layout| joined(layout, streamed.output_count(), targets.len()));
        outputs.push(Output::new(target, (layout, dtype), metadata, lost, line)?);
    }
    if line.is_some() {
        streamed.check_video(&files[0].outline().planes, dtype)?;
    }
    Ok(Plan { layout, region, outputs })
}

/// The layout of a file, given that of one of its rows.
fn with_rows(one: &Layout, rows: usize, pages: Option<usize>) -> Layout {
    let mut shape = one.shape.clone();
    shape[0] = rows;
    shape.splice(0..0, pages);
    Layout { shape, stack: usize::from(pages.is_some()), channels: one.channels }
}

/// The layout of a file, where several outputs are the bands of one.
fn joined(mut layout: Layout, outputs: usize, files: usize) -> Layout {
    if outputs != files && layout.channels.is_none() {
        layout.shape.push(outputs);
        layout.channels = Some(Channels { colours: if outputs == 4 { 3 } else { outputs }, alpha: outputs == 4 });
    }
    layout
}

/// Reads, filters and writes, all at once.
fn pass_on<'t>(
    streamed: &Streamed<'_>,
    slabs: Slabs,
    targets: &'t [Target],
    plan: &Plan,
    report: &mut Report,
) -> Result<Vec<Wrote<'t>>, Failure> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        let reader = scope.spawn(move || read(slabs, &sender));
        let mut senders = Vec::new();
        let mut writers = Vec::new();
        for (target, output) in targets.iter().zip(&plan.outputs) {
            let (sender, blocks) = sync_channel::<Block>(1);
            senders.push(sender);
            writers.push(scope.spawn(move || output.write(target, blocks, streamed.is_described())));
        }
        let mut running = Duration::ZERO;
        let filtered = filter(streamed, receiver, senders, &mut running);
        let read = reader.join();
        let writers: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        streamed.check_cancelled()?;
        // What ended the others comes first.
        report.times.add("read", read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        filtered?;
        report.times.add("run", running);
        let mut wrote = Vec::new();
        for writer in writers {
            let one = writer.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            report.times.add("write", one.time);
            wrote.push(one);
        }
        Ok(wrote)
    })
}

/// Reads all slabs; the time that it took.
fn read(mut slabs: Slabs, sender: &SyncSender<Slab>) -> Result<Duration, Failure> {
    let mut time = Duration::ZERO;
    loop {
        let start = Instant::now();
        let slab = slabs.next()?;
        time += start.elapsed();
        // Where nobody takes it, somebody else has failed.
        let Some(slab) = slab else { return Ok(time) };
        if sender.send(slab).is_err() {
            return Ok(time);
        }
    }
}

/// Filters all slabs.
fn filter(
    streamed: &Streamed<'_>,
    slabs: Receiver<Slab>,
    senders: Vec<SyncSender<Block>>,
    time: &mut Duration,
) -> Result<(), Failure> {
    for slab in slabs {
        let start = Instant::now();
        let blocks = streamed.filter(slab, senders.len())?;
        *time += start.elapsed();
        for (sender, block) in senders.iter().zip(blocks) {
            if sender.send(block).is_err() {
                // The writer has failed, and says why.
                return Ok(());
            }
        }
    }
    Ok(())
}
