"""The value part of every result is bit-identical to plain NumPy's, with the same warnings."""

import re
import warnings

import numpy as np
import pytest

from dualnum import _core

# Functions of an array x of any length; y is a second array of x's shape.  Each is evaluated on duals and on float64.
ELEMENTWISE = """
np.exp(-x**2) * np.sin(3 * x)
np.exp(np.sin(x)) / (1 + x**2)
x**3 - 2 * x**2 + 3 * x - 4
((x - 1) * x + 2) * x - 3
np.sqrt(x * x + y * y)
np.sqrt(np.abs(x)) + np.cbrt(y)
np.hypot(x, y) - np.hypot(y, 1)
np.arctan2(y, x) * 180 / np.pi
np.log(1 + x * x) - np.log1p(y * y)
np.log2(np.abs(x) + 1) + np.log10(np.abs(y) + 2)
np.logaddexp(x, y) - np.logaddexp2(x, -y)
np.exp2(x) - np.expm1(y)
np.tanh(x) * np.tanh(y) - np.tanh(x + y)
np.sinh(x) * np.cosh(y)
np.arcsinh(x) - np.arccosh(1 + y * y)
np.arctanh(np.tanh(x) * 0.5)
np.arcsin(np.sin(x)) + np.arccos(np.cos(y))
np.arctan(x) * np.arctan(y)
np.tan(x) / (1 + np.tan(y) ** 2)
np.cos(x) ** 2 - np.sin(x) ** 2
1 / (1 + np.exp(-x))
1 / x - 1 / y
x / y - y / x
np.reciprocal(x) + np.square(y)
np.power(np.abs(x), y)
np.abs(x) ** 2.5
np.abs(x) ** 0.3 - np.abs(y) ** -0.7
2.0 ** x - 3.0 ** y
x ** 2 + y ** -1
np.abs(x) ** 0.5 - x ** 1
x ** 3 + x ** 4 + x ** 5 + x ** 0
x ** -2 + x ** -3
np.float_power(np.abs(x), 1.7)
np.maximum(x, y) - np.minimum(x, y)
np.fmax(x, 0.5) * np.fmin(y, 0.5)
np.clip(x, -0.5, 0.5) + np.clip(y, 0, None)
np.where(x > y, x * 2, y * 3)
np.where(x > 0, np.sqrt(np.abs(x)), -x)
np.sign(x) * np.sqrt(np.abs(x))
np.copysign(x, y) + np.copysign(1.5, x)
np.heaviside(x, 0.5) * y
np.floor(x * 3) + np.ceil(y * 3)
np.rint(x * 5) - np.trunc(y * 5)
x % 0.7 + y % -0.3
np.fmod(x, 0.7) - np.remainder(y, 0.3)
x // 0.3 - np.floor_divide(y, 0.4)
np.divmod(x, 0.37)[1] + np.divmod(y, 0.41)[0]
np.modf(x * 3)[0] - np.modf(y * 3)[1]
np.ldexp(x, 3) + np.ldexp(y, -2)
np.frexp(x)[0] * 2 + np.frexp(y)[0]
np.deg2rad(x) + np.rad2deg(y)
np.degrees(x) - np.radians(y)
-x + (+y) - np.negative(x) * np.positive(y)
np.conjugate(x) * np.conj(y)
np.real(x) + np.imag(y)
np.fabs(x) - np.absolute(y)
abs(x) - 1 - abs(y - 1)
np.add(x, 1.25) * np.subtract(2.5, y)
np.multiply(x, np.divide(y, 3))
np.true_divide(x, 7) - np.true_divide(7, y)
x * x * x - x * y * 3 + y
(x + y) * (x - y) / (x * x + y * y + 1)
x * 0.1 + y * 0.2 + 0.3
np.exp(x + y) - np.exp(x) * np.exp(y)
np.log(np.exp(x) + np.exp(y))
np.sin(x * 1e3) + np.cos(y * 1e3)
np.sin(x) * np.cos(y) - np.cos(x) * np.sin(y)
np.exp(-np.abs(x)) * np.cos(2 * np.pi * y)
x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
100 * (y - x**2) ** 2 + (1 - x) ** 2
(x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
-20 * np.exp(-0.2 * np.sqrt(0.5 * (x**2 + y**2))) + np.e + 20
10 + x**2 - 10 * np.cos(2 * np.pi * x)
np.sqrt(1 - np.tanh(x) ** 2)
x / np.sqrt(1 + x**2)
np.log(np.cosh(x))
np.arctan(np.sinh(x))
np.cbrt(x**3) - x
np.spacing(1.0) * x + np.nextafter(1.0, 2.0) * y
np.isfinite(x) * x - np.signbit(y) * y
(x > y) * x + (x <= y) * y
np.logical_not(x) + np.logical_and(x, y)
x.copy() * y.T.T
np.flip(x) + y[::1]
np.roll(x, 1) - np.roll(y, -1)
np.concatenate([x, y]) * 2
np.stack([x, y]) / 3
np.vstack([x, y]).T * 1.5
np.repeat(x, 2) + np.tile(y, 2)
np.sort(x) + np.sort(-y)
x[np.argsort(x)] - y[np.argsort(-y)]
np.take(x, [0, 0, -1]) * np.take(y, [0, -1, 0])
np.partition(x, x.size // 2)[x.size // 2] * y
np.outer(x[:20], y[:20])
np.add.outer(x[:20], y[:20]) * 2
np.subtract.outer(x[:20], y[:20]) / 3
np.cumsum(x) - np.cumsum(y * 2)
np.cumprod(np.cos(x[:200]))
np.maximum.accumulate(x) - np.minimum.accumulate(y)
np.diff(x) + np.ediff1d(y)
np.gradient(x)[:3] if x.size > 3 else x
np.unique(x)
""".strip().splitlines()

