//! Weights that are products of a column and a row, or sums of few such products, found in numbers when they are known.
//!
//! Whole weights are taken apart in whole numbers: the rows have a basis of the lattice that they span (the Hermite normal form), and each row is a
//! whole combination of that. So sums of whole elements stay exact.
//!
//! Of others, the largest weight is the pivot: its row, and its column divided by it, are the factors of the first product (cross approximation with
//! full pivoting, as in Bebendorf, "Approximation of boundary element matrices", 2000). What is left of the weights is taken apart in the same
//! way. The products stand for the weights if each cell's differs by at most a quarter of the error that the language allows a sum; so weights may be
//! any, and need not be written as products: `dist()` is a rounded root, and `exp(-dist()**2)` is not exactly the product of its factors.
//!
//! Where the terms of a weight cancel, or a weight is 0 and its factors are not, infinite elements would give NaN for infinity, or infinity for
//! NaN, and huge ones overflow; the same where elements and factors are multiplied in another order than the kernel says. Such products are for
//! moderate elements only, and the driver looks whether all are.

use super::cellwise::factors;
use super::footprint::CellColumns;
use super::placed::Placed;
use super::reduction::Reductions;
use crate::grid::element::Precision;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::Reduction;
use crate::plan::analysis::WHOLE_LIMIT;
use crate::plan::assemble::{LineRanges, ranges_of};
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
    /// Whether they stand for the weights only where no element of the inputs is larger than [`moderate`] says.
    pub moderate: bool,
}

/// Up to where elements are moderate: products of two, summed with weights, are far from the largest number.
pub fn moderate(precision: Precision) -> f64 {
    match precision {
        Precision::Exact => 2f64.powi(400),
        Precision::Single => 2f64.powi(50),
    }
}

/// The factors of the weights of all sums of products with weights, for the values of the hoisted params and weights, and for elements that
/// are moderate or for any.
pub fn separable(hoisted: &Hoisted, request: &Request, constants: &[f64], for_moderate: bool) -> Separable {
    let mut separable = Separable::default();
    let kernel = &hoisted.kernel;
    let ranges = ranges_of(kernel, request);
    let reductions = Reductions::new(hoisted, request, &ranges);
    let placed = Placed::new(hoisted, &request.cells, Some(constants));
    for (_, node) in kernel.live_nodes() {
        let Expr::Reduce { op, window, filter, .. } = node.expr else { continue };
        let Some((element, weights)) = reductions.weights_of(op, Some(window).filter(|_| op != Reduction::Count))
        else {
            continue;
        };
        let taps = reductions.selection(filter).map_or_else(|_| Vec::new(), |selection| selection.taps);
        let elements = Summed::of(kernel, &ranges, &element, request.precision);
        let are_moderate = for_moderate && elements.may_be_moderate;
        // All elements are multiplied first, and all weights, which are the same for every pixel.
        let reorders = element.len() + weights.len() > 2;
        let found = matrix(request, &placed, &weights, &taps)
            .filter(|found| !reorders || are_moderate && found.has_moderate_factors)
            .and_then(|found| products(&found.weights, &elements, request.precision))
            .filter(|found| !found.moderate || are_moderate);
        let Products { products, moderate } = found.unwrap_or_default();
        separable.moderate |= moderate || reorders && !products.is_empty();
        separable.ranks.push(products.len());
        separable.factors.extend(products.into_iter().flatten());
    }
    separable
}

/// What is known of the elements that are multiplied with weights.
struct Summed {
    /// The greatest magnitude of whole ones.
    whole: Option<f64>,
    /// Whether they are products of at most two elements of inputs, and others of a moderate range.
    may_be_moderate: bool,
}

impl Summed {
    fn of(kernel: &Kernel, ranges: &[LineRanges], factors: &[ExprId], precision: Precision) -> Summed {
        let range = |id: ExprId| ranges[id.index()].general;
        let are_whole = factors.iter().all(|id| range(*id).integral && !range(*id).nan);
        let (mut elements, mut may_be_moderate, mut open) = (0, true, factors.to_vec());
        while let Some(id) = open.pop() {
            match *kernel.expr(id) {
                _ if range(id).magnitude() <= moderate(precision).sqrt() => {}
                Expr::Tap(_) => elements += 1,
                Expr::Binary(BinaryOp::Multiply, x, y) => open.extend([x, y]),
                _ => may_be_moderate = false,
            }
        }
        Summed {
            whole: are_whole.then(|| factors.iter().map(|id| range(*id).magnitude()).product()),
            may_be_moderate: may_be_moderate && elements <= 2,
        }
    }
}

/// Whether a kernel has a sum of products of different factors, some of which may be weights.
pub fn may_have_weights(kernel: &Kernel) -> bool {
    let is_sum_of_products = |expr: &Expr| match *expr {
        Expr::Reduce { op: Reduction::Sum, window, .. } => factors(kernel, window, |_| false).len() > 1,
        _ => false,
    };
    kernel.live_nodes().any(|(_, node)| is_sum_of_products(&node.expr))
}

