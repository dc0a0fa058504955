"""The options that the comments in front of a kernel ask for, as arguments of a call."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

_TYPES = {"bool": "bool", **{f"{kind}{bits}": f"{name}{bits}" for kind, name, all_bits in (
    ("i", "int", (8, 16, 32, 64)), ("u", "uint", (8, 16, 32, 64)), ("f", "float", (16, 32, 64))
) for bits in all_bits}}  # fmt: skip


def options_of(source: str) -> dict[str, Any]:
    """The arguments that a kernel's first comments ask for, as in ``# options: --size 5 --dtype f32``."""
    comments = itertools.takewhile(lambda line: line.startswith("#"), source.splitlines())
    asked = [line.removeprefix("#").strip() for line in comments]
    # As for the command line, the last one counts.
    last = next((line for line in reversed(asked) if line.startswith("options: ")), "")
    words = last.removeprefix("options: ").split()
    return arguments(_pairs(words)) if words and words[0].startswith("-") else {}


def arguments(options: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The arguments that options of the command line are; what says how a picture is shown is none."""
    return {name: _READ.get(name, str)(value) for name, value in options if name != "shown"}


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options among words: ``--name value`` or ``--name=value``."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals and (following := next(rest, None)) is not None:
            value = following
        if not word.startswith("--") or not value:
            raise ValueError(f"the options in the kernel's first comments: `{word}` is none with a value")
        yield name, value


def _one_or_all(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def one_or_all(text: str) -> Any:
        each = tuple(map(read, text.split(",")))
        return each[0] if len(each) == 1 else each

    return one_or_all


_READ: Mapping[str, Callable[[str], Any]] = {
    "size": _one_or_all(int),
    "origin": _one_or_all(int),
    "axes": _one_or_all(int),
    "mode": _one_or_all(str),
    "cval": float,
    "dtype": lambda name: _TYPES.get(name, name),
}
