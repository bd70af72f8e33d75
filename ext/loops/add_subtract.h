// x + y and x - y: primals and tangents are added alike, so that elements can be treated as plain arrays of doubles.
#pragma once
#include <algorithm>

#include "loops/float_loops.h"
#include "loops/operands.h"

namespace dn {

// sum_j += sum_i x_i,j of J components of n elements; four accumulators hide the latency of addition.
template <unsigned J>
CLONES void add_columns(double* sum, const char* x, index_t step, index_t n) {
  const auto at = [&](index_t i) { return reinterpret_cast<const double*>(x + i * step); };
  double part[4][J] = {};
  index_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (index_t r = 0; r < 4; ++r)
      for (unsigned j = 0; j < J; ++j) part[r][j] += at(i + r)[j];
  for (unsigned j = 0; j < J; ++j) sum[j] += (part[0][j] + part[1][j]) + (part[2][j] + part[3][j]);
  for (; i < n; ++i)
    for (unsigned j = 0; j < J; ++j) sum[j] += at(i)[j];
}

// sum_j += sum_i x_i,j over the tangents j of n elements, pairwise as NumPy sums values: blocks of 128, halves above.
inline void add_tangents(double* sum, const char* x, index_t step, index_t n, index_t components, Arena& arena) {
  if (n > 128) {
    Arena::Mark mark(arena);
    double* half = arena.take(components);
    zero(components, half);
    add_tangents(sum, x, step, n / 2, components, arena);
    add_tangents(half, x + (n / 2) * step, step, n - n / 2, components, arena);
    for (index_t j = 1; j < components; ++j) sum[j] += half[j];
    return;
  }
  constexpr index_t d = sizeof(double);
  index_t j = 1;
  for (; j + 8 <= components; j += 8) add_columns<8>(sum + j, x + j * d, step, n);
  for (; j + 3 <= components; j += 3) add_columns<3>(sum + j, x + j * d, step, n);
  for (; j < components; ++j) add_columns<1>(sum + j, x + j * d, step, n);
}

// x + Sign y of two values, or of two tangents; X and Y say which operands are duals, the others have no tangents.
template <int Sign, bool X = true, bool Y = true>
inline double plus(double x, double y) {
  if constexpr (X && Y) return Sign < 0 ? x - y : x + y;
  else if constexpr (X) return x;
  else return Sign < 0 ? -y : y;
}

// z = x + Sign y of n elements, components together; C is the number of components, or 0 for any.
template <int Sign, bool X, bool Y, int C>
CLONES void add_elements(const double* x, index_t x_step, const double* y, index_t y_step, double* z, index_t z_step,
                         index_t n, index_t components) {
  if constexpr (C == 1) x_step = y_step = z_step = 1;
  for (index_t i = 0; i < n; ++i, x += x_step, y += y_step, z += z_step) {
    const double value = plus<Sign>(*x, *y);
    for (index_t j = 1; j < (C ? C : components); ++j) z[j] = plus<Sign, X, Y>(X ? x[j] : 0, Y ? y[j] : 0);
    z[0] = value;
  }
}

// The same for one dual and one float64 operand, where the elements are contiguous: copies a block of components as one
// array, then adds the values, while the block is in the cache.
template <int Sign, bool X>
CLONES void add_dual_and_float(const double* x, index_t x_step, const double* y, index_t y_step, double* z, index_t n,
                               index_t components) {
  for (index_t start = 0; start < n; start += BLOCK) {
    const index_t m = std::min(BLOCK, n - start);
    const double* dual = X ? x : y;
    for (index_t i = 0; i < m * components; ++i) z[i] = !X && Sign < 0 ? -dual[i] : dual[i];
    for (index_t i = 0; i < m; ++i) z[i * components] = plus<Sign>(x[i * x_step], y[i * y_step]);
    x += m * x_step, y += m * y_step, z += m * components;
  }
}

// x + Sign y without NumPy's loop.  False, and linear() computes anew, where a floating-point flag was raised, because
// a tangent may have raised it; or, with z untouched, where the result overlaps an operand.
template <int Sign, bool X, bool Y>
bool add_in_one_pass(const Operands& a, index_t components) {
  if (a.is_sequential() || !a.result_is_disjoint()) return false;
  const double *x = a.at(0, 0), *y = a.at(1, 0);
  double* z = a.at(2, 0);
  const index_t sx = a.step(0), sy = a.step(1), sz = a.step(2);
  KeepFlags keep;
  if (X && Y && sx == components && sy == components && sz == components)  // contiguous
    add_elements<Sign, true, true, 1>(x, 1, y, 1, z, 1, a.n * components, 1);
  else if (components == 2) add_elements<Sign, X, Y, 2>(x, sx, y, sy, z, sz, a.n, 2);
  else if (X != Y && (X ? sx : sy) == components && sz == components)
    add_dual_and_float<Sign, X>(x, sx, y, sy, z, a.n, components);
  else add_elements<Sign, X, Y, 0>(x, sx, y, sy, z, sz, a.n, components);
  return !keep.raised();
}

// The kernel: x + y or x - y, the values by NumPy's own loop where flags or overlaps require it.
template <ValueId Id, bool X, bool Y>
void linear(const Operands& a) {
  constexpr int sign = Id == value_of_subtract ? -1 : 1;
  const index_t components = a.layout.components();
  if (add_in_one_pass<sign, X, Y>(a, components)) return;
  value_loops[Id].function(const_cast<char**>(a.data), &a.n, a.strides, value_loops[Id].extra);
  KeepFlags keep;
  if constexpr (X && Y && Id == value_of_add) {
    if (a.is_reduce() && a.n < 4) {  // a sum over a short axis
      double *out = a.at(2, 0), *x = a.at(1, 0);
      const index_t step = a.step(1);
      for (index_t j = 1; j < components; ++j)
        out[j] += a.n == 1 ? x[j] : a.n == 2 ? x[j] + x[step + j] : (x[j] + x[step + j]) + x[2 * step + j];
      return;
    }
    if (a.is_reduce()) {
      Arena arena;
      double* sum = arena.take(components);
      zero(components, sum);
      add_tangents(sum, a.data[1], a.strides[1], a.n, components, arena);
      double* out = a.at(2, 0);
      for (index_t j = 1; j < components; ++j) out[j] += sum[j];
      return;
    }
  }
  for (index_t i = 0; i < a.n; ++i) {
    const double *x = a.at(0, i), *y = a.at(1, i);
    double* z = a.at(2, i);
    for (index_t j = 1; j < components; ++j) z[j] = plus<sign, X, Y>(X ? x[j] : 0, Y ? y[j] : 0);
  }
}

}  // namespace dn
