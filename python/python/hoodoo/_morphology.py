"""Morphology of grey images, as in ``scipy.ndimage``."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from . import _scipy
from ._arrays import Array
from ._filters import extreme

__all__ = [
    "black_tophat",
    "grey_closing",
    "grey_dilation",
    "grey_erosion",
    "grey_opening",
    "morphological_gradient",
    "morphological_laplace",
    "white_tophat",
]

#: What windows are made of, and where they are: a size, a footprint and a structure; a mode, a number outside and an origin.
_Cells: TypeAlias = tuple[Any, ArrayLike | None, ArrayLike | None]
_Place: TypeAlias = tuple[str | Sequence[str], float, int | Sequence[int]]


def grey_erosion(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The least value of each window, less the structure, as ``scipy.ndimage.grey_erosion``.

    >>> import hoodoo
    >>> hoodoo.grey_erosion([3, 5, 4, 7, 5], size=3)
    array([3, 3, 4, 4, 5])
    """
    _check_window(size, footprint, structure)
    return extreme(input, size, footprint, structure, output, mode, cval, origin, "min", axes)


def grey_dilation(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The greatest value of each mirrored window, plus the structure, as ``scipy.ndimage.grey_dilation``.

    >>> import hoodoo
    >>> hoodoo.grey_dilation([3, 5, 4, 7, 5], size=3)
    array([5, 5, 7, 7, 7])
    """
    _check_window(size, footprint, structure)
    if type(size) is int and type(origin) is int and footprint is None and structure is None:
        return extreme(input, size, None, None, output, mode, cval, _scipy.mirrored(origin, size), "max", axes)
    footprint = None if footprint is None else np.flip(np.asarray(footprint))
    structure = None if structure is None else np.flip(np.asarray(structure))
    count = len(_scipy.axes_of(axes, np.ndim(input)))
    box = footprint if footprint is not None else structure
    lengths = box.shape if box is not None else [operator.index(length) for length in _scipy.for_each(size, count)]
    origins = tuple(_scipy.mirrored(one, length) for one, length in zip(_scipy.for_each(origin, count), lengths, strict=False))
    return extreme(input, size, footprint, structure, output, mode, cval, origins, "max", axes)


def grey_opening(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """A dilated erosion, as ``scipy.ndimage.grey_opening``.

    >>> import hoodoo
    >>> hoodoo.grey_opening([3, 5, 4, 7, 5, 5, 5], size=3)
    array([3, 4, 4, 5, 5, 5, 5])
    """
    _scipy.warn_of_size(size, footprint, stacklevel=2)
    return _opened(input, output, (size, footprint, structure), (mode, cval, origin), axes)


def grey_closing(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """An eroded dilation, as ``scipy.ndimage.grey_closing``.

    >>> import hoodoo
    >>> hoodoo.grey_closing([3, 5, 4, 7, 5, 5, 5], size=3)
    array([5, 5, 5, 7, 5, 5, 5])
    """
    _scipy.warn_of_size(size, footprint, stacklevel=2)
    return _closed(input, output, (size, footprint, structure), (mode, cval, origin), axes)


def morphological_gradient(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """A dilation less an erosion, as ``scipy.ndimage.morphological_gradient``.

    >>> import hoodoo
    >>> hoodoo.morphological_gradient([3, 5, 4, 7, 5], size=3)
    array([2, 2, 3, 3, 2])
    """
    image = _scipy.image_of(input)
    window = (mode, cval, origin)
    dilated = grey_dilation(image, size, footprint, structure, None, *window, axes=axes)
    # As in SciPy, an output that is only a type is not asked for.
    into = output if isinstance(output, np.ndarray) else None
    eroded = grey_erosion(image, size, footprint, structure, into, *window, axes=axes)
    return np.subtract(dilated, eroded, out=into)


def morphological_laplace(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """A dilation and an erosion less twice the image, as ``scipy.ndimage.morphological_laplace``.

    >>> from hoodoo.ndimage import morphological_laplace
    >>> morphological_laplace([3, 5, 4, 7, 5], size=3)
    array([ 2, -2,  3, -3,  2])
    """
    image = _scipy.image_of(input)
    window = (mode, cval, origin)
    dilated = grey_dilation(image, size, footprint, structure, None, *window, axes=axes)
    # As in SciPy, an output that is only a type is not asked for.
    into = output if isinstance(output, np.ndarray) else None
    eroded = grey_erosion(image, size, footprint, structure, into, *window, axes=axes)
    np.add(dilated, eroded, out=eroded)
    for _ in range(2):
        np.subtract(eroded, image, out=eroded)
    return eroded


def white_tophat(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The image less its opening, as ``scipy.ndimage.white_tophat``.

    >>> import hoodoo
    >>> hoodoo.white_tophat([3, 5, 4, 7, 5, 5, 5], size=3)
    array([0, 1, 0, 2, 0, 0, 0])
    """
    _scipy.warn_of_size(size, footprint, stacklevel=2)
    image = _scipy.image_of(input)
    opened = _opened(image, output, (size, footprint, structure), (mode, cval, origin), axes)
    return _difference(image, opened, opened)


def black_tophat(
    input: ArrayLike,
    size: Any = None,
    footprint: ArrayLike | None = None,
    structure: ArrayLike | None = None,
    output: Any = None,
    mode: str | Sequence[str] = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """The image's closing less the image, as ``scipy.ndimage.black_tophat``.

    >>> import hoodoo
    >>> hoodoo.black_tophat([3, 5, 4, 7, 5, 5, 5], size=3)
    array([2, 0, 1, 0, 0, 0, 0])
    """
    _scipy.warn_of_size(size, footprint, stacklevel=2)
    image = _scipy.image_of(input)
    closed = _closed(image, output, (size, footprint, structure), (mode, cval, origin), axes)
    return _difference(closed, image, closed)


def _opened(input: ArrayLike, output: Any, cells: _Cells, place: _Place, axes: int | Sequence[int] | None) -> Array:
    """A dilated erosion."""
    return grey_dilation(grey_erosion(input, *cells, None, *place, axes=axes), *cells, output, *place, axes=axes)


def _closed(input: ArrayLike, output: Any, cells: _Cells, place: _Place, axes: int | Sequence[int] | None) -> Array:
    """An eroded dilation."""
    return grey_erosion(grey_dilation(input, *cells, None, *place, axes=axes), *cells, output, *place, axes=axes)


def _check_window(size: Any, footprint: Any, structure: Any) -> None:
    if size is None and footprint is None and structure is None:
        raise ValueError("size, footprint, or structure must be specified")


def _difference(a: Array, b: Array, into: Array) -> Array:
    """Writes ``a - b``; of booleans, where they differ."""
    both_bool = a.dtype == np.bool_ and b.dtype == np.bool_
    return np.bitwise_xor(a, b, out=into) if both_bool else np.subtract(a, b, out=into)
