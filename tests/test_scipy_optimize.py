"""Minimizers and fits of scipy.optimize in lifted code: derivatives of closed forms, to third order."""

import math

import numpy as np
import pytest

import dualnum as dn

optimize = pytest.importorskip("scipy.optimize")

P = 0.7
T = np.linspace(0, 2, 9)
DATA = 2.5 * np.exp(-1.3 * T) + 0.05 * np.cos(9 * T)
LINE = np.stack([np.ones(9), T], axis=1)


def bowl(x, p):
    """Of the minimum (p, p^2)."""
    return (x[0] - p) ** 2 + 3 * (x[1] - p * p) ** 2


def bowl_slope(x, p):
    return np.array([2 * (x[0] - p), 6 * (x[1] - p * p)])


def quartic(x, p):
    """Of the minimum p^(1/3)."""
    return x**4 / 4 - p * x


def target(x):
    return (x[0] - 2) ** 2 + (x[1] - 1) ** 2


def minimize(f, key="x", **options):
    return optimize.minimize(f, [0.1, 0.2], **options)[key]


class Bowl:
    def __init__(self, p):
        self.p = p

    def __call__(self, x):
        return bowl(x, self.p)


def vertex(p):
    return np.array([p, p * p])


def on_circle(p):
    return np.array([2.0, 1.0]) * np.sqrt(p / 5)


