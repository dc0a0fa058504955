"""Arrays of other libraries, given to a kernel."""

from __future__ import annotations

import subprocess
import sys
import types

import numpy as np
import pytest

import hoodoo
from hoodoo import Kernel

LARGEST = Kernel("max(w)")
DIFFERENCE = Kernel("input a, b; max(a) - min(b)")


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(size=(5, 6))


def test_pandas(image):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(image, index=list("abcde"), columns=[10, 20, 30, 40, 50, 60])
    pd.testing.assert_frame_equal(LARGEST(frame, size=3), frame.copy().__class__(LARGEST(image, size=3), frame.index, frame.columns))
    valid = LARGEST(frame, size=(3, 2), mode="valid")
    assert (list(valid.index), list(valid.columns)) == (list("bcd"), [20, 30, 40, 50, 60])
    column = frame[30]
    filtered = LARGEST(column, size=3, mode="valid")
    assert (filtered.name, list(filtered.index)) == (30, list("bcd"))
    low, high = Kernel("min(w), max(w)")(column, size=3)
    pd.testing.assert_index_equal(low.index, column.index)
    np.testing.assert_array_equal(high, LARGEST(image[:, 2], size=3))
    missing = pd.Series([1, None, 3], dtype="Int64")
    np.testing.assert_array_equal(Kernel("sum(w where not isnan(w))")(missing, size=3), [2, 4, 6])
    # An array that is given gets the values.
    output = np.empty(image.shape)
    assert LARGEST(frame, size=3, output=output) is output
    for wrong in [pd.Series(["a", "b"]), pd.DataFrame({"a": [1], "b": ["x"]})]:
        with pytest.raises(TypeError, match="other things than numbers|not supported"):
            LARGEST(wrong, size=3)


def test_one_number_is_the_same_at_every_pixel(image):
    np.testing.assert_array_equal(DIFFERENCE(image, 2.5, size=3), LARGEST(image, size=3) - 2.5)
    np.testing.assert_array_equal(DIFFERENCE(2.5, image, size=3), 2.5 - Kernel("min(w)")(image, size=3))
    assert DIFFERENCE(3, np.float32(1), size=3) == 2


def test_dask_arrays_stay_lazy(image):
    da = pytest.importorskip("dask.array")

    def load(block):
        raise AssertionError("it was computed")

    LARGEST(da.zeros((4, 4), chunks=2).map_blocks(load, dtype=float, meta=np.empty((0, 0))), size=3)
    lazy = da.from_array(image, chunks=2)
    filtered = LARGEST(lazy, size=3, dtype="f4")
    assert isinstance(filtered, da.Array)
    np.testing.assert_array_equal(filtered.compute(), LARGEST(image, size=3, dtype="f4"))
    np.testing.assert_array_equal(DIFFERENCE(image, lazy, size=3), DIFFERENCE(image, image, size=3))
    for argument in ({"output": np.empty(image.shape)}, {"progress": True}):
        with pytest.raises(TypeError, match=next(iter(argument))):
            LARGEST(lazy, size=3, **argument)


def test_units_are_not_lost(image):
    class Quantity(np.ndarray):
        unit = "m"

    class Other:
        units = "m"

        def __array__(self, dtype=None, copy=None):
            return image

    for quantity in (image.view(Quantity), Other()):
        with pytest.raises(TypeError, match="unit"):
            LARGEST(quantity, size=3)


def test_other_subclasses_are_taken_as_by_scipy(image, tmp_path):
    mapped = np.memmap(tmp_path / "image", dtype=float, shape=image.shape, mode="w+")
    mapped[:] = image
    for array in (mapped, np.asmatrix(image)):
        filtered = LARGEST(array, size=3)
        assert type(filtered) is np.ndarray
        np.testing.assert_array_equal(filtered, LARGEST(image, size=3))


