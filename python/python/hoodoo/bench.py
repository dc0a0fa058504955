"""Times kernels against the programs that people use for the same, in one process, each on one thread.

    python -m hoodoo.bench [--json] [--plot FILE] [--rounds N] [--size N] [--only NAME,...]

Every rival gives what Hoodoo gives, which is asserted before anything is timed: everywhere but two pixels at the borders, where some
rivals have other modes, and exactly, but where a tolerance is stated. Then all take turns, round after round, so that whatever else
the machine does meets all of them. A ratio is the median of the rounds' ratios of Hoodoo's time to the rival's: below 1, Hoodoo is
faster. Rivals that are not installed are left out.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hoodoo import Kernel, generic_filter

__all__ = ["Row", "compare", "main", "workloads"]

#: Writes the filtered first array to the second.
Run: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], object]

#: How far from the border results must be equal.
_BORDER = 2

#: How often a filter runs in each of its turns; the median counts.
_REPEAT = 3

#: The length of a line, for each pixel of the side of an image.
_LINE = 256

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
_DISK = np.hypot(*np.ogrid[-2:3, -2:3]) <= 2

_SOBEL = (
    "let gx = (w[-1,1] + 2*w[0,1] + w[1,1]) - (w[-1,-1] + 2*w[0,-1] + w[1,-1]);"
    " let gy = (w[1,-1] + 2*w[1,0] + w[1,1]) - (w[-1,-1] + 2*w[-1,0] + w[-1,1]); sqrt(gx*gx + gy*gy)"
)
_BILATERAL = (
    "param ss = 2; param sr = 0.1;"
    " let g = exp(-dist()**2/(2*ss**2)) * exp(-(w - w[0,0])**2/(2*sr**2)); sum(g*w)/sum(g)"
)


@dataclasses.dataclass(frozen=True)
class Rival:
    """Another program: `prepare` imports and compiles what it needs."""

    name: str
    prepare: Callable[[], Run]
    #: The greatest difference of a result that is not the same.
    tolerance: float = 0.0


@dataclasses.dataclass(frozen=True)
class Workload:
    """A kernel with what it is called with, and its rivals."""

    name: str
    kernel: str
    dtype: str
    arguments: dict[str, Any]
    rivals: list[Rival]
    #: The axes of the array: 2 for an image, 1 for a line, which is compared up to its ends.
    ndim: int = 2


@dataclasses.dataclass(frozen=True)
class Row:
    """What was measured: medians, in milliseconds, and the median of the rounds' ratios."""

    workload: str
    rival: str
    hoodoo_ms: float
    rival_ms: float
    ratio: float


# Loops that Numba compiles; they leave out the borders.


def _cross_loop(image: Any, output: Any) -> None:
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            least = min(image[y, x], image[y, x - 1])
            least = min(least, image[y, x + 1])
            least = min(least, image[y - 1, x])
            output[y, x] = min(least, image[y + 1, x])


def _std_loop(image: Any, output: Any) -> None:
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            total = 0.0
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    total += image[y + dy, x + dx]
            mean = total / 9.0
            total = 0.0
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    total += (image[y + dy, x + dx] - mean) ** 2
            output[y, x] = math.sqrt(total / 9.0)


def _sobel_loop(image: Any, output: Any) -> None:
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            a, b, c = np.float64(image[y - 1, x - 1]), np.float64(image[y - 1, x]), np.float64(image[y - 1, x + 1])
            d, f = np.float64(image[y, x - 1]), np.float64(image[y, x + 1])
            g, h, i = np.float64(image[y + 1, x - 1]), np.float64(image[y + 1, x]), np.float64(image[y + 1, x + 1])
            gx = (c + 2 * f + i) - (a + 2 * d + g)
            gy = (g + 2 * h + i) - (a + 2 * b + c)
            output[y, x] = np.float32(math.sqrt(gx * gx + gy * gy))


def _numba_loop(function: Callable[[Any, Any], None], tolerance: float = 0.0) -> Rival:
    def prepare() -> Run:
        compiled: Run = import_module("numba").njit(fastmath=False)(function)
        return compiled

    return Rival("Numba loop", prepare, tolerance)


def _numba_callback() -> Run:
    numba, scipy, ndimage = import_module("numba"), import_module("scipy"), import_module("scipy.ndimage")
    types, carray = numba.types, numba.carray
    signature = types.intc(types.CPointer(types.double), types.intp, types.CPointer(types.double), types.voidptr)

    @numba.cfunc(signature)  # type: ignore[untyped-decorator]
    def minimum(window: Any, length: Any, value: Any, user_data: Any) -> int:
        least = math.inf
        for cell in carray(window, length):
            least = min(least, cell)
        value[0] = least
        return 1

    callable_ = scipy.LowLevelCallable(minimum.ctypes)
    # The compiled function must live as long as the pointer to it.
    return lambda image, output, owner=minimum: ndimage.generic_filter(image, callable_, footprint=_CROSS, output=output)  # type: ignore[misc]


