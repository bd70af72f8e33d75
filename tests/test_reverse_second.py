"""Second derivatives in reverse mode: the same as by duals, from one call of f."""

import warnings

import numpy as np
import pytest
import reverse_programs
from reverse_programs import Program
from test_reverse import N, X, by_duals, of_dict, points, recorded_gradient

import dualnum as dn
from dualnum import _core


def check_second(seed, lattice):
    """Compare H v of a random program, twice; return False where duals would decide."""
    x, f = reverse_programs.variables(seed, lattice), Program(seed)
    v = np.random.default_rng(seed).normal(size=x.size)
    tape = _core.Tape(second=True)
    variables = _core.record_variable(tape, x)
    try:
        y = f(variables)
    except (ValueError, _core.NotRecorded):
        return False
    (gradient,), products = _core.second_pull_backs(tape, y, 1.0, [variables], [[v], [0 * v], [v]])
    (found,), (zero,), (again,) = products
    np.testing.assert_array_equal(found, again)
    np.testing.assert_allclose(gradient, recorded_gradient(f, x)[1], rtol=1e-10, equal_nan=True)
    if not np.isfinite(found).all():
        return False
    assert not np.nan_to_num(zero).any()
    expected = dn.hvp(f, chunk=x.size, check=False, lift=False)(x, v)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * max(1, np.abs(expected).max()))
    return True


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("block", range(2))
def test_random_programs_of_second_order(block, lattice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sum(check_second(seed, lattice) for seed in range(100 * block, 100 * block + 100)) > (
            15 if lattice else 50
        )


def smooth(x):
    """Use all that second derivatives record: views, writes, products, norms, numbers."""
    y = x.copy()
    y[1:] *= np.tanh(x[:-1])
    y[::3] = np.exp(-x[::3]) / (2 + x[1::3] ** 2)
    m = y.reshape(6, 10)
    s = m @ m.T + 9 * np.eye(6)
    t = x[0] * x[1] + np.sin(x[2]) / x[3] ** 2
    return (
        np.linalg.slogdet(s)[1] * np.linalg.norm(x)
        + np.linalg.solve(s, m[:, 0]) @ m[:, 1] * t
        + np.sum(np.cumsum(y) * np.where(x > 0, x**3, y * y))
        + np.std(x) * np.var(m, axis=1).sum()
        + np.einsum("ij,kj,ik->", m, m, s) * 1e-3
        + np.trace(np.linalg.inv(s)) * np.max(y)
        + np.sum(np.hypot(x, 1.5) * np.logaddexp(y, x) + np.arctan2(x, 2 + y * y) + np.abs(x) ** 2.5)
    )


def test_second_derivatives():
    v = np.cos(np.arange(N))
    hessian = dn.hessian(smooth)(X)
    expected = dn.hessian(smooth, chunk=20)(X)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(hessian, expected, rtol=1e-9, atol=1e-12 * scale)
    assert np.array_equal(hessian, hessian.T)
    value, gradient, again = dn.value_gradient_hessian(smooth)(X)
    assert value == smooth(X.copy()) and np.array_equal(again, hessian)
    np.testing.assert_allclose(gradient, by_duals(smooth, X), rtol=1e-10, atol=1e-12 * scale)
    np.testing.assert_allclose(dn.hvp(smooth)(X, v), expected @ v, rtol=1e-9, atol=1e-11 * scale)
    np.testing.assert_allclose(dn.vhv(smooth)(X, v), v @ expected @ v, rtol=1e-9)
    np.testing.assert_allclose(dn.laplacian(smooth)(X), np.trace(expected), rtol=1e-9)


@pytest.mark.parametrize("driver", [dn.hessian, dn.hvp, dn.laplacian])
def test_second_derivatives_take_one_call(driver):
    calls = []
    arguments = (X, X) if driver is dn.hvp else (X,)
    driver(lambda x: calls.append(1) or smooth(x), check=False)(*arguments)
    assert calls == [1]


@pytest.mark.parametrize(
    "kink", [lambda x: np.abs(x) ** 2, lambda x: np.maximum(x, -x), lambda x: np.clip(x, 0, 1)]
)
def test_kinks_of_second_order_are_those_of_duals(kink):
    x = np.where(X > 0.5, 0.0, X)

    def f(x):
        return np.sum(kink(x) * np.cos(x))

    # the same engine, in tiles of other sizes
    np.testing.assert_allclose(dn.hessian(f)(x), dn.hessian(f, chunk=8)(x), rtol=1e-13, atol=1e-15)


def test_second_derivatives_of_containers_and_batches():
    p = {"W": X.reshape(6, 10), "b": X[:6], "s": 2.0}
    found, expected = dn.hessian(of_dict)(p), dn.hessian(of_dict, chunk=10)(p)
    for a in p:
        for b in p:
            np.testing.assert_allclose(found[a][b], expected[a][b], rtol=1e-10, atol=1e-12)
    x = X.reshape(20, 3)
    np.testing.assert_allclose(
        dn.hessian(points, batched=True)(x),
        dn.hessian(points, batched=True, chunk=3)(x),
        rtol=1e-10,
        atol=1e-12,
    )
    np.testing.assert_allclose(
        dn.hvp(points, batched=True)(x, x),
        dn.hvp(points, batched=True, chunk=3)(x, x),
        rtol=1e-10,
        atol=1e-12,
    )


def test_values_that_two_records_read_before_a_write_keep_their_tangents():
    def f(x):
        y = x * 1.5
        a, b, first = np.sin(y), np.exp(y), y[0] * y[1]
        y *= x
        y[0] = a[1] * b[0]
        return np.sum(a * b * y) + first * y[0]

    x, v = np.linspace(0.2, 1.0, 60), np.cos(np.arange(60.0))
    np.testing.assert_allclose(dn.hvp(f)(x, v), dn.hvp(f, lift=False, subok=False)(x, v), rtol=1e-12)


def test_second_derivatives_of_sorted_numbers_take_one_call():
    weights, calls = np.arange(N) ** 2.0, []

    def f(x):
        calls.append(1)
        return np.sort(x.reshape(6, 10), axis=None) ** 2 @ weights

    expected = np.zeros(N)
    expected[np.argsort(X)] = 2 * weights
    np.testing.assert_allclose(dn.hessian(f, check=False)(X), np.diag(expected), rtol=1e-14)
    assert calls == [1]


def test_second_derivatives_beside_the_jump_of_copysign_take_one_call():
    signs, calls = np.cos(np.arange(N)), []

    def f(x):
        calls.append(1)
        return np.sum(np.copysign(x, signs) * x**2)

    expected = 6 * np.abs(X) * np.sign(signs)
    np.testing.assert_allclose(dn.hessian(f, check=False)(X), np.diag(expected), rtol=1e-13)
    assert calls == [1]


@pytest.mark.parametrize(
    ("jump", "x", "above"),
    [(np.ceil, 2.0, 3), (np.rint, 0.5, 1), (np.rint, 2.5, 3), (np.trunc, -2.0, -1), (np.floor, 2.0, 2)],
)
def test_second_derivatives_at_jumps_are_those_above(jump, x, above):
    """With many variables, too, for which a tape would follow the value at the jump."""
    hessian = dn.hessian(lambda x: np.sum(jump(x) * x**2))(np.full(N, x))
    np.testing.assert_array_equal(hessian, 2 * above * np.eye(N))


@pytest.mark.parametrize("ddof", [0, 1])
def test_derivatives_of_variances(ddof):
    """They are 2 / (n - ddof) times the projection on vectors without a mean; those of std follow from s = sqrt(v)."""
    gap, projection = X - X.mean(), np.eye(N) - 1 / N
    variance = np.sum(gap**2) / (N - ddof)
    first, second = 2 * gap / (N - ddof), 2 * projection / (N - ddof)
    np.testing.assert_allclose(dn.gradient(lambda x: np.var(x, ddof=ddof))(X), first, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(dn.hessian(lambda x: np.var(x, ddof=ddof))(X), second, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(
        dn.hessian(lambda x: np.std(x, ddof=ddof))(X),
        second / 2 / np.sqrt(variance) - np.outer(first, first) / 4 / variance**1.5,
        rtol=1e-11,
        atol=1e-15,
    )
