#!/usr/bin/env python3
"""Makes tests/golden/cases.jsonl: what scipy.ndimage gives for many small arrays.

Only someone who changes the cases needs this; `cargo test` reads the committed file. In the repository's root:

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install scipy==1.17.1 numpy==2.4.6
    /tmp/golden/bin/python tests/golden/generate.py

The random numbers are seeded, so the same versions make the same bytes.

Each line is a JSON object, one case for tests/golden.rs:

    name        unique; its first word is the group
    kernel      in Hoodoo's language
    shape, dtype, data          the input; data is the hex of its little-endian elements in C order
    size | footprint            one length for each filtered axis | [shape, cells as a string of 0 and 1]
    modes       SciPy's names, one for all axes or one for each
    cval        a number, or "nan", "inf", "-inf"
    origin      one for each filtered axis
    axes        or null
    params, weights             values by name
    out_dtype, expected         the output; hex as for data
    compare     "exact" (but for NaN payloads and the sign of zero), or {"rtol": r}: |value - expected| <= r |expected|

Almost all expected values come from generic_filter with a Python function that spells the kernel out in NumPy. The
group `native` has those of SciPy's own minimum, maximum, rank, median, percentile, uniform, grey erosion and
correlation filters. Left out is what SciPy leaves undefined or gets wrong:

  - casts out of range, and a bool's byte other than 0 and 1;
  - axes out of order, which are filtered as if in order;
  - rank and median in one dimension, with holes, which are ignored, and with a window longer than the array;
  - mode reflect where the window goes 4 lengths below the array: index -4 n becomes -1, and memory outside is read;
  - NumPy's percentile with infinities, where 0 * inf spoils an element that is exactly at the position.

`rtol` is n * eps, the bound that the language states for sums of n elements, which here are all positive; sums of
other data are of small multiples of 1/8, exact in any order.
"""

import itertools
import json
import math
import pathlib
import sys

import numpy as np
import scipy
from scipy import ndimage

PINNED = {"scipy": "1.17.1", "numpy": "2.4.6"}
OUTPUT = pathlib.Path(__file__).with_name("cases.jsonl")
LIMIT = 1_500_000
EPS = 2.0**-52

MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"]
DTYPES = {"bool": "?", "i8": "i1", "u8": "u1", "i16": "<i2", "u16": "<u2", "i32": "<i4", "u32": "<u4",
          "i64": "<i8", "u64": "<u8", "f32": "<f4", "f64": "<f8"}

rng = np.random.default_rng(20260801)


# Kernels. Each is (source, function of the window and of a `Place`); `@` in a source is the centre, such as `0, 0`.

class Place:
    """What a kernel may know besides the values of its window."""

    def __init__(self, centre, offsets, params):
        self.centre = centre
        self.offsets = offsets
        self.params = params


def or_nan(function):
    return lambda w, place: function(w) if w.size else math.nan


def fold(step, start):
    def function(w, place):
        a = start
        for v in w:
            a = step(a, float(v))
        return a
    return function


def extremes(w, place):
    low, high = math.inf, -math.inf
    for v in w:
        low, high = (v if v < low else low), (v if v > high else high)
    return high - low


def longest_rise(w, place):
    """The longest run of rising values; three accumulators, updated at once."""
    run, best, last = 0.0, 0.0, -math.inf
    for v in w:
        run, best, last = (run + 1 if v > last else 1.0), max(best, run), float(v)
    return max(best, run)


def mode_of(w):
    values, counts = np.unique(w, return_counts=True)
    return values[np.argmax(counts)]


def trimmed(w, k):
    kept = np.sort(w)[k:w.size - k]
    return kept.sum() / kept.size if kept.size else math.nan


