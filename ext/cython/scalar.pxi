# The scalar type Dual, for every number of levels.


def _restore_dual(dtype, data):
    """Return an unpickled scalar from the bytes of its components."""
    cdef bytes raw = data
    if not _is_dual_dtype(dtype) or len(raw) != dtype.itemsize:
        raise ValueError("a pickled dual expects a DualDType and as many bytes as its components.")
    cdef Dual d = _new_dual(<PyObject *>dtype)
    memcpy(d.data, <char *>raw, len(raw))
    return d


cdef object _drops(str call):
    """Return the error of a call that would lose derivatives."""
    return _refusal(TypeError(
        f"{call} would lose the derivatives of a dual; use dualnum's and NumPy's functions, which carry them. "
        f"{DISCARD}"))


cdef extern from *:
    """
    // Takes the sequence protocol from a type that has __getitem__: a number is not iterable, as NumPy's are not.
    static void no_sequence(PyTypeObject* type) { type->tp_as_sequence->sq_item = nullptr; }
    """
    void no_sequence(PyTypeObject *)


def _itself(self):
    """Return the number, or the array, itself."""
    return self


cdef extern from *:
    """
    static thread_local int hashing_by_value = 0;  // whether a dict or a set of lifted code hashes duals in this thread
    static void hash_by_value(int more) { hashing_by_value += more; }
    """
    int hashing_by_value
    void hash_by_value(int)


def hashed_by_value(function, *args, **kwargs):
    """Return function(*args, **kwargs), during which duals hash by value."""
    hash_by_value(1)
    try:
        return function(*args, **kwargs)
    finally:
        hash_by_value(-1)


cdef bint _is_same_key(Dual d, other) except -1:
    """Whether d and another number are one key: the values are equal; then the derivatives have to be equal, too."""
    cdef Py_ssize_t i, n
    if not _compare(d, other, Py_EQ):
        return False
    difference = d - other
    if type(difference) is Dual:
        n = (<DualDescr *>(<Dual>difference).descr).base.elsize // sizeof(double)
        for i in range(n):
            if (<Dual>difference).data[i] != 0:
                raise _refusal(TypeError(
                    f"keys that are duals expect equal derivatives where their values are equal, got {d!r} and "
                    f"{other!r}; use lists of numbers, or other keys."))
    return True


