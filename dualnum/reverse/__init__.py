"""Reverse mode: NumPy's functions on the arrays that a tape records, and the check of a first recorded call.

A rule gets the tape and the arguments of the function, takes the values from NumPy, and records the derivatives as one
of `scaled` (slopes), `moved` and `gathered` (elements go elsewhere) and `pulled` (a function pulls adjoints back).
"""

from dualnum.reverse import elementwise, joins, linalg, methods, moves, reductions  # noqa: F401  # register rules
