//! The ranges and lanes of kernels are right: each node is computed twice, as the interpreter does and in its lanes.

use half::f16;
use proptest::prelude::*;

use super::signed_zero::signed_zero_demand;
use super::{Analysis, Facts, Lacking, Threshold, ValueRange, analyse, threshold};
use crate::grid::element::{Cast, DType, Element, Precision};
use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::check::check;
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel, Reduction};
use crate::lang::interpret::{Interpreter, Pixel, Settings};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::parse::parse;
use crate::lang::schedule::{Schedule, Step};
use crate::lang::types::Elem;

fn kernel(source: &str) -> Kernel {
    check(&parse(source).expect(source)).unwrap_or_else(|error| panic!("{source}: {error:?}"))
}

/// The cells of a footprint with one axis, around its middle.
fn cells(taps: usize, kernel: &Kernel) -> Cells {
    let offsets = (0..taps as i32).map(|tap| tap - taps as i32 / 2).collect();
    Cells::of_footprint(1, taps, offsets).for_kernel(kernel).expect("one axis")
}

/// A value as the interpreter has it, and in the node's lane.
#[derive(Clone, Copy, Debug)]
struct Value {
    exact: f64,
    lane: f64,
}

/// Computes each node in its lane, and checks it.
struct Simulator<'a> {
    kernel: &'a Kernel,
    cells: &'a Cells,
    settings: &'a Settings,
    analysis: &'a Analysis,
    /// Whether the sign of each node's zero shows.
    demanded: Vec<bool>,
    schedule: Schedule,
    scalars: Vec<Value>,
    windows: Vec<Vec<Value>>,
    accumulators: Vec<Vec<Value>>,
    elements: Vec<Vec<Value>>,
}

/// A value that has got into a lane by arithmetic there: wrapped or rounded.
fn wrapped(value: i128, lane: Lane) -> f64 {
    match lane {
        Lane::U8 => f64::from(value as u8),
        Lane::I8 => f64::from(value as i8),
        Lane::U16 => f64::from(value as u16),
        Lane::I16 => f64::from(value as i16),
        Lane::U32 => f64::from(value as u32),
        Lane::I32 => f64::from(value as i32),
        Lane::F32 | Lane::F64 => unreachable!("floats don't wrap"),
        Lane::U64 | Lane::I64 => unreachable!("there is no arithmetic on 64-bit integers"),
    }
}

fn same(x: f64, y: f64) -> bool {
    x == y || (x.is_nan() && y.is_nan())
}

fn is_in(value: f64, lane: Lane) -> bool {
    match lane {
        Lane::F64 => true,
        Lane::F32 => same(f64::from(value as f32), value),
        _ => value.fract() == 0.0 && lane.least() <= value && value <= lane.greatest(),
    }
}

fn is_within(value: f64, range: &ValueRange) -> bool {
    if value.is_nan() {
        return range.nan;
    }
    range.contains(value)
        && (!range.integral || value.fract() == 0.0)
        && (!range.exact_f32 || is_in(value, Lane::F32))
        && (range.neg_zero || value.to_bits() != (-0.0f64).to_bits())
}

/// Whether the language leaves the sign of a zero open.
fn has_open_sign(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(op, ..) => matches!(op, BinaryOp::Min | BinaryOp::Max),
        Expr::Reduce { op, .. } => matches!(op, Reduction::Min | Reduction::Max) || op.is_order_statistic(),
        _ => false,
    }
}

