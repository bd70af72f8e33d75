"""Complex duals: functions to third order against mpmath over the plane, parts, scalars, casts, order and text."""

import copy
import itertools
import operator
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import dualnum as dn
from dualnum import _core
from dualnum.rules.complex.functions import SERIES

MPMATH = {
    "exp2": lambda z: mpmath.exp(z * mpmath.log(2)),
    "log2": lambda z: mpmath.log(z) / mpmath.log(2),
    "log10": lambda z: mpmath.log(z) / mpmath.log(10),
    "log1p": lambda z: mpmath.log(1 + z),
    "square": lambda z: z * z,
    "reciprocal": lambda z: 1 / z,
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": mpmath.atan,
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh,
}
PARTS = [s * a for a in (0.0, 1e-8, 0.3, 0.9999, 1.0001, 2.5, 40.0) for s in (1.0, -1.0)]
FAR = [s * a for a in (0.0, 0.3, 1e308, np.inf, np.nan) for s in (1.0, -1.0)]
PLANE = [complex(a, b) for a, b in itertools.product(PARTS, PARTS)]


def beside(part):
    """Return a part of a number, where it is a zero one beside it, on the side of its sign."""
    return mpmath.mpf(part) if part else mpmath.mpf(10) ** -40 * (1 if np.copysign(1, part) > 0 else -1)


def exact(function, z):
    """Return the first three derivatives by differences of 250 digits; at a branch cut on the side of z's zeros."""
    with mpmath.workdps(250):
        h = mpmath.mpf(10) ** -60
        point = mpmath.mpc(beside(z.real), beside(z.imag))
        a, b, c, d, e = (function(point + k * h) for k in range(-2, 3))
        first = (a - 8 * b + 8 * d - e) / (12 * h)
        return [complex(x) for x in (first, (d - 2 * c + b) / h**2, (e - 2 * d + 2 * b - a) / (2 * h**3))]


def taylor(function, z):
    """Return the derivatives up to the third at an array of complex numbers."""
    level = _core.Level(taylor=True)
    x = _core.seed_tangents(z.real.copy(), level, np.array([1.0, 0.0, 0.0]))
    y = function(_core.complex_from(x, z.imag))
    same_bits(_core.value(y), function(z))
    return _core.split(y, level)[1] * [1, 2, 6]


def same_bits(got, expected):
    """Compare numbers bit for bit, but for the bits of a nan."""
    for part in (np.real, np.imag):
        x, y = (np.ascontiguousarray(part(z), float) for z in (got, expected))
        np.testing.assert_array_equal(np.isnan(x), np.isnan(y))
        np.testing.assert_array_equal(x.view(np.int64)[~np.isnan(x)], y.view(np.int64)[~np.isnan(y)])


