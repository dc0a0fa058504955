"""SciPy's functions in this package against SciPy's own, on random arguments, good and bad."""

import inspect
import warnings

import numpy as np
import pytest
from scipy import ndimage

import hoodoo
from hoodoo import Kernel

TYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "f4", "f8", ">i2", ">f8", "f2", "c8"]
MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"]
MORPHOLOGY = [
    "grey_erosion",
    "grey_dilation",
    "grey_opening",
    "grey_closing",
    "morphological_gradient",
    "white_tophat",
    "black_tophat",
]


def random_input(rng):
    """An array of any type and layout."""
    dtype = np.dtype(rng.choice(TYPES))
    shape = tuple(rng.integers(1, 9, rng.integers(1, 4)))
    low, high = (0, 2) if dtype.kind == "b" else (0, 100) if dtype.kind == "u" else (-50, 100)
    array = rng.integers(low, high, shape).astype(dtype)
    array = array.transpose(rng.permutation(array.ndim))
    return array[(slice(None, None, -1),) * array.ndim] if rng.random() < 0.3 else array


def random_window(rng, ndim):
    """Where a filter looks, for functions with a window."""
    arguments = {}
    if rng.random() < 0.3:
        arguments["axes"] = tuple(int(axis) for axis in rng.permutation(ndim)[: rng.integers(1, ndim + 1)])
    count = len(arguments.get("axes", range(ndim)))
    match rng.integers(4):
        case 0:
            arguments["size"] = int(rng.integers(1, 7))
        case 1:
            arguments["size"] = tuple(int(length) for length in rng.integers(1, 5, count))
        case 2:
            arguments["footprint"] = rng.random(tuple(rng.integers(1, 5, count))) < 0.6
        case _:
            arguments["footprint"] = np.ones(tuple(rng.integers(1, 5, count)), bool)
    arguments["mode"] = (
        str(rng.choice(MODES)) if rng.random() < 0.8 else [str(mode) for mode in rng.choice(MODES, count)]
    )
    if rng.random() < 0.5:
        arguments["cval"] = float(rng.choice([0, 1.5, -2.7, 300.5]))
    if rng.random() < 0.3:
        several = rng.random() < 0.5
        arguments["origin"] = (
            [int(origin) for origin in rng.integers(-1, 2, count)] if several else int(rng.integers(-1, 2))
        )
    return arguments


def outcome(function, *arguments, **keywords):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(*arguments, **keywords)
        except Exception as error:
            result = error
    return result, [(each.category, str(each.message)) for each in caught]


def assert_same(name, image, *arguments, in_place=False, output=None, **keywords):
    """Both give the same array, or raise the same."""
    results = []
    for module in (ndimage, hoodoo):
        array = image.copy(order="K")
        into = array if in_place else output() if callable(output) else output
        results.append(outcome(getattr(module, name), array, *arguments, output=into, **keywords))
    (theirs, their_warnings), (ours, our_warnings) = results
    about = f"{name} {image.dtype} {image.shape} {arguments} {keywords} {in_place=}"
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        # Of several mistakes either may be told.
        both = {type(theirs), type(ours)} <= {ValueError, RuntimeError}
        assert type(theirs) is type(ours) or both, f"{about}: {theirs!r} and {ours!r}"
        return
    assert their_warnings == our_warnings, about
    assert (theirs.dtype, theirs.shape) == (ours.dtype, ours.shape), about
    tolerance = {"rtol": 1e-6, "atol": 1e-5} if theirs.dtype.kind in "fc" else {"rtol": 0, "atol": 0}
    if theirs.dtype.kind == "b":
        theirs, ours = theirs.view("u1"), ours.view("u1")
    np.testing.assert_allclose(ours, theirs, err_msg=about, **tolerance)


def random_output(rng, image):
    """Where to write: nowhere, to a type, to an array, or to the input."""
    dtype = np.dtype(rng.choice(TYPES))
    return [
        {},
        {"output": dtype},
        {"output": dtype.char},
        {"output": lambda: np.zeros(image.shape, dtype)},
        {"in_place": True},
    ][rng.integers(5)]


