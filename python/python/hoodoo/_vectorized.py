"""``vectorized_filter``: NumPy's functions of windows, as kernels where there is one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, is_supported
from ._dropin import LeftToSciPy, replaces_scipy
from ._kernel import Kernel, kernel_of

__all__ = ["vectorized_filter"]

# NumPy's functions along axes. Those that leave out NaN don't warn of windows without a number.
_KERNELS: dict[Callable[..., Any], str] = {
    np.min: "min(w)",
    np.max: "max(w)",
    np.amin: "min(w)",
    np.amax: "max(w)",
    np.sum: "sum(w)",
    np.mean: "mean(w)",
    np.median: "median(w)",
    np.ptp: "max(w) - min(w)",
    np.std: "std(w)",
    np.var: "var(w)",
    np.any: "any(w != 0)",
    np.all: "all(w != 0)",
    np.nanmin: "min(w where not isnan(w))",
    np.nanmax: "max(w where not isnan(w))",
    np.nansum: "sum(w where not isnan(w))",
    np.nanmean: "mean(w where not isnan(w))",
    np.nanmedian: "median(w where not isnan(w))",
    np.nanstd: "std(w where not isnan(w))",
    np.nanvar: "var(w where not isnan(w))",
}

# The modes that NumPy's `pad` has for SciPy's function. Its `grid-mirror` is another mode than elsewhere in SciPy.
_MODES = ("reflect", "constant", "nearest", "mirror", "wrap", "grid-constant", "grid-wrap", "valid")

# Of another limit to the memory for windows SciPy is to say whether it is too low. A kernel needs none.
_BATCH_MEMORY = 2**30


@replaces_scipy
def vectorized_filter(
    input: ArrayLike,
    function: Callable[..., Any],
    *,
    size: int | tuple[int, ...] | None = None,
    footprint: ArrayLike | None = None,
    output: Array | None = None,
    mode: str = "reflect",
    cval: float | None = None,
    origin: int | tuple[int, ...] | None = None,
    axes: int | tuple[int, ...] | None = None,
    batch_memory: int = _BATCH_MEMORY,
) -> Any:
    """The values of a function of arrays of windows, as ``scipy.ndimage.vectorized_filter``.

    NumPy's `min`, `max`, `sum`, `mean`, `median`, `ptp`, `std`, `var`, `any`, `all`, and those that leave out NaN, are kernels. Other
    functions are called by SciPy with arrays of windows.

    >>> import numpy as np
    >>> from hoodoo.ndimage import vectorized_filter
    >>> vectorized_filter([1, 5, 2, 8], np.mean, size=2)
    array([1. , 3. , 3.5, 5. ])
    """
    image = np.asarray(input)
    kernel = _kernel(function)
    window = _window(image, size, footprint, mode, cval, origin, axes)
    if kernel is None or window is None or batch_memory != _BATCH_MEMORY:
        raise LeftToSciPy
    dtype = _type_of_values(function, image)
    if output is None:
        return kernel(image, dtype=dtype, cast="wrap", **window)
    values = kernel(image, dtype=dtype, cast="wrap", **window)
    if not isinstance(output, np.ndarray) or values.shape != output.shape:
        raise LeftToSciPy
    output[...] = values
    return output


def _kernel(function: Any) -> Kernel | None:
    try:
        source = _KERNELS.get(function)
    except TypeError:
        return None
    return None if source is None else kernel_of(source)


def _type_of_values(function: Callable[..., Any], image: Array) -> np.dtype[Any]:
    """The type that the function gives for values of this type."""
    values = function(np.ones((1, 1), image.dtype), axis=-1)
    dtype = np.asarray(values).dtype
    if not is_supported(dtype):
        raise LeftToSciPy
    return dtype


def _window(
    image: Array, size: Any, footprint: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> dict[str, Any] | None:
    """The arguments of a kernel, or none for arguments that SciPy is to look at."""
    if image.ndim == 0 or image.size == 0 or not is_supported(image.dtype) or (size is None) == (footprint is None):
        return None
    along = _integers(range(-image.ndim, 0) if axes is None else axes)
    if along is None or len({axis % image.ndim for axis in along}) != len(along) or len(along) == 0:
        return None
    if any(not -image.ndim <= axis < image.ndim for axis in along):
        return None
    cells = None if footprint is None else np.asarray(footprint, dtype=bool)
    lengths = _integers(size, len(along)) if cells is None else cells.shape
    origins = _integers(0 if origin is None else origin, len(along))
    if lengths is None or origins is None or len(lengths) != len(along) or len(origins) != len(along):
        return None
    if any(length < 1 or not 0 <= length // 2 + one < length for length, one in zip(lengths, origins, strict=True)):
        return None
    if not isinstance(mode, str) or mode not in _MODES or (mode == "valid" and any(origins)) or not (cells is None or cells.any()):
        return None
    if cval is not None and (mode != "constant" or isinstance(cval, bool) or not isinstance(cval, int | float) or not _has(image.dtype, cval)):
        return None
    if mode == "valid" and any(image.shape[axis] < length for axis, length in zip(along, lengths, strict=True)):
        return None
    if mode == "valid" and cells is not None and not all(_reaches_both_ends(cells, axis) for axis in range(cells.ndim)):
        # For a kernel, what is valid depends on the cells, and not on their box.
        return None
    window: dict[str, Any] = {"size": lengths} if cells is None else {"footprint": cells}
    return window | {"mode": mode, "cval": cval or 0.0, "origin": origins, "axes": along}


def _reaches_both_ends(cells: Array, axis: int) -> bool:
    return bool(cells.take(0, axis).any() and cells.take(-1, axis).any())


def _integers(value: Any, count: int = 1) -> Sequence[int] | None:
    """The integers of a sequence, or so many of one."""
    values = list(value) if np.iterable(value) and not isinstance(value, str) else [value] * count
    if all(isinstance(each, int | np.integer) and not isinstance(each, bool) for each in values):
        return [int(each) for each in values]
    return None


def _has(dtype: np.dtype[Any], value: float) -> bool:
    """Whether an element has the value: NumPy casts what it pads with."""
    if dtype.kind in "iu":
        return math.isfinite(value) and value == int(value) and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max
    return dtype.kind == "f" and dtype.itemsize == 8
