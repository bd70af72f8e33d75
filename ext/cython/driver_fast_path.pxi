# The ordinary passes of the drivers, without Python in between: one float or one float64 array, fresh levels.

cdef extern from *:
    """
    #if defined(Py_GIL_DISABLED) || defined(PYPY_VERSION)
    constexpr int SPARE_SIZES = 0;  // a count of references says nothing there about other threads
    #else
    constexpr int SPARE_SIZES = 17;
    #endif
    """
    const int SPARE_SIZES
    Py_ssize_t Py_REFCNT(PyObject *)

# The dtype of the last pass of each kind and size, whose level and cache of dtypes the next such pass takes over.
cdef list _spares = [None] * (2 * SPARE_SIZES)


cdef bint _only_spare(PyObject *dtype, Level level):
    """Whether nothing refers to a spare dtype and its level but the caller, once each, and they to each other."""
    return (Py_REFCNT(dtype) == 2 and Py_REFCNT((<DualDescr *>dtype).levels) == 1 and Py_REFCNT(<PyObject *>level) == 2
            and level.key is None and level.dtypes is not None and len(level.dtypes) == 1)


cdef object _fresh_dtype(bint taylor, Py_ssize_t size):
    """Return a dtype of one level, younger than all levels before it, to be given to `_retire` after the pass."""
    cdef Level level
    cdef object dtype
    cdef Py_ssize_t place = taylor * SPARE_SIZES + size
    if size < SPARE_SIZES:
        dtype, _spares[place] = _spares[place], None
        if dtype is not None:
            level = _levels(_descr(dtype))[0]
            if _only_spare(<PyObject *>dtype, level):
                level.age, level.token, level.retired = next_age(), _token, False
                return dtype
            level.dtypes = None
    level = Level(taylor=taylor)
    return _make_dtype((level,), (size,))


cdef int _retire(object dtype) except -1:
    """The pass has ended: its level is no longer seeded, until a later pass may take it over."""
    cdef Level level = _levels(_descr(dtype))[0]
    cdef ElementLayout *layout = &_descr(dtype).layout
    cdef Py_ssize_t place = (layout.kind[0] == Kind.taylor) * SPARE_SIZES + layout.size[0]
    if layout.size[0] >= SPARE_SIZES:
        level.retire()
        return 0
    level.retired = True
    if _spares[place] is not None:
        (<Level>_levels(_descr(_spares[place]))[0]).dtypes = None
    _spares[place] = dtype
    return 0


cpdef object guarded_call(object f, object x, tuple rest, dict kwargs):
    """Return f(x, *rest, **kwargs); f may not catch a refusal to lose a derivative and give another value instead."""
    cdef unsigned long before = refusals
    y = f(x, *rest, **kwargs) if rest or kwargs else f(x)
    if refusals != before:
        _check_refused(f, (x, *rest), kwargs, y)
    return y


cdef object _stripped(object x):
    """Copies of the values of duals, in containers too."""
    if type(x) in (tuple, list):
        return type(x)([_stripped(item) for item in x])
    if type(x) is dict:
        return {key: _stripped(item) for key, item in x.items()}
    return value(x).copy() if isinstance(x, ndarray) else value(x)


cdef int _check_refused(object f, tuple args, dict kwargs, object y) except -1:
    """f caught a refusal and returned y: an error unless that has f's value for floats."""
    try:
        expected = np.asarray(f(*_stripped(args), **_stripped(kwargs)), dtype=float)
        got = np.asarray(value(y), dtype=float)
    except Exception:
        return 0  # no values to compare
    if got.shape == expected.shape and np.allclose(got, expected, rtol=1e-9, atol=0, equal_nan=True):
        return 0
    raise TypeError("f(x) expects f to let errors of duals pass, got a function that caught one, such as that of "
                    "float(x) or math.exp(x), and returned another value than for floats; catch other errors only.")


