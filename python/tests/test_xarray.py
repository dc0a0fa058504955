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


def test_axes_have_the_arrays_order_unless_dims_has_another(cube):
    kernel = "w[1, 0] - w[0, 0]"
    footprint = xr.DataArray(np.ones((1, 3), bool), dims=("x", "y"))
    weights = xr.DataArray([[1.0, 2.0, 3.0]], dims=("x", "y"))
    for array in lazy_and_eager(cube):
        for dims, axes in [({}, (1, 2)), ({"dims": ("y", "x")}, (1, 2)), ({"dims": ("x", "y")}, (2, 1))]:
            expected = hoodoo.Kernel(kernel)(cube.values, axes=axes)
            for size in [{"y": 3, "x": 1}, {"x": 1, "y": 3}]:
                filtered = array.hoodoo.filter(kernel, size=size, **dims)
                np.testing.assert_array_equal(filtered.values, expected)
            filtered = array.hoodoo.filter(f"{kernel} + 0 * min(w)", footprint=footprint, **dims)
            np.testing.assert_array_equal(filtered.values, expected)
        filtered = array.hoodoo.filter("weights k; sum(k * w)", size={"x": 1, "y": 3}, k=weights)
        expected = hoodoo.Kernel("weights k; sum(k * w)")(cube.values, size=(3, 1), axes=(1, 2), k=[[1], [2], [3]])
        np.testing.assert_array_equal(filtered.values, expected)


def test_sequences_and_plain_arrays(cube):
    for array in lazy_and_eager(cube):
        for size in [(1, 3, 5), [1, 3, 5]]:
            filtered = array.hoodoo.filter("max(w)", size=size)
            np.testing.assert_array_equal(filtered.values, hoodoo.Kernel("max(w)")(cube.values, size=size))
        kernel = "input a, b; max(a) - min(b)"
        for other in (cube.values[::-1], 3.0):
            filtered = array.hoodoo.filter(kernel, other, size=3)
            expected = hoodoo.Kernel(kernel)(cube.values, np.broadcast_to(other, cube.shape), size=3)
            np.testing.assert_array_equal(filtered.values, expected)
    with pytest.raises(TypeError, match="size=3"):
        cube.hoodoo.filter("max(w)", 3)


def test_a_kernel_itself_takes_labelled_arrays(cube):
    kernel = hoodoo.Kernel("input a, b; max(a) - min(b)")
    for array in lazy_and_eager(cube):
        for images in [(array, array.transpose("x", "y", "time")), (array, cube.values), (cube.values, array)]:
            filtered = kernel(*images, size=3, mode="valid")
            assert (filtered.chunks is None) == (array.chunks is None)
            xr.testing.assert_equal(filtered.time, cube.time[1:-1])
            np.testing.assert_array_equal(filtered.values, kernel(cube.values, cube.values, size=3, mode="valid"))


def test_a_kernel_itself_takes_names_of_dimensions(cube):
    kernel = hoodoo.Kernel("weights k; sum(k * w)")
    k = xr.DataArray(np.arange(6.0).reshape(3, 2), dims=cube.dims[1:][::-1])
    window = dict(zip(k.dims, k.shape))
    given = kernel(cube, size=window, mode={k.dims[0]: "wrap"}, k=k)
    xr.testing.assert_equal(given, cube.hoodoo.filter(kernel, size=window, mode={k.dims[0]: "wrap"}, k=k))
    xr.testing.assert_equal(hoodoo.Kernel("max(w)")(cube, footprint=k > 1), cube.hoodoo.filter("max(w)", footprint=k > 1))
    with pytest.raises(ValueError, match="are named"):
        hoodoo.Kernel("max(w)")(cube, size={cube.dims[0]: 3}, axes=1)


def test_datasets(cube):
    dataset = xr.Dataset({"a": cube, "b": 2 * cube}, attrs={"title": "heights"})
    filtered = dataset.hoodoo.filter("max(w)", size={"x": 3})
    xr.testing.assert_equal(filtered.b, (2 * cube).hoodoo.filter("max(w)", size={"x": 3}))
    assert filtered.attrs == dataset.attrs
    with pytest.raises(TypeError, match=r"dataset.hoodoo.filter"):
        hoodoo.Kernel("max(w)")(dataset, size=3)


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
        (ValueError, {"footprint": xr.DataArray(np.ones((3, 3), bool), dims=("y", "z"))}),
        (ValueError, {"footprint": xr.DataArray(np.ones((3, 3), bool), dims=("y", "x")), "dims": ("x", "time")}),
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


def test_a_size_without_its_name_is_told_apart_from_an_input():
    image = xr.DataArray(np.eye(4), dims=("y", "x"))
    for size in (3, (3, 3), [3, 3]):
        with pytest.raises(TypeError, match="the size is given by name"):
            image.hoodoo.filter("max(w)", size)
    assert image.hoodoo.filter("max(w)", size=(3, 1)).equals(image.hoodoo.filter("max(w)", size={"y": 3, "x": 1}))
