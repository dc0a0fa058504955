//! Folds.

use cranelift_codegen::ir::Value;

use super::Emitter;
use super::value_source::Tap;
use crate::codegen::lanes::Lanes;
use crate::error::Error;
use crate::lang::hir::{ExprId, FoldId};
use crate::lang::types::Elem;
use crate::plan::body::{Fold, Visit};

impl<'a, 'f> Emitter<'a, 'f> {
    pub(super) fn fold(&mut self, plan: &'a Fold) -> Result<(), Error> {
        let fold = self.kernel.fold(plan.id);
        let first = self.settled(plan, &fold.init);
        let last = match (plan.visit, self.source.taps()) {
            (Visit::Unrolled, Some(taps)) => {
                let mut accumulators = first;
                for tap in 0..taps {
                    accumulators = self.fold_cell(plan, Tap::Known(tap), accumulators)?;
                }
                accumulators
            }
            _ => {
                let kinds = first.clone();
                let last =
                    self.run_watched_loop(plan.look_interval, &all_parts(&first), |emitter, tap, variables| {
                        let next = emitter.fold_cell(plan, Tap::Running(tap), with_parts(&kinds, variables))?;
                        Ok(all_parts(&next))
                    })?;
                with_parts(&kinds, &last)
            }
        };
        self.accumulators.insert(plan.id, last);
        Ok(())
    }

    /// The accumulators after one more cell.
    fn fold_cell(&mut self, plan: &'a Fold, tap: Tap, accumulators: Vec<Lanes>) -> Result<Vec<Lanes>, Error> {
        let (id, fold): (FoldId, _) = (plan.id, self.kernel.fold(plan.id));
        let values = self.window_values(&plan.nodes, tap)?;
        let elements = fold.windows.iter().map(|window| self.value_at(&values, *window)).collect();
        self.elements.insert(id, elements);
        self.accumulators.insert(id, accumulators);
        self.steps(&plan.body)?;
        Ok(self.settled(plan, &fold.next))
    }

    /// Values in the lanes of the accumulators.
    fn settled(&mut self, plan: &Fold, values: &[ExprId]) -> Vec<Lanes> {
        let settle = |(value, lane): (&ExprId, &_)| {
            let known = self.scalar(*value).clone();
            match self.kernel.ty(*value).elem {
                Elem::Number => Lanes::Numbers(*lane, self.numbers(&known, *lane)),
                Elem::Boolean => Lanes::Masks(*lane, self.masks(&known, *lane)),
            }
        };
        values.iter().zip(&plan.accumulators).map(settle).collect()
    }
}

/// The registers of some values, one after the other.
fn all_parts(values: &[Lanes]) -> Vec<Value> {
    let parts = values.iter().flat_map(|value| match value {
        Lanes::Numbers(_, parts) | Lanes::Masks(_, parts) => parts.as_slice(),
        Lanes::Number(_) | Lanes::Truth(_) => unreachable!("a loop's variables are in registers"),
    });
    parts.copied().collect()
}

/// Values of the same kinds in other registers.
fn with_parts(kinds: &[Lanes], mut parts: &[Value]) -> Vec<Lanes> {
    let mut take = |count: usize| {
        let (mine, rest) = parts.split_at(count);
        parts = rest;
        mine.to_vec()
    };
    kinds
        .iter()
        .map(|kind| match kind {
            Lanes::Numbers(lane, like) => Lanes::Numbers(*lane, take(like.len())),
            Lanes::Masks(lane, like) => Lanes::Masks(*lane, take(like.len())),
            Lanes::Number(_) | Lanes::Truth(_) => unreachable!("a loop's variables are in registers"),
        })
        .collect()
}
