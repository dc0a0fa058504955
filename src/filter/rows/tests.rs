//! Plans of several passes, made by hand, against plans of one pass and against the interpreter.

use ndarray::{Array, ArrayD, ArrayViewD, Axis, Dim, IxDyn, Slice};

use super::{RowRun, run};
use crate::codegen::row::RowKernel;
use crate::error::Error;
use crate::filter::Filter;
use crate::filter::arrays::AnyElement;
use crate::filter::engine::Engine;
use crate::filter::exec::domain::Domain;
use crate::filter::exec::view::RawView;
use crate::filter::progress::Progress;
use crate::grid::boundary::Mode;
use crate::grid::copies::Copies;
use crate::grid::cut::Cut;
use crate::grid::element::{Cast, Element, Precision};
use crate::grid::lane::Lane;
use crate::grid::vectors::Vectors;
use crate::kernel::Kernel;
use crate::lang::cells::Cells;
use crate::lang::interpret::Settings;
use crate::lang::limits::Limits;
use crate::plan::chain::{Link, chain};
use crate::plan::hoist::hoist;
use crate::plan::line::Origin;
use crate::plan::{Plan, Request};
use crate::tuning;

const MODES: [Mode; 5] = [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap, Mode::Constant];
const CVAL: f64 = 7.0;

/// A kernel and the offsets of its window.
struct Step {
    text: String,
    offsets: Vec<Vec<i32>>,
    reads: Vec<Origin>,
    neutral: Vec<Option<f64>>,
}

/// The offsets of a box with so many cells along each axis.
fn box_of(size: &[usize]) -> Vec<Vec<i32>> {
    let mut offsets = vec![Vec::new()];
    for len in size {
        let along = (0..*len as i32).map(|at| at - *len as i32 / 2);
        offsets = offsets.iter().flat_map(|start| along.clone().map(move |d| [&start[..], &[d]].concat())).collect();
    }
    offsets
}

/// A step that reads one thing.
fn step(text: &str, size: &[usize], reads: Origin) -> Step {
    Step { text: text.to_string(), offsets: box_of(size), reads: vec![reads], neutral: vec![None] }
}

/// The cells of a box in two steps: along all axes but the last, then along the last.
fn two_steps(columns: &str, row: &str, size: &[usize]) -> Vec<Step> {
    let (last, outer) = size.split_last().expect("there is an axis");
    let (column, along) = ([outer, &[1]].concat(), [vec![1; outer.len()], vec![*last]].concat());
    vec![step(columns, &column, Origin::Array(0)), step(row, &along, Origin::Line(0))]
}

/// How a chain is run.
#[derive(Clone, Copy)]
struct How {
    mode: Mode,
    rows_per_call: [Option<usize>; 3],
    threads: usize,
    pause: usize,
}

const PLAIN: How = How { mode: Mode::Reflect, rows_per_call: [None; 3], threads: 1, pause: usize::MAX };

/// The plan of some steps for arrays of that shape.
fn plan_of<T: Element, U: Element>(steps: &[Step], shape: &[usize], how: &How) -> Plan {
    let request = Request {
        cells: Cells::of_footprint(shape.len(), 1, vec![0; shape.len()]),
        shrinking: Vec::new(),
        asked: Vec::new(),
        lacks_cells: false,
        least_inside: 0,
        axes: (0..shape.len()).collect(),
        ndim: shape.len(),
        column: tuning::MAX_UNROLLED_COLUMN,
        adjacent_rows: Request::adjacent_rows(shape),
        reach: Request::reach(shape, 0),
        inputs: vec![T::DTYPE],
        outputs: vec![U::DTYPE],
        cast: Cast::Saturate,
        outside: (how.mode == Mode::Constant).then(|| CVAL.to_bits()),
        precision: Precision::Exact,
        cut: Cut::Auto,
        ranks: Vec::new(),
        known: Vec::new(),
        network: tuning::MAX_NETWORK,
        vectors: Vectors::Auto,
        row_pixels: Request::row_pixels(shape),
    };
    let mut hoisted = None;
    let links = steps.iter().zip(how.rows_per_call).map(|(step, rows_per_call)| {
        let kernel = Kernel::compile(&step.text).expect(&step.text);
        let made = hoist(kernel.hir().clone(), true);
        let cells = Cells::of_footprint(shape.len(), step.offsets.len(), step.offsets.concat());
        let kernel = made.kernel.clone();
        // The constants of these tests are those of the first step.
        hoisted.get_or_insert(made);
        Link {
            cells: cells.for_kernel(&kernel).expect("the offsets have an entry for each axis"),
            kernel,
            reads: step.reads.clone(),
            neutral: step.neutral.clone(),
            rows_per_call,
            known: Vec::new(),
        }
    });
    let links: Vec<Link> = links.collect();
    chain(request, hoisted.expect("there is a step"), Vec::new(), &links, Vec::new())
}

