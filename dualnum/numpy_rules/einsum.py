"""Einstein's summation: pair by pair of operands, each pair one product of stacks of matrices."""

import itertools
import math

import numpy as np

from dualnum._core import DualArray, DualDType, matmul_of_values
from dualnum.numpy_rules import numpy_rule
from dualnum.numpy_rules.products import stored
from dualnum.numpy_rules.values import carries, dtype_of, finished, float_operands, operands

__all__ = []

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@numpy_rule(np.einsum)
def einsum(*arguments, out=None, dtype=None, optimize=False, **options):
    """The sum over the indices that the output lacks of the product of the operands."""
    if not (dtype is None or isinstance(dtype, DualDType) or np.dtype(dtype) == float):
        raise TypeError(f"einsum of duals expects dtype=None, got {dtype!r}; a product of duals is dual.")
    if arguments and isinstance(arguments[0], bytes):
        arguments = (arguments[0].decode(), *arguments[1:])
    positions = [i for i, _ in enumerate(arguments) if _is_array(arguments, i)]
    if not positions:
        raise ValueError(
            "einsum expects subscripts and at least one operand, or an operand and its subscripts."
        )
    if any(carries(x) for i, x in enumerate(arguments) if i not in positions):
        raise TypeError("einsum expects subscripts to be text or lists of integers, got duals.")
    arrays = operands("einsum", *[arguments[i] for i in positions])
    plain = list(arguments)
    for i, array in zip(positions, float_operands(*arrays), strict=True):
        plain[i] = array
    values = np.einsum(*plain, optimize=optimize, **options)  # NumPy's own checks of the subscripts, too
    terms, output = _subscripts(arguments, arrays)
    result = _contracted(terms, output, arrays, values)
    if len(arrays) == 1 and out is None and np.may_share_memory(values, plain[positions[0]]):
        return result.view(DualArray)  # as NumPy's, a view of the operand, which can be written to
    return stored(finished(result, values, dtype_of(*arrays)), out, "einsum")


def _is_array(arguments, i):
    """Whether an argument is an array: all but the subscripts, which may stand behind each array as a list."""
    if isinstance(arguments[0], str):
        return i > 0
    return i % 2 == 0 and i < len(arguments) - len(arguments) % 2


def _subscripts(arguments, arrays):
    """Return one string of index letters an operand, and the output's, with ellipses spelled out."""
    if isinstance(arguments[0], str):
        left, arrow, right = arguments[0].replace(" ", "").partition("->")
        terms = left.split(",")
    else:
        lists = list(arguments[1::2]) + ([arguments[-1]] if len(arguments) % 2 else [])
        numbers = sorted({index for indices in lists for index in indices if index is not Ellipsis})
        letter = dict(zip(numbers, LETTERS, strict=False)) | {Ellipsis: "..."}
        texts = ["".join(letter[index] for index in indices) for indices in lists]
        terms, arrow, right = texts[: len(arrays)], len(arguments) % 2 == 1, texts[-1]
    if not arrow:
        letters = "".join(terms).replace("...", "")
        right = "..." + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if not any("..." in term for term in terms):
        return terms, right.replace("...", "")
    used = set("".join(terms)) | set(right)
    free = [chr(i) for i in range(0x100, 0x200) if chr(i) not in used]  # letters that no one writes
    longest = max(
        a.ndim - len(t.replace("...", "")) for a, t in zip(arrays, terms, strict=True) if "..." in t
    )
    dots = "".join(free[:longest])
    spelled = []
    for array, term in zip(arrays, terms, strict=True):
        axes = array.ndim - len(term.replace("...", ""))
        spelled.append(term.replace("...", dots[longest - axes :]))
    return spelled, right.replace("...", dots)


@np.errstate(all="ignore")
def _contracted(terms, output, arrays, values):
    """Return the whole sum of duals; each step drops the indices that nothing else needs."""
    work = [
        _reduced(t, a, _needed(terms, i, output)) for i, (t, a) in enumerate(zip(terms, arrays, strict=True))
    ]
    if len(work) > 2:
        order = _order(work, output)
    else:
        order = [(0, 1)] if len(work) == 2 else []
    for i, j in order:
        pair = work[i], work[j]
        work = [w for k, w in enumerate(work) if k not in (i, j)]
        keep = set(output).union(*[t for t, _ in work])
        work.append(_pair(*pair, keep, None if work else (output, values)))
    ((term, array),) = work
    return _arranged(array, term, output)


