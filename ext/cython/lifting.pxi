# The hot half of lifting: what the constant `L` of rewritten code does at each call site (dualnum/lifting/rewrite.py).

cdef extern from "Python.h":
    PyObject *PyFunction_GetCode(object function)
    PyObject *PyFunction_GetClosure(object function)
    PyObject *PyFunction_GetKwDefaults(object function)
    PyObject *PyFunction_GetDefaults(object function)
    PyObject *PyCell_Get(object cell) except? NULL  # a new reference
    object PyLong_FromSize_t(size_t number)
    PyObject *PyCFunction_GetSelf(object function) except? NULL
    PyTypeObject PyFunction_Type, PyMethod_Type, PyCFunction_Type, PyModule_Type
    object PyMethod_New(object function, object instance)
    PyObject *PyMethod_GET_FUNCTION(object method)
    PyObject *PyMethod_GET_SELF(object method)

cdef extern from *:
    """
    /* The address of the code of a function in C: the same for a method of any two objects. */
    static size_t code_address(PyObject* function) { return (size_t)PyCFunction_GET_FUNCTION(function); }
    """
    size_t code_address(object function)

# Types whose methods treat duals as any other object.
cdef frozenset _transparent = frozenset([list, dict, set, frozenset, str, bytes, tuple, float, int, bool, complex,
                                         Dual, ComplexDual, bytearray, range, slice, type(None)])

# Types on which an operator is Python's or NumPy's own.
cdef frozenset _plain_operands = frozenset([float, int, bool, complex, Dual, ComplexDual, str, tuple, list, np.float64,
                                            np.int64, np.bool_, np.complex128, type(None)])

cdef object _Matrix = np.matrix


cdef inline bint _is_plain(object x):
    """Return whether the operators of x are Python's or NumPy's own; a matrix multiplies in Python."""
    return type(x) in _plain_operands or isinstance(x, ndarray) and not isinstance(x, _Matrix)


# Methods of lists and tuples that call special methods of what they are given.
cdef set _list_methods = {
    code_address(getattr(kind(), name))
    for kind in (list, tuple) for name in ("index", "count", "remove", "sort", "extend") if hasattr(kind, name)
}


def holds_duals(x, int depth=4):
    """Return whether x is a dual or an array of duals, or a list, tuple, dict or array of objects that holds one."""
    if type(x) is Dual or type(x) is ComplexDual:
        return True
    if isinstance(x, ndarray):
        if _has_duals(<object>(<ndarray>x).descr):
            return True
        return x.dtype.kind == "O" and depth > 0 and any([holds_duals(item, depth - 1) for item in x.ravel().tolist()])
    if depth > 0:
        if type(x) is list or isinstance(x, tuple):
            for item in x:
                if type(item) is not float and holds_duals(item, depth - 1):
                    return True
        elif isinstance(x, dict):
            for item in x.values():
                if holds_duals(item, depth - 1):
                    return True
    return False


def with_primal(Dual d not None, double primal):
    """Return a dual with the derivatives of d and the value that a function of Python's has: a float of Python's."""
    cdef Dual z = _new_dual(d.descr)
    memcpy(z.data, d.data, (<DualDescr *>d.descr).base.elsize)
    z.data[0], z.of_python = primal, True
    return z


cdef object _number_of(object x):
    """x as a Dual, if it is an array with one dual; its float, if its class defines it in Python; else x."""
    if isinstance(x, ndarray):
        if PyArray_SIZE(_array(<ndarray>x)) == 1 and _is_dual_dtype(<object>(<ndarray>x).descr):
            return x.reshape(())[()]
        return x
    return x if type(x) in _plain_operands else _lifters[1].rules.as_number(x)


def bits_of(Dual d not None):
    """Return what tells a dual from others: its dtype, whether it is a float of Python's, and its components."""
    return <object>d.descr, d.of_python, (<char *>d.data)[:(<DualDescr *>d.descr).base.elsize]


def class_for_floats(Dual d not None):
    """Return float or np.float64: the class of the number that stands in the place of d when f is called on floats."""
    return float if d.of_python else np.float64


