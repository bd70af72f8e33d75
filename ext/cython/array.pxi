# DualArray, a thin ndarray subclass: through it NumPy functions for built-in dtypes find a rule, and its operators call
# kernels directly.


class DualScalar(np.inexact):
    """
    The type attribute of dual dtypes, by which NumPy's checks find them inexact.

    Calling it, as ``x.dtype.type(2)`` does for a constant of x's type, gives a dual as it is and any other number as
    float64, which fits duals of all levels.
    """

    def __new__(cls, value=0.0):
        return value if type(value) is Dual else _float64(_as_double(value, "x.dtype.type"))


if np.ndarray.__basicsize__ != sizeof(ndarray_fields):
    raise ImportError(
        f"dualnum was built for another layout of NumPy's arrays than NumPy {np.__version__} has; rebuild it.")


cdef object _array_operator(int op, object x, object y):
    result = _fast_path(op, _ufuncs[op], 2, x, y)
    if result is not None:
        return result
    if _gives_up(x, y):
        return NotImplemented
    if _is_guest(type(x)) or _is_guest(type(y)):
        return _as_dual_array(_float_operators[op](_as_plain(x), _as_plain(y)))
    return _ufuncs[op](x, y)


cdef object _array_function(int op, object x):
    result = _fast_path(op, _ufuncs[op], 1, x, x)
    return _ufuncs[op](x) if result is None else result


cdef bint _is_guest(object cls):
    """
    Whether a class is a guest, whose arrays or numbers decide the result of an operation with duals.

    Such are masked arrays, np.matrix and arrays with units: subclasses of ndarray other than DualArray, and classes
    with an __array_ufunc__ of their own.  Beside one, a DualArray or a Dual acts as a plain array of duals.  An
    np.memmap is treated as a plain array.
    """
    if cls in _no_rivals or issubclass(cls, (DualArray, np.memmap, _generic)):
        return False
    return issubclass(cls, ndarray) or getattr(cls, "__array_ufunc__", None) is not None


cdef object _plain_arguments(object x):
    """Return the arguments of a function with each dual, in containers too, as a plain array of duals."""
    if type(x) in (tuple, list):
        return type(x)([_plain_arguments(item) for item in x])
    if type(x) is dict:
        return {key: _plain_arguments(item) for key, item in x.items()}
    return _as_plain(x)


cdef bint _gives_up(object x, object y):
    """Return whether the array x leaves an operator to y, by the rule of ndarray's own operators."""
    if not isinstance(x, DualArray) or type(y) in _no_rivals or isinstance(y, (DualArray, _generic)):
        return False
    dispatch = getattr(type(y), "__array_ufunc__", _absent)
    if dispatch is not _absent:
        return dispatch is None
    return getattr(y, "__array_priority__", -1e6) > DualArray.__array_priority__


cdef object _absent = object()
cdef frozenset _no_rivals = frozenset(
    [int, float, complex, bool, str, bytes, list, tuple, dict, set, type(None), np.ndarray, Dual, ComplexDual])


cdef object _as_dual_array(object a):
    """Return a result of NumPy's for a caller: plain arrays of duals as DualArray, a DualArray of floats as plain."""
    if type(a) is ndarray:
        return PyArray_View(_array(a), NULL, _dual_array_type) if _has_duals((<ndarray>a).dtype) else a
    if isinstance(a, DualArray):
        return a if _has_duals((<ndarray>a).dtype) else PyArray_View(_array(a), NULL, &PyArray_Type)
    if type(a) is tuple:
        return tuple([_as_dual_array(item) for item in a])
    if type(a) is list:
        return [_as_dual_array(item) for item in a]
    return a


cdef object _as_plain(object a):
    if type(a) is Dual:
        return _zero_d(a)
    if type(a) is ComplexDual:
        return _complex_zero_d(a)
    return PyArray_View(_array(a), NULL, &PyArray_Type) if isinstance(a, DualArray) else a


cdef bint _holds_complex(object x):
    """Whether a complex number is among the arguments of a function, however nested in lists and tuples."""
    if isinstance(x, ndarray):
        return (<PyArray_Descr *>(<ndarray>x).descr).kind == c"c" or _is_complex_dtype(<object>(<ndarray>x).descr)
    if type(x) is tuple or type(x) is list:
        for item in x:
            if _holds_complex(item):
                return True
        return False
    return type(x) is ComplexDual or isinstance(x, _complex_scalars)


