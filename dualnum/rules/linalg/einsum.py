"""Einstein's summation, one pair of operands after another; each pair is one product of stacks of matrices."""

import functools
import itertools
import math

import numpy as np

from dualnum._core import DualArray, DualDType, matmul_of_values
from dualnum.rules._operands import dtype_of, float_operands, is_dual, numpy_result, operands
from dualnum.rules._registry import rule
from dualnum.rules.linalg.products import stored

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@rule(np.einsum)
def einsum(*arguments, out=None, dtype=None, optimize=False, **options):
    """The product of the operands, summed over the indices that the output lacks."""
    if not (dtype is None or isinstance(dtype, DualDType) or np.dtype(dtype) == float):
        raise TypeError(f"einsum of duals expects dtype=None, got {dtype!r}; a product of duals is dual.")
    if arguments and isinstance(arguments[0], bytes):
        arguments = (arguments[0].decode(), *arguments[1:])
    if arguments and isinstance(arguments[0], str):
        places, subscripts = slice(1, None), arguments[:1]
    else:  # each operand is followed by its list of indices; the last argument may be that of the output
        pairs = len(arguments) // 2
        places, subscripts = slice(0, 2 * pairs, 2), [*arguments[1 : 2 * pairs : 2], *arguments[2 * pairs :]]
    if not arguments[places]:
        raise ValueError(
            "einsum expects subscripts and at least one operand, or an operand and its subscripts."
        )
    if any(is_dual(x) for x in subscripts):
        raise TypeError("einsum expects subscripts to be text or lists of integers, got duals.")
    arrays, given = operands("einsum", *arguments[places]), list(arguments)
    given[places] = float_operands(*arrays)
    values = np.einsum(*given, optimize=optimize, **options)  # NumPy's own checks of the subscripts, too
    text = subscripts[0] if places.step is None else _text(subscripts, len(arrays))
    terms, output = _subscripts(text, tuple([x.ndim for x in arrays]))
    result = _contracted(terms, output, arrays, values)
    if len(arrays) == 1 and out is None and np.may_share_memory(values, given[places][0]):
        return result.view(DualArray)  # a view of the operand that can be written to, as in NumPy
    return stored(numpy_result(result, values, dtype_of(*arrays)), out, "einsum")


def _text(lists, operands):
    """Return subscripts as text, given a list of integers for each operand and perhaps one for the output."""
    numbers = sorted({index for indices in lists for index in indices if index is not Ellipsis})
    letter = dict(zip(numbers, LETTERS, strict=False)) | {Ellipsis: "..."}
    texts = ["".join([letter[index] for index in indices]) for indices in lists]
    return "->".join([",".join(texts[:operands]), *texts[operands:]])


@functools.lru_cache(256)
def _subscripts(text, axes):
    """Return (terms, output): a string of index letters for each operand, with this number of axes, and the output's.

    Letters beyond ASCII stand for the axes of ellipses.
    """
    left, arrow, right = text.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow:
        letters = left.replace(",", "").replace("...", "")
        right = "..." + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if "..." not in left:
        return terms, right.replace("...", "")
    used = set(left + right)
    free = [chr(i) for i in range(0x100, 0x200) if chr(i) not in used]
    unnamed = [n - len(t.replace("...", "")) for n, t in zip(axes, terms, strict=True)]
    longest = max(n for n, t in zip(unnamed, terms, strict=True) if "..." in t)
    dots = "".join(free[:longest])
    spelled = [t.replace("...", dots[longest - n :]) for n, t in zip(unnamed, terms, strict=True)]
    return spelled, right.replace("...", dots)


@np.errstate(all="ignore")
def _contracted(terms, output, arrays, values):
    """Return the whole sum; each step sums over the indices that neither the output nor other operands have."""
    work = []
    for i, (term, array) in enumerate(zip(terms, arrays, strict=True)):
        work.append(_reduced(term, array, _needed(output, terms[:i] + terms[i + 1 :])))
    if len(work) > 2:
        letters, shapes = zip(*[(t, a.shape) for t, a in work], strict=True)
        order = _order(letters, shapes, output)
    else:
        order = [(0, 1)] if len(work) == 2 else []
    for i, j in order:
        pair = work[i], work[j]
        work = [w for k, w in enumerate(work) if k not in (i, j)]
        keep = _needed(output, [t for t, _ in work])
        work.append(_pair(*pair, keep, None if work else (output, values)))
    ((term, array),) = work
    return _arranged(array, term, output)


def _needed(output, others):
    return "".join([output, *others])