def of_python(Dual d not None, bint python):
    """Return d as what stands for a float of Python's or for np.float64; the comparisons of the one give bool."""
    if d.of_python == python:
        return d
    cdef Dual z = with_primal(d, d.data[0])
    z.of_python = python
    return z


def math_function(original, function, int arguments=1):
    """
    Return a function of `math`, of one or two arguments, for duals.

    It calls the original on the values, which decides values and errors, and `function` for the derivatives.
    """
    name = getattr(function, "__name__", None)
    cdef int op = _kernel_index[name] if FUNCTIONS.get(name) is function else -1

    def of_one(x, /):
        cdef Dual z
        if type(x) is not Dual:
            x = _number_of(x)
            if type(x) is not Dual:
                return original(x)
        primal = original((<Dual>x).data[0])
        if op >= 0:
            z = _unary(op, <Dual>x)
            z.data[0], z.of_python = primal, True
            return z
        y = function(x)
        return with_primal(y, primal) if type(y) is Dual else primal

    def of_two(x, y, /):
        x, y = _number_of(x), _number_of(y)
        primal = original((<Dual>x).data[0] if type(x) is Dual else x, (<Dual>y).data[0] if type(y) is Dual else y)
        if type(x) is not Dual and type(y) is not Dual:
            return primal
        z = function(x, y)
        return with_primal(z, primal) if type(z) is Dual else primal

    made = of_two if arguments == 2 else of_one
    made.__name__ = made.__qualname__ = original.__name__
    made.__module__ = original.__module__
    return made


# ---- lifted calls that are running, and the arrays that they make --------------------------------------

class Restart(BaseException):
    """f has to run again, because a site of storage was marked; no ``except Exception`` of f's may stop it."""


cdef extern from *:
    """
    static thread_local PyObject* lifted_run = nullptr;  // the LiftedRun of the innermost lifted call of this thread
    static void set_lifted_run(PyObject* run) { lifted_run = run; }
    """
    PyObject *lifted_run
    void set_lifted_run(PyObject *)


@cython.binding(False)
@cython.final
@cython.freelist(4)
cdef class LiftedRun:
    """
    A lifted call that is running: its arguments, which tell the levels that it computes with.

    Attributes
    ----------
    args : tuple
    kwargs : dict
    learnt : dtype or None
        The levels of duals for which f was started again.
    active : dtype or None
        The levels of the arguments, of `learnt` and of the enclosing runs, once `dualnum.lifting.storage` has asked.
    outer : LiftedRun or None
    pending : bool
        Whether f has to start again; it may have caught the Restart.
    own : dict or None
        The dicts and sets that f has made, by their ids (`dualnum.lifting.keys`).
    matrices : WeakValueDictionary or None
        The sparse matrices that f has made, by their ids (`dualnum.rules.sparse.classes`).
    caches : dict or None
        What cached functions have returned in this run, by function and arguments (`dualnum.lifting.caches`).
    cached : list or None
        What cached properties have stored in this run: the object's attributes, the name, and its value.
    marks : int
        How many sites of storage had been marked when the run began.
    """
    cdef readonly tuple args
    cdef readonly dict kwargs
    cdef readonly object learnt
    cdef public object active
    cdef readonly LiftedRun outer
    cdef public bint pending
    cdef public dict own, caches
    cdef public object matrices
    cdef public list cached
    cdef readonly Py_ssize_t marks


cdef extern from *:
    """
    static std::atomic<Py_ssize_t> marks{0};  // sites of storage that have been marked, by any thread
    static Py_ssize_t add_mark() { return ++marks; }
    static Py_ssize_t marks_so_far() { return marks; }
    """
    Py_ssize_t add_mark()
    Py_ssize_t marks_so_far()


def count_mark():
    """Return the number of a site of storage that is being marked."""
    return add_mark()


def current_run():
    """Return the innermost LiftedRun of this thread, or None."""
    return <object>lifted_run if lifted_run != NULL else None


