"""One call each for what people do with derivatives: minimize, fit, solve, propagate errors, estimate their sizes.

SciPy's solvers get exact derivatives; their arguments and results are SciPy's own.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dualnum._core import is_real
from dualnum.adapters import constraint_hess, curve_fit_jac
from dualnum.drivers._checks import check_callable
from dualnum.drivers.first_order import jacobian, value_and_gradient, value_and_jacobian
from dualnum.drivers.one_variable import derivative, value_and_derivative
from dualnum.drivers.second_order import hessian

__all__ = ["curve_fit", "least_squares", "minimize", "propagate", "root", "standard_errors"]

#: Methods of `scipy.optimize.minimize` that ask for Hessians, and those that take no gradient.
WITH_HESSIAN = frozenset(["newton-cg", "dogleg", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr"])
WITHOUT_GRADIENT = frozenset(["nelder-mead", "powell", "cobyla", "cobyqa"])


def _optimize():
    from dualnum.scipy import optimize  # whose functions take functions that hold duals

    return optimize


def _constraint(c, name):
    """Return one of SciPy's constraints with the derivatives that it lacks and the method of this name asks for."""
    if isinstance(c, dict):
        return {"jac": jacobian(c["fun"])} | c if c.get("jac") is None else c
    if hasattr(c, "fun"):  # a NonlinearConstraint
        jac, hess = c.jac, c.hess
        exact = [jacobian(c.fun) if not callable(jac) else jac]
        if name == "trust-constr":
            exact.append(constraint_hess(c.fun) if not callable(hess) else hess)
        return type(c)(c.fun, c.lb, c.ub, *exact, keep_feasible=c.keep_feasible)
    return c


def minimize(
    f: Callable[..., Any], x0: Any, args: tuple[Any, ...] = (), method: Any = None, *, bounds: Any = None,
    constraints: Any = (), tol: float | None = None, callback: Any = None, options: Any = None,
) -> Any:  # fmt: skip
    """Minimize f by `scipy.optimize.minimize`, with exact gradients and, where the method asks for them, Hessians.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` is a number.
    x0 : array_like
        The first guess, of shape (n,).
    args, method, bounds, constraints, tol, callback, options
        As for SciPy.  Constraints without derivatives get exact ones.

    Returns
    -------
    scipy.optimize.OptimizeResult
        With the minimum `x` and the value `fun` there.  In a function that is differentiated, both have derivatives.

    Examples
    --------
    >>> import dualnum as dn
    >>> from scipy.optimize import rosen
    >>> dn.minimize(rosen, [1.3, 0.7, 0.8], method="trust-exact").x.round(4)
    array([1., 1., 1.])
    >>> circle = {"type": "ineq", "fun": lambda x: 1 - x[0] ** 2 - x[1] ** 2}
    >>> dn.minimize(lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, [0.1, 0.2], constraints=circle).x.round(4)
    array([0.8944, 0.4472])
    """
    check_callable("minimize", f)
    args = args if isinstance(args, tuple) else (args,)
    name = str(method).lower()
    several = isinstance(constraints, (list, tuple))
    constraints = [_constraint(c, name) for c in (constraints if several else [constraints])]
    given = {"fun": value_and_gradient(f), "jac": True} if name not in WITHOUT_GRADIENT else {"fun": f}
    if name in WITH_HESSIAN:
        given["hess"] = hessian(f)
    return _optimize().minimize(
        **given, x0=x0, args=args, method=method, bounds=bounds, constraints=constraints, tol=tol, callback=callback,
        options=options,
    )  # fmt: skip


