//! Networks are right for every input: by the 0-1 principle, and by counting.

use super::build::*;
use super::known::*;
use super::select::*;
use super::tile::*;
use super::{Network, Step};
use std::collections::{BTreeSet, HashSet};

fn run<T: Copy>(steps: &[Step], wires: &mut [T], min: impl Fn(T, T) -> T, max: impl Fn(T, T) -> T) {
    for &step in steps {
        let (Step::Exchange(a, b) | Step::Min(a, b) | Step::Max(a, b)) = step;
        let (x, y) = (wires[a], wires[b]);
        if !matches!(step, Step::Max(..)) {
            wires[a] = min(x, y);
        }
        if !matches!(step, Step::Min(..)) {
            wires[b] = max(x, y);
        }
    }
}

/// Some neighbouring wires, and what occurs on them of zeros and ones: how many ones, and which, from the first wire on.
struct Block {
    length: usize,
    inputs: Vec<(usize, u128)>,
}

impl Block {
    fn new(length: usize, inputs: impl IntoIterator<Item = u128>) -> Self {
        let inputs = inputs.into_iter().map(|input| (input.count_ones() as usize, input)).collect();
        Self { length, inputs }
    }

    fn sorted(length: usize) -> Self {
        Self::new(length, (0..=length).map(|zeros| (1 << length) - (1 << zeros)))
    }
}

/// Calls a function for all combinations of the inputs of several blocks that have so many ones.
fn combine(blocks: &[Block], ones: usize, start: usize, before: u128, visit: &mut impl FnMut(u128)) {
    let [block, rest @ ..] = blocks else { return visit(before) };
    let most: usize = rest.iter().map(|block| block.length).sum();
    for &(more, input) in &block.inputs {
        if more <= ones && ones <= more + most {
            combine(rest, ones - more, start + block.length, before | input << start, visit);
        }
    }
}

/// Whether a network is right for all combinations of the inputs listed for blocks of wires. By the 0-1 principle it is
/// right for all values if those are all that can occur.
///
/// As it is monotone, the inputs matter that have just enough ones for the output to be one, or one too few: the others
/// are above or below one of them, since fewer or more ones given to a network are fewer or more wherever they come out.
fn is_right(blocks: &[Block], steps: &[Step], outputs: &[usize], ranks: &[usize]) -> bool {
    let n: usize = blocks.iter().map(|block| block.length).sum();
    let numbers: BTreeSet<usize> = ranks.iter().flat_map(|rank| [n - rank - 1, n - rank]).collect();
    let mut right = true;
    for ones in numbers {
        let mut check = |inputs: &mut Vec<u128>| {
            let mut wires = vec![0_u64; n];
            for (bit, mut input) in inputs.drain(..).enumerate() {
                while input != 0 {
                    wires[input.trailing_zeros() as usize] |= 1 << bit;
                    input &= input - 1;
                }
            }
            let all = wires.iter().fold(0, |all, wire| all | wire);
            run(steps, &mut wires, |x, y| x & y, |x, y| x | y);
            let expected = |rank| if ones >= n - rank { all } else { 0 };
            right &= outputs.iter().zip(ranks).all(|(&output, &rank)| wires[output] == expected(rank));
        };
        let mut inputs = Vec::new();
        combine(blocks, ones, 0, 0, &mut |input| {
            inputs.push(input);
            if inputs.len() == 64 {
                check(&mut inputs);
            }
        });
        check(&mut inputs);
    }
    right
}

fn is_right_sorted(groups: &[usize], network: &Network, ranks: &[usize]) -> bool {
    let blocks: Vec<_> = groups.iter().map(|&length| Block::sorted(length)).collect();
    is_right(&blocks, &network.steps, &network.outputs, ranks)
}

/// The same for a network whose first steps stay within blocks of wires: what can come out of them is found for each block.
fn is_right_in_blocks(lengths: &[usize], network: &Network, ranks: &[usize]) -> bool {
    let places = wires_of(lengths);
    let network_wires: usize = lengths.iter().sum();
    let block_of = |wire: usize| places.iter().position(|wires| wires.contains(&wire));
    let mut left = HashSet::new();
    let (mut within, mut after) = (Vec::new(), Vec::new());
    for &step in &network.steps {
        let (Step::Exchange(a, b) | Step::Min(a, b) | Step::Max(a, b)) = step;
        if block_of(a) == block_of(b) && !left.contains(&a) && !left.contains(&b) {
            // Exchanges keep the number of ones. What a lone minimum or maximum leaves is read by nothing.
            within.push(Step::Exchange(a, b));
        } else {
            left.extend([a, b]);
            after.push(step);
        }
    }
    let reachable = |wires: &Vec<usize>| {
        let mut found = HashSet::new();
        for input in 0..1_u128 << wires.len() {
            let mut values: Vec<u128> = (0..network_wires).map(|wire| input << wires[0] >> wire & 1).collect();
            run(&within, &mut values, u128::min, u128::max);
            found.insert(wires.iter().rev().fold(0, |found, &wire| found << 1 | values[wire]));
        }
        Block::new(wires.len(), found)
    };
    let blocks: Vec<_> = places.iter().map(reachable).collect();
    is_right(&blocks, &after, &network.outputs, ranks)
}

