//! Order statistics: by a network of minima and maxima where the elements are few and all of them take part, else by a
//! function of the host.

use std::collections::HashMap;

use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{AbiParam, InstBuilder, Value};
use cranelift_module::Module as _;

use super::Emitter;
use super::reductions::Reducing;
use super::window::{Scratch, Tap};
use crate::codegen::expr;
use crate::codegen::lanes::{self, Lanes, Width, scratch_memory};
use crate::codegen::order::{self, Network, Overlapping, Step};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::{ExprId, Reduction};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::percentile_position;
use crate::plan::pass::MAX_NETWORK;

impl<'a, 'f> Emitter<'a, 'f> {
    /// Emits order statistics that do not wait for each other.
    pub(super) fn order_statistics(&mut self, mut ranked: Vec<Reducing>) -> Result<(), Error> {
        // Those of the same elements come one after the other.
        ranked.sort_by_key(|reducing| (reducing.window, reducing.filter, reducing.id));
        for same in ranked.chunk_by(|a, b| (a.window, a.filter) == (b.window, b.filter)) {
            let (by_network, by_host): (Vec<&Reducing>, Vec<&Reducing>) =
                same.iter().partition(|reducing| self.ranks(reducing).is_some());
            if !by_network.is_empty() {
                self.by_network(&by_network)?;
            }
            match self.window.scratch() {
                _ if by_host.is_empty() => {}
                Scratch::Pixel(scratch) => self.by_host(scratch, &by_host)?,
                Scratch::Block(scratch) => self.by_host_in_blocks(scratch, &by_host)?,
            }
        }
        Ok(())
    }

    // Networks.

    /// The ranks that a statistic needs, if it is one for a network.
    fn ranks(&self, reducing: &Reducing) -> Option<Vec<usize>> {
        let taps = self.window.taps().filter(|taps| (1..=MAX_NETWORK).contains(taps))?;
        if reducing.filter.is_some() {
            return None;
        }
        let argument = match &reducing.argument {
            None => None,
            Some(Lanes::Number(argument)) => Some(*argument),
            Some(_) => return None,
        };
        reducing.op.ranks(taps, argument)
    }

    fn by_network(&mut self, same: &[&Reducing]) -> Result<(), Error> {
        let (window, lane) = (same[0].window, same[0].lane);
        let taps = self.window.taps().expect("a network is for a footprint");
        let nodes = self.window_nodes(&[window]);
        let mut elements: Vec<(usize, Vec<Value>)> = Vec::with_capacity(taps);
        for tap in 0..taps {
            let values = self.window_values(&nodes, Tap::Known(tap))?;
            let element = self.value_at(&values, window);
            elements.push((self.window.row(tap), self.numbers(&element, lane)));
        }
        let mut ranks: Vec<usize> =
            same.iter().flat_map(|reducing| self.ranks(reducing).expect("it is one for a network")).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let found = self.selected(lane, &elements, &ranks);
        let nan = (lane.is_float() && self.may_be_nan(window)).then(|| self.any_nan(&elements));
        let sorted: HashMap<usize, Vec<Value>> = ranks.iter().copied().zip(found).collect();
        for reducing in same {
            let (lane, value) = self.of_sorted(reducing, taps, &sorted);
            let value = match &nan {
                None => value,
                Some(nan) => {
                    let masks = self.masks(&Lanes::Masks(reducing.lane, nan.clone()), lane);
                    let nan = self.number(lane, f64::NAN);
                    self.select(&masks, &nan, &value)
                }
            };
            self.set(reducing.id, Lanes::Numbers(lane, value));
        }
        Ok(())
    }

