"""scipy.integrate: quadratures of functions that hold duals."""

import math

import numpy as np
from scipy import integrate

from dualnum._core import DualDType, comparisons_met, complex_from, holds_duals, value
from dualnum.rules._components import components, from_components, orders
from dualnum.rules._operands import float_arguments
from dualnum.rules._registry import rule

#: Tolerances of the integrals of derivatives, relative to the largest and absolute.
EPSREL, EPSABS = 1e-12, 1e-14
#: Below this a function whose reciprocal is in its derivatives has none that floats can hold.
TINY = 1e-290


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

    if options.pop("complex_func", False):
        if full_output:
            raise TypeError("quad of duals expects full_output=0 beside complex_func=True, got another.")
        of_parts = [
            quad(
                lambda x, part=part: part(integrand(x)),
                a,
                b,
                (),
                0,
                epsabs,
                epsrel,
                limit,
                points,
                weight,
                wvar,
            )
            for part in (np.real, np.imag)
        ]
        (re, error), (im, error_of_im) = of_parts
        return complex_from(re, im), complex(error, error_of_im)
    lower, upper, seen = value(a), value(b), []
    if points is not None and holds_duals(points):
        raise ValueError(
            "quad of duals expects points that are floats, got duals; integrate up to each of them and from there."
        )
    options |= {"points": points, "weight": weight, "wvar": wvar, "limit": limit}
    on_floats, compared, samples = _on_floats(integrand, seen), comparisons_met(), {}
    result = integrate.quad(
        lambda x: samples.setdefault(x, on_floats(x)),
        lower,
        upper,
        (),
        full_output,
        epsabs,
        epsrel,
        **float_arguments(options),
    )
    compares = comparisons_met() != compared
    if compares:
        for point in np.ravel(points) if points is not None else ():
            samples |= {x: on_floats(x) for x in point + 1e-9 * (upper - lower) * np.array([-1.0, 1.0])}
        _refuse_jumps(samples)
    if not (seen or holds_duals((a, b))):
        return result
    if weight is not None:
        raise ValueError(
            f"quad of duals expects weight=None, got {weight!r}; multiply the integrand by the weight."
        )
    total = result[0]
    if seen:
        dtype = np.result_type(*seen)
        total = total + _integral_of_tangents(integrand, lower, upper, points, dtype, limit, compares)
    for end, sign in ((b, 1.0), (a, -1.0)):
        if holds_duals(end):
            total = total + sign * _share_of_limit(integrand, end)
    return (total, *result[1:])


def _refuse_jumps(samples, compares=True):
    """Raise ValueError where samples of an integrand, numbers or rows by their x, have a jump that moves.

    Its share is missing in the integral of the derivatives.  A jump of an integrand that compares duals may move.  So
    does a jump of derivatives, from the second number of a row on, where the value has none: ``[f] = 0`` at a fixed
    place for all p gives ``[df/dp] = 0``.
    """
    x = np.array(sorted(samples))
    if len(x) < 4:
        return
    y = np.array([np.atleast_1d(samples[each]) for each in x], float)
    gaps, steps = np.diff(x)[:, np.newaxis], np.abs(np.diff(y, axis=0))
    rates = steps / gaps
    beside = np.maximum(rates[:-2], rates[2:]) * gaps[1:-1]  # what steps of a continuous function would be
    size = np.max(np.abs(y), axis=0, where=np.isfinite(y), initial=0.0)
    near = gaps[1:-1] < 1e-5 * np.maximum(np.abs(x[1:-2]), 1.0)[:, np.newaxis]
    jumps = near & (steps[1:-1] > 100 * beside + 1e-6 * size)
    if not compares:
        jumps &= ~jumps[:, :1]
    if np.any(jumps):
        at = x[1:-2][np.any(jumps, axis=1)][0]
        raise ValueError(
            f"quad of duals expects an integrand to have no jump or kink that moves with them, got one at "
            f"x = {at:.6g}; integrate up to that point, as it depends on the duals, and from there."
        )


def _integral_of_tangents(integrand, lower, upper, points, dtype, limit, compares):
    """Return the integral of what is not the integrand's value, a dual of value 0.

    The error is that of the largest component.  Where it is not small beside a smaller one, all are integrated again
    in units of the integrals of their absolute values, so that none hides another's kink.
    """
    infinite = not (np.isfinite(lower) and np.isfinite(upper))
    samples, lower_orders = {}, orders(dtype).sum(axis=0) < dtype.degree

    def tangents(x):
        numbers = _components(integrand(float(x)), dtype)
        if dtype.degree > 1:
            samples[float(x)] = numbers[lower_orders]
        if infinite and abs(numbers[0]) < TINY:  # a tail that underflows, whose derivatives become 0 * inf
            numbers[~np.isfinite(numbers)] = 0.0
        numbers[0] = 0.0
        return numbers

    if lower == upper:
        return 0.0
    (low, high), sign = sorted((lower, upper)), math.copysign(1.0, upper - lower)

    options = {"norm": "max", "limit": max(1000, 20 * limit), "points": points, "full_output": True}

    def integrals(f, *, epsabs, epsrel):
        return integrate.quad_vec(f, low, high, epsabs, epsrel, **options)

    found, error, report = integrals(tangents, epsabs=EPSABS, epsrel=EPSREL)
    if dtype.degree > 1:
        if not infinite:  # a kink at an end of subintervals has no samples close to it
            for end in np.unique(report.intervals)[1:-1]:
                samples.pop(end, None)
                for x in end + 1e-9 * (high - low) * np.array([-1.0, 1.0]):
                    tangents(x)
        _refuse_jumps(samples, compares)
    _require_converged(found, error, np.max(np.abs(found)) + 1e-8, report)
    if error > 1e-6 * np.min(np.abs(found), where=found != 0, initial=math.inf):
        sizes, *_ = integrals(lambda x: np.abs(tangents(x)), epsabs=0.0, epsrel=1e-2)
        units = np.where(sizes > 0, np.maximum(sizes, np.abs(found)), 1.0)
        found, error, report = integrals(lambda x: tangents(x) / units, epsabs=EPSREL, epsrel=EPSREL)
        _require_converged(found, error, 1.0, report)
        found = found * units
    return from_components(sign * found[None], dtype)[0]


def _require_converged(found, error, size, report):
    if not (np.all(np.isfinite(found)) and error <= 1e-6 * size):
        raise ValueError(
            f"quad of duals expects integrals of the derivatives that converge, got an error of {error:.2g} beside "
            f"{size:.2g}: {report.message}; split the interval where the integrand has a kink."
        )


def _share_of_limit(integrand, x):
    """Return the integral of f from value(x) to x, by the primitive's Taylor polynomial at value(x).

    With ``h = x - value(x)``, which is nilpotent, it is ``sum_k f^(k)(value(x)) h^(k + 1) / (k + 1)!``.
    """
    from dualnum.drivers.taylor import taylor

    at = value(x)
    if not np.isfinite(at):
        return 0.0
    h = x - at
    order = np.asarray(x).dtype.degree
    coefficients = (
        taylor(integrand, order - 1, lift=True, check=False)(float(at)) if order > 1 else [integrand(at)]
    )
    total = 0.0
    for k in reversed(range(order)):
        total = (total + coefficients[k] / (k + 1)) * h
    return total


rule(integrate.quad)(quad)
