//! The rows engine against the interpreter: random kernels over arrays of every type, shape and layout; the first pixel
//! that fails; memory beyond the arrays; progress; and kernels that are large.

mod rows {
    pub mod arrays;
    pub mod kernels;
}

use hoodoo::{
    AnyElement, Cast, Copies, Cut, DType, Element as _, Engine, Error, Filter, Input, Kernel, Mode, Output, PerAxis,
    Precision, Progress, Vectors, Window, f16,
};
use ndarray::{Array1, Array2, Array3, ArrayD, Dimension as _, IxDyn, arr1};

use rows::arrays::{Guarded, LAYOUTS, Layout, Special, Stored, differs, drawn, guarded_input};
use rows::kernels::{Facts, Scope, Tape, for_each_tape};

fn compile(source: &str) -> Kernel {
    Kernel::compile(source).unwrap_or_else(|error| panic!("{source}\n{error}"))
}

// Random kernels.

/// A random filter with its arrays.
struct Case {
    facts: Vec<Facts>,
    filter: Filter,
    inputs: Vec<Stored>,
    outputs: Vec<(DType, Layout)>,
    shape: Vec<usize>,
    threads: usize,
    described: String,
}

fn shape(tape: &mut Tape, large: bool) -> Vec<usize> {
    let lasts = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 31, 32, 33, 40, 47, 63, 64, 65, 70];
    let last = if large { 100 + tape.below(300) } else { tape.one(&lasts) };
    match tape.below(8) {
        0..=4 => vec![1 + tape.below(if large { 40 } else { 9 }), last],
        5 => vec![last],
        6 => vec![1 + tape.below(3), 1 + tape.below(5), last],
        _ if large => vec![2, 3, last],
        _ => vec![],
    }
}

fn window(tape: &mut Tape, axes: usize) -> Window {
    if axes > 0 && tape.once_in(12) {
        // Loops over so many cells are not unrolled, or order statistics are not networks.
        let last = [13, 40, 150][tape.below(3)];
        return Window::Size((0..axes).map(|axis| if axis + 1 == axes { last } else { 11 / axes }).collect());
    }
    match tape.below(if axes == 0 { 1 } else { 8 }) {
        0 => Window::Size(vec![[3, 1, 2, 5][tape.below(4)]]),
        1 => Window::Size((0..axes).map(|_| 1 + tape.below(5)).collect()),
        2 => Window::Box(1),
        3 => Window::Cross(1 + tape.below(3)),
        4 => Window::Ball(1.5),
        5 => {
            // One cell, or none.
            let shape: Vec<usize> = (0..axes).map(|_| 1 + tape.below(4)).collect();
            let mut mask = ArrayD::from_elem(IxDyn(&shape), false);
            let len = mask.len();
            let cell = tape.below(len + 1);
            if cell < len {
                mask.as_slice_mut().expect("in C order")[cell] = true;
            }
            Window::Array(mask)
        }
        _ => {
            let shape: Vec<usize> = (0..axes).map(|_| 1 + tape.below(6)).collect();
            let mut random = tape.seed();
            Window::Array(ArrayD::from_shape_simple_fn(IxDyn(&shape), || random.bool()))
        }
    }
}

impl Case {
    fn draw(tape: &mut Tape, rounding: bool, large: bool) -> Case {
        let shape = shape(tape, large);
        let ndim = shape.len();
        // All axes, or some of them in another order.
        let mut axes: Vec<usize> = (0..ndim).collect();
        let all = ndim == 0 || !tape.once_in(4);
        if !all {
            let mut random = tape.seed();
            random.shuffle(&mut axes);
            axes.truncate(1 + tape.below(ndim));
        }
        let window = window(tape, axes.len());
        let footprint = window.footprint(axes.len()).expect("a window");
        let cells = footprint.len();
        let origin: Vec<isize> = footprint
            .shape()
            .iter()
            .map(|size| match tape.once_in(4) {
                true => tape.below(*size) as isize - (*size / 2) as isize,
                false => 0,
            })
            .map(|origin| origin.min(0))
            .collect();
        let modes: Vec<Mode> = axes.iter().map(|_| tape.one(&Mode::ALL[..6])).collect();
        let cval = tape.one(&[0.0, 1.0, -1.0, 2.5, 300.0, 1e10, f64::NAN, f64::INFINITY, -f64::INFINITY, -0.0, 0.1]);
        let cval = if rounding && cval == 1e10 { 3.5 } else { cval };
        let outside = modes.contains(&Mode::Constant);

        let mut inputs = Vec::new();
        let mut elements = Vec::new();
        for _ in 0..1 + tape.below(6) / 4 + tape.below(9) / 8 {
            let dtype = tape.one(&[
                DType::U8,
                DType::F64,
                DType::F32,
                DType::I16,
                DType::U16,
                DType::I8,
                DType::I32,
                DType::U32,
                DType::Bool,
                DType::I64,
                DType::U64,
                DType::F16,
            ]);
            let special = tape.one(&[Special::None, Special::Rare, Special::Common]);
            let wild = !rounding && tape.once_in(3);
            let layout = tape.one(&LAYOUTS);
            let (array, mut facts) = drawn(dtype, &shape, &mut tape.seed(), special, wild);
            if outside {
                let (most, grain): (f64, f64) = match cval {
                    value if !value.is_finite() => (0.0, 1.0),
                    0.1 => (0.1, 0.0),
                    value => (value.abs(), if value.fract() == 0.0 { 1.0 } else { 0.5 }),
                };
                facts = Facts { most: facts.most.max(most), grain: facts.grain.min(grain), ..facts };
            }
            inputs.push(Stored::new(array, layout));
            elements.push(facts);
        }
        let (weights, weight_facts) = match tape.below(if rounding { 2 } else { 3 }) {
            0 => ((0..cells).map(|i| (i % 7) as f64 - 2.0).collect(), Facts::multiples(4.0, 1.0)),
            1 => ((0..cells).map(|i| (i % 9) as f64 * 0.25).collect(), Facts::multiples(2.0, 0.25)),
            _ => {
                let some = [f64::NAN, f64::INFINITY, -0.0, 1e300, 0.1];
                ((0..cells).map(|i| some[i % 5]).collect::<Vec<f64>>(), Facts::multiples(f64::INFINITY, 0.0))
            }
        };
        let param = tape.one(&[1.0, 0.0, 2.0, -1.0, 3.5, 9.0, 1000.0, f64::NAN, f64::INFINITY, -0.0]);
        let param_facts = Facts::multiples(1000.0, 0.5);

        let count = 1 + tape.below(6) / 4 + tape.below(9) / 8;
        let mut scope = Scope {
            tape,
            inputs: elements,
            weights: weight_facts,
            param: param_facts,
            cells,
            axes: axes.len(),
            rounding,
            demands: true,
            locals: Vec::new(),
            lets: Vec::new(),
            names: 0,
        };
        let (source, facts) = scope.program(count);
        let cast = tape.one(&[Cast::Saturate, Cast::Wrap]);
        let outputs: Vec<(DType, Layout)> = facts
            .iter()
            .zip(0..)
            .map(|(facts, index)| {
                let same = inputs.get(index).map_or(DType::F64, Stored::dtype);
                let any = tape.one(&DType::ALL);
                let dtype = [DType::F64, same, any][tape.below(3)];
                (if facts.exact() { dtype } else { DType::F64 }, tape.one(&LAYOUTS))
            })
            .collect();
        let (threads, copies) = (1 + tape.below(3), Copies::ALL[tape.below(2)]);
        let cut = tape.one(&[Cut::Auto, Cut::Auto, Cut::Always, Cut::Moving]);
        let mut filter = Filter::new(&compile(&source))
            .window(window.clone())
            .origin(origin.clone())
            .modes(modes.clone())
            .cval(cval)
            .param("t", param)
            .weights("k", weights.clone())
            .copies(copies)
            .cut(cut)
            .cast(cast);
        if !all {
            filter = filter.axes(axes.iter().map(|axis| *axis as isize).collect::<PerAxis>());
        }
        let types: Vec<String> = inputs.iter().map(|input| format!("{} {:?}", input.dtype(), input.layout)).collect();
        let described = format!(
            "{source}\nshape {shape:?} axes {axes:?} {window:?} origin {origin:?} {modes:?} cval {cval} t {param} \
             k {weights:?} {cast:?} threads {threads} {copies:?} cut {cut}\n   inputs {types:?}, outputs {outputs:?}\n   {facts:?}"
        );
        Case { facts, filter, inputs, outputs, shape, threads, described }
    }

