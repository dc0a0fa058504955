"""`hoodoo.dask` against the same filter on the whole array in memory."""

from __future__ import annotations

import itertools
import os
import pickle
import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import hoodoo

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")
hoodoo_dask = pytest.importorskip("hoodoo.dask")

MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "shrink", "valid"]


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def assert_equal_blocks(lazy, expected):
    """Equal as a whole, and each block is what its metadata says."""
    assert (lazy.shape, lazy.dtype, lazy._meta.dtype) == (expected.shape, expected.dtype, expected.dtype)
    np.testing.assert_array_equal(lazy.compute(), expected)
    for block in lazy.blocks.ravel() if lazy.ndim else []:
        computed = block.compute()
        assert (computed.shape, computed.dtype) == (block.shape, expected.dtype)


def check(image, chunks, kernel, **arguments):
    """Both give the same arrays, or both the same exception."""
    blocks = da.from_array(image, chunks=chunks)
    try:
        expected = hoodoo.Kernel(kernel)(image, **arguments)
    except Exception as error:
        with pytest.raises(type(error)):
            hoodoo_dask.generic_filter(blocks, kernel, **arguments)
        return
    given = hoodoo_dask.generic_filter(blocks, kernel, **arguments)
    if not isinstance(expected, tuple):
        assert_equal_blocks(given, expected)
        return
    assert given._fields == expected._fields
    for output, expected_output in zip(given, expected, strict=True):
        assert_equal_blocks(output, expected_output)


@pytest.mark.parametrize("mode", ["grid-mirror", "grid-wrap", "grid-constant"])
def test_scipys_other_names_of_modes(mode):
    check(np.arange(7), 2, "sum(w * (offset(0) + 50))", size=5, mode=mode, cval=3)


def test_truth_has_no_value_outside():
    line = np.array([False, True, False, True])
    for cval in [0, 1, 0.5, 2, np.nan]:
        check(line, 2, "max(w)", size=3, mode="constant", cval=cval, dtype="f8")