cdef list _of_equal_levels(list arrays, object outputs):
    """
    Return the operands of a matrix product, all with the union of their levels, each with its own strides.

    NumPy would cast operands of different levels to contiguous buffers, and the bits of BLAS's results depend on
    strides.
    """
    cdef PyObject *descr = NULL
    cdef bint mixed = False
    for a in arrays if outputs is None else (*arrays, *outputs):
        if isinstance(a, ndarray) and _is_dual_dtype(<object>(<ndarray>a).descr):
            mixed = mixed or descr != NULL and descr != <PyObject *>(<ndarray>a).descr
            descr = <PyObject *>(<ndarray>a).descr
    if not mixed:
        return arrays
    from dualnum.rules._operands import dtype_of, lifted
    arrays = [np.asarray(a) for a in arrays]
    dtype = dtype_of(*arrays)
    for a in outputs or ():  # an output with more levels imposes them on the operands
        if np.result_type(dtype, a) is a.dtype:
            dtype = a.dtype
    return [lifted(a, dtype) if _is_dual_dtype(a.dtype) else a for a in arrays]


cdef object _plain_ufunc(object ufunc, str method, tuple inputs, dict kwargs):
    """Call a ufunc on plain arrays of duals; return its results as DualArray, or the arrays given as out=."""
    outputs = kwargs.get("out")
    if outputs is not None:
        if not {Dual, ComplexDual}.isdisjoint([type(a) for a in outputs]):
            raise TypeError(f"{ufunc.__name__} of duals expects out to be an array, got a Dual, which cannot change.")
        kwargs["out"] = tuple([_as_plain(a) for a in outputs])
    if "where" in kwargs:  # from NumPy 2.5 on, NumPy looks for __array_ufunc__ in it too
        kwargs["where"] = _as_plain(kwargs["where"])
    call = ufunc if method == "__call__" else getattr(ufunc, method)
    arrays = [_as_plain(a) for a in inputs]
    if ufunc_of_matrices(ufunc):
        if _holds_complex(arrays) and ufunc in _functions_of_complex:
            call = _functions_of_complex[ufunc]
        else:
            arrays = _of_equal_levels(arrays, outputs)
    try:
        result = call(*arrays, **kwargs)
    except _UFuncNoLoopError:
        if _holds_complex(arrays):
            raise TypeError(_no_complex_rule(ufunc)) from None
        if ufunc in _entries:
            raise
        raise TypeError(_no_rule(ufunc)) from None
    if outputs is None:
        if isinstance(result, ndarray):
            _keep_if_large(PyArray_SIZE(_array(result)) * (<PyArray_Descr *>(<ndarray>result).descr).elsize)
        return _as_dual_array(result)
    # an output stands for its plain view; a guest may have returned an array of its own instead
    results = [out if a is plain else _as_dual_array(a)
               for a, plain, out in zip(result if type(result) is tuple else (result,), kwargs["out"], outputs)]
    return tuple(results) if type(result) is tuple else results[0]


cdef dict _rules = {}  # function or ufunc -> the function that replaces it on duals; filled by dualnum.rules
cdef dict _functions_of_complex = {}  # function -> the same where a complex number is among the arguments


def register_function_of_complex(function, rule):
    """Let rule(*args, **kwargs) replace a function, or a ufunc of matrices, on duals and complex numbers."""
    _functions_of_complex[function] = rule


def register_rule(function, rule):
    """Let rule(*args, **kwargs) replace a function on duals; None restores its own."""
    if rule is None:
        _rules.pop(function, None)
        return
    if not callable(rule):
        raise TypeError(f"rule expects a callable, got {type(rule).__name__}.")
    if isinstance(function, np.ufunc) and function not in _entries:
        _add_loops_of_rule(function)
    _rules[function] = rule


cdef frozenset _reductions = frozenset([
    getattr(np, name)
    for name in "sum prod mean var std cumsum cumprod nansum nanprod nanmean nanvar nanstd nancumsum nancumprod trace "
                "cumulative_sum cumulative_prod".split()
    if hasattr(np, name)  # the last two came with NumPy 2.1
])


cdef dict _without_dual_dtype(dict kwargs):
    """Return kwargs without a dual dtype=, which NumPy refuses for reductions and which changes nothing."""
    if kwargs and _has_duals(kwargs.get("dtype")):
        kwargs = {name: argument for name, argument in kwargs.items() if name != "dtype"}
    return kwargs


cdef object _np_sum = np.sum, _no_value = np._NoValue
cdef int SQUARE = _index_of("square")