@cython.binding(False)
@cython.final
@cython.no_gc
@cython.freelist(256)
@cython.c_api_binop_methods(True)
cdef class Dual:
    """
    A number that carries derivatives.

    Parameters
    ----------
    value : float
        The value.
    tangent : float or array_like of shape (k,), optional
        Derivative of the value in each of k directions, all at the permanent level e1.

    Notes
    -----
    Duals are immutable, compare by value and follow np.float64's arithmetic; indexing an array of duals returns them.
    Calls that would lose a derivative, such as ``float(d)`` or ``hash(d)``, raise TypeError.

    Examples
    --------
    >>> import dualnum as dn
    >>> x = dn.Dual(3.0)
    >>> x * x
    Dual(9.0, 6.0)
    """
    # The fields are set by _new_dual alone; Python's Dual.__new__ is _zero_dual.
    cdef object owner  # the dtype
    cdef PyObject *descr  # the dtype as a borrowed pointer, which is faster to compare
    cdef object heap  # None, or the memory of components that do not fit inline
    cdef bint of_python  # whether f on floats has a float of Python's here, not np.float64: its comparisons give bool
    cdef double *data  # the components
    cdef double inline_components[10]

    def __init__(self, value, tangent=1.0):
        cdef Py_ssize_t i
        if self.descr != NULL and self.heap is not _uninitialised:
            return  # a number is immutable: d.__init__(7.0) leaves it as it is, as a float's does
        tangents = _real_array(tangent, "Dual", "tangent")
        if tangents.ndim > 1:
            raise ValueError(f"Dual expects tangent to be a number or of shape (k,), got shape {tangents.shape}.")
        v = _as_double(value, "Dual")
        dtype = _make_dtype((E1,), (tangents.size,))
        cdef Dual made = _new_dual(<PyObject *>dtype)
        made.data[0] = v
        for i, t in enumerate(tangents.ravel().tolist()):
            made.data[1 + i] = t
        self.owner, self.descr, self.heap = made.owner, made.descr, made.heap
        memcpy(self.inline_components, made.inline_components, sizeof(made.inline_components))
        self.data = &self.inline_components[0] if made.data == &made.inline_components[0] else made.data

    # --- its parts ---

    @property
    def dtype(self):
        """The number's DualDType."""
        return self.owner

    @property
    def primal(self):
        """The value, a float, without any derivative."""
        if watched != NULL:
            _note_discard()
        return self.data[0]

    @property
    def tangent(self):
        """The derivative(s) of a number with one level: a float for one tangent, else shape (k,)."""
        return _part_of(self, "tangent")

    @property
    def e1(self):
        """The derivative(s) at the older of two levels."""
        return _part_of(self, "e1")

    @property
    def e2(self):
        """The derivative(s) at the younger of two levels."""
        return _part_of(self, "e2")

    @property
    def e12(self):
        """The second derivative(s) of a number with two levels, shape (k1, k2)."""
        return _part_of(self, "e12")

    # --- attributes of NumPy's scalars ---

    shape = ()
    ndim = 0
    size = 1

    real = T = property(_itself)
    conj = conjugate = __copy__ = _itself
    itemsize = nbytes = property(lambda self: self.dtype.itemsize, doc="Bytes of an element.")

    @property
    def imag(self):
        """Zero."""
        return _binary(MULTIPLY, self, None, 0.0)

    def var(self, *args, **kwargs):
        """Return the variance of the one number."""
        return _as_dual_array(_zero_d(self)).var(*args, **kwargs)

    def std(self, *args, **kwargs):
        """Return the standard deviation of the one number."""
        return _as_dual_array(_zero_d(self)).std(*args, **kwargs)

    def item(self, *args):
        """Return the number itself: a float would lose its derivatives."""
        _zero_d(self).item(*args)  # NumPy's checks of the index
        return self

    def is_integer(self):
        """Return whether the value is an integer."""
        return (<object>self.data[0]).is_integer()

    def as_integer_ratio(self):
        """Refuse: a pair of integers would lose the derivatives."""
        raise _drops("as_integer_ratio()")

    def hex(self):
        """Refuse: a text would lose the derivatives."""
        raise _drops("hex()")

    def tolist(self):
        """Refuse: code that calls it until it gets a Python number would never end."""
        raise _drops("tolist()")

    def tobytes(self, order="C"):
        """Refuse: bytes would lose the derivatives."""
        raise _drops("tobytes()")

    @cython.binding(True)  # lifted code looks it up
    def astype(self, dtype, *args, **kwargs):
        """Return the number as another dtype; TypeError where that would lose a derivative."""
        if type(self) is not Dual:
            raise TypeError(f"Dual.astype expects a Dual, got {type(self).__name__}.")
        return _zero_d(self).astype(dtype, *args, **kwargs)[()]

    def __getattr__(self, name):
        function = _methods.get(name)
        if function is not None:
            return types.MethodType(function, self)
        if name not in _array_attributes:
            hint = "; use d.primal or dualnum.value(d)" if name == "value" else ""
            raise AttributeError(f"'Dual' object has no attribute {name!r}{hint}")
        attribute = getattr(_zero_d(self), name)
        if not callable(attribute):
            return attribute

        def method(*args, **kwargs):
            result = attribute(*args, **kwargs)
            return result[()] if isinstance(result, ndarray) and (<ndarray>result).nd == 0 else result

        return method

    def __getitem__(self, key):
        return np.ndarray.__getitem__(_zero_d(self), key)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        cdef int place = _fast_path_place(ufunc, method, inputs, kwargs)
        if place >= 0:
            if len(inputs) == 1:
                result = _apply(place, ufunc, self)
                (<Dual>result).of_python = False
                return result
            result = _call(place, ufunc, inputs[0], inputs[1])
            if result is not None:
                return result
        elif len(inputs) == 1 and not kwargs and method == "__call__":
            result = _by_slope(ufunc, self)
            if result is not None:
                return result
        return _plain_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        return _dispatch(func, types, args, kwargs)

    # --- arithmetic: either operand of a binary operator may be the Dual ---

    def __add__(x, y):
        return _operate(ADD, x, y)

    def __sub__(x, y):
        return _operate(SUBTRACT, x, y)

    def __mul__(x, y):
        return _operate(MULTIPLY, x, y)

    def __truediv__(x, y):
        return _operate(DIVIDE, x, y)

    def __floordiv__(x, y):
        return _operate(FLOOR_DIVIDE, x, y)

    def __mod__(x, y):
        return _operate(REMAINDER, x, y)

    def __divmod__(x, y):
        quotient = _operate(FLOOR_DIVIDE, x, y)
        return quotient if quotient is NotImplemented else (quotient, _operate(REMAINDER, x, y))

    def __pow__(x, y, modulo):
        return NotImplemented if modulo is not None else _operate(POWER, x, y)

    def __neg__(self):
        return _unary(NEGATIVE, self)

    def __pos__(self):
        return self

    def __abs__(self):
        return _unary(ABSOLUTE, self)

    def __floor__(self):
        return _unary(FLOOR, self)

    def __ceil__(self):
        return _unary(CEIL, self)

    def __trunc__(self):
        return _unary(TRUNC, self)

    def __round__(self, ndigits=None):
        return self.round(0 if ndigits is None else ndigits)

    def round(self, decimals=0):
        """Return the number rounded like np.round: a step function, whose derivatives are zero."""
        cdef Dual z = _binary(MULTIPLY, self, None, 0.0)
        memset(z.data, 0, (<DualDescr *>z.descr).base.elsize)
        z.data[0] = _float64(self.data[0]).round(decimals)
        return z

    def __bool__(self):
        return decided(_layout(self)[0], self.data) != 0

    def __richcmp__(self, other, int op):
        if hashing_by_value and op == Py_EQ:
            return _is_same_key(self, other)
        return _compare(self, other, op)

    # --- refusals to lose a derivative ---

    def __float__(self):
        raise _drops("float()")

    def __int__(self):
        raise _drops("int()")

    def __complex__(self):
        raise _drops("complex()")

    def __hash__(self):
        if hashing_by_value:
            return hash(self.data[0])
        raise _refusal(TypeError("unhashable type: 'Dual': a cache keyed by value would lose derivatives; "
                                 "hash dualnum.value(x) on purpose."))

    # --- copies and text ---

    def __reduce__(self):
        return _restore_dual, (self.dtype, (<char *>self.data)[:(<DualDescr *>self.descr).base.elsize])

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return dual_text(self)

    def __str__(self):
        return _dual_format(self, "")

    def __format__(self, spec):
        return _dual_format(self, spec)

    def _repr_latex_(self):
        from dualnum import notebook
        return notebook.dual_latex(self)


