"""Levels of a degree above 1 in several variables: one that is (k, 2) equals the pair (k, 1) x (k, 1) bit for bit."""

import copy
import itertools
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
import truth
from elements import fresh_levels, laid_out
from expect import close, functions, listed, raises

import dualnum as dn
from dualnum import Dual, DualArray, DualDType, _core
from dualnum.rules._components import components, from_components, orders

SIZES = [(1, 2), (2, 2), (3, 2), (6, 2), (8, 2), (1, 5), (2, 3), (3, 4), (0, 2)]
sizes = pytest.mark.parametrize("k, degree", SIZES, ids=lambda n: str(n))
SECOND = [1, 2, 3, 6, 7]  # up to 6 the kernels have constants
seconds = pytest.mark.parametrize("k", SECOND)


def monomials(k, degree):
    """Return the variables of each monomial, in the order of the components."""
    every = (itertools.combinations_with_replacement(range(k), m) for m in range(degree + 1))
    return list(itertools.chain(*every))


def drawn(k, shape=(5,), seed=1, low=0.5, high=2.0, levels=None):
    """Return an array of a level of degree 2 with random coefficients."""
    draw = np.random.default_rng(seed)
    numbers = draw.uniform(-1, 1, (*shape, len(monomials(k, 2))))
    numbers[..., 0] = draw.uniform(low, high, shape)
    return from_components(numbers, DualDType(k, degree=2) if levels is None else DualDType(k, levels=levels))


def places(k):
    """Return the component of a_i a_j for all i and j."""
    index = {monomial: i for i, monomial in enumerate(monomials(k, 2))}
    return np.array([[index[min(i, j), max(i, j)] for j in range(k)] for i in range(k)], int).reshape(k, k)


def paired(x):
    """Return the hyper-dual numbers, with equal first parts and symmetric second parts, that x stands for."""
    if not isinstance(getattr(x, "dtype", None), DualDType):
        return x
    array = np.asarray(x)
    (k,), numbers = array.dtype.sizes, components(array)
    found = np.empty((*array.shape, 1 + k, 1 + k))
    found[..., 0, :] = found[..., :, 0] = numbers[..., : 1 + k]
    found[..., 1:, 1:] = numbers[..., places(k)] * (1 + np.eye(k))
    result = from_components(found.reshape(*array.shape, -1), DualDType(k, k))
    return result[()] if isinstance(x, Dual) else result.view(type(x))


def same(got, want):
    """Compare bit for bit, a NaN being any other."""
    assert type(got) is type(want)
    if isinstance(got, tuple | list):
        for one, other in zip(got, want, strict=True):
            same(one, other)
    elif isinstance(getattr(want, "dtype", None), DualDType):
        assert isinstance(got.dtype, DualDType)
        got = paired(got) if got.dtype.sizes != want.dtype.sizes else got
        assert got.shape == want.shape and got.dtype is want.dtype
        a, b = (components(np.asarray(x)) for x in (got, want))
        differ = (
            (a.view(np.int64) != b.view(np.int64)) & ~((a == 0) & (b == 0)) & ~(np.isnan(a) & np.isnan(b))
        )
        assert not differ.any(), (got, want)
    else:
        np.testing.assert_array_equal(got, want)


# ---- the monomials -----------------------------------------------------------------------------------------


@sizes
def test_products_of_monomials(k, degree):
    dtype = DualDType(k, degree=degree)
    every = monomials(k, degree)
    assert dtype.ncomponents == len(every) == math.comb(k + degree, degree)
    assert dtype.degree == (degree if k else 0)
    np.testing.assert_array_equal(orders(dtype), [[len(monomial) for monomial in every]])
    units = from_components(np.eye(len(every)), dtype)
    got = components(np.multiply.outer(units, units))
    want = np.zeros_like(got)
    index = {monomial: i for i, monomial in enumerate(every)}
    for (i, a), (j, b) in itertools.product(enumerate(every), repeat=2):
        if len(a) + len(b) <= degree:
            want[i, j, index[tuple(sorted(a + b))]] = 1
    np.testing.assert_array_equal(got, want)


