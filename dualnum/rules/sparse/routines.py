"""scipy.sparse: its compiled routines trust the type number of an array and crash on duals, so they get floats alone.

Sparse matrices reach them with dual data in ways that no constructor checks: ``dia * d``, ``csr.multiply(x)``,
``csr.data = x``.  A routine that copies, moves or adds elements runs once for each component of a dual; a product runs
for pairs of components; one that keeps elements that are not zero decides by all components; the others refuse.
"""

import functools
import operator
import sys
import types

import numpy as np
from scipy import sparse
from scipy.sparse import _sparsetools

from dualnum._core import DUAL_DTYPES, real_dtype, value
from dualnum.rules._components import bilinear, components, from_components
from dualnum.rules._operands import has_duals
from dualnum.rules.sparse import refuse

__all__: list[str] = []

#: Routines that are linear in their arrays of numbers, the last of which they may add to or overwrite.
LINEAR = frozenset(
    """
    bsr_diagonal bsr_sort_indices bsr_tocsr bsr_transpose coo_tocsr coo_todense coo_todense_nd csr_column_index2
    csr_diagonal csr_hstack csr_row_index csr_row_slice csr_sample_values csr_sort_indices csr_sum_duplicates csr_tobsr
    csr_tocsc csr_todense get_csr_submatrix
    """.split()
)
#: Routines of two matrices whose results keep what is not zero, by the operation on their elements.
ELEMENTWISE = {
    "plus": np.add, "minus": np.subtract, "elmul": np.multiply, "eldiv": np.divide, "maximum": np.maximum,
    "minimum": np.minimum,
}  # fmt: skip
COMPARISONS = {name: getattr(operator, name) for name in ("lt", "gt", "le", "ge", "ne")}


def guarded(function):
    """Return a compiled routine that gets the components of duals, or refuses these."""
    name = function.__name__
    a, _, rest = name.partition("_")
    operation, _, b = rest.rpartition("_")
    if name in LINEAR:
        on_duals = _by_component
    elif a == b == "csr" and operation in ELEMENTWISE:
        on_duals = functools.partial(_elementwise, ELEMENTWISE[operation])
    elif a == b and operation in COMPARISONS:
        on_duals = _of_values
    else:
        on_duals = OTHERS.get(name, refuse)

    @functools.wraps(function)
    def routine(*args):
        for x in args:
            if isinstance(x, np.ndarray) and type(x.dtype) in DUAL_DTYPES:
                return on_duals(function, *args)
        return function(*args)

    return routine


def _require_dual(function, x, *others):
    """Let lifted code make an array of floats dual that would have to hold duals; refuse it elsewhere."""
    if has_duals(x):
        return
    from dualnum.lifting import storage

    storage.learn(x, next(y for y in others if has_duals(y)))
    refuse(function)


def _is_number(x):
    return isinstance(x, np.ndarray) and (type(x.dtype) in DUAL_DTYPES or x.dtype.kind in "fc")


