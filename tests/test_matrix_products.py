"""Matrix products, against sums of elementwise products."""

import numpy as np
import pytest
from elements import coefficients, containers, duals, fresh_levels, join, structures

import dualnum as dn
from dualnum import Dual, DualArray, _core

products = pytest.mark.parametrize(  # matvec and vecmat exist from NumPy 2.2
    "name", [name for name in ("matmul", "vecdot", "matvec", "vecmat") if hasattr(np, name)]
)


@structures
@containers
@products
@pytest.mark.parametrize("left, right", [("dual", "dual"), ("dual", "float"), ("float", "dual")])
def test_products_against_sums(name, left, right, sizes, subok):
    """Each product against the sum over elementwise products, in broadcast stacks and odd layouts too."""
    levels = fresh_levels(len(sizes))
    shapes = {
        "matmul": ((3, 4), (4, 2)),
        "vecdot": ((3, 4), (4,)),
        "matvec": ((3, 4), (4,)),
        "vecmat": ((4,), (4, 2)),
    }[name]
    by_hand = {
        "matmul": lambda a, b: np.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2),
        "vecdot": lambda a, b: np.sum(a * b, axis=-1),
        "matvec": lambda a, b: np.sum(a * b[..., None, :], axis=-1),
        "vecmat": lambda a, b: np.sum(a[..., :, None] * b, axis=-2),
    }[name]
    f = getattr(np, name)
    for lead_a, lead_b in (((), ()), ((5,), ()), ((2, 1), (3,)), ((0,), ())):
        a = duals((*lead_a, *shapes[0]), sizes, levels, 1, subok)
        b = duals((*lead_b, *shapes[1]), sizes, levels, 2, subok)
        a, b = a if left == "dual" else _core.value(a), b if right == "dual" else _core.value(b)
        want = by_hand(a, b)
        for x, y in (
            (a, b),
            (a.copy(order="F"), b),
            (a, b.copy(order="F")),
            (np.stack([a, a], -1)[..., 0], np.stack([b, b], -1)[..., 1]),
        ):
            got = f(x, y)
            assert got.shape == want.shape and got.dtype is want.dtype
            np.testing.assert_allclose(
                coefficients(got, levels, sizes), coefficients(want, levels, sizes), rtol=1e-13, atol=1e-13
            )
            out = np.empty(want.shape, want.dtype)
            f(x, y, out=out)
            assert np.array_equal(coefficients(out, levels, sizes), coefficients(got, levels, sizes))


