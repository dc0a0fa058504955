"""The rank filters of ``skimage.filters.rank``: local histograms of scikit-image, as kernels.

A window has the cells of the footprint that are inside the image and, where there is a mask, in it. Left to scikit-image are ``otsu`` and
``windowed_histogram``, which no kernel computes, and ``entropy``, whose last digits depend on the order of its sum.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._arrays import Array
from ._kernel import Kernel

#: What a rank filter computes of the pixel `g`, the `n` cells that take part, which are those `where {m}`, and the number of `bins` of
#: scikit-image's histograms: 256, or one more than the greatest value. Quotients of integers are truncated there.
_GENERIC = {
    "autolevel": "let lo = min(w where {m}); let hi = max(w where {m}); if hi > lo then trunc((bins - 1) * (g - lo) / (hi - lo)) else 0",
    "equalize": "(bins - 1) * len(w where {m} and w <= g) / n",
    "gradient": "max(w where {m}) - min(w where {m})",
    "majority": "mode(w where {m})",
    "maximum": "max(w where {m})",
    "mean": "mean(w where {m})",
    "geometric_mean": "floor(exp(mean(log(w + 1) where {m})) - 0.5)",
    "subtract_mean": "(g - mean(w where {m})) / 2 + floor(bins / 2) - 1",
    "median": "let k = floor(n / 2); rank(w where {m}, k)",
    "minimum": "min(w where {m})",
    "modal": "mode(w where {m})",
    "enhance_contrast": "let lo = min(w where {m}); let hi = max(w where {m}); if hi - g < g - lo then hi else lo",
    "pop": "n",
    "sum": "sum(w where {m})",
    "threshold": "if g > mean(w where {m}) then 1 else 0",
    "noise_filter": "let lo = number(max(w where {m} and w <= g)); let hi = min(w where {m} and w >= g);"
    " min(g - lo, (if hi >= g then hi else bins - 1) - g)",
}

#: Those that leave away what is below the part `p0` of the cells and above the part `p1`.
_PERCENTILE = {
    "autolevel_percentile": "let lo, hi = inner(); let x = min(max(lo, g), hi);"
    " if hi > lo then trunc((bins - 1) * (x - lo) / (hi - lo)) else hi - lo",
    "gradient_percentile": "let lo, hi = outer(); hi - lo",
    "mean_percentile": "trunc(mean(w where {m} and kept()))",
    "subtract_mean_percentile": "(g - trunc(mean(w where {m} and kept()))) * 0.5 + floor(bins / 2)",
    "enhance_contrast_percentile": "let lo, hi = inner(); if hi - g < g - lo then hi else lo",
    "percentile": "rank(w where {m}, min(floor(p0 * n), n - 1))",
    "pop_percentile": "len(w where {m} and kept())",
    "sum_percentile": "sum(w where {m} and kept())",
    "threshold_percentile": "let lo, hi = outer(); if g >= lo then bins - 1 else 0",
}

#: Those of the cells whose values are between `g - s0` and `g + s1`.
_BILATERAL = {
    "mean_bilateral": "trunc(mean(w where {m} and near()))",
    "pop_bilateral": "len(w where {m} and near())",
    "sum_bilateral": "sum(w where {m} and near())",
}

#: Functions for them. At a part of none or of all cells the histogram's first and last bin stand for the least and greatest value.
_PRELUDE = """
fn inner() =
    let below = floor(p0 * n);
    let above = floor((1 - p1) * n);
    (if below < n then rank(w where {m}, below) else 0), (if above < n then rank(w where {m}, n - 1 - above) else 0);
fn outer() =
    let below = ceil(p0 * n);
    let above = ceil((1 - p1) * n);
    (if 0 < below <= n then rank(w where {m}, below - 1) else 0), (if 0 < above <= n then rank(w where {m}, n - above) else bins - 1);
fn kept() =
    let below = ceil(p0 * n);
    let above = floor(p1 * n);
    let lo = if 0 < below <= n then rank(w where {m}, below - 1) else 0;
    let hi = if above < n then rank(w where {m}, above) else bins;
    lo <= w < hi;
