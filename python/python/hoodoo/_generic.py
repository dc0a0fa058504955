"""``generic_filter`` and ``generic_filter1d``: the values of any function of a window, or of a line."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy import LowLevelCallable

from . import _scipy
from ._arrays import Array, readable
from ._hoodoo import Callback, Filter, call_line, is_nameless_capsule
from ._kernel import Kernel, number, with_params
from ._masked import is_masked
from ._outputs import run_into

if TYPE_CHECKING:
    from ._hoodoo import Options

__all__ = ["generic_filter", "generic_filter1d"]

#: The options of kernels, as they are if nobody says.
_DEFAULTS = {"cast": "wrap", "threads": 0, "precision": "exact"}

Function: TypeAlias = str | Kernel | LowLevelCallable | Callable[..., Any]


def generic_filter(
    input: ArrayLike,
    function: Function,
    size: Any = None,
    footprint: ArrayLike | None = None,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int | Sequence[int] = 0,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
    *,
    axes: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    cast: Literal["wrap", "saturate"] = "wrap",
    threads: int = 0,
    precision: Literal["exact", "single"] = "exact",
    **params: ArrayLike,
) -> Any:
    """The values of a function of the window around each pixel, as ``scipy.ndimage.generic_filter``.

    Parameters
    ----------
    function : str, Kernel, scipy.LowLevelCallable or callable
        A kernel, or what SciPy takes: a C function, or a Python function of a 1-D array of the window's values.
    extra_arguments : tuple
        More arguments for a Python function.
    extra_keywords : dict
        Keyword arguments for a Python function; for a kernel, its params and weights.
    dtype : dtype, optional
        The type of the result; another way to say `output`.
    cast, threads, precision
        For kernels, as where a `Kernel` is called; but integers are truncated and wrapped, as in SciPy, unless `cast` says otherwise.
    **params
        More params and weights of a kernel, by their names.

    The other arguments are those of ``scipy.ndimage.generic_filter``. With a kernel, ``mode`` may also be ``shrink`` or ``valid``; several outputs are a named tuple,
    for which ``output`` may be a sequence.

    Examples
    --------
    >>> import hoodoo
    >>> hoodoo.generic_filter([1, 5, 2, 8], "max(w) - min(w)", size=3)
    array([4, 4, 6, 6])
    >>> hoodoo.generic_filter([1, 5, 2, 8], lambda window: window.max() - window.min(), size=3)
    array([4, 4, 6, 6])
    """
    _scipy.warn_of_size(size, footprint, stacklevel=2)
    _check_extras(extra_arguments, extra_keywords)
    masked = isinstance(function, str | Kernel) and is_masked(input)
    image = _scipy.real_input(np.ma.getdata(input) if masked else input)
    along = _scipy.axes_of(axes, image.ndim)
    mask = _scipy.mask_for(size, footprint, along)
    along, origins = _scipy.placed(mask, origin, along, image.ndim)
    kernel = _kernel(function, extra_arguments, {**(extra_keywords or {}), **params} if params else extra_keywords)
    if dtype is not None:
        if output is not None:
            raise TypeError("`dtype` and `output` can't both be given")
        output = np.dtype(dtype)
    options: dict[str, Any] = {"cast": cast, "threads": threads, "precision": precision}
    if kernel is None:
        _refuse_kernels_options(params, options)
    mode = _scipy.checked_mode(mode, own=kernel is not None)
    if kernel is not None:
        window: dict[str, Any] = {"footprint": mask, "mode": mode, "cval": cval, "origin": origins, "axes": along}
        if mode == "valid" or len(kernel.outputs) > 1 or masked:
            # The kernel knows the shape of what is valid, how to return several outputs, and what a mask is.
            return kernel(input if masked else image, output=output, dtype=image.dtype if output is None else None, **window, **options)
        target = _scipy.output_for(output, image)
        return _scipy.filtered(kernel, image, target, own=True, options=options, **window)
    target = _scipy.output_for(output, image)
    callback = _callback(function, extra_arguments, extra_keywords)
    _scipy.check_types(image, target)
    called: Options = {
        "size": None,
        "footprint": mask,
        "mode": mode,
        "cval": number(cval, "cval"),
        "origin": origins,
        "axes": along,
        "params": {},
        "weights": {},
        "cast": "wrap",
        "engine": "auto",
        "precision": "exact",
        "threads": 1,
        "mask": None,
        "nodata": None,
        "fill": False,
        "stride": 1,
        "region": (),
    }
    run_into(Filter(callback, called), [readable(_scipy.as_numbers(image))], [_scipy.as_numbers(target)])
    return target


def generic_filter1d(
    input: ArrayLike,
    function: Function,
    filter_size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
    extra_arguments: tuple[Any, ...] = (),
    extra_keywords: dict[str, Any] | None = None,
) -> Any:
    """The values of a function of each line of an array, as ``scipy.ndimage.generic_filter1d``.

    Parameters
    ----------
    function : str, Kernel, scipy.LowLevelCallable or callable
        A kernel, whose window has ``filter_size`` cells along the line; or what SciPy takes: a C function, or a Python
        function of two 1-D arrays, of which the first is the line, extended at both ends, and the second gets the
        values.
    extra_arguments : tuple
        More arguments for a Python function.
    extra_keywords : dict
        Keyword arguments for a Python function; for a kernel, its params and weights.

    The other arguments are those of ``scipy.ndimage.generic_filter1d``.

    Examples
    --------
    >>> import hoodoo
    >>> hoodoo.generic_filter1d([1, 5, 2, 8], "max(w)", 3)
    array([5, 5, 8, 8])
    """
    _check_extras(extra_arguments, extra_keywords)
    masked = isinstance(function, str | Kernel) and is_masked(input)
    image = _scipy.real_input(np.ma.getdata(input) if masked else input)
    # Those of NumPy would wrap around below 0.
    filter_size, origin = operator.index(filter_size), operator.index(origin)
    if filter_size < 1:
        raise RuntimeError("invalid filter size")
    axis = _scipy.axis_of(axis, image.ndim)
    _scipy.check_origin(origin, filter_size)
    mode = _scipy.checked_mode(mode)
    cval = number(cval, "cval")
    kernel = _kernel(function, extra_arguments, extra_keywords)
    window: dict[str, Any] = {"size": filter_size, "mode": mode, "cval": cval, "origin": origin, "axes": axis}
    if kernel is not None and (len(kernel.outputs) > 1 or masked):
        return kernel(input if masked else image, output=output, dtype=image.dtype if output is None else None, cast="wrap", **window)
    target = _scipy.output_for(output, image)
    if kernel is not None:
        return _scipy.filtered(kernel, image, target, own=True, **window)
    _scipy.check_types(image, target)
    if not target.flags.writeable:
        raise ValueError("output array is read-only")
    if image.size == 0:
        return target
    capsule = _capsule(function)
    before = filter_size // 2 + origin
    after = filter_size - 1 - before
    inputs = _extended(_scipy.as_numbers(image), axis, before, after, mode, cval)
    # Line after line as contiguous memory.
    inputs = np.moveaxis(inputs, axis, -1)
    values = np.empty((*inputs.shape[:-1], image.shape[axis]))
    for index in np.ndindex(inputs.shape[:-1]):
        line = np.array(inputs[index])
        if capsule is not None:
            call_line(capsule, line, values[index])
        else:
            function(line, values[index], *extra_arguments, **(extra_keywords or {}))  # type: ignore[operator]
    # The pixel itself, so that values are cast as they are elsewhere.
    itself = Kernel(f"w[{', '.join('0' * values.ndim)}]")
    itself(np.moveaxis(values, -1, axis), output=_scipy.as_numbers(target), cast="wrap")
    return target


def _check_extras(arguments: Any, keywords: Any) -> None:
    """Refuses what SciPy refuses, as it does."""
    if not isinstance(arguments, tuple):
        raise RuntimeError("extra_arguments must be a tuple")
    if keywords is not None and not isinstance(keywords, dict):
        raise RuntimeError("extra_keywords must be a dictionary")


def _refuse_kernels_options(params: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """A function that is no kernel has none of a kernel's options."""
    given = [*params, *(name for name, default in _DEFAULTS.items() if options[name] != default)]
    if given:
        raise TypeError(f"`{given[0]}` is for kernels; what a Python function gets are `extra_arguments` and `extra_keywords`")


