//! The lines that the host makes.

use crate::grid::lane::Lane;
use crate::lang::whole::Whole;
use crate::plan::analysis::ValueRange;
use crate::plan::assemble::{DraftInput, LineRanges, stored_as};
use crate::plan::line::{Line, Origin};
use crate::plan::pass::PassInput;

/// A line that the host makes.
#[derive(Clone, Copy, Debug)]
pub struct MovingLine {
    /// Its number, and its lanes.
    pub number: usize,
    pub lane: Lane,
    /// What its values may be.
    pub range: ValueRange,
}

impl MovingLine {
    /// As passes see it: of the pixels themselves.
    pub fn line(&self) -> Line {
        Line { lane: self.lane, before: 0, after: 0, neutral: None }
    }

    /// What a later pass reads. What its values are does not depend on whether elements are finite, for nobody asks those of a pass
    /// of the host.
    pub fn read(&self) -> DraftInput {
        DraftInput {
            input: PassInput { origin: Origin::Line(self.number), dtype: stored_as(self.lane), lane: self.lane },
            ranges: LineRanges { finite: self.range, general: self.range },
            whole: match self.lane {
                Lane::I64 => Whole::I64,
                Lane::U64 => Whole::U64,
                _ => Whole::NONE,
            },
        }
    }
}
