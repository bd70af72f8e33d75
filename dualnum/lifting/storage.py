"""Memory for duals where f asks for floats: ``a = np.zeros(n)`` and then ``a[0] = d``.

Lifted code gets arrays of floats as it asks for them, and the place of each such call is noted: its site, a code object
and the offset of the call in it.  When f assigns a dual to an element of such an array, the site is marked and f
starts again; this time the call at that site returns an array of duals.  Tables of constants so stay floats.
"""

import operator
import weakref

import numpy as np

from dualnum._core import (
    DUAL_DTYPES,
    ComplexDualDType,
    DualArray,
    DualDType,
    Restart,
    complex_dtype,
    count_mark,
    current_run,
    real_dtype,
    run_lifted,
    value,
)
from dualnum.lifting import record

#: The characters of the dtypes of which an array can be one of duals instead: float64 and complex128.
NUMBERS = ("d", "D")

_marked = {}  # site: (its code object, which keeps the id in the site valid; the number of the mark)
_noted = {}  # id of an array: (weak reference to it, its site, the code object)


def dtype_of(x, found=None, depth=20):
    """Return the common dual dtype of all duals in x, containers included, and `found`; None if there are none.

    Of complex duals that is the one of their parts.
    """
    dtype = x if isinstance(x, DUAL_DTYPES) else getattr(x, "dtype", None)
    if isinstance(dtype, ComplexDualDType):
        dtype = real_dtype(dtype)
    if isinstance(dtype, DualDType):
        return dtype if found is None or found is dtype else np.promote_types(found, dtype)
    if not depth:
        return found
    if isinstance(x, (list, tuple)) or (isinstance(dtype, np.dtype) and dtype.kind == "O"):
        for item in x.ravel().tolist() if isinstance(x, np.ndarray) else x:
            found = dtype_of(item, found, depth - 1)
    elif isinstance(x, dict):
        for item in x.values():
            found = dtype_of(item, found, depth - 1)
    return found


def active(run):
    """Return the dtype with the levels that a lifted call computes with, or None."""
    if run is None:
        return None
    if run.active is None:
        run.active = dtype_of((run.args, run.kwargs, run.learnt), active(run.outer))
    return run.active


def run(g, args, kwargs, state, learnt=None):
    """Return g(*args, **kwargs) of a lifted function, which starts again as often as it learns a site.

    Each start finds the arguments in their first `state`, and the last one leaves its traces.  `learnt` has levels of
    duals that f holds besides.
    """
    while True:
        try:
            return run_lifted(g, args, kwargs, learnt)
        except Restart as restart:
            learnt = dtype_of(restart.args, learnt)
            state.restore()


def in_worker(function):
    """Return a lifted function as a thread of f's calls it: with f's levels; where it has to, f starts again."""
    caller = current_run()
    if caller is None:
        return function
    learnt, marks = active(caller), len(_marked)

    def work(*args, **kwargs):
        try:
            return run_lifted(function, args, kwargs, learnt)
        except (Restart, TypeError) as error:
            if type(error) is not Restart and len(_marked) == marks:
                raise
            # a refusal, too, may come of an array that is older than another worker's mark
            caller.pending = True
            raise Restart(*(error.args if type(error) is Restart else ())) from None

    return work


def copied(x, known=None):
    """Return x with copies of its arrays, lists, tuples and dicts; one that occurs twice stays one."""
    known = {} if known is None else known
    if id(x) in known:
        return known[id(x)]
    if isinstance(x, np.ndarray):
        known[id(x)] = made = x.copy(order="K")
    elif type(x) is list:
        known[id(x)] = made = []
        made += [copied(item, known) for item in x]
    elif type(x) is dict:
        known[id(x)] = made = {}
        made.update({key: copied(item, known) for key, item in x.items()})
    elif type(x) is tuple:
        made = tuple([copied(item, known) for item in x])
    elif isinstance(x, tuple) and hasattr(x, "_fields"):
        made = type(x)(*[copied(item, known) for item in x])
    else:
        made = x
    return made


def owner_of(a):
    """Return the array that owns the memory of `a`, or None where that is no array's."""
    while getattr(a, "base", None) is not None:
        a = a.base
    return a if isinstance(a, np.ndarray) else None


