//! Which values become lines.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::instances::{Instance, Instances, Number};
use crate::grid::cut::Cut;
use crate::lang::hir::Expr;
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::types::Elem;
use crate::plan::cost;
use crate::plan::request::Request;
use crate::tuning;

/// The lines that a pass makes for the kernel's.
pub struct Lines {
    /// The instance of each number that there are lines of, and its anchor.
    of: BTreeMap<Number, (Instance, Vec<i32>)>,
    /// The lines: a number, and where the anchors of those that are read from it are; along the row that is 0.
    lines: Vec<(Number, Vec<i32>)>,
    /// The axis of the window along the row.
    along: usize,
}

impl Lines {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// The line that has an instance, if one has, and the offset at which it is read, which is 0 but along the row.
    pub fn read(&self, instances: &Instances<'_>, instance: Instance) -> Option<(usize, Vec<i32>)> {
        let numbered = instances.numbered(instance);
        let anchor = numbered.anchor.as_ref()?;
        let place = (numbered.number, without(anchor, self.along));
        let line = self.lines.binary_search(&place).ok()?;
        let mut offset = vec![0; anchor.len()];
        offset[self.along] = anchor[self.along];
        Some((line, offset))
    }

    /// For each line an instance, and the offset of its pixel from that of the line.
    pub fn moved(&self) -> impl Iterator<Item = (Instance, Vec<i32>)> {
        self.lines.iter().map(|(number, place)| {
            let (instance, anchor) = &self.of[number];
            (*instance, anchor.iter().zip(place).map(|(anchor, place)| anchor - place).collect())
        })
    }
}

/// An offset that is 0 along an axis.
fn without(offset: &[i32], axis: usize) -> Vec<i32> {
    let mut offset = offset.to_vec();
    offset[axis] = 0;
    offset
}

/// What is known of the instances of one number.
struct Translates {
    /// One of them.
    instance: Instance,
    /// The offsets of all.
    anchors: BTreeSet<Vec<i32>>,
    /// How many instructions lines of them save for a register of pixels.
    saves: f64,
    /// Whether there are lines of them, if nobody reads them but those who have none.
    is_best: bool,
}

/// The lines that are worth it, if there are any and enough of them.
pub fn choose(instances: &Instances<'_>, request: &Request, along: usize) -> Option<Lines> {
    let mut all = reached(instances);
    let prices = Prices { instances, request, along };
    let mut total = 0.0;
    for translates in all.values_mut() {
        translates.saves = prices.saves(translates);
        total += prices.own(translates);
    }
    mark_best(instances, &mut all);
    let lines = loop {
        let lines = chosen(instances, &all, along);
        if lines.count() <= tuning::MAX_TRANSLATES {
            break lines;
        }
        // What saves least is computed where it is wanted.
        let least = lines.of.keys().min_by(|x, y| all[x].saves.total_cmp(&all[y].saves)).copied()?;
        all.get_mut(&least)?.is_best = false;
    };
    let saves: f64 = lines.of.keys().map(|number| all[number].saves).sum();
    let passes = tuning::PASS_INSTRUCTIONS / request.adjacent_rows as f64;
    let enough = request.cut.is_forced() || saves - passes > tuning::TRANSLATES_SAVE * total;
    (enough && lines.count() > 0).then_some(lines)
}

/// The lines of those numbers that are best, as far as the kernel reads them.
fn chosen(instances: &Instances<'_>, all: &BTreeMap<Number, Translates>, along: usize) -> Lines {
    let mut lines = Lines { of: BTreeMap::new(), lines: Vec::new(), along };
    let (mut open, mut seen) = (roots(instances), HashSet::new());
    while let Some(instance) = open.pop() {
        if !seen.insert(instance) {
            continue;
        }
        let numbered = instances.numbered(instance);
        match &numbered.anchor {
            Some(anchor) if all[&numbered.number].is_best => {
                lines.lines.push((numbered.number, without(anchor, along)));
                lines.of.insert(numbered.number, (instance, anchor.clone()));
            }
            _ => open.extend(instances.operands(instance)),
        }
    }
    lines.lines.sort();
    lines.lines.dedup();
    lines
}

/// The instances that outputs and assertions are.
fn roots(instances: &Instances<'_>) -> Vec<Instance> {
    let kernel = instances.kernel;
    let outputs = kernel.outputs.iter().map(|output| output.value);
    outputs.chain(kernel.assertions.iter().map(|assertion| assertion.condition)).map(|id| (id, None)).collect()
}

