// The DType class of duals as NumPy and Python see it: an extended descriptor, and the type's slots.
#pragma once
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/dtype_api.h>
#include <numpy/ufuncobject.h>

#include <new>

#include "math/element_layout.h"

namespace dn {

static_assert(sizeof(npy_intp) == sizeof(index_t), "NumPy's strides are passed to loops as they are");

// A dtype: NumPy's descriptor, then the levels (a tuple of Level, oldest first), their sizes (a tuple of int) and the
// layout of an element.
struct DualDescr {
  PyArray_Descr base;
  PyObject* levels;
  PyObject* sizes;
  ElementLayout layout;
};

inline const ElementLayout& layout_of(const PyArray_Descr* descr) {
  return reinterpret_cast<const DualDescr*>(descr)->layout;
}

inline PyArray_DTypeMeta dual_dtype;

// Sets MemoryError, from a loop that runs without the GIL too, and returns -1.
inline int out_of_memory() {
  NPY_ALLOW_C_API_DEF
  NPY_ALLOW_C_API
  PyErr_NoMemory();
  NPY_DISABLE_C_API
  return -1;
}

// The methods of the class, which dtype.pxi implements.
struct DTypeMethods {
  newfunc create;
  destructor dealloc;
  hashfunc hash;  // NumPy's own reads fields that only built-in dtypes have
  reprfunc repr, str;
  PyCFunction reduce;
  getter levels, sizes, ncomponents, degree, name;
};

// Makes dual_dtype a class.  Python calls its methods; NumPy calls `create` for descriptors without arguments.
inline int ready_dual_dtype(const DTypeMethods& m, const char* doc) {
  static PyMethodDef methods[] = {{"__reduce__", m.reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
  static PyGetSetDef attributes[] = {
      {"levels", m.levels, nullptr, "Levels, oldest first.", nullptr},
      {"sizes", m.sizes, nullptr, "Tangents (or order) of each level.", nullptr},
      {"ncomponents", m.ncomponents, nullptr, "Number of float64 in an element.", nullptr},
      {"degree", m.degree, nullptr, "Largest power of the infinitesimals above 0.", nullptr},
      {"name", m.name, nullptr, "Name, as NumPy's error messages show it.", nullptr},
      {nullptr, nullptr, nullptr, nullptr, nullptr}};
  PyTypeObject* type = reinterpret_cast<PyTypeObject*>(&dual_dtype);
  Py_SET_REFCNT(reinterpret_cast<PyObject*>(type), 1);
  Py_SET_TYPE(reinterpret_cast<PyObject*>(type), &PyArrayDTypeMeta_Type);
  type->tp_name = "dualnum.DualDType";
  type->tp_doc = doc;
  type->tp_basicsize = sizeof(DualDescr);
  type->tp_flags = Py_TPFLAGS_DEFAULT;
  type->tp_base = &PyArrayDescr_Type;
  type->tp_new = m.create;
  type->tp_dealloc = m.dealloc;
  type->tp_hash = m.hash;
  type->tp_repr = m.repr;
  type->tp_str = m.str;
  type->tp_methods = methods;
  type->tp_getset = attributes;
  return PyType_Ready(type);
}

inline PyObject* new_descr() {
  return PyArrayDescr_Type.tp_new(reinterpret_cast<PyTypeObject*>(&dual_dtype), nullptr, nullptr);
}
inline void base_dealloc(PyObject* self) { PyArrayDescr_Type.tp_dealloc(self); }

}  // namespace dn
