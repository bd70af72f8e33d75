"""scipy.optimize: minimizers and fits, differentiated as solutions of their optimality conditions.

SciPy minimizes on values.  At the minimum x of f, with multipliers m of the active constraints c,
``grad f(x) - sum m grad c(x) = 0`` and ``c(x) = 0``: the conditions of Karush, Kuhn and Tucker define x and m as
implicit functions of everything that f and c hold.
"""

import functools
import inspect

import numpy as np
from scipy import optimize
from scipy.optimize import _milp

from dualnum._core import DualArray, holds_duals, value
from dualnum.lifting import lift
from dualnum.lifting.nets import solutions
from dualnum.rules._operands import float_arguments, is_dual, numpy_result
from dualnum.rules._registry import rule
from dualnum.rules.implicit_functions import at_solution
from dualnum.rules.scipy._registry import arguments, arrays
from dualnum.rules.scipy.roots import _on_floats
from dualnum.rules.scipy.sparse_solvers import dense_matrix, float_matrix

#: A constraint may be active where its distance, relative to its size, is below this.
NEAR = 1e-2
#: Least push of an active constraint relative to the gradient, and least distance from one that is not.
PUSH, CLEAR = 1e-6, 1e-8
#: How much longer than the way to a constraint the Newton step across it is where it is active.
CERTAIN = 1.5


def _tuple(args):
    return args if isinstance(args, tuple) else (args,)


def _vector(y):
    y = np.atleast_1d(np.array(y.tolist() if isinstance(y, np.ndarray) and y.dtype == object else y))
    return y.ravel().view(DualArray)


def _scalar(y):
    """Return the number that an objective returns, also from the pair (f, gradient) and from an array of one."""
    y = y[0] if isinstance(y, tuple) else y
    return y.reshape(())[()] if isinstance(y, np.ndarray) and y.size == 1 else y


# ---- the optimality conditions ----------------------------------------------------------------------------------


class Constraint:
    """``lower <= function(x) <= upper``, with the bounds broadcast to the function's vector."""

    def __init__(self, function, lower, upper):
        self.function, self.lower, self.upper = function, lower, upper

    def __call__(self, x):
        return _vector(self.function(x))

    def sides(self, x):
        """Return for each component whether it may be active below and above, its bound there, and its distance."""
        y = self(x)
        lower, upper = (_vector(b + np.zeros(y.shape)) for b in (self.lower, self.upper))
        gaps = value(y) - value(lower), value(upper) - value(y)
        return gaps, (lower, upper), 1 + np.abs(value(y))


def _gradient(f, fallback=None):
    """Return the gradient of f as a function; that of the user's where f refuses duals."""
    from dualnum.drivers.first_order import gradient

    exact = gradient(f, lift=True, check=False)

    def slope(x):
        try:
            return exact(x)
        except TypeError:
            if fallback is None:
                raise
            return _vector(fallback(x))

    return slope


def _jacobian(f):
    from dualnum.drivers.first_order import jacobian

    return jacobian(f, lift=True, check=False)


def at_minimum(x0, f, name, bounds=None, constraints=(), slope=None):
    """Return the minimum x of f with its derivatives, given its values: an array.

    Raises ValueError where a constraint is active without a multiplier: there x has a kink.
    """
    x0 = np.atleast_1d(np.asarray(value(x0), float))
    every = [Constraint(lambda x: x, *bounds)] if bounds is not None else []
    every += constraints
    if not (holds_duals(f(x0)) or any(map(holds_duals, _held(every, x0)))):
        return x0
    derivative = _gradient(f, slope)
    with np.errstate(all="ignore"):
        g = np.asarray(value(derivative(x0)), float)
        active, targets = _active(every, x0, g, derivative, name)
        fixed = active[0] if bounds is not None else np.zeros(x0.size, bool)
        free = ~fixed
        others = list(zip(every, active, targets, strict=True))[1 if bounds is not None else 0 :]
        start = x0 + np.zeros_like(g)
        if bounds is not None:
            start = np.where(fixed, targets[0], x0)

        def equations(x):
            return [c(x)[on] - target[on] for c, on, target in others if on.any()]

        rows = [value(_jacobian(c)(x0))[on][:, free] for c, on, _ in others if on.any()]
        count = sum(map(len, rows))
        pushes = np.linalg.lstsq(np.concatenate(rows).T, g[free], rcond=None)[0] if count else np.zeros(0)

        def residual(z):
            x = np.zeros_like(z, shape=x0.shape) + start
            x[free] = z[: free.sum()]
            if not count:
                return derivative(x)[free]
            multipliers = z[free.sum() :]

            def lagrangian(x):
                return f(x) - np.sum(multipliers * np.concatenate(equations(x)))

            conditions = _gradient(lagrangian)(x)[free]
            return np.concatenate([conditions, *equations(x)])

        z = np.concatenate([x0[free], pushes])
        found = at_solution(z, residual, name) if z.size else z
        x = start if is_dual(start) else start + np.zeros_like(found, shape=x0.shape)
        if is_dual(found):
            x = np.zeros_like(found, shape=x0.shape) + start
        x[free] = found[: free.sum()]
    return numpy_result(np.asarray(x), x0) if is_dual(x) else x


