"""Kernels that use inputs as booleans without saying so, as ``input x, bad; median(x where not bad)``: for arrays of bool they do."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator

from ._errors import KernelError
from ._hoodoo import Program
from ._syntax import tokens

#: Who uses more inputs without saying of which type they are is told to say it.
_MOST_INPUTS = 4


@functools.lru_cache(maxsize=1024)
def program_of(source: str) -> tuple[Program, tuple[int, ...]]:
    """The program, and the numbers of the inputs that must be arrays of bool, as it is not right for numbers there.

    Raises
    ------
    KernelError
        For a source that is not right for any types of the inputs, or for several.
    """
    try:
        # Kernels that arrive by pickle share the code of one that is here.
        return Program(source), ()
    except KernelError as error:
        found = _with_booleans(source) if error.code == "H020" else None
        if found is None:
            raise
        return found


def of_numbers(source: str) -> KernelError:
    """What is wrong with a source whose inputs are numbers."""
    try:
        Program(source)
    except KernelError as error:
        return error
    raise AssertionError(f"{source!r} is right for numbers")


def _with_booleans(source: str) -> tuple[Program, tuple[int, ...]] | None:
    """The program with as few inputs of booleans as make it right, if that says which these are."""
    texts = [text for _, text in tokens(source)]
    inputs = list(_inputs(source)) or [("w", None, False)]
    undeclared = [number for number, (_, _, is_declared) in enumerate(inputs) if not is_declared]
    for count in range(1, min(len(undeclared), _MOST_INPUTS) + 1):
        right = []
        for chosen in itertools.combinations(undeclared, count):
            declared = texts.copy()
            for number in chosen:
                name, place, _ = inputs[number]
                declared[place or 0] = f"{name}: bool" if place is not None else f"input {name}: bool; {declared[0]}"
            try:
                right.append((Program("".join(declared)), chosen))
            except KernelError:
                pass
        if right:
            return right[0] if len(right) == 1 else None
    return None


def _inputs(source: str) -> Iterator[tuple[str, int | None, bool]]:
    """The inputs that a source declares: the name, which token it is, and whether its type is said."""
    listed = [(number, kind, text) for number, (kind, text) in enumerate(tokens(source)) if kind not in ("space", "comment")]
    starts = [index for index, (_, kind, text) in enumerate(listed) if kind == "declaration" and text == "input"]
    if not starts:
        return
    before = ""
    for (number, kind, text), (_, _, following) in itertools.pairwise(listed[starts[0] + 1 :]):
        if text == ";":
            return
        if kind in ("name", "output") and before != ":":
            yield text, number, following == ":"
        before = text
