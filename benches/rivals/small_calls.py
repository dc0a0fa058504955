"""Calls on small images: functions of ``hoodoo.ndimage`` beside those of ``scipy.ndimage``, as a table in Markdown.

    python benches/rivals/small_calls.py [SIDE]

needs the Python package and SciPy. Each pair gives equal values before it is timed; then both take turns in one process. A time is the least
of the turns, for which other work on the machine matters little; where it has real-time priority (``chrt -f 50 python ...``), less still.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.ndimage

import hoodoo.ndimage

TURNS = 31

#: About so many microseconds are one turn.
TURN = 5000


def calls(side: int) -> list[tuple[str, str, tuple[Any, ...], dict[str, Any]]]:
    """What is called: how it is named in the table, the function, its arguments."""
    random = np.random.default_rng(0)
    f64 = random.random((side, side))
    u8, mask = (255 * f64).astype(np.uint8), f64 > 0.3
    box, weights = np.ones((3, 3), bool), random.random((3, 3))
    into = np.empty_like(u8)
    return [
        ("`median_filter`, u8", "median_filter", (u8,), {"size": 3}),
        ("`median_filter`, f64", "median_filter", (f64,), {"size": 3}),
        ("`minimum_filter`, u8", "minimum_filter", (u8,), {"size": 3}),
        ("`minimum_filter`, f64", "minimum_filter", (f64,), {"size": 3}),
        ("`minimum_filter`, u8, of a footprint", "minimum_filter", (u8,), {"footprint": box}),
        ("`minimum_filter`, u8, into an array", "minimum_filter", (u8,), {"size": (3, 3), "output": into}),
        ("`uniform_filter`, f64", "uniform_filter", (f64,), {"size": 3}),
        ("`grey_erosion`, u8", "grey_erosion", (u8,), {"size": 3}),
        ("`grey_opening`, u8", "grey_opening", (u8,), {"size": 3}),
        ("`percentile_filter`, u8", "percentile_filter", (u8, 30), {"size": 3}),
        ("`generic_filter` by `len`, f64", "generic_filter", (f64, len), {"size": 3}),
        ("`generic_filter` by `np.min`, f64", "generic_filter", (f64, np.min), {"size": 3}),
        ("`vectorized_filter` by `np.mean`, f64", "vectorized_filter", (f64, np.mean), {"size": 3}),
        ("`correlate`, f64", "correlate", (f64, weights), {}),
        ("`gaussian_filter`, f64", "gaussian_filter", (f64, 1), {}),
        ("`binary_erosion`", "binary_erosion", (mask,), {}),
        ("`minimum_filter1d`, u8", "minimum_filter1d", (u8, 3), {}),
        ("`uniform_filter1d`, f64", "uniform_filter1d", (f64, 3), {}),
    ]


def times(first: Callable[[], Any], second: Callable[[], Any]) -> list[float]:
    """The least time of each in microseconds."""
    start = time.perf_counter()
    first()
    count = max(1, int(TURN / 1e6 / (time.perf_counter() - start)))
    least = [float("inf")] * 2
    for _ in range(TURNS):
        for index, call in enumerate((first, second)):
            start = time.perf_counter()
            for _ in range(count):
                call()
            least[index] = min(least[index], (time.perf_counter() - start) / count * 1e6)
    return least


def main() -> None:
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    print(f"| {side} x {side}, 3 x 3 | SciPy, µs | hoodoo, µs | ratio |\n|---|---:|---:|---:|")
    for name, function, arguments, keywords in calls(side):
        theirs, ours = (
            lambda module=module: getattr(module, function)(*arguments, **keywords) for module in (scipy.ndimage, hoodoo.ndimage)
        )
        np.testing.assert_allclose(ours(), np.copy(theirs()), rtol=1e-12)
        one, other = times(theirs, ours)
        print(f"| {name} | {one:.1f} | {other:.1f} | {other / one:.2f} |", flush=True)


if __name__ == "__main__":
    main()
