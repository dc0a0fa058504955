"""Kernels that are prepared for arrays of one shape and type: what is done in Python for them, if anything is."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import Array, readable, type_name
from ._beside import name_of
from ._hoodoo import Filter, Prepared
from ._kinds import as_numpy, back_to, is_xarray
from ._masked import has_mask, is_masked
from ._outputs import check_output, named, run_into
from ._told import outputs_to_tell
from ._window import axes_of_window, cells_of

if TYPE_CHECKING:
    from ._kernel import Kernel


#: To compare more cells of a footprint with those of other calls would take longer than to read them.
_MOST_CELLS = 1024


def prepare(
    kernel: Kernel, filter: Filter, shape: tuple[int, ...], images: Sequence[np.dtype[Any]], outputs: Sequence[np.dtype[Any]]
) -> Prepared:
    """The filter of a kernel, ready for images of this shape, and of these types."""
    gather = functools.partial(named, kernel.outputs) if len(outputs) > 1 else None
    return filter.prepare(shape, list(map(type_name, images)), list(map(type_name, outputs)), gather)


def usual(
    kernel: Kernel,
    images: tuple[Any, ...],
    size: Any,
    footprint: Any,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
    dtype: Any,
    params: Mapping[str, Any],
    *options: Any,
) -> Prepared | None:
    """What filters images of one shape, prepared at the first call like this; none if something is not usual.

    To read the arguments again and again would take longer than to filter small images. `options` are cast, threads, engine and precision. With
    params it is prepared at the second call, as who tries many values comes with each of them once.
    """
    first = images[0] if images else None
    if type(first) is not np.ndarray:
        return None
    for image in images:
        if type(image) is not np.ndarray or image.shape != first.shape:
            return None
    if list in (type(size), type(mode), type(origin), type(axes)):
        size, mode, origin, axes = [tuple(each) if type(each) is list else each for each in (size, mode, origin, axes)]
    if not (is_plain(size) and is_plain(origin) and is_plain(axes) and is_plain_number(cval)):
        return None
    if type(footprint) is np.ndarray:
        if footprint.dtype != np.bool_ or footprint.size > _MOST_CELLS:
            return None
        footprint = footprint.shape, footprint.tobytes()
    elif footprint is not None and type(footprint) is not str:
        return None
    values = {name: value.item() if isinstance(value, np.floating | np.integer) else value for name, value in params.items()}
    if not all(map(is_plain_number, values.values())):
        return None
    try:
        types = tuple([image.dtype for image in images])
        key = kernel, first.shape, types, size, footprint, mode, cval, origin, axes, dtype, tuple(values.items()), *options
        return None if values and next(_calls(*key)) == 0 else _ready(*key)
    except TypeError:
        # Something of the arguments has no hash.
        return None


def is_plain_target(output: Any) -> bool:
    """Whether an output is an array without anything that needs a look: no part of it is at two places."""
    return type(output) is np.ndarray and output.flags.c_contiguous


def is_plain(value: Any) -> bool:
    """Whether a value that is equal is the same: an integer, or a tuple of some; or none."""
    return value is None or type(value) is int or (type(value) is tuple and all([type(each) is int for each in value]))


def is_plain_number(value: Any) -> bool:
    """Whether a number that is equal and of the same type is the same, and is found again: not -0.0, which equals 0.0, nor a NaN of the
    caller's own, which equals nothing.
    """
    if type(value) is not float:
        return type(value) is int
    return (value == value or value is np.nan or value is math.nan) and (value != 0 or math.copysign(1, value) > 0)


@functools.lru_cache(maxsize=256, typed=True)
def _calls(*_: Any) -> Iterator[int]:
    """Counts the calls that are like this one."""
    return itertools.count()


@functools.lru_cache(maxsize=256, typed=True)
def _ready(
    kernel: Kernel,
    shape: tuple[int, ...],
    images: tuple[np.dtype[Any], ...],
    size: Any,
    footprint: str | tuple[tuple[int, ...], bytes] | None,
    mode: Any,
    cval: float,
    origin: Any,
    axes: Any,
    dtype: Any,
    params: tuple[tuple[str, float], ...],
    cast: Any,
    threads: Any,
    engine: Any,
    precision: Any,
) -> Prepared | None:
    cells: Any = footprint
    if isinstance(footprint, tuple):
        lengths, values = footprint
        cells = np.frombuffer(values, np.bool_).reshape(lengths)
    placed: dict[str, Any] = {"size": size, "mode": mode, "cval": cval, "origin": origin, "axes": axes}
    more: dict[str, Any] = {"cast": cast, "threads": threads, "engine": engine, "precision": precision, "params": dict(params)}
    try:
        if dtype is not None and not np.dtype(dtype).isnative:
            return None
        placed["footprint"] = cells_of(cells, axes_of_window(len(shape), axes))
        ready, lengths, types, outputs = kernel._for_arrays(shape, list(images), dtype, placed, more)
        # A prepared kernel does not warn.
        warns = any(outputs_to_tell(ready, lengths, types, outputs))
        return None if warns else prepare(kernel, ready, lengths, types, outputs)
    except (TypeError, ValueError, OverflowError):
        # The call itself says what is wrong.
        return None


def as_array(image: Any) -> Array:
    """An image that is no array of NumPy which can be read where it is, as one."""
    if has_mask(image):
        raise TypeError("which cells have no value is found in each call: a prepared kernel has no masks")
    array = as_numpy(image)
    if is_xarray(image) or back_to(image) is not None:
        raise TypeError(f"a prepared kernel gives arrays of NumPy, and not a {name_of(image)}: np.asarray(image) has its values")
    return readable(array)


def call_into(ready: Prepared, images: list[Array], output: Any) -> Any:
    """Writes what a kernel makes of images to arrays of any layout, which may overlap them."""
    types, shape = ready.output_types, ready.output_shape
    targets = list(output) if len(types) > 1 else [output]
    if len(targets) != len(types):
        raise ValueError(f"it is prepared for {len(types)} outputs, not {len(targets)}")
    for target, wanted in zip(targets, types):
        if not isinstance(target, np.ndarray):
            raise TypeError(f"an output must be an array, not {type(target).__name__}")
        if target.shape != shape:
            raise ValueError(f"it is prepared for outputs of shape {shape}, not {target.shape}")
        if target.dtype.newbyteorder("=") != wanted:
            raise TypeError(f"it is prepared for an output of {wanted}, not {target.dtype}")
        check_output(target)
    run_into(ready, images, targets)
    for target in filter(is_masked, targets):
        target.mask = False
    return output
