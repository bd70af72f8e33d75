"""Every driver against the closed forms of the scenarios, its options, and what f may return."""

import functools
import inspect

import numpy as np
import pytest
from expect import raises
from scenarios import (
    ARRAYS,
    CONTAINERS,
    ELEMENTWISE,
    FUNCTIONS,
    SCALARS,
    SCENARIOS,
    abc_flow,
    cases,
    coulomb,
    draw,
)

import dualnum as dn
from dualnum._core import ONE_PASS, ONE_TILE
from dualnum.drivers import _widths

VECTOR_FIELDS = {"polar", "spherical", "squares", "abc_flow", "identity"}
EVERY = [
    getattr(dn, name)
    for name in (
        "derivative value_and_derivative jvp directional_derivative gradient jacobian hessian hvp vhv laplacian "
        "divergence curl value_and_gradient value_and_jacobian value_gradient_hessian"
    ).split()
]


def close(actual, expected, tolerance=1e-12):
    """Compare trees of arrays and numbers: structure, types, shapes, and numbers relative to the largest."""
    if isinstance(expected, tuple):
        assert type(actual) is tuple and len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            close(a, e, tolerance)
    elif isinstance(expected, dict):
        assert type(actual) is dict and list(actual) == list(expected)
        for key in expected:
            close(actual[key], expected[key], tolerance)
    else:
        expected = np.asarray(expected, dtype=float)
        assert isinstance(actual, np.ndarray if expected.shape else float), type(actual)
        assert np.shape(actual) == expected.shape
        assert np.asarray(actual).dtype == np.float64
        scale = max(1.0, np.max(np.abs(expected), initial=0))
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


def directions(x):
    """Return a direction of the shape of x."""
    return draw(99, *np.shape(x)) if np.shape(x) else 0.7


def product(a, v, axes):
    """Contract the last axes of a with v."""
    return np.tensordot(a, v, axes) if axes else np.asarray(a) * v


# ---- against closed forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(**cases(ELEMENTWISE))
def test_derivative_of_a_number(scenario, x):
    value, first, second = scenario.answer(x)
    close(dn.derivative(scenario.f)(x), first)
    close(dn.derivative(scenario.f, order=2)(x), second)
    close(dn.value_and_derivative(scenario.f)(x), (value, first))
    close(dn.value_and_derivative(scenario.f, order=2)(x), (value, first, second))
    close(dn.gradient(scenario.f)(x), first)
    close(dn.jacobian(scenario.f)(x), first)
    close(dn.hessian(scenario.f)(x), second)
    close(dn.laplacian(scenario.f)(x), second)
    close(dn.divergence(scenario.f)(x), first)


@pytest.mark.parametrize("scenario", ELEMENTWISE, ids=repr)
@pytest.mark.parametrize("shape", [(), (0,), (4,), (2, 3), (3, 1, 2)], ids=str)
def test_derivative_of_an_array_is_elementwise(scenario, shape):
    x = 0.2 + np.abs(draw(60, *shape))
    value, first, second = scenario.answer(x)
    close(dn.derivative(scenario.f)(x), first)
    close(dn.derivative(scenario.f, 2)(x), second)
    close(dn.value_and_derivative(scenario.f, 2)(x), (value, first, second))


@pytest.mark.parametrize(**cases(SCALARS))
def test_scalar_functions(scenario, x):
    value, first, second = scenario.answer(x)
    close(dn.gradient(scenario.f)(x), first)
    close(dn.value_and_gradient(scenario.f)(x), (value, first))
    close(dn.laplacian(scenario.f)(x), np.trace(second))
    v = directions(x)
    close(dn.hvp(scenario.f)(x, v), second @ v)
    close(dn.vhv(scenario.f)(x, v), v @ second @ v)


@pytest.mark.parametrize(**cases(FUNCTIONS + CONTAINERS))
def test_all_functions(scenario, x):
    value, first, second = scenario.answer(x)
    close(dn.jacobian(scenario.f)(x), first)
    close(dn.value_and_jacobian(scenario.f)(x), (value, first))
    close(dn.hessian(scenario.f)(x), second)
    close(dn.value_gradient_hessian(scenario.f)(x), (value, first, second))


