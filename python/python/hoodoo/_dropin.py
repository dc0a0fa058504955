"""Functions in the place of SciPy's: when SciPy's own does the work after all."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import scipy
from scipy import ndimage

from . import _scipy
from ._arrays import MOST_AXES, Array
from ._kernel import Kernel, number

_F = TypeVar("_F", bound=Callable[..., Any])

#: An image of fewer elements is filtered by SciPy's own function, which has finished before a run of ours has begun. Only functions
#: whose values are SciPy's to the last bit leave images to it, so that nobody can tell.
smallest = 1 << 14


class LeftToSciPy(Exception):
    """Raised by a function of this package for arguments that SciPy's own function of this name is to take, or to refuse."""


def same_as_scipy(function: _F, usual: Callable[..., Any] | None = None) -> _F:
    """A function whose values are those of SciPy's function of this name to the last bit: that does what the other leaves to it.

    Arguments that are not right are left to SciPy, too. So its exceptions are SciPy's own. Small images are SciPy's as well, but for those
    of which `usual`, with the same arguments, makes something.
    """
    return _replacement(function, True, usual)


def replaces_scipy(function: _F) -> _F:
    """As `same_as_scipy`, for a function whose values differ from SciPy's in their rounding, which small images don't change."""
    return _replacement(function, False, None)


def _replacement(function: _F, small_too: bool, usual: Callable[..., Any] | None) -> _F:
    theirs = getattr(ndimage, function.__name__, None)

    @functools.wraps(function)
    def either(input: Any, *arguments: Any, **keywords: Any) -> Any:
        if small_too and theirs is not None and type(input) is np.ndarray and input.size < smallest:
            # At once: what is asked before takes part of so short a time.
            if usual is not None:
                try:
                    made = usual(input, *arguments, **keywords)
                except TypeError:
                    # SciPy says what is wrong with the arguments.
                    made = None
                if made is not None:
                    return made
            return theirs(input, *arguments, **keywords)
        image = _scipy.image_of(input)
        if not small_too or image.size >= smallest:
            try:
                return function(image, *arguments, **keywords)
            except LeftToSciPy:
                pass
        if theirs is None:
            raise NotImplementedError(f"this is left to SciPy, and SciPy {scipy.__version__} has no {function.__name__}")
        return theirs(input, *arguments, **keywords)

    return either  # type: ignore[return-value]


def run(kernel: Kernel, image: Array, target: Array, *, cval: Any, **window: Any) -> Array:
    """Runs a kernel as `_scipy.filtered` does, on arrays of SciPy's types."""
    if image.ndim > MOST_AXES:
        raise LeftToSciPy
    try:
        _scipy.check_types(image, target)
        number(cval, "cval")
    except (RuntimeError, TypeError):
        raise LeftToSciPy from None
    return _scipy.filtered(kernel, image, target, **window, cval=cval)


def _checked(reader: _F) -> _F:
    """What reads an argument, for arguments that SciPy is to refuse."""

    @functools.wraps(reader)
    def checked(*arguments: Any) -> Any:
        try:
            return reader(*arguments)
        except (IndexError, RuntimeError, TypeError, ValueError):
            raise LeftToSciPy from None

    return checked  # type: ignore[return-value]


for_each = _checked(_scipy.for_each)
axes_of = _checked(_scipy.axes_of)
axis_of = _checked(_scipy.axis_of)
placed = _checked(_scipy.placed)
mode_of = _checked(_scipy.checked_mode)
check_origin = _checked(_scipy.check_origin)
