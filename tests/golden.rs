//! Filters against SciPy: every case of `tests/golden/cases.jsonl`, whose fields `tests/golden/generate.py` documents,
//! on every engine, with one thread and several, and with arrays of every layout.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hoodoo::{AnyElement, Cast, DType, Element, Engine, Error, Filter, Input, Kernel, Mode, Progress, Window};
use ndarray::{ArrayD, Axis, IxDyn, Slice};
use serde_json::Value;

/// The file's text.
const CASES: &str = include_str!("golden/cases.jsonl");

/// The size that the committed file must not reach.
const MAX_BYTES: usize = 2_000_000;

/// The modes that SciPy has.
const SCIPY_MODES: [Mode; 5] = [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap, Mode::Constant];

/// How many failures are worth reading.
const SHOWN: usize = 10;

/// How an array lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    /// In C order.
    Standard,
    /// In Fortran order.
    Fortran,
    /// Backward along every axis.
    Reversed,
    /// Every other element of a larger array along every axis.
    Spread,
    /// Every third element, backward, with the axes in memory in Fortran order.
    SpreadReversedFortran,
    /// With a stride of 0 along the axes where nothing changes.
    Broadcast,
}

/// The layouts that any array can have.
const LAYOUTS: [Layout; 5] =
    [Layout::Standard, Layout::Fortran, Layout::Reversed, Layout::Spread, Layout::SpreadReversedFortran];

/// An element type whose bits can be read and written.
trait Bits: AnyElement {
    fn of_bits(bits: u64) -> Self;
    fn raw(self) -> u64;
}

impl Bits for bool {
    fn of_bits(bits: u64) -> bool {
        bits != 0
    }

    fn raw(self) -> u64 {
        self.into()
    }
}

macro_rules! integer_bits {
    ($($type:ty: $unsigned:ty),*) => {
        $(impl Bits for $type {
            fn of_bits(bits: u64) -> $type {
                bits as $type
            }

            fn raw(self) -> u64 {
                (self as $unsigned).into()
            }
        })*
    };
}

integer_bits!(i8: u8, u8: u8, i16: u16, u16: u16, i32: u32, u32: u32, i64: u64, u64: u64);

impl Bits for f32 {
    fn of_bits(bits: u64) -> f32 {
        f32::from_bits(bits as u32)
    }

    fn raw(self) -> u64 {
        self.to_bits().into()
    }
}

impl Bits for f64 {
    fn of_bits(bits: u64) -> f64 {
        f64::from_bits(bits)
    }

    fn raw(self) -> u64 {
        self.to_bits()
    }
}

/// Runs `$body` with the type alias `$name` standing for the type of `$dtype`.
macro_rules! with_type {
    ($dtype:expr, $name:ident => $body:expr) => {
        with_type!($dtype, $name => $body; Bool bool, I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64,
            U64 u64, F32 f32, F64 f64)
    };
    ($dtype:expr, $name:ident => $body:expr; $($variant:ident $type:ty),*) => {
        match $dtype {
            $(DType::$variant => {
                type $name = $type;
                $body
            })*
            other => unreachable!("{other} is not in the list"),
        }
    };
}

fn dtype(value: &Value) -> DType {
    value.as_str().expect("a name").parse().expect("a dtype")
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().expect("a list").iter().map(item).collect()
}

fn lengths(value: &Value) -> Vec<usize> {
    list(value, |length| length.as_u64().expect("a length") as usize)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().expect("a number").parse().expect("a number"))
}

/// The elements' bits, from the hex of their little-endian bytes.
fn elements(hex: &Value, dtype: DType) -> Vec<u64> {
    let digits = hex.as_str().expect("hex").as_bytes();
    let width = 2 * with_type!(dtype, T => size_of::<T>());
    let byte = |pair: &[u8]| u64::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    let element = |digits: &[u8]| digits.chunks(2).rev().fold(0, |bits, pair| bits << 8 | byte(pair));
    digits.chunks(width).map(element).collect()
}