"""

#: The words of a kernel that says nothing but its value.
_PROGRAM = """
input {inputs};
param bins;
{params}
let g = w[{centre}];
let n = len(w where {m});
{prelude}
fn number(x) = if x == x then x else 0;
{lets}
if {none} then 0 else number({value})
"""

#: The names of all filters.
NAMES = (*_GENERIC, *_PERCENTILE, *_BILATERAL)

_ANY = 1 << 62

#: Up to how many cells a filter is at least as fast as scikit-image's, whose time does not grow with the number of cells but with that of
#: the bins: of 8 bits without a mask and with one, and of 16 bits. Measured on 256 x 256 pixels of noise, with 13 and 317 cells, on one
#: thread of a Zen 4; the others take 0.01 to 0.9 of its time there.
_MOST_CELLS = {
    "median": (_ANY, 9, _ANY, _ANY),
    "majority": (100, 100, _ANY, _ANY),
    "modal": (100, 100, _ANY, _ANY),
    "noise_filter": (200, _ANY, 200, _ANY),
    **dict.fromkeys(_PERCENTILE, (16, 0, 320, 80)),
}

#: Whether what scikit-image is faster at is left to it.
leaves_the_slower = True

#: The types of masks that are not scaled first.
_MASKS = {np.dtype(bool), np.dtype(np.uint8)}

#: The types that outputs may have.
_OUTPUTS = {np.dtype(each) for each in (np.uint8, np.uint16, np.float32, np.float64)}


@functools.lru_cache(maxsize=256)
def kernel(name: str, ndim: int, masked: bool) -> Kernel:
    """The kernel of the filter of this name, for images of so many axes."""
    text, params, prelude = _GENERIC.get(name), "", ""
    if text is None and name in _PERCENTILE:
        text, params, prelude = _PERCENTILE[name], "param p0; param p1;", _PRELUDE
    elif text is None:
        text, params, prelude = _BILATERAL[name], "param s0; param s1;", "fn near() = w - s0 < g and g < w + s1;"
    lets, _, value = text.rpartition(";")
    program = _PROGRAM.format(
        inputs="w, mask: bool" if masked else "w",
        params=params,
        centre=", ".join("0" * ndim),
        prelude=prelude,
        lets=lets + ";" if lets else "",
        value=value,
        # Nothing else is asked for a noise that is none.
        none="false" if name == "noise_filter" else "n == 0",
        m="{m}",
    )
    return Kernel(program.format(m="mask" if masked else "true"))


def accepts(name: str, given: Mapping[str, Any]) -> bool:
    """Whether the filter of this name is computed here for these arguments. What is left is for scikit-image to do, or to refuse."""
    image, mask, out = given["image"], given["mask"], given["out"]
    footprint = given["footprint"]
    if type(image) is not np.ndarray or image.ndim not in ((2, 3) if name in _GENERIC else (2,)) or image.dtype.kind not in "uif":
        return False
    if type(footprint) is not np.ndarray or footprint.ndim != image.ndim or footprint.size == 0:
        return False
    if mask is not None and (type(mask) is not np.ndarray or mask.shape != image.shape or mask.dtype not in _MASKS):
        return False
    if out is not None and (type(out) is not np.ndarray or out.shape != image.shape or out.dtype not in _OUTPUTS or out is image):
        return False
    shifts = _shifts(given, image.ndim)
    if name == "noise_filter" and image.ndim == 3 and any(shifts):
        # There the cell that is left away is not that of the pixel.
        return False
    inside = all(type(shift) is int and 0 <= length // 2 + shift < length for shift, length in zip(shifts, footprint.shape))
    parts = [given[part] for part in ("p0", "p1") if part in given]
    spans = [given[span] for span in ("s0", "s1") if span in given]
    right = inside and all(0 <= part <= 1 for part in parts) and all(type(span) is int for span in spans)
    return right and not (leaves_the_slower and _is_slower(name, image, footprint, mask))


def _is_slower(name: str, image: Array, footprint: Array, mask: Array | None) -> bool:
    """Whether scikit-image's filter is faster for so many cells."""
    most = _MOST_CELLS.get(name)
    if most is None:
        return False
    return int(np.count_nonzero(footprint)) > most[(mask is not None) + 2 * (image.dtype == np.uint16)]


def filtered(name: str, given: Mapping[str, Any]) -> Array:
    """What the filter of this name makes of arguments that are accepted."""
    image, mask, out = _as_integers(given["image"]), given["mask"], given["out"]
    bins = 256 if image.dtype == np.uint8 else int(max(3, image.max(initial=0))) + 1
    params: dict[str, Any] = {param: float(given.get(param, 1)) for param in kernel(name, image.ndim, mask is not None).params if param != "bins"}
    shifts = _shifts(given, image.ndim)
    cells = given["footprint"] > 0
    if name == "noise_filter":
        # How far a pixel is from the others.
        cells[tuple(length // 2 + shift for length, shift in zip(cells.shape, shifts))] = False
    window: dict[str, Any] = {"footprint": cells, "mode": "shrink", "origin": shifts}
    types: dict[str, Any] = {"output": out} if out is not None else {"dtype": image.dtype}
    images = (image,) if mask is None else (image, mask)
    result: Array = kernel(name, image.ndim, mask is not None)(*images, **window, **types, cast="wrap", **params, bins=bins)
    return result


def _shifts(given: Mapping[str, Any], ndim: int) -> tuple[Any, ...]:
    """How windows are moved along each axis. In scikit-image x is the last axis of an image, and the first of a volume."""
    return tuple(given[f"shift_{axis}"] for axis in ("yx" if ndim == 2 else "xyz"))


def _as_integers(image: Array) -> Array:
    """The image in a type that has histograms, as scikit-image makes it one, which it warns of."""
    if image.dtype in (np.uint8, np.uint16):
        return image
    from skimage.util import img_as_ubyte

    warnings.warn(
        f"Possible precision loss converting image of type {image.dtype} to uint8 as required by rank filters. Convert manually using "
        "skimage.util.img_as_ubyte to silence this warning.",
        stacklevel=4,
    )
    integers: Array = img_as_ubyte(image)
    return integers
