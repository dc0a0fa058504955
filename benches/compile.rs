//! From the text of a kernel to a callback that can be called: parsing, checking, code generation, and making the
//! memory executable. Freeing it is not timed.

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hoodoo::{Callback, Error, Footprint, Kernel, Parameters};
use hoodoo_bench::erosion::foreign_minimum;

/// The side of the bilateral filter's window, and its widths in space and in range.
const BILATERAL_SIZE: usize = 5;
const SIGMA_SPACE: f64 = 2.0;
const SIGMA_RANGE: f64 = 0.1;

/// The bilateral filter of docs/language.md.
const BILATERAL: &str = "
    param sigma_space = 2; param sigma_range = 0.1;
    let g = exp(-dist()**2 / (2*sigma_space**2)) * exp(-(w - w[0, 0])**2 / (2*sigma_range**2));
    sum(g * w) / sum(g)";

/// The side of the correlation's window: 10,201 cells, and the code must not grow with them.
const CORRELATION_SIZE: usize = 101;

/// What a sum of rounded values may be off by, relative to the expected value; all terms are positive.
const TOLERANCE: f64 = 1e-12;

const WARM_UP: Duration = Duration::from_secs(1);
const MEASUREMENT: Duration = Duration::from_secs(3);

/// The shortest kernel, for windows of any size; what Numba takes 200 ms for.
fn minimum() -> Result<Callback, Error> {
    Kernel::compile("min(w)")?.callback()
}

/// An order statistic for windows of any size, whose code calls a function of the host.
fn median() -> Result<Callback, Error> {
    Kernel::compile("median(w)")?.callback()
}

/// The bilateral filter for one footprint: params, distances, and two exponentials for each cell.
fn bilateral(footprint: &Footprint) -> Result<Callback, Error> {
    Kernel::compile(BILATERAL)?.callback_for(footprint)
}

/// A correlation with the weights of a large footprint, which are set too.
fn correlation(footprint: &Footprint, parameters: &Parameters) -> Result<Callback, Error> {
    Kernel::compile("weights k; sum(w * k)")?.callback_with(Some(footprint), parameters)
}

fn compile(criterion: &mut Criterion) {
    let small = square(BILATERAL_SIZE);
    let large = square(CORRELATION_SIZE);
    let weights = random_values(large.len());
    let parameters = Parameters::new().weights("k", weights.clone());

    let window = random_values(small.len());
    let least = foreign_minimum().call(&mut window.clone()).expect("the foreign callback succeeds");
    verify("min(w)", minimum(), &window, least);
    verify("median(w)", median(), &window, middle(&window));
    verify("the bilateral filter", bilateral(&small), &window, smoothed(&window));
    let window = random_values(large.len());
    verify("sum(w*k)", correlation(&large, &parameters), &window, dot(&window, &weights));

    let mut group = criterion.benchmark_group("text to callback");
    group.warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    let mut bench = |name: &str, make: &dyn Fn() -> Result<Callback, Error>| {
        group.bench_function(name, |bencher| {
            // One callback at a time: a batch of them would fill the table of memory mappings.
            bencher.iter_batched(|| (), |()| make(), BatchSize::PerIteration);
        });
    };
    bench("min(w), any size", &minimum);
    bench("median(w), any size", &median);
    bench("bilateral, 5x5", &|| bilateral(&small));
    bench("sum(w*k), 101x101", &|| correlation(&large, &parameters));
    group.finish();
}

/// Checks a callback's value for one window before its making is timed.
fn verify(name: &str, callback: Result<Callback, Error>, window: &[f64], expected: f64) {
    let callback = callback.unwrap_or_else(|error| panic!("{name}: {error}"));
    let value = callback.call(&mut window.to_vec()).unwrap_or_else(|| panic!("{name} fails"));
    let off = (value - expected).abs();
    assert!(off <= TOLERANCE * expected.abs(), "{name}: {value} is not {expected}");
}

/// Random values in 0..1, the same in every run.
fn random_values(count: usize) -> Vec<f64> {
    hoodoo_bench::workloads::random_values(&[count]).into_iter().collect()
}

fn square(size: usize) -> Footprint {
    Footprint::size(&[size, size]).expect("the size is not 0")
}

/// The median of an odd number of values.
fn middle(window: &[f64]) -> f64 {
    let mut sorted = window.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The bilateral filter of one window, in Rust.
fn smoothed(window: &[f64]) -> f64 {
    let radius = (BILATERAL_SIZE / 2) as f64;
    let centre = window[window.len() / 2];
    let weight = |cell: usize| {
        let (dy, dx) = ((cell / BILATERAL_SIZE) as f64 - radius, (cell % BILATERAL_SIZE) as f64 - radius);
        let in_space = (dy * dy + dx * dx) / (2.0 * SIGMA_SPACE * SIGMA_SPACE);
        let in_range = (window[cell] - centre).powi(2) / (2.0 * SIGMA_RANGE * SIGMA_RANGE);
        (-in_space - in_range).exp()
    };
    let weights: Vec<f64> = (0..window.len()).map(weight).collect();
    dot(window, &weights) / weights.iter().sum::<f64>()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

criterion_group!(benches, compile);
criterion_main!(benches);
