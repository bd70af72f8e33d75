"""What the drivers accept: options, arguments and results, each with its one check and its one message."""

import functools
import math
import operator
import sys
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

from dualnum._core import (
    DUAL_DTYPES,
    ComplexDual,
    ComplexDualDType,
    DriverBase,
    Dual,
    DualArray,
    DualDType,
    comparisons_of_last_call,
    is_real,
    value,
)
from dualnum.drivers._containers import Children, items

P = ParamSpec("P")
R = TypeVar("R")

FLOAT64 = np.dtype(np.float64)

#: Python and NumPy numbers that are taken as float64 (np.float64 is a float, bool an int).
NUMBERS = (float, int, np.integer, np.bool_, np.float16, np.float32)

MAX_ORDER = 2**31 - 1

#: Comparisons that a constant function may make before it looks like a search: bisection makes some fifty.
COMPARISONS = 8

#: Text and bytes, some of which NumPy takes for arrays of integers.
TEXT = (str, bytes, bytearray, memoryview)

#: The drivers that take functions of real numbers with complex results.
OF_COMPLEX = frozenset(
    "derivative value_and_derivative jacobian value_and_jacobian jvp directional_derivative taylor compare "
    "assert_derivatives finite_difference.derivative finite_difference.jacobian".split()
)

#: Subclasses of ndarray that are arrays of numbers and nothing else: no mask, no unit, no other product.
PLAIN = (DualArray, np.memmap)


def takes_f_alone(driver: Callable[P, R]) -> Callable[P, R]:
    """Decorate a driver: ``gradient(f, x)``, as other libraries spell it, raises an error with our spelling."""
    name = driver.__name__

    @functools.wraps(driver)
    def checked(*args: P.args, **options: P.kwargs) -> R:
        if len(args) > 1:
            rest = "" if len(args) == 2 else ", ..."
            raise TypeError(
                f"{name} expects f alone and options by name, got {len(args)} arguments; use {name}(f)(x{rest})."
            )
        return driver(*args, **options)

    return checked


def as_variable(driver, x, label):
    """Return `x` as a float, a Dual, or an array of float64 or duals; refuse everything else."""
    if isinstance(x, np.ndarray):
        if type(x) is not np.ndarray and not isinstance(x, PLAIN):
            raise TypeError(expects(driver, f"{label} to be an ndarray", type(x).__name__, "np.asarray"))
        array = x
    elif isinstance(x, Dual):
        return x
    elif isinstance(x, NUMBERS):
        return x if type(x) is np.float64 else float(x)
    elif x is None or isinstance(x, (complex, np.generic, *TEXT)):
        raise TypeError(not_real(driver, label, x))
    else:
        try:
            array = np.asarray(x)
        except ValueError:
            raise ValueError(
                expects(driver, f"{label} to be an array", "rows of different lengths", "a tuple of arrays")
            ) from None
    dtype = array.dtype
    if isinstance(dtype, DualDType):
        return array
    if isinstance(dtype, ComplexDualDType):
        raise TypeError(not_real(driver, label, x))
    if is_real(dtype):
        array = array.astype(np.float64, copy=False)
        # an unpickled array's dtype equals float64's without being that object
        return array if array.dtype is FLOAT64 else array.view(FLOAT64)
    numbers = _of_objects(array)
    if numbers is not None:
        return numbers
    raise TypeError(not_real(driver, label, x if array.ndim == 0 else array))


def as_complex_variable(driver, z, label):
    """Return `z` as a complex, a ComplexDual, or an array of complex128 or complex duals, or a real one."""
    if isinstance(z, ComplexDual):
        return z
    if isinstance(z, (complex, np.complexfloating)):
        return z if type(z) is np.complex128 else complex(z)
    if isinstance(z, (list, tuple)):
        z = np.asarray(z)
    dtype = getattr(z, "dtype", None)
    if not isinstance(dtype, ComplexDualDType) and getattr(dtype, "char", "") not in ("D", "F"):
        return as_variable(driver, z, label)
    if type(z) is not np.ndarray and not isinstance(z, PLAIN):
        raise TypeError(expects(driver, f"{label} to be an ndarray", type(z).__name__, "np.asarray"))
    return z.astype(complex) if dtype.char == "F" else z


