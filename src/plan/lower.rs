//! From a kernel to a [`Body`]: in which order, in which loops, and by which means.
//!
//! The nodes of a scope are put on levels: what needs a reduction is a level above it. The reductions of a level don't wait for
//! each other, so they share a loop (loop fusion), and what two of them use is computed once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::analysis::{Analysis, ValueRange, factor, quotient_factor};
use super::body::{
    Between, Body, Combine, Combiner, Fold, Host, HostStatistic, Method, NoNetwork, OfRanks, Reduce, Select, Statistic,
    Step, Strategy, Visit,
};
use super::cost::instructions;
use super::levels::{Level, levels};
use super::selection::Selection;
use super::store::Store;
use super::tiling::Tiling;
use super::width::Width;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::reductions::{Class, Monoid, Ranked, Reduction, percentile_position};
use crate::lang::schedule::{self, Schedule};
use crate::{machine, tuning};

/// What a body is for, besides the kernel.
pub struct Surroundings<'a> {
    /// The number of cells, if it is known.
    pub taps: Option<usize>,
    /// How many cells may have code of their own, and how many instructions that may have.
    pub most_unrolled: (usize, usize),
    /// How many pixels a value stands for.
    pub width: Width,
    /// The same where each value has a register or a few: what the order of a sum depends on must not depend on how wide vectors are.
    pub least_width: Width,
    /// The number of the row of cells that each cell is in; see [`super::pass::Pass::tree_rows`].
    pub tree_rows: &'a [usize],
    /// How many rows of pixels are computed by one call.
    pub rows_per_call: usize,
    /// Which pixels' order statistics are found together, if their windows are boxes.
    pub tiling: Option<Tiling>,
}

/// Networks that were chosen, by the lengths of the rows of cells and the ranks: making them takes longer than all else.
pub type Networks = HashMap<(Vec<usize>, Vec<usize>), Arc<Selection>>;

/// The body of `kernel`, with `stores` for its outputs.
pub fn lower(
    kernel: &Kernel,
    analysis: Analysis,
    surroundings: &Surroundings<'_>,
    stores: Vec<Store>,
    networks: &mut Networks,
) -> Body {
    let schedule = Schedule::new(kernel);
    let mut lowering = Lowering { kernel, analysis: &analysis, surroundings, schedule: &schedule, networks };
    let steps = lowering.scope(&schedule.once);
    let methods = lowering.methods();
    let look_interval = lowering.look_interval(false);
    Body { steps, methods, look_interval, stores, width: surroundings.width, analysis }
}

/// An order statistic before it is known how it is found.
struct OrderStatistic {
    id: ExprId,
    op: Reduction,
    window: ExprId,
    filter: Option<ExprId>,
    argument: Option<ExprId>,
}

/// The body of a callback, which computes one pixel from windows of `taps` cells, or of any number of them.
pub fn for_one_pixel(kernel: &Kernel, taps: Option<usize>) -> Body {
    let tree_rows = vec![0; taps.unwrap_or(0)];
    let (width, least_width) = (Width::One, Width::One);
    let most_unrolled = (tuning::MAX_UNROLLED_CELLS, tuning::MAX_UNROLLED_INSTRUCTIONS);
    let tree_rows = tree_rows.as_slice();
    let surroundings =
        Surroundings { taps, most_unrolled, width, least_width, tree_rows, rows_per_call: 1, tiling: None };
    lower(kernel, Analysis::of_nothing_known(kernel), &surroundings, Vec::new(), &mut Networks::new())
}

struct Lowering<'a> {
    kernel: &'a Kernel,
    analysis: &'a Analysis,
    surroundings: &'a Surroundings<'a>,
    schedule: &'a Schedule,
    networks: &'a mut Networks,
}

