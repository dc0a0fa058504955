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

import itertools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph
from numpy.typing import ArrayLike, DTypeLike, NDArray

from hoodoo import Kernel, _scipy
from hoodoo._arrays import mask
from hoodoo._kernel import number
from hoodoo._overlap import Indices, Layout, Piece, Span, layout, spans
from hoodoo._syntax import names, tokens
from hoodoo._window import axes_of_window, cells_of, has_its_pixel

__all__ = ["generic_filter"]

#: Where Dask keeps a block: the name of an array, and the block's number along each axis.
_Key: TypeAlias = tuple[Any, ...]

#: Tasks, and what they need.
_Tasks: TypeAlias = dict[Any, Any]

#: SciPy's other names of modes.
_ALIASES = {"grid-mirror": "reflect", "grid-wrap": "wrap", "grid-constant": "constant"}

#: With one of these words a kernel can fail at a pixel.
_CAN_FAIL = frozenset({"assert", "nth", "percentile", "rank", "trimmed_mean"})

#: Second arguments with which these don't fail, if there is an element.
_RIGHT: dict[str, Callable[[float], bool]] = {
    "percentile": lambda value: 0 <= value <= 100,
    "trimmed_mean": lambda value: value >= 0 and value == int(value),
    "rank": lambda value: value in (0, -1),
    "nth": lambda value: value == 0,
}

#: The length of an axis that is longer than any window.
_ENDLESS = 1 << 40


def generic_filter(
    x: Any,
    kernel: str | Kernel,
    size: int | Sequence[int] | None = None,
    footprint: ArrayLike | None = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    axes: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    *,
    cast: Literal["saturate", "wrap"] = "saturate",
    engine: Literal["auto", "rows", "callback", "interpreter"] = "auto",
    precision: Literal["exact", "single"] = "exact",
    threads: int = 1,
    **params: Any,
) -> Any:
    """The Dask array that a kernel makes of `x`, lazily.

    Every argument has the meaning that it has where a `Kernel` is called, and the blocks together are what the kernel makes of the
    whole array in memory, for every mode and for blocks of any size, but for the rounding of sums, whose order is not specified.

    Each block is computed in one task, from its own block of `x` and parts of those around it. `coord` and `extent` are those of
    the whole array. Kernels travel to other processes as text, and each process compiles a kernel once. As Dask computes several
    blocks at a time, each has one thread, unless `threads` says otherwise. In mode ``shrink`` a kernel that
    can fail at a pixel (`assert`, `rank`, ...) needs blocks as long as the array, because windows at the ends of others have fewer cells.

    Parameters
    ----------
    x : array_like, or a sequence of arrays
        A Dask array, or one for each input of the kernel, all of one shape; the others get the chunks of the first.
    kernel : str or Kernel
        The kernel. One with several outputs gives a named tuple of Dask arrays.
    size, footprint, mode, cval, origin, axes, dtype, cast, engine, precision, threads, **params
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
    """
    if isinstance(kernel, str):
        kernel = Kernel(kernel)
    elif not isinstance(kernel, Kernel):
        raise TypeError(f"the kernel must be a str or a hoodoo.Kernel, which other processes can compile, not {kernel!r}")
    inputs = _inputs(x)
    footprint = cells_of(footprint, axes_of_window(inputs[0].ndim, axes))
    _check_window(inputs[0].ndim, size, footprint, mode, origin, axes)
    window: dict[str, Any] = {"size": size, "footprint": footprint, "origin": origin, "axes": axes}
    cval = number(cval, "cval")
    options: dict[str, Any] = {"cval": cval, "cast": cast, "engine": engine, "precision": precision, "threads": threads}
    # What is wrong with the arguments is wrong for arrays without pixels; what these give has the right types.
    empties = [np.empty((0,) * array.ndim, array.dtype) for array in inputs]
    sample = kernel(*empties, mode=mode, dtype=dtype, **window, **options, **params)
    shape = inputs[0].shape
    _check_shapes(inputs)

    filtered = list(range(len(shape))) if axes is None else [int(axis) % len(shape) for axis in np.ravel(axes)]
    modes = dict.fromkeys(range(len(shape)), "valid")
    of_window = [mode] * len(filtered) if isinstance(mode, str) else mode
    modes |= {axis: _ALIASES.get(name, name) for axis, name in zip(filtered, of_window)}
    region = kernel.output_region((_ENDLESS,) * len(shape), mode="valid", **window)
    reach = [(start, _ENDLESS - stop) for start, stop in region]
    shrinking = [axis for axis in filtered if modes[axis] == "shrink" and reach[axis] != (0, 0)]
    cut = [axis for axis in shrinking if len(inputs[0].chunks[axis]) > 1]
    if cut and _can_fail_in_part(kernel.source, has_its_pixel(size, footprint, origin)):
        raise ValueError(_whole_axes_needed(cut))
    inputs = [array.rechunk(inputs[0].chunks) for array in inputs]

    outputs = sample if isinstance(sample, tuple) else (sample,)
    placed, coordinates = _placed(kernel, [shape[axis] for axis in filtered])
    task = _Task(
        kernel=placed,
        coordinates=dict(zip(coordinates, filtered)),
        dtypes=[array.dtype for array in inputs],
        arguments={
            **window,
            **options,
            **params,
            "mode": ["shrink" if modes[axis] == "shrink" else "valid" for axis in filtered] or "valid",
            **({"dtype": outputs[0].dtype} if len(outputs) == 1 else {"output": [each.dtype for each in outputs]}),
        },
    )
    along = [spans(cut, modes[axis], *reach[axis]) for axis, cut in enumerate(inputs[0].chunks)]
    chunks = tuple(tuple(len(span.pixels) for span in each) for each in along)
    name = f"hoodoo-{tokenize([array.name for array in inputs], kernel, modes, task.arguments)}"
    layers = HighLevelGraph.from_collections(name, _graph(name, task, inputs, along), dependencies=inputs)
    if not isinstance(sample, tuple):
        return da.Array(layers, name, chunks, meta=sample)
    return type(sample)(*(_output(layers, name, number, chunks, meta) for number, meta in enumerate(sample)))


