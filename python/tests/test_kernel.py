"""`Kernel`: what it is, and what it makes of arrays of every kind."""

import copy
import importlib
import itertools
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import hoodoo
from hoodoo import Kernel, KernelError

TYPES = [
    np.bool_,
    np.int8,
    np.uint8,
    np.int16,
    np.uint16,
    np.int32,
    np.uint32,
    np.int64,
    np.uint64,
    np.float16,
    np.float32,
    np.float64,
]


def image(shape=(17, 23), dtype=np.float64, seed=0):
    return np.random.default_rng(seed).integers(0, 2 if dtype is np.bool_ else 100, shape).astype(dtype)


def windows(array, shape=(3, 3)):
    """The windows of an array that is reflected at its ends."""
    widths = [(length // 2, (length - 1) // 2) for length in shape]
    return np.lib.stride_tricks.sliding_window_view(np.pad(array, widths, mode="symmetric"), shape)


def least(array):
    return windows(array).min(axis=(-1, -2))


def test_what_a_kernel_is():
    kernel = Kernel("input a, b; param t = 0.5; param s; weights k; low: min(a * k) + s, t * max(b)", s=2, k=[1, 2])
    assert kernel.inputs == ("a", "b")
    assert kernel.outputs == ("low", "1")
    assert dict(kernel.params) == {"t": 0.5, "s": 2.0}
    assert list(kernel.weights) == ["k"]
    assert kernel.weights["k"].tolist() == [1.0, 2.0]
    assert repr(Kernel("param s; s", s=2)) == "Kernel('param s; s', s=2.0)"
    assert eval(repr(Kernel("param s; s", s=2))) == Kernel("param s; s", s=2)


def test_kernels_are_compared_and_hashed_by_source_and_values():
    kernels = [
        Kernel("param t = 1; weights k; t * sum(k * w)"),
        Kernel("param t = 1; weights k; t * sum(k * w)", t=1),
        Kernel("param t = 1; weights k; t * sum(k * w)", k=[1, 2, 3]),
        Kernel("param t = 1; weights k; t * sum(k * w)", k=[1, 2, 4]),
        Kernel("min(w)"),
    ]
    for one, other in itertools.product(kernels, repeat=2):
        assert (one == other) == (one is other)
    for kernel in kernels:
        for twin in (pickle.loads(pickle.dumps(kernel)), copy.copy(kernel), copy.deepcopy(kernel)):
            assert twin == kernel and hash(twin) == hash(kernel)
    assert kernels[0] != "min(w)"


def test_a_kernel_does_not_change():
    values = np.array([1.0, 2.0, 3.0])
    kernel = Kernel("weights k; sum(k * w)", k=values)
    values[:] = 0
    assert kernel([1.0, 1.0, 1.0], size=3)[1] == 6
    with pytest.raises(AttributeError):
        kernel.source = "max(w)"
    with pytest.raises(ValueError, match="read-only"):
        kernel.weights["k"][0] = 7
    with pytest.raises(TypeError):
        kernel.params["t"] = 7


def test_errors_say_where():
    with pytest.raises(KernelError) as caught:
        Kernel("# Höhe\nmin(w) + hohe")
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.code, error.line, error.column) == ("H010", 2, 10)
    assert "# Höhe\nmin(w) + hohe"[slice(*error.span)] == "hohe"
    assert "hohe" in error.message
    assert str(error).startswith("error[H010]") and "2 | min(w) + hohe" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.span, again.message) == (str(error), error.span, error.message)


def test_errors_where_a_kernel_is_used_say_where():
    with pytest.raises(KernelError) as caught:
        Kernel("w[0, 0]")(np.zeros(5), size=3)
    assert caught.value.code == "H032"


@pytest.mark.parametrize("dtype", TYPES)
def test_types(dtype):
    array = image(dtype=dtype)
    result = Kernel("min(w)")(array, size=3)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, least(array))


@pytest.mark.parametrize("engine", ["rows", "callback", "interpreter"])
def test_every_float16_passes_unchanged(engine):
    every = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256).view(np.float16)
    result = Kernel("w[0, 0]")(every, engine=engine)
    assert result.dtype == np.float16
    number = ~np.isnan(every)
    np.testing.assert_array_equal(result.view(np.uint16)[number], every.view(np.uint16)[number])
    assert np.isnan(result[~number]).all()
    np.testing.assert_array_equal(Kernel("w[0, 0]")(every, dtype=np.float64), every.astype(np.float64))


