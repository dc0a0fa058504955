//! What a plan is, in words.

use std::collections::BTreeMap;
use std::fmt;

use super::pass::{MAX_NETWORK, Pass};
use super::{MAX_UNROLLED_CELLS, Plan};
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, Reduction};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (params, weights) = (self.hoisted.params.len(), self.hoisted.weights.len());
        if params + weights > 0 {
            let (params, weights) = (counted(params, "number"), counted(weights, "window"));
            writeln!(f, "once for a run: {params} and {weights} that are the same for every pixel")?;
        }
        for (number, pass) in self.passes.iter().enumerate() {
            writeln!(f, "pass {number}:")?;
            pass.explain(f)?;
        }
        Ok(())
    }
}

impl Pass {
    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taps = self.cells.taps();
        let how = match taps <= MAX_UNROLLED_CELLS {
            true => "unrolled, if their code is not too long",
            false => "in loops, because they are many",
        };
        writeln!(f, "  taps: {taps} in {} of cells, {how}", counted(self.rows.len(), "row"))?;
        if self.cells.len() > taps {
            writeln!(f, "  other cells: {}", self.cells.len() - taps)?;
        }
        for (input, source) in self.inputs.iter().enumerate() {
            let name = &self.kernel.inputs[input];
            match source.is_native() {
                true => {
                    writeln!(f, "  input {name}: {} elements, read where they are if a row is contiguous", source.dtype)
                }
                false => {
                    let why = match Lane::of(source.dtype) {
                        None => "there are no lanes of 64-bit integers",
                        Some(_) => "what is outside the array is not a value of its type",
                    };
                    writeln!(
                        f,
                        "  input {name}: {} elements, row by row as {}: {why}",
                        source.dtype,
                        source.lane.as_str()
                    )
                }
            }?;
        }
        self.explain_lanes(f)?;
        for (_, node) in self.kernel.live_nodes() {
            if let Expr::Reduce { op, window, filter, argument } = node.expr
                && op.is_order_statistic()
            {
                let constant = argument.map(|argument| match self.kernel.expr(argument) {
                    Expr::Number(bits) => Some(f64::from_bits(*bits)),
                    _ => None,
                });
                let lane = self.finite.lanes[window.index()].as_str();
                let method = self.method(op, filter.is_some(), constant);
                writeln!(f, "  {} of {lane} elements: {method}", op.name())?;
            }
        }
        for (output, stored) in self.kernel.outputs.iter().zip(&self.outputs) {
            match stored.is_native() {
                true => writeln!(f, "  output {}: stored as {}", output.name, stored.dtype),
                false => {
                    let why = match Lane::of(stored.dtype) {
                        None => "there are no lanes of 64-bit integers",
                        Some(_) => "its values may not fit in 32 bits before they wrap",
                    };
                    writeln!(f, "  output {}: cast to {} row by row: {why}", output.name, stored.dtype)
                }
            }?;
        }
        let alone = match (self.rows_per_call, self.kernel.assertions.is_empty()) {
            (1, false) => ": assertions must name the first pixel that fails",
            (1, true) => ": no cells in common, or too much code",
            _ => ": what they have in common is computed once",
        };
        writeln!(f, "  rows of pixels in one call: {}{alone}", self.rows_per_call)?;
        match self.general {
            Some(_) => writeln!(f, "  rows with NaN or infinity: other code, made when the first such row comes"),
            None => writeln!(f, "  rows with NaN or infinity: the same code"),
        }
    }

    fn explain_lanes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operations: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for (id, node) in self.kernel.live_nodes() {
            if !matches!(node.expr, Expr::Number(_) | Expr::Boolean(_)) {
                let lane = self.finite.lanes[id.index()];
                *operations.entry((lane.bytes(), lane.as_str())).or_default() += 1;
            }
        }
        let lanes = operations.iter().map(|((bytes, name), count)| {
            let registers = counted((self.block * bytes).div_ceil(16), "register");
            format!("{name} ({} on {registers})", counted(*count, "operation"))
        });
        writeln!(f, "  block: {}; lanes: {}", counted(self.block, "pixel"), lanes.collect::<Vec<_>>().join(", "))
    }

    /// How an order statistic is found. `argument` is its constant argument, `Some(None)` for another.
    fn method(&self, op: Reduction, filtered: bool, argument: Option<Option<f64>>) -> String {
        let taps = self.cells.taps();
        let host = |why: &str| format!("pixel by pixel on the host, because {why}");
        match argument {
            _ if taps > MAX_NETWORK => host(&format!("there are more than {MAX_NETWORK} elements")),
            _ if filtered => host("how many elements take part depends on the pixel"),
            Some(None) => host("its argument is not a constant"),
            argument => match op.ranks(taps, argument.flatten()) {
                Some(ranks) if ranks.len() == 1 => format!("a selection network for rank {} of {taps}", ranks[0]),
                Some(ranks) => format!("a selection network for {} ranks of {taps}", ranks.len()),
                None => host("it counts equal elements"),
            },
        }
    }
}

/// Some things, such as `1 row` or `2 rows`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