    fn run(
        &self,
        engine: Engine,
        threads: usize,
        precision: Precision,
        vectors: Vectors,
    ) -> Result<Vec<Stored>, Error> {
        let mut outputs: Vec<Stored> =
            self.outputs.iter().map(|(dtype, layout)| Stored::canary(*dtype, &self.shape, *layout)).collect();
        let inputs: Vec<Input<'_>> = self.inputs.iter().map(Stored::input).collect();
        let mut views: Vec<Output<'_>> = outputs.iter_mut().map(Stored::output).collect();
        let progress = Progress::default();
        let filter = self.filter.clone().engine(engine).threads(threads).precision(precision).vectors(vectors);
        filter.run_all_into(&inputs, &mut views, &progress)?;
        let pixels: usize = self.shape.iter().product();
        assert_eq!(progress.done(), pixels, "progress of {engine:?}");
        Ok(outputs)
    }

    fn check(&self) -> Result<(), String> {
        let expected = self.run(Engine::Interpreter, 1, Precision::Exact, Vectors::Auto);
        let actual = self.run(Engine::Rows, self.threads, Precision::Exact, Vectors::Bits128);
        self.check_vectors(&actual, self.threads, Precision::Exact)?;
        let fail = |message: String| Err(format!("{message}\n{}", self.described));
        match (expected, actual) {
            (Ok(expected), Ok(actual)) => {
                for (index, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
                    let facts = self.facts[index];
                    if let Some(message) = differs(expected, actual, facts.error, facts.unsigned_zero) {
                        return fail(format!("output {index}: {message}"));
                    }
                    if !actual.gaps_are_untouched() {
                        return fail(format!("output {index}: written between the elements"));
                    }
                }
                Ok(())
            }
            (Err(expected), Err(actual)) if expected.to_string() == actual.to_string() => Ok(()),
            (Err(expected), Err(actual)) => fail(format!("{actual} instead of {expected}")),
            (Err(expected), Ok(_)) => fail(format!("no error instead of {expected}")),
            (Ok(_), Err(actual)) => fail(actual.to_string()),
        }
    }
}

impl Case {
    /// In single precision there is code for every kernel; its values are another test's.
    fn check_single(&self) -> Result<(), String> {
        let narrow = self.run(Engine::Rows, 1, Precision::Single, Vectors::Bits128);
        self.check_vectors(&narrow, 1, Precision::Single)?;
        match narrow {
            Ok(_) | Err(Error::Assertion { .. }) => Ok(()),
            Err(error) => Err(format!("{error}\n{}", self.described)),
        }
    }

    /// Wider vectors give the same bits, but for the signs of zeros that are not specified.
    fn check_vectors(
        &self,
        narrow: &Result<Vec<Stored>, Error>,
        threads: usize,
        precision: Precision,
    ) -> Result<(), String> {
        for vectors in [Vectors::Bits256, Vectors::Bits512] {
            self.check_width(narrow, threads, precision, vectors)?;
        }
        Ok(())
    }

    fn check_width(
        &self,
        narrow: &Result<Vec<Stored>, Error>,
        threads: usize,
        precision: Precision,
        vectors: Vectors,
    ) -> Result<(), String> {
        let fail = |message: String| Err(format!("with vectors of {vectors} bits: {message}\n{}", self.described));
        match (narrow, self.run(Engine::Rows, threads, precision, vectors)) {
            (Ok(narrow), Ok(wide)) => {
                for (index, (narrow, wide)) in narrow.iter().zip(&wide).enumerate() {
                    if let Some(message) = differs(narrow, wide, 0.0, self.facts[index].unsigned_zero) {
                        return fail(format!("output {index}: {message}"));
                    }
                    if !wide.gaps_are_untouched() {
                        return fail(format!("output {index}: written between the elements"));
                    }
                }
                Ok(())
            }
            (Err(narrow), Err(wide)) if narrow.to_string() == wide.to_string() => Ok(()),
            (Err(narrow), Err(wide)) => fail(format!("{wide} instead of {narrow}")),
            (Err(narrow), Ok(_)) => fail(format!("no error instead of {narrow}")),
            (Ok(_), Err(wide)) => fail(wide.to_string()),
        }
    }
}

/// Runs a case, so that a panic is a failure that shrinks.
fn check(tape: &mut Tape, rounding: bool, large: bool) -> Result<(), String> {
    let case = Case::draw(tape, rounding, large);
    let single = tape.once_in(4);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        case.check()?;
        if single { case.check_single() } else { Ok(()) }
    }));
    outcome.unwrap_or_else(|_| Err(format!("a panic\n{}", case.described)))
}

/// How many times as many cases to try as usual, by the variable `HOODOO_CASES`.
fn cases(usual: u32) -> u32 {
    let times: f64 = std::env::var("HOODOO_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    (f64::from(usual) * times) as u32
}

/// Kernels whose values engines may not round differently.
#[test]
fn exact_kernels_have_the_interpreters_bits() {
    for_each_tape(cases(300), |tape| check(tape, false, false));
}

/// The same where rows are long enough to be read where they are, and there are enough of them for several threads.
#[test]
fn exact_kernels_over_large_arrays_have_the_interpreters_bits() {
    for_each_tape(cases(25), |tape| check(tape, false, true));
}

/// The same where the processor has less than this one: the tests of random kernels in a process that makes it pass for another.
#[test]
fn older_processors() {
    let program = std::env::current_exe().unwrap();
    for processor in ["basic", "avx2"] {
        let mut command = std::process::Command::new(&program);
        command.arg("interpreters_bits").env("HOODOO_PROCESSOR", processor).env("HOODOO_CASES", "0.3");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("2 passed"), "{processor}: {text}");
    }
}

/// Kernels with sums and functions that are rounded differently.
#[test]
fn rounded_kernels_are_close_to_the_interpreter() {
    for_each_tape(cases(120), |tape| check(tape, true, false));
}

/// In single precision, benign kernels are close to the interpreter.
#[test]
fn single_precision_is_close() {
    let sources = [
        "mean(a)",
        "sum(a)",
        "max(a) - min(a)",
        "sqrt(var(a))",
        "median(a)",
        "percentile(a, 37.5)",
        "sum(exp(-abs(a)) * k) / sum(exp(-abs(a)))",
        "mean(a where a > 2)",
        "a[0, 0] * 3 - a[0, 1]",
        "sin(a[0, 0]) + cos(a[0, 0])",
        "trimmed_mean(a, 1)",
        "(fold s = 0 for v in a: s * 0.5 + v)",
        "log(1 + mean(a))",
        "coord(1) + a[0, 0]",
        "count(a > t)",
        "argmax(a)",
    ];
    for (index, source) in sources.iter().enumerate() {
        let kernel = compile(&format!("input a; param t = 2; weights k; {source}"));
        for width in [1, 2, 5, 16, 61, 200] {
            let mut random = fastrand::Rng::with_seed(index as u64 * 1000 + width as u64);
            let image = Array2::from_shape_simple_fn((6, width), || random.f32() * 8.0);
            let filter = Filter::new(&kernel).size(3).mode(Mode::Mirror).weights("k", [0.5; 9]);
            let expected: Array2<f64> = filter.clone().engine(Engine::Interpreter).run_as(&image).unwrap();
            let actual: Array2<f32> = filter.engine(Engine::Rows).precision(Precision::Single).run_as(&image).unwrap();
            for (x, y) in expected.iter().zip(&actual) {
                let y = f64::from(*y);
                let close = (x - y).abs() <= 1e-4 * (1.0 + x.abs()) || x.is_nan() && y.is_nan();
                assert!(close, "{source} on a width of {width}: {y} instead of {x}");
            }
        }
    }
}

