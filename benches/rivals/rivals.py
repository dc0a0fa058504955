#!/usr/bin/env python3
"""Times Hoodoo against SciPy, Numba, OpenCV, scikit-image, and hand-written Rust, on one thread.

README.md, beside this file, says how to make the virtual environment and what the rows mean.

Results are compared before anything is timed, in the interior where borders are not the same. Then everything takes its
turn, round after round, so that whatever else the machine does meets all of them; a ratio is the median of the rounds'.

With --memory it measures instead how much more memory a window of 101 x 101 cells takes than one of 1 cell.
"""

import argparse
import dataclasses
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import cv2
import numba
import numpy as np
import scipy
import skimage
from numba import types
from scipy import LowLevelCallable, ndimage

CROSS = ndimage.generate_binary_structure(2, 1)
BOX = np.ones((3, 3), np.uint8)
SEED = 7

# What SciPy calls for each pixel: int (double *buffer, intptr_t filter_size, double *return_value, void *user_data).
SIGNATURE = types.intc(types.CPointer(types.double), types.intp, types.CPointer(types.double), types.voidptr)

MEMORY_IMAGE = 2048
MEMORY_WINDOW = 101

# Peak memory is that of a child of a small process: a child's count starts with the memory of the process that forked
# it, and this one is large.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

# How far from the border results must be equal.
BORDER = 2


@dataclasses.dataclass
class Rival:
    """Another program: `filter` writes the filtered image to the output.

    Without a target the ratio is for information; a rival that rounds in another way has a tolerance.
    """

    name: str
    filter: Callable
    target: float | None = None
    tolerance: float = 0.0


@dataclasses.dataclass
class Compiler:
    """Another compiler: makes the function, of which it keeps nothing. The time is compared with Hoodoo's to a first result."""

    name: str
    compile: Callable
    target: float | None = None


@dataclasses.dataclass
class Workload:
    """A workload of `hoodoo bench`.

    `within` holds targets for ratios within one run of `hoodoo bench`, by the name of the other time.
    """

    name: str
    dtype: type
    kernel: str
    window: list
    rivals: list
    within: dict = dataclasses.field(default_factory=dict)
    compilers: list = dataclasses.field(default_factory=list)
    two_threads: float | None = None


def minimum(window, length, value, user_data):
    """What Numba compiles to SciPy's callback: of several spellings, the one with which it is fastest."""
    least = math.inf
    for cell in numba.carray(window, length):
        least = min(least, cell)
    value[0] = least
    return 1


def cross_loop(image, output):
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            least = min(image[y, x], image[y, x - 1])
            least = min(least, image[y, x + 1])
            least = min(least, image[y - 1, x])
            output[y, x] = min(least, image[y + 1, x])


def std_loop(image, output):
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
                    step = image[y + dy, x + dx] - mean
                    total += step * step
            output[y, x] = math.sqrt(total / 9.0)


def sobel_loop(image, output):
    two = np.float64(2)
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            a, b, c = np.float64(image[y - 1, x - 1]), np.float64(image[y - 1, x]), np.float64(image[y - 1, x + 1])
            d, f = np.float64(image[y, x - 1]), np.float64(image[y, x + 1])
            g, h, i = np.float64(image[y + 1, x - 1]), np.float64(image[y + 1, x]), np.float64(image[y + 1, x + 1])
            gx = (c + two * f + i) - (a + two * d + g)
            gy = (g + two * h + i) - (a + two * b + c)
            output[y, x] = np.float32(math.sqrt(gx * gx + gy * gy))


def sobel_single_loop(image, output):
    two = np.float32(2)
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            a, b, c = image[y - 1, x - 1], image[y - 1, x], image[y - 1, x + 1]
            d, f = image[y, x - 1], image[y, x + 1]
            g, h, i = image[y + 1, x - 1], image[y + 1, x], image[y + 1, x + 1]
            gx = (c + two * f + i) - (a + two * d + g)
            gy = (g + two * h + i) - (a + two * b + c)
            output[y, x] = np.sqrt(gx * gx + gy * gy)


def compiled_loop(function, element):
    """The loop in machine code; Numba keeps nothing from one time to the next."""
    array = types.Array(element, 2, "C")
    return numba.njit(types.void(array, array), fastmath=False)(function)


def loop(function, element, target, tolerance=0.0):
    return Rival("Numba loop", compiled_loop(function, element), target, tolerance)


def compiler(function, element, target=0.02):
    return Compiler("Numba, compiling the loop", lambda: compiled_loop(function, element), target)


