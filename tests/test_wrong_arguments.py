"""No call in surface.txt crashes when its arguments are wrong: see wrong_arguments.py."""

import os
import pathlib
import subprocess
import sys

import pytest
import wrong_arguments

CHILD = pathlib.Path(__file__).with_name("wrong_arguments.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.mark.parametrize("kind", ["DualArray", "plain"])
def test_wrong_arguments(kind):
    calls = wrong_arguments.calls()
    assert len(calls) > 2000
    command = [sys.executable, str(CHILD), kind, "0", str(len(calls))]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=ENVIRONMENT)
    lines = child.stdout.splitlines()
    numbers = [int(line) for line in lines if line.isdigit()]
    assert child.returncode == 0 and lines[-1] == "done", (
        calls[numbers[-1]],
        child.returncode,
        child.stderr[-800:],
    )
    assert [line for line in lines if line.startswith("SystemError")] == []