/// What is the same for all pixels is a float in f32 arithmetic, also where it is known to be one of a few whole numbers.
#[test]
fn single_precision_beside_powers_of_two() {
    let sources = [
        (
            "param r = 2; let d = if dist() <= r then 1 else 0; let g = exp(-(a - a[0,0])**2 / 8) * d; sum(g * a) / sum(g)",
            5,
        ),
        ("param r = 2; let g = exp(-(a - a[0,0])**2 / 8); sum(g * a where dist() <= r) + count(dist() <= r)", 5),
        ("let d = if dist() <= 6 then 1 else 0; let g = exp(-(a - a[0,0])**2 / 8) * d; sum(g * a) / sum(g)", 13),
        ("param r = 2; exp2(a[0,0]) * (if r > 0 then 3 else 2)", 3),
        ("param r = 2; exp2(a[0,0] / 3) + floor(clamp(r, 1, 10)) * a[0,0]", 3),
        ("param r = 2; let k = floor(clamp(r * dist(), 1, 200)); sum(exp2(-a / 9) * k)", 5),
        ("weights k; exp2(a[0,0]) * count(k > 0)", 3),
        ("weights k; sum(exp(-a * k) * (if k > 0.25 then 300 else 2))", 3),
    ];
    let mut random = fastrand::Rng::with_seed(5);
    let image = Array2::from_shape_simple_fn((17, 70), || random.f32() * 8.0);
    for (source, size) in sources {
        let filter = Filter::new(&compile(&format!("input a; {source}"))).size(size);
        let filter = if source.contains("weights") { filter.weights("k", [0.5; 9]) } else { filter };
        let expected: Array2<f64> = filter.clone().engine(Engine::Interpreter).run_as(&image).unwrap();
        for vectors in Vectors::ALL {
            let filter = filter.clone().precision(Precision::Single).vectors(vectors);
            let actual: Array2<f32> = filter.run(&image).unwrap();
            for (x, y) in expected.iter().zip(&actual) {
                assert!((x - f64::from(*y)).abs() <= 1e-4 * (1.0 + x.abs()), "{source}: {y} instead of {x}");
            }
        }
    }
}

/// Quotients that are made whole are those of a division.
#[test]
fn single_precision_divides_where_the_quotient_is_whole() {
    let image = Array2::from_shape_fn((4, 256), |(_, x)| x as u8);
    for divisor in 1..=255u8 {
        for (source, expected) in [
            ("param d; w[0, 0] % d", image.mapv(|x| x % divisor)),
            ("param d; floor(w[0, 0] / d)", image.mapv(|x| x / divisor)),
            ("param d; trunc(-w[0, 0] / d) * -1", image.mapv(|x| x / divisor)),
        ] {
            let filter = Filter::new(&compile(source)).precision(Precision::Single).param("d", divisor);
            assert_eq!(filter.run(&image).unwrap(), expected, "{source}, {divisor}");
        }
    }
    for source in ["w[0, 0] % 41", "floor(w[0, 0] / 41) * 0 + w[0, 0] % 41"] {
        let filter = Filter::new(&compile(source)).precision(Precision::Single);
        assert_eq!(filter.run(&image).unwrap(), image.mapv(|x| x % 41), "{source}");
    }
    let small = Filter::new(&compile("w[0, 0] / 1e-39")).precision(Precision::Single);
    let quotients = small.run(&Array2::from_shape_fn((2, 40), |(y, _)| y as f32 * 1e-30)).unwrap();
    assert!(
        quotients.row(0).iter().all(|x| *x == 0.0) && quotients.row(1).iter().all(|x| (x / 1e9 - 1.0).abs() < 1e-3)
    );
}

/// The reciprocal of a param may be beyond the largest single: 0 divided by it is 0 all the same, and by 0 it is NaN.
#[test]
fn single_precision_divides_by_tiny_params() {
    let image = Array2::from_shape_fn((9, 40), |(y, x)| (y * 7 + x * 3) as f32);
    let source = "param s = 1; let g = exp(-(w - w[0, 0])**2 / (2 * s**2)); sum(g * w) / sum(g)";
    let filter = Filter::new(&compile(source)).size(5).precision(Precision::Single);
    assert_eq!(filter.clone().param("s", 1e-20).run(&image).unwrap(), image);
    assert!(filter.param("s", 0).run(&image).unwrap().iter().all(|value| value.is_nan()));
}

/// A number less itself is NaN if it is one, also as the product of the only cell.
#[test]
fn single_precision_keeps_nan_of_one_cell() {
    let image = Array2::from_shape_fn((3, 40), |(_, x)| if x == 7 { f32::INFINITY } else { x as f32 });
    for source in ["prod(w) - w[0, 0]", "w[0, 0] - prod(w)", "sum(w) - w[0, 0]", "max(w) - w[0, 0]"] {
        let given = Filter::new(&compile(source)).size(1).precision(Precision::Single).run(&image).unwrap();
        let right = given.iter().zip(&image).all(|(y, x)| if x.is_infinite() { y.is_nan() } else { *y == 0.0 });
        assert!(right, "{source}: {given}");
    }
}

/// In f32s, whole numbers beyond 2^24 are rounded, and what overflows is infinite, and then NaN.
#[test]
fn single_precision_rounds_to_what_an_output_lacks() {
    let single = |source: &str| Filter::new(&compile(source)).size([1, 3]).precision(Precision::Single);
    let greatest = Array2::from_elem((4, 20), i32::MAX);
    assert_eq!(single("mean(w)").run(&greatest).unwrap(), greatest);
    assert_eq!(single("w[0, 0] - 0.5").run(&greatest).unwrap(), greatest);
    let greatest = Array2::from_elem((4, 20), u32::MAX);
    assert_eq!(single("mean(w)").run(&greatest).unwrap(), greatest);
    let far = Array2::from_elem((4, 20), 3e9f32);
    let clamped: Array2<i32> = single("clamp(w[0, 0], 0, 2147483647)").run_as(&far).unwrap();
    assert_eq!(clamped, Array2::from_elem((4, 20), i32::MAX));
    let clamped: Array2<u32> = single("clamp(w[0, 0] * 4, 0, 4294967295)").run_as(&far).unwrap();
    assert_eq!(clamped, Array2::from_elem((4, 20), u32::MAX));

    let image = Array2::from_shape_fn((4, 20), |(_, x)| if x % 2 == 0 { 1e30f32 } else { 2.0 });
    let large = image.mapv(|x| f32::from(u8::from(x > 2.0)));
    assert_eq!(single("isnan(w[0, 0] * 1e30 - w[0, 0] * 1e31)").run(&image).unwrap(), large);
    assert_eq!(single("w[0, 0] * w[0, 0] > 3.5e38").run(&image).unwrap(), large);
    for parameter in [1e300, f64::INFINITY] {
        let filter = single("param t; isnan(w[0, 0] * 0 * t)").param("t", parameter);
        assert_eq!(filter.run(&image).unwrap(), Array2::<f32>::ones((4, 20)), "{parameter}");
    }
}

