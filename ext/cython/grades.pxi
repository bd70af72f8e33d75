# The grade of lifting at which f's code runs, once the first call has shown it; f is known by the code that it runs.

# f's key: (weak references to the key's parts, which take the entry away, f's grade, whether nets have verified it,
# whether a call has changed its arguments).
cdef dict _settled = {}

settling = TableLock()  # threads change entries one after another; within a change one may die


cdef object _code_of(object f):
    """What tells f from other functions: its code; for a callable without Python code the object itself."""
    while True:
        if type(f) is types.FunctionType:
            return <object>PyFunction_GetCode(f)
        if type(f) is types.MethodType:
            f = <object>PyMethod_GET_FUNCTION(f)
        elif type(f) is functools.partial:
            f = f.func
        else:
            call = getattr(type(f), "__call__", None)
            return call.__code__ if type(call) is types.FunctionType else f


cdef size_t _key_of(object f, int depth=4, list parts=None) except? 0:
    """
    What tells calls of f from others: its code, and that of the callables it closes over, holds and is bound to.

    A nonzero number; functions of equal keys run the same code, as far as this can be seen from outside. The objects
    whose addresses it is made of are added to `parts`.
    """
    cdef size_t key
    cdef PyObject *held
    cdef PyObject *found
    if Py_TYPE(f) == &PyFunction_Type:
        key = <size_t>PyFunction_GetCode(f)
        if parts is not None:
            parts.append(<object>PyFunction_GetCode(f))
        if depth > 0:
            held = PyFunction_GetClosure(f)
            if held != NULL:
                for cell in <tuple>held:
                    found = PyCell_Get(cell)
                    if found != NULL:
                        x = <object>found
                        Py_DECREF(x)
                        key = _key_with(key, x, depth, parts)
            held = PyFunction_GetDefaults(f)
            if held != NULL:
                key = _key_with(key, <object>held, depth, parts)
            held = PyFunction_GetKwDefaults(f)
            if held != NULL:
                key = _key_with(key, <object>held, depth, parts)
        return key
    if Py_TYPE(f) == &PyMethod_Type:
        owner = <object>PyMethod_GET_SELF(f)
        key = _key_of(<object>PyMethod_GET_FUNCTION(f), depth, parts) ^ <size_t>Py_TYPE(owner)
        return key if isinstance(owner, type) else _key_with(key, getattr(owner, "__dict__", None), depth, parts)
    if isinstance(f, DriverBase):
        return _key_of((<DriverBase>f).f, depth, parts) ^ 1
    if type(f) is functools.partial:
        return _key_with(_key_with(_key_of(f.func, depth, parts), f.args, depth, parts), f.keywords, depth, parts)
    code = _code_of(f)
    key = <size_t><PyObject *>code
    if parts is not None:
        parts.append(code)
    if code is f:
        return key
    return _key_with(key ^ <size_t>Py_TYPE(f), getattr(f, "__dict__", None), depth, parts)


cdef size_t _key_with(size_t key, object x, int depth, list parts) except? 0:
    """The key, and that of x, if it is callable, or of each callable in a tuple, list or dict."""
    if Py_TYPE(x).tp_call != NULL:
        return key * 31 + _key_of(x, depth - 1, parts) if depth > 0 else key
    if type(x) is dict:
        x = list((<dict>x).values())
    elif type(x) is not tuple and type(x) is not list:
        return key
    if depth > 0:
        for item in x:
            if (Py_TYPE(item).tp_call != NULL and not isinstance(item, type)) or type(item) in (tuple, list):
                key = _key_with(key, item, depth - 1, parts)
    return key


cdef extern from *:
    """
    // The grade that this thread has looked up last, while the table of grades has not changed since.
    static std::atomic<unsigned long> changes_of_grades{0};
    static thread_local size_t last_key = 0;
    static thread_local unsigned long last_change = 0;
    static thread_local int last_grade = -1;
    static thread_local bool last_changes = false;  // whether calls have changed their arguments
    static void grades_changed() { ++changes_of_grades; }
    static bool is_last(size_t key) { return key == last_key && last_change == changes_of_grades; }
    // `change` is the number of changes before the look-up: another thread may have changed the entry since.
    static int keep_last(size_t key, unsigned long change, int grade, bool changes) {
        last_key = key, last_change = change, last_changes = changes;
        return last_grade = grade;
    }
    """
    unsigned long changes_of_grades
    int last_grade
    bint last_changes
    void grades_changed()
    bint is_last(size_t)
    int keep_last(size_t, unsigned long, int, bint)


cdef object _with_callables(object f, tuple args, dict kwargs):
    """f, with the callables among its arguments, which are a part of what its calls run."""
    found = [x for x in args if Py_TYPE(x).tp_call != NULL]
    if kwargs:
        found += [x for x in kwargs.values() if Py_TYPE(x).tp_call != NULL]
    return functools.partial(f, *found) if found else f