cdef object _fast_sum(object x, object axis):
    """Return the sum of a contiguous vector by one call of the loop of add, as NumPy makes it; None for others."""
    cdef ndarray a
    cdef Dual z
    cdef char *data[3]
    cdef Py_ssize_t strides[3]
    if type(x) is not DualArray or axis not in _the_only_axis:
        return None
    a = <ndarray>x
    if a.nd != 1 or not 0 < a.dimensions[0] <= 8192 or not _contiguous(a) or not _is_dual_dtype(<object>a.descr):
        return None
    z = _new_dual(<PyObject *>a.descr)
    memset(z.data, 0, (<DualDescr *>a.descr).base.elsize)
    z.data[0] = _sum_start
    data[0] = data[2] = <char *>z.data
    data[1] = a.data
    strides[0] = strides[2] = 0
    strides[1] = (<DualDescr *>a.descr).base.elsize
    _run_loop(_kernels[ADD].both, <DualDescr *>a.descr, data, strides, a.dimensions[0], b"reduce")
    return z


cdef tuple _the_only_axis = (None, -1, 0)


cdef object _dispatch(object function, object types, tuple args, dict kwargs):
    if function is _np_sum and len(args) == 1 and len(kwargs) == ("axis" in kwargs):
        result = _fast_sum(args[0], kwargs.get("axis"))
        if result is not None:
            return result
    for cls in types:
        if cls is not DualArray and cls is not ndarray and cls is not Dual and cls is not ComplexDual:
            if not issubclass(cls, ndarray):
                return NotImplemented
            if _is_guest(cls):
                return _as_dual_array(function(*_plain_arguments(args), **_plain_arguments(kwargs)))
    rule = look_up(_functions_of_complex, function)
    if rule is not None and (_holds_complex(args) or kwargs and _holds_complex(list(kwargs.values()))):
        return rule(*args, **kwargs)
    rule = look_up(_rules, function)
    if rule is not None:
        return rule(*args, **kwargs)
    if kwargs and function in _reductions:
        kwargs = _without_dual_dtype(kwargs)
    implementation = getattr(function, "_implementation", function)  # np.zeros(..., like=x) has none
    return _as_dual_array(implementation(*args, **kwargs))


cdef object _mixes(str call, object dtype):
    """Return the error of a call that would read or write bytes of duals as another dtype."""
    return TypeError(f"{call} of duals expects a dtype of duals, got {np.dtype(dtype)}: that would lose what is value "
                     f"and what is derivative; use dualnum.parts(x).")


cdef object _raw(str what):
    """Return the error of a call for the memory of duals."""
    return _refusal(TypeError(
        f"{what} would lose which numbers are values and which are derivatives; use dualnum.value(x), "
        f"dualnum.tangent(x) or dualnum.parts(x), or pickle x."))


cdef bint _is_other_dtype(object dtype):
    """Whether a dtype, or its name, has other elements than duals; structures may consist of duals."""
    dtype = np.dtype(dtype)
    return not _has_duals(dtype) and dtype.names is None


cdef object _ndarray_imag = np.ndarray.imag.__get__
cdef object _ndarray_set_dtype = getattr(np.ndarray, "_set_dtype", np.ndarray.dtype.__set__)


def _reduction(str name):
    """Return a method of ndarray's with dtype=x.dtype allowed; var and std of one number too."""
    method_of_ndarray = getattr(np.ndarray, name)
    cdef bint refuses_number = name in ("var", "std")  # NumPy asks for an out=

    def method(self, *args, **kwargs):
        x = self.reshape(1) if refuses_number and self.ndim == 0 else self
        result = method_of_ndarray(x, *args, **_without_dual_dtype(kwargs))
        if refuses_number and _is_complex_dtype(<object>(<ndarray>self).descr) and kwargs.get("out") is None:
            # NumPy squares the parts of its own complex numbers, and multiplies others by their conjugates
            from dualnum.rules._operands import float_operands, with_values
            return with_values(result, method_of_ndarray(float_operands(x)[0], *args, **_without_dual_dtype(kwargs)))
        return result

    return _named_method(method, name, "The same as ndarray.{}, with dtype=x.dtype allowed.")


def _plain_unless_dual(str name):
    """Return a method of ndarray's whose result is a plain array where it is not dual."""
    method_of_ndarray = getattr(np.ndarray, name)

    def method(self, *args, **kwargs):
        return _as_dual_array(method_of_ndarray(self, *args, **kwargs))

    return _named_method(method, name, "The same as ndarray.{}; a plain array where the result is not dual.")


