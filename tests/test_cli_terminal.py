"""The command as a process: in a terminal, in pipes, interrupted, and where text is not UTF-8."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import dualnum

COMMAND = [sys.executable, "-m", "dualnum"]
COLOUR = re.compile(r"\x1b\[\d+m")
WAIT = 120  # seconds, after which a process hangs

MODEL = """\
import sys, time
import numpy as np

def slow(x):
    time.sleep(0.3)
    return np.sum(x**2)

def stops(x):
    print("ready", file=sys.stderr, flush=True)
    if x[0] == 3:
        time.sleep(1000)
    return np.sum(x**2)
"""


@pytest.fixture
def model(tmp_path):
    """Write a file with functions that take their time; return its directory."""
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "points.csv").write_text("1,2\n2,3\n3,4\n4,5\n5,6\n")
    return tmp_path


def environment(**changes):
    """Return the environment with changes, None to remove a name."""
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": None, "COLUMNS": None, **changes}
    return {name: text for name, text in env.items() if text is not None}


def process(*words, stdin=b"", cwd=None, **env):
    """Run the command in pipes; return the exit code, the output and the errors."""
    done = subprocess.run(
        [*COMMAND, *words],
        input=stdin,
        capture_output=True,
        timeout=WAIT,
        cwd=cwd,
        env=environment(**env),
        check=False,
    )
    return done.returncode, done.stdout.replace(b"\r\n", b"\n"), done.stderr.replace(b"\r\n", b"\n")


def terminal(*words, cwd=None, columns=80, stdout=None, **env):
    """Run the command in a terminal of its own; return the exit code and what the terminal was sent.

    `stdout` is a file to which the output goes instead.
    """
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    running = subprocess.Popen(
        [*COMMAND, *words],
        stdin=theirs,
        stdout=stdout or theirs,
        stderr=theirs,
        cwd=cwd,
        env=environment(**env),
        start_new_session=True,
    )
    os.close(theirs)
    pieces = []

    def read():
        try:
            while piece := os.read(ours, 4096):
                pieces.append(piece)
        except OSError:  # Linux's end of a terminal
            pass

    reader = threading.Thread(target=read)
    reader.start()
    code = running.wait(WAIT)
    reader.join(WAIT)
    os.close(ours)
    return code, b"".join(pieces).decode().replace("\r\n", "\n")


@pytest.fixture
def interruptible():
    """Have processes stop at SIGINT, which a shell lets those in its background ignore, and their children too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


in_terminal = pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX's")


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
    first = subprocess.run(
        [*COMMAND, "x[0] * x[1]", "--at", "-", "--format", "npy"],
        input=b"1,2\n3,4\n",
        capture_output=True,
        timeout=WAIT,
        check=True,
    )
    import io

    np.testing.assert_array_equal(np.load(io.BytesIO(first.stdout))["gradient"], [[2, 1], [4, 3]])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for a pipe")
