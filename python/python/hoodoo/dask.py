"""Kernels on Dask arrays, block by block, with the result that they have on the whole array in memory.

>>> import dask.array as da
>>> import hoodoo.dask
>>> image = da.arange(12, chunks=4).reshape(3, 4)
>>> hoodoo.dask.generic_filter(image, "max(w) - min(w)", size=3).compute()
array([[ 5,  6,  6,  5],
       [ 9, 10, 10,  9],
       [ 5,  6,  6,  5]])
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import dask.array as da
import numpy as np
from dask._task_spec import Task, TaskRef
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph, Layer, MaterializedLayer
from numpy.typing import ArrayLike, DTypeLike, NDArray

from hoodoo import Kernel, _scipy
from hoodoo._arrays import mask as cells_of_mask
from hoodoo._kernel import number, on_region
from hoodoo._masked import is_masked
from hoodoo._overlap import Indices, Layout, Piece, Span, layout, spans
from hoodoo._syntax import names, tokens
from hoodoo._window import Mode, axes_of_window, cells_of, steps_of

__all__ = ["generic_filter"]

#: Where Dask keeps a block: the name of an array, and the block's number along each axis.
_Key: TypeAlias = Any

#: SciPy's other names of modes.
_ALIASES = {"grid-mirror": "reflect", "grid-wrap": "wrap", "grid-constant": "constant"}

#: The length of an axis that is longer than any window.
_ENDLESS = 1 << 40


def generic_filter(
    x: Any,
    kernel: str | Kernel,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    mode: Mode | Sequence[Mode] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    axes: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    *,
    stride: int | Sequence[int] = 1,
    mask: Any = None,
    nodata: float | None = None,
    fill: bool = False,
    cast: Literal["saturate", "wrap"] = "saturate",
    engine: Literal["auto", "rows", "callback", "interpreter"] = "auto",
    precision: Literal["exact", "single"] = "exact",
    threads: int = 1,
    **params: Any,
) -> Any:
    """The Dask array that a kernel makes of `x`, lazily.

    Every argument has the meaning that it has where a `Kernel` is called, and the blocks together are what the kernel makes of the
    whole array in memory, for every mode and for blocks of any size, but for the rounding of sums, whose order is not specified.
    Masked blocks, as those of `dask.array.ma`, give masked blocks.

    Each block is computed in one task, from its own block of `x` and parts of those around it. `coord` and `extent` are those of
    the whole array. Kernels travel to other processes as text, and each process compiles a kernel once. As Dask computes several
    blocks at a time, each has one thread, unless `threads` says otherwise.

    Parameters
    ----------
    x : array_like, or a sequence of arrays
        A Dask array, or one for each input of the kernel, whose shapes NumPy's rules of broadcasting make one. They get the chunks of the first
        that has that shape.
    kernel : str or Kernel
        The kernel. One with several outputs gives a named tuple of Dask arrays.
    mask : array_like of bool, optional
        Which cells have no value: a Dask array or another one, that broadcasts to the shape of `x`.
    stride : int or sequence of int
        As for `Kernel`; blocks are computed whole.
    size, footprint, mode, cval, origin, axes, dtype, nodata, fill, cast, engine, precision, threads, **params
        As for `Kernel`.

    Raises
    ------
    TypeError
        For a kernel that is neither a text nor a `Kernel`.
    KernelError, ValueError, TypeError
        As for `Kernel`, here and not where the array is computed.
    RuntimeError, ValueError, TypeError
        For a window, as ``scipy.ndimage.generic_filter``.

    Examples
    --------
    >>> import dask.array as da
    >>> line = da.from_array([5, 1, 4, 2, 3], chunks=2)
    >>> generic_filter(line, "param t = 0; max(w) + t", size=3, mode="wrap", t=10).compute()
    array([15, 15, 14, 14, 15])
    >>> generic_filter(da.ma.masked_greater(line, 4), "max(w)", size=3).compute()
    masked_array(data=[--, 4, 4, 4, 3],
                 mask=[ True, False, False, False, False],
           fill_value=999999)
    """
    if isinstance(kernel, str):
        kernel = Kernel(kernel)
    elif not isinstance(kernel, Kernel):
        raise TypeError(f"the kernel must be a str or a hoodoo.Kernel, which other processes can compile, not {kernel!r}")
    for wrong in {"output", "progress"} & params.keys():
        raise TypeError(f"a Dask array is filtered when it is computed, and without `{wrong}`; `dtype` is the type of the result")
    inputs = _inputs(x)
    ndim = inputs[0].ndim
    footprint = cells_of(footprint, axes_of_window(ndim, axes))
    _check_window(ndim, size, footprint, mode, origin, axes)
    steps = steps_of(ndim, stride, axes)
    window: dict[str, Any] = {"size": size, "footprint": footprint, "origin": origin, "axes": axes}
    options: dict[str, Any] = {"cval": number(cval, "cval"), "nodata": nodata, "fill": fill, "cast": cast}
    options |= {"engine": engine, "precision": precision, "threads": threads, **params}
    # What is wrong with the arguments is wrong for arrays without pixels; what these give has the right types.
    empties = [_like(array._meta, ndim) for array in inputs]
    no_mask = None if mask is None else np.zeros((0,) * ndim, bool)
    sample = kernel(*empties, mode=mode, dtype=dtype, mask=no_mask, **window, **options)

    filtered = list(range(ndim)) if axes is None else [int(axis) % ndim for axis in np.ravel(axes)]
    modes = dict.fromkeys(range(ndim), "valid")
    of_window = [mode] * len(filtered) if isinstance(mode, str) else mode
    modes |= {axis: _ALIASES.get(name, name) for axis, name in zip(filtered, of_window)}
    region = kernel.output_region((_ENDLESS,) * ndim, mode="valid", **window)
    along = [
        spans(chunks, modes[axis], start, _ENDLESS - stop) for axis, (chunks, (start, stop)) in enumerate(zip(inputs[0].chunks, region))
    ]
    placed, coordinates = _placed(kernel, [inputs[0].shape[axis] for axis in filtered])
    task = _Task(
        kernel=placed,
        coordinates=dict(zip(coordinates, filtered)),
        dtypes=[array.dtype for array in inputs],
        masked=[is_masked(array._meta) for array in inputs],
        has_mask=mask is not None,
        arguments={**window, **options, **_types(sample), "mode": [modes[axis] for axis in filtered]},
    )
    masks = [] if mask is None else [_mask_like(inputs[0], mask)]
    whole = _arrays(kernel, task, [*inputs, *masks], along, sample, modes)
    if all(step == 1 for step in steps):
        return whole
    wanted = tuple(slice(None, None, step) for step in steps)
    return type(sample)(*(each[wanted] for each in whole)) if isinstance(sample, tuple) else whole[wanted]


def _inputs(x: Any) -> list[Any]:
    """The inputs as Dask arrays of one shape, by NumPy's rules of broadcasting, and of the blocks of the first that has it."""
    inputs = [da.asanyarray(each) for each in (x if isinstance(x, (list, tuple)) else [x])]
    shapes = [array.shape for array in inputs]
    if any(np.isnan(length) for shape in shapes for length in shape):
        raise ValueError("the sizes of the chunks are unknown; x.compute_chunk_sizes() finds them")
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"the inputs have different shapes: {', '.join(map(str, shapes))}") from None
    inputs = [array if array.shape == shape else da.broadcast_to(array, shape) for array in inputs]
    chunks = next((inputs[index].chunks for index, own in enumerate(shapes) if own == shape), inputs[0].chunks)
    return [array.rechunk(chunks) for array in inputs]


