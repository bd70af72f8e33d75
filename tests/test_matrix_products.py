"""Matrix products, against sums of elementwise products."""

import numpy as np
import pytest
from elements import STRUCTURES, coefficients, fresh_levels, join, random_coefficients

from dualnum import _core

structures = pytest.mark.parametrize("sizes", STRUCTURES, ids=str)
containers = pytest.mark.parametrize("subok", [False, True], ids=["plain", "DualArray"])


def make(shape, sizes, levels, seed=1, subok=False):
    return join(random_coefficients(shape, sizes, seed), levels, subok)


@structures
@containers
@pytest.mark.parametrize("name", ["matmul", "vecdot", "matvec", "vecmat"])
@pytest.mark.parametrize("left, right", [("dual", "dual"), ("dual", "float"), ("float", "dual")])
def test_products_against_sums(name, left, right, sizes, subok):
    """Each product against the sum over elementwise products, in broadcast stacks and odd layouts too."""
    if not hasattr(np, name):
        return  # matvec and vecmat exist from NumPy 2.2
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
        a = make((*lead_a, *shapes[0]), sizes, levels, 1, subok)
        b = make((*lead_b, *shapes[1]), sizes, levels, 2, subok)
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