def _inputs(x: Any) -> list[Any]:
    """The inputs as Dask arrays, of which one number is the same at every pixel."""
    inputs = [da.asarray(each) for each in (x if isinstance(x, (list, tuple)) else [x])]
    whole = next((array for array in inputs if array.ndim > 0), inputs[0])
    return [da.broadcast_to(each, whole.shape, whole.chunks) if each.ndim == 0 else each for each in inputs]


def _check_shapes(inputs: Sequence[Any]) -> None:
    shape = inputs[0].shape
    if any(array.shape != shape for array in inputs):
        raise ValueError(f"the inputs have different shapes: {', '.join(str(array.shape) for array in inputs)}")
    if any(np.isnan(length) for length in shape):
        raise ValueError("the sizes of the chunks are unknown; x.compute_chunk_sizes() finds them")


def _whole_axes_needed(axes: list[int]) -> str:
    """Why a kernel can't be computed by blocks along these axes, and what to do."""
    return (
        f"in mode shrink this kernel can't be computed block by block along axes {axes}, because at the ends of a block it sees fewer "
        "cells than at those of the array, and can fail there (by `assert`, `rank`, `nth`, ...): "
        f"x.rechunk({dict.fromkeys(axes, -1)}) makes one block along them, if that fits in memory"
    )


def _check_window(ndim: int, size: Any, footprint: Any, mode: Any, origin: Any, axes: Any) -> None:
    """Refuses what SciPy's `generic_filter` refuses of a window, with its exceptions."""
    along = _scipy.axes_of(axes, ndim)
    for one in _scipy.for_each(mode, len(along)):
        _scipy.checked_mode(one, own=True)
    origins = _scipy.for_each(origin, len(along))
    if footprint is not None:
        cells = mask(footprint)
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


def _can_fail_in_part(source: str, has_its_pixel: bool) -> bool:
    """Whether a kernel can fail at a pixel because its window has fewer cells than it should have."""
    words = [(kind, text) for kind, text in tokens(source) if kind not in ("space", "comment")]
    for index, (kind, text) in enumerate(words):
        if text not in _CAN_FAIL or kind not in ("control", "reduction"):
            continue
        if text == "assert":
            return True
        arguments = _arguments(words[index + 1 :])
        value = _literal(arguments[-1]) if len(arguments) == 2 else None
        if value is None or not _RIGHT[text](value):
            return True
        never_empty = has_its_pixel and "where" not in arguments[0]
        if text in ("rank", "nth") and not never_empty:
            return True
    return False


