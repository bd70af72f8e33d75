"""The command as a process, interrupted, and beside streams that claim to be terminals."""

import io
import json
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from expect import ENVIRONMENT, python

import dualnum

COMMAND = ["-m", "dualnum"]
COLOUR = re.compile(r"\x1b\[\d+m")
WAIT = 120  # seconds, after which a process hangs

MODEL = """\
import signal, time
import numpy as np

def slow(x):
    time.sleep(0.22)
    return np.sum(x**2)

def stops(x):
    if x[0] == 3:
        raise KeyboardInterrupt
    return np.sum(x**2)

def signalled(x):
    if x[0] == 3:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        signal.raise_signal(signal.SIGINT)
        time.sleep(1000)
    return np.sum(x**2)

def wraps(x):
    try:
        return signalled(x)
    except KeyboardInterrupt:
        raise RuntimeError("interrupted")
"""


@pytest.fixture
def model(tmp_path):
    """Write a file with functions that take their time or are interrupted; return its directory."""
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "points.csv").write_text("1,2\n2,3\n3,4\n4,5\n5,6\n")
    return tmp_path


def process(*words, stdin=b"", cwd=None, **env):
    """Run the command in pipes; return the exit code, the output and the errors."""
    done = python(*COMMAND, *words, input=stdin, timeout=WAIT, cwd=cwd, env={**ENVIRONMENT, **env})
    return done.returncode, done.stdout.replace(b"\r\n", b"\n"), done.stderr.replace(b"\r\n", b"\n")