def test_float16_is_for_kernels_and_as_in_scipy_elsewhere():
    image = np.random.default_rng(1).normal(size=(6, 7)).astype(np.float16)
    for module in (ndimage, hoodoo):
        for name in ("minimum_filter", "median_filter", "uniform_filter", "grey_erosion"):
            with pytest.raises(RuntimeError, match="not supported"):
                getattr(module, name)(image, size=3)
        with pytest.raises(RuntimeError, match="not supported"):
            module.generic_filter(image, np.max, size=3)
    # Along a line, SciPy has ranks of it.
    assert_same("median_filter", image[0], size=3)
    # There are no kernels in SciPy.
    expected = ndimage.maximum_filter(image.astype(np.float64), 3)
    for function in ("max(w)", Kernel("max(w)")):
        result = hoodoo.generic_filter(image, function, size=3)
        assert result.dtype == np.float16
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("seed", range(60))
def test_windows(seed):
    rng = np.random.default_rng(seed)
    for _ in range(8):
        image = random_input(rng)
        window = random_window(rng, image.ndim)
        output = random_output(rng, image)
        assert_same("minimum_filter", image, **window, **output)
        assert_same("maximum_filter", image, **window, **output)
        if image.ndim > 1:
            # Along a line, SciPy's memory for another type of output is too small, and all cells count.
            assert_same("rank_filter", image, int(rng.integers(-9, 9)), **window, **output)
            assert_same(
                "percentile_filter", image, float(rng.choice([0, 10, 50, 90, 100, -20, 101])), **window, **output
            )
            assert_same("median_filter", image, **window, **output)
        elif "size" in window and "output" not in output:
            assert_same("rank_filter", image, int(rng.integers(-9, 9)), **window)
            assert_same("median_filter", image, **window)
        if "in_place" not in output:
            # In place, SciPy reads what it has written.
            assert_same("generic_filter", image, lambda values: values.max() - values[0], **window, **output)
        window.pop("footprint", None)
        # SciPy adds along the whole line, so that its means are rounded differently where terms are not whole.
        window["cval"] = round(window.get("cval", 0))
        assert_same("uniform_filter", image, **window, **output)


@pytest.mark.parametrize("seed", range(40))
def test_morphology(seed):
    rng = np.random.default_rng(seed)
    for name in MORPHOLOGY:
        image = random_input(rng)
        window = random_window(rng, image.ndim)
        if rng.random() < 0.4 and "axes" not in window and np.any(window.get("footprint", True)):
            shape = window["footprint"].shape if "footprint" in window else tuple(rng.integers(1, 4, image.ndim))
            window["structure"] = rng.integers(-3, 3, shape) if rng.random() < 0.7 else np.zeros(shape)
        assert_same(name, image, **window, **random_output(rng, image))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(3, 4), (8,), (1,)])
def test_structures_see_nan_as_footprints_do(shape, dtype):
    """Whichever cell of a window it is."""
    rng = np.random.default_rng(7)
    image = rng.random((9, 10) if len(shape) == 2 else (40,)).astype(dtype)
    image.flat[[17, 31]] = np.nan
    structure, footprint = rng.random(shape), np.ones(shape, bool)
    for cells in (footprint, rng.random(shape) < 0.6):
        cells.flat[-1] = True
        for least, structured in (("minimum_filter", "grey_erosion"), ("maximum_filter", "grey_dilation")):
            # A dilation's structure is mirrored.
            window = cells if least == "minimum_filter" else np.flip(cells)
            origin = tuple(0 if least == "minimum_filter" or length % 2 else -1 for length in shape)
            expected = np.isnan(getattr(hoodoo, least)(image, footprint=window, origin=origin))
            # The second reads all arguments one by one.
            for output in (None, "f8", np.empty_like(image)):
                given = getattr(hoodoo, structured)(image, structure=structure, footprint=cells, output=output)
                np.testing.assert_array_equal(np.isnan(given), expected)


@pytest.mark.parametrize("seed", range(120))
def test_structures_of_fractions(seed):
    """SciPy computes a window's first cell in float64, and the others in the image's type, with a structure that is cast to it."""
    rng = np.random.default_rng(3000 + seed)
    shape = tuple(rng.integers(2, 9, int(rng.integers(1, 4))))
    dtype = str(rng.choice(["u1", "i2", "i4", "i8", "u2", "f4", "f8", "?"]))
    image = (rng.random(shape) * 200 - (0 if dtype[0] == "u" else 60)).astype(dtype)
    structure = rng.random(tuple(rng.integers(1, 4, image.ndim))) * 9 - 3
    options = {"structure": structure, "mode": str(rng.choice(MODES)), "cval": float(rng.random() * 5)}
    if seed % 2:
        options["footprint"] = rng.random(structure.shape) < 0.6
        options["footprint"].flat[-1] = True
    for name in ("grey_erosion", "grey_dilation", "grey_opening", "grey_closing"):
        for output in (None, "f8", "f4", "i4", np.zeros(shape, dtype)):
            given = getattr(hoodoo, name)(image, output=output, **options)
            expected = getattr(ndimage, name)(image, output=output, **options).copy()
            assert given.dtype == expected.dtype
            np.testing.assert_array_equal(getattr(hoodoo, name)(image, output=output, **options), expected)


