"""Where results have no value, which integers can't tell."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import Array, type_name
from ._hoodoo import Filter


def outputs_to_tell(
    ready: Filter, shape: tuple[int, ...], images: Sequence[np.dtype[Any]], outputs: Sequence[np.dtype[Any]], absent: bool = False
) -> list[bool]:
    """Which outputs are integers that may stand for NaN, in a run with images of this shape and these types.

    If `absent` is asked: which may have no value at a pixel and can't tell, be it that it is NaN or that no cell is seen there.
    """
    if not absent and all(output.kind not in "iu" for output in outputs):
        return [False] * len(outputs)
    return ready.outputs_to_tell(shape, list(map(type_name, images)), list(map(type_name, outputs)), absent)


class Told:
    """Further outputs of a run, which say at which pixels others are NaN, or have no value."""

    def __init__(self, told: list[bool], absent: bool, shape: tuple[int, ...]) -> None:
        self._told = told
        self._absent = absent
        self.arrays = [np.empty(shape, np.uint8) for is_told in told if is_told]

    def filter(self, ready: Filter) -> Filter:
        """The filter with these outputs after its own."""
        return ready.telling(self._told, self._absent)

    def where(self) -> list[Array | None]:
        """What is told of each of the outputs; none of one that has a value everywhere, or tells itself."""
        arrays = iter(self.arrays)
        return [next(arrays).view(np.bool_) if is_told else None for is_told in self._told]


def warn_of_nan(where: Sequence[Array | None], gets_mask: Sequence[bool], stacklevel: int) -> None:
    """Warns, as NumPy does where it casts an array, if a result without a mask is told of somewhere."""
    if any(told is not None and not masked and told.any() for told, masked in zip(where, gets_mask, strict=True)):
        message = "invalid value encountered in cast: an integer is 0 where the kernel's value is NaN"
        warnings.warn(message, RuntimeWarning, stacklevel=stacklevel + 1)
