// NumPy's own float64 loops, which compute all primals, so that these are NumPy's to the last bit.
#pragma once
#include "math/compiler.h"
#include "math/elementary.h"

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#else
#include <cfenv>
#endif

namespace dn {

// A float64 loop of NumPy for each row of the tables and each line of float_loops.def.
enum ValueId {
#define ROW(name, ...) value_of_##name,
#include "math/elementary.def"
#define ROW2(name, ...) value_of_##name,
#include "math/binary.def"
#define VALUE(name) value_of_##name,
#include "loops/float_loops.def"
  VALUE_COUNT
};

// The loop of a row.
template <class Row>
inline constexpr ValueId value_of = VALUE_COUNT;
#define ROW(name, ...)  \
  template <>           \
  inline constexpr ValueId value_of<rows::name##_> = value_of_##name;
#include "math/elementary.def"
#define ROW2(name, ...) \
  template <>           \
  inline constexpr ValueId value_of<rows::name##_> = value_of_##name;
#include "math/binary.def"

// A value of complex duals.
struct Complex {
  double re, im;
};

struct ValueLoop {
  void (*function)(char** data, const index_t* count, const index_t* strides, void* extra);
  void* extra;
};

extern ValueLoop value_loops[VALUE_COUNT];                       // filled when the module is imported
extern ValueLoop complex_add, complex_multiply, complex_divide;  // likewise, of complex128

// y[i] = f(x[i]), i < n
inline void unary_values(ValueId id, const double* x, double* y, index_t n) {
  char* data[2] = {reinterpret_cast<char*>(const_cast<double*>(x)), reinterpret_cast<char*>(y)};
  const index_t strides[2] = {sizeof(double), sizeof(double)};
  value_loops[id].function(data, &n, strides, value_loops[id].extra);
}

// z[i] = f(x[i], y[i]), i < n.  A fixed operand has stride 0.  NumPy's loop must see that stride, because it has
// special cases for it (x ** 2.0).
inline void binary_values(ValueId id, const double* x, bool fixed_x, const double* y, bool fixed_y, double* z,
                          index_t n) {
  char* data[3] = {reinterpret_cast<char*>(const_cast<double*>(x)), reinterpret_cast<char*>(const_cast<double*>(y)),
                   reinterpret_cast<char*>(z)};
  const index_t strides[3] = {fixed_x ? 0 : index_t{sizeof(double)}, fixed_y ? 0 : index_t{sizeof(double)},
                              sizeof(double)};
  value_loops[id].function(data, &n, strides, value_loops[id].extra);
}

// A scope for the computation of tangents: its end restores the floating-point flags of its beginning, so that NumPy
// does not warn of tangents.  A value computed before the scope must be in memory or pinned (compiler.h), because
// compilers may otherwise move its computation into the scope, where its flags would be lost.
class KeepFlags {
#if defined(__SSE2__) || defined(_M_X64)
  static constexpr unsigned int WARNS = 0x1d;  // all but "inexact" and "denormal"
  static unsigned int current() {
    pin_memory();
    return _mm_getcsr();
  }
  const unsigned int flags_ = current();

 public:
  KeepFlags() = default;
  ~KeepFlags() {
    if ((current() ^ flags_) & WARNS) _mm_setcsr(flags_);
  }
  // Whether a flag of which NumPy warns was raised since the beginning.
  bool raised() const { return (current() & ~flags_ & WARNS) != 0; }
#else
  std::fexcept_t flags_;

 public:
  KeepFlags() {
    pin_memory();
    std::fegetexceptflag(&flags_, FE_ALL_EXCEPT);
  }
  ~KeepFlags() {
    pin_memory();
    std::fesetexceptflag(&flags_, FE_ALL_EXCEPT);
  }
  // The same, or was raised before: slower paths then run needlessly.
  bool raised() const {
    pin_memory();
    return std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW) != 0;
  }
#endif
  KeepFlags(const KeepFlags&) = delete;
  KeepFlags& operator=(const KeepFlags&) = delete;
};

}  // namespace dn
