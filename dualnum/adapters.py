"""Derivatives for those of SciPy's solvers whose calling conventions the drivers do not meet as they are.

Most take a driver's function directly: ``minimize(f, x0, jac=gradient(f), hess=hessian(f), hessp=hvp(f))``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dualnum.drivers._checks import check_callable
from dualnum.drivers.directional import jvp
from dualnum.drivers.first_order import jacobian
from dualnum.drivers.second_order import hessian

__all__ = ["bvp_jac", "constraint_hess", "curve_fit_jac", "sensitivities"]


def curve_fit_jac(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Jacobian of a model by its parameters, as ``curve_fit(f, x, y, jac=)`` calls it.

    Parameters
    ----------
    f : callable
        ``f(x, *parameters)`` is an array of M numbers, the model at the data `x`.

    Returns
    -------
    callable
        ``curve_fit_jac(f)(x, *parameters)`` has the shape ``(M, len(parameters))``.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> decay = lambda t, a, b: a * np.exp(-b * t)
    >>> dn.adapters.curve_fit_jac(decay)(np.array([1.0, 2.0]), 3.0, 0.0)
    array([[ 1., -3.],
           [ 1., -6.]])
    """
    check_callable("curve_fit_jac", f)
    return lambda x, *parameters: jacobian(lambda p: f(x, *p))(np.array(parameters))


def constraint_hess(c: Callable[..., Any], *, sparse: bool = False) -> Callable[..., Any]:
    """Return the Hessian of v' c(x), as ``NonlinearConstraint(c, lb, ub, hess=)`` calls it.

    Parameters
    ----------
    c : callable
        ``c(x)`` is a number or a vector: the constraints.
    sparse : bool, optional
        Return a ``scipy.sparse.csr_array``, as ``hessian(f, sparse=True)`` does.

    Returns
    -------
    callable
        ``constraint_hess(c)(x, v)``, of shape ``(n, n)``, sums the constraints' Hessians times the multipliers `v`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> circle = lambda x: [x[0] ** 2 + x[1] ** 2, x[0] * x[1]]
    >>> dn.adapters.constraint_hess(circle)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([[ 2., 10.],
           [10.,  2.]])
    """
    check_callable("constraint_hess", c)

    def weighted(x, v):
        y = c(x)
        return np.sum(v * (np.stack(y) if isinstance(y, (list, tuple)) else y))

    return hessian(weighted, sparse=sparse)


def bvp_jac(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Jacobians of a right-hand side, as ``solve_bvp(f, bc, x, y, fun_jac=)`` calls it.

    The boundary conditions need no adapter: ``bc_jac=jacobian(bc, argnum=(0, 1))``, with unknown parameters
    ``argnum=(0, 1, 2)``.

    Parameters
    ----------
    f : callable
        ``f(x, y)`` or ``f(x, y, p)`` is an array of the shape ``(n, m)`` of `y`: column i belongs to ``x[i]`` and
        depends on column i of `y` only.

    Returns
    -------
    callable
        ``bvp_jac(f)(x, y)`` has the shape ``(n, n, m)``; with parameters `p`, of length k, the result is the pair of
        that and of the derivatives by `p`, of shape ``(n, k, m)``.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> pendulum = lambda x, y: np.vstack((y[1], -np.sin(y[0])))
    >>> dn.adapters.bvp_jac(pendulum)(np.array([0.0, 1.0]), np.array([[0.0, np.pi], [0.0, 0.0]]))[..., 0]
    array([[ 0.,  1.],
           [-1., -0.]])
    """
    check_callable("bvp_jac", f)

    def bvp_jac_of(x, y, *p):
        def rows(y):  # a point's variables along the last axis, as in every batch
            return np.transpose(f(x, np.transpose(y), *p))

        by_y = np.moveaxis(jacobian(rows, batched=True)(np.transpose(y)), 0, -1)
        return (by_y, np.moveaxis(jacobian(f, argnum=2)(x, y, *p), 1, -1)) if p else by_y

    return bvp_jac_of


def sensitivities(f: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the right-hand side of an ODE and its sensitivities, and its Jacobian, for ``solve_ivp(..., jac=)``.

    ``y' = f(t, y, p)`` and ``S' = df/dy S + df/dp`` with ``S = dy/dp``: both are one state z, the n elements of y and
    then those of S, of shape (n, k), row by row.

    Parameters
    ----------
    f : callable
        ``f(t, y, p)`` is the slope of y, of shape (n,); p, of shape (k,), are parameters.

    Returns
    -------
    tuple
        Functions ``(t, z, p)`` that return z', of shape (n + n k,), and its square Jacobian by z.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> from scipy.integrate import solve_ivp
    >>> fun, jac = dn.adapters.sensitivities(lambda t, y, p: -p[0] * y)
    >>> start, p = np.array([1.0, 0.0]), np.array([0.5])       # y = 1, which p does not move
    >>> solution = solve_ivp(fun, (0, 2), start, args=(p,), method="BDF", jac=jac, rtol=1e-8, atol=1e-10)
    >>> solution.y[:, -1].round(5)                              # exp(-p t), -t exp(-p t)
    array([ 0.36788, -0.73576])
    """
    check_callable("sensitivities", f)

    def fun(t, z, p):
        n, p = _size_of_state(z, p)
        y, s = z[:n], z[n:].reshape(n, p.size)
        slope, columns = [], []
        for column in range(p.size):  # one direction for each parameter: S's column, and the parameter itself
            direction = np.concatenate([s[:, column], np.eye(p.size)[column]])
            slope, moved = jvp(lambda v: np.stack(list(f(t, v[:n], v[n:]))))(
                np.concatenate([y, p]), direction
            )
            columns.append(moved)
        return np.concatenate([slope, np.stack(columns, axis=1).ravel()])

    def jac(t, z, p):
        _, p = _size_of_state(z, p)
        return jacobian(lambda z: fun(t, z, p))(z)

    return fun, jac


def _size_of_state(z, p):
    p = np.atleast_1d(p)
    if z.size % (1 + p.size):
        raise ValueError(
            f"sensitivities expects a state of n (1 + {p.size}) elements for {p.size} parameters, got {z.size}; start "
            f"with np.concatenate([y0, dy0.ravel()]), dy0 of shape (n, {p.size})."
        )
    return z.size // (1 + p.size), p
