"""The fixture for other people's test suites, in a pytest of its own."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
pytest_plugins = ["pytester"]


def run(pytester, text):
    pytester.makepyfile(text)
    pytester.syspathinsert(ROOT)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *plugin(), "-q")


def plugin():
    """Return the option that loads the plugin, where it is not installed."""
    from importlib.metadata import entry_points

    installed = [point.value for point in entry_points(group="pytest11")]
    return () if "pytest_dualnum" in installed else ("-p", "pytest_dualnum")


def test_the_fixture_checks_a_jacobian(pytester):
    result = run(
        pytester,
        """
        import numpy as np

        def f(x):
            return np.array([x[0] * x[1], np.sin(x[0])])

        def right(x):
            return np.array([[x[1], x[0]], [np.cos(x[0]), 0]])

        def test_right(assert_derivatives):
            assert_derivatives(f, [0.5, 2.0], jac=right)

        def test_wrong(assert_derivatives):
            assert_derivatives(f, [0.5, 2.0], jac=lambda x: right(x).T)
        """,
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*AssertionError: jac is wrong: 2 of 4 components.", "*worst*", "*given*", "*expected*"]
    )
    # the traceback ends in the test: what is inside the package is not the reader's concern
    assert not any(str(Path("dualnum", "check")) in line for line in result.outlines)


def test_the_plugin_is_registered():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"dualnum": "pytest_dualnum"}
    assert project["tool"]["setuptools"]["py-modules"] == ["pytest_dualnum"]


def test_the_plugin_imports_neither_dualnum_nor_numpy():
    code = "import sys, pytest_dualnum; sys.exit(any(name in sys.modules for name in ('dualnum', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_dualnum_imports_without_pytest():
    code = "import sys; sys.modules['pytest'] = None; import dualnum.check"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
