//! Values that pixels have in common, against the same kernels in one pass, to the last bit, and against the interpreter.
#![cfg(feature = "jit")]

use hoodoo::{
    AnyElement, Cut, DType, Element, Engine, Filter, Input, Kernel, Limits, Listing, Mode, Output, Precision, Progress,
    Vectors, Window,
};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::time::{Duration, Instant};

/// A gradient with steps and noise; NaN and infinities here and there if `wild`, and many equal neighbours.
fn image<T: Element>(shape: &[usize], wild: bool) -> ArrayD<T> {
    let mut state = 1u64;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = match state >> 40 & 1023 {
            0 if wild => f64::NAN,
            1 if wild => f64::INFINITY,
            2 if wild => f64::NEG_INFINITY,
            ..=99 => 3.0,
            number => (number / 8) as f64,
        };
        T::from_f64(value, hoodoo::Cast::Saturate)
    })
}

/// Kernels without sums of floats: their values are specified to the last bit, whatever is a line.
const CHOSEN: [&str; 8] = [
    // Diffusion (Perona and Malik, 1990): fluxes between neighbours, each seen from both.
    "param k = 20; let e = w[0, 1] - w[0, 0]; let v = w[0, -1] - w[0, 0]; exp(-(e / k) ** 2) * e + exp(-(v / k) ** 2) * v",
    "let e = w[0, 1] - w[0, 0]; let v = w[0, 0] - w[0, -1]; e / sqrt(1 + e * e) - v / sqrt(1 + v * v)",
    "max(log(1 + abs(w - w[0, 0])))",
    "min(exp(abs(w - w[0, 0]) * -0.1) + exp((w - w[0, 0]) / 40))",
    // Differences of three, of which no two have the same sign of zero.
    "max(sqrt(abs((w - w[0, 0]) * (w[0, 1] - w))))",
    "let a = 1 / (w[0, 1] - w[0, 0]); let b = 1 / (w[0, -1] - w[0, 0]); if a > b then a else b",
    "max(exp(-dist()) * cbrt(abs(w - w[0, 0]))), min(cbrt(abs(w[0, 0] - w)) * dist())",
    "max(hypot(w, w[0, 0]) + atan2(w, w[0, 0])), max(if w > w[0, 0] then exp(w / 50) else exp(-w[0, 0] / 50))",
];

/// Kernels with sums, whose last bits depend on the order of additions.
const SUMMED: [&str; 5] = [
    "param s = 2; param r = 30; let g = exp(-dist() ** 2 / (2 * s ** 2)) * exp(-(w - w[0, 0]) ** 2 / (2 * r ** 2)); sum(g * w) / sum(g)",
    "mean(sqrt(1 + (w - w[0, 0]) ** 2)), count(exp(w - w[0, 0]) > 1)",
    "weights k; sum(k * exp(-abs(w - w[0, 0])))",
    "sum(exp(-abs(w - w[0, 0])) where w > 3) - coord(1)",
    "assert w[0, 0] > -1e300 or w[0, 0] < 0 or isnan(w[0, 0]); sum(offset(1) * log(1 + abs(w - w[0, 0])))",
];

fn run<T: AnyElement>(filter: &Filter, image: &ArrayD<T>, outputs: usize) -> Vec<ArrayD<f64>> {
    let region = filter.output_region(image.shape()).expect("the window fits");
    let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
    let mut made = vec![ArrayD::<f64>::default(IxDyn(&shape)); outputs];
    let mut views: Vec<Output<'_>> = made.iter_mut().map(Output::from).collect();
    filter.run_all_into(&[Input::from(image)], &mut views, &Progress::default()).expect("the filter runs");
    made
}