REDUCTIONS = """
np.sum(x * y)
np.sum(np.exp(-x))
np.mean(x) * np.mean(y)
np.prod(np.cos(x[:100]))
np.var(x) + np.std(y)
np.std(x, ddof=1) if x.size > 1 else x[0]
np.max(x) - np.min(y)
np.max(x * y) / (1 + np.max(np.abs(y)))
x.sum() / y.mean()
x.max() * y.min() + x.prod()
np.sqrt(np.sum(x**2))
np.sum(np.sqrt(np.abs(x))) / x.size
np.log(np.sum(np.exp(x - np.max(x)))) + np.max(x)
np.median(np.where(np.isnan(x), 0.0, x)) + np.ptp(y)
np.sum((x - np.mean(x)) ** 2)
np.sum((x - np.mean(x)) * (y - np.mean(y))) / np.sqrt(np.var(x) * np.var(y))
np.add.reduce(x) + np.multiply.reduce(np.cos(y[:50]))
np.add.reduceat(x, [0, x.size // 2])
np.linspace(x[0], y[-1], 7)
np.ptp(x) * np.argmax(y) + np.argmin(x)
x @ y
np.dot(x, y)
np.vecdot(x, y)
np.einsum('i,i->', x, y)
np.einsum('i,j->ij', x[:20], y[:20])
np.linalg.norm(x) + np.linalg.norm(y)
np.matmul(x[:6].reshape(-1, 2) if x.size >= 6 else x[:1, None], y[:2] if x.size >= 6 else y[:1])
x.dot(y) * 2
""".strip().splitlines()

# of matrices a (m, n) and b (n, m)
MATRICES = """
a @ b
b @ a
a.T @ a
a @ a.T
a @ b @ a
a @ b[:, 0]
b[:, 0] @ a.T @ a[:, 0] * a[0] if a.shape[0] == a.shape[1] else a[0] @ b
np.matmul(a, b) * 2
np.matmul(np.stack([a, a + 1]), b)
np.sum(a, axis=0) + np.sum(b, axis=1)
np.mean(a, axis=1) * np.std(b, axis=0)
np.sum(a * b.T) + np.trace(a @ b)
np.max(a, axis=0) - np.min(b, axis=1)
np.cumsum(a, axis=0) / np.cumsum(b.T, axis=1)
np.sort(a, axis=0) * np.sort(b.T, axis=1)
a / np.sqrt(np.sum(a * a, axis=1, keepdims=True))
np.exp(a - a.max(axis=1, keepdims=True))
np.tanh(a @ b) + np.tanh(b @ a).sum()
np.prod(np.cos(a), axis=1) + np.var(b, axis=0)
np.transpose(a) + b
np.where(a > b.T, a, b.T)
np.add.reduce(a, axis=(0, 1)) + b
np.einsum('ij,jk->ik', a, b)
np.einsum('ij,ji', a, b)
np.dot(a, b)
np.linalg.norm(a) + a
np.broadcast_to(a[0], a.shape) + a
np.diag(a @ b) * 2
np.tril(a @ b) - np.triu(a @ b)
""".strip().splitlines()