@pytest.mark.parametrize("k", [1, 4, 5, 15, 16, 17, 40])
@pytest.mark.parametrize("layout", ["contiguous", "every other", "backwards", "transposed"])
@pytest.mark.parametrize("special", [None, np.inf, np.nan])
@pytest.mark.parametrize("columns", [(), (3,)], ids=["vector", "matrix"])
@pytest.mark.parametrize("left", ["float", "dual"])
def test_products_of_many_tangents(k, layout, special, columns, left):
    """Components as they lie, or packed: tangents are dW X + W dX either way, zeros beside infinities too."""
    draw = np.random.default_rng(k)
    w, x = draw.normal(size=(6, 8)), draw.normal(size=(8, *columns))
    dw, dx = draw.normal(size=(6, 8, k)), draw.normal(size=(8, *columns, k))
    if special is not None:
        w[2, 3], dx[3, ..., 0], dx[5] = special, 0.0, 0.0
    if layout == "transposed":
        w, dw = np.asfortranarray(w), dw.transpose(1, 0, 2).copy().transpose(1, 0, 2)
    order = {"every other": np.s_[::2], "backwards": np.s_[::-1]}.get(layout, np.s_[:])
    numbers = np.zeros((16 if layout == "every other" else 8, *columns))
    level = _core.Level()
    duals = _core.seed_tangents(numbers, level, np.zeros((1,) * len(columns) + (1, k)))
    numbers[order], duals[order] = x, _core.seed_tangents(x, level, dx)
    across = np.s_[:, :, None] if columns else np.s_[:]
    with np.errstate(all="ignore"):
        got = (_core.seed_tangents(w, level, dw) if left == "dual" else w) @ duals[order]
        want = np.sum(np.where(dx == 0, 0, w[across][..., None] * dx), axis=1)
        if left == "dual":
            want += np.sum(dw[across] * x[..., None], axis=1)
        assert np.array_equal(_core.value(got), w @ numbers[order], equal_nan=True)
    np.testing.assert_allclose(_core.split(got, level)[1], want, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("sizes", [(1,), (20,), (9, 2), (40, 2)], ids=str)
@pytest.mark.parametrize("nonzero", [0, 1, 3, "variables", "last"])
@pytest.mark.parametrize("special", [None, np.inf, np.nan])
def test_products_of_sparse_tangents(sizes, nonzero, special):
    """Variables and other operands with few nonzero tangents, in any order of memory, against sums of products."""
    draw = np.random.default_rng(7)
    levels = fresh_levels(len(sizes))
    tangents = int(np.prod([1 + k for k in sizes])) - 1
    for m, n, p in [(40, 12, 1), (1, 12, 40), (17, 9, 50), (300, 5, 1), (3, 4, 700), (40, 0, 40), (40, 5, 2)]:
        for dual_is_left in (True, False):
            shape, other = ((m, n), (n, p)) if dual_is_left else ((n, p), (m, n))
            c = np.zeros((*shape, 1 + tangents))
            c[..., 0] = draw.normal(size=shape)
            elements = c.reshape(-1, 1 + tangents)
            if nonzero == "variables":
                at = np.arange(len(elements))
                elements[at, 1 + at % tangents] = draw.normal(size=len(at))
            elif nonzero == "last":
                elements[-1:, -1:] = 2.0
            else:
                at = draw.integers(len(elements) or 1, size=nonzero if len(elements) else 0)
                elements[at, draw.integers(1, 1 + tangents, size=len(at))] = 1.0
            order, steps = "CF"[draw.integers(2)], np.s_[:: draw.choice([-2, -1, 1, 2])]
            filled = join(c.reshape(*shape, *(1 + k for k in sizes)), levels)
            dual, number = (
                np.zeros((2 * shape[0], shape[1]), t, order)[steps][: shape[0]] for t in (filled.dtype, float)
            )
            dual[...], number[...] = filled, c[..., 0]
            plain = np.asarray(draw.normal(size=other), order="CF"[draw.integers(2)])
            if special is not None and plain.size:
                plain.flat[draw.integers(plain.size, size=2)] = special
            x, y = (dual, plain) if dual_is_left else (plain, dual)
            with np.errstate(all="ignore"):
                want = np.sum(x[:, :, None] * y[None], axis=1)
                got = [x @ y]
                if p == 1:
                    got.append((x @ y[:, 0])[:, None])
                if m == 1:
                    got.append((x[0] @ y)[None])
                    got.append((y.T @ x[0])[None])
                exact = number @ plain if dual_is_left else plain @ number
            assert np.array_equal(_core.value(got[0]), exact, equal_nan=True)
            for one in got:
                np.testing.assert_allclose(
                    coefficients(one, levels, sizes).reshape(m, p, -1)[..., 1:],
                    coefficients(want, levels, sizes).reshape(m, p, -1)[..., 1:],
                    rtol=1e-12,
                    atol=1e-12,
                )


@pytest.mark.parametrize("position", ["left", "right"])
def test_matmul_with_infinities_keeps_zero_tangents(position):
    level = _core.Level()
    a = _core.seed_tangents(
        np.array([[np.inf, 1.0], [2.0, 3.0]]), level, np.array([[[0.0], [1.0]], [[0.0], [0.0]]])
    )
    b = np.array([[1.0, 2.0], [3.0, np.inf]])
    with np.errstate(all="ignore"):
        got = a @ b if position == "left" else b @ a
    tangent = coefficients(got, [level], (1,))[..., 1]
    want = [[3.0, np.inf], [0.0, 0.0]] if position == "left" else [[0.0, 1.0], [0.0, 3.0]]
    assert np.array_equal(tangent, want)


def strided(draw, shape, levels, subok):
    """Return a random float64 array and duals with its values and strides, in any order of memory."""
    steps = draw.integers(1, 3, len(shape))
    wide = tuple(int(n * s) for n, s in zip(shape, steps, strict=True))
    x = np.array(draw.normal(size=wide), order="CF"[draw.integers(2)])
    d = x
    for level in levels:
        d = _core.seed_tangents(d, level, draw.uniform(-1, 1, (*wide, 2)), subok=subok)
    view = tuple(slice(None, None, int(s)) for s in steps)
    return x[view], d[view]


@pytest.mark.parametrize("orders", [1, 2])
@containers
@pytest.mark.parametrize("largest", [4, 17, 90])
def test_values_are_numpys_for_any_strides(orders, subok, largest):
    """BLAS depends on strides, on the number of columns, and on whether both operands are one buffer."""
    draw = np.random.default_rng(largest)
    levels = fresh_levels(orders)
    products = [np.matmul, np.dot] if subok else [np.matmul]
    for _ in range(25):
        m, n, p = (int(v) for v in draw.integers(1, largest, 3))
        (a, da), (b, db) = strided(draw, (m, n), levels, subok), strided(draw, (n, p), levels, subok)
        cases = [(a, b, da, db), (a, a.T, da, da.T), (a.T, a, da.T, da), (a[0], a[0], da[0], da[0])]
        cases += [(a, b[:, 0], da, db[:, 0]), (a[0], b, da[0], db), (a[0], b[:, 0], da[0], db[:, 0])]
        cases += [(a[:1], b, da[:1], db), (a, b[:, :1], da, db[:, :1]), (a[:, :1], b[:1], da[:, :1], db[:1])]
        for x, y, dx, dy in cases:
            for f in products:
                want = f(x, y)
                mixed = [] if np.shares_memory(x, y) else [(dx, y), (x, dy)]
                for left, right in [(dx, dy), *mixed]:
                    assert np.array_equal(_core.value(f(left, right)), want), (f, x.strides, y.strides)


GENERALISED = {  # shapes of the operands by name, for m, n, p
    "matmul": lambda m, n, p: [
        ((m, n), (n, p)),
        ((m, n), (n,)),
        ((m,), (m, n)),
        ((2, m, n), (n, p)),
        ((m,), (m,)),
    ],
    "vecdot": lambda m, n, p: [((m, n), (n,)), ((n,), (n,))],
    "matvec": lambda m, n, p: [((m, n), (n,)), ((2, m, n), (2, n))],
    "vecmat": lambda m, n, p: [((m,), (m, n)), ((2, m), (m, n))],
}


@products
@pytest.mark.parametrize("largest", [4, 17, 60])
def test_operands_of_unequal_levels(name, largest):
    """Values are NumPy's for any strides; derivatives are those of operands that have all levels beforehand."""
    f, draw = getattr(np, name), np.random.default_rng(largest)
    outer, middle, inner = fresh_levels(3)
    for _ in range(10):
        m, n, p = (int(v) for v in draw.integers(1, largest, 3))
        for left, right in GENERALISED[name](m, n, p):
            for first, second in (([outer], [inner]), ([outer, inner], [inner]), ([inner], [outer, inner])):
                transposed = len(left) == 2
                x, dx = strided(draw, left[::-1] if transposed else left, first, True)
                x, dx = (x.T, dx.T) if transposed else (x, dx)
                y, dy = strided(draw, right, second, True)
                want, got = f(x, y), f(dx, dy)
                assert np.array_equal(_core.value(got), want)
                whole = f(dx.astype(got.dtype), dy.astype(got.dtype))
                np.testing.assert_allclose(
                    coefficients(got, [outer, inner], (2, 2)),
                    coefficients(whole, [outer, inner], (2, 2)),
                    rtol=1e-12,
                    atol=1e-12,
                )
                if np.ndim(want):
                    levels = [outer, middle, inner]
                    out = duals(np.shape(want), (2, 2, 2), levels, subok=True)
                    assert f(dx, dy, out=out) is out and np.array_equal(_core.value(out), want)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int8, bool])