def _hoodoo_callback() -> Run:
    ndimage = import_module("scipy.ndimage")
    callable_ = Kernel("min(w)").low_level_callable(footprint=_CROSS)
    return lambda image, output: ndimage.generic_filter(image, callable_, footprint=_CROSS, output=output)


def _hoodoo_generic_filter() -> Run:
    return lambda image, output: generic_filter(image, "min(w)", footprint=_CROSS, output=output)


def _scipy(name: str, **arguments: Any) -> Rival:
    def prepare() -> Run:
        function = getattr(import_module("scipy.ndimage"), name)
        return lambda image, output: function(image, output=output, **arguments)

    return Rival(f"SciPy {name}", prepare)


def _opencv(name: str, *arguments: Any, tolerance: float = 0.0) -> Rival:
    def prepare() -> Run:
        opencv = import_module("cv2")
        opencv.setNumThreads(1)
        function = getattr(opencv, name)
        return lambda image, output: function(image, *arguments, dst=output)

    return Rival(f"OpenCV {name}", prepare, tolerance)


def _scikit_image(module: str, name: str, footprint: NDArray[Any]) -> Rival:
    def prepare() -> Run:
        function = getattr(import_module(f"skimage.{module}"), name)
        return lambda image, output: function(image, footprint, out=output)

    return Rival(f"scikit-image {name}", prepare)


def _pandas(name: str, length: int, tolerance: float) -> Rival:
    # The standard deviation of the values themselves, as NumPy's.
    options = {"ddof": 0} if name == "std" else {}

    def prepare() -> Run:
        pandas = import_module("pandas")

        def run(line: NDArray[Any], output: NDArray[Any]) -> None:
            rolling = pandas.Series(line).rolling(length, min_periods=1)
            output[...] = getattr(rolling, name)(**options)

        return run

    return Rival(f"pandas rolling.{name}", prepare, tolerance)


def _bottleneck(name: str, length: int, tolerance: float) -> Rival:
    def prepare() -> Run:
        function = getattr(import_module("bottleneck"), name)

        def run(line: NDArray[Any], output: NDArray[Any]) -> None:
            output[...] = function(line, length, min_count=1)

        return run

    return Rival(f"bottleneck {name}", prepare, tolerance)


def _memcpy() -> Rival:
    return Rival("memcpy", lambda: lambda image, output: np.copyto(output, image), math.inf)


