"""The usual calls of SciPy's filters, which are prepared once: the values, types and exceptions are those of all other calls."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

import hoodoo
import hoodoo.ndimage
from hoodoo import _remembered, _usual

MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"]
NAMES = ["minimum_filter", "maximum_filter", "median_filter", "uniform_filter"]
LINES = ["minimum_filter1d", "maximum_filter1d", "uniform_filter1d"]
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


class OneByOne(np.ndarray):
    """An image for which all arguments are read one by one."""


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
        assert _usual._ready.cache_info().misses > before
        close(given, getattr(hoodoo, name)(image.view(OneByOne), **options))
        close(given, getattr(ndimage, name)(image, **options))
    for name in LINES:
        axis = int(rng.integers(-len(shape), len(shape)))
        options = {"size": 3, "axis": axis, "mode": str(mode), "cval": cval}
        close(getattr(hoodoo, name)(image, **options), getattr(ndimage, name)(image, **options))


# Other spellings of usual calls.
MORE = [{"size": [3, 3]}, {"size": np.int64(3)}, {"size": 3, "output": "f4"}, {"footprint": [[0, 1, 0], [1, 1, 1], [0, 1, 0]]}]

GREY = ["grey_erosion", "grey_dilation", "grey_opening", "grey_closing", "white_tophat", "black_tophat", "morphological_gradient"]


@pytest.mark.parametrize("seed", range(60))
def test_random_windows_and_outputs(seed):
    """Lengths for each axis, footprints, some axes in any order, arrays to write to, and booleans."""
    rng = np.random.default_rng(1000 + seed)
    ndim = int(rng.integers(1, 4))
    image = rng.random(tuple(rng.integers(3, 9, ndim))) * 120
    image = image > 60 if seed % 5 == 0 else image.astype(str(rng.choice(TYPES)))
    axes = tuple(int(axis) for axis in rng.permutation(ndim)[: rng.integers(1, ndim + 1)])
    lengths = tuple(int(length) for length in rng.integers(1, 5, len(axes)))
    origins = tuple(int(rng.integers(-(length // 2), (length - 1) // 2 + 1)) for length in lengths)
    footprint = np.ones(lengths, bool) if seed % 3 == 0 else rng.random(lengths) > 0.4
    footprint.flat[0] = True
    placed = {"mode": str(rng.choice(MODES)), "cval": float(rng.choice([0, 3, 7.25])), "origin": origins}
    if seed % 2 and ndim == len(axes):
        axes = None
    for name in [*NAMES, *GREY]:
        if image.dtype.kind == "b" and name == "morphological_gradient":
            # NumPy has no difference of booleans.
            continue
        function, theirs = getattr(hoodoo, name), getattr(ndimage, name)
        for window in [{"size": lengths}] if name == "uniform_filter" else [{"size": lengths}, {"footprint": footprint}]:
            if ndim == 1 and name == "median_filter" and not footprint.all() and "footprint" in window:
                # Along a line SciPy's medians see the holes of footprints, too.
                continue
            options = {"axes": axes, **window, **placed}
            try:
                expected = theirs(image, **options)
            except (RuntimeError, ValueError) as error:
                with pytest.raises(type(error)):
                    function(image, **options)
                continue
            close(function(image, **options), expected)
            output = np.full(image.shape, 77).astype(image.dtype)
            assert getattr(hoodoo, name)(image, output=output, **options) is output or name in GREY[4:]
            close(output, theirs(image, output=np.empty_like(image), **options))
            own = image.copy()
            close(function(own, output=own, **options) if name not in GREY[4:] else function(image, **options), expected)


@pytest.mark.parametrize("seed", range(60))
def test_random_spellings(seed):
    """Sequences and integers of NumPy, modes for each axis, and types for the result."""
    rng = np.random.default_rng(2000 + seed)
    ndim = int(rng.integers(1, 4))
    image = (rng.random(tuple(rng.integers(3, 9, ndim))) * 120).astype(str(rng.choice(TYPES)))
    lengths = rng.integers(1, 6, ndim)
    size = [lengths, lengths.tolist(), tuple(lengths), np.int64(3), np.float64(3), [3] * (ndim + 1)][seed % 6]
    mode = [str(rng.choice(MODES)) for _ in range(ndim)] if seed % 2 else str(rng.choice(MODES))
    footprint = (rng.random(lengths) > 0.3).tolist() if seed % 4 == 0 else None
    options = {"mode": mode, "cval": 3, "output": rng.choice([None, "f4", "f8", "i4", "u1", ">f4", "?", "c8", "no"])}
    if options["output"] in ("f4", "f8", "i4", ">f4", "c8") and seed % 3:
        options["output"] = np.dtype(str(options["output"]))
    for name in NAMES:
        window = {"size": size} if footprint is None or name == "uniform_filter" else {"footprint": footprint}
        if ndim == 1 and name == "median_filter" and "footprint" in window:
            # Along a line SciPy's medians see the holes of footprints, too.
            continue
        try:
            expected = getattr(ndimage, name)(image, **window, **options)
        except (OverflowError, RuntimeError, TypeError, ValueError) as error:
            with pytest.raises(type(error)):
                getattr(hoodoo, name)(image, **window, **options)
            continue
        close(getattr(hoodoo, name)(image, **window, **options), expected)
        one_by_one = getattr(hoodoo, name)(image.view(OneByOne), **window, **options)
        close(getattr(hoodoo, name)(image, **window, **options), one_by_one)


@pytest.mark.parametrize("name", ["minimum_filter", "median_filter", "grey_erosion", "grey_dilation"])
def test_calls_like_these_are_prepared_once(name):
    image, cells = np.arange(20, dtype=np.uint8).reshape(4, 5), np.ones((3, 3), bool)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    function = getattr(hoodoo, name)
    for options in ({"size": 3}, {"size": (3, 3)}, {"footprint": cells}, {"footprint": cross}, {"size": 3, "output": np.empty_like(image)}, *MORE):
        function(image, **options)
        before = _usual._ready.cache_info()
        function(image, **options)
        after = _usual._ready.cache_info()
        assert after.hits == before.hits + 1 and after.misses == before.misses, options


@pytest.mark.parametrize("name", ["minimum_filter", "median_filter", *GREY])
def test_footprints_that_are_not_right(name):
    image, function = np.arange(12.0).reshape(3, 4), getattr(hoodoo, name)
    for footprint in (np.ones((0, 3)), np.zeros((3, 3)), np.ones(3), np.ones((3, 3, 3)), np.array(1)):
        for _ in range(2):
            with pytest.raises((RuntimeError, ValueError)) as ours:
                function(image, footprint=footprint)
            with pytest.raises((IndexError, RuntimeError, ValueError)) as theirs:
                getattr(ndimage, name)(image, footprint=footprint)
            assert ours.type is theirs.type or theirs.type is IndexError


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


def test_a_negative_zero_outside_is_not_the_zero_of_an_earlier_call(monkeypatch):
    monkeypatch.setattr(_remembered, "few_calls", 1)
    image, edge = np.full(1, -0.0), [1, 1, 1, 0, 0, 0, 0]
    calls = {
        "minimum_filter": {"footprint": edge},
        "maximum_filter": {"footprint": edge},
        "median_filter": {"footprint": edge},
        "grey_erosion": {"structure": np.zeros(7), "footprint": edge},
        "correlate1d": {"weights": [1.0, 1, 1]},
        "gaussian_filter": {"sigma": 1.0},
    }
    for name, options in calls.items():
        for dtype in ("f8", "f4"):
            for cval in (0.0, -0.0) * 3:
                given, expected = (
                    getattr(module, name)(image.astype(dtype), mode="constant", cval=cval, **options)
                    for module in (hoodoo.ndimage, ndimage)
                )
                assert np.signbit(given) == np.signbit(expected), (name, dtype, cval)


def test_a_negative_zero_outside_or_as_a_param_is_not_that_of_another_kernel():
    image = np.ones(1)
    for cval in (0.0, -0.0) * 2:
        assert np.signbit(hoodoo.Kernel("w[1]")(image, mode="constant", cval=cval)) == np.signbit(cval)
        assert np.signbit(hoodoo.Kernel("param t; w[0] * t", t=cval)(image)) == np.signbit(cval)
    one, other = hoodoo.Kernel("param t; t", t=0.0), hoodoo.Kernel("param t; t", t=-0.0)
    assert one != other and one == hoodoo.Kernel("param t; t", t=0)
