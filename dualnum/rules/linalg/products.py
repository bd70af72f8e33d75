"""Products of vectors, matrices and tensors, computed by the compiled loops of matmul."""

import math
import operator
from typing import Any

import numpy as np

from dualnum._core import DualArray, matmul_of_values
from dualnum.rules._operands import dtype_of, float_operands, is_dual, numpy_result, operands
from dualnum.rules._registry import rule


def stored(result: Any, out: Any, name: str) -> Any:
    """Return result, or out filled with it; raise TypeError unless out is an array of duals."""
    if out is None:
        return result
    if not isinstance(out, np.ndarray) or not is_dual(out):
        raise TypeError(
            f"{name} of duals expects out=None or an array of duals, got {_kind(out)}: derivatives would be lost; "
            f"allocate it with np.zeros_like(x) or np.zeros(n, dtype=x.dtype)."
        )
    if out.shape != np.shape(result):
        raise ValueError(f"{name} of duals expects out to have shape {np.shape(result)}, got {out.shape}.")
    out[...] = result
    return out


def _kind(x):
    return f"an array of {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__


def _matrix_product(rows, columns, values):
    """Return rows @ columns, of matrices or vectors, with NumPy's values and their shape."""
    if not is_dual(rows) and not is_dual(columns):
        return values
    rows = rows[np.newaxis] if rows.ndim == 1 else rows
    columns = columns[:, np.newaxis] if columns.ndim == 1 else columns
    product = matmul_of_values(rows, columns, np.asarray(values).reshape(len(rows), columns.shape[1]))
    return product.reshape(values.shape).view(DualArray) if isinstance(values, np.ndarray) else product[0, 0]


def _scaled(function, a, b):
    """Return the product with a number and function's values, where the signs of zeros may differ from a product's."""
    values = function(*float_operands(a, b))
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        return numpy_result(np.multiply(a, b), values)


@rule(np.dot)
def dot(a, b, out=None):
    """The sum of products over the last axis of a and the last but one of b."""
    a, b = operands("dot", a, b)
    if a.ndim == 0 or b.ndim == 0:
        return stored(_scaled(np.dot, a, b), out, "dot")
    values = np.dot(*float_operands(a, b))
    columns = (
        b
        if b.ndim <= 2
        else np.moveaxis(b, -2, 0).reshape(b.shape[-2], math.prod(b.shape[:-2]) * b.shape[-1])
    )
    rows = a if a.ndim <= 2 else a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
    return stored(_matrix_product(rows, columns, values), out, "dot")


@rule(np.inner)
def inner(a, b, /):
    """The sum of products over the last axes."""
    a, b = operands("inner", a, b)
    if a.ndim == 0 or b.ndim == 0:
        return _scaled(np.inner, a, b)
    values = np.inner(*float_operands(a, b))
    rows = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
    return _matrix_product(rows, b.reshape(math.prod(b.shape[:-1]), b.shape[-1]).T, values)


@rule(np.vdot)
def vdot(a, b, /):
    """The sum of products of all entries."""
    a, b = operands("vdot", a, b)
    values = np.vdot(*float_operands(a, b))
    return _matrix_product(a.reshape(1, a.size), b.reshape(b.size, 1), values)


@rule(np.tensordot)
def tensordot(a, b, axes=2):
    """The sum of products over pairs of axes."""
    a, b = operands("tensordot", a, b)
    values = np.tensordot(*float_operands(a, b), axes)
    if np.ndim(axes) == 0 and not isinstance(axes, (list, tuple)):
        left, right = range(a.ndim - int(axes), a.ndim), range(int(axes))
    else:
        left, right = ([i] if np.ndim(i) == 0 else i for i in axes)
    left, right = [i % a.ndim for i in left], [i % b.ndim for i in right]
    a = a.transpose([i for i in range(a.ndim) if i not in left] + left)
    b = b.transpose(right + [i for i in range(b.ndim) if i not in right])
    summed = math.prod(b.shape[: len(right)])
    rows = a.reshape(math.prod(a.shape[: a.ndim - len(left)]), summed)
    return _matrix_product(rows, b.reshape(summed, math.prod(b.shape[len(right) :])), values)


@rule(np.linalg.multi_dot)
def multi_dot(arrays, *, out=None):
    """The product of a chain of matrices, in the order of multiplications that takes the fewest operations."""
    arrays = operands("multi_dot", *arrays)
    if len(arrays) == 2:
        return dot(*arrays, out=out)
    values = np.linalg.multi_dot(float_operands(*arrays))
    matrices = list(arrays)
    if matrices[0].ndim == 1:
        matrices[0] = matrices[0][None, :]
    if matrices[-1].ndim == 1:
        matrices[-1] = matrices[-1][:, None]
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        result = _matrix_product(*_chain(matrices), values)
    return stored(result, out, "multi_dot")


def _chain(matrices):
    """Return the two last factors of a product of matrices; dynamic programming finds the best order."""
    sizes = [m.shape[0] for m in matrices] + [matrices[-1].shape[1]]
    n = len(matrices)
    cost = {(i, i): 0 for i in range(n)}
    cut = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length

            def total(k, i=i, j=j):
                return cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]

            cut[i, j] = min(range(i, j), key=total)
            cost[i, j] = total(cut[i, j])

    def factors(i, j):
        return product(i, cut[i, j]), product(cut[i, j] + 1, j)

    def product(i, j):
        return matrices[i] if i == j else np.matmul(*factors(i, j))

    return factors(0, n - 1)


_CHUNK = 1 << 17  # entries of the windows in one product


@np.errstate(all="ignore")
def _sliding(a, v, before, after):
    """Return the sums of products of v with each window of a, padded with so many zeros before and after."""
    padded = np.concatenate([np.zeros(before), a, np.zeros(after)])
    count = len(padded) - len(v) + 1
    windows = np.ndarray((count, len(v)), padded.dtype, buffer=padded, strides=(padded.strides[0],) * 2)
    rows = max(1, _CHUNK // len(v))
    return np.concatenate([windows[i : i + rows] @ v for i in range(0, count, rows)])


def _mode(mode):
    return mode[0].lower() if isinstance(mode, str) else "vsf"[operator.index(mode)]


def _correlated(a, v, mode):
    swapped = len(v) > len(a)
    if swapped:
        a, v = v, a
    n = len(v)
    before, after = {"v": (0, 0), "s": (n // 2, n - n // 2 - 1), "f": (n - 1, n - 1)}[_mode(mode)]
    result = _sliding(a, v, before, after)
    return result[::-1] if swapped else result


@rule(np.convolve)
def convolve(a, v, mode="full"):
    """The sums of products of a with the reverse of v at every offset."""
    a, v = (x.reshape(1) if x.ndim == 0 else x for x in operands("convolve", a, v))
    values = np.convolve(*float_operands(a, v), mode)
    if len(v) > len(a):
        a, v = v, a
    return numpy_result(_correlated(a, v[::-1], mode).copy(), values, dtype_of(a, v))


@rule(np.correlate)
def correlate(a, v, mode="valid"):
    """The sums of products of a with v at every offset."""
    a, v = operands("correlate", a, v)
    values = np.correlate(*float_operands(a, v), mode)
    return numpy_result(_correlated(a, v, mode).copy(), values, dtype_of(a, v))
