"""Memory for duals where f asks for floats: ``a = np.zeros(n)`` and then ``a[0] = d``.

Lifted code gets arrays of floats as it asks for them, and the place of each such call is noted: its site, a code object
and the offset of the call in it.  When f assigns a dual to an element of such an array, the site is marked and f
starts again; this time the call at that site returns an array of duals.  Tables of constants so stay floats.
"""

import threading
import weakref

import numpy as np

from dualnum._core import DualArray, DualDType, value


class Restart(BaseException):
    """f has to run again, because a site was marked; no ``except Exception`` of f's may stop it."""


class Run(threading.local):
    """The lifted calls that are running in this thread: for each the dtype with the levels that it computes with."""

    def __init__(self):
        self.dtypes = []
        self.pending = False  # a restart was asked for, which f may have swallowed


running = Run()

_marked = {}  # site: its code object, which keeps the id in the site valid
_noted = {}  # id of an array: (weak reference to it, its site)


def dtype_of(x, found=None):
    """Return the common dual dtype of all duals in x, containers included, and `found`; None if there are none."""
    dtype = getattr(x, "dtype", None)
    if isinstance(dtype, DualDType):
        return dtype if found is None or found is dtype else np.promote_types(found, dtype)
    if isinstance(x, (list, tuple)) or (isinstance(dtype, np.dtype) and dtype.kind == "O"):
        for item in x.ravel().tolist() if isinstance(x, np.ndarray) else x:
            found = dtype_of(item, found)
    elif isinstance(x, dict):
        for item in x.values():
            found = dtype_of(item, found)
    return found


def run(g, args, kwargs):
    """Return g(*args, **kwargs) of a lifted function, which starts again as often as it learns a site.

    The arguments are copied for each start, because f may write to them.
    """
    dtype = dtype_of((args, kwargs))
    while True:
        outer = running.dtypes
        enclosing = outer[-1] if outer else None
        active = (
            dtype if enclosing is None else enclosing if dtype is None else np.promote_types(enclosing, dtype)
        )
        running.dtypes = [*outer, active]
        running.pending = False
        try:
            y = g(*fresh(args), **fresh(kwargs))
            if not running.pending:
                return y
        except Restart as restart:
            dtype = dtype_of(restart.args, dtype)
        finally:
            running.dtypes = outer


def fresh(x):
    """Return x with copies of its arrays of duals, in tuples, lists and dicts too."""
    if isinstance(x, np.ndarray):
        return x.copy(order="K") if isinstance(x.dtype, DualDType) else x
    if type(x) in (tuple, list):
        return type(x)(map(fresh, x))
    if isinstance(x, tuple):
        return type(x)(*map(fresh, x)) if hasattr(x, "_fields") else x
    if type(x) is dict:
        return {key: fresh(item) for key, item in x.items()}
    return x


def made(a, frame):
    """Return an array that lifted code in `frame` has asked for: of duals, if its site is marked."""
    if type(a) is not np.ndarray or a.dtype.char != "d" or a.base is not None:
        return a
    site = id(frame.f_code), frame.f_lasti
    if site in _marked:
        dtype = running.dtypes[-1] if running.dtypes else None
        return a if dtype is None else a.astype(dtype).view(DualArray)
    note(a, site, frame.f_code)
    return a


def note(a, site, code):
    key = id(a)
    _noted[key] = weakref.ref(a, lambda _: _noted.pop(key, None)), site, code


def site_of(a):
    """Return the site and code that made the array of which `a` is a view, and whether that array is `a`'s owner."""
    while isinstance(a, np.ndarray):
        found = _noted.get(id(a))
        if found is not None and found[0]() is a:
            return found[1:]
        a = a.base
    return None


def learn(a, v):
    """A dual v does not fit into a: mark a's site and start f again; return if the site is unknown or known in vain."""
    found = site_of(a)
    if found is None:
        return
    site, code = found
    if site in _marked:
        return  # the array is older than the mark: a cache of f's
    _marked[site] = code
    if running.dtypes:
        running.pending = True
        raise Restart(v)


def grow(a, v):
    """A dual v has levels that a, an array of duals, has not: start f again with all of them."""
    dtype = running.dtypes[-1] if running.dtypes else None
    v_dtype = dtype_of(v)
    if dtype is not None and v_dtype is not None and np.promote_types(dtype, v_dtype) is not dtype:
        running.pending = True
        raise Restart(v)


def stripped(x):
    """Return x without derivatives, in tuples, lists and dicts too; arrays are copies."""
    if type(x) in (tuple, list):
        return type(x)([stripped(item) for item in x])
    if isinstance(x, tuple):
        return type(x)(*map(stripped, x)) if hasattr(x, "_fields") else x
    if type(x) is dict:
        return {key: stripped(item) for key, item in x.items()}
    if isinstance(x, np.ndarray):
        return np.array(value(x), order="K") if isinstance(x.dtype, DualDType) else x
    return value(x) if isinstance(getattr(x, "dtype", None), DualDType) else x
