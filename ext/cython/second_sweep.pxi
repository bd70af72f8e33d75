# Second derivatives in reverse mode: a sweep of tangents, then one of adjoints and their tangents.

cdef int _second_sweep(Tape tape, object y, object adjoint, object variables, object directions) except -1:
    """Set the variables' tangents, run the tape forwards, and backwards with the tangents of the adjoints."""
    tape.records.release_fields()
    for x, direction in zip(variables, directions):
        if type(x) is RecordedNumber:
            if not RecordTape.open((<RecordedNumber>x).shadow, TANGENT):
                raise MemoryError
            (<RecordedNumber>x).shadow.field[<int>TANGENT][0] = direction
        else:
            _field(x, TANGENT, False)[...] = direction
    return _sweep_both_ways(tape, y, adjoint)


cdef int _sweep_both_ways(Tape tape, object y, object adjoint) except -1:
    _push_tangents(tape)
    if type(y) is RecordedNumber:
        if (<RecordedNumber>y).shadow != NULL:
            _set_adjoint((<RecordedNumber>y).shadow, 0, adjoint)
    elif type(y) is RecordedArray and (<RecordedArray>y).root.active:
        _field(y, ADJOINT, False)[...] = adjoint
    return _sweep_records(tape, tape.records.last)


def gradient_and_hessian(Tape tape not None, RecordedNumber y not None, RecordedArray x not None):
    """Return the gradient and the Hessian of a number by a contiguous vector, without Python between the sweeps."""
    cdef Shadow *shadow = x.root.shadow
    cdef Py_ssize_t i, n
    cdef double *row
    _check_open(tape)
    _check_own(tape, y, (x,), "gradient_and_hessian")
    if x.value.nd != 1 or not _contiguous(x.value) or y.shadow == NULL:
        raise ValueError("gradient_and_hessian expects a contiguous vector and a result that depends on it.")
    n = shadow.size
    first, second = _new_vector(n), _new_square(n)
    row = <double *>(<ndarray>second).data
    memset(row, 0, n * n * sizeof(double))
    memset((<ndarray>first).data, 0, n * sizeof(double))
    tape.level = Level()
    try:
        with np.errstate(all="ignore"):
            for i in range(n):
                tape.records.release_fields()
                if not RecordTape.open(shadow, TANGENT):
                    raise MemoryError
                shadow.field[<int>TANGENT][i] = 1
                _sweep_both_ways(tape, y, 1.0)
                if shadow.field[<int>ADJOINT_TANGENT] != NULL:
                    memcpy(row + i * n, shadow.field[<int>ADJOINT_TANGENT], n * sizeof(double))
                if i == 0 and shadow.field[<int>ADJOINT] != NULL:
                    memcpy((<ndarray>first).data, shadow.field[<int>ADJOINT], n * sizeof(double))
    finally:
        tape.level.retire()
        tape.level = None
    return first, second


def second_pull_backs(Tape tape not None, y, adjoint, variables, directions):
    """
    Return the adjoints of the variables, and their derivatives along directions: of a gradient, H v for each v.

    Parameters
    ----------
    y, adjoint, variables
        As for `pull_back`; the tape was made with ``second=True``.
    directions : iterable
        Of sequences with an array or a float for each variable.

    Returns
    -------
    pair of a list and a list of lists
        New arrays or floats, as of `pull_back`: the adjoints, and for each direction their derivatives.
    """
    _check_open(tape)
    _check_own(tape, y, variables, "second_pull_backs")
    products, adjoints = [], None
    tape.level = Level()
    try:
        with np.errstate(all="ignore"):
            for direction in directions:
                _second_sweep(tape, y, adjoint, variables, direction)
                products.append([_taken(x, ADJOINT_TANGENT) for x in variables])
                if adjoints is None:
                    adjoints = [_taken(x, ADJOINT) for x in variables]
        return adjoints, products
    finally:
        tape.level.retire()
        tape.level = None


def mirror(ndarray a not None):
    """Copy the upper triangles of contiguous square matrices to the lower ones; return whether all is finite."""
    cdef Py_ssize_t i, j, n, count = PyArray_SIZE(_array(a))
    cdef double *matrix = <double *>a.data
    if a.nd < 2 or a.dimensions[a.nd - 1] != a.dimensions[a.nd - 2] or not _contiguous(a) or not _is_float64(a.descr):
        raise ValueError("mirror expects contiguous square matrices of float64.")
    n = a.dimensions[a.nd - 1]
    if not all_finite(matrix, count):
        return False
    while count > 0:
        for i in range(n):
            for j in range(i):
                matrix[i * n + j] = matrix[j * n + i]
        matrix += n * n
        count -= n * n
    return True
