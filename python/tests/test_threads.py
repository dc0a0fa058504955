"""Many threads at once: with the GIL, and without it, under a free-threaded Python."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import threading
import weakref

import numpy as np
import pytest

import hoodoo
from hoodoo import Kernel, _remembered, _usual

THREADS = 12


def at_once(work, count=THREADS):
    """Has so many threads do `work(number)`, which begin together; what each returned."""
    barrier, results, errors = threading.Barrier(count), [None] * count, []

    def begin(number):
        barrier.wait()
        try:
            results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def images(shape=(40, 33), dtype=np.float32):
    return [(np.random.default_rng(seed).random(shape) * 100).astype(dtype) for seed in range(THREADS)]


def test_importing_the_package_leaves_the_gil_off():
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this Python always has a GIL")
    code = "import sys, hoodoo, hoodoo._hoodoo; sys.exit(sys._is_gil_enabled())"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize("source", ["median(w)", "mean(w where w > 50)", "max(w) - min(w)", "std(w)"])
def test_one_kernel_that_all_compile_first(source):
    given = images()
    # A kernel of this text has not been before, so that threads meet while its code is made.
    kernel = Kernel(f"{source} + 0 * {np.random.default_rng().integers(1 << 30)}")
    found = at_once(lambda number: [kernel(given[number], size=size) for size in (3, 5, 3)])
    for image, results in zip(given, found):
        for size, result in zip((3, 5, 3), results):
            np.testing.assert_array_equal(result, Kernel(kernel.source)(image, size=size))


def test_one_kernel_with_params_of_each_thread():
    given = images()
    kernel = Kernel("param t; weights k; low: min(w) - t, high: sum(w * k) + t")
    weights = [np.random.default_rng(number).random(9) for number in range(THREADS)]
    found = at_once(lambda number: [kernel(given[number], size=3, t=number, k=weights[number]) for _ in range(20)])
    for number, results in enumerate(found):
        expected = kernel(given[number], size=3, t=number, k=weights[number])
        for result in results:
            np.testing.assert_array_equal(result.low, expected.low)
            np.testing.assert_array_equal(result.high, expected.high)


def test_large_images_share_the_cores():
    given = images((700, 600))
    kernel = Kernel("median(w) + mean(w)")
    found = at_once(lambda number: kernel(given[number], size=7))
    for image, result in zip(given, found):
        np.testing.assert_array_equal(result, kernel(image, size=7, threads=1))


def test_an_image_that_changes_meanwhile():
    """Of which time a value is nobody can say, but it is one that was there."""
    image = np.ones((200, 300))
    prepared = Kernel("max(w)").prepare(image.shape, size=3)

    def work(number):
        for turn in range(50):
            if number == 0:
                image[...] = turn % 3 + 1
            else:
                assert set(np.unique(prepared(image))) <= {1, 2, 3}

    at_once(work)
    np.testing.assert_array_equal(prepared(image), image)


def test_kernels_that_all_make():
    sources = [f"max(w) + {number % 3}" for number in range(200)]
    made = at_once(lambda _: [Kernel(source) for source in sources])
    assert all(kernels == made[0] for kernels in made)
    assert len({hash(kernels[7]) for kernels in made}) == 1


def test_functions_that_all_trace():
    def bright(w, *, t=30):
        middle = np.median(w)
        return np.where(w[0] - middle > t, middle, hoodoo.fold(np.maximum, w, init=0))

    expected = hoodoo.kernel(bright).source
    found = at_once(lambda _: [hoodoo.kernel(bright).source for _ in range(20)])
    assert found == [[expected] * 20] * THREADS


def test_what_all_use_first():
    """In a new process, in which nothing that is made when it is needed has been made."""
    code = """
import threading
import numpy as np
import hoodoo

def work(number):
    barrier.wait()
    image = np.arange(600.0).reshape(20, 30)
    made.append((
        hoodoo.gallery["median"](image).tobytes(),
        hoodoo.ndimage.maximum_filter(image, size=3).tobytes(),
        hoodoo.generic_filter(image, np.max, size=3).tobytes(),
        hoodoo.footprint("disk:2").tobytes(),
        hoodoo.Kernel("a: min(w), b: mean(w)").prepare(image.shape, size=3)(image),
    ))

barrier, made = threading.Barrier(12), []
threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(made) == 12
for each in made:
    assert each[:-1] == made[0][:-1]
    np.testing.assert_array_equal(each[-1], made[0][-1])
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_prepared_kernel():
    given = images((32, 32), np.uint8)
    prepared = Kernel("median(w)").prepare((32, 32), np.uint8, size=3)
    expected = [prepared(image) for image in given]

    def work(number):
        own = np.empty((32, 32), np.uint8)
        for _ in range(300):
            np.testing.assert_array_equal(prepared(given[number]), expected[number])
            np.testing.assert_array_equal(prepared(given[number], output=own), expected[number])

    at_once(work)