@pytest.mark.parametrize("engine", ["rows", "callback", "interpreter"])
def test_float16_is_computed_in_float64_and_rounded_once(engine):
    bits = np.random.default_rng(3).integers(0, 1 << 16, (40, 60), dtype=np.uint16)
    halves = bits.view(np.float16)
    halves[~np.isfinite(halves)] = -0.5
    # Sums of nine are exact in float64.
    around = windows(halves.astype(np.float64))
    for source, expected in {
        "min(w)": around.min((-1, -2)),
        "median(w)": np.median(around, (-1, -2)),
        "mean(w)": around.sum((-1, -2)) / 9,
    }.items():
        result = Kernel(source)(halves, size=3, engine=engine)
        np.testing.assert_array_equal(result, expected.astype(np.float16), err_msg=source)
    # Next to the middle of two neighbours, a rounding to float32 in between would tell.
    ties = np.array([1 + 2**-11, np.nextafter(1 + 2**-11, 2), 1 + 3 * 2**-11, 65519.999, 65520.0, 2**-25, 3 * 2**-25])
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(Kernel("w[0]")(ties, dtype=np.float16, engine=engine), ties.astype(np.float16))


@pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.float16, np.float32, np.float64])
def test_layouts(dtype):
    array = image((12, 10), dtype)
    expected = least(array)
    record = np.zeros((12, 10), [("pad", "u1"), ("value", dtype)])
    record["value"] = array
    wide = np.zeros((24, 30), dtype)
    wide[::2, ::-3] = array
    aliases = {
        "Fortran": np.asfortranarray(array),
        "transposed": np.ascontiguousarray(array.T).T,
        "reversed": np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1],
        "strided": wide[::2, ::-3],
        "swapped": array.astype(array.dtype.newbyteorder()),
        "unaligned": record["value"],
        "list": array.tolist(),
    }
    for name, alias in aliases.items():
        result = Kernel("min(w)")(alias, size=3)
        np.testing.assert_array_equal(result, expected, err_msg=name)
        assert result.dtype.isnative
    for name in ("Fortran", "reversed", "strided", "swapped", "unaligned"):
        output = aliases[name].copy(order="K") if name in ("Fortran", "swapped") else aliases[name]
        assert Kernel("min(w)")(array, size=3, output=output) is output
        np.testing.assert_array_equal(output, expected, err_msg=f"output {name}")
    array.flags.writeable = False
    np.testing.assert_array_equal(Kernel("min(w)")(array, size=3), expected)


def test_bytes_that_are_neither_true_nor_false():
    array = np.array([0, 2, 255, 0, 0], np.uint8).view(bool)
    assert Kernel("sum(w)")(array, size=1, dtype=int).tolist() == [0, 1, 1, 0, 0]
    assert Kernel("len(w)")(array, footprint=array, dtype=int).tolist() == [2] * 5


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0), (0, 3), (1, 1, 1), (2, 1, 3, 1, 2)])
def test_shapes(shape):
    array = image(shape)
    result = Kernel("min(w)")(array, size=3)
    assert result.shape == shape
    if array.ndim > 0:
        np.testing.assert_array_equal(
            result, windows(array, (3,) * array.ndim).min(axis=tuple(range(-array.ndim, 0))) if array.size else array
        )
    assert Kernel("min(w)")(array, size=3, output=array) is array


def test_an_output_that_overlaps_the_input():
    whole = image((40, 30))
    for source, target in [
        (np.s_[:], np.s_[:]),
        (np.s_[:-1], np.s_[1:]),
        (np.s_[1:], np.s_[:-1]),
        (np.s_[::2, ::-1], np.s_[1::2]),
        (np.s_[:20, :20], np.s_[20:0:-1, 3:23]),
    ]:
        array = whole.copy()
        expected = least(array[source])
        output = array[target]
        assert Kernel("min(w)")(array[source], size=3, output=output) is output
        np.testing.assert_array_equal(output, expected)


