//! `hoodoo bench`: how fast kernels run, beside the same filters written by hand.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::StringValueParser;
use hoodoo::{AnyElement, Engine, Error, Filter, Vectors};
use hoodoo_bench::growth;
use hoodoo_bench::handwritten::ByHand;
use hoodoo_bench::workload::{Contender, check_memory, measure, median, milliseconds};
use hoodoo_bench::workloads::{Hand, Task, Workload, workloads};
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use serde_json::{Map, Value, json};

use crate::arguments::{offered, word};
use crate::failure::{Failure, print};

/// How often the way from a text to a first result is timed, and the side of the image for it.
const FIRST_RESULTS: usize = 15;
/// See [`FIRST_RESULTS`].
const FIRST_SIZE: usize = 64;

/// How often a slow way is timed at most.
const SLOW_REPEAT: usize = 3;

/// Arguments of `hoodoo bench`.
#[derive(Args)]
pub struct BenchArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Only these workloads
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    #[arg(value_parser = offered(names(), StringValueParser::new()), hide_possible_values = true)]
    only: Vec<String>,
    /// Leave out what is slow: the callbacks, and the idiomatic code where there is tuned code
    #[arg(long)]
    quick: bool,
    /// The side of the random images; volumes have as many values, or nearly
    #[arg(long, value_name = "N", default_value = "2048")]
    size: NonZeroUsize,
    /// Threads for Hoodoo; 0 for one on each core
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// The size of vectors: auto, 128, 256 or 512 bits
    #[arg(long, value_name = "BITS", default_value = "auto")]
    #[arg(value_parser = offered(Vectors::ALL.map(Vectors::as_str), word::<Vectors>), hide_possible_values = true)]
    vectors: Vectors,
    /// How often each way is timed, in turns; the median counts
    #[arg(long, value_name = "N", default_value = "7")]
    repeat: NonZeroUsize,
    /// Measure instead how times grow with windows, images, threads and kernels, and write growth.md and its
    /// plots to this directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "only", "quick", "threads", "vectors"])]
    growth: Option<PathBuf>,
}

/// The times of one workload; the hand-written code for one kind of processor may not be for this one.
struct Row {
    name: &'static str,
    shape: Vec<usize>,
    rows: Duration,
    /// With vectors of 128 bits.
    narrow: Duration,
    idiomatic: Option<Duration>,
    tuned: Option<Duration>,
    memcpy: Duration,
    callbacks: Option<Callbacks>,
    first: Duration,
}

/// The times of the kernel's callback and of a foreign one.
struct Callbacks {
    compiled: Duration,
    foreign: Duration,
}

/// Times the workloads, after checking their results.
pub fn bench(arguments: &BenchArguments) -> Result<(), Failure> {
    if let Some(directory) = &arguments.growth {
        return write_growth(directory, arguments.size.get(), arguments.repeat.get());
    }
    let workloads = chosen(&arguments.only)?;
    let rows = workloads.iter().map(|workload| match &workload.task {
        Task::U8(hand) => time(workload, hand, arguments),
        Task::U16(hand) => time(workload, hand, arguments),
        Task::F32(hand) => time(workload, hand, arguments),
        Task::F64(hand) => time(workload, hand, arguments),
    });
    if arguments.json {
        let rows: Map<String, Value> = rows.map(|row| row.map(json)).collect::<Result<_, _>>()?;
        return print(json!({
            "size": arguments.size, "repeat": arguments.repeat, "threads": arguments.threads, "workloads": rows,
        }));
    }
    print(format!(
        "medians of {} rounds in ms; {} threads; results equal\n\n\
         {:17} {:>8} {:>8} {:>9} {:>8} {:>8}  {:>9} {:>7} {:>8}  {:>9} {:>8}  {:>9}",
        arguments.repeat,
        arguments.threads,
        "",
        "Hoodoo",
        "128 bit",
        "idiomatic",
        "tuned",
        "memcpy",
        "/idiomatic",
        "/tuned",
        "/memcpy",
        "callback",
        "foreign",
        "first us",
    ))?;
    for row in rows {
        print(line(&row?))?;
    }
    print(
        "\n128 bit: Hoodoo with vectors of 128 bits; idiomatic: hand-written Rust; tuned: the same for AVX2 and FMA; callback, foreign: one call for each pixel;",
    )?;
    print(format!("first us: from the text to the first image of {FIRST_SIZE} x {FIRST_SIZE}, in microseconds"))
}

