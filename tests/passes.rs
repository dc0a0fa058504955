//! Windows that are cut into passes, against the interpreter and against the same kernel in one pass: every mode, type, size, layout.
#![cfg(feature = "jit")]

use std::time::Duration;

use hoodoo::{
    AnyElement, Cut, DType, Element, Engine, Filter, Input, Kernel, Limits, Mode, Output, Precision, Progress, Window,
};
use ndarray::{Array1, ArrayD, Axis, IxDyn, Slice};

const MODES: [Mode; 7] =
    [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap, Mode::Constant, Mode::Shrink, Mode::Valid];

/// Numbers from 0 to 1 that look random, a different one for each call.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// An image of a type, with its least and greatest values, and with NaN and infinities among floats if `wild`.
fn image<T: Element>(shape: &[usize], wild: bool, seed: u64) -> ArrayD<T> {
    let mut noise = Noise(seed);
    let is_float = matches!(T::DTYPE, DType::F16 | DType::F32 | DType::F64);
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        let (kind, value) = (noise.next(), noise.next());
        let value = match T::DTYPE {
            DType::Bool => value.round(),
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => (value * 255.0).floor(),
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => (value * 255.0).floor() - 127.0,
            _ => (value - 0.5) * 8.0,
        };
        let value = match (is_float && wild, kind) {
            (true, ..0.002) => f64::NAN,
            (true, ..0.003) => f64::INFINITY,
            (true, ..0.004) => f64::NEG_INFINITY,
            _ => value,
        };
        T::from_f64(value, hoodoo::Cast::Saturate)
    })
}

/// What a filter makes of an image, in an array of another type.
fn run<T: AnyElement, U: AnyElement>(filter: &Filter, image: &ArrayD<T>, outputs: usize) -> Vec<ArrayD<U>> {
    let region = filter.output_region(image.shape()).expect("the window fits");
    let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
    let mut made = vec![ArrayD::<U>::default(IxDyn(&shape)); outputs];
    let mut views: Vec<Output<'_>> = made.iter_mut().map(Output::from).collect();
    filter.run_all_into(&[Input::from(image)], &mut views, &Progress::default()).expect("the filter runs");
    made
}

/// Whether two values are the same, or as near as the order of additions may make them.
fn near(x: f64, y: f64, tolerance: f64) -> bool {
    x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= tolerance * x.abs().max(1.0)
}

/// Compares a kernel in passes with the same in one pass and with the interpreter.
fn agree<T: AnyElement, U: AnyElement>(source: &str, window: impl Into<Window>, image: &ArrayD<T>, mode: Mode) {
    let kernel = Kernel::compile(source).expect(source);
    let window = window.into();
    let filter = Filter::new(&kernel).window(window.clone()).mode(mode).cval(3.0);
    let outputs = kernel.outputs().len();
    let cut = run::<T, U>(&filter.clone().cut(Cut::Always), image, outputs);
    let threads = run::<T, U>(&filter.clone().cut(Cut::Always).threads(3), image, outputs);
    let moving = run::<T, U>(&filter.clone().cut(Cut::Moving).threads(2), image, outputs);
    let whole = run::<T, U>(&filter.clone().cut(Cut::Never), image, outputs);
    let exact = run::<T, U>(&filter.engine(Engine::Interpreter), image, outputs);
    let float = matches!(U::DTYPE, DType::F32 | DType::F64);
    let tolerance = if float { 1e-4 } else { 0.0 };
    let cuts = cut.iter().zip(threads.iter().zip(&moving));
    for ((cut, (threads, moving)), (whole, exact)) in cuts.zip(whole.iter().zip(&exact)) {
        for (at, value) in cut.indexed_iter() {
            let [value, threads, moving, whole, exact] =
                [*value, threads[&at], moving[&at], whole[&at], exact[&at]].map(|value| Element::to_f64(value));
            let what = || format!("{source}, {window:?}, {}, {mode}, {:?} at {at:?}", T::DTYPE, image.shape());
            assert!(value.to_bits() == threads.to_bits() || value.is_nan(), "{}: {value} {threads}", what());
            assert!(near(value, whole, tolerance), "{}: {value}, in one pass {whole}", what());
            assert!(near(value, exact, tolerance), "{}: {value}, not {exact}", what());
            assert!(near(moving, exact, tolerance), "{}, moving: {moving}, not {exact}", what());
        }
    }
}

const KERNELS: [&str; 9] = [
    "min(w), max(w)",
    "max(w) - min(w)",
    "sum(w), mean(w)",
    "w[0, 0] - mean(w), w[1, -1] + max(-w)",
    "mean(w where w > 1), len(w where w > 1), min(w where w > 1), max(w where w > 200)",
    "any(w > 3), all(w > -100), count(w == 2)",
    "let m = mean(w); m + mean(w where abs(w - m) < 2)",
    "sum(w * w) - sum(w) * sum(w) / len(w)",
    "param k = 2; sum(min(w, k)) + max(w * k)",
];