def _moving(kernel: str, length: int, tolerance: float) -> Workload:
    """A moving window on a line: a value and those before it, of which there are fewer at the beginning."""
    arguments = {"size": length, "origin": length - 1 - length // 2, "mode": "shrink"}
    rivals = [_pandas(kernel, length, tolerance), _bottleneck(f"move_{kernel}", length, tolerance)]
    return Workload(f"moving-{kernel}-{length}", f"{kernel}(w)", "f8", arguments, rivals, ndim=1)


def workloads() -> list[Workload]:
    """The workloads of the table."""
    cross, box_3, box_5 = _CROSS.astype(np.uint8), np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
    size_3, size_5, footprint = {"size": 3}, {"size": 5}, {"footprint": _CROSS}
    return [
        Workload(
            "min-cross-f64",
            "min(w)",
            "f8",
            footprint,
            [
                Rival("hoodoo.generic_filter", _hoodoo_generic_filter),
                Rival("SciPy generic_filter, Numba cfunc", _numba_callback),
                Rival("SciPy generic_filter, low_level_callable", _hoodoo_callback),
                _scipy("grey_erosion", footprint=_CROSS),
                _numba_loop(_cross_loop),
                _opencv("erode", cross),
                _memcpy(),
            ],
        ),
        Workload("min-cross-u8", "min(w)", "u1", footprint, [_opencv("erode", cross), _memcpy()]),
        Workload(
            "min-3x3-u8",
            "min(w)",
            "u1",
            size_3,
            [_opencv("erode", box_3), _scikit_image("morphology", "erosion", box_3)],
        ),
        Workload(
            "median-3x3-u8",
            "median(w)",
            "u1",
            size_3,
            [_opencv("medianBlur", 3), _scikit_image("filters.rank", "median", box_3)],
        ),
        Workload(
            "median-5x5-u8",
            "median(w)",
            "u1",
            size_5,
            [_opencv("medianBlur", 5), _scikit_image("filters.rank", "median", box_5)],
        ),
        Workload("median-5x5-f32", "median(w)", "f4", size_5, [_opencv("medianBlur", 5)]),
        Workload("median-3x3-f64", "median(w)", "f8", size_3, [_scipy("median_filter", size=3)]),
        Workload(
            "bilateral-f32",
            _BILATERAL,
            "f4",
            {"footprint": _DISK, "precision": "single"},
            # OpenCV takes the weights from a table.
            [_opencv("bilateralFilter", 5, 0.1, 2, tolerance=1e-4)],
        ),
        Workload("std-3x3-f64", "std(w)", "f8", size_3, [_numba_loop(_std_loop, 1e-14)]),
        Workload("sobel-f32", _SOBEL, "f4", {}, [_numba_loop(_sobel_loop)]),
        Workload("mean-3x3-u8", "mean(w)", "u1", size_3, [_opencv("blur", (3, 3))]),
        _moving("min", 5, 0.0),
        _moving("median", 9, 0.0),
        _moving("mean", 25, 1e-9),
        _moving("std", 25, 1e-6),
    ]


def compare(workload: Workload, size: int, rounds: int, note: Callable[[str], object]) -> Iterator[Row]:
    """Times a workload on a random image whose sides are `size` pixels, or on a random line of as many pixels as a part of it.

    Raises:
        AssertionError: if a rival gives something else.
    """
    shape = (size,) * 2 if workload.ndim == 2 else (size * _LINE,)
    image = _random(shape, workload.dtype)
    kernel = Kernel(workload.kernel)

    def hoodoo(image: NDArray[Any], output: NDArray[Any]) -> None:
        kernel(image, output=output, threads=1, **workload.arguments)

    expected = np.empty_like(image)
    hoodoo(image, expected)
    runs: dict[str, Run] = {"Hoodoo": hoodoo}
    for rival in workload.rivals:
        try:
            run = rival.prepare()
        except ImportError as error:
            note(f"{workload.name}: without {rival.name}, as {error.name} is not installed")
            continue
        given = np.zeros_like(image)
        run(image, given)
        _check(workload, rival, expected, given)
        runs[rival.name] = run

    output = np.empty_like(image)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(_milliseconds(run, image, output))
    own = times.pop("Hoodoo")
    for name, others in times.items():
        ratio = statistics.median(mine / other for mine, other in zip(own, others))
        yield Row(workload.name, name, statistics.median(own), statistics.median(others), ratio)


def _random(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, shape, np.uint8) if dtype == "u1" else rng.random(shape).astype(dtype)


def _check(workload: Workload, rival: Rival, expected: NDArray[Any], given: NDArray[Any]) -> None:
    inside = (slice(_BORDER, -_BORDER),) * 2 if workload.ndim == 2 else (slice(None),)
    off = np.abs(expected[inside].astype(np.float64) - given[inside].astype(np.float64)).max()
    # Said so that a NaN is not equal to anything.
    if not off <= rival.tolerance:
        raise AssertionError(f"{workload.name}: {rival.name} gives something else: off by {off}")


def _milliseconds(run: Run, image: NDArray[Any], output: NDArray[Any]) -> float:
    times = []
    for _ in range(_REPEAT):
        start = time.perf_counter()
        run(image, output)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def _plot(rows: list[Row], path: str) -> None:
    """A bar for each row: the rival's time in multiples of Hoodoo's."""
    matplotlib = import_module("matplotlib.figure")
    figure = matplotlib.Figure(figsize=(9, 0.6 + 0.28 * len(rows)), layout="constrained")
    axes = figure.subplots()
    labels = [f"{row.workload}: {row.rival}" for row in rows]
    times = [1 / row.ratio for row in rows]
    colours = ["#1f6feb" if time > 1 else "#cf222e" for time in times]
    axes.barh(labels, [time - 1 for time in times], left=1, color=colours)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="the rival's time in multiples of Hoodoo's, one thread")
    axes.margins(y=0.01)
    axes.invert_yaxis()
    figure.savefig(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m hoodoo.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--plot", metavar="FILE", help="draw the ratios with Matplotlib, as .svg, .png, ...")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each rival (default: %(default)s)")
    parser.add_argument("--size", type=int, default=2048, help="side of the images (default: %(default)s)")
    parser.add_argument("--only", metavar="NAME,...", default="", help="these workloads only")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.size < 16:
        parser.error("--rounds is at least 1, --size at least 16")
    chosen = workloads()
    if options.only:
        wanted = set(options.only.split(","))
        if unknown := wanted - {workload.name for workload in chosen}:
            names = ", ".join(workload.name for workload in chosen)
            parser.error(f"--only: there is no {', '.join(sorted(unknown))}; there are {names}")
        chosen = [workload for workload in chosen if workload.name in wanted]
    rows = []
    if not options.json:
        print(f"{'workload':18}{'rival':42}{'Hoodoo ms':>10}{'rival ms':>10}{'ratio':>8}")
    for workload in chosen:
        for row in compare(workload, options.size, options.rounds, lambda note: print(note, file=sys.stderr)):
            rows.append(row)
            if not options.json:
                print(f"{row.workload:18}{row.rival:42}{row.hoodoo_ms:10.3f}{row.rival_ms:10.3f}{row.ratio:8.3f}", flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    if options.plot:
        _plot(rows, options.plot)


if __name__ == "__main__":
    main()
