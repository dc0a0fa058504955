"""Dates and durations, for kernels that only choose among them."""

from __future__ import annotations

import numpy as np
import pytest

from hoodoo import Kernel

#: Nanoseconds since 1970 are whole numbers that no float64 has.
DATES = np.array(["2026-11-26T10:20:30.123456789", "2026-11-26T10:20:30.123456790", "1999-01-01", "NaT", "2040-05-05"], "M8[ns]")


def test_what_is_chosen_keeps_its_type_and_every_bit():
    filled = DATES.copy()
    filled[3] = "2001-02-03"
    latest = Kernel("max(w)")(filled, size=3)
    assert latest.dtype == DATES.dtype
    np.testing.assert_array_equal(latest, filled[[1, 1, 1, 4, 4]])
    for source in ("median(w)", "rank(w, 1)", "nth(w, argmin(abs(w - w[0])))", "fold b = w[0] for v in w: if v > b then v else b"):
        result = Kernel(source)(filled, size=3)
        assert result.dtype == DATES.dtype and set(result) <= set(filled), source
    np.testing.assert_array_equal(Kernel("median(w)")(filled, size=3), np.sort(filled[[[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]]], 1)[:, 1])


def test_nat_is_no_value():
    result = Kernel("max(w)")(DATES, size=3)
    np.testing.assert_array_equal(result, DATES[[1, 1, 1, 3, 4]])
    filled = Kernel("min(w)")(DATES, size=3, fill=True)
    np.testing.assert_array_equal(filled, DATES[[0, 2, 2, 2, 4]])
    # Nothing is selected.
    nothing = Kernel("max(w where w > max(w))")(DATES[:3], size=3)
    assert np.isnat(nothing).all()


def test_durations_units_and_orders_of_bytes():
    days, hours = np.array([1, 3, 2], "m8[D]"), np.array([30, 1, 99], "m8[h]")
    result = Kernel("input a, b; max(max(a), max(b))")(days, hours, size=1)
    np.testing.assert_array_equal(result, np.array([30, 72, 99], "m8[h]"))
    assert result.dtype == np.dtype("m8[h]")
    swapped = Kernel("max(w)")(days.astype(">m8[D]"), size=3)
    np.testing.assert_array_equal(swapped, Kernel("max(w)")(days, size=3))


def test_times_are_chosen_by_other_values():
    when = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[D]")
    clouds = np.array([0.5, 0.1, 0.9])
    result = Kernel("input when, clouds; nth(when, argmin(clouds))")(when, clouds, size=3)
    np.testing.assert_array_equal(result, when[[1, 1, 1]])


@pytest.mark.parametrize(
    "source", ["mean(w)", "max(w) - min(w)", "w[0] + 1", "count(w == w)", "max(w), argmax(w)", "if w[0] > max(w) then 0 else w[0]"]
)
def test_what_is_computed_is_refused(source):
    with pytest.raises(TypeError, match="can only be chosen"):
        Kernel(source)(DATES, size=3)


def test_other_mistakes():
    with pytest.raises(TypeError, match="can only be chosen"):
        Kernel("median(w)")(DATES, size=4)
    with pytest.raises(TypeError, match="can only be chosen"):
        Kernel("median(w)")(DATES, size=3, mode="shrink")
    with pytest.raises(TypeError, match="can only be chosen"):
        Kernel("input a, b; if max(b) > 2 then a[0] else b[0]")(DATES, np.arange(5), size=3)
    for option in ({"dtype": "f8"}, {"output": np.empty(5)}, {"mask": np.zeros(5, bool)}, {"nodata": 3}):
        with pytest.raises(TypeError, match="times are filtered without"):
            Kernel("max(w)")(DATES, size=3, **option)


def test_labels():
    pd = pytest.importorskip("pandas")
    series = pd.Series(DATES, index=list("abcde"), name="when")
    result = Kernel("max(w)")(series, size=3)
    assert isinstance(result, pd.Series) and result.name == "when" and list(result.index) == list("abcde")
    np.testing.assert_array_equal(result.to_numpy(), Kernel("max(w)")(DATES, size=3))


@pytest.mark.parametrize("mode", ["constant", "grid-constant", ["constant"]])
def test_there_are_no_times_outside(mode):
    times = np.array(["2020-01-03", "2020-01-01", "NaT", "2020-01-05"], "M8[D]")
    for source in ("min(w)", "max(w)", "w[1]"):
        expected = Kernel(source)(times, size=3, mode="shrink")
        np.testing.assert_array_equal(Kernel(source)(times, size=3, mode=mode), expected)
        np.testing.assert_array_equal(Kernel(source)(times - times[0], size=3, mode=mode), Kernel(source)(times - times[0], size=3, mode="shrink"))
    assert np.isnat(Kernel("w[1]")(times, size=3, mode=mode)[-1])
    for cval in (9, np.datetime64("2021-01-01")):
        with pytest.raises(TypeError, match="cval"):
            Kernel("min(w)")(times, size=3, mode=mode, cval=cval)
    da = pytest.importorskip("dask.array")
    blocks = Kernel("min(w)")(da.from_array(times, chunks=2), size=3, mode=mode)
    np.testing.assert_array_equal(blocks.compute(), Kernel("min(w)")(times, size=3, mode=mode))