@pytest.mark.parametrize("seed", range(20))
def test_lines(seed):
    rng = np.random.default_rng(seed)

    def function(line, output):
        output[:] = line[:-2] + line[1:-1] - line[2:]

    for _ in range(5):
        image = random_input(rng)
        arguments = {
            "axis": int(rng.integers(-image.ndim - 1, image.ndim + 1)),
            "mode": str(rng.choice([*MODES, "odd"])),
        }
        output = random_output(rng, image)
        size = int(rng.integers(0, 12))
        for name in ("minimum_filter1d", "maximum_filter1d", "uniform_filter1d"):
            assert_same(name, image, size, **arguments, origin=int(rng.integers(-1, 2)), **output)
        assert_same("generic_filter1d", image, function, 3, **arguments, cval=2.5, **output)


@pytest.mark.parametrize(
    ("name", "arguments", "keywords"),
    [
        ("generic_filter", (np.max,), {}),
        ("generic_filter", (np.max, 3), {"footprint": np.ones((3, 3))}),
        ("generic_filter", (np.max, 3), {"mode": "odd"}),
        ("generic_filter", (np.max, 3), {"origin": 5}),
        ("generic_filter", (np.max, 0), {}),
        ("generic_filter", (np.max, (3, 3, 3)), {}),
        ("generic_filter", (np.max, 3), {"axes": (0, 0)}),
        ("generic_filter", (np.max, 3), {"axes": (7,)}),
        ("generic_filter", (np.max, 3), {"axes": 0.5}),
        ("generic_filter", (np.max, 3), {"cval": "x"}),
        ("generic_filter", (3, 3), {}),
        ("generic_filter", (np.max, 3), {"output": "bool"}),
        ("generic_filter", (np.max, 3), {"output": "nonsense"}),
        ("generic_filter", (np.max, 3), {"output": np.zeros((2, 2))}),
        ("generic_filter1d", (np.max, 0), {}),
        ("generic_filter1d", (np.max, 3), {"axis": 2}),
        ("generic_filter1d", (np.max, 3), {"origin": 2}),
        ("generic_filter1d", (lambda line, values: None, 3), {"cval": "x"}),
        ("generic_filter1d", (lambda line, values: None, 3), {"cval": None}),
        ("minimum_filter", (3,), {"axes": 5}),
        ("uniform_filter", (3,), {"axes": -3}),
        ("grey_opening", (3,), {"axes": 5}),
        ("minimum_filter", (3,), {"axes": (5,)}),
        ("minimum_filter1d", (2.7,), {}),
        ("maximum_filter1d", (2.0,), {}),
        ("uniform_filter1d", (2.7,), {}),
        ("minimum_filter", (2.7,), {}),
        ("grey_dilation", (2.7,), {}),
        ("grey_closing", ((3.0, 2),), {}),
        ("white_tophat", (2.0,), {}),
        ("black_tophat", (2.7,), {}),
        ("minimum_filter", (), {}),
        ("minimum_filter", (), {"footprint": np.zeros((3, 3))}),
        ("minimum_filter", (3,), {"footprint": np.ones((3, 3))}),
        ("maximum_filter", (), {"footprint": np.ones(3)}),
        ("maximum_filter", (3,), {"mode": ["wrap"]}),
        ("rank_filter", (100, 3), {}),
        ("rank_filter", (0.5, 3), {}),
        ("rank_filter", (4, 3), {"mode": ["wrap", "wrap"]}),
        ("percentile_filter", (200, 3), {}),
        ("median_filter", (), {}),
        ("uniform_filter", (3,), {"mode": "odd"}),
        ("grey_erosion", (), {}),
        ("grey_dilation", (), {}),
        ("grey_opening", (3,), {"footprint": np.ones((3, 3))}),
        ("grey_erosion", (), {"structure": np.ones(3)}),
    ],
)
def test_mistakes(name, arguments, keywords):
    keywords = dict(keywords)
    assert_same(name, np.arange(12.0).reshape(3, 4), *arguments, output=keywords.pop("output", None), **keywords)


