"""The benchmarks run, check every answer first, and miss no function.  No time is asserted."""

import json
import re

import numpy as np
import pytest

import dualnum as dn
from bench import arguments, derivatives, timing
from bench.__main__ import CASES, main
from bench.calls import as_dual
from bench.case import Case, Contender, Statement
from bench.goals import GOALS, reached
from bench.report import as_json, from_json

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def no_peers(monkeypatch):
    """Other packages are slow to import, and may be missing."""
    monkeypatch.setattr(derivatives, "adapters", dict)
    monkeypatch.setattr("bench.__main__.QUICK", timing.Effort(1e-6, 2, 1.0))


def row(name, *contenders):
    return timing.run_case(Case(name, list), list(contenders), timing.Effort(1e-6, 2, 1.0))


def test_one_case_runs(capsys, tmp_path):
    target = tmp_path / "results.json"
    assert main(["--quick", "--filter", "gradient/rosenbrock/n=2$", "--json", str(target)]) == 0
    out, err = capsys.readouterr()
    assert "gradient/rosenbrock/n=2" in out and "by hand" in out
    assert err == "[1/1] gradient/rosenbrock/n=2\n"
    (case,) = json.loads(target.read_text())["cases"]
    assert case["name"] == "gradient/rosenbrock/n=2"
    assert [r["name"] for r in case["results"]][:2] == ["numpy", "dualnum"]
    assert case["results"][0]["ratio"] == 1.0


KINDS = ["call/sin$", "operator/add/n=1$", "scalar/multiply$", "element/hypot$", "hessian/.*/n=2$"]


@pytest.mark.parametrize("name", KINDS)
def test_answers_of_each_kind_of_case(name, capsys):
    assert main(["--quick", "--filter", name]) == 0
    assert "error" not in capsys.readouterr().out


def test_a_wrong_answer_is_not_timed():
    calls = []

    def wrong():
        calls.append(1)
        return 2.0

    floor, bad = row("case", Contender("floor", lambda: 1.0, 1.0), Contender("peer", wrong, 1.0))
    assert floor.error is None
    assert bad.error == "relative error 1.0e+00"
    assert len(calls) == 1


@pytest.mark.parametrize(
    "answer, error", [(np.nan, "relative error nan"), (np.ones(2), "shape (2,) instead of ()")]
)
def test_answers_that_are_refused(answer, error):
    assert (
        row("case", Contender("floor", lambda: 1.0), Contender("peer", lambda: answer, 1.0))[1].error == error
    )


def test_a_peer_that_fails_is_reported():
    def fails():
        raise RuntimeError("no such thing")

    assert (
        row("case", Contender("floor", int), Contender("peer", fails, 1.0))[1].error
        == "RuntimeError: no such thing"
    )


def test_a_failing_preparation_is_reported(monkeypatch):
    class Peer:
        def scalar(self, problem, order, x):
            raise ValueError("cannot")

    monkeypatch.setattr(derivatives, "adapters", lambda: {"peer": Peer()})
    (contender,) = derivatives.peers("scalar", 1.0, None, 1, 0.5)
    with pytest.raises(ValueError, match="cannot"):
        contender.run()


def test_a_wrong_answer_of_dualnum_is_an_error(monkeypatch, capsys):
    case = Case("wrong", lambda: [Contender("numpy", lambda: 1.0), Contender("dualnum", lambda: 2.0, 1.0)])
    monkeypatch.setattr("bench.__main__.CASES", [case])
    assert main(["--quick"]) == 1
    assert "relative error" in capsys.readouterr().out


@pytest.mark.parametrize("name", arguments.functions())
def test_every_function_has_a_benchmark(name):
    """With arguments at which the function and its derivatives are finite."""
    assert {f"call/{name}", f"element/{name}"} <= {case.name for case in CASES}
    f, x = arguments.ufunc(name), [as_dual(x) for x in arguments.draw(name, 200)]
    results = f(*x)
    for result in results if f.nout > 1 else (results,):
        parts = dn.parts(result).values() if hasattr(result.dtype, "levels") else [result]
        assert all(np.isfinite(part).all() for part in parts)


def test_names_are_unique_and_goals_have_cases():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for goal in GOALS:
        assert any(re.fullmatch(goal.pattern, name) for name in names), goal


def test_goals_are_medians():
    results = {
        f"call/{i}": [timing.Result("DualArray", 1.0, 0.0, ratio, 0.0, 2e-6)]
        for i, ratio in enumerate([1.0, 1.5, 9.0])
    }
    goal = next(goal for goal in GOALS if goal.pattern == "call/.*" and goal.contender == "DualArray")
    assert reached(goal, results) == 1.5
    assert reached(goal._replace(measure="excess"), results) == pytest.approx(2.0)
    assert reached(goal, {}) is None


def test_a_goal_may_be_against_another_contender():
    rows = [
        timing.Result(name, median, 0.0, median, 0.0, 0.0)
        for name, median in (("dualnum", 6.0), ("hand", 2.0))
    ]
    goal = GOALS[0]._replace(pattern="case", contender="dualnum", against="hand")
    assert reached(goal, {"case": rows}) == 3.0
    assert reached(goal._replace(against="missing"), {"case": rows}) is None


def test_json_can_be_read_again():
    good = timing.Result("numpy", 1.25, 0.5, 1.0, 0.0, 0.0)
    bad = timing.Result("peer", *[float("nan")] * 5, error="no such thing")
    case = Case("case/n=3", list, n=3, unit="B")
    about, (read,), results = from_json(as_json([case], {case.name: [good, bad]}, timing.QUICK))
    assert about["numpy"] == np.__version__
    assert (read.name, read.n, read.unit) == (case.name, 3, "B")
    again, failed = results[case.name]
    assert again == good
    assert (failed.name, failed.error) == ("peer", "no such thing") and np.isnan(failed.median)


@pytest.mark.parametrize(
    "name", ["batched_jacobian/arm/n=1000$", "linalg/gradient", "linalg/.*/n=3$", "einsum/rows"]
)
def test_answers_of_linear_algebra(name, capsys):
    assert main(["--quick", "--filter", name]) == 0
    assert "error" not in capsys.readouterr().out


def test_products_and_threads_have_right_answers():
    chosen = [case for case in CASES if re.match(r"(matmul|matvec)/k=\d/n=10$|threads/", case.name)]
    assert len(chosen) == 7
    for case in chosen:
        for contender in case.build():
            timing.check(contender)


def test_ratios_are_taken_turn_by_turn():
    floor, other = timing.compare(["a", "b"], [[1.0, 2.0, 4.0], [3.0, 6.0, 12.0]])
    assert (floor.median, floor.ratio) == (2.0, 1.0)
    assert (other.median, other.ratio, other.ratio_spread, other.excess) == (6.0, 3.0, 0.0, 4.0)


def test_statements_are_run_and_timed():
    statement = Statement("x * y", x=2.0, y=3.0)
    assert statement() == 6.0
    clock, copies = timing.timer(statement)
    assert clock.timeit(1) > 0 and copies == timing.COPIES


def test_bad_filters(capsys):
    with pytest.raises(SystemExit, match="expects to match a case"):
        main(["--filter", "nothing of the kind"])
    with pytest.raises(SystemExit, match="expects a regular expression"):
        main(["--filter", "("])


def test_plots(tmp_path):
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    options = ["--quick", "--filter", "elementwise/n=100?$", "--plot", str(tmp_path)]
    assert main(options) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["elementwise.svg"]