/// Columns of many cells, of which one call computes more rows of pixels than of others: arrays that have fewer rows, as many, and more.
#[test]
fn tall_columns() {
    for (turn, rows) in [1, 5, 8, 15, 16, 17, 70].into_iter().enumerate() {
        let (mode, source) = (MODES[turn % 6], KERNELS[turn % KERNELS.len()]);
        agree::<u8, f64>(source, [65, 3], &image(&[rows, 40], false, 1), mode);
        agree::<f32, f32>(source, [101, 4], &image(&[rows, 70], true, 2), mode);
        agree::<i16, i16>("max(w) - min(w), mean(w)", [80, 1], &image(&[rows, 33], false, 3), mode);
        agree::<f64, f64>("mean(w), std(w)", [8, 8, 3], &image(&[3, rows, 30], false, 4), mode);
    }
    // Code for very tall ones is made in time, whatever is asked of them.
    for source in KERNELS.into_iter().chain(["std(w)", "var(w), max(w)"]) {
        agree::<u16, f32>(source, [201, 2], &image(&[40, 20], false, 6), Mode::Reflect);
        agree::<f32, f64>(source, [300, 2], &image(&[40, 20], false, 7), Mode::Nearest);
    }
    for (rows, source) in
        [(513, "min(w), mean(w)"), (1000, "max(w)"), (1000, "mean(w), count(w > 2)"), (1025, "mean(w)")]
    {
        agree::<f32, f64>(source, [rows, 2], &image(&[30, 12], false, 8), Mode::Reflect);
        agree::<u8, f64>(source, [rows, 2], &image(&[30, 12], false, 9), Mode::Mirror);
    }
    // Where limits allow no such code, they are loops, as they were.
    let strict = Limits { compile_time: Duration::from_millis(100), ..Limits::default() };
    for rows in [101, 201, 1000] {
        let kernel = Kernel::compile_with_limits("mean(w)", "kernel", strict.clone()).expect("a kernel");
        let filter = Filter::new(&kernel).size([rows, 3]);
        let image = image::<f32>(&[30, 20], false, 10);
        let found = run::<f32, f64>(&filter, &image, 1);
        let expected = run::<f32, f64>(&filter.cut(Cut::Never), &image, 1);
        let same = found[0].iter().zip(&expected[0]).all(|(x, y)| near(*x, *y, 1e-6));
        assert!(same, "{rows}");
    }
    agree::<u8, u8>("mean(w), min(w)", [66, 5], &image(&[90, 40], false, 5), Mode::Valid);
}

/// Footprints that are no boxes: disks, crosses, a ring, one with holes, one without its centre, a random one.
fn footprints() -> Vec<Window> {
    let of = |shape: [usize; 2], is_in: &dyn Fn(usize, usize) -> bool| {
        Window::Array(ArrayD::from_shape_fn(IxDyn(&shape), |at| is_in(at[0], at[1])))
    };
    let dist = |y: usize, x: usize| ((y as f64 - 6.0).powi(2) + (x as f64 - 6.0).powi(2)).sqrt();
    let mut noise = Noise(77);
    let random: Vec<bool> = (0..9 * 10).map(|_| noise.next() < 0.4).collect();
    vec![
        Window::Disk(3.0),
        Window::Disk(6.5),
        Window::Cross(5),
        of([13, 13], &|y, x| (4.0..6.5).contains(&dist(y, x))),
        of([13, 13], &|y, x| y.abs_diff(6) + x.abs_diff(6) <= 6),
        of([7, 12], &|y, x| (y + x) % 3 != 0),
        of([9, 10], &|y, x| random[10 * y + x]),
        of([4, 6], &|y, _| y % 2 == 0),
    ]
}

#[test]
fn every_footprint_and_mode() {
    for (number, window) in footprints().into_iter().enumerate() {
        // Each footprint in three of the modes, and each mode with some of the footprints.
        for turn in 0..3 {
            let mode = MODES[(number + 2 * turn) % MODES.len()];
            let source = KERNELS[(number + turn) % KERNELS.len()];
            let shape = [11, 37];
            agree::<u8, u8>(source, window.clone(), &image(&shape, false, 20 + turn as u64), mode);
            agree::<f32, f32>(source, window.clone(), &image(&shape, true, 40 + turn as u64), mode);
            agree::<i16, f64>("min(w), max(w), sum(w), var(w)", window.clone(), &image(&shape, false, 3), mode);
        }
    }
}

#[test]
fn balls_in_volumes() {
    for mode in MODES {
        let image = image::<u16>(&[4, 5, 30], false, 15);
        agree::<u16, f64>("min(w), mean(w), var(w)", Window::Ball(2.5), &image, mode);
        agree::<u16, u16>("max(w) - min(w where w > 40)", Window::Cross(3), &image, mode);
    }
}

#[test]
fn conditions_on_places_are_footprints() {
    let sources = [
        "mean(w where dist() >= 3) - mean(w where dist() < 3)",
        "max(w where offset(0) < 0), max(w where offset(0) > 0 and offset(1) <= 0)",
        "sum(w where dist() > 2 and w > 1), var(w where dist() > 2 and w > 1)",
        "count(w > 1 and dist() < 4), min(w where offset(0) != offset(1))",
        "std(w where dist() <= 4.5)",
        "param r = 3; mean(w where dist() <= r), max(w)",
    ];
    for (number, mode) in MODES.into_iter().enumerate() {
        for source in [sources[number % sources.len()], sources[(number + 2) % sources.len()]] {
            agree::<u8, f64>(source, [9, 11], &image(&[10, 34], false, 50 + number as u64), mode);
            agree::<f64, f64>(source, [12, 12], &image(&[10, 34], true, 60 + number as u64), mode);
        }
    }
}

