# Complex duals: the dtype, the scalar, and how arrays are made of their real and imaginary parts.

cdef object _complex128 = np.dtype(complex)
cdef object _complex_scalars = (complex, np.complexfloating)


class ComplexDualScalar(np.complexfloating):
    """
    The type attribute of complex dual dtypes, by which NumPy's checks find them complex.

    Calling it gives a dual as it is and any other number as complex128.
    """

    def __new__(cls, value=0j):
        return value if type(value) is ComplexDual or type(value) is Dual else np.complex128(value)


cdef object _complex_of(object real):
    """Return the dtype of complex duals whose parts have this dtype."""
    return _make_dtype(_levels(_descr(real)), _sizes(_descr(real)), True)


def real_dtype(dtype):
    """Return the dtype of the parts of duals, real or complex; None for other dtypes."""
    return _real_of(dtype) if _has_duals(dtype) else None


def complex_dtype(dtype):
    """Return the dtype of complex duals with the levels of this dtype of duals."""
    if not _has_duals(dtype):
        raise TypeError(f"complex_dtype expects a dtype of duals, got {dtype!r}.")
    return _complex_of(_real_of(dtype))


cdef object _real_of(object dtype):
    """Return the dtype of the parts of duals, real or complex."""
    return <object>_descr(dtype).real if _is_complex_dtype(dtype) else dtype


# --- what NumPy asks of the dtype -----------------------------------------------------------------------------------

cdef object _complex_neutral = None


cdef object _complex_discover(object cls, object x):
    return (<ComplexDual>x).owner if type(x) is ComplexDual else _complex_neutral


cdef object _complex_default(object cls):
    return _complex_neutral


cdef object _complex_common_dtype(object cls, object other):
    known = (other in _promotable or other in _complex_numbers or other.__name__ in _python_numbers
             or other.__name__ == "_PyComplexDType" or other is <object><PyObject *>&dual_dtype)
    return cls if known else NotImplemented


cdef object _complex_union(object a, object b):
    return _complex_of(_union(_real_of(a), _real_of(b)))


cdef object _complex_getitem(PyObject *descr, char *data):
    cdef PyObject *real = (<DualDescr *>descr).real
    cdef Py_ssize_t size = (<DualDescr *>real).base.elsize
    re, im = _new_dual(real), _new_dual(real)
    memcpy(re.data, data, size)
    memcpy(im.data, data + size, size)
    return _new_complex(re, im, <object>descr)


cdef int _complex_setitem(object dtype, object x, char *data) except -1:
    cdef object real = <object>_descr(dtype).real
    cdef Py_ssize_t size = _descr(real).base.elsize
    if isinstance(x, np.ndarray) and x.ndim == 0:
        x = x[()]
    if type(x) is ComplexDual:
        re, im = (<ComplexDual>x).real, (<ComplexDual>x).imag
    elif isinstance(x, _complex_scalars):
        number = complex(x)
        re, im = number.real, number.imag
    else:
        re, im = x, 0.0
    _setitem(real, re, data)
    return _setitem(real, im, data + size)


cdef int _resolve_complex(void *method, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop,
                          npy_intp *view_offset) except -1:
    """Resolve casts to complex duals from duals, real or complex."""
    cdef Py_ssize_t position[MAX_LEVELS]
    source = <object>given[0]
    target = <object>given[1] if given[1] != NULL else source if _is_complex_dtype(source) else _complex_of(source)
    if not embedding(_descr(source), _descr(target), position):
        raise TypeError(
            f"a dual of {_dtype_text(source)} does not fit {_dtype_text(target)} without losing derivatives; allocate "
            f"with np.zeros_like(x) or np.zeros(n, dtype=x.dtype).")
    loop[0], loop[1] = _new_reference(source), _new_reference(target)
    if _is_complex_dtype(source) and _descr(source).layout.levels == _descr(target).layout.levels:
        view_offset[0] = 0
        return NPY_NO_CASTING
    return NPY_SAFE_CASTING


cdef int _resolve_into_complex(void *method, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop,
                               npy_intp *view_offset) except -1:
    source = <object>given[0]
    loop[0] = _new_reference(source if source.isnative else source.newbyteorder("="))
    loop[1] = _new_reference(<object>given[1] if given[1] != NULL else _complex_neutral)
    return NPY_SAFE_CASTING


cdef int _resolve_refused_real(void *method, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop,
                               npy_intp *view_offset) except -1:
    """Let NumPy ask about the cast, as it does of an out= for real results; its loop refuses."""
    loop[0] = _new_reference(<object>given[0])
    loop[1] = _new_reference(<object>(given[1] if given[1] != NULL else <PyObject *>(<DualDescr *>given[0]).real))
    return NPY_UNSAFE_CASTING


