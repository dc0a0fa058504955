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
import functools
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

#: Writes the filtered first array to the second, or returns it as a new array.
Run: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], object]

#: How far from the border results must be equal.
_BORDER = 2

#: How often a filter runs in each of its turns; the median counts.
_REPEAT = 3

#: The side of a small image, and how often it is filtered in a turn.
_SMALL, _CALLS = 32, 200

#: The part of the cells that are masked, where some are.
_MASKED = 0.2

#: The length of a line, for each pixel of the side of an image.
_LINE = 256

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
_DISK = np.hypot(*np.ogrid[-2:3, -2:3]) <= 2

#: Those of a Gaussian with an edge to it, so that they are no product of a column and a row.
_WEIGHTS = np.exp(-(np.hypot(*np.ogrid[-3:4, -3:4]) ** 2) / 8) * (np.hypot(*np.ogrid[-3:4, -3:4]) <= 3)
_WEIGHTS /= _WEIGHTS.sum()

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
    #: How far from the border of an image results must be equal: rivals have other modes there.
    border: int = _BORDER
    #: Whether some of the cells have no value.
    masked: bool = False
    #: The side of the image, if it is always the same; it is then filtered so often in each turn that this takes some time.
    side: int | None = None


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


def _hoodoos(name: str, **arguments: Any) -> Rival:
    """The function in the place of SciPy's."""

    def prepare() -> Run:
        function = getattr(import_module("hoodoo"), name)
        return lambda image, output: function(image, **arguments)

    return Rival(f"hoodoo.{name}", prepare, 1e-12)


def _scipys_result(name: str, **arguments: Any) -> Rival:
    """SciPy's function as most people call it, for a new array."""

    def prepare() -> Run:
        function = getattr(import_module("scipy.ndimage"), name)
        return lambda image, output: function(image, **arguments)

    return Rival(f"SciPy {name}", prepare, 1e-12)


def _masked_mean(size: int) -> Rival:
    """The mean of what is not masked, by two means, as one does it with SciPy."""

    def prepare() -> Run:
        uniform_filter = import_module("scipy.ndimage").uniform_filter

        def run(image: NDArray[Any], output: NDArray[Any]) -> None:
            present = ~_mask_for(image)
            with np.errstate(invalid="ignore"):
                np.divide(uniform_filter(image * present, size), uniform_filter(present.astype(image.dtype), size), out=output)

        return run

    return Rival("SciPy uniform_filter, twice", prepare, 1e-4)


def _masked_maximum(size: int) -> Rival:
    def prepare() -> Run:
        maximum = import_module("skimage.filters.rank").maximum
        cells = np.ones((size, size), np.uint8)
        return lambda image, output: maximum(image, cells, out=output, mask=(~_mask_for(image)).astype(np.uint8))

    return Rival("scikit-image rank.maximum", prepare)


