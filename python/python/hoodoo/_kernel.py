"""``Kernel``: a program with its params, called with arrays."""

from __future__ import annotations

import functools
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ._arrays import Array, is_direct, mask, readable, type_name
from ._beside import as_array
from ._booleans import of_numbers, program_of
from ._hoodoo import Filter, Program
from ._kinds import as_numpy, back_to, check_holds, check_labels, is_dask, is_plain, is_xarray
from ._masked import NOTHING_MISSING, Missing, has_mask, is_masked, mask_outputs
from ._outputs import arrays_for, counted, gives_arrays, named, run_into
from ._prepared import is_plain_target, prepare, usual
from ._repeat import Repeated, repeated
from ._settings import options_of
from ._times import Times, is_time
from ._told import Told, outputs_to_tell, warn_of_nan
from ._types import cells_of_window, output_types
from ._window import Mode, axes_of_window, cells_of, check_weights, check_window, steps_of

if TYPE_CHECKING:
    from ._hoodoo import Options, Prepared

Progress = bool | Callable[[float], object] | None


class Kernel:
    """A kernel: what one pixel of the output is, in terms of the window of values around it.

    ``w`` is the window, ``w[0, 1]`` its cell at that offset from the pixel. Windows and numbers have operators (``+ - * / % **``,
    comparisons, ``and or not``) and ``if c then a else b``. Reductions (``sum prod min max mean var std median rank percentile
    trimmed_mean count any all argmin argmax nth len mode variety entropy``) may have a condition, as in ``mean(w where w > 3)``. Names
    are given by ``let m = mean(w);``, numbers that are set for a run by ``param t = 0.5;``. `hoodoo.language()` is the whole language.

    Parameters
    ----------
    source : str
        The program.
    **params : float or array_like
        Values for the kernel's params and weights. Those that are not given here have their defaults, or are given
        where the kernel is called.

    Raises
    ------
    KernelError
        If the source is not right. A kernel that uses an input as booleans without saying so (``input x, bad; median(x where not bad)``)
        is right for arrays of bool; for numbers it is an error where it is called.
    TypeError
        For a param that the kernel does not have.

    Notes
    -----
    A kernel does not change. It can be called by several threads at once, compared, hashed, and pickled.

    Examples
    --------
    >>> import numpy as np
    >>> from hoodoo import Kernel
    >>> smooth = Kernel("param t = 1; mean(w where abs(w - w[0, 0]) < t)", t=5)
    >>> smooth
    Kernel('param t = 1; mean(w where abs(w - w[0, 0]) < t)', t=5.0)
    >>> smooth(np.array([[1.0, 2.0, 3.0, 90.0, 91.0]]), size=(1, 3))
    array([[ 1.33333333,  2.        ,  2.5       , 90.5       , 90.66666667]])

    Several outputs are a named tuple:

    >>> low, high = Kernel("low: min(w), high: max(w)")([1, 5, 2], size=3)
    >>> high
    array([5, 5, 5])
    """

    __slots__ = ("__dict__", "_booleans", "_hash", "_inputs", "_outputs", "_params", "_program", "_source", "_weights")

    _hash: int
    _source: str
    _booleans: tuple[int, ...]
    _program: Program
    _inputs: tuple[str, ...]
    _outputs: tuple[str, ...]
    _params: dict[str, float]
    _weights: dict[str, NDArray[np.float64]]

    def __init__(self, source: str, /, **params: ArrayLike) -> None:
        if not isinstance(source, str):
            raise TypeError(f"the source must be a str, not {type(source).__name__}")
        program, booleans = program_of(source)
        numbers, weights = _bound(program, params)
        for name, value in (
            ("_source", source),
            ("_booleans", booleans),
            ("_program", program),
            ("_inputs", tuple(program.inputs)),
            ("_outputs", tuple(program.outputs)),
            ("_params", numbers),
            ("_weights", weights),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def from_file(cls, path: str | PathLike[str], **params: ArrayLike) -> Kernel:
        """The kernel in a file, which mostly has a name that ends in ``.hood``, with values for params and weights.

        What comments in front of it ask for (``# options: --size 5``) is taken by the command line. A call in Python says
        all of its arguments itself; they are at hand as `options`.
        """
        # A number would be that of a file that is open.
        with open(os.fspath(path), encoding="utf-8-sig") as file:
            return cls(file.read(), **params)

    @property
    def source(self) -> str:
        """The text of the program."""
        return self._source

    @property
    def options(self) -> dict[str, Any]:
        r"""The arguments that the comments in front of the program ask for, for calls that want them.

        >>> kernel = Kernel("# options: --size 3 --mode nearest\nmedian(w)")
        >>> kernel.options
        {'size': 3, 'mode': 'nearest'}
        >>> kernel([1, 9, 2, 3], **kernel.options)
        array([1, 2, 3, 3])
        """
        return options_of(self.source)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return self._inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs; one without a name has its position."""
        return self._outputs

    @property
    def params(self) -> Mapping[str, float | None]:
        """The scalar params, each with the value that it was given or its default, if it has one."""
        return MappingProxyType({**dict(self._program.params), **self._params})

    @property
    def weights(self) -> Mapping[str, NDArray[np.float64] | None]:
        """The weights vectors, each with the values that it was given, if it was."""
        return MappingProxyType({name: self._weights.get(name) for name in self._program.weights})

    def __call__(
        self,
        /,
        *images: ArrayLike,
        size: SupportsIndex | Iterable[SupportsIndex] | None = None,
        footprint: ArrayLike | None = None,
        output: Any = None,
        mode: Mode | Sequence[Mode] = "reflect",
        cval: float = 0.0,
        origin: SupportsIndex | Iterable[SupportsIndex] = 0,
        axes: SupportsIndex | Iterable[SupportsIndex] | None = None,
        stride: SupportsIndex | Iterable[SupportsIndex] = 1,
        iterations: SupportsIndex | str | None = None,
        dtype: DTypeLike | None = None,
        mask: ArrayLike | None = None,
        nodata: float | None = None,
        fill: bool = False,
        cast: Literal["saturate", "wrap"] = "saturate",
        threads: SupportsIndex = 0,
        engine: Literal["auto", "rows", "callback", "interpreter"] = "auto",
        precision: Literal["exact", "single"] = "exact",
        progress: Progress = None,
        **params: ArrayLike,
    ) -> Any:
        """Filter arrays.

        Parameters
        ----------
        *images : array_like
            One array for each input of the kernel, of shapes that NumPy's rules of broadcasting make one; of bool, integers,
            or floats of 16 to 64 bits. Series and DataFrames of pandas, which must have the same labels, labelled arrays of xarray, and
            arrays that have ``__dlpack__``, such as those of PyTorch and JAX, give such as a result; a Dask array is filtered lazily, by
            `hoodoo.dask`. Masked arrays give masked arrays, as if their masks were given as `mask`. Dates and durations of NumPy can only
            be chosen, as by ``max`` or ``mode``, and NaT has no value, nor has what is outside in mode ``constant``. What would lose a
            unit, and what is in the memory of a GPU, is refused.
        size : int or sequence of int, optional
            A window of this length along every axis, or of these lengths.
        footprint : array_like of bool, or str, optional
            A window of the cells where this is true, or of those of a shape such as ``"disk:2"``, which `hoodoo.footprint` lists. One
            of the two is needed, unless the kernel reads fixed cells only.
        output : array, dtype, or a sequence of these for several outputs, optional
            Where to write, or of which type the result is. It may overlap the images. A masked array gets a mask, too; in a plain one,
            pixels without a value have what `mask` and `nodata` say of them below.
        mode : str or sequence of str
            What is outside the array, for all axes or for each: ``reflect``, ``mirror``, ``nearest``, ``wrap`` and
            ``constant`` as in SciPy; in mode ``shrink`` windows have the cells inside only; in mode ``valid`` the
            output has only pixels all of whose cells are inside.
        cval : float
            The value outside in mode ``constant``.
        origin : int or sequence of int
            Moves the window: a positive origin toward lower indices.
        axes : int or sequence of int, optional
            Filters along these axes only.
        stride : int or sequence of int
            Computes only every n-th pixel along all axes, or along each of those of the window: what ``[::n]`` takes of the whole
            result. Rows that are not wanted are not computed.
        iterations : int, or str, optional
            How often the kernel is run, by default once, each time with the last result as its first image; the others stay.
            ``"stable"`` runs it until nothing changes, which must be within 10,000 runs, or N with ``"stable:N"``; `repeat` tells
            how many it took. What `fill` has computed has a value in the next run.
        dtype : dtype, optional
            The type of all outputs. By default it is that of the first image; if that is of integers and an output need not be whole,
            as a mean, the output is float32 for integers of 8 and 16 bits, and else float64.
        mask : array_like of bool, optional
            Which cells have no value: those where this is true; for labelled arrays it may have labels. They take no part, as cells
            outside in mode ``shrink``: reductions are over the others, and a ``w[dy, dx]`` that is missing is NaN. A pixel whose own cell is
            missing keeps its value.
        nodata : float, optional
            The number that stands for no value: cells that have it are missing, too, and pixels that have no value get it: those
            whose own cell is missing, that see no cell, or whose value is NaN. With NaN, cells that are NaN are missing.
        fill : bool
            Whether pixels whose own cell is missing are computed from the cells around.
        cast : {'saturate', 'wrap'}
            How values become integers: rounded and clamped, or truncated and wrapped as SciPy does.
        threads : int
            The greatest number of threads; 0 for one on each core.
        engine : {'auto', 'rows', 'callback', 'interpreter'}
            What runs the kernel.
        precision : {'exact', 'single'}
            Whether to compute in f32 what needs f64.
        progress : bool or callable, optional
            True for a progress bar, if tqdm is installed, or a function that is called with the part that is done,
            from 0 to 1.
        **params : float or array_like
            Values for params, and for weights: one for each cell of the footprint or of its bounding box. A param with
            the name of an argument is given to `Kernel` itself. One called ``iterations`` must be before the call's own is taken.

        Returns
        -------
        ndarray or named tuple of ndarray

        Raises
        ------
        KernelError, ValueError
            For what is not right in the kernel, or in an argument; for numbers, too, where the kernel has booleans.
        TypeError
            For arrays of other types, and params that the kernel does not have; for `iterations` that may be a param's value.
        RuntimeError
            If an assertion of the kernel does not hold at some pixel, or a kernel is not stable after the most runs.
        """
        if iterations is not None:
            self._check_is_option("iterations")
        if iterations is not None and (type(iterations) is not int or iterations != 1):
            window: dict[str, Any] = {"size": size, "footprint": footprint, "mode": mode, "cval": cval, "origin": origin, "axes": axes}
            window |= {"stride": stride, "dtype": dtype, "mask": mask, "nodata": nodata, "fill": fill, "cast": cast, "threads": threads}
            more = {"output": output, "engine": engine, "precision": precision, "progress": progress, **params}
            return self.repeat(*images, iterations=iterations, **window, **more).result
        if len(images) != len(self._inputs):
            raise TypeError(f"the kernel has {counted(self._inputs, 'input')}, not {len(images)}")
        usually = mask is None and nodata is None and type(stride) is int and stride == 1 and not progress
        if usually and (output is None or dtype is None and len(self._outputs) == 1 and is_plain_target(output)):
            wanted = dtype if output is None else output.dtype
            once = usual(self, images, size, footprint, mode, cval, origin, axes, wanted, params, cast, threads, engine, precision)
            if once is not None and output is None:
                return once(*images)
            if once is not None and output.shape == once.output_shape:
                return once(*images, output=output)
        options: dict[str, Any] = {
            "size": size,
            "footprint": footprint,
            "mode": mode,
            "cval": cval,
            "origin": origin,
            "axes": axes,
            "stride": stride,
            "cast": cast,
            "engine": engine,
            "precision": precision,
        }
        if not all(map(is_plain, images)):
            absent = {"mask": mask, "nodata": nodata, "fill": fill}
            elsewhere = _elsewhere(self, images, options, absent, output, dtype, threads, progress, params)
            if elsewhere is not None:
                return elsewhere
            check_labels(images, mask)
        return self._filtered(images, options, (mask, nodata, fill), output, dtype, threads, progress, params)

    def _filtered(
        self,
        images: Sequence[Any],
        options: dict[str, Any],
        absent: tuple[Any, float | None, bool],
        output: Any,
        dtype: DTypeLike | None,
        threads: SupportsIndex,
        progress: Progress,
        params: Mapping[str, ArrayLike],
        wanted: Sequence[tuple[int, int]] = (),
    ) -> Any:
        """What a call gives for images in memory, or of that the pixels from where to where along each axis. `absent` are mask, nodata and
        fill, and `options` the other arguments of the window and of the run.
        """
        size, footprint, mode, origin, axes, stride, engine = (
            options[name] for name in ("size", "footprint", "mode", "origin", "axes", "stride", "engine")
        )
        mask, nodata, fill = absent
        plain = all(map(is_plain, images))
        into = gives_arrays(output)
        back = None if plain or into else back_to(images[0])
        if back is not None and dtype is not None:
            check_holds(images[0], np.dtype(dtype))
        missing: Missing | None = None
        if mask is not None or nodata is not None or not plain and any(map(has_mask, images)):
            missing = Missing.of(images, mask, None if nodata is None else number(nodata, "nodata"), fill)
            images = missing.images
        arrays = [as_numpy(image) for image in images]
        shape = arrays[0].shape
        if len(arrays) > 1:
            arrays = _of_one_shape(arrays)
            shape = arrays[0].shape
        if isinstance(footprint, str):
            footprint = options["footprint"] = cells_of(footprint, axes_of_window(len(shape), axes))
        check_window(len(shape), size, footprint, mode, origin, axes)
        times = None
        if any(map(is_time, arrays)):
            if output is not None or dtype is not None:
                raise TypeError("times are filtered without `output` and `dtype`: results are of the type of what is chosen")
            times = Times.of(self._program, arrays, options, missing, fill)
            arrays, options["missing"], options["mode"] = times.numbers, times.missing, times.mode
        elif missing is not None:
            options["missing"] = missing.for_shape(shape)
        inputs = list(map(readable, arrays))
        seen = [image.dtype for image in inputs]
        self.check_booleans(seen)
        options["region"] = wanted
        ready = prepared(self, **options, params=params, threads=threads, ndim=len(shape))
        region = [(0, length, 1) for length in shape]
        if wanted or "valid" in mode or type(stride) is not int or stride != 1:
            steps = steps_of(len(shape), stride, axes)
            region = [(*pixels, step) for pixels, step in zip(ready.output_region(shape), steps)]
            shape = tuple(len(range(*pixels)) for pixels in region)
        types = times.number_types if times else self._types(seen, len(shape), options, params)
        results = arrays_for(self._outputs, output, dtype, shape, types)
        gets_mask = [missing is not None and (is_masked(result) if into else missing.is_kept) for result in results]
        told = []
        # A number for no value says it, as NaT does.
        if nodata is None and times is None:
            told = outputs_to_tell(ready, inputs[0].shape, seen, [result.dtype for result in results], absent=any(gets_mask))
        beside = Told(told, any(gets_mask), results[0].shape) if any(told) else None
        targets = results
        if beside and engine == "callback":
            # It has one output.
            rows = prepared(self, **{**options, "engine": "auto"}, params=params, threads=threads, ndim=len(inputs[0].shape))
            beside.filter(rows).run(inputs, [*map(np.empty_like, results), *beside.arrays])
        elif beside:
            ready, targets = beside.filter(ready), [*results, *beside.arrays]
        run = ready.run if all(map(is_direct, results)) and output is None else functools.partial(run_into, ready)
        if progress is None or progress is False:
            run(inputs, targets)
        else:
            with _reporter(progress) as report:
                run(inputs, targets, report)
        where = beside.where() if beside else [None] * len(results)
        warn_of_nan(where, gets_mask, stacklevel=3)
        given: list[Any] = times.back(results) if times else results
        if into:
            mask_outputs(results, missing, where, region, options)
        elif missing is not None and missing.is_kept:
            given = [missing.masked(*each, region, options) for each in zip(results, where, strict=True)]
        elif back is not None:
            given = [back(result, region) for result in given]
        return given[0] if len(given) == 1 else named(self._outputs, given)

    def repeat(self, /, *images: ArrayLike, iterations: SupportsIndex | str = "stable", **options: Any) -> Repeated:
        """The kernel on its own result, again and again, as a call with `iterations`, and how many runs there were.

        The other arguments are those of a call.

        Returns
        -------
        Repeated
            A named tuple of ``result`` and ``runs``, which does not count the run that changed nothing.

        Examples
        --------
        The marker grows as far as the mask goes:

        >>> grow = Kernel("input marker, mask; min(max(marker), mask[0])")
        >>> grow.repeat([0, 9, 0, 0, 0, 0], [5, 9, 7, 3, 0, 6], size=3)
        Repeated(result=array([5, 9, 7, 3, 0, 0]), runs=2)
        """
        if len(images) != len(self._inputs):
            raise TypeError(f"the kernel has {counted(self._inputs, 'input')}, not {len(images)}")
        progress = options.pop("progress", None)
        options.setdefault("output", None)
        if progress is None or progress is False:
            return repeated(self, images, iterations, None, options)
        with _reporter(progress) as report:
            return repeated(self, images, iterations, report, options)

    def prepare(
        self,
        shape: SupportsIndex | Sequence[SupportsIndex],
        dtype: DTypeLike | Sequence[DTypeLike] = np.float64,
        size: SupportsIndex | Iterable[SupportsIndex] | None = None,
        footprint: ArrayLike | None = None,
        mode: Mode | Sequence[Mode] = "reflect",
        *,
        cval: float = 0.0,
        origin: SupportsIndex | Iterable[SupportsIndex] = 0,
        axes: SupportsIndex | Iterable[SupportsIndex] | None = None,
        stride: SupportsIndex | Iterable[SupportsIndex] = 1,
        output: DTypeLike | Sequence[DTypeLike] | None = None,
        cast: Literal["saturate", "wrap"] = "saturate",
        threads: SupportsIndex = 0,
        engine: Literal["auto", "rows", "callback", "interpreter"] = "auto",
        precision: Literal["exact", "single"] = "exact",
        **params: ArrayLike,
    ) -> Prepared:
        """The kernel, ready for images of one shape and type: for many small ones, as a call takes some microseconds less.

        ``dtype`` is the images' type, or a list with one for each; ``output`` is the outputs' type, or a list with one for each, by
        default what a call gives. The other arguments are those of a call.

        Returns
        -------
        Prepared
            A function of images of exactly this shape and these types. It takes an `output`, too.

        Examples
        --------
        >>> import numpy as np
        >>> gradient = Kernel("max(w) - min(w)").prepare((4,), np.uint8, size=3)
        >>> gradient(np.array([1, 5, 2, 8], np.uint8))
        array([4, 4, 6, 6], dtype=uint8)
        """
        window = {"size": size, "footprint": footprint, "mode": mode, "cval": cval, "origin": origin, "axes": axes}
        more = {"stride": stride, "cast": cast, "threads": threads, "engine": engine, "precision": precision, "params": params}
        steps_of(len(_lengths(shape)), stride, axes)
        return prepare(self, *self._for_arrays(shape, dtype, output, window, more))

    def explain(
        self,
        shape: SupportsIndex | Sequence[SupportsIndex] = (1024, 1024),
        dtype: DTypeLike | Sequence[DTypeLike] = np.float64,
        size: SupportsIndex | Iterable[SupportsIndex] | None = None,
        footprint: ArrayLike | None = None,
        mode: Mode | Sequence[Mode] = "reflect",
        *,
        cval: float = 0.0,
        origin: SupportsIndex | Iterable[SupportsIndex] = 0,
        axes: SupportsIndex | Iterable[SupportsIndex] | None = None,
        output: DTypeLike | Sequence[DTypeLike] | None = None,
        cast: Literal["saturate", "wrap"] = "saturate",
        precision: Literal["exact", "single"] = "exact",
        threads: SupportsIndex = 0,
        listing: Literal["plan", "clif", "asm"] = "plan",
    ) -> str:
        """How the kernel would be computed for arrays of this shape and type, and why so.

        ``dtype`` is the images' type, or a list with one for each; ``output`` is the outputs' type, or a list
        with one for each, by default what a call gives. ``listing`` may ask for the code instead: ``clif`` in Cranelift's intermediate representation, or
        ``asm`` in that of this machine. The other arguments are those of a call.

        >>> print(Kernel("median(w)").explain((512, 512), "uint8", size=3, threads=1))
        pass 0:
        ...
          median of u8 elements: a selection network for rank 4 of 9, ...
        ...
        """
        window = {"size": size, "footprint": footprint, "mode": mode, "cval": cval, "origin": origin, "axes": axes}
        more = {"cast": cast, "precision": precision, "threads": threads}
        ready, lengths, images, types = self._for_arrays(shape, dtype, output, window, more)
        text = ready.listing(listing, lengths, list(map(type_name, images)), list(map(type_name, types)))
        floats = [name for name, each in zip(self._outputs, types, strict=True) if each.kind == "f" and images[0].kind != "f"]
        if listing == "plan" and output is None and floats:
            name = next(each.name for each in types if each.kind == "f")
            text += f"types: values of output {', '.join(floats)} need not be whole numbers, so they are {name}\n"
        return text

    def low_level_callable(
        self,
        footprint: ArrayLike | None = None,
        signature: Literal[
            "generic_filter", "generic_filter1d", "quad", "nquad", "geometric_transform"
        ] = "generic_filter",
        variables: Sequence[str] | None = None,
        **params: ArrayLike,
    ) -> Any:
        """The kernel as a C function for SciPy, a ``scipy.LowLevelCallable``.

        The machine code lives as long as the callable.

        Parameters
        ----------
        footprint : array_like of bool, optional
            The only footprint that the function is for, in which a kernel can tell one cell from another; it is also
            faster then. Without one it takes windows of any number of cells.
        signature : str
            Which function of SciPy calls it:

            - ``generic_filter``: the values of the windows.
            - ``generic_filter1d``: windows that slide along a line. The footprint has one axis, and all cells of the
              filter's size.
            - ``quad``, ``nquad``: a kernel without windows, as a function of ``variables``. Where an assertion does not
              hold, the value is NaN.
            - ``geometric_transform``: a kernel without windows; ``coord(0)``, ``coord(1)`` are the indices in the
              output, and the kernel's outputs are the coordinates in the input, one for each axis.
        variables : sequence of str, optional
            The params that an integrand is a function of, in order; by default those without a value.
        **params : float or array_like
            Values for params and weights.

        Examples
        --------
        >>> import numpy as np
        >>> from scipy import integrate, ndimage
        >>> cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
        >>> spread = Kernel("max(w) - min(w)").low_level_callable(cross)
        >>> ndimage.generic_filter(np.arange(9.0).reshape(3, 3), spread, footprint=cross)
        array([[3., 4., 4.],
               [6., 6., 6.],
               [4., 4., 3.]])
        >>> gamma = Kernel("param x; param a; x**a * exp(-x)", a=4)
        >>> round(integrate.quad(gamma.low_level_callable(signature="quad"), 0, np.inf)[0], 6)
        24.0
        """
        from ._callable import low_level_callable

        self.check_booleans([np.dtype(np.float64)] * len(self._inputs))
        numbers, weights = _bound(self._program, params)
        all_weights = {**self._weights, **weights}
        return low_level_callable(
            self._program, {**self._params, **numbers}, all_weights, footprint, signature, variables
        )

    def output_region(
        self,
        shape: SupportsIndex | Sequence[SupportsIndex],
        *,
        size: SupportsIndex | Iterable[SupportsIndex] | None = None,
        footprint: ArrayLike | None = None,
        mode: Mode | Sequence[Mode] = "reflect",
        origin: SupportsIndex | Iterable[SupportsIndex] = 0,
        axes: SupportsIndex | Iterable[SupportsIndex] | None = None,
    ) -> tuple[tuple[int, int], ...]:
        """Which pixels of images of this shape the outputs have: from which index to which along each axis.

        That is all of them, except in mode ``valid``.

        >>> Kernel("w[0, 1] - w[0, 0]").output_region((4, 6), mode=("reflect", "valid"))
        ((0, 4), (0, 5))
        """
        lengths = _lengths(shape)
        footprint = cells_of(footprint, axes_of_window(len(lengths), axes))
        ready = prepared(self, size, footprint, mode, 0.0, origin, axes)
        return tuple(ready.output_region(lengths))

    def _for_arrays(
        self, shape: SupportsIndex | Sequence[SupportsIndex], dtype: Any, output: Any, window: dict[str, Any], more: dict[str, Any]
    ) -> tuple[Filter, tuple[int, ...], list[np.dtype[Any]], list[np.dtype[Any]]]:
        """The filter for arrays of a shape, that shape, and the types of the images and of the outputs."""
        lengths = _lengths(shape)
        images = self._image_types(dtype)
        self.check_booleans(images)
        window["footprint"] = cells_of(window["footprint"], axes_of_window(len(lengths), window["axes"]))
        check_window(len(lengths), **{name: value for name, value in window.items() if name != "cval"})
        types = self._output_types(output) or self._types(images, len(lengths), window, more.get("params", {}))
        return prepared(self, **window, **more, ndim=len(lengths)), lengths, images, types

    def _types(
        self, images: list[np.dtype[Any]], ndim: int, options: Mapping[str, Any], params: Mapping[str, ArrayLike]
    ) -> list[np.dtype[Any]]:
        """The types of the outputs, if nobody says, for a call with these options."""
        if images[0].kind == "f":
            return [images[0].newbyteorder("=")] * len(self._outputs)
        numbers, weights = _bound(self._program, params) if params else ({}, {})
        modes = [options["mode"]] if isinstance(options["mode"], str) else options["mode"]
        cells = cells_of_window(ndim, options["size"], options["footprint"], options["axes"])
        numbers, weights = {**self._params, **numbers}, {**self._weights, **weights}
        if options.get("missing"):
            # As there, windows have fewer cells.
            modes = [*modes, "shrink"]
        return output_types(self._program, images, numbers, weights, cells, modes, options["cval"])

    def check_booleans(self, images: Sequence[np.dtype[Any]]) -> None:
        """Raises what is wrong with the kernel for numbers, if inputs that it uses as booleans are such."""
        if self._booleans and any(images[number].kind != "b" for number in self._booleans):
            raise of_numbers(self._source)

    def _check_is_option(self, name: str) -> None:
        """Raises ``TypeError`` for an argument of a call that may be the value of a param or weights which have none yet."""
        has_value = name in self._params or name in self._weights
        if not has_value and (name in dict(self._program.params) or name in self._program.weights):
            raise TypeError(
                f"`{name}` is a param of the kernel and an argument of the call: Kernel(source, {name}=...) sets the param, "
                "and then the call's is the argument"
            )

    def _image_types(self, dtype: Any) -> list[np.dtype[Any]]:
        """The types of the images, if all are of one or each has its own."""
        given = list(dtype) if isinstance(dtype, list | tuple) else [dtype] * len(self._inputs)
        if len(given) != len(self._inputs):
            raise ValueError(f"the kernel has {counted(self._inputs, 'input')}, and `dtype` has {len(given)}")
        return [np.dtype(each) for each in given]

    def _output_types(self, output: Any) -> list[np.dtype[Any]] | None:
        """The types of the outputs, if all are of one or each has its own; none if nobody says."""
        if output is None:
            return None
        given = list(output) if isinstance(output, list | tuple) else [output] * len(self._outputs)
        if len(given) != len(self._outputs):
            raise ValueError(f"the kernel has {counted(self._outputs, 'output')}, and `output` has {len(given)}")
        return [np.dtype(each) for each in given]

    def __repr__(self) -> str:
        if not hasattr(self, "_program"):
            # A debugger shows what an error has left of it.
            return "<a Kernel whose source is not right>"
        bound: dict[str, object] = {**self._params, **self._weights}
        return f"Kernel({', '.join([repr(self.source), *(f'{name}={value!r}' for name, value in bound.items())])})"

    def _key(self) -> tuple[object, ...]:
        weights = ((name, values.shape, values.tobytes()) for name, values in self._weights.items())
        # Of numbers that are equal, 0.0 and -0.0 are not the same.
        params = ((name, value.hex()) for name, value in self._params.items())
        return self.source, frozenset(params), frozenset(weights)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Kernel) else NotImplemented

    def __hash__(self) -> int:
        # Every usual call asks for it.
        if not hasattr(self, "_hash"):
            object.__setattr__(self, "_hash", hash(self._key()))
        return self._hash

    def __reduce__(self) -> tuple[Callable[..., Kernel], tuple[str, dict[str, ArrayLike]]]:
        return _restore, (self.source, {**self._params, **self._weights})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a kernel can't be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a kernel can't be changed")

    def _repr_html_(self) -> str:
        from ._jupyter import kernel_html

        return kernel_html(self)


# SciPy's filters need the same few kernels again and again.
kernel_of = functools.lru_cache(maxsize=1024)(Kernel)


def prepared(
    kernel: Kernel,
    size: SupportsIndex | Iterable[SupportsIndex] | None,
    footprint: ArrayLike | None,
    mode: str | Sequence[str],
    cval: float,
    origin: SupportsIndex | Iterable[SupportsIndex],
    axes: SupportsIndex | Iterable[SupportsIndex] | None,
    params: Mapping[str, ArrayLike] = MappingProxyType({}),
    cast: str = "saturate",
    engine: str = "auto",
    precision: str = "exact",
    threads: SupportsIndex = 0,
    ndim: int | None = None,
    missing: Mapping[str, Any] = NOTHING_MISSING,
    stride: SupportsIndex | Iterable[SupportsIndex] = 1,
    region: Sequence[tuple[int, int]] = (),
) -> Filter:
    """The filter of a kernel with the arguments of a call, on arrays of so many axes if that is known; for the pixels of a region, if
    there is one.
    """
    numbers, weights = kernel._params, kernel._weights
    if params:
        more_numbers, more_weights = _bound(kernel._program, params)
        numbers, weights = {**numbers, **more_numbers}, {**weights, **more_weights}
    for name, values in weights.items():
        if values.ndim > 1:
            check_weights(name, values.shape, size, footprint, axes, ndim)
    options: Options = {
        "size": size,
        "footprint": None if footprint is None else mask(footprint),
        "mode": mode,
        "cval": number(cval, "cval"),
        "origin": origin,
        "axes": axes,
        "params": numbers,
        "weights": {name: values.ravel() for name, values in weights.items()},
        "cast": cast,
        "engine": engine,
        "precision": precision,
        "threads": threads,
        "mask": missing["mask"],
        "nodata": missing["nodata"],
        "fill": missing["fill"],
        "stride": stride,
        "region": region,
    }
    return Filter(kernel._program, options)


def on_region(
    kernel: Kernel,
    images: Sequence[Any],
    region: Sequence[tuple[int, int]],
    /,
    *,
    size: Any,
    footprint: Any,
    mode: Any,
    cval: float,
    origin: Any,
    axes: Any,
    mask: Any,
    nodata: float | None,
    fill: bool,
    cast: str,
    engine: str,
    precision: str,
    threads: SupportsIndex,
    output: Any = None,
    dtype: DTypeLike | None = None,
    **params: ArrayLike,
) -> Any:
    """What a kernel makes of images in memory, but only the pixels from where to where along each axis."""
    options: dict[str, Any] = {"size": size, "footprint": footprint, "mode": mode, "cval": cval, "origin": origin, "axes": axes}
    options |= {"stride": 1, "cast": cast, "engine": engine, "precision": precision}
    return kernel._filtered(images, options, (mask, nodata, fill), output, dtype, threads, None, params, region)


def _lengths(shape: SupportsIndex | Sequence[SupportsIndex]) -> tuple[int, ...]:
    """The lengths of arrays along their axes, of which one may be a number, as in NumPy."""
    try:
        return tuple(map(operator.index, shape)) if np.iterable(shape) else (operator.index(shape),)
    except TypeError:
        raise TypeError(f"shape must be an integer or a sequence of integers, not {shape!r}") from None


def _of_one_shape(inputs: list[Array]) -> list[Array]:
    """The inputs in one shape, as NumPy broadcasts them."""
    if all(image.shape == inputs[0].shape for image in inputs):
        return inputs
    try:
        return list(np.broadcast_arrays(*inputs))
    except ValueError:
        shapes = ", ".join(str(image.shape) for image in inputs)
        raise ValueError(f"inputs: shapes that can't be broadcast to one: {shapes}") from None


def _elsewhere(
    kernel: Kernel,
    images: tuple[Any, ...],
    options: dict[str, Any],
    missing: dict[str, Any],
    output: Any,
    dtype: DTypeLike | None,
    threads: SupportsIndex,
    progress: Progress,
    params: Mapping[str, Any],
) -> Any:
    """What a kernel makes of labelled arrays and of Dask arrays, which stay what they are; none for other images."""
    if any(map(is_xarray, images)):
        from .xarray import labelled

        others = {"output": output, "dtype": dtype, "threads": threads, "progress": progress}
        return labelled(kernel, images, {**options, **missing, **others, **params})
    if not any(map(is_dask, images)):
        return None
    from .dask import generic_filter

    given = {name: value for name, value in {"output": output, "progress": progress or None}.items() if value is not None}
    # There are other blocks for other threads.
    return generic_filter(images, kernel, dtype=dtype, threads=operator.index(threads) or 1, **options, **missing, **given, **params)


def with_params(kernel: Kernel, params: Mapping[str, ArrayLike]) -> Kernel:
    """The kernel with more values for its params and weights."""
    return Kernel(kernel.source, **{**kernel._params, **kernel._weights, **params}) if params else kernel


def _restore(source: str, params: dict[str, ArrayLike]) -> Kernel:
    return Kernel(source, **params)


def _bound(program: Program, given: Mapping[str, ArrayLike]) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """The values of params and of weights, checked but for the number of weights."""
    params: dict[str, float] = {}
    weights: dict[str, NDArray[np.float64]] = {}
    names = {name for name, _ in program.params}
    for name, value in given.items():
        if name in names:
            params[name] = number(value, f"the param `{name}`")
        elif name in program.weights:
            weights[name] = _weights(name, value)
        else:
            raise TypeError(_unknown(name, [*(name for name, _ in program.params), *program.weights]))
    return params, weights


def _weights(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """The values of weights, which nobody can change any more."""
    given = as_array(value, f"the weights `{name}`")
    if given.dtype.kind not in "biufO":
        raise TypeError(f"the weights `{name}` must be numbers, not of type {given.dtype}")
    values = np.array(given, dtype=np.float64)
    values.flags.writeable = False
    return values


def _unknown(name: str, params: list[str]) -> str:
    """That a kernel has no such param, and what may be meant."""
    import difflib
    import inspect

    arguments = inspect.signature(Kernel.__call__).parameters
    options = [each for each, parameter in arguments.items() if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
    aliases = {"out": "output", "structure": "footprint", "axis": "axes"}
    meant = aliases.get(name) or next(iter(difflib.get_close_matches(name, [*params, *options], 1, 0.7)), None)
    hint = f"did you mean `{meant}`?" if meant else f"it has {', '.join(params) or 'none'}"
    return f"the kernel has no param `{name}`; {hint}"


def number(value: Any, what: str) -> float:
    """The value as a float; a ``TypeError`` says what is none."""
    try:
        if isinstance(value, str | bytes):
            raise TypeError("a text is no number")
        return float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what} must be a number, not {value!r}") from error
    except OverflowError as error:
        raise OverflowError(f"{what} is too large to be a float") from error


@contextmanager
def _reporter(progress: Any) -> Iterator[Callable[[float], object] | None]:
    """What to call with the part that is done."""
    if callable(progress):
        yield progress
    elif progress is True:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            yield None
            return
        with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}") as bar:
            yield lambda part: bar.update(round(100 * part) - bar.n)
    else:
        raise TypeError("`progress` must be a bool or a callable")
