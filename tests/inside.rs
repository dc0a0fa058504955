//! `inside()`: which cells are in the array and have a value, on every engine and in every mode.
//!
//! What is independent here: mode `shrink`, in which cells outside take no part, and the same kernels on arrays that are padded by
//! hand.

use hoodoo::{Cut, Engine, Error, Filter, Kernel, Mode, Precision};
use ndarray::{Array1, Array2, Array3, ArrayD, array};

const ENGINES: [Engine; 2] = [Engine::Rows, Engine::Interpreter];

/// The modes in which there is a value outside.
const CONTINUED: [Mode; 5] = [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap, Mode::Constant];

/// A kernel that asks, and what it is in mode `shrink` without asking.
const KERNELS: [(&str, &str); 10] = [
    ("sum(w where inside())", "sum(w)"),
    ("mean(w where inside())", "mean(w)"),
    ("min(w where inside())", "min(w)"),
    ("median(w where inside())", "median(w)"),
    ("percentile(w where inside(), 30)", "percentile(w, 30)"),
    ("count(inside())", "len(w)"),
    ("count(w > 40 and inside())", "count(w > 40)"),
    ("fold s = 0 for v in w, i in inside() where i: s / 2 + v", "fold s = 0 for v in w: s / 2 + v"),
    ("sum(if inside() then w else 0)", "sum(w)"),
    ("fn valid(x) = let i = inside(); sum(x where i), count(i); let s, n = valid(w); s / n", "mean(w)"),
];

fn kernel(text: &str) -> Kernel {
    Kernel::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn image(rows: usize, columns: usize) -> Array2<u8> {
    let mut random = fastrand::Rng::with_seed(rows as u64 * 1000 + columns as u64);
    Array2::from_shape_simple_fn((rows, columns), || random.u8(..100))
}

/// Sums of floats may be added in another order, means divided in another way.
fn assert_close(found: &ArrayD<f64>, expected: &ArrayD<f64>, what: &str) {
    assert_as_close_as(1e-9, found, expected, what);
}

fn assert_as_close_as(relative: f64, found: &ArrayD<f64>, expected: &ArrayD<f64>, what: &str) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    let close = |(a, b): (&f64, &f64)| a == b || (a - b).abs() < relative * b.abs();
    assert!(found.iter().zip(expected).all(close), "{what}:\n{found}\n{expected}");
}

#[test]
fn cells_outside_are_not_inside_whatever_they_hold() {
    for (rows, columns, size) in [(23, 41, [5, 3]), (3, 2, [7, 9]), (1, 30, [3, 3]), (40, 37, [15, 13])] {
        let image = image(rows, columns);
        for (asking, plain) in KERNELS {
            let expected: Array2<f64> =
                Filter::new(&kernel(plain)).size(size).mode(Mode::Shrink).run_as(&image).unwrap();
            for (mode, engine) in CONTINUED.iter().flat_map(|mode| ENGINES.map(|engine| (*mode, engine))) {
                let filter = Filter::new(&kernel(asking)).size(size).mode(mode).cval(7.0).engine(engine);
                let found: Array2<f64> = filter.run_as(&image).unwrap();
                let what = format!("{asking}, {mode:?}, {engine:?}, {rows} x {columns}");
                assert_close(&found.into_dyn(), &expected.clone().into_dyn(), &what);
            }
        }
    }
}

#[test]
fn missing_cells_are_not_inside_either() {
    let image = image(29, 33);
    let mut random = fastrand::Rng::with_seed(5);
    let mask = Array2::from_shape_fn((29, 33), |(y, _)| y < 9 && random.u32(..3) == 0);
    for (asking, plain) in KERNELS {
        let filter = |text: &str| Filter::new(&kernel(text)).size([5, 3]).mask(&mask).nodata(255.0).fill(true);
        let expected: Array2<f64> = filter(plain).mode(Mode::Shrink).run_as(&image).unwrap();
        for (mode, engine) in CONTINUED.iter().flat_map(|mode| ENGINES.map(|engine| (*mode, engine))) {
            let found: Array2<f64> = filter(asking).mode(mode).cval(7.0).engine(engine).run_as(&image).unwrap();
            let what = format!("{asking}, {mode:?}, {engine:?}");
            assert_close(&found.into_dyn(), &expected.clone().into_dyn(), &what);
        }
    }
}

#[test]
fn modes_that_leave_out_cells_leave_all_inside() {
    let image = image(20, 21);
    for mode in [Mode::Valid, Mode::Shrink] {
        for engine in ENGINES {
            let filter = |text: &str| Filter::new(&kernel(text)).size([3, 5]).mode(mode).engine(engine);
            let found = filter("count(inside()) == len(w) and all(inside())").run(&image).unwrap();
            assert!(found.iter().all(|all| *all == 1), "{mode:?}, {engine:?}");
        }
    }
}