@pytest.mark.parametrize("name", ["minimum_filter", "uniform_filter", "rank_filter", "median_filter", "grey_dilation"])
def test_texts_and_records(name):
    arguments = (0, 3) if name == "rank_filter" else (3,)
    for array in ["abc", np.array(["a", "b"]), np.array([b"a"]), np.zeros(4, [("a", "f4")])]:
        with pytest.raises(TypeError):
            getattr(ndimage, name)(array, *arguments)
        with pytest.raises(TypeError, match="not understood"):
            getattr(hoodoo, name)(array, *arguments)


@pytest.mark.parametrize("axes", [None, ()])
def test_no_axes(axes):
    """One cell, of an array without axes or along none of them."""
    image = np.float64(3) if axes is None else np.arange(4.0)
    for size in (3, ()):
        for function in (np.sum, "sum(w)"):
            result = hoodoo.generic_filter(image, function, size=size, axes=axes)
            np.testing.assert_array_equal(result, image)
            assert result.shape == np.shape(image)
    for footprint in (True, np.True_, np.array(True)):
        np.testing.assert_array_equal(hoodoo.generic_filter(image, "sum(w)", footprint=footprint, axes=axes), image)
        assert_same("median_filter", np.asarray(image), footprint=footprint, axes=axes)
    assert Kernel("sum(w)")(np.True_, footprint=np.True_, dtype=int) == 1
    for name in MORPHOLOGY:
        assert_same(name, np.asarray(image), structure=np.array(2.0), axes=axes)


def test_warnings_are_about_the_users_line():
    image = np.ones((3, 4), complex)
    for name in ("uniform_filter", "uniform_filter1d"):
        with pytest.warns(UserWarning, match="promoting") as caught:
            getattr(hoodoo, name)(image, 3, output=np.float32)
        assert [each.filename for each in caught] == [__file__]


@pytest.mark.parametrize("name", [name for name in hoodoo.__all__ if hasattr(ndimage, name)])
def test_signatures(name):
    """A change of the import is enough."""
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (hoodoo, ndimage))
    assert list(ours)[: len(theirs)] == list(theirs)
    for parameter in theirs:
        assert (ours[parameter].kind, ours[parameter].default) == (theirs[parameter].kind, theirs[parameter].default)
    # What is ours has to be named.
    assert {ours[more].kind for more in list(ours)[len(theirs) :]} <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}


