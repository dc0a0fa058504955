//! Which elements a statistic is made of.

use super::statistic::{Statistic, Value};
use crate::lang::reductions::Ranked;

/// No rank.
const NONE: u32 = u32::MAX;

/// The ranks of the elements that a statistic of so many elements is made of: two at most.
#[derive(Clone, Copy)]
pub struct Question {
    pub count: usize,
    /// Ranks from `count` on are not asked for.
    pub ranks: [u32; 2],
}

impl Default for Question {
    /// Of no element nothing is asked.
    fn default() -> Question {
        Question { count: 0, ranks: [NONE; 2] }
    }
}

impl Question {
    /// Asks for the elements of a statistic, but no mean, of so many elements.
    #[inline(always)]
    pub fn ask<V>(&mut self, statistic: &Statistic<'_, Ranked, V>, count: usize) {
        if count != self.count {
            *self = Question::new(statistic.kind, statistic.argument, count);
        }
    }

    fn new(kind: Ranked, argument: f64, count: usize) -> Question {
        let mut question = Question { count, ranks: [NONE; 2] };
        let mut asked = 0;
        kind.of_sorted(count, argument, |k| {
            question.ranks[asked] = k as u32;
            asked += 1;
            0.0
        });
        question
    }

    /// The ranks that are asked for.
    #[inline(always)]
    pub fn asked(&self) -> impl Iterator<Item = u32> {
        let count = self.count as u32;
        self.ranks.into_iter().take_while(move |k| *k < count)
    }

    /// The statistic of the elements of these ranks.
    #[inline(always)]
    pub fn answer<V: Value>(&self, statistic: &Statistic<'_, Ranked, V>, elements: [V; 2]) -> V {
        match self.ranks {
            [NONE, _] => V::NOTHING,
            [_, NONE] => elements[0],
            _ => {
                let element = |k: usize| elements[usize::from(k != self.ranks[0] as usize)];
                V::of_sorted(statistic.kind, self.count, statistic.argument, element)
            }
        }
    }
}