@pytest.mark.parametrize(**cases(ELEMENTWISE + FUNCTIONS))
def test_directional(scenario, x):
    value, first, _ = scenario.answer(x)
    v = directions(x)
    expected = product(first, v, np.ndim(x))
    close(dn.jvp(scenario.f)(x, v), (value, expected))
    close(dn.directional_derivative(scenario.f)(x, v), expected)


@pytest.mark.parametrize(**cases(FUNCTIONS))
def test_laplacian_of_every_element(scenario, x):
    value, _, second = scenario.answer(x)
    n = np.size(x)
    close(dn.laplacian(scenario.f)(x), np.trace(second.reshape(np.shape(value) + (n, n)), axis1=-2, axis2=-1))


@pytest.mark.parametrize(**cases(s for s in ARRAYS if s.name in VECTOR_FIELDS))
def test_fields(scenario, x):
    _, first, _ = scenario.answer(x)
    close(dn.divergence(scenario.f)(x), np.trace(first.reshape(x.size, x.size)))
    if x.shape == (3,):
        d = first
        close(dn.curl(scenario.f)(x), [d[2, 1] - d[1, 2], d[0, 2] - d[2, 0], d[1, 0] - d[0, 1]])
    if x.shape == (2,):
        close(dn.curl(scenario.f)(x), first[1, 0] - first[0, 1])


@pytest.mark.parametrize(**cases(s for s in SCENARIOS if s not in CONTAINERS))
def test_the_value_is_that_of_a_plain_call(scenario, x):
    plain = np.float64(x) if np.ndim(x) == 0 else x
    value = np.asarray(scenario.f(plain), dtype=float)
    for driver in (dn.value_and_jacobian, dn.value_gradient_hessian):
        np.testing.assert_array_equal(driver(scenario.f)(x)[0], value)


@pytest.mark.parametrize(**cases(s for s in SCALARS if s.name != "maximum_element"))
def test_finite_differences_agree(scenario, x):
    """A check of the closed forms themselves, on what rounding leaves of the digits."""
    h = 1e-6
    for i in range(x.size):
        step = np.zeros_like(x)
        step.flat[i] = h
        change = (scenario.f(x + step) - scenario.f(x - step)) / (2 * h)
        assert change == pytest.approx(scenario.answer(x)[1].flat[i], rel=1e-6, abs=1e-6)


def test_lecture_example_in_numbers():
    def f(x):
        return x[0] ** 2 + 2 * x[0] * x[1] + x[1] ** 3

    value, gradient, hessian = dn.value_gradient_hessian(f)(np.array([1.0, 2.0]))
    assert value == 13.0
    np.testing.assert_array_equal(gradient, [6.0, 14.0])
    np.testing.assert_array_equal(hessian, [[2.0, 2.0], [2.0, 12.0]])


def test_vector_analysis():
    x = np.array([0.3, -1.2, 2.0])
    close(dn.laplacian(coulomb)(x), 0.0)  # 1/r is harmonic
    close(dn.divergence(dn.gradient(coulomb))(x), 0.0)
    close(dn.curl(dn.gradient(coulomb))(x), np.zeros(3))  # curl grad = 0
    close(dn.curl(abc_flow)(x), abc_flow(x))  # curl F = F
    close(dn.divergence(dn.curl(abc_flow))(x), 0.0)  # div curl = 0
    close(dn.curl(lambda p: [-p[1], p[0]])(np.array([3.0, 4.0])), 2.0)


# ---- options -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 8, 100])
@pytest.mark.parametrize(
    "scenario",
    [
        s
        for s in FUNCTIONS + CONTAINERS
        if s.name in ("rosenbrock product squares gram neuron nested_sum no_variables constant").split()
    ],
    ids=repr,
)
def test_every_chunk_gives_the_same(scenario, chunk):
    for x in scenario.points:
        value, first, second = scenario.answer(x)
        close(dn.value_and_jacobian(scenario.f, chunk=chunk)(x), (value, first))
        close(dn.value_gradient_hessian(scenario.f, chunk=chunk)(x), (value, first, second))
        if np.shape(value) == () and isinstance(x, np.ndarray):
            v = directions(x)
            close(dn.laplacian(scenario.f, chunk=chunk)(x), np.trace(second))
            close(dn.hvp(scenario.f, chunk=chunk)(x, v), second @ v)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 13, 25, 33, 47])
