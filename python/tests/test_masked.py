"""Cells without a value: `mask`, `nodata`, and masked arrays."""

from __future__ import annotations

import numpy as np
import pytest

import hoodoo
import hoodoo.dask
import hoodoo.ndimage as ndimage
from hoodoo import Kernel

STATISTICS = {
    "mean(w)": np.mean,
    "min(w)": np.min,
    "max(w) - min(w)": np.ptp,
    "median(w)": np.median,
    "std(w)": np.std,
    "sum(w)": np.sum,
    "len(w)": len,
}


def by_hand(image, mask, statistic, size=3):
    """The statistic of the values in windows, of which those outside the array are none."""
    half = size // 2
    result = np.full(image.shape, np.nan)
    for place in np.ndindex(image.shape):
        window = tuple(slice(max(at - half, 0), at + half + 1) for at in place)
        values = image[window][~mask[window]]
        if len(values):
            result[place] = statistic(values)
    return result


@pytest.fixture
def image():
    return np.random.default_rng(3).normal(size=(9, 11)).round(2)


@pytest.fixture
def mask():
    mask = np.random.default_rng(4).random((9, 11)) < 0.4
    mask[:3, :3] = True
    return mask


@pytest.mark.parametrize("engine", ["rows", "callback", "interpreter"])
@pytest.mark.parametrize("source", STATISTICS)
def test_masked_cells_take_no_part(image, mask, source, engine):
    expected = by_hand(image, mask, STATISTICS[source])
    filled = Kernel(source)(image, size=3, mode="shrink", mask=mask, fill=True, engine=engine)
    some = ~np.isnan(expected)
    np.testing.assert_allclose(filled[some], expected[some], rtol=1e-12, atol=1e-12)
    kept = Kernel(source)(image, size=3, mode="shrink", mask=mask, engine=engine)
    np.testing.assert_array_equal(kept[mask], image[mask])
    np.testing.assert_array_equal(kept[~mask], filled[~mask])


def test_a_number_stands_for_no_value(image, mask):
    marked = np.where(mask, -9999, image)
    kernel = Kernel("mean(w)")
    expected = kernel(image, size=3, mask=mask)
    given = kernel(marked, size=3, nodata=-9999)
    np.testing.assert_array_equal(given[~mask], expected[~mask])
    assert (given[mask] == -9999).all()
    whole = (marked * 100).astype("i4")
    assert kernel(np.where(mask, -9999, whole), size=3, nodata=-9999, fill=True)[1, 1] == -9999
    nan = kernel(np.where(mask, np.nan, image), size=3, nodata=np.nan)
    np.testing.assert_array_equal(nan, np.where(mask, np.nan, expected))
    with pytest.raises(ValueError, match="nodata"):
        Kernel("max(w)")(np.zeros((3, 3), "u1"), size=3, nodata=-1)


def test_masked_arrays_are_masked_again(image, mask):
    masked = np.ma.masked_array(image, mask, fill_value=-5)
    result = Kernel("mean(w)")(masked, size=3)
    assert isinstance(result, np.ma.MaskedArray) and result.fill_value == -5
    np.testing.assert_array_equal(result.mask, mask)
    np.testing.assert_array_equal(result.compressed(), Kernel("mean(w)")(image, size=3, mask=mask)[~mask])
    # The image is as it was.
    np.testing.assert_array_equal(masked.mask, mask)
    filled = Kernel("mean(w)")(masked, size=3, mode="shrink", fill=True)
    expected = by_hand(image, mask, np.mean)
    np.testing.assert_array_equal(filled.mask, np.isnan(expected))
    assert filled.mask[1, 1] and not filled.mask[mask].all()
    np.testing.assert_allclose(filled.compressed(), expected[~np.isnan(expected)])


@pytest.mark.parametrize("dtype", ["u1", "i8", "f4"])
def test_masks_of_every_type(image, mask, dtype):
    numbers = np.abs(image * 10).astype(dtype)
    masked = np.ma.masked_array(numbers, mask)
    expected = by_hand(numbers.astype(float), mask, np.max)
    for source in ("max(w)", "max(w), min(w)"):
        result = Kernel(source)(masked, size=3, mode="shrink", fill=True)
        first = result[0] if isinstance(result, tuple) else result
        assert first.dtype == dtype
        np.testing.assert_array_equal(first.mask, np.isnan(expected))
        np.testing.assert_array_equal(first.compressed(), expected[~np.isnan(expected)])
    # A window without its own pixel may see nothing where there is a value.
    alone = np.ma.masked_array(np.array([1, 2, 3], dtype), [False, True, False])
    sees = Kernel("max(w)")(alone, footprint=[True, False, True], mode="shrink")
    np.testing.assert_array_equal(sees.mask, [True, True, True])
    np.testing.assert_array_equal(Kernel("max(w)")(alone, footprint=[True, True, False], mode="shrink").mask, [False, True, False])