def as_output(driver, y):
    """Return what f gave as a float, a Dual, or an array of float64 or duals; refuse everything else."""
    if type(y) is Dual or type(y) is float:
        return y
    if isinstance(y, (int, float)):
        return float(y)
    if isinstance(y, (complex, ComplexDual)):
        return _complex_output(driver, y if type(y) is ComplexDual else complex(y))
    if y is None or isinstance(y, (dict, set, *TEXT)):
        raise TypeError(
            expects(
                driver,
                "f(x) to be a number or an array",
                kind(y),
                "a return statement" if y is None else None,
            )
        )
    if isinstance(y, np.ndarray):
        if type(y) is not np.ndarray and not isinstance(y, (*PLAIN, np.matrix)):
            use = "np.ma.filled" if isinstance(y, np.ma.MaskedArray) else "np.asarray"
            raise TypeError(expects(driver, "f(x) to be an ndarray", type(y).__name__, use))
        array = y
    else:
        try:
            array = np.asarray(y)
        except ValueError:
            raise ValueError(
                expects(
                    driver, "f(x) to be a number or an array", "rows of different lengths", "np.concatenate"
                )
            ) from None
        if isinstance(array.dtype, DUAL_DTYPES) and driver.subok:
            array = array.view(DualArray)
    dtype = array.dtype
    if isinstance(dtype, ComplexDualDType) or dtype.char in "FD":
        return _complex_output(driver, array if dtype.char != "F" else array.astype(complex))
    if dtype is FLOAT64 or isinstance(dtype, DualDType):
        return array
    if is_real(dtype):
        return array.astype(np.float64)
    numbers = _of_objects(array, (complex, ComplexDual))
    if numbers is not None:
        if isinstance(numbers.dtype, DUAL_DTYPES) and driver.subok:
            numbers = numbers.view(DualArray)
        is_complex = isinstance(numbers.dtype, ComplexDualDType) or numbers.dtype.kind == "c"
        return _complex_output(driver, numbers) if is_complex else numbers
    raise TypeError(not_real(driver, "f(x)", y if array.ndim == 0 else array))


def _complex_output(driver, y):
    """Return a complex result of f, unless the driver takes real ones alone."""
    if driver.name not in OF_COMPLEX:
        raise TypeError(
            expects(driver, "f(x) to be real numbers", "complex ones", "jacobian(f), or abs(f(x))")
        )
    return y


def _of_objects(array, others=()):
    """Return an array of Python's numbers, duals and `others` as one of numbers or duals, or None if it is none."""
    if array.dtype.kind != "O":
        return None
    numbers = array.ravel().tolist()
    if not numbers or not all(isinstance(number, (Dual, *NUMBERS, *others)) for number in numbers):
        return None
    found = np.array(numbers)
    if found.dtype.kind in "biuf":
        found = found.astype(float)
    return found.reshape(array.shape)


# ---- errors: one grammar, one helper per check -------------------------------------------------------------


def expects(call, what, got, use=None):
    """Return a message in the grammar of all errors: who expects what, got what, what to use instead."""
    return f"{call} expects {what}, got {got}" + (f"; use {use}." if use else ".")


def kind(x):
    """Return how a message names the type or the structure of `x`."""
    if x is None:
        return "None"
    if isinstance(x, tuple):
        return f"a tuple of {len(x)}"
    if isinstance(x, dict):
        return f"a dict with the keys {', '.join(map(repr, x))}"
    if isinstance(x, Children):
        return f"a list of {len(x)}"
    return f"{type(x).__name__}"


