"""Kernels on labelled arrays: importing this module gives every ``DataArray`` and ``Dataset`` of xarray the accessor ``hoodoo``.

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

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from hoodoo import Kernel
from hoodoo._window import Mode, steps_of

__all__ = ["HoodooAccessor", "HoodooDatasetAccessor"]

_T = TypeVar("_T")


@xr.register_dataarray_accessor("hoodoo")
class HoodooAccessor:
    """What ``DataArray.hoodoo`` is."""

    def __init__(self, array: xr.DataArray) -> None:
        self._array = array

    def filter(
        self,
        kernel: str | Kernel,
        *others: xr.DataArray | ArrayLike,
        size: int | Sequence[int] | Mapping[Hashable, int] | None = None,
        footprint: ArrayLike | xr.DataArray | None = None,
        dims: Hashable | Sequence[Hashable] | None = None,
        mode: Mode | Mapping[Hashable, Mode] = "reflect",
        origin: int | Mapping[Hashable, int] = 0,
        **options: Any,
    ) -> xr.DataArray | xr.Dataset:
        """The array that a kernel makes of this one, with its coordinates, attributes and name.

        The window has the dimensions of `dims`, or else those that `size`, if it is a mapping, or a footprint that is a ``DataArray``
        names, or else all. The kernel's ``w[dy, dx]``, ``offset``, ``coord`` and ``extent`` follow the array's order of dimensions, or
        that of `dims`. An array whose data are a Dask array is filtered by `hoodoo.dask`, and stays lazy.

        Parameters
        ----------
        kernel : str or Kernel
            The kernel. One with several outputs gives a ``Dataset`` of them.
        *others : DataArray or array_like
            The kernel's other inputs, with the same dimensions and coordinates, or the same shape, or one number.
        size : int, sequence of int, or mapping from dimension to int, optional
            The lengths of the window; those of a sequence are in the order of its dimensions.
        footprint : array_like or DataArray of bool, optional
            The window's cells.
        dims : dimension or sequence of dimensions, optional
            The window's dimensions, in order.
        mode, origin : one for all, or a mapping from dimension
            What lies outside, and how the window is moved; a dimension that a mapping does not name has the default.
        **options
            Other arguments of `Kernel`, params and weights included; weights that are a ``DataArray`` have the window's dimensions.

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
        if others and isinstance(others[0], int | tuple | list) and size is None and len(kernel.inputs) == 1:
            raise TypeError("the size is given by name: size=3, size=(3, 5), or size={'y': 3, 'x': 5}")
        window = _dims(array, size, footprint, dims)
        for name, given in (("mode", mode), ("origin", origin)):
            if isinstance(given, Iterable) and not isinstance(given, str | Mapping):
                raise TypeError(f"{name} must be one for all dimensions or a mapping from dimension, not {given!r}")
        arguments = {"size": size, "footprint": footprint, "mode": mode, "origin": origin, **options}
        return labelled(kernel, (array, *others), {**arguments, "axes": [array.get_axis_num(dim) for dim in window]})