/// Tries inputs at random: zeros and ones, so that about half the values around the wanted rank are equal.
fn try_at_random(groups: &[usize], network: &Network, ranks: &[usize], random: &mut fastrand::Rng) {
    let n: usize = groups.iter().sum();
    for _ in 0..100 {
        let mut values: Vec<usize> = (0..n).collect();
        random.shuffle(&mut values);
        for wires in wires_of(groups).iter().filter(|wires| !wires.is_empty()) {
            values[wires[0]..wires[0] + wires.len()].sort_unstable();
        }
        run(&network.steps, &mut values, usize::min, usize::max);
        let found: Vec<usize> = network.outputs.iter().map(|&output| values[output]).collect();
        assert_eq!(found, ranks, "{groups:?}");
    }
}

/// Some ranks of `n` values, in ascending order.
fn some_ranks(n: usize, random: &mut fastrand::Rng) -> Vec<usize> {
    let first = random.usize(..n);
    match random.usize(..4) {
        0 => vec![first],
        1 => vec![first, n - 1],
        2 => (first..n.min(first + 2)).collect(),
        _ => (first..n.min(first + random.usize(1..20))).collect(),
    }
}

#[test]
fn few_values_proven_for_all_ranks() {
    for n in 1..=16 {
        let ranks: Vec<usize> = (0..n).collect();
        let network = sort(n);
        assert!(is_right_sorted(&vec![1; n], &network, &ranks), "sort {n}");
        assert_eq!(network.cost(), 2 * [0, 1, 3, 5, 9, 12, 16, 19, 25, 29, 35, 39, 45, 51, 56, 60][n - 1]);
        for &rank in &ranks {
            assert!(is_right_sorted(&vec![1; n], &select(n, &[rank]), &[rank]), "rank {rank} of {n}");
        }
        for pair in ranks.windows(2) {
            assert!(is_right_sorted(&vec![1; n], &select(n, pair), pair), "ranks {pair:?} of {n}");
        }
    }
}

/// Proves the networks of the tables for numbers of values in a range. (Those for the medians of 57 and 63 have too many
/// inputs even so; they are only tried.)
fn prove_tables(sizes: std::ops::Range<usize>) {
    for n in MEDIANS.iter().map(|found| found.rows).filter(|&n| n < 50 && sizes.contains(&n)) {
        let block = if n < 30 { 8 } else { 16 };
        let blocks: Vec<usize> = (0..n).step_by(block).map(|start| (n - start).min(block)).collect();
        assert!(is_right_in_blocks(&blocks, &select(n, &[n / 2]), &[n / 2]), "median of {n}");
    }
    for found in MERGED.iter().filter(|found| sizes.contains(&(found.rows * found.length))) {
        let groups = vec![found.length; found.rows];
        let ranks: Vec<usize> = (found.rank..found.rank + found.outputs.len()).collect();
        assert!(is_right_sorted(&groups, &merge(&groups, &ranks), &ranks), "{groups:?}");
    }
}

#[test]
fn tables_proven() {
    prove_tables(0..43);
}

#[test]
#[ignore = "a hundred million inputs, for an optimised build"]
fn large_tables_proven() {
    prove_tables(43..82);
}

/// That a network needs so many minima and maxima is the point of it.
#[test]
fn costs() {
    let plain = [3, 5, 7, 9, 13, 21, 25, 29, 37, 49, 81].map(|n| select(n, &[n / 2]).cost());
    assert_eq!(plain, [4, 10, 20, 30, 52, 112, 146, 186, 270, 414, 1034]);
    let squares = [3, 5, 7, 9].map(|n| merge(&vec![n; n], &[n * n / 2]).cost());
    assert_eq!(squares, [12, 78, 234, 584]);
    let discs: [&[usize]; 4] = [&[1, 3, 5, 3, 1], &[3, 5, 5, 5, 3], &[1, 5, 5, 7, 5, 5, 1], &[3, 5, 7, 7, 7, 5, 3]];
    let discs = discs.map(|groups| merge(groups, &[groups.iter().sum::<usize>() / 2]).cost());
    assert_eq!(discs, [34, 70, 142, 188]);
    let pairs = [3, 5, 7, 9].map(|n| {
        let pair = select_overlapping(&vec![n; n - 1], &[n], &[n * n / 2]);
        (pair.common.cost(), pair.own.cost())
    });
    assert_eq!(pairs, [(10, 6), (76, 10), (248, 14), (552, 18)]);
}

