# The ordinary passes of the drivers, without Python in between: one float or one float64 array, one fresh level.


def pass_at_number(f, double x, tuple args, dict kwargs):
    """
    Call f once at x with a tangent of a fresh level.

    Returns (f(x), f'(x)) as floats where f returns a scalar with that level alone, else (what f returned, the level).
    """
    cdef Level level = Level()
    cdef object dtype = _make_dtype((level,), _one)
    cdef Dual d = _new_dual(<PyObject *>dtype)
    d.data[0], d.data[1] = x, 1
    try:
        y = f(d) if len(args) == 1 and not kwargs else f(d, *args[1:], **kwargs)
    finally:
        level.retire()
    if type(y) is Dual:
        d = <Dual>y
        if _shape(d).is_dual() and _levels(<DualDescr *>d.descr)[0] is level:
            return d.data[0], d.data[1]
    return y, level


cdef tuple _one = (1,)


def pass_at_array(f, ndarray x not None, bint subok, tuple args, dict kwargs):
    """
    Call f once at a float64 array with a tangent of a fresh level for every element.

    Returns (f(x), gradient) where f returns a scalar with that level alone, else (what f returned, the level).
    """
    cdef Level level = Level()
    cdef Py_ssize_t n = PyArray_SIZE(_array(x))
    cdef Dual d
    z = seed_identity(x, level, 0, n, False, subok)
    try:
        y = f(z) if len(args) == 1 and not kwargs else f(z, *args[1:], **kwargs)
    finally:
        level.retire()
    if type(y) is Dual:
        d = <Dual>y
        if _shape(d).is_dual() and _levels(<DualDescr *>d.descr)[0] is level:
            tangents = _new_vector(n)
            memcpy((<ndarray>tangents).data, &d.data[1], n * sizeof(double))
            return d.data[0], tangents
    return y, level