/// Runs a plan; the number of the first pixel that fails.
fn run_plan<T: AnyElement, U: AnyElement>(
    plan: Plan,
    image: ArrayViewD<'_, T>,
    output: &mut ArrayD<U>,
    how: &How,
) -> Result<Option<usize>, Error> {
    let shape = image.shape().to_vec();
    let constants = plan.hoisted.values(&plan.request.cells, &Settings::default(), &shape);
    let kernel = RowKernel::compile(plan, &Limits::default())?;
    let domain = Domain::new(&shape, &vec![how.mode; shape.len()], CVAL, shape.iter().map(|len| 0..*len).collect());
    let row_run = RowRun {
        kernel: &kernel,
        constants: &constants,
        domain: &domain,
        region: domain.region(),
        copies: Copies::default(),
        threads: how.threads,
        progress: &Progress::default(),
        cancel_interval: how.pause,
    };
    let (input, mut output) = (T::input(image), U::output(output.view_mut()));
    let (inputs, outputs) = ([RawView::of_input(&input)], [RawView::of_output(&mut output)]);
    run(&row_run, &inputs, &outputs)
}

/// What a chain makes of an image, however many rows one call computes, with 1 and 3 threads.
fn computed<T: AnyElement, U: AnyElement>(steps: &[Step], image: ArrayViewD<'_, T>, mode: Mode) -> ArrayD<U> {
    let each = [None, Some(1), Some(4)];
    let hows = [[0, 0, 0], [1, 1, 1], [2, 2, 2], [2, 1, 2], [1, 2, 1]].map(|which| which.map(|at: usize| each[at]));
    let mut first: Option<ArrayD<U>> = None;
    for rows_per_call in hows {
        for (threads, pause) in [(1, usize::MAX), (3, 40)] {
            let how = How { mode, rows_per_call, threads, pause };
            let plan = plan_of::<T, U>(steps, image.shape(), &how);
            let mut output = ArrayD::<U>::default(image.raw_dim());
            assert_eq!(run_plan(plan, image.view(), &mut output, &how).expect("there is code"), None);
            let first = first.get_or_insert_with(|| output.clone());
            assert!(same(first, &output), "{rows_per_call:?} rows, {threads} threads, parts of {pause}");
        }
    }
    first.expect("it was run")
}

/// Whether all elements are the same; a NaN is a NaN.
fn same<T: Element>(a: &ArrayD<T>, b: &ArrayD<T>) -> bool {
    let bits = |x: &T| if x.to_f64().is_nan() { None } else { Some(x.to_f64().to_bits()) };
    a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| bits(a) == bits(b))
}

/// What one kernel makes of a box.
fn expected<T: AnyElement, U: AnyElement>(
    text: &str,
    size: &[usize],
    image: ArrayViewD<'_, T>,
    mode: Mode,
    engine: Engine,
) -> ArrayD<U> {
    let kernel = Kernel::compile(text).expect(text);
    let filter = Filter::new(&kernel).size(size).mode(mode).cval(CVAL).engine(engine);
    filter.run_as(&image).expect("the kernel runs")
}

/// An image of pseudo-random elements.
fn image<T: Element>(shape: &[usize], element: impl Fn(u32) -> T) -> ArrayD<T> {
    let mut state = 12345u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        element(state >> 8)
    };
    ArrayD::from_shape_simple_fn(IxDyn(shape), &mut next)
}

fn bytes(shape: &[usize]) -> ArrayD<u8> {
    image(shape, |random| random as u8)
}

/// Floats, with some NaN and infinities in some places.
fn floats(shape: &[usize]) -> ArrayD<f64> {
    let mut floats = image(shape, |random| f64::from(random % 1000) / 8.0 - 50.0);
    let len = floats.len();
    for (index, value) in floats.iter_mut().enumerate() {
        match index {
            _ if index == len / 3 || index == len / 2 + 1 => *value = f64::NAN,
            _ if index == 2 * len / 3 => *value = f64::NEG_INFINITY,
            _ => {}
        }
    }
    floats
}

/// Windows of one and more axes; some are larger than the arrays.
fn windows() -> Vec<(Vec<usize>, Vec<usize>)> {
    [
        (&[9, 70][..], &[3, 3][..]),
        (&[9, 70], &[4, 7]),
        (&[5, 3], &[3, 9]),
        (&[2, 40], &[9, 90]),
        (&[1, 1], &[3, 5]),
        (&[33], &[7]),
        (&[3, 4, 21], &[3, 3, 5]),
    ]
    .map(|(shape, size)| (shape.to_vec(), size.to_vec()))
    .to_vec()
}

