"""Perturbation confusion: drivers in drivers to any depth, hand-made numbers, numbers that outlive a driver.

The classic: d/dx (x * d/dy (x + y)) is 1; systems that do not tell the inner perturbation from the outer one
say 2.
"""

import copy
import math
import pickle

import numpy as np
import pytest
from expect import raises, together
from test_drivers import close

import dualnum as dn
from dualnum import (
    derivative,
    directional_derivative,
    divergence,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    laplacian,
    vhv,
)


def test_the_classic():
    assert derivative(lambda x: x * derivative(lambda y: x + y)(1.0))(1.0) == 1.0


def test_the_classic_with_the_argument_of_the_inner_function():
    assert derivative(lambda x: x * derivative(lambda y: x + y)(x))(1.0) == 1.0
    assert derivative(lambda x: x * derivative(lambda y: x * y)(x))(3.0) == 6.0  # x * x
    assert derivative(lambda x: x * derivative(lambda y: x * y * y)(x))(3.0) == 54.0  # x * 2 x**2
    assert derivative(lambda x: derivative(lambda y: x * y * y)(2.0))(3.0) == 4.0
    assert derivative(lambda x: derivative(lambda y: x * x * y)(2.0))(3.0) == 6.0


def test_of_siskind_and_pearlmutter():
    """d/dx (x * (d/dy (x + y) at y = x)**n), and the constant inner function."""
    assert derivative(lambda x: x * derivative(lambda y: x + y)(2.0 * x) ** 3)(5.0) == 1.0
    assert derivative(lambda x: derivative(lambda y: x)(x))(5.0) == 0.0
    assert derivative(lambda x: x * derivative(lambda y: x)(x))(5.0) == 0.0


def test_arrays():
    x = np.array([1.0, 2.0])
    close(gradient(lambda x: np.sum(x * derivative(lambda y: x + y)(x)))(x), [1.0, 1.0])
    close(gradient(lambda x: x @ gradient(lambda y: np.sum(x + y))(x))(x), [1.0, 1.0])
    close(jacobian(lambda x: x * gradient(lambda y: x @ y)(x))(x), np.diag(2 * x))
    close(jacobian(lambda x: jacobian(lambda y: x[0] * y**2)(x))(x)[..., 0], np.diag([4.0, 4.0]))


@pytest.mark.parametrize("depth", range(1, 8))
def test_derivatives_nest_to_any_depth(depth):
    def repeated(f, n):
        for _ in range(n):
            f = derivative(f)
        return f

    x = 0.7
    cycle = [np.sin(x), np.cos(x), -np.sin(x), -np.cos(x)]
    assert repeated(np.sin, depth)(x) == pytest.approx(cycle[depth % 4], rel=1e-12)
    power = math.perm(7, depth) * x ** (7 - depth)
    assert repeated(lambda x: x**7, depth)(x) == pytest.approx(power, rel=1e-12)
    assert repeated(np.exp, depth)(x) == pytest.approx(np.exp(x), rel=1e-12)
    close(repeated(np.exp, depth)(np.array([0.7, -1.0])), np.exp([0.7, -1.0]))


def test_depth_four_in_four_variables():
    """d/da d/db d/dc d/dd of a product that mixes them all."""

    def f(a, b, c, d):
        return (a * b + c * d) ** 3 * a * c

    def mixed(a, b, c, d):
        return derivative(
            lambda a: derivative(lambda b: derivative(lambda c: derivative(lambda d: f(a, b, c, d))(d))(c))(b)
        )(a)

    # f = a**4 b**3 c + 3 a**3 b**2 c**2 d + 3 a**2 b c**3 d**2 + a c**4 d**3: terms with all letters survive
    a, b, c, d = 1.1, 0.7, -0.4, 1.9
    expected = 3 * 3 * 2 * 2 * a**2 * b * c + 3 * 2 * 3 * 2 * a * c**2 * d
    assert mixed(a, b, c, d) == pytest.approx(expected, rel=1e-12)


def test_order_two_inside_order_two():
    assert derivative(derivative(np.exp, 2), 2)(0.3) == pytest.approx(np.exp(0.3), rel=1e-13)
    twice = derivative(lambda x: derivative(lambda y: x**3 * y**4, 2)(x), 2)(2.0)  # of 12 x**5
    assert twice == pytest.approx(12 * 20 * 2.0**3)


# ---- every driver inside every driver ----------------------------------------------------------------------

# each turns a smooth function of a vector into another, so that they can be applied to each other
POINT, ALONG = np.array([0.4, -0.3, 0.8]), np.array([0.5, 1.0, -2.0])