/// The square of a difference is computed once for both signs, but not in lanes that have one of them only.
#[test]
fn squares_of_differences() {
    let sources = [
        "sum((max(a) - a) ** 2)",
        "sum((a - min(a)) ** 2)",
        "let x = min(a); let y = max(a); (y - x) ** 2",
        "let d = max(a) - a; mean(d * d)",
        "let d = a[0, 1] - a[0, 0]; let f = a[0, 0] - a[0, 1]; d * d + f * f",
        "let x = a * 2; sum((x - min(x)) ** 2)",
        "sum((a - median(a)) ** 2)",
    ];
    for source in sources {
        let filter = Filter::new(&compile(&format!("input a; {source}"))).size(3).mode(Mode::Mirror);
        for dtype in DType::ALL {
            let (array, _) = drawn(dtype, &[7, 70], &mut fastrand::Rng::with_seed(7), Special::None, false);
            let input = Stored::new(array, Layout::Standard);
            let run = |engine: Engine| {
                let mut output = Stored::canary(DType::F64, &[7, 70], Layout::Standard);
                let filter = filter.clone().engine(engine);
                filter.run_all_into(&[input.input()], &mut [output.output()], &Progress::default()).unwrap();
                output
            };
            let difference = differs(&run(Engine::Interpreter), &run(Engine::Rows), 1e-9, false);
            assert_eq!(difference, None, "{source} of {dtype}");
        }
    }
}

/// A quotient that is rounded to an integer is computed in lanes of f32, if nobody else sees it; ties go to the even number.
#[test]
fn rounded_quotients() {
    let sources = [
        "mean(a)",
        "sum(a) / 6",
        "(a[0, 0] + a[0, 1]) / 2, (a[0, 0] - 3 * a[0, 1]) / 7",
        "let m = mean(a); m, m - a[0, 0]",
        "-sum(a) / 4001",
    ];
    for source in sources {
        for size in [2, 3, 4, 5, 12] {
            let filter = Filter::new(&compile(&format!("input a; {source}"))).size(size).mode(Mode::Mirror);
            for (from, to) in [
                (DType::U8, DType::U8),
                (DType::I8, DType::I8),
                (DType::U8, DType::I32),
                (DType::I16, DType::I16),
                (DType::U16, DType::U16),
                (DType::Bool, DType::U8),
                (DType::I16, DType::U8),
            ] {
                let (array, _) = drawn(from, &[9, 90], &mut fastrand::Rng::with_seed(9), Special::None, false);
                let input = Stored::new(array, Layout::Standard);
                let run = |engine: Engine| {
                    let canary = |_| Stored::canary(to, &[9, 90], Layout::Standard);
                    let mut made: Vec<Stored> = (0..output_count(source)).map(canary).collect();
                    let mut views: Vec<_> = made.iter_mut().map(Stored::output).collect();
                    let filter = filter.clone().engine(engine);
                    filter.run_all_into(&[input.input()], &mut views, &Progress::default()).unwrap();
                    drop(views);
                    made
                };
                for (exact, rows) in run(Engine::Interpreter).iter().zip(&run(Engine::Rows)) {
                    assert_eq!(differs(exact, rows, 0.0, false), None, "{source}, {size}, {from} to {to}");
                }
            }
        }
    }
}

/// How many outputs a source has.
fn output_count(source: &str) -> usize {
    compile(&format!("input a; {source}")).outputs().len()
}

/// An array without axes has one pixel, whose distance from itself is 0, and not -0.
#[test]
fn distances_without_axes() {
    let filter = Filter::new(&compile("input a; 1 / nth(dist(), 0)")).size(3);
    for engine in [Engine::Rows, Engine::Interpreter] {
        let value = filter.clone().engine(engine).run(&ndarray::arr0(3.0)).unwrap();
        assert_eq!(value[()], f64::INFINITY, "{engine}");
    }
}

/// From each element type to each, in both ways.
#[test]
fn casts_are_the_interpreters() {
    let kernel = compile("input a; o: a[0], n: -a[0], d: a[0] - 300, h: a[0] * 0.5, m: a[0] * a[1], b: a[0] > a[1]");
    for from in DType::ALL {
        let (array, _) = drawn(from, &[37], &mut fastrand::Rng::with_seed(5), Special::Common, true);
        let input = Stored::new(array, Layout::Standard);
        for to in DType::ALL {
            for cast in [Cast::Saturate, Cast::Wrap] {
                let run = |engine: Engine| {
                    let mut outputs: Vec<Stored> =
                        (0..6).map(|_| Stored::canary(to, &[37], Layout::Standard)).collect();
                    let mut views: Vec<Output<'_>> = outputs.iter_mut().map(Stored::output).collect();
                    let filter = Filter::new(&kernel).cast(cast).engine(engine);
                    filter.run_all_into(&[input.input()], &mut views, &Progress::default()).unwrap();
                    outputs
                };
                for (index, (x, y)) in run(Engine::Interpreter).iter().zip(&run(Engine::Rows)).enumerate() {
                    let difference = differs(x, y, 0.0, false);
                    assert_eq!(difference, None, "output {index} from {from} to {to}, {cast:?}");
                }
            }
        }
    }
}

/// Every f16 comes out as it went in, and as the same f64; a NaN as some NaN.
#[test]
fn every_f16_passes_through_every_engine() {
    let all = Array2::from_shape_fn((256, 256), |(y, x)| f16::from_bits((y << 8 | x) as u16));
    let spread = Array2::from_shape_fn((256, 512), |(y, x)| all[[y, x / 2]]);
    let spread = spread.slice(ndarray::s![.., ..;2]);
    for kernel in ["w[0, 0]", "min(w)", "median(w)", "w[0, 0] * 2 / 2"].map(compile) {
        for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
            for image in [all.view(), spread] {
                let filter = Filter::new(&kernel).size(1).engine(engine);
                let halves: Array2<f16> = filter.run(&image).unwrap();
                let doubles: Array2<f64> = filter.run_as(&image).unwrap();
                for ((from, to), wide) in all.iter().zip(&halves).zip(&doubles) {
                    let same = from.to_bits() == to.to_bits() && wide.to_bits() == from.to_f64_const().to_bits();
                    assert!(same || from.is_nan() && to.is_nan() && wide.is_nan(), "{from} {to} {wide} by {engine}");
                }
            }
        }
    }
}

/// An f64 is rounded to an f16 once: what is next to the middle of two neighbours is not taken for it.
#[test]
fn f64s_become_f16s_by_one_rounding() {
    let ties = (0..0x7bff).flat_map(|bits| {
        let middle = (f16::from_bits(bits).to_f64_const() + f16::from_bits(bits + 1).to_f64_const()) / 2.0;
        let even = f16::from_bits(bits + (bits & 1));
        [(middle.next_down(), f16::from_bits(bits)), (middle, even), (middle.next_up(), f16::from_bits(bits + 1))]
    });
    let beyond = [(65519.99, f16::MAX), (65520.0, f16::INFINITY), (-1e300, -f16::INFINITY)];
    let (image, expected): (Vec<f64>, Vec<f16>) = ties.chain(beyond).unzip();
    let image = Array1::from(image);
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        for cast in [Cast::Saturate, Cast::Wrap] {
            let kernel = compile("w[0]");
            let halves: Array1<f16> = Filter::new(&kernel).cast(cast).engine(engine).run_as(&image).unwrap();
            assert!(halves.iter().eq(&expected), "{engine}");
        }
    }
}

