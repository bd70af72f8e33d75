# The tangents of matrix products whose primals NumPy has computed, in the order of addition of its own function.

cdef extern from "loops/kernels.h" namespace "dn" nogil:
    cdef cppclass Matrix:
        char *data
        Py_ssize_t rows, columns, row_step, column_step, components
    void products_of_values(const ElementLayout &, Matrix, Matrix, Matrix, const double *, int, const Py_ssize_t *,
                            const Py_ssize_t *, const Py_ssize_t *) except +


cdef Matrix _first_matrix(ndarray a, const ElementLayout *layout):
    """The first matrix of a stack."""
    cdef Matrix m
    m.data = a.data
    m.rows, m.columns = a.dimensions[a.nd - 2], a.dimensions[a.nd - 1]
    m.row_step, m.column_step = a.strides[a.nd - 2], a.strides[a.nd - 1]
    m.components = layout.components() if _is_dual_dtype(<object>a.descr) else 1
    return m


cdef ndarray _as_stack(object x, object dtype, tuple stack):
    """An operand broadcast to this stack, its matrices of this dtype or float64, and aligned."""
    x = np.asarray(x)
    if _is_dual_dtype(x.dtype) and x.dtype is not dtype or not _is_dual_dtype(x.dtype) and x.dtype != float:
        x = x.astype(dtype if _is_dual_dtype(x.dtype) else float)
    if not (<ndarray>x).flags & NPY_ARRAY_ALIGNED:
        x = x.copy()
    return x if x.ndim == 2 and not stack or x.shape[:-2] == stack else np.broadcast_to(x, stack + x.shape[-2:])


def matmul_of_values(x, y, values):
    """
    Return ``x @ y`` with the given primals.

    Parameters
    ----------
    x, y : array of duals or float64
        Stacks of matrices, shapes (..., m, n) and (..., n, p), at least one of them dual.
    values : array of float64
        The primals of the product, shape (..., m, p).

    Returns
    -------
    array of duals
        A new array of the shape of values.

    Raises
    ------
    ValueError
        If the shapes do not fit, or the stacks do not broadcast to that of values.
    """
    cdef ndarray a, b, v, z
    x, y, values = np.asarray(x), np.asarray(y), np.ascontiguousarray(values, dtype=float)
    dtype, v = x.dtype if x.dtype is y.dtype else np.result_type(x, y), values
    if x.ndim < 2 or y.ndim < 2 or v.nd < 2 or not _is_dual_dtype(dtype):
        raise ValueError(f"matmul_of_values expects stacks of matrices with duals, got {_dtype_text(x.dtype)} "
                         f"and {_dtype_text(y.dtype)} of {x.ndim} and {y.ndim} axes.")
    stack = values.shape[:-2]
    if x.shape[-1] != y.shape[-2] or values.shape[-2:] != (x.shape[-2], y.shape[-1]):
        raise ValueError(f"matmul_of_values expects shapes (m, n), (n, p) and (m, p), got {x.shape[-2:]}, "
                         f"{y.shape[-2:]} and {values.shape[-2:]}.")
    if x.ndim + y.ndim > 4 and np.broadcast_shapes(x.shape[:-2], y.shape[:-2], stack) != stack:
        raise ValueError(f"matmul_of_values expects values to have the shape of the stacks {x.shape[:-2]} and "
                         f"{y.shape[:-2]}, got {stack}.")
    a, b = _as_stack(x, dtype, stack), _as_stack(y, dtype, stack)
    z = np.empty(values.shape, dtype)
    if z.size == 0:
        return z
    cdef const ElementLayout *layout = &_descr(dtype).layout
    cdef Matrix left = _first_matrix(a, layout), right = _first_matrix(b, layout), product = _first_matrix(z, layout)
    with nogil:
        products_of_values(layout[0], left, right, product, <const double *>v.data, v.nd - 2, v.dimensions,
                           a.strides, b.strides)
    return z
