# The ordinary passes of the drivers, without Python in between: one float or one float64 array, fresh levels.

from cpython.iterator cimport PyIter_Check

cdef extern from "loops/comparisons.h" nogil:
    unsigned long comparisons "dn::comparisons"  # of duals in this thread so far: scalars', and ufunc calls'
    unsigned long comparisons_of_call "dn::comparisons_of_call"  # those of its last call of a driver's function

# How many variables of one array take a single pass: see `dualnum.drivers._widths`.
ONE_PASS, ONE_TILE = 127, 46
cdef Py_ssize_t _one_pass = ONE_PASS, _one_tile = ONE_TILE

# The dtype of the last pass of each kind and size, whose level and cache of dtypes the next such pass takes over.
cdef list _spares = [None] * (3 * SPARE_SIZES)


cdef bint _only_spare(PyObject *dtype, Level level):
    """Whether nothing refers to a spare dtype and its level but the caller, once each, and they to each other."""
    return (Py_REFCNT(dtype) == 2 and Py_REFCNT((<DualDescr *>dtype).levels) == 1 and Py_REFCNT(<PyObject *>level) == 2
            and level.key is None and level.dtypes is not None and len(level.dtypes) == 1)


cdef object _fresh_dtype(Kind kind, Py_ssize_t size):
    """
    Return a dtype of one level, younger than all levels before it, to be given to `_retire` after the pass.

    A polynomial level is of degree 2.
    """
    cdef Level level
    cdef object dtype
    cdef Py_ssize_t place = <int>kind * SPARE_SIZES + size
    if size < SPARE_SIZES:
        dtype, _spares[place] = _spares[place], None
        if dtype is not None:
            level = _levels(_descr(dtype))[0]
            if _only_spare(<PyObject *>dtype, level):
                level.age, level.token, level.retired = next_age(), _token, False
                return dtype
            level.dtypes = None
    level = Level(taylor=kind == Kind.taylor, degree=2 if kind == Kind.polynomial else 1)
    return _make_dtype((level,), (size,))


cdef int _retire(object dtype) except -1:
    """The pass has ended: its level is no longer seeded, until a later pass may take it over."""
    cdef Level level = _levels(_descr(dtype))[0]
    cdef Py_ssize_t size = _descr(dtype).layout.tangents(0), place = <int>level.kind * SPARE_SIZES + size
    if size >= SPARE_SIZES:
        level.retire()
        return 0
    level.retired = True
    if _spares[place] is not None:
        (<Level>_levels(_descr(_spares[place]))[0]).dtypes = None
    _spares[place] = dtype
    return 0


# ---- kinks and singular points -----------------------------------------------------------------------------

cdef inline unsigned long _points_met() noexcept:
    """
    How many kinks, ties and singular points this thread has met at which a pass is not the last word.

    Passes of all variables at once need not count those that rest.
    """
    return kinks_met + ties_met + zeros_met


def points_met():
    """
    Return how often this thread has met kinks, ties, zeros, kinks and ties at rest, such as moved; and drivers' calls.
    """
    return kinks_met, ties_met, zeros_met, rests_met, rest_ties_met, rests_moved, driver_calls


cdef inline unsigned long _first_ties() noexcept:
    """How often this thread has compared equal numbers of first order."""
    return first_ties_met + first_rests_met


def first_ties():
    """Return how often this thread has compared equal numbers of first order: a driver may look at both sides."""
    return _first_ties()


@cython.binding(False)
@cython.final
cdef class Unnoted:
    """A context in which kinks and singular points are not noted, for results that are not used there."""
    cdef unsigned long kinks, zeros

    def __enter__(self):
        self.kinks, self.zeros = kinks_met, zeros_met

    def __exit__(self, *error):
        global kinks_met, zeros_met
        kinks_met, zeros_met = self.kinks, self.zeros


def note_split():
    """
    Note a kink of a rule; return what to add to the derivatives if a driver will look closer, else None: nan in a pass
    that shows what depends on kinks, else 0.
    """
    global kinks_met
    kinks_met += 1
    return None if open_calls == 0 else NAN if tainting == Taint.kinks else 0.0


