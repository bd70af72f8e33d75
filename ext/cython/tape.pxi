# The tape of reverse mode (ext/reverse/tape.h): who owns memory, operands, and the records of elementwise functions.

cdef extern from "reverse/slopes.h" namespace "dn::reverse" nogil:
    cdef cppclass Shadow:
        double *field[3]
        Py_ssize_t size

    cdef cppclass Capture:
        const char *data
        void *owner
        Capture *next
        double *tangent

    cdef cppclass TapeOperand "dn::reverse::Operand":
        Shadow *shadow
        Capture *capture
        Py_ssize_t offset
        double number
        int nd
        const npy_intp *dims
        const npy_intp *strides

    ctypedef void (*SlopeLoop)(const double *, const double *, const double *, double *, Py_ssize_t)
    ctypedef void (*CurvatureLoop)(const double *const *, const double *const *, double *, Py_ssize_t)

    cdef enum Field:
        ADJOINT
        TANGENT
        ADJOINT_TANGENT

    cdef enum class Action(unsigned char):
        add
        product
        slopes
        zero
        scale
        gather
        assign
        call

    cdef cppclass Record:
        const Record *previous
        const Record *next
        cbool writes

    cdef cppclass CallRecord(Record):
        Py_ssize_t place

    cdef cppclass RecordTape "dn::reverse::Tape":
        const Record *first
        Record *last
        Capture *captures
        size_t bytes
        cbool out_of_memory
        cbool keep_numbers
        Shadow *shadow(Py_ssize_t) except +
        Shadow *number() except +
        Capture *capture(void *, const char *, Shadow *) except +
        void push_number(Shadow *, Py_ssize_t, bint, Shadow *, Py_ssize_t, double) except +
        void push_arrays(Action, const TapeOperand *, bint, const TapeOperand *, double, SlopeLoop, const TapeOperand *,
                         const TapeOperand *, const TapeOperand *, int, const npy_intp *, CurvatureLoop,
                         unsigned char) except +
        void push_arrays(Action, const TapeOperand *, bint, const TapeOperand *, double, SlopeLoop, const TapeOperand *,
                         const TapeOperand *, const TapeOperand *, int, const npy_intp *, CurvatureLoop) except +
        void push_indexed(Action, Shadow *, Py_ssize_t, bint, Shadow *, Py_ssize_t, const Py_ssize_t *,
                          Py_ssize_t) except +
        void push_call(Py_ssize_t) except +
        @staticmethod
        bint open(Shadow *, Field)
        @staticmethod
        void release(Shadow *, Field)
        @staticmethod
        void attach(Capture *)
        void release_fields()
        const Record *sweep(const Record *, bint)
        const Record *push_tangents(const Record *)

    cdef enum class Form(int):
        linear
        product
        slopes
        steps

    ctypedef struct UfuncInfo:
        const char *name
        int operands
        int value
        Form form
        double factor[2]
        SlopeLoop slopes[3]
        CurvatureLoop curvature[3]
        cbool reads[3][3]
        unsigned char bends[3]

    UfuncInfo *recorded_ufuncs "dn::reverse::ufuncs"
    const int RECORDED_UFUNCS "dn::reverse::UFUNCS"
    void find_reads()

cdef extern from *:
    """
    // Adjoints take memory where arrays do while a driver calls its function.
    static void use_block_cache() {
      dn::reverse::allocate_adjoints = [](std::size_t n) { return dn::block_cache.allocate(n, false); };
      dn::reverse::free_adjoints = [](void* p) { dn::block_cache.free(p); };
    }
    static void run_value_loop(int id, char** data, const Py_ssize_t* n, const Py_ssize_t* strides) {
      dn::value_loops[id].function(data, n, strides, dn::value_loops[id].extra);
    }
    """
    void use_block_cache()
    void run_value_loop(int, char **, const Py_ssize_t *, const Py_ssize_t *) nogil

cdef extern from "Python.h":
    unsigned long PyThread_get_thread_ident() noexcept nogil

find_reads()
use_block_cache()
cdef dict _recorded = {}  # ufunc -> its place in recorded_ufuncs
for _place in range(RECORDED_UFUNCS):
    _recorded[_find_ufunc(recorded_ufuncs[_place].name.decode())] = _place
cdef list _recorded_ufuncs = [_find_ufunc(recorded_ufuncs[_place].name.decode()) for _place in range(RECORDED_UFUNCS)]
# Ufuncs of values alone.
cdef set _predicates = {getattr(np, _name) for _name in (
    "isfinite isnan isinf signbit logical_not equal not_equal less less_equal greater greater_equal logical_and "
    "logical_or logical_xor").split()}


