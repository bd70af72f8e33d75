# Reverse mode from f's result to the gradient: the sweep, rules in Python, and the drivers' passes by a tape.

# How many variables make one array worth a tape: below, duals are as fast.
FROM_VARIABLES = 48
cdef Py_ssize_t _from_variables = FROM_VARIABLES

cdef extern from "math/algebra.h" namespace "dn" nogil:
    bint all_finite(const double *, Py_ssize_t)


def values_of(x):
    """Return the values of recorded arrays and numbers, in lists and tuples too; they are not copied."""
    if type(x) is RecordedArray:
        return (<RecordedArray>x).value
    if type(x) is RecordedNumber:
        return _float64((<RecordedNumber>x).number)
    if type(x) is list or type(x) is tuple:
        return type(x)([values_of(item) for item in x])
    return x


def is_recorded(x):
    """Return whether x is a recorded array or number."""
    return type(x) is RecordedArray or type(x) is RecordedNumber


def is_recorded_number(x):
    """Return whether x is a recorded number."""
    return type(x) is RecordedNumber


def refuse(Tape tape not None, str what not None):
    """Raise the error of an operation without a record: f's driver calls f on duals instead."""
    raise _not_recorded(tape, what)


def moved(Tape tape not None, function, x, *args, **kwargs):
    """Return function(x, ...) of a recorded array, for a function that moves elements or repeats them."""
    return _moved(x, function, args, kwargs)


def positions(RecordedArray x not None):
    """Return the place of each element of x in its memory, an array of x's shape."""
    return _positions(x)


def gathered(RecordedArray x not None, value, index):
    """Return an array with these values, whose elements are those of x's memory at `index`; negative: a constant."""
    return _gathered(x, value, index)


def recorded(Tape tape not None, value, bint copy=False):
    """Return values as a recorded constant, in memory of their own."""
    if type(value) is ndarray:
        return _new_recorded(tape, value.copy() if copy else value, False)
    return _constant_number(tape, value)


def copied_array(RecordedArray x not None, order="C"):
    """Return a copy of a recorded array."""
    return _copy(x, order)


def assign(RecordedArray x not None, key, v):
    """x[key] = v"""
    _set(x, key, v)


def scaled(Tape tape not None, value, terms, keepdims=None, dims=None, bint constant=False):
    """
    Return ``z`` with these values and ``dz = sum slope dx``, given pairs (x, slope).

    Parameters
    ----------
    value : float or ndarray of float64
        In memory of its own.
    terms : sequence of pairs
        x, recorded or not, and a slope, a number or an array in memory of its own. Both broadcast to `dims`.
    keepdims : tuple, optional
        The shape of the value as it broadcasts to `dims`: with ones for summed axes.
    dims : tuple, optional
        The shape over which the products are formed; by default that of the value.
    constant : bool
        Whether slopes that are arrays do not depend on the variables.
    """
    cdef Argument a
    cdef TapeOperand out, own, slopes
    cdef npy_intp sizes[MAX_AXES]
    cdef bint active = False, creates = True
    cdef ndarray array, shaped
    cdef int i
    for x, _ in terms:
        _take(tape, x, &a) if is_recorded(x) else None
        active |= is_recorded(x) and a.active
    if type(value) is not ndarray:
        value = _float64(value)
    made = recorded(tape, value)
    if not active:
        return made
    shaped = None
    if type(made) is RecordedArray:
        (<RecordedArray>made).root.active = True
        shaped = value if keepdims is None else value.reshape(keepdims)
    else:
        (<RecordedNumber>made).shadow = tape.records.number()
    _take_described(tape, made, &out)
    if shaped is not None:
        out.nd, out.dims, out.strides = shaped.nd, shaped.dimensions, shaped.strides
    dims = value.shape if dims is None else dims
    for i in range(len(dims)):
        sizes[i] = dims[i]
    for x, slope in terms:
        if not is_recorded(x):
            continue
        _take(tape, x, &a)
        if not a.active:
            continue
        _describe(&a, &own)
        if isinstance(slope, ndarray) and slope.ndim:
            if tape.second and not constant:
                raise _not_recorded(tape, "second derivatives of this function")
            array = np.asarray(slope, dtype=float)
            slopes.capture, slopes.offset = tape.capture(array, array.data), 0
            slopes.nd, slopes.dims, slopes.strides = array.nd, array.dimensions, array.strides
            tape.records.push_arrays(Action.product, &out, creates, &own, 1, NULL, &slopes, NULL, NULL, len(dims),
                                     sizes, NULL)
        else:
            _push_linear(tape, &out, creates, &own, slope, len(dims), sizes)
        creates = False
    return made


