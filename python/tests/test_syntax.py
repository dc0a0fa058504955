"""Highlighting: the words of the language, and the lexer for Pygments."""

from __future__ import annotations

import json
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from hoodoo._syntax import WORDS, names, tokens

ROOT = Path(__file__).parents[2]

#: Where the grammar for editors has the words of each kind.
SCOPES = {
    "declaration": "storage.type.hoodoo",
    "control": "keyword.control.hoodoo",
    "logical": "keyword.operator.logical.hoodoo",
    "reduction": "support.function.reduction.hoodoo",
    "neighbourhood": "support.function.neighbourhood.hoodoo",
    "elementwise": "support.function.elementwise.hoodoo",
    "constant": "constant.language.hoodoo",
}


def test_words_are_those_of_the_grammar_for_editors():
    # The library's tests hold that grammar against the table of built-ins.
    grammar = json.loads((ROOT / "docs" / "hoodoo.tmLanguage.json").read_text())
    rules = [rule for each in grammar["repository"].values() for rule in each.get("patterns", [each])]
    lists = {rule.get("name"): re.fullmatch(r"\\b\(\?:([a-z0-9_|]+)\)\\b", rule["match"]) for rule in rules}
    found = {scope: frozenset(match[1].split("|")) for scope, match in lists.items() if match}
    assert {kind: found[scope] for kind, scope in SCOPES.items()} == WORDS
    assert set(found) == set(SCOPES.values())


def kernels():
    return sorted((ROOT / "examples").glob("*.hood"))


def test_there_are_kernels():
    assert len(kernels()) > 40


@pytest.mark.parametrize("path", kernels(), ids=lambda path: path.stem)
def test_tokens_of_the_cookbook_are_its_text(path):
    source = path.read_text()
    found = list(tokens(source))
    assert "".join(text for _, text in found) == source
    assert "unknown" not in {kind for kind, _ in found}


def test_a_line_of_everything():
    source = "fn f(x) = x ** -.5e3; low: f(w[0, 1]), n: fold s = 0 for v in w: s + e # ünd"
    assert [token for token in tokens(source) if token[0] not in ("space", "punctuation")] == [
        ("declaration", "fn"),
        ("name", "f"),
        ("name", "x"),
        ("operator", "="),
        ("name", "x"),
        ("operator", "**"),
        ("operator", "-"),
        ("number", ".5e3"),
        ("output", "low"),
        ("name", "f"),
        ("name", "w"),
        ("number", "0"),
        ("number", "1"),
        ("output", "n"),
        ("control", "fold"),
        ("name", "s"),
        ("operator", "="),
        ("number", "0"),
        ("control", "for"),
        ("name", "v"),
        ("control", "in"),
        ("name", "w"),
        ("name", "s"),
        ("operator", "+"),
        ("constant", "e"),
        ("comment", "# ünd"),
    ]
    assert {"low", "n", "fold"} <= names(source) and "ünd" not in names(source)


def test_pygments():
    token = pytest.importorskip("pygments.token")
    from hoodoo._pygments import HoodooLexer

    found = list(HoodooLexer().get_tokens("if max(w) > 1 then w[0, 0] else pi # pie"))
    assert "".join(text for _, text in found) == "if max(w) > 1 then w[0, 0] else pi # pie\n"
    assert found[:4] == [(token.Keyword, "if"), (token.Whitespace, " "), (token.Name.Builtin, "max"), (token.Punctuation, "(")]
    assert found[-2] == (token.Comment.Single, "# pie")


def test_pygments_finds_the_lexer():
    lexers = pytest.importorskip("pygments.lexers")
    if not entry_points(group="pygments.lexers", name="hoodoo"):
        pytest.skip("the package is not installed, only on the path")
    assert lexers.get_lexer_by_name("hoodoo").name == lexers.get_lexer_for_filename("erosion.hood").name == "Hoodoo"
