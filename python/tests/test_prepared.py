"""Kernels that are prepared for a shape and a type: as a call, only sooner."""

from __future__ import annotations

import copy
import os
import signal
import sys
import threading
import timeit

import numpy as np
import pytest

import hoodoo
from hoodoo import Kernel

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "?"]
KERNELS = [
    ("max(w) - min(w)", {}),
    ("param t = 2; mean(w) + t", {"t": 0.5}),
    ("weights k; sum(w * k)", {"k": np.arange(9.0).reshape(3, 3)}),
    ("median(w)", {"mode": "shrink"}),
    ("median(w)", {"mode": ("valid", "wrap"), "origin": (1, 0)}),
    ("sum(w where w > 3) / len(w)", {"mode": "constant", "cval": 1.5}),
    ("low: min(w), high: mean(w)", {}),
]


def some(shape, dtype, seed=0):
    return (np.random.default_rng(seed).random(shape) * 100).astype(dtype)


def same(given, expected):
    given, expected = (each if isinstance(each, tuple) else (each,) for each in (given, expected))
    for one, other in zip(given, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("source", "options"), KERNELS)
def test_it_gives_what_a_call_gives(source, options, dtype):
    kernel, shape = Kernel(source), (7, 8)
    prepared = kernel.prepare(shape, dtype, size=3, **options)
    for seed in range(3):
        image = some(shape, dtype, seed)
        same(prepared(image), kernel(image, size=3, **options))
    assert prepared.shape == shape
    assert prepared.output_shape == tuple(stop - start for start, stop in _region(kernel, shape, options))


def _region(kernel, shape, options):
    places = {name: options[name] for name in ("mode", "origin") if name in options}
    return kernel.output_region(shape, size=3, **places)


@pytest.mark.parametrize("shape", [(), (0,), (5,), (3, 0), (2, 3, 4), (40, 50, 3)])
def test_shapes(shape):
    kernel = Kernel("max(w) - w[" + ", ".join("0" * len(shape)) + "]" if shape else "max(w)")
    image = some(shape, "i4")
    same(kernel.prepare(shape, "i4", size=3)(image), kernel(image, size=3))


def test_several_inputs_of_several_types():
    kernel = Kernel("input a, b; max(a) - min(b)")
    a, b = some((5, 6), "u1"), some((5, 6), "f4", 1)
    same(kernel.prepare((5, 6), ["u1", "f4"], size=3)(a, b), kernel(a, b, size=3))
    same(kernel.prepare((5, 6), ["u1", "f4"], size=3, output="f8")(a, b), kernel(a, b, size=3, dtype="f8"))


def test_layouts_that_can_not_be_read_in_place():
    kernel = Kernel("max(w)")
    image = some((6, 8), "f4")
    prepared = kernel.prepare((6, 8), "f4", size=3)
    unaligned = np.frombuffer(b"\0" + image.tobytes(), "u1")[1:].view("f4").reshape(6, 8)
    for other in (np.asfortranarray(image), image[::-1], image.astype(">f4"), unaligned):
        same(prepared(other), kernel(other, size=3))
    same(prepared(np.repeat(image, 2, 1)[:, ::2]), kernel(image, size=3))
    assert kernel.prepare((3,), "f8", size=3)([1.0, 2.0, 3.0])[0] == 2
    odd = np.array([0, 2, 0, 0], np.uint8).view(bool)
    same(kernel.prepare((4,), bool, size=3)(odd), np.array([True, True, True, False]))


