//! Sums over boxes that the host finds from window to window, instead of passes.

use super::footprint::Columns;
use super::part::{Kind, Part};
use super::price::{price_of_group, price_of_moved};
use super::scheme::{Group, Scheme};
use crate::grid::cut::Cut;
use crate::plan::hoist::Hoisted;
use crate::plan::moving::sums::{Addends, SumCells, SumPass};
use crate::plan::request::Request;
use crate::tuning;

/// Has the host find those groups of a scheme that it can, where that takes less; before lines are numbered.
pub fn move_sums(scheme: &mut Scheme<'_>, hoisted: &Hoisted) -> Vec<SumPass> {
    let mut sums = Vec::new();
    for number in 0..scheme.groups.len() {
        let group = &scheme.groups[number];
        let wanted = match scheme.request.cut {
            Cut::Moving => may_move(group),
            _ => may_move(group) && price_of_moved(scheme, group) < price_of_group(scheme, group),
        };
        let first = scheme.line_count;
        if let Some(found) = wanted.then(|| sums_of(scheme.request, group, hoisted, first)).flatten() {
            sums.extend(found);
            scheme.move_group(number);
        }
    }
    sums
}

/// Whether the parts of a group are sums over a box.
pub fn may_move(group: &Group) -> bool {
    let is_sum = |part: &Part| matches!(part.kind, Kind::Sum | Kind::Count);
    let fits = |run: Columns| run.len <= tuning::MOST_MOVED_COLUMNS;
    group.weights.is_none() && group.shape.only_run().is_some_and(fits) && group.parts.iter().all(is_sum)
}

/// The passes for the parts of a group, whose lines have numbers from the first one on; none if not all are sums of integers.
fn sums_of(request: &Request, group: &Group, hoisted: &Hoisted, first: usize) -> Option<Vec<SumPass>> {
    let run = group.shape.only_run()?;
    let place = |outer: &Vec<i32>| {
        let mut place = vec![0; request.ndim];
        request.axes.iter().zip(outer).for_each(|(axis, along)| place[*axis] = *along as isize);
        place.pop();
        place
    };
    let mut column: Vec<Vec<isize>> = group.shape.patterns[run.pattern].iter().map(place).collect();
    // The array's axes may be in another order than the window's.
    column.sort_unstable();
    let pass = |(part, number): (&Part, usize)| {
        let addends = Addends { factors: &part.element, conditions: &part.conditions, inside: part.inside };
        let cells = SumCells { column: column.clone(), first: run.first as isize, columns: run.len };
        SumPass::new(hoisted, request, &addends, cells, number)
    };
    group.parts.iter().zip(first..).map(pass).collect()
}
