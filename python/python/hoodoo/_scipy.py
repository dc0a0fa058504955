"""What the arguments of ``scipy.ndimage`` mean, and what is wrong with them, as SciPy says it."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, is_supported, mask, readable
from ._kernel import Kernel, number, prepared
from ._masked import has_mask, warn_of_mask
from ._outputs import run_into
from ._window import cells_of

#: Writes what it makes of the first array to the second.
Step: TypeAlias = Callable[[Array, Array], object]

#: So few pixels are filtered before a second thread has woken up.
FEW_PIXELS = 4096

# SciPy's modes, and the two of ours in which nothing is outside.
_MODES = ("reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant")
_OWN_MODES = ("shrink", "valid")


def image_of(input: ArrayLike) -> Array:
    """The input as an array, as SciPy sees it: without its mask, if it has one, with a warning that SciPy does not give."""
    if type(input) is not np.ndarray and has_mask(input) and np.ma.is_masked(input):
        warn_of_mask("input")
    return np.asarray(input)


def real_input(input: ArrayLike) -> Array:
    """The input as an array, which must not be complex."""
    array = image_of(input)
    if array.dtype.kind == "c":
        raise TypeError("Complex type not supported")
    return array


def filtered(
    kernel: Kernel,
    image: Array,
    target: Array,
    *,
    cval: float,
    mode: str | Sequence[str],
    origin: int | Sequence[int],
    axes: int | Sequence[int],
    size: int | Sequence[int] | None = None,
    footprint: Array | None = None,
    params: Mapping[str, ArrayLike] = MappingProxyType({}),
    own: bool = False,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Array:
    """Runs a kernel with SciPy's types, with ``own`` float16 too, and its casts, unless the options are others."""
    check_types(image, target, own=own)
    kernel.check_booleans([image.dtype])
    threads = 1 if image.size < FEW_PIXELS else 0
    options = {"cast": "wrap", **options, "threads": options.get("threads") or threads}
    ready = prepared(kernel, size, footprint, mode, cval, origin, axes, params, **options)
    run_into(ready, [readable(as_numbers(image))], [as_numbers(target)])
    return target


def chained(steps: Sequence[Step], image: Array, target: Array) -> Array:
    """Does steps of which each reads what the one before has written; what is in between has the type of the target."""
    if not target.flags.writeable:
        raise ValueError("output array is read-only")
    if not steps:
        target[...] = image
        return target
    # Two in turn, so that no step reads where it writes.
    scratch: list[Array] = []
    for index, step in enumerate(steps):
        if index == len(steps) - 1:
            into = target
        elif index < 2:
            into = np.empty(target.shape, target.dtype.newbyteorder("="))
            scratch.append(into)
        else:
            into = scratch[index % 2]
        step(image, into)
        image = into
    return target


def check_types(*arrays: Array, own: bool = False) -> None:
    """Checks that SciPy's filters have the arrays' element types; with ``own``, that ours have them."""
    for array in arrays:
        if not is_supported(array.dtype) or (array.dtype.kind == "f" and array.itemsize == 2 and not own):
            raise RuntimeError(f"array type dtype('{array.dtype}') not supported")


def as_numbers(array: Array) -> Array:
    """The array, or the bytes of one of bool: SciPy computes with them, and stores others than 0 and 1."""
    return array.view(np.uint8) if array.dtype.kind == "b" else array


def cast(value: float, dtype: np.dtype[Any]) -> float:
    """The number as an element of this type, as C casts it on x86-64: by an integer of 32 bits, or of 64 where that has not all of
    them. What such an integer can't be is its least one.
    """
    value = number(value, "cval")
    if dtype.kind == "f":
        return float(dtype.type(value))
    bits = 8 * dtype.itemsize
    signed = dtype.kind == "i"
    limit = 2.0 ** (31 if bits < 32 or (signed and bits == 32) else 63)
    if not signed and bits == 64 and value >= limit:
        # From 2**63 on, its half is added after the cast.
        whole = int(value) if value < 2.0 * limit else 0
    else:
        whole = int(value) if -limit - 1.0 < value < limit else int(-limit)
    low = -(1 << (bits - 1)) if signed else 0
    return float((whole - low) % (1 << bits) + low)


