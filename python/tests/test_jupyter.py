"""Kernels in notebooks."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import hoodoo
from hoodoo._jupyter import png

EXAMPLES = Path(__file__).parents[1] / "examples"


class Text(HTMLParser):
    """The text of a page, all of whose elements are closed."""

    def __init__(self, page):
        super().__init__()
        self.open = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_kernel_as_html():
    page = hoodoo.Kernel("param t = 2; param s; if max(w) < t and true then s else 0 # <b>", s=3)._repr_html_()
    text = Text(page).text
    assert "if max(w) < t and true then s else 0 # <b>" in text
    assert "t = 2, s = 3" in text
    assert "Plan for a window of 3 × 3" in text and "pass 0:" in text
    assert re.search(r'<span style="color:#[0-9a-f]+">max</span>', page)


def test_the_plan_is_for_as_many_axes_as_the_kernel_has():
    for source, window in [("w[1]", "3 and"), ("w[0, 1]", "3 × 3 and"), ("w[0, 0, 1]", "3 × 3 × 3 and")]:
        assert f"window of {window}" in Text(hoodoo.Kernel(source)._repr_html_()).text
    assert "Plan" not in Text(hoodoo.Kernel("w[0, 0, 0, 1]")._repr_html_()).text


def test_before_and_after():
    image = np.array([[0.0, 2.0], [np.nan, np.inf]])
    shown = hoodoo.preview("low: min(w), high: max(w)", image, size=1, mode="wrap")
    assert list(shown.pictures) == ["w", "output low", "output high"]
    assert Text(shown._repr_html_()).text.startswith("w2 × 2 float64, 0 to 2output low")
    assert shown._repr_html_().count("data:image/png;base64,") == 3
    [_, caption] = hoodoo.preview("min(w)" + " + 0 * max(w)" * 20, image, size=1).pictures
    assert len(caption) <= 60 and caption.endswith(" ...")
    with pytest.raises(ValueError, match="one number"):
        hoodoo.preview("min(w)", np.float64(3), size=3)


def test_colours_lines_and_volumes():
    colours = np.random.default_rng(1).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    for image, axes, kind in [(colours, (0, 1), 2), (np.arange(9.0), 0, 0), (np.zeros((4, 5, 6)), None, 0)]:
        page = hoodoo.preview("max(w)", image, size=3, axes=axes)._repr_html_()
        assert Text(page).text.count(" × ".join(map(str, image.shape))) == 2
        files = [base64.b64decode(data) for data in re.findall(r"base64,([^\"]*)", page)]
        # The type of the colours stands behind the size.
        assert [file[25] for file in files] == [kind, kind]
    file = png(colours)
    length = struct.unpack(">I", file[33:37])[0]
    rows = np.frombuffer(zlib.decompress(file[41 : 41 + length]), np.uint8).reshape(5, 19)
    np.testing.assert_array_equal(rows[:, 1:].reshape(colours.shape), colours)


@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (0, 0)])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float32])
def test_pictures_of_every_type(shape, dtype):
    page = hoodoo.preview("max(w)", np.ones(shape, dtype), size=3)._repr_html_()
    rows, columns = shape
    assert Text(page).text.count(f"{rows} × {columns} {np.dtype(dtype).name}") == 2
    files = [base64.b64decode(data) for data in re.findall(r"base64,([^\"]*)", page)]
    # Before and after, each as wide and as high as the array.
    assert [struct.unpack(">II", file[16:24]) for file in files] == [(columns, rows)] * 2


def test_png_files():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    file = png(grey)
    assert struct.unpack(">II", file[16:24]) == (4, 3)
    length = struct.unpack(">I", file[33:37])[0]
    rows = np.frombuffer(zlib.decompress(file[41 : 41 + length]), np.uint8).reshape(3, 5)
    np.testing.assert_array_equal(rows[:, 1:], grey)
    # Each chunk ends with the checksum of its name and data.
    assert file[41 + length : 45 + length] == struct.pack(">I", zlib.crc32(file[37 : 41 + length]))


@pytest.fixture
def shell():
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactive.InteractiveShell()
    shell.run_line_magic("load_ext", "hoodoo")
    return shell


def test_cells(shell):
    kernel = shell.run_cell_magic("hoodoo", "spread", "param t = 1;\nt * (max(w) - min(w))\n")
    assert kernel is shell.user_ns["spread"] and kernel.source.startswith("param t = 1;\n")
    assert shell.run_cell_magic("hoodoo", "", "min(w)") == hoodoo.Kernel("min(w)")
    shell.push({"image": np.eye(4)})
    shown = shell.run_cell_magic("hoodoo", "spread image[:, :] size=(3, 3) mode='wrap' t=image.max()*2", kernel.source)
    expected = kernel(np.eye(4), size=3, mode="wrap", t=2)
    np.testing.assert_array_equal(list(shown.pictures.values())[1], expected)


def test_options_may_have_spaces(shell):
    shell.push({"image": np.eye(4)})
    source = "param t = 1; t * (max(w) - min(w))"
    expected = hoodoo.Kernel(source)(np.eye(4), size=3, mode="wrap", t=2)
    shown = shell.run_cell_magic("hoodoo", "spread image size = (3, 3)  mode= 'wrap' t =image.max()*2", source)
    np.testing.assert_array_equal(shown.result, expected)


def test_lines(shell):
    assert shell.run_line_magic("hoodoo", "max(w) - min(w)") == hoodoo.Kernel("max(w) - min(w)")
    assert shell.run_line_magic("hoodoo", "low: min(w), high: max(w)").outputs == ("low", "high")
    shell.push({"image": np.eye(4)})
    shown = shell.run_line_magic("hoodoo", "spread image size = 3 : max(w) - min(w)")
    assert shell.user_ns["spread"] == hoodoo.Kernel("max(w) - min(w)")
    np.testing.assert_array_equal(shown.result, shell.user_ns["spread"](np.eye(4), size=3))
    both = shell.run_line_magic("hoodoo", "both image size=3 : low: min(w), high: max(w)")
    assert both.result._fields == ("low", "high")


def test_cells_that_are_not_right(shell):
    with pytest.raises(hoodoo.KernelError, match="H010"):
        shell.run_cell_magic("hoodoo", "bad", "min(v)")
    assert "bad" not in shell.user_ns
    with pytest.raises(ValueError, match="not a name"):
        shell.run_cell_magic("hoodoo", "2x", "min(w)")
    with pytest.raises(ValueError, match="size=3` is for images"):
        shell.run_cell_magic("hoodoo", "low size=3", "min(w)")


@pytest.mark.slow
def test_the_notebook_runs():
    nbformat = pytest.importorskip("nbformat")
    preprocessors = pytest.importorskip("nbconvert.preprocessors")
    pytest.importorskip("ipykernel")
    exporters = pytest.importorskip("nbconvert.exporters")
    notebook = nbformat.read(EXAMPLES / "first.ipynb", as_version=4)
    preprocessors.ExecutePreprocessor(timeout=120).preprocess(notebook, {"metadata": {"path": str(EXAMPLES)}})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pages = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert any("Plan for a window" in page for page in pages)
    assert any("data:image/png" in page for page in pages)
    page, _ = exporters.HTMLExporter().from_notebook_node(notebook)
    assert "error[H010]" in page
