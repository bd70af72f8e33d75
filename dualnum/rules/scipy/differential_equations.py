"""scipy.integrate's solvers of ordinary differential equations.

They go their way on values; beside them the same equation is integrated for all components of the duals, to 1e-10, so
that derivatives are those of the exact solution: steps as coarse as solve_ivp's default have no derivatives worth the
name.  The solvers in Python carry duals themselves where that is better: explicit ones with finer steps, and all of
them where the components are many.
"""

import functools
import inspect
import warnings

import numpy as np
from scipy import integrate
from scipy.integrate import _ivp
from scipy.integrate._ivp import dop853_coefficients

from dualnum._core import DualArray, DualDType, current_run, holds_duals, value
from dualnum.lifting import nets, storage
from dualnum.rules._components import components, from_components
from dualnum.rules._operands import dtype_of, float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.scipy.quadrature import _on_floats

#: Relative tolerance of the components, and the absolute one relative to their size and their change in the interval.
RTOL, SCALE = 1e-10, 1e-12
EXPLICIT = integrate.RK23, integrate.RK45, integrate.DOP853
#: Up to how many components the exact solution is integrated beside the solvers in Python; a stiff one takes n^3.
MOST = dict.fromkeys(EXPLICIT, 2000) | {integrate.BDF: 100}
#: The relative tolerance up to which the derivatives of explicit steps are about as exact as the values.
FINE = 1e-6
#: The one from which on the errors of values hide their derivatives from the nets' differences.
COARSE = 1e-9
#: Sizes that are added, from the first on: a component that is 0 at the beginning tells nothing about its size.
FLOORS = 1e-18, 1e-8, 1.0


@rule(_ivp.common.norm)
def error_norm(x):
    """The norm by which solvers choose their steps, without derivatives: steps that move with p lose their digits."""
    return _ivp.common.norm(value(x))


@rule(_ivp.rk.DOP853._estimate_error_norm)
def error_norm_of_dop853(self, *args):
    return _ivp.rk.DOP853._estimate_error_norm(self, *float_arguments(args))


def after(fun, t, y, h):
    """Return the solution at t + h for nilpotent h: a step of order 8, which is exact where h^9 = 0."""
    slopes = []
    for row, c in zip(
        dop853_coefficients.A[: dop853_coefficients.N_STAGES], dop853_coefficients.C, strict=False
    ):
        z = y + sum((a * k for a, k in zip(row, slopes, strict=False) if a), 0.0) * h
        slopes.append(_vector(fun(t + c * h, z)))
    return y + sum(b * k for b, k in zip(dop853_coefficients.B, slopes, strict=True) if b) * h


def _vector(y):
    return np.atleast_1d(np.array(y)).view(DualArray) if not isinstance(y, DualArray) else np.atleast_1d(y)


class Exact:
    """The solution of ``y' = fun(t, y)`` with all components of its duals, from t0 on."""

    def __init__(self, fun, t0, y0, dtype, **options):
        self.fun, self.dtype, self.options = fun, dtype, options
        self.t = float(value(t0))
        y0 = np.atleast_1d(np.asarray(y0)).astype(dtype)
        self.shape = *y0.shape, dtype.itemsize // 8
        if is_dual(t0):
            y0 = np.asarray(after(fun, self.t, y0.view(DualArray), self.t - t0)).astype(dtype)
        self.z = components(y0).ravel()

    def _right(self, z, t):
        y = from_components(z.reshape(self.shape), self.dtype).view(DualArray)
        return components(np.asarray(_vector(self.fun(t, y))).astype(self.dtype)).ravel()

    def at(self, times):
        """Return the duals at an array of times that go away from the current one, and their components."""
        if np.all(times == self.t):
            z = np.repeat(self.z[None], len(times), axis=0)
        else:
            z = self._integrated(times)
        return from_components(z.reshape(len(times), *self.shape), self.dtype), z

    def _integrated(self, times):
        """Return the components at times; where the finest tolerance is too fine, with a coarser one."""
        size = np.abs(self.z) + np.abs(self._right(self.z, self.t)) * np.max(np.abs(times - self.t))
        for least in FLOORS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", integrate.ODEintWarning)
                z, report = integrate.odeint(
                    self._right, self.z, np.concatenate([[self.t], times]), rtol=RTOL, atol=SCALE * (size + least),
                    mxstep=20000, full_output=True, **self.options,
                )  # fmt: skip
            if report["message"] == "Integration successful.":
                return z[1:]
        raise ValueError(
            f"an ODE of duals expects derivatives that can be integrated, got: {report['message']}"
        )

    def move(self, t):
        """Go to the time t."""
        y, z = self.at(np.array([t]))
        self.t, self.z = t, z[0]
        return y[0]

    def copy(self):
        made = Exact.__new__(Exact)
        made.__dict__.update(self.__dict__)
        return made


