# Arithmetic of scalars: an operator or function chooses a kernel and calls it on one element.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.long cimport PyLong_AsDouble
from libc.math cimport pow as c_pow
import operator
import types

cdef extern from "loops/scalar_operations.h" namespace "dn" nogil:
    cdef enum class Arithmetic(int):
        add
        subtract
        multiply
        divide
    cbool fast_duals "dn::fast_path<true, true>" (
        Arithmetic, const ElementLayout &, const double *, const double *, double *)
    cbool fast_dual_float "dn::fast_path<true, false>" (
        Arithmetic, const ElementLayout &, const double *, const double *, double *)
    cbool fast_float_dual "dn::fast_path<false, true>" (
        Arithmetic, const ElementLayout &, const double *, const double *, double *)

cdef struct Kernels:
    Kernel both  # all operands are dual
    Kernel left  # dual and float
    Kernel right  # float and dual
    Kernel of_complex  # all operands are complex duals

cdef Kernels _kernels[128]  # by the places of _kernel_index
cdef list _ufuncs = [None] * 128  # likewise


@cython.binding(False)
@cython.final
cdef class UfuncEntry:
    """How duals take a ufunc."""
    cdef str types  # a letter an operand (kernels.def) of the loop whose real operands are all dual
    cdef tuple integers  # the letters of the inputs' integer types, of a ufunc with a rule in Python; else None
    cdef bint dual_only  # whether its loops take duals alone
    cdef str complex_types  # the letters of its loop for complex duals, or None
    cdef int place  # in _kernels, if it maps one or two duals to one, so that scalars need no loop; else -1


cdef dict _entries = {}  # ufunc -> its UfuncEntry
cdef dict _kernel_index = {}  # ufunc name -> its place
cdef enum:  # the places of the operators; those up to DIVIDE have a fast path
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
cdef dict _methods = {}  # scalars' methods by name: np.sin of an object array calls x.sin() of each element
cdef frozenset _array_attributes = frozenset(
    [name for name in dir(np.ndarray) if not name.startswith("_")
     and name not in ("data", "flat", "ctypes", "tofile", "byteswap")])


cdef double _as_double(object x, str what) except? -1.5:
    """Return a real number as float64, or raise a TypeError that names its type."""
    if isinstance(x, _real_scalars):
        return x
    hint = "; use ComplexDual(real, imag)" if what == "Dual" and isinstance(x, _complex_scalars) else ""
    raise TypeError(f"{what} expects real numbers, got {type(x).__name__}{hint}.")


cdef inline Dual _new_dual(PyObject *descr):
    """Return a scalar of this dtype; the caller fills in the components."""
    cdef Dual d = Dual.__new__(Dual)
    cdef Py_ssize_t size = (<DualDescr *>descr).base.elsize
    d.owner, d.descr, d.data = <object>descr, descr, d.inline_components
    if size > <Py_ssize_t>sizeof(d.inline_components):
        d.heap = PyBytes_FromStringAndSize(NULL, size)
        d.data = <double *>PyBytes_AS_STRING(d.heap)
    return d


cdef object _zero_dual(PyTypeObject *cls, PyObject *args, PyObject *kwargs):
    """Return, as Dual.__new__ does for Python, a constant 0 that __init__ turns into the number, once."""
    cdef Dual d = _new_dual(<PyObject *>_neutral)
    d.data[0] = 0
    d.heap = _uninitialised
    return d


cdef object _uninitialised = object()  # in the place of a number's heap until __init__ has run


cdef inline const ElementLayout *_layout(Dual d):
    return &(<DualDescr *>d.descr).layout


cdef Dual _lift(Dual d, object dtype):
    """Return d with the levels of dtype, which has all of d's."""
    cdef Py_ssize_t position[MAX_LEVELS]
    if d.descr == <PyObject *>dtype:
        return d
    cdef Dual z = _new_dual(<PyObject *>dtype)
    if not embedding(<DualDescr *>d.descr, _descr(dtype), position):
        raise TypeError(f"a dual of {_dtype_text(d.dtype)} does not fit {_dtype_text(dtype)}.")
    embed(_layout(d)[0], position, d.data, _layout(z).components(), z.data)
    z.of_python = d.of_python
    return z


cdef int _run_kernel(Kernel kernel, const ElementLayout *layout, const double *x, const double *y, double *z) except -1:
    """Call a kernel on one element; y is null for functions of one argument."""
    cdef char *data[3]
    cdef Py_ssize_t strides[3]
    memset(strides, 0, sizeof(strides))
    data[0] = <char *>x
    data[1] = <char *>(y if y != NULL else z)
    data[2] = <char *>z
    if not run(kernel, layout[0], data, strides, 1):
        raise MemoryError
    return 0


