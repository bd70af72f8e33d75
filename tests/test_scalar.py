"""Scalars: arithmetic, comparisons, attributes, conversions and refusals."""

import cmath
import copy
import math
import operator
import pickle
from fractions import Fraction

import numpy as np
import pytest
from elements import coefficients, fresh_levels, join

import dualnum as dn
from dualnum import Dual, HyperDual, _core

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "divmod 0": lambda a, b: divmod(a, b)[0],
    "divmod 1": lambda a, b: divmod(a, b)[1],
}
FUNCTIONS = [row.name for row in _core.ELEMENTARY]
FUNCTIONS += "absolute sign floor ceil rint trunc positive negative".split()
COMPARISONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
PLAIN = [3, 2.5, True, np.float64(1.5), np.float32(0.5), np.int8(3), np.uint64(2), np.bool_(True)]
PLAIN += [np.int64(4), np.float16(2)]

SCALARS = {
    "one level": lambda: Dual(2.75, 3.0),
    "three tangents": lambda: Dual(2.75, [1.0, -2.0, 0.5]),
    "two levels": lambda: HyperDual(2.75, 1.0, -2.0, 0.5),
    "three levels": lambda: join(np.arange(1.0, 9).reshape(2, 2, 2) / 4 + 2.5, fresh_levels(3))[()],
}
REFUSED = [float, int, complex, math.sin, math.exp, math.sqrt, math.isfinite, cmath.sin]
REFUSED += [np.float64, np.float32, np.int64]
scalars = pytest.mark.parametrize("make", SCALARS.values(), ids=SCALARS)


def parts(d):
    """Return all coefficients of a scalar, flat."""
    if not isinstance(d, Dual):
        return np.array([float(d)])
    return coefficients(d, list(d.dtype.levels), d.dtype.sizes).ravel()


def same(a, b):
    return type(a) is type(b) and a.dtype is b.dtype and np.array_equal(parts(a), parts(b), equal_nan=True)


@scalars
@pytest.mark.parametrize("plain", PLAIN, ids=lambda p: f"{type(p).__name__} {p}")
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_with_plain_numbers(make, name, plain):
    """A scalar on either side gives the bits that an array of the same element gives."""
    d = make()
    f = OPERATORS[name]
    array = np.array([d, d])
    assert array.dtype is d.dtype
    for got, want in ((f(d, plain), f(array, float(plain))), (f(plain, d), f(float(plain), array))):
        assert isinstance(got, Dual) and same(got, want[0])
    assert f(d, plain).primal == f(np.float64(d.primal), np.float64(plain))
    assert f(plain, d).primal == f(np.float64(plain), np.float64(d.primal))


@scalars
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_with_each_other(make, name):
    d = make()
    f = OPERATORS[name]
    other = d * 0.75 + 0.25
    array = np.array([d, d])
    assert same(f(d, other), f(array, np.array([other, other]))[0])
    assert f(d, other).primal == f(np.float64(d.primal), np.float64(other.primal))
    assert same(f(d, d), f(array, array)[1])
    for mixed in (Dual(1.5, 2.0), HyperDual(1.5, 2.0, 3.0, 4.0)):
        if 3 in d.dtype.sizes:
            with pytest.raises((TypeError, ValueError)):
                f(d, mixed)
        else:
            assert f(d, mixed).primal == f(np.float64(d.primal), np.float64(1.5))
            assert set(f(d, mixed).dtype.levels) == set(d.dtype.levels) | set(mixed.dtype.levels)


@scalars
@pytest.mark.parametrize("name", ["+", "-", "*", "/", "**", "%", "//"])
def test_in_place_operators_do_not_alias(make, name):
    d = make()
    before = parts(d)
    e = d
    scope = {"e": e}
    exec(f"e {name}= 2.0", scope)
    assert scope["e"] is not d and np.array_equal(parts(d), before)


@scalars
@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda f: f.__name__)
def test_comparisons_look_at_the_value_only(make, compare):
    d = make()
    for other in (d.primal, d.primal + 1, d.primal - 1, 2, 5, np.float64(3), np.int32(2), math.inf, math.nan):
        for got, want in (
            (compare(d, other), compare(d.primal, other)),
            (compare(other, d), compare(other, d.primal)),
        ):
            assert bool(got) is bool(want) and isinstance(got, (bool, np.bool_))
    twin = Dual(d.primal, -7.0) if 3 not in d.dtype.sizes else d * 1.0
    assert bool(compare(d, twin)) is compare(d.primal, d.primal)
    array = np.array([d.primal, 0.0, 9.0])
    assert np.array_equal(compare(d, array), compare(np.float64(d.primal), array))
    assert np.array_equal(compare(array, d), compare(array, np.float64(d.primal)))


