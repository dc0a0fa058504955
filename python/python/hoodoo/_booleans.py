"""Kernels that use inputs as booleans without saying so, as ``input x, bad; median(x where not bad)``: for arrays of bool they do."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ._errors import KernelError
from ._hoodoo import Program
from ._syntax import tokens

#: Who uses more inputs without saying of which type they are is told to say it.
_MOST_INPUTS = 4

#: So many programs are compiled at most to find out which inputs these are.
_MOST_PROGRAMS = 64

#: An input that a source declares: the name, which token it is, and whether its type is said.
_Input: TypeAlias = tuple[str, int | None, bool]


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
        found = _with_booleans(source, error) if error.code == "H020" else None
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


def _with_booleans(source: str, error: KernelError) -> tuple[Program, tuple[int, ...]] | None:
    """The program with as few inputs of booleans as make it right, if that says which these are; `error` is the one for numbers."""
    inputs = list(_inputs(source)) or [("w", None, False)]
    tried = 0
    # What must be booleans and is not, with the inputs chosen so far.
    places = {frozenset[int](): _place(source, error)}
    for _ in range(_MOST_INPUTS):
        further = {chosen | {number} for chosen, place in places.items() for number in _meant(inputs, chosen, place)}
        tried += len(further)
        if tried > _MOST_PROGRAMS:
            return None
        places, right = {}, []
        for chosen in further:
            declared = _declared(source, inputs, chosen)
            try:
                right.append((Program(declared), tuple(sorted(chosen))))
            except KernelError as other:
                places[chosen] = _place(declared, other)
        if right:
            return right[0] if len(right) == 1 else None
    return None


def _place(source: str, error: KernelError) -> str:
    """What must be of booleans to mend an error, if it says that; other errors show one of two things that are not alike."""
    return source[slice(*error.span)] if "needs a boolean" in error.message else ""


def _meant(inputs: Sequence[_Input], chosen: frozenset[int], place: str) -> set[int]:
    """The inputs one of which must be of booleans against an error: those at its place, if there are some and no other names."""
    others = {number for number, (_, _, is_declared) in enumerate(inputs) if not is_declared and number not in chosen}
    names = {text for kind, text in tokens(place) if kind in ("name", "output")}
    named = {number for number in others if inputs[number][0] in names}
    return named if named and names <= {name for name, _, _ in inputs} else others


def _declared(source: str, inputs: Sequence[_Input], chosen: Iterable[int]) -> str:
    """The source in which these inputs are said to be booleans."""
    texts = [text for _, text in tokens(source)]
    for name, place, _ in map(inputs.__getitem__, chosen):
        texts[place or 0] = f"{name}: bool" if place is not None else f"input {name}: bool; {texts[0]}"
    return "".join(texts)


def _inputs(source: str) -> Iterator[_Input]:
    """The inputs that a source declares."""
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
