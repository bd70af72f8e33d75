# Levels: every perturbation belongs to one.  Two levels are the same only if they are the same object.

from _thread import RLock

cdef object _new_token():
    return os.urandom(16)


cdef extern from *:
    """
    #include <atomic>
    static long long next_age() {
      static std::atomic<long long> count{0};
      return count++;
    }
    """
    long long next_age()

cdef extern from *:
    """
    // table.get(key), with a reference of its own: Cython borrows one, and another thread may free what it refers to.
    static PyObject* look_up(PyObject* table, PyObject* key) {
      PyObject* found;
    #if PY_VERSION_HEX >= 0x030D0000
      if (PyDict_GetItemRef(table, key, &found) < 0) return nullptr;
    #else
      found = PyDict_GetItemWithError(table, key);
      if (!found && PyErr_Occurred()) return nullptr;
      Py_XINCREF(found);
    #endif
      return found ? found : Py_NewRef(Py_None);
    }
    """
    object look_up(dict table, object key)

# A level keeps the token of the process that made it, so that a level that existed before a fork is the same one in
# parent and child.  A process knows its own token and those of the processes that it was forked from.
cdef object _token = _new_token()
cdef set _own_tokens = {_token}
cdef object _levels_by_key = weakref.WeakValueDictionary()  # pickled and restored levels


cdef object _in_children(renew):
    """Let children of a fork call a function first."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)


def _renew_token():
    global _token
    _token = _new_token()
    _own_tokens.add(_token)


_in_children(_renew_token)


class TableLock:
    """
    The reentrant lock of a table, as ``with table_lock.lock:``.

    A child of a fork gets a new one, because another thread of its parent may have held the old one.
    """

    def __init__(self):
        self.renew()
        _in_children(self.renew)

    def renew(self):
        self.lock = RLock()


cdef object _restoring = TableLock()  # threads that load one pickled level get one; a signal handler may pickle too


@cython.binding(False)
@cython.final
cdef class Level:
    """
    A level of infinitesimals, younger than every level made before it.

    Drivers make one for each call and retire it at the end.  A number that outlives the call keeps its level, which no
    later call ever seeds again.

    Attributes
    ----------
    age : int
        Position in the order of creation; elements list their levels oldest first.
    taylor : bool
        Whether the level holds the coefficients of a series in one variable.
    degree : int or None
        The degree of its polynomials, 1 for first-order tangents; None of a series, whose order its dtypes say.
    retired : bool
        Whether its driver's call has ended, or was that of another process.
    """
    cdef readonly long long age
    cdef Kind kind
    cdef Py_ssize_t highest  # the degree, where the kind does not say it
    cdef readonly bint retired
    cdef object token  # of the process that made it
    cdef object key  # (token, age), by which pickles find the level again; None until it is pickled
    cdef dict dtypes  # of the dtypes whose youngest level this is, or None
    cdef object __weakref__

    def __cinit__(self, *, bint taylor=False, bint near=False, Py_ssize_t degree=1):
        if degree < 1:
            raise ValueError(f"Level expects degree to be at least 1, got {degree}.")
        self.age = -1 - next_age() if near else next_age()  # a near level is older than all others
        self.token = _token
        self.kind = (Kind.near if near else Kind.taylor if taylor else Kind.polynomial if degree > 1
                     else Kind.first_order)
        self.highest = degree
        self.key = None
        self.dtypes = {}
        self.retired = False

    def retire(self):
        """Free the cached dtypes of this level: its driver's call has ended."""
        with cython.critical_section(self):
            self.dtypes = None
            self.retired = True

    @property
    def taylor(self):
        return self.kind == Kind.taylor or self.kind == Kind.near

    @property
    def degree(self):
        return None if self.taylor else self.highest

    def __repr__(self):
        return f"<Level {self.age}>"

    def __reduce__(self):
        if self is _taylor_level or self is look_up(_polynomial_levels, self.highest):
            return _permanent_level, (-self.highest,)
        if self in _permanent:
            return _permanent_level, (_permanent.index(self),)
        with _restoring.lock:
            if self.key is None:
                self.key = (self.token, self.age)
            _levels_by_key[self.key] = self
        return _restore_level, (self.key, self.taylor, self.highest)


def _restore_level(key, taylor, degree=1):
    """
    Return the level that was pickled under key: the same one, or in another process a fresh one that nothing seeds.

    A child that was forked within a driver's call pickles levels that their maker never did, so that the maker finds
    them among its live objects alone.
    """
    cdef Level level
    with _restoring.lock:
        level = _levels_by_key.get(key)
        if level is None and key[0] in _own_tokens:
            import gc
            level = next((x for x in gc.get_objects()
                          if type(x) is Level and ((<Level>x).token, (<Level>x).age) == key), None)
        if level is None:
            level = Level(taylor=taylor, degree=degree)
            level.retire()
        level.key = key
        _levels_by_key[key] = level
    return level


# The permanent levels of hand-made numbers: e1, e2, ..., one Taylor level, and one for each degree above 1.
cdef tuple _permanent = tuple([Level() for _ in range(MAX_LEVELS)])
cdef Level _taylor_level = Level(taylor=True)
cdef dict _polynomial_levels = {}
E1, E2 = _permanent[:2]


cdef Level _level_of_degree(Py_ssize_t degree):
    """Return the permanent level of polynomials of this degree."""
    if degree == 1:
        return E1
    level = look_up(_polynomial_levels, degree)
    return _polynomial_levels.setdefault(degree, Level(degree=degree)) if level is None else level


def _permanent_level(index):
    return _permanent[index] if index >= 0 else _taylor_level if index == -1 else _level_of_degree(-index)
