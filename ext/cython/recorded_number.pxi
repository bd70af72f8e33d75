# The number that reductions and elements of recorded arrays are.

@cython.binding(False)
@cython.final
@cython.freelist(64)
@cython.c_api_binop_methods(True)
cdef class RecordedNumber:
    """A number whose operations a tape records; its operators are np.float64's."""
    cdef double number
    cdef Tape tape
    cdef Shadow *shadow  # NULL for a constant
    __array_priority__ = 20.0
    shape, ndim, size, itemsize, nbytes = (), 0, 1, 8, 8

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return _recorded_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        return _recorded_function(func, types, args, kwargs)

    def __array__(self, dtype=None, copy=None):
        raise _loses(self, "np.asarray(x)")

    @property
    def __class__(self):
        return _float64

    @property
    def dtype(self):
        return _double

    @property
    def T(self):
        return self

    @property
    def real(self):
        return self

    @property
    def imag(self):
        return 0.0

    def item(self, *args):
        """Return the number."""
        return self

    def conjugate(self):
        """Return the number, which is real."""
        return self

    conj = conjugate

    def __getattr__(self, name):
        if hasattr(_float64, name):
            raise _loses(self, f"x.{name} of a number")
        raise AttributeError(f"'numpy.float64' object has no attribute {name!r}")

    def __getitem__(self, key):
        if key == ():
            return self
        raise IndexError("invalid index to scalar variable.")

    def __bool__(self):
        _note_zeros(self.tape, self.number)
        return self.number != 0

    def __float__(self):
        raise _loses(self, "float(x)")

    def __int__(self):
        raise _loses(self, "int(x)")

    def __complex__(self):
        raise _loses(self, "complex(x)")

    def __index__(self):
        raise _loses(self, "an index")

    def __round__(self, ndigits=None):
        raise _loses(self, "round(x)")

    def __floor__(self):
        raise _loses(self, "math.floor(x)")

    def __ceil__(self):
        raise _loses(self, "math.ceil(x)")

    def __trunc__(self):
        raise _loses(self, "math.trunc(x)")

    def __reduce__(self):
        raise _loses(self, "a pickle")

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __hash__(self):
        raise _loses(self, "hash(x)")

    def __repr__(self):
        return repr(_float64(self.number))

    def __str__(self):
        return str(self.number)

    def __format__(self, spec):
        return format(self.number, spec)

    def __richcmp__(self, other, int op):
        return _compared(self, other, op)

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

    def __neg__(self):
        return _elementwise(self.tape, R_NEGATIVE, self, None, None, _py_negative)

    def __pos__(self):
        return self

    def __abs__(self):
        return _elementwise(self.tape, R_ABSOLUTE, self, None, None, _py_abs)
