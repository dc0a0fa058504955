"""Correlation and convolution, as in ``scipy.ndimage``.

Products are added in SciPy's order, so that the sums are SciPy's to the last bit, and with them what truncation makes of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _scipy
from ._arrays import Array
from ._dropin import LeftToSciPy, axes_of, axis_of, check_origin, for_each, mode_of, placed, run, same_as_scipy
from ._kernel import Kernel, kernel_of
from ._prepared import is_plain, is_plain_number
from ._remembered import Ready, one_step, remembered, weights_key, weights_of

__all__ = ["convolve", "convolve1d", "correlate", "correlate1d"]

Weights: TypeAlias = NDArray[np.float64]

# Weights to the left and to the right of the middle are taken for equal if they differ by less.
_EPSILON = float(np.finfo(np.float64).eps)

# Up to this many weights that are small whole numbers are a part of a kernel's source, so that sums of integers can be computed in
# integers. Other weights are params, and every image can be filtered by the same code.
_MOST_IN_SOURCE = 33

# A line of more weights is filtered as the last axis of the array, where the code has one address for all cells.
_MOST_ALONG_COLUMNS = 33

# The code for more weights takes longer to make than SciPy takes for an image of a million pixels.
_MOST_WEIGHTS = 257

# With more than `_MOST_ALONG_COLUMNS` weights the code takes so long to make that small images are left to SciPy.
_FEW_PIXELS = 1 << 16


@remembered
def _correlated(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    wanted: np.dtype[Any],
    weights: Any,
    mode: str,
    cval: float,
    origin: Any,
    axes: Any,
    mirror: bool,
) -> Ready:
    values, along, origins = _placed_weights(weights_of(weights), len(shape), origin, axes, mirror)
    kernel, window, params = _window_kernel(values.astype(np.float64), origins)
    return one_step(kernel, shape, dtype, wanted, axes=along, mode=mode_of(mode), cval=cval, **window, **params)


def _usual(
    input: Array,
    weights: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
    mirror: bool,
) -> Array | None:
    if type(mode) is not str or not (is_plain_number(cval) and is_plain(origin) and is_plain(axes)):
        return None
    key = weights_key(weights)
    return None if key is None else _correlated(input, output, key, mode, cval, origin, axes, mirror)


@remembered
def _correlated_line(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    wanted: np.dtype[Any],
    weights: Any,
    axis: int,
    mode: str,
    cval: float,
    origin: int,
    mirror: bool,
) -> Ready:
    vector = weights_of(weights).astype(np.float64)
    if vector.ndim != 1 or dtype.kind == "b":
        raise LeftToSciPy
    if mirror:
        vector, origin = np.flip(vector), _scipy.mirrored(origin, len(vector))
    check_origin(origin, len(vector))
    return line_step(shape, (dtype, wanted), vector, axis_of(axis, len(shape)), mode_of(mode), cval, origin)


def _usual_line(
    input: Array,
    weights: Any,
    axis: Any = -1,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    origin: Any = 0,
    *,
    mirror: bool,
) -> Array | None:
    if type(mode) is not str or not is_plain_number(cval) or type(axis) is not int or type(origin) is not int:
        return None
    key = weights_key(weights)
    return None if key is None else _correlated_line(input, output, key, axis, mode, cval, origin, mirror)


@functools.partial(same_as_scipy, usual=functools.partial(_usual_line, mirror=False))
def correlate1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int = 0,
) -> Array:
    """The sums of the values around each pixel along an axis, times weights, as ``scipy.ndimage.correlate1d``.

    >>> from hoodoo.ndimage import correlate1d
    >>> correlate1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3])
    array([ 8, 26,  8, 12,  7, 28, 36,  9])
    """
    image, vector = np.asarray(input), np.asarray(weights)
    if vector.ndim != 1 or vector.size < 1 or vector.dtype.kind not in "biufc":
        raise LeftToSciPy
    check_origin(origin, len(vector))
    axis, mode = axis_of(axis, image.ndim), mode_of(mode)

    def real(image: Array, vector: Weights, target: Array, cval: float) -> None:
        along_line(image, target, vector, axis, mode, cval, origin)

    return _by_parts(real, image, vector.conj(), output, cval)


@functools.partial(same_as_scipy, usual=functools.partial(_usual_line, mirror=True))
def convolve1d(
    input: ArrayLike,
    weights: ArrayLike,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int = 0,
) -> Array:
    """The convolution along an axis, as ``scipy.ndimage.convolve1d``.

    >>> from hoodoo.ndimage import convolve1d
    >>> convolve1d([2, 8, 0, 4, 1, 9, 9, 0], weights=[1, 3])
    array([14, 24,  4, 13, 12, 36, 27,  0])
    """
    vector = np.asarray(weights)
    if vector.ndim != 1 or vector.dtype.kind not in "biufc":
        raise LeftToSciPy
    mirrored = np.flip(vector).conj()
    return correlate1d(input, mirrored, axis, output, mode, cval, _scipy.mirrored(origin, mirrored.size))


@functools.partial(same_as_scipy, usual=functools.partial(_usual, mirror=False))
def correlate(
    input: ArrayLike,
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The sums of the values around each pixel, times weights, as ``scipy.ndimage.correlate``.

    >>> from hoodoo.ndimage import correlate
    >>> correlate([[1, 2, 0], [5, 3, 0], [0, 0, 7]], [[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    array([[10,  8,  2],
           [14, 10, 10],
           [ 5, 10, 21]])
    """
    return _windows(input, weights, output, mode, cval, origin, axes, mirror=False)