def _like(meta: Any, ndim: int) -> NDArray[Any]:
    """An array without elements, masked if an array's blocks are."""
    empty = np.empty((0,) * ndim, meta.dtype)
    return np.ma.MaskedArray(empty, fill_value=meta.fill_value) if is_masked(meta) else empty


def _mask_like(array: Any, mask: Any) -> Any:
    """A mask with the shape and the blocks of an array."""
    if is_masked(getattr(mask, "_meta", mask)):
        raise TypeError("mask: it is a masked array, and what is under a mask is not known")
    mask = da.asarray(mask)
    if mask.dtype.kind in "SUV":
        raise TypeError(f"a mask must be an array of bool, not of type {mask.dtype}")
    try:
        whole = da.broadcast_to(mask, array.shape)
    except ValueError:
        raise ValueError(f"mask: the shape {mask.shape} is not that of the images, {array.shape}") from None
    return whole.astype(bool).rechunk(array.chunks)


def _types(sample: Any) -> dict[str, Any]:
    """The arguments that say of which types outputs are; nobody says it of times."""
    types = [each.dtype for each in sample] if isinstance(sample, tuple) else sample.dtype
    if isinstance(types, list):
        return {} if any(each.kind in "mM" for each in types) else {"output": types}
    return {} if types.kind in "mM" else {"dtype": types}


