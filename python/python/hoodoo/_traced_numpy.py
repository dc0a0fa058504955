"""NumPy's functions of values in a kernel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ._traced import (
    Operand,
    Selected,
    Traced,
    arguments_of_reduction,
    arithmetic,
    call,
    compare,
    inverse,
    logical,
    of_truths,
    options_of_reduction,
    reduction,
    refuse,
    truth,
    where,
)

_OPERATORS: dict[str, tuple[Callable[[str, Operand, Operand], Traced], str]] = {
    "add": (arithmetic, "+"),
    "subtract": (arithmetic, "-"),
    "multiply": (arithmetic, "*"),
    "divide": (arithmetic, "/"),
    "remainder": (arithmetic, "%"),
    "power": (arithmetic, "**"),
    "float_power": (arithmetic, "**"),
    "less": (compare, "<"),
    "less_equal": (compare, "<="),
    "greater": (compare, ">"),
    "greater_equal": (compare, ">="),
    "equal": (compare, "=="),
    "not_equal": (compare, "!="),
    "logical_and": (logical, "and"),
    "logical_or": (logical, "or"),
}

# Functions of the language by NumPy's names, where these differ.
_FUNCTIONS = {
    "absolute": "abs",
    "fabs": "abs",
    "rint": "round",
    "minimum": "min",
    "maximum": "max",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    **{
        name: name
        for name in "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh hypot floor ceil trunc sign".split()
    },
}

# What is done to bits, but where it is done to truth values.
_BITS = {
    "bitwise_and": "&",
    "bitwise_or": "|",
    "bitwise_xor": "^",
    "invert": "~",
    **dict.fromkeys(("left_shift", "right_shift", "bitwise_count"), "<<"),
}

_TRUTHS = ("isnan", "isfinite", "isinf")

_UNIVERSAL: dict[str, Callable[..., Any]] = {
    **{name: lambda *values, of=of: of_truths(of, *values) for name, of in _BITS.items()},
    **{name: lambda a, b, of=of: of[0](of[1], a, b) for name, of in _OPERATORS.items()},
    **{name: lambda *values, of=of: call(of, *values) for name, of in _FUNCTIONS.items()},
    **{name: lambda value, of=name: call(of, value, is_truth=True) for name in _TRUTHS},
    "negative": lambda a: -_plain(a),
    "positive": lambda a: +_plain(a),
    "square": lambda a: arithmetic("**", a, 2),
    "reciprocal": lambda a: arithmetic("/", 1, a),
    "divmod": divmod,
    "floor_divide": lambda a, b: call("floor", arithmetic("/", a, b)),
    "logical_not": inverse,
    "logical_xor": lambda a, b: compare("!=", truth(a), truth(b)),
    "deg2rad": lambda a: arithmetic("*", a, math.pi / 180),
    "radians": lambda a: arithmetic("*", a, math.pi / 180),
    "rad2deg": lambda a: arithmetic("*", a, 180 / math.pi),
    "degrees": lambda a: arithmetic("*", a, 180 / math.pi),
}

# What a universal function makes of all cells.
_REDUCED = {
    "add": "sum",
    "multiply": "prod",
    "minimum": "min",
    "maximum": "max",
    "logical_and": "all",
    "logical_or": "any",
}


def universal(ufunc: np.ufunc, method: str, inputs: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """What a universal function of NumPy makes of values in a kernel."""
    if method == "reduce" and ufunc.__name__ in _REDUCED:
        return _reduced(_REDUCED[ufunc.__name__])(*inputs, **keywords)
    function = _UNIVERSAL.get(ufunc.__name__)
    if function is None or method != "__call__":
        # Others have made universal functions, too.
        own = f"np.{ufunc.__name__}" if getattr(np, ufunc.__name__, None) is ufunc else ufunc.__name__
        name = own if method == "__call__" else f"{own}.{method}"
        refuse(f"{name} has no form in kernels; these have: {', '.join(f'np.{each}' for each in sorted(_UNIVERSAL.keys() - _BITS))}")
    if keywords:
        refuse(f"np.{ufunc.__name__} takes no `{next(iter(keywords))}` in kernels")
    return function(*inputs)


def applied(function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """What another function of NumPy makes of values in a kernel."""
    found = _APPLIED.get(function)
    if found is None:
        names = sorted({f"np.{each.__name__}" for each in _APPLIED})
        module = function.__module__.replace("numpy", "np", 1)
        refuse(f"{module}.{function.__name__} has no form in kernels; these have: {', '.join(names)}")
    try:
        return found(*arguments, **keywords)
    except TypeError as error:
        if type(error) is TypeError and found.__name__ in str(error):
            refuse(f"np.{function.__name__} does not take these arguments in kernels")
        raise


def _plain(value: Operand) -> Traced:
    if isinstance(value, Selected) or not isinstance(value, Traced):
        refuse("cells that w[condition] selects can only be reduced")
    return value


def _reduced(name: str, ignores_nan: bool = False) -> Callable[..., Traced]:
    def reduced(a: Operand, *arguments: Operand, **options: Any) -> Traced:
        kept = options_of_reduction(name, options)
        arguments = tuple(arguments_of_reduction(name, arguments))
        if ignores_nan:
            numbers = ~call("isnan", Traced(a._node), is_truth=True)
            kept["where"] = numbers & kept["where"] if "where" in kept else numbers
        return reduction(name, a, *arguments, **kept)

    return reduced


def _quantile(a: Operand, q: Operand, *arguments: Operand, **options: Any) -> Traced:
    return _reduced("percentile")(a, arithmetic("*", q, 100), *arguments, **options)


def _average(a: Operand, axis: None = None, weights: Operand = None, **options: Any) -> Traced:
    kept = options_of_reduction("average", {"axis": axis, **options})
    if weights is None:
        return reduction("mean", a, **kept)
    return reduction("sum", a * weights, **kept) / reduction("sum", weights, **kept)


def _with_axis(name: str) -> Callable[..., Traced]:
    """A reduction that takes an axis."""

    def reduced(a: Operand, axis: None = None, **options: Any) -> Traced:
        return reduction(name, a, **options_of_reduction(name, {"axis": axis, **options}))

    return reduced


def _clip(a: Operand, a_min: Operand = None, a_max: Operand = None, *, min: Operand = None, max: Operand = None) -> Traced:
    return _plain(a).clip(a_min if min is None else min, a_max if max is None else max)


_APPLIED: dict[Callable[..., Any], Callable[..., Any]] = {
    **{
        getattr(np, name): _reduced(name)
        for name in "sum prod min max mean var std median any all argmin argmax percentile".split()
    },
    **{
        getattr(np, f"nan{name}"): _reduced(name, ignores_nan=True)
        for name in "sum prod min max mean var std median percentile".split()
    },
    np.amin: _reduced("min"),
    np.amax: _reduced("max"),
    np.ptp: lambda a, axis=None, **options: _plain(a).ptp(axis, **options),
    np.quantile: _quantile,
    np.average: _average,
    np.count_nonzero: _with_axis("count"),
    np.size: _with_axis("len"),
    np.where: where,
    np.clip: _clip,
    np.round: lambda a, decimals=0: _plain(a).round(decimals),
    np.around: lambda a, decimals=0: _plain(a).round(decimals),
    np.real: lambda a: _plain(a),
}
