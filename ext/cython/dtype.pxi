# The DType class: descriptors with levels, and the slots by which NumPy discovers, promotes, casts and stores duals.

cdef Py_ssize_t MAX_COMPONENTS = 1 << 26  # 512 MiB an element: products of sizes cannot overflow

cdef str DISCARD = "(dualnum.value(x) makes x a constant: its derivative is then 0.)"

cdef extern from "math/kinks.h" namespace "dn" nogil:
    int open_calls, near_passes
    unsigned long driver_calls
    unsigned long kinks_met, ties_met, zeros_met, rests_met, rest_ties_met, rests_moved, first_ties_met, first_rests_met
    enum class ByValue(int):
        none
        equality
        always
    ByValue compared_by_value
    enum class Taint(int):
        none
        kinks
        zeros
    Taint tainting
    Taint begin_tainting(Taint taint)
    void end_tainting(Taint before)
    double decided(const ElementLayout &s, const double *x)
    void note_first_tie(const ElementLayout &s, const double *x, const double *y)
    bint compares_beyond_primals(const ElementLayout &s)
    int side_of_tie(const ElementLayout &s, const double *x, const double *y, double *scratch)
    void note_kink(const ElementLayout &s, const double *x)


cdef extern from *:
    """
    // The refusals of this thread's calls of drivers to lose a derivative: a list, or null for none.
    static thread_local PyObject* refusals = nullptr;
    // The list of the innermost `watch_values` of this thread, or null.
    static thread_local PyObject* watched = nullptr;
    static void enter_call() { ++dn::open_calls; }
    static void leave_call() { --dn::open_calls; }
    static void set_refusals(PyObject* list) { refusals = list; }
    static void set_watched(PyObject* list) { watched = list; }
    """
    PyObject *refusals
    PyObject *watched
    void enter_call()
    void leave_call()
    void set_refusals(PyObject *)
    void set_watched(PyObject *)


class GivenUp(BaseException):
    """f catches refusals again and again, in a loop without end: no ``except Exception`` of f's may stop this."""


cdef Py_ssize_t MOST_REFUSALS = 1000  # in one call of f


cdef object _refusal(error):
    """Return the error of a refusal, and record it for the driver, which notices a function that caught it."""
    if open_calls > 0:
        if refusals == NULL:
            found = []
            Py_INCREF(found)
            set_refusals(<PyObject *>found)
        (<list>refusals).append(error)
        if len(<list>refusals) > MOST_REFUSALS:
            return GivenUp(*error.args)
    return error


cdef list _take_refusals(Py_ssize_t before):
    """Return the refusals since there were `before`, and forget them."""
    cdef list found = <list>refusals
    taken = found[before:]
    del found[before:]
    if not found:
        set_refusals(NULL)
        Py_DECREF(found)
    return taken


cdef int _note_discard() except -1:
    """Note that a caller outside of dualnum takes values or parts of duals."""
    name = sys._getframe().f_globals.get("__name__") or ""
    if name.partition(".")[0] != "dualnum":
        (<list>watched).append(name)
    return 0


class watch_values:
    """
    ``with watch_values() as seen``: `seen` collects the names of the modules whose code discards derivatives on purpose
    in this thread.
    """

    def __enter__(self):
        self.outer = <object>watched if watched != NULL else None
        self.seen = []
        set_watched(<PyObject *>self.seen)
        return self.seen

    def __exit__(self, *error):
        set_watched(<PyObject *>self.outer if self.outer is not None else NULL)


cdef inline DualDescr *_descr(object dtype):
    return <DualDescr *><PyObject *>dtype


cdef inline tuple _levels(DualDescr *descr):
    return <tuple><object>descr.levels


cdef inline tuple _sizes(DualDescr *descr):
    return <tuple><object>descr.sizes


cdef inline bint _is_dual_dtype(object dtype):
    return Py_TYPE(dtype) == <PyTypeObject *>&dual_dtype


cdef inline bint _is_complex_dtype(object dtype):
    return Py_TYPE(dtype) == <PyTypeObject *>&complex_dual_dtype


cdef inline bint _has_duals(object dtype):
    """Whether the elements of a dtype are duals, real or complex."""
    return _is_dual_dtype(dtype) or _is_complex_dtype(dtype)