MINIMA = {
    "BFGS": (lambda p: minimize(lambda x: bowl(x, p)), vertex),
    "args": (lambda p: minimize(bowl, args=(p,), jac=bowl_slope), vertex),
    "jac=True": (lambda p: minimize(lambda x: (bowl(x, p), bowl_slope(x, p)), jac=True), vertex),
    "an object": (lambda p: minimize(Bowl(p), method="Nelder-Mead", tol=1e-8), vertex),
    "Newton": (
        lambda p: minimize(
            bowl, args=(p,), jac=bowl_slope, hess=lambda x, p: np.diag([2.0, 6.0]), method="trust-exact"
        ),
        vertex,
    ),
    "loose": (lambda p: minimize(lambda x: bowl(x, p), tol=1e-3), vertex),
    "its value": (lambda p: minimize(lambda x: bowl(x, p) + p**3, "fun"), lambda p: p**3),
    "bounds": (
        lambda p: minimize(lambda x: bowl(x, p), bounds=[(None, p / 2), (0, 3)]), lambda p: np.array([p / 2, p * p])
    ),
    "Bounds": (
        lambda p: minimize(lambda x: bowl(x, p), bounds=optimize.Bounds([1, -1], [2, 1])),
        lambda p: np.array([1.0, p * p]),
    ),
    "an equation": (
        lambda p: minimize(target, constraints={"type": "eq", "fun": lambda x: x[0] + p * x[1] - 1}),
        lambda p: np.array([2 - (1 + p) / (1 + p * p), 1 - p * (1 + p) / (1 + p * p)]),
    ),
    "an inequality": (
        lambda p: minimize(
            target, constraints=[{"type": "ineq", "fun": lambda x, r: r - x[0] ** 2 - x[1] ** 2, "args": (p,)}],
            tol=1e-12,
        ),
        on_circle,
    ),
    "its multiplier's slope": (
        lambda p: minimize(target, "fun", constraints={"type": "ineq", "fun": lambda x: p - x @ x}, tol=1e-12),
        lambda p: (dn.sqrt(p) - math.sqrt(5)) ** 2,
    ),
    "one that is not active": (
        lambda p: minimize(lambda x: bowl(x, p), constraints={"type": "ineq", "fun": lambda x: 9 * p - x @ x}), vertex
    ),
    "trust-constr": (
        lambda p: minimize(
            target, constraints=optimize.NonlinearConstraint(lambda x: x @ x, -np.inf, p),
            method="trust-constr", tol=1e-10,
        ),
        on_circle,
    ),
    "linear": (
        lambda p: minimize(target, constraints=optimize.LinearConstraint([[1.0, 1.0]], -np.inf, p)),
        lambda p: np.array([(p + 1) / 2, (p - 1) / 2]),
    ),
    "bounds and a constraint": (
        lambda p: optimize.minimize(
            lambda x: x @ x, np.ones(3), tol=1e-14, bounds=[(None, None), (None, None), (1.0, None)],
            constraints={"type": "eq", "fun": lambda x: x[0] + x[1] - p * x[2]},
        ).x,
        lambda p: np.array([p / 2, p / 2, 1.0 + 0.0 * p]),
    ),
    "minimize_scalar": (lambda p: optimize.minimize_scalar(quartic, args=(p,)).x, lambda p: dn.cbrt(p)),
    "its minimum": (
        lambda p: optimize.minimize_scalar(quartic, args=(p,)).fun, lambda p: -0.75 * p * dn.cbrt(p)
    ),
    "an interval": (
        lambda p: optimize.minimize_scalar(lambda x: quartic(x, p), bounds=(0, 2), method="bounded").x,
        lambda p: dn.cbrt(p),
    ),
    "brent": (lambda p: optimize.brent(lambda x: quartic(x, p)), lambda p: dn.cbrt(p)),
    "golden": (lambda p: optimize.golden(lambda x: quartic(x, p), brack=(0, 1)), lambda p: dn.cbrt(p)),
    "fminbound": (lambda p: optimize.fminbound(lambda x: quartic(x, p), 0, 2), lambda p: dn.cbrt(p)),
    "fmin": (lambda p: optimize.fmin(bowl, [0.1, 0.2], args=(p,), disp=0), vertex),
    "fmin_l_bfgs_b": (
        lambda p: optimize.fmin_l_bfgs_b(bowl, [0.1, 0.2], bowl_slope, args=(p,), bounds=[(0, 0.5), (0, 3)])[0],
        lambda p: np.array([0.5, p * p]),
    ),
    "differential_evolution": (
        lambda p: optimize.differential_evolution(lambda x: bowl(x, p), [(-1, 2), (-1, 2)], seed=1).x, vertex
    ),
    "nnls": (lambda p: optimize.nnls(np.array([[1.0, 2.0], [0.0, 3.0]]) * p, np.array([p * p, -1.0]))[0],
             lambda p: np.array([p, 0.0])),
    "lsq_linear": (
        lambda p: optimize.lsq_linear(np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([p, 30.0]), (0, p)).x,
        lambda p: np.array([0.0 * p, p]),
    ),
    "linprog's minimum": (
        lambda p: optimize.linprog([1.0, 1.0], A_eq=[[p, 1.0]], b_eq=[p * p], bounds=[(0, None), (0.1, 5)]).fun,
        lambda p: (p * p - 0.1) / p + 0.1 if p > 1 else p * p,
    ),
    "fixed_point": (lambda p: optimize.fixed_point(lambda x: (x + p / x) / 2, 1.0), dn.sqrt),
    "newton_krylov": (lambda p: optimize.newton_krylov(lambda x: x**2 - p, np.ones(2)),
                      lambda p: dn.sqrt(p) * np.ones(2)),
}  # fmt: skip


