"""`hoodoo.explore`: what the page would be told, without a browser."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import hoodoo

pytest.importorskip("anywidget")

THRESHOLD = "param t = 30; param low = -0.5; if max(w) - min(w) > t then 1 else low"


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (12, 14)).astype(np.uint8)


def test_sliders_move_params(image):
    widget = hoodoo.explore(THRESHOLD, image, size=3, t=100)
    assert widget.ranges == {"t": (0.0, 200.0, 1.0), "low": (-1.0, 1.0, 0.01)}
    assert widget.params == {"t": 100, "low": -0.5} and widget.error == ""
    np.testing.assert_array_equal(widget.result, hoodoo.Kernel(THRESHOLD)(image, size=3, t=100))
    before = widget.after
    widget.params = {"t": 250.0, "low": 0.25}
    np.testing.assert_array_equal(widget.result, hoodoo.Kernel(THRESHOLD)(image, size=3, t=250, low=0.25))
    assert widget.after != before and widget.kernel == hoodoo.Kernel(THRESHOLD, t=250, low=0.25)
    [[caption, url, width]] = widget.before
    assert caption.startswith("w\n12 × 14 uint8") and url.startswith("data:image/png;base64,") and width == 14 * 22


def test_the_text_can_be_changed(image):
    widget = hoodoo.explore(THRESHOLD, image, size=3, ranges={"t": (0, 255)})
    widget.params = {**widget.params, "t": 77.0}
    shown = widget.after
    widget.source = "min(v)"
    assert "unknown name `v`" in widget.error and widget.after == shown
    widget.source = "param t = 1; param u = 3; min(w) + t + u"
    assert widget.error == "" and widget.params == {"t": 77.0, "u": 3.0}
    assert widget.ranges == {"t": (0, 255, 1.0), "u": (0.0, 6.0, 0.05)}
    np.testing.assert_array_equal(widget.result, hoodoo.Kernel("min(w) + 80")(image, size=3))
    widget.source = "w[5, 5, 5]"
    assert widget.error
    widget.source = "low: min(w), high: max(w)"
    assert [caption.split("\n")[0] for caption, *_ in widget.after] == ["low", "high"] and widget.params == {}


def test_weights_and_several_images(image):
    kernel = hoodoo.Kernel("input a, b; weights k; sum(a * k) - max(b)", k=np.arange(9.0))
    widget = hoodoo.explore(kernel, image, image, size=3)
    np.testing.assert_array_equal(widget.result, kernel(image, image, size=3))
    assert len(widget.before) == 2


def test_large_pictures_and_colours():
    widget = hoodoo.explore("max(w)", np.zeros((2000, 30, 3), np.uint8), size=3, axes=(0, 1))
    assert widget.result.shape == (2000, 30, 3)
    assert all(0 < width <= 320 for _, _, width in [*widget.before, *widget.after])


def test_a_page_without_code_shows_the_pictures(image):
    widget = hoodoo.explore("max(w)", image, size=3)
    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].count("<img ") == 2


def test_mistakes(image, monkeypatch):
    for kernel, options, error in [("min(v)", {}, hoodoo.KernelError), ("min(w)", {"sise": 3}, TypeError), ("min(w)", {}, ValueError)]:
        with pytest.raises(error):
            hoodoo.explore(kernel, image, **options)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"pip install 'hoodoo\[widget\]'"):
        hoodoo.explore("min(w)", image, size=3)


@pytest.mark.slow
def test_in_a_notebook(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    preprocessors = pytest.importorskip("nbconvert.preprocessors")
    exporters = pytest.importorskip("nbconvert.exporters")
    pytest.importorskip("ipykernel")
    cells = [
        "import hoodoo, numpy as np\nimage = np.eye(8)",
        "widget = hoodoo.explore('param t = 0.5; if max(w) > t then 1 else 0', image, size=3)\nwidget",
        "%load_ext hoodoo\n%hoodoo spread image size = 3 : max(w) - min(w)",
        "widget.params = {'t': 2.0}\nassert widget.result.max() == 0",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    preprocessors.ExecutePreprocessor(timeout=120).preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    [shown] = [output.data for output in notebook.cells[1].outputs if "data" in output]
    assert "application/vnd.jupyter.widget-view+json" in shown and shown["text/html"].count("data:image/png") == 2
    page, _ = exporters.HTMLExporter().from_notebook_node(notebook)
    assert "data:image/png" in page