def test_masks_of_all_inputs_count(image, mask):
    other = np.zeros_like(mask)
    other[5] = True
    kernel = Kernel("input a, b; mean(a) + max(b)")
    given = kernel(np.ma.masked_array(image, mask), np.ma.masked_array(image, other), size=3)
    np.testing.assert_array_equal(given.mask, mask | other)
    np.testing.assert_array_equal(given.data, kernel(image, image, size=3, mask=mask | other))
    both = kernel(np.ma.masked_array(image, mask), image, size=3, mask=other)
    np.testing.assert_array_equal(both.mask, mask | other)
    row = kernel(image, image, size=3, mask=mask[:1])
    np.testing.assert_array_equal(row, kernel(image, image, size=3, mask=np.broadcast_to(mask[:1], mask.shape)))


def test_masks_and_the_rest(image, mask):
    masked = np.ma.masked_array(image, mask)
    valid = Kernel("mean(w)")(masked, size=3, mode="valid")
    np.testing.assert_array_equal(valid.mask, mask[1:-1, 1:-1])
    output = np.empty(image.shape)
    assert Kernel("mean(w)")(masked, size=3, output=output) is output
    np.testing.assert_array_equal(output, Kernel("mean(w)")(image, size=3, mask=mask))
    no_mask = Kernel("mean(w)")(np.ma.masked_array(image), size=3)
    np.testing.assert_array_equal(no_mask, Kernel("mean(w)")(image, size=3))
    assert not no_mask.mask.any()
    # Where windows have fewer cells, a median can be that of an even number.
    assert Kernel("median(w)")(np.arange(9, dtype="u1"), size=3, mask=np.arange(9) == 4).dtype == np.float32
    with pytest.raises(ValueError, match=r"mask: the shape \(2, 2\) is not that of the images, \(9, 11\)"):
        Kernel("mean(w)")(image, size=3, mask=np.zeros((2, 2), bool))


def test_labels_and_masks(image, mask):
    xr = pytest.importorskip("xarray")
    pd = pytest.importorskip("pandas")
    expected = Kernel("mean(w)")(image, size=3, mask=mask)
    given = Kernel("mean(w)")(xr.DataArray(image, dims=("y", "x")), size=3, mask=mask)
    np.testing.assert_array_equal(given.values, expected)
    frame = Kernel("mean(w)")(pd.DataFrame(image), size=3, mask=mask)
    assert isinstance(frame, pd.DataFrame)
    np.testing.assert_array_equal(frame.to_numpy(), expected)


def test_a_type_as_output_keeps_the_mask(image, mask):
    masked = np.ma.masked_array(image, mask)
    for output in ("f4", np.float32, ["f4"]):
        kernel = Kernel("mean(w), max(w)") if isinstance(output, list) else Kernel("mean(w)")
        result = kernel(masked, size=3, output=output * 2 if isinstance(output, list) else output)
        for each in result if isinstance(result, tuple) else (result,):
            assert each.dtype == np.float32 and isinstance(each, np.ma.MaskedArray)
            np.testing.assert_array_equal(each.mask, mask)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ndimage.median_filter(x, 3),
        lambda x: ndimage.minimum_filter(x, 3),
        lambda x: ndimage.uniform_filter(x, 3),
        lambda x: ndimage.rank_filter(x, 2, size=3),
        lambda x: ndimage.uniform_filter1d(x, 3),
        lambda x: ndimage.morphological_gradient(x, 3),
        lambda x: ndimage.white_tophat(x, 3),
        lambda x: ndimage.gaussian_filter(x, 1),
        lambda x: ndimage.correlate(x, np.ones((3, 3))),
        lambda x: ndimage.sobel(x),
        lambda x: ndimage.binary_erosion(x),
        lambda x: ndimage.generic_filter(x, np.mean, size=3),
    ],
)
@pytest.mark.parametrize("shape", [(9, 11), (130, 130)])
def test_functions_of_scipy_say_that_they_ignore_masks(function, shape):
    image = np.random.default_rng(5).random(shape)
    masked = np.ma.masked_less(image, 0.3)
    with pytest.warns(UserWarning, match="mask of `input` is ignored, as in SciPy") as told:
        result = function(masked)
    assert len(told) == 1 and told[0].filename == __file__
    np.testing.assert_allclose(result, function(image), rtol=1e-12)
    # Nothing is lost where nothing is masked.
    np.testing.assert_array_equal(function(np.ma.masked_array(image)), result)


