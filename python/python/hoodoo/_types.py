"""Of which types a kernel's outputs are, if nobody says."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._hoodoo import Program


def output_types(
    program: Program,
    images: Sequence[np.dtype[Any]],
    params: Mapping[str, float],
    weights: Mapping[str, NDArray[np.float64]],
    cells: int,
    modes: Iterable[str],
    cval: float,
) -> list[np.dtype[Any]]:
    """The type of each output: that of the first image, or a type of floats if that is of integers and the values need not be whole.

    For integers of 8 and 16 bits it is float32, which has all of their sums, and else float64.
    """
    first = images[0].newbyteorder("=")
    if first.kind == "f":
        return [first] * len(program.outputs)
    names = set(modes)
    whole_outside = not names & {"constant", "grid-constant"} or float(cval).is_integer()
    # In windows of every size a median can be that of an even number.
    cells += cells % 2 if "shrink" in names else 0
    inputs = tuple(image.kind in "biu" and whole_outside for image in images)
    values: dict[str, float | None] = {**dict(program.params), **params}
    whole = all(value is None or value.is_integer() for value in values.values())
    whole = whole and all(bool((each == np.rint(each)).all()) for each in weights.values())
    floats = np.dtype(np.float32 if first.itemsize <= 2 else np.float64)
    return [first if is_whole else floats for is_whole in _whole(program, inputs, whole, cells)]


@functools.lru_cache(maxsize=512)
def _whole(program: Program, inputs: tuple[bool, ...], params: bool, cells: int) -> list[bool]:
    return program.whole_outputs(list(inputs), params, cells)


def cells_of_window(ndim: int, size: Any, footprint: Any, axes: Any) -> int:
    """How many cells a window has; 1 if there is none, or if it is not right."""
    if footprint is not None:
        return int(np.count_nonzero(footprint))
    if size is None:
        return 1
    if isinstance(size, int | np.integer):
        cells = max(int(size), 1) ** (ndim if axes is None else int(np.size(axes)))
        return int(cells)
    cells = math.prod(int(length) for length in size)
    return max(cells, 1)
