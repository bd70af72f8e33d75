"""Numbers and arrays of other packages beside duals, and what other packages ask of a number."""

import collections.abc
import hashlib
import inspect
import io
import operator
import pickle
import zlib

import numpy as np
import pytest
from expect import raises

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


READ_BY_OTHERS = "value values magnitude unit units nominal_value std_dev mask fill_value m".split()


@pytest.mark.parametrize("name", READ_BY_OTHERS)
def test_no_attribute_that_other_packages_read(name):
    """astropy's Quantity takes getattr(other, "value", other): the derivative of 3 * unit * x was silently 0."""
    for x in (dn.Dual(3.0), dn.HyperDual(3.0), dn.seed(X), np.asarray(dn.seed(X))):
        assert not hasattr(x, name)


MASKED = np.ma.array([3.0, 4.0, 5.0], mask=[False, True, False])
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
FUNCTIONS = [*OPERATORS, np.hypot, np.multiply, np.maximum, np.arctan2, np.ma.multiply]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("reduce", [np.sum, np.ma.sum, np.mean, np.prod], ids=lambda f: f.__name__)
@pytest.mark.parametrize("left", [True, False], ids=["dual first", "mask first"])
def test_masks_survive(f, reduce, left):
    """The masked element contributes to neither the value nor the gradient."""

    def of(x, m=MASKED):
        return reduce(f(x, m) if left else f(m, x))

    kept = np.array([0, 2])
    value, gradient = dn.value_and_gradient(of)(X)
    want = dn.gradient(lambda x: of(x, MASKED.data[kept]))(X[kept])
    assert value == of(X)
    np.testing.assert_allclose(gradient, [want[0], 0.0, want[1]], rtol=1e-15)
    scalar = dn.value_and_derivative(of)(2.0)
    np.testing.assert_allclose(scalar[1], dn.derivative(lambda x: of(x, MASKED.data[kept]))(2.0), rtol=1e-15)
    assert scalar[0] == of(2.0)


def test_a_matrix_stays_a_matrix():
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    for product in (dn.Dual(2.0) * matrix, np.multiply(matrix, dn.Dual(2.0)), dn.Dual(2.0) + matrix):
        assert type(product) is np.matrix
    with pytest.raises(
        (TypeError, ValueError)
    ):  # a product of matrices, which a plain array of duals has not
        (dn.Dual(2.0) * matrix) * matrix
    with pytest.raises((TypeError, ValueError)):  # the latter from NumPy 2.5 on
        dn.seed(np.ones((2, 2))) * matrix


class Tagged(np.ndarray):
    """A subclass that carries an attribute, as arrays with units do."""

    def __array_finalize__(self, other):
        self.tag = getattr(other, "tag", None)


class Length:
    """A number with a unit, whose __array_ufunc__ decides, and which reads attributes of its partners."""

    def __init__(self, magnitude):
        self.number = magnitude

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [x.number if isinstance(x, Length) else getattr(x, "value", x) for x in inputs]
        return Length(getattr(ufunc, method)(*plain, **kwargs))

    __mul__ = __rmul__ = lambda self, other: np.multiply(self, other)


@pytest.mark.parametrize("f", [*OPERATORS, np.hypot], ids=lambda f: f.__name__)
def test_subclasses_keep_their_type_and_attributes(f):
    tagged = np.array([3.0, 4.0, 5.0]).view(Tagged)
    tagged.tag = "metres"
    for dual in (dn.seed(X), dn.Dual(2.0)):
        for y in (f(dual, tagged), f(tagged, dual)):
            assert type(y) is Tagged and y.tag == "metres" and y.dtype == (dual * 1.0).dtype
    got = dn.jacobian(lambda x: np.asarray(f(x, tagged)))(X)
    np.testing.assert_array_equal(got, dn.jacobian(lambda x: f(x, np.asarray(tagged)))(X))


def test_a_foreign_array_ufunc_decides():
    three = Length(3.0)
    for f in (
        lambda x: x * three,
        lambda x: three * x,
        lambda x: np.multiply(x, three),
        lambda x: np.hypot(three, x),
    ):
        assert type(f(dn.Dual(2.0))) is Length and type(f(dn.seed(X))) is Length
    assert dn.derivative(lambda x: (three * x).number)(2.0) == 3.0
    np.testing.assert_array_equal(dn.gradient(lambda x: np.sum((x * three).number))(X), [3.0, 3.0, 3.0])


RAW = {
    "the buffer": [
        memoryview,
        bytes,
        hashlib.sha1,
        zlib.compress,
        np.frombuffer,
        io.BytesIO().write,
        lambda x: x.data,
    ],
    "ctypes": [lambda x: x.ctypes, lambda x: np.ctypeslib.ndpointer(ndim=1).from_param(x)],
    "tobytes()": [lambda x: x.tobytes()],
    "tofile()": [lambda x: x.tofile("never")],
    "byteswap()": [lambda x: x.byteswap()],
}


