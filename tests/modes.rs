//! The modes `shrink` and `valid`, and every mixture with the others, against loops over pixels that are written here.

use std::ffi::{c_int, c_void};
use std::sync::Mutex;

use hoodoo::{AnyArray, Callback, DType, Element, Engine, Error, Filter, Footprint, Kernel, Mode, Progress, Window};
use ndarray::{Array1, Array2, ArrayD, Dimension, IxDyn, array};

/// A cell that takes part: its position in the footprint, its offset from the pixel, and its value.
struct Cell {
    position: usize,
    offset: Vec<isize>,
    value: f64,
}

/// What a pixel sees.
struct Seen<'a> {
    cells: Vec<Cell>,
    pixel: &'a [usize],
    /// The value at an offset, if that takes part.
    at: &'a dyn Fn(&[isize]) -> Option<f64>,
}

impl Seen<'_> {
    fn values(&self) -> Vec<f64> {
        self.cells.iter().map(|cell| cell.value).collect()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut values = self.values();
        values.sort_by(f64::total_cmp);
        values
    }

    fn sum(&self) -> f64 {
        self.values().iter().fold(0.0, |sum, x| sum + x)
    }

    /// The value at an offset along the last axis.
    fn along(&self, offset: isize) -> f64 {
        let mut offsets = vec![0; self.pixel.len()];
        offsets[self.pixel.len() - 1] = offset;
        (self.at)(&offsets).unwrap_or(f64::NAN)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    mean(&values.iter().map(|x| (x - m) * (x - m)).collect::<Vec<_>>())
}

/// Linear interpolation between the sorted elements.
fn percentile(sorted: &[f64], q: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let position = q / 100.0 * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    low + (high - low) * position.fract()
}

/// The position, among the cells that take part, of the first one that no other is better than.
fn first_best(values: &[f64], better: impl Fn(f64, f64) -> bool) -> f64 {
    let first = values.iter().enumerate().reduce(|best, cell| if better(*cell.1, *best.1) { cell } else { best });
    first.map_or(-1.0, |(position, _)| position as f64)
}

fn most_frequent(sorted: &[f64]) -> f64 {
    let times = |value: &f64| sorted.iter().filter(|x| *x == value).count();
    let most = sorted.iter().map(times).max();
    sorted.iter().copied().find(|value| Some(times(value)) == most).unwrap_or(f64::NAN)
}

/// A kernel and what it is worth.
struct Example {
    /// `AT(n)` stands for the input's value n cells on along the last axis.
    source: &'static str,
    value: fn(&Seen<'_>) -> f64,
    /// Whether it has a value where no cell takes part.
    total: bool,
    /// Whether the callback engine can do it in mode `shrink`.
    callback: bool,
}

/// The weight of a cell.
fn weight(position: usize) -> f64 {
    1.0 + (position * 7 % 5) as f64
}

fn examples() -> Vec<Example> {
    let any = |source, value| Example { source, value, total: true, callback: true };
    let some = |source, value| Example { source, value, total: false, callback: true };
    let placed = |source, value| Example { source, value, total: true, callback: false };
    vec![
        any("min(w)", |seen| seen.sorted().first().copied().unwrap_or(f64::NAN)),
        any("max(w)", |seen| seen.sorted().last().copied().unwrap_or(f64::NAN)),
        any("sum(w)", |seen| seen.sum()),
        any("prod(w / 8)", |seen| seen.values().iter().map(|x| x / 8.0).product()),
        any("mean(w)", |seen| mean(&seen.values())),
        any("var(w)", |seen| variance(&seen.values())),
        any("std(w)", |seen| variance(&seen.values()).sqrt()),
        any("median(w)", |seen| percentile(&seen.sorted(), 50.0)),
        any("percentile(w, 30)", |seen| percentile(&seen.sorted(), 30.0)),
        any("trimmed_mean(w, 1)", |seen| {
            let sorted = seen.sorted();
            if sorted.len() < 3 { f64::NAN } else { mean(&sorted[1..sorted.len() - 1]) }
        }),
        any("mode(w)", |seen| most_frequent(&seen.sorted())),
        any("variety(w)", |seen| {
            let mut sorted = seen.sorted();
            sorted.dedup();
            sorted.len() as f64
        }),
        any("entropy(w)", |seen| {
            let sorted = seen.sorted();
            let part = |same: &[f64]| same.len() as f64 / sorted.len() as f64;
            sorted.chunk_by(|x, y| x == y).map(|same| -part(same) * part(same).ln()).sum::<f64>() + 0.0
        }),
        any("count(w > 4)", |seen| seen.values().iter().filter(|x| **x > 4.0).count() as f64),
        any("if any(w > 6) then 1 else 0", |seen| f64::from(u8::from(seen.values().iter().any(|x| *x > 6.0)))),
        any("if all(w > 1) then 1 else 0", |seen| f64::from(u8::from(seen.values().iter().all(|x| *x > 1.0)))),
        any("len(w) + len(w where w > 3)", |seen| {
            (seen.cells.len() + seen.values().iter().filter(|x| **x > 3.0).count()) as f64
        }),
        any("count(w * 0 == 0)", |seen| seen.cells.len() as f64),
        some("rank(w, 0) + 10 * rank(w, -1)", |seen| seen.sorted()[0] + 10.0 * seen.sorted()[seen.cells.len() - 1]),
        some("nth(w, len(w) - 1)", |seen| seen.cells[seen.cells.len() - 1].value),
        any("argmin(w)", |seen| first_best(&seen.values(), |x, best| x < best)),
        any("argmax(w)", |seen| first_best(&seen.values(), |x, best| x > best)),
        any("argmax(w where w < 6)", |seen| {
            let values: Vec<f64> = seen.values().iter().map(|x| if *x < 6.0 { *x } else { -1.0 }).collect();
            let position = first_best(&values, |x, best| x > best);
            if values.iter().all(|x| *x < 0.0) { -1.0 } else { position }
        }),
        // `nth` finds the cell that was the least, if there is one.
        any("if len(w where w > 2) > 0 then nth(w, argmin(w where w > 2)) else -1", |seen| {
            seen.sorted().into_iter().find(|x| *x > 2.0).unwrap_or(-1.0)
        }),
        any("fold s = 0 for v in w: 2 * s + argmin(abs(w - v))", |seen| {
            let values = seen.values();
            let nearest = |v: f64| first_best(&values.iter().map(|x| (x - v).abs()).collect::<Vec<_>>(), |x, y| x < y);
            values.iter().fold(0.0, |s, v| 2.0 * s + nearest(*v))
        }),
        placed("if len(w) > 0 then nth(offset(0), argmax(w)) else 9", |seen| {
            let place = first_best(&seen.values(), |x, best| x > best);
            if place < 0.0 { 9.0 } else { seen.cells[place as usize].offset[0] as f64 }
        }),
        any("mean(w where w > 2 and w < 7)", |seen| {
            let values: Vec<f64> = seen.values().into_iter().filter(|x| *x > 2.0 && *x < 7.0).collect();
            mean(&values)
        }),
        any("fold s = 1 for v in w: s / 2 + v", |seen| seen.values().iter().fold(1.0, |s, v| s / 2.0 + v)),
        any(
            "let n, odd = fold n = 0, odd = false for v in w where v > 1: n + 1, not odd; if odd then n else -n",
            |seen| {
                let n = seen.values().iter().filter(|x| **x > 1.0).count();
                if n % 2 == 1 { n as f64 } else { -(n as f64) }
            },
        ),
        any("fold s = 0 for v in w: s + count(w < v) * v", |seen| {
            let values = seen.values();
            values.iter().map(|v| values.iter().filter(|x| *x < v).count() as f64 * v).sum()
        }),
        any("fold s = 0 for a in w: s + (fold t = 0 for b in w: t + abs(a - b))", |seen| {
            let values = seen.values();
            values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs())).sum()
        }),
        placed("weights k; sum(w * k)", |seen| seen.cells.iter().map(|cell| cell.value * weight(cell.position)).sum()),
        placed("weights k; sum(k)", |seen| seen.cells.iter().map(|cell| weight(cell.position)).sum()),
        placed("sum(w * (2 + offset(0))) + sum(dist())", |seen| {
            let square = |offset: &[isize]| offset.iter().map(|d| (d * d) as f64).sum::<f64>();
            let each = |cell: &Cell| cell.value * (2.0 + cell.offset[0] as f64) + square(&cell.offset).sqrt();
            seen.cells.iter().map(each).sum()
        }),
        placed("AT(1)", |seen| seen.along(1)),
        placed("if AT(-2) < AT(0) then AT(-2) else sum(w)", |seen| {
            if seen.along(-2) < seen.along(0) { seen.along(-2) } else { seen.sum() }
        }),
        placed("sum(w) + 100 * coord(0) + 0 * extent(0)", |seen| seen.sum() + 100.0 * seen.pixel[0] as f64),
    ]
}

