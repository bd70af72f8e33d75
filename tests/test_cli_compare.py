"""The command's --compare, --judge and --plot: verdicts, exit codes and pictures."""

import json
import sys

import numpy as np
import pytest

MODEL = """\
import math
import numpy as np
from dualnum import value
print("imported")

def ray(x):
    return np.sin(x[0]) * x[1] ** 2

def ray_gradient(x):
    return [np.cos(x[0]) * x[1] ** 2, 2 * np.sin(x[0]) * x[1]]

def forgets_a_factor(x):
    return [np.cos(x[0]) * x[1] ** 2, np.sin(x[0]) * x[1]]

def strips(x):
    return x * value(x)

def compiled(x):
    return math.sin(x)

def minus_sine(x):
    print("called")
    return -math.sin(x)

def raises(x):
    raise RuntimeError("not today")
"""


@pytest.fixture(autouse=True)
def model(tmp_path):
    """Write model.py into the directory in which the command runs."""
    (tmp_path / "model.py").write_text(MODEL)


def test_right_derivatives_agree(run):
    code, out, err = run("exp(x) * y", "--at", "x=1", "y=2", "--compare")
    assert (code, err) == (0, "")
    assert "exp(x) * y" in out.splitlines()[0]
    assert out.splitlines()[-1].startswith("The derivatives agree")


@pytest.mark.parametrize("order", [1, 2])
def test_the_report_as_json(run, order):
    code, out, _ = run("exp(x)", "--at", 1, "--compare", "--json", *["--hessian"] * (order - 1))
    report = json.loads(out)
    assert (code, report["order"]) == (0, order)
    assert report["given"] == pytest.approx(np.e, rel=1e-15)


def test_a_derivative_that_lost_a_part_is_found(run):
    code, out, err = run("model.py:strips", "--at", 3, "--compare")
    assert (code, err) == (1, "imported\n")
    assert "x is 3 instead of 6" in out.splitlines()[-1]


def test_kinks_are_suspected_and_not_called_wrong(run):
    code, out, _ = run("abs(x - 1)", "--at", 1, "--compare")
    assert code == 0
    assert "kink" in out


@pytest.mark.parametrize(
    ("function", "point", "judged", "code"),
    [
        ("x**3", [2], "3*x**2", 0),
        ("x**3", [2], "3*x**2 + 1e-5", 1),
        ("k*x**3", [2, "--with", "k=4"], "3*k*x**2", 0),
        ("k*x**3", [2, "--with", "k=4"], "3*x**2", 1),
        ("model.py:compiled", [2], "cos(x)", 0),
        ("model.py:ray", [1, 2], "model.py:ray_gradient", 0),
        ("model.py:ray", [1, 2], "model.py:forgets_a_factor", 1),
        ("model.py:compiled", [2, "--hessian"], "model.py:minus_sine", 0),
        ("model.py:compiled", [2], "model.py:minus_sine", 1),
    ],
)
def test_derivatives_of_ones_own_are_judged(run, function, point, judged, code):
    found, out, err = run(function, "--at", *point, "--judge", judged)
    assert found == code
    assert out.splitlines()[-1].startswith(("The derivatives agree", "The derivative is wrong here")[code])
    assert "called" not in out and "imported" not in out
    assert set(err.split()) <= {"imported", "called"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["x**3", "--at", 2, "--judge", "3*k*x**2"], 2, "'3*k*x**2' has the variable 'k', which has no value"),
        (["x**3", "--at", 2, "--judge", "sine(x)"], 2, "unknown function 'sine'; did you mean sin?"),
        (["x**3", "--at", 2, "--judge", "no.py:f"], 2, "there is no file no.py"),
        (["x**3", "--at", 2, "--judge", "x", "--taylor", 2], 2, "--taylor and --compare exclude each other"),
        (["x**3", "--at", 2, "--judge", "x", "--format", "npy"], 2,
         "--compare has the formats table and json, got npy"),
        (["model.py:raises", "--at", 2, "--compare"], 1, "model.py:raises raised RuntimeError: not today"),
        (["x**3", "--at", 2, "--judge", "model.py:raises"], 1, "x**3 raised RuntimeError: not today"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_one_line(run, words, code, message):
    found, out, err = run(*words)
    assert (found, out) == (code, "")
    assert err.removeprefix("imported\n") == f"dualnum: error: {message}\n"


# Pictures


@pytest.mark.parametrize("options", [[], ["--compare"], ["--hessian"], ["--taylor", 4]])
def test_pictures(run, tmp_path, options):
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    code, out, err = run("exp(x)", "--at", 1, "--plot", "p.png", *options)
    assert (code, err) == (0, "")
    assert out.startswith("derivative of exp(x)" if "--compare" in options else "exp(x)\n")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    message = "dualnum: error: cannot plot to p.bmpx: ValueError: Format 'bmpx' is not supported"
    assert run("exp(x)", "--at", 1, "--plot", "p.bmpx", *options)[2].startswith(message)
    message = "dualnum: error: cannot plot to no/p.png: "
    assert run("exp(x)", "--at", 1, "--plot", "no/p.png", *options)[2].startswith(message)


def test_pictures_of_several_variables_at_once_are_refused(run):
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    code, out, err = run("x*y", "--at", "x=1", "y=2", "--plot", "p.png", "--taylor", 2)
    assert (code, out) == (2, "")
    assert err.startswith(
        "dualnum: error: cannot plot to p.png: ValueError: plot() expects a polynomial of one variable"
    )


def test_a_function_that_fails_away_from_the_point(run, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    assert run("log(x)", "--at", 1, "--plot", "p.png", "--taylor", 3)[::2] == (0, "")
    assert (tmp_path / "p.png").stat().st_size > 1000
    (tmp_path / "m.py").write_text(
        "def f(x):\n    if x > 2:\n        raise KeyError('far')\n    return x * x\n"
    )
    code, out, err = run("m.py:f", "--at", 1, "--plot", "q.png", "--taylor", 3)
    assert (code, out, err) == (2, "", "dualnum: error: cannot plot to q.png: KeyError: 'far'\n")


def test_without_matplotlib_the_extra_is_named(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = run("exp(x)", "--at", 1, "--plot", "p.png")
    assert (code, out) == (2, "")
    assert err == 'dualnum: error: --plot expects matplotlib; install "numpy-dualnum[plot]"\n'