@pytest.mark.parametrize("chunk", [None, 1, 2, 7])
def test_tiles_cover_the_upper_triangle_once(n, chunk):
    calls = []

    def f(x):
        calls.append(x.dtype.sizes)
        return np.sum(x**2) ** 2

    x = draw(61, n)
    close(dn.hessian(f, chunk=chunk)(x), 8 * np.outer(x, x) + 4 * (x @ x) * np.eye(n))
    width = calls[0][0]
    assert width <= (chunk or ONE_TILE)
    tiles = -(-n // width)
    assert calls.count((width,)) == tiles  # on the diagonal, of one level
    assert calls.count((width, width)) == len(calls) - tiles == tiles * (tiles - 1) // 2
    calls.clear()
    dn.laplacian(f, chunk=chunk)(x)
    ((width,),) = set(calls)
    assert len(calls) == -(-n // width)


@pytest.mark.parametrize(
    "n, chunk, calls", [(10, None, 1), (100, None, 1), (10, 4, 3), (10, 10, 1), (7, 1, 7)]
)
def test_a_gradient_calls_f_as_often_as_its_chunks_require(n, chunk, calls):
    seen = []
    dn.gradient(lambda x: seen.append(x.dtype.sizes) or x @ x, chunk=chunk)(draw(62, n))
    assert len(seen) == calls
    assert len(set(seen)) == 1


@pytest.mark.parametrize(
    "returned",
    [lambda x: x, lambda x: 3.0, lambda x: [x, 1], lambda x: np.array([1, 2]), lambda x: 3],
    ids=["dual", "float", "list", "array", "int"],
)
def test_one_pass_is_one_call(returned):
    calls = []

    def f(x):
        calls.append(1)
        return returned(x)

    for driver in (dn.derivative, dn.value_and_derivative, dn.jacobian, dn.hessian, dn.laplacian):
        driver(f, check=False)(2.0)
    dn.derivative(f, 2, check=False)(2.0)
    dn.jvp(f, check=False)(2.0, 1.0)
    assert len(calls) == 7


def test_one_array_of_few_variables_takes_one_pass():
    widths = [_widths.chunk_width(n, n, None) for n in range(1, ONE_PASS + 2)]
    assert widths[:-1] == list(range(1, ONE_PASS + 1))
    assert widths[-1] < ONE_PASS
    sides = [_widths.tile_width(n, n, None) for n in range(1, ONE_TILE + 2)]
    assert sides[:-1] == list(range(1, ONE_TILE + 1))
    assert sides[-1] < ONE_TILE


@pytest.mark.parametrize("n", [0, 1, 2, 3, ONE_TILE, ONE_TILE + 1])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_tile_at_an_array_is_the_general_pass(n, order):
    """Arrays of few numbers take a short way; tuples of arrays, other dtypes and batches do not."""

    def f(x):
        return np.sum(np.sin(x) * np.cumsum(x)) + np.prod(x + 1.5)

    x = (
        np.asarray(np.linspace(0.1, 1.0, n).reshape(-1, n), order=order)
        if n % 2
        else np.linspace(0.1, 1.0, n)
    )
    value, first, second = dn.value_gradient_hessian(f)(x)
    general = dn.value_gradient_hessian(lambda x: f(x[0]))((x,))
    assert type(value) is float and value == general[0] == f(x)
    np.testing.assert_array_equal(first, general[1][0])
    np.testing.assert_array_equal(second, general[2][0][0])
    np.testing.assert_array_equal(dn.hessian(f)(x), second)
    constant = dn.value_gradient_hessian(lambda x: 2.0)(x)
    assert constant[0] == 2.0 and not constant[1].any() and constant[2].shape == 2 * x.shape
    vector = dn.hessian(lambda x: np.array([f(x), 1.0]))(x)
    np.testing.assert_array_equal(vector[0], second)
    assert not vector[1].any()


@pytest.mark.parametrize("n", [1, 5, 16, 100, 1000, 10**4, 10**6])
def test_passes_keep_their_arrays_in_cache(n):
    chunk, tile = _widths.chunk_width(n, n, None), _widths.tile_width(n, n, None)
    assert 8 * n * (1 + chunk) <= _widths.CACHE or chunk <= _widths.WIDE
    once = 8 * n * (1 + tile) * (2 + tile) // 2 <= _widths.ONCE and tile == n
    assert once or 8 * n * (1 + tile) ** 2 <= _widths.CACHE or tile <= _widths.TILE
    assert _widths.diagonal_width(n, n, None) <= max(tile, 2)


def test_hessians_are_symmetric_to_the_bit():
    for scenario in SCALARS:
        for x in scenario.points:
            hessian = dn.hessian(scenario.f)(x)
            np.testing.assert_array_equal(hessian, hessian.T, err_msg=scenario.name)


def test_kinks_do_not_depend_on_the_chunk():
    """A tile of one variable on each side is widened, or it would decide kinks by its one direction."""

    def f(x):
        return np.sum(np.maximum(x * x, 0))

    x = np.zeros(5)
    expected = dn.hessian(f)(x)
    for chunk in range(1, 6):
        np.testing.assert_array_equal(dn.hessian(f, chunk=chunk)(x), expected)
        np.testing.assert_array_equal(dn.laplacian(f, chunk=chunk)(x), np.trace(expected))
        np.testing.assert_array_equal(dn.hvp(f, chunk=chunk)(x, np.ones(5)), expected @ np.ones(5))


def scaled(a, x, power=2.0, *, shift=0.0):
    """The function of several arguments of the tests on argnum."""
    return np.sum(a * x**power) + shift


@pytest.mark.parametrize("argnum", [1, -1, np.int64(1)])
def test_argnum(argnum):
    a, x = draw(63, 4), 1 + draw(64, 4) / 2
    close(dn.gradient(scaled, argnum=argnum)(a, x), 2 * a * x)
    close(dn.hessian(scaled, argnum=argnum)(a, x, shift=3.0), np.diag(2 * a))
    close(dn.jacobian(scaled, argnum=argnum)(a, x), 2 * a * x)
    close(dn.laplacian(scaled, argnum=argnum)(a, x), 2 * a.sum())
    close(dn.jvp(scaled, argnum=argnum)(a, x, np.ones(4)), (np.sum(a * x**2), 2 * a @ x))
    close(dn.hvp(scaled, argnum=argnum)(a, x, np.ones(4)), 2 * a)
    close(dn.vhv(scaled, argnum=argnum)(a, x, np.ones(4)), 2 * a.sum())


def test_extra_arguments_pass_through():
    a, x, v = draw(63, 4), 1 + draw(64, 4) / 2, draw(65, 4)
    close(dn.gradient(scaled)(a, x, 3.0, shift=1.0), x**3)
    close(dn.value_and_gradient(scaled)(a, x, power=3.0, shift=1.0), (np.sum(a * x**3) + 1, x**3))
    close(dn.jvp(scaled)(a, v, x, 3.0, shift=1.0), (np.sum(a * x**3) + 1, v @ x**3))
    close(dn.directional_derivative(scaled, argnum=1)(a, x, v, 3.0), 3 * np.sum(a * x**2 * v))
    close(dn.hvp(scaled, argnum=1)(a, x, v, 3.0), 6 * a * x * v)
    close(dn.derivative(lambda t, a, b=0: a * t**2 + b)(2.0, 3.0, b=1), 12.0)


def test_several_arguments_give_a_tuple():
    a, x = draw(63, 4), 1 + draw(64, 4) / 2
    first = x**2, 2 * a * x
    close(dn.gradient(scaled, argnum=(0, 1))(a, x), first)
    close(dn.gradient(scaled, argnum=(1, 0))(a, x), first[::-1])
    close(dn.gradient(scaled, argnum=(-1, 0))(a, x), first[::-1])
    close(dn.gradient(scaled, argnum=(1,))(a, x), first[1:])
    cross = np.diag(2 * x)
    close(dn.hessian(scaled, argnum=(0, 1))(a, x), ((np.zeros((4, 4)), cross), (cross, np.diag(2 * a))))
    v, w = draw(65, 4), draw(66, 4)
    close(dn.jvp(scaled, argnum=(0, 1))(a, x, (v, w)), (np.sum(a * x**2), first[0] @ v + first[1] @ w))
    close(dn.vhv(scaled, argnum=(0, 1))(a, x, (v, w)), 2 * v @ cross @ w + w @ (2 * a * w))
    close(dn.hvp(scaled, argnum=(0, 1))(a, x, (v, w)), (cross @ w, cross @ v + 2 * a * w))
    close(dn.laplacian(scaled, argnum=(0, 1))(a, x), 2 * a.sum())
    close(dn.derivative(lambda x, y: x * y**2, argnum=(0, 1))(2.0, 3.0), (9.0, 12.0))
    close(dn.derivative(lambda x, y: x * y**2, 2, argnum=(0, 1))(2.0, 3.0), (0.0, 4.0))
    close(dn.value_and_derivative(lambda x, y: x * y**2, argnum=(0, 1))(2.0, 3.0), (18.0, (9.0, 12.0)))
    close(
        dn.value_and_derivative(lambda x, y: x * y**2, 2, argnum=(0, 1))(2.0, 3.0),
        (18.0, (9.0, 12.0), (0.0, 4.0)),
    )


@pytest.mark.parametrize("subok", [True, False])
def test_subok_decides_what_f_sees(subok):
    seen, as_it_is = [], {"subok": subok, "lift": False, "check": False}

    def f(x):
        seen.append(type(x))
        return np.sum(x * x)

    x, v = draw(67, 3), draw(68, 3)
    for driver in (dn.gradient, dn.jacobian, dn.hessian, dn.laplacian):
        driver(f, **as_it_is)(x)
    for driver in (dn.jvp, dn.hvp, dn.vhv):
        driver(f, **as_it_is)(x, v)
    dn.derivative(lambda x: seen.append(type(x)) or x * x, **as_it_is)(x)
    assert set(seen) == {dn.DualArray if subok else np.ndarray}


def test_a_number_is_seeded_as_a_number():
    seen, as_it_is = [], {"lift": False, "check": False}  # in lifted code type(x) is float
    dn.gradient(lambda p: seen.extend(map(type, p)) or p[0] * p[1], **as_it_is)((2, np.float32(3)))
    dn.derivative(lambda x: seen.append(type(x)) or x, **as_it_is)(np.float64(2))
    dn.hessian(lambda x: seen.append(type(x)) or x, **as_it_is)(True)
    assert set(seen) == {dn.Dual}


# ---- what goes in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", "b1 i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 >f8 >i4".split())
def test_real_input_is_taken_as_float64(dtype):
    x = np.array([1, 0, 1], dtype=dtype)
    close(dn.gradient(lambda x: np.sum(x**3))(x), [3.0, 0.0, 3.0])
    close(dn.hessian(lambda x: np.sum(x**3))(x), np.diag([6.0, 0.0, 6.0]))
    close(dn.jvp(lambda x: x**3)(x, x), ([1.0, 0.0, 1.0], [3.0, 0.0, 3.0]))
    close(dn.derivative(lambda x: x**3)(x[0]), 3.0)
    close(dn.derivative(lambda x: x**3)(x), [3.0, 0.0, 3.0])


@pytest.mark.parametrize(
    "x",
    [
        2,
        2.0,
        np.float64(2),
        np.float32(2),
        np.float16(2),
        np.int8(2),
        np.uint64(2),
        np.array(2),
        np.array(2.0),
    ],
    ids=repr,
)
def test_numbers_of_any_type(x):
    close(dn.derivative(lambda x: x**3)(x), 12.0)
    close(dn.derivative(lambda x: x**3, 2)(x), 12.0)
    close(dn.value_and_gradient(lambda x: x**3)(x), (8.0, 12.0))
    close(dn.hessian(lambda x: x**3)(x), 12.0)
    close(dn.jvp(lambda x: x**3)(x, x), (8.0, 24.0))
    close(dn.hvp(lambda x: x**3)(x, x), 24.0)
    close(dn.vhv(lambda x: x**3)(x, x), 48.0)


def test_a_list_is_an_array():
    close(dn.gradient(lambda x: x @ x)([1, 2, 3]), [2.0, 4.0, 6.0])
    close(dn.gradient(lambda x: np.sum(x**2))([[1, 2], [3, 4]]), [[2.0, 4.0], [6.0, 8.0]])
    close(dn.gradient(lambda p: p["a"] @ p["a"])({"a": [1, 2]}), {"a": np.array([2.0, 4.0])})
    close(dn.hvp(lambda x: x @ x)([1, 2], [3, 4]), [6.0, 8.0])


def test_duals_in_an_object_array_or_a_list():
    def f(t):
        return dn.gradient(lambda x: np.sum(x**3))(np.array([t, 2.0], dtype=object))[0]

    def g(t):
        return dn.gradient(lambda x: np.sum(x**3))([t, 2.0])[0]

    close(dn.derivative(f)(2.0), 12.0)
    close(dn.derivative(g)(2.0), 12.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: np.asfortranarray(x),
        lambda x: x[::-1],
        lambda x: x[:, ::2],
        lambda x: x.T,
        lambda x: np.broadcast_to(x[0], (3, 4)),
        lambda x: x[None, :, None],
    ],
)
def test_layouts(make):
    x = make(draw(69, 3, 4))
    weights = draw(70, *x.shape)
    close(dn.gradient(lambda x: np.sum(weights * x**2))(x), 2 * weights * x)
    close(dn.jvp(lambda x: weights * x**2)(x, x), (weights * x**2, 2 * weights * x**2))
    close(dn.derivative(lambda x: weights * x**2)(x), 2 * weights * x)


# ---- what f returns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "constant",
    [3, 3.0, True, np.float64(3), np.float32(3), np.int64(3), np.array(3)],
    ids=lambda x: type(x).__name__,
)
def test_constant_numbers_give_zeros(constant):
    def f(x):
        return constant

    c = float(constant)
    close(dn.value_and_derivative(f, 2)(2.0), (c, 0.0, 0.0))
    close(dn.derivative(f)(2.0), 0.0)
    close(dn.value_and_gradient(f)([1.0, 2.0]), (c, [0.0, 0.0]))
    close(dn.value_gradient_hessian(f)([1.0, 2.0]), (c, [0.0, 0.0], np.zeros((2, 2))))
    close(dn.jvp(f)([1.0, 2.0], [1.0, 1.0]), (c, 0.0))
    close(dn.hvp(f)([1.0, 2.0], [1.0, 1.0]), [0.0, 0.0])
    close(dn.vhv(f)([1.0, 2.0], [1.0, 1.0]), 0.0)
    close(dn.laplacian(f)([1.0, 2.0]), 0.0)
    close(dn.jacobian(f)((2.0, [1.0, 2.0])), (0.0, np.zeros(2)))