/// The kernel for arrays of so many axes, and which offsets along the last axis it reads.
fn kernel(source: &str, axes: usize) -> (Kernel, Vec<isize>) {
    let mut source = source.to_string();
    let mut offsets = Vec::new();
    for offset in -2..=2 {
        let at = format!("AT({offset})");
        if source.contains(&at) {
            source = source.replace(&at, &format!("w[{}{offset}]", "0, ".repeat(axes - 1)));
            offsets.push(offset);
        }
    }
    (Kernel::compile(&source).unwrap(), offsets)
}

/// An array, a window, and what is outside.
struct Scene {
    shape: &'static [usize],
    window: Window,
    origin: Vec<isize>,
    modes: Vec<Mode>,
    dtype: DType,
}

const CVAL: f64 = 5.0;

impl Scene {
    fn image(&self) -> AnyArray {
        let mut image = AnyArray::zeros(self.dtype, self.shape);
        // Values with many ties, and all of them in every type.
        let values = ArrayD::from_shape_fn(IxDyn(self.shape), |index| {
            let place = index.as_array_view().iter().fold(7usize, |place, index| place * 31 + index);
            (place * place / 3 % 9) as f64
        });
        macro_rules! fill {
            ($($name:ident)*) => {
                match &mut image {
                    $(AnyArray::$name(array) => array.zip_mut_with(&values, |to, from| {
                        *to = Element::from_f64(*from, hoodoo::Cast::Saturate);
                    }),)*
                }
            };
        }
        fill!(Bool I8 U8 I16 U16 I32 U32 I64 U64 F16 F32 F64);
        image
    }

    fn footprint(&self) -> Footprint {
        self.window.clone().footprint(self.shape.len()).unwrap().with_origin(&self.origin).unwrap()
    }

    fn offsets(&self) -> Vec<Vec<isize>> {
        let cells = self.footprint().offsets();
        cells.chunks(self.shape.len()).map(|cell| cell.iter().map(|along| *along as isize).collect()).collect()
    }

    fn filter(&self, kernel: &Kernel) -> Filter {
        let mut filter =
            Filter::new(kernel).window(self.window.clone()).origin(self.origin.clone()).modes(self.modes.clone());
        if !kernel.weights().is_empty() {
            filter = filter.weights("k", (0..self.offsets().len()).map(weight));
        }
        filter.cval(CVAL)
    }

    /// The value at an index, if a cell there takes part.
    fn value(&self, image: &ArrayD<f64>, index: &[isize]) -> Option<f64> {
        let outside = |axis: usize| index[axis] < 0 || index[axis] >= self.shape[axis] as isize;
        if (0..index.len()).any(|axis| self.modes[axis] == Mode::Shrink && outside(axis)) {
            return None;
        }
        let inside: Option<Vec<usize>> =
            (0..index.len()).map(|axis| self.modes[axis].index(index[axis], self.shape[axis])).collect();
        Some(inside.map_or(CVAL, |index| image[IxDyn(&index)]))
    }

    /// What the filter is to give.
    fn expected(&self, example: &Example, fixed: &[isize]) -> ArrayD<f64> {
        let (image, offsets) = (self.image().to_f64(), self.offsets());
        let last = self.shape.len() - 1;
        let region: Vec<std::ops::Range<usize>> = (0..self.shape.len())
            .map(|axis| {
                let fixed = fixed.iter().filter(|_| axis == last).copied();
                let along: Vec<isize> = offsets.iter().map(|offset| offset[axis]).chain(fixed).chain([0]).collect();
                let inside = |index: &usize| {
                    along.iter().all(|d| (0..self.shape[axis] as isize).contains(&(*index as isize + d)))
                };
                let all: Vec<usize> = (0..self.shape[axis]).filter(inside).collect();
                match (self.modes[axis], all.as_slice()) {
                    (Mode::Valid, [first, .., last]) => *first..last + 1,
                    (Mode::Valid, [only]) => *only..only + 1,
                    (Mode::Valid, []) => 0..0,
                    _ => 0..self.shape[axis],
                }
            })
            .collect();
        let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
        ArrayD::from_shape_fn(IxDyn(&shape), |index| {
            let pixel: Vec<usize> =
                index.as_array_view().iter().zip(&region).map(|(index, range)| index + range.start).collect();
            let at = |offset: &[isize]| {
                let index: Vec<isize> = pixel.iter().zip(offset).map(|(index, d)| *index as isize + d).collect();
                self.value(&image, &index)
            };
            let cells = offsets
                .iter()
                .enumerate()
                .filter_map(|(position, offset)| Some(Cell { position, offset: offset.clone(), value: at(offset)? }));
            (example.value)(&Seen { cells: cells.collect(), pixel: &pixel, at: &at })
        })
    }

    /// Whether every pixel is in its own window.
    fn has_centre(&self) -> bool {
        self.offsets().iter().any(|offset| offset.iter().all(|along| *along == 0))
    }

