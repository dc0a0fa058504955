"""A pytest plugin for the data of scikit-image's tests of rank filters, which are downloaded otherwise.

Those of images are in its sources, from where the tests run. Those of volumes are what scikit-image itself gives, in the types of its file.
"""

import tempfile
import warnings
from pathlib import Path

import numpy as np
from skimage._shared import testing
from skimage.filters import rank
from skimage.morphology import ball

fetch = testing.fetch

# Those of scikit-image, whatever is put in their place later.
THEIRS = {name: getattr(rank, name) for name in getattr(rank, "__3Dfilters")}


def local(name):
    if name == "data/rank_filter_tests.npz":
        return str(Path("src/skimage") / name)
    return str(volumes()) if name == "data/rank_filters_tests_3d.npz" else fetch(name)


def volumes():
    """A file with what each filter gives of the volume of the tests."""
    volume = np.random.RandomState(0).rand(10, 10, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {name: function(volume, ball(1)) for name, function in THEIRS.items()}
    path = Path(tempfile.mkdtemp()) / "volumes.npz"
    np.savez(path, **expected)
    return path


testing.fetch = local