@pytest.mark.parametrize(("what", "read"), [(what, f) for what, calls in RAW.items() for f in calls])
def test_raw_memory_is_refused(what, read):
    """C code that takes a pointer or bytes would read tangents as values."""
    with raises(
        TypeError,
        f"{what} of duals would lose which numbers are values and which are derivatives; use dualnum.value(x), "
        "dualnum.tangent(x) or dualnum.parts(x), or pickle x.",
    ):
        read(dn.seed(X))


def test_numbers_refuse_bytes_and_lists():
    """awkward.from_iter calls tolist() until it gets a number: it crashed."""
    for name in ("tolist", "tobytes", "hex"):
        with pytest.raises(
            TypeError, match=rf"^{name}\(\) would lose the derivatives of a dual; use dualnum's and"
        ):
            getattr(dn.Dual(2.0), name)()


@pytest.mark.parametrize("allow_pickle", [True, False])
def test_files_hold_pickles_of_duals(allow_pickle):
    for write in (np.save, np.savez):
        file = io.BytesIO()
        if not allow_pickle:
            if "allow_pickle" not in inspect.signature(write).parameters:
                continue  # savez, up to NumPy 2.2
            with pytest.raises(ValueError, match="allow_pickle"):
                write(file, dn.seed(X), allow_pickle=False)
            continue
        write(file, dn.seed(X))
        file.seek(0)
        loaded = np.load(file, allow_pickle=True)
        loaded = loaded["arr_0"] if write is np.savez else loaded
        np.testing.assert_array_equal(dn.tangent(loaded), np.eye(3))


def test_a_memory_map_is_an_array(tmp_path):
    mapped = np.memmap(tmp_path / "x", dtype=float, mode="w+", shape=(3,))
    mapped[:] = [3.0, 4.0, 5.0]
    np.testing.assert_array_equal(
        dn.gradient(lambda x: np.dot(x, mapped) + np.sum(mapped * x))(X), [6.0, 8.0, 10.0]
    )
    np.testing.assert_array_equal(dn.gradient(lambda x: np.sum(x**2))(mapped), [6.0, 8.0, 10.0])


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv"])
def test_in_place_operations_return_what_the_guest_returns(name):
    """pandas returns a frame of its own, and so does it beside a plain array of duals."""
    pandas = pytest.importorskip("pandas")
    x, frame = np.array([X, X + 1]), pandas.DataFrame([[3.0, 4.0, 5.0], [1.0, 2.0, 6.0]])
    operate = getattr(operator, name)
    got, want = operate(dn.seed(x), frame), operate(np.asarray(dn.seed(x)), frame)
    assert type(got) is type(want) is pandas.DataFrame
    np.testing.assert_array_equal(dn.value(got.to_numpy()), operate(x.copy(), frame))
    np.testing.assert_array_equal(dn.tangent(got.to_numpy()), dn.tangent(want.to_numpy()))


def test_powers_leave_the_data_under_a_mask_to_the_mask():
    for exponent in (MASKED, np.ma.array(X, mask=[1, 0, 0])):
        got, want = dn.seed(X) ** exponent, X**exponent
        np.testing.assert_array_equal(dn.value(got.data), want.data)
        np.testing.assert_array_equal(got.mask, want.mask)


def test_outputs_beside_an_array_are_the_outputs():
    x = dn.seed(X)
    for out in (np.zeros_like(x), np.asarray(np.zeros_like(x))):
        assert np.multiply(x, 2.0, out=out) is out and np.add.reduce(x[None], axis=0, out=out) is out
        np.testing.assert_array_equal(dn.tangent(out), np.eye(3))
    fraction, whole = np.zeros_like(x), np.zeros_like(x)
    results = np.modf(x, out=(fraction, whole))
    assert results[0] is fraction and results[1] is whole


def test_masked_arrays_of_complex_duals():
    v = np.array([3 + 6j, 1 + 2j, 2 + 4j])
    z = dn.seed(v.real) * (1 + 2j)
    m, of_floats = np.ma.array(z, mask=[0, 1, 0]), np.ma.array(v, mask=[0, 1, 0])
    for f in (
        np.ma.sum, np.ma.mean, np.ma.max, np.ma.min, np.ma.prod, np.ma.median, np.ma.var, np.ma.sort, np.ma.exp,
        np.ma.conjugate, np.ma.filled, np.ma.compressed, abs, lambda m: m.real, lambda m: m.imag, lambda m: m.filled(0),
        lambda m: m.fill_value,
    ):  # fmt: skip
        found, expected = f(m), f(of_floats)
        np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(expected))
        found, expected = (np.ma.filled(y, 0) for y in (found, expected))
        np.testing.assert_allclose(dn.value(found), expected, rtol=1e-15)
    np.testing.assert_array_equal(m.sum().tangent, [1 + 2j, 0, 1 + 2j])


def test_pandas_holds_complex_duals():
    pandas = pytest.importorskip("pandas")
    z = np.asarray(dn.seed(np.array([3.0, 1.0])) * (1 + 2j))
    both = pandas.concat([pandas.Series(z), pandas.Series(z)])
    assert both.dtype is z.dtype
    both.iloc[1] = z[0]
    np.testing.assert_array_equal(both.iloc[1].tangent, [1 + 2j, 0])
