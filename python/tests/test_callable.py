"""C functions in both directions: ours for SciPy, Numba and C, and theirs in our driver."""

import ctypes
import gc
import threading

import numpy as np
import pytest
from scipy import LowLevelCallable, integrate, ndimage

import hoodoo
from hoodoo import Kernel, KernelError

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
IMAGE = np.random.default_rng(0).random((20, 31))

WINDOW_FUNCTION = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_double), ctypes.c_ssize_t, ctypes.POINTER(ctypes.c_double), ctypes.c_void_p
)
LINE_FUNCTION = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_double),
    ctypes.c_ssize_t,
    ctypes.POINTER(ctypes.c_double),
    ctypes.c_ssize_t,
    ctypes.c_void_p,
)


def parts(callable_):
    """The address and the user data in a callable of ours."""
    python = ctypes.pythonapi
    python.PyCapsule_GetName.restype = ctypes.c_char_p
    python.PyCapsule_GetName.argtypes = [ctypes.py_object]
    python.PyCapsule_GetPointer.restype = ctypes.c_void_p
    python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    python.PyCapsule_GetContext.restype = ctypes.c_void_p
    python.PyCapsule_GetContext.argtypes = [ctypes.py_object]
    capsule = callable_.function
    name = python.PyCapsule_GetName(capsule)
    return python.PyCapsule_GetPointer(capsule, name), python.PyCapsule_GetContext(capsule)


@pytest.mark.parametrize("footprint", [None, CROSS])
def test_scipy_calls_our_window_function(footprint):
    kernel = Kernel("param t = 0; weights k; t + sum(k * w)", t=5)
    given = np.arange(5.0)
    function = kernel.low_level_callable(footprint, k=given, t=2)
    result = ndimage.generic_filter(IMAGE, function, footprint=CROSS)
    expected = ndimage.generic_filter(IMAGE, lambda window: 2 + (window * given).sum(), footprint=CROSS)
    np.testing.assert_allclose(result, expected, rtol=1e-14)


def test_a_footprint_lets_a_kernel_tell_cells_apart():
    function = Kernel("w[0, 1] - w[0, -1]").low_level_callable(CROSS)
    result = ndimage.generic_filter(IMAGE, function, footprint=CROSS)
    expected = ndimage.generic_filter(IMAGE, lambda window: window[3] - window[1], footprint=CROSS)
    np.testing.assert_array_equal(result, expected)
    with pytest.raises(RuntimeError):
        ndimage.generic_filter(IMAGE, function, size=3)
    with pytest.raises(KernelError):
        Kernel("w[0, 1] - w[0, -1]").low_level_callable()
    with pytest.raises(KernelError):
        Kernel("w[1, 1]").low_level_callable(CROSS)


def test_an_assertion_that_does_not_hold():
    function = Kernel("assert min(w) > 0.5; min(w)").low_level_callable()
    with pytest.raises(RuntimeError):
        ndimage.generic_filter(IMAGE, function, size=3)