cdef object _part_of(Dual d, str name):
    part = _named_part(_zero_d(d), name)
    return part.item() if part.size == 1 else part.copy()


def HyperDual(value, e1=1.0, e2=1.0, e12=0.0):
    """
    Return a hyper-dual number: a value with first and second derivatives.

    Parameters
    ----------
    value : float
        The value.
    e1, e2 : float or array_like of shape (k1,) and (k2,), optional
        Derivatives in the directions of the permanent levels e1 and e2.
    e12 : float or array_like of shape (k1, k2), optional
        Second derivatives.

    Returns
    -------
    Dual
        With two levels.

    Examples
    --------
    >>> import dualnum as dn
    >>> x = dn.HyperDual(3.0)
    >>> (x ** 3).e12
    18.0
    """
    cdef Dual d
    a, b = _real_array(e1, "HyperDual", "e1"), _real_array(e2, "HyperDual", "e2")
    ab = _real_array(e12, "HyperDual", "e12")
    if a.ndim > 1 or b.ndim > 1:
        raise ValueError(
            f"HyperDual expects e1 and e2 to be numbers or of shape (k,), got shapes {a.shape} and {b.shape}.")
    if ab.ndim > 0 and ab.shape != (a.size, b.size) and not (ab.size == a.size * b.size == 1):
        raise ValueError(f"HyperDual expects e12 to be a number or of shape {(a.size, b.size)}, got shape {ab.shape}.")
    v = _as_double(value, "HyperDual")
    dtype = _make_dtype((E1, E2), (a.size, b.size))
    d = _new_dual(<PyObject *>dtype)
    whole = np.empty((1 + b.size, 1 + a.size))
    whole[0, 0], whole[0, 1:], whole[1:, 0] = v, a, b
    whole[1:, 1:] = ab.T
    raw = whole.tobytes()
    memcpy(d.data, <char *>raw, len(raw))
    return d


cdef object _real_array(object x, str who, str what):
    """Return x as a float64 array; refuse other than real numbers, naming the argument."""
    array = np.asarray(x)
    if not is_real(array.dtype):
        raise TypeError(f"{who} expects {what} to be real numbers, got {array.dtype}.")
    return array.astype(float)
