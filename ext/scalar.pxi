# The scalar: one compiled type for every number of levels.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.long cimport PyLong_AsDouble
from libc.math cimport pow as c_pow
import operator
import types

cdef extern from "scalar.h" namespace "dn" nogil:
    cdef enum class Arithmetic(int):
        add
        subtract
        multiply
        divide
    cbool quick_both "dn::quick<true, true>" (Arithmetic, const Shape &, const double *, const double *, double *)
    cbool quick_left "dn::quick<true, false>" (Arithmetic, const Shape &, const double *, const double *, double *)
    cbool quick_right "dn::quick<false, true>" (Arithmetic, const Shape &, const double *, const double *, double *)

# The functions that scalars call themselves, by name: the kernels of dual-dual, dual-float and float-dual operands.
cdef struct Kernels:
    Kernel both
    Kernel left
    Kernel right

cdef Kernels _kernels[128]
cdef dict _kernel_index = {}  # ufunc name -> its place
cdef enum:  # the places of the operators, the quick ones first
    ADD, SUBTRACT, MULTIPLY, DIVIDE
    FLOOR_DIVIDE, REMAINDER, POWER
    NEGATIVE, ABSOLUTE, FLOOR, CEIL, TRUNC


cdef int _index_of(str name) except -1:
    return _kernel_index.setdefault(name, len(_kernel_index))


for _name in ("add subtract multiply divide floor_divide remainder power negative absolute floor ceil trunc").split():
    _index_of(_name)

cdef object _float64 = np.float64
cdef object _generic = np.generic
cdef object _real_scalars = (float, int, np.bool_, np.integer, np.float16, np.float32, np.float64)
cdef object _array_likes = (np.ndarray, list, tuple)
cdef dict _float_operators = {
    ADD: operator.add, SUBTRACT: operator.sub, MULTIPLY: operator.mul, DIVIDE: operator.truediv,
    FLOOR_DIVIDE: operator.floordiv, REMAINDER: operator.mod, POWER: operator.pow,
}
cdef dict _methods = {}  # functions that scalars have as methods, so that object arrays of duals work
cdef frozenset _array_attributes = frozenset([name for name in dir(np.ndarray) if not name.startswith("_")]) - {"data"}


cdef double _as_double(object x, str what) except? -1.5:
    """Return a real number as float64; everything else is refused by name."""
    if isinstance(x, _real_scalars):
        return x
    raise TypeError(f"{what} expects real numbers, got {type(x).__name__}.")


cdef inline Dual _new_dual(PyObject *descr):
    """Return a scalar of this dtype; the caller fills in the components."""
    cdef Dual d = Dual.__new__(Dual)
    cdef Py_ssize_t size = (<DualDescr *>descr).base.elsize
    d.owner, d.descr, d.data = <object>descr, descr, d.room
    if size > <Py_ssize_t>sizeof(d.room):
        d.heap = PyBytes_FromStringAndSize(NULL, size)
        d.data = <double *>PyBytes_AS_STRING(d.heap)
    return d


cdef PyObject *_zero_dual(PyTypeObject *cls, PyObject *args, PyObject *kwargs) except NULL:
    """What Dual.__new__ is for Python: a constant 0, which __init__ turns into the number."""
    cdef Dual d = _new_dual(<PyObject *>_neutral)
    d.data[0] = 0
    Py_INCREF(d)
    return <PyObject *>d


cdef inline const Shape *_shape(Dual d):
    return &(<DualDescr *>d.descr).shape


cdef Dual _lift(Dual d, object dtype):
    """Return d with the levels of dtype, which has all of d's."""
    cdef Py_ssize_t position[16]
    if d.descr == <PyObject *>dtype:
        return d
    cdef Dual z = _new_dual(<PyObject *>dtype)
    if not embedding(<DualDescr *>d.descr, _descr(dtype), position):
        raise TypeError(f"a dual of {_dtype_text(d.dtype)} does not fit {_dtype_text(dtype)}.")
    embed(_shape(d)[0], position, d.data, _shape(z).components(), z.data)
    return z


