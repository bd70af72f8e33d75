"""Sparse Jacobians and Hessians: the dense ones, with the structure that f has, from one call of f."""

import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse

import dualnum as dn
from dualnum import _core

N = 24
X = np.random.default_rng(3).normal(size=N)
W = np.random.default_rng(4).normal(size=(N, N))
A = scipy.sparse.random_array((10, N), density=0.2, rng=np.random.default_rng(5), format="csr")


def dense(driver, f, x, *args):
    return driver(f, chunk=8, check=False)(x, *args).reshape(-1, np.size(x))


def compare(found, expected, nnz=None):
    """Check a csr_array against a dense matrix, and how many elements it has."""
    assert (
        type(found) is scipy.sparse.csr_array and found.has_sorted_indices and found.indices.dtype == np.int32
    )
    np.testing.assert_allclose(
        found.toarray(), expected, rtol=1e-12, atol=1e-13 * np.abs(expected).max(initial=1)
    )
    if nnz is not None:
        assert found.nnz == nnz


def difference(x):
    return x[1:] - x[:-1]


def periodic(x):
    """Three steps of a stencil: seven elements a row."""
    for _ in range(3):
        x = x + 0.1 * np.tanh(np.roll(x, 1) - 2 * x + np.roll(x, -1))
    return x


def bounded(x):
    """The same with ends that stay, written in place."""
    for _ in range(3):
        y = x.copy()
        y[1:-1] += 0.1 * (x[2:] - 2 * x[1:-1] + x[:-2]) * x[1:-1]
        x = y
    return x


def plane(x):
    """A five-point stencil with edges that are repeated."""
    u = np.pad(x.reshape(4, 6), 1, mode="edge")
    return u[1:-1, 1:-1] ** 2 - u[2:, 1:-1] - u[:-2, 1:-1] - u[1:-1, 2:] - u[1:-1, :-2]


def arrow(x):
    """One dense row among sparse ones."""
    return np.concatenate([x**2, [np.sum(np.exp(x)), 3.0, x[0] * x[-1]]])


def chosen(x):
    return np.where(x > 0, x * x, np.roll(x, 1)) + np.maximum(x[::-1], 0.0)


def pieces(x):
    y = np.zeros(2 * N).reshape(2, N) * x[0]
    y[0] = x
    y[1, ::2] = x[::2] * x[1::2].sum()
    y[:, 3] = 7.0
    y[0, [1, 5, 1]] = x[:3]
    y *= 2.0
    return y


def numbers(x):
    return [x[0] * x[1], 2.0, x[2] ** 3 + x[0], np.sin(x[5])]


def loop(x):
    y = np.zeros_like(x)
    for i in range(1, len(x)):
        y[i] = x[i] * x[i - 1] - 0.5 * y[i - 1]
    return y


def matrices(x):
    m = x.reshape(4, 6)
    return (m @ W[:6, :5]).ravel() * 2 + np.sum(m[:, :5] * m[:, 1:], axis=1).repeat(5)


def lines(x):
    m = x.reshape(4, 6)
    return np.concatenate([np.cumsum(m, axis=1).ravel(), np.prod(m, axis=0), m.std(axis=1), m.max(axis=1)])


def of_sparse(x):
    return np.concatenate([A @ x**2, A.dot(x), x @ A.T, (A.tocsc() @ x.reshape(N, 1)).ravel(), (2 * A) @ x])


def of_columns(x):
    return A[:, :6] @ np.stack([x[:6], x[6:12] ** 2], axis=1)


def solved(x):
    return np.linalg.solve(W[:4, :4] + np.diag(x[:4]), x[4:8])


FUNCTIONS = {
    difference: 2 * (N - 1),
    periodic: 7 * N,
    bounded: 2 * (1 + 5 + 6) + 7 * (N - 6),
    plane: 5 * N - 2 * (4 + 6),
    arrow: N + N + 2,
    chosen: 3 * N - 2,
    pieces: None,
    numbers: 2 + 2 + 1,
    loop: (N - 1) * (N + 2) // 2,
    matrices: 4 * 5 * 6,
    lines: 4 * 21 + 3 * N,
    of_sparse: 5 * A.nnz,
    of_columns: 2 * A[:, :6].nnz,
    solved: 4 * 8,
}


