"""Incomplete gamma and beta functions by all arguments, against mpmath to third order; their inverses by identities."""

import numpy as np
import pytest

import dualnum as dn

mpmath = pytest.importorskip("mpmath")
special = pytest.importorskip("scipy.special")


def lower_gamma(a, x):
    return mpmath.gammainc(a, 0, x, regularized=True)


def beta(a, b, x):
    return mpmath.betainc(a, b, 0, x, regularized=True)


def student(df, t):
    return (1 + mpmath.sign(t) * beta(mpmath.mpf(1) / 2, df / 2, t * t / (df + t * t))) / 2


def f_ratio(m, n, x):
    return m * x / (n + m * x)


FUNCTIONS = {
    "gammainc": (lower_gamma, [(2.3, 1.1), (0.4, 3.0), (30.0, 12.0), (150.0, 140.0), (150.0, 170.0), (0.01, 1e-3)]),
    "gammaincc": (lambda a, x: 1 - lower_gamma(a, x), [(2.3, 1.1), (12.0, 30.0), (30.0, 12.0)]),
    "chdtr": (lambda v, x: lower_gamma(v / 2, x / 2), [(3.0, 2.0)]),
    "chdtrc": (lambda v, x: 1 - lower_gamma(v / 2, x / 2), [(3.0, 9.0)]),
    "gdtr": (lambda a, b, x: lower_gamma(b, a * x), [(1.2, 3.0, 2.0)]),
    "gdtrc": (lambda a, b, x: 1 - lower_gamma(b, a * x), [(1.2, 3.0, 2.0)]),
    "betainc": (beta, [(2.1, 1.7, 0.3), (0.4, 0.5, 0.9), (30.0, 40.0, 0.45), (5.0, 200.0, 0.01), (2.0, 3.0, 0.99)]),
    "betaincc": (lambda a, b, x: 1 - beta(a, b, x), [(2.1, 1.7, 0.3), (30.0, 40.0, 0.45)]),
    "stdtr": (student, [(3.3, 0.4), (3.3, 1e-9), (3.3, -2.4), (3.3, 5.0), (40.0, 1.0), (0.8, -0.3), (0.3, 0.9)]),
    "fdtr": (lambda m, n, x: beta(m / 2, n / 2, f_ratio(m, n, x)), [(3.1, 5.2, 0.7), (10.0, 4.0, 3.0)]),
    "fdtrc": (lambda m, n, x: 1 - beta(m / 2, n / 2, f_ratio(m, n, x)), [(3.1, 5.2, 0.7)]),
}  # fmt: skip
#: SciPy 1.11 has no betaincc and betainccinv.
POINTS = [
    (name, point) for name, (_, points) in FUNCTIONS.items() if hasattr(special, name) for point in points
]


@pytest.mark.parametrize(("name", "point"), POINTS)
def test_derivatives_by_every_argument(name, point):
    f, truth = getattr(special, name), FUNCTIONS[name][0]
    exact = [mpmath.mpf(x) for x in point]
    with mpmath.workdps(40):
        for i, x in enumerate(point):

            def along(g, p, i=i):
                return lambda t: g(*p[:i], t, *p[i + 1 :])

            for order in (1, 2, 3):
                expected = mpmath.diff(along(truth, exact), exact[i], order)
                found = dn.derivative(along(f, point), order=order, lift=False)(x)
                assert found == pytest.approx(float(expected), rel=1e-10, abs=1e-14)
        expected = mpmath.diff(truth, tuple(exact), (1, 1) + (0,) * (len(point) - 2))
    mixed = dn.hessian(lambda v: f(*v))(np.array(point))[0, 1]
    assert mixed == pytest.approx(float(expected), rel=1e-10, abs=1e-14)
    assert dn.value(f(*dn.seed(np.array(point)))) == f(*point)


INVERSES = {
    "gammaincinv": ("gammainc", (2.3, 0.3)),
    "gammainccinv": ("gammaincc", (0.5, 0.9)),
    "chdtri": ("chdtrc", (3.0, 0.4)),
    "betaincinv": ("betainc", (2.1, 1.7, 0.3)),
    "betainccinv": ("betaincc", (0.5, 0.7, 0.9)),
    "stdtrit": ("stdtr", (3.3, 0.2)),
    "fdtri": ("fdtr", (3.1, 5.2, 0.4)),
}


@pytest.mark.parametrize("name", [name for name in INVERSES if hasattr(special, name)])
def test_an_inverse_undoes_its_function(name):
    of, point = INVERSES[name]
    f, inverse = getattr(special, of), getattr(special, name)

    def zero(v):
        return f(*v[:-1], inverse(*v)) - v[-1]

    direction = np.arange(1.0, len(point) + 1)
    np.testing.assert_allclose(
        dn.taylor(lambda x: zero(point + x * direction), 3, check=False)(0.0), 0, atol=1e-10
    )
    np.testing.assert_allclose(dn.hessian(zero, check=False)(np.array(point)), 0, atol=1e-10)