/// What narrow lanes have not: the sign of a zero, and NaN.
#[test]
fn zeros_have_signs_and_nan_compares_with_nothing() {
    let sources = [
        "(-a[0]) * 3",
        "1 / (a[0] * -1)",
        "1 / (a[0] * 0)",
        "a[0] * 0 - 0",
        "(-a[0]) + (a[0] * -0.0)",
        "trunc(a[0] * -0.25)",
        "if a[0] > 3 then -a[0] * 0 else -a[0]",
        "sum(-a * 0)",
        "nth(-a, 1)",
        "1 / (fold s = -0.0 for v in a: s * v)",
        "sqrt(-abs(a[0]) * 0)",
        "fma(-a[0], 0, -0.0)",
        "a[0] * a[0] >= 0",
        "abs(a[0]) >= 0",
        "0 <= abs(a[0])",
        "abs(a[0]) < 0",
        "count(abs(a) >= 0)",
        "clamp(a[0], 0, 1) <= 1",
        "a[0] == a[0]",
        "a[0] != a[0]",
        "isnan(a[0] - a[0])",
        "count(a - a == 0)",
        "min(a) <= max(a)",
        "max(a) - min(a) >= 0",
    ];
    for source in sources {
        let kernel = compile(&format!("input a; {source}"));
        for from in DType::ALL {
            let (array, _) = drawn(from, &[61], &mut fastrand::Rng::with_seed(9), Special::Common, true);
            let input = Stored::new(array, Layout::Standard);
            let run = |engine: Engine| {
                let mut output = Stored::canary(DType::F64, &[61], Layout::Standard);
                let filter = Filter::new(&kernel).size(3).engine(engine);
                filter.run_all_into(&[input.input()], &mut [output.output()], &Progress::default()).unwrap();
                output
            };
            let unsigned = source.contains("min(");
            let difference = differs(&run(Engine::Interpreter), &run(Engine::Rows), 0.0, unsigned);
            assert!(difference.is_none(), "{source} of {from}: {difference:?}");
        }
    }
}

// The first pixel that fails.

#[test]
fn the_first_pixel_that_fails_is_named() {
    let sources = [
        "assert w[0, 0] != 7; min(w)",
        "assert max(w) < 250; w[0, 0]",
        "rank(w, if w[0, 0] == 7 then 9 else 0)",
        "nth(w, if w[0, 0] == 7 then -1 else 2)",
        "percentile(w, if w[0, 0] == 7 then 101 else 2)",
        "assert w[0, 0] != 7; assert w[0, 1] < 250; median(w)",
    ];
    let mut random = fastrand::Rng::with_seed(3);
    for source in sources {
        let kernel = compile(source);
        for shape in [[1, 1], [1, 5], [5, 1], [3, 16], [7, 33], [2, 200], [40, 300], [150, 90]] {
            for bad in 0..4 {
                let mut image = Array2::from_shape_simple_fn(shape, || random.u8(8..250));
                for _ in 0..bad {
                    let at = [random.usize(..shape[0]), random.usize(..shape[1])];
                    image[at] = if random.bool() { 7 } else { 255 };
                }
                let filter = Filter::new(&kernel).size(3).mode(Mode::Nearest);
                let expected = filter.clone().engine(Engine::Interpreter).run(&image).map_err(|e| e.to_string());
                for threads in 1..4 {
                    let actual = filter.clone().threads(threads).run(&image).map_err(|error| error.to_string());
                    assert_eq!(actual, expected, "{source} {shape:?} {threads}");
                    let floats = image.mapv(f64::from);
                    let actual = filter.clone().threads(threads).run(&floats).map_err(|error| error.to_string());
                    let actual = actual.map(|array| array.mapv(|x| u8::from_f64(x, Cast::Saturate)));
                    assert_eq!(actual, expected, "{source} {shape:?} {threads}, f64");
                }
            }
        }
    }
}

/// Volumes are computed in parts of planes, so not in the order in which a failure counts.
#[test]
fn volumes_in_parts() {
    let mut random = fastrand::Rng::with_seed(5);
    let image = Array3::from_shape_simple_fn([4, 21, 1200], || random.u16(..));
    let kernel = compile("param bad = -1; assert w[0, 0, 0] != bad; 2 * min(w) - max(w)");
    let filter = Filter::new(&kernel).window("cross:1".parse().unwrap()).mode(Mode::Wrap);
    let expected: Array3<f64> = filter.clone().engine(Engine::Interpreter).run_as(&image).unwrap();
    for threads in 1..3 {
        let filter = filter.clone().threads(threads);
        assert_eq!(filter.run_as::<f64, _, _, _>(&image).unwrap(), expected);
        let unchecked =
            Filter::new(&compile("2 * min(w) - max(w)")).window("cross:1".parse().unwrap()).mode(Mode::Wrap);
        assert_eq!(unchecked.threads(threads).run_as::<f64, _, _, _>(&image).unwrap(), expected);
        for _ in 0..20 {
            // The value is somewhere else as well, as a rule.
            let bad = f64::from(image[[random.usize(2..4), random.usize(..21), random.usize(..1200)]]);
            let failing = filter.clone().param("bad", bad);
            let run = |filter: Filter| filter.run_as::<f64, _, _, _>(&image).unwrap_err().to_string();
            assert_eq!(run(failing.clone()), run(failing.engine(Engine::Interpreter)));
        }
    }
}

/// Division by a whole number takes no division.
#[test]
fn means_are_rounded_once() {
    let mut random = fastrand::Rng::with_seed(6);
    let kernel = compile("mean(w)");
    for cells in (2..10).chain((11..200).step_by(3)) {
        let limit = (1i64 << 53) / cells as i64;
        let image = Array1::from_shape_simple_fn(300, || {
            let magnitude = random.i64(1..limit) >> random.u32(..50);
            (if random.bool() { magnitude } else { -magnitude }) as f64
        });
        let means = Filter::new(&kernel).size([cells]).mode(Mode::Valid).run(&image).unwrap();
        for (x, mean) in means.iter().enumerate() {
            let sum: i64 = (0..cells).map(|cell| image[x + cell] as i64).sum();
            assert_eq!(*mean, sum as f64 / cells as f64, "{sum} / {cells}");
        }
    }
    let overflowing = Filter::new(&kernel).size([3]).run(&arr1(&[1e308, 1e308, 1e308])).unwrap();
    assert_eq!(overflowing, arr1(&[f64::INFINITY; 3]));
}

// Memory beyond the arrays.

/// What is laid out against guard pages.
const GUARDED_KERNELS: [(&str, &[usize]); 8] = [
    ("w[0, 0]", &[1, 1]),
    ("min(w)", &[3, 3]),
    ("sum(w)", &[1, 5]),
    ("max(w) - w[0, 0]", &[5, 2]),
    ("median(w)", &[3, 3]),
    ("count(w > 3)", &[2, 9]),
    ("w[0, 0] - w[-1, 2]", &[1, 1]),
    ("mean(w where w > 3)", &[4, 4]),
];

/// The vectors that are wider than Cranelift's.
const WIDE: [Vectors; 2] = [Vectors::Bits256, Vectors::Bits512];

fn against_guard_pages<T: AnyElement + PartialEq + std::fmt::Debug>() {
    for (index, (source, size)) in GUARDED_KERNELS.iter().enumerate() {
        let kernel = compile(source);
        let widths = (1..=140).filter(|width| (width + index) % if *width < 70 { 3 } else { 8 } == 0);
        let widths: Vec<usize> = widths.chain([1, 16, 290]).collect();
        for width in widths {
            let shape = [1 + (width * 7 + index) % 6, width];
            let mode = Mode::ALL[(width + index) % 5];
            let image = ArrayD::from_shape_fn(IxDyn(&shape), |at| {
                T::from_f64(((at[0] * 37 + at[1] * 11) % 23) as f64, Cast::Saturate)
            });
            let filter = Filter::new(&kernel).window(Window::from(*size)).mode(mode).cval(2.0).threads(1);
            let expected: ArrayD<T> = filter.clone().vectors(Vectors::Bits128).run(&image).unwrap();
            for (vectors, at_end) in WIDE.into_iter().flat_map(|vectors| [(vectors, true), (vectors, false)]) {
                let filter = filter.clone().vectors(vectors);
                // Rows that follow each other, are apart, and are in reverse order.
                for (pitch, step, reversed) in
                    [(width, 1, false), (width + 5, 1, false), (2 * width, 2, false), (width, 1, true)]
                {
                    let from = Guarded::<T>::new(shape, pitch, step, reversed, at_end);
                    let mut to = Guarded::<T>::new(shape, pitch, step, reversed, at_end);
                    let input = guarded_input(&from, &image);
                    to.fill_with_canary();
                    filter
                        .run_all_into(&[(&input).into()], &mut [(&mut to.view_mut()).into()], &Progress::default())
                        .unwrap();
                    assert_eq!(to.view().into_dyn(), expected, "{source} {shape:?} pitch {pitch} step {step}");
                    assert!(to.gaps_are_untouched(), "{source} {shape:?} pitch {pitch} step {step}");
                }
            }
        }
    }
}

