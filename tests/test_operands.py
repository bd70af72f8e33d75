"""Operands of other kinds: unaligned memory, other byte orders and types, wider outputs, text."""

import numpy as np
import pytest
from elements import coefficients, containers, duals, fresh_levels, structures

from dualnum import _core


@structures
def test_unaligned_memory(sizes):
    levels = fresh_levels(len(sizes))
    d = duals((7,), sizes, levels)
    shifted = np.ndarray((7,), d.dtype, buffer=bytearray(7 * d.itemsize + 1), offset=1)
    assert not shifted.flags.aligned
    shifted[:] = d
    some = [np.exp, np.negative, np.abs, np.sum, np.max, np.prod, np.sort, np.cumsum, np.std]
    for f in (*some, lambda x: x * x, lambda x: x @ x):
        assert np.array_equal(coefficients(f(shifted), levels, sizes), coefficients(f(d), levels, sizes))
    assert np.array_equal(coefficients(shifted[3], levels, sizes), coefficients(d[3], levels, sizes))
    shifted *= d
    assert np.array_equal(coefficients(shifted, levels, sizes), coefficients(d * d, levels, sizes))
    assert shifted.argmax() == (d * d).argmax() and np.array_equal(np.isfinite(shifted), np.isfinite(d))


def test_operands_of_other_byte_orders_and_types():
    level = _core.Level()
    d = _core.seed_identity(np.arange(1.0, 4), level, 0, 3)
    for kind in (">f8", "<f8", ">f4", "f2", ">i4", "i1", "u8", "?"):
        x = np.array([1, 0, 1]).astype(kind)
        for got, want in (
            (d * x, d * x.astype(float)),
            (x - d, x.astype(float) - d),
            (np.hypot(d, x), np.hypot(d, x.astype(float))),
        ):
            assert np.array_equal(coefficients(got, [level], (3,)), coefficients(want, [level], (3,)))
        assert np.array_equal(_core.value(x.astype(d.dtype)), x.astype(float))
    for x in ([1, 2, 3], (1.5, 2, 3), [1, 2.5, True]):
        assert np.array_equal(
            coefficients(d * x, [level], (3,)), coefficients(d * np.array(x), [level], (3,))
        )
    wide = [np.longdouble(1)] if np.dtype("g") != np.dtype("d") else []
    for x in ("a", np.array(["a"]), np.clongdouble(1j), *wide):
        with pytest.raises(TypeError):
            d + x
        with pytest.raises(TypeError):
            d[0] * x


def test_out_with_more_levels_than_the_operands():
    a, b = fresh_levels(2)
    d = _core.seed_identity(np.arange(1.0, 4), a, 0, 3)
    wide = np.zeros(3, (d + _core.seed_scalar(1.0, b)).dtype)
    for f, arguments in ((np.exp, (d,)), (np.add, (d, 1.5)), (np.multiply, (d, d)), (np.maximum, (d, 2.5))):
        assert f(*arguments, out=wide) is wide
        want = np.zeros((3, 4, 2))
        want[..., 0] = coefficients(f(*arguments), [a], (3,))
        assert np.array_equal(coefficients(wide, [a, b], (3, 1)), want)
        with pytest.raises(TypeError):
            f(wide, *arguments[1:], out=d.copy())


@containers
def test_equality_with_text_is_false(subok):
    d = _core.seed_identity(np.arange(3.0), _core.Level(), 0, 3, subok=subok)
    assert not np.any(d == "auto") and np.all(d != "auto") and not np.any(d == None)  # noqa: E711