@functools.lru_cache(maxsize=4)
def _mask_of(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.random.default_rng(8).random(shape) < _MASKED


def _mask_for(image: NDArray[Any]) -> NDArray[np.bool_]:
    """Which cells of an image have no value."""
    return _mask_of(image.shape)


def _small(kernel: str, function: str, dtype: str, size: int = 3) -> Workload:
    """A call for a small image: by a prepared kernel, and by functions of SciPy's name, each for a new array."""
    rivals = [_hoodoos(function, size=size), _scipys_result(function, size=size)]
    return Workload(f"small-{function.partition('_')[0]}-{dtype}", kernel, dtype, {"size": size}, rivals, side=_SMALL)


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
        Workload(
            "min-31x31-u8",
            "min(w)",
            "u1",
            {"size": 31},
            [_opencv("erode", np.ones((31, 31), np.uint8)), _scipy("minimum_filter", size=31)],
            border=16,
        ),
        Workload("median-15x15-u8", "median(w)", "u1", {"size": 15}, [_opencv("medianBlur", 15)], border=8),
        Workload(
            "mean-31x31-f32",
            "mean(w)",
            "f4",
            {"size": 31},
            [_opencv("blur", (31, 31), tolerance=1e-4), Rival("SciPy uniform_filter", _scipy("uniform_filter", size=31).prepare, 1e-4)],
            border=16,
        ),
        Workload(
            "weights-7x7-f32",
            "weights k; sum(k * w)",
            "f4",
            {"size": 7, "k": _WEIGHTS},
            [
                _opencv("filter2D", -1, _WEIGHTS.astype(np.float32), tolerance=1e-4),
                Rival("SciPy correlate", _scipy("correlate", weights=_WEIGHTS).prepare, 1e-4),
            ],
            border=4,
        ),
        Workload("masked-mean-5x5-f32", "mean(w)", "f4", {"size": 5, "fill": True}, [_masked_mean(5)], masked=True),
        Workload(
            "masked-max-5x5-u8", "max(w)", "u1", {"size": 5, "fill": True, "mode": "shrink"}, [_masked_maximum(5)], masked=True
        ),
        *(
            _small(kernel, function, dtype)
            for kernel, function, dtype in [
                ("min(w)", "minimum_filter", "u1"),
                ("min(w)", "minimum_filter", "f8"),
                ("median(w)", "median_filter", "u1"),
                ("median(w)", "median_filter", "f8"),
                ("mean(w)", "uniform_filter", "f8"),
            ]
        ),
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
    shape = (workload.side or size,) * 2 if workload.ndim == 2 else (size * _LINE,)
    image = _random(shape, workload.dtype)
    hoodoo = _hoodoo(workload, image)
    expected = _result(hoodoo, image)
    runs: dict[str, Run] = {"Hoodoo": hoodoo}
    for rival in workload.rivals:
        try:
            run = rival.prepare()
        except ImportError as error:
            note(f"{workload.name}: without {rival.name}, as {error.name} is not installed")
            continue
        _check(workload, rival, expected, _result(run, image))
        runs[rival.name] = run

    output = np.empty_like(image)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(_milliseconds(run, image, output, _CALLS if workload.side else 1))
    own = times.pop("Hoodoo")
    for name, others in times.items():
        ratio = statistics.median(mine / other for mine, other in zip(own, others))
        yield Row(workload.name, name, statistics.median(own), statistics.median(others), ratio)


def _hoodoo(workload: Workload, image: NDArray[Any]) -> Run:
    """The workload's kernel; of an image whose size is always the same, prepared for it."""
    kernel = Kernel(workload.kernel)
    if workload.side:
        prepared = kernel.prepare(image.shape, image.dtype, threads=1, output=image.dtype, **workload.arguments)
        return lambda image, output: prepared(image)
    mask: dict[str, Any] = {"mask": _mask_for(image)} if workload.masked else {}
    return lambda image, output: kernel(image, output=output, threads=1, **mask, **workload.arguments)


def _result(run: Run, image: NDArray[Any]) -> NDArray[Any]:
    """What a program makes of an image."""
    output = np.zeros_like(image)
    result = run(image, output)
    return result if isinstance(result, np.ndarray) else output


def _random(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, shape, np.uint8) if dtype == "u1" else rng.random(shape).astype(dtype)


def _check(workload: Workload, rival: Rival, expected: NDArray[Any], given: NDArray[Any]) -> None:
    inside = (slice(workload.border, -workload.border),) * 2 if workload.ndim == 2 else (slice(None),)
    off = np.abs(expected[inside].astype(np.float64) - given[inside].astype(np.float64)).max()
    # Said so that a NaN is not equal to anything.
    if not off <= rival.tolerance:
        raise AssertionError(f"{workload.name}: {rival.name} gives something else: off by {off}")


def _milliseconds(run: Run, image: NDArray[Any], output: NDArray[Any], calls: int) -> float:
    times = []
    for _ in range(_REPEAT):
        start = time.perf_counter()
        for _ in range(calls):
            run(image, output)
        times.append((time.perf_counter() - start) * 1e3 / calls)
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
        print(f"{'workload':22}{'rival':42}{'Hoodoo ms':>10}{'rival ms':>10}{'ratio':>8}")
    for workload in chosen:
        for row in compare(workload, options.size, options.rounds, lambda note: print(note, file=sys.stderr)):
            rows.append(row)
            if not options.json:
                print(f"{row.workload:22}{row.rival:42}{row.hoodoo_ms:10.4f}{row.rival_ms:10.4f}{row.ratio:8.3f}", flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    if options.plot:
        _plot(rows, options.plot)


if __name__ == "__main__":
    main()