class NotRecorded(TypeError):
    """What f does with a recorded array has no record: its driver calls f on duals instead."""


@cython.binding(False)
@cython.final
@cython.freelist(4)
cdef class Tape:
    """
    The record of one call of f in reverse mode, which its driver sweeps and closes.

    Attributes
    ----------
    second : bool
        Whether second derivatives are to follow: records then read the operands that these need.
    sparse : bool
        Whether sparse derivatives are to follow: a call then needs local Jacobians.
    failed : bool
        Whether an operation was refused, which f may have caught: the record then lacks it.
    tied : bool
        Whether equal numbers were compared: f may be smooth there, and its branches are not.
    refused : tuple or None
        The operation that was refused first, and the files and lines that asked for it, the innermost first.
    """
    cdef RecordTape *records
    cdef readonly bint is_open, second, sparse
    cdef public bint failed, tied
    cdef public tuple refused
    cdef unsigned long thread
    cdef list kept  # index arrays that records point into
    cdef list calls  # (pull, again, operands, results, jacobian) of the records of calls
    cdef Level level  # while a sweep for second derivatives runs Python on duals

    def __cinit__(self, bint second=False, bint sparse=False):
        self.records = new RecordTape()
        self.records.keep_numbers = second or sparse
        self.is_open, self.second, self.sparse = True, second, sparse
        self.thread = PyThread_get_thread_ident()
        self.kept, self.calls = [], []

    def __dealloc__(self):
        self._close()
        del self.records

    cdef void _close(self) noexcept:
        cdef Capture *capture = self.records.captures
        self.is_open = False
        self.records.captures = NULL
        while capture != NULL:
            Py_XDECREF(<PyObject *>capture.owner)
            capture = capture.next

    def close(self):
        """End the call: arrays that outlive it refuse everything from now on."""
        self._close()
        self.kept, self.calls, self.refused = [], [], None
        del self.records
        self.records = new RecordTape()

    cdef Capture *capture(self, object owner, const char *data, Shadow *of=NULL) except NULL:
        cdef Capture *made = self.records.capture(<void *><PyObject *>owner, data, of)
        Py_INCREF(owner)
        return made


cdef list _lines_of(frame):
    """Return the file and the line of a frame and of those that have called it."""
    lines = []
    while frame is not None:
        lines.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return lines


cdef object _not_recorded(Tape tape, str what):
    """Return the error of an operation that no record holds; the tape has failed."""
    tape.failed = True
    if tape.sparse and tape.refused is None:
        tape.refused = what, _lines_of(sys._getframe())
    return NotRecorded(f"{what} expects other than recorded arrays, got one; use duals, on which f's driver calls f "
                       f"next.")


cdef inline int _check_open(Tape tape) except -1:
    if not tape.is_open:
        raise TypeError("a recorded array expects operations in its own call of f, got one after the call; use "
                        "dualnum.value(x) to keep its values.")
    if tape.thread != PyThread_get_thread_ident():
        raise _not_recorded(tape, "another thread")
    return 0


@cython.binding(False)
@cython.final
@cython.freelist(64)
cdef class Root:
    """The memory that an array and its views share, with its adjoints."""
    cdef Tape tape
    cdef Shadow *shadow
    cdef Capture *capture  # what reads the present values; NULL if nothing does
    cdef char *data  # the lowest address
    cdef object memory  # owns it
    cdef bint active  # whether some value in it depends on the variables


cdef Root _new_root(Tape tape, ndarray value, bint active):
    """Return the root of an array that nothing else refers to."""
    cdef Root root = Root.__new__(Root)
    cdef Py_ssize_t size = 1, low = 0
    cdef int i
    for i in range(value.nd):
        if value.dimensions[i] == 0:
            size = 0
            break
    if size:
        for i in range(value.nd):
            size += (value.dimensions[i] - 1) * abs(value.strides[i]) // <Py_ssize_t>sizeof(double)
            if value.strides[i] < 0:
                low += (value.dimensions[i] - 1) * value.strides[i]
    root.tape, root.memory, root.data, root.active = tape, value, value.data + low, active
    root.capture = NULL
    root.shadow = tape.records.shadow(size)
    return root


cdef int _before_write(Root root) except -1:
    """Let what has captured the root's values keep them: they move to a copy."""
    cdef npy_intp size
    cdef ndarray copy
    if root.capture == NULL:
        return 0
    size = root.shadow.size
    copy = _new_array(&PyArray_Type, _double, 1, &size)
    memcpy(copy.data, root.data, size * sizeof(double))
    Py_DECREF(<object>root.capture.owner)
    Py_INCREF(copy)
    root.capture.owner, root.capture.data = <void *><PyObject *>copy, copy.data
    root.capture = NULL
    return 0


