"""Ordinary differential equations by Taylor series: taylor_solve.

Each step expands the solution in a Taylor series: f on a series known to order k gives the coefficient k + 1. The last
two coefficients choose the length of the step (Jorba and Zou 2005). The series themselves are the dense output.

Coefficients know nothing of a kink or a jump ahead. So each step compares the slope of its series at its end with f
there, which the next step needs anyway. Where the two differ, the step ends where the series leaves the solution.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dualnum._core import (
    Dual,
    DualArray,
    DualDType,
    Level,
    guarded_call,
    parts,
    seed_scalar,
    seed_tangents,
    split,
    value,
)
from dualnum.drivers._checks import as_variable, check_callable, expects
from dualnum.series import stack_duals

if TYPE_CHECKING:  # importing dualnum does not import it
    from numpy.typing import ArrayLike

CALL = "taylor_solve(f, t_span, y0)"
EPS = np.finfo(float).eps
GROWTH = 10.0  # by which a step may exceed the one before it, once a step was cut
CHATTER = 30  # cut steps in succession that hardly move the solution: it cannot leave a jump


class TaylorSolution:
    """The result of `taylor_solve`, with the names of ``scipy.integrate.solve_ivp``'s.

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

    def __init__(
        self,
        shape: tuple[int, ...],
        times: list[float],
        starts: list[Any],
        series: list[Any],
        nfev: int,
        status: int,
        message: str,
        t_eval: Any,
    ) -> None:
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
            self.y = stack_duals(starts, axis=-1).reshape(shape + (len(times),))
        else:
            self.t = t_eval
            self.y = self.sol(t_eval)

    def sol(self, t: ArrayLike) -> Any:
        """Return the solution at a time or an array of times."""
        t = as_variable("sol(t)", t, "t")
        numbers = np.asarray(value(t))
        low, high = sorted((self._times[0], self._times[-1]))
        if numbers.size and (numbers.min() < low or numbers.max() > high):
            got = f"{numbers.min()} to {numbers.max()}"
            raise ValueError(expects("sol(t)", f"t to be from {low} to {high}", got))
        flat = np.ravel(t)
        if not self.series:
            columns = [self._starts[0]] * numbers.size
        else:
            sign = 1.0 if self.t_steps[-1] >= self.t_steps[0] else -1.0
            after = np.searchsorted(sign * self.t_steps, sign * numbers.ravel(), side="right")
            steps = np.clip(after - 1, 0, len(self.series) - 1)
            columns = [self._at(step, flat[i]) for i, step in enumerate(steps)]
        if not columns:
            return np.zeros(self._shape + numbers.shape)
        return stack_duals(columns, axis=-1).reshape(self._shape + numbers.shape)

    def _at(self, step: int, t: Any) -> Any:
        coefficients = self.series[step].reshape(len(self.series[step]), -1)
        return coefficients[0] + _increment(coefficients, t - self._times[step])

    def __repr__(self) -> str:
        span = f"from {self._times[0]:.6g} to {self._times[-1]:.6g} in {len(self.series)} steps"
        return f"<TaylorSolution {span}: {self.message}>"


def taylor_solve(
    f: Callable[..., Any],
    t_span: tuple[Any, Any],
    y0: Any,
    *,
    order: int | None = None,
    rtol: float = 1e-12,
    atol: float = 1e-12,
    t_eval: ArrayLike | None = None,
    args: tuple[Any, ...] = (),
    max_steps: int = 100_000,
) -> TaylorSolution:
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

    Notes
    -----
    f may have pieces, as ``abs``, ``np.where`` and tables have: steps end at its kinks and jumps. A piece that lies
    within one step can be missed. Derivatives do not know that a jump's time depends on y or on a parameter.

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
    y: np.ndarray = np.asarray(np.reshape(y0, -1))
    if not np.isfinite(value(y)).all():
        raise ValueError(expects(CALL, "y0 to be finite", f"{value(y0)}"))
    eval_times = None if t_eval is None else _check_times(t_eval, float(value(start)), float(value(end)))
    equation = _Equation(f, args, shape, order)
    sign = 1.0 if value(end) >= value(start) else -1.0
    here = _Point(start, y, 0.0, None, 0.0, None)
    times, starts, series = [float(value(start))], [y], list[Any]()
    cut, stuck = False, 0
    status, message = 0, "The solver successfully reached the end of the integration interval."
    while value(here.t) != value(end):
        if len(series) == max_steps:
            status, message = -1, f"The end was not reached in {max_steps} steps."
            break
        coefficients = equation.expand(here)
        length = _step(coefficients, order, rtol, atol)
        if not length > 4 * math.ulp(float(value(here.t))):
            status, message = -1, "The series' radius of convergence is too small to go on."
            break
        step = _Step(equation, here, coefficients, end, sign, rtol, atol)
        # f has pieces, or the series is a polynomial, whose end tells nothing about f
        sample_inside = cut or length == math.inf
        following = step.take(min(length, GROWTH * here.length) if cut else length, sample_inside)
        if not np.isfinite(value(following.y)).all():
            status, message = -1, "The solution is not finite."
            break
        cut = cut or step.cut
        stuck = stuck + 1 if step.hardly_moves(following) else 0
        if stuck == CHATTER:
            status, message = -1, "The right-hand side jumps to and fro: the solution cannot leave the jump."
            break
        here = following
        series.append(coefficients)
        times.append(float(value(here.t)))
        starts.append(here.y)
    if eval_times is not None and status != 0:
        eval_times = eval_times[sign * eval_times <= sign * times[-1]]
    return TaylorSolution(shape, times, starts, series, equation.calls, status, message, eval_times)


