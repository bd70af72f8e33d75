"""What drivers notice of a result: that only comparisons led to it, that f mixes elements where it should not."""

import math

import numpy as np
import pytest
from expect import raises

import dualnum as dn

# ---- results found by comparisons --------------------------------------------------------------------------


def bisect(a):
    """Return the square root of the sum of `a`, by comparisons alone."""
    lo, hi, a = 0.0, 10.0, np.sum(a)
    for _ in range(60):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if middle * middle < a else (lo, middle)
    return lo


def golden(a):
    """Return a minimiser of (x - sum(a))**2, by comparisons of arrays."""
    lo, hi = np.zeros(1), np.full(1, 10.0)
    for _ in range(60):
        x, y = lo + 0.382 * (hi - lo), lo + 0.618 * (hi - lo)
        lo, hi = (lo, y) if np.all((x - np.sum(a)) ** 2 < (y - np.sum(a)) ** 2) else (x, hi)
    return float(lo[0])


@pytest.mark.parametrize(
    ("make", "args"),
    [
        (dn.derivative, (4.0,)),
        (lambda f, **check: dn.derivative(f, 2, **check), (4.0,)),
        (lambda f, **check: dn.derivative(f, 3, **check), (4.0,)),
        (lambda f, **check: dn.taylor(f, 3, **check), (4.0,)),
        (lambda f, **check: dn.taylor_polynomial(f, 3, **check), (4.0,)),
        (lambda f, **check: dn.derivative_tensor(f, 3, **check), (np.ones(2),)),
        (dn.gradient, (4.0,)),
        (dn.gradient, (np.ones(3),)),
        (lambda f, **check: dn.gradient(f, chunk=1, **check), (np.ones(3),)),
        (dn.hessian, (np.ones(3),)),
        (dn.laplacian, (np.ones(3),)),
        (dn.jvp, (np.ones(3), np.ones(3))),
        (dn.hvp, (np.ones(3), np.ones(3))),
        (lambda f, **check: dn.derivative(lambda x: x * dn.derivative(f, **check)(x), **check), (4.0,)),
    ],
)
@pytest.mark.parametrize("f", [bisect, golden])
def test_a_result_found_by_comparisons_is_refused_or_warns(make, args, f):
    for _ in range(2):  # a call that failed has not checked
        with pytest.raises(
            TypeError, match=r"^f\(x\) expects the derivative of f on duals .* got 0 along one direction"
        ):
            make(f)(*args)
    with pytest.warns(
        dn.ConstantResultWarning, match="to carry a derivative, got a constant after"
    ) as caught:
        make(f, check=False)(*args)
    assert {w.filename for w in caught} == {__file__}
    assert issubclass(dn.ConstantResultWarning, RuntimeWarning)


def test_the_warning_names_the_remedy_and_its_remedy_works(recwarn):
    def root(a):
        x = bisect(dn.value(a))
        return (x + a / x) / 2

    assert dn.derivative(root)(4.0) == pytest.approx(0.25, rel=1e-14)
    # constants after a few comparisons, and results that carry the level, are as they are
    assert dn.derivative(lambda x: 1.0 if x > 0 else 2.0)(3.0) == 0.0
    np.testing.assert_array_equal(
        dn.jacobian(lambda x: (x > 1) + 0.0)(np.array([0.0, 2.0])), np.zeros((2, 2))
    )
    assert dn.derivative(lambda x: x + bisect(x), check=False)(4.0) == 1.0
    assert dn.derivative(lambda x: [bisect(dn.value(x)), 1.0][1])(4.0) == 0.0
    assert not recwarn.list
    with pytest.warns(dn.ConstantResultWarning) as caught:
        dn.derivative(bisect, check=False)(4.0)
    assert str(caught[0].message) == (
        "derivative(f)(x) expects f(x) to carry a derivative, got a constant after 60 comparisons of duals; use a "
        "Newton step with duals after the search: implicit differentiation."
    )


# ---- elementwise functions ---------------------------------------------------------------------------------


def softmax(x):
    return np.exp(x) / np.sum(np.exp(x))


MIXING = {
    "softmax": softmax,
    "mean": lambda x: x * x.mean(),
    "cumsum": lambda x: np.cumsum(x.ravel()).reshape(x.shape),
    "reversed": lambda x: x.ravel()[::-1].reshape(x.shape),
    "rolled": lambda x: np.roll(x, 1) ** 2,
    "sorted": lambda x: np.sort(x.ravel())[::-1].reshape(x.shape) ** 2,
    "one": lambda x: np.sin(x) + 1e-3 * x.ravel()[0],
}


