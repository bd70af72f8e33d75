"""scipy.linalg of complex duals: the rules of np.linalg, and the exponential by a real matrix of twice the size."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from dualnum._core import is_complex_dual, rule_of
from dualnum.rules._operands import as_dual_arrays, float_arguments, has_duals, with_values
from dualnum.rules._registry import rule
from dualnum.rules.complex._matrices import embedded, from_embedded
from dualnum.rules.scipy import linear_algebra, matrix_functions  # noqa: F401 (they register the rules of real matrices)
from dualnum.rules.scipy._registry import require_close

_EXPONENTIAL_OF_REAL: Any = rule_of(linalg.expm)


def _exponential(a):
    """Return the exponential by that of the real matrix that acts on real and imaginary parts."""
    return from_embedded(_EXPONENTIAL_OF_REAL(as_dual_arrays(embedded(a))))


FORMULAS: dict[str, Callable] = {
    "solve": np.linalg.solve,
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "pinv": np.linalg.pinv,
    "eigvals": np.linalg.eigvals,
    "expm": _exponential,
    "solve_triangular": lambda a, b: np.linalg.solve(np.triu(a), b),
    "cholesky": lambda a: np.conj(np.swapaxes(np.linalg.cholesky(a), -1, -2)),
    "eigvalsh": np.linalg.eigvalsh,
    "svdvals": np.linalg.svdvals,
    "norm": np.linalg.norm,
}
#: Options that change no result.
WITHOUT_EFFECT = {"overwrite_a", "overwrite_b", "check_finite"}


def _is_complex(x: Any) -> bool:
    return is_complex_dual(x) or np.iscomplexobj(x)


def _of_complex(original, formula):
    """Return the rule of a function: this formula where an argument is complex, else the rule before."""
    of_real = rule_of(original)

    @functools.wraps(original)
    def on_duals(*args, **kwargs):
        arrays = [x if not isinstance(x, (list, tuple)) else np.asarray(x) for x in args]
        if not (any(map(_is_complex, arrays)) and any(map(has_duals, arrays))):
            return of_real(*args, **kwargs)
        options = kwargs.keys() - WITHOUT_EFFECT
        if options:
            raise TypeError(
                f"{original.__name__} of complex duals expects no options, got {', '.join(sorted(options))}; use "
                f"np.linalg's function."
            )
        values = original(*float_arguments(arrays))
        with np.errstate(all="ignore"):  # SciPy has warned of the values
            found = formula(*map(as_dual_arrays, arrays))
            return with_values(require_close(original.__name__, found, values), values)

    return on_duals


for _name, _formula in FORMULAS.items():
    rule(getattr(linalg, _name))(_of_complex(getattr(linalg, _name), _formula))