@pytest.mark.parametrize(("size", "origin", "mode"), [(1, 0, "reflect"), (4, 1, "constant"), (7, -2, "wrap")])
def test_scipy_calls_our_line_function(size, origin, mode):
    arguments = {"axis": 0, "origin": origin, "mode": mode, "cval": 0.25}
    function = Kernel("param t; median(w) + t", t=1).low_level_callable(signature="generic_filter1d")
    result = ndimage.generic_filter1d(IMAGE, function, size, **arguments)

    def median(line, output):
        output[:] = np.median(np.lib.stride_tricks.sliding_window_view(line, size), axis=-1) + 1

    np.testing.assert_array_equal(result, ndimage.generic_filter1d(IMAGE, median, size, **arguments))
    if size > 1:
        first = Kernel("w[0]").low_level_callable(np.ones(size), "generic_filter1d")
        np.testing.assert_array_equal(ndimage.generic_filter1d(IMAGE, first, size), IMAGE)
        with pytest.raises(RuntimeError):
            ndimage.generic_filter1d(IMAGE, first, size + 1)


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_scipy_integrates_our_functions():
    gamma = Kernel("param x; param a = 2; x**a * exp(-x)")
    for function in (
        gamma.low_level_callable(signature="quad", variables=["x"]),
        gamma.low_level_callable(signature="quad"),
    ):
        assert integrate.quad(function, 0, np.inf)[0] == pytest.approx(2)
    assert integrate.quad(gamma.low_level_callable(signature="quad", variables=["x"], a=4), 0, np.inf)[
        0
    ] == pytest.approx(24)
    with_arguments = gamma.low_level_callable(signature="quad", variables=["x", "a"])
    assert integrate.quad(with_arguments, 0, np.inf, args=(5,))[0] == pytest.approx(120)
    assert np.isnan(integrate.quad(with_arguments, 0, 1)[0])

    box = Kernel("param x; param y; param z; x * y**2 * z**3").low_level_callable(
        signature="nquad", variables=["x", "y", "z"]
    )
    assert integrate.nquad(box, [[0, 1], [0, 3], [0, 2]])[0] == pytest.approx(18)
    broken = Kernel("param x; assert x < 0.5; x").low_level_callable(signature="quad")
    assert np.isnan(integrate.quad(broken, 0, 1)[0])


def test_scipy_transforms_by_our_functions():
    kernel = Kernel(
        "param angle; let c = cos(angle); let s = sin(angle); c*coord(0) - s*coord(1), s*coord(0) + c*coord(1)"
    )
    function = kernel.low_level_callable(signature="geometric_transform", angle=0.3)

    def turn(place):
        c, s = np.cos(0.3), np.sin(0.3)
        return c * place[0] - s * place[1], s * place[0] + c * place[1]

    np.testing.assert_allclose(
        ndimage.geometric_transform(IMAGE, function), ndimage.geometric_transform(IMAGE, turn), atol=1e-12
    )
    diagonal = Kernel("coord(0), coord(0)").low_level_callable(signature="geometric_transform")
    result = ndimage.geometric_transform(IMAGE, diagonal, output_shape=(20,), order=0)
    np.testing.assert_array_equal(result, IMAGE.diagonal())
    with pytest.raises(RuntimeError):
        ndimage.geometric_transform(IMAGE, Kernel("coord(0)").low_level_callable(signature="geometric_transform"))
    with pytest.raises(RuntimeError):
        ndimage.geometric_transform(IMAGE, Kernel("coord(2), 0").low_level_callable(signature="geometric_transform"))


@pytest.mark.parametrize(
    ("source", "arguments", "error"),
    [
        ("min(w)", {"signature": "minimize"}, ValueError),
        ("min(w)", {"signature": "quad"}, KernelError),
        ("min(w)", {"signature": "geometric_transform"}, KernelError),
        ("w[0, 0]", {"signature": "geometric_transform"}, KernelError),
        ("param x; x", {"signature": "quad", "variables": ["y"]}, ValueError),
        ("param x; param y; x + y", {"signature": "quad", "variables": ["x"]}, TypeError),
        ("param x; x, x", {"signature": "quad"}, ValueError),
        ("param x; coord(0)", {"signature": "quad"}, ValueError),
        ("param x; x", {"signature": "quad", "footprint": CROSS}, TypeError),
        ("param x; x", {"signature": "geometric_transform"}, TypeError),
        ("min(w)", {"variables": ["x"]}, TypeError),
        ("min(w)", {"signature": "generic_filter1d", "footprint": CROSS}, ValueError),
        ("min(w)", {"t": 3}, TypeError),
        ("param t; t + min(w)", {}, ValueError),
        ("weights k; sum(k * w)", {"k": [1, 2], "footprint": CROSS}, ValueError),
        ("min(w), max(w)", {}, KernelError),
        ("coord(0)", {}, KernelError),
    ],
)
def test_what_can_be_no_callable(source, arguments, error):
    with pytest.raises(error):
        Kernel(source).low_level_callable(**arguments)


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("w[0, 1]", "give the footprint to `low_level_callable`"),
        ("input a, b; min(a) + min(b)", "call the kernel itself"),
        ("min(w), max(w)", "call the kernel itself"),
    ],
)
def test_hints_are_for_python(source, hint):
    with pytest.raises(KernelError, match=hint) as caught:
        Kernel(source).low_level_callable()
    assert not any(word in str(caught.value) for word in ("Kernel::", "Filter", "--size"))