class _Equation:
    """The right-hand side f, and the Taylor coefficients of its solution through a point."""

    def __init__(self, f, args, shape, order):
        self.f, self.args, self.shape, self.order = f, args, shape, order
        self.calls = 0

    def expand(self, point):
        """Return coefficients 0 ... order of the solution through a point, a row each: c_(k+1) = f_k / (k + 1)."""
        coefficients = np.empty((self.order + 1, point.y.size), point.y.dtype)
        coefficients[0] = point.y
        for k in range(self.order):
            known = k == 0 and point.rate is not None
            rate = point.rate if known else self.rate(point.t, coefficients, k)
            # parameters that are duals widen the dtype of the coefficients
            if isinstance(rate.dtype, DualDType) and rate.dtype != coefficients.dtype:
                known = coefficients[: k + 1]
                coefficients = np.empty(coefficients.shape, np.concatenate([known[0], rate]).dtype)
                coefficients[: k + 1] = known
            coefficients[k + 1] = rate / (k + 1.0)
        return coefficients

    def rate(self, t, coefficients, k):
        """Return coefficient k of f along the series whose coefficients 0 ... k are known."""
        self.calls += 1
        if k == 0:
            y = coefficients[0].copy()
            y = y.view(DualArray) if isinstance(y.dtype, DualDType) else y
            return self.check(guarded_call(self.f, t, (np.reshape(y, self.shape)[()], *self.args), {}))
        level = Level(taylor=True)
        try:
            series = seed_tangents(coefficients[0], level, coefficients[1 : k + 1].T)
            series = series if len(self.shape) == 1 else series.reshape(self.shape)[()]
            rates = self.check(guarded_call(self.f, seed_scalar(t, level, 1.0, k), (series, *self.args), {}))
            _, series = split(rates, level)
            return np.zeros(rates.shape) if series is None else series[:, k - 1]
        finally:
            level.retire()

    def check(self, rates):
        """Return the rates that f gave as a flat array; raise a ValueError unless they have the shape of y0."""
        rates = as_variable(CALL, rates, "f(t, y)")
        shape = getattr(rates, "shape", ())
        if shape != self.shape:
            raise ValueError(expects(CALL, f"f(t, y) to have the shape {self.shape} of y0", f"shape {shape}"))
        return rates if len(shape) == 1 else np.reshape(rates, -1)


class _Point(NamedTuple):
    """The end of a step."""

    t: Any
    y: np.ndarray
    lost: Any  # the rounding error of y, which the next step adds (compensated summation)
    rate: Any  # f(t, y), None where y is not finite
    length: float  # of the step
    mismatch: Any  # of each part, its largest length * (slope of the series - rate)


