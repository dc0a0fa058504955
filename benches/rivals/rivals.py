#!/usr/bin/env python3
"""Times Hoodoo against SciPy and Numba: erosion of a random f64 image by a cross of 5 cells, mode reflect, one thread.

README.md, beside this file, says how to make the virtual environment and what the rows mean.

All results are compared bit for bit before anything is timed. The rivals then take turns, round after round, so that
whatever else the machine does meets all of them; a ratio is the median of the rounds' ratios.

With --memory it measures instead how much more memory a window of 101 x 101 cells takes than one of 1 cell.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numba
import numpy as np
import scipy
from numba import types
from scipy import LowLevelCallable, ndimage

KERNEL = "min(w)"
CROSS = ndimage.generate_binary_structure(2, 1)
SEED = 7

# What SciPy calls for each pixel: int (double *buffer, intptr_t filter_size, double *return_value, void *user_data).
SIGNATURE = types.intc(types.CPointer(types.double), types.intp, types.CPointer(types.double), types.voidptr)

HAND_WRITTEN = "Rust, hand-written"
COMPILED = "Hoodoo, compiled callback"
FOREIGN = "Hoodoo's driver, Rust callback"
GREY_EROSION = "SciPy grey_erosion"
NUMBA = "SciPy generic_filter, Numba cfunc"

# Of `hoodoo bench --json`.
WORKLOADS = {"handwritten": HAND_WRITTEN, "compiled_callback": COMPILED, "foreign_callback": FOREIGN}

# Numerator and denominator.
RATIOS = [
    (COMPILED, NUMBA),
    (COMPILED, FOREIGN),
    (COMPILED, GREY_EROSION),
    (COMPILED, HAND_WRITTEN),
    (HAND_WRITTEN, GREY_EROSION),
    (HAND_WRITTEN, NUMBA),
]

MEMORY_IMAGE = 2048
MEMORY_WINDOW = 101

# Peak memory is that of a child of a small process: a child's count starts with the memory of the process that forked
# it, and this one is large.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def minimum(window, length, value, user_data):
    """What Numba compiles to SciPy's callback: of several spellings, the one with which it is fastest."""
    least = math.inf
    for cell in numba.carray(window, length):
        least = min(least, cell)
    value[0] = least
    return 1


def compile_numba():
    """The C function that Numba makes of `minimum`; Numba keeps nothing from one time to the next."""
    return numba.cfunc(SIGNATURE)(minimum)


def milliseconds(work, repeat):
    """The median time of `work`."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def run_hoodoo(hoodoo, image, *arguments):
    """The image that `hoodoo run` makes of `image`."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.npy"), pathlib.Path(folder, "out.npy")
        np.save(source, image)
        subprocess.run([hoodoo, "run", KERNEL, source, "-o", target, *arguments], check=True)
        return np.load(target)


def check_equal(expected, given, what):
    same = expected.dtype == given.dtype and expected.shape == given.shape and expected.tobytes() == given.tobytes()
    if not same:
        sys.exit(f"rivals.py: {what} gives another result than SciPy; nothing was timed")


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r{text:40}\r", end="", file=sys.stderr, flush=True)