def test_comparisons_with_other_objects():
    d = Dual(1.0)
    assert (d == "1") is False and (d != "1") is True and (d == None) is False  # noqa: E711
    assert d not in ["a", None]
    with pytest.raises(TypeError):
        assert d < "1"
    for bad in ("1", None, [], {}, object()):
        for operation in (operator.add, operator.mul, operator.pow, operator.mod):
            if bad == [] or (bad == "1" and operation is operator.mod):  # an array; text formatting
                continue
            with pytest.raises(TypeError):
                operation(d, bad)
            with pytest.raises(TypeError):
                operation(bad, d)


@scalars
def test_unary(make):
    d = make()
    array = np.array([d])
    assert same(-d, (-array)[0]) and same(+d, d) and same(abs(-d), abs(-array)[0]) and same(abs(-d), d)
    assert bool(d) is True and bool(d - d.primal) is False and bool(d * 0) is False
    for f, g in ((math.floor, np.floor), (math.ceil, np.ceil), (math.trunc, np.trunc), (round, np.rint)):
        assert same(f(d), g(array)[0]) and f(d).primal == g(d.primal)
        assert not parts(f(d))[1:].any()
    assert isinstance(round(d, 1), Dual) and round(d, 1).primal == round(np.float64(d.primal), 1)
    assert round(Dual(2.5)).primal == 2.0 and round(Dual(-3.7)).primal == -4.0
    assert isinstance(divmod(d, 2), tuple) and len(divmod(7.5, d)) == 2
    assert pow(d, 2).primal == d.primal**2
    with pytest.raises(TypeError):
        pow(d, 2, 3)


@scalars
def test_unhashable(make):
    with pytest.raises(TypeError, match="unhashable"):
        hash(make())
    with pytest.raises(TypeError):
        {make(): 1}