impl Lowering<'_> {
    /// The steps of one scope, level by level.
    fn scope(&mut self, steps: &[schedule::Step]) -> Vec<Step> {
        let mut lowered = Vec::new();
        for Level { reductions, folds, scalars } in levels(self.kernel, self.schedule, steps) {
            let (mut combined, mut statistics) = (Vec::new(), Vec::new());
            for id in reductions {
                let Expr::Reduce { op, window, filter, argument } = *self.kernel.expr(id) else { continue };
                let combiner = match op.class() {
                    Class::Monoid(monoid) => Combiner::Monoid(monoid),
                    Class::Positional(positional) => Combiner::Positional(positional),
                    Class::Ranked(_) | Class::Frequency(_) => {
                        statistics.push(OrderStatistic { id, op, window, filter, argument });
                        continue;
                    }
                };
                let lane = self.combining_lane(combiner, id, window);
                combined.push(Reduce { id, op: combiner, window, filter, argument, lane });
            }
            self.order_statistics(statistics, &mut lowered);
            for reductions in combined.chunks(tuning::MAX_REDUCTIONS_IN_LOOP) {
                lowered.push(Step::Combine(self.combine(reductions.to_vec())));
            }
            for fold in folds {
                let fold = self.fold(fold);
                lowered.push(Step::Fold(fold));
            }
            lowered.extend(scalars.into_iter().map(Step::Scalar));
        }
        lowered
    }

    fn lane(&self, id: ExprId) -> Lane {
        self.surroundings.width.lane(self.analysis.lanes[id.index()])
    }

    /// The lanes that the elements of a reduction are combined in.
    fn combining_lane(&self, op: Combiner, id: ExprId, window: ExprId) -> Lane {
        match op {
            Combiner::Monoid(Monoid::Sum | Monoid::Product | Monoid::Count) => self.lane(id),
            // What only compares its elements does so in their own lanes.
            Combiner::Monoid(Monoid::Min | Monoid::Max) | Combiner::Positional(_) => self.lane(window),
        }
    }

    /// The window nodes that `roots` need, operands first.
    fn window_nodes(&self, roots: impl IntoIterator<Item = ExprId>) -> Vec<ExprId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<ExprId> = roots.into_iter().collect();
        while let Some(id) = open.pop() {
            if self.kernel.ty(id).is_window() && found.insert(id) {
                self.kernel.expr(id).for_each_operand(|operand| open.push(operand));
            }
        }
        found.into_iter().collect()
    }

    fn instructions(&self, nodes: &[ExprId]) -> usize {
        instructions(self.kernel, nodes, self.analysis, self.surroundings.least_width)
    }

    /// How to visit the cells with so many instructions for each.
    fn visit(&self, instructions: usize) -> Visit {
        let (cells, all) = self.surroundings.most_unrolled;
        let few = |taps: usize| taps <= cells && taps * instructions <= all;
        if self.surroundings.taps.is_some_and(few) { Visit::Unrolled } else { Visit::Loop }
    }

    /// After how many cells a loop asks whether to stop; where there are `nested` loops, each of its cells takes long.
    fn look_interval(&self, nested: bool) -> Option<usize> {
        let interval = if nested { 1 } else { tuning::LOOK_INTERVAL };
        let many = self.surroundings.taps.is_some_and(|taps| taps >= tuning::LOOKING_CELLS.max(16 * interval));
        (many && self.surroundings.width != Width::One).then_some(interval)
    }

    fn combine(&self, reductions: Vec<Reduce>) -> Combine {
        let nodes = self.window_nodes(reductions.iter().flat_map(|r| [Some(r.window), r.filter]).flatten());
        let combined: usize = reductions.iter().map(|r| self.surroundings.width.parts(r.lane)).sum();
        let visit = self.visit(self.instructions(&nodes) + combined);
        let strategy = match visit {
            Visit::Unrolled if reductions.iter().all(|r| matches!(r.op, Combiner::Monoid(_))) => Strategy::Tree,
            _ => Strategy::Loop,
        };
        Combine { strategy, nodes, reductions }
    }

    fn fold(&mut self, id: FoldId) -> Fold {
        let (kernel, width) = (self.kernel, self.surroundings.width);
        let fold = kernel.fold(id);
        let steps = self.schedule.body(id);
        let nodes = self.window_nodes(fold.windows.iter().copied());
        let nested = steps.iter().any(|step| match step {
            schedule::Step::Fold(_) => true,
            schedule::Step::Node(id) => matches!(kernel.expr(*id), Expr::Reduce { .. }),
        });
        let inside: Vec<ExprId> = steps
            .iter()
            .filter_map(|step| match step {
                schedule::Step::Node(id) => Some(*id),
                schedule::Step::Fold(_) => None,
            })
            .chain(nodes.iter().copied())
            .collect();
        let visit = if nested { Visit::Loop } else { self.visit(self.instructions(&inside)) };
        // One that nothing reads has any lane.
        let mut accumulators = vec![width.lane(Lane::F64); fold.init.len()];
        for (node, expr) in kernel.live_nodes() {
            if let Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) = expr.expr
                && fold == id
            {
                accumulators[index] = self.lane(node);
            }
        }
        let body = self.scope(steps);
        Fold { id, visit, look_interval: self.look_interval(nested), nodes, accumulators, body }
    }

    // Order statistics.

    fn order_statistics(&mut self, mut all: Vec<OrderStatistic>, lowered: &mut Vec<Step>) {
        // Those of the same elements come one after the other.
        all.sort_by_key(|statistic| (statistic.window, statistic.filter, statistic.id));
        for same in all.chunk_by(|a, b| (a.window, a.filter) == (b.window, b.filter)) {
            let (window, filter) = (same[0].window, same[0].filter);
            let (mut by_network, mut by_host) = (Vec::new(), Vec::new());
            for statistic in same {
                let OrderStatistic { id, op, argument, .. } = *statistic;
                match self.of_ranks(statistic) {
                    Ok(of_ranks) => {
                        let lane = self.rank_lane(id, window, &of_ranks);
                        by_network.push(Statistic { id, lane, may_overflow: self.may_overflow(window, lane), of_ranks })
                    }
                    Err(why) => by_host.push(HostStatistic { id, op, argument, why }),
                }
            }
            let filter_of_network = self.effective(filter);
            // What replaces elements that are not selected is another number for medians.
            let is_median = |one: &Statistic| matches!(one.of_ranks, OfRanks::Middle(..));
            let (medians, others): (Vec<_>, Vec<_>) = by_network.into_iter().partition(is_median);
            for statistics in [medians, others].into_iter().filter(|statistics| !statistics.is_empty()) {
                lowered.push(Step::Select(self.select(window, filter_of_network, statistics)));
            }
            if !by_host.is_empty() {
                lowered.push(Step::Host(self.host(window, filter, by_host)));
            }
        }
    }

    /// The filter of an order statistic, if it does not select every element.
    fn effective(&self, filter: Option<ExprId>) -> Option<ExprId> {
        filter.filter(|filter| self.analysis.ranges[filter.index()].point() != Some(1.0))
    }

    /// How a statistic is made of elements of known rank, if a network finds them.
    fn of_ranks(&self, &OrderStatistic { op, filter, argument, .. }: &OrderStatistic) -> Result<OfRanks, NoNetwork> {
        let taps = self.surroundings.taps.ok_or(NoNetwork::AnyLength)?;
        let filtered = self.effective(filter).is_some();
        let known = argument.and_then(|argument| self.constant(argument));
        let most = self.surroundings.tiling.map_or(tuning::MAX_NETWORK, Tiling::most_elements);
        if let Some(why) = NoNetwork::of(op, taps, filtered, known.is_some() == argument.is_some(), most) {
            return Err(why);
        }
        let Class::Ranked(ranked) = op.class() else { return Err(NoNetwork::Counts) };
        if filtered {
            // One pixel has few elements, and a branch for each costs less.
            let blocks = matches!(self.surroundings.width, Width::Pixels(_));
            return if blocks { of_selected(ranked, taps, known) } else { Err(NoNetwork::FilteredPixel) };
        }
        let ranks = op.ranks(taps, known).ok_or(NoNetwork::Argument)?;
        Ok(match (ranked, &ranks[..]) {
            // A mean starts its sum at 0, so that of a negative zero is 0.
            (Ranked::TrimmedMean, _) => OfRanks::Mean(ranks),
            (_, &[rank]) => OfRanks::Element(rank),
            (Ranked::Percentile, &[low, high]) => {
                let percentage = known.expect("a percentile has a percentage");
                OfRanks::Between(low, high, percentile_position(percentage, taps).fract())
            }
            (_, ranks) => OfRanks::Midpoint(ranks[0], ranks[1]),
        })
    }

    /// The lanes that a statistic is computed in.
    fn rank_lane(&self, id: ExprId, window: ExprId, of_ranks: &OfRanks) -> Lane {
        match (of_ranks, self.lane(id)) {
            (OfRanks::Element(_), _) => self.lane(window),
            // One of the elements, of which every bit is kept.
            (OfRanks::ByCount(_), lane) if lane.is_long() => lane,
            // More than one element: a float, rounded as the interpreter does.
            (_, Lane::F32) => Lane::F32,
            _ => self.surroundings.width.lane(Lane::F64),
        }
    }

    /// Whether a sum or a difference of two finite elements may be beyond the numbers of a lane.
    fn may_overflow(&self, window: ExprId, lane: Lane) -> bool {
        let element = &self.analysis.ranges[window.index()];
        match lane {
            Lane::F64 => !element.exact_f32 && 2.0 * element.magnitude() > f64::MAX,
            Lane::F32 => 2.0 * element.magnitude() > f64::from(f32::MAX),
            _ => false,
        }
    }

    /// The value of a scalar, if it is the same for every pixel of every run.
    fn constant(&self, id: ExprId) -> Option<f64> {
        match *self.kernel.expr(id) {
            Expr::Number(bits) => Some(f64::from_bits(bits)),
            _ => self.analysis.ranges[id.index()].point(),
        }
    }

    fn select(&mut self, window: ExprId, filter: Option<ExprId>, statistics: Vec<Statistic>) -> Select {
        let lane = self.lane(window);
        let mut ranks: Vec<usize> = statistics.iter().flat_map(|statistic| statistic.of_ranks.ranks()).collect();
        ranks.sort_unstable();
        ranks.dedup();
        Select {
            nodes: self.window_nodes([Some(window), filter].into_iter().flatten()),
            window,
            filter,
            lane,
            nan: lane.is_float() && self.analysis.ranges[window.index()].nan,
            // What replaces an element depends on the pixel, so rows of pixels share nothing.
            selection: self.selection(&ranks, filter.is_none()),
            ranks,
            statistics,
        }
    }

    fn selection(&mut self, ranks: &[usize], shared: bool) -> Arc<Selection> {
        let Surroundings { tree_rows, rows_per_call, tiling, .. } = *self.surroundings;
        let tiling = tiling.filter(|_| shared);
        let lengths: Vec<usize> = match shared {
            true => tree_rows.chunk_by(|x, y| x == y).map(<[usize]>::len).collect(),
            false => vec![tree_rows.len()],
        };
        let first_row = tree_rows.first().copied().unwrap_or(0);
        let made = |(lengths, ranks): &(Vec<usize>, Vec<usize>)| {
            Arc::new(Selection::new(lengths, ranks, rows_per_call, first_row, tiling))
        };
        let key = (lengths, ranks.to_vec());
        self.networks.entry(key).or_insert_with_key(made).clone()
    }

    fn host(&self, window: ExprId, filter: Option<ExprId>, statistics: Vec<HostStatistic>) -> Host {
        let nodes = self.window_nodes([Some(window), filter].into_iter().flatten());
        let visit = match self.surroundings.width {
            Width::One if filter.is_none() => self.visit(self.instructions(&nodes) + 1),
            _ => Visit::Loop,
        };
        Host { nodes, window, filter, visit, statistics }
    }

    // Operations.

    fn methods(&self) -> Vec<Method> {
        let only_squared = only_squared(self.kernel);
        let rounded = |id: ExprId| self.analysis.rounded_quotients[id.index()];
        let mut methods = vec![Method::Plain; self.kernel.node_count()];
        for (id, node) in self.kernel.live_nodes() {
            methods[id.index()] = match node.expr {
                Expr::Binary(BinaryOp::Divide, ..) if rounded(id) && self.lane(id) == Lane::I16 => {
                    let factor = quotient_factor(self.kernel, &self.analysis.ranges, id);
                    Method::WordScaled(factor.expect("that is why it is in these lanes"))
                }
                Expr::Binary(BinaryOp::Divide, _, y) if rounded(id) => {
                    self.constant(y).and_then(factor).map_or(Method::Plain, Method::Scaled)
                }
                Expr::Binary(BinaryOp::Divide, x, y) => {
                    self.reciprocal(id, x, y).map_or(Method::Plain, Method::Reciprocal)
                }
                Expr::Binary(BinaryOp::Add, x, y) if self.lane(id).is_float() && machine::fuses() => {
                    match [x, y].map(|operand| self.is_exact_product(operand, self.lane(id))) {
                        [_, true] => Method::SumWithExactProduct { second: true },
                        [true, false] => Method::SumWithExactProduct { second: false },
                        [false, false] => Method::Plain,
                    }
                }
                // In integers the difference the other way round may be none of the lane's values.
                Expr::Binary(BinaryOp::Subtract, ..) if only_squared[id.index()] && self.lane(id).is_float() => {
                    Method::SignInsensitive
                }
                Expr::Unary(UnaryOp::Exp2, x)
                    if self.lane(id) == Lane::F32 && self.range(x).high <= LARGEST_EXPONENT =>
                {
                    Method::Bounded
                }
                _ => Method::Plain,
            };
        }
        methods
    }

    fn range(&self, id: ExprId) -> ValueRange {
        self.analysis.ranges[id.index()]
    }

    /// Whether a node is a product with a power of two, of at least 1, that does not overflow in lanes of this type.
    fn is_exact_product(&self, id: ExprId, lane: Lane) -> bool {
        let Expr::Binary(BinaryOp::Multiply, x, y) = *self.kernel.expr(id) else { return false };
        let is_power = |factor: f64| factor.is_finite() && factor >= 1.0 && factor.to_bits() << 12 == 0;
        let scales = [x, y].into_iter().any(|factor| self.constant(factor).is_some_and(is_power));
        let range = self.analysis.ranges[id.index()];
        let limit = if lane == Lane::F32 { f64::from(f32::MAX) } else { f64::MAX };
        scales && self.lane(id) == lane && -limit <= range.low && range.high <= limit
    }

    /// The divisor of a division by way of the reciprocal, which is right where the dividend is integral, so that it is not tiny,
    /// and for means, whose last bits are not specified.
    fn reciprocal(&self, id: ExprId, dividend: ExprId, divisor: ExprId) -> Option<f64> {
        let by = self.constant(divisor)?;
        let whole = by.fract() == 0.0 && (2.0..f64::from(1 << 24)).contains(&by);
        // In a kernel for known cells only means are divided by their number (`lang/specialize.rs`).
        let is_mean = *self.kernel.expr(divisor) == Expr::Len;
        let suits = is_mean || self.analysis.ranges[dividend.index()].integral;
        (whole && suits && self.lane(id) == Lane::F64 && machine::fuses()).then_some(by)
    }
}

