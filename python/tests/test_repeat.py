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
    told = []
    Kernel("max(w)")(IMAGE, size=3, iterations=4, progress=told.append)
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