@pytest.mark.parametrize("f", MIXING.values(), ids=MIXING)
@pytest.mark.parametrize("shape", [(2,), (3,), (4,), (2, 3), (50,)])
def test_a_function_that_mixes_the_elements_is_refused(f, shape):
    x = np.linspace(0.1, 1.7, math.prod(shape)).reshape(shape)
    message = (
        "expects f to treat each element of x by itself, got a function that mixes them; use "
        "jacobian(f), or check=False."
    )
    for order in (1, 2, 3):
        with raises(ValueError, f"derivative(f)(x) {message}"):
            dn.derivative(f, order)(x)
        with raises(ValueError, f"value_and_derivative(f)(x) {message}"):
            dn.value_and_derivative(f, order)(x)
        with raises(ValueError, f"taylor(f)(x) {message.replace('jacobian(f)', 'direction=')}"):
            dn.taylor(f, order)(x)
    driver = dn.derivative(f)
    for _ in range(2):  # a call that failed has not checked
        with pytest.raises(ValueError, match="mixes"):
            driver(x)
    sums = dn.jacobian(f)(x).reshape(x.size, x.size).sum(axis=1).reshape(shape)
    np.testing.assert_allclose(dn.derivative(f, check=False)(x), sums, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(dn.taylor(f, 2, check=False)(x)[1], sums, rtol=1e-12, atol=1e-15)
    with pytest.raises(ValueError, match="mixes"):
        dn.derivative(lambda a, x: a * f(x), argnum=(0, 1))(1.0 + x, x)
    dn.derivative(f)(x[:1, :1] if x.ndim == 2 else x[:1])  # one element has nothing to mix with


ELEMENTWISE = {
    "polynomial": lambda x: x**3 - 2 * x,
    "shifted by the maximum": lambda x: np.log(np.exp(x - x.max()) + np.exp(-x.max())) + x.max(),
    "scaled by the sum": lambda x: (x / np.sum(x)) ** 2 * np.sum(x) ** 2,
    "in a loop": lambda x: np.array([np.sin(xi) for xi in x.ravel()]).reshape(x.shape),
    "infinite": lambda x: np.sqrt(x - 1) + np.abs(x) * x.max() ** 0,
    "undefined": lambda x: np.where(x > 2, np.sqrt(x - 3), x),
    "constant": np.ones_like,
    "branches": lambda x: np.where(x > 1.2, x**2, np.exp(x)),
    "of great range": lambda x: np.exp(4 * x),
}


@pytest.mark.parametrize("f", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_elementwise_functions_pass_and_have_the_same_bits(f):
    x = np.linspace(1.0, 4.0, 24).reshape(4, 6)
    with np.errstate(all="ignore"):  # of the values
        for order in (1, 2, 3):
            driver = dn.derivative(f, order)
            first = driver(x)
            np.testing.assert_array_equal(first, driver(x))
            np.testing.assert_array_equal(first, dn.derivative(f, order, check=False)(x))
        stacked = dn.derivative(lambda x: np.stack([f(x), x], axis=-1), batched=True)(x)
        np.testing.assert_array_equal(stacked[..., 0], dn.derivative(f)(x))
        with pytest.raises(ValueError, match="mixes"):
            dn.derivative(lambda x: np.stack([f(x), np.cumsum(x).reshape(x.shape)], axis=-1), batched=True)(x)


def test_the_check_costs_one_tangent_and_is_made_once():
    sizes = []

    def f(x):
        sizes.append(x.dtype.sizes)
        return x**2

    x = np.ones(3)
    driver = dn.derivative(f)
    driver(x), driver(x)
    assert sizes == [(2,), (1,)]
    sizes.clear()
    driver = dn.derivative(f, 3)
    driver(x), driver(x)
    assert sizes == [(2,), (3,), (3,)]
    sizes.clear()
    dn.derivative(f, check=False)(x), dn.derivative(f)(2.0), dn.derivative(f)(np.ones(1))
    assert sizes == [(1,), (1,), (1,)]
    inner = dn.jacobian(lambda x: dn.derivative(lambda y: y**3)(x))(x)  # of outer levels
    np.testing.assert_array_equal(inner, 6 * np.eye(3))
    assert repr(dn.derivative(np.sin, check=False)) == "<dualnum.derivative(check=False) of sin>"
    with raises(TypeError, "derivative(f, check=1) expects check to be True or False, got int."):
        dn.derivative(f, check=1)
