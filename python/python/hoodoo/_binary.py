"""Morphology of binary images, as in ``scipy.ndimage``."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import binary_dilation as _scipys_dilation
from scipy.ndimage import binary_erosion as _scipys_erosion
from scipy.ndimage import generate_binary_structure

from . import _scipy
from ._arrays import Array, readable
from ._dropin import LeftToSciPy, axes_of, for_each, same_as_scipy
from ._kernel import Kernel, kernel_of, prepared
from ._outputs import run_into
from ._prepared import is_plain
from ._remembered import Ready, remembered, weights_key, weights_of

__all__ = [
    "binary_closing",
    "binary_dilation",
    "binary_erosion",
    "binary_fill_holes",
    "binary_hit_or_miss",
    "binary_opening",
    "binary_propagation",
]

#: Zeros and ones.
Bits = NDArray[np.uint8]

# After this many passes over the whole image SciPy goes on, which then only looks at the pixels around those that have changed. It is
# fewer where nobody knows how many there will be.
_MOST_PASSES = 24
_MOST_UNCOUNTED_PASSES = 8


@remembered
def _eroded(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    wanted: np.dtype[Any],
    structure: Any,
    border: bool,
    origin: Any,
    axes: Any,
    dilated: bool,
) -> Ready:
    if dtype.kind != "b" or wanted.kind != "b":
        raise LeftToSciPy
    cells = None if structure is None else weights_of(structure)
    erosion = _Erosion.of(np.broadcast_to(False, shape), cells, None, border, origin, axes)
    return (erosion.of_the_background() if dilated else erosion).ready(shape)


def _usual(
    input: Array,
    structure: Any = None,
    iterations: Any = 1,
    mask: Any = None,
    output: Any = None,
    border_value: Any = 0,
    origin: Any = 0,
    brute_force: Any = False,
    *,
    axes: Any = None,
    dilated: bool,
) -> Array | None:
    if input.dtype.kind != "b":
        return None
    if mask is not None or iterations != 1 or type(iterations) is not int or type(border_value) not in (int, bool):
        return None
    if not (is_plain(origin) and is_plain(axes) and type(brute_force) is bool):
        return None
    key = None
    if structure is not None and (key := weights_key(structure)) is None:
        return None
    return _eroded(input, output, key, bool(border_value), origin, axes, dilated)


@functools.partial(same_as_scipy, usual=functools.partial(_usual, dilated=False))
def binary_erosion(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    mask: ArrayLike | None = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """Where the structure fits into the image, as ``scipy.ndimage.binary_erosion``.

    >>> from hoodoo.ndimage import binary_erosion
    >>> binary_erosion([0, 1, 1, 1, 0]).astype(int)
    array([0, 0, 1, 0, 0])
    """
    erosion = _Erosion.of(np.asarray(input), structure, mask, border_value, origin, axes)
    return erosion.repeated(input, iterations, output, brute_force)


@functools.partial(same_as_scipy, usual=functools.partial(_usual, dilated=True))
def binary_dilation(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    mask: ArrayLike | None = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    brute_force: bool = False,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """Where the mirrored structure touches the image, as ``scipy.ndimage.binary_dilation``.

    >>> from hoodoo.ndimage import binary_dilation
    >>> binary_dilation([0, 0, 1, 0, 0]).astype(int)
    array([0, 1, 1, 1, 0])
    """
    erosion = _Erosion.of(np.asarray(input), structure, mask, border_value, origin, axes)
    return erosion.of_the_background().repeated(input, iterations, output, brute_force)


@same_as_scipy
def binary_opening(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    output: Any = None,
    origin: int | Sequence[int] = 0,
    mask: ArrayLike | None = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """A dilated erosion, as ``scipy.ndimage.binary_opening``.

    >>> from hoodoo.ndimage import binary_opening
    >>> binary_opening([0, 1, 1, 1, 0, 1, 0]).astype(int)
    array([0, 1, 1, 1, 0, 0, 0])
    """
    rest = (border_value, origin, brute_force)
    eroded = binary_erosion(input, structure, iterations, mask, None, *rest, axes=axes)
    return binary_dilation(eroded, structure, iterations, mask, output, *rest, axes=axes)


@same_as_scipy
def binary_closing(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    iterations: int = 1,
    output: Any = None,
    origin: int | Sequence[int] = 0,
    mask: ArrayLike | None = None,
    border_value: int = 0,
    brute_force: bool = False,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """An eroded dilation, as ``scipy.ndimage.binary_closing``.

    >>> from hoodoo.ndimage import binary_closing
    >>> binary_closing([0, 1, 1, 0, 1, 1, 0]).astype(int)
    array([0, 1, 1, 1, 1, 1, 0])
    """
    rest = (border_value, origin, brute_force)
    dilated = binary_dilation(input, structure, iterations, mask, None, *rest, axes=axes)
    return binary_erosion(dilated, structure, iterations, mask, output, *rest, axes=axes)


@same_as_scipy
def binary_hit_or_miss(
    input: ArrayLike,
    structure1: ArrayLike | None = None,
    structure2: ArrayLike | None = None,
    output: Any = None,
    origin1: int | Sequence[int] = 0,
    origin2: int | Sequence[int] | None = None,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array | None:
    """Where one structure fits into the image and another misses it, as ``scipy.ndimage.binary_hit_or_miss``.

    >>> from hoodoo.ndimage import binary_hit_or_miss
    >>> binary_hit_or_miss([0, 1, 1, 1, 0, 1, 0], structure1=[0, 1, 0]).astype(int)
    array([0, 0, 0, 0, 0, 1, 0])
    """
    image = np.asarray(input)
    hit = _Erosion.of(image, structure1, None, 0, origin1, axes)
    missed = np.logical_not(hit.structure) if structure2 is None else structure2
    miss = _Erosion.of(image, missed, None, 0, origin1 if origin2 is None else origin2, axes)
    hits = hit.repeated(image, 1, None, False)
    misses = replace(miss, of_ones=False).repeated(image, 1, output, False)
    np.logical_not(misses, misses)
    if isinstance(output, np.ndarray):
        # As in SciPy, who gives an array gets nothing back.
        np.logical_and(hits, output, output)
        return None
    return np.logical_and(hits, misses)


@same_as_scipy
def binary_propagation(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    output: Any = None,
    border_value: int = 0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """Dilations inside a mask until nothing changes, as ``scipy.ndimage.binary_propagation``.

    >>> from hoodoo.ndimage import binary_propagation
    >>> binary_propagation([0, 1, 0, 0, 0, 0], mask=[1, 1, 1, 0, 1, 1]).astype(int)
    array([1, 1, 1, 0, 0, 0])
    """
    return binary_dilation(input, structure, -1, mask, output, border_value, origin, axes=axes)


@same_as_scipy
def binary_fill_holes(
    input: ArrayLike,
    structure: ArrayLike | None = None,
    output: Any = None,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array | None:
    """The image without its holes, as ``scipy.ndimage.binary_fill_holes``.

    >>> from hoodoo.ndimage import binary_fill_holes
    >>> binary_fill_holes([[1, 1, 1], [1, 0, 1], [1, 1, 1]]).all()
    np.True_
    """
    background = np.logical_not(input)
    outside = np.zeros(background.shape, bool)
    into = output if isinstance(output, np.ndarray) else None
    reached = binary_dilation(outside, structure, -1, background, into, 1, origin, axes=axes)
    np.logical_not(reached, reached)
    return None if into is not None else reached


@dataclass(frozen=True)
class _Erosion:
    """An erosion of an image, or of its background, which dilates the image."""

    structure: NDArray[np.bool_]
    axes: tuple[int, ...]
    origins: Sequence[int]
    #: Where other pixels than these stay as they are.
    mask: Array | None
    #: What lies outside of the image.
    border: bool
    #: False for an erosion of the background.
    of_ones: bool = True

    @staticmethod
    def of(image: Array, structure: Any, mask: Any, border_value: Any, origin: Any, axes: Any) -> _Erosion:
        """The erosion that these arguments of SciPy's functions mean."""
        named = axes_of(axes, image.ndim)
        if structure is None:
            structure = generate_binary_structure(len(named), 1)
        cells = np.asarray(structure, dtype=bool)
        # In another order of axes, SciPy's dilations mix up the lengths of the structure.
        if image.ndim == 0 or cells.ndim != len(named) or cells.size == 0 or list(named) != sorted(named):
            raise LeftToSciPy
        if mask is not None:
            mask = np.asarray(mask)
            if mask.shape != image.shape:
                raise LeftToSciPy
            mask = (mask != 0) if mask.dtype.kind != "b" else mask
        along, origins = named, for_each(origin, len(named))
        for one, length in zip(origins, cells.shape, strict=True):
            # Not left to SciPy, which reads other memory then.
            _scipy.check_origin(one, length)
        try:
            # It is an int of C there.
            border = bool(np.int32(operator.index(border_value)))
        except (OverflowError, TypeError):
            raise LeftToSciPy from None
        return _Erosion(cells, along, origins, mask, border)

    def of_the_background(self) -> _Erosion:
        """The erosion of the background by the mirrored structure."""
        origins = [-one - (length % 2 == 0) for one, length in zip(self.origins, self.structure.shape, strict=True)]
        return replace(self, structure=np.flip(self.structure), origins=origins, of_ones=not self.of_ones)

    def repeated(self, input: ArrayLike, iterations: int, output: Any, brute_force: bool) -> Array:
        """The image after so many erosions, or, if the number is not positive, after as many as change it."""
        image = np.asarray(input)
        target = _binary_target(image, output)
        try:
            count = operator.index(iterations)
        except TypeError:
            raise LeftToSciPy from None
        if self.mask is not None and count != 1 and target.dtype.kind == "f":
            # SciPy computes something else with outputs of floats than with others.
            raise LeftToSciPy
        if count < 1 and not self._keeps_the_middle():
            # It may never end.
            raise LeftToSciPy
        bits = _bits(image)
        passes = 0
        is_stable = False
        most = _MOST_PASSES if count >= 1 else _MOST_UNCOUNTED_PASSES
        while not is_stable and (passes < count or count < 1):
            if passes == most:
                return self._rest(bits, count - passes if count >= 1 else count, target, brute_force)
            eroded = np.empty(image.shape, np.uint8)
            self._once(bits, eroded)
            passes += 1
            # To look takes about as long as a pass.
            is_stable = (count < 1 or passes % 8 == 0) and np.array_equal(bits, eroded)
            bits = eroded
        np.copyto(target, bits, casting="unsafe")
        return target

    def _once(self, bits: Bits, eroded: Bits) -> None:
        inputs = [bits] if self.mask is None else [bits, readable(self.mask.view(np.uint8))]
        run_into(prepared(self._kernel(), size=None, **self._window()), inputs, [eroded])

    def _window(self) -> dict[str, Any]:
        window: dict[str, Any] = {"footprint": self.structure, "axes": self.axes, "origin": self.origins, "cast": "wrap"}
        return {**window, "mode": "constant", "cval": float(self.border)}

    def ready(self, shape: tuple[int, ...]) -> Ready:
        """What erodes small images once."""
        once = self._kernel().prepare(shape, np.uint8, output=np.uint8, threads=1, **self._window())

        def eroded(image: Array, output: Array | None = None) -> Array:
            made: Array = once(_bits(image)).view(np.bool_)
            if output is None:
                return made
            output[...] = made
            return output

        return eroded

    def _kernel(self) -> Kernel:
        # Without cells everything fits.
        least, none = ("min", 1) if self.of_ones else ("max", 0)
        eroded = f"{least}(w)" if self.structure.any() else f"{none}"
        if self.mask is None:
            return kernel_of(eroded)
        middle = ", ".join(["0"] * len(self.axes))
        return kernel_of(f"input w, m; if m[{middle}] != 0 then {eroded} else w[{middle}]")

    def _keeps_the_middle(self) -> bool:
        """Whether the pixel itself is in the window, so that repetition comes to an end."""
        middle = tuple(one + length // 2 for one, length in zip(self.origins, self.structure.shape, strict=True))
        return bool(self.structure[middle])

    def _rest(self, bits: Bits, iterations: int, target: Array, brute_force: bool) -> Array:
        """What SciPy makes of the remaining iterations."""
        erosion = self if self.of_ones else self.of_the_background()
        function = _scipys_erosion if self.of_ones else _scipys_dilation
        # Structure and origins are in the order of the array's axes by now, and so are `axes`.
        options = {"border_value": int(self.border), "origin": list(erosion.origins), "axes": self.axes}
        result: Array = function(
            bits, erosion.structure, iterations, self.mask, target, brute_force=brute_force, **options
        )
        return result


def _bits(image: Array) -> Bits:
    """Where the image is not zero."""
    if image.dtype.kind == "b":
        return readable(image).view(np.uint8)
    _check_types(image)
    return np.not_equal(image, 0).view(np.uint8)


def _binary_target(image: Array, output: Any) -> Array:
    """Where to write: as in SciPy, what is not an array is not asked for."""
    if not isinstance(output, np.ndarray):
        return np.empty(image.shape, bool)
    _check_types(output)
    if output.shape != image.shape or not output.flags.writeable:
        raise LeftToSciPy
    return output


def _check_types(array: Array) -> None:
    try:
        _scipy.check_types(array)
    except RuntimeError:
        raise LeftToSciPy from None
