"""
What NumPy functions that hard-code built-in dtypes are on duals.

``@numpy_rule(np.dot)`` above a function says: on a :class:`~dualnum.DualArray` or a scalar, ``np.dot(...)`` is that
function of the same arguments.  One file a family; a NumPy function without a rule is NumPy's own.
"""

from dualnum._core import register_rule, takes_rule
from dualnum.rules._when_imported import when_imported

__all__ = ["numpy_rule"]


def numpy_rule(*functions):
    """
    Register what NumPy functions do on duals.

    Parameters
    ----------
    *functions : callable
        Functions of NumPy's public interface that dispatch through ``__array_function__``, or ufuncs for float64 from
        other packages.

    Returns
    -------
    callable
        A decorator for the rule, which is returned unchanged.  It is called with the arguments of the function; that of
        a ufunc with one-dimensional arrays of equal shape, duals with the same levels or numbers, and returns one of
        that shape, or a tuple of them.

    Raises
    ------
    TypeError
        If one of the functions does not dispatch, so that the rule could never be called, or is a ufunc that has
        derivatives.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> @dn.numpy_rule(np.trapezoid)
    ... def trapezoid(y, x=None, dx=1.0, axis=-1):
    ...     y = np.moveaxis(np.asanyarray(y), axis, -1)
    ...     steps = dx if x is None else np.diff(x)
    ...     return np.sum((y[..., 1:] + y[..., :-1]) * steps, axis=-1) / 2
    >>> dn.gradient(np.trapezoid)([1.0, 2.0, 4.0])
    array([0.5, 1. , 0.5])
    >>> dn.numpy_rule(np.trapezoid)(None)  # NumPy's own again, which differentiates as well
    """
    for function in functions:
        if not takes_rule(function):
            raise TypeError(
                f"numpy_rule expects NumPy functions that dispatch, or ufuncs of float64 without derivatives, got "
                f"{function!r}."
            )

    def register(rule):
        for function in functions:
            register_rule(function, rule)
        return rule

    return register


from dualnum.rules import numpy_patches  # noqa: E402, F401
from dualnum.rules.arrays import (  # noqa: E402  (each registers its rules)
    creation,  # noqa: F401
    fourier,  # noqa: F401
    histograms,  # noqa: F401
    interpolation,  # noqa: F401
    isdtype,  # noqa: F401
    partition,  # noqa: F401
    polynomial,  # noqa: F401
    printing,  # noqa: F401
    result_dtype,  # noqa: F401
    sinc_i0,  # noqa: F401
    statistics,  # noqa: F401
)
from dualnum.rules.linalg import (  # noqa: E402
    cholesky_qr,  # noqa: F401
    determinants,  # noqa: F401
    eigen,  # noqa: F401
    einsum,  # noqa: F401
    norms,  # noqa: F401
    products,  # noqa: F401
    pseudoinverse,  # noqa: F401
    solve,  # noqa: F401
    svd,  # noqa: F401
)

when_imported("scipy.special", "dualnum.rules.ufuncs.scipy_special")