    fn check(&self, example: &Example) {
        let (kernel, fixed) = kernel(example.source, self.shape.len());
        if !example.total && !self.has_centre() {
            return;
        }
        let (image, expected) = (self.image(), self.expected(example, &fixed));
        let runs = [
            (Engine::Auto, 1),
            (Engine::Rows, 3),
            (Engine::Interpreter, 1),
            (Engine::Interpreter, 2),
            (Engine::Callback, 1),
        ];
        for (engine, threads) in runs {
            let what = || {
                format!(
                    "{} on {engine:?}, shape {:?}, window {:?}, origin {:?}, modes {:?}, {}",
                    kernel.source(),
                    self.shape,
                    self.window,
                    self.origin,
                    self.modes,
                    self.dtype.as_str()
                )
            };
            let filter = self.filter(&kernel).engine(engine).threads(threads);
            let region = filter.output_region(self.shape).unwrap();
            assert_eq!(region.iter().map(ExactSizeIterator::len).collect::<Vec<_>>(), expected.shape(), "{}", what());
            let found = match filter.run_all::<f64>(&[image.as_input()]) {
                Ok(found) => found,
                Err(Error::Argument { argument: "mode", .. } | Error::Kernel(_))
                    if engine == Engine::Callback && !example.callback =>
                {
                    continue;
                }
                Err(error) => panic!("{}: {error}", what()),
            };
            assert_eq!(found[0].shape(), expected.shape(), "{}", what());
            for (index, expected) in expected.indexed_iter() {
                let found = found[0][&index];
                let close = (found - expected).abs() <= 1e-12 * expected.abs().max(1.0);
                assert!(
                    close || found.is_nan() && expected.is_nan(),
                    "{} at {index:?}: {found}, not {expected}",
                    what()
                );
            }
        }
    }
}

fn check_all(scenes: &[Scene]) {
    for scene in scenes {
        for example in examples() {
            scene.check(&example);
        }
    }
}

fn scene(shape: &'static [usize], window: Window, modes: &[Mode], dtype: DType) -> Scene {
    Scene { shape, window, origin: vec![0; shape.len()], modes: modes.to_vec(), dtype }
}

#[test]
fn along_one_axis() {
    use Mode::{Shrink, Valid};
    let before = Window::Array(array![true, true, false, false, false].into_dyn());
    check_all(&[
        scene(&[7], Window::Size(vec![3]), &[Shrink], DType::F64),
        scene(&[7], Window::Size(vec![4]), &[Valid], DType::F64),
        scene(&[150], Window::Size(vec![5]), &[Shrink], DType::U8),
        scene(&[150], Window::Size(vec![5]), &[Valid], DType::U8),
        scene(&[3], Window::Size(vec![9]), &[Shrink], DType::I16),
        scene(&[9], Window::Size(vec![9]), &[Valid], DType::F32),
        scene(&[1], Window::Size(vec![1]), &[Shrink], DType::I64),
        // Windows that may have no cell at all.
        scene(&[6], before, &[Shrink], DType::F32),
        Scene { origin: vec![-1], ..scene(&[70], Window::Size(vec![2]), &[Valid], DType::I32) },
    ]);
}

#[test]
fn along_two_axes() {
    use Mode::{Shrink, Valid};
    let ring = Window::Array(array![[true, true, false], [true, false, true], [false, true, true]].into_dyn());
    check_all(&[
        scene(&[6, 7], Window::Size(vec![3]), &[Shrink, Shrink], DType::U8),
        scene(&[5, 90], Window::Size(vec![3]), &[Shrink, Shrink], DType::F32),
        scene(&[6, 5], Window::Size(vec![3, 2]), &[Valid, Valid], DType::I16),
        scene(&[4, 90], Window::Cross(1), &[Valid, Valid], DType::F64),
        scene(&[2, 3], Window::Size(vec![5]), &[Shrink, Shrink], DType::U16),
        Scene { origin: vec![1, -1], ..scene(&[5, 40], ring, &[Shrink, Shrink], DType::U8) },
    ]);
}

#[test]
fn mixed_modes() {
    use Mode::{Constant, Mirror, Nearest, Reflect, Shrink, Valid, Wrap};
    check_all(&[
        scene(&[5, 6], Window::Size(vec![3]), &[Shrink, Constant], DType::U8),
        scene(&[5, 60], Window::Size(vec![3]), &[Constant, Shrink], DType::F64),
        scene(&[4, 50], Window::Size(vec![3]), &[Valid, Reflect], DType::U8),
        scene(&[5, 6], Window::Cross(1), &[Wrap, Valid], DType::F32),
        scene(&[5, 70], Window::Size(vec![3]), &[Valid, Shrink], DType::I16),
        scene(&[5, 6], Window::Cross(2), &[Shrink, Valid], DType::I32),
        scene(&[5, 40], Window::Size(vec![3]), &[Shrink, Mirror], DType::I8),
        scene(&[3, 4, 5], Window::Size(vec![3, 1, 3]), &[Nearest, Shrink, Shrink], DType::U8),
    ]);
}

#[test]
fn along_three_axes() {
    use Mode::{Constant, Shrink, Valid};
    check_all(&[
        scene(&[3, 4, 20], Window::Cross(1), &[Shrink, Shrink, Shrink], DType::U8),
        scene(&[3, 4, 40], Window::Cross(1), &[Shrink, Valid, Constant], DType::F64),
        scene(&[4, 3, 5], Window::Size(vec![2, 3, 2]), &[Valid, Shrink, Valid], DType::I16),
        scene(&[1, 2, 2], Window::Size(vec![3]), &[Shrink, Shrink, Shrink], DType::F32),
    ]);
}

#[test]
fn what_others_say() {
    let image = array![1.0, 2.0, 4.0, 8.0, 16.0];
    let run = |source: &str, size: usize, mode: Mode| {
        Filter::new(&Kernel::compile(source).unwrap()).size(size).mode(mode).run(&image).unwrap()
    };
    // numpy.convolve(image, [1, 1, 1], "valid")
    assert_eq!(run("sum(w)", 3, Mode::Valid), array![7.0, 14.0, 28.0]);
    // numpy.convolve(image, [1, 1, 1], "same")
    assert_eq!(run("sum(w)", 3, Mode::Shrink), array![3.0, 7.0, 14.0, 28.0, 24.0]);
    // pandas.Series(image).rolling(3, center=True, min_periods=1): .mean(), .median(), .count()
    assert_eq!(run("mean(w)", 3, Mode::Shrink), array![1.5, 7.0 / 3.0, 14.0 / 3.0, 28.0 / 3.0, 12.0]);
    assert_eq!(run("median(w)", 3, Mode::Shrink), array![1.5, 2.0, 4.0, 8.0, 12.0]);
    assert_eq!(run("len(w)", 3, Mode::Shrink), array![2.0, 3.0, 3.0, 3.0, 2.0]);
    // numpy.lib.stride_tricks.sliding_window_view(image, 5) has one window, and none of length 6.
    assert_eq!(run("median(w)", 5, Mode::Valid), array![4.0]);
    assert_eq!(run("median(w)", 6, Mode::Valid), Array1::<f64>::zeros(0));
    // scipy.ndimage.minimum_filter(image, 3) repeats cells that are in the window already.
    assert_eq!(run("min(w)", 3, Mode::Shrink), run("min(w)", 3, Mode::Reflect));
    assert_eq!(run("max(w)", 4, Mode::Shrink), run("max(w)", 4, Mode::Reflect));
}

