"""Arrays of other libraries, as arrays of NumPy and back."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ._arrays import Array

#: From which pixel to which, and in which steps, along each axis.
Region: TypeAlias = Sequence[tuple[int, int, int]]

#: Makes of a result, which has the pixels of a region of the images, what the caller works with.
Back: TypeAlias = Callable[[Array, Region], Any]


def is_plain(image: object) -> bool:
    """Whether an image is an array of NumPy, or something of Python that becomes one."""
    return type(image) is np.ndarray or isinstance(image, int | float | list | tuple | np.generic)


def is_dask(image: object) -> bool:
    """Whether an image is a Dask array."""
    return is_of(image, "dask.array", "Array")


def is_xarray(image: object) -> bool:
    """Whether an image is a labelled array of xarray."""
    return is_of(image, "xarray", "DataArray")


def as_numpy(image: Any) -> Array:
    """An image as an array of NumPy.

    Raises
    ------
    TypeError
        For an image of which something would be lost, such as a mask or a unit, or that is not in this machine's memory. It says what
        to do.
    """
    if type(image) is np.ndarray:
        return image
    if is_plain(image):
        return np.asarray(image)
    _refuse(image)
    if is_of(image, "pandas", "Series", "DataFrame", "Index"):
        return _from_pandas(image)
    if isinstance(image, np.ndarray) or not hasattr(image, "__dlpack__"):
        return np.asarray(image)
    try:
        return np.from_dlpack(image)
    except (BufferError, RuntimeError, TypeError) as error:
        raise TypeError(f"this {_name(image)} can't be read as an array of NumPy: {error}") from error


def back_to(image: Any) -> Back | None:
    """What makes of a result a thing of the same kind as the image, if that is not an array of NumPy."""
    if is_plain(image):
        return None
    if is_of(image, "pandas", "Series"):
        return lambda result, region: type(image)(result, index=image.index[slice(*region[0])], name=image.name)
    if is_of(image, "pandas", "DataFrame"):
        return lambda result, region: type(image)(
            result, index=image.index[slice(*region[0])], columns=image.columns[slice(*region[1])]
        )
    if isinstance(image, np.ndarray) or not hasattr(image, "__dlpack__"):
        return None
    namespace = _namespace(image)
    return lambda result, region: namespace.from_dlpack(result)


def _refuse(image: Any) -> None:
    if hasattr(image, "__cuda_array_interface__") or is_of(image, "cupy", "ndarray"):
        raise TypeError(f"this {_name(image)} is in the memory of a GPU, and Hoodoo runs on the CPU: copy it, as by cupy.asnumpy(image)")
    if is_of(image, "xarray", "Dataset"):
        raise TypeError("a Dataset has several arrays: dataset.hoodoo.filter(kernel, ...), after `import hoodoo.xarray`, filters each")
    if hasattr(image, "unit") or hasattr(image, "units"):
        raise TypeError(
            f"the unit of this {_name(image)} would be lost, for a kernel does not know what becomes of it: "
            "filter its values, and give the result its unit"
        )


def _from_pandas(image: Any) -> Array:
    array: Array = image.to_numpy()
    if array.dtype == object:
        # Numbers with missing ones among them.
        numbers = image.to_numpy(dtype=np.float64, na_value=np.nan) if _has_numbers(image) else None
        if numbers is None:
            raise TypeError(f"this {_name(image)} has other things than numbers")
        return np.asarray(numbers)
    return array


def _has_numbers(image: Any) -> bool:
    types = image.dtypes if is_of(image, "pandas", "DataFrame") else [image.dtype]
    return all(getattr(each, "kind", "O") in "biuf" for each in types)


def _namespace(image: Any) -> Any:
    """The module with the functions for arrays of this kind."""
    if hasattr(image, "__array_namespace__"):
        return image.__array_namespace__()
    return importlib.import_module(type(image).__module__.partition(".")[0])


def is_of(image: object, module: str, *names: str) -> bool:
    """Whether an image is of a class of a module, which is not imported for that: an image of it would have needed it."""
    found = sys.modules.get(module)
    return found is not None and any(isinstance(image, getattr(found, name, ())) for name in names)


def _name(image: object) -> str:
    return f"{type(image).__module__.partition('.')[0]} {type(image).__name__}"
