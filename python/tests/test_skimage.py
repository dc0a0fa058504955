"""scikit-image's rank filters as kernels, and the backend, against scikit-image."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from hoodoo import _rank

theirs = pytest.importorskip("skimage.filters.rank")
morphology = pytest.importorskip("skimage.morphology")
filters = pytest.importorskip("skimage.filters")
backend = pytest.importorskip("hoodoo.skimage")


@pytest.fixture(autouse=True)
def of_every_size(monkeypatch):
    monkeypatch.setattr(_rank, "leaves_the_slower", False)


def options(name):
    if "bilateral" in name:
        return [{"s0": 10, "s1": 30}, {"s0": 0, "s1": 1}]
    if name in ("percentile", "threshold_percentile"):
        return [{"p0": p0} for p0 in (0, 0.25, 1)]
    if name.endswith("_percentile"):
        return [{"p0": p0, "p1": p1} for p0, p1 in [(0, 1), (0.1, 0.9), (0.3, 0.55), (0.9, 0.2)]]
    return [{}]


def images(ndim, dtype):
    rng = np.random.default_rng(ndim)
    shape = (13, 17) if ndim == 2 else (5, 6, 7)
    noise = rng.integers(0, 256 if dtype == np.uint8 else 900, shape).astype(dtype)
    mask = rng.random(shape) < 0.3
    mask[:4, :9] = False
    footprints = [np.ones((3,) * ndim), rng.random((4, 5, 3)[:ndim]) < 0.6]
    return noise, noise // 40 * 40, mask, footprints


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", _rank.NAMES)
def test_values_are_scikit_images(name, dtype):
    called = 0
    for ndim in (2, 3) if name in _rank._GENERIC else (2,):
        noise, flat, mask, footprints = images(ndim, dtype)
        for image, footprint, mask, shift in [
            (noise, footprints[0], None, 0),
            (flat, footprints[1], None, 1),
            (flat, footprints[0], mask, 0),
            (noise, footprints[1], mask.astype(np.uint8) * 3, -1),
        ]:
            for more in options(name):
                arguments = {"mask": mask, "shift_x": shift, "shift_y": -shift, **more}
                expected = getattr(theirs, name)(image, footprint, **arguments)
                if not backend.can_has(f"skimage.filters.rank:{name}", image, footprint, **arguments):
                    assert name == "noise_filter" and ndim == 3 and shift
                    continue
                given = getattr(backend.rank, name)(image, footprint, **arguments)
                assert given.dtype == expected.dtype
                np.testing.assert_array_equal(given, expected)
                called += 1
    assert called >= 3


@pytest.mark.parametrize("out", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["mean", "equalize", "autolevel", "percentile", "mean_bilateral", "subtract_mean_percentile"])
def test_outputs_that_are_given(name, out):
    image, _, _, [footprint, _] = images(2, np.uint8)
    expected, given = np.zeros(image.shape, out), np.zeros(image.shape, out)
    getattr(theirs, name)(image, footprint, out=expected)
    assert getattr(backend.rank, name)(image, footprint, out=given) is given
    np.testing.assert_array_equal(given, expected)


def test_floats_are_made_bytes_with_scikit_images_warning():
    image = np.random.default_rng(5).random((9, 8))
    with pytest.warns(UserWarning, match="precision loss"):
        given = backend.rank.median(image, np.ones((3, 3)))
    with pytest.warns(UserWarning, match="precision loss"):
        np.testing.assert_array_equal(given, theirs.median(image, np.ones((3, 3))))


def test_what_is_not_ours_is_left_to_scikit_image():
    image, footprint = np.zeros((5, 5), np.uint8), np.ones((3, 3))
    for name, arguments, keywords in [
        ("mean", (image,), {}),
        ("mean", (image, footprint), {"size": 3}),
        ("mean", (image.tolist(), footprint), {}),
        ("mean", (image > 0, footprint), {}),
        ("mean", (image[0], footprint[0]), {}),
        ("mean", (image, footprint[0]), {}),
        ("mean", (image, [(footprint, 1)]), {}),
        ("mean", (image, footprint), {"out": image}),
        ("mean", (image, footprint), {"out": np.zeros((5, 5), int)}),
        ("mean", (image, footprint), {"out": np.zeros((5, 4), np.uint8)}),
        ("mean", (image, footprint), {"mask": np.ones((5, 5))}),
        ("mean", (image, footprint), {"mask": np.ones((5, 4), bool)}),
        ("mean", (image, footprint), {"shift_x": 2}),
        ("mean", (image, footprint), {"shift_x": True}),
        ("mean_percentile", (np.zeros((5, 5, 5), np.uint8), np.ones((3, 3, 3))), {}),
        ("mean_percentile", (image, footprint), {"p0": -0.1}),
        ("mean_bilateral", (image, footprint), {"s0": 1.5}),
    ]:
        assert not backend.can_has(f"skimage.filters.rank:{name}", *arguments, **keywords)
        outcomes = []
        for function in (getattr(theirs, name), getattr(backend.rank, name)):
            try:
                outcomes.append(function(*arguments, **keywords).tolist())
            except Exception as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]
    assert backend.rank.otsu is theirs.otsu and "otsu" in dir(backend.rank)
    with pytest.raises(AttributeError):
        backend.rank.nothing


def test_slower_ones_are_left_to_scikit_image(monkeypatch):
    monkeypatch.setattr(_rank, "leaves_the_slower", True)
    image = np.zeros((5, 5), np.uint8)
    for name, side, masked, ours in [
        ("percentile", 3, False, True),
        ("percentile", 5, False, False),
        ("percentile", 3, True, False),
        ("median", 99, False, True),
        ("maximum", 99, True, True),
    ]:
        mask = np.ones(image.shape, bool) if masked else None
        assert backend.can_has(f"skimage.filters.rank:{name}", image, np.ones((side, side)), mask=mask) is ours


@pytest.mark.parametrize("name", ["skimage.morphology:erosion", "skimage.morphology:dilation", "skimage.filters:median"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
def test_filters_of_scipy_under_other_names(name, dtype):
    image = (np.random.default_rng(6).random((12, 9)) * 100).astype(dtype)
    function = getattr({"filters": filters, "morphology": morphology}[name.split(".")[1].split(":")[0]], name.split(":")[1])
    footprint = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    for more in [{}, {"mode": "constant", "cval": 7}, {"out": np.empty_like(image)}]:
        assert backend.can_has(name, image, footprint, **more)
        given = backend.get_implementation(name)(image, footprint, **more).copy()
        np.testing.assert_array_equal(given, function(image, footprint, **more))
    for wrong in [(image > 0, footprint), (image, footprint[:2]), (image, None), (image, [(footprint, 1)])]:
        assert not backend.can_has(name, *wrong)
    assert not backend.can_has(name, image, footprint, mode="max")


DISPATCHED = """
import warnings
import numpy as np
from skimage.util import _backends
from skimage.filters import rank
median = _backends.dispatchable(rank.median)
image = np.arange(25, dtype=np.uint8).reshape(5, 5)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    given = median(image, np.ones((3, 3)))
assert "dispatched to the 'hoodoo' backend" in str(caught[0].message), caught
np.testing.assert_array_equal(given, rank.median(image, np.ones((3, 3))))
_backends.dispatchable(rank.otsu)(image, np.ones((3, 3)))
import skimage.metrics
assert skimage.metrics.mean_squared_error(image, image) == 0
"""


def test_scikit_image_dispatches_by_the_entry_points(tmp_path):
    """As it finds them in the metadata of a package that is installed."""
    pytest.importorskip("skimage.util._backends")
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    folder = tmp_path / "hoodoo_here-0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: hoodoo-here\nVersion: 0\n")
    groups = [part for part in project.split("[project.entry-points.")[1:] if part.startswith("skimage")]
    lines = [line for part in groups for line in ("[" + part.split("\n\n")[0].replace('"', "")).splitlines()]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    path = "\n".join(f"import sys; sys.path.insert(0, {each!r})" for each in [str(tmp_path), *filter(None, sys.path)][::-1])
    done = subprocess.run([sys.executable, "-c", path + DISPATCHED], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
