//! A plan in words: its fields.

use std::collections::BTreeMap;
use std::fmt;

use super::body::{Combine, Fold, Host, NoNetwork, Select, Statistic, Step, Strategy, Visit};
use super::cut::uncut::Uncut;
use super::line::{Destination, Origin};
use super::moving::elements::Elements;
use super::moving::method::Method;
use super::moving::pass::{MovingPass, OrderPass, OrderStatistic};
use super::moving::sums::SumPass;
use super::pass::{Pass, PassInput, PassOutput, PassVectors, RowsPerCall};
use super::program::Plan;
use super::width::{Shape, Width};
use crate::grid::cut::Cut;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId};
use crate::lang::words::counted;
use crate::tuning;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (params, weights) = (self.hoisted.params.len(), self.hoisted.weights.len());
        if params + weights > 0 {
            let (params, weights) = (counted(params, "number"), counted(weights, "window"));
            writeln!(f, "once for a run: {params} and {weights} that are the same for every pixel")?;
        }
        for pass in &self.moving {
            match pass {
                MovingPass::Order(order) => order.explain(f)?,
                MovingPass::Sum(sum) => sum.explain(f)?,
            }
        }
        for (number, pass) in self.passes.iter().enumerate() {
            writeln!(f, "pass {number}:")?;
            pass.explain(f, self.request.cut)?;
        }
        // In small windows that goes without saying.
        let is_large = self.request.cells.taps() > tuning::MAX_UNROLLED_CELLS;
        for Uncut { op, why } in self.uncut.iter().filter(|_| is_large) {
            writeln!(f, "{} is not cut into passes, because {}", op.name(), why.as_str())?;
        }
        Ok(())
    }
}

impl Pass {
    fn explain(&self, f: &mut fmt::Formatter<'_>, cut: Cut) -> fmt::Result {
        let taps = self.cells.taps();
        writeln!(f, "  cells: {taps} in {}", counted(self.rows.len(), "row"))?;
        if self.cells.len() > taps {
            writeln!(f, "  other cells: {}", self.cells.len() - taps)?;
        }
        let inputs = self.kernel.inputs.iter().zip(&self.inputs).enumerate();
        let read = inputs.filter(|(number, _)| self.rows.iter().any(|row| row.input == *number));
        let read: Vec<(&str, PassInput)> = read.map(|(_, (name, input))| (name.as_str(), *input)).collect();
        // Lines that are alike are one line of text.
        let alike = |x: &(&str, PassInput), y: &(&str, PassInput)| {
            matches!((x.1.origin, y.1.origin), (Origin::Line(_), Origin::Line(_))) && x.1.lane == y.1.lane
        };
        for inputs in read.chunk_by(alike) {
            let how = how_read(inputs[0].1);
            match inputs {
                [(name, _)] => writeln!(f, "  input {name}: {how}")?,
                [(first, _), .., (last, _)] => writeln!(f, "  inputs {first} to {last}: {how}")?,
                [] => {}
            }
        }
        self.explain_lanes(f)?;
        self.explain_steps(f, &self.finite.steps, 1, cut)?;
        let outputs: Vec<(&str, PassOutput)> = self
            .kernel
            .outputs
            .iter()
            .zip(&self.outputs)
            .map(|(output, stored)| (output.name.as_str(), *stored))
            .collect();
        let alike = |x: &(&str, PassOutput), y: &(&str, PassOutput)| {
            matches!(y.1.destination, Destination::Line(_)) && x.1.lane == y.1.lane
        };
        for outputs in outputs.chunk_by(alike) {
            let ((name, first), (_, last)) = (outputs[0], outputs[outputs.len() - 1]);
            let made = first.lane.as_str();
            match (first.destination, last.destination) {
                (Destination::Line(first), Destination::Line(last)) if first < last => {
                    writeln!(f, "  lines {first} to {last}: made of {made} numbers")?
                }
                (Destination::Line(line), _) => writeln!(f, "  line {line}: made of {made} numbers")?,
                (Destination::Array(_), _) => writeln!(f, "  output {name}: {}", how_stored(first))?,
            }
        }
        writeln!(f, "  rows of pixels in one call: {}: {}", self.rows_per_call, self.why_rows.as_str())?;
        match self.general {
            Some(_) => writeln!(f, "  rows with NaN or infinity: other code, made when the first such row comes"),
            None => writeln!(f, "  rows with NaN or infinity: the same code"),
        }
    }

