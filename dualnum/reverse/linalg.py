"""Products of matrices and linear algebra of recorded arrays."""

import numpy as np

from dualnum._core import (
    Tape,
    is_recorded,
    is_second,
    is_sparse,
    keep,
    product,
    pulled,
    refuse,
    scaled,
    values_of,
    with_values,
)
from dualnum.reverse._rules import array_of, axes_of, kept_shape, rule, summed_to


def _product(function):
    """Return the rule of a product whose matrices, after broadcasting, are multiplied."""

    def multiply(tape: Tape, x, y, out=None, **kwargs):
        if out is not None or kwargs:
            refuse(tape, f"np.{function.__name__} with options")
        x, y = array_of(tape, x), array_of(tape, y)
        if x.ndim == 1 and y.ndim == 1:
            return _inner(tape, function, x, y)
        if function is not np.matmul and not (x.ndim <= 2 and y.ndim <= 2 and x.ndim and y.ndim):
            refuse(tape, f"np.{function.__name__} of these shapes")
        value = function(values_of(x), values_of(y))
        if is_sparse(tape):
            return _summed_product(tape, value, x, y)
        u, v = keep(tape, x), keep(tape, y)

        def pull(a):
            return [
                _by_first(a, v.values(), x.ndim, y.ndim, x.shape) if is_recorded(x) else None,
                _by_second(a, u.values(), x.ndim, y.ndim, y.shape) if is_recorded(y) else None,
            ]

        return pulled(tape, value, [x, y], pull, lambda: function(u.values(), v.values()))

    return multiply


def _summed_product(tape, value, x, y):
    """Record the products of elements, so that sparse derivatives see which elements meet."""
    u = x[np.newaxis] if x.ndim == 1 else x
    v = y[:, np.newaxis] if y.ndim == 1 else y
    u, v = u[..., np.newaxis], v[..., np.newaxis, :, :]
    dims = np.broadcast_shapes(u.shape, v.shape)
    return product(tape, value, u, v, (*dims[:-2], 1, dims[-1]), dims)


def _matrices(a, x_ndim, y_ndim):
    """Return the adjoints of a product as matrices."""
    if x_ndim == 1:
        return a[..., np.newaxis, :]
    return a[..., np.newaxis] if y_ndim == 1 else a


def _by_first(a, v, x_ndim, y_ndim, shape):
    """a v^T, of the shape of x"""
    v = v[:, np.newaxis] if y_ndim == 1 else v
    found = _matrices(a, x_ndim, y_ndim) @ v.swapaxes(-1, -2)
    return summed_to(found[..., 0, :] if x_ndim == 1 else found, shape)


def _by_second(a, u, x_ndim, y_ndim, shape):
    """u^T a, of the shape of y"""
    u = u[np.newaxis, :] if x_ndim == 1 else u
    found = u.swapaxes(-1, -2) @ _matrices(a, x_ndim, y_ndim)
    return summed_to(found[..., 0] if y_ndim == 1 else found, shape)


def _inner(tape, function, x, y):
    return product(tape, function(values_of(x), values_of(y)), x, y)


rule(np.matmul)(_product(np.matmul))


@rule(np.dot)
def _dot(tape, a, b, out=None):
    if out is not None:
        refuse(tape, "np.dot with out=")
    a, b = array_of(tape, a), array_of(tape, b)
    if a.ndim == 0 or b.ndim == 0:
        return np.multiply(a, b)
    return _product(np.dot)(tape, a, b)


@rule(np.vdot)
def _vdot(tape, a, b):
    a, b = np.ravel(array_of(tape, a)), np.ravel(array_of(tape, b))
    return _inner(tape, np.vdot, a, b)


@rule(np.inner)
def _inner_product(tape, a, b):
    a, b = array_of(tape, a), array_of(tape, b)
    if a.ndim == 1 and b.ndim == 1:
        return _inner(tape, np.inner, a, b)
    return _by_einsum(tape, np.inner, a, b, "i", "j")


def _by_einsum(tape, function, a, b, first, second):
    refuse(tape, f"np.{function.__name__} of matrices")