impl<'a> Simulator<'a> {
    fn new(
        kernel: &'a Kernel,
        facts: &Facts<'_>,
        cells: &'a Cells,
        settings: &'a Settings,
        analysis: &'a Analysis,
    ) -> Simulator<'a> {
        Simulator {
            kernel,
            cells,
            settings,
            analysis,
            demanded: signed_zero_demand(kernel, facts, &analysis.ranges),
            schedule: Schedule::new(kernel),
            scalars: vec![Value { exact: 0.0, lane: 0.0 }; kernel.node_count()],
            windows: vec![Vec::new(); kernel.node_count()],
            accumulators: vec![Vec::new(); kernel.fold_count()],
            elements: vec![Vec::new(); kernel.fold_count()],
        }
    }

    fn lane(&self, id: ExprId) -> Lane {
        self.analysis.lanes[id.index()]
    }

    /// The outputs for one pixel.
    fn run(&mut self, pixel: &Pixel<'_>) -> Vec<Value> {
        let once = self.schedule.once.clone();
        self.steps(&once, pixel);
        self.kernel.outputs.iter().map(|output| self.scalars[output.value.index()]).collect()
    }

    fn steps(&mut self, steps: &[Step], pixel: &Pixel<'_>) {
        for step in steps {
            match *step {
                Step::Fold(fold) => self.fold(fold, pixel),
                Step::Node(id) if self.kernel.ty(id).is_window() => {
                    self.windows[id.index()] =
                        (0..self.cells.taps()).map(|tap| self.checked(id, self.node(id, tap, pixel))).collect();
                }
                Step::Node(id) => self.scalars[id.index()] = self.checked(id, self.node(id, 0, pixel)),
            }
        }
    }

    fn fold(&mut self, id: FoldId, pixel: &Pixel<'_>) {
        let fold = self.kernel.fold(id);
        let lanes: Vec<Lane> = (0..fold.init.len())
            .map(|index| {
                let of = |expr: Expr| {
                    let nodes = (0..self.kernel.node_count()).map(ExprId::from_index);
                    nodes.filter(|id| *self.kernel.expr(*id) == expr).map(|id| self.lane(id)).next()
                };
                let value = of(Expr::FoldValue(id, index)).expect("every fold has its values");
                assert!(of(Expr::Accumulator(id, index)).is_none_or(|lane| lane == value));
                value
            })
            .collect();
        let register = |simulator: &Self, parts: &[ExprId]| -> Vec<Value> {
            let values = parts.iter().zip(&lanes);
            values.map(|(part, lane)| Value { lane: simulator.to(*part, 0, *lane), ..simulator.at(*part, 0) }).collect()
        };
        self.accumulators[id.index()] = register(self, &fold.init);
        let body = self.schedule.body(id).to_vec();
        for tap in 0..self.cells.taps() {
            self.elements[id.index()] = fold.windows.iter().map(|window| self.at(*window, tap)).collect();
            self.steps(&body, pixel);
            self.accumulators[id.index()] = register(self, &fold.next);
        }
    }

    fn at(&self, id: ExprId, tap: usize) -> Value {
        if self.kernel.ty(id).is_window() { self.windows[id.index()][tap] } else { self.scalars[id.index()] }
    }

    /// An operand converted to another lane.
    fn to(&self, id: ExprId, tap: usize, lane: Lane) -> f64 {
        let value = self.at(id, tap).lane;
        let own = self.lane(id);
        let narrow = own.bytes() <= lane.bytes() && !own.is_float();
        let constant = matches!(self.kernel.expr(id), Expr::Number(_) | Expr::Len);
        let boolean = self.kernel.ty(id).elem == Elem::Boolean;
        assert!(own.widens_to(lane) || narrow || constant || boolean, "{id} in {own:?} to {lane:?}\n{}", self.kernel);
        assert!(is_in(value, lane), "{id} = {value} in {lane:?}\n{}", self.kernel);
        value
    }

    fn checked(&self, id: ExprId, value: Value) -> Value {
        let (range, lane) = (&self.analysis.ranges[id.index()], self.lane(id));
        let Value { exact, lane: computed } = value;
        let told = || format!("{id} = {exact:?}, {computed:?} in {lane:?} of {range:?}\n{}", self.kernel);
        assert!(is_within(exact, range), "outside: {}", told());
        if self.kernel.ty(id).elem == Elem::Number {
            assert!(is_in(computed, lane), "not in the lane: {}", told());
        }
        assert!(same(exact, computed), "differs: {}", told());
        if has_open_sign(self.kernel.expr(id)) && lane.is_float() {
            return Value { exact, lane: exact };
        }
        let shows = self.demanded[id.index()] && exact == 0.0;
        assert!(!shows || exact.to_bits() == computed.to_bits(), "sign of zero: {}", told());
        value
    }

    fn node(&self, id: ExprId, tap: usize, pixel: &Pixel<'_>) -> Value {
        let lane = self.lane(id);
        let input = |value: f64| Value { exact: value, lane: if lane.is_float() { value } else { value + 0.0 } };
        match *self.kernel.expr(id) {
            Expr::Number(bits) => input(f64::from_bits(bits)),
            Expr::Boolean(value) => input(f64::from(u8::from(value))),
            Expr::Param(param) => input(self.settings.params[param]),
            Expr::Weight(weights) => input(self.settings.weights[weights][tap]),
            Expr::Tap(window) => input(pixel.cells[window * self.cells.len() + tap]),
            Expr::At { input: window, ref offset } => {
                let cell = self.cells.position(offset).expect("the cells have every fixed offset");
                input(pixel.cells[window * self.cells.len() + cell])
            }
            Expr::Offset(axis) => input(f64::from(self.cells.offset(tap)[axis])),
            Expr::Dist => input(self.cells.dist(tap)),
            Expr::Coord(axis) => input(pixel.position[axis] as f64),
            Expr::Extent(axis) => input(pixel.extent[axis] as f64),
            Expr::Inside => unreachable!("a plan's kernel asks for places instead"),
            Expr::Len => input(self.cells.taps() as f64),
            Expr::Unary(op, a) => Value { exact: op.apply(self.at(a, tap).exact), lane: self.unary(id, op, a, tap) },
            Expr::Binary(op, a, b) => Value {
                exact: op.apply(self.at(a, tap).exact, self.at(b, tap).exact),
                lane: self.binary(id, op, a, b, tap),
            },
            Expr::Fma(a, b, c) => {
                let exact = |id| self.at(id, tap).exact;
                let [x, y, z] = [a, b, c].map(|id| self.to(id, tap, lane));
                Value {
                    exact: libm::fma(exact(a), exact(b), exact(c)),
                    lane: match lane {
                        Lane::F64 => libm::fma(x, y, z),
                        Lane::F32 => unreachable!("f32 has no fma"),
                        _ => wrapped(x as i128 * y as i128 + z as i128, lane),
                    },
                }
            }
            Expr::Select(condition, yes, no) => {
                let of = |truth: f64| if truth != 0.0 { yes } else { no };
                let (exact, chosen) = (of(self.at(condition, tap).exact), of(self.at(condition, tap).lane));
                let _ = self.to(if chosen == yes { no } else { yes }, tap, lane);
                Value { exact: self.at(exact, tap).exact, lane: self.to(chosen, tap, lane) }
            }
            Expr::Reduce { op, window, filter, argument } => self.reduce(id, op, window, filter, argument),
            Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => self.accumulators[fold.index()][index],
            Expr::Element(fold, index) => self.elements[fold.index()][index],
        }
    }

    fn unary(&self, id: ExprId, op: UnaryOp, a: ExprId, tap: usize) -> f64 {
        let lane = self.lane(id);
        let x = self.to(a, tap, lane);
        match lane {
            _ if op == UnaryOp::Not => op.apply(x),
            Lane::F64 => op.apply(x),
            Lane::F32 => f64::from(op.apply(x) as f32),
            _ => match op {
                UnaryOp::Negate => wrapped(-(x as i128), lane),
                UnaryOp::Abs => wrapped((x as i128).abs(), lane),
                UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc => x,
                _ => unreachable!("{op:?} in {lane:?}"),
            },
        }
    }

    fn binary(&self, id: ExprId, op: BinaryOp, a: ExprId, b: ExprId, tap: usize) -> f64 {
        let lane = self.lane(id);
        if op.is_boolean() {
            return self.comparison(id, op, a, b, tap);
        }
        let (x, y) = (self.to(a, tap, lane), self.to(b, tap, lane));
        match (lane, op) {
            (_, BinaryOp::Min | BinaryOp::Max) | (Lane::F64, _) => op.apply(x, y),
            (Lane::F32, BinaryOp::Add) => f64::from(x as f32 + y as f32),
            (Lane::F32, BinaryOp::Subtract) => f64::from(x as f32 - y as f32),
            (Lane::F32, BinaryOp::Multiply) => f64::from(x as f32 * y as f32),
            (_, BinaryOp::Add) => wrapped(x as i128 + y as i128, lane),
            (_, BinaryOp::Subtract) => wrapped(x as i128 - y as i128, lane),
            (_, BinaryOp::Multiply) if lane.bytes() > 1 => wrapped(x as i128 * y as i128, lane),
            _ => unreachable!("{op:?} in {lane:?}"),
        }
    }

    fn comparison(&self, id: ExprId, op: BinaryOp, a: ExprId, b: ExprId, tap: usize) -> f64 {
        let lane = self.lane(id);
        if let (Elem::Number, Some(value)) = (self.kernel.ty(a).elem, self.analysis.ranges[id.index()].point()) {
            return value;
        }
        let constant = |id: ExprId| match *self.kernel.expr(id) {
            Expr::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        };
        let rewritten = |value: f64, on_left| match threshold(lane, op, value, on_left) {
            Threshold::Constant(constant) => {
                assert!(is_in(constant, lane), "{id}\n{}", self.kernel);
                Ok(constant)
            }
            Threshold::Always(truth) => Err(f64::from(u8::from(truth))),
        };
        let compared = match (constant(a), constant(b)) {
            (Some(x), _) => rewritten(x, true).map(|x| op.apply(x, self.to(b, tap, lane))),
            (_, Some(y)) => rewritten(y, false).map(|y| op.apply(self.to(a, tap, lane), y)),
            _ => Ok(op.apply(self.to(a, tap, lane), self.to(b, tap, lane))),
        };
        compared.unwrap_or_else(|always| always)
    }

    fn reduce(
        &self,
        id: ExprId,
        op: Reduction,
        window: ExprId,
        filter: Option<ExprId>,
        argument: Option<ExprId>,
    ) -> Value {
        let lane = self.lane(id);
        let apply = |elements: &[f64], positions: &[usize], argument: f64| {
            op.apply(&mut elements.to_vec(), positions, argument)
        };
        let takes_part = |truth: fn(&Value) -> f64| -> Vec<usize> {
            (0..self.cells.taps()).filter(|tap| filter.is_none_or(|id| truth(&self.at(id, *tap)) != 0.0)).collect()
        };
        let positions = takes_part(|value| value.exact);
        let elements: Vec<f64> = positions.iter().map(|tap| self.at(window, *tap).exact).collect();
        let exact = apply(&elements, &positions, argument.map_or(0.0, |id| self.at(id, 0).exact));

        let positions = takes_part(|value| value.lane);
        let elements: Vec<f64> = positions.iter().map(|tap| self.to(window, *tap, lane)).collect();
        let add = |sum: f64, x: &f64| match lane {
            Lane::F64 => sum + x,
            Lane::F32 => f64::from(sum as f32 + *x as f32),
            _ => wrapped(sum as i128 + *x as i128, lane),
        };
        let computed = match op {
            Reduction::Sum | Reduction::Count => elements.iter().fold(0.0, add),
            _ => apply(&elements, &positions, argument.map_or(0.0, |id| self.at(id, 0).lane)),
        };
        Value { exact, lane: computed }
    }
}

