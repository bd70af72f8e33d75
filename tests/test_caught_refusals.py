"""A function that catches dualnum's refusal and returns another value is right if lifted; else every driver raises."""

import math

import numpy as np
import pytest

import dualnum as dn

NUMBER = {
    "derivative": dn.derivative,
    "second derivative": lambda f, **lift: dn.derivative(f, order=2, **lift),
    "third derivative": lambda f, **lift: dn.derivative(f, order=3, **lift),
    "value_and_derivative": dn.value_and_derivative,
    "taylor": lambda f, **lift: dn.taylor(f, 3, **lift),
    "taylor_polynomial": lambda f, **lift: lambda x: dn.taylor_polynomial(f, 2, **lift)(x).tensors,
    "derivative_tensor": lambda f, **lift: dn.derivative_tensor(f, 2, **lift),
    "gradient": dn.gradient,
    "hessian": dn.hessian,
    "nested": lambda f, **lift: dn.derivative(dn.derivative(f, **lift), **lift),
}
VECTOR = {
    name: getattr(dn, name)
    for name in "gradient value_and_gradient jacobian hessian value_gradient_hessian laplacian".split()
}
VECTOR |= {
    "jvp": lambda f, **lift: lambda x: dn.jvp(f, **lift)(x, x),
    "hvp": lambda f, **lift: lambda x: dn.hvp(f, **lift)(x, x),
    "vhv": lambda f, **lift: lambda x: dn.vhv(f, **lift)(x, x),
    "taylor": lambda f, **lift: dn.taylor(f, 2, direction=[1.0, 2.0], **lift),
    "tensor": lambda f, **lift: dn.derivative_tensor(f, 3, **lift),
    "chunks": lambda f, **lift: dn.gradient(f, chunk=1, **lift),
    "plain": lambda f, **lift: dn.hessian(f, subok=False, **lift),
}

MESSAGE = (
    r"^f\(x\) expects f to let errors of duals pass, got a function that caught one, such as that of float\(x\) or "
    r"math\.exp\(x\), and returned another value than for floats; catch other errors only\.$"
)


def fallback_of_exp(otherwise):
    def f(x):
        try:
            return math.exp(x)
        except TypeError:
            return otherwise(x)

    return f


def fallback_of_cast(otherwise):
    def f(x):
        try:
            y = np.asarray(x, dtype=float)
        except TypeError:
            y = otherwise(x)
        return np.sum(y**2)

    return f


@pytest.mark.parametrize("name", NUMBER)
def test_functions_of_a_number(name):
    driver = NUMBER[name]
    with pytest.raises(TypeError, match=MESSAGE):
        driver(fallback_of_exp(lambda x: 1e308), lift=False)(0.3)
    np.testing.assert_equal(driver(fallback_of_exp(np.exp), lift=False)(0.3), driver(np.exp)(0.3))
    lifted = driver(fallback_of_exp(lambda x: 1e308))(0.3)
    np.testing.assert_allclose(np.hstack([lifted]), np.hstack([driver(np.exp)(0.3)]), rtol=1e-15)


@pytest.mark.parametrize("name", VECTOR)
def test_functions_of_a_vector(name):
    driver, x = VECTOR[name], np.array([1.0, 2.0])
    with pytest.raises(TypeError, match=MESSAGE):
        driver(fallback_of_cast(np.zeros_like), lift=False)(x)
    want = driver(lambda x: np.sum(x**2))(x)
    np.testing.assert_equal(driver(fallback_of_cast(lambda x: x), lift=False)(x), want)
    np.testing.assert_equal(driver(fallback_of_cast(np.zeros_like))(x), want)


LIFTED = [float, int, complex, hash, lambda x: np.ones(1).put(0, x), math.sin]
NOT_LIFTED = [lambda x: x.hex(), lambda x: x.as_integer_ratio()]


@pytest.mark.parametrize("lose", LIFTED + NOT_LIFTED)
def test_every_refusal_counts(lose):
    def f(x):
        try:
            lose(x)
            return x
        except TypeError:
            return 2 * x

    with pytest.raises(TypeError, match=MESSAGE):
        dn.derivative(f, lift=False)(0.5)
    if lose in LIFTED:
        assert dn.derivative(f)(0.5) == 1.0
    else:
        with pytest.raises(TypeError):
            dn.derivative(f)(0.5)


def test_solutions_of_differential_equations():
    """y' = exp(y), y(0) = 0.1, has the solution -log(exp(-0.1) - t)."""
    f = fallback_of_exp(lambda x: 0 * x)
    solution = dn.taylor_solve(lambda t, y: f(y), (0.0, 0.5), 0.1)
    assert solution.y[-1] == pytest.approx(-math.log(math.exp(-0.1) - 0.5), rel=1e-10)


def test_arguments_in_containers():
    def f(tree, scale):
        try:
            return float(tree["a"]) * scale[0]
        except TypeError:
            return tree["a"]

    with pytest.raises(TypeError, match=MESSAGE):
        dn.gradient(f, lift=False)({"a": 2.0}, [3.0])
    assert dn.gradient(f)({"a": 2.0}, [3.0]) == {"a": 3.0}


def test_values_that_are_no_numbers():
    """The plain function may return nan; nan equals nan."""
    f = fallback_of_exp(lambda x: x * math.nan)
    with pytest.raises(TypeError, match=MESSAGE):
        dn.derivative(f, lift=False)(0.3)
    assert dn.derivative(f)(0.3) == math.exp(0.3)
    assert math.isnan(dn.derivative(fallback_of_exp(np.exp))(math.nan))