cdef int _run(Kernel kernel, const Shape *shape, const double *x, const double *y, double *z) except -1:
    """Call a kernel on one element; y is null for functions of one argument."""
    cdef char *data[3]
    cdef Py_ssize_t strides[3]
    memset(strides, 0, sizeof(strides))
    data[0] = <char *>x
    data[1] = <char *>(y if y != NULL else z)
    data[2] = <char *>z
    if not run(kernel, shape[0], data, strides, 1):
        raise MemoryError
    return 0


cdef int _warn(int op, double x, double y, double z) except -1:
    """Give the warnings of x op y, as np.float64 does, where the value z shows that there may be one."""
    if z == 0 and (x == 0 or op == ADD or op == SUBTRACT or (y == 0 and op == MULTIPLY)):
        return 0
    _float_operators[op](_float64(x), _float64(y))
    return 0


cdef inline bint _ordinary(double z) noexcept:
    return 2.3e-308 < fabs(z) < 1.79e308


cdef Dual _binary(int op, Dual x, Dual y, double number):
    """x op y; where one is None, number stands for it."""
    cdef Dual z
    cdef const double *px
    cdef const double *py
    cdef PyObject *descr
    cdef Kernels *kernels = &_kernels[op]
    cdef cbool done = False
    if x is not None and y is not None and x.descr != y.descr:
        dtype = _union(<object>x.descr, <object>y.descr)
        x, y = _lift(x, dtype), _lift(y, dtype)
    descr = y.descr if x is None else x.descr
    z = _new_dual(descr)
    px = &number if x is None else x.data
    py = &number if y is None else y.data
    if op <= DIVIDE:
        if x is None:
            done = quick_right(<Arithmetic>op, (<DualDescr *>descr).shape, px, py, z.data)
        elif y is None:
            done = quick_left(<Arithmetic>op, (<DualDescr *>descr).shape, px, py, z.data)
        else:
            done = quick_both(<Arithmetic>op, (<DualDescr *>descr).shape, px, py, z.data)
    if not done:
        _run(kernels.right if x is None else kernels.left if y is None else kernels.both,
             &(<DualDescr *>descr).shape, px, py, z.data)
        if op == POWER:
            z.data[0] = c_pow(px[0], py[0])  # np.float64's ** is C's, not the array loop's
    if not _ordinary(z.data[0]):
        _warn(op, px[0], py[0], z.data[0])
    return z


cdef inline object _operate(int op, object x, object y):
    """The operators: x or y is a Dual."""
    cdef Dual z
    if type(x) is Dual and type(y) is Dual and op <= DIVIDE and (<Dual>x).descr == (<Dual>y).descr:
        if (<Dual>x).data == (<Dual>x).room and _shape(<Dual>x).is_dual():  # the usual case, all of it here
            z = Dual.__new__(Dual)
            z.owner, z.descr, z.data = (<Dual>x).owner, (<Dual>x).descr, z.room
            quick_both(<Arithmetic>op, _shape(z)[0], (<Dual>x).data, (<Dual>y).data, z.data)
            if not _ordinary(z.data[0]):
                _warn(op, (<Dual>x).data[0], (<Dual>y).data[0], z.data[0])
            return z
    return _operate_on_any(op, x, y)


