"""The usual calls of SciPy's filters, which are prepared once: to read their arguments takes longer than to filter a small image."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage

from . import _scipy
from ._arrays import Array
from ._kernel import kernel_of

#: A box of at most this many cells is filtered at once, a larger one axis after axis, where the values are the same.
CELLS_AT_ONCE = 25

#: SciPy's own mean, whatever may be put in its place later.
THEIRS: Callable[..., Array] = ndimage.uniform_filter

#: Filters an image of the shape and the type that it was prepared for.
Ready = Callable[[Any], Array]


def usual(
    which: str, image: Any, size: Any, footprint: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Ready | None:
    """What filters an image, if the call is one of those that nearly all calls are: with a length for all axes, a mode, and a new array
    of the image's type for the result.

    `which` is the reduction: ``min``, ``max``, ``mean``, ``median``. `axes` is an axis, or none for all.
    """
    if (
        type(image) is np.ndarray
        and type(size) is int
        and type(mode) is str
        and type(origin) is int
        and footprint is None
        and output is None
        and (type(cval) is float or type(cval) is int)
        and (axes is None or type(axes) is int)
    ):
        return _ready(which, image.shape, image.dtype, size, mode, cval, origin, axes)
    return None


@functools.lru_cache(maxsize=256, typed=True)
def _ready(
    which: str, shape: tuple[int, ...], dtype: np.dtype[Any], size: int, mode: str, cval: float, origin: int, axes: int | None
) -> Ready | None:
    """The same, with all that it depends on; none where something is not right, or is not usual."""
    if not 2 <= size <= sys.maxsize or not dtype.isnative:
        return None
    if dtype.kind not in "iuf" or (dtype.kind == "f" and dtype.itemsize not in (4, 8)):
        return None
    try:
        along = _scipy.axes_of(axes, len(shape))
        _scipy.checked_mode(mode)
        _scipy.check_origin(origin, size)
        if which == "median":
            if len(shape) == 1 and "constant" in mode:
                # Along a line SciPy has other types for what is outside.
                return None
            cval = _scipy.cast(cval, dtype)
    except (TypeError, ValueError, RuntimeError, IndexError):
        # Who reads the arguments one by one says what is wrong with them.
        return None
    if not along:
        return None
    cells = size ** len(along)
    if which == "median" and cells == 2:
        # The upper of two is a maximum, for which what is outside has another type.
        return None
    source = f"rank(w, {cells // 2})" if which == "median" else f"{which}(w)"
    if which == "mean" and dtype.kind == "f" and any(is_long(size, shape[axis]) for axis in along):
        which_axes = None if axes is None else along
        return functools.partial(THEIRS, size=size, mode=mode, cval=cval, origin=origin, axes=which_axes)
    parts = _parts(which, along, cells)
    options: dict[str, Any] = {"size": size, "mode": mode, "cval": cval, "origin": origin, "output": dtype, "cast": "wrap"}
    threads = 1 if math.prod(shape) < _scipy.FEW_PIXELS else 0
    steps: list[Ready] = [kernel_of(source).prepare(shape, dtype, axes=part, threads=threads, **options) for part in parts]
    return steps[0] if len(steps) == 1 else functools.partial(_one_after_the_other, steps)


def _parts(which: str, along: tuple[int, ...], cells: int) -> list[tuple[int, ...]]:
    """Along which axes a window of so many cells is filtered at once, one after the other."""
    each: list[tuple[int, ...]] = [(axis,) for axis in along]
    if which == "median":
        return [along]
    # Means are rounded to the image's type after each axis, as are those of one axis after the other by the user.
    return [along] if which != "mean" and cells <= CELLS_AT_ONCE else each


def is_long(size: int, length: int) -> bool:
    """Whether a window is so long for an axis that most of what it sees is seen more than once. Running sums are faster there: measured
    at 63 cells on 64 x 64 x 64 elements, 0.5 of the time.
    """
    return size > 16 and 2 * size > length


def _one_after_the_other(steps: list[Ready], image: Array) -> Array:
    for step in steps:
        image = step(image)
    return image