def test_outputs_that_are_given():
    kernel = Kernel("max(w)")
    image = some((6, 8), "f4")
    expected = kernel(image, size=3)
    prepared = kernel.prepare((6, 8), "f4", size=3)
    for output in (np.empty((6, 8), "f4"), np.empty((8, 6), "f4").T, np.empty((6, 8), ">f4"), np.empty((6, 16), "f4")[:, ::2]):
        assert prepared(image, output=output) is output
        np.testing.assert_array_equal(output, expected)
    # In place, and over a part of itself.
    own = image.copy()
    prepared(own, output=own)
    np.testing.assert_array_equal(own, expected)
    longer = np.concatenate([image, image])
    prepared(longer[:6], output=longer[3:9])
    np.testing.assert_array_equal(longer[3:9], expected)
    low, high = np.empty((6, 8), "f4"), np.empty((6, 8), "f4")
    Kernel("min(w), max(w)").prepare((6, 8), "f4", size=3)(image, output=(low, high))
    np.testing.assert_array_equal(high, expected)


def test_what_it_is_not_prepared_for():
    prepared = Kernel("max(w)").prepare((4, 5), "f4", size=3)
    right = np.zeros((4, 5), "f4")
    for images, error, message in [
        ((), TypeError, "1 input, not 0"),
        ((right, right), TypeError, "1 input, not 2"),
        ((right.astype("f8"),), TypeError, "elements of float32, not float64"),
        ((right.T.copy(),), ValueError, r"shape \(4, 5\), not \(5, 4\)"),
        ((right.astype(complex),), TypeError, "not supported"),
        ((np.ma.masked_array(right),), TypeError, "no masks"),
    ]:
        with pytest.raises(error, match=message):
            prepared(*images)
    for output, error, message in [
        (np.zeros((4, 5)), TypeError, "output of float32, not float64"),
        (np.zeros((5, 4), "f4"), ValueError, "outputs of shape"),
        ("f4", TypeError, "must be an array"),
        (np.broadcast_to(np.float32(0), (4, 5)), ValueError, "read-only"),
    ]:
        with pytest.raises(error, match=message):
            prepared(right, output=output)
    for arguments, error in [
        ({"shape": (4,), "size": (3, 3)}, ValueError),
        ({"shape": (4,), "dtype": ["f4", "f8"], "size": 3}, ValueError),
        ({"shape": (4,), "output": ["f4", "f8"], "size": 3}, ValueError),
        ({"shape": (-4,), "size": 3}, ValueError),
        ({"shape": (4.0,), "size": 3}, TypeError),
        ({"shape": (4,)}, ValueError),
        ({"shape": (4,), "size": 3, "t": 1}, TypeError),
    ]:
        with pytest.raises(error):
            Kernel("max(w)").prepare(**arguments)
    failing = Kernel("assert w[0] > 0; w[0]").prepare((3,), size=3)
    with pytest.raises(RuntimeError, match="1"):
        failing([1.0, 0.0, 1.0])


def test_it_says_what_it_is():
    prepared = Kernel(" low: min(w), high: mean(w)").prepare((4, 5), "u1", size=3)
    assert repr(prepared) == '<"low: min(w), high: mean(w)" prepared for 4 × 5 elements of uint8, giving uint8, float32>'
    assert isinstance(prepared, hoodoo.Prepared)
    high = prepared(np.zeros((4, 5), "u1")).high
    assert high.dtype == np.float32


def test_a_shape_may_be_a_number():
    kernel, image = Kernel("max(w)"), np.array([3.0, 1.0, 2.0])
    same(kernel.prepare(3, size=3)(image), kernel(image, size=3))
    assert kernel.explain(np.int64(3), size=3) == kernel.explain((3,), size=3)
    assert kernel.output_region(5, size=3, mode="valid") == ((1, 4),)
    for shape in ("abc", 3.0, (3.0,), None, [None]):
        for wrong in (kernel.prepare, kernel.explain, kernel.output_region):
            with pytest.raises(TypeError, match="shape must be an integer or a sequence of integers"):
                wrong(shape, size=3)


def test_it_never_changes():
    prepared = Kernel("max(w)").prepare((4, 5), size=3)
    assert copy.copy(prepared) is prepared
    assert copy.deepcopy({"filter": prepared})["filter"] is prepared
    with pytest.raises(AttributeError):
        prepared.shape = (3, 3)


