"""Values of windows and pixels in a Python function that becomes a kernel: they record what is done with them."""

from __future__ import annotations

import inspect
import linecache
import numbers
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np

from ._errors import TracingError
from ._expression import RESERVED, Node, Place, number_text

__all__ = ["coord", "dist", "extent", "fold", "offset", "require", "where"]

#: What a kernel's function computes with.
Operand: TypeAlias = Any

_HERE = str(Path(__file__).parent)

_CONDITION_HINTS = [
    (("if ", "elif ", "while ", " if "), "write hoodoo.where(condition, yes, no) instead of `if`"),
    (("assert ",), "write hoodoo.require(condition) instead of `assert`"),
    ((" and ", " or ", "not "), "write `&`, `|` and `~`, with parentheses around comparisons, instead of `and`, `or` and `not`"),
    ((" min(", "(min(", " max(", "(max("), "write np.minimum(a, b) and np.maximum(a, b) instead of Python's `min` and `max`"),
]


def place_of_user() -> Place:
    """The line of the user's program that is at work."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith(_HERE) or "numpy" in Path(frame.f_code.co_filename).parts
    ):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


def refuse(message: str) -> NoReturn:
    """Raises what says that something can't be in a kernel, and what to write instead."""
    place = place_of_user()
    raise TracingError(message, place.file, place.line)