def note_rest(bint moves):
    """Note that a rule meets a kink at which nothing moves in this pass; or, in a near level, that something does."""
    global rests_met, rests_moved
    if moves:
        rests_moved += 1
    else:
        rests_met += 1


@cython.binding(False)
@cython.final
cdef class Tainting:
    """A context in which an operation at a kink or a singular point, or at the latter, has all derivatives nan."""
    cdef Taint taint, before

    def __cinit__(self, bint zeros_alone):
        self.taint = Taint.zeros if zeros_alone else Taint.kinks

    def __enter__(self):
        self.before = begin_tainting(self.taint)

    def __exit__(self, *error):
        end_tainting(self.before)


def is_near(dtype):
    """Return whether numbers of this dtype carry the series of a pass near to a kink."""
    return _has_duals(dtype) and _descr(dtype).layout.is_near()


@cython.binding(False)
@cython.final
cdef class NearPass:
    """A pass with a near level, as a context; comparisons may look at values alone, those by == and != or all."""
    cdef ByValue by_value, before

    def __cinit__(self, by_value):
        self.by_value = (ByValue.always if by_value == "always" else ByValue.equality if by_value == "equality"
                         else ByValue.none)

    def __enter__(self):
        global near_passes, compared_by_value
        near_passes += 1
        self.before, compared_by_value = compared_by_value, self.by_value

    def __exit__(self, *error):
        global near_passes, compared_by_value
        near_passes -= 1
        compared_by_value = self.before

    @staticmethod
    def is_open():
        """Return whether this thread is in one."""
        return near_passes > 0


def calls_open():
    """Return how many calls of drivers' functions this thread is in."""
    return open_calls


# ---- calls of f --------------------------------------------------------------------------------------------

class Lost(TypeError):
    """A derivative was lost in f, as far as the nets of lifting can see."""
    __module__ = "dualnum.lifting.nets"  # which casts them


cdef list _lifters = [None, None]  # the lean and the full Lifter


cpdef object guarded_call(object f, object x, tuple rest, dict kwargs, object lift="auto", object check=None):
    """
    Return f(x, *rest, **kwargs), by the grade of lifting at which it loses no derivative.

    A settled code runs as it is, unless it compares numbers that are equal here; otherwise `dualnum.lifting.attempt`
    tries the grades and casts the nets.
    """
    global driver_calls
    cdef int grade
    cdef unsigned long ties = first_ties_met, rests = first_rests_met
    cdef bint at_rest = False
    cdef object state = None
    driver_calls += 1
    if isinstance(f, DriverBase) or lift is False and check is False:
        return _plain_call(f, f, x, rest, kwargs)
    if check is not True:
        keyed = _with_callables(f, rest, kwargs) if rest or kwargs else f
        grade = _grade(keyed)
        if grade >= (lift is True) and (grade == 0 and lifted_run == NULL or grade > 0 and lift is not False):
            if last_changes and check is not False:
                from dualnum.lifting.state import State
                state = State(((x, *rest), kwargs))
            try:
                y = _plain_call(f if grade == 0 else <object>_lifters[grade - 1], f, x, rest, kwargs)
            except (Exception, GivenUp):
                if lift is not False:
                    _unsettle(keyed, grade)
                if lift is False or near_passes == 0:
                    raise  # to its driver, which calls again
            else:
                if check is False or near_passes > 0 or tainting != Taint.none:
                    return y
                if ties == first_ties_met:
                    at_rest = rests != first_rests_met and _looks_again(_key_of(keyed))
                    if not at_rest:
                        return y
                check = True
            if state is not None:
                state.restore()
    from dualnum.lifting.attempt import call
    try:
        return call(f, (x, *rest), kwargs, lift, check)
    except Lost:
        if at_rest:
            _found_at_rest(_key_of(keyed))
        raise


def plain_call(g, f, tuple args not None, dict kwargs not None):
    """Return g(*args, **kwargs), where g is f or stands for it; see `_plain_call`."""
    return _plain_call(g, f, args[0], args[1:], kwargs) if args else g(**kwargs)