def _held(constraints, x):
    for c in constraints:
        yield c(x)
        yield (c.lower, c.upper)


def _active(constraints, x, g, derivative, name):
    """Return for each constraint which components are active, and the bound at which they are.

    The multipliers m solve ``grad f = sum m grad c`` in the least-squares sense for all components nearby.  A solver
    may stop inside of a bound that is active, and a minimum may lie closely beside one that is not.  So the Newton step
    along grad c decides, which meets the multiplier's push: it goes beyond the bound, or is much shorter than the way
    there.
    """
    sides = [c.sides(x) for c in constraints]
    near = [(low <= NEAR * size) | (high <= NEAR * size) for (low, high), _, size in sides]
    rows = [value(_jacobian(c)(x))[on] for c, on in zip(constraints, near, strict=True) if on.any()]
    if not rows:
        return near, [lower for _, (lower, _), _ in sides]
    rows = np.concatenate(rows)
    pushes, found, targets, first = np.linalg.lstsq(rows.T, g, rcond=None)[0], [], [], 0
    lengths = np.maximum(np.linalg.norm(rows, axis=1), 1e-300)
    least = PUSH * (np.max(np.abs(g), initial=0.0) + 1e-12) / lengths
    curvatures = np.array([_curvature(derivative, x, row) for row in rows / lengths[:, None]])
    steps = np.where(np.abs(pushes) > least, pushes * lengths**2 / np.maximum(curvatures, 1e-300), 0.0)
    for ((low, high), (lower, upper), size), on in zip(sides, near, strict=True):
        part = slice(first, first + int(on.sum()))
        first = part.stop
        push, enough, step = (np.zeros(on.size) for _ in range(3))
        push[on], enough[on], step[on] = pushes[part], least[part], steps[part]
        push, step = np.where(low <= high, (push, step), (-push, -step))
        gap = np.maximum(np.minimum(low, high), 0.0)
        equal = on & (value(lower) == value(upper))
        pressed = on & (push > enough) & (step > CERTAIN * gap)
        loose = on & ~equal & ~pressed & ~(gap - CERTAIN * step > CLEAR * size)
        if loose.any():
            raise ValueError(
                f"{name} of duals expects a minimum where each active constraint pushes, got one that touches a "
                f"constraint without a multiplier: there the solution has a kink."
            )
        found.append(equal | pressed)
        targets.append(np.where(low <= high, lower, upper).view(DualArray))
    return found, targets


def _curvature(derivative, x, direction):
    """Return f's second derivative along a unit vector."""
    from dualnum.drivers.directional import jvp

    _, change = jvp(derivative, lift=True, check=False)(x, direction)
    return float(value(direction @ value(np.asarray(change))))


# ---- minimize and its kin ---------------------------------------------------------------------------------------


def _bounds(bounds, n):
    """Return lower and upper bounds from Bounds, pairs or None."""
    if bounds is None:
        return None
    if isinstance(bounds, optimize.Bounds):
        return bounds.lb + np.zeros(n), bounds.ub + np.zeros(n)
    ends = ((-np.inf if low is None else low, np.inf if high is None else high) for low, high in bounds)
    return tuple(np.array(end) for end in zip(*ends, strict=True))