cdef object _operate_on_any(int op, object x, object y):
    if type(x) is Dual:
        if type(y) is Dual:
            return _binary(op, <Dual>x, <Dual>y, 0)
        if type(y) is float:
            return _binary(op, <Dual>x, None, PyFloat_AS_DOUBLE(y))
        if type(y) is int:
            return _binary(op, <Dual>x, None, PyLong_AsDouble(y))
        if isinstance(y, _real_scalars):
            return _binary(op, <Dual>x, None, y)
        other = y
    else:
        if type(x) is float:
            return _binary(op, None, <Dual>y, PyFloat_AS_DOUBLE(x))
        if type(x) is int:
            return _binary(op, None, <Dual>y, PyLong_AsDouble(x))
        if isinstance(x, _real_scalars):
            return _binary(op, None, <Dual>y, x)
        other = x
    if isinstance(other, _array_likes):
        return _ufuncs[op](x, y)
    if isinstance(other, (complex, _generic)):
        raise TypeError(f"duals expect real numbers beside them, got {type(other).__name__}; complex duals do not exist yet.")
    return NotImplemented


cdef Dual _unary(int op, Dual x):
    cdef Dual z = _new_dual(x.descr)
    _run(_kernels[op].both, _shape(x), x.data, NULL, z.data)
    return z


cdef object _apply(int op, object ufunc, Dual x):
    """A function of one dual, with the warnings that ufunc gives for the value."""
    cdef Dual z = _unary(op, x)
    if not _ordinary(z.data[0]):
        ufunc(x.data[0])
    return z


cdef object _real(object x):
    """Integers as float64, so that reciprocal(2) is 0.5; everything else as it is."""
    if type(x) is float or isinstance(x, ndarray) and x.dtype.kind not in "biu":
        return x
    array = np.asarray(x)
    return array.astype(float)[()] if array.dtype.kind in "biu" else x


def _function_of_one(str name):
    cdef int op = _kernel_index[name]
    ufunc = _ufuncs[op]

    def function(x, /):
        return _apply(op, ufunc, <Dual>x) if type(x) is Dual else ufunc(_real(x))

    return _named(function, name, "x : float, Dual or array_like\n        The argument.", "x")


