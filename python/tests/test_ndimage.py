"""`hoodoo.ndimage` against ``scipy.ndimage``, on random arguments, good and bad."""

from __future__ import annotations

import inspect
import platform
import warnings

import numpy as np
import pytest
import scipy.ndimage

import hoodoo._binary
import hoodoo._dropin
import hoodoo.ndimage

TYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "f4", "f8", ">i2", ">f8", "f2", "c8", "c16"]
# Negative values are too far outside of uint64 to be compared, and those of bool are bytes in SciPy.
OUTPUTS = [each for each in TYPES if each != "?"]
MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"]

pytestmark = pytest.mark.skipif(
    not scipy.__version__.startswith("1.17."), reason="the semantics are those of SciPy 1.17"
)


@pytest.fixture(autouse=True)
def small_images_too(monkeypatch):
    """Nothing is left to SciPy because it is small, and little because it takes many passes."""
    monkeypatch.setattr(hoodoo._dropin, "smallest", 0)
    monkeypatch.setattr(hoodoo._binary, "_MOST_PASSES", 3)
    monkeypatch.setattr(hoodoo._binary, "_MOST_UNCOUNTED_PASSES", 2)


def random_image(rng, types=TYPES):
    """An image of any type and layout."""
    dtype = np.dtype(str(rng.choice(types)))
    shape = tuple(rng.integers(1, 9, rng.integers(1, 4)))
    low, high = (0, 2) if dtype.kind == "b" else (0, 100) if dtype.kind == "u" else (-50, 100)
    values = rng.integers(low, high, shape).astype(np.float64)
    if dtype.kind in "fc":
        values = values * rng.random(shape)
    if dtype.kind == "c":
        values = values + 1j * rng.permutation(values.ravel()).reshape(shape)
    image = values.astype(dtype)
    if dtype.kind == "f" and rng.random() < 0.2:
        image.flat[rng.integers(image.size)] = rng.choice([np.nan, np.inf])
    image = image.transpose(rng.permutation(image.ndim))
    return image[(slice(None, None, -1),) * image.ndim] if rng.random() < 0.3 else image


def random_output(rng, image, types=OUTPUTS):
    """Where to write: nowhere, to a type, to an array, or to the image."""
    if not np.isfinite(image).all():
        # What becomes of NaN as an integer is not defined.
        types = [each for each in types if np.dtype(each).kind == "f"]
    dtype = np.dtype(str(rng.choice(types)))
    return [
        {},
        {"output": dtype},
        {"output": dtype.char},
        {"output": lambda: np.zeros(image.shape, dtype)},
        {"in_place": True},
    ][rng.integers(5)]


def random_axes(rng, image):
    if rng.random() < 0.6:
        return {}
    return {"axes": tuple(int(axis) for axis in rng.permutation(image.ndim)[: rng.integers(1, image.ndim + 1)])}


def one_or(rng, value, values):
    """One value, or a list with one for each axis."""
    return value if rng.random() < 0.6 else [each.item() for each in values]


def outcome(function, *arguments, **keywords):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            return error


def assert_same(name, image, *arguments, output=None, in_place=False, rtol=0.0, **keywords):
    """Both give the same array, or raise the same."""
    results = []
    for module in (scipy.ndimage, hoodoo.ndimage):
        array = image.copy(order="K")
        into = array if in_place else output() if callable(output) and not isinstance(output, type) else output
        with_output = {} if into is None else {"output": into}
        result = outcome(getattr(module, name), array, *arguments, **with_output, **keywords)
        # Some functions of SciPy return nothing if they are given an array.
        results.append(into if result is None else result)
    theirs, ours = results
    about = f"{name} {image.dtype} {image.shape} {arguments} {keywords} {in_place=}"
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        assert (type(theirs), str(theirs)) == (type(ours), str(ours)), about
        return
    assert (theirs.dtype, theirs.shape) == (ours.dtype, ours.shape), about
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol and 1e-4, err_msg=about)


