"""Kernels that are prepared for arrays of one shape and type: what is done in Python for them, if anything is."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import Array, readable, type_name
from ._hoodoo import Prepared
from ._kernel import Kernel, prepared, run_into
from ._kinds import as_numpy
from ._masked import is_masked
from ._outputs import named


def prepare(
    kernel: Kernel, shape: tuple[int, ...], images: Sequence[np.dtype[Any]], outputs: Sequence[np.dtype[Any]], **options: Any
) -> Prepared:
    """The kernel with these options, ready for images of this shape, and of these types."""
    gather = functools.partial(named, kernel.outputs) if len(outputs) > 1 else None
    return prepared(kernel, **options).prepare(shape, list(map(type_name, images)), list(map(type_name, outputs)), gather)


def as_array(image: Any) -> Array:
    """An image that is no array of NumPy which can be read where it is, as one."""
    if is_masked(image):
        raise TypeError("which cells have no value is found in each call: a prepared kernel has no masks")
    return readable(as_numpy(image))


def call_into(ready: Prepared, images: list[Array], output: Any) -> Any:
    """Writes what a kernel makes of images to arrays of any layout, which may overlap them."""
    types, shape = ready.output_types, ready.output_shape
    targets = list(output) if len(types) > 1 else [output]
    if len(targets) != len(types):
        raise ValueError(f"it is prepared for {len(types)} outputs, not {len(targets)}")
    for target, wanted in zip(targets, types):
        if not isinstance(target, np.ndarray):
            raise TypeError(f"an output must be an array, not {type(target).__name__}")
        if target.shape != shape:
            raise ValueError(f"it is prepared for outputs of shape {shape}, not {target.shape}")
        if type_name(target.dtype) != wanted:
            raise TypeError(f"it is prepared for an output of {wanted}, not {type_name(target.dtype)}")
    run_into(ready, images, targets)
    return output