def agree(f, closed, p, order, tolerance):
    found, expected = (dn.taylor(g, order, check=False, lift=True)(p) for g in (f, closed))
    np.testing.assert_allclose(found[1:], expected[1:], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", MINIMA)
def test_minima(name):
    f, closed = MINIMA[name]
    lifted = dn.lift(f)(dn.Dual(P))
    np.testing.assert_array_equal(dn.value(lifted), f(P))  # SciPy's bits
    agree(f, closed, P, 3, 1e-8)


def test_a_vertex_of_a_linear_program():
    def f(p):  # p x + y >= 2, x + 3 y >= 3
        return optimize.linprog([1.0, 1.0], A_ub=[[-p[0], -1.0], [-1.0, -3.0]], b_ub=[-p[1], -3.0]).x

    def closed(p):
        d = 3 * p[0] - 1
        return np.array([(3 * p[1] - 3) / d, (3 * p[0] - p[1]) / d])

    p = np.array([2.0, 2.0])
    np.testing.assert_allclose(dn.jacobian(f)(p), dn.jacobian(closed)(p), atol=1e-13)
    np.testing.assert_allclose(dn.hessian(f)(p), dn.hessian(closed)(p), atol=1e-12)


def line_by_normal_equations(y):
    return np.linalg.solve(LINE.T @ LINE, LINE.T @ y)


FITS = {
    "curve_fit": lambda y: optimize.curve_fit(lambda t, a, b: a + b * t, T, y)[0],
    "trf": lambda y: optimize.curve_fit(lambda t, a, b: a + b * t, T, y, bounds=(-9, 9))[0],
    "least_squares": lambda y: optimize.least_squares(lambda x: LINE @ x - y, [1.0, 1.0]).x,
    "leastsq": lambda y: optimize.leastsq(lambda x: LINE @ x - y, [1.0, 1.0])[0],
    "minimize": lambda y: optimize.minimize(lambda x: np.sum((LINE @ x - y) ** 2), [1.0, 1.0]).x,
}


@pytest.mark.parametrize("name", FITS)
def test_linear_fits(name):
    f = FITS[name]
    np.testing.assert_allclose(
        dn.jacobian(f, lift=True)(DATA), dn.jacobian(line_by_normal_equations)(DATA), atol=1e-9
    )


def test_covariance_of_a_fit():
    def found(y):
        return optimize.curve_fit(lambda t, a, b: a + b * t, T, y)[1]

    def closed(y):
        r = y - LINE @ line_by_normal_equations(y)
        return np.sum(r * r) / (len(y) - 2) * np.linalg.inv(LINE.T @ LINE)

    np.testing.assert_allclose(dn.jacobian(found)(DATA), dn.jacobian(closed)(DATA), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(dn.value(dn.lift(found)(dn.seed(DATA))), found(DATA))


TIGHT = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}


@pytest.mark.parametrize("loss", ["linear", "soft_l1", "huber", "cauchy", "arctan"])
def test_nonlinear_fits_satisfy_their_normal_equations(loss):
    """d/dp of grad cost(x(p), p) = 0, along p and twice."""
    rho = {
        "linear": lambda z: z,
        "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1),
        "huber": lambda z: np.where(dn.value(z) < 1, z, 2 * np.sqrt(z + 1e-300) - 1),
        "cauchy": np.log1p,
        "arctan": np.arctan,
    }[loss]

    def residuals(x, p):
        return x[0] * np.exp(-x[1] * T) - DATA * (1 + p * T)

    def solution(p):
        return optimize.least_squares(residuals, [1.0, 1.0], args=(p,), loss=loss, f_scale=0.1, **TIGHT).x

    def condition(p):
        def cost(x):
            return 0.005 * np.sum(rho((residuals(x, p) / 0.1) ** 2))

        x = solution(p)
        return dn.gradient(cost)(x)

    series = dn.taylor(condition, 3, lift=True, check=False)(0.3)
    np.testing.assert_allclose(series[1:], 0, atol=1e-8)


def test_minima_that_have_no_derivative():
    def touching(p):
        return minimize(lambda x: bowl(x, p), bounds=[(P, 2), (0, 3)])

    def edge(p):
        return optimize.linprog([-1.0, -1.0], A_ub=[[1.0, 1.0]], b_ub=[p]).x

    def corner(p):
        return optimize.linprog([-1.0, -1.0], A_ub=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], b_ub=[p, p, 2 * p]).x

    def flat(p):
        return minimize(lambda x: (x[0] + x[1] - p) ** 2)

    for f, words in (
        (touching, "touches a constraint without a multiplier"),
        (edge, "degenerate or not unique"),
        (corner, "degenerate or not unique"),
        (flat, "expects a residual of 0 at the solution"),
    ):
        with pytest.raises(ValueError, match=words):
            dn.jacobian(f, lift=True)(P)
    with pytest.raises(AttributeError, match="hess_inv"):
        dn.jacobian(lambda p: optimize.minimize(bowl, [0.1, 0.2], (p,)).hess_inv, lift=True)(P)


