"""SciPy's solvers take the drivers' functions, and reach the solutions that closed-form derivatives reach."""

import warnings

import numpy as np
import pytest
from scipy import integrate, optimize
from scipy.optimize import (
    NonlinearConstraint,
    curve_fit,
    least_squares,
    minimize,
    rosen,
    rosen_der,
    rosen_hess,
)

import dualnum as dn
from dualnum.adapters import bvp_jac, constraint_hess, curve_fit_jac

START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
FIRST = ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-constr"]
SECOND = ["dogleg", "Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr"]
PRODUCT = ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"]


def same(found, expected):
    """The two ways to give derivatives lead along the same path to the same point."""
    assert found.success and expected.success
    np.testing.assert_allclose(found.x, expected.x, rtol=1e-5)
    assert found.nfev == pytest.approx(expected.nfev, rel=0.5)  # differences would take six times as many


@pytest.fixture
def quiet():
    """Leave out SciPy's words on options that a method does not use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optimize.OptimizeWarning)
        yield


# minimize


WAYS = {
    "gradient": (FIRST, rosen, {"jac": dn.gradient(rosen)}, {}),
    "value and gradient from one function": (FIRST, dn.value_and_gradient(rosen), {"jac": True}, {}),
    "Hessian": (
        SECOND,
        rosen,
        {"jac": dn.gradient(rosen), "hess": dn.hessian(rosen)},
        {"hess": rosen_hess},
    ),
    "Hessian-vector products": (
        PRODUCT,
        rosen,
        {"jac": dn.gradient(rosen), "hessp": dn.hvp(rosen)},
        {"hessp": optimize.rosen_hess_prod},
    ),
}


@pytest.mark.parametrize(("way", "method"), [(way, method) for way in WAYS for method in WAYS[way][0]])
def test_minimize(way, method):
    _, f, ours, closed = WAYS[way]
    # dogleg expects a positive definite Hessian, which rosen has near its minimum
    start = np.array([1.1, 1.05, 1.1, 1.2, 1.3]) if method == "dogleg" else START
    found = minimize(f, start, method=method, **ours)
    same(found, minimize(rosen, start, method=method, jac=rosen_der, **closed))


@pytest.mark.parametrize(
    ("method", "second"), [("trust-exact", "hess"), ("trust-ncg", "hessp"), ("BFGS", None)]
)
def test_arguments_reach_the_drivers(method, second):
    def f(x, center, stretch):
        return np.sum(stretch * (x - center) ** 2)

    center, stretch = np.array([1.0, -2.0]), np.array([1.0, 3.0])
    options = {"hess": {"hess": dn.hessian(f)}, "hessp": {"hessp": dn.hvp(f)}, None: {}}[second]
    found = minimize(f, [0.0, 0.0], args=(center, stretch), method=method, jac=dn.gradient(f), **options)
    np.testing.assert_allclose(found.x, center, atol=1e-8)


# Constraints: the point of the disc that is nearest to (2, 1) has the direction of (2, 1)


def distance(x):
    return (x[0] - 2) ** 2 + (x[1] - 1) ** 2


def inside(x):
    return 1 - x[0] ** 2 - x[1] ** 2


def pair(x):
    return [x[0] ** 2 + x[1] ** 2, np.exp(x[0] - x[1])]


NEAREST = np.array([2.0, 1.0]) / np.sqrt(5)


@pytest.mark.parametrize(
    "c", [lambda x: x @ x, pair, lambda x: np.array(pair(x)), lambda x: x[:1] ** 2 + x[1:] ** 2]
)
def test_nonlinear_constraints(c, quiet):
    constraint = NonlinearConstraint(c, -np.inf, 1 if np.size(c(NEAREST)) == 1 else [1, 9])
    constraint.jac, constraint.hess = dn.jacobian(c), constraint_hess(c)
    options = {"jac": dn.gradient(distance), "constraints": constraint, "tol": 1e-10}
    found = minimize(distance, [0.1, 0.2], method="trust-constr", hess=dn.hessian(distance), **options)
    np.testing.assert_allclose(found.x, NEAREST, atol=1e-4)
    found = minimize(distance, [0.1, 0.2], method="SLSQP", **options)
    np.testing.assert_allclose(found.x, NEAREST, atol=1e-6)


def test_constraints_as_dicts():
    constraint = {"type": "ineq", "fun": inside, "jac": dn.gradient(inside)}
    options = {"jac": dn.gradient(distance), "constraints": constraint, "tol": 1e-10}
    found = minimize(distance, [0.1, 0.2], method="SLSQP", **options)
    np.testing.assert_allclose(found.x, NEAREST, atol=1e-6)


def test_constraint_hess_sums_the_hessians():
    x, v = np.array([0.3, -0.7]), np.array([2.0, -3.0])
    e = np.exp(x[0] - x[1])
    expected = v[0] * 2 * np.eye(2) + v[1] * e * np.array([[1, -1], [-1, 1]])
    np.testing.assert_allclose(constraint_hess(pair)(x, v), expected, rtol=1e-15)


# Least squares

T = np.linspace(0, 3, 20)
TRUE = [2.5, 1.3, 0.5]


def model(t, a, b, c):
    return a * np.exp(-b * t) + c


def residuals(p):
    return model(T, *p) - model(T, *TRUE)


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method):
    found = least_squares(residuals, [1, 1, 0], jac=dn.jacobian(residuals), method=method)
    np.testing.assert_allclose(found.x, TRUE, rtol=1e-7)
    assert found.success


def test_least_squares_with_bounds_loss_and_arguments():
    def shifted(p, t, y):
        return model(t, *p) - y

    found = least_squares(
        shifted,
        [1, 1, 0],
        jac=dn.jacobian(shifted),
        bounds=(0, 5),
        loss="soft_l1",
        args=(T, model(T, *TRUE)),
    )
    np.testing.assert_allclose(found.x, TRUE, rtol=1e-6)


@pytest.mark.parametrize("method", ["lm", "trf", "dogbox"])
@pytest.mark.parametrize("sigma", [None, np.linspace(1, 2, len(T)), np.diag(np.linspace(1, 2, len(T))) + 0.1])
def test_curve_fit(method, sigma):
    noisy = model(T, *TRUE) + 0.01 * np.cos(17 * T)

    def by_hand(t, a, b, c):
        return np.stack([np.exp(-b * t), -a * t * np.exp(-b * t), np.ones_like(t)], axis=-1)

    options = {"p0": [1, 1, 0], "sigma": sigma, "method": method}
    found, covariance = curve_fit(model, T, noisy, jac=curve_fit_jac(model), **options)
    expected, expected_covariance = curve_fit(model, T, noisy, jac=by_hand, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(covariance, expected_covariance, rtol=1e-7)


def test_curve_fit_of_a_model_of_several_variables_and_any_number_of_parameters():
    def plane(x, *p):
        return p[0] * x[0] + p[1] * x[1] ** p[2]

    x = np.array([[0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 5.0, 4.0]])
    assert curve_fit_jac(plane)(x, 1.0, 2.0, 1.5).shape == (5, 3)
    found, _ = curve_fit(plane, x, plane(x, 3.0, 2.0, 1.5), p0=[1, 1, 1], jac=curve_fit_jac(plane))
    np.testing.assert_allclose(found, [3, 2, 1.5], rtol=1e-8)


# Equations


def equations(x):
    return [x[0] ** 2 + x[1] - 3, x[0] - x[1]]


GOLDEN = (np.sqrt(13) - 1) / 2


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root(method):
    found = optimize.root(equations, [1.0, 1.0], jac=dn.jacobian(equations), method=method)
    np.testing.assert_allclose(found.x, [GOLDEN, GOLDEN], rtol=1e-9)


def test_root_with_the_value_and_the_jacobian_from_one_function():
    found = optimize.root(dn.value_and_jacobian(equations), [1.0, 1.0], jac=True)
    np.testing.assert_allclose(found.x, [GOLDEN, GOLDEN], rtol=1e-9)


def test_root_scalar():
    def f(x):
        return np.exp(x) - 2

    first, second = dn.derivative(f), dn.derivative(f, order=2)
    for found in (
        optimize.root_scalar(f, x0=1.0, fprime=first, method="newton"),
        optimize.root_scalar(f, x0=1.0, fprime=first, fprime2=second, method="halley"),
        optimize.root_scalar(dn.value_and_derivative(f), x0=1.0, fprime=True),
        optimize.root_scalar(dn.value_and_derivative(f, order=2), x0=1.0, fprime2=True, fprime=True),
    ):
        assert found.converged
        assert found.root == pytest.approx(np.log(2), rel=1e-12)


def test_newton_on_an_array_and_through_it():
    cubes = np.array([1.0, 8.0, 27.0])
    found = optimize.newton(lambda x: x**3 - cubes, cubes, fprime=dn.derivative(lambda x: x**3 - cubes))
    np.testing.assert_allclose(found, [1, 2, 3], rtol=1e-12)
    # newton is Python: duals pass through it, and d sqrt(p) / dp = 1 / 2 sqrt(p)
    slope = dn.derivative(lambda p: optimize.newton(lambda x: x * x - p, 1.0 + 0 * p, fprime=lambda x: 2 * x))
    assert slope(2.0) == pytest.approx(1 / (2 * np.sqrt(2)), rel=1e-8)


# Differential equations and integrals


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_solve_ivp(method):
    def oscillator(t, y, stiffness):
        return [y[1], stiffness * (1 - y[0] ** 2) * y[1] - y[0]]

    def by_hand(t, y, stiffness):
        return np.array([[0, 1], [-2 * stiffness * y[0] * y[1] - 1, stiffness * (1 - y[0] ** 2)]])

    found, expected = (
        integrate.solve_ivp(oscillator, (0, 3), [2.0, 0.0], method=method, args=(10.0,), jac=jac)
        for jac in (dn.jacobian(oscillator, argnum=1), by_hand)
    )
    assert found.success
    assert (found.nfev, found.njev) == (expected.nfev, expected.njev)
    np.testing.assert_allclose(found.y, expected.y, rtol=1e-9)


def test_solve_bvp():
    def bratu(x, y):
        return np.vstack((y[1], -np.exp(y[0])))

    def ends(left, right):
        return np.array([left[0], right[0]])

    def by_hand(x, y):
        zero, one = np.zeros_like(x), np.ones_like(x)
        return np.array([[zero, one], [-np.exp(y[0]), zero]])

    x, y = np.linspace(0, 1, 7), np.linspace(0, 1, 14).reshape(2, 7)
    np.testing.assert_allclose(bvp_jac(bratu)(x, y), by_hand(x, y), rtol=1e-15)
    found = integrate.solve_bvp(
        bratu, ends, x, 0 * y, fun_jac=bvp_jac(bratu), bc_jac=dn.jacobian(ends, argnum=(0, 1))
    )
    assert found.status == 0
    theta = optimize.brentq(lambda t: t - np.sqrt(2) * np.cosh(t / 4), 0, 2)  # Bratu's problem in closed form
    expected = -2 * np.log(np.cosh((x - 0.5) * theta / 2) / np.cosh(theta / 4))
    np.testing.assert_allclose(found.sol(x)[0], expected, atol=1e-4)


def test_solve_bvp_with_an_unknown_parameter():
    def wave(x, y, p):
        return np.vstack((y[1], -(p[0] ** 2) * y[0]))

    def ends(left, right, p):
        return np.array([left[0], right[0], left[1] - p[0]])

    x, p = np.linspace(0, 1, 5), np.array([3.0])
    y = np.vstack([np.sin(3 * x), 3 * np.cos(3 * x)])
    by_y, by_p = bvp_jac(wave)(x, y, p)
    np.testing.assert_array_equal(by_y, np.broadcast_to([[[0], [1]], [[-9], [0]]], (2, 2, 5)))
    np.testing.assert_allclose(by_p, np.array([[0 * x], [-6 * y[0]]]), rtol=1e-15)
    found = integrate.solve_bvp(
        wave, ends, x, y, p, fun_jac=bvp_jac(wave), bc_jac=dn.jacobian(ends, argnum=(0, 1, 2)), tol=1e-8
    )
    assert found.p[0] == pytest.approx(np.pi, rel=1e-8)


def test_integrals_of_derivatives():
    assert integrate.quad(dn.derivative(np.sin), 0, 1)[0] == pytest.approx(np.sin(1), rel=1e-14)

    def by_parameters(t):  # under the integral sign
        return dn.gradient(lambda p: p[1] * np.exp(-p[0] * t))(np.array([1.0, 2.0]))

    e = np.exp(-1)
    np.testing.assert_allclose(
        integrate.quad_vec(by_parameters, 0, 1)[0], [2 * (2 * e - 1), 1 - e], rtol=1e-12
    )


def test_compiled_solvers_refuse_duals_with_a_remedy():
    with pytest.raises(
        TypeError, match=r"\(dualnum\.value\(x\) makes x a constant: its derivative is then 0\.\)"
    ):
        dn.derivative(lambda p: integrate.quad(lambda t: np.exp(-p * t), 0, 1)[0], lift=False)(1.0)


def test_checks_of_gradients():
    assert optimize.check_grad(rosen, dn.gradient(rosen), START) < 1e-3
    np.testing.assert_allclose(optimize.approx_fprime(START, rosen), dn.gradient(rosen)(START), rtol=1e-5)


@pytest.mark.parametrize("adapter", [curve_fit_jac, constraint_hess, bvp_jac])
def test_adapters_expect_a_function(adapter):
    with pytest.raises(TypeError) as caught:
        adapter(3.0)
    name = adapter.__name__
    assert str(caught.value) == f"{name}(f) expects f to be callable, got float; use {name}(f)(x)."
