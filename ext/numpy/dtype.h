// The dtypes of duals and of complex duals for NumPy and Python: descriptors, PyArray_Descr with levels, and the classes.
#pragma once
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/dtype_api.h>
#include <numpy/ufuncobject.h>

#include <new>

#include "math/element_layout.h"

namespace dn {

static_assert(sizeof(npy_intp) == sizeof(index_t), "NumPy's strides are passed to loops as they are");

// A descriptor.  An element of a complex one is two of the layout.
struct DualDescr {
  PyArray_Descr base;
  PyObject* levels;  // a tuple of Level, oldest first
  PyObject* sizes;   // a tuple of int, one a level
  PyObject* real;    // the dtype of the real part of complex duals, else null
  ElementLayout layout;
};

inline const ElementLayout& layout_of(const PyArray_Descr* descr) {
  return reinterpret_cast<const DualDescr*>(descr)->layout;
}
inline DualDescr* dual_descr(PyObject* self) { return reinterpret_cast<DualDescr*>(self); }

inline PyArray_DTypeMeta dual_dtype, complex_dual_dtype;

// Sets an exception and returns -1.  NumPy calls loops and sorts with the GIL or without it, so this takes the GIL.
inline int fail(PyObject* exception, const char* message) {
  const PyGILState_STATE state = PyGILState_Ensure();
  if (message) PyErr_SetString(exception, message);
  else PyErr_SetNone(exception);
  PyGILState_Release(state);
  return -1;
}
inline int out_of_memory() { return fail(PyExc_MemoryError, nullptr); }

// Readies a DType as a Python class, with the methods of dtype.pxi; returns -1 and sets an exception if that fails.
// NumPy calls `create` without arguments where it needs a default descriptor.
inline int ready_dtype(PyArray_DTypeMeta* dtype, const char* type_name, newfunc create, reprfunc repr,
                       PyCFunction reduce, getter name, const char* doc) {
  static PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
  static PyGetSetDef attributes[] = {
      {"levels", [](PyObject* self, void*) { return Py_NewRef(dual_descr(self)->levels); }, nullptr,
       "Levels, oldest first.", nullptr},
      {"sizes", [](PyObject* self, void*) { return Py_NewRef(dual_descr(self)->sizes); }, nullptr,
       "Tangents (or order) of each level.", nullptr},
      {"ncomponents",
       [](PyObject* self, void*) {
         return PyLong_FromSsize_t(dual_descr(self)->base.elsize / npy_intp{sizeof(double)});
       },
       nullptr, "Number of float64 in an element.", nullptr},
      {"degree", [](PyObject* self, void*) { return PyLong_FromSsize_t(dual_descr(self)->layout.degree()); }, nullptr,
       "Largest power of the infinitesimals above 0.", nullptr},
      {"name", name, nullptr, "Name, as NumPy's error messages show it.", nullptr},
      {nullptr, nullptr, nullptr, nullptr, nullptr}};
  PyTypeObject* type = reinterpret_cast<PyTypeObject*>(dtype);
  Py_SET_REFCNT(reinterpret_cast<PyObject*>(type), 1);
  Py_SET_TYPE(reinterpret_cast<PyObject*>(type), &PyArrayDTypeMeta_Type);
  type->tp_name = type_name;
  type->tp_doc = doc;
  type->tp_basicsize = sizeof(DualDescr);
  type->tp_flags = Py_TPFLAGS_DEFAULT;
  type->tp_base = &PyArrayDescr_Type;
  type->tp_new = create;
  type->tp_dealloc = [](PyObject* self) {
    Py_CLEAR(dual_descr(self)->levels);
    Py_CLEAR(dual_descr(self)->sizes);
    Py_CLEAR(dual_descr(self)->real);
    PyArrayDescr_Type.tp_dealloc(self);
  };
  // One number for all dtypes, which numpy_patches.py relies on in np.finfo's table.  NumPy's own hash reads fields that
  // only built-in dtypes have.
  type->tp_hash = [](PyObject* self) { return PyObject_Hash(reinterpret_cast<PyObject*>(Py_TYPE(self))); };
  type->tp_repr = repr;
  // np.lib.stride_tricks makes a dtype of this text.
  type->tp_str = [](PyObject* self) { return PyUnicode_FromFormat("|V%zd", dual_descr(self)->base.elsize); };
  type->tp_methods = methods;
  type->tp_getset = attributes;
  return PyType_Ready(type);
}

inline PyObject* new_descr(PyArray_DTypeMeta* dtype) {
  return PyArrayDescr_Type.tp_new(reinterpret_cast<PyTypeObject*>(dtype), nullptr, nullptr);
}

}  // namespace dn
