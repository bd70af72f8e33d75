"""NumPy's functions: what makes arrays, what takes plain arrays and lists of duals."""

import itertools
import math
import sys
import warnings

import numpy as np
from numpy.exceptions import ComplexWarning

from dualnum._core import (
    ComplexDual,
    Dual,
    DualArray,
    array_call,
    complex_dtype,
    complex_from,
    current_run,
    holds_duals,
    is_complex_dual,
    library_call,
    real_part,
    value,
    with_primal,
)
from dualnum.lifting import boundary, resolve, special, storage
from dualnum.lifting.resolve import MAKERS, REPLACED, float_dtype, replaces
from dualnum.lifting.storage import DUAL_DTYPES
from dualnum.lifting.tables import pandas_columns
from dualnum.lifting.tables.python import primal_of
from dualnum.rules.complex._elements import with_complex_values

#: Types that NumPy takes as float64, as f may spell them.
FLOAT = np.dtype(float)
#: The classes of numbers that arrays of duals are made of.
NUMBERS = (float, int, complex, Dual, ComplexDual)


def asked_dtype(dtype):
    """Return what dtype= asks for: None for duals' own, "float64" or "complex128" for these, else a dtype."""
    if dtype is None or isinstance(dtype, DUAL_DTYPES):
        return None
    dtype = np.dtype(dtype)
    return {"d": "float64", "g": "float64", "D": "complex128", "G": "complex128"}.get(dtype.char, dtype)


def to_complex(x):
    """Return a number or an array of duals as complex ones."""
    if is_complex_dual(x):
        return x
    return complex_from(x, 0.0) if type(x) is Dual else x.astype(complex_dtype(x.dtype)).view(DualArray)


def as_asked(a, dtype, frame):
    """Return an array of duals as ``a.astype(dtype)``: itself for its own kind, its values for integers and bool."""
    asked = asked_dtype(dtype)
    if asked is None or asked == "complex128":
        return to_complex(a) if asked else a
    if asked == "float64":
        if not is_complex_dual(a):
            return a
        warnings.warn(
            "Casting complex values to real discards the imaginary part", ComplexWarning, stacklevel=4
        )
        return real_part(a).copy()
    if asked.kind in "biu":
        return value(a).astype(asked)
    if asked.kind == "O":
        return a.astype(object)
    raise boundary.NotLifted(
        f"astype expects float64 or complex128, got {asked}, at {boundary.place_of(frame)}: duals are float64; use "
        f"{'complex' if asked.kind == 'c' else 'float'}."
    )


# ---- arguments ---------------------------------------------------------------------------------------------


def seen(x):
    """Return lists of numbers and plain arrays that hold duals as DualArray, so that NumPy's functions dispatch."""
    if type(x) is np.ndarray:
        if isinstance(x.dtype, DUAL_DTYPES):
            return x.view(DualArray)
        if x.dtype.kind == "O" and x.ndim and _all_numbers(x.ravel().tolist()):
            return np.array(x.tolist()).view(DualArray)
        return x
    if type(x) in (list, tuple) and holds_duals(x):
        if _all_numbers(x):
            try:
                a = np.array(x)
            except ValueError:
                return x
            return a.view(DualArray) if isinstance(a.dtype, DUAL_DTYPES) else x
        return type(x)([seen(item) for item in x])
    return x


def _all_numbers(items):
    """Whether a list holds numbers, and lists of them, alone, with a dual among them."""
    return holds_duals(items, 8) and all(
        isinstance(item, (*NUMBERS, np.generic))
        or (type(item) in (list, tuple) and (not item or not holds_duals(item) or _all_numbers(item)))
        for item in items
    )


def of_numpy(lifter, g):
    """Return a function of NumPy's that sees lists and plain arrays of duals, and notes the arrays that it makes."""
    if isinstance(g, np.ufunc):
        return _of_ufunc(g)
    if isinstance(g, type) or not callable(g):
        return g

    columns = g in ARRAYS_OF_COLUMNS or getattr(g, "__module__", None) == "numpy.linalg"
    return library_call(
        g, _columns_as_arrays if columns else seen, _without_dtype, storage.made, columns=columns
    )


#: Functions that make arrays of pandas' columns, or call methods of theirs that take no duals.
ARRAYS_OF_COLUMNS = frozenset([np.cov, np.corrcoef, np.polyfit, np.std, np.var])


def _columns_as_arrays(x):
    return seen(x.to_numpy() if special.is_pandas(x) and pandas_columns.has_duals(x) else x)


def _values_of_columns(x):
    return pandas_columns.values_of(x) if special.is_pandas(x) else seen(x)


