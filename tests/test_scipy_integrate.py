"""scipy.integrate in lifted code, against closed forms that mpmath differentiates."""

import math

import numpy as np
import pytest

import dualnum as dn

mpmath = pytest.importorskip("mpmath")
integrate = pytest.importorskip("scipy.integrate")
exp = mpmath.exp
grid = np.linspace(0.0, 1.0, 9)


class Decay:
    def __init__(self, p):
        self.p = p

    def __call__(self, t):
        return math.exp(-self.p * t)


QUADRATURES = {
    "object": (lambda p: integrate.quad(Decay(p), 0, 1)[0], lambda p: (1 - exp(-p)) / p),
    "ufunc": (lambda p: integrate.quad(np.sin, 0, p)[0], lambda p: 1 - mpmath.cos(p)),
    "parameter": (lambda p: integrate.quad(lambda t: math.exp(-p * t), 0, 1)[0], lambda p: (1 - exp(-p)) / p),
    "args": (lambda p: integrate.quad(lambda t, q: np.exp(-q * t), 0, 1, p)[0], lambda p: (1 - exp(-p)) / p),
    "limit": (lambda p: integrate.quad(lambda t: math.exp(-t), 0, p)[0], lambda p: 1 - exp(-p)),
    "all": (
        lambda p: integrate.quad(lambda t: math.exp(-p * t), p * p, 2 + p**3, full_output=1)[0],
        lambda p: (exp(-(p**3)) - exp(-2 * p - p**4)) / p,
    ),
    "reversed": (
        lambda p: integrate.quad(lambda t: math.exp(-p * t), 3 * p, p)[0], lambda p: (exp(-3 * p * p) - exp(-p * p)) / p
    ),
    "infinite": (lambda p: integrate.quad(lambda t: math.exp(-p * t), 0, np.inf)[0], lambda p: 1 / p),
    "both infinite": (
        lambda p: integrate.quad(lambda t: math.exp(-p * t * t), -np.inf, np.inf)[0],
        lambda p: mpmath.sqrt(mpmath.pi / p),
    ),
    "from -inf": (lambda p: integrate.quad(lambda t: math.exp(p * t), -np.inf, p)[0], lambda p: exp(p * p) / p),
    "points": (
        lambda p: integrate.quad(lambda t: abs(t - 0.5) * p * p, 0, 1, points=[0.5])[0], lambda p: p * p / 4
    ),
    "root": (lambda p: integrate.quad(lambda t: math.sqrt(p * t), 0, 1)[0], lambda p: 2 * mpmath.sqrt(p) / 3),
    "dblquad": (
        lambda p: integrate.dblquad(lambda y, x: x * y * p, 0, p, lambda x: 0, lambda x: x * p)[0], lambda p: p**7 / 8
    ),
    "nquad": (lambda p: integrate.nquad(lambda x, y: x * y * p, [[0, 1], [0, p]])[0], lambda p: p**3 / 4),
    "fixed_quad": (
        lambda p: integrate.fixed_quad(lambda t: np.exp(-p * t), 0, p, n=12)[0], lambda p: (1 - exp(-p * p)) / p
    ),
    "quad_vec": (
        lambda p: integrate.quad_vec(lambda t: np.array([math.exp(-p * t), 1.0]), 0, 1)[0][0],
        lambda p: (1 - exp(-p)) / p,
    ),
    "trapezoid": (lambda p: integrate.trapezoid(grid * p, x=p * grid), lambda p: p * p / 2),
    "simpson": (lambda p: integrate.simpson(grid**2 * p, x=p * grid), lambda p: p * p / 3),
    "cumulative": (
        lambda p: integrate.cumulative_trapezoid(grid * p, x=p * grid, initial=0)[-1], lambda p: p * p / 2
    ),
    "romb": (lambda p: integrate.romb(grid * p, dx=p / 8), lambda p: p * p / 2),
}  # fmt: skip


