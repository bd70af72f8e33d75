"""Functions of real packages, unmodified, have exact derivatives or refuse: real_packages.txt, one a line.

Run it where the packages are installed: ``DUALNUM_NIGHTLY=1 python -m pytest tests/nightly``.  Packages that are not
installed are skipped, and one test counts those that are.
"""

import pathlib
import warnings

import numpy as np
import pytest
from reach import STENCIL

from dualnum import _core

LINES = pathlib.Path(__file__).with_name("real_packages.txt").read_text().splitlines()
CASES = [line for line in LINES if line and not line.startswith("#")]
STEP = 2.0**-11
REFUSALS = (TypeError, ValueError, NotImplementedError, AttributeError, IndexError)


def split_line(line):
    """Return whether a refusal is expected, the module, the function of t, and t0."""
    module, code, point = line.removeprefix("! ").split(" : ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        owner = pytest.importorskip(module, exc_type=ImportError)
    function = eval("lambda t: " + code, {"M": owner, "np": np})
    return line.startswith("! "), function, np.asarray(eval(point), float)


def flat(result):
    """Return the numbers of a result in one array; object arrays and tuples are gone through."""
    parts = result if isinstance(result, tuple) else (result,)
    arrays = [np.asarray(p) for p in parts]
    arrays = [np.array(a.tolist()) if a.dtype == object else a for a in arrays]
    return np.concatenate([np.ravel(a) for a in arrays])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", CASES)
def test_exact_or_refused(line):
    refused, function, x = split_line(line)
    direction = np.maximum(np.abs(x), 0.1) * (
        np.cos(np.arange(1, x.size + 1)).reshape(x.shape) if x.ndim else 1
    )
    with np.errstate(all="ignore"):

        def moved(k):
            t = x + k * STEP * direction
            return flat(function(t if x.ndim else float(t)))

        value = moved(0)
        slope = sum(w * (moved(k) - moved(-k)) for k, w in STENCIL.items()) / STEP
        level = _core.Level()
        t = _core.seed_tangents(x, level, direction[..., None])
        if refused:
            with pytest.raises(REFUSALS):
                function(t if x.ndim else t[()])
            return
        got, tangent = _core.split(flat(function(t if x.ndim else t[()])), level)
    tangent = np.zeros(np.shape(got)) if tangent is None else tangent[..., 0]
    np.testing.assert_allclose(got, value, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(tangent, slope, rtol=1e-7, atol=1e-8 * np.max(np.abs(slope), initial=1.0))


def test_enough_of_them():
    """At least thirty functions of ten packages, beyond SciPy, are exact in the list."""
    exact = [line.split(" : ")[0].split(".")[0] for line in CASES if not line.startswith("! ")]
    exact = [name for name in exact if name != "scipy"]
    assert len(exact) >= 30 and len(set(exact)) >= 10