cdef extern from *:
    """
    #if defined(Py_GIL_DISABLED) || defined(PYPY_VERSION)
    constexpr int SPARE_SIZES = 0;  // a count of references says nothing there about other threads
    #else
    constexpr int SPARE_SIZES = 17;
    #endif
    """
    const int SPARE_SIZES
    Py_ssize_t Py_REFCNT(PyObject *)


cdef object _make_dtype(tuple levels, tuple sizes, bint is_complex=False):
    """Return the one dtype of these levels, oldest first: the youngest level caches it."""
    cdef Level youngest, level
    cdef dict cache = None
    cdef ElementLayout layout
    cdef DualDescr *descr
    cdef PyObject *made
    key = None
    if levels:
        youngest = levels[-1]
        with cython.critical_section(youngest):  # against retire() in another thread
            cache = None if youngest.retired else youngest.dtypes
    else:
        cache = _neutral_cache
    if cache is not None:
        key = (levels, sizes, True) if is_complex else sizes if len(levels) == 1 else (levels, sizes)
        found = look_up(cache, key)
        if found is not None:
            return found
    if len(levels) > MAX_LEVELS:
        raise ValueError(f"DualDType expects at most {MAX_LEVELS} levels, got {len(levels)}; nest fewer drivers.")
    layout.levels = len(levels)
    for i in range(layout.levels):
        level = levels[i]
        if not layout.set_level(i, level.kind, sizes[i], level.highest):
            raise ValueError(f"DualDType expects fewer products of monomials than those of degree {level.highest} in "
                             f"{sizes[i]} variables; use fewer of them, or a lower degree.")
    if not layout.lay_out(MAX_COMPONENTS):
        raise ValueError(
            f"DualDType expects at most {MAX_COMPONENTS} components, got sizes {sizes}; carry fewer tangents in a pass "
            f"(chunk=).")
    made = new_descr(&complex_dual_dtype if is_complex else &dual_dtype)
    descr = <DualDescr *>made
    descr.layout = layout
    descr.levels, descr.sizes = _new_reference(levels), _new_reference(sizes)
    if is_complex:
        descr.real = _new_reference(_make_dtype(levels, sizes))
    descr.base.elsize = (1 + is_complex) * layout.components() * sizeof(double)
    descr.base.alignment = sizeof(double)
    descr.base.kind = c'V'
    descr.base.type = TYPE_LETTER - is_complex
    descr.base.type_num = TYPE_NUMBER + is_complex
    if descr.base.typeobj != NULL:
        Py_DECREF(<object>descr.base.typeobj)
    descr.base.typeobj = <PyTypeObject *>_new_reference(_complex_scalar_type if is_complex else _scalar_type)
    dtype = <object>made
    Py_DECREF(dtype)
    if cache is not None:
        dtype = cache.setdefault(key, dtype)
        _forget_unused(cache)
    return dtype


cdef int _forget_unused(dict cache) except -1:
    """Remove the dtypes that nothing else refers to, when the number of sizes has doubled since 256."""
    cdef Py_ssize_t n = len(cache)
    cdef PyObject *found
    if SPARE_SIZES == 0 or n < 256 or n & (n - 1):
        return 0
    for key in list(cache):
        found = <PyObject *>cache[key]
        if Py_REFCNT(found) == 1:
            del cache[key]
    return 0


cdef dict _neutral_cache = {}
cdef object _scalar_type = None  # np.dtype.type of duals; set in array.pxi
cdef object _complex_scalar_type = None  # likewise


cdef object _union(object a, object b):
    """Return the dtype with the levels of both, ordered by age."""
    cdef Py_ssize_t position[MAX_LEVELS]
    cdef DualDescr *x = _descr(a)
    cdef DualDescr *y = _descr(b)
    if a is b or embedding(y, x, position):
        return a
    if embedding(x, y, position):
        return b
    sizes = {}
    for descr in (a, b):
        for level, size in zip(descr.levels, descr.sizes):
            if sizes.setdefault(level, size) != size:
                raise TypeError(
                    f"duals of one level must carry equally many tangents, got {sizes[level]} and {size}; "
                    f"make them with one DualDType.")
    levels = sorted(sizes, key=lambda level: level.age)
    return _make_dtype(tuple(levels), tuple([sizes[level] for level in levels]))


