"""Gaussian filters, derivatives, and what is made of them, as in ``scipy.ndimage``."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d as _scipys_gaussian

from . import _scipy
from ._arrays import Array
from ._correlate import along_line, correlate1d, line_step
from ._dropin import LeftToSciPy, axes_of, axis_of, for_each, mode_of, same_as_scipy
from ._prepared import is_plain, is_plain_number
from ._remembered import Ready, chained, remembered

__all__ = [
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "generic_gradient_magnitude",
    "generic_laplace",
    "laplace",
    "prewitt",
    "sobel",
]

# SciPy leaves an axis alone if the standard deviation along it is not larger.
_LEAST_SIGMA = 1e-15


@same_as_scipy
def gaussian_filter1d(
    input: ArrayLike,
    sigma: float,
    axis: int = -1,
    order: int = 0,
    output: Any = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Array:
    """A Gaussian filter along an axis, or a derivative of one, as ``scipy.ndimage.gaussian_filter1d``.

    >>> from hoodoo.ndimage import gaussian_filter1d
    >>> gaussian_filter1d([1.0, 2.0, 3.0, 4.0, 5.0], 1).round(6)
    array([1.427041, 2.067822, 3.      , 3.932178, 4.572959])
    """
    return correlate1d(input, _gaussian(sigma, order, truncate, radius), axis, output, mode, cval, 0)


def _gaussian_lines(
    ndim: int, sigma: Any, order: Any, mode: Any, truncate: Any, radius: Any, axes: Any
) -> list[tuple[int, NDArray[np.float64], str]]:
    """The axes along which a Gaussian filter does something, the weights along each, and the mode."""
    named = axes_of(axes, ndim)
    each = zip(named, *(for_each(value, len(named)) for value in (sigma, order, mode, radius)), strict=True)
    lines = []
    for axis, deviation, derivative, one, width in each:
        if deviation > _LEAST_SIGMA:
            lines.append((axis, _gaussian(deviation, derivative, truncate, width), mode_of(one)))
    return lines


@remembered
def _smoothed(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    wanted: np.dtype[Any],
    sigma: Any,
    order: Any,
    mode: str | tuple[str, ...],
    cval: float,
    truncate: float,
    radius: Any,
    axes: Any,
) -> Ready:
    lines = _gaussian_lines(len(shape), sigma, order, mode, truncate, radius, axes)
    if not lines:
        raise LeftToSciPy
    # What is in between has the type of the result.
    types = itertools.chain([(dtype, wanted)], itertools.repeat((wanted, wanted)))
    return chained([line_step(shape, each, weights, axis, mode, cval) for each, (axis, weights, mode) in zip(types, lines)])


def _usual_gaussian(
    input: Array,
    sigma: Any,
    order: Any = 0,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    truncate: Any = 4.0,
    *,
    radius: Any = None,
    axes: Any = None,
) -> Array | None:
    if type(sigma) is list:
        sigma = tuple(sigma)
    elif isinstance(sigma, np.floating | np.integer):
        sigma = float(sigma)
    if type(mode) is list and all([type(each) is str for each in mode]):
        mode = tuple(mode)
    numbers = (sigma, cval, truncate) if type(sigma) is not tuple else (*sigma, cval, truncate)
    if type(mode) not in (str, tuple) or not all(map(is_plain_number, numbers)):
        return None
    if not (is_plain(order) and is_plain(radius) and is_plain(axes)):
        return None
    return _smoothed(input, output, sigma, order, mode, cval, truncate, radius, axes)


@functools.partial(same_as_scipy, usual=_usual_gaussian)
def gaussian_filter(
    input: ArrayLike,
    sigma: float | Sequence[float],
    order: int | Sequence[int] = 0,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: complex = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | Sequence[int] | None = None,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """A Gaussian filter, axis after axis, as ``scipy.ndimage.gaussian_filter``.

    >>> import numpy as np
    >>> from hoodoo.ndimage import gaussian_filter
    >>> gaussian_filter(np.arange(0, 50, 2).reshape(5, 5), sigma=1)[2]
    array([20, 22, 24, 25, 27])
    """
    image = np.asarray(input)
    return _lines(image, _gaussian_lines(image.ndim, sigma, order, mode, truncate, radius, axes), output, cval)


@same_as_scipy
def prewitt(
    input: ArrayLike, axis: int = -1, output: Any = None, mode: str | Sequence[str] = "reflect", cval: complex = 0.0
) -> Array:
    """The derivative along an axis, averaged along the others, as ``scipy.ndimage.prewitt``.

    >>> import numpy as np
    >>> from hoodoo.ndimage import prewitt
    >>> prewitt(np.arange(12).reshape(3, 4) ** 2, axis=0)[1]
    array([208, 240, 288, 320])
    """
    return _edges(input, axis, output, mode, cval, [1.0, 1.0, 1.0])


@same_as_scipy
def sobel(
    input: ArrayLike, axis: int = -1, output: Any = None, mode: str | Sequence[str] = "reflect", cval: complex = 0.0
) -> Array:
    """The derivative along an axis, smoothed along the others, as ``scipy.ndimage.sobel``.

    >>> import numpy as np
    >>> from hoodoo.ndimage import sobel
    >>> sobel(np.arange(12).reshape(3, 4) ** 2, axis=0)[1]
    array([272, 320, 384, 432])
    """
    return _edges(input, axis, output, mode, cval, [1.0, 2.0, 1.0])


@same_as_scipy
def generic_laplace(
    input: ArrayLike,
    derivative2: Callable[..., Any],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: complex = 0.0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The sum of second derivatives that a function computes, as ``scipy.ndimage.generic_laplace``.

    >>> from hoodoo.ndimage import correlate1d, generic_laplace
    >>> def second(image, axis, output, mode, cval):
    ...     return correlate1d(image, [1, -2, 1], axis, output, mode, cval)
    >>> generic_laplace([0, 1, 4, 9, 16], second)
    array([ 1,  2,  2,  2, -7])
    """
    image, target, lines = _along(input, output, mode, axes)
    keywords = extra_keywords or {}
    for number, (axis, one) in enumerate(lines):
        into = target if number == 0 else target.dtype
        values = derivative2(image, axis, into, one, cval, *extra_arguments, **keywords)
        if number > 0:
            target += values
    if not lines:
        target[...] = image
    return target


