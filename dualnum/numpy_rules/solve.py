"""
Inverses and solutions of linear systems.

The values are factored once; the nilpotent part is iterated: each pass of ``x += A0^-1 (b - A x)`` makes one more order
exact, whatever the levels.
"""

import math

import numpy as np

from dualnum._core import DualArray, value
from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.values import (
    components,
    degree,
    dtype_of,
    finished,
    float_operands,
    nilpotent,
    of_components,
    operands,
)

__all__ = []


def transpose(a):
    """Swap the last two axes."""
    return a.swapaxes(-1, -2)


def _divider(a0, passes):
    """Return r -> a0^-1 r: by a factorisation where there is one right-hand side, else by the inverse."""
    if passes > 1:
        inverse = np.linalg.inv(a0)
        return lambda r: inverse @ r

    def divide(r):
        numbers = components(r)
        columns = numbers.reshape(*r.shape[:-1], math.prod(numbers.shape[-2:]))
        quotient = np.linalg.solve(a0, columns)
        return of_components(quotient.reshape(*quotient.shape[:-1], *numbers.shape[-2:]), r.dtype)

    return divide


@np.errstate(all="ignore")
def solution(a, b, x, a0=None):
    """Return a^-1 b with its derivatives, given its values x and perhaps those of a; b and x are matrices."""
    a0 = value(a) if a0 is None else a0
    if degree(a.dtype) == 0:
        return _divider(a0, 1)(nilpotent(b.copy())) + x if degree(b.dtype) else x
    passes = degree(dtype_of(a, b))
    divide = _divider(a0, passes)
    for _ in range(passes):
        x = x + divide(nilpotent(b - a @ x))
    return x


@np.errstate(all="ignore")
def inverse(a, x0):
    """Return a^-1 with its derivatives, given its values."""
    x, one = x0, np.eye(a.shape[-1])
    for _ in range(degree(a.dtype)):
        x = x + x0 @ nilpotent(one - a @ x)
    return x


@numpy_rule(np.linalg.inv)
def inv(a):
    """The inverse: ``d A^-1 = -A^-1 dA A^-1``."""
    (a,) = operands("inv", a)
    values = np.linalg.inv(*float_operands(a))
    return finished(inverse(a, values), values, a.dtype)


@numpy_rule(np.linalg.solve)
def solve(a, b):
    """The solution x of ``a x = b``: ``dx = A^-1 (db - dA x)``."""
    a, b = operands("solve", a, b)
    a0, b0 = float_operands(a, b)
    values = np.linalg.solve(a0, b0)
    if b.ndim == 1:
        return finished(solution(a, b[:, None], values[..., None], a0)[..., 0], values, dtype_of(a, b))
    return finished(solution(a, b, values, a0), values, dtype_of(a, b))