cdef object _without(object dtype, Py_ssize_t index):
    """Return the dtype without the level at index."""
    cdef tuple levels = _levels(_descr(dtype)), sizes = _sizes(_descr(dtype))
    return _make_dtype(levels[:index] + levels[index + 1:], sizes[:index] + sizes[index + 1:])


cdef Py_ssize_t _size(object size, str what) except -1:
    try:
        n = size.__index__()
    except AttributeError:
        raise TypeError(f"DualDType expects {what} to be an int, got {size!r}.") from None
    if n < 0:
        raise ValueError(f"DualDType expects {what} to be at least 0, got {n}.")
    if n > MAX_COMPONENTS:
        raise ValueError(f"DualDType expects at most {MAX_COMPONENTS} components, got {what} {n}.")
    return n


# --- methods of the class ------------------------------------------------------------------------------------------

cdef object _dtype_new(PyTypeObject *cls, PyObject *args, PyObject *kwargs):
    options = dict(<object>kwargs) if kwargs != NULL else {}
    scalar = np.dtype(options.pop("dtype", complex if cls == <PyTypeObject *>&complex_dual_dtype else float))
    if scalar != _double and scalar != _complex128:
        raise TypeError(f"DualDType expects dtype to be float or complex, got {scalar}.")
    made = _real_dtype(<tuple>args if args != NULL else (), options)
    return _complex_of(made) if scalar == _complex128 else made


cdef object _real_dtype(tuple given, dict options):
    """The dtype of real duals that these arguments of DualDType describe."""
    levels = options.pop("levels", None)
    order = options.pop("order", None)
    degree = options.pop("degree", None)
    if options:
        raise TypeError(f"DualDType() got an unexpected keyword argument {next(iter(options))!r}.")
    sizes = tuple([_size(size, "a number of tangents") for size in given])
    if order is not None:
        if sizes or levels is not None or degree is not None:
            raise TypeError("DualDType expects numbers of tangents or an order, not both.")
        return _make_dtype((_taylor_level,), (_size(order, "order"),))
    if degree is not None:
        if len(sizes) != 1 or levels is not None:
            raise TypeError(f"DualDType expects one number of tangents beside a degree, got {len(sizes)} of them"
                            f"{'' if levels is None else ' and levels'}.")
        if _size(degree, "degree") == 0:
            raise ValueError("DualDType expects degree to be at least 1, got 0.")
        return _make_dtype((_level_of_degree(degree),), sizes)
    if len(sizes) > MAX_LEVELS:
        raise ValueError(f"DualDType expects at most {MAX_LEVELS} levels, got {len(sizes)}.")
    if levels is None:
        levels = _permanent[:len(sizes)]
    elif len(levels) != len(sizes) or not all([isinstance(level, Level) for level in levels]):
        raise TypeError(f"DualDType expects as many Levels as sizes, got {levels!r}.")
    pairs = sorted(zip(levels, sizes), key=lambda pair: pair[0].age)
    if len(set(levels)) != len(sizes):
        raise ValueError(f"DualDType expects distinct levels, got {levels!r}.")
    return _make_dtype(tuple([p[0] for p in pairs]), tuple([p[1] for p in pairs]))


cdef str _level_name(Level level):
    """The name of a permanent level, e1 or p2 by its degree; else its age."""
    if level in _permanent:
        return f"e{_permanent.index(level) + 1}"
    return f"p{level.highest}" if level is look_up(_polynomial_levels, level.highest) else str(level.age)


cdef object _dtype_text(object self):
    if _is_complex_dtype(self):
        return f"Complex{_dtype_text(<object>_descr(self).real)}"
    levels, sizes = self.levels, self.sizes
    if levels == (_taylor_level,):
        return f"DualDType(order={sizes[0]})"
    if len(levels) == 1 and levels[0].degree and levels[0].degree > 1:
        named = "" if levels[0] is look_up(_polynomial_levels, levels[0].degree) else f"; level {levels[0].age}"
        return f"DualDType({sizes[0]}, degree={levels[0].degree}{named})"
    text = ", ".join([str(size) if level.taylor or level.degree == 1 else f"{size} of degree {level.degree}"
                      for level, size in zip(levels, sizes)])
    if levels == _permanent[:len(levels)]:
        return f"DualDType({text})"
    return f"DualDType({text}; levels {', '.join([_level_name(level) for level in levels])})"