def warn(message, category):
    """Warn at the line outside of dualnum that called a driver, so that Python's filters show it once a place."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("dualnum."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


REMEDIES = {
    "c": "the real and the imaginary part as two real arguments",
    "f": "astype(float)",
    "O": "astype(float), or a tuple for arrays of different shapes",
}


def not_real(driver, label, x):
    """Return the message about an argument or a result that is not made of real numbers."""
    dtype = getattr(x, "dtype", None)
    is_complex_dual = isinstance(dtype, ComplexDualDType)
    code = "c" if is_complex_dual or isinstance(x, complex) else getattr(dtype, "kind", None)
    extra = driver.extra or {} if isinstance(driver, DriverBase) else {}
    use = REMEDIES.get(code)
    if isinstance(x, (str, bytes, type(None))) and label.startswith("x["):
        use = "another argument of f for what is no number"
    if code == "c" and label == "f(x)":
        use = "astype(complex)"
    elif code == "c" and isinstance(driver, DriverBase):
        own = "holomorphic=True" if "holomorphic" in extra else "derivative(f, holomorphic=True)"
        use = f"{own}, or {use}"
    numbers = "numbers" if extra.get("holomorphic") else "real numbers"
    got = "complex duals" if is_complex_dual else kind(x) if dtype is None else f"dtype {dtype}"
    return expects(driver, f"{label} to be {numbers}", got, use)


def check_callable(name, f, arguments="f"):
    """Refuse a function that is not one: ``gradient(f(x))``; `arguments` are those of the call named."""
    if not callable(f):
        use = f"{name}(f)(x)" if arguments == "f" else None
        raise TypeError(expects(f"{name}({arguments})", "f to be callable", type(f).__name__, use))
    return f


def as_index(x):
    """Return an integer of any type as an int, or None if `x` is none."""
    try:
        return operator.index(x)
    except TypeError:
        return None


def wrong_option(error, name, option, given, what, got):
    """Return the error about an option, named as the caller spelt it."""
    return error(expects(f"{name}(f, {option}={given!r})", f"{option} to be {what}", got))


def check_argnum(name, argnum):
    """Return argnum as an int or a tuple of different ints."""
    places = tuple(map(as_index, argnum)) if isinstance(argnum, tuple) else (as_index(argnum),)
    if None in places:
        what = "an int or a tuple of ints"
        raise wrong_option(TypeError, name, "argnum", argnum, what, type(argnum).__name__)
    if not isinstance(argnum, tuple):
        return places[0]
    if len(set(places)) < len(places):
        raise ValueError(
            expects(f"{name}(f, argnum={places!r})", "argnum to name every argument once", f"{places}")
        )
    return places


def check_positive(name, option, given, what):
    """Return an option that is a positive int."""
    number = as_index(given)
    if number is None:
        raise wrong_option(TypeError, name, option, given, what, type(given).__name__)
    if number < 1:
        raise wrong_option(ValueError, name, option, given, what, f"{given}")
    return number


def check_chunk(name, chunk):
    """Return chunk as a positive int, or None."""
    return None if chunk is None else check_positive(name, "chunk", chunk, "a positive int or None")


def check_workers(name, workers):
    """Return workers as a positive int, -1, an executor, a client of Dask's or a map-like callable."""
    if callable(workers) or hasattr(workers, "submit") or (as_index(workers) == -1):
        return workers
    what = "a positive int, -1, an executor or a map"
    if isinstance(workers, bool):
        raise wrong_option(TypeError, name, "workers", workers, what, "bool")
    return check_positive(name, "workers", workers, what)


def check_progress(name, progress):
    """Return progress as None, True or a callable."""
    if progress is None or progress is False:
        return None
    if progress is True or callable(progress):
        return progress
    what = "a function of (done, total), True or False"
    raise wrong_option(TypeError, name, "progress", progress, what, type(progress).__name__)


def check_flag(name, option, flag):
    """Return an option that is True or False."""
    if flag is True or flag is False:
        return flag
    if not isinstance(flag, np.bool_):
        raise wrong_option(TypeError, name, option, flag, "True or False", type(flag).__name__)
    return bool(flag)


def check_lift(name, lift):
    """Return lift as True, False or "auto"."""
    if isinstance(lift, (bool, np.bool_)):
        return bool(lift)
    what = "'auto', True or False"
    if not isinstance(lift, str):
        raise wrong_option(TypeError, name, "lift", lift, what, type(lift).__name__)
    if lift != "auto":
        raise wrong_option(ValueError, name, "lift", lift, what, f"{lift!r}")
    return "auto"  # the very object that signatures have, which `Driver.origin` compares


def check_batched(name, batched, blocks):
    """Return whether x is a batch, and how many points a call of f gets at most, or None; only with blocks an int."""
    if not blocks or isinstance(batched, (bool, np.bool_)):
        return check_flag(name, "batched", batched), None
    return True, check_positive(name, "batched", batched, "True, False or a positive int")


