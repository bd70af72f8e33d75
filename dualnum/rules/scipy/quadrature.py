"""scipy.integrate: quadratures of functions that hold duals, and ordinary differential equations."""

import inspect
import math

import numpy as np
from scipy import integrate
from scipy.integrate import _ivp

from dualnum._core import DualArray, DualDType, holds_duals, value
from dualnum.rules._components import components, from_components
from dualnum.rules._operands import float_arguments, numpy_result
from dualnum.rules._registry import rule

#: Tolerances of the integrals of derivatives, relative to the largest and absolute.
EPSREL, EPSABS = 1e-12, 1e-14


def _components(y, dtype):
    """Return the components of a dual or float in the levels of a dtype: one number for each."""
    return components(np.asarray(y).reshape(1).astype(dtype))[0]


def _on_floats(f, seen):
    """Return f without derivatives; the dtypes of the duals that it returns are put into the list `seen`."""

    def values(*args):
        y = f(*args)
        dtype = getattr(y, "dtype", None)
        if isinstance(dtype, DualDType) and dtype not in seen:
            seen.append(dtype)
        return value(y)

    return values


def quad(func, a, b, args=(), full_output=0, epsabs=1.49e-8, epsrel=1.49e-8, limit=50, points=None, weight=None,
         wvar=None, **options):  # fmt: skip
    """The integral of func: its value is that of `scipy.integrate.quad`, its derivatives are integrals of func's.

    ``d/dp int_a^b f(x, p) dx = int_a^b df/dp dx + f(b, p) db/dp - f(a, p) da/dp``; the limits' share comes to every
    order from the primitive's Taylor polynomial at a and b, whose coefficients are derivatives of f.
    """
    args = args if isinstance(args, tuple) else (args,)

    def integrand(x):
        y = func(x, *args)
        return y.reshape(())[()] if isinstance(y, np.ndarray) and y.size == 1 else y

    lower, upper, seen = value(a), value(b), []
    if points is not None and holds_duals(points):
        raise ValueError(
            "quad of duals expects points that are floats, got duals; integrate up to each of them and from there."
        )
    options |= {"points": points, "weight": weight, "wvar": wvar, "limit": limit}
    result = integrate.quad(
        _on_floats(integrand, seen), lower, upper, (), full_output, epsabs, epsrel, **float_arguments(options)
    )
    if not (seen or holds_duals((a, b))):
        return result
    if weight is not None:
        raise ValueError(
            f"quad of duals expects weight=None, got {weight!r}; multiply the integrand by the weight."
        )
    total = result[0]
    if seen:
        total = total + _integral_of_tangents(integrand, lower, upper, points, np.result_type(*seen), limit)
    for end, sign in ((b, 1.0), (a, -1.0)):
        if holds_duals(end):
            total = total + sign * _share_of_limit(integrand, end)
    return (total, *result[1:])


def _integral_of_tangents(integrand, lower, upper, points, dtype, limit):
    """Return the integral of what is not the integrand's value, a dual of value 0."""

    def tangents(x):
        numbers = _components(integrand(float(x)), dtype)
        numbers[0] = 0.0
        return numbers

    if lower == upper:
        return 0.0
    (low, high), sign = sorted((lower, upper)), math.copysign(1.0, upper - lower)
    integral, error, report = integrate.quad_vec(
        tangents, low, high, epsabs=EPSABS, epsrel=EPSREL, norm="max", limit=max(1000, 20 * limit), points=points,
        full_output=True,
    )  # fmt: skip
    if not (np.all(np.isfinite(integral)) and error <= 1e-6 * (np.max(np.abs(integral)) + 1e-8)):
        raise ValueError(
            f"quad of duals expects integrals of the derivatives that converge, got an error of {error:.2g} beside "
            f"{np.max(np.abs(integral)):.2g}: {report.message}; split the interval where the integrand has a kink."
        )
    return from_components(sign * integral[None], dtype)[0]


