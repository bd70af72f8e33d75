"""No call in surface.txt crashes when its arguments are wrong: see wrong_arguments.py."""

import pathlib

import pytest
import wrong_arguments
from expect import python

CHILD = pathlib.Path(__file__).with_name("wrong_arguments.py")


@pytest.mark.parametrize("kind", ["DualArray", "plain"])
def test_wrong_arguments(kind, tmp_path):
    calls = wrong_arguments.calls()
    assert len(calls) > 2000
    child = python(CHILD, kind, 0, len(calls), text=True, cwd=tmp_path)  # np.save writes where it is told to
    lines = child.stdout.splitlines()
    numbers = [int(line) for line in lines if line.isdigit()]
    assert child.returncode == 0 and lines[-1] == "done", (
        calls[numbers[-1]],
        child.returncode,
        child.stderr[-800:],
    )
    assert [line for line in lines if line.startswith("SystemError")] == []
