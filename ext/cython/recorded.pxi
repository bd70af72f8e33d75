# Operations of the arrays and numbers whose calls a tape records: operators, views, assignments, ufuncs.

cdef dict _recorded_rules = {}  # NumPy function -> its rule for recorded arrays, filled by dualnum.reverse
cdef dict _operator_places = {_name: _recorded[getattr(np, _name)] for _name in (
    "add subtract multiply divide floor_divide remainder power negative positive absolute square reciprocal sqrt"
    ).split()}
cdef int R_ADD = _operator_places["add"], R_SUBTRACT = _operator_places["subtract"]
cdef int R_MULTIPLY = _operator_places["multiply"], R_DIVIDE = _operator_places["divide"]
cdef int R_FLOOR_DIVIDE = _operator_places["floor_divide"], R_REMAINDER = _operator_places["remainder"]
cdef int R_POWER = _operator_places["power"], R_NEGATIVE = _operator_places["negative"]
cdef int R_POSITIVE = _operator_places["positive"], R_ABSOLUTE = _operator_places["absolute"]
cdef int R_SQUARE = _operator_places["square"], R_RECIPROCAL = _operator_places["reciprocal"]
cdef int R_SQRT = _operator_places["sqrt"]
cdef object _py_add = operator.add, _py_subtract = operator.sub, _py_multiply = operator.mul
cdef object _py_divide = operator.truediv, _py_floor_divide = operator.floordiv, _py_remainder = operator.mod
cdef object _py_power = operator.pow, _py_negative = operator.neg, _py_positive = operator.pos, _py_abs = operator.abs


def register_recorded(function, rule):
    """Let rule(tape, *args, **kwargs) stand for a NumPy function whose arguments contain recorded arrays."""
    _recorded_rules[function] = rule


cdef bint _has_recorded_rules = False


cdef int _import_recorded_rules() except -1:
    """Import the rules of recorded arrays; a thread that meets another one at it waits until all are there."""
    global _has_recorded_rules
    if not _has_recorded_rules:
        import dualnum.reverse  # noqa: F401
        _has_recorded_rules = True
    return 0


cdef object _recorded_rule(object function):
    _import_recorded_rules()
    return look_up(_recorded_rules, function)


cdef inline Tape _own_tape(object x):
    """The tape of a recorded array or number; None for others."""
    if type(x) is RecordedArray:
        return (<RecordedArray>x).root.tape
    return (<RecordedNumber>x).tape if type(x) is RecordedNumber else None


cdef inline Tape _tape_of(object x, object y):
    cdef Tape tape = _own_tape(x)
    return tape if tape is not None else _own_tape(y)


cdef inline RecordedArray _new_recorded(Tape tape, ndarray value, bint active):
    cdef RecordedArray made = RecordedArray.__new__(RecordedArray)
    made.value, made.root = value, _new_root(tape, value, active)
    return made


cdef inline RecordedArray _view_of(ndarray value, Root root):
    cdef RecordedArray made = RecordedArray.__new__(RecordedArray)
    made.value, made.root = value, root
    return made


cdef RecordedNumber _constant_number(Tape tape, double value):
    cdef RecordedNumber made = RecordedNumber.__new__(RecordedNumber)
    made.tape, made.number = tape, value
    made.shadow = NULL
    return made


cdef object _binary_operator(int place, object x, object y, object operator_):
    if _leaves(x) or _leaves(y):
        return NotImplemented
    return _elementwise(_tape_of(x, y), place, x, y, None, operator_)


cdef bint _leaves(object x):
    """Whether an operator leaves an operand of an unknown type to that type."""
    return type(x) is not RecordedArray and type(x) is not RecordedNumber and not isinstance(
        x, (float, int, ndarray, np.generic, list, tuple, DualArray, Dual))


cdef object _power_operator(object x, object y):
    cdef int place = R_POWER
    if type(x) is RecordedArray and (<RecordedArray>x).value.nd > 0 and isinstance(
            y, (float, int, np.integer, np.floating)):
        place = R_SQUARE if y == 2 else R_RECIPROCAL if y == -1 else R_SQRT if y == 0.5 else R_POWER
        if place != R_POWER:
            return _elementwise((<RecordedArray>x).root.tape, place, x, None, None, None)
    return _binary_operator(place, x, y, _py_power)


