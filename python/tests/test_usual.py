"""The usual calls of SciPy's filters, which are prepared once: the values, types and exceptions are those of all other calls."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

import hoodoo
from hoodoo import _usual

MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"]
NAMES = ["minimum_filter", "maximum_filter", "median_filter", "uniform_filter"]
LINES = ["minimum_filter1d", "maximum_filter1d", "uniform_filter1d"]
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


def close(given, expected):
    assert given.dtype == expected.dtype
    if given.dtype.kind == "f":
        precision = 1e-5 if given.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(given, expected, rtol=precision, atol=100 * precision)
    else:
        np.testing.assert_array_equal(given, expected)


@pytest.mark.parametrize("seed", range(40))
def test_random_calls(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 12, rng.integers(1, 4)))
    dtype = np.dtype(str(rng.choice(TYPES)))
    image = (rng.random(shape) * 120 - (0 if dtype.kind == "u" else 50)).astype(dtype)
    mode, cval = rng.choice(MODES), float(rng.choice([0, 3, 7.25]))
    for name in NAMES:
        size = int(rng.integers(2, 8))
        origin = int(rng.integers(-(size // 2), (size - 1) // 2 + 1))
        options = {"size": size, "mode": str(mode), "cval": cval, "origin": origin}
        before = _usual._ready.cache_info().misses
        given = getattr(hoodoo, name)(image, **options)
        assert _usual._ready.cache_info().misses == before + 1
        # With an array for the result, the arguments are read one by one.
        close(given, getattr(hoodoo, name)(image, output=np.empty_like(image), **options))
        close(given, getattr(ndimage, name)(image, **options))
    for name in LINES:
        axis = int(rng.integers(-len(shape), len(shape)))
        options = {"size": 3, "axis": axis, "mode": str(mode), "cval": cval}
        close(getattr(hoodoo, name)(image, **options), getattr(ndimage, name)(image, **options))


@pytest.mark.parametrize("name", [*NAMES, *LINES])
def test_what_is_not_right_is_not_remembered(name):
    image = np.arange(12.0).reshape(3, 4)
    function, theirs = getattr(hoodoo, name), getattr(ndimage, name)
    function(image, 3)
    for arguments in ({"size": 3.0}, {"size": 3, "origin": 2}, {"size": 3, "mode": "near"}, {"size": 0}, {"size": 3, "cval": "x"}):
        for each in (function, theirs):
            try:
                each(image, **arguments)
            except (RuntimeError, TypeError, ValueError) as error:
                raised = type(error)
            else:
                raised = None
            if each is theirs:
                assert ours == raised or (ours is not None and raised is not None), (arguments, ours, raised)
            ours = raised
    np.testing.assert_array_equal(function(image, 3), function(image, 3, output=np.empty_like(image)))


def test_arrays_of_other_kinds():
    image = np.arange(20.0).reshape(4, 5)
    for other, name in itertools.product([image.tolist(), image.astype(">f4"), image.astype(bool), np.asmatrix(image)], NAMES):
        given, expected = getattr(hoodoo, name)(other, 3), getattr(ndimage, name)(other, 3)
        assert type(given) is type(expected) and given.dtype == expected.dtype
        np.testing.assert_allclose(given, expected, rtol=1e-6)


def test_every_result_is_new():
    image = np.arange(20.0).reshape(4, 5)
    first = hoodoo.minimum_filter(image, 3)
    kept = first.copy()
    second = hoodoo.minimum_filter(image + 7, 3)
    assert first is not second and not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)
