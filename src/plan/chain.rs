//! Plans of several passes, which hand each other lines.

use super::Plan;
use super::pass::Pass;

impl Plan {
    /// How many rows of pixels the passes compute before the next rows: as many as the one that does most in a call.
    pub fn rows_per_group(&self) -> usize {
        self.passes.iter().map(|pass| pass.rows_per_call).max().unwrap_or(1)
    }

    /// Whether some pass has other code for elements that are not finite.
    pub fn has_general_code(&self) -> bool {
        self.passes.iter().any(|pass| pass.general.is_some())
    }

    /// The pass that makes the outputs.
    pub fn last_pass(&self) -> &Pass {
        self.passes.last().expect("a plan has a pass")
    }
}
