"""Dates and durations, for kernels that only choose among them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._arrays import Array
from ._hoodoo import Program
from ._types import cells_of_window

#: What NumPy keeps for no time (NaT), which is the least of all integers.
_NOT_A_TIME = float(np.iinfo(np.int64).min)


def is_time(array: Array) -> bool:
    """Whether an array has dates or durations."""
    return array.dtype.kind in "mM"


@dataclasses.dataclass
class Times:
    """Inputs some of which are of times, as whole numbers of their unit."""

    #: The inputs as numbers.
    numbers: list[Array]
    #: The type of each output.
    types: list[np.dtype[Any]]

    #: The mode for each axis, or for all.
    mode: str | list[str]

    #: What a filter is told: where there is no time, there is no value.
    missing: Mapping[str, Any]

    @classmethod
    def of(cls, program: Program, arrays: Sequence[Array], options: Mapping[str, Any], missing: Any, fill: bool) -> Times:
        """The inputs, if the kernel only chooses among the times in them.

        Raises
        ------
        TypeError
            If it computes with them, or chooses between times and other things.
        """
        if missing is not None:
            raise TypeError("times are filtered without `mask` and `nodata`; NaT has no value in any case")
        if options["cval"] != 0:
            raise TypeError("times are filtered without `cval`: in mode constant there are none outside")
        units: dict[str, Any] = {}
        for array in filter(is_time, arrays):
            kind = array.dtype.kind
            units[kind] = np.promote_types(units.get(kind, array.dtype), array.dtype).newbyteorder("=")
        inputs = [array.astype(units[array.dtype.kind], copy=False) if is_time(array) else array for array in arrays]
        is_one = isinstance(options["mode"], str)
        # A number outside would be some time, as 0 is in 1970.
        modes = ["shrink" if "constant" in mode else mode for mode in ([options["mode"]] if is_one else options["mode"])]
        ndim = max(array.ndim for array in arrays)
        cells = None if "shrink" in modes else cells_of_window(ndim, options["size"], options["footprint"], options["axes"])
        types = []
        for name, chosen in zip(program.outputs, program.chosen_outputs(cells)):
            given = {inputs[number].dtype for number in chosen or ()}
            if len(given) != 1:
                raise TypeError(_computed(name, next(filter(is_time, arrays)).dtype))
            types.append(given.pop())
        numbers = [array.view(np.int64) if is_time(array) else array for array in inputs]
        return cls(numbers, types, modes[0] if is_one else modes, {"mask": None, "nodata": _NOT_A_TIME, "fill": fill})

    @property
    def number_types(self) -> list[np.dtype[Any]]:
        """The outputs' types as the filter has them."""
        return [np.dtype(np.int64) if each.kind in "mM" else each for each in self.types]

    def back(self, results: Sequence[Array]) -> list[Array]:
        """The results as times."""
        return [result.view(each) if each.kind in "mM" else result for result, each in zip(results, self.types)]


def _computed(output: str, dtype: np.dtype[Any]) -> str:
    return (
        f"output {output}: something is computed with elements of {dtype}, which can only be chosen, as by min, max, rank, mode, nth, or the "
        "median of an odd number of cells: image.astype('int64') has them as numbers"
    )
