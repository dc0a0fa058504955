"""Filters over pixel neighbourhoods, from small expressions that are compiled to machine code.

>>> import numpy as np
>>> import hoodoo
>>> gradient = hoodoo.Kernel("max(w) - min(w)")
>>> gradient(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), size=3)
array([[4, 5, 4],
       [7, 8, 7],
       [4, 5, 4]])
"""

from ._errors import KernelError
from ._filters import (
    maximum_filter,
    maximum_filter1d,
    median_filter,
    minimum_filter,
    minimum_filter1d,
    percentile_filter,
    rank_filter,
    uniform_filter,
    uniform_filter1d,
)
from ._generic import generic_filter, generic_filter1d
from ._jupyter import load_ipython_extension, preview
from ._kernel import Kernel
from ._morphology import (
    black_tophat,
    grey_closing,
    grey_dilation,
    grey_erosion,
    grey_opening,
    morphological_gradient,
    white_tophat,
)

__all__ = [
    "Kernel",
    "KernelError",
    "black_tophat",
    "generic_filter",
    "generic_filter1d",
    "grey_closing",
    "grey_dilation",
    "grey_erosion",
    "grey_opening",
    "load_ipython_extension",
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "morphological_gradient",
    "percentile_filter",
    "preview",
    "rank_filter",
    "uniform_filter",
    "uniform_filter1d",
    "white_tophat",
]
__version__ = "0.1.0"
