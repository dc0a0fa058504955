//! The reference interpreter: the definition of every value.
//!
//! It computes node after node, a window as a vector of its elements, with no cleverness. Every other engine is tested
//! against it.

use super::cells::Cells;
use super::hir::{Assertion, Expr, ExprId, FoldId, Kernel, Reduction};
use super::ops::{BinaryOp, UnaryOp};
use super::ordered::{Exact, Ordered};
use super::schedule::{Schedule, Step};
use super::stop::is_stopped;
use super::whole::{Whole, WholeFacts, wholes};
use crate::tuning;

/// The values of a kernel's parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The scalar parameters, in order of declaration.
    pub params: Vec<f64>,
    /// The weights vectors, in order of declaration, with one value for each cell of the footprint.
    pub weights: Vec<Vec<f64>>,
}

/// What one pixel's value depends on.
#[derive(Clone, Copy, Debug)]
pub struct Pixel<'a> {
    /// For each input in turn, the values of the cells; for an interpreter of 64-bit integers, then what rounding them to f64s
    /// lost.
    pub cells: &'a [f64],
    /// The pixel's index along each axis.
    pub position: &'a [usize],
    /// The array's length along each axis.
    pub extent: &'a [usize],
}

/// A kernel ready to be interpreted, with memory for its values.
#[derive(Clone, Debug)]
pub struct Interpreter<'k> {
    kernel: &'k Kernel,
    schedule: Schedule,
    cells: &'k Cells,
    settings: &'k Settings,
    /// For each node, whether 64-bit integers keep every bit in it; for a comparison, in what it compares.
    exact: Vec<bool>,
    /// How many numbers there are for each cell.
    parts: usize,
    scalars: Vec<Exact>,
    windows: Vec<Vec<Exact>>,
    accumulators: Vec<Vec<Exact>>,
    elements: Vec<Vec<Exact>>,
    selected: Vec<Exact>,
    numbers: Vec<f64>,
    positions: Vec<usize>,
    /// How many cells loops have visited.
    visited: usize,
    /// Whether the work is wanted no more.
    stopped: bool,
}

impl<'k> Interpreter<'k> {
    /// An interpreter of `kernel` for windows of these cells.
    pub fn new(kernel: &'k Kernel, cells: &'k Cells, settings: &'k Settings) -> Interpreter<'k> {
        Interpreter {
            kernel,
            schedule: Schedule::new(kernel),
            cells,
            settings,
            exact: vec![false; kernel.node_count()],
            parts: 1,
            scalars: vec![Exact::default(); kernel.node_count()],
            windows: vec![Vec::new(); kernel.node_count()],
            accumulators: vec![Vec::new(); kernel.fold_count()],
            elements: vec![Vec::new(); kernel.fold_count()],
            selected: Vec::new(),
            numbers: Vec::new(),
            positions: Vec::new(),
            visited: 0,
            stopped: false,
        }
    }

    /// The same for inputs with these elements, some of which are 64-bit integers: cells and outputs are numbers and then what
    /// rounding them to f64s lost; NaN for outputs that are not such integers.
    #[must_use]
    pub fn of_wholes(self, inputs: &[Whole], taps: Option<usize>) -> Interpreter<'k> {
        let wholes = wholes(self.kernel, &WholeFacts { inputs, taps, absence: true });
        Interpreter { exact: wholes.into_iter().map(Whole::is_exact).collect(), parts: 2, ..self }
    }

