"""Cells without a value: those of masked arrays, and those that a mask or a number for no value says."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, as_truth, mask
from ._beside import is_of
from ._kinds import Region, refuse_what_is_lost

_HERE = Path(__file__).parent

#: What a filter is told where every cell has a value.
NOTHING_MISSING: Mapping[str, Any] = MappingProxyType({"mask": None, "nodata": None, "fill": False})


def is_masked(image: object) -> bool:
    """Whether an image is a masked array of NumPy."""
    return is_of(image, "numpy.ma", "MaskedArray")


def has_mask(image: object) -> bool:
    """Whether an image is a masked array of NumPy or astropy."""
    return is_masked(image) or is_of(image, "astropy.utils.masked", "Masked")


def _as_numpys(image: Any) -> Any:
    """An image with a mask as a masked array of NumPy."""
    refuse_what_is_lost(image)
    return image if is_masked(image) else np.ma.MaskedArray(image.unmasked, image.mask)


def warn_of_mask(name: str) -> None:
    """Warns, at the user's line, that the mask of an argument means nothing to a function that does as SciPy's does."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back is not None and Path(frame.f_code.co_filename).parent == _HERE:
        frame, depth = frame.f_back, depth + 1
    message = (
        f"the mask of `{name}` is ignored, as in SciPy: masked cells take part with the numbers under the mask. A kernel leaves them out: "
        "hoodoo.Kernel('median(w)')(image, size=3)"
    )
    warnings.warn(message, UserWarning, stacklevel=depth)


@dataclasses.dataclass
class Missing:
    """Which cells of the images of a call have no value."""

    #: The images without their masks.
    images: tuple[Any, ...]
    #: The masks of all images and that of the call, as they broadcast.
    masks: list[Array]
    nodata: float | None
    fill: bool
    #: The first image, if some image is masked.
    like: Any

    @classmethod
    def of(cls, images: Sequence[Any], mask_: ArrayLike | None, nodata: float | None, fill: bool) -> Missing:
        """What the images and a call say."""
        # There is only one of it, which nobody can change.
        images = [np.ma.MaskedArray(0.0, True) if image is np.ma.masked else image for image in images]
        like = next(filter(has_mask, images), None)
        images = [_as_numpys(image) if has_mask(image) else image for image in images]
        masks = [as_truth(np.ma.getmaskarray(image)) for image in images if is_masked(image)]
        if mask_ is not None:
            masks.append(mask(mask_, "mask"))
        own = tuple(image.data if is_masked(image) else image for image in images)
        return cls(own, masks, nodata, bool(fill), like)

    @property
    def is_kept(self) -> bool:
        """Whether results are masked arrays."""
        return self.like is not None

    def for_shape(self, shape: tuple[int, ...]) -> Mapping[str, Any]:
        """What a filter is told for images of this shape."""
        together = None
        for each in self.masks:
            try:
                whole = np.broadcast_to(each, shape)
            except ValueError:
                raise ValueError(f"mask: the shape {each.shape} is not that of the images, {shape}") from None
            together = whole if together is None else np.asarray(together | whole)
        return {"mask": together, "nodata": self.nodata, "fill": self.fill}

    def masked(self, result: Array, told: Array | None, region: Region, options: Mapping[str, Any]) -> Any:
        """A result with a mask, of the kind of the first image that has one."""
        absent = self.absent(result, told, region, options)
        if not is_masked(self.like):
            return sys.modules["astropy.utils.masked"].Masked(result, absent)
        array = np.ma.MaskedArray(result, absent)
        if result.dtype == self.like.dtype:
            array.fill_value = self.like.fill_value
        return array

    def absent(self, result: Array, told: Array | None, region: Region, options: Mapping[str, Any]) -> Array:
        """Where a result has no value: where the pixel has none, where that is told, and where it is NaN or the number for none."""
        inside = tuple(slice(*pixels) for pixels in region)
        given: Array | None = options["missing"]["mask"]
        absent = np.zeros(result.shape, bool) if self.fill or given is None else given[inside].copy()
        if told is not None:
            absent |= told
        if result.dtype.kind == "f":
            absent |= np.isnan(result)
        if self.nodata is not None:
            absent |= result == element_for(self.nodata, result.dtype)
        return absent


def element_for(nodata: float, dtype: np.dtype[Any]) -> Any:
    """The number for no value as an element: the last integer, if it is rounded to one beyond it."""
    if dtype.kind not in "iu" or not nodata.is_integer():
        return nodata
    limits = np.iinfo(dtype)
    return min(max(int(nodata), int(limits.min)), int(limits.max))


def mask_outputs(
    outputs: Sequence[Any], missing: Missing | None, where: Sequence[Array | None], region: Region, options: Mapping[str, Any]
) -> None:
    """Gives outputs that are masked arrays their masks, true where there is no value."""
    for output, told in zip(outputs, where, strict=True):
        if is_masked(output):
            output.mask = False if missing is None else missing.absent(np.ma.getdata(output), told, region, options)
