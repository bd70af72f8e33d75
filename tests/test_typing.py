"""What a type checker says about a user's program: right ones pass ``mypy --strict``, wrong ones do not."""

import pathlib
import sys

import pytest

import dualnum as dn

api = pytest.importorskip("mypy.api")
ROOT = pathlib.Path(__file__).parents[1]

HEAD = """
import numpy as np
from numpy.typing import NDArray

import dualnum as dn

Array = NDArray[np.float64]

def f(x: Array) -> float:
    return float(x @ x)

def g(x: float) -> float:
    return x * x

def scaled(x: Array, scale: float = 1.0) -> float:
    return float(scale * x @ x)
"""
RIGHT = """
def gradient(x: Array) -> Array:
    return dn.gradient(f)(x)

def gradient_of_a_lambda(x: Array) -> Array:
    return dn.gradient(lambda x: x @ x, chunk=3)(x)

def gradient_with_arguments(x: Array) -> Array:
    return dn.gradient(scaled)(x, scale=2.0)

def derivative(x: float) -> float:
    return dn.derivative(g)(x)

def value_and_gradient(x: Array) -> tuple[float, Array]:
    return dn.value_and_gradient(f)(x)

def several(x: Array) -> tuple[float, float]:
    first, second = dn.gradient(scaled, argnum=(0, 1))(x, 2.0)
    return dn.jvp(scaled, argnum=1)(x, 2.0, 1.0)[1], second + np.sum(first)

def hessian(x: Array, v: Array) -> Array:
    return dn.hessian(f)(x) @ v + dn.hvp(f)(x, v)

def directional(x: Array, v: Array) -> float:
    return dn.directional_derivative(f)(x, v) + dn.jvp(f)(x, v)[1]
"""
WRONG = [
    "dn.gradient(f, chunks=3)",
    "dn.gradient(2.0)",
    'dn.gradient(f)("text")',
    "dn.gradient(scaled)(np.ones(2), scales=2.0)",
    'dn.hessian(f, workers="all")',
    'dn.hvp(f, lift="always")',
    "dn.jvp(f)(np.ones(2))",
    'dn.curl(f, argnum="x")',
]


def mypy(path, text):
    """Return what mypy prints about a program."""
    path.write_text(text)
    cache = f"--cache-dir={path.parent}"
    return api.run(["--strict", f"--python-executable={sys.executable}", cache, str(path)])[0]


@pytest.fixture
def in_checkout(monkeypatch):
    monkeypatch.setenv("MYPYPATH", str(ROOT))


def test_type_checkers_know_every_public_name(tmp_path, in_checkout):
    names = "\n".join(f"dn.{name}" for name in dn.__all__)
    assert mypy(tmp_path / "names.py", f"import dualnum as dn\n{names}\n").startswith("Success")
    assert "has no attribute" in mypy(tmp_path / "typo.py", "import dualnum as dn\ndn.grad\n")


def test_programs(tmp_path, in_checkout):
    assert mypy(tmp_path / "right.py", HEAD + RIGHT).startswith("Success")
    said = mypy(tmp_path / "wrong.py", HEAD + "\n".join(WRONG) + "\n")
    first = 1 + HEAD.count("\n")
    assert all(f"wrong.py:{first + i}: error" in said for i in range(len(WRONG))), said