cdef object _plain_call(object g, object f, object x, tuple rest, dict kwargs):
    """
    g(x, *rest, **kwargs), where g is f, stands for it, or is the lifter that finds what does.

    g may not catch a refusal to lose a derivative and give another value than f for floats.
    """
    cdef unsigned long compared = comparisons
    cdef Py_ssize_t before = 0 if refusals == NULL else len(<list>refusals)
    cdef list found = None
    global comparisons_of_call
    enter_call()
    try:
        if type(g) is Lifter:
            y = run_lifted((<Lifter>g).resolve(f), (x, *rest), kwargs)
        else:
            y = g(x, *rest, **kwargs) if rest or kwargs else g(x)
    except Exception as error:
        from dualnum.rules.foreign_errors import explain
        explain(error)
        raise
    finally:
        leave_call()
        if refusals != NULL:
            found = _take_refusals(before)
    compared = comparisons - compared
    if found and any([_reached_python(error) for error in found]):
        _check_refused(f, (x, *rest), kwargs, y)
    if near_passes == 0:
        comparisons_of_call = compared
    return y


cdef bint _reached_python(object error):
    """
    Whether an error came to a frame of Python's, which then caught it.

    NumPy also asks whether a cast exists, as np.can_cast and np.where do, and clears the error in C: its traceback
    ends where it was raised.
    """
    return error.__traceback__ is not None and error.__traceback__.tb_next is not None


def comparisons_met():
    """Return how often this thread has compared duals."""
    return comparisons


def comparisons_of_last_call():
    """Return how often the function that a driver called last in this thread compared duals: scalars or arrays."""
    return comparisons_of_call


cdef object _stripped(object x, int depth=20):
    """Copies of the values of duals, in containers too."""
    if depth > 0 and type(x) in (tuple, list):
        return type(x)([_stripped(item, depth - 1) for item in x])
    if depth > 0 and type(x) is dict:
        return {key: _stripped(item, depth - 1) for key, item in x.items()}
    return _value(x).copy() if isinstance(x, ndarray) else _value(x) if type(x) in (Dual, ComplexDual) else x


cdef int _check_refused(object f, tuple args, dict kwargs, object y) except -1:
    """f caught a refusal and returned y: an error unless that has f's value for floats."""
    try:
        expected = np.asarray(f(*_stripped(args), **_stripped(kwargs)), dtype=complex)
        got = np.asarray(_value(y), dtype=complex)
    except Exception:
        return 0  # no values to compare
    if got.shape == expected.shape and np.allclose(got, expected, rtol=1e-9, atol=0, equal_nan=True):
        return 0
    raise TypeError("f(x) expects f to let errors of duals pass, got a function that caught one, such as that of "
                    "float(x) or math.exp(x), and returned another value than for floats; catch other errors only.")


cdef object _pass_at_number(object f, double rate, object dtype, tuple args, dict kwargs, object lift, object check):
    """What f returns at the float args[0] + rate * t, where t is of the dtype's level, which is retired then."""
    cdef Dual d = _new_dual(<PyObject *>dtype)
    memset(d.data, 0, _descr(dtype).base.elsize)
    d.data[0], d.data[1], d.of_python = PyFloat_AS_DOUBLE(args[0]), rate, True
    _open_pass()
    try:
        return guarded_call(f, d, args[1:], kwargs, lift, check)
    finally:
        _close_pass()
        _retire(dtype)


def pass_at_number(DriverBase driver not None, double rate, Py_ssize_t order, tuple args, dict kwargs):
    """
    Call the driver's f once at the float args[0] + rate * t, where t is of a fresh Taylor level, of a first-order level
    for order 1.

    Returns (what f returned, the level), or None at a kink, tie or singular point, or where f may change its arguments.
    """
    cdef unsigned long met = _points_met(), ties = _first_ties()
    if not args or type(args[0]) is not float or order < 1:
        raise TypeError("pass_at_number expects a float first and an order from 1.")
    if (len(args) > 1 or kwargs) and may_change(driver.f, args[1:], kwargs):
        return None
    dtype = _fresh_dtype(Kind.taylor if order > 1 else Kind.first_order, order)
    try:
        y = _pass_at_number(driver.f, rate, dtype, args, kwargs, driver.lift, driver.check)
    except Lost:
        if ties == _first_ties():
            raise
        return None
    return (y, _levels(_descr(dtype))[0]) if met == _points_met() else None