def output_for(output: Any, input: Array, stacklevel: int = 2, is_complex: bool | None = None) -> Array:
    """The array to write to: ``output`` itself, or a new one of the type that it names; complex if the input is.

    ``stacklevel`` is that of the user's call, from where this is called. ``is_complex`` says whether the output must be complex,
    whatever the input is.
    """
    if is_complex is None:
        is_complex = input.dtype.kind == "c"
    if output is None:
        if input.dtype.kind in "SUV":
            raise TypeError(f"data type '{input.dtype.name}' not understood")
        dtype = np.promote_types(input.dtype, np.complex64) if is_complex else input.dtype
        return np.zeros(input.shape, dtype.newbyteorder("="))
    if isinstance(output, str):
        dtype = np.dtype(output)
        if is_complex and dtype.kind != "c":
            raise RuntimeError("output must have complex dtype")
        if dtype.kind not in "iufc":
            raise RuntimeError("output must have numeric dtype")
        return np.zeros(input.shape, dtype)
    if isinstance(output, type | np.dtype):
        dtype = np.dtype(output)
        if is_complex and dtype.kind != "c":
            warnings.warn("promoting specified output dtype to complex", stacklevel=stacklevel + 1)
            dtype = np.promote_types(dtype, np.complex64)
        return np.zeros(input.shape, dtype)
    array = np.asarray(output)
    if array.shape != input.shape:
        raise RuntimeError("output shape not correct")
    if is_complex and array.dtype.kind != "c":
        raise RuntimeError("output must have complex dtype")
    return array


def usual_type(output: Any) -> np.dtype[Any] | None:
    """The type that an output names; none if it names none, or one that is not usual."""
    if not isinstance(output, str | type | np.dtype):
        return None
    try:
        dtype = np.dtype(output)
    except TypeError:
        return None
    is_usual = dtype.kind in "iuf" and dtype.isnative and not (dtype.kind == "f" and dtype.itemsize not in (4, 8))
    return dtype if is_usual else None


def for_each(value: Any, count: int) -> list[Any]:
    """A value for each of ``count`` axes: the same for all, or the elements of a sequence."""
    if isinstance(value, str | int) or not np.iterable(value):
        return [value] * count
    values = list(value)
    if len(values) != count:
        raise RuntimeError("sequence argument must have length equal to input rank")
    return values


def axes_of(axes: Any, ndim: int) -> tuple[int, ...]:
    """The axes, counted from the first."""
    if axes is None:
        return tuple(range(ndim))
    if np.isscalar(axes):
        return (axis_of(axes, ndim),)
    if not isinstance(axes, Iterable):
        raise ValueError("axes must be an integer, iterable of integers, or None")
    found = []
    for axis in axes:
        index = operator.index(axis)
        if not -ndim <= index < ndim:
            raise ValueError(f"specified axis: {index} is out of range")
        found.append(index % ndim)
    if len(set(found)) != len(found):
        raise ValueError("axes must be unique")
    return tuple(found)


def axis_of(axis: Any, ndim: int) -> int:
    """An axis, counted from the first."""
    index = operator.index(axis)
    if not -ndim <= index < ndim:
        raise np.exceptions.AxisError(index, ndim)
    return index % ndim


def checked_mode(mode: Any, own: bool = False) -> str:
    """A mode of SciPy, or with ``own`` one of ours."""
    if isinstance(mode, str) and (mode in _MODES or (own and mode in _OWN_MODES)):
        return mode
    raise RuntimeError("boundary mode not supported")


def check_origin(origin: int, length: int) -> None:
    """Checks that the pixel stays in the window, and that it is moved by whole cells."""
    if not 0 <= length // 2 + origin < length:
        raise ValueError("invalid origin")
    operator.index(origin)


def mirrored(origin: int, length: int) -> int:
    """The origin of a window that is mirrored, where the middle of an even length moves."""
    return -origin - (1 if length % 2 == 0 else 0)


def mask_for(size: Any, footprint: Any, axes: tuple[int, ...]) -> Array:
    """The footprint, or one of a size."""
    if footprint is not None:
        return mask(cells_of(footprint, len(axes)))
    if size is None:
        raise RuntimeError("no footprint or filter size provided")
    return np.ones(for_each(size, len(axes)), dtype=bool)


def placed(cells: Array, origin: Any, axes: tuple[int, ...], ndim: int) -> tuple[tuple[int, ...], list[int]]:
    """Along which axes the footprint lies, and its origins.

    A footprint's axes are in the order of the array's. So are origins for all of them; for some, they are in the order
    of ``axes``.
    """
    origins = for_each(origin, len(axes))
    along = tuple(sorted(axes))
    if len(axes) < ndim:
        origins = [origins[axes.index(axis)] for axis in along]
    if cells.ndim != len(axes) or 0 in cells.shape:
        raise RuntimeError(f"footprint.ndim ({cells.ndim}) must match len(axes) ({len(axes)})")
    for one, length in zip(origins, cells.shape, strict=True):
        check_origin(one, length)
    return along, origins


def warn_of_size(size: Any, footprint: Any, stacklevel: int) -> None:
    """Warns who gives both a size and a footprint."""
    if size is not None and footprint is not None:
        warnings.warn("ignoring size because footprint is set", UserWarning, stacklevel=stacklevel + 1)
