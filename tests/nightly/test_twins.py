"""Compiled functions of numba and bottleneck: duals go to the Python function or to NumPy's."""

import math

import numpy as np
import pytest

import dualnum as dn


def test_numba():
    numba = pytest.importorskip("numba")

    @numba.njit
    def inner(x):
        return math.sin(x) * x

    @numba.njit
    def fills(x):
        a = np.zeros(3)
        for i in range(3):
            a[i] = inner(x * i)
        return a.sum()

    @numba.vectorize
    def element(x):
        return math.exp(x) * x

    x = 0.7
    slope = sum(i * (math.sin(i * x) + i * x * math.cos(i * x)) for i in range(3))
    assert dn.derivative(lambda t: fills(t))(x) == pytest.approx(slope, rel=1e-13)
    assert dn.derivative(lambda t: element(np.array([t, 1.0]))[0])(x) == pytest.approx(
        math.exp(x) * (1 + x), rel=1e-13
    )


def test_bottleneck():
    bottleneck = pytest.importorskip("bottleneck")

    def f(x):
        return bottleneck.nanmean(np.array([x, np.nan, 1.0])) + bottleneck.nanstd([x, 2.0], ddof=1)

    assert dn.derivative(f)(0.7) == pytest.approx(0.5 - math.sqrt(0.5), rel=1e-13)
