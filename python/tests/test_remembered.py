"""Calls with small images that are made again and again: from some number on Hoodoo filters them, and nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage

import hoodoo.ndimage
from hoodoo import _remembered

MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"]
TYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "u8", "f4", "f8", ">i2", "f2", "c16"]

pytestmark = pytest.mark.skipif(
    not scipy.__version__.startswith("1.17."), reason="the semantics are those of SciPy 1.17"
)


@pytest.fixture(autouse=True)
def second_call(monkeypatch):
    """The second call of a kind is Hoodoo's."""
    monkeypatch.setattr(_remembered, "few_calls", 1)


@pytest.fixture
def made(monkeypatch):
    """What Hoodoo has filtered."""
    calls = []
    ready = _remembered._Kind.ready

    def counted(kind):
        found = ready(kind)
        calls.append(found is not None)
        return found

    monkeypatch.setattr(_remembered._Kind, "ready", counted)
    return calls


def outcome(function, arguments, keywords):
    try:
        return function(*arguments, **keywords)
    except Exception as error:  # SciPy's exception, whatever it is.
        return type(error), str(error)


def assert_same(name, *arguments, **keywords):
    """Three calls in a row are SciPy's to the last bit."""
    image, *rest = arguments
    expected = outcome(getattr(scipy.ndimage, name), (image.copy(), *rest), keywords)
    for _ in range(3):
        given = outcome(getattr(hoodoo.ndimage, name), (image.copy(), *rest), keywords)
        if isinstance(expected, tuple):
            assert given == expected, (name, rest, keywords)
            continue
        assert given.dtype == expected.dtype
        np.testing.assert_array_equal(given, expected)
        if given.dtype.kind == "f":
            assert np.array_equal(np.signbit(given), np.signbit(expected)) or np.isnan(given).any()


def random_image(rng, types=TYPES):
    dtype = np.dtype(str(rng.choice(types)))
    shape = tuple(rng.integers(1, 12, rng.integers(1, 4)))
    image = (rng.random(shape) * 120 - (0 if dtype.kind in "u" else 50)).astype(dtype)
    if dtype.kind == "f" and rng.random() < 0.2:
        image.flat[rng.integers(image.size)] = rng.choice([np.nan, np.inf])
    return image.T if rng.random() < 0.2 else image


