"""scipy.sparse: its compiled routines trust the type number of an array and crash on duals, so they refuse these.

Sparse matrices reach them with dual data in several ways that no constructor checks: ``dia * d``, ``csr.multiply(x)``,
``csr.data = x``.
"""

import functools
import sys
import types

import numpy as np
from scipy.sparse import _sparsetools

from dualnum._core import DualDType

__all__: list[str] = []


def guarded(function):
    """Return a compiled routine that refuses arrays of duals."""

    @functools.wraps(function)
    def routine(*args):
        for x in args:
            if isinstance(x, np.ndarray) and type(x.dtype) is DualDType:
                raise TypeError(
                    f"scipy.sparse of duals expects dense arrays, got a sparse matrix of duals ({function.__name__}); "
                    f"use dense matrices, or apply the sparse matrix to dualnum.value(x) and to the tangents, "
                    f"dualnum.tangent(x), on their own."
                )
        return function(*args)

    return routine


def guard_all():
    """Replace the routines in their module and in the modules that import them by name."""
    routines = {f: guarded(f) for f in vars(_sparsetools).values() if type(f) is types.BuiltinFunctionType}
    modules = [m for name, m in sys.modules.items() if name.startswith("scipy.sparse") and m is not None]
    for module in modules:
        for name, attribute in list(vars(module).items()):
            if type(attribute) is types.BuiltinFunctionType and attribute in routines:
                setattr(module, name, routines[attribute])


guard_all()
