"""Filters over pixel neighbourhoods, from small expressions that are compiled to machine code.

>>> import numpy as np
>>> import hoodoo
>>> gradient = hoodoo.Kernel("max(w) - min(w)")
>>> gradient(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), size=3)
array([[4, 5, 4],
       [7, 8, 7],
       [4, 5, 4]])

`language()` is the kernel language on one page, and `gallery` has kernels to start from. ``hoodoo.ndimage`` is ``scipy.ndimage`` with Hoodoo behind every function that looks at
neighbourhoods, ``hoodoo.dask`` filters Dask arrays, and ``hoodoo.xarray`` gives labelled arrays the accessor ``hoodoo``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ._errors import KernelError, TracingError
from ._kernel import Kernel

if TYPE_CHECKING:
    from ._explore import *
    from ._filters import *
    from ._gallery import *
    from ._generic import *
    from ._hoodoo import Prepared as Prepared
    from ._jupyter import *
    from ._language import *
    from ._morphology import *
    from ._rolling import *
    from ._trace import *
    from ._traced import *
    from ._window import *

__version__: str
"""The version of the package."""

#: Where what is imported when it is first used is defined: of each module its ``__all__``, which can't be read without importing it, and
#: SciPy, which most of them need, takes longer to import than all the rest.
_DEFINED_IN = {
    name: module
    for module, names in {
        "._explore": "explore",
        "._filters": "maximum_filter maximum_filter1d median_filter minimum_filter minimum_filter1d percentile_filter"
        " rank_filter uniform_filter uniform_filter1d",
        "._gallery": "gallery",
        "._generic": "generic_filter generic_filter1d",
        "._hoodoo": "Prepared",
        "._jupyter": "load_ipython_extension preview",
        "._language": "language",
        "._morphology": "black_tophat grey_closing grey_dilation grey_erosion grey_opening morphological_gradient"
        " morphological_laplace white_tophat",
        "._rolling": "rolling",
        "._trace": "kernel",
        "._traced": "coord dist extent fold offset require where",
        "._window": "footprint",
    }.items()
    for name in names.split()
}

__all__ = ["Kernel", "KernelError", "TracingError", *_DEFINED_IN]

_MODULES = {"dask", "ndimage", "skimage", "xarray"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # Looked up by the installed package, as it is one number with that of the library in Rust.
        from importlib.metadata import version

        return version(__name__)
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _DEFINED_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=importlib.import_module(__name__))
    value = getattr(importlib.import_module(_DEFINED_IN[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_DEFINED_IN, *_MODULES})
