# Registers the loops of the ufuncs, and resolves and promotes the dtypes of their operands for NumPy.

cdef object _bool_class = _dtype_class(NPY_BOOL)
cdef object _object_class = _dtype_class(NPY_OBJECT)
cdef dict _dtype_classes = {
    "d": _dtype_class(NPY_DOUBLE), "?": _bool_class, "i": _dtype_class(NPY_INT), "l": _dtype_class(NPY_LONG),
    "q": _dtype_class(NPY_LONGLONG),
}
cdef object _double = np.dtype(float)


cdef PyArray_DTypeMeta *_class_pointer(str letter) except NULL:
    if letter == "C":
        return &complex_dual_dtype
    return &dual_dtype if letter == "D" else <PyArray_DTypeMeta *><PyObject *>_dtype_classes[letter]


cdef inline PyObject *_real_pointer(PyArray_DTypeMeta *cls, PyObject *given) noexcept:
    """The dtype of an operand's parts if it is a dual, real or complex; else NULL."""
    if cls == &dual_dtype or given == NULL:
        return given if cls == &dual_dtype else NULL
    return (<DualDescr *>given).real if cls == &complex_dual_dtype else NULL


cdef int _resolve(int nin, int nout, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop) except -1:
    """Give every dual operand the union of the levels of all of them; see umath.h."""
    cdef int i
    cdef PyObject *common = NULL
    cdef PyObject *real
    cdef Py_ssize_t position[MAX_LEVELS]
    cdef object dtype = None
    for i in range(nin):
        real = _real_pointer(dtypes[i], given[i])
        if real != NULL:
            if common == NULL:
                common = real
            elif common != real:
                dtype = _union(<object>common, <object>real)
                common = <PyObject *>dtype
    for i in range(nin, nin + nout):  # an output with more levels lifts all operands to its own
        real = _real_pointer(dtypes[i], given[i])
        if real != NULL and real != common:
            if embedding(<DualDescr *>common, <DualDescr *>real, position):
                dtype = <object>real
                common = real
    for i in range(nin + nout):
        if dtypes[i] == &dual_dtype:
            loop[i] = _new_reference(<object>common)
        elif dtypes[i] == &complex_dual_dtype:
            loop[i] = _new_reference(_complex_of(<object>common))
        elif dtypes[i] == _float64_class:
            loop[i] = _new_reference(_double)
        else:
            loop[i] = _new_reference(np.dtype((<object>dtypes[i]).type))
    return NPY_SAFE_CASTING if dtype is not None else NPY_NO_CASTING


resolve_operands = _resolve
cdef PyArray_DTypeMeta *_float64_class = <PyArray_DTypeMeta *><PyObject *>_dtype_classes["d"]