class Traced:
    """A number or a truth value, of a pixel or of each cell of a window."""

    __slots__ = ("_node",)

    # `a == b` is an expression, so that values can't be found in sets.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: Node) -> None:
        self._node = node

    def __repr__(self) -> str:
        node = self._node
        sort = "truth value" if node.is_truth else "number"
        return f"<a {sort} of {'each cell of a window' if node.is_window else 'a pixel'} in a kernel>"

    # Operators.

    def __add__(self, other: Operand) -> Traced:
        return arithmetic("+", self, other)

    def __radd__(self, other: Operand) -> Traced:
        return arithmetic("+", other, self)

    def __sub__(self, other: Operand) -> Traced:
        return arithmetic("-", self, other)

    def __rsub__(self, other: Operand) -> Traced:
        return arithmetic("-", other, self)

    def __mul__(self, other: Operand) -> Traced:
        return arithmetic("*", self, other)

    def __rmul__(self, other: Operand) -> Traced:
        return arithmetic("*", other, self)

    def __truediv__(self, other: Operand) -> Traced:
        return arithmetic("/", self, other)

    def __rtruediv__(self, other: Operand) -> Traced:
        return arithmetic("/", other, self)

    def __floordiv__(self, other: Operand) -> Traced:
        return call("floor", arithmetic("/", self, other))

    def __rfloordiv__(self, other: Operand) -> Traced:
        return call("floor", arithmetic("/", other, self))

    def __mod__(self, other: Operand) -> Traced:
        return arithmetic("%", self, other)

    def __rmod__(self, other: Operand) -> Traced:
        return arithmetic("%", other, self)

    def __divmod__(self, other: Operand) -> tuple[Traced, Traced]:
        return self // other, self % other

    def __rdivmod__(self, other: Operand) -> tuple[Traced, Traced]:
        return other // self, other % self

    def __matmul__(self, other: Operand) -> NoReturn:
        refuse("a window has no rows and columns: (a * b).sum() is the sum of products")

    __rmatmul__ = __matmul__

    def __pow__(self, other: Operand, modulo: object = None) -> Traced:
        if modulo is not None:
            refuse("a kernel has no `pow` with a modulus: a ** b % n is its remainder")
        return arithmetic("**", self, other)

    def __rpow__(self, other: Operand) -> Traced:
        return arithmetic("**", other, self)

    def __neg__(self) -> Traced:
        if self._node.is_truth:
            refuse("NumPy has no `-` of truth values: ~a is `not a`, and -hoodoo.where(a, 1, 0) is a number")
        return _unary("-", traced(self))

    def __pos__(self) -> Traced:
        if self._node.is_truth:
            refuse("NumPy has no `+` of a truth value: hoodoo.where(a, 1, 0) is a number")
        return self

    def __abs__(self) -> Traced:
        return call("abs", self)

    def __lt__(self, other: Operand) -> Traced:
        return compare("<", self, other)

    def __le__(self, other: Operand) -> Traced:
        return compare("<=", self, other)

    def __gt__(self, other: Operand) -> Traced:
        return compare(">", self, other)

    def __ge__(self, other: Operand) -> Traced:
        return compare(">=", self, other)

    def __eq__(self, other: Operand) -> Traced:  # type: ignore[override]
        return compare("==", self, other)

    def __ne__(self, other: Operand) -> Traced:  # type: ignore[override]
        return compare("!=", self, other)

    def __and__(self, other: Operand) -> Traced:
        return of_truths("&", self, other)

    def __rand__(self, other: Operand) -> Traced:
        return of_truths("&", other, self)

    def __or__(self, other: Operand) -> Traced:
        return of_truths("|", self, other)

    def __ror__(self, other: Operand) -> Traced:
        return of_truths("|", other, self)

    def __xor__(self, other: Operand) -> Traced:
        return of_truths("^", self, other)

    def __rxor__(self, other: Operand) -> Traced:
        return of_truths("^", other, self)

    def __invert__(self) -> Traced:
        return of_truths("~", self)

    def __lshift__(self, other: Operand) -> Traced:
        return of_truths("<<", self, other)

    __rlshift__ = __rshift__ = __rrshift__ = __lshift__

    def __round__(self, digits: int | None = None) -> Traced:
        if digits:
            refuse("a kernel rounds to whole numbers only: write round(x * 100) / 100 for two digits")
        return call("round", self)

    def __floor__(self) -> Traced:
        return call("floor", self)

    def __ceil__(self) -> Traced:
        return call("ceil", self)

    def __trunc__(self) -> Traced:
        return call("trunc", self)

    # What Python would need to know the value for.

    def __bool__(self) -> bool:
        place = place_of_user()
        line = linecache.getline(place.file, place.line)
        hints = [hint for words, hint in _CONDITION_HINTS if any(word in f" {line.strip()}" for word in words)]
        hint = hints[0] if hints else "write (a < b) & (b < c) instead of a < b < c, and hoodoo.where instead of `if`"
        message = f"whether this is true is known at each pixel only, and not while the kernel is made: {hint}"
        error = TracingError(message, place.file, place.line)
        session = _session.get()
        if session is not None and session.refused is None:
            session.refused = error
        raise error

    def __float__(self) -> float:
        refuse("this is a number at each pixel only: write NumPy's function (np.sqrt, np.exp, ...) instead of math's or float")

    def __int__(self) -> int:
        refuse("this is a number at each pixel only: write np.trunc instead of int")

    def __index__(self) -> int:
        refuse("an index must be a whole number that is known when the kernel is made; w.nth(i) takes one of each pixel")

    def __complex__(self) -> complex:
        refuse("kernels have no complex numbers")

    def __len__(self) -> int:
        refuse("how many cells there are is known when the kernel runs: write w.size")

    def __iter__(self) -> Iterator[Any]:
        # Where the first is asked for: `functools.reduce` hides errors of what has no iterator.
        refuse(
            "a kernel can't walk through a window: write w.sum(), w.max() and the like, or "
            "hoodoo.fold(step, window, init=...) for a loop over its cells"
        )
        yield

    def __contains__(self, value: object) -> bool:
        refuse("write (w == value).any() instead of `value in w`")

    def __setitem__(self, index: object, value: object) -> None:
        refuse("the values of a window can't be changed: write hoodoo.where(condition, new, old)")

    def __delitem__(self, index: object) -> None:
        refuse("a window has all of its cells: w[condition] or where=condition leaves some out")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in ("_node", "condition"):
            refuse(f"values in kernels get no `{name}`: a variable is a name for one")
        object.__setattr__(self, name, value)

    def __getitem__(self, index: Any) -> Traced:
        if isinstance(self, Selected):
            refuse("cells that w[condition] selects have no places: w[a & b] selects those for which both hold, and w[0, 1] is a cell")
        if isinstance(index, Traced):
            condition = traced(index)._node
            if not condition.is_truth:
                refuse("w[condition] selects the cells for which a truth value holds, as in w[w > 3], and this is a number")
            return Selected(self._node, condition)
        session = _session.get()
        if self._node.form != "name" or session is None or self._node.head not in session.inputs:
            refuse("only an input has cells at offsets, as in w[0, 1]: take the cell first, and then compute with it")
        offsets = index if isinstance(index, tuple) else (index,)
        if not all(isinstance(each, numbers.Integral) for each in offsets):
            refuse(
                "w[dy, dx] is the cell at that offset from the pixel, a whole number for each axis: "
                "slices have no form in kernels; w[condition] selects cells"
            )
        if session.axes not in (None, len(offsets)):
            refuse(f"elsewhere cells have {session.axes} offsets, and here {len(offsets)}: a window has a fixed number of axes")
        session.axes = len(offsets)
        text, is_truth = ", ".join(str(int(each)) for each in offsets), self._node.is_truth
        return Traced(Node("cell", text, (self._node,), is_truth=is_truth, place=place_of_user()))

    # NumPy's functions.

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        refuse("this is known at each pixel only, and can't become an array")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        from ._traced_numpy import universal

        return universal(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Callable[..., Any], types: Any, arguments: Any, keywords: Any) -> Any:
        from ._traced_numpy import applied

        return applied(function, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse(f"values in kernels have no `{name}`; windows have {', '.join(sorted(REDUCTIONS))}, size, ptp, clip and round")

    # Reductions, and what else arrays have.

    @property
    def size(self) -> Traced:
        """How many cells there are."""
        return reduction("len", self)

    def ptp(self, axis: None = None, **options: Any) -> Traced:
        """The greatest value less the least."""
        kept = options_of_reduction("ptp", {"axis": axis, **options})
        return reduction("max", self, **kept) - reduction("min", self, **kept)

    def clip(self, min: Operand = None, max: Operand = None) -> Traced:
        """The nearest value in a range."""
        value = self if min is None else call("max", self, min)
        return value if max is None else call("min", value, max)

    def round(self, decimals: int = 0) -> Traced:
        """The nearest whole number."""
        return self.__round__(decimals)

    def conj(self) -> Traced:
        """Itself."""
        return self

    conjugate = conj


class Selected(Traced):
    """Those cells of a window for which a condition holds."""

    __slots__ = ("condition",)

    def __init__(self, node: Node, condition: Node) -> None:
        super().__init__(node)
        self.condition = condition


#: The reductions, with how many arguments each has beside the window.
REDUCTIONS = {
    **dict.fromkeys(("sum", "prod", "min", "max", "mean", "var", "std", "median", "any", "all", "argmin", "argmax"), 0),
    **dict.fromkeys(("count", "mode", "variety", "entropy"), 0),
    **dict.fromkeys(("rank", "percentile", "trimmed_mean", "nth"), 1),
}


def _method(name: str) -> Callable[..., Traced]:
    def method(self: Traced, *arguments: Operand, **options: Any) -> Traced:
        kept = options_of_reduction(name, options)
        return reduction(name, self, *arguments_of_reduction(name, arguments), **kept)

    method.__name__ = name
    method.__doc__ = f"`{name}` of the cells, or of those for which `where` holds."
    return method


for _name in REDUCTIONS:
    setattr(Traced, _name, _method(_name))


def arguments_of_reduction(name: str, arguments: Sequence[Operand]) -> Sequence[Operand]:
    """The arguments of a reduction beside its window, of which NumPy's functions have an `axis` and others behind."""
    count = REDUCTIONS[name]
    given, others = arguments[:count], arguments[count:]
    if any(each is not None for each in others):
        refuse(f"`{name}` takes {count} arguments beside `where`, not {len(arguments)}: {_NO_AXIS}")
    if len(given) < count:
        refuse(f"`{name}` takes {count} arguments beside `where`, not {len(given)}")
    return given


def options_of_reduction(name: str, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a reduction that a kernel has, without those that say what it does anyway."""
    kept = {}
    for option, value in keywords.items():
        if option == "where":
            kept["where"] = value
        elif value is None or value is False or (option == "method" and value == "linear"):
            continue
        elif option in ("ddof", "correction"):
            if value and name not in ("var", "std"):
                refuse(f"`{name}` takes no `{option}`")
            kept["ddof"] = value
        elif option == "axis":
            refuse(f"`{name}` takes no `axis`: {_NO_AXIS}")
        else:
            refuse(f"`{name}` takes no `{option}` in kernels{_INSTEAD.get(option, '')}")
    return kept


_NO_AXIS = "a window is reduced as a whole, without `axis`, and along one axis only if the call's size or axes say so"

_INSTEAD = {"initial": ": np.maximum(w.max(), value), w.sum() + value and the like take one more value", "out": ": what it gives is new"}


def traced(value: Operand) -> Traced:
    """The value itself, or a constant."""
    if isinstance(value, Selected):
        refuse("cells that w[condition] selects can only be reduced: compute with the window first, or write where=condition")
    if isinstance(value, Traced):
        return value
    if isinstance(value, bool | np.bool_):
        return Traced(Node("name", "true" if value else "false", is_truth=True))
    if isinstance(value, np.ndarray) and value.ndim > 0:
        refuse("an array in a kernel is an argument: `def f(w, *, k=array)` makes it one weight for each cell")
    try:
        number = float(value) if not isinstance(value, str | bytes) else None
    except OverflowError:
        refuse("this number is too large for a kernel, whose numbers are float64")
    except (TypeError, ValueError):
        number = None
    if number is None:
        refuse(f"a kernel computes with numbers and truth values, and not with {value!r}")
    return constant(number)


def constant(value: float) -> Traced:
    """A number."""
    return Traced(Node("number", number_text(value)))


def _number(value: Operand) -> Traced:
    """The value as a number: 0 or 1 for a truth value."""
    given = traced(value)
    if not given._node.is_truth:
        return given
    if given._node.form == "name" and given._node.head in ("true", "false"):
        return constant(float(given._node.head == "true"))
    return where(given, 1, 0)


def truth(value: Operand) -> Traced:
    """The value as a truth value: whether a number is not 0."""
    given = traced(value)
    return given if given._node.is_truth else compare("!=", given, 0)


def _made(form: str, head: str, *operands: Traced, is_truth: bool = False) -> Traced:
    """An expression of every cell of its operands."""
    nodes = tuple(operand._node for operand in operands)
    is_window = any(node.is_window for node in nodes)
    return Traced(Node(form, head, nodes, is_window, is_truth, place=place_of_user()))


def _unary(operator: str, operand: Traced) -> Traced:
    return _made("unary", operator, operand, is_truth=operator == "not")


def arithmetic(operator: str, left: Operand, right: Operand) -> Traced:
    """`left + right` and the like; of two truth values, as NumPy has it."""
    left, right = traced(left), traced(right)
    if left._node.is_truth and right._node.is_truth:
        if operator in _OF_TRUTHS:
            refuse(_OF_TRUTHS[operator])
        if operator == "*":
            return logical("and", left, right)
    return _made("operator", operator, _number(left), _number(right))


#: What NumPy has for operators of two truth values, where that is no number.
_OF_TRUTHS = {
    "+": "to NumPy the sum of two truth values is one, a | b: write that, or hoodoo.where(a, 1, 0) + b to count",
    "-": "NumPy has no difference of truth values: a ^ b is whether they differ, and hoodoo.where(a, 1, 0) - b is a number",
}


def compare(operator: str, left: Operand, right: Operand) -> Traced:
    """`left < right` and the like; whether two truth values are the same."""
    left, right = traced(left), traced(right)
    if not (operator in ("==", "!=") and left._node.is_truth and right._node.is_truth):
        left, right = _number(left), _number(right)
    return _made("operator", operator, left, right, is_truth=True)


def logical(operator: str, left: Operand, right: Operand) -> Traced:
    """`left and right`, `left or right`."""
    return _made("operator", operator, truth(left), truth(right), is_truth=True)


def of_truths(operator: str, *operands: Operand) -> Traced:
    """`a & b`, `a | b`, `a ^ b` and `~a` of truth values; of numbers, they are NumPy's operations on bits."""
    values = [traced(each) for each in operands]
    if operator == "<<" or not all(value._node.is_truth for value in values):
        refuse(
            "the language has no operations on bits: w // 8 % 2 == 1 is whether the bit of 8 is set, and w * 2**n and w // 2**n are shifts; "
            "&, |, ^ and ~ are for truth values, as in (w > 1) & (w < 5), or an input that is annotated as bool"
        )
    match operator:
        case "~":
            return inverse(*values)
        case "^":
            return compare("!=", *values)
    return logical("and" if operator == "&" else "or", *values)


def inverse(value: Operand) -> Traced:
    """`not value`."""
    return _unary("not", truth(value))


def call(function: str, *arguments: Operand, is_truth: bool = False) -> Traced:
    """An elementwise function of numbers."""
    return _made("call", function, *map(_number, arguments), is_truth=is_truth)


def reduction(name: str, window: Operand, *arguments: Operand, where: Operand = None, ddof: float = 0) -> Traced:
    """A reduction of a window, or of those of its cells for which a condition holds."""
    if isinstance(window, Selected):
        condition = Traced(window.condition)
        where = condition if where is None or where is True else condition & where
        window = Traced(window._node)
    value = traced(window)
    if not value._node.is_window:
        refuse(f"`{name}` is of a window, and this is one value for each pixel")
    taken = None if where is None or where is True else truth(where)
    if name == "sum" and value._node.is_truth:
        name = "count"
    of_truth = name in ("count", "any", "all")
    value = truth(value) if of_truth else _number(value)
    if of_truth and taken is not None:
        # What is not selected counts as not true, or for `all` as true.
        value = logical("or", inverse(taken), value) if name == "all" else logical("and", taken, value)
        taken = None
    if ddof:
        of = value - reduction("mean", value, where=taken)
        spread = reduction("sum", of * of, where=taken) / (reduction("len", value, where=taken) - ddof)
        return call("sqrt", spread) if name == "std" else spread
    nodes = (value._node, *(_number(each)._node for each in arguments))
    selected = None if taken is None else taken._node
    is_truth = name in ("any", "all")
    return Traced(Node("call", name, nodes, is_truth=is_truth, condition=selected, place=place_of_user()))


def where(condition: Operand, yes: Operand, no: Operand) -> Traced:
    """In a kernel that is written as a Python function: one value where a condition holds, and another elsewhere.

    >>> import hoodoo
    >>> @hoodoo.kernel
    ... def edges(w, *, t=3):
    ...     return hoodoo.where(w.max() - w.min() > t, 255, 0)
    >>> edges([1, 2, 8, 8], size=3)
    array([  0, 255, 255,   0])
    """
    condition, yes, no = truth(condition), traced(yes), traced(no)
    if not (yes._node.is_truth and no._node.is_truth):
        yes, no = _number(yes), _number(no)
    return _made("if", "", condition, yes, no, is_truth=yes._node.is_truth)


def fold(
    step: Callable[..., Any], window: Operand, *windows: Operand, init: float | Sequence[float], where: Operand = None
) -> Any:
    """In a kernel that is written as a Python function: a loop over the cells of a window.

    Parameters
    ----------
    step : callable
        What the accumulator is after a cell: a function of the accumulator and the cell's element of each window. With several
        accumulators, it is called with a tuple of them, and returns as many values.
    window, *windows : window
        The windows whose elements it sees.
    init : number, or a sequence of numbers
        What the accumulator is at first, or all of them.
    where : window of truth values, optional
        Which cells take part.

    Examples
    --------
    >>> import hoodoo, numpy as np
    >>> @hoodoo.kernel
    ... def least(w):
    ...     return hoodoo.fold(lambda best, v: hoodoo.where(v < best, v, best), w, init=np.inf)
    >>> print(least.source)
    fold best = inf for v in w: if v < best then v else best
    """
    several = not isinstance(init, Traced) and np.ndim(init) > 0
    start: Any = init
    firsts = [_number(each) for each in (start if several else [start])]
    values = [traced(each) for each in (window, *windows)]
    if where is not None:
        values.append(truth(where))
    if any(not value._node.is_window for value in values):
        refuse("hoodoo.fold is over the cells of windows, and this is one value for each pixel")
    if any(first._node.is_window for first in firsts):
        refuse("an accumulator of hoodoo.fold is a number, and not a window")
    accumulators, elements = _names_of(step, len(firsts), len(values), where is not None)
    old = [Traced(Node("name", name, bound=frozenset({name}))) for name in accumulators]
    seen = [
        Traced(Node("name", name, is_truth=value._node.is_truth, bound=frozenset({name})))
        for name, value in zip(elements, values, strict=True)
    ]
    condition = seen.pop()._node if where is not None else None
    result = step(tuple(old) if several else old[0], *seen)
    news = [_number(each) for each in (result if isinstance(result, list | tuple) else [result])]
    if len(news) != len(firsts):
        refuse(f"hoodoo.fold has {len(firsts)} accumulators, and its function returns {len(news)} values")
    if any(new._node.is_window for new in news):
        refuse("an accumulator of hoodoo.fold is a number, and its function returns a window")
    operands = tuple(each._node for each in (*firsts, *values, *news))
    node = Node("fold", "", operands, condition=condition, accumulators=accumulators, elements=elements, place=place_of_user())
    if not several:
        return Traced(node)
    if node.bound:
        refuse("a fold with several accumulators can't be in another fold")
    return tuple(Traced(Node("part", str(index), (node,))) for index in range(len(accumulators)))


def _names_of(step: Callable[..., Any], count: int, width: int, has_condition: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names for the accumulators and the elements of a fold, those of the function's parameters where they can be taken."""
    taken = _current("fold").taken
    try:
        parameters = list(inspect.signature(step).parameters)
    except (TypeError, ValueError):
        parameters = []
    one = parameters[0] if parameters else "a"
    wanted = [one] if count == 1 else [f"{one}_{index}" for index in range(count)]
    elements = parameters[1:] + ["v"] * width
    wanted += elements[: width - has_condition] + ["taken"] * has_condition
    names: list[str] = []
    for name in wanted:
        if not name.isascii() or name in RESERVED:
            name = f"{name}_" if name.isascii() else "x"
        while name in taken:
            name += "_"
        taken.add(name)
        names.append(name)
    return tuple(names[:count]), tuple(names[count:])


def require(condition: Operand) -> None:
    """In a kernel that is written as a Python function: what must hold at every pixel, or else the filter stops with an error."""
    value = truth(condition)
    if value._node.is_window or value._node.bound:
        refuse("hoodoo.require takes one truth value for each pixel: write .all() or .any()")
    _current("require").demands.append(value._node)


def coord(axis: int) -> Traced:
    """In a kernel that is written as a Python function: the pixel's index along an axis."""
    return _neighbourhood("coord", axis)


def extent(axis: int) -> Traced:
    """In a kernel that is written as a Python function: the array's length along an axis."""
    return _neighbourhood("extent", axis)


def offset(axis: int) -> Traced:
    """In a kernel that is written as a Python function: each cell's offset from the pixel along an axis."""
    return _neighbourhood("offset", axis)


def dist() -> Traced:
    """In a kernel that is written as a Python function: each cell's distance from the pixel."""
    return Traced(Node("call", "dist", is_window=True, place=place_of_user()))


def _neighbourhood(name: str, axis: Any) -> Traced:
    if isinstance(axis, Traced) or not isinstance(axis, numbers.Integral):
        refuse(f"the axis of hoodoo.{name} is a whole number")
    return Traced(Node("call", name, (constant(float(axis))._node,), name == "offset", place=place_of_user()))


class Session:
    """While it lasts, a function of these inputs and other arguments is traced, in this thread."""

    def __init__(self, inputs: Sequence[str], others: Sequence[str]) -> None:
        self.inputs = frozenset(inputs)
        #: The names that the elements and accumulators of folds can't have.
        self.taken = {*inputs, *others}
        self.demands: list[Node] = []
        #: How many offsets cells have, once it is known.
        self.axes: int | None = None
        #: The first question that has no answer yet: a function that goes on without one is not what the kernel would be.
        self.refused: TracingError | None = None

    def __enter__(self) -> Session:
        if _session.get() is not None:
            refuse("a kernel can't be made in a function that becomes one: write it as a function, and call that")
        self._token = _session.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _session.reset(self._token)


_session: ContextVar[Session | None] = ContextVar("session", default=None)


def _current(function: str) -> Session:
    session = _session.get()
    if session is None:
        refuse(f"hoodoo.{function} is for functions that hoodoo.kernel makes kernels of")
    return session