/// A position is among the cells that are inside, both where it is found and where it is used.
#[test]
fn positions_are_among_the_cells_inside() {
    let (a, b) = (array![1.0, 2.0, 3.0], array![10.0, 20.0, 30.0]);
    let pit = array![[5.0f32, 4.0, 3.0], [6.0, 9.0, 2.0], [7.0, 8.0, 1.0]];
    let flow = include_str!("../examples/flow-direction.hood");
    for engine in [Engine::Auto, Engine::Rows, Engine::Callback, Engine::Interpreter] {
        let kernel = Kernel::compile("nth(10 * w, argmin(w)) + nth(100 * w, argmax(w)) + argmin(w)").unwrap();
        let found = Filter::new(&kernel).size(3).mode(Mode::Shrink).engine(engine).run(&a).unwrap();
        assert_eq!(found, array![210.0, 310.0, 320.0], "{engine:?}");
        // A callback has one input, and no `dist`.
        if engine == Engine::Callback {
            continue;
        }
        let kernel = Kernel::compile("input a, b; nth(b, argmin(a))").unwrap();
        let filter = Filter::new(&kernel).size(3).mode(Mode::Shrink).engine(engine);
        let found = filter.run_all::<f64>(&[(&a).into(), (&b).into()]).unwrap();
        assert_eq!(found[0], array![10.0, 10.0, 20.0].into_dyn(), "{engine:?}");
        // Cells of the border see no way out.
        let kernel = Kernel::compile(flow).unwrap();
        let found = Filter::new(&kernel).size(3).mode(Mode::Shrink).engine(engine).run(&pit).unwrap();
        assert_eq!(found, array![[1.0, 2.0, 4.0], [128.0, 1.0, 4.0], [64.0, 1.0, 0.0]], "{engine:?}");
    }
}

/// The interior of any mode is the whole of `valid`, and of `shrink`.
#[test]
fn the_interior_is_that_of_every_mode() {
    let image = Array2::from_shape_fn((40, 300), |(y, x)| ((y * 37 + x * 101) % 251) as u8);
    let filter = Filter::new(&Kernel::compile("median(w) + w[0, 3] / 4").unwrap()).size(3).cval(9.0);
    let valid = filter.clone().mode(Mode::Valid).threads(2).run(&image).unwrap();
    assert_eq!(valid.dim(), (38, 296));
    for mode in Mode::ALL.into_iter().filter(|mode| *mode != Mode::Valid) {
        let whole = filter.clone().mode(mode).run(&image).unwrap();
        assert_eq!(whole.slice(ndarray::s![1..39, 1..297]), valid, "{mode}");
    }
}

#[test]
fn any_layout_and_several_inputs_and_outputs() {
    let (height, width) = (9, 70);
    let a = Array2::from_shape_fn((height, width), |(y, x)| (y * 5 + x * 3 % 11) as f32);
    let mut b = Array2::<u8>::zeros((2 * width, height));
    b.indexed_iter_mut().for_each(|((x, y), cell)| *cell = ((x * 7 + y) % 13) as u8);
    let b = b.slice(ndarray::s![..;-2, ..]);
    let b = b.t();
    let kernel = Kernel::compile("input a, b; sum(a) - b[0, 0], min(b) + len(a)").unwrap();
    for modes in [[Mode::Shrink, Mode::Valid], [Mode::Valid, Mode::Shrink], [Mode::Shrink, Mode::Shrink]] {
        let filter = Filter::new(&kernel).size(3).modes(modes);
        let region = filter.output_region(&[height, width]).unwrap();
        let slow = filter.clone().engine(Engine::Interpreter);
        let expected = slow.run_all::<f64>(&[(&a).into(), (&b).into()]).unwrap();
        let mut first = Array2::<f64>::zeros((region[1].len(), region[0].len()));
        let mut second = Array2::<i16>::zeros((3 * region[0].len(), region[1].len()));
        {
            let mut first = first.view_mut().reversed_axes();
            let mut second = second.slice_mut(ndarray::s![..;-3, ..]);
            let outputs = &mut [(&mut first).into(), (&mut second).into()];
            filter.run_all_into(&[(&a).into(), (&b).into()], outputs, &Progress::default()).unwrap();
        }
        assert_eq!(first.t().into_dyn(), expected[0]);
        assert_eq!(second.slice(ndarray::s![..;-3, ..]).mapv(f64::from).into_dyn(), expected[1]);
        // Nothing is written beside the output.
        assert!(second.indexed_iter().all(|((y, _), value)| *value == 0 || (second.nrows() - 1 - y).is_multiple_of(3)));
    }
}

#[test]
fn a_single_value_has_no_ends() {
    let image = ndarray::arr0(3.0);
    for mode in [Mode::Shrink, Mode::Valid] {
        for engine in [Engine::Auto, Engine::Callback, Engine::Interpreter] {
            let filter = Filter::new(&Kernel::compile("sum(w) + len(w)").unwrap()).size(3).mode(mode).engine(engine);
            assert_eq!(filter.run(&image).unwrap(), ndarray::arr0(4.0));
            assert_eq!(filter.output_region(&[]).unwrap(), []);
        }
    }
}

#[test]
fn outputs_must_have_the_smaller_shape() {
    let filter = Filter::new(&Kernel::compile("min(w)").unwrap()).size(3).mode(Mode::Valid);
    let image = Array2::<u8>::ones((5, 6));
    let mut output = Array2::<u8>::zeros((5, 6));
    let error = filter.run_into(&image, &mut output).unwrap_err().to_string();
    assert!(error.contains("shape [5, 6] is not what mode `valid` leaves of the first input, [3, 4]"), "{error}");
    let mut output = Array2::<u8>::zeros((3, 4));
    filter.run_into(&image, &mut output).unwrap();
    assert_eq!(output, Array2::<u8>::ones((3, 4)));
    let shrink = filter.mode(Mode::Shrink);
    let error = shrink.run_into(&image, &mut output).unwrap_err().to_string();
    assert!(error.contains("shape [3, 4] is not that of the first input, [5, 6]"), "{error}");
}

/// The first pixel that fails is named by its index in the input, whichever part of the array is done first.
#[test]
fn failures() {
    let position = |source: &str, modes: [Mode; 2], marks: &[[usize; 2]], engine: Engine| {
        let mut image = Array2::<f32>::zeros((6, 80));
        marks.iter().for_each(|mark| image[*mark] = 7.0);
        let filter = Filter::new(&Kernel::compile(source).unwrap()).size(3).modes(modes).engine(engine);
        match filter.run(&image) {
            Err(Error::Assertion { position, message, place }) => (position, format!("{message} at {place:?}")),
            other => panic!("{other:?}"),
        }
    };
    use Mode::{Reflect, Shrink, Valid};
    for engine in [Engine::Rows, Engine::Interpreter] {
        let at = |source, modes, marks: &[[usize; 2]]| position(source, modes, marks, engine).0;
        let here = "assert w[0, 0] != 7; min(w)";
        assert_eq!(at(here, [Valid, Valid], &[[0, 4], [3, 0], [3, 79], [4, 5], [3, 77]]), [3, 77]);
        assert_eq!(at(here, [Valid, Reflect], &[[0, 4], [2, 0]]), [2, 0]);
        assert_eq!(at(here, [Shrink, Shrink], &[[5, 4], [3, 0], [2, 79], [2, 50]]), [2, 50]);
        assert_eq!(at(here, [Shrink, Shrink], &[[5, 4], [3, 0], [2, 79]]), [2, 79]);
        assert_eq!(at(here, [Shrink, Shrink], &[[5, 4], [3, 0], [3, 9]]), [3, 0]);
        assert_eq!(at("assert coord(1) < 40; min(w)", [Valid, Valid], &[]), [1, 40]);
        assert_eq!(at("assert len(w) > 6; min(w)", [Reflect, Shrink], &[]), [0, 0]);
        let (position, message) = position("rank(w, 7)", [Shrink, Valid], &[], engine);
        assert_eq!(position, [0, 1]);
        assert!(message.contains("the position must be a whole number inside the window"), "{message}");
    }
    let (found, message) = position("assert w[0, 0] != 7; min(w)", [Valid, Valid], &[[2, 3]], Engine::Callback);
    assert_eq!(found, [2, 3]);
    assert!(message.contains("line: 1"), "{message}");
    let (found, message) = position("rank(w, 7)", [Shrink, Valid], &[], Engine::Callback);
    assert_eq!(found, [0, 1]);
    assert!(message.contains("the position"), "{message}");
}

