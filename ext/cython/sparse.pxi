# Sparse Jacobians and Hessians from a tape (ext/reverse/sparse.h).

from libcpp.vector cimport vector

cdef extern from "reverse/sparse.h" namespace "dn::reverse" nogil:
    cdef cppclass LocalJacobian:
        Py_ssize_t call
        Shadow *out
        Shadow *into "in"
        Py_ssize_t n
        const Py_ssize_t *out_slot
        const Py_ssize_t *in_slot
        const double *slope

    cdef cppclass Seed:
        const Shadow *shadow
        const Py_ssize_t *column

    cdef cppclass Recording:
        const RecordTape *tape
        vector[Seed] seeds
        Py_ssize_t columns
        const Shadow *result
        const Py_ssize_t *result_slots
        Py_ssize_t rows
        vector[LocalJacobian] locals
        cbool second

    cdef cppclass Edge:
        pass

    vector[Edge] edges_of(const Recording &) except +

    cdef cppclass Pool "dn::reverse::Plan::Pool":
        Pool(const Plan &) except +
        double *data()

    cdef cppclass Plan:
        Plan(const Recording &) except +
        cbool fits(const Recording &) except +
        void forward(const Recording &, Pool &) except +
        const Record *backward(const vector[Edge] &, Py_ssize_t &, Pool &, double *) except +
        void elements(const double *, double *)
        size_t triangle
        vector[int] indptr
        vector[int] indices
        Py_ssize_t rows
        Py_ssize_t columns


@cython.binding(False)
@cython.final
cdef class SparsePlan:
    """
    Where the elements of a sparse Jacobian or Hessian are, and how they follow from a tape like that of its first call.

    Attributes
    ----------
    shape : tuple of int
    indptr, indices : ndarray of int32
        The structure in compressed rows, sorted; read-only.
    """
    cdef Plan *plan
    cdef readonly tuple shape
    cdef readonly object indptr, indices

    def __dealloc__(self):
        del self.plan


cdef object _int32_array(const vector[int] &numbers):
    made = np.empty(numbers.size(), dtype=np.int32)
    if numbers.size():
        memcpy((<ndarray>made).data, numbers.data(), numbers.size() * sizeof(int))
    made.flags.writeable = False
    return made


cdef object _slots(object x):
    """Return the places of the elements of a recorded array or number among its adjoints, in C order."""
    if type(x) is RecordedNumber:
        return np.zeros(1, dtype=np.intp)
    return np.ascontiguousarray(_positions(x), dtype=np.intp).reshape(-1)


cdef list _local_jacobian(tuple call):
    """Return (result, operand, rows, columns, elements) for pairs of a recorded call's results and operands."""
    pull, _, operands, results, jacobian = call
    moving = [i for i, x in enumerate(operands) if is_recorded(x) and _shadow_of(x) != NULL]
    if jacobian is not None:
        return [(results[0], operands[i], *jacobian()) for i in moving]
    found = []
    adjoints = [np.zeros(np.shape(values_of(made))) for made in results]
    for k, made in enumerate(results):
        rows = {i: [] for i in moving}
        for place in np.ndindex(adjoints[k].shape):
            adjoints[k][place] = 1.0
            parts = pull(*[a if a.ndim else a[()] for a in adjoints])
            adjoints[k][place] = 0.0
            for i in moving:
                rows[i].append(np.array(parts[i], dtype=float).reshape(-1))
        for i in moving:
            matrix = np.stack(rows[i]) if rows[i] else np.zeros((0, 1))
            rows_of, columns = np.indices(matrix.shape)
            found.append((made, operands[i], rows_of.reshape(-1), columns.reshape(-1), matrix.reshape(-1)))
    return found


cdef int _describe_locals(Tape tape, Recording *recording, list kept) except -1:
    cdef LocalJacobian made
    cdef Py_ssize_t place
    for place in range(len(tape.calls)):
        for result, operand, rows, columns, elements in _local_jacobian(tape.calls[place]):
            out_slots, in_slots = _slots(result)[rows], _slots(operand)[columns]
            elements = np.ascontiguousarray(elements, dtype=float)
            kept.append((out_slots, in_slots, elements))
            made.call, made.n = place, len(elements)
            made.out, made.into = _shadow_of(result), _shadow_of(operand)
            made.out_slot = <const Py_ssize_t *>(<ndarray>out_slots).data
            made.in_slot = <const Py_ssize_t *>(<ndarray>in_slots).data
            made.slope = <const double *>(<ndarray>elements).data
            recording.locals.push_back(made)
    return 0