class Polynomial(dict):
    """A polynomial with exact coefficients by sorted variables, truncated above a degree."""

    def __init__(self, degree, terms):
        super().__init__(terms)
        self.degree = degree

    def __add__(self, other):
        return Polynomial(self.degree, {m: self[m] + other[m] for m in self})

    def __mul__(self, other):
        found = Polynomial(self.degree, dict.fromkeys(self, Fraction(0)))
        for (a, x), (b, y) in itertools.product(self.items(), other.items()):
            if len(a) + len(b) <= self.degree:
                found[tuple(sorted(a + b))] += x * y
        return found


@sizes
@pytest.mark.parametrize("scalar", [False, True], ids=["array", "scalar"])
def test_ring_is_exact(k, degree, scalar):
    """Small integers, of which sums, products and quotients by powers of two are exact in float64."""
    draw, every = np.random.default_rng(k), monomials(k, degree)
    x, y = draw.integers(-9, 10, (2, 4, len(every))).astype(float)
    y[:, 0] = [1, -2, 0.5, -0.25]
    dtype = DualDType(k, degree=degree)
    a, b = from_components(x, dtype), from_components(y, dtype)
    pairs = list(zip(a, b, strict=True)) if scalar else [(a, b)]

    def check(operation, exact):
        found = np.concatenate([components(np.atleast_1d(np.asarray(operation(*pair)))) for pair in pairs])
        for got, p, q in zip(found, x, y, strict=True):
            p, q = (
                Polynomial(degree, {m: Fraction(c) for m, c in zip(every, terms, strict=True)})
                for terms in (p, q)
            )
            assert [Fraction(c) for c in got] == list(exact(p, q).values())

    check(lambda a, b: a + b, lambda p, q: p + q)
    check(lambda a, b: a * b, lambda p, q: p * q)
    check(lambda a, b: a * a * b + b * b, lambda p, q: p * p * q + q * q)
    check(lambda a, b: a * b / b, lambda p, q: p)
    check(lambda a, b: a**3, lambda p, q: p * p * p)
    check(lambda a, b: a * b - a * b + a, lambda p, q: p)


# ---- rows and other functions: equal to hyper-dual pairs ---------------------------------------------------

ONE = [row.name for row in _core.ELEMENTARY]
TWO = [row.name for row in _core.BINARY]
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])


def with_specials(x, k):
    """Return x followed by elements whose values and derivatives are zeros, infinities and others."""
    draw, count = np.random.default_rng(3), len(monomials(k, 2))
    numbers = np.concatenate([np.zeros((len(SPECIAL), count)), draw.choice(SPECIAL, (60, count))])
    numbers[:, 0] = np.concatenate([SPECIAL, draw.choice([*SPECIAL, 0.5, 2.0], 60)])
    return np.concatenate([x, from_components(numbers, x.dtype)])


@seconds
@pytest.mark.parametrize("name", ONE)
def test_rows_of_one_argument(k, name):
    row, ufunc = next(row for row in _core.ELEMENTARY if row.name == name), getattr(np, name)
    values = truth.points(max(row.lo, -50), min(row.hi, 50), 9)
    values = values[
        (values == 0) | (abs(values) > 1e-90)
    ]  # nearer to a pole one half of an infinity is finite
    x = drawn(k, values.shape)
    dn.value(x)[...] = values
    with np.errstate(all="ignore"):
        same(ufunc(x), ufunc(paired(x)))
        for x in (drawn(k), with_specials(drawn(k), k)):
            same(ufunc(x), ufunc(paired(x)))
            same([getattr(dn, name)(d) for d in x[:20]], [getattr(dn, name)(d) for d in paired(x[:20])])


@seconds
@pytest.mark.parametrize("name", [*TWO, "add", "subtract", "copysign", "maximum", "fmin"])
def test_functions_of_two_arguments(k, name):
    ufunc = getattr(np, name)
    x, y = drawn(k, seed=2), drawn(k, seed=3)
    with np.errstate(all="ignore"):
        for a, b in ((x, y), (with_specials(x, k), with_specials(y, k)[::-1].copy())):
            others = dn.value(b).copy()
            others[others == 0] = 1.5
            for p, q in ((a, b), (a, others), (others, a), (a, 2.0), (0.75, a), (a, a)):
                same(ufunc(p, q), ufunc(paired(p), paired(q)))
                if np.ndim(p):
                    one, other = p[3], q[3] if np.ndim(q) else q
                    same(ufunc(one, other), ufunc(paired(one), paired(other)))


