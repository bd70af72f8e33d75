// The kernels as NumPy takes them, and the list of all loops.
#pragma once
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/dtype_api.h>
#include <numpy/ufuncobject.h>

#include <array>
#include <new>
#include <utility>

#include "loops/kernels.h"

namespace dn {

// A dtype: NumPy's descriptor, then the levels (a tuple of Level, oldest first), their sizes (a tuple of int) and the
// shape of an element.
struct DualDescr {
  PyArray_Descr base;
  PyObject* levels;
  PyObject* sizes;
  ElementLayout layout;
};

inline const ElementLayout& layout_of(const PyArray_Descr* descr) {
  return reinterpret_cast<const DualDescr*>(descr)->layout;
}

// The DType class.  Its type slots are filled by the module (dtype.pxi) before NumPy gets it.
inline PyArray_DTypeMeta dual_dtype;

inline int out_of_memory() {
  NPY_ALLOW_C_API_DEF
  NPY_ALLOW_C_API
  PyErr_NoMemory();
  NPY_DISABLE_C_API
  return -1;
}

struct TieState {
  NpyAuxData base;
  TieCounts counts;
};

inline void free_tie_state(NpyAuxData* state) { delete reinterpret_cast<TieState*>(state); }
inline NpyAuxData* clone_tie_state(NpyAuxData*) {
  TieState* state = new (std::nothrow) TieState{{free_tie_state, clone_tie_state, {nullptr, nullptr}}, {}};
  return state ? &state->base : nullptr;
}

// Kernel number I as NumPy calls it; state is null or a TieState.
template <int I>
int strided_loop(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
                 NpyAuxData* state) {
  constexpr int operand = kernel_info[I].dual_operand();
  try {
    kernels[I](Operands{layout_of(context->descriptors[operand]), data, strides, counts[0],
                        state ? &reinterpret_cast<TieState*>(state)->counts : nullptr});
    return 0;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

// Chooses the loop of a kernel that counts ties, and gives it its state.
template <int I>
int get_loop_with_ties(PyArrayMethod_Context*, int, int, const npy_intp*, PyArrayMethod_StridedLoop** loop,
                       NpyAuxData** state, NPY_ARRAYMETHOD_FLAGS* flags) {
  *loop = strided_loop<I>;
  *flags = NPY_METH_NO_FLOATINGPOINT_ERRORS;
  *state = clone_tie_state(nullptr);
  return *state ? 0 : out_of_memory();
}

template <int I>
int product_loop(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
                 NpyAuxData*) {
  try {
    product_kernels[I](layout_of(context->descriptors[product_info[I].dual_operand()]), data, counts, strides);
    return 0;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

using GetLoop = int (*)(PyArrayMethod_Context*, int, int, const npy_intp*, PyArrayMethod_StridedLoop**, NpyAuxData**,
                        NPY_ARRAYMETHOD_FLAGS*);

// One loop of one ufunc, as it is registered.
struct LoopEntry {
  const char* ufunc;
  const char* types;
  Kernel kernel;  // for scalars, which call it themselves; null for products
  PyArrayMethod_StridedLoop* loop;
  GetLoop get_loop;  // null where the loop needs no state
  bool quiet;        // never raises a floating-point flag
};

inline constexpr int LOOP_ENTRIES = KERNELS + PRODUCTS;

template <int I>
LoopEntry loop_entry() {
  if constexpr (I < KERNELS) {
    constexpr KernelInfo info = kernel_info[I];
    const GetLoop get_loop = info.behaviour == Behaviour::ties ? get_loop_with_ties<I> : nullptr;
    return {info.ufunc, info.types, kernels[I], strided_loop<I>, get_loop, info.behaviour != Behaviour::warns};
  } else {
    constexpr KernelInfo info = product_info[I - KERNELS];
    return {info.ufunc, info.types, nullptr, product_loop<I - KERNELS>, nullptr, false};
  }
}
template <int... I>
std::array<LoopEntry, sizeof...(I)> make_loop_entries(std::integer_sequence<int, I...>) {
  return {loop_entry<I>()...};
}
inline const auto loop_entries = make_loop_entries(std::make_integer_sequence<int, LOOP_ENTRIES>());

struct ValueName {
  const char* name;
  const char* types;
};
inline const ValueName value_names[] = {
#define ROW(name, ...) {#name, "dd"},
#include "math/elementary.def"
#undef ROW
#define ROW2(name, ...) {#name, "ddd"},
#include "math/binary.def"
#undef ROW2
#define VALUE(name, types) {#name, types},
#include "loops/float_loops.def"
#undef VALUE
};

// Points value_loops[id] at the float64 loop of a ufunc; false if it has none.
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

}  // namespace dn
