"""Arrays as the extension module needs them: of a supported type, in native byte order, aligned."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._beside import as_array

Array = NDArray[Any]

# The most axes that the extension module's views have.
MOST_AXES = 32


@functools.lru_cache(maxsize=128)
def is_supported(dtype: np.dtype[Any]) -> bool:
    """Whether filters have the element type."""
    return dtype.kind in "biu" or (dtype.kind == "f" and dtype.itemsize in (2, 4, 8))


def check_type(dtype: np.dtype[Any]) -> None:
    """Raises ``TypeError`` for an element type that filters don't have."""
    if not is_supported(dtype):
        raise TypeError(f"arrays of type {dtype} are not supported")


def type_name(dtype: np.dtype[Any]) -> str:
    """Hoodoo's name of an element type, such as ``f64``."""
    check_type(dtype)
    return "bool" if dtype.kind == "b" else f"{dtype.kind}{8 * dtype.itemsize}"


def is_direct(array: Array) -> bool:
    """Whether filters can read and write the array's memory where it is."""
    if not array.dtype.isnative or not array.flags.aligned:
        return False
    itemsize = array.itemsize
    for stride in array.strides:
        if stride % itemsize != 0:
            return False
    return True


def readable(image: ArrayLike) -> Array:
    """The image as an array that filters can read; a copy only if its memory can't be read where it is."""
    array = np.asarray(image)
    check_type(array.dtype)
    if array.dtype.kind == "b":
        array = as_truth(array)
    return array if is_direct(array) else np.array(array, dtype=array.dtype.newbyteorder("="))


def as_truth(array: Array) -> Array:
    """The array of bool, or a copy, in which true is 1: NumPy takes other bytes than 0 and 1 for true, in Rust there are none."""
    return _truth(array) if array.size > 0 and array.view(np.uint8).max() > 1 else array


def mask(footprint: ArrayLike, what: str = "footprint") -> Array:
    """The footprint, or a mask, as an array of 0 and 1."""
    given = as_array(footprint, what)
    if given.dtype.kind in "SUV":
        raise TypeError(f"a mask must be an array of bool, not of type {given.dtype}")
    try:
        array = np.asarray(given, dtype=bool)
    except TypeError as error:
        raise TypeError(f"{what}: not all of it is true or false: {error}") from error
    if array.ndim > MOST_AXES:
        raise ValueError(f"footprints of more than {MOST_AXES} axes are not supported")
    return _truth(array)


def _truth(array: Array) -> Array:
    """The array of bool with no other bytes than 0 and 1; of one without axes too NumPy would make a number."""
    return np.asarray(np.not_equal(array.view(np.uint8), 0))


def share_memory(one: Array, other: Array) -> bool:
    """Whether two arrays have an element in common; also if that is hard to see."""
    if not np.may_share_memory(one, other):
        return False
    try:
        # Whether they do is hard to know of some; any number says how hard it is tried.
        return np.shares_memory(one, other, max_work=1000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def temporary_for(output: Array, others: list[Array]) -> Array:
    """Where to write what ``output`` is to have: a new array if it can't be ``output`` itself, as beside others in the same memory."""
    if not output.flags.writeable:
        raise ValueError("output array is read-only")
    # Windows read what others have written where inputs and outputs overlap.
    overlaps = any([np.may_share_memory(output, other) for other in others])
    if is_direct(output) and not overlaps and output.size > 0 and _is_apart(output):
        return output
    return np.empty(output.shape, output.dtype.newbyteorder("="))


def _is_apart(array: Array) -> bool:
    """Whether each element has memory of its own, if that is easily seen: along each axis they are farther apart than all those within."""
    if array.flags.c_contiguous:
        return True
    reach = array.itemsize
    for stride, length in sorted(zip(map(abs, array.strides), array.shape)):
        if length > 1 and stride < reach:
            return False
        reach += stride * (length - 1)
    return True
