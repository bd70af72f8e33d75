"""Comparisons of duals give bool where f on floats has a float of Python's, and np.bool where it has np.float64."""

import math
import operator

import numpy as np
import pytest

import dualnum as dn
from dualnum._core import of_python

OPERATORS = "lt le eq ne gt ge".split()

#: Numbers that f makes of x and one: for a float x of Python's some are of NumPy's.
MADE = {
    "itself": lambda x: x,
    "sum": lambda x: 1 + x * 2.0 - x / 3,
    "power": lambda x: x**2 % 7.0,
    "negative": lambda x: abs(-x),
    "beside NumPy": lambda x: x * np.float64(2.0),
    "NumPy first": lambda x: np.float64(2.0) - x,
    "ufunc": lambda x: np.sin(x),
    "math": lambda x: math.sin(x),
    "math of two": lambda x: math.hypot(x, 2.0),
    "math of a ufunc": lambda x: math.exp(np.sin(x)),
    "float": lambda x: float(np.cos(x)),
    "float64": lambda x: np.float64(x),
    "of an array": lambda x: np.array([x, 1.0])[0],
    "sum of Python's": lambda x: sum([x, x]),
    "largest": lambda x: max(x, 0.5),
}


@pytest.mark.parametrize("start", [0.7, np.float64(0.7)])
@pytest.mark.parametrize("made", MADE)
def test_types_are_those_of_floats(start, made):
    seen = []

    def f(x):
        y = MADE[made](x)
        seen.append([type(getattr(operator, name)(y, other)) for name in OPERATORS for other in (0.5, 1, y)])
        seen[-1] += [type(np.float64(0.5) < y), type(0.5 < y)]
        return y

    expected = f(start)
    for lift in (True, "auto"):
        dn.derivative(f, lift=lift, check=False)(start)
    dn.gradient(lambda x: f(x[0]), lift=True, check=False)(np.array([0.7]))
    plain, lifted, called, of_array = seen[0], seen[-3], seen[-2], seen[-1]
    assert lifted == called == plain, expected
    f(np.float64(0.7))
    assert of_array == seen[-1]


@pytest.mark.parametrize("order", [1, 2])
def test_conditions_are_counted(order):
    """Brackets of a tax: a sum of conditions is a number for floats of Python's."""

    def tax(x):
        return x * (0.1 + 0.2 * ((x > 20_000) + (x > 50_000))) + ((x > 0) - (x < 0)) * x * x

    slopes = {1: lambda x, rate: rate + 2 * x, 2: lambda x, rate: 2.0}[order]
    for x, rate in ((10_000.0, 0.1), (30_000.0, 0.3), (60_000.0, 0.5)):
        assert dn.derivative(tax, order)(x) == pytest.approx(slopes(x, rate), rel=1e-14)


def test_conditions_of_elements_are_not():
    def f(x):
        return x[0] * ((x[0] > 1) + (x[1] > 1)) if ~(x[0] < 1) else x[1]

    for x in (np.array([2.0, 3.0]), np.array([0.5, 3.0])):
        np.testing.assert_array_equal(dn.gradient(f)(x), [1.0, 0.0] if x[0] == 2 else [0.0, 1.0])


def test_origin_is_kept_by_copies():
    d = of_python(dn.Dual(2.0), True)
    assert (
        type(d > 1) is bool
        and type(of_python(d, False) > 1) is np.bool_
        and type(dn.Dual(2.0) > 1) is np.bool_
    )
    assert dn.tangent(d) == dn.tangent(of_python(d, False))