def test_what_it_says_makes_outputs():
    prepared = Kernel("low: min(w), high: mean(w)").prepare((4, 5), "u1", size=(3, 2), mode="valid")
    assert prepared.output_types == [np.dtype(np.uint8), np.dtype(np.float32)]
    image = some((4, 5), "u1")
    outputs = [np.empty(prepared.output_shape, dtype) for dtype in prepared.output_types]
    assert prepared(image, output=outputs) is outputs
    same(tuple(outputs), prepared(image))


def test_threads_call_it_at_once():
    kernel = Kernel("median(w)")
    images = [some((64, 64), "f8", seed) for seed in range(4)]
    expected = [kernel(image, size=5) for image in images]
    prepared = kernel.prepare((64, 64), size=5)
    wrong = []

    def work(image, right):
        wrong.extend(None for _ in range(50) if not np.array_equal(prepared(image), right))

    threads = [threading.Thread(target=work, args=each) for each in zip(images, expected)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_nothing_is_kept_of_a_call():
    image = some((32, 32), "f8")
    prepared = Kernel("max(w)").prepare((32, 32), size=3)
    before = sys.getrefcount(image)
    for _ in range(100):
        prepared(image)
    assert sys.getrefcount(image) == before


def test_a_usual_call_takes_less_than_one_whose_arguments_are_read():
    """The time itself is measured by `python -m hoodoo.bench`."""
    image = some((8, 8), "f8")
    kernel = Kernel("max(w) - min(w)")
    prepared = kernel.prepare(image.shape, size=3)
    calls = (lambda: prepared(image), lambda: kernel(image, size=3), lambda: kernel(image, size=3, progress=lambda part: None))
    times = [min(timeit.repeat(call, number=200, repeat=9)) for call in calls]
    assert times[0] < times[1] < 0.7 * times[2]


@pytest.mark.parametrize("dtype", ["u1", "i8", "f2", "f4", "f8", "?", ">f4", ">i2"])
@pytest.mark.parametrize(("source", "options"), KERNELS)
def test_usual_calls_are_prepared_and_give_the_same(source, options, dtype):
    """A list as `size` is not usual, and so it is read at every call."""
    kernel, image = Kernel(source), some((7, 8), dtype)
    params = {name: options[name] for name in ("t", "k") if name in options}
    kernel, options = Kernel(source, **params), {name: options[name] for name in options if name not in params}
    for seed in range(3):
        image = some((7, 8), dtype, seed)
        same(kernel(image, size=3, **options), kernel(image, size=[3, 3], **options))
        same(kernel(image[::-1, ::2], size=(3, 3), **options), kernel(image[::-1, ::2], size=[3, 3], **options))
    same(kernel(image, size=3, dtype=">f4", **options), kernel(image, size=[3, 3], dtype=">f4", **options))


@pytest.mark.parametrize("dtype", ["u1", "i8", "f4", "f8", "?", ">f4"])
def test_usual_calls_with_footprints_and_outputs_give_the_same(dtype):
    """A list as `footprint` is not usual."""
    kernel, image = Kernel("max(w) - mean(w)"), some((7, 8), dtype)
    cross, wide = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool), np.ones((1, 5), bool)
    for footprint in (cross, wide, cross.T, wide[:, ::2], "disk:2", "ring:1,2"):
        read = footprint.tolist() if isinstance(footprint, np.ndarray) else hoodoo.footprint(footprint).tolist()
        for mode in ("reflect", "valid", "constant"):
            expected = kernel(image, footprint=read, mode=mode)
            same(kernel(image, footprint=footprint, mode=mode), expected)
            for wanted in ("u1", "f4", ">f8", "?"):
                outputs = [np.zeros(expected.shape, wanted) for _ in range(2)]
                assert kernel(image, footprint=footprint, mode=mode, output=outputs[0], cast="wrap") is outputs[0]
                kernel(image, footprint=read, mode=mode, output=outputs[1], cast="wrap")
                same(*outputs)
    # What was written to may be changed: the next call asks for other cells.
    cross[:] = True
    same(kernel(image, footprint=cross), kernel(image, size=[3, 3]))


