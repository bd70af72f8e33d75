"""Lifting: Series as results, rules for pandas' methods, and errors about the rest."""

import linecache
import math
import warnings

import numpy as np
import pytest
from expect import listed

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
        return pd.Series(x).rolling(2).rank().iloc[-1] * x[0]

    rank = type(pd.Series(X).rolling(2)).rank
    with pytest.raises(TypeError, match=r"dualnum\.rule\(Rolling\.rank\)"):
        dn.gradient(f)(X)

    @dn.rule(rank)
    def of_values(window):
        return window.obj.map(dn.value).astype(float).rolling(window.window).rank()

    try:
        np.testing.assert_array_equal(dn.gradient(f)(X), [2.0, 0.0, 0.0])
    finally:
        dn.rule(rank)(None)
    with pytest.raises(TypeError, match="expects floats, got duals"):
        dn.gradient(f)(X)


ASKED = {
    "Series": lambda x: pd.Series(x * x, dtype=float),
    "by position": lambda x: pd.Series(x * x, None, "float64"),
    "DataFrame": lambda x: pd.DataFrame(x * x, dtype=np.float64)[0],
    "of columns": lambda x: pd.DataFrame({"a": x * x, "b": 2.0}, dtype=float)["a"],
    "by keyword": lambda x: pd.Series(data=x * x, dtype=float),
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


Y = np.array([1.0, 2.5, -0.7, 3.0, 0.4, 2.2, 1.7])
KEYS = list("xyxxyyxy")


def with_gap(x):
    """Return a column with a missing number and an index of its own."""
    return pd.Series([*x[:3], np.nan, *x[3:]], index=range(10, 18))


def frame(x):
    return pd.DataFrame({"a": with_gap(x), "b": with_gap(x[::-1] ** 2)})


#: What pandas computes of a column s, another one t, and of a frame d, for floats alone.
OF_FLOATS = """
s.skew() ; s.kurt() ; s.kurtosis() ; s.iloc[:2].skew() ; s.iloc[:3].kurt() ; s.cov(t) ; s.corr(t) ; s.autocorr(2)
s.cov(t, ddof=0) ; s.cov(t, min_periods=9) ; s.corr(t.iloc[2:]) ; pd.Series(np.arange(8.0) ** 2, index=s.index).cov(s)
s.std(ddof=0) ; s.sem() ; s.nlargest(3).sum() ; s.nsmallest(2).iloc[1] ; d.nlargest(2, "b")["a"].sum()
s.interpolate() ; s.interpolate("index", limit=1)
s.ewm(alpha=0.3).mean() ; s.ewm(span=3, adjust=False).mean() ; s.ewm(com=2, ignore_na=True, min_periods=3).mean()
s.ewm(halflife=1.5).sum() ; s.ewm(span=3).std() ; s.ewm(span=3, adjust=False).var(bias=True)
s.ewm(alpha=0.3, min_periods=4).cov(t) ; s.ewm(alpha=0.4).corr(t) ; d.ewm(span=4).mean()["b"] ; d.ewm(span=4).std()["b"]
s.rolling(3, min_periods=2).apply(lambda w: w.iloc[0] * w.iloc[-1]) ; t.rolling(3).apply(np.prod, raw=True)
t.rolling(3, center=True).skew() ; t.rolling(4).kurt() ; s.rolling(3, min_periods=2).cov(t) ; t.rolling(3).corr(s)
t.rolling(3).cov() ; d.rolling(2).sum()["a"] ; d.rolling(3, min_periods=1).std()["b"] ; d.expanding(2).mean()["b"]
s.expanding(3).skew() ; s.expanding(3).cov(t) ; t.rolling(np.int64(3)).std() ; daily(t).rolling("3D").std()
t.rolling(pd.api.indexers.FixedForwardWindowIndexer(window_size=3)).mean() ; daily(s).resample("2D").mean()
daily(t).resample("3D").std() ; daily(s).drop(daily(s).index[2:5]).resample("2D").mean() ; daily(s).resample("3D").sum()
d.cov().to_numpy() ; d.corr().to_numpy() ; d.cov(ddof=0).loc["a", "b"] ; d.skew().to_numpy()
d.cov(min_periods=9).loc["a"] ; d.dropna().cov(ddof=0).loc["a"] ; s.groupby(keys).skew()
s.groupby(keys).transform("mean") ; s.groupby(keys).transform("std") ; d.assign(k=keys).groupby("k")[["b"]].var()["b"]
d.groupby(keys).std()["a"] ; d.groupby(keys).transform("sum")["b"] ; d.assign(k=keys).groupby("k").transform("max")["b"]
np.cov(t, t**2) ; np.corrcoef(t, np.exp(t))[0, 1] ; np.std(t) ; np.var(t, ddof=1) ; np.polyfit(np.arange(8.0), t, 2)
np.linalg.norm(t) ; np.linalg.lstsq(pd.DataFrame({"u": np.ones(8), "v": np.arange(8.0)}), t, rcond=None)[0]
np.linalg.det(pd.DataFrame({"u": [x[0], 2.0], "v": [1.0, x[1]]}))
np.where(np.isnan(s), 0.0, s) ; s[np.isfinite(s)].sum()
"""


def daily(s):
    return s.set_axis(pd.date_range("2026-01-01", periods=len(s)))


def program_of(code, parameters):
    """Return the function that an expression defines, with a source that lifting finds."""
    source = f"lambda {parameters}: {code}"
    linecache.cache[source] = len(source), None, [source], source
    return eval(compile(source, source, "eval"), {"np": np, "pd": pd, "dn": dn, "daily": daily})


@pytest.mark.parametrize("code", listed(OF_FLOATS))
def test_statistics_of_duals(code):
    program = program_of(code, "x, s, t, d, keys")

    def f(x):
        made = program(x, with_gap(x), pd.Series([*x, 0.5 * x[0]], index=range(10, 18)), frame(x), KEYS)
        return made.to_numpy() if hasattr(made, "to_numpy") else np.asarray(made)

    values, found = dn.value_and_jacobian(f)(Y)
    expected = f(Y)
    np.testing.assert_allclose(values, expected, rtol=1e-13, atol=1e-15)
    step = 2.0**-10
    for k, unit in enumerate(np.eye(7) * step):
        slope = (8 * (f(Y + unit) - f(Y - unit)) - (f(Y + 2 * unit) - f(Y - 2 * unit))) / (12 * step)
        known = ~np.isnan(expected)
        np.testing.assert_allclose(found[..., k][known], slope[known], rtol=1e-7, atol=1e-9)
    if code.startswith("s.ewm") and "mean" in code:
        np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("name", ["mean", "var", "std", "cov", "corr"])
def test_second_derivatives_with_exponential_weights(name):
    def f(x):
        s, t = pd.Series(x), pd.Series(np.exp(x))
        window = s.ewm(span=3)
        return getattr(window, name)(*([t] if name in ("cov", "corr") else [])).iloc[-1]

    def by_weights(x):
        y, weights = np.exp(x), 0.5 ** np.arange(6.0, -1.0, -1.0)
        weights = weights / weights.sum()
        a, b = x - np.sum(weights * x), y - np.sum(weights * y)
        factor = 1 / (1 - np.sum(weights**2))
        covariance, own, other = np.sum(weights * a * b), np.sum(weights * a * a), np.sum(weights * b * b)
        return {"mean": np.sum(weights * x), "var": factor * own, "std": np.sqrt(factor * own),
                "cov": factor * covariance, "corr": covariance / np.sqrt(own * other)}[name]  # fmt: skip

    np.testing.assert_allclose(dn.hessian(f)(Y), dn.hessian(by_weights)(Y), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "code",
    [
        "s.corr(t, method='spearman')",
        "s.describe()",
        "s.interpolate('cubic')",
        "s.rolling(3).rank()",
        "s.ewm(alpha=x[0])",
    ],
)
def test_what_stays_refused(code):
    program = program_of(code, "x, s, t")
    with pytest.raises(TypeError, match="expects floats, got duals"):
        dn.jacobian(lambda x: program(x, pd.Series(x), pd.Series(x[::-1])))(Y)


def elements(x):
    s = pd.Series(np.zeros(4))
    s[1] = x[0]
    s.iloc[2] = x[1] * x[0]
    s.loc[3] = x[3]
    s[s > 2] *= x[2]
    return (s**2).sum()


def places(x):
    d = pd.DataFrame({"a": np.zeros(4), "b": np.ones(4)})
    d.loc[0, "a"] = x[0]
    d.loc[1:2, ["a", "b"]] = x[1]
    d.iloc[3, 1] = x[2]
    d.at[3, "a"] = x[3] ** 2
    d.iat[0, 1] = x[0] * x[1]
    return (d.a * d.b).sum() + d.to_numpy()[0].prod()


def selections(x):
    d = pd.DataFrame({"a": np.arange(4.0), "b": np.ones(4), "k": list("xyxy")})
    d.loc[d.a > 1, "b"] = x[0] * 2
    d.loc[d.k == "x", "a"] = d.loc[d.k == "x", "a"] * x[1]
    e = pd.DataFrame({"a": np.arange(4.0)})
    e[e > 2] = x[2]
    e.loc[9] = x[3]
    return (d.a * d.b).sum() + e.a.prod() + e.a.sum()


def rows(x):
    d = pd.DataFrame(index=range(4), columns=["p", "q"], dtype=float)
    d["r"] = 0.0
    for i in range(4):
        d.loc[i, "p"] = x[i]
        d.loc[i, ["q", "r"]] = [x[i] ** 2, d.loc[max(i - 1, 0), "r"] * 0.5 + x[i]]
    d.loc[2, "new"] = x[1]
    return (d.p * d.q * d.r).sum() + d.new.dropna().sum()


@pytest.mark.parametrize("f", [elements, places, selections, rows])
def test_columns_of_floats_take_duals_in_their_places(f):
    x, step = np.array([1.0, 2.5, -0.7, 3.0]), 2.0**-10
    slope = [
        (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * step) for h in step * np.eye(4)
    ]
    value, found = dn.value_and_gradient(f)(x)
    assert value == f(x)
    np.testing.assert_allclose(found, slope, rtol=1e-9)


def test_columns_of_integers_take_duals_as_they_take_floats():
    def f(x):
        d = pd.DataFrame({"a": np.arange(3)})
        try:
            d.loc[1, "a"] = x[0] + 0.25
        except TypeError:  # from pandas 3 on
            return x[1]
        return d.a.sum()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of pandas 2
        value, slope = dn.value_and_gradient(f)(X)
        assert value == f(X)
    np.testing.assert_array_equal(slope, [0, 1, 0] if value == X[1] else [1, 0, 0])
