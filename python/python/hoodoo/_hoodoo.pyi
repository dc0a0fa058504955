"""The extension module: programs, filters and callbacks. The package's own functions are what users call."""

from collections.abc import Callable as Function
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex, TypeAlias, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

Indices: TypeAlias = SupportsIndex | Iterable[SupportsIndex]

class Options(TypedDict):
    """What a filter is made of besides its function."""

    size: Indices | None
    footprint: NDArray[np.bool_] | None
    mode: str | Sequence[str]
    cval: float
    origin: Indices
    axes: Indices | None
    params: Mapping[str, float]
    weights: Mapping[str, NDArray[np.float64]]
    cast: str
    engine: str
    precision: str
    threads: SupportsIndex
    mask: NDArray[np.bool_] | None
    nodata: float | None
    fill: bool
    stride: Indices

class Program:
    def __new__(cls, source: str) -> Program: ...
    @property
    def source(self) -> str: ...
    @property
    def inputs(self) -> list[str]: ...
    @property
    def outputs(self) -> list[str]: ...
    @property
    def params(self) -> list[tuple[str, float | None]]: ...
    @property
    def weights(self) -> list[str]: ...
    def chosen_outputs(self, cells: int | None) -> list[list[int] | None]: ...
    def whole_outputs(self, inputs: list[bool], params: bool, cells: int) -> list[bool]: ...
    def nan_outputs(self, inputs: list[str], cells: int) -> list[bool]: ...

class Callback:
    @staticmethod
    def c(capsule: object) -> Callback: ...
    @staticmethod
    def python(function: Function[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Callback: ...

class Filter:
    def __new__(cls, function: Program | Callback, options: Options) -> Filter: ...
    def telling_nan(self, told: list[bool]) -> Filter: ...
    def run(
        self,
        inputs: Sequence[NDArray[Any]],
        outputs: Sequence[NDArray[Any]],
        progress: Function[[float], object] | None = None,
    ) -> None: ...
    def prepare(
        self, shape: Indices, inputs: Sequence[str], outputs: Sequence[str], gather: Function[[list[Any]], Any] | None
    ) -> Prepared: ...
    def output_region(self, shape: Indices) -> list[tuple[int, int]]: ...
    def listing(self, listing: str, shape: Indices, inputs: Sequence[str], outputs: Sequence[str]) -> str: ...

class Prepared:
    """A kernel that is ready for arrays of one shape and of certain types, as `Kernel.prepare` gives it."""

    def __call__(self, *images: ArrayLike, output: Any = None) -> Any: ...
    def run(
        self,
        inputs: Sequence[NDArray[Any]],
        outputs: Sequence[NDArray[Any]],
        progress: Function[[float], object] | None = None,
    ) -> None: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def output_shape(self) -> tuple[int, ...]: ...
    @property
    def output_types(self) -> list[str]: ...

def footprint_named(name: str, axes: int) -> NDArray[np.bool_]: ...
def recipes() -> list[tuple[str, str, str, list[str], str]]: ...
def builtins() -> list[tuple[str, str, float | None]]: ...
def is_nameless_capsule(value: object) -> bool: ...
def call_line(capsule: object, input: NDArray[np.float64], output: NDArray[np.float64]) -> None: ...
def window_capsule(
    program: Program,
    footprint: NDArray[np.bool_] | None,
    params: Mapping[str, float],
    weights: Mapping[str, Sequence[float]],
) -> object: ...
def line_capsule(
    program: Program,
    footprint: NDArray[np.bool_] | None,
    params: Mapping[str, float],
    weights: Mapping[str, Sequence[float]],
) -> object: ...
def integrand_capsule(program: Program, params: Mapping[str, float], variables: Sequence[str]) -> object: ...
def transform_capsule(program: Program, params: Mapping[str, float]) -> object: ...