cdef object _pass_at_number(object f, double rate, object dtype, tuple args, dict kwargs):
    """What f returns at the float args[0] + rate * t, where t is of the dtype's level, which is retired then."""
    cdef Dual d = _new_dual(<PyObject *>dtype)
    memset(d.data, 0, _descr(dtype).base.elsize)
    d.data[0], d.data[1] = PyFloat_AS_DOUBLE(args[0]), rate
    _open_pass()
    try:
        return guarded_call(f, d, args[1:], kwargs)
    finally:
        _close_pass()
        _retire(dtype)


def pass_at_number(f, double rate, Py_ssize_t order, tuple args, dict kwargs):
    """
    Call f once at the float args[0] + rate * t, where t is of a fresh Taylor level, for order 1 a first-order one.

    Returns (what f returned, the level).
    """
    if not args or type(args[0]) is not float or order < 1:
        raise TypeError("pass_at_number expects a float first and an order from 1.")
    dtype = _fresh_dtype(order > 1, order)
    return _pass_at_number(f, rate, dtype, args, kwargs), _levels(_descr(dtype))[0]


def derivative_at_number(f, Py_ssize_t order, general):
    """
    Return the function that computes f's first or second derivative with as little overhead as can be.

    That is at a float where f gives a scalar that carries f's level alone; all else is left to general(args, kwargs,
    found), where found is None or (what f returned, the level).
    """

    def derivative_of(*args, **kwargs):
        if not args or type(args[0]) is not float:
            return general(args, kwargs, None)
        dtype = _fresh_dtype(order > 1, order)
        y = _pass_at_number(f, 1, dtype, args, kwargs)
        if type(y) is Dual and (<Dual>y).descr == <PyObject *>dtype:
            return (<Dual>y).data[1] if order == 1 else 2 * (<Dual>y).data[2]
        return general(args, kwargs, (y, _levels(_descr(dtype))[0]))

    return derivative_of


def pass_at_array(f, ndarray x not None, bint subok, tuple args, dict kwargs):
    """
    Call f once at a float64 array with a tangent of a fresh level for every element.

    Returns (f(x), gradient) where f returns a scalar with that level alone, else (what f returned, the level).
    """
    cdef Py_ssize_t n = PyArray_SIZE(_array(x))
    cdef object dtype = _fresh_dtype(False, n)
    cdef Dual d
    _open_pass()
    try:
        y = guarded_call(f, _seed_identity(x, dtype, 0, 0, n, False, subok), args[1:], kwargs)
    finally:
        _close_pass()
        _retire(dtype)
    if type(y) is Dual and (<Dual>y).descr == <PyObject *>dtype:
        d = <Dual>y
        tangents = _new_vector(n)
        memcpy((<ndarray>tangents).data, &d.data[1], n * sizeof(double))
        return d.data[0], tangents
    return y, _levels(_descr(dtype))[0]


def second_pass_at_array(f, ndarray x not None, bint subok, tuple args, dict kwargs):
    """
    Call f once at a float64 array with tangents of two fresh levels for every element.

    Returns (f(x), gradient, Hessian) where f returns a scalar with these levels alone, else (what f returned, the
    younger level, the older one).
    """
    cdef Py_ssize_t i, n = PyArray_SIZE(_array(x)), width = 1 + PyArray_SIZE(_array(x))
    cdef Level older = Level(), younger = Level()
    cdef object dtype = _make_dtype((older, younger), (n, n))
    cdef ndarray seeded
    cdef Dual d
    _open_pass()
    try:
        seeded = _seed_identity(x, dtype, 0, 0, n, False, subok)
        _mark_identity(seeded, width * sizeof(double), 0, n)
        y = guarded_call(f, seeded, args[1:], kwargs)
    finally:
        _close_pass()
        younger.retire()
        older.retire()
    if type(y) is not Dual or (<Dual>y).descr != <PyObject *>dtype:
        return y, younger, older
    d = <Dual>y
    first, second = _new_vector(n), _new_square(n)
    for i in range(n):
        (<double *>(<ndarray>first).data)[i] = d.data[(1 + i) * width]
        memcpy((<ndarray>second).data + i * n * sizeof(double), &d.data[(1 + i) * width + 1], n * sizeof(double))
    return d.data[0], first, second
