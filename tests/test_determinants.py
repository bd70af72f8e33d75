"""Determinants of matrices of any condition, rank and scale, to high orders, against their polynomials."""

import itertools

import mpmath as mp
import numpy as np
import pytest
from linalg_cases import exact, matrix

import dualnum as dn

L = np.linalg
EPS = np.finfo(float).eps


def draw(*shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


def rotated(s, seed=1):
    """Return a matrix with these singular values."""
    n = len(s)
    q, w = (L.qr(draw(n, n, seed=seed + i))[0] for i in (0, 100))
    return q * np.asarray(s, float) @ w


def polynomial(a, v, order):
    """Return the coefficients of det(A + t V) up to t^order: row by row from A or from V, in 400 digits."""
    result = [mp.mpf(0)] * (order + 1)
    a, v = exact(a), exact(v)
    with mp.workdps(400):
        for moved in itertools.product((False, True), repeat=len(a)):
            if sum(moved) <= order:
                rows = [v[i] if move else a[i] for i, move in enumerate(moved)]
                result[sum(moved)] += mp.det(matrix(np.array(rows)))
    return result


def coefficients(f, a, v, order):
    """Return the Taylor coefficients of f(A + t V) by a series and, to third order, by nested derivatives."""
    yield dn.taylor(lambda t: f(a + t * v), order)(0.0)
    nested = lambda t: f((a + t * v).view(dn.DualArray))  # noqa: E731
    for k in range(1, min(order, 3) + 1):
        yield [
            dn.derivative(nested, order=k)(0.0) / mp.factorial(k) if j == k else None
            for j in range(order + 1)
        ]


MATRICES = {
    "one": np.ones(1),
    "orthogonal": np.ones(4),
    "two": [1, 2e-6],
    "three": [1, 1e-2, 1e-4],
    "a gap": [1, 1, 1e-3, 1e-3],
    "two gaps": [1, 1, 1e-4, 1e-8],
    "graded": np.geomspace(1, 1e-9, 6),
    "rank 3": [2, 1, 0.5, 0, 0],
    "rank 1": [1, 0, 0, 0],
    "zeros": np.zeros(3),
}


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e50, 1e-110, 1e-160], ids=str)
@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("order", [1, 2, 3, 5, 8])
def test_every_order_is_right(name, scale, order):
    """
    Order k is right to the rounding error times the largest terms that it has.

    These are the terms with the k smallest singular values left out, which rounding of the matrix changes; beyond as
    many orders as rows there are none.  NumPy's own determinant is the exponential of a logarithm.
    """
    s = np.sort(MATRICES[name])[::-1]
    n, v = len(s), draw(len(s), len(s), seed=7)
    a = rotated(s) * scale
    h, s = mp.mpf(float(L.norm(v))), [mp.mpf(float(x)) * scale for x in s + EPS * s[0]]
    tolerance = 1e-13 + EPS * abs(float(L.slogdet(a)[1])) if s[-1] else 1e-13
    want = polynomial(a, v, order)
    with np.errstate(all="ignore"):  # of the value
        found = list(coefficients(L.det, a, v, order))
    for got in found:
        for k in range(1, order + 1):
            if got[k] is not None:
                size = h**n if k > n else h**k * (s[0] * mp.fprod(s[: n - k - 1]) if k < n else 1)
                assert abs(float(got[k]) - want[k]) <= tolerance * size + mp.mpf(2) ** -1074, (k, got[k])


@pytest.mark.parametrize("n, order", [(1, 3), (3, 1), (3, 4), (9, 2), (9, 10)])
def test_powers_factor_out(n, order):
    """det(t V + t^2 W) is t^n det(V + t W)."""
    v, w = draw(n, n, seed=3), draw(n, n, seed=4)
    got = dn.taylor(lambda t: L.det(t * v + t * t * w), n + order)(0.0)
    want = dn.taylor(lambda t: L.det(v + t * w), order)(0.0)
    np.testing.assert_allclose(got[n:], want, rtol=1e-12, atol=1e-12 * np.max(np.abs(want)))
    assert not np.any(got[:n])


def test_large_singular_matrices_of_high_order():
    """det(diag(x, B)) is det(B) det(x), with B of full rank and x of rank 2."""
    n, order = 20, 6
    b, v = np.eye(14) + draw(14, 14, seed=5) / 5, draw(6, 6, seed=6)
    x = draw(6, 2, seed=7) @ draw(2, 6, seed=8)
    q = L.qr(draw(n, n, seed=9))[0]
    border = np.zeros((n, n))
    border[:14, :14], border[14:, 14:] = b, x
    move = np.zeros((n, n))
    move[14:, 14:] = v
    got = dn.taylor(lambda t: L.det(q @ (border + t * move) @ q.T), order)(0.0)
    want = dn.taylor(lambda t: L.det(x + t * v), order)(0.0) * L.det(b)
    np.testing.assert_allclose(got[1:], want[1:], rtol=0, atol=1e-12 * np.max(np.abs(want)))


