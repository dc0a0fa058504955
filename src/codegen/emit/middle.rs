//! Medians of the elements that are selected, by a network over all elements.

use cranelift_codegen::ir::{InstBuilder, Value};

use super::Emitter;
use super::value_source::Tap;
use crate::codegen::expr;
use crate::codegen::lanes::Lanes;
use crate::codegen::simd;
use crate::error::Error;
use crate::lang::hir::ExprId;
use crate::lang::ops::BinaryOp;
use crate::plan::body::{OfRanks, Select, Statistic};

/// The elements of a window, of which those that are not selected are replaced, and masks about them.
struct Padded {
    elements: Vec<(usize, Vec<Value>)>,
    /// Where an odd number of elements is not selected.
    odd: Vec<Value>,
    /// Where an element is selected.
    any: Vec<Value>,
}

impl<'a, 'f> Emitter<'a, 'f> {
    /// Medians of the elements that a filter selects.
    ///
    /// The first element that is not selected is replaced by the least number of the lane, the next by the greatest, and so on in turn, so
    /// that the middle of all elements stays that of the selected ones: of as many low as high ones exactly, and with one low one
    /// more it is half a place further up.
    pub(super) fn middle_of_selected(&mut self, plan: &Select, filter: ExprId) -> Result<(), Error> {
        let lane = plan.lane;
        let Padded { elements, odd, any } = self.padded(plan, filter)?;
        let nan = plan.nan.then(|| self.any_nan(&elements));
        let found = self.selected(lane, &elements, &plan.selection);
        let none = self.map(&any, simd::not);
        let undefined = match nan {
            Some(nan) => self.zip(&none, &nan, |b, x, y| b.ins().bor(x, y)),
            None => none,
        };
        for statistic in &plan.statistics {
            let Statistic { id, lane: wide, of_ranks: OfRanks::Middle(..), .. } = statistic else { continue };
            let rank = |index: usize| Lanes::Numbers(lane, found[index].clone());
            let (low, high) = (self.numbers(&rank(0), *wide), self.numbers(&rank(1), *wide));
            let odd = self.masks(&Lanes::Masks(lane, odd.clone()), *wide);
            let both = self.midpoint(statistic, &low, &high);
            // All elements are odd or even in number, and so are then the selected ones, or the other way round.
            let value = match elements.len() % 2 {
                1 => self.select(&odd, &both, &low),
                _ => self.select(&odd, &high, &both),
            };
            let undefined = self.masks(&Lanes::Masks(lane, undefined.clone()), *wide);
            let nan = self.number(*wide, f64::NAN);
            let value = self.select(&undefined, &nan, &value);
            self.set(*id, Lanes::Numbers(*wide, value));
        }
        Ok(())
    }

    fn padded(&mut self, plan: &Select, filter: ExprId) -> Result<Padded, Error> {
        let lane = plan.lane;
        let (least, greatest) = match lane.is_float() {
            true => (f64::NEG_INFINITY, f64::INFINITY),
            false => (lane.least(), lane.greatest()),
        };
        let [low, high] = [least, greatest].map(|pad| self.number(lane, pad));
        let mut elements = Vec::new();
        let mut masks: Option<(Vec<Value>, Vec<Value>)> = None;
        for tap in 0..self.source.taps().unwrap_or(0) {
            let values = self.window_values(&plan.nodes, Tap::Known(tap))?;
            let (element, selected) = (self.value_at(&values, plan.window), self.value_at(&values, filter));
            let (element, selected) = (self.numbers(&element, lane), self.masks(&selected, lane));
            let (pad, next) = match masks {
                None => (low.clone(), (self.map(&selected, simd::not), selected.clone())),
                Some((odd, any)) => {
                    let pad = self.select(&odd, &high, &low);
                    // What is not selected changes whether their number is odd.
                    let odd = self.zip(&odd, &selected, |b, x, y| expr::logic(b, BinaryOp::Equal, x, y));
                    (pad, (odd, self.zip(&any, &selected, |b, x, y| b.ins().bor(x, y))))
                }
            };
            masks = Some(next);
            elements.push((self.source.tree_row(tap), self.select(&selected, &element, &pad)));
        }
        let (odd, any) = masks.expect("a window has cells");
        Ok(Padded { elements, odd, any })
    }
}