/// What an image may be like.
struct Setting<'a> {
    taps: usize,
    inputs: &'a [ValueRange],
    params: ValueRange,
    float: bool,
}

/// Runs the kernel over windows in both ways.
fn agree(source: &str, setting: &Setting<'_>, settings: &Settings, windows: impl Iterator<Item = Vec<f64>>) {
    let kernel = kernel(source);
    let cells = cells(setting.taps, &kernel);
    let outputs_float = vec![setting.float; kernel.outputs.len()];
    let facts = Facts {
        inputs: setting.inputs,
        params: setting.params,
        taps: setting.taps,
        least: setting.taps,
        lacking: Lacking::None,
        outputs_float: &outputs_float,
        precision: Precision::Exact,
        outputs_rounded: &[],
        known: &[],
        wholes: &[],
        window_len: None,
    };
    let analysis = analyse(&kernel, &facts);
    let mut simulator = Simulator::new(&kernel, &facts, &cells, settings, &analysis);
    let mut interpreter = Interpreter::new(&kernel, &cells, settings);
    let mut expected = vec![0.0; kernel.outputs.len()];
    for window in windows {
        // A kernel may read more cells than the footprint has.
        let window: Vec<f64> = window
            .chunks(setting.taps)
            .flat_map(|input| (0..cells.len()).map(move |cell| input[cell % input.len()]))
            .collect();
        let pixel = Pixel { cells: &window, position: &[3], extent: &[100] };
        let values = simulator.run(&pixel);
        if interpreter.run(&pixel, &mut expected).is_ok() {
            for (value, expected) in values.iter().zip(&expected) {
                assert!(same(value.exact, *expected), "the simulator is wrong about {source}");
                assert!(!setting.float || value.lane.to_bits() == expected.to_bits() || expected.is_nan());
            }
        }
    }
}

