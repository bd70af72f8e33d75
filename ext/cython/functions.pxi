# The functions of dualnum's namespace: scalars go straight to their kernels, everything else to NumPy.

cdef object _integers_as_floats(object x):
    """Return integers as float64, so that reciprocal(2) is 0.5, and everything else unchanged."""
    if type(x) is float or type(x) is RecordedArray or type(x) is RecordedNumber:
        return x
    if isinstance(x, ndarray) and x.dtype.kind not in "biu":
        return x
    array = np.asarray(x)
    return array.astype(float)[()] if array.dtype.kind in "biu" else x


def _function_of_one(str name):
    cdef int op = _kernel_index[name]
    ufunc = _ufuncs[op]

    def function(x, /):
        return _apply(op, ufunc, <Dual>x) if type(x) is Dual else ufunc(_integers_as_floats(x))

    return _named(function, name, "x : float, Dual or array_like\n        The argument.", "x")


def _function_of_two(str name):
    cdef int op = _kernel_index[name]
    ufunc = _ufuncs[op]

    def function(x, y, /):
        if type(x) is Dual or type(y) is Dual:
            result = _call(op, ufunc, x, y)
            if result is not None:
                return result
            other = y if type(x) is Dual else x
            if not isinstance(other, _array_likes):  # NumPy would call the method of this name, endlessly
                raise TypeError(f"{name} expects real numbers or arrays beside duals, got {type(other).__name__}.")
        return ufunc(_integers_as_floats(x), _integers_as_floats(y))

    return _named(function, name, "x, y : float, Dual or array_like\n        The arguments, which broadcast.", "x, y")


cdef object _named(object function, str name, str parameters, str arguments):
    function.__name__ = function.__qualname__ = name
    function.__module__ = "dualnum"
    function.__doc__ = f"""
    Return np.{name}({arguments}) with its derivatives.

    Parameters
    ----------
    {parameters}

    Returns
    -------
    float, Dual or ndarray
        Of the broadcast shape; float64 if no argument is dual.
    """
    return function
