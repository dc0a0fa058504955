"""scikit-image's and dask-image's own tests, run with this package's functions in the place of SciPy's, or
in the place of scikit-image's own.

Their wheels come without their tests: they run where the environment variable HOODOO_SUITES names a folder with the sources of the
installed versions, in `scikit-image` and `dask-image`. The same tests must fail as with SciPy, such as those whose data have to be
downloaded, and at least so many calls must reach Hoodoo. (scikit-image's need pytest-pretty.)
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("HOODOO_SUITES", "/nowhere"))

#: Tests that ask which line of a program a warning names, which is another one where a function is dispatched, or for warnings of slowness,
#: which is not there.
OF_WARNINGS = "boolean_shift or median_warning or bitdepth or 16bit"

#: For each suite the project, what puts Hoodoo underneath, its tests, how many calls reach Hoodoo at least, and how many tests pass.
#: (Others of scikit-image download pictures.)
SUITES = {
    "scikit-image": (
        "scikit-image",
        "scipy_redirect",
        [
            *(f"tests/skimage/filters/test_{name}.py" for name in ["edges", "gaussian", "median", "correlate", "unsharp_mask", "ridges"]),
            *(f"tests/skimage/filters/test_{name}.py" for name in ["gabor", "thresholding"]),
            *(f"tests/skimage/morphology/test_{name}.py" for name in ["gray", "binary", "reconstruction"]),
        ],
        11000,
        4500,
    ),
    "scikit-image, dispatched": (
        "scikit-image",
        "skimage_redirect",
        [
            *("-p", "skimage_data", "-k", f"not ({OF_WARNINGS})"),
            *("tests/skimage/filters/rank", "tests/skimage/filters/test_median.py"),
        ],
        550,
        230,
    ),
    "dask-image": (
        "dask-image",
        "scipy_redirect",
        ["tests/test_dask_image/test_ndfilters", "tests/test_dask_image/test_ndmorph"],
        2000,
        600,
    ),
}

def run(project, tests, *plugins, reached=""):
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HOODOO_REACHED": str(reached)}
    # Plugins are loaded in the order of their names here.
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", "-p", "no:pretty", "-W", "ignore", "--maxfail=999", *tests, *plugins]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3000, cwd=ROOT / project, env=environment)
    passed = re.search(r"(\d+) passed", done.stdout)
    failed = {line.partition(" - ")[0] for line in done.stdout.splitlines() if re.match("FAILED|ERROR", line)}
    assert passed, done.stdout[-3000:] + done.stderr[-1000:]
    return int(passed[1]), failed


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_the_same_tests_pass(suite, tmp_path, capsys):
    project, plugin, tests, least_reached, least_passed = SUITES[suite]
    if not (ROOT / project).is_dir():
        pytest.skip(f"HOODOO_SUITES names no folder with {project}'s sources")
    counted = tmp_path / "reached"
    passed, failed = run(project, tests, "-p", plugin, reached=counted)
    assert (passed, failed) == run(project, tests)
    rows = [line.split() for line in counted.read_text().splitlines()]
    called, reached = sum(int(row[1]) for row in rows), sum(int(row[2]) for row in rows)
    with capsys.disabled():
        print(f"\n{suite}: {passed} tests pass, of {called} calls {reached} reached Hoodoo; the same {len(failed)} fail as without it")
        print(", ".join(" ".join(row) for row in rows if row[1] != "0"))
    assert passed >= least_passed and reached >= least_reached