/// Every window of `taps` of these values.
fn every(values: &[f64], taps: usize) -> impl Iterator<Item = Vec<f64>> {
    (0..values.len().pow(taps as u32))
        .map(move |number| (0..taps as u32).map(|tap| values[number / values.len().pow(tap) % values.len()]).collect())
}

const KERNELS: [&str; 46] = [
    "min(w)",
    "max(w) - min(w)",
    "min(w) - max(w)",
    "mean(w)",
    "var(w)",
    "std(w)",
    "-w[0]",
    "1 / -w[0]",
    "atan2(-w[0], -w[1])",
    "-w[0] + -w[1]",
    "-w[0] - w[1]",
    "-w[0] - (-w[1])",
    "fma(w[0], -w[1], -(w[0] * 0))",
    "0 - w[0]",
    "w[0] * -1 + (0 * -w[1])",
    "w[1] + 2*w[0] + w[-1]",
    "abs(w[0] - w[1]) * abs(w[0] + w[1])",
    "fma(w[0], w[1], -w[0])",
    "fma(-w[0], 0, -w[1])",
    "sum(abs(w - w[0]))",
    "count(w > 3.5), count(w <= -0.5), count(2.5 < w), count(w == 0.5), count(w != 1)",
    "if w[0] < 1.5 then -w[0] else w[1] * w[1]",
    "median(w), rank(w, 0), rank(w, -1), percentile(w, 50), trimmed_mean(w, 1)",
    "mode(w), variety(w), entropy(w), argmin(w), argmax(w), nth(w, 1)",
    "prod(w), prod(-w)",
    "min(w where w > 1), max(w where w > 1) - min(w where w > 1), sum(w where w > 1), len(w where w > 1)",
    "argmin(w where w > 1), median(w where w > 1), mean(w where not isnan(w))",
    "fold s = 0 for v in w: s + v",
    "fold m = inf for v in w: min(m, v)",
    "fold m = w[0] for v in w: max(m, v)",
    "fold n = 0 for v in w where v > 1: n + 1",
    "fold p = 1 for v in w: p * v",
    "let lo, hi = fold a = 300, b = -300 for v in w: min(a, v), max(b, v); hi - lo",
    "fold s = 0 for v in w: s + (fold t = 0 for u in w: t + (if u < v then 1 else 0))",
    "fold c = true for v in w: c and v > 1",
    "sqrt(w[0]), cbrt(w[0]), exp(w[0]), log(w[0]), log1p(w[0]), expm1(w[0]), sin(w[0]), tan(w[0]), acos(w[0])",
    "asin(w[0]/200), sinh(w[0]), cosh(w[0]), tanh(w[0]), atan(w[0]), exp2(w[0]), log2(w[0]), log10(w[0])",
    "w[0] / w[1], w[0] % w[1], w[0] ** w[1], hypot(w[0], w[1]), w[0] ** 3",
    "floor(w[0] / 2), ceil(w[0] / 4), round(w[0] * 0.5), trunc(w[0] / 3), round(mean(w))",
    "sign(w[0]), clamp(w[0], 2, 20), clamp(w[0] - w[1], 0, 255)",
    "any(w > 1), all(w > 1), (w[0] > 0.5) == (w[1] > 0.5), not (w[0] == w[1])",
    "isnan(w[0]), isinf(w[0]), isfinite(w[0])",
    "sum(w * offset(0)), sum(w / (1 + dist()))",
    "max(w[0], -w[1]) * -1, 1 / max(-w[0], -w[1])",
    "coord(0) - extent(0) + w[0], len(w) * w[0] - w[1]",
    "max(w[0], w[1]) - w[1], w[0] - min(w), max(w[0], w[1]) - min(w[0], w[1]), sum(max(w) - w)",
];

