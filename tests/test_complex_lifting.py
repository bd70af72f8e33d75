"""Complex numbers in ordinary code: complex, cmath, NumPy arrays that f makes, and questions about types."""

import cmath
import math
import numbers
import pickle
import re

import mpmath as mp
import numpy as np
import pytest
from expect import close, raises

import dualnum as dn

X = 0.7


def differentiate(f, x=X, **options):
    """Return f's value and derivative by dual numbers: the value is f's own to the last bit."""
    driver = dn.value_and_derivative if np.ndim(x) == 0 else dn.value_and_jacobian
    value, slope = driver(f, **options)(x)
    np.testing.assert_array_equal(value, f(x))
    return slope


# ---- cmath and complex -----------------------------------------------------------------------------------------

OF_ONE = "acos acosh asin asinh atan atanh cos cosh exp log log10 sin sinh sqrt tan tanh".split()
PATHS = {
    "complex": (lambda x: (1 + x) * x + (2 - x) * 1j, lambda x: (1 + x) * x + (2 - x) * mp.mpc(0, 1)),
    "below": (lambda x: x - 3j * x, lambda x: x - mp.mpc(0, 3) * x),
    "real": (lambda x: x, lambda x: x),
    "negative": (lambda x: -x, lambda x: -x),
    "on a cut": (lambda x: 1 + x, lambda x: 1 + x),
}


ABOVE = {
    "asin": lambda x: 1j / math.sqrt(x**2 - 1),
    "acos": lambda x: -1j / math.sqrt(x**2 - 1),
    "atanh": lambda x: 1 / (1 - x**2),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", OF_ONE)
def test_cmath(name, path):
    line, truth = PATHS[path]
    function = getattr(cmath, name)
    if path == "on a cut" and name in ABOVE:  # where mpmath is below the cut, and Python above
        want = ABOVE[name](1 + X)
        close(dn.derivative(lambda x: function(line(x)))(X), want, 1e-13)
        close(want, (function(line(X + 1e-6)) - function(line(X - 1e-6))) / 2e-6, 1e-8)
        return
    with mp.workdps(40):
        of_mp = getattr(mp, name)
        want = [complex(mp.diff(lambda x: of_mp(truth(x)), X, n)) for n in range(4)]
    got = dn.value_and_derivative(lambda x: function(line(x)), 3)(X)
    assert got[0] == function(line(X))
    for n in range(1, 4):
        close(got[n], want[n], 1e-12)
    assert isinstance(got[1], complex)


def test_cmath_of_two_and_parts():
    z, w = X * (1 + 2j), X**2 - 1j
    dz, dw = 1 + 2j, 2 * X
    programs = [
        (lambda x: cmath.log(x + 2j * x, 3), dz / z / math.log(3)),
        (
            lambda x: cmath.log(x + 2j * x, x**2 - 1j),
            (dz / z * cmath.log(w) - dw / w * cmath.log(z)) / cmath.log(w) ** 2,
        ),
        (lambda x: cmath.phase(x**2 - 1j), (dw * w.conjugate()).imag / abs(w) ** 2),
        (lambda x: cmath.polar(x**2 - 1j)[0], (dw * w.conjugate()).real / abs(w)),
        (lambda x: cmath.polar(x**2 - 1j)[1], (dw * w.conjugate()).imag / abs(w) ** 2),
        (lambda x: cmath.rect(x, 2 * x), cmath.exp(2j * X) * (1 + 2j * X)),
        (lambda x: cmath.rect(2.0, x), 2j * cmath.exp(1j * X)),
        (lambda x: cmath.phase(x) + cmath.polar(x)[0], 1.0),
        (lambda x: complex(x, x**2), 1 + 2j * X),
        (lambda x: complex(x), 1.0),
        (lambda x: complex(1j * x), 1j),
        (lambda x: complex(1j * x, x), 2j),
        (lambda x: complex(x, 1j * x), 0.0),
        (lambda x: complex(1j * x, 2j * x + 1), 1j - 2),
        (lambda x: complex(imag=x), 1j),
        (lambda x: complex(x, imag=2 * x) + complex("1j") * x, 1 + 3j),
        (lambda x: complex(Length(x)) * 1j, 1j),
        (lambda x: complex(Phasor(x)), 1j * cmath.exp(1j * X)),
        (lambda x: np.complex128(x) * 2j, 2j),
        (lambda x: np.complex128(1j * x), 1j),
    ]
    for f, want in programs:
        close(differentiate(f), want, 1e-14)


class Length:
    def __init__(self, x):
        self.x = x

    def __float__(self):
        return float(self.x)


class Phasor(Length):
    def __complex__(self):
        return cmath.exp(1j * self.x)


def test_predicates_and_errors_are_those_of_cmath():
    def f(x):
        z = 1j * x
        assert cmath.isfinite(z) and not cmath.isnan(z) and not cmath.isinf(z) and cmath.isclose(z, 1j * x)
        return cmath.exp(z)

    close(differentiate(f), 1j * cmath.exp(1j * X), 1e-15)
    for f, error in [
        (lambda x: cmath.log(0 * x), ValueError),
        (lambda x: cmath.exp(1e9 * x), OverflowError),
        (lambda x: cmath.exp(str(x)), TypeError),
        (lambda x: complex(x, "1"), TypeError),
    ]:
        with pytest.raises(error) as plain:
            f(X)
        with pytest.raises(error, match=re.escape(str(plain.value).split(" (")[0])):
            dn.derivative(f)(X)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: math.sin(1j * x),
        lambda x: math.hypot(1j * x, x),
        lambda x: float(1j * x),
        lambda x: int(1j * x),
        lambda x: round(1j * x),
        lambda x: 1j * x < 1,
        lambda x: divmod(1j * x, 2),
        lambda x: math.floor(1j * x),
    ],
)
def test_what_refuses_complex_numbers_refuses_complex_duals(f):
    with pytest.raises(TypeError):
        f(X)
    with pytest.raises(TypeError):
        dn.derivative(f)(X)