def _without_dtype(g, args, kwargs):
    """Return keywords without ``dtype=float``, which duals are already, if there are duals among the arguments.

    For ``dtype=complex`` they become complex.
    """
    if holds_duals(args) or holds_duals(kwargs):
        asked = asked_dtype(kwargs.get("dtype"))
        if asked in ("float64", "complex128"):
            kwargs = {name: x for name, x in kwargs.items() if name != "dtype"}
        if asked == "complex128":
            args = tuple([to_complex(seen(x)) if holds_duals(seen(x), 0) else x for x in args])
        learn_targets(kwargs.get("out"), (args, kwargs))
    return args, {name: seen(x) for name, x in kwargs.items()}


def learn_targets(out, inputs):
    """Mark the sites of arrays of floats in which a function would store duals."""
    for a in out if isinstance(out, tuple) else (out,):
        if type(a) is np.ndarray and not isinstance(a.dtype, DUAL_DTYPES):
            storage.learn(a, inputs)
            if a.dtype.char in storage.NUMBERS and current_run() is not None:
                raise boundary.from_outside(sys._getframe(1))


def of_ufunc_method(g, owner):
    """Return what stands for ``np.add.at``, ``np.add.reduce`` and their kin."""

    def prepared(g, args, kwargs):
        if g.__name__ == "at" and holds_duals(args[1:]):
            learn_targets(args[0], args)
        return _without_dtype(g, args, kwargs)

    return library_call(g, seen, prepared, storage.made, 0)


#: Ufuncs that take no objects, of which pandas' columns are.
OF_FLOATS = frozenset([np.isnan, np.isinf, np.isfinite, np.signbit])


def _of_ufunc(g):
    """Return a ufunc that forgets the dtype=float of calls with duals; a dual that it would store marks the site."""

    def prepared(g, args, kwargs):
        inputs, out = args[: g.nin], kwargs.get("out", args[g.nin :])
        if holds_duals(inputs):
            learn_targets(out, inputs)
        return _without_dtype(g, args, kwargs)

    columns = g in OF_FLOATS
    return library_call(
        g, _values_of_columns if columns else seen, prepared, storage.made, g.nin, columns=columns
    )


# ---- functions that make arrays ----------------------------------------------------------------------------


def _from_data(g):
    """Return np.array or one of its kin: an array of duals stays one where float64 is asked for."""

    def make(a, args, kwargs, frame):
        if not isinstance(a, (np.ndarray, list, tuple, *NUMBERS)):
            method = special.special(resolve.FULL, a, "__array__")
            a = a if method is None else method(a)
        if not isinstance(a, (np.ndarray, list, tuple)) and hasattr(a, "to_numpy"):
            held = np.asarray(a)
            a = held if holds_duals(held, 8) else a
        if not holds_duals(a, 8):
            return storage.made(g(a, *args, **kwargs), frame)
        dtype = kwargs.pop("dtype", None)
        if args:
            dtype, args = args[0], (None, *args[1:])
        asked = asked_dtype(dtype)
        if asked not in (None, "float64", "complex128"):
            return as_asked(g(a, *args, **kwargs), dtype, frame)
        is_array = isinstance(a, np.ndarray)
        made = g(a if is_array else _nested(a), *args, **kwargs)
        if made.dtype == object and made.size and all(isinstance(x, NUMBERS) for x in made.ravel().tolist()):
            made = np.array(made.tolist()).reshape(made.shape)
        if not isinstance(made.dtype, DUAL_DTYPES):
            return made
        if asked == "float64" and is_complex_dual(made) and not is_array:
            raise TypeError("float() argument must be a string or a real number, not 'complex'")  # as NumPy's
        return as_asked(made.view(DualArray), dtype, frame)

    return array_call(g, g in (np.asarray, np.asanyarray), make)


def _nested(a):
    """Return nested lists in which arrays of duals of one element are numbers, where NumPy would meet both."""
    if type(a) in (list, tuple):
        items = [_nested(item) for item in a]
        if any(isinstance(x, np.ndarray) and x.ndim == 0 for x in items):
            items = [x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x for x in items]
        return items
    return a


for _g in (
    np.array,
    np.asarray,
    np.asanyarray,
    np.ascontiguousarray,
    np.asfortranarray,
    np.asarray_chkfinite,
    np.require,
):
    REPLACED[_g] = _from_data(_g)


def noted_array(made, frame):
    """Note an array that lifted code in `frame` has asked for, of floats or of duals, and return it."""
    return (storage.made_of_duals if holds_duals(made) else storage.made)(made, frame)


