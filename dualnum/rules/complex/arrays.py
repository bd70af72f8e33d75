"""Functions of arrays of complex duals that NumPy writes for its own complex numbers."""

from typing import Any

import numpy as np

from dualnum._core import (
    complex_from,
    imaginary_part,
    is_complex_dual,
    real_part,
    register_function_of_complex,
    value,
)
from dualnum.rules._operands import as_dual_arrays
from dualnum.rules._registry import rule
from dualnum.rules.complex._elements import with_complex_values
from dualnum.rules.numpy_patches import numpy_implementation


def real_if_close(a: Any, tol: float = 100) -> Any:
    """np.real_if_close, which judges by the values."""
    array = as_dual_arrays(np.asarray(a))
    return real_part(array) if np.isrealobj(np.real_if_close(value(array), tol)) else array


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """np.interp of complex heights, by those of both parts."""
    for points in (x, xp):
        if np.iscomplexobj(points):
            raise TypeError(
                f"interp expects real numbers beside duals, got {np.asarray(points).dtype!r} of points."
            )
    ends = {name: end for name, end in (("left", left), ("right", right)) if end is not None}
    re, im = (
        np.interp(x, xp, part(fp), period=period, **{name: part(end) for name, end in ends.items()})
        for part in (np.real, np.imag)
    )
    return complex_from(re, im)


def sort_complex(a: Any) -> Any:
    """np.sort_complex, whose result is complex."""
    array = as_dual_arrays(np.array(a))
    array = array if is_complex_dual(array) else array.astype(complex)
    array.sort()
    return array


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """np.nan_to_num of both parts."""
    array = as_dual_arrays(np.array(x, copy=copy or None))
    for part in (real_part(array), imaginary_part(array)):
        part[...] = np.nan_to_num(part, nan=nan, posinf=posinf, neginf=neginf)
    return array[()]


def _of_dual_arrays(function):
    """Return NumPy's own code of a function that asks for the parts of an array, which a plain one has not."""
    own = numpy_implementation(function)
    return lambda z, *args, **kwargs: own(as_dual_arrays(np.asarray(z)), *args, **kwargs)


for _function in (np.angle, np.iscomplex):
    register_function_of_complex(_function, _of_dual_arrays(_function))
register_function_of_complex(np.real_if_close, real_if_close)
register_function_of_complex(np.interp, interp)
register_function_of_complex(np.sort_complex, sort_complex)
register_function_of_complex(np.nan_to_num, nan_to_num)
rule(np.sort_complex)(sort_complex)


def _scimath(name, leaves):
    """Register a function of np.emath: np's on the real numbers, or on complex ones where `leaves` says of a value."""
    function = getattr(np.emath, name)

    def on_duals(*args):
        args = [as_dual_arrays(np.asarray(x)) for x in args]
        if any(np.any(leaves(value(x), i)) for i, x in enumerate(args) if not np.iscomplexobj(x)):
            args = [x.astype(complex) for x in args]
        values = function(*map(value, args))
        with np.errstate(all="ignore"):
            result = _FORMULAS.get(name, getattr(np, name, None))(*args)
        return with_complex_values(result, values) if is_complex_dual(result) else result[()]

    rule(function)(on_duals)
    register_function_of_complex(function, on_duals)


_FORMULAS = {"logn": lambda n, x: np.log(x) / np.log(n)}

for _name in ("sqrt", "log", "log2", "log10"):
    _scimath(_name, lambda v, i: v < 0)
_scimath("logn", lambda v, i: v < 0)
_scimath("power", lambda v, i: (v < 0) & (i == 0))
for _name in ("arccos", "arcsin", "arctanh"):
    _scimath(_name, lambda v, i: abs(v) > 1)