class _Step:
    """The series of a step, and tests of it against f."""

    def __init__(self, equation, begin, coefficients, end, sign, rtol, atol):
        self.equation, self.begin, self.coefficients = equation, begin, coefficients
        self.end, self.sign = end, sign
        self.slopes = coefficients * np.arange(float(len(coefficients)))[:, np.newaxis]
        self.scales = {part: atol + rtol * size for part, size in _sizes(coefficients[0]).items()}
        self.atol = atol
        self.cut = False

    def take(self, length, sample_inside):
        """Return the end of a step of at most this length.

        Where the series contradicts f at the end, the step is cut by bisection to where they agree. With
        `sample_inside`, f is called at points inside the step even if the two agree at its end.
        """
        point = self.reach(length)
        if point.rate is None:
            return point
        # the first term left out, of the size of the tolerance, adds order + 1 times that to length * slope; the
        # factor 4 allows for the terms after it
        right = self.agrees(point, 4 * len(self.coefficients))
        if right and not sample_inside:
            return point
        low, high = self.bracket(point)
        if high is point and (right or not _finite(point.mismatch)):  # f may have no value at the end itself
            return point
        self.cut = True
        while not self.negligible(low, high):
            middle = self.reach((low + high.length) / 2)
            if self.agrees(middle):
                low = middle.length
            else:
                high = middle
        return high

    def reach(self, length):
        """Return the point at a length from the beginning of the step."""
        t, y, lost = self.begin[:3]
        last = length >= abs(float(value(self.end)) - float(value(t)))
        step = self.end - t if last else (t + self.sign * length) - t  # exactly t's change in floating point
        change = _increment(self.coefficients, step) + lost
        following = y + change
        lost = change - (following - y)
        t = self.end if last else t + step
        length = abs(float(value(step)))
        if not np.isfinite(value(following)).all():
            return _Point(t, following, lost, None, length, None)
        with np.errstate(all="ignore"):
            rate = self.equation.rate(t, following[np.newaxis], 0)
            mismatch = _sizes(np.asarray(_increment(self.slopes, step) - step * rate))
        return _Point(t, following, lost, rate, length, mismatch)

    def bracket(self, high):
        """Return a length up to which f agrees with the series, and the nearest point found where it does not.

        A point may agree by chance beyond a point that does not: so the search starts again below each such point.
        """
        count = self.equation.order
        while True:
            low = 0.0
            for i in range(1, count):
                if high.length <= self.resolution(high):
                    return low, high
                inner = self.reach(high.length * (i / count) ** 2)  # equal spacing might be a period of f
                if not self.agrees(inner):
                    high = inner
                    break
                low = inner.length
            else:
                return low, high

    def agrees(self, point, factor=1.0):
        """Return whether the slope of the series equals f at a point, within `factor` tolerances or rounding."""
        if point.mismatch is None or not _finite(point.mismatch):
            return False
        return all(
            size <= factor * self.scales.get(part, self.atol) or size <= self.rounding(part, point.length)
            for part, size in point.mismatch.items()
        )

    def rounding(self, part, length):
        """Bound the mismatch of a part that rounding of y, t and the terms alone can cause."""
        terms = [_sizes(c).get(part, 0.0) for c in self.coefficients]
        slopes = sum(k * k * term * length**k for k, term in enumerate(terms))
        return 8 * EPS * (terms[0] + slopes * (1 + abs(float(value(self.begin.t))) / length))

    def resolution(self, point):
        """Return the shortest length that t resolves on the way to a point: 4 ulp of the larger of the two times."""
        return 4 * math.ulp(max(abs(float(value(self.begin.t))), abs(float(value(point.t)))))

    def negligible(self, low, high):
        """Return whether a series that is right up to `low` is within the tolerance up to `high`."""
        gap = high.length - low
        if gap <= self.resolution(high):
            return True
        return all(
            gap / high.length * size <= self.scales.get(part, self.atol)
            for part, size in high.mismatch.items()
        )

    def hardly_moves(self, point):
        """Return whether the step was cut so short that the solution moves by at most 100 tolerances."""
        if not self.cut:
            return False
        moved = point.length * _sizes(self.coefficients[1])["value"]
        return point.length <= 4 * self.resolution(point) or moved <= 100 * self.scales["value"]


def _finite(sizes):
    return all(map(math.isfinite, sizes.values()))


def _step(coefficients, order, rtol, atol):
    """Return the length for which the last two terms of the series stay below atol + rtol * |c_0|, inf if both are 0.

    The tangents of the coefficients must meet the same relative tolerance as their primal parts. The result is nan
    where a term is.
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
    """Return the largest magnitude in each part of a coefficient: "value", and "e1" and so on of duals."""
    if isinstance(c.dtype, DualDType):
        return {part: float(np.max(np.abs(x), initial=0.0)) for part, x in parts(c).items()}
    return {"value": float(np.max(np.abs(c), initial=0.0))}


def _increment(coefficients, step):
    """Return sum of c_k step^k for k from 1 on; the small terms are added first."""
    if coefficients.dtype == np.float64 and type(step) is not Dual:
        powers = np.multiply.accumulate(np.full(len(coefficients) - 1, step))
        return (coefficients[:0:-1] * powers[::-1, np.newaxis]).sum(axis=0)
    total = coefficients[-1] * step
    for c in coefficients[-2:0:-1]:
        total = (total + c) * step
    return total


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