cdef object _not_real():
    return TypeError("cannot store complex duals as real ones: that would lose the imaginary part; allocate with "
                     "np.zeros_like(z) or np.zeros(n, dtype=z.dtype), or take z.real.")


cdef int _refused_real_loop(void *context, void *data, void *counts, void *strides, void *state) except -1:
    if PyErr_Occurred():
        return -1  # NumPy's ufunc.at goes on after an error
    raise _refusal(_not_real())


cdef void _register_complex_dtype() except *:
    cdef PyType_Slot slots[20]
    cdef PyArrayDTypeMeta_Spec spec
    cdef int first = 64, n = 64, i
    dual = <object><PyObject *>&dual_dtype
    _add_cast(&n, None, None, NPY_SAFE_CASTING, <void *>_resolve_complex, <void *>cast_complex_levels)
    _add_cast(&n, dual, None, NPY_SAFE_CASTING, <void *>_resolve_complex, <void *>cast_real_levels)
    _add_cast(&n, None, dual, NPY_UNSAFE_CASTING, <void *>_resolve_refused_real, <void *>_refused_real_loop,
              raises=True)
    for i in range(CASTS_FROM):
        _add_cast(&n, _dtype_class(casts_from[i].type_num), None, NPY_SAFE_CASTING, <void *>_resolve_into_complex,
                  <void *>casts_from[i].loop)
    for i in range(CASTS_FROM_COMPLEX):
        _add_cast(&n, _dtype_class(casts_from_complex[i].type_num), None, NPY_SAFE_CASTING,
                  <void *>_resolve_into_complex, <void *>casts_from_complex[i].loop)
    _add_cast(&n, None, _dtype_class(NPY_BOOL), NPY_UNSAFE_CASTING, <void *>_resolve_to_bool,
              <void *>cast_complex_to_bool)
    for i in range(CASTS_REFUSED):
        _add_cast(&n, None, _dtype_class(casts_refused[i]), NPY_SAME_KIND_CASTING, <void *>_refuse,
                  <void *>_refused_loop)
    _cast_list[n] = NULL

    slots[0] = PyType_Slot(NPY_DT_discover_descr_from_pyobject, <void *>_complex_discover)
    slots[1] = PyType_Slot(NPY_DT_default_descr, <void *>_complex_default)
    slots[2] = PyType_Slot(NPY_DT_common_dtype, <void *>_complex_common_dtype)
    slots[3] = PyType_Slot(NPY_DT_common_instance, <void *>_complex_union)
    slots[4] = PyType_Slot(NPY_DT_ensure_canonical, <void *>_canonical)
    slots[5] = PyType_Slot(NPY_DT_setitem, <void *>_complex_setitem)
    slots[6] = PyType_Slot(NPY_DT_getitem, <void *>_complex_getitem)
    slots[7] = PyType_Slot(array_function_slot(3), <void *>copyswapn)
    slots[8] = PyType_Slot(array_function_slot(4), <void *>copyswap)
    slots[9] = PyType_Slot(array_function_slot(5), <void *>complex_compare)
    slots[10] = PyType_Slot(array_function_slot(6), <void *>complex_arg_largest)
    slots[11] = PyType_Slot(array_function_slot(10), <void *>complex_nonzero)
    slots[12] = PyType_Slot(array_function_slot(11), <void *>fill)
    slots[13] = PyType_Slot(array_function_slot(22), <void *>complex_arg_smallest)
    slots[14] = PyType_Slot(0, NULL)

    spec.typeobj = <PyTypeObject *><PyObject *>ComplexDual
    spec.baseclass = NULL
    spec.flags = NPY_DT_PARAMETRIC | NPY_DT_NUMERIC
    spec.casts, spec.slots = &_cast_list[first], slots
    ready_dtype(&complex_dual_dtype, "dualnum.ComplexDualDType", _dtype_new, _dtype_text, _dtype_reduce, _dtype_name,
                COMPLEX_DTYPE_DOC)
    PyArrayInitDTypeMeta_FromSpec(&complex_dual_dtype, &spec)


cdef bytes COMPLEX_DTYPE_DOC = b"""ComplexDualDType(*sizes, order=None, degree=None, levels=None)
--

The dtype of complex dual numbers: complex128 values that carry derivatives.

An element is two real ones, its real and its imaginary part, so that ``z.real`` and ``z.imag`` are views.

Parameters
----------
*sizes, order, degree, levels
    As of `DualDType`.

Examples
--------
>>> import numpy as np, dualnum as dn
>>> z = 1j * dn.seed(np.array([1.0, 2.0]))
>>> z.dtype.itemsize, z.imag.dtype.itemsize
(48, 24)
"""