#[test]
fn every_window_of_small_integers() {
    let small = [
        (ValueRange::of(DType::U8, true), vec![0.0, 1.0, 3.0, 4.0, 254.0, 255.0]),
        (ValueRange::of(DType::I8, true), vec![-128.0, -127.0, -1.0, 0.0, 1.0, 127.0]),
        (ValueRange::of(DType::Bool, true), vec![0.0, 1.0]),
        (ValueRange::integers(-2.0, 2.0), vec![-2.0, -1.0, 0.0, 1.0, 2.0]),
        (ValueRange::of(DType::F32, false), vec![0.0, -0.0, 1.0, f64::from(-0.1f32), f64::NAN, f64::INFINITY]),
    ];
    for source in KERNELS {
        for (range, values) in &small {
            for (taps, float) in [(2, true), (3, true), (3, false)] {
                let inputs = &[*range];
                let setting = Setting { taps, inputs, params: ValueRange::ANY, float };
                agree(source, &setting, &Settings::default(), every(values, taps));
            }
        }
    }
}

/// The lanes of the nodes that are not constants, in order; the last is the output's.
fn lanes(source: &str, input: ValueRange, taps: usize, precision: Precision) -> Vec<Lane> {
    let kernel = kernel(source);
    let outputs_float = vec![true; kernel.outputs.len()];
    let facts = Facts {
        inputs: &[input],
        params: ValueRange::FINITE,
        taps,
        least: taps,
        lacking: Lacking::None,
        outputs_float: &outputs_float,
        precision,
        outputs_rounded: &[],
        known: &[],
        wholes: &[],
        window_len: None,
    };
    let analysis = analyse(&kernel, &facts);
    let nodes = kernel.live_nodes().filter(|(_, node)| !matches!(node.expr, Expr::Number(_) | Expr::Len));
    nodes.map(|(id, _)| analysis.lanes[id.index()]).collect()
}

