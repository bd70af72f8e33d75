"""Taylor levels beside first-order levels and one another, nested in any order; series of linear algebra."""

import math

import numpy as np
import pytest

import dualnum as dn


def close(a, b, tolerance=1e-11):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def f(x, a):
    return dn.exp(dn.sin(a * x)) / (1 + x * x)


def test_gradient_of_a_taylor_coefficient():
    def coefficient(a):
        return dn.taylor(lambda t: dn.exp(a[0] * t) * dn.sin(a[1] + t), 4)(0.0)[3]

    def closed(a):  # sum of a0^i / i! * sin^(j)(a1) / j!, i + j = 3
        return (
            a[0] ** 3 / 6 * dn.sin(a[1])
            + a[0] ** 2 / 2 * dn.cos(a[1])
            - a[0] * dn.sin(a[1]) / 2
            - dn.cos(a[1]) / 6
        )

    a = np.array([0.7, 0.4])
    close(dn.gradient(coefficient)(a), dn.gradient(closed)(a))
    close(dn.hessian(coefficient)(a), dn.hessian(closed)(a))


def test_taylor_coefficients_of_a_gradient_and_a_hessian_along_a_line():
    def g(x):
        return dn.exp(x[0] * x[1]) + x[0] ** 4

    x, v = np.array([0.3, 0.8]), np.array([1.0, -2.0])
    gradients = dn.taylor(dn.gradient(g), 4, direction=v)(x)
    hessians = dn.taylor(dn.hessian(g), 3, direction=v)(x)
    assert gradients.shape == (5, 2) and hessians.shape == (4, 2, 2)
    tensor = dn.derivative_tensor(g, 3)(x)
    close(gradients[2], np.einsum("ijk,j,k", tensor, v, v) / 2)
    close(hessians[1], tensor @ v)
    close(hessians[0], dn.hessian(g)(x))


@pytest.mark.parametrize("x", [0.3, 1.1])
def test_every_order_of_nesting(x):
    whole = dn.taylor(lambda t: f(t, 1.0), 7)(x)
    third = dn.derivative(dn.derivative(dn.derivative(lambda t: f(t, 1.0))))(x)
    close(third, 6 * whole[3])
    close(
        dn.derivative(lambda s: dn.taylor(lambda t: f(t, 1.0), 3)(s))(x),
        [(k + 1) * whole[k + 1] for k in range(4)],
    )
    close(dn.taylor(dn.derivative(lambda t: f(t, 1.0)), 3)(x), [(k + 1) * whole[k + 1] for k in range(4)])
    twice = dn.taylor(lambda s: dn.taylor(lambda t: f(t, 1.0), 3)(s), 4)(x)
    close(twice, [[math.comb(j + k, k) * whole[j + k] for k in range(4)] for j in range(5)])
    close(dn.derivative(dn.derivative(lambda t: f(t, 1.0), 3), 2)(x), 120 * whole[5], 1e-9)


def test_no_perturbation_confusion():
    assert dn.taylor(lambda x: x * dn.taylor(lambda y: x + y, 1)(1.0)[1], 1)(1.0)[1] == 1.0
    assert dn.derivative(lambda x: x * dn.derivative(lambda y: x * y**3, 3)(1.0))(2.0) == 24.0
    got = dn.taylor(lambda x: dn.taylor(lambda y: x * y, 1)(x)[1], 2)(3.0)  # d/dy (x y) = x
    close(got, [3, 1, 0])


def test_arrays_with_several_levels():
    x = np.linspace(0.2, 1, 5)
    got = dn.derivative(lambda a: dn.taylor(lambda x: np.tanh(a * x), 3)(x))(1.5)
    h = 1e-6

    def series(a):
        return dn.taylor(lambda x: np.tanh(a * x), 3)(x)

    close(got, (series(1.5 + h) - series(1.5 - h)) / (2 * h), 1e-7)


def test_hand_made_duals_keep_their_parts():
    got = dn.taylor(lambda x: x * dn.Dual(3.0), 2)(2.0)
    np.testing.assert_array_equal(dn.value(got), [6, 3, 0])
    np.testing.assert_array_equal(dn.tangent(got)[:, 0], [2, 1, 0])