cpdef object run_lifted(object g, tuple args, dict kwargs, object learnt=None):
    """Return g(*args, **kwargs) of a lifted function; raise Restart, its refusals forgotten, to start it again."""
    cdef LiftedRun run = LiftedRun.__new__(LiftedRun)
    cdef PyObject *outer = lifted_run
    cdef Py_ssize_t before = 0 if refusals == NULL else len(<list>refusals)
    run.args, run.kwargs, run.learnt, run.marks = args, kwargs, learnt, marks_so_far()
    run.outer = <LiftedRun>outer if outer != NULL else None
    set_lifted_run(<PyObject *>run)
    try:
        y = g(*args, **kwargs) if kwargs else g(*args)
        if run.pending:
            raise Restart
    except Exception:
        if run.pending:  # f has made another error of the Restart
            raise Restart from None
        raise
    except Restart:
        if refusals != NULL:
            _take_refusals(before)
        raise
    finally:
        set_lifted_run(outer)
        if run.cached is not None:
            for attributes, name, v in run.cached:
                if attributes.get(name) is v:
                    del attributes[name]
    return y


cdef int _contents(object x, int depth) except -1:
    """What nested lists hold: 1 for duals, 2 for anything but numbers; 3 for both."""
    cdef int found = 0
    if type(x) is Dual or type(x) is ComplexDual:
        return 1
    if type(x) is float or type(x) is int:
        return 0
    if (type(x) is list or type(x) is tuple) and depth > 0:
        for item in x:
            found |= _contents(item, depth - 1)
        return found
    return 2


def array_call(g, bint is_asarray, make):
    """
    Return np.array or one of its kin for lifted code: an array of duals from lists of numbers, itself from an array.

    ``make(a, args, kwargs, frame)`` does the rest, the call being in a frame.
    """
    def call(a, *args, **kwargs):
        if not args and (not kwargs or len(kwargs) == 1 and kwargs.get("dtype") is float):
            if is_asarray and type(a) is DualArray:
                return a
            if (type(a) is list or type(a) is tuple) and _contents(a, 4) == 1:
                return _as_dual_array(g(a))
        return make(a, args, kwargs, sys._getframe())

    return call


def library_call(g, seen, prepared, made, Py_ssize_t most=-1, bint columns=False):
    """
    Return a function of NumPy's, or a ufunc, for lifted code.

    Parameters
    ----------
    g : callable
    seen : callable
        ``seen(x)`` is a DualArray where x is a list or a plain array that holds duals.
    prepared : callable
        ``prepared(g, args, kwargs)`` returns what g gets where there are keywords or more than `most` arguments.
    made : callable
        ``made(y, frame, args)`` notes the arrays of floats among what a call in a frame has made of its arguments.
    columns : bool
        Whether `seen` is asked about columns of pandas, too.
    """
    def call(*args, **kwargs):
        if kwargs or 0 <= most < len(args):
            args, kwargs = prepared(g, args, kwargs)
        for x in args:
            if type(x) is list or type(x) is tuple or type(x) is ndarray and (
                    _has_duals(<object>(<ndarray>x).descr) or (<ndarray>x).descr.kind == c"O") or (
                    columns and hasattr(type(x), "iloc")):
                args = tuple([seen(x) for x in args])
                break
        y = g(*args, **kwargs)
        if type(y) is ndarray:
            if _has_duals(<object>(<ndarray>y).descr):
                return _as_dual_array(y)
            if not _is_float64((<ndarray>y).descr) and (<ndarray>y).descr.kind != c"c":
                return y
        elif type(y) is not list and not isinstance(y, tuple):
            return y
        return made(y, sys._getframe(), args if not kwargs else (*args, *kwargs.values()))

    return call