@pytest.mark.parametrize(("f", "nnz"), FUNCTIONS.items(), ids=lambda f: getattr(f, "__name__", None))
def test_jacobians(f, nnz):
    before = X.copy()
    jacobian = dn.jacobian(f, sparse=True)
    found = jacobian(X)
    compare(found, dense(dn.jacobian, f, X), nnz)
    assert np.array_equal(X, before)
    again = jacobian(X + 1e-3)  # by the plan of the first call
    compare(again, dense(dn.jacobian, f, X + 1e-3), nnz)
    assert np.array_equal(found.indices, again.indices) and np.array_equal(found.indptr, again.indptr)
    structure = dn.sparsity(f)(X)
    assert structure.dtype == np.int8 and set(structure.data) <= {1}
    assert np.array_equal(structure.indices, found.indices) and np.array_equal(structure.indptr, found.indptr)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def chain(x):
    y = x.copy()
    y[1:] *= np.tanh(x[:-1])
    y[::3] = np.exp(-x[::3]) / (2 + x[1::3] ** 2)
    return np.sum(np.cumsum(y)) + np.sum(y[2:] * y[:-2] ** 3) + x[0] * np.sin(x[1]) / x[2]


def grid(x):
    m = x.reshape(4, 6)
    return np.sum(np.sqrt(1 + np.diff(m, axis=0)[:, :-1] ** 2 + np.diff(m, axis=1)[:-1] ** 2))


def few(x):
    """A norm and a product of matrices, of four variables."""
    m = x[:4].reshape(2, 2)
    return np.linalg.norm(x[:4]) * x[9] + np.sum((m @ m.T) ** 2) + np.sum(x)


def products(x):
    return np.sum((A @ x) ** 2) + x @ x + np.prod(x[5:8]) + np.vdot(x[:3], x[1:4])


def weighted(x, w=3.0):
    return w * np.sum(np.log1p(x**2) * np.roll(x, 2)) + 4.0


SCALARS = {
    rosenbrock: 3 * N - 2,
    chain: None,
    grid: None,
    few: 4 * 5 + 4,
    products: None,
    weighted: 3 * N,
}


@pytest.mark.parametrize(("f", "nnz"), SCALARS.items(), ids=lambda f: getattr(f, "__name__", None))
def test_hessians(f, nnz):
    hessian = dn.hessian(f, sparse=True)
    found = hessian(X)
    compare(found, dense(dn.hessian, f, X), nnz)
    assert (found != found.T).nnz == 0
    again = hessian(X + 1e-3)
    compare(again, dense(dn.hessian, f, X + 1e-3), nnz)
    assert np.array_equal(found.indices, again.indices)


def test_one_call_of_f():
    calls = []
    for driver, f in ((dn.jacobian, periodic), (dn.hessian, rosenbrock)):
        calls.clear()
        driver(lambda x, f=f: calls.append(1) or f(x), sparse=True, check=False)(X)
        assert calls == [1]


def test_a_large_sum_is_no_dense_hessian():
    x = np.linspace(0.1, 1.0, 20_000)
    found = dn.hessian(lambda x: rosenbrock(x) / 7 + np.mean(x), sparse=True)(x)
    assert found.nnz == 3 * x.size - 2


def test_what_is_dense_is_refused():
    x = np.ones(20_000)
    with pytest.raises(ValueError) as error:
        dn.jacobian(lambda x: x - np.mean(x), sparse=True)(x)
    assert str(error.value) == (
        "jacobian(f, sparse=True)(x) expects f to have sparse derivatives, got more than 2**25 of an array, or 2**28 "
        "in all."
    )