def test_generic_filter_with_a_kernel_leaves_out_masked_cells(image, mask):
    masked = np.ma.masked_array(image, mask)
    for kernel in ("mean(w)", Kernel("mean(w)")):
        given = hoodoo.generic_filter(masked, kernel, size=3)
        expected = Kernel("mean(w)")(masked, size=3)
        np.testing.assert_array_equal(given.mask, expected.mask)
        np.testing.assert_array_equal(given.compressed(), expected.compressed())
    given = hoodoo.generic_filter1d(masked, "max(w)", 3, axis=0)
    np.testing.assert_array_equal(given.compressed(), Kernel("max(w)")(masked, size=3, axes=0).compressed())


def test_labels_of_masks_count():
    xr = pytest.importorskip("xarray")
    pd = pytest.importorskip("pandas")
    kernel, square = Kernel("mean(w)"), np.arange(16.0).reshape(4, 4)
    image = xr.DataArray(square, dims=("y", "x"), coords={"x": [1, 2, 3, 4]})
    missing = image == 4
    expected = kernel(square, size=3, mask=missing.values)
    np.testing.assert_array_equal(kernel(image, size=3, mask=missing.T).values, expected)
    row = xr.DataArray([False, True, False, False], dims="y")
    np.testing.assert_array_equal(kernel(image, size=3, mask=row).values, kernel(square, size=3, mask=row.values[:, None]))
    with pytest.raises(ValueError, match="align"):
        kernel(image, size=3, mask=missing.assign_coords(x=[5, 6, 7, 8]))
    with pytest.raises(ValueError, match=r"the mask \['z'\]"):
        kernel(image, size=3, mask=missing.rename(x="z"))
    series = pd.Series(square[0], index=list("abcd"))
    np.testing.assert_array_equal(kernel(series, size=3, mask=series == 1), kernel(square[0], size=3, mask=square[0] == 1))
    for other in (series[::-1] == 1, pd.Series(square[0] == 1)):
        with pytest.raises(ValueError, match="the mask and the images have different labels"):
            kernel(series, size=3, mask=other)
    with pytest.raises(TypeError, match="a DataFrame and a Series"):
        kernel(pd.DataFrame(square), size=3, mask=series == 1)


def test_columns_of_a_mask_may_have_any_name():
    pd = pytest.importorskip("pandas")
    image = np.arange(6.0).reshape(3, 2)
    mask = pd.DataFrame(image > 3, columns=["magnitude", "unit"])
    np.testing.assert_array_equal(Kernel("max(w)")(image, size=3, mask=mask), Kernel("max(w)")(image, size=3, mask=image > 3))


def test_inputs_of_pandas_have_the_same_labels():
    pd = pytest.importorskip("pandas")
    kernel, series = Kernel("input a, b; sum(a * b)"), pd.Series([1.0, 2.0, 3.0], index=list("abc"))
    frame = pd.DataFrame({"unit": [1.0, 2.0], "b": [3.0, 4.0]})
    for same in (series, frame):
        np.testing.assert_array_equal(kernel(same, same, size=3), kernel(same.to_numpy(), same.to_numpy(), size=3))
    for one, two in ((series, series[::-1]), (series, pd.Series([1.0, 2.0, 3.0])), (frame, frame[["b", "unit"]]), (frame, frame[::-1])):
        with pytest.raises(ValueError, match="the inputs have different labels"):
            kernel(one, two, size=3)


def test_a_mask_or_weights_that_lack_a_value_are_refused():
    image = np.arange(5.0)
    some = np.ma.masked_array([1, 0, 1, 0, 0], [0, 0, 0, 0, 1])
    with pytest.raises(TypeError, match="mask: some of it is masked"):
        Kernel("max(w)")(image, size=3, mask=some)
    with pytest.raises(TypeError, match="weights `k`: some of it is masked"):
        Kernel("weights k; sum(k * w)")(image, size=5, k=some)
    da = pytest.importorskip("dask.array")
    with pytest.raises(TypeError, match="mask: a Dask array"):
        Kernel("max(w)")(image, size=3, mask=da.zeros(5, dtype=bool))