@pytest.mark.parametrize("mode", MODES)
def test_a_line_in_blocks_of_every_length(mode):
    line = np.random.default_rng(3).integers(0, 200, 7).astype(np.uint8)
    for chunk, size in itertools.product([1, 3, 7], [1, 2, 5, 20]):
        for origin in {-(size // 2), 0, (size - 1) // 2}:
            check(line, chunk, "sum(w * (offset(0) + 50))", size=size, mode=mode, origin=origin, dtype=np.int32)


@pytest.mark.parametrize("seed", range(60))
def test_random_filters(seed):
    rng = np.random.default_rng(seed)
    ndim = int(rng.integers(1, 4))
    shape = tuple(rng.integers(1, 8, ndim).tolist())
    image = rng.integers(0, 100, shape).astype(rng.choice(["u1", "i2", ">i4", "i8", "f4", "f8"]))
    axes = rng.permutation(ndim)[: rng.integers(1, ndim + 1)].tolist()
    footprint = rng.integers(1, 5, len(axes))
    check(
        image,
        tuple(int(rng.integers(1, length + 1)) for length in shape),
        str(
            rng.choice(
                [
                    "min(w)",
                    "sum(w * (offset(0) + 2))",
                    "median(w)",
                    "100 * coord(0) + extent(0) + max(w)",
                    "low: min(w), far: max(w) - coord(0)",
                    "rank(w, 0)",
                    f"w[{', '.join(['-3'] * len(axes))}] + w[{', '.join(['1'] * len(axes))}] + 0 * min(w)",
                ]
            )
        ),
        footprint=rng.random(footprint) < 0.8,
        mode=[str(rng.choice(MODES)) for _ in axes],
        origin=[int(rng.integers(-(length // 2), (length - 1) // 2 + 1)) for length in footprint],
        cval=float(rng.choice([0, 7, 2.5, np.nan, -1, 300])),
        dtype=rng.choice([None, "f8", "f4", "i8"]),
        axes=axes,
    )


def test_sums_of_floats_are_equal_but_for_their_rounding():
    image = np.random.default_rng(5).normal(size=(40, 50))
    kernel = hoodoo.Kernel("sum(w) / 9 - mean(w * dist())")
    lazy = hoodoo_dask.generic_filter(da.from_array(image, chunks=(7, 16)), kernel, size=3)
    np.testing.assert_allclose(lazy.compute(), kernel(image, size=3), rtol=0, atol=1e-15)


def test_inputs_get_the_blocks_of_the_first():
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 9, (2, 9, 10))
    kernel = hoodoo.Kernel("input a, b; param t; low: t * min(a) - b[0, 1], b: max(b) + a[0, 0]", t=3)
    lazy = hoodoo_dask.generic_filter([da.from_array(a, chunks=4), b], kernel, size=3)
    assert lazy.low.chunks == ((4, 4, 1), (4, 4, 2))
    for given, expected in zip(lazy, kernel(a, b, size=3), strict=True):
        assert_equal_blocks(given, expected)


def test_weights_and_params():
    image = np.random.default_rng(7).integers(0, 9, (6, 7))
    check(image, 2, "param t = 2; weights k; t * sum(k * w)", size=(1, 3), k=[1, -2, 1], t=5)
    check(image, 2, "param t = 2; weights k; t * sum(k * w) + coord(1)", size=(1, 3), k=[1, -2, 1], t=5)


def test_names_of_a_kernel_with_coordinates_may_be_ours():
    check(np.zeros((5, 6)), 2, "let block_coord = 1; let block__ = 2; block_coord + block__ * coord(1) # coord(")


@pytest.mark.parametrize(
    ("shape", "kernel", "window"),
    [
        # At the end of a block that is not one of the array, these would fail if they saw its cells only.
        ((9,), "assert len(w) > 1; max(w)", {"size": 3}),
        ((4, 5), "rank(w, 3)", {"size": 3}),
        ((4, 5), "rank(w, 4)", {"size": (3, 5), "mode": ("nearest", "shrink")}),
        ((9,), "param q = 30; percentile(w, q)", {"size": 3}),
        ((9,), "if any(w > 3) then rank(w where w > 3, 0) else -1", {"size": 3}),
        ((9,), "nth(w, 0)", {"footprint": [1, 0, 1]}),
        ((7, 9), "percentile(w, 30)", {"size": (1, 4)}),
        ((7, 9), "rank(w, 0) + rank(w, -1)", {"footprint": [[1, 1, 0], [0, 1, 0]]}),
        ((7, 9), "nth(w, 0) + trimmed_mean(w, 1)", {"size": 3}),
        ((7, 9), "argmax(w) + 10 * nth(w, argmin(w))", {"size": 3}),
        ((7, 9), "if inside() then w[0, 0] else -1", {"size": 3, "mode": ("constant", "shrink"), "cval": 0.5}),
        ((7, 9), "sum(w) + 100 * len(w)", {"size": 3, "mode": ("constant", "shrink"), "cval": 0.5}),
    ],
)
def test_windows_at_the_ends_of_blocks_are_those_of_the_array_in_mode_shrink(shape, kernel, window):
    image = np.random.default_rng(4).integers(0, 99, shape)
    for chunk in (1, 2, 4):
        check(image, chunk, kernel, **{"mode": "shrink", **window})
        check(image.astype(float), chunk, kernel, **{"mode": "shrink", **window})


def test_the_graph_grows_with_the_blocks():
    """Twice as many blocks take about twice as many operations, and not four times."""
    from hoodoo import _overlap

    def lines(blocks):
        count = 0

        def trace(frame, event, arg):
            nonlocal count
            count += 1
            return trace if frame.f_code.co_filename == _overlap.__file__ else None

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            assert len(_overlap.spans([10] * blocks, "reflect", 2, 2)) == blocks
        finally:
            sys.settrace(before)
        return count

    assert lines(2000) < 2.2 * lines(1000)
    # What is done for a block takes no list of all blocks.
    start = time.process_time()
    _overlap.spans([10] * 20_000, "reflect", 2, 2)
    assert time.process_time() - start < 20


def test_the_graph_is_made_when_it_is_needed():
    """For 400 blocks of 2048 x 2048 pixels its tasks are fewer than those of `map_overlap`, and are made in half the time."""
    x = da.zeros((20 * 2048, 20 * 2048), chunks=2048)
    filtered = hoodoo_dask.generic_filter(x, "min(w)", size=3)
    layer = filtered.dask.layers[filtered.name]
    (part,) = dask.optimize(filtered[5000, 5000])
    assert len(dict(part.__dask_graph__())) < 40
    assert not layer.is_materialized()
    theirs = x.map_overlap(lambda block: block, depth=1, boundary="reflect")
    assert len(dict(filtered.__dask_graph__())) < 0.6 * len(dict(theirs.__dask_graph__()))
    assert layer.is_materialized()


def test_filters_of_filters_and_several_at_once():
    image = np.random.default_rng(14).integers(0, 99, (9, 8))
    low, high = hoodoo.Kernel("min(w)"), hoodoo.Kernel("max(w)")
    blocks = da.from_array(image, chunks=(4, 3))
    opened = hoodoo_dask.generic_filter(hoodoo_dask.generic_filter(blocks, low, size=3), high, size=3)
    closed = hoodoo_dask.generic_filter(hoodoo_dask.generic_filter(blocks, high, size=3), low, size=3)
    expected = high(low(image, size=3), size=3), low(high(image, size=3), size=3)
    (optimized,) = dask.optimize(closed - opened)
    for given, right in [
        *zip(dask.compute(opened, closed), expected),
        (optimized.compute(), expected[1] - expected[0]),
        ((closed - opened)[2:5, 3].compute(), (expected[1] - expected[0])[2:5, 3]),
        (opened.persist().compute(), expected[0]),
    ]:
        np.testing.assert_array_equal(given, right)


def test_tasks_grow_with_the_blocks():
    counts = [len(dict(hoodoo_dask.generic_filter(da.zeros((n, n), chunks=1), "min(w)", size=3).dask)) for n in (8, 16)]
    assert counts[1] < 4.6 * counts[0]


def test_chunks_stay():
    blocks = da.zeros((9, 10), chunks=((2, 7), (5, 1, 4)))
    assert hoodoo_dask.generic_filter(blocks, "min(w)", size=7).chunks == blocks.chunks
    assert hoodoo_dask.generic_filter(blocks, "min(w)", size=3, mode="valid").chunks == ((1, 6), (4, 1, 3))


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (2, 0, 2)])
def test_arrays_of_no_axes_or_no_pixels(shape):
    check(np.zeros(shape), -1, "min(w)", size=3)
    check(np.zeros(shape), -1, "w[-1] + w[1]" if len(shape) == 1 else "min(w)", size=3, mode="valid")


def test_a_part_of_the_result_needs_a_part_of_the_blocks():
    seen = set()

    def load(block, block_info=None):
        seen.add(block_info[0]["chunk-location"])
        return block

    blocks = da.zeros((100, 100), chunks=10).map_blocks(load, dtype=float, meta=np.empty((0, 0)))
    hoodoo_dask.generic_filter(blocks, "min(w)", size=3)[55, 55].compute()
    assert seen == {(y, x) for y in (4, 5, 6) for x in (4, 5, 6)}


MASKED = [
    ("mean(w)", {}),
    ("max(w) - min(w)", {"mode": "shrink"}),
    ("100 * len(w) + coord(0)", {"mode": ("constant", "shrink"), "cval": 3}),
    ("median(w)", {"mode": "valid"}),
    ("low: min(w), far: max(w) - coord(1)", {"mode": "wrap", "fill": True}),
    ("rank(w, 0)", {"mode": "nearest", "origin": (1, 0)}),
    ("w[0, -1] + w[1, 0]", {"size": None, "mode": "mirror"}),
]


def same_masked(given, expected):
    given, expected = (each if isinstance(each, tuple) else (each,) for each in (given, expected))
    for lazy, whole in zip(given, expected, strict=True):
        assert isinstance(lazy._meta, np.ma.MaskedArray) == isinstance(whole, np.ma.MaskedArray)
        computed = lazy.compute()
        assert (type(computed), computed.dtype, lazy.dtype) == (type(whole), whole.dtype, whole.dtype)
        np.testing.assert_array_equal(np.ma.getmaskarray(computed), np.ma.getmaskarray(whole))
        np.testing.assert_allclose(np.ma.filled(computed, 77), np.ma.filled(whole, 77), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["u1", "i8", "f4"])
@pytest.mark.parametrize(("kernel", "options"), MASKED)
def test_cells_without_a_value(kernel, options, dtype):
    rng = np.random.default_rng(11)
    image = rng.integers(0, 100, (9, 8)).astype(dtype)
    missing = rng.random((9, 8)) < 0.5
    missing[:4, 3:] = True
    options, kernel = {"size": 3, **options}, hoodoo.Kernel(kernel)
    for chunks in [(4, 3), (9, 8), (2, 1)]:
        blocks = da.from_array(image, chunks=chunks)
        masked = np.ma.MaskedArray(image, missing, fill_value=77)
        for lazy in (da.from_array(masked, chunks=chunks), da.ma.masked_array(blocks, missing, fill_value=77)):
            same_masked(hoodoo_dask.generic_filter(lazy, kernel, **options), kernel(masked, **options))
            same_masked(kernel(lazy, **options), kernel(masked, **options))
        expected = kernel(image, mask=missing, **options)
        for mask in (missing, da.from_array(missing, chunks=4)):
            same_masked(hoodoo_dask.generic_filter(blocks, kernel, mask=mask, **options), expected)
        same_masked(kernel(blocks, mask=missing[4], **options), kernel(image, mask=missing[4], **options))
        marked = np.where(missing, 99, image).astype(dtype)
        lazy = kernel(da.from_array(marked, chunks=chunks), nodata=99, **options)
        same_masked(lazy, kernel(marked, nodata=99, **options))


def test_masks_of_several_inputs():
    rng = np.random.default_rng(12)
    a, b = rng.integers(0, 9, (2, 6, 7))
    kernel = hoodoo.Kernel("input a, b; mean(a) - min(b)")
    one, other = np.ma.masked_greater(a, 6), np.ma.masked_less(b, 2)
    lazy = [da.from_array(each, chunks=2) for each in (one, other)]
    same_masked(kernel(*lazy, size=3), kernel(one, other, size=3))
    same_masked(kernel(lazy[0], b, size=3, mask=b > 7), kernel(one, b, size=3, mask=b > 7))
    same_masked(kernel(da.from_array(a, chunks=3), lazy[1], size=3), kernel(a, other, size=3))


def test_masks_that_are_not_right():
    blocks = da.zeros((4, 4), chunks=2)
    with pytest.raises(ValueError, match="mask: the shape"):
        hoodoo_dask.generic_filter(blocks, "min(w)", size=3, mask=np.zeros((3, 4), bool))
    with pytest.raises(ValueError, match="nodata"):
        hoodoo_dask.generic_filter(blocks.astype("u1"), "min(w)", size=3, nodata=-1)
    for wrong in ({"mask": "x"}, {"nodata": "x"}, {"threads": "x"}):
        with pytest.raises(TypeError, match=f"{next(iter(wrong))}|integer"):
            hoodoo.Kernel("min(w)")(blocks, size=3, **wrong)


@pytest.mark.parametrize("mode", ["reflect", "nearest", "wrap", "mirror", "shrink", "valid"])
def test_times(mode):
    days = np.datetime64("2026-01-01") + np.random.default_rng(13).integers(0, 99, (5, 6)).astype("m8[D]")
    days[1, 2] = "NaT"
    check(days, 2, "max(w)", size=3, mode=mode)
    check(days - days[0, 0], 2, "low: min(w), high: max(w)", size=3, mode=mode)


def test_names_are_of_what_is_computed():
    blocks = da.zeros((4, 4), chunks=2)
    name = hoodoo_dask.generic_filter(blocks, "param t = 1; t * min(w)", size=3).name
    assert hoodoo_dask.generic_filter(blocks, "param t = 1; t * min(w)", size=3).name == name
    for other in [{"t": 2}, {"mode": "wrap"}, {"size": 5}, {"dtype": "f4"}, {"cval": 1}, {"origin": 1}]:
        assert hoodoo_dask.generic_filter(blocks, "param t = 1; t * min(w)", **{"size": 3, **other}).name != name


def test_bad_arguments_are_found_before_anything_is_computed():
    blocks = da.zeros((4, 4), chunks=2)
    for error, kernel, arguments in [
        (hoodoo.KernelError, "min(w", {"size": 3}),
        (hoodoo.KernelError, "coord(2) + min(w)", {"size": 3}),
        (ValueError, "min(w)", {}),
        (RuntimeError, "min(w)", {"size": 3, "mode": "periodic"}),
        (RuntimeError, "min(w)", {"size": 3, "mode": ["wrap"]}),
        (RuntimeError, "min(w)", {"size": (3,)}),
        (RuntimeError, "min(w)", {"size": 3, "origin": (0,)}),
        (RuntimeError, "min(w)", {"footprint": [1, 1]}),
        (TypeError, "min(w)", {"size": 2.5}),
        (TypeError, "min(w)", {"size": 3, "cval": "x"}),
        (TypeError, "min(w)", {"size": 3, "origin": 0.5}),
        (ValueError, "min(w)", {"size": 3, "axes": (0, 0)}),
        (ValueError, "min(w)", {"size": 3, "origin": 2}),
        (ValueError, "min(w)", {"size": 3, "axes": 2}),
        (ValueError, "param t; t * min(w)", {"size": 3}),
        (TypeError, "min(w)", {"size": 3, "t": 1}),
        (TypeError, lambda window: window.min(), {"size": 3}),
    ]:
        with pytest.raises(error):
            hoodoo_dask.generic_filter(blocks, kernel, **arguments)
    with pytest.raises(TypeError):
        hoodoo_dask.generic_filter(blocks.astype(complex), "min(w)", size=3)
    for wrong in ({"output": np.zeros((4, 4))}, {"progress": print}):
        for call in (hoodoo.Kernel("min(w)"), lambda blocks, **more: hoodoo_dask.generic_filter(blocks, "min(w)", **more)):
            with pytest.raises(TypeError, match=f"without `{next(iter(wrong))}`"):
                call(blocks, size=3, **wrong)
    with pytest.raises(ValueError, match="shapes"):
        hoodoo_dask.generic_filter([blocks, blocks[:3]], "input a, b; min(a) + min(b)", size=3)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        hoodoo_dask.generic_filter(blocks[blocks > 0], "min(w)", size=3)


def test_a_pixel_that_fails_is_named():
    blocks = da.from_array(np.arange(12), chunks=4)
    with pytest.raises(RuntimeError, match=r"counted from \[7\]"):
        hoodoo_dask.generic_filter(blocks, "assert max(w) < 10; max(w)", size=3).compute()


def test_tasks_are_pickled_with_the_kernels_text():
    lazy = hoodoo_dask.generic_filter(da.zeros((4, 4), chunks=2), "coord(0) + min(w)", size=3)
    assert b"min(w)" in pickle.dumps(dict(lazy.dask))


#: The memory that a process of the cluster may have, in bytes.
LIMIT = 350 << 20


@pytest.fixture(scope="module")
def client():
    """A cluster of two processes."""
    distributed = pytest.importorskip("distributed")
    arguments = {"processes": True, "n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**arguments, memory_limit=LIMIT) as cluster:
        with distributed.Client(cluster) as client:
            yield client


@pytest.mark.slow
class TestCluster:
    def test_each_process_compiles_a_kernel_once(self, client):
        image = np.random.default_rng(8).integers(0, 100, (60, 70))
        kernel = "param t = 3; t * max(w) + coord(0) # in other processes"
        lazy = hoodoo_dask.generic_filter(da.from_array(image, chunks=9), kernel, size=5, mode="wrap", t=2)
        result = client.compute(lazy).result(timeout=120)
        np.testing.assert_array_equal(result, hoodoo.Kernel(kernel)(image, size=5, mode="wrap", t=2))
        for cache in client.run(programs_made).values():
            assert cache.currsize <= 1 and cache.misses <= 1, cache

    def test_errors_come_back(self, client):
        lazy = hoodoo_dask.generic_filter(da.zeros((4, 4), chunks=2), "assert max(w) > 0; 1", size=3)
        with pytest.raises(RuntimeError, match="assert"):
            client.compute(lazy).result(timeout=120)

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says there what memory a process had")
    def test_a_store_larger_than_the_memory_of_a_process(self, client, tmp_path, capsys):
        zarr = pytest.importorskip("zarr")
        side, chunk = 12_000, 1500
        ramp = da.arange(side, chunks=chunk, dtype=np.float32)
        image = (ramp[:, None] * 31 + ramp[None, :] ** 2) % 257
        assert image.dtype == np.float32 and image.nbytes > 1.5 * LIMIT
        source, target = str(tmp_path / "source.zarr"), str(tmp_path / "target.zarr")
        image.to_zarr(source)
        kernel = hoodoo.Kernel("max(w) - min(w) + coord(1)")
        hoodoo_dask.generic_filter(da.from_zarr(source), kernel, size=9, mode="mirror").to_zarr(target)

        filtered = zarr.open(target, mode="r")
        assert filtered.shape == image.shape
        for rows in [slice(0, 40), slice(chunk - 20, chunk + 20), slice(side - 40, side)]:
            around = slice(max(rows.start - 4, 0), min(rows.stop + 4, side))
            expected = kernel(image[around].compute(scheduler="threads"), size=9, mode="mirror")
            expected = expected[rows.start - around.start :][: rows.stop - rows.start]
            np.testing.assert_array_equal(filtered[rows], expected)
        peaks = [peak << 10 for peak in client.run(peak_memory).values()]
        with capsys.disabled():
            print(f"\nstore {image.nbytes >> 20} MiB; peaks of workers {[peak >> 20 for peak in peaks]} MiB")
        assert max(peaks) < LIMIT

    def test_blocks_start_no_threads_of_their_own(self, client):
        """A block of more pixels than a run of one thread would have without being told."""
        before = client.run(threads)
        lazy = hoodoo_dask.generic_filter(da.ones((2, 3000, 3000), chunks=(1, 3000, 3000), dtype="f4"), "std(w)", size=(1, 15, 15))
        assert client.compute(lazy.sum()).result(timeout=120) == 0
        # Dask has one that it starts when it first computes something.
        assert all(after <= before[worker] + 1 for worker, after in client.run(threads).items())

    def test_a_worker_that_is_killed_costs_a_retry(self, client):
        image = np.random.default_rng(9).integers(0, 100, (40, 50))
        slow = da.from_array(image, chunks=10).map_blocks(slowly, dtype=image.dtype, meta=np.empty((0, 0), image.dtype))
        future = client.compute(hoodoo_dask.generic_filter(slow, "max(w) - min(w)", size=5, mode="wrap"))
        time.sleep(1.0)
        victim = next(iter(client.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        result = future.result(timeout=300)
        np.testing.assert_array_equal(result, hoodoo.Kernel("max(w) - min(w)")(image, size=5, mode="wrap"))
        assert victim not in client.run(os.getpid).values()


def slowly(block):
    """A block, after a while."""
    time.sleep(0.2)
    return block


def threads():
    """How many threads this process has."""
    return len(os.listdir("/proc/self/task"))


def programs_made():
    """How a process made programs of texts."""
    from hoodoo._booleans import program_of

    return program_of.cache_info()


def peak_memory():
    """The peak of a process' memory in KiB. That of `getrusage` begins with the memory of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])


def test_graphs_of_several_arrays_are_culled():
    """Dask asks each layer for the keys of all."""
    image = da.from_array(np.arange(48.0).reshape(6, 8), chunks=(3, 4))
    low, high = hoodoo_dask.generic_filter(image, hoodoo.Kernel("low: min(w), high: max(w)"), size=3)
    again = hoodoo_dask.generic_filter(low[:3] + high[:3], hoodoo.Kernel("max(w)"), size=3)
    graph = again.__dask_graph__().cull({(again.name, 0, 1), "a text", ("another", 0, 0), (low.name, 1, 1)})
    assert {key for key in graph.to_dict() if key[0] == again.name} == {(again.name, 0, 1)}
    for given, expected in zip(dask.compute(low, again), [low.compute(), again.compute()], strict=True):
        np.testing.assert_array_equal(given, expected)


@pytest.mark.parametrize("lazy", [True, False])
def test_mode_valid_leaves_nothing_of_a_small_array_with_a_mask(lazy):
    image = np.arange(12.0).reshape(3, 4)
    mask = da.from_array(image > 3, chunks=2) if lazy else image > 3
    given = hoodoo.dask.generic_filter(da.from_array(image, chunks=2), "mean(w)", size=5, mode="valid", mask=mask)
    assert given.compute().shape == (0, 0)


@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize(
    ("dtype", "nodata", "cval"),
    [("f4", -99.9, 0.1), ("f4", -3.40282346638529e38, 0.1), ("f4", -99.9, -99.9), ("u1", 7, 0.5), ("u1", 7, -1), ("i8", 2.0**53, 0.5), ("f8", 3, np.nan)],
)
def test_nodata_is_that_of_the_arrays_type_whatever_is_outside(dtype, nodata, cval, fill):
    image = np.random.default_rng(3).integers(0, 20, (13, 17)).astype(dtype)
    image[image < 6] = nodata
    for kernel in ["mean(w)", "max(w) - min(w)", "count(w > 5)"]:
        check(image, 5, kernel, size=3, mode="constant", cval=cval, nodata=nodata, fill=fill, dtype="f4" if dtype == "f4" else "f8")


def test_large_integers_are_those_of_the_whole_array():
    image = np.random.default_rng(4).integers(2**60, 2**62, (13, 17))
    for cval in [0, 0.5, 2**61, -1e300, np.nan]:
        check(image, 5, "max(w)", size=3, mode="constant", cval=cval)
        check(image, 5, "median(w)", size=3, mode=("constant", "shrink"), cval=cval)


def test_booleans_stay_booleans_whatever_is_outside():
    rng = np.random.default_rng(5)
    image, bad = rng.random((13, 17)), rng.random((13, 17)) < 0.3
    for cval in [0.0, 0.5, 2.0, np.nan]:
        arguments = {"size": 3, "mode": "constant", "cval": cval}
        blocks = [da.from_array(each, chunks=5) for each in (image, bad)]
        source = "input x, bad; median(x where not bad)"
        assert_equal_blocks(hoodoo_dask.generic_filter(blocks, source, **arguments), hoodoo.Kernel(source)(image, bad, **arguments))


@pytest.mark.parametrize("source", ["rank(w, 4)", "assert len(w) > 4; max(w)"])
def test_what_is_asked_of_the_window_is_asked_at_the_ends_too(source):
    line = np.arange(20.0)
    with pytest.raises(RuntimeError):
        hoodoo.Kernel(source)(line, size=7, mode="shrink")
    with pytest.raises(RuntimeError, match="counted from"):
        hoodoo_dask.generic_filter(da.from_array(line, chunks=6), source, size=7, mode="shrink").compute()
    check(line, 6, source, size=13, mode="shrink")


def test_what_memory_takes_and_refuses():
    line = np.arange(6)
    for mask in (np.ma.masked_greater(line, 3), da.ma.masked_greater(da.from_array(line, chunks=2), 3)):
        with pytest.raises(TypeError, match="mask"):
            hoodoo_dask.generic_filter(da.from_array(line, chunks=2), "max(w)", size=3, mask=mask)
    for name in ("images", "region", "wanted"):
        kernel = hoodoo.Kernel(f"param {name}; max(w) + {name}")
        assert_equal_blocks(kernel(da.from_array(line, chunks=2), size=3, **{name: 1}), kernel(line, size=3, **{name: 1}))
    inside = hoodoo.Kernel("sum(w where inside())")
    assert_equal_blocks(inside(da.from_array(line, chunks=2), size=(), axes=()), inside(line, size=(), axes=()))


def test_inputs_are_broadcast_as_in_memory():
    image = np.random.default_rng(5).integers(0, 50, (12, 10)).astype(np.int16)
    row, column = image[3], image[:, :1] + 3
    kernel = hoodoo.Kernel("input a, b, c; max(a - b) + min(c)")
    for inputs in [(image, row, column), (row, column, image), (column, row, np.int16(4))]:
        chunks = [da.from_array(each, chunks=4) if getattr(each, "ndim", 0) else each for each in inputs]
        expected = kernel(*inputs, size=3)
        np.testing.assert_array_equal(hoodoo_dask.generic_filter(chunks, kernel, size=3), expected)
