"""Arrays with units of the libraries that have them: a kernel refuses them, and SciPy's functions take them as SciPy does."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import scipy.ndimage

import hoodoo

# It can't be imported any more once other tests have made a shell of IPython.
with contextlib.suppress(ImportError):
    import astropy.nddata
    import astropy.units  # noqa: F401


def with_pint():
    return np.arange(5.0) * pytest.importorskip("pint").UnitRegistry().metre


def with_astropy():
    return np.arange(5.0) * pytest.importorskip("astropy.units").m


def with_ccd():
    return pytest.importorskip("astropy.nddata").CCDData(np.arange(5.0), unit="adu")


@pytest.mark.parametrize("make", [with_pint, with_astropy, with_ccd])
def test_a_kernel_does_not_lose_a_unit(make):
    quantity = make()
    with pytest.raises(TypeError, match="the unit of this .* would be lost"):
        hoodoo.Kernel("max(w)")(quantity, size=3)
    with pytest.raises(TypeError, match="the unit of this .* would be lost"):
        hoodoo.Kernel("max(w)").prepare((5,), size=3)(quantity)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [with_pint, with_astropy])
@pytest.mark.parametrize("name", ["median_filter", "minimum_filter", "uniform_filter", "gaussian_filter"])
def test_scipys_functions_take_them_as_scipy_does(make, name):
    import hoodoo.ndimage

    given = getattr(hoodoo.ndimage, name)(make(), 3)
    expected = getattr(scipy.ndimage, name)(make(), 3)
    assert type(given) is type(expected)
    np.testing.assert_allclose(given, expected)
