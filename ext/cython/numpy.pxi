# Declarations of NumPy's C API and of the headers in ext/.

cdef extern from "numpy/loop_table.h" nogil:
    ctypedef Py_ssize_t npy_intp
    ctypedef int npy_bool

    ctypedef struct PyArray_Descr:
        char kind
        char type
        int type_num
        Py_ssize_t elsize
        Py_ssize_t alignment
        PyTypeObject *typeobj

    ctypedef struct PyArrayObject:
        pass

    ctypedef struct PyArray_DTypeMeta:
        pass

    ctypedef class numpy.ndarray [object PyArrayObject_fields, check_size ignore]:
        cdef:
            char *data
            int nd
            npy_intp *dimensions
            npy_intp *strides
            PyObject *base
            PyArray_Descr *descr
            int flags

    ctypedef struct PyArrayMethod_Context:
        PyObject *caller
        PyArray_Descr **descriptors

    ctypedef enum NPY_CASTING:
        NPY_NO_CASTING
        NPY_SAFE_CASTING
        NPY_SAME_KIND_CASTING
        NPY_UNSAFE_CASTING

    ctypedef enum NPY_ARRAYMETHOD_FLAGS:
        NPY_METH_NO_FLOATINGPOINT_ERRORS
        NPY_METH_IS_REORDERABLE
        NPY_METH_REQUIRES_PYAPI
        NPY_METH_SUPPORTS_UNALIGNED

    ctypedef void (*AnyFunction)()  # stands for functions of several C types, whose addresses Cython only passes on

    ctypedef struct PyType_Slot:
        int slot
        void *pfunc

    ctypedef struct PyArrayMethod_Spec:
        const char *name
        int nin
        int nout
        NPY_CASTING casting
        NPY_ARRAYMETHOD_FLAGS flags
        PyArray_DTypeMeta **dtypes
        PyType_Slot *slots

    ctypedef struct PyArrayDTypeMeta_Spec:
        PyTypeObject *typeobj
        int flags
        PyArrayMethod_Spec **casts
        PyType_Slot *slots
        PyTypeObject *baseclass

    int NPY_DT_PARAMETRIC, NPY_DT_NUMERIC
    int NPY_DT_discover_descr_from_pyobject, NPY_DT_default_descr, NPY_DT_common_dtype, NPY_DT_common_instance
    int NPY_DT_ensure_canonical, NPY_DT_setitem, NPY_DT_getitem
    int NPY_METH_resolve_descriptors, NPY_METH_strided_loop, NPY_METH_unaligned_strided_loop
    int NPY_METH_get_loop, NPY_METH_get_reduction_initial
    int NPY_DOUBLE, NPY_BOOL, NPY_INT, NPY_LONG, NPY_LONGLONG, NPY_OBJECT
    int NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE
    ctypedef enum NPY_ORDER:
        NPY_KEEPORDER

    PyTypeObject PyArrayDescr_Type
    PyTypeObject PyArrayDTypeMeta_Type
    PyTypeObject PyArray_Type

    int _import_array() except -1
    int _import_umath() except -1
    int PyArrayInitDTypeMeta_FromSpec(PyArray_DTypeMeta *, PyArrayDTypeMeta_Spec *) except -1
    int PyUFunc_AddLoopFromSpec(object, PyArrayMethod_Spec *) except -1
    int PyUFunc_AddPromoter(object, object, object) except -1
    PyArray_Descr *PyArray_DescrFromType(int) except NULL
    object PyArray_NewCopy(PyArrayObject *, NPY_ORDER)
    object PyArray_NewLikeArray(PyArrayObject *, NPY_ORDER, PyArray_Descr *, int)
    object PyArray_NewFromDescr(PyTypeObject *, PyArray_Descr *, int, npy_intp *, npy_intp *, void *, int, object)
    object PyArray_View(PyArrayObject *, PyArray_Descr *, PyTypeObject *)
    int PyArray_SetBaseObject(PyArrayObject *, PyObject *) except -1
    npy_intp PyArray_SIZE(PyArrayObject *)
    bint PyDataType_ISNOTSWAPPED(PyArray_Descr *)
    int PyUFunc_GiveFloatingpointErrors(const char *, int) except -1
    int NPY_FPE_DIVIDEBYZERO, NPY_FPE_OVERFLOW, NPY_FPE_UNDERFLOW, NPY_FPE_INVALID

cdef enum:
    MAX_AXES = 64  # NPY_MAXDIMS of NumPy 2

