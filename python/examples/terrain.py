"""How rough a terrain is, three times: by a kernel, by SciPy with that kernel, and by a kernel as SciPy's Python function.

    python terrain.py [FILE.npy]

makes a terrain, or loads one, and prints how rough it is and how long each of them took.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import hoodoo

Heights = NDArray[np.float64]

#: The standard deviation of the heights in a window, without those that are missing.
ROUGHNESS = hoodoo.Kernel("std(w where not isnan(w))")


def terrain(side: int) -> Heights:
    """Hills, with a lake where nothing was measured."""
    rng = np.random.default_rng(1)
    heights: Heights = np.zeros((side, side))
    for scale in (64, 16, 4):
        heights += scale * ndimage.gaussian_filter(rng.normal(size=(side, side)), scale / 2)
    heights[side // 3 : side // 2, side // 3 : side // 2] = np.nan
    return heights


def timed(name: str, filtered: Callable[[], Any]) -> Heights:
    """The result of a filter, whose time is printed."""
    start = time.perf_counter()
    result: Heights = filtered()
    print(f"{name:30}{1e3 * (time.perf_counter() - start):10.1f} ms")
    return result


def main() -> None:
    """The program."""
    heights: Heights = np.load(sys.argv[1]) if len(sys.argv) > 1 else terrain(256)
    rough = timed("hoodoo", lambda: ROUGHNESS(heights, size=5))
    callback = ROUGHNESS.low_level_callable()
    by_scipy = timed("scipy, hoodoo's callback", lambda: ndimage.generic_filter(heights, callback, size=5))
    by_function = timed("scipy, numpy.nanstd", lambda: ndimage.generic_filter(heights[:64, :64], np.nanstd, size=5))
    np.testing.assert_allclose(by_scipy, rough, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(by_function[:60, :60], rough[:60, :60], rtol=1e-9, atol=1e-12)
    print(f"roughness: {np.nanmean(rough):.3f} on the average, {np.nanmax(rough):.3f} at most")


if __name__ == "__main__":
    main()