# ---- numbers ---------------------------------------------------------------------------------------------------

NUMBERS = {
    "parts": (lambda x: (lambda z: z.real**2 + 1j * z.imag)(cmath.exp(1j * x)), -math.sin(2 * X) + 1j * math.cos(X)),
    "conjugate": (lambda x: cmath.exp(1j * x).conjugate(), -1j * cmath.exp(-1j * X)),
    "abs": (lambda x: abs(cmath.exp((1 + 1j) * x)), math.exp(X)),
    "isinstance": (lambda x: x * 1j if isinstance(x * 1j, complex) else 5 * x, 1j),
    "isinstance of a tuple": (lambda x: x * 1j if isinstance(x * 1j, (int, complex)) else 5 * x, 1j),
    "isinstance np": (lambda x: x * 1j if isinstance(np.exp(1j * x), np.complexfloating) else 5 * x, 1j),
    "is no float": (lambda x: x * 1j if not isinstance(x * 1j, float) else 5 * x, 1j),
    "numbers": (
        lambda x: (
            x * 1j
            if isinstance(x * 1j, numbers.Complex) and not isinstance(x * 1j, numbers.Real)
            else 5 * x
        ),
        1j,
    ),
    "type": (lambda x: x * 1j if type(x * 1j) is complex else 5 * x, 1j),
    "type np": (lambda x: x * 1j if type(np.exp(1j * x)) is np.complex128 else 5 * x, 1j),
    "class": (lambda x: x * 1j if (x * 1j).__class__ is complex and issubclass(type(1j * x), complex) else 5 * x, 1j),
    "attributes": (lambda x: x * 1j if hasattr(x * 1j, "conjugate") and not hasattr(x * 1j, "shape") else 5 * x, 1j),
    "truth": (lambda x: 1j * x if 1j * x and bool(1j * x) else 5 * x, 1j),
    "powers": (
        lambda x: (1j * x) ** 2 + pow(1j * x, -1) + 2 ** (1j * x),
        -2 * X + 1j / X**2 + 1j * math.log(2) * 2 ** (1j * X),
    ),
    "sum": (lambda x: sum([1j * x, x, 2, 1j]), 1 + 1j),
    "sorted by": (lambda x: sorted([3j * x, x], key=abs)[1] + max([1j * x, x], key=lambda z: z.imag), 4j),
    "text": (lambda x: 1j * x if f"{1j * x:6.3f}"[-7:] == "+0.700j" and len(str(1j * x)) < 25 else 5 * x, 1j),
    "other text": (lambda x: 1j * x if repr(1j * x)[-1] + "%s" % (1j * x) < "j1" else 5 * x, 1j),
    "pickle": (lambda x: pickle.loads(pickle.dumps(1j * x)), 1j),
    "match": (lambda x: (1j * x if np.iscomplexobj(1j * x) and np.isrealobj(x) and not np.isreal(1j * x) else x), 1j),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    f, want = NUMBERS[name]
    close(differentiate(f), want, 1e-14)
    close(differentiate(f, lift=True), want, 1e-14)


def test_holomorphic_code():
    def f(z):
        if not isinstance(z, complex):
            return 5 * z
        a = np.zeros(2, complex)
        a[0] = cmath.sin(z)
        a[1] = complex(z.real, z.imag) ** 2
        return a[0] + a[1]

    z = 0.3 + 0.4j
    close(dn.derivative(f, holomorphic=True)(z), cmath.cos(z) + 2 * z, 1e-14)
    close(dn.derivative(f, 3, holomorphic=True)(z), -cmath.cos(z), 1e-14)


# ---- arrays ----------------------------------------------------------------------------------------------------


def stores(make):
    """Return a function that stores duals, complex duals and both into the array that `make` returns."""

    def f(x):
        a = make(3)
        a[0] = x
        a[1] = 1j * x
        a[2] += x * (2 + 1j)
        return a * (1 + 1j)

    return f


STORES = {
    "zeros": lambda n: np.zeros(n, complex),
    "zeros by name": lambda n: np.zeros(n, dtype="complex128"),
    "zeros of np": lambda n: np.zeros(n, dtype=np.complex128),
    "zeros by code": lambda n: np.zeros((n,), "D"),
    "ones": lambda n: np.ones(n, dtype=complex),
    "full": lambda n: np.full(n, 1j),
    "full of a real": lambda n: np.full(n, 2, dtype=complex),
    "zeros_like": lambda n: np.zeros_like(np.ones(n), dtype=complex),
    "array": lambda n: np.array([1j, 2, 3]),
    "arange": lambda n: np.arange(n) * 1j,
    "linspace": lambda n: np.linspace(0, 1j, n),
    "copy": lambda n: (np.ones(n) * 1j).copy(),
    "astype": lambda n: np.ones(n).astype(complex),
    "eye": lambda n: np.eye(n, dtype=complex)[0],
}


@pytest.mark.parametrize("name", STORES)
def test_arrays_of_complex_numbers_hold_duals(name):
    close(differentiate(stores(STORES[name])), np.array([1, 1j, 2 + 1j]) * (1 + 1j), 1e-15)


def matrix(x):
    m = np.eye(2, dtype=complex)
    for _ in range(3):
        m = m @ np.array([[math.cos(x), 1j * math.sin(x)], [1j * math.sin(x), math.cos(x)]])
    return m


def empty(x):
    a = np.empty((2, 2), dtype=complex)
    a[:] = 0
    a[0, 1] = x
    a[1] = [x, 2j * x]
    return a


def parts(x):
    a = np.zeros(2, complex)
    a.real = x
    a.imag[1] = 2 * x
    return a


def part(x):
    a = np.zeros(2, complex)
    a.imag[0] = x
    return a


def out(x):
    a = np.zeros(2, complex)
    np.multiply(np.array([x, x]), 1j, out=a)
    np.add.at(a, [0], 1j * x)
    return a


def inplace(x):
    a = np.array([1.0, 2j])
    a *= x
    b = np.zeros(2)
    b[0] = x
    c = np.zeros(2, complex)
    c[:] = b
    return a + c


def filled(x):
    a = np.zeros(2, complex)
    a.fill(1j * x)
    return a


def recursion(x):
    """An infinite impulse response, sample by sample."""
    y = np.zeros(4, dtype=complex)
    y[0] = 1.0
    for k in range(1, 4):
        y[k] = 1j * x * y[k - 1]
    return y


def complex_array(a):
    return np.issubdtype(a.dtype, np.complexfloating)


ROTATIONS = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.5, -0.5], [-0.5, 0.5]]])  # by exp(ix) and by exp(-ix)

