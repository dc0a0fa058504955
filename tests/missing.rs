//! Cells without a value: masks and nodata, on every engine and in every mode.
//!
//! What is independent here: the same kernels with `where not isnan(w)`, on arrays that are NaN where cells are missing.

use hoodoo::{DType, Engine, Error, Filter, Kernel, Mode, Progress, Repeat, Window};
use ndarray::{Array1, Array2, Array3, ArrayD, Axis, array};

const ENGINES: [Engine; 2] = [Engine::Rows, Engine::Interpreter];

/// A callback has one input, and sees the cells of its footprint, of which it knows no places.
fn engines(kernel: &str) -> Vec<Engine> {
    let called = !kernel.contains("w[") && !kernel.contains("argmin");
    ENGINES.into_iter().chain(called.then_some(Engine::Callback)).collect()
}

/// A kernel, and what it means where NaN stands for a missing cell.
const KERNELS: [(&str, &str); 13] = [
    ("mean(w)", "mean(w where not isnan(w))"),
    ("min(w)", "min(w where not isnan(w))"),
    ("max(w) - min(w)", "max(w where not isnan(w)) - min(w where not isnan(w))"),
    ("median(w)", "median(w where not isnan(w))"),
    ("percentile(w, 30)", "percentile(w where not isnan(w), 30)"),
    ("len(w)", "len(w where not isnan(w))"),
    ("count(w > 40)", "count(w > 40)"),
    ("sum(w where w % 2 == 0)", "sum(w where w % 2 == 0)"),
    ("fold s = 0 for v in w: s + v", "fold s = 0 for v in w where not isnan(v): s + v"),
    ("nth(w, argmin(w))", "min(w where not isnan(w))"),
    ("w[0, 1] - w[1, 0]", "w[0, 1] - w[1, 0]"),
    ("rank(w, 0)", "min(w where not isnan(w))"),
    ("mode(w)", "mode(w where not isnan(w))"),
];

/// Values from 0 to 99, some of them NaN: none in the last rows, many in the first.
fn heights(rows: usize, columns: usize) -> Array2<f64> {
    let mut random = fastrand::Rng::with_seed(11);
    Array2::from_shape_fn((rows, columns), |(y, _)| match random.u32(..100) {
        chance if y < 4 && chance < 50 || (y == 30 || y == 31) && chance < 10 => f64::NAN,
        _ => f64::from(random.u32(..100)),
    })
}

fn close(a: &ArrayD<f64>, b: &ArrayD<f64>) -> bool {
    a.shape() == b.shape()
        && a.iter().zip(b).all(|(a, b)| a == b || a.is_nan() && b.is_nan() || (a - b).abs() < 1e-9 * b.abs())
}

fn kernel(text: &str) -> Kernel {
    Kernel::compile(text).unwrap()
}

