"""The package as it is installed."""

from __future__ import annotations

import importlib.metadata
import re
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


def test_one_extension_module_is_for_every_python(distribution):
    (extension,) = [file for file in distribution.files if Path(file).name.startswith("_hoodoo.") and file.suffix != ".pyi"]
    assert ".abi3." in extension.name
