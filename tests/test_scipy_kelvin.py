"""Kelvin's functions, parabolic cylinders, integrals of Bessel and Airy functions: two orders against mpmath."""

import numpy as np
import pytest

import dualnum as dn

mpmath = pytest.importorskip("mpmath")
special = pytest.importorskip("scipy.special")

POINTS = 0.3, 4.2


def kelvin(f, first=1):
    return lambda x, order: mpmath.diff(lambda t: f(0, t), x, order + first)


#: Functions, and the derivatives of their first derivatives by x.
FUNCTIONS = {
    f"{name}{prime}": (getattr(special, name + prime), kelvin(getattr(mpmath, name), 1 + len(prime)))
    for name in ("ber", "bei", "ker", "kei")
    for prime in ("", "p")
} | {
    name: (f, lambda x, order, slope=slope: mpmath.diff(slope, x, order))
    for name, f, slope in (
        ("itairy of Ai", lambda x: special.itairy(x)[0], mpmath.airyai),
        ("itairy of Bi on the left", lambda x: special.itairy(x)[3], lambda t: mpmath.airybi(-t)),
        ("iti0k0", lambda x: special.iti0k0(x)[0], lambda t: mpmath.besseli(0, t)),
        ("iti0k0 of K", lambda x: special.iti0k0(x)[1], lambda t: mpmath.besselk(0, t)),
        ("itj0y0 of Y", lambda x: special.itj0y0(x)[1], lambda t: mpmath.bessely(0, t)),
    )
} | {
    "pbdv": (lambda x: special.pbdv(1.3, x)[0], lambda x, n: mpmath.diff(lambda t: mpmath.pcfd(1.3, t), x, n + 1)),
    "pbdv's slope": (
        lambda x: special.pbdv(1.3, x)[1], lambda x, n: mpmath.diff(lambda t: mpmath.pcfd(1.3, t), x, n + 2)
    ),
    "pbwa": (lambda x: special.pbwa(0.7, x)[0], lambda x, n: mpmath.diff(lambda t: mpmath.pcfw(0.7, t), x, n + 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name):
    f, truth = FUNCTIONS[name]
    for x in POINTS:
        with mpmath.workdps(30):
            expected = [float(mpmath.re(truth(mpmath.mpf(x), n))) for n in (0, 1)]
        found = [dn.derivative(f, order=n, lift=False, check=False)(x) for n in (1, 2)]
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12 * max(map(abs, expected)))


def test_kelvin_functions_at_zero():
    assert dn.derivative(special.ber)(0.0) == dn.derivative(special.bei)(0.0) == 0
    assert np.isnan(dn.derivative(special.beip, check=False)(0.0))  # 0 / 0


def test_negative_binomials_by_the_probability():
    for f, sign in ((special.nbdtr, 1), (special.nbdtrc, -1)):
        found = dn.derivative(lambda p, f=f: f(2, 3, p))(0.4)
        assert found == pytest.approx(sign * 60 * 0.4**2 * 0.6**2 / 2, rel=1e-13)


TESTED = {*"ber bei ker kei berp beip kerp keip itairy iti0k0 itj0y0 pbdv pbwa nbdtr nbdtrc".split()}
