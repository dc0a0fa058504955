"""The accessor of `hoodoo.xarray`."""

from __future__ import annotations

import numpy as np
import pytest

import hoodoo

xr = pytest.importorskip("xarray")
pytest.importorskip("hoodoo.xarray")


@pytest.fixture
def cube():
    values = np.random.default_rng(1).integers(0, 99, (3, 6, 7)).astype(np.float32)
    coords = {"time": [2001, 2002, 2003], "y": np.arange(6) * 10.0, "x": np.arange(7) * 5.0, "area": ("y", np.arange(6))}
    return xr.DataArray(values, coords, ("time", "y", "x"), name="height", attrs={"units": "m"})


def lazy_and_eager(cube):
    pytest.importorskip("dask")
    return [cube, cube.chunk({"time": 1, "y": 4, "x": 2})]


def test_labels_stay(cube):
    for array in lazy_and_eager(cube):
        filtered = array.hoodoo.filter("max(w)", size={"y": 3, "x": 5}, mode="wrap")
        assert (filtered.chunks is None) == (array.chunks is None)
        xr.testing.assert_identical(filtered.compute(), cube.copy(data=filtered.values))
        expected = hoodoo.Kernel("max(w)")(cube.values, size=(3, 5), axes=(1, 2), mode="wrap")
        np.testing.assert_array_equal(filtered.values, expected)


def test_axes_have_the_order_in_which_they_are_named(cube):
    expected = hoodoo.Kernel("w[1, 0] - w[0, 0]")(cube.values, axes=(2, 1))
    for array in lazy_and_eager(cube):
        for named in [{"dims": ("x", "y")}, {"size": {"x": 1, "y": 3}}]:
            filtered = array.hoodoo.filter("w[1, 0] - w[0, 0]", **named)
            np.testing.assert_array_equal(filtered.values, expected)
        footprint = xr.DataArray(np.ones((1, 3), bool), dims=("x", "y"))
        filtered = array.hoodoo.filter("w[1, 0] - w[0, 0] + 0 * min(w)", footprint=footprint)
        np.testing.assert_array_equal(filtered.values, expected)


def test_modes_and_origins_by_dimension(cube):
    expected = hoodoo.Kernel("sum(w)")(cube.values, size=(3, 2), axes=(1, 2), mode=("nearest", "reflect"), origin=(0, -1))
    arguments = {"size": {"y": 3, "x": 2}, "mode": {"y": "nearest"}, "origin": {"x": -1}}
    for array in lazy_and_eager(cube):
        np.testing.assert_array_equal(array.hoodoo.filter("sum(w)", **arguments).values, expected)


def test_mode_valid_leaves_the_coordinates_of_its_pixels(cube):
    for array in lazy_and_eager(cube):
        filtered = array.hoodoo.filter("min(w)", size={"y": 3, "x": 2}, mode={"y": "valid"})
        assert filtered.shape == (3, 4, 7)
        np.testing.assert_array_equal(filtered.y, [10, 20, 30, 40])
        np.testing.assert_array_equal(filtered.area, [1, 2, 3, 4])


def test_several_inputs_and_outputs(cube):
    kernel = hoodoo.Kernel("input a, b; param t; low: min(a) * t, sum: sum(b)", t=2)
    other = (cube + 1).transpose("x", "time", "y")
    for array in lazy_and_eager(cube):
        outputs = array.hoodoo.filter(kernel, other, size={"x": 3}, dtype="f8")
        assert list(outputs) == ["low", "sum"]
        low, total = kernel(cube.values, cube.values + 1, size=3, axes=2, dtype="f8")
        xr.testing.assert_equal(outputs.low.compute(), cube.astype("f8").copy(data=low))
        np.testing.assert_array_equal(outputs["sum"].values, total)


def test_bad_arguments(cube):
    for error, arguments in [
        (ValueError, {"size": {"z": 3}}),
        (ValueError, {"size": {"y": 3}, "dims": ("y", "x")}),
        (ValueError, {"size": {"y": 3}, "mode": {"x": "wrap"}}),
        (ValueError, {"size": 3, "footprint": xr.DataArray(np.ones((3, 3), bool), dims=("y", "x")), "dims": ("x", "y")}),
        (ValueError, {}),
        (TypeError, {"size": 3, "t": 1}),
        (TypeError, {"size": 3, "mode": ["wrap", "reflect", "wrap"]}),
        (TypeError, {"size": 3, "origin": [0, 0, 0]}),
    ]:
        with pytest.raises(error):
            cube.hoodoo.filter("min(w)", **arguments)
    with pytest.raises(TypeError, match="the kernel must be a str or a hoodoo.Kernel"):
        cube.hoodoo.filter(len, size=3)
    with pytest.raises(ValueError):
        cube.hoodoo.filter("input a, b; min(a) - min(b)", cube.isel(x=slice(3)), size=3)


@pytest.mark.parametrize("name", ["y", "x", "time", "area"])
def test_outputs_are_not_dimensions_or_coordinates(cube, name):
    """A dataset would take them for coordinates, or have two of one name."""
    for array in [*lazy_and_eager(cube), cube.drop_vars(["y", "x", "time"])]:
        with pytest.raises(ValueError, match=f"names of dimensions or coordinates of the array: `{name}`"):
            array.hoodoo.filter(f"{name}: max(w), low: min(w)", size=3)
        # A single output has the array's name.
        assert array.hoodoo.filter(f"{name}: max(w)", size=3).name == "height"
