"""Inverses, solutions of linear systems, least squares and powers of complex matrices, by their real embeddings."""

import math

import numpy as np

from dualnum._core import DualArray, real_dtype, register_function_of_complex, value
from dualnum.rules._components import degree
from dualnum.rules._operands import float_operands
from dualnum.rules.complex._matrices import (
    embedded,
    from_embedded,
    from_stacked,
    hermitian,
    operands,
    stacked,
    with_values_of_numpy,
)
from dualnum.rules.linalg._helpers import EPSILON, inverse, solution
from dualnum.rules.linalg.pseudoinverse import full_rank_pseudoinverse, least_squares, pseudoinverse_of_rank
from dualnum.rules.numpy_patches import numpy_implementation


def _common(*arrays):
    """Return the dtype of real duals with the levels of all arrays."""
    return real_dtype(np.result_type(*[x.dtype for x in arrays]))


def inv(a):
    """np.linalg.inv."""
    (a,) = operands("inv", a)
    values = np.linalg.inv(*float_operands(a))
    return with_values_of_numpy(from_embedded(inverse(embedded(a), embedded(values))), values, _common(a))


def solve(a, b):
    """np.linalg.solve."""
    a, b = operands("solve", a, b)
    values = np.linalg.solve(*float_operands(a, b))
    columns, x = (b[:, None], values[..., None]) if b.ndim == 1 else (b, values)
    x = solution(embedded(a), stacked(columns), stacked(x))
    return with_values_of_numpy(from_stacked(x), values, _common(a, b))


def tensorinv(a, ind=2):
    """np.linalg.tensorinv."""
    (a,) = operands("tensorinv", a)
    values = np.linalg.tensorinv(*float_operands(a), ind=ind)
    matrix = a.reshape(-1, math.prod(a.shape[ind:]))
    result = inverse(embedded(matrix), embedded(values.reshape(matrix.shape)))
    return with_values_of_numpy(from_embedded(result), values, _common(a))


def tensorsolve(a, b, axes=None):
    """np.linalg.tensorsolve."""
    a, b = operands("tensorsolve", a, b)
    values = np.linalg.tensorsolve(*float_operands(a, b), axes=axes)
    if axes is not None:
        last = [axis % a.ndim for axis in axes]
        a = a.transpose([i for i in range(a.ndim) if i not in last] + last)
    matrix, columns = a.reshape(b.size, b.size), b.reshape(-1, 1)
    x = solution(embedded(matrix), stacked(columns), stacked(values.reshape(-1, 1)))
    return with_values_of_numpy(from_stacked(x), values, _common(a, b))


def matrix_power(a, n):
    """np.linalg.matrix_power."""
    (a,) = operands("matrix_power", a)
    values = np.linalg.matrix_power(*float_operands(a), n)
    if n == 1:
        return a.view(DualArray)  # not a copy, as in NumPy
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        power = np.linalg.matrix_power(embedded(a).view(DualArray), n)
    return with_values_of_numpy(from_embedded(power), values, _common(a))


def pinv(a, rcond=None, hermitian=False, **options):
    """np.linalg.pinv, for the singular values that NumPy keeps."""
    (a,) = operands("pinv", a)
    (a0,) = float_operands(a)
    options |= {"rcond": rcond, "hermitian": hermitian}
    values = np.linalg.pinv(a0, **options)
    if a.size == 0:
        return with_values_of_numpy(values, values, _common(a))
    shape, a = a.shape[-2:], _whole(a) if hermitian else a
    cutoff = options.get("rtol", 1e-15) if rcond is None else rcond
    cutoffs = np.broadcast_to(max(shape) * EPSILON if cutoff is None else cutoff, a.shape[:-2])
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        s = np.linalg.svd(a0, compute_uv=False, hermitian=hermitian)
        ranks = np.sum(s > cutoffs[..., None] * s[..., :1], axis=-1)
        real, x0 = embedded(a), embedded(values)
        if (ranks == min(shape)).all():
            result = full_rank_pseudoinverse(real, x0)
        else:
            result = np.empty(x0.shape, real.dtype)
            for i in np.ndindex(ranks.shape):
                result[i] = _pseudoinverse("pinv", real[i], x0[i], ranks[i], cutoffs[i])
    return with_values_of_numpy(from_embedded(result), values, _common(a))


_whole = hermitian  # pinv has an argument of this name


def _pseudoinverse(name, real, x0, rank, cutoff):
    """Return the pseudoinverse of an embedded matrix with x0 as values, where the complex one has this rank."""
    if 2 * rank == min(real.shape):
        return full_rank_pseudoinverse(real, x0)
    svd = np.linalg.svd(value(real), full_matrices=False)
    return pseudoinverse_of_rank(name, real, svd, 2 * rank, cutoff, copies=2)


def lstsq(a, b, rcond=None):
    """np.linalg.lstsq: the solution, the sums of squared residuals, the rank and the singular values."""
    a, b = operands("lstsq", a, b)
    x0, residuals, rank, s0 = np.linalg.lstsq(*float_operands(a, b), rcond=rcond)
    dtype, real = _common(a, b), embedded(a)
    columns, x = (b[:, None], x0[:, None]) if b.ndim == 1 else (b, x0)
    columns, x = stacked(columns), stacked(x)
    m, n = a.shape
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        if rank == m == n:
            x = solution(real, columns, x)
        elif rank == n:
            x = least_squares(real, columns, x, np.linalg.pinv(value(real), 0.0))
        elif a.size:
            inverse0 = np.linalg.pinv(value(real), 0.0) if rank == m else None
            cutoff = max(m, n) * EPSILON if rcond is None else rcond
            x = _pseudoinverse("lstsq", real, inverse0, rank, cutoff) @ columns
        squares = np.sum((columns - real @ x) ** 2, axis=0) if residuals.size else residuals
        s = np.linalg.svdvals(a) if a.size and degree(a.dtype) else s0
    return (
        with_values_of_numpy(from_stacked(x), x0, dtype),
        with_values_of_numpy(squares, residuals, dtype),
        rank,
        with_values_of_numpy(s, s0, dtype),
    )


for _rule in (inv, solve, tensorinv, tensorsolve, matrix_power, pinv, lstsq):
    register_function_of_complex(getattr(np.linalg, _rule.__name__), _rule)
register_function_of_complex(np.linalg.multi_dot, numpy_implementation(np.linalg.multi_dot))