#[test]
fn minima_of_boxes() {
    for (shape, size) in windows() {
        let image = bytes(&shape);
        for mode in MODES {
            let steps = two_steps("min(w)", "min(w)", &size);
            let wanted = expected::<u8, u8>("min(w)", &size, image.view(), mode, Engine::Interpreter);
            assert!(same(&computed(&steps, image.view(), mode), &wanted), "{size:?} of {shape:?}, {mode}");
        }
    }
}

/// The lanes of lines are those that the column's values need.
#[test]
fn sums_of_boxes() {
    let lanes = |plan: &Plan| plan.lines.iter().map(|line| line.lane).collect::<Vec<_>>();
    let steps = two_steps("sum(w)", "sum(w)", &[5, 5]);
    assert_eq!(lanes(&plan_of::<u8, i32>(&steps, &[9, 70], &PLAIN)), [Lane::U16]);
    assert_eq!(lanes(&plan_of::<f64, f64>(&steps, &[9, 70], &PLAIN)), [Lane::F64]);
    for (shape, size) in windows() {
        let image = bytes(&shape);
        for mode in MODES {
            let steps = two_steps("sum(w)", "sum(w)", &size);
            let wanted = expected::<u8, i32>("sum(w)", &size, image.view(), mode, Engine::Interpreter);
            assert!(same(&computed(&steps, image.view(), mode), &wanted), "{size:?} of {shape:?}, {mode}");
        }
    }
}

#[test]
fn maxima_with_nan() {
    for (shape, size) in windows() {
        let image = floats(&shape);
        for mode in MODES {
            let steps = two_steps("max(w)", "max(w)", &size);
            let wanted = expected::<f64, f64>("max(w)", &size, image.view(), mode, Engine::Interpreter);
            assert!(same(&computed(&steps, image.view(), mode), &wanted), "{size:?} of {shape:?}, {mode}");
        }
    }
}

/// Nine columns by runs of three: lines of lines, and a last pass that reads an array as well, of two lines at once.
#[test]
fn three_passes() {
    let (shape, size) = ([13, 90], [5, 9]);
    let image = image(&shape, |random| random as u16);
    let two = |offsets: Vec<Vec<i32>>, text: &str, reads: Vec<Origin>| Step {
        text: text.to_string(),
        offsets,
        reads,
        neutral: vec![None, None],
    };
    let steps = [
        two(box_of(&[5, 1]), "low: min(w), high: max(w)", vec![Origin::Array(0)]),
        two(box_of(&[1, 3]), "input a, b; low: min(a), high: max(b)", vec![Origin::Line(0), Origin::Line(1)]),
        two(
            box_of(&[1, 1]),
            "input w, a, b; max(b[0, -3], b[0, 0], b[0, 3]) - min(a[0, -3], a[0, 0], a[0, 3]) + w[0, 0]",
            vec![Origin::Array(0), Origin::Line(2), Origin::Line(3)],
        ),
    ];
    let plan = plan_of::<u16, f64>(&steps, &shape, &PLAIN);
    let halos: Vec<(usize, usize)> = plan.lines.iter().map(|line| (line.before, line.after)).collect();
    assert_eq!(halos, [(4, 4), (4, 4), (3, 3), (3, 3)]);
    for mode in MODES {
        let text = "max(w) - min(w) + w[0, 0]";
        let wanted = expected::<u16, f64>(text, &size, image.view().into_dyn(), mode, Engine::Interpreter);
        assert!(same(&computed(&steps, image.view().into_dyn(), mode), &wanted), "{mode}");
    }
}

/// Rows that code can't read where they are: reversed, with a step, along another axis, and of another type.
#[test]
fn other_layouts() {
    let size = [3, 5];
    let whole = image(&[30, 130], |random| random as i16);
    let mut stepped = whole.view();
    stepped.slice_axis_inplace(Axis(0), Slice::new(0, None, -2));
    stepped.slice_axis_inplace(Axis(1), Slice::new(3, None, 2));
    for view in [stepped, whole.view().reversed_axes()] {
        for mode in MODES {
            let wanted = expected::<i16, f32>("max(w)", &size, view.view(), mode, Engine::Interpreter);
            let steps = two_steps("max(w)", "max(w)", &size);
            assert!(same(&computed(&steps, view.view(), mode), &wanted), "{mode}");
        }
    }
    let wide = image(&[12, 80], |random| i64::from(random) - 4_000_000);
    let wanted = expected::<i64, i64>("min(w)", &size, wide.view(), Mode::Wrap, Engine::Interpreter);
    assert!(same(&computed(&two_steps("min(w)", "min(w)", &size), wide.view(), Mode::Wrap), &wanted));
}

