// A matrix of duals and a vector: one pass over elements that lie closely, which is all that memory allows.
#pragma once
#include <algorithm>

#include "loops/operands.h"
#include "math/algebra.h"

namespace dn {

// sums[t] = sum_k x[k * step + t] w[k] for T numbers of each of n elements; with Copy, values[k] is the number before
// those T.  Several sums at a time, because one would wait for itself.
template <int T, bool Copy>
CLONES void sum_lanes(const double* x, index_t step, const double* w, index_t n, double* values, double* sums) {
  constexpr int unroll = 4;
  double several[unroll * T] = {};
  index_t k = 0;
  for (; k + unroll <= n; k += unroll, x += unroll * step)
    for (int u = 0; u < unroll; ++u) {
      if (Copy) values[k + u] = x[u * step - 1];
      for (int t = 0; t < T; ++t) several[u * T + t] += x[u * step + t] * w[k + u];
    }
  for (; k < n; ++k, x += step) {
    if (Copy) values[k] = x[-1];
    for (int t = 0; t < T; ++t) several[t] += x[t] * w[k];
  }
  for (int t = 0; t < T; ++t) {
    sums[t] = several[t];
    for (int u = 1; u < unroll; ++u) sums[t] += several[u * T + t];
  }
}

template <bool Copy>
inline void sum_lanes(index_t count, const double* x, index_t step, const double* w, index_t n, double* values,
                      double* sums) {
  switch (count) {
    case 1: return sum_lanes<1, Copy>(x, step, w, n, values, sums);
    case 2: return sum_lanes<2, Copy>(x, step, w, n, values, sums);
    case 3: return sum_lanes<3, Copy>(x, step, w, n, values, sums);
    case 4: return sum_lanes<4, Copy>(x, step, w, n, values, sums);
    case 5: return sum_lanes<5, Copy>(x, step, w, n, values, sums);
    case 6: return sum_lanes<6, Copy>(x, step, w, n, values, sums);
    case 7: return sum_lanes<7, Copy>(x, step, w, n, values, sums);
    default: return sum_lanes<8, Copy>(x, step, w, n, values, sums);
  }
}

// sums[c - 1] = sum_k x[k * components + c] w[k] of the tangents of n elements; with values, their values, too.
inline void sum_row(const double* x, index_t components, const double* w, index_t n, double* values, double* sums) {
  constexpr index_t most = 8;  // numbers summed at a time, which the registers hold
  for (index_t c = 1; c < components; c += most, values = nullptr) {
    const index_t count = std::min(most, components - c);
    if (values != nullptr) sum_lanes<true>(count, x + c, components, w, n, values, sums + c - 1);
    else sum_lanes<false>(count, x + c, components, w, n, nullptr, sums + c - 1);
  }
}

// sums[q] = sum_k x[k] y_k[q] of n rows of p elements each, `step` apart, and the elements' values; four rows at a time.
inline void sum_rows(const double* y, index_t step, index_t components, const double* x, index_t n, index_t p,
                     double* values, index_t values_step, double* sums) {
  const index_t width = components * p;
  zero(width, sums);
  for (index_t k = 0; k < n;) {
    const double* row = y + k * step;
    const index_t rows = n - k < 4 ? 1 : 4;
    if (rows == 4)
      for (index_t q = 0; q < width; ++q)
        sums[q] +=
            (x[k] * row[q] + x[k + 1] * row[step + q]) + (x[k + 2] * row[2 * step + q] + x[k + 3] * row[3 * step + q]);
    else
      for (index_t q = 0; q < width; ++q) sums[q] += x[k] * row[q];
    for (const index_t end = k + rows; k < end; ++k, row += step)
      for (index_t j = 0; j < p; ++j) values[k * values_step + j] = row[j * components];
  }
}

}  // namespace dn
