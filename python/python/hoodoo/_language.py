"""The kernel language on one page, for those who have the package only."""

from __future__ import annotations

import textwrap

from ._hoodoo import builtins

__all__ = ["language"]


_PROGRAMS = """\
A kernel says what one pixel of the output is, in terms of the window of values around it. It is a list of items, each ended by `;`,
and then one or more outputs with `,` between them.

    input a, b;              names the inputs; without it there is one, `w`
    param t = 0.5;           a number that is set when the kernel runs; without a default it must be set
    weights k;               one number for each cell of the window, set when the kernel runs
    fn f(x, y) = x * y;      a function
    let m = mean(w);         a name for a value
    assert m > 0;            if false at a pixel, the filter stops with an error that names the pixel
    name: m                  an output with a name

A value is a number or a truth value, of the pixel or of each cell of a window. Operators and functions work on each cell; an output is one
value for the pixel. From the loosest to the tightest:

    if c then a else b
    fold s = 0 for v in w where v > 0: s + v       a loop over the cells
    a or b, a and b, not a
    < <= > >= == !=          may be chained: lo <= x < hi
    + -
    * / %
    -a
    a ** b
    w[dy, dx]                the cell at that offset from the pixel

The argument of a reduction may have a condition: mean(w where w > 6). `#` starts a comment.
"""


class Page(str):
    """A text that shows itself as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def language() -> Page:
    """The kernel language on one page: programs, operators, and every built-in.

    >>> import hoodoo
    >>> page = hoodoo.language()
    >>> "median(x)" in page and "percentile(x, q)" in page
    True
    """
    rows = []
    for signature, doc, ulp in builtins():
        text = doc if ulp is None else f"{doc}; within {ulp:g} ulp"
        first, *rest = textwrap.wrap(text, 96)
        rows += [f"    {signature:<28} {first}", *(f"    {'':<28} {line}" for line in rest)]
    return Page("\n".join(["The kernel language of Hoodoo", "", _PROGRAMS, "Built in are", "", *rows, ""]))