def least_squares(f: Callable[..., Any], x0: Any, *, args: tuple[Any, ...] = (), **options: Any) -> Any:
    """Minimize the squares of residuals by `scipy.optimize.least_squares`, with their exact Jacobian.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` are the residuals, of shape (m,).
    x0 : array_like
        The first guess, of shape (n,).
    args : tuple
        Further arguments of f.
    **options
        As for SciPy: ``bounds``, ``method``, ``loss``, ``f_scale``, tolerances.

    Returns
    -------
    scipy.optimize.OptimizeResult
        With the parameters `x`.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> t = np.linspace(0, 3, 20)
    >>> data = 2.5 * np.exp(-1.3 * t)
    >>> dn.least_squares(lambda x: x[0] * np.exp(-x[1] * t) - data, [1.0, 1.0]).x.round(9)
    array([2.5, 1.3])
    """
    check_callable("least_squares", f)
    return _optimize().least_squares(f, x0, jac=jacobian(f), args=args, **options)


def root(
    f: Callable[..., Any], x0: Any, args: tuple[Any, ...] = (), method: str = "hybr", **options: Any
) -> Any:
    """Solve ``f(x) = 0`` by `scipy.optimize.root`, with the exact Jacobian of f.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` has as many elements as x, of shape (n,).
    x0 : array_like
        The first guess.
    args, method, **options
        As for SciPy.

    Returns
    -------
    scipy.optimize.OptimizeResult
        With the root `x`.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.root(lambda x: [x[0] ** 2 + x[1] - 3, x[0] - x[1]], [1.0, 1.0]).x.round(6)
    array([1.302776, 1.302776])
    """
    check_callable("root", f)
    jac = jacobian(f) if method in ("hybr", "lm") else None
    return _optimize().root(f, x0, args=args, method=method, jac=jac, **options)


def curve_fit(f: Callable[..., Any], xdata: Any, ydata: Any, p0: Any = None, **options: Any) -> Any:
    """Fit a model to data by `scipy.optimize.curve_fit`, with the exact Jacobian of the model by its parameters.

    Parameters
    ----------
    f : callable
        ``f(xdata, *parameters)`` is the model, of ydata's shape (m,).
    xdata, ydata : array_like
        The data.
    p0 : array_like, optional
        The first guess; ones, if not given.
    **options
        As for SciPy: ``sigma``, ``absolute_sigma``, ``bounds``, ``method``.

    Returns
    -------
    tuple
        The parameters, of shape (n,), and their covariance, of shape (n, n).

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> t = np.linspace(0, 3, 20)
    >>> fitted, covariance = dn.curve_fit(lambda t, size, rate: size * np.exp(-rate * t), t, 2.5 * np.exp(-1.3 * t))
    >>> fitted.round(9)
    array([2.5, 1.3])
    """
    check_callable("curve_fit", f)
    return _optimize().curve_fit(f, xdata, ydata, p0, jac=curve_fit_jac(f), **options)


