// The loops as NumPy takes them, and the list of all of them.  The only header that knows NumPy.
#pragma once
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/dtype_api.h>
#include <numpy/ufuncobject.h>

#include <new>

#include "loops/matmul.h"
#include "loops/piecewise.h"

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

// Elementwise loops.  `Operand` is the first operand that is dual.
template <Kernel kernel, int Operand>
int strided_loop(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
                 NpyAuxData* state) {
  try {
    kernel(Operands{layout_of(context->descriptors[Operand]), data, strides, counts[0],
                    state ? &reinterpret_cast<TieState*>(state)->counts : nullptr});
    return 0;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

inline void free_tie_state(NpyAuxData* state) { delete reinterpret_cast<TieState*>(state); }
inline NpyAuxData* clone_tie_state(NpyAuxData*) {
  TieState* state = new (std::nothrow) TieState{{free_tie_state, clone_tie_state, {nullptr, nullptr}}, {}};
  return state ? &state->base : nullptr;
}

template <Kernel kernel, int Operand>
int loop_with_ties(PyArrayMethod_Context*, int, int, const npy_intp*, PyArrayMethod_StridedLoop** loop,
                   NpyAuxData** state, NPY_ARRAYMETHOD_FLAGS* flags) {
  *loop = strided_loop<kernel, Operand>;
  *flags = NPY_METH_NO_FLOATINGPOINT_ERRORS;
  *state = clone_tie_state(nullptr);
  return *state ? 0 : out_of_memory();
}

using ProductKernel = void (*)(const ElementLayout&, char* const*, const index_t*, const index_t*);

template <ProductKernel kernel, int Operand>
int product_loop(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
                 NpyAuxData*) {
  try {
    kernel(layout_of(context->descriptors[Operand]), data, counts, strides);
    return 0;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

using GetLoop = int (*)(PyArrayMethod_Context*, int, int, const npy_intp*, PyArrayMethod_StridedLoop**, NpyAuxData**,
                        NPY_ARRAYMETHOD_FLAGS*);

// One loop of one ufunc.  types has a letter an operand: D dual, d float64, ? bool, i int, l long.
struct LoopEntry {
  const char* ufunc;
  const char* types;
  Kernel kernel;  // for scalars, which call it themselves; null for products
  PyArrayMethod_StridedLoop* loop;
  GetLoop get_loop;
  bool quiet;  // never raises a floating-point flag
};

#define UNARY(name, kernel) {#name, "DD", kernel, strided_loop<kernel, 0>, nullptr, false}
#define MIXED_OF(name, kernel, parameter)                                                                      \
  {#name, "DDD", kernel<parameter, true, true>, strided_loop<kernel<parameter, true, true>, 0>, nullptr, false}, \
      {#name, "DdD", kernel<parameter, true, false>, strided_loop<kernel<parameter, true, false>, 0>, nullptr,   \
       false},                                                                                                 \
      {#name, "dDD", kernel<parameter, false, true>, strided_loop<kernel<parameter, false, true>, 1>, nullptr,   \
       false}
#define EXTREMUM(name)                                                                                        \
  {#name, "DDD", extremum_loop<value_of_##name, true, true>, nullptr,                                         \
   loop_with_ties<extremum_loop<value_of_##name, true, true>, 0>, true},                                      \
      {#name, "DdD", extremum_loop<value_of_##name, true, false>, nullptr,                                    \
       loop_with_ties<extremum_loop<value_of_##name, true, false>, 0>, true},                                 \
      {#name, "dDD", extremum_loop<value_of_##name, false, true>, nullptr,                                    \
       loop_with_ties<extremum_loop<value_of_##name, false, true>, 1>, true}
#define PREDICATE(name, test) {#name, "D?", predicate<test>, strided_loop<predicate<test>, 0>, nullptr, true}
#define COMPARISON(name, test)                                                             \
  {#name, "DD?", comparison<test>, strided_loop<comparison<test>, 0>, nullptr, true},      \
      {#name, "Dd?", comparison<test>, strided_loop<comparison<test>, 0>, nullptr, true}, { \
    #name, "dD?", comparison<test>, strided_loop<comparison<test>, 1>, nullptr, true       \
  }
// np.any and its kin carry a bool
#define LOGICAL_REDUCTION(name, test) \
  {#name, "?D?", nullptr, strided_loop<comparison_of<npy_bool, test>, 1>, nullptr, true}
#define PRODUCT(name)                                                                                                \
  {#name, "DDD", nullptr, product_loop<product<value_of_##name, true, true>, 0>, nullptr, false},                    \
      {#name, "DdD", nullptr, product_loop<product<value_of_##name, true, false>, 0>, nullptr, false},               \
      {#name, "dDD", nullptr, product_loop<product<value_of_##name, false, true>, 1>, nullptr, false}

inline const LoopEntry loop_entries[] = {
#define ROW(name, ...) UNARY(name, unary<rows::name##_>),
#include "math/elementary.def"
#undef ROW
#define ROW2(name, ...) MIXED_OF(name, binary, rows::name##_),
#include "math/binary.def"
#undef ROW2
    MIXED_OF(add, linear, value_of_add),
    MIXED_OF(subtract, linear, value_of_subtract),
    UNARY(positive, piecewise_unary<PositiveSlope>),
    UNARY(conjugate, piecewise_unary<PositiveSlope>),
    UNARY(negative, negative),
    UNARY(absolute, piecewise_unary<AbsoluteSlope>),
    UNARY(fabs, piecewise_unary<AbsoluteSlope>),
    UNARY(sign, piecewise_unary<StepSlope<value_of_sign>>),
    UNARY(floor, piecewise_unary<StepSlope<value_of_floor>>),
    UNARY(ceil, piecewise_unary<StepSlope<value_of_ceil>>),
    UNARY(rint, piecewise_unary<StepSlope<value_of_rint>>),
    UNARY(trunc, piecewise_unary<StepSlope<value_of_trunc>>),
    MIXED_OF(copysign, piecewise_binary, CopysignSlope),
    MIXED_OF(remainder, piecewise_binary, RemainderSlope<value_of_remainder>),
    MIXED_OF(fmod, piecewise_binary, RemainderSlope<value_of_fmod>),
    MIXED_OF(floor_divide, piecewise_binary, BinaryStepSlope<value_of_floor_divide>),
    MIXED_OF(heaviside, piecewise_binary, HeavisideSlope),
    EXTREMUM(maximum),
    EXTREMUM(minimum),
    EXTREMUM(fmax),
    EXTREMUM(fmin),
    {"clip", "DDDD", clip, strided_loop<clip, 0>, nullptr, true},
    {"divmod", "DDDD", divmod<true, true>, strided_loop<divmod<true, true>, 0>, nullptr, false},
    {"divmod", "DdDD", divmod<true, false>, strided_loop<divmod<true, false>, 0>, nullptr, false},
    {"divmod", "dDDD", divmod<false, true>, strided_loop<divmod<false, true>, 1>, nullptr, false},
    {"modf", "DDD", modf, strided_loop<modf, 0>, nullptr, false},
    {"frexp", "DDi", frexp, strided_loop<frexp, 0>, nullptr, false},
    {"ldexp", "DiD", ldexp<int>, strided_loop<ldexp<int>, 0>, nullptr, false},
    {"ldexp", "DlD", ldexp<long>, strided_loop<ldexp<long>, 0>, nullptr, false},
    PREDICATE(isfinite, IsFinite),
    PREDICATE(isnan, IsNan),
    PREDICATE(isinf, IsInf),
    PREDICATE(signbit, SignBit),
    PREDICATE(logical_not, LogicalNot),
    COMPARISON(equal, Equal),
    COMPARISON(not_equal, NotEqual),
    COMPARISON(less, Less),
    COMPARISON(less_equal, LessEqual),
    COMPARISON(greater, Greater),
    COMPARISON(greater_equal, GreaterEqual),
    COMPARISON(logical_and, LogicalAnd),
    COMPARISON(logical_or, LogicalOr),
    COMPARISON(logical_xor, LogicalXor),
    LOGICAL_REDUCTION(logical_and, LogicalAnd),
    LOGICAL_REDUCTION(logical_or, LogicalOr),
    LOGICAL_REDUCTION(logical_xor, LogicalXor),
    PRODUCT(matmul),
    PRODUCT(vecdot),
    PRODUCT(matvec),
    PRODUCT(vecmat),
};
inline constexpr int LOOP_ENTRIES = sizeof(loop_entries) / sizeof(loop_entries[0]);

#undef UNARY
#undef MIXED_OF
#undef EXTREMUM
#undef PREDICATE
#undef COMPARISON
#undef LOGICAL_REDUCTION
#undef PRODUCT

// The tables' columns as text, for tests, documentation and stubs.
struct RowText {
  const char* columns[16];
  double bounds[4];
};
inline const RowText elementary_text[] = {
#define ROW(name, lo, hi, c, y, dy, d2y, dc) {{#name, #c, #y, #dy, #d2y, #dc}, {lo, hi, 0, 0}},
#include "math/elementary.def"
#undef ROW
};
inline const RowText binary_text[] = {
#define ROW2(name, x_lo, x_hi, y_lo, y_hi, c, s, z, z_x, z_y, z_xx, z_xy, z_yy, c_x, c_y, s_x, s_y)           \
  {{#name, #c, #s, #z, #z_x, #z_y, #z_xx, #z_xy, #z_yy, #c_x, #c_y, #s_x, #s_y}, {x_lo, x_hi, y_lo, y_hi}},
#include "math/binary.def"
#undef ROW2
};
inline constexpr int ELEMENTARY_ROWS = sizeof(elementary_text) / sizeof(elementary_text[0]);
inline constexpr int BINARY_ROWS = sizeof(binary_text) / sizeof(binary_text[0]);

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
