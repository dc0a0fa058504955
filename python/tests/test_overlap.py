"""The geometry of overlapping blocks against `numpy.pad`."""

from __future__ import annotations

import numpy as np
import pytest

from hoodoo._overlap import layout, spans

#: The names of the modes in `numpy.pad`.
PADS = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap"}


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
            cells = layout((span.form,)).assemble(pieces, line.dtype)
            assert span.first == at - before
            np.testing.assert_array_equal(cells, padded[at : at + len(span.pixels) + before + after])
            at += len(span.pixels)
        assert at == len(line)


def test_only_the_cells_that_are_needed_are_named():
    [_, middle, _] = spans((4, 4, 4), "reflect", 1, 2)
    assert [(piece.block, piece.indices) for piece in middle.pieces] == [(0, range(3, 4)), (1, None), (2, range(2))]


@pytest.mark.parametrize("mode", ["constant", "shrink"])
@pytest.mark.parametrize("chunks", [(1,), (7,), (1, 1, 1), (2, 3), (4, 1, 3)])
def test_a_block_ends_where_the_array_ends_if_nothing_is_beyond(mode, chunks):
    line = np.arange(sum(chunks)) * 1.0
    blocks = np.split(line, np.cumsum(chunks)[:-1])
    for before, after in [(0, 0), (1, 0), (0, 2), (3, 1), (9, 20)]:
        for span in spans(chunks, mode, before, after):
            pieces = [blocks[piece.block][... if piece.indices is None else list(piece.indices)] for piece in span.pieces]
            how = layout((span.form,))
            cells = how.assemble(pieces, line.dtype)
            first = max(span.pixels.start - before, 0)
            assert span.first == first
            np.testing.assert_array_equal(cells, line[first : span.pixels.stop + after])
            [(start, stop)] = how.pixels
            np.testing.assert_array_equal(cells[start:stop], line[span.pixels.start : span.pixels.stop])


def test_most_blocks_have_one_form():
    assert len({span.form for span in spans([10] * 100, "constant", 2, 3)}) == 3