# --- parts of arrays ------------------------------------------------------------------------------------------------

cdef object _complex_part(ndarray a, bint imaginary):
    """Return the real or the imaginary part of an array of complex duals as a view."""
    cdef object real = <object>(<DualDescr *>a.descr).real
    cdef char *data = a.data + imaginary * _descr(real).base.elsize
    cdef PyTypeObject *cls = _dual_array_type if isinstance(a, DualArray) else &PyArray_Type
    Py_INCREF(real)
    view = PyArray_NewFromDescr(cls, <PyArray_Descr *><PyObject *>real, a.nd, a.dimensions, a.strides, data,
                                a.flags & NPY_ARRAY_WRITEABLE, None)
    PyArray_SetBaseObject(_array(view), _new_reference(a))
    return view


def is_complex_dual(x):
    """Return whether x is a complex dual or an array of complex duals."""
    return type(x) is ComplexDual or isinstance(x, ndarray) and _is_complex_dtype(<object>(<ndarray>x).descr)


def real_part(x):
    """Return the real part of numbers or an array: of complex duals a view."""
    if isinstance(x, ndarray) and _is_complex_dtype(<object>(<ndarray>x).descr):
        return _complex_part(<ndarray>x, False)
    return x.real


def imaginary_part(x):
    """Return the imaginary part of numbers or an array: of complex duals a view."""
    if isinstance(x, ndarray) and _is_complex_dtype(<object>(<ndarray>x).descr):
        return _complex_part(<ndarray>x, True)
    return x.imag


def complex_from(re, im):
    """
    Return the numbers re + i im, given as duals or floats that broadcast.

    A complex, a complex128 array, a ComplexDual or an array of complex duals; the parts' bits are kept. Of Python's
    numbers the result stands for one of Python's.
    """
    cdef ComplexDual z
    cdef bint python = _is_python(re) and _is_python(im)
    scalar = not isinstance(re, ndarray) and not isinstance(im, ndarray)
    re, im = _as_plain(re), _as_plain(im)
    dtype = np.result_type(float, re, im)
    if not _is_dual_dtype(dtype):
        numbers = np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), complex)
        numbers.real, numbers.imag = re, im
        return complex(numbers) if scalar else numbers
    a = _as_dual_array(np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), _complex_of(dtype)))
    _complex_part(a, False)[...] = re
    _complex_part(a, True)[...] = im
    if not scalar:
        return a
    z = a[()]
    z.real.of_python = z.imag.of_python = python
    return z


cdef bint _is_python(object x):
    """Whether a number stands for one of Python's."""
    return (<Dual>x).of_python if type(x) is Dual else type(x) is float or type(x) is int


# --- the scalar -----------------------------------------------------------------------------------------------------

cdef ComplexDual _new_complex(Dual re, Dual im, object dtype):
    cdef ComplexDual z = ComplexDual.__new__(ComplexDual)
    z.real, z.imag, z.owner, z.made = re, im, dtype, True
    return z


cdef object _zero_complex(PyTypeObject *cls, PyObject *args, PyObject *kwargs):
    """Return, as ComplexDual.__new__ does for Python, a constant 0 that __init__ turns into the number, once."""
    cdef Dual re = _new_dual(<PyObject *>_neutral), im = _new_dual(<PyObject *>_neutral)
    re.data[0] = im.data[0] = 0
    z = _new_complex(re, im, _complex_neutral)
    (<ComplexDual>z).made = False
    return z


def _restore_complex(re, im):
    """Return an unpickled complex dual."""
    return complex_from(re, im)


cdef ndarray _complex_zero_d(ComplexDual z):
    cdef ndarray a = _new_array(&PyArray_Type, z.owner, 0, NULL)
    _complex_setitem(z.owner, z, a.data)
    return a


cdef Dual _with_primal(Dual d, double number, bint of_python):
    cdef Dual z = _new_dual(d.descr)
    memcpy(z.data, d.data, (<DualDescr *>d.descr).base.elsize)
    z.data[0] = number
    z.of_python = of_python
    return z


cdef int HYPOT = _index_of("hypot")


