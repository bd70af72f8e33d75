"""`assert_derivatives` and what `dualnum.check` says: its messages, its errors, its digits."""

import math

import numpy as np
import pytest
from expect import raises
from test_check import floats_only

import dualnum as dn
from dualnum.check import agreeing_digits, assert_derivatives, compare

# assert_derivatives


def test_it_passes_for_right_derivatives_of_any_shape():
    X = np.array([[2.0, 0.3], [-0.1, 1.0]])
    assert_derivatives(np.linalg.inv, X, order=2)
    assert_derivatives(
        np.linalg.inv, X, jac=lambda X: -np.einsum("ik,lj->ijkl", np.linalg.inv(X), np.linalg.inv(X))
    )
    assert_derivatives(math.sin, 0.3, jac=math.cos, hess=lambda x: -math.sin(x))
    assert_derivatives(abs, 0.0)
    assert_derivatives(lambda x, k: k * x**2, 1.0, jac=lambda x, k: 2 * k * x, args=(3.0,))


def message(*args, **kwargs):
    with pytest.raises(AssertionError) as raised:
        assert_derivatives(*args, **kwargs)
    return str(raised.value)


def test_the_message_shows_the_worst_component():
    assert message(lambda x: x[0] * x[1], [2.0, 4.0], jac=lambda x: [x[1], 3.0]) == (
        "jac is wrong: 1 of 2 components.\n"
        "  worst           x[1]\n"
        "  given           3.0\n"
        "  expected        2.0 (dual numbers, confirmed by finite differences)\n"
        "  relative error  0.5\n"
        "  tolerance       1e-07"
    )


def test_the_message_without_dual_numbers_says_so():
    found = message(floats_only(lambda x: x * x), 2.0, jac=lambda x: x).splitlines()
    assert found[:3] == ["jac is wrong: 1 of 1 component.", "  worst           x", "  given           2.0"]
    assert found[3].endswith("(finite differences)") and float(found[3].split()[1]) == pytest.approx(4)
    assert found[5].startswith("  tolerance       1e-07 + ") and found[5].endswith(" of the differences")
    assert (
        found[6]
        == "  note            f does not take dual numbers (TypeError): differences are all there is."
    )


def test_dual_numbers_are_named_only_where_they_say_so():
    def f(x):  # its derivatives by dual numbers lack a part
        return np.sum(x**2) * dn.value(x[0])

    x = np.array([1.0, 2.0])
    found = message(f, x, jac=dn.gradient(f)(x)).splitlines()
    assert found[3].startswith("  expected        7.0") and found[3].endswith(" (finite differences)")
    assert found[-1] == ("  note            Dual numbers agree with jac where the differences do not.")
    found = message(f, x, jac=[-3.0, 4.0]).splitlines()
    assert found[1] == "  worst           x[0]" and found[3].endswith(" (finite differences)")
    assert "note" not in found[-1]


def test_a_second_derivative_is_checked_too():
    assert message(np.sin, 0.5, jac=np.cos, hess=np.sin).startswith("hess is wrong: 1 of 1 component.")
    assert message(np.sin, 0.5, hess=np.sin).startswith("hess is wrong")


def test_what_cannot_be_decided_is_not_passed():
    assert message(np.floor, 1.0) == (
        "dual numbers: The difference quotient is noisy here and decides nothing; "
        "suspected: discontinuity (f jumps at x)."
    )


def test_rtol_tolerates():
    jac = [4.0 * (1 + 1e-4), 2.0]
    assert_derivatives(lambda x: x[0] * x[1], [2.0, 4.0], jac=jac, rtol=1e-3)
    assert "relative error  0.0001" in message(lambda x: x[0] * x[1], [2.0, 4.0], jac=jac)


def test_a_wrong_rule_of_dual_numbers_is_found():
    def doubled(x):
        y = np.sin(x)
        return dn.value(y) + 2 * (y - dn.value(y)) if isinstance(x, dn.Dual) else y

    assert message(doubled, 0.3).startswith("dual numbers are wrong: 1 of 1 component.")


def test_sparse_matrices_and_flat_shapes_are_taken():
    class Sparse:
        def toarray(self):
            return np.array([[3.0, 2.0]])

    assert_derivatives(lambda x: x[0] * x[1], [2.0, 3.0], jac=lambda x: Sparse())


# Errors


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: compare(3.0, 1.0), TypeError, "compare(f, x) expects f to be callable, got float."),
        (lambda: compare(np.sin, 1.0, 3), ValueError,
         "compare(f, x, order=3) expects order to be 1 or 2, got 3; use derivative_tensor(f, order)(x)."),
        (
            lambda: compare(np.add, 1.0, 2.0),
            TypeError,
            "compare(f, x, order) expects order to be a positive int, got float; use args= for further arguments of f.",
        ),
        (lambda: assert_derivatives(np.sin, 1.0, 0), ValueError,
         "assert_derivatives(f, x, order=0) expects order to be a positive int, got 0."),
        (lambda: compare(np.sin, math.nan, 2), ValueError, "compare(f, x) expects x to be finite, got nan."),
        (lambda: assert_derivatives(np.sin, {"a": [0.0, math.inf]}), ValueError,
         "assert_derivatives(f, x) expects x['a'][1] to be finite, got inf."),
        (lambda: assert_derivatives(np.sin, "a"), TypeError,
         "assert_derivatives(f, x) expects x to be real numbers, got str."),
        (lambda: compare(lambda x: "a", 1.0), TypeError,
         "compare(f, x) expects f(x) to be a number or an array, got str."),
        (lambda: assert_derivatives(np.sin, 1.0, order=2, jac=np.cos), ValueError,
         "assert_derivatives(f, x, order=2) expects hess=, got jac=."),
        (lambda: compare(lambda x: x @ x, np.ones(3), jac=np.ones(2)), ValueError,
         "compare(f, x, jac=jac) expects jac(x) to have the shape (3,), got shape (2,)."),
        (lambda: compare(np.sin, 1.0, steps=[0.1, -1.0]), ValueError,
         "compare(f, x, steps=steps) expects steps to be positive numbers, got [0.1, -1.0]."),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with raises(error, text):
        call()


def test_without_a_derivative_f_must_take_duals():
    with pytest.raises(TypeError, match=r"only floats"):
        compare(floats_only(np.sin), 0.3)


# Digits


def test_agreeing_digits():
    nan, inf = math.nan, math.inf
    exact = [1.0, 100.0, 0.0, nan, inf, 1.0, -inf, nan]
    approximate = [1.0, 100.01, 1e-3, nan, inf, nan, inf, 1.0]
    expected = [16, 4, 5, 16, 16, nan, nan, nan]
    np.testing.assert_allclose(agreeing_digits(exact, approximate), expected, rtol=1e-6)
    assert agreeing_digits(0.0, 1e-3) == pytest.approx(3)
    assert agreeing_digits(0.0, 0.0) == 16
    assert agreeing_digits(1.0, -5.0) == 0
