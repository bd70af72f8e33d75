"""`dn.minimize`, `least_squares`, `root`, `curve_fit`, `propagate`, `standard_errors`, and sensitivities of ODEs."""

import numpy as np
import pytest

import dualnum as dn

optimize = pytest.importorskip("scipy.optimize")
stats = pytest.importorskip("scipy.stats")
T = np.linspace(0, 3, 12)
DATA = 2.5 * np.exp(-1.3 * T) + 0.05 * np.cos(9 * T)


def decay(t, size, rate):
    return size * np.exp(-rate * t)


@pytest.mark.parametrize(
    "method",
    [None, "BFGS", "Newton-CG", "trust-exact", "trust-ncg", "trust-krylov", "dogleg", "L-BFGS-B", "TNC", "SLSQP", "CG",
     "trust-constr", "Nelder-Mead", "Powell"],
)  # fmt: skip
def test_minimize(method):
    calls = []

    def f(x, center):
        calls.append(x)
        return (x[0] - center) ** 2 + 2 * (x[1] - 1) ** 2 + 0.1 * (x[0] - center) ** 4

    tol = 1e-9 if method == "Nelder-Mead" else None
    found = dn.minimize(f, [0.4, 0.3], (0.7,), method, tol=tol)
    np.testing.assert_allclose(found.x, [0.7, 1.0], atol=1e-3)
    if method in ("trust-exact", "dogleg"):
        assert len(calls) < 40 and found.nhev > 0


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_constraints_get_derivatives(method):
    given = (
        optimize.NonlinearConstraint(lambda x: x @ x, -np.inf, 1.0),
        {"type": "ineq", "fun": lambda x: 1 - x @ x},
    )
    for c in given[: 1 if method == "trust-constr" else 2]:
        found = dn.minimize(
            lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, [0.1, 0.2], method=method, constraints=c
        )
        np.testing.assert_allclose(found.x, np.array([2, 1]) / np.sqrt(5), atol=1e-3)


def test_minima_inside_a_function():
    f = lambda p: dn.minimize(lambda x: (x[0] - p) ** 2 + x[0] ** 4, [0.1]).x[0]  # noqa: E731
    x = optimize.brentq(lambda x: 2 * (x - 0.3) + 4 * x**3, 0, 1, xtol=1e-15)
    assert dn.derivative(f)(0.3) == pytest.approx(2 / (2 + 12 * x * x), rel=1e-9)


def test_fits_and_roots_are_those_of_scipy():
    fitted, covariance = dn.curve_fit(decay, T, DATA)
    expected = optimize.curve_fit(decay, T, DATA)
    np.testing.assert_allclose(fitted, expected[0], rtol=1e-6)
    np.testing.assert_allclose(covariance, expected[1], rtol=1e-4)
    residuals = lambda p, t: decay(t, *p) - DATA  # noqa: E731
    np.testing.assert_allclose(
        dn.least_squares(residuals, [1.0, 1.0], args=(T,), bounds=(0, 9)).x, fitted, rtol=1e-6
    )
    for method in ("hybr", "lm", "krylov"):
        found = dn.root(lambda x, a: [x[0] ** 2 + x[1] - a, x[0] - x[1]], [1.0, 1.0], (3.0,), method)
        np.testing.assert_allclose(found.x, (np.sqrt(13) - 1) / 2, rtol=1e-4)


C = np.array([[0.04, 0.01], [0.01, 0.09]])


def test_propagation_is_exact_for_linear_functions():
    a = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    value, covariance = dn.propagate(lambda x: a @ x, [1.0, 2.0], C)
    np.testing.assert_allclose(value, a @ [1.0, 2.0])
    np.testing.assert_allclose(covariance, a @ C @ a.T, rtol=1e-14)
    errors = dn.propagate(lambda x: a @ x, [1.0, 2.0], [0.2, 0.3])[1]
    np.testing.assert_allclose(errors, np.sqrt(a**2 @ [0.04, 0.09]), rtol=1e-14)
    table = np.full((2, 2), 0.1)
    y, error = dn.propagate(lambda x: np.sum(x), np.ones((2, 2)), table)
    assert (y, error) == (4.0, pytest.approx(0.2))