def _needed(terms, i, output):
    return set(output).union(*[t for k, t in enumerate(terms) if k != i])


def _reduced(term, array, keep):
    """Return an operand with repeated indices taken along their diagonal and lone ones summed."""
    for c in [c for c in dict.fromkeys(term) if term.count(c) > 1]:
        while term.count(c) > 1:
            first = term.index(c)
            second = term.index(c, first + 1)
            n = max(array.shape[first], array.shape[second])
            if array.shape[first] != array.shape[second]:  # an axis of length 1 stretches
                shape = list(array.shape)
                shape[first] = shape[second] = n
                array = np.broadcast_to(array, shape)
            array = _diagonal(array, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + c
    lone = tuple(i for i, c in enumerate(term) if c not in keep)
    if lone:
        array = np.asarray(np.sum(array, axis=lone))
        term = "".join(c for c in term if c in keep)
    return term, array


def _diagonal(array, first, second):
    """Return a view of the diagonal along two axes, which comes last, as writeable as the array."""
    diagonal = np.diagonal(array, axis1=first, axis2=second)
    diagonal.flags.writeable = array.flags.writeable
    return diagonal


def _order(work, output):
    """Return pairs of places, the cheapest product first."""
    terms = [set(t) for t, _ in work]
    sizes = {}
    for t, a in work:
        for c, n in zip(t, a.shape, strict=True):
            sizes[c] = max(n, sizes.get(c, 1))
    pairs = []
    while len(terms) > 1:
        i, j = min(
            itertools.combinations(range(len(terms)), 2), key=lambda pair: _cost(terms, sizes, output, *pair)
        )
        joined = _joined(terms, output, i, j)
        terms = [t for k, t in enumerate(terms) if k not in (i, j)] + [joined]
        pairs.append((i, j))
    return pairs


def _joined(terms, output, i, j):
    """Return the indices that the product of two terms keeps."""
    return (terms[i] | terms[j]) & set(output).union(*[t for k, t in enumerate(terms) if k not in (i, j)])


def _cost(terms, sizes, output, i, j):
    """Return what a pair is chosen by: whether it grows what is stored, its operations, and how much it grows."""

    def count(letters):
        return math.prod(sizes[c] for c in letters)

    grown = count(_joined(terms, output, i, j)) - count(terms[i]) - count(terms[j])
    return grown > 0, count(terms[i] | terms[j]), grown


def _arranged(array, term, order):
    """Return the array with its axes in the order of these letters, of length 1 where it lacks one."""
    array = array.transpose([term.index(c) for c in order if c in term])
    return array[tuple(slice(None) if c in term else None for c in order)]


def _pair(left, right, keep, known):
    """
    Return the term and the sum of products of two operands over the indices that need not be kept.

    Of the last pair the result's values are known: a term and an array.
    """
    (s, a), (t, b) = left, right
    shape = dict(zip(t, b.shape, strict=True))
    shape |= {c: max(n, shape.get(c, 1)) for c, n in zip(s, a.shape, strict=True)}
    if 0 in a.shape or 0 in b.shape:
        shape |= {c: 0 for x, u in ((a, s), (b, t)) for c, n in zip(u, x.shape, strict=True) if n == 0}
    summed = [c for c in s if c in t and c not in keep]
    rows = [c for c in s if c not in t]
    columns = [c for c in t if c not in s]
    stack = [c for c in s if c in t and c in keep]
    if not summed:
        letters = [*stack, *rows, *columns]
        return "".join(letters), _arranged(a, s, letters) * _arranged(b, t, letters)

    def count(letters):
        return math.prod(shape[c] for c in letters)

    def matrix(array, term, first, second):
        array = _arranged(array, term, [*stack, *first, *second])
        head = array.shape[: len(stack)]
        tail = [shape[c] for c in [*first, *second]]
        if list(array.shape[len(stack) :]) != tail:
            array = np.broadcast_to(array, (*head, *tail))
        return array.reshape(*head, count(first), count(second))

    letters, sizes = [*stack, *rows, *columns], [count((c,)) for c in stack]
    a, b = matrix(a, s, rows, summed), matrix(b, t, summed, columns)
    if known and (carries(a) or carries(b)):
        values = _arranged(np.asarray(known[1]), known[0], letters)
        product = matmul_of_values(a, b, values.reshape(*sizes, count(rows), count(columns)))
    else:
        product = np.matmul(a, b)
    return "".join(letters), product.reshape([shape[c] for c in letters])