def compile_cfunc():
    return numba.cfunc(SIGNATURE)(minimum)


def scipy_filter(name, target=None, **arguments):
    function = getattr(ndimage, name)
    return Rival(
        f"SciPy {name}", lambda image, output: function(image, output=output, mode="reflect", **arguments), target
    )


def opencv_erode(footprint, target):
    footprint = footprint.astype(np.uint8)
    return Rival("OpenCV erode", lambda image, output: cv2.erode(image, footprint, dst=output), target)


def opencv_median(size, target):
    return Rival("OpenCV medianBlur", lambda image, output: cv2.medianBlur(image, size, dst=output), target)


def skimage_median(size):
    box = np.ones((size, size), np.uint8)
    return Rival("scikit-image rank.median", lambda image, output: skimage.filters.rank.median(image, box, out=output))


def all_workloads():
    """The workloads, with what is compiled before the first of them."""
    cfunc = compile_cfunc()
    callback = LowLevelCallable(cfunc.ctypes)
    bilateral = (
        "param ss = 2; param sr = 0.1; let g = exp(-dist()**2/(2*ss**2)) * exp(-(w - w[0,0])**2/(2*sr**2)); sum(g*w)/sum(g)"
    )
    sobel = (
        "let gx = (w[-1,1] + 2*w[0,1] + w[1,1]) - (w[-1,-1] + 2*w[0,-1] + w[1,-1]);"
        "let gy = (w[1,-1] + 2*w[1,0] + w[1,1]) - (w[-1,-1] + 2*w[-1,0] + w[-1,1]); sqrt(gx*gx + gy*gy)"
    )
    cross, size_3, size_5 = ["--footprint", "cross:1"], ["--size", "3"], ["--size", "5"]
    return [
        Workload(
            "min-cross-f64",
            np.float64,
            "min(w)",
            cross,
            [
                loop(cross_loop, types.float64, 1.0),
                Rival(
                    "SciPy generic_filter, Numba cfunc",
                    # The cfunc must live as long as the callback.
                    lambda image, output, cfunc=cfunc: ndimage.generic_filter(
                        image, callback, footprint=CROSS, mode="reflect", output=output
                    ),
                    0.05,
                ),
                scipy_filter("grey_erosion", 0.12, footprint=CROSS),
                opencv_erode(CROSS, 0.5),
            ],
            {"memcpy": 1.3, "idiomatic": None, "tuned": 1.0},
            [
                Compiler("Numba, compiling the cfunc", compile_cfunc, 0.02),
                compiler(cross_loop, types.float64),
            ],
        ),
        Workload("min-cross-u8", np.uint8, "min(w)", cross, [opencv_erode(CROSS, 1.0)], {"tuned": None}),
        Workload(
            "min-3x3-u8",
            np.uint8,
            "min(w)",
            size_3,
            [
                opencv_erode(BOX, 1.0),
                Rival(
                    "scikit-image erosion",
                    lambda image, output: skimage.morphology.erosion(image, BOX, out=output),
                ),
            ],
            {"tuned": None},
        ),
        Workload(
            "median-3x3-u8",
            np.uint8,
            "median(w)",
            size_3,
            [opencv_median(3, 1.0), skimage_median(3)],
            {"tuned": None},
        ),
        Workload(
            "median-5x5-u8",
            np.uint8,
            "median(w)",
            size_5,
            [opencv_median(5, 1.0), skimage_median(5)],
            {"tuned": None},
        ),
        Workload("median-5x5-f32", np.float32, "median(w)", size_5, [opencv_median(5, 0.8)], {"tuned": None}),
        Workload(
            "median-3x3-f64",
            np.float64,
            "median(w)",
            size_3,
            [scipy_filter("median_filter", 0.03, size=3)],
            {"tuned": None},
        ),
        Workload(
            "bilateral-f32",
            np.float32,
            bilateral,
            ["--footprint", "disk:2"],
            [
                Rival(
                    "OpenCV bilateralFilter",
                    lambda image, output: cv2.bilateralFilter(image, 5, 0.1, 2, dst=output),
                    1.0,
                    # OpenCV takes the weights from a table.
                    1e-4,
                )
            ],
            {"tuned": None},
            two_threads=0.55,
        ),
        Workload(
            "std-3x3-f64",
            np.float64,
            "std(w)",
            size_3,
            [loop(std_loop, types.float64, 1.0, 1e-14)],
            {"tuned": None},
            [compiler(std_loop, types.float64)],
        ),
        Workload(
            "sobel-f32",
            np.float32,
            sobel,
            size_3,
            [loop(sobel_loop, types.float32, 1.0)],
            {"tuned": None},
            [compiler(sobel_loop, types.float32)],
        ),
        Workload(
            "sobel-f32-single",
            np.float32,
            sobel,
            size_3,
            [loop(sobel_single_loop, types.float32, None, 2e-6)],
            {"tuned": None},
        ),
        Workload(
            "mean-3x3-u8",
            np.uint8,
            "mean(w)",
            size_3,
            [Rival("OpenCV blur", lambda image, output: cv2.blur(image, (3, 3), dst=output))],
            {"tuned": None},
        ),
        Workload("min-7-point-u16", np.uint16, "min(w)", cross, [], {"memcpy": 1.5, "tuned": None}),
    ]


