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

// 0, or -1 with MemoryError set if the kernel runs out of memory.
template <class Call>
int run_loop(Call call) {
  try {
    call();
    return 0;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

// kernels[I] as a strided loop; state is null or a TieState.
template <int I>
int strided_loop(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
                 NpyAuxData* state) {
  constexpr int operand = kernel_info[I].dual_operand();
  TieCounts* ties = state ? &reinterpret_cast<TieState*>(state)->counts : nullptr;
  return run_loop(
      [&] { kernels[I](Operands{layout_of(context->descriptors[operand]), data, strides, counts[0], ties}); });
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
  const ElementLayout& layout = layout_of(context->descriptors[product_info[I].dual_operand()]);
  return run_loop([&] { product_kernels[I](layout, data, counts, strides); });
}

using GetLoop = int (*)(PyArrayMethod_Context*, int, int, const npy_intp*, PyArrayMethod_StridedLoop**, NpyAuxData**,
                        NPY_ARRAYMETHOD_FLAGS*);

// One loop of one ufunc; umath.pxi registers it.
struct LoopEntry {
  const char* ufunc;
  const char* types;
  Kernel kernel;  // scalars call it directly; null for products
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

}  // namespace dn