cdef tuple _pass_at_array(DriverBase driver, ndarray x, tuple args, dict kwargs):
    """
    Call the driver's f once at a float64 array with a tangent of a fresh level for every element.

    Returns (f(x), gradient) where f returns a scalar with that level alone, else (what f returned, the level).
    """
    cdef Py_ssize_t n = PyArray_SIZE(_array(x))
    cdef object dtype = _fresh_dtype(Kind.first_order, n)
    cdef Dual d
    _open_pass()
    try:
        seeded = _seed_identity(x, dtype, 0, 0, n, False, driver.subok)
        y = guarded_call(driver.f, seeded, args[1:], kwargs, driver.lift, driver.check)
    finally:
        _close_pass()
        _retire(dtype)
    if type(y) is Dual and (<Dual>y).descr == <PyObject *>dtype:
        d = <Dual>y
        tangents = _new_vector(n)
        memcpy((<ndarray>tangents).data, &d.data[1], n * sizeof(double))
        return d.data[0], tangents
    return y, _levels(_descr(dtype))[0]


cdef tuple _second_pass_at_array(DriverBase driver, ndarray x, tuple args, dict kwargs):
    """
    Call the driver's f once at a float64 array with a fresh level of degree 2 in all elements.

    Returns (f(x), gradient, Hessian) where f returns a scalar with that level alone, else (what f returned, the level,
    None).
    """
    cdef Py_ssize_t n = PyArray_SIZE(_array(x))
    cdef object dtype = _fresh_dtype(Kind.polynomial, n)
    _open_pass()
    try:
        seeded = _seed_identity(x, dtype, 0, 0, n, False, driver.subok)
        y = guarded_call(driver.f, seeded, args[1:], kwargs, driver.lift, driver.check)
    finally:
        _close_pass()
        _retire(dtype)
    if type(y) is Dual and (<Dual>y).descr == <PyObject *>dtype:
        return _read_second(<Dual>y, n)
    return y, _levels(_descr(dtype))[0], None


cdef bint _has_iterator(tuple args):
    for x in args:
        if PyIter_Check(x):
            return True
    return False


cdef bint _full_tracebacks = os.environ.get("DUALNUM_FULL_TRACEBACK", "0") != "0"


cdef object _with_short_traceback(object error):
    """Return an error without dualnum's own frames in its traceback, but for the last one, if it raised the error."""
    traceback, kept = error.__traceback__, []
    while traceback is not None and not _full_tracebacks:
        name = traceback.tb_frame.f_code.co_filename
        if traceback.tb_next is None or not name.startswith(("ext/cython", _package_folder)):
            kept.append(traceback)
        traceback = traceback.tb_next
    for i in range(len(kept) - 1):
        kept[i].tb_next = kept[i + 1]
    return error.with_traceback(kept[0]) if kept else error


cdef str _package_folder = os.path.join(os.path.dirname(__file__), "")

# For a driver's name: the order of its pass at one float64 array, and whether it returns the lower orders as well.
cdef dict _passes_at_array = {
    "gradient": (1, False),
    "jacobian": (1, False),
    "value_and_gradient": (1, True),
    "value_and_jacobian": (1, True),
    "hessian": (2, False),
    "value_gradient_hessian": (2, True),
}


