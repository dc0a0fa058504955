//! Order statistics that move from window to window, against the interpreter and against the same kernel pixel by pixel: every mode, type,
//! footprint, condition and argument.
#![cfg(feature = "jit")]

use hoodoo::{
    AnyElement, Cut, DType, Element, Engine, Filter, Input, Kernel, Listing, Mode, Output, Progress, Window, f16,
};
use ndarray::{ArrayD, Axis, IxDyn};

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

/// What elements are like.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Of as many values as the type has within some hundreds.
    Many,
    /// Of three values.
    Few,
    /// With NaN, infinities and zeros of either sign, among floats.
    Wild,
}

fn image<T: Element>(shape: &[usize], kind: Kind, seed: u64) -> ArrayD<T> {
    let mut noise = Noise(seed);
    let is_float = matches!(T::DTYPE, DType::F16 | DType::F32 | DType::F64);
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        let (which, value) = (noise.next(), noise.next());
        let value = match kind {
            Kind::Few => (value * 3.0).floor(),
            _ => value * 300.0 - 40.0,
        };
        let value = match (kind, which) {
            (Kind::Wild, ..0.02) if is_float => f64::NAN,
            (Kind::Wild, ..0.04) if is_float => f64::INFINITY,
            (Kind::Wild, ..0.06) if is_float => f64::NEG_INFINITY,
            (Kind::Wild, ..0.2) if is_float => -0.0,
            (Kind::Wild, ..0.3) if is_float => 0.0,
            _ => value,
        };
        T::from_f64(value, hoodoo::Cast::Saturate)
    })
}

/// What a filter makes of an image, as f64s, or what it says.
fn run<T: AnyElement>(filter: &Filter, image: &ArrayD<T>, outputs: usize) -> Result<Vec<ArrayD<f64>>, String> {
    let region = filter.output_region(image.shape()).map_err(|error| error.to_string())?;
    let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
    let mut made = vec![ArrayD::<f64>::default(IxDyn(&shape)); outputs];
    let mut views: Vec<Output<'_>> = made.iter_mut().map(Output::from).collect();
    let done = filter.run_all_into(&[Input::from(image)], &mut views, &Progress::default());
    done.map(|()| made).map_err(|error| error.to_string())
}

/// Compares a kernel whose order statistics move, on one thread and on three, with the same pixel by pixel and with the interpreter.
fn agree<T: AnyElement>(source: &str, filter: &Filter, image: &ArrayD<T>) {
    let outputs = Kernel::compile(source).expect(source).outputs().len();
    let moved = run(&filter.clone().cut(Cut::Always), image, outputs);
    let others = [
        ("on three threads", run(&filter.clone().cut(Cut::Always).threads(3), image, outputs)),
        ("as it is chosen", run(&filter.clone().cut(Cut::Auto), image, outputs)),
        ("pixel by pixel", run(&filter.clone().cut(Cut::Never), image, outputs)),
        ("by the interpreter", run(&filter.clone().engine(Engine::Interpreter), image, outputs)),
    ];
    let what = || format!("{source}, {}, {:?}", T::DTYPE, image.shape());
    for (how, other) in &others {
        let (Ok(moved), Ok(other)) = (&moved, other) else {
            assert_eq!(moved.as_ref().err(), other.as_ref().err(), "{} {how}", what());
            continue;
        };
        for (moved, other) in moved.iter().zip(other) {
            for (at, value) in moved.indexed_iter() {
                // The sign of a zero is not specified, and a network adds the elements of a mean in another order.
                let same = !how.contains("interpreter") && source.contains("mean") && (value - other[&at]).abs() < 1e-9
                    || value.to_bits() == other[&at].to_bits()
                    || *value == 0.0 && other[&at] == 0.0
                    || value.is_nan() && other[&at].is_nan();
                assert!(same, "{} at {at:?}: {value}, but {} {how}", what(), other[&at]);
            }
        }
    }
}

fn check<T: AnyElement>(source: &str, window: impl Into<Window>, image: &ArrayD<T>, mode: Mode) {
    let kernel = Kernel::compile(source).expect(source);
    agree(source, &Filter::new(&kernel).window(window.into()).mode(mode).cval(3.0), image);
}

const KERNELS: [&str; 13] = [
    "median(w)",
    "rank(w, 0), rank(w, -1)",
    "param k = 3; rank(w, k)",
    "param q = 30; percentile(w, q), percentile(w, 100 - q)",
    "trimmed_mean(w, 1)",
    "param k = 2; trimmed_mean(w, k), trimmed_mean(w where w > 20, k)",
    "mode(w), variety(w), entropy(w)",
    "median(w where w > 20), median(w where not isnan(w))",
    "percentile(w where w < 100, 75), trimmed_mean(w where w < 100, 0)",
    "mode(w where w != 1), variety(w where w > 1), entropy(w where w > 100)",
    "median(abs(w - 100)), median(-w)",
    "w[0, 0] - median(w), max(w) - rank(w, 1)",
    "let m = median(w); len(w where abs(w - m) < 40)",
];

