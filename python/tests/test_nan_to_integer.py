"""Where a value that is not a number becomes an integer, a warning says so, as NumPy's casts do."""

import warnings

import numpy as np
import pytest

import hoodoo
from hoodoo._kernel import prepared
from hoodoo._told import outputs_to_tell

IMAGE = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 90]], np.uint8)


def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    assert all(each.category is RuntimeWarning for each in caught)
    assert all("invalid value encountered in cast" in str(each.message) for each in caught)
    return result, len(caught)


@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        ("mean(w where w > 50)", {}),
        ("min(w where w > 50)", {}),
        ("median(w where w > 50)", {}),
        ("sqrt(3 - w[0, 0])", {}),
        ("0 / (w[0, 0] - 5)", {}),
        ("w[0, 1]", {"mode": "constant", "cval": np.nan}),
        ("mean(w)", {"mode": "shrink", "footprint": np.eye(3) > np.eye(3, k=0)[::-1]}),
        ("w[0, 1]", {"mode": "shrink"}),
        # Corners have four cells, edges six.
        ("trimmed_mean(w, 2)", {"mode": "shrink"}),
        ("0 / (len(w) - 6)", {"mode": "shrink"}),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
@pytest.mark.parametrize("engine", ["rows", "interpreter"])
def test_a_warning_where_it_happens(kernel, options, dtype, engine):
    options = {"size": 3, **options} if "footprint" not in options else options
    run = hoodoo.Kernel(kernel)
    exact = run(IMAGE, dtype=np.float64, engine=engine, **options)
    assert np.isnan(exact).any()
    result, warnings_ = warned(lambda: run(IMAGE, dtype=dtype, engine=engine, **options))
    assert warnings_ == 1
    assert (result[np.isnan(exact)] == 0).all()
    np.testing.assert_array_equal(result, np.clip(np.rint(np.nan_to_num(exact)), np.iinfo(dtype).min, np.iinfo(dtype).max))


@pytest.mark.parametrize(
    ("kernel", "image", "options"),
    [
        ("mean(w where w > 0)", IMAGE, {"dtype": np.uint8}),
        ("min(w)", IMAGE, {}),
        ("max(w) - min(w)", IMAGE.astype(float), {"dtype": np.int32}),
        ("mean(w where w > 50)", IMAGE, {"dtype": np.float32}),
        ("mean(w where w > 50)", IMAGE, {"dtype": np.uint8, "nodata": 255}),
        ("count(w > 50)", IMAGE, {"mode": "shrink"}),
        ("min(w), trimmed_mean(w, 1), w[0, 0], std(w)", IMAGE, {"mode": "shrink", "dtype": np.uint8}),
        ("max(w), mean(w)", IMAGE, {"mask": IMAGE > 3, "dtype": np.uint8}),
    ],
)
def test_none_where_it_does_not(kernel, image, options):
    _, warnings_ = warned(lambda: hoodoo.Kernel(kernel)(image, size=3, **options))
    assert warnings_ == 0


def test_of_several_outputs():
    kernel = hoodoo.Kernel("low: min(w), high: max(w where w > 50)")
    result, warnings_ = warned(lambda: kernel(IMAGE, size=3))
    assert warnings_ == 1
    assert result._fields == ("low", "high")
    assert result.high.tolist() == [[0, 0, 0], [0, 90, 90], [0, 90, 90]]
    out = (np.empty((3, 3), np.uint8), np.empty((3, 3)))
    result, warnings_ = warned(lambda: kernel(IMAGE, size=3, output=out))
    assert warnings_ == 0
    assert np.isnan(out[1]).sum() == 5


def test_floats_that_are_not_numbers():
    image = np.array([1.0, np.nan, 3.0])
    result, warnings_ = warned(lambda: hoodoo.Kernel("w[0] * 2")(image, dtype=np.int16))
    assert warnings_ == 1
    assert result.tolist() == [2, 0, 6]


def test_a_mask_may_leave_nothing():
    mask = np.ones((3, 3), bool)
    mask[2, 2] = False
    _, warnings_ = warned(lambda: hoodoo.Kernel("mean(w)")(IMAGE, size=3, mask=mask, fill=True, dtype=np.uint8))
    assert warnings_ == 1