#[test]
fn variances() {
    let sources = ["var(w), std(w)", "mean(w), var(w where w > 1)", "(w[0, 0] - mean(w)) / (1 + std(w))"];
    for (number, mode) in MODES.into_iter().enumerate() {
        for (turn, source) in sources.into_iter().enumerate() {
            let size = [[5, 5], [1, 21], [7, 1], [12, 30]][(number + turn) % 4];
            agree::<u8, f64>(source, size, &image(&[9, 35], false, 70 + number as u64), mode);
            agree::<i32, f64>(source, size, &image(&[9, 35], false, 80 + number as u64), mode);
            agree::<f64, f64>(source, size, &image(&[9, 35], true, 90 + number as u64), mode);
        }
    }
}

#[test]
fn separable_weights_of_small_windows_and_beside_others() {
    // Where passes are not worth it for some of the sums, or for none, weights stay where they are.
    let sources = [
        "param s = 2; let g = exp(-dist()**2 / s); sum(w * g)",
        "param s = 2; let g = exp(-dist()**2 / s); sum(w * g), sum(w * g where offset(0) > 1 and offset(1) > 1)",
        "param s = 2; let g = exp(-dist()**2 / s); sum(w * g) + median(w)",
    ];
    for source in sources {
        let kernel = Kernel::compile(source).expect(source);
        let image = image::<f32>(&[20, 40], false, 18);
        for side in [5, 7, 15] {
            let filter = Filter::new(&kernel).window(Window::from(side));
            let outputs = kernel.outputs().len();
            let [auto, whole] =
                [Cut::Auto, Cut::Never].map(|cut| run::<f32, f64>(&filter.clone().cut(cut), &image, outputs));
            for (auto, whole) in auto.iter().flatten().zip(whole.iter().flatten()) {
                assert!(near(*auto, *whole, 1e-9), "{source}, {side}: {auto}, not {whole}");
            }
        }
    }
}

/// The variance of integers, all of which are less than 2^50, as a fraction: n^2 times that, exactly.
fn exact_variance(elements: &[i128]) -> f64 {
    let (n, sum) = (elements.len() as i128, elements.iter().sum::<i128>());
    // Differences from the mean, times n, are small integers.
    let squares: i128 = elements.iter().map(|x| (x * n - sum) * (x * n - sum)).sum();
    squares as f64 / (n * n * n) as f64
}

#[test]
fn variances_of_noise_on_a_large_offset() {
    // 1e9 and noise of 1 in steps of 2^-20: each element is an f64, and the differences of their squares are not.
    let mut noise = Noise(5);
    let steps: Vec<i128> = (0..40 * 60).map(|_| (1_000_000_000 << 20) + (noise.next() * 1_048_576.0) as i128).collect();
    let image = ArrayD::from_shape_fn(IxDyn(&[40, 60]), |at| steps[at[0] * 60 + at[1]] as f64 / 1_048_576.0);
    let kernel = Kernel::compile("var(w), var(w where w > 0)").expect("a kernel");
    for side in [3usize, 15, 31] {
        let filter = Filter::new(&kernel).window(Window::from(side)).mode(Mode::Valid).cut(Cut::Always);
        let made = run::<f64, f64>(&filter, &image, 2);
        for ((at, first), second) in made[0].indexed_iter().zip(&made[1]) {
            let corner = at[0] * 60 + at[1];
            let cells = (0..side).flat_map(|y| (0..side).map(move |x| corner + y * 60 + x));
            let elements: Vec<i128> = cells.map(|cell| steps[cell]).collect();
            let exact = exact_variance(&elements) / f64::from(1u32 << 20).powi(2);
            // Elements changed by n eps of themselves change the variance by about twice that times its root.
            let (n, eps) = ((side * side) as f64, f64::EPSILON);
            let bound = 2.0 * n * eps * 1e9 * exact.sqrt() + (n * eps * 1e9).powi(2);
            for value in [*first, *second] {
                assert!((value - exact).abs() <= bound, "{side}: {value}, not {exact} within {bound}");
            }
        }
    }
}

/// Numbers that are so large that their sums are not infinite, but would be times the number of cells.
#[test]
fn variances_of_huge_numbers() {
    let kernel = Kernel::compile("var(w)").expect("a kernel");
    for size in [9, 15, 31] {
        let image = ArrayD::from_elem(IxDyn(&[40, 50]), 2f64.powi(1010));
        assert!(
            Filter::new(&kernel).size(size).run(&image).expect("it runs").iter().all(|value| *value == 0.0),
            "{size}"
        );
    }
}

#[test]
fn variances_of_integers_are_exact() {
    let image = ArrayD::from_shape_fn(IxDyn(&[30, 50]), |at| 65_000u16 + (at[0] * 7 + at[1] * 13) as u16 % 500);
    let kernel = Kernel::compile("var(w)").expect("a kernel");
    let filter = Filter::new(&kernel).window(Window::from(15)).mode(Mode::Valid).cut(Cut::Always);
    let made = run::<u16, f64>(&filter, &image, 1);
    for (at, value) in made[0].indexed_iter() {
        let (top, left) = (at[0], at[1]);
        let cells = (0..15).flat_map(|y| (0..15).map(move |x| [top + y, left + x]));
        let elements: Vec<i128> = cells.map(|cell| i128::from(image[cell.as_slice()])).collect();
        let exact = exact_variance(&elements);
        assert!((value - exact).abs() <= 4.0 * f64::EPSILON * exact, "{value}, not {exact}");
    }
}

