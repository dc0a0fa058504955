"""What is in the wheel and in the source distribution: `.ci/run` builds them and says where they are."""

from __future__ import annotations

import base64
import email
import hashlib
import importlib
import json
import os
import re
import subprocess
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "python" / "python"


@pytest.fixture(scope="module")
def wheel():
    path = os.environ.get("HOODOO_WHEEL")
    if not path:
        pytest.skip("HOODOO_WHEEL does not say where the wheel is")
    with zipfile.ZipFile(path) as file:
        yield file


@pytest.fixture(scope="module")
def metadata(wheel):
    return email.message_from_bytes(wheel.read(named(wheel, "METADATA")))


def named(wheel, name):
    (found,) = [each for each in wheel.namelist() if re.fullmatch(rf"hoodoo-[^/]*\.dist-info/{name}", each)]
    return found


def version():
    workspace = re.search(r'\[workspace.package\].*?^version = "(.*?)"', (ROOT / "Cargo.toml").read_text(), re.DOTALL | re.MULTILINE)
    return workspace[1]


def test_there_is_what_git_knows_and_one_extension_module(wheel):
    """No cache, no test, no leftover of another build, and nothing is missing."""
    listed = subprocess.run(["git", "ls-files", "hoodoo"], cwd=SOURCES, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("the sources are not in git")
    packed = {name for name in wheel.namelist() if name.startswith("hoodoo/")}
    extensions = packed - set(listed.stdout.split())
    assert set(listed.stdout.split()) <= packed
    assert "hoodoo/py.typed" in packed
    (extension,) = extensions
    suffix = sysconfig.get_config_var("EXT_SUFFIX") if sysconfig.get_config_var("Py_GIL_DISABLED") else ".abi3.so"
    assert extension == f"hoodoo/_hoodoo{suffix}"
    for name in packed - extensions:
        assert wheel.read(name) == (SOURCES / name).read_bytes(), name


def test_besides_there_is_what_installers_read(wheel):
    information = {name.partition("/")[2] for name in wheel.namelist() if not name.startswith("hoodoo/")}
    assert all(name.split("/")[0] == f"hoodoo-{version()}.dist-info" for name in wheel.namelist() if not name.startswith("hoodoo/"))
    licences = {"licenses/LICENSE-APACHE", "licenses/LICENSE-MIT", "licenses/python/THIRD-PARTY.txt"}
    # A list of what is linked, as machines read it.
    bom = "sboms/hoodoo-python.cyclonedx.json"
    assert information == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", bom, *licences}


def test_the_licences_are_those_of_all_crates_that_are_linked(wheel):
    """The list of what is linked that the wheel's builder makes, and ours, with the texts, are of the same crates."""
    for name in ("LICENSE-APACHE", "LICENSE-MIT", "python/THIRD-PARTY.txt"):
        assert wheel.read(named(wheel, f"licenses/{name}")) == (ROOT / name).read_bytes()
    components = json.loads(wheel.read(named(wheel, r"sboms/hoodoo-python\.cyclonedx\.json")))["components"]
    linked = {f"{part['name']} {part['version']}" for part in components if part["scope"] == "required"}
    own = {f"hoodoo {version()}", f"hoodoo-cookbook {version()}"}
    listed = re.findall(r"^([\w-]+ \d\S*) \(", (ROOT / "python" / "THIRD-PARTY.txt").read_text(), re.MULTILINE)
    assert linked - own == set(listed) and own <= linked


def test_the_record_is_right(wheel):
    record = named(wheel, "RECORD")
    rows = [line.rsplit(",", 2) for line in wheel.read(record).decode().splitlines()]
    assert sorted(name.strip('"') for name, *_ in rows) == sorted(wheel.namelist())
    for name, digest, length in rows:
        if name != record:
            content = wheel.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, int(length)) == (f"sha256={expected}", len(content)), name


def test_what_it_says_of_itself(wheel, metadata):
    assert metadata["Name"] == "hoodoo"
    assert metadata["Version"] == version()
    assert f"hoodoo-{version()}-" in Path(wheel.filename).name
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    needed = {re.match(r"[\w.-]+", line)[0] for line in metadata.get_all("Requires-Dist") if "extra ==" not in line}
    assert needed == {"numpy", "scipy"}
    assert metadata["Description-Content-Type"].startswith("text/markdown")
    assert metadata.get_payload().strip() == (ROOT / "python" / "README.md").read_text().strip()


def test_its_classifiers_are_known(metadata):
    known = pytest.importorskip("trove_classifiers")
    classifiers = set(metadata.get_all("Classifier"))
    assert classifiers <= known.classifiers
    assert not classifiers & set(known.deprecated_classifiers)
    least = re.fullmatch(r">=3\.(\d+)", metadata["Requires-Python"])[1]
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in range(int(least), 15)} <= classifiers
    assert {"Typing :: Typed", "Programming Language :: Rust"} <= classifiers


def test_which_pythons_it_is_for(wheel):
    information = email.message_from_bytes(wheel.read(named(wheel, "WHEEL")))
    assert information["Root-Is-Purelib"] == "false"
    # A free-threaded Python has no interface that is the same in all versions.
    minor = sysconfig.get_python_version().replace(".", "")
    expected = f"cp{minor}-cp{minor}t-" if sysconfig.get_config_var("Py_GIL_DISABLED") else "cp310-abi3-"
    assert all(tag.startswith(expected) and "linux" in tag for tag in information.get_all("Tag"))


def test_its_entry_points_are_there(wheel):
    lines = wheel.read(named(wheel, "entry_points.txt")).decode().splitlines()
    points = [line.partition("=")[2].strip() for line in lines if "=" in line]
    assert len(points) == 3
    for point in points:
        module, _, name = point.partition(":")
        pytest.importorskip({"hoodoo.skimage": "skimage", "hoodoo._pygments": "pygments"}[module])
        found = importlib.import_module(module)
        assert not name or hasattr(found, name)


def test_the_source_distribution_is_what_git_knows():
    path = os.environ.get("HOODOO_SDIST")
    if not path:
        pytest.skip("HOODOO_SDIST does not say where the source distribution is")
    with tarfile.open(path) as file:
        packed = {name.partition("/")[2] for name in file.getnames()}
    listed = set(subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")) - {""}
    assert packed - listed <= {"PKG-INFO", ""}
    assert {"Cargo.lock", "pyproject.toml", "LICENSE-MIT", "LICENSE-APACHE", "python/THIRD-PARTY.txt"} <= packed
    assert {name for name in listed if name.endswith((".rs", ".hood", ".toml", ".py", ".pest"))} <= packed
