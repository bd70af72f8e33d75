"""Products: sums of products, differentiated operand by operand."""

import math
import string

import numpy as np

from dualnum._core import DualArray, seed_tangents, split, value
from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.values import carries, float_operands, with_values

__all__ = []


def _stored(result, out):
    if out is None:
        return result
    if not isinstance(out, np.ndarray) or not carries(out):
        raise TypeError(
            "a product of duals cannot be stored in an out= array of another dtype without losing derivatives; "
            "allocate it with np.zeros_like(x)."
        )
    if out.shape != np.shape(result):
        raise ValueError(f"a product of shape {np.shape(result)} does not fit an out= array of shape {out.shape}.")
    out[...] = result
    return out


@numpy_rule(np.dot)
def dot(a, b, out=None):
    """The sum of products over the last axis of a and the last but one of b."""
    a, b = np.asarray(a), np.asarray(b)
    values = np.dot(*float_operands(a, b))
    if a.ndim == 0 or b.ndim == 0:
        return _stored(np.multiply(a, b).view(DualArray)[()], out)
    columns = b if b.ndim == 1 else np.moveaxis(b, -2, 0)
    rows = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        flat = np.matmul(rows, columns.reshape(columns.shape[0], math.prod(columns.shape[1:])))
    return _stored(with_values(flat.reshape(values.shape), values), out)


@numpy_rule(np.einsum)
def einsum(*operands, out=None, dtype=None, **kwargs):
    """The sum over the indices that the output lacks of the product of the operands."""
    if dtype is not None:
        raise TypeError(f"einsum of duals expects dtype=None, got {dtype!r}; a product of duals is dual.")
    positions = [i for i, _ in enumerate(operands) if _is_array(operands, i)]
    arrays = [np.asarray(operands[i]) for i in positions]
    plain = list(operands)
    for i, array in zip(positions, float_operands(*arrays), strict=True):
        plain[i] = array
    values = np.einsum(*plain, **kwargs)  # NumPy's own checks of the subscripts, too
    terms, output = _subscripts(operands, arrays)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        finite = all(np.isfinite(value(array)).all() for array in arrays)
        result = (_product_rule if finite else _by_elements)(terms, output, arrays)
    return _stored(with_values(result, values), out)


def _is_array(operands, i):
    """Whether argument i of einsum is an array: all but the subscripts, which may stand behind each array as a list."""
    if isinstance(operands[0], str):
        return i > 0
    return i % 2 == 0 and i < len(operands) - len(operands) % 2


def _subscripts(operands, arrays):
    """Return one string of index letters an operand, and the output's, with ellipses spelled out."""
    if isinstance(operands[0], str):
        left, arrow, right = operands[0].replace(" ", "").partition("->")
        terms = left.split(",")
    else:
        lists = list(operands[1::2]) + ([operands[-1]] if len(operands) % 2 else [])
        numbers = sorted({index for indices in lists for index in indices if index is not Ellipsis})
        letter = dict(zip(numbers, string.ascii_letters, strict=False)) | {Ellipsis: "..."}
        texts = ["".join(letter[index] for index in indices) for indices in lists]
        terms, arrow, right = texts[: len(arrays)], len(operands) % 2 == 1, texts[-1]
    free = [c for c in string.ascii_letters if not any(c in term for term in [*terms, right])]
    longest = max((a.ndim - len(t.replace("...", "")) for a, t in zip(arrays, terms, strict=True) if "..." in t), default=0)
    dots = "".join(free[:longest])
    spelled = []
    for array, term in zip(arrays, terms, strict=True):
        axes = array.ndim - len(term.replace("...", ""))
        spelled.append(term.replace("...", dots[longest - axes :]))
    if not arrow:
        letters = "".join(terms).replace("...", "")
        right = "..." + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return spelled, right.replace("...", dots)


def _product_rule(terms, output, arrays):
    """Level by level: the tangents are the sum over the operands of the product with that operand's tangents."""
    levels = {level for array in arrays if carries(array) for level in array.dtype.levels}
    call = ",".join(terms) + "->" + output
    if not levels:
        return np.einsum(call, *arrays)
    level = max(levels, key=lambda level: level.age)
    split_arrays = [split(array, level) for array in arrays]
    primals = [primal for primal, _ in split_arrays]
    index = next(c for c in string.ascii_letters if c not in call)
    tangents = 0
    for i, (_, tangent) in enumerate(split_arrays):
        if tangent is not None:
            moved = [*primals[:i], tangent, *primals[i + 1 :]]
            tangents = tangents + _product_rule([*terms[:i], terms[i] + index, *terms[i + 1 :]], output + index, moved)
    return seed_tangents(np.asarray(_product_rule(terms, output, primals)), level, tangents)


def _by_elements(terms, output, arrays):
    """The product element by element, whose zero tangents stay zero beside values that are not finite."""
    summed = "".join(sorted(set("".join(terms)) - set(output)))
    letters = output + summed
    product = np.asarray(1.0)
    for term, array in zip(terms, arrays, strict=True):
        for c in [c for c in dict.fromkeys(term) if term.count(c) > 1]:
            while term.count(c) > 1:  # a repeated index takes the diagonal, which comes last
                first, second = term.index(c), term.index(c, term.index(c) + 1)
                array = np.diagonal(np.asarray(array), axis1=first, axis2=second)
                term = term[:first] + term[first + 1 : second] + term[second + 1 :] + c
        kept = [c for c in letters if c in term]
        array = np.transpose(np.asarray(array), [term.index(c) for c in kept])
        product = product * array[tuple(slice(None) if c in kept else None for c in letters)]
    return np.sum(product, axis=tuple(range(len(output), len(letters))))