BOXED = np.array([[1.0, 2.0], [3.0, 1.0], [0.0, 1.0]])


@pytest.mark.parametrize("tol", [1e-13, 1e-10, 1e-4])
@pytest.mark.parametrize("method", ["trf", "bvls"])
def test_linear_least_squares_that_end_beside_an_active_bound(method, tol):
    """With a tight tolerance SciPy's solution is 1e-12 inside of its bound, and its active_mask says so."""

    def f(b):
        return optimize.lsq_linear(BOXED, b, (0, 0.4), method, tol, lsq_solver="exact").x

    for b, active in (
        ([1.0, 2.0, 0.5], [True, True]),
        ([1.0, 2.0, -0.5], [True, False]),
        ([1.0, 0.5, 0.5], [False, True]),
        ([0.2, 0.5, 0.3], [False, False]),
    ):
        expected = np.zeros((2, 3))
        free = ~np.array(active)
        if free.any():
            expected[free] = np.linalg.pinv(BOXED[:, free])
        b = np.array(b)
        np.testing.assert_allclose(dn.jacobian(f, check=False)(b), expected, atol=1e-12)
        np.testing.assert_array_equal(dn.value_and_jacobian(f)(b)[0], f(b))


def test_linear_least_squares_of_sparse_matrices():
    sparse = pytest.importorskip("scipy.sparse")

    def f(b):
        return optimize.lsq_linear(sparse.csr_array(BOXED), b, (0, 0.4), lsq_solver="lsmr").x

    found = dn.jacobian(f, check=False)(np.array([1.0, 2.0, -0.5]))
    np.testing.assert_allclose(found, [[0, 0, 0], np.linalg.pinv(BOXED[:, 1:])[0]], atol=1e-12)


@pytest.mark.parametrize("b", [[0.0, 0.0], [0.0, 1.0]])
def test_linear_least_squares_at_a_kink(b):
    for f in (
        lambda b: optimize.nnls(np.eye(2), b)[0],
        lambda b: optimize.lsq_linear(np.eye(2), b, (0, 3)).x,
    ):
        with pytest.raises(
            ValueError, match="of duals expects a unique minimum where each active bound pushes"
        ):
            dn.jacobian(f)(np.array(b))


@pytest.mark.parametrize(
    ("method", "p"),
    [("Powell", 5e-5), ("trust-constr", -1e-3), ("L-BFGS-B", 5e-7), ("L-BFGS-B", -1e-3), ("SLSQP", 1e-3)],
)
def test_minima_beside_a_bound(method, p):
    """Solvers end inside of bounds that are active, and minima lie beside bounds that are not."""

    def f(p):
        objective = lambda x: (x[0] - p) ** 2 + (x[1] - 3 * p - 1) ** 2  # noqa: E731
        return optimize.minimize(objective, [0.3, 0.3], bounds=[(0, None)] * 2, method=method).x

    np.testing.assert_allclose(dn.derivative(f, check=False)(p), [float(p > 0), 3.0], atol=1e-10)


def test_fmin_l_bfgs_b_returns_all_that_scipy_does():
    def f(p):
        return optimize.fmin_l_bfgs_b(bowl, [0.1, 0.2], args=(p,), approx_grad=True)

    x, minimum, report = dn.lift(f)(dn.Dual(P))
    plain = f(P)
    np.testing.assert_array_equal(dn.value(x), plain[0])
    assert dn.value(minimum) == plain[1]
    assert report.keys() == plain[2].keys()
    np.testing.assert_allclose(dn.tangent(minimum), 0, atol=1e-6)