def test_operands_of_other_types_are_cast_as_numpy_casts_them(dtype):
    draw = np.random.default_rng(4)
    for _ in range(30):
        m, n, p = (int(v) for v in draw.integers(1, 30, 3))
        whole = (draw.normal(size=(2 * n, m)) * 9).astype(dtype)
        for a in (whole[:n].T, whole[::2].T, np.ascontiguousarray(whole[:n].T)):
            for shape in ((n,), (n, p)):
                x, d = strided(draw, shape, fresh_levels(1), True)
                assert np.array_equal(_core.value(a @ d), a @ x)
                assert np.array_equal(_core.value(d.T @ a.T), x.T @ a.T)


EINSUMS = """
    i,i-> i,i->i i,j->ij ij,jk->ik ij,jk ij,kj->ik ij,ij-> ij,ij->i ij-> ij->i ij->j ii-> ii->i ij->ji ij,j->i i,ij->j
    ij,ji-> ij,jk,kl->il i,i,i-> ...i,...i->... ij...->... ij,ik->jk i,ij,j-> ijk,kl->ijl ijk->k ijk,ijk->j
""".split()


@pytest.mark.parametrize("subscripts", EINSUMS)
def test_einsum(subscripts):
    """Values bit for bit; tangents by Leibniz' rule: the sum over the operands of einsum with that one's tangent."""
    draw = np.random.default_rng(len(subscripts))
    (level,) = levels = fresh_levels(1)
    for largest in (1, 3, 9):
        terms = subscripts.split("->")[0].split(",")
        pairs = [
            strided(draw, (largest,) * (len(t.replace("...", "")) + ("..." in t)), levels, True)
            for t in terms
        ]
        plains, duals = zip(*pairs, strict=True)
        for optimize in (False, True):
            want = np.einsum(subscripts, *plains, optimize=optimize)
            for mask in range(1, 2 ** len(pairs)):
                operands = [d if mask >> i & 1 else x for i, (x, d) in enumerate(pairs)]
                got = np.einsum(subscripts, *operands, optimize=optimize)
                assert np.array_equal(_core.value(got), want)
                tangent = 0
                for i in range(len(pairs)):
                    if mask >> i & 1:
                        moved = [
                            _core.split(d, level)[1][..., 1] if i == j else x
                            for j, (x, d) in enumerate(pairs)
                        ]
                        tangent = tangent + np.einsum(subscripts, *moved)
                np.testing.assert_allclose(
                    coefficients(got, levels, (2,))[..., 2], tangent, rtol=1e-12, atol=1e-12
                )
        assert type(np.einsum(subscripts, *duals)) in (DualArray, Dual)