    /// Computes the outputs for one pixel.
    ///
    /// # Errors
    ///
    /// The first assertion that does not hold, in the order of the text.
    pub fn run(&mut self, pixel: &Pixel<'_>, outputs: &mut [f64]) -> Result<(), &'k Assertion> {
        let steps = std::mem::take(&mut self.schedule.once);
        self.steps(&steps, pixel);
        self.schedule.once = steps;
        let kernel = self.kernel;
        if let Some(broken) = kernel.assertions.iter().find(|a| self.scalars[a.condition.index()].number == 0.0) {
            return Err(broken);
        }
        let (numbers, rests) = outputs.split_at_mut(kernel.outputs.len());
        for (index, output) in kernel.outputs.iter().enumerate() {
            let value = self.scalars[output.value.index()];
            numbers[index] = value.number;
            if let Some(rest) = rests.get_mut(index) {
                *rest = if self.exact[output.value.index()] { value.rest } else { f64::NAN };
            }
        }
        Ok(())
    }

    /// Computes those nodes outside folds that `wanted` names, which do not depend on the pixel.
    pub fn run_only(&mut self, wanted: impl Fn(ExprId) -> bool, extent: &[usize]) {
        let wanted = |step: &Step| matches!(step, Step::Node(id) if wanted(*id));
        let steps: Vec<Step> = self.schedule.once.iter().copied().filter(wanted).collect();
        self.steps(&steps, &Pixel { cells: &[], position: &[], extent });
    }

    fn steps(&mut self, steps: &[Step], pixel: &Pixel<'_>) {
        for step in steps {
            // Windows are not whole, then, and nobody reads them.
            if self.stopped {
                return;
            }
            match *step {
                Step::Fold(fold) => self.fold(fold, pixel),
                Step::Node(id) if self.kernel.ty(id).is_window() => {
                    let mut window = std::mem::take(&mut self.windows[id.index()]);
                    window.clear();
                    for tap in 0..self.cells.taps() {
                        if self.is_over() {
                            break;
                        }
                        window.push(self.element(id, tap, pixel));
                    }
                    self.windows[id.index()] = window;
                }
                Step::Node(id) => {
                    let value = self.scalar(id, pixel);
                    self.scalars[id.index()] = value;
                }
            }
        }
    }

    /// The value of `id`, which has been computed, at cell `tap`; a scalar is the same at every cell. Some value once the work is
    /// not wanted any more.
    pub fn at(&self, id: ExprId, tap: usize) -> f64 {
        if self.stopped { 0.0 } else { self.exactly_at(id, tap).number }
    }

    fn exactly_at(&self, id: ExprId, tap: usize) -> Exact {
        if self.kernel.ty(id).is_window() { self.windows[id.index()][tap] } else { self.scalars[id.index()] }
    }

    /// An input's value in a cell, as node `id` has it.
    fn cell(&self, id: ExprId, pixel: &Pixel<'_>, input: usize, cell: usize) -> Exact {
        let first = input * self.parts * self.cells.len();
        let rest = if self.exact[id.index()] { pixel.cells[first + self.cells.len() + cell] } else { 0.0 };
        Exact { number: pixel.cells[first + cell], rest }
    }

    fn element(&self, id: ExprId, tap: usize, pixel: &Pixel<'_>) -> Exact {
        match *self.kernel.expr(id) {
            Expr::Tap(input) => self.cell(id, pixel, input, tap),
            Expr::Weight(weights) => self.settings.weights[weights][tap].into(),
            Expr::Offset(axis) => f64::from(self.cells.offset(tap)[axis]).into(),
            Expr::Dist => self.cells.dist(tap).into(),
            Expr::Inside => f64::from(u8::from(is_inside(self.cells.offset(tap), pixel))).into(),
            _ => self.elementwise(id, |id| self.exactly_at(id, tap)),
        }
    }

    fn elementwise(&self, id: ExprId, value: impl Fn(ExprId) -> Exact) -> Exact {
        let number = |id: ExprId| value(id).number;
        match *self.kernel.expr(id) {
            Expr::Select(condition, yes, no) => {
                let chosen = value(if number(condition) != 0.0 { yes } else { no });
                if self.exact[id.index()] { chosen } else { chosen.number.into() }
            }
            // An integer is whole.
            Expr::Unary(UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc, a)
                if self.exact[id.index()] =>
            {
                value(a)
            }
            Expr::Binary(op, a, b) if self.exact[id.index()] => exactly(op, value(a), value(b)),
            Expr::Unary(op, a) => op.apply(number(a)).into(),
            Expr::Binary(op, a, b) => op.apply(number(a), number(b)).into(),
            Expr::Fma(a, b, c) => libm::fma(number(a), number(b), number(c)).into(),
            ref expr => unreachable!("{expr:?} is not elementwise"),
        }
    }

    fn scalar(&mut self, id: ExprId, pixel: &Pixel<'_>) -> Exact {
        match *self.kernel.expr(id) {
            Expr::Number(bits) => f64::from_bits(bits).into(),
            Expr::Boolean(value) => f64::from(u8::from(value)).into(),
            Expr::Param(param) => self.settings.params[param].into(),
            Expr::At { input, ref offset } => {
                let cell = self.cells.position(offset).expect("the cells have every fixed offset");
                self.cell(id, pixel, input, cell)
            }
            Expr::Coord(axis) => (pixel.position[axis] as f64).into(),
            Expr::Extent(axis) => (pixel.extent[axis] as f64).into(),
            Expr::Len => (self.cells.taps() as f64).into(),
            Expr::Reduce { op, window, filter, argument } => {
                self.reduce(op, window, filter, argument, self.exact[id.index()])
            }
            Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => {
                let value = self.accumulators[fold.index()][index];
                if self.exact[id.index()] { value } else { value.number.into() }
            }
            Expr::Element(fold, index) => self.elements[fold.index()][index],
            _ => self.elementwise(id, |id| self.scalars[id.index()]),
        }
    }

    fn reduce(
        &mut self,
        op: Reduction,
        window: ExprId,
        filter: Option<ExprId>,
        argument: Option<ExprId>,
        chosen: bool,
    ) -> Exact {
        let mut selected = std::mem::take(&mut self.selected);
        let mut positions = std::mem::take(&mut self.positions);
        selected.clear();
        positions.clear();
        for tap in 0..self.cells.taps() {
            if self.is_over() {
                break;
            }
            if filter.is_none_or(|filter| self.at(filter, tap) != 0.0) {
                selected.push(self.exactly_at(window, tap));
                positions.push(tap);
            }
        }
        let argument = argument.map_or(0.0, |argument| self.scalars[argument.index()].number);
        let exact = match (chosen, self.exact[window.index()]) {
            (true, _) => op.choose(&mut selected, &positions, argument),
            (false, true) => op.tell(&mut selected, &positions, argument).map(Exact::from),
            (false, false) => None,
        };
        let value = exact.unwrap_or_else(|| {
            self.numbers.clear();
            self.numbers.extend(selected.iter().map(|element| element.number));
            op.apply(&mut self.numbers, &positions, argument).into()
        });
        self.selected = selected;
        self.positions = positions;
        value
    }

    /// Whether a loop over cells may end, as the work is wanted no more; asked for each cell.
    fn is_over(&mut self) -> bool {
        self.visited = self.visited.wrapping_add(1);
        self.stopped |= self.visited.is_multiple_of(tuning::LOOK_INTERVAL) && is_stopped();
        self.stopped
    }

    fn fold(&mut self, id: FoldId, pixel: &Pixel<'_>) {
        let kernel = self.kernel;
        let fold = kernel.fold(id);
        self.accumulators[id.index()] = fold.init.iter().map(|init| self.scalars[init.index()]).collect();
        let body = self.schedule.body(id).to_vec();
        for tap in 0..self.cells.taps() {
            if self.is_over() {
                break;
            }
            self.elements[id.index()] = fold.windows.iter().map(|window| self.exactly_at(*window, tap)).collect();
            self.steps(&body, pixel);
            self.accumulators[id.index()] = fold.next.iter().map(|next| self.scalars[next.index()]).collect();
        }
    }
}

/// Whether the cell that is `offset` from the pixel is in the array.
fn is_inside(offset: &[i32], pixel: &Pixel<'_>) -> bool {
    let mut axes = offset.iter().zip(pixel.position.iter().zip(pixel.extent));
    axes.all(|(offset, (position, extent))| {
        position.checked_add_signed(*offset as isize).is_some_and(|at| at < *extent)
    })
}

/// What an operation gives that chooses one of two numbers or compares them.
fn exactly(op: BinaryOp, x: Exact, y: Exact) -> Exact {
    let truth = |value: bool| f64::from(u8::from(value)).into();
    match op {
        BinaryOp::Min | BinaryOp::Max if x.is_nan() || y.is_nan() => Exact::NOTHING,
        BinaryOp::Min => {
            if y.is_less(&x) {
                y
            } else {
                x
            }
        }
        BinaryOp::Max => {
            if x.is_less(&y) {
                y
            } else {
                x
            }
        }
        BinaryOp::Less => truth(x.is_less(&y)),
        BinaryOp::LessEqual => truth(x.is_less(&y) || x.is_same(&y)),
        BinaryOp::Equal => truth(x.is_same(&y)),
        BinaryOp::NotEqual => truth(!x.is_same(&y)),
        _ => op.apply(x.number, y.number).into(),
    }
}
