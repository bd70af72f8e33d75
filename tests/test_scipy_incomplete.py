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
    "stdtr": (student, [(3.3, 0.4), (3.3, -2.4), (3.3, 5.0), (40.0, 1.0), (0.8, -0.3), (0.3, 0.9)]),
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


def test_parameters_beyond_the_longest_series_refuse():
    with pytest.raises(ValueError, match="expect parameters for which 20000 terms suffice"):
        dn.derivative(lambda a: special.gammainc(a, 1e9), check=False)(1e9)
