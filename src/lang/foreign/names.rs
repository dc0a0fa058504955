//! Names that other languages have for functions and values.

use super::spelling::{Spelling, function, name};

const NUMPY: &str = "NumPy, SciPy";
const PYTHON: &str = "Python";
const C: &str = "C";
const R: &str = "R";
const GIS: &str = "GIS";
const SHADERS: &str = "shaders";
const IMAGES: &str = "ImageJ, G'MIC";
const ALL: &str = "several";

const CHOICE: &str = "write `if condition then a else b`";
const STORED: &str = "all numbers are floats already; `--dtype` or the output says how they are stored";
const CELL: &str =
    "a cell is named by how far it is from the pixel: `w[0, 1]` is the one to the right, `w[-1, 0]` the one above";

/// Functions.
pub(super) const FUNCTIONS: &[Spelling] = &[
    function(ALL, &["pow", "power"], "power is `x ** y`"),
    function(ALL, &["mod", "fmod", "remainder"], "the remainder is `x % y`"),
    function(ALL, &["avg", "average", "focal_mean"], "did you mean `mean`?"),
    function(ALL, &["ln"], "the natural logarithm is `log`"),
    function(ALL, &["fabs"], "did you mean `abs`?"),
    function(ALL, &["size", "length", "numel"], "the number of cells is `len(w)`"),
    function(ALL, &["minimum", "fmin", "amin", "erode", "erosion", "imerode"], "did you mean `min`?"),
    function(ALL, &["maximum", "fmax", "amax", "dilate", "dilation", "imdilate"], "did you mean `max`?"),
    function(GIS, &["majority"], "did you mean `mode`?"),
    function(ALL, &["stddev", "stdev", "sd"], "did you mean `std`?"),
    function(ALL, &["variance"], "did you mean `var`?"),
    function(ALL, &["square", "sqr"], "a square is `x ** 2`"),
    function(NUMPY, &["unique", "nunique"], "the number of distinct values is `variety(w)`"),
    function(ALL, &["quantile", "nanquantile", "nanpercentile"], "write `percentile(w, q)` with a q from 0 to 100"),
    function(
        ALL,
        &["sort", "sorted", "ordfilt2", "partition", "argsort", "nth_element"],
        "the k-th smallest element is `rank(w, k)`, from 0",
    ),
    function(NUMPY, &["nanmean"], "write `mean(w where not isnan(w))`"),
    function(NUMPY, &["nanmedian"], "write `median(w where not isnan(w))`"),
    function(NUMPY, &["nanmin"], "write `min(w where not isnan(w))`"),
    function(NUMPY, &["nanmax"], "write `max(w where not isnan(w))`"),
    function(NUMPY, &["nansum"], "write `sum(w where not isnan(w))`"),
    function(NUMPY, &["nanstd"], "write `std(w where not isnan(w))`"),
    function(NUMPY, &["nanvar"], "write `var(w where not isnan(w))`"),
    function(NUMPY, &["nan_to_num", "coalesce", "fillna"], "write `if isnan(x) then 0 else x`"),
    function(ALL, &["isnull", "isna", "is_nan", "isNaN"], "did you mean `isnan`?"),
    function(ALL, &["select", "ifelse", "iif", "con", "ternary", "choose"], CHOICE),
    function(NUMPY, &["range", "ptp"], "write `max(w) - min(w)`; a loop over the cells is `fold`"),
    function(NUMPY, &["clip", "constrain", "saturate"], "did you mean `clamp`?"),
    function(SHADERS, &["lerp", "mix"], "write `a + (b - a) * x`"),
    function(SHADERS, &["step"], CHOICE),
    function(NUMPY, &["conv", "conv2", "convolve", "correlate", "dot"], "declare `weights k;` and write `sum(w * k)`"),
    function(NUMPY, &["gradient", "diff"], "write `(w[0, 1] - w[0, -1]) / 2`, with the axis that is meant"),
    function(NUMPY, &["astype", "float", "double", "f32", "f64", "float32", "float64"], STORED),
    function(
        C,
        &["int", "int32", "uint8", "uint16", "fix", "rint"],
        "write `trunc(x)`, `floor(x)` or `round(x)`; the output's type says how values are stored",
    ),
    function(ALL, &["print", "printf"], "a kernel has no effects; its outputs are all that it gives"),
    function(
        C,
        &["bitand", "bitor", "bitxor", "bitwise_and", "bitwise_or", "shift"],
        "there are no operations on bits: `x * 2 ** a` shifts to the left, and `floor(x / 2 ** a) % 2` is a bit",
    ),
    function(NUMPY, &["logical_and"], "write `a and b`"),
    function(NUMPY, &["logical_or"], "write `a or b`"),
    function(NUMPY, &["logical_not"], "write `not a`"),
    function(NUMPY, &["logical_xor", "xor"], "write `a != b`"),
    function(ALL, &["medfilt", "medfilt2", "medianBlur", "median_filter"], "did you mean `median`?"),
    function(ALL, &["ceiling"], "did you mean `ceil`?"),
    function(
        ALL,
        &["gaussian", "gauss", "GaussianBlur", "gaussian_filter", "imgaussfilt"],
        "write `sum(w * exp(-dist() ** 2 / 2)) / sum(exp(-dist() ** 2 / 2))`, or declare `weights k;` and write `sum(w * k)`",
    ),
    function(
        ALL,
        &["sobel", "prewitt", "scharr", "laplace", "laplacian"],
        "declare `weights k;` and write `sum(w * k)`; `hoodoo gallery` lists filters for edges",
    ),
    function(R, &["between"], "write `a <= x <= b`"),
    function(
        PYTHON,
        &["map", "reduce", "filter", "zip", "enumerate"],
        "a loop over the cells is `fold acc = 0 for v in w: acc + v`; most reductions are there: `sum(w)`",
    ),
    function(C, &["rand", "random"], "there is no chance in a kernel: pixels are computed in any order"),
    function(NUMPY, &["mad"], "write `median(abs(w - median(w)))`"),
    function(ALL, &["rms"], "write `sqrt(mean(w ** 2))`"),
    function(IMAGES, &["i", "j", "I", "J", "pixel", "getPixel", "at"], CELL),
    function(
        GIS,
        &["focal", "neighborhood"],
        "reductions look at the window: `mean(w)`, `min(w)`; `--size` says how large it is",
    ),
];

/// Values.
pub(super) const NAMES: &[Spelling] = &[
    name(
        ALL,
        &["null", "NULL", "None", "nil", "NA"],
        "a value that is none is `nan`; cells without a value take no part by `--nodata` or a mask",
    ),
    name(
        GIS,
        &["nodata", "NODATA", "mask"],
        "cells without a value take no part by `--nodata` or a mask; a value that is none is `nan`",
    ),
    name(NUMPY, &["np", "numpy", "math", "torch"], "functions have no module in front: write `sqrt(x)`, `median(w)`"),
    name(ALL, &["Infinity", "INFINITY"], "infinity is `inf`"),
    name(C, &["PI", "M_PI"], "did you mean `pi`?"),
    name(IMAGES, &["image", "img", "src", "arr"], "the input is `w`, unless the program names it: `input image;`"),
    name(GIS, &["A", "B"], "the input is `w`; several have names: `input A, B;` in front"),
    name(
        IMAGES,
        &["x", "y", "row", "col"],
        "the pixel's place is `coord(0)` and `coord(1)`; a cell is named by how far it is from the pixel, as `w[0, 1]`",
    ),
];
