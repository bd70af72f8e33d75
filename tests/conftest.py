"""Settings of every test: reproducible draws, and NumPy's default error state, which no test may change."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "dualnum",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("dualnum")


@pytest.fixture(autouse=True)
def floating_point_state():
    """Give every test NumPy's default error state, and check that it did not change it."""
    before = np.geterr()
    with np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"):
        yield
    assert np.geterr() == before


# Real packages from PyPI, which the fast suite does not install, are run by name; others share this file's name.
collect_ignore = ["nightly", "conftest.py"]