@scalars
@pytest.mark.parametrize("refused", REFUSED, ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_conversions_raise_and_name_the_remedy(make, refused):
    with pytest.raises(TypeError, match=r"dualnum\.value"):
        refused(make())


@scalars
def test_other_conversions_raise(make):
    d = make()
    some = [operator.index, range, "%d".__mod__, "%f".__mod__, bytes]
    for refused in (*some, lambda x: [1, 2][x]):
        with pytest.raises(TypeError):
            refused(d)
    with pytest.raises(TypeError):
        np.zeros(3)[0] = d
    with pytest.raises(TypeError):
        np.array([d], dtype=float)
    with pytest.raises(TypeError):
        np.asarray(d, dtype=float)
    assert format(d, ".2f") and str(d) and repr(d)


@scalars
@pytest.mark.parametrize(
    "how",
    [lambda d: pickle.loads(pickle.dumps(d)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_pickle_and_copy(make, how):
    d = make()
    assert same(how(d), d)


@scalars
def test_numpy_scalar_attributes(make):
    d = make()
    assert d.shape == () and d.ndim == 0 and d.size == 1
    assert d.dtype.ncomponents == len(parts(d)) and d.itemsize == d.dtype.itemsize and d.nbytes == d.itemsize
    assert same(d.real, d) and same(d.conjugate(), d) and same(d.conj(), d)
    assert not parts(d.imag).any() if isinstance(d.imag, Dual) else d.imag == 0
    assert same(d.item(), d) and same(d.copy(), d) and same(d.T, d)
    assert same(d.astype(d.dtype), d) and same(d[()], d)
    with pytest.raises(TypeError):
        d.astype(float)
    assert d.sum().primal == d.primal and d.max().primal == d.primal and d.mean().primal == d.primal
    assert d.reshape(1).shape == d.ravel().shape == d.flatten().shape == (1,)
    assert d.reshape(1).dtype is d.dtype
    assert np.ndim(d) == 0 and np.shape(d) == () and np.size(d) == 1
    assert np.asarray(d).shape == () and np.asarray(d).dtype is d.dtype and same(np.asarray(d)[()], d)
    assert np.iscomplexobj(d) is False and np.isrealobj(d) is True
    assert d.clip(0, 1).primal == 1.0
    with pytest.raises(TypeError):
        len(d)
    with pytest.raises(TypeError):
        iter(d)
    with pytest.raises(AttributeError):
        d.primal = 3.0
    with pytest.raises(AttributeError):
        d.anything = 3.0


def test_parts_by_name():
    d = Dual(2.0, 3.0)
    assert d.primal == 2.0 and d.tangent == 3.0
    assert type(d.primal) is float and type(d.tangent) is float
    d = Dual(2.0, [3.0, 4.0])
    assert isinstance(d.tangent, np.ndarray) and d.tangent.tolist() == [3.0, 4.0]
    assert Dual(5).tangent == 1.0 and Dual(np.float32(5)).primal == 5.0
    h = HyperDual(2.0, 3.0, 4.0, 5.0)
    assert (h.primal, h.e1, h.e2, h.e12) == (2.0, 3.0, 4.0, 5.0)
    assert (HyperDual(2.0).e1, HyperDual(2.0).e2, HyperDual(2.0).e12) == (1.0, 1.0, 0.0)
    for wrong in (lambda: h.tangent, lambda: d.e1, lambda: d.e12):
        with pytest.raises((AttributeError, TypeError, ValueError)):
            wrong()


@pytest.mark.parametrize(
    "arguments", [("a",), (1j,), (None,), ([1.0, 2.0],), (1.0, "b"), (1.0, [[1.0]]), (1.0, 1j), ()], ids=str
)
def test_bad_arguments_raise(arguments):
    with pytest.raises((TypeError, ValueError)):
        Dual(*arguments)


@pytest.mark.parametrize("name", FUNCTIONS)
@scalars
def test_functions_of_scalars(make, name):
    d = make() / 4 if name in ("arcsin", "arccos", "arctanh") else make()
    want = getattr(np, name)(np.array([d]))[0]
    f = getattr(dn, name)
    assert same(f(d), want) and same(getattr(np, name)(d), want)
    assert same(getattr(d, name)(), want)
    plain = f(d.primal)
    assert not isinstance(plain, (Dual, np.ndarray))
    assert plain == getattr(np, name)(np.float64(d.primal)) == want.primal


def test_functions_keep_shapes():
    for x in (np.ones((2, 3)), np.ones(()), np.ones((0,)), np.float64(1.0), 1, 1.0, True):
        assert np.shape(dn.sin(x)) == np.shape(x)
        assert np.result_type(dn.sin(x)) == np.float64
    d = np.array([Dual(1.0), Dual(2.0)])
    assert dn.sin(d).dtype is d.dtype and np.array_equal(_core.value(dn.sin([1.0, 2.0])), np.sin([1.0, 2.0]))


def test_object_arrays_of_duals():
    d = Dual(0.5, 2.0)
    x = np.array([d, 3 * d, d * d], dtype=object)
    assert x.dtype == object
    for name in "sin exp sqrt tanh arctan log1p fabs absolute floor square negative".split():
        f = getattr(np, name)
        y = f(x)
        assert y.dtype == object and same(y[1], f(3 * d))
    y = x * 2 + np.exp(x) / x
    assert same(y[0], d * 2 + np.exp(d) / d)
    assert same(np.sum(x), d + 3 * d + d * d)
    assert same(x.max(), 3 * d) and x.argmax() == 1
    assert same(np.dot(x, x), d * d + (3 * d) * (3 * d) + (d * d) * (d * d))
    back = x.astype(d.dtype)
    assert back.dtype is d.dtype and same(back[2], d * d)
    assert np.array(x.tolist()).dtype is d.dtype
    assert np.hypot(x, 1.0)[0].primal == np.hypot(0.5, 1.0) and np.arctan2(x, x)[0].tangent == 0


def test_division_by_zero_follows_float64():
    for make in SCALARS.values():
        zero = make() * 0.0
        with pytest.warns(RuntimeWarning, match="divide by zero encountered"):
            assert (1 / zero).primal == math.inf
        with pytest.warns(RuntimeWarning, match="invalid value encountered"):
            assert math.isnan((zero / zero).primal)
    with pytest.warns(RuntimeWarning, match="invalid value encountered in sqrt"):
        assert math.isnan(dn.sqrt(-1.0))
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in log"):
        assert dn.log(0.0) == -math.inf
    with pytest.warns(RuntimeWarning, match="overflow encountered in exp"):
        assert dn.exp(Dual(1000.0)).primal == math.inf
    with pytest.warns(RuntimeWarning, match="overflow encountered"):
        assert (Dual(1e200) ** 2).primal == math.inf


def test_wide_operands():
    """Integers beyond float64's whole numbers, and beyond its range."""
    assert (Dual(1.0) + 2**60).primal == 1.0 + 2.0**60
    with pytest.raises((OverflowError, TypeError)):
        Dual(1.0) * 10**400
    assert (Dual(1.0) < 10**300) and (Dual(1.0) == 1) and not (Dual(2.0**53) == 2**53 + 2)


def test_sorting_and_builtins():
    numbers = [Dual(v, i) for i, v in enumerate((3.0, 1.0, 2.0, 1.0))]
    assert [d.tangent for d in sorted(numbers)] == [1.0, 3.0, 2.0, 0.0]
    assert min(numbers).tangent == 1.0 and max(numbers).tangent == 0.0
    total = sum(numbers)
    assert total.primal == 7.0 and total.tangent == 6.0
    assert math.prod(numbers).primal == 6.0
    assert any(numbers) and all(numbers)


def test_many_scalars_of_many_sizes():
    """The free list mixes up no scalars, of any number of tangents."""
    kept = []
    for k in [1, 8, 9, 1, 100, 8, 1, 0, 3] * 50:
        d = Dual(float(k), np.arange(k, dtype=float)) if k != 1 else Dual(1.0, 7.0)
        kept.append((k, d * 2))
        if len(kept) > 40:
            k, d = kept.pop(len(kept) % 7)
            assert d.primal == 2.0 * k
            assert np.array_equal(np.atleast_1d(d.tangent), [14.0] if k == 1 else 2.0 * np.arange(k))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "floordiv", "mod"])
def test_fractions_are_floats_beside_duals(name):
    operate, x, third = getattr(operator, name), Dual(2.5, 1.5), Fraction(1, 3)
    assert same(operate(x, third), operate(x, 1 / 3))
    assert same(operate(third, x), operate(1 / 3, x))


def test_is_integer_looks_at_the_value():
    assert Dual(3.0).is_integer() is True and Dual(2.5).is_integer() is False


@pytest.mark.parametrize("name", ["as_integer_ratio", "hex"])
def test_methods_of_floats_that_would_lose_derivatives(name):
    with pytest.raises(
        TypeError, match=f"^{name}\\(\\) would lose the derivatives of a dual; use dualnum's and"
    ):
        getattr(Dual(3.0), name)()


def test_a_number_is_immutable():
    """Calling __init__ again, leaves a live number as it is."""
    for d in (
        Dual(3.0, [1.0, 2.0]),
        Dual(3.0, np.arange(20.0)),
        Dual(2.0) * Dual(3.0),
        np.exp(Dual(1.0)),
    ):
        before = repr(d)
        d.__init__(7.0, 8.0)
        assert repr(d) == before


def test_shapes_of_the_parts_of_hyper_duals():
    e1, e2, e12 = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0]), np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(HyperDual(7.0, e1, e2, e12).e12, e12)
    np.testing.assert_array_equal(HyperDual(7.0, e1, e2, 0.5).e12, np.full((2, 3), 0.5))
    assert HyperDual(7.0, 1.0, 2.0, np.array([0.5])).e12 == 0.5
    for wrong in (e12.T, e1, e2):
        with pytest.raises(ValueError, match=r"expects e12 to be a number or of shape \(2, 3\), got shape"):
            HyperDual(7.0, e1, e2, wrong)
    for parts in ((e12, 1.0), (1.0, e12)):
        with pytest.raises(ValueError, match=r"expects e1 and e2 to be numbers or of shape \(k,\)"):
            HyperDual(7.0, *parts)


def test_hints_stand_beside_the_names_that_they_explain():
    for make, name in ((lambda: Dual(2.0).magnitude, "primal"), (lambda: Dual("two"), "ComplexDual")):
        with pytest.raises((AttributeError, TypeError, ValueError)) as error:
            make()
        assert name not in str(error.value)
    with pytest.raises(AttributeError, match=r"use d\.primal"):
        operator.attrgetter("value")(Dual(2.0))
    with pytest.raises(TypeError, match="use ComplexDual"):
        Dual(2j)
