//! Sums of integers over boxes that the host finds from window to window, against the interpreter and against passes: every type, mode, shape, part.
#![cfg(feature = "jit")]

use hoodoo::{AnyElement, Cut, DType, Element, Engine, Filter, Input, Kernel, Listing, Mode, Output, Progress, Window};
use ndarray::{ArrayD, Axis, IxDyn};

const MODES: [Mode; 7] =
    [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap, Mode::Constant, Mode::Shrink, Mode::Valid];

/// Numbers of a type that look random, from all that it has.
fn image<T: Element>(shape: &[usize], seed: u64) -> ArrayD<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        T::from_f64(state as i64 as f64, hoodoo::Cast::Wrap)
    })
}

fn run<T: AnyElement>(filter: &Filter, image: &ArrayD<T>, outputs: usize) -> Vec<ArrayD<f64>> {
    let region = filter.output_region(image.shape()).expect("the window fits");
    let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
    let mut made = vec![ArrayD::<f64>::default(IxDyn(&shape)); outputs];
    let mut views: Vec<Output<'_>> = made.iter_mut().map(Output::from).collect();
    filter.run_all_into(&[Input::from(image)], &mut views, &Progress::default()).expect("the filter runs");
    made
}

/// How many cells a window has.
fn cells(window: &Window, axes: usize) -> usize {
    window.footprint(axes).expect("a footprint").len()
}

/// The sums that the host finds, by the plan.
fn sums(filter: &Filter, shape: &[usize], dtype: DType, outputs: usize) -> usize {
    let plan = filter.listing(Listing::Plan, shape, &[dtype], &vec![DType::F64; outputs]).expect("a plan");
    plan.lines().filter(|line| line.starts_with("a sum by the host")).count()
}

/// Compares a kernel all of whose sums move with the same in passes, and cell by cell, of small images by the interpreter: whole numbers and their
/// quotients are the same to the bit.
fn agree<T: AnyElement>(source: &str, moved: usize, window: impl Into<Window>, image: &ArrayD<T>, mode: Mode) {
    let (kernel, window) = (Kernel::compile(source).expect(source), window.into());
    let filter = Filter::new(&kernel).window(window.clone()).mode(mode).cval(3.0).threads(1);
    let outputs = kernel.outputs().len();
    let moving = filter.clone().cut(Cut::Moving);
    // The plan that is listed is that of pixels whose windows are inside.
    if mode != Mode::Valid && mode != Mode::Shrink {
        assert_eq!(sums(&moving, image.shape(), T::DTYPE, outputs), moved, "{source}, {}", T::DTYPE);
    }
    let is_small = image.len() * cells(&window, image.ndim()) < 1 << 17;
    let cell_by_cell = match is_small {
        true => filter.clone().engine(Engine::Interpreter),
        false => filter.clone().cut(Cut::Never),
    };
    let expected = run(&cell_by_cell, image, outputs);
    for (how, filter) in [
        ("moving", moving.clone()),
        ("on three threads", moving.threads(3)),
        ("in passes", filter.clone().cut(Cut::Always)),
        ("as it is chosen", filter),
    ] {
        for (found, expected) in run(&filter, image, outputs).iter().zip(&expected) {
            let differs = found.indexed_iter().find(|(at, value)| {
                let expected = expected[at];
                let tolerance = if source.starts_with("var") { 1e-14 * expected.abs() } else { 0.0 };
                (**value - expected).abs() > tolerance || value.is_nan() != expected.is_nan()
            });
            if let Some((at, value)) = differs {
                let (dtype, shape) = (T::DTYPE, image.shape());
                panic!(
                    "{source}, {dtype}, {window:?}, {mode}, {shape:?}, {how}: {value}, not {} at {at:?}",
                    expected[&at]
                );
            }
        }
    }
}

#[test]
fn every_type_and_mode() {
    fn of<T: AnyElement + Element>(turn: usize) {
        for (number, mode) in MODES.into_iter().enumerate() {
            let size = [[3, 5], [7, 4], [1, 9], [12, 2]][(turn + number) % 4];
            agree::<T>("mean(w)", 1, size, &image(&[37, 50], number as u64 + 1), mode);
        }
        agree::<T>("sum(w), len(w)", 1, [9, 9], &image(&[70, 21], 9), Mode::Mirror);
    }
    of::<u8>(0);
    of::<i8>(1);
    of::<u16>(2);
    of::<i16>(3);
    of::<u32>(0);
    of::<i32>(1);
    of::<bool>(2);
}

