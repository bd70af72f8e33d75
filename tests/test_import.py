"""What ``import dualnum`` costs: few modules beside NumPy's own, and none that only some users need."""

import subprocess
import sys

import pytest

import dualnum

SCRIPT = """
import sys
import numpy
before = set(sys.modules)
import dualnum
print(*sorted(set(sys.modules) - before))
"""


def imported():
    """Return the modules that dualnum imports in a fresh process that has NumPy already."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_only_dualnum_and_what_numpy_loads_on_demand():
    others = [name for name in imported() if name.split(".")[0] != "dualnum"]
    own = (
        "cython_runtime",
        "_cython_",
        "importlib",
        "__future__",
    )  # Cython's records, and how modules are imported
    lazy = ("numpy.fft", "numpy.polynomial")  # NumPy's functions that have rules
    assert [name for name in others if not name.startswith((*own, *lazy))] == []


def test_tools_are_imported_when_they_are_used():
    found = set(imported())
    tools = {"adapters", "check", "cli", "expression", "finite_difference", "notebook"}
    assert not found & {f"dualnum.{tool}" for tool in tools}


def test_the_command_line_stays_out_of_scipy_and_matplotlib():
    script = "import sys; from dualnum.cli import main; main(['x**2', '--at', '1'])"
    script += "; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("x**2\n")
    assert not set(done.stderr.split()) & {"scipy", "matplotlib", "rich", "IPython", "unittest"}


def test_dir_shows_the_public_names_only():
    shown = [name for name in dir(dualnum) if not name.startswith("__")]
    assert shown == sorted(dualnum.__all__)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("grad", "gradient"),
        ("jac", "jacobian"),
        ("hess", "hessian"),
        ("value_and_grad", "value_and_gradient"),
        ("vjp", "jvp, or gradient: dualnum differentiates in forward mode"),
        ("numpy", "numpy itself, which takes dual arrays"),
        ("jacobean", "jacobian"),
        ("dual", "Dual"),
    ],
)
def test_an_unknown_name_tells_the_right_one(name, right):
    with pytest.raises(AttributeError) as error:
        getattr(dualnum, name)
    assert str(error.value) == f"module 'dualnum' has no attribute {name!r}; use {right}."


def test_a_name_like_none_tells_nothing():
    with pytest.raises(AttributeError, match=r"^module 'dualnum' has no attribute 'qqqqqq'$"):
        dualnum.qqqqqq  # noqa: B018
    assert not hasattr(dualnum, "__wrapped__")


def test_scipy_may_come_first():
    """Its rules are then imported while dualnum is, and must not ask for what is not there yet."""
    pytest.importorskip("scipy")
    code = "import scipy.stats, scipy.special as s, dualnum as d; print(d.derivative(lambda a: s.gdtria(0.3, a, 1))(2))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
