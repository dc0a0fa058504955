"""A lexer for Pygments, which finds it by its entry point: ``pygmentize -l hoodoo``, Sphinx, nbconvert."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    Text,
    Whitespace,
    _TokenType,
)

from hoodoo._syntax import tokens

_TYPES: dict[str, _TokenType] = {
    "space": Whitespace,
    "comment": Comment.Single,
    "number": Number,
    "output": Name.Label,
    "name": Name,
    "operator": Operator,
    "punctuation": Punctuation,
    "declaration": Keyword.Declaration,
    "control": Keyword,
    "logical": Operator.Word,
    "reduction": Name.Builtin,
    "neighbourhood": Name.Builtin,
    "elementwise": Name.Builtin,
    "constant": Keyword.Constant,
    "unknown": Text,
}


class HoodooLexer(Lexer):  # type: ignore[misc]  # Pygments has no types.
    """Kernels of Hoodoo."""

    name = "Hoodoo"
    aliases: ClassVar[list[str]] = ["hoodoo"]
    filenames: ClassVar[list[str]] = ["*.hood"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """The place, the type and the text of each token."""
        at = 0
        for kind, piece in tokens(text):
            yield at, _TYPES[kind], piece
            at += len(piece)
