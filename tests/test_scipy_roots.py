"""Roots of scipy.optimize and `dualnum.implicit`: derivatives of Lambert's W, x exp(x) = p, from mpmath."""

import math

import numpy as np
import pytest

import dualnum as dn

mpmath = pytest.importorskip("mpmath")
optimize = pytest.importorskip("scipy.optimize")

P = 2.0
TRUTH = [float(mpmath.diff(lambda p: mpmath.lambertw(p).real, P, n)) for n in range(4)]


def equation(x, p):
    return x * math.exp(x) - p


def slope(x, p):
    return (1 + x) * math.exp(x)


def with_square(v, p):
    return np.array([equation(v[0], p), v[1] - v[0] * v[0] / p])


class Equation:
    def __init__(self, p):
        self.p = p

    def __call__(self, x):
        return x * math.exp(x) - self.p


def closure(name, **options):
    return lambda p: getattr(optimize, name)(lambda x: equation(x, p), 0.0, 10.0, xtol=1e-14, **options)


BRACKETS = ["brentq", "brenth", "bisect", "ridder", "toms748"]
SOLVERS = {
    **{name: closure(name) for name in BRACKETS},
    "report": lambda p: optimize.brentq(equation, 0.0, 10.0, (p,), 1e-14, full_output=True)[1].root,
    "object": lambda p: optimize.brentq(Equation(p), 0.0, 10.0, xtol=1e-14),
    "newton": lambda p: optimize.newton(lambda x: equation(x, p), 1.0),
    "newton with a slope": lambda p: optimize.newton(equation, 1.0, slope, args=(p,)),
    "newton of an array": lambda p: np.sum(optimize.newton(lambda x: x * np.exp(x) - p, np.ones(3))) / 3,
    "report of an array": lambda p: optimize.newton(
        lambda x: x * np.exp(x) - p, np.ones(3), full_output=True
    ).root[1],
    "root_scalar": lambda p: optimize.root_scalar(equation, (p,), bracket=[0, 10], xtol=1e-14).root,
    "root_scalar with slopes": lambda p: optimize.root_scalar(
        lambda x: (equation(x, p), slope(x, p)), x0=1.0, fprime=True
    ).root,
    "fsolve": lambda p: optimize.fsolve(lambda x, p: equation(x[0], p), 1.0, args=(p,))[0],
    "fsolve of two": lambda p: optimize.fsolve(with_square, [1.0, 1.0], args=(p,), full_output=True)[0][0],
    "root": lambda p: optimize.root(lambda v: with_square(v, p), [1.0, 1.0]).x[0],
    "root of lists": lambda p: optimize.root(lambda v: [equation(v[0], p), v[1] - p], [1.0, 1.0], method="lm").x[0],
    "root with a Jacobian": lambda p: optimize.root(
        lambda v: ([equation(v[0], p)], [[slope(v[0], p)]]), [1.0], jac=True
    ).x[0],
    "krylov": lambda p: optimize.newton_krylov(lambda v: v * np.exp(v) - p, [1.0], f_tol=1e-13)[0],
    "krylov of objects": lambda p: optimize.newton_krylov(
        np.frompyfunc(lambda x: equation(x, p), 1, 1), [1.0], f_tol=1e-13
    )[0],
    "implicit": dn.implicit(lambda p: optimize.brentq(equation, 0.0, 10.0, args=(p,), xtol=1e-14), equation),
}  # fmt: skip


@pytest.mark.parametrize("name", SOLVERS)
def test_derivatives_of_a_root(name):
    f = SOLVERS[name]
    tolerance = 1e-8 if "fsolve" in name or "root" in name or name.endswith("of an array") else 1e-11
    assert dn.value(dn.lift(f)(dn.Dual(P))) == f(P)  # SciPy's bits
    for order in (1, 2, 3):
        assert dn.derivative(f, order=order)(P) == pytest.approx(TRUTH[order], rel=tolerance)
    assert dn.derivative(dn.derivative(dn.derivative(f)))(P) == pytest.approx(TRUTH[3], rel=tolerance)
    assert dn.taylor(f, 3)(P) == pytest.approx(
        [t / math.factorial(k) for k, t in enumerate(TRUTH)], rel=tolerance
    )


@pytest.mark.parametrize("solver", [optimize.fsolve, optimize.leastsq])
def test_compiled_code_prints_no_error_of_a_call_that_is_lifted_then(solver, capfd):
    assert dn.derivative(lambda p: solver(lambda x: x * x - p, 1.0)[0])(4.0) == pytest.approx(0.25, rel=1e-7)
    assert capfd.readouterr().err == ""


def test_a_root_of_several_parameters():
    def f(p):
        def residual(v):
            work = np.zeros(2)
            work[0], work[1] = v[0] + v[1] - p[0], v[0] * v[1] - p[1]
            return work

        return optimize.fsolve(residual, [3.0, 1.0], xtol=1e-13)

    def closed(p):  # the roots of x^2 - p0 x + p1
        wing = dn.sqrt(p[0] * p[0] / 4 - p[1])
        return np.array([p[0] / 2 + wing, p[0] / 2 - wing])

    p = np.array([5.0, 3.0])
    np.testing.assert_allclose(dn.jacobian(f)(p), dn.jacobian(closed)(p), rtol=1e-11)
    np.testing.assert_allclose(dn.hessian(f)(p), dn.hessian(closed)(p), rtol=1e-10)


def test_an_implicit_function_of_arrays():
    solve = dn.implicit(np.linalg.solve, lambda x, a, b: a @ x - b)
    a, b = np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([1.0, 2.0])
    np.testing.assert_allclose(
        dn.hessian(lambda a: solve(a, b)[0])(a), dn.hessian(lambda a: np.linalg.solve(a, b)[0])(a), rtol=1e-13
    )


def test_where_a_root_has_no_derivative():
    jump = lambda p: optimize.brentq(lambda x: math.copysign(1.0, x - 0.3) * p, 0.0, 1.0)  # noqa: E731
    double = lambda p: optimize.newton(lambda x: (x - 1) ** 2 * p, 1.5)  # noqa: E731
    for f in (
        jump,
        dn.implicit(lambda p: 0.0, lambda x, p: x * x * p),
        dn.implicit(lambda p: 0.5, lambda x, p: x - p),
    ):
        with pytest.raises(ValueError, match="a residual of 0 at the solution"):
            dn.derivative(f, lift=True)(2.0)
    with pytest.raises(ValueError, match=r"a residual of x's shape \(\), got \(2,\)"):
        dn.derivative(dn.implicit(lambda p: 0.5, lambda x, p: np.array([x, p])))(2.0)
    assert dn.derivative(double, lift=True)(2.0) == pytest.approx(0.0, abs=1e-6)
