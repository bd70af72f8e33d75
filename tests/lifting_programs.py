"""Programs for floats beside formulas that dualnum differentiates as they are, for the tests of lifting."""

import numpy as np

import dualnum as dn

X = 0.7


def like(programs, formula):
    """Return a decorator that notes a program together with a formula that dualnum differentiates as it is."""

    def register(f):
        assert f.__name__ not in programs
        programs[f.__name__] = f, formula, X
        return f

    return register


def cube_of_sine(x):
    return dn.sin(x) ** 3


def both(x):
    return dn.sin(x) * dn.exp(x)


def bisect(a):
    """Return the square root of a, without its derivative."""
    lo, hi = 0.0, 10.0
    for _ in range(60):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if middle * middle < a else (lo, middle)
    return lo


def has_the_derivatives_of_its_formula(program, lift):
    f, formula, x = program
    want = dn.taylor(formula, 3)(x)
    got = dn.taylor(f, 3, lift=lift)(x)
    assert got[0] == f(x)
    np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)
    second = dn.derivative(dn.derivative(f, lift=lift), lift=lift)(x)
    np.testing.assert_allclose(second, 2 * want[2], rtol=1e-12, atol=1e-14)


def gives_floats_for_floats(program):
    f, _, x = program
    got = dn.lift(f)(x)
    assert type(got) is type(f(x)) and got == f(x)