cdef enum ArgumentKind:
    A_NUMBER, AN_ARRAY, A_RECORDED_NUMBER, A_RECORDED_ARRAY

# An operand of an operation; `value` is borrowed.
cdef struct Argument:
    int kind
    bint active
    double number
    Shadow *shadow
    Py_ssize_t offset
    PyObject *value
    PyObject *root
    Capture *capture


cdef object _take(Tape tape, object x, Argument *a):
    """Describe an operand; return its values, a float or an array of float64, which the caller keeps alive."""
    cdef RecordedArray array
    cdef RecordedNumber number
    a.active = False
    a.capture = NULL
    a.root = NULL
    a.shadow = NULL
    a.offset = 0
    if type(x) is RecordedArray:
        array = x
        if array.root.tape is not tape:
            raise _not_recorded(tape, "a call of a driver in f")
        a.kind, a.value, a.root = A_RECORDED_ARRAY, <PyObject *>array.value, <PyObject *>array.root
        a.active, a.shadow = array.root.active, array.root.shadow
        a.offset = (array.value.data - array.root.data) // <Py_ssize_t>sizeof(double)
        if array.value.nd == 0:  # a number to NumPy's ufuncs
            if tape.second:
                raise _not_recorded(tape, "an array without axes, for second derivatives,")
            a.kind, a.number = A_RECORDED_NUMBER, (<double *>array.value.data)[0]
            return _float64(a.number)
        return array.value
    if type(x) is RecordedNumber:
        number = x
        if number.tape is not tape:
            raise _not_recorded(tape, "a call of a driver in f")
        a.kind, a.number = A_RECORDED_NUMBER, number.number
        a.active, a.shadow = number.shadow != NULL, number.shadow
        return _float64(number.number)
    if isinstance(x, (float, int)) or isinstance(x, (np.integer, np.float32, np.float16, np.bool_)):
        a.kind, a.number = A_NUMBER, x
        return _float64(a.number) if type(x) is not float else x
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if type(x) is ndarray or isinstance(x, np.memmap):
        if not _is_float64((<ndarray>x).descr) or not (<ndarray>x).flags & NPY_ARRAY_ALIGNED:
            if x.dtype.kind not in "biuf" or x.dtype.itemsize > 8:
                raise _not_recorded(tape, f"an array of {x.dtype}")
            x = x.astype(float)
        if (<ndarray>x).nd == 0:
            a.kind, a.number = A_NUMBER, x
            return _float64(a.number)
        a.kind, a.value = AN_ARRAY, <PyObject *>x
        return x
    raise _not_recorded(tape, f"a number of type {type(x).__name__}")


cdef inline void _describe(const Argument *a, TapeOperand *made) noexcept:
    """Describe an operand's place in memory, and that of its adjoints."""
    cdef ndarray value
    made.shadow, made.offset, made.number = a.shadow, a.offset, a.number
    made.capture = NULL
    if a.kind == A_NUMBER or a.kind == A_RECORDED_NUMBER:
        made.nd = 0
        return
    value = <ndarray>a.value
    made.nd, made.dims, made.strides = value.nd, value.dimensions, value.strides


cdef int _read(Tape tape, Argument *a, TapeOperand *made) except -1:
    """Let a record read an operand's values."""
    cdef Root root
    cdef ndarray copy
    if a.kind == A_RECORDED_ARRAY:
        root = <Root>a.root
        if root.capture == NULL:
            root.capture = tape.capture(root.memory, root.data, root.shadow)
        a.capture = root.capture
    elif a.kind == AN_ARRAY and a.capture == NULL:  # a copy, because f may change its array
        copy = PyArray_NewCopy(_array(<object>a.value), NPY_KEEPORDER)
        a.capture = tape.capture(copy, copy.data)
        a.value = <PyObject *>copy  # which the capture keeps alive
        _describe(a, made)
    made.capture = a.capture
    return 0


cdef inline int _push_linear(Tape tape, const TapeOperand *out, bint creates, const TapeOperand *own, double factor,
                             int nd, const npy_intp *dims) except -1:
    """own += factor out, of adjoints that broadcast to these dimensions"""
    tape.records.push_arrays(Action.add, out, creates, own, factor, NULL, NULL, NULL, NULL, nd, dims, NULL)
    return 0


