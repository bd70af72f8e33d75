// Everything that native code uses of NumPy beyond its documented C API, tested with NumPy 2.0 to 2.5.
//
//   what                               why                                        if it is gone
//   functions, types, data, core_...   values by NumPy's own float64 loops: the   ImportError that names the ufunc, when
//   of PyUFuncObject                   same bits, and SIMD                        dualnum is imported
//   sort, argsort of float64's         ties and signs of zero in float64's order  ImportError
//   PyArray_ArrFuncs
//   slot numbers of array functions    copyswap, nonzero, sort ... of a user      NumPy refuses the DType class when
//   (1 << 10, from 2.4 on 1 << 11)     dtype: NULL ones crash                     dualnum is imported
//   TYPE_NUMBER, TYPE_LETTER           NumPy indexes C tables with numbers below  np.einsum and np.vectorize refuse duals
//                                      NPY_VSTRING; letter 0 is bool's            or crash
//   PyArrayObject_fields               DualArray extends the struct               ImportError, in array.pxi
//
// The Python objects of NumPy that dualnum extends stand in dualnum/rules/numpy_patches.py.
#pragma once
#include "loops/float_loops.h"
#include "numpy/dtype.h"

namespace dn {

constexpr int TYPE_NUMBER = 3000;   // above every number that NumPy looks up in a table
constexpr char TYPE_LETTER = 0x7f;  // 0 is bool's: np.vectorize would return bools

// The slot of a legacy array function in a DType's spec.
inline int array_function_slot(int index) {
  constexpr unsigned int NUMPY_2_4 = 0x15;
  return index + (PyArray_GetNDArrayCFeatureVersion() >= NUMPY_2_4 ? 1 << 11 : 1 << 10);
}

inline const char* ufunc_name(PyObject* ufunc) { return reinterpret_cast<PyUFuncObject*>(ufunc)->name; }
inline bool ufunc_of_matrices(PyObject* ufunc) { return reinterpret_cast<PyUFuncObject*>(ufunc)->core_enabled != 0; }

// The ufuncs whose float64 loops compute primals, in the order of value_loops.
struct ValueName {
  const char* name;
  const char* types;
};
inline const ValueName value_names[] = {
#define ROW(name, ...) {#name, "dd"},
#include "math/elementary.def"
#define ROW2(name, ...) {#name, "ddd"},
#include "math/binary.def"
#define VALUE(name, types) {#name, types},
#include "loops/float_loops.def"
};

// Points value_loops[id] at the float64 loop of a ufunc; false if the ufunc has none.
inline bool find_value_loop(int id, PyObject* ufunc) {
  const PyUFuncObject* u = reinterpret_cast<PyUFuncObject*>(ufunc);
  const char* wanted = value_names[id].types;
  for (int i = 0; i < u->ntypes; ++i) {
    const char* types = u->types + i * u->nargs;
    bool matches = true;
    for (int j = 0; j < u->nargs; ++j) matches &= wanted[j] == 'd' && types[j] == NPY_DOUBLE;
    if (matches && u->functions && u->functions[i]) {
      value_loops[id] = {reinterpret_cast<decltype(ValueLoop::function)>(u->functions[i]),
                         u->data ? u->data[i] : nullptr};
      return true;
    }
  }
  return false;
}

inline PyArray_SortFunc* float64_sort;
inline PyArray_ArgSortFunc* float64_argsort;
// Finds NumPy's own; false if they are missing.
inline bool find_float64_sorts() {
  PyArray_Descr* descr = PyArray_DescrFromType(NPY_DOUBLE);
  float64_sort = PyDataType_GetArrFuncs(descr)->sort[NPY_QUICKSORT];
  float64_argsort = PyDataType_GetArrFuncs(descr)->argsort[NPY_QUICKSORT];
  Py_DECREF(descr);
  return float64_sort && float64_argsort;
}

}  // namespace dn
