"""Ordinary differential equations by Taylor series: taylor_solve.

Each step takes the solution's own Taylor coefficients: f on a series known to order k gives the coefficient k + 1. The
step is as long as the last two coefficients say that the series can be trusted (Jorba and Zou 2005), and the series
themselves are the dense output.
"""

import math

import numpy as np

from dualnum._checks import as_variable, check_callable, expects
from dualnum._core import Dual, DualArray, DualDType, Level, parts, seed_scalar, seed_tangents, split, value

CALL = "taylor_solve(f, t_span, y0)"


class TaylorSolution:
    """What `taylor_solve` returns: the names are those of ``scipy.integrate.solve_ivp``.

    Attributes
    ----------
    t : ndarray
        The times of the steps, or those of ``t_eval``.
    y : ndarray
        The solution there: the shape of y0, and then that of `t`.
    sol : callable
        The solution at any times within ``t_span``, from the steps' series: ``sol(t)`` has the shape of y0 and
        then that of `t`.
    series : list of ndarray
        The Taylor coefficients of each step, along the first axis.
    t_steps : ndarray
        The times at which the steps begin, and the end of the last one.
    nfev : int
        How often f was called.
    status : int
        0 if the end was reached, -1 if the solution could not be continued.
    success : bool
    message : str
    """

    def __init__(self, shape, times, starts, series, nfev, status, message, t_eval):
        self._shape = shape
        self._times = times
        self._starts = starts
        self.series = [np.reshape(c, (len(c), *shape)) for c in series]
        self.t_steps = np.array(times)
        self.nfev = nfev
        self.status = status
        self.success = status == 0
        self.message = message
        if t_eval is None:
            self.t = self.t_steps
            self.y = _along_last(starts).reshape(shape + (len(times),))
        else:
            self.t = t_eval
            self.y = self.sol(t_eval)

    def sol(self, t):
        """Return the solution at a time or an array of times."""
        t = as_variable("sol(t)", t, "t")
        numbers = np.asarray(value(t))
        low, high = sorted((self._times[0], self._times[-1]))
        if numbers.size and (numbers.min() < low or numbers.max() > high):
            raise ValueError(
                expects("sol(t)", f"t to be from {low} to {high}", f"{numbers.min()} to {numbers.max()}")
            )
        flat = np.ravel(t)
        if not self.series:
            return np.repeat(self._starts[0][:, np.newaxis], numbers.size, axis=1).reshape(
                self._shape + numbers.shape
            )
        steps = self.t_steps if self.t_steps[-1] >= self.t_steps[0] else -self.t_steps
        at = numbers.ravel() if self.t_steps[-1] >= self.t_steps[0] else -numbers.ravel()
        which = np.clip(np.searchsorted(steps, at, side="right") - 1, 0, len(self.series) - 1)
        columns = [self._at(step, flat[i]) for i, step in enumerate(which)]
        if not columns:
            return np.zeros(self._shape + numbers.shape)
        return _along_last(columns).reshape(self._shape + numbers.shape)

    def _at(self, step, t):
        coefficients = self.series[step].reshape(len(self.series[step]), -1)
        return coefficients[0] + _increment(coefficients, t - self._times[step])

    def __repr__(self):
        return (
            f"<TaylorSolution from {self._times[0]:.6g} to {self._times[-1]:.6g} in {len(self.series)} steps: "
            f"{self.message}>"
        )


