"""Functions of the array API that SciPy carries, which do not dispatch as NumPy's do."""

import sys

import numpy as np

from dualnum._core import value
from dualnum.rules._operands import float_arguments, is_dual
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


def _namespace(original):
    """Return the rule of a function that tells the namespace of arrays: NumPy's, of duals too."""

    def on_duals(*given, **options):
        values = float_arguments(given)
        plain = [np.asarray(v) if is_dual(x) else v for x, v in zip(given, values, strict=True)]
        return original(*plain, **options)

    return on_duals


for _module in ("scipy._lib._array_api", "scipy._lib.array_api_compat.common._helpers"):
    _original = getattr(sys.modules.get(_module), "array_namespace", None)
    if _original is not None:
        rule(_original)(_namespace(_original))


_astype = getattr(sys.modules.get("scipy._lib.array_api_compat.numpy._aliases"), "astype", None)
if _astype is not None:

    @rule(_astype)
    def astype(x, dtype, /, *, copy=True, **options):
        """Duals as float64 are what they are; integers are those of the values; others refuse."""
        if is_dual(x) and np.dtype(dtype).kind in "biu":
            return np.asarray(value(x)).astype(dtype)
        if not is_dual(x) or np.dtype(dtype) != np.float64:
            return _astype(x, dtype, copy=copy, **options)
        return np.array(x) if copy else np.asarray(x)