cdef object _dtype_reduce(object self, PyObject *unused):
    return _restore_dtype, (self.levels, self.sizes, _is_complex_dtype(self))


def _restore_dtype(levels, sizes, is_complex=False):
    """Return the unpickled dtype of these levels; refuse levels whose order of creation differs here."""
    levels, sizes = tuple(levels), tuple([_size(size, "a number of tangents") for size in sizes])
    if (len(levels) != len(sizes) or len(levels) > MAX_LEVELS or not all([type(level) is Level for level in levels])
            or len(set(levels)) != len(levels)):
        raise ValueError("a pickled dual expects distinct levels, with a size each.")
    if sorted(levels, key=lambda level: level.age) != list(levels):
        raise ValueError("a pickled dual with several levels expects them in their order of creation; "
                         "pickle numbers that share levels together.")
    return _make_dtype(levels, sizes, is_complex)


cdef object _dtype_name(object self, void *closure):
    # NumPy's errors about plain arrays of duals in linalg print this name alone, so it names the remedy.
    return f"{_dtype_text(self)} (a plain array; x.view(dualnum.DualArray) reaches this function)"


def is_real(dtype):
    """Return whether numbers of this dtype are taken as float64: bool, integers, and floats of at most 64 bits."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8


# --- what NumPy asks ------------------------------------------------------------------------------------------------

cdef object _discover(object cls, object x):
    return (<Dual>x).owner if type(x) is Dual else _neutral


cdef object _default(object cls):
    return _neutral


cdef object _common_dtype(object cls, object other):
    if other in _promotable or other.__name__ in _python_numbers:
        return cls
    is_complex = other in _complex_numbers or other.__name__ == "_PyComplexDType"
    return <object><PyObject *>&complex_dual_dtype if is_complex else NotImplemented


cdef object _canonical(object dtype):
    return dtype


cdef object _getitem(PyObject *descr, char *data):
    cdef Dual d = _new_dual(descr)
    memcpy(d.data, data, (<DualDescr *>descr).base.elsize)
    return d


cdef int _setitem(object dtype, object x, char *data) except -1:
    cdef DualDescr *target = _descr(dtype)
    cdef DualDescr *source
    cdef Py_ssize_t position[MAX_LEVELS]
    cdef double *z = <double *>data
    cdef double v
    if type(x) is not Dual and isinstance(x, np.ndarray) and x.ndim == 0:
        x = x[()]
    if type(x) is Dual:
        source = <DualDescr *>(<Dual>x).descr
        if source == target:
            memcpy(z, (<Dual>x).data, target.base.elsize)
        elif embedding(source, target, position):
            embed(source.layout, position, (<Dual>x).data, target.layout.components(), z)
        else:
            raise TypeError(
                f"an array of {_dtype_text(dtype)} cannot store a dual of {_dtype_text(x.dtype)} without "
                f"losing derivatives; allocate it with np.zeros_like(x) or np.zeros(n, dtype=x.dtype).")
        return 0
    v = _as_double(x, "an array of duals")
    memset(z, 0, target.base.elsize)
    z[0] = v
    return 0


cdef int _resolve_levels(void *method, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop,
                         npy_intp *view_offset) except -1:
    cdef Py_ssize_t position[MAX_LEVELS]
    cdef PyObject *target = given[1] if given[1] != NULL else given[0]
    if not embedding(<DualDescr *>given[0], <DualDescr *>target, position):
        raise TypeError(
            f"a dual of {_dtype_text(<object>given[0])} does not fit {_dtype_text(<object>target)} without losing "
            f"derivatives; allocate with np.zeros_like(x) or np.zeros(n, dtype=x.dtype).")
    loop[0], loop[1] = _new_reference(<object>given[0]), _new_reference(<object>target)
    if (<DualDescr *>given[0]).layout.levels == (<DualDescr *>target).layout.levels:
        view_offset[0] = 0
        return NPY_NO_CASTING
    return NPY_SAFE_CASTING


cdef int _resolve_in(void *method, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop,
                     npy_intp *view_offset) except -1:
    source = <object>given[0]
    loop[0] = _new_reference(source if source.isnative else source.newbyteorder("="))
    loop[1] = _new_reference(<object>given[1] if given[1] != NULL else _neutral)
    return NPY_SAFE_CASTING


cdef int _resolve_to_bool(void *method, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop,
                          npy_intp *view_offset) except -1:
    loop[0], loop[1] = _new_reference(<object>given[0]), _new_reference(np.dtype(bool))
    return NPY_UNSAFE_CASTING


cdef int _refuse(void *method, PyArray_DTypeMeta **dtypes, PyObject **given, PyObject **loop,
                 npy_intp *view_offset) except -1:
    name = str(<object>given[1]) if given[1] != NULL else (<object>dtypes[1]).__name__
    raise _refusal(TypeError(
        f"cannot store duals as {name}: that would lose their derivatives; allocate with np.zeros_like(x), "
        f"np.zeros_like(x, shape=n) for another shape. {DISCARD}"))


cdef int _refused_loop(void *context, void *data, void *counts, void *strides, void *state) noexcept nogil:
    """Never called, as the resolver has refused."""
    return -1


cdef object _dtype_class(int type_num):
    cdef PyArray_Descr *descr = PyArray_DescrFromType(type_num)
    cls = type(<object><PyObject *>descr)
    Py_DECREF(<object><PyObject *>descr)
    return cls


cdef object _neutral = None
cdef tuple _python_numbers = ("_PyLongDType", "_PyFloatDType")  # NumPy's types of int and float literals
cdef object _promotable = frozenset([_dtype_class(casts_from[i].type_num) for i in range(CASTS_FROM)])
cdef object _complex_numbers = frozenset([_dtype_class(casts_from_complex[i].type_num)
                                          for i in range(CASTS_FROM_COMPLEX)])

# NumPy keeps pointers to these: of the casts of duals, then of those of complex duals.
cdef PyArrayMethod_Spec _cast_specs[128]
cdef PyArrayMethod_Spec *_cast_list[128]
cdef PyArray_DTypeMeta *_cast_dtypes[128][2]
cdef PyType_Slot _cast_slots[128][4]


cdef void _add_cast(int *n, object source, object target, NPY_CASTING casting, void *resolve, void *loop,
                    bint raises=False):
    """
    Add a cast between classes of dtypes to the list, where None stands for the new class.

    A loop that `raises` is called with the GIL, without which NumPy would crash when it clears its buffers; others must
    not fail.
    """
    cdef int i = n[0]
    for j, cls in enumerate((source, target)):
        _cast_dtypes[i][j] = NULL
        if cls is not None:
            _cast_dtypes[i][j] = <PyArray_DTypeMeta *><PyObject *>cls
    _cast_slots[i][0] = PyType_Slot(NPY_METH_resolve_descriptors, resolve)
    _cast_slots[i][1] = PyType_Slot(NPY_METH_strided_loop, loop)
    unaligned = source == target or source is <object><PyObject *>&dual_dtype
    _cast_slots[i][2] = PyType_Slot(NPY_METH_unaligned_strided_loop if unaligned else 0, loop)
    _cast_slots[i][3] = PyType_Slot(0, NULL)
    cdef PyArrayMethod_Spec *spec = &_cast_specs[i]
    spec.name, spec.nin, spec.nout = "dual_cast", 1, 1
    spec.casting = casting
    spec.flags = <NPY_ARRAYMETHOD_FLAGS><int>(
        NPY_METH_NO_FLOATINGPOINT_ERRORS | (NPY_METH_SUPPORTS_UNALIGNED if unaligned else 0)
        | (NPY_METH_REQUIRES_PYAPI if raises else 0))
    spec.dtypes, spec.slots = &_cast_dtypes[i][0], &_cast_slots[i][0]
    _cast_list[i] = spec
    n[0] = i + 1


cdef void _register_dtype() except *:
    cdef PyType_Slot slots[20]
    cdef PyArrayDTypeMeta_Spec spec
    cdef int n = 0, i
    _add_cast(&n, None, None, NPY_SAFE_CASTING, <void *>_resolve_levels, <void *>cast_levels)
    for i in range(CASTS_FROM):
        _add_cast(&n, _dtype_class(casts_from[i].type_num), None, NPY_SAFE_CASTING, <void *>_resolve_in,
                  <void *>casts_from[i].loop)
    _add_cast(&n, None, _dtype_class(NPY_BOOL), NPY_UNSAFE_CASTING, <void *>_resolve_to_bool, <void *>cast_to_bool)
    for i in range(CASTS_REFUSED):
        # "same kind", so that NumPy asks the resolver, which refuses by name, for out= too
        _add_cast(&n, None, _dtype_class(casts_refused[i]), NPY_SAME_KIND_CASTING, <void *>_refuse,
                  <void *>_refused_loop)
    _cast_list[n] = NULL

    slots[0] = PyType_Slot(NPY_DT_discover_descr_from_pyobject, <void *>_discover)
    slots[1] = PyType_Slot(NPY_DT_default_descr, <void *>_default)
    slots[2] = PyType_Slot(NPY_DT_common_dtype, <void *>_common_dtype)
    slots[3] = PyType_Slot(NPY_DT_common_instance, <void *>_union)
    slots[4] = PyType_Slot(NPY_DT_ensure_canonical, <void *>_canonical)
    slots[5] = PyType_Slot(NPY_DT_setitem, <void *>_setitem)
    slots[6] = PyType_Slot(NPY_DT_getitem, <void *>_getitem)
    slots[7] = PyType_Slot(array_function_slot(3), <void *>copyswapn)
    slots[8] = PyType_Slot(array_function_slot(4), <void *>copyswap)
    slots[9] = PyType_Slot(array_function_slot(5), <void *>compare)
    slots[10] = PyType_Slot(array_function_slot(6), <void *>arg_largest)
    slots[11] = PyType_Slot(array_function_slot(10), <void *>nonzero)
    slots[12] = PyType_Slot(array_function_slot(11), <void *>fill)
    slots[13] = PyType_Slot(array_function_slot(13), <void *>sort)
    slots[14] = PyType_Slot(array_function_slot(14), <void *>argsort)
    slots[15] = PyType_Slot(array_function_slot(22), <void *>arg_smallest)
    slots[16] = PyType_Slot(0, NULL)

    spec.typeobj = <PyTypeObject *><PyObject *>Dual
    spec.baseclass = NULL
    spec.flags = NPY_DT_PARAMETRIC | NPY_DT_NUMERIC
    spec.casts, spec.slots = _cast_list, slots
    if not find_float64_sorts():
        raise ImportError(f"dualnum expects float64 to have sorts, which NumPy {np.__version__} has not.")
    ready_dtype(&dual_dtype, "dualnum.DualDType", _dtype_new, _dtype_text, _dtype_reduce, _dtype_name, DTYPE_DOC)
    PyArrayInitDTypeMeta_FromSpec(&dual_dtype, &spec)


cdef bytes DTYPE_DOC = b"""DualDType(*sizes, order=None, degree=None, levels=None, dtype=float)
--

