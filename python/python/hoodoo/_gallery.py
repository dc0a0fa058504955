"""The kernels of the cookbook."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from ._hoodoo import recipes
from ._kernel import Kernel
from ._settings import arguments

__all__ = ["gallery"]


class Recipe:
    """A kernel of the cookbook, with the window that it looks best with. Calling it filters."""

    def __init__(self, group: str, name: str, summary: str, words: list[str], text: str) -> None:
        self.group = group
        """What it belongs to, such as ``Texture``."""
        self.name = name
        self.summary = summary
        """What it does, in one line."""
        self.text = text
        """The whole file, with its comments."""
        self.options: Mapping[str, Any] = arguments((name.removeprefix("--"), value) for name, value in zip(words[::2], words[1::2]))
        """The arguments with which it is called, if no others are given."""

    @functools.cached_property
    def kernel(self) -> Kernel:
        """The kernel without its window."""
        return Kernel(self.text)

    def __call__(self, *images: Any, **options: Any) -> Any:
        """What the kernel makes of images, as where a `Kernel` is called; what is not given is as in `options`."""
        if "size" in options or "footprint" in options:
            defaults = {name: value for name, value in self.options.items() if name not in ("size", "footprint")}
        else:
            defaults = dict(self.options)
        if "output" in options:
            defaults.pop("dtype", None)
        return self.kernel(*images, **(defaults | options))

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"<{self.name}({', '.join(self.kernel.inputs)}{options}): {self.summary}>"


class Gallery(Mapping[str, Recipe]):
    """The kernels of the cookbook by their names; a mapping of `Recipe`.

    >>> import hoodoo
    >>> hoodoo.gallery["median"]
    <median(w, size=3): The middle value: takes specks away and keeps edges sharp.>
    >>> hoodoo.gallery["median"]([[1.0, 2.0, 90.0, 3.0]])
    array([[1., 2., 3., 3.]])
    """

    @functools.cached_property
    def _recipes(self) -> dict[str, Recipe]:
        return {recipe[1]: Recipe(*recipe) for recipe in recipes()}

    def __getitem__(self, name: str) -> Recipe:
        try:
            return self._recipes[name]
        except KeyError:
            import difflib

            near = difflib.get_close_matches(str(name), self._recipes, 3, 0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "print(hoodoo.gallery) lists all"
            raise KeyError(f"{name}; {hint}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._recipes)

    def __len__(self) -> int:
        return len(self._recipes)

    def __str__(self) -> str:
        lines: list[str] = []
        for recipe in self._recipes.values():
            heading = f"{recipe.group}:"
            if heading not in lines:
                lines += ["", heading] if lines else [heading]
            lines.append(f"  {recipe.name:26}{recipe.summary}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<gallery of {len(self)} kernels; print it to see them>"


gallery = Gallery()
