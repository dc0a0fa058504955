//! The workloads of `hoodoo bench` with Criterion: the rows engine, and the same filters written by hand. One thread, into
//! a warm output.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hoodoo::AnyElement;
use hoodoo_bench::workloads::{Hand, Task, Workload, workloads};

/// An image of a megapixel.
const SIZE: usize = 1024;

const SAMPLES: usize = 20;
const WARM_UP: Duration = Duration::from_millis(500);
const MEASUREMENT: Duration = Duration::from_secs(2);

fn rows(criterion: &mut Criterion) {
    for workload in workloads() {
        match &workload.task {
            Task::U8(hand) => compare(criterion, &workload, hand),
            Task::U16(hand) => compare(criterion, &workload, hand),
            Task::F32(hand) => compare(criterion, &workload, hand),
            Task::F64(hand) => compare(criterion, &workload, hand),
        }
    }
}

/// Checks that all ways give the same, and times them.
fn compare<T: AnyElement>(criterion: &mut Criterion, workload: &Workload, hand: &Hand<T>) {
    let image = hand.image(SIZE);
    let source = image.as_slice().expect("the image is in C order");
    let filter = workload.filter(1).expect("the kernel is right");
    let filtered = filter.run(&image).expect("the filter runs");
    let by_hand = [("idiomatic", Some(hand.idiomatic)), ("tuned", hand.tuned)];

    let mut group = criterion.benchmark_group(workload.name);
    group.sample_size(SAMPLES).warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    group.throughput(Throughput::Elements(image.len() as u64));
    let mut output = image.clone();
    group.bench_function("rows", |bencher| {
        bencher.iter(|| filter.run_into(&image, &mut output).expect("the filter runs"));
    });
    for (name, function) in by_hand {
        let Some(function) = function else { continue };
        let target = output.as_slice_mut().expect("the output is in C order");
        function(image.shape(), source, target);
        let close = |(a, b): (&T, &T)| (a.to_f64() - b.to_f64()).abs() <= workload.tolerance;
        assert!(output.iter().zip(&filtered).all(close), "{}: {name} gives another image", workload.name);
        let target = output.as_slice_mut().expect("the output is in C order");
        group.bench_function(name, |bencher| bencher.iter(|| function(image.shape(), source, target)));
    }
    group.finish();
}

criterion_group!(benches, rows);
criterion_main!(benches);