def _constraints(given):
    """Return SciPy's constraints as `Constraint`, and the same on floats, for SciPy."""
    several = isinstance(given, (list, tuple))
    ours, on_floats = [], []
    for c in given if several else [given]:
        if isinstance(c, dict):
            c = c | {"fun": lift(c["fun"])}
            extra = _tuple(c.get("args", ()))
            ours.append(
                Constraint(
                    lambda x, c=c, extra=extra: c["fun"](x, *extra), 0.0, 0.0 if c["type"] == "eq" else np.inf
                )
            )
            floats = {key: _on_floats(f) if callable(f) else float_arguments(f) for key, f in c.items()}
        elif isinstance(c, optimize.LinearConstraint):
            matrix = c.A.toarray() if hasattr(c.A, "toarray") else np.atleast_2d(np.asarray(c.A))
            ours.append(Constraint(lambda x, a=matrix: a.view(DualArray) @ x, c.lb, c.ub))
            floats = optimize.LinearConstraint(
                c.A if hasattr(c.A, "toarray") else value(matrix), value(c.lb), value(c.ub), c.keep_feasible
            )
        else:
            f = lift(c.fun)
            ours.append(Constraint(f, c.lb, c.ub))
            slopes = [_on_floats(lift(s)) if callable(s) else s for s in (c.jac, c.hess)]
            floats = optimize.NonlinearConstraint(
                _on_floats(f), value(c.lb), value(c.ub), *slopes, c.keep_feasible, c.finite_diff_rel_step,
                c.finite_diff_jac_sparsity,
            )  # fmt: skip
        on_floats.append(floats)
    return ours, on_floats if several else on_floats[0]


def _floats(given):
    return {key: _on_floats(item) if callable(item) else float_arguments(item) for key, item in given.items()}


#: What is known of a result of duals; approximations of Hessians, and the paths of solvers, have no derivatives.
KEPT = "success status message nfev njev nhev nit method".split()


def _report(result, x, fun, **others):
    found = optimize.OptimizeResult({key: result[key] for key in KEPT if key in result})
    found.update({"x": x, "fun": fun} | others)
    return found


def _with_value(y, plain):
    return numpy_result(np.asarray(y), np.asarray(plain)[()]) if is_dual(y) else plain


def _minimizer(original, name="fun"):
    """Return the rule of a function that returns an OptimizeResult of a minimum."""
    signature = inspect.signature(original)

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        options = given.pop("kwargs", {})  # `seed`, of which SciPy makes `rng`
        extra = _tuple(given.get("args") or ())
        ours, on_floats = _constraints(given.get("constraints") or ())
        floats = _floats({key: item for key, item in given.items() if key != "constraints"})
        if isinstance(given.get("bounds"), optimize.Bounds):
            b = given["bounds"]
            floats["bounds"] = optimize.Bounds(value(b.lb), value(b.ub), b.keep_feasible)
        if "constraints" in given:
            floats["constraints"] = on_floats
        result = original(**floats, **options)

        def f(x):
            return _scalar(given[name](x, *extra))

        jac = given.get("jac")
        slope = (lambda x: jac(x, *extra)) if callable(jac) else None
        x0 = np.atleast_1d(result.x)
        bounds = _bounds(given.get("bounds"), x0.size)
        x = at_minimum(x0, f, original.__name__, bounds, ours, slope)
        if not is_dual(x):
            return result
        fun = f(x)
        return _report(
            result, _with_value(x, result.x), _with_value(fun, result.fun), jac=_gradient(f, slope)(x)
        )

    return on_duals


rule(optimize.minimize)(_minimizer(optimize.minimize))
for _name in ("differential_evolution", "dual_annealing", "shgo", "basinhopping", "direct"):
    if hasattr(optimize, _name):
        rule(getattr(optimize, _name))(_minimizer(getattr(optimize, _name), "func"))


@rule(optimize.minimize_scalar)
def minimize_scalar(fun, bracket=None, bounds=None, args=(), method=None, tol=None, options=None):
    """The minimum of a function of one number; the end of an interval that it is at moves with it."""
    options = {"method": method, "tol": tol, "options": options}
    options |= {} if bounds is None else {"bounds": float_arguments(bounds)}
    result = optimize.minimize_scalar(
        _on_floats(fun), bracket=float_arguments(bracket), args=float_arguments(args), **options
    )
    x, fun_at = _of_one_number(fun, result.x, args, bounds, "minimize_scalar")
    return _report(result, x, _with_value(fun_at, result.fun)) if is_dual(x) or is_dual(fun_at) else result