def test_usual_calls_write_where_they_are_told():
    kernel, image = Kernel("max(w)"), some((7, 8), "f8")
    expected = kernel(image, size=[3, 3])
    inside = image.copy()
    assert kernel(inside, size=3, output=inside) is inside
    same(inside, expected)
    shifted = np.concatenate([image.ravel(), np.zeros(8)])
    kernel(shifted[:56].reshape(7, 8), size=3, output=shifted[8:].reshape(7, 8))
    same(shifted[8:].reshape(7, 8), expected)
    apart = np.zeros((14, 16))
    kernel(image, size=3, output=apart[::2, ::-2])
    same(apart[::2, ::-2], expected)
    masked = np.ma.masked_array(np.zeros((7, 8)), True)
    assert kernel(image, size=3, output=masked) is masked and not masked.mask.any()
    one = np.lib.stride_tricks.as_strided(np.zeros(8), (7, 8), (0, 8))
    kernel(image, size=3, output=one)
    same(one[0], expected[-1])
    fixed = np.zeros((7, 8))
    fixed.flags.writeable = False
    for error, output in [(ValueError, fixed), (ValueError, np.zeros((8, 7))), (TypeError, np.zeros((7, 8), complex))]:
        for _ in range(2):
            with pytest.raises(error):
                kernel(image, size=3, output=output)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        Kernel("w[0, 0] / 0")(np.zeros((2, 3)), output=np.zeros((2, 3), np.uint8))


def test_a_usual_call_does_not_hide_that_another_one_is_wrong():
    kernel, image = Kernel("max(w)"), some((6, 7), "f8")
    kernel(image, size=3, cval=0, threads=1)
    for error, options in [
        (TypeError, {"size": 3.0}),
        (TypeError, {"size": (3.0, 3.0)}),
        (TypeError, {"size": 3, "threads": 1.0}),
        (TypeError, {"size": 3, "origin": 0.0}),
        (TypeError, {"size": 3, "cval": "0"}),
        (ValueError, {"size": 3, "mode": "periodic"}),
        (ValueError, {"size": 3, "axes": 2}),
        (ValueError, {"size": 3, "axes": (0, 0)}),
        (ValueError, {"size": 3, "cast": "round"}),
        (ValueError, {"size": -3}),
        (ValueError, {}),
        (TypeError, {"size": 3, "t": 1}),
        (TypeError, {"size": 3, "dtype": complex}),
    ]:
        for _ in range(2):
            with pytest.raises(error):
                kernel(image, **options)
    with pytest.raises(TypeError, match="1 input"):
        kernel(image, image, size=3)
    failing = Kernel("assert w[0] > 0; w[0]")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="1"):
            failing(np.array([1.0, 0.0, 1.0]))


def test_every_usual_call_gives_an_array_of_its_own():
    kernel, image = Kernel("max(w)"), some((6, 7), "f8")
    one, other = kernel(image, size=3), kernel(image, size=3)
    assert not np.shares_memory(one, other)
    one[:] = 0
    np.testing.assert_array_equal(kernel(image, size=3), other)


