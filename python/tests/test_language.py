"""What who has only the package can learn of the language."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hoodoo
from hoodoo._hoodoo import builtins
from hoodoo._syntax import WORDS


def test_the_page_has_every_word():
    page = hoodoo.language()
    assert repr(page) == str(page)
    words = {word for kind, words in WORDS.items() if kind not in ("control", "logical") for word in words}
    assert [word for word in sorted(words) if word not in page] == []
    for signature, doc, _ in builtins():
        assert signature in page and doc.split()[0] in page


def test_the_table_is_that_of_the_documentation():
    documented = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
    for signature, doc, ulp in builtins():
        assert f"| `{signature}` | {doc} | {'' if ulp is None else f'{ulp:g}'} |" in documented


def test_help_names_the_reductions():
    for word in WORDS["reduction"]:
        assert word in hoodoo.Kernel.__doc__


def test_the_module_prints_it():
    done = subprocess.run([sys.executable, "-m", "hoodoo"], capture_output=True, text=True)
    assert done.stdout == f"{hoodoo.language()}\n", done.stderr