#[test]
fn conditions_products_and_what_is_beside_sums() {
    for (turn, mode) in MODES.into_iter().enumerate() {
        let bytes = image::<u8>(&[40, 33], turn as u64 + 1);
        let shorts = image::<i16>(&[33, 40], turn as u64 + 2);
        agree("mean(w where w > 100)", 2, [6, 7], &bytes, mode);
        agree("count(w > 3), any(w == 7), all(w > 1)", 3, [5, 5], &bytes, mode);
        agree("sum(w * w) - sum(w)", 2, [5, 8], &bytes, mode);
        agree("let m = mean(w); max(w) - m, w[0, 0] > m, w[1, -1]", 1, [5, 6], &shorts, mode);
        agree("sum(abs(w) where w < 0), median(w)", 1, [9, 9], &shorts, mode);
        agree("param k = 3; sum(clamp(w, -k, k))", 0, [5, 5], &shorts, mode);
        agree("let k = 3; sum(clamp(w, -k, k))", 1, [5, 5], &shorts, mode);
    }
}

/// Deviations of integers are made of sums.
#[test]
fn deviations() {
    for mode in MODES {
        agree("var(w)", 2, [7, 7], &image::<u8>(&[40, 50], 1), mode);
        agree("var(w), mean(w)", 2, [5, 9], &image::<i16>(&[40, 50], 2), mode);
    }
}

/// Rows in several strips, several blocks below each other, arrays of a few rows, and windows that are larger than the array.
#[test]
fn blocks_and_strips() {
    for (turn, shape) in
        [[100, 70], [3, 5000], [1, 9000], [150, 1], [70, 2300], [5, 5], [33, 64]].into_iter().enumerate()
    {
        for (number, size) in [[1, 30], [30, 2], [11, 13], [70, 6]].into_iter().enumerate() {
            agree::<u8>("mean(w)", 1, size, &image(&shape, 1), MODES[(turn + number) % 6]);
        }
        agree::<u16>("sum(w)", 1, [9, 41], &image(&shape, 2), MODES[turn % 6]);
    }
}

/// Sums that no 32-bit integer is.
#[test]
fn large_sums() {
    for mode in MODES {
        agree::<u32>("sum(w), mean(w)", 1, [11, 12], &image(&[40, 30], 1), mode);
        agree::<i32>("sum(w where w < 0)", 1, [12, 11], &image(&[40, 30], 2), mode);
        if mode != Mode::Valid {
            agree::<u16>("sum(w)", 1, [200, 170], &image(&[40, 30], 3), mode);
        }
    }
    // Of 64-bit integers, and of so many that they are no f64s, sums are not whole numbers.
    let long = Filter::new(&Kernel::compile("sum(w)").unwrap()).size(31).cut(Cut::Moving);
    assert_eq!(sums(&long, &[100, 100], DType::I64, 1), 0);
    assert_eq!(sums(&long.size(1500), &[100, 100], DType::U32, 1), 0);
}

#[test]
fn other_axes_origins_and_layouts() {
    let volume = image::<u8>(&[9, 40, 31], 1);
    for mode in MODES {
        agree("mean(w)", 1, [3, 4, 5], &volume, mode);
        agree("sum(w)", 1, [5, 1, 9], &volume, mode);
        agree("sum(w)", 1, [4, 3, 2], &volume, mode);
        agree("mean(w), sum(w where w > 9)", 2, [25], &image::<i8>(&[3000], 2), mode);
    }
    let kernel = Kernel::compile("mean(w)").unwrap();
    let filters = [
        Filter::new(&kernel).size([6, 5]).axes([0, 2]),
        Filter::new(&kernel).size([6, 5]).axes([0, 1]),
        Filter::new(&kernel).size([3, 6, 5]).origin([1, -2, 2]),
        Filter::new(&kernel).size(7).axes([1]),
    ];
    for filter in filters {
        let expected = run(&filter.clone().engine(Engine::Interpreter), &volume, 1);
        assert!(run(&filter.clone().cut(Cut::Moving), &volume, 1) == expected, "{filter:?}");
        let reversed = {
            let mut view = volume.clone();
            view.invert_axis(Axis(2));
            view
        };
        let expected = run(&filter.clone().engine(Engine::Interpreter), &reversed, 1);
        assert!(run(&filter.cut(Cut::Moving), &reversed, 1) == expected, "reversed");
    }
}

