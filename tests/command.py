"""The command line, run within the test's process: a plugin with fixtures, for the tests named test_cli..."""

import io
import sys

import pytest

from dualnum.cli import main


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