KERNELS = {
    "min": ("min(w)", or_nan(np.min)),
    "max": ("max(w)", or_nan(np.max)),
    "gradient": ("max(w) - min(w)", or_nan(lambda w: w.max() - w.min())),
    "median": ("median(w)", or_nan(np.median)),
    "first": ("nth(w, 0)", or_nan(lambda w: w[0])),
    "last": ("nth(w, len(w) - 1)", or_nan(lambda w: w[-1])),
    "least": ("rank(w, 0)", or_nan(lambda w: np.sort(w)[0])),
    "second": ("rank(w, -len(w) / 2 - len(w) % 2 / 2)", or_nan(lambda w: np.sort(w)[w.size - (w.size + 1) // 2])),
    "rank_param": ("param k; rank(w, if k < len(w) then k else 0)",
                   lambda w, p: np.sort(w)[int(p.params["k"]) if p.params["k"] < w.size else 0]),
    "quartile": ("percentile(w, 25)", or_nan(lambda w: np.percentile(w, 25))),
    "percentile": ("param q = 90; percentile(w, q)", lambda w, p: np.percentile(w, p.params["q"])),
    "argmin": ("argmin(w)", lambda w, p: float(np.argmin(w)) if w.size else -1.0),
    "argmax": ("argmax(w)", lambda w, p: float(np.argmax(w)) if w.size else -1.0),
    "variety": ("variety(w)", lambda w, p: float(np.unique(w).size)),
    "mode": ("mode(w)", or_nan(mode_of)),
    "greater": ("count(w > w[@])", lambda w, p: float(np.count_nonzero(w > p.centre))),
    "is_max": ("if all(w <= w[@]) then 1 else 0", lambda w, p: float(np.all(w <= p.centre))),
    "differs": ("any(w != w[@])", lambda w, p: float(np.any(w != p.centre))),
    "threshold": ("param t; count(w >= t)", lambda w, p: float(np.count_nonzero(w >= p.params["t"]))),
    "min_above": ("min(w where w > w[@])", lambda w, p: or_nan(np.min)(w[w > p.centre], p)),
    "lbp": ("fold code = 0 for v in w: 2 * code + (if v > w[@] then 1 else 0)",
            lambda w, p: fold(lambda a, v: 2 * a + (v > p.centre), 0.0)(w, p)),
    "fold_min": ("fold m = inf for v in w: if v < m then v else m", fold(lambda m, v: v if v < m else m, math.inf)),
    "ordered": ("fold a = 0 for v in w: a * 0.5 + v", fold(lambda a, v: a * 0.5 + v, 0.0)),
    "extremes": ("let low, high = fold low = inf, high = -inf for v in w: "
                 "if v < low then v else low, if v > high then v else high; high - low", extremes),
    "rise": ("let run, best, last = fold run = 0, best = 0, last = -inf for v in w: "
             "if v > last then run + 1 else 1, max(best, run), v; max(best, run)", longest_rise),
    "offset": ("sum(w * offset(0))", lambda w, p: float((w * p.offsets[:, 0]).sum()) if w.size else 0.0),
    "near": ("max(w where dist() <= 1)", lambda w, p: or_nan(np.max)(w[(p.offsets**2).sum(1) <= 1], p)),
    "sum": ("sum(w)", lambda w, p: w.sum()),
    "mean": ("mean(w)", or_nan(lambda w: w.sum() / w.size)),
    "var": ("var(w)", or_nan(lambda w: (((w - w.sum() / w.size) ** 2).sum() / w.size))),
    "std": ("std(w)", or_nan(lambda w: math.sqrt(((w - w.sum() / w.size) ** 2).sum() / w.size))),
    "trimmed": ("trimmed_mean(w, 1)", lambda w, p: trimmed(w, 1)),
}
# Kernels that add squares of inexact numbers, even where the data are exact.
ROUNDS = {"var", "std"}
SUMS = {"sum", "mean", "var", "std", "trimmed"}
ORDINARY = ["min", "max", "gradient", "median", "fold_min", "ordered", "extremes", "argmin", "argmax", "last", "rise"]
CENTRED = ["greater", "is_max", "differs", "min_above", "lbp", "near"]


# Data.

def numbers(shape, dtype, kind="few"):
    """`few` distinct values, with ties; `wide`: all of the type's range; `positive`: no exact sums."""
    numpy_type = np.dtype(DTYPES[dtype])
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype in ("f32", "f64"):
        values = {
            "few": lambda: rng.integers(-40, 41, shape) / 8,
            "wide": lambda: rng.standard_normal(shape) * 10.0 ** rng.integers(-30, 30, shape),
            "positive": lambda: rng.random(shape) + 0.5,
        }[kind]()
        return np.asarray(values).astype(numpy_type)
    info = np.iinfo(numpy_type)
    if kind == "wide":
        # A u64 or i64 near the top would round up to a double that does not fit again.
        high = info.max if numpy_type.itemsize < 8 else info.max - 4096
        return np.asarray(rng.integers(info.min, high, shape, dtype=numpy_type, endpoint=True))
    return np.asarray(rng.integers(max(info.min, -9), 10, shape).astype(numpy_type))


def fits(values, dtype):
    """Whether C's cast of these doubles is defined, and SciPy's what it should be."""
    if dtype in ("f32", "f64"):
        return True
    low, high = (0, 1) if dtype == "bool" else (np.iinfo(DTYPES[dtype]).min, np.iinfo(DTYPES[dtype]).max)
    return all(math.isfinite(v) and low <= math.trunc(v) <= high for v in values.ravel().tolist())


# Cases.

cases = []
names = set()


def hexed(array, dtype):
    return np.ascontiguousarray(array, dtype=DTYPES[dtype]).tobytes().hex()


def reads_outside(shape, window, modes, origin, axes):
    """Whether SciPy's mode reflect reads what is not in the array."""
    sizes = window if isinstance(window, tuple) else window.shape
    lengths = [shape[a] for a in sorted(a % len(shape) for a in axes)] if axes is not None else shape
    modes = modes if len(modes) == len(sizes) else modes * len(sizes)
    return any(mode in ("reflect", "grid-mirror") and length > 1 and -(size // 2) - o <= -4 * length
               for size, length, mode, o in zip(sizes, lengths, modes, origin))


def add(name, kernel, data, dtype, out, expected, *, window, modes, cval=0.0, origin=(), axes=None, params=None,
        weights=None, rtol=None):
    assert name not in names, name
    names.add(name)
    if reads_outside(data.shape, window, modes, origin, axes):
        return
    if rtol is None and out not in ("f32", "f64"):
        assert expected.dtype == np.dtype(DTYPES[out]), name
    window = {"size": list(window)} if isinstance(window, tuple) else {
        "footprint": [list(window.shape), "".join("01"[int(cell)] for cell in window.ravel())]}
    cases.append({
        "name": name, "kernel": kernel, "shape": list(data.shape), "dtype": dtype, "data": hexed(data, dtype), **window,
        "modes": modes, "cval": cval if math.isfinite(cval) else str(cval), "origin": [int(o) for o in origin],
        "axes": None if axes is None else list(axes), "params": params or {}, "weights": weights or {},
        "out_dtype": out, "expected": hexed(expected, out), "compare": "exact" if rtol is None else {"rtol": rtol},
    })


def case(name, kernel, data, dtype, *, window, mode="reflect", cval=0.0, origin=None, axes=None, out=None, params=None,
         exact_sums=True):
    """Adds what generic_filter makes of `kernel`; into `out`, or into the input's type where its values fit, else f64.

    `window` is a tuple of lengths or a boolean array. The function gets the whole box and picks the footprint's cells
    where the kernel reads the centre, which need not be one of them; else SciPy picks them.
    """
    source, function = KERNELS[kernel]
    axes_in_order = range(data.ndim) if axes is None else sorted(a % data.ndim for a in axes)
    rank = len(axes_in_order)
    mask = np.ones(window, bool) if isinstance(window, tuple) else window
    origin = (0,) * rank if origin is None else tuple(origin)
    params = params or {}
    full_params = {**({"q": 90} if kernel == "percentile" else {}), **params}
    centre = tuple(s // 2 + o for s, o in zip(mask.shape, origin))
    offsets = np.argwhere(mask) - np.array(centre, int)
    whole_box = "@" in source
    position = int(np.ravel_multi_index(centre, mask.shape)) if rank else 0
    taps = mask.ravel()

    def call(buffer):
        w = buffer[taps] if whole_box else buffer
        return float(function(w, Place(buffer[position] if whole_box else None, offsets, full_params)))

    # A footprint of no axes is not one that SciPy takes: then a size of any length is ignored.
    def run(output):
        shape_args = {"footprint": np.ones(mask.shape, bool) if whole_box else mask} if rank else {"size": 1}
        if rank == 0 and data.ndim == 0:
            shape_args = {"footprint": np.ones((), bool)}
        return ndimage.generic_filter(data, call, mode=mode, cval=cval, output=np.dtype(DTYPES[output]),
                                      origin=list(origin), axes=None if axes is None else tuple(axes), **shape_args)

    values = run("f64")
    out = out or dtype
    if not fits(values, out):
        out = "f64"
    rtol = None
    if kernel in ROUNDS or (kernel in SUMS and not exact_sums):
        out, rtol = "f64", max(1, int(mask.sum())) * EPS
    expected = values if out == "f64" else run(out)
    centre_text = ", ".join(["0"] * rank)
    add(name, source.replace("@", centre_text), data, dtype, out, expected, window=window, modes=[mode], cval=cval,
        origin=origin, axes=axes, params=params, rtol=rtol)


class Cycle:
    """The items again and again, so that each meets the others' in many combinations."""

    def __init__(self, items):
        self.items, self.at = list(items), -1

    def next(self):
        self.at += 1
        # A step every round keeps two cycles of one length from going in step.
        return self.items[(self.at + self.at // len(self.items)) % len(self.items)]


def legal(size):
    return -(size // 2), size - 1 - size // 2


def corners(shape):
    """No origin, every corner of the legal ones for up to two axes, else the two opposite ones and one between."""
    ends = [sorted(set(legal(size))) for size in shape]
    if len(shape) <= 2:
        found = list(itertools.product(*ends))
    else:
        between = tuple(e[i % len(e)] for i, e in enumerate(ends))
        found = [tuple(e[0] for e in ends), tuple(e[-1] for e in ends), between]
    return list(dict.fromkeys([(0,) * len(shape), *found]))


def windows():
    """Modes x sizes x origins in one to four dimensions, many windows larger than the array."""
    kernels, dtypes = Cycle(ORDINARY), Cycle(DTYPES)
    plans = {
        1: ([(1,), (2,), (3,), (4,), (7,), (16,)], Cycle([(5,), (1,), (2,), (3,), (6,)])),
        2: ([(2, 3), (4, 2), (3, 3), (1, 5), (9, 6)], Cycle([(3, 4), (1, 3), (4, 2), (2, 5)])),
        3: ([(2, 3, 2), (3, 1, 4)], Cycle([(2, 3, 3), (1, 2, 4), (3, 2, 2)])),
        4: ([(2, 1, 3, 2), (3, 2, 2, 3)], Cycle([(2, 2, 1, 3), (1, 2, 3, 2), (2, 1, 2, 3)])),
    }
    for ndim, (sizes, shapes) in plans.items():
        for mode, size in itertools.product(MODES, sizes):
            origins = corners(size)
            keep = origins if ndim > 2 or mode in MODES[:5] and ndim == 1 else origins[::2] + origins[1:2]
            for origin in keep[:3 if ndim > 1 else None]:
                kernel, dtype, shape = kernels.next(), dtypes.next(), shapes.next()
                case(f"windows {ndim}d {mode} {'x'.join(map(str, size))} {origin} {kernel} {dtype}", kernel,
                     numbers(shape, dtype), dtype, window=size, mode=mode, cval=3.0 if "i" in DTYPES[dtype] else -2.25,
                     origin=origin)


def footprints():
    """Footprints with holes, of one cell, of none, with no centre, larger than the array."""
    shapes = {1: [(5,), (1,), (2,), (8,)], 2: [(3, 4), (2, 2), (4, 3)], 3: [(2, 3, 2), (3, 2, 2)], 4: [(2, 1, 2, 3)]}
    boxes = {1: [(3,), (4,), (9,)], 2: [(3, 3), (2, 4), (5, 3), (7, 8)], 3: [(3, 3, 3), (2, 3, 1)], 4: [(2, 3, 2, 1)]}
    kernels, dtypes, modes = Cycle(ORDINARY + CENTRED), Cycle(DTYPES), Cycle(MODES)
    number = 0
    for ndim in boxes:
        for box, fill in itertools.product(boxes[ndim], ["holes", "sparse", "one", "no centre", "corners"]):
            for shape in shapes[ndim][:2 if ndim < 3 else 1]:
                mask = np.zeros(box, bool)
                if fill == "holes":
                    mask = rng.random(box) < 0.6
                elif fill == "sparse":
                    mask = rng.random(box) < 0.2
                elif fill == "no centre":
                    mask[...] = True
                    mask[tuple(s // 2 for s in box)] = False
                elif fill == "one":
                    mask[tuple(int(rng.integers(s)) for s in box)] = True
                else:
                    mask[tuple([0] * ndim)] = mask[tuple([-1] * ndim)] = True
                for _ in range(2):
                    kernel = kernels.next()
                    if not mask.any() and kernel in ("last", "near"):
                        kernel = "min"
                    origin = corners(box)[number % len(corners(box))]
                    dtype = dtypes.next()
                    number += 1
                    case(f"footprints {number} {ndim}d {fill} {kernel} {dtype}", kernel, numbers(shape, dtype), dtype,
                         window=mask, mode=modes.next(), cval=1.5, origin=origin)
    for kernel in ["min", "max", "median", "sum", "mean", "argmin", "argmax", "variety", "mode", "greater", "is_max",
                   "fold_min", "ordered", "quartile", "std"]:
        for shape, box in (((4,), (3,)), ((2, 3), (3, 2))):
            case(f"footprints empty {len(shape)}d {kernel}", kernel, numbers(shape, "f64"), "f64",
                 window=np.zeros(box, bool), mode="nearest")


def kernels():
    """Every kernel on every element type, into that type and into f64."""
    modes, boxes = Cycle(MODES), Cycle([(3, 3), (2, 3), (3, 2)])
    for kernel, dtype in itertools.product(KERNELS, DTYPES):
        box = boxes.next()
        params = {"rank_param": {"k": 2}, "threshold": {"t": 1}}.get(kernel, {})
        if kernel == "percentile" and dtype[-1] in "264":
            params = {"q": 37.5}
        for out in dict.fromkeys([dtype, "f64"] if dtype in ("bool", "u8", "i16", "f32") else [dtype]):
            case(f"kernels {kernel} {dtype} {out}", kernel, numbers((3, 4), dtype), dtype, window=box,
                 mode=modes.next(), cval=2.0, out=out, params=params)
    # All of the types' ranges: 64-bit integers above 2^53 round.
    for kernel, dtype in itertools.product(["min", "max", "median", "least", "argmax", "greater"], DTYPES):
        case(f"kernels wide {kernel} {dtype}", kernel, numbers((7,), dtype, "wide"), dtype, window=(3,),
             mode=modes.next(), cval=1.0)
    # Sums that round.
    for kernel, dtype, shape in itertools.product(["sum", "mean", "trimmed"], ["f32", "f64"],
                                                  [(9,), (4, 3), (2, 3, 2), (1, 2, 2, 3)]):
        case(f"kernels rounding {kernel} {dtype} {len(shape)}d", kernel, numbers(shape, dtype, "positive"), dtype,
             window=(5,) * len(shape) if len(shape) < 3 else (3,) * len(shape), mode=modes.next(), cval=0.75,
             exact_sums=False)
    # From one element type to another; the values fit.
    for dtype, out in itertools.product(DTYPES, DTYPES):
        data = np.abs(numbers((4,), dtype).astype("f8")).clip(0, 9)
        data = (data % 2 if out == "bool" else data).astype(DTYPES[dtype])
        case(f"kernels cast {dtype} to {out}", "mean" if out != "bool" else "max", data, dtype, window=(2,),
             mode="wrap", out=out)
    # NaN and infinity.
    for kernel in ["min", "max", "median", "quartile", "argmin", "argmax", "greater", "is_max", "differs", "variety",
                   "mode", "fold_min", "extremes", "lbp", "min_above", "first", "sum", "mean", "gradient"]:
        for dtype in ("f32", "f64"):
            data = numbers((3, 5), dtype)
            data.ravel()[6] = math.nan
            if kernel != "quartile":
                data.ravel()[[1, 10]] = math.inf, -math.inf
            # NumPy counts NaN as a value, and the language does not.
            if kernel in ("mode", "variety"):
                data.ravel()[6] = 0
            with np.errstate(invalid="ignore"):
                case(f"kernels special {kernel} {dtype}", kernel, data, dtype, window=(2, 2), mode=modes.next())


def axes():
    """Subsets of the axes, in ascending order: SciPy ignores any other order."""
    kernels, dtypes, modes = Cycle(ORDINARY + CENTRED), Cycle(DTYPES), Cycle(MODES)
    for shape in [(4,), (3, 4), (2, 3, 3), (2, 1, 3, 2)]:
        ndim = len(shape)
        subsets = [s for r in range(ndim + 1) for s in itertools.combinations(range(ndim), r)]
        for subset, repeat in itertools.product(subsets, range(3)):
            size = tuple(int(rng.integers(1, 5)) for _ in subset)
            named = tuple(a - ndim if repeat == 1 else a for a in subset)
            kernel, dtype = kernels.next(), dtypes.next()
            # Without axes there is no offset to be near, and no `w[]`.
            if not subset and kernel in CENTRED:
                kernel = "max"
            window = size
            if repeat == 2 and subset:
                window = rng.random(size) < 0.7
                window[tuple(0 for _ in subset)] = True
            origin = corners(size)[repeat % len(corners(size))] if subset else ()
            case(f"axes {ndim}d {named} {repeat} {kernel} {dtype}", kernel, numbers(shape, dtype), dtype, window=window,
                 mode=modes.next(), cval=1.0, origin=origin, axes=named)


def cvals():
    """Values outside the array that the input's type can't hold."""
    for dtype, cval in itertools.product(DTYPES, [math.nan, -7.5, 1e300, math.inf, -math.inf]):
        for kernel, shape, size in [("min", (5,), (4,)), ("argmax", (2, 3), (3, 2)),
                                    ("fold_min", (2, 2, 2), (2, 3, 1))]:
            if kernel != "min" and cval == -math.inf:
                continue
            case(f"cval {cval} {kernel} {dtype}", kernel, numbers(shape, dtype), dtype, window=size, mode="constant",
                 cval=cval, out="f64")


def degenerate():
    """Arrays without elements, and without axes."""
    for shape, size in [((0,), (3,)), ((3, 0), (2, 2)), ((0, 4), (3, 1)), ((2, 0, 3), (1, 2, 3)), ((0, 0), (1, 1)),
                        ((2, 1, 0, 2), (2, 2, 2, 2))]:
        for dtype, mode in (("f64", "reflect"), ("u8", "wrap"), ("bool", "constant")):
            case(f"degenerate {shape} {dtype}", "min", np.zeros(shape, DTYPES[dtype]), dtype, window=size, mode=mode)
    for dtype, kernel in itertools.product(DTYPES, ["min", "median", "sum", "ordered"]):
        case(f"degenerate 0d {kernel} {dtype}", kernel, numbers((), dtype), dtype, window=(), mode="mirror")


def broadcast():
    """Arrays that are constant along an axis, which the test gives with a stride of 0."""
    modes, kernels = Cycle(MODES), Cycle(["ordered", "median", "greater", "sum"])
    for shape, dtype in itertools.product([(4,), (3, 4), (2, 3, 2)], ["u8", "i32", "f32", "f64"]):
        for axis in range(len(shape)):
            line = numbers(tuple(1 if a == axis else n for a, n in enumerate(shape)), dtype)
            kernel = kernels.next()
            case(f"broadcast {len(shape)}d axis {axis} {dtype} {kernel}", kernel, np.broadcast_to(line, shape).copy(),
                 dtype, window=(3, 2, 2)[:len(shape)], mode=modes.next(), cval=1.0)


def native():
    """SciPy's own filters. Modes for each axis exist only here."""
    modes, dtypes = Cycle(MODES), Cycle([d for d in DTYPES if d != "bool"])
    boxes = {1: [(3,), (4,), (6,)], 2: [(3, 3), (2, 5), (4, 3)], 3: [(2, 3, 2)]}
    shapes = {1: (6,), 2: (3, 4), 3: (2, 3, 3)}
    for ndim in boxes:
        for box, holes in itertools.product(boxes[ndim], (False, True)):
            mask = np.ones(box, bool)
            if holes:
                mask.ravel()[::3] = False
            if holes and ndim == 1:
                # One-dimensional rank filters ignore holes.
                filters = ["minimum", "maximum", "erosion"]
            else:
                filters = ["minimum", "maximum", "erosion", "rank", "rank from the largest", "median", "percentile"]
            n = int(mask.sum())
            for which, origin in itertools.product(filters, corners(box)[:2]):
                dtype, mode = dtypes.next(), modes.next()
                data, window = numbers(shapes[ndim], dtype), (mask if holes else box)
                common = {"footprint": mask, "mode": mode, "cval": 2.0, "origin": origin}
                k = n // 3
                source, expected = {
                    "minimum": lambda: ("min(w)", ndimage.minimum_filter(data, **common)),
                    "maximum": lambda: ("max(w)", ndimage.maximum_filter(data, **common)),
                    "erosion": lambda: ("min(w)", ndimage.grey_erosion(data, **common)),
                    "rank": lambda: (f"rank(w, {k})", ndimage.rank_filter(data, k, **common)),
                    "rank from the largest": lambda: (f"rank(w, {-k - 1})",
                                                      ndimage.rank_filter(data, -k - 1, **common)),
                    # SciPy's median of an even number is the upper of the two middle values.
                    "median": lambda: (f"rank(w, {n // 2})", ndimage.median_filter(data, **common)),
                    # SciPy's percentile is the element at this rank.
                    "percentile": lambda: (f"rank(w, {int(n * 70.0 / 100.0)})",
                                           ndimage.percentile_filter(data, 70, **common)),
                }[which]()
                add(f"native {which} {ndim}d {'x'.join(map(str, box))} {'holes' if holes else 'full'} {origin}", source,
                    data, dtype, dtype, expected, window=window, modes=[mode], cval=2.0, origin=origin)
    # One mode for each axis.
    for number, pair in enumerate(itertools.permutations(MODES[:5], 2)):
        for shape, size in [((3, 4), (2, 5)), ((2, 3), (4, 3))]:
            dtype, filter_, source = dtypes.next(), *[(ndimage.minimum_filter, "min(w)"),
                                                      (ndimage.maximum_filter, "max(w)")][number % 2]
            data, origin = numbers(shape, dtype), corners(size)[number % 5]
            add(f"native modes {pair} {size}", source, data, dtype, dtype,
                filter_(data, size=size, mode=list(pair), cval=4.0, origin=origin), window=size, modes=list(pair),
                cval=4.0, origin=origin)
    for number in range(10):
        triple = [MODES[(number + i * (1 + number // 5)) % 8] for i in range(3)]
        dtype, size = dtypes.next(), (2, 3, 4)
        data = numbers((2, 3, 3), dtype)
        add(f"native modes {number} {triple}", "max(w)", data, dtype, dtype,
            ndimage.maximum_filter(data, size=size, mode=triple, cval=-1.0 if "u" not in DTYPES[dtype] else 1.0),
            window=size, modes=triple, cval=-1.0 if "u" not in DTYPES[dtype] else 1.0, origin=(0, 0, 0))
    # Sums: uniform filters have running sums, so only exact data, whose means are exact too.
    for mode in MODES:
        for shape, size in [((6,), (4,)), ((3, 4), (2, 4)), ((2, 3, 2), (2, 1, 4))]:
            data = numbers(shape, "f64")
            origin = corners(size)[1]
            add(f"native uniform {mode} {len(shape)}d", "mean(w)", data, "f64", "f64",
                ndimage.uniform_filter(data, size, mode=mode, cval=0.5, origin=origin), window=size, modes=[mode],
                cval=0.5, origin=origin)
            weights = rng.integers(-3, 4, size)
            add(f"native correlate {mode} {len(shape)}d", "weights k; sum(w * k)", data, "f64", "f64",
                ndimage.correlate(data, weights.astype("f8"), mode=mode, cval=0.5, origin=origin), window=size,
                modes=[mode], cval=0.5, origin=origin, weights={"k": [float(x) for x in weights.ravel()]})
            add(f"native structure {mode} {len(shape)}d", "weights k; min(w - k)", data, "f64", "f64",
                ndimage.grey_erosion(data, structure=weights.astype("f8"), mode=mode, cval=0.5, origin=origin),
                window=size, modes=[mode], cval=0.5, origin=origin, weights={"k": [float(x) for x in weights.ravel()]})


def main():
    found = {"scipy": scipy.__version__, "numpy": np.__version__}
    if found != PINNED:
        sys.exit(f"this needs {PINNED}, and here are {found}")
    for group in (windows, footprints, kernels, axes, cvals, degenerate, broadcast, native):
        before = len(cases)
        group()
        print(f"{group.__name__:12} {len(cases) - before:5} cases")
    text = "".join(json.dumps(one, separators=(",", ":"), allow_nan=False) + "\n" for one in cases)
    if len(text) > LIMIT:
        sys.exit(f"{len(text)} bytes are more than {LIMIT}")
    OUTPUT.write_text(text)
    print(f"{len(cases)} cases, {len(text)} bytes")


if __name__ == "__main__":
    main()
