"""`dualnum.scipy`: SciPy's functions, classes and objects for duals that are made by hand."""

import importlib

import numpy as np
import pytest

import dualnum as dn

pytest.importorskip("scipy")
from scipy import interpolate, linalg, optimize, stats

import dualnum.scipy as mirror

X = np.linspace(0, 2, 6)
Y = np.sin(X)
D = dn.Dual(0.7)
CASES = {
    "linalg": (lambda m, x: m.linalg.det(np.array([[x, 1.0], [0.5, 3.0]])), lambda x: 3 * x - 0.5),
    "a list": (lambda m, x: m.linalg.solve([[x, 1.0], [0.0, 2.0]], [1.0, x])[0], lambda x: (1 - x / 2) / x),
    "a distribution": (lambda m, x: m.stats.norm.logpdf(0.2, x), lambda x: -((0.2 - x) ** 2) / 2),
    "a frozen one": (lambda m, x: m.stats.expon(scale=x).cdf(0.2), lambda x: -dn.expm1(-0.2 / x)),
    "frozen on floats": (lambda m, x: m.stats.norm(0, 1).logpdf(x), lambda x: -x * x / 2),
    "a spline of x": (lambda m, x: m.interpolate.CubicSpline(X, X**3)(x), lambda x: x**3),
    "a spline of y": (lambda m, x: m.interpolate.CubicSpline(X, X**3 * x)(0.5), lambda x: 0.125 * x),
    "its derivative": (lambda m, x: m.interpolate.CubicSpline(X, X**3 * x).derivative()(0.5), lambda x: 0.75 * x),
    "a class method": (
        lambda m, x: m.interpolate.BSpline.basis_element([0, 1, 2])(x), lambda x: x
    ),
    "a closure": (lambda m, x: m.optimize.brentq(lambda t: t * t - x, 0, 2), lambda x: dn.sqrt(x)),
    "a spline as integrand": (
        lambda m, x: m.integrate.quad(m.interpolate.CubicSpline(X, X**3 * x), 0, 1)[0], lambda x: 0.25 * x
    ),
    "an attribute": (lambda m, x: m.interpolate.CubicSpline(X, X * x).c[2, 0], lambda x: x),
    "a ufunc": (lambda m, x: m.special.erf(x), lambda x: dn.sqrt(4 / np.pi) * (x - x**3 / 3 + x**5 / 10 - x**7 / 42)),
    "a submodule": (lambda m, x: m.spatial.distance.euclidean([x, 0.0], [0.0, 2.0]), lambda x: dn.sqrt(x * x + 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_on_duals(name):
    f, closed = CASES[name]
    rtol = 2e-2 if name == "a ufunc" else 1e-12
    np.testing.assert_allclose(dn.tangent(f(mirror, D)), dn.tangent(closed(D)), rtol=rtol)
    np.testing.assert_allclose(
        dn.jacobian(lambda x: f(mirror, x))(0.7), dn.tangent(closed(D))[..., 0], rtol=rtol
    )
    scipy = importlib.import_module("scipy")
    assert dn.value(f(mirror, D)) == f(scipy, 0.7) == f(mirror, 0.7)


def test_names_and_imports_are_those_of_scipy():
    import dualnum.scipy.linalg
    import dualnum.scipy.spatial.distance as distance
    from dualnum.scipy.stats import norm

    from dualnum.scipy import signal

    assert dualnum.scipy.linalg is mirror.linalg and mirror.spatial.distance is distance
    assert (
        norm.name == "norm"
        and signal.convolve.__doc__ == importlib.import_module("scipy.signal").convolve.__doc__
    )
    assert set(dir(mirror.linalg)) == set(dir(linalg)) and "linalg" in dir(mirror)
    assert mirror.linalg.LinAlgError is linalg.LinAlgError
    with pytest.raises(AttributeError):
        mirror.linalg.no_such_function  # noqa: B018
    with pytest.raises(ImportError):
        importlib.import_module("dualnum.scipy.no_such_module")


def test_floats_go_straight_through():
    a = np.eye(2)
    assert type(mirror.linalg.inv(a)) is np.ndarray
    assert type(mirror.stats.norm.pdf(0.3)) is np.float64
    assert mirror.optimize.brentq(lambda x: x - 0.5, 0, 2) == optimize.brentq(lambda x: x - 0.5, 0, 2)


def test_objects_stand_for_those_of_scipy():
    spline = mirror.interpolate.CubicSpline(X, Y)
    assert isinstance(spline, interpolate.CubicSpline) and isinstance(spline, mirror.interpolate.CubicSpline)
    assert isinstance(interpolate.CubicSpline(X, Y), mirror.interpolate.CubicSpline)
    assert not isinstance(3, mirror.interpolate.CubicSpline)
    spline.extrapolate = False
    assert np.isnan(spline(9.0))

    class Own(mirror.stats.rv_continuous):
        def _pdf(self, x):
            return 2 * x

    assert Own(a=0, b=1).pdf(0.3) == pytest.approx(0.6) and isinstance(stats.norm, mirror.stats.rv_continuous)
