"""What a window is, in the words of users, and whether it fits arrays of so many axes."""

from __future__ import annotations

import functools
import operator
import warnings
from typing import Any, Literal, TypeAlias

import numpy as np

from ._arrays import MOST_AXES, Array, mask
from ._hoodoo import footprint_named

__all__ = ["footprint"]

#: What is outside of an array.
Mode: TypeAlias = Literal[
    "reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant", "shrink", "valid"
]


def check_window(ndim: int, size: Any, footprint: Any, mode: Any, origin: Any, axes: Any) -> None:
    """Checks, for a window on arrays of so many axes, what the extension module can't tell from what is right.

    A sequence of one is not one for all axes.
    """
    if type(size) is int and type(origin) is int and type(mode) is str and footprint is None:
        # The usual call, of small arrays too.
        return
    if size is not None and footprint is not None:
        warnings.warn("ignoring size because footprint is set", UserWarning, stacklevel=4)
        size = None
    for name, value in (("size", size), ("mode", mode), ("origin", origin)):
        if isinstance(value, str | int) or value is None or not np.iterable(value):
            continue
        count = axes_of_window(ndim, axes)
        given = len(list(value))
        if given == 1 != count:
            raise ValueError(f"{name}: there is one in {value!r}, and the window has {count} axes")
        if name == "size" and axes is None and given != ndim:
            raise ValueError(_axes_hint(f"size: there are {given} in {value!r}", given, ndim))
    if footprint is not None and axes is None and (cells := np.ndim(footprint)) != ndim:
        raise ValueError(_axes_hint(f"footprint: it has {cells} axes", cells, ndim))


def _axes_hint(what: str, given: int, ndim: int) -> str:
    """That a window has another number of axes than the array, and how to say along which it lies."""
    which = tuple(range(given))
    hint = f"; axes={which} filters along the first {given}, as in a picture with colours" if 0 < given < ndim else ""
    return f"{what}, and the array has {ndim} axes{hint}"


def steps_of(ndim: int, stride: Any, axes: Any) -> list[int]:
    """How far apart the pixels of outputs are along each axis of arrays of so many, for one stride or one for each axis of the window."""
    count = axes_of_window(ndim, axes)
    each = list(map(operator.index, stride)) if np.iterable(stride) else [operator.index(stride)] * count
    if len(each) != count:
        raise ValueError(f"stride: there {'is' if len(each) == 1 else 'are'} {len(each)} in {stride!r}, and the window has {count} axes")
    for step in each:
        if step < 1:
            raise ValueError(f"stride: {step} is not at least 1")
    steps = [1] * ndim
    for axis, step in zip(range(ndim) if axes is None else np.ravel(axes), each):
        # One that is not there is an error of the axes.
        if -ndim <= axis < ndim:
            steps[int(axis)] = step
    return steps


def axes_of_window(ndim: int, axes: Any) -> int:
    return ndim if axes is None else int(np.size(axes))


def check_weights(
    name: str, shape: tuple[int, ...], size: Any, footprint: Any, axes: Any, ndim: int | None
) -> None:
    """Checks that weights have the shape of the window, whose cells they would be mixed up with otherwise."""
    count = len(shape) if ndim is None and axes is None else axes_of_window(ndim or 0, axes)
    if footprint is not None:
        window = np.shape(footprint)
    elif size is not None:
        window = tuple(size) if np.iterable(size) else (operator.index(size),) * count
    else:
        return
    if shape != window:
        raise ValueError(
            f"the weights `{name}` have the shape {shape}, and the window {window}; weights without axes of their own are in the order "
            "of the window's cells"
        )


def cells_of(footprint: Any, axes: int) -> Any:
    """A footprint, or the one of a name such as ``"disk:2"`` along so many axes."""
    return _named(footprint, axes) if isinstance(footprint, str) else footprint


@functools.lru_cache(maxsize=64)
def _named(name: str, axes: int) -> Array:
    cells: Array = footprint_named(name, axes)
    cells.flags.writeable = False
    return cells


def footprint(name: str, ndim: int = 2) -> Array:
    """The cells of a footprint with a name: true for those that belong to it.

    Wherever a footprint can be given, its name can be given.

    Parameters
    ----------
    name : str
        ``box:R``, ``cross:R``, ``disk:R``, ``ball:R``, ``diamond:R``, ``octagon:R``, ``ring:R1,R2``, ``ellipse:RY,RX``,
        ``line:LENGTH,DEGREES``, or rows of 0 and 1 such as ``010/111/010``. R is a radius in pixels.
    ndim : int
        The number of axes that it has. A disk, an octagon, and a line have two.

    Examples
    --------
    >>> import hoodoo
    >>> hoodoo.footprint("disk:2").astype(int)
    array([[0, 0, 1, 0, 0],
           [0, 1, 1, 1, 0],
           [1, 1, 1, 1, 1],
           [0, 1, 1, 1, 0],
           [0, 0, 1, 0, 0]])
    >>> hoodoo.Kernel("len(w)")([[1, 2], [3, 4]], footprint="cross:1", mode="shrink")
    array([[3, 3],
           [3, 3]])
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a footprint must be a str, not {type(name).__name__}")
    count = operator.index(ndim)
    if not 0 <= count <= MOST_AXES:
        raise ValueError(f"a footprint has 0 to {MOST_AXES} axes, not {count}")
    return _named(name, count).copy()


def has_its_pixel(size: Any, footprint: Any, origin: Any) -> bool:
    """Whether every window has the cell of its pixel, and so is never empty."""
    if footprint is None:
        return size is not None and not np.any(origin)
    cells = mask(footprint)
    middle = np.array(cells.shape) // 2 + np.asarray(origin)
    return bool(((middle >= 0) & (middle < cells.shape)).all() and cells[tuple(middle)])
