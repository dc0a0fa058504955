"""Programs by others, in which nothing but the import of ``scipy.ndimage`` is changed: they give what they gave.

What each took before and after is printed; run with ``-s`` to see it.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time

import numpy as np
import pytest
import scipy.ndimage

import hoodoo.ndimage

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROUNDS = 5


@contextlib.contextmanager
def import_changed(*packages):
    """The modules of some packages as if they had imported `hoodoo.ndimage`: the module, and functions from it."""
    replaced = []

    def replace(module, name, ours):
        replaced.append((module, name, getattr(module, name)))
        setattr(module, name, ours)

    functions = {name: getattr(scipy.ndimage, name) for name in scipy.ndimage.__all__}
    for module in [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]:
        for name, value in list(vars(module).items()):
            if value is scipy.ndimage:
                replace(module, name, hoodoo.ndimage)
            elif name in functions and value is functions[name]:
                replace(module, name, getattr(hoodoo.ndimage, name))
    assert replaced, "the program does not import scipy.ndimage"
    # What a function imports when it is called.
    for name, theirs in functions.items():
        if (ours := getattr(hoodoo.ndimage, name)) is not theirs:
            replace(scipy.ndimage, name, ours)
    try:
        yield
    finally:
        for module, name, theirs in replaced:
            setattr(module, name, theirs)


def scene(size=1024):
    """Blobs on a slope, with noise."""
    rng = np.random.default_rng(5)
    image = np.add.outer(np.linspace(0, 0.2, size), np.linspace(0, 0.1, size))
    for y, x in rng.integers(20, size - 20, (300, 2)):
        image[y - 12 : y + 13, x - 12 : x + 13] += np.exp(-(np.hypot(*np.ogrid[-12:13, -12:13]) ** 2) / 18)
    return image + rng.normal(0, 0.02, image.shape)


def canny():
    from skimage.feature import canny

    image = scene()
    return "skimage", lambda: canny(image, sigma=2)


def top_hat():
    from skimage.morphology import disk, white_tophat

    image = (np.clip(scene(), 0, 1) * 255).astype(np.uint8)
    return "skimage", lambda: white_tophat(image, disk(6))


def peaks():
    from skimage.feature import peak_local_max

    image = scene()
    return "skimage", lambda: peak_local_max(image, min_distance=7, threshold_abs=0.5)


def particles():
    pytest.importorskip("numba")
    locate = pytest.importorskip("trackpy").locate
    image = (np.clip(scene(512), 0, 1) * 255).astype(np.uint8)
    return "trackpy", lambda: locate(image, 13, minmass=500, engine="python", max_iterations=2)[["y", "x"]].to_numpy()


def stars():
    detection = pytest.importorskip("photutils.detection")
    image = scene()
    return "photutils", lambda: np.array([list(row) for row in detection.find_peaks(image, 0.6, box_size=11)["y_peak", "x_peak", "peak_value"]])


@pytest.mark.parametrize("make", [canny, top_hat, peaks, particles, stars])
def test_a_program_gives_the_same(make, capsys):
    pytest.importorskip("skimage")
    package, program = make()
    expected = program()
    before, after = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        program()
        before.append(time.perf_counter() - start)
        with import_changed(package):
            start = time.perf_counter()
            given = program()
            after.append(time.perf_counter() - start)
        np.testing.assert_allclose(given, expected, rtol=1e-9)
    with capsys.disabled():
        ratio = statistics.median(a / b for a, b in zip(after, before))
        print(f"\n{make.__name__:10} {1e3 * statistics.median(before):8.1f} ms -> {1e3 * statistics.median(after):8.1f} ms, {ratio:.2f}")