def run(code, **names):
    """Return the value of an expression and the warnings it gave, as (category, message) in order."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = eval(code, {"np": np, **names})
    return result, [(w.category, str(w.message)) for w in caught]


def check(code, duals, plains):
    want, expected = run(code, **plains)
    got, warned = run(code, **duals)
    powers_of_plain = "**" in code and not any(isinstance(x, _core.DualArray) for x in duals.values())
    if powers_of_plain:
        # ndarray.__pow__ looks at type numbers before it takes reciprocal or sqrt: here it calls np.power
        warned, expected = ([(c, m.rsplit(" ", 1)[0]) for c, m in w] for w in (warned, expected))
    got, want = np.asarray(_core.value(got)), np.asarray(want)
    assert got.shape == want.shape
    same = got.astype(float).view(np.uint64) == want.astype(float).view(np.uint64)
    same |= np.isnan(got) & np.isnan(want)
    if powers_of_plain:
        by_power = re.sub(r"(np\.abs\(x\)|\w+) \*\* (-1|0\.5)", r"np.power(\1, \2)", code)
        other = np.asarray(run(by_power, **plains)[0], dtype=float)
        same |= got.astype(float).view(np.uint64) == other.view(np.uint64)
    if "unique" in code:  # 0.0 and -0.0 tie: which of them stays is left to the sort
        same |= got == want
    assert same.all(), f"{code}: {(~same).sum()} of {same.size} values differ"
    assert warned == expected, code


def data(kind, n, seed):
    draw = np.random.default_rng(seed)
    if kind == "ordinary":
        return draw.normal(size=n)
    special = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324]
    special += [-1e-310, 1e308, -1e200, 709.9, -746.0, 1e-8, 0.5, 2.0]
    return draw.permutation(np.resize(np.concatenate([special, draw.normal(size=max(n - 16, 0))]), n))


def seed(x, levels, subok):
    """Seed an array with one level of two tangents, or with two levels; layout kept."""
    tangents = np.random.default_rng(x.size).uniform(-1, 1, (*x.shape, 2))
    for level in levels:
        x = _core.seed_tangents(x, level, tangents, subok=subok)
    return x


def layout(x, step):
    """Return x itself, or a view of it with a positive stride of `step` elements."""
    if step == 1:
        return x
    wide = np.zeros((*x.shape[:-1], x.shape[-1] * step), x.dtype)
    wide = wide.view(type(x))
    view = wide[..., ::step]
    view[...] = x
    return view


# One level with plain arrays and DualArray, and two levels; the code paths are separate ones.
FORMS = [("plain", 1, False), ("DualArray", 1, True), ("two levels", 2, False)]
forms = pytest.mark.parametrize("orders, subok", [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])


@forms
@pytest.mark.parametrize("code", ELEMENTWISE + REDUCTIONS)
def test_functions_of_vectors(code, orders, subok):
    needs_class = any(
        word in code for word in ("np.dot", ".dot(", "einsum", "linalg", "np.outer", "median", "np.gradient")
    )
    if needs_class and not subok:
        return  # on plain arrays these refuse (test_safety.py)
    levels = [_core.Level() for _ in range(orders)]
    for kind, n in (("ordinary", 1), ("ordinary", 1000), ("ordinary", 37), ("special", 64)):
        for step in (1, 2, 3):
            x, y = data(kind, n, 1), data(kind, n, 2)
            plains = {"x": layout(x, step), "y": layout(y, step)}
            duals = {"x": layout(seed(x, levels, subok), step), "y": layout(seed(y, levels, subok), step)}
            check(code, duals, plains)
            check(code, {**duals, "y": plains["y"]}, plains)
            if ".dot(" not in code.replace("np.dot(", ""):  # ndarray.dot asks nobody
                check(code, {**plains, "y": duals["y"]}, plains)


@forms
@pytest.mark.parametrize("code", MATRICES)
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (8, 8), (17, 5), (40, 40), (3, 0)], ids=str)
def test_functions_of_matrices(code, shape, orders, subok):
    if not subok and any(word in code for word in ("np.dot", "einsum", "linalg")):
        return
    if 0 in shape and any(word in code for word in ("max", "min", "mean", "[:, 0]", "[0]", "var", "std")):
        return  # NumPy refuses or warns of an empty slice
    levels = [_core.Level() for _ in range(orders)]
    draw = np.random.default_rng(7)
    a, b = draw.normal(size=shape), draw.normal(size=shape[::-1])
    for order in "CF":
        plains = {"a": np.array(a, order=order), "b": np.array(b, order=order)}
        duals = {name: seed(x, levels, subok) for name, x in plains.items()}
        check(code, duals, plains)
        check(code, {**duals, "b": plains["b"]}, plains)
        check(code, {**plains, "b": duals["b"]}, plains)


def test_negative_strides_equal_the_contiguous_result():
    """NumPy's own SIMD loops disagree with themselves there; ours do not."""
    x = data("ordinary", 1000, 3)
    d = seed(x, [_core.Level()], False)
    for name in ("exp", "log", "sin", "tanh", "sqrt"):
        f = getattr(np, name)
        with np.errstate(all="ignore"):
            assert np.array_equal(_core.value(f(d[::-1])), f(x[::-1].copy()), equal_nan=True)


