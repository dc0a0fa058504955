"""Which parts of which blocks a block of a filtered array sees: the geometry of `hoodoo.dask`, without Dask.

An array is cut into blocks along each axis. The pixels of a block see cells before and after them, which are in the blocks around
it, or, as the boundary mode says, anywhere else in the array. A `Span` has that for one axis. Most blocks are put together alike, which
is their `Form` along each axis; a `Layout` has the forms of all axes.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Indices of cells in a block along an axis; none for all of them.
Indices: TypeAlias = range | tuple[int, ...] | None

#: From which of the cells that a block sees to which.
Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """Cells that a block sees along an axis, all of them in one block of the input."""

    #: The number of that block.
    block: int
    #: Their indices in it.
    indices: Indices


@dataclass(frozen=True)
class Form:
    """How the cells that a block sees along an axis are put together."""

    #: How many there are.
    length: int
    #: Where each piece is among them.
    places: tuple[Place, ...]
    #: Which of them are the block's pixels.
    pixels: Place


@dataclass(frozen=True)
class Span:
    """The pixels of a block along an axis, and the cells that they see."""

    pixels: range
    #: The index of the first cell, as if the array went on beyond its ends. In modes in which it does not, there are only cells inside.
    first: int
    form: Form
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Layout:
    """How the cells that a block sees are put together."""

    shape: tuple[int, ...]
    #: Where each of the pieces is.
    places: tuple[tuple[slice, ...], ...]
    #: Which cells are the block's pixels, from where to where along each axis.
    pixels: tuple[Place, ...]

    def assemble(self, pieces: Sequence[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
        """All cells."""
        if len(pieces) == 1 and pieces[0].shape == self.shape:
            return pieces[0]
        cells = np.empty(self.shape, dtype)
        for place, piece in zip(self.places, pieces):
            cells[place] = piece
        return cells


@functools.lru_cache(maxsize=4096)
def layout(forms: tuple[Form, ...]) -> Layout:
    """How a block with these forms along the axes is put together. Its pieces are those of all axes, the last axis' fastest."""
    along = [[slice(*place) for place in form.places] for form in forms]
    return Layout(
        shape=tuple(form.length for form in forms),
        places=tuple(itertools.product(*along)),
        pixels=tuple(form.pixels for form in forms),
    )


def spans(chunks: Sequence[int], mode: str, before: int, after: int) -> list[Span]:
    """The blocks along an axis with these chunks whose pixels see so many cells before and after them.

    They are those of the input, but in mode ``valid``, which leaves fewer pixels.
    """
    length = sum(chunks)
    kept = range(before, length - after) if mode == "valid" else range(length)
    # An array: a list would be made one for every block.
    ends = np.cumsum(chunks, dtype=np.int64)
    blocks = (range(max(end - chunk, kept.start), min(end, kept.stop)) for end, chunk in zip(ends.tolist(), chunks))
    found = [_span(pixels, ends, mode, before, after) for pixels in blocks if pixels]
    # An array without pixels has one block.
    return found or [Span(range(0), 0, Form(0, (), (0, 0)), ())]


def _span(pixels: range, ends: NDArray[np.int64], mode: str, before: int, after: int) -> Span:
    first, stop = pixels.start - before, pixels.stop + after
    if mode in ("constant", "shrink"):
        # What is beyond the ends is known to whoever filters the cells.
        first, stop = max(first, 0), min(stop, int(ends[-1]))
    places, pieces = [], []
    for place, piece in _pieces(range(first, stop), ends, mode):
        places.append(place)
        pieces.append(piece)
    form = Form(stop - first, tuple(places), (pixels.start - first, pixels.stop - first))
    return Span(pixels, first, form, tuple(pieces))


def _pieces(cells: range, ends: NDArray[np.int64], mode: str) -> Iterator[tuple[Place, Piece]]:
    length = int(ends[-1])
    at = np.arange(cells.start, cells.stop)
    indices = _indices(at, length, mode)
    blocks = np.searchsorted(ends, indices, side="right")
    # A piece ends where another block begins, and where the array repeats.
    cuts = np.flatnonzero((np.diff(blocks) != 0) | (np.diff(at // length) != 0)) + 1
    for low, high in itertools.pairwise([0, *cuts.tolist(), len(at)]):
        block = int(blocks[low])
        start = int(ends[block - 1]) if block else 0
        yield (low, high), Piece(block, _compact(indices[low:high] - start, int(ends[block]) - start))


def _indices(at: NDArray[np.int64], length: int, mode: str) -> NDArray[np.int64]:
    """The index in the array of the cell that is seen at each index, all of which are inside where nothing is beyond the ends."""
    if mode == "wrap":
        return at % length
    if mode == "nearest":
        return np.clip(at, 0, length - 1)
    if mode == "reflect":
        folded = at % (2 * length)
        return np.where(folded < length, folded, 2 * length - 1 - folded)
    if mode == "mirror":
        period = max(2 * length - 2, 1)
        folded = at % period
        return np.where(folded < length, folded, period - folded)
    return at


def _compact(indices: NDArray[np.int64], length: int) -> Indices:
    """The indices in a block of this length, as a range if they follow each other."""
    first, last = int(indices[0]), int(indices[-1])
    if (np.diff(indices) != 1).any():
        return tuple(indices.tolist())
    return None if last + 1 - first == length else range(first, last + 1)
