"""What the package promises beside its code: version, stubs for every name, and README's two commands."""

import ast
import re
import tomllib
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

import dualnum
from dualnum import _distribution

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.rst").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def stub_names(stub):
    """Return the public names that a stub declares."""
    names = set()
    for node in ast.parse((files("dualnum") / stub).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets}
    return {name for name in names if not name.startswith("_")}


def test_version():
    assert dualnum.__version__ == PROJECT["version"]
    assert _distribution.NAME == PROJECT["name"]
    own = [need for extra in PROJECT["optional-dependencies"].values() for need in extra if "dualnum" in need]
    assert own and all(need.startswith(f"{_distribution.NAME}[") for need in own)
    assert re.fullmatch(r"\d+\.\d+\.\d+\w*", dualnum.__version__)


def test_every_function_has_a_stub():
    assert stub_names("functions.pyi") == set(import_module("dualnum.functions").__all__)


def test_every_public_name_exists_and_is_documented():
    assert len(set(dualnum.__all__)) == len(dualnum.__all__)
    for name in dualnum.__all__:
        assert getattr(dualnum, name).__doc__, name


def test_the_script_runs_the_command_line():
    module, name = PROJECT["scripts"]["dualnum"].split(":")
    assert getattr(import_module(module), name) is import_module("dualnum.cli").main


def test_the_package_is_typed():
    assert (files("dualnum") / "py.typed").is_file()


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("scipy", "python -m dualnum scipy.optimize:rosen --at .* --hessian"),
        ("test", "python -m pytest -n auto"),
    ],
)
def test_readme_commands_install_an_extra_and_run(extra, command):
    """.ci/run takes its commands from these lines."""
    lines = re.findall(r"^    (python3 .*)$", README, re.MULTILINE)
    (line,) = [line for line in lines if re.search(command, line)]
    create, activate, install, run = line.split(" && ")
    assert (create, activate) == ("python3 -m venv .venv", ". .venv/bin/activate")
    assert install == f'pip install -e ".[{extra}]"'
    assert re.fullmatch(command, run)
    assert extra in PROJECT["optional-dependencies"]
