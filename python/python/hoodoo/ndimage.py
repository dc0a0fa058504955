"""All of ``scipy.ndimage``, with Hoodoo behind every function that looks at neighbourhoods: changing the import is enough.

>>> import hoodoo.ndimage as ndimage
>>> ndimage.gaussian_filter([0.0, 0.0, 8.0, 0.0, 0.0], sigma=1).round(2)
array([0.47, 1.94, 3.19, 1.94, 0.47])
>>> ndimage.label([0, 1, 1, 0, 1])
(array([0, 1, 1, 0, 2], dtype=int32), 2)

Signatures, results and exceptions are SciPy's. Functions that don't look at neighbourhoods are SciPy's own, and so is the work on images
that are so small that a call would take longer than SciPy takes altogether.
"""

# ruff: noqa: F403, F405
from scipy import ndimage as _theirs
from scipy.ndimage import *

from ._binary import (
    binary_closing,
    binary_dilation,
    binary_erosion,
    binary_fill_holes,
    binary_hit_or_miss,
    binary_opening,
    binary_propagation,
)
from ._correlate import convolve, convolve1d, correlate, correlate1d
from ._derivatives import (
    gaussian_filter,
    gaussian_filter1d,
    gaussian_gradient_magnitude,
    gaussian_laplace,
    generic_gradient_magnitude,
    generic_laplace,
    laplace,
    prewitt,
    sobel,
)
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
from ._morphology import (
    black_tophat,
    grey_closing,
    grey_dilation,
    grey_erosion,
    grey_opening,
    morphological_gradient,
    morphological_laplace,
    white_tophat,
)
from ._vectorized import vectorized_filter

__all__ = [*_theirs.__all__]