    fn explain_lanes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operations: BTreeMap<(usize, &str), (Lane, usize)> = BTreeMap::new();
        for (id, node) in self.kernel.live_nodes() {
            if !matches!(node.expr, Expr::Number(_) | Expr::Boolean(_)) {
                let lane = self.finite.analysis.lanes[id.index()];
                operations.entry((lane.bytes(), lane.as_str())).or_insert((lane, 0)).1 += 1;
            }
        }
        let lanes = operations.iter().map(|((_, name), (lane, count))| {
            let registers = counted(Width::Pixels(self.block).parts(*lane), "register");
            format!("{name} ({} on {registers})", counted(*count, "operation"))
        });
        writeln!(f, "  block: {}; lanes: {}", counted(self.block, "pixel"), lanes.collect::<Vec<_>>().join(", "))?;
        let copies =
            if self.copies == 1 { String::new() } else { format!(", {} times in a turn of the loop", self.copies) };
        writeln!(f, "  vectors: {}{copies}", self.vectors.in_words())
    }

    fn explain_steps(&self, f: &mut fmt::Formatter<'_>, steps: &[Step], depth: usize, cut: Cut) -> fmt::Result {
        let taps = self.cells.taps();
        let indent = "  ".repeat(depth);
        for step in steps {
            match step {
                Step::Scalar(_) => {}
                Step::Combine(Combine { strategy, reductions, .. }) => {
                    let names: Vec<String> = reductions
                        .iter()
                        .map(|r| format!("{} in {} lanes", self.name(r.id), r.lane.as_str()))
                        .collect();
                    let how = match strategy {
                        Strategy::Tree => format!("a tree over {}, unrolled", counted(taps, "cell")),
                        Strategy::Loop => format!("a loop over {}", counted(taps, "cell")),
                    };
                    writeln!(f, "{indent}{}: {how}", names.join(", "))?;
                }
                Step::Select(Select { lane, filter, selection, statistics, .. }) => {
                    let elements = if filter.is_some() { "selected elements" } else { "elements" };
                    for Statistic { id, of_ranks, .. } in statistics {
                        let ranks = of_ranks.ranks();
                        let wanted = match ranks[..] {
                            [rank] => format!("rank {rank}"),
                            _ => format!("{} ranks", ranks.len()),
                        };
                        writeln!(
                            f,
                            "{indent}{} of {} {elements}: a selection network for {wanted} of {taps}, {}, {}",
                            self.name(*id),
                            lane.as_str(),
                            selection.described(),
                            counted(selection.emitted(), "step"),
                        )?;
                    }
                }
                Step::Host(Host { window, statistics, .. }) => {
                    let lane = self.finite.analysis.lanes[window.index()].as_str();
                    for statistic in statistics {
                        let (name, why) = (statistic.op.name(), statistic.why.in_words());
                        writeln!(f, "{indent}{name} of {lane} elements: pixel by pixel on the host, because {why}")?;
                        writeln!(f, "{indent}  it does not move from window to window: {}", why_still(cut))?;
                    }
                }
                Step::Fold(Fold { id, visit, body, .. }) => {
                    let how = match visit {
                        Visit::Unrolled => "unrolled",
                        Visit::Loop => "in a loop",
                    };
                    writeln!(f, "{indent}{id}: over {}, {how}", counted(taps, "cell"))?;
                    self.explain_steps(f, body, depth + 1, cut)?;
                }
            }
        }
        Ok(())
    }
}

impl Pass {
    /// The name of a reduction.
    fn name(&self, id: ExprId) -> &'static str {
        match self.kernel.expr(id) {
            Expr::Reduce { op, .. } => op.name(),
            _ => "value",
        }
    }
}

impl PassVectors {
    fn in_words(&self) -> String {
        let why = match self {
            PassVectors::Wide(shape) => return shape.as_str().to_string(),
            PassVectors::Requested => "it was asked for",
            PassVectors::Processor => "the processor has no wider ones that code is made for",
            PassVectors::HostCalls => "functions of the host are called",
            PassVectors::ShortRows => "rows are short",
            PassVectors::NoRule(what) => return format!("128 bits: there is no wider code for `{what}`"),
        };
        format!("128 bits: {why}")
    }
}

