"""Linear algebra and products: values bit-identical, derivatives to third order against arbitrary precision."""

import itertools

import numpy as np
import pytest
from elements import coefficients, fresh_levels, join, laid_out
from expect import close, functions, listed
from linalg_cases import CASES, Case, draw, mixed_derivative, outputs

import dualnum as dn
from dualnum import _core

cases = pytest.mark.parametrize("name", CASES)
SLOW = ("svd", "lstsq singular", "eig", "cond", "norm(2)", "norm(-2)", "norm(nuc)", "matrix_norm")


def moving(argument, orders, seed=3):
    """Return the argument moving along one direction a level, the levels, and the directions."""
    levels = fresh_levels(orders)
    directions = [draw(*argument.shape, seed=seed + i) for i in range(orders)]
    terms = np.zeros((*argument.shape, *(2,) * orders))
    terms[(..., *(0,) * orders)] = argument
    for i, direction in enumerate(directions):
        terms[(..., *(int(i == j) for j in range(orders)))] = direction
    return join(terms, levels, subok=True), levels, directions


@cases
def test_derivatives(name):
    """Every component of the result, to third order (second where the truth is slow)."""
    case = CASES[name]
    orders = 2 if name.startswith(SLOW) else 3
    x, levels, directions = moving(case.argument, orders)
    got = [coefficients(part, levels, (1,) * orders) for part in outputs(case.call(x))]
    for which in itertools.product((0, 1), repeat=orders):
        chosen = [d for d, w in zip(directions, which, strict=True) if w]
        want = mixed_derivative(case, chosen)
        for part, expected in zip(got, want, strict=True):
            close(part[(..., *which)], expected, 1e-11)


@cases
def test_several_tangents_are_several_calls(name):
    case = CASES[name]
    level, directions = _core.Level(), draw(*case.argument.shape, 3, seed=5)
    x = _core.seed_tangents(case.argument, level, directions)
    whole = [_core.split(part, level)[1] for part in outputs(case.call(x))]
    for j in range(3):
        single = _core.seed_tangents(case.argument, level, directions[..., j : j + 1])
        for part, one in zip(whole, outputs(case.call(single)), strict=True):
            got = 0.0 if part is None else part[..., j]
            want = _core.split(one, level)[1]
            want = np.zeros(np.shape(got)) if want is None else want[..., 0]
            close(np.broadcast_to(got, want.shape), want, 1e-12)


@cases
def test_taylor_levels(name):
    """A level of order 3 along one direction has the derivatives over factorials of three first-order levels."""
    case = CASES[name]
    direction = draw(*case.argument.shape, seed=6)
    numbers = np.zeros((*case.argument.shape, 4))
    numbers[..., 0], numbers[..., 1] = case.argument, direction
    x = numbers.view(dn.DualDType(order=3))[..., 0].view(dn.DualArray)
    levels = fresh_levels(3)
    terms = np.zeros((*case.argument.shape, 2, 2, 2))
    terms[..., 0, 0, 0] = case.argument
    terms[..., 1, 0, 0] = terms[..., 0, 1, 0] = terms[..., 0, 0, 1] = direction
    nested = outputs(case.call(join(terms, levels, subok=True)))
    for part, other in zip(outputs(case.call(x)), nested, strict=True):
        got = np.array(part)[..., None].view(float)
        want = coefficients(other, levels, (1, 1, 1))
        for order, place in enumerate(((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1))):
            close(got[..., order], want[(..., *place)] / (1, 1, 2, 6)[order], 1e-10)