cdef int _result_shape(const Argument *arguments, int count, npy_intp *dims) except -1:
    """Return the number of axes of the shape to which the operands broadcast; NumPy has accepted them."""
    cdef int i, axis, nd = 0
    cdef ndarray value
    for i in range(count):
        if arguments[i].kind == AN_ARRAY or arguments[i].kind == A_RECORDED_ARRAY:
            nd = max(nd, (<ndarray>arguments[i].value).nd)
    for axis in range(nd):
        dims[axis] = 1
    for i in range(count):
        if arguments[i].kind == AN_ARRAY or arguments[i].kind == A_RECORDED_ARRAY:
            value = <ndarray>arguments[i].value
            for axis in range(value.nd):
                if value.dimensions[axis] != 1:
                    dims[nd - value.nd + axis] = value.dimensions[axis]
    return nd


cdef object _fast_values(const UfuncInfo *info, const Argument *arguments, int count):
    """Return a ufunc's values straight from NumPy's loop; None where NumPy must broadcast or buffer."""
    cdef char *data[3]
    cdef Py_ssize_t strides[3]
    cdef double numbers[2]
    cdef ndarray value, like = None
    cdef Py_ssize_t n = 1
    cdef int i, raised
    for i in range(count):
        if arguments[i].kind == A_NUMBER or arguments[i].kind == A_RECORDED_NUMBER:
            numbers[i] = arguments[i].number
            data[i], strides[i] = <char *>&numbers[i], 0
            continue
        value = <ndarray>arguments[i].value
        if like is not None and not _same_shape(value, like) or not (
                _contiguous(value) or value.nd == 1 and value.strides[0] > 0):
            return None
        like = value
        data[i], strides[i] = value.data, value.strides[0] if value.nd == 1 else <Py_ssize_t>sizeof(double)
    for i in range(like.nd):
        n *= like.dimensions[i]
    _keep_if_large(n * sizeof(double))
    result = _new_array(&PyArray_Type, _double, like.nd, like.dimensions)
    data[count], strides[count] = (<ndarray>result).data, sizeof(double)
    clear_flags()
    if n > 8192:
        with nogil:
            run_value_loop(info.value, data, &n, strides)
    else:
        run_value_loop(info.value, data, &n, strides)
    raised = raised_flags()
    if raised:
        PyUFunc_GiveFloatingpointErrors(info.name, raised)
    return result


cdef object _elementwise(Tape tape, int place, object x, object y, object z, object operator_):
    """
    Return a ufunc of one to three operands, one of them recorded, and record its slopes.

    Two numbers combine as np.float64's do by `operator_`, if that is given.
    """
    cdef Argument arguments[3]
    cdef UfuncInfo *info = &recorded_ufuncs[place]
    cdef int i, count = info.operands
    cdef bint arrays = False, active = False
    _check_open(tape)
    xv = _take(tape, x, &arguments[0])
    yv = _take(tape, y, &arguments[1]) if count > 1 else None
    zv = _take(tape, z, &arguments[2]) if count > 2 else None
    for i in range(count):
        arrays |= arguments[i].kind == AN_ARRAY or arguments[i].kind == A_RECORDED_ARRAY
        active |= arguments[i].active
    if tape.second and info.form != Form.linear and info.form != Form.product:
        _recorded_rule("jumps")(tape, _recorded_ufuncs[place], xv, yv)
    if not arrays:
        return _elementwise_of_numbers(tape, info, place, arguments, active, xv, yv, zv, operator_)
    value = _fast_values(info, arguments, count) if info.value != VALUE_COUNT else None
    if value is None:
        ufunc = _recorded_ufuncs[place]
        value = ufunc(xv) if count == 1 else ufunc(xv, yv) if count == 2 else ufunc(xv, yv, zv)
    return _recorded_result(tape, info, arguments, value, active and info.form != Form.steps)


cdef double _slope_at(const UfuncInfo *info, int k, const double *at) noexcept:
    cdef double slope
    if info.form == Form.linear:
        return info.factor[k]
    if info.form == Form.product:
        return at[1 - k]
    info.slopes[k](&at[0], &at[1], &at[2], &slope, 1)
    return slope


cdef int _second_of_numbers(Tape tape, const UfuncInfo *info, Argument *arguments, RecordedNumber made) except -1:
    """Record a function of numbers with what its slopes depend on."""
    cdef TapeOperand operands[3]
    cdef TapeOperand out
    cdef Argument result
    cdef bint creates = True
    cdef int i
    _take(tape, made, &result)
    _describe(&result, &out)
    for i in range(info.operands):
        _describe(&arguments[i], &operands[i])
    for i in range(info.operands):
        if arguments[i].active:
            if info.form == Form.product:
                tape.records.push_arrays(Action.product, &out, creates, &operands[i], 1, NULL, &operands[1 - i], NULL,
                                         NULL, 0, NULL, NULL)
            else:
                _push_slopes(tape, info, i, arguments, operands, &result, &out, creates, 0, NULL)
            creates = False
    return 0