@pytest.mark.parametrize("dtype", ["b1", "i4", "f4", "f8"])
def test_constant_arrays_give_zeros(dtype):
    constant = np.ones((2, 3), dtype=dtype)
    close(dn.value_and_jacobian(lambda x: constant)(np.ones(4)), (np.ones((2, 3)), np.zeros((2, 3, 4))))
    close(dn.hessian(lambda x: constant)(np.ones(20)), np.zeros((2, 3, 20, 20)))
    close(dn.divergence(lambda x: [1, 2, 3])(np.ones(3)), 0.0)
    close(dn.curl(lambda x: [1, 2, 3])(np.ones(3)), np.zeros(3))


def test_lists_and_tuples_are_arrays():
    x = np.array([2.0, 3.0])
    close(dn.jacobian(lambda x: (x[0] * x[1], 1.0))(x), [[3.0, 2.0], [0.0, 0.0]])
    close(dn.jacobian(lambda x: [[x[0], 1], [x[1] ** 2, x[0]]])(x), [[[1.0, 0], [0, 0]], [[0, 6], [1, 0]]])
    close(dn.jacobian(lambda x: [x, 2 * x])(x), [np.eye(2), 2 * np.eye(2)])
    close(dn.value_and_derivative(lambda t: [t, t * t])(3.0), ([3.0, 9.0], [1.0, 6.0]))