TO_SCALAR = {
    "gradient": (lambda f: lambda x: gradient(f)(x) @ ALONG, 1),
    "value_and_gradient": (lambda f: lambda x: dn.value_and_gradient(f)(x)[1] @ ALONG, 1),
    "jacobian": (lambda f: lambda x: jacobian(f)(x) @ ALONG, 1),
    "value_and_jacobian": (lambda f: lambda x: dn.value_and_jacobian(f)(x)[1] @ ALONG, 1),
    "jvp": (lambda f: lambda x: jvp(f)(x, ALONG)[1], 1),
    "directional_derivative": (lambda f: lambda x: directional_derivative(f)(x, ALONG), 1),
    "derivative": (lambda f: lambda x: derivative(lambda t: f(x + t * ALONG))(0.0), 1),
    "value_and_derivative": (
        lambda f: lambda x: dn.value_and_derivative(lambda t: f(x + t * ALONG))(0.0)[1],
        1,
    ),
    "divergence": (lambda f: lambda x: divergence(lambda x: f(x) * ALONG)(x), 1),
    "derivative2": (lambda f: lambda x: derivative(lambda t: f(x + t * ALONG), 2)(0.0), 2),
    "hessian": (lambda f: lambda x: ALONG @ hessian(f)(x) @ ALONG, 2),
    "tiles": (lambda f: lambda x: ALONG @ hessian(f, chunk=2)(x) @ ALONG, 2),
    "value_gradient_hessian": (lambda f: lambda x: ALONG @ dn.value_gradient_hessian(f)(x)[2] @ ALONG, 2),
    "hvp": (lambda f: lambda x: hvp(f)(x, ALONG) @ ALONG, 2),
    "vhv": (lambda f: lambda x: vhv(f)(x, ALONG), 2),
    "laplacian": (lambda f: lambda x: laplacian(f)(x), "laplacian"),
}


def plane_wave(x):
    return np.exp(0.5 * (WAVE @ x))


WAVE = np.array([0.9, -0.7, 0.6])


@pytest.mark.parametrize("outer", TO_SCALAR)
@pytest.mark.parametrize("inner", TO_SCALAR)
def test_every_driver_inside_every_driver(outer, inner):
    """On exp(w x / 2) each of them only multiplies by a known factor, whatever the order."""

    def factor(order):
        return WAVE @ WAVE / 4 if order == "laplacian" else (WAVE @ ALONG / 2) ** order

    wrap_outer, outer_order = TO_SCALAR[outer]
    wrap_inner, inner_order = TO_SCALAR[inner]
    expected = factor(outer_order) * factor(inner_order) * plane_wave(POINT)
    close(wrap_outer(wrap_inner(plane_wave))(POINT), expected)
    # the inner function captures the outer variable: of g(y) g(x) the inner driver differentiates g(y) alone
    close(
        wrap_outer(lambda x: wrap_inner(lambda y: plane_wave(y) * plane_wave(x))(x))(POINT),
        (2**outer_order if outer_order != "laplacian" else 4)
        * factor(outer_order)
        * factor(inner_order)
        * plane_wave(POINT) ** 2,
    )


def test_curl_inside_and_outside():
    def field(x):
        return np.stack([x[1] * x[2] ** 2, x[0] ** 3, x[1] ** 2 * x[0]])

    x = np.array([0.4, -0.3, 0.8])
    # curl = (2 x1 x0, 2 x1 x2 - x1**2, 3 x0**2 - x2**2)
    close(dn.curl(field)(x), [2 * x[1] * x[0], 2 * x[1] * x[2] - x[1] ** 2, 3 * x[0] ** 2 - x[2] ** 2])
    close(
        jacobian(dn.curl(field))(x),
        [[2 * x[1], 2 * x[0], 0], [0, 2 * x[2] - 2 * x[1], 2 * x[1]], [6 * x[0], 0, -2 * x[2]]],
    )
    close(dn.curl(dn.curl(field))(x), [0 - 2 * x[1], 0 - 6 * x[0], 0 - 2 * x[0]])
    close(dn.curl(lambda x: gradient(lambda y: x @ y * y[0])(x))(x), [0, x[2], -x[1]])


# ---- closures, classes, batches, threads -------------------------------------------------------------------


