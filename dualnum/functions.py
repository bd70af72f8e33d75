"""The functions of the tables, by NumPy's names, for floats, duals and arrays: generated from ``ext/math/*.def``."""

from dualnum._core import FUNCTIONS

__all__ = sorted(FUNCTIONS)

globals().update(FUNCTIONS)