def _share_of_limit(integrand, x):
    """Return the integral of f from value(x) to x, by the primitive's Taylor polynomial at value(x).

    With ``h = x - value(x)``, which is nilpotent, it is ``sum_k f^(k)(value(x)) h^(k + 1) / (k + 1)!``.
    """
    from dualnum.drivers.taylor import taylor

    at, h = value(x), x - value(x)
    if not np.isfinite(at):
        return 0.0
    order = np.asarray(x).dtype.degree
    coefficients = (
        taylor(integrand, order - 1, lift=True, check=False)(float(at)) if order > 1 else [integrand(at)]
    )
    total = 0.0
    for k in reversed(range(order)):
        total = (total + coefficients[k] / (k + 1)) * h
    return total


rule(integrate.quad)(quad)


# ---- ordinary differential equations: the solvers in Python carry duals ----


@rule(_ivp.common.norm)
def error_norm(x):
    """The norm by which solvers choose their steps, without derivatives: steps that move with p lose their digits."""
    return _ivp.common.norm(value(x))


@rule(_ivp.rk.DOP853._estimate_error_norm)
def error_norm_of_dop853(self, *args):
    return _ivp.rk.DOP853._estimate_error_norm(self, *float_arguments(args))


@rule(integrate.odeint)
def odeint(func, y0, t, args=(), *positional, tfirst=False, **options):
    """The solution: SciPy's values, and derivatives from the same equation of the components of y, to 1e-10."""
    args, seen = args if isinstance(args, tuple) else (args,), []
    given = inspect.signature(integrate.odeint).bind(func, y0, t, args, *positional, **options).arguments
    options = {name: item for name, item in given.items() if name not in ("func", "y0", "t", "args")}
    if holds_duals(t):
        raise TypeError("odeint expects t to be floats, got duals; use solve_ivp with method='DOP853'.")
    start = np.atleast_1d(np.array(y0))

    def of_state(f):
        return lambda y, time: np.atleast_1d(np.array(f(time, y, *args) if tfirst else f(y, time, *args)))

    right, jacobian = of_state(func), options.pop("Dfun", None)
    options = float_arguments(options)
    given = options if jacobian is None else options | {"Dfun": _on_floats(of_state(jacobian), [])}
    result = integrate.odeint(_on_floats(right, seen), value(start), t, **given)
    dtypes = [dtype for dtype in (start.dtype, *seen) if isinstance(dtype, DualDType)]
    if not dtypes:
        return result
    dtype = np.result_type(*dtypes)
    shape = (*start.shape, dtype.itemsize // 8)

    def components_of_right(z, time):
        return components(
            right(from_components(z.reshape(shape), dtype).view(DualArray), time).astype(dtype)
        ).ravel()

    z0 = components(start.astype(dtype)).ravel()
    tight = {name: options[name] for name in ("tcrit", "h0", "hmax", "hmin") if name in options}
    z = integrate.odeint(components_of_right, z0, t, rtol=1e-10, atol=1e-12, mxstep=50000, **tight)
    values = result[0] if isinstance(result, tuple) else result
    y = numpy_result(from_components(z.reshape(len(values), *shape), dtype), values)
    return (y, *result[1:]) if isinstance(result, tuple) else y


def _refuses(solver, name):
    """Return the rule of a solver in compiled or complex code: it refuses an ODE whose right-hand side is dual."""
    signature = inspect.signature(solver)

    def on_duals(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        f = given["fun"](value(given["t0"]), np.asarray(value(given["y0"]), float))
        if not (holds_duals(given) or holds_duals(f)):
            return solver(*args, **kwargs)
        raise TypeError(
            f"{name} expects floats, got duals: its compiled code would lose their derivatives; use solve_ivp with "
            f"method='DOP853', or 'BDF' for stiff equations."
        )

    return on_duals


for _name in ("LSODA", "Radau"):
    rule(getattr(integrate, _name))(_refuses(getattr(integrate, _name), f"solve_ivp(method={_name!r})"))