cdef int _warn_like_float64(int op, double x, double y, double z) except -1:
    """Let np.float64 compute x op y, for its warnings, unless the primal z shows that there are none."""
    if z == 0 and (x == 0 or op == ADD or op == SUBTRACT or (y == 0 and op == MULTIPLY)):
        return 0
    _float_operators[op](_float64(x), _float64(y))
    return 0


cdef inline bint _is_normal(double z) noexcept:
    """Whether z is neither 0, subnormal, infinite nor nan, so that no floating-point flag can need a warning."""
    return 2.3e-308 < fabs(z) < 1.79e308


cdef inline Kernel _kernel_of(int op, bint x_is_dual, bint y_is_dual) noexcept:
    return _kernels[op].right if not x_is_dual else _kernels[op].both if y_is_dual else _kernels[op].left


cdef Dual _binary(int op, Dual x, Dual y, double number):
    """x op y; number replaces the operand that is None."""
    cdef Dual z
    cdef const double *px
    cdef const double *py
    cdef PyObject *descr
    cdef cbool done = False
    if x is not None and y is not None and x.descr != y.descr:
        dtype = _union(<object>x.descr, <object>y.descr)
        x, y = _lift(x, dtype), _lift(y, dtype)
    descr = y.descr if x is None else x.descr
    z = _new_dual(descr)
    z.of_python = (x is None or x.of_python) and (y is None or y.of_python)
    px = &number if x is None else x.data
    py = &number if y is None else y.data
    if op <= DIVIDE:
        if x is None:
            done = fast_float_dual(<Arithmetic>op, (<DualDescr *>descr).layout, px, py, z.data)
        elif y is None:
            done = fast_dual_float(<Arithmetic>op, (<DualDescr *>descr).layout, px, py, z.data)
        else:
            done = fast_duals(<Arithmetic>op, (<DualDescr *>descr).layout, px, py, z.data)
    if not done:
        _run_kernel(_kernel_of(op, x is not None, y is not None), _layout(z), px, py, z.data)
        if op == POWER:
            z.data[0] = c_pow(px[0], py[0])  # np.float64's ** is C's, not the array loop's
    if not _is_normal(z.data[0]):
        _warn_like_float64(op, px[0], py[0], z.data[0])
    return z


cdef inline object _operate(int op, object x, object y):
    """x op y, where at least one is a Dual; its own body is the fast path of small duals of one dtype."""
    cdef Dual z
    if type(x) is Dual and type(y) is Dual and op <= DIVIDE and (<Dual>x).descr == (<Dual>y).descr:
        if (<Dual>x).data == (<Dual>x).inline_components:
            z = Dual.__new__(Dual)
            z.owner, z.descr, z.data = (<Dual>x).owner, (<Dual>x).descr, z.inline_components
            z.of_python = (<Dual>x).of_python and (<Dual>y).of_python
            if fast_duals(<Arithmetic>op, _layout(z)[0], (<Dual>x).data, (<Dual>y).data, z.data):
                if not _is_normal(z.data[0]):
                    _warn_like_float64(op, (<Dual>x).data[0], (<Dual>y).data[0], z.data[0])
                return z
    return _operate_on_any(op, x, y)


cdef object _operate_on_any(int op, object x, object y):
    cdef double number
    cdef Dual z
    cdef bint beside_numpy = False
    if type(x) is Dual and type(y) is Dual:
        return _binary(op, <Dual>x, <Dual>y, 0)
    other = y if type(x) is Dual else x
    if type(other) is float:
        number = PyFloat_AS_DOUBLE(other)
    elif type(other) is int:
        number = PyLong_AsDouble(other)
    elif isinstance(other, _real_scalars):
        number, beside_numpy = other, isinstance(other, _generic)
    else:
        return _operate_beside(op, x, y, other)
    z = _binary(op, <Dual>x, None, number) if type(x) is Dual else _binary(op, None, <Dual>y, number)
    if beside_numpy:
        z.of_python = False
    return z


