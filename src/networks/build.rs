//! Networks made for the case: merging and sorting, without the comparators that no wanted rank needs.

use super::known::{SORTERS, sorter};
use super::network::{Network, Step};

/// The wires of groups, each group's after those of the group before.
pub fn wires_of(groups: &[usize]) -> Vec<Vec<usize>> {
    let mut end = 0;
    let wires = |length: &usize| {
        end += length;
        (end - length..end).collect()
    };
    groups.iter().map(wires).collect()
}

/// The size of a set of values. When more have come into being, a `Builder` forgets those that no wire holds any more.
const WORDS: usize = 8;

/// A set of values, by their numbers.
#[derive(Clone, Copy)]
struct Values([u64; WORDS]);

impl Values {
    const NONE: Self = Self([0; WORDS]);

    fn contains(&self, value: usize) -> bool {
        self.0[value / 64] >> (value % 64) & 1 != 0
    }

    fn insert(&mut self, value: usize) {
        self.0[value / 64] |= 1 << (value % 64);
    }

    fn remove(&mut self, value: usize) {
        self.0[value / 64] &= !(1 << (value % 64));
    }

    fn or(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }

    fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(i, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(64 * i + bit)
            })
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lesser,
    Greater,
}

/// That a value is the lesser or the greater of two others.
#[derive(Clone, Copy)]
struct Origin {
    kind: Kind,
    of: (usize, usize),
}

/// What is known of the value on a wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It may have a wanted rank, or lie between two.
    Open,
    /// Its rank is below the wanted ones.
    Low,
    /// Its rank is above the wanted ones.
    High,
}

/// A network in the making, and what is known about the order of the values that occur in it.
pub struct Builder {
    pub steps: Vec<Step>,
    /// The value that each wire holds.
    held: Vec<usize>,
    fate: Vec<Fate>,
    /// For each value after those of as many as there are wires: how it came about.
    origin: Vec<Origin>,
    /// For each value, those known to be less or equal, and those known to be greater or equal, itself included.
    below: Vec<Values>,
    above: Vec<Values>,
    /// The values on open wires, and how many they are.
    open: Values,
    count: usize,
    /// How many values turned out to be low, and the least and greatest wanted rank.
    low: usize,
    least: usize,
    greatest: usize,
}

impl Builder {
    /// Values in sorted groups: a group of one is a value of which nothing is known.
    pub fn new(groups: &[usize], ranks: &[usize]) -> Self {
        let n = groups.iter().sum();
        let mut builder = Self {
            steps: Vec::new(),
            held: (0..n).collect(),
            fate: vec![Fate::Open; n],
            origin: Vec::new(),
            below: vec![Values::NONE; n],
            above: vec![Values::NONE; n],
            open: Values::NONE,
            count: n,
            low: 0,
            least: ranks[0],
            greatest: ranks[ranks.len() - 1],
        };
        let mut start = 0;
        for &length in groups {
            for i in start..start + length {
                builder.open.insert(i);
                (start..=i).for_each(|j| builder.below[i].insert(j));
                (i..start + length).for_each(|j| builder.above[i].insert(j));
            }
            start += length;
        }
        builder.eliminate(0..n);
        builder
    }

    /// The lesser of two values becomes a value itself, and so does the greater.
    fn meet_and_join(&mut self, x: usize, y: usize) -> (usize, usize) {
        let below = self.below[x].and(&self.below[y]);
        let above = self.closure(self.above[x].or(&self.above[y]), Kind::Lesser);
        let meet = self.add(Origin { kind: Kind::Lesser, of: (x, y) }, below, above);
        let above = self.above[x].and(&self.above[y]);
        let below = self.closure(self.below[x].or(&self.below[y]), Kind::Greater);
        let join = self.add(Origin { kind: Kind::Greater, of: (x, y) }, below, above);
        (meet, join)
    }

    /// Adds to what is known to be above a new lesser value, or below a new greater one, what follows from that.
    ///
    /// The lesser of two is above if both are, the greater of two if one of them is; for below it is the other way round. With
    /// the obvious bounds of `meet_and_join` these are the rules that decide the order in a free lattice (Whitman 1941).
    fn closure(&self, mut set: Values, kind: Kind) -> Values {
        let given = self.held.len();
        let mut grown = false;
        for (value, origin) in (given..).zip(&self.origin) {
            if !set.contains(value) {
                let (x, y) = (set.contains(origin.of.0), set.contains(origin.of.1));
                // If one is in the set already because the other things in it are, so is what it bounds.
                if if origin.kind == kind { x && y } else { grown && (x || y) } {
                    set.insert(value);
                    grown = true;
                }
            }
        }
        set
    }

    fn add(&mut self, origin: Origin, mut below: Values, mut above: Values) -> usize {
        let value = self.below.len();
        for other in below.iter() {
            self.above[other].insert(value);
        }
        for other in above.iter() {
            self.below[other].insert(value);
        }
        below.insert(value);
        above.insert(value);
        self.origin.push(origin);
        self.below.push(below);
        self.above.push(above);
        value
    }