    /// The elements of some ranks.
    ///
    /// Rows of pixels that are computed together have rows of cells in common: what is done to those is emitted for each of
    /// them in the same way, so the compiler finds that it is the same and keeps it once.
    fn selected(&mut self, lane: Lane, elements: &[(usize, Vec<Value>)], ranks: &[usize]) -> Vec<Vec<Value>> {
        let rows: Vec<Vec<Vec<Value>>> = elements
            .chunk_by(|x, y| x.0 == y.0)
            .map(|row| row.iter().map(|(_, element)| element.clone()).collect())
            .collect();
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        let key = (lengths, ranks.to_vec());
        if !self.selections.contains_key(&key) {
            let selection = Selection::new(&key.0, ranks, self.window.shared_rows());
            self.selections.insert(key.clone(), selection);
        }
        match self.selections[&key].clone() {
            Selection::Unsorted(network) => self.run_network(lane, &network, rows.concat()),
            Selection::Sorted { sorts, merge } => {
                let sorted = self.sort_rows(lane, &sorts, rows);
                self.run_network(lane, &merge, sorted.concat())
            }
            Selection::InPairs { sorts, overlapping } => {
                let mut sorted = self.sort_rows(lane, &sorts, rows);
                // Of two rows of pixels, the upper one has the first row of cells to itself, the lower one the last.
                let own = if elements[0].0.is_multiple_of(2) {
                    sorted.remove(0)
                } else {
                    sorted.pop().expect("there are rows")
                };
                let mut wires = self.run_network(lane, &overlapping.common, sorted.concat());
                wires.extend(own);
                self.run_network(lane, &overlapping.own, wires)
            }
        }
    }

    fn sort_rows(&mut self, lane: Lane, sorts: &[Network], rows: Vec<Vec<Vec<Value>>>) -> Vec<Vec<Vec<Value>>> {
        sorts.iter().zip(rows).map(|(sort, row)| self.run_network(lane, sort, row)).collect()
    }

    /// The outputs of a network.
    fn run_network(&mut self, lane: Lane, network: &Network, mut wires: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        for step in &network.steps {
            let (Step::Exchange(x, y) | Step::Min(x, y) | Step::Max(x, y)) = *step;
            let mut extreme = |op: BinaryOp| self.zip(&wires[x], &wires[y], |b, x, y| expr::extreme(b, op, lane, x, y));
            match step {
                Step::Exchange(..) => (wires[x], wires[y]) = (extreme(BinaryOp::Min), extreme(BinaryOp::Max)),
                Step::Min(..) => wires[x] = extreme(BinaryOp::Min),
                Step::Max(..) => wires[y] = extreme(BinaryOp::Max),
            }
        }
        network.outputs.iter().map(|wire| wires[*wire].clone()).collect()
    }

    /// A statistic of the elements of known rank, and its lane type.
    fn of_sorted(
        &mut self,
        reducing: &Reducing,
        taps: usize,
        sorted: &HashMap<usize, Vec<Value>>,
    ) -> (Lane, Vec<Value>) {
        let ranks = self.ranks(reducing).expect("it is one for a network");
        let lane = reducing.lane;
        // A mean starts its sum at 0, so that of a negative zero is 0.
        if let [rank] = ranks[..]
            && reducing.op != Reduction::TrimmedMean
        {
            return (lane, sorted[&rank].clone());
        }
        // More than one element: a float, rounded as the interpreter does.
        let float = match self.lane(reducing.id) {
            Lane::F32 => Lane::F32,
            _ => self.width.lane(Lane::F64),
        };
        let of_rank: Vec<Vec<Value>> =
            ranks.iter().map(|rank| self.numbers(&Lanes::Numbers(lane, sorted[rank].clone()), float)).collect();
        let value = match reducing.op {
            Reduction::Percentile => {
                let Some(Lanes::Number(percentage)) = reducing.argument else {
                    unreachable!("a network is for a known percentage");
                };
                let t = percentile_position(percentage, taps).fract();
                self.interpolate(float, &of_rank[0], &of_rank[1], t)
            }
            op => {
                let rows = of_rank.into_iter().map(|value| (0, value)).collect();
                let sum = self.tree(rows, |b, x, y| b.ins().fadd(x, y)).expect("there is an element");
                if op == Reduction::Median {
                    let half = self.number(float, 0.5);
                    self.zip(&sum, &half, |b, x, y| b.ins().fmul(x, y))
                } else {
                    let zero = self.number(float, 0.0);
                    let sum = self.zip(&sum, &zero, |b, x, y| b.ins().fadd(x, y));
                    let kept = self.number(float, ranks.len() as f64);
                    self.zip(&sum, &kept, |b, x, y| b.ins().fdiv(x, y))
                }
            }
        };
        (float, value)
    }

