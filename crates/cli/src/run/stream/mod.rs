//! `hoodoo run` on what comes row after row: files that are larger than memory, and videos and arrays through pipes.
//!
//! One thread reads, one writes each output, and this one filters, with as many as it likes; between them are a few slabs of rows.

mod around;
mod chain;
mod ends;
mod inputs;
mod slabs;
mod stage;
mod writing;

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use hoodoo::{DType, Filter, Kernel, Progress, Repeat};

use self::around::circular;
use self::chain::{Link, Received};
use self::inputs::{Inputs, Known, with_rows};
use self::slabs::{Slab, Slabs};
use self::stage::{Flow, MANY, Made, Place, Stage};
use self::writing::{Block, Output, Wrote};
use super::arguments::RunArguments;
use super::bands::{self, Selected};
use super::carried::{carry, check_rest};
use super::job::{check_chain, check_counts};
use crate::failure::Failure;
use crate::files::{Format, is_standard, open_rows, y4m};
use crate::image::{Channels, Layout};
use crate::memory;
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
    let rows = |format: &Format| matches!(format, Format::Npy | Format::Tiff | Format::Png | Format::Raw);
    let files = arguments.inputs.iter().map(|input| bands::selected(input).0);
    let by_rows = |path: &PathBuf| path.is_file() && Format::of(path).as_ref().is_ok_and(rows);
    let written = |target: &Target| rows(&target.format());
    let Some(available) = memory::available() else { return false };
    if !files.clone().all(|path| by_rows(&path)) || !targets.iter().all(written) || check(arguments, kernels).is_err() {
        return false;
    }
    // What can't be opened is an error of those who read it as a whole.
    let opened: Result<Vec<_>, Failure> = files.map(|path| open_rows(&path, &arguments.reading())).collect();
    let Ok(opened) = opened else { return false };
    // Volumes that take turns can't be written to all files so.
    if opened.iter().any(|rows| rows.outline().planes.len() > 1) {
        return false;
    }
    let outlines = || opened.iter().map(|rows| rows.outline());
    let elements = |rows: usize, row: usize, pages: usize| rows.saturating_mul(row).saturating_mul(pages) as u64;
    let counted =
        outlines().map(|one| (elements(one.rows.unwrap_or(0), one.row_len(), one.pages), one.dtype.bytes() as u64));
    let read = counted.clone().fold(0u64, |sum, (count, bytes)| sum.saturating_add(count.saturating_mul(bytes)));
    let output = arguments.dtype.or_else(|| outlines().next().map(|one| one.dtype)).map_or(1, DType::bytes);
    let each = counted.map(|(count, _)| count).max().unwrap_or(0).saturating_mul(output as u64);
    // What a kernel makes is there until what the next one makes of it is there, too.
    let kept = 1 + u64::from(kernels.len() > 1 || arguments.repeat.is_some());
    let outputs = kernels.iter().map(|kernel| kernel.outputs().len() as u64).max().unwrap_or(1);
    read.saturating_add(each.saturating_mul(outputs * kept)) > available
}

/// The most filters that rows go through, each of which has some rows in memory.
const MOST_STAGES: usize = 100;

/// Checks that nothing is asked for that needs all rows at once.
fn check(arguments: &RunArguments, kernels: &[Kernel]) -> Result<(), Failure> {
    let wrong = |message: String| Err(Failure::Usage(format!("--stream: {message}")));
    let stages = match arguments.repeat {
        Some(Repeat::Stable(_)) => {
            return wrong("--repeat stable looks at all rows after each run; say how many runs, as --repeat 10".into());
        }
        Some(Repeat::Times(0)) => return wrong("--repeat 0 copies what is there, which needs no rows".into()),
        Some(Repeat::Times(times)) => times,
        None => kernels.len(),
    };
    if stages > MOST_STAGES {
        return wrong(format!("rows go through {MOST_STAGES} filters at most, and not {stages}: run it several times"));
    }
    let array = |input: &PathBuf| matches!(bands::selected(input).1, Selected::Array(_));
    if arguments.inputs.iter().any(array) {
        return wrong("an array of an .npz file, or a channel with a name, is read as a whole".into());
    }
    Ok(())
}

