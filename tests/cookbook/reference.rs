//! What the kernels of the cookbook are worth, written once more: loops in plain Rust, with a boundary of their own.

use std::f64::consts::PI;

use ndarray::Array2;

/// The window of a kernel, and what is outside the picture.
#[derive(Clone)]
pub struct Setting {
    /// The offsets of the cells, in C order.
    pub cells: Vec<(isize, isize)>,
    /// The name of the mode.
    pub mode: String,
}

impl Setting {
    /// The setting that these options of `hoodoo run` say.
    pub fn of(options: &str) -> Setting {
        let mut setting = Setting { cells: vec![(0, 0)], mode: "reflect".to_string() };
        let words: Vec<&str> = options.split_whitespace().collect();
        for pair in words.chunks(2) {
            match pair {
                ["--size", side] => {
                    let radius: isize = side.parse::<isize>().unwrap() / 2;
                    setting.cells = cells(radius, |_, _| true);
                }
                ["--footprint", shape] => {
                    let (shape, radius) = shape.split_once(':').unwrap();
                    let radius: f64 = radius.parse().unwrap();
                    setting.cells = cells(radius as isize, |y, x| match shape {
                        "disk" => (y * y + x * x) as f64 <= radius * radius,
                        "cross" => y == 0 || x == 0,
                        other => panic!("no {other} here"),
                    });
                }
                ["--mode", mode] => setting.mode = mode.to_string(),
                // Outputs are f64 here.
                ["--dtype", _] => {}
                other => panic!("{other:?} is not known here"),
            }
        }
        setting
    }
}

fn cells(radius: isize, inside: impl Fn(isize, isize) -> bool) -> Vec<(isize, isize)> {
    let all = (-radius..=radius).flat_map(|y| (-radius..=radius).map(move |x| (y, x)));
    all.filter(|(y, x)| inside(*y, *x)).collect()
}

/// The index that one outside stands for; none in modes `constant` and `shrink`.
fn index(mode: &str, at: isize, len: usize) -> Option<usize> {
    let len = len as isize;
    let inside = match mode {
        _ if (0..len).contains(&at) => at,
        "reflect" => {
            let at = at.rem_euclid(2 * len);
            if at < len { at } else { 2 * len - 1 - at }
        }
        "nearest" => at.clamp(0, len - 1),
        "wrap" => at.rem_euclid(len),
        "constant" | "shrink" => return None,
        other => panic!("no mode {other} here"),
    };
    Some(inside as usize)
}

/// What a pixel sees.
pub struct Seen<'a> {
    /// The pictures.
    pub inputs: &'a [Array2<f64>],
    /// The window.
    pub setting: &'a Setting,
    /// The pixel's place.
    pub pixel: (usize, usize),
}

