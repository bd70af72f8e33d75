"""Second derivatives by many variables: hessian, value_gradient_hessian."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from dualnum.drivers._base import Driver, unwrap
from dualnum.drivers._checks import check_leading, takes_f_alone

if TYPE_CHECKING:
    from dualnum.drivers._types import Array, Derivative, Lift, P, Place, Progress, R, Workers


@takes_f_alone
def hessian(
    f: Callable[P, R],
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
    sparse: bool = False,
    pattern: Any = None,
) -> Derivative[P, Array, Any, Place]:
    """Return the function that computes the Hessian: the second derivatives by all pairs of variables.

    The function is called once where all variables fit into one pass, on polynomials of degree 2 in them; else
    once for each tile of the upper triangle. Those off the diagonal take hyper-dual numbers, which carry the
    variables of the tile's rows and those of its columns; the lower triangle is the mirror image.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` is a scalar, or an array of any shape.
    argnum, batched, subok, lift, check, workers, progress
        As for `gradient`; in a batch of shape ``(..., p)`` f(x) has the shape ``(...)`` or ``(..., m)``.
    chunk : int, optional
        How many variables a tile has on each side at most.
    sparse, pattern : optional
        As for `jacobian`; f(x) must be a scalar, and the result has the shape ``(x.size, x.size)``.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x) and then twice the shape of `x`: ``(n, n)``
        for a scalar function of a vector, ``(..., p, p)`` or ``(..., m, p, p)`` for a batch. For a container
        `x` it has the structure of `x`, and in each place that structure again.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    >>> dn.hessian(lambda x: np.sum(x[1:] * x[:-1] ** 2), sparse=True)(np.array([1.0, 2.0, 3.0])).toarray()
    array([[4., 2., 0.],
           [2., 6., 4.],
           [0., 4., 0.]])
    """
    if sparse is not False or pattern is not None:
        from dualnum.drivers import _sparse

        others = (chunk, batched, subok, lift, workers, progress)
        return _sparse.matrix_driver("hessian", f, argnum, check, sparse, pattern, others)
    return Driver(f, _hessian, argnum, chunk, batched, subok, lift, check, workers, progress)


def _hessian(driver, args, kwargs, found=None):
    return driver.second_order(args, kwargs, check_leading, found)[2]


@takes_f_alone
def value_gradient_hessian(
    f: Callable[P, R],
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Derivative[P, tuple[R, Array, Array], tuple[R, Any, Any], Place]:
    """Return the function that computes f(x), the gradient and the Hessian in the same passes.

    Parameters
    ----------
    f, argnum, chunk, batched, subok, lift, check, workers, progress
        As for `hessian`.

    Returns
    -------
    callable
        Of the same arguments; its result is the triple of f(x), the gradient (for an array f(x) the Jacobian)
        and the Hessian.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> value, gradient, hessian = dn.value_gradient_hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    >>> value, gradient
    (12.0, array([12.,  4.]))
    >>> hessian
    array([[6., 4.],
           [4., 0.]])
    """
    return Driver(f, _value_gradient_hessian, argnum, chunk, batched, subok, lift, check, workers, progress)


def _value_gradient_hessian(driver, args, kwargs, found=None):
    value, first, second = driver.second_order(args, kwargs, check_leading, found)
    return unwrap(value), first, second