def product(Tape tape not None, value, x, y, keepdims=(), dims=None):
    """
    Return the sum, over some axes, of x y, recorded or not: the number with this value of vectors of equal length.

    Otherwise x and y broadcast to `dims`, and the array of values, in memory of its own, to the same with the shape
    `keepdims`: with ones for summed axes.
    """
    cdef Argument arguments[2]
    cdef TapeOperand operands[2]
    cdef TapeOperand out
    cdef npy_intp sizes[MAX_AXES]
    cdef bint creates = True
    cdef ndarray shaped
    cdef int i
    made = recorded(tape, value)
    kept = _take(tape, x, &arguments[0]), _take(tape, y, &arguments[1])
    if arguments[0].active or arguments[1].active:
        dims = kept[0].shape if dims is None else dims
        for i in range(len(dims)):
            sizes[i] = dims[i]
        if type(made) is RecordedArray:
            (<RecordedArray>made).root.active = True
            shaped = value.reshape(keepdims)
        else:
            (<RecordedNumber>made).shadow = tape.records.number()
            shaped = None
        _take_described(tape, made, &out)
        if shaped is not None:
            out.nd, out.dims, out.strides = shaped.nd, shaped.dimensions, shaped.strides
        for i in range(2):
            _describe(&arguments[i], &operands[i])
        for i in range(2):
            if arguments[i].active:
                _read(tape, &arguments[1 - i], &operands[1 - i])
                tape.records.push_arrays(Action.product, &out, creates, &operands[i], 1, NULL, &operands[1 - i], NULL,
                                         NULL, len(dims), sizes, NULL)
                creates = False
    return made


def pulled(Tape tape not None, values, operands, pull, again=None, jacobian=None):
    """
    Return recorded results with these values, whose adjoints a function pulls back.

    Parameters
    ----------
    values : float, ndarray of float64, or tuple of these
        In memory of their own.
    operands : sequence
        Recorded or not.
    pull : callable
        ``pull(*adjoints)``, an array or a float for each value, returns a sequence: for each operand an array of its
        shape that is added to its adjoints, or None.
    again : callable, optional
        ``again()`` computes the values once more from what `keep` has kept, on duals for second derivatives; None for
        a function that has none in reverse mode.
    jacobian : callable, optional
        Of a function with one result that is linear in one operand, its matrix: ``jacobian()`` returns the rows, the
        columns and the elements that may differ from 0. By default a sparse Jacobian pulls unit vectors back.
    """
    cdef Argument a
    results = tuple([recorded(tape, value) for value in (values if type(values) is tuple else (values,))])
    active = False
    for x in operands:
        if is_recorded(x):
            _take(tape, x, &a)
            active = active or a.active
    if active:
        if tape.second and (jacobian if tape.sparse else again) is None:
            raise _not_recorded(tape, "second derivatives of this function")
        for made in results:
            if type(made) is RecordedArray:
                (<RecordedArray>made).root.active = True
            else:
                (<RecordedNumber>made).shadow = tape.records.number()
        tape.records.push_call(len(tape.calls))
        tape.calls.append((pull, again, tuple(operands), results, jacobian))
    return results if type(values) is tuple else results[0]


@cython.binding(False)
@cython.final
cdef class Kept:
    """The values that an operand has now, for a pull-back: f may overwrite its memory before the sweep."""
    cdef Tape tape
    cdef Capture *capture
    cdef Py_ssize_t offset
    cdef ndarray like  # has the shape and the strides

    def values(self):
        """Return the values, to be read before the tape is closed; as duals in a sweep for second derivatives."""
        _check_open(self.tape)
        values = self._view(<const double *>self.capture.data)
        if self.tape.level is None:
            return values
        RecordTape.attach(self.capture)
        if self.capture.tangent == NULL:
            return values
        return seed_tangents(values, self.tape.level, self._view(self.capture.tangent)[..., np.newaxis])

    cdef object _view(self, const double *data):
        Py_INCREF(_double)
        return PyArray_NewFromDescr(&PyArray_Type, <PyArray_Descr *><PyObject *>_double, self.like.nd,
                                    self.like.dimensions, self.like.strides, <char *>(data + self.offset), 0, None)


