//! Which elements a statistic is made of.

use super::statistic::Statistic;
use crate::lang::reductions::Ranked;

/// No rank.
const NONE: u32 = u32::MAX;

/// The ranks of the elements that a statistic of so many elements is made of: two at most.
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
    pub fn ask(&mut self, statistic: &Statistic<'_, Ranked>, count: usize) {
        if count != self.count {
            *self = Question::new(statistic, count);
        }
    }

    fn new(statistic: &Statistic<'_, Ranked>, count: usize) -> Question {
        let mut question = Question { count, ranks: [NONE; 2] };
        let mut asked = 0;
        statistic.kind.of_sorted(count, statistic.argument, |k| {
            question.ranks[asked] = k as u32;
            asked += 1;
            0.0
        });
        question
    }

    /// The statistic of the elements of these ranks.
    #[inline(always)]
    pub fn answer(&self, statistic: &Statistic<'_, Ranked>, elements: [f64; 2]) -> f64 {
        match self.ranks {
            [NONE, _] => f64::NAN,
            [_, NONE] => elements[0],
            _ => {
                let element = |k: usize| elements[usize::from(k != self.ranks[0] as usize)];
                statistic.kind.of_sorted(self.count, statistic.argument, element)
            }
        }
    }
}