def with_callables(f, tuple args not None, dict kwargs not None):
    """Return what `grade_of` and `settle` take for calls of f with these arguments; see `_with_callables`."""
    return _with_callables(f, args, kwargs)


cdef int _grade(object f) except -2:
    """The grade at which f's code is settled and verified, or -1."""
    cdef size_t key = _key_of(f)
    cdef unsigned long change
    if is_last(key):
        return last_grade
    change = changes_of_grades
    entry = look_up(_settled, key)
    if entry is None or not entry[2]:
        return keep_last(key, change, -1, False)
    return keep_last(key, change, entry[1], entry[3])


def grade_of(f):
    """Return the grade at which calls of f start, or None, and whether nets have verified it."""
    entry = look_up(_settled, _key_of(f))
    return (entry[1], entry[2]) if entry is not None else (None, False)


cdef object _weak(object part, object forget):
    """A weak reference to a part of a key, which calls `forget` when it dies; the part itself if it takes none."""
    try:
        return weakref.ref(part, forget)
    except TypeError:
        return part


def key_of(f):
    """Return the key by which calls of f are known; see `_key_of`."""
    return _key_of(f)


def may_change(f, tuple others not None, dict kwargs not None):
    """Return whether f may change these arguments: a call has done so, or none has shown that it does not."""
    entry = look_up(_settled, _key_of(_with_callables(f, others, kwargs)))
    return entry is None or entry[3] or not entry[2]


def note_change(f, tuple others not None, dict kwargs not None):
    """Remember that f has changed these arguments."""
    key = _key_of(_with_callables(f, others, kwargs))
    with settling.lock:
        entry = look_up(_settled, key)
        if entry is not None:
            _settled[key] = *entry[:3], True
            grades_changed()


# How often calls of one code look again where equal numbers that it compares rest, as those of a constant do.
cdef enum:
    LOOKS_AT_REST = 8

cdef dict _looks_at_rest = {}  # by the key of f's code: how often they have


cdef bint _looks_again(size_t key):
    """Whether to look again where f compares equal numbers at rest; this look counts."""
    cdef int looks = _looks_at_rest.get(key, 0)
    if looks < LOOKS_AT_REST:
        _looks_at_rest[key] = looks + 1
    return looks < LOOKS_AT_REST


cdef int _found_at_rest(size_t key) except -1:
    """A look has found a loss: it does not count."""
    _looks_at_rest[key] = _looks_at_rest.get(key, 1) - 1
    return 0


def settle(f, int grade, bint verified, bint changes=False):
    """
    Remember for f's code the grade at which it runs, and whether it changes its arguments.

    A grade of -1 lets the next call look again.
    """
    parts = []
    key = _key_of(f, 4, parts)

    def forget(_):
        _settled.pop(key, None)
        _looks_at_rest.pop(key, None)
        grades_changed()

    reference = [_weak(part, forget) for part in parts]
    with settling.lock:
        entry = look_up(_settled, key)
        if entry is not None and (grade < 0 or key in _sought):
            grade = max(grade, entry[1])
            verified = False
        _settled[key] = reference, max(grade, 0), verified, changes or (entry is not None and entry[3])
        grades_changed()


cdef int _unsettle(object f, int grade) except -1:
    """f's code has raised at the grade that was settled: its driver calls again, and the grade is found again."""
    if grade < 2:
        settle(f, -1, False)
        key = _key_of(f)
        with settling.lock:
            _again[key] = _again.get(key, 0) + 1
    return 0


cdef dict _again = {}  # by the keys of functions that `_unsettle` has met: how many of their drivers are to call again
cdef dict _sought = {}  # by the keys of functions: how many drivers do so; meanwhile no pass settles the function


cdef int _take_one(dict counts, key) except -2:
    """Count one less, and return how many are left; -1 if there was none."""
    cdef int left = counts.pop(key, 0) - 1
    if left > 0:
        counts[key] = left
    return left


cdef bint _calls_again(object f):
    """Whether a driver calls f again, once, after an error; `_found` ends it."""
    if not _again or isinstance(f, DriverBase):
        return False
    key = _key_of(f)
    with settling.lock:
        if _take_one(_again, key) < 0:
            return False
        _sought[key] = _sought.get(key, 0) + 1
    return True


cdef int _found(object f) except -1:
    """A driver has called f again: the highest grade of its passes is that of f's code, once no other driver does."""
    key = _key_of(f)
    with settling.lock:
        left = _take_one(_sought, key)
        entry = look_up(_settled, key)
        if entry is not None and left == 0:
            _settled[key] = entry[0], entry[1], True, entry[3]
            grades_changed()
    return 0
