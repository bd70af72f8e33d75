"""Arrays: every family of ufuncs in every layout, and NumPy's ways to move elements about."""

import itertools
import operator
import re

import numpy as np
import pytest
from elements import (
    COMPARISONS,
    PREDICATES,
    coefficients,
    containers,
    duals,
    fresh_levels,
    join,
    random_coefficients,
    structures,
    with_values,
)
from expect import functions, listed

import dualnum as dn
from dualnum import DualArray, _core
from dualnum.rules._components import components

UNARY = """exp log sqrt sin tanh arctan square reciprocal absolute fabs negative positive conjugate sign floor
    rint cbrt expm1 deg2rad""".split()
BINARY = """add subtract multiply divide power arctan2 hypot logaddexp maximum fmin remainder fmod floor_divide
    copysign heaviside float_power""".split()


def in_fortran_order(x):
    return x.copy(order="F")  # np.asfortranarray gives up subclasses


def layouts(d):
    """Return views and copies that hold the same elements as the 2-d array d, in many memory layouts."""
    rows, columns = d.shape
    wide = np.zeros((rows * 2, columns * 3), d.dtype).view(type(d))
    wide[::2, ::3] = d
    backwards = d[::-1, ::-1].copy()[::-1, ::-1]
    frozen = d.copy()
    frozen.flags.writeable = False
    return {
        "contiguous": d.copy(),
        "Fortran": in_fortran_order(d),
        "strided": wide[::2, ::3],
        "backwards": backwards,
        "read-only": frozen,
        "transposed": d.T.copy().T,
    }


@structures
@containers
@pytest.mark.parametrize("name", UNARY)
def test_unary_in_every_layout(name, sizes, subok):
    levels = fresh_levels(len(sizes))
    d = duals((4, 6), sizes, levels, subok=subok)
    f = getattr(np, name)
    want = coefficients(f(d), levels, sizes)
    for kind, x in layouts(d).items():
        y = f(x)
        assert type(y) is type(d) and y.dtype is d.dtype, kind
        assert np.array_equal(coefficients(y, levels, sizes), want), kind
        assert np.array_equal(coefficients(x, levels, sizes), coefficients(d, levels, sizes)), (
            f"{kind} input changed"
        )
        for out in (np.empty((4, 6), d.dtype), np.empty((6, 4), d.dtype).T, np.empty((8, 6), d.dtype)[::2]):
            out = out.view(type(d))
            assert f(x, out=out) is out
            assert np.array_equal(coefficients(out, levels, sizes), want), kind
    for i, j in ((0, 0), (3, 5)):
        assert np.array_equal(coefficients(f(d[i, j]), levels, sizes), want[i, j])
        assert np.array_equal(coefficients(f(d[i : i + 1, j].reshape(())), levels, sizes), want[i, j])
    assert f(d[:0]).shape == (0, 6) and f(d[:0]).dtype is d.dtype
    mask = np.arange(24).reshape(4, 6) % 3 == 0
    out = d.copy()
    f(d, out=out, where=mask)
    assert np.array_equal(
        coefficients(out, levels, sizes),
        np.where(mask[(...,) + (None,) * len(sizes)], want, coefficients(d, levels, sizes)),
    )
    same = d.copy()
    f(same, out=same)
    assert np.array_equal(coefficients(same, levels, sizes), want)