@pytest.mark.parametrize("name", QUADRATURES)
def test_integrals(name):
    f, closed = QUADRATURES[name]
    assert dn.value(dn.lift(f)(dn.Dual(0.9))) == f(0.9)
    for order in (1, 2, 3):
        expected = float(mpmath.diff(closed, 0.9, order))
        assert dn.derivative(f, order=order)(0.9) == pytest.approx(expected, rel=1e-11, abs=1e-11)
    expected = float(mpmath.diff(closed, 0.9, 3))
    assert dn.derivative(dn.derivative(dn.derivative(f)))(0.9) == pytest.approx(
        expected, rel=1e-11, abs=1e-11
    )


def oscillation(method):
    def f(p):
        found = integrate.solve_ivp(
            lambda t, y: [y[1], -p * y[0]], (0, 0.7), [1.0, 0.0], method=method, rtol=1e-8, atol=1e-10
        )
        return found.y[0, -1]

    return f


def decay(method, dense):
    def f(p):
        options = {"dense_output": True} if dense else {"t_eval": [0.0, 0.7], "args": (1.0,)}
        found = integrate.solve_ivp(
            lambda t, y, *_: -p * y, (0, 1.5), [p], method=method, rtol=1e-8, atol=1e-10, **options
        )
        return found.sol(0.7)[0] if dense else found.y[0, -1]

    return f


def landing(p):
    def height(t, y):
        return y[0]

    found = integrate.solve_ivp(
        lambda t, y: [y[1], -p], (0, 5.0), [1.0, 1.0], events=height, rtol=1e-10, atol=1e-12
    )
    return found.t_events[0][0]


def cosine(p):
    return mpmath.cos(mpmath.sqrt(p))


def cosine_at_07(p):
    return mpmath.cos(0.7 * mpmath.sqrt(p))