#[test]
fn every_mode_and_type() {
    fn of_type<T: AnyElement>(turn: usize) {
        for (number, mode) in MODES.into_iter().enumerate() {
            let size = [[1, 9], [9, 1], [2, 3], [5, 5], [6, 7], [3, 13], [13, 2]][(number + turn) % 7];
            let source = KERNELS[(number * 5 + turn) % KERNELS.len()];
            let kind = [Kind::Many, Kind::Few, Kind::Wild][(number + turn) % 3];
            check(source, size, &image::<T>(&[15, 37], kind, (number + 7 * turn) as u64), mode);
        }
    }
    of_type::<bool>(0);
    of_type::<u8>(1);
    of_type::<i8>(2);
    of_type::<u16>(3);
    of_type::<i16>(4);
    of_type::<u32>(5);
    of_type::<i32>(6);
    of_type::<i64>(7);
    of_type::<u64>(8);
    of_type::<f16>(9);
    of_type::<f32>(10);
    of_type::<f64>(11);
}

#[test]
fn every_kernel() {
    for (number, source) in KERNELS.into_iter().enumerate() {
        let (kind, mode) = ([Kind::Many, Kind::Few, Kind::Wild][number % 3], MODES[(number * 2) % 6]);
        check(source, [11, 8], &image::<u8>(&[12, 70], kind, 1), mode);
        check(source, [4, 20], &image::<u16>(&[12, 70], kind, 2), mode);
        check(source, [9, 11], &image::<f32>(&[12, 70], Kind::Wild, 3), mode);
        check(source, [3, 5], &image::<f64>(&[12, 70], Kind::Wild, 4), mode);
        check(source, [3, 3], &image::<f32>(&[12, 70], Kind::Wild, 5), mode);
    }
}

/// Which cells belong to a window, by their distances from the middle along both axes.
fn mask(shape: [usize; 2], has: impl Fn(i32, i32) -> bool) -> ArrayD<bool> {
    let far = |at: usize, len: usize| at as i32 - len as i32 / 2;
    ArrayD::from_shape_fn(IxDyn(&shape), |at| has(far(at[0], shape[0]), far(at[1], shape[1])))
}

#[test]
fn footprints_with_holes_and_without_a_centre() {
    let kernels = ["median(w), rank(w, 1)", "mode(w), variety(w)", "param q = 60; percentile(w where w > 30, q)"];
    let random = |y: i32, x: i32| Noise((99 + 31 * y + x) as u64).next() < 0.4 || y == 2;
    let shapes = [
        mask([9, 9], |y, x| y * y + x * x <= 16),
        mask([11, 11], |y, x| y == 0 || x == 0),
        mask([7, 9], |y, x| y * y + x * x > 6),
        mask([6, 9], random),
        mask([9, 4], random),
        mask([8, 3], |y, _| y % 3 != 0),
        mask([1, 12], |_, x| x > 2),
    ];
    for (turn, shape) in shapes.iter().enumerate() {
        for (number, source) in kernels.into_iter().enumerate() {
            let mode = MODES[(turn + number) % MODES.len()];
            check(source, shape, &image::<u8>(&[11, 43], Kind::Many, turn as u64), mode);
            check(source, shape, &image::<f32>(&[11, 43], Kind::Wild, turn as u64), mode);
        }
    }
}

#[test]
fn windows_larger_than_the_array() {
    for mode in MODES.into_iter().filter(|mode| *mode != Mode::Valid) {
        for shape in [[1, 1], [2, 3], [3, 20], [20, 3]] {
            check("median(w), variety(w)", [5, 21], &image::<u8>(&shape, Kind::Many, 5), mode);
            check("median(w), mode(w where w > 9)", [23, 3], &image::<f64>(&shape, Kind::Wild, 6), mode);
        }
    }
}

