"""scikit-image with Hoodoo underneath: a backend to which scikit-image dispatches, and its rank filters to be called by name.

>>> import numpy as np
>>> from hoodoo.skimage import rank
>>> rank.median(np.array([[1, 9, 2], [8, 3, 7], [4, 6, 5]], np.uint8), np.ones((3, 3)))
array([[8, 7, 7],
       [6, 5, 6],
       [6, 6, 6]], dtype=uint8)

The package registers this module as a backend, by the entry points ``skimage_backends`` and ``skimage_backend_infos``. Which functions
are dispatched is scikit-image's to say: those of version 0.26 are none that look at neighbourhoods. What is not accepted here is left to
scikit-image, and so are arguments that are not right.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from hoodoo import _rank
from hoodoo._arrays import Array
from hoodoo._filters import median_filter
from hoodoo._morphology import grey_dilation, grey_erosion

__all__ = ["can_has", "get_implementation", "information", "rank"]

#: SciPy's modes that these functions of scikit-image have, too.
_MODES = {"reflect", "constant", "nearest", "mirror", "wrap"}


def information() -> SimpleNamespace:
    """What scikit-image asks of a backend: which functions it has."""
    return SimpleNamespace(supported_functions=sorted(_FUNCTIONS))


def can_has(name: str, *arguments: Any, **keywords: Any) -> bool:
    """Whether a call of the function of that name, such as ``skimage.filters.rank:median``, is done here."""
    given = _given(name, arguments, keywords)
    return given is not None and _FUNCTIONS[name][0](given)


def get_implementation(name: str) -> Callable[..., Array]:
    """What does the calls that are accepted."""

    def implementation(*arguments: Any, **keywords: Any) -> Array:
        given = _given(name, arguments, keywords)
        assert given is not None, "only calls that are accepted come here"
        return _FUNCTIONS[name][1](given)

    return implementation


@functools.cache
def _signature(name: str) -> inspect.Signature:
    return inspect.signature(_theirs(name))


def _theirs(name: str) -> Callable[..., Any]:
    """scikit-image's function of that name."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _given(name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments of a call by their names; none if they are not those of the function."""
    try:
        bound = _signature(name).bind(*arguments, **keywords)
    except TypeError:
        return None
    bound.apply_defaults()
    return bound.arguments


def _is_usual(given: dict[str, Any]) -> bool:
    """Whether a filter of `scipy.ndimage` does a call: that of an array of numbers, with a footprint that is one array."""
    image, footprint, out = given["image"], given["footprint"], given["out"]
    return (
        type(image) is np.ndarray
        and image.dtype.kind in "uif"
        and image.dtype != np.float16
        and type(footprint) is np.ndarray
        and footprint.ndim == image.ndim
        # scikit-image pads those of even lengths.
        and all(length % 2 == 1 for length in footprint.shape)
        and (out is None or type(out) is np.ndarray and out.shape == image.shape and out.dtype == image.dtype)
        and given["mode"] in _MODES
        and given.get("behavior", "ndimage") == "ndimage"
    )


def _along(filter: Callable[..., Array], mirrored: bool = False) -> Callable[[dict[str, Any]], Array]:
    """A function of `scipy.ndimage` for the arguments of one of scikit-image."""

    def implementation(given: dict[str, Any]) -> Array:
        footprint = np.flip(given["footprint"]) if mirrored else given["footprint"]
        options = {name: given[name] for name in ("mode", "cval")}
        return filter(given["image"], footprint=footprint, output=given["out"], **options)

    return implementation


#: For each function of scikit-image that there is: whether a call of it is done here, and what does it.
_FUNCTIONS: dict[str, tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], Array]]] = {
    "skimage.filters:median": (_is_usual, _along(median_filter)),
    "skimage.morphology:erosion": (_is_usual, _along(grey_erosion)),
    # SciPy mirrors the footprint, and scikit-image does not.
    "skimage.morphology:dilation": (_is_usual, _along(grey_dilation, mirrored=True)),
    **{
        f"skimage.filters.rank:{name}": (functools.partial(_rank.accepts, name), functools.partial(_rank.filtered, name))
        for name in _rank.NAMES
    },
}


class _Rank:
    """``skimage.filters.rank``, whose filters are Hoodoo's where they accept a call."""

    def __getattr__(self, name: str) -> Any:
        theirs = _theirs(f"skimage.filters.rank:{name}")
        if name not in _rank.NAMES:
            return theirs

        @functools.wraps(theirs)
        def either(*arguments: Any, **keywords: Any) -> Any:
            given = _given(f"skimage.filters.rank:{name}", arguments, keywords)
            if given is not None and _rank.accepts(name, given):
                return _rank.filtered(name, given)
            return theirs(*arguments, **keywords)

        self.__dict__[name] = either
        return either

    def __dir__(self) -> list[str]:
        return sorted(importlib.import_module("skimage.filters.rank").__all__)


#: The rank filters of scikit-image.
rank = _Rank()