def test_a_failed_run_leaves_an_overlapping_output_as_it_was():
    array = image()
    before = array.copy()
    with pytest.raises(RuntimeError, match=r"at pixel \[.*line 1, column 8"):
        Kernel("assert sum(w) < 400; min(w)")(array, size=3, output=array)
    np.testing.assert_array_equal(array, before)


def test_several_inputs_and_outputs():
    kernel = Kernel("input a, b; low: min(a) + min(b), high: max(a), 3")
    a, b = image(dtype=np.uint8), image(dtype=np.float32, seed=1)
    results = kernel(a, b, size=3)
    assert results._fields == ("low", "high", "_2")
    # What a float is added to need not be whole.
    assert [each.dtype for each in results] == [np.float32, np.uint8, np.uint8]
    results = kernel(a, b, size=3, output=[np.float32, None, np.int64])
    assert [each.dtype for each in results] == [np.float32, np.uint8, np.int64]
    np.testing.assert_array_equal(results.low, least(a) + least(b))
    again = pickle.loads(pickle.dumps(results))
    assert again._fields == results._fields
    np.testing.assert_array_equal(again.high, results.high)
    output = np.zeros((2, *a.shape))
    low, high = Kernel("min(w), max(w)")(a, size=3, output=list(output))
    assert low.base is output and high.base is output
    np.testing.assert_array_equal(output[0], least(a))


def test_windows_modes_and_casts():
    array = image()
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    views = windows(array)
    np.testing.assert_array_equal(Kernel("max(w)")(array, footprint=cross), views[..., cross == 1].max(axis=-1))
    np.testing.assert_array_equal(
        Kernel("max(w)")(array, size=(1, 3), axes=None), windows(array, (1, 3)).max(axis=(-1, -2))
    )
    np.testing.assert_array_equal(Kernel("max(w)")(array, size=3, axes=-1), windows(array, (1, 3)).max(axis=(-1, -2)))
    np.testing.assert_array_equal(
        Kernel("max(w)")(array, size=3, mode="valid"),
        np.lib.stride_tricks.sliding_window_view(array, (3, 3)).max(axis=(-1, -2)),
    )
    assert Kernel("min(w)")([4, 5, 6], size=3, mode="shrink").tolist() == [4, 4, 5]
    assert Kernel("min(w)")([4, 5, 6], size=3, mode="constant", cval=-1).tolist() == [-1, 4, -1]
    assert Kernel("w[-1]")([4, 5, 6], mode="grid-wrap").tolist() == [6, 4, 5]
    assert Kernel("w[0, -1]")([[4, 5, 6]], mode=["wrap", "nearest"]).tolist() == [[4, 4, 5]]
    assert Kernel("min(w)")([4, 5, 6], size=1, origin=0).tolist() == [4, 5, 6]
    assert Kernel("min(w)")([6, 5, 4], size=3, origin=1).tolist() == [5, 5, 4]
    assert Kernel("-2.7 * w[0]")([1, 100], dtype=np.int8).tolist() == [-3, -128]
    assert Kernel("-2.7 * w[0]")([1, 100], dtype=np.int8, cast="wrap").tolist() == [-2, -14]
    for engine in ("rows", "callback", "interpreter"):
        np.testing.assert_array_equal(Kernel("min(w)")(array, size=3, engine=engine), least(array))
    assert Kernel("w[0] / 3")(np.array([1.0]), precision="single", dtype=np.float64)[0] == np.float32(1) / np.float32(3)


