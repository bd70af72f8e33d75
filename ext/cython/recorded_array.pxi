# The array that f gets in reverse mode.

@cython.binding(False)
@cython.final
@cython.freelist(64)
@cython.c_api_binop_methods(True)
cdef class RecordedArray:
    """
    An array whose operations a tape records: what f gets in place of a float64 array of many variables.

    Its values are an ordinary array, on which NumPy computes; views and assignments mean what they mean there.
    Whatever has no record raises, and f's driver then calls f on duals.
    """
    cdef ndarray value
    cdef Root root
    __array_priority__ = 20.0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return _recorded_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        if func is _np_sum and len(args) == 1 and not kwargs and args[0] is self:
            return _sum_all(self)
        return _recorded_function(func, types, args, kwargs)

    def __array__(self, dtype=None, copy=None):
        raise _loses(self, "np.asarray(x)")

    @property
    def __class__(self):
        return ndarray  # for isinstance in f; C code looks at the type

    @property
    def shape(self):
        return self.value.shape

    @shape.setter
    def shape(self, shape):
        view = self.value.view()
        view.shape = shape
        self.value = view

    @property
    def ndim(self):
        return self.value.nd

    @property
    def size(self):
        return PyArray_SIZE(_array(self.value))

    @property
    def dtype(self):
        return _double

    @property
    def strides(self):
        return (<object>self.value).strides

    @property
    def flags(self):
        return (<object>self.value).flags

    @property
    def itemsize(self):
        return sizeof(double)

    @property
    def nbytes(self):
        return self.value.nbytes

    @property
    def T(self):
        return _view_of(self.value.T, self.root)

    @property
    def mT(self):
        return _view_of(self.value.mT, self.root)

    @property
    def real(self):
        return self

    @property
    def base(self):
        return None if self.value is self.root.memory else _view_of(self.root.memory, self.root)

    def __len__(self):
        return len(self.value)

    def __bool__(self):
        answer = bool(self.value)
        _note_zeros(self.root.tape, self.value)
        return answer

    def __iter__(self):
        if self.value.nd == 0:
            raise TypeError("iteration over a 0-d array")
        return iter([_get(self, i) for i in range(len(self.value))])

    def __contains__(self, item):
        item = _stripped_of_tape(self.root.tape, item)
        _recorded_rule("ties")(self.root.tape, self.value, item)
        return item in self.value

    def __getitem__(self, key):
        return _get(self, key)

    def __setitem__(self, key, v):
        _set(self, key, v)

    def __float__(self):
        raise _loses(self, "float(x)")

    def __int__(self):
        raise _loses(self, "int(x)")

    def __complex__(self):
        raise _loses(self, "complex(x)")

    def __index__(self):
        raise _loses(self, "an index")

    def __reduce__(self):
        raise _loses(self, "a pickle")

    def __copy__(self):
        return _copy(self, "K")

    def __deepcopy__(self, memo):
        return _copy(self, "K")

    def __repr__(self):
        return repr(self.value)

    def __str__(self):
        return str(self.value)

    def __format__(self, spec):
        return format(self.value, spec)

    def __richcmp__(self, other, int op):
        return _compared(self, other, op)

    __hash__ = None

    def __add__(x, y):
        return _binary_operator(R_ADD, x, y, _py_add)

    def __sub__(x, y):
        return _binary_operator(R_SUBTRACT, x, y, _py_subtract)

    def __mul__(x, y):
        return _binary_operator(R_MULTIPLY, x, y, _py_multiply)

    def __truediv__(x, y):
        return _binary_operator(R_DIVIDE, x, y, _py_divide)

    def __floordiv__(x, y):
        return _binary_operator(R_FLOOR_DIVIDE, x, y, _py_floor_divide)

    def __mod__(x, y):
        return _binary_operator(R_REMAINDER, x, y, _py_remainder)

    def __divmod__(x, y):
        return x // y, x % y

    def __pow__(x, y, modulo):
        return _power_operator(x, y)

    def __matmul__(x, y):
        return NotImplemented if _leaves(y) or _leaves(x) else np.matmul(x, y)

    def __neg__(self):
        return _elementwise(self.root.tape, R_NEGATIVE, self, None, None, _py_negative)

    def __pos__(self):
        return _elementwise(self.root.tape, R_POSITIVE, self, None, None, _py_positive)

    def __abs__(self):
        return _elementwise(self.root.tape, R_ABSOLUTE, self, None, None, _py_abs)

    def __iadd__(self, other):
        return _in_place(R_ADD, self, other)

    def __isub__(self, other):
        return _in_place(R_SUBTRACT, self, other)

    def __imul__(self, other):
        return _in_place(R_MULTIPLY, self, other)

    def __itruediv__(self, other):
        return _in_place(R_DIVIDE, self, other)

    def __ifloordiv__(self, other):
        return _in_place(R_FLOOR_DIVIDE, self, other)

    def __imod__(self, other):
        return _in_place(R_REMAINDER, self, other)

    def __ipow__(self, other):
        made = _power_operator(self, other)
        if made.shape != self.shape:
            raise ValueError("non-broadcastable output operand")
        _set(self, Ellipsis, made)
        return self

    def __imatmul__(self, other):
        _set(self, Ellipsis, np.matmul(self, other))
        return self

    def __getattr__(self, name):
        _import_recorded_rules()
        method = _recorded_methods.get(name)
        if method is None:
            if hasattr(ndarray, name):
                raise _loses(self, f"x.{name}")
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        return functools.partial(method, self)


cdef dict _recorded_methods = {}


def register_recorded_method(str name, method):
    """Let method(x, *args, **kwargs) be x.name(*args, **kwargs) of recorded arrays."""
    _recorded_methods[name] = method