def check_order(name, order, least=1, arguments="f"):
    """Return an order, an int from `least`, 1 or 0, on; `arguments` are those before it in the call named."""
    number = order if type(order) is int else as_index(order)
    if number is not None and least <= number <= MAX_ORDER:
        return number
    what = "order to be a positive int" if least else "order to be an int from 0 on"
    if number is not None and number > MAX_ORDER:
        what = f"order to be at most {MAX_ORDER}"
    if number is None:
        use = f"{name}(f, order)(x)" if arguments == "f" else "args= for further arguments of f"
        raise TypeError(expects(f"{name}({arguments}, order)", what, kind(order), use))
    raise ValueError(expects(f"{name}({arguments}, order={number})", what, f"{number}"))


def check_alive(driver, y):
    """Refuse a result that carries a level whose call has ended: its derivatives are not those of this call."""
    levels = getattr(getattr(y, "dtype", None), "levels", ())
    if any(level.retired for level in levels):
        raise TypeError(
            expects(
                driver,
                "f(x) to be computed from x",
                "a dual of a call that has ended, or of another process",
                "dualnum.value to store a result, or compute it anew",
            )
        )


class ConstantResultWarning(RuntimeWarning):
    """The function of a driver compared duals many times and returned a constant: its derivative may not be zero.

    Bisection, golden section, or Newton's iteration started at the root find a value by comparisons alone, which carry
    no derivative. Make one Newton step with duals afterwards (implicit differentiation), or, where the result is
    really constant, filter the warning.
    """


def check_moves(driver):
    """Warn, for a result that is constant, if f found it by comparisons of duals."""
    count = comparisons_of_last_call()
    if count > COMPARISONS:
        got = f"a constant after {count} comparisons of duals"
        use = "a Newton step with duals after the search: implicit differentiation"
        warn(expects(driver, "f(x) to carry a derivative", got, use), ConstantResultWarning)


def check_series(driver, series):
    """Refuse a series, along the first axis, with a coefficient that is not finite."""
    numbers = value(series)
    bad = ~np.isfinite(numbers)
    if not bad.any():
        return
    order = int(bad.reshape(len(bad), -1).any(axis=1).argmax())
    got = numbers[order][bad[order]][0]
    if order == 0:
        raise ValueError(expects(driver, "f(x) to be finite", f"{got}"))
    what = f"f to have finite coefficients up to order {len(bad) - 1}"
    # nan may mean that the orders carried do not decide the coefficient, so that fewer of them are no remedy
    use = None if np.isnan(got) else f"order={order - 1}"
    raise ValueError(expects(driver, what, f"{got} at order {order}", use))


def resolve_argnum(driver, argnum, count):
    """Return argnum counted from the left, for a call with `count` positional arguments (v not counted)."""
    if count < 1:
        number = count + driver.arguments.count(",") if count >= 0 else 0
        plural = "1 argument" if number == 1 else f"{number} arguments"
        raise TypeError(expects(driver, f"{driver.arguments} by position", plural))
    if type(argnum) is tuple:
        places = tuple(resolve_argnum(driver, i, count) for i in argnum)
        if len(set(places)) < len(places):
            raise ValueError(expects(driver, "argnum to name every argument once", f"{argnum}"))
        return places
    if not -count <= argnum < count:
        plural = "1 positional argument" if count == 1 else f"{count} positional arguments"
        raise ValueError(expects(driver, f"argnum to be in the range of its {plural}", f"{argnum}"))
    return argnum % count


def check_finite(driver, numbers, labels):
    """Refuse variables, in one row with a label each, that are not finite."""
    for number, label in zip(value(numbers), labels, strict=True):
        if not math.isfinite(number):
            raise ValueError(expects(driver, f"{label} to be finite", f"{number}"))


def check_point(driver, shape, label):
    """Refuse a number where a batch is expected."""
    if not shape:
        raise ValueError(
            expects(driver, f"{label} to have the variables along its last axis", "a scalar", "batched=False")
        )


def check_lead(driver, lead, shape, label):
    """Refuse arrays of a batch whose leading shapes differ."""
    if shape != lead:
        raise ValueError(
            expects(driver, f"{label} to have the leading shape {lead} of the other variables", f"{shape}")
        )


