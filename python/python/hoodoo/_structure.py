"""Minima and maxima of windows from or to whose cells a structure is subtracted or added: grey morphology, as SciPy computes it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _scipy
from ._arrays import Array
from ._kernel import Kernel, kernel_of
from ._prepared import is_plain, is_plain_number
from ._remembered import Ready, is_plain_output, weights_key, weights_of
from ._usual import is_usual_type

#: Which value of a window.
Which = Literal["min", "max"]

_Key = tuple[tuple[int, ...], np.dtype[Any], bytes]


def filtered(image: Array, target: Array, which: Which, structure: Array, window: Mapping[str, Any]) -> Array:
    """Writes the least or the greatest value of each window to the target.

    SciPy computes the first cell of a window in float64, and the others in the type of the image, to which it also casts the structure.
    """
    cells: NDArray[np.bool_] = window["footprint"]
    if _is_one_sum(image.dtype, target.dtype, structure, cells):
        return _scipy.filtered(_at_once(which, image.dtype, structure, cells), image, target, **window)
    (first, one), (rest, others) = _parts(which, structure, cells)
    values, rounded = np.empty(image.shape), np.empty(image.shape, np.float32)
    _scipy.filtered(first, image, values, **{**window, "footprint": one})
    _scipy.filtered(rest, image, rounded, **{**window, "footprint": others})
    _choose(which, values, rounded)
    itself = kernel_of(f"w[{', '.join('0' * image.ndim)}]")
    return _scipy.filtered(itself, values, target, cval=0.0, mode="reflect", origin=0, axes=range(image.ndim))


def usual(which: Which, image: Any, structure: Any, footprint: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any) -> Array | None:
    """What a usual call gives, which is prepared once, as those of `_usual` are; none for others, or if it is not right."""
    if type(image) is not np.ndarray or type(mode) is not str or not (is_plain_number(cval) and is_plain(origin) and is_plain(axes)):
        return None
    if output is not None and not is_plain_output(output, image):
        return None
    try:
        structure_key = weights_key(structure)
        cells = None if footprint is None else weights_key(footprint)
    except (TypeError, ValueError):
        return None
    if structure_key is None or image.size == 0 or (cells is None and footprint is not None):
        return None
    ready = _ready(which, image.shape, image.dtype, structure_key, cells, mode, cval, origin, axes)
    if ready is None:
        return None
    return ready(image) if output is None else ready(image, output=output)


@functools.lru_cache(maxsize=256, typed=True)
def _ready(
    which: Which,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    structure_key: _Key,
    cells: _Key | None,
    mode: str,
    cval: float,
    origin: Any,
    axes: Any,
) -> Ready | None:
    if not is_usual_type(dtype):
        return None
    structure = np.asarray(weights_of(structure_key), np.float64)
    footprint = np.ones(structure.shape, bool) if cells is None else weights_of(cells).astype(bool)
    try:
        along, origins = _scipy.placed(footprint, origin, _scipy.axes_of(axes, len(shape)), len(shape))
        if not footprint.any() or structure.shape != footprint.shape:
            return None
        options: dict[str, Any] = {"mode": _scipy.checked_mode(mode), "origin": tuple(origins), "axes": along}
        options["cval"] = _scipy.cast(cval, dtype)
    except (IndexError, OverflowError, RuntimeError, TypeError, ValueError):
        # Who reads the arguments one by one says what is wrong with them.
        return None
    options |= {"cast": "wrap", "threads": 1}
    if not structure.any():
        return kernel_of(f"{which}(w)").prepare(shape, dtype, footprint=footprint, output=dtype, **options)
    if _is_one_sum(dtype, dtype, structure, footprint):
        return _at_once(which, dtype, structure, footprint).prepare(shape, dtype, footprint=footprint, output=dtype, **options)
    (first, one), (rest, others) = _parts(which, structure, footprint)
    in_f64 = first.prepare(shape, dtype, footprint=one, output=np.float64, **options)
    in_f32 = rest.prepare(shape, dtype, footprint=others, output=np.float32, **options)

    def ready(image: Array, output: Array | None = None) -> Array:
        values: Array = in_f64(image)
        _choose(which, values, in_f32(image))
        if output is None:
            return values.astype(np.float32)
        output[...] = values
        return output

    return ready


def _is_one_sum(dtype: np.dtype[Any], target: np.dtype[Any], structure: Array, cells: Array) -> bool:
    """Whether the sums of all cells are rounded alike in the end: where they are not those of float32, or all become such."""
    if dtype != np.float32 or np.count_nonzero(cells) == 1:
        return True
    return target == np.float32 and bool((structure == structure.astype(np.float32)).all())


def _parts(which: Which, structure: Array, cells: Array) -> tuple[tuple[Kernel, Array], tuple[Kernel, Array]]:
    """The kernels of the first cell, and of the others with a structure in float32; and which cells these are."""
    first, rest = np.zeros_like(cells), cells.copy()
    first.flat[cells.argmax()] = True
    rest.flat[cells.argmax()] = False
    source = f"weights structure; {which}({_difference(which)})"
    return (Kernel(source, structure=structure), first), (Kernel(source, structure=structure.astype(np.float32)), rest)


def _choose(which: Which, values: Array, others: Array) -> None:
    """Replaces values by others that are less, or greater, or NaN."""
    is_beyond = others < values if which == "min" else others > values
    np.copyto(values, others, where=is_beyond | np.isnan(others))


def _difference(which: Which) -> str:
    return f"w {'-' if which == 'min' else '+'} structure"


def _at_once(which: Which, dtype: np.dtype[Any], structure: Array, cells: Array) -> Kernel:
    """The kernel for float64, for integers, and for one cell."""
    if dtype.kind == "f" or np.count_nonzero(cells) == 1:
        return Kernel(f"weights structure; {which}({_difference(which)})", structure=structure)
    # For the first cell alone the structure is not truncated, and its value not wrapped.
    rest = cells.copy()
    rest.flat[cells.argmax()] = False
    return Kernel(
        f"""
        weights structure;
        weights whole;
        weights rest;
        let first = nth({_difference(which)}, 0);
        let v = w {"-" if which == "min" else "+"} whole;
        {which}(first, {which}({_as_element("v", dtype)} where rest > 0))
        """,
        structure=structure,
        whole=np.trunc(structure),
        rest=rest,
    )


def _as_element(value: str, dtype: np.dtype[Any]) -> str:
    """The source of a whole number that is wrapped to this type of integers."""
    if dtype == np.int64:
        # Numbers are float64, which would lose what is below the half that is added.
        return value
    bits = 8 * dtype.itemsize
    half = 2 ** (bits - 1) if dtype.kind == "i" else 0
    return f"({value} + {half}) % {2**bits} - {half}"