/// An array with these elements in C order, that lies in memory as `layout` says.
fn laid_out<T: Bits>(shape: &[usize], elements: &[u64], layout: Layout) -> ArrayD<T> {
    let (step, fortran) = match layout {
        Layout::Standard | Layout::Broadcast => (1, false),
        Layout::Fortran => (1, true),
        Layout::Reversed => (-1, false),
        Layout::Spread => (2, false),
        Layout::SpreadReversedFortran => (-3, true),
    };
    // What lies between the elements must never be seen.
    let spread: Vec<usize> = shape.iter().map(|length| length * isize::unsigned_abs(step)).collect();
    let mut array = ArrayD::from_elem(IxDyn(&spread), T::of_bits(0x5555_5555_5555_5555));
    if fortran {
        let transposed: Vec<usize> = spread.iter().rev().copied().collect();
        array = array.into_shape_with_order(IxDyn(&transposed)).expect("the same length").reversed_axes();
    }
    for (axis, length) in spread.iter().enumerate().filter(|(_, length)| **length > 0) {
        array.slice_axis_inplace(Axis(axis), Slice::new(0, Some(*length as isize), step));
    }
    for (element, bits) in array.iter_mut().zip(elements) {
        *element = T::of_bits(*bits);
    }
    array
}

/// Gives `run` the array as an input of that layout.
fn with_input<R>(case: &Case, layout: Layout, run: impl FnOnce(Input<'_>) -> R) -> R {
    with_type!(case.dtype, T => {
        let mut array = laid_out::<T>(&case.shape, &case.data, layout);
        if layout != Layout::Broadcast {
            return run((&array).into());
        }
        for axis in 0..array.ndim() {
            let same = |lane: ndarray::ArrayView1<'_, T>| lane.iter().all(|x| x.raw() == lane[0].raw());
            if array.lanes(Axis(axis)).into_iter().all(same) {
                array.slice_axis_inplace(Axis(axis), Slice::from(..1));
            }
        }
        run((&array.broadcast(IxDyn(&case.shape)).expect("its axes have the length or 1")).into())
    })
}

/// The bits of the filter's output in C order.
fn run<T: Bits>(filter: &Filter, input: Input<'_>, layout: Layout) -> Result<Vec<u64>, Error> {
    let mut output = laid_out::<T>(input.shape(), &[], layout);
    filter.run_all_into(&[input], &mut [(&mut output).into()], &Progress::default())?;
    Ok(output.iter().map(|element| element.raw()).collect())
}

/// A line of the file.
struct Case {
    name: String,
    source: String,
    shape: Vec<usize>,
    dtype: DType,
    data: Vec<u64>,
    modes: Vec<Mode>,
    out_dtype: DType,
    expected: Vec<u64>,
    /// `None` for bit by bit.
    rtol: Option<f64>,
    filter: Filter,
}

impl Case {
    /// Whether integers beyond 2^53 are chosen, and not computed with.
    fn chooses_large_integers(&self) -> bool {
        let chooses = ["min(w)", "max(w)", "median(w)", "rank(w, 0)"].contains(&self.source.as_str());
        self.name.starts_with("kernels wide") && matches!(self.dtype, DType::I64 | DType::U64) && chooses
    }

    fn read(line: &str) -> Case {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let text = |field: &str| case[field].as_str().expect("a string").to_string();
        let source = text("kernel");
        let kernel = Kernel::compile(&source).unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        let window = match &case["footprint"] {
            Value::Null => Window::Size(lengths(&case["size"])),
            footprint => {
                let cells = footprint[1].as_str().expect("cells").chars().map(|cell| cell == '1').collect();
                Window::Array(ArrayD::from_shape_vec(IxDyn(&lengths(&footprint[0])), cells).expect("as many cells"))
            }
        };
        let modes = list(&case["modes"], |mode| mode.as_str().expect("a name").parse().expect("a mode"));
        let signed = |value: &Value| value.as_i64().expect("a whole number") as isize;
        let mut filter = Filter::new(&kernel)
            .window(window)
            .modes(modes.iter().copied())
            .cval(number(&case["cval"]))
            .origin(list(&case["origin"], signed))
            .cast(Cast::Wrap);
        if !case["axes"].is_null() {
            filter = filter.axes(list(&case["axes"], signed));
        }
        for (name, value) in case["params"].as_object().expect("an object") {
            filter = filter.param(name, number(value));
        }
        for (name, values) in case["weights"].as_object().expect("an object") {
            filter = filter.weights(name, list(values, number));
        }
        let (dtype, out_dtype) = (dtype(&case["dtype"]), dtype(&case["out_dtype"]));
        Case {
            name: text("name"),
            source,
            shape: lengths(&case["shape"]),
            dtype,
            data: elements(&case["data"], dtype),
            modes,
            out_dtype,
            expected: elements(&case["expected"], out_dtype),
            rtol: case["compare"].get("rtol").map(number),
            filter,
        }
    }

    /// Whether an output element is what SciPy has.
    fn agrees(&self, actual: u64, expected: u64) -> bool {
        let value = |bits| with_type!(self.out_dtype, T => T::of_bits(bits).to_f64());
        let (value, truth) = (value(actual), value(expected));
        let is_float = self.out_dtype.is_float();
        match self.rtol {
            _ if actual == expected => true,
            Some(rtol) => (value - truth).abs() <= rtol * truth.abs() || value.is_nan() && truth.is_nan(),
            None => is_float && (value.is_nan() && truth.is_nan() || value == 0.0 && truth == 0.0),
        }
    }

    /// Runs the case; a message if the output is wrong.
    fn check(&self, engine: Engine, threads: usize, layouts: (Layout, Layout)) -> Result<(), String> {
        let filter = self.filter.clone().engine(engine).threads(threads);
        let output = catch_unwind(AssertUnwindSafe(|| {
            with_input(self, layouts.0, |input| with_type!(self.out_dtype, T => run::<T>(&filter, input, layouts.1)))
        }));
        let problem = match output {
            Err(_) => "it panicked".to_string(),
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(output)) => {
                assert_eq!(output.len(), self.expected.len(), "{}", self.name);
                let mut pairs = output.iter().zip(&self.expected);
                if pairs.all(|(actual, expected)| self.agrees(*actual, *expected)) {
                    return Ok(());
                }
                let values = |bits: &[u64]| -> Vec<String> {
                    let value = |bits: &u64| with_type!(self.out_dtype, T => format!("{:?}", T::of_bits(*bits)));
                    bits.iter().map(value).collect()
                };
                format!("expected {}\n   actual {}", values(&self.expected).join(" "), values(&output).join(" "))
            }
        };
        Err(format!(
            "{}\n   kernel {}\n   {engine:?}, threads {threads}, input {:?}, output {:?}\n   {problem}",
            self.name, self.source, layouts.0, layouts.1
        ))
    }
}