    /// Brings two wires into order, with a step if the order is not known: the one with the lesser value comes first.
    pub fn exchange(&mut self, a: usize, b: usize) -> (usize, usize) {
        let (x, y) = (self.held[a], self.held[b]);
        if self.fate[a] == Fate::Low || self.fate[b] == Fate::High || self.below[y].contains(x) {
            return (a, b);
        }
        if self.fate[b] == Fate::Low || self.fate[a] == Fate::High || self.below[x].contains(y) {
            return (b, a);
        }
        self.steps.push(Step::Exchange(a, b));
        if self.below.len() + 2 > 64 * WORDS {
            self.forget();
        }
        let (x, y) = (self.held[a], self.held[b]);
        (self.held[a], self.held[b]) = self.meet_and_join(x, y);
        for value in [x, y] {
            self.open.remove(value);
        }
        for wire in [a, b] {
            self.open.insert(self.held[wire]);
        }
        self.eliminate([a, b]);
        (a, b)
    }

    /// Numbers the values anew, leaving out those that no wire holds: what is known of the others stays known.
    fn forget(&mut self) {
        let wires = (0..self.held.len()).collect();
        let held = std::mem::replace(&mut self.held, wires);
        let translate = |set: &Values| {
            let mut translated = Values::NONE;
            (0..held.len()).filter(|&wire| set.contains(held[wire])).for_each(|wire| translated.insert(wire));
            translated
        };
        let below = held.iter().map(|&value| translate(&self.below[value])).collect();
        let above = held.iter().map(|&value| translate(&self.above[value])).collect();
        (self.below, self.above, self.open) = (below, above, translate(&self.open));
        self.origin.clear();
    }

    /// Finds the values that have too many greater or too many lesser ones to be wanted.
    fn eliminate(&mut self, wires: impl IntoIterator<Item = usize>) {
        for wire in wires {
            let value = self.held[wire];
            if self.fate[wire] != Fate::Open {
                continue;
            }
            if self.open.and(&self.above[value]).len() > self.count + self.low - self.least {
                self.fate[wire] = Fate::Low;
                self.low += 1;
            } else if self.open.and(&self.below[value]).len() > self.greatest + 1 - self.low {
                self.fate[wire] = Fate::High;
            } else {
                continue;
            }
            self.open.remove(value);
            self.count -= 1;
        }
    }

    /// Sorts the wires that are still open: those of them that still are, in ascending order of their values.
    pub fn sort(&mut self, wires: &[usize]) -> Vec<usize> {
        let sorted = self.sort_all(self.still_open(wires));
        self.eliminate(0..self.held.len());
        self.still_open(&sorted)
    }

    /// Sorts wires: the same ones in ascending order of their values.
    pub fn sort_all(&mut self, mut wires: Vec<usize>) -> Vec<usize> {
        if wires.len() > SORTERS.len() {
            let right = wires.split_off(wires.len().div_ceil(2));
            let (left, right) = (self.sort_all(wires), self.sort_all(right));
            return self.merge(&left, &right);
        }
        if !wires.is_empty() {
            for (i, j) in sorter(wires.len()) {
                (wires[i], wires[j]) = self.exchange(wires[i], wires[j]);
            }
        }
        wires
    }

    fn still_open(&self, wires: &[usize]) -> Vec<usize> {
        wires.iter().copied().filter(|&wire| self.fate[wire] == Fate::Open).collect()
    }

    /// Merges two sorted lists of wires: Batcher's odd-even merge, for any two lengths (Knuth, volume 3, 5.3.4).
    fn merge(&mut self, left: &[usize], right: &[usize]) -> Vec<usize> {
        let every_other = |list: &[usize], first: usize| -> Vec<usize> {
            list[first.min(list.len())..].iter().copied().step_by(2).collect()
        };
        match (left, right) {
            ([], list) | (list, []) => return list.to_vec(),
            (&[a], &[b]) => {
                let (a, b) = self.exchange(a, b);
                return vec![a, b];
            }
            _ => {}
        }
        let even = self.merge(&every_other(left, 0), &every_other(right, 0));
        let odd = self.merge(&every_other(left, 1), &every_other(right, 1));
        let mut merged = vec![even[0]];
        for i in 0..odd.len().max(even.len() - 1) {
            match (odd.get(i), even.get(i + 1)) {
                (Some(&a), Some(&b)) => merged.extend(<[usize; 2]>::from(self.exchange(a, b))),
                (Some(&a), None) | (None, Some(&a)) => merged.push(a),
                (None, None) => {}
            }
        }
        merged
    }

    /// Merges sorted lists of wires, two at a time, and gives up on the way what can't be wanted.
    pub fn merge_all(&mut self, mut lists: Vec<Vec<usize>>, first: First) -> Vec<usize> {
        loop {
            for list in &mut lists {
                *list = self.still_open(list);
            }
            lists.retain(|list| !list.is_empty());
            if lists.len() < 2 {
                return lists.pop().unwrap_or_default();
            }
            if first == First::Shortest {
                lists.sort_by_key(Vec::len);
            }
            let (i, j) = match first {
                First::Shortest => (0, 1),
                First::Middle => (lists.len() / 2 - 1, lists.len().div_ceil(2)),
            };
            let right = lists.remove(j);
            lists[i] = self.merge(&lists[i], &right);
            self.eliminate(0..self.held.len());
        }
    }

    /// The network, when a list has all wires that are still open in ascending order of their values.
    pub fn finish(self, sorted: &[usize], ranks: &[usize]) -> Network {
        let outputs = ranks.iter().map(|rank| sorted[rank - self.low]).collect();
        Network::pruned(self.steps, outputs)
    }
}

/// Which of several lists are merged first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum First {
    Shortest,
    Middle,
}
