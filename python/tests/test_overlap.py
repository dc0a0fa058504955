"""The geometry of overlapping blocks against `numpy.pad`."""

from __future__ import annotations

import numpy as np
import pytest

from hoodoo._overlap import layout, spans

#: The names of the modes in `numpy.pad`.
PADS = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap", "constant": "constant"}


@pytest.mark.parametrize("mode", PADS)
@pytest.mark.parametrize("chunks", [(1,), (7,), (1, 1, 1), (2, 3), (4, 1, 3)])
def test_a_block_sees_what_a_padded_array_has_there(mode, chunks):
    line = np.arange(sum(chunks)) * 1.0
    blocks = np.split(line, np.cumsum(chunks)[:-1])
    for before, after in [(0, 0), (1, 0), (0, 2), (3, 1), (9, 20)]:
        padded = np.pad(line, (before, after), mode=PADS[mode])
        at = 0
        for span in spans(chunks, mode, before, after):
            pieces = [blocks[piece.block][... if piece.indices is None else list(piece.indices)] for piece in span.pieces]
            cells = layout((span.form,)).assemble(pieces, line.dtype, 0.0)
            assert span.first == at - before
            np.testing.assert_array_equal(cells, padded[at : at + len(span.pixels) + before + after])
            at += len(span.pixels)
        assert at == len(line)


def test_only_the_cells_that_are_needed_are_named():
    [_, middle, _] = spans((4, 4, 4), "reflect", 1, 2)
    assert [(piece.block, piece.indices) for piece in middle.pieces] == [(0, range(3, 4)), (1, None), (2, range(2))]


def test_cells_outside_take_no_part_in_mode_shrink():
    first, middle, last = (layout((span.form,)).absent() for span in spans((4, 4, 4), "shrink", 1, 2))
    assert first.tolist() == [True] + 6 * [False] and middle is None and last.tolist() == 5 * [False] + [True, True]


def test_most_blocks_have_one_form():
    assert len({span.form for span in spans([10] * 100, "constant", 2, 3)}) == 3


@pytest.mark.parametrize(
    ("dtype", "cval", "expected"),
    [
        ("u1", 255, "u1"),
        ("u1", 256, "f8"),
        ("u1", 0.5, "f8"),
        ("i2", -1, "i2"),
        ("i2", np.nan, "f8"),
        ("i8", 2.0**63, "f8"),
        ("?", 1, "?"),
        ("?", 2, "f8"),
        ("?", np.nan, "f8"),
        ("f4", 0.5, "f4"),
        ("f4", 0.1, "f8"),
        ("f4", 1e300, "f8"),
        ("f4", np.nan, "f4"),
        ("f4", np.inf, "f4"),
    ],
)
def test_cells_outside_are_not_rounded(dtype, cval, expected):
    dtype = np.dtype(dtype)
    [span] = spans((1,), "constant", 1, 0)
    cells = layout((span.form,)).assemble([np.ones(1, dtype)], dtype, float(cval))
    assert cells.dtype == np.dtype(expected)
    np.testing.assert_array_equal(cells, [cval, 1])
