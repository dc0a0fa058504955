"""A pytest plugin that puts this package's functions in the place of those of ``scipy.ndimage``, and counts what reaches Hoodoo."""

import functools
import os
from collections import Counter
from pathlib import Path

import scipy.ndimage
from scipy._lib._array_api import xp_capabilities_table

import hoodoo._dropin
import hoodoo._generic
import hoodoo._kernel
import hoodoo.ndimage

#: Every function of `hoodoo.ndimage` that is not SciPy's own.
REDIRECTED = [
    name
    for name in hoodoo.ndimage.__all__
    if getattr(hoodoo.ndimage, name) is not getattr(scipy.ndimage, name) and callable(getattr(hoodoo.ndimage, name))
]

#: How often each function was called, and how often a call had Hoodoo filter something.
called, reached = Counter(), Counter()

# SciPy's tests are of small images.
hoodoo._dropin.smallest = 0

runs = 0


class CountedPrepared:
    """A prepared filter that counts its runs."""

    def __init__(self, prepared):
        self._prepared = prepared

    def __call__(self, *arguments, **keywords):
        global runs
        runs += 1
        return self._prepared(*arguments, **keywords)

    def __getattr__(self, name):
        return getattr(self._prepared, name)


class CountedFilter:
    """A filter that counts its runs."""

    def __init__(self, *arguments):
        self._filter = hoodoo._hoodoo.Filter(*arguments)

    def run(self, *arguments):
        global runs
        runs += 1
        return self._filter.run(*arguments)

    def prepare(self, *arguments):
        return CountedPrepared(self._filter.prepare(*arguments))

    def __getattr__(self, name):
        return getattr(self._filter, name)


hoodoo._kernel.Filter = hoodoo._generic.Filter = CountedFilter


def counted(name, function):
    @functools.wraps(function)
    def wrapper(*arguments, **keywords):
        called[name] += 1
        before = runs
        try:
            return function(*arguments, **keywords)
        finally:
            reached[name] += runs > before

    return wrapper


for name in REDIRECTED:
    ours, theirs = counted(name, getattr(hoodoo.ndimage, name)), getattr(scipy.ndimage, name)
    # SciPy's tests look up what a function can do by the function itself.
    xp_capabilities_table[ours] = xp_capabilities_table[theirs]
    setattr(scipy.ndimage, name, ours)


def pytest_sessionfinish(session):
    if path := os.environ.get("HOODOO_REACHED"):
        Path(path).write_text("".join(f"{name} {called[name]} {reached[name]}\n" for name in REDIRECTED))