@rule(np.outer)
def _outer(tape, a, b, out=None):
    if out is not None:
        refuse(tape, "np.outer with out=")
    a, b = np.ravel(array_of(tape, a)), np.ravel(array_of(tape, b))
    return np.multiply(a[:, np.newaxis], b[np.newaxis, :])


@rule(np.trace)
def _trace(tape, a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype, out=out)


@rule(np.tensordot)
def _tensordot(tape, a, b, axes=2):
    """By np.dot of matrices, as NumPy does."""
    a, b = array_of(tape, a), array_of(tape, b)
    if isinstance(axes, (int, np.integer)):
        axes = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    first, second = ([each] if isinstance(each, (int, np.integer)) else list(each) for each in axes)
    first, second = [i % a.ndim for i in first], [i % b.ndim for i in second]
    free_a = [i for i in range(a.ndim) if i not in first]
    free_b = [i for i in range(b.ndim) if i not in second]
    count = int(np.prod([a.shape[i] for i in first], dtype=int))
    if a.size == 0 or b.size == 0:
        refuse(tape, "np.tensordot of empty arrays")
    at = np.transpose(a, free_a + first).reshape(-1, count)
    bt = np.transpose(b, second + free_b).reshape(count, -1)
    made = np.dot(at, bt)
    return made.reshape([a.shape[i] for i in free_a] + [b.shape[i] for i in free_b])


@rule(np.einsum)
def _einsum(tape, subscripts, *operands, out=None, optimize=False, **kwargs):
    """The adjoint of an operand is the einsum of the result's and of the other operands."""
    if out is not None or kwargs or not isinstance(subscripts, str) or "." in subscripts:
        refuse(tape, "np.einsum with options or an ellipsis")
    text = subscripts.replace(" ", "")
    inputs, _, output = text.partition("->")
    names = inputs.split(",")
    if "->" not in text:
        output = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
    operands = [array_of(tape, x) for x in operands]
    if any(len(set(name)) != len(name) for name in names):
        refuse(tape, "np.einsum of a diagonal")
    value = np.einsum(subscripts, *[values_of(x) for x in operands], optimize=optimize)
    kept = [keep(tape, x) for x in operands]
    value = np.array(value) if isinstance(value, np.ndarray) and value.base is not None else value

    def pull(a):
        return [_pulled(a, i) if is_recorded(x) else None for i, x in enumerate(operands)]

    def _pulled(a, i):
        others = [(names[k], kept[k].values()) for k in range(len(names)) if k != i]
        known = set(output).union(*(name for name, _ in others)) if others else set(output)
        own = "".join(c for c in names[i] if c in known)
        spec = ",".join([output, *(name for name, _ in others)]) + "->" + own
        found = np.einsum(spec, a, *(v for _, v in others), optimize=True)
        own_shape = operands[i].shape
        shape = [n if c in known else 1 for c, n in zip(names[i], own_shape, strict=True)]
        return np.broadcast_to(found.reshape(shape), own_shape)

    return pulled(tape, value[()], operands, pull, lambda: np.einsum(subscripts, *[k.values() for k in kept]))


@rule(np.linalg.norm)
def _norm(tape, x, ord=None, axis=None, keepdims=False):
    """x' = x / norm for the Euclidean norm."""
    x = array_of(tape, x)
    euclidean = ord is None or (ord == 2 and (x.ndim == 1 or isinstance(axis, int)))
    euclidean |= isinstance(ord, str) and ord == "fro" and axis is None and x.ndim == 2
    if euclidean:
        v = values_of(x)
        value = np.linalg.norm(v, ord, axis, keepdims)
        if is_second(tape):
            return with_values(np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)), value)
        kept = kept_shape(v.shape, axes_of(axis, v.ndim))
        with np.errstate(all="ignore"):
            slope = v / np.reshape(value, kept)
        return scaled(tape, value, [(x, slope)], kept, v.shape)
    along = (x.ndim == 1 and axis is None) or isinstance(axis, int)
    if along and ord in (1, np.inf, -np.inf):
        value = np.linalg.norm(values_of(x), ord, axis, keepdims)
        absolute = np.abs(x)
        made = {1: np.sum, np.inf: np.max, -np.inf: np.min}[ord](absolute, axis=axis, keepdims=keepdims)
        if np.array_equal(values_of(made), value):
            return made
    refuse(tape, f"np.linalg.norm with ord={ord!r}")


