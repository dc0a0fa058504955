"""All of ``scipy.ndimage``, with Hoodoo behind every function that looks at neighbourhoods: changing the import is enough.

>>> import hoodoo.ndimage as ndimage
>>> ndimage.gaussian_filter([0.0, 0.0, 8.0, 0.0, 0.0], sigma=1).round(2)
array([0.47, 1.94, 3.19, 1.94, 0.47])
>>> ndimage.label([0, 1, 1, 0, 1])
(array([0, 1, 1, 0, 2], dtype=int32), 2)

Signatures, results and exceptions are SciPy's. Functions that don't look at neighbourhoods are SciPy's own, and so is the work on images
that are so small that a call would take longer than SciPy takes altogether. As in SciPy, the mask of a masked array means nothing; here a
warning says so. `generic_filter` with a kernel leaves masked cells out.
"""

# ruff: noqa: F403
from scipy import ndimage as _theirs
from scipy.ndimage import *

from ._binary import *
from ._correlate import *
from ._derivatives import *
from ._filters import *
from ._generic import *
from ._morphology import *
from ._vectorized import *

__all__ = [*_theirs.__all__]
