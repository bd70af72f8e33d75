"""`dualnum.elementwise`: compiled functions of numbers with the derivatives that a user writes down."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from dualnum._core import is_complex_dual
from dualnum.rules._components import degree, nilpotent_part
from dualnum.rules._operands import dtype_of, float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.ufuncs.equations import _times


def elementwise(df: Callable[..., Any], d2f: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return a decorator that lets a function of numbers take duals, given its derivatives.

    The function may be compiled: of ctypes, cffi, Cython, Numba.  It is called with floats alone, for each element of
    arrays.

    Parameters
    ----------
    df : callable
        ``df(x)`` is f'(x).  Of a function of n numbers, ``df(*x)`` is a tuple of n partial derivatives.
    d2f : callable, optional
        ``d2f(x)`` is f''(x).  Of a function of n numbers, ``d2f(*x)`` is a tuple of n tuples of n: the Hessian.
        Without it second derivatives raise.

    Returns
    -------
    callable
        A decorator.  What it returns takes floats, duals and arrays, which broadcast.  Lifted code that calls the
        function itself gets these derivatives too, as with `rule`.

    Raises
    ------
    TypeError
        By the decorated function, if duals ask for an order beyond the derivatives that are given.

    Examples
    --------
    >>> import ctypes, ctypes.util
    >>> import numpy as np, dualnum as dn
    >>> cosh = ctypes.CDLL(ctypes.util.find_library("m")).cosh
    >>> cosh.restype, cosh.argtypes = ctypes.c_double, [ctypes.c_double]
    >>> f = dn.elementwise(np.sinh, d2f=np.cosh)(cosh)
    >>> dn.derivative(f)(np.array([0.0, 1.0])).round(6)
    array([0.      , 1.175201])
    >>> round(dn.derivative(f, order=2)(1.0), 6)
    1.543081
    """
    if not callable(df) or not (d2f is None or callable(d2f)):
        raise TypeError(f"elementwise expects functions, got {df!r} and {d2f!r}; use elementwise(df, d2f).")

    def decorate(f):
        name = getattr(f, "__name__", None) or type(f).__name__

        def on_floats(*args):
            if all(np.ndim(x) == 0 for x in args):
                return f(*map(float, args))
            arrays = np.broadcast_arrays(*args)
            numbers = zip(*[np.asarray(x, float).ravel().tolist() for x in arrays], strict=True)
            return np.array([f(*each) for each in numbers], float).reshape(arrays[0].shape)

        def function(*args):
            if any(map(is_complex_dual, args)):
                raise TypeError(f"{name} expects real numbers, got complex duals.")
            if not any(map(is_dual, args)):
                return on_floats(*args)
            dtype = dtype_of(*[np.asarray(x) for x in args])
            order = 1 if d2f is None else 2
            if degree(dtype) > order:
                raise TypeError(
                    f"{name} of duals expects derivatives up to order {degree(dtype)}, got functions for {order}; use "
                    f"elementwise(df, d2f=...) for order 2, dualnum.rule for higher ones."
                )
            numbers = float_arguments(args)
            values = on_floats(*numbers)
            with np.errstate(all="ignore"):
                steps = [_step(x, np.shape(values), dtype) for x in args]
                several = len(args) > 1
                slopes = df(*numbers) if several else (df(*numbers),)
                y = sum(_times(_spread(s, values), h) for s, h in zip(slopes, steps, strict=True))
                if degree(dtype) > 1:
                    rows = d2f(*numbers) if several else ((d2f(*numbers),),)
                    y = y + sum(
                        _times(_spread(bend, values) / 2, nilpotent_part(np.array(a * b)))
                        for row, a in zip(rows, steps, strict=True)
                        for bend, b in zip(row, steps, strict=True)
                    )
            return numpy_result(np.array(y).reshape(np.shape(values)), values)

        function = functools.wraps(f, assigned=("__name__", "__qualname__", "__doc__"), updated=())(function)
        try:
            rule(f)(function)
        except TypeError:  # functions of ctypes are not hashable, so that lifted code cannot look them up
            pass
        return function

    return decorate


def _spread(slope, values):
    """Return slopes as an array of one dimension, one for each value."""
    return np.broadcast_to(np.asarray(slope, float), np.shape(values)).reshape(-1)


def _step(x, shape, dtype):
    x = np.asarray(x).astype(dtype)
    return nilpotent_part(np.array(np.broadcast_to(x, shape)).reshape(-1))
