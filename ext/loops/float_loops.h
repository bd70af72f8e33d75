// Values come from NumPy's own float64 loops, so that they are NumPy's to the last bit.
#pragma once
#include "math/elementary.h"

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#else
#include <cfenv>
#endif

namespace dn {

struct ValueLoop {
  void (*function)(char** data, const index_t* count, const index_t* strides, void* extra);
  void* extra;
};

inline ValueLoop value_loops[VALUE_COUNT];  // filled when the module is imported

inline void unary_values(ValueId id, const double* x, double* y, index_t n) {
  char* data[2] = {reinterpret_cast<char*>(const_cast<double*>(x)), reinterpret_cast<char*>(y)};
  const index_t strides[2] = {sizeof(double), sizeof(double)};
  value_loops[id].function(data, &n, strides, value_loops[id].extra);
}

// NumPy treats an operand that does not move apart (x ** 2.0): its stride stays 0 here too.
inline void binary_values(ValueId id, const double* x, bool fixed_x, const double* y, bool fixed_y, double* z,
                          index_t n) {
  char* data[3] = {reinterpret_cast<char*>(const_cast<double*>(x)), reinterpret_cast<char*>(const_cast<double*>(y)),
                   reinterpret_cast<char*>(z)};
  const index_t strides[3] = {fixed_x ? 0 : index_t{sizeof(double)}, fixed_y ? 0 : index_t{sizeof(double)},
                              sizeof(double)};
  value_loops[id].function(data, &n, strides, value_loops[id].extra);
}

// Tangents raise no floating-point warnings: the flags are put back as they were when the scope ends.
class KeepFlags {
#if defined(__SSE2__) || defined(_M_X64)
  unsigned int flags_ = _mm_getcsr();

 public:
  KeepFlags() = default;
  ~KeepFlags() {
    if ((_mm_getcsr() ^ flags_) & 0x1d) _mm_setcsr(flags_);  // but for "inexact", of which nobody warns
  }
#else
  std::fexcept_t flags_;

 public:
  KeepFlags() { std::fegetexceptflag(&flags_, FE_ALL_EXCEPT); }
  ~KeepFlags() { std::fesetexceptflag(&flags_, FE_ALL_EXCEPT); }
#endif
  // Whether a flag that NumPy warns of was raised since (where that cannot be told cheaply: perhaps).
#if defined(__SSE2__) || defined(_M_X64)
  bool raised() const { return ((_mm_getcsr() & ~flags_) & 0x1d) != 0; }
#else
  bool raised() const { return std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW) != 0; }
#endif
  KeepFlags(const KeepFlags&) = delete;
  KeepFlags& operator=(const KeepFlags&) = delete;
};

}  // namespace dn