def _of_one_number(f, x0, args, bounds, name):
    """Return the minimum and the value there, given its value and the function."""
    args = _tuple(args)
    if bounds is not None:
        bounds = tuple(np.reshape(np.array(end), 1) for end in bounds)
    x = at_minimum(np.reshape(x0, 1), lambda x: _scalar(f(x[0], *args)), name, bounds)[0]
    return (_with_value(x, x0) if is_dual(x) else x0), _scalar(f(x, *args))


def _scalar_minimizer(original, bounded=False):
    """Return the rule of brent, golden or fminbound."""

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        given = arguments(original, args, kwargs)
        result = original(**_floats(given))
        bounds = (given["x1"], given["x2"]) if bounded else None
        full = given["full_output"]
        x, fun = _of_one_number(
            given["func"], result[0] if full else result, given["args"], bounds, original.__name__
        )
        return (x, _with_value(fun, result[1]), *result[2:]) if full else x

    return on_duals


rule(optimize.brent)(_scalar_minimizer(optimize.brent))
rule(optimize.golden)(_scalar_minimizer(optimize.golden))
rule(optimize.fminbound)(_scalar_minimizer(optimize.fminbound, True))


def _fmin(original):
    """Return the rule of one of the older minimizers, which return x, or with full_output a tuple that begins so."""

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        given = arguments(original, args, kwargs)
        f, extra = given["func" if "func" in given else "f"], _tuple(given["args"])
        if given.get("retall") or (given.get("full_output") and original.__name__ != "brute"):
            raise TypeError(
                f"{original.__name__} of duals expects full_output=False and retall=False, got others; use minimize, "
                f"whose result has the value at the minimum."
            )
        result = original(**_floats(given))
        bounds = given.get("bounds")
        x0 = result[0] if isinstance(result, tuple) else result
        x = at_minimum(x0, lambda x: _scalar(f(x, *extra)), original.__name__, _bounds(bounds, np.size(x0)))
        if not isinstance(result, tuple):
            return _with_value(x, result)
        rest = result[1:]
        if original.__name__ == "fmin_l_bfgs_b" and is_dual(x):
            rest = (_with_value(_scalar(f(x, *extra)), result[1]), *result[2:])
        return (_with_value(x, x0), *rest)

    return on_duals


for _name in ("fmin", "fmin_powell", "fmin_cg", "fmin_bfgs", "fmin_ncg", "fmin_l_bfgs_b", "fmin_tnc"):
    rule(getattr(optimize, _name))(_fmin(getattr(optimize, _name)))


# ---- least squares ----------------------------------------------------------------------------------------------

#: rho(z) of `least_squares`, for z the squares of scaled residuals.
LOSSES = {
    "linear": lambda z: z,
    "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1),
    "huber": lambda z: np.where(value(z) <= 1, z, 2 * np.sqrt(np.where(value(z) <= 1, 1.0, z)) - 1),
    "cauchy": lambda z: np.log1p(z),
    "arctan": lambda z: np.arctan(z),
}


@rule(optimize.least_squares)
def least_squares(fun, x0, *args, **kwargs):
    """The parameters of least squares, as the minimum of ``cost = f_scale^2 / 2 sum rho((fun / f_scale)^2)``."""
    given = arguments(optimize.least_squares, (fun, x0, *args), kwargs)
    extra, named = _tuple(given["args"]), given["kwargs"] or {}
    result = optimize.least_squares(**(_floats(given) | {"kwargs": float_arguments(named)}))
    loss, scale = given["loss"], given["f_scale"]
    if loss not in LOSSES:
        raise ValueError(
            f"least_squares of duals expects loss to be one of {', '.join(LOSSES)}, got {loss!r}."
        )

    def residuals(x):
        return _vector(fun(x, *extra, **named))

    def cost(x):
        r = residuals(x)
        r = r / scale if loss != "linear" else r
        total = np.sum(LOSSES[loss](r * r)) / 2
        return total * scale**2 if loss != "linear" else total

    bounds = given["bounds"]
    if isinstance(bounds, optimize.Bounds):
        bounds = bounds.lb, bounds.ub
    lower, upper = (np.zeros(result.x.size) + np.asarray(b) for b in bounds)
    unbounded = np.all(value(lower) == -np.inf) and np.all(value(upper) == np.inf)
    x = at_minimum(result.x, cost, "least_squares", None if unbounded else (lower, upper))
    if not is_dual(x):
        return result
    others = {key: result[key] for key in ("active_mask", "optimality") if key in result}
    jac = _jacobian(residuals)(x)
    if isinstance(result.jac, np.ndarray) and loss == "linear":
        others["jac"] = _with_value(jac, result.jac)
    return _report(
        result, _with_value(x, result.x), _with_value(residuals(x), result.fun),
        cost=_with_value(cost(x), result.cost), **others,
    )  # fmt: skip


