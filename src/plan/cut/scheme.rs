//! What a cut has found out, from which its passes are made.

use std::collections::BTreeMap;

use super::cellwise::Cuttable;
use super::footprint::Columns;
use super::run::Run;
use crate::lang::hir::{ExprId, Kernel};
use crate::lang::reductions::Monoid;
use crate::plan::assemble::LineRanges;
use crate::plan::request::Request;

/// How the reductions of a kernel are cut.
pub struct Scheme<'a> {
    /// The hoisted kernel.
    pub kernel: &'a Kernel,
    /// What the plan is for.
    pub request: &'a Request,
    /// The window's axis along the array's rows, if it has that axis.
    pub row_axis: Option<usize>,
    /// The reductions, by node. Each level has lines for their parts, in this order.
    pub cuttables: BTreeMap<ExprId, Cuttable>,
    /// What the values of the kernel's nodes may be, by index.
    pub ranges: Vec<LineRanges>,
    /// The footprint.
    pub columns: Columns,
    /// How the results of columns are combined.
    pub run: Run,
}

impl Scheme<'_> {
    /// The parts of all reductions, in the order of the lines of a level.
    pub fn parts(&self) -> Vec<Monoid> {
        self.cuttables.values().flat_map(Cuttable::parts).copied().collect()
    }

    /// The number of a line: of a part, in the order of [`Scheme::parts`], on a level. Level 0 are the columns.
    pub fn line(&self, level: usize, part: usize) -> usize {
        level * self.parts().len() + part
    }

    /// How many lines there are.
    pub fn line_count(&self) -> usize {
        (self.run.levels.len() + 1) * self.parts().len()
    }

    /// The offset of what is so far along the row.
    pub fn offset(&self, along: i32) -> Vec<i32> {
        let mut offset = vec![0; self.request.axes.len()];
        if let Some(axis) = self.row_axis {
            offset[axis] = along;
        }
        offset
    }
}