@functools.partial(same_as_scipy, usual=functools.partial(_usual, mirror=True))
def convolve(
    input: ArrayLike,
    weights: ArrayLike,
    output: Any = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The convolution with an array of weights, as ``scipy.ndimage.convolve``.

    >>> from hoodoo.ndimage import convolve
    >>> convolve([[1, 2, 0], [5, 3, 0], [0, 0, 7]], [[1, 1, 1], [1, 1, 0], [1, 0, 0]], mode="constant")
    array([[11, 10,  3],
           [10, 10,  7],
           [ 3,  7,  7]])
    """
    return _windows(input, weights, output, mode, cval, origin, axes, mirror=True)


def along_line(
    image: Array, target: Array, weights: Weights, axis: int, mode: str, cval: float, origin: int = 0
) -> None:
    """Correlates with a vector along an axis."""
    count = len(weights)
    if count > _MOST_WEIGHTS or (count > _MOST_ALONG_COLUMNS and image.size < _FEW_PIXELS):
        raise LeftToSciPy
    if count > _MOST_ALONG_COLUMNS:
        image, target = np.moveaxis(image, axis, -1), np.moveaxis(target, axis, -1)
        axis = image.ndim - 1
    kernel, params = _line_kernel(weights, origin)
    run(kernel, image, target, params=params, axes=axis, mode=mode, cval=cval, origin=0)


def _line_kernel(weights: Weights, origin: int) -> tuple[Kernel, dict[str, float]]:
    """The kernel of a correlation with a vector, and its params."""
    sign = _symmetry(weights)
    if _can_be_in_source(weights):
        return kernel_of(_line(tuple(map(_text, weights.tolist())), sign, origin)), {}
    names = tuple(f"k{index}" for index in range(len(weights)))
    kernel = kernel_of(_line(names, sign, origin))
    params = dict(zip(names, weights.tolist(), strict=True))
    return kernel, {name: params[name] for name in kernel.params}


def line_step(
    shape: tuple[int, ...],
    types: tuple[np.dtype[Any], np.dtype[Any]],
    weights: Weights,
    axis: int,
    mode: str,
    cval: float,
    origin: int = 0,
) -> Ready:
    """What correlates small images with a vector along an axis, from one type to another."""
    if len(weights) > _MOST_ALONG_COLUMNS:
        raise LeftToSciPy
    kernel, params = _line_kernel(weights, origin)
    return one_step(kernel, shape, types[0], types[1], axes=axis, mode=mode, cval=cval, origin=0, **params)


@functools.lru_cache(maxsize=128)
def _line(weights: tuple[str, ...], sign: int, origin: int) -> str:
    """The kernel of a correlation with these weights, which are numbers or names of params.

    If `sign` is 1 or -1, the weights on the right are those on the left times that, and SciPy takes only the middle one and those
    on the left.
    """
    before = len(weights) // 2
    after = len(weights) - before - 1

    def cell(offset: int) -> str:
        return f"w[{offset - origin}]"

    if sign == 0:
        places = [after, *range(-before, after)]
        terms = [f"{cell(place)} * {weights[before + place]}" for place in places]
    else:
        places = [0, *range(-before, 0)]
        operation = "+" if sign == 1 else "-"
        terms = [f"{cell(0)} * {weights[before]}"]
        terms += [f"({cell(place)} {operation} {cell(-place)}) * {weights[before + place]}" for place in places[1:]]
    params = "".join(f"param {weights[before + place]}; " for place in places if weights[before + place].startswith("k"))
    return params + " + ".join(terms)


def _symmetry(weights: Weights) -> int:
    """1 for weights that are the same from both ends, -1 if those from one end are the negative of those from the other, else 0."""
    if len(weights) % 2 == 0:
        return 0
    left, right = weights[: len(weights) // 2], weights[: len(weights) // 2 : -1]
    if not (np.abs(right - left) > _EPSILON).any():
        return 1
    return 0 if (np.abs(right + left) > _EPSILON).any() else -1


def _can_be_in_source(weights: Weights) -> bool:
    return weights.size <= _MOST_IN_SOURCE and bool((np.abs(weights) <= 1 << 15).all() and (weights == np.rint(weights)).all())


def _text(weight: float) -> str:
    return f"{weight:.0f}" if weight >= 0 else f"(-{-weight:.0f})"


def _windows(
    input: ArrayLike, weights: ArrayLike, output: Any, mode: str, cval: complex, origin: Any, axes: Any, mirror: bool
) -> Array:
    """Correlates with an array, or convolves."""
    image, mode = np.asarray(input), mode_of(mode)
    values, along, origins = _placed_weights(np.asarray(weights), image.ndim, origin, axes, mirror)

    def real(image: Array, weights: Weights, target: Array, cval: float) -> None:
        kernel, window, params = _window_kernel(weights, origins)
        run(kernel, image, target, axes=along, mode=mode, cval=cval, params=params, **window)

    return _by_parts(real, image, values, output, cval)


def _placed_weights(
    values: Array, ndim: int, origin: Any, axes: Any, mirror: bool
) -> tuple[Array, tuple[int, ...], list[int]]:
    """The weights of a correlation that does what is asked for, the axes along which they lie, and their origins."""
    named = axes_of(axes, ndim)
    if values.dtype.kind not in "biufc" or values.ndim != len(named) or values.ndim == 0:
        raise LeftToSciPy
    if mirror:
        values = np.flip(values)
        along = tuple(sorted(named))
        # Weights are in the order of the array's axes; origins are so, too, or in the order of `axes`.
        lengths = values.shape if len(named) == ndim else [values.shape[along.index(axis)] for axis in named]
        origin = [-one - (length % 2 == 0) for one, length in zip(for_each(origin, len(named)), lengths, strict=True)]
    else:
        values = values.conj()
    return values, *placed(values, origin, named, ndim)


def _window_kernel(weights: Weights, origins: Sequence[int]) -> tuple[Kernel, dict[str, Any], dict[str, Any]]:
    """The kernel of a correlation with an array, its window, and its params."""
    cells = np.abs(weights) > _EPSILON
    if _can_be_in_source(weights):
        places = np.argwhere(cells) - np.array(cells.shape) // 2 - np.array(origins)
        source = _sum(tuple(map(tuple, places.tolist())), tuple(map(_text, weights[cells].tolist())))
        return kernel_of(source), {"origin": 0}, {}
    kernel = kernel_of("weights k; fold s = 0 for v in w, u in k: s + v * u")
    return kernel, {"footprint": cells, "origin": origins}, {"k": weights[cells]}


def _sum(places: tuple[tuple[int, ...], ...], weights: tuple[str, ...]) -> str:
    """The kernel of a sum of cells at these offsets, in their order, times whole numbers."""
    cells = (f"w[{', '.join(map(str, place))}]" for place in places)
    return " + ".join(["0", *(f"{cell} * {weight}" for cell, weight in zip(cells, weights, strict=True))])


def _by_parts(
    real: Callable[[Array, Weights, Array, Any], None], image: Array, weights: Array, output: Any, cval: Any
) -> Array:
    """Correlates, of complex values and weights the real and the imaginary parts."""
    complex_image, complex_weights = image.dtype.kind == "c", weights.dtype.kind == "c"
    is_complex = complex_image or complex_weights
    if np.iscomplexobj(cval) and not complex_image:
        raise LeftToSciPy
    try:
        target = _scipy.output_for(output, image, is_complex=is_complex)
    except (RuntimeError, TypeError):
        raise LeftToSciPy from None
    if not target.flags.writeable:
        raise LeftToSciPy
    if not is_complex:
        real(image, weights.astype(np.float64), target, cval)
        return target
    weights = weights.astype(np.complex128 if complex_weights else np.float64)
    if complex_image and complex_weights:
        if np.may_share_memory(image, target):
            raise LeftToSciPy
        part = np.empty(image.shape, image.real.dtype.newbyteorder("="))
        real(image.real, weights.real, target.real, np.real(cval))
        real(image.imag, weights.imag, part, np.imag(cval))
        target.real -= part
        real(image.real, weights.imag, target.imag, np.real(cval))
        real(image.imag, weights.real, part, np.imag(cval))
        target.imag += part
    elif complex_image:
        real(image.real, weights, target.real, np.real(cval))
        real(image.imag, weights, target.imag, np.imag(cval))
    else:
        real(image, weights.real, target.real, cval)
        real(image, weights.imag, target.imag, cval)
    return target