def _function_of_two(str name):
    cdef int op = _kernel_index[name]
    ufunc = _ufuncs[op]
    cdef bint direct = op in _float_operators and op != POWER  # np.power's values are not C's

    def function(x, y, /):
        if direct and (type(x) is Dual or type(y) is Dual):
            result = _operate(op, x, y)
            if result is not NotImplemented:
                return result
        return ufunc(_real(x), _real(y))

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
        Of the broadcast shape; a float64 where no argument is dual.
    """
    return function


cdef list _ufuncs = [None] * 128  # by the places of _kernel_index


cdef object _compare(Dual x, object other, int op):
    cdef double a = x.data[0], b
    if type(other) is Dual:
        b = (<Dual>other).data[0]
    elif isinstance(other, _real_scalars):
        if type(other) is int:
            return _python_compare(a, other, op)
        b = other
    elif isinstance(other, _array_likes):
        return _comparisons[op](x, other)
    else:
        return NotImplemented
    cdef bint answer
    if op == 0:
        answer = a < b
    elif op == 1:
        answer = a <= b
    elif op == 2:
        answer = a == b
    elif op == 3:
        answer = a != b
    elif op == 4:
        answer = a > b
    else:
        answer = a >= b
    return _true if answer else _false  # np.bool, as np.float64's comparisons give: ~(x > 0) must work


cdef object _true = np.True_
cdef object _false = np.False_
cdef tuple _comparisons = (np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal)
cdef tuple _python_comparisons = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)


cdef object _python_compare(double a, object other, int op):
    return _true if _python_comparisons[op](a, other) else _false  # exact for ints that float64 cannot hold


def _restore_dual(dtype, data):
    """Return the scalar that was pickled as the bytes of its components."""
    cdef bytes raw = data
    if not _is_dual_dtype(dtype) or len(raw) != dtype.itemsize:
        raise ValueError("a pickled dual expects a DualDType and as many bytes as its components.")
    cdef Dual d = _new_dual(<PyObject *>dtype)
    memcpy(d.data, <char *>raw, len(raw))
    return d


cdef str _drops(str call):
    return (f"{call} would lose the derivatives of a dual; {DISCARD}, or dualnum's and NumPy's functions, which carry them.")


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class Dual:
    """
    A number that carries derivatives.

    Parameters
    ----------
    value : float
        The value.
    tangent : float or array_like of shape (k,), optional
        Derivative of the value in each of k directions, all at the permanent level e1.

    Notes
    -----
    Duals are immutable, compare by value, follow np.float64's arithmetic, and are what indexing an array of duals
    gives.  Whatever would lose a derivative, such as ``float(d)`` or ``hash(d)``, raises TypeError.

    Examples
    --------
    >>> import dualnum as dn
    >>> x = dn.Dual(3.0)
    >>> x * x
    Dual(9.0, 6.0)
    """
    # The fields are set by _new_dual alone; Python's Dual.__new__ is _zero_dual.
    cdef object owner  # the dtype,
    cdef PyObject *descr  # and the same as a pointer
    cdef object heap  # None, or the memory of components that have no room here
    cdef double *data  # the components
    cdef double room[9]

    def __init__(self, value, tangent=1.0):
        cdef Py_ssize_t i
        tangents = _real_array(tangent, "Dual", "tangent")
        if tangents.ndim > 1:
            raise ValueError(f"Dual expects tangent to be a number or of shape (k,), got shape {tangents.shape}.")
        v = _as_double(value, "Dual")
        dtype = _make_dtype((E1,), (tangents.size,))
        cdef Dual made = _new_dual(<PyObject *>dtype)
        made.data[0] = v
        for i, t in enumerate(tangents.ravel().tolist()):
            made.data[1 + i] = t
        self.owner, self.descr, self.heap = made.owner, made.descr, made.heap
        memcpy(self.room, made.room, sizeof(made.room))
        self.data = &self.room[0] if made.data == &made.room[0] else made.data

    # --- what it holds ---

    @property
    def dtype(self):
        """The number's DualDType."""
        return self.owner

    @property
    def value(self):
        """The value, a float, without any derivative."""
        return self.data[0]

    @property
    def tangent(self):
        """The derivative(s) of a number with one level: a float for one tangent, else shape (k,)."""
        return _scalar_part(_tangent(_zero_d(self)))

    @property
    def e1(self):
        """The derivative(s) at the older of two levels."""
        return _scalar_part(_hyper_part(_zero_d(self), "e1"))

    @property
    def e2(self):
        """The derivative(s) at the younger of two levels."""
        return _scalar_part(_hyper_part(_zero_d(self), "e2"))

    @property
    def e12(self):
        """The second derivative(s) of a number with two levels, shape (k1, k2)."""
        return _scalar_part(_hyper_part(_zero_d(self), "e12"))

    # --- what a NumPy scalar has ---

    shape = ()
    ndim = 0
    size = 1
    # Above NumPy's own scalars, which leave mixed operations to us, and below arrays, which do them themselves.
    __array_priority__ = -1.0

    @property
    def real(self):
        """The number itself."""
        return self

    @property
    def imag(self):
        """Zero."""
        return _binary(MULTIPLY, self, None, 0.0)

    @property
    def T(self):
        """The number itself."""
        return self

    @property
    def itemsize(self):
        """Bytes of an element."""
        return (<DualDescr *>self.descr).base.elsize

    @property
    def nbytes(self):
        """Bytes of an element."""
        return (<DualDescr *>self.descr).base.elsize

    def item(self, *args):
        """Return the number itself: a float would lose its derivatives."""
        _zero_d(self).item(*args)  # NumPy's checks of the index
        return self

    def conjugate(self):
        """Return the number itself."""
        return self

    def conj(self):
        """Return the number itself."""
        return self

    def astype(self, dtype, *args, **kwargs):
        """Return the number as another dtype; TypeError where that would lose a derivative."""
        return _zero_d(self).astype(dtype, *args, **kwargs)[()]

    def __getattr__(self, name):
        function = _methods.get(name)
        if function is not None:
            return types.MethodType(function, self)
        if name not in _array_attributes:
            raise AttributeError(f"'Dual' object has no attribute {name!r}")
        attribute = getattr(_zero_d(self), name)
        if not callable(attribute):
            return attribute

        def method(*args, **kwargs):
            result = attribute(*args, **kwargs)
            return result[()] if isinstance(result, ndarray) and (<ndarray>result).nd == 0 else result

        return method

    def __iter__(self):
        raise TypeError("'Dual' object is not iterable")

    def __getitem__(self, key):
        return np.ndarray.__getitem__(_zero_d(self), key)

    def __array_function__(self, func, types, args, kwargs):
        return _dispatch(func, types, args, kwargs)

    # --- arithmetic ---

    def __add__(self, other):
        return _operate(ADD, self, other)

    def __radd__(self, other):
        return _operate(ADD, other, self)

    def __sub__(self, other):
        return _operate(SUBTRACT, self, other)

    def __rsub__(self, other):
        return _operate(SUBTRACT, other, self)

    def __mul__(self, other):
        return _operate(MULTIPLY, self, other)

    def __rmul__(self, other):
        return _operate(MULTIPLY, other, self)

    def __truediv__(self, other):
        return _operate(DIVIDE, self, other)

    def __rtruediv__(self, other):
        return _operate(DIVIDE, other, self)

    def __floordiv__(self, other):
        return _operate(FLOOR_DIVIDE, self, other)

    def __rfloordiv__(self, other):
        return _operate(FLOOR_DIVIDE, other, self)

    def __mod__(self, other):
        return _operate(REMAINDER, self, other)

    def __rmod__(self, other):
        return _operate(REMAINDER, other, self)

    def __divmod__(self, other):
        quotient = _operate(FLOOR_DIVIDE, self, other)
        return quotient if quotient is NotImplemented else (quotient, _operate(REMAINDER, self, other))

    def __rdivmod__(self, other):
        quotient = _operate(FLOOR_DIVIDE, other, self)
        return quotient if quotient is NotImplemented else (quotient, _operate(REMAINDER, other, self))

    def __pow__(self, other, modulo):
        return NotImplemented if modulo is not None else _operate(POWER, self, other)

    def __rpow__(self, other, modulo):
        return NotImplemented if modulo is not None else _operate(POWER, other, self)

    def __neg__(self):
        return _unary(NEGATIVE, self)

    def __pos__(self):
        return self

    def __abs__(self):
        return _unary(ABSOLUTE, self)

    def __floor__(self):
        return _unary(FLOOR, self)

    def __ceil__(self):
        return _unary(CEIL, self)

    def __trunc__(self):
        return _unary(TRUNC, self)

    def __round__(self, ndigits=None):
        return self.round(0 if ndigits is None else ndigits)

    def round(self, decimals=0):
        """Return the number rounded like np.round: a step function, whose derivatives are zero."""
        cdef Dual z = _binary(MULTIPLY, self, None, 0.0)
        memset(z.data, 0, (<DualDescr *>z.descr).base.elsize)
        z.data[0] = _float64(self.data[0]).round(decimals)
        return z

    def __bool__(self):
        return self.data[0] != 0

    def __richcmp__(self, other, int op):
        return _compare(self, other, op)

    # --- what would lose a derivative ---

    def __float__(self):
        raise TypeError(_drops("float()"))

    def __int__(self):
        raise TypeError(_drops("int()"))

    def __complex__(self):
        raise TypeError(_drops("complex()"))

    def __hash__(self):
        raise TypeError("unhashable type: 'Dual': a cache keyed by value would lose derivatives; "
                        "hash dualnum.value(x) on purpose.")

    # --- copies and text ---

    def __reduce__(self):
        return _restore_dual, (self.dtype, (<char *>self.data)[:(<DualDescr *>self.descr).base.elsize])

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return _dual_repr(self)

    def __str__(self):
        return _dual_format(self, "")

    def __format__(self, spec):
        return _dual_format(self, spec)


