"""The gallery's programs of science: what they compute, against an independent truth."""

import pathlib
import runpy

import numpy as np
import pytest

import dualnum as dn

matplotlib = pytest.importorskip("matplotlib")
integrate = pytest.importorskip("scipy.integrate")
stats = pytest.importorskip("scipy.stats")
GALLERY = pathlib.Path(__file__).parents[1] / "docs" / "gallery"
WEIGHTS = 4 / 5, -1 / 5, 4 / 105, -1 / 280


def run(name):
    """Run a program and return its names; the picture is dropped."""
    matplotlib.use("Agg")
    found = runpy.run_path(str(GALLERY / f"{name}.py"))
    found["plt"].close("all")
    return found


def difference(f, x, h):
    return sum(w * (f(x + k * h) - f(x - k * h)) for k, w in enumerate(WEIGHTS, 1)) / h


def test_implied_volatility():
    """1 / vega, and -delta / vega, in closed form."""
    m = run("implied_volatility")
    for k, (strike, s) in enumerate(zip(m["strikes"], m["smile"], strict=True)):
        spread = s * np.sqrt(m["years"])
        d = (np.log(m["spot"] / strike) + m["rate"] * m["years"]) / spread + spread / 2
        vega, delta = m["spot"] * stats.norm.pdf(d) * np.sqrt(m["years"]), stats.norm.cdf(d)
        volga = vega * d * (d - spread) / s
        np.testing.assert_allclose(m["slopes"][k], [1 / vega, -delta / vega], rtol=1e-9)
        assert m["bend"][k] == pytest.approx(-volga / vega**3, rel=1e-7, abs=1e-12)


def test_robertson():
    """Duals through the steps of the solver; mass is conserved."""
    m = run("robertson")
    end = m["times"][14]

    def concentrations(p):
        start = [1.0, 0.0, 0.0]
        return integrate.solve_ivp(
            m["robertson"], (0, end), start, "BDF", args=(p,), rtol=1e-7, atol=1e-12
        ).y[:, -1]

    values, slopes = dn.value_and_jacobian(concentrations, check=False)(m["rates"])
    np.testing.assert_allclose(m["values"][:, 14], values, rtol=1e-4)
    np.testing.assert_allclose(m["relative"][..., 14], slopes * m["rates"], rtol=1e-4, atol=1e-10)
    np.testing.assert_allclose(m["relative"].sum(axis=0), 0, atol=1e-9)


def test_turbine():
    m = run("turbine")
    for line, speed in ((0, 0.8), (2, 1.0)):
        f = lambda t: m["operating_point"](t, speed)  # noqa: B023, E731
        for k in (3, 20):
            expected = difference(f, m["temperatures"][k], 1.0)
            np.testing.assert_allclose(m["lines"][line][k, :, 1], expected, rtol=1e-7)


def test_shooting():
    """The derivative of the least energy by the target is minus the costate there; small swings in closed form."""
    m = run("shooting")
    for k in (0, 3, 6):
        end = m["swing"](m["optimal"](np.array([m["angles"][k], 0.0])))[:, -1]
        assert m["slopes"][k] == pytest.approx(-end[2], rel=1e-6)
    eps, t = 1e-3, m["duration"]
    turn = lambda s: np.array([np.sin(t - s), np.cos(t - s)])  # noqa: E731
    gramian = integrate.quad_vec(lambda s: np.outer(turn(s), turn(s)), 0, t)[0]
    expected = eps**2 / 2 * np.linalg.inv(gramian)[0, 0]
    assert m["energy"](np.array([eps, 0.0])) == pytest.approx(expected, rel=1e-5)


def test_flash():
    m = run("flash")
    for k in (4, 14):
        t = m["temperatures"][k]
        x, y = m["values"][k, 1], m["values"][k, 2]
        fugacities = [
            np.log([z, 1 - z]) + m["log_fugacity"](np.array([z, 1 - z]), t, 3e6, liquid)
            for z, liquid in ((x, True), (y, False))
        ]
        np.testing.assert_allclose(*fugacities, atol=1e-9)
        np.testing.assert_allclose(m["by_t"][k], difference(lambda t: m["split"](t, 3e6), t, 0.2), rtol=1e-6)
        np.testing.assert_allclose(m["by_p"][k], difference(lambda p: m["split"](t, p), 3e6, 1e4), rtol=1e-6)  # noqa: B023


def test_regression():
    """The hat matrices: ``X (X' W X)^-1 X'``, times the weights W of the model of counts."""
    m = run("regression")
    X = m["X"]
    hat = X @ np.linalg.solve(X.T @ X, X.T)
    np.testing.assert_allclose(m["influence"][m["least_squares"]], hat, atol=1e-12)
    mean = m["poisson"](m["counts"])
    hat = mean[:, None] * X @ np.linalg.solve(X.T @ (mean[:, None] * X), X.T)
    np.testing.assert_allclose(m["influence"][m["poisson"]], hat, atol=1e-5)