#[test]
fn nothing_outside_the_arrays_is_touched() {
    against_guard_pages::<u8>();
    against_guard_pages::<i16>();
    against_guard_pages::<f32>();
    against_guard_pages::<f64>();
    against_guard_pages::<i64>();
}

/// An output of another type than the input, against guard pages on both sides.
#[test]
fn nothing_outside_arrays_of_two_types_is_touched() {
    let kernel = compile("max(w)");
    for (width, vectors) in (1..=140).map(|width| (width, WIDE[width % 2])) {
        let shape = [3, width];
        let image = ArrayD::from_shape_fn(IxDyn(&shape), |at| ((at[0] * 37 + at[1] * 11) % 23) as u8);
        let filter = Filter::new(&kernel).size(3).threads(1).vectors(vectors);
        let expected: ArrayD<u8> = filter.clone().vectors(Vectors::Bits128).run(&image).unwrap();
        for at_end in [true, false] {
            let from = Guarded::<u8>::new(shape, width, 1, false, at_end);
            let input = guarded_input(&from, &image);
            let mut wide = Guarded::<f64>::new(shape, width, 1, false, at_end);
            filter
                .run_all_into(&[(&input).into()], &mut [(&mut wide.view_mut()).into()], &Progress::default())
                .unwrap();
            assert_eq!(wide.view().into_dyn(), expected.mapv(f64::from), "width {width}");
            let mut bools = Guarded::<bool>::new(shape, width, 1, false, at_end);
            filter
                .run_all_into(&[(&input).into()], &mut [(&mut bools.view_mut()).into()], &Progress::default())
                .unwrap();
            assert_eq!(bools.view().into_dyn(), expected.mapv(|x| x > 0), "width {width}");
        }
    }
}

// Progress.

#[test]
fn a_run_that_is_cancelled_before_it_starts_writes_nothing() {
    let kernel = compile("min(w)");
    for shape in [[1, 1], [3, 70], [300, 300]] {
        for threads in 1..4 {
            let image = Array2::<u8>::zeros(shape);
            let mut output = Array2::<f32>::from_elem(shape, 5.0);
            let progress = Progress::default();
            progress.cancel();
            let filter = Filter::new(&kernel).size(3).threads(threads);
            let result = filter.run_all_into(&[(&image).into()], &mut [(&mut output).into()], &progress);
            assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
            assert!(output.iter().all(|x| *x == 5.0), "{shape:?} is written to");
            assert_eq!(progress.done(), 0);
        }
    }
}

#[test]
fn all_pixels_are_reported_as_done() {
    for (source, shape) in [
        ("min(w)", vec![70_000]),
        ("assert min(w) >= 0; max(w)", vec![150_001]),
        ("median(w)", vec![5, 7, 33]),
        ("sum(w)", vec![300, 301]),
        ("min(w)", vec![]),
        ("min(w)", vec![0, 3]),
    ] {
        for threads in 1..4 {
            let image = ArrayD::<u8>::from_shape_fn(IxDyn(&shape), |at| {
                (0..at.ndim()).map(|axis| at[axis] * 37).sum::<usize>() as u8
            });
            let progress = Progress::default();
            let filter = Filter::new(&compile(source)).size(3).threads(threads);
            let output = filter.run_with(&image, &progress).unwrap();
            assert_eq!(progress.done(), image.len(), "{source} {shape:?}");
            if source != "sum(w)" {
                let callback = filter.clone().engine(Engine::Callback).run(&image).unwrap();
                assert!(output == callback, "{source} {shape:?}");
            }
        }
    }
}

/// The first pixel that fails in a row that is computed in several parts.
#[test]
fn failures_in_a_long_row() {
    let kernel = compile("assert w[0] != 7; max(w)");
    for bad in [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 149_999] {
        for others in [150_000, bad + 1, bad + 5000] {
            let mut image = Array1::<u8>::zeros(150_000);
            image[bad] = 7;
            if let Some(other) = image.get_mut(others) {
                *other = 7;
            }
            match Filter::new(&kernel).size(5).run(&image) {
                Err(Error::Assertion { position, .. }) => assert_eq!(position, [bad]),
                other => panic!("{bad}: {other:?}"),
            }
        }
    }
}

/// The index along a row, in each part of it.
#[test]
fn coordinates_in_a_long_row() {
    for len in [1, 2, 65_535, 65_537, 150_001] {
        let image = Array1::<f32>::ones(len);
        for (size, mode) in [(1, Mode::Wrap), (5, Mode::Mirror), (12, Mode::Constant)] {
            let kernel = compile("coord(0) * 2 + extent(0) + w[0]");
            let output: Array1<f64> = Filter::new(&kernel).size(size).mode(mode).run_as(&image).unwrap();
            let right = output.iter().enumerate().all(|(x, value)| *value == (2 * x + len + 1) as f64);
            assert!(right, "{len} {size} {mode}");
        }
    }
}

#[test]
fn a_run_can_be_cancelled_from_another_thread() {
    let kernel = compile("median(w where w > 3)");
    let image = Array2::from_shape_fn((3000, 1000), |(y, x)| ((y * 37 + x * 11) % 101) as u8);
    for threads in 1..4 {
        let progress = Progress::default();
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                while progress.done() == 0 {
                    std::thread::yield_now();
                }
                progress.cancel();
            });
            Filter::new(&kernel).size(7).threads(threads).run_with(&image, &progress)
        });
        assert!(matches!(result, Err(Error::Cancelled)), "{threads} threads");
        assert!(progress.done() < image.len(), "{} done", progress.done());
    }
}

// Large kernels.

fn agree_on<T: AnyElement + PartialEq + std::fmt::Debug>(filter: &Filter, image: &Array2<T>, tolerance: f64) {
    let outputs = filter.run_all::<f64>(&[image.into()]).unwrap();
    let expected = filter.clone().engine(Engine::Interpreter).run_all::<f64>(&[image.into()]).unwrap();
    for (index, (x, y)) in outputs.iter().zip(&expected).enumerate() {
        for (x, y) in x.iter().zip(y) {
            let close = x == y || (x - y).abs() <= tolerance * y.abs() || x.is_nan() && y.is_nan();
            assert!(close, "output {index}: {x} instead of {y}");
        }
    }
}

#[test]
fn large_windows() {
    fn on<T: AnyElement + PartialEq + std::fmt::Debug>() {
        let image =
            Array2::from_shape_fn((3, 9), |(y, x)| T::from_f64(((y * 37 + x * 11) % 101) as f64, Cast::Saturate));
        let weights: Vec<f64> = (0..101 * 101).map(|i| (i % 17) as f64 - 8.0).collect();
        for source in ["min(w)", "weights k; sum(w * k)", "median(w)"] {
            let mut filter = Filter::new(&compile(source)).size(101).mode(Mode::Wrap);
            if source.contains('k') {
                filter = filter.weights("k", weights.clone());
            }
            agree_on(&filter, &image, 0.0);
        }
    }
    on::<u8>();
    on::<f32>();
    on::<f64>();
}

