# distutils: language = c++
# cython: language_level=3, cdivision=True
# cython: freethreading_compatible=True
"""The compiled half of dualnum: levels, the dtype, scalars, loops, arrays, seeds; the mathematics is in the headers."""

cimport cython
from cpython.exc cimport PyErr_Occurred, PyErr_SetString
from cpython.object cimport (
    Py_EQ, Py_GT, Py_LE, Py_LT, Py_NE, Py_TYPE, PyObject, PyTypeObject, newfunc)
from cpython.ref cimport Py_INCREF, Py_DECREF, Py_XDECREF
from libc.math cimport NAN, fabs
from libc.string cimport memcpy, memset
from libcpp cimport bool as cbool

import functools
import itertools
import numbers
import os
import sys
import weakref
from collections import namedtuple

import numpy as np

include "numpy.pxi"
include "levels.pxi"
include "dtype.pxi"
include "arithmetic.pxi"
include "scalar.pxi"
include "complex.pxi"
include "functions.pxi"
include "printing.pxi"
include "umath.pxi"
include "array_fast_path.pxi"
include "array.pxi"
include "python_rules.pxi"
include "matmul.pxi"
include "seeding.pxi"
include "allocator.pxi"
include "tape.pxi"
include "recorded.pxi"
include "recorded_array.pxi"
include "recorded_number.pxi"
include "pull_back.pxi"
include "second_sweep.pxi"
include "sparse.pxi"
include "lifting.pxi"
include "grades.pxi"
include "driver_fast_path.pxi"

_neutral = _bootstrap()
numbers.Number.register(Dual)
numbers.Complex.register(ComplexDual)
(<PyTypeObject *>Dual).tp_new = <newfunc>_zero_dual
(<PyTypeObject *>ComplexDual).tp_new = <newfunc>_zero_complex
no_sequence(<PyTypeObject *>Dual)
no_sequence(<PyTypeObject *>ComplexDual)
DualDType = <object><PyObject *>&dual_dtype
ComplexDualDType = <object><PyObject *>&complex_dual_dtype
DUAL_DTYPES = (DualDType, ComplexDualDType)
# The functions of dualnum's namespace, by name; predicates and those of several results are NumPy's own.
FUNCTIONS = {
    name: getattr(np, name) if (<UfuncEntry>_entries[_ufuncs[place]]).place < 0
    else _function_of_one(name) if _ufuncs[place].nin == 1 else _function_of_two(name)
    for name, place in _kernel_index.items()
}
_methods.update({name: function for name, function in FUNCTIONS.items() if name not in _array_attributes})
ELEMENTARY = _rows_of(Row, elementary_text, ELEMENTARY_ROWS, 2)
BINARY = _rows_of(Row2, binary_text, BINARY_ROWS, 4)