def _filled(a, fill_value, dtype, frame):
    """Return an array of duals, filled, as np.full returns it with a dtype."""
    a = a.view(DualArray)
    a[...] = seen(fill_value)
    return as_asked(a, dtype, frame)


@replaces(np.full)
def full(shape, fill_value, dtype=None, *args, **kwargs):
    frame = sys._getframe(1)
    if not holds_duals(fill_value):
        return storage.made(np.full(shape, fill_value, dtype, *args, **kwargs), frame)
    return _filled(np.empty(shape, _dtype_for(fill_value), *args, **kwargs), fill_value, dtype, frame)


@replaces(np.full_like)
def full_like(a, fill_value, dtype=None, *args, **kwargs):
    frame = sys._getframe(1)
    if not holds_duals(fill_value):
        return noted_array(np.full_like(*_kept_dual(a, dtype, fill_value), *args, **kwargs), frame)
    made = np.empty_like(a, _dtype_for(fill_value, storage.dtype_of((a, fill_value))), *args, **kwargs)
    if dtype is None:
        given = np.asarray(seen(a))
        dtype = float_dtype(given) if holds_duals(given) else given.dtype
    return _filled(made, fill_value, dtype, frame)


def _dtype_for(x, dtype=None):
    """Return the dtype of duals, real or complex, of an array of the numbers x."""
    dtype = dtype or storage.dtype_of(x)
    return complex_dtype(dtype) if np.iscomplexobj(seen(x)) else dtype


def _kept_dual(a, dtype, *fill_value):
    """Return arguments of np.zeros_like or its kin: dtype=float of duals keeps duals."""
    a = seen(a)
    if asked_dtype(dtype) in ("float64", "complex128") and holds_duals(a):
        a, dtype = as_asked(a, dtype, sys._getframe(1)) if np.ndim(a) else a, None
    return a, *fill_value, dtype


def _like(g):
    def make(a, dtype=None, *args, **kwargs):
        return noted_array(g(*_kept_dual(a, dtype), *args, **kwargs), sys._getframe(1))

    return make


for _g in (np.zeros_like, np.ones_like, np.empty_like):
    REPLACED[_g] = _like(_g)


@replaces(np.arange)
def arange(*args, **kwargs):
    if not holds_duals((args, kwargs)):
        return storage.made(np.arange(*args, **kwargs), sys._getframe(1))
    values = np.arange(*map(primal_of, args), **{name: primal_of(x) for name, x in kwargs.items()})
    if values.dtype != FLOAT or not len(values):
        return values
    start = args[0] if len(args) > 1 or (args and "stop" in kwargs) else kwargs.get("start", 0.0)
    step = args[2] if len(args) > 2 else kwargs.get("step", 1.0)
    return with_values(start + np.arange(len(values)) * step, values)


def with_values(made, values):
    """Return duals with the values of NumPy's result; the result, where `made` has become one of floats."""
    if type(made) is Dual:
        return with_primal(made, values)
    if is_complex_dual(made):
        return with_complex_values(made, values)
    if holds_duals(made):
        value(made)[...] = values
        return made.view(DualArray)
    return values


@replaces(np.kaiser)
def kaiser(M, beta):
    """The window by NumPy's formula; M is a count."""
    values = np.kaiser(M, primal_of(beta))
    if not holds_duals(beta) or len(values) < 2:
        return storage.made(values, sys._getframe(1))
    middle = (M - 1) / 2.0
    height = np.sqrt(1 - ((np.arange(0, M) - middle) / middle) ** 2.0)
    return with_values(np.i0(beta * height) / np.i0(beta), values)


@replaces(np.fromiter)
def fromiter(iter, dtype, count=-1, **kwargs):
    items = list(itertools.islice(iter, count) if count >= 0 else iter)
    if not holds_duals(items):
        return storage.made(np.fromiter(items, dtype, count, **kwargs), sys._getframe(1))
    kind = complex if asked_dtype(dtype) == "complex128" else float
    values = np.fromiter(map(value, items), kind, count)
    return as_asked(with_values(np.array(items), values), dtype, sys._getframe(1))


# ---- functions that store ----------------------------------------------------------------------------------


def _storing(g, target):
    """Return np.put or one of its kin: a dual that it stores in `target`, an array of floats, marks its site."""

    def store(*args, **kwargs):
        a, rest = args[:1] or (kwargs.get(target),), (args[1:], kwargs)
        if holds_duals(rest):
            learn_targets(a, rest)
        others = {name: x if name == target else seen(x) for name, x in kwargs.items()}
        return g(*args[:1], *map(seen, args[1:]), **others)

    return store


for _g in (np.put, np.putmask, np.fill_diagonal):
    REPLACED[_g] = _storing(_g, "a")