impl Seen<'_> {
    /// A picture's value at an offset; none where no cell takes part.
    fn value(&self, input: usize, y: isize, x: isize) -> Option<f64> {
        let picture = &self.inputs[input];
        let along = |at: usize, by: isize, len| index(&self.setting.mode, at as isize + by, len);
        match (along(self.pixel.0, y, picture.nrows()), along(self.pixel.1, x, picture.ncols())) {
            (Some(row), Some(column)) => Some(picture[[row, column]]),
            _ if self.setting.mode == "constant" => Some(0.0),
            _ => None,
        }
    }

    /// The first picture's value at an offset.
    fn at(&self, y: isize, x: isize) -> f64 {
        self.value(0, y, x).unwrap_or(f64::NAN)
    }

    fn centre(&self) -> f64 {
        self.at(0, 0)
    }

    /// The cells that take part: offsets and values.
    fn cells(&self) -> Vec<(f64, f64, f64)> {
        let cell = |&(y, x): &(isize, isize)| Some((y as f64, x as f64, self.value(0, y, x)?));
        self.setting.cells.iter().filter_map(cell).collect()
    }

    fn values(&self) -> Vec<f64> {
        self.cells().into_iter().map(|cell| cell.2).collect()
    }

    fn sorted(&self) -> Vec<f64> {
        sorted(self.values())
    }

    /// The values that are there.
    fn known(&self) -> Vec<f64> {
        self.values().into_iter().filter(|value| !value.is_nan()).collect()
    }

    /// The sum over the cells of a weight times the value, and the sum of the weights.
    fn weighted(&self, weight: impl Fn(f64, f64, f64) -> f64) -> (f64, f64) {
        self.cells().into_iter().fold((0.0, 0.0), |(sum, total), (y, x, value)| {
            let weight = weight(y, x, value);
            (sum + weight * value, total + weight)
        })
    }

    /// The gradient by differences of the neighbours, smoothed across by `side`, 1 and `side`: down, and to the right.
    fn gradient(&self, side: f64) -> (f64, f64) {
        let across = |a: f64, b: f64, c: f64| (side * a + b + side * c) / (1.0 + 2.0 * side);
        let dy = across(self.at(1, -1), self.at(1, 0), self.at(1, 1))
            - across(self.at(-1, -1), self.at(-1, 0), self.at(-1, 1));
        let dx = across(self.at(-1, 1), self.at(0, 1), self.at(1, 1))
            - across(self.at(-1, -1), self.at(0, -1), self.at(1, -1));
        (dy / 2.0, dx / 2.0)
    }

    /// The mean and the variance of the cells in one quarter of the window.
    fn quarter(&self, down: f64, right: f64) -> (f64, f64) {
        let inside = |cell: &(f64, f64, f64)| cell.0 * down >= 0.0 && cell.1 * right >= 0.0;
        let values: Vec<f64> = self.cells().into_iter().filter(inside).map(|cell| cell.2).collect();
        (mean(&values), variance(&values))
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    values.iter().map(|value| (value - m) * (value - m)).sum::<f64>() / values.len() as f64
}

fn median(values: Vec<f64>) -> f64 {
    let (sorted, half) = (sorted(values.clone()), values.len() / 2);
    if values.len() % 2 == 1 { sorted[half] } else { (sorted[half - 1] + sorted[half]) / 2.0 }
}

fn bell(distance: f64, width: f64) -> f64 {
    (-distance * distance / (2.0 * width * width)).exp()
}

fn truth(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}

/// The median, and the standard deviation that its distances tell.
fn robust(seen: &Seen<'_>) -> (f64, f64) {
    let m = median(seen.values());
    (m, 1.4826 * median(seen.values().iter().map(|value| (value - m).abs()).collect()))
}