#[test]
fn volumes_lines_and_axes() {
    for mode in MODES {
        check("median(w), percentile(w, 20)", [3, 4, 5], &image::<u16>(&[4, 6, 30], Kind::Many, 7), mode);
        check("median(w), percentile(w, 20)", [3, 4, 5], &image::<u8>(&[4, 6, 30], Kind::Many, 7), mode);
        check("median(w), entropy(w)", [2, 1, 9], &image::<f32>(&[4, 6, 30], Kind::Wild, 8), mode);
        check("median(w), variety(w)", [2, 2, 2, 3], &image::<i16>(&[3, 2, 4, 9], Kind::Few, 8), mode);
        check("median(w), mode(w)", [33], &image::<f64>(&[300], Kind::Wild, 9), mode);
        check("median(w), mode(w)", [101], &image::<u8>(&[300], Kind::Many, 10), mode);
    }
    let source = "median(w), rank(w where w > 50, 0)";
    let kernel = Kernel::compile(source).expect("a kernel");
    for axes in [vec![0, 1], vec![2, 1], vec![0], vec![2], vec![0, 2]] {
        let filter = Filter::new(&kernel).window(Window::from(5)).axes(axes);
        agree(source, &filter, &image::<u8>(&[3, 9, 30], Kind::Many, 11));
        agree(source, &filter, &image::<f32>(&[3, 9, 30], Kind::Many, 11));
    }
    // Rows along a short last axis are avoided.
    agree(
        source,
        &Filter::new(&kernel).window(Window::from(5)).axes([0, 1]),
        &image::<u8>(&[9, 40, 3], Kind::Many, 12),
    );
}

#[test]
fn strides_origins_and_mixed_modes() {
    let big = image::<f32>(&[20, 50], Kind::Wild, 12);
    let source = "median(w), variety(w)";
    let kernel = Kernel::compile(source).expect("a kernel");
    let views = [
        big.slice_axis(Axis(1), ndarray::Slice::new(3, None, 2)).to_owned(),
        big.view().reversed_axes().to_owned(),
        big.slice_axis(Axis(0), ndarray::Slice::new(0, None, -1)).to_owned(),
    ];
    for (turn, view) in views.into_iter().enumerate() {
        for origin in [-3, 0, 4] {
            let modes = [MODES[(turn * 3) % 6], MODES[(turn + 4) % 6]];
            let filter = Filter::new(&kernel).window(Window::from(10)).origin([origin]).modes(modes).cval(f64::NAN);
            agree(source, &filter, &view);
        }
    }
}

