"""A kernel on its own result, again and again."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._arrays import mask
from ._kinds import as_numpy, is_dask, is_xarray
from ._masked import element_for, has_mask
from ._outputs import arrays_for, counted, gives_arrays

if TYPE_CHECKING:
    from ._kernel import Kernel

#: More runs than most kernels need until they change nothing.
MOST = 10_000

#: To write a smaller result into an array that is there takes longer than to make a new one.
_LEAST_ELEMENTS = 1 << 16


class Repeated(NamedTuple):
    """What `Kernel.repeat` gives."""

    #: The last result.
    result: Any
    #: How many runs there were, without the one that changed nothing.
    runs: int


def repeated(
    kernel: Kernel,
    images: tuple[Any, ...],
    iterations: Any,
    report: Callable[[float], object] | None,
    options: Mapping[str, Any],
) -> Repeated:
    """Calls the kernel with its last result as the first image, so many times, or until nothing changes; the other images stay."""
    most, until_stable = _most_runs(iterations)
    if most == 1 and not until_stable:
        return Repeated(kernel(*images, **options, progress=report), 1)
    _check(kernel, images, until_stable)
    output = options["output"]
    into = None
    if gives_arrays(output) and not _is_lazy(images):
        _check_output(kernel, images, options)
        into = output
        options = {**options, "output": into.dtype}
    before, spare, runs = images[0], None, 0
    while until_stable or runs < most:
        given = options if spare is None else {**options, "output": spare, "dtype": None}
        is_last = not until_stable and runs + 1 == most
        if is_last and into is not None:
            given = {**options, "output": into}
        is_told = not is_last and _mask_tells(before, options)
        if is_told:
            given = {**options, "mask": None}
            before = np.ma.MaskedArray(before, mask(options["mask"], "mask"))
        after = kernel(before, *images[1:], **given, progress=_part(report, runs, most))
        absent, is_filled = None, False
        if is_told:
            before, after, absent = np.ma.getdata(before), np.ma.getdata(after), np.ma.getmaskarray(after)
        if not is_last:
            _check_shape(before, after)
            options, is_filled = _without_filled(after, absent, options, until_stable)
        is_stable = until_stable and not is_filled and _alike(before, after)
        if until_stable and not is_stable and runs == most:
            raise RuntimeError(f"not stable after {most} runs; iterations='stable:N' is for N at most")
        # Two arrays in turn, of which none is the caller's.
        spare = before if runs > 0 and _can_be_written(before) else None
        before = after
        if is_stable:
            break
        runs += 1
    if until_stable and report is not None:
        report(1.0)
    if into is None:
        return Repeated(before, runs)
    if until_stable and has_mask(into):
        # It changes nothing once more, and the call says where there is no value.
        kernel(before, *images[1:], **{**options, "output": into})
    elif until_stable:
        into[...] = np.ma.getdata(before)
    return Repeated(into, runs)


def _most_runs(iterations: Any) -> tuple[int, bool]:
    """How many runs there are, or may be until nothing changes."""
    try:
        if isinstance(iterations, str):
            word, _, most = iterations.partition(":")
            if word != "stable":
                raise ValueError
            count = int(most) if most else MOST
        else:
            count = operator.index(iterations)
    except (TypeError, ValueError):
        raise TypeError(f"iterations must be a number of runs, 'stable', or 'stable:N', not {iterations!r}") from None
    if count < 1:
        raise ValueError(f"iterations: there must be 1 run at least, not {count}")
    return count, isinstance(iterations, str)


def _check(kernel: Kernel, images: tuple[Any, ...], until_stable: bool) -> None:
    if len(kernel.outputs) > 1:
        raise ValueError(f"iterations: the kernel has {counted(kernel.outputs, 'output')}, and the next run has one in the place of its first input")
    if until_stable and _is_lazy(images):
        raise TypeError("iterations: whether a Dask array is stable is known when it is computed; say how many runs, as iterations=10")


def _is_lazy(images: tuple[Any, ...]) -> bool:
    return any(is_dask(image.data if is_xarray(image) else image) for image in images)


def _check_output(kernel: Kernel, images: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    """Raises what a call without iterations raises for its output, before the first run takes its time."""
    output = options["output"]
    try:
        shape = images[0].shape if is_xarray(images[0]) else np.broadcast_shapes(*map(np.shape, images))
    except ValueError:
        # The call itself says what is wrong with the images.
        return
    arrays_for(kernel.outputs, output, options.get("dtype"), shape, [np.dtype(np.float64)])
    if not output.flags.writeable:
        raise ValueError("output array is read-only")


def _check_shape(before: Any, after: Any) -> None:
    shapes = np.shape(before), np.shape(after)
    if shapes[0] != shapes[1] and len(shapes[0]) == len(shapes[1]):
        raise ValueError(f"iterations: the result has the shape {shapes[1]}, and the first input, which it is in the next run, {shapes[0]}")


def _mask_tells(image: Any, options: Mapping[str, Any]) -> bool:
    """Whether a run of a masked array tells which pixels are filled, which integers don't: it is like that of the image with its mask."""
    missing = options.get("mask")
    if missing is None or not options.get("fill") or options.get("nodata") is not None:
        return False
    return type(image) is type(missing) is np.ndarray and image.shape == missing.shape and image.dtype.kind not in "mM"


def _without_filled(after: Any, absent: Any, options: Mapping[str, Any], asks: bool) -> tuple[Mapping[str, Any], bool]:
    """What the next run is told, for which pixels that were computed from the cells around have values, as in masked arrays; and
    whether there are such pixels, if that is asked. `absent` says which have none, if that is known.
    """
    missing = options.get("mask")
    if missing is None or not options.get("fill"):
        return options, False
    if not (is_xarray(missing) or is_dask(missing)):
        missing = mask(missing, "mask")
    if absent is None:
        absent = _absent(after, missing, options)
    return {**options, "mask": absent & missing}, asks and bool((~absent & missing).any())


def _absent(after: Any, missing: Any, options: Mapping[str, Any]) -> Any:
    """Which pixels of a result with `fill` have no value. A number for no value says it itself."""
    from ._kernel import kernel_of

    if has_mask(after):
        return np.broadcast_to(after.mask, after.shape)
    values = after if is_xarray(after) or is_dask(after) else as_numpy(after)
    nodata = options.get("nodata")
    if nodata is not None and nodata == nodata:
        return values == element_for(float(nodata), values.dtype)
    if values.dtype.kind == "f" or (options.get("size") is None and options.get("footprint") is None):
        return values != values
    window = {name: options[name] for name in ("size", "footprint", "mode", "origin", "axes") if name in options}
    return kernel_of("len(w)")(values, mask=missing, fill=True, dtype=np.float64, **window) == 0


def _can_be_written(array: Any) -> bool:
    return type(array) is np.ndarray and array.dtype.kind not in "mM" and array.size > _LEAST_ELEMENTS


def _alike(before: Any, after: Any) -> bool:
    """Whether two results have the same values, and lack them at the same pixels. NaN is no change of NaN."""
    if has_mask(before) or has_mask(after):
        one, two = np.ma.getmaskarray(before), np.ma.getmaskarray(after)
        return np.array_equal(one, two) and _alike(np.ma.getdata(before)[~one], np.ma.getdata(after)[~two])
    one, two = (as_numpy(each.data if is_xarray(each) else each) for each in (before, after))
    return np.array_equal(one, two, equal_nan=True)


def _part(report: Callable[[float], object] | None, runs: int, most: int) -> Callable[[float], object] | None:
    """What is told of a run, as a part of all, or of all that may be needed."""
    return None if report is None else lambda part: report((runs + part) / most)