def keep(Tape tape not None, x):
    """Return what keeps the values of an array, recorded or not, without a copy where none is needed."""
    cdef Argument a
    cdef TapeOperand made
    cdef Kept kept = Kept.__new__(Kept)
    values = _take(tape, x, &a)
    if a.kind == AN_ARRAY and not (<ndarray>values).flags & NPY_ARRAY_WRITEABLE and (<ndarray>values).base == NULL:
        a.capture = tape.capture(values, (<ndarray>values).data)  # nobody changes it
    if a.kind == A_NUMBER or a.kind == A_RECORDED_NUMBER:
        values = np.array(values)
        a.kind, a.value = AN_ARRAY, <PyObject *>values
    if a.kind == AN_ARRAY:
        _keep_if_large((<object>values).nbytes)
    _describe(&a, &made)
    _read(tape, &a, &made)
    kept.tape, kept.capture, kept.offset, kept.like = tape, made.capture, made.offset, <ndarray>a.value
    return kept


cdef object _field(object x, Field field, bint zeroed):
    """Return a view of an array's adjoints or another field, zeros where nothing has flowed into it; or a number's."""
    cdef RecordedArray array
    cdef Shadow *shadow
    if type(x) is RecordedNumber:
        shadow = (<RecordedNumber>x).shadow
        return shadow.field[<int>field][0] if shadow != NULL and shadow.field[<int>field] != NULL else 0.0
    array = x
    shadow = array.root.shadow
    if shadow.field[<int>field] == NULL:
        if zeroed:
            return np.zeros(array.value.shape)
        if not RecordTape.open(shadow, field):
            raise MemoryError
    Py_INCREF(_double)
    return PyArray_NewFromDescr(&PyArray_Type, <PyArray_Descr *><PyObject *>_double, array.value.nd,
                                array.value.dimensions, array.value.strides,
                                <char *>shadow.field[<int>field] + (array.value.data - array.root.data),
                                NPY_ARRAY_WRITEABLE, None)


cdef inline Shadow *_shadow_of(object x) noexcept:
    return (<RecordedNumber>x).shadow if type(x) is RecordedNumber else (<RecordedArray>x).root.shadow


cdef int _add_to_field(object x, Field field, object part) except -1:
    """field += part, of an operand that depends on the variables."""
    cdef Shadow *shadow
    if type(x) is RecordedNumber:
        shadow = (<RecordedNumber>x).shadow
        if shadow != NULL:
            if not RecordTape.open(shadow, field):
                raise MemoryError
            shadow.field[<int>field][0] += part
    elif (<RecordedArray>x).root.active:
        view = _field(x, field, False)
        np.add(view, part, view)
    return 0


cdef int _pull(Tape tape, Py_ssize_t place) except -1:
    """Run a function's pull-back, and add what it returns to the adjoints of its operands."""
    cdef Shadow *shadow
    cdef bint flows = False
    pull, _, operands, results, _ = tape.calls[place]
    for x in results:
        shadow = _shadow_of(x)
        flows = flows or shadow.field[<int>ADJOINT] != NULL or shadow.field[<int>ADJOINT_TANGENT] != NULL
    if flows:
        adjoints = [_field(x, ADJOINT, True) for x in results]
        if tape.level is not None:
            adjoints = [_with_tangent(tape.level, a, _field(x, ADJOINT_TANGENT, True))
                        for a, x in zip(adjoints, results)]
        for x, part in zip(operands, pull(*adjoints)):
            if part is not None and is_recorded(x):
                if tape.level is not None:
                    part, tangent = split(part, tape.level)
                    if tangent is not None:
                        _add_to_field(x, ADJOINT_TANGENT, tangent[..., 0])
                _add_to_field(x, ADJOINT, part)
    for x in results:
        RecordTape.release(_shadow_of(x), ADJOINT)
        RecordTape.release(_shadow_of(x), ADJOINT_TANGENT)
    return 0