#[test]
fn overlapping_windows() {
    let mut random = fastrand::Rng::with_seed(3);
    let cases: [(&[usize], &[usize], &[usize]); 6] = [
        (&[3, 3], &[3], &[4]),
        (&[5; 4], &[5], &[12]),
        (&[10, 5, 5], &[5], &[11, 12]),
        (&[3, 5, 5, 3], &[1, 2], &[0, 18]),
        (&[2], &[7], &[4]),
        (&[7; 6], &[7], &[24]),
    ];
    for (common, own, ranks) in cases {
        let network = select_overlapping(common, own, ranks);
        let groups = [common, own].concat();
        let (n, in_common) = (groups.iter().sum(), common.iter().sum());
        for _ in 0..200 {
            let mut values: Vec<usize> = (0..n).collect();
            random.shuffle(&mut values);
            for wires in wires_of(&groups) {
                values[wires[0]..wires[0] + wires.len()].sort_unstable();
            }
            let of_own = values.split_off(in_common);
            run(&network.common.steps, &mut values, usize::min, usize::max);
            let mut window: Vec<usize> = network.common.outputs.iter().map(|&output| values[output]).collect();
            window.extend(of_own);
            run(&network.own.steps, &mut window, usize::min, usize::max);
            let found: Vec<usize> = network.own.outputs.iter().map(|&output| window[output]).collect();
            assert_eq!(found, ranks, "{common:?} {own:?}");
        }
    }
}

#[test]
fn any_number_of_values() {
    let mut random = fastrand::Rng::with_seed(1);
    for n in (1..=21).chain((27..=81).step_by(6)).chain([49]) {
        for ranks in [vec![n / 2], some_ranks(n, &mut random)] {
            try_at_random(&vec![1; n], &select(n, &ranks), &ranks, &mut random);
        }
    }
}

#[test]
fn any_groups() {
    let mut random = fastrand::Rng::with_seed(2);
    for _ in 0..100 {
        let groups: Vec<usize> = (0..random.usize(1..=9)).map(|_| random.usize(1..=9)).collect();
        let n = groups.iter().sum();
        let ranks = some_ranks(n, &mut random);
        let network = merge(&groups, &ranks);
        try_at_random(&groups, &network, &ranks, &mut random);
        if groups.iter().map(|length| length + 1).product::<usize>() < 100_000 {
            assert!(is_right_sorted(&groups, &network, &ranks), "{groups:?} {ranks:?}");
        }
    }
}

/// The values of a list of a tile, where each cell has a value.
fn values_of(tile: &Tile, list: usize, cell: &dyn Fn(usize, usize) -> u64) -> Vec<u64> {
    let (network, wires) = tile.list(list);
    let mut values: Vec<u64> = Vec::new();
    for from in wires {
        match *from {
            Wires::Cell((row, column)) => values.push(cell(row, column)),
            Wires::List(list) => values.extend(values_of(tile, list, cell)),
        }
    }
    run(&network.steps, &mut values, u64::min, u64::max);
    network.outputs.iter().map(|output| values[*output]).collect()
}

/// Windows and tiles of many shapes, and all sorts of ranks: each pixel's list has the elements of its window.
#[test]
fn tiles() {
    let mut random = fastrand::Rng::with_seed(4);
    for _ in 0..300 {
        let (rows, columns) = (random.usize(1..=9), random.usize(1..=9));
        let pick = |random: &mut fastrand::Rng, most: usize| 1 << random.usize(0..=most.ilog2().min(3) as usize);
        let (height, width) = (pick(&mut random, rows), pick(&mut random, columns));
        if rows * columns < 2 {
            continue;
        }
        let ranks = some_ranks(rows * columns, &mut random);
        let tile = Tile::new((rows, columns), (height, width), &ranks);
        for _ in 0..10 {
            // Few distinct values, so that there are equal ones.
            let most = *random.choice([2_u64, 5, 1000].iter()).expect("there are some");
            let across = columns + width - 1;
            let cells: Vec<u64> = (0..(rows + height - 1) * across).map(|_| random.u64(..most)).collect();
            let cell = |row: usize, column: usize| cells[row * across + column];
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                let mut window: Vec<u64> =
                    (0..rows * columns).map(|at| cell(y + at / columns, x + at % columns)).collect();
                window.sort_unstable();
                let expected: Vec<u64> = ranks.iter().map(|rank| window[*rank]).collect();
                let found = values_of(&tile, tile.found((y, x)), &cell);
                assert_eq!(found, expected, "{rows} x {columns}, {height} x {width}, {ranks:?}");
            }
        }
    }
}

/// What tiles are there for: minima and maxima for a pixel.
#[test]
fn costs_of_tiles() {
    let cost = |side: usize, height: usize, width: usize| {
        Tile::new((side, side), (height, width), &[side * side / 2]).cost() / (height * width)
    };
    let costs = [(3, 2, 1), (3, 2, 2), (5, 4, 1), (5, 4, 2), (7, 4, 1), (7, 4, 2), (9, 4, 1), (9, 4, 2), (9, 8, 2)];
    assert_eq!(costs.map(|(side, height, width)| cost(side, height, width)), [23, 19, 83, 64, 197, 139, 374, 245, 222]);
}
