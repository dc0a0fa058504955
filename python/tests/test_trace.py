"""`hoodoo.kernel`: Python functions as kernels."""

from __future__ import annotations

import collections
import functools
import math
import operator
import pickle
import threading
import traceback

import numpy as np
import pytest

import hoodoo
from hoodoo import TracingError


def windows(image, size=3):
    """The windows of an image that is reflected at its ends."""
    before = size // 2
    padded = np.pad(image, [(before, size - 1 - before)] * image.ndim, mode="symmetric")
    return np.lib.stride_tricks.sliding_window_view(padded, (size,) * image.ndim)


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(size=(12, 13)) * 3


# Each of these gives the same if it is called with the numbers of a window.
FUNCTIONS = {
    "methods": lambda w: w.max() - w.min() + w.sum() * w.mean() - w.prod() / w.var() + w.std(),
    "positions": lambda w: w.argmax() + 100 * w.argmin(),
    "where": lambda w: w.mean(where=w > w.min()) + w.sum(where=(w > 0) | (w < -1)),
    "truths": lambda w: (w > 0).sum() + 10 * (w > 0).any() + 100 * (w > -5).all() + (w > 0).mean(),
    "ddof": lambda w: w.var(ddof=1) + np.std(w, ddof=2),
    "arithmetic": lambda w: ((2 - w) * (w + 1) / 3 - (-w) ** 2 + 5 % (abs(w) + 1) + w % 2).sum(),
    "divisions": lambda w: (w // 2 + 7 // (abs(w) + 1) + 1 / (abs(w) + 1)).sum(),
    "powers": lambda w: (2 ** (w / 4) ** 2 + (abs(w) ** 0.5) ** 3 + (-(w**2)) * 2).sum(),
    "comparisons": lambda w: ((w < 1) & ~(w <= -1) ^ (w == w.max()) | (w != w)).sum() + (w >= 0).sum(),
    "numbers": lambda w: abs(w.min()) + round(w.max()) + math.floor(w.max()) - math.ceil(w.min()) * math.trunc(w.max()),
    "chosen": lambda w: np.where(w > 0, w, 0).sum() + np.where(w.max() > 3, w.min(), np.where(w.min() < -3, 1, 2)),
    "statistics": lambda w: np.median(w) + np.percentile(w, 30) + np.quantile(w, 0.7) + np.ptp(w) + np.average(w),
    "reductions": lambda w: np.sum(w) + np.prod(w) + np.max(w) + np.amin(w) + np.mean(w) + np.var(w) + np.std(w),
    "reductions of truths": lambda w: np.any(w > 4) + 2 * np.all(w < 4) + np.count_nonzero(w > 0) + np.argmax(w),
    "without nan": lambda w: np.nanmean(np.sqrt(w)) + np.nanmax(np.log(w)) + np.nanmedian(np.sqrt(w)),
    "clipped": lambda w: np.clip(w, -1, 1).sum() + w.clip(0, None).mean() + np.round(w).sum() + np.rint(w).sum(),
    "reduced": lambda w: np.add.reduce(np.maximum(w, 0), axis=None) + np.maximum.reduce(w, axis=None),
    "logical": lambda w: np.logical_and(w > 0, w < 2).sum() + np.logical_not(np.logical_xor(w > 0, w > 1)).sum(),
    "size": lambda w: w.size + np.size(w),
    "selected": lambda w: w[w > w.min()].mean() + np.max(w[w < w.max()]),
    "constants": lambda w: w.max() * np.float32(0.5) + np.int64(3) + math.pi + True,
    "unrolled": lambda w: sum(w.max() * weight for weight in (1, 2.5, -3)),
    "infinite": lambda w: np.minimum(np.inf, w.max()) + np.maximum(-np.inf, w.min()),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_kernel_computes_what_the_function_does(name, image):
    function = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        if name == "reduced":
            expected = np.array([[function(w) for w in row] for row in windows(image)])
        else:
            expected = np.array([[float(function(w.ravel())) for w in row] for row in windows(image)])
    np.testing.assert_allclose(hoodoo.kernel(function)(image, size=3), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "name",
    "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh floor ceil trunc sign rint"
    " absolute fabs negative positive square reciprocal isnan isfinite isinf deg2rad radians rad2deg degrees".split(),
)
def test_universal_functions_of_one_value(name, image):
    function = getattr(np, name)
    with np.errstate(all="ignore"):
        expected = function(image).astype(float)
    np.testing.assert_allclose(hoodoo.kernel(lambda w: function(w[0, 0]))(image), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "name",
    "add subtract multiply divide remainder power float_power floor_divide minimum maximum arctan2 hypot less less_equal greater"
    " greater_equal equal not_equal".split(),
)
def test_universal_functions_of_two_values(name, image):
    function, other = getattr(np, name), image[::-1].round()
    for order in (1, -1):
        with np.errstate(all="ignore"):
            expected = function(*(image, other)[::order]).astype(float)
        kernel = hoodoo.kernel(lambda a, b: function(a[0, 0], b[0, 0]))
        np.testing.assert_allclose(kernel(*(image, other)[::order]), expected, rtol=1e-12)


def test_inputs_params_and_weights(image):
    @hoodoo.kernel
    def mixed(a, b, *, t, u=-2.5, k=np.array([[1, 2, 1]])):
        """What it is.

        And more of it.
        """
        return t * (a * k).sum() + u * b[0, 1]

    assert (mixed.inputs, dict(mixed.params)) == (("a", "b"), {"t": None, "u": -2.5})
    assert mixed.source.startswith("# What it is.\ninput a, b;\nparam t;\nparam u = -2.5;\nweights k;\n")
    result = mixed(image, image, size=(1, 3), t=3)
    padded = np.pad(image, [(0, 0), (1, 1)], mode="symmetric")
    expected = 3 * (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) - 2.5 * padded[:, 2:]
    np.testing.assert_allclose(result, expected)
    np.testing.assert_allclose(mixed(image, image, size=(1, 3), t=0, u=0, k=[[0, 0, 0]]), 0)
    assert pickle.loads(pickle.dumps(mixed)) == mixed


def test_inputs_of_truth_values(image):
    @hoodoo.kernel
    def median(w, bad: bool):
        return hoodoo.where(bad[0, 0], w[0, 0], w.median(where=~bad))

    assert median.source == "input w, bad: bool;\nif bad[0, 0] then w[0, 0] else median(w where not bad)"

    @hoodoo.kernel
    def count(w, bad: np.bool_):
        return bad.any()

    assert count.source == "input w, bad: bool;\nany(bad)"
    expected = hoodoo.Kernel("median(w)")(image, size=3, mask=image > 2)
    np.testing.assert_array_equal(median(image, image > 2, size=3), expected)


def test_outputs(image):
    Pair = collections.namedtuple("Pair", "low high")
    for result in (
        hoodoo.kernel(lambda w: {"low": w.min(), "high": w.max()}),
        hoodoo.kernel(lambda w: Pair(w.min(), w.max())),
    ):
        assert result.outputs == ("low", "high")
        np.testing.assert_array_equal(result(image, size=3).high, windows(image).max((-1, -2)))
    low, seven, high = hoodoo.kernel(lambda w: (hoodoo.fold(np.minimum, w, init=np.inf), 7, w.max()))(image, size=3)
    np.testing.assert_array_equal(low, windows(image).min((-1, -2)))
    np.testing.assert_array_equal(high, windows(image).max((-1, -2)))
    assert (seven == 7).all()


def test_folds(image):
    around = windows(image).reshape(*image.shape, 9)

    @hoodoo.kernel
    def one(w):
        return hoodoo.fold(lambda best, v: hoodoo.where(v < best, v, best), w, init=np.inf)

    assert one.source == "fold best = inf for v in w: if v < best then v else best"
    np.testing.assert_array_equal(one(image, size=3), around.min(-1))

    @hoodoo.kernel
    def several(w):
        low, high = hoodoo.fold(lambda both, v: (np.minimum(both[0], v), np.maximum(both[1], v)), w, init=(np.inf, -np.inf))
        return high - low

    np.testing.assert_array_equal(several(image, size=3), np.ptp(around, -1))

    @hoodoo.kernel
    def nested(w, *, k=np.arange(9.0)):
        near = abs(w - w[0, 0]) < 3
        v = w.mean()
        s = hoodoo.fold(lambda s, v, u: s + v * u, w, k, init=0, where=near)
        inner = hoodoo.fold(lambda s, v: s + hoodoo.fold(lambda s, u: s + abs(u - v), w, init=v), w, init=1)
        return s + inner + v

    near = abs(around - image[..., None]) < 3
    expected = (around * np.arange(9) * near).sum(-1) + 1 + around.sum(-1)
    expected += abs(around[..., None] - around[..., None, :]).sum((-1, -2)) + around.mean(-1)
    np.testing.assert_allclose(nested(image, size=3), expected)


def test_places_and_demands(image):
    @hoodoo.kernel
    def place(w):
        hoodoo.require(w.max() < 1e6)
        return hoodoo.coord(0) * hoodoo.extent(1) + hoodoo.coord(1) + (hoodoo.offset(0) * 0 + hoodoo.dist()).max()

    expected = np.arange(image.size).reshape(image.shape) + math.sqrt(2)
    np.testing.assert_allclose(place(image, size=3), expected)
    with pytest.raises(RuntimeError, match="assert"):
        place(image + 1e6, size=3)


def test_names_of_variables_become_names_in_the_kernel():
    @hoodoo.kernel
    def named(w):
        m = w.mean()
        e = w.max() - m
        spread = np.sqrt(((w - m) ** 2).mean())
        return spread / e + (spread - 1) * (w[0] + 1) + np.abs(w[0] + 1)

    # `e` is a constant of the language, and what is written twice is computed twice in the text, though not in the code.
    assert named.source.splitlines() == [
        "let m = mean(w);",
        "let spread = sqrt(mean((w - m) ** 2));",
        "spread / (max(w) - m) + (spread - 1) * (w[0] + 1) + abs(w[0] + 1)",
    ]


def test_a_value_that_can_fail_is_not_computed_where_it_is_not_needed():
    @hoodoo.kernel
    def guarded(w):
        least = w.rank(0, where=w > 100)
        return hoodoo.where((w > 100).any(), least + least, -1)

    with pytest.raises(RuntimeError):
        # A variable is a `let`, and that is always needed.
        guarded([1.0, 2.0, 3.0], size=3)
    guarded = hoodoo.kernel(lambda w: hoodoo.where((w > 100).any(), w.rank(0, where=w > 100), -1))
    assert guarded([1.0, 2.0, 3.0], size=3).tolist() == [-1, -1, -1]


def line_of(function, index):
    return function.__code__.co_firstlineno + index


def conditional(w):
    if w.max() > 3:
        return 1
    return 0


def walked(w):
    total = 0
    for v in w:
        total += v
    return total


def changed(w):
    m = w.mean()
    w[0] = m
    return w.max()


def chained(w):
    m = w.mean()
    return (1 < m < 3) + 1


def returned(w):
    m = w.mean()
    doubled = (w - m) * 2
    return doubled


def deep(w):
    def inner(x):
        return math.sqrt(x)

    return inner(w.max())


def wrong_rank(w):
    m = w.mean()
    high = w.rank(1.5)
    return m + high


@pytest.mark.parametrize(
    ("function", "line", "message"),
    [
        (conditional, 1, "hoodoo.where"),
        (walked, 2, "hoodoo.fold"),
        (changed, 2, "hoodoo.where"),
        (chained, 2, "known at each pixel only"),
        (returned, 2, "returns a window"),
        (deep, 2, "np.sqrt"),
        (wrong_rank, 2, "whole number"),
        (lambda w: np.sort(w), 0, "np.sort has no form in kernels; these have: .*np.median"),
        (lambda w: np.logaddexp(w, 1), 0, "np.logaddexp has no form in kernels; these have: .*np.exp"),
        (lambda w: np.multiply.accumulate(w), 0, "np.multiply.accumulate has no form"),
        (lambda w: np.add(w, 1, dtype="f4"), 0, "no `dtype`"),
        (lambda w: w.median(axis=0), 0, "without `axis`"),
        (lambda w: np.median(w, 0), 0, "without `axis`"),
        (lambda w: np.median(w, keepdims=True), 0, "no `keepdims`"),
        (lambda w: w.max(ddof=1), 0, "no `ddof`"),
        (lambda w: functools.reduce(lambda a, b: a + b, w), 0, "hoodoo.fold"),
        (lambda w: list(w), 0, "hoodoo.fold"),
        (lambda w: w.rank(), 0, "takes 1 argument"),
        (lambda w: w.max(initial=-1), 0, "no `initial`.*np.maximum"),
        (lambda w: np.max(w, initial=-1), 0, "no `initial`"),
        (lambda w: w.max(keepdims=True), 0, "no `keepdims`"),
        (lambda w: np.percentile(w, 30, method="lower"), 0, "no `method`"),
        (lambda w: np.average(w, returned=True), 0, "no `returned`"),
        (lambda w: w @ w, 0, "sum of products"),
        (lambda w: w.__delitem__((0, 0)), 0, "leaves some out"),
        (lambda w: setattr(w, "x", 1), 0, "no `x`"),
        (lambda w: w.max() + 10**400, 0, "too large"),
        (lambda w: hoodoo.Kernel("max(w)")(w, size=3), 0, "can't be called in a function"),
        (lambda w: hoodoo.Kernel("max(w)").prepare((3,), size=3)(w), 0, "can't be called in a function"),
        (lambda w: hoodoo.kernel(lambda v: v.max())(w), 0, "can't be made in a function"),
        (lambda w: ((w > 0) + (w > 5)).sum(), 0, "a | b"),
        (lambda w: np.add(w > 0, True).sum(), 0, "a | b"),
        (lambda w: ((w > 0) - (w > 5)).sum(), 0, "a \\^ b"),
        (lambda w: (-(w > 0)).sum(), 0, "~a"),
        (lambda w: np.positive(w > 0).sum(), 0, "no `\\+`"),
        (lambda w: (yield w.max()), 0, "without `yield`"),
        (lambda w: min(w[0], w[1]), 0, "np.minimum"),
        (lambda w: w[0] > 1 and w[1] > 1, 0, "`&`"),
        (lambda w: w[0:2], 0, "slices"),
        (lambda w: w[0, 1] + w[1], 0, "2 offsets"),
        (lambda w: (w + 1)[0], 0, "only an input"),
        (lambda w: w[w.argmax()], 0, "reduced|selects"),
        (lambda w: w.foo, 0, "no `foo`"),
        (lambda w: w.max().max(), 0, "of a window"),
        (lambda w: len(w), 0, "w.size"),
        (lambda w: [1, 2, 3][w.max()], 0, "nth"),
        (lambda w: int(w.max()), 0, "np.trunc"),
        (lambda w: round(w.max(), 2), 0, "whole numbers only"),
        (lambda w: 3 in w, 0, "any"),
        (lambda w: np.asarray(w), 0, "array"),
        (lambda w: np.ones(3) * w, 0, "argument"),
        (lambda w: w.max() + "a", 0, "'a'"),
        (lambda w: w.max() + 1j, 0, "1j"),
        (lambda w: w[w > 1] * 2, 0, "only be reduced"),
        (lambda w: None, 0, "returns nothing"),
        (lambda w: {"mean": w.mean()}, 0, "'mean'"),
        (lambda w: {}, 0, "no output"),
        (lambda w: hoodoo.fold(lambda s, v: s + v, 3, init=0), 0, "over the cells of windows"),
        (lambda w: hoodoo.fold(lambda s, v: s + w, w, init=0), 0, "returns a window"),
        (lambda w: hoodoo.fold(lambda s, v: (s, v), w, init=0), 0, "1 accumulators"),
        (lambda w: hoodoo.coord(w.max()), 0, "whole number"),
        (lambda w: hoodoo.require(w > 1), 0, ".all()"),
        (lambda: 1, 0, "has an input"),
        (lambda w, t=3: w.max() > t, 0, r"write `\*, t=3`"),
        (lambda *w: 1, 0, "fixed number"),
        (lambda w, **t: 1, 0, "fixed number"),
        (lambda e: e.max(), 0, "`e` has a meaning"),
        (lambda w, *, t="x": w.max(), 0, "must be a number"),
    ],
)
def test_mistakes_are_told_at_the_users_line(function, line, message):
    with pytest.raises(TracingError, match=message) as caught:
        hoodoo.kernel(function)
    error = caught.value
    assert (error.filename, error.lineno) == (__file__, line_of(function, line)), str(error)
    assert isinstance(error, TypeError)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.lineno) == (str(error), error.lineno)


UNARY = [
    *(operator.neg, operator.pos, operator.abs, operator.invert, round, math.floor, math.ceil, math.trunc),
    *(np.negative, np.positive, np.absolute, np.fabs, np.logical_not, np.invert, np.sqrt, np.round, np.real, np.conjugate),
    *(lambda s: s.conj(), lambda s: s.clip(), lambda s: s.clip(1), lambda s: s.round(), lambda s: s[s > 1], lambda s: s[0]),
]


@pytest.mark.parametrize("operation", UNARY)
@pytest.mark.parametrize("of_truths", [False, True])
def test_no_operation_forgets_which_cells_are_selected(operation, of_truths, image):
    """It is refused, or the selection is kept."""
    try:
        kernel = hoodoo.kernel(lambda w: operation((w > 0)[w > 3] if of_truths else w[w > 3]).sum())
    except TracingError:
        return
    around = windows(image)
    value = (around > 0) if of_truths else around
    np.testing.assert_allclose(kernel(image, size=3), np.where(around > 3, value, 0).sum((-1, -2)))


def test_a_selection_is_not_negated_nor_selected_from():
    negated, selected = lambda w: (-w[w > 3]).sum(), lambda w: w[w > 3][w < 5].sum()
    for function in (negated, selected, lambda w: w[(w > 3)[w < 5]].sum(), lambda w: w[w > 3][0]):
        with pytest.raises(TracingError, match="that w.condition. selects"):
            hoodoo.kernel(function)


@pytest.mark.parametrize(
    "function",
    [
        lambda w: w[0] & 8,
        lambda w: 8 & w[0],
        lambda w: ((w > 1) & 1).sum(),
        lambda w: (w | 1).sum(),
        lambda w: (1 ^ w).sum(),
        lambda w: (~w).sum(),
        lambda w: w[0] << 1,
        lambda w: 1 >> w[0],
        lambda w: np.bitwise_and(w, 8).sum(),
        lambda w: np.invert(w).sum(),
        lambda w: np.left_shift(w, 1).sum(),
        lambda w: np.bitwise_count(w).sum(),
    ],
)
def test_there_are_no_operations_on_bits(function):
    with pytest.raises(TracingError, match="no operations on bits"):
        hoodoo.kernel(function)


def test_truth_values_have_the_operators_of_bits(image):
    around = windows(image)
    kernel = hoodoo.kernel(lambda w: (np.bitwise_or(w > 1, w < -1) & ~(w > 2) ^ True).sum() + np.logical_not(w).sum())
    expected = ((around > 1) | (around < -1)) & ~(around > 2) ^ True
    np.testing.assert_array_equal(kernel(image, size=3), expected.sum((-1, -2)) + (around == 0).sum((-1, -2)))
    with pytest.raises(TracingError, match="truth value"):
        hoodoo.kernel(lambda w: w[w % 2].sum())


def operated(first, operation, count):
    for index in range(count):
        first = operation(first, index)
    return first


@pytest.mark.parametrize("count", [60, 1500])
@pytest.mark.parametrize(
    "operation",
    [
        lambda s, x: s + x,
        lambda s, x: x + s,
        lambda s, x: (s + x) * 0.5,
        lambda s, x: np.minimum(s, x + 1),
        lambda s, x: np.where(x > s, x, s),
    ],
)
def test_loops_of_many_cells(operation, count, image):
    kernel = hoodoo.kernel(lambda w: operated(w[0, 0], lambda s, index: operation(s, w[0, 0] * (index % 7)), count))
    expected = operated(image, lambda s, index: operation(s, image * (index % 7)), count)
    np.testing.assert_array_equal(kernel(image), expected)


def test_what_is_nested_too_deeply_in_a_fold_is_refused():
    step = lambda s, v: operated(s, lambda s, _: np.minimum(s + v, 3), 900)  # noqa: E731
    with pytest.raises(TracingError, match="nested too deeply"):
        hoodoo.kernel(lambda w: hoodoo.fold(step, w, init=0))


def test_axes_that_say_nothing_are_accepted(image):
    around = windows(image).reshape(*image.shape, 9)
    for name in "mean median sum min max std var argmax any all ptp average count_nonzero size".split():
        function = getattr(np, name)
        expected = np.array([[function(w, axis=None) for w in row] for row in around])
        for kernel in (hoodoo.kernel(lambda w: function(w, axis=None)), hoodoo.kernel(lambda w: function(w, None))):
            np.testing.assert_allclose(kernel(image, size=3), expected, rtol=1e-12)
        for wrong in (lambda w: function(w, 0), lambda w: function(w, axis=0), lambda w: function(w, axis=-1)):
            with pytest.raises(TracingError, match="`axis`"):
                hoodoo.kernel(wrong)
    plain = hoodoo.kernel(lambda w: w.max(axis=None, keepdims=False, out=None) + np.percentile(w, 30, method="linear") - w.ptp(axis=None))
    assert plain.source == "max(w) + percentile(w, 30) - (max(w) - min(w))"


def test_a_kernel_has_the_name_of_its_function():
    @hoodoo.kernel
    def edges(w):
        """Where it is steep."""
        return np.ptp(w)

    assert (edges.__name__, edges.__doc__, edges.__module__) == ("edges", "Where it is steep.", __name__)
    assert edges.__qualname__.endswith("<locals>.edges")
    assert pickle.loads(pickle.dumps(edges)) == edges == hoodoo.Kernel(edges.source)
    assert hoodoo.kernel(lambda w: w.max()).__doc__ is None


@pytest.mark.parametrize("name", ["size", "cval", "threads", "axes", "output", "mask", "progress", "iterations"])
def test_params_are_not_named_like_options(name):
    function = eval(f"lambda w, *, {name}=3: w.max() * {name}")
    with pytest.raises(TracingError, match=f"`{name}` is an option of a kernel's call"):
        hoodoo.kernel(function)
    # Inputs have no names in a call.
    assert hoodoo.kernel(eval(f"lambda {name}: {name}.max()"))([1, 2], size=1).tolist() == [1, 2]


def test_whole_numbers_are_divided_as_by_numpy():
    a, b = np.meshgrid(np.arange(-9, 10), [-7, -3, -1, 1, 2, 5, 8])
    kernel = hoodoo.kernel(lambda a, b: divmod(a[0, 0], b[0, 0]))
    for given, expected in zip(kernel(a, b), np.divmod(a, b)):
        np.testing.assert_array_equal(given, expected)
    reverse = hoodoo.kernel(lambda w: divmod(7, w[0, 0])[0] + np.divmod(w[0, 0], 2)[1])
    np.testing.assert_array_equal(reverse(b), 7 // b + b % 2)


def test_tracebacks_end_at_the_users_line():
    with pytest.raises(TracingError) as caught:
        hoodoo.kernel(deep)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno) == (__file__, line_of(deep, 2))
    # Nothing is left behind.
    assert hoodoo.kernel(lambda w: w.max())([1, 2, 3], size=3).tolist() == [2, 3, 3]


def test_what_is_no_function_is_refused():
    for wrong in ("max(w)", hoodoo.Kernel("max(w)"), len):
        with pytest.raises(TypeError, match="of a Python function"):
            hoodoo.kernel(wrong)
    with pytest.raises(TracingError, match="hoodoo.kernel"):
        hoodoo.require(True)


def test_exceptions_of_the_function_itself_pass():
    def fails(w):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        hoodoo.kernel(fails)


def test_threads_trace_at_once():
    kernels = []

    def trace(index):
        for _ in range(20):
            kernels.append((index, hoodoo.kernel(lambda w: w[0] * index + hoodoo.fold(lambda s, v: s + v, w, init=0)).source))

    threads = [threading.Thread(target=trace, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kernels) == 120
    assert {source for _, source in kernels} == {
        f"w[0] * {index} + (fold s = 0 for v in w: s + v)" for index in range(6)
    }


def test_the_sign_of_zero_is_kept():
    assert hoodoo.kernel(lambda w: np.arctan2(-0.0, w[0]))([-1.0], size=1) == [-np.pi]
    assert hoodoo.kernel(lambda w: 1 / (w[0] * -0.0))([2.0], size=1) == [-np.inf]
    assert hoodoo.kernel(lambda w, *, p=-0.0: 1 / (w[0] * p))([2.0], size=1) == [-np.inf]
    assert hoodoo.kernel(lambda w: np.arctan2(0.0, w[0]) + np.arctan2(-0.0, w[0]))([-1.0], size=1) == [0.0]


def test_powers_have_no_modulus():
    with pytest.raises(hoodoo.TracingError, match="modulus"):
        hoodoo.kernel(lambda w: pow(w.sum(), 2, 5))


def test_a_question_that_is_caught_is_a_mistake_all_the_same():
    def guarded(w):
        try:
            if w.max() > 3:
                return 1
        except Exception:
            pass
        return w.max()

    with pytest.raises(TracingError, match="hoodoo.where") as caught:
        hoodoo.kernel(guarded)
    assert caught.value.lineno == line_of(guarded, 2)


def test_what_is_returned_is_wrong_where_it_is_returned():
    def named(w):
        m = w.max()
        return {"a b": m}

    def nothing(w):
        w.max()
        return None

    for function, line in [(named, 2), (nothing, 2)]:
        with pytest.raises(TracingError) as caught:
            hoodoo.kernel(function)
        assert caught.value.lineno == line_of(function, line)


def test_hints_are_for_functions_and_not_for_methods():
    def chained(w):
        a = w.min()
        return 0 < a < w.max()

    with pytest.raises(TracingError, match=r"\(a < b\) & \(b < c\)"):
        hoodoo.kernel(chained)
