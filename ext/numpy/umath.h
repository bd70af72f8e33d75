// The resolve_descriptors slots of the loops: C entries that call umath.pxi.
#pragma once
#include "numpy/dtype.h"

namespace dn {

// Fills loop[] with a new reference to each operand's dtype.  Returns the casting that the operands need, or -1 with an
// exception set.  umath.pxi sets this pointer.
using ResolveOperands = int (*)(int nin, int nout, PyArray_DTypeMeta** dtypes, PyObject** given, PyObject** loop);
inline ResolveOperands resolve_operands = nullptr;

// NumPy does not tell a resolver the number of operands, so each number has its own resolver.
template <int Inputs, int Outputs>
NPY_CASTING resolve(void*, PyArray_DTypeMeta** dtypes, PyObject** given, PyObject** loop, npy_intp*) {
  return static_cast<NPY_CASTING>(resolve_operands(Inputs, Outputs, dtypes, given, loop));
}

// The resolver for these numbers of operands; null beyond four.
inline void* resolver(int nin, int nout) {
  using Resolver = NPY_CASTING (*)(void*, PyArray_DTypeMeta**, PyObject**, PyObject**, npy_intp*);
  static constexpr Resolver resolvers[4][4] = {
      {resolve<1, 1>, resolve<1, 2>, resolve<1, 3>, resolve<1, 4>},
      {resolve<2, 1>, resolve<2, 2>, resolve<2, 3>, resolve<2, 4>},
      {resolve<3, 1>, resolve<3, 2>, resolve<3, 3>, resolve<3, 4>},
      {resolve<4, 1>, resolve<4, 2>, resolve<4, 3>, resolve<4, 4>},
  };
  if (nin < 1 || nin > 4 || nout < 1 || nout > 4) return nullptr;
  return reinterpret_cast<void*>(resolvers[nin - 1][nout - 1]);
}

inline PyObject* promoter_capsule(void* promoter) { return PyCapsule_New(promoter, "numpy._ufunc_promoter", nullptr); }

}  // namespace dn
