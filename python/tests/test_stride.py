"""``stride=``: what ``[::n]`` takes of the whole result, wherever a kernel is called."""

import numpy as np
import pytest

from hoodoo import Kernel

MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "shrink", "valid"]


@pytest.fixture
def image():
    return np.random.default_rng(5).integers(0, 255, (23, 31), np.uint8)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stride", [2, (3, 1), [1, 5], np.array([4, 7]), 100])
def test_every_nth_pixel(image, mode, stride):
    kernel = Kernel("max(w) - mean(w) + coord(0)")
    whole = kernel(image, size=3, mode=mode)
    down, along = np.broadcast_to(stride, 2)
    some = kernel(image, size=3, mode=mode, stride=stride)
    assert some.dtype == whole.dtype
    np.testing.assert_array_equal(some, whole[::down, ::along])
    turned = kernel(image.T, size=3, mode=mode, axes=(1, 0), stride=stride)
    np.testing.assert_array_equal(turned, whole_of(kernel, image, mode, stride))
    ready = kernel.prepare(image.shape, image.dtype, size=3, mode=mode, stride=stride)
    assert ready.output_shape == some.shape
    np.testing.assert_array_equal(ready(image), some)


def whole_of(kernel, image, mode, stride):
    """The same with its axes the other way round."""
    down, along = np.broadcast_to(stride, 2)
    return kernel(image.T, size=3, mode=mode, axes=(1, 0))[::along, ::down]


def test_outputs_that_are_given(image):
    kernel = Kernel("low: min(w), high: max(w)")
    low, high = kernel(image, size=3, stride=(2, 3))
    into = [np.empty((12, 11), np.uint8), np.empty((12, 11), np.float64)]
    kernel(image, size=3, stride=(2, 3), output=into)
    np.testing.assert_array_equal(into[0], low)
    np.testing.assert_array_equal(into[1], high)
    with pytest.raises(ValueError, match="must be"):
        kernel(image, size=3, stride=2, output=into)


def test_masks(image):
    kernel = Kernel("mean(w)")
    bad = image > 200
    masked = np.ma.MaskedArray(image.astype(float), bad)
    for fill in (False, True):
        for mode in ("reflect", "valid"):
            options = {"size": 3, "mode": mode, "fill": fill}
            whole, some = kernel(masked, **options), kernel(masked, stride=(2, 3), **options)
            np.testing.assert_array_equal(some.mask, whole.mask[::2, ::3])
            np.testing.assert_array_equal(some.filled(-1), whole.filled(-1)[::2, ::3])
            whole = Kernel("max(w)")(np.ma.MaskedArray(image, bad), **options)
            some = Kernel("max(w)")(np.ma.MaskedArray(image, bad), stride=(2, 3), **options)
            np.testing.assert_array_equal(some.filled(7), whole.filled(7)[::2, ::3])
    some = kernel(image, size=3, nodata=17, stride=2, dtype=np.int16)
    np.testing.assert_array_equal(some, kernel(image, size=3, nodata=17, dtype=np.int16)[::2, ::2])


def test_labels(image):
    pandas = pytest.importorskip("pandas")
    xarray = pytest.importorskip("xarray")
    import hoodoo.xarray  # noqa: F401

    kernel = Kernel("max(w)")
    frame = pandas.DataFrame(image, index=np.arange(23) * 10, columns=[f"c{each}" for each in range(31)])
    for mode in ("reflect", "valid"):
        pandas.testing.assert_frame_equal(kernel(frame, size=3, mode=mode, stride=(2, 3)), kernel(frame, size=3, mode=mode).iloc[::2, ::3])
        array = xarray.DataArray(image, dims=("y", "x"), coords={"y": np.arange(23) * 2.0, "x": np.arange(31)})
        whole = array.hoodoo.filter(kernel, size=3, mode=mode)
        xarray.testing.assert_identical(array.hoodoo.filter(kernel, size=3, mode=mode, stride=(2, 3)), whole.isel(y=slice(None, None, 2), x=slice(None, None, 3)))
    series = pandas.Series(image[0], index=np.arange(31) + 100)
    pandas.testing.assert_series_equal(kernel(series, size=3, stride=4), kernel(series, size=3).iloc[::4])


def test_dask(image):
    da = pytest.importorskip("dask.array")
    lazy = da.from_array(image, chunks=(7, 9))
    kernel = Kernel("low: min(w), high: max(w)")
    for mode in ("reflect", "valid", "shrink"):
        whole = kernel(image, size=3, mode=mode)
        for some, expected in zip(kernel(lazy, size=3, mode=mode, stride=(2, 3)), whole):
            np.testing.assert_array_equal(some.compute(), expected[::2, ::3])
    np.testing.assert_array_equal(Kernel("max(w)")(lazy, size=3, stride=2).compute(), Kernel("max(w)")(image, size=3)[::2, ::2])


def test_wrong_strides(image):
    kernel = Kernel("max(w)")
    for wrong, message in [(0, "0 is not at least 1"), (-2, "-2 is not at least 1"), ((2, 2, 2), "3 in"), ((2,), "1 in"), ([1, 0], "0 is not")]:
        with pytest.raises(ValueError, match=f"stride: .*{message}"):
            kernel(image, size=3, stride=wrong)
        with pytest.raises(ValueError, match="stride"):
            kernel.prepare(image.shape, size=3, stride=wrong)
    for wrong in (1.5, "2", None):
        with pytest.raises(TypeError):
            kernel(image, size=3, stride=wrong)
    np.testing.assert_array_equal(kernel(np.float64(3.0), size=(), stride=5), 3.0)


def test_options_in_the_comments():
    kernel = Kernel("# A filter.\n# options: --size 3,5 --mode=nearest,shrink --cval -1.5 --dtype f32 --shown 0,5\nmax(w)")
    assert kernel.options == {"size": (3, 5), "mode": ("nearest", "shrink"), "cval": -1.5, "dtype": "float32"}
    image = np.arange(40.0).reshape(5, 8)
    assert kernel(image, **kernel.options).dtype == np.float32
    # As the command line reads them: of the comments before all else, the last one.
    assert Kernel("# options: --size 3\n# options: --size 7\nmax(w)").options == {"size": 7}
    for none in ("max(w)", "# options: none that begin so\nmax(w)", "\n# options: --size 3\nmax(w)"):
        assert Kernel(none).options == {}
    with pytest.raises(ValueError, match="first comments"):
        Kernel("# options: --size\nmax(w)").options