class Solver:
    """One of SciPy's solvers on values, and the exact solution of the components beside it."""

    def __init__(self, make, fun, t0, y0, t_bound, **options):
        self.fun, self._start, self._seen = fun, (t0, y0), []
        self._bound = t_bound
        jac = options.pop("jac", None)
        options = float_arguments(options)
        if jac is not None:
            options["jac"] = _on_floats(jac, []) if callable(jac) else value(jac)
        given = float_arguments([t0, y0, t_bound])
        self.inner = make(_on_floats(lambda t, y: _plain_or_dual(fun(t, y)), self._seen), *given, **options)
        for x in (t0, y0, t_bound):
            if isinstance(getattr(np.asarray(x), "dtype", None), DualDType):
                self._seen.append(np.asarray(x).dtype)
        self.exact = None
        self.t_old, self.t, self.y = None, self.inner.t, self._with_derivatives(self.inner.t, self.inner.y)

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def _with_derivatives(self, t, values):
        dtype = np.result_type(*self._seen) if self._seen else None
        if dtype is None:
            return values
        if self.exact is None or self.exact.dtype is not dtype:
            self.exact = Exact(self.fun, *self._start, dtype)
        self._before = self.exact.copy()
        y = self.exact.move(t)
        if t == value(self._bound) and is_dual(self._bound):
            y = after(self.fun, t, y.view(DualArray), self._bound - t)
            self.t = self._bound
        return numpy_result(np.array(y), values)

    def step(self):
        message = self.inner.step()
        if self.inner.status != "failed":
            self.t_old, self.t = self.inner.t_old, self.inner.t
            self.y = self._with_derivatives(self.inner.t, self.inner.y)
        return message

    def dense_output(self):
        inner = self.inner.dense_output()
        return inner if self.exact is None else Interpolant(self, inner)


def _plain_or_dual(y):
    """Return what a right-hand side gives as an array; lists of duals become arrays of duals."""
    y = np.asarray(y)
    return np.array(y.tolist()) if y.dtype == object else y


class Interpolant:
    """The dense output of a step: SciPy's values, and derivatives from the beginning of the step on."""

    def __init__(self, solver, inner):
        self.inner, self.exact, self.fun = inner, solver._before, solver.fun
        self.t_old, self.t, self.t_min, self.t_max = inner.t_old, inner.t, inner.t_min, inner.t_max

    def __call__(self, t):
        times = np.atleast_1d(np.asarray(value(t), float))
        values = self.inner(times if np.ndim(t) else times[0])
        found = []
        for i, time in enumerate(times.tolist()):
            y = self.exact.at(np.array([time]))[0][0]
            h = np.atleast_1d(np.asarray(t))[i] - time
            found.append(np.asarray(after(self.fun, time, y.view(DualArray), h)) if is_dual(h) else y)
        dtype = dtype_of(*found)
        y = np.stack([each.astype(dtype) for each in found], axis=-1)
        return numpy_result(y if np.ndim(t) else y[..., 0].copy(), values)


def _rule(make):
    signature = inspect.signature(make)

    @functools.wraps(make, updated=())
    def on_duals(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        extraneous = given.pop("extraneous", {})
        rtol, y0 = np.min(value(given.get("rtol", signature.parameters["rtol"].default))), given["y0"]
        nets.solutions.coarse += rtol > COARSE
        is_fine = make in EXPLICIT and rtol <= FINE
        if make in MOST and (is_fine or np.iscomplexobj(y0) or _components_of(y0) > MOST[make]):
            return NotImplemented  # it runs on duals
        return Solver(make, **given, **extraneous)

    return on_duals


def _components_of(y0):
    """Return how many numbers a solution with the levels of the running call has."""
    dtype = storage.active(current_run())
    return np.size(y0) * (1 if dtype is None else dtype.itemsize // 8)


for _make in (
    integrate.LSODA,
    integrate.Radau,
    integrate.RK23,
    integrate.RK45,
    integrate.DOP853,
    integrate.BDF,
):
    rule(_make)(_rule(_make))


@rule(integrate.odeint)
def odeint(func, y0, t, args=(), *positional, tfirst=False, **options):
    """The solution: SciPy's values, and the derivatives of the exact one."""
    args, seen = args if isinstance(args, tuple) else (args,), []
    given = inspect.signature(integrate.odeint).bind(func, y0, t, args, *positional, **options).arguments
    options = {name: item for name, item in given.items() if name not in ("func", "y0", "t", "args")}
    if holds_duals(t):
        raise TypeError("odeint expects t to be floats, got duals; use solve_ivp with method='LSODA'.")
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
    rtol = options.get("rtol")
    nets.solutions.coarse += rtol is not None and np.min(rtol) > COARSE
    steps = {name: options[name] for name in ("tcrit", "h0", "hmax", "hmin") if name in options}
    exact = Exact(lambda time, y: right(y, time), t[0], start, np.result_type(*dtypes), **steps)
    values = result[0] if isinstance(result, tuple) else result
    y = numpy_result(exact.at(np.asarray(t, float))[0], values)
    return (y, *result[1:]) if isinstance(result, tuple) else y