/// How a statistic is made of those of `taps` elements that are selected.
fn of_selected(ranked: Ranked, taps: usize, argument: Option<f64>) -> Result<OfRanks, NoNetwork> {
    let of_all = |count: usize| ranked.ranks(count, argument);
    match ranked {
        Ranked::Median => Ok(OfRanks::Middle(taps.div_ceil(2) - 1, taps.div_ceil(2))),
        // What not even all elements have is refused elsewhere.
        _ if of_all(taps).is_none() => Err(NoNetwork::Argument),
        Ranked::TrimmedMean => Ok(OfRanks::Trimmed { each: argument.map_or(0, |each| each as usize), of: taps }),
        Ranked::Rank | Ranked::Percentile => {
            let place = |count: usize| {
                let ranks = of_all(count)?;
                let (low, high) = (*ranks.first()?, *ranks.last()?);
                let t = if low == high { 0.0 } else { percentile_position(argument?, count).fract() };
                Some(Between { low, high, t })
            };
            Ok(OfRanks::ByCount((1..=taps).map(place).collect()))
        }
    }
}

/// Of f32s, the largest whole number of which the power of two does not overflow.
const LARGEST_EXPONENT: f64 = 127.0;

/// Which nodes are used for nothing but their squares.
fn only_squared(kernel: &Kernel) -> Vec<bool> {
    let mut squared = vec![true; kernel.node_count()];
    let mut other = |id: ExprId| squared[id.index()] = false;
    for (_, node) in kernel.live_nodes() {
        match &node.expr {
            Expr::Binary(BinaryOp::Multiply, x, y) if x == y => {}
            Expr::FoldValue(fold, _) => {
                let fold = kernel.fold(*fold);
                fold.parts().for_each(&mut other);
            }
            expr => expr.for_each_operand(&mut other),
        }
    }
    let roots = kernel.outputs.iter().map(|output| output.value);
    roots.chain(kernel.assertions.iter().map(|assertion| assertion.condition)).for_each(other);
    squared
}
