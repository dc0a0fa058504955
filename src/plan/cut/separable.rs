//! Weights that are products of a column and a row, or sums of few such products, found in numbers when they are known.
//!
//! The largest weight is the pivot: its row, and its column divided by it, are the factors of the first product (cross approximation with
//! full pivoting). What is left of the weights is taken apart in the same way. The products stand for the weights if each cell's differs by at
//! most a quarter of the error that the language allows a sum; so weights may be any, and need not be written as products: `dist()` is a
//! rounded root, and `exp(-dist()**2)` is not exactly the product of its factors.

use super::cellwise::factors;
use super::footprint::CellColumns;
use super::placed::Placed;
use super::reduction::Reductions;
use crate::grid::element::Precision;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::reductions::Reduction;
use crate::plan::assemble::ranges_of;
use crate::plan::hoist::Hoisted;
use crate::plan::request::Request;

/// At most so many products stand for weights.
const MAX_RANK: usize = 4;

/// The factors of the weights of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Separable {
    /// See [`Request::ranks`].
    pub ranks: Vec<usize>,
    /// For each product: the column, then the row.
    pub factors: Vec<f64>,
}

/// The factors of the weights of all sums of products with weights, for the values of the hoisted params and weights.
pub fn separable(hoisted: &Hoisted, request: &Request, constants: &[f64]) -> Separable {
    let mut separable = Separable::default();
    let kernel = &hoisted.kernel;
    let ranges = ranges_of(kernel, request);
    let reductions = Reductions::new(hoisted, request, &ranges);
    let placed = Placed::new(hoisted, &request.cells, Some(constants));
    for (_, node) in kernel.live_nodes() {
        let Expr::Reduce { op, window, filter, .. } = node.expr else { continue };
        let Some((_, weights)) = reductions.weights_of(op, Some(window).filter(|_| op != Reduction::Count)) else {
            continue;
        };
        let taps = reductions.selection(filter).map_or_else(|_| Vec::new(), |selection| selection.taps);
        let products = products(request, &placed, &weights, &taps).unwrap_or_default();
        separable.ranks.push(products.len());
        separable.factors.extend(products.into_iter().flatten());
    }
    separable
}

/// Whether a kernel has a sum of products of different factors, some of which may be weights.
pub fn may_have_weights(kernel: &Kernel) -> bool {
    let is_sum_of_products = |expr: &Expr| match *expr {
        Expr::Reduce { op: Reduction::Sum, window, .. } => factors(kernel, window).len() > 1,
        _ => false,
    };
    kernel.live_nodes().any(|(_, node)| is_sum_of_products(&node.expr))
}

/// The products that stand for some weights, if their cells are a box and such are found.
fn products(request: &Request, placed: &Placed<'_>, weights: &[ExprId], taps: &[usize]) -> Option<Vec<Vec<f64>>> {
    let shape = CellColumns::of(&request.cells, taps, request.row_axis())?;
    let run = shape.only_run()?;
    let height = shape.patterns[run.pattern].len();
    let mut factors = weights.iter().map(|id| placed.at(*id)).collect::<Option<Vec<_>>>()?;
    let mut weight = |tap: usize| factors.iter_mut().map(|value| value(tap)).product::<f64>();
    // By column and place in it: the cells are in C order, so those of a column are.
    let mut matrix = vec![Vec::with_capacity(height); run.len];
    for tap in taps {
        let along = request.row_axis().map_or(0, |axis| request.cells.offset(*tap)[axis]);
        matrix[(along - run.first) as usize].push(weight(*tap));
    }
    let epsilon = match request.precision {
        Precision::Exact => f64::EPSILON,
        Precision::Single => f64::from(f32::EPSILON),
    };
    let tolerance = taps.len() as f64 / 4.0 * epsilon;
    let most = MAX_RANK.min(height.min(run.len));
    rank_products(&matrix, tolerance, most)
}