cdef int _promote(PyObject *ufunc, PyArray_DTypeMeta **given, PyArray_DTypeMeta **signature,
                  PyArray_DTypeMeta **chosen) except -1:
    """
    Choose float64 for real numbers beside a dual, or the loop's integers; object for all beside an object, and complex
    duals for all beside a complex number.
    """
    function = <object>ufunc
    cdef UfuncEntry entry = look_up(_entries, function)
    if entry is None:
        raise TypeError(_no_rule(function))
    cdef str letters = entry.types
    cdef int i, nin = function.nin, nargs = function.nargs
    cdef bint objects = False, is_complex = False
    cdef PyArray_DTypeMeta *object_class = <PyArray_DTypeMeta *><PyObject *>_object_class
    for i in range(nargs):
        objects = objects or signature[i] == object_class or i < nin and given[i] == object_class
        is_complex = is_complex or i < nin and _is_complex_class(given[i])
    is_complex = is_complex or letters == entry.complex_types  # it has no loop for real duals
    if is_complex and not objects:
        letters = entry.complex_types
        if letters is None:
            raise TypeError(_no_complex_rule(function))
    for i in range(nargs):
        if signature[i] != NULL:
            if letters[i] in "DC" and signature[i] != _class_pointer(letters[i]) and not objects and (
                    i >= nin or given[i] == &dual_dtype or given[i] == &complex_dual_dtype):
                name = (<object>signature[i]).type.__name__
                raise TypeError(f"{function.__name__} of duals with dtype={name} would lose derivatives; "
                                f"leave dtype out. {DISCARD}")
            chosen[i] = signature[i]
        elif objects:
            chosen[i] = <PyArray_DTypeMeta *><PyObject *>(_bool_class if letters[i] == "?" else _object_class)
        elif i >= nin:
            chosen[i] = _class_pointer(letters[i])
        elif is_complex:
            chosen[i] = _complex_class(letters[i], given[i], function)
        elif given[i] == &dual_dtype or entry.dual_only:
            chosen[i] = &dual_dtype
        elif <object>given[i] in _promotable or (<object>given[i]).__name__ in _python_numbers:
            chosen[i] = (_class_pointer("l") if letters[i] in "il"
                         else _class_pointer(entry.integers[i])
                         if entry.integers is not None and _runs_as_integer(<object>given[i], entry.integers[i])
                         else _float64_class)
        elif letters[nargs - 1] == "?" and (<object>given[i]).__name__ not in _unsupported_numbers:
            # NumPy turns this error into False for x == "text"
            raise _UFuncNoLoopError(function, tuple([<object>given[j] for j in range(nin)]) + (None,) * (nargs - nin))
        else:
            name = (<object>given[i]).__name__
            hint = "; duals of extended precision do not exist" if name in _unsupported_numbers else ""
            raise TypeError(f"{function.__name__} expects real numbers beside duals, got {name}{hint}.")
    for i in range(nargs):
        Py_INCREF(<object>chosen[i])
    return 0


from numpy._core._exceptions import _UFuncNoLoopError


cdef str _no_rule(object ufunc):
    return (f"{ufunc.__name__} of duals has no rule that gives its derivatives; write it with NumPy's functions, or "
            f"give its derivatives with dualnum.rule. {DISCARD}")


cdef str _no_complex_rule(object ufunc):
    if ufunc.signature is not None and hasattr(np, ufunc.__name__):  # their rules are DualArray's
        return (f"{ufunc.__name__} of complex duals expects a DualArray, got a plain array; use "
                f"z.view(dualnum.DualArray).")
    return (f"{ufunc.__name__} of complex duals has no rule that gives its derivatives; write it with the real and the "
            f"imaginary part, z.real and z.imag.")


cdef inline bint _is_complex_class(PyArray_DTypeMeta *cls):
    return cls == &complex_dual_dtype or cls != &dual_dtype and (
        <object>cls in _complex_numbers or (<object>cls).__name__ == "_PyComplexDType")


cdef PyArray_DTypeMeta *_complex_class(str letter, PyArray_DTypeMeta *given, object function) except NULL:
    """Choose complex duals for an operand beside a complex number; refuse what is no number."""
    known = (given == &dual_dtype or _is_complex_class(given) or <object>given in _promotable
             or (<object>given).__name__ in _python_numbers)
    if not known:
        raise TypeError(f"{function.__name__} expects numbers beside complex duals, got {(<object>given).__name__}.")
    return _class_pointer(letter)


cdef tuple _unsupported_numbers = ("LongDoubleDType", "CLongDoubleDType")
cdef frozenset _reorderable = frozenset(  # reductions that NumPy may run over several axes at once
    "add multiply maximum minimum fmax fmin logical_and logical_or logical_xor".split())

cdef bint _runs_as_integer(object dtype_class, str letter):
    """Whether NumPy casts numbers of this class safely to the loop's integers."""
    return dtype_class.__name__ == "_PyLongDType" or np.can_cast(np.dtype(dtype_class.type), np.dtype(letter))


cdef UfuncEntry _new_entry(object ufunc, str types, tuple integers):
    cdef UfuncEntry entry = UfuncEntry()
    entry.types, entry.integers, entry.place = types, integers, -1
    entry.dual_only = ufunc is _clip
    _entries[ufunc] = entry
    return entry


cdef object _clip = np._core.umath.clip  # np.clip is a Python function around it


cdef int _bool_initial(PyArrayMethod_Context *context, npy_bool is_empty, void *initial) noexcept:
    (<char *>initial)[0] = context.caller == <PyObject *>_logical_and
    return 1


