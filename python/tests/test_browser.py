"""`hoodoo.explore` in JupyterLab in a real browser: Chromium, by Selenium. Without them, these tests are skipped.

``HOODOO_DOCS=write`` makes the picture of the documentation anew.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import hoodoo
from hoodoo._jupyter import data_url

pytest.importorskip("anywidget")
pytest.importorskip("ipykernel")
pytest.importorskip("jupyterlab")
nbformat = pytest.importorskip("nbformat")
webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "explore.png"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="there is no chromium with its chromedriver")]

EDGES = "param t = 60; if max(w) - min(w) > t then 255 else 0"

#: Disks before a ramp, with noise.
DISKS = """
import numpy as np
y, x = np.mgrid[:96, :128]
image = x * 0.8 + sum(np.where(np.hypot(y - a, x - b) < r, v, 0) for a, b, r, v in [(30, 30, 18, 120), (60, 90, 24, 90), (70, 30, 12, 60)])
image = np.clip(image + np.random.default_rng(3).normal(0, 8, image.shape), 0, 255).astype(np.uint8)
"""


@pytest.fixture
def image():
    names = {}
    exec(DISKS, names)
    return names["image"]


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab with a notebook that shows the widget."""
    cells = [DISKS, f"import hoodoo\n\nhoodoo.explore(\n    {EDGES!r},\n    image, size=3, ranges={{'t': (0, 255)}},\n)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "explore.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [f"--ServerApp.port={port}", f"--ServerApp.root_dir={tmp_path}", "--IdentityProvider.token=", "--allow-root"]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--LabApp.news_url=", *settings]
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "RUNTIME")}
    environment = {**os.environ, **folders, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server, tmp_path / "log")
            yield f"{address}/lab/tree/explore.ipynb?reset"
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(address, server, log):
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/api", timeout=5).close()
            return
        time.sleep(0.25)
    raise AssertionError(log.read_text())


@pytest.fixture
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1100,1400", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


class Page:
    """The widget as a person sees it."""

    def __init__(self, browser):
        self.browser = browser

    def until(self, condition):
        return WebDriverWait(self.browser, 90, ignored_exceptions=(Exception,)).until(lambda _: condition())

    def find(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, f".jp-OutputArea-output {selector}")

    def run_all(self):
        ready = "return !!(window.jupyterapp && document.querySelector('.jp-Notebook .jp-CodeCell'))"
        self.until(lambda: self.browser.execute_script(ready))
        # Nothing runs before there is a process for it.
        state = "return window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
        self.until(lambda: self.browser.execute_script(state) == "idle")
        self.browser.execute_script("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.until(lambda: len(self.pictures()) == 2)

    def pictures(self):
        return [each.get_attribute("src") for each in self.find("figure img")]

    def put(self, selector, value):
        """Enters a value as a person does: the page is told of it by the event `input`."""
        (entry,) = self.find(selector)
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
        self.browser.execute_script(script, entry, value)


def test_a_person_moves_the_slider_and_changes_the_text(lab, browser, image):
    page = Page(browser)
    browser.get(lab)
    page.run_all()
    kernel = hoodoo.Kernel(EDGES)
    assert page.pictures() == [data_url(image), data_url(kernel(image, size=3))]

    page.put("input[data-param=t]", 120)
    page.until(lambda: page.pictures()[1] == data_url(kernel(image, size=3, t=120)))
    (shown,) = page.find("output")
    assert shown.text == "120"

    page.put("textarea", "param t = 60; max(v)")
    page.until(lambda: "unknown name `v`" in page.find("pre")[-1].text)
    assert page.pictures()[1] == data_url(kernel(image, size=3, t=120))

    page.put("textarea", "param t = 60; param scale = 2; if std(w) * scale > t then 255 else 0")
    page.until(lambda: len(page.find("input[type=range]")) == 2 and not page.find("pre")[-1].is_displayed())
    other = hoodoo.Kernel("param t = 60; param scale = 2; if std(w) * scale > t then 255 else 0", t=120)
    page.until(lambda: page.pictures()[1] == data_url(other(image, size=3)))
    page.until(lambda: [each.text for each in page.find("output")] == ["120", "2"])
    assert [each.get_attribute("value") for each in page.find("input[type=range]")] == ["120", "2"]
    page.put("input[data-param=t]", 60)
    page.until(lambda: page.pictures()[1] == data_url(other(image, size=3, t=60)))
    if os.environ.get("HOODOO_DOCS") == "write":
        browser.find_elements(By.CSS_SELECTOR, ".jp-CodeCell")[-1].screenshot(str(PICTURE))
