"""The recipes of the page "Fitting and statistics" for other packages, where these are installed."""

import importlib
import pathlib
import sys

import numpy as np
import pytest

import dualnum as dn

pytest.importorskip("scipy")
RECIPES = pathlib.Path(__file__).parents[1] / "docs" / "recipes"


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(str(RECIPES))

    def load(name, package):
        pytest.importorskip(package)
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    return load


def test_lmfit(recipe):
    module = recipe("lmfit_dfun", "lmfit")
    t = np.linspace(0, 3, 20)
    y = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.01 * np.cos(9 * t)
    found = module.fit(t, y)
    J = dn.jacobian(lambda p: p[0] * np.exp(-p[1] * t))(
        np.array([found.params[k].value for k in ("size", "rate")])
    )
    slope = J.T @ (found.params["size"].value * np.exp(-found.params["rate"].value * t) + 0.5 - y)
    np.testing.assert_allclose(slope, 0, atol=1e-6)
    errors = np.sqrt(np.diagonal(np.linalg.inv(J.T @ J)) * found.redchi)
    np.testing.assert_allclose([found.params[k].stderr for k in ("size", "rate")], errors, rtol=1e-3)
    assert found.nfev < 15  # a Jacobian by differences takes two more calls for each step
    found.params["floor"].set(expr="size / 5")
    with pytest.raises(ValueError, match="without expr"):
        module.pair(lambda p, t: t)[1](found.params, t)


def test_statsmodels(recipe):
    module = recipe("statsmodels_likelihood", "statsmodels")
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(120), rng.normal(size=120)])
    y = X @ [1.0, 2.0] + 0.7 * rng.standard_t(4, size=120)
    model = module.StudentRegression(y, X, extra_params_names=["log_scale", "log_df"])
    found = model.fit(start_params=[0.0, 0.0, 0.0, 1.0], method="bfgs", gtol=1e-8, disp=False)
    np.testing.assert_allclose(model.score(found.params), 0, atol=1e-6)
    np.testing.assert_allclose(
        model.score_obs(found.params).sum(axis=0), model.score(found.params), atol=1e-9
    )

    def log_likelihood(p):  # the same in closed form
        scale, df = np.exp(p[-2]), np.exp(p[-1])
        z = (y - X @ p[:-2]) / scale
        constant = np.array([dn.scipy.special.gammaln(x) for x in ((df + 1) / 2, df / 2)])
        return np.sum(
            constant[0] - constant[1] - p[-2] - np.log(np.pi * df) / 2 - (df + 1) / 2 * np.log1p(z * z / df)
        )

    np.testing.assert_allclose(
        model.hessian(found.params), dn.hessian(log_likelihood)(found.params), rtol=1e-8
    )
    np.testing.assert_allclose(found.bse, dn.standard_errors(log_likelihood, found.params), rtol=1e-6)


def hock_schittkowski_71(x):
    return x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2]


def its_constraints(x):
    return np.array([np.prod(x), np.sum(x**2)])


def test_cyipopt(recipe):
    module = recipe("cyipopt_problem", "cyipopt")
    problem = module.Problem(hock_schittkowski_71, its_constraints)
    x, report = problem.solve([1.0, 5.0, 5.0, 1.0], [(1, 5)] * 4, [(25, 2e19), (40, 40)])
    assert report["status"] == 0
    np.testing.assert_allclose(x, [1.0, 4.7429994, 3.8211503, 1.3794082], rtol=1e-6)  # published
    assert report["obj_val"] == pytest.approx(17.0140173, rel=1e-7)


def test_pyomo(recipe):
    module = recipe("pyomo_grey_box", "pyomo")
    box = module.GreyBox(lambda x: np.array([x[0] * x[1], np.exp(x[0]) + x[1] ** 2]), ["a", "b"], ["u", "v"])
    box.set_input_values([0.5, 2.0])
    box.set_output_constraint_multipliers([3.0, 0.1])
    np.testing.assert_allclose(box.evaluate_outputs(), [1.0, np.exp(0.5) + 4.0])
    np.testing.assert_allclose(box.evaluate_jacobian_outputs().toarray(), [[2.0, 0.5], [np.exp(0.5), 4.0]])
    np.testing.assert_allclose(
        box.evaluate_hessian_outputs().toarray(), [[0.1 * np.exp(0.5), 0.0], [3.0, 0.2]]
    )
    assert box.evaluate_hessian_outputs().nnz == 4  # the structure must not move with the point

    pyo = importlib.import_module("pyomo.environ")
    grey = importlib.import_module("pyomo.contrib.pynumero.interfaces.external_grey_box")
    m = pyo.ConcreteModel()
    m.box = grey.ExternalGreyBoxBlock(external_model=box)
    assert [v.name for v in m.box.inputs.values()] == ["box.inputs[a]", "box.inputs[b]"]
    if importlib.import_module("pyomo.contrib.pynumero.asl").AmplInterface.available():
        m.objective = pyo.Objective(expr=m.box.outputs["v"])
        m.limit = pyo.Constraint(expr=m.box.outputs["u"] >= 1)
        m.box.inputs["a"].value = m.box.inputs["b"].value = 1.0
        pyo.SolverFactory("cyipopt").solve(m)
        a = m.box.inputs["a"].value  # exp(a) + 1 / a^2 is least where a^3 exp(a) = 2
        assert a**3 * np.exp(a) == pytest.approx(2)