def test_branches_make_a_plan_of_their_own():
    def f(x):
        return x * np.roll(x, 1) if x[0] > 0 else x * np.roll(x, 2)

    jacobian = dn.jacobian(f, sparse=True)
    for sign in (1, -1, 1):
        x = sign * np.abs(X)
        compare(jacobian(x), dense(dn.jacobian, f, x), 2 * N)


def test_elements_that_happen_to_be_0_stay():
    found = dn.jacobian(lambda x: x**2, sparse=True)(np.zeros(3))
    assert found.nnz == 3 and not found.data.any()
    jacobian = dn.jacobian(lambda x: x * x[::-1], sparse=True)
    jacobian(np.zeros(4)).eliminate_zeros()  # in place: no later result may see it
    assert jacobian(np.ones(4)).nnz == 8


def test_constants():
    for f in (lambda x: 3.0, lambda x: np.ones((2, 2)), lambda x: [1, 2]):
        found = dn.jacobian(f, sparse=True)(X)
        assert found.shape == (np.size(f(X)), N) and found.nnz == 0
    assert dn.hessian(lambda x: np.sum(x), sparse=True)(X).nnz == 0
    assert dn.jacobian(lambda x: x, sparse=True)(X).toarray().tolist() == np.eye(N).tolist()


def test_shapes_and_layouts():
    x = np.asfortranarray(X.reshape(4, 6))

    def f(x):
        return x.T * x[0, 0]

    compare(dn.jacobian(f, sparse=True)(x), dense(dn.jacobian, f, x))
    compare(dn.jacobian(np.sin, sparse=True)(2.0), np.array([[np.cos(2.0)]]))
    compare(dn.jacobian(np.sin, sparse=True)(np.float32([1, 2])), np.diag(np.cos([1.0, 2.0])))
    compare(dn.hessian(lambda x: np.sum(x**3), sparse=True)(x), np.diag(6 * X))


def test_arguments_and_containers():
    def f(p, scale, power=1):
        return scale * p["a"] ** power * p["b"]

    p = {"a": X[:3], "b": 2.0}
    found = dn.jacobian(f, sparse=True)(p, 5.0, power=2)
    compare(found["a"], np.diag(20 * X[:3]), 3)
    compare(found["b"], 5 * X[:3, None] ** 2, 3)
    by_scale, by_x = dn.jacobian(lambda s, x: s * x, argnum=(0, 1), sparse=True)(3.0, X[:2])
    compare(by_scale, X[:2, None])
    compare(by_x, 3 * np.eye(2), 2)
    compare(dn.jacobian(lambda s, x: s * x, argnum=-1, sparse=True)(3.0, X[:2]), 3 * np.eye(2))
    second = dn.hessian(lambda p: np.sum(p[0] ** 2 * p[1]), sparse=True)((X[:2], X[2:4]))
    compare(second[0][1], np.diag(2 * X[:2]), 2)
    compare(second[1][0], np.diag(2 * X[:2]), 2)
    assert second[1][1].nnz == 0


def test_pattern():
    wide = scipy.sparse.coo_array(np.tri(N, k=1) - np.tri(N, k=-3))
    jacobian = dn.jacobian(lambda x: x * np.pad(x, (1, 0))[:-1], sparse=True, pattern=wide)
    found = jacobian(X)
    compare(found, dense(dn.jacobian, jacobian.f, X), wide.nnz)
    compare(jacobian(0 * X), np.zeros((N, N)), wide.nnz)
    pattern = np.eye(N)
    narrow = dn.hessian(rosenbrock, sparse=True, pattern=pattern)
    with pytest.raises(ValueError) as error:
        narrow(np.zeros(N) + 0.5)
    assert str(error.value) == (
        "hessian(f, sparse=True)(x) expects pattern to hold every derivative other than 0, got -200.0 at (0, 1); use "
        "dualnum.sparsity(f)(x)."
    )
    compare(narrow(np.zeros(N)), dense(dn.hessian, rosenbrock, np.zeros(N)), N)  # the others are 0 here
    with pytest.raises(ValueError) as error:
        dn.jacobian(np.sin, sparse=True, pattern=np.eye(3))(X)
    assert str(error.value) == (
        "jacobian(f, sparse=True)(x) expects pattern to have the shape (24, 24), got (3, 3)."
    )