def test_a_reader_that_goes_away_ends_the_work_silently(tmp_path):
    np.save(tmp_path / "many.npy", np.ones((100_000, 2)))
    with subprocess.Popen(
        [*COMMAND, "sum(x)", "--at", "many.npy", "--format", "csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as running:
        assert running.stdout.readline() == b"x[0],x[1],f,df/dx[0],df/dx[1]\n"
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(WAIT) == 141


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C is not a process's signal")
def test_interrupted_work_keeps_the_rows_so_far(model, interruptible):
    words = ["model.py:stops", "--at", "points.csv", "--output", "rows.csv"]
    with subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, cwd=model) as running:
        watch = threading.Timer(WAIT, running.kill)
        watch.start()
        for _ in range(3):  # the third point never ends
            assert running.stderr.readline() == b"ready\n"
        running.send_signal(signal.SIGINT)
        assert running.stderr.read() == b"dualnum: interrupted\n"
        assert running.wait(WAIT) == 130
        watch.cancel()
    assert (model / "rows.csv").read_text() == (
        "x[0],x[1],f,df/dx[0],df/dx[1]\n1.0,2.0,5.0,2.0,4.0\n2.0,3.0,13.0,4.0,6.0\n"
    )


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
        code, _, err = process(
            "φ*δ",
            "--at",
            "φ=3",
            "δ=2",
            "--output",
            output,
            cwd=tmp_path,
            PYTHONIOENCODING="ascii",
            PYTHONUTF8="1",
        )
        assert (code, err) == (0, b"")
    text = (tmp_path / "o.csv").read_text(encoding="utf-8")
    assert text == "φ,δ,f,df/dφ,df/dδ\n3.0,2.0,6.0,2.0,3.0\n"
    assert (tmp_path / "o.txt").read_text(encoding="utf-8").startswith("φ*δ\n")


# Terminals


@in_terminal
def test_a_terminal_has_colours():
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


@in_terminal
def test_the_colour_tells_how_many_digits_agree(tmp_path):
    (tmp_path / "m.py").write_text(
        "from dualnum import value\n"
        "import numpy as np\n"
        "def noisy(x):\n"
        "    return x + 1e-9 * np.sin(1e9 * value(x))\n"
        "def wrong(x):\n"
        "    return x - value(x) + 5 * value(x)\n"
    )
    assert "\x1b[33m" in terminal("m.py:noisy", "--at", "1", cwd=tmp_path)[1]
    assert "\x1b[31m" in terminal("m.py:wrong", "--at", "1", cwd=tmp_path)[1]


@in_terminal
def test_a_terminal_shows_the_columns_that_fit(tmp_path):
    np.save(tmp_path / "p.npy", np.ones((3, 30)))
    code, text = terminal("sum(x**2)", "--at", "p.npy", columns=40, cwd=tmp_path, NO_COLOR="1")
    assert code == 0
    *rows, rest = text.splitlines()
    assert rows[0].split() == [f"x[{i}]" for i in range(7)]
    assert max(map(len, rows)) <= 40
    assert rest == "... and 54 columns more: see --format"


@in_terminal
def test_long_work_tells_its_progress_and_wipes_it_off(model):
    with open(model / "rows.csv", "wb") as file:
        code, text = terminal(
            "model.py:slow", "--at", "points.csv", "--format", "csv", cwd=model, stdout=file
        )
    assert code == 0
    assert re.search(r"\r\d of 5 points, \d+ %, \d+ s left", text)
    assert re.search(r"\r +\r$", text)
    assert len((model / "rows.csv").read_text().splitlines()) == 6
    code, text = terminal("model.py:slow", "--at", *"12345", cwd=model)
    assert re.search(r"\r\d+ calls of the function, \d+ s", text)
    assert COLOUR.sub("", text[: text.index("\r")]) == "model.py:slow\nat x = [1.0, 2.0, 3.0, 4.0, 5.0]\n"
    assert text[text.rindex("\r") + 1 :].startswith("\nvalue      55.0\n")


@in_terminal
def test_npy_does_not_go_to_a_terminal():
    code, text = terminal("x**2", "--at", "1", "--format", "npy")
    message = "--format npy expects --output FILE, or a pipe, but standard output is a terminal"
    assert (code, COLOUR.sub("", text)) == (2, f"dualnum: error: {message}\n")


@in_terminal
def test_ctrl_c_in_a_terminal(model, interruptible):
    import pty

    pid, ours = pty.fork()
    if pid == 0:
        os.chdir(model)
        os.execve(sys.executable, [*COMMAND, "model.py:stops", "--at", "3", "4"], environment(NO_COLOR="1"))
    watch = threading.Timer(WAIT, os.kill, (pid, signal.SIGKILL))
    watch.start()
    text = b""
    sent = False
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        text += piece
        if b"ready" in text and not sent:
            os.write(ours, b"\x03")
            sent = True
    _, status = os.waitpid(pid, 0)
    watch.cancel()
    os.close(ours)
    assert os.waitstatus_to_exitcode(status) == 130
    assert text.replace(b"\r\n", b"\n").endswith(b"dualnum: interrupted\n")
