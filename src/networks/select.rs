//! The cheapest network for given groups of values and wanted ranks, of those that are known and those that can be made.

use super::build::{Builder, First, wires_of};
use super::known::{KnownNetwork, MEDIANS, MERGED, SORTERS};
use super::network::{Network, Step};

fn cheapest(networks: impl IntoIterator<Item = Network>) -> Network {
    networks.into_iter().min_by_key(Network::cost).expect("there is one")
}

/// All order statistics of `n` values.
pub fn sort(n: usize) -> Network {
    let ranks: Vec<usize> = (0..n).collect();
    let mut builder = Builder::new(&vec![1; n], &ranks);
    let sorted = builder.sort_all(ranks);
    Network::pruned(builder.steps, sorted)
}

/// The order statistics of `n` values, which are on the wires from 0. The ranks, at least one, count from 0 and ascend.
pub fn select(n: usize, ranks: &[usize]) -> Network {
    let groups = vec![1; n];
    if let Some(network) = MEDIANS.iter().find_map(|found| fit(found, &groups, ranks)) {
        return network;
    }
    // The median of a larger square window is not in the list above, but in the one of sorted rows.
    for found in MERGED.iter().filter(|found| found.rows * found.length == n && n > SORTERS.len()) {
        let rows = vec![found.length; found.rows];
        if let Some(merge) = fit(found, &rows, ranks) {
            return sort_first(&rows, merge);
        }
    }
    let in_blocks = |block| {
        let mut builder = Builder::new(&groups, ranks);
        let wires: Vec<usize> = (0..n).collect();
        let lists = wires.chunks(block).map(|wires| builder.sort(wires)).collect();
        let sorted = builder.merge_all(lists, First::Shortest);
        builder.finish(&sorted, ranks)
    };
    cheapest([SORTERS.len(), 8].map(in_blocks))
}

/// The order statistics of values in groups that are sorted already. The wires of each group follow those of the group
/// before, in ascending order of their values.
pub fn merge(groups: &[usize], ranks: &[usize]) -> Network {
    let found = MERGED.iter().find_map(|found| Some((found, fit(found, groups, ranks)?)));
    let found = match found {
        Some((found, network)) if groups.iter().sum::<usize>() == found.rows * found.length => return network,
        found => found.map(|(_, network)| network),
    };
    let merged = |first| {
        let mut builder = Builder::new(groups, ranks);
        let sorted = builder.merge_all(wires_of(groups), first);
        builder.finish(&sorted, ranks)
    };
    cheapest([merged(First::Middle), merged(First::Shortest), merge_crosswise(groups, ranks)].into_iter().chain(found))
}

/// `merge` for groups of about the same length.
///
/// Sorting each column of sorted rows leaves the rows sorted. Then the diagonals are sorted that join values of about the same
/// rank. For three rows of three that is all that is needed (Paeth 1990); for more it makes merging cheaper.
fn merge_crosswise(groups: &[usize], ranks: &[usize]) -> Network {
    let mut builder = Builder::new(groups, ranks);
    let lists = wires_of(groups);
    let longest = groups.iter().copied().max().unwrap_or(0);
    let mut diagonals = vec![Vec::new(); longest + groups.len()];
    for i in 0..longest {
        let place = |list: &Vec<usize>| list.get(i.checked_sub((longest - list.len()) / 2)?).copied();
        let column: Vec<usize> = lists.iter().filter_map(place).collect();
        for (j, wire) in builder.sort_all(column).into_iter().enumerate() {
            diagonals[i + j].push(wire);
        }
    }
    let diagonals = diagonals.iter().map(|wires| builder.sort(wires)).collect();
    let sorted = builder.merge_all(diagonals, First::Shortest);
    builder.finish(&sorted, ranks)
}

