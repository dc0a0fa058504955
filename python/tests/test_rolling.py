"""`hoodoo.rolling` against pandas."""

from __future__ import annotations

import numpy as np
import pytest

import hoodoo

pd = pytest.importorskip("pandas")


@pytest.fixture
def series():
    values = np.random.default_rng(1).normal(size=200) * 10
    values[[3, 50, 51, 52, 120]] = np.nan
    return pd.Series(values, index=pd.date_range("2026-01-01", periods=200, freq="h"), name="level")


@pytest.mark.parametrize("window", [1, 2, 5, 24])
@pytest.mark.parametrize("min_periods", [None, 0, 1, 2])
@pytest.mark.parametrize("center", [False, True])
def test_statistics(series, window, min_periods, center):
    if min_periods is not None and min_periods > window:
        return
    ours = hoodoo.rolling(series, window, min_periods, center)
    theirs = series.rolling(window, min_periods, center)
    for name in ("count", "sum", "mean", "min", "max", "median"):
        pd.testing.assert_series_equal(getattr(ours, name)(), getattr(theirs, name)(), check_freq=False, rtol=1e-9, atol=1e-9)
    for ddof in (0, 1, 2):
        # Differences of sums, as pandas has them, are zero up to their rounding.
        pd.testing.assert_series_equal(ours.var(ddof), theirs.var(ddof), check_freq=False, rtol=1e-7, atol=1e-9)
        pd.testing.assert_series_equal(ours.std(ddof), theirs.std(ddof), check_freq=False, rtol=1e-6, atol=1e-5)
    pd.testing.assert_series_equal(ours.quantile(0.3), theirs.quantile(0.3), check_freq=False, rtol=1e-9)


@pytest.mark.parametrize("name", ["count", "sum", "mean", "min", "max", "median", "var", "std"])
def test_infinities_are_those_of_pandas(name):
    pd = pytest.importorskip("pandas")
    values = np.array([np.inf, 1, 2, 3, -np.inf, 5, np.nan, 7, np.inf])
    for least in (None, 1):
        expected = getattr(pd.Series(values).rolling(2, min_periods=least), name)()
        np.testing.assert_allclose(getattr(hoodoo.rolling(values, 2, min_periods=least), name)(), expected)


def test_frames_and_arrays(series):
    frame = pd.DataFrame({"a": series, "b": series[::-1].to_numpy()})
    pd.testing.assert_frame_equal(hoodoo.rolling(frame, 5).max(), frame.rolling(5).max(), check_freq=False)
    values = hoodoo.rolling(frame.to_numpy().T, 5, axis=1).max()
    np.testing.assert_array_equal(values, frame.rolling(5).max().to_numpy().T)
    assert hoodoo.rolling([1, 2, 4], 2).mean().tolist()[1:] == [1.5, 3.0]


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, "windows of time", {"window": "2h"}),
        (ValueError, "window must be an integer", {"window": 2.5}),
        (ValueError, "1 or more", {"window": 0}),
        (ValueError, "from 0 to 3", {"window": 3, "min_periods": 4}),
        (ValueError, "axis", {"window": 3, "axis": 1}),
    ],
)
def test_mistakes(series, error, message, arguments):
    with pytest.raises(error, match=message):
        hoodoo.rolling(series, **arguments).mean()
    with pytest.raises(ValueError, match="from 0 to 1"):
        hoodoo.rolling(series, 3).quantile(30)


@pytest.mark.parametrize(
    "arguments",
    [
        {"window": 2.5},
        {"window": None},
        {"window": "2D"},
        {"window": True},
        {"window": -1},
        {"window": 2, "min_periods": 1.5},
        {"window": 2, "min_periods": "a"},
        {"window": 2, "min_periods": True},
        {"window": 2, "min_periods": 3},
        {"window": 2, "center": "yes"},
        {"window": 2, "center": 1},
    ],
    ids=str,
)
def test_what_pandas_refuses_is_refused_as_there(arguments):
    series = pd.Series([1.0, 2.0, 3.0])
    for rolling in (series.rolling, lambda **options: hoodoo.rolling(series, **options)):
        with pytest.raises(ValueError):
            rolling(**arguments)
