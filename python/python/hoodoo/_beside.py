"""What is given beside the images, such as masks, footprints and weights, as arrays of which nothing is lost."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_of(value: object, module: str, *names: str) -> bool:
    """Whether a value is of a class of a module, which is not imported for that: a value of it would have needed it."""
    found = sys.modules.get(module)
    return found is not None and any(isinstance(value, getattr(found, name, ())) for name in names)


def has_unit(value: Any) -> bool:
    """Whether an array has a unit of pint or astropy; one without dimensions is none."""
    if is_of(value, "pandas", "Series", "DataFrame", "Index"):
        # A column may have any name.
        return False
    unit = getattr(value, "unit", None)
    if unit is None:
        units = getattr(value, "units", None)
        return units is not None and str(units) not in ("", "dimensionless")
    is_unity = getattr(unit, "is_unity", None)
    return not (callable(is_unity) and is_unity())


def as_array(value: Any, what: str) -> NDArray[Any]:
    """The value as an array, if nothing is lost by that."""
    if type(value) is np.ndarray or isinstance(value, list | tuple):
        return np.asarray(value)
    if is_of(value, "dask.array", "Array"):
        raise TypeError(f"{what}: a Dask array is for images that are Dask arrays, as hoodoo.dask.generic_filter takes them; x.compute() loads it")
    if not is_of(value, "xarray", "DataArray") and has_unit(value):
        raise TypeError(f"{what}: the unit of this {name_of(value)} would be lost; its values have none")
    if is_of(value, "numpy.ma", "MaskedArray") or is_of(value, "astropy.utils.masked", "Masked"):
        if np.ma.is_masked(value):
            raise TypeError(f"{what}: some of it is masked, and has no value: .filled(0) has one there")
    try:
        return np.asarray(value.magnitude if is_of(value, "pint", "Quantity") else value)
    except MemoryError:
        raise
    except Exception as error:  # Each library has its own.
        raise TypeError(f"{what}: this {name_of(value)} can't be read as an array of NumPy: {error}") from error


def name_of(value: object) -> str:
    """The class of a value, with its package."""
    return f"{type(value).__module__.partition('.')[0]} {type(value).__name__}"
