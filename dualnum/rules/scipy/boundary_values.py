"""scipy.integrate.solve_bvp: the collocation equations, differentiated as an implicit function."""

import inspect

import numpy as np
from scipy import integrate
from scipy.integrate import _bvp
from scipy.interpolate import PPoly
from scipy.sparse.linalg import splu

from dualnum._core import DualArray, value
from dualnum.adapters import bvp_jac
from dualnum.drivers.first_order import jacobian
from dualnum.rules._components import components, degree, from_components, nilpotent_part
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy.roots import _on_floats


def _array(y):
    y = np.array(y)
    y = np.array(y.tolist()) if y.dtype == object else y
    return y.view(DualArray) if is_dual(y) else y


def _float_solver(fun, bc, x, h, n, k):
    """Return r -> J^-1 r for the Jacobian of the collocation equations at values of y and p."""

    def at(y, p):
        args = (p,) if k else ()

        def values(x, y, *p):
            return value(_array(fun(x, y, *p)))

        m = len(x)
        slopes = bvp_jac(lambda x, y, *p: _array(fun(x, y, *p)))
        _, y_middle, _, _ = _bvp.collocation_fun(lambda x, y, p: values(x, y, *args), y, p, x, h)
        inner = value_of(slopes(x, y, *args)), value_of(slopes(x[:-1] + h / 2, y_middle, *args))
        (by_y, by_p), (by_y_middle, by_p_middle) = (each if k else (each, None) for each in inner)
        ends = jacobian(
            lambda a, b, *p: _array(bc(a, b, *p)), argnum=tuple(range(2 + bool(k))), lift=True, check=False
        )
        by_left, by_right, *rest = value_of(ends(y[:, 0], y[:, -1], *args))
        i, j = _bvp.compute_jac_indices(n, m, k)
        matrix = _bvp.construct_global_jac(
            n,
            m,
            k,
            i,
            j,
            h,
            by_y,
            by_y_middle,
            by_p,
            by_p_middle,
            by_left,
            by_right,
            rest[0] if rest else None,
        )
        return splu(matrix).solve

    return at


def value_of(items):
    """Return values of arrays, in tuples too, as contiguous arrays."""
    return tuple(map(value_of, items)) if isinstance(items, tuple) else np.array(value(items))


@rule(integrate.solve_bvp)
def solve_bvp(fun, bc, x, y, p=None, S=None, fun_jac=None, bc_jac=None, *options, **named):
    """The solution on SciPy's mesh: its derivatives are those of the collocation equations, to every order."""
    given = inspect.signature(integrate.solve_bvp).bind(
        fun, bc, x, y, p, S, fun_jac, bc_jac, *options, **named
    )
    floats = {key: _on_floats(item) if callable(item) else float_arguments(item)
              for key, item in given.arguments.items()}  # fmt: skip
    result = integrate.solve_bvp(**floats)
    k, (n, m) = 0 if result.p is None else len(result.p), result.y.shape
    mesh, h = result.x, np.diff(result.x)

    def equations(y, p):
        args = (p,) if k else ()
        residuals, _, slopes, _ = _bvp.collocation_fun(
            lambda x, y, _: _array(fun(x, y, *args)), y, p, mesh, h
        )
        ends = _array(bc(y[:, 0], y[:, -1], *args))
        return np.concatenate([np.ravel(residuals, order="F"), np.ravel(ends)]), slopes

    z, (first, slopes) = (result.y, result.p), equations(result.y, result.p)
    if not is_dual(first):
        return result
    if S is not None:
        raise TypeError(
            "solve_bvp of duals expects S=None, got a singular term; use another form of the equation."
        )
    with np.errstate(all="ignore"):
        for _ in range(2):  # on values, from where SciPy has stopped
            solve = _float_solver(fun, bc, mesh, h, n, k)(*z)
            z = _moved(z, solve(value_of(equations(*z)[0])), n, m)
        solve = _float_solver(fun, bc, mesh, h, n, k)(*z)
        for _ in range(degree(first.dtype)):
            e = nilpotent_part(np.array(equations(*z)[0]))
            numbers = np.moveaxis(components(e), -1, 0)
            step = np.stack([solve(np.ascontiguousarray(number)) for number in numbers], axis=-1)
            z = _moved(z, from_components(step, e.dtype).view(DualArray), n, m)
        y, slopes = z[0], equations(*z)[1]
        chord = (y[:, 1:] - y[:, :-1]) / h
        t = (slopes[:, :-1] + slopes[:, 1:] - 2 * chord) / h
        c = np.stack([t / h, (chord - slopes[:, :-1]) / h - t, slopes[:, :-1] + 0 * t, y[:, :-1] + 0 * t])
    spline, c = result.sol, np.moveaxis(np.asarray(c), 1, 2)
    result.sol = PPoly.construct_fast(
        numpy_result(np.array(c), spline.c), spline.x, spline.extrapolate, spline.axis
    )
    result.y, result.yp = numpy_result(np.array(y), result.y), numpy_result(np.array(slopes), result.yp)
    result.p = numpy_result(np.array(z[1]), result.p) if k else None
    return result


def _moved(z, step, n, m):
    y, p = z
    moved = y - np.reshape(step[: n * m], (n, m), order="F")
    return moved, p if p is None else p - step[n * m :]