def root(x):
    return np.sqrt(np.abs(x)) * np.roll(x, 1)


def hypotenuse(x):
    return np.sqrt(x**2 + np.roll(x, 1) ** 2)


@pytest.mark.parametrize("f", [root, hypotenuse])
def test_elements_that_are_not_finite_are_those_of_duals(f):
    x = np.where(X > 0, 0.0, X)
    found = dn.jacobian(f, sparse=True)(x)
    np.testing.assert_allclose(found.toarray(), dense(dn.jacobian, f, x), rtol=1e-12)

    def total(x):
        return np.sum(np.power(np.where(x > 0, x, 0.0), 1.5) * x)

    found = dn.hessian(total, sparse=True, check=False)
    x = np.linspace(1.0, 2.0, N)
    np.testing.assert_allclose(found(x).toarray(), dense(dn.hessian, total, x), rtol=1e-12)


def kink(x):
    return np.sum(np.abs(x) ** 3)


def test_kinks_add_nothing_elsewhere():
    def f(x):
        return np.sum(np.clip(x, -0.5, 0.5) * np.roll(x, 1)) + np.sum(np.maximum(np.abs(x), 0.1)) + x[0] / 7

    compare(dn.hessian(f, sparse=True)(X), dense(dn.hessian, f, X), 2 * N)
    with pytest.raises(TypeError, match=r"np\.clip at a kink, for second derivatives at test_sparse\.py"):
        dn.hessian(f, sparse=True)(np.append(X, 0.5))


def test_second_derivatives_at_kinks_are_refused():
    with pytest.raises(
        TypeError, match=r"np\.absolute at a kink or jump, for second derivatives at test_sparse\.py"
    ):
        dn.hessian(kink, sparse=True)(np.zeros(3))


def decomposed(x):
    return np.linalg.svd(x.reshape(4, 6))[1]


def converted(x):
    return np.asarray(x) ** 2


def caught(x):
    try:
        return float(x[0]) * x
    except TypeError:
        return x


def of_lapack(x):
    return np.linalg.inv(x[:4].reshape(2, 2)).sum()


def guarded(x):
    return 2 * x if type(x) is np.ndarray else x


@pytest.mark.parametrize(
    ("driver", "f", "got"),
    [
        (
            dn.jacobian,
            decomposed,
            "np.svd at test_sparse.py, line {}: return np.linalg.svd(x.reshape(4, 6))[1]",
        ),
        (dn.jacobian, converted, "np.asarray(x) at test_sparse.py, line {}: return np.asarray(x) ** 2"),
        (dn.jacobian, caught, "float(x) at test_sparse.py, line {}: return float(x[0]) * x"),
        (
            dn.hessian,
            of_lapack,
            "second derivatives of this function at test_sparse.py, line {}: return "
            "np.linalg.inv(x[:4].reshape(2, 2)).sum()",
        ),
    ],
)
def test_refusals_name_the_line(driver, f, got):
    with pytest.raises(TypeError) as error:
        driver(f, sparse=True)(X)
    line = f.__code__.co_firstlineno + (2 if f is caught else 1)
    assert str(error.value) == (
        f"{driver.__name__}(f, sparse=True)(x) expects f to use what a tape records, got {got.format(line)}; use "
        f"sparse=False."
    )


def test_inputs_survive_an_error_of_f():
    def f(x):
        x *= 2.0
        return x + np.ones(3)

    before = X.copy()
    with pytest.raises(ValueError, match="could not be broadcast"):
        dn.jacobian(f, sparse=True)(X)
    assert np.array_equal(X, before)