def test_closures_carry_outer_levels_that_x_does_not():
    """The inner x is plain: the outer level comes in by the closure and must come out in the result."""
    close(derivative(lambda t: gradient(lambda y: t * t * y @ y)(np.array([1.0, 2.0]))[1])(3.0), 24.0)
    close(jacobian(lambda t: hessian(lambda y: t**3 * y[0] * y[1])([1.0, 2.0]))(2.0), [[0, 12.0], [12.0, 0]])
    close(derivative(lambda t: jvp(lambda y: t * y)(2.0, 5.0)[1])(3.0), 5.0)
    close(derivative(lambda t: jvp(lambda y: y * y)(2.0, t)[1])(3.0), 4.0)
    close(derivative(lambda t: hvp(lambda y: t * y @ y)([1.0, 2.0], [1.0, t])[1])(3.0), 12.0)
    close(derivative(lambda t: vhv(lambda y: y @ y)([1.0, 2.0], [t, t]))(3.0), 24.0)
    close(derivative(lambda t: laplacian(lambda y: t**2 * y @ y)([1.0, 2.0]))(3.0), 24.0)
    close(gradient(lambda w: gradient(lambda y: w @ y * y[0])([1.0, 2.0])[0])([3.0, 4.0]), [2.0, 2.0])


def test_a_constant_of_the_inner_level_may_carry_the_outer_one():
    value, first = derivative(lambda t: np.stack(dn.value_and_derivative(lambda y: t * t)(1.0)))(3.0)
    assert (value, first) == (6.0, 0.0)
    close(
        jacobian(lambda x: np.stack([dn.value_and_gradient(lambda y: x[0] ** 2)(x)[0], x[1]]))([3.0, 1.0]),
        [[6.0, 0.0], [0.0, 1.0]],
    )


def test_chunks_and_tiles_inside_chunks_and_tiles():
    def f(x):
        return gradient(lambda y: np.sum(y**3) * x[0], chunk=2)(x) @ x

    x = np.array([0.5, -1.0, 2.0, 0.3, 0.8])
    # f = 3 x0 sum x**3
    expected = 9 * x[0] * x**2
    expected[0] += 3 * np.sum(x**3)
    close(gradient(f, chunk=2)(x), expected)
    second = np.diag(18 * x[0] * x)
    second[0] += 9 * x**2
    second[:, 0] += 9 * x**2
    close(hessian(f, chunk=2)(x), second)
    close(jacobian(gradient(f, chunk=3), chunk=2)(x), second)


def test_batches_inside_drivers():
    x = np.arange(6.0).reshape(3, 2) + 1

    def f(x):
        return np.sum(gradient(lambda y: np.prod(y, axis=-1), batched=True)(x) ** 2)  # the sum of squares

    close(gradient(f)(x), 2 * x)
    close(laplacian(f)(x), 12.0)
    close(jacobian(lambda t: gradient(lambda y: t * np.sum(y**2, -1), batched=True)(x))(2.0), 2 * x)


class Spring:
    """A class whose methods differentiate each other."""

    def __init__(self, stiffness):
        self.stiffness = stiffness

    def energy(self, x):
        return self.stiffness * x**4 / 4

    def force(self, x):
        return -derivative(self.energy)(x)

    def hardness(self, x):
        return -derivative(self.force)(x)

    slope = derivative(energy, argnum=1)


def test_classes():
    spring = Spring(2.0)
    assert spring.force(3.0) == -54.0
    assert spring.slope(3.0) == 54.0
    assert spring.hardness(3.0) == 54.0
    assert derivative(spring.hardness)(3.0) == 36.0
    assert derivative(lambda k: Spring(k).hardness(3.0))(2.0) == 27.0
    assert derivative(lambda k: k * Spring(k).slope(3.0))(2.0) == 108.0


def test_functions_that_return_functions():
    """A higher-order function: the shifted derivative of the classic 'amazing' bug."""

    def shifted(x):
        return lambda f: lambda y: f(x + y)

    once = derivative(lambda x: derivative(shifted(x)(np.exp))(0.0))(0.5)
    assert once == pytest.approx(np.exp(0.5), rel=1e-14)
    twice = derivative(lambda x: shifted(x)(lambda y: derivative(shifted(x)(np.exp))(y))(0.0))(0.5)
    assert twice == pytest.approx(2 * np.exp(1.0), rel=1e-14)  # of exp(2 x)


@pytest.mark.parametrize("driver", [derivative, gradient, jacobian, hessian, laplacian])
def test_two_threads_at_once(driver):
    """Levels are made by both; each call keeps to its own."""

    def work(k):
        def f(x):
            return x * derivative(lambda y: k * x * y * y)(x)  # 2 k x**3

        return [driver(f)(1.0) for _ in range(300)]

    results = together(lambda: work(1), lambda: work(2))
    expected = 12.0 if driver in (hessian, laplacian) else 6.0
    assert [set(r) for r in results] == [{expected}, {2 * expected}]


