"""Lifting: Series as results, rules for pandas' methods, and errors about the rest."""

import math

import numpy as np
import pytest

import dualnum as dn

pd = pytest.importorskip("pandas")
X = np.array([0.5, 1.5, 2.5])


@pytest.mark.parametrize("driver", [dn.jacobian, dn.hessian, lambda f: lambda x: dn.jvp(f)(x, X)[1]])
@pytest.mark.parametrize(
    "f, formula",
    [(lambda x: pd.Series(x) ** 2, lambda x: x**2),
     (lambda x: pd.Series(list(x), index=["a", "b", "c"]).rename("y") * math.exp(x[0]), lambda x: x * dn.exp(x[0])),
     (lambda x: pd.DataFrame({"a": x, "b": x**2}), lambda x: np.stack([x, x**2], axis=1))],
)  # fmt: skip
def test_a_series_or_a_frame_that_f_returns_is_its_values(f, formula, driver):
    np.testing.assert_allclose(driver(f)(X), driver(formula)(X), rtol=1e-14)


def test_a_series_as_x_is_its_values():
    np.testing.assert_array_equal(dn.gradient(lambda x: (x**2).sum())(pd.Series(X)), 2 * X)
    with pytest.raises(IndexError) as caught:
        dn.gradient(lambda s: s["a"] * s["b"])(pd.Series({"a": 2.0, "b": 3.0}))
    assert "f gets the values of a Series as an array" in caught.value.__notes__[0]


def test_a_method_of_pandas_takes_a_rule():
    def f(x):
        return pd.Series(x).ewm(alpha=0.5, adjust=False).mean().iloc[-1]

    mean = type(pd.Series(X).ewm(alpha=0.5)).mean
    with pytest.raises(TypeError, match=r"dualnum\.rule\(ExponentialMovingWindow\.mean\)"):
        dn.gradient(f)(X)

    @dn.rule(mean)
    def weighted(window):
        y = [window.obj.iloc[0]]
        for x in window.obj.iloc[1:]:
            y.append(y[-1] + window.alpha * (x - y[-1]))
        return pd.Series(y, dtype=object)

    try:
        np.testing.assert_allclose(dn.gradient(f)(X), [0.25, 0.25, 0.5], rtol=1e-15)
    finally:
        dn.rule(mean)(None)
    with pytest.raises(TypeError, match="expects floats, got duals"):
        dn.gradient(f)(X)


ASKED = {
    "Series": lambda x: pd.Series(x * x, dtype=float),
    "by position": lambda x: pd.Series(x * x, None, "float64"),
    "DataFrame": lambda x: pd.DataFrame(x * x, dtype=np.float64)[0],
    "of columns": lambda x: pd.DataFrame({"a": x * x, "b": 2.0}, dtype=float)["a"],
    "Index": lambda x: pd.Index(x * x, dtype=float).to_series(),
    "astype": lambda x: pd.Series(x * x).astype(np.float64),
    "astype by name": lambda x: pd.Series(x * x).astype(dtype="float64"),
}
WHOLE = {
    "Series": lambda x: pd.Series(np.floor(x), dtype=int).to_numpy() * x,
    "astype": lambda x: pd.Series(x).astype(int).to_numpy() * x,
    "DataFrame": lambda x: pd.DataFrame({"a": x, "b": 1.5}).astype(int)["a"].to_numpy() * x,
}


@pytest.mark.parametrize("name", ASKED)
def test_columns_of_floats_hold_duals(name):
    f = ASKED[name]
    values, found = dn.value_and_jacobian(f)(X)
    np.testing.assert_array_equal(values, f(X))
    np.testing.assert_array_equal(found, np.diag(2 * X))


@pytest.mark.parametrize("name", WHOLE)
def test_columns_of_integers_hold_those_of_the_values(name):
    np.testing.assert_array_equal(dn.jacobian(WHOLE[name])(X), np.diag(np.floor(X)))