    /// As `reference::interpolate`.
    fn interpolate(&mut self, lane: Lane, low: &[Value], high: &[Value], t: f64) -> Vec<Value> {
        let step = self.zip(high, low, |b, x, y| b.ins().fsub(x, y));
        let part = self.number(lane, if t >= 0.5 { 1.0 - t } else { t });
        let part = self.zip(&step, &part, |b, x, y| b.ins().fmul(x, y));
        let value = match t >= 0.5 {
            true => self.zip(high, &part, |b, x, y| b.ins().fsub(x, y)),
            false => self.zip(low, &part, |b, x, y| b.ins().fadd(x, y)),
        };
        let same = self.zip(low, high, |b, x, y| expr::compare(b, BinaryOp::Equal, lane, x, y));
        self.select(&same, low, &value)
    }

    // The host's functions.

    /// For one pixel: copies the elements that take part to the scratch memory, and calls the host.
    fn by_host(&mut self, scratch: Value, same: &[&Reducing]) -> Result<(), Error> {
        let count = self.fill_scratch(scratch, same[0].window, same[0].filter)?;
        for reducing in same {
            let argument = match &reducing.argument {
                Some(argument) => self.numbers(argument, Lane::F64)[0],
                None => self.b.ins().f64const(0.0),
            };
            let mut signature = self.module.jit().make_signature();
            signature.params.extend([AbiParam::new(I64), AbiParam::new(I64), AbiParam::new(F64)]);
            signature.returns.push(AbiParam::new(F64));
            let function = self.import(reducing.op.name(), &signature)?;
            let value = expr::call(self.b, function, &[scratch, count, argument]);
            self.set(reducing.id, Lanes::Numbers(Lane::F64, vec![value]));
        }
        Ok(())
    }

    /// The number of elements that take part, an I64.
    fn fill_scratch(&mut self, scratch: Value, window: ExprId, filter: Option<ExprId>) -> Result<Value, Error> {
        let roots: Vec<ExprId> = [Some(window), filter].into_iter().flatten().collect();
        let nodes = self.window_nodes(&roots);
        if let Some(taps) = self.unrolled(self.instructions(&nodes) + 1).filter(|_| filter.is_none()) {
            for tap in 0..taps {
                let values = self.window_values(&nodes, Tap::Known(tap))?;
                let element = self.value_at(&values, window);
                let element = self.numbers(&element, Lane::F64)[0];
                self.b.ins().store(scratch_memory(), element, scratch, i32::try_from(8 * tap).expect("few cells"));
            }
            return Ok(self.b.ins().iconst(I64, taps as i64));
        }
        let zero = self.b.ins().iconst(I64, 0);
        let last = self.run_loop(&[zero], |emitter, tap, variables| {
            let values = emitter.window_values(&nodes, Tap::Running(tap))?;
            let element = emitter.value_at(&values, window);
            let element = emitter.numbers(&element, Lane::F64)[0];
            let bytes = emitter.b.ins().ishl_imm_u(variables[0], 3);
            let address = emitter.b.ins().iadd(scratch, bytes);
            // An element that does not take part is overwritten by the next.
            emitter.b.ins().store(scratch_memory(), element, address, 0);
            Ok(vec![match filter {
                Some(filter) => {
                    let filter = emitter.value_at(&values, filter);
                    let filter = emitter.masks(&filter, Lane::F64)[0];
                    let one = emitter.b.ins().uextend(I64, filter);
                    emitter.b.ins().iadd(variables[0], one)
                }
                None => emitter.b.ins().iadd_imm_s(variables[0], 1),
            }])
        })?;
        Ok(last[0])
    }

