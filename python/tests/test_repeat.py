"""Kernels on their own results: `iterations` and `Kernel.repeat`."""

from __future__ import annotations

import numpy as np
import pytest

import hoodoo
from hoodoo import Kernel

RNG = np.random.default_rng(6)
IMAGE = RNG.random((9, 11))

IMAGES = {
    "floats": IMAGE,
    "bytes": (IMAGE * 100).astype("u1"),
    "masked": np.ma.masked_less(IMAGE, 0.3),
    "list": IMAGE.tolist(),
    # So large that arrays are used again.
    "large": RNG.random((300, 300)),
}
OPTIONS = [
    {},
    {"mode": "shrink"},
    {"dtype": "f4"},
    {"output": "u1"},
    {"nodata": 0, "fill": True},
    {"mask": IMAGE < 0.2},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("source", ["mean(w)", "median(w)"])
@pytest.mark.parametrize("name", IMAGES)
def test_iterations_are_a_loop_of_calls(name, source, options):
    image, kernel = IMAGES[name], Kernel(source)
    if "mask" in options and np.shape(image) != IMAGE.shape:
        options = {}
    before = np.array(image)
    expected = image
    for count in (1, 2, 3, 4):
        expected = kernel(expected, size=3, **options)
        given = kernel(image, size=3, iterations=count, **options)
        assert type(given) is type(expected) and given.dtype == expected.dtype
        np.testing.assert_array_equal(given, expected)
        np.testing.assert_array_equal(np.ma.getmaskarray(given), np.ma.getmaskarray(expected))
    np.testing.assert_array_equal(np.array(image), before)


def test_until_nothing_changes():
    grow = Kernel("input marker, mask; min(max(marker), mask[0])")
    marker, mask = [0, 9, 0, 0, 0, 0], [5, 9, 7, 3, 0, 6]
    result, runs = grow.repeat(marker, mask, size=3)
    assert (result.tolist(), runs) == ([5, 9, 7, 3, 0, 0], 2)
    np.testing.assert_array_equal(grow(marker, mask, size=3, iterations="stable"), result)
    np.testing.assert_array_equal(grow(marker, mask, size=3, iterations="stable:2"), result)
    with pytest.raises(RuntimeError, match="not stable after 1 runs"):
        grow(marker, mask, size=3, iterations="stable:1")
    # NaN is no change of NaN, and what is stable from the start takes no run.
    still = Kernel("mean(w)").repeat(np.array([np.nan, 1, 2], "f4"), size=1)
    assert still.runs == 0 and still.result.dtype == np.float32
    masked = Kernel("max(w)").repeat(np.ma.masked_equal([1, 2, 3, 4], 3), size=3)
    assert (masked.result.tolist(), masked.runs) == ([2, 2, None, 4], 1)
    times = Kernel("max(w)").repeat(np.array(["2020", "2021", "NaT"], "M8[Y]"), size=3, fill=True)
    assert times.result.tolist() == np.array(["2021"] * 3, "M8[Y]").tolist()


def test_outputs_and_progress():
    for output in (np.zeros(IMAGE.shape), np.ma.masked_array(np.zeros(IMAGE.shape), True), np.zeros(IMAGE.shape[::-1]).T):
        for iterations in (3, "stable"):
            given = Kernel("max(w)")(IMAGE, size=3, iterations=iterations, output=output)
            assert given is output
            np.testing.assert_array_equal(output, Kernel("max(w)")(IMAGE, size=3, iterations=iterations))
            assert not np.ma.getmaskarray(output).any()
    same = IMAGE.copy()
    Kernel("max(w)")(same, size=3, iterations=2, output=same)
    np.testing.assert_array_equal(same, Kernel("max(w)")(IMAGE, size=5))
    for iterations in (4, "stable", "stable:40"):
        told = []
        Kernel("max(w)")(IMAGE, size=3, iterations=iterations, progress=told.append)
        assert told == sorted(told) and told[-1] == 1 and told[0] <= 0.25


def test_other_kinds_of_images():
    pd = pytest.importorskip("pandas")
    xr = pytest.importorskip("xarray")
    da = pytest.importorskip("dask.array")
    kernel, expected = Kernel("mean(w)"), Kernel("mean(w)")(IMAGE, size=3, iterations=3)
    frame = kernel(pd.DataFrame(IMAGE, columns=list("abcdefghijk")), size=3, iterations=3)
    assert frame.columns[0] == "a"
    np.testing.assert_array_equal(frame, expected)
    assert Kernel("max(w)").repeat(xr.DataArray(IMAGE, dims=("y", "x")), size=3).result.dims == ("y", "x")
    np.testing.assert_allclose(kernel(da.from_array(IMAGE, chunks=4), size=3, iterations=3).compute(), expected)
    with pytest.raises(TypeError, match="iterations=10"):
        kernel(da.from_array(IMAGE, chunks=4), size=3, iterations="stable")
    hoodoo_xarray = pytest.importorskip("hoodoo.xarray")
    assert hoodoo_xarray
    np.testing.assert_array_equal(xr.DataArray(IMAGE).hoodoo.filter("mean(w)", size=3, iterations=3), expected)


@pytest.mark.parametrize(
    ("iterations", "options", "error", "message"),
    [
        (0, {}, ValueError, "1 run at least"),
        (1.5, {}, TypeError, "number of runs"),
        ("stable:x", {}, TypeError, "'stable:N'"),
        ("often", {}, TypeError, "'stable:N'"),
        (2, {"mode": "valid"}, ValueError, "the result has the shape"),
        (2, {"stride": 2}, ValueError, "the result has the shape"),
    ],
)
def test_what_can_not_be_repeated(iterations, options, error, message):
    with pytest.raises(error, match=message):
        Kernel("max(w)")(IMAGE, size=3, iterations=iterations, **options)


def test_one_output_is_repeated():
    with pytest.raises(ValueError, match="2 outputs"):
        Kernel("min(w), max(w)")(IMAGE, size=3, iterations=2)
    with pytest.raises(TypeError, match="1 input"):
        hoodoo.Kernel("max(w)").repeat(size=3)


@pytest.mark.parametrize("iterations", [1, 2, 3, "stable"])
@pytest.mark.parametrize(
    ("output", "error", "message"),
    [
        (np.zeros((3, *IMAGE.shape)), ValueError, "it must be"),
        (np.zeros(IMAGE.shape[1]), ValueError, "it must be"),
        ([np.zeros(IMAGE.shape)], TypeError, "not a sequence"),
        (np.zeros(IMAGE.shape, complex), TypeError, "complex"),
        (np.broadcast_to(0.0, IMAGE.shape), ValueError, "read-only"),
    ],
)
def test_an_output_is_checked_before_the_first_run(output, error, message, iterations):
    told = []
    with pytest.raises(error, match=message):
        Kernel("max(w)")(IMAGE, size=3, iterations=iterations, output=output, progress=told.append)
    assert not told


def test_an_output_takes_the_place_of_a_type_and_is_of_all_inputs():
    with pytest.raises(TypeError, match="can't both"):
        Kernel("max(w)")(IMAGE, size=3, iterations=2, output=np.zeros(IMAGE.shape), dtype="f8")
    with pytest.raises(ValueError, match="can't be broadcast to one"):
        Kernel("input a, b; max(a) + b[0]")(IMAGE, IMAGE[:4], size=3, iterations=2, output=np.zeros(IMAGE.shape))
    blocks = pytest.importorskip("dask.array").from_array(IMAGE, chunks=4)
    with pytest.raises(TypeError, match="output"):
        Kernel("max(w)")(blocks, size=3, iterations=2, output=np.zeros(IMAGE.shape))
    kernel, output = Kernel("input a, b; mean(a) + b[0]"), np.zeros((4, 11))
    images = IMAGE[0], np.ones((4, 11))
    assert kernel(*images, size=3, axes=-1, iterations=2, output=output) is output
    np.testing.assert_array_equal(output, kernel(*images, size=3, axes=-1, iterations=2))


@pytest.mark.parametrize("iterations", [1, 2, 3, "stable"])
@pytest.mark.parametrize("fill", [False, True])
def test_a_masked_output_has_the_mask_of_a_call(fill, iterations):
    missing = np.zeros(IMAGE.shape, bool)
    missing[2:8, 2:9] = True
    kernel, output = Kernel("max(w)"), np.ma.masked_array(np.zeros(IMAGE.shape), False)
    options = {"size": 3, "iterations": iterations, "fill": fill}
    given = kernel(IMAGE, mask=missing, output=output, **options)
    expected = kernel(np.ma.array(IMAGE, mask=missing), **options)
    np.testing.assert_array_equal(np.ma.getmaskarray(given), np.ma.getmaskarray(expected))
    np.testing.assert_array_equal(given.filled(0), expected.filled(0))


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("kind", ["numpy", "list", "pandas", "xarray", "dask"])
@pytest.mark.parametrize("iterations", [2, 3, 5, "stable"])
@pytest.mark.parametrize("options", [{"size": 3}, {"size": 3, "mode": "shrink"}, {"footprint": "disk:1"}], ids=str)
@pytest.mark.parametrize("dtype", ["f8", "u1"])
def test_what_is_filled_has_a_value_in_the_next_run(dtype, options, iterations, kind):
    """As in masked arrays."""
    image = (IMAGE * 100).astype(dtype)
    missing = np.zeros(image.shape, bool)
    missing[1:8, 1:9] = True
    # What is under the mask is what becomes of it.
    image[missing] = image[~missing].max()
    kernel = Kernel("max(w)" if iterations == "stable" else "median(w)")
    expected = kernel(np.ma.array(image, mask=missing), iterations=iterations, fill=True, **options)
    if kind == "dask" and iterations == "stable":
        pytest.skip("this is refused")
    wrap = {
        "numpy": lambda array: array,
        "list": lambda array: array.tolist() if array.dtype == bool else array,
        "pandas": lambda array: pytest.importorskip("pandas").DataFrame(array),
        "xarray": lambda array: pytest.importorskip("xarray").DataArray(array),
        "dask": lambda array: pytest.importorskip("dask.array").from_array(array, chunks=4),
    }[kind]
    given = kernel(wrap(image), mask=wrap(missing), iterations=iterations, fill=True, **options)
    absent = np.ma.getmaskarray(expected)
    assert not absent[1:3].any() and absent.any() == (iterations in (2, 3))
    np.testing.assert_array_equal(np.asarray(given)[~absent], expected.data[~absent])
    if iterations == "stable" and kind == "numpy":
        masked = kernel.repeat(np.ma.array(image, mask=missing), fill=True, **options)
        assert kernel.repeat(image, mask=missing, fill=True, **options).runs == masked.runs


@pytest.mark.parametrize("once", [1, np.int64(1), np.array(1)])
def test_one_run_needs_nothing_of_a_second(once):
    valid = {"size": 3, "mode": "valid"}
    np.testing.assert_array_equal(Kernel("max(w)")(IMAGE, iterations=once, **valid), Kernel("max(w)")(IMAGE, **valid))
    assert Kernel("max(w)").repeat(IMAGE, iterations=once, **valid).runs == 1
    low, high = Kernel("min(w), max(w)")(IMAGE, size=3, stride=2, iterations=once)
    assert low.shape == high.shape == (5, 6)
    output = [np.zeros(IMAGE.shape), np.zeros(IMAGE.shape)]
    Kernel("min(w), max(w)").repeat(IMAGE, size=3, iterations=once, output=output)
    np.testing.assert_array_equal(output[1], Kernel("max(w)")(IMAGE, size=3))


@pytest.mark.parametrize("source", ["param iterations = 2; w[0] * iterations", "param iterations; w[0] * iterations", "weights iterations; 1"])
@pytest.mark.parametrize("iterations", [1, 5, "stable"])
def test_a_param_called_iterations_is_not_taken_for_the_argument(source, iterations):
    with pytest.raises(TypeError, match="is a param of the kernel and an argument of the call"):
        Kernel(source)([1.0, 2.0], iterations=iterations)


def test_a_param_called_iterations_has_its_value_and_the_call_its_own():
    source = "param iterations = 2; w[0] * iterations"
    assert Kernel(source)([1.0, 2.0]).tolist() == [2, 4]
    assert Kernel(source, iterations=3)([1.0, 2.0]).tolist() == [3, 6]
    assert Kernel(source, iterations=3)([1.0, 2.0], iterations=2).tolist() == [9, 18]
    assert Kernel(source).repeat([1.0, 2.0], iterations=2).result.tolist() == [4, 8]


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("iterations", [2, 3, 4])
@pytest.mark.parametrize("source", ["w[-1] + 1", "min(w where w > 5)", "sum(w)"])
def test_integers_that_are_no_values_stay_masked(source, iterations):
    image, missing = np.array([5, 0, 0, 0, 7, 1]), np.array([0, 1, 1, 1, 0, 0], bool)
    result, absent = image, missing
    for _ in range(iterations):
        once = Kernel(source)(np.ma.MaskedArray(result, absent), size=3, fill=True)
        result, absent = once.data, absent & once.mask
    given = Kernel(source)(image, mask=missing, size=3, fill=True, iterations=iterations)
    assert type(given) is np.ndarray
    np.testing.assert_array_equal(given[~absent], result[~absent])
