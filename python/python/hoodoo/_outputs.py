"""Arrays for a kernel's outputs, given by the caller or new, and what several of them are returned as."""

from __future__ import annotations

import functools
import itertools
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from ._arrays import Array, check_type, share_memory, temporary_for
from ._beside import has_unit, is_of, name_of

if TYPE_CHECKING:
    from ._hoodoo import Filter, Prepared


def arrays_for(
    names: tuple[str, ...], output: Any, dtype: DTypeLike | None, shape: tuple[int, ...], types: Sequence[np.dtype[Any]]
) -> list[Array]:
    """The arrays for outputs of these names, given or new; those of which nobody says another type have one of `types`."""
    if output is None and dtype is None:
        return [np.empty(shape, each) for each in types]
    if output is not None and dtype is not None:
        raise TypeError("`dtype` and `output` can't both be given")
    count = len(names)
    is_sequence = isinstance(output, list | tuple)
    if is_sequence and len(output) != count:
        raise ValueError(f"the kernel has {counted(names, 'output')}, and `output` has {len(output)}")
    if is_sequence and count == 1:
        raise TypeError("the kernel has one output: `output` must be an array or a type, not a sequence")
    if isinstance(output, np.ndarray) and count > 1:
        raise ValueError(f"the kernel has {count} outputs, and `output` is one array")
    results = []
    for given, default in zip(output if is_sequence else [output] * count, types, strict=True):
        if isinstance(given, np.ndarray):
            check_output(given)
            if given.shape != shape:
                raise ValueError(f"the shape of the output is {given.shape}; it must be {shape}")
            results.append(given)
        else:
            if hasattr(given, "shape") and not isinstance(given, type | np.dtype):
                # It has a type, as which NumPy would take it.
                raise TypeError(f"an output is an array of NumPy or a type, and not a {name_of(given)}, into which nothing is written")
            wanted = given if given is not None else dtype if dtype is not None else default
            new = np.dtype(wanted)
            check_type(new)
            # As in SciPy, a type that is asked for keeps its order of bytes.
            results.append(np.empty(shape, new))
    return results


def check_output(array: Array) -> None:
    """Raises ``TypeError`` for an array that can't have what a kernel gives."""
    check_type(array.dtype)
    if type(array) is np.ndarray:
        return
    if has_unit(array):
        raise TypeError(f"an output is numbers, and this {name_of(array)} has a unit")
    if is_of(array, "astropy.utils.masked", "Masked"):
        raise TypeError("an output is an array of NumPy, masked or not: output.unmasked is one")


def gives_arrays(output: Any) -> bool:
    """Whether there are arrays to write to in what is given for the outputs, and not only their types."""
    return any(isinstance(each, np.ndarray) for each in (output if isinstance(output, list | tuple) else [output]))


def counted(names: Sequence[str], what: str) -> str:
    """How many there are, and which."""
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'} ({', '.join(names)})"


@functools.cache
def _outputs_class(names: tuple[str, ...]) -> Any:
    """The named tuple for outputs of these names; ``_0``, ``_1`` for those that are no Python names."""
    base = namedtuple("Outputs", names, rename=True)  # type: ignore[misc]
    # The class can't be found by name where it is unpickled.
    methods = {"__slots__": (), "__reduce__": lambda self: (named, (names, tuple(self)))}
    return type("Outputs", (base,), methods)


def named(names: tuple[str, ...], values: Iterable[Any]) -> Any:
    """Several outputs as a tuple in which they have their names."""
    return _outputs_class(names)._make(values)


def run_into(
    ready: Filter | Prepared, inputs: list[Array], outputs: list[Array], report: Callable[[float], object] | None = None
) -> None:
    """Runs a filter into arrays of any layout, which may overlap the inputs, and not each other."""
    for one, other in itertools.combinations(outputs, 2):
        if share_memory(one, other):
            raise ValueError("two outputs are in the same memory")
    # Those that lie between each other are written one after the other.
    targets = [temporary_for(output, [*inputs, *outputs[:number]]) for number, output in enumerate(outputs)]
    ready.run(inputs, targets, report)
    for output, target in zip(outputs, targets, strict=True):
        if output is not target:
            output[...] = target