def test_results_of_one_element_are_arrays_and_numbers_are_floats():
    close(dn.jacobian(lambda x: x[:1])(np.ones(2)), [[1.0, 0.0]])
    close(dn.gradient(lambda x: x[0])(np.ones(1)), [1.0])
    assert type(dn.gradient(lambda x: x * x)(2.0)) is float
    assert type(dn.derivative(lambda x: x * x)(2.0)) is float
    assert type(dn.derivative(lambda x: x * x)(np.array(2.0))) is float
    assert type(dn.hessian(lambda x: x * x)(2.0)) is float
    assert type(dn.laplacian(lambda x: x @ x)(np.ones(2))) is float
    assert type(dn.value_and_gradient(lambda x: x @ x)(np.ones(2))[0]) is float


@pytest.mark.parametrize("make", EVERY, ids=lambda driver: driver.__name__)
def test_drivers_keep_name_and_documentation(make):
    result = make(scaled)
    assert result.__name__ == "scaled"
    assert result.__doc__ == scaled.__doc__
    assert callable(make(functools.partial(scaled, 1.0)))
    assert callable(make(np.sin))
    own_v = make in (dn.jvp, dn.directional_derivative, dn.hvp, dn.vhv)
    assert (inspect.signature(result) == inspect.signature(scaled)) is not own_v