ARRAYS = {
    "matrix": (matrix, 3j * np.exp(3j * X) * ROTATIONS[0] - 3j * np.exp(-3j * X) * ROTATIONS[1]),
    "empty": (empty, [[0, 1], [1, 2j]]),
    "parts": (parts, [1, 1 + 2j]),
    "a part": (part, [1j, 0]),
    "out": (out, [2j, 1j]),
    "in place": (inplace, [2, 2j]),
    "fill": (filled, [1j, 1j]),
    "recursion": (recursion, [0, 1j, -2 * X, -3j * X**2]),
    "literal": (lambda x: np.array([[1, 1j * x], [x, 2.0]]), [[0, 1j], [1, 0]]),
    "literal as complex": (lambda x: np.array([[1, 1j * x], [x, 2.0]], dtype=complex), [[0, 1j], [1, 0]]),
    "real literal as complex": (lambda x: np.array([x, 2.0], dtype=complex), [1, 0]),
    "asarray": (lambda x: np.asarray(1j * x, dtype=complex) + np.asarray(x, dtype=np.complex128), 1 + 1j),
    "astype": (lambda x: np.array([x]).astype(complex) * 1j, [1j]),
    "full": (lambda x: np.full(2, 1j * x), [1j, 1j]),
    "full as complex": (lambda x: np.full(2, x, dtype=complex), [1, 1]),
    "full_like": (lambda x: np.full_like(np.ones(2), 1j * x, dtype=complex), [1j, 1j]),
    "fromiter": (lambda x: np.fromiter((1j * x * k for k in range(2)), complex), [0, 1j]),
    "vander": (lambda x: np.vander(np.array([1j * x, x]), 3), [[-2 * X, 1j, 0], [2 * X, 1, 0]]),
    "concatenate": (lambda x: np.concatenate([np.zeros(1, complex), [1j * x]]), [0, 1j]),
    "dot of lists": (lambda x: np.dot([1j * x, 2], [x, 1j]), 2j * X),
    "cumsum as complex": (lambda x: np.cumsum(np.array([x, x]), dtype=complex), [1, 2]),
    "sum of a list": (lambda x: np.sum([1j * x, x, 2, 1j]), 1 + 1j),
    "vectorize": (lambda x: np.vectorize(lambda y: cmath.exp(1j * y))(np.array([x])), [1j * cmath.exp(1j * X)]),
    "dtype": (lambda x: np.array([1j * x if (1j * np.array([x])).dtype == np.complex128 else x]), [1j]),
    "dtype kind": (lambda x: np.array([1j * x if (1j * np.array([x])).dtype.kind == "c" else x]), [1j]),
    "issubdtype": (lambda x: 1j * np.array([x]) if complex_array(1j * np.array([x])) else np.array([x]), [1j]),
    "emath.sqrt": (lambda x: np.emath.sqrt(np.array([-x, x])), [0.5j / math.sqrt(X), 0.5 / math.sqrt(X)]),
    "emath.log": (lambda x: np.emath.log(-x), 1 / X),
    "pickle": (lambda x: pickle.loads(pickle.dumps(np.array([1j * x]))), [1j]),
    "tolist": (lambda x: sum((1j * np.array([x, x])).tolist()), 2j),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name):
    f, want = ARRAYS[name]
    close(differentiate(f), np.array(want), 1e-14)