#[test]
fn positions_of_extremes() {
    let sources =
        ["argmin(w), argmax(w)", "argmax(w where w < 2), min(w)", "argmin(w where offset(0) > 0), argmax(-w)"];
    for (number, mode) in MODES.into_iter().enumerate() {
        for (turn, source) in sources.into_iter().enumerate() {
            let size = [[5, 5], [1, 21], [7, 1], [8, 30]][(number + turn) % 4];
            let seed = 100 + number as u64;
            agree::<u8, f64>(source, size, &image(&[9, 35], false, seed).mapv(|x: u8| x / 64), mode);
            agree::<f32, i32>(source, size, &image(&[9, 35], true, seed).mapv(|x: f32| x.round()), mode);
        }
    }
    let volume = image::<u8>(&[5, 6, 40], false, 16).mapv(|x| x / 32);
    for mode in [Mode::Reflect, Mode::Shrink] {
        agree::<u8, i32>("argmin(w), argmax(w where w > 3)", [2, 3, 9], &volume, mode);
        // Longer than the array, on both sides.
        agree::<u8, i32>("argmin(w), argmax(w where w > 3)", [13, 4, 5], &volume, mode);
        agree::<u8, i32>(
            "nth(w, argmin(w)), argmax(w where w > 9)",
            Window::Disk(3.0),
            &image(&[8, 20], false, 18),
            mode,
        );
    }
    for (number, window) in footprints().into_iter().enumerate() {
        let image = image::<u8>(&[20, 50], false, 17).mapv(|x| x / 32);
        let mode = MODES[number % MODES.len()];
        agree::<u8, i32>("argmin(w), argmax(w where w > 3)", window, &image, mode);
    }
    let volume = image::<u8>(&[9, 12, 30], false, 19).mapv(|x| x / 32);
    agree::<u8, i32>("argmax(w), argmin(w where offset(0) > 0)", Window::Ball(2.5), &volume, Mode::Mirror);
}

#[test]
fn the_first_position_is_positive_zero() {
    let line = ndarray::Array1::from_iter((0..40).map(f64::from));
    let kernel = Kernel::compile("argmin(w)").unwrap();
    let positions = Filter::new(&kernel).size(9).mode(Mode::Nearest).cut(Cut::Always).run(&line).unwrap();
    assert_eq!(positions[20].to_bits(), 0.0f64.to_bits());
}

#[test]
fn weights_that_are_products() {
    let sources = [
        "let g = exp(-dist()**2 / 18); sum(g * w) / sum(g)",
        "param s = 3; let g = exp(-dist()**2 / (2 * s * s)); sum(w * g where w > 0) / sum(g where w > 0)",
        "sum(offset(0) * w), sum(w * offset(1) * (3 - abs(offset(0))))",
        "let d = dist()**2; sum(w * (exp(-d / 8) - 0.5 * exp(-d / 32)))",
        "sum(w * cos(offset(0) + offset(1)))",
        "sum(w * dist())",
        "sum(max(w, 1) * offset(0) where offset(1) > 0), sum(w)",
    ];
    for (number, mode) in MODES.into_iter().enumerate() {
        for (turn, source) in sources.into_iter().enumerate() {
            let size = [[7, 7], [13, 12]][(number + turn) % 2];
            agree::<u8, f64>(source, size, &image(&[9, 35], false, 120 + number as u64), mode);
            agree::<f64, f64>(source, size, &image(&[9, 35], false, 130 + number as u64), mode);
        }
    }
}

/// What the host counts is counted of all elements: that those of the pixel's own row are finite says nothing of it.
/// Where the terms of a weight cancel, or its factors are not 0 and it is, infinite and huge elements have the values of the kernel all the same, in
/// the first run that has them and after it.
#[test]
fn products_that_cancel_are_not_for_infinite_elements() {
    let difference = "sum(w * (exp(-dist()**2 / 18) - 0.4 * exp(-dist()**2 / 128)))";
    for (source, size) in [
        ("sum(w * (dist()**2 + 1))", 9),
        (difference, 15),
        ("sum(w * exp(-dist()**2))", 51),
        ("sum(w * (10 - abs(offset(0)) - abs(offset(1))))", 11),
        ("input a, b; sum(a * b * (dist()**2 + 1))", 9),
    ] {
        let kernel = Kernel::compile(source).expect(source);
        let filter = Filter::new(&kernel).size(size).threads(1);
        let quiet = image::<f64>(&[40, 60], false, 4);
        let mut wild = quiet.clone();
        wild[[20, 25]] = f64::INFINITY;
        wild[[5, 50]] = 1e300;
        wild[[33, 3]] = f64::NAN;
        for mode in [Mode::Reflect, Mode::Shrink] {
            let filter = filter.clone().mode(mode);
            for image in [&quiet, &wild, &quiet] {
                let inputs: Vec<Input<'_>> = kernel.inputs().iter().map(|_| Input::from(image)).collect();
                let run = |filter: &Filter| {
                    let mut output = ArrayD::<f64>::zeros(image.raw_dim());
                    let result = filter.run_all_into(&inputs, &mut [Output::from(&mut output)], &Progress::default());
                    result.map(|()| output).expect(source)
                };
                let (found, expected) = (run(&filter), run(&filter.clone().engine(Engine::Interpreter)));
                for (at, expected) in expected.indexed_iter() {
                    assert!(near(found[&at], *expected, 1e-9), "{source}, {mode}, {at:?}: {} {expected}", found[&at]);
                }
            }
        }
    }
    // What is outside is an element as well.
    let kernel = Kernel::compile(difference).expect(difference);
    let filter = Filter::new(&kernel).size(15).mode(Mode::Constant).cval(f64::INFINITY);
    let image = image::<f64>(&[30, 30], false, 5);
    let expected: Vec<ArrayD<f64>> = run(&filter.clone().engine(Engine::Interpreter), &image, 1);
    let found: Vec<ArrayD<f64>> = run(&filter, &image, 1);
    assert!(found[0].iter().zip(&expected[0]).all(|(x, y)| near(*x, *y, 1e-9)));
}