def _reduced(term, array, keep):
    """Return (term, array) with repeated indices replaced by diagonals, and summed over indices not in keep."""
    for c in dict.fromkeys(term) if len(set(term)) < len(term) else ():
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
    lone = tuple([i for i, c in enumerate(term) if c not in keep])
    if lone:
        array = np.asarray(array.sum(axis=lone))
        term = "".join([c for c in term if c in keep])
    return term, array


def _diagonal(array, first, second):
    """Return a view of the diagonal along two axes, as the last axis, that is writeable if the array is."""
    diagonal = np.diagonal(array, axis1=first, axis2=second)
    diagonal.flags.writeable = array.flags.writeable
    return diagonal


@functools.lru_cache(256)
def _order(terms, shapes, output):
    """Return the pairs of places in the order of multiplication: each time the pair with the least _cost."""
    sizes = {}
    for t, shape in zip(terms, shapes, strict=True):
        for c, n in zip(t, shape, strict=True):
            sizes[c] = max(n, sizes.get(c, 1))
    terms = [set(t) for t in terms]
    pairs = []
    while len(terms) > 1:
        candidates = itertools.combinations(range(len(terms)), 2)
        i, j = min(candidates, key=lambda pair: _cost(terms, sizes, output, *pair))
        joined = _joined(terms, output, i, j)
        terms = [t for k, t in enumerate(terms) if k not in (i, j)] + [joined]
        pairs.append((i, j))
    return pairs


def _joined(terms, output, i, j):
    """Return the indices that the product of two terms keeps."""
    return (terms[i] | terms[j]) & set(output).union(*[t for k, t in enumerate(terms) if k not in (i, j)])


def _cost(terms, sizes, output, i, j):
    """Return the key of a pair: whether its product needs more memory, the operations, and how much more memory."""

    def count(letters):
        return math.prod(sizes[c] for c in letters)

    grown = count(_joined(terms, output, i, j)) - count(terms[i]) - count(terms[j])
    return grown > 0, count(terms[i] | terms[j]), grown


@functools.lru_cache(256)
def _axes(term, order):
    """Return the axes of a term in the order of these letters, and an index that inserts the axes that it lacks."""
    axes = [term.index(c) for c in order if c in term]
    return axes, tuple([slice(None) if c in term else None for c in order])


def _arranged(array, term, order):
    """Return the array with its axes in the order of these letters; an axis that it lacks gets length 1."""
    axes, index = _axes(term, order)
    return array.transpose(axes)[index]


@functools.lru_cache(256)
def _matrices(s, t, keep, m, n):
    """Return how terms s and t of shapes m and n become matrices whose product sums over the indices that are not kept.

    The result is (letters of the product, its shape, its shape as a stack of matrices, first, second).  `first` and
    `second` are (letters, broadcast shape, shape as a stack of matrices) of the terms.  If nothing is summed, all but
    the letters are None.
    """
    sizes = dict(zip(t, n, strict=True))
    sizes |= {c: max(k, sizes.get(c, 1)) for c, k in zip(s, m, strict=True)}
    if 0 in m or 0 in n:
        sizes |= {c: 0 for c, k in [*zip(s, m, strict=True), *zip(t, n, strict=True)] if k == 0}
    stack = "".join([c for c in s if c in t and c in keep])
    rows = "".join([c for c in s if c not in t])
    columns = "".join([c for c in t if c not in s])
    summed = "".join([c for c in s if c in t and c not in keep])
    letters = stack + rows + columns
    if not summed:
        return letters, None, None, None, None

    def shape(*groups):
        return tuple([math.prod([sizes[c] for c in group]) for group in groups])

    def matrices(term, shape_of_term, first, second):
        heads = [shape_of_term[term.index(c)] for c in stack]
        return stack + first + second, (*heads, *shape(*first, *second)), (*heads, *shape(first, second))

    operands = matrices(s, m, rows, summed), matrices(t, n, summed, columns)
    return letters, shape(*letters), shape(*stack, rows, columns), *operands


def _pair(left, right, keep, known):
    """Return (term, array) of the product of two operands, summed over the indices that are not in keep.

    For the last pair, known is (term, array) of the values of the result.
    """
    (s, a), (t, b) = left, right
    letters, shape, matrix, first, second = _matrices(s, t, keep, a.shape, b.shape)
    if shape is None:
        return letters, _arranged(a, s, letters) * _arranged(b, t, letters)
    a, b = _as_matrices(a, s, *first), _as_matrices(b, t, *second)
    if known and (is_dual(a) or is_dual(b)):
        product = matmul_of_values(a, b, _arranged(known[1], known[0], letters).reshape(matrix))
    else:
        product = np.matmul(a, b)
    return letters, product.reshape(shape)


def _as_matrices(array, term, letters, broadcast, shape):
    array = _arranged(array, term, letters)
    return (array if array.shape == broadcast else np.broadcast_to(array, broadcast)).reshape(shape)