cdef extern from "math/element_layout.h" namespace "dn" nogil:
    cdef enum:
        MAX_LEVELS "dn::MAX_LEVELS"

    cdef enum class Kind(int):
        first_order
        taylor
        polynomial
        near

    cdef cppclass ElementLayout:
        int levels
        Kind kind[MAX_LEVELS]
        Py_ssize_t size[MAX_LEVELS]
        Py_ssize_t stride[MAX_LEVELS + 1]
        Py_ssize_t components()
        Py_ssize_t degree()
        Py_ssize_t tangents(int)
        Py_ssize_t degree_of(int, Py_ssize_t)
        cbool set_level(int, Kind, Py_ssize_t, Py_ssize_t) except +
        cbool is_near()
        cbool is_dual()
        cbool is_hyper()
        cbool has_second_order_chain()
        cbool lay_out(Py_ssize_t)

cdef extern from "loops/operands.h" namespace "dn" nogil:
    ctypedef struct Operands:
        pass
    ctypedef void (*Kernel)(const Operands &)
    cbool run(Kernel, const ElementLayout &, char **, const Py_ssize_t *, Py_ssize_t)

cdef extern from "numpy/dtype.h" namespace "dn":
    ctypedef struct DualDescr:
        PyArray_Descr base
        PyObject *levels
        PyObject *sizes
        PyObject *real
        ElementLayout layout

    PyArray_DTypeMeta dual_dtype, complex_dual_dtype

    int ready_dtype(PyArray_DTypeMeta *, const char *, object (*)(PyTypeObject *, PyObject *, PyObject *),
                    object (*)(object), object (*)(object, PyObject *), object (*)(object, void *),
                    const char *) except -1
    PyObject *new_descr(PyArray_DTypeMeta *) except NULL

cdef extern from "numpy/private_api.h" namespace "dn":
    const int TYPE_NUMBER
    const char TYPE_LETTER
    int array_function_slot(int)
    const char *ufunc_name(object)
    bint ufunc_of_matrices(object)

    const char **value_names
    const int VALUE_COUNT
    cbool find_value_loop(int, PyObject *)
    cbool find_complex_loops(PyObject *, PyObject *, PyObject *)
    cbool find_float64_sorts()

cdef extern from "numpy/loop_table.h" namespace "dn":
    ctypedef struct LoopEntry:
        const char *ufunc
        const char *types
        Kernel kernel
        PyType_Slot loop
        bint quiet

    const LoopEntry *loop_entries
    const int LOOP_ENTRIES

    ctypedef struct RowText:
        const char *columns[13]
        const double *bounds

    const RowText *elementary_text
    const RowText *binary_text
    const int ELEMENTARY_ROWS
    const int BINARY_ROWS

cdef extern from "numpy/umath.h" namespace "dn":
    ctypedef int (*ResolveOperands)(int, int, PyArray_DTypeMeta **, PyObject **, PyObject **) except -1
    ResolveOperands resolve_operands
    void *resolver(int, int)
    object promoter_capsule(void *)

cdef extern from "numpy/casts.h" namespace "dn" nogil:
    cbool embedding(const DualDescr *, const DualDescr *, Py_ssize_t *)
    void embed(const ElementLayout &, const Py_ssize_t *, const double *, Py_ssize_t, double *)

    AnyFunction cast_levels, cast_to_bool, cast_real_levels, cast_complex_levels, cast_complex_to_bool
    ctypedef struct CastFrom:
        int type_num
        AnyFunction loop
    const CastFrom *casts_from
    const int CASTS_FROM
    const CastFrom *casts_from_complex
    const int CASTS_FROM_COMPLEX
    const int *casts_refused
    const int CASTS_REFUSED

cdef extern from "numpy/array_functions.h" namespace "dn" nogil:
    AnyFunction copyswap, copyswapn, nonzero, compare, fill, sort, argsort
    AnyFunction arg_largest "dn::arg_extremum<true>"
    AnyFunction arg_smallest "dn::arg_extremum<false>"
    AnyFunction complex_nonzero, complex_compare
    AnyFunction complex_arg_largest "dn::complex_arg_extremum<true>"
    AnyFunction complex_arg_smallest "dn::complex_arg_extremum<false>"


cdef inline bint _is_float64(PyArray_Descr *descr) noexcept:
    """Whether a dtype is float64 in native byte order: pickles and other packages make instances of their own."""
    return descr.type_num == NPY_DOUBLE and PyDataType_ISNOTSWAPPED(descr)


cdef inline PyArrayObject *_array(object a):
    return <PyArrayObject *><PyObject *>a


cdef inline object _new_array(PyTypeObject *cls, object dtype, int nd, npy_intp *dimensions):
    """Return an uninitialised array in C order."""
    Py_INCREF(dtype)  # for the array, which takes over a reference
    return PyArray_NewFromDescr(cls, <PyArray_Descr *><PyObject *>dtype, nd, dimensions, NULL, NULL, 0, None)


cdef inline PyObject *_new_reference(object x):
    Py_INCREF(x)
    return <PyObject *>x


_import_array()
_import_umath()
