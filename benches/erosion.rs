//! Erosion of a random f64 image by a cross of 5 cells, mode reflect, one thread, into a warm output.
//!
//! Between the hand-written loop and the foreign callback lies the price of SciPy's calling convention: a gather and an
//! indirect call for each pixel. Between the foreign and the compiled callback lies the code that Hoodoo makes.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hoodoo::{Engine, Filter, Kernel, Window};
use hoodoo_bench::erosion::{erode_by_hand, foreign_minimum, random_image};
use ndarray::{Array2, ArrayView2};

/// The erosion in the kernel language.
const KERNEL: &str = "min(w)";

/// The pixel and its neighbours along each axis.
const CROSS: Window = Window::Cross(1);

/// An image that stays in the cache, 2 MiB, and one that does not, 32 MiB.
const SIZES: [usize; 2] = [512, 2048];

/// The largest image for the interpreter, which takes a tenth of a microsecond for each pixel.
const INTERPRETER_LIMIT: usize = 512;

const SAMPLES: usize = 20;
const INTERPRETER_SAMPLES: usize = 10;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASUREMENT: Duration = Duration::from_secs(3);

/// A way to erode an image, and how often to time it.
struct Way {
    name: &'static str,
    samples: usize,
    erode: Box<Erode>,
}

type Erode = dyn Fn(ArrayView2<'_, f64>, &mut Array2<f64>);

/// A loop written for this window and this mode: no driver, no callback, vectorised by rustc.
fn hand_written() -> Way {
    Way { name: "hand-written", samples: SAMPLES, erode: Box::new(|image, output| erode_by_hand(&image, output)) }
}

/// An `extern "C"` function compiled by rustc, in our driver: the limit for callbacks that don't know their window.
fn foreign_callback() -> Way {
    in_driver("foreign callback", SAMPLES, Filter::with_callback(&foreign_minimum()))
}

/// The kernel compiled for the cross, in our driver: what `Filter::new` does.
fn compiled_callback() -> Way {
    in_driver("compiled callback", SAMPLES, Filter::new(&kernel()).engine(Engine::Callback))
}

/// The kernel compiled for windows of any size, in our driver: the function that SciPy would be given.
fn callback_for_any_size() -> Way {
    let callback = kernel().callback().expect("the kernel can be a callback");
    in_driver("callback for any size", SAMPLES, Filter::with_callback(&callback))
}

/// The reference interpreter, in our driver.
fn interpreter() -> Way {
    in_driver("interpreter", INTERPRETER_SAMPLES, Filter::new(&kernel()).engine(Engine::Interpreter))
}

fn kernel() -> Kernel {
    Kernel::compile(KERNEL).expect("the kernel is right")
}

fn in_driver(name: &'static str, samples: usize, filter: Filter) -> Way {
    let filter = filter.window(CROSS).threads(1);
    Way {
        name,
        samples,
        erode: Box::new(move |image, output| filter.run_into(&image, output).expect("the filter runs")),
    }
}

fn cross_erosion(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cross erosion f64");
    group.warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    for size in SIZES {
        let image = random_image(size);
        let mut ways = vec![hand_written(), foreign_callback(), compiled_callback(), callback_for_any_size()];
        if size <= INTERPRETER_LIMIT {
            ways.push(interpreter());
        }
        verify(&ways, image.view());

        group.throughput(Throughput::Elements(image.len() as u64));
        let mut output = image.clone();
        for Way { name, samples, erode } in ways {
            group.sample_size(samples);
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter(|| erode(image.view(), &mut output));
            });
        }
    }
    group.finish();
}

/// Checks that all ways write the same image, and all of it, before any is timed.
fn verify(ways: &[Way], image: ArrayView2<'_, f64>) {
    let mut expected = Array2::from_elem(image.dim(), f64::NAN);
    erode_by_hand(&image, &mut expected);
    for way in ways {
        let mut output = Array2::from_elem(image.dim(), f64::NAN);
        (way.erode)(image, &mut output);
        // Not assert_eq, which would print millions of values.
        assert!(output == expected, "{} gives another image than the hand-written loop", way.name);
    }
}

criterion_group!(benches, cross_erosion);
criterion_main!(benches);
