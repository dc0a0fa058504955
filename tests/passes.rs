//! Windows that are cut into passes, against the interpreter and against the same kernel in one pass: every mode, type, size, layout.
#![cfg(feature = "jit")]

use hoodoo::{
    AnyElement, Cut, DType, Element, Engine, Filter, Input, Kernel, Mode, Output, Precision, Progress, Window,
};
use ndarray::{ArrayD, Axis, IxDyn, Slice};

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
    x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= tolerance
}

/// Compares a kernel in passes with the same in one pass and with the interpreter.
fn agree<T: AnyElement, U: AnyElement>(source: &str, window: impl Into<Window>, image: &ArrayD<T>, mode: Mode) {
    let kernel = Kernel::compile(source).expect(source);
    let window = window.into();
    let filter = Filter::new(&kernel).window(window.clone()).mode(mode).cval(3.0);
    let outputs = kernel.outputs().len();
    let cut = run::<T, U>(&filter.clone().cut(Cut::Always), image, outputs);
    let threads = run::<T, U>(&filter.clone().cut(Cut::Always).threads(3), image, outputs);
    let whole = run::<T, U>(&filter.clone().cut(Cut::Never), image, outputs);
    let exact = run::<T, U>(&filter.engine(Engine::Interpreter), image, outputs);
    let float = matches!(U::DTYPE, DType::F32 | DType::F64);
    let tolerance = if float { 1e-4 } else { 0.0 };
    for ((cut, threads), (whole, exact)) in cut.iter().zip(&threads).zip(whole.iter().zip(&exact)) {
        for (at, value) in cut.indexed_iter() {
            let [value, threads, whole, exact] =
                [*value, threads[&at], whole[&at], exact[&at]].map(|value| Element::to_f64(value));
            let what = || format!("{source}, {window:?}, {}, {mode}, {:?} at {at:?}", T::DTYPE, image.shape());
            assert!(value.to_bits() == threads.to_bits() || value.is_nan(), "{}: {value} {threads}", what());
            assert!(near(value, whole, tolerance), "{}: {value}, in one pass {whole}", what());
            assert!(near(value, exact, tolerance), "{}: {value}, not {exact}", what());
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
    assert!(large.contains("line 0: made of u8 numbers"), "{large}");
    // The difference of the greatest and the least is known not to be negative, as in one pass.
    assert!(!large.contains("i16"), "{large}");
}