def test_scipy_takes_the_drivers_as_they_are():
    optimize = pytest.importorskip("scipy.optimize")
    rosenbrock = next(s for s in SCALARS if s.name == "rosenbrock").f
    x0 = np.array([-1.2, 1.0, 0.5])
    for options in (
        {"jac": dn.gradient(rosenbrock), "hess": dn.hessian(rosenbrock)},
        {"jac": dn.gradient(rosenbrock), "hessp": dn.hvp(rosenbrock)},
    ):
        result = optimize.minimize(rosenbrock, x0, method="trust-ncg", **options)
        np.testing.assert_allclose(result.x, 1, atol=1e-6)
    result = optimize.minimize(dn.value_and_gradient(rosenbrock), x0, jac=True)
    np.testing.assert_allclose(result.x, 1, atol=1e-4)


# ---- subclasses of ndarray ---------------------------------------------------------------------------------


class Metres(np.ndarray):
    """An array with a unit, as astropy, unyt and quantities have them."""


SUBCLASSES = {
    "MaskedArray": np.ma.array([1.0, 2.0], mask=[False, True]),
    "MaskedConstant": np.ma.masked,
    "recarray": np.array([1.0, 2.0]).view(np.recarray),
    "Metres": np.array([1.0, 2.0]).view(Metres),
}


