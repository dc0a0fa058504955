"""SciPy's own tests, run on this package's functions.

The tests that come with the installed SciPy run in another process, where `scipy_redirect` has put our functions in the
place of SciPy's. All of the three files run, those of functions that are SciPy's own included.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import scipy

#: Where the plugin is, and the package, if it is not installed.
PYTHONPATH = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])

FILES = ["test_filters", "test_morphology", "test_c_api"]

# The tests that don't run, with their number and the reason. None is left out here: these SciPy skips itself, in
# functions that are not redirected.
SKIPPED = {
    "test_morphology.py:2412": (
        12,
        "`test_binary_axes`: binary_hit_or_miss and binary_fill_holes have no border value",
    ),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not scipy.__version__.startswith("1.17."), reason="the semantics are those of SciPy 1.17"),
    pytest.mark.skipif(importlib.util.find_spec("hypothesis") is None, reason="SciPy's tests need hypothesis"),
    pytest.mark.skipif(
        importlib.util.find_spec("scipy.ndimage.tests") is None, reason="this SciPy comes without its tests"
    ),
]


#: What reaches Hoodoo of the calls by SciPy's tests, at least. The others are of arguments that SciPy refuses, of arrays without
#: elements, of types that Hoodoo has no code for, and of functions that the tests give to `vectorized_filter`.
LEAST_REACHED = 0.85


def run(reached, *options):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
        "--pyargs",
        *options,
    ]
    command += [f"scipy.ndimage.tests.{name}" for name in FILES]
    # From another folder, so that the options of our tests are not those of SciPy's.
    environment = {"PYTHONPATH": PYTHONPATH, "PATH": "/usr/bin:/bin", "HOODOO_REACHED": str(reached)}
    return subprocess.run(command, capture_output=True, text=True, timeout=1200, cwd=scipy.__path__[0], env=environment)


def test_scipys_tests_pass_on_our_functions(tmp_path, capsys):
    counted = tmp_path / "reached"
    done = run(counted, "-p", "scipy_redirect")
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2000:]
    counts = {what: int(count) for count, what in re.findall(r"(\d+) (\w+)", last)}
    assert counts["passed"] > 4100 and counts.keys() <= {"passed", "skipped", "warnings"}, last
    # SciPy's own line numbers are of one version.
    skipped = re.findall(r"SKIPPED \[(\d+)\] \S*?(\w+\.py):(\d+)", done.stdout)
    assert {name for _, name, _ in skipped} <= {place.split(":")[0] for place in SKIPPED}
    assert counts.get("skipped", 0) == sum(count for count, _ in SKIPPED.values()), done.stdout[-2000:]
    check_what_reached_hoodoo(counted.read_text(), last, capsys)


def check_what_reached_hoodoo(table, last, capsys):
    """The functions are ours, SciPy's tests call them, and the calls have Hoodoo filter something."""
    rows = [line.split() for line in table.splitlines()]
    by_name = {name: (int(called), int(reached)) for name, called, reached in rows}
    with capsys.disabled():
        print(f"\nSciPy's tests: {last}; calls, and those that reached Hoodoo:")
        print(", ".join(f"{name} {called} {reached}" for name, (called, reached) in by_name.items()))
    assert len(by_name) == 40
    assert [name for name, (called, reached) in by_name.items() if reached < 0.5 * called] == []
    called, reached = (sum(each) for each in zip(*by_name.values(), strict=True))
    assert reached >= LEAST_REACHED * called and reached > 9500, (called, reached)


def test_our_functions_are_those_that_are_tested():
    """If the functions were SciPy's after all, this would be found."""
    program = (
        "import scipy_redirect, hoodoo.ndimage, scipy.ndimage as ndimage\n"
        "from scipy.ndimage.tests import test_filters, test_morphology, test_c_api\n"
        "for module in (ndimage, test_filters.ndimage, test_morphology.ndimage, test_c_api.ndimage):\n"
        "    for name in scipy_redirect.REDIRECTED:\n"
        "        assert getattr(module, name).__wrapped__ is getattr(hoodoo.ndimage, name), name\n"
        "print(len(scipy_redirect.REDIRECTED))\n"
    )
    environment = {"PYTHONPATH": PYTHONPATH, "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.stdout == "40\n", done.stderr