def _arguments(words: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The words of each argument of a call, from its bracket on."""
    arguments: list[list[str]] = [[]]
    depth = 0
    for _, text in words:
        depth += text in ("(", "[")
        depth -= text in (")", "]")
        if depth == 0:
            break
        if text == "," and depth == 1:
            arguments.append([])
        elif not (text == "(" and depth == 1):
            arguments[-1].append(text)
    return arguments


def _literal(words: list[str]) -> float | None:
    """The number that is written, if it is one."""
    try:
        return float("".join(words))
    except ValueError:
        return None


def _graph(name: str, task: _Task, inputs: list[Any], along: list[list[Span]]) -> _Tasks:
    """The tasks for all blocks, and for the parts of the inputs that they need."""
    graph: _Tasks = {}
    parts: dict[tuple[_Key, tuple[Indices, ...]], _Key] = {}

    def key_of(array: str, pieces: tuple[Piece, ...]) -> _Key:
        source = (array, *(piece.block for piece in pieces))
        indices = tuple(piece.indices for piece in pieces)
        if all(each is None for each in indices):
            return source
        return parts.setdefault((source, indices), (f"part-{name}", len(parts)))

    for block in itertools.product(*(range(len(each)) for each in along)):
        how, inside = layout([each[number] for each, number in zip(along, block)])
        graph[(name, *block)] = (task, how, *([key_of(array.name, pieces) for pieces in inside] for array in inputs))
    return graph | {key: (_Part(indices), source) for (source, indices), key in parts.items()}


def _output(layers: HighLevelGraph, name: str, number: int, chunks: tuple[tuple[int, ...], ...], meta: NDArray[Any]) -> Any:
    """One of several outputs of the tasks of a graph."""
    own = f"{name}-{number}"
    blocks = itertools.product(*(range(len(each)) for each in chunks))
    items: _Tasks = {(own, *block): (operator.getitem, (name, *block), number) for block in blocks}
    graph = HighLevelGraph({**layers.layers, own: items}, {**layers.dependencies, own: {name}})
    return da.Array(graph, own, chunks, meta=meta)


@dataclass(frozen=True)
class _Part:
    """What takes a part of a block."""

    indices: tuple[Indices, ...]

    def __call__(self, block: ArrayLike) -> NDArray[Any]:
        part = np.asarray(block)
        for axis, indices in enumerate(self.indices):
            if isinstance(indices, range):
                part = part[(slice(None),) * axis + (slice(indices.start, indices.stop),)]
            elif indices is not None:
                part = part.take(indices, axis)
        # A view would keep the whole block in memory.
        return part.copy()


@dataclass(frozen=True)
class _Task:
    """What computes a block of the outputs from what it sees of the inputs."""

    kernel: Kernel
    #: The arrays' axes by the params that say where along them a block begins.
    coordinates: dict[str, int]
    dtypes: list[np.dtype[Any]]
    #: Those of the kernel.
    arguments: dict[str, Any]

    def __call__(self, how: Layout, *inputs: list[ArrayLike]) -> Any:
        pieces = [[np.asarray(piece) for piece in each] for each in inputs]
        cells = [how.assemble(each, dtype, self.arguments["cval"]) for each, dtype in zip(pieces, self.dtypes)]
        firsts: dict[str, Any] = {name: how.first[axis] for name, axis in self.coordinates.items()}
        try:
            result = self.kernel(*cells, **self.arguments, **firsts)
        except RuntimeError as error:
            raise RuntimeError(f"{error}, where pixels are counted from {list(how.first)}") from error
        if not isinstance(result, tuple):
            return _trimmed(result, how)
        return type(result)(*(_trimmed(each, how) for each in result))


def _trimmed(result: NDArray[Any], how: Layout) -> NDArray[Any]:
    """Without the pixels around the block, which only mode ``shrink`` leaves."""
    surplus = result.shape != tuple(pixels.stop - pixels.start for pixels in how.pixels)
    return result[how.pixels].copy() if surplus else result


def _placed(kernel: Kernel, extent: list[int]) -> tuple[Kernel, list[str]]:
    """The kernel for blocks of an array of this extent along the window's axes, and the names of its params, one for each axis,
    that say where a block begins.

    A kernel that asks for `coord`, `extent` or `inside` calls functions instead, in which a block's place is a param: setting it
    compiles nothing.
    """
    words = names(kernel.source)
    if words.isdisjoint({"coord", "extent", "inside"}):
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