/// All that the kernel needs, by number.
fn reached(instances: &Instances<'_>) -> BTreeMap<Number, Translates> {
    let (mut open, mut seen) = (roots(instances), HashSet::new());
    let mut all: BTreeMap<Number, Translates> = BTreeMap::new();
    while let Some(instance) = open.pop() {
        if !seen.insert(instance) {
            continue;
        }
        let numbered = instances.numbered(instance);
        let new = || Translates { instance, anchors: BTreeSet::new(), saves: 0.0, is_best: false };
        let translates = all.entry(numbered.number).or_insert_with(new);
        translates.anchors.extend(numbered.anchor.clone());
        open.extend(instances.operands(instance));
    }
    all
}

/// Says of which numbers lines are best: of those that save something, and of which no part saves more.
fn mark_best(instances: &Instances<'_>, all: &mut BTreeMap<Number, Translates>) {
    let mut most: HashMap<Number, f64> = HashMap::new();
    // Operands come before those who use them.
    for (number, translates) in all {
        let of_operand = |operand: &Instance| most.get(&instances.numbered(*operand).number).copied().unwrap_or(0.0);
        let within = instances.operands(translates.instance).iter().map(of_operand).fold(0.0, f64::max);
        translates.is_best = translates.saves > 0.0 && translates.saves >= within;
        most.insert(*number, within.max(translates.saves));
    }
}

/// What values cost, in instructions for a register of pixels.
struct Prices<'a> {
    instances: &'a Instances<'a>,
    request: &'a Request,
    along: usize,
}

impl Prices<'_> {
    /// For the operation itself, wherever it is computed in one pass.
    fn own(&self, translates: &Translates) -> f64 {
        self.operation(translates.instance) * self.computed(translates, tuning::ROWS_WITH_FUNCTIONS, None)
    }

    /// What lines save; negative if they cost more.
    fn saves(&self, translates: &Translates) -> f64 {
        let ty = self.instances.kernel.ty(translates.instance.0);
        // Lines are of numbers, and cells are in lines already.
        if translates.anchors.is_empty() || ty.elem == Elem::Boolean || self.instances.is_leaf(translates.instance) {
            return 0.0;
        }
        // A line is made from its first place that is read to its last one, and from the pixel.
        let along = translates.anchors.iter().map(|anchor| anchor[self.along]);
        let reach = along.clone().max().unwrap_or(0).max(0) - along.min().unwrap_or(0).min(0);
        if reach as usize > tuning::FARTHEST_TRANSLATE {
            return 0.0;
        }
        let beyond = f64::from(reach) / self.request.row_pixels as f64;
        let before = self.computed(translates, tuning::ROWS_WITH_FUNCTIONS, None);
        let after = (1.0 + beyond) * self.computed(translates, self.request.adjacent_rows, Some(self.along));
        // Most values are of one pixel only; what they are made of is looked at where that counts.
        if after >= before {
            return 0.0;
        }
        let lines: BTreeSet<Vec<i32>> = translates.anchors.iter().map(|anchor| without(anchor, self.along)).collect();
        let handed = match self.request.cut {
            Cut::Always | Cut::Moving => 0,
            _ => tuning::TRANSLATES_LINE * lines.len() + translates.anchors.len(),
        };
        (before - after) * self.all(translates.instance) - handed as f64
    }

    /// For an instance and all that it is made of.
    fn all(&self, instance: Instance) -> f64 {
        self.instances.parts(instance).into_iter().map(|part| self.operation(part)).sum()
    }

    /// For the operation that makes an instance.
    fn operation(&self, instance: Instance) -> f64 {
        match self.instances.kernel.expr(instance.0) {
            _ if self.instances.is_leaf(instance) => 0.0,
            Expr::Unary(UnaryOp::Sqrt, _) | Expr::Binary(BinaryOp::Divide, ..) => tuning::SLOW_INSTRUCTION,
            Expr::Reduce { .. } => self.instances.cells.taps() as f64,
            expr => cost::of_node(expr) as f64,
        }
    }

    /// How often a value is computed for a pixel, if rows of pixels that follow each other share what they see, and so do pixels along an
    /// axis.
    fn computed(&self, translates: &Translates, rows: usize, shared: Option<usize>) -> f64 {
        let rows = rows.min(self.request.adjacent_rows) as i32;
        let place = |anchor: &Vec<i32>| shared.map_or_else(|| anchor.clone(), |axis| without(anchor, axis));
        let mut places: BTreeSet<Vec<i32>> = BTreeSet::new();
        for anchor in translates.anchors.iter().map(place) {
            match self.request.jam_axis() {
                Some(axis) => places.extend((0..rows).map(|row| {
                    let mut place = anchor.clone();
                    place[axis] += row;
                    place
                })),
                None => drop(places.insert(anchor)),
            }
        }
        let rows = if self.request.jam_axis().is_some() { rows } else { 1 };
        // What is the same for all pixels, or of a pixel as a whole, is computed once at most.
        if translates.anchors.is_empty() { 1.0 } else { places.len() as f64 / f64::from(rows) }
    }
}
