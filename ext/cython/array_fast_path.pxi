# Operators and ufuncs of DualArrays straight to their kernels, where NumPy has nothing to broadcast or to cast.

cdef extern from *:
    """
    #if defined(__SSE2__) || defined(_M_X64)
    // clear_flags() lowers the floating-point flags; raised_flags() returns those raised since, in NumPy's numbers.
    static void clear_flags() { _mm_setcsr(_mm_getcsr() & ~0x3fu); }
    static int raised_flags() {
      const unsigned int f = _mm_getcsr();
      return (f & 1 ? NPY_FPE_INVALID : 0) | (f & 4 ? NPY_FPE_DIVIDEBYZERO : 0) | (f & 8 ? NPY_FPE_OVERFLOW : 0) |
             (f & 16 ? NPY_FPE_UNDERFLOW : 0);
    }
    #else
    static void clear_flags() { std::feclearexcept(FE_ALL_EXCEPT); }
    static int raised_flags() {
      const int f = std::fetestexcept(FE_ALL_EXCEPT);
      return (f & FE_INVALID ? NPY_FPE_INVALID : 0) | (f & FE_DIVBYZERO ? NPY_FPE_DIVIDEBYZERO : 0) |
             (f & FE_OVERFLOW ? NPY_FPE_OVERFLOW : 0) | (f & FE_UNDERFLOW ? NPY_FPE_UNDERFLOW : 0);
    }
    #endif
    """
    void clear_flags() nogil
    int raised_flags() nogil
    ctypedef struct ndarray_fields "PyArrayObject_fields":
        pass


cdef inline bint _contiguous(ndarray a):
    cdef int needed = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED
    return (a.flags & needed) == needed


cdef inline bint _same_shape(ndarray a, ndarray b):
    cdef int i
    if a.nd != b.nd:
        return False
    for i in range(a.nd):
        if a.dimensions[i] != b.dimensions[i]:
            return False
    return True


cdef inline int _fast_path_place(object ufunc, object method, tuple inputs, dict kwargs) except -2:
    """Return the place in _kernels for this call of a ufunc, or -1 where NumPy must make it."""
    cdef UfuncEntry entry = look_up(_entries, ufunc)
    if entry is None or entry.place < 0 or kwargs or method != "__call__" or len(inputs) + 1 != len(entry.types):
        return -1
    return entry.place


cdef inline int _run_loop(Kernel kernel, DualDescr *descr, char **data, const Py_ssize_t *strides, Py_ssize_t n,
                          const char *name, Py_ssize_t outer=1, const Py_ssize_t *outer_strides=NULL) except -1:
    """
    Call a kernel, without the GIL for large arrays, and warn of its floating-point errors as the ufunc does.

    Arrays of two axes are `outer` by n elements.
    """
    cdef int raised
    cdef bint done
    clear_flags()
    if outer * n * descr.base.elsize > 65536:
        with nogil:
            done = _run_outer(kernel, descr, data, strides, n, outer, outer_strides)
    else:
        done = _run_outer(kernel, descr, data, strides, n, outer, outer_strides)
    if not done:
        raise MemoryError
    raised = raised_flags()
    if raised:
        PyUFunc_GiveFloatingpointErrors(name, raised)
    return 0


cdef inline bint _run_outer(Kernel kernel, DualDescr *descr, char **data, const Py_ssize_t *strides, Py_ssize_t n,
                            Py_ssize_t outer, const Py_ssize_t *outer_strides) noexcept nogil:
    """Call a kernel on blocks of the inner axis, for each index of the outer one; a block stays in the cache."""
    cdef Py_ssize_t start = 0, i
    cdef char *at[3]
    cdef int operand
    if outer == 1:
        return run(kernel, descr.layout, data, strides, n)
    while start < n:
        for i in range(outer):
            for operand in range(3):
                at[operand] = data[operand] + start * strides[operand] + i * outer_strides[operand]
            if not run(kernel, descr.layout, at, strides, min(<Py_ssize_t>SHORT_BLOCK, n - start)):
                return False
        start += SHORT_BLOCK
    return True


cdef enum:
    SHORT_AXIS = 16  # up to which a last axis is the outer one
    SHORT_BLOCK = 256