@pytest.mark.parametrize("exponent", [-700, -360, 360, 700])
def test_scale_factors_out(exponent):
    """det(2^e A) is 2^(n e) det(A), where that is no number, too: derivatives with respect to A, at several levels."""
    a, two = rotated([3, 2, 1e-5]), 2.0**exponent
    with np.errstate(all="ignore"):  # of the value, and where the derivative is infinite
        for f, k in ((dn.gradient, 1), (dn.hessian, 2)):
            got, want = f(L.det)(a * two), f(L.det)(a)
            np.testing.assert_allclose(
                got, np.ldexp(want, (3 - k) * exponent), rtol=0, atol=1e-14 * np.max(got)
            )
        mixed = dn.derivative(lambda p: dn.taylor(lambda t: L.det(p * (a * two) + t * np.eye(3)), 4)(0.0))(
            1.0
        )
        powers = np.array([3, 2, 1, 0, 0])
        want = np.ldexp(powers * dn.taylor(lambda t: L.det(a + t * np.eye(3)), 4)(0.0), powers * exponent)
    np.testing.assert_allclose(mixed[1:], want[1:], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("stack", [False, True])
def test_logarithm_of_any_scale(stack):
    """log det(s G) is n log(s) + log det(G), where det(s G) is 0 or infinite in floating point, too."""
    g = np.diag(np.geomspace(1, 1e-7, 50))
    g = np.stack([g, g]) if stack else g
    for s in (1e-170, 1e-3, 1.0, 1e10, 1e150):
        got = dn.taylor(lambda t, s=s: L.slogdet((s + s * t) * g)[1], 4)(0.0)[1:]
        np.testing.assert_allclose(got.T, np.broadcast_to([50, -25, 50 / 3, -12.5], got.T.shape), rtol=1e-13)
    a, s = np.eye(2) + 0.1, 1e-170
    np.testing.assert_allclose(dn.gradient(lambda a: L.slogdet(a)[1])(s * a) * s, L.inv(a).T, rtol=1e-14)


def test_logarithm_for_a_covariance():
    """A Gaussian process's log-likelihood: an ill-conditioned covariance with a determinant below 1e-308."""
    x = np.linspace(0, 1, 50)
    k = np.exp(-((x[:, None] - x) ** 2) / 0.18) / 100 + 1e-8 * np.eye(50)
    move = k * (x[:, None] - x) ** 2
    assert L.det(k) == 0
    with mp.workdps(60):
        step = matrix(exact(k)) ** -1 * matrix(exact(move))
        first = mp.fsum(step[i, i] for i in range(50))
        square = mp.fsum(step[i, j] * step[j, i] for i in range(50) for j in range(50))
    got = dn.taylor(lambda t: L.slogdet(k + t * move)[1], 2)(0.0)
    np.testing.assert_allclose(got[1:], [float(first), float(-square / 2)], rtol=1e-15 * L.cond(k))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_stack_takes_every_way(order):
    """Well- and ill-conditioned, singular and tiny matrices beside each other are those alone."""
    a = np.stack(
        [rotated(s) * 1.0 for s in ([3, 2, 1], [1, 1, 1e-7], [1, 0, 0], [1e-150] * 3, [1, 1e-4, 1e-4])]
    )
    v = draw(5, 3, 3, seed=11) * np.array([1, 1, 1, 1e-150, 1])[:, None, None]
    with np.errstate(all="ignore"):
        for f, chosen in ((L.det, range(5)), (lambda m: L.slogdet(m)[1], [0, 1, 3, 4])):
            got = dn.taylor(lambda t, f=f, at=list(chosen): f(a[at] + t * v[at]), order)(0.0)
            for i, j in enumerate(chosen):
                alone = dn.taylor(lambda t, f=f, j=j: f(a[j] + t * v[j]), order)(0.0)
                np.testing.assert_allclose(got[:, i], alone, rtol=1e-14)


def test_not_a_number_is_not_dropped():
    """A matrix with an entry that is no number has no derivative that is one."""
    for bad in (np.nan, np.inf):
        x = dn.seed(np.stack([[[bad, 1.0], [1.0, 0.0]], np.eye(2)]))
        with np.errstate(all="ignore"):
            tangents = dn.tangent(L.det(x))
        assert np.isnan(tangents[0, :4]).all()
        assert np.array_equal(tangents[1], [0, 0, 0, 0, 1, 0, 0, 1])