VECTOR_NORMS = [{}, *({"ord": p} for p in (1, 2, 3, 2.5, np.inf, -np.inf)), {"axis": 0}, {"keepdims": True}]
MATRIX_NORMS = [{}, *({"ord": p} for p in ("fro", 1, -1, np.inf)), *({"axis": i} for i in (0, 1, (0, 1)))]
MATRIX_NORMS += [
    {"axis": 1, "keepdims": True},
    {"axis": 0, "ord": 1},
    {"axis": 0, "ord": 3},
    {"keepdims": True},
]


@pytest.mark.parametrize(
    "shape, options", [((7,), o) for o in VECTOR_NORMS] + [((4, 5), o) for o in MATRIX_NORMS], ids=str
)
def test_norm(shape, options):
    draw = np.random.default_rng(len(shape))
    for _ in range(5):
        (x, d), direction = strided(draw, shape, fresh_levels(1), True), draw.normal(size=shape)
        got, want = np.linalg.norm(d, **options), np.linalg.norm(x, **options)
        assert np.array_equal(_core.value(got), want) and np.shape(got) == np.shape(want)

        def norm(v, options=options):
            return np.linalg.norm(v, **options)

        slope = (norm(x + 1e-6 * direction) - norm(x - 1e-6 * direction)) / 2e-6
        np.testing.assert_allclose(dn.jvp(norm)(x, direction)[1], slope, rtol=1e-6, atol=1e-8)