cdef object _scalar_part(object part):
    return part.item() if part.size == 1 else part.copy()


cdef object _plain(object part):
    """A part of a scalar as nested lists of floats, or one float."""
    return part.ravel()[0].item() if part.size == 1 else part.tolist()


cdef str _dual_repr(Dual d):
    cdef int levels = _shape(d).levels
    if levels == 0:
        return f"Dual({d.value!r}, [])"
    found = parts(d)
    if levels == 1 and _shape(d).kind[0] == Kind.first_order:
        return f"Dual({d.value!r}, {_plain(found['e1'])!r})"
    if _shape(d).is_hyper():
        return f"HyperDual({d.value!r}, {_plain(found['e1'])!r}, {_plain(found['e2'])!r}, {_plain(found['e12'])!r})"
    return f"<Dual {_dual_format(d, '')} of {_dtype_text(d.dtype)}>"


cdef str _dual_format(Dual d, str spec):
    """(value; tangents), or each part by its name where there are more levels than one."""
    if not spec:
        precision = np.get_printoptions()["precision"]
        write = lambda x: np.format_float_positional(x, precision, trim="0") if 1e-4 <= abs(x) < 1e8 or x == 0 else (
            np.format_float_scientific(x, precision, trim="0") if np.isfinite(x) else str(x))
    else:
        write = lambda x: format(x, spec)
    texts = []
    for name, part in parts(d).items():
        numbers = [write(x) for x in np.asarray(part).ravel().tolist()]
        if len(numbers) > 8 and not spec:
            numbers = numbers[:3] + ["..."] + numbers[-3:]
        label = f"{name} " if name != "value" and _shape(d).levels > 1 else ""
        texts.append(label + " ".join(numbers))
    return "(" + "; ".join(texts) + ")"