def elements(x):
    """Return the strides in elements."""
    return [step // x.itemsize for step, n in zip(x.strides, x.shape, strict=True) if n > 1]


@cases
@pytest.mark.parametrize("layout", ["C", "F", "T", "strided", "reversed"])
def test_values_are_numpys(name, layout):
    """Values are bit-identical to NumPy's own call on floats laid out alike; types and memory layouts are NumPy's."""
    case = CASES[name]
    x, levels, _ = moving(case.argument, 1)
    plain_argument, argument = laid_out(case.argument, layout), laid_out(x, layout)
    want, got = case.call(plain_argument), case.call(argument)
    assert isinstance(got, tuple) == isinstance(want, tuple)
    for part, plain in zip(outputs(got), outputs(want), strict=True):
        assert np.shape(part) == np.shape(plain)
        assert isinstance(part, np.ndarray) == isinstance(plain, np.ndarray)
        assert np.array_equal(_core.value(part), plain)
        if isinstance(part, np.ndarray):
            assert type(part) is dn.DualArray
            assert elements(part) == elements(plain)
            views = np.shares_memory(part, argument), np.shares_memory(plain, plain_argument)
            assert views[0] == views[1]  # einsum gives views
    same = outputs(case.call(x))
    for part, other in zip(outputs(got), same, strict=True):
        close(coefficients(part, levels, (1,)), coefficients(other, levels, (1,)), 1e-12)


OWNING = """
    L.inv(a) ; L.pinv(a) ; L.cholesky(a) ; L.qr(a) ; L.eigh(a) ; L.eigvalsh(a) ; L.svd(a) ; L.cond(a) ; L.norm(a)
    L.pinv(a, rcond=2.0) ; L.cholesky(a, upper=True) ; L.qr(a, mode='complete') ; L.cond(a, 1)
    L.norm(a, axis=-1, keepdims=True) ; L.solve(a, a) ; L.lstsq(a[..., 0, :, :], a[..., 0, :, :], rcond=None)
"""


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 2)], ids=str)
@pytest.mark.parametrize("dtype", [dn.DualDType(), dn.DualDType(1)], ids=str)
@pytest.mark.parametrize("f", functions(OWNING).values(), ids=listed(OWNING))
def test_results_have_memory_of_their_own(f, dtype, shape):
    """Neither that of the argument nor that of each other: also of one element, or without levels."""
    x = (draw(*shape, seed=8) + 3 * np.eye(shape[-1])).astype(dtype).view(dn.DualArray)
    arrays = [x, *(part for part in outputs(f(x)) if isinstance(part, np.ndarray))]
    for one, other in itertools.combinations(arrays, 2):
        assert not np.shares_memory(one, other)
    assert all(part.flags.writeable for part in arrays)


@pytest.mark.parametrize("shape", [(2, 5), (4, 4), (7, 3)], ids=str)
@pytest.mark.parametrize("name", ["svd", "eigh", "eig", "qr"])
def test_products_of_factors_are_numpys(name, shape):
    """BLAS's sums depend on the memory layout of the factors."""
    f = (lambda a: np.linalg.svd(a, full_matrices=False)) if name == "svd" else getattr(np.linalg, name)
    for seed in range(20):
        a = draw(*shape, seed=seed)
        a = a @ a.T + np.diag(np.arange(shape[0])) if name.startswith("eig") else a
        dual, plain = outputs(f(dn.seed(a))), outputs(f(a))
        for i, j in itertools.permutations(range(len(plain)), 2):
            if plain[i].shape[-1] == plain[j].shape[0]:
                assert np.array_equal(_core.value(dual[i] @ dual[j]), plain[i] @ plain[j])


OF_ANY_SIZE = """
    L.inv(a) ; L.det(a) ; L.slogdet(a)[1] ; L.qr(a[..., :2]) ; L.qr(a[..., :2], mode='complete') ; L.eigh(a)
    L.eigvalsh(a) ; L.svd(a[..., :2], full_matrices=False) ; L.svd(a) ; L.svd(a, compute_uv=False)
    L.pinv(a[..., :2]) ; L.norm(a, 2, axis=(-2, -1)) ; L.norm(a, 'nuc', axis=(-2, -1)) ; L.norm(a, 1, axis=(-2, -1))
    L.cond(a) ; L.cond(a, 1) ; L.matrix_power(a, -3) ; np.trace(a, axis1=-2, axis2=-1) ; L.matrix_rank(a)
"""
STACKED = OF_ANY_SIZE
STACKED += """
    L.solve(a, a[..., :2] * 2) ; L.solve(a, np.arange(8.0).reshape(4, 2))
    L.cholesky(a @ a.swapaxes(-1, -2) + np.eye(4)) ; L.eig(np.triu(a) + np.diag([1.0, 2.0, 3.0, 4.0]))
    L.eigvals(np.triu(a) + np.diag([1.0, 2.0, 3.0, 4.0]))
"""
SQUARE = OF_ANY_SIZE
SQUARE += """
    L.solve(a, a * 2) ; L.solve(a, np.ones((len(a), 2))) ; L.cholesky(a * a) ; L.eig(a) ; L.eigvals(a)
"""
ITSELF = (
    "L.det(a) ; L.cholesky(a * a) ; L.eigvalsh(a) ; L.svd(a, compute_uv=False) ; L.norm(a, 2, axis=(-2, -1))"
)
ITSELF += " ; L.norm(a, 'nuc', axis=(-2, -1)) ; np.trace(a, axis1=-2, axis2=-1)"
#: What some of them are for a matrix of one element d.
OF_NUMBERS = dict.fromkeys(listed(ITSELF), lambda d: d) | {
    "L.inv(a)": lambda d: 1 / d,
    "L.pinv(a[..., :2])": lambda d: 1 / d,
    "L.slogdet(a)[1]": np.log,
    "L.matrix_power(a, -3)": lambda d: d**-3,
}