/// The order of factors makes a difference where one of them is huge or tiny.
#[test]
fn factors_are_multiplied_in_the_order_of_the_kernel() {
    let kernel = Kernel::compile("weights k; sum(w * k * w)").expect("a kernel");
    for (element, weight) in [(1e200, 1e-200), (1e-200, 1e200), (3.0, 5.0)] {
        let filter = Filter::new(&kernel).size(9).weights("k", vec![weight; 81]);
        let value = filter.run(&ArrayD::from_elem(IxDyn(&[40, 50]), element)).expect("a result")[[20, 20]];
        let expected = 81.0 * (element * weight) * element;
        assert!((value / expected - 1.0).abs() < 1e-12, "{element} {weight}: {value}");
    }
}

/// Weights that are written as several factors are taken apart as well.
#[test]
fn factors_of_weights_may_be_many_and_small() {
    let source = "sum(w * exp(-offset(0)**2 / 2) * exp(-offset(1)**2 / 2))";
    let kernel = Kernel::compile(source).expect(source);
    let filter = Filter::new(&kernel).size(31);
    let plan = filter.listing(hoodoo::Listing::Plan, &[512, 512], &[DType::F32], &[DType::F32]).expect("a plan");
    assert!(plan.contains("pass 1:"), "{plan}");
    agree::<f32, f64>(source, 31, &image(&[20, 40], false, 22), Mode::Reflect);
}

/// Sums of integers with whole weights are exact, whatever products stand for these.
#[test]
fn sums_with_whole_weights_are_exact() {
    for (source, size) in [
        ("sum(w * (3 - abs(offset(0))) * (3 - abs(offset(1))))", 5),
        ("sum(w * (7 - abs(offset(0))) * (5 - abs(offset(1))))", 9),
        ("sum(w * (offset(0)**2 + offset(1)**2 + 1))", 9),
        ("sum(w * round(dist()**2) * (offset(0) - 2))", 13),
        ("sum(w * (10 - abs(offset(0)) - abs(offset(1))))", 11),
        ("sum(w * (offset(0) * offset(1) + offset(0) + 3))", 31),
        ("sum(w * w * (offset(0) + 17))", 31),
    ] {
        let kernel = Kernel::compile(source).expect(source);
        let filter = Filter::new(&kernel).size(size);
        let image = image::<u8>(&[50, 60], false, 9);
        let expected: Vec<ArrayD<f64>> = run(&filter.clone().engine(Engine::Interpreter), &image, 1);
        assert!(expected[0].iter().all(|value| value.fract() == 0.0), "{source}");
        assert_eq!(run::<u8, f64>(&filter, &image, 1), expected, "{source}");
        assert_eq!(run::<u8, f64>(&filter.clone().cut(Cut::Always), &image, 1), expected, "{source}, cut");
    }
    // Whatever the weights are.
    let kernel = Kernel::compile("weights k; sum(w * k)").expect("a kernel");
    let mut noise = Noise(21);
    for (height, width) in [(9, 9), (7, 12), (2, 40), (11, 5)] {
        for zeros in [0.02, 0.05, 0.2] {
            let mut weight = || if noise.next() < zeros { -0.0 } else { (noise.next() * 2.0).ceil() };
            let weights: Vec<f64> = (0..height * width).map(|_| weight()).collect();
            let filter = Filter::new(&kernel).size([height, width]).weights("k", weights);
            let image = image::<u16>(&[20, 60], false, 9);
            let expected: Vec<ArrayD<f64>> = run(&filter.clone().engine(Engine::Interpreter), &image, 1);
            assert_eq!(run::<u16, f64>(&filter, &image, 1), expected, "{height} x {width}");
        }
    }
}

/// Which cells take part may follow from params: in a large image they are a footprint then.
#[test]
fn params_that_select_by_places() {
    let shape = [320, 330];
    for source in ["param r = 4; mean(w where dist() <= r)", "param r = 4; max(w where abs(offset(0)) < r and w > 1)"] {
        let kernel = Kernel::compile(source).expect(source);
        let image = image::<f32>(&shape, false, 11);
        for radius in [0.0, 3.5, 6.0, -1.0, f64::NAN] {
            let filter = Filter::new(&kernel).size(13).param("r", radius);
            let found = run::<f32, f64>(&filter, &image, 1);
            let expected = run::<f32, f64>(&filter.clone().cut(Cut::Never).engine(Engine::Callback), &image, 1);
            let same = found[0].iter().zip(&expected[0]).all(|(x, y)| near(*x, *y, 1e-6));
            assert!(same, "{source} {radius}");
        }
    }
}

