"""scipy.sparse: its compiled routines trust the type number of an array and crash on duals, so they get floats alone.

Sparse matrices reach them with dual data in ways that no constructor checks: ``dia * d``, ``csr.multiply(x)``,
``csr.data = x``.  A routine that copies, moves or adds elements runs once for each component of a dual; a product runs
for pairs of components; one that keeps elements that are not zero decides by all components; the others refuse.

A matrix of floats that lifted code has made becomes one of duals when a dual is assigned to an element of it.
"""

import bisect
import functools
import operator
import sys
import types
import weakref

import numpy as np
from scipy import sparse
from scipy.sparse import _csparsetools, _sparsetools
from scipy.sparse._index import IndexMixin

from dualnum._core import (
    DUAL_DTYPES,
    Dual,
    DualArray,
    current_run,
    holds_duals,
    is_recorded,
    real_dtype,
    value,
)
from dualnum.rules._components import bilinear, components, from_components
from dualnum.rules._operands import has_dual_dtype, has_duals, numpy_result
from dualnum.rules.guests import replace

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
        on_duals = OTHERS.get(name, _refuse)

    @functools.wraps(function)
    def routine(*args):
        for x in args:
            if isinstance(x, np.ndarray) and type(x.dtype) in DUAL_DTYPES:
                return on_duals(function, *args)
        return function(*args)

    return routine


def _refuse(function, *_):
    raise TypeError(
        f"scipy.sparse of duals expects dense arrays here, got a sparse matrix of duals ({function.__name__}); use "
        f"A.toarray()."
    )


def _require_dual(function, x, *others):
    """Let lifted code make an array of floats dual that would have to hold duals; refuse it elsewhere."""
    if has_duals(x):
        return
    from dualnum.lifting import storage

    storage.learn(x, next(y for y in others if has_duals(y)))
    _refuse(function)


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
    modules = [m for name, m in sys.modules.items() if name.startswith("scipy.sparse") and m is not None]
    for module in modules:
        for name, attribute in list(vars(module).items()):
            if type(attribute) is types.BuiltinFunctionType and attribute in routines:
                setattr(module, name, routines[attribute])


guard_all()


# ---- classes ----------------------------------------------------------------------------------------------------


def _product_with_dense(own):
    """Return a product of a sparse matrix and an array, where one of them is dual."""

    @functools.wraps(own)
    def multiply(self, other):
        if is_recorded(other):
            from dualnum.reverse import sparse_matrices

            return sparse_matrices.multiply(own, self, other)
        if not (has_dual_dtype(self) or has_duals(other)):
            return own(self, other)
        if self.format in ("lil", "dok"):
            return self.tocsr() @ other

        def operate(data, x):
            return np.asarray(own(self._with_data(data, copy=False) if data is not self.data else self, x))

        values = own(
            self._with_data(value(self.data), copy=False) if has_dual_dtype(self) else self, value(other)
        )
        found = bilinear(operate, self.data, np.asarray(other))
        return numpy_result(found, values)

    return multiply


def _sum_with_dense(own):
    @functools.wraps(own)
    def add(self, other):
        return self.toarray() + other if has_dual_dtype(self) or has_duals(other) else own(self, other)

    return add


def _as_dual_array(own):
    @functools.wraps(own)
    def dense(self, *args, **kwargs):
        found = own(self, *args, **kwargs)
        return found.view(DualArray) if has_duals(found) and isinstance(found, np.ndarray) else found

    return dense


def _by_component_of_data(own):
    @functools.wraps(own)
    def element(self, *args):
        if not has_dual_dtype(self) or self.format == "dok":
            return own(self, *args)
        if self.format == "lil":
            number = _csparsetools.lil_get1(*self.shape, self.rows, self.data, *args)
            return np.asarray(number, self.dtype)[()]
        numbers = np.moveaxis(components(self.data), -1, 0)
        found = [own(self._with_data(np.ascontiguousarray(part), copy=False), *args) for part in numbers]
        return from_components(np.stack(found, axis=-1), self.data.dtype)[()]

    return element


def _summed_by_component(own):
    @functools.wraps(own)
    def sum_duplicates(self, coords, data):
        if not has_duals(data):
            return own(self, coords, data)
        numbers = np.ascontiguousarray(np.moveaxis(components(data), -1, 0))
        found = [own(type(self)((part, coords), self.shape), coords, part) for part in numbers]
        return found[0][0], from_components(np.stack([part for _, part in found], axis=-1), data.dtype)

    return sum_duplicates