def test_usual_calls_of_many_threads():
    kernel = Kernel("median(w)")
    images = [some((20 + seed, 30), "f8", seed) for seed in range(4)]
    expected = [kernel(image, size=[3, 3]) for image in images]
    wrong = []

    def work():
        for _ in range(50):
            wrong.extend(None for image, right in zip(images, expected) if not np.array_equal(kernel(image, size=3), right))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_other_kinds_of_arrays_are_refused():
    pd, xr, da = (pytest.importorskip(name) for name in ("pandas", "xarray", "dask.array"))
    ready, image = Kernel("mean(w)").prepare((5,), size=3), np.arange(5.0)

    class Exported:
        def __dlpack__(self, **options):
            return image.__dlpack__(**options)

        def __dlpack_device__(self):
            return image.__dlpack_device__()

    np.testing.assert_array_equal(ready(Exported()), ready(image))
    for other in (pd.Series(image), xr.DataArray(image), xr.Variable("x", image)):
        with pytest.raises(TypeError, match="gives arrays of NumPy"):
            ready(other)
    with pytest.raises(TypeError, match="hoodoo.dask.generic_filter"):
        ready(da.from_array(image, chunks=2))
    output = np.ma.masked_array(np.zeros(5), True)
    assert ready(image, output=output) is output and not output.mask.any()
    np.testing.assert_array_equal(output.data, ready(image))


def test_calls_with_params_are_prepared_when_they_come_again():
    """Not for each value of those who try many."""
    kernel = hoodoo.Kernel("param t; param s = 1; if max(w) - min(w) > t then s else w[0, 0]")
    image = np.random.default_rng(5).random((9, 9))
    values = [0.5, 0.25, np.float64(0.5), np.float32(0.25), 1, True, -0.0, 0.0, np.nan, np.inf, np.int8(1), np.array(0.5)]
    for _ in range(3):
        for value in values:
            for more in ({}, {"s": 7}, {"s": -0.0}):
                expected = hoodoo.Kernel("max(w) - min(w)")(image, size=3) > value
                expected = np.where(expected, more.get("s", 1.0), image)
                given = kernel(image, size=3, t=value, **more)
                np.testing.assert_array_equal(given, expected)
                np.testing.assert_array_equal(np.signbit(given), np.signbit(expected))
                into = np.empty_like(image)
                kernel(image, size=3, t=value, output=into, **more)
                np.testing.assert_array_equal(into, expected)
    ready = hoodoo._prepared._ready
    for count in range(3):
        before = ready.cache_info()
        kernel(image, size=3, t=0.125 + count)
        assert ready.cache_info() == before
        kernel(image, size=3, t=0.125 + count)
        assert ready.cache_info().misses == before.misses + 1


def test_params_that_are_wrong_are_so_in_each_call():
    kernel, image = hoodoo.Kernel("param t; w[0] > t"), np.arange(5.0)
    for wrong, error in (({"u": 1}, TypeError), ({"t": 1, "u": 1}, TypeError), ({}, ValueError), ({"t": "x"}, TypeError), ({"t": [1, 2]}, TypeError)):
        for _ in range(3):
            with pytest.raises(error):
                kernel(image, **wrong)
    for _ in range(3):
        assert kernel(image, t=2).sum() == 2 and kernel(image, t=3).sum() == 1


def test_calls_with_lists_are_prepared():
    kernel, image = hoodoo.Kernel("min(w)"), np.random.default_rng(6).random((9, 8))
    windows = [{"size": [3, 2]}, {"size": (3, 2), "origin": [1, 0]}, {"size": [3], "axes": [1]}, {"size": [2, 3], "mode": ["wrap", "nearest"]}]
    for window in windows:
        expected = kernel(image, **window, progress=lambda part: None)
        for _ in range(2):
            np.testing.assert_array_equal(kernel(image, **window), expected)
        hits = hoodoo._prepared._ready.cache_info().hits
        kernel(image, **window)
        assert hoodoo._prepared._ready.cache_info().hits == hits + 1
    for wrong in ({"size": [3, 2, 1]}, {"size": [3.5, 2]}, {"size": []}, {"size": [3, 2], "mode": ["wrap"]}, {"size": [3, 2], "axes": [0, 0]}):
        outcomes = []
        for progress in (None, lambda part: None):
            with pytest.raises(Exception) as caught:
                kernel(image, **wrong, progress=progress)
            outcomes.append((caught.type, str(caught.value)))
        assert outcomes[0] == outcomes[1]


