"""64-bit integers beyond 2^53 keep every bit where they are only chosen, in kernels and in SciPy's functions."""

import numpy as np
import pytest
from scipy import ndimage as scipy_ndimage

import hoodoo
import hoodoo.ndimage as ndimage

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
TYPES = [np.int64, np.uint64]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("engine", ["rows", "interpreter"])
@pytest.mark.parametrize("kernel", ["w[0]", "min(w)", "max(w)", "median(w)", "rank(w, 0)", "nth(w, 0)", "mode(w)", "if w[0] > 3 then w[0] else 3"])
def test_what_is_chosen(kernel, engine, dtype):
    numbers = np.array([2**53 + 1, 2**53 + 3, 2**62 + 5], dtype)
    np.testing.assert_array_equal(hoodoo.Kernel(kernel)(numbers, size=1, engine=engine), numbers)


@pytest.mark.parametrize("dtype", TYPES)
def test_functions_of_scipy(dtype):
    numbers = np.array([2**53 + 1, 2**53 + 3, 2**62 + 5], dtype)
    for function in (ndimage.minimum_filter, ndimage.grey_erosion, ndimage.grey_dilation, ndimage.median_filter):
        np.testing.assert_array_equal(function(numbers, size=1), numbers)
    rows = np.array([[2**53 + 1, 2**53 + 2, 2**53 + 3], [2**60 + 1, 2**60 + 3, 2**60 + 2]], dtype)
    assert ndimage.minimum_filter(rows, size=(1, 3)).tolist() == [[2**53 + 1] * 2 + [2**53 + 2], [2**60 + 1] * 2 + [2**60 + 2]]
    assert ndimage.maximum_filter(rows, size=(1, 3)).tolist() == [[2**53 + 2] + [2**53 + 3] * 2, [2**60 + 3] * 3]
    assert ndimage.median_filter(rows, size=(1, 3)).tolist() == [[2**53 + 1, 2**53 + 2, 2**53 + 3], [2**60 + 1, 2**60 + 2, 2**60 + 2]]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("mode", ["reflect", "nearest", "mirror", "wrap"])
def test_the_ends_of_the_types(mode, dtype):
    """As a double the largest number is one more, which is none of the type's."""
    for number in (np.iinfo(dtype).max, np.iinfo(dtype).min):
        image = np.full((4, 5), number, dtype)
        for function in (ndimage.grey_erosion, ndimage.grey_dilation, ndimage.grey_opening, ndimage.grey_closing):
            np.testing.assert_array_equal(function(image, footprint=CROSS, mode=mode), image)


@pytest.mark.parametrize("name", ["sobel", "prewitt", "laplace", "gaussian_laplace"])
def test_numbers_below_zero_wrap_as_scipys(name, monkeypatch):
    """What is below zero in between is near 2^64 when it is read again, and of what is 2^64 or more no bit is left."""
    monkeypatch.setattr("hoodoo._dropin.smallest", 0)
    image = np.random.default_rng(5).integers(0, 250, (9, 11)).astype(np.uint64)
    arguments = (2.0,) if name == "gaussian_laplace" else ()
    np.testing.assert_array_equal(getattr(ndimage, name)(image, *arguments), getattr(scipy_ndimage, name)(image, *arguments))


@pytest.mark.parametrize("mode", ["reflect", "nearest", "mirror", "wrap", "constant"])
def test_smaller_ones_are_scipys(mode):
    image = np.random.default_rng(4).integers(-(2**52), 2**52, (9, 11))
    for name in ("minimum_filter", "maximum_filter", "median_filter"):
        ours, theirs = getattr(ndimage, name), getattr(scipy_ndimage, name)
        np.testing.assert_array_equal(ours(image, footprint=CROSS, mode=mode), theirs(image, footprint=CROSS, mode=mode))