def taylor_solve(
    f, t_span, y0, *, order=None, rtol=1e-12, atol=1e-12, t_eval=None, args=(), max_steps=100_000
):
    """Solve y' = f(t, y) by Taylor series of high order, with adaptive steps and dense output.

    Initial values and parameters may be duals: inside `gradient`, `jacobian` or another driver the solution is
    differentiated with respect to them.

    Parameters
    ----------
    f : callable
        ``f(t, y, *args)`` returns the derivatives, a list or an array of the shape of `y`. It is called with series:
        dualnum's or NumPy's functions, not those of ``math``.
    t_span : pair of float
        Where to begin and to end; backwards too.
    y0 : array_like
        The values at the beginning, of any shape.
    order : int, optional
        Of the series; by default ``1 - log(rtol) / 2``, for which the work is least (Jorba and Zou 2005).
    rtol, atol : float, optional
        Each step's error stays below ``atol + rtol * max(abs(y))``.
    t_eval : array_like, optional
        The times at which the solution is wanted; by default those of the steps.
    args : tuple, optional
        Further arguments of `f`.
    max_steps : int, optional
        After how many steps to give up.

    Returns
    -------
    TaylorSolution
        With ``t``, ``y``, ``sol``, ``status``, ``message`` and ``success`` as from ``scipy.integrate.solve_ivp``.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> solution = dn.taylor_solve(lambda t, y: [y[1], -y[0]], (0.0, np.pi), [0.0, 1.0])
    >>> bool(abs(solution.sol(np.pi / 2)[0] - 1.0) < 1e-13)
    True
    >>> end = lambda y0: dn.taylor_solve(lambda t, y: -y, (0.0, 1.0), [y0]).y[0, -1]
    >>> bool(abs(dn.derivative(end)(2.0) - np.exp(-1.0)) < 1e-14)
    True
    """
    check_callable("taylor_solve", f)
    start, end = _check_span(t_span)
    order = _check_control(order, rtol, atol)
    y0 = as_variable(CALL, y0, "y0")
    shape = getattr(y0, "shape", ())
    y = np.asarray(np.reshape(y0, -1))
    if not np.isfinite(value(y)).all():
        raise ValueError(expects(CALL, "y0 to be finite", f"{value(y0)}"))
    if t_eval is not None:
        t_eval = _check_times(t_eval, float(value(start)), float(value(end)))
    equation = _Equation(f, args, shape, order)
    sign = 1.0 if value(end) >= value(start) else -1.0
    t, lost = start, 0.0
    times, starts, series = [float(value(t))], [y], []
    status, message = 0, "The solver successfully reached the end of the integration interval."
    while value(t) != value(end):
        if len(series) == max_steps:
            status, message = -1, f"The end was not reached in {max_steps} steps."
            break
        coefficients = equation.expand(t, y)
        length = _step(coefficients, order, rtol, atol)
        if not length > 4 * math.ulp(float(value(t))):
            status, message = -1, "The series' radius of convergence is too small to go on."
            break
        last = length >= abs(float(value(end)) - float(value(t)))
        step = end - t if last else (t + sign * length) - t  # what t really moves by
        change = _increment(coefficients, step) + lost
        following = y + change
        if not np.isfinite(value(following)).all():
            status, message = -1, "The solution is not finite."
            break
        lost = change - (following - y)
        t = end if last else t + step
        y = following
        series.append(coefficients)
        times.append(float(value(t)))
        starts.append(y)
    if t_eval is not None and status != 0:
        t_eval = t_eval[sign * t_eval <= sign * times[-1]]
    return TaylorSolution(shape, times, starts, series, equation.calls, status, message, t_eval)


class _Equation:
    """The right-hand side, asked for the Taylor coefficients of its solution."""

    def __init__(self, f, args, shape, order):
        self.f, self.args, self.shape, self.order = f, args, shape, order
        self.calls = 0

    def expand(self, t, y):
        """Return the coefficients 0 ... order of the solution through y at t: a row each."""
        coefficients = np.empty((self.order + 1, y.size), y.dtype)
        coefficients[0] = y
        for k in range(self.order):
            rate = self.rate(t, coefficients, k)
            if (
                isinstance(rate.dtype, DualDType) and rate.dtype != coefficients.dtype
            ):  # parameters that are duals
                known = coefficients[: k + 1]
                coefficients = np.empty(coefficients.shape, np.concatenate([known[0], rate]).dtype)
                coefficients[: k + 1] = known
            coefficients[k + 1] = rate / (k + 1.0)
        return coefficients

    def rate(self, t, coefficients, k):
        """Return coefficient k of f along the series that is known to order k."""
        self.calls += 1
        if k == 0:
            y = (
                coefficients[0].view(DualArray)
                if isinstance(coefficients.dtype, DualDType)
                else coefficients[0].copy()
            )
            return self.check(self.f(t, np.reshape(y, self.shape)[()], *self.args))
        level = Level(taylor=True)
        try:
            series = seed_tangents(coefficients[0], level, coefficients[1 : k + 1].T)
            series = series if len(self.shape) == 1 else series.reshape(self.shape)[()]
            rates = self.check(self.f(seed_scalar(t, level, 1.0, k), series, *self.args))
            _, rest = split(rates, level)
            return np.zeros(rates.shape) if rest is None else rest[:, k - 1]
        finally:
            level.retire()

    def check(self, rates):
        """Return what f gave as a flat array."""
        rates = as_variable(CALL, rates, "f(t, y)")
        shape = getattr(rates, "shape", ())
        if shape != self.shape:
            raise ValueError(expects(CALL, f"f(t, y) to have the shape {self.shape} of y0", f"shape {shape}"))
        return rates if len(shape) == 1 else np.reshape(rates, -1)