cdef ComplexDual _complex_by_kernel(int op, object x, object y):
    """x op y without warnings; None where there is no kernel, or an element does not fit the buffer."""
    cdef double data[3][32]
    cdef object dtype = None
    for number in (x, y):
        if type(number) in (Dual, ComplexDual):
            own = (<ComplexDual>number).owner if type(number) is ComplexDual else _complex_of((<Dual>number).owner)
            dtype = own if dtype is None or dtype is own else _complex_union(dtype, own)
    cdef DualDescr *descr = _descr(dtype)
    if _kernels[op].of_complex == NULL or descr.base.elsize > <Py_ssize_t>sizeof(data[0]):
        return None
    _complex_setitem(dtype, x, <char *>data[0])
    _complex_setitem(dtype, y, <char *>data[1])
    _run_kernel(_kernels[op].of_complex, &descr.layout, data[0], data[1], data[2])
    return _complex_getitem(<PyObject *>descr, <char *>data[2])


cdef ComplexDual _small_power(object x, object n):
    """x**n for an integer n from 2 to 8, by products; else None."""
    cdef object z = x
    cdef int i
    if type(x) is not ComplexDual or type(n) is not int or not 2 <= n <= 8:
        return None
    for i in range(1, n):
        z = _complex_by_kernel(MULTIPLY, z, x)
        if z is None:
            return None
    return z


cdef object _complex_operate(int op, object x, object y):
    """x op y, where one is a ComplexDual, or one is a Dual and the other one complex."""
    cdef bint of_python = True
    x, y = _without_fraction(x), _without_fraction(y)
    for number in (x, y):
        if type(number) is ComplexDual:
            of_python = of_python and (<ComplexDual>number).real.of_python
        elif type(number) is Dual:
            of_python = of_python and (<Dual>number).of_python
        elif isinstance(number, _array_likes):
            if _is_guest(type(number)) and not isinstance(number, np.matrix):
                return _float_operators[op](_as_plain(x), _as_plain(y))
            return _ufuncs[op](x, y)
        elif isinstance(number, _real_scalars) or isinstance(number, _complex_scalars):
            of_python = of_python and not isinstance(number, _generic)
        else:
            return NotImplemented
    z = _small_power(x, y) if op == POWER else _complex_by_kernel(op, x, y)
    if z is None:
        with np.errstate(all="ignore"):
            z = _ufuncs[op](_as_plain(x), _as_plain(y))
    a, b = complex(_value(x)), complex(_value(y))
    try:
        if not of_python:
            raise ArithmeticError
        value = _float_operators[op](a, b)  # complex numbers of Python's, whose powers and quotients are others
    except ArithmeticError:
        value = _float_operators[op](np.complex128(a), np.complex128(b))
    re, im = _with_primal(z.real, value.real, of_python), _with_primal(z.imag, value.imag, of_python)
    return _new_complex(re, im, (<ComplexDual>z).owner)


cdef object _without_fraction(object x):
    """Return a Fraction, or its like, as a float; anything else as it is."""
    is_number = isinstance(x, _real_scalars) or isinstance(x, ndarray) or type(x) is Dual or type(x) is ComplexDual
    return float(x) if not is_number and hasattr(type(x), "numerator") else x


