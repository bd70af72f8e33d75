// The operands of a loop, as NumPy passes them, and how a kernel is called.
#pragma once
#include <algorithm>
#include <cstdint>
#include <new>
#include <unordered_map>
#include <utility>

#include "math/algebra.h"
#include "math/kinks.h"

namespace dn {

constexpr index_t BLOCK = 256;

// For the address of a running maximum: the number of tied elements that it averages, so that ties share equally.  A
// reduction may call its loop many times, so NumPy keeps the counts beside the loop, for one call of the ufunc.
using TieCounts = std::unordered_map<const void*, index_t>;

// NumPy's arguments of a loop, with the layout of its dual operands.
struct Operands {
  const ElementLayout& layout;
  char* const* data;
  const index_t* strides;
  index_t n;
  TieCounts* ties;  // null unless the ufunc counts ties

  // The stride of an operand, in doubles.
  index_t step(int operand) const { return strides[operand] / index_t{sizeof(double)}; }
  double* at(int operand, index_t i) const { return reinterpret_cast<double*>(data[operand] + i * strides[operand]); }
  // values[i] = value of element start + i, i < m; of an operand with stride 0, values[0] only.
  void copy_values(int operand, index_t start, index_t m, double* values) const {
    const char* p = data[operand] + start * strides[operand];
    const index_t step = strides[operand], count = step == 0 ? 1 : m;
    for (index_t i = 0; i < count; ++i) values[i] = *reinterpret_cast<const double*>(p + i * step);
  }
  // Whether the result shares no memory with operands 0 and 1, so that a second computation finds them intact; elements
  // have `parts` parts.
  bool result_is_disjoint(std::uintptr_t parts = 1) const {
    const auto span = [this, parts](int operand) {
      const auto first = reinterpret_cast<std::uintptr_t>(data[operand]);
      const auto last =
          first + static_cast<std::uintptr_t>((n - 1) * strides[operand]);  // modulo 2^64 for negative steps
      const auto size = parts * static_cast<std::uintptr_t>(layout.components()) * sizeof(double);
      return std::pair{std::min(first, last), std::max(first, last) + size};
    };
    const auto apart = [&](int operand) {
      const auto x = span(operand), z = span(2);
      return x.second <= z.first || z.second <= x.first;
    };
    return apart(0) && apart(1);
  }
  // In binary loops, each result is the next step's operand x: at one address in reduce, at the next in accumulate.
  bool is_reduce() const { return data[0] == data[2] && strides[0] == 0 && strides[2] == 0; }
  bool is_sequential() const {
    return is_reduce() || (n > 1 && strides[0] == strides[2] && data[2] == data[0] + strides[2]);
  }
};

// The element at p; of a float64 operand, the same with zero tangents, in scratch.
inline const double* as_element(bool is_dual, const double* p, index_t components, double* scratch) {
  if (is_dual) return p;
  zero(components, scratch);
  scratch[0] = *p;
  return scratch;
}

using Kernel = void (*)(const Operands&);

// Calls a kernel for one element after the other; writes NaN for derivatives where it meets a kink or a singular point.
void run_tainting(Kernel kernel, const Operands& all);

// Calls a kernel; false when out of memory.
inline bool run(Kernel kernel, const ElementLayout& layout, char* const* data, const index_t* strides, index_t n,
                TieCounts* ties = nullptr) noexcept {
  try {
    const Operands operands{layout, data, strides, n, ties};
    if (taintings.load(std::memory_order_relaxed) != 0 && tainting != Taint::none) run_tainting(kernel, operands);
    else kernel(operands);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace dn
