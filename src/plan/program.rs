//! A plan: the passes of a chain, and what they hand each other.

use super::hoist::Hoisted;
use super::line::{Destination, Line, Origin};
use super::pass::Pass;
use super::request::Request;
use crate::grid::halo::Halo;

/// How a kernel is computed row by row.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is for.
    pub request: Request,
    /// What is computed once for a run.
    pub hoisted: Hoisted,
    /// The passes over a group of rows, in order; the last one makes the outputs.
    pub passes: Vec<Pass>,
    /// What passes make for later ones.
    pub lines: Vec<Line>,
}

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

    /// How far beyond the pixels a pass computes: as far as any of its lines goes.
    pub fn halo_of(&self, pass: &Pass) -> Halo {
        pass.outputs.iter().fold(Halo::NONE, |halo, output| match output.destination {
            Destination::Line(line) => halo.union(self.lines[line].halo()),
            Destination::Array(_) => halo,
        })
    }

    /// How far beyond the pixels the pass computes that makes a line.
    pub fn halo_of_maker(&self, line: usize) -> Halo {
        let makes = |pass: &&Pass| pass.outputs.iter().any(|output| output.destination == Destination::Line(line));
        self.passes.iter().find(makes).map_or(Halo::NONE, |pass| self.halo_of(pass))
    }

    /// How far beyond the pixels the passes read rows of arrays.
    pub fn array_halo(&self) -> Halo {
        let halo = |pass: &Pass| {
            let is_array = |input: &usize| matches!(pass.inputs[*input].origin, Origin::Array(_));
            let is_read = |input: &usize| pass.rows.iter().any(|row| row.input == *input);
            let inputs = (0..pass.inputs.len()).filter(|input| is_array(input) && is_read(input));
            inputs.fold(Halo::NONE, |halo, input| halo.union(self.halo_of(pass).grow(pass.halo(input))))
        };
        self.passes.iter().fold(Halo::NONE, |all, pass| all.union(halo(pass)))
    }

    /// Makes lines go as far beyond the pixels as passes read them, from the last pass back (bounds inference).
    pub fn infer_halos(&mut self) {
        for number in (0..self.passes.len()).rev() {
            let pass = &self.passes[number];
            let computed = self.halo_of(pass);
            for (number, input) in pass.inputs.iter().enumerate() {
                let Origin::Line(line) = input.origin else { continue };
                let line = &mut self.lines[line];
                let Halo { before, after } = line.halo().union(computed.grow(pass.unshifted_halo(number)));
                (line.before, line.after) = (before, after);
            }
        }
    }
}