def _to_tell(kernel, shape, dtype, options):
    return outputs_to_tell(prepared(kernel, **options), shape, [np.dtype(dtype)], [np.dtype("u1")])


@pytest.mark.parametrize(
    ("kernel", "shape", "window", "may"),
    [
        ("median(w)", (9, 9), {"size": 3}, False),
        ("trimmed_mean(w, 1)", (9, 9), {"size": 3}, False),
        ("trimmed_mean(w, 2)", (9, 9), {"size": 3}, True),
        ("trimmed_mean(w, 1)", (1, 9), {"size": 3}, True),
        ("trimmed_mean(w, 1)", (2, 9), {"size": 3}, False),
        ("trimmed_mean(w, 2)", (9, 9), {"size": 3, "mode": ["shrink", "nearest"]}, False),
        ("trimmed_mean(w, 1)", (9, 9), {"size": (1, 5), "origin": (0, 2)}, True),
        ("trimmed_mean(w, 0)", (9, 9), {"size": (1, 5), "origin": (0, 2)}, False),
        ("trimmed_mean(w, 1)", (5, 5, 5), {"size": 5, "axes": 1}, False),
        ("trimmed_mean(w, 2)", (5, 5, 5), {"size": 5, "axes": (-1,)}, True),
        ("max(w)", (9, 9), {"footprint": np.eye(3, dtype=bool)}, False),
        ("max(w)", (9, 9), {"footprint": ~np.eye(3, dtype=bool)}, False),
        ("max(w)", (9, 9), {"footprint": np.arange(9).reshape(3, 3) == 0}, True),
        ("trimmed_mean(w, 1)", (9, 9), {"footprint": np.ones((3, 3), bool)}, False),
    ],
)
def test_what_is_asked_for_in_mode_shrink(kernel, shape, window, may):
    """Where no pixel can be NaN nothing is asked, which would take longer than to filter."""
    options = {"size": None, "footprint": None, "mode": "shrink", "cval": 0.0, "origin": 0, "axes": None, **window}
    run = hoodoo.Kernel(kernel)
    told = _to_tell(run, shape, "u1", options)
    # Of a footprint only its own cell is looked at.
    assert told == [may] or told == [True] and options["footprint"] is not None
    image = np.arange(1, 1 + np.prod(shape), dtype=np.float64).reshape(shape)
    assert np.isnan(run(image, **options)).any() == may


@pytest.mark.parametrize(
    ("kernel", "dtype", "fill", "window", "may"),
    [
        ("min(w)", "u1", False, {"size": 3}, False),
        ("min(w)", "u1", True, {"size": 3}, True),
        ("count(w > 3)", "u1", True, {"size": 3}, False),
        ("rank(w, 1)", "u1", False, {"size": 3}, True),
        ("min(w)", "u1", False, {"footprint": ~np.eye(3, dtype=bool)}, True),
        # A pixel without a value keeps what it has.
        ("count(w > 3)", "f4", False, {"size": 3}, True),
    ],
)
def test_what_is_asked_for_of_masked_images(kernel, dtype, fill, window, may):
    options = {"size": None, "footprint": None, "mode": "reflect", "cval": 0.0, "origin": 0, "axes": None, **window}
    options["missing"] = {"mask": np.eye(9, dtype=bool), "nodata": None, "fill": fill}
    assert _to_tell(hoodoo.Kernel(kernel), (9, 9), dtype, options) == [may]


@pytest.mark.parametrize(
    "window",
    [{"size": 3, "axes": 5}, {"size": 3, "axes": (0, 0)}, {"size": (3, 3, 3)}, {"size": 3, "origin": (1, 1, 1)}, {"size": 3, "origin": 4}, {"size": -3}],
)
@pytest.mark.parametrize("mask", [None, IMAGE > 3])
def test_windows_that_are_wrong_are_so_in_every_mode(window, mask):
    said = []
    for mode in ["reflect", "shrink"]:
        with pytest.raises(ValueError) as caught:
            hoodoo.Kernel("min(w)")(IMAGE, mask=mask, mode=mode, **window)
        said.append(str(caught.value))
    assert said[0] == said[1]