cdef object _with_tangent(Level level, object x, object tangent):
    """Return a number or an array as duals with one tangent."""
    made = seed_tangents(np.asarray(x), level, np.asarray(tangent)[..., np.newaxis])
    return made if made.ndim else made[()]


cdef int _push_call(Tape tape, Py_ssize_t place) except -1:
    """Compute the tangents of a function's results, by calling it on duals."""
    _, again, _, results, _ = tape.calls[place]
    found = again()
    for x, made in zip(results, found if type(found) is tuple else (found,)):
        _, tangent = split(made, tape.level)
        if not RecordTape.open(_shadow_of(x), TANGENT):
            raise MemoryError
        if tangent is not None:
            if type(x) is RecordedNumber:
                (<RecordedNumber>x).shadow.field[<int>TANGENT][0] = tangent[..., 0]
            else:
                _field(x, TANGENT, False)[...] = tangent[..., 0]
    return 0


cdef int _sweep(Tape tape) except -1:
    """Run the tape backwards; the adjoints of f's result are set."""
    cdef const Record *record = tape.records.last
    if tape.calls:
        with np.errstate(all="ignore"):  # the values have warned
            return _sweep_records(tape, record)
    return _sweep_records(tape, record)


cdef int _sweep_records(Tape tape, const Record *record) except -1:
    cdef bint second = tape.level is not None
    while True:
        with nogil:
            record = tape.records.sweep(record, second)
        if tape.records.out_of_memory:
            raise MemoryError
        if record == NULL:
            return 0
        _pull(tape, (<const CallRecord *>record).place)
        record = record.previous


cdef int _push_tangents(Tape tape) except -1:
    """Run the tape forwards; the tangents of the variables are set."""
    cdef const Record *record = tape.records.first
    while True:
        with nogil:
            record = tape.records.push_tangents(record)
        if tape.records.out_of_memory:
            raise MemoryError
        if record == NULL:
            return 0
        _push_call(tape, (<const CallRecord *>record).place)
        record = record.next


cdef int _set_adjoint(Shadow *shadow, Py_ssize_t offset, double adjoint) except -1:
    if not RecordTape.open(shadow, ADJOINT):
        raise MemoryError
    shadow.field[<int>ADJOINT][offset] = adjoint
    return 0


cdef object _taken(object x, Field field):
    """Return a field of a variable: a new array, or a float."""
    found = _field(x, field, True)
    return found if type(x) is RecordedNumber else np.array(found)


cdef int _check_own(Tape tape, object y, object variables, str call) except -1:
    """Refuse a recorded result of another tape, and variables that `record_variable` has not made for this one."""
    if is_recorded(y) and _own_tape(y) is not tape:
        raise TypeError(f"{call} expects a result of its tape.")
    for x in variables:
        if _own_tape(x) is not tape or _shadow_of(x) == NULL or np.size(values_of(x)) != _shadow_of(x).size:
            raise TypeError(f"{call} expects variables of its tape.")
    return 0


def record_variable(Tape tape not None, x):
    """Return a recorded copy of a float64 array, in its memory layout, or of a float: variables."""
    cdef RecordedNumber number
    if type(x) is ndarray:
        return _new_recorded(tape, PyArray_NewCopy(_array(x), NPY_KEEPORDER), True)
    number = _constant_number(tape, x)
    number.shadow = tape.records.number()
    return number


def pull_back(Tape tape not None, y, adjoint, variables):
    """
    Return the adjoints of the variables, new arrays or floats, for an adjoint of f's result.

    Parameters
    ----------
    y : recorded array or number
    adjoint : float or ndarray
        Of y's shape, or one number for every element.
    variables : sequence
        What `record_variable` has returned, as f got it.
    """
    _check_open(tape)
    _check_own(tape, y, variables, "pull_back")
    tape.records.release_fields()
    for x in variables:
        if type(x) is RecordedNumber:
            RecordTape.release((<RecordedNumber>x).shadow, ADJOINT)
    if type(y) is RecordedNumber:
        if (<RecordedNumber>y).shadow != NULL:
            _set_adjoint((<RecordedNumber>y).shadow, 0, adjoint)
    elif type(y) is RecordedArray and (<RecordedArray>y).root.active:
        _field(y, ADJOINT, False)[...] = adjoint
    _sweep(tape)
    return [_taken(x, ADJOINT) for x in variables]


