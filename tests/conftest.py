"""Settings of every test: reproducible draws, NumPy's default error state, which no test may change; the command."""

import collections
import io
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from dualnum.cli import main

settings.register_profile(
    "dualnum",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("dualnum")


def pytest_addoption(parser):
    parser.addoption(
        "--share",
        default="1/1",
        help="1/2, 2/2 ...: of the cases of each parametrised test every second one; of other tests all",
    )


def pytest_collection_modifyitems(config, items):
    part, shares = map(int, config.getoption("share").split("/"))
    cases, kept, left = collections.Counter(), [], []
    for item in items:
        test = item.nodeid.partition("[")[0]
        is_ours = not hasattr(item, "callspec") or cases[test] % shares == part - 1
        cases[test] += 1
        (kept if is_ours else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.fixture(autouse=True)
def floating_point_state():
    """Give every test NumPy's default error state, and check that it did not change it."""
    before = np.geterr()
    with np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"):
        yield
    assert np.geterr() == before


# The command line, run within the test's process.


@pytest.fixture
def exit_code(tmp_path, monkeypatch):
    """Return a function that runs the command in a directory of its own and returns its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])

    def run(*words):
        try:
            return main([str(word) for word in words])
        except SystemExit as stop:
            return stop.code

    return run


@pytest.fixture
def run_binary(exit_code, monkeypatch, capsysbinary):
    """Return a function that runs the command: exit code, output, errors, as bytes."""

    def run(*words, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = exit_code(*words)
        return code, *(text.replace(b"\r\n", b"\n") for text in capsysbinary.readouterr())

    return run


@pytest.fixture
def run(run_binary):
    """Return a function that runs the command: exit code, output, errors, as text."""

    def run(*words):
        code, *texts = run_binary(*words)
        return code, *(text.decode() for text in texts)

    return run


# Real packages from PyPI, which the fast suite does not install, are run by name; others share this file's name.
collect_ignore = ["nightly", "conftest.py"]