cdef object _operate_beside(int op, object x, object y, object other):
    """x op y, where one is a Dual and the other one, `other`, is neither a Dual nor a real number."""
    if isinstance(other, _array_likes):
        if _is_guest(type(other)) and not isinstance(other, np.matrix):  # whose product with an array is another one
            return _float_operators[op](_as_plain(x), _as_plain(y))
        return _ufuncs[op](x, y)
    if type(other) is ComplexDual or isinstance(other, _complex_scalars) and not isinstance(other, np.clongdouble):
        return _complex_operate(op, x, y)
    if hasattr(type(other), "numerator"):  # Fraction and its like: floats convert them too
        return _operate_on_any(op, x if other is y else float(x), float(y) if other is y else y)
    if isinstance(other, _generic):
        # NumPy's dot of objects goes on after an error: a call of TypeError beside that one would be a SystemError
        text = f"duals expect numbers of at most 64 bits beside them, got {type(other).__name__}."
        PyErr_SetString(TypeError, text.encode())
    return NotImplemented


cdef Dual _unary(int op, Dual x):
    cdef Dual z = _new_dual(x.descr)
    z.of_python = x.of_python
    _run_kernel(_kernels[op].both, _layout(x), x.data, NULL, z.data)
    return z


cdef object _apply(int op, object ufunc, Dual x):
    """A function of one dual, with the warnings that ufunc gives for the primal."""
    cdef Dual z = _unary(op, x)
    if not _is_normal(z.data[0]):
        ufunc(x.data[0])
    return z


cdef object _call(int op, object ufunc, object x, object y):
    """A function of two scalars, one of them dual; None if the other is not a real number."""
    cdef Dual z
    cdef double number = 0
    cdef cbool first = type(x) is Dual, second = type(y) is Dual
    if not (first and second):
        other = y if first else x
        if not isinstance(other, _real_scalars):
            return None
        number = other
    elif (<Dual>x).descr != (<Dual>y).descr:
        dtype = _union((<Dual>x).owner, (<Dual>y).owner)
        x, y = _lift(x, dtype), _lift(y, dtype)
    z = _new_dual((<Dual>x).descr if first else (<Dual>y).descr)
    cdef const double *px = (<Dual>x).data if first else &number
    cdef const double *py = (<Dual>y).data if second else &number
    _run_kernel(_kernel_of(op, first, second), _layout(z), px, py, z.data)
    if not _is_normal(z.data[0]):
        ufunc(px[0], py[0])
    return z


cdef int _side_of_tie(Dual x, object other) except -2:
    """How x compares with a number of the same value: by the near level, else 0."""
    if type(other) is Dual and (<Dual>other).descr != x.descr:
        dtype = _union(x.owner, (<Dual>other).owner)
        x, other = _lift(x, dtype), _lift(other, dtype)
    if not compares_beyond_primals(_layout(x)[0]):
        note_first_tie(_layout(x)[0], x.data, (<Dual>other).data if type(other) is Dual else NULL)
        return 0
    cdef Dual scratch = _new_dual(x.descr)
    return side_of_tie(_layout(x)[0], x.data, (<Dual>other).data if type(other) is Dual else NULL, scratch.data)


cdef object _compare(Dual x, object other, int op):
    global comparisons
    cdef double a = x.data[0], b
    cdef bint answer, of_python = x.of_python
    cdef int side
    comparisons += 1
    if type(other) is Dual:
        b = (<Dual>other).data[0]
        of_python = of_python and (<Dual>other).of_python
    elif isinstance(other, _real_scalars):
        of_python = of_python and not isinstance(other, _generic)
        if type(other) is int:
            if a != other:
                answer = _python_comparisons[op](a, other)  # exact if float64 cannot hold the int
                return answer if of_python else _true if answer else _false
        b = other
    elif isinstance(other, _array_likes):
        return _comparisons[op](x, other)
    elif type(other) is ComplexDual or isinstance(other, _complex_scalars):
        if op != Py_EQ and op != Py_NE:
            return NotImplemented
        equal = other.imag == 0 and _compare(x, other.real, Py_EQ)
        return bool(equal) == (op == Py_EQ)
    else:
        return NotImplemented
    if a == b and compared_by_value != ByValue.always and not (
            compared_by_value == ByValue.equality and (op == Py_EQ or op == Py_NE)):
        side = _side_of_tie(x, other)
        if side != 0:
            a, b = side, 0
    answer = (a < b if op == Py_LT else a <= b if op == Py_LE else a == b if op == Py_EQ
              else a != b if op == Py_NE else a > b if op == Py_GT else a >= b)
    # (x > 1) + (x > 2) counts for a float and is an "or" for np.float64, whose ~(x > 0) is a "not"
    return answer if of_python else _true if answer else _false


cdef object _true = np.True_
cdef object _false = np.False_
cdef tuple _comparisons = (  # in the order of Py_LT, Py_LE, ...
    np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal)
cdef tuple _python_comparisons = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)
