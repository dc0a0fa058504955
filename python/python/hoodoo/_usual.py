"""The usual calls of SciPy's filters, which are prepared once: to read their arguments takes longer than to filter a small image."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from . import _scipy
from ._arrays import Array
from ._kernel import kernel_of
from ._prepared import is_plain, is_plain_number
from ._remembered import Ready, chained, is_plain_output

#: A box of at most this many cells is filtered at once, a larger one axis after axis, where the values are the same.
CELLS_AT_ONCE = 25

#: SciPy's own mean, whatever may be put in its place later.
THEIRS: Callable[..., Array] = ndimage.uniform_filter

#: Footprints of more cells are compared for too long to be found again.
_MOST_CELLS = 1024


def usual(
    which: str, image: Any, size: Any, footprint: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Array | None:
    """What filtering an image gives, if the call is one of those that nearly all calls are: of an array, with lengths or an array for the
    window and one mode, for a new array or for one of the image's type and shape. Else nothing is done.

    `which` is the reduction: ``min``, ``max``, ``mean``, ``median``.
    """
    if type(image) is not np.ndarray or not is_plain_number(cval):
        return None
    if not (type(mode) is str and is_plain(size) and is_plain(origin) and is_plain(axes)):
        try:
            size, origin, axes = _plain(size), _plain(origin), _plain(axes)
            mode = mode if type(mode) is str else _modes(mode)
        except TypeError:
            return None
    dtype = None
    if output is not None and type(output) is not np.ndarray:
        dtype, output = _scipy.usual_type(output), None
        if dtype is None or image.size == 0:
            return None
    elif output is not None and not (is_plain_output(output, image) and image.size > 0):
        return None
    cells = None
    if footprint is not None and (size is not None or (cells := _cells(footprint)) is None):
        return None
    is_bool = image.dtype.kind == "b"
    # SciPy computes with the bytes of booleans.
    seen = image.view(np.uint8) if is_bool else image
    ready = _ready(which, seen.shape, seen.dtype, size, cells, mode, cval, origin, axes, dtype)
    if ready is None or (is_bool and (which == "mean" or dtype is not None)):
        return None
    if output is None:
        made: Array = ready(seen)
        return made.view(np.bool_) if is_bool else made
    into: Array = output
    ready(seen, output=into.view(np.uint8) if is_bool else into)
    return into


def _plain(value: Any) -> Any:
    """Integers of NumPy and sequences of some, as integers of Python and tuples of them; a ``TypeError`` for what else is not plain."""
    if is_plain(value):
        return value
    if isinstance(value, list | tuple | np.ndarray) and np.ndim(value) == 1:
        # Neither truth values nor floats.
        return tuple([each if type(each) is int else operator.index(each) for each in value])
    if isinstance(value, np.integer):
        return int(value)
    raise TypeError("this is not plain")


def _modes(modes: Any) -> str | tuple[str, ...]:
    """Modes for each axis."""
    if not isinstance(modes, list | tuple) or any([type(each) is not str for each in modes]):
        raise TypeError("this is not plain")
    return tuple(modes)


def _cells(footprint: Any) -> tuple[tuple[int, ...], bytes] | None:
    """What tells a footprint from others; none if it is not usual."""
    if type(footprint) is not np.ndarray:
        if not isinstance(footprint, list | tuple):
            return None
        try:
            footprint = np.asarray(footprint)
        except ValueError:
            return None
    if footprint.dtype.kind not in "biuf" or not 0 < footprint.size <= _MOST_CELLS:
        return None
    return footprint.shape, footprint.astype(bool).tobytes()


def is_usual_type(dtype: np.dtype[Any]) -> bool:
    """Whether usual calls filter images of this type."""
    return dtype.isnative and (dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize in (4, 8)))


@functools.lru_cache(maxsize=512, typed=True)
def _ready(
    which: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    size: Any,
    cells: tuple[tuple[int, ...], bytes] | None,
    mode: str | tuple[str, ...],
    cval: float,
    origin: Any,
    axes: Any,
    output: np.dtype[Any] | None,
) -> Ready | None:
    """What does it, with all that it depends on; none where something is not right, or is not usual."""
    if not is_usual_type(dtype):
        return None
    try:
        along = _scipy.axes_of(axes, len(shape))
        window = _window(which, shape, size, cells, origin, along, mode)
        for each in [mode] if isinstance(mode, str) else mode:
            _scipy.checked_mode(each)
        if window is None or (which == "median" and len(shape) == 1 and ("constant" in mode or output is not None)):
            # Along a line SciPy has other types for what is outside.
            return None
        if not isinstance(mode, str) and (which == "median" or window.footprint is not None):
            return None
        if which == "median" and len(shape) == 1 and dtype.kind in "iu":
            np.int64(int(cval))
        if which == "median" or window.footprint is not None:
            cval = _scipy.cast(cval, dtype)
    except (IndexError, OverflowError, RuntimeError, TypeError, ValueError):
        # Who reads the arguments one by one says what is wrong with them.
        return None
    if which == "median" and window.cell_count <= 2:
        # One cell, or the upper of two, which is a maximum, for which what is outside has another type.
        return None
    source = f"rank(w, {window.cell_count // 2})" if which == "median" else f"{which}(w)"
    wanted = dtype if output is None else output
    if which == "mean" and dtype.kind == "f" and any(is_long(size, shape[axis]) for axis, size, _, _ in window.boxes):
        along, sizes, origins, modes = zip(*window.boxes)
        return functools.partial(_theirs, wanted, size=sizes, origin=origins, axes=along, mode=modes, cval=cval)
    threads = 1 if math.prod(shape) < _scipy.FEW_PIXELS else 0
    options: dict[str, Any] = {"cval": cval, "output": wanted, "cast": "wrap", "threads": threads}
    kernel = kernel_of(source)
    # What is in between has the type of the output.
    types = itertools.chain([dtype], itertools.repeat(wanted))
    steps: list[Ready] = [kernel.prepare(shape, each, **part, **options) for part, each in zip(window.parts(which, wanted == dtype), types)]
    return chained(steps)


class _Window(NamedTuple):
    """Where the cells of a usual call are."""

    #: Along each axis on which a box is longer than one cell: the axis, the length, the origin, the mode.
    boxes: tuple[tuple[int, int, int, str], ...]
    #: The cells, along all axes, if they are no box.
    footprint: Array | None
    cell_count: int

    def parts(self, which: str, keeps_type: bool) -> list[dict[str, Any]]:
        """Of which windows a filter is made, one after the other."""
        axes, sizes, origins, modes = zip(*self.boxes)
        at_once = {"axes": axes, "origin": origins, "mode": modes}
        if self.footprint is not None:
            return [{"footprint": self.footprint, **at_once}]
        # Means are rounded to the image's type after each axis, as are those of one axis after the other by the user.
        if which == "median" or (which != "mean" and keeps_type and self.cell_count <= CELLS_AT_ONCE):
            return [{"size": sizes, **at_once}]
        return [{"size": size, "axes": axis, "origin": origin, "mode": mode} for axis, size, origin, mode in self.boxes]


def _window(
    which: str,
    shape: tuple[int, ...],
    size: Any,
    cells: tuple[tuple[int, ...], bytes] | None,
    origin: Any,
    along: tuple[int, ...],
    mode: str | tuple[str, ...],
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
    modes = _scipy.for_each(mode, len(along))
    boxes = [box for box in zip(along, lengths, origins, modes, strict=True) if box[1] > 1 or not is_box]
    if not boxes or any(length > sys.maxsize for _, length, _, _ in boxes):
        return None
    for _, length, one, _ in boxes:
        _scipy.check_origin(one, length)
    if footprint is None or is_box:
        return _Window(tuple(boxes), None, math.prod(length for _, length, _, _ in boxes))
    count = int(np.count_nonzero(footprint))
    return _Window(tuple(boxes), footprint, count) if count > 0 else None


def _theirs(dtype: np.dtype[Any], image: Array, output: Array | None = None, **arguments: Any) -> Array:
    """SciPy's own means, of a type if there is no array for them."""
    return THEIRS(image, output=dtype if output is None else output, **arguments)


def is_long(size: int, length: int) -> bool:
    """Whether a window is so long for an axis that most of what it sees is seen more than once. Running sums are faster there: measured
    at 63 cells on 64 x 64 x 64 elements, 0.5 of the time.
    """
    return size > 16 and 2 * size > length
