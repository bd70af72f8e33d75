"""scipy.sparse's classes: methods that look at values, build arrays or choose dtypes let matrices hold duals.

A matrix of floats that lifted code has made becomes one of duals when a dual is assigned to an element of it.
"""

import bisect
import functools
import weakref

import numpy as np
from scipy import sparse
from scipy.sparse import _csparsetools
from scipy.sparse._index import IndexMixin

from dualnum._core import DUAL_DTYPES, Dual, DualArray, current_run, holds_duals, is_recorded, value
from dualnum.rules._components import bilinear, components, from_components
from dualnum.rules._operands import has_dual_dtype, has_duals, numpy_result
from dualnum.rules.guests import replace
from dualnum.rules.sparse import refuse

__all__: list[str] = []


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
            refuse(own)
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
            refuse(own)  # either stores sums as floats
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
            refuse(own)
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


carry_duals()