def test_the_code_lives_as_long_as_the_callable():
    function = Kernel("param t; max(w) + t").low_level_callable(t=1)
    for index in range(300):
        # Others are made and freed, in memory that would be this one's.
        Kernel(f"min(w) + {index}").low_level_callable(CROSS)
    gc.collect()
    np.testing.assert_array_equal(
        ndimage.generic_filter(IMAGE, function, footprint=CROSS), ndimage.maximum_filter(IMAGE, footprint=CROSS) + 1
    )


def test_c_calls_our_function():
    function = Kernel("param t; max(w) - t").low_level_callable(t=1)
    address, user_data = parts(function)
    window, value = (ctypes.c_double * 3)(3, 8, 5), ctypes.c_double()
    assert WINDOW_FUNCTION(address)(window, 3, value, user_data) == 1
    assert value.value == 7


def ctypes_mean(calls):
    @WINDOW_FUNCTION
    def mean(window, size, value, user_data):
        calls.append(size)
        value[0] = sum(window[:size]) / size
        return 1

    return mean


def test_our_driver_calls_ctypes():
    calls = []
    mean = ctypes_mean(calls)
    for mode in ("reflect", "mirror", "nearest", "wrap", "constant"):
        arguments = {"footprint": CROSS, "mode": mode, "cval": 0.5, "origin": (1, 0)}
        result = hoodoo.generic_filter(IMAGE, LowLevelCallable(mean), **arguments)
        np.testing.assert_array_equal(result, ndimage.generic_filter(IMAGE, LowLevelCallable(mean), **arguments))
    assert set(calls) == {5} and len(calls) == 10 * IMAGE.size


def test_our_driver_calls_cffi():
    ffi = pytest.importorskip("cffi").FFI()

    @ffi.callback("int (double *, intptr_t, double *, void *)")
    def scaled(window, size, value, user_data):
        value[0] = ffi.cast("double *", user_data)[0] * max(window[index] for index in range(size))
        return 1

    factor = ffi.new("double *", 3.0)
    function = LowLevelCallable(scaled, ffi.cast("void *", factor))
    result = hoodoo.generic_filter(IMAGE, function, footprint=CROSS)
    np.testing.assert_array_equal(result, 3 * ndimage.maximum_filter(IMAGE, footprint=CROSS))


def test_numba():
    numba = pytest.importorskip("numba")
    types = numba.types
    pointer = types.CPointer(types.float64)

    @numba.cfunc(types.intc(pointer, types.intp, pointer, types.voidptr))
    def least(window, size, value, user_data):
        value[0] = window[0]
        for index in range(1, size):
            value[0] = min(value[0], window[index])
        return 1

    expected = ndimage.minimum_filter(IMAGE, footprint=CROSS)
    result = hoodoo.generic_filter(IMAGE, LowLevelCallable(least.ctypes), footprint=CROSS)
    np.testing.assert_array_equal(result, expected)

    # The other way: compiled Python calls our machine code.
    callable_ = Kernel("min(w)").low_level_callable()
    address, _ = parts(callable_)
    ours = WINDOW_FUNCTION(address)

    @numba.cfunc(types.intc(pointer, types.intp, pointer, types.voidptr))
    def negated(window, size, value, user_data):
        found = np.zeros(1)
        status = ours(window, size, found.ctypes, user_data)
        value[0] = -found[0]
        return status

    result = ndimage.generic_filter(IMAGE, LowLevelCallable(negated.ctypes), footprint=CROSS)
    np.testing.assert_array_equal(result, -expected)


