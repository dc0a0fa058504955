//! Erosion of a random f64 image by a cross of 5 cells, mode reflect, one thread, into a warm output.
//!
//! Between the hand-written loop and the foreign callback lies the price of SciPy's calling convention: a gather and an
//! indirect call for each pixel. Between the foreign and the compiled callback lies the code that Hoodoo makes.

mod common;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use hoodoo::{Engine, Filter, Kernel, Window};
use ndarray::{Array2, ArrayView2};

use common::{erode_by_hand, foreign_minimum, random_image};

/// The erosion in the kernel language.
const KERNEL: &str = "min(w)";

/// The pixel and its neighbours along each axis.
const CROSS: Window = Window::Cross(1);

/// An image that stays in the cache, 2 MiB, and one that does not, 32 MiB.
const SIZES: [usize; 2] = [512, 2048];

/// The largest image for the interpreter, which takes microseconds for each pixel.
const INTERPRETER_LIMIT: usize = 512;

const SAMPLES: usize = 30;
const INTERPRETER_SAMPLES: usize = 10;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASUREMENT: Duration = Duration::from_secs(3);

/// A way to erode an image.
type Erode = Box<dyn Fn(ArrayView2<'_, f64>, &mut Array2<f64>)>;

/// A loop written for this window and this mode: no driver, no callback, vectorised by rustc.
fn hand_written() -> Erode {
    Box::new(erode_by_hand)
}

/// An `extern "C"` function compiled by rustc, in our driver: the limit for callbacks that don't know their window.
fn foreign_callback() -> Erode {
    through(Filter::with_callback(&foreign_minimum()))
}

/// The kernel compiled for the cross, in our driver: what `Filter::new` does.
fn compiled_callback() -> Erode {
    through(Filter::new(&kernel()).engine(Engine::Callback))
}

/// The kernel compiled for windows of any size, in our driver: the function that SciPy would be given.
fn callback_for_any_size() -> Erode {
    through(Filter::with_callback(&kernel().callback().expect("the kernel can be a callback")))
}

/// The reference interpreter, in our driver.
fn interpreter() -> Erode {
    through(Filter::new(&kernel()).engine(Engine::Interpreter))
}

fn kernel() -> Kernel {
    Kernel::compile(KERNEL).expect("the kernel is right")
}

fn through(filter: Filter) -> Erode {
    let filter = filter.window(CROSS).threads(1);
    Box::new(move |image, output| filter.run_into(&image, output).expect("the filter runs"))
}

fn cross_erosion(criterion: &mut Criterion) {
    let ways = [
        ("hand-written", hand_written()),
        ("foreign callback", foreign_callback()),
        ("compiled callback", compiled_callback()),
        ("callback for any size", callback_for_any_size()),
        ("interpreter", interpreter()),
    ];
    let mut group = criterion.benchmark_group("cross erosion f64");
    group.warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    for size in SIZES {
        let image = random_image(size);
        let ways = ways.iter().filter(|(name, _)| *name != "interpreter" || size <= INTERPRETER_LIMIT);
        verify(image.view(), ways.clone());

        group.throughput(Throughput::Elements(image.len() as u64));
        let mut output = image.clone();
        for (name, erode) in ways {
            if *name == "interpreter" {
                group.sample_size(INTERPRETER_SAMPLES).sampling_mode(SamplingMode::Flat);
            } else {
                group.sample_size(SAMPLES).sampling_mode(SamplingMode::Auto);
            }
            group.bench_function(BenchmarkId::new(*name, size), |bencher| {
                bencher.iter(|| erode(image.view(), &mut output));
            });
        }
    }
    group.finish();
}

/// Checks that all ways write the same image, and all of it, before any is timed.
fn verify<'e>(image: ArrayView2<'_, f64>, ways: impl Iterator<Item = &'e (&'static str, Erode)>) {
    let erode = |erode: &Erode| {
        let mut output = Array2::from_elem(image.dim(), f64::NAN);
        erode(image, &mut output);
        output
    };
    let expected = erode(&hand_written());
    for (name, way) in ways {
        // Not assert_eq, which would print millions of values.
        assert!(erode(way) == expected, "{name} gives another image than the hand-written loop");
    }
}

criterion_group!(benches, cross_erosion);
criterion_main!(benches);