#: So long each rival runs before it is timed: after another process had its turn, its arrays are no longer in the cache.
WARM_SECONDS = 0.03


def milliseconds(work, repeat):
    """The median time of `work`."""
    start = time.perf_counter()
    while time.perf_counter() - start < WARM_SECONDS:
        work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def run_hoodoo(hoodoo, workload, image):
    """The image that `hoodoo run` makes of `image`."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.npy"), pathlib.Path(folder, "out.npy")
        np.save(source, image)
        command = [hoodoo, "run", workload.kernel, source, "-o", target, *workload.window]
        subprocess.run(command, check=True)
        return np.load(target)


def check_equal(workload, rival, expected, given):
    """Ends the program where a rival gives something else in the interior."""
    inside = (slice(BORDER, -BORDER),) * 2
    off = np.abs(expected[inside].astype(np.float64) - given[inside].astype(np.float64)).max()
    if not off <= rival.tolerance:
        sys.exit(f"rivals.py: {workload.name}: {rival.name} gives another result than hoodoo, off by {off}")


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r{text:60}\r", end="", file=sys.stderr, flush=True)


def bench_hoodoo(hoodoo, workload, size, repeat, threads=1):
    """The times of one run of `hoodoo bench`, by name."""
    command = [hoodoo, "bench", "--json", "--quick", "--only", workload.name]
    command += ["--size", str(size), "--repeat", str(repeat), "--threads", str(threads)]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return report["workloads"][workload.name]


def random_image(dtype, size):
    random = np.random.default_rng(SEED)
    if np.issubdtype(dtype, np.floating):
        return random.random((size, size)).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, (size, size), dtype, endpoint=True)


def compare(hoodoo, workload, size, rounds, repeat):
    """Checks all results of a workload, then measures: a list of rows of the table."""
    image = random_image(workload.dtype, size)
    output = np.zeros_like(image)
    if workload.rivals:
        expected = run_hoodoo(hoodoo, workload, image)
        for rival in workload.rivals:
            rival.filter(image, output)
            check_equal(workload, rival, expected, output)

    measured = {}

    def note(name, target, ratio, ms):
        measured.setdefault((name, target), []).append((ratio, ms))

    for number in range(rounds):
        show_progress(f"{workload.name}: round {number + 1} of {rounds}")
        report = bench_hoodoo(hoodoo, workload, size, repeat)
        mine, first = report["rows_ms"], report["first_us"] / 1e3
        for name, target in workload.within.items():
            if report[f"{name}_ms"] is not None:
                note(f"{name} (Rust)", target, mine / report[f"{name}_ms"], (mine, report[f"{name}_ms"]))
        for rival in workload.rivals:
            theirs = milliseconds(lambda: rival.filter(image, output), repeat)
            note(rival.name, rival.target, mine / theirs, (mine, theirs))
        if workload.two_threads is not None:
            two = bench_hoodoo(hoodoo, workload, size, repeat, 2)["rows_ms"]
            note("2 threads / 1", workload.two_threads, two / mine, (two, mine))
        for other in workload.compilers:
            start = time.perf_counter()
            other.compile()
            theirs = (time.perf_counter() - start) * 1e3
            note(other.name, other.target, first / theirs, (first, theirs))
    show_progress("")
    return [
        {
            "workload": workload.name,
            "rival": name,
            "hoodoo_ms": statistics.median(ms[0] for _, ms in values),
            "rival_ms": statistics.median(ms[1] for _, ms in values),
            "ratio": statistics.median(ratio for ratio, _ in values),
            "target": target,
            "met": None if target is None else statistics.median(ratio for ratio, _ in values) <= target,
        }
        for (name, target), values in measured.items()
    ]


def print_head(arguments):
    versions = ", ".join(f"{module.__name__} {module.__version__}" for module in [np, scipy, numba, cv2, skimage])
    print(f"images of {arguments.size} x {arguments.size}, one thread, results equal; medians of {arguments.rounds} rounds,")
    print(f"each the median of {arguments.repeat}; {versions}\n")
    print("| workload | rival | Hoodoo ms | rival ms | ratio | target | met |\n|---|---|--:|--:|--:|--:|---|")


def print_row(row):
    target = "" if row["target"] is None else f"{row['target']:g}"
    met = {None: "", True: "yes", False: "no"}[row["met"]]
    times = f"{row['hoodoo_ms']:.3f} | {row['rival_ms']:.3f} | {row['ratio']:.3f}"
    print(f"| {row['workload']} | {row['rival']} | {times} | {target} | {met} |", flush=True)


def peak_memory(command):
    """The most memory in MiB that a command had resident."""
    result = subprocess.run([sys.executable, "-ISc", PEAK, *command], check=True, capture_output=True, text=True)
    peak = int(result.stdout)
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def measure_memory(hoodoo, threads):
    """The peak memory for a window of 1 cell and for a large one, after checking both results."""
    image = np.random.default_rng(SEED).integers(256, size=(MEMORY_IMAGE, MEMORY_IMAGE), dtype=np.uint8)
    peaks, seconds = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.npy"), pathlib.Path(folder, "out.npy")
        np.save(source, image)
        for window in [1, MEMORY_WINDOW]:
            start = time.perf_counter()
            command = [hoodoo, "run", "min(w)", source, "-o", target, "--size", str(window), "--threads", str(threads)]
            peaks[window] = peak_memory(command)
            seconds[window] = time.perf_counter() - start
            expected = ndimage.minimum_filter(image, size=window)
            if not np.array_equal(expected, np.load(target)):
                sys.exit(f"rivals.py: hoodoo gives another result than SciPy with a window of {window} x {window}")
    # A program that needs less than the process that measures it seems to need as much.
    floor = peak_memory(["true"])
    return {"image": MEMORY_IMAGE, "threads": threads, "peak_mib": peaks, "seconds": seconds, "floor_mib": floor}


def print_memory(report):
    side, peaks = report["image"], report["peak_mib"]
    print(f"min(w), {side} x {side} u8, {report['threads']} threads; results equal to SciPy's\n")
    for window, peak in peaks.items():
        size = f"{window} x {window}"
        print(f"window {size:12}peak {peak:8.2f} MiB {report['seconds'][window]:10.2f} s")
    print(f"{'difference':19}     {peaks[MEMORY_WINDOW] - peaks[1]:8.2f} MiB")
    print(f"\nPeaks below {report['floor_mib']:.2f} MiB could not be seen.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hoodoo", default="target/release/hoodoo", help="the program (default: %(default)s)")
    parser.add_argument("--only", default="", help="these workloads only, with commas between them")
    parser.add_argument("--size", type=int, default=2048, help="side of the image (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each rival (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="timings in each turn (default: %(default)s)")
    parser.add_argument("--memory", action="store_true", help="measure peak memory instead of time")
    parser.add_argument("--threads", type=int, default=2, help="threads for --memory (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.hoodoo).is_file():
        parser.error(f"{arguments.hoodoo} is not there; run `cargo build --release` or give --hoodoo")
    if min(arguments.size - 2 * BORDER, arguments.rounds, arguments.repeat) < 1:
        parser.error(f"--size is more than {2 * BORDER}, --rounds and --repeat are at least 1")
    cv2.setNumThreads(1)
    numba.set_num_threads(1)

    hoodoo = str(pathlib.Path(arguments.hoodoo).resolve())
    if arguments.memory:
        report = measure_memory(hoodoo, arguments.threads)
        if arguments.json:
            print(json.dumps(report, indent=2))
        else:
            print_memory(report)
        return
    workloads = all_workloads()
    chosen = arguments.only.split(",") if arguments.only else [workload.name for workload in workloads]
    if unknown := set(chosen) - {workload.name for workload in workloads}:
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}")
    rows = []
    if not arguments.json:
        print_head(arguments)
    for workload in workloads:
        if workload.name in chosen:
            new = compare(hoodoo, workload, arguments.size, arguments.rounds, arguments.repeat)
            rows += new
            if not arguments.json:
                for row in new:
                    print_row(row)
    if arguments.json:
        print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
