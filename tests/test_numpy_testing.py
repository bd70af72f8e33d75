"""numpy.testing's functions accept dual arrays: they compare values, and pass and fail as on float64."""

import numpy as np
import pytest
from numpy import testing

import dualnum as dn

COMPARISONS = [
    testing.assert_allclose,
    testing.assert_almost_equal,
    testing.assert_array_almost_equal,
    testing.assert_array_equal,
    testing.assert_array_less,
    testing.assert_equal,
]
V = np.array([1.0, -2.0, 3.5])
PAIRS = {
    "equal": (V, V),
    "an ulp apart": (V, np.nextafter(V, 9)),
    "close": (V, V + 1e-9),
    "different": (V, V + 1),
    "one different": (V, V + [0, 0, 1e-3]),
    "shapes": (V, V[:2]),
    "matrices": (np.outer(V, V), np.outer(V, V) + 1e-12),
    "numbers": (np.array(1.5), np.array(1.5)),
    "numbers apart": (np.array(1.5), np.array(2.5)),
    "empty": (V[:0], V[:0]),
    "zeros": (np.array([0.0, -0.0]), np.array([-0.0, 0.0])),
    "infinite": (np.array([1.0, np.inf]), np.array([1.0, np.inf])),
    "infinite in one": (np.array([1.0, np.inf]), np.array([1.0, 2.0])),
    "nan": (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
    "nan in one": (np.array([1.0, np.nan]), np.array([1.0, 2.0])),
}


VALUE_ONLY = {
    testing.assert_array_almost_equal_nulp: "spacing of duals has no rule",
    testing.assert_array_max_ulp: "can't get common type",
    testing.assert_approx_equal: "float() would lose",
}


def lifted(v):
    """Return an array of duals with the values `v`, each with a tangent of its own."""
    return np.asarray(v + np.arange(1.0, 1.0 + v.size).reshape(v.shape) * dn.Dual(0.0)).view(dn.DualArray)


def verdict(function, x, y):
    """Return whether an assertion holds."""
    with np.errstate(invalid="ignore"):
        try:
            function(x, y)
        except (AssertionError, ValueError):  # the latter of shapes that do not go together
            return False
    return True


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("function", COMPARISONS, ids=lambda function: function.__name__)
def test_assertions_on_duals_are_those_on_their_values(function, pair):
    v, w = PAIRS[pair]
    expected = verdict(function, v, w)
    if (
        pair == "nan"
        and np.lib.NumpyVersion(np.__version__) < "2.4.0"
        and function is not testing.assert_allclose
    ):
        expected = False  # NaNs were equal in NumPy's own dtypes only
    assert verdict(function, lifted(v), lifted(w)) == expected
    assert verdict(function, lifted(v), w) == expected
    assert verdict(function, v, lifted(w)) == expected
    assert verdict(function, lifted(v).view(np.ndarray), lifted(w).view(np.ndarray)) == expected
    if v.shape == w.shape == ():
        assert verdict(function, lifted(v)[()], lifted(w)[()]) == expected


def test_every_assertion_passes_and_fails_on_some_pair():
    for function in COMPARISONS:
        assert {verdict(function, lifted(v), lifted(w)) for v, w in PAIRS.values()} == {True, False}


def test_tangents_are_not_compared_but_shown():
    x = dn.seed(V)
    testing.assert_array_equal(x, 3 * x - 2 * V)
    with pytest.raises(AssertionError) as caught:
        testing.assert_allclose(x, x + 1)
    for first in ("1.0", "2.0"):  # as str(), with NumPy 2.0 as repr()
        shown = f"({first}; 1.0 0.0 0.0)", f"Dual({first}, [1.0, 0.0, 0.0])"
        assert any(text in str(caught.value) for text in shown)


def test_strict_tells_duals_from_floats():
    x = dn.seed(V)
    testing.assert_array_equal(x, x.copy(), strict=True)
    with pytest.raises(AssertionError, match="dtypes"):
        testing.assert_array_equal(x, V, strict=True)


@pytest.mark.parametrize("function", VALUE_ONLY, ids=lambda function: function.__name__)
def test_assertions_in_ulps_refuse_duals_and_take_values(function):
    x = dn.seed(np.array([1.5]))
    with pytest.raises(TypeError) as caught:
        function(x[0], x[0])
    assert VALUE_ONLY[function] in str(caught.value)
    function(dn.value(x)[0], dn.value(x)[0])