def test_a_level_shared_by_two_threads():
    """Both threads differentiate functions that capture the same outer number."""

    def outer(t):
        def work(y):
            return sum(derivative(lambda y: t * y**2)(y) for _ in range(100))

        first, second = together(lambda: work(1.0), lambda: work(2.0))
        return first + 10 * second

    assert derivative(outer)(3.0) == 200.0 + 10 * 400.0


# ---- hand-made numbers and escaped ones --------------------------------------------------------------------


def test_a_hand_made_dual_keeps_its_part():
    d = dn.Dual(3.0, 1.0)
    result = derivative(lambda x: x * x * d)(2.0)  # 4 d: value 12, e1 part 4
    assert type(result) is dn.Dual and result.primal == 12.0 and result.tangent == 4.0
    result = derivative(lambda x: x * x)(d)  # 2 d
    assert result.primal == 6.0 and result.tangent == 2.0
    result = derivative(lambda x: x**3, 2)(d)  # 6 d
    assert result.primal == 18.0 and result.tangent == 6.0
    result = gradient(lambda x: x @ x * d)([1.0, 2.0])
    np.testing.assert_array_equal(dn.value(result), [6.0, 12.0])
    np.testing.assert_array_equal(dn.tangent(result)[..., 0], [2.0, 4.0])
    result = hessian(lambda x: x @ x * d)([1.0, 2.0])
    np.testing.assert_array_equal(dn.value(result), [[6.0, 0.0], [0.0, 6.0]])
    np.testing.assert_array_equal(dn.tangent(result)[..., 0], [[2.0, 0.0], [0.0, 2.0]])
    value, result = jvp(lambda x: x * x)(2.0, d)  # J v = 4 d
    assert value == 4.0 and result.primal == 12.0 and result.tangent == 4.0


def test_a_hand_made_hyper_dual_keeps_its_parts():
    h = dn.HyperDual(3.0, 1.0, 10.0, 0.0)
    result = derivative(lambda x: x * h * h)(2.0)  # h**2 = 9, 6, 60, 20
    assert (result.primal, result.e1, result.e2, result.e12) == (9.0, 6.0, 60.0, 20.0)


def test_arrays_of_hand_made_duals():
    x = np.array([dn.Dual(1.0, 1.0), dn.Dual(2.0, 0.0)])
    result = gradient(lambda x: np.sum(x**3))(x)
    np.testing.assert_array_equal(dn.value(result), [3.0, 12.0])
    np.testing.assert_array_equal(dn.tangent(result)[..., 0], [6.0, 0.0])