@rule(np.linalg.solve)
def _solve(tape, a, b):
    """x = a^-1 b: the adjoint of b is y = a^-T x', that of a is -y x^T."""
    a, b = array_of(tape, a), array_of(tape, b)
    if a.ndim != 2 or b.ndim > 2:
        refuse(tape, "np.linalg.solve of stacks")
    x = np.linalg.solve(values_of(a), values_of(b))
    matrix, right = keep(tape, a), keep(tape, b)

    def again():
        return np.linalg.solve(matrix.values(), right.values())

    def pull(adjoint):
        solution = again() if is_second(tape) else x
        y = np.linalg.solve(matrix.values().T, adjoint)
        return [-np.outer(y, solution) if y.ndim == 1 else -y @ solution.T, y]

    return pulled(tape, x.copy(), [a, b], pull, again)


@rule(np.linalg.inv)
def _inv(tape, a):
    kept = keep(tape, a)

    def again():
        return np.linalg.inv(kept.values())

    def pull(adjoint):
        transposed = again().swapaxes(-1, -2)
        return [-transposed @ adjoint @ transposed]

    return pulled(tape, np.linalg.inv(values_of(a)), [a], pull, again)


@rule(np.linalg.slogdet)
def _slogdet(tape, a):
    if a.ndim != 2:
        refuse(tape, "np.linalg.slogdet of stacks")
    sign, logarithm = found = np.linalg.slogdet(values_of(a))
    if sign == 0:
        refuse(tape, "np.linalg.slogdet of a singular matrix")
    kept = keep(tape, a)

    def pull(adjoint):
        return [adjoint * np.linalg.inv(kept.values()).T]

    made = pulled(tape, logarithm, [a], pull, lambda: np.linalg.slogdet(kept.values())[1])
    return type(found)(sign, made)


@rule(np.linalg.det)
def _det(tape, a):
    if a.ndim != 2:
        refuse(tape, "np.linalg.det of stacks")
    value = np.linalg.det(values_of(a))
    if value == 0:
        refuse(tape, "np.linalg.det of a singular matrix")
    kept = keep(tape, a)

    def again():
        return np.linalg.det(kept.values())

    def pull(adjoint):
        return [adjoint * again() * np.linalg.inv(kept.values()).T]

    return pulled(tape, value, [a], pull, again)


@rule(np.cross)
def _cross(tape, a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    a, b = array_of(tape, a), array_of(tape, b)
    if (axisa, axisb, axisc, axis) != (-1, -1, -1, None) or a.shape[-1] != 3 or b.shape[-1] != 3:
        refuse(tape, "np.cross of other than vectors along the last axis")
    x, y = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    parts = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
    return np.stack(parts, axis=-1)


def _convolution(function):
    """Return the rule of convolve or correlate, which are linear in each operand."""

    def convolve(tape: Tape, a, v, mode="full"):
        a, v = array_of(tape, a), array_of(tape, v)
        if (is_recorded(a) and is_recorded(v)) or a.ndim != 1 or v.ndim != 1:
            refuse(tape, f"np.{function.__name__} of two recorded arrays")
        value = function(values_of(a), values_of(v), mode)
        of_first = is_recorded(a)
        x, fixed = (a, np.array(v)) if of_first else (v, np.array(a))
        columns = (
            [
                function(unit, fixed, mode) if of_first else function(fixed, unit, mode)
                for unit in np.eye(x.size)
            ]
            if x.size * value.size <= 1 << 20
            else refuse(tape, f"np.{function.__name__} of large arrays")
        )
        matrix = np.array(columns)

        def jacobian():
            ones = np.ones_like(fixed)
            meet = [function(e, ones, mode) if of_first else function(ones, e, mode) for e in np.eye(x.size)]
            places, rows = np.nonzero(meet)
            return rows, places, matrix[places, rows]

        return pulled(tape, value, [x], lambda adjoint: [matrix @ adjoint], None, jacobian)

    return convolve


rule(np.convolve)(_convolution(np.convolve))
rule(np.correlate)(_convolution(np.correlate))