/// The weights of cells that are a box.
struct Matrix {
    /// By column, and by place in it.
    weights: Vec<Vec<f64>>,
    /// Whether no factor of a weight is so large that it made a difference in which order moderate elements and factors are multiplied, but of numbers
    /// that are next to nothing.
    has_moderate_factors: bool,
}

/// The weights, if their cells are a box.
fn matrix(request: &Request, placed: &Placed<'_>, weights: &[ExprId], taps: &[usize]) -> Option<Matrix> {
    const MOST: f64 = 18_446_744_073_709_551_616.0; // 2^64
    let shape = CellColumns::of(&request.cells, taps, request.row_axis())?;
    let run = shape.only_run()?;
    let height = shape.patterns[run.pattern].len();
    let mut factors = weights.iter().map(|id| placed.at(*id)).collect::<Option<Vec<_>>>()?;
    let mut has_moderate_factors = true;
    let mut weight = |tap: usize| {
        factors.iter_mut().fold(1.0, |product: f64, value| {
            let factor = value(tap);
            has_moderate_factors &= factor.abs() <= MOST;
            product * factor
        })
    };
    // The cells are in C order, so those of a column are.
    let mut matrix = vec![Vec::with_capacity(height); run.len];
    for tap in taps {
        let along = request.row_axis().map_or(0, |axis| request.cells.offset(*tap)[axis]);
        matrix[(along - run.first) as usize].push(weight(*tap));
    }
    matrix.iter().flatten().all(|weight| weight.is_finite()).then_some(Matrix { weights: matrix, has_moderate_factors })
}

/// Products of a column and a row, each as the column, then the row.
#[derive(Default)]
struct Products {
    products: Vec<Vec<f64>>,
    /// Whether they stand for the weights of moderate elements only.
    moderate: bool,
}

/// The products that stand for some weights of such elements, if such are found.
fn products(matrix: &[Vec<f64>], elements: &Summed, precision: Precision) -> Option<Products> {
    let (width, height) = (matrix.len(), matrix[0].len());
    let epsilon = match precision {
        Precision::Exact => f64::EPSILON,
        Precision::Single => f64::from(f32::EPSILON),
    };
    let tolerance = (width * height) as f64 / 4.0 * epsilon;
    let most = MAX_RANK.min(height.min(width));
    let whole = whole_products(matrix, most);
    // Whether all sums are exact, of weights and of products.
    let is_exact =
        |sum: f64| elements.whole.is_some_and(|greatest| sum * greatest < WHOLE_LIMIT) && precision == Precision::Exact;
    let sum_of_products = |products: &[Vec<f64>]| {
        let sum = |values: &[f64]| values.iter().map(|value| value.abs()).sum::<f64>();
        products.iter().map(|product| sum(&product[..height]) * sum(&product[height..])).sum::<f64>()
    };
    let found = match whole {
        Some(whole) if is_exact(sum_of_products(&whole)) || stands_for(matrix, &whole, tolerance) => Some(whole),
        // Where whole numbers have whole sums, they are not given others.
        _ if is_exact(matrix.iter().flatten().map(|weight| weight.abs()).sum())
            && matrix.iter().flatten().all(|weight| weight.fract() == 0.0) =>
        {
            None
        }
        _ => rank_products(matrix, tolerance, most),
    };
    found.map(|products| {
        let moderate = cancels(matrix, &products);
        // A column has no sum beyond the greatest cell, so that none is infinite where that of the kernel is not. A power of two changes nothing
        // else.
        let scale = height.next_power_of_two() as f64;
        let scaled = |product: Vec<f64>| {
            let by = |(index, factor): (usize, f64)| if index < height { factor / scale } else { factor * scale };
            product.into_iter().enumerate().map(by).collect()
        };
        Products { products: products.into_iter().map(scaled).collect(), moderate }
    })
}

/// At most `most` products of whole columns and rows whose sum is whole weights.
fn whole_products(matrix: &[Vec<f64>], most: usize) -> Option<Vec<Vec<f64>>> {
    const MOST: f64 = 1_099_511_627_776.0; // 2^40
    let (width, height) = (matrix.len(), matrix[0].len());
    let are_whole = matrix.iter().flatten().all(|weight| weight.fract() == 0.0 && weight.abs() <= MOST);
    if !are_whole {
        return None;
    }
    let row = |y: usize| -> Vec<i64> { matrix.iter().map(|column| column[y] as i64).collect() };
    // Takes so many times another row away.
    let without = |row: &[i64], times: i64, other: &[i64]| -> Option<Vec<i64>> {
        row.iter().zip(other).map(|(x, y)| x.checked_sub(times.checked_mul(*y)?)).collect()
    };
    // Each row of the basis with its first place that is not 0, in order of these.
    let mut basis: Vec<(usize, Vec<i64>)> = Vec::new();
    for y in 0..height {
        let mut rest = row(y);
        while let Some(place) = rest.iter().position(|value| *value != 0) {
            let at = match basis.binary_search_by_key(&place, |(place, _)| *place) {
                Ok(at) => at,
                Err(at) => {
                    basis.insert(at, (place, rest));
                    break;
                }
            };
            // Euclid's algorithm leaves the greatest common divisor in the basis, and 0 in the rest.
            let known = &mut basis[at].1;
            while rest[place] != 0 {
                let less = without(known, known[place] / rest[place], &rest)?;
                *known = std::mem::replace(&mut rest, less);
            }
        }
        if basis.len() > most {
            return None;
        }
    }
    let mut products: Vec<Vec<f64>> = vec![Vec::with_capacity(height + width); basis.len()];
    for y in 0..height {
        let mut rest = row(y);
        for ((place, known), product) in basis.iter().zip(&mut products) {
            let times = rest[*place] / known[*place];
            rest = without(&rest, times, known)?;
            product.push(times as f64);
        }
        debug_assert!(rest.iter().all(|value| *value == 0), "each row is a combination of the basis");
    }
    for ((_, known), product) in basis.iter().zip(&mut products) {
        product.extend(known.iter().map(|value| *value as f64));
    }
    // None are the products of weights that are all 0.
    (!products.is_empty()).then_some(products)
}