#[test]
fn many_inputs_and_outputs() {
    let source = "input a, b; param t = 50; median(a where b > t), a[0, 0] - percentile(b, 90), median(a * 2 + b)";
    let kernel = Kernel::compile(source).expect(source);
    let (a, b) = (image::<u8>(&[40, 61], Kind::Many, 1), image::<f32>(&[40, 61], Kind::Wild, 2));
    let filter = Filter::new(&kernel).window(Window::from([9, 7]));
    let run = |filter: Filter| {
        let mut made = vec![ArrayD::<f64>::default(IxDyn(&[40, 61])); 3];
        let mut views: Vec<Output<'_>> = made.iter_mut().map(Output::from).collect();
        filter.run_all_into(&[Input::from(&a), Input::from(&b)], &mut views, &Progress::default()).expect("it runs");
        made.into_iter()
            .flat_map(|made| {
                made.into_iter()
                    .map(|value| if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() })
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    };
    let moved = run(filter.clone().cut(Cut::Always));
    assert!(moved == run(filter.clone().cut(Cut::Never)), "not as pixel by pixel");
    assert!(moved == run(filter.engine(Engine::Interpreter)), "not as by the interpreter");
}

/// Against sorting, without any of the library's code for order statistics.
#[test]
fn medians_are_those_of_sorted_windows() {
    let (height, width, radius) = (150, 330, 12);
    let image = image::<u8>(&[height, width], Kind::Many, 3);
    let kernel = Kernel::compile("median(w)").expect("a kernel");
    let filter = Filter::new(&kernel).window(Window::from(2 * radius + 1)).mode(Mode::Nearest);
    let bytes = run(&filter, &image, 1).expect("it runs");
    let floats = run(&filter, &image.mapv(f32::from), 1).expect("it runs");
    for (y, x) in [(0, 0), (3, 329), (149, 100), (75, 241), (75, 242), (114, 243), (113, 300), (64, 200), (63, 5)] {
        let at = |y: usize, x: usize| {
            image[[y.clamp(radius, height - 1 + radius) - radius, x.clamp(radius, width - 1 + radius) - radius]]
        };
        let mut window: Vec<u8> = (y..=y + 2 * radius)
            .flat_map(|y| (x..=x + 2 * radius).map(move |x| (y, x)))
            .map(|(y, x)| at(y, x))
            .collect();
        window.sort_unstable();
        let median = f64::from(window[window.len() / 2]);
        assert_eq!((bytes[0][[y, x]], floats[0][[y, x]]), (median, median), "at {y}, {x}");
    }
}

#[test]
fn the_plan_says_what_moves_and_how() {
    let listing = |source: &str, dtype: DType, size: usize| {
        let kernel = Kernel::compile(source).expect(source);
        let filter = Filter::new(&kernel).window(Window::from(size));
        filter.listing(hoodoo::Listing::Plan, &[512, 512], &[dtype], &[dtype]).expect("a plan")
    };
    assert!(listing("median(w)", DType::U8, 15).contains("histograms of columns"));
    assert!(listing("median(w)", DType::U16, 15).contains("the places of those in one bin"));
    assert!(listing("median(w where w > 9)", DType::F32, 9).contains("a set of ranks"));
    assert!(listing("mode(w)", DType::F32, 15).contains("how often each value"));
    for kernel in ["median(w)", "percentile(w, 30)", "rank(w where w > 9, 0)"] {
        assert!(listing(kernel, DType::I64, 15).contains("the places of those in one bin"), "{kernel}");
    }
    assert!(listing("variety(w)", DType::U64, 3).contains("how often each value"));
    assert!(listing("median(w)", DType::U8, 3).contains("a selection network"));
    let selected = listing("percentile(w where w > 9, 30)", DType::F32, 7);
    assert!(selected.contains("percentile of f32 selected elements: a selection network"), "{selected}");
    let still = listing("median(abs(w - mean(w)))", DType::U8, 15);
    assert!(still.contains("pixel by pixel on the host"), "{still}");
    assert!(still.contains("depend on the pixel"), "{still}");
}

/// Of some to all of the elements, or of none, by networks that know how many they are.
#[test]
fn statistics_of_selected_elements_by_networks() {
    fn of_type<T: AnyElement>(turn: usize) {
        let sources = [
            "percentile(w where w < 30, 30), percentile(w where w > 0, 0), percentile(w where w != 1, 100)",
            "trimmed_mean(w where w > 20, 1), trimmed_mean(w where w < 100, 0), median(w where w < 100)",
            "percentile(w where w >= 0, 50) - percentile(w where w >= 0, 12.5), median(w where w >= 0)",
            "percentile(w where w > 1000, 40), trimmed_mean(w where w > 1, 3)",
        ];
        let sizes = [[1, 2], [2, 2], [3, 3], [5, 5], [7, 7], [3, 7]];
        for (number, source) in sources.into_iter().enumerate() {
            for (turn_of_kind, kind) in [Kind::Many, Kind::Few, Kind::Wild].into_iter().enumerate() {
                let image = image::<T>(&[11, 41], kind, (number + 5 * turn) as u64);
                check(source, sizes[(number + turn) % 6], &image, MODES[(number + turn) % MODES.len()]);
                if turn_of_kind != (number + turn) % 3 {
                    continue;
                }
                // Fewer elements, of which there are as many as cells are inside.
                let ranks = "rank(w, 1), rank(w, -1), rank(w, -2), rank(w, 0), percentile(w, 33), trimmed_mean(w, 1)";
                check(ranks, sizes[2 + (number + turn) % 4], &image, Mode::Shrink);
            }
        }
    }
    of_type::<bool>(0);
    of_type::<u8>(1);
    of_type::<i8>(2);
    of_type::<u16>(3);
    of_type::<i16>(4);
    of_type::<u32>(5);
    of_type::<i32>(6);
    of_type::<i64>(7);
    of_type::<u64>(8);
    of_type::<f16>(9);
    of_type::<f32>(10);
    of_type::<f64>(11);
}

/// How many cells are inside at least, where no rank can be wrong, and where some are.
#[test]
fn demands_near_the_ends_of_arrays() {
    for (shape, size) in [([9, 31], [3, 3]), ([2, 40], [5, 3]), ([1, 33], [3, 3]), ([7, 4], [2, 6]), ([5, 5], [4, 1])] {
        for origin in [0, 1, -1] {
            for source in ["rank(w, 1)", "rank(w, -2), len(w)", "rank(w, 3)", "assert len(w) > 3; min(w)"] {
                let kernel = Kernel::compile(source).expect(source);
                let origins = size.map(|len| if len > 2 { origin } else { 0 }).to_vec();
                let filter = Filter::new(&kernel).size(size).mode(Mode::Shrink).origin(origins);
                agree(source, &filter, &image::<f32>(&shape, Kind::Many, 9));
                agree(source, &filter, &image::<u8>(&shape, Kind::Few, 10));
            }
        }
    }
}

/// Boxes of elements of more than 8 bits: with NaN and without, blocks of all sizes and several in an array, elements that are few.
#[test]
fn large_elements_over_boxes() {
    fn of_type<T: AnyElement>(turn: usize) {
        let sources = [
            "median(w), percentile(w, 30)",
            "rank(w where w > 30, 2), median(w where not isnan(w))",
            "param k = 40; rank(w, k), mode(w), trimmed_mean(w, 3)",
            "percentile(w where w > 500, 60), variety(w)",
        ];
        for (number, source) in sources.into_iter().enumerate() {
            let mode = MODES[(number + turn) % MODES.len()];
            let kind = [Kind::Many, Kind::Wild, Kind::Few][(number + turn / 2) % 3];
            let size = [[11, 11], [12, 17], [14, 11], [11, 30]][(number + turn) % 4];
            check(source, size, &image::<T>(&[31, 24], kind, turn as u64), mode);
        }
    }
    of_type::<u16>(0);
    of_type::<i16>(1);
    of_type::<u32>(2);
    of_type::<i32>(3);
    of_type::<i64>(4);
    of_type::<u64>(5);
    of_type::<f16>(6);
    of_type::<f32>(7);
    of_type::<f64>(8);
}

#[test]
fn large_elements_over_boxes_in_many_blocks() {
    for (shape, size) in [([300, 290], [11, 12]), ([40, 700], [11, 30]), ([620, 20], [16, 11])] {
        let filter = |source: &str, engine: Cut| {
            let kernel = Kernel::compile(source).expect(source);
            Filter::new(&kernel).window(Window::from(size)).mode(Mode::Mirror).cut(engine).threads(2)
        };
        let image = image::<f32>(&shape, Kind::Many, 5);
        let sources = ["median(w), median(w where w < 200)", "rank(w where w > 100, 9), percentile(w, 75)"];
        for source in sources {
            let [moved, still] = [Cut::Always, Cut::Never].map(|cut| run(&filter(source, cut), &image, 2));
            assert!(moved.is_ok() && moved == still, "{source}, {shape:?}");
        }
    }
}

/// Few elements are NaN, so that some windows have such and others have not, in one block.
#[test]
fn large_elements_over_boxes_few_of_which_are_nan() {
    let mut image = image::<f32>(&[40, 60], Kind::Many, 3);
    for at in [[3, 7], [20, 59], [39, 30]] {
        image[&at[..]] = f32::NAN;
    }
    for (turn, source) in
        ["median(w)", "percentile(w, 30), rank(w, 4)", "median(w where w > 20)"].into_iter().enumerate()
    {
        for size in [[11, 11], [12, 15]] {
            check(source, size, &image, MODES[turn]);
            check(source, size, &image.mapv(f64::from), MODES[turn + 4]);
        }
    }
}

/// A call of the code for bytes computes more pixels than have their elements in one block.
#[test]
fn large_elements_over_boxes_in_long_strips() {
    let source = "input a, b; median(b), min(a)";
    let kernel = Kernel::compile(source).expect(source);
    for width in [100, 150, 201, 333] {
        let (a, b) = (image::<u8>(&[14, width], Kind::Many, 1), image::<f32>(&[14, width], Kind::Many, 2));
        let run = |cut: Cut| {
            let mut least = ArrayD::<u8>::default(IxDyn(&[14, width]));
            let mut median = ArrayD::<f32>::default(IxDyn(&[14, width]));
            let filter = Filter::new(&kernel).window(Window::from([11, 191])).cut(cut);
            let mut views = [Output::from(&mut median), Output::from(&mut least)];
            filter
                .run_all_into(&[Input::from(&a), Input::from(&b)], &mut views, &Progress::default())
                .expect("it runs");
            (median, least)
        };
        assert!(run(Cut::Always) == run(Cut::Never), "rows of {width}");
    }
}

/// Bytes over more cells that are no box than are compared one by one, with values that occur as often as others.
#[test]
fn bytes_over_large_footprints() {
    let disk = mask([29, 29], |y, x| y * y + x * x <= 196);
    let ring = mask([27, 31], |y, x| (60..=220).contains(&(y * y + x * x)) || x == 0);
    let sources = [
        "median(w), percentile(w, 30)",
        "mode(w), variety(w), entropy(w)",
        "param k = 40; trimmed_mean(w, k), rank(w where w > 60, k)",
        "mode(w where w > 200), trimmed_mean(w where w < 100, 3)",
    ];
    for (number, source) in sources.into_iter().enumerate() {
        for (kind, shape) in [(Kind::Many, &disk), (Kind::Few, &ring)] {
            let mode = MODES[(2 * number + 1) % MODES.len()];
            check(source, shape, &image::<u8>(&[31, 40], kind, number as u64), mode);
            check(source, shape, &image::<i8>(&[5, 33], kind, number as u64), Mode::Shrink);
        }
    }
}

/// Blocks of few rows or of few columns, in which windows move along the longer side.
#[test]
fn borders_of_arrays_that_shrink() {
    for source in ["percentile(w, 30)", "mode(w), variety(w)", "median(w where w > 30)"] {
        for shape in [[70, 3], [3, 70], [40, 40], [1, 50], [50, 1]] {
            for size in [[3, 3], [5, 4], [9, 9]] {
                check(source, size, &image::<u8>(&shape, Kind::Many, 1), Mode::Shrink);
                check(source, size, &image::<f32>(&shape, Kind::Wild, 2), Mode::Shrink);
            }
        }
    }
}

/// Elements that are found bit by bit: all integers of 8 and 16 bits, even and odd numbers of rows, percentiles that are elements.
#[test]
fn elements_of_narrow_types() {
    let sources = ["median(w), rank(w, 2)", "percentile(w, 25), rank(w, -1)", "max(w) - rank(w, 0)"];
    for (number, source) in sources.into_iter().enumerate() {
        let mode = MODES[(3 * number + 1) % MODES.len()];
        for (size, shape) in [([1, 9], [13, 90]), ([3, 7], [20, 33]), ([7, 5], [23, 200]), ([9, 9], [9, 70])] {
            check(source, size, &image::<u8>(&shape, Kind::Many, 1), mode);
            check(source, size, &image::<i8>(&shape, Kind::Many, 2), mode);
            check(source, size, &image::<u16>(&shape, Kind::Many, 3), mode);
            check(source, size, &image::<i16>(&shape, Kind::Few, 4), mode);
        }
        let disk = mask([17, 17], |y, x| y * y + x * x <= 64);
        check(source, &disk, &image::<u8>(&[19, 150], Kind::Many, 5), mode);
        check(source, &disk, &image::<i8>(&[18, 40], Kind::Few, 6), mode);
        // Of more cells than a byte counts.
        let large = mask([21, 21], |y, x| y * y + x * x <= 100);
        check(source, &large, &image::<u8>(&[23, 60], Kind::Many, 7), mode);
        check(source, &large, &image::<i8>(&[23, 30], Kind::Many, 8), mode);
    }
}

/// What moves, and what is cut into passes, in one kernel.
#[test]
fn beside_reductions_in_passes() {
    let sources = [
        "median(w) - mean(w)",
        "min(w), median(w), std(w)",
        "let m = mean(w where w > 9); percentile(w, 90) - m, max(w) - rank(w, 1)",
        "median(w where w > 20) + mean(w where w > 20)",
        "median(w) + sum(w * exp(-dist() ** 2 / 9))",
        "median(w) - w[0, 1] + count(abs(w - median(w)) < 20)",
    ];
    for (number, source) in sources.into_iter().enumerate() {
        for (turn, size) in [[13, 11], [5, 30], [4, 4]].into_iter().enumerate() {
            let mode = MODES[(number + 2 * turn) % MODES.len()];
            near(source, size, &image::<u8>(&[25, 70], Kind::Many, 1), mode);
            near(source, size, &image::<f32>(&[25, 70], Kind::Many, 2), mode);
        }
    }
}

/// Compares as `check` does, but for the rounding of sums.
fn near<T: AnyElement>(source: &str, size: [usize; 2], image: &ArrayD<T>, mode: Mode) {
    let kernel = Kernel::compile(source).expect(source);
    let filter = Filter::new(&kernel).window(Window::from(size)).mode(mode).cval(3.0);
    let of = |filter: Filter| run(&filter, image, kernel.outputs().len()).expect(source);
    let exact = of(filter.clone().engine(Engine::Interpreter));
    for cut in [Cut::Auto, Cut::Always, Cut::Never] {
        for (found, exact) in of(filter.clone().cut(cut)).iter().zip(&exact) {
            for (at, value) in found.indexed_iter() {
                let expected = exact[&at];
                let same =
                    value.is_nan() && expected.is_nan() || (value - expected).abs() <= 1e-4 * expected.abs().max(1.0);
                assert!(same, "{source}, {size:?}, {mode}, {cut:?}, {} at {at:?}: {value}, not {expected}", T::DTYPE);
            }
        }
    }
}

/// On large images, ranks that follow from params are found by networks for the values that those have.
#[test]
fn ranks_that_params_decide() {
    fn on<T: Element + AnyElement>() {
        let picture = image::<T>(&[360, 370], Kind::Wild, 11);
        let cases: [(&str, &[f64]); 5] = [
            ("param q; percentile(w, q)", &[0.0, 30.0, 62.5, 99.5, 100.0, -0.5, 101.0, f64::NAN]),
            ("param q; rank(w, q) - rank(w, -1 - q)", &[0.0, 3.0, 8.0, 9.0, -10.0, 0.5, f64::INFINITY]),
            ("param q; trimmed_mean(w, q) * q", &[0.0, 1.0, 4.0, 5.0, 9.0, -1.0]),
            ("param q; percentile(w, if q > 4 then 100 - q else q) + w[0, 0]", &[3.0, 7.0]),
            ("param q; percentile(w where w > 20, q) + median(w) * q", &[25.0, 120.0]),
        ];
        for (source, values) in cases {
            let kernel = Kernel::compile(source).expect(source);
            for value in values {
                let filter = Filter::new(&kernel).size(3).param("q", *value);
                let (made, expected) =
                    (run(&filter, &picture, 1), run(&filter.clone().engine(Engine::Interpreter), &picture, 1));
                match (made, expected) {
                    (Ok(made), Ok(expected)) => {
                        let pairs = made[0].iter().zip(&expected[0]);
                        let equal = |(x, y): (&f64, &f64)| {
                            x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= 1e-6 * y.abs()
                        };
                        assert!(pairs.into_iter().all(equal), "{source} {value} {}", T::DTYPE);
                    }
                    (made, expected) => assert_eq!(made.err(), expected.err(), "{source} {value} {}", T::DTYPE),
                }
            }
        }
    }
    on::<u8>();
    on::<f32>();
    on::<i64>();
}

#[test]
fn the_plan_says_which_params_it_knows() {
    let kernel = Kernel::compile("param q = 30; percentile(w, q)").unwrap();
    let plan = |filter: &Filter, side: usize| {
        filter.listing(Listing::Plan, &[side, side], &[DType::F32], &[DType::F32]).unwrap()
    };
    let filter = Filter::new(&kernel).size(3);
    assert!(plan(&filter, 512).contains("a selection network"), "{}", plan(&filter, 512));
    assert!(!plan(&filter, 64).contains("a selection network"), "{}", plan(&filter, 64));
}

/// Networks for boxes of more cells than other windows may have.
#[test]
fn networks_of_large_boxes() {
    let sources = ["median(w)", "percentile(w, 30), rank(w, 2)", "median(w) - mean(w)", "median(abs(w))"];
    for (number, (source, size)) in sources.into_iter().zip([[11, 11], [9, 10], [21, 4], [10, 9]]).enumerate() {
        let kernel = Kernel::compile(source).expect(source);
        let filter = Filter::new(&kernel).size(size);
        let types = vec![DType::F64; kernel.outputs().len()];
        let plan = filter.clone().cut(Cut::Never).listing(Listing::Plan, &[40, 90], &[DType::F32], &types);
        let plan = plan.expect(source);
        assert!(plan.contains("a selection network"), "{plan}");
        match number {
            0 => check(source, size, &image::<u8>(&[40, 150], Kind::Many, 1), Mode::Reflect),
            1 => check(source, size, &image::<f32>(&[30, 80], Kind::Wild, 2), Mode::Shrink),
            2 => check(source, size, &image::<i16>(&[30, 60], Kind::Many, 3), Mode::Constant),
            _ => check(source, size, &image::<f64>(&[30, 40], Kind::Few, 4), Mode::Wrap),
        }
    }
}

/// Such networks are made where there are many pixels, in boxes in a plane, and nothing else is.
#[test]
fn networks_of_large_boxes_are_for_many_pixels() {
    let says = |source: &str, size: &[usize], shape: &[usize], dtype: DType| {
        let kernel = Kernel::compile(source).expect(source);
        let filter = Filter::new(&kernel).size(size);
        filter.listing(Listing::Plan, shape, &[dtype], &[dtype]).expect(source).contains("a selection network")
    };
    assert!(says("median(w)", &[11, 11], &[2048, 2048], DType::F32));
    assert!(says("median(w)", &[11, 11], &[2048, 2048], DType::U8));
    assert!(!says("median(w)", &[11, 11], &[512, 512], DType::F32));
    assert!(!says("median(w)", &[11, 11], &[1024, 1024], DType::U8));
    assert!(!says("median(w)", &[5, 5, 5], &[256, 256, 256], DType::F32));
    assert!(!says("median(w)", &[121], &[1 << 22], DType::F32));
    assert!(!says("median(w)", &[1, 121], &[2048, 2048], DType::F32));
    assert!(!says("assert w[0, 0] > 0; median(w)", &[11, 11], &[2048, 2048], DType::F32));
    assert!(!says("mode(w)", &[11, 11], &[2048, 2048], DType::F32));
    assert!(!says("median(w where w > 1)", &[11, 11], &[2048, 2048], DType::F32));
}

/// Few cells in a large box are found pixel by pixel: the elements around one window would be too many to be kept.
#[test]
fn few_cells_that_are_far_apart_do_not_move() {
    let mut mask = ndarray::Array2::from_elem((2100, 2200), false);
    for place in [[0, 0], [0, 1], [1050, 1100], [1051, 1140], [2099, 2199]] {
        mask[place] = true;
    }
    let image = ndarray::Array2::from_shape_fn((30, 70), |(y, x)| ((y * 37 + x * 11) % 7) as f32);
    for source in ["mode(w)", "variety(w)", "median(w where w > 2)", "percentile(w where w > 1, 30)"] {
        let filter = Filter::new(&Kernel::compile(source).unwrap()).footprint(&mask);
        let plan = filter.listing(Listing::Plan, &[1000, 1000], &[DType::F32], &[DType::F32]).unwrap();
        assert!(!plan.contains("how often each value") && !plan.contains("a set of ranks"), "{source}: {plan}");
        for mode in [hoodoo::Mode::Wrap, hoodoo::Mode::Reflect] {
            let filter = filter.clone().mode(mode);
            let expected = filter.clone().engine(hoodoo::Engine::Interpreter).run(&image).unwrap();
            let found = filter.run(&image).unwrap();
            let same = |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan();
            assert!(found.iter().zip(&expected).all(same), "{source}, {mode}");
        }
    }
}

/// What is known of elements that are finite is not known of those that the host selects.
#[test]
fn selected_by_being_finite_beside_a_deviation() {
    let mut heights = image::<i32>(&[5, 23], Kind::Many, 4);
    // Rows that don't follow each other stay rows.
    heights.invert_axis(Axis(0));
    for special in [f64::NAN, f64::INFINITY] {
        let mut others = image::<f64>(&[5, 23], Kind::Many, 5);
        others[[0, 7]] = special;
        others[[3, 20]] = special;
        for x in [
            "variety(a where isfinite(b)) < 0.1",
            "variety(a where isfinite(b)) + 1 == 1",
            "mode(a where isfinite(b)) == 5",
        ] {
            let kernel = Kernel::compile(&format!("input a, b; x: {x}, y: var(a)")).expect("a kernel");
            for size in [1, 3] {
                let run = |engine: Engine| {
                    let filter = Filter::new(&kernel).size([size, size]).engine(engine).threads(1);
                    let mut made = vec![ArrayD::<f64>::default(IxDyn(&[5, 23])); 2];
                    let mut views: Vec<Output<'_>> = made.iter_mut().map(Output::from).collect();
                    let inputs = [Input::from(&heights), Input::from(&others)];
                    filter.run_all_into(&inputs, &mut views, &Progress::default()).expect("it runs");
                    made.swap_remove(0)
                };
                assert_eq!(run(Engine::Rows), run(Engine::Interpreter), "{x}, {size}, {special}");
            }
        }
    }
}

/// A kernel that has computed enough pixels has the code for which its first run was too short, and gives the same values.
#[test]
fn networks_for_many_small_images() {
    let image = ArrayD::from_shape_fn(IxDyn(&[256, 256]), |at| ((at[0] * 7919 + at[1] * 104_729) % 1000) as u16);
    let kernel = Kernel::compile("median(w)").unwrap();
    let filter = Filter::new(&kernel).size([7, 12]).threads(1);
    let has_network = || {
        let plan = filter.listing(Listing::Plan, &[256, 256], &[DType::U16], &[DType::U16]);
        plan.expect("a plan").contains("a selection network")
    };
    assert!(!has_network());
    let prepared = filter.prepare(&[256, 256], &[DType::U16], &[DType::U16]).unwrap();
    let first: ArrayD<u16> = prepared.run(&image).unwrap();
    let mut runs = 1;
    while !has_network() {
        assert!(filter.run_as::<u16, u16, _, _>(&image).unwrap() == first);
        runs += 1;
        assert!(runs < 50, "there is no end to it");
    }
    // A run of 15 ns a pixel is about 1 ms, and the code takes some 11 to make.
    assert!((5..30).contains(&runs), "{runs} runs");
    assert!(prepared.run::<u16, u16, _, _>(&image).unwrap() == first);
    assert!(filter.run_as::<u16, u16, _, _>(&image).unwrap() == first);
}

/// Where there is no time to make networks, windows move: in a large image, and in one that comes after many others.
#[test]
fn networks_that_would_take_too_long_to_make() {
    let image = ArrayD::from_shape_fn(IxDyn(&[900, 900]), |at| ((at[0] * 7919 + at[1] * 104_729) % 1000) as u16);
    let limits = hoodoo::Limits { compile_time: std::time::Duration::from_millis(3), ..hoodoo::Limits::default() };
    let kernel = Kernel::compile_with_limits("median(w)", "kernel", limits).unwrap();
    let filter = Filter::new(&kernel).size([7, 12]);
    let code = filter.listing(Listing::Clif, &[900, 900], &[DType::U16], &[DType::U16]);
    assert!(code.is_err_and(|error| error.to_string().contains("to make")), "there is time for the network");
    let expected: ArrayD<u16> = filter.clone().cut(Cut::Always).run_as(&image).unwrap();
    for _ in 0..2 {
        assert!(filter.run_as::<u16, u16, _, _>(&image).unwrap() == expected);
    }
    let prepared = filter.prepare(&[900, 900], &[DType::U16], &[DType::U16]).unwrap();
    for _ in 0..2 {
        assert!(prepared.run::<u16, u16, _, _>(&image).unwrap() == expected);
    }
}
