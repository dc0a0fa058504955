"""A warning where a value that is not a number became an integer, which can't tell."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ._arrays import type_name
from ._hoodoo import Filter, Program


def outputs_to_tell(
    program: Program,
    images: Iterable[np.dtype[Any]],
    integers: Sequence[bool],
    least: int | None,
    cells: int,
    modes: Iterable[str],
    cval: float,
) -> list[bool]:
    """Which outputs of a run with images of these types may be NaN, of those that are integers.

    `least` of the window's cells take part at every pixel; if it is none, nothing is known of that.
    """
    names = set(modes)
    has_nan_outside = cval != cval and bool(names & {"constant", "grid-constant"})
    inputs = tuple("float64" if has_nan_outside else type_name(image) for image in images)
    may_be = [True] * len(integers) if least is None else _nan_outputs(program, inputs, least, cells)
    return [is_integer and may for is_integer, may in zip(integers, may_be, strict=True)]


class NanOutputs:
    """Further outputs of a run that say at which pixels others, of integers, would be NaN."""

    def __init__(self, told: list[bool], shape: tuple[int, ...]) -> None:
        self._told = told
        self.arrays = [np.empty(shape, np.uint8) for is_told in told if is_told]

    def filter(self, ready: Filter) -> Filter:
        """The filter with these outputs after its own."""
        return ready.telling_nan(self._told)

    def warn(self, stacklevel: int) -> None:
        """Warns, as NumPy does where it casts an array, if there is such a pixel."""
        if any(array.any() for array in self.arrays):
            message = "invalid value encountered in cast: an integer is 0 where the kernel's value is NaN"
            warnings.warn(message, RuntimeWarning, stacklevel=stacklevel + 1)


@functools.lru_cache(maxsize=512)
def _nan_outputs(program: Program, inputs: tuple[str, ...], least: int, cells: int) -> list[bool]:
    return program.nan_outputs(list(inputs), least, cells)
