"""The examples of the documentation, and the types of the package."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import hoodoo

PYTHON = Path(__file__).parents[1]
MODULES = [name for _, name, _ in pkgutil.iter_modules(hoodoo.__path__, "hoodoo.") if name != "hoodoo._hoodoo"]


@pytest.mark.parametrize("name", ["hoodoo", *MODULES])
def test_docstrings(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{error.name} is not installed")
    if name == "hoodoo.skimage":
        # What it puts in the place of scikit-image's is imported when it is used first.
        pytest.importorskip("skimage")
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_the_readme():
    pytest.importorskip("dask.array")
    pytest.importorskip("xarray")
    failed, attempted = doctest.testfile(str(PYTHON / "README.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert failed == 0 and attempted > 20


def test_the_readme_names_everything_public():
    readme = (PYTHON / "README.md").read_text()
    assert [name for name in hoodoo.__all__ if f"`{name}" not in readme and name != "load_ipython_extension"] == []


def test_the_example():
    done = subprocess.run([sys.executable, PYTHON / "examples" / "terrain.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "roughness: " in done.stdout


@pytest.mark.slow
def test_types():
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "python/python/hoodoo", "python/examples/terrain.py"]
    environment = {**os.environ, "MYPYPATH": "python/python"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=PYTHON.parent, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