#[test]
fn counts_that_move_know_of_nan() {
    let number = |y: usize, x: usize| ((y * 37 + x * 11) % 50) as f64;
    let mut image = ndarray::Array2::from_shape_fn((130, 90), |(y, x)| number(y, x));
    (70..130).for_each(|y| image[[y, (y * 7) % 90]] = f64::NAN);
    let texts = [
        "count(w >= w)",
        "if all(w >= w) then 1 else 2",
        "any(isnan(w))",
        "if any(w != w) then count(w < 9) else len(w)",
        "count(w > 3) + count(isnan(w)) * 1000",
        "if any(isnan(w)) then mean(w where not isnan(w)) else 7",
    ];
    for text in texts {
        let kernel = Kernel::compile(text).unwrap();
        for size in [1, 3, 51, 71] {
            let filter = Filter::new(&kernel).size(size);
            let expected = filter.clone().cut(Cut::Never).run(&image).unwrap();
            for cut in [Cut::Auto, Cut::Always, Cut::Moving] {
                let found = filter.clone().cut(cut).run(&image).unwrap();
                let right =
                    found.iter().zip(&expected).all(|(x, y)| x == y || near(*x, *y, 1e-12) || x.is_nan() && y.is_nan());
                assert!(right, "{text} {size} {cut}");
                let single: ndarray::Array2<f32> =
                    filter.clone().cut(cut).precision(Precision::Single).run(&image.mapv(|x| x as f32)).unwrap();
                let right = single.iter().zip(&expected).all(|(x, y)| {
                    let x = f64::from(*x);
                    x == *y || near(x, *y, 1e-4) || x.is_nan() && y.is_nan()
                });
                assert!(right, "{text} {size} {cut} single");
            }
        }
    }
    let asserted = Filter::new(&Kernel::compile("assert all(w >= w); any(w < 1)").unwrap()).size(3).cut(Cut::Moving);
    assert!(
        matches!(asserted.run(&image).unwrap_err(), hoodoo::Error::Assertion { position, .. } if position == [69, 39])
    );
}

/// No part of a sum is infinite where the sum is not.
#[test]
fn sums_of_products_with_weights_do_not_overflow() {
    let huge = ndarray::Array2::from_elem((40, 60), 1e308);
    let huge_single = ndarray::Array2::from_elem((40, 60), 2e38f32);
    for source in ["weights k; sum(w * k)", "let g = exp(-dist()**2 / 50); sum(w * (g / sum(g)))"] {
        let kernel = Kernel::compile(source).unwrap();
        for cut in [Cut::Auto, Cut::Always, Cut::Never] {
            let filter = Filter::new(&kernel).size(15).cut(cut);
            let filter = if source.starts_with("weights") { filter.weights("k", [1.0 / 225.0; 225]) } else { filter };
            let means = filter.run(&huge).unwrap();
            assert!(means.iter().all(|mean| near(*mean, 1e308, 1e-12)), "{source} {cut}: {}", means[[0, 0]]);
            let means = filter.precision(Precision::Single).run(&huge_single).unwrap();
            assert!(means.iter().all(|mean| near((*mean).into(), 2e38, 1e-4)), "{source} {cut}: {}", means[[0, 0]]);
        }
    }
}

#[test]
fn every_mode_size_and_type() {
    fn of_type<T: AnyElement, U: AnyElement>() {
        for (number, mode) in MODES.into_iter().enumerate() {
            for (turn, size) in [[1, 9], [9, 1], [2, 3], [5, 5], [12, 11], [3, 31]].into_iter().enumerate() {
                let image = image::<T>(&[13, 70], false, (number + 7 * turn) as u64);
                let source = KERNELS[(number + turn) % KERNELS.len()];
                agree::<T, U>(source, size, &image, mode);
            }
        }
    }
    of_type::<u8, u8>();
    of_type::<u8, f32>();
    of_type::<i16, i32>();
    of_type::<u16, f64>();
    of_type::<i32, f64>();
    of_type::<i64, f64>();
    of_type::<f32, f32>();
    of_type::<f64, f64>();
    of_type::<bool, u8>();
    of_type::<hoodoo::f16, f32>();
}

#[test]
fn every_kernel() {
    for source in KERNELS {
        for mode in [Mode::Reflect, Mode::Constant] {
            agree::<u8, u8>(source, [11, 13], &image(&[40, 200], false, 1), mode);
            agree::<u16, f32>(source, [4, 20], &image(&[40, 200], false, 2), mode);
            agree::<f32, f32>(source, [11, 13], &image(&[40, 200], true, 3), mode);
            agree::<f64, f64>(source, [3, 9], &image(&[40, 200], true, 4), mode);
        }
    }
}

