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
from hoodoo import Kernel

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


def test_kernels_that_all_make():
    sources = [f"max(w) + {number % 3}" for number in range(200)]
    made = at_once(lambda _: [Kernel(source) for source in sources])
    assert all(kernels == made[0] for kernels in made)
    assert len({hash(kernels[7]) for kernels in made}) == 1


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
    expected = [function(image, size=3, **more) for image in given]

    def work(number):
        for _ in range(50):
            np.testing.assert_array_equal(function(given[number], size=3, **more), expected[number])

    at_once(work)


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
