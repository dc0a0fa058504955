"""``hoodoo.kernel``: a Python function becomes a kernel, by being called once with values that record what is done with them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from ._errors import KernelError, TracingError
from ._expression import RESERVED, Node, Place, Text, kernel_text
from ._kernel import Kernel, number
from ._traced import Session, Traced, traced

__all__ = ["kernel"]


def kernel(function: Callable[..., Any]) -> Kernel:
    """A Python function of the window around a pixel, as a kernel.

    The function is called once, here, with values that record what is done with them. So the kernel is what the function has
    computed with its window: calls of other functions are a part of it, and loops over ranges are written out.

    Parameters
    ----------
    function : callable
        Its positional arguments are the kernel's inputs: the windows of one array each, of truth values if it is annotated as
        ``bool``. Keyword arguments, after a ``*``, are params,
        with their defaults; one whose default is an array is weights. It returns the value of the pixel, or a dict, a tuple or a
        named tuple of several. The first line of its docstring becomes a comment.

    Returns
    -------
    Kernel
        As any other, with the function's name and docstring; ``print(kernel.source)`` shows its text.

    Raises
    ------
    TracingError
        At the line of the function that has something that can't be in a kernel: an ``if`` on a value, a changed element, an unknown
        function.

    Notes
    -----
    Windows have operators, reductions as methods, which take ``where=``, and the values around the pixel as ``w[dy, dx]``. NumPy's
    functions take them: `np.median`, `np.where`, `np.abs`, `np.exp`, `np.nanmean`, ... Of whole numbers, ``a // b`` and ``a % b`` are
    NumPy's; they are the language's ``floor(a / b)`` and ``a - floor(a / b) * b``, which of fractional and infinite numbers may differ from
    those of NumPy by their rounding (``1 // 0.1`` is 10, and 9 in NumPy). `hoodoo.where` chooses between two values,
    `hoodoo.fold` is a loop over the cells, `hoodoo.require` a demand, and `hoodoo.coord`, `hoodoo.extent`, `hoodoo.offset` and
    `hoodoo.dist` are those of the language.

    Examples
    --------
    >>> import numpy as np
    >>> import hoodoo
    >>> @hoodoo.kernel
    ... def bright(w, *, t=30):
    ...     m = np.median(w)
    ...     return np.where(w[0] - m > t, m, w[0])
    >>> print(bright.source)
    param t = 30;
    let m = median(w);
    if w[0] - m > t then m else w[0]
    >>> bright([1, 2, 90, 4, 5], size=3)
    array([1, 2, 4, 4, 5])
    """
    if not inspect.isfunction(function):
        raise TypeError(f"hoodoo.kernel makes a kernel of a Python function, and not of {function!r}")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise _at_definition(function, "a kernel returns its value, without `yield` and `async`")
    arguments = _Arguments.of(function)
    with Session(arguments.inputs, [*arguments.params, *arguments.weights]) as session:
        result, names, line = _called(function, arguments)
        if session.refused is not None:
            raise session.refused.with_traceback(None)
        outputs = _outputs(result, Place(function.__code__.co_filename, line), function.__name__)
    try:
        text = kernel_text(arguments.declarations(), session.demands, outputs, names)
    except RecursionError:
        message = "this is nested too deeply for a kernel: hoodoo.fold is a loop over the cells, and a sum needs no nesting"
        raise _at_definition(function, message) from None
    comment = (inspect.getdoc(function) or "").partition("\n")[0].strip()
    source = f"# {comment}\n{text.source}" if comment else text.source
    try:
        made = Kernel(source, **arguments.weights)
    except KernelError as error:
        raise _at_its_line(error, text, len(source) - len(text.source), function) from error
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        # It does not change, but here it is new.
        object.__setattr__(made, name, getattr(function, name))
    return made


#: What can't be a param, as a call would take it for its own.
_OPTIONS = frozenset(
    name for name, parameter in inspect.signature(Kernel.__call__).parameters.items() if parameter.kind is inspect.Parameter.KEYWORD_ONLY
)


class _Arguments:
    """The arguments of a function, as the declarations of a kernel."""

    def __init__(self) -> None:
        self.inputs: list[str] = []
        #: Those that are annotated as ``bool``.
        self.booleans: set[str] = set()
        self.params: dict[str, float | None] = {}
        self.weights: dict[str, Any] = {}

    @staticmethod
    def of(function: Callable[..., Any]) -> _Arguments:
        arguments = _Arguments()
        for name, parameter in inspect.signature(function).parameters.items():
            if not name.isascii() or name in RESERVED:
                raise _at_definition(function, f"`{name}` has a meaning in the language: the argument needs another name")
            if name in _OPTIONS and parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                raise _at_definition(function, f"`{name}` is an option of a kernel's call: the param needs another name, as `{name}_`")
            arguments._add(function, name, parameter)
        if not arguments.inputs:
            raise _at_definition(function, "a kernel has an input: the first argument of the function, without a default")
        return arguments

    def _add(self, function: Callable[..., Any], name: str, parameter: inspect.Parameter) -> None:
        default = parameter.default
        match parameter.kind:
            case inspect.Parameter.KEYWORD_ONLY if default is inspect.Parameter.empty or default is None:
                self.params[name] = None
            case inspect.Parameter.KEYWORD_ONLY if np.ndim(default) > 0:
                self.weights[name] = default
            case inspect.Parameter.KEYWORD_ONLY:
                try:
                    self.params[name] = number(default, f"the default of `{name}`")
                except TypeError as error:
                    raise _at_definition(function, str(error)) from None
            case inspect.Parameter.VAR_POSITIONAL | inspect.Parameter.VAR_KEYWORD:
                raise _at_definition(function, f"a kernel has a fixed number of arguments: write each instead of `*{name}`")
            case _ if default is not inspect.Parameter.empty:
                raise _at_definition(function, f"`{name}` has a default, so it is a param: write `*, {name}={default!r}`")
            case _:
                self.inputs.append(name)
                if parameter.annotation in (bool, "bool", np.bool_, "np.bool_"):
                    self.booleans.add(name)

    def declarations(self) -> list[str]:
        """The items that declare them."""
        inputs = [f"{name}: bool" if name in self.booleans else name for name in self.inputs]
        items = [] if inputs == ["w"] else [f"input {', '.join(inputs)}"]
        for name, value in self.params.items():
            text = "" if value is None else f" = {traced(value)._node.head}"
            items.append(f"param {name}{text}")
        return items + [f"weights {name}" for name in self.weights]

    def values(self) -> tuple[list[Traced], dict[str, Traced]]:
        """What the function is called with."""
        windows = [Traced(Node("name", name, is_window=True, is_truth=name in self.booleans)) for name in self.inputs]
        others = {name: Traced(Node("name", name)) for name in self.params}
        return windows, others | {name: Traced(Node("name", name, is_window=True)) for name in self.weights}


def _called(function: Callable[..., Any], arguments: _Arguments) -> tuple[Any, dict[int, str], int]:
    """What the function returns, the names of its variables by the numbers of their nodes, and in which line it returns."""
    windows, others = arguments.values()
    names: dict[int, str] = {}
    line = function.__code__.co_firstlineno

    def on_return(frame: FrameType, event: str, _: Any) -> None:
        nonlocal line
        if event == "return" and frame.f_code is function.__code__:
            names.update(_names(frame.f_locals))
            line = frame.f_lineno

    before = sys.getprofile()
    sys.setprofile(on_return)
    try:
        result = function(*windows, **others)
    except TracingError as error:
        sys.setprofile(before)
        # Without what this package did after the user's line.
        raise error.with_traceback(_until(error.__traceback__, error)) from None
    finally:
        sys.setprofile(before)
    return result, names, line


def _names(variables: Mapping[str, Any]) -> dict[int, str]:
    """The names that can stand in a kernel, by the numbers of their nodes."""
    names: dict[int, str] = {}
    for name, value in variables.items():
        if isinstance(value, Traced) and name.isascii() and name not in RESERVED:
            names.setdefault(value._node.number, name)
    return names


def _outputs(result: Any, place: Place, function: str) -> list[tuple[str | None, Node]]:
    """The outputs that a function of this name returns at a place, with their names."""
    if isinstance(result, Mapping):
        listed: Iterable[tuple[Any, Any]] = result.items()
    elif isinstance(result, tuple) and hasattr(result, "_fields"):
        listed = zip(result._fields, result, strict=True)
    elif isinstance(result, list | tuple):
        listed = ((None, each) for each in result)
    else:
        listed = [(None, result)]
    outputs: list[tuple[str | None, Node]] = []
    for name, value in listed:
        if name is not None and not (isinstance(name, str) and name.isidentifier() and name.isascii() and name not in RESERVED):
            raise _error(f"an output can't have the name {name!r}, which has a meaning in the language or is no name", place)
        if value is None:
            raise _error(f"{function} returns nothing, or None", place)
        try:
            node = traced(value)._node
        except TracingError as error:
            raise _error(error.message, place) from None
        if node.is_window:
            wanted = f"write {value._node.head if node.form == 'name' else 'w'}.mean() or another reduction of it"
            raise _error(f"{function} returns a window, and a pixel has one value: {wanted}", node.place or place)
        outputs.append((name, node))
    if not outputs:
        raise _error(f"{function} returns no output", place)
    return outputs


def _error(message: str, place: Place) -> TracingError:
    return TracingError(message, place.file, place.line)


def _at_definition(function: Callable[..., Any], message: str) -> TracingError:
    code = function.__code__
    return TracingError(message, code.co_filename, code.co_firstlineno)


def _at_its_line(error: KernelError, text: Text, before: int, function: Callable[..., Any]) -> TracingError:
    """What is wrong with the text of a kernel, at the line that it comes from."""
    code = function.__code__
    place = text.place(error.span[0] - before) or Place(code.co_filename, code.co_firstlineno)
    return TracingError(error.message, place.file, place.line)


def _until(traceback: TracebackType | None, error: TracingError) -> TracebackType | None:
    """The traceback up to the line that an error is about."""
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    ours = [index for index, each in enumerate(frames) if each.tb_frame.f_code.co_filename == error.filename]
    kept: TracebackType | None = None
    for each in reversed(frames[: ours[-1] + 1] if ours else frames):
        kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return kept