/// What is the same for all pixels is a number of the whole window, also inside what is cut into parts of it.
#[test]
fn means_of_places_inside_elements() {
    let sources = [
        "min(if w > 3 then w else var(offset(0)))",
        "std(w * mean(dist()))",
        "mean(w where w > mean(dist()))",
        "median(if w > 3 then w else 10 * mean(dist()))",
        "argmax(w + mean(dist() * (offset(0) + 3)))",
        "max(w * len(w)) + mean(dist())",
    ];
    for source in sources {
        for size in [[5, 5], [3, 3], [1, 7], [15, 13]] {
            for mode in [Mode::Reflect, Mode::Shrink] {
                agree::<f32, f64>(source, size, &image(&[20, 40], false, 1), mode);
                agree::<u8, f64>(source, size, &image(&[20, 40], false, 2), mode);
            }
        }
    }
}

/// Code for any elements, after that for finite ones, is told which rows it computes, whatever pass was the last.
#[test]
fn rows_of_passes_that_run_again() {
    let values = image::<f64>(&[20, 31], true, 5);
    let mut others = image::<i16>(&[20, 31], false, 6);
    // Rows of arrays in which they are in another order are not one row.
    others.invert_axis(ndarray::Axis(0));
    for source in ["input a, b; max(b * 0 + min(a where b > 30))", "input a, b; count(a != max(a where b > 30))"] {
        let kernel = Kernel::compile(source).unwrap();
        for size in [5, 13, 15] {
            let filter = Filter::new(&kernel).size([size]).axes([0]).mode(Mode::Shrink);
            let run = |filter: &Filter| filter.run_all::<f64>(&[(&values).into(), (&others).into()]).unwrap();
            let expected = run(&filter.clone().engine(Engine::Interpreter));
            for cut in [Cut::Auto, Cut::Always, Cut::Never] {
                let same = |(x, y): (&f64, &f64)| x == y || x.is_nan() && y.is_nan();
                let found = run(&filter.clone().cut(cut));
                assert!(found[0].iter().zip(&expected[0]).all(same), "{source}, {size}, {cut}");
            }
        }
    }
}

#[test]
fn windows_larger_than_the_array() {
    for mode in MODES.into_iter().filter(|mode| *mode != Mode::Valid) {
        for shape in [[1, 1], [2, 3], [5, 40], [40, 5]] {
            agree::<u8, u8>("max(w) - min(w), mean(w)", [5, 21], &image(&shape, false, 5), mode);
            agree::<f64, f64>("min(w), sum(w)", [23, 3], &image(&shape, false, 6), mode);
        }
    }
}

#[test]
fn volumes_lines_and_axes() {
    for mode in MODES {
        agree::<u16, u16>("max(w) - min(w), mean(w)", [3, 4, 5], &image(&[4, 6, 30], false, 7), mode);
        agree::<f32, f32>("min(w), sum(w)", [2, 1, 9], &image(&[4, 6, 30], false, 8), mode);
        agree::<f64, f64>("mean(w), max(w)", [33], &image(&[500], true, 9), mode);
        agree::<u8, u8>("mean(w), max(w)", [201], &image(&[300], false, 10), mode);
    }
    let kernel = Kernel::compile("max(w) - min(w)").expect("a kernel");
    let volume = image::<u8>(&[5, 30, 40], false, 11);
    for axes in [vec![0, 1], vec![2, 1], vec![0], vec![2]] {
        let filter = Filter::new(&kernel).window(Window::from(9)).axes(axes);
        let [cut, whole] = [Cut::Always, Cut::Never].map(|cut| run::<u8, u8>(&filter.clone().cut(cut), &volume, 1));
        assert_eq!(cut, whole);
    }
}

#[test]
fn strides_and_origins() {
    let big = image::<f32>(&[60, 180], false, 12);
    let kernel = Kernel::compile("min(w), mean(w)").expect("a kernel");
    let views = [
        big.slice_axis(Axis(1), Slice::new(3, None, 2)).to_owned(),
        big.view().reversed_axes().to_owned(),
        big.slice_axis(Axis(0), Slice::new(0, None, -1)).to_owned(),
    ];
    for view in views {
        for origin in [-3, 0, 4] {
            let filter = Filter::new(&kernel).window(Window::from(11)).origin([origin]);
            let [cut, whole] = [Cut::Always, Cut::Never].map(|cut| run::<f32, f32>(&filter.clone().cut(cut), &view, 2));
            assert_eq!(cut[0], whole[0]);
            assert!(cut[1].iter().zip(&whole[1]).all(|(x, y)| (x - y).abs() < 1e-5));
        }
    }
}

#[test]
fn large_windows_by_themselves() {
    // Without being told, and in single precision as well.
    let image = image::<u8>(&[70, 180], false, 13);
    for size in [31, 101] {
        let kernel = Kernel::compile("mean(w), max(w)").expect("a kernel");
        let filter = Filter::new(&kernel).window(Window::from(size));
        let auto = run::<u8, f32>(&filter, &image, 2);
        let whole = run::<u8, f32>(&filter.clone().cut(Cut::Never), &image, 2);
        assert_eq!(auto, whole);
        let single = run::<u8, f32>(&filter.precision(Precision::Single), &image, 2);
        assert!(single[0].iter().zip(&auto[0]).all(|(x, y)| (x - y).abs() < 1e-3));
    }
}