/// Measures how times grow, and writes a page on it and its plots.
fn write_growth(directory: &Path, size: usize, repeat: usize) -> Result<(), Failure> {
    if !directory.is_dir() {
        return Err(Failure::at(directory, "there is no directory of that name"));
    }
    for (name, text) in growth::measure(size, repeat)? {
        let path = directory.join(name);
        fs::write(&path, text).map_err(|error| Failure::at(&path, error))?;
        print(format!("wrote {}", path.display()))?;
    }
    Ok(())
}

/// The workloads with these names, or all.
fn chosen(names: &[String]) -> Result<Vec<Workload>, Failure> {
    let known = self::names();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::Usage(format!("--only: `{name}` is not one of {}", known.join(", "))));
    }
    let wanted = |workload: &Workload| names.is_empty() || names.iter().any(|name| name == workload.name);
    Ok(workloads().into_iter().filter(wanted).collect())
}

/// The names of all workloads.
fn names() -> Vec<&'static str> {
    workloads().iter().map(|workload| workload.name).collect()
}

fn time<T: AnyElement>(workload: &Workload, hand: &Hand<T>, arguments: &BenchArguments) -> Result<Row, Failure> {
    let size = arguments.size.get();
    check_memory(&hand.shape(size), size_of::<T>())?;
    let image = hand.image(size);
    let view = image.view();
    // Of the two codes by hand, one may not be there, and the slow one is sometimes not wanted.
    let idiomatic = Some(hand.idiomatic).filter(|_| !arguments.quick || hand.tuned.is_none());
    let mut expected = image.clone();
    call(idiomatic.or(hand.tuned).unwrap_or(hand.idiomatic), &view, &mut expected);

    let rows = workload.filter(arguments.threads)?.vectors(arguments.vectors);
    let narrow = rows.clone().vectors(Vectors::Bits128);
    let copy = Contender::new("memcpy", |image: &ArrayViewD<'_, T>, output| {
        slice_mut(output).copy_from_slice(slice(image));
        Ok(())
    });
    copy.verify(&view, &image, 0.0)?;
    let mut contenders =
        vec![by_filter("the rows engine", &rows), by_filter("the rows engine with vectors of 128 bits", &narrow)];
    contenders.extend(idiomatic.map(|function| by_hand("the hand-written code", function)));
    contenders.extend(hand.tuned.map(|function| by_hand("the tuned code", function)));
    contenders.iter().try_for_each(|contender| contender.verify(&view, &expected, workload.tolerance))?;
    contenders.push(copy);
    let times = measure(&contenders, &view, arguments.repeat.get())?;
    let time_of =
        |name: &str| contenders.iter().zip(&times).find(|(contender, _)| contender.name == name).map(|(_, time)| *time);

    let mut callbacks = None;
    if !arguments.quick {
        // Only the rows engine has another precision.
        let compiled = workload.filter(arguments.threads)?.engine(Engine::Callback);
        let foreign = Filter::with_callback(&hand.foreign).window(workload.window.clone()).threads(arguments.threads);
        let slow = [by_filter("the compiled callback", &compiled), by_filter("the foreign callback", &foreign)];
        slow.iter().try_for_each(|contender| contender.verify(&view, &expected, workload.tolerance))?;
        let times = measure(&slow, &view, arguments.repeat.get().min(SLOW_REPEAT))?;
        callbacks = Some(Callbacks { compiled: times[0], foreign: times[1] });
    }
    Ok(Row {
        name: workload.name,
        shape: image.shape().to_vec(),
        rows: times[0],
        narrow: times[1],
        idiomatic: time_of("the hand-written code"),
        tuned: time_of("the tuned code"),
        memcpy: *times.last().expect("memcpy is the last"),
        callbacks,
        first: first_result(workload, hand)?,
    })
}