def test_params_and_weights():
    kernel = Kernel("param t; param u = 3; weights k; t * sum(k * w) + u", t=2)
    assert kernel([1, 10, 100], size=3, k=[1, 0, 0])[1] == 5
    assert kernel([1, 10, 100], size=3, k=[1, 0, 0], t=3, u=0)[1] == 3
    assert kernel([1, 10, 100], footprint=[1, 0, 1], k=[5, 7, 1], t=1, u=0)[1] == 105
    for params, error in [
        ({"k": [1, 2]}, ValueError),
        ({"k": "abc"}, TypeError),
        ({}, ValueError),
        ({"k": [1, 0, 0], "t": "x"}, TypeError),
        ({"k": [1, 0, 0], "t": None}, TypeError),
        ({"k": [1, 0, 0], "nonsense": 1}, TypeError),
    ]:
        with pytest.raises(error):
            kernel([1, 10, 100], size=3, **params)
    assert Kernel("param size; size * w[0]", size=2)([1, 2]).tolist() == [2, 4]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, ValueError),
        ({"size": 0}, ValueError),
        ({"size": -1}, ValueError),
        ({"size": 2.5}, TypeError),
        ({"size": (3, 3, 3)}, ValueError),
        ({"size": 10**12}, ValueError),
        ({"size": 2**70}, ValueError),
        ({"size": "3"}, TypeError),
        ({"footprint": np.zeros((0, 3))}, ValueError),
        ({"footprint": [1, 1]}, ValueError),
        ({"footprint": np.ones((1,) * 40)}, ValueError),
        ({"size": 3, "mode": "periodic"}, ValueError),
        ({"size": 3, "mode": ["wrap"] * 3}, ValueError),
        ({"size": 3, "mode": 3}, TypeError),
        ({"size": 3, "mode": [1, 2]}, TypeError),
        ({"size": 3, "origin": 2}, ValueError),
        ({"size": 3, "origin": (0, 0, 0)}, ValueError),
        ({"size": 3, "origin": -(2**70)}, ValueError),
        ({"size": 3, "origin": 0.5}, TypeError),
        ({"size": 3, "axes": 2}, ValueError),
        ({"size": 3, "axes": (0, 0)}, ValueError),
        ({"size": 3, "axes": 1.0}, TypeError),
        ({"size": 3, "cval": "x"}, TypeError),
        ({"size": 3, "cval": "1"}, TypeError),
        ({"size": 3, "cast": "round"}, ValueError),
        ({"size": 3, "engine": "steam"}, ValueError),
        ({"size": 3, "engine": None}, TypeError),
        ({"size": 3, "precision": "half"}, ValueError),
        ({"size": 3, "threads": -1}, ValueError),
        ({"size": 3, "threads": 1.5}, TypeError),
        ({"size": 3, "threads": []}, TypeError),
        ({"size": 3, "threads": [2, 3]}, TypeError),
        ({"size": 3, "progress": "yes"}, TypeError),
        ({"size": 3, "output": np.zeros((2, 2))}, ValueError),
        ({"size": 3, "output": np.zeros((4, 4), complex)}, TypeError),
        ({"size": 3, "output": "nonsense"}, TypeError),
        ({"size": 3, "output": [np.zeros((4, 4))]}, TypeError),
        ({"size": 3, "dtype": "M8[s]"}, TypeError),
        ({"size": 3, "dtype": np.float32, "output": np.float32}, TypeError),
        ({"size": 3, "output": np.broadcast_to(0.0, (4, 4))}, ValueError),
    ],
)
def test_bad_arguments(arguments, error):
    with pytest.raises(error) as caught:
        Kernel("min(w)")(np.zeros((4, 4)), **arguments)
    # Not in the words of what extracts arguments.
    assert "Options" not in str(caught.value)


@pytest.mark.parametrize("argument", ["size", "origin", "axes", "threads", "mode", "cast", "engine", "precision"])
def test_errors_name_the_argument(argument):
    with pytest.raises(TypeError, match=f"^{argument} must be .*, not 1.5$"):
        Kernel("min(w)")(np.zeros((4, 4)), **{"size": 3, argument: 1.5})


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), object),
        np.zeros((4, 4), complex),
        np.zeros((4, 4), np.longdouble),
        np.zeros((4, 4), "U3"),
        np.zeros((4, 4), [("a", float)]),
        None,
        "text",
    ],
)
def test_bad_arrays(array):
    with pytest.raises(TypeError, match="not supported"):
        Kernel("min(w)")(array, size=3)