def check_direction(driver, x, v, label):
    """Refuse a direction that has not the shape of the variables."""
    expected, shape = getattr(x, "shape", ()), getattr(v, "shape", ())
    if shape != expected:
        raise ValueError(expects(driver, f"{label} to have the shape {expected} of x", f"shape {shape}"))


def check_structure(driver, tree, v, label):
    """Refuse a direction that has not the containers of the variables; return its parts in the variables' order."""
    expected = items(tree)
    if isinstance(tree, Children):
        found = dict(enumerate(v)) if isinstance(v, (list, tuple)) else None
    else:
        container = next((c for c in (tuple, dict) if isinstance(tree, c)), type(tree))
        found = items(v) if isinstance(v, container) else None
    if found is None or found.keys() != expected.keys():
        raise TypeError(expects(driver, f"{label} to be {kind(tree)} as x is", kind(v)))
    return [found[key] for key in expected]


def check_scalar(driver, lead, shape):
    """Refuse a value that is not one number (for each point of a batch)."""
    if shape != lead:
        if driver.batched:
            raise ValueError(
                expects(
                    driver,
                    f"f(x) to have the leading shape {lead} of x",
                    f"shape {shape}",
                    "jacobian(f, batched=True)",
                )
            )
        raise ValueError(expects(driver, "f(x) to be a scalar", f"shape {shape}", "jacobian(f)"))


def check_leading(driver, lead, shape):
    """Refuse a value of a batch that is not there for each of its points."""
    if shape[: len(lead)] != lead:
        raise ValueError(
            expects(driver, f"f(x) to begin with the leading shape {lead} of x", f"shape {shape}")
        )


def check_one_array(driver, argnum, args):
    """Refuse containers and several arguments where a batch is taken in blocks."""
    if type(argnum) is not int or items(args[argnum]) is not None:
        got = kind(args[argnum]) if type(argnum) is int else f"argnum={argnum}"
        raise TypeError(expects(driver, "x to be one array, with an int for batched", got, "batched=True"))


def check_single(driver, variables, use):
    """Refuse containers and several arguments where one number or array is meant."""
    tree = variables.tree
    if items(tree) is not None:
        raise TypeError(expects(driver, "x to be a number or an array", kind(tree), use))


def check_elementwise(driver, variables, shape, batched, use="jacobian(f)"):
    """Refuse a value that has not the shape of an array of arguments (in a batch: does not begin with it)."""
    expected = getattr(variables.tree.x, "shape", ())
    if batched and shape[: len(expected)] != expected:
        raise ValueError(expects(driver, f"f(x) to begin with the shape {expected} of x", f"shape {shape}"))
    if not batched and expected and shape != expected:
        raise ValueError(expects(driver, f"f(x) to have the shape {expected} of x", f"shape {shape}", use))


def check_diagonal(driver, expected, got, use):
    """Refuse a function whose derivatives along a direction are not those that its elements have by themselves."""
    if (expected == got).all():
        return
    known = np.isfinite(expected) & np.isfinite(got)
    expected, got = expected[known], got[known]
    size = np.maximum(np.abs(expected), np.abs(got))
    # rounding errors are relative, but where f adds and subtracts the same large numbers
    if (np.abs(got - expected) > 1e-7 * size + 1e-12 * size.max(initial=0.0)).any():
        what = "f to treat each element of x by itself"
        raise ValueError(expects(driver, what, "a function that mixes them", f"{use}, or check=False"))


def check_same_shape(driver, variables, shape):
    """Refuse a vector field whose value has not the shape of its argument."""
    expected = getattr(variables.tree.x, "shape", ())
    if shape != expected:
        raise ValueError(expects(driver, f"f(x) to have the shape {expected} of x", f"shape {shape}"))


def check_space(driver, variables):
    """Refuse an argument that is not a point, or a batch of points, of the plane or of space."""
    if variables.tree.shape not in ((2,), (3,)):
        raise ValueError(
            expects(
                driver,
                "x to have 2 or 3 components",
                f"shape {variables.tree.x.shape}" if variables.tree.shape else "a scalar",
            )
        )