/// What is known of a run before the first row comes.
struct Plan {
    /// The layout of the last kernel's outputs, if the number of rows is known.
    layout: Option<Layout>,
    /// The channels of a file whose bands the outputs are, if there is only one.
    joined: Channels,
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
    let (first, last) = (&kernels[0], &kernels[kernels.len() - 1]);
    targets.iter().try_for_each(Target::check_place)?;
    let names: Vec<&str> = last.outputs().collect();
    if targets.len() != 1 || targets[0].is_array() {
        check_counts("output", &names.join(", "), names.len(), targets.len())?;
    }
    if arguments.inputs.len() > 1 {
        check_counts("input", &first.inputs().join(", "), first.inputs().len(), arguments.inputs.len())?;
    }
    check_chain(kernels)?;
    let (inputs, feeds, known) = Inputs::open(arguments, first)?;
    let stages = stages(arguments, kernels, &known, progress)?;
    let plan = plan(arguments, &inputs, &known, &stages, targets)?;
    watch::check(progress)?;
    let share = Share::new(progress, 1);
    let pixels = |layout: &Layout| layout.filtered().iter().product::<usize>() * layout.planes();
    share.begin(plan.layout.as_ref().map_or(0, pixels) * stages.len());
    let (reach, around) = stages[0].reach();
    let feeds = match around {
        Some(around) => circular(feeds, around)?,
        None => feeds,
    };
    let longest = feeds.iter().map(|feed| feed.outline().row_len()).max().unwrap_or(1);
    let height = reach.height(longest, stages.len());
    let slabs = Slabs::new(feeds, known.flow.masks(), (reach, around), height);
    let streams = Streams { inputs: &inputs, stages: &stages, targets, plan: &plan, looked: arguments.json, progress };
    let wrote = share.with_bar(arguments.quiet, || streams.pass_on(slabs, report))?;
    let described = |(name, (target, one)): (&&str, (&Target, &Wrote))| one.describe(name, target.path());
    let outputs = names.iter().zip(targets.iter().zip(&wrote)).map(described).collect();
    publish(wrote.into_iter().filter_map(|one| one.written).collect())?;
    let outputs = if arguments.json { outputs } else { Vec::new() };
    let runs = arguments.repeat.map(|_| stages.len());
    report.filtered.push(Filtered { inputs: arguments.inputs.clone(), outputs, runs });
    Ok(())
}

/// The filters that rows go through: one for each kernel, or as many as there are runs.
fn stages<'a>(
    arguments: &'a RunArguments,
    kernels: &'a [Kernel],
    known: &Known,
    progress: &'a Progress,
) -> Result<Vec<Stage<'a>>, Failure> {
    let filters = arguments.filters(kernels)?;
    let times = if let Some(Repeat::Times(times)) = arguments.repeat { Some(times) } else { None };
    let all: Vec<(&Kernel, Filter)> =
        (0..times.unwrap_or(1)).flat_map(|_| kernels.iter().zip(filters.iter().cloned())).collect();
    let (mut come, mut stages) = ((known.flow.clone(), known.missing.numbers()), Vec::new());
    let count = all.len();
    for (number, one) in all.into_iter().enumerate() {
        let place = Place { is_last: number + 1 == count, is_repeated: times.is_some() };
        let stage = Stage::new(arguments, one, place, come, progress)?;
        come = stage.given()?;
        stages.push(stage);
    }
    stages.iter_mut().rev().fold((0, 0), |seen, stage| stage.surround(seen));
    Ok(stages)
}

