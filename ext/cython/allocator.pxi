# Sets NumPy's memory handler of allocator.h while a driver calls its function on large arrays.

cdef extern from "numpy/allocator.h" namespace "dn":
    cdef cppclass BlockCache:
        cbool huge_pages
    BlockCache block_cache
    int pass_depth
    cbool handler_is_set
    object memory_capsule()
    cbool is_default_memory(object)

cdef extern from "numpy/allocator.h":
    object PyDataMem_GetHandler()
    PyObject *PyDataMem_SetHandler(PyObject *) except NULL

cdef object _memory = memory_capsule()
block_cache.huge_pages = getattr(np._core.multiarray, "_get_madvise_hugepage", bool)()


cdef int _keep_memory() except -1:
    """Set the handler until the outermost pass of this thread ends, unless the user has set one."""
    global handler_is_set
    if not handler_is_set and is_default_memory(PyDataMem_GetHandler()):
        Py_XDECREF(PyDataMem_SetHandler(<PyObject *>_memory))
        handler_is_set = True
    return 0


cdef inline int _keep_if_large(Py_ssize_t n_bytes) except -1:
    """Set the handler before a loop allocates a large result inside a pass."""
    return _keep_memory() if n_bytes > 65536 and pass_depth > 0 else 0


cdef inline void _open_pass() noexcept:
    global pass_depth
    pass_depth += 1


cdef int _close_pass() except -1:
    global pass_depth, handler_is_set
    pass_depth -= 1
    if handler_is_set and pass_depth == 0:
        handler_is_set = False
        if PyDataMem_GetHandler() is _memory:  # f may have set another one, which stays
            Py_XDECREF(PyDataMem_SetHandler(NULL))
    return 0


@cython.binding(False)
@cython.final
cdef class KeepMemory:
    """
    A pass of a driver, as a context: large arrays reuse each other's memory in it.

    Parameters
    ----------
    numbers : int
        How many numbers the function's argument has. From 8192 on the pass begins with NumPy's memory handler set;
        below, the first array of duals of more than 64 KiB sets it.

    Notes
    -----
    The C library returns large freed blocks to the system, and every page of a new block costs a page fault: a driver's
    call on arrays of 1e5 duals spends half of its time there.  The handler (NEP 49) caches freed blocks of 4 KiB and
    more for the next arrays, at most 128 MiB, also beyond the end of the pass.  A handler that the user has set stays
    in place.  Threads that the function starts have NumPy's own handler, which is a context variable.
    """
    cdef bint pays

    def __cinit__(self, Py_ssize_t numbers):
        self.pays = numbers >= 8192

    def __enter__(self):
        _open_pass()
        if self.pays:
            _keep_memory()

    def __exit__(self, *error):
        _close_pass()