class Terminal(io.TextIOWrapper):
    """A stream in memory that claims to be a terminal."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", newline="\n")

    def isatty(self):
        return True

    def text(self):
        """Return what the stream was sent."""
        self.flush()
        return self.buffer.getvalue().decode()


@pytest.fixture
def terminal(exit_code, monkeypatch):
    """Return a function that runs the command in a terminal: exit code, and what the terminal was sent.

    With `stdout`, a stream, the output goes there instead.
    """

    def run(*words, columns=80, stdout=None, **env):
        with monkeypatch.context() as context:
            context.delenv("NO_COLOR", raising=False)
            for name, text in {"TERM": "xterm", "COLUMNS": str(columns), "WT_SESSION": "1", **env}.items():
                context.setenv(name, text)
            screen = Terminal()
            context.setattr(sys, "stdout", stdout or screen)
            context.setattr(sys, "stderr", screen)
            return exit_code(*words), screen.text()

    return run


# Processes


def test_the_module_and_its_exit_codes():
    code, out, err = process("x**2", "--at", "3", "--json")
    assert (code, json.loads(out)["derivative"]["exact"], err) == (0, 6.0, b"")
    message = b"dualnum: error: unknown function 'sine'; did you mean sin?\n"
    assert process("sine(x)", "--at", "3") == (2, b"", message)
    assert process("--version") == (0, f"dualnum {dualnum.__version__}\n".encode(), b"")


def test_traceback_shows_the_line_of_the_function(tmp_path):
    (tmp_path / "m.py").write_text("def f(x):\n    return x.nothing\n")
    code, out, err = process("m.py:f", "--at", "1", "--traceback", cwd=tmp_path)
    assert (code, out) == (1, b"")
    assert re.search(rb'm\.py", line 2, in f\n    return x\.nothing\n', err)
    assert b"\nAttributeError: " in err


def test_points_come_from_standard_input_and_go_into_a_pipe():
    words = [*COMMAND, "x[0] * x[1]", "--at", "-", "--format", "npy"]
    done = python(*words, input=b"1,2\n3,4\n", timeout=WAIT, check=True)
    np.testing.assert_array_equal(np.load(io.BytesIO(done.stdout))["gradient"], [[2, 1], [4, 3]])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for a pipe")
def test_a_reader_that_goes_away_ends_the_work_silently(tmp_path):
    np.save(tmp_path / "many.npy", np.ones((100_000, 2)))
    with subprocess.Popen(
        [sys.executable, *COMMAND, "sum(x)", "--at", "many.npy", "--format", "csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=ENVIRONMENT,
    ) as running:
        assert running.stdout.readline() == b"x[0],x[1],f,df/dx[0],df/dx[1]\n"
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(WAIT) == 141


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the device is Linux's")
def test_standard_output_on_a_full_disk():
    with open("/dev/full", "wb") as full:
        streams = {"capture_output": False, "stdout": full, "stderr": subprocess.PIPE}
        done = python(*COMMAND, "x**2", "--at", "1", timeout=WAIT, **streams)
    message = b"dualnum: error: cannot write standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, message)


@pytest.mark.parametrize("function", ["stops", "signalled", "wraps"])
def test_interrupted_work_keeps_the_rows_so_far(model, function):
    words = [f"model.py:{function}", "--at", "points.csv", "--output", "rows.csv"]
    assert process(*words, cwd=model) == (130, b"", b"dualnum: interrupted\n")
    assert (model / "rows.csv").read_text() == (
        "x[0],x[1],f,df/dx[0],df/dx[1]\n1.0,2.0,5.0,2.0,4.0\n2.0,3.0,13.0,4.0,6.0\n"
    )


def test_an_interrupted_import(tmp_path):
    (tmp_path / "m.py").write_text("raise KeyboardInterrupt\n")
    assert process("m.py:f", "--at", "1", cwd=tmp_path) == (130, b"", b"dualnum: interrupted\n")


def test_pipes_have_neither_colours_nor_progress(model):
    code, out, err = process("model.py:slow", "--at", "points.csv", cwd=model)
    assert (code, err) == (0, b"")
    assert not COLOUR.search(out.decode())
    code, out, err = process("x**2", "--at", "one")
    assert (code, out, err) == (2, b"", b"dualnum: error: 'one' is not a number\n")


def test_text_that_is_not_ascii():
    words = ["φ**2", "--at", "φ=3"]
    code, out, err = process(*words, PYTHONIOENCODING="utf-8", PYTHONUTF8="1")
    assert (code, err) == (0, b"")
    assert out.decode().splitlines()[:2] == ["φ**2", "at φ = 3.0"]
    code, out, err = process(*words, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert (code, err) == (0, b"")
    assert out.decode("ascii").splitlines()[:2] == ["\\u03c6**2", "at \\u03c6 = 3.0"]
    code, out, err = process("δ(φ)", "--at", "1", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert (code, out, err) == (2, b"", b"dualnum: error: unknown function '\\u03b4'\n")


def test_names_that_are_not_ascii_reach_every_file(tmp_path):
    for output in ("o.csv", "o.txt"):
        words = ["φ*δ", "--at", "φ=3", "δ=2", "--output", output]
        code, _, err = process(*words, cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
        assert (code, err) == (0, b"")
    text = (tmp_path / "o.csv").read_text(encoding="utf-8")
    assert text == "φ,δ,f,df/dφ,df/dδ\n3.0,2.0,6.0,2.0,3.0\n"
    assert (tmp_path / "o.txt").read_text(encoding="utf-8").startswith("φ*δ\n")


# Terminals


def test_a_terminal_has_colours(terminal):
    words = ["exp(x)", "--at", "1"]
    code, text = terminal(*words)
    assert code == 0
    assert "\x1b[1mexp(x)\x1b[0m\n" in text
    digits = re.search(r"\x1b\[32m *(\d+\.\d)\x1b\[0m", text)
    assert float(digits[1]) > 5
    assert COLOUR.sub("", text).encode() == process(*words)[1]
    assert terminal(*words, NO_COLOR="1") == (0, COLOUR.sub("", text))
    assert terminal(*words, TERM="dumb") == (0, COLOUR.sub("", text))
    code, text = terminal("exp(x)", "--at", "one")
    assert (code, text) == (2, "dualnum: \x1b[31merror\x1b[0m: 'one' is not a number\n")


def test_the_colour_tells_how_many_digits_agree(terminal, tmp_path):
    (tmp_path / "m.py").write_text(
        "from dualnum import value\n"
        "import numpy as np\n"
        "def noisy(x):\n"
        "    return x + 1e-9 * np.sin(1e9 * value(x))\n"
        "def wrong(x):\n"
        "    return x - value(x) + 5 * value(x)\n"
    )
    assert "\x1b[33m" in terminal("m.py:noisy", "--at", "1")[1]
    assert "\x1b[31m" in terminal("m.py:wrong", "--at", "1")[1]


def test_a_terminal_shows_the_columns_that_fit(terminal, tmp_path):
    np.save(tmp_path / "p.npy", np.ones((3, 30)))
    code, text = terminal("sum(x**2)", "--at", "p.npy", columns=40, NO_COLOR="1")
    assert code == 0
    *rows, rest = text.splitlines()
    assert rows[0].split() == [f"x[{i}]" for i in range(7)]
    assert max(map(len, rows)) <= 40
    assert rest == "... and 54 columns more: see --format"


def test_long_work_tells_its_progress_and_wipes_it_off(terminal, model):
    with io.TextIOWrapper(io.BytesIO()) as file:
        code, text = terminal("model.py:slow", "--at", "points.csv", "--format", "csv", stdout=file)
        assert code == 0
        assert len(file.buffer.getvalue().splitlines()) == 6
    assert re.search(r"\r\d of 5 points, \d+ %, \d+ s left", text)
    assert re.search(r"\r +\r$", text)
    code, text = terminal("model.py:slow", "--at", *"12345")
    assert re.search(r"\r\d+ calls of the function, \d+ s", text)
    assert COLOUR.sub("", text[: text.index("\r")]) == "model.py:slow\nat x = [1.0, 2.0, 3.0, 4.0, 5.0]\n"
    assert text[text.rindex("\r") + 1 :].startswith("\nvalue      55.0\n")


def test_npy_does_not_go_to_a_terminal(terminal):
    code, text = terminal("x**2", "--at", "1", "--format", "npy")
    message = "--format npy expects --output FILE, or a pipe, but standard output is a terminal"
    assert (code, COLOUR.sub("", text)) == (2, f"dualnum: error: {message}\n")


def test_an_interrupt_in_a_terminal(terminal, model, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))  # every call of f is long work
    code, text = terminal("model.py:stops", "--at", "points.csv")
    assert code == 130
    assert re.search(r"\r\d of 5 points, .* left\r +\rdualnum: interrupted\n$", text)