FUNCTIONS = """
    a.sum() ; a.sum(axis=0) ; a.mean(axis=1) ; a.prod(axis=0) ; a.cumsum(axis=1) ; a.cumprod() ; a.max() ; a.min(axis=0)
    np.sort(a, axis=None) ; np.argsort(a, axis=1) ; a.argmax() ; np.median(a) ; np.ptp(a, axis=0) ; np.diff(a)
    a.T ; a[1] ; a[:, ::-2] ; a[a > 1] ; a.reshape(-1, 1) + a.ravel() ; a * a[0] ; a * a[:, :1] ; 2 / a ; a**2 ; a**-1.5
    -a ; abs(a - 1) ; np.floor(a) ; np.clip(a, 0.7, 1.2) ; np.where(a > 1, a, 2 * a) ; np.minimum(a, 1.0) ; a % 0.75
    a // 0.5 ; divmod(a, 0.3) ; np.modf(a) ; np.heaviside(a, 0.5) ; np.concatenate([a, a]) ; np.isfinite(a)
    a == a ; a > 1
    np.linspace(a[0], 2.0, 3) ; np.interp(a, [0.0, 1.0, 3.0], [1.0, 0.0, 2.0]) ; np.trace(a)
    np.add.reduceat(a[0], [0, 2]) ; np.multiply.accumulate(a[0]) ; np.maximum.accumulate(a[1]) ; a.round(1) ; a.std()
    float(dualnum.value(a[0, 0])) ; np.cross(a[:, :3], a[:, 1:]) ; np.outer(a[0], a[1]) ; np.logaddexp.reduce(a)
"""


@pytest.mark.parametrize("f", functions(FUNCTIONS, dualnum=dn).values(), ids=listed(FUNCTIONS))
def test_functions_of_arrays(f):
    for k, layout in itertools.product([1, 3, 7], ["C", "F", "strided", "reversed"]):
        x = drawn(k, (3, 4), seed=4).view(DualArray)
        same(f(laid_out(x, layout)), f(laid_out(paired(x), layout)))


PRODUCTS = """
    a @ b ; a[0] @ b ; a @ b[:, 0] ; a[0] @ b[:, 0] ; np.dot(a, b) ; np.inner(a, a) ; np.vdot(a, a) ; a @ b0 ; a0 @ b
    np.einsum("ij,jk->ki", a, b) ; np.linalg.solve(a @ a.T, a) ; np.linalg.det(a @ a.T) ; np.linalg.inv(a @ a.T)
    np.linalg.norm(a) ; np.linalg.norm(a, axis=1) ; np.linalg.norm(a, 1) ; np.linalg.eigvalsh(a @ a.T)
    np.linalg.cholesky(a @ a.T) ; np.linalg.svd(a)[1] ; np.linalg.qr(a.T)[1] ; np.kron(a, b) ; np.convolve(a[0], a[1])
"""


