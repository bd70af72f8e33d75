"""Which callees lifting replaces, for reports of it: ``math.exp``, ``np.zeros``."""

import contextlib
import linecache
import sys

import numpy as np

_names = None  # a dict while somebody records; its keys are the names


@contextlib.contextmanager
def replaced_callees():
    """Return a context whose dict has the names of the callees that lifted code replaces in it, in their order.

    Lifters look up each callee once. They forget what they know, so that they look it up again.
    """
    global _names
    resolve = sys.modules.get("dualnum.lifting.resolve")
    if resolve is not None:
        resolve.forget()
        resolve.storage.forget_marks()
    outer, _names = _names, {}
    try:
        yield _names
    finally:
        _names = outer


def note(g):
    """Note a callee for which a table has a replacement: a function, or a method of an array."""
    names = _names  # another thread's recording may end at any time
    if names is None:
        return
    from dualnum.lifting.boundary import name_of
    from dualnum.lifting.resolve import MAKERS, REPLACED
    from dualnum.lifting.tables.array_methods import METHODS

    if isinstance(getattr(g, "__self__", None), np.ndarray):
        if g.__name__ in METHODS:
            names[f"ndarray.{g.__name__}"] = None
        return
    try:
        known = g in REPLACED or g in MAKERS
    except TypeError:  # not hashable
        return
    if known:
        names[name_of(g).replace("numpy.", "np.", 1)] = None


def note_site(code, offset):
    """Note the call at an offset of a code object, as the source spells it: it makes arrays of duals from now on."""
    names = _names
    if names is None:
        return
    line, _, start, end = list(code.co_positions())[offset // 2]
    text = linecache.getline(code.co_filename, line or 0).encode()[start:end].decode()
    names[text.partition("(")[0]] = None