def test_one_output_for_all():
    """Who comes while another one writes is refused; nobody's pixels are mixed."""
    image, output = images((64, 64))[0], np.empty((64, 64), np.float32)
    prepared = Kernel("median(w)").prepare((64, 64), np.float32, size=3)
    expected = prepared(image)

    def work(_):
        refused = 0
        for _ in range(200):
            try:
                prepared(image, output=output)
            except ValueError as error:
                assert "used by another run" in str(error)
                refused += 1
        return refused

    assert min(at_once(work)) < 200
    np.testing.assert_array_equal(output, expected)


@pytest.mark.parametrize("name", ["median_filter", "minimum_filter", "uniform_filter", "grey_erosion", "percentile_filter"])
def test_functions_of_scipy(name):
    import hoodoo.ndimage

    function, given = getattr(hoodoo.ndimage, name), images((32, 32))
    more = {"percentile": 30} if name == "percentile_filter" else {}
    # Nobody has called it for such images, so that threads meet while what is kept for them is made.
    _usual._ready.cache_clear()
    found = at_once(lambda number: [function(given[number], size=3, **more) for _ in range(50)])
    for image, results in zip(given, found):
        expected = function(image, size=3, **more)
        for result in results:
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", ["correlate", "gaussian_filter", "binary_dilation", "laplace"])
def test_functions_that_are_scipys_at_first(name):
    """Threads count the calls that are left to SciPy together, and nobody can tell from which one on they are not."""
    import hoodoo.ndimage
    from scipy import ndimage

    given = [image > 50 if name == "binary_dilation" else image for image in images((21, 22), np.float64)]
    more = {"correlate": (np.random.default_rng(1).random((3, 3)),), "gaussian_filter": (1.25,)}.get(name, ())
    expected = [getattr(ndimage, name)(image, *more) for image in given]
    function = getattr(hoodoo.ndimage, name)

    def work(number):
        for _ in range(_remembered.few_calls // 3):
            np.testing.assert_array_equal(function(given[number], *more), expected[number])

    at_once(work)


def test_what_is_remembered_is_made_once():
    made = []

    def build(shape, dtype, wanted, size):
        made.append(size)
        return Kernel("max(w)").prepare(shape, dtype, size=size, output=wanted)

    image, filtered = images((8, 9))[0], _remembered.remembered(build)
    sizes = range(1, 20)
    at_once(lambda _: [filtered(image, None, size) for _ in range(_remembered.few_calls) for size in sizes])
    assert sorted(made) == list(sizes)


def test_python_functions_get_windows_of_their_own():
    """A function that only has weak references to its windows still sees no window change under it."""
    given = images((12, 11), np.float64)
    seen = []

    def least(window):
        before = window.copy()
        seen.append(weakref.ref(window))
        kept = seen[len(seen) // 2]()
        np.testing.assert_array_equal(window, before)
        del kept
        return before.min()

    expected = [hoodoo.minimum_filter(image, size=3) for image in given]
    found = at_once(lambda number: hoodoo.generic_filter(given[number], least, size=3))
    np.testing.assert_array_equal(found, expected)


def test_a_function_in_c_for_all():
    given = images((15, 14), np.float64)
    callback = Kernel("max(w) - min(w)").low_level_callable()
    found = at_once(lambda number: [hoodoo.generic_filter(given[number], callback, size=3) for _ in range(20)])
    for image, results in zip(given, found):
        expected = hoodoo.generic_filter(image, callback, size=3)
        for result in results:
            np.testing.assert_array_equal(result, expected)


def test_errors_are_those_of_their_threads():
    def work(number):
        def wrong(window):
            raise RuntimeError(f"thread {number}")

        with pytest.raises(RuntimeError, match=f"^thread {number}$"):
            hoodoo.generic_filter(np.zeros((20, 20)), wrong, size=3)
        with pytest.raises(hoodoo.KernelError, match=f"unknown{number}"):
            Kernel(f"unknown{number}")

    at_once(work)


def test_capsules_are_made_and_dropped():
    from scipy import ndimage

    image = images((10, 9), np.float64)[0]
    expected = ndimage.maximum_filter(image, size=3)

    def work(_):
        for _ in range(30):
            callback = Kernel("max(w)").low_level_callable()
            np.testing.assert_array_equal(ndimage.generic_filter(image, callback, size=3), expected)

    at_once(work)