@cython.binding(False)
@cython.final
@cython.c_api_binop_methods(True)
cdef class ComplexDual:
    """
    A complex number that carries derivatives.

    Parameters
    ----------
    real, imag : float or Dual
        The parts; those without derivatives are constants.

    Attributes
    ----------
    real, imag : Dual
        The parts, with the levels of both.
    primal : complex
        The value.

    Notes
    -----
    It follows the arithmetic of ``np.complex128``, and refuses, as `Dual` does, whatever would lose a derivative.

    Examples
    --------
    >>> import dualnum as dn
    >>> z = dn.ComplexDual(dn.Dual(3.0), 4.0)
    >>> abs(z)
    Dual(5.0, 0.6)
    >>> z * z
    ComplexDual((-7+24j), (6+8j))
    """
    cdef readonly Dual real
    cdef readonly Dual imag
    cdef object owner  # the dtype
    cdef bint made  # whether __init__ has run

    def __init__(self, real=0.0, imag=0.0):
        if self.made:
            return  # it is immutable
        for part in (real, imag):
            if type(part) is not Dual and not isinstance(part, _real_scalars):
                raise TypeError(f"ComplexDual expects real numbers or duals, got {type(part).__name__}.")
        dtype = np.result_type(_neutral, np.asarray(real), np.asarray(imag))
        parts = np.array([real, imag], dtype)
        self.real, self.imag, self.owner, self.made = parts[0], parts[1], _complex_of(dtype), True

    @property
    def dtype(self):
        """The number's ComplexDualDType."""
        return self.owner

    @property
    def primal(self):
        """The value, a complex, without any derivative."""
        if watched != NULL:
            _note_discard()
        return _value(self)

    @property
    def tangent(self):
        """The derivative(s) of a number with one level: a complex for one tangent, else shape (k,)."""
        return complex_from(self.real.tangent, self.imag.tangent)

    shape = ()
    ndim = 0
    size = 1
    T = property(_itself)
    __copy__ = _itself
    itemsize = nbytes = property(lambda self: self.dtype.itemsize, doc="Bytes of an element.")

    def conjugate(self):
        """Return the complex conjugate."""
        return _new_complex(self.real, -self.imag, self.owner)

    conj = conjugate

    def item(self):
        """Return the number itself: a complex would lose its derivatives."""
        return self

    @cython.binding(True)  # lifted code looks it up
    def astype(self, dtype, *args, **kwargs):
        """Return the number as another dtype, itself as complex128; TypeError where that would lose a derivative."""
        if type(self) is not ComplexDual:
            raise TypeError(f"ComplexDual.astype expects a ComplexDual, got {type(self).__name__}.")
        if np.dtype(dtype) == _complex128:
            return self
        return _complex_zero_d(self).astype(dtype, *args, **kwargs)[()]

    def __getattr__(self, name):
        function = _methods.get(name)
        if function is not None:
            return types.MethodType(function, self)
        if name not in _array_attributes:
            raise AttributeError(f"'ComplexDual' object has no attribute {name!r}")
        attribute = getattr(_as_dual_array(_complex_zero_d(self)), name)
        if not callable(attribute):
            return attribute

        def method(*args, **kwargs):
            result = attribute(*args, **kwargs)
            return result[()] if isinstance(result, ndarray) and (<ndarray>result).nd == 0 else result

        return method

    def __getitem__(self, key):
        return np.ndarray.__getitem__(_complex_zero_d(self), key)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return _plain_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        return _dispatch(func, types, args, kwargs)

    def __add__(x, y):
        return _complex_operate(ADD, x, y)

    def __sub__(x, y):
        return _complex_operate(SUBTRACT, x, y)

    def __mul__(x, y):
        return _complex_operate(MULTIPLY, x, y)

    def __truediv__(x, y):
        return _complex_operate(DIVIDE, x, y)

    def __pow__(x, y, modulo):
        return NotImplemented if modulo is not None else _complex_operate(POWER, x, y)

    def __neg__(self):
        return _new_complex(-self.real, -self.imag, self.owner)

    def __pos__(self):
        return self

    def __abs__(self):
        cdef bint of_python = self.real.of_python and self.imag.of_python
        cdef Dual z = _new_dual(self.real.descr)
        _run_kernel(_kernels[HYPOT].both, _layout(z), self.real.data, self.imag.data, z.data)
        z.data[0], z.of_python = abs(np.complex128(_value(self))), of_python
        return z

    def round(self, decimals=0):
        """Return the number with both parts rounded like np.round: a step function, whose derivatives are zero."""
        return _new_complex(self.real.round(decimals), self.imag.round(decimals), self.owner)

    def __bool__(self):
        return bool(self.real) or bool(self.imag)

    def __richcmp__(self, other, int op):
        if isinstance(other, _array_likes):
            return _comparisons[op](self, other)
        if not (type(other) in (Dual, ComplexDual) or isinstance(other, _real_scalars + _complex_scalars)):
            return NotImplemented
        if op != Py_EQ and op != Py_NE:  # NumPy's numbers have an order, Python's have none
            return NotImplemented if self.real.of_python else _comparisons[op](_as_plain(self), _as_plain(other))
        equal = self.real == other.real and self.imag == other.imag
        return bool(equal) == (op == Py_EQ)

    def __complex__(self):
        raise _drops("complex()")

    def __float__(self):
        raise _drops("float()")

    def __int__(self):
        raise _drops("int()")

    def __hash__(self):
        raise _refusal(TypeError("unhashable type: 'ComplexDual': a cache keyed by value would lose derivatives; "
                                 "hash dualnum.value(z) on purpose."))

    def __reduce__(self):
        return _restore_complex, (self.real, self.imag)

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return complex_text(self)

    def __format__(self, str spec):
        return format(_value(self), spec) if spec else str(self)


def complex_text(ComplexDual z not None, write=repr):
    """Return the repr of a complex dual, with complex numbers written by `write`."""
    if _layout(z.real).is_dual():
        tangents = np.atleast_1d(complex_from(_parts(z.real)["e1"], _parts(z.imag)["e1"]))  # z.tangent is a discard
        texts = [write(number) for number in tangents.tolist()]
        if len(texts) > 20:
            texts = texts[:3] + ["..."] + texts[-3:]
        text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        return f"ComplexDual({write(_value(z))}, {text})"
    return f"<ComplexDual {write(_value(z))} of {_dtype_text(z.owner)}>"