#[test]
fn progress_counts_each_output_pixel_once() {
    let image = Array2::<u8>::ones((30, 200));
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        for mode in [Mode::Shrink, Mode::Valid] {
            for threads in [1, 3] {
                let kernel = Kernel::compile("sum(w)").unwrap();
                let filter = Filter::new(&kernel).size(5).mode(mode).engine(engine).threads(threads);
                let progress = Progress::default();
                let output = filter.run_with(&image, &progress).unwrap();
                assert_eq!(progress.done(), output.len(), "{engine:?} {mode}");
                progress.cancel();
                assert!(matches!(filter.run_with(&image, &progress), Err(Error::Cancelled)), "{engine:?} {mode}");
            }
        }
    }
}

/// The number of cells, and the sum of them; remembers what it has seen.
unsafe extern "C" fn spy(window: *mut f64, len: isize, value: *mut f64, seen: *mut c_void) -> c_int {
    // SAFETY: the filter passes a window of `len` cells, and the test a mutex.
    unsafe {
        let cells = std::slice::from_raw_parts(window, len as usize);
        (*seen.cast::<Mutex<Vec<Vec<f64>>>>()).lock().unwrap().push(cells.to_vec());
        *value = cells.iter().sum();
    }
    1
}

#[test]
fn foreign_callbacks_get_the_cells_that_are_inside() {
    let seen = Mutex::new(Vec::<Vec<f64>>::new());
    // SAFETY: `spy` reads no more than it is passed, and `seen` outlives the callback.
    let callback = unsafe { Callback::foreign(spy, (&raw const seen).cast_mut().cast()) };
    let image = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let filter = Filter::with_callback(&callback).size([1, 3]).modes([Mode::Constant, Mode::Shrink]);
    assert_eq!(filter.run(&image).unwrap(), array![[3.0, 6.0, 5.0], [9.0, 15.0, 11.0]]);
    let expected: [&[f64]; 6] =
        [&[1.0, 2.0], &[1.0, 2.0, 3.0], &[2.0, 3.0], &[4.0, 5.0], &[4.0, 5.0, 6.0], &[5.0, 6.0]];
    assert_eq!(*seen.lock().unwrap(), expected);

    seen.lock().unwrap().clear();
    let filter = Filter::with_callback(&callback).size([3, 3]).modes([Mode::Constant, Mode::Shrink]).cval(10.0);
    assert_eq!(filter.run(&image).unwrap(), array![[32.0, 51.0, 36.0], [32.0, 51.0, 36.0]]);
    assert_eq!(seen.lock().unwrap()[0], [10.0, 10.0, 1.0, 2.0, 4.0, 5.0]);

    let filter = Filter::with_callback(&callback).size([2, 3]).mode(Mode::Valid);
    assert_eq!(filter.run(&image).unwrap(), array![[21.0]]);

    // All but the cells that are there.
    let filter = Filter::with_callback(&callback).size(1).origin([0]).mode(Mode::Shrink);
    assert_eq!(filter.run(&image).unwrap(), image);
    let filter = Filter::with_callback(&callback).size(2).mode(Mode::Shrink).origin([0]);
    assert_eq!(filter.run(&image).unwrap(), array![[1.0, 3.0, 5.0], [5.0, 12.0, 16.0]]);
}