cdef object _elementwise_of_numbers(Tape tape, const UfuncInfo *info, int place, Argument *arguments, bint active,
                                    object xv, object yv, object zv, object operator_):
    cdef double at[3]
    cdef int i
    cdef RecordedNumber made
    for i in range(info.operands):
        at[i] = arguments[i].number
    if operator_ is not None:
        value = operator_(_float64(xv), yv) if yv is not None else operator_(_float64(xv))
    else:
        ufunc = _recorded_ufuncs[place]
        value = ufunc(xv) if yv is None else ufunc(xv, yv) if zv is None else ufunc(xv, yv, zv)
    made = _constant_number(tape, value)
    if info.operands < 3:
        at[2] = made.number
    if active and info.form != Form.steps:
        made.shadow = tape.records.number()
        active = True  # the first record creates the result
        if tape.second and info.form != Form.linear:
            _second_of_numbers(tape, info, arguments, made)
            return made
        for i in range(info.operands):
            if arguments[i].active:
                tape.records.push_number(made.shadow, 0, active, arguments[i].shadow, arguments[i].offset,
                                         _slope_at(info, i, at))
                active = False
    return made


cdef RecordedArray _recorded_result(Tape tape, const UfuncInfo *info, Argument *arguments, ndarray value, bint active):
    """Return the array of an elementwise function's values, with a record for each operand that moves."""
    cdef TapeOperand operands[3]
    cdef TapeOperand out
    cdef Argument result
    cdef npy_intp dims[MAX_AXES]
    cdef int i, k, nd, count = info.operands
    cdef bint creates = True
    cdef RecordedArray made = _new_recorded(tape, value, active)
    if not active:
        return made
    nd = _result_shape(arguments, count, dims)
    result.kind, result.value, result.root = A_RECORDED_ARRAY, <PyObject *>value, <PyObject *>made.root
    result.shadow, result.offset = made.root.shadow, (value.data - made.root.data) // <Py_ssize_t>sizeof(double)
    result.number, result.active = 0, True
    result.capture = NULL
    _describe(&result, &out)
    for i in range(count):
        _describe(&arguments[i], &operands[i])
    for i in range(count):
        if not arguments[i].active:
            continue
        if info.form == Form.linear:
            _push_linear(tape, &out, creates, &operands[i], info.factor[i], nd, dims)
        elif info.form == Form.product:
            k = 1 - i
            if arguments[k].kind == A_NUMBER or arguments[k].kind == A_RECORDED_NUMBER and not (
                    tape.second and arguments[k].active):
                _push_linear(tape, &out, creates, &operands[i], arguments[k].number, nd, dims)
            else:
                _read_unless_number(tape, &arguments[k], &operands[k])
                tape.records.push_arrays(Action.product, &out, creates, &operands[i], 1, NULL, &operands[k], NULL, NULL,
                                         nd, dims, NULL)
        else:
            _push_slopes(tape, info, i, arguments, operands, &result, &out, creates, nd, dims)
        creates = False
    return made


cdef int _push_slopes(Tape tape, const UfuncInfo *info, int i, Argument *arguments, TapeOperand *operands,
                      Argument *result, TapeOperand *out, bint creates, int nd, const npy_intp *dims) except -1:
    """Record operand i with its slopes, which read x, y and the result, or the three operands."""
    cdef TapeOperand read[3]
    cdef int k
    for k in range(3):
        read[k].nd, read[k].number, read[k].offset = 0, 0, 0
        read[k].capture = NULL
        read[k].shadow = NULL
        if not (info.reads[i][k] or tape.second):
            continue
        if k < info.operands:
            _read_unless_number(tape, &arguments[k], &operands[k])
            read[k] = operands[k]
        elif k == 2:
            _read_unless_number(tape, result, out)
            read[k] = out[0]
    tape.records.push_arrays(Action.slopes, out, creates, &operands[i], 1, info.slopes[i], &read[0], &read[1], &read[2],
                             nd, dims, info.curvature[i], info.bends[i])
    return 0


cdef inline int _read_unless_number(Tape tape, Argument *a, TapeOperand *made) except -1:
    if a.kind == AN_ARRAY or a.kind == A_RECORDED_ARRAY:
        _read(tape, a, made)
    return 0