def test_other_refusals():
    for driver, message in (
        (
            lambda: dn.sparsity(converted)(X),
            r"^sparsity\(f\)\(x\) expects .* got np\.asarray\(x\) at .*; use jacobian\(f\)\.$",
        ),
        (lambda: dn.jacobian(guarded, sparse=True)(X), "got a function that asks for types"),
        (lambda: dn.jacobian(lambda x: x + np.ones(3), sparse=True)(X), "^operands could not be broadcast"),
        (
            lambda: dn.hessian(lambda x: x, sparse=True)(X),
            r"expects f\(x\) to be a scalar beside sparse=True",
        ),
        (lambda: dn.jacobian(lambda x: [x[0], 1j], sparse=True)(X), "got an array of complex128"),
        (lambda: dn.jacobian(np.sin, sparse=True)(dn.seed(X)), "expects x to be real numbers, got dtype"),
        (lambda: dn.jacobian(lambda x: dn.seed(X), sparse=True)(X), r"expects f\(x\) to be computed from x"),
        (lambda: dn.jacobian(np.sin, sparse=True, batched=True), "expects batched to be False, got True"),
        (
            lambda: dn.hessian(np.sum, sparse=True, chunk=3),
            "expects chunk to be None, got 3; use sparse=False",
        ),
        (lambda: dn.jacobian(np.sin, sparse=1), "expects sparse to be True or False, got int"),
        (lambda: dn.jacobian(np.sin, pattern=W), "expects sparse=True beside pattern, got sparse=False"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            driver()


def test_scipy_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(
        ImportError, match=r'jacobian\(f, sparse=True\)\(x\) expects SciPy; install "numpy-dualnum\[scipy\]"'
    ):
        dn.jacobian(np.sin, sparse=True)(X)


def test_a_matrix_that_f_changes():
    def f(x):
        own = A.copy()
        y = own @ x
        own.data *= 2.0
        return y + own @ x

    compare(dn.jacobian(f, sparse=True)(X), 3 * A.toarray(), A.nnz)


def test_drivers_print_and_pickle():
    jacobian = dn.jacobian(periodic, sparse=True)
    jacobian(X)
    assert repr(jacobian) == "<dualnum.jacobian(sparse=True) of periodic>"
    compare(pickle.loads(pickle.dumps(jacobian))(X), dense(dn.jacobian, periodic, X))
    assert str(dn.sparsity(periodic)) == "sparsity(f)(x)"


def test_threads_share_a_driver():
    jacobian = dn.jacobian(lambda x: periodic(x) if x[0] > 0 else bounded(x), sparse=True)
    barrier = threading.Barrier(4)
    points = [np.where(np.arange(N) == 0, (-1.0) ** i, X) for i in range(4)]

    def work(x):
        barrier.wait()
        return [jacobian(x).toarray() for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        for x, results in zip(points, pool.map(work, points), strict=True):
            expected = dense(dn.jacobian, periodic if x[0] > 0 else bounded, x)
            for found in results:
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_a_plan_fits_its_records_alone():
    def record(f):
        tape = _core.Tape(sparse=True)
        x = _core.record_variable(tape, X)
        return tape, f(x), [(x, 0)]

    plan, _ = _core.sparse_derivatives(*record(periodic))
    assert _core.sparse_derivatives(*record(periodic), plan)[0] is plan
    for f in (bounded, difference, lambda x: periodic(x)[1:], lambda x: periodic(x[::-1])):
        other, data = _core.sparse_derivatives(*record(f), plan)
        assert other is not plan
        found = scipy.sparse.csr_array((data, other.indices, other.indptr), shape=other.shape)
        compare(found, dense(dn.jacobian, f, X))


def test_arguments_that_f_changes():
    def f(x, a):
        a[0] += 1
        return x * x * a[0]

    def g(x, a):
        return np.sum(f(x, a))

    for _ in range(2):
        a = np.zeros(1)
        np.testing.assert_array_equal(dn.jacobian(f, sparse=True)(np.ones(3), a).toarray(), 2 * np.eye(3))
        assert a[0] == 1
        np.testing.assert_array_equal(
            dn.hessian(g, sparse=True)(np.ones(3), np.zeros(1)).toarray(), 2 * np.eye(3)
        )
