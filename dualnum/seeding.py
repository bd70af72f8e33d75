"""Seeding by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np

from dualnum._core import E1, Dual, DualArray, is_real, seed_identity

if TYPE_CHECKING:  # importing dualnum does not import it
    from numpy.typing import ArrayLike

__all__ = ["seed"]


@overload
def seed(x: float) -> Dual: ...
@overload
def seed(x: ArrayLike) -> DualArray: ...
def seed(x):
    """
    Return x with the identity as its tangents: every element moves in a direction of its own.

    Parameters
    ----------
    x : float or array_like of real numbers
        The point, of any shape.

    Returns
    -------
    Dual or DualArray
        Of x's shape, with ``x.size`` tangents at the permanent level e1, ordered like ``x.ravel()``; a number gives a
        Dual with one tangent.

    Raises
    ------
    TypeError
        If x is not real numbers, or is dual already: nest drivers such as ``gradient`` for higher orders.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> x = dn.seed([3.0, 4.0])
    >>> np.hypot(x[0], x[1])
    Dual(5.0, [0.6, 0.8])
    """
    array = np.asarray(x)
    if not is_real(array.dtype):
        raise TypeError(f"seed(x) expects x to be real numbers, got {array.dtype}.")
    array = array.astype(float, copy=False).view(np.dtype(float))  # of that very dtype, if it was unpickled
    return Dual(array.item()) if array.ndim == 0 else seed_identity(array, E1, 0, array.size)