/// Compares lines with one pass, in all sizes of vectors and on several threads, and the exact ones with the interpreter.
fn agree<T: AnyElement>(source: &str, window: &Window, image: &ArrayD<T>, mode: Mode, summed: bool) {
    let kernel = Kernel::compile(source).expect(source);
    let mut filter = Filter::new(&kernel).window(window.clone()).mode(mode).cval(7.5);
    if source.contains("weights k") {
        let cells = window.footprint(image.ndim()).expect("a window").len();
        filter = filter.weights("k", (0..cells).map(|cell| (cell % 5) as f64).collect::<Vec<_>>());
    }
    let outputs = kernel.outputs().len();
    for precision in [Precision::Exact, Precision::Single] {
        let filter = filter.clone().precision(precision);
        let lines = run(&filter.clone().cut(Cut::Always), image, outputs);
        let same = |what: &str, other: &[ArrayD<f64>], tolerance: f64| {
            for (x, y) in lines.iter().flatten().zip(other.iter().flatten()) {
                let near = (x - y).abs() <= tolerance * x.abs().max(1.0);
                let equal = x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan() || near && tolerance > 0.0;
                // Which zero is the least or the greatest of both is left open.
                let equal = equal || x == y && (summed || source.contains("min(") || source.contains("max("));
                assert!(equal, "{source}, {window:?}, {mode}, {}, {what}: {x} {y}", T::DTYPE);
            }
        };
        for vectors in [Vectors::Bits128, Vectors::Bits256] {
            same("other vectors", &run(&filter.clone().cut(Cut::Always).vectors(vectors), image, outputs), 0.0);
        }
        same("three threads", &run(&filter.clone().cut(Cut::Always).threads(3), image, outputs), 0.0);
        let rounding = if precision == Precision::Exact { 1e-13 } else { 1e-4 };
        let whole = run(&filter.clone().cut(Cut::Never), image, outputs);
        same("one pass", &whole, if summed { rounding } else { 0.0 });
        if precision == Precision::Exact {
            same("the interpreter", &run(&filter.engine(Engine::Interpreter), image, outputs), 1e-9);
        }
    }
}

#[test]
fn lines_change_no_bit() {
    let windows = [Window::from([3, 3]), Window::Disk(2.0), Window::from([2, 4]), Window::from([1, 5])];
    let modes = [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap, Mode::Constant, Mode::Shrink];
    for (turn, source) in CHOSEN.iter().chain(&SUMMED).enumerate() {
        for (number, window) in windows.iter().enumerate() {
            let (mode, summed) = (modes[(turn + number) % modes.len()], turn >= CHOSEN.len());
            // Each window with one of the types, and each type with some of the windows.
            match (turn + number) % 3 {
                0 => agree::<f32>(source, window, &image(&[19, 70], number % 2 == 1), mode, summed),
                1 => agree::<f64>(source, window, &image(&[9, 45], number % 2 == 0), mode, summed),
                _ => agree::<u8>(source, window, &image(&[7, 150], false), mode, summed),
            }
        }
        agree::<i16>(source, &windows[0], &image(&[1, 5], false), Mode::Wrap, turn >= CHOSEN.len());
    }
}

/// Integers of 64 bits that are only chosen keep every bit in lines; and inputs may have different types.
#[test]
fn long_integers_and_several_inputs() {
    let image =
        ArrayD::from_shape_fn(IxDyn(&[5, 40]), |at| (1i64 << 62) + (at[0] * 7919 + at[1] * 104_729) as i64 % 97);
    for source in ["min(max(w[0, 0], w[0, 1]), max(w[0, -1], w[0, 0]))", "max(max(w, w[0, 0]) * 1)"] {
        let kernel = Kernel::compile(source).unwrap();
        let filter = Filter::new(&kernel).size(3).mode(Mode::Wrap);
        let run = |filter: Filter| filter.run_as::<i64, i64, _, _>(&image).unwrap();
        let expected = run(filter.clone().engine(Engine::Interpreter));
        for cut in [Cut::Always, Cut::Auto, Cut::Never] {
            assert!(run(filter.clone().cut(cut)) == expected, "{source}, {cut}");
        }
    }
    let kernel = Kernel::compile("input a, b; max(exp(-abs(a - a[0, 0]) / 50) + exp(-abs(b[0, 0] - b) / 50))").unwrap();
    let (bytes, floats) = (self::image::<u8>(&[9, 50], false), self::image::<f32>(&[9, 50], true));
    for origin in [0, 1] {
        let filter = Filter::new(&kernel).size(3).origin([origin, -origin]).mode(Mode::Nearest);
        let run = |filter: Filter| filter.run_all::<f64>(&[(&bytes).into(), (&floats).into()]).unwrap().remove(0);
        let [lines, whole] = [Cut::Always, Cut::Never].map(|cut| run(filter.clone().cut(cut)));
        assert!(lines.iter().zip(&whole).all(|(x, y)| x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan()));
    }
}