def test_a_line_function_of_others():
    calls = []

    @LINE_FUNCTION
    def doubled(line, size, output, count, user_data):
        calls.append((size, count))
        for index in range(count):
            output[index] = 2 * line[index + 1]
        return 1

    result = hoodoo.generic_filter1d(IMAGE, LowLevelCallable(doubled), 3, axis=0)
    np.testing.assert_array_equal(result, 2 * IMAGE)
    assert calls == [(22, 20)] * 31


def test_status_0():
    refuse = WINDOW_FUNCTION(lambda *_: 0)
    with pytest.raises(RuntimeError, match="filter function"):
        hoodoo.generic_filter(IMAGE, LowLevelCallable(refuse), size=3)
    refuse_line = LINE_FUNCTION(lambda *_: 0)
    with pytest.raises(RuntimeError, match="line filter function"):
        hoodoo.generic_filter1d(IMAGE, LowLevelCallable(refuse_line), 3)


def test_a_wrong_signature():
    wrong = LowLevelCallable(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_double)(lambda value: 1))
    line = LowLevelCallable(LINE_FUNCTION(lambda *_: 1))
    window = LowLevelCallable(WINDOW_FUNCTION(lambda *_: 1))
    for function in (wrong, line):
        with pytest.raises(ValueError, match="signature"):
            hoodoo.generic_filter(IMAGE, function, size=3)
    for function in (wrong, window):
        with pytest.raises(ValueError, match="signature"):
            hoodoo.generic_filter1d(IMAGE, function, 3)
    for function in (3, None, window.function.__class__, Kernel("min(w)").low_level_callable().function):
        with pytest.raises((ValueError, TypeError)):
            hoodoo.generic_filter(IMAGE, function, size=3)


def test_python_functions():
    seen = []

    def spread(window, factor, *, shift=0):
        seen.append(window)
        return factor * (window.max() - window.min()) + shift

    arguments = {"size": (2, 3), "mode": "mirror", "extra_arguments": (3,), "extra_keywords": {"shift": 1}}
    result = hoodoo.generic_filter(IMAGE, spread, **arguments)
    assert seen[0].dtype == np.float64 and seen[0].shape == (6,) and seen[0] is not seen[1]
    np.testing.assert_array_equal(result, ndimage.generic_filter(IMAGE, spread, **arguments))


def test_what_a_python_function_raises():
    def fail(window):
        raise LookupError("not here")

    with pytest.raises(LookupError, match="not here"):
        hoodoo.generic_filter(IMAGE, fail, size=3)
    with pytest.raises(LookupError, match="not here"):
        hoodoo.generic_filter1d(IMAGE, lambda line, output: fail(line), 3)
    for nothing in (lambda window: None, lambda window: "text", lambda window: window[:2], lambda: 0):
        with pytest.raises(TypeError):
            hoodoo.generic_filter(IMAGE, nothing, size=3)


def test_a_callback_may_filter():
    inner = Kernel("max(w)")

    def nested(window):
        return float(inner(window, size=3).min()) + hoodoo.generic_filter(window, lambda few: few[0], size=1)[0]

    expected = ndimage.generic_filter(IMAGE[:4], lambda window: ndimage.maximum_filter(window, 3).min() + window[0], 3)
    np.testing.assert_array_equal(hoodoo.generic_filter(IMAGE[:4], nested, size=3), expected)


def test_threads_call_one_callback():
    calls = []
    function = LowLevelCallable(ctypes_mean(calls))
    expected = ndimage.generic_filter(IMAGE, function, size=3)
    failures = []

    def work():
        if not np.array_equal(hoodoo.generic_filter(IMAGE, function, size=3), expected):
            failures.append(None)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