/// A network for sorted groups, after one that sorts them.
fn sort_first(groups: &[usize], merge: Network) -> Network {
    let (mut steps, mut sorted) = (Vec::new(), Vec::new());
    for wires in wires_of(groups) {
        let sort = sort(wires.len());
        steps.extend(sort.steps.iter().map(|step| step.on(&wires)));
        sorted.extend(sort.outputs.iter().map(|&output| wires[output]));
    }
    steps.extend(merge.steps.iter().map(|step| step.on(&sorted)));
    Network::pruned(steps, merge.outputs.iter().map(|&output| sorted[output]).collect())
}

/// How to find the order statistics of several windows that have most of their values in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlapping {
    /// For the sorted groups in common: those of their values that can have a wanted rank in a window, in ascending order.
    pub common: Network,
    /// For a window: its wires are the outputs of `common`, and then the sorted groups of its own.
    pub own: Network,
}

/// The order statistics of each of some windows, which share the sorted groups `common` and have groups as long as `own` to
/// themselves, such as neighbours in a column, which share all rows but one.
///
/// Few of the values in common matter: with `m` more values, what has rank `r` in the window has rank `r - m` to `r` here.
pub fn select_overlapping(common: &[usize], own: &[usize], ranks: &[usize]) -> Overlapping {
    let in_common: usize = common.iter().sum();
    let first = ranks[0].saturating_sub(own.iter().sum());
    let last = ranks[ranks.len() - 1].min(in_common - 1);
    let candidates: Vec<usize> = (first..=last).collect();
    let groups: Vec<usize> = [candidates.len()].iter().chain(own).copied().collect();
    let ranks: Vec<usize> = ranks.iter().map(|rank| rank - first).collect();
    Overlapping { common: merge(common, &candidates), own: merge(&groups, &ranks) }
}

/// What stands in a place of a network that is larger than needed: a wire, or a value below or above all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Low,
    Wire(usize),
    High,
}

/// The order statistics of sorted groups, by this network: the places that are too many are filled with values below and
/// above all others, so that the ranks become those of the network. Nothing is left of the comparators that they meet.
fn fit(known: &KnownNetwork, groups: &[usize], ranks: &[usize]) -> Option<Network> {
    let spare = (known.rows * known.length).checked_sub(groups.iter().sum())?;
    let low = known.rank.checked_sub(ranks[0])?;
    let outputs: Vec<usize> =
        ranks.iter().map(|rank| known.outputs.get(rank - ranks[0]).copied()).collect::<Option<_>>()?;
    if low > spare || groups.len() > known.rows || groups.iter().any(|&length| length > known.length) {
        return None;
    }
    if spare == 0 {
        let steps = known.comparators().map(|(a, b)| Step::Exchange(a, b)).collect();
        return Some(Network::pruned(steps, outputs));
    }
    let margin = (known.rows - groups.len()) / 2;
    let mut slots = Vec::with_capacity(known.rows * known.length);
    let (mut wires, mut spare_before) = (0, 0);
    for row in 0..known.rows {
        let length = row.checked_sub(margin).and_then(|group| groups.get(group)).copied().unwrap_or(0);
        let spare_after = spare_before + known.length - length;
        // The low ones are spread evenly over all the spare places.
        let lows = spare_after * low / spare - spare_before * low / spare;
        slots.extend(std::iter::repeat_n(Slot::Low, lows));
        slots.extend((wires..wires + length).map(Slot::Wire));
        slots.resize((row + 1) * known.length, Slot::High);
        (wires, spare_before) = (wires + length, spare_after);
    }
    let mut builder = Builder::new(groups, ranks);
    for (a, b) in known.comparators() {
        match (slots[a], slots[b]) {
            (Slot::Wire(x), Slot::Wire(y)) => {
                let (lesser, greater) = builder.exchange(x, y);
                (slots[a], slots[b]) = (Slot::Wire(lesser), Slot::Wire(greater));
            }
            (Slot::Low, _) | (_, Slot::High) => {}
            _ => slots.swap(a, b),
        }
    }
    let wire = |output: usize| if let Slot::Wire(wire) = slots[output] { Some(wire) } else { None };
    Some(Network::pruned(builder.steps, outputs.into_iter().map(wire).collect::<Option<_>>()?))
}