def _kernel(
    function: Function, extra_arguments: Sequence[Any], extra_keywords: Mapping[str, Any] | None
) -> Kernel | None:
    """The kernel that a function is, if it is one, with the keywords as its params and weights."""
    if isinstance(function, str):
        function = Kernel(function)
    elif not isinstance(function, Kernel):
        return None
    if len(extra_arguments) > 0:
        raise TypeError("a kernel's params are keywords: `extra_arguments` must be empty")
    return with_params(function, extra_keywords or {})


def _capsule(function: object) -> object | None:
    """The capsule of a C function; none for a Python function."""
    if isinstance(function, LowLevelCallable):
        capsule: object = tuple.__getitem__(function, 0)
        return capsule
    if is_nameless_capsule(function):
        # SciPy took these before there were signatures, and still does.
        return function
    if not callable(function):
        raise ValueError("invalid callable given")
    return None


def _callback(function: Any, arguments: Sequence[Any], keywords: Mapping[str, Any] | None) -> Callback:
    """What the filter calls for each pixel."""
    capsule = _capsule(function)
    if capsule is not None:
        return Callback.c(capsule)
    return Callback.python(function, tuple(arguments), dict(keywords or {}))


def _extended(image: Array, axis: int, before: int, after: int, mode: str, cval: float) -> Array:
    """The image in float64, with what is outside at both ends of an axis."""
    length = image.shape[axis]
    inside = np.arange(-before, length + after)
    outside = (inside < 0) | (inside >= length)
    if mode in ("reflect", "grid-mirror"):
        inside = inside % (2 * length)
        inside = np.minimum(inside, 2 * length - 1 - inside)
    elif mode == "mirror":
        period = max(2 * length - 2, 1)
        inside = inside % period
        inside = np.minimum(inside, period - inside)
    elif mode in ("wrap", "grid-wrap"):
        inside = inside % length
    else:
        inside = inside.clip(0, length - 1)
    extended = np.take(image, inside, axis).astype(np.float64)
    if mode in ("constant", "grid-constant"):
        np.moveaxis(extended, axis, -1)[..., outside] = cval
    return extended