#[test]
fn volumes_other_axes_and_layouts() {
    let source = "max(log(1 + abs(w - w[0, 0, 0])))";
    for mode in [Mode::Nearest, Mode::Constant] {
        agree::<f32>(source, &Window::from([3, 3, 3]), &image(&[5, 6, 40], true), mode, false);
        agree::<u16>(source, &Window::Ball(1.0), &image(&[4, 3, 70], false), mode, false);
    }
    agree::<f64>("max(exp(-abs(w - w[0])))", &Window::from([7]), &image(&[333], true), Mode::Wrap, false);
    // Rows that don't run along the last axis, and a window that has not the axis along which rows run.
    let kernel = Kernel::compile("max(exp(-abs(w - w[0])))").unwrap();
    let mut turned = ArrayD::<f32>::zeros(IxDyn(&[30, 41]).f());
    turned.assign(&image::<f32>(&[30, 41], false));
    for axis in [0, 1] {
        let filter = Filter::new(&kernel).size([5]).axes([axis]);
        let [lines, whole] = [Cut::Always, Cut::Never].map(|cut| run(&filter.clone().cut(cut), &turned, 1));
        assert_eq!(lines, whole);
    }
}

/// Lines go from the first cell that is read to the last: of cells that are far away none are made.
#[test]
fn cells_far_along_the_row() {
    for (far, lines) in [(60, true), (3000, false), (100_000, false)] {
        let source = format!("exp(abs(w[0, {far}] - w[0, 0]) / -20) - exp(abs(w[0, 0] - w[0, -{far}]) / -20)");
        let window = Window::from([1, 2 * far + 1]);
        let filter = Filter::new(&Kernel::compile(&source).unwrap()).window(window.clone()).cut(Cut::Always);
        let plan = filter.listing(Listing::Plan, &[3, 7000], &[DType::F64], &[DType::F64]).unwrap();
        assert_eq!(plan.contains("line 0"), lines, "{plan}");
        for shape in [[3, 7000], [2, 50]] {
            for mode in [Mode::Wrap, Mode::Mirror, Mode::Constant] {
                agree::<f64>(&source, &window, &image(&shape, true), mode, false);
            }
        }
    }
}

/// What one pass computes in a loop is not unrolled into more code than one has time to make.
#[test]
fn long_functions_stay_in_loops() {
    let source = "sum(sin(w)**1.7 * exp(w / 9) * log(w + 1) * abs(w)**w[0, 0] * atan2(w, w[0, 0]) * hypot(w, w[0, 0]))";
    let terms: Vec<String> = (0..1000).map(|term| format!("w * {term}.5 - w[0, 0]")).collect();
    let many = format!("sum(abs({}))", terms.join(" + "));
    let limits = Limits { compile_time: Duration::from_millis(100), ..Limits::default() };
    for source in [source, &many] {
        let start = Instant::now();
        let kernel = Kernel::compile_with_limits(source, "kernel", limits.clone()).expect("a kernel");
        let filter = Filter::new(&kernel).size(11);
        let values: ArrayD<f64> = filter.run_as(&image::<f64>(&[3, 20], false)).expect("it has time enough");
        assert_eq!(values.len(), 60);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

/// What is worth lines, and what is not.
#[test]
fn lines_are_made_where_they_save_much() {
    let lines = |source: &str, window: Window, precision: Precision| {
        let kernel = Kernel::compile(source).expect(source);
        let filter = Filter::new(&kernel).window(window).precision(precision);
        let plan = filter.listing(Listing::Plan, &[512, 512], &[DType::F32], &[DType::F32]);
        let plan = plan.expect("a plan");
        let Some((_, rest)) = plan.split_once("line") else { return 0 };
        // "line 0:", or "lines 0 to 5:".
        let last = rest.split_once(':').expect("what they are made of").0.split(' ').next_back().expect("a number");
        last.parse::<usize>().expect(last) + 1
    };
    let disk = || Window::Disk(2.0);
    // Of twelve neighbours six weigh the pixel as it weighs them; those above and below are computed once for all rows anyway.
    assert_eq!(lines(SUMMED[0], disk(), Precision::Single), 6);
    assert_eq!(lines(SUMMED[0], disk(), Precision::Exact), 6);
    assert_eq!(lines(CHOSEN[0], Window::from(3), Precision::Exact), 1);
    for source in ["sum(abs(w - w[0, 0]))", "median(w)", "max(w) - w[0, 0]", "exp(w[0, 0]) - exp(w[1, 0])"] {
        assert_eq!(lines(source, disk(), Precision::Exact), 0, "{source}");
    }
}
