"""Kernels in notebooks: as HTML, as cells, and at work on a picture."""

from __future__ import annotations

import base64
import html
import re
import struct
import textwrap
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._kernel import Kernel
from ._syntax import tokens

__all__ = ["load_ipython_extension", "preview"]

#: The colours of highlighted words, legible on light and on dark pages.
_COLOURS = {
    "comment": "#808080",
    "number": "#b06000",
    "output": "#8250df",
    "declaration": "#cf222e",
    "control": "#cf222e",
    "logical": "#cf222e",
    "reduction": "#1f6feb",
    "neighbourhood": "#1f6feb",
    "elementwise": "#1f6feb",
    "constant": "#b06000",
}

#: Pictures are shown enlarged by whole numbers up to about this width in pixels.
_WIDTH = 320

#: A text in quotes, or an equals sign between a name and its value, and not one of a comparison.
_SPACED_EQUALS = re.compile(r"""('[^']*'|"[^"]*")|(?<=\w)\s*=(?!=)\s*""")

#: A caption has about as many characters of a kernel.
_CAPTION = 60


def kernel_html(kernel: Kernel) -> str:
    """A kernel's source, highlighted, with the values of its params, and its plan to unfold."""
    parts = [f"<pre>{_highlighted(kernel.source)}</pre>"]
    if kernel.params:
        values = (f"{name} = {'?' if value is None else format(value, 'g')}" for name, value in kernel.params.items())
        parts.append(f"<p>{html.escape(', '.join(values))}</p>")
    for axes in (2, 1, 3):
        try:
            plan = kernel.explain((1024,) * axes, size=3)
        except ValueError:
            # The kernel is for another number of axes, or for another window.
            continue
        window = " × ".join(["3"] * axes)
        summary = f"Plan for a window of {window} and float64 elements"
        parts.append(f"<details><summary>{summary}</summary><pre>{html.escape(plan)}</pre></details>")
        break
    return f"<div>{''.join(parts)}</div>"


def _highlighted(source: str) -> str:
    spans = []
    for kind, text in tokens(source):
        escaped = html.escape(text)
        colour = _COLOURS.get(kind)
        spans.append(escaped if colour is None else f'<span style="color:{colour}">{escaped}</span>')
    return "".join(spans)


class Preview:
    """Pictures side by side: what a kernel was given, and what it made of it. Notebooks show it; `preview` makes it."""

    def __init__(self, pictures: dict[str, NDArray[Any]], result: Any = None) -> None:
        self.pictures = pictures
        """The arrays by their captions."""
        self.result = result
        """What the kernel gave."""

    def __repr__(self) -> str:
        shown = (f"{name}: {extent(picture)}" for name, picture in self.pictures.items())
        return f"<Preview of {'; '.join(shown)}>"

    def _repr_html_(self) -> str:
        figures = "".join(_figure(name, picture) for name, picture in self.pictures.items())
        return f'<div style="display:flex;flex-wrap:wrap;gap:1em">{figures}</div>'


def preview(kernel: str | Kernel, *images: ArrayLike, **options: Any) -> Preview:
    """Shows images before and after a kernel.

    Under each picture stand its type and its least and greatest value, which are drawn black and white; images of uint8 are drawn
    as they are, and NaN is drawn black. A last axis of three, beside two others, is taken for colours; of a volume the middle plane is
    shown, and a line as a row.

    Parameters
    ----------
    kernel : str or Kernel
        The kernel.
    *images : array_like
        An image for each input.
    **options
        What the kernel is called with.

    Raises
    ------
    ValueError
        For images without axes; otherwise as for `Kernel`.

    Examples
    --------
    >>> import numpy as np
    >>> preview("min(w)", np.eye(4), size=3)
    <Preview of w: 4 × 4 float64, 0 to 1; min(w): 4 × 4 float64, 0 to 0>
    """
    if isinstance(kernel, str):
        kernel = Kernel(kernel)
    before = [np.asarray(image) for image in images]
    for image in before:
        if image.ndim == 0:
            raise ValueError("a preview is of images with axes, and this is one number")
    result = kernel(*before, **options)
    pictures = dict(zip(kernel.inputs, before))
    if isinstance(result, tuple):
        pictures |= {f"output {name}": output for name, output in zip(kernel.outputs, result)}
    else:
        pictures[textwrap.shorten(kernel.source, _CAPTION, placeholder=" ...")] = result
    return Preview(pictures, result)


