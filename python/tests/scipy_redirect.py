"""A pytest plugin that puts this package's functions in the place of those of ``scipy.ndimage``."""

import scipy.ndimage
from scipy._lib._array_api import xp_capabilities_table

import hoodoo

REDIRECTED = [
    "black_tophat",
    "generic_filter",
    "generic_filter1d",
    "grey_closing",
    "grey_dilation",
    "grey_erosion",
    "grey_opening",
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "morphological_gradient",
    "percentile_filter",
    "rank_filter",
    "uniform_filter",
    "uniform_filter1d",
    "white_tophat",
]

for name in REDIRECTED:
    ours, theirs = getattr(hoodoo, name), getattr(scipy.ndimage, name)
    # SciPy's tests look up what a function can do by the function itself.
    xp_capabilities_table[ours] = xp_capabilities_table[theirs]
    setattr(scipy.ndimage, name, ours)
