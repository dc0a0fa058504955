//! A plan: the passes of a chain, and what they hand each other.

use super::cut::uncut::Uncut;
use super::hoist::Hoisted;
use super::line::Line;
use super::moving::elements::Elements;
use super::moving::pass::MovingPass;
use super::pass::Pass;
use super::reads::GroupReads;
use super::request::Request;
use super::width::REGISTER;
use crate::tuning;

/// How a kernel is computed row by row.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is for.
    pub request: Request,
    /// What is computed once for a run.
    pub hoisted: Hoisted,
    /// What the host finds before the passes, from window to window.
    pub moving: Vec<MovingPass>,
    /// How many factors of separable weights follow the numbers that are computed once.
    pub factors: usize,
    /// The passes over a group of rows, in order; the last one makes the outputs.
    pub passes: Vec<Pass>,
    /// What passes make for later ones, those of the host first.
    pub lines: Vec<Line>,
    /// The reductions that are not cut, where windows may be.
    pub uncut: Vec<Uncut>,
    /// What the passes read for a group of rows.
    pub reads: GroupReads,
}

impl Plan {
    /// Whether some pass has other code for elements that are not finite.
    pub fn has_general_code(&self) -> bool {
        self.passes.iter().any(|pass| pass.general.is_some())
    }

    /// About how many instructions a pixel takes that the host finds from window to window.
    pub fn moving_instructions(&self) -> f64 {
        let computed = |elements: &Elements| match elements {
            Elements::Input { .. } => 0.0,
            Elements::Computed(pass) => pass.instructions,
        };
        let of_pass = |pass: &MovingPass| match pass {
            MovingPass::Order(order) => {
                computed(&order.elements) + (order.statistics.len() * tuning::MOVING_WORK) as f64
            }
            // Each element comes, and goes.
            MovingPass::Sum(sum) => 2.0 * computed(&sum.elements) + tuning::MOVED_SUM / REGISTER as f64,
        };
        self.moving.iter().map(of_pass).sum()
    }

    /// The pass that makes the outputs.
    pub fn last_pass(&self) -> &Pass {
        self.passes.last().expect("a plan has a pass")
    }
}
