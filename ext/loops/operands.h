// What NumPy hands a loop, and how a loop is compiled and called.
#pragma once
#include <algorithm>
#include <cstdint>
#include <new>
#include <unordered_map>
#include <utility>

#include "math/algebra.h"

namespace dn {

constexpr index_t BLOCK = 256;

// How many elements the running maximum at an address is the average of: ties share equally in reductions.
// One reduction may reach its loop many times, so NumPy keeps this beside the loop, for the call.
using TieCounts = std::unordered_map<const void*, index_t>;

// What NumPy hands a loop, with the layout of its dual operands.
struct Operands {
  const ElementLayout& layout;
  char* const* data;
  const index_t* strides;
  index_t n;
  TieCounts* ties;  // of a call that counts them, else null

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
    const auto span = [this](int operand) {
      const auto first = reinterpret_cast<std::uintptr_t>(data[operand]);
      const auto last =
          first + static_cast<std::uintptr_t>((n - 1) * strides[operand]);  // modulo 2^64 for negative steps
      const auto size = static_cast<std::uintptr_t>(layout.components()) * sizeof(double);
      return std::pair{std::min(first, last), std::max(first, last) + size};
    };
    const auto apart = [&](int operand) {
      const auto x = span(operand), z = span(2);
      return x.second <= z.first || z.second <= x.first;
    };
    return apart(0) && apart(1);
  }
  // Binary loops: each result is the next step's operand in reduce (nothing moves) and accumulate (out is x, one on).
  bool is_reduce() const { return data[0] == data[2] && strides[0] == 0 && strides[2] == 0; }
  bool is_sequential() const {
    return is_reduce() || (n > 1 && strides[0] == strides[2] && data[2] == data[0] + strides[2]);
  }
};

// A float64 operand as an element without tangents.
inline const double* as_element(bool is_dual, const double* p, index_t components, double* scratch) {
  if (is_dual) return p;
  zero(components, scratch);
  scratch[0] = *p;
  return scratch;
}

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
