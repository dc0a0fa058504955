"""The usual calls of SciPy's filters, which are prepared once: to read their arguments takes longer than to filter a small image."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from . import _scipy
from ._arrays import Array
from ._kernel import kernel_of
from ._prepared import is_plain

#: A box of at most this many cells is filtered at once, a larger one axis after axis, where the values are the same.
CELLS_AT_ONCE = 25

#: SciPy's own mean, whatever may be put in its place later.
THEIRS: Callable[..., Array] = ndimage.uniform_filter

#: Filters an image of the shape and the type that it was prepared for, into an array if there is one as ``output``.
Ready = Callable[..., Array]

#: Footprints of more cells are compared for too long to be found again.
_MOST_CELLS = 1024


def usual(
    which: str, image: Any, size: Any, footprint: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Array | None:
    """What filtering an image gives, if the call is one of those that nearly all calls are: of an array, with lengths or an array for the
    window and one mode, for a new array or for one of the image's type and shape. Else nothing is done.

    `which` is the reduction: ``min``, ``max``, ``mean``, ``median``.
    """
    if (
        type(image) is not np.ndarray
        or type(mode) is not str
        or (type(cval) is not float and type(cval) is not int)
        or not (is_plain(size) and is_plain(origin) and is_plain(axes))
    ):
        return None
    if output is not None and not (
        type(output) is np.ndarray and output.dtype == image.dtype and output.shape == image.shape and image.size > 0
    ):
        return None
    cells = None
    if footprint is not None:
        if type(footprint) is not np.ndarray or size is not None or footprint.dtype.kind not in "biuf":
            return None
        if not 0 < footprint.size <= _MOST_CELLS:
            return None
        cells = footprint.shape, footprint.astype(bool).tobytes()
    is_bool = image.dtype.kind == "b"
    # SciPy computes with the bytes of booleans.
    seen = image.view(np.uint8) if is_bool else image
    ready = _ready(which, seen.shape, seen.dtype, size, cells, mode, cval, origin, axes)
    if ready is None or (is_bool and which == "mean"):
        return None
    if output is None:
        made = ready(seen)
        return made.view(np.bool_) if is_bool else made
    ready(seen, output=output.view(np.uint8) if is_bool else output)
    return output


@functools.lru_cache(maxsize=512, typed=True)
def _ready(
    which: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    size: Any,
    cells: tuple[tuple[int, ...], bytes] | None,
    mode: str,
    cval: float,
    origin: Any,
    axes: Any,
) -> Ready | None:
    """What does it, with all that it depends on; none where something is not right, or is not usual."""
    if dtype.kind not in "iuf" or not dtype.isnative or (dtype.kind == "f" and dtype.itemsize not in (4, 8)):
        return None
    try:
        window = _window(which, shape, size, cells, origin, _scipy.axes_of(axes, len(shape)))
        _scipy.checked_mode(mode)
        if window is None or (which == "median" and len(shape) == 1 and "constant" in mode):
            # Along a line SciPy has other types for what is outside.
            return None
        if which == "median" or window.footprint is not None:
            cval = _scipy.cast(cval, dtype)
    except (IndexError, OverflowError, RuntimeError, TypeError, ValueError):
        # Who reads the arguments one by one says what is wrong with them.
        return None
    if which == "median" and window.cell_count <= 2:
        # One cell, or the upper of two, which is a maximum, for which what is outside has another type.
        return None
    source = f"rank(w, {window.cell_count // 2})" if which == "median" else f"{which}(w)"
    options: dict[str, Any] = {"mode": mode, "cval": cval}
    if which == "mean" and dtype.kind == "f" and any(is_long(size, shape[axis]) for axis, size, _ in window.boxes):
        along, sizes, origins = zip(*window.boxes)
        return functools.partial(THEIRS, size=sizes, origin=origins, axes=along, **options)
    threads = 1 if math.prod(shape) < _scipy.FEW_PIXELS else 0
    options |= {"output": dtype, "cast": "wrap", "threads": threads}
    kernel = kernel_of(source)
    steps: list[Ready] = [kernel.prepare(shape, dtype, **part, **options) for part in window.parts(which)]
    return steps[0] if len(steps) == 1 else functools.partial(_one_after_the_other, steps)


class _Window(NamedTuple):
    """Where the cells of a usual call are."""

    #: Along each axis on which a box is longer than one cell: the axis, the length, the origin.
    boxes: tuple[tuple[int, int, int], ...]
    #: The cells, along all axes, if they are no box.
    footprint: Array | None
    cell_count: int

    def parts(self, which: str) -> list[dict[str, Any]]:
        """Of which windows a filter is made, one after the other."""
        axes, sizes, origins = zip(*self.boxes)
        at_once = {"axes": axes, "origin": origins}
        if self.footprint is not None:
            return [{"footprint": self.footprint, **at_once}]
        # Means are rounded to the image's type after each axis, as are those of one axis after the other by the user.
        if which == "median" or (which != "mean" and self.cell_count <= CELLS_AT_ONCE):
            return [{"size": sizes, **at_once}]
        return [{"size": size, "axes": axis, "origin": origin} for axis, size, origin in self.boxes]


def _window(
    which: str,
    shape: tuple[int, ...],
    size: Any,
    cells: tuple[tuple[int, ...], bytes] | None,
    origin: Any,
    along: tuple[int, ...],
) -> _Window | None:
    """Where the cells are; none for a window of one cell, or for none at all. Raises what nobody sees for what is not right."""
    footprint = None if cells is None else np.frombuffer(cells[1], np.bool_).reshape(cells[0])
    is_box = footprint is None or bool(footprint.all())
    lengths = _scipy.for_each(size if footprint is None else footprint.shape, len(along))
    if which == "median" or not is_box:
        # To SciPy a footprint, whose axes are in the order of the array's.
        along, origins = _scipy.placed(np.broadcast_to(True, lengths), origin, along, len(shape))
    else:
        origins = _scipy.for_each(origin, len(along))
    boxes = [box for box in zip(along, lengths, origins, strict=True) if box[1] > 1 or not is_box]
    if not boxes or any(length > sys.maxsize for _, length, _ in boxes):
        return None
    for _, length, one in boxes:
        _scipy.check_origin(one, length)
    if footprint is None or is_box:
        return _Window(tuple(boxes), None, math.prod(length for _, length, _ in boxes))
    count = int(np.count_nonzero(footprint))
    return _Window(tuple(boxes), footprint, count) if count > 0 else None


def is_long(size: int, length: int) -> bool:
    """Whether a window is so long for an axis that most of what it sees is seen more than once. Running sums are faster there: measured
    at 63 cells on 64 x 64 x 64 elements, 0.5 of the time.
    """
    return size > 16 and 2 * size > length


def _one_after_the_other(steps: list[Ready], image: Array, output: Array | None = None) -> Array:
    for step in steps[:-1]:
        image = step(image)
    return steps[-1](image, output=output)