cdef bint _is_in(ndarray value, Root root):
    """Whether an array is a view of a root's memory."""
    return value.base != NULL and root.data <= value.data < root.data + root.shadow.size * sizeof(double)


cdef list _all_positions = [np.arange(1024)]  # whose array threads replace by a longer one


cdef ndarray _positions(RecordedArray x):
    """Return an array of x's shape and strides: the place of each element among its root's adjoints."""
    cdef ndarray value = x.value, positions = _all_positions[0]
    cdef Py_ssize_t low = (value.data - x.root.data)
    if positions.dimensions[0] < x.root.shadow.size:
        _all_positions[0] = positions = np.arange(2 * x.root.shadow.size)
    dtype = positions.dtype
    Py_INCREF(dtype)
    view = PyArray_NewFromDescr(&PyArray_Type, <PyArray_Descr *><PyObject *>dtype, value.nd, value.dimensions,
                                value.strides, positions.data + low, 0, None)
    PyArray_SetBaseObject(_array(view), _new_reference(positions))
    return view


cdef object _gathered(RecordedArray x, object value, object index):
    """Return the array whose elements are those of x's root at the places `index`; constants where that is negative."""
    cdef ndarray made_value, places
    cdef RecordedArray made
    cdef Tape tape = x.root.tape
    if type(value) is not ndarray:
        return _read_number(x, value, index)
    made = _new_recorded(tape, value, x.root.active)
    made_value = value
    if not x.root.active or PyArray_SIZE(_array(made_value)) == 0:
        return made
    if made.root.shadow.size != PyArray_SIZE(_array(made_value)):  # memory with gaps
        made_value = PyArray_NewCopy(_array(made_value), NPY_KEEPORDER)
        made = _new_recorded(tape, made_value, True)
    places = np.empty_like(made_value, dtype=np.intp)  # in the order of the values' memory
    places[...] = index
    tape.kept.append(places)
    tape.records.push_indexed(Action.gather, made.root.shadow, 0, True, x.root.shadow, 0,
                              <const Py_ssize_t *>places.data, PyArray_SIZE(_array(places)))
    return made


cdef RecordedNumber _read_number(RecordedArray x, double value, Py_ssize_t place):
    """Return the element of x's root at a place."""
    cdef RecordedNumber made = _constant_number(x.root.tape, value)
    if x.root.active and place >= 0:
        made.shadow = x.root.tape.records.number()
        made.tape.records.push_number(made.shadow, 0, True, x.root.shadow, place, 1)
    return made


cdef object _moved(RecordedArray x, object function, tuple args, dict kwargs):
    """Return function(x, ...) of a function that moves elements: a view where NumPy gives one, else a copy."""
    value = function(x.value, *args, **kwargs)
    if type(value) is list or type(value) is tuple:
        index = None if all([_is_in(part, x.root) for part in value]) else function(_positions(x), *args, **kwargs)
        return type(value)([_view_of(part, x.root) if _is_in(part, x.root) else _gathered(x, part, index[i])
                            for i, part in enumerate(value)])
    if type(value) is ndarray and (_is_in(value, x.root) or value is x.value):
        return _view_of(value, x.root)
    return _gathered(x, value, function(_positions(x), *args, **kwargs))


cdef RecordedArray _copy(RecordedArray x, object order):
    """Return a copy of x in fresh memory."""
    cdef TapeOperand out, own
    cdef Argument a, made_a
    cdef Tape tape = x.root.tape
    cdef RecordedArray made = _new_recorded(tape, x.value.copy(order), x.root.active)
    _check_open(tape)
    if made.root.active:
        _take(tape, x, &a)
        _take(tape, made, &made_a)
        _describe(&a, &own)
        _describe(&made_a, &out)
        _push_linear(tape, &out, True, &own, 1, x.value.nd, x.value.dimensions)
    return made