/// One value, of a kernel with one output.
type Value = fn(&Seen<'_>) -> f64;

/// What each kernel gives, with its params as they are by default.
pub const KERNELS: &[(&str, Value)] = &[
    ("erosion", |seen| seen.sorted()[0]),
    ("dilation", |seen| seen.sorted()[seen.values().len() - 1]),
    ("morphological-gradient", |seen| seen.sorted()[seen.values().len() - 1] - seen.sorted()[0]),
    ("opening", |seen| {
        const CROSS: [(isize, isize); 5] = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)];
        let eroded = |y: isize, x: isize| CROSS.iter().map(|(v, u)| seen.at(y + v, x + u)).fold(f64::MAX, f64::min);
        CROSS.iter().map(|(y, x)| eroded(*y, *x)).fold(f64::MIN, f64::max)
    }),
    ("local-maxima", |seen| {
        let sorted = seen.sorted();
        let [.., second, first] = sorted[..] else { panic!("the window has more cells") };
        truth(seen.centre() == first && second < first && first - sorted[0] >= 40.0)
    }),
    ("median", |seen| median(seen.values())),
    ("percentile", |seen| {
        let sorted = seen.sorted();
        let place = 0.9 * (sorted.len() - 1) as f64;
        let below = place.floor();
        sorted[below as usize] + (place - below) * (sorted[place.ceil() as usize] - sorted[below as usize])
    }),
    ("trimmed-mean", |seen| mean(&seen.sorted()[2..7])),
    ("winsorised-mean", |seen| {
        let mut sorted = seen.sorted();
        (sorted[0], sorted[1]) = (sorted[2], sorted[2]);
        (sorted[7], sorted[8]) = (sorted[6], sorted[6]);
        mean(&sorted)
    }),
    ("median-absolute-deviation", |seen| robust(seen).1),
    ("hampel", |seen| {
        let (m, sigma) = robust(seen);
        if (seen.centre() - m).abs() <= 3.0 * sigma { seen.centre() } else { m }
    }),
    ("sobel", |seen| {
        let (dy, dx) = seen.gradient(0.5);
        (dy * dy + dx * dx).sqrt()
    }),
    ("scharr", |seen| {
        let (dy, dx) = seen.gradient(0.3);
        (dy * dy + dx * dx).sqrt()
    }),
    ("prewitt", |seen| {
        // Of 5 x 5 cells, the squares of the offsets along an axis sum to 5 * (4 + 1 + 0 + 1 + 4).
        let dy: f64 = seen.cells().iter().map(|(y, _, value)| y * value / 50.0).sum();
        let dx: f64 = seen.cells().iter().map(|(_, x, value)| x * value / 50.0).sum();
        (dy * dy + dx * dx).sqrt()
    }),
    ("laplacian", |seen| seen.at(-1, 0) + seen.at(1, 0) + seen.at(0, -1) + seen.at(0, 1) - 4.0 * seen.centre()),
    ("laplacian-of-gaussian", |seen| {
        let s = 1.5f64;
        let weights: Vec<f64> = (seen.cells().iter())
            .map(|(y, x, _)| {
                let square = y * y + x * x;
                // The Laplacian of the bell of volume 1.
                (square - 2.0 * s * s) / (2.0 * PI * s.powi(6)) * (-square / (2.0 * s * s)).exp()
            })
            .collect();
        let m = mean(&weights);
        weights.iter().zip(seen.values()).map(|(weight, value)| (weight - m) * value).sum()
    }),
    ("harris", |seen| {
        let (mut yy, mut xx, mut xy) = (0.0, 0.0, 0.0);
        for (y, x) in (-1..=1).flat_map(|y| (-1..=1).map(move |x| (y, x))) {
            let dy = (seen.at(y + 1, x) - seen.at(y - 1, x)) / 2.0;
            let dx = (seen.at(y, x + 1) - seen.at(y, x - 1)) / 2.0;
            (yy, xx, xy) = (yy + dy * dy, xx + dx * dx, xy + dy * dx);
        }
        yy * xx - xy * xy - 0.05 * (yy + xx) * (yy + xx)
    }),
    ("susan", |seen| {
        let alike = seen.values().iter().filter(|value| (*value - seen.centre()).abs() <= 25.0).count();
        (37.0 / 2.0 - alike as f64).max(0.0)
    }),
    ("gaussian", |seen| {
        let (sum, total) = seen.weighted(|y, x, _| bell(y.hypot(x), 1.5));
        sum / total
    }),
    ("bilateral", |seen| {
        let (sum, total) = seen.weighted(|y, x, value| bell(y.hypot(x), 2.0) * bell(value - seen.centre(), 30.0));
        sum / total
    }),
    ("joint-bilateral", |seen| {
        let (mut sum, mut total) = (0.0, 0.0);
        for &(y, x) in &seen.setting.cells {
            let unlike = seen.value(0, y, x).unwrap() - seen.value(0, 0, 0).unwrap();
            let weight = bell((y as f64).hypot(x as f64), 3.0) * bell(unlike, 12.0);
            (sum, total) = (sum + weight * seen.value(1, y, x).unwrap(), total + weight);
        }
        sum / total
    }),
    ("kuwahara", |seen| {
        let quarters = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)].map(|(y, x)| seen.quarter(y, x));
        quarters.into_iter().reduce(|best, next| if next.1 < best.1 { next } else { best }).unwrap().0
    }),
    ("sigma-filter", |seen| {
        let (sum, total) = seen.weighted(|_, _, value| truth((value - seen.centre()).abs() <= 30.0));
        sum / total
    }),
    ("non-local-means", |seen| {
        let (mut sum, mut total) = (0.0, 0.0);
        for (y, x) in (-2..=2).flat_map(|y| (-2..=2).map(move |x| (y, x))) {
            let mut difference = 0.0;
            for (v, u) in [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)] {
                difference += (seen.at(y + v, x + u) - seen.at(v, u)).powi(2) / 5.0;
            }
            let weight = (-difference / 625.0).exp();
            (sum, total) = (sum + weight * seen.at(y, x), total + weight);
        }
        sum / total
    }),
    ("lee", |seen| {
        let (m, v) = (mean(&seen.values()), variance(&seen.values()));
        if v == 0.0 {
            return m;
        }
        // Of four looks, the speckle's variance is a quarter of the squared mean.
        let gain = ((v - 0.25 * m * m) / 1.25 / v).max(0.0);
        m + gain * (seen.centre() - m)
    }),
    ("perona-malik", |seen| {
        let flow = |y, x| {
            let d = seen.at(y, x) - seen.centre();
            d * (-d * d / 625.0).exp()
        };
        seen.centre() + 0.25 * (flow(-1, 0) + flow(1, 0) + flow(0, -1) + flow(0, 1))
    }),
    ("unsharp-mask", |seen| {
        let (sum, total) = seen.weighted(|y, x, _| bell(y.hypot(x), 1.2));
        let detail = seen.centre() - sum / total;
        if detail.abs() < 4.0 { seen.centre() } else { seen.centre() + 1.5 * detail }
    }),
    ("local-contrast", |seen| {
        let deviation = variance(&seen.values()).sqrt();
        (seen.centre() - mean(&seen.values())) / if deviation < 4.0 { 4.0 } else { deviation }
    }),
    ("adaptive-threshold", |seen| truth(seen.centre() > 0.85 * mean(&seen.values()))),
    ("sauvola", |seen| {
        let (m, deviation) = (mean(&seen.values()), variance(&seen.values()).sqrt());
        truth(seen.centre() > m * (1.0 + 0.2 * (deviation / 128.0 - 1.0)))
    }),
    ("ordered-dither", |seen| {
        // Bayer's matrix, as he printed it.
        const MATRIX: [[f64; 4]; 4] =
            [[0.0, 8.0, 2.0, 10.0], [12.0, 4.0, 14.0, 6.0], [3.0, 11.0, 1.0, 9.0], [15.0, 7.0, 13.0, 5.0]];
        truth(seen.centre() > 256.0 * (MATRIX[seen.pixel.0 % 4][seen.pixel.1 % 4] + 0.5) / 16.0)
    }),
    ("vignette", |seen| {
        let (height, width) = seen.inputs[0].dim();
        let share = |at: usize, len: usize| (at as f64 + 0.5 - len as f64 / 2.0) / (len as f64 / 2.0);
        let corner = (share(seen.pixel.0, height).hypot(share(seen.pixel.1, width))) / 2f64.sqrt();
        let angle = (corner * (PI / 6.0).tan()).atan();
        seen.centre() / angle.cos().powi(4)
    }),
    ("local-variance", |seen| variance(&seen.values())),
    ("coefficient-of-variation", |seen| variance(&seen.values()).sqrt() / mean(&seen.values())),
    ("entropy", |seen| {
        let mut counts = [0.0; 16];
        seen.values().iter().for_each(|value| counts[(value / 16.0) as usize] += 1.0);
        counts.iter().filter(|count| **count > 0.0).map(|count| -count / 25.0 * (count / 25.0f64).log2()).sum()
    }),
    ("homogeneity", |seen| {
        let mut sum = 0.0;
        for (y, x) in (-3..=3).flat_map(|y| (-3..3).map(move |x| (y, x))) {
            sum += 1.0 / (1.0 + ((seen.at(y, x + 1) - seen.at(y, x)) / 16.0).powi(2));
        }
        sum / 42.0
    }),
    ("local-binary-pattern", |seen| {
        let clockwise = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)];
        let bits = clockwise.iter().enumerate().filter(|(_, (y, x))| seen.at(*y, *x) >= seen.centre());
        bits.map(|(bit, _)| f64::from(1u8 << bit)).sum()
    }),
    ("focal-mean", |seen| mean(&seen.known())),
    ("focal-median", |seen| if seen.known().len() < 5 { f64::NAN } else { median(seen.known()) }),
    ("focal-statistics", |seen| mean(&seen.known())),
    ("fill-holes", |seen| {
        if !seen.centre().is_nan() {
            return seen.centre();
        }
        let known: Vec<_> = seen.cells().into_iter().filter(|cell| !cell.2.is_nan()).collect();
        let weight = |y: f64, x: f64| 1.0 / (y * y + x * x);
        known.iter().map(|(y, x, value)| weight(*y, *x) * value).sum::<f64>()
            / known.iter().map(|(y, x, _)| weight(*y, *x)).sum::<f64>()
    }),
    ("slope", |seen| {
        let (dy, dx) = seen.gradient(0.5);
        (dy * dy + dx * dx).sqrt().atan().to_degrees()
    }),
    ("aspect", |seen| {
        let (dy, dx) = seen.gradient(0.5);
        // East and north are the parts of the way down.
        if (dy, dx) == (0.0, 0.0) { f64::NAN } else { f64::atan2(-dx, dy).to_degrees().rem_euclid(360.0) }
    }),
    ("hillshade", |seen| {
        let (dy, dx) = seen.gradient(0.5);
        let normal = (-dx, -dy, 1.0);
        // The sun is in the north-west, half way up.
        let sun = (-0.5, -0.5, 0.5f64.sqrt());
        let length = (dx * dx + dy * dy + 1.0).sqrt();
        (255.0 * (normal.0 * sun.0 + normal.1 * sun.1 + normal.2 * sun.2) / length).max(0.0)
    }),
    ("curvature", |seen| {
        let neighbours = seen.at(-1, 0) + seen.at(1, 0) + seen.at(0, -1) + seen.at(0, 1);
        400.0 * seen.centre() - 100.0 * neighbours
    }),
    ("topographic-position", |seen| {
        let ring = |cell: &(f64, f64, f64)| cell.0 * cell.0 + cell.1 * cell.1 >= 4.0;
        let around: Vec<f64> = seen.cells().into_iter().filter(ring).map(|cell| cell.2).collect();
        seen.centre() - mean(&around)
    }),
    ("ruggedness", |seen| seen.values().iter().map(|value| (value - seen.centre()).powi(2)).sum::<f64>().sqrt()),
    ("flow-direction", |seen| {
        let codes = [32.0, 64.0, 128.0, 16.0, 0.0, 1.0, 8.0, 4.0, 2.0];
        let (mut steepest, mut code) = (0.0, 0.0);
        for ((y, x, value), name) in seen.cells().into_iter().zip(codes) {
            let drop = (seen.centre() - value) / y.hypot(x);
            if drop > steepest {
                (steepest, code) = (drop, name);
            }
        }
        code
    }),
    ("life", |seen| {
        let alive = |value: f64| value == 1.0;
        let others = seen.cells().into_iter().filter(|(y, x, _)| (*y, *x) != (0.0, 0.0));
        let neighbours = others.filter(|cell| alive(cell.2)).count();
        truth(neighbours == 3 || neighbours == 2 && alive(seen.centre()))
    }),
    ("brians-brain", |seen| match seen.centre() as u8 {
        0 => truth(seen.values().iter().filter(|value| **value == 1.0).count() == 2),
        1 => 2.0,
        _ => 0.0,
    }),
    ("majority-vote", |seen| {
        let votes = |kind: f64| seen.values().iter().filter(|value| **value == kind).count();
        // Of several that are greatest, `max_by_key` takes the last.
        seen.sorted().into_iter().rev().max_by_key(|kind| votes(*kind)).unwrap()
    }),
    ("sandpile", |seen| {
        let falls = |y, x| truth(seen.at(y, x) >= 4.0);
        seen.centre() - 4.0 * falls(0, 0) + falls(-1, 0) + falls(1, 0) + falls(0, -1) + falls(0, 1)
    }),
];

/// The other outputs of `focal-statistics`.
pub fn spread_and_number(seen: &Seen<'_>) -> [f64; 2] {
    let known = seen.known();
    [variance(&known).sqrt(), known.len() as f64]
}