def _step(coefficients, order, rtol, atol):
    """Return the length for which the last two terms of the series stay below the tolerance.

    Derivatives that the coefficients carry are held to the same relative tolerance as the values.
    """
    length = math.inf
    wanted = {0, order - 1, order}
    sizes = {k: _sizes(coefficients[k]) for k in wanted}
    for part, size in sizes[0].items():
        scale = atol + rtol * size
        for k in wanted - {0}:
            term = sizes[k].get(part, 0.0)
            if term > 0:
                length = min(length, (scale / term) ** (1 / k))
            elif term != term:
                return math.nan
    return length


def _sizes(c):
    """Return the largest magnitude of each part of a coefficient: its value, and whatever it carries."""
    if isinstance(c.dtype, DualDType):
        return {part: float(np.max(np.abs(x), initial=0.0)) for part, x in parts(c).items()}
    return {"value": float(np.max(np.abs(c), initial=0.0))}


def _increment(coefficients, step):
    """Return the sum of all terms but the first, the small ones first."""
    if coefficients.dtype == np.float64 and type(step) is not Dual:
        powers = np.multiply.accumulate(np.full(len(coefficients) - 1, step))
        return (coefficients[:0:-1] * powers[::-1, np.newaxis]).sum(axis=0)
    total = coefficients[-1] * step
    for c in coefficients[-2:0:-1]:
        total = (total + c) * step
    return total


def _along_last(columns):
    """Return flat arrays as the columns of one array; duals as a `DualArray`."""
    array = np.stack(np.broadcast_arrays(*map(np.asarray, columns)), axis=-1)
    return array.view(DualArray) if isinstance(array.dtype, DualDType) else array


def _check_span(t_span):
    try:
        start, end = t_span
    except (TypeError, ValueError):
        raise ValueError(expects(CALL, "t_span to be a pair of times", f"{t_span!r}")) from None
    start, end = as_variable(CALL, start, "t_span[0]"), as_variable(CALL, end, "t_span[1]")
    if np.ndim(start) or np.ndim(end) or not np.isfinite(value(start)) or not np.isfinite(value(end)):
        raise ValueError(expects(CALL, "t_span to be a pair of finite numbers", f"{t_span!r}"))
    return start, end


def _check_control(order, rtol, atol):
    """Return the order; by default the one for which a given accuracy takes least work."""
    if not (rtol >= 0 and atol >= 0 and rtol + atol > 0):
        raise ValueError(expects(CALL, "rtol and atol to be at least 0 and not both 0", f"{rtol} and {atol}"))
    if order is None:
        return max(4, math.ceil(1 - math.log(min(0.1, max(rtol, 1e-17) if rtol else atol)) / 2))
    if not isinstance(order, (int, np.integer)) or order < 2:
        raise ValueError(expects(CALL, "order to be an int from 2 on", f"{order!r}"))
    return int(order)


def _check_times(t_eval, start, end):
    times = np.asarray(t_eval, float)
    low, high = min(start, end), max(start, end)
    if times.ndim != 1 or (times < low).any() or (times > high).any():
        raise ValueError(expects(CALL, f"t_eval to be a list of times from {low} to {high}", f"{t_eval!r}"))
    return times
