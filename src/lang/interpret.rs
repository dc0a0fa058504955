//! The reference interpreter: the definition of every value.
//!
//! It computes node after node, a window as a vector of its elements, with no cleverness. Every other engine is tested
//! against it.

use super::cells::Cells;
use super::hir::{Assertion, Expr, ExprId, FoldId, Kernel, Reduction};
use super::schedule::{Schedule, Step};

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
    /// For each input in turn, the values of the cells.
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
    scalars: Vec<f64>,
    windows: Vec<Vec<f64>>,
    accumulators: Vec<Vec<f64>>,
    elements: Vec<Vec<f64>>,
    selected: Vec<f64>,
    positions: Vec<usize>,
}

impl<'k> Interpreter<'k> {
    /// An interpreter of `kernel` for windows of these cells.
    pub fn new(kernel: &'k Kernel, cells: &'k Cells, settings: &'k Settings) -> Interpreter<'k> {
        Interpreter {
            kernel,
            schedule: Schedule::new(kernel),
            cells,
            settings,
            scalars: vec![0.0; kernel.node_count()],
            windows: vec![Vec::new(); kernel.node_count()],
            accumulators: vec![Vec::new(); kernel.fold_count()],
            elements: vec![Vec::new(); kernel.fold_count()],
            selected: Vec::new(),
            positions: Vec::new(),
        }
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
        if let Some(broken) = kernel.assertions.iter().find(|a| self.scalars[a.condition.index()] == 0.0) {
            return Err(broken);
        }
        for (output, value) in outputs.iter_mut().zip(&kernel.outputs) {
            *output = self.scalars[value.value.index()];
        }
        Ok(())
    }

    /// Computes those nodes outside folds that `wanted` names, which do not depend on the pixel.
    pub fn run_only(&mut self, wanted: impl Fn(ExprId) -> bool, extent: &[usize]) {
        let steps: Vec<Step> = self.schedule.once.clone();
        let wanted = |step: &Step| matches!(step, Step::Node(id) if wanted(*id));
        let steps: Vec<Step> = steps.into_iter().filter(wanted).collect();
        self.steps(&steps, &Pixel { cells: &[], position: &[], extent });
    }

    fn steps(&mut self, steps: &[Step], pixel: &Pixel<'_>) {
        for step in steps {
            match *step {
                Step::Fold(fold) => self.fold(fold, pixel),
                Step::Node(id) if self.kernel.ty(id).is_window() => {
                    let mut window = std::mem::take(&mut self.windows[id.index()]);
                    window.clear();
                    window.extend((0..self.cells.taps()).map(|tap| self.element(self.kernel.expr(id), tap, pixel)));
                    self.windows[id.index()] = window;
                }
                Step::Node(id) => {
                    let value = self.scalar(self.kernel.expr(id), pixel);
                    self.scalars[id.index()] = value;
                }
            }
        }
    }

    /// The value of `id`, which has been computed, at cell `tap`; a scalar is the same at every cell.
    pub fn at(&self, id: ExprId, tap: usize) -> f64 {
        if self.kernel.ty(id).is_window() { self.windows[id.index()][tap] } else { self.scalars[id.index()] }
    }

    fn element(&self, expr: &Expr, tap: usize, pixel: &Pixel<'_>) -> f64 {
        match *expr {
            Expr::Tap(input) => pixel.cells[input * self.cells.len() + tap],
            Expr::Weight(weights) => self.settings.weights[weights][tap],
            Expr::Offset(axis) => f64::from(self.cells.offset(tap)[axis]),
            Expr::Dist => self.cells.dist(tap),
            _ => self.elementwise(expr, |id| self.at(id, tap)),
        }
    }

    fn elementwise(&self, expr: &Expr, value: impl Fn(ExprId) -> f64) -> f64 {
        match *expr {
            Expr::Unary(op, a) => op.apply(value(a)),
            Expr::Binary(op, a, b) => op.apply(value(a), value(b)),
            Expr::Fma(a, b, c) => libm::fma(value(a), value(b), value(c)),
            Expr::Select(condition, yes, no) => {
                if value(condition) != 0.0 {
                    value(yes)
                } else {
                    value(no)
                }
            }
            _ => unreachable!("{expr:?} is not elementwise"),
        }
    }

    fn scalar(&mut self, expr: &Expr, pixel: &Pixel<'_>) -> f64 {
        match *expr {
            Expr::Number(bits) => f64::from_bits(bits),
            Expr::Boolean(value) => f64::from(u8::from(value)),
            Expr::Param(param) => self.settings.params[param],
            Expr::At { input, ref offset } => {
                let cell = self.cells.position(offset).expect("the cells have every fixed offset");
                pixel.cells[input * self.cells.len() + cell]
            }
            Expr::Coord(axis) => pixel.position[axis] as f64,
            Expr::Extent(axis) => pixel.extent[axis] as f64,
            Expr::Len => self.cells.taps() as f64,
            Expr::Reduce { op, window, filter, argument } => self.reduce(op, window, filter, argument),
            Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => self.accumulators[fold.index()][index],
            Expr::Element(fold, index) => self.elements[fold.index()][index],
            _ => self.elementwise(expr, |id| self.scalars[id.index()]),
        }
    }

    fn reduce(&mut self, op: Reduction, window: ExprId, filter: Option<ExprId>, argument: Option<ExprId>) -> f64 {
        let mut selected = std::mem::take(&mut self.selected);
        let mut positions = std::mem::take(&mut self.positions);
        selected.clear();
        positions.clear();
        for tap in 0..self.cells.taps() {
            if filter.is_none_or(|filter| self.at(filter, tap) != 0.0) {
                selected.push(self.at(window, tap));
                positions.push(tap);
            }
        }
        let argument = argument.map_or(0.0, |argument| self.scalars[argument.index()]);
        let value = op.apply(&mut selected, &positions, argument);
        self.selected = selected;
        self.positions = positions;
        value
    }

    fn fold(&mut self, id: FoldId, pixel: &Pixel<'_>) {
        let kernel = self.kernel;
        let fold = kernel.fold(id);
        self.accumulators[id.index()] = fold.init.iter().map(|init| self.scalars[init.index()]).collect();
        let body = self.schedule.body(id).to_vec();
        for tap in 0..self.cells.taps() {
            self.elements[id.index()] = fold.windows.iter().map(|window| self.at(*window, tap)).collect();
            self.steps(&body, pixel);
            self.accumulators[id.index()] = fold.next.iter().map(|next| self.scalars[next.index()]).collect();
        }
    }
}
