"""Calls with small images that are made again and again: SciPy's own function does the first ones, and from then on what was prepared.

Only for functions whose values are SciPy's to the last bit, so that nobody can tell who has filtered an image.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._arrays import Array
from ._dropin import LeftToSciPy
from ._kernel import Kernel
from ._scipy import usual_type

#: Filters an image of the shape and the type that it was prepared for, into an array if there is one as ``output``.
Ready = Callable[..., Array]

#: So many calls of a kind are left to SciPy. To make code takes as long as some hundred of them, and many programs make only a few.
few_calls = 100

#: To compare more weights with those of other calls would take longer.
_MOST_WEIGHTS = 1024


class _Kind:
    """Calls that are the same but for the elements of the image."""

    __slots__ = ("_build", "_calls", "_counting", "_ready")

    def __init__(self, build: Callable[[], Ready]) -> None:
        self._build = build
        # Without the GIL, neither an addition nor a counter of itertools promises each thread a number of its own.
        self._counting = threading.Lock()
        self._calls = 0
        self._ready: Ready | None = None

    def ready(self) -> Ready | None:
        """What filters the image of one more call, if SciPy is not to."""
        if self._ready is None and self._count() == few_calls + 1:
            try:
                self._ready = self._build()
            except (IndexError, LeftToSciPy, OverflowError, RuntimeError, TypeError, ValueError):
                # SciPy says what is wrong, or does what we don't.
                pass
        return self._ready

    def _count(self) -> int:
        with self._counting:
            self._calls += 1
            return self._calls


def remembered(build: Callable[..., Ready]) -> Callable[..., Array | None]:
    """A function that filters an image into a new array, or into one that is given, in calls with arguments that others had before; what it
    is told of them has a hash, and `build` makes of it, and of the image's shape and type and the result's type, what filters such images.

    It gives None for an image that SciPy's own function is to filter.
    """

    @functools.lru_cache(maxsize=256, typed=True)
    def kind(*key: Any) -> _Kind:
        return _Kind(functools.partial(build, *key))

    def filtered(image: Array, output: Any, *key: Any) -> Array | None:
        dtype = image.dtype
        wanted: np.dtype[Any] | None = dtype
        if dtype.kind not in "biuf" or dtype.itemsize == 2 and dtype.kind == "f" or not dtype.isnative or image.size == 0:
            return None
        if output is not None and not is_plain_output(output, image):
            wanted = usual_type(output)
            if wanted is None:
                return None
            output = None
        try:
            ready = kind(image.shape, dtype, wanted, *key).ready()
        except TypeError:
            # Something of the arguments has no hash.
            return None
        if ready is None:
            return None
        return ready(image) if output is None else ready(image, output=output)

    return filtered


def is_plain_output(output: Any, image: Array) -> bool:
    """Whether an output is an array like the image."""
    return type(output) is np.ndarray and output.dtype == image.dtype and output.shape == image.shape and output.flags.writeable


def weights_key(weights: Any) -> tuple[tuple[int, ...], np.dtype[Any], bytes] | None:
    """What tells weights from others."""
    if type(weights) is not np.ndarray:
        weights = np.asarray(weights)
    if weights.dtype.kind not in "biuf" or not 0 < weights.size <= _MOST_WEIGHTS:
        return None
    return weights.shape, weights.dtype, weights.tobytes()


def weights_of(key: tuple[tuple[int, ...], np.dtype[Any], bytes]) -> Array:
    """The weights."""
    shape, dtype, values = key
    return np.frombuffer(values, dtype).reshape(shape)


def one_step(kernel: Kernel, shape: tuple[int, ...], dtype: np.dtype[Any], wanted: np.dtype[Any], **options: Any) -> Ready:
    """A kernel as one of SciPy's filters, from one type to another."""
    return kernel.prepare(shape, dtype, output=wanted, cast="wrap", threads=1, **options)


def chained(steps: Sequence[Ready]) -> Ready:
    """One step after the other."""
    if len(steps) == 1:
        return steps[0]

    def ready(image: Array, output: Array | None = None) -> Array:
        for step in steps[:-1]:
            image = step(image)
        return steps[-1](image, output=output)

    return ready
