"""Derivatives along a direction: jvp, directional_derivative, hvp, vhv."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, Literal

import numpy as np

from dualnum._core import FROM_VARIABLES
from dualnum.drivers._base import Driver, unwrap
from dualnum.drivers._checks import check_leading, check_scalar, takes_f_alone
from dualnum.drivers._parallel import map_ordered
from dualnum.drivers._passes import product_passes
from dualnum.drivers._seeds import along
from dualnum.drivers._widths import chunk_width
from dualnum.drivers._work import Work

if TYPE_CHECKING:
    from dualnum.drivers._types import Array, Directional, Lift, P, Place, Progress, R, Workers, X


@takes_f_alone
def jvp(
    f: Callable[Concatenate[X, P], R],
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
) -> Directional[Concatenate[X, X, P], tuple[R, R], tuple[R, R], Place]:
    """Return the function that computes f(x) and the Jacobian-vector product J v, in one call of `f`.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` is a number or an array of any shape.
    argnum, chunk, batched, subok, lift, check
        As for `gradient`. One tangent is carried whatever `chunk`.

    Returns
    -------
    callable
        ``jvp(f)(x, v, *args, **kwargs)`` is the pair of f(x) and J v, both of f's shape. The direction `v`
        has the structure and the shape of `x` and follows it, the last of several arguments: with
        ``argnum=(0, 1)`` the call is ``jvp(f, argnum=(0, 1))(x, y, (v, w))``.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.jvp(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    (array([1., 4.]), array([ 2., 40.]))
    """
    return Driver(f, _jvp, argnum, chunk, batched, subok, lift, check, arguments="x, v")


def _jvp(driver, args, kwargs):
    variables = driver.with_direction(args)
    value, first = driver.first(variables, kwargs, along(driver))
    check_leading(driver, variables.lead, first.shape[:-1])
    return unwrap(value), unwrap(first[..., 0])


@takes_f_alone
def directional_derivative(
    f: Callable[Concatenate[X, P], R],
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
) -> Directional[Concatenate[X, X, P], R, R, Place]:
    """Return the function that computes the derivative J v of `f` along `v`, which is not normalised.

    Parameters
    ----------
    f, argnum, chunk, batched, subok, lift, check
        As for `jvp`.

    Returns
    -------
    callable
        ``directional_derivative(f)(x, v, *args, **kwargs)`` has f's shape.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.directional_derivative(lambda x: x[0] * x[1])([2.0, 3.0], [1.0, 10.0])
    23.0
    """
    return Driver(f, _directional_derivative, argnum, chunk, batched, subok, lift, check, arguments="x, v")


def _directional_derivative(driver, args, kwargs):
    return _jvp(driver, args, kwargs)[1]


@takes_f_alone
def hvp(
    f: Callable[Concatenate[X, P], R],
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: int = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
    workers: Workers = 1,
    progress: Progress = None,
) -> Directional[Concatenate[X, X, P], Array, X, Place]:
    """Return the function that computes the Hessian-vector product H v, without the Hessian.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` must be a scalar.
    argnum, chunk, batched, subok, lift, check, workers, progress
        As for `gradient`.

    Returns
    -------
    callable
        ``hvp(f)(x, v, *args, **kwargs)`` has the structure and the shape of `x`, and so must `v`, which
        stands after `x` (where SciPy's ``hessp`` has it).

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.hvp(lambda x: x[0] * x[1]**2)(np.array([2.0, 3.0]), np.array([1.0, 10.0]))
    array([60., 46.])
    """
    return Driver(f, _hvp, argnum, chunk, batched, subok, lift, check, workers, progress, arguments="x, v")


def _hvp(driver, args, kwargs):
    variables = driver.with_direction(args)
    reverse = _along_v(driver, variables, kwargs)
    if reverse is not None:
        return variables.unflatten(reverse[2][..., 0, :], variables.lead)
    size = variables.size
    width = chunk_width(size, 2 * variables.elements, driver.chunk)
    work = Work(product_passes, driver, variables, kwargs, width)
    columns = []
    for start, _, first, _, second in map_ordered(work, range(0, size or 1, width or 1)):
        check_scalar(driver, variables.lead, first.shape[:-1])
        columns.append(second[..., : size - start, 0])
    product = columns[0] if len(columns) == 1 else np.concatenate(columns, axis=-1)
    return variables.unflatten(product, variables.lead)


def _along_v(driver, variables, kwargs):
    """Return f's value, gradient and H v in reverse mode, or None."""
    if variables.elements < FROM_VARIABLES:
        return None
    from dualnum.drivers import _reverse

    def direction(variables):
        parts = [np.reshape(leaf.direction, (*variables.lead, -1)) for leaf in variables.leaves()]
        yield np.concatenate(parts, axis=-1)

    return _reverse.second_by_tape(driver, variables, kwargs, direction)


@takes_f_alone
def vhv(
    f: Callable[Concatenate[X, P], R],
    *,
    argnum: Literal[0] | Place = 0,
    chunk: int | None = None,
    batched: bool = False,
    subok: bool = True,
    lift: Lift = "auto",
    check: bool | None = None,
) -> Directional[Concatenate[X, X, P], R, R, Place]:
    """Return the function that computes the second derivative v' H v along `v`, in one call of `f`.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` must be a scalar.
    argnum, chunk, batched, subok, lift, check
        As for `jvp`.

    Returns
    -------
    callable
        ``vhv(f)(x, v, *args, **kwargs)`` is a scalar, in a batch one for each point.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.vhv(lambda x: x[0] * x[1]**2)([2.0, 3.0], [1.0, 10.0])
    520.0
    """
    return Driver(f, _vhv, argnum, chunk, batched, subok, lift, check, arguments="x, v")


def _vhv(driver, args, kwargs):
    variables = driver.with_direction(args)
    seed = along(driver)
    _, first, second = driver.squares(variables, kwargs, seed, 1)
    check_scalar(driver, variables.lead, first.shape[:-1])
    return unwrap(second[..., 0, 0])
