"""Kernels on labelled arrays: importing this module gives every ``xarray.DataArray`` the accessor ``hoodoo``.

>>> import hoodoo.xarray
>>> import numpy as np, xarray as xr
>>> image = xr.DataArray(np.arange(6).reshape(2, 3), dims=("y", "x"), name="height", attrs={"units": "m"})
>>> image.hoodoo.filter("max(w) - min(w)", size={"x": 3})
<xarray.DataArray 'height' (y: 2, x: 3)>...
array([[1, 2, 1],
       [1, 2, 1]])
Dimensions without coordinates: y, x
Attributes:
    units:    m
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import xarray as xr
from numpy.typing import ArrayLike

from hoodoo import Kernel

__all__ = ["HoodooAccessor"]

_T = TypeVar("_T")


@xr.register_dataarray_accessor("hoodoo")
class HoodooAccessor:
    """What ``DataArray.hoodoo`` is."""

    def __init__(self, array: xr.DataArray) -> None:
        self._array = array

    def filter(
        self,
        kernel: str | Kernel,
        *others: xr.DataArray,
        size: int | Mapping[Hashable, int] | None = None,
        footprint: ArrayLike | xr.DataArray | None = None,
        dims: Hashable | Sequence[Hashable] | None = None,
        mode: str | Mapping[Hashable, str] = "reflect",
        origin: int | Mapping[Hashable, int] = 0,
        **options: Any,
    ) -> xr.DataArray | xr.Dataset:
        """The array that a kernel makes of this one, with its coordinates, attributes and name.

        The window has the dimensions that `size`, if it is a mapping, or a footprint that is a ``DataArray`` names, or else those
        of `dims`, or else all. The kernel's ``w[dy, dx]``, ``offset``, ``coord`` and ``extent`` follow their order. An array whose
        data are a Dask array is filtered by `hoodoo.dask`, and stays lazy.

        Parameters
        ----------
        kernel : str or Kernel
            The kernel. One with several outputs gives a ``Dataset`` of them.
        *others : DataArray
            The kernel's other inputs, with the same dimensions and coordinates.
        size : int or mapping from dimension to int, optional
            The lengths of the window.
        footprint : array_like or DataArray of bool, optional
            The window's cells.
        dims : dimension or sequence of dimensions, optional
            The window's dimensions, in order.
        mode, origin : one for all, or a mapping from dimension
            What lies outside, and how the window is moved; a dimension that a mapping does not name has the default.
        **options
            Other arguments of `Kernel`, params and weights included.

        Raises
        ------
        KernelError, ValueError, TypeError
            As for `Kernel`; for dimensions that are not there; and for outputs with the names of dimensions or coordinates.

        Examples
        --------
        >>> import numpy as np, xarray as xr
        >>> line = xr.DataArray(np.array([4.0, 1.0, 3.0]), coords={"x": [10, 20, 30]})
        >>> line.hoodoo.filter("max(w)", size=2, mode="valid").x.values
        array([20, 30])
        """
        if isinstance(kernel, str):
            kernel = Kernel(kernel)
        elif not isinstance(kernel, Kernel):
            raise TypeError(f"the kernel must be a str or a hoodoo.Kernel, not {kernel!r}")
        array = self._array
        if len(kernel.outputs) > 1 and (taken := {*array.dims, *array.coords}.intersection(kernel.outputs)):
            names = ", ".join(f"`{name}`" for name in sorted(map(str, taken)))
            raise ValueError(f"outputs can't have the names of dimensions or coordinates of the array: {names}")
        inputs = [array, *(other.transpose(*array.dims) for other in others)]
        xr.align(*inputs, join="exact", copy=False)
        window = self._dims(size, footprint, dims)
        arguments: dict[str, Any] = {
            "size": [size[dim] for dim in window] if isinstance(size, Mapping) else size,
            "footprint": footprint.values if isinstance(footprint, xr.DataArray) else footprint,
            "mode": _each(mode, window, "reflect", "mode"),
            "origin": _each(origin, window, 0, "origin"),
            "axes": [array.get_axis_num(dim) for dim in window],
        }
        data = [each.data for each in inputs]
        if any(each.chunks is not None for each in inputs):
            from hoodoo.dask import generic_filter

            result = generic_filter(data, kernel, **arguments, **options)
        else:
            result = kernel(*data, **arguments, **options)
        placed = {name: arguments[name] for name in ("size", "footprint", "mode", "origin", "axes")}
        region = kernel.output_region(array.shape, **placed)
        # Mode `valid` leaves fewer pixels, and these keep their coordinates.
        kept = array.isel({dim: slice(*pixels) for dim, pixels in zip(array.dims, region)})
        if not isinstance(result, tuple):
            return kept.copy(data=result)
        outputs = {name: kept.copy(data=each).rename(name) for name, each in zip(kernel.outputs, result)}
        return xr.Dataset(outputs, attrs=array.attrs)

    def _dims(
        self,
        size: int | Mapping[Hashable, int] | None,
        footprint: ArrayLike | xr.DataArray | None,
        dims: Hashable | Sequence[Hashable] | None,
    ) -> list[Hashable]:
        """The window's dimensions, in order."""
        if dims is not None:
            window = list(dims) if isinstance(dims, (list, tuple)) else [dims]
        elif isinstance(size, Mapping):
            window = list(size)
        elif isinstance(footprint, xr.DataArray):
            window = list(footprint.dims)
        else:
            window = list(self._array.dims)
        for named in (size, footprint.dims if isinstance(footprint, xr.DataArray) else None):
            if isinstance(named, (Mapping, tuple)) and set(named) != set(window):
                raise ValueError(f"the window has the dimensions {window}, and {list(named)} are named")
        if isinstance(footprint, xr.DataArray) and list(footprint.dims) != window:
            raise ValueError(f"the footprint has the dimensions {list(footprint.dims)}, and the window {window}")
        return window


def _each(given: _T | Mapping[Hashable, _T], window: list[Hashable], default: _T, name: str) -> list[_T]:
    """One for each dimension of the window."""
    if not isinstance(given, Mapping):
        if isinstance(given, Iterable) and not isinstance(given, str):
            raise TypeError(f"{name} must be one for all dimensions or a mapping from dimension, not {given!r}")
        return [given] * len(window)
    if unknown := set(given) - set(window):
        raise ValueError(f"the window has the dimensions {window}, and not {sorted(map(str, unknown))}")
    return [given.get(dim, default) for dim in window]