def _check_window(ndim: int, size: Any, footprint: Any, mode: Any, origin: Any, axes: Any) -> None:
    """Refuses what SciPy's `generic_filter` refuses of a window, with its exceptions."""
    along = _scipy.axes_of(axes, ndim)
    for one in _scipy.for_each(mode, len(along)):
        _scipy.checked_mode(one, own=True)
    origins = _scipy.for_each(origin, len(along))
    if footprint is not None:
        cells = cells_of_mask(footprint)
        if cells.ndim != len(along) or 0 in cells.shape:
            raise RuntimeError(f"footprint.ndim ({cells.ndim}) must match len(axes) ({len(along)})")
        lengths = list(cells.shape)
    elif size is not None:
        lengths = [operator.index(length) for length in _scipy.for_each(size, len(along))]
        if any(length < 1 for length in lengths):
            raise ValueError(f"size: every length must be at least 1, and it is {size!r}")
    else:
        # There are kernels without a window.
        return
    for one, length in zip(origins, lengths):
        _scipy.check_origin(operator.index(one), length)


def _arrays(kernel: Kernel, task: _Task, inputs: Sequence[Any], along: list[list[Span]], sample: Any, modes: Mapping[int, str]) -> Any:
    """The array of a task's results, or a named tuple of the arrays of its several outputs."""
    name = f"hoodoo-{tokenize([array.name for array in inputs], kernel, modes, task.arguments)}"
    layer = _Blocks(name, task, [array.name for array in inputs], along)
    layers = HighLevelGraph.from_collections(name, layer, dependencies=inputs)
    chunks = tuple(tuple(len(span.pixels) for span in each) for each in along)
    if not isinstance(sample, tuple):
        return da.Array(layers, name, chunks, meta=sample)
    together: Any = da.Array(layers, name, chunks, meta=sample[0])
    outputs = (together.map_blocks(operator.itemgetter(index), dtype=meta.dtype, meta=meta) for index, meta in enumerate(sample))
    return type(sample)(*outputs)


class _Blocks(Layer):
    """The tasks for all blocks, and for the parts of the inputs that they need. They are made when they are asked for."""

    def __init__(self, name: str, task: _Task, sources: Sequence[str], along: list[list[Span]]) -> None:
        super().__init__()
        self._name = name
        self._task = task
        self._sources = list(sources)
        self._along = along
        indices = [dict.fromkeys(piece.indices for span in each for piece in span.pieces) for each in along]
        # Parts are known by numbers: keys are made of nothing else.
        self._variants = [{each: variant for variant, each in enumerate(found)} for found in indices]

    @functools.cached_property
    def _all(self) -> dict[_Key, Task]:
        return self._tasks(self.get_output_keys())

    def __getitem__(self, key: _Key) -> Task:
        return self._all[key]

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def has_legacy_tasks(self) -> bool:
        # To look at the tasks would make them.
        return False

    def is_materialized(self) -> bool:
        return "_all" in self.__dict__

    def get_output_keys(self) -> set[_Key]:
        return {(self._name, *block) for block in itertools.product(*(range(len(each)) for each in self._along))}

    def cull(self, keys: set[_Key], all_hlg_keys: Collection[_Key]) -> tuple[Layer, Mapping[_Key, set[_Key]]]:
        """The tasks for those of these blocks that are this layer's, and what each needs."""
        tasks = self._tasks(key for key in keys if isinstance(key, tuple) and key[0] == self._name)
        return MaterializedLayer(tasks, annotations=self.annotations), {key: set(task.dependencies) for key, task in tasks.items()}

    def _tasks(self, keys: Iterable[_Key]) -> dict[_Key, Task]:
        tasks: dict[_Key, Task] = {}
        for key in keys:
            around = [each[number] for each, number in zip(self._along, key[1:])]
            how = layout(tuple(span.form for span in around))
            pieces = list(itertools.product(*(span.pieces for span in around)))
            parts = [self._part(number, each, tasks) for number in range(len(self._sources)) for each in pieces]
            tasks[key] = Task(key, self._task, tuple(span.first for span in around), how, *parts)
        return tasks

    def _part(self, number: int, pieces: tuple[Piece, ...], tasks: dict[_Key, Task]) -> TaskRef:
        """A block of an input, or a part of it, for which there is a task then."""
        blocks = [piece.block for piece in pieces]
        source: _Key = (self._sources[number], *blocks)
        indices = tuple(piece.indices for piece in pieces)
        if all(each is None for each in indices):
            return TaskRef(source)
        variants = (known[each] for known, each in zip(self._variants, indices))
        key: _Key = (f"part-{self._name}", number, *blocks, *variants)
        if key not in tasks:
            tasks[key] = Task(key, _part_with(indices), TaskRef(source))
        return TaskRef(key)


