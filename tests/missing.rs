//! Cells without a value: masks and nodata, on every engine and in every mode.
//!
//! What is independent here: the same kernels with `where not isnan(w)`, on arrays that are NaN where cells are missing.

use hoodoo::{Engine, Error, Filter, Kernel, Mode};
use ndarray::{Array2, Array3, ArrayD, Axis, array};

const ENGINES: [Engine; 2] = [Engine::Rows, Engine::Interpreter];

/// A callback has one input, and sees the cells of its footprint, of which it knows no places.
fn engines(kernel: &str) -> Vec<Engine> {
    let called = !kernel.contains("w[") && !kernel.contains("argmin");
    ENGINES.into_iter().chain(called.then_some(Engine::Callback)).collect()
}

/// A kernel, and what it means where NaN stands for a missing cell.
const KERNELS: [(&str, &str); 12] = [
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
            // Where there is no cell, there is no least one either.
            for fill in [false, true].into_iter().filter(|fill| !fill || !masked.starts_with("nth")) {
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
        for fill in [false, true].into_iter().filter(|fill| !fill || !masked.starts_with("nth")) {
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