fn cases() -> impl Iterator<Item = Case> {
    CASES.lines().map(Case::read)
}

#[test]
fn every_engine_agrees_with_scipy() {
    let engines = [Engine::Callback, Engine::Interpreter, Engine::Rows];
    let mut failures = Vec::new();
    for (index, case) in cases().enumerate() {
        // SciPy rounds 64-bit integers to f64s, as a callback must; the other engines keep them (`tests/long.rs`).
        let keeps = |engine: &Engine| *engine == Engine::Callback || !case.chooses_large_integers();
        let runs = engines.into_iter().filter(keeps).flat_map(|engine| [(engine, 1), (engine, 3)]).enumerate();
        let failure = runs.into_iter().find_map(|(turn, (engine, threads))| {
            let input = if case.name.starts_with("broadcast") && threads == 1 {
                Layout::Broadcast
            } else {
                LAYOUTS[(index + turn) % LAYOUTS.len()]
            };
            let output = LAYOUTS[(index / LAYOUTS.len() + turn) % LAYOUTS.len()];
            case.check(engine, threads, (input, output)).err()
        });
        failures.extend(failure);
    }
    let shown = failures.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(failures.is_empty(), "{} cases fail\n\n{shown}\n", failures.len());
}

#[test]
fn the_cases_cover_every_mode_type_and_dimension() {
    assert!(CASES.len() < MAX_BYTES, "{} bytes", CASES.len());
    let (mut names, mut modes, mut inputs, mut outputs, mut ranks) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        assert!(names.insert(case.name.clone()), "two cases are called {}", case.name);
        modes.extend(case.modes.iter().map(|mode| (case.shape.len(), mode.as_str())));
        inputs.insert(case.dtype.as_str());
        outputs.insert((case.dtype.as_str(), case.out_dtype.as_str()));
        ranks.insert(case.shape.len());
    }
    let every_mode = (1..=4).flat_map(|rank| SCIPY_MODES.map(|mode| (rank, mode.as_str())));
    assert!(every_mode.into_iter().all(|mode| modes.contains(&mode)), "{modes:?}");
    // SciPy has no filters of half-precision arrays.
    let types = DType::ALL.into_iter().filter(|dtype| *dtype != DType::F16);
    let names_of_types: BTreeSet<&str> = types.map(DType::as_str).collect();
    assert_eq!(inputs, names_of_types);
    assert!(names_of_types.iter().all(|dtype| outputs.contains(&(*dtype, *dtype))), "{outputs:?}");
    assert_eq!(ranks, BTreeSet::from([0, 1, 2, 3, 4]));
    for alias in ["grid-mirror", "grid-wrap", "grid-constant"] {
        assert!(CASES.contains(&format!("\"{alias}\"")), "{alias}");
    }
}