def _owners_in(x):
    """Return the owners of the arrays in x and in its lists and tuples."""
    if isinstance(x, (list, tuple)):
        return [owner for item in x for owner in _owners_in(item)]
    return [owner_of(x)] if isinstance(x, np.ndarray) else []


def made(a, frame, args=None):
    """Return an array that lifted code in `frame` has asked for: of duals, if its site is marked.

    Lists and tuples of such arrays likewise.  A view is a new array where its memory is none of an array in `args`.
    """
    if isinstance(a, (list, tuple)):
        arrays = [made(item, frame, args) for item in a]
        if all(map(operator.is_, arrays, a)):
            return a
        return type(a)(arrays) if type(a) in (list, tuple) else type(a)(*arrays)
    if type(a) is not np.ndarray or a.dtype.char not in NUMBERS:
        return a
    owner = a
    if a.base is not None:
        owner = None if args is None else owner_of(a)
        if owner is None or any(owner is other for other in _owners_in(args)):
            return a
    site = id(frame.f_code), frame.f_lasti
    # assignments in code without a source, whose globals are no plain dict, are not seen
    if site in _marked or type(frame.f_globals) is not dict:
        dtype = active(current_run())
        return a if dtype is None else as_duals(a, dtype)
    note(owner, site, frame.f_code)
    return a


def as_duals(a, dtype):
    """Return an array as one of duals with this real dtype, or of complex ones; itself if it is that already."""
    dtype = complex_dtype(dtype) if np.iscomplexobj(a) else dtype
    return a if a.dtype is dtype else a.astype(dtype).view(DualArray)


def made_of_duals(a, frame):
    """Return an array of duals that lifted code has made like another: with all levels of f, if its site is marked."""
    site = id(frame.f_code), frame.f_lasti
    if site in _marked:
        dtype = dtype_of(a, active(current_run()))
        return as_duals(a, dtype)
    note(a, site, frame.f_code)
    return a


def note(a, site, code):
    """Remember the site of an array for as long as the array lives."""
    key = id(a)
    _noted[key] = weakref.ref(a, lambda _: _noted.pop(key, None)), site, code


def forget(a):
    _noted.pop(id(a), None)


def site_of(a):
    """Return the site, and its code, of the array of which `a` is a view; None if it is not known."""
    while isinstance(a, np.ndarray):
        found = _noted.get(id(a))
        if found is not None and found[0]() is a:
            return found[1:]
        base = a.base
        if isinstance(base, np.nditer):
            a = next((x for x in base.operands if x is not None and np.may_share_memory(a, x)), None)
        else:
            a = base if isinstance(base, np.ndarray) else owner_of(base)
    return None


def learn(a, v):
    """A dual v does not fit into a: mark a's site and start f again; return if the site is unknown or known in vain."""
    found = site_of(a)
    if found is None:
        return
    site, code = found
    run, mark = current_run(), _marked.get(site)
    if mark is not None and (run is None or mark[1] <= run.marks):
        return  # the run began with the mark, but the array is older: a cache of f's
    if mark is None:  # else another thread has marked it since
        _marked[site] = code, count_mark()
    record.note_site(code, site[1])
    _restart(v)


def forget_marks():
    """Let f learn its sites again."""
    _marked.clear()


def _restart(v):
    run = current_run()
    if run is not None:
        run.pending = True
        raise Restart(v)


def grow(a, v):
    """A dual v has levels that a, an array of duals, has not: start f again with all of them."""
    learn(a, v)
    dtype = active(current_run())
    v_dtype = dtype_of(v)
    if dtype is not None and v_dtype is not None and np.promote_types(dtype, v_dtype) is not dtype:
        _restart(v)


def stripped(x):
    """Return x without derivatives; arrays, lists, tuples and dicts are copies."""
    return _without_duals(copied(x), set())


def _without_duals(x, known):
    if isinstance(getattr(x, "dtype", None), DUAL_DTYPES):
        return np.array(value(x), order="K") if isinstance(x, np.ndarray) else value(x)
    if id(x) in known:
        return x
    if type(x) is list:
        known.add(id(x))
        x[:] = [_without_duals(item, known) for item in x]
    elif type(x) is dict:
        known.add(id(x))
        for key, item in x.items():
            x[key] = _without_duals(item, known)
    elif type(x) is tuple:
        return tuple([_without_duals(item, known) for item in x])
    elif isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*[_without_duals(item, known) for item in x])
    return x