def test_other_bad_calls():
    for source in (3, None, b"min(w)"):
        with pytest.raises(TypeError):
            Kernel(source)
    with pytest.raises(TypeError):
        Kernel("min(w)", t=3)
    with pytest.raises(TypeError):
        Kernel("min(w)")(size=3)
    with pytest.raises(TypeError):
        Kernel("min(w)")(np.zeros(3), np.zeros(3), size=3)
    with pytest.raises(ValueError):
        Kernel("input a, b; min(a) + min(b)")(np.zeros(3), np.zeros(4), size=3)
    with pytest.raises(ValueError):
        Kernel("min(w), max(w)")(np.zeros(3), size=3, output=[np.zeros(3)])
    same = np.zeros(3)
    with pytest.raises(ValueError):
        Kernel("min(w), max(w)")(np.zeros(3), size=3, output=[same, same])
    with pytest.raises(ValueError, match="the kernel has 2 outputs"):
        Kernel("min(w), max(w)")(np.zeros(3), size=3, output=same)
    for shape in [(-1, 3), (2**70, 3)]:
        with pytest.raises(ValueError, match="shape"):
            Kernel("min(w)").output_region(shape, size=3)
        with pytest.raises(ValueError, match="shape"):
            Kernel("min(w)").explain(shape, size=3)
    with pytest.raises(ValueError, match="axes"):
        Kernel("w[0]")(np.zeros((1,) * 40))


def test_explain():
    plan = Kernel("median(w)").explain((512, 512), np.uint8, size=3)
    assert "median of u8 elements: a selection network for rank 4 of 9" in plan
    assert "function" in Kernel("min(w)").explain(size=3, listing="clif")
    assert Kernel("input a, b; min(a) + min(b)").explain(dtype=["uint8", "float32"], size=3, output="float64")
    with pytest.raises(ValueError):
        Kernel("min(w)").explain(size=3, listing="english")
    with pytest.raises(TypeError):
        Kernel("min(w)").explain(dtype=complex, size=3)


def slow():
    """A kernel that takes seconds for an image of a million pixels."""
    return Kernel("fold s = 0 for v in w: s + exp(sin(v + s))")


def test_progress():
    parts = []
    slow()(image((300, 1000)), size=5, progress=parts.append)
    assert parts == sorted(parts) and parts[-1] == 1.0 and all(0 <= part <= 1 for part in parts)
    Kernel("min(w)")(image(), size=3, progress=parts.append)
    assert parts[-1] == 1.0
    Kernel("min(w)")(image(), size=3, progress=True)
    Kernel("min(w)")(image(), size=3, progress=False)


