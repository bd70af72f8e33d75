"""Scalar and vector fields: laplacian, divergence, curl."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dualnum._core import FROM_VARIABLES
from dualnum.drivers._base import Driver, Variables, unwrap
from dualnum.drivers._checks import check_leading, check_same_shape, check_single, check_space, takes_f_alone
from dualnum.drivers._parallel import map_ordered
from dualnum.drivers._passes import second_passes
from dualnum.drivers._widths import diagonal_width
from dualnum.drivers._work import Work

if TYPE_CHECKING:
    from dualnum.drivers._types import Lift, P, Progress, R, Workers


@takes_f_alone
def laplacian(
    f: Callable[P, R],
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Callable[P, R]:
    """Return the function that computes the Laplacian: the sum of the second derivatives by each variable.

    Only the tiles on the diagonal of the Hessian are computed.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` is a scalar, or an array of any shape (then each element has its Laplacian).
    argnum, batched, subok, lift, check, workers, progress
        As for `gradient`.
    chunk : int, optional
        How many variables one call of `f` takes at most.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x).

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.laplacian(lambda x: x[0] ** 2 + 3 * x[1] ** 2)([1.0, 2.0])
    8.0
    """
    return Driver(f, _laplacian, argnum, chunk, batched, subok, lift, check, workers, progress)


def _laplacian(driver, args, kwargs):
    variables = Variables(driver, args)
    size = variables.size
    if variables.elements >= FROM_VARIABLES:
        from dualnum.drivers import _reverse

        found = _reverse.second_by_tape(driver, variables, kwargs)
        if found is not None:
            return unwrap(trace(found[2]))
    width = diagonal_width(size, variables.elements, driver.chunk)
    total = 0.0
    diagonal = [(start, start) for start in range(0, size or 1, width or 1)]
    for _, first, second in map_ordered(Work(second_passes, driver, variables, kwargs, width), diagonal):
        check_leading(driver, variables.lead, first.shape[:-1])
        total = total + trace(second)
    return unwrap(total)


@takes_f_alone
def divergence(
    f: Callable[P, R],
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Callable[P, Any]:
    """Return the function that computes the divergence of a vector field: the trace of its Jacobian.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` must have the shape of `x`.
    argnum, chunk, batched, subok, lift, check, workers, progress
        As for `gradient`.

    Returns
    -------
    callable
        Of the same arguments; its result is a scalar, in a batch one for each point.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.divergence(lambda x: [x[0] ** 2, x[0] * x[1]])([1.0, 2.0])
    3.0
    """
    return Driver(f, _divergence, argnum, chunk, batched, subok, lift, check, workers, progress)


def _divergence(driver, args, kwargs):
    variables = Variables(driver, args)
    check_single(driver, variables, "trace of jacobian(f)")
    size = variables.size
    total = 0.0
    for start, _, first in driver.chunks(variables, kwargs):
        check_same_shape(driver, variables, first.shape[:-1])
        rows = first.reshape(*variables.lead, size, first.shape[-1])
        total = total + trace(rows[..., start:, :])
    return unwrap(total)


@takes_f_alone
def curl(
    f: Callable[P, R],
    *,
    argnum: int | tuple[int, ...] = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Callable[P, Any]:
    """Return the function that computes the curl of a vector field in three dimensions, or in two.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` must have the shape of `x`: ``(3,)`` or ``(2,)``.
    argnum, chunk, batched, subok, lift, check, workers, progress
        As for `gradient`.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape ``(3,)``; in two dimensions it is the scalar
        df1/dx0 - df0/dx1.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.curl(lambda x: [0.0, x[0] ** 2, x[0] * x[1]])([1.0, 2.0, 3.0])
    array([ 1., -2.,  2.])
    """
    return Driver(f, _curl, argnum, chunk, batched, subok, lift, check, workers, progress)


def _curl(driver, args, kwargs):
    variables = Variables(driver, args)
    check_single(driver, variables, None)
    check_space(driver, variables)
    _, d = driver.first_order(args, kwargs, check_leading)
    check_same_shape(driver, variables, d.shape[:-1])
    if variables.size == 2:
        return unwrap(d[..., 1, 0] - d[..., 0, 1])
    # component i is d[k, j] - d[j, k] for (i, j, k) in cyclic order
    return d[..., [2, 0, 1], [1, 2, 0]] - d[..., [1, 2, 0], [2, 0, 1]]


def trace(a):
    """Return the trace over the last two axes."""
    return a.diagonal(axis1=-2, axis2=-1).sum(-1)
