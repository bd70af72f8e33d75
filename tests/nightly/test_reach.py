"""Code that knows nothing of dualnum differentiates, or refuses in dualnum's words, and is never silently wrong.

CONTRIBUTING.rst tells how to install the packages.
"""

import math
import signal
from collections import Counter

import mpmath
import numpy as np
import pytest
import reach

LEAST = 0.85


@pytest.mark.parametrize("corpus", ["everyday-A", "everyday-B", "packages-A", "packages-B"])
def test_reach(corpus):
    """At least this share of the code that is Python or NumPy is right; every other case is a refusal that helps."""
    found = reach.run(corpus)
    missing = reach.missing(found)
    print(reach.table(found), f"not installed: {' '.join(missing) or 'none'}", sep="\n")
    counts = Counter(outcome for outcome, _ in found.values())
    ours = reach.python_only(found)
    allowed = {"right", "nan", reach.REFUSED_BY_US, "no truth", "missing"}
    bad = {
        name: line
        for name, (outcome, line) in found.items()
        if outcome not in allowed and (name in ours or outcome != reach.REFUSED_BY_OTHERS)
    }
    assert not bad
    if counts["missing"] > 0.5 * len(found):
        # those that are installed have been judged above; a share of so few says nothing
        pytest.skip(f"most of {corpus} is not installed: {' '.join(missing)}")
    assert reach.share(ours) >= LEAST


def failing(error):
    def differentiate(*_):
        raise error

    return differentiate


JUDGED = [
    (lambda *_: np.array([[6.0]]), "right"),
    (lambda *_: np.array([[6.00001]]), "wrong"),
    (lambda *_: np.array([[6.0, 0.0]]), "wrong"),
    (lambda *_: np.array([[np.nan]]), "nan"),
    (failing(KeyError("no such type")), reach.REFUSED_BY_OTHERS),
    (failing(TypeError("no rule for DualDType(1; levels 7)")), reach.REFUSED_BY_OTHERS),
    (failing(TypeError("float() would lose the derivatives of a dual")), reach.REFUSED_BY_US),
    (lambda *_: signal.raise_signal(signal.SIGKILL), "crash"),
]


@pytest.mark.parametrize(("differentiate", "outcome"), JUDGED)
def test_judge(monkeypatch, differentiate, outcome):
    """A driver that does this at x**2, x = 3, has this outcome."""
    monkeypatch.setattr(reach, "differentiate", differentiate)
    assert reach.judge(reach.Case("", lambda x: x**2, (3.0,)), {})[0] == outcome


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (np.floor, 2.0),
        (np.abs, 0.0),
        (lambda x: abs(x - 1) + x**2, 1.0),
        (np.cbrt, 0.0),
        (lambda x: np.around(0.5 * x, 3), 16.0),
        (lambda x: [x, round(x / 4)], 1024.0),
    ],
)
def test_no_truth(function, x):
    """Differences at a jump, a kink and an infinite slope are no truth, nor are those of a step function."""
    assert reach.judge(reach.Case("", function, (x,)), {})[0] == "no truth"


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (np.sin, [mpmath.cos(1.3)]),
        (math.gamma, [mpmath.gamma(1.3) * mpmath.digamma(1.3)]),
        (lambda x: [x**3, math.exp(-x)], [3 * mpmath.mpf(1.3) ** 2, -mpmath.exp(-1.3)]),
    ],
)
def test_truth(function, exact):
    """The derivatives have 11 digits, and the error says how many."""
    got, errors = reach.truth(function, (1.3,))
    distance = np.abs(got[:, 0] / 1.3 - np.array(exact, float))
    assert np.max(distance) <= min(1e-11, 10 * errors[0] + 1e-14)
