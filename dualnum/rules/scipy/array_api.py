"""Functions of the array API that SciPy carries: copies of NumPy's, which do not dispatch."""

import numpy as np

from dualnum.rules._registry import rule
from dualnum.rules.scipy._registry import arrays

try:
    from scipy._lib.array_api_compat.numpy import linalg as compatible
except ImportError:  # SciPy has them elsewhere or not at all
    compatible = None


def solve(x1, x2, /):
    """Solve ``x1 x = x2``; one-dimensional x2 is a vector."""
    x1, x2 = arrays("solve", x1, x2)
    return np.linalg.solve(x1, x2[:, None])[..., 0] if x2.ndim == 1 else np.linalg.solve(x1, x2)


if hasattr(compatible, "solve"):
    rule(compatible.solve)(solve)