def test_a_masked_output_gets_the_mask_too(image, mask):
    masked = np.ma.masked_array(image, mask)
    for options in ({}, {"mode": "shrink", "fill": True}, {"mode": "valid"}, {"stride": 2}):
        expected = Kernel("mean(w)")(masked, size=3, **options)
        output = np.ma.masked_array(np.zeros(expected.shape), True)
        assert Kernel("mean(w)")(masked, size=3, output=output, **options) is output
        np.testing.assert_array_equal(output.mask, expected.mask)
        np.testing.assert_array_equal(output.compressed(), expected.compressed())
    both = [np.ma.zeros(image.shape), np.zeros(image.shape)]
    low, high = Kernel("min(w), max(w)")(masked, size=3, output=both)
    np.testing.assert_array_equal(low.mask, mask)
    assert type(high) is np.ndarray
    # A plain image has a value everywhere, and a mask beside it takes some away.
    output = np.ma.masked_array(np.zeros(image.shape), True)
    assert not Kernel("max(w)")(image, size=3, output=output).mask.any()
    np.testing.assert_array_equal(Kernel("max(w)")(image, size=3, mask=mask, output=output).mask, mask)
    numbers = np.where(mask, -9999, image)
    np.testing.assert_array_equal(Kernel("max(w)")(numbers, size=3, nodata=-9999, output=output).mask, mask)


def test_an_output_is_an_array_of_numpy(image):
    pd = pytest.importorskip("pandas")
    da = pytest.importorskip("dask.array")
    xr = pytest.importorskip("xarray")
    for output in (pd.Series(image[0]), da.zeros(11), xr.DataArray(image[0]), np.float64(3), pd.DataFrame(image)):
        with pytest.raises(TypeError, match="an output is an array of NumPy or a type"):
            Kernel("max(w)")(image[0], size=3, output=output)


def test_the_masked_constant_is_a_pixel_without_a_value():
    alone = Kernel("max(w)")(np.ma.masked, size=3)
    assert alone.shape == () and alone.mask
    beside = Kernel("input a, b; sum(a * b)")(np.arange(3.0), np.ma.masked, size=3)
    assert beside.shape == (3,) and beside.mask.all()


LINE = np.ma.MaskedArray([5, 1, 4, 2, 3], [0, 1, 0, 0, 0])

#: Kernels and windows in which pixels have no value for different reasons: one is NaN, one sees no cell, one is not computed.
WITHOUT_VALUES = [
    ("max(w where w > 4)", {"size": 1}),
    ("w[1]", {"mode": "wrap"}),
    ("w[1]", {"size": 1, "mode": "wrap"}),
    ("w[1]", {"footprint": [1, 0, 0], "mode": "wrap"}),
    ("w[-2]", {"size": 3, "mode": "valid"}),
    ("w[-2]", {"footprint": [1, 0, 1], "mode": "valid"}),
    ("w[0]", {}),
    ("coord(0)", {"size": 1}),
    ("sum(w)", {"size": 1}),
    ("sum(w)", {"size": 2, "mode": "shrink"}),
    ("count(w > 2)", {"footprint": [1, 0, 0], "mode": "shrink"}),
    ("len(w)", {"size": 1, "stride": 2}),
    ("mean(w)", {"size": 3, "origin": 1, "mode": "valid"}),
    ("fold s = 1 for v in w: s + v", {"footprint": [0, 0, 1]}),
]