ENDS = {
    "gammainc": [(2.0, 0.0), (0.5, np.inf)], "gammaincc": [(2.0, 0.0)], "chdtr": [(3.0, 0.0)],
    "gdtrc": [(2.0, 3.0, 0.0)], "betainc": [(2.0, 3.0, 0.0), (2.0, 3.0, 1.0)], "stdtr": [(3.0, -np.inf)],
    "fdtrc": [(3.0, 5.0, 0.0)], "gammaincinv": [(2.0, 0.0)], "betaincinv": [(2.0, 3.0, 1.0)], "chdtri": [(3.0, 1.0)],
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_at_the_ends_parameters_move_nothing(name):
    f = getattr(special, name)
    for *parameters, end in ENDS[name]:
        point = np.array(parameters)
        moved = f(*dn.seed(point), end)
        np.testing.assert_array_equal(dn.tangent(moved), 0)
        assert dn.value(moved) == f(*point, end)
        beside = np.array([end, 0.4])  # an end does not stop its neighbours
        assert dn.tangent(f(*dn.seed(point), beside))[1].all()


#: Points where formulas cancel: tiny parameters, large ones, arguments near 0, 1 and the mean.
HARD = {
    "gammainc": [
        (1e-8, 0.3), (0.0013, 0.094), (0.0055, 0.34), (0.46, 0.796), (0.58, 0.52), (0.7, 1.3), (1.0, 40.0),
        (3.0, 1e-8), (67.2, 67.34), (9844.0, 9855.0), (1e5, 1.005e5),
    ],
    "gammaincc": [(0.0055, 30.0), (9844.0, 9855.0)],
    "betainc": [
        (0.026, 216.0, 9.4e-8), (0.012, 1.66, 0.19), (26.4, 0.0167, 0.9656), (0.94, 1.066, 0.5), (0.3, 0.02, 0.6),
        (1.5, 259.0, 0.0038), (300.0, 400.0, 0.43), (5.0, 2e4, 3e-4), (0.013, 0.02, 1e-5), (2e4, 5.0, 0.9997),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "point"), [(name, point) for name in HARD for point in HARD[name]])
def test_derivatives_by_parameters_within_conditioning_aware_ulps(name, point):
    f, truth = getattr(special, name), FUNCTIONS[name][0]

    def exact(i, order, *at):
        """Return a derivative by the place i, from central differences of 5 points in 60 digits."""
        h = at[i] * mpmath.mpf(10) ** -9
        values = [truth(*at[:i], at[i] + k * h, *at[i + 1 :]) for k in (-2, -1, 0, 1, 2)]
        shares = {1: (1, -8, 0, 8, -1), 2: (-1, 16, -30, 16, -1)}[order]
        return sum(c * y for c, y in zip(shares, values, strict=True)) / (12 * h**order)

    with mpmath.workdps(60):
        at = [mpmath.mpf(x) for x in point]
        for i in range(len(point) - 1):
            for order, bar in ((1, 50), (2, 500)):
                expected = exact(i, order, *at)
                scale = abs(expected) + sum(
                    abs(exact(i, order, *at[:k], x * (1 + mpmath.mpf(10) ** -7), *at[k + 1 :]) - expected)
                    * 10**7
                    for k, x in enumerate(at)
                )
                found = dn.derivative(
                    lambda t, i=i: f(*point[:i], t, *point[i + 1 :]), order=order, lift=False, check=False
                )(point[i])
                assert abs(found - expected) <= bar * 2.0**-52 * scale


def test_no_parameter_is_too_large():
    found = dn.derivative(lambda a: special.gammainc(a, 1e9), check=False)(1e9)
    assert found == pytest.approx(-1 / np.sqrt(2 * np.pi * 1e9), rel=1e-4)  # the limit is a normal one
    found = dn.derivative(lambda a: special.betainc(a, 1e12, 0.5), check=False)(1e12)
    assert found == pytest.approx(-1 / np.sqrt(4 * np.pi * 1e12), rel=1e-5)


def test_an_array_has_the_derivatives_of_its_elements():
    a, b = np.geomspace(1e-3, 1e3, 700), np.geomspace(1e2, 1e-2, 700)  # more than one block
    for f, arguments in ((special.gammainc, (a, 1.1 * a)), (special.betainc, (a, b, a / (a + b)))):
        along = np.linspace(-1.0, 1.0, 700)
        whole = f(arguments[0] + along * dn.Dual(0.0, 1.0), *arguments[1:])
        each = [f(dn.Dual(x[0], h), *x[1:]) for h, *x in zip(along, *arguments, strict=True)]
        assert dn.tangent(whole)[:, 0] == pytest.approx([x.tangent for x in each], rel=1e-14)