def test_memory_layout_is_kept():
    x = np.asfortranarray(np.random.default_rng(5).normal(size=(4, 3, 5)))
    d = seed(x, [_core.Level()], True)
    assert [s // d.itemsize for s in d.strides] == [s // 8 for s in x.strides]
    assert np.array_equal(_core.value(np.sum(d)), np.sum(x))


def test_there_are_enough_functions():
    assert len(ELEMENTWISE) + len(REDUCTIONS) >= 100


WARNINGS = """
np.log(x) ; np.sqrt(-1 - x) ; 1 / x ; x / 0.0 ; np.exp(x + 800) ; np.arccosh(x) ; x ** -1
x ** 0.5 - (x - 2) ** 0.5 ; np.log1p(x - 1) ; np.log(-1 - x) ; np.arcsin(x + 2) ; np.arctanh(x + 1)
x * 1e308 * 1e10 ; np.square(x + 1e200) ; np.tan(x) ; np.sinh(x + 800) ; (x - 2) ** 0.3 ; 0.0 ** (x - 1)
x % 0.0 ; x // 0.0 ; np.fmod(x, 0.0) ; np.sqrt(x) ; np.arcsin(x + 1) ; np.log2(x) ; np.log10(x)
np.float_power(x, -0.5) ; np.divmod(x, 0.0)[0] ; np.mean(x[:0]) ; np.var(x[:0]) ; np.std(x[:1], ddof=1)
"""


@pytest.mark.parametrize("code", WARNINGS.strip().replace("\n", " ; ").split(" ; "))
@pytest.mark.parametrize("scalar", [False, True], ids=["array", "scalar"])
@forms
def test_warnings_are_numpys(code, scalar, orders, subok):
    if scalar and "[" in code and "divmod" not in code:
        return
    levels = [_core.Level() for _ in range(orders)]
    x = np.array([0.0, 0.0, 1.0])
    d = seed(x, levels, subok)
    check(code, {"x": d[0] if scalar else d}, {"x": x[0] if scalar else x})


def test_errstate_is_obeyed():
    d = seed(np.zeros(2), [_core.Level()], False)
    with (
        np.errstate(divide="raise"),
        pytest.raises(FloatingPointError, match="divide by zero encountered in log"),
    ):
        np.log(d)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        1 / d[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(all="ignore"):
            np.log(d), 1 / d
        np.sqrt(d), np.sqrt(d[0]), np.cbrt(d)
