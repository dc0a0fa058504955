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


@pytest.mark.parametrize("make", [with_pint, with_astropy])
def test_nor_that_of_what_is_given_beside_the_image(make):
    unit, image = make()[:1], np.arange(5.0)
    quantity = [1, 0, 1] * unit
    weighted = hoodoo.Kernel("weights k; sum(k * w)")
    for wrong in (
        lambda: weighted(image, size=3, k=quantity),
        lambda: hoodoo.Kernel("weights k; sum(k * w)", k=quantity),
        lambda: hoodoo.Kernel("max(w)")(image, size=3, mask=make()),
        lambda: hoodoo.Kernel("max(w)")(image, footprint=quantity),
    ):
        with pytest.raises(TypeError, match="the unit of this .* would be lost"):
            wrong()


def test_what_has_no_dimension_is_a_number():
    image, kernel = np.arange(5.0), hoodoo.Kernel("max(w)")
    expected = kernel(image, size=3)
    units, table = pytest.importorskip("astropy.units"), pytest.importorskip("astropy.table")
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry()
    for same in (image * units.dimensionless_unscaled, table.Column(image), image * registry.dimensionless):
        np.testing.assert_array_equal(kernel(same, size=3), expected)
    for wrong in (image * units.percent, image * registry.percent, table.Column(image, unit="m"), np.empty(5) * units.m):
        with pytest.raises(TypeError, match="unit"):
            kernel(wrong, size=3)
    with pytest.raises(TypeError, match="has a unit"):
        kernel(image, size=3, output=np.empty(5) * units.m)


def test_masks_of_astropy():
    utils, table = pytest.importorskip("astropy.utils.masked"), pytest.importorskip("astropy.table")
    image, mask, kernel = np.arange(5.0), np.array([0, 1, 0, 0, 0], bool), hoodoo.Kernel("mean(w)")
    expected = kernel(np.ma.MaskedArray(image, mask), size=3)
    given = kernel(utils.Masked(image, mask), size=3)
    assert isinstance(given, utils.Masked)
    np.testing.assert_array_equal(given.mask, expected.mask)
    np.testing.assert_array_equal(given.unmasked[~mask], expected.compressed())
    column = kernel(table.MaskedColumn(image, mask=mask), size=3)
    np.testing.assert_array_equal(column.mask, expected.mask)
    for wrong in (table.MaskedColumn(image, mask=mask, unit="m"), utils.Masked(image * pytest.importorskip("astropy.units").m, mask)):
        with pytest.raises(TypeError, match="the unit of this"):
            kernel(wrong, size=3)
    with pytest.raises(TypeError, match="output.unmasked"):
        kernel(image, size=3, output=utils.Masked(image))
