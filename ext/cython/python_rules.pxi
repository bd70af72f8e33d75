# Ufuncs that another package compiles for floats and a rule in Python differentiates: scipy.special's and others.

cdef object _operand(PyArrayMethod_Context *context, int i, char *data, npy_intp stride, npy_intp n, int flags):
    """The n elements of operand i as they lie."""
    Py_INCREF(<object>context.descriptors[i])
    return PyArray_NewFromDescr(&PyArray_Type, context.descriptors[i], 1, &n, &stride, data, flags, None)


cdef object _argument(PyArrayMethod_Context *context, int i, char *data, npy_intp stride, npy_intp n):
    """A copy of the n elements: NumPy's buffers end with the call, what a rule or a traceback holds does not."""
    a = _operand(context, i, data, stride, n, 0).copy()
    return PyArray_View(_array(a), NULL, _dual_array_type) if _is_dual_dtype(a.dtype) else a


cdef bint _depends(char *source, npy_intp step, char *out, npy_intp out_step):
    """Whether elements are read after they are written: in reductions and, one place further, in accumulations."""
    return out_step == 0 or (step == out_step and source + step == out)


cdef int _apply_rule(PyArrayMethod_Context *context, char *const *data, const npy_intp *counts,
                     const npy_intp *strides, NpyAuxData *state) except -1:
    """The loop of all of them."""
    ufunc = <object>context.caller
    cdef int i, nin = ufunc.nin, nargs = ufunc.nargs
    cdef npy_intp start, n = counts[0], step = n
    rule = _rules.get(ufunc)
    if rule is None:
        raise TypeError(_no_rule(ufunc))
    for i in range(nin, nargs):
        if _depends(data[0], strides[0], data[i], strides[i]):
            step = 1
    for start in range(0, n, step or 1):
        operands = []
        for i in range(nin):
            operands.append(_argument(context, i, data[i] + start * strides[i], strides[i], step))
        results = rule(*operands)
        operands = []
        for i in range(nin, nargs):
            operands.append(_operand(context, i, data[i] + start * strides[i], strides[i], step, NPY_ARRAY_WRITEABLE))
        results = results if type(results) is tuple else (results,)
        if len(results) != nargs - nin:
            raise ValueError(f"the rule of {ufunc.__name__} expects to return {nargs - nin} arrays, got "
                             f"{len(results)}.")
        for out, result in zip(operands, results):
            if np.shape(result) != out.shape:
                raise ValueError(f"the rule of {ufunc.__name__} expects to return arrays of shape {out.shape}, as its "
                                 f"arguments have, got {np.shape(result)}.")
            out[...] = result
    return 0


cdef tuple _input_types(object ufunc):
    """For every input the letters of its types: dual, float64, and integers where there are loops for them."""
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
    cdef UfuncEntry entry = _entries.get(function)
    if entry is not None:
        return entry.integers is not None
    returns_floats = any([types.split("->")[1] == "d" * function.nout for types in function.types])
    return returns_floats and function.signature is None and resolver(function.nin, function.nout) != NULL


cdef void _add_loops_of_rule(object ufunc) except *:
    cdef PyArrayMethod_Spec spec
    cdef PyArray_DTypeMeta *dtypes[8]
    cdef PyType_Slot slots[3]
    cdef int i
    spec.name, spec.nin, spec.nout = "rule", ufunc.nin, ufunc.nout
    spec.casting = NPY_NO_CASTING
    spec.flags = <NPY_ARRAYMETHOD_FLAGS><int>(NPY_METH_NO_FLOATINGPOINT_ERRORS | NPY_METH_REQUIRES_PYAPI)
    spec.dtypes, spec.slots = dtypes, slots
    slots[0] = PyType_Slot(NPY_METH_resolve_descriptors, resolver(ufunc.nin, ufunc.nout))
    slots[1] = PyType_Slot(NPY_METH_strided_loop, <void *>_apply_rule)
    slots[2] = PyType_Slot(0, NULL)
    letters = _input_types(ufunc)
    for inputs in itertools.product(*letters):
        if "D" in inputs:
            for i, letter in enumerate(inputs + ("D",) * ufunc.nout):
                dtypes[i] = _class_pointer(letter)
            PyUFunc_AddLoopFromSpec(ufunc, &spec)
    _new_entry(ufunc, "D" * ufunc.nargs, tuple([min(found - set("Dd"), default="d") for found in letters]))
    _add_promoters(ufunc)