@structures
@containers
@pytest.mark.parametrize("name", BINARY)
def test_binary_in_every_layout(name, sizes, subok):
    levels = fresh_levels(len(sizes))
    a, b = duals((4, 6), sizes, levels, 1, subok), duals((4, 6), sizes, levels, 2, subok)
    x = np.random.default_rng(3).uniform(0.5, 2, (4, 6))
    f = getattr(np, name)
    for first, second in ((a, b), (a, x), (x, b)):
        want = coefficients(f(first, second), levels, sizes)
        assert np.array_equal(_core.value(f(first, second)), f(_core.value(first), _core.value(second)))
        for (kind, p), (other, q) in itertools.product(layouts(first).items(), layouts(second).items()):
            if "contiguous" in (kind, other) or kind == other:
                assert np.array_equal(coefficients(f(p, q), levels, sizes), want), (kind, other)
        result = f(first, second)
        assert type(result) is type(a) and result.dtype is a.dtype
        out = np.empty((4, 6), a.dtype).view(type(a))
        assert f(first, second, out=out) is out and np.array_equal(coefficients(out, levels, sizes), want)
        mask = np.arange(24).reshape(4, 6) % 2 == 0
        out[...] = a
        f(first, second, out=out, where=mask)
        assert np.array_equal(
            coefficients(out, levels, sizes),
            np.where(mask[(...,) + (None,) * len(sizes)], want, coefficients(a, levels, sizes)),
        )
    rows, column = coefficients(f(a, b[0]), levels, sizes), coefficients(f(a[:, :1], b), levels, sizes)
    for i in range(4):
        assert np.array_equal(rows[i], coefficients(f(a[i], b[0]), levels, sizes))
        for j in range(6):
            assert np.array_equal(column[i, j], coefficients(f(a[i, 0], b[i, j]), levels, sizes))
    assert f(a[:0], b[:0]).shape == (0, 6)
    assert np.array_equal(
        coefficients(f(a, 1.5), levels, sizes), coefficients(f(a, np.full((4, 6), 1.5)), levels, sizes)
    )
    assert np.array_equal(
        coefficients(f(2, a), levels, sizes), coefficients(f(np.full((4, 6), 2), a), levels, sizes)
    )
    with pytest.raises(ValueError, match="broadcast"):
        f(a, b[:3])