cdef int _check_sparse(Tape tape, object y, list seeds) except -1:
    """Refuse variables and results of another tape, and columns that do not exist."""
    cdef Py_ssize_t columns = 0, start, size
    _check_own(tape, y, [x for x, _ in seeds], "sparse_derivatives")
    for x, _ in seeds:
        columns += _shadow_of(x).size
    for x, start in seeds:
        size = _shadow_of(x).size
        if not 0 <= start <= columns - size:
            raise ValueError(f"sparse_derivatives expects columns 0 to {columns}, got {start} to {start + size}.")
    if tape.second and np.size(values_of(y)) != 1:
        raise ValueError("sparse_derivatives expects a number for second derivatives.")
    return 0


def sparse_derivatives(Tape tape not None, y, list seeds not None, SparsePlan plan=None):
    """
    Return a plan that fits the tape, and the elements of the Jacobian, or of the Hessian of a number, in its order.

    Parameters
    ----------
    y : recorded array or number, or constant
    seeds : list
        What `record_variable` has returned, each with the column of its first element.
    plan : SparsePlan, optional
        That of an earlier call, which stays if the tape has the same records.

    Raises
    ------
    OverflowError
        If the matrix of an array on the way has more than 2**25 elements, or those of all arrays have more than 2**28.
    """
    cdef Recording recording
    cdef Seed seed
    cdef Pool *pool = NULL
    cdef vector[Edge] edges
    cdef vector[double] triangle
    cdef const Record *call
    cdef Py_ssize_t edge
    cdef list kept = []
    cdef double *elements
    _check_open(tape)
    recording.tape, recording.second, recording.columns = tape.records, tape.second, 0
    _check_sparse(tape, y, seeds)
    for x, start in seeds:
        columns = np.arange(start, start + _shadow_of(x).size)
        if type(x) is RecordedArray and not _contiguous((<RecordedArray>x).value):
            slots, columns = _slots(x), np.empty_like(columns)
            columns[slots] = np.arange(start, start + len(slots))
        kept.append(columns)
        seed.shadow, seed.column = _shadow_of(x), <const Py_ssize_t *>(<ndarray>columns).data
        recording.seeds.push_back(seed)
        recording.columns += seed.shadow.size
    recording.result = _shadow_of(y) if is_recorded(y) else NULL
    slots = _slots(y) if is_recorded(y) else np.zeros(np.size(y), dtype=np.intp)
    recording.result_slots, recording.rows = <const Py_ssize_t *>(<ndarray>slots).data, len(slots) * (not tape.second)
    with np.errstate(all="ignore"):
        _describe_locals(tape, &recording, kept)
        if plan is None or plan.plan == NULL or not plan.plan.fits(recording):
            plan = SparsePlan.__new__(SparsePlan)
            plan.plan = new Plan(recording)
            plan.shape = plan.plan.rows, plan.plan.columns
            plan.indptr, plan.indices = _int32_array(plan.plan.indptr), _int32_array(plan.plan.indices)
        found = np.empty(len(plan.indices))
        elements = <double *>(<ndarray>found).data
        pool = new Pool(plan.plan[0])
        try:
            with nogil:
                plan.plan.forward(recording, pool[0])
            if not tape.second:
                plan.plan.elements(pool.data(), elements)
                return plan, found
            triangle.resize(plan.plan.triangle)
            edges = edges_of(recording)
            edge = edges.size()
            tape.records.release_fields()
            if recording.result != NULL:
                _set_adjoint(_shadow_of(y), 0, 1.0)
            while True:
                with nogil:
                    call = plan.plan.backward(edges, edge, pool[0], triangle.data())
                if call == NULL:
                    break
                _pull(tape, (<const CallRecord *>call).place)
            plan.plan.elements(triangle.data(), elements)
        finally:
            del pool
    return plan, found, [_taken(x, ADJOINT) for x, _ in seeds]
