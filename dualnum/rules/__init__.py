"""The derivatives of functions that hard-code built-in dtypes: NumPy's, SciPy's and whatever a user registers.

``@rule(np.dot)`` registers a function as np.dot's rule: ``np.dot(...)`` on a :class:`~dualnum.DualArray` or on a
dual scalar calls it with the same arguments.  One file holds one family of functions, and its import registers their
rules.  A NumPy function without a rule runs NumPy's own code.
"""
# ruff: noqa: F401 (each module registers its rules when it is imported)

import dualnum.rules.complex.arrays
import dualnum.rules.complex.determinants
import dualnum.rules.complex.eigen
import dualnum.rules.complex.functions
import dualnum.rules.complex.norms
import dualnum.rules.complex.polynomial
import dualnum.rules.complex.products
from dualnum.rules import numpy_patches
from dualnum.rules._registry import rule
from dualnum.rules.arrays import (
    creation,
    fourier,
    histograms,
    interpolation,
    partition,
    polynomial,
    result_dtype,
    special_functions,
    statistics,
)
from dualnum.rules.elementwise_functions import elementwise
from dualnum.rules.implicit_functions import implicit
from dualnum.rules.linalg import (
    cholesky_qr,
    determinants,
    eigen,
    einsum,
    norms,
    products,
    pseudoinverse,
    solve,
    svd,
)

__all__ = ["elementwise", "implicit", "rule"]

numpy_patches.when_imported("scipy.special", "dualnum.rules.ufuncs.scipy_special")
numpy_patches.when_imported("scipy.sparse._sparsetools", "dualnum.rules.sparse.routines")
numpy_patches.when_imported("scipy.sparse", "dualnum.rules.sparse.classes")
for package, correction in (
    ("numpy.ma", "masked_arrays"),
    ("h5py.h5t", "h5py_types"),
    ("pandas.core.internals.concat", "pandas_blocks"),
    ("scipy.optimize._minpack_py", "optimizers"),
    ("sparse.numba_backend._utils", "sparse_zeros"),
):
    if numpy_patches.ENABLED:
        numpy_patches.when_imported(package, f"dualnum.rules.guests:{correction}")