def test_an_escaped_number_is_inert():
    kept = []
    derivative(lambda x: kept.append(x * x) or x, check=False)(3.0)
    gradient(lambda x: kept.append(x * x) or x @ x, check=False)(np.array([3.0, 4.0]))
    scalar, array = kept
    # as a factor in another call: its old tangent is not taken for the new seed
    result = derivative(lambda y: y * scalar)(5.0)
    assert dn.value(result) == 9.0
    assert derivative(lambda y: y * dn.value(scalar))(5.0) == 9.0
    result = jacobian(lambda y: y * array)(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(dn.value(result), np.diag([9.0, 16.0]))
    assert dn.value(scalar * 2) == 18.0
    assert dn.value(copy.deepcopy(scalar)) == 9.0
    np.testing.assert_array_equal(dn.value(array + 1), [10.0, 17.0])


def remembering(f):
    """Return f with a memo keyed by the argument's value, as a cache of expensive calls has it."""
    memo = {}

    def remembered(x):
        key = str(dn.value(x))
        if key not in memo:
            memo[key] = f(x)
        return memo[key]

    return remembered


X = np.array([3.0, 4.0])


@pytest.mark.parametrize(
    ("make", "args"),
    [
        (derivative, (3.0,)),
        (lambda f: derivative(f, 2), (3.0,)),
        (lambda f: derivative(f, 3), (3.0,)),
        (lambda f: dn.value_and_derivative(f, 2), (3.0,)),
        (lambda f: dn.taylor(f, 3), (3.0,)),
        (lambda f: dn.taylor(f, 3, direction=X), (X,)),
        (lambda f: dn.taylor_polynomial(f, 2), (X,)),
        (lambda f: dn.derivative_tensor(f, 3), (X,)),
        (gradient, (X,)),
        (lambda f: gradient(f, subok=False), (X,)),
        (gradient, (3.0,)),
        (jacobian, (X,)),
        (hessian, (X,)),
        (hessian, (3.0,)),
        (laplacian, (X,)),
        (jvp, (X, X)),
        (directional_derivative, (X, X)),
        (hvp, (X, X)),
        (vhv, (X, X)),
    ],
)
def test_a_result_of_an_ended_call_is_refused(make, args):
    """Its derivatives belong to a call that has ended: zero would be wrong."""
    driver = make(remembering(lambda x: np.sum(x**2)))
    driver(*args)
    with pytest.raises(
        TypeError, match=r"expects f\(x\) to be computed from x, got a dual of a call that has ended"
    ):
        driver(*args)


def test_the_error_about_an_ended_call_names_the_remedy():
    kept = []
    derivative(lambda x: kept.append(x * x) or x)(3.0)
    message = (
        "derivative(f)(x) expects f(x) to be computed from x, got a dual of a call that has ended, or of another "
        "process; use dualnum.value to store a result, or compute it anew."
    )
    with raises(TypeError, message):
        derivative(lambda x: kept[0])(3.0)
    assert derivative(lambda x: dn.value(kept[0]))(3.0) == 0.0
    # beside the call's own level, or within a live outer call, a result is right as it is
    assert dn.value(derivative(lambda x: x + kept[0])(3.0)) == 1.0
    assert derivative(lambda x: x * derivative(lambda y: x)(1.0) + x)(3.0) == 1.0


HELD = {
    "the number": lambda x: x,
    "an array of it": lambda x: np.array([x, x]),
    "its dtype": lambda x: x.dtype,
    "its levels": lambda x: x.dtype.levels,
    "its level": lambda x: x.dtype.levels[0],
    "a number of more levels": lambda x: x * dn.HyperDual(2.0),
    "nothing": lambda x: None,
}


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize(
    ("driver", "point"),
    [(derivative, 3.0), (lambda f: derivative(f, order=2), 3.0), (gradient, np.array([3.0]))],
    ids=["first", "second", "gradient"],
)
def test_escaped_levels_are_never_seeded_again(driver, point, held):
    """Passes take over the level of the last one only where nothing refers to it any more."""
    kept, ages = [], []

    def f(x):
        x = x if isinstance(x, dn.Dual) else x[0]
        level = x.dtype.levels[0]
        ages.append(level.age)
        for other in kept:
            assert other is not x.dtype and other is not x.dtype.levels and other is not level
            levels = getattr(getattr(other, "dtype", None), "levels", ())
            assert not any(one is level for one in levels)
        kept.append(HELD[held](x))
        return x * x

    for _ in range(5):
        derivative_here = driver(f)(point)
    assert ages == sorted(set(ages))
    assert derivative_here == driver(lambda x: x * x if isinstance(x, dn.Dual) else x[0] * x[0])(point)


def test_pickled_levels_are_never_seeded_again():
    pickled = []
    derivative(lambda x: pickled.append(pickle.dumps(x)) or x)(3.0)
    result = derivative(lambda y: y * pickle.loads(pickled[0]))(5.0)
    assert dn.value(result) == 3.0


def test_a_function_that_remembers_its_last_call():
    """State that leaks from pass to pass within one driver's call: each pass has levels of its own."""
    last = [0.0]

    def f(x):
        previous, last[0] = last[0], np.sum(x)
        return x @ x + 0.0 * dn.value(previous)

    close(gradient(f, chunk=1)(np.array([1.0, 2.0, 3.0])), [2.0, 4.0, 6.0])
    leaky = [0.0]

    def g(x):
        previous, leaky[0] = leaky[0], np.sum(x)
        return x @ x + previous

    result = dn.value(gradient(g, chunk=1)(np.array([1.0, 2.0, 3.0])))
    np.testing.assert_array_equal(result, [2.0, 4.0, 6.0])  # not 3, 5, 7: the old sums are constants


def test_an_exception_leaves_nothing_behind():
    def broken(x):
        raise ZeroDivisionError

    for driver in (derivative, gradient, jacobian, hessian, laplacian):
        with pytest.raises(ZeroDivisionError):
            driver(broken)(1.0)
    assert derivative(lambda x: x * derivative(lambda y: x + y)(1.0))(1.0) == 1.0


def test_results_are_free_of_the_drivers_levels():
    assert type(derivative(lambda x: derivative(lambda y: x * y)(1.0))(1.0)) is float
    inner = []
    derivative(lambda x: inner.append(derivative(lambda y: 2.0 * y)(x)) or x)(1.0)
    assert dn.value(inner[0]) == 2.0
    result = gradient(lambda x: gradient(lambda y: y @ y)(x) @ x)(np.array([1.0, 2.0]))
    assert type(result) is np.ndarray and result.dtype == np.float64