@cython.binding(False)
@cython.final
@cython.freelist(8)
cdef class Place:
    """The place ``a[k]``, or ``a.k`` where `attribute` is true: what an assignment assigns to."""
    cdef object a, k, current
    cdef Lifter lifter
    cdef bint attribute

    @property
    def item(self):
        return getattr(self.a, self.k) if self.attribute else self.a[self.k]

    @item.setter
    def item(self, v):
        self.store(v)

    cdef int store(self, v) except -1:
        try:
            if self.attribute:
                self.lifter.rules.set_attribute(self.lifter, self.a, self.k, v)
            elif (type(self.a) not in _transparent and not isinstance(self.a, ndarray)
                    and type(getattr(type(self.a), "__setitem__", None)) is types.FunctionType):
                self.lifter.resolve(type(self.a).__setitem__)(self.a, self.k, v)
            else:
                if self.lifter.full and isinstance(self.a, dict) and holds_duals(self.k):
                    self.lifter.rules.keys().setitem(self.a, self.k, v)
                    return 0
                if isinstance(v, ndarray) and not isinstance(self.a, (ndarray, list, dict)):
                    v = self.lifter.rules.storable(self.a, v)
                self.a[self.k] = v
        except Exception:
            if not self.attribute:
                self.lifter.rules.not_stored(self.a, v)
            raise
        return 0

    def update(self, str operator, v):
        """Do ``a[k] op= v``; elements that an array hands out as a copy, as a[[0, 2]] does, are the array's own."""
        if not self.attribute and isinstance(self.current, ndarray) and isinstance(self.a, (ndarray, np.flatiter)):
            v = self.lifter.rules.inplace_array(self.current, v, _inplace_operators[operator], self.a)
        else:
            v = self.lifter.inplace(operator, self.current, v)
        self.store(v)


cdef inline bint _is_view(ndarray made, ndarray a):
    """Return whether the array that ``a[k]`` has made, or a itself owns, is the memory of a."""
    return made is a or made.base != NULL and (made.base == <PyObject *>a or made.base == a.base)


cdef object _dispatching_type = type(np.sum)  # of NumPy's functions with __array_function__

cdef dict _inplace_operators = {
    "i" + name: getattr(operator, "i" + name)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift",
                 "rshift")
}
cdef dict _operators = {
    name: getattr(operator, f"__{name}__")
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift",
                 "rshift", "neg", "pos", "abs", "invert", "lt", "le", "gt", "ge", "eq", "ne")
}
_operators["divmod"] = divmod


cdef inline PyObject *_or_none(PyObject *x):
    return x if x != NULL else <PyObject *>None