def test_an_escaped_series_is_inert():
    kept = []
    dn.taylor(lambda x: kept.append(x * x) or x, 3)(3.0)
    got = dn.taylor(lambda y: y * kept[0], 3)(5.0)
    np.testing.assert_array_equal(dn.value(got), [45, 9, 0, 0])


def test_sorting_branches_and_reductions_follow_the_values():
    x = np.array([3.0, 1.0, 2.0])
    v = np.array([1.0, 10.0, 100.0])
    close(dn.taylor(np.sort, 2, direction=v)(x), [[1, 2, 3], [10, 100, 1], [0, 0, 0]])
    close(dn.taylor(np.max, 2, direction=v)(x), [3, 1, 0])
    close(
        dn.taylor(np.cumprod, 3, direction=v)(x)[:, 2],
        np.polynomial.polynomial.polymul(np.polynomial.polynomial.polymul([3, 1], [1, 10]), [2, 100]),
    )
    close(dn.taylor(lambda x: x.mean() + np.sum(x * x), 2, direction=v)(x), [16, 37 + 426, 10101])
    close(dn.taylor(lambda x: np.where(x > 1.5, x**2, 0.0).sum(), 2, direction=v)(x), [13, 406, 10001])


A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.3, 0.1, 2.0]])
B = np.array([[0.1, 0.4, 0.2], [0.3, -0.2, 0.5], [0.0, 0.6, 0.1]])


def test_matrix_products():
    close(dn.taylor(lambda t: (A + t * B) @ (A + t * B), 3)(0.0), [A @ A, A @ B + B @ A, B @ B, 0 * A])
    close(dn.taylor(lambda t: np.einsum("ij,jk->ik", A + t * B, A + t * B), 2)(0.0)[1], A @ B + B @ A)
    close(dn.taylor(lambda t: np.dot(A + t * B, np.ones(3)), 1)(0.0)[1], B @ np.ones(3))


def matrix(t):
    return A + t * B + dn.sin(t) * np.eye(3)


def test_solve_inv_and_det_of_series():
    order, right = 8, np.array([1.0, -2.0, 0.5])
    a = dn.taylor(matrix, order)(0.3)
    x = dn.taylor(lambda t: np.linalg.solve(matrix(t), right), order)(0.3)
    for k in range(order + 1):  # A x = b, coefficient by coefficient
        close(sum(a[i] @ x[k - i] for i in range(k + 1)), right if k == 0 else 0 * right)
    inverse = dn.taylor(lambda t: np.linalg.inv(matrix(t)), order)(0.3)
    for k in range(order + 1):
        close(sum(a[i] @ inverse[k - i] for i in range(k + 1)), np.eye(3) if k == 0 else np.zeros((3, 3)))

    def by_hand(t):
        m = matrix(t)
        return (
            m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1])
            - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
            + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0])
        )

    close(dn.taylor(lambda t: np.linalg.det(matrix(t)), order)(0.3), dn.taylor(by_hand, order)(0.3))
    sign, log = (dn.taylor(lambda t, i=i: np.linalg.slogdet(matrix(t))[i], order)(0.3) for i in (0, 1))
    close(log, dn.taylor(lambda t: dn.log(by_hand(t)), order)(0.3))
    close(sign, [1] + [0] * order)


def test_det_of_a_singular_matrix():
    got = dn.taylor(lambda t: np.linalg.det(np.array([[1.0, 1.0], [1.0, 1.0]]) + t * np.eye(2)), 4)(0.0)
    close(got, [0, 2, 1, 0, 0])


def test_solve_with_parameters():
    slope = dn.derivative(lambda p: dn.taylor(lambda t: np.linalg.solve(A + t * B * p, np.ones(3)), 3)(0.0))(
        1.0
    )
    exact = dn.taylor(lambda t: np.linalg.solve(A + t * B, np.ones(3)), 3)(0.0)
    close(slope, exact * np.arange(4)[:, None])  # coefficient k goes with p^k