#[test]
fn missing_cells_take_no_part() {
    let expected_of = |text: &str, fill: bool| match fill {
        true => kernel(text),
        false => kernel(&format!("if isnan(w[0, 0]) then w[0, 0] else ({text})")),
    };
    let image = heights(48, 21);
    let mask = image.mapv(f64::is_nan);
    // What masked cells hold makes no difference.
    let held = image.mapv(|value| if value.is_nan() { 1e300 } else { value });
    for (masked, independent) in KERNELS {
        for mode in Mode::ALL {
            for fill in [false, true] {
                let filter = |kernel: &Kernel| Filter::new(kernel).size([5, 3]).mode(mode).cval(7.0);
                let expected: Array2<f64> = filter(&expected_of(independent, fill)).run(&image).unwrap();
                for engine in engines(masked) {
                    let filter = filter(&kernel(masked)).engine(engine).mask(&mask).fill(fill);
                    let found: Array2<f64> = filter.run(&held).unwrap();
                    let kept = |value: f64| if value == 1e300 { f64::NAN } else { value };
                    let (found, expected) = (found.mapv(kept).into_dyn(), expected.clone().into_dyn());
                    assert!(
                        close(&found, &expected),
                        "{masked}, {mode:?}, {engine:?}, fill {fill}:\n{found}\n{expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn nodata_comes_out_where_no_value_is() {
    let image = heights(40, 33);
    let heights = image.mapv(|value| if value.is_nan() { -9999 } else { value as i16 });
    for (masked, independent) in KERNELS {
        for fill in [false, true] {
            let expected = match fill {
                // Of a window without cells there is no sum either.
                true => format!("if len(w where not isnan(w)) == 0 then nan else ({independent})"),
                false => format!("if isnan(w[0, 0]) then nan else ({independent})"),
            };
            let filter = Filter::new(&kernel(&expected)).size(3);
            let expected: Array2<f64> = filter.run(&image).unwrap();
            let expected = expected.mapv(|value| if value.is_nan() { -9999 } else { value.round_ties_even() as i16 });
            for engine in engines(masked) {
                let filter = Filter::new(&kernel(masked)).size(3).engine(engine).nodata(-9999.0).fill(fill);
                let found = filter.run(&heights).unwrap();
                // Fixed cells are not a window: they are missing by themselves.
                if !masked.starts_with("w[") || !fill {
                    assert_eq!(found, expected, "{masked}, {engine:?}, fill {fill}");
                }
            }
        }
    }
}

/// Where nothing is missing, every bit is that of the filter without a mask, NaN aside.
#[test]
fn arrays_without_missing_cells_are_as_they_were() {
    let image = Array2::from_shape_fn((50, 40), |(y, x)| (y * 7 + x * 13) as u8);
    for text in ["min(w)", "median(w)", "mean(w)", "std(w)"] {
        let filter = Filter::new(&kernel(text)).size(3);
        let plain = filter.run(&image).unwrap();
        assert_eq!(filter.clone().mask(&image.mapv(|_| false)).run(&image).unwrap(), plain, "{text}");
        assert_eq!(filter.clone().nodata(255.0).run(&image.mapv(|value| value.min(254))).unwrap(), {
            filter.run(&image.mapv(|value| value.min(254))).unwrap()
        });
    }
}

#[test]
fn the_constant_outside_is_no_mark() {
    for cval in [0.0, 1.0, 2.0, 0.5, -9999.0] {
        let image = array![[1.0, -9999.0, 3.0], [4.0, 5.0, 6.0]];
        let filter = Filter::new(&kernel("len(w)")).size(3).mode(Mode::Constant).cval(cval).nodata(-9999.0).fill(true);
        // What is outside is missing where it is the number that stands for no value.
        let expected = match cval {
            -9999.0 => array![[3.0, 5.0, 3.0], [3.0, 5.0, 3.0]],
            _ => Array2::from_elem((2, 3), 8.0),
        };
        for engine in engines("len(w)") {
            assert_eq!(filter.clone().engine(engine).run(&image).unwrap(), expected, "{cval}, {engine:?}");
        }
    }
    let zeros = array![[1.0, 0.0, 3.0], [4.0, 5.0, 6.0]];
    let filter = Filter::new(&kernel("len(w)")).size(3).mode(Mode::Constant).nodata(0.0);
    assert_eq!(filter.run(&zeros).unwrap(), array![[3.0, 0.0, 3.0], [3.0, 5.0, 3.0]]);
}

/// What is outside and the number that stands for no value is missing, whatever is inside: as where the array goes on with that number.
#[test]
fn nodata_outside_is_missing_without_any_inside() {
    let few = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let counts = Filter::new(&kernel("len(w)")).size(3).mode(Mode::Constant).cval(-9999.0).nodata(-9999.0);
    for engine in engines("len(w)") {
        let found = counts.clone().engine(engine).run(&few).unwrap();
        assert_eq!(found, array![[4.0, 6.0, 4.0], [4.0, 6.0, 4.0]], "{engine:?}");
    }
    for (shape, nodata) in [([20, 9], -9999.0), ([40, 4], f64::NAN), ([2, 30], 0.0)] {
        let mut holes = heights(shape[0], shape[1]).mapv(|value| if value.is_nan() { nodata } else { value + 1.0 });
        let whole = holes.mapv(|value| if value == nodata || value.is_nan() { 50.0 } else { value });
        holes.swap([0, 0], [shape[0] - 1, 2]);
        for image in [&whole, &holes] {
            for (text, _) in KERNELS {
                // Where there is no cell, there is no least one either.
                for fill in [false, true].into_iter().filter(|fill| !fill || !text.starts_with("nth")) {
                    nodata_outside_is_as_if_written_there(text, image, nodata, fill);
                }
            }
        }
    }
}

fn nodata_outside_is_as_if_written_there(text: &str, image: &Array2<f64>, nodata: f64, fill: bool) {
    let (rows, columns) = image.dim();
    let mut around = Array2::from_elem((rows + 4, columns + 4), nodata);
    around.slice_mut(ndarray::s![2..rows + 2, 2..columns + 2]).assign(image);
    // Along one axis only, where the other goes on.
    let mut above = Array2::from_elem((rows + 4, columns), nodata);
    above.slice_mut(ndarray::s![2..rows + 2, ..]).assign(image);
    let filter =
        Filter::new(&kernel(text)).size([5, 3]).nodata(nodata).cval(nodata).fill(fill).engine(Engine::Interpreter);
    let expected = filter.clone().mode(Mode::Valid).run(&around).unwrap();
    let expected = expected.slice(ndarray::s![.., 1..columns + 1]).to_owned();
    let mixed = filter.clone().modes([Mode::Valid, Mode::Nearest]).run(&above).unwrap();
    for engine in engines(text) {
        let same = |filter: Filter, expected: &Array2<f64>| {
            let found = filter.engine(engine).run(image).unwrap().into_dyn();
            let expected = expected.clone().into_dyn();
            assert!(close(&found, &expected), "{text}, {engine:?}, {nodata}, fill {fill}:\n{found}\n{expected}");
        };
        let filter = filter.clone().mode(Mode::Constant);
        same(filter.clone(), &expected);
        same(filter.clone().modes([Mode::Constant, Mode::Nearest]), &mixed);
        same(filter.clone().rows(1..rows), &expected.slice(ndarray::s![1.., ..]).to_owned());
        same(filter.stride([2, 3]), &expected.slice(ndarray::s![..;2, ..;3]).to_owned());
    }
}

/// A pixel that sees no cell has no value, whether or not some pixel sees a missing one.
#[test]
fn pixels_that_see_no_cell_get_nodata() {
    let image = array![1.0, 2.0, 3.0, 4.0];
    for engine in ENGINES {
        let ahead = Filter::new(&kernel("sum(w)")).footprint(array![false, false, true]).engine(engine).nodata(-1.0);
        assert_eq!(ahead.mode(Mode::Shrink).run(&image).unwrap(), array![2.0, 3.0, 4.0, -1.0], "{engine:?}");
        let none = Filter::new(&kernel("count(w > 1) < 9")).footprint(array![false]).engine(engine).nodata(-1.0);
        assert_eq!(none.run(&image).unwrap(), array![-1.0, -1.0, -1.0, -1.0], "{engine:?}");
    }
}

/// A cell is missing if it is in any of the inputs; positions are among the cells that take part.
#[test]
fn several_inputs_have_one_mask() {
    let (a, b) = (array![5.0, -1.0, 7.0, 8.0, 2.0], array![1.0, 2.0, 3.0, -1.0, 5.0]);
    let kernel = kernel("input a, b; n: len(a), other: nth(b, argmin(a)), place: argmax(b), both: min(a) + max(b)");
    for engine in ENGINES {
        let filter = Filter::new(&kernel).size(3).engine(engine).mode(Mode::Shrink).nodata(-1.0);
        let found = filter.run_all::<f64>(&[(&a).into(), (&b).into()]).unwrap();
        let expected = [
            array![1.0, -1.0, 1.0, -1.0, 1.0],
            array![1.0, -1.0, 3.0, -1.0, 5.0],
            array![0.0, -1.0, 0.0, -1.0, 0.0],
            array![6.0, -1.0, 10.0, -1.0, 7.0],
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(*found, expected.into_dyn(), "{engine:?}");
        }
    }
}

/// Rows of pixels far from missing cells are computed by the plain kernel; along all axes, and along some.
#[test]
fn planes_and_axes_are_cut_alike() {
    let mut random = fastrand::Rng::with_seed(5);
    let mut image = Array3::from_shape_fn((40, 20, 12), |_| f64::from(random.u32(..50)));
    for place in [[3, 4, 5], [20, 0, 0], [39, 19, 11]] {
        image[place] = f64::NAN;
    }
    for axes in [vec![0, 1, 2], vec![1, 2], vec![2, 0], vec![0]] {
        for mode in [Mode::Reflect, Mode::Wrap, Mode::Valid, Mode::Shrink] {
            let filter = |text: &str| Filter::new(&kernel(text)).size(3).mode(mode).axes(axes.clone());
            let own = vec!["0"; axes.len()].join(", ");
            let independent = format!("if isnan(w[{own}]) then nan else max(w where not isnan(w))");
            let expected = filter(&independent).run(&image).unwrap().into_dyn();
            for engine in engines("max(w)") {
                let found = filter("max(w)").engine(engine).nodata(f64::NAN).run(&image).unwrap().into_dyn();
                assert!(close(&found, &expected), "{axes:?}, {mode:?}, {engine:?}");
            }
        }
    }
    let lane = image.index_axis(Axis(0), 3).to_owned();
    assert!(Filter::new(&kernel("max(w)")).size(3).nodata(f64::NAN).run(&lane).unwrap()[[4, 5]].is_nan());
}

#[test]
fn assertions_are_about_pixels_with_a_value() {
    let image = array![1.0, -1.0, 3.0];
    let demanding = kernel("assert w[0] > 0; w[0]");
    for engine in ENGINES {
        let filter = Filter::new(&demanding).engine(engine);
        assert!(matches!(filter.run(&image), Err(Error::Assertion { .. })));
        assert_eq!(filter.nodata(-1.0).run(&image).unwrap(), image);
    }
    let ranks = Filter::new(&kernel("rank(w, 2)")).size(3).nodata(-1.0).run(&image).unwrap_err();
    assert!(matches!(ranks, Error::Assertion { ref position, .. } if position == &[0]), "{ranks}");
}

/// Of no cell nothing is asked where some may be missing, however far away those are.
#[test]
fn demands_are_not_of_pixels_that_see_no_cell() {
    let image = Array1::from_shape_fn(64, |x| x as f64);
    let marked = |at: &[usize]| Array1::from_shape_fn(64, |x| at.contains(&x));
    for text in ["rank(w, 0)", "assert len(w) > 0; w[-1]"] {
        for engine in engines(text) {
            let filter = Filter::new(&kernel(text)).footprint(Window::from(array![true, false, false]));
            let filter = filter.mode(Mode::Shrink).engine(engine);
            let error = filter.run(&image).unwrap_err();
            assert!(matches!(error, Error::Assertion { ref position, .. } if position == &[0]), "{error}");
            for missing in [&[][..], &[1], &[60]] {
                let given = filter.clone().mask(&marked(missing)).run(&image).unwrap();
                // The first pixel sees no cell, and the one after a missing one.
                let expected = |x: usize| x == 0 || missing.contains(&(x - 1));
                assert!((0..64).all(|x| given[x].is_nan() == expected(x)), "{given}");
            }
        }
    }
}

/// The last integers stand for no value as others do, beside elements that no f64 is.
#[test]
fn the_last_integers_are_numbers_for_no_value() {
    fn check<T>(numbers: [T; 2], shift: T)
    where
        T: hoodoo::AnyElement + std::ops::Sub<Output = T> + Ord + std::fmt::Debug,
    {
        let mut random = fastrand::Rng::with_seed(9);
        // The same with the last number for no value, and with one that every engine has always had.
        let holes: Array2<bool> = Array2::from_shape_simple_fn((30, 17), || random.u8(..) < 90);
        let values: Array2<u8> = Array2::from_shape_simple_fn((30, 17), || random.u8(..));
        let mask: Array2<bool> = Array2::from_shape_simple_fn((30, 17), || random.u8(..) < 60);
        let image = |number: T| {
            let element = |(hole, value): (&bool, &u8)| {
                if *hole { number } else { shift - T::from_f64(f64::from(*value), hoodoo::Cast::Wrap) }
            };
            Array2::from_shape_vec((30, 17), holes.iter().zip(&values).map(element).collect()).unwrap()
        };
        for text in ["max(w)", "min(w where w % 2 == 0)", "median(w)", "w[0, 1]"] {
            for engine in ENGINES {
                for (fill, masked, stride) in [(false, false, 1), (true, false, 1), (false, true, 1), (true, true, 2)] {
                    let run = |number: T| {
                        let filter = Filter::new(&kernel(text)).size(3).mode(Mode::Shrink).engine(engine).fill(fill);
                        let filter = filter.nodata(number.to_f64()).stride(stride);
                        let filter = if masked { filter.mask(&mask) } else { filter };
                        filter.run(&image(number)).unwrap()
                    };
                    let [last, usual] = numbers.map(run);
                    let usual = usual.mapv(|element| if element == numbers[1] { numbers[0] } else { element });
                    assert_eq!(last, usual, "{text} {engine} {fill} {masked}");
                }
            }
        }
    }
    check([u64::MAX, 7], (1 << 63) - 9);
    check([i64::MAX, -7], (1 << 62) - 9);
}

/// Of no element none has a rank: of 64-bit integers as of others, on every engine.
#[test]
fn no_integer_has_a_rank_where_there_is_none() {
    let image = Array1::from_iter((10..16).map(|x| (1i64 << 60) + x));
    let mask = array![true, true, true, true, true, false];
    for text in [
        "rank(w, 0)",
        "nth(w, 0)",
        "isnan(rank(w, 0))",
        "if isnan(nth(w, 0)) then 7 else rank(w, 0)",
        "max(rank(w, 0), 3)",
    ] {
        for mode in [Mode::Reflect, Mode::Shrink] {
            let filter = Filter::new(&kernel(text)).size(3).mode(mode).mask(&mask).fill(true);
            let integers = ENGINES.map(|engine| filter.clone().engine(engine).run(&image).unwrap());
            assert_eq!(integers[0], integers[1], "{text} {mode}");
            assert!(integers[0].iter().take(4).all(|value| *value < 8), "{text} {mode}: {}", integers[0]);
            let floats = ENGINES.map(|engine| filter.clone().engine(engine).run_as::<f64, _, _, _>(&image).unwrap());
            assert!(close(&floats[0].clone().into_dyn(), &floats[1].clone().into_dyn()), "{text} {mode}");
        }
    }
}

/// A single value has one cell, and is missing or not.
#[test]
fn a_single_value_has_a_mask() {
    let twice = kernel("max(w) * 2");
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        let filter = Filter::new(&twice).size(3).engine(engine);
        let given = |filter: Filter| filter.run(&ndarray::arr0(5.0)).unwrap().into_scalar();
        assert_eq!(given(filter.clone()), 10.0, "{engine}");
        assert_eq!(given(filter.clone().mask(&ndarray::arr0(false))), 10.0, "{engine}");
        assert_eq!(given(filter.clone().mask(&ndarray::arr0(true))), 5.0, "{engine}");
        assert_eq!(given(filter.clone().nodata(-1.0)), 10.0, "{engine}");
        assert_eq!(given(filter.clone().nodata(5.0)), 5.0, "{engine}");
        assert_eq!(given(filter.clone().nodata(5.0).fill(true)), 5.0, "{engine}");
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let image = array![[1u8, 2], [3, 4]];
    let filter = Filter::new(&kernel("min(w)")).size(3);
    let message = |filter: Filter| filter.run(&image).unwrap_err().to_string();
    assert_eq!(message(filter.clone().mask(&array![true])), "mask: shape [1] is not that of the first input, [2, 2]");
    assert_eq!(message(filter.clone().nodata(-9999.0)), "nodata: outputs of u8 can't hold -9999");
    assert_eq!(message(filter.clone().nodata(f64::NAN)), "nodata: outputs of u8 can't hold NaN");
    assert!(filter.nodata(-9999.0).run_as::<f32, _, _, _>(&image).is_ok());
}

/// A number stands for the element that is nearest to it, and elements are compared as what they are.
#[test]
fn nodata_is_an_element_of_each_type() {
    let counts = Filter::new(&kernel("len(w)")).size(3).mode(Mode::Shrink);
    for engine in engines("len(w)") {
        let counts = counts.clone().engine(engine).fill(true);
        for (number, element) in [(1e20, 1e20_f32), (-3.402_823_466_385_29e38, f32::MIN), (0.1, 0.1)] {
            let image = array![1.0, element, 3.0, 4.0];
            let found = counts.clone().nodata(number).run(&image).unwrap();
            assert_eq!(found, array![1.0, 2.0, 2.0, 2.0], "{number}, {engine:?}");
            let kept = Filter::new(&kernel("max(w)")).size(3).engine(engine).nodata(number).run(&image).unwrap();
            assert_eq!(kept, array![1.0, element, 4.0, 4.0]);
            // What is outside is, too, whether it is named as the number or as the element.
            for outside in [number, f64::from(element)] {
                let counts = counts.clone().mode(Mode::Constant).cval(outside).nodata(number);
                assert_eq!(counts.run(&image).unwrap(), array![1.0, 2.0, 2.0, 2.0]);
            }
        }
        let big = 1i64 << 53;
        let near = array![big + 1, big, big - 1, 5, i64::MAX, i64::MAX - 1];
        let found = counts.clone().nodata(big as f64).run(&near).unwrap();
        assert_eq!(found, array![1, 2, 2, 3, 3, 2], "{engine:?}");
        let found = counts.clone().nodata(i64::MAX as f64).run(&near).unwrap();
        assert_eq!(found, array![2, 3, 3, 2, 2, 1], "{engine:?}");
        // A type without such an element has no missing one.
        let found: Array2<f64> = counts.clone().nodata(-9999.0).run_as(&array![[0u8, 241, 1]]).unwrap();
        assert_eq!(found, array![[2.0, 3.0, 2.0]]);
    }
    let filter = Filter::new(&kernel("min(w)")).size(3);
    let message =
        |image: &ndarray::Array1<f32>, nodata| filter.clone().nodata(nodata).run(image).unwrap_err().to_string();
    assert!(message(&array![1.0], 1e300).starts_with("nodata: outputs of f32 can't hold 1000"));
    let wrapped = filter.clone().nodata(i64::MAX as f64).cast(hoodoo::Cast::Wrap).run(&array![1i64, 2]).unwrap_err();
    assert!(wrapped.to_string().contains("outputs of i64 can't hold"), "{wrapped}");
}

/// A missing pixel keeps its own element, also one that no f64 is, and is cast as values are.
#[test]
fn missing_pixels_keep_every_bit() {
    let big = (1i64 << 53) + 1;
    let (image, mask) =
        (array![[1i64, big], [-big, 4], [i64::MAX, 6]], array![[false, true], [true, false], [true, false]]);
    for text in ["mean(w)", "max(w)", "len(w)"] {
        for engine in engines(text) {
            let filter = Filter::new(&kernel(text)).size(3).engine(engine).mask(&mask);
            let found = filter.run(&image).unwrap();
            assert_eq!([found[[0, 1]], found[[1, 0]], found[[2, 0]]], [big, -big, i64::MAX], "{text}, {engine:?}");
            let strided = filter.clone().stride([1, 2]).rows(1..3).run(&image).unwrap();
            assert_eq!([strided[[0, 0]], strided[[1, 0]]], [-big, i64::MAX], "{text}, {engine:?}");
            for (cast, expected) in [(hoodoo::Cast::Saturate, 255), (hoodoo::Cast::Wrap, 1)] {
                let found: Array2<u8> = filter.clone().cast(cast).run_as(&image).unwrap();
                assert_eq!(found[[0, 1]], expected, "{text}, {engine:?}");
            }
        }
    }
}

/// Kernels that choose an element, and those that compare some, on 64-bit integers near this number, which no f64s are, and on the small
/// numbers that they are more than it.
#[test]
fn cells_at_fixed_places_keep_every_bit() {
    const CHOOSE: [&str; 7] = [
        "w[0]",
        "w[1]",
        "floor(w[-1])",
        "min(w[0], w[1])",
        "if isnan(w[1]) then w[0] else w[1]",
        "if w[0] > w[1] then w[0] else w[1]",
        "if w[0] > w[1] then w[0] else nan",
    ];
    const COMPARE: [&str; 4] =
        ["count(w > w[0])", "count(w == w[-1])", "if w[0] == w[1] then 1 else 0", "sum(if w >= w[1] then 1 else 0)"];
    const BASE: i64 = 1 << 60;
    let mut random = fastrand::Rng::with_seed(64);
    let small = Array1::from_shape_simple_fn(90, || random.i64(0..4));
    let mask = Array1::from_shape_simple_fn(90, || random.u32(..3) == 0);
    let signed = small.mapv(|value| BASE + value);
    let unsigned = small.mapv(|value| value.unsigned_abs() + (1 << 63));
    for text in CHOOSE.iter().chain(&COMPARE) {
        let chooses = CHOOSE.contains(text);
        for (mode, fill) in
            [(Mode::Reflect, false), (Mode::Shrink, false), (Mode::Constant, true), (Mode::Shrink, true)]
        {
            let filter = |engine: Engine| {
                Filter::new(&kernel(text)).size(3).engine(engine).mode(mode).cval(1.0).mask(&mask).fill(fill)
            };
            // What is outside in mode `constant` is near neither of them.
            let inner = ndarray::s![if mode == Mode::Constant { 1..89 } else { 0..90 }];
            let expected: Array1<f64> = filter(Engine::Interpreter).run_as(&small.mapv(|value| value as f64)).unwrap();
            // A pixel without a value keeps its own.
            let of = |base: i128| {
                let value = |at: usize, value: f64| match value.is_nan() {
                    true => 0,
                    false => value as i128 + if chooses || mask[at] && !fill { base } else { 0 },
                };
                Array1::from_shape_fn(90, |at| value(at, expected[at]))
            };
            for engine in ENGINES {
                let what = format!("{text}, {mode:?}, {engine:?}, {fill}");
                let found: Array1<i64> = filter(engine).run_as(&signed).unwrap();
                assert_eq!(found.mapv(i128::from).slice(inner), of(BASE.into()).slice(inner), "{what}");
                let found: Array1<u64> = filter(engine).run_as(&unsigned).unwrap();
                assert_eq!(found.mapv(i128::from).slice(inner), of(1 << 63).slice(inner), "{what}");
            }
        }
    }
}

/// What was computed for a cell of the mask has a value in the next run; what saw no cell has none.
#[test]
fn repeated_filters_go_on_from_what_they_filled() {
    let repeated = |filter: &Filter, repeat: Repeat, image: &Array1<i16>| {
        let mut found = image.clone();
        let runs = filter.repeat(repeat, &[image.into()], (&mut found).into(), &Progress::default()).unwrap();
        (found, runs)
    };
    let image = array![2i16, 4, 1, 4, 3, 0];
    let mask = array![false, true, false, true, false, false];
    let hole = array![9i16, 0, 0, 0, 0, 0, 9];
    for engine in engines("min(w)") {
        let least = Filter::new(&kernel("min(w)")).size(3).engine(engine);
        let filled = least.clone().mask(&mask).fill(true);
        assert_eq!(repeated(&filled, Repeat::Times(1), &image).0, array![2, 1, 1, 1, 0, 0], "{engine:?}");
        assert_eq!(repeated(&filled, Repeat::Times(2), &image).0, array![1, 1, 1, 0, 0, 0], "{engine:?}");
        // Without `fill` they stay as they are, and take no part.
        let kept = least.clone().mask(&mask);
        assert_eq!(repeated(&kept, Repeat::Times(2), &image).0, array![2, 4, 1, 4, 0, 0], "{engine:?}");
        let closing = least.clone().mask(&hole.mapv(|value| value == 0)).fill(true);
        assert_eq!(repeated(&closing, Repeat::Stable(9), &hole), (Array1::from_elem(7, 9), 3), "{engine:?}");
        let of_floats = hole.mapv(f32::from);
        let mut found = of_floats.clone();
        closing.repeat(Repeat::Times(3), &[(&of_floats).into()], (&mut found).into(), &Progress::default()).unwrap();
        assert_eq!(found, Array1::from_elem(7, 9.0), "{engine:?}");
    }
}

/// An integer does not tell whether it stands for NaN; a float is the oracle.
#[test]
fn repeated_filters_know_which_integers_are_no_values() {
    let (image, mask): (Array1<f64>, _) = (array![5.0, 0.0, 0.0, 7.0, 1.0], array![false, true, true, false, false]);
    for text in ["w[-1] + 1", "if w[0] > 4 or isnan(w[0]) then min(w) + 1 else nan", "min(w where w > 5)"] {
        for (engine, times) in [(Engine::Rows, 2), (Engine::Rows, 3), (Engine::Interpreter, 2)] {
            let filter = Filter::new(&kernel(text)).size(3).engine(engine).mask(&mask).fill(true);
            let repeat = Repeat::Times(times);
            let (mut expected, mut found) = (image.clone(), image.mapv(|value| value as i16));
            // Where an integer is NaN and has a value in the next run, that is 0.
            let mut before = image.clone();
            let mut masked = mask.clone();
            for _ in 0..times {
                expected = Filter::new(&kernel(text)).size(3).mask(&masked).fill(true).run(&before).unwrap();
                masked.zip_mut_with(&expected, |masked, value| *masked &= value.is_nan());
                before = expected.mapv(|value| if value.is_nan() { 0.0 } else { value });
            }
            filter.repeat(repeat, &[(&found.clone()).into()], (&mut found).into(), &Progress::default()).unwrap();
            assert_eq!(found.mapv(f64::from), before, "{text} {engine:?} {times}: {expected}");
        }
    }
}

/// Filters in which windows may lack cells, each with its image.
fn lacking() -> Vec<(&'static str, Filter, Array2<u8>)> {
    let eye = |is_in: bool| Array2::from_shape_fn((3, 3), |(y, x)| (y == x) == is_in);
    let corner = Array2::from_shape_fn((3, 3), |place| place == (0, 0));
    let windows: [(Window, [isize; 2]); 7] = [
        (Window::Size(vec![3]), [0, 0]),
        (Window::Size(vec![1, 5]), [0, 2]),
        (Window::Size(vec![2, 4]), [0, -1]),
        (eye(true).into(), [0, 0]),
        (eye(false).into(), [0, 0]),
        (corner.into(), [0, 0]),
        (Window::Size(vec![7, 1]), [3, 0]),
    ];
    let kernels = [
        "min(w)",
        "w[0, 1]",
        "w[0, 0]",
        "rank(w, 1)",
        "trimmed_mean(w, 1)",
        "trimmed_mean(w, 3)",
        "count(w > 3)",
        "len(w)",
        "sum(w)",
        "mean(w where w > 4)",
        "fold m = nan for v in w: v",
        "fold m = w[0, 0] for v in w: max(m, v)",
        "median(w where w >= 0)",
        "if w[1, 0] > 4 then 1 else 2",
        "argmin(w)",
        "sqrt(w[-1, 1])",
    ];
    let modes = [(Mode::Reflect, 0.0), (Mode::Shrink, 0.0), (Mode::Constant, f64::NAN), (Mode::Constant, 1.0)];
    let mut all = Vec::new();
    for (text, (window, origin)) in kernels.iter().flat_map(|text| windows.iter().map(move |window| (*text, window))) {
        for (shape, (mode, cval)) in
            [(5, 9), (1, 9), (2, 3)].into_iter().flat_map(|shape| modes.map(|mode| (shape, mode)))
        {
            let image = Array2::from_shape_fn(shape, |(y, x)| (y * shape.1 + x) as u8 % 13);
            let filter = Filter::new(&kernel(text)).window(window.clone()).origin(*origin).mode(mode).cval(cval);
            let some = image.mapv(|value| value % 3 == 1);
            let masks = [None, Some(image.mapv(|_| false)), Some(some), Some(image.mapv(|_| true))];
            for (mask, fill) in masks.iter().flat_map(|mask| [(mask, false), (mask, true)]) {
                let filter = mask.iter().fold(filter.clone().fill(fill), |filter, mask| filter.mask(mask));
                // Code takes longer to make than such images to interpret.
                let engine = if all.len() % 16 == 0 { Engine::Rows } else { Engine::Interpreter };
                all.push((text, filter.engine(engine), image.clone()));
            }
        }
    }
    all
}

#[test]
fn outputs_that_may_be_nan() {
    let (mut said, mut not) = (0, 0);
    for (text, filter, image) in lacking() {
        // A rank that no window has is an error, and so is one that some window has not.
        let Ok(may_be) = filter.nan_outputs(image.shape(), &[DType::U8], &[DType::U8]) else { continue };
        let Ok(values): Result<Array2<f64>, Error> = filter.run_as(&image) else { continue };
        let is = values.iter().any(|value| value.is_nan());
        assert!(may_be[0] || !is, "{text} {filter:?}: {values}");
        match is {
            true => {}
            false if may_be[0] => said += 1,
            false => not += 1,
        }
    }
    // Mostly what is said is so.
    assert!(said * 2 < not, "{said} beside {not}");
}

#[test]
fn pixels_that_keep_large_integers_are_not_told_of() {
    let (image, mask) = (array![1i64 << 60 | 1, 5, 7], array![true, false, false]);
    for engine in [Engine::Rows, Engine::Interpreter] {
        let filter =
            Filter::new(&kernel("min(w where w > 6)").with_nan_outputs(&[true])).size(1).mask(&mask).engine(engine);
        let (mut values, mut told) = (Array1::<i64>::zeros(3), Array1::from_elem(3, false));
        let outputs = &mut [(&mut values).into(), (&mut told).into()];
        filter.run_all_into(&[(&image).into()], outputs, &Progress::default()).unwrap();
        assert_eq!((values, told), (array![1 << 60 | 1, 0, 7], array![false, true, false]), "{engine:?}");
    }
}

/// A number for no value is the oracle.
#[test]
fn pixels_without_a_value_are_told_of() {
    const NONE: f64 = 77.5;
    for (text, filter, image) in lacking() {
        let Ok(expected): Result<Array2<f64>, Error> = filter.clone().nodata(NONE).run_as(&image) else { continue };
        let Ok(may_be) = filter.absent_outputs(image.shape(), &[DType::U8], &[DType::F64]) else { continue };
        let telling = filter.clone().kernel(&kernel(text).with_absent_outputs(&[true]));
        let (mut values, mut told) = (expected.clone(), image.mapv(|_| false));
        let outputs = &mut [(&mut values).into(), (&mut told).into()];
        // Where no cell is seen nothing is demanded of a kernel with such a number.
        let Ok(()) = telling.run_all_into(&[(&image).into()], outputs, &Progress::default()) else { continue };
        for ((value, told), expected) in values.iter().zip(&told).zip(&expected) {
            match *expected == NONE {
                // A pixel that keeps what it has is not told of.
                true => assert!(*told || !value.is_nan(), "{text} {filter:?}: {values}"),
                false => assert!(!told && value == expected, "{text} {filter:?}: {values}, {expected}"),
            }
            assert!(!told || value.is_nan() || may_be[0], "{text} {filter:?}");
        }
    }
}
