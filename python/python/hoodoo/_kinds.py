"""Arrays of other libraries, as arrays of NumPy and back."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ._arrays import Array
from ._beside import has_unit, is_of, name_of

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


def is_variable(image: object) -> bool:
    """Whether an image is an array of xarray that has dimensions, and no coordinates."""
    return is_of(image, "xarray", "Variable")


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
        if isinstance(image, list | tuple) and len(image) > 0:
            refuse_what_is_lost(image[0])
        return np.asarray(image)
    refuse_what_is_lost(image)
    if is_variable(image):
        return as_numpy(image.data)
    if is_of(image, "pandas", "Series", "DataFrame", "Index"):
        return _from_pandas(image)
    if is_of(image, "pint", "Quantity"):
        # Without a unit.
        return as_numpy(image.magnitude)
    if isinstance(image, np.ndarray) or not hasattr(image, "__dlpack__"):
        return np.asarray(image)
    try:
        return np.from_dlpack(image)
    except (BufferError, RuntimeError, TypeError) as error:
        raise TypeError(f"this {name_of(image)} can't be read as an array of NumPy: {error}") from error


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
    if is_variable(image):
        return lambda result, region: type(image)(image.dims, result, image.attrs)
    namespace = _namespace(image)
    return None if namespace is None else lambda result, region: namespace.from_dlpack(result)


def check_holds(image: Any, dtype: np.dtype[Any]) -> None:
    """Raises ``TypeError`` if results of this type have no arrays of the image's kind, or would become other numbers there, as 64-bit ones of JAX
    by default.
    """
    namespace = None if is_plain(image) else _namespace(image)
    if namespace is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            like = namespace.from_dlpack(np.zeros(1, dtype))
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            raise TypeError(f"dtype: a {name_of(image)} can't be {dtype}: {error}") from error
    held = str(getattr(like, "dtype", dtype.name)).rpartition(".")[2]
    if held != dtype.name:
        raise TypeError(f"dtype: {dtype} would be {held} in a {name_of(image)}; of an array of NumPy, as by np.asarray(image), it is {dtype}")


def refuse_what_is_lost(image: Any) -> None:
    """Raises ``TypeError`` for an image with a unit, for a Dask array, and for what is elsewhere."""
    if is_of(image, "hoodoo._traced", "Traced"):
        # Where there is one, its module is there.
        importlib.import_module("hoodoo._traced").refuse(
            "a kernel can't be called in a function that becomes one: write it as a Python function, and call that"
        )
    if is_dask(image):
        raise TypeError("a Dask array is not loaded here: hoodoo.dask.generic_filter(x, kernel, ...) filters it, block by block")
    if hasattr(image, "__cuda_array_interface__") or is_of(image, "cupy", "ndarray"):
        raise TypeError(f"this {name_of(image)} is in the memory of a GPU, and Hoodoo runs on the CPU: copy it, as by cupy.asnumpy(image)")
    if is_of(image, "xarray", "Dataset"):
        raise TypeError("a Dataset has several arrays: dataset.hoodoo.filter(kernel, ...), after `import hoodoo.xarray`, filters each")
    if has_unit(image):
        raise TypeError(
            f"the unit of this {name_of(image)} would be lost, for a kernel does not know what becomes of it: "
            "filter its values, and give the result its unit"
        )


def _from_pandas(image: Any) -> Array:
    array: Array = image.to_numpy()
    if array.dtype == object:
        # Numbers with missing ones among them.
        numbers = image.to_numpy(dtype=np.float64, na_value=np.nan) if _has_numbers(image) else None
        if numbers is None:
            raise TypeError(f"this {name_of(image)} has other things than numbers")
        return np.asarray(numbers)
    return array


def _has_numbers(image: Any) -> bool:
    types = image.dtypes if is_of(image, "pandas", "DataFrame") else [image.dtype]
    return all(getattr(each, "kind", "O") in "biuf" for each in types)


def _namespace(image: Any) -> Any:
    """The module that makes arrays of this kind of what speaks DLPack; none if there is none, or if the image is no such array."""
    if isinstance(image, np.ndarray) or not hasattr(image, "__dlpack__") or is_of(image, "pint", "Quantity"):
        return None
    if hasattr(image, "__array_namespace__"):
        return image.__array_namespace__()
    # Classes of users are made of those of the library.
    modules = (sys.modules.get(each.__module__.partition(".")[0]) for each in type(image).__mro__)
    return next((module for module in modules if hasattr(module, "from_dlpack")), None)


def check_labels(images: Sequence[Any], mask: Any) -> None:
    """Checks that what pandas has labelled has the same labels, as cells go by their places."""
    labelled = [(image, "the inputs") for image in images if is_of(image, "pandas", "Series", "DataFrame")]
    if is_of(mask, "pandas", "Series", "DataFrame"):
        labelled.append((mask, "the mask and the images"))
    for other, what in labelled[1:]:
        first = labelled[0][0]
        if is_of(other, "pandas", "Series") != is_of(first, "pandas", "Series"):
            raise TypeError(f"{what} are a {type(first).__name__} and a {type(other).__name__}: values.to_numpy() has no labels")
        if not all(one.equals(two) for one, two in zip(first.axes, other.axes)):
            raise ValueError(f"{what} have different labels: other.reindex_like(first) brings one into the other's order")