def random_weights(rng, shape):
    weights = rng.integers(-3, 4, shape)
    match rng.integers(5):
        case 1:
            return weights * rng.random(shape)
        case 2:
            return weights.astype("f4") / 3
        case 3:
            return weights + 1j * rng.integers(-3, 4, shape)
    return weights


@pytest.mark.parametrize("seed", range(80))
def test_correlations_to_the_last_bit(seed):
    rng = np.random.default_rng(seed)
    image = random_image(rng)
    mode = str(rng.choice([*MODES, "odd"]))
    cval = float(rng.choice([0, 1.5, -2.7]))
    line = random_weights(rng, int(rng.integers(1, 9)))
    line = [line, line + line[::-1], line - line[::-1]][rng.integers(3)]
    axis = int(rng.integers(-image.ndim - 1, image.ndim))
    for name in ("correlate1d", "convolve1d"):
        origin = int(rng.integers(-2, 3))
        assert_same(name, image, line, axis, mode=mode, cval=cval, origin=origin, **random_output(rng, image))
    axes = random_axes(rng, image)
    count = len(axes.get("axes", range(image.ndim)))
    for name in ("correlate", "convolve"):
        weights = random_weights(rng, tuple(rng.integers(1, 5, count)))
        origin = one_or(rng, int(rng.integers(-1, 2)), rng.integers(-1, 2, count))
        keywords = {"mode": mode, "cval": cval, "origin": origin, **axes}
        assert_same(name, image, weights, **keywords, **random_output(rng, image))


@pytest.mark.parametrize("seed", range(80))
def test_derivatives_to_the_last_bit(seed):
    rng = np.random.default_rng(seed)
    image = random_image(rng)
    cval = float(rng.choice([0, 1.5, -2.7]))
    axes = random_axes(rng, image)
    count = len(axes.get("axes", range(image.ndim)))
    axis = int(rng.integers(-image.ndim, image.ndim))
    deviation = float(rng.choice([0.5, 1, 2.3]))
    mode = str(rng.choice(MODES))
    order = int(rng.integers(0, 3))
    assert_same(
        "gaussian_filter1d", image, deviation, axis, order, mode=mode, cval=cval, **random_output(rng, image)
    )
    sigma = one_or(rng, deviation, rng.choice([0, 0.5, 1, 2], count))
    modes = one_or(rng, mode, rng.choice(MODES, count))
    radius = {"radius": int(rng.integers(0, 4))} if rng.random() < 0.2 else {}
    keywords = {"mode": modes, "cval": cval, **axes}
    assert_same("gaussian_filter", image, sigma, order, **keywords, **radius, **random_output(rng, image))
    for name in ("sobel", "prewitt"):
        of_all = one_or(rng, mode, rng.choice(MODES, image.ndim))
        assert_same(name, image, axis, mode=of_all, cval=cval, **random_output(rng, image))
    assert_same("laplace", image, **keywords, **random_output(rng, image))
    for name in ("gaussian_laplace", "gaussian_gradient_magnitude"):
        assert_same(name, image, sigma, **keywords, **random_output(rng, image))


