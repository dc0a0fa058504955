"""The package as it is installed."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sysconfig
from pathlib import Path

import pytest

import hoodoo

ROOT = Path(__file__).parents[2]


@pytest.fixture
def distribution():
    try:
        return importlib.metadata.distribution("hoodoo")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("hoodoo is imported from its sources, and not installed")


def test_there_is_one_version(distribution):
    workspace = re.search(r'\[workspace.package\].*?^version = "(.*?)"', (ROOT / "Cargo.toml").read_text(), re.DOTALL | re.MULTILINE)
    assert hoodoo.__version__ == distribution.version == workspace[1]


def test_the_texts_of_the_licences_go_with_it(distribution):
    names = {Path(file).name: file for file in distribution.files if "licenses" in Path(file).parts}
    assert {"LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"} <= set(names)
    third_party = names["THIRD-PARTY.txt"].read_text()
    for linked in ("cranelift-codegen", "ndarray", "rayon", "pyo3", "numpy"):
        assert re.search(rf"^{linked} \d", third_party, re.MULTILINE), linked
    metadata = distribution.metadata
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    assert set(metadata.get_all("License-File")) == {"LICENSE-APACHE", "LICENSE-MIT", "python/THIRD-PARTY.txt"}
    assert "Typing :: Typed" in metadata.get_all("Classifier")


def test_names_are_where_the_table_says():
    """The table of what is imported when it is used first has all that its modules say that they define."""
    for module in set(hoodoo._DEFINED_IN.values()) - {"._hoodoo"}:
        names = [name for name, place in hoodoo._DEFINED_IN.items() if place == module]
        assert names == importlib.import_module(module, "hoodoo").__all__
    assert all(hasattr(hoodoo, name) for name in hoodoo.__all__)


def test_all_that_looks_at_neighbourhoods_is_ours():
    import scipy.ndimage

    import hoodoo.ndimage

    theirs = {name for name in hoodoo.ndimage.__all__ if getattr(hoodoo.ndimage, name) is getattr(scipy.ndimage, name)}
    neighbourhoods = "_filter|gaussian|^binary|^grey|tophat|^morpho|correlate|convolve|laplace|sobel|prewitt"
    found = {name for name in theirs if re.search(neighbourhoods, name)}
    # Those look at no neighbourhood.
    assert found == {"fourier_gaussian", "spline_filter", "spline_filter1d"}
    assert hoodoo.ndimage.__all__ == scipy.ndimage.__all__


def test_one_extension_module_is_for_every_python(distribution):
    (extension,) = [file for file in distribution.files if Path(file).name.startswith("_hoodoo.") and file.suffix != ".pyi"]
    # Without the GIL each version has an interface of its own.
    expected = sysconfig.get_config_var("SOABI") if sysconfig.get_config_var("Py_GIL_DISABLED") else "abi3"
    assert f".{expected}." in extension.name