@numpy_rule(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    """The inverse of a tensor as a map from its last axes to its first ind."""
    (a,) = operands("tensorinv", a)
    values = np.linalg.tensorinv(*float_operands(a), ind=ind)
    matrix = a.reshape(-1, math.prod(a.shape[ind:]))
    return finished(inverse(matrix, values.reshape(matrix.shape)).reshape(values.shape), values, a.dtype)


@numpy_rule(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """The tensor x of ``tensordot(a, x, x.ndim) = b``."""
    a, b = operands("tensorsolve", a, b)
    values = np.linalg.tensorsolve(*float_operands(a, b), axes=axes)
    if axes is not None:
        moved = [axis % a.ndim for axis in axes]
        a = a.transpose([i for i in range(a.ndim) if i not in moved] + moved)
    result = solution(a.reshape(b.size, b.size), b.reshape(-1, 1), values.reshape(-1, 1))
    return finished(result.reshape(values.shape), values, dtype_of(a, b))


@numpy_rule(np.linalg.matrix_power)
def matrix_power(a, n):
    """The product of n matrices, or of -n inverses."""
    (a,) = operands("matrix_power", a)
    values = np.linalg.matrix_power(*float_operands(a), n)
    n = int(np.asarray(n))
    if n == 1:
        return a.view(DualArray)  # as NumPy's, the array itself
    if n < 0:
        a, n = inverse(a, np.linalg.inv(value(a))), -n
    if n == 0:
        return finished(values.astype(a.dtype), values)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result, square = None, a
        while True:
            if n % 2:
                result = square if result is None else result @ square
            n //= 2
            if not n:
                break
            square = square @ square
    return finished(result.copy(), values)


@np.errstate(all="ignore")
def _full_rank_pseudoinverse(a, x0):
    """Return the pseudoinverse of a matrix of full rank, of a wide one by transposition."""
    m, n = a.shape[-2:]
    if m < n:
        return transpose(_full_rank_pseudoinverse(transpose(a), transpose(x0)))
    return inverse(a, x0) if m == n else _least_squares(a, np.eye(m), x0, x0)


def _least_squares(a, b, x, pseudoinverse):
    """
    Return the solution x of ``A' (b - A x) = 0`` for a tall matrix of full rank, given its values.

    Of the correction (A0' A0)^-1 A' (b - A x), what A0' contributes is A0^+ (b - A x), so that only the part of the
    residual that moves meets the square of the condition number.
    """
    move, gram = nilpotent(a.copy()), pseudoinverse @ transpose(pseudoinverse)
    for _ in range(degree(dtype_of(a, b))):
        rest = b - a @ x
        x = x + nilpotent(pseudoinverse @ rest + gram @ (transpose(move) @ rest))
    return x


def _pseudoinverse(name, a, x0, rank):
    """
    Return the pseudoinverse of one matrix of this rank.

    With bases Q and W of the values' range and row space, ``A = (A W) (Q' A W)^-1 (Q' A)`` as long as no derivative
    raises the rank; the pseudoinverses of the factors have full rank.
    """
    if rank == min(a.shape):
        return _full_rank_pseudoinverse(a, x0)
    u, _, vt = np.linalg.svd(value(a), full_matrices=False)
    q, w = u[:, :rank], vt[:rank].T
    tall, wide, core = a @ w, q.T @ a, q.T @ a @ w
    with np.errstate(all="ignore"):
        joined = tall @ solution(core, wide, np.linalg.solve(value(core), value(wide)))
    lost, size = components(a - joined)[..., 1:], components(a)[..., 1:]
    if np.any(np.abs(lost) > 1e-9 * np.max(np.abs(size), initial=0)):
        raise ValueError(
            f"{name}(A) of duals expects derivatives that keep the rank of A, which is {rank} of {min(a.shape)}; "
            f"where they raise it, the pseudoinverse jumps."
        )
    left = _full_rank_pseudoinverse(wide, np.linalg.pinv(value(wide)))
    return left @ core @ _full_rank_pseudoinverse(tall, np.linalg.pinv(value(tall)))


def symmetric(a, lower=True):
    """Return the symmetric matrix of which NumPy reads one triangle."""
    half = np.tril(a) if lower else np.triu(a)
    return half + transpose(np.tril(a, -1) if lower else np.triu(a, 1))


@numpy_rule(np.linalg.pinv)
def pinv(a, rcond=None, hermitian=False, **options):
    """The pseudoinverse, where derivatives keep the rank."""
    (a,) = operands("pinv", a)
    values = np.linalg.pinv(*float_operands(a), **_given(rcond=rcond), hermitian=hermitian, **options)
    a = symmetric(a) if hermitian else a
    if a.size == 0:
        return finished(values.astype(a.dtype), values)
    ranks = np.rint(np.sum(transpose(values) * value(a), axis=(-1, -2))).astype(
        int
    )  # the trace of a projection
    if np.all(ranks == min(a.shape[-2:])):
        return finished(_full_rank_pseudoinverse(a, values).copy(), values, a.dtype)
    result = np.empty(values.shape, a.dtype)
    for i in np.ndindex(ranks.shape):
        result[i] = _pseudoinverse("pinv", a[i], values[i], ranks[i])
    return finished(result, values)


def _given(**options):
    return {name: option for name, option in options.items() if option is not None}


@numpy_rule(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    """The least-squares solution, the sums of squares that are left, the rank and the singular values."""
    from dualnum.numpy_rules.singular import singular_values

    a, b = operands("lstsq", a, b)
    x0, residuals, rank, s0 = np.linalg.lstsq(*float_operands(a, b), rcond=rcond)
    columns = b[:, None] if b.ndim == 1 else b
    x = x0[:, None] if b.ndim == 1 else x0
    dtype = dtype_of(a, b)
    m, n = a.shape
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if rank == m == n:
            x = solution(a, columns, x)
        elif rank == n:
            x = _least_squares(a, columns, x, np.linalg.pinv(value(a)))
        elif a.size:
            x = _pseudoinverse("lstsq", a, np.linalg.pinv(value(a)), rank) @ columns
        else:
            x = x0.reshape(x.shape).astype(dtype)
        rest = np.sum((columns - a @ x) ** 2, axis=0) if residuals.size else residuals
        s = singular_values(a)[0] if a.size else s0
    return (
        finished(x.reshape(x0.shape), x0, dtype),
        finished(rest, residuals, dtype),
        rank,
        finished(s, s0, a.dtype),
    )