def test_propagation_of_second_order_is_exact_for_squares():
    """x1 x2 of normal x: its mean and variance in closed form."""
    m = np.array([1.5, -0.7])
    mean, variance = dn.propagate(lambda x: x[0] * x[1], m, C, second_order=True)
    assert mean == pytest.approx(m[0] * m[1] + C[0, 1])
    exact = (
        m[0] ** 2 * C[1, 1]
        + m[1] ** 2 * C[0, 0]
        + 2 * m[0] * m[1] * C[0, 1]
        + C[0, 0] * C[1, 1]
        + C[0, 1] ** 2
    )
    assert variance == pytest.approx(exact)
    independent = dn.propagate(lambda x: x[0] * x[1], m, [0.2, 0.3], second_order=True)
    whole = dn.propagate(lambda x: x[0] * x[1], m, np.diag([0.04, 0.09]), second_order=True)
    assert independent[1] ** 2 == pytest.approx(whole[1]) and independent[0] == pytest.approx(whole[0])
    squares = dn.propagate(np.square, m, [0.2, 0.3], elementwise=True, second_order=True)
    np.testing.assert_allclose(squares[0], m * m + [0.04, 0.09])
    np.testing.assert_allclose(squares[1] ** 2, 4 * m * m * [0.04, 0.09] + 2 * np.array([0.04, 0.09]) ** 2)


def test_propagation_checks_its_shapes():
    for f, options, words in (
        (np.sum, {"cov": np.ones(3)}, r"expects cov to be of shape \(2,\) or \(2, 2\), got \(3,\)"),
        (np.sin, {"cov": C, "elementwise": True}, r"of shape \(2,\), got \(2, 2\)"),
        (np.sum, {"cov": np.ones(2), "elementwise": True}, "jacobian"),
    ):
        with pytest.raises(ValueError, match=words):
            dn.propagate(f, [1.0, 2.0], **options)


@pytest.mark.parametrize("family", ["gamma", "t"])
def test_standard_errors_of_estimates(family):
    """Against the observed information by differences of the exact gradient."""
    data = getattr(stats, family).rvs(4.0, loc=0.0, scale=1.3, size=200, random_state=3)

    def log_likelihood(p):
        return np.sum(getattr(stats, family).logpdf(data, p[0], loc=0.0, scale=p[1]))

    estimates = dn.minimize(
        lambda p: -log_likelihood(p), [4.0, 1.3], method="trust-exact", options={"gtol": 1e-8}
    ).x
    found = dn.standard_errors(log_likelihood, estimates)
    slope = dn.gradient(log_likelihood)
    h = 1e-3
    rows = [
        sum(
            w * (slope(estimates + k * h * e) - slope(estimates - k * h * e))
            for k, w in ((1, 2 / 3), (2, -1 / 12))
        )
        / h
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(found, np.sqrt(np.diag(np.linalg.inv(-np.array(rows)))), rtol=1e-6)
    with pytest.raises(ValueError, match="expects the maximum of a log-likelihood"):
        dn.standard_errors(lambda p: -log_likelihood(p), estimates)


def robertson(t, y, p):
    slow, fast, back = p[0] * y[0], p[2] * y[1] ** 2, p[1] * y[1] * y[2]
    return [back - slow, slow - back - fast, fast]


def test_sensitivities_of_a_stiff_equation():
    integrate = pytest.importorskip("scipy.integrate")
    fun, jac = dn.adapters.sensitivities(robertson)
    p, start = np.array([0.04, 1e4, 3e7]), np.concatenate([[1.0, 0.0, 0.0], np.zeros(9)])
    options = {"method": "BDF", "rtol": 1e-9, "atol": 1e-14}
    found = integrate.solve_ivp(fun, (0, 40.0), start, args=(p,), jac=jac, **options).y[:, -1]

    def end(p):
        return integrate.solve_ivp(
            robertson, (0, 40.0), [1.0, 0, 0], args=(p,), jac=dn.jacobian(robertson, argnum=1), **options
        ).y[:, -1]

    for i in range(3):
        h = 1e-3 * p[i] * np.eye(3)[i]
        expected = (8 * (end(p + h) - end(p - h)) - (end(p + 2 * h) - end(p - 2 * h))) / (12e-3 * p[i])
        np.testing.assert_allclose(found[3:].reshape(3, 3)[:, i], expected, rtol=1e-4)
    with pytest.raises(ValueError, match=r"a state of n \(1 \+ 3\) elements for 3 parameters, got 5"):
        fun(0.0, np.zeros(5), p)
