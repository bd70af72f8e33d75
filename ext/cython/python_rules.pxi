# Loops for ufuncs of other packages, such as scipy.special's, that a rule in Python differentiates.

cdef object _operand_view(PyArrayMethod_Context *context, int i, char *data, npy_intp stride, npy_intp n, int flags):
    """The n elements of operand i in NumPy's own memory."""
    Py_INCREF(<object>context.descriptors[i])
    return PyArray_NewFromDescr(&PyArray_Type, context.descriptors[i], 1, &n, &stride, data, flags, None)


cdef object _operand_copy(PyArrayMethod_Context *context, int i, char *data, npy_intp stride, npy_intp n):
    """A copy of the n elements: a rule or a traceback may hold it after NumPy has freed its buffers."""
    return _as_dual_array(_operand_view(context, i, data, stride, n, 0).copy())


cdef bint _is_sequential(char *source, npy_intp step, char *out, npy_intp out_step):
    """Whether each result is the next element's operand, as in reductions and, one place further, accumulations."""
    return out_step == 0 or (step == out_step and source + step == out)


cdef int _apply_rule(PyArrayMethod_Context *context, char *const *data, const npy_intp *counts,
                     const npy_intp *strides, void *state) except -1:
    """The strided loop: copies of the operands go through the rule, one by one where the loop is sequential."""
    ufunc = <object>context.caller
    cdef int i, nin = ufunc.nin, nargs = ufunc.nargs
    cdef npy_intp start, n = counts[0], step = n
    cdef bint is_complex = False
    for i in range(nin):
        is_complex = is_complex or _is_complex_dtype(<object>context.descriptors[i])
    rule = look_up(_complex_rules if is_complex else _rules, ufunc)
    if rule is None:
        raise TypeError(_no_rule(ufunc))
    for i in range(nin, nargs):
        if _is_sequential(data[0], strides[0], data[i], strides[i]):
            step = 1
    for start in range(0, n, step or 1):
        results = rule(*[_operand_copy(context, i, data[i] + start * strides[i], strides[i], step)
                         for i in range(nin)])
        outputs = [_operand_view(context, i, data[i] + start * strides[i], strides[i], step, NPY_ARRAY_WRITEABLE)
                   for i in range(nin, nargs)]
        results = results if type(results) is tuple else (results,)
        if len(results) != nargs - nin:
            raise ValueError(f"the rule of {ufunc.__name__} expects to return {nargs - nin} arrays, got "
                             f"{len(results)}.")
        for out, result in zip(outputs, results):
            if np.shape(result) != out.shape:
                raise ValueError(f"the rule of {ufunc.__name__} expects to return arrays of shape {out.shape}, as its "
                                 f"arguments have, got {np.shape(result)}.")
            out[...] = result
    return 0


cdef Dual _by_slope(object ufunc, Dual x):
    """
    A function of one dual of first order, without loops for arrays; None where its rule has no slope.

    The slope of a rule is the function's derivative, a function of the float64 numbers x and y.
    """
    cdef Dual z
    slope = getattr(_rules.get(ufunc), "slope", None)
    if slope is None or not _layout(x).is_dual():
        return None
    y = ufunc(x.data[0])
    by_x = y
    if y == y:  # else there is no derivative, as the rules of arrays have it
        with np.errstate(all="ignore"):
            by_x = slope(_float64(x.data[0]), y)
    z = _binary(MULTIPLY, _with_primal(x, 1.0, False), None, by_x)
    z.data[0] = y
    return z


cdef tuple _input_letters(object ufunc):
    """The letters of the types that each input takes: D, d, and the integers of the ufunc's own loops."""
    found = [set("D") for _ in range(ufunc.nin)]
    for types in ufunc.types:
        inputs, outputs = types.split("->")
        if set(outputs) == {"d"} and set(inputs) <= set("dilq"):
            for letters, letter in zip(found, inputs):
                letters.add(letter)
    return tuple(found)


def takes_rule(function):
    """Return whether a rule can say what this function is on duals."""
    if not isinstance(function, np.ufunc):
        return hasattr(function, "_implementation")  # it dispatches
    cdef UfuncEntry entry = look_up(_entries, function)
    if entry is not None:
        return entry.integers is not None
    returns_floats = any([types.split("->")[1] == "d" * function.nout for types in function.types])
    return returns_floats and function.signature is None and resolver(function.nin, function.nout) != NULL


cdef void _add_loops_of_rule(object ufunc) except *:
    """Register _apply_rule for every choice of input types with a dual, for a ufunc that takes_rule accepts."""
    cdef PyType_Slot loop = PyType_Slot(NPY_METH_strided_loop, <void *>_apply_rule)
    if resolver(ufunc.nin, ufunc.nout) == NULL:
        raise TypeError(_no_rule(ufunc))
    letters = _input_letters(ufunc)
    for inputs in itertools.product(*letters):
        if "D" in inputs:
            _add_loop(ufunc, "".join(inputs) + "D" * ufunc.nout, loop,
                      NPY_METH_NO_FLOATINGPOINT_ERRORS | NPY_METH_REQUIRES_PYAPI)
    _new_entry(ufunc, "D" * ufunc.nargs, tuple([min(found - set("Dd"), default="d") for found in letters]))
    _add_promoters(ufunc)


def rule_of(function):
    """Return the rule of a function, or None."""
    try:
        return look_up(_rules, function)
    except TypeError:  # not hashable
        return None