/// Long rows are computed in parts, each by the code for what it reads.
#[test]
fn values_that_are_not_finite_in_long_rows() {
    fn on<T: AnyElement + PartialEq + std::fmt::Debug>(random: &mut fastrand::Rng) {
        let sources =
            ["min(w)", "max(w) - w[0, -2]", "median(w)", "mean(w where not isnan(w))", "w[1, 5] * 0 + w[-1, 0]"];
        for source in sources {
            let filter = Filter::new(&compile(source)).size(3);
            for _ in 0..12 {
                let mut image = Array2::from_shape_simple_fn((7, 2600), || T::from_f64(random.f64(), Cast::Saturate));
                // Near the ends of parts above all, which are powers of two and their multiples.
                for _ in 0..3 {
                    let near = random.usize(0..11) * 256 + random.usize(0..12);
                    let x = near.saturating_sub(6).min(2599);
                    let value = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][random.usize(0..3)];
                    image[[random.usize(0..7), x]] = T::from_f64(value, Cast::Saturate);
                }
                let mode = Mode::ALL[random.usize(0..5)];
                let filter = filter.clone().mode(mode).cval(f64::INFINITY).threads(random.usize(1..3));
                agree_on(&filter, &image, 1e-15);
            }
        }
    }
    let mut random = fastrand::Rng::with_seed(9);
    on::<f32>(&mut random);
    on::<f64>(&mut random);
}

/// Rows do not run along an axis of a few elements, such as colours; no pixel can tell.
#[test]
fn arrays_with_short_last_axes() {
    fn on<T: AnyElement + PartialEq + std::fmt::Debug>(random: &mut fastrand::Rng) {
        let cases: [(&[usize], &[isize]); 7] = [
            (&[20, 40, 3], &[0, 1]),
            (&[20, 40, 3], &[1, 0]),
            (&[9, 33, 4], &[0, 1, 2]),
            (&[300, 1], &[0, 1]),
            (&[100, 8], &[1]),
            (&[3, 64, 2, 2], &[3, -3]),
            (&[40, 2], &[0]),
        ];
        for (shape, axes) in cases {
            let image =
                ArrayD::from_shape_simple_fn(IxDyn(shape), || T::from_f64(random.f64() * 255.0, Cast::Saturate));
            let last = axes.len() - 1;
            let shifted = format!("w[{}] - w[{}]", vec!["1"; last + 1].join(", "), vec!["0"; last + 1].join(", "));
            let placed = format!("coord(0) * 1000 + coord({last}) + extent(0) + argmax(w)");
            for source in ["max(w) - min(w)", "median(w)", "sum(w) / 4", &shifted, &placed] {
                for mode in Mode::ALL {
                    let filter = Filter::new(&compile(source)).size(3).axes(axes).mode(mode).cval(7.0);
                    let run = |engine: Engine| -> Vec<ArrayD<f64>> {
                        filter.clone().engine(engine).run_all(&[T::input(image.view())]).unwrap()
                    };
                    let (actual, expected) = (run(Engine::Rows), run(Engine::Interpreter));
                    assert_eq!(actual[0].shape(), expected[0].shape());
                    for (x, y) in actual[0].iter().zip(&expected[0]) {
                        assert!(
                            (x - y).abs() <= 1e-13 * y.abs() || x.is_nan() && y.is_nan(),
                            "{source} along {axes:?} of {shape:?}, {mode:?}: {x}, {y}"
                        );
                    }
                }
            }
        }
    }
    let mut random = fastrand::Rng::with_seed(10);
    on::<u8>(&mut random);
    on::<f32>(&mut random);
    let plan = Filter::new(&compile("min(w)")).size(3).axes([0, 1]);
    let listed =
        |filter: &Filter| filter.listing(hoodoo::Listing::Plan, &[20, 40, 3], &[DType::U8], &[DType::U8]).unwrap();
    assert!(listed(&plan).starts_with("axes 1 to 2 as one"), "{}", listed(&plan));
    let wide = listed(&plan.size([43, 43]));
    assert!(wide.starts_with("axes in the order [2, 0, 1]: rows along the last would be short"), "{wide}");
    // An error names the first pixel in C order.
    let demanding = Filter::new(&compile("assert w[0, 0] < 5; w[0, 0]")).axes([0, 1]);
    let image =
        Array3::from_shape_fn(
            (20, 40, 3),
            |(y, x, c)| if (y, x, c) == (3, 4, 2) || (y, x, c) == (3, 5, 0) { 9.0 } else { 1.0 },
        );
    let error = demanding.run(&image).unwrap_err();
    assert!(matches!(&error, Error::Assertion { position, .. } if *position == [3, 4, 2]), "{error}");
}

/// Short rows are computed several by one call even if they have no cells in common, also where the last call has fewer.
#[test]
fn short_rows_with_nothing_in_common() {
    let mut random = fastrand::Rng::with_seed(11);
    for (source, size) in [("w[0, 0] * 2 - w[0, 1]", [1, 1]), ("mean(w)", [1, 3]), ("median(w)", [1, 5])] {
        let filter = Filter::new(&compile(source)).size(size).threads(1);
        let listed = |width: usize| {
            filter.listing(hoodoo::Listing::Plan, &[20, width], &[DType::F64], &[DType::F64]).expect("a plan")
        };
        assert!(listed(200).contains(": rows are short"), "{}", listed(200));
        assert!(listed(2000).contains("in one call: 1: no cells in common"), "{}", listed(2000));
        for (height, width) in [(1, 40), (2, 1), (3, 7), (8, 64), (9, 33), (21, 300)] {
            for mode in [Mode::Reflect, Mode::Shrink, Mode::Valid] {
                let image = Array2::from_shape_fn((height, width), |_| random.f64() * 100.0);
                agree_on(&filter.clone().modes([mode]), &image, 1e-13);
                agree_on(&filter.clone().modes([mode]), &image.mapv(|value| value as u8), 1e-13);
            }
        }
    }
}

/// Short rows that are copied box by box with what is around them, against copies that are made row by row: many rows, volumes, pixels that
/// know where they are, elements that are not finite, several threads.
#[test]
fn boxes_of_short_rows() {
    fn check<T: AnyElement>(source: &str, shape: &[usize], random: &mut fastrand::Rng, special: bool) {
        let mut image =
            ArrayD::from_shape_simple_fn(IxDyn(shape), || T::from_f64(random.f64() * 200.0, Cast::Saturate));
        if special {
            let last = image.len() - 1;
            for (index, value) in [(0, f64::NAN), (last / 2, f64::INFINITY), (last, f64::NAN)] {
                image.as_slice_mut().expect("in C order")[index] = T::from_f64(value, Cast::Saturate);
            }
        }
        for mode in Mode::ALL {
            let filter = Filter::new(&compile(source)).size(3).modes([mode]).cval(9.0);
            let run = |copies, threads| filter.clone().copies(copies).threads(threads).run(&image).expect(source);
            let expected = run(Copies::Rows, 1);
            for threads in [1, 3] {
                let actual = run(Copies::Auto, threads);
                let same = |(x, y): (&T, &T)| {
                    let (x, y) = (x.to_f64(), y.to_f64());
                    x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan()
                };
                assert_eq!(actual.shape(), expected.shape());
                assert!(actual.iter().zip(&expected).all(same), "{source} {shape:?} {mode} {} {threads}", T::DTYPE);
            }
        }
    }
    let mut random = fastrand::Rng::with_seed(21);
    for (source, shape) in [
        ("min(w)", &[3001, 41][..]),
        ("median(w) + coord(0) * 3 - coord(1)", &[500, 300]),
        ("mean(w) * 2", &[30, 41, 53]),
        ("max(w) - w[0, 0, 0] + coord(0) - coord(1) * coord(2)", &[7, 90, 70]),
        ("sum(w where w > 20)", &[5, 6, 40, 33]),
    ] {
        check::<u8>(source, shape, &mut random, false);
        check::<f64>(source, shape, &mut random, false);
        check::<f64>(source, shape, &mut random, true);
        check::<i64>(source, shape, &mut random, false);
    }
    // Of several pixels that fail, in several boxes, the first is named.
    let mut image = Array3::<f64>::zeros((40, 50, 60));
    for place in [[9, 40, 3], [9, 39, 59], [30, 0, 0]] {
        image[place] = 7.0;
    }
    let filter = Filter::new(&compile("assert w[0, 0, 0] < 5; max(w)")).size(3);
    for (copies, threads) in [(Copies::Auto, 1), (Copies::Auto, 3), (Copies::Rows, 2)] {
        let failed = filter.clone().copies(copies).threads(threads).run(&image).unwrap_err().to_string();
        assert!(failed.contains("[9, 39, 59]"), "{failed}");
    }
}