cdef inline bint _is_rounded(int op) noexcept:
    """Whether values are rounded exactly, so that they do not depend on how many NumPy's loop computes at once."""
    return op <= DIVIDE or op == NEGATIVE or op == SQUARE


cdef inline bint _has_product(const ElementLayout *layout) noexcept:
    """Whether a kernel computes values and derivatives of products in one pass."""
    return layout.is_dual() or layout.has_second_order_chain()


cdef inline bint _is_row_major(ndarray a):
    """
    Whether an array of two axes, the last one short, is laid out like a slice of a C-contiguous one: then NumPy makes
    the result C-contiguous.
    """
    return (a.nd == 2 and a.flags & NPY_ARRAY_ALIGNED and a.strides[1] > 0 and a.strides[0] >= a.strides[1]
            and 1 < a.dimensions[1] <= SHORT_AXIS and a.dimensions[1] < a.dimensions[0])


cdef object _fast_path(int op, object ufunc, int nin, object x, object y):
    """
    Return a ufunc's result straight from its kernel, or None where NumPy must broadcast or cast the operands.

    One operand is a DualArray. The other must have its shape, and its dtype or, beside real duals, float64, or be a
    Python number. Slices such as ``x[:, 1:]`` of a batch are not contiguous and have a short last axis: arithmetic of
    real duals goes along the first one.
    """
    cdef ndarray a, like
    cdef char *data[3]
    cdef Py_ssize_t strides[3]
    cdef Py_ssize_t outer_strides[3]
    cdef Py_ssize_t n = 1, outer = 1, size
    cdef bint contiguous = True, is_complex
    cdef double number
    cdef object operand
    cdef PyObject *descr = NULL
    cdef bint dual[2]
    cdef int i
    cdef Kernel kernel
    if type(x) is not DualArray and type(y) is not DualArray:
        return None  # a subclass of DualArray
    like = <ndarray>x if type(x) is DualArray else <ndarray>y
    if like.nd == 0:
        return None
    descr = <PyObject *>like.descr
    is_complex = _is_complex_dtype(<object>descr)
    if _kernels[op].of_complex == NULL if is_complex else not _is_dual_dtype(<object>descr):
        return None
    size = (<DualDescr *>descr).base.elsize
    if op == SQUARE and not is_complex and _has_product(&(<DualDescr *>descr).layout):
        op, nin, y = MULTIPLY, 2, x  # the same bits, without f' and f''
    for i in range(nin):
        operand = x if i == 0 else y
        if type(operand) is DualArray or type(operand) is ndarray:
            a = <ndarray>operand
            if not _same_shape(a, like):
                return None
            if not (_contiguous(a) or a.nd == 1 and a.flags & NPY_ARRAY_ALIGNED):
                contiguous = False
                if is_complex or not _is_rounded(op) or not _is_row_major(a):
                    return None
            data[i] = a.data
            dual[i] = <PyObject *>a.descr == descr
            if not dual[i] and (is_complex or not _is_float64(a.descr)):
                return None
            strides[i] = a.strides[0] if a.nd == 1 else size if dual[i] else sizeof(double)
        elif not is_complex and (isinstance(operand, float) or type(operand) is int):
            number = operand
            data[i], strides[i], dual[i] = <char *>&number, 0, False
        else:
            return None
    for i in range(like.nd):
        n *= like.dimensions[i]
    kernel = _kernels[op].of_complex if is_complex else _kernel_of(op, dual[0], nin == 1 or dual[1])
    _keep_if_large(n * size)
    result = _new_array(_dual_array_type, <object>descr, like.nd, like.dimensions)
    data[nin], strides[nin] = (<ndarray>result).data, size
    if not contiguous:
        n, outer = like.dimensions[0], like.dimensions[1]
        data[2] = data[nin]  # of a function of one argument there is no third operand
        for i in range(3):
            operand = x if i == 0 else y if i < nin else result
            strides[i] = outer_strides[i] = 0
            if isinstance(operand, ndarray):
                strides[i], outer_strides[i] = (<ndarray>operand).strides[0], (<ndarray>operand).strides[1]
    _run_loop(kernel, <DualDescr *>descr, data, strides, n, ufunc_name(ufunc), outer, outer_strides)
    return result