#[test]
fn the_plan_says_what_is_cut() {
    let kernel = Kernel::compile("max(w) - min(w)").expect("a kernel");
    let listing = |size: usize| {
        let filter = Filter::new(&kernel).window(Window::from(size));
        filter.listing(hoodoo::Listing::Plan, &[512, 512], &[DType::U8], &[DType::U8]).expect("a plan")
    };
    assert!(listing(3).contains("pass 0:") && !listing(3).contains("pass 1:"));
    let large = listing(31);
    assert!(large.contains("pass 2:"), "{large}");
    assert!(large.contains("lines 0 to 1: made of u8 numbers"), "{large}");
    // The difference of the greatest and the least is known not to be negative, as in one pass.
    assert!(!large.contains("i16"), "{large}");
}

#[test]
fn the_plan_says_what_is_not_cut_and_why() {
    let listing_of = |source: &str, window: Window, shape: [usize; 2]| {
        let kernel = Kernel::compile(source).expect("a kernel");
        let filter = Filter::new(&kernel).window(window);
        filter.listing(hoodoo::Listing::Plan, &shape, &[DType::F32], &[DType::F32]).expect("a plan")
    };
    let listing = |source: &str, window: Window| listing_of(source, window, [512, 512]);
    let box_of = |source: &str| listing(source, Window::from(21));
    for (source, why) in [
        (
            "mean(w where abs(w - w[0, 0]) < 1)",
            "sum is not cut into passes, because its condition depends on the pixel",
        ),
        ("sum(abs(w - w[0, 0]))", "sum is not cut into passes, because its elements depend on the pixel"),
        ("weights k; sum(w * k)", "sum is not cut into passes, because its weights are not known"),
        ("nth(w, 3)", "nth is not cut into passes, because the order of its elements matters"),
    ] {
        assert!(box_of(source).contains(why), "{source}: {}", box_of(source));
    }
    // Of large images the param is known.
    let by_param = "param r = 4; max(w where dist() < r)";
    let small = listing_of(by_param, Window::from(21), [64, 64]);
    assert!(
        small.contains("max is not cut into passes, because its condition on places depends on a param"),
        "{small}"
    );
    assert!(box_of(by_param).contains("pass 1:"));
    let ring = ArrayD::from_shape_fn(IxDyn(&[21, 21]), |at| at[0].abs_diff(10).max(at[1].abs_diff(10)) > 5);
    assert!(listing("argmin(w)", Window::Array(ring)).contains("because its footprint has gaps in its rows"));
    assert!(listing("argmin(w)", Window::Disk(10.0)).contains("pass 1:"));
    // What is cut is not listed: disks, variances, places.
    for source in ["max(w) - min(w)", "std(w)", "mean(w where dist() > 4)"] {
        let plan = listing(source, Window::Disk(10.0));
        assert!(plan.contains("pass 1:") && !plan.contains("is not cut"), "{source}: {plan}");
    }
}

#[test]
fn windows_of_a_hundred_thousand_cells_in_a_row() {
    let side = 100_001_usize;
    let image = Array1::from_shape_fn(250_000, |x| ((x * 7919) % 251) as u8);
    let mut before = vec![0_u64];
    before.extend(image.iter().scan(0, |sum, x| {
        *sum += u64::from(*x);
        Some(*sum)
    }));
    let expected = Array1::from_shape_fn(image.len(), |x| {
        let (first, end) = (x.saturating_sub(side / 2), (x + side / 2 + 1).min(image.len()));
        (before[end] - before[first]) as f64
    });
    let filter = Filter::new(&Kernel::compile("sum(w)").unwrap()).size(side).mode(Mode::Constant);
    for threads in [1, 2] {
        let mut sums = Array1::<f64>::zeros(image.len());
        filter.clone().threads(threads).run_into(&image, &mut sums).unwrap();
        assert_eq!(sums, expected);
    }
}

/// The plan that is shown is the one that runs: its weights are those that are set, and what is outside is left to the border.
#[test]
fn the_plan_that_is_shown_is_that_of_the_run() {
    let listing = |filter: &Filter| filter.listing(hoodoo::Listing::Plan, &[512, 512], &[DType::U8], &[DType::U8]);
    let weighted = Filter::new(&Kernel::compile("weights k; param scale = 1; scale * sum(w * k)").unwrap()).size(15);
    let gauss = |cell: i32| f64::from(-((cell / 15 - 7).pow(2) + (cell % 15 - 7).pow(2))).exp2();
    let set = weighted.clone().weights("k", (0..225).map(gauss));
    let unknown = "not known to be products";
    assert!(listing(&weighted).unwrap().contains(unknown));
    let plan = listing(&set).unwrap();
    assert!(!plan.contains(unknown) && plan.contains("pass 1:"), "{plan}");
    // What is wrong, and not only missing, is an error.
    let message = |filter: Filter| listing(&filter).unwrap_err().to_string();
    assert_eq!(message(set.param("scal", 2.0)), "param: the kernel has no param `scal`; it has scale");
    assert_eq!(message(weighted.weights("k", [1.0])), "weights: `k` has 1 values for 225 cells");
    // Half a unit is no element; only the border's code has to know.
    let min = Filter::new(&Kernel::compile("min(w)").unwrap()).size(3).mode(Mode::Constant);
    assert_eq!(listing(&min.clone().cval(0.5)).unwrap(), listing(&min.cval(1.0)).unwrap());
}