@rule(optimize.leastsq)
def leastsq(func, x0, args=(), Dfun=None, full_output=False, *options, **named):
    """The parameters of least squares, and their covariance ``(J' J)^-1``; what MINPACK tells besides is dropped."""
    extra = _tuple(args)
    given = inspect.signature(optimize.leastsq).bind(func, x0, args, Dfun, True, *options, **named).arguments
    result = optimize.leastsq(**_floats(given))

    def residuals(x):
        return _vector(func(x, *extra))

    def cost(x):
        r = residuals(x)
        return np.sum(r * r) / 2

    x = at_minimum(result[0], cost, "leastsq")
    if not is_dual(x):
        return result if full_output else (result[0], result[-1])
    x = _with_value(x, result[0])
    if not full_output:
        return x, result[-1]
    jac, covariance = _jacobian(residuals)(x), result[1]
    if covariance is not None:
        covariance = _with_value(np.linalg.inv((jac.T @ jac).view(DualArray)), covariance)
    info = {"nfev": result[2]["nfev"], "fvec": _with_value(residuals(x), result[2]["fvec"])}
    return (x, covariance, info, *result[3:])


def _bounded_fit(name, a, b, result, lower, upper):
    """Return the least-squares solution between bounds, given SciPy's values.

    These may end beside a bound that is active.  So the multiplier of each component, in units of a change of x by the
    column's length, is compared with the distance from the nearest bound.  The solution with the larger ones active
    then has to satisfy the conditions of Karush, Kuhn and Tucker, which a convex problem does at its minimum alone.
    """
    a, b = arrays(name, a, b)
    solutions.count += 1
    a0, b0, low, high = value(a), value(b), value(lower), value(upper)
    lengths = np.maximum(np.linalg.norm(a0, axis=0), 1e-300)
    scale = np.linalg.norm(b0) + np.linalg.norm(a0 * result)

    def slopes(x):
        return a0.T @ (a0 @ x - b0) / lengths

    below = result - low <= high - result
    gap = np.maximum(np.minimum(result - low, high - result), 0.0)
    slope = slopes(result)
    active = np.where(below, slope, -slope) > gap * lengths
    active |= low == high
    ends = np.where(below, lower, upper)
    x = _with_free(a, b, ~active, ends)
    x0, slope = value(x), slopes(value(x))
    tiny = 1e-9 * scale
    inside = np.minimum(x0 - low, high - x0) * lengths > tiny
    pushes = (np.where(below, slope, -slope) > tiny) | (low == high)
    close = np.linalg.norm((x0 - result) * lengths) <= 1e-3 * scale
    if not (np.where(active, pushes, inside).all() and close):
        raise ValueError(
            f"{name} of duals expects a unique minimum where each active bound pushes, got one that touches a bound "
            f"without a multiplier, or is not unique: there the solution has a kink."
        )
    return _with_value(x, result)


def _with_free(a, b, free, ends):
    """Return the least-squares solution whose components that are not free are at these ends."""
    rest = b - (a[:, ~free] * ends[~free]).sum(axis=1)
    x = np.zeros(free.shape, np.result_type(rest, a, ends)).view(DualArray)
    x[~free] = ends[~free]
    if free.any():
        x[free] = np.linalg.lstsq(a[:, free].view(DualArray), rest.view(DualArray), rcond=None)[0]
    return x


@rule(optimize.nnls)
def nnls(A, b, *options, **named):
    """The non-negative least-squares solution, and the norm of what is left."""
    x0, norm = optimize.nnls(*float_arguments((A, b)), *options, **named)
    x = _bounded_fit("nnls", A, b, x0, np.zeros(x0.shape), np.full(x0.shape, np.inf))
    left = np.asarray(A).view(DualArray) @ x - b
    return x, _with_value(np.linalg.norm(left.view(DualArray)), norm)


