"""A store on disk that is larger than the memory of its workers, filtered by `hoodoo.dask`: time, memory, and a worker that is killed.

    python benches/rivals/dask_store.py graph                 # how long graphs of blocks take, beside map_overlap's
    python benches/rivals/dask_store.py store FOLDER [SIDE]   # a Zarr store of SIDE x SIDE float32 (40,000), which is deleted afterwards

needs the Python package with dask, distributed and zarr, and on the disk 2 x 4 x SIDE^2 bytes at most: what is stored is smooth, and
compressed as Zarr does it by itself. Two workers of one thread each have 2 GiB; one of them is killed while the store is filtered.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np

import hoodoo
import hoodoo.dask

#: The pixels of a block along each axis; 64 MB as float32.
CHUNK = 4000
MEMORY = 2 << 30
KERNEL = "max(w) - min(w) + mean(w) / 8"
WINDOW = {"size": 9, "mode": "mirror"}


def milliseconds(work: Any) -> float:
    """The least time of seven."""
    least = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        work()
        least = min(least, 1e3 * (time.perf_counter() - start))
    return least


def graph() -> None:
    """Prints how long making the lazy array takes, and its graph with all tasks written out."""
    print("| blocks of 2048 x 2048 | map_overlap, ms | hoodoo.dask, ms | map_overlap, all tasks | hoodoo.dask, all tasks |\n|---|---:|---:|---:|---:|")
    for count in (20, 80):
        image = da.zeros((count * 2048,) * 2, chunks=2048, dtype=np.float32)

        def theirs() -> Any:
            return image.map_overlap(lambda block: block, depth=1, boundary="reflect")

        def ours() -> Any:
            return hoodoo.dask.generic_filter(image, "max(w)", size=3)

        times = [milliseconds(lazy) for lazy in (theirs, ours)]
        times += [milliseconds(lambda lazy=lazy: dict(lazy().dask)) for lazy in (theirs, ours)]
        print(f"| {count**2:,} | " + " | ".join(f"{each:.1f}" for each in times) + " |", flush=True)


def peak() -> int:
    """The greatest memory that this process had, in MiB."""
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10  # type: ignore[index]


def size_of(folder: Path) -> int:
    """What a store takes on the disk, in MB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) // 1_000_000


def smooth(side: int) -> da.Array:
    """Hills with some noise in their last bits."""
    x = da.arange(side, chunks=CHUNK, dtype=np.float32) / np.float32(300)
    return (100 * (da.sin(x[:, None]) + da.cos(x[None, :] * 1.3))).round(2).astype(np.float32)


def check(source: Path, target: Path, side: int) -> None:
    """Compares rows at the ends and around a border of blocks with those of a run in memory."""
    image, filtered, halo = da.from_zarr(str(source)), da.from_zarr(str(target)), 4
    for rows in (slice(0, 30), slice(CHUNK - 15, CHUNK + 15), slice(side - 30, side)):
        around = slice(max(rows.start - halo, 0), min(rows.stop + halo, side))
        expected = hoodoo.Kernel(KERNEL)(image[around].compute(scheduler="threads"), **WINDOW)
        expected = expected[rows.start - around.start :][: rows.stop - rows.start]
        np.testing.assert_array_equal(filtered[rows].compute(scheduler="threads"), expected)


def store(folder: Path, side: int) -> None:
    """Makes the store, filters it while a worker is killed, and prints what that took."""
    from distributed import Client, LocalCluster

    source, target = folder / "source.zarr", folder / "target.zarr"
    options = {"processes": True, "n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "memory_limit": MEMORY}
    # That a worker is lost is what is wanted.
    options["silence_logs"] = logging.CRITICAL
    try:
        with LocalCluster(**options, local_directory=str(folder)) as cluster, Client(cluster) as client:
            start = time.perf_counter()
            smooth(side).to_zarr(str(source))
            made = time.perf_counter() - start
            print(f"made: {side} x {side} float32, {4 * side**2 // 1_000_000} MB, on disk {size_of(source)} MB, {made:.0f} s", flush=True)
            peaks: dict[str, int] = {}
            ended, killed = threading.Event(), []

            def watch() -> None:
                while not ended.wait(0.5):
                    for worker, memory in client.run(peak, on_error="ignore").items():
                        peaks[worker] = max(peaks.get(worker, 0), memory)
                    if not killed and time.perf_counter() - start > made / 2:
                        killed.append(next(iter(client.run(os.getpid).values())))
                        os.kill(killed[0], signal.SIGKILL)

            client.restart()
            start = time.perf_counter()
            watcher = threading.Thread(target=watch)
            watcher.start()
            hoodoo.dask.generic_filter(da.from_zarr(str(source)), KERNEL, **WINDOW).to_zarr(str(target))
            ended.set()
            watcher.join()
            took = time.perf_counter() - start
        check(source, target, side)
        print(f"filtered: {took:.0f} s, on disk {size_of(target)} MB, killed: {len(killed)} worker; peaks {sorted(peaks.values())} MiB")
    finally:
        for each in (source, target):
            shutil.rmtree(each, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["graph", "store"])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("."))
    parser.add_argument("side", nargs="?", type=int, default=40_000)
    arguments = parser.parse_args()
    if arguments.what == "graph":
        graph()
    else:
        store(arguments.folder, arguments.side)


if __name__ == "__main__":
    main()
