"""Sparse derivatives in SciPy's solvers: the solutions are those of closed forms, or those with dense derivatives."""

import numpy as np
import pytest
import scipy.sparse
from scipy.integrate import solve_ivp
from scipy.optimize import NonlinearConstraint, least_squares, minimize

import dualnum as dn

N = 60


def tridiagonal(x):
    """Broyden's tridiagonal equations."""
    y = (3 - 2 * x) * x + 1
    y[1:] -= x[:-1]
    y[:-1] -= 2 * x[1:]
    return y


@pytest.mark.parametrize("method", ["trf", "dogbox"])
@pytest.mark.parametrize("way", ["jac", "jac_sparsity"])
def test_least_squares(method, way):
    x0 = -np.ones(N)
    jac = dn.jacobian(tridiagonal, sparse=True)
    options = {"jac": jac} if way == "jac" else {"jac_sparsity": dn.sparsity(tridiagonal)(x0)}
    found = least_squares(tridiagonal, x0, method=method, tr_solver="lsmr", gtol=1e-12, **options)
    assert scipy.sparse.issparse(found.jac)
    assert np.abs(tridiagonal(found.x)).max() < 1e-8


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_newton_cg_takes_a_sparse_hessian():
    found = minimize(
        rosenbrock,
        np.full(N, 1.2),
        method="Newton-CG",
        jac=dn.gradient(rosenbrock),
        hess=dn.hessian(rosenbrock, sparse=True),
        options={"xtol": 1e-10},
    )
    np.testing.assert_allclose(found.x, 1.0, atol=1e-6)


def products(x):
    return x[1:] * x[:-1]


def test_trust_constr_with_sparse_constraints():
    def distance(x):
        return np.sum((x - 2) ** 2)

    results = []
    for sparse in (True, False):
        jac = dn.jacobian(products, sparse=sparse)
        hess = dn.adapters.constraint_hess(products, sparse=sparse)
        assert scipy.sparse.issparse(hess(np.ones(N), np.ones(N - 1))) == sparse
        found = minimize(
            distance,
            np.full(N, 0.8),
            method="trust-constr",
            jac=dn.gradient(distance),
            hess=dn.hessian(distance, sparse=sparse),
            constraints=NonlinearConstraint(products, -np.inf, 1.0, jac=jac, hess=hess),
            options={"gtol": 1e-9, "xtol": 1e-12},
        )
        assert products(found.x).max() < 1 + 1e-6
        results.append(found.fun)
    assert results[0] == pytest.approx(results[1], rel=1e-6)


def heat(t, y):
    """Heat with a source, on a line whose ends are cold."""
    u = np.concatenate([[0.0], y, [0.0]])
    return (u[2:] - 2 * y + u[:-2]) * (y.size + 1) ** 2 + np.exp(y)


@pytest.mark.parametrize("method", ["BDF", "Radau"])
@pytest.mark.parametrize("way", ["jac", "jac_sparsity"])
def test_stiff_methods(method, way):
    y0 = np.zeros(N)
    options = (
        {"jac": dn.jacobian(heat, argnum=1, sparse=True)}
        if way == "jac"
        else {"jac_sparsity": dn.sparsity(heat, argnum=1)(0.0, y0)}
    )
    found = solve_ivp(heat, (0, 1), y0, method=method, rtol=1e-7, atol=1e-9, **options)
    expected = solve_ivp(
        heat, (0, 1), y0, method=method, rtol=1e-7, atol=1e-9, jac=dn.jacobian(heat, argnum=1)
    )
    np.testing.assert_allclose(found.y[:, -1], expected.y[:, -1], rtol=1e-5)


def test_lsoda_takes_the_dense_form():
    jac = dn.jacobian(heat, argnum=1, sparse=True)
    found = solve_ivp(
        heat, (0, 1), np.zeros(N), method="LSODA", jac=lambda t, y: jac(t, y).toarray(), rtol=1e-7
    )
    expected = solve_ivp(heat, (0, 1), np.zeros(N), method="LSODA", rtol=1e-7)
    np.testing.assert_allclose(found.y[:, -1], expected.y[:, -1], rtol=1e-4)


def test_structure_and_values_apart():
    """As interior-point codes take them: rows and columns once, values in the same order at every point."""
    hessian = dn.hessian(rosenbrock, sparse=True)
    structure = hessian(np.ones(N))
    rows, columns = structure.tocoo().coords
    lower = rows >= columns
    for x in (np.zeros(N), np.linspace(-1, 1, N)):
        values = hessian(x).data
        made = np.zeros((N, N))
        made[rows[lower], columns[lower]] = values[lower]
        np.testing.assert_allclose(made, np.tril(dn.hessian(rosenbrock, chunk=20)(x)), rtol=1e-12, atol=1e-12)