The dtype of dual numbers: float64 values that carry derivatives.

Parameters
----------
*sizes : int
    Number of tangents of each first-order level: ``DualDType(k)`` is a dual number with k tangents,
    ``DualDType(k1, k2)`` a hyper-dual number, and so on; ``DualDType()`` holds constants.
order : int, optional
    A truncated Taylor series of this order instead.
degree : int, optional
    A polynomial of this degree in the tangents' directions instead: ``DualDType(k, degree=2)`` holds k first and
    k (k + 1) / 2 second derivatives, half of those by the same variable twice. Components are the coefficients of 1,
    a1, ..., ak, a1 a1, a1 a2, ..., ak ak, and so on.
levels : sequence of Level, optional
    Levels other than the permanent ones of hand-made numbers.
dtype : {float, complex}, optional
    ``complex`` returns the `ComplexDualDType` of the same levels.

Attributes
----------
levels : tuple of Level
    Oldest first.
sizes : tuple of int
    Tangents (or order) of each level: of a polynomial one the number of variables.
ncomponents : int
    Number of float64 in an element; component 0 is the value.
degree : int
    The largest power of the infinitesimals that does not vanish: 1 for a dual number, 2 for a hyper-dual one.

Examples
--------
>>> import numpy as np, dualnum as dn
>>> dn.DualDType(2) is dn.DualDType(2)
True
>>> np.zeros(3, dtype=dn.DualDType(2)).itemsize
24
>>> dn.DualDType(3, degree=2).ncomponents
10
"""