/// At most `most` products of a column and a row whose sum is within `tolerance` times each weight of that; each as the column, then the row.
fn rank_products(matrix: &[Vec<f64>], tolerance: f64, most: usize) -> Option<Vec<Vec<f64>>> {
    if !matrix.iter().flatten().all(|weight| weight.is_finite()) {
        return None;
    }
    // A column has no sum beyond the greatest cell, so that none is infinite where that of the kernel is not. A power of two changes nothing else.
    let scale = matrix[0].len().next_power_of_two() as f64;
    let mut rest = matrix.to_vec();
    let mut products: Vec<Vec<f64>> = Vec::new();
    for _ in 0..most {
        let cells = rest
            .iter()
            .enumerate()
            .flat_map(|(x, column)| column.iter().enumerate().map(move |(y, w)| (x, y, w.abs())));
        let (x, y, most) = cells.max_by(|a, b| a.2.total_cmp(&b.2))?;
        if most == 0.0 {
            return None;
        }
        let row: Vec<f64> = rest.iter().map(|column| column[y]).collect();
        let column: Vec<f64> = rest[x].iter().map(|weight| weight / rest[x][y]).collect();
        for (cells, v) in rest.iter_mut().zip(&row) {
            cells.iter_mut().zip(&column).for_each(|(weight, u)| *weight -= u * v);
        }
        let scaled = column.iter().map(|u| u / scale).chain(row.iter().map(|v| v * scale));
        products.push(scaled.collect());
        if stands_for(matrix, &products, tolerance) {
            return Some(products);
        }
    }
    None
}

/// Whether the sum of the products is near each weight, and a weight of 0 is 0 in each of them.
///
/// Where products cancel, their rounding errors stay: each pass adds some chains of a quarter of its cells, so that the errors of a cell's
/// terms are `(h/4 + w/4 + 8) eps` of their size, of which three quarters of the bound of a sum are left.
fn stands_for(matrix: &[Vec<f64>], products: &[Vec<f64>], tolerance: f64) -> bool {
    let (width, height) = (matrix.len(), matrix[0].len());
    let most = 0.75 * (width * height) as f64 / ((width + height) as f64 / 4.0 + 8.0);
    let is_near = |x: usize, y: usize, weight: f64| {
        let terms = || products.iter().map(|product| product[y] * product[height + x]);
        let (sum, size) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
        match weight == 0.0 {
            true => size == 0.0,
            false => (sum - weight).abs() <= tolerance * weight.abs() && size <= most.max(1.5) * weight.abs(),
        }
    };
    let cells = |x: usize| matrix[x].iter().enumerate().map(move |(y, weight)| (x, y, *weight));
    (0..width).flat_map(cells).all(|(x, y, weight)| is_near(x, y, weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights by column, of a box of `2 n + 1` cells along both axes.
    fn weights(n: i32, weight: impl Fn(f64, f64) -> f64) -> Vec<Vec<f64>> {
        (-n..=n).map(|x| (-n..=n).map(|y| weight(f64::from(x), f64::from(y))).collect()).collect()
    }

    fn tolerance(n: i32, epsilon: f64) -> f64 {
        f64::from((2 * n + 1) * (2 * n + 1)) / 4.0 * epsilon
    }

    #[test]
    fn products_are_found() {
        let gauss = |x: f64, y: f64| (-(x * x + y * y).sqrt().powi(2) / 50.0).exp();
        let sobel = |x: f64, y: f64| x * (3.0 - y.abs());
        for n in [2, 7, 20] {
            for weight in [&gauss as &dyn Fn(f64, f64) -> f64, &sobel, &|_, _| 3.0] {
                let matrix = weights(n, weight);
                let found = rank_products(&matrix, tolerance(n, f64::EPSILON), 4).expect("it is a product");
                assert_eq!(found.len(), 1);
            }
        }
    }

    #[test]
    fn sums_of_two_products_are_found() {
        // A difference of Gaussians.
        let weight = |x: f64, y: f64| {
            let square = x * x + y * y;
            (-square / 18.0).exp() - 0.4 * (-square / 128.0).exp()
        };
        for n in [7, 15] {
            let found = rank_products(&weights(n, weight), tolerance(n, f64::from(f32::EPSILON)), 4);
            assert_eq!(found.map(|found| found.len()), Some(2), "{n}");
        }
    }

    #[test]
    fn what_is_no_product_is_none() {
        let gauss = |x: f64, y: f64| (-(x * x + y * y) / 50.0).exp();
        // One cell is off by far more than rounding, or is not a number.
        for (off, expected) in [(1.0 + 1e-15, true), (1.001, false), (f64::INFINITY, false), (f64::NAN, false)] {
            let mut matrix = weights(7, gauss);
            matrix[3][5] *= off;
            assert_eq!(rank_products(&matrix, tolerance(7, f64::EPSILON), 1).is_some(), expected, "{off}");
        }
        let mut noise = 1u64;
        let matrix = weights(7, |_, _| 0.0);
        assert_eq!(rank_products(&matrix, tolerance(7, f64::EPSILON), 4), None);
        let random: Vec<Vec<f64>> = matrix
            .iter()
            .map(|column| {
                column
                    .iter()
                    .map(|_| {
                        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        (noise >> 11) as f64
                    })
                    .collect()
            })
            .collect();
        assert_eq!(rank_products(&random, tolerance(7, f64::EPSILON), 4), None);
    }
}