METHODS = "RK23", "RK45", "DOP853", "BDF", "Radau", "LSODA"
EQUATIONS = {
    **{method: (oscillation(method), cosine_at_07) for method in METHODS},
    **{
        f"{method}, dense={dense}": (decay(method, dense), lambda p: p * exp(-0.7 * p))
        for method in METHODS
        for dense in (True, False)
    },
    "event": (landing, lambda p: (1 + mpmath.sqrt(1 + 2 * p)) / p),
    "odeint": (
        lambda p: integrate.odeint(lambda y, t, q: [y[1], -q * y[0]], [1.0, 0.0], grid, args=(p,))[-1, 0], cosine
    ),
    "odeint with a Jacobian": (
        lambda p: integrate.odeint(
            lambda y, t: [-p * y[0], y[0]], [1.0, 0.0], grid, Dfun=lambda y, t: [[-p, 0], [1, 0]]
        )[-1, 1],
        lambda p: (1 - exp(-p)) / p,
    ),
    "odeint that becomes dual": (
        lambda p: integrate.odeint(lambda y, t: p * y if t > 0.3 else y, 1.0, [0, 0.3, 1.0], hmax=0.05)[-1, 0],
        lambda p: exp(0.3 + 0.7 * p),
    ),
    "odeint with tfirst": (
        lambda p: integrate.odeint(lambda t, y: -y * y, p, [0, 1.0], tfirst=True, full_output=1)[0][-1, 0],
        lambda p: p / (1 + p),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUATIONS)
def test_differential_equations(name):
    """The tolerance is the solver's: 1e-8."""
    f, closed = EQUATIONS[name]
    assert dn.value(dn.lift(f)(dn.Dual(0.9))) == f(0.9)
    for order in (1, 2, 3):
        assert dn.derivative(f, order=order)(0.9) == pytest.approx(
            float(mpmath.diff(closed, 0.9, order)), abs=1e-5
        )
    assert dn.derivative(dn.derivative(f))(0.9) == pytest.approx(float(mpmath.diff(closed, 0.9, 2)), abs=1e-6)


def robertson(t, y, p):
    slow, fast, back = p[0] * y[0], p[2] * y[1] ** 2, p[1] * y[1] * y[2]
    return [back - slow, slow - back - fast, fast]


RATES = np.array([0.04, 1e4, 3e7])


@pytest.fixture(scope="module")
def sensitivities_of_robertson():
    """Those at t = 40 by each rate constant, of the augmented equation to 1e-11."""
    fun, jac = dn.adapters.sensitivities(robertson)
    return integrate.solve_ivp(
        fun, (0, 40.0), np.concatenate([[1.0, 0.0, 0.0], np.zeros(9)]), "Radau", args=(RATES,), jac=jac, rtol=1e-11,
        atol=1e-16 * np.array([1.0] * 3 + [1e3, 1e-3, 1e-7] * 3),
    ).y[3:, -1].reshape(3, 3)  # fmt: skip


@pytest.mark.parametrize("method", ["LSODA", "Radau", "BDF", "odeint"])
def test_robertsons_kinetics(method, sensitivities_of_robertson):

    def end(p):
        if method == "odeint":
            found = integrate.odeint(
                robertson, [1.0, 0.0, 0.0], [0.0, 40.0], (p,), tfirst=True, rtol=1e-8, atol=1e-12
            )
            return found[-1]
        found = integrate.solve_ivp(
            robertson, (0, 40.0), [1.0, 0.0, 0.0], method, args=(p,), rtol=1e-8, atol=1e-12
        )
        return found.y[:, -1]

    exact, found = sensitivities_of_robertson * RATES, dn.jacobian(end, lift=True)(RATES) * RATES
    assert np.all(np.abs(found - exact) <= 1e-5 * np.max(np.abs(exact), axis=1, keepdims=True))
    np.testing.assert_array_equal(dn.value(dn.lift(end)(dn.seed(RATES))), end(RATES))


@pytest.mark.parametrize("method", ["LSODA", "Radau"])
def test_times_that_move(method):
    """y' = p y from t = p to 2 p, and where y reaches 2: all moves."""

    def f(p):
        found = integrate.solve_ivp(
            lambda t, y: p * y, (p, 2 * p), [p], method, rtol=1e-9, atol=1e-11, dense_output=True
        )
        middle = found.sol(np.array([p, 1.5 * p]))[0]
        return np.stack([found.t[-1], found.y[0, -1], middle[0], middle[1], found.sol(1.2)[0]])

    def closed(p):
        return np.stack([2 * p, p * dn.exp(p * p), p, p * dn.exp(p * p / 2), p * dn.exp(p * (1.2 - p))])

    def crossing(p):
        def reached(t, y):
            return y[0] - 2

        reached.terminal = True
        found = integrate.solve_ivp(
            lambda t, y: p * y, (0, 5.0), [1.0], method, events=reached, rtol=1e-9, atol=1e-11
        )
        return np.stack([found.t_events[0][0], found.t[-1], found.y_events[0][0, 0], found.y[0, -1]])

    for g, truth in (
        (f, closed),
        (crossing, lambda p: np.stack([np.log(2) / p, np.log(2) / p, 2 + 0 * p, 2 + 0 * p])),
    ):
        found, expected = (dn.taylor(h, 3, lift=True, check=False)(0.9) for h in (g, truth))
        np.testing.assert_allclose(found, expected, rtol=2e-7, atol=2e-7)
        assert dn.value(dn.lift(g)(dn.Dual(0.9))).tolist() == g(0.9).tolist()


def heat(p, bc_jac=None):
    """u'' = p^2 u, u(0) = 1, u'(1) = p: cosh(p x) + weight sinh(p x)."""
    return integrate.solve_bvp(
        lambda x, y: np.vstack([y[1], p * p * y[0]]), lambda a, b: np.array([a[0] - 1, b[1] - p]),
        np.linspace(0, 1, 7), np.ones((2, 7)), tol=1e-9, bc_jac=bc_jac,
    )  # fmt: skip


def weight(p):
    return (1 - mpmath.sinh(p)) / mpmath.cosh(p)


def test_boundary_values():
    for f, closed in (
        (lambda p: heat(p).sol(0.4)[0], lambda p: mpmath.cosh(0.4 * p) + weight(p) * mpmath.sinh(0.4 * p)),
        (lambda p: heat(p).y[0, -1], lambda p: mpmath.cosh(p) + weight(p) * mpmath.sinh(p)),
        (lambda p: heat(p).yp[0, 0], lambda p: p * weight(p)),
    ):
        assert dn.value(dn.lift(f)(dn.Dual(0.9))) == f(0.9)
        for order in (1, 2, 3):
            found = dn.derivative(f, order=order)(0.9)
            assert found == pytest.approx(float(mpmath.diff(closed, 0.9, order)), rel=1e-6, abs=1e-6)


def test_an_eigenvalue_of_a_boundary_value_problem():
    """u'' = -q k^2 u, u(0) = u(1) = 0, u'(0) = k: k = pi / sqrt(q)."""
    x = np.linspace(0, 1, 9)

    def f(q):
        return integrate.solve_bvp(
            lambda x, y, k: np.vstack([y[1], -q * k[0] ** 2 * y[0]]),
            lambda a, b, k: np.array([a[0], b[0], a[1] - k[0]]),
            x, np.vstack([np.sin(3 * x), np.cos(3 * x)]), p=[3.0], tol=1e-9,
        ).p[0]  # fmt: skip

    for order in (1, 2, 3):
        expected = float(mpmath.diff(lambda q: mpmath.pi / mpmath.sqrt(q), 1.1, order))
        assert dn.derivative(f, order=order)(1.1) == pytest.approx(expected, rel=1e-6)


def test_integrals_that_refuse():
    with pytest.raises(ValueError, match="quad of duals expects weight=None, got 'cos'"):
        dn.derivative(lambda p: integrate.quad(lambda t: p * t, 0, 1, weight="cos", wvar=2.0)[0])(0.9)
    with pytest.raises(ValueError, match="quad of duals expects points that are floats"):
        dn.derivative(lambda p: integrate.quad(lambda t: abs(t - p), 0, 1, points=[p])[0])(0.9)


JUMPS = {
    "factor": lambda p: integrate.quad(lambda t: (t > p) * np.exp(-t), 0, 5)[0],
    "if": lambda p: integrate.quad(lambda t: (1.0 if t < p else 2.0) * t, 0, 5)[0],
    "beside a term": lambda p: p**2 + integrate.quad(lambda t: np.where(t < p, 1.0, np.exp(-t)), 0, 5)[0],
    "of a dual": lambda p: integrate.quad(lambda t: p * t if t < p else 0.0, 0, 5)[0],
    "infinite": lambda p: integrate.quad(lambda t: (t > p) * np.exp(-t * p), 0, np.inf)[0],
}


@pytest.mark.parametrize("name", JUMPS)
def test_an_integrand_whose_jump_moves_is_refused(name):
    """The share of the jump is missing in the integral of the derivatives."""
    text = "quad of duals expects an integrand to have no jump or kink that moves|f searches by comparisons"
    with pytest.raises((ValueError, TypeError), match=text):
        dn.derivative(JUMPS[name])(1.4)


def test_an_integrand_whose_kink_moves_has_first_derivatives():
    f = lambda p: integrate.quad(lambda t: max(t - p, 0.0) * np.exp(-t), 0, 5)[0]  # noqa: E731
    assert dn.derivative(f)(0.4) == pytest.approx(np.exp(-5) - np.exp(-0.4), rel=1e-10)
    with pytest.raises(
        ValueError, match=r"to have no jump or kink that moves with them, got one at x = 0\.4"
    ):
        dn.derivative(f, 2)(0.4)

    def apart(p):
        return integrate.quad(lambda t: (t - p) * np.exp(-t), p, 5)[0]

    assert dn.derivative(apart, 2)(0.4) == pytest.approx(np.exp(-0.4), rel=1e-10)
    fixed = lambda p: integrate.quad(lambda t: max(t - 2, 0.0) * np.exp(-t * p) if p > 0 else 0.0, 0, 5)[0]  # noqa: E731
    step = 1e-3
    slope = dn.derivative(fixed)
    expected = (
        8 * (slope(0.4 + step) - slope(0.4 - step)) - slope(0.4 + 2 * step) + slope(0.4 - 2 * step)
    ) / (12 * step)
    try:
        assert dn.derivative(fixed, 2)(0.4) == pytest.approx(expected, rel=1e-8)
    except ValueError as error:
        assert "got one at x = 2" in str(error)


def test_constants_stay_floats():
    f = dn.lift(lambda x: integrate.quad(math.exp, 0, 1)[0])
    assert type(f(dn.Dual(1.0))) is float


@pytest.mark.parametrize("size", [1.0, 1e9])
def test_quad_resolves_the_kink_of_a_component_beside_a_large_smooth_one(size):
    def f(v):
        return integrate.quad(lambda x: v[0] * size * np.exp(x) + v[1] * np.where(x < 0.3, 2.0, x), 0, 1)[0]

    found = dn.gradient(f, lift=True, check=False)([1 / size, 0.0])
    np.testing.assert_allclose(found, [size * np.expm1(1), 0.6 + 0.91 / 2], rtol=1e-9)


@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853", "BDF", "Radau", "LSODA"])
@pytest.mark.parametrize("point", [(1.1, 0.4), (0.9, 0.7), (1.5, 0.3)])
def test_derivatives_are_those_of_the_exact_solution_whatever_the_tolerance(method, point):
    """At SciPy's default, with the nets, to second order."""

    def predators(t, y, a, b):
        return [a * y[0] - b * y[0] * y[1], -y[1] + 0.5 * y[0] * y[1]]

    def end(p, **options):
        return integrate.solve_ivp(
            predators, (0, 5), [2.0, 1.0], args=(p[0], p[1]), **({"method": method} | options)
        ).y[:, -1]

    def exact(p):
        return end(p, method="DOP853", rtol=1e-12, atol=1e-14)

    p = np.array(point)
    values, got = dn.value_and_jacobian(end, check=True)(p)
    np.testing.assert_array_equal(values, end(p))
    np.testing.assert_allclose(got, dn.jacobian(exact)(p), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(dn.hessian(end)(p), dn.hessian(exact)(p), rtol=1e-5, atol=1e-5)


def test_complex_states_at_the_default_tolerance():
    def end(w):
        return integrate.solve_ivp(lambda t, y: 1j * w * y, (0, 1), [1.0 + 0j]).y[0, -1]

    got = dn.derivative(end, check=False)(1.3)
    assert got == pytest.approx(1j * np.exp(1.3j), rel=1e-2)


#: Integrands with a kink at x = p, and the first derivatives of their integrals from 0 to 1.
KINKS = {
    "abs": (lambda x, p: np.abs(x - p), lambda p: 2 * p - 1),
    "maximum": (lambda x, p: np.maximum(x - p, 0), lambda p: p - 1),
    "clip": (lambda x, p: np.clip(x - p, 0, None), lambda p: p - 1),
    "where": (lambda x, p: np.where(x > p, x - p, 0.0), lambda p: p - 1),
    "hypot": (lambda x, p: np.hypot(x - p, 0.0), lambda p: 2 * p - 1),
}


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("p", [0.37, 0.35])  # 0.35 is an end of subintervals
def test_a_moving_kink_is_right_to_first_order_and_refused_beyond(name, p):
    f, slope = KINKS[name]

    def integral(p):
        return integrate.quad(f, 0, 1, args=(p,), points=[0.7])[0]

    assert dn.derivative(integral)(p) == pytest.approx(slope(p), abs=1e-10)
    with pytest.raises(
        ValueError, match=r"to have no jump or kink that moves with them, got one at x = 0\.3"
    ):
        dn.derivative(integral, order=2)(p)


STAYING = {
    "abs": (lambda x, p: p**3 * np.abs(x - 0.3), 0.29),
    "minimum": (lambda x, p: p**3 * np.minimum(x, 0.5), 0.375),
    "jump": (lambda x, p: p**3 * np.where(x < 0.3, 1.0, 2.0), 1.7),
    "square": (lambda x, p: np.maximum(x - p, 0) ** 2, None),
}


@pytest.mark.parametrize("name", STAYING)
def test_kinks_that_stay_and_smooth_compositions_have_second_derivatives(name):
    f, share = STAYING[name]
    found = dn.derivative(lambda p: integrate.quad(f, 0, 1, args=(p,))[0], order=2)(0.4)
    assert found == pytest.approx(2 * (1 - 0.4) if share is None else 6 * 0.4 * share, rel=1e-9)