def test_a_read_only_output():
    output = np.zeros((4, 4))
    output.flags.writeable = False
    for name in ("minimum_filter", "median_filter", "uniform_filter", "grey_opening"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(hoodoo, name)(np.zeros((4, 4)), 3, output=output)
    for function in (np.max, "max(w)"):
        with pytest.raises(ValueError, match="read-only"):
            hoodoo.generic_filter(np.zeros((4, 4)), function, 3, output=output)
    with pytest.raises(ValueError, match="read-only"):
        hoodoo.generic_filter1d(np.zeros((4, 4)), lambda line, values: None, 3, output=output)


def test_kernels_as_functions():
    image = np.random.default_rng(0).integers(0, 100, (9, 11))
    spread = ndimage.generic_filter(image, np.ptp, (2, 3), mode="wrap", origin=(0, 1))
    for kernel in ("max(w) - min(w)", Kernel("max(w) - min(w)")):
        result = hoodoo.generic_filter(image, kernel, (2, 3), mode="wrap", origin=(0, 1))
        np.testing.assert_array_equal(result, spread)
    result = hoodoo.generic_filter(
        image, "param t; weights k; t * sum(k * w)", 2, extra_keywords={"t": 2, "k": [1, 0, 0, 0]}
    )
    np.testing.assert_array_equal(result, 2 * ndimage.generic_filter(image, lambda window: window[0], 2))
    # Truncated and wrapped, as SciPy casts.
    assert hoodoo.generic_filter([1.0, 200.0], "-1.7 * w[0]", 1, output=np.int8).tolist() == [-1, -84]
    assert hoodoo.generic_filter(image, "sum(w)", 3, mode="valid").shape == (7, 9)
    assert hoodoo.generic_filter([4, 5, 6], "len(w)", 3, mode="shrink").tolist() == [2, 3, 2]
    lines = hoodoo.generic_filter1d(image, "max(w)", 4, axis=0, origin=-1)
    np.testing.assert_array_equal(lines, ndimage.maximum_filter1d(image, 4, axis=0, origin=-1))
    with pytest.raises(TypeError):
        hoodoo.generic_filter(image, "min(w)", 3, extra_keywords={"threads": 1})
    with pytest.raises(TypeError):
        hoodoo.generic_filter(image, "min(w)", 3, extra_arguments=(1,))
    with pytest.raises(TypeError):
        hoodoo.generic_filter(image, "min(w)", 3, extra_keywords={"t": 1})
    with pytest.raises(hoodoo.KernelError):
        hoodoo.generic_filter(image, "min(w", 3)


def test_kernels_with_params_named_like_arguments():
    image = np.arange(1.0, 6.0)
    expected = 2 * hoodoo.minimum_filter(image, 3)
    for name in ("cval", "size", "output", "origin", "dtype", "threads"):
        source = f"param {name}; weights k; {name} * min(w * k)"
        extra = {name: 2, "k": [1, 1, 1]}
        np.testing.assert_array_equal(hoodoo.generic_filter(image, source, 3, extra_keywords=extra), expected)
        np.testing.assert_array_equal(hoodoo.generic_filter1d(image, source, 3, extra_keywords=extra), expected)
        bound = Kernel(source, **{name: 7, "k": [1, 1, 1]})
        np.testing.assert_array_equal(hoodoo.generic_filter(image, bound, 3, extra_keywords={name: 2}), expected)


def test_kernels_with_several_outputs():
    image = np.random.default_rng(0).integers(0, 100, (9, 11))
    for filtered in (
        hoodoo.generic_filter(image, "low: min(w), high: max(w)", (1, 3)),
        hoodoo.generic_filter1d(image, "low: min(w), high: max(w)", 3),
        hoodoo.generic_filter(image, "low: min(w), high: max(w)", (1, 3), output=[int, np.empty_like(image)]),
    ):
        assert filtered._fields == ("low", "high")
        np.testing.assert_array_equal(filtered.low, ndimage.minimum_filter(image, (1, 3)))
        np.testing.assert_array_equal(filtered.high, ndimage.maximum_filter(image, (1, 3)))
    for function in (hoodoo.generic_filter, hoodoo.generic_filter1d):
        with pytest.raises(ValueError, match="the kernel has 2 outputs"):
            function(image, "min(w), max(w)", 3, output=np.empty_like(image))


def test_in_place_is_right():
    """Where SciPy reads what it has written."""
    image = np.random.default_rng(0).integers(0, 100, (9, 11))
    expected = ndimage.generic_filter(image, np.max, 3)
    for function in (np.max, "max(w)"):
        array = image.copy()
        hoodoo.generic_filter(array, function, 3, output=array)
        np.testing.assert_array_equal(array, expected)


def test_a_footprint_along_a_line_is_heeded():
    """Where SciPy takes all cells of its box."""
    image = np.array([67, 77, 12, 43, 50, 1])
    footprint = [False, True, True, True]
    expected = ndimage.generic_filter(image, lambda window: np.sort(window)[1], footprint=footprint)
    np.testing.assert_array_equal(hoodoo.median_filter(image, footprint=footprint), expected)


@pytest.mark.parametrize("change", ["writeable", "shape", "dtype"])
def test_what_a_function_makes_of_its_window_is_not_seen_by_the_next_call(change):
    seen = []

    def function(window):
        seen.append((window.flags.writeable, window.shape, window.dtype))
        total = window.sum()
        if change == "writeable":
            window.flags.writeable = False
        elif change == "shape":
            window.shape = (3, 1)
        else:
            window.dtype = np.int64
        return total

    given = hoodoo.generic_filter(np.arange(6.0), function, size=3)
    np.testing.assert_array_equal(given, [1, 3, 6, 9, 12, 14])
    assert set(seen) == {(True, (3,), np.dtype(float))}


@pytest.mark.parametrize("name", ["minimum_filter", "maximum_filter", "grey_closing"])
def test_windows_that_are_very_much_longer_than_the_array(name):
    """In SciPy some of these end in a fault."""
    image = np.random.default_rng(4).random((6, 7))
    expected = {"minimum_filter": image.min(), "maximum_filter": image.max(), "grey_closing": image.max()}[name]
    for view in (np.asfortranarray(image), image[::-1, ::-1]):
        given = getattr(hoodoo, name)(view, size=84 * 1_200)
        np.testing.assert_allclose(given, np.full_like(image, expected), rtol=1e-9)
    with pytest.raises(OverflowError):
        getattr(hoodoo, name)(image, size=10**30)
