# The memory of large arrays while a driver calls its function; see memory.h.

cdef extern from "memory.h" namespace "dn":
    cdef cppclass Blocks:
        cbool huge_pages
    Blocks blocks
    object memory_capsule()
    cbool is_default_memory(object)

cdef extern from "memory.h":
    object PyDataMem_GetHandler()
    object PyDataMem_SetHandler(object)

cdef object _memory = memory_capsule()
blocks.huge_pages = getattr(np._core.multiarray, "_get_madvise_hugepage", bool)()


@cython.final
cdef class KeepMemory:
    """
    A context in which arrays reuse each other's memory, if those in it have so many numbers that it pays.

    Parameters
    ----------
    numbers : int
        In one array; from 8192 on it pays.

    Notes
    -----
    The C library gives large blocks back to the system whenever they are freed, and every page of a new one costs a
    fault: a driver's call on arrays of 1e5 duals spends half of its time there.  In this context NumPy takes its memory
    from a handler (NEP 49) that keeps blocks of 64 KiB and more for the next array.  At most 128 MiB of free blocks
    are kept, also after the call, for the next one.  A handler that the user has set stays in place, and threads that
    the function starts have NumPy's own.
    """
    cdef object outer  # the handler to be restored, or None
    cdef bint pays

    def __cinit__(self, Py_ssize_t numbers):
        self.pays = numbers >= 8192

    def __enter__(self):
        if self.pays and is_default_memory(PyDataMem_GetHandler()):
            self.outer = PyDataMem_SetHandler(_memory)

    def __exit__(self, *error):
        if self.outer is not None:
            PyDataMem_SetHandler(self.outer)
            self.outer = None
