# The hot half of lifting: what the constant `L` of rewritten code does at each call site (dualnum/lifting/rewrite.py).

cdef extern from "Python.h":
    PyObject *PyFunction_GetCode(object function)
    PyObject *PyCFunction_GetSelf(object function) except? NULL
    PyTypeObject PyFunction_Type, PyMethod_Type, PyCFunction_Type, PyModule_Type
    object PyMethod_New(object function, object instance)
    PyObject *PyMethod_GET_FUNCTION(object method)
    PyObject *PyMethod_GET_SELF(object method)

# Types whose methods treat duals as any other object.
cdef frozenset _transparent = frozenset([list, dict, set, frozenset, str, bytes, tuple, float, int, bool, Dual,
                                         bytearray, range, slice, type(None)])

# Types on which an operator is Python's or NumPy's own.
cdef frozenset _plain_operands = frozenset([float, int, bool, Dual, str, tuple, list, np.float64, np.int64, type(None)])


def holds_duals(x, int depth=4):
    """Return whether x is a dual or an array of duals, or a list, tuple, dict or array of objects that holds one."""
    if type(x) is Dual:
        return True
    if isinstance(x, ndarray):
        if _is_dual_dtype(<object>(<ndarray>x).descr):
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
    """Return d with another value and the same derivatives."""
    cdef Dual z = _new_dual(d.descr)
    memcpy(z.data, d.data, (<DualDescr *>d.descr).base.elsize)
    z.data[0] = primal
    return z


@cython.final
cdef class MathFunction:
    """
    A function of `math` for duals: it calls `math` on the values, which decides values and errors, and `function` for
    the derivatives.
    """
    cdef readonly object __wrapped__, function

    def __init__(self, original, function):
        self.__wrapped__, self.function = original, function

    def __call__(self, *args):
        cdef bint dual = False
        for x in args:
            if type(x) is not float and type(x) is not int:
                if type(x) is Dual or isinstance(x, ndarray) and _is_dual_dtype(<object>(<ndarray>x).descr):
                    dual = True
        if not dual:
            return self.__wrapped__(*args)
        args = tuple([x.item() if isinstance(x, ndarray) else x for x in args])
        primal = self.__wrapped__(*[(<Dual>x).data[0] if type(x) is Dual else x for x in args])
        y = self.function(*args)
        return with_primal(y, primal) if type(y) is Dual else primal

    def __repr__(self):
        return f"<{self.__wrapped__!r} for duals>"


@cython.final
@cython.freelist(8)
cdef class Place:
    """The place ``a[k]``, or ``a.k`` where `attribute` is true: what an assignment assigns to."""
    cdef object a, k, current
    cdef Lifter lifter
    cdef bint attribute

    @property
    def item(self):
        raise AttributeError("item")

    @item.setter
    def item(self, v):
        self.store(v)

    cdef int store(self, v) except -1:
        try:
            if self.attribute:
                self.lifter.rules.set_attribute(self.lifter, self.a, self.k, v)
            else:
                self.a[self.k] = v
        except Exception as error:
            if not self.lifter.rules.stored(self.lifter, self.a, self.k, v, self.attribute, error):
                raise
        return 0

    def update(self, str operator, v):
        """Do ``a[k] op= v``."""
        self.store(self.lifter.inplace(operator, self.current, v))


cdef dict _inplace_operators = {
    "i" + name: getattr(operator, "i" + name)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
}
cdef dict _operators = {
    name: getattr(operator, name)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "neg", "pos", "abs",
                 "lt", "le", "gt", "ge", "eq", "ne")
}


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
        For the id of a function, a weak reference to it and its lifted version.
    codes : dict
        The lifted code objects by their ids.
    """
    cdef readonly bint full
    cdef readonly object rules
    cdef readonly dict kept, functions, codes
    cdef object __weakref__

    def __init__(self, rules, bint full):
        self.rules, self.full = rules, full
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
            entry = self.functions.get(id(g))
            if entry is not None and entry[0]() is g:
                return entry[1]
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
                    return g
            else:
                found = self.kept.get(g)
                if found is not None:
                    return found
        elif <object>kind is type or <object>kind is np.ufunc:
            found = self.kept.get(g)
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
            if not _is_dual_dtype(<object>(<ndarray>a).descr) or type(v) is not float:
                return self.rules.inplace_array(self, name, a, v, _inplace_operators[name])
        elif self.full and not (type(a) in _plain_operands and type(v) in _plain_operands):
            return self.rules.inplace(self, name, a, v, _inplace_operators[name])
        return _inplace_operators[name](a, v)

    def binary(self, str name, a, b):
        if (type(a) in _plain_operands or isinstance(a, ndarray)) and (type(b) in _plain_operands
                                                                         or isinstance(b, ndarray)):
            if type(a) is not str:
                made = _operators[name](a, b)
                return self.rules.noted(made) if type(made) is ndarray else made
        return self.rules.binary(self, name, a, b, _operators[name])

    def unary(self, str name, a):
        if type(a) in _plain_operands or isinstance(a, ndarray):
            made = _operators[name](a)
            return self.rules.noted(made) if type(made) is ndarray else made
        return self.rules.unary(self, name, a, _operators[name])

    cpdef object getitem(self, a, k):
        if type(a) in _transparent or isinstance(a, ndarray):
            return a[k]
        return self.rules.getitem(self, a, k)

    cpdef object attribute(self, a, str name):
        """Return a.name; a property's getter is lifted."""
        return self.rules.attribute(self, a, name)

    def iterate(self, a):
        if type(a) in _transparent or isinstance(a, ndarray):
            return a
        return self.rules.iterate(self, a)

    def context(self, a):
        return self.rules.context(self, a)

    def is_instance(self, x, kinds):
        """Return whether x matches one of the classes of a pattern; a dual matches float."""
        return isinstance(x, kinds) or type(x) is Dual and float in kinds