/// Columns may have cells that do not follow each other.
#[test]
fn columns_with_gaps() {
    let gaps = |rows: [bool; 7]| Window::Array(ArrayD::from_shape_fn(IxDyn(&[7, 9]), |at| rows[at[0]]));
    for (turn, rows) in [[true, false, true, false, true, true, true], [true, true, false, false, false, false, true]]
        .into_iter()
        .enumerate()
    {
        agree("mean(w)", 1, gaps(rows), &image::<u16>(&[90, 35], turn as u64 + 1), MODES[turn]);
    }
    // Conditions on places are footprints.
    agree("mean(w where abs(offset(0)) > 2)", 1, [9, 9], &image::<u8>(&[50, 40], 5), Mode::Nearest);
    agree("sum(w where dist() < 3.5)", 0, [9, 9], &image::<u8>(&[50, 40], 5), Mode::Nearest);
}

/// What is chosen: large windows of integers move, small ones and those of floats do not.
#[test]
fn what_moves() {
    let kernel = Kernel::compile("mean(w)").unwrap();
    let moved = |size: usize, dtype| sums(&Filter::new(&kernel).size(size), &[512, 512], dtype, 1);
    assert_eq!([3, 9, 51, 201].map(|size| moved(size, DType::U8)), [0, 0, 1, 1]);
    assert_eq!([3, 9, 51, 201].map(|size| moved(size, DType::U16)), [0, 0, 1, 1]);
    assert_eq!([51, 201].map(|size| moved(size, DType::F32)), [0, 0]);
    // Of tall narrow boxes, one call computes fewer rows where sums are wider than elements.
    let tall = Filter::new(&kernel).size([201, 3]);
    assert_eq!(sums(&tall, &[512, 512], DType::U8, 1), 1);
}

/// A prepared filter begins anew in each run, and so does one whose run before was cancelled.
#[test]
fn runs_begin_anew() {
    let filter = Filter::new(&Kernel::compile("mean(w)").unwrap()).size(21).cut(Cut::Moving).threads(1);
    let prepared = filter.prepare(&[90, 70], &[DType::U8], &[DType::F64]).unwrap();
    for seed in 1..4 {
        let image = image::<u8>(&[90, 70], seed);
        let expected = run(&filter.clone().cut(Cut::Never), &image, 1);
        let cancelled = Progress::default();
        cancelled.cancel();
        let mut output = ArrayD::<f64>::zeros(IxDyn(&[90, 70]));
        let views = &mut [Output::from(&mut output)];
        assert!(filter.run_all_into(&[Input::from(&image)], views, &cancelled).is_err());
        let found: ArrayD<f64> = prepared.run(&image).unwrap();
        assert!(found == expected[0], "{seed}");
    }
}

/// Arrays without elements, and of one element.
#[test]
fn smallest_arrays() {
    for shape in [&[0, 5][..], &[5, 0], &[1, 1], &[1]] {
        let window = if shape.len() == 2 { Window::from([5, 7]) } else { Window::from(5) };
        let image = image::<u8>(shape, 1);
        let filter = Filter::new(&Kernel::compile("mean(w), count(w > 3)").unwrap()).cut(Cut::Moving).window(window);
        let expected = run(&filter.clone().engine(Engine::Interpreter), &image, 2);
        assert!(run(&filter, &image, 2) == expected, "{shape:?}");
    }
}

/// Of large numbers that hardly differ, deviations keep all digits; of equal ones they are 0.
#[test]
fn small_deviations_of_large_numbers() {
    let kernel = Kernel::compile("var(w)").unwrap();
    let flat = ArrayD::from_elem(IxDyn(&[60, 70]), 65_535u16);
    let mut one = flat.clone();
    one[[30, 30]] = 65_534;
    for cut in [Cut::Auto, Cut::Always, Cut::Moving] {
        let filter = Filter::new(&kernel).size(51).mode(Mode::Nearest).cut(cut);
        assert!(run(&filter, &flat, 1)[0].iter().all(|value| *value == 0.0), "{cut}");
        let found = run(&filter, &one, 1)[0][[30, 30]];
        let cells = 51.0 * 51.0;
        let expected = (1.0 / cells) * (1.0 - 1.0 / cells);
        assert!((found - expected).abs() <= 4.0 * f64::EPSILON * expected, "{cut}: {found}, not {expected}");
    }
}
