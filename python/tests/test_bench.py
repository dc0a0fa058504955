"""`python -m hoodoo.bench`: that it measures, and refuses to compare what is not equal."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

import hoodoo
from hoodoo import bench


def fake(run, tolerance=0.0):
    rival = bench.Rival("fake", lambda: run, tolerance)
    return dataclasses.replace(bench.workloads()[0], rivals=[rival])


def test_rows_are_medians():
    def slow(image, output):
        hoodoo.Kernel("min(w)")(image, footprint=np.ones((3, 3)) * [[0, 1, 0], [1, 1, 1], [0, 1, 0]], output=output)

    [row] = bench.compare(fake(slow), size=32, rounds=3, note=pytest.fail)
    assert (row.workload, row.rival) == ("min-cross-f64", "fake")
    assert row.hoodoo_ms > 0 and row.rival_ms > 0 and 0 < row.ratio < math.inf


@pytest.mark.parametrize("value", [0.0, math.nan])
def test_other_results_are_not_timed(value):
    with pytest.raises(AssertionError, match="fake gives something else"):
        list(bench.compare(fake(lambda image, output: output.fill(value)), size=32, rounds=1, note=pytest.fail))


def test_rivals_that_are_not_installed_are_left_out():
    def prepare():
        raise ModuleNotFoundError(name="nowhere")

    workload = dataclasses.replace(bench.workloads()[0], rivals=[bench.Rival("fake", prepare)])
    notes = []
    assert list(bench.compare(workload, size=32, rounds=1, note=notes.append)) == []
    assert notes == ["min-cross-f64: without fake, as nowhere is not installed"]


def test_every_rival_that_is_installed_gives_the_same(capsys, tmp_path):
    plot = tmp_path / "plot.svg"
    with_plot = ["--plot", str(plot)] if has("matplotlib") else []
    bench.main(["--json", "--size", "48", "--rounds", "1", *with_plot])
    printed = capsys.readouterr()
    rows = json.loads(printed.out)
    missing = printed.err.count("is not installed")
    assert len(rows) + missing == sum(len(workload.rivals) for workload in bench.workloads())
    rivals = {row["rival"] for row in rows}
    assert {"hoodoo.generic_filter", "SciPy generic_filter, low_level_callable", "SciPy grey_erosion"} <= rivals
    assert plot.exists() == bool(with_plot)


def has(module):
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def test_bad_arguments(capsys):
    for arguments, message in [
        (["--only", "min"], "there is no min; there are min-cross-f64, "),
        (["--rounds", "0"], "--rounds is at least 1"),
        (["--size", "2"], "--size at least 16"),
    ]:
        with pytest.raises(SystemExit):
            bench.main(arguments)
        assert message in capsys.readouterr().err


def test_the_table(capsys):
    bench.main(["--only", "median-3x3-f64", "--size", "32", "--rounds", "1"])
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["workload", "rival"] and row.startswith("median-3x3-f64        SciPy median_filter")