@pytest.mark.parametrize("name", SUBCLASSES)
@pytest.mark.parametrize(
    "make", [dn.derivative, dn.gradient, dn.jacobian, dn.hessian, lambda f: dn.taylor(f, 3)]
)
def test_a_mask_or_a_unit_is_refused_not_dropped(make, name):
    x = SUBCLASSES[name]
    with pytest.raises(TypeError, match=f"expects x to be an ndarray, got {name}; use np.asarray"):
        make(np.sum)(x)
    use = "np.ma.filled" if name.startswith("Masked") else "np.asarray"
    for f in (lambda x: SUBCLASSES[name], lambda x: np.asarray(x).view(type(SUBCLASSES[name]))):
        if name == "MaskedConstant" and f(1.0) is not x:
            continue
        with pytest.raises(TypeError, match=rf"expects f\(x\) to be an ndarray, got {name}; use {use}"):
            make(f)(np.array([1.0, 2.0]))


def test_subclasses_without_a_meaning_of_their_own_are_arrays(tmp_path):
    x = np.memmap(tmp_path / "x", float, "w+", shape=(2,))
    x[:] = 1.0, 2.0
    np.testing.assert_array_equal(dn.gradient(lambda x: np.sum(x**2))(x), [2.0, 4.0])
    np.testing.assert_array_equal(dn.jacobian(lambda y: x)(np.ones(2)), np.zeros((2, 2)))

    class Mine(dn.DualArray):
        pass

    np.testing.assert_array_equal(dn.jacobian(lambda x: x.view(Mine))(np.ones(2)), np.eye(2))


@pytest.mark.parametrize(
    "text", ["ab", b"ab", bytearray(b"ab"), memoryview(b"ab")], ids=lambda x: type(x).__name__
)
def test_text_and_bytes_are_no_numbers(text):
    name = type(text).__name__
    with raises(TypeError, f"jacobian(f)(x) expects f(x) to be a number or an array, got {name}."):
        dn.jacobian(lambda x: text)(2.0)
    with raises(TypeError, f"jacobian(f)(x) expects x to be real numbers, got {name}."):
        dn.jacobian(lambda x: 2.0)(text)