def window(rng, size):
    return int(rng.integers(-(size // 2), (size - 1) // 2 + 1))


@pytest.mark.parametrize("seed", range(60))
def test_correlations(seed):
    rng = np.random.default_rng(seed)
    image = random_image(rng)
    sides = tuple(rng.integers(1, 6, image.ndim))
    weights = rng.integers(-3, 4, sides).astype(rng.choice(["i4", "f4", "f8"]))
    weights = weights * rng.random(sides) if rng.random() < 0.5 else weights
    options = {"mode": str(rng.choice(MODES)), "cval": float(rng.choice([0, 3, 7.25]))}
    options["origin"] = tuple(window(rng, side) for side in sides) if rng.random() < 0.5 else 0
    for name in ("correlate", "convolve"):
        assert_same(name, image, weights, **options)
        assert_same(name, image, weights.tolist(), **options)
        if image.dtype.kind != "f" or np.isfinite(image).all():
            assert_same(name, image, weights, output=np.zeros_like(image), **options)


@pytest.mark.parametrize("seed", range(60))
def test_gaussians(seed):
    rng = np.random.default_rng(1000 + seed)
    image = random_image(rng)
    sigma = float(rng.choice([0, 0.3, 1, 2.5]))
    sigma = tuple(float(each) for each in rng.random(image.ndim) * 2) if rng.random() < 0.3 else sigma
    options = {"mode": str(rng.choice(MODES)), "cval": float(rng.choice([0, 3, 7.25])), "order": int(rng.choice([0, 0, 1, 2]))}
    options |= {"truncate": 2.0} if rng.random() < 0.3 else {}
    options |= {"radius": int(rng.integers(1, 9))} if rng.random() < 0.3 else {}
    assert_same("gaussian_filter", image, sigma, **options)
    axes = tuple(int(axis) for axis in rng.permutation(image.ndim)[: rng.integers(1, image.ndim + 1)])
    if not isinstance(sigma, tuple):
        assert_same("gaussian_filter", image, sigma, axes=axes, **options)


@pytest.mark.parametrize("seed", range(60))
def test_erosions(seed):
    rng = np.random.default_rng(2000 + seed)
    image = random_image(rng, ["?", "?", "u1", "f8"])
    image = image.view(np.uint8).__mul__(3).view(np.bool_) if image.dtype.kind == "b" and rng.random() < 0.3 else image
    sides = tuple(rng.integers(1, 5, image.ndim))
    structure = rng.random(sides) < 0.7
    structure.flat[0] = True
    for name in ("binary_erosion", "binary_dilation"):
        assert_same(name, image)
        options = {"border_value": int(rng.integers(2))}
        assert_same(name, image, structure, **options)
        assert_same(name, image, structure, origin=tuple(window(rng, side) for side in sides), **options)
        assert_same(name, image, structure, iterations=2, **options)
        assert_same(name, image, structure, output=np.zeros(image.shape, bool), **options)


def test_from_some_call_on_it_is_ours(made, monkeypatch):
    monkeypatch.setattr(_remembered, "few_calls", 4)
    image, weights = np.random.default_rng(0).random((9, 13)), np.random.default_rng(1).random((3, 5))
    for name, arguments in [
        ("correlate", (weights,)),
        ("convolve", (weights,)),
        ("gaussian_filter", (1.25,)),
    ]:
        made.clear()
        for _ in range(6):
            getattr(hoodoo.ndimage, name)(image, *arguments)
        assert made == [False] * 4 + [True] * 2, name
    made.clear()
    for _ in range(6):
        hoodoo.ndimage.binary_erosion(image > 0.3)
    assert made == [False] * 4 + [True] * 2


def test_wrong_arguments_are_scipys():
    image = np.ones((5, 6))
    for name, arguments, keywords in [
        ("correlate", (), {}),
        ("correlate", (np.ones(3),), {}),
        ("correlate", (np.ones((3, 3)),), {"mode": "no mode"}),
        ("correlate", (np.ones((3, 3)),), {"origin": 2}),
        ("correlate", (np.ones((3, 3)),), {"no_argument": 2}),
        ("gaussian_filter", (), {}),
        ("gaussian_filter", ("wide",), {}),
        ("gaussian_filter", (1,), {"radius": -1}),
        ("gaussian_filter", (1,), {"axes": (0, 0)}),
        ("binary_erosion", (np.ones((3, 3, 3)),), {}),
        ("binary_erosion", (), {"iterations": 1.5}),
        ("binary_erosion", (), {"mask": np.ones((2, 2))}),
    ]:
        assert_same(name, image, *arguments, **keywords)


def test_images_are_not_changed_and_may_be_the_output():
    image = np.random.default_rng(3).random((9, 9))
    weights = np.random.default_rng(4).random((3, 3))
    expected = scipy.ndimage.correlate(image, weights)
    for _ in range(3):
        given = image.copy()
        assert hoodoo.ndimage.correlate(given, weights, output=given) is given
        np.testing.assert_array_equal(given, expected)


@pytest.mark.parametrize("seed", range(80))
@pytest.mark.parametrize("name", ["correlate1d", "convolve1d"])
def test_lines(name, seed, made):
    rng = np.random.default_rng(seed)
    image = (rng.random(tuple(rng.integers(1, 9, int(rng.integers(1, 4))))) * 100).astype(TYPES[seed % len(TYPES)])
    weights = rng.normal(size=int(rng.integers(1, 8)))
    weights = [weights, weights.round(), (weights + weights[::-1]).tolist(), weights - weights[::-1]][seed % 4]
    options = {"axis": int(rng.integers(-image.ndim - 1, image.ndim + 1)), "mode": str(rng.choice([*MODES, "odd"])), "cval": 2.5}
    options["output"] = [None, "f8", np.float32, "u1", ">i4", "?", None][seed % 7]
    assert_same(name, image, weights, origin=int(rng.integers(-3, 4)), **options)


def test_other_spellings_are_remembered_too(made):
    image = np.random.default_rng(9).random((8, 9))
    for options in ({"sigma": [1, 2]}, {"sigma": np.float64(1)}, {"sigma": 1, "output": "f8"}, {"sigma": 1, "mode": ["wrap", "nearest"]}):
        made.clear()
        assert_same("gaussian_filter", image, **options)
        assert made == [False, True, True], options
    made.clear()
    assert_same("convolve1d", image, [1, 2, 1])
    assert made == [False, True, True]
    made.clear()
    assert_same("correlate", image, np.ones((3, 3)), output=np.float64)
    assert made == [False, True, True]
    for output in ("bool", "no", ">f8", "f4", "u1", int, "c8"):
        assert_same("gaussian_filter", image, 1, output=output)
        assert_same("gaussian_filter", (image * 100).astype("u1"), (1, 2), output=output, cval=3, mode="constant")
        assert_same("correlate", image * 9, [[0, 1], [2, 0.5]], output=output)
        assert_same("binary_erosion", image > 0.3, output=output)