def test_statistics():
    x = np.array([0.7, 0.2, 0.5])

    def z(x):
        return np.exp(1j * np.outer([1, 2, 0.3], x)) * x

    def in_parts(formula):
        """Return a statistic of the real and the imaginary parts of the samples."""
        return dn.jacobian(lambda x: formula(z(x).real, z(x).imag))(x)

    def covariance(re, im):
        re, im = re - re.mean(axis=1, keepdims=True), im - im.mean(axis=1, keepdims=True)
        return np.stack([re @ re.T + im @ im.T, im @ re.T - re @ im.T]) / 2

    got = differentiate(lambda x: np.cov(z(x)), x)
    close(np.stack([got.real, got.imag]), in_parts(covariance), 1e-13)
    for function in (np.mean, lambda z: np.average(z, weights=np.ones((3, 3)))):
        got = differentiate(lambda x, function=function: function(z(x)), x)
        close(
            np.stack([got.real, got.imag]), in_parts(lambda re, im: np.stack([re.mean(), im.mean()])), 1e-13
        )
    want = in_parts(lambda re, im: re.var() + im.var())
    close(differentiate(lambda x: np.var(z(x)), x), want, 1e-13)
    close(differentiate(lambda x: np.std(z(x)), x), want / (2 * np.std(z(x))), 1e-13)
    got = differentiate(lambda x: np.average(z(x), axis=0, weights=x), x)
    weights = differentiate(lambda x: np.sum(z(x) * x[:, np.newaxis], axis=0) / np.sum(x), x)
    close(got, weights, 1e-13)
    got = differentiate(lambda x: np.corrcoef(z(x)), x)

    def correlation(x):
        c = np.cov(z(x))
        d = np.sqrt(np.diagonal(c).real)
        return c / d[:, np.newaxis] / d

    close(got, dn.jacobian(correlation)(x), 1e-13)


# ---- the boundary ------------------------------------------------------------------------------------------------


def test_compiled_code_sees_no_complex_duals():
    scipy_special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError):
        dn.derivative(lambda x: scipy_special.airye(1j * x + 1)[0])(X)

    import array

    with pytest.raises(TypeError):
        dn.derivative(lambda x: array.array("d", [1j * x]))(X)


def test_arrays_from_outside_refuse():
    outside = np.zeros(2, complex)

    def f(x):
        outside[0] = x
        return outside

    with pytest.raises(TypeError, match="cannot store duals"):
        dn.derivative(f)(X)


def test_arrays_of_other_precision():
    with raises(
        TypeError,
        f"astype expects float64 or complex128, got complex64, at {__file__}:{LINE + 1}, in single: "
        'return np.array([x], dtype="complex64"): duals are float64; use complex.',
    ):
        dn.derivative(single)(X)


def single(x):
    return np.array([x], dtype="complex64")


LINE = single.__code__.co_firstlineno


def test_caches_and_compiled_code():
    import functools

    calls = []

    @functools.lru_cache
    def square(z):
        calls.append(z)
        return cmath.exp(z) ** 2

    close(differentiate(lambda x: square(1j * x)), 2j * cmath.exp(2j * X), 1e-14)
    assert type(square(1j * X)) is complex  # the cache holds no duals