def test_norm_at_zero_stays_zero():
    np.testing.assert_array_equal(dn.gradient(np.linalg.norm)(np.zeros(3)), np.zeros(3))
    np.testing.assert_array_equal(dn.gradient(np.linalg.norm)(np.zeros((2, 2))), np.zeros((2, 2)))


@structures
def test_products_of_known_values(sizes):
    """matmul_of_values is matmul but for the values, which are those given; stacks broadcast."""
    levels = fresh_levels(len(sizes))
    a, b = duals((5, 1, 3, 4), sizes, levels, 1), duals((2, 4, 2), sizes, levels, 2)
    values = np.random.default_rng(3).normal(size=(5, 2, 3, 2))
    for x, y in ((a, b), (_core.value(a), b), (a, _core.value(b)), (a[:, :, ::-1], b[..., ::-1]), (a[:0], b)):
        stack = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
        given = values[: stack[0]]
        got, want = _core.matmul_of_values(x, y, given), np.matmul(x, y)
        assert got.dtype is want.dtype and np.array_equal(_core.value(got), given)
        _core.value(want)[...] = given
        assert np.array_equal(coefficients(got, levels, sizes), coefficients(want, levels, sizes))


@pytest.mark.parametrize(
    "x, y, values, message",
    [
        ((2, 3), (4, 2), (2, 2), "expects shapes (m, n), (n, p) and (m, p), got (2, 3), (4, 2) and (2, 2)."),
        ((2, 3), (3, 2), (3, 2), "expects shapes (m, n), (n, p) and (m, p), got (2, 3), (3, 2) and (3, 2)."),
        (
            (3,),
            (3, 2),
            (2, 2),
            "expects stacks of matrices with duals, got DualDType(1) and DualDType(1) of 1 and 2 axes.",
        ),
        (
            (2, 3),
            (3,),
            (2, 2),
            "expects stacks of matrices with duals, got DualDType(1) and DualDType(1) of 2 and 1 axes.",
        ),
    ],
)
def test_products_of_known_values_check_shapes(x, y, values, message):
    with pytest.raises(ValueError) as error:
        _core.matmul_of_values(np.zeros(x, dn.DualDType(1)), np.zeros(y, dn.DualDType(1)), np.zeros(values))
    assert str(error.value) == "matmul_of_values " + message


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 0), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("name", ["dot", "inner"])
def test_products_with_a_number_have_numpys_zeros(name, shape):
    """NumPy adds some of these products to 0, which makes -0 a zero without a sign."""
    f = getattr(np, name)
    for zero in (0.0, -0.0):
        x = np.full(shape, zero)
        for number in (-1.0, 1.0, -0.0):
            for a, b in ((number, x), (x, number)):
                want = f(a, b)
                for left, right in ((dn.seed(a), b), (a, dn.seed(b)), (dn.seed(a), _core.value(dn.seed(b)))):
                    got = f(left, right)
                    assert np.array_equal(_core.value(got), want)
                    assert np.array_equal(np.signbit(_core.value(got)), np.signbit(want))
                    assert isinstance(got, np.ndarray) == isinstance(want, np.ndarray)


@pytest.mark.parametrize(
    "mode", [0, 1, 2, np.int64(1), np.int8(2), True, "valid", "Same", "FULL", 3, -1, None, 1.0]
)
@pytest.mark.parametrize("f", [np.convolve, np.correlate])
def test_modes_are_numpys(f, mode):
    a, v = np.arange(1.0, 6.0), np.array([2.0, -1.0, 0.5])
    try:
        want = f(a, v, mode)
    except (ValueError, TypeError) as error:
        with pytest.raises(type(error)) as caught:
            f(dn.seed(a), v, mode)
        assert str(caught.value) == str(error)
        return
    assert np.array_equal(_core.value(f(dn.seed(a), v, mode)), want)
    same = dn.jacobian(lambda x: f(x, v, mode))(a)
    assert np.array_equal(same @ a, want)