/// At most `most` products of a column and a row whose sum is within `tolerance` times each weight of that; each as the column, then the row.
fn rank_products(matrix: &[Vec<f64>], tolerance: f64, most: usize) -> Option<Vec<Vec<f64>>> {
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
        products.push([column, row].concat());
        if stands_for(matrix, &products, tolerance) {
            return Some(products);
        }
    }
    None
}

/// The terms of the weight of a cell, by its column and its place in that.
fn terms(products: &[Vec<f64>], height: usize, x: usize, y: usize) -> impl Iterator<Item = f64> {
    products.iter().map(move |product| product[y] * product[height + x])
}

/// Whether a condition holds for all cells, by their column, their place in it and their weight.
fn for_all(matrix: &[Vec<f64>], holds: impl Fn(usize, usize, f64) -> bool) -> bool {
    let mut cells = matrix
        .iter()
        .enumerate()
        .flat_map(|(x, column)| column.iter().enumerate().map(move |(y, weight)| (x, y, *weight)));
    cells.all(|(x, y, weight)| holds(x, y, weight))
}

/// Whether the sum of the products is near each weight, and a weight of 0 is 0 in each of them.
///
/// Where products cancel, their rounding errors stay: each pass adds some chains of a quarter of its cells, so that the errors of a cell's
/// terms are `(h/4 + w/4 + 8) eps` of their size, of which three quarters of the bound of a sum are left.
fn stands_for(matrix: &[Vec<f64>], products: &[Vec<f64>], tolerance: f64) -> bool {
    let (width, height) = (matrix.len(), matrix[0].len());
    let most = 0.75 * (width * height) as f64 / ((width + height) as f64 / 4.0 + 8.0);
    for_all(matrix, |x, y, weight| {
        let terms = || terms(products, height, x, y);
        let (sum, size) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
        match weight == 0.0 {
            true => size == 0.0,
            false => (sum - weight).abs() <= tolerance * weight.abs() && size <= most.max(1.5) * weight.abs(),
        }
    })
}

/// Whether terms of a weight have different signs, or a weight is 0 though the factors of a term are not.
fn cancels(matrix: &[Vec<f64>], products: &[Vec<f64>]) -> bool {
    let height = matrix[0].len();
    !for_all(matrix, |x, y, weight| match weight == 0.0 {
        true => products.iter().all(|product| product[y] == 0.0 || product[height + x] == 0.0),
        false => terms(products, height, x, y).all(|term| term == 0.0 || (term < 0.0) == (weight < 0.0)),
    })
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

    /// Sums of a few whole products, and 0 and 1 at random, of which few are so.
    #[test]
    fn whole_weights_are_taken_apart_in_whole_numbers() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut found = 0;
        for turn in 0..2000 {
            let (width, height) = (random.usize(1..9), random.usize(1..9));
            let mut matrix = vec![vec![0.0; height]; width];
            if turn % 2 == 0 {
                for _ in 0..random.usize(1..4) {
                    let mut some =
                        |count: usize| -> Vec<f64> { (0..count).map(|_| f64::from(random.i8(-3..4))).collect() };
                    let (row, column) = (some(width), some(height));
                    let add = |(x, cells): (usize, &mut Vec<f64>)| {
                        cells.iter_mut().zip(&column).for_each(|(cell, v)| *cell += row[x] * v);
                    };
                    matrix.iter_mut().enumerate().for_each(add);
                }
            } else {
                matrix.iter_mut().flatten().for_each(|cell| *cell = -f64::from(random.u8(0..10).min(1)));
            }
            let Some(products) = whole_products(&matrix, MAX_RANK) else { continue };
            found += 1;
            for (x, column) in matrix.iter().enumerate() {
                for (y, weight) in column.iter().enumerate() {
                    assert_eq!(terms(&products, height, x, y).sum::<f64>(), *weight, "{matrix:?}");
                }
            }
        }
        assert!(found > 1000, "{found}");
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