@pytest.mark.parametrize("f", functions(PRODUCTS, "a, b, a0, b0").values(), ids=listed(PRODUCTS))
def test_products_and_linear_algebra(f):
    """Terms of sums are added in another order than for pairs: equal up to a few ulps of the largest."""
    for k in SECOND:
        a, b = drawn(k, (3, 4), seed=5).view(DualArray), drawn(k, (4, 2), seed=6).view(DualArray)
        values = dn.value(a).copy(), dn.value(b).copy()
        got, want = f(a, b, *values), f(paired(a), paired(b), *values)
        assert got.shape == want.shape and np.array_equal(dn.value(got), dn.value(want))
        close(components(np.asarray(paired(got))), components(np.asarray(want)), 1e-12)


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("k", [1, 3, 4, 9])
def test_products_of_vectors(n, k):
    a, b = drawn(k, (n,), seed=7).view(DualArray), drawn(k, (n,), seed=8).view(DualArray)
    assert dn.value(a @ b) == dn.value(a).copy() @ dn.value(b).copy()
    close(components(np.asarray(a @ b)), components(np.sum(a * b, keepdims=True))[0], 1e-13)
    a[n // 2], b[n // 2] = from_components(np.full((2, a.dtype.ncomponents), np.inf), a.dtype)
    dn.parts(a)["e11"][n // 2] = dn.value(a)[n // 2] = 0.0
    with np.errstate(all="ignore"):
        want = components(np.sum(a * b, keepdims=True))[0]
        np.testing.assert_array_equal(np.isfinite(components(np.asarray(a @ b))), np.isfinite(want))


def expressions(x):
    y = np.exp(x[0] * x[-1]) / (1.5 + np.sin(x[0])) + np.arctan2(x[-1], x[0]) * np.tanh(x[-1])
    return (
        y + np.hypot(x[0], 2.0) * x[-1] ** 2.5 + np.logaddexp(x[0], x[-1]) + x[0] ** x[-1] + x[-1] ** 7 / x[0]
    )


@pytest.mark.parametrize("k, degree", [(1, 4), (2, 2), (2, 3), (3, 3), (2, 5)])
def test_coefficients_are_those_of_the_derivative_tensor(k, degree):
    x, level = np.linspace(0.6, 0.9, k), _core.Level(degree=degree)
    y = components(np.asarray(expressions(_core.seed_identity(x, level, 0, k))))
    for m in range(1, degree + 1):
        tensor = dn.derivative_tensor(expressions, m)(x)
        for place, monomial in enumerate(monomials(k, degree)):
            if len(monomial) == m:
                repeats = math.prod(math.factorial(monomial.count(v)) for v in set(monomial))
                want = tensor[monomial] / repeats
                assert abs(y[place] - want) <= 1e-9 * np.max(np.abs(tensor)), (m, monomial)


# ---- the dtype ---------------------------------------------------------------------------------------------


@sizes
def test_dtype(k, degree):
    dtype = DualDType(k, degree=degree)
    assert dtype is DualDType(k, degree=degree) and dtype.sizes == (k,) and dtype.levels[0].degree == degree
    assert not dtype.levels[0].taylor and eval(repr(dtype)) is dtype
    for again in (pickle.loads(pickle.dumps(dtype)), copy.copy(dtype), copy.deepcopy(dtype), np.dtype(dtype)):
        assert again is dtype
    x = np.random.default_rng(1).uniform(size=(3, dtype.ncomponents)).view(dtype)[:, 0]
    assert x.shape == (3,) and x.itemsize == 8 * dtype.ncomponents
    same(pickle.loads(pickle.dumps(x)), x)
    same(copy.deepcopy(x), x)
    d = pickle.loads(pickle.dumps(x[1]))
    assert type(d) is Dual and d.dtype is dtype and np.array_equal(components(np.array(d)), components(x)[1])
    parts = dn.parts(x)
    assert list(parts) == ["value", *("e" + "1" * m for m in range(1, degree + 1))]
    assert [part.shape[1:] for part in parts.values()][1:] == [
        (math.comb(k + m - 1, m),) for m in range(1, degree + 1)
    ]
    assert all(np.shares_memory(part, x) for part in parts.values() if part.size)


def test_degree_one_is_first_order():
    assert DualDType(3, degree=1) is DualDType(3) and DualDType(3).levels[0].degree == 1
    assert DualDType(order=2).levels[0].degree is None


def test_pickles_of_fresh_levels():
    level = _core.Level(degree=2)
    dtype = DualDType(3, levels=[level])
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert repr(dtype) == f"DualDType(3, degree=2; level {level.age})"
    older = _core.Level()
    both = DualDType(2, 3, levels=[level, older])
    assert both.levels == (level, older) and both.ncomponents == 6 * 4 and both.degree == 3
    assert repr(both) == f"DualDType(2 of degree 2, 3; levels {level.age}, {older.age})"
    assert list(dn.parts(np.zeros(1, both))) == ["value", "e1", "e11", "e2", "e12", "e112"]


ONE_NUMBER = "DualDType expects one number of tangents beside a degree, got "
TOO_MANY = "DualDType expects fewer products of monomials than those of "
ERRORS = {
    "2, 3, degree=2": (TypeError, f"{ONE_NUMBER}2 of them."),
    "degree=2": (TypeError, f"{ONE_NUMBER}0 of them."),
    "2, degree=2, levels=[_core.E1]": (TypeError, f"{ONE_NUMBER}1 of them and levels."),
    "2, degree=0": (ValueError, "DualDType expects degree to be at least 1, got 0."),
    "2, degree=-1": (ValueError, "DualDType expects degree to be at least 0, got -1."),
    "2, degree=1.5": (TypeError, "DualDType expects degree to be an int, got 1.5."),
    "order=2, degree=2": (TypeError, "DualDType expects numbers of tangents or an order, not both."),
    "10**6, degree=2": (
        ValueError,
        f"{TOO_MANY}degree 2 in 1000000 variables; use fewer of them, or a lower degree.",
    ),
    "30, degree=30": (
        ValueError,
        f"{TOO_MANY}degree 30 in 30 variables; use fewer of them, or a lower degree.",
    ),
}


@pytest.mark.parametrize("arguments", ERRORS)
def test_errors(arguments):
    with raises(*ERRORS[arguments]):
        eval(f"DualDType({arguments})")


NUMBERS = [np.bool_, np.int8, np.uint16, np.int64, np.uint64, np.float16, np.float32, np.float64]


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("k, degree", [(1, 2), (3, 2), (2, 3)])
def test_casts_and_promotion(kind, k, degree):
    dtype, x = DualDType(k, degree=degree), np.array([1, 0, 1], kind)
    d = x.astype(dtype)
    np.testing.assert_array_equal(components(d)[:, 0], x.astype(float))
    assert not components(d)[:, 1:].any() and np.result_type(x, d) is dtype
    numbers = np.random.default_rng(k).uniform(1, 2, (3, dtype.ncomponents))
    y = from_components(numbers, dtype)
    same(x * y, d * y)
    same(y + x, y + d)
    with pytest.raises(TypeError, match="would lose their derivatives"):
        y.astype(kind) if kind is not np.bool_ else y.astype(np.float64)
    np.testing.assert_array_equal(y.astype(bool), [True] * 3)


def test_mixing_with_other_levels():
    """The union has the product of the levels; its product is that of the operands' casts."""
    first, second = fresh_levels(2)
    level = _core.Level(degree=2)
    x = drawn(2, levels=[level])
    y = _core.seed_tangents(np.arange(1.0, 6.0), second, np.ones((5, 3)))
    z = _core.seed_tangents(np.arange(2.0, 7.0), first, np.full((5, 1), 2.0))
    dtype = DualDType(1, 3, 2, levels=[first, second, level])
    for a, b in ((x, y), (y, x), (x, z)):
        union = np.result_type(a.dtype, b.dtype)
        assert set(union.levels) == {*a.dtype.levels, *b.dtype.levels}
        same(a * b, a.astype(union) * b.astype(union))
        same(np.sin(a * b), np.sin(a.astype(union) * b.astype(union)))
    product = x * y * z
    assert product.dtype is dtype and product.dtype.degree == 4
    numbers = components(product).reshape(5, 6, 4, 2)  # the youngest level's axis first
    want = components(x)[:, :, None, None] * components(y)[:, None, :, None] * components(z)[:, None, None, :]
    close(numbers, want, 1e-15)
    assert (x[0] * y[0]).dtype is (x * y).dtype
    with pytest.raises(TypeError, match="without losing derivatives"):
        x[0] = y[0]
    wide = np.zeros(5, dtype)
    wide[...] = x
    wide[1] = x[1]
    close(components(wide).reshape(5, 6, 4, 2)[:, :, 0, 0], components(x), 0)
    assert np.count_nonzero(components(wide)) == np.count_nonzero(components(x))


def test_two_sizes_of_one_level_are_an_error():
    with raises(
        TypeError,
        "duals of one level must carry equally many tangents, got 2 and 3; make them with one DualDType.",
    ):
        drawn(2) + drawn(3)


def test_split_and_seeds():
    level = _core.Level(degree=3)
    x = _core.seed_tangents(np.array([2.0, 3.0]), level, np.array([[1.0, 2.0], [0.0, 1.0]]))
    np.testing.assert_array_equal(components(x), [[2, 1, 2, *[0] * 7], [3, 0, 1, *[0] * 7]])
    primal, rest = _core.split(x * x, level)
    np.testing.assert_array_equal(primal, [4.0, 9.0])
    np.testing.assert_array_equal(rest[0], [4, 8, 1, 4, 4, 0, 0, 0, 0])
    outer = _core.Level()
    y = _core.seed_identity(x, outer, 0, 2)
    primal, first = _core.split(y * y, outer)
    same(np.asarray(primal), np.asarray(x * x))
    same(np.asarray(first[0, 0]), np.asarray(2 * x[0]))
    square = _core.Level(degree=2)
    d = _core.seed_scalar(3.0, square)
    value, one, two = _core.split_second(d**3, square)
    assert value == 27.0 and one.tolist() == [27.0] and two.tolist() == [[18.0]]
    value, one, two = _core.split_second(_core.seed_scalar(d, outer) ** 3, square)
    np.testing.assert_array_equal(components(np.asarray(two)), [[[18.0, 6.0]]])
    assert _core.split_second(2.0, square) == (2.0, None, None)


# ---- text --------------------------------------------------------------------------------------------------


def test_printing():
    x = from_components(np.array([[4.0, 1.0, 2.0, 3.0, 5.0, 6.0]]), DualDType(2, degree=2))
    assert str(x[0]) == "(4.0; e1 1.0 2.0; e11 3.0 5.0 6.0)"
    assert repr(x[0]) == "<Dual (4.0; e1 1.0 2.0; e11 3.0 5.0 6.0) of DualDType(2, degree=2)>"
    assert f"{x[0]:.2f}" == "(4.00; e1 1.00 2.00; e11 3.00 5.00 6.00)"
    assert "e11 3.0 5.0 6.0" in str(x) and "DualDType(2, degree=2)" in repr(x)


def test_notebooks():
    x = from_components(np.array([[4.0, 1.0, 2.0, 3.0, 5.0, 6.0]]), DualDType(2, degree=2)).view(DualArray)
    squares = r"3\,\varepsilon_{1}^{2} + 5\,\varepsilon_{1}\,\varepsilon_{2} + 6\,\varepsilon_{2}^{2}"
    assert x[0]._repr_latex_() == rf"$4 + \varepsilon_{{1}} + 2\,\varepsilon_{{2}} + {squares}$"
    heads = ["value", "tangent[0]", "tangent[1]", "e11[0,0]", "e11[0,1]", "e11[1,1]"]
    assert all(f"<th>{head}</th>" in x._repr_html_() for head in heads)
    both = x * _core.seed_scalar(2.0, fresh_levels(1)[0])
    assert "<th>e112[0,1,0]</th>" in both._repr_html_()
    assert r"\varepsilon_{1,1}\,\varepsilon_{1,2}\,\varepsilon_{2}" in both[0]._repr_latex_()


# ---- drivers -----------------------------------------------------------------------------------------------


def pairwise(f, x):
    """Return the value, gradient and Hessian of f by one pass on hyper-dual pairs."""
    older, younger = fresh_levels(2)
    y = f(_core.seed_identity(_core.seed_identity(x, older, 0, x.size), younger, 0, x.size))
    value, _, first, second = dn.parts(y).values()
    return value, first, second.swapaxes(-1, -2)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def smooth(x):
    return np.sum(np.exp(-x) * np.sin(np.cumsum(x)) / (1 + x**2)) + np.prod(np.cos(x)) ** 1.5


@pytest.mark.parametrize("n", [2, 3, 6, 9])
@pytest.mark.parametrize("f", [rosenbrock, smooth], ids=["rosenbrock", "smooth"])
@pytest.mark.parametrize("chunk", [None, 1, 2])
def test_hessians_are_those_of_pairs(n, f, chunk):
    x = np.linspace(0.2, 0.5, n)
    value, first, second = pairwise(f, x)
    got = dn.value_gradient_hessian(f, chunk=chunk)(x)
    assert got[0] == value == f(x)
    np.testing.assert_array_equal(got[1], first)
    np.testing.assert_array_equal(got[2], second)
    np.testing.assert_array_equal(dn.hessian(f, chunk=chunk, workers=2)(x), second)
    np.testing.assert_array_equal(dn.laplacian(f, chunk=chunk)(x), np.trace(second))


def test_nested_in_other_drivers():
    """Third and fourth derivatives by levels of degree 2 beside others, in both orders."""
    x = np.array([0.3, 0.7, 0.4])
    third, fourth = (dn.derivative_tensor(smooth, order)(x) for order in (3, 4))
    close(dn.jacobian(dn.hessian(smooth))(x), third, 1e-10)
    close(dn.hessian(dn.gradient(smooth))(x), third, 1e-10)
    close(dn.hessian(dn.hessian(smooth))(x), fourth, 1e-9)
    close(dn.hessian(dn.hessian(smooth, chunk=2), chunk=1)(x), fourth, 1e-9)
    close(dn.laplacian(dn.laplacian(smooth))(x), np.einsum("iijj", fourth), 1e-9)
    close(
        dn.derivative(lambda t: dn.hessian(smooth)(t * x), 2)(1.0), np.einsum("ijkl,k,l", fourth, x, x), 1e-9
    )
    close(dn.taylor(lambda t: dn.hessian(smooth)(x + t), 2)(0.0)[2] * 2, fourth.sum(axis=(2, 3)), 1e-9)


def test_batches_and_containers():
    points = np.random.default_rng(2).uniform(0.2, 0.6, (4, 2, 3))

    def f(x):
        return np.exp(x[..., 0] * x[..., 1]) * np.sin(x[..., 2]) + x[..., 0] ** 3

    got = dn.value_gradient_hessian(f, batched=True)(points)
    for i in np.ndindex(4, 2):
        value, first, second = pairwise(f, points[i])
        same([got[0][i], got[1][i], got[2][i]], [np.float64(value), first, second])
    assert all(a.flags.owndata or a.base is None or a.base.dtype == float for a in got)
    for options in (
        {"batched": 3},
        {"batched": True, "chunk": 2},
        {"batched": True, "workers": 2, "chunk": 1},
    ):
        np.testing.assert_array_equal(dn.hessian(f, **options)(points), got[2])
    tree = dn.hessian(lambda p: p["a"] ** 2 * p["b"].sum())({"a": 2.0, "b": np.array([1.0, 3.0])})
    assert tree["a"]["a"] == 8.0 and tree["a"]["b"].tolist() == [4.0, 4.0] and not tree["b"]["b"].any()
    many = dn.hessian(lambda x: np.array([x[0] * x[1], 1.0]))(np.array([2.0, 3.0]))
    np.testing.assert_array_equal(many, [[[0, 1], [1, 0]], [[0, 0], [0, 0]]])


def test_second_derivatives_of_arrays():
    x = np.linspace(0.1, 2.0, 7)
    np.testing.assert_array_equal(dn.derivative(np.sin, 2)(x), -np.sin(x))
    *_, second = dn.value_and_derivative(lambda x: x**3, 2)(x)
    np.testing.assert_allclose(second, 6 * x, rtol=1e-15)
    close(dn.vhv(smooth)(x, x), x @ dn.hessian(smooth)(x) @ x, 1e-12)


def test_a_dual_that_outlives_its_call_is_inert():
    kept = []

    def f(x):
        kept.append(x[0] * 1.0)
        return x @ x if len(kept) < 2 else x @ x + kept[0] ** 2

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(dn.hessian(f, check=False, lift=False)(x), 2 * np.eye(2))
    second = dn.hessian(f, check=False, lift=False)(x)
    np.testing.assert_array_equal(dn.value(second), 2 * np.eye(2))