def HyperDual(value, e1=1.0, e2=1.0, e12=0.0):
    """
    Return a hyper-dual number: a value with first and second derivatives.

    Parameters
    ----------
    value : float
        The value.
    e1, e2 : float or array_like of shape (k1,) and (k2,), optional
        Derivatives in the directions of the permanent levels e1 and e2.
    e12 : float or array_like of shape (k1, k2), optional
        Second derivatives.

    Returns
    -------
    Dual
        With two levels.

    Examples
    --------
    >>> import dualnum as dn
    >>> x = dn.HyperDual(3.0)
    >>> (x ** 3).e12
    18.0
    """
    cdef Dual d
    a, b = _real_array(e1, "HyperDual", "e1"), _real_array(e2, "HyperDual", "e2")
    ab = _real_array(e12, "HyperDual", "e12")
    if a.ndim > 1 or b.ndim > 1:
        raise ValueError(f"HyperDual expects e1 and e2 to be numbers or of shape (k,), got shapes {a.shape} and {b.shape}.")
    if ab.ndim > 0 and ab.shape != (a.size, b.size) and not (ab.size == a.size * b.size == 1):
        raise ValueError(f"HyperDual expects e12 to be a number or of shape {(a.size, b.size)}, got shape {ab.shape}.")
    v = _as_double(value, "HyperDual")
    dtype = _make_dtype((E1, E2), (a.size, b.size))
    d = _new_dual(<PyObject *>dtype)
    whole = np.empty((1 + b.size, 1 + a.size))
    whole[0, 0], whole[0, 1:], whole[1:, 0] = v, a, b
    whole[1:, 1:] = ab.T
    raw = whole.tobytes()
    memcpy(d.data, <char *>raw, len(raw))
    return d


cdef object _real_array(object x, str who, str what):
    """Return x as a float64 array; what is not real numbers is refused by name."""
    array = np.asarray(x)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(f"{who} expects {what} to be real numbers, got {array.dtype}.")
    return array.astype(float)