class Tensor:
    """An array of another library, as far as the array API says what one is."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **keywords):
        return self.values.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()

    def __array_namespace__(self):
        return types.SimpleNamespace(from_dlpack=lambda array: Tensor(np.from_dlpack(array)))


def test_what_speaks_dlpack_comes_back(image):
    filtered = LARGEST(Tensor(image), size=3)
    assert isinstance(filtered, Tensor)
    np.testing.assert_array_equal(filtered.values, LARGEST(image, size=3))
    assert isinstance(Kernel("min(w), max(w)")(Tensor(image), size=3)[1], Tensor)


def test_results_that_a_kind_can_not_hold_are_refused(image):
    class Narrow(Tensor):
        """As JAX is by default: without numbers of 64 bits."""

        @property
        def dtype(self):
            return self.values.dtype

        def __array_namespace__(self):
            def from_dlpack(array):
                values = np.from_dlpack(array)
                return Narrow(values.astype(values.dtype.str.replace("8", "4")))

            return types.SimpleNamespace(from_dlpack=from_dlpack)

    narrow = Narrow(image.astype(np.int32))
    assert LARGEST(narrow, size=3).dtype == np.int32
    assert LARGEST(narrow, size=3, dtype="int16").dtype == np.int16
    with pytest.raises(TypeError, match="dtype: int64 would be int32"):
        LARGEST(narrow, size=3, dtype="int64")
    with pytest.raises(TypeError, match="dtype: a .* can't be >f4"):
        LARGEST(narrow, size=3, dtype=">f4")


def test_classes_that_no_library_makes_become_arrays(image):
    class Own:
        def __dlpack__(self, **keywords):
            return image.__dlpack__(**keywords)

        def __dlpack_device__(self):
            return image.__dlpack_device__()

    np.testing.assert_array_equal(LARGEST(Own(), size=3), LARGEST(image, size=3))


def test_variables_of_xarray(image):
    xr = pytest.importorskip("xarray")
    variable = xr.Variable(("y", "x"), image, {"units": ""})
    filtered = LARGEST(variable, size=3, mode="valid")
    assert isinstance(filtered, xr.Variable) and filtered.dims == ("y", "x")
    np.testing.assert_array_equal(filtered.values, LARGEST(image, size=3, mode="valid"))


def test_dask_arrays_in_other_things_are_not_loaded(image):
    da = pytest.importorskip("dask.array")
    xr = pytest.importorskip("xarray")

    def loaded(block):
        raise AssertionError("it is loaded")

    lazy = da.from_array(image, chunks=4).map_blocks(loaded, dtype=image.dtype, meta=image[:0, :0])
    for wrapped in (xr.Variable(("y", "x"), lazy), [lazy, lazy], (lazy,)):
        with pytest.raises(TypeError, match="not loaded here"):
            LARGEST(wrapped, size=3)


def test_what_can_not_be_read_beside_an_image_is_named(image):
    class Elsewhere:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("no numpy() on what requires grad")

    with pytest.raises(TypeError, match=r"mask: .*Elsewhere.*requires grad"):
        LARGEST(image, size=3, mask=Elsewhere())
    with pytest.raises(TypeError, match=r"`k`: .*requires grad"):
        Kernel("weights k; sum(w * k)")(image, size=3, k=Elsewhere())
    pd = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="mask: not all of it is true or false"):
        LARGEST(image[0], size=3, mask=pd.Series([True, None] * (len(image[0]) // 2) + [True] * (len(image[0]) % 2), dtype="boolean"))


def test_torch(image):
    torch = pytest.importorskip("torch")
    filtered = LARGEST(torch.from_numpy(image), size=3)
    assert isinstance(filtered, torch.Tensor)
    np.testing.assert_array_equal(filtered.numpy(), LARGEST(image, size=3))
    with pytest.raises(TypeError, match="torch Tensor"):
        LARGEST(torch.tensor(image, requires_grad=True), size=3)


def test_jax(image):
    jax = pytest.importorskip("jax")
    filtered = LARGEST(jax.numpy.asarray(image), size=3)
    assert isinstance(filtered, jax.Array)
    np.testing.assert_array_equal(np.asarray(filtered), LARGEST(image.astype(filtered.dtype), size=3))


def test_what_is_on_a_gpu_is_refused_by_name():
    class Remote:
        __cuda_array_interface__: dict[str, object] = {}

    with pytest.raises(TypeError, match=r"GPU.*cupy.asnumpy"):
        LARGEST(Remote(), size=3)

    class Elsewhere(Tensor):
        def __dlpack__(self, **keywords):
            raise BufferError("this is on another device")

    with pytest.raises(TypeError, match="another device"):
        LARGEST(Elsewhere(np.zeros(3)), size=3)


def test_libraries_are_not_imported_for_their_arrays():
    program = (
        "import sys, numpy as np, hoodoo\n"
        "hoodoo.Kernel('max(w)')(np.zeros((3, 3)), size=3)\n"
        "class Other:\n"
        "    def __array__(self, dtype=None, copy=None):\n"
        "        return np.zeros(3)\n"
        "hoodoo.Kernel('max(w)')(Other(), size=3)\n"
        "print(sorted({'scipy', 'pandas', 'xarray', 'dask', 'torch', 'jax'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_types_keep_the_order_of_bytes_that_is_asked_for(image):
    for swapped in (">f4", "<f4", ">i2"):
        for given in ({"dtype": swapped}, {"output": swapped}, {"output": np.dtype(swapped)}):
            filtered = LARGEST(image, size=3, **given)
            assert filtered.dtype == np.dtype(swapped) and filtered.dtype.str == swapped
            np.testing.assert_array_equal(filtered, LARGEST(image, size=3, dtype=np.dtype(swapped).newbyteorder("=")))
    # Of what is not asked for, it is this machine's.
    assert LARGEST(image.astype(">f8"), size=3).dtype.str == np.dtype("=f8").str


def test_weights_have_the_shape_of_the_window(image):
    kernel = Kernel("weights k; sum(k * w)")
    line = [1, 2, 1]
    expected = kernel(image, size=(1, 3), k=line)
    for right in ({"size": (1, 3), "k": [line]}, {"footprint": [[1, 1, 1]], "k": [line]}, {"size": 3, "axes": 1, "k": line}):
        np.testing.assert_allclose(kernel(image, **right), expected)
    for window, wrong in [((5, 3), np.ones((3, 5))), ((1, 3), np.ones((3, 1))), (3, np.ones((1, 9)))]:
        with pytest.raises(ValueError, match=r"the weights `k` have the shape \(.*\), and the window \("):
            kernel(image, size=window, k=wrong)
        with pytest.raises(ValueError, match="the shape"):
            Kernel("weights k; sum(k * w)", k=wrong)(image, size=window)
        np.testing.assert_allclose(kernel(image, size=window, k=wrong.ravel()), kernel(image, size=window, k=np.ones(wrong.size)))


def test_a_sequence_of_one_is_not_for_all_axes(image):
    for name, value in [("size", (3,)), ("origin", [1]), ("mode", ("wrap",))]:
        with pytest.raises(ValueError, match=f"^{name}: .*2 axes"):
            LARGEST(image, **{"size": 3, name: value})
        LARGEST(image[0], **{"size": 3, name: value})
        LARGEST(image, axes=(1,), **{"size": 3, name: value})


def test_a_window_with_fewer_axes_than_the_image_says_how_to_place_it():
    colours = np.zeros((5, 6, 3))
    for window in ({"size": (3, 3)}, {"footprint": np.ones((3, 3))}):
        with pytest.raises(ValueError, match=r"3 axes; axes=\(0, 1\) filters"):
            LARGEST(colours, **window)
        LARGEST(colours, **window, axes=(0, 1))


def test_a_size_beside_a_footprint_is_ignored_with_a_warning(image):
    with pytest.warns(UserWarning, match="ignoring size") as caught:
        filtered = LARGEST(image, size=5, footprint=[[1, 1]])
    assert [each.filename for each in caught] == [__file__]
    np.testing.assert_array_equal(filtered, LARGEST(image, footprint=[[1, 1]]))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("thread", "threads"), ("out", "output"), ("sizes", "size"), ("axis", "axes"), ("foot_print", "footprint"), ("sigm", "sigma")],
)
def test_who_mistypes_an_option_is_told_what_is_meant(image, wrong, meant):
    with pytest.raises(TypeError, match=f"did you mean `{meant}`"):
        Kernel("param sigma = 1; sigma * max(w)")(image, size=3, **{wrong: 2})


def test_a_kernel_whose_source_is_not_right_can_be_shown():
    kernel = Kernel.__new__(Kernel)
    with pytest.raises(hoodoo.KernelError):
        kernel.__init__("max(w")
    assert "not right" in repr(kernel)


@pytest.mark.parametrize(
    ("source", "size", "whole"),
    [
        ("max(w) - min(w)", 3, True),
        ("median(w)", 3, True),
        ("median(w)", 2, False),
        ("mean(w)", 3, False),
        ("floor(mean(w))", 3, True),
        ("std(w) / mean(w)", 3, False),
        ("sum(w * w) + count(w > 3) - w[0, 1] * 7", 3, True),
        ("0.5 * max(w)", 3, False),
        ("param t = 2; t * max(w)", 3, True),
        ("param t = 2.5; t * max(w)", 3, False),
        ("if max(w) > 3.5 then max(w) else rank(w, 0)", 3, True),
        ("percentile(w, 30)", 3, False),
        ("mode(w) + argmin(w) + variety(w) + len(w)", 3, True),
        ("fold s = 0 for v in w: s + v", 3, True),
    ],
)
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "u8"])
def test_what_need_not_be_whole_is_not_rounded(source, size, whole, dtype):
    image = np.random.default_rng(2).integers(0, 9, (6, 7)).astype(dtype)
    result = Kernel(source)(image, size=size)
    assert result.dtype == (dtype if whole else np.float32 if image.itemsize <= 2 else np.float64)
    expected = Kernel(source)(image, size=size, dtype=np.float64)
    if whole:
        expected = expected.clip(np.iinfo(dtype).min, np.iinfo(dtype).max)
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    assert Kernel(source)(image, size=size, dtype=dtype).dtype == dtype
    assert Kernel(source)(image.astype("f4"), size=size).dtype == np.float32
    plan = Kernel(source).explain((64, 64), dtype, size=size)
    assert ("need not be whole" in plan) == (not whole)


def test_what_is_outside_and_what_is_given_decides_as_well():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    least = Kernel("min(w)")
    assert least(image, size=3, mode="constant", cval=2).dtype == np.uint8
    assert least(image, size=3, mode="constant", cval=2.5).dtype == np.float32
    assert Kernel("median(w)")(image, size=3, mode="shrink").dtype == np.float32
    weighted = Kernel("weights k; sum(k * w)")
    assert weighted(image, size=(1, 2), k=[1, -1]).dtype == np.uint8
    assert weighted(image, size=(1, 2), k=[0.5, 0.5]).dtype == np.float32
    mixed = Kernel("input a, b; low: min(a), sum: max(a) + max(b)")(image, image / 2, size=3)
    assert [each.dtype for each in mixed] == [np.uint8, np.float32]


def test_dask_has_the_same_types():
    da = pytest.importorskip("dask.array")
    image = np.arange(35, dtype=np.int16).reshape(5, 7)
    kernel = Kernel("low: min(w), middle: mean(w)")
    lazy = hoodoo.dask.generic_filter(da.from_array(image, chunks=2), kernel, size=3, mode="constant", cval=1)
    for given, expected in zip(lazy, kernel(image, size=3, mode="constant", cval=1), strict=True):
        assert given.dtype == given.compute().dtype == expected.dtype
        np.testing.assert_array_equal(given, expected)


def test_scipys_functions_keep_scipys_types():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert hoodoo.generic_filter(image, "mean(w)", 3).dtype == np.uint8
    assert hoodoo.generic_filter(image, "mean(w), std(w)", 3)[1].dtype == np.uint8
    assert hoodoo.generic_filter(image, "mean(w)", 3, mode="valid").dtype == np.uint8
    assert hoodoo.generic_filter1d(image, "mean(w), std(w)", 3)[1].dtype == np.uint8


def test_a_kernel_from_a_file(tmp_path):
    path = tmp_path / "spread.hood"
    path.write_text("\ufeffparam t = 1; # Höhe\nt * (max(w) - min(w))\n", encoding="utf-8")
    kernel = Kernel.from_file(path, t=2)
    assert kernel == Kernel("param t = 1; # Höhe\nt * (max(w) - min(w))\n", t=2)
    with pytest.raises(FileNotFoundError):
        Kernel.from_file(tmp_path / "other.hood")
    # A number is no path, although the system has files of numbers.
    with pytest.raises(TypeError):
        Kernel.from_file(1)
