"""Numbers and arrays of other packages beside duals, and what other packages ask of a number."""

import collections.abc
import pickle

import numpy as np
import pytest

import dualnum as dn

X = np.array([1.0, 2.0, 4.0])


def unpickled(x):
    return pickle.loads(pickle.dumps(x))


def swapped(x):
    return x.astype(x.dtype.newbyteorder())


def unaligned(x):
    memory = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype)
    memory[...] = x
    assert not memory.flags.aligned
    return memory


def frozen(x):
    x = x.copy()
    x.flags.writeable = False
    return x


@pytest.mark.parametrize("given", [unpickled, swapped, unaligned, frozen])
@pytest.mark.parametrize(
    "driver",
    [
        dn.derivative(np.exp),
        dn.derivative(np.exp, order=2),
        dn.derivative(np.exp, order=4),
        dn.gradient(lambda x: np.sum(x**3)),
        dn.jacobian(np.cumsum, chunk=2),
        dn.hessian(lambda x: np.prod(x)),
        dn.laplacian(lambda x: np.prod(x)),
        dn.divergence(lambda x: x**2),
        dn.taylor(np.sin, 3),
        dn.taylor_polynomial(lambda x: np.prod(x), 2),
        dn.derivative_tensor(lambda x: np.prod(x), 3),
        lambda x: dn.jvp(np.exp)(x, x)[1],
        lambda x: dn.hvp(lambda x: np.sum(x**3))(x, x),
        lambda x: dn.vhv(lambda x: np.sum(x**3))(x, x),
        lambda x: dn.tangent(dn.seed(x) * x),
        lambda x: dn.tangent(np.hypot(x, dn.seed(x))),
        lambda x: dn.tangent(np.outer(x, dn.seed(x))),
        lambda x: dn.taylor_solve(lambda t, y: -y, (0.0, 1.0), x).y[:, -1],
        lambda x: dn.check.compare(lambda x: np.sum(x**3), x).agrees,
    ],
)
def test_float64_however_it_came_about(driver, given):
    """Arrays from a pickle have a dtype object of their own, others are swapped, unaligned or read-only."""
    want, got = driver(X), driver(given(X))
    if isinstance(want, dn.TaylorPolynomial):
        want, got = want(X + 1), got(X + 1)
    np.testing.assert_array_equal(got, want)


def test_a_number_is_not_iterable():
    for d in (dn.Dual(3.0), dn.HyperDual(2.0)):
        assert not isinstance(d, collections.abc.Iterable) and not hasattr(d, "__iter__")
        with pytest.raises(TypeError, match="not iterable"):
            iter(d)
        with pytest.raises(TypeError, match="not iterable"):
            tuple(d)
        assert (d[()] is d or d[()] == d) and d[...] == d
        assert not hasattr(d, "flat")


def test_sympify_refuses_a_dual():
    """It once called itself without end."""
    sympy = pytest.importorskip("sympy")
    with pytest.raises((sympy.SympifyError, TypeError, SyntaxError)):
        sympy.sympify(dn.Dual(3.0))