def test_an_output_in_the_memory_of_an_image():
    """Arrays that don't know of each other, and elements of which some bytes are those of others."""
    values = np.random.default_rng(1).random(3000)
    memory = bytearray(values.tobytes())
    image, output = (np.frombuffer(memory).reshape(60, 50) for _ in range(2))
    expected = Kernel("mean(w)")(image.copy(), size=3)
    for kernel in (Kernel("mean(w)").prepare((60, 50), size=3), lambda image, output: Kernel("mean(w)")(image, size=3, output=output)):
        image[...] = values.reshape(60, 50)
        kernel(image, output=output)
        np.testing.assert_array_equal(output, expected)

    wide = np.arange(64.0)
    image = wide.view(np.float32)[1::2]
    expected = Kernel("mean(w)")(image.copy(), size=5, dtype="f8")
    Kernel("mean(w)")(image, size=5, output=wide)
    np.testing.assert_array_equal(wide, expected)


def test_an_output_whose_elements_overlap():
    expected = Kernel("max(w)")(np.arange(24.0).reshape(8, 3), size=3)
    rows = np.lib.stride_tricks.as_strided(np.zeros(10), (8, 3), (8, 8))
    for kernel in (Kernel("max(w)").prepare((8, 3), size=3), lambda image, output: Kernel("max(w)")(image, size=3, output=output)):
        kernel(np.arange(24.0).reshape(8, 3), output=rows)
        # As NumPy assigns them, one row after the other.
        wanted = np.lib.stride_tricks.as_strided(np.zeros(10), (8, 3), (8, 8))
        wanted[...] = expected
        np.testing.assert_array_equal(rows, wanted)
    both = Kernel("low: min(w), high: max(w)")
    pairs = np.zeros((8, 3, 2))
    both(np.arange(24.0).reshape(8, 3), size=3, output=(pairs[..., 0], pairs[..., 1]))
    np.testing.assert_array_equal(pairs[..., 1], expected)
    with pytest.raises(ValueError, match="two outputs are in the same memory"):
        both(np.arange(24.0).reshape(8, 3), size=3, output=(pairs[..., 0], pairs[::-1, :, 0]))


def test_numbers_that_equal_nothing_fill_no_cache():
    image = np.arange(30.0).reshape(5, 6)
    hoodoo._prepared._ready.cache_clear()
    for _ in range(3):
        given = Kernel("max(w)")(image, size=3, mode="constant", cval=float("nan"))
        assert np.isnan(given[0, 0]) and given[2, 2] == 21
        Kernel("max(w)")(image, size=3, mode="constant", cval=np.nan)
    assert hoodoo._prepared._ready.cache_info()[:2] == (2, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("how", ["stride", "callback", "interpreter", "large"])
def test_a_forked_process_has_threads_of_its_own(how):
    image = np.arange(128.0 * 128).reshape(128, 128)
    if how == "stride":
        kernel = Kernel("max(w)").prepare((128, 128), size=3, stride=2)
    elif how == "large":
        image = np.tile(image, (8, 8))
        kernel = Kernel("max(w)").prepare(image.shape, size=3)
    else:
        def kernel(image):
            return Kernel("w[0, 0] + 1")(image, engine=how)

    expected = kernel(image)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if (kernel(image) == expected).all() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_outputs_that_lie_between_each_other():
    image = np.arange(8.0).reshape(2, 4)
    expected = Kernel("min(w), max(w)")(image, size=3)
    whole, rows = np.zeros((2, 8)), np.zeros((4, 4))
    for pair in ([whole[:, :4], whole[:, 4:]], [whole[:, 3::-1], whole[:, 4:]], [whole[:, ::2], whole[:, 1::2]], [rows[::2], rows[1::2]]):
        Kernel("min(w), max(w)")(image, size=3, output=pair)
        np.testing.assert_array_equal(pair, expected)
