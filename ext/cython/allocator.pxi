# The memory of large arrays while a driver calls its function; see allocator.h.

cdef extern from "numpy/allocator.h" namespace "dn":
    cdef cppclass Blocks:
        cbool huge_pages
    Blocks blocks
    int open_passes
    cbool keeping
    void _count_passes "dn::count_passes" (int)
    void _set_keeping "dn::set_keeping" (cbool)
    object memory_capsule()
    cbool is_default_memory(object)

cdef extern from "numpy/allocator.h":
    object PyDataMem_GetHandler()
    PyObject *PyDataMem_SetHandler(PyObject *) except NULL

cdef object _memory = memory_capsule()
blocks.huge_pages = getattr(np._core.multiarray, "_get_madvise_hugepage", bool)()


cdef int _keep_memory() except -1:
    """To the end of the outermost pass NumPy takes its memory from blocks that are kept."""
    if not keeping and is_default_memory(PyDataMem_GetHandler()):
        Py_XDECREF(PyDataMem_SetHandler(<PyObject *>_memory))
        _set_keeping(True)
    return 0


cdef inline int _keep_if_large(Py_ssize_t n_bytes) except -1:
    return _keep_memory() if n_bytes > 65536 and open_passes > 0 else 0


cdef inline void _open_pass() noexcept:
    _count_passes(1)


cdef int _close_pass() except -1:
    _count_passes(-1)
    if keeping and open_passes == 0:
        _set_keeping(False)
        if PyDataMem_GetHandler() is _memory:
            Py_XDECREF(PyDataMem_SetHandler(NULL))
    return 0


@cython.final
cdef class KeepMemory:
    """
    A pass of a driver: a context in which large arrays reuse each other's memory.

    Parameters
    ----------
    numbers : int
        In the array that the function is given. From 8192 on memory is kept from the beginning, otherwise from the
        first large array of duals on.

    Notes
    -----
    The C library gives large blocks back to the system whenever they are freed, and every page of a new one costs a
    fault: a driver's call on arrays of 1e5 duals spends half of its time there.  In this context NumPy takes its memory
    from a handler (NEP 49) that keeps blocks of 64 KiB and more for the next array.  At most 128 MiB of free blocks
    are kept, also after the call, for the next one.  A handler that the user has set stays in place, and threads that
    the function starts have NumPy's own.
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
