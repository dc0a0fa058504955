"""Minima, maxima, ranks and means of windows, as in ``scipy.ndimage``."""

from __future__ import annotations

import functools
import math
import operator
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from . import _scipy, _structure
from ._arrays import Array
from ._kernel import Kernel, kernel_of
from ._usual import CELLS_AT_ONCE, THEIRS, is_long, usual
from ._window import axes_of_window, cells_of

__all__ = [
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "percentile_filter",
    "rank_filter",
    "uniform_filter",
    "uniform_filter1d",
]

# Along which axis, over how many cells, with which origin and mode.
Pass = tuple[int, int, int, str]


def minimum_filter(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The least value of each window, as ``scipy.ndimage.minimum_filter``.

    >>> import hoodoo
    >>> hoodoo.minimum_filter([3, 1, 4, 1, 5], size=3)
    array([1, 1, 1, 1, 1])
    """
    return extreme(input, size, footprint, None, output, mode, cval, origin, "min", axes)


def maximum_filter(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The greatest value of each window, as ``scipy.ndimage.maximum_filter``.

    >>> import hoodoo
    >>> hoodoo.maximum_filter([3, 1, 4, 1, 5], size=3)
    array([3, 4, 4, 5, 5])
    """
    return extreme(input, size, footprint, None, output, mode, cval, origin, "max", axes)


def rank_filter(
    input: ArrayLike,
    rank: int,
    size: Any = None,
    footprint: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The value at a rank of each window, as ``scipy.ndimage.rank_filter``.

    >>> import hoodoo
    >>> hoodoo.rank_filter([3, 1, 4, 1, 5], -2, size=3)
    array([3, 3, 1, 4, 5])
    """
    rank = operator.index(rank)
    return _ranked(input, lambda cells: rank, size, footprint, output, mode, cval, origin, axes)


def median_filter(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The middle value of each window, the upper one of two, as ``scipy.ndimage.median_filter``.

    >>> import hoodoo
    >>> hoodoo.median_filter([3, 1, 4, 1, 5], size=3)
    array([3, 3, 1, 4, 5])
    """
    if (made := usual("median", input, size, footprint, output, mode, cval, origin, axes)) is not None:
        return made
    return _ranked(input, lambda cells: cells // 2, size, footprint, output, mode, cval, origin, axes)


def percentile_filter(
    input: ArrayLike,
    percentile: float,
    size: Any = None,
    footprint: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The value at a percentile of each window, one of its values, as ``scipy.ndimage.percentile_filter``.

    >>> import hoodoo
    >>> hoodoo.percentile_filter([3, 1, 4, 1, 5], 100, size=3)
    array([3, 4, 4, 5, 5])
    """

    def rank(cells: int) -> int:
        part = percentile + 100.0 if percentile < 0.0 else percentile
        if part < 0.0 or part > 100.0:
            raise RuntimeError("invalid percentile")
        return cells - 1 if part == 100.0 else int(float(cells) * part / 100.0)

    return _ranked(input, rank, size, footprint, output, mode, cval, origin, axes)


def uniform_filter(
    input: ArrayLike,
    size: int | Sequence[int] = 3,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: complex = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The mean of each box, axis after axis, as ``scipy.ndimage.uniform_filter``.

    >>> import hoodoo
    >>> hoodoo.uniform_filter([3.0, 0.0, 6.0, 0.0], size=3)
    array([2., 3., 2., 2.])
    """
    if (made := usual("mean", input, size, None, output, mode, cval, origin, axes)) is not None:
        return made
    image = _scipy.image_of(input)
    target = _scipy.output_for(output, image)
    passes = _passes(_scipy.axes_of(axes, image.ndim), size, origin, mode)
    return _by_parts("mean(w)", image, target, passes, cval)


def minimum_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Array:
    """The least value of each window along an axis, as ``scipy.ndimage.minimum_filter1d``.

    >>> import hoodoo
    >>> hoodoo.minimum_filter1d([3, 1, 4, 1, 5], 3)
    array([1, 1, 1, 1, 1])
    """
    if (made := _usual_line("min", input, size, axis, output, mode, cval, origin)) is not None:
        return made
    return _along_axis("min(w)", input, size, axis, output, mode, cval, origin)


def maximum_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Array:
    """The greatest value of each window along an axis, as ``scipy.ndimage.maximum_filter1d``.

    >>> import hoodoo
    >>> hoodoo.maximum_filter1d([3, 1, 4, 1, 5], 3)
    array([3, 4, 4, 5, 5])
    """
    if (made := _usual_line("max", input, size, axis, output, mode, cval, origin)) is not None:
        return made
    return _along_axis("max(w)", input, size, axis, output, mode, cval, origin)


def uniform_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: complex = 0.0,
    origin: int = 0,
) -> Array:
    """The mean of each window along an axis, as ``scipy.ndimage.uniform_filter1d``.

    >>> import hoodoo
    >>> hoodoo.uniform_filter1d([3.0, 0.0, 6.0, 0.0], 3)
    array([2., 3., 2., 2.])
    """
    if (made := _usual_line("mean", input, size, axis, output, mode, cval, origin)) is not None:
        return made
    return _along_axis("mean(w)", input, size, axis, output, mode, cval, origin)


def extreme(
    input: ArrayLike,
    size: Any,
    footprint: ArrayLike | None,
    structure: ArrayLike | None,
    output: Any,
    mode: str | Sequence[str],
    cval: float,
    origin: int | Sequence[int],
    which: Literal["min", "max"],
    axes: int | Sequence[int] | None,
) -> Array:
    """The least or the greatest value of each window, from or to which a structure is subtracted or added."""
    if structure is None:
        made = usual(which, input, size, footprint, output, mode, cval, origin, axes)
    else:
        made = _structure.usual(which, input, structure, footprint, output, mode, cval, origin, axes)
    if made is not None:
        return made
    _scipy.warn_of_size(size, footprint, stacklevel=3)
    if isinstance(footprint, str):
        footprint = cells_of(footprint, axes_of_window(np.ndim(input), axes))
    mask = None if footprint is None else np.asarray(footprint, dtype=bool)
    if structure is None:
        if mask is None and size is None:
            raise RuntimeError("no footprint provided")
        if mask is not None and not mask.any():
            raise ValueError("All-zero footprint is not supported.")
    else:
        structure = np.asarray(structure, dtype=np.float64)
        mask = np.ones(structure.shape, dtype=bool) if mask is None else mask
    image = _scipy.real_input(input)
    target = _scipy.output_for(output, image)
    along = _scipy.axes_of(axes, image.ndim)
    if structure is None and (mask is None or mask.all()):
        passes = _passes(along, size if mask is None else mask.shape, origin, mode)
        if len(passes) > 1 and image.dtype == target.dtype:
            each: Any = zip(*passes, strict=True)
            along, lengths, origins, modes = each
            if math.prod(lengths) <= CELLS_AT_ONCE:
                # What is stored in between is exact, so that nothing is lost by not storing it.
                window = {"size": lengths, "axes": along, "origin": origins, "mode": modes}
                return _scipy.filtered(kernel_of(f"{which}(w)"), image, target, cval=cval, **window)
        return _separably(f"{which}(w)", image, target, passes, cval)
    assert mask is not None
    along, origins = _scipy.placed(mask, origin, along, image.ndim)
    if structure is not None and structure.ndim != len(along):
        raise RuntimeError("structure array has incorrect shape")
    if not isinstance(mode, str) and isinstance(mode, Iterable):
        raise RuntimeError("A sequence of modes is not supported for non-separable footprints")
    _scipy.check_types(image, target)
    window = {
        "footprint": mask,
        "mode": _scipy.checked_mode(mode),
        "origin": origins,
        "axes": along,
        # SciPy computes in the type of the input, to which it also casts what is outside.
        "cval": _scipy.cast(cval, image.dtype),
    }
    if structure is None or not structure.any():
        return _scipy.filtered(kernel_of(f"{which}(w)"), image, target, **window)
    return _structure.filtered(image, target, which, structure, window)


def _ranked(
    input: ArrayLike,
    rank_of: Any,
    size: Any,
    footprint: ArrayLike | None,
    output: Any,
    mode: str | Sequence[str],
    cval: float,
    origin: int | Sequence[int],
    axes: int | Sequence[int] | None,
) -> Array:
    """The value of each window at the rank that ``rank_of`` gives for a number of cells."""
    _scipy.warn_of_size(size, footprint, stacklevel=3)
    image = _scipy.real_input(input)
    named = _scipy.axes_of(axes, image.ndim)
    mask = _scipy.mask_for(size, footprint, named)
    along, origins = _scipy.placed(mask, origin, named, image.ndim)
    cells = int(mask.sum())
    rank = rank_of(cells)
    rank = rank + cells if rank < 0 else rank
    if not 0 <= rank < cells:
        raise RuntimeError("rank not within filter footprint size")
    several_modes = not isinstance(mode, str) and isinstance(mode, Iterable)
    if rank in (0, cells - 1):
        if several_modes:
            mode = [_scipy.for_each(mode, len(named))[named.index(axis)] for axis in along]
        which: Literal["min", "max"] = "min" if rank == 0 else "max"
        # The origins are in the order of the sorted axes by now.
        return extreme(image, None, mask, None, output, mode, cval, origins, which, along)
    target = _scipy.output_for(output, image)
    if several_modes:
        raise RuntimeError("A sequence of modes is not supported by non-separable rank filters")
    window: dict[str, Any] = {
        "footprint": mask,
        "mode": _scipy.checked_mode(mode),
        "origin": origins,
        "axes": along,
    }
    kernel = kernel_of(f"rank(w, {rank})")
    if image.ndim == 1 and (image.size == 1 or image.size >= (mask.size - 1) // 2 - origins[0]):
        return _ranked_line(kernel, image, target, cval, window)
    _scipy.check_types(image, target)
    return _scipy.filtered(kernel, image, target, cval=_scipy.cast(cval, image.dtype), **window)


def _ranked_line(kernel: Kernel, image: Array, target: Array, cval: float, window: dict[str, Any]) -> Array:
    """A rank filter along the only axis, for which SciPy has types of its own, to which it rounds ``cval``."""
    if image.dtype == np.float16:
        line = image.astype(np.float32)
    elif image.dtype == np.uint64:
        # SciPy makes int64 of them here, where numbers from 2**63 on are negative; ours stay as they are.
        line = image.astype(np.uint64)
    elif image.dtype.kind in "biu":
        line = image.astype(np.int64)
    elif image.dtype in (np.float32, np.float64):
        line = image
    else:
        raise RuntimeError("Unsupported array type")
    if line.dtype.kind in "iu":
        # It is an error there, whatever the mode.
        np.int64(int(cval))
    values = np.empty(line.shape, line.dtype)
    _scipy.filtered(kernel, line, values, cval=_scipy.cast(cval, line.dtype), **window)
    np.copyto(target, values, casting="unsafe")
    return target


def _passes(along: tuple[int, ...], size: Any, origin: Any, mode: Any) -> list[Pass]:
    """One pass for each axis along which a box is longer than 1."""
    each = [_scipy.for_each(value, len(along)) for value in (size, origin, mode)]
    passes = []
    for axis, length, one, each_mode in zip(along, *each, strict=True):
        if length > sys.maxsize:
            raise OverflowError("Python int too large to convert to C ssize_t")
        if length > 1:
            length = int(length)
            _scipy.check_origin(one, length)
            passes.append((axis, length, one, _scipy.checked_mode(each_mode)))
    return passes


def _usual_line(which: str, input: Any, size: Any, axis: Any, output: Any, mode: Any, cval: Any, origin: Any) -> Array | None:
    """What a usual call gives along one axis, for which no argument is a sequence."""
    if axis is None or any(np.ndim(each) for each in (size, axis, mode, origin)):
        return None
    return usual(which, input, size, None, output, mode, cval, origin, axis)


def _along_axis(
    source: str, input: ArrayLike, size: int, axis: int, output: Any, mode: str, cval: Any, origin: int
) -> Array:
    """Filters along one axis."""
    image = _scipy.image_of(input) if source == "mean(w)" else _scipy.real_input(input)
    axis = _scipy.axis_of(axis, image.ndim)
    size = operator.index(size)
    if size < 1:
        raise RuntimeError("incorrect filter size")
    target = _scipy.output_for(output, image, stacklevel=3)
    _scipy.check_origin(origin, size)
    return _by_parts(source, image, target, [(axis, size, origin, _scipy.checked_mode(mode))], cval)


def _by_parts(source: str, image: Array, target: Array, passes: list[Pass], cval: Any) -> Array:
    """Filters axis after axis; of complex values, the real and the imaginary parts."""
    if image.dtype.kind != "c":
        return _separably(source, image, target, passes, cval)
    _separably(source, image.real, target.real, passes, np.real(cval))
    _separably(source, image.imag, target.imag, passes, np.imag(cval))
    return target


def _separably(source: str, image: Array, target: Array, passes: list[Pass], cval: Any) -> Array:
    """Filters axis after axis; what is in between has the type of the output."""
    if source == "mean(w)" and image.dtype == target.dtype and image.dtype.kind == "f":
        if any(is_long(size, image.shape[axis]) for axis, size, _, _ in passes):
            # As in the usual calls, so that the same image has the same means.
            axes, sizes, origins, modes = zip(*passes)
            return THEIRS(image, sizes, target, modes, cval, origins, axes=axes)
    kernel = kernel_of(source)
    steps: list[_scipy.Step] = []
    for axis, size, origin, mode in passes:
        window: dict[str, Any] = {"size": size, "axes": axis, "origin": origin, "mode": mode}
        steps.append(functools.partial(_scipy.filtered, kernel, cval=cval, **window))
    return _scipy.chained(steps, image, target)