#[test]
fn lanes_are_as_narrow_as_expected() {
    use Lane::{F32, F64, I16, I32, U8, U16, U32};

    let chosen = |source: &str, dtype: DType| lanes(source, ValueRange::of(dtype, false), 9, Precision::Exact);
    assert_eq!(chosen("min(w)", DType::U8), [U8, U8]);
    assert_eq!(chosen("max(w) - min(w)", DType::U8), [U8, U8, U8, U8]);
    assert_eq!(chosen("mean(w)", DType::U8), [U8, U16, F64]);
    assert_eq!(chosen("w[1] + 2*w[0] + w[-1]", DType::U8)[1..], [U8, U16, U16, U8, U16]);
    assert_eq!(chosen("max(abs(w - w[0]))", DType::U8), [U8, U8, I16, I16, I16]);
    assert_eq!(chosen("min(w)", DType::F32), [F32, F32]);
    assert_eq!(chosen("sum(w)", DType::U16), [U16, I32]);
    assert_eq!(chosen("count(w > 3.5)", DType::U8), [U8, U8, U8]);
    assert_eq!(chosen("count(w > 0.1)", DType::F32), [F32, F32, I32]);
    assert_eq!(chosen("median(w)", DType::U32), [U32, U32]);
    assert_eq!(chosen("sum(w)", DType::U32), [U32, F64]);
    assert_eq!(chosen("min(w where w > 3)", DType::U8), [U8, U8, F32]);
    assert_eq!(chosen("mean(w where not isnan(w))", DType::U8)[3..], [U16, U8, F64]);
    assert_eq!(chosen("-w[0]", DType::U8), [U8, F32]);
    assert_eq!(chosen("0 - w[0]", DType::U8), [U8, I16]);
    assert_eq!(chosen("min(w)", DType::I64), [F64, F64]);
    assert_eq!(chosen("fold m = w[0] for v in w: max(m, v)", DType::U8), [U8; 6]);
    assert_eq!(chosen("fold s = 0 for v in w: s + v", DType::U8), [U8, U16, U8, U16, U16]);
    assert_eq!(lanes("exp(w[0])", ValueRange::of(DType::F32, true), 9, Precision::Single), [F32, F32]);
    assert_eq!(lanes("sum(w) / 9", ValueRange::of(DType::U8, true), 9, Precision::Single), [U8, U16, F32]);
}

#[test]
fn sobel_is_in_i16_lanes() {
    let source = "(w[-1, 1] + 2*w[0, 1] + w[1, 1]) - (w[-1, -1] + 2*w[0, -1] + w[1, -1])";
    let chosen = lanes(source, ValueRange::of(DType::U8, false), 9, Precision::Exact);
    assert_eq!(chosen.last(), Some(&Lane::I16));
    assert!(chosen.iter().all(|lane| lane.bytes() <= 2));
}

/// Sums and products of many equal fractions end up on either side of what one multiplication gives.
#[test]
fn rounding_is_allowed_for() {
    let source = "sum(w), mean(w), prod(w), trimmed_mean(w, 2), percentile(w, 37), sum(w where w != 0)";
    for value in [0.1, 0.7, -0.3, 1.1, -1.3, 1e16 / 3.0] {
        for taps in 1..60 {
            let setting = Setting { taps, inputs: &[ValueRange::exactly(value)], params: ValueRange::ANY, float: true };
            agree(source, &setting, &Settings::default(), std::iter::once(vec![value; taps]));
        }
    }
}

