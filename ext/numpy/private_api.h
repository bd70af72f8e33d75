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
#include <algorithm>

#include "loops/float_loops.h"
#include "numpy/dtype.h"

namespace dn {

constexpr int TYPE_NUMBER = 3000;   // above every number that NumPy looks up in a table; that of complex duals is next
constexpr char TYPE_LETTER = 0x7f;  // 0 is bool's: np.vectorize would return bools; complex duals have the one before

// The slot of a legacy array function in a DType's spec.
inline int array_function_slot(int index) {
  constexpr unsigned int NUMPY_2_4 = 0x15;
  return index + (PyArray_GetNDArrayCFeatureVersion() >= NUMPY_2_4 ? 1 << 11 : 1 << 10);
}

inline const char* ufunc_name(PyObject* ufunc) { return reinterpret_cast<PyUFuncObject*>(ufunc)->name; }
inline bool ufunc_of_matrices(PyObject* ufunc) { return reinterpret_cast<PyUFuncObject*>(ufunc)->core_enabled != 0; }

// The ufuncs whose float64 loops compute primals, in the order of value_loops.
inline const char* const value_names[] = {
#define ROW(name, ...) #name,
#include "math/elementary.def"
#define ROW2(name, ...) #name,
#include "math/binary.def"
#define VALUE(name) #name,
#include "loops/float_loops.def"
};

// The loop of a ufunc whose operands all have this type; without a function if the ufunc has none.
inline ValueLoop find_loop(PyObject* ufunc, char type) {
  const PyUFuncObject* u = reinterpret_cast<PyUFuncObject*>(ufunc);
  for (int i = 0; i < u->ntypes; ++i) {
    const char* types = u->types + i * u->nargs;
    if (u->functions && u->functions[i] && std::all_of(types, types + u->nargs, [=](char t) { return t == type; }))
      return {reinterpret_cast<decltype(ValueLoop::function)>(u->functions[i]), u->data ? u->data[i] : nullptr};
  }
  return {nullptr, nullptr};
}
// Points value_loops[id] at the float64 loop of a ufunc; false if the ufunc has none.
inline bool find_value_loop(int id, PyObject* ufunc) {
  value_loops[id] = find_loop(ufunc, NPY_DOUBLE);
  return value_loops[id].function;
}
// The same for the complex128 loops of add, multiply and divide.
inline bool find_complex_loops(PyObject* add, PyObject* multiply, PyObject* divide) {
  complex_add = find_loop(add, NPY_CDOUBLE);
  complex_multiply = find_loop(multiply, NPY_CDOUBLE);
  complex_divide = find_loop(divide, NPY_CDOUBLE);
  return complex_add.function && complex_multiply.function && complex_divide.function;
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