def bench_hoodoo(hoodoo, size, repeat):
    """The times of Hoodoo's workloads in ms, and of its compilation, in one run."""
    command = [hoodoo, "bench", "--json", "--size", str(size), "--repeat", str(repeat), "--threads", "1"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    times = {name: report["workloads"][key]["ms"] for key, name in WORKLOADS.items()}
    return times, report["compile_us"] / 1e3


def compare(hoodoo, size, rounds, repeat):
    """Checks all results, then measures: a dictionary with everything that `print_times` prints."""
    image = np.random.default_rng(SEED).random((size, size))
    output = np.empty_like(image)
    first_compile = milliseconds(compile_numba, 1)
    cfunc = compile_numba()
    callback = LowLevelCallable(cfunc.ctypes)

    def grey_erosion():
        ndimage.grey_erosion(image, footprint=CROSS, mode="reflect", output=output)

    def generic_filter():
        ndimage.generic_filter(image, callback, footprint=CROSS, mode="reflect", output=output)

    grey_erosion()
    expected = output.copy()
    output.fill(np.nan)
    generic_filter()
    check_equal(expected, output, "generic_filter")
    eroded = run_hoodoo(hoodoo, image, "--footprint", "cross:1", "--engine", "callback", "--threads", "1")
    check_equal(expected, eroded, "hoodoo")

    measured, compile_times = [], []
    for number in range(rounds):
        show_progress(f"round {number + 1} of {rounds}")
        times, hoodoo_compile = bench_hoodoo(hoodoo, size, repeat)
        times[GREY_EROSION] = milliseconds(grey_erosion, repeat)
        times[NUMBA] = milliseconds(generic_filter, repeat)
        measured.append(times)
        compile_times.append((hoodoo_compile, milliseconds(compile_numba, 1)))
    show_progress("")

    return {
        "size": size,
        "rounds": rounds,
        "repeat": repeat,
        "versions": {"scipy": scipy.__version__, "numba": numba.__version__, "numpy": np.__version__},
        "ms": {name: statistics.median(times[name] for times in measured) for name in measured[0]},
        "ratios": [
            {"of": of, "to": to, "ratio": statistics.median(times[of] / times[to] for times in measured)}
            for of, to in RATIOS
        ],
        "compile_ms": {
            "hoodoo": statistics.median(hoodoo for hoodoo, _ in compile_times),
            "numba": statistics.median(numba for _, numba in compile_times),
            "numba_first": first_compile,
        },
    }


def print_times(report):
    size, compile_ms = report["size"], report["compile_ms"]
    print(f"{KERNEL} over a cross, {size} x {size} f64, mode reflect, one thread; all results equal")
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    print(f"medians of {report['rounds']} rounds, each the median of {report['repeat']}; {versions}\n")
    for name, ms in report["ms"].items():
        print(f"{name:36}{ms:10.2f} ms")
    print("\nratio, the median of the rounds' ratios")
    for ratio in report["ratios"]:
        print(f"{ratio['of']:30} / {ratio['to']:36}{ratio['ratio']:8.3f}")
    print("\nfrom the source to a function pointer")
    print(f"{'Hoodoo, from the text ' + KERNEL:36}{compile_ms['hoodoo']:10.2f} ms")
    print(f"{'Numba, from the Python function':36}{compile_ms['numba']:10.2f} ms")
    print(f"{'Numba, the first':36}{compile_ms['numba_first']:10.2f} ms")
    print(f"{'Hoodoo / Numba':36}{compile_ms['hoodoo'] / compile_ms['numba']:11.4f}")


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
            command = [hoodoo, "run", KERNEL, source, "-o", target, "--size", str(window), "--threads", str(threads)]
            peaks[window] = peak_memory(command)
            seconds[window] = time.perf_counter() - start
            expected = ndimage.minimum_filter(image, size=window)
            check_equal(expected, np.load(target), f"hoodoo with a window of {window} x {window}")
    # A program that needs less than the process that measures it seems to need as much.
    floor = peak_memory(["true"])
    return {"image": MEMORY_IMAGE, "threads": threads, "peak_mib": peaks, "seconds": seconds, "floor_mib": floor}


def print_memory(report):
    side, peaks = report["image"], report["peak_mib"]
    print(f"{KERNEL}, {side} x {side} u8, {report['threads']} threads; results equal to SciPy's\n")
    for window, peak in peaks.items():
        size = f"{window} x {window}"
        print(f"window {size:12}peak {peak:8.2f} MiB {report['seconds'][window]:10.2f} s")
    print(f"{'difference':19}     {peaks[MEMORY_WINDOW] - peaks[1]:8.2f} MiB")
    print(f"\nPeaks below {report['floor_mib']:.2f} MiB could not be seen.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hoodoo", default="target/release/hoodoo", help="the program (default: %(default)s)")
    parser.add_argument("--size", type=int, default=2048, help="side of the image (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=25, help="turns of each rival (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=7, help="timings in each turn (default: %(default)s)")
    parser.add_argument("--memory", action="store_true", help="measure peak memory instead of time")
    parser.add_argument("--threads", type=int, default=2, help="threads for --memory (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.hoodoo).is_file():
        parser.error(f"{arguments.hoodoo} is not there; run `cargo build --release` or give --hoodoo")
    if min(arguments.size, arguments.rounds, arguments.repeat) < 1:
        parser.error("--size, --rounds and --repeat are at least 1")

    hoodoo = str(pathlib.Path(arguments.hoodoo).resolve())
    if arguments.memory:
        report, show = measure_memory(hoodoo, arguments.threads), print_memory
    else:
        report, show = compare(hoodoo, arguments.size, arguments.rounds, arguments.repeat), print_times
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        show(report)


if __name__ == "__main__":
    main()