    /// For a block of pixels: copies the elements to the scratch memory, and whether they take part, and calls the host.
    fn by_host_in_blocks(&mut self, scratch: Value, same: &[&Reducing]) -> Result<(), Error> {
        let Width::Pixels(pixels) = self.width else { unreachable!("blocks have pixels") };
        let (window, filter) = (same[0].window, same[0].filter);
        let roots: Vec<ExprId> = [Some(window), filter].into_iter().flatten().collect();
        let nodes = self.window_nodes(&roots);
        let count = self.window.count(self.b);
        let row_bytes = (8 * pixels) as i64;
        // The elements, then 1 for each that takes part and 0 for the others, then the arguments, then the results.
        let all_bytes = self.b.ins().imul_imm_s(count, row_bytes);
        let taking_part = self.b.ins().iadd(scratch, all_bytes);
        let arguments = self.b.ins().iadd(taking_part, all_bytes);
        let results = self.b.ins().iadd_imm_s(arguments, row_bytes);
        self.run_loop(&[], |emitter, tap, _| {
            let values = emitter.window_values(&nodes, Tap::Running(tap))?;
            let bytes = emitter.b.ins().imul_imm_s(tap, row_bytes);
            let element = emitter.value_at(&values, window);
            let element = emitter.numbers(&element, Lane::F64);
            let address = emitter.b.ins().iadd(scratch, bytes);
            lanes::store(emitter.b, emitter.width, Lane::F64, &element, address);
            if let Some(filter) = filter {
                let filter = emitter.value_at(&values, filter);
                let masks = emitter.masks(&filter, Lane::F64);
                let (one, zero) = (emitter.number(Lane::F64, 1.0), emitter.number(Lane::F64, 0.0));
                let taken = emitter.select(&masks, &one, &zero);
                let address = emitter.b.ins().iadd(taking_part, bytes);
                lanes::store(emitter.b, emitter.width, Lane::F64, &taken, address);
            }
            Ok(Vec::new())
        })?;
        for reducing in same {
            if let Some(argument) = &reducing.argument {
                let argument = self.numbers(argument, Lane::F64);
                lanes::store(self.b, self.width, Lane::F64, &argument, arguments);
            }
            let mut signature = self.module.jit().make_signature();
            signature.params.extend([I64; 4].map(AbiParam::new));
            let function = self.import(&format!("block_{}", reducing.op.name()), &signature)?;
            let pixels = self.b.ins().iconst(I64, pixels as i64);
            let filtered = self.b.ins().iconst(I64, i64::from(filter.is_some()));
            self.b.ins().call(function, &[scratch, count, pixels, filtered]);
            let value = lanes::load_scratch(self.b, self.width, results);
            self.set(reducing.id, Lanes::Numbers(Lane::F64, value));
        }
        Ok(())
    }
}

/// How to find the elements of some ranks.
#[derive(Clone)]
pub(super) enum Selection {
    /// All elements at once.
    Unsorted(Network),
    /// Rows first.
    Sorted { sorts: Vec<Network>, merge: Network },
    /// Rows first, then those that two rows of pixels have in common.
    InPairs { sorts: Vec<Network>, overlapping: Overlapping },
}

impl Selection {
    /// The cheapest selection of elements in rows of cells, for `rows_per_call` rows of pixels.
    fn new(lengths: &[usize], ranks: &[usize], rows_per_call: usize) -> Selection {
        let unsorted = order::select(lengths.iter().sum(), ranks);
        if rows_per_call == 1 || lengths.len() == 1 {
            return Selection::Unsorted(unsorted);
        }
        let sorts: Vec<Network> = lengths.iter().map(|length| order::sort(*length)).collect();
        // For all rows of pixels: each row of cells is sorted once.
        let rows = lengths.len() + rows_per_call - 1;
        let sorting = sorts.iter().map(Network::cost).sum::<usize>() * rows / lengths.len();
        let merge = order::merge(lengths, ranks);
        let mut best = (rows_per_call * unsorted.cost(), Selection::Unsorted(unsorted));
        let cost = sorting + rows_per_call * merge.cost();
        if cost < best.0 {
            best = (cost, Selection::Sorted { sorts: sorts.clone(), merge });
        }
        if rows_per_call.is_multiple_of(2) && lengths.iter().all(|length| *length == lengths[0]) {
            let overlapping = order::select_overlapping(&lengths[1..], &lengths[..1], ranks);
            let cost = sorting + rows_per_call * overlapping.own.cost() + rows_per_call / 2 * overlapping.common.cost();
            if cost < best.0 {
                best = (cost, Selection::InPairs { sorts, overlapping });
            }
        }
        best.1
    }
}