def _by_all_components(own):
    """Let a matrix of coordinates keep elements of a dense array that are zero but have derivatives."""

    @functools.wraps(own)
    def __init__(self, arg1, shape=None, *args, **kwargs):
        if not isinstance(arg1, (list, np.ndarray, Dual)) or not holds_duals(arg1):
            own(self, arg1, shape, *args, **kwargs)
            return
        dense = np.array(arg1)
        if not isinstance(self, sparse.sparray):
            dense = np.atleast_2d(dense)
        places = np.nonzero(np.any(components(dense), axis=-1))
        own(self, (dense[places], places), dense.shape if shape is None else shape, *args, **kwargs)

    return __init__


def _eliminating(own):
    @functools.wraps(own)
    def eliminate_zeros(self):
        if not has_dual_dtype(self) or self.format in ("csr", "csc"):
            own(self)
            return
        if self.format != "coo":
            _refuse(own)
        kept = np.any(components(self.data), axis=-1)
        self.data, self.coords = self.data[kept], tuple(place[kept] for place in self.coords)

    return eliminate_zeros


def _by_rows(own):
    """Let matrices of diagonals and blocks do this in compressed form, where one is dual."""

    @functools.wraps(own)
    def operate(self, other, *args):
        if not (has_dual_dtype(self) or has_dual_dtype(other)) or self.format not in ("dia", "bsr"):
            return own(self, other, *args)
        return getattr(self.tocsr(), own.__name__)(other.tocsr(), *args)

    return operate


def _sum_by_rows(own):
    @functools.wraps(own)
    def total(self, *args, **kwargs):
        if not has_dual_dtype(self):
            return own(self, *args, **kwargs)
        given = dict(zip(("axis", "dtype", "out"), args, strict=False)) | kwargs
        axis, dtype = given.get("axis"), given.get("dtype")
        if given.get("out") is not None or not (dtype is None or isinstance(dtype, DUAL_DTYPES)):
            _refuse(own)  # either stores sums as floats
        rows = self.tocsr()
        held = rows if self.format in ("lil", "dok") else self
        values = held._with_data(value(held.data)).sum(axis)
        if axis is None or np.ndim(values) == 0:
            return numpy_result(np.asarray(rows.data.sum()), values)
        over = axis[0] if isinstance(axis, tuple) else axis
        sums = rows @ np.ones(self.shape[1]) if over % 2 else rows.T @ np.ones(self.shape[0])
        return numpy_result(np.array(sums).reshape(np.shape(values)), np.asarray(values))

    return total


def _part(own):
    """The real or the imaginary part: arrays of complex duals that are no DualArrays have NumPy's, which are not."""
    name = own.__name__.removeprefix("_")

    @functools.wraps(own)
    def part(self):
        if not has_dual_dtype(self) or self.format in ("lil", "dok"):
            return own(self)
        return self._with_data(np.array(getattr(self.data.view(DualArray), name)))

    return part


def _conjugated(own):
    """The conjugate: that of plain arrays of complex duals is, before NumPy 2.1, the array itself."""

    @functools.wraps(own)
    def conj(self, copy=True):
        if not has_dual_dtype(self):
            return own(self, copy)
        held = self.tocsr() if self.format in ("lil", "dok") else self
        return held._with_data(np.conjugate(held.data))

    return conj


def _scaled_by_rows(own):
    """Let a matrix of lists, which takes a dual with value 0 for 0, be scaled in compressed form."""

    @functools.wraps(own)
    def scale(self, other):
        if self.format != "lil" or not (has_dual_dtype(self) or has_duals(other)):
            return own(self, other)
        return (self.tocsr() * other).tolil()

    return scale


def _noted(own):
    @functools.wraps(own)
    def __init__(self, *args, **kwargs):
        own(self, *args, **kwargs)
        run = current_run()
        if run is not None:
            if run.matrices is None:
                run.matrices = weakref.WeakValueDictionary()
            run.matrices[id(self)] = self

    return __init__


def _is_own(matrix):
    """Tell whether lifted code that is running has made a matrix."""
    run = current_run()
    while run is not None:
        if run.matrices is not None and run.matrices.get(id(matrix)) is matrix:
            return True
        run = run.outer
    return False


assign_by_index = IndexMixin.__setitem__