@structures
@containers
@pytest.mark.parametrize("n", [1, 2, 300, 1000])
def test_long_arrays_agree_with_their_elements(sizes, subok, n):
    """Arrays longer than a block of the loops, with and without a remainder, equal their elements."""
    levels = fresh_levels(len(sizes))
    a, b = duals((n,), sizes, levels, 1, subok), duals((n,), sizes, levels, 2, subok)
    some = sorted({0, n // 2, n - 1, min(n - 1, 255), min(n - 1, 256), min(n - 1, 511)})
    for name in ("exp", "sin", "sqrt", "absolute"):
        y = coefficients(getattr(np, name)(a), levels, sizes)
        for i in some:
            assert np.array_equal(y[i], coefficients(getattr(np, name)(a[i]), levels, sizes))
    for name in ("multiply", "divide", "power", "hypot", "maximum", "remainder"):
        f = getattr(np, name)
        x = _core.value(b)
        for p, q in ((a, b), (a, x), (x, a), (a, 1.5), (2.5, a)):
            y = coefficients(f(p, q), levels, sizes)
            for i in some:
                at = [v[i] if np.ndim(v) else v for v in (p, q)]
                assert np.array_equal(y[i], coefficients(f(*at), levels, sizes)), name


IN_PLACE = ["__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__imod__", "__ifloordiv__"]


@structures
@containers
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name, sizes, subok):
    levels = fresh_levels(len(sizes))
    a, b = duals((3, 4), sizes, levels, 1, subok), duals((3, 4), sizes, levels, 2, subok)
    f = getattr(operator, name.replace("__i", "__"))
    for other in (b, _core.value(b), 2.0, b[0], b[1, 2]):
        want = coefficients(f(a, other), levels, sizes)
        x = a.copy()
        y = getattr(x, name)(other)
        assert y is x and np.array_equal(coefficients(x, levels, sizes), want)
    x = a.copy()
    want = coefficients(f(x, x), levels, sizes)
    getattr(x, name)(x)
    assert np.array_equal(coefficients(x, levels, sizes), want)
    frozen = a.copy()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        getattr(frozen, name)(2.0)
    plain = np.ones((3, 4))
    with pytest.raises(TypeError):
        getattr(plain, name)(a)
    assert (plain == 1).all()


@structures
@containers
@pytest.mark.parametrize("name", ["add", "multiply", "divide", "hypot", "maximum"])
def test_overlapping_views(name, sizes, subok):
    levels = fresh_levels(len(sizes))
    f = getattr(np, name)
    for p, q, r in ((0, 1, 0), (1, 0, 0), (0, 0, 1), (2, 0, 1)):
        a = duals((10,), sizes, levels, 1, subok)
        want = coefficients(f(a[p : p + 8].copy(), a[q : q + 8].copy()), levels, sizes)
        f(a[p : p + 8], a[q : q + 8], out=a[r : r + 8])
        assert np.array_equal(coefficients(a[r : r + 8], levels, sizes), want)
    a = duals((10,), sizes, levels, 1, subok)
    want = coefficients(f(a[::-1].copy(), a), levels, sizes)
    f(a[::-1], a, out=a)
    assert np.array_equal(coefficients(a, levels, sizes), want)
    a = duals((10,), sizes, levels, 1, subok)
    want = coefficients(np.exp(a[:8].copy()), levels, sizes)
    np.exp(a[:8], out=a[2:])
    assert np.array_equal(coefficients(a[2:], levels, sizes), want)


@structures
@containers
def test_predicates_and_comparisons_are_numpys(sizes, subok):
    levels = fresh_levels(len(sizes))
    values = np.array([0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 2.5])
    terms = with_values(random_coefficients((8,), sizes, 1), values)
    d = join(terms, levels, subok)
    other = values[[2, 1, 2, 0, 4, 5, 5, 3]]
    for name in PREDICATES:
        got = getattr(np, name)(d)
        assert got.dtype == bool and np.array_equal(got, getattr(np, name)(values))
        assert np.array_equal(getattr(np, name)(d[::2]), getattr(np, name)(values)[::2])
    for name in COMPARISONS:
        f = getattr(np, name)
        dual = with_values(terms.copy(), other)
        for x, y in ((d, join(dual, levels, subok)), (d, other), (values, join(dual, levels, subok))):
            got = f(x, y)
            assert got.dtype == bool and np.array_equal(got, f(values, other)), name
        assert np.array_equal(f(d, 1.0), f(values, 1.0)) and np.array_equal(f(d, 1), f(values, 1))
    assert np.array_equal(d == d, values == values)
    for name in ("any", "all", "count_nonzero"):
        assert getattr(np, name)(d) == getattr(np, name)(values)


@structures
@containers
@pytest.mark.parametrize(
    "values",
    [
        [3.0, 1.0, 2.0, 1.0, 3.0, -0.0, 0.0, 1.0],
        [np.nan, 1.0, np.inf, np.nan, -np.inf, 0.0, 1.0, 1.0],
        [1.0] * 40,
        list(range(50, 0, -1)),
    ],
)
def test_order_is_that_of_the_values(values, sizes, subok):
    """Ties too are ordered as float64's are."""
    levels = fresh_levels(len(sizes))
    x = np.array(values)
    terms = with_values(random_coefficients((x.size,), sizes, 1), x)
    d = join(terms, levels, subok)
    for kind in ("quicksort", "stable", "heapsort"):
        order = np.argsort(x, kind=kind)
        assert np.array_equal(np.argsort(d, kind=kind), order), kind
        if kind == "stable":
            assert np.array_equal(
                coefficients(np.sort(d, kind=kind), levels, sizes), terms[order], equal_nan=True
            )
        assert np.array_equal(_core.value(np.sort(d, kind=kind)), np.sort(x, kind=kind), equal_nan=True)
        in_place = d.copy()
        in_place.sort(kind=kind)
        assert np.array_equal(_core.value(in_place), np.sort(x, kind=kind), equal_nan=True)
    for kth in (0, x.size // 2, x.size - 1):  # NumPy promises no more than this of the order
        for y, order in ((np.partition(d, kth), None), (d[np.argpartition(d, kth)], np.argpartition(d, kth))):
            y = _core.value(y)
            assert np.array_equal(y[kth], np.sort(x)[kth], equal_nan=True)
            assert np.array_equal(np.sort(y), np.sort(x), equal_nan=True)
            assert not (y[:kth] > y[kth]).any() and not (y[kth:] < y[kth]).any()
            assert order is None or np.array_equal(np.sort(order), np.arange(x.size))
    assert np.argmax(d) == np.argmax(x) and np.argmin(d) == np.argmin(x)
    assert d.argmax() == x.argmax() and d.argmin() == x.argmin()
    for f in (
        np.flatnonzero,
        lambda v: np.nonzero(v)[0],
        lambda v: np.lexsort((v,)),
        lambda v: np.argwhere(v > 1),
    ):
        assert np.array_equal(f(d), f(x))


@structures
@containers
def test_searchsorted_unique_and_friends(sizes, subok):
    levels = fresh_levels(len(sizes))
    x = np.array([1.0, 2.0, 2.0, 3.0, 5.0, 8.0])
    terms = with_values(random_coefficients((6,), sizes, 1), x)
    d = join(terms, levels, subok)
    for side in ("left", "right"):
        for needle in (2.0, 4.0, np.array([0.0, 2.0, 9.0])):
            want = np.searchsorted(x, needle, side=side)
            assert np.array_equal(np.searchsorted(d, needle, side=side), want)
            assert np.array_equal(np.searchsorted(x, np.asarray(needle).astype(d.dtype), side=side), want)
        assert np.array_equal(np.searchsorted(d, d, side=side), np.searchsorted(x, x, side=side))
    everything = {"return_index": True, "return_inverse": True, "return_counts": True}
    values, *others = np.unique(d[::-1], **everything)
    for got, want in zip((_core.value(values), *others), np.unique(x[::-1], **everything), strict=True):
        assert np.array_equal(got, want)
    assert np.array_equal(
        coefficients(values, levels, sizes), coefficients(d[::-1][others[0]], levels, sizes)
    )
    assert np.array_equal(np.digitize(x, [2.0, 4.0]), np.digitize(_core.value(d), [2.0, 4.0]))


MOVES = """
    np.concatenate([x, y]) ; np.concatenate([x, y], axis=1) ; np.stack([x, y], axis=0)
    np.hstack([np.vstack([x, y]), np.vstack([y, x])]) ; np.block([[x, y], [y, x]])
    np.where(np.arange(4) % 2 == 0, x, y) ; x[[2, 0, 2]] ; x[[[0], [2]], [1, 3]]
    x[np.array([[True, False, True, False]] * 3)] ; x[:, None, ::2] ; x[..., -1]
    np.take(x, [0, 3, 1], axis=1) ; np.take_along_axis(x, np.array([[0], [1], [3]]), axis=1)
    np.compress([True, False, True], x, axis=0) ; np.choose([0, 1, 1, 0], [x, y]) ; x.reshape(2, 6)
    x.reshape(2, 6, order='F') ; np.ravel(x.T) ; x.T.flatten() ; np.transpose(x) ; np.swapaxes(x[None], 0, 2)
    np.moveaxis(np.stack([x, y]), 0, -1) ; np.roll(x, 1, axis=0) ; np.flip(x) ; np.rot90(x)
    np.repeat(x, [1, 0, 2], axis=0) ; np.tile(x, (2, 1)) ; np.broadcast_to(x[0], (3, 4)) ; np.squeeze(x[:1])
    np.expand_dims(x, 1) ; np.split(x, 2, axis=1)[1] ; np.delete(x, 1, axis=0) ; np.insert(x, 1, y[0], axis=0)
    np.append(x, y) ; np.diagonal(x) ; np.diag(x[:, :3]) ; np.diag(x[0]) ; np.tril(x) ; np.triu(x)
    np.pad(x, 1) ; np.pad(x, ((1, 0), (0, 2)), mode='edge') ; np.meshgrid(x[0], y[1])[0] ; np.copy(x)
    np.array(x.tolist()) ; np.array([x[0], y[1]]) ; np.array([x[0, 0], y[1, 1], x[2, 3]])
    np.full((2, 2), x[1, 1]) ; np.full_like(x, y[0, 0]) ; np.array(list(x.flat)) ; x.flat[2:9:2]
    np.array([x.item(3), x.item(1, 2)]) ; np.atleast_3d(x) ; np.column_stack([x, y])
    np.array_split(x, 3, axis=1)[0] ; np.fliplr(x) ; np.resize(x, (5, 3))
    np.select([np.arange(4) == 1, np.arange(4) == 2], [x, y], default=x)
    np.extract(np.arange(12) % 3 == 0, x) ; np.where(np.isnan(x), 0.0, x)
"""


@structures
@containers
@pytest.mark.parametrize("f", functions(MOVES, "x, y").values(), ids=listed(MOVES))
def test_moves(f, sizes, subok):
    """Each moves whole elements: tangents move as values do."""
    levels = fresh_levels(len(sizes))
    x, y = random_coefficients((3, 4), sizes, 1), random_coefficients((3, 4), sizes, 2)
    got = coefficients(f(join(x, levels, subok), join(y, levels, subok)), levels, sizes)
    for index in np.ndindex(*(1 + k for k in sizes)):
        assert np.array_equal(got[(..., *index)], f(x[(..., *index)].copy(), y[(..., *index)].copy()))
    swapped = coefficients(
        f(join(x, levels, subok).astype(join(x, levels).dtype), join(y, levels, subok)), levels, sizes
    )
    assert np.array_equal(swapped, got)


ASSIGNMENTS = """
    x[1, 2] = y[0, 0] ; x[0:2] = y[1:] ; x[1] = y[0] ; x[:, ::2] = y[:, 1::2] ; x[[2, 0]] = y[:2]
    x[[0, 1], [3, 2]] = y[0, :2] ; x[np.arange(12).reshape(3, 4) % 2 == 0] = y[0, 0]
    x[np.arange(12).reshape(3, 4) < 4] = y[1] ; x[...] = y ; x[:] = y[:, :1] ; x.flat = y
    x.flat[5] = y[0, 1] ; x.flat[1:4] = y[0, :3] ; x[1:] = x[:-1] ; x[:] = x[::-1] ; x.fill(y[0, 0])
    np.put(x, [0, 5, 11], y[0, :3]) ; np.place(x, np.arange(12).reshape(3, 4) > 6, y[0, :2])
    np.putmask(x, np.arange(12).reshape(3, 4) > 6, y) ; np.copyto(x, y)
    np.copyto(x, y, where=np.arange(4) % 2 == 0)
    np.put_along_axis(x, np.array([[0], [1], [3]]), y[:, :1], axis=1) ; np.fill_diagonal(x, y[0, 0])
    x[0, 0] = 2.5 ; x[0] = np.array([1.0, 2.0, 3.0, 4.0]) ; x[0] = [1, 2.5, 3, 4]
    np.add.at(x, ([0, 0, 2], [1, 1, 3]), y[0, :3])
"""
CONSTANTS = {"x[0, 0] = 2.5": (0, 0), "x[0] = np.array([1.0, 2.0, 3.0, 4.0])": 0, "x[0] = [1, 2.5, 3, 4]": 0}


@structures
@containers
@pytest.mark.parametrize("code", listed(ASSIGNMENTS))
def test_assignments(code, sizes, subok):
    levels = fresh_levels(len(sizes))
    x, y = random_coefficients((3, 4), sizes, 1), random_coefficients((3, 4), sizes, 2)
    target, source = join(x, levels, subok), join(y, levels, subok)
    exec(code, {"np": np, "x": target, "y": source})
    got = coefficients(target, levels, sizes)
    for index in np.ndindex(*(1 + k for k in sizes)):
        want = x[(..., *index)].copy()
        exec(code, {"np": np, "x": want, "y": y[(..., *index)].copy()})
        if code in CONSTANTS and any(index):
            want[CONSTANTS[code]] = 0
        assert np.array_equal(got[(..., *index)], want), index
    assert np.array_equal(coefficients(source, levels, sizes), y)


@containers
def test_attributes_and_types(subok):
    level = _core.Level()
    d = _core.seed_identity(np.arange(6.0).reshape(2, 3), level, 0, 6, subok=subok)
    kind = DualArray if subok else np.ndarray
    some = [d, d * 2, np.exp(d), d[0], d[:, ::2], d.T, d.copy()]
    for x in (*some, d + np.ones(3), np.ones(3) + d, np.sum(d, axis=0), 2 - d):
        assert type(x) is kind
    assert isinstance(d[0, 0], _core.Dual) and isinstance(np.sum(d), _core.Dual)
    assert isinstance(np.zeros_like(d), kind) and not coefficients(np.zeros_like(d), [level], (6,)).any()
    assert np.ones_like(d).dtype is d.dtype and np.empty_like(d).dtype is d.dtype
    if subok:
        assert np.array_equal(d.primal, np.arange(6.0).reshape(2, 3)) and type(d.primal) is np.ndarray
        assert d.tangent.shape == (2, 3, 6)
        two = _core.seed_tangents(
            _core.seed_tangents(np.ones(2), _core.E1, np.full((2, 1), 3.0)), _core.E2, np.full((2, 1), 4.0)
        )
        assert two.e1.tolist() == [[3.0], [3.0]] or two.e1.tolist() == [3.0, 3.0]
        assert np.ravel(two.e2).tolist() == [4.0, 4.0] and np.ravel(two.e12).tolist() == [0.0, 0.0]


@containers
def test_empty_and_zero_dimensional(subok):
    level = _core.Level()
    for shape in ((0,), (0, 3), (2, 0, 3), ()):
        d = _core.seed_tangents(np.ones(shape), level, np.ones((*shape, 2)), subok=subok)
        for y in (d + 1, np.exp(d), d * d, np.maximum(d, 0), d**2.5, np.where(d > 0, d, 0.0)):
            assert np.shape(y) == shape and y.dtype is d.dtype
        assert np.sum(d).dtype is d.dtype and np.prod(d).dtype is d.dtype
    assert _core.value(np.sum(_core.seed_tangents(np.ones(0), level, np.ones((0, 2)), subok=subok))) == 0.0
    assert _core.value(np.prod(_core.seed_tangents(np.ones(0), level, np.ones((0, 2)), subok=subok))) == 1.0
    empty = _core.seed_tangents(np.ones((0,)), level, np.ones((0, 2)), subok=subok)
    with pytest.raises(ValueError, match="zero-size array"):
        np.max(empty)
    with pytest.raises(ValueError, match="empty"):
        np.argmax(empty)


def test_views_are_of_duals():
    x = _core.seed_identity(np.array([1.0, 2.0]), _core.Level(), 0, 2)
    assert type(x.view()) is type(x.view(DualArray)) is DualArray
    assert type(x.view(np.ndarray)) is np.ndarray and x.view(np.ndarray).dtype is x.dtype
    assert x.view([("a", x.dtype)])["a"].dtype is x.dtype
    for dtype in (float, np.uint8):
        text = f"view(x, dtype) of duals expects a dtype of duals, got {np.dtype(dtype)}"
        with pytest.raises(TypeError, match=re.escape(text)):
            x.view(dtype)


SLICES = {
    "x": np.s_[:, 1:],
    "wide": np.s_[:, ::2],
    "few": np.s_[::3, :-1],
    "Fortran": np.s_[:, :],
    "other": np.s_[:5, 1:],
}
ARITHMETIC = """
    a + b ; a - b ; a * b ; a / b ; a**2 ; -a ; a + 2.5 ; 2 - a ; 3 * a ; 1 / a ; a - a0 ; a0 * a ; a0 / a ; abs(a)
"""


@pytest.mark.parametrize("columns", [2, 3, 17])
@pytest.mark.parametrize("where", SLICES)
@pytest.mark.parametrize("sizes", [(1,), (3,), (2, 2)], ids=str)
def test_slices_of_batches(columns, where, sizes):
    """Arithmetic goes along the first axis where the last one is short: bits and memory order are NumPy's."""
    levels = fresh_levels(len(sizes))
    a, b = (duals((300, columns), sizes, levels, seed, subok=True) for seed in (1, 2))
    if where == "Fortran":
        a, b = in_fortran_order(a), in_fortran_order(b)
    a, b = a[SLICES[where]], b[SLICES[where]]
    a0 = _core.value(b)
    for f in functions(ARITHMETIC, "a, b, a0").values():
        got, want = f(a, b, a0), f(a.view(np.ndarray), b.view(np.ndarray), a0)
        assert type(got) is DualArray and got.dtype is want.dtype and got.strides == want.strides
        np.testing.assert_array_equal(_core.value(got), f(_core.value(a), _core.value(b), a0))
        np.testing.assert_array_equal(components(got), components(want))


def test_slices_of_batches_warn_once():
    zero = np.zeros((300, 3))
    zero[[7, 290], 1] = 1.0
    d = _core.seed_tangents(zero, _core.Level(), np.ones(2))[:, 1:]
    with pytest.warns(RuntimeWarning, match="divide by zero") as record:
        1.0 / d
    assert len(record) == 1


def test_every_option_of_the_method_sum_counts():
    x = dn.seed(np.array([1.0, 2.0, 4.0]))
    weights, mask = np.ones(3), np.array([True, False, True])
    for options, shape, value, w in (
        ({"keepdims": True}, (1,), 7.0, weights),
        ({"initial": 10.0}, (), 17.0, weights),
        ({"where": mask}, (), 5.0, weights * mask),
        ({"dtype": x.dtype, "keepdims": True}, (1,), 7.0, weights),
        ({"out": np.zeros_like(x[:1]), "keepdims": True}, (1,), 7.0, weights),
    ):
        total = x.sum(axis=0, **options)
        assert np.shape(total) == shape and dn.value(total) == value
        np.testing.assert_array_equal(np.ravel(dn.tangent(total)), w)
        assert options.get("out", total) is total
