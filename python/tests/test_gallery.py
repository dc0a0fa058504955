"""The kernels of the cookbook, and footprints with names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hoodoo
from hoodoo import Kernel

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (20, 24)).astype(np.uint8)


def test_all_examples_are_in_it():
    assert {path.stem for path in EXAMPLES.glob("*.hood")} == set(hoodoo.gallery)
    assert len({recipe.group for recipe in hoodoo.gallery.values()}) == 9


@pytest.mark.parametrize("name", list(hoodoo.gallery))
def test_each_runs_as_it_is(image, name):
    recipe = hoodoo.gallery[name]
    assert recipe.text == (EXAMPLES / f"{name}.hood").read_text()
    result = recipe(*[image] * len(recipe.kernel.inputs))
    for output in result if isinstance(result, tuple) else (result,):
        assert output.shape == image.shape
    assert repr(recipe).startswith(f"<{name}(") and recipe.summary in repr(recipe)


def test_options_of_the_caller_come_first(image):
    recipe = hoodoo.gallery["bilateral"]
    assert recipe.options == {"footprint": "disk:4"}
    np.testing.assert_array_equal(recipe(image), recipe.kernel(image, footprint=hoodoo.footprint("disk:4")))
    np.testing.assert_array_equal(recipe(image, size=3, sigma_range=9), recipe.kernel(image, size=3, sigma_range=9))
    output = np.empty(image.shape, bool)
    assert hoodoo.gallery["local-maxima"](image, output=output) is output


def test_it_shows_what_there_is():
    assert "52 kernels" in repr(hoodoo.gallery)
    lines = str(hoodoo.gallery).splitlines()
    assert lines[0] == "Morphology:" and lines[1].split()[:2] == ["erosion", hoodoo.gallery["erosion"].summary.split()[0]]
    with pytest.raises(KeyError, match="did you mean bilateral"):
        hoodoo.gallery["bilatral"]


DISK = np.hypot(*np.ogrid[-2:3, -2:3]) <= 2


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("disk:2", DISK),
        ("box:1", np.ones((3, 3), bool)),
        ("cross:1", np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)),
        ("ring:1,2", DISK & (np.hypot(*np.ogrid[-2:3, -2:3]) >= 1)),
        ("010/111/010", np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)),
    ],
)
def test_footprints_with_names(image, name, cells):
    np.testing.assert_array_equal(hoodoo.footprint(name), cells)
    kernel = Kernel("max(w) - min(w)")
    expected = kernel(image, footprint=cells)
    np.testing.assert_array_equal(kernel(image, footprint=name), expected)
    np.testing.assert_array_equal(kernel.prepare(image.shape, image.dtype, footprint=name)(image), expected)
    np.testing.assert_array_equal(hoodoo.generic_filter(image, kernel, footprint=name), expected)
    assert kernel.output_region(image.shape, footprint=name, mode="valid") == kernel.output_region(image.shape, footprint=cells, mode="valid")
    assert kernel.explain(image.shape, "u1", footprint=name) == kernel.explain(image.shape, "u1", footprint=cells)
    for function in (hoodoo.minimum_filter, hoodoo.median_filter):
        np.testing.assert_array_equal(function(image, footprint=name), function(image, footprint=cells))


def test_footprints_along_other_axes(image):
    assert hoodoo.footprint("ball:1", 3).sum() == 7
    for name, ndim, error in [("disk:2", -1, ValueError), ("box:1", 99, ValueError), ("disk:2", 3, ValueError), (2, 2, TypeError), ("box:1", 2.0, TypeError)]:
        with pytest.raises(error):
            hoodoo.footprint(name, ndim)
    kernel = Kernel("mean(w)")
    np.testing.assert_array_equal(kernel(image, footprint="cross:1", axes=1), kernel(image, size=3, axes=1))
    stack = np.stack([image, image[::-1]])
    np.testing.assert_array_equal(kernel(stack, footprint="disk:2", axes=(1, 2))[0], kernel(image, footprint="disk:2"))
    with pytest.raises(ValueError, match="2 axes, and the array is filtered along 3"):
        kernel(stack, footprint="disk:2")
    for wrong in ("disc:2", "disk", "disk:-1"):
        with pytest.raises(ValueError, match="footprint"):
            kernel(image, footprint=wrong)


def test_footprints_with_names_on_other_arrays(image):
    da, xr = pytest.importorskip("dask.array"), pytest.importorskip("xarray")
    expected = Kernel("max(w)")(image, footprint="disk:2")
    np.testing.assert_array_equal(Kernel("max(w)")(da.from_array(image, chunks=7), footprint="disk:2"), expected)
    labelled = xr.DataArray(image, dims=("y", "x"))
    np.testing.assert_array_equal(Kernel("max(w)")(labelled, footprint="disk:2"), expected)
    import hoodoo.xarray  # noqa: F401

    np.testing.assert_array_equal(labelled.hoodoo.filter("max(w)", footprint="disk:2"), expected)


def test_inputs_are_broadcast(image):
    kernel = Kernel("input a, b; max(a) - min(b)")
    row, column = image[:1], image[:, :1]
    whole = [np.broadcast_to(each, image.shape).copy() for each in (row, column)]
    np.testing.assert_array_equal(kernel(row, column, size=3), kernel(*whole, size=3))
    np.testing.assert_array_equal(kernel(image, row[0], size=3), kernel(image, whole[0], size=3))
    with pytest.raises(ValueError, match=r"can't be broadcast to one: \(20, 24\), \(20,\)"):
        kernel(image, image[:, 0], size=3)


def test_generic_filter_has_the_options_of_kernels(image):
    ours = hoodoo.generic_filter
    kernel = "param t = 1; mean(w) + t"
    np.testing.assert_array_equal(ours(image, kernel, 3, t=4), ours(image, kernel, 3, extra_keywords={"t": 4}))
    assert ours(image, kernel, 3, dtype="f4").dtype == np.float32
    np.testing.assert_array_equal(ours(image, "3 * max(w)", 3, cast="saturate"), Kernel("3 * max(w)")(image, size=3))
    np.testing.assert_array_equal(ours(image, "exp(-mean(w))", 3, precision="single", threads=1, dtype="f4"), Kernel("exp(-mean(w))")(image, size=3, precision="single", dtype="f4"))
    for option in ({"cast": "saturate"}, {"threads": 2}, {"precision": "single"}, {"t": 1}):
        with pytest.raises(TypeError, match=f"`{next(iter(option))}` is for kernels"):
            ours(image, np.max, 3, **option)
    with pytest.raises(TypeError, match="can't both"):
        ours(image, "max(w)", 3, dtype="f4", output=np.float32)
    with pytest.raises(TypeError, match="did you mean `threads`"):
        ours(image, "max(w)", 3, thread=1)


def test_a_function_may_keep_its_window(image):
    kept = []

    def keep(window, *, scale=1.0):
        kept.append(window if len(kept) % 3 else window[2:])
        return window.sum() * scale

    result = hoodoo.generic_filter(image[:4, :4].astype(float), keep, 3, extra_keywords={"scale": 2.0})
    np.testing.assert_allclose(result.ravel() / 2, hoodoo.generic_filter(image[:4, :4].astype(float), "sum(w)", 3).ravel())
    windows = [hoodoo.generic_filter(image[:4, :4].astype(float), f"nth(w, {cell})", 3).ravel() for cell in range(9)]
    for number, window in enumerate(kept):
        np.testing.assert_array_equal(window, [cells[number] for cells in windows][9 - len(window) :])

    def reshape(window):
        assert window.shape == (9,)
        window.shape = (3, 3)
        return window[1, 1]

    np.testing.assert_array_equal(hoodoo.generic_filter(image, reshape, 3), image)
