// What NumPy hands a loop, and how a loop is compiled and called.
#pragma once
#include <algorithm>
#include <new>

#include "math/element_layout.h"

namespace dn {

constexpr index_t BLOCK = 256;

// Loops compiled a second time for AVX2, which the loader chooses where the processor has it; the bits are the same.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

// What NumPy hands a loop, with the layout of its dual operands.
struct Operands {
  const ElementLayout& layout;
  char* const* data;
  const index_t* strides;
  index_t n;
  void* state;  // see piecewise.h

  // Of an operand, in doubles.
  index_t step(int operand) const { return strides[operand] / index_t{sizeof(double)}; }
  double* at(int operand, index_t i) const { return reinterpret_cast<double*>(data[operand] + i * strides[operand]); }
  // Values of a block of an operand; an operand that does not move is gathered once.
  void gather(int operand, index_t start, index_t m, double* values) const {
    const char* p = data[operand] + start * strides[operand];
    const index_t step = strides[operand], count = step == 0 ? 1 : m;
    for (index_t i = 0; i < count; ++i) values[i] = *reinterpret_cast<const double*>(p + i * step);
  }
  // Whether the result shares no memory with operand 0 or 1, so that what was written can be computed anew.
  bool result_is_apart() const {
    const auto apart = [this](int operand) {
      const index_t size = layout.components() * index_t{sizeof(double)}, last = n - 1;
      const char *x = data[operand], *z = data[2];
      const index_t x_end = last * strides[operand], z_end = last * strides[2];
      return std::max(x, x + x_end) + size <= std::min(z, z + z_end) ||
             std::max(z, z + z_end) + size <= std::min(x, x + x_end);
    };
    return apart(0) && apart(1);
  }
  // Binary loops: each result is the next step's operand in reduce (nothing moves) and accumulate (out is x, one on).
  bool is_reduce() const { return data[0] == data[2] && strides[0] == 0 && strides[2] == 0; }
  bool is_sequential() const {
    return is_reduce() || (n > 1 && strides[0] == strides[2] && data[2] == data[0] + strides[2]);
  }
};

using Kernel = void (*)(const Operands&);

// Calls a kernel; false where memory ran out.
inline bool run(Kernel kernel, const ElementLayout& layout, char* const* data, const index_t* strides,
                index_t n) noexcept {
  try {
    kernel(Operands{layout, data, strides, n, nullptr});
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace dn
