"""The pytest plugin of dualnum: the fixture ``assert_derivatives``.

It is a module of its own so that pytest, which imports its plugins whenever it starts, imports dualnum and NumPy only
for tests that ask for the fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def assert_derivatives() -> Callable[..., None]:
    """Check derivatives written by hand, or those by dual numbers: see `dualnum.check.assert_derivatives`."""
    from dualnum.check import assert_derivatives

    return assert_derivatives