for _g in (np.place, np.put_along_axis):
    REPLACED[_g] = _storing(_g, "arr")
REPLACED[np.copyto] = _storing(np.copyto, "dst")


# ---- questions about types ---------------------------------------------------------------------------------


def _as_float(x):
    return float_dtype(x) if isinstance(x, DUAL_DTYPES) or type(x) in (Dual, ComplexDual) else x


def _asking(g):
    def answer(*args, **kwargs):
        return g(*map(_as_float, args), **{name: _as_float(x) for name, x in kwargs.items()})

    return answer


for _g in (np.issubdtype, np.can_cast, np.isdtype, np.finfo, np.iinfo, np.min_scalar_type):
    REPLACED[_g] = _asking(_g)


@replaces(np.result_type)
def result_type(*args):
    """Return the dtype that f names for duals: as ``x.dtype``, that of floats or of complex numbers."""
    found = np.result_type(*[x if isinstance(x, (np.dtype, type, str)) else seen(x) for x in args])
    return float_dtype(found) if isinstance(found, DUAL_DTYPES) else found


@replaces(np.common_type)
def common_type(*arrays):
    """Return the type that f names for duals: float64, with which arrays of duals stay what they are."""
    return np.common_type(*[np.zeros(0, float_dtype(seen(a))) if holds_duals(a) else a for a in arrays])


@replaces(np.iscomplexobj)
def is_complex(x):
    return np.iscomplexobj(seen(x))


@replaces(np.isrealobj)
def is_real_object(x):
    return not np.iscomplexobj(seen(x))


@replaces(np.spacing)
def spacing(x, *args, **kwargs):
    return np.spacing(value(x), *args, **kwargs)


@replaces(np.nextafter)
def nextafter(x, y, *args, **kwargs):
    primal = np.nextafter(value(x), value(y), *args, **kwargs)
    return with_values(x + np.zeros(np.shape(primal)), primal) if holds_duals(x) else primal


# ---- np.vectorize and np.frompyfunc ------------------------------------------------------------------------


def _vectorize(lifter, cls):
    def make(pyfunc=np._NoValue, *args, **kwargs):
        if not callable(pyfunc):
            return cls(pyfunc, *args, **kwargs)
        function = lifter.resolve(pyfunc)
        original = cls(function, *args, **kwargs)
        return original if original.signature is not None else _ByElement(original, function)

    return make


def _element_by_element(function, args, dtypes, frame):
    """Return function of each of the elements of broadcast arguments, as np.vectorize does with otypes."""
    args = [seen(x) for x in args]
    shape = np.broadcast_shapes(*map(np.shape, args))
    size = math.prod(shape)
    columns = [np.broadcast_to(x, shape).reshape(-1) if np.ndim(x) else [x] * size for x in args]
    results = [function(*items) for items in zip(*columns, strict=True)]
    several = bool(results) and isinstance(results[0], tuple)
    gathered = []
    for column, dtype in itertools.zip_longest(zip(*results, strict=True) if several else [results], dtypes):
        a = np.array(list(column))
        if isinstance(a.dtype, DUAL_DTYPES):
            a = as_asked(a.view(DualArray), dtype, frame)
        elif dtype is not None:
            a = a.astype(dtype)
        gathered.append(a.reshape(shape)[()])
    return tuple(gathered) if several else gathered[0]


class _ByElement:
    """An np.vectorize object or a ufunc of np.frompyfunc that calls a function of Python's with duals too."""

    def __init__(self, original, function):
        self.original, self.function = original, function

    def __getattr__(self, name):
        return getattr(self.original, name)

    def __call__(self, *args, **kwargs):
        if kwargs or not holds_duals(args) or getattr(self.original, "excluded", ()):
            return storage.made(self.original(*args, **kwargs), sys._getframe(1))
        otypes = getattr(self.original, "otypes", None) or ()
        return _element_by_element(self.function, args, otypes, sys._getframe(1))


def vectorized(lifter, g):
    """Return what calls an np.vectorize object that f has not made."""
    return g if g.signature is not None else _ByElement(g, lifter.resolve(g.pyfunc))


MAKERS[np.vectorize] = _vectorize


@replaces(np.ndarray)
def ndarray(*args, **kwargs):
    return storage.made(np.ndarray(*args, **kwargs), sys._getframe(1))


def _from_python(lifter, g):
    def make(function, nin, nout, **kwargs):
        function = lifter.resolve(function)
        return _ByElement(np.frompyfunc(function, nin, nout, **kwargs), function)

    return make


MAKERS[np.frompyfunc] = _from_python