fn by_filter<'f, T: AnyElement>(name: &str, filter: &'f Filter) -> Contender<'f, T, IxDyn> {
    Contender::new(name, |image, output| filter.run_into(image, output))
}

fn by_hand<T: AnyElement>(name: &str, function: ByHand<T>) -> Contender<'static, T, IxDyn> {
    Contender::new(name, move |image, output| {
        call(function, image, output);
        Ok(())
    })
}

fn call<T>(function: ByHand<T>, image: &ArrayViewD<'_, T>, output: &mut ArrayD<T>) {
    function(image.shape(), slice(image), slice_mut(output));
}

fn slice<'a, T>(array: &'a ArrayViewD<'_, T>) -> &'a [T] {
    array.as_slice().expect("the image is in C order")
}

fn slice_mut<T>(array: &mut ArrayD<T>) -> &mut [T] {
    array.as_slice_mut().expect("the output is in C order")
}

/// The median time from a text to a filtered small image.
fn first_result<T: AnyElement>(workload: &Workload, hand: &Hand<T>) -> Result<Duration, Error> {
    let image = hand.small_image(FIRST_SIZE);
    let mut times = Vec::with_capacity(FIRST_RESULTS);
    for _ in 0..FIRST_RESULTS {
        let start = Instant::now();
        let filtered = workload.filter(1)?.run(&image)?;
        times.push(start.elapsed());
        drop(filtered);
    }
    Ok(median(times))
}

fn json(row: Row) -> (String, Value) {
    let ms = |time: Option<Duration>| time.map(milliseconds);
    let fields = json!({
        "shape": row.shape,
        "rows_ms": milliseconds(row.rows),
        "rows_128_ms": milliseconds(row.narrow),
        "idiomatic_ms": ms(row.idiomatic),
        "tuned_ms": ms(row.tuned),
        "memcpy_ms": milliseconds(row.memcpy),
        "callback_ms": ms(row.callbacks.as_ref().map(|callbacks| callbacks.compiled)),
        "foreign_ms": ms(row.callbacks.as_ref().map(|callbacks| callbacks.foreign)),
        "first_us": row.first.as_secs_f64() * 1e6,
    });
    (row.name.to_string(), fields)
}

fn line(row: &Row) -> String {
    let ms = |time: Option<Duration>, digits: usize| {
        time.map_or_else(|| "-".to_string(), |time| format!("{:.digits$}", milliseconds(time)))
    };
    let to = |other: Option<Duration>| {
        other.map_or_else(|| "-".to_string(), |other| format!("{:.2}", row.rows.as_secs_f64() / other.as_secs_f64()))
    };
    let callbacks = row.callbacks.as_ref();
    format!(
        "{:17} {:>8} {:>8} {:>9} {:>8} {:>8}  {:>10} {:>7} {:>8}  {:>8} {:>8}  {:>9.0}",
        row.name,
        ms(Some(row.rows), 3),
        ms(Some(row.narrow), 3),
        ms(row.idiomatic, 3),
        ms(row.tuned, 3),
        ms(Some(row.memcpy), 3),
        to(row.idiomatic),
        to(row.tuned),
        to(Some(row.memcpy)),
        ms(callbacks.map(|callbacks| callbacks.compiled), 1),
        ms(callbacks.map(|callbacks| callbacks.foreign), 1),
        row.first.as_secs_f64() * 1e6,
    )
}
