//! What the benchmarks compute: kernels, images, and the same filters written by hand.

use hoodoo::{AnyElement, Callback, Cast, Error, Filter, Kernel, Precision, Window};
use ndarray::{ArrayD, IxDyn};

use crate::erosion::{OfWindow, foreign, foreign_minimum};
use crate::handwritten::{ByHand, erode_voxels, idiomatic};
use crate::tuned;

/// A filter, and what it runs over.
pub struct Workload {
    /// What `--only` calls it.
    pub name: &'static str,
    /// The kernel.
    pub kernel: &'static str,
    /// The window.
    pub window: Window,
    /// In which floats to compute.
    pub precision: Precision,
    /// How far results may be from those of the hand-written code; only sums and functions may be off at all.
    pub tolerance: f64,
    /// The same by hand.
    pub task: Task,
}

/// A filter by hand, for one type of elements.
#[allow(missing_docs, reason = "the names are the types")]
pub enum Task {
    U8(Hand<u8>),
    U16(Hand<u16>),
    F32(Hand<f32>),
    F64(Hand<f64>),
}

/// A filter by hand.
pub struct Hand<T> {
    /// As one would write it.
    pub idiomatic: ByHand<T>,
    /// The best for this processor, if it is one that somebody has written for.
    pub tuned: Option<ByHand<T>>,
    /// The function of the window.
    pub foreign: Callback,
    /// How many axes the image has.
    pub axes: usize,
}

impl<T: AnyElement> Hand<T> {
    /// A filter of pictures.
    fn new(idiomatic: ByHand<T>, tuned: Option<ByHand<T>>, foreign: Callback) -> Hand<T> {
        Hand { idiomatic, tuned, foreign, axes: 2 }
    }

    /// The random image of the benchmark, always the same for a size.
    pub fn image(&self, size: usize) -> ArrayD<T> {
        random_values(&self.shape(size))
    }

    /// A random image of this side along every axis but the first of three, which is short.
    pub fn small_image(&self, side: usize) -> ArrayD<T> {
        let mut shape = vec![side; self.axes];
        if self.axes > 2 {
            shape[0] = 1;
        }
        random_values(&shape)
    }

    /// A square with this side, or a box with a quarter of it, a quarter, and an eighth.
    pub fn shape(&self, size: usize) -> Vec<usize> {
        match self.axes {
            2 => vec![size; 2],
            _ => [4, 4, 8].map(|part| size.div_ceil(part)).to_vec(),
        }
    }
}

/// An image of random values in 0..1, or from the whole range of an integer type.
pub fn random_values<T: AnyElement>(shape: &[usize]) -> ArrayD<T> {
    let mut random = fastrand::Rng::with_seed(7);
    let top = T::from_f64(f64::INFINITY, Cast::Saturate).to_f64();
    let range = if top.is_finite() { top + 1.0 } else { 1.0 };
    ArrayD::from_shape_simple_fn(IxDyn(shape), || T::from_f64((random.f64() * range - 0.5).abs(), Cast::Saturate))
}

impl Workload {
    /// The filter by the kernel, compiled anew.
    pub fn filter(&self, threads: usize) -> Result<Filter, Error> {
        let filter = Filter::new(&Kernel::compile(self.kernel)?);
        Ok(filter.window(self.window.clone()).precision(self.precision).threads(threads))
    }
}

const SOBEL: &str = "
    let gx = (w[-1,1] + 2*w[0,1] + w[1,1]) - (w[-1,-1] + 2*w[0,-1] + w[1,-1]);
    let gy = (w[1,-1] + 2*w[1,0] + w[1,1]) - (w[-1,-1] + 2*w[-1,0] + w[-1,1]);
    sqrt(gx*gx + gy*gy)";

const BILATERAL: &str = "
    param ss = 2; param sr = 0.1;
    let g = exp(-dist()**2 / (2*ss**2)) * exp(-(w - w[0,0])**2 / (2*sr**2));
    sum(g * w) / sum(g)";