/// In mode shrink, conditions on outer axes are asked for each cell, and what a line has beyond the array's ends is
/// overwritten with what changes no minimum.
#[test]
fn neutral_numbers_for_shrink() {
    let inside = "min(w where 0 <= coord(0) + offset(0) and coord(0) + offset(0) < extent(0))";
    for (shape, size) in [([9, 70], [3, 5]), ([4, 6], [5, 21]), ([3, 150], [9, 15])] {
        let image = bytes(&shape);
        let mut steps = two_steps(inside, "min(w)", &size);
        steps[0].neutral = vec![Some(255.0)];
        let wanted = expected::<u8, u8>("min(w)", &size, image.view(), Mode::Shrink, Engine::Interpreter);
        assert!(same(&computed(&steps, image.view(), Mode::Shrink), &wanted), "{size:?} of {shape:?}");
    }
}

/// Coordinates are those of the pixel that a line's number belongs to, beyond the array's ends too.
#[test]
fn coordinates_in_lines() {
    let steps = two_steps("100 * coord(0) + coord(1)", "w[0, 1] - 2 * w[0, -1]", &[1, 1]);
    let output: ArrayD<f64> = computed(&steps, bytes(&[11, 75]).view(), Mode::Nearest);
    for ((y, x), value) in output.into_dimensionality::<Dim<[usize; 2]>>().expect("two axes").indexed_iter() {
        assert_eq!(*value, -100.0 * y as f64 - x as f64 + 3.0, "{y}, {x}");
    }
}

/// Rows that don't stay in the cache are computed in strips, of which NaN in one does not touch another.
#[test]
fn strips_of_long_rows() {
    let (shape, size) = ([9, 9001], [5, 11]);
    for image in [floats(&shape), image(&shape, |random| f64::from(random % 4096))] {
        for mode in [Mode::Mirror, Mode::Constant] {
            let steps = two_steps("min(w)", "min(w)", &size);
            let wanted = expected::<f64, f64>("min(w)", &size, image.view(), mode, Engine::Rows);
            for threads in [1, 3] {
                let how = How { mode, threads, ..PLAIN };
                let mut output = ArrayD::<f64>::default(IxDyn(&shape));
                let plan = plan_of::<f64, f64>(&steps, &shape, &how);
                run_plan(plan, image.view(), &mut output, &how).expect("there is code");
                assert!(same(&output, &wanted), "{mode}, {threads} threads");
            }
        }
    }
}

/// Rows whose distance is a power of two are read as copies by columns of many cells.
#[test]
fn rows_in_the_same_sets_of_the_cache() {
    let (shape, size) = ([20, 2048], [15, 7]);
    let image = image(&shape, |random| random as u8);
    for mode in MODES {
        let steps = two_steps("min(w)", "min(w)", &size);
        let wanted = expected::<u8, u8>("min(w)", &size, image.view(), mode, Engine::Rows);
        assert!(same(&computed(&steps, image.view(), mode), &wanted), "{mode}");
    }
}

/// The first pixel that fails is found in C order although rows are computed together, in strips or not, and the pixels before
/// it are written.
#[test]
fn the_first_failure() {
    for shape in [[9, 70], [8, 9001]] {
        for (y, x) in [(0, 0), (2, 60), (3, 5), (7, 69)] {
            let mut image = Array::zeros(IxDyn(&shape));
            let pixel: usize = y * shape[1] + x;
            image[[y, x]] = 1.0;
            // Others, in rows below and, within the window's reach, to the left.
            image[[7, 0]] = 1.0;
            image[[y, shape[1] - 1]] = 1.0;
            let steps = two_steps("max(w)", "assert w[0, 0] < 1; w[0, 0] + 5", &[1, 1]);
            for rows_per_call in [[Some(4), None, None], [Some(1), None, None], [Some(8), Some(1), None]] {
                for threads in [1, 3] {
                    let how = How { rows_per_call, threads, ..PLAIN };
                    let mut output = ArrayD::<f64>::default(image.raw_dim());
                    let plan = plan_of::<f64, f64>(&steps, &shape, &how);
                    let failed = run_plan(plan, image.view(), &mut output, &how).expect("there is code");
                    assert_eq!(failed, Some(pixel.min(7 * shape[1])), "{y}, {x} of {shape:?}");
                    let before = output.iter().take(failed.unwrap_or(0));
                    assert!(before.clone().all(|value| *value == 5.0), "{y}, {x} of {shape:?}, {threads} threads");
                }
            }
        }
    }
}