@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize(("kernel", "options"), WITHOUT_VALUES)
@pytest.mark.parametrize("mask", [LINE.mask, [1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
def test_masked_arrays_of_all_types_lack_the_same_values(kernel, options, mask, fill):
    """A number for no value is the oracle."""
    image = np.ma.MaskedArray(LINE.data, mask)
    expected = Kernel(kernel)(image.data * 1.0, mask=image.mask, nodata=-1, fill=fill, **options)
    for dtype in (np.float64, np.uint8, np.int64, np.float32, np.int16):
        result = Kernel(kernel)(image.astype(dtype), fill=fill, dtype=dtype, **options)
        values = (expected if np.dtype(dtype).kind == "f" else expected.round()).astype(dtype)
        np.testing.assert_array_equal(np.ma.getmaskarray(result), expected == -1, f"{dtype}")
        np.testing.assert_array_equal(result.compressed(), values[expected != -1], f"{dtype}")
        output = np.ma.MaskedArray(np.zeros(result.shape, dtype), False)
        Kernel(kernel)(image.astype(dtype), fill=fill, output=output, **options)
        np.testing.assert_array_equal(np.ma.getmaskarray(output), expected == -1, f"{dtype}")
    called = None if "w[" in kernel or "coord" in kernel else Kernel(kernel)(image, fill=fill, dtype=np.int64, engine="callback", **options)
    if called is not None:
        np.testing.assert_array_equal(np.ma.getmaskarray(called), expected == -1)


@pytest.mark.parametrize(("kernel", "options"), [(kernel, options) for kernel, options in WITHOUT_VALUES if "coord" not in kernel])
def test_blocks_of_masked_arrays_lack_the_same_values(kernel, options):
    array = pytest.importorskip("dask.array")
    if options.get("mode") == "valid" or "stride" in options:
        options = {"size": 3}
    expected = Kernel(kernel)(LINE, fill=True, **options)
    blocks = hoodoo.dask.generic_filter(array.from_array(LINE, chunks=2), kernel, fill=True, **options).compute()
    np.testing.assert_array_equal(np.ma.getmaskarray(blocks), np.ma.getmaskarray(expected))
    np.testing.assert_array_equal(blocks.compressed(), expected.compressed())


def test_integers_that_stand_for_no_value_are_warned_of_without_a_mask():
    image, mask = np.array([5, 1, 4, 2, 3]), np.array([0, 1, 0, 0, 0], bool)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert Kernel("w[0]")(image, mask=mask, fill=True).tolist() == [5, 0, 4, 2, 3]
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert Kernel("w[1]")(image, mode="shrink").tolist() == [1, 4, 2, 3, 0]
    plain = np.zeros(5, int)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        Kernel("w[0]")(np.ma.MaskedArray(image, mask), fill=True, output=plain)


@pytest.mark.filterwarnings("error")
def test_pixels_that_keep_their_value_are_not_warned_of():
    image, mask = np.array([5, 9, 4, 9, 3]), np.array([1, 0, 0, 0, 1], bool)
    assert Kernel("mean(w where w > 6)")(image, size=3, mask=mask, dtype=int).tolist() == [5, 9, 9, 9, 3]
    assert Kernel("sum(w)")(image, size=1, mask=mask, fill=True).tolist() == [0, 9, 4, 9, 0]


@pytest.mark.parametrize(("dtype", "nodata"), [("u8", 2**64 - 1), ("i8", 2**63 - 1), ("u8", 2**63), ("i8", -(2**63)), ("u1", 255)])
def test_only_the_integer_that_stands_for_no_value_is_masked(dtype, nodata):
    other = nodata + 1000 if nodata < 0 else nodata - (1000 if nodata > 2**60 else 1)
    image = np.ma.MaskedArray(np.array([nodata, other, 5, nodata, 7], dtype), [False, False, False, False, True])
    given = Kernel("max(w)")(image, size=1, nodata=nodata)
    np.testing.assert_array_equal(given.mask, [True, False, False, True, True])
    assert given.data.tolist() == [nodata, other, 5, nodata, nodata]


def test_true_may_be_any_byte_of_a_mask():
    values = np.arange(6.0)
    missing = np.array([0, 2, 0, 255, 1, 0], np.uint8).view(bool)
    expected = Kernel("sum(w)")(np.ma.MaskedArray(values, missing != False), size=3)  # noqa: E712
    for given in (Kernel("sum(w)")(np.ma.MaskedArray(values, missing), size=3), Kernel("sum(w)")(np.ma.MaskedArray(values), size=3, mask=missing)):
        np.testing.assert_array_equal(given.mask, expected.mask)
        np.testing.assert_array_equal(given.filled(-1), expected.filled(-1))


def test_two_masks_of_a_single_value():
    assert Kernel("sum(w)")(np.ma.array(3.0, mask=False), footprint=True, mask=False) == 3


def test_a_number_for_no_value_says_what_is_filled():
    image, missing = np.array([7, 7, 7, 7, 5]), np.array([1, 1, 1, 1, 0], bool)
    filled = Kernel("w[1]")(image, size=2, mask=missing, nodata=-1, fill=True, iterations=4)
    np.testing.assert_array_equal(filled, 5)
