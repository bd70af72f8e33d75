"""scipy.optimize: roots of equations, differentiated as implicit functions."""

import functools
import inspect

import numpy as np
from scipy import optimize

from dualnum.rules._operands import float_arguments
from dualnum.rules._registry import rule
from dualnum.rules.implicit_functions import at_solution


def _on_floats(f):
    """Return f with the values of what it returns, which may hold duals that f closes over."""

    @functools.wraps(f, updated=())
    def values(*args, **kwargs):
        y = f(*args, **kwargs)
        return tuple(map(_values, y)) if isinstance(y, tuple) else _values(y)

    return values


def _values(y):
    if isinstance(y, list):
        return [_values(item) for item in y]
    if isinstance(y, np.ndarray) and y.dtype == object:
        return np.array(_values(y.tolist()))
    return float_arguments(y)


def _rule(original, name, replaced):
    """Return the rule of a solver of ``f(x, *args) = 0``; `replaced` puts the root into what the solver returns."""
    signature = inspect.signature(original)

    def on_duals(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        f, extra = given[name], given["args"]
        extra = extra if isinstance(extra, tuple) else (extra,)
        for key, item in given.items():
            given[key] = _on_floats(item) if callable(item) else float_arguments(item)
        result = original(*bound.args, **bound.kwargs)

        def residual(x):
            y = f(x, *extra)
            fprime = given.get("fprime") if name == "f" else given.get("jac")
            return y[0] if fprime is True else y

        with np.errstate(all="ignore"):
            return replaced(result, lambda x: at_solution(x, residual, original.__name__))

    return on_duals


def _first(result, root):
    """The root alone, or the first of a tuple, whose second may be a report that holds it too."""
    if not isinstance(result, tuple):
        return root(result)
    x = root(result[0])
    if hasattr(result[1], "root"):
        result[1]["root"] = x
    return result._replace(root=x) if hasattr(result, "_replace") else (x, *result[1:])


def _attribute(key):
    def replaced(result, root):
        result[key] = root(result[key])
        return result

    return replaced


for _name in ("brentq", "brenth", "bisect", "ridder", "toms748"):
    rule(getattr(optimize, _name))(_rule(getattr(optimize, _name), "f", _first))
rule(optimize.newton)(_rule(optimize.newton, "func", _first))
rule(optimize.root_scalar)(_rule(optimize.root_scalar, "f", _attribute("root")))
rule(optimize.fsolve)(_rule(optimize.fsolve, "func", _first))
rule(optimize.root)(_rule(optimize.root, "fun", _attribute("x")))


def _fixed_point(original):
    signature = inspect.signature(original)

    def on_duals(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        f, extra = given["func"], given.get("args", ())
        extra = extra if isinstance(extra, tuple) else (extra,)
        x0 = original(**{key: _on_floats(item) if callable(item) else float_arguments(item)
                         for key, item in given.items()})  # fmt: skip
        with np.errstate(all="ignore"):
            return at_solution(x0, lambda x: x - f(x, *extra), "fixed_point")

    return on_duals


rule(optimize.fixed_point)(_fixed_point(optimize.fixed_point))


def _nonlinear_solver(original):
    def on_duals(F, xin, *args, **kwargs):
        x0 = original(_on_floats(F), float_arguments(xin), *float_arguments(args), **float_arguments(kwargs))
        with np.errstate(all="ignore"):
            return at_solution(x0, F, original.__name__)

    return on_duals


for _name in (
    "newton_krylov", "broyden1", "broyden2", "anderson", "linearmixing", "diagbroyden", "excitingmixing",
):  # fmt: skip
    rule(getattr(optimize, _name))(_nonlinear_solver(getattr(optimize, _name)))