/// What is known before the first row comes, and what the user is told of it.
fn plan(
    arguments: &RunArguments,
    inputs: &Inputs<'_>,
    known: &Known,
    stages: &[Stage<'_>],
    targets: &[Target],
) -> Result<Plan, Failure> {
    let Flow { planes, types, rows, stack, .. } = &known.flow;
    let dtype = arguments.dtype.unwrap_or(types[0]);
    let mut layout = rows.map(|rows| with_rows(&planes[0], rows, stack));
    let mut regions = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        // What is repeated is the same each time.
        if arguments.explain && (number == 0 || arguments.repeat.is_none()) {
            stage.explain(&layout.clone().unwrap_or_else(|| with_rows(&planes[0], MANY, &[])))?;
        }
        if let Some(layout) = &mut layout {
            let (region, output) = stage.output_of(layout)?;
            *layout = output;
            regions.push(region);
        }
        if known.line.is_some() {
            stage.check_video()?;
        }
    }
    known.missing.check_fits(dtype)?;
    if let Some(target) = targets.iter().find(|target| target.format() != Format::Tiff && known.volumes_take_turns()) {
        return Err(Failure::at(
            target.path(),
            "--stream: pages of volumes that take turns are written to a .tif file only; leave --stream out",
        ));
    }
    let nodata = known.missing.nodata;
    let count = stages.last().map_or(1, Stage::output_count);
    let layout_of_file = layout.clone().map(|layout| bands::joined_layout(layout, count, targets, &known.metadata));
    let made = (layout_of_file.as_ref(), dtype, nodata);
    check_rest(arguments, (inputs.path(), &known.metadata), targets)?;
    let carried = carry(arguments, &known.metadata, &regions, made, targets)?;
    let mut outputs = Vec::new();
    for (target, (metadata, lost)) in targets.iter().zip(carried) {
        outputs.push(Output::new(target, (layout_of_file.clone(), dtype), metadata, lost, known.line.as_deref())?);
    }
    let joined = bands::channels_of(count, targets[0].format(), &known.metadata);
    Ok(Plan { layout, joined, outputs })
}

/// All that a run is made of.
struct Streams<'r> {
    inputs: &'r Inputs<'r>,
    stages: &'r [Stage<'r>],
    targets: &'r [Target],
    plan: &'r Plan,
    /// Whether it is to be said what the outputs are like.
    looked: bool,
    progress: &'r Progress,
}

impl<'r> Streams<'r> {
    /// Reads, filters and writes, all at once.
    fn pass_on(&self, slabs: Slabs<'_>, report: &mut Report) -> Result<Vec<Wrote<'r>>, Failure> {
        thread::scope(|scope| {
            let (sender, received) = sync_channel(1);
            let reader = thread::Builder::new().spawn_scoped(scope, move || read(slabs, &sender)).map_err(no_thread)?;
            let mut senders = Vec::new();
            let mut writers = Vec::new();
            for (target, output) in self.targets.iter().zip(&self.plan.outputs) {
                let (sender, blocks) = sync_channel::<Block>(1);
                senders.push(sender);
                let looked = self.looked;
                let writer = thread::Builder::new().spawn_scoped(scope, move || output.write(target, blocks, looked));
                writers.push(writer.map_err(no_thread)?);
            }
            let filtered = self.filter(received, senders);
            let reading = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let writers: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
            watch::check(self.progress)?;
            report.times.add("read", reading);
            // What ended the others comes first.
            filtered?;
            report.times.add("run", self.stages.iter().map(Stage::spent).sum());
            let mut wrote = Vec::new();
            for writer in writers {
                let one = writer.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
                report.times.add("write", one.time);
                wrote.push(one);
            }
            Ok(wrote)
        })
    }

    /// Filters all slabs.
    fn filter(&self, received: Received, senders: Vec<SyncSender<Block>>) -> Result<(), Failure> {
        let Some(mut last) = Link::last(self.inputs, self.stages, received) else { return Ok(()) };
        while let Some(Made { planes, .. }) = last.next()? {
            let mut blocks: Vec<Block> = Vec::new();
            blocks.resize_with(senders.len(), Vec::new);
            for mut outputs in planes {
                if outputs.len() != senders.len() {
                    outputs = vec![bands::joined(outputs, self.plan.joined).map_err(Failure::Run)?];
                }
                blocks.iter_mut().zip(outputs).for_each(|(block, output)| block.push(output));
            }
            for (sender, block) in senders.iter().zip(blocks) {
                if sender.send(block).is_err() {
                    // The writer has failed, and says why.
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// What reads or writes needs a thread of its own.
fn no_thread(error: io::Error) -> Failure {
    Failure::Run(format!("rows that come are read and written by threads, and the system gives none: {error}"))
}

/// Reads all slabs; the time that it took.
fn read(mut slabs: Slabs<'_>, sender: &SyncSender<Result<Slab, Failure>>) -> Duration {
    let mut time = Duration::ZERO;
    loop {
        let start = Instant::now();
        let slab = slabs.next().transpose();
        time += start.elapsed();
        let Some(slab) = slab else { return time };
        let failed = slab.is_err();
        // Where nobody takes it, somebody else has failed.
        if sender.send(slab).is_err() || failed {
            return time;
        }
    }
}