def _figure(name: str, picture: NDArray[Any]) -> str:
    height, width = plane(picture).shape[:2]
    enlarged = max(_WIDTH // max(height, width, 1), 1)
    return (
        f'<figure style="margin:0;max-width:{_WIDTH}px">'
        f'<img alt="{html.escape(name)}" src="{data_url(plane(picture))}"'
        f' style="width:{min(width * enlarged, _WIDTH)}px;image-rendering:pixelated">'
        f"<figcaption><code>{html.escape(name)}</code><br>{extent(picture)}</figcaption></figure>"
    )


def data_url(picture: NDArray[Any]) -> str:
    """A picture of two axes, or three with colours, as a URL that has all of it."""
    return f"data:image/png;base64,{base64.b64encode(png(_grey(picture))).decode()}"


def plane(picture: NDArray[Any]) -> NDArray[Any]:
    """What is shown of a picture: two axes, or three with colours."""
    if picture.ndim == 1:
        return picture[np.newaxis]
    while picture.ndim > (3 if picture.shape[-1] == 3 and picture.ndim > 2 else 2):
        picture = picture[len(picture) // 2]
    return picture


def extent(picture: NDArray[Any]) -> str:
    finite = picture[np.isfinite(picture)]
    values = f", {finite.min():g} to {finite.max():g}" if finite.size else ""
    return f"{' × '.join(map(str, picture.shape))} {picture.dtype}{values}"


def _grey(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """The picture from black to white."""
    if picture.dtype == np.uint8:
        return picture
    values = picture.astype(np.float64)
    finite = values[np.isfinite(values)]
    least, greatest = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    scale = 255 / (greatest - least) if greatest > least else 0.0
    grey = np.nan_to_num((np.clip(values, least, greatest) - least) * scale)
    return grey.round().astype(np.uint8)


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture in shades of grey, or in colours if it has a third axis, as a file of PNG.

    >>> png(np.zeros((2, 3), np.uint8))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    height, width = picture.shape[:2]
    # Each row starts with the number of its filter, which is none.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, width * (3 if picture.ndim == 3 else 1))], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if picture.ndim == 3 else 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    file = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        file += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return file


def load_ipython_extension(shell: Any) -> None:
    """Gives a notebook the magics ``%%hoodoo`` and ``%hoodoo``, for ``%load_ext hoodoo``."""
    shell.register_magic_function(_magic(shell), "line_cell", "hoodoo")


def _magic(shell: Any) -> Callable[..., Kernel | Preview]:
    def hoodoo(line: str, cell: str | None = None) -> Kernel | Preview:
        """A cell that is a kernel, or a line that ends with one.

        ``%%hoodoo NAME`` gives the kernel a name. ``%%hoodoo NAME IMAGE... size=3 mode='mirror'`` also shows what it makes of
        images. The images and the values of options are Python expressions; other spaces than those around ``=`` are in brackets or
        quotes only, as in ``size=(3, 5)``.

        A line is the same, then a colon between spaces, and the kernel: ``%hoodoo NAME IMAGE... size=3 : max(w) - min(w)``. Without
        the colon all of it is the kernel.
        """
        if cell is None:
            head, cell = _head_and_kernel(line)
        else:
            head = line
        words = _words(head)
        # Without a name the first word may be an option.
        name = words.pop(0) if words and not _is_option(words[0]) else ""
        if name and not name.isidentifier():
            raise ValueError(f"%%hoodoo: `{name}` is not a name for a kernel")
        options = dict(word.split("=", 1) for word in words if _is_option(word))
        images = [shell.ev(word) for word in words if not _is_option(word)]
        if options and not images:
            raise ValueError(f"%%hoodoo: `{' '.join(words)}` is for images, and there are none")
        kernel = Kernel(cell)
        if name:
            shell.push({name: kernel})
        if not images:
            return kernel
        return preview(kernel, *images, **{option: shell.ev(value) for option, value in options.items()})

    return hoodoo


def _head_and_kernel(line: str) -> tuple[str, str]:
    """What a line says before its kernel, and the kernel.

    >>> _head_and_kernel("edges image size=3 : max(w) - min(w)")
    ('edges image size=3', 'max(w) - min(w)')
    >>> _head_and_kernel("low: min(w), high: max(w)")
    ('', 'low: min(w), high: max(w)')
    """
    head, colon, kernel = line.partition(" : ")
    return (head.strip(), kernel.strip()) if colon else ("", line.strip())


def _words(line: str) -> list[str]:
    """The words of a line: what spaces separate that are in no brackets and no quotes, and not around an ``=``.

    >>> _words("edges image[0, :] size=(3, 5) mode = 'wrap'")
    ['edges', 'image[0, :]', 'size=(3, 5)', "mode='wrap'"]
    """
    words, word, depth, quote = [], "", 0, ""
    for character in _SPACED_EQUALS.sub(lambda found: found[1] or "=", line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        depth += 0 if quote else (character in "([{") - (character in ")]}")
        if character.isspace() and depth <= 0 and not quote:
            words.append(word)
            word = ""
        else:
            word += character
    return [each for each in [*words, word] if each]


def _is_option(word: str) -> bool:
    return word.partition("=")[0].isidentifier() and "=" in word