@pytest.mark.parametrize("f", functions(STACKED).values(), ids=listed(STACKED))
@pytest.mark.parametrize("shape", [(3,), (2, 1), (0,)], ids=str)
def test_stacks_are_their_matrices(f, shape):
    argument = draw(*shape, 4, 4, seed=21) + 3 * np.eye(4)
    x, levels, _ = moving(argument, 2)
    got, plain = outputs(f(x)), outputs(f(argument))
    for part, want in zip(got, plain, strict=True):
        assert np.array_equal(_core.value(part), want)
    for i in np.ndindex(shape):
        for part, one in zip(got, outputs(f(x[i])), strict=True):
            if part.dtype == int:  # a rank
                assert part[i] == one
                continue
            close(coefficients(part[i], levels, (1, 1)), coefficients(one, levels, (1, 1)), 1e-12)


@pytest.mark.parametrize("name, f", functions(SQUARE).items(), ids=listed(SQUARE))
@pytest.mark.parametrize("n", [0, 1])
def test_empty_and_one_by_one(name, f, n):
    """1 x 1 matrices are numbers; 0 x 0 matrices give NumPy's result or its error."""
    argument = np.full((n, n), 2.5)
    x, levels, _ = moving(argument, 2)
    try:
        want = outputs(f(argument))
    except ValueError as error:
        with pytest.raises(type(error)) as caught:
            f(x)
        assert str(caught.value) == str(error)
        return
    got = outputs(f(x))
    for part, plain in zip(got, want, strict=True):
        assert np.array_equal(_core.value(part), plain)
    if n == 1 and name in OF_NUMBERS:
        number = coefficients(np.ravel(got[0])[0], levels, (1, 1))
        close(number, coefficients(OF_NUMBERS[name](x[0, 0]), levels, (1, 1)), 1e-13)


WITHOUT_ELEMENTS = """
    L.qr(a) ; L.qr(a, mode='complete') ; L.qr(a, mode='r') ; L.svd(a) ; L.svd(a, full_matrices=False)
    L.svd(a, compute_uv=False)
"""


@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (0, 0), (0, 4, 4), (2, 0, 3), (2, 3, 0)], ids=str)
@pytest.mark.parametrize("f", functions(WITHOUT_ELEMENTS).values(), ids=listed(WITHOUT_ELEMENTS))
def test_without_elements(f, shape):
    """Matrices without elements have no derivatives to lose: NumPy's results, as duals."""
    plain = np.zeros(shape)
    for dtype in (dn.DualDType(2), dn.DualDType(1, 1), dn.DualDType(order=3)):
        got = f(plain.astype(dtype).view(dn.DualArray))
        for part, want in zip(outputs(got), outputs(f(plain)), strict=True):
            assert part.dtype is dtype and np.array_equal(_core.value(part), want)
            assert np.array_equal(part.view(np.ndarray), want.astype(dtype))


@pytest.mark.parametrize("n", [4, 7])
@pytest.mark.parametrize(
    "name", "inv|solve(A, b)|det|slogdet|cholesky|qr(square)|eigvalsh|svdvals|pinv(tall)|lstsq".split("|")
)
def test_ill_conditioned(name, n):
    """Hilbert's matrix: derivatives as right as its condition number lets them be."""
    hilbert = 1 / (np.arange(n)[:, None] + np.arange(n) + 1.0)
    b = np.ones(n)
    case = {
        "solve(A, b)": Case(lambda a: np.linalg.solve(a, b), hilbert, lambda a: CASES["inv"].truth(a) @ b),
        "lstsq": Case(lambda a: np.linalg.lstsq(a, b)[0], hilbert, lambda a: CASES["inv"].truth(a) @ b),
    }.get(name, CASES[name]._replace(argument=hilbert))
    condition = np.linalg.cond(hilbert)
    x, levels, directions = moving(hilbert, 2)
    for part, order in (((1, 0), 1), ((1, 1), 2)):
        want = mixed_derivative(case, directions[:order])
        for got, expected in zip(outputs(case.call(x)), want, strict=True):
            error = coefficients(got, levels, (1, 1))[(..., *part)] - expected
            assert np.max(np.abs(error)) <= 1e-15 * condition * np.max(np.abs(expected)), (name, order)