/// In single precision values are rounded, and not what is there: also where the host finds what is asked, and computes the elements for it.
#[test]
fn which_cells_are_inside_is_exact_in_single_precision() {
    let found_by_the_host = [
        ("mode(w where inside())", "mode(w)"),
        ("variety(w where inside())", "variety(w)"),
        ("rank(w where inside(), 0)", "rank(w, 0)"),
        ("max(w * (w - 50) where inside())", "max(w * (w - 50))"),
        ("sum(coord(0) + offset(0) where inside())", "sum(coord(0) + offset(0))"),
        ("mode(coord(1) + offset(1) where inside())", "mode(coord(1) + offset(1))"),
    ];
    for (rows, columns, size) in
        [(23, 41, [5, 3]), (40, 3, [13, 13]), (3, 3, [13, 13]), (1, 30, [3, 3]), (40, 37, [15, 13])]
    {
        let image = image(rows, columns);
        for (asking, plain) in KERNELS.iter().chain(&found_by_the_host) {
            let expected: Array2<f64> =
                Filter::new(&kernel(plain)).size(size).mode(Mode::Shrink).run_as(&image).unwrap();
            for cut in [Cut::Auto, Cut::Never, Cut::Moving] {
                for (text, mode) in [(asking, Mode::Reflect), (plain, Mode::Shrink)] {
                    let filter = Filter::new(&kernel(text)).size(size).mode(mode).cut(cut).precision(Precision::Single);
                    let found: Array2<f64> = filter.run_as(&image).unwrap();
                    let what = format!("{text}, {mode:?}, {cut:?}, {rows} x {columns}");
                    assert_as_close_as(1e-5, &found.into_dyn(), &expected.clone().into_dyn(), &what);
                }
            }
        }
    }
}

/// What becomes of 64-bit integers does not depend on whether a window lacks cells, nor on the engine.
#[test]
fn large_integers_are_alike_at_the_ends_and_between() {
    let image = Array1::from_shape_fn(40, |at| (1i64 << 60) + (at as i64 * 7) % 11);
    for text in
        ["median(w where inside())", "median(w)", "min(w where inside())", "sum(if inside() then 1 else 0) + median(w)"]
    {
        for mode in [Mode::Reflect, Mode::Shrink, Mode::Valid] {
            let filter = |engine| Filter::new(&kernel(text)).size(3).mode(mode).engine(engine).run(&image).unwrap();
            let found = ENGINES.map(filter);
            assert_eq!(found[0], found[1], "{text}, {mode:?}");
        }
    }
    // A median of elements that are selected is a mean of two where they are an even number, in f64s.
    let between = Filter::new(&kernel("median(w where inside())")).size(3).run(&image).unwrap();
    assert!(between.iter().all(|value| value % 256 == 0), "{between}");
}

/// An f32 has not all indices of an array that is longer than 2^24.
#[test]
fn long_arrays_have_exact_places_in_single_precision() {
    const LEN: usize = (1 << 24) + 5;
    let image = Array1::<u8>::ones(LEN);
    let single = |text: &str| Filter::new(&kernel(text)).size(5).mode(Mode::Shrink).precision(Precision::Single);
    let counts: Array1<u8> = single("count(w > 0)").run_as(&image).unwrap();
    assert_eq!(counts.slice(ndarray::s![LEN - 4..]), array![5, 5, 4, 3]);
    let places: Array1<f32> = single("coord(0) - 16777216").run_as(&image).unwrap();
    assert_eq!(places.slice(ndarray::s![LEN - 3..]), array![2.0, 3.0, 4.0]);
    let are_near: Array1<u8> = single("count(coord(0) + offset(0) == extent(0) - 2)").run_as(&image).unwrap();
    assert_eq!(are_near.slice(ndarray::s![LEN - 5..]), array![0, 1, 1, 1, 1]);
}

/// Where each cell is decides, one by one: the footprint's corner, along chosen axes of a volume, with an origin.
#[test]
fn each_cell_is_asked_for_its_own_place() {
    let line: Array1<f64> = array![1.0, 2.0, 3.0, 4.0];
    for engine in ENGINES {
        let filter = Filter::new(&kernel("fold n = 0 for i in inside(): 2*n + (if i then 1 else 0)")).engine(engine);
        assert_eq!(filter.clone().size(5).run(&line).unwrap(), array![7.0, 15.0, 30.0, 28.0]);
        assert_eq!(filter.clone().size(3).origin(1).run(&line).unwrap(), array![1.0, 3.0, 7.0, 7.0]);
        let volume = Array3::<f64>::zeros((4, 3, 5));
        let along = filter.size(3).axes(1).run(&volume).unwrap();
        assert!(along.indexed_iter().all(|((_, y, _), bits)| *bits == [3.0, 7.0, 6.0][y]), "{engine:?}");
        let colours = Array3::<u8>::ones((40, 50, 3));
        let filter = Filter::new(&kernel("count(inside())")).size([3, 3, 1]).engine(engine);
        let counts = filter.run(&colours).unwrap();
        assert_eq!((counts[[0, 0, 2]], counts[[1, 0, 0]], counts[[39, 20, 1]], counts[[9, 9, 0]]), (4, 6, 6, 9));
    }
}

#[test]
fn a_callback_can_not_tell() {
    let error = Filter::new(&kernel("count(inside())")).size(3).engine(Engine::Callback).run(&array![1.0]).unwrap_err();
    assert!(matches!(&error, Error::Kernel(error) if error.code().as_str() == "H030"), "{error}");
}
