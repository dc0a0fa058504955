"""Windows that roll along an axis, with the names and the meaning that they have in pandas."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ._kernel import Kernel, kernel_of

__all__ = ["rolling"]

# The statistics of the numbers in a window, which `c` says are some. Those of too few numbers are NaN.
_SOURCES = {
    "count": "n",
    "sum": "sum(w where c)",
    "mean": "mean(w where c)",
    "min": "min(w where c)",
    "max": "max(w where c)",
    "median": "median(w where c)",
    "var": "if n > ddof then var(w where c) * n / (n - ddof) else nan",
    "std": "if n > ddof then sqrt(var(w where c) * n / (n - ddof)) else nan",
    "quantile": "percentile(w where c, 100 * q)",
}


def rolling(values: Any, window: int, min_periods: int | None = None, center: bool = False, axis: int = 0) -> Rolling:
    """Windows that roll along an axis, as ``pandas.Series.rolling``.

    Parameters
    ----------
    values : array_like, Series or DataFrame
        What rolls past the window; any number of axes.
    window : int
        How many values the window has, of which the pixel is the last.
    min_periods : int, optional
        With fewer numbers in its window a value is NaN; by default as many as the window has.
    center : bool
        Whether the pixel is in the middle of its window.
    axis : int
        Along which axis.

    Returns
    -------
    Rolling
        With methods `count`, `sum`, `mean`, `min`, `max`, `median`, `var`, `std`, `quantile`. Their results are float64, and have the
        labels of the values, if these have some.

    Examples
    --------
    >>> import hoodoo
    >>> hoodoo.rolling([1.0, 2.0, 6.0, 3.0], 2).mean()
    array([nan, 1.5, 4. , 4.5])
    >>> hoodoo.rolling([1.0, 2.0, 6.0, 3.0], 3, min_periods=1, center=True).std().round(3)
    array([0.707, 2.646, 2.082, 2.121])
    """
    return Rolling(values, window, min_periods, center, axis)


class Rolling:
    """What `rolling` gives."""

    def __init__(self, values: Any, window: int, min_periods: int | None, center: bool, axis: int) -> None:
        self._values = values
        self._window = _integer("window", window, "; windows of time are not supported")
        if self._window < 1:
            raise ValueError(f"window must be 1 or more, not {window}")
        self._least = self._window if min_periods is None else _integer("min_periods", min_periods)
        if not 0 <= self._least <= self._window:
            raise ValueError(f"min_periods must be from 0 to {self._window}, the window, not {min_periods}")
        if not isinstance(center, bool | np.bool_ | None):
            raise ValueError(f"center must be a boolean, not {center!r}")
        self._origin = 0 if center else (self._window - 1) // 2
        self._axis = operator.index(axis)

    def count(self) -> Any:
        """How many numbers there are. Here, as in pandas, `min_periods` is of values, whether they are numbers or NaN."""
        return self._filtered("count")

    def sum(self) -> Any:
        """Their sum."""
        return self._filtered("sum")

    def mean(self) -> Any:
        """Their mean."""
        return self._filtered("mean")

    def min(self) -> Any:
        """The least."""
        return self._filtered("min")

    def max(self) -> Any:
        """The greatest."""
        return self._filtered("max")

    def median(self) -> Any:
        """The middle one."""
        return self._filtered("median")

    def var(self, ddof: int = 1) -> Any:
        """Their variance, with `ddof` degrees of freedom taken off."""
        return self._filtered("var", ddof=ddof)

    def std(self, ddof: int = 1) -> Any:
        """The root of their variance."""
        return self._filtered("std", ddof=ddof)

    def quantile(self, q: float) -> Any:
        """A quantile, with linear interpolation."""
        if not 0 <= q <= 1:
            raise ValueError(f"a quantile is from 0 to 1, not {q}")
        return self._filtered("quantile", q=q)

    def _filtered(self, name: str, **params: float) -> Any:
        arguments: dict[str, Any] = {"size": self._window, "origin": self._origin, "axes": self._axis, **params}
        return _kernel(name, params)(self._values, **arguments, mode="shrink", dtype="float64", least=self._least)


def _integer(name: str, value: Any, hint: str = "") -> int:
    """The value as an integer; pandas raises ``ValueError`` for others."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError("a truth value is no number of values")
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, not {value!r}{hint}") from None


def _kernel(name: str, params: dict[str, float]) -> Kernel:
    declared = "".join(f"param {param}; " for param in ("least", *params))
    present = "len(w)" if name == "count" else "n"
    # pandas counts infinities, and takes them for NaN in everything else.
    condition = "not isnan(w)" if name == "count" else "isfinite(w)"
    return kernel_of(f"{declared}let c = {condition}; let n = count(c); if {present} < least then nan else {_SOURCES[name]}")