cdef object _finite_gradient(ndarray x, RecordedArray variables):
    """Return the adjoints of the variables as an array of x's shape, or None where one is not finite."""
    cdef Shadow *shadow = variables.root.shadow
    if shadow.field[<int>ADJOINT] == NULL:
        return np.zeros(x.shape)
    if not all_finite(shadow.field[<int>ADJOINT], shadow.size):
        return None
    if x.nd == 1:
        gradient = _new_vector(shadow.size)
        memcpy((<ndarray>gradient).data, shadow.field[<int>ADJOINT], shadow.size * sizeof(double))
        return gradient
    return np.array(_field(variables, ADJOINT, True), order="C")


cdef object _run_f(object f, object x, tuple rest, dict kwargs):
    return f(x, *rest, **kwargs) if rest or kwargs else f(x)


cdef tuple _pass_by_tape(DriverBase driver, ndarray x, tuple args, dict kwargs):
    """
    Return (f(x), gradient) at one float64 array by one call of f and one sweep; None where f must be called on duals.

    These are f whose operations a tape does not hold, and gradients that are not finite: there the rules of duals
    decide, such as 0 * inf = 0.
    """
    cdef Tape tape = Tape()
    cdef RecordedArray variables
    cdef Py_ssize_t n = PyArray_SIZE(_array(x))
    state = None
    if len(args) > 1 or kwargs:
        from dualnum.lifting.state import State
        state = State((args[1:], kwargs))
    _open_pass()
    try:
        if n >= 8192:
            _keep_memory()
        variables = _new_recorded(tape, PyArray_NewCopy(_array(x), NPY_KEEPORDER), True)
        start = (variables.value, variables.root)
        y = _run_f(driver.f, variables, args[1:], kwargs)
        if type(y) is RecordedArray and (<RecordedArray>y).value.nd == 0:
            y = _get(y, ())
        if type(y) is RecordedNumber and not tape.failed and (<RecordedNumber>y).shadow != NULL and (
                (<RecordedNumber>y).tape is tape):
            value = (<RecordedNumber>y).number
            _set_adjoint((<RecordedNumber>y).shadow, 0, 1)
            _sweep(tape)
            gradient = _finite_gradient(x, _view_of(start[0], start[1]))
            if gradient is not None and _is_verified(driver, args, kwargs, state, value, gradient, tape.tied):
                return value, gradient
    except Exception:
        pass  # f on duals decides
    finally:
        _close_pass()
        tape.close()
    if state is not None:
        state.restore()
    return None


cdef dict _trusted = {}  # the key of a function whose record the nets have verified: references to the key's parts


def is_trusted(f):
    """Return whether the nets have verified the record of f's code."""
    return _key_of(f) in _trusted


cdef bint _is_verified(DriverBase driver, tuple args, dict kwargs, object state, double value,
                       object gradient, bint tied) except -1:
    """Whether the nets, where they look, leave a gradient at one array."""
    if driver.check is not True and not tied:
        keyed = _with_callables(driver.f, args, kwargs) if len(args) > 1 or kwargs else driver.f
        if _key_of(keyed) in _trusted:
            return True
    from dualnum.drivers._base import Variables
    from dualnum.reverse import nets
    return nets.is_verified(driver, Variables(driver, args), kwargs, state, value, gradient.reshape(-1), tied)


def trust(f):
    """Remember that the nets have verified the record of f's code."""
    parts = []
    key = _key_of(f, 4, parts)

    def forget(_):
        _trusted.pop(key, None)

    _trusted[key] = [_weak(part, forget) for part in parts]


def is_second(Tape tape not None):
    """Return whether second derivatives are to follow, so that slopes may not be numbers of their own."""
    return tape.second


def is_sparse(Tape tape not None):
    """Return whether sparse derivatives are to follow, for which records say more than calls."""
    return tape.sparse


def with_values(x, value):
    """Return a recorded result with these values, which differ by rounding from those that the record computed."""
    if type(x) is RecordedNumber:
        (<RecordedNumber>x).number = value
    else:
        (<RecordedArray>x).value[...] = value
    return x


def tape_of(x):
    """Return the tape of a recorded array or number."""
    return _own_tape(x)


def ufuncs_of_tape():
    """Return the ufuncs whose slopes are in the table of slopes.h."""
    return list(_recorded_ufuncs)
