"""A pytest plugin that has scikit-image's functions dispatch to the backend of this package, and counts what it accepts."""

import functools
import importlib
import os
from collections import Counter
from pathlib import Path

import hoodoo._rank
import hoodoo.skimage

#: How often each function was called, and how often Hoodoo did the work.
called, reached = Counter(), Counter()

# What is compared is values.
hoodoo._rank.leaves_the_slower = False


def dispatched(name, theirs):
    """A function as scikit-image dispatches it, without its notification."""

    @functools.wraps(theirs)
    def wrapper(*arguments, **keywords):
        called[name] += 1
        if not hoodoo.skimage.can_has(name, *arguments, **keywords):
            return theirs(*arguments, **keywords)
        reached[name] += 1
        return hoodoo.skimage.get_implementation(name)(*arguments, **keywords)

    return wrapper


for name in hoodoo.skimage.information().supported_functions:
    place, _, function = name.partition(":")
    module = importlib.import_module(place)
    setattr(module, function, dispatched(name, getattr(module, function)))


def pytest_sessionfinish(session):
    if path := os.environ.get("HOODOO_REACHED"):
        rows = (f"{name.partition(':')[2]} {count} {reached[name]}\n" for name, count in called.items())
        Path(path).write_text("".join(rows))