cdef object _add = np.add, _multiply = np.multiply, _divide = np.divide, _logical_and = np.logical_and


cdef int _identity_initial(PyArrayMethod_Context *context, npy_bool is_empty, void *initial) except -1:
    cdef bint is_complex = _is_complex_dtype(<object>context.descriptors[0])
    memset(initial, 0, context.descriptors[0].elsize)
    if context.caller != <PyObject *>_add:
        (<double *>initial)[0] = (<object>context.caller).identity
    elif not is_empty:
        (<double *>initial)[0] = _complex_sum_start.real if is_complex else _sum_start
        if is_complex:
            (<double *>initial)[(<DualDescr *>context.descriptors[0]).layout.components()] = _complex_sum_start.imag
    return 1


# NumPy starts its sums with -0.0 or with 0.0, depending on its version.
cdef double _sum_start = np.add.reduce(np.array([-0.0]))
cdef object _complex_sum_start = np.add.reduce(np.array([complex(-0.0, -0.0)]))


cdef object _find_ufunc(str name):
    return _clip if name == "clip" else getattr(np, name, None)


cdef void _register_values() except *:
    for i in range(VALUE_COUNT):
        name = value_names[i].decode()
        ufunc = _find_ufunc(name)
        if ufunc is not None and not find_value_loop(i, <PyObject *>ufunc):
            raise ImportError(
                f"dualnum expects NumPy's {name} to have a float64 loop, which NumPy {np.__version__} has not.")
    if not find_complex_loops(<PyObject *>_add, <PyObject *>_multiply, <PyObject *>_divide):
        raise ImportError(
            f"dualnum expects NumPy's arithmetic to have complex128 loops, which NumPy {np.__version__} has not.")


cdef void *_initial_of(object ufunc, str letters):
    """Return what NumPy calls for the start of a reduction, or NULL where a loop has no start."""
    if letters in ("DDD", "CCC") and ufunc.identity is not None:
        return <void *>_identity_initial
    return <void *>_bool_initial if letters in ("?D?", "?C?") else NULL


cdef void _add_loop(object ufunc, str letters, PyType_Slot loop, int flags) except *:
    """Register a loop of a ufunc for operands of these types."""
    cdef PyArrayMethod_Spec spec
    cdef PyArray_DTypeMeta *dtypes[8]
    cdef PyType_Slot slots[4]
    cdef void *initial = _initial_of(ufunc, letters)
    for i, letter in enumerate(letters):
        dtypes[i] = _class_pointer(letter)
    slots[0] = PyType_Slot(NPY_METH_resolve_descriptors, resolver(ufunc.nin, ufunc.nout))
    slots[1] = loop
    slots[2] = PyType_Slot(0 if initial == NULL else NPY_METH_get_reduction_initial, initial)
    slots[3] = PyType_Slot(0, NULL)
    spec.name, spec.nin, spec.nout = ufunc_name(ufunc), ufunc.nin, ufunc.nout
    spec.casting, spec.flags = NPY_NO_CASTING, <NPY_ARRAYMETHOD_FLAGS>flags
    spec.dtypes, spec.slots = dtypes, slots
    PyUFunc_AddLoopFromSpec(ufunc, &spec)


cdef void _register_loops() except *:
    cdef const LoopEntry *entry
    cdef int i, flags, place = -1
    for i in range(LOOP_ENTRIES):
        entry = &loop_entries[i]
        name, letters = entry.ufunc.decode(), entry.types.decode()
        ufunc = _find_ufunc(name)
        if ufunc is None:
            continue  # matvec and vecmat came with NumPy 2.2
        if entry.kernel != NULL and "C" not in letters:
            place = _index_of(name)
            if place >= 128:
                raise ImportError("dualnum: the table of kernels is full.")
            _ufuncs[place] = ufunc
            if letters.startswith("dD"):
                _kernels[place].right = entry.kernel
            elif letters.startswith("Dd"):
                _kernels[place].left = entry.kernel
            else:
                _kernels[place].both = entry.kernel
        flags = NPY_METH_NO_FLOATINGPOINT_ERRORS if entry.quiet else 0
        if name in _reorderable:
            flags |= NPY_METH_IS_REORDERABLE
        _add_loop(ufunc, letters, entry.loop, flags)
        if "C" in letters:
            if letters[0] == "C":
                (<UfuncEntry>_entries[ufunc]).complex_types = letters
            if letters in ("CC", "CCC") and entry.kernel != NULL:
                _kernels[_index_of(name)].of_complex = entry.kernel
        elif ufunc not in _entries:
            _new_entry(ufunc, letters, None)
            if letters in ("DD", "DDD") and ufunc.nout == 1 and entry.kernel != NULL:
                (<UfuncEntry>_entries[ufunc]).place = place
    for ufunc in (*_entries, np.nextafter, np.spacing):  # these two are refused, as steps of float64's format
        _add_promoters(ufunc)
        _add_complex_promoters(ufunc)


