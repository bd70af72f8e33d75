"""First derivatives by many variables: gradient, jacobian, value_and_gradient, value_and_jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from dualnum.drivers._base import Driver, unwrap
from dualnum.drivers._checks import check_leading, check_scalar, takes_f_alone

if TYPE_CHECKING:
    from dualnum.drivers._types import Array, Derivative, Lift, P, Place, Progress, R, Workers


@takes_f_alone
def gradient(
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
) -> Derivative[P, Array, float, Place]:
    """Return the function that computes the gradient of a scalar function.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` must be a scalar. `x` is a number, an array of any shape, or a
        container of these: a tuple, a dict, a dataclass, nested as you like. A list is an array, unless it holds
        containers or arrays of several shapes, as ``[(W, b), (V, c)]`` does. Integers, bool, float16 and float32 are
        taken as float64.
    argnum : int or tuple of ints, optional
        Which positional argument is differentiated; several give a tuple of results.
    chunk : int, optional
        How many tangents one call of `f` carries at most. By default as many as keep the arrays in cache.
    batched : bool or int, optional
        Call `f` with the whole ``(..., p)`` array, whose last axis holds the variables and whose leading axes
        independent points; f(x) has the shape ``(...)``. An int says how many points one call gets at most, as an
        array ``(points, p)``, which bounds the memory. Other arguments go into every call as they are.
    subok : bool, optional
        Hand `f` a `DualArray`, which NumPy's functions know how to treat; otherwise a plain array, which is enough for
        ufuncs, indexing and reductions, but slower.
    lift : {'auto', True, False}, optional
        Whether calls in `f` that take floats alone, such as ``math.sin`` or ``np.zeros`` with an assignment, are
        replaced by calls that take duals (see `lift`). By default where `f` as it is refuses duals or loses a
        derivative.
    check : bool, optional
        Whether a call looks for derivatives that `f` has lost: it compares `f` on duals with `f` on floats, at x and a
        little beside it, which takes three calls of `f` on floats as a rule. By default the first call of f's code
        does; True lets every call do it and False none, for an `f` that is dear, prints or counts its calls.
    workers : int, executor or callable, optional
        Who calls `f` where `chunk` or `batched` leaves several calls to make. An int is a number of threads, -1 as many
        as there are processors: worth their while where `f` spends its time in loops over large arrays, in which NumPy
        lets other threads run; the calls must not write to anything they share. An executor of ``concurrent.futures``,
        of MPI or of loky, or a client of Dask's has `f` and its arguments pickled, by cloudpickle if that is installed,
        and calls in its processes; what `f` writes to its arguments stays there. Anything else is a map that keeps the
        order, such as the ``map`` of a pool. The result is the same to the last bit.
    progress : callable or bool, optional
        ``progress(done, total)`` is called after each of several calls of `f`; True shows a line on a terminal.

    Returns
    -------
    callable
        Of the same arguments; its result has the structure and the shape of `x`. The function's own arrays
        are never modified.

    Raises
    ------
    TypeError
        If `x` or f(x) is not made of real numbers, or `f` loses a derivative.
    ValueError
        If f(x) is not a scalar: that is a matter for `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.gradient(lambda x: np.sum(x**2))(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    >>> dn.gradient(lambda x, y: x * y, argnum=(0, 1))(2.0, 3.0)
    (3.0, 2.0)
    """
    return Driver(f, _gradient, argnum, chunk, batched, subok, lift, check, workers, progress)


def _gradient(driver, args, kwargs, found=None):
    return driver.first_order(args, kwargs, check_scalar, found)[1]


@takes_f_alone
def value_and_gradient(
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
) -> Derivative[P, tuple[R, Array], tuple[R, float], Place]:
    """Return the function that computes f(x) and the gradient in the same passes.

    Parameters
    ----------
    f, argnum, chunk, batched, subok, lift, check, workers, progress
        As for `gradient`.

    Returns
    -------
    callable
        Of the same arguments; its result is the pair of f(x) and the gradient (``minimize(..., jac=True)``).

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.value_and_gradient(lambda x: np.sum(x**2))(np.array([1.0, 2.0, 3.0]))
    (14.0, array([2., 4., 6.]))
    """
    return Driver(f, _value_and_gradient, argnum, chunk, batched, subok, lift, check, workers, progress)


def _value_and_gradient(driver, args, kwargs, found=None):
    value, first = driver.first_order(args, kwargs, check_scalar, found)
    return unwrap(value), first


@takes_f_alone
def jacobian(
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
    """Return the function that computes the Jacobian: the derivatives of all results by all variables.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)`` is a number, an array of any shape, or a list of numbers.
    argnum, chunk, batched, subok, lift, check, workers, progress
        As for `gradient`; in a batch of shape ``(..., p)`` f(x) has the shape ``(...)`` or ``(..., m)``.
    sparse : bool, optional
        Return a ``scipy.sparse.csr_array`` of shape ``(f(x).size, x.size)``, from one call of `f` that reverse mode's
        tape records: see :ref:`sparse`. What the tape does not hold raises an error.
    pattern : sparse matrix or array, optional
        The structure of the sparse result, of the same shape; an error says where a derivative other than 0 lies
        outside. By default that which follows from `f`: see `sparsity`.

    Returns
    -------
    callable
        Of the same arguments; its result has the shape of f(x) and then the shape of `x`: ``(m, n)`` for
        vectors, ``(N, N, M, N)`` for R'R by R of shape ``(M, N)``, ``(..., m, p)`` for a batch. For a
        container `x` it has the structure of `x`, with such an array for each of its arrays. A sparse one has sorted
        indices, keeps elements that happen to be 0, and has the same structure at every x where `f` takes the same
        branches.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.jacobian(lambda x: [x[0] * x[1], x[0] ** 2])(np.array([2.0, 3.0]))
    array([[3., 2.],
           [4., 0.]])
    >>> dn.jacobian(lambda x: x[1:] - x[:-1] ** 2, sparse=True)(np.array([1.0, 2.0, 3.0])).toarray()
    array([[-2.,  1.,  0.],
           [ 0., -4.,  1.]])
    """
    if sparse is not False or pattern is not None:
        from dualnum.drivers import _sparse

        others = (chunk, batched, subok, lift, workers, progress)
        return _sparse.matrix_driver("jacobian", f, argnum, check, sparse, pattern, others)
    return Driver(f, _jacobian, argnum, chunk, batched, subok, lift, check, workers, progress)


def _jacobian(driver, args, kwargs, found=None):
    return driver.first_order(args, kwargs, check_leading, found)[1]


@takes_f_alone
def sparsity(
    f: Callable[P, R], *, argnum: Literal[0] | Place = 0, check: bool | None = None
) -> Derivative[P, Any, Any, Place]:
    """Return the function that computes the structure of the Jacobian.

    Parameters
    ----------
    f, argnum, check
        As for `jacobian`.

    Returns
    -------
    callable
        Of the same arguments; its result is the structure of ``jacobian(f, sparse=True)(x)``, a
        ``scipy.sparse.csr_array`` of ones: SciPy's ``jac_sparsity``.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.sparsity(lambda x: x[1:] - x[:-1] ** 2)(np.zeros(3)).toarray()
    array([[1, 1, 0],
           [0, 1, 1]], dtype=int8)
    """
    from dualnum.drivers._sparse import sparsity_driver

    return sparsity_driver(f, argnum, check)


@takes_f_alone
def value_and_jacobian(
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
) -> Derivative[P, tuple[R, Array], tuple[R, Any], Place]:
    """Return the function that computes f(x) and the Jacobian in the same passes.

    Parameters
    ----------
    f, argnum, chunk, batched, subok, lift, check, workers, progress
        As for `jacobian`.

    Returns
    -------
    callable
        Of the same arguments; its result is the pair of f(x) and the Jacobian.

    Examples
    --------
    >>> import numpy as np
    >>> import dualnum as dn
    >>> dn.value_and_jacobian(lambda x: x**2)(np.array([2.0, 3.0]))
    (array([4., 9.]), array([[4., 0.],
           [0., 6.]]))
    """
    return Driver(f, _value_and_jacobian, argnum, chunk, batched, subok, lift, check, workers, progress)


def _value_and_jacobian(driver, args, kwargs, found=None):
    value, first = driver.first_order(args, kwargs, check_leading, found)
    return unwrap(value), first