@pytest.mark.parametrize("seed", range(60))
def test_binary_morphology(seed):
    rng = np.random.default_rng(seed)
    image = random_image(rng, [each for each in TYPES if each != "c8"])
    if rng.random() < 0.7:
        image = (np.nan_to_num(image.real) > 30).astype(str(rng.choice(["?", "u1", "f4"])))
    axes = random_axes(rng, image)
    count = len(axes.get("axes", range(image.ndim)))
    box = np.ones((3,) * count)

    def structure():
        return None if rng.random() < 0.3 else rng.random(tuple(rng.integers(1, 5, count))) < 0.6

    def origin(*structures):
        # SciPy takes others, and then reads what is not there.
        lengths = np.min([np.shape(box if each is None else each) for each in structures], axis=0)
        origins = rng.integers(-(lengths // 2), (lengths - 1) // 2 + 1)
        return one_or(rng, 0, origins)

    def mask():
        return None if rng.random() < 0.5 else rng.random(image.shape) < 0.7

    def border():
        return int(rng.integers(2))

    where = {**axes, **random_output(rng, image, ["?", "u1", "i2", "f4", "f8"])}
    for name in ("binary_erosion", "binary_dilation", "binary_opening", "binary_closing"):
        iterations, cells = int(rng.choice([1, 1, 2, 3, 5, 9])), structure()
        keywords = {"mask": mask(), "border_value": border(), "brute_force": bool(rng.random() < 0.2)}
        assert_same(name, image, cells, iterations, origin=origin(cells), **keywords, **where)
    hit, miss = structure(), structure()
    assert_same("binary_hit_or_miss", image, hit, miss, origin1=origin(hit, hit if miss is None else miss), **where)
    for connected in (None, box):
        keywords = {"iterations": -1, "mask": mask(), "border_value": border()}
        assert_same("binary_erosion", image, connected, **keywords, **where)
        assert_same("binary_propagation", image, connected, mask=mask(), **where)
        assert_same("binary_fill_holes", image, connected, **where)


@pytest.mark.parametrize("seed", range(200))
def test_functions_of_many_windows(seed):
    rng = np.random.default_rng(seed)
    image = random_image(rng, [each for each in TYPES if each not in ("c8", "c16", "f2")])
    axes = random_axes(rng, image)
    count = len(axes.get("axes", range(image.ndim)))
    windows = [
        {"size": int(rng.integers(1, 5))},
        {"size": tuple(int(length) for length in rng.integers(1, 5, count))},
        {"footprint": rng.random(tuple(rng.integers(1, 4, count))) < 0.7},
    ]
    window = {**windows[rng.integers(3)], **axes, "mode": str(rng.choice([*MODES, "valid", "odd"]))}
    if window["mode"] == "constant":
        window["cval"] = float(rng.choice([0, 3, -2.5]))
    if rng.random() < 0.3:
        window["origin"] = int(rng.integers(-1, 2))
    functions = [*hoodoo._vectorized._KERNELS, lambda values, axis: values.max(axis) - values.mean(axis)]
    function = functions[rng.integers(len(functions))]
    output = {"output": lambda: np.zeros(image.shape)} if rng.random() < 0.3 else {}
    # Sums are rounded in another order, and float32s are added as float64s.
    assert_same("vectorized_filter", image, function, **window, **output, rtol=3e-6)


@pytest.mark.parametrize("name", ["generic_laplace", "generic_gradient_magnitude"])
def test_derivatives_of_others(name):
    image = np.random.default_rng(1).normal(size=(6, 7))

    def derivative(image, axis, output, mode, cval, weight, *, power):
        return scipy.ndimage.correlate1d(image, [weight, 0, -(weight**power)], axis, output, mode, cval)

    for keywords in ({}, {"axes": 1}, {"axes": ()}, {"mode": ["wrap", "nearest"]}, {"output": np.float32}):
        assert_same(name, image, derivative, extra_arguments=(2,), extra_keywords={"power": 3}, **keywords)
    assert_same(name, image, derivative)


@pytest.mark.parametrize(
    ("name", "arguments", "keywords"),
    [
        ("correlate1d", ([],), {}),
        ("correlate1d", ([[1, 2]],), {}),
        ("correlate1d", (["a"],), {}),
        ("correlate1d", ([1, 2, 3],), {"origin": 2}),
        ("correlate1d", ([1, 2, 3],), {"origin": 1.0}),
        ("correlate1d", ([1, 2, 3],), {"axis": 5}),
        ("correlate1d", ([1, 2, 3],), {"output": np.zeros(3)}),
        ("correlate1d", ([1, 2, 3],), {"output": "?"}),
        ("correlate1d", ([1, 2, 3],), {"cval": "x"}),
        ("correlate1d", ([1j],), {"output": "f8"}),
        ("convolve1d", (5,), {}),
        ("correlate", ([1, 2, 3],), {}),
        ("correlate", (np.zeros((0, 3)),), {}),
        ("correlate", (np.ones((3, 3)),), {"mode": ["wrap", "wrap"]}),
        ("convolve", (np.ones((3, 3)),), {"axes": (0, 0)}),
        ("convolve", (np.ones((3, 3)),), {"origin": [0]}),
        ("correlate", (np.ones((3, 3)),), {"origin": 1.0}),
        ("convolve", (np.ones((3, 3)),), {"cval": 1j}),
        ("gaussian_filter", (-1,), {}),
        ("gaussian_filter", ("wide",), {}),
        ("gaussian_filter", (1,), {"order": -1}),
        ("gaussian_filter", ((1, 2, 3),), {}),
        ("gaussian_filter", (1,), {"radius": 1.5}),
        ("gaussian_filter1d", (1,), {"radius": [1]}),
        ("gaussian_filter1d", (np.inf,), {}),
        ("gaussian_laplace", (1,), {"axes": (7,)}),
        ("gaussian_gradient_magnitude", ((1, 2),), {"axes": (0,)}),
        ("gaussian_gradient_magnitude", (1,), {"axes": 5}),
        ("gaussian_gradient_magnitude", (1,), {"axes": -3}),
        ("gaussian_laplace", (1,), {"nonsense": 1}),
        ("sobel", (), {"axis": 2}),
        ("sobel", (), {"mode": ["wrap"]}),
        ("laplace", (), {"mode": "odd"}),
        ("generic_laplace", (None,), {}),
        ("binary_erosion", (), {"iterations": 1.5}),
        ("binary_erosion", (np.ones(3),), {}),
        ("binary_erosion", (np.ones((0, 3)),), {}),
        ("binary_erosion", (), {"mask": np.ones(3)}),
        ("binary_erosion", (), {"output": np.zeros((3, 4), complex)}),
        ("binary_dilation", (), {"origin": (0,)}),
        ("binary_hit_or_miss", (), {"axes": (0, 0)}),
        ("vectorized_filter", (np.max,), {}),
        ("vectorized_filter", (np.max,), {"size": 0}),
        ("vectorized_filter", (np.max,), {"size": 2.5}),
        ("vectorized_filter", (np.max,), {"size": 3, "cval": 1}),
        ("vectorized_filter", (np.max,), {"size": 3, "batch_memory": 1}),
        ("vectorized_filter", (np.max,), {"size": 3, "mode": "valid", "origin": 1}),
        ("vectorized_filter", ("min(w)",), {"size": 3}),
        ("morphological_laplace", (), {}),
    ],
)
def test_mistakes(name, arguments, keywords):
    keywords = dict(keywords)
    assert_same(name, np.arange(12.0).reshape(3, 4), *arguments, **keywords)


def test_arrays_of_more_axes_than_filters_have_are_left_to_scipy():
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        pytest.skip("NumPy has arrays of 32 axes at most")
    image = np.random.default_rng(3).random((1,) * 32 + (9,))
    assert_same("gaussian_filter1d", image, 1)
    assert_same("correlate1d", image, [1, 2, 3])


def test_everything_of_scipys_is_there():
    assert set(hoodoo.ndimage.__all__) == set(scipy.ndimage.__all__)
    for name in scipy.ndimage.__all__:
        ours, theirs = getattr(hoodoo.ndimage, name), getattr(scipy.ndimage, name)
        if callable(theirs):
            ours, theirs = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
            # `generic_filter` has options of kernels, which have to be named.
            assert list(ours)[: len(theirs)] == list(theirs), name
            for parameter in theirs:
                assert ours[parameter].kind == theirs[parameter].kind, (name, parameter)
                assert ours[parameter].default == theirs[parameter].default, (name, parameter)


def test_neighbourhoods_are_hoodoos():
    """What is still SciPy's own looks at no neighbourhood."""
    own = {name for name in hoodoo.ndimage.__all__ if getattr(hoodoo.ndimage, name) is getattr(scipy.ndimage, name)}
    assert {name for name in own if not name.startswith("fourier_")} == {
        *("affine_transform", "center_of_mass", "distance_transform_bf", "distance_transform_cdt"),
        *("distance_transform_edt", "extrema", "find_objects", "generate_binary_structure", "geometric_transform"),
        *("histogram", "iterate_structure", "label", "labeled_comprehension", "map_coordinates", "maximum"),
        *("maximum_position", "mean", "median", "minimum", "minimum_position", "rotate", "shift", "spline_filter"),
        *("spline_filter1d", "standard_deviation", "sum", "sum_labels", "value_indices", "variance"),
        *("watershed_ift", "zoom"),
    }


@pytest.mark.parametrize("name", ["binary_erosion", "binary_dilation", "binary_opening", "binary_hit_or_miss"])
def test_origins_outside_of_a_structure_are_refused(name):
    """For which SciPy reads memory that is not the image's."""
    arguments = {"origin1": (0, 2)} if name == "binary_hit_or_miss" else {"origin": (0, 2)}
    with pytest.raises(ValueError, match="invalid origin"):
        getattr(hoodoo.ndimage, name)(np.ones((5, 6)), np.ones((3, 3)), **arguments)


def test_many_weights():
    """Along the columns they are taken as the last axis, and more than the code is made for are left to SciPy."""
    image = np.random.default_rng(2).normal(size=(300, 260))
    for count in (33, 41, 257, 301):
        for axis in (0, 1):
            weights = np.random.default_rng(count).normal(size=count)
            assert_same("correlate1d", image, weights, axis)
            assert_same("correlate1d", image, weights + weights[::-1], axis)


def test_small_images_are_left_to_scipy(monkeypatch):
    monkeypatch.setattr(hoodoo._dropin, "smallest", 100)

    def fail(*_):
        raise AssertionError

    monkeypatch.setattr(hoodoo._kernel, "Filter", fail)
    hoodoo.ndimage.gaussian_filter(np.zeros((9, 9)), 1)
    hoodoo.ndimage.binary_fill_holes(np.zeros((9, 9)))
    with pytest.raises(AssertionError):
        hoodoo.ndimage.gaussian_filter(np.zeros((10, 10)), 1)


@pytest.mark.parametrize(
    "wrong", [{"extra_arguments": 3}, {"extra_arguments": None}, {"extra_arguments": [1]}, {"extra_keywords": 3}, {"extra_keywords": [("a", 1)]}]
)
def test_extras_are_refused_as_by_scipy(wrong):
    image = np.arange(12.0).reshape(3, 4)
    for module in (scipy.ndimage, hoodoo.ndimage):
        with pytest.raises(RuntimeError, match="extra_(arguments must be a tuple|keywords must be a dictionary)"):
            module.generic_filter(image, lambda window, *more, **named: window.max(), size=3, **wrong)
        with pytest.raises(RuntimeError, match="extra_(arguments must be a tuple|keywords must be a dictionary)"):
            module.generic_filter1d(image, lambda line, values, *more, **named: None, 3, **wrong)


def raises_alike(name, *arguments, **keywords):
    """Both raise an exception of one type, or both give the same."""
    outcomes = []
    for module in (scipy.ndimage, hoodoo.ndimage):
        try:
            outcomes.append(getattr(module, name)(*arguments, **keywords).tolist())
        except Exception as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", ["minimum_filter1d", "maximum_filter1d", "uniform_filter1d"])
@pytest.mark.parametrize("wrong", [{"mode": ["reflect"]}, {"mode": ("wrap",)}, {"axis": [0]}, {"origin": [0]}, {"size": [3]}])
def test_filters_along_an_axis_take_no_sequences(name, wrong):
    options = {"size": 3, **wrong}
    for image in (np.arange(5.0), np.ones((200, 200))):
        raises_alike(name, image, **options)


@pytest.mark.parametrize("cval", [np.inf, -np.inf, np.nan, 2**70, 1e30])
@pytest.mark.parametrize("mode", ["reflect", "constant"])
@pytest.mark.parametrize(("name", "argument"), [("median_filter", ()), ("rank_filter", (1,)), ("percentile_filter", (50,))])
def test_what_is_outside_a_line_of_integers_is_one(name, argument, cval, mode):
    raises_alike(name, np.arange(10), *argument, size=3, mode=mode, cval=cval)


@pytest.mark.parametrize("border", [0.5, "a", None, 2**70, np.nan, -(2**31) - 1])
@pytest.mark.parametrize("name", ["binary_erosion", "binary_dilation", "binary_opening", "binary_closing", "binary_propagation"])
def test_what_is_beyond_the_border_of_a_binary_image_is_an_integer(name, border):
    for shape in ((5, 5), (200, 200)):
        raises_alike(name, np.ones(shape, bool), border_value=border)


def test_truth_is_no_number_outside():
    raises_alike("vectorized_filter", np.arange(5), np.mean, size=3, mode="constant", cval=True)


def test_ranks_of_large_unsigned_integers_along_a_line():
    image = np.array([2**63 + 5, 1, 2**64 - 1, 7, 3, 2**63], np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1, "symmetric"), 3)
    np.testing.assert_array_equal(hoodoo.ndimage.rank_filter(image, 1, size=3), np.sort(windows)[:, 1])
    np.testing.assert_array_equal(hoodoo.ndimage.percentile_filter(image, 50, size=3), np.sort(windows)[:, 1])
    np.testing.assert_array_equal(hoodoo.ndimage.median_filter(image, size=3), np.sort(windows)[:, 1])


def test_an_axis_is_a_number():
    image = np.arange(6.0).reshape(2, 3)
    for name in ("minimum_filter1d", "maximum_filter1d", "uniform_filter1d", "gaussian_filter1d"):
        for module in (scipy.ndimage, hoodoo.ndimage):
            with pytest.raises(TypeError):
                getattr(module, name)(image, 3, axis=None)


def test_sizes_and_percentages_may_be_numbers_of_numpy():
    def doubled(line, values):
        values[...] = line[: len(values)] * 2

    for kind in (np.uint8, np.int8, np.uint64):
        for axis in (0, 1):
            image = np.arange(70.0).reshape(7, 10)
            expected = scipy.ndimage.generic_filter1d(image, doubled, 3, axis=axis)
            np.testing.assert_array_equal(hoodoo.ndimage.generic_filter1d(image, doubled, kind(3), axis=axis), expected)
        expected = scipy.ndimage.percentile_filter(image, kind(70), size=20)
        np.testing.assert_array_equal(hoodoo.ndimage.percentile_filter(image, kind(70), size=20), expected)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
@pytest.mark.parametrize("cval", [np.nan, np.inf, -np.inf, 1e30, -1e30, 3e9, -3e9, 300.0, -1.5, 1.9e19, 2.0**63])
def test_a_cval_beyond_the_type_is_what_c_makes_of_it(dtype, cval):
    if platform.machine() != "x86_64":
        pytest.skip("C says nothing of it, and SciPy's is what x86-64 does")
    image = np.arange(12, dtype=dtype).reshape(3, 4)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
    for name, arguments in [("maximum_filter", {}), ("minimum_filter", {}), ("rank_filter", {"rank": 1})]:
        arguments = {**arguments, "footprint": cross, "mode": "constant", "cval": cval}
        with np.errstate(all="ignore"):
            expected = getattr(scipy.ndimage, name)(image, **arguments)
            np.testing.assert_array_equal(getattr(hoodoo.ndimage, name)(image, **arguments), expected, err_msg=name)