/// The workloads.
pub fn workloads() -> Vec<Workload> {
    let size = |length: usize| Window::from(length);
    let exact = |name, kernel, window, task| Workload {
        name,
        kernel,
        window,
        precision: Precision::Exact,
        tolerance: 0.0,
        task,
    };
    let minimum = foreign_minimum;
    vec![
        exact(
            "min-cross-f64",
            "min(w)",
            Window::Cross(1),
            Task::F64(Hand::new(idiomatic::cross_f64, tuned::cross_f64(), minimum())),
        ),
        exact(
            "min-cross-u8",
            "min(w)",
            Window::Cross(1),
            Task::U8(Hand::new(idiomatic::cross_u8, tuned::cross_u8(), minimum())),
        ),
        exact(
            "min-3x3-u8",
            "min(w)",
            size(3),
            Task::U8(Hand::new(idiomatic::least_3x3_u8, tuned::least_3x3_u8(), minimum())),
        ),
        exact(
            "median-3x3-u8",
            "median(w)",
            size(3),
            Task::U8(Hand::new(idiomatic::median_3x3_u8, tuned::median_3x3_u8(), foreign::<Median>())),
        ),
        exact(
            "median-5x5-u8",
            "median(w)",
            size(5),
            Task::U8(Hand::new(idiomatic::median_5x5_u8, tuned::median_5x5_u8(), foreign::<Median>())),
        ),
        exact(
            "median-5x5-f32",
            "median(w)",
            size(5),
            Task::F32(Hand::new(idiomatic::median_5x5_f32, tuned::median_5x5_f32(), foreign::<Median>())),
        ),
        exact(
            "median-3x3-f64",
            "median(w)",
            size(3),
            Task::F64(Hand::new(idiomatic::median_3x3_f64, tuned::median_3x3_f64(), foreign::<Median>())),
        ),
        Workload {
            name: "bilateral-f32",
            kernel: BILATERAL,
            window: Window::Disk(2.0),
            precision: Precision::Single,
            tolerance: 1e-5,
            task: Task::F32(Hand::new(idiomatic::bilateral_f32, tuned::bilateral_f32(), foreign::<Bilateral>())),
        },
        Workload {
            tolerance: 1e-14,
            ..exact(
                "std-3x3-f64",
                "std(w)",
                size(3),
                Task::F64(Hand::new(idiomatic::deviation_3x3_f64, tuned::deviation_3x3_f64(), foreign::<Deviation>())),
            )
        },
        exact(
            "sobel-f32",
            SOBEL,
            size(3),
            Task::F32(Hand::new(idiomatic::sobel_f32, tuned::sobel_f32(), foreign::<Sobel>())),
        ),
        Workload {
            precision: Precision::Single,
            tolerance: 2e-6,
            ..exact(
                "sobel-f32-single",
                SOBEL,
                size(3),
                Task::F32(Hand::new(idiomatic::sobel_single_f32, tuned::sobel_single_f32(), foreign::<Sobel>())),
            )
        },
        exact(
            "mean-3x3-u8",
            "mean(w)",
            size(3),
            Task::U8(Hand::new(idiomatic::mean_3x3_u8, tuned::mean_3x3_u8(), foreign::<Mean>())),
        ),
        exact(
            "min-7-point-u16",
            "min(w)",
            Window::Cross(1),
            Task::U16(Hand { axes: 3, ..Hand::new(erode_voxels, tuned::voxels_u16(), minimum()) }),
        ),
    ]
}

/// The median of up to 25 cells.
struct Median;

impl OfWindow for Median {
    fn value(window: &[f64]) -> f64 {
        let mut cells = [0.0; 25];
        let cells = &mut cells[..window.len()];
        cells.copy_from_slice(window);
        *cells.select_nth_unstable_by(window.len() / 2, f64::total_cmp).1
    }
}

/// The mean.
struct Mean;

impl OfWindow for Mean {
    fn value(window: &[f64]) -> f64 {
        window.iter().sum::<f64>() / window.len() as f64
    }
}

/// The standard deviation.
struct Deviation;

impl OfWindow for Deviation {
    fn value(window: &[f64]) -> f64 {
        let mean = Mean::value(window);
        (window.iter().map(|cell| (cell - mean) * (cell - mean)).sum::<f64>() / window.len() as f64).sqrt()
    }
}

/// The magnitude of Sobel's gradient of 3 x 3 cells.
struct Sobel;

impl OfWindow for Sobel {
    fn value(window: &[f64]) -> f64 {
        let &[a, b, c, d, _, f, g, h, i] = window else { return f64::NAN };
        let gx = (c + 2.0 * f + i) - (a + 2.0 * d + g);
        let gy = (g + 2.0 * h + i) - (a + 2.0 * b + c);
        (gx * gx + gy * gy).sqrt()
    }
}

/// The bilateral filter on a disk of radius 2.
struct Bilateral;

impl OfWindow for Bilateral {
    fn value(window: &[f64]) -> f64 {
        // The squares of the distances from the centre, in C order.
        const DISTANCES: [f64; 13] = [4.0, 2.0, 1.0, 2.0, 4.0, 1.0, 0.0, 1.0, 4.0, 2.0, 1.0, 2.0, 4.0];
        let (mut total, mut weight) = (0.0, 0.0);
        for (cell, distance) in window.iter().zip(DISTANCES) {
            let step = cell - window[6];
            let g = (-distance / 8.0).exp() * (-step * step / 0.02).exp();
            total += g * cell;
            weight += g;
        }
        total / weight
    }
}