@dataclass(frozen=True)
class _Part:
    """What takes a part of a block."""

    indices: tuple[Indices, ...]

    def __call__(self, block: ArrayLike) -> NDArray[Any]:
        part = np.asanyarray(block)
        for axis, indices in enumerate(self.indices):
            if isinstance(indices, range):
                part = part[(slice(None),) * axis + (slice(indices.start, indices.stop),)]
            elif indices is not None:
                part = part.take(indices, axis)
        # A view would keep the whole block in memory.
        return part.copy()


# Most blocks need the same parts of those around them.
_part_with = functools.lru_cache(maxsize=4096)(_Part)


@dataclass(frozen=True)
class _Task:
    """What computes a block of the outputs from what it sees of the inputs."""

    kernel: Kernel
    #: The arrays' axes by the params that say where along them a block begins.
    coordinates: dict[str, int]
    #: Those of the inputs.
    dtypes: list[np.dtype[Any]]
    #: Which inputs are masked arrays.
    masked: list[bool]
    #: Whether there is a mask after the inputs.
    has_mask: bool
    #: Those of the kernel. The modes are those of the whole array: at its ends blocks end, too, and elsewhere they have what is beyond them.
    arguments: dict[str, Any]

    def __call__(self, first: tuple[int, ...], how: Layout, *pieces: Any) -> Any:
        each = len(how.places)
        inputs = [pieces[start : start + each] for start in range(0, len(pieces), each)] if each else [()] * (len(self.dtypes) + self.has_mask)
        missing = how.assemble(inputs.pop(), np.dtype(bool)) if self.has_mask else None
        cells = [_cells(how, *each) for each in zip(inputs, self.dtypes, self.masked)]
        firsts: dict[str, Any] = {name: first[axis] for name, axis in self.coordinates.items()}
        try:
            return on_region(self.kernel, cells, how.pixels, mask=missing, **self.arguments, **firsts)
        except RuntimeError as error:
            raise RuntimeError(f"{error}, where pixels are counted from {list(first)}") from error


def _cells(how: Layout, pieces: Sequence[Any], dtype: np.dtype[Any], masked: bool) -> NDArray[Any]:
    """The cells that a block sees of an input; a masked array if blocks of that input are."""
    values = how.assemble([np.asarray(np.ma.getdata(piece)) for piece in pieces], dtype)
    if not masked and not any(map(is_masked, pieces)):
        return values
    missing = how.assemble([np.ma.getmaskarray(piece) for piece in pieces], np.dtype(bool))
    fill_value = next((piece.fill_value for piece in pieces if is_masked(piece)), None)
    return np.ma.MaskedArray(values, missing, fill_value=fill_value)


def _placed(kernel: Kernel, extent: list[int]) -> tuple[Kernel, list[str]]:
    """The kernel for blocks of an array of this extent along the window's axes, and the names of its params, one for each axis,
    that say where a block begins.

    A kernel that asks for `coord`, `extent` or `inside` calls functions instead, in which a block's place is a param: setting it
    compiles nothing.
    """
    words = names(kernel.source)
    if not extent or words.isdisjoint({"coord", "extent", "inside"}):
        return kernel, []
    stem = "block"
    while any(word.startswith(stem) for word in words):
        stem += "_"
    firsts = [f"{stem}_first_{axis}" for axis in range(len(extent))]
    prelude = [f"param {first};" for first in firsts]
    prelude.append(f"fn {stem}_coord(axis) = coord(axis) + {_by_axis(firsts)};")
    prelude.append(f"fn {stem}_extent(axis) = {_by_axis([str(length) for length in extent])};")
    cell = [f"{stem}_coord({axis}) + offset({axis})" for axis in range(len(extent))]
    inside = " and ".join(f"0 <= {at} < {length}" for at, length in zip(cell, extent))
    prelude.append(f"fn {stem}_inside() = {inside};")
    places = {name: f"{stem}_{name}" for name in ("coord", "extent", "inside")}
    rest = "".join(places.get(text, text) if kind == "neighbourhood" else text for kind, text in tokens(kernel.source))
    bound = {**kernel.params, **kernel.weights}
    return Kernel(" ".join([*prelude, rest]), **{name: value for name, value in bound.items() if value is not None}), firsts


def _by_axis(values: list[str]) -> str:
    """An expression that chooses among values by `axis`."""
    *rest, last = values
    return "(" + "".join(f"if axis == {axis} then {value} else " for axis, value in enumerate(rest)) + f"{last})"