#[test]
fn callbacks_that_need_every_cell_are_refused() {
    let image = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let compiled = Kernel::compile("sum(w)").unwrap();
    let footprint = Window::Size(vec![3]).footprint(2).unwrap();
    let refused = |filter: Filter, what: &str| {
        let error = filter.clone().size(3).mode(Mode::Shrink).run(&image).unwrap_err();
        assert!(matches!(error, Error::Argument { argument: "mode", .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        // Where no cell can be outside, nothing is missing.
        assert!(filter.size(3).mode(Mode::Reflect).run(&image).is_ok());
    };
    refused(Filter::with_callback(&compiled.callback_for(&footprint).unwrap()), "one number of them");
    let any = Filter::with_callback(&compiled.callback().unwrap()).size(3).mode(Mode::Shrink);
    assert_eq!(any.run(&image).unwrap(), array![[12.0, 21.0, 16.0], [12.0, 21.0, 16.0]]);
    for (source, what) in [
        ("w[0, 0]", "a cell at a fixed offset"),
        ("sum(w * offset(0))", "`offset`"),
        ("sum(w * dist())", "`dist`"),
        ("weights k; sum(w * k)", "which weight"),
    ] {
        let kernel = Kernel::compile(source).unwrap();
        let mut filter = Filter::new(&kernel).engine(Engine::Callback);
        if !kernel.weights().is_empty() {
            filter = filter.weights("k", vec![1.0; 9]);
        }
        refused(filter, what);
    }
    // A weight that is not read belongs to no cell.
    let unused = Filter::new(&Kernel::compile("weights k; sum(w)").unwrap()).weights("k", vec![1.0; 9]);
    let result = unused.engine(Engine::Callback).size(3).mode(Mode::Shrink).run(&image).unwrap();
    assert_eq!(result, array![[12.0, 21.0, 16.0], [12.0, 21.0, 16.0]]);
}

#[test]
fn values_that_are_not_finite_stay_where_they_are() {
    let mut image = Array2::<f64>::from_elem((5, 100), 1.0);
    image[[2, 50]] = f64::NAN;
    image[[0, 0]] = f64::INFINITY;
    let kernel = Kernel::compile("mean(w), max(w), sum(w where isfinite(w))").unwrap();
    for mode in [Mode::Shrink, Mode::Valid] {
        let filter = Filter::new(&kernel).size(3).mode(mode);
        let fast = filter.run_all::<f64>(&[(&image).into()]).unwrap();
        let slow = filter.clone().engine(Engine::Interpreter).run_all::<f64>(&[(&image).into()]).unwrap();
        for (fast, slow) in fast.iter().zip(&slow) {
            let same = |x: &f64, y: &f64| x == y || x.is_nan() && y.is_nan();
            assert!(fast.iter().zip(slow).all(|(x, y)| same(x, y)), "{mode}");
        }
    }
}

/// Rows of the outputs only, in every mode and on every engine, also where cells have no value.
#[test]
fn some_rows_are_those_of_all() {
    let [plain, placed] =
        ["sum(w) + 3 * median(w)", "sum(w * (offset(0) + 3)) + coord(0)"].map(|text| Kernel::compile(text).unwrap());
    let image = ndarray::Array2::from_shape_fn((23, 9), |(y, x)| ((y * 37 + x * 11) % 50) as f64);
    for mode in Mode::ALL {
        for engine in [Engine::Auto, Engine::Callback, Engine::Interpreter] {
            for nodata in [None, Some(7.0)] {
                // SciPy's callbacks know no place.
                let kernel = if engine == Engine::Callback { &plain } else { &placed };
                let filter = Filter::new(kernel).size([5, 3]).mode(mode).engine(engine);
                let filter = nodata.map_or(filter.clone(), |nodata| filter.nodata(nodata));
                let all = filter.run(&image).unwrap();
                let first = filter.output_region(&[23, 9]).unwrap()[0].start;
                let end = first + all.shape()[0];
                for rows in [first..end, first..first + 1, first + 3..end - 2, end - 1..end, first..first] {
                    let some = filter.clone().rows(rows.clone()).run(&image).unwrap();
                    let expected = all.slice(ndarray::s![rows.start - first..rows.end - first, ..]);
                    assert_eq!(some, expected, "{mode} {engine:?} {nodata:?} {rows:?}");
                }
                let beyond = filter.rows(first..end + 1).run(&image).unwrap_err().to_string();
                assert!(beyond.contains("are not all among the outputs' indices along axis 0"), "{beyond}");
            }
        }
    }
}

/// A part along every axis, whose ends are those of the array only where it ends there.
#[test]
fn a_region_is_a_part_of_the_whole() {
    let [plain, placed] =
        ["sum(w) + 3 * median(w)", "sum(w * (offset(0) + 3)) + coord(1)"].map(|text| Kernel::compile(text).unwrap());
    let image = ndarray::Array3::from_shape_fn((6, 11, 40), |(z, y, x)| ((z * 5 + y * 37 + x * 11) % 50) as f64);
    let regions = [[0..6, 0..11, 0..40], [1..5, 2..9, 3..38], [2..3, 2..11, 3..4], [1..5, 2..2, 3..38]];
    for modes in Mode::ALL.map(|mode| [mode; 3]).into_iter().chain([[Mode::Valid, Mode::Shrink, Mode::Constant]]) {
        for engine in [Engine::Auto, Engine::Callback, Engine::Interpreter] {
            // SciPy's callbacks know no place.
            let kernel = if engine == Engine::Callback { &plain } else { &placed };
            let filter = Filter::new(kernel).size([3, 5, 7]).modes(modes).cval(0.5).engine(engine);
            for filter in [filter.clone(), filter.nodata(7.0)] {
                let (all, inside) = (filter.run(&image).unwrap(), filter.output_region(image.shape()).unwrap());
                for wanted in &regions {
                    let clipped =
                        wanted.iter().zip(&inside).map(|(one, all)| one.start.max(all.start)..one.end.min(all.end));
                    let region: Vec<_> = clipped.collect();
                    let some = filter.clone().region(region.clone()).run(&image).unwrap();
                    let expected = all.slice_each_axis(|along| {
                        let axis = along.axis.index();
                        let start = inside[axis].start;
                        ndarray::Slice::from(region[axis].start - start..region[axis].end - start)
                    });
                    assert_eq!(some, expected, "{modes:?} {engine:?} {region:?}");
                }
            }
        }
    }
    let error = |region: &[std::ops::Range<usize>]| {
        Filter::new(&plain).size(3).region(region.to_vec()).run(&image).unwrap_err().to_string()
    };
    assert_eq!(error(&[0..6, 3..12]), "region: 3..12 are not all among the outputs' indices along axis 1, 0..11");
    assert_eq!(error(&[0..6, 0..1, 0..1, 0..1]), "region: 4 ranges of indices for arrays of 3 axes");
}

/// More threads than there are rows, or cores.
#[test]
fn strides_with_any_number_of_threads() {
    let filter = Filter::new(&Kernel::compile("max(w)").unwrap()).size(3).stride(2);
    let image = ndarray::Array2::from_shape_fn((3000, 5), |(y, x)| ((y * 37 + x * 11) % 50) as u8);
    let expected = filter.clone().threads(1).run(&image).unwrap();
    for threads in [2, 1500, 1_000_000, usize::MAX] {
        assert_eq!(filter.clone().threads(threads).run(&image).unwrap(), expected, "{threads}");
    }
}

/// Rows of larger arrays, which know where they are: with the rows that their pixels see, and with any axis first.
#[test]
fn parts_of_arrays_know_their_places() {
    let kernel = Kernel::compile("sum(w) + 100 * coord(0) - coord(1) + 7 * extent(0) + count(inside())").unwrap();
    let strict = Kernel::compile("assert w[0, 0] != 49; coord(0) + w[0, 0]").unwrap();
    let image = ndarray::Array2::from_shape_fn((40, 9), |(y, x)| ((y * 37 + x * 11) % 49) as f64);
    let mut bad = image.clone();
    bad[[21, 4]] = 49.0;
    for engine in [Engine::Auto, Engine::Interpreter] {
        for axes in [[0, 1], [1, 0], [-1, -2]] {
            for (nodata, stride) in [(None, 1), (Some(7.0), 1), (None, 3)] {
                let filter = Filter::new(&kernel).size(3).axes(axes).engine(engine).stride(stride);
                let filter = nodata.map_or(filter.clone(), |nodata| filter.nodata(nodata));
                let all = filter.run(&image).unwrap();
                // From row 12 on, which every stride has: of those, the pixels from row 15 to 27.
                let part = image.slice(ndarray::s![12..30, ..]);
                let some = filter.clone().rows(3..15).within(12, 40).run(&part).unwrap();
                let (first, end) = (15 / stride, (27 + stride - 1) / stride);
                assert_eq!(some, all.slice(ndarray::s![first..end, ..]), "{engine:?} {axes:?} {nodata:?} {stride}");
                let prepared = filter.within(12, 40).prepare(&[18, 9], &[DType::F64], &[DType::F64]);
                assert_eq!(prepared.is_ok(), nodata.is_none());
            }
        }
        let part = bad.slice(ndarray::s![12..30, ..]);
        let error = Filter::new(&strict).engine(engine).within(12, 40).run(&part).unwrap_err();
        assert!(error.to_string().contains("[21, 4]"), "{error}");
    }
    let one = Filter::new(&Kernel::compile("w[0] + 1").unwrap()).within(3, 9);
    assert_eq!(one.run(&ndarray::arr1(&[5u8])).unwrap()[0], 6);
}

/// Every n-th pixel is that of the whole, along any axes, in every mode and on every engine, also where cells have no value.
#[test]
fn strides_leave_pixels_out() {
    let [plain, placed] =
        ["sum(w) + 3 * median(w)", "sum(w * (offset(0) + 3)) + coord(0)"].map(|text| Kernel::compile(text).unwrap());
    let image = ndarray::Array3::from_shape_fn((7, 16, 9), |(z, y, x)| ((z * 5 + y * 37 + x * 11) % 50) as f64);
    let missing = image.mapv(|value| value == 20.0);
    for (stride, size) in [
        ([1, 2, 1], [1, 3, 3]),
        ([1, 3, 4], [3, 3, 1]),
        ([2, 1, 1], [3, 1, 3]),
        ([4, 2, 3], [1, 5, 3]),
        ([1, 1, 5], [1, 3, 3]),
        ([2, 2, 2], [3, 11, 3]),
        ([100, 7, 1], [1, 3, 3]),
    ] {
        for mode in Mode::ALL {
            for engine in [Engine::Auto, Engine::Callback, Engine::Interpreter] {
                // SciPy's callbacks know no place.
                let kernel = if engine == Engine::Callback { &plain } else { &placed };
                let filter = Filter::new(kernel).size(size).mode(mode).engine(engine).threads(2);
                for filter in [filter.clone(), filter.clone().nodata(7.0), filter.mask(&missing).fill(true)] {
                    let all = filter.run(&image).unwrap();
                    let every = |axis: usize| ndarray::Slice::new(0, None, stride[axis]);
                    let expected = all.slice_each_axis(|axis| every(axis.axis.index()));
                    let some = filter.clone().stride(stride).run(&image).unwrap();
                    assert_eq!(some, expected, "{stride:?} {size:?} {mode} {engine:?}");
                    let filter = filter.stride(stride);
                    assert_eq!(filter.output_shape(image.shape()).unwrap(), some.shape());
                    // One with cells that may be missing is not prepared.
                    if let Ok(prepared) = filter.prepare(image.shape(), &[DType::F64], &[DType::F64]) {
                        let mut again = ndarray::Array3::<f64>::zeros(some.raw_dim());
                        let mut outputs = [(&mut again).into()];
                        prepared.run_all_into(&[(&image).into()], &mut outputs, &Progress::default()).unwrap();
                        assert_eq!((again.shape(), &again), (prepared.output_shape(), &some));
                    }
                }
            }
        }
    }
    let filter = Filter::new(&plain).size(3);
    for (stride, message) in [(vec![2, 2], "2 strides for a window of 3 axes"), (vec![0], "0 is not at least 1")] {
        let error = filter.clone().stride(stride).run(&image).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    // Along the axes that are filtered; of every row, pixels that fail are named as in the whole.
    let along =
        Filter::new(&Kernel::compile("max(w)").unwrap()).size(3).axes([2, 0]).stride([2, 3]).run(&image).unwrap();
    assert_eq!(along.shape(), [3, 16, 5]);
    let fails = Kernel::compile("assert w[0, 0, 0] < 49; max(w)").unwrap();
    let found = Filter::new(&fails).size(3).stride([2, 2, 1]).run(&image).unwrap_err();
    let first = image.indexed_iter().find(|((z, y, _), value)| z % 2 == 0 && y % 2 == 0 && **value >= 49.0).unwrap().0;
    let Error::Assertion { position, .. } = found else { panic!("{found}") };
    assert_eq!(position, [first.0, first.1, first.2]);
    // Those that nobody wants do not fail.
    let bad = ndarray::Array2::from_shape_fn((40, 30), |(y, x)| f64::from(u8::from(y % 3 == 0 && x % 4 == 1)));
    let fails = Filter::new(&Kernel::compile("assert w[0, 0] < 1; w[0, 0] + coord(1)").unwrap());
    let kept = fails.clone().stride([3, 4]).run(&bad).unwrap();
    assert_eq!(kept, ndarray::Array2::from_shape_fn((14, 8), |(_, x)| 4.0 * x as f64));
    assert!(fails.stride([3, 1]).run(&bad).is_err());
}

/// Callbacks that fail where nobody wants a pixel do not fail the run, and of those that do the first in C order is named.
#[test]
fn strides_name_the_first_wanted_pixel() {
    /// Fails at windows that begin with 1.
    unsafe extern "C" fn fails_at_one(window: *mut f64, _: isize, value: *mut f64, _: *mut c_void) -> c_int {
        unsafe {
            *value = *window;
            c_int::from(*window != 1.0)
        }
    }
    // SAFETY: the function reads one cell, and windows have one.
    let callback = unsafe { Callback::foreign(fails_at_one, std::ptr::null_mut()) };
    let asserts = Kernel::compile("assert w[0, 0, 0] != 1; w[0, 0, 0]").unwrap();
    let mut image = ndarray::Array3::from_shape_fn((9, 8, 6), |(z, y, x)| (2 + z + y + x) as f64);
    image[[0, 1, 1]] = 1.0;
    let filters = [Filter::with_callback(&callback).size(1), Filter::new(&asserts), Filter::new(&asserts).threads(2)];
    for filter in filters {
        for stride in [[1, 2, 1], [1, 1, 2], [3, 1, 2], [isize::MAX, 2, isize::MAX]] {
            let every = |axis: ndarray::AxisDescription| ndarray::Slice::new(0, None, stride[axis.axis.index()]);
            let filter = filter.clone().stride(stride);
            assert_eq!(filter.run(&image).unwrap(), image.slice_each_axis(every), "{stride:?}");
        }
        let mut image = image.clone();
        (image[[4, 0, 2]], image[[2, 6, 4]]) = (1.0, 1.0);
        for stride in [[1, 2, 1], [1, 1, 2], [2, 2, 2], [1, 2, 2]] {
            let error = filter.clone().stride(stride).run(&image).unwrap_err();
            let (Error::Assertion { position, .. } | Error::Callback { position }) = &error else { panic!("{error}") };
            assert_eq!(*position, [2, 6, 4], "{stride:?}");
        }
    }
}

/// A run says once that it is over, and counts the pixels that outputs have, into however many parts it falls.
#[test]
fn progress_is_that_of_one_run() {
    let image = Array2::from_shape_fn((150, 40), |(y, x)| if y % 50 == 0 { -1.0 } else { (y + x) as f64 });
    let filter = Filter::new(&Kernel::compile("mean(w)").unwrap()).size(3);
    let asserts = Filter::new(&Kernel::compile("assert w[0, 0] < 188; w[0, 0]").unwrap()).stride([3, 2]);
    let filters = [
        (filter.clone(), 6000),
        (filter.clone().nodata(-1.0), 6000),
        (filter.clone().stride([3, 2]), 1000),
        (filter.clone().stride([3, 2]).nodata(-1.0), 1000),
        (filter.clone().stride([1, 7]), 900),
        (asserts, 1000),
    ];
    for (filter, pixels) in filters {
        let calls = std::sync::Arc::new(Mutex::new(Vec::new()));
        let told = calls.clone();
        let progress = Progress::reporting(move |done| {
            told.lock().unwrap().push(done);
            std::ops::ControlFlow::Continue(())
        });
        filter.run_with(&image, &progress).unwrap();
        assert_eq!(progress.done(), pixels);
        let calls = calls.lock().unwrap();
        assert_eq!(calls.last(), Some(&pixels));
        assert!(calls.iter().filter(|done| **done == pixels).count() <= 2, "{calls:?}");
    }
}

/// A footprint that was moved is moved further by the filter's origin.
#[test]
fn footprints_are_windows() {
    let image = array![1.0, 2.0, 3.0, 4.0, 5.0];
    let first = Filter::new(&Kernel::compile("sum(w)").unwrap()).mode(Mode::Constant);
    let one = Footprint::size(&[3]).unwrap();
    let at = |origin: isize, more: isize| {
        let moved = one.clone().with_origin(&[origin]).unwrap();
        first.clone().footprint(moved).origin(more).run(&image)
    };
    assert_eq!(at(0, 1).unwrap(), at(1, 0).unwrap());
    assert_eq!(at(1, -1).unwrap(), first.clone().size(3).run(&image).unwrap());
    assert_eq!(at(1, 0).unwrap(), array![1.0, 3.0, 6.0, 9.0, 12.0]);
    assert!(at(1, 1).unwrap_err().to_string().contains("invalid origin 2"));
    let flat = Footprint::size(&[3, 3]).unwrap();
    let error = first.clone().window(Window::from(&flat)).run(&image).unwrap_err();
    assert_eq!(error.to_string(), "footprint: the window has 2 axes, and the array is filtered along 1");
    assert_eq!(first.footprint(hoodoo::Shape::Diamond(1)).run(&image).unwrap(), array![3.0, 6.0, 9.0, 12.0, 9.0]);
}

#[test]
fn arrays_without_elements() {
    for text in ["min(w)", "rank(w, 0)", "mean(w)", "w[0, 1]"] {
        for shape in [[4, 5, 0], [0, 4, 3], [4, 0, 3]] {
            for mode in [Mode::Shrink, Mode::Reflect, Mode::Constant, Mode::Wrap] {
                let filter = Filter::new(&Kernel::compile(text).unwrap()).size(3).axes([0, 1]).mode(mode);
                let image = ndarray::Array3::<u8>::zeros(shape);
                assert_eq!(filter.run(&image).unwrap().shape(), shape, "{text} {mode:?}");
            }
        }
    }
}

fn run_all<T: hoodoo::AnyElement>(filter: &Filter, image: &Array2<T>) -> Vec<ArrayD<f64>> {
    filter.run_all(&[image.into()]).unwrap()
}

/// The ends of many rows are computed by code of their own. The interpreter is the oracle, and so is the first run, which has that code not yet.
#[test]
fn ends_of_many_rows() {
    let kernels = [
        ("min(w)", Mode::Shrink, 0.0),
        ("max(w) - min(w)", Mode::Shrink, 0.0),
        ("median(w)", Mode::Shrink, 0.0),
        ("percentile(w, 30)", Mode::Shrink, 0.0),
        ("mean(w)", Mode::Shrink, 0.0),
        ("sum(w where w > 50)", Mode::Shrink, 0.0),
        ("count(w > w[0, 0])", Mode::Shrink, 0.0),
        ("argmax(w)", Mode::Shrink, 0.0),
        ("if coord(1) > coord(0) then min(w) else len(w)", Mode::Shrink, 0.0),
        ("w[0, 1] - w[1, 0]", Mode::Shrink, 0.0),
        ("fold s = 0 for v in w: s / 2 + v", Mode::Shrink, 0.0),
        ("input w, v; max(w) + min(v where inside())", Mode::Nearest, 0.0),
        ("mode(w)", Mode::Constant, -1.5),
        ("max(w), min(w)", Mode::Constant, 0.5),
        ("std(w)", Mode::Shrink, 0.0),
    ];
    let mut random = fastrand::Rng::with_seed(5);
    for (text, mode, cval) in kernels {
        for (shape, size) in [([2100, 21], [3, 5]), ([2060, 70], [2, 3]), ([2060, 12], [5, 25])] {
            let kernel = Kernel::compile(text).unwrap();
            let filter = Filter::new(&kernel).size(size).mode(mode).cval(cval);
            let image = Array2::from_shape_fn(shape, |_| random.u8(..));
            let halves = image.mapv(|value| f32::from(value) / 2.0);
            let others = image.mapv(|value| i64::from(value) << 40);
            let all = |filter: &Filter| match kernel.inputs().len() {
                1 => [run_all(filter, &image), run_all(filter, &halves), run_all(filter, &others)].concat(),
                _ => filter.run_all::<f64>(&[(&image).into(), (&halves).into()]).unwrap(),
            };
            let expected = all(&filter.clone().engine(Engine::Interpreter));
            for (run, threads) in [1, 2, 1].into_iter().enumerate() {
                let found = all(&filter.clone().threads(threads));
                for (found, expected) in found.iter().zip(&expected) {
                    let close =
                        |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-12 * b.abs();
                    assert!(found.iter().zip(expected).all(close), "{text} {mode:?} {shape:?} {size:?} run {run}");
                }
            }
        }
    }
}

/// What depends on the order of a sum is the same in every run.
#[test]
fn ends_of_many_rows_do_not_change() {
    let mut random = fastrand::Rng::with_seed(6);
    let image = Array2::from_shape_fn((4500, 30), |_| random.f32());
    for text in ["mean(w)", "std(w)", "sum(exp(w))", "trimmed_mean(w, 1)"] {
        let filter = Filter::new(&Kernel::compile(text).unwrap()).size(4).mode(Mode::Shrink);
        let first: Array2<f64> = filter.run_as(&image).unwrap();
        for _ in 0..2 {
            assert_eq!(filter.run_as::<f64, _, _, _>(&image).unwrap(), first, "{text}");
        }
    }
}

/// Volumes and colours, in any layout and with a stride, from a prepared filter that is called again and again.
#[test]
fn ends_of_many_rows_in_volumes() {
    let mut random = fastrand::Rng::with_seed(7);
    for (shape, axes, size) in
        [([40, 40, 24], [0isize, 1, 2].as_slice(), 3), ([64, 64, 3], &[0, 1], 5), ([9, 500, 20], &[1, 2], 3)]
    {
        let image = ndarray::Array3::from_shape_fn(shape, |_| random.u8(..));
        let mut reversed = image.clone().reversed_axes();
        reversed.swap_axes(0, 2);
        for text in ["min(w)", "mean(w)", "median(w)"] {
            let filter = Filter::new(&Kernel::compile(text).unwrap()).size(size).axes(axes).mode(Mode::Shrink);
            let expected: ndarray::Array3<f32> = filter.clone().engine(Engine::Interpreter).run_as(&image).unwrap();
            let prepared = filter.prepare(&shape, &[DType::U8], &[DType::F32]).unwrap();
            for _ in 0..8 {
                assert_eq!(prepared.run::<u8, f32, _, _>(&image).unwrap(), expected, "{text} {shape:?}");
                assert_eq!(filter.run_as::<f32, _, _, _>(&reversed).unwrap(), expected, "{text} {shape:?}");
                let every: ndarray::Array3<f32> = filter.clone().stride(2).run_as(&image).unwrap();
                let steps = |axis: usize| if axes.contains(&(axis as isize)) { 2 } else { 1 };
                let wanted = expected.slice_each_axis(|along| ndarray::Slice::new(0, None, steps(along.axis.index())));
                assert_eq!(every, wanted, "{text} {shape:?}");
            }
        }
    }
}