@rule(optimize.lsq_linear)
def lsq_linear(A, b, bounds=(-np.inf, np.inf), *options, **named):
    """The least-squares solution between bounds."""
    if isinstance(bounds, optimize.Bounds):
        bounds = bounds.lb, bounds.ub
    floats = float_matrix(A), *float_arguments((b, tuple(bounds)))
    result = optimize.lsq_linear(*floats, *options, **named)
    a = dense_matrix(A)
    if not holds_duals((a, b, bounds)):
        return result
    lower, upper = (np.zeros(result.x.shape) + np.asarray(end) for end in bounds)
    x = _bounded_fit("lsq_linear", a, b, result.x, lower, upper)
    r = np.asarray(a).view(DualArray) @ x - b
    return _report(
        result, x, _with_value(r, result.fun), cost=_with_value(np.sum(r * r) / 2, result.cost),
        active_mask=result.active_mask, optimality=result.optimality,
    )  # fmt: skip


@rule(optimize.linprog)
def linprog(c, A_ub=None, b_ub=None, A_eq=None, b_eq=None, bounds=(0, None), *options, **named):
    """The vertex that solves a linear program: the constraints that are active there are n equations."""
    given = float_arguments((c, float_matrix(A_ub), b_ub, float_matrix(A_eq), b_eq, bounds))
    result = optimize.linprog(*given, *options, **named)
    if result.x is None:
        return result
    x0 = np.asarray(result.x, float)
    n = x0.size
    pairs = [bounds] * n if np.ndim(value_of_first(bounds)) == 0 else list(bounds)
    rows, targets, residuals = [], [], {}
    for name, a, b, always in (("con", A_eq, b_eq, True), ("slack", A_ub, b_ub, False)):
        if a is None:
            continue
        residuals[name] = a, b = np.atleast_2d(dense_matrix(a)), np.atleast_1d(np.asarray(b))
        gap = value(b) - value(a) @ x0
        on = np.full(gap.shape, always) | (np.abs(gap) <= 1e-9 * (1 + np.abs(value(b))))
        rows += list(a[on])
        targets += list(b[on])
    for i, pair in enumerate(pairs):
        for end in pair:
            if end is not None and abs(value(end) - x0[i]) <= 1e-9 * (1 + abs(x0[i])):
                rows.append(np.eye(n)[i])
                targets.append(end)
                break
    a, b = np.array([list(row) for row in rows]), np.array(targets)
    a0 = np.asarray(value(a), float)
    unique = len(rows) == n and np.linalg.matrix_rank(a0) == n
    if unique:  # a constraint without a multiplier can be left along an edge that is as good
        equations = 0 if A_eq is None else len(np.atleast_1d(np.asarray(b_eq)))
        pushes = np.abs(np.linalg.solve(a0.T, value(np.asarray(c)))) * np.linalg.norm(a0, axis=1)
        unique = np.all(pushes[equations:] > 1e-9 * np.linalg.norm(value(np.asarray(c))))
    if not unique:
        raise ValueError(
            f"linprog of duals expects a solution that {n} constraints determine, got {len(rows)} active ones: the "
            f"vertex is degenerate or not unique, and has no derivative."
        )
    x = np.linalg.solve(a.view(DualArray), b.view(DualArray)) if is_dual(a) or is_dual(b) else x0
    x = _with_value(x, x0)
    fun = np.sum(np.asarray(c).view(DualArray) * x)
    others = {name: _with_value(b - _times(a, x), result[name]) for name, (a, b) in residuals.items()}
    return _report(result, x, _with_value(fun, result.fun), **others)


@rule(_milp._highs_wrapper)
def integer_solver(*args):
    """What milp calls with the numbers of its bounds and constraints."""
    if holds_duals(args):
        raise TypeError(
            "milp of duals expects floats, got duals; give it dualnum.value(x), and the duals to linprog, where bounds "
            "fix the integers."
        )
    return _milp._highs_wrapper(*args)


def _times(a, x):
    return a.view(DualArray) @ x if is_dual(a) else a @ x


def value_of_first(pairs):
    first = pairs[0] if len(pairs) else 0.0
    return value(first) if is_dual(first) else first