@cython.binding(False)
@cython.auto_pickle(False)
cdef class DriverBase:
    """
    A driver applied to a function: the options, and how it is called and looks from outside.

    It stands for a function made from f, and so shows f's documentation, name and signature, binds as a method, and
    pickles when f does. Making one costs little: only options that differ from their defaults are checked, and all else
    follows when it is asked for.

    Attributes
    ----------
    name : str
        The driver as error messages spell it: ``gradient``. By default `run` has it, after an underscore.
    f : callable
        The function that is differentiated.
    argnum, chunk, batched, subok, lift, check, workers, progress
        The options, as `check_options` of a subclass leaves them.
    points : int or None
        How many points of a batch one call of f gets at most.
    arguments : str
        The arguments of a call as error messages spell them: ``x``, or ``x, v`` for a driver that takes a direction.
    run : callable
        ``run(driver, args, kwargs)`` computes the result of a call. Where a pass at a float or at one float64 array has
        been made already, a fourth argument says what it returned.
    extra : dict
        The options that only this driver has, by name.
    direct : int
        Up to how many elements one float64 array takes a single pass of first order; -1 for never.
    checked : bool
        Whether a call has found that f treats each element of an array by itself.
    """

    cdef readonly str name, arguments
    cdef readonly object f
    cdef public object argnum, chunk, batched, points, subok, lift, check, workers, progress, run
    cdef readonly dict extra
    cdef public Py_ssize_t direct
    cdef Py_ssize_t number_order, array_order
    cdef bint lower_orders, reverse
    cdef public bint checked
    cdef dict __dict__
    cdef object __weakref__

    def __init__(self, f, run=None, argnum=0, chunk=None, batched=False, subok=True, lift="auto", check=None, workers=1,
                 progress=None, str arguments="x", dict extra=None, str name=None):
        if name is None:
            name = run.__name__[1:]
        self.name, self.f, self.arguments, self.run, self.extra = name, f, arguments, run, extra
        self.array_order, self.lower_orders = _passes_at_array.get(name, (0, False))
        # the class has these two as well, so that `__getattr__` would not be asked for them
        self.__doc__, self.__module__ = getattr(f, "__doc__", None), getattr(f, "__module__", None)
        if (type(argnum) is int and argnum == 0 and chunk is None and batched is False and subok is True
                and lift is "auto" and check is None and type(workers) is int and workers == 1 and progress is None
                and callable(f)):
            self.argnum, self.chunk, self.batched, self.points = argnum, chunk, batched, None
            self.subok, self.lift, self.check, self.workers, self.direct = subok, lift, None, workers, _one_pass
        else:
            self.check_options(argnum, chunk, batched, subok, lift, check, workers, progress)
        self.reverse = (name == "gradient" or name == "value_and_gradient") and self._takes_reverse_mode()
        self.number_order = extra["order"] if name == "derivative" and self.argnum == 0 and extra["order"] <= 2 else 0

    cdef bint _takes_reverse_mode(self):
        """Whether the options leave the choice of the mode to the driver."""
        return self.chunk is None and self.subok and self.lift is not True and self.argnum == 0 and not self.batched

    def __call__(self, *args, **kwargs):
        if _has_iterator(args) or kwargs and _has_iterator(tuple(kwargs.values())):
            from dualnum.lifting.state import with_again
            args, kwargs = tuple(map(with_again, args)), {name: with_again(x) for name, x in kwargs.items()}
        return self._attempt(None, args, kwargs)

    def attempt(self, work not None, tuple args not None, dict kwargs not None):
        """Return work(), a part of a call with these arguments that runs elsewhere: again where lifting asks for it."""
        return self._attempt(work, args, kwargs)

    cdef object _attempt(self, object work, tuple args, dict kwargs):
        cdef bint again = False
        try:
            while True:
                try:
                    return self._call(args, kwargs) if work is None else work()
                except Restart:
                    pass  # a site of storage was marked
                except (Exception, GivenUp) as error:
                    if again or not _calls_again(_with_callables(self.f, args, kwargs)):
                        failure = error if isinstance(error, Exception) else TypeError(*error.args)
                        break
                    again = True
        finally:
            if again:
                _found(_with_callables(self.f, args, kwargs))
        raise _with_short_traceback(failure)

    cdef object _call(self, tuple args, dict kwargs):
        cdef tuple found
        cdef unsigned long met = _points_met(), ties
        x = args[0] if args else None
        if self.takes_tape(x):
            found = _pass_by_tape(self, x, args, kwargs)
            if found is not None:
                return found if self.lower_orders else found[1]
        if (len(args) > 1 or kwargs) and may_change(self.f, args[1:], kwargs):
            return self.run(self, args, kwargs)  # which puts them back, if it has to call f again
        if type(x) is float and self.number_order:
            return self._at_number(args, kwargs)
        if not self.array_order or not self._is_direct(x):
            return self.run(self, args, kwargs)
        ties = _first_ties()
        try:
            if self.array_order == 1:
                found = _pass_at_array(self, x, args, kwargs)
            else:
                found = _second_pass_at_array(self, x, args, kwargs)
        except Lost:
            if ties == _first_ties():
                raise
            return self.run(self, args, kwargs)
        if met != _points_met():
            return self.run(self, args, kwargs)
        if type(found[1]) is Level or (<ndarray>x).nd != 1 or found[0] != found[0]:  # nan
            return self.run(self, args, kwargs, found)
        return found if self.lower_orders else found[self.array_order]

    cpdef bint takes_tape(self, x):
        """Whether a gradient at x is that of one float64 array with enough variables for `_pass_by_tape`."""
        return (self.reverse and type(x) is ndarray and PyArray_SIZE(_array(<ndarray>x)) >= _from_variables
                and _is_float64((<ndarray>x).descr) and lifted_run == NULL and not isinstance(self.f, DriverBase))

    cdef bint _is_direct(self, x):
        """Whether x is one float64 array of few enough elements for a single pass."""
        cdef Py_ssize_t most = self.direct if self.array_order == 1 else min(self.direct, _one_tile)
        return (type(x) is ndarray and PyArray_SIZE(_array(<ndarray>x)) <= most
                and _is_float64((<ndarray>x).descr))

    cdef object _at_number(self, tuple args, dict kwargs):
        """The first or second derivative at a float, where f gives a scalar that carries the pass's level alone."""
        cdef unsigned long met = _points_met(), ties = _first_ties()
        dtype = _fresh_dtype(Kind.taylor if self.number_order > 1 else Kind.first_order, self.number_order)
        try:
            y = _pass_at_number(self.f, 1, dtype, args, kwargs, self.lift, self.check)
        except Lost:
            if ties == _first_ties():
                raise
            return self.run(self, args, kwargs)
        if met != _points_met():
            return self.run(self, args, kwargs)
        if type(y) is Dual and (<Dual>y).descr == <PyObject *>dtype and (<Dual>y).data[0] == (<Dual>y).data[0]:
            return (<Dual>y).data[1] if self.number_order == 1 else 2 * (<Dual>y).data[2]
        return self.run(self, args, kwargs, (y, _levels(_descr(dtype))[0]))

    def __get__(self, instance, owner):
        return self if instance is None else types.MethodType(self, instance)

    # f's attributes, unless functools.wraps has assigned others.  Properties, because a __getattr__ would slow every
    # look-up of an attribute down.

    cdef object _shown(self, str name, default):
        if name in (<object>self).__dict__:
            return (<object>self).__dict__[name]
        shown = getattr(self.f, name, default)
        if shown is None:
            raise AttributeError(f"{self!r} has no attribute {name!r}")
        return shown

    @property
    def __name__(self):
        return self._shown("__name__", self.name)

    @__name__.setter
    def __name__(self, shown):
        (<object>self).__dict__["__name__"] = shown

    @property
    def __qualname__(self):
        return self._shown("__qualname__", self.name)

    @__qualname__.setter
    def __qualname__(self, shown):
        (<object>self).__dict__["__qualname__"] = shown

    @property
    def __annotations__(self):
        return self._shown("__annotations__", None)

    @__annotations__.setter
    def __annotations__(self, shown):
        (<object>self).__dict__["__annotations__"] = shown

    @property
    def __type_params__(self):
        return self._shown("__type_params__", None)

    @__type_params__.setter
    def __type_params__(self, shown):
        (<object>self).__dict__["__type_params__"] = shown

    @property
    def __wrapped__(self):
        if "__wrapped__" not in (<object>self).__dict__ and self.arguments != "x":
            raise AttributeError("__wrapped__")  # its signature would lack v
        return (<object>self).__dict__.get("__wrapped__", self.f)

    @__wrapped__.setter
    def __wrapped__(self, wrapped):
        (<object>self).__dict__["__wrapped__"] = wrapped