@same_as_scipy
def laplace(
    input: ArrayLike,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: complex = 0.0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The sum of the second differences along the axes, as ``scipy.ndimage.laplace``.

    >>> from hoodoo.ndimage import laplace
    >>> laplace([0, 1, 4, 9, 16])
    array([ 1,  2,  2,  2, -7])
    """
    return generic_laplace(input, _second_difference, output, mode, cval, axes=axes)


@same_as_scipy
def gaussian_laplace(
    input: ArrayLike,
    sigma: float | Sequence[float],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: complex = 0.0,
    *,
    axes: int | Sequence[int] | None = None,
    **kwargs: Any,
) -> Array:
    """The sum of second derivatives of Gaussians, as ``scipy.ndimage.gaussian_laplace``.

    >>> from hoodoo.ndimage import gaussian_laplace
    >>> gaussian_laplace([0.0, 0.0, 1.0, 0.0, 0.0], 1).round(3)
    array([ 0.197,  0.002, -0.399,  0.002,  0.197])
    """
    image = np.asarray(input)
    named = axes_of(axes, image.ndim)
    sigmas = for_each(sigma, len(named))
    if len(named) < image.ndim:
        # Nothing is smoothed along the other axes.
        by_axis = dict(zip(named, sigmas, strict=True))
        sigmas = [by_axis.get(axis, 0) for axis in range(image.ndim)]
    return generic_laplace(image, _gaussian_derivative(2, sigmas), output, mode, cval, (), kwargs, axes=axes)


@same_as_scipy
def generic_gradient_magnitude(
    input: ArrayLike,
    derivative: Callable[..., Any],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: complex = 0.0,
    extra_arguments: Sequence[Any] = (),
    extra_keywords: Mapping[str, Any] | None = None,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The length of a gradient that a function computes, as ``scipy.ndimage.generic_gradient_magnitude``.

    >>> import numpy as np
    >>> from hoodoo.ndimage import generic_gradient_magnitude, sobel
    >>> generic_gradient_magnitude(np.arange(12.0).reshape(3, 4), sobel)[1].round(3)
    array([32.249, 32.985, 32.985, 32.249])
    """
    image, target, lines = _along(input, output, mode, axes)
    keywords = extra_keywords or {}
    for number, (axis, one) in enumerate(lines):
        into = target if number == 0 else target.dtype
        values = derivative(image, axis, into, one, cval, *extra_arguments, **keywords)
        if number == 0:
            np.multiply(target, target, target)
        else:
            np.multiply(values, values, values)
            target += values
    if lines:
        np.sqrt(target, target, casting="unsafe")
    else:
        target[...] = image
    return target


@same_as_scipy
def gaussian_gradient_magnitude(
    input: ArrayLike,
    sigma: float | Sequence[float],
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: complex = 0.0,
    *,
    axes: int | Sequence[int] | None = None,
    **kwargs: Any,
) -> Array:
    """The length of a gradient of Gaussian derivatives, as ``scipy.ndimage.gaussian_gradient_magnitude``.

    >>> import numpy as np
    >>> from hoodoo.ndimage import gaussian_gradient_magnitude
    >>> gaussian_gradient_magnitude(np.arange(12.0).reshape(3, 4), 1)[1].round(3)
    array([2.819, 2.917, 2.917, 2.819])
    """
    # As in SciPy, `axes` are those of the derivatives; the image is smoothed along all.
    derivative = _gaussian_derivative(1, sigma)
    return generic_gradient_magnitude(input, derivative, output, mode, cval, (), kwargs, axes=axes)


def _gaussian(sigma: Any, order: Any, truncate: Any, radius: Any) -> NDArray[np.float64]:
    """The weights for a correlation with a Gaussian, or with a derivative of one."""
    try:
        return _response(float(sigma), order, truncate, radius)
    except (TypeError, ValueError, OverflowError):
        raise LeftToSciPy from None


@functools.lru_cache(maxsize=128)
def _response(sigma: float, order: int, truncate: float, radius: int | None) -> NDArray[np.float64]:
    """What SciPy's own filter makes of a single one among zeros: its weights, from the last to the first."""
    reach = int(truncate * sigma + 0.5) if radius is None else radius
    impulse = np.zeros(2 * reach + 1)
    impulse[reach] = 1.0
    options: dict[str, Any] = {"order": order, "mode": "constant", "truncate": truncate, "radius": radius}
    weights: NDArray[np.float64] = _scipys_gaussian(impulse, sigma, **options)[::-1].copy()
    weights.flags.writeable = False
    return weights


def _lines(image: Array, lines: Sequence[tuple[int, NDArray[np.float64], str]], output: Any, cval: Any) -> Array:
    """Correlates axis after axis."""
    if image.dtype.kind == "c" or np.iscomplexobj(cval):
        raise LeftToSciPy
    try:
        target = _scipy.output_for(output, image)
    except (RuntimeError, TypeError):
        raise LeftToSciPy from None
    steps: list[_scipy.Step] = []
    for axis, weights, mode in lines:
        steps.append(functools.partial(along_line, weights=weights, axis=axis, mode=mode, cval=cval))
    return _scipy.chained(steps, image, target)


def _edges(
    input: ArrayLike, axis: int, output: Any, mode: str | Sequence[str], cval: Any, smooth: list[float]
) -> Array:
    image = np.asarray(input)
    axis = axis_of(axis, image.ndim)
    modes = [mode_of(one) for one in for_each(mode, image.ndim)]
    lines = [(axis, np.array([-1.0, 0.0, 1.0]), modes[axis])]
    lines += [(other, np.array(smooth), modes[other]) for other in range(image.ndim) if other != axis]
    return _lines(image, lines, output, cval)


def _along(
    input: ArrayLike, output: Any, mode: str | Sequence[str], axes: Any
) -> tuple[Array, Array, list[tuple[int, str]]]:
    """The image, where to write, and the axes with their modes."""
    image = np.asarray(input)
    named = axes_of(axes, image.ndim)
    modes = for_each(mode, len(named))
    try:
        target = _scipy.output_for(output, image, is_complex=False)
    except (RuntimeError, TypeError):
        raise LeftToSciPy from None
    return image, target, list(zip(named, modes, strict=True))


def _second_difference(image: Array, axis: int, output: Any, mode: str, cval: Any) -> Array:
    return correlate1d(image, [1, -2, 1], axis, output, mode, cval, 0)


def _gaussian_derivative(order: int, sigma: Any) -> Callable[..., Array]:
    """The function of a derivative along one axis, smoothed along the others."""

    def derivative(image: Array, axis: int, output: Any, mode: str, cval: Any, **keywords: Any) -> Array:
        orders = [0] * image.ndim
        # Along an axis that there is not it is an IndexError, as SciPy's.
        orders[axis] = order
        return gaussian_filter(image, sigma, orders, output, mode, cval, **keywords)

    return derivative