cdef void _add_promoters(object ufunc) except *:
    promoter = promoter_capsule(<void *>_promote)
    dual, anything = <object><PyObject *>&dual_dtype, np.dtype
    # those for more duals first: NumPy takes two that match equally well for an error
    choices = itertools.product((dual, anything), repeat=ufunc.nin)
    for inputs in sorted(choices, key=lambda inputs: -inputs.count(dual))[:-1]:
        PyUFunc_AddPromoter(ufunc, inputs + (anything,) * ufunc.nout, promoter)


cdef void _add_complex_promoters(object ufunc) except *:
    promoter = promoter_capsule(<void *>_promote)
    dual, complex_dual, anything = <object><PyObject *>&dual_dtype, <object><PyObject *>&complex_dual_dtype, np.dtype
    choices = itertools.product((dual, complex_dual, anything), repeat=ufunc.nin)
    for inputs in sorted(choices, key=lambda inputs: inputs.count(anything)):
        if complex_dual in inputs:
            PyUFunc_AddPromoter(ufunc, inputs + (anything,) * ufunc.nout, promoter)


def register_complex_rule(ufunc, str letters not None, rule):
    """
    Let rule(*arrays) compute a ufunc of complex duals, whose operands have these types (kernels.def).

    The arrays are one-dimensional, of equal shape and of the same levels. A ufunc without a loop for real duals takes
    these as complex ones.
    """
    cdef PyType_Slot loop = PyType_Slot(NPY_METH_strided_loop, <void *>_apply_rule)
    if ufunc not in _entries:
        if resolver(ufunc.nin, ufunc.nout) == NULL:
            raise TypeError(_no_complex_rule(ufunc))
        _new_entry(ufunc, letters, None)
        _add_promoters(ufunc)
    if (<UfuncEntry>_entries[ufunc]).integers is not None or (<UfuncEntry>_entries[ufunc]).types == letters:
        _add_complex_promoters(ufunc)  # those of NumPy's have them
    _complex_rules[ufunc] = rule
    (<UfuncEntry>_entries[ufunc]).complex_types = letters
    _add_loop(ufunc, letters, loop, NPY_METH_NO_FLOATINGPOINT_ERRORS | NPY_METH_REQUIRES_PYAPI)


cdef dict _complex_rules = {}  # ufunc -> its rule for complex duals


Row = namedtuple("Row", "name lo hi c y dy d2y dc")
Row2 = namedtuple("Row2", "name x_lo x_hi y_lo y_hi c s z z_x z_y z_xx z_xy z_yy c_x c_y s_x s_y")


cdef tuple _rows_of(object make, const RowText *rows, int count, int bounds):
    """Return the rows of a table as named tuples: the name, this many bounds, the columns."""
    made = []
    for i in range(count):
        columns = [rows[i].columns[j].decode() for j in range(len(make._fields) - bounds)]
        made.append(make(columns[0], *[rows[i].bounds[j] for j in range(bounds)], *columns[1:]))
    return tuple(made)


cdef object _bootstrap():
    """Register the dtype and then its loops; return the neutral dtype."""
    global _neutral, _complex_neutral, _scalar_type, _complex_scalar_type
    _scalar_type, _complex_scalar_type = DualScalar, ComplexDualScalar
    _register_dtype()
    _register_complex_dtype()
    _neutral = _make_dtype((), ())
    _complex_neutral = _complex_of(_neutral)
    _register_values()
    _register_loops()
    return _neutral
