"""Code that knows nothing of dualnum differentiates, refuses in dualnum's words, and is never silently wrong."""

from collections import Counter

import pytest
import reach

LEAST = {"everyday-A": 0.85, "everyday-B": 0.85, "packages-A": 0.85, "packages-B": 0.85}


@pytest.mark.xfail(reason="drivers do not lift f yet")
@pytest.mark.parametrize("corpus", LEAST)
def test_reach(corpus):
    """At least this share of the code that is Python or NumPy is right; every other case is a refusal that helps."""
    found = reach.run(corpus)
    counts = Counter(outcome for outcome, _ in found.values())
    if counts["missing"] > 0.5 * len(found):
        pytest.skip("the packages are not installed")
    allowed = {"right", "nan", "refused, dualnum's words", "no truth", "missing"}
    assert not {name: line for name, (outcome, line) in found.items() if outcome not in allowed}
    assert reach.share(reach.python_only(found)) >= LEAST[corpus]