@pytest.mark.parametrize(
    "function", [*SERIES, np.absolute, np.sign, np.conjugate, np.negative, np.rint], ids=lambda f: f.__name__
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_have_the_bits_of_numpy(function):
    v = np.array([complex(a, b) for a, b in itertools.product([*PARTS, *FAR], [*PARTS, *FAR])])
    z = v.astype(dn.ComplexDualDType(1)).view(dn.DualArray)
    same_bits(_core.value(function(z)), function(v))


@pytest.mark.parametrize("function", SERIES, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_functions_over_the_plane(function):
    of_mpmath = MPMATH.get(function.__name__) or getattr(mpmath, function.__name__)
    z = np.array([z for z in PLANE if np.isfinite(function(z))])
    got = taylor(function, z)
    expected = np.array([exact(of_mpmath, at) for at in z])
    scale = np.abs(expected)
    scale[scale > 1e15] = np.inf  # beside a singular point
    clear = np.isfinite(scale) & (scale > 1e-30)
    assert clear.sum() > 150 if function is not np.square else clear.sum() >= z.size
    assert np.all(np.abs(got - expected)[clear] <= 5e-15 * scale[clear])
    assert np.all(np.abs(got)[np.isfinite(scale) & ~clear] < 1e-29)


@pytest.mark.parametrize("a", [2.0, 3, -1.0, 0.5, 2.5 - 1j, 0.0])
def test_powers(a):
    z = np.array([z for z in PLANE if z])
    got = taylor(lambda z: np.power(z, a), z)
    factor = 1.0
    for k in range(3):
        factor = factor * (a - k)
        expected = factor * z ** (a - k - 1)
        known = np.isfinite(expected)
        np.testing.assert_allclose(got[known, k], expected[known], rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("a", [2.5, -1.5, 0.5, -0.5, 2.0, -1.0, 3.0, 0.3 + 1j])
def test_powers_of_numbers_whose_squares_are_not_finite(a):
    z = np.array([r * u for r in (1e-170, 1e-110, 1e200, 3e150) for u in (1 + 0.5j, 1j - 0.3, -1 - 0.7j)])
    level = _core.Level(taylor=True)
    x = _core.seed_tangents(z.real.copy(), level, np.array([1.0, 0.0]))
    with np.errstate(all="ignore"):
        got = _core.split(np.power(_core.complex_from(x, z.imag), a), level)[1][:, 0]
    with mpmath.workdps(60):
        exponent = mpmath.mpc(a)
        expected = np.array([complex(exponent * mpmath.mpc(at) ** (exponent - 1)) for at in z])
    far = (np.abs(expected) < 1e-300) | ~np.isfinite(expected)
    assert far.sum() < 10
    np.testing.assert_allclose(got[~far], expected[~far], rtol=1e-12)


SLOPES = {
    np.log: lambda z: 1 / z,
    np.log2: lambda z: 1 / (z * mpmath.log(2)),
    np.log10: lambda z: 1 / (z * mpmath.log(10)),
    np.log1p: lambda z: 1 / (1 + z),
    np.sqrt: lambda z: 1 / (2 * mpmath.sqrt(z)),
    np.tan: lambda z: 1 / mpmath.cos(z) ** 2,
    np.tanh: lambda z: 1 / mpmath.cosh(z) ** 2,
    np.arcsin: lambda z: 1 / mpmath.sqrt(1 - z * z),
    np.arccos: lambda z: -1 / mpmath.sqrt(1 - z * z),
    np.arctan: lambda z: 1 / (1 + z * z),
    np.arcsinh: lambda z: 1 / mpmath.sqrt(1 + z * z),
    np.arccosh: lambda z: 1 / (mpmath.sqrt(z - 1) * mpmath.sqrt(z + 1)),
    np.arctanh: lambda z: 1 / (1 - z * z),
}


@pytest.mark.parametrize("function", SLOPES, ids=lambda f: f.__name__)
def test_slopes_far_out(function):
    z = np.array(
        [r * u for r in (1e-160, 40.0, 800.0, 1e160, 1e300) for u in (0.6 + 0.8j, 0.8j - 0.6, -0.8 - 0.6j)]
    )
    level = _core.Level(taylor=True)
    x = _core.seed_tangents(z.real.copy(), level, np.array([1.0, 0.0]))
    with np.errstate(all="ignore"):
        y = function(_core.complex_from(x, z.imag))
        same_bits(_core.value(y), function(z))
        got = _core.split(y, level)[1][:, 0]
    with mpmath.workdps(700):  # as 1 - z * z of small numbers needs
        expected = np.array([complex(SLOPES[function](mpmath.mpc(at))) for at in z])
    scale = np.maximum(np.abs(expected), 1e-300)
    assert np.all(np.abs(got - expected) <= 1e-14 * scale)


def test_powers_at_zero():
    for a in (0, 1, 2, 3, 4, 5.5):
        found = taylor(lambda z, a=a: np.power(z, a), np.zeros(1, complex))[0]
        np.testing.assert_array_equal(found, [a == 1, 2 * (a == 2), 6 * (a == 3)])
    with np.errstate(all="ignore"):
        assert np.isnan(taylor(lambda z: np.power(z, 0.5), np.zeros(1, complex))[0]).all()


def test_powers_with_moving_exponents():
    z = np.array([0.3 + 2j, -1.5 - 0.2j, 4j])
    for k, factor in enumerate([1, 1, 1], 1):
        got = dn.derivative(lambda t: np.power(2 - 1j, z * t), k)(0.7) * factor
        expected = np.power(2 - 1j, z * 0.7) * (z * np.log(2 - 1j)) ** k
        np.testing.assert_allclose(got, expected, rtol=1e-13)
    got = dn.derivative(lambda t: (z + t) ** (t - 1j))(0.0)
    expected = z**-1j * (np.log(z) - 1j / z)
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def seeded(rng, shape, sizes=(2,), dtype=None):
    """Return an array of complex duals of permanent levels with components that are all different."""
    dtype = dn.DualDType(*sizes) if dtype is None else dtype
    numbers = rng.normal(size=(2, *shape, dtype.itemsize // 8))
    return _core.complex_from(
        *(np.ascontiguousarray(x).view(dtype)[..., 0].view(dn.DualArray) for x in numbers)
    )


LAYOUTS = [
    dn.DualDType(1),
    dn.DualDType(3),
    dn.DualDType(2, 1),
    dn.DualDType(order=3),
    dn.DualDType(2, degree=2),
]


@pytest.mark.parametrize("dtype", LAYOUTS, ids=str)
def test_identities(dtype):
    rng = np.random.default_rng(1)
    z, w = (seeded(rng, (4, 3), dtype=dtype) for _ in range(2))

    def same(a, b):
        for part in (_core.real_part, _core.imaginary_part):
            x, y = (np.asarray(part(side)) for side in (a, b))
            x, y = (side.view(float) for side in (np.ascontiguousarray(x), np.ascontiguousarray(y)))
            np.testing.assert_allclose(x, y, rtol=0, atol=1e-12 * max(1, np.abs(y).max()))

    same(z * w / w, z)
    same((z + w) - w, z)
    same(np.exp(z + w), np.exp(z) * np.exp(w))
    same(np.exp(np.log(z)), z)
    same(np.sqrt(z) ** 2, z)
    same(np.sin(z) ** 2 + np.cos(z) ** 2, z * 0 + 1)
    same(np.cosh(z) ** 2 - np.sinh(z) ** 2, z * 0 + 1)
    same(np.tan(np.arctan(z)), z)
    same(np.sin(np.arcsin(z)), z)
    same(np.cos(np.arccos(z)), z)
    same(np.cosh(np.arccosh(z)), z)
    same(np.tanh(np.arctanh(z)), z)
    same(np.sinh(np.arcsinh(z)), z)
    same(z**3, z * z * z)
    same(z**w, np.exp(w * np.log(z)))
    same(np.conj(z) * z, np.absolute(z) ** 2 + 0j)
    same(np.absolute(z) * np.exp(1j * np.angle(z)), z)
    same(np.sign(z) * np.absolute(z), z)
    same(np.prod(z, axis=0), z[0] * z[1] * z[2] * z[3])
    same(np.sum(z, axis=1), z[:, 0] + z[:, 1] + z[:, 2])
    same(np.fft.ifft(np.fft.fft(z, axis=0), axis=0), z)
    same(np.fft.ifft2(np.fft.fft2(z)), z)
    spectrum = np.fft.fft(z, axis=0)
    same(np.sum(np.absolute(spectrum) ** 2, axis=0) / 4 + 0j, np.sum(np.absolute(z) ** 2, axis=0) + 0j)
    around = sum(z[np.newaxis, k] * np.roll(w, k, axis=0) for k in range(4))
    same(np.fft.ifft(spectrum * np.fft.fft(w, axis=0), axis=0), around)
    same(z @ w.T, np.einsum("ij,kj->ik", z, w))
    same(np.vdot(z[0], w[0]) * np.ones(1), np.sum(np.conj(z[0]) * w[0]) * np.ones(1))


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("scale", [1.0, 1e-170, 1e-154, 1e154])  # squares of divisors leave float64's range
@pytest.mark.parametrize("k", [1, 3])
def test_products_and_quotients_in_any_memory(k, scale):
    rng = np.random.default_rng(k)
    z, w = seeded(rng, (600,), (k,)), scale * seeded(rng, (600,), (k,))
    layouts = [
        (z, w),
        (z[::-1], w),
        (z[::2], w[300:]),
        (z, w[:1]),
        (w[1:2], z),
        (z.reshape(20, 30).T, w.reshape(30, 20)),
    ]
    for x, y in layouts:
        a, b = (dn.value(side)[..., np.newaxis] for side in (x, y))
        tangents = {
            np.multiply: a * dn.tangent(y) + dn.tangent(x) * b,
            np.divide: (dn.tangent(x) - a / b * dn.tangent(y)) / b,
        }
        for f, expected in tangents.items():
            result = f(x, y)
            assert type(result) is dn.DualArray
            same_bits(dn.value(result), f(dn.value(x), dn.value(y)))
            close(dn.tangent(result), expected)
            into = np.broadcast_to(x, result.shape).copy()
            f(into, y, out=into)
            same_bits(dn.value(into), dn.value(result))
            close(dn.tangent(into), expected)
    z[7], w[7] = complex(np.inf, 1), 2 + 1j  # without derivatives
    for f in (np.multiply, np.divide):
        tangents = dn.tangent(f(z, w))
        assert np.isfinite(tangents).all()
        assert not tangents[7].any()


def test_parts_are_views():
    z = seeded(np.random.default_rng(2), (3,))
    z.real[0] = 5.0
    z.imag = 2.0
    assert z[0].primal == 5 + 2j
    assert not np.any(_core.tangent(z.imag))
    assert z.real.base is not None
    assert z.real.dtype is dn.DualDType(2)
    with pytest.raises(TypeError, match="cannot set the imaginary part"):
        dn.seed([1.0]).imag = 1.0


@pytest.mark.parametrize("k", [1, 3, 40])
def test_scalars_are_elements(k):
    """Derivatives of scalars' operators are those of arrays, to the last bit; orders are NumPy's."""
    rng = np.random.default_rng(k)
    x = dn.seed(rng.normal(size=k))
    z, w = x[0] + 1j * x[-1] * 0.7 + 0.3j, x[k // 2] * (1 + 2j) + 0.2

    def parts(z):
        return np.stack([np.array([z.real]).view(float), np.array([z.imag]).view(float)])[:, 1:]

    def element(z):
        return np.array([z]).view(dn.DualArray) if type(z) in (dn.Dual, dn.ComplexDual) else z

    for operate in (operator.add, operator.sub, operator.mul, operator.truediv):
        for a, b in (
            (z, w),
            (z, 2.5),
            (2.5, z),
            (z, 1 - 2j),
            (1j, z),
            (x[0], z),
            (z, x[-1]),
            (x[0], 1j),
            (3, z),
        ):
            np.testing.assert_array_equal(parts(operate(a, b)), parts(operate(element(a), element(b))[0]))
    for n in range(-3, 10):
        np.testing.assert_allclose(parts(z**n), parts((element(z) ** n)[0]), rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(parts(abs(z) + 0j), parts(abs(element(z))[0] + 0j))
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        for other in (w, dn.value(z), 2, 0.1 - 1j, dn.value(z).real + 9j):
            assert compare(z, other) == compare(np.complex128(dn.value(z)), dn.value(other))
    with pytest.raises(TypeError, match="'<' not supported"):
        dn.derivative(lambda x: x if (x + 1j) < 2 else 0.0)(1.0)


def test_scalars():
    x = dn.Dual(3.0)
    z = x + 4j
    assert type(z) is dn.ComplexDual
    assert z.primal == 3 + 4j
    assert z.tangent == 1
    assert (z.real.primal, z.imag.primal, z.imag.tangent) == (3, 4, 0)
    assert abs(z).primal == 5
    assert abs(z).tangent == 0.6
    assert z.conjugate().primal == 3 - 4j
    assert (-z).tangent == -1
    assert (1j * x).tangent == 1j
    assert (z / 2).tangent == 0.5
    assert (z**2).tangent == 6 + 8j
    assert (2 / z).tangent == pytest.approx(-2 / (3 + 4j) ** 2, rel=1e-15)
    assert z == 3 + 4j
    assert z != 3
    assert dn.Dual(3.0) == 3 + 0j
    assert dn.Dual(3.0) != 3 + 1j
    assert bool(z)
    assert not bool(z - z)
    assert repr(z) == "ComplexDual((3+4j), (1+0j))"
    assert f"{z:.1f}" == "3.0+4.0j"
    assert dn.ComplexDual(x, 4.0) == z
    assert copy.deepcopy(z) is z
    assert pickle.loads(pickle.dumps(z)).tangent == 1
    for refused in (complex, float, int, hash, lambda z: z // 2, lambda z: z % 2, lambda z: z < "2"):
        with pytest.raises(TypeError):
            refused(z)
    with pytest.raises(AttributeError):
        z.real = 1.0
    with pytest.raises(TypeError, match="expects real numbers or duals, got complex"):
        dn.ComplexDual(1j)


@pytest.mark.parametrize("operator", "+ - * / **".split())
def test_scalars_have_the_bits_of_numpy(operator):
    numbers = [2, -1.5, 0.3 - 2j, 1j, np.float64(0.7), np.complex128(-1 + 0.25j)]
    for a, b in itertools.product(numbers, numbers):
        if not (np.iscomplexobj(a) or np.iscomplexobj(b)):
            continue
        expected = eval(f"a {operator} b")
        for names in ({"x": a * dn.Dual(1.0, 0.0), "y": b}, {"x": a, "y": b * dn.Dual(1.0, 0.0)}):
            assert _core.value(eval(f"x {operator} y", names)) in (
                expected,
                eval(f"np.complex128(a) {operator} b"),
            )


def test_parts_and_tangents():
    z = dn.seed(np.array([1.0, 2.0])) * (1 + 2j)
    np.testing.assert_array_equal(z.tangent, (1 + 2j) * np.eye(2))
    np.testing.assert_array_equal(dn.tangent(z[0]), [1 + 2j, 0])
    found = dn.parts(np.exp(1j * dn.HyperDual(1.0)))
    assert list(found) == ["value", "e1", "e2", "e12"]
    np.testing.assert_allclose(found["e12"], [[-np.exp(1j)]], rtol=1e-15)
    with pytest.raises(TypeError, match=r"e1 expects two first-order levels, got an array of DualDType\(2\)"):
        z.e1  # noqa: B018
    with pytest.raises(TypeError, match=r"got complex; use ComplexDual\(real, imag\)"):
        dn.Dual(1j)


def test_dtypes():
    real, dtype = dn.DualDType(2), dn.DualDType(2, dtype=complex)
    assert dtype is dn.ComplexDualDType(2)
    assert repr(dtype) == "ComplexDualDType(2)"
    assert (dtype.itemsize, dtype.ncomponents, dtype.degree, dtype.levels) == (48, 6, 1, real.levels)
    assert np.result_type(real, complex) is dtype
    assert np.result_type(real, np.complex64) is dtype
    assert np.result_type(dtype, float) is dtype
    assert np.result_type(dn.DualDType(2, 1), dtype) is dn.ComplexDualDType(2, 1)
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert np.can_cast(real, dtype)
    assert not np.can_cast(dtype, real, "safe")
    assert np.isdtype(dtype, "complex floating")
    assert np.finfo(dtype).eps == np.finfo(float).eps
    with pytest.raises(TypeError, match="expects dtype to be float or complex, got int64"):
        dn.DualDType(1, dtype="int64")


def test_casts():
    z = seeded(np.random.default_rng(3), (4,))
    for source in ("?", "i4", "u8", "f2", "f4", "f8", "c8", "c16", ">c16"):
        numbers = np.array([0, 1, 1, 0]).astype(source)
        np.testing.assert_array_equal(_core.value(numbers.astype(z.dtype)), numbers)
        assert (numbers * z).dtype is z.dtype
    for target in (float, np.complex64, complex, "g", "G", int, z.real.dtype):
        with pytest.raises(TypeError, match="lose"):
            np.asarray(z).astype(target)
    np.testing.assert_array_equal(z.astype(bool), [True] * 4)
    assert z.real.astype(complex).dtype is z.dtype
    wide = z.astype(dn.ComplexDualDType(2, 1))
    np.testing.assert_array_equal(_core.value(wide), _core.value(z))
    with pytest.raises(TypeError, match="without losing derivatives"):
        wide.astype(z.dtype)
    for make in (lambda z: pickle.loads(pickle.dumps(z)), np.array, np.copy, lambda z: z[::-1][::-1]):
        assert np.asarray(make(z)).tobytes() == np.asarray(z).tobytes()


def test_order_is_that_of_numpy():
    rng = np.random.default_rng(4)
    numbers = rng.choice([0.0, -0.0, 1.0, 2.0, np.nan, np.inf], (2, 60))
    v = _core.complex_from(*numbers)
    z = v.astype(dn.ComplexDualDType(1)).view(dn.DualArray)
    order = np.argsort(v, kind="stable")
    np.testing.assert_array_equal(np.argsort(z, kind="stable"), order)
    np.testing.assert_array_equal(_core.value(np.sort(z)), np.sort(v))
    assert np.argmax(z) == np.argmax(v)
    assert np.argmin(z) == np.argmin(v)
    with np.errstate(all="raise"):
        np.maximum(z.real[:0] + 0j, 1e308)
        np.maximum(1e308 + 0 * dn.seed([1.0]) + 0j, 1e308)  # as NumPy's raises nothing
    with np.errstate(invalid="ignore"):
        for f in (
            np.maximum,
            np.minimum,
            np.fmax,
            np.fmin,
            np.less,
            np.greater_equal,
            np.equal,
            np.not_equal,
        ):
            np.testing.assert_array_equal(_core.value(f(z, z[::-1])), f(v, v[::-1]))
    for f in (np.isfinite, np.isnan, np.isinf, np.logical_not, np.any, np.all, np.count_nonzero):
        np.testing.assert_array_equal(f(z), f(v))


@pytest.mark.parametrize("n", [1, 7, 8, 9, 128, 129, 1000])
def test_sums_and_products_have_the_bits_of_numpy(n):
    rng = np.random.default_rng(n)
    v = rng.normal(size=(3, n)) + 1j * rng.normal(size=(3, n))
    z = v.astype(dn.ComplexDualDType(2)).view(dn.DualArray)
    for f in (np.sum, np.prod, np.mean, np.cumsum, np.cumprod, np.add.accumulate, np.var, np.std):
        for axis in (0, 1):
            np.testing.assert_array_equal(_core.value(f(z, axis=axis)), f(v, axis=axis))
            np.testing.assert_array_equal(_core.value(f(z[:, ::-1], axis=axis)), f(v[:, ::-1], axis=axis))


def test_values_that_are_not_finite_leave_resting_variables_alone():
    z = np.array([0.0, 1.0]) + 0j
    x = _core.seed_identity(z.real.copy(), _core.Level(), 0, 2)
    with np.errstate(all="ignore"):
        y = np.log(x + 0j)
    tangents = _core.split(y, x.dtype.levels[0])[1]
    assert tangents[1].tolist() == [0, 1]
    assert tangents[0, 1] == 0
    assert not np.isfinite(tangents[0, 0])


TIES = {
    "maximum": (lambda a: np.maximum(a + 0j, 0j * a).real, lambda a: np.maximum(a, 0.0)),
    "minimum of imaginary numbers": (lambda a: np.minimum(1j * a, 0j * a).imag, lambda a: np.minimum(a, 0.0)),
    "sort": (lambda a: np.sort(np.stack([a + 0j, 0j * a, -a + 0j]))[0].real, lambda a: -np.abs(a)),
    "max": (lambda a: np.max(np.stack([a + 0j, 0j * a, -a + 0j])).real, np.abs),
    "argmax": (lambda a: np.stack([-a, a])[np.argmax(np.stack([-a, a]) * 1j)], np.abs),
    "ptp": (lambda a: np.ptp(np.stack([a + 0j, -a + 0j])).real, lambda a: 2 * np.abs(a)),
    "less": (lambda a: np.where(np.less(a + 0j, 0j * a), -a, a), np.abs),
}


@pytest.mark.parametrize("name", TIES)
@pytest.mark.parametrize("inner", [lambda p: p[0] ** 2, lambda p: p[0] * p[1], lambda p: p[0] + p[1] ** 2])
def test_order_beside_a_tie_is_that_of_real_numbers(name, inner):
    """Second derivatives follow one branch, as of real numbers."""
    of_complex, of_real = TIES[name]
    for outer in (lambda y: y, lambda y: y**2):
        got = dn.hessian(lambda p, outer=outer: outer(of_complex(inner(p))))(np.zeros(2))
        expected = dn.hessian(lambda p, outer=outer: outer(of_real(inner(p))))(np.zeros(2))
        np.testing.assert_array_equal(got, expected)


def test_results_go_to_complex_arrays():
    x = dn.seed(np.array([1.0, -2.0]))
    z = x + 1j
    for f, arguments in ((np.add, (x, x)), (np.exp, (x,)), (np.absolute, (z,)), (np.multiply, (z, x))):
        out = np.zeros_like(z)
        assert f(*arguments, out=out) is out
        np.testing.assert_array_equal(out.tangent, f(*arguments).tangent + 0j)
        np.testing.assert_array_equal(_core.value(out), _core.value(f(*arguments)))


def test_a_number_that_is_not_initialised_is_zero():
    z = dn.ComplexDual.__new__(dn.ComplexDual)
    assert z == 0
    assert abs(z + 1) == 1
    assert np.exp(z) == 1
    assert np.array([z]).dtype is dn.ComplexDualDType()
    assert repr(z)
    before = dn.ComplexDual(1.0, 2.0)
    before.__init__(3.0)
    assert before == 1 + 2j


def test_fractions_stand_beside_complex_duals():
    z = 1j * dn.Dual(2.0)
    assert (z * Fraction(1, 2)).tangent == (Fraction(1, 2) * z).tangent == 0.5j


def test_sign_has_no_derivative_at_zero():
    assert np.isnan(np.sign(dn.Dual(0.0) + 0j).tangent)
    assert np.sign(dn.Dual(0.0, 0.0) + 0j).tangent == 0


def test_median_of_a_single_complex_dual_is_nan_beside_nan():
    z = np.array([1j * dn.Dual(1.0), np.nan]).view(dn.DualArray)
    assert np.isnan(_core.value(np.median(z)))


def test_text():
    z = dn.seed(np.array([1.0, 2.5])) * (1 - 2j)
    assert str(z) == (
        "[ComplexDual((1.0-2.0j), [(1.0-2.0j), (0.0+0.0j)])\n ComplexDual((2.5-5.0j), [(0.0+0.0j), (1.0-2.0j)])]"
    )
    assert repr(np.exp(dn.HyperDual(0.0) * 1j)).startswith("<ComplexDual (1+0j) of ComplexDualDType(1, 1)>")


def test_what_has_no_rule_says_so():
    z = dn.seed([1.0]) + 1j
    for call in (
        lambda: np.arctan2(z, 1.0),
        lambda: np.hypot(z, z),
        lambda: np.floor_divide(z, 2),
        lambda: np.logaddexp(z, z),
        lambda: np.cbrt(z),
    ):
        with pytest.raises(TypeError, match="of complex duals has no rule"):
            call()
    with pytest.raises(TypeError, match="expects numbers beside complex duals, got"):
        np.add(z, np.longdouble(1))
