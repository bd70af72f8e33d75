"""Columns of pandas carry duals: derivatives of ordinary programs against differences, and refusals by name."""

import math

import numpy as np
import pytest

import dualnum as dn

pd = pytest.importorskip("pandas")
S = pd.Series([1.0, 2.0, 4.0, 8.0], name="s")


def columns(r):
    df = pd.DataFrame({"t": [0.0, 1.0, 2.0], "v": [1.0, 2.0, 4.0]})
    df["w"] = df["v"] * r + df["t"] ** 2
    df.loc[0, "t"] = r
    df.iloc[1, 1] = r * r
    df.at[0, "v"] = 2 * r
    df.v *= r
    df["t"] += r
    return df.sum().sum()


def groups(r):
    df = pd.DataFrame({"k": list("abab"), "v": [1.0, 2.0, 3.0, 4.0], "u": [1.0, 3.0, 3.0, 4.0]})
    df["v"] = df["v"] ** r
    by = df.groupby("k")
    return (
        by["v"].mean().to_numpy() * by.mean().to_numpy().sum()
        + by.sum().loc["a", "v"]
        + by["v"].agg(lambda s: s.sum() * r)["b"]
    )


def windows(r):
    s = S**r
    return (
        s.rolling(2).mean().dropna().iloc[-1]
        + s.rolling(3, min_periods=1).sum().sum()
        + s.expanding().std().iloc[-1]
    )


def arrays(r):
    x = np.array([r, 2 * r, r * r, 1.0])
    s, df = pd.Series(x, index=list("abcd")), pd.DataFrame({"x": x, "y": S.values})
    df["z"] = x * 2
    df["q"] = df.x * df.y
    return (
        s["b"]
        + df.to_numpy().sum()
        + df.values.sum()
        + df.q.std()
        + s.var(ddof=0)
        + df.mean().sum()
        + df.x.median()
    )


def functions(r):
    s = S * r
    return (
        np.exp(-s).sum()
        + np.sqrt(s).sum()
        + (s / s.max()).sum()
        + np.log(s.to_numpy()).sum()
        + np.asarray(s).sum()
    )


def conversions(r):
    s = S * r
    return (
        np.array(s, dtype=float).sum() + s.astype(float).sum() + s.cumsum().iloc[-1] + s.diff().dropna().sum()
    )


def rows(r):
    df = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    return (
        df.apply(lambda row: math.sin(row["a"] * r) * row.b, axis=1).sum()
        + sum(math.cos(row.a * r) for row in df.itertuples())
        + sum(math.cos(row["b"] * r) for _, row in df.iterrows())
        + df.assign(c=lambda d: d.a * r).c.sum()
    )


def merged(r):
    a, b = pd.DataFrame({"k": [1, 2], "v": [1.0, 2.0]}), pd.DataFrame({"k": [2, 1], "w": [3.0, 4.0]})
    a["v"] = a["v"] * r
    m = a.merge(b, on="k")
    return (
        (m.v * m.w).sum() + m.sort_values("v").v.iloc[0] + pd.concat([S * r, S]).sum() + (S * r)[S > 2].sum()
    )


@pytest.mark.parametrize("f", [columns, groups, windows, arrays, functions, conversions, rows, merged])
def test_pandas_carries_derivatives(f):
    x, h = 1.3, 2.0**-9
    wide, narrow = ((np.asarray(f(x + k * h)) - np.asarray(f(x - k * h))) / (2 * k * h) for k in (2, 1))
    np.testing.assert_allclose(dn.derivative(f)(x), (4 * narrow - wide) / 3, rtol=1e-8)


@pytest.mark.parametrize(
    "f",
    [
        lambda r: (S * r).rolling(2).rank().iloc[-1],
        lambda r: pd.DataFrame({"a": S * r, "b": S}).select_dtypes("number").sum().sum(),
        lambda r: pd.DataFrame({"a": S * r, "b": S}).sum(numeric_only=True).sum(),
    ],
)
def test_what_pandas_computes_for_floats_alone_is_refused(f):
    with pytest.raises(TypeError, match=r"pandas\.core.* expects floats, got duals, at "):
        dn.derivative(f)(1.3)
