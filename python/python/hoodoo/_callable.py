"""A kernel as a C function for SciPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import LowLevelCallable

from ._arrays import mask
from ._hoodoo import Program, integrand_capsule, line_capsule, transform_capsule, window_capsule


def low_level_callable(
    program: Program,
    params: Mapping[str, float],
    weights: Mapping[str, NDArray[np.float64]],
    footprint: ArrayLike | None,
    signature: str,
    variables: Sequence[str] | None,
) -> Any:
    """A ``scipy.LowLevelCallable`` of the program; `Kernel.low_level_callable` describes it."""
    takes_window = signature in ("generic_filter", "generic_filter1d")
    takes_variables = signature in ("quad", "nquad")
    if not takes_window and not takes_variables and signature != "geometric_transform":
        raise ValueError(
            f"`{signature}` is not a signature; "
            "the signatures are generic_filter, generic_filter1d, quad, nquad, geometric_transform"
        )
    if footprint is not None and not takes_window:
        raise TypeError(f"there is no footprint in {signature}")
    if variables is not None and not takes_variables:
        raise TypeError(f"there are no variables in {signature}")
    if takes_window:
        cells = None if footprint is None else mask(footprint)
        if signature == "generic_filter1d" and cells is not None and cells.ndim != 1:
            raise ValueError(f"a line has one axis, and the footprint has {cells.ndim}")
        capsule = window_capsule if signature == "generic_filter" else line_capsule
        values = {name: array.ravel().tolist() for name, array in weights.items()}
        return LowLevelCallable(capsule(program, cells, params, values))
    if not takes_variables:
        return LowLevelCallable(transform_capsule(program, params))
    if variables is None:
        # Those that have no value.
        variables = [name for name, default in program.params if default is None and name not in params]
    return LowLevelCallable(integrand_capsule(program, params, list(variables)))