def test_an_exception_in_progress_stops_the_run():
    def stop(part):
        raise LookupError("enough")

    start = time.perf_counter()
    with pytest.raises(LookupError, match="enough"):
        slow()(image((8000, 1000)), size=9, progress=stop)
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("source", "shape", "options"),
    [
        ("sum(exp(sin(w)))", (20000, 10000), "size=9"),
        ("sum(exp(sin(w)))", (20000, 10000), "size=9, threads=1"),
        # Few pixels, each of which takes long.
        ("fold s = 0 for v in w: fold t = s for u in w: t + exp(sin(u + v))", (60, 60), "size=41"),
        ("fold s = 0 for v in w: fold t = s for u in w: t + exp(sin(u + v))", (60, 60), "size=41, threads=1"),
    ],
)
def test_ctrl_c_stops_a_run(source, shape, options):
    program = textwrap.dedent(f"""
        import signal
        import numpy as np, hoodoo
        # A shell that starts tests in the background has them ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("ready", flush=True)
        try:
            hoodoo.Kernel("{source}")(np.ones({shape}, "u1"), dtype="f4", {options})
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=30)[0] == "interrupted\n"
    finally:
        child.kill()


def test_a_small_run_does_not_wait_for_a_long_one():
    array = image((300, 400))
    expected = least(array)
    begun, finish, stopped = threading.Event(), threading.Event(), threading.Event()

    def stop(part):
        begun.set()
        if finish.is_set():
            raise InterruptedError

    def work():
        try:
            slow()(np.ones((4000, 1000)), size=15, progress=stop)
        except InterruptedError:
            stopped.set()

    long_run = threading.Thread(target=work)
    long_run.start()
    assert begun.wait(timeout=30)
    np.testing.assert_array_equal(Kernel("min(w)")(array, size=3, threads=1), expected)
    np.testing.assert_array_equal(Kernel("min(w)")(array[:90, :90], size=3), least(array[:90, :90]))
    finish.set()
    long_run.join()
    assert stopped.is_set(), "the long run was over first"


def test_what_goes_wrong_inside_is_an_exception():
    """Where code and what it calls are too far from each other, the code generator panics."""
    program = textwrap.dedent("""
        import numpy as np, hoodoo
        far = []
        for index in range(8):
            try:
                far.append(np.empty(3 << 30, "u1"))
                kernel = hoodoo.Kernel(f"min(w) + {index}")
                assert kernel(np.zeros((5, 5)), size=101).max() == index
                kernel.low_level_callable(np.ones((101, 101)))
            except Exception:
                pass
        print("fine")
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "fine\n", done.stderr


def test_other_threads_run_meanwhile():
    ticks = []

    def tick():
        while not done.is_set():
            ticks.append(None)
            time.sleep(0.001)

    done = threading.Event()
    thread = threading.Thread(target=tick)
    thread.start()
    slow()(image((200, 1000)), size=9)
    count = len(ticks)
    done.set()
    thread.join()
    assert count > 20


def test_threads_call_one_kernel_at_once():
    kernel = Kernel("param t = 1; t * median(w)")
    arrays = [image((100, 90), dtype, seed) for seed in range(4) for dtype in (np.uint8, np.float64, np.int32)]
    expected = [kernel(array, size=3, t=1) for array in arrays]
    failures = []

    def work(worker):
        for repeat in range(20):
            index = (worker + repeat) % len(arrays)
            result = kernel(arrays[index], size=3)
            if not np.array_equal(result, expected[index]):
                failures.append(index)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_fork_after_use():
    program = textwrap.dedent("""
        import os, numpy as np, hoodoo
        kernel, array = hoodoo.Kernel("median(w)"), np.random.default_rng(0).random((500, 400))
        expected = kernel(array, size=3)
        def check(depth):
            for kernel_here in (kernel, hoodoo.Kernel("0 + median(w)")):
                assert np.array_equal(kernel_here(array, size=3), expected)
            if depth < 2:
                child = os.fork()
                if child == 0:
                    check(depth + 1)
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0
        check(0)
        print("fine")
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "fine\n", done.stderr


def test_an_array_is_held_during_a_run():
    array = image((400, 1000))
    expected = slow()(array, size=5)
    seen = []

    def meddle(part):
        # What the caller still has can't be resized, and forgetting it does not free it.
        with pytest.raises(ValueError):
            holder[0].resize((1, 1))
        seen.append(part)

    holder = [array]
    del array
    result = slow()(holder[0], size=5, progress=meddle)
    np.testing.assert_array_equal(result, expected)
    assert seen

    holder = [image((400, 1000))]
    result = slow()(holder.pop(), size=5, progress=seen.append)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is measured as Linux tells it")
def test_arrays_of_bool_are_booleans_by_themselves():
    image, bad = np.array([1.0, 5, 2, 8, -3]), np.array([False, True, False, False, True])
    kernel = Kernel("input x, bad; median(x where not bad)")
    expected = Kernel("input x, bad: bool; median(x where not bad)")(image, bad, size=3)
    np.testing.assert_array_equal(kernel(image, bad, size=3), expected)
    np.testing.assert_array_equal(kernel.prepare((5,), ["f8", bool], size=3)(image, bad), expected)
    assert pickle.loads(pickle.dumps(kernel)) == kernel and kernel.source == "input x, bad; median(x where not bad)"
    np.testing.assert_array_equal(Kernel("# options: --size 3\nany(w)")(bad, size=3), [True, True, True, True, True])
    both = Kernel("input a: bool, b, c; sum(c where a and b)")
    np.testing.assert_array_equal(both(bad, bad, image, size=1, dtype="f8"), np.where(bad, image, 0))
    # Numbers are what they were: an error, at the place.
    any_of = Kernel("any(w)")
    for wrong in (
        lambda: kernel(image, image, size=3),
        lambda: kernel.prepare((5,), size=3),
        lambda: any_of(image, size=3),
        lambda: hoodoo.generic_filter(image, "any(w)", size=3),
        lambda: any_of.low_level_callable(),
        lambda: Kernel("input x, m; mean(x where m) + sum(m)"),
    ):
        with pytest.raises(KernelError, match="needs a boolean") as caught:
            wrong()
        assert caught.value.code == "H020"


BOOLEANS = {
    "input a, b, c; sum(c where a and b)": (0, 1),
    "input a, b, c, d, e; sum(e where a and b) + sum(e where c and not d)": (0, 1, 2, 3),
    "input a, b, c; let m = a; sum(c where m)": (0,),
    "input a, b, c; let m = if b[0] then a else not b; sum(c where m)": (0, 1),
    "input a: bool, b, c; sum(c where a == b)": (1,),
    "input a, b, c; sum(c where (if true then a else b))": (0, 1),
    "fn f(x) = not x; input a, b; sum(a where f(b))": (1,),
    "input a, b; sum(b) # \u00fc\n + len(b where a)": (0,),
    "input a, b, c; let m = a == b; sum(c where not (if m then a else b))": (0, 1),
    "input a, b, c, d; sum(a where not (a < b) == d)": (3,),
    # Several are right, or none.
    "input a: bool, b: bool, c, d; sum(d where (if a[0] then b else (if c[0] == d[0] then a else b)) == c)": None,
    "input x, m; mean(x where m) + sum(m)": None,
}


@pytest.mark.parametrize("source", BOOLEANS)
def test_which_inputs_are_booleans(source):
    booleans = importlib.import_module("hoodoo._booleans")
    if BOOLEANS[source] is not None:
        assert booleans.program_of(source)[1] == BOOLEANS[source]
        return
    with pytest.raises(KernelError) as caught:
        booleans.program_of(source)
    assert caught.value.code == "H020"


@pytest.mark.parametrize("count", [4, 20, 40])
def test_few_programs_are_compiled_to_find_booleans(count, monkeypatch):
    booleans = importlib.import_module("hoodoo._booleans")
    program, compiled = booleans.Program, []
    monkeypatch.setattr(booleans, "Program", lambda source: compiled.append(source) or program(source))
    names = [f"i{number}" for number in range(count)]
    both = f"input {', '.join(names)}; sum(i0 where i1 and {names[-1]}) + {' + '.join(f'{name}[0]' for name in names[2:-1])}"
    assert booleans.program_of.__wrapped__(both)[1] == (1, count - 1)
    assert len(compiled) <= 4
    compiled.clear()
    for wrong in (f"input {', '.join(names)}; any({' + '.join(names)})", f"input {', '.join(names)}; let v = i0 + 1; any(v)"):
        with pytest.raises(KernelError):
            booleans.program_of.__wrapped__(wrong)
        assert len(compiled) <= 1 + 64
        compiled.clear()


def test_memory_comes_back(monkeypatch):
    # The last thousand programs are kept on purpose.
    monkeypatch.setattr("hoodoo._kernel.program_of", importlib.import_module("hoodoo._booleans").program_of.__wrapped__)
    array = image((50, 50))
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])

    def kibibytes():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def work(first, last):
        for index in range(first, last):
            Kernel(f"{index} + max(w)")(array, size=3)
            Kernel(f"{index} + min(w)").low_level_callable(cross)
            with pytest.raises(KernelError):
                Kernel(f"{index} + max(w")

    # A kernel and a callable that are kept take 6 KiB and more.
    work(0, 300)
    before = kibibytes()
    work(300, 900)
    assert kibibytes() - before < 2048


def test_what_is_no_number_is_named():
    image = np.zeros((3, 4))
    weighted = Kernel("weights k; sum(w * k)")
    for error, match, call in [
        (TypeError, "nodata must be a number", lambda: Kernel("max(w)")(image, size=3, nodata="x")),
        (TypeError, "nodata must be a number", lambda: Kernel("max(w)")(image, size=3, nodata=1j)),
        (TypeError, "a mask must be an array of bool", lambda: Kernel("max(w)")(image, size=3, mask="x")),
        (TypeError, "weights `k` must be numbers", lambda: weighted(image, size=3, k=np.ones(9) * 1j)),
        (TypeError, "weights `k` must be numbers", lambda: weighted(image, size=3, k="abc")),
        (OverflowError, "cval is too large", lambda: Kernel("max(w)")(image, size=3, cval=10**400)),
        (OverflowError, "param `t` is too large", lambda: Kernel("param t; t", t=10**400)),
    ]:
        with pytest.raises(error, match=match):
            call()
