// The kernels as NumPy's strided loops, and the table of all loops.
#pragma once
#include <array>
#include <new>
#include <utility>

#include "loops/kernels.h"
#include "numpy/dtype.h"

namespace dn {

// The auxiliary data of a call whose kernel counts ties.
struct TieState {
  NpyAuxData base;
  TieCounts counts;
};

inline void free_tie_state(NpyAuxData* state) { delete reinterpret_cast<TieState*>(state); }
inline NpyAuxData* clone_tie_state(NpyAuxData*) {
  TieState* state = new (std::nothrow) TieState{{free_tie_state, clone_tie_state, {nullptr, nullptr}}, {}};
  return state ? &state->base : nullptr;
}

// kernels[I] as a strided loop; state is null or a TieState.
template <int I>
int strided_loop(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
                 NpyAuxData* state) {
  constexpr int operand = kernel_info[I].dual_operand();
  TieCounts* ties = state ? &reinterpret_cast<TieState*>(state)->counts : nullptr;
  const ElementLayout& layout = layout_of(context->descriptors[operand]);
  return run(kernels[I], layout, data, strides, counts[0], ties) ? 0 : out_of_memory();
}

// Gives NumPy the loop of a kernel that counts ties, with a new TieState for the call.
template <int I>
int get_loop_with_ties(PyArrayMethod_Context*, int, int, const npy_intp*, PyArrayMethod_StridedLoop** loop,
                       NpyAuxData** state, NPY_ARRAYMETHOD_FLAGS* flags) {
  *loop = strided_loop<I>;
  *flags = NPY_METH_NO_FLOATINGPOINT_ERRORS;
  *state = clone_tie_state(nullptr);
  return *state ? 0 : out_of_memory();
}

// product_kernels[I] as a strided loop.
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

// One loop of one ufunc; umath.pxi registers it.
struct LoopEntry {
  const char* ufunc;
  const char* types;
  Kernel kernel;     // scalars call it directly; null for products
  PyType_Slot loop;  // NPY_METH_strided_loop, or NPY_METH_get_loop where a call needs a state
  bool quiet;        // never raises a floating-point flag
};

inline constexpr int LOOP_ENTRIES = KERNELS + PRODUCTS;

template <int I>
LoopEntry loop_entry() {
  if constexpr (I < KERNELS) {
    constexpr KernelInfo info = kernel_info[I];
    PyType_Slot loop{NPY_METH_strided_loop, reinterpret_cast<void*>(strided_loop<I>)};
    if constexpr (info.behaviour == Behaviour::ties)
      loop = {NPY_METH_get_loop, reinterpret_cast<void*>(get_loop_with_ties<I>)};
    return {info.ufunc, info.types, kernels[I], loop, info.behaviour != Behaviour::warns};
  } else {
    constexpr KernelInfo info = product_info[I - KERNELS];
    const PyType_Slot loop{NPY_METH_strided_loop, reinterpret_cast<void*>(product_loop<I - KERNELS>)};
    return {info.ufunc, info.types, nullptr, loop, false};
  }
}
template <int... I>
std::array<LoopEntry, sizeof...(I)> make_loop_entries(std::integer_sequence<int, I...>) {
  return {loop_entry<I>()...};
}
inline const auto loop_entries = make_loop_entries(std::make_integer_sequence<int, LOOP_ENTRIES>());

}  // namespace dn
