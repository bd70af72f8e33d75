"""Expectations that several tests share: errors, arrays, child processes and threads."""

import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def raises(error, message):
    """Expect an error with exactly this message."""
    return pytest.raises(error, match="^" + re.escape(message) + "$")


def listed(text):
    """Return the expressions of a list: those of a line are parted by " ; "."""
    return [code.strip() for code in re.split(r" ; |\n", text) if code.strip()]


def functions(text, parameters="a", **names):
    """Return a dict of the functions that the expressions of a list define, each named by its expression."""
    names |= {"np": np, "L": np.linalg}
    return {code: eval(f"lambda {parameters}: {code}", names) for code in listed(text)}


def close(got, want, tolerance=1e-12):
    """Compare arrays within a tolerance, relative to the largest entry of `want` or to 1."""
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * max(1.0, np.max(np.abs(want), initial=0)))


def python(*arguments, **options):
    """Run Python in a child process with this one's import path; return the completed process."""
    command = [sys.executable, *map(str, arguments)]
    options = {"capture_output": True, "check": False, "timeout": 600, "env": ENVIRONMENT} | options
    return subprocess.run(command, **options)


def together(*functions):
    """Run functions at once, started by a barrier; return their results, raise their first error."""
    barrier, results = threading.Barrier(len(functions)), [None] * len(functions)

    def run(number):
        barrier.wait()
        try:
            results[number] = functions[number]()
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