/// Cells that are farther away than the array is long: memory is for the rows, not for what is between.
#[test]
fn cells_that_are_far_away() {
    let far: Vec<String> = (0..60).map(|y| format!("w[{y}, 1048576] + w[{y}, -1048576]")).collect();
    let sources = [
        "w[0, 1000000] + w[1, 0]".to_string(),
        "w[0, 0] - w[-1, 5000] + w[1, -4097] * w[0, 4096] - w[0, 4095]".to_string(),
        "w[0, 1048576] * w[0, -1048575]".to_string(),
        far.join(" + "),
    ];
    for source in &sources {
        let kernel = compile(source);
        for mode in Mode::ALL {
            // A long row would take the interpreter long.
            let shapes =
                [[120, 1], [1, 1], [3, 70], [2, 5000]].into_iter().take(if source.len() > 100 { 2 } else { 4 });
            for shape in shapes.filter(|_| mode != Mode::Valid) {
                let image = Array2::from_shape_fn(shape, |(y, x)| ((y * 37 + x * 11) % 101) as f32);
                agree_on(&Filter::new(&kernel).mode(mode).cval(-1.0).size(1), &image, 0.0);
            }
        }
    }
    // Rows that are longer are read where they are.
    let long = Array2::from_shape_fn((1, 30_000), |(_, x)| (x * 7 % 1009) as u16);
    let short = long.slice(ndarray::s![.., ..900]).to_owned();
    agree_on(&Filter::new(&compile("max(w) - min(w)")).size([1, 10001]).mode(Mode::Mirror), &short, 0.0);
    agree_on(&Filter::new(&compile("w[0, -9000] - w[0, 4100] + w[0, 20000]")).size(1).mode(Mode::Wrap), &long, 0.0);
}

/// Tables of large windows may be far from the code that reads them.
#[test]
fn code_reaches_its_tables() {
    let image = Array2::from_shape_fn((20, 30), |(y, x)| ((y * 37 + x * 11) % 101) as f64);
    let mut between: Vec<Vec<u8>> = Vec::new();
    for extra in 0..4 {
        let mut reserved = Vec::new();
        // Memory that is never touched; where it can't be had, the test is none.
        if reserved.try_reserve_exact(3 << 30).is_ok() {
            between.push(reserved);
        }
        let kernel = compile(&format!("min(w) + {extra}"));
        let result = Filter::new(&kernel).size([95 + extra, 120]).engine(Engine::Rows).run(&image).unwrap();
        let least = image.iter().copied().fold(f64::INFINITY, f64::min);
        assert_eq!(result[[10, 15]], least + extra as f64);
        assert!(!kernel.clif(Some(&Window::Size(vec![200]).footprint(1).unwrap())).unwrap().contains("colocated"));
    }
}

/// Near the least normal number a reciprocal is not exact enough.
#[test]
fn quotients_of_tiny_sums() {
    let mut random = fastrand::Rng::with_seed(8);
    let image = Array2::from_shape_simple_fn((8, 300), || f64::from_bits(random.u64(..0x0080_0000_0000_0000)));
    for divisor in [3, 7, 9, 25, 49, 1000] {
        let kernel = compile(&format!("sum(w) / {divisor}"));
        for engine in [Engine::Rows, Engine::Callback] {
            let result = Filter::new(&kernel).size(1).engine(engine).run(&image).unwrap();
            assert_eq!(result, image.mapv(|x| x / f64::from(divisor)), "{divisor} on {engine:?}");
        }
    }
}

/// Rows a multiple of 2 KiB apart, which are read as copies where many are read at once.
#[test]
fn rows_that_are_in_the_same_sets_of_the_cache() {
    fn on<T: AnyElement + PartialEq + std::fmt::Debug>(width: usize) {
        let image = Array2::from_shape_fn((21, width), |(y, x)| {
            T::from_f64(((y * 37 + x * 11 + x / 97) % 101) as f64, Cast::Saturate)
        });
        for (number, source) in ["min(w)", "mean(w)", "median(w)", "w[-1, 0] - w[1, 1]"].into_iter().enumerate() {
            let mode = [Mode::Reflect, Mode::Constant, Mode::Wrap, Mode::Shrink][(number + width / 512) % 4];
            agree_on(&Filter::new(&compile(source)).size(3).mode(mode).cval(7.0), &image, 1e-14);
        }
    }
    on::<u8>(4096);
    on::<u8>(6144);
    on::<i16>(2048);
    on::<f32>(512);
    on::<f32>(1024);
    on::<f64>(1024);
}

#[test]
fn order_statistics_of_81_cells() {
    let sources = [
        "median(w)",
        "rank(w, 20)",
        "percentile(w, 33)",
        "trimmed_mean(w, 20)",
        "mode(w)",
        "variety(w)",
        "entropy(w)",
        "nth(w, argmin(w))",
        "median(w where w > 20)",
        "rank(w where w > 20, 1)",
        "param q = 30; percentile(w where w != 7, q)",
        "median(w * 2.5 - w[0, 0])",
        "rank(w, 3), rank(w, 77), median(w), percentile(w, 90)",
    ];
    fn on<T: AnyElement + PartialEq + std::fmt::Debug>(source: &str) {
        let image =
            Array2::from_shape_fn((5, 21), |(y, x)| T::from_f64(((y * 37 + x * 11) % 101) as f64, Cast::Saturate));
        for window in [Window::Size(vec![9]), Window::Size(vec![3, 27]), Window::Size(vec![81, 1])] {
            agree_on(&Filter::new(&compile(source)).window(window), &image, 1e-14);
        }
    }
    for source in sources {
        on::<u8>(source);
        on::<f32>(source);
        on::<f64>(source);
    }
}

#[test]
fn kernels_with_many_outputs_and_reductions() {
    let outputs: Vec<String> =
        (0..60).map(|index| format!("o{index}: min(w + {index}) + rank(w, {})", index % 9)).collect();
    let sums: Vec<String> = (0..40).map(|index| format!("sum(max(w, {index})) * {index}")).collect();
    let image = Array2::from_shape_fn((4, 37), |(y, x)| ((y * 37 + x * 11) % 101) as u8);
    for source in [outputs.join(", "), sums.join(" + "), sums.join(", ")] {
        let kernel = compile(&source);
        agree_on(&Filter::new(&kernel).size(3), &image, 0.0);
        agree_on(&Filter::new(&kernel).size(3), &image.mapv(f32::from), 0.0);
        agree_on(&Filter::new(&kernel).window(Window::Size(vec![11, 12])), &image.mapv(f64::from), 0.0);
    }
}

#[test]
fn sums_are_the_same_with_vectors_of_every_size() {
    let image = ArrayD::from_shape_fn(IxDyn(&[1, 4, 5]), |at| if at[1] == at[2] { 3 + at[1] as u8 } else { 0 });
    let filter = Filter::new(&compile("sum(exp(-abs(-w)))")).size(5).axes([1, 0]);
    let [narrow, others @ ..] = [Vectors::Bits128, Vectors::Bits256, Vectors::Bits512, Vectors::Auto].map(|vectors| {
        let mut sums = ArrayD::<f64>::zeros(image.shape());
        filter.clone().vectors(vectors).run_into(&image, &mut sums).unwrap();
        sums
    });
    for wide in others {
        assert_eq!(wide, narrow);
    }
}
