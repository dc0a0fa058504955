"""Where a value that is not a number becomes an integer, a warning says so, as NumPy's casts do."""

import warnings

import numpy as np
import pytest

import hoodoo

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