#[test]
fn a_threshold_decides_as_the_constant_does() {
    let constants = [
        0.0,
        -0.0,
        0.5,
        -0.5,
        3.0,
        3.5,
        -3.5,
        0.1,
        1e-300,
        -1e-300,
        1e300,
        -1e300,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let whole: Vec<f64> = (-5..6).map(f64::from).collect();
    let near = |x: f32| [x.next_down(), x, x.next_up()].map(f64::from);
    let mut singles: Vec<f64> = [0.0, 0.5, 3.5, -3.5, 0.1, f32::MAX, f32::MIN].into_iter().flat_map(near).collect();
    singles.extend([f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0]);
    for op in [BinaryOp::Less, BinaryOp::LessEqual, BinaryOp::Equal, BinaryOp::NotEqual] {
        for constant in constants {
            for (lane, values) in [(Lane::I16, &whole), (Lane::F32, &singles), (Lane::F64, &singles)] {
                for (x, on_left) in values.iter().flat_map(|x| [(*x, true), (*x, false)]) {
                    let decide = |c: f64| if on_left { op.apply(c, x) } else { op.apply(x, c) };
                    let found = match threshold(lane, op, constant, on_left) {
                        Threshold::Always(truth) => f64::from(u8::from(truth)),
                        Threshold::Constant(c) => {
                            assert!(lane != Lane::F32 || is_in(c, lane));
                            assert!(lane != Lane::I16 || c.fract() == 0.0 || c.is_infinite());
                            decide(c)
                        }
                    };
                    assert_eq!(found, decide(constant), "{x} {op:?} {constant} in {lane:?}, {on_left}");
                }
            }
        }
    }
}

#[test]
fn lanes_are_named_like_the_elements_that_they_hold() {
    // An f16 is converted when it is read.
    for dtype in DType::ALL.into_iter().filter(|dtype| *dtype != DType::F16) {
        let range = ValueRange::of(dtype, false);
        let lane = Lane::of(dtype).unwrap_or(Lane::F64);
        // That a value is a 64-bit integer does not follow from its range.
        assert!(range.fits(lane) || lane.is_long());
        assert!(lane.as_str() == dtype.as_str() || dtype == DType::Bool);
        for wider in [Lane::U8, Lane::I8, Lane::U16, Lane::I16, Lane::U32, Lane::I32, Lane::F32, Lane::F64] {
            // A bool is less than a u8 may be.
            assert!(lane.widens_to(wider) == range.fits(wider) || dtype == DType::Bool, "{dtype} {wider:?}");
        }
    }
}

/// The text of a scalar of at most `depth` levels; in a fold it may use the accumulator and the element.
fn scalar(depth: u32, in_fold: bool) -> BoxedStrategy<String> {
    let mut leaves = vec!["w[0]", "u[0]", "w[-1]", "t", "len(w)", "2", "0.5", "3", "(-1)", "100", "0"];
    if in_fold {
        leaves.extend(["a", "v", "a", "v"]);
    }
    let leaves = prop::sample::select(leaves).prop_map(String::from).boxed();
    if depth == 0 {
        return leaves;
    }
    let inner = move || scalar(depth - 1, in_fold);
    let wide = move || window(depth - 1, in_fold);
    let test = move || comparison(inner(), inner());
    let wide_test = move || comparison(wide(), inner());
    let all =
        ["sum", "prod", "min", "max", "mean", "median", "argmin", "argmax", "mode", "variety", "entropy", "std", "len"];
    let ranked = ["rank({}, 0)", "rank({}, -1)", "nth({}, 1)", "percentile({}, 30)", "trimmed_mean({}, 1)"];
    prop_oneof![
        1 => leaves,
        6 => (inner(), prop::sample::select(&["+", "-", "*", "+", "-", "/", "%"][..]), inner())
            .prop_map(|(x, op, y)| format!("({x} {op} {y})")),
        1 => (inner(), prop::sample::select(&["**", "** 2"][..]), inner())
            .prop_map(|(x, op, y)| if op == "**" { format!("({x} ** {y})") } else { format!("({x} ** 2)") }),
        3 => (prop::sample::select(&UNARY[..]), inner()).prop_map(|(name, x)| format!("{name}({x})")),
        2 => (prop::sample::select(&["min", "max", "hypot", "atan2"][..]), inner(), inner())
            .prop_map(|(name, x, y)| format!("{name}({x}, {y})")),
        1 => (inner(), inner(), inner()).prop_map(|(x, y, z)| format!("fma({x}, {y}, {z})")),
        2 => (test(), inner(), inner()).prop_map(|(c, x, y)| format!("(if {c} then {x} else {y})")),
        5 => (prop::sample::select(all.to_vec()), wide()).prop_map(|(name, x)| format!("{name}({x})")),
        2 => (prop::sample::select(all.to_vec()), wide(), wide_test())
            .prop_map(|(name, x, c)| format!("{name}({x} where {c})")),
        2 => (prop::sample::select(ranked.to_vec()), wide()).prop_map(|(form, x)| form.replace("{}", &x)),
        1 => (wide(), inner()).prop_map(|(x, k)| format!("rank({x}, {k})")),
        2 => wide_test().prop_map(|c| format!("count({c})")),
        1 => (wide(), wide()).prop_map(|(x, y)| format!("(max({x}) - min({y}))")),
        2 => (inner(), wide(), scalar(depth - 1, true))
            .prop_map(|(first, x, next)| format!("(fold a = {first} for v in {x}: {next})")),
    ]
    .boxed()
}

const UNARY: [&str; 25] = [
    "-", "-", "abs", "abs", "sqrt", "cbrt", "floor", "ceil", "round", "trunc", "sign", "exp", "log", "log1p", "expm1",
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp2",
];

fn window(depth: u32, in_fold: bool) -> BoxedStrategy<String> {
    let leaves = prop::sample::select(&["w", "w", "w", "u", "k", "dist()", "offset(0)"][..]).prop_map(String::from);
    if depth == 0 {
        return leaves.boxed();
    }
    let inner = move || window(depth - 1, in_fold);
    prop_oneof![
        3 => leaves,
        3 => (inner(), prop::sample::select(&["+", "-", "*", "/"][..]), inner())
            .prop_map(|(x, op, y)| format!("({x} {op} {y})")),
        2 => (inner(), prop::sample::select(&["+", "-", "*"][..]), scalar(depth - 1, in_fold))
            .prop_map(|(x, op, y)| format!("({x} {op} {y})")),
        2 => (prop::sample::select(&UNARY[..]), inner()).prop_map(|(name, x)| format!("{name}({x})")),
        1 => (comparison(inner(), inner()), inner(), inner())
            .prop_map(|(c, x, y)| format!("(if {c} then {x} else {y})")),
    ]
    .boxed()
}

fn comparison(left: BoxedStrategy<String>, right: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let right = prop_oneof![3 => right, 1 => prop::sample::select(&["2.5", "(-0.1)", "inf", "nan", "7"][..]).prop_map(String::from)];
    (left, prop::sample::select(&["<", "<=", ">", ">=", "==", "!="][..]), right)
        .prop_map(|(x, op, y)| format!("({x} {op} {y})"))
        .boxed()
}

/// An element of an array: often one of the type's extremes, or a small number.
fn element(dtype: DType, finite: bool, seed: u64) -> f64 {
    let range = ValueRange::of(dtype, finite);
    let small = (seed / 16 % 9) as f64 - 4.0;
    let value = match seed % 16 {
        0 | 1 => range.low,
        2 | 3 => range.high,
        4 if range.nan => f64::NAN,
        5 => -0.0,
        6 => small / 10.0,
        7 => small * 1e300,
        8 => small * 1e-300,
        9 | 10 => (seed >> 8) as f64 / (1u64 << 56) as f64 * range.high.min(1e9),
        _ => small,
    };
    if dtype == DType::F32 {
        return f64::from(value as f32).clamp(range.low, range.high);
    }
    if dtype == DType::F16 {
        return Element::to_f64(<f16 as Element>::from_f64(value, Cast::Saturate)).clamp(range.low, range.high);
    }
    if !dtype.is_float() {
        return (value.trunc() + 0.0).clamp(range.low, range.high);
    }
    value.clamp(range.low, range.high)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_kernels(
        text in scalar(4, false),
        dtypes in (prop::sample::select(DType::ALL.to_vec()), prop::sample::select(DType::ALL.to_vec())),
        finite in any::<bool>(),
        float in any::<bool>(),
        taps in 1..6usize,
        t in prop::sample::select(vec![0.0, -0.0, 1.0, 2.5, -3.0, 1e300, f64::NAN]),
        seeds in prop::collection::vec(any::<u64>(), 100),
    ) {
        let source = format!("input w, u; param t; weights k; {text}");
        if parse(&source).ok().is_none_or(|program| check(&program).is_err()) {
            return Ok(());
        }
        let params = if t.is_nan() { ValueRange::ANY } else { ValueRange::FINITE };
        let inputs = &[ValueRange::of(dtypes.0, finite), ValueRange::of(dtypes.1, finite)];
        let settings = Settings { params: vec![t], weights: vec![(0..taps).map(|tap| tap as f64 * 0.5 - 1.0).collect()] };
        let windows = seeds.chunks_exact(2 * taps).map(|seeds| {
            let dtypes = |index| if index < taps { dtypes.0 } else { dtypes.1 };
            seeds.iter().enumerate().map(|(index, seed)| element(dtypes(index), finite, *seed)).collect()
        });
        agree(&source, &Setting { taps, inputs, params, float }, &settings, windows);
    }
}