cdef object _named_method(object method, str name, str doc):
    method.__name__, method.__qualname__, method.__doc__ = name, f"DualArray.{name}", doc.format(name)
    return method


@cython.binding(False)
@cython.c_api_binop_methods(True)
cdef class DualArray(ndarray):
    """
    An array of duals that NumPy functions without a loop for other dtypes reach too.

    Drivers hand these to the differentiated function.  ``x.view(DualArray)`` makes one of a plain array of duals;
    arithmetic, ufuncs, reductions and indexing are the same on both.

    Attributes
    ----------
    primal : ndarray of float64
        The values, a view of shape ``x.shape``.
    tangent : ndarray of float64
        The tangents of an array with one level, a view of shape ``x.shape + (k,)``.
    e1, e2, e12 : ndarray of float64
        The parts of an array with two levels, views of shapes ``x.shape + (k1,)``, ``(k2,)`` and ``(k1, k2)``.

    Examples
    --------
    >>> import numpy as np, dualnum as dn
    >>> x = dn.seed(np.array([1.0, 2.0]))
    >>> (x * x).tangent
    array([[2., 0.],
           [0., 4.]])
    """
    __array_priority__ = 10.0
    cdef dict __dict__  # __array_finalize__ of other subclasses updates theirs from it

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        cdef int place = _fast_path_place(ufunc, method, inputs, kwargs)
        if place >= 0:
            result = _fast_path(place, ufunc, len(inputs), inputs[0], inputs[len(inputs) - 1])
            if result is not None:
                return result
        return _plain_ufunc(ufunc, method, inputs, kwargs)

    def __array_wrap__(self, ndarray array not None, context=None, return_scalar=False):
        if return_scalar and array.nd == 0:
            return array[()]
        if _has_duals(<object>array.descr):
            return array if type(array) is DualArray else PyArray_View(_array(array), NULL, _dual_array_type)
        return array if type(array) is ndarray else PyArray_View(_array(array), NULL, &PyArray_Type)

    def __array_function__(self, func, types, args, kwargs):
        return _dispatch(func, types, args, kwargs)

    @property
    def dtype(self):
        """The array's DualDType; assigning another kind of dtype would mix values and derivatives."""
        return <object>self.descr

    @dtype.setter
    def dtype(self, dtype):
        if _has_duals(<object>self.descr) and _is_other_dtype(dtype):
            raise _mixes("x.dtype = dtype", dtype)
        _ndarray_set_dtype(self, dtype)

    def _set_dtype(self, dtype):
        """Assign the dtype for ndarray.view, which from NumPy 2.5 on asks for this method; view() has checked it."""
        _ndarray_set_dtype(self, dtype)

    def getfield(self, dtype, offset=0):
        """Refuse: bytes of a dual would mix values and derivatives."""
        raise _mixes("getfield(x, dtype)", dtype)

    def setfield(self, val, /, dtype, offset=0):
        """Refuse: bytes of a dual would mix values and derivatives."""
        raise _mixes("setfield(x, dtype)", dtype)

    def _repr_html_(self):
        from dualnum import notebook
        return notebook.array_html(self)

    @property
    def primal(self):
        return value(self)

    @property
    def tangent(self):
        return _named_part(self, "tangent")

    @property
    def e1(self):
        return _named_part(self, "e1")

    @property
    def e2(self):
        return _named_part(self, "e2")

    @property
    def e12(self):
        return _named_part(self, "e12")

    # Raw memory, which foreign C code would read as numbers one after the other.

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        raise _raw("the buffer of duals")

    @property
    def ctypes(self):
        """Refuse: C code would take tangents for values."""
        raise _raw("ctypes of duals")

    def tobytes(self, order="C"):
        """Refuse: the bytes mix values and derivatives."""
        raise _raw("tobytes() of duals")

    def tofile(self, *args, **kwargs):
        """Refuse: the bytes mix values and derivatives."""
        raise _raw("tofile() of duals")

    def byteswap(self, inplace=False):
        """Refuse: swapped bytes are no duals."""
        raise _raw("byteswap() of duals")

    # Either operand of a binary operator may be the DualArray.

    def __add__(x, y):
        return _array_operator(ADD, x, y)

    def __sub__(x, y):
        return _array_operator(SUBTRACT, x, y)

    def __mul__(x, y):
        return _array_operator(MULTIPLY, x, y)

    def __truediv__(x, y):
        return _array_operator(DIVIDE, x, y)

    def __neg__(self):
        return _array_function(NEGATIVE, self)

    def __abs__(self):
        return _array_function(ABSOLUTE, self)

    def __pow__(x, y, modulo):
        if not isinstance(x, DualArray):
            return np.power(x, y)
        if (type(y) is int or type(y) is float) and y == 2:
            return _array_function(SQUARE, x)
        if _is_guest(type(y)) and not _gives_up(x, y):
            return _as_dual_array(operator.pow(_as_plain(x), y))
        return NotImplemented if _gives_up(x, y) else _power(x, y, None)

    def __ipow__(self, other):
        return _power(self, other, self)

    def dot(self, other, out=None):
        """The same as np.dot(x, other)."""
        return np.dot(self, other) if out is None else np.dot(self, other, out=out)

    def sum(self, axis=None, dtype=None, out=None, keepdims=False, initial=_no_value, where=True):
        """The same as ndarray.sum, with dtype=x.dtype allowed."""
        if dtype is None and out is None and keepdims is False and initial is _no_value and where is True:
            result = _fast_sum(self, axis)
            if result is not None:
                return result
        return np.ndarray.sum(self, axis, None if _has_duals(dtype) else dtype, out, keepdims, initial, where)

    @property
    def real(self):
        """The real part: of complex duals a view, of others the array."""
        return _complex_part(self, False) if _is_complex_dtype(<object>self.descr) else self

    @real.setter
    def real(self, x):
        self.real[...] = x

    @property
    def imag(self):
        """The imaginary part: of complex duals a view, of others zeros."""
        return _complex_part(self, True) if _is_complex_dtype(<object>self.descr) else _ndarray_imag(self)

    @imag.setter
    def imag(self, x):
        if not _is_complex_dtype(<object>self.descr):
            raise TypeError("cannot set the imaginary part of an array of real duals; use x + 0j.")
        self.imag[...] = x

    def conjugate(self, *args, **kwargs):
        """The complex conjugate; an array of real duals itself."""
        if not args and not kwargs and not _is_complex_dtype(<object>self.descr):
            return self
        return np.conjugate(self, *args, **kwargs)

    conj = conjugate

    def round(self, decimals=0, out=None):
        """The same as ndarray.round; of complex duals both parts."""
        if out is not None or not _is_complex_dtype(<object>self.descr):
            return np.ndarray.round(self, decimals, out)
        return complex_from(self.real.round(decimals), self.imag.round(decimals))

    def astype(self, dtype, *args, **kwargs):
        """The same as ndarray.astype, a plain array where the result is not dual; ``complex`` gives complex duals."""
        if not _is_complex_dtype(dtype) and _has_duals(<object>self.descr) and np.dtype(dtype).char in "FD":
            dtype = complex_dtype(<object>self.descr)
        return _as_dual_array(np.ndarray.astype(self, dtype, *args, **kwargs))

    prod = _reduction("prod")
    mean = _reduction("mean")
    var = _reduction("var")
    std = _reduction("std")
    cumsum = _reduction("cumsum")
    cumprod = _reduction("cumprod")
    argsort = _plain_unless_dual("argsort")
    argmax = _plain_unless_dual("argmax")
    argmin = _plain_unless_dual("argmin")

    def argpartition(self, *args, **kwargs):
        """The same as ndarray.argpartition: integers in a plain array."""
        return np.argpartition(self, *args, **kwargs)

    def partition(self, *args, **kwargs):
        """The same as ndarray.partition, in place."""
        self[...] = np.partition(self, *args, **kwargs)

    def view(self, *args, **kwargs):
        """The same as ndarray.view; other dtypes are refused, because they would mix values and derivatives."""
        dtype = kwargs.get("dtype", args[0] if args else None)
        if dtype is not None and not (isinstance(dtype, type) and issubclass(dtype, ndarray)):
            if _has_duals(<object>self.descr) and _is_other_dtype(dtype):
                raise _mixes("view(x, dtype)", dtype)
        return np.ndarray.view(self, *args, **kwargs)


cdef dict _fast_powers = {2: np.square, -1: np.reciprocal, 0.5: np.sqrt}


cdef object _power(object x, object exponent, object out):
    """Return x ** exponent by the function that ndarray's ** takes for float64; np.power's values differ from it."""
    function = np.power
    if isinstance(exponent, (int, float, np.integer, np.floating)):
        function = _fast_powers.get(exponent, np.power)
    if out is None:
        return function(x) if function is not np.power else function(x, exponent)
    return function(x, out=out) if function is not np.power else function(x, exponent, out=out)


cdef PyTypeObject *_dual_array_type = <PyTypeObject *><PyObject *>DualArray