def _assigning(own):
    """Let duals be assigned to a matrix of floats that lifted code has made."""

    @functools.wraps(own)
    def assign(self, *args, **kwargs):
        given = [
            x if has_dual_dtype(x) else np.asarray(x) for x in args if has_dual_dtype(x) or holds_duals(x)
        ]
        dtype = np.result_type(self.dtype, *[x.dtype for x in given])
        if given and dtype != self.dtype:
            if not _is_own(self):
                raise TypeError(
                    "cannot store duals in a sparse matrix of floats: that would lose their derivatives; make it with "
                    "dtype=x.dtype, or in the function that a driver differentiates."
                )
            if self.format in ("lil", "dok"):
                self.dtype = dtype
            else:
                self.data = np.asarray(self.data).astype(dtype)
        if (
            has_dual_dtype(self)
            and own.__qualname__ == "_lil_base.__setitem__"
            and not sparse.issparse(args[1])
        ):
            return assign_by_index(self, *args)  # its own makes a number of an element, which a dual is
        return own(self, *args, **kwargs)

    return assign


def _keeping_zeros(own):
    """Let lists and dictionaries of elements keep those that are zero but have derivatives."""

    @functools.wraps(own)
    def store(self, row, col, x):
        if not has_dual_dtype(self) or self.format not in ("lil", "dok"):
            own(self, row, col, x)
            return
        for i, j, element in np.nditer([row, col, x], ["refs_ok", "zerosize_ok"]):
            i, j = int(i), int(j)
            if self.format == "dok":
                self._dict[i, j] = element[()]
                continue
            columns, elements = self.rows[i], self.data[i]
            place = bisect.bisect_left(columns, j)
            found = columns[place : place + 1] == [j]
            columns[place : place + found], elements[place : place + found] = [j], [element[()]]

    return store


def _refusing(own):
    """Let what looks at values alone refuse duals: it would drop zeros that have derivatives."""

    @functools.wraps(own)
    def method(self, *args, **kwargs):
        if has_dual_dtype(self) or holds_duals(args):
            _refuse(own)
        return own(self, *args, **kwargs)

    return method


#: Methods of scipy.sparse's classes, and what is made of them; before SciPy 1.13 products had another name.
METHODS = {
    "_matmul_vector": _product_with_dense, "_mul_vector": _product_with_dense,
    "_matmul_multivector": _product_with_dense, "_mul_multivector": _product_with_dense,
    "_add_dense": _sum_with_dense, "toarray": _as_dual_array, "todense": _as_dual_array, "diagonal": _as_dual_array,
    "_get_intXint": _by_component_of_data, "_sum_duplicates": _summed_by_component,
    "eliminate_zeros": _eliminating, "_binopt": _by_rows, "_matmul_sparse": _by_rows, "_mul_sparse_matrix": _by_rows,
    "sum": _sum_by_rows, "_min_or_max_axis": _refusing, "_real": _part, "_imag": _part, "conj": _conjugated,
    "conjugate": _conjugated,
    "_mul_scalar": _scaled_by_rows,
    "__setitem__": _assigning, "setdiag": _assigning, "__imul__": _assigning, "__itruediv__": _assigning,
    "_set_intXint": _keeping_zeros, "_set_arrayXarray": _keeping_zeros,
}  # fmt: skip


def _dual_dtypes(own):
    """Let SciPy's choice of a dtype for results be that of duals where one is among the given ones."""

    def choose(*args, **kwargs):
        dtypes = [getattr(x, "dtype", x) for x in (*args, *kwargs.values())]
        if not any(type(dtype) in DUAL_DTYPES for dtype in dtypes):
            return own(*args, **kwargs)
        return np.result_type(*[np.dtype(dtype) for dtype in dtypes if isinstance(dtype, (np.dtype, type))])

    return choose


def _flattened(own):
    """Let the elements of a matrix of lists be duals."""

    def flatten(lists, out):
        if has_duals(out):
            out[...] = [element for row in lists for element in row]
        else:
            own(lists, out)

    return flatten


def carry_duals():
    """Let scipy.sparse's matrices hold duals."""
    for function in ("upcast", "getdtype"):
        replace("scipy.sparse._sputils", function, _dual_dtypes)
    _csparsetools.lil_flatten_to_array = _flattened(_csparsetools.lil_flatten_to_array)
    formats = [getattr(sparse, f"{name}_array") for name in ("coo", "csr", "csc", "dia", "bsr", "dok", "lil")]
    classes = {base for cls in formats for base in cls.__mro__ if base.__module__.startswith("scipy.sparse")}
    coordinates = next(
        cls for cls in classes if cls.__name__ in ("_coo_base", "coo_matrix") and "__init__" in vars(cls)
    )
    coordinates.__init__ = _by_all_components(coordinates.__init__)
    sparse._base._spbase.__init__ = _noted(sparse._base._spbase.__init__)
    for cls in classes:
        for name, make in METHODS.items():
            if name in vars(cls):
                setattr(cls, name, make(vars(cls)[name]))
