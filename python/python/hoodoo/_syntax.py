"""The words of the language, and a text as a row of tokens: what highlights kernels."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: The words with a meaning of their own, by kind. A test holds them against the grammar for editors.
WORDS: dict[str, frozenset[str]] = {
    kind: frozenset(words.split())
    for kind, words in {
        "declaration": "input param weights fn let",
        "control": "assert if then else fold for in where",
        "logical": "and or not",
        "reduction": "sum prod min max mean var std median rank percentile trimmed_mean count any all argmin argmax nth"
        " len mode variety entropy",
        "neighbourhood": "offset dist coord extent inside",
        "elementwise": "abs sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh"
        " hypot floor ceil round trunc sign clamp isnan isfinite isinf fma",
        "constant": "pi tau e inf nan true false",
    }.items()
}

_KINDS = {word: kind for kind, words in WORDS.items() for word in words}

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<comment>\#[^\n]*)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<output>[A-Za-z_][A-Za-z0-9_]*(?=\s*:))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<operator>\*\*|<=|>=|==|!=|[-+*/%<>=])
    | (?P<punctuation>[\[\](),;:])
    | (?P<unknown>.)""",
    re.VERBOSE,
)


def tokens(source: str) -> Iterator[tuple[str, str]]:
    """The kind and the text of each token; the texts together are the source.

    A name before a colon is an ``output`` where an output can start; elsewhere the colon is that of a fold.

    >>> [token for token in tokens("max(w) # greatest") if token[0] != "space"]
    [('reduction', 'max'), ('punctuation', '('), ('name', 'w'), ('punctuation', ')'), ('comment', '# greatest')]
    """
    start_of_output = True
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup or "unknown", match.group()
        if kind == "name" or (kind == "output" and not start_of_output):
            kind = _KINDS.get(text, "name")
        if kind not in ("space", "comment"):
            start_of_output = text in (",", ";")
        yield kind, text


def names(source: str) -> set[str]:
    """Every word of a kernel that is not in a comment.

    >>> sorted(names("let m = mean(w); m # a comment"))
    ['let', 'm', 'mean', 'w']
    """
    return {text for kind, text in tokens(source) if kind in _KINDS_OF_NAMES}


_KINDS_OF_NAMES = {"name", "output", *WORDS}