@xr.register_dataset_accessor("hoodoo")
class HoodooDatasetAccessor:
    """What ``Dataset.hoodoo`` is."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def filter(self, kernel: str | Kernel, **options: Any) -> xr.Dataset:
        """The dataset with each of its arrays filtered, as `HoodooAccessor.filter` does; the kernel has one input and one output.

        Examples
        --------
        >>> import numpy as np, xarray as xr
        >>> data = xr.Dataset({"a": ("x", np.array([1, 2, 3])), "b": ("x", np.array([4, 1, 0]))})
        >>> data.hoodoo.filter("max(w)", size=3).b.values
        array([4, 4, 1])
        """
        return self._dataset.map(lambda array: array.hoodoo.filter(kernel, **options), keep_attrs=True)


def labelled(kernel: Kernel, images: Sequence[Any], arguments: Mapping[str, Any]) -> xr.DataArray | xr.Dataset:
    """What a kernel makes of arrays of which one at least has labels, with the labels of the first that has some."""
    array = next(image for image in images if isinstance(image, xr.DataArray))
    arguments = _by_place(array, arguments)
    if len(kernel.outputs) > 1 and (taken := {*array.dims, *array.coords}.intersection(kernel.outputs)):
        names = ", ".join(f"`{name}`" for name in sorted(map(str, taken)))
        raise ValueError(f"outputs can't have the names of dimensions or coordinates of the array: {names}")
    inputs = [image.transpose(*array.dims) if isinstance(image, xr.DataArray) else image for image in images]
    xr.align(*(each for each in inputs if isinstance(each, xr.DataArray)), join="exact", copy=False)
    result = kernel(*(each.data if isinstance(each, xr.DataArray) else each for each in inputs), **arguments)
    placed = {name: arguments[name] for name in ("size", "footprint", "mode", "origin", "axes") if name in arguments}
    region = kernel.output_region(array.shape, **placed)
    steps = steps_of(array.ndim, arguments.get("stride", 1), arguments.get("axes"))
    # Mode `valid` and a stride leave fewer pixels, and these keep their coordinates.
    kept = array.isel({dim: slice(*pixels, step) for dim, pixels, step in zip(array.dims, region, steps)})
    if not isinstance(result, tuple):
        return kept.copy(data=result)
    outputs = {name: kept.copy(data=each).rename(name) for name, each in zip(kernel.outputs, result)}
    return xr.Dataset(outputs, attrs=array.attrs)


def _by_place(array: xr.DataArray, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call without names of dimensions: the window's go by its axes, those of a mask by the array's."""
    size, footprint, axes = given.get("size"), given.get("footprint"), given.get("axes")
    window = _dims(array, size, footprint, None if axes is None else [array.dims[axis] for axis in np.atleast_1d(axes)])
    if axes is None and len(window) < array.ndim:
        axes = [array.get_axis_num(dim) for dim in window]
    arguments = {name: value if name == "mask" else _values(value, window) for name, value in given.items()}
    if isinstance(size, Mapping):
        arguments["size"] = [size[dim] for dim in window]
    for name, default in (("mode", "reflect"), ("origin", 0), ("stride", 1)):
        if isinstance(given.get(name), Mapping):
            arguments[name] = _each(given[name], window, default)
    if isinstance(mask := given.get("mask"), xr.DataArray):
        arguments["mask"] = _mask(mask, array)
    return {**arguments, "axes": axes}


def _mask(mask: xr.DataArray, array: xr.DataArray) -> Any:
    """A mask with the array's dimensions, in their order."""
    if unknown := [dim for dim in mask.dims if dim not in array.dims]:
        raise ValueError(f"the array has the dimensions {list(array.dims)}, and the mask {unknown}, too")
    xr.align(array, mask, join="exact", copy=False)
    return mask.broadcast_like(array).transpose(*array.dims).data


def _dims(
    array: xr.DataArray,
    size: int | Sequence[int] | Mapping[Hashable, int] | None,
    footprint: ArrayLike | xr.DataArray | None,
    dims: Hashable | Sequence[Hashable] | None,
) -> list[Hashable]:
    """The dimensions of a window on an array, in order."""
    if dims is not None:
        window = list(dims) if isinstance(dims, (list, tuple)) else [dims]
    elif isinstance(size, Mapping):
        window = _in_order(array, size)
    elif isinstance(footprint, xr.DataArray):
        window = _in_order(array, footprint.dims)
    else:
        window = list(array.dims)
    for named in (size if isinstance(size, Mapping) else None, getattr(footprint, "dims", None)):
        if named is not None and set(named) != set(window):
            raise ValueError(f"the window has the dimensions {window}, and {list(named)} are named")
    return window


def _in_order(array: xr.DataArray, dims: Iterable[Hashable]) -> list[Hashable]:
    """These dimensions in the order that they have in an array."""
    named = list(dims)
    if unknown := [dim for dim in named if dim not in array.dims]:
        raise ValueError(f"the array has the dimensions {list(array.dims)}, and not {unknown}")
    return [dim for dim in array.dims if dim in named]


def _values(value: Any, window: list[Hashable]) -> Any:
    """The values of an array with labels in the order of the window's dimensions; anything else as it is."""
    if not isinstance(value, xr.DataArray) or value.ndim == 0:
        return value
    if set(value.dims) != set(window):
        raise ValueError(f"the window has the dimensions {window}, and an array for it {list(value.dims)}")
    return value.transpose(*window).values


def _each(given: Mapping[Hashable, _T], window: list[Hashable], default: _T) -> list[_T]:
    """One for each dimension of the window."""
    if unknown := set(given) - set(window):
        raise ValueError(f"the window has the dimensions {window}, and not {sorted(map(str, unknown))}")
    return [given.get(dim, default) for dim in window]