@cython.binding(False)
@cython.final
cdef class Lifter:
    """
    The constant of rewritten code.

    Attributes
    ----------
    full : bool
        The grade: whether attributes, operators and iteration are rewritten, not calls alone.
    rules : module
        `dualnum.lifting.resolve`, which has what is not hot.
    kept : dict
        Replacements of callees that live as long as their module: functions in C, types, ufuncs.
    functions : dict
        For the id of a function, a weak reference to it, its lifted version (None for itself), and the code and the
        defaults of which that was made.
    codes : dict
        The lifted code objects by their ids.
    """
    cdef readonly bint full
    cdef readonly object rules
    cdef readonly dict kept, functions, codes
    cdef object __weakref__

    def __init__(self, rules, bint full):
        self.rules, self.full = rules, full
        _lifters[full] = self
        self.kept, self.functions, self.codes = {}, {}, {}

    def __repr__(self):
        return f"<dualnum.lifting, {'full' if self.full else 'lean'}>"

    def __reduce__(self):
        raise TypeError("code that dualnum has lifted does not pickle; pickle the function itself.")

    cpdef object resolve(self, object g):
        """Return what is called in the place of g."""
        cdef PyTypeObject *kind = Py_TYPE(g)
        cdef PyObject *owner
        if kind == &PyFunction_Type:
            if id(<object>PyFunction_GetCode(g)) in self.codes:
                return g
            entry = look_up(self.functions, id(g))
            if (entry is not None and entry[0]() is g and <PyObject *>entry[2] == PyFunction_GetCode(g)
                    and <PyObject *>entry[3] == _or_none(PyFunction_GetDefaults(g))
                    and <PyObject *>entry[4] == _or_none(PyFunction_GetKwDefaults(g))):
                return g if entry[1] is None else entry[1]
        elif kind == &PyMethod_Type:
            if isinstance(<object>PyMethod_GET_SELF(g), ndarray):
                return self.rules.find(self, g)
            function = <object>PyMethod_GET_FUNCTION(g)
            lifted = self.resolve(function)
            return g if lifted is function else PyMethod_New(lifted, <object>PyMethod_GET_SELF(g))
        elif kind == &PyCFunction_Type:
            owner = PyCFunction_GetSelf(g)
            if owner != NULL and Py_TYPE(<object>owner) != &PyModule_Type:
                if <object>Py_TYPE(<object>owner) in _transparent:
                    if self.full and isinstance(<object>owner, (dict, set, frozenset)):
                        return self.rules.keys().of_method(g, <object>owner)
                    if self.full and code_address(g) in _list_methods:
                        return self.rules.special.of_list_method(self, g, <object>owner)
                    return g
            else:
                found = look_up(self.kept, g)
                if found is not None:
                    return found
        elif <object>kind is type or <object>kind is np.ufunc or <object>kind is _dispatching_type:
            found = look_up(self.kept, g)
            if found is not None:
                return found
        return self.rules.find(self, g)

    def place(self, a, k):
        """The target of ``a[k] = v``, as ``L.place(a, k).item = v``."""
        cdef Place place = Place.__new__(Place)
        place.a, place.k, place.lifter = a, k, self
        return place

    def place_read(self, a, k):
        """The target of ``a[k] op= v``, as ``L.place_read(a, k).update(op, v)``."""
        cdef Place place = self.place(a, k)
        place.current = self.getitem(a, k) if self.full else a[k]
        return place

    def attribute_read(self, a, str name):
        """The target of ``a.name op= v``."""
        cdef Place place = self.place(a, name)
        place.attribute = True
        place.current = self.attribute(a, name)
        return place

    def attribute_place(self, a, str name):
        """The target of ``a.name = v``, as ``L.attribute_place(a, name).item = v``."""
        cdef Place place = self.place(a, name)
        place.attribute = True
        return place

    def slice(self, start, stop, step):
        return slice(start, stop, step)

    cpdef object inplace(self, str name, a, v):
        """Return what ``a op= v`` assigns to a."""
        if isinstance(a, ndarray):
            if not _has_duals(<object>(<ndarray>a).descr) or type(v) is not float:
                return self.rules.inplace_array(a, v, _inplace_operators[name], a)
        elif self.full and not (type(a) in _plain_operands and type(v) in _plain_operands):
            return self.rules.inplace(self, name, a, v, _inplace_operators[name])
        return _inplace_operators[name](a, v)

    cpdef object binary(self, str name, a, b):
        if _is_plain(a) and _is_plain(b) and type(a) is not str:
            made = _operators[name](a, b)
            return self.rules.noted(made) if type(made) is ndarray else made
        return self.rules.binary(self, name, a, b, _operators[name])

    def unary(self, str name, a):
        if _is_plain(a):
            made = _operators[name](a)
            return self.rules.noted(made) if type(made) is ndarray else made
        return self.rules.unary(self, name, a, _operators[name])

    cpdef object getitem(self, a, k):
        if isinstance(a, dict) and holds_duals(k):
            return self.rules.keys().getitem(self, a, k)
        if isinstance(a, ndarray):
            made = a[k]
            return self.rules.noted(made, a) if type(made) is ndarray and not _is_view(made, a) else made
        if type(a) in _transparent:
            return a[k]
        return self.rules.getitem(self, a, k)

    cpdef object attribute(self, a, str name):
        """Return a.name; a property's getter is lifted."""
        return self.rules.attribute(self, a, name)

    cpdef object truth(self, x):
        """Return x, or whether it is true, where a special method in Python decides that."""
        return x if type(x) in _transparent or isinstance(x, (ndarray, np.generic)) else self.rules.truth(self, x)

    cpdef object iterate(self, a):
        """Return a, or an iterator of it that calls its special methods lifted."""
        if type(a) in _transparent or isinstance(a, ndarray):
            return a
        return self.rules.iterate(self, a)

    def context(self, a):
        return self.rules.context(self, a)

    def is_instance(self, x, kinds):
        """Return whether x matches one of the classes of a pattern; a dual matches float, a complex one complex."""
        if type(x) is Dual and float in kinds or type(x) is ComplexDual and complex in kinds:
            return True
        return isinstance(x, kinds)
