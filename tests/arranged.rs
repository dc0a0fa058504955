//! Axes along which the window does not reach are one with others where they follow each other in memory; no pixel can tell.

use hoodoo::{AnyElement, Cast, Engine, Filter, Kernel, Mode};
use ndarray::{ArrayD, IxDyn, SliceInfoElem};

fn compile(source: &str) -> Kernel {
    Kernel::compile(source).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// Kernels for a window of so many axes, of which the first two are those along which it reaches.
fn sources(axes: usize) -> Vec<String> {
    let at = |y: i32, x: i32| {
        let rest = ", 0".repeat(axes - 2);
        format!("w[{y}, {x}{rest}]")
    };
    let fixed = format!("{} - 2 * {} + {}", at(0, 1), at(-2, 0), at(1, -3));
    let mut sources: Vec<String> = [
        "min(w)",
        "median(w)",
        "sum(w) / 4",
        "nth(w, argmax(w))",
        "fold s = 0 for v in w: s / 2 + v",
        "count(w > 100 where inside())",
        "variety(w)",
        "std(w)",
        "max(w) - coord(0)",
        "sum(w * (1 + offset(1)))",
    ]
    .map(String::from)
    .into();
    sources.push(fixed);
    sources.push(format!("max(w where w < {})", at(0, 0)));
    sources
}

/// The elements that a slice with gaps leaves, in memory as they were.
fn check<T: AnyElement + PartialEq + std::fmt::Debug>(random: &mut fastrand::Rng) {
    let cases: [(&[usize], &[isize], &[usize]); 8] = [
        (&[13, 40, 3], &[0, 1], &[3, 5]),
        (&[13, 40, 3], &[0, 1, 2], &[3, 5, 1]),
        (&[9, 7, 2, 5], &[0, 1], &[3, 3]),
        (&[9, 7, 2, 5], &[1, 0, 3], &[3, 3, 1]),
        (&[4, 6, 40], &[0, 1], &[3, 3]),
        (&[20, 18, 3], &[0, 1], &[11, 9]),
        (&[5, 1, 4], &[0, 1], &[3, 3]),
        (&[3, 300, 4], &[0, 1], &[1, 3]),
    ];
    for (shape, axes, size) in cases {
        let whole: ArrayD<T> =
            ArrayD::from_shape_simple_fn(IxDyn(shape), || T::from_f64(random.f64() * 255.0, Cast::Saturate));
        // What is left where every other element along an axis is taken follows no longer.
        let gaps = random.usize(..shape.len() + 1);
        let slice: Vec<SliceInfoElem> = (0..shape.len())
            .map(|axis| SliceInfoElem::Slice { start: 0, end: None, step: if axis == gaps { 2 } else { 1 } })
            .collect();
        let image = whole.slice(&slice[..]);
        for source in sources(size.len()) {
            for mode in Mode::ALL {
                let filter = Filter::new(&compile(&source)).size(size.to_vec()).axes(axes).mode(mode).cval(7.0);
                let run = |engine: Engine| -> ArrayD<f64> {
                    filter.clone().engine(engine).run_all(&[T::input(image.view())]).unwrap().remove(0)
                };
                let (actual, expected) = (run(Engine::Rows), run(Engine::Interpreter));
                assert_eq!(actual.shape(), expected.shape());
                for (x, y) in actual.iter().zip(&expected) {
                    assert!(
                        (x - y).abs() <= 1e-13 * y.abs().max(1.0) || x.is_nan() && y.is_nan(),
                        "{source} along {axes:?} of {:?} (gaps {gaps}), {mode:?}: {x}, {y}",
                        image.shape()
                    );
                }
            }
        }
    }
}

#[test]
fn axes_that_are_one() {
    let mut random = fastrand::Rng::with_seed(21);
    check::<u8>(&mut random);
    check::<f32>(&mut random);
}

/// A mask, and outputs with gaps between their rows.
#[test]
fn with_missing_cells_and_into_parts_of_arrays() {
    let mut random = fastrand::Rng::with_seed(22);
    let image = ndarray::Array3::from_shape_simple_fn((50, 31, 3), || random.u8(..200));
    let mask = ndarray::Array3::from_shape_fn((50, 31, 3), |(y, x, c)| y < 12 && (y + x + c) % 5 == 0);
    let filter = Filter::new(&compile("mean(w)")).size([3, 3]).axes([0, 1]).mask(&mask);
    let expected = filter.clone().engine(Engine::Interpreter).run(&image).unwrap();
    assert_eq!(filter.run(&image).unwrap(), expected);
    let mut larger = ndarray::Array3::<u8>::zeros((50, 31, 5));
    let mut part = larger.slice_mut(ndarray::s![.., .., 1..4]);
    let progress = hoodoo::Progress::default();
    filter.run_all_into(&[(&image).into()], &mut [(&mut part).into()], &progress).unwrap();
    assert_eq!(part, expected);
}

/// Cells that are millions of elements away along an axis are not so many times farther along the views'.
#[test]
fn far_cells_of_colours_are_where_they_are() {
    let mut mask = ndarray::Array1::from_elem(1 << 24, false);
    mask[0] = true;
    let image = ArrayD::from_shape_fn(IxDyn(&[10, 300]), |index| ((index[0] * 31 + index[1]) % 251) as u8);
    for mode in [Mode::Wrap, Mode::Reflect, Mode::Nearest] {
        let filter = Filter::new(&compile("max(w)")).footprint(&mask).axes([0]).mode(mode);
        let expected = filter.clone().engine(Engine::Interpreter).run(&image).unwrap();
        assert_eq!(filter.run(&image).unwrap(), expected, "{mode}");
    }
    // 2^23 rows before the pixel's own; 8388608 is 8 more than a multiple of 10.
    let wrapped = Filter::new(&compile("max(w)")).footprint(&mask).axes([0]).mode(Mode::Wrap).run(&image).unwrap();
    assert_eq!(wrapped[[0, 7]], image[[2, 7]]);
    let mut mask = ndarray::Array1::from_elem(1 << 22, false);
    mask[0] = true;
    let image = image.mapv(f64::from);
    let filter = Filter::new(&compile("max(w)")).footprint(&mask).axes([0]).mode(Mode::Wrap);
    // 2^21, which is 2 more than a multiple of 10.
    assert_eq!(filter.run(&image).unwrap()[[0, 7]], image[[8, 7]]);
}