impl Shape {
    fn as_str(self) -> &'static str {
        match (self.blocks, self.registers) {
            (2, 16) => "256 bits, two blocks side by side",
            (2, _) => "256 bits, two blocks side by side, 32 registers",
            _ => "512 bits, four blocks side by side, 32 registers",
        }
    }
}

impl RowsPerCall {
    fn as_str(self) -> &'static str {
        match self {
            RowsPerCall::Shared => "what they have in common is computed once",
            RowsPerCall::Assertions => "assertions must name the first pixel that fails",
            RowsPerCall::Loops => "loops over cells share nothing",
            RowsPerCall::Short => "rows are short",
            RowsPerCall::NothingShared => "no cells in common",
            RowsPerCall::OneRow => "there is one row along the axis",
            RowsPerCall::MuchWork => "too much code for more",
        }
    }
}

impl NoNetwork {
    fn in_words(self) -> String {
        match self {
            NoNetwork::Large(most) => format!("there are more than {most} elements"),
            NoNetwork::Filtered(most) => {
                format!("how many elements are selected depends on the pixel, and there are more than {most}")
            }
            NoNetwork::FilteredPixel => "how many elements are selected depends on the pixel".to_string(),
            NoNetwork::Argument => "its argument is not a constant".to_string(),
            NoNetwork::Counts => "it counts equal elements".to_string(),
            NoNetwork::AnyLength => "it takes windows of any length".to_string(),
        }
    }
}

fn how_read(input: PassInput) -> String {
    if let Origin::Line(_) = input.origin {
        return format!("{} numbers that a pass before has made", input.lane.as_str());
    }
    let why = match Lane::of(input.dtype) {
        _ if input.is_native() => {
            return format!("{} elements, read where they are if a row is contiguous", input.dtype);
        }
        None => NO_LANES,
        Some(_) => "what is outside the array is not a value of its type",
    };
    format!("{} elements, row by row as {}: {why}", input.dtype, input.lane.as_str())
}

fn how_stored(output: PassOutput) -> String {
    let why = match Lane::of(output.dtype) {
        _ if output.is_native() => return format!("stored as {}", output.dtype),
        None => NO_LANES,
        Some(lane) if lane.is_long() => "its values may be 2^51 or more before they wrap",
        Some(_) => "its values may not fit in 32 bits before they wrap",
    };
    format!("cast to {} row by row: {why}", output.dtype)
}

/// Why elements are converted.
const NO_LANES: &str = "there are no lanes of f16s";

/// Why an order statistic of the host does not move.
fn why_still(cut: Cut) -> &'static str {
    match cut {
        Cut::Never => "that is not wanted",
        Cut::Auto | Cut::Always | Cut::Moving => {
            "its elements, its condition or its argument depend on the pixel, or on the cell's place"
        }
    }
}

impl OrderPass {
    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, cells) = (self.elements.in_words(), counted(self.cells.count(), "cell"));
        writeln!(f, "order statistics by the host, from window to window: {what}, {cells}")?;
        for OrderStatistic { op, method, line, .. } in &self.statistics {
            let how = match method {
                Method::Columns(_) => "histograms of columns, of which windows are sums",
                Method::Bisection(_) => "bit by bit, by counting the elements that are less",
                Method::Bins(_) => "histograms of columns of ranks, and the places of those in one bin",
                Method::Histogram(_) => "how often each value occurs",
                Method::Ranks(_) => "a set of ranks among the elements around a block of pixels",
                Method::Values(_) => "how often each value occurs, of those around a block of pixels",
            };
            writeln!(f, "  line {line}: {}: {how}", op.name())?;
        }
        Ok(())
    }
}

impl SumPass {
    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, number, lane) = (self.elements.in_words(), self.line.number, self.line.lane.as_str());
        let (column, columns) = (counted(self.cells.column.len(), "cell"), counted(self.cells.columns, "column"));
        writeln!(f, "a sum by the host, from window to window: {what}, {columns} of {column}")?;
        writeln!(f, "  line {number}: {lane} numbers")
    }
}

impl Elements {
    fn in_words(&self) -> String {
        let lane = self.lane().as_str();
        match (self, self.is_filtered()) {
            (Elements::Input { input, .. }, _) => format!("input {input}, {lane} elements"),
            (Elements::Computed(_), false) => format!("{lane} elements that are computed at each cell"),
            (Elements::Computed(_), true) => format!("{lane} elements that are computed and selected at each cell"),
        }
    }
}