def _by_component(function, *args):
    """Run a linear routine for each component; index arrays that it writes are the same each time."""
    numbers = [i for i, x in enumerate(args) if _is_number(x)]
    _require_dual(function, *[args[i] for i in reversed(numbers)])
    dtype = np.result_type(*[args[i].dtype for i in numbers])
    parts = {i: np.moveaxis(components(np.asarray(args[i]).astype(dtype)), -1, 0) for i in numbers}
    results, indices = [], None
    for k in range(real_dtype(dtype).itemsize // 8):
        given = [parts[i][k].copy() if i in parts else np.copy(x) if isinstance(x, np.ndarray) else x
                 for i, x in enumerate(args)]  # fmt: skip
        results.append(function(*given))
        for i in numbers:
            parts[i][k] = given[i]
        indices = given if k == 0 else indices
    for i, x in enumerate(args):
        if i in parts:
            if has_duals(x):
                x[...] = from_components(np.moveaxis(parts[i], 0, -1), dtype)
        elif isinstance(x, np.ndarray) and x.flags.writeable:
            x[...] = indices[i]
    first = results[0]
    if not isinstance(first, tuple):
        return first
    stacked = [
        from_components(np.stack([r[i] for r in results], axis=-1), dtype) if _is_number(item) else item
        for i, item in enumerate(first)
    ]
    return tuple(stacked)


def _product(function, n, m, ap, aj, ax, bp, bj, bx, cp, cj, cx):
    """Products of two matrices: the routine drops sums that are 0, so the pattern is that of matrices of ones."""
    _require_dual(function, cx, ax, bx)
    function(n, m, ap, aj, np.ones(len(ax)), bp, bj, np.ones(len(bx)), cp, cj, np.zeros(len(cx)))
    count = cp[n]

    def keys(p, j):
        return np.repeat(np.arange(n, dtype=np.int64), np.diff(p)) * m + j[: p[n]]

    pattern = keys(cp, cj)
    order = np.argsort(pattern)

    def operate(left, right):
        dtype = np.result_type(left, right)
        left, right = left.astype(dtype, copy=False), right.astype(dtype, copy=False)
        p, j, numbers = np.empty_like(cp), np.empty_like(cj), np.zeros(len(cx), dtype)
        function(n, m, ap, aj, left, bp, bj, right, p, j, numbers)
        found = np.zeros(count, dtype)
        found[order[np.searchsorted(pattern, keys(p, j), sorter=order)]] = numbers[: p[n]]
        return found

    cx[:count] = bilinear(operate, ax, bx)


def _elementwise(operate, function, n, m, ap, aj, ax, bp, bj, bx, cp, cj, cx):
    """Sums, products, ... of elements: where the routine puts them is told by numbers that it adds.

    What it would drop for the value 0 is kept, since it may have derivatives.
    """
    _require_dual(function, cx, ax, bx)
    ap, aj, ax = _without_duplicates(n, m, ap, aj, ax)
    bp, bj, bx = _without_duplicates(n, m, bp, bj, bx)
    plus = _sparsetools.csr_plus_csr.__wrapped__
    step, found = float(len(bx) + 1), np.zeros(len(ax) + len(bx))
    plus(n, m, ap, aj, step * np.arange(1, len(ax) + 1), bp, bj, np.arange(1.0, len(bx) + 1), cp, cj, found)
    found = found[: cp[-1]]
    left, right = np.divmod(found.astype(np.int64), int(step))
    a, b = (np.concatenate([np.zeros(1), np.asarray(x)]) for x in (ax, bx))
    with np.errstate(all="ignore"):
        cx[: len(found)] = operate(a[left], b[right])


def _without_duplicates(n, m, p, j, x):
    """Return a matrix in compressed form with sorted rows, in which no element occurs twice."""
    matrix = sparse.csr_array((np.asarray(x), j, p), shape=(n, m), copy=True)
    matrix.sum_duplicates()
    return matrix.indptr.astype(p.dtype), matrix.indices.astype(j.dtype), matrix.data


def _of_values(function, *args):
    return function(*[value(x) if isinstance(x, np.ndarray) and has_duals(x) else x for x in args])


def _eliminate_zeros(function, n, m, ap, aj, ax):
    """Drop elements that are zero with all their derivatives."""
    kept = np.where(np.any(components(ax), axis=-1), np.arange(1.0, len(ax) + 1), 0.0)
    function(n, m, ap, aj, kept)
    count = ap[n]
    ax[:count] = ax[kept[:count].astype(np.int64) - 1].copy()


def _from_diagonals(function, *args):
    """Elements of diagonals, by rows; the routine drops those that are 0."""
    numbers = [i for i, x in enumerate(args) if _is_number(x)]
    ax, out = (args[i] for i in numbers)
    _require_dual(function, out, ax)
    kept = np.where(np.any(components(ax), axis=-1), np.arange(1.0, ax.size + 1).reshape(ax.shape), 0.0)
    found, given = np.zeros(out.shape), list(args)
    given[numbers[0]], given[numbers[1]] = kept, found
    count = function(*given)
    out[...] = np.concatenate([np.zeros(1), np.ravel(ax)])[found.astype(np.int64)]
    return count


def _scale_rows(function, n, m, ap, aj, ax, factors):
    _require_dual(function, ax, factors)
    ax *= np.repeat(np.asarray(factors), np.diff(ap))


def _scale_columns(function, n, m, ap, aj, ax, factors):
    _require_dual(function, ax, factors)
    ax *= np.asarray(factors)[aj]


OTHERS = {
    "csr_matmat": _product,
    "dia_tocsr": _from_diagonals,
    "csr_eliminate_zeros": _eliminate_zeros,
    "csr_scale_rows": _scale_rows,
    "csr_scale_columns": _scale_columns,
}


def guard_all():
    """Replace the routines in their module and in the modules that import them by name."""
    routines = {f: guarded(f) for f in vars(_sparsetools).values() if type(f) is types.BuiltinFunctionType}
    modules = [
        m for name, m in list(sys.modules.items()) if name.startswith("scipy.sparse") and m is not None
    ]
    for module in modules:
        for name, attribute in list(vars(module).items()):
            if type(attribute) is types.BuiltinFunctionType and attribute in routines:
                setattr(module, name, routines[attribute])


guard_all()
