//! `hoodoo bench`: times for scripts that compare Hoodoo with others.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use clap::Args;
use hoodoo::{Engine, Filter, Kernel};
use serde_json::{Map, Value, json};

use crate::erosion::{erode_by_hand, foreign_minimum, random_image};
use crate::failure::{Failure, print};
use crate::workload::{Contender, measure, median, milliseconds, with_cross};

/// How often the compilation is timed.
const COMPILATIONS: usize = 50;

/// Arguments of `hoodoo bench`.
#[derive(Args)]
pub struct BenchArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The side of the random image
    #[arg(long, value_name = "N", default_value = "2048")]
    size: NonZeroUsize,
    /// Threads for the callbacks; 0 for one on each core
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// How often each workload is timed; the median counts
    #[arg(long, value_name = "N", default_value = "7")]
    repeat: NonZeroUsize,
}

/// Times the workloads, after checking their results.
pub fn bench(arguments: &BenchArguments) -> Result<(), Failure> {
    let (size, repeat) = (arguments.size.get(), arguments.repeat.get());
    let image = random_image(size);
    let image = image.view();
    let foreign = with_cross(Filter::with_callback(&foreign_minimum()), arguments.threads);
    let erosion = Kernel::compile("min(w)")?;
    let compiled = with_cross(Filter::new(&erosion), arguments.threads).engine(Engine::Callback);
    let contenders = [
        Contender::new("handwritten", |image, output| {
            erode_by_hand(image, output);
            Ok(())
        }),
        Contender::new("foreign_callback", |image, output| foreign.run_into(image, output)),
        Contender::new("compiled_callback", |image, output| compiled.run_into(image, output)),
        Contender::new("memcpy", |image, output| {
            output.assign(image);
            Ok(())
        }),
    ];
    let mut eroded = image.to_owned();
    erode_by_hand(&image, &mut eroded);
    for contender in &contenders {
        let expected = if contender.name == "memcpy" { &image.to_owned() } else { &eroded };
        contender.verify(&image, expected)?;
    }
    let times: Vec<f64> = measure(&contenders, &image, repeat)?.into_iter().map(milliseconds).collect();
    let compile = compile_time()?.as_secs_f64() * 1e6;

    if arguments.json {
        let workloads: Map<String, Value> =
            contenders.iter().zip(&times).map(|(c, ms)| (c.name.clone(), json!({ "ms": ms }))).collect();
        let threads = arguments.threads;
        return print(json!({
            "size": size, "repeat": repeat, "threads": threads, "workloads": workloads, "compile_us": compile,
        }));
    }
    print(format!("min(w) over a cross, {size} x {size} f64; medians of {repeat}; all results equal\n"))?;
    for (contender, ms) in contenders.iter().zip(times) {
        print(format!("{:20} {ms:>10.3} ms", contender.name))?;
    }
    print(format!("{:20} {compile:>10.1} us, from the text `min(w)` to a callback", "compile"))
}

/// The median time from a text to a function that can be called.
fn compile_time() -> Result<Duration, Failure> {
    let mut times = Vec::with_capacity(COMPILATIONS);
    for _ in 0..COMPILATIONS {
        let start = Instant::now();
        let callback = Kernel::compile("min(w)")?.callback()?;
        times.push(start.elapsed());
        drop(callback);
    }
    Ok(median(times))
}
