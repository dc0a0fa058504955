//! A plan: the passes of a chain, and what they hand each other.

use super::cut::uncut::Uncut;
use super::hoist::Hoisted;
use super::line::Line;
use super::moving::pass::MovingPass;
use super::pass::Pass;
use super::reads::GroupReads;
use super::request::Request;

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

    /// The pass that makes the outputs.
    pub fn last_pass(&self) -> &Pass {
        self.passes.last().expect("a plan has a pass")
    }
}