def propagate(
    f: Callable[..., Any], x: Any, cov: Any, *, elementwise: bool = False, second_order: bool = False
) -> Any:
    """Return the value of f and its uncertainty: ``J C J'`` for the covariance C of x, with f's exact Jacobian J.

    Parameters
    ----------
    f : callable
        ``f(x)`` is a number or an array.
    x : array_like
        The mean.
    cov : array_like
        The covariance of x, of shape ``x.shape + x.shape``; or the standard deviations of independent elements, of x's
        shape.
    elementwise : bool
        Whether element i of f(x) depends on element i of x alone; then `cov` has x's shape.
    second_order : bool
        Whether to add the terms of second order, for normal x: ``tr(H C) / 2`` to the value and ``tr(H C H C) / 2`` to
        the covariance, with Hessians H of f.

    Returns
    -------
    value : float or ndarray
        f(x), or the mean of second order.
    uncertainty : float or ndarray
        For a matrix `cov` the covariance of f, of shape ``f.shape + f.shape``; for standard deviations those of f, of
        f's shape.

    Raises
    ------
    ValueError
        If `cov` has another shape, or elementwise f another shape than x.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> volume, error = dn.propagate(lambda x: x[0] * x[1] ** 2, [2.0, 3.0], [0.1, 0.2])
    >>> float(volume), round(float(error), 6)
    (18.0, 2.563201)
    >>> dn.propagate(lambda x: np.array([x[0] + x[1], x[0] - x[1]]), [2.0, 3.0], [[0.04, 0.0], [0.0, 0.01]])[1]
    array([[0.05, 0.03],
           [0.03, 0.05]])
    >>> [part.round(6) for part in dn.propagate(np.exp, [0.0, 1.0], [0.1, 0.1], elementwise=True)]
    [array([1.      , 2.718282]), array([0.1     , 0.271828])]
    """
    check_callable("propagate", f)
    x, cov = np.asarray(x), np.asarray(cov)
    if not (is_real(x.dtype) and is_real(cov.dtype)):
        raise TypeError(f"propagate expects real x and cov, got {x.dtype} and {cov.dtype}.")
    x, independent = x.astype(float), cov.shape == x.shape
    if not independent and (elementwise or cov.shape != x.shape * 2):
        shapes = f"{x.shape}" if elementwise else f"{x.shape} or {x.shape * 2}"
        raise ValueError(f"propagate expects cov to be of shape {shapes}, got {cov.shape}.")
    if elementwise:
        return _propagate_elementwise(f, x, cov, second_order)
    n = x.size
    y, j = value_and_jacobian(f)(x)
    _require_real(y)
    shape, j = np.shape(y), np.reshape(j, (-1, n))
    factors = np.square(cov).ravel() if independent else cov.reshape(n, n)
    scaled = j * factors if independent else j @ factors
    if not second_order and independent:
        return y, np.sqrt(np.einsum("ij,ij->i", scaled, j)).reshape(shape)[()]
    total = scaled @ j.T
    if second_order:
        h = np.reshape(hessian(f)(x), (-1, n, n))
        h = h * factors if independent else h @ factors  # H C
        y = y + np.trace(h, axis1=1, axis2=2).reshape(shape)[()] / 2
        total = total + np.einsum("aij,bji->ab", h, h) / 2
    if independent:
        return y, np.sqrt(np.diagonal(total)).reshape(shape)[()]
    return y, total.reshape(shape * 2)[()]


def _require_real(y):
    if np.iscomplexobj(y):
        raise TypeError(
            "propagate expects f(x) to be real, got complex numbers; use its real and imaginary parts."
        )


def _propagate_elementwise(f, x, sigma, second_order):
    y, slope = value_and_derivative(f)(x)
    _require_real(y)
    variance = np.square(slope * sigma)
    if second_order:
        bend = derivative(f, order=2)(x) * np.square(sigma)
        y, variance = y + bend / 2, variance + np.square(bend) / 2
        return y, np.sqrt(variance)
    return y, np.abs(slope) * sigma


def standard_errors(f: Callable[..., Any], x: Any, *args: Any) -> np.ndarray:
    """Return the standard errors of maximum-likelihood estimates: the square roots of the diagonal of ``(-H)^-1``.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` is the log-likelihood of the parameters x.
    x : array_like
        The estimates, of shape (n,): the maximum of f.
    *args
        Further arguments of f.

    Returns
    -------
    ndarray
        Of shape (n,); H is the exact Hessian of f at x.

    Raises
    ------
    ValueError
        If H is not negative definite: f has no maximum at x, or is a negative log-likelihood.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> from scipy import stats
    >>> data = np.array([1.2, 0.7, 2.3, 1.9, 0.4, 1.1])
    >>> def log_likelihood(p):
    ...     return np.sum(stats.norm.logpdf(data, p[0], p[1]))
    >>> estimates = np.array([data.mean(), data.std()])
    >>> dn.standard_errors(log_likelihood, estimates).round(6)
    array([0.26736 , 0.189052])
    >>> (data.std() / np.sqrt([6, 12])).round(6)                        # in closed form
    array([0.26736 , 0.189052])
    """
    check_callable("standard_errors", f)
    information = -np.asarray(hessian(f)(np.asarray(x), *args))
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        raise ValueError(
            "standard_errors expects the maximum of a log-likelihood, got a point whose Hessian is not negative "
            "definite; use a maximum, and -f if f is a negative log-likelihood."
        ) from None
    return np.sqrt(np.diagonal(np.linalg.inv(information)))