cdef object _get(RecordedArray x, object key):
    cdef ndarray value = x.value
    cdef Py_ssize_t i
    _check_open(x.root.tape)
    if type(key) is int and value.nd == 1:
        i = key
        if i < 0:
            i += value.dimensions[0]
        if 0 <= i < value.dimensions[0]:
            return _read_number(x, (<double *>(value.data + i * value.strides[0]))[0],
                                (value.data + i * value.strides[0] - x.root.data) // <Py_ssize_t>sizeof(double))
    found = value[key]
    if type(found) is ndarray and _is_in(found, x.root):
        return _view_of(found, x.root)
    return _gathered(x, found, _positions(x)[key])


cdef int _set(RecordedArray x, object key, object v) except -1:
    """x[key] = v: the old values lose their influence, and v gets it."""
    cdef Tape tape = x.root.tape
    cdef Argument a
    cdef TapeOperand source, target
    cdef RecordedArray part, spread
    cdef ndarray places
    _check_open(tape)
    if type(v) is RecordedArray and (<RecordedArray>v).root is x.root:
        v = _copy(v, "K")
    kept = _take(tape, v, &a)
    found = x.value[key]
    if not x.value.flags & NPY_ARRAY_WRITEABLE:
        raise ValueError("assignment destination is read-only")
    _before_write(x.root)
    x.value[key] = kept
    if a.active and not x.root.active:
        x.root.active = True
    if not x.root.active:
        return 0
    if type(found) is ndarray and _is_in(found, x.root):
        part = _view_of(found, x.root)
        _push_write(tape, part, &a)
        return 0
    index = _positions(x)[key]
    if type(found) is not ndarray:  # one element
        if a.kind == AN_ARRAY or a.kind == A_RECORDED_ARRAY:
            raise _not_recorded(tape, "x[i] = an array")
        target.shadow, target.offset, target.nd = x.root.shadow, index, 0
        _push_zero(tape, &target, 0, NULL)
        if a.active:
            tape.records.push_number(x.root.shadow, index, False, a.shadow, a.offset, 1)
        return 0
    places = np.ascontiguousarray(index, dtype=np.intp)
    tape.kept.append(places)
    if not a.active:
        tape.records.push_indexed(Action.assign, x.root.shadow, 0, False, NULL, 0, <const Py_ssize_t *>places.data,
                                  PyArray_SIZE(_array(places)))
        return 0
    # v in the shape and order of the places; its record comes before that of the write
    spread = _spread(tape, v, np.shape(index))
    tape.records.push_indexed(Action.assign, x.root.shadow, 0, False, spread.root.shadow, 0,
                              <const Py_ssize_t *>places.data, PyArray_SIZE(_array(places)))
    return 0


cdef inline int _push_zero(Tape tape, const TapeOperand *written, int nd, const npy_intp *dims) except -1:
    """written = 0, of adjoints"""
    tape.records.push_arrays(Action.zero, written, False, NULL, 1, NULL, NULL, NULL, NULL, nd, dims, NULL)
    return 0


cdef int _push_write(Tape tape, RecordedArray part, Argument *a) except -1:
    """Record part[...] = the operand: in the sweep, what is pushed last comes first."""
    cdef Argument written
    cdef TapeOperand target, source
    _take(tape, part, &written)
    _describe(&written, &target)
    _describe(a, &source)
    if source.nd > target.nd:  # leading axes of length 1
        source.dims += source.nd - target.nd
        source.strides += source.nd - target.nd
        source.nd = target.nd
    _push_zero(tape, &target, part.value.nd, part.value.dimensions)
    if a.active:
        _push_linear(tape, &target, False, &source, 1, part.value.nd, part.value.dimensions)
    return 0


cdef RecordedArray _spread(Tape tape, object v, object shape):
    """Return a contiguous copy of an operand, broadcast to a shape."""
    cdef RecordedArray made = _new_recorded(tape, np.zeros(shape), True)
    cdef Argument a
    values = _take(tape, v, &a)
    shape_of_v = np.shape(values)
    extra = len(shape_of_v) - len(shape)
    if extra > 0:  # leading axes of length 1
        v = v.reshape(shape_of_v[extra:])
        values = _take(tape, v, &a)
    made.value[...] = values
    if a.active:
        _push_write(tape, made, &a)
    return made


cdef object _in_place(int place, RecordedArray x, object y):
    """x op= y for elementwise functions: a new array, whose elements then replace those of x."""
    cdef Tape tape = x.root.tape
    cdef Argument a
    cdef TapeOperand target, source
    cdef bint simple
    _check_open(tape)
    if not x.value.flags & NPY_ARRAY_WRITEABLE:
        raise ValueError("output array is read-only")
    kept = _take(tape, y, &a)
    simple = recorded_ufuncs[place].form == Form.linear and a.kind != A_RECORDED_ARRAY
    simple |= recorded_ufuncs[place].form == Form.linear and a.kind == A_RECORDED_ARRAY and (
        (<RecordedArray>y).root is not x.root)
    if a.kind == A_NUMBER and (place == R_MULTIPLY or place == R_DIVIDE):
        _before_write(x.root)
        _recorded_ufuncs[place](x.value, kept, x.value)
        if x.root.active:
            _take_described(tape, x, &target)
            tape.records.push_arrays(Action.scale, &target, False, NULL, a.number if place == R_MULTIPLY
                                     else 1 / a.number, NULL, NULL, NULL, NULL, x.value.nd, x.value.dimensions, NULL)
        return x
    if not simple:
        made = _elementwise(tape, place, x, y, None, None)
        if made.shape != x.shape:
            raise ValueError(f"non-broadcastable output operand with shape {x.shape} doesn't match the broadcast shape "
                             f"{made.shape}")
        _set(x, Ellipsis, made)
        return x
    _before_write(x.root)
    _recorded_ufuncs[place](x.value, kept, x.value)
    if a.active:
        x.root.active = True
        _take_described(tape, x, &target)
        _describe(&a, &source)
        if source.nd > target.nd:
            source.dims += source.nd - target.nd
            source.strides += source.nd - target.nd
            source.nd = target.nd
        _push_linear(tape, &target, False, &source, recorded_ufuncs[place].factor[1], x.value.nd, x.value.dimensions)
        tape.records.last.writes = True
    return x


cdef int _take_described(Tape tape, object x, TapeOperand *made) except -1:
    cdef Argument a
    _take(tape, x, &a)
    _describe(&a, made)
    return 0


cdef object _recorded_ufunc(object ufunc, str method, tuple inputs, dict kwargs):
    cdef Tape tape = None
    for x in (*inputs, *kwargs.get("out", ())):
        if type(x) is RecordedArray or type(x) is RecordedNumber:
            tape = _own_tape(x)
            break
    if tape is None:
        raise TypeError(f"{ufunc.__name__} expects a recorded array among its operands.")
    _check_open(tape)
    out = kwargs.pop("out", None)
    if kwargs.get("dtype") is float or kwargs.get("dtype") is _double:
        kwargs.pop("dtype")
    if method == "__call__" and not kwargs:
        if ufunc in _predicates:
            if ufunc in _logical:
                for x in inputs:
                    _note_zeros(tape, _stripped_of_tape(tape, x))
            elif tape.second or ufunc.nin == 2:
                _recorded_rule("ties")(tape, *[_stripped_of_tape(tape, x) for x in inputs])
            if out is not None:
                if [o for o in out if type(o) is not ndarray]:
                    raise _not_recorded(tape, f"{ufunc.__name__} with out=")
                return ufunc(*[_stripped_of_tape(tape, x) for x in inputs], out=out)
            return ufunc(*[_stripped_of_tape(tape, x) for x in inputs])
        place = _recorded.get(ufunc)
        if place is not None:
            result = _elementwise(tape, place, inputs[0], inputs[1] if len(inputs) > 1 else None,
                                  inputs[2] if len(inputs) > 2 else None, None)
        else:
            rule = _recorded_rule(ufunc)
            result = (rule or _recorded_rule("other ufuncs"))(tape, *((ufunc,) if rule is None else ()), *inputs)
    else:
        rule = _recorded_rule((ufunc, method))
        if rule is None:
            rule = _recorded_rule((None, method))
            if rule is None:
                raise _not_recorded(tape, f"np.{ufunc.__name__}.{method} with {', '.join(kwargs) or 'these operands'}")
            result = rule(tape, ufunc, *inputs, **kwargs)
        else:
            result = rule(tape, *inputs, **kwargs)
    if out is None:
        return result
    results = result if type(result) is tuple else (result,)
    for made, target in zip(results, out):
        if target is not None:
            if type(target) is not RecordedArray:
                raise _not_recorded(tape, f"np.{ufunc.__name__} with out=")
            if np.shape(made) != target.shape:
                raise _not_recorded(tape, f"np.{ufunc.__name__} with an out= of another shape")
            _set(target, Ellipsis, made)
    given = tuple([made if target is None else target for made, target in zip(results, out)])
    return given if type(result) is tuple else given[0]


cdef object _stripped_of_tape(Tape tape, object x):
    """Return an operand's values, to be read at once."""
    if type(x) is RecordedArray:
        return (<RecordedArray>x).value
    if type(x) is RecordedNumber:
        return _float64((<RecordedNumber>x).number)
    if isinstance(x, (Dual, DualArray)):
        raise _not_recorded(tape, "a dual beside a recorded array")
    return x


cdef object _recorded_function(object function, object types, tuple args, dict kwargs):
    cdef Tape tape = _first_tape(args) or _first_tape(tuple(kwargs.values()))
    if tape is None:
        raise TypeError(f"{function.__name__} expects a recorded array among its arguments.")
    _check_open(tape)
    for cls in types:
        if cls is not RecordedArray and cls is not RecordedNumber and cls is not ndarray:
            raise _not_recorded(tape, f"np.{function.__name__} beside {cls.__name__}")
    rule = _recorded_rule(function)
    dense = look_up(_rules, function)
    if rule is None or dense is not None and not (getattr(dense, "__module__", None) or "").startswith("dualnum."):
        raise _not_recorded(tape, f"np.{getattr(function, '__name__', function)}")
    return rule(tape, *args, **kwargs)


cdef Tape _first_tape(object x, int depth=6):
    if type(x) is RecordedArray or type(x) is RecordedNumber:
        return _own_tape(x)
    if depth and (type(x) is tuple or type(x) is list):
        for item in x:
            tape = _first_tape(item, depth - 1)
            if tape is not None:
                return tape
    return None


cdef object _compared(object x, object y, int op):
    cdef Tape tape = _tape_of(x, y)
    _check_open(tape)
    if _leaves(y):
        raise _not_recorded(tape, f"a comparison with {type(y).__name__}")
    first, second = _stripped_of_tape(tape, x), _stripped_of_tape(tape, y)
    _recorded_rule("ties")(tape, first, second)
    return _rich_comparisons[op](first, second)


cdef int _note_zeros(Tape tape, x) except -1:
    """Note numbers that are asked whether they are 0, as a comparison."""
    _recorded_rule("ties")(tape, x)
    return 0


cdef frozenset _logical = frozenset([np.logical_not, np.logical_and, np.logical_or, np.logical_xor])
cdef tuple _rich_comparisons = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)


cdef object _loses(object x, str what):
    """Return the error of a conversion that would lose derivatives; the tape has failed."""
    return _not_recorded(_own_tape(x), what)


cdef object _sum_all(RecordedArray x):
    """np.sum(x)"""
    cdef Tape tape = x.root.tape
    cdef RecordedNumber made
    cdef TapeOperand out, own
    _check_open(tape)
    made = _constant_number(tape, _add.reduce(x.value, None))
    if x.root.active and PyArray_SIZE(_array(x.value)):
        made.shadow = tape.records.number()
        _take_described(tape, x, &own)
        _take_described(tape, made, &out)
        _push_linear(tape, &out, True, &own, 1, x.value.nd, x.value.dimensions)
    return made
