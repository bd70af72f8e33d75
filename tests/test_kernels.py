"""Kernels choose among several loops: with each of them an array's results are those of its elements, bit by bit.

Loops differ by the number of tangents, by whether memory is contiguous, an operand one number or the result an operand,
by whether a companion's argument is near enough to 0, and by whether a slope is finite.
"""

import numpy as np
import pytest
from elements import fresh_levels, join, random_coefficients, with_values

import dualnum as dn
from dualnum import _core

SIZES = [(1,), (2,), (5,), (0,), (1, 1), (2, 2), (3, 0), (0, 3), (1, 3), (1, 1, 1)]
UNARY = [row.name for row in _core.ELEMENTARY] + ["negative", "positive", "absolute"]
BINARY = ["add", "subtract", "multiply", "divide", "power", "arctan2", "hypot", "maximum"]
N = 300  # more than a block

sizes_of_levels = pytest.mark.parametrize("sizes", SIZES, ids=str)

# where elements come from in memory
LAYOUTS = {
    "contiguous": lambda x: x.copy(),
    "every third": lambda x: np.repeat(x, 3)[::3],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "a column": lambda x: np.stack([x, x], -1)[:, 1],
}

# values that loops tell apart
VALUES = {
    "ordinary": np.random.default_rng(1).uniform(0.1, 0.9, N),
    # one in each block, once the first
    "far": np.where(np.isin(np.arange(N), [100, 256]), 6e5, np.random.default_rng(2).uniform(0.1, 0.9, N)),
    "not finite": np.concatenate(
        [np.random.default_rng(3).uniform(0.1, 0.9, N - 5), [0, -0.0, 1, np.inf, np.nan]]
    ),
}


def elements(values, sizes, levels, subok, seed=4):
    """Return duals of these values; every fourth has only zero tangents."""
    c = random_coefficients((len(values),), sizes, seed)
    c[::4] = 0
    return join(with_values(c, values), levels, subok)


def one_by_one(ufunc, *operands):
    """Return the array of the ufunc's results for one element at a time."""
    return np.array([ufunc(*scalars) for scalars in zip(*operands, strict=True)])


def same(array, expected):
    """Compare all parts of two arrays."""
    assert array.dtype is expected.dtype
    for (name, part), other in zip(dn.parts(array).items(), dn.parts(expected).values(), strict=True):
        np.testing.assert_array_equal(part, other, err_msg=name)


@sizes_of_levels
@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_argument(name, values, sizes):
    ufunc = getattr(np, name)
    with np.errstate(all="ignore"):
        for subok in (False, True):
            x = elements(VALUES[values], sizes, fresh_levels(len(sizes)), subok)
            expected = one_by_one(ufunc, x)
            for layout in LAYOUTS.values():
                same(ufunc(layout(x)), expected)
            same(ufunc(x[7:8]), expected[7:8])
            out = x.copy()
            ufunc(out, out=out)
            same(out, expected)


@sizes_of_levels
@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_arguments(name, values, sizes):
    ufunc = getattr(np, name)
    levels = fresh_levels(len(sizes))
    with np.errstate(all="ignore"):
        for subok in (False, True):
            x = elements(VALUES[values], sizes, levels, subok)
            y = elements(VALUES["ordinary"][::-1] + 1, sizes, levels, subok, seed=5)
            z = dn.value(y).copy()
            expected = one_by_one(ufunc, x, y)
            for first in LAYOUTS.values():
                same(ufunc(first(x), y), expected)
                same(ufunc(x, first(y)), expected)
            for place in (0, 1):
                out = (x.copy(), y.copy())
                ufunc(*out, out=out[place])
                same(out[place], expected)
            expected, reflected = one_by_one(ufunc, x, z.tolist()), one_by_one(ufunc, z.tolist(), x)
            for layout in LAYOUTS.values():
                same(ufunc(layout(x), layout(z)), expected)
                same(ufunc(layout(z), layout(x)), reflected)


@sizes_of_levels
@pytest.mark.parametrize("number", [0.0, -2.5, 1e300, np.inf, np.nan])
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
def test_one_number_beside_an_array(name, number, sizes):
    ufunc = getattr(np, name)
    with np.errstate(all="ignore"):
        for subok in (False, True):
            x = elements(VALUES["not finite"], sizes, fresh_levels(len(sizes)), subok)
            expected = one_by_one(lambda a: ufunc(a, number), x)
            reflected = one_by_one(lambda a: ufunc(number, a), x)
            for layout in LAYOUTS.values():
                same(ufunc(layout(x), number), expected)
                same(ufunc(number, layout(x)), reflected)


SHIFTED = {
    "a tangent underflows": lambda a, out: np.multiply(a, 1e-10, out=out),
    "a value overflows": lambda a, out: np.multiply(a, 1e300, out=out),
    "a value is infinite": lambda a, out: np.subtract(a, np.inf, out=out),
    "a zero divides": lambda a, out: np.divide(a, np.arange(len(a)) % 2, out=out),
    "a sum overflows": lambda a, out: np.add(a, 1e308, out=out),
}


@pytest.mark.parametrize("name", SHIFTED)
@pytest.mark.parametrize("sizes", [(1,), (3,), (1, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("step", [1, 2])
def test_results_over_operands_that_are_still_needed(name, sizes, step):
    """A loop that gives up and starts again finds its operands as they were."""
    call = SHIFTED[name]
    dtype = dn.DualDType(*sizes)
    numbers = np.random.default_rng(5).uniform(1, 2, (40, dtype.ncomponents))
    numbers[:, -1] = 1e-300
    numbers[30, 0] = 1.7e308
    a = np.zeros(len(numbers), dtype)
    a.view(float).reshape(numbers.shape)[...] = numbers
    with np.errstate(all="ignore"):
        want = call(a[step:], np.empty(len(a) - step, dtype))
        call(a[step:], a[:-step])
    got = a[:-step].copy()
    np.testing.assert_array_equal(got.view(np.uint64), want.view(np.uint64))
