"""A kernel in a notebook: its text to change, a slider for each param, and an image before and after."""

from __future__ import annotations

import functools
import html
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._jupyter import data_url, extent, plane
from ._kernel import Kernel

__all__ = ["explore"]

#: Pictures that are longer are shown with fewer pixels; what is computed is computed of all.
_MOST_PIXELS = 512

#: Smaller ones are shown about as wide as this.
_WIDTH = 320

#: A slider has about so many places.
_PLACES = 200

#: A caption and a URL for each picture, with its width on the page.
_Shown = list[tuple[str, str, int]]


def explore(kernel: str | Kernel, *images: ArrayLike, ranges: Mapping[str, tuple[float, float]] | None = None, **options: Any) -> Any:
    """A widget for notebooks: the kernel's text to change, a slider for each param, and images before and after.

    It needs the package anywidget, and works wherever that does: in Jupyter, Colab, VS Code and marimo. A notebook that is made a page
    shows the pictures as they were last.

    Parameters
    ----------
    kernel : str or Kernel
        The kernel to begin with.
    *images : array_like
        An image for each input.
    ranges : mapping of str to (float, float), optional
        From where to where the sliders of params go. By default a slider goes from 0 to twice the param's value, or from minus to plus
        twice of it if it is negative.
    **options
        What the kernel is called with.

    Returns
    -------
    AnyWidget
        Its attribute `kernel` is the kernel as it is now, with the values of its params, and `result` what it has made of the images.

    Raises
    ------
    ImportError
        Without anywidget.
    KernelError, ValueError, TypeError
        As where a `Kernel` is called.
    """
    try:
        import anywidget  # noqa: F401
    except ImportError as error:
        raise ImportError("hoodoo.explore needs the package anywidget: pip install 'hoodoo[widget]'") from error
    if isinstance(kernel, str):
        kernel = Kernel(kernel)
    # What is wrong with the arguments is said here, and not in the widget.
    kernel(*images, **options)
    return _widget_class()(kernel, [np.asarray(image) for image in images], dict(ranges or {}), options)


@functools.cache
def _widget_class() -> type:
    """The class of the widget, which can only be defined where anywidget is installed."""
    import anywidget
    import traitlets

    class Explorer(anywidget.AnyWidget):
        """What `explore` gives."""

        _esm = Path(__file__).with_name("_explore.js")
        source = traitlets.Unicode().tag(sync=True)
        params = traitlets.Dict().tag(sync=True)
        ranges = traitlets.Dict().tag(sync=True)
        before: Any = traitlets.List().tag(sync=True)
        after: Any = traitlets.List().tag(sync=True)
        error = traitlets.Unicode().tag(sync=True)

        def __init__(
            self, kernel: Kernel, images: list[NDArray[Any]], limits: dict[str, tuple[float, float]], options: dict[str, Any]
        ) -> None:
            self._images = images
            self._limits = limits
            # Params that were given stay given where a slider has not moved them.
            self._options = {name: value for name, value in options.items() if name not in kernel.params}
            self._bound = {**_numbers(kernel), **{name: value for name, value in options.items() if name in kernel.params}}
            self._weights = {name: value for name, value in kernel.weights.items() if value is not None}
            self.kernel = kernel
            self.result: Any = None
            super().__init__(source=kernel.source, before=[_picture(*each) for each in zip(kernel.inputs, images)])
            self.observe(self._enter, "source")
            self.observe(self._compute, "params")
            self._enter()

        def _enter(self, change: object = None) -> None:
            """Takes over another text, if it is right."""
            try:
                kernel = Kernel(self.source)
            except ValueError as error:
                self.error = str(error)
                return
            values = {**_numbers(kernel), **{name: value for name, value in self._bound.items() if name in kernel.params}}
            values |= {name: value for name, value in self.params.items() if name in values}
            given = self._limits
            self.ranges = {name: _stepped(*given[name]) if name in given else _range(value) for name, value in values.items()}
            # If these are others, they are computed with, by `_compute`.
            before, self.params = self.params, values
            if before == values:
                self._compute()

        def _compute(self, change: object = None) -> None:
            """Filters the images anew."""
            try:
                kernel = Kernel(self.source)
                known = {name: value for name, value in self.params.items() if name in kernel.params}
                weights = {name: value for name, value in self._weights.items() if name in kernel.weights}
                kernel = Kernel(self.source, **known, **weights)
                self.result = kernel(*self._images, **self._options)
            except (ValueError, TypeError, RuntimeError) as error:
                self.error = str(error)
                return
            self.kernel = kernel
            outputs = self.result if isinstance(self.result, tuple) else (self.result,)
            names = kernel.outputs if len(outputs) > 1 else ("result",)
            self.after = [_picture(name, np.asarray(output)) for name, output in zip(names, outputs)]
            self.error = ""

        def _repr_mimebundle_(self, **keywords: Any) -> Any:
            bundle = super()._repr_mimebundle_(**keywords)
            # For pages in which no code runs.
            pictures = [
                f'<figure style="margin:0"><img src="{url}" width="{width}"><figcaption>{html.escape(caption)}</figcaption></figure>'
                for caption, url, width in [*self.before, *self.after]
            ]
            data: Any = bundle[0] if isinstance(bundle, tuple) else bundle
            data["text/html"] = f'<div style="display:flex;flex-wrap:wrap;gap:1em">{"".join(pictures)}</div>'
            return bundle

    return Explorer


def _numbers(kernel: Kernel) -> dict[str, float]:
    """The values of a kernel's params; 1 for one that has none."""
    return {name: 1.0 if value is None else value for name, value in kernel.params.items()}


def _range(value: float) -> tuple[float, float, float]:
    """From where to where a slider goes that begins at a value, and by which steps."""
    if not math.isfinite(value) or value == 0:
        return _stepped(0.0, 1.0)
    return _stepped(min(2 * value, 0.0), 2 * abs(value))


def _stepped(low: float, high: float) -> tuple[float, float, float]:
    """A range with steps that are one, if the range is long enough and of whole numbers, or a power of ten, or 2 or 5 of it."""
    if float(low).is_integer() and float(high).is_integer() and high - low >= 20:
        return low, high, 1.0
    exact = (high - low) / _PLACES or 1.0
    power = 10.0 ** math.floor(math.log10(exact))
    return low, high, next(power * digit for digit in (1, 2, 5, 10) if power * digit >= exact * 0.999)


def _picture(name: str, picture: NDArray[Any]) -> tuple[str, str, int]:
    """A picture with its caption, and how wide it is shown."""
    shown = plane(picture)
    stride = max(1, -(-max(shown.shape[:2], default=1) // _MOST_PIXELS))
    shown = np.ascontiguousarray(shown[::stride, ::stride])
    height, width = shown.shape[:2]
    enlarged = max(_WIDTH // max(height, width, 1), 1)
    return f"{name}\n{extent(picture)}", data_url(shown), max(width * enlarged, 1)
