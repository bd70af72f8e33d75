// Sums over a matrix of duals times a float64 vector, in one pass over contiguous elements: memory bounds them.
#pragma once
#include <algorithm>

#include "loops/matmul_operands.h"

namespace dn {

// sums[t] = sum_k x[k * step + t] w[k] for t < T and n elements; with Copy also values[k] = x[k * step - 1].  Four
// accumulators for each t hide the latency of addition.
template <unsigned T, bool Copy>
CLONES void sum_lanes(const double* x, index_t step, const double* w, index_t n, double* values, double* sums) {
  constexpr unsigned unroll = 4;
  double lanes[unroll * T] = {};
  index_t k = 0;
  for (; k + unroll <= n; k += unroll, x += unroll * step)
    for (unsigned u = 0; u < unroll; ++u) {
      if (Copy) values[k + u] = x[u * step - 1];
      for (unsigned t = 0; t < T; ++t) lanes[u * T + t] += x[u * step + t] * w[k + u];
    }
  for (; k < n; ++k, x += step) {
    if (Copy) values[k] = x[-1];
    for (unsigned t = 0; t < T; ++t) lanes[t] += x[t] * w[k];
  }
  for (unsigned t = 0; t < T; ++t) {
    sums[t] = lanes[t];
    for (unsigned u = 1; u < unroll; ++u) sums[t] += lanes[u * T + t];
  }
}

// The same for count = 1 .. T components.
template <unsigned T, bool Copy>
inline void sum_lanes_up_to(index_t count, const double* x, index_t step, const double* w, index_t n, double* values,
                            double* sums) {
  if constexpr (T > 1)
    if (count < index_t{T}) return sum_lanes_up_to<T - 1, Copy>(count, x, step, w, n, values, sums);
  sum_lanes<T, Copy>(x, step, w, n, values, sums);
}

// sums[c - 1] = sum_k x[k * components + c] w[k], over n elements; copies their values, too, unless values is null.
inline void row_times_vector(const double* x, index_t components, const double* w, index_t n, double* values,
                             double* sums) {
  constexpr unsigned width = 8;  // components at a time, whose accumulators fit into registers
  for (index_t c = 1; c < components; c += width, values = nullptr) {
    const index_t count = std::min(index_t{width}, components - c);
    if (values != nullptr) sum_lanes_up_to<width, true>(count, x + c, components, w, n, values, sums + c - 1);
    else sum_lanes_up_to<width, false>(count, x + c, components, w, n, nullptr, sums + c - 1);
  }
}

// sums[q] = sum_k x[k] y_k[q] over n rows y_k of p contiguous elements, `step` doubles apart; also copies their values.
// Four rows at a time, so that sums is read and written a fourth as often.
inline void vector_times_rows(const double* y, index_t step, index_t components, const double* x, index_t n, index_t p,
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

// Terms of the tangents of a product with a vector: dx y at dx_y[i * tangents + c - 1] for row i, and x dy at
// x_dy[j * components + c - 1] for column j; null if not computed.
struct VectorTangents {
  const double *dx_y = nullptr, *x_dy = nullptr;
};

// n doubles, `step` bytes apart, as a contiguous array: itself or a copy.
inline const double* contiguous(const double* from, index_t step, index_t n, Arena& arena) {
  if (step == index_t{sizeof(double)}) return from;
  double* to = arena.take(n);
  for (index_t k = 0; k < n; ++k)
    to[k] = *reinterpret_cast<const double*>(reinterpret_cast<const char*>(from) + k * step);
  return to;
}

// Copies the values of both operands into their buffers.  If one is a vector and the other is contiguous, computes the
// terms of the tangents in the same pass.
inline VectorTangents copy_values(const Matrix& x, const ValueBuffer& vx, const Matrix& y, const ValueBuffer& vy,
                                  bool transposed, Arena& arena) {
  KeepFlags keep;
  constexpr index_t d = sizeof(double);
  const index_t m = x.rows, n = x.columns, p = y.columns, of_x = x.components, of_y = y.components;
  const bool x_rows = of_x > 1 && p == 1 && x.column_step == of_x * d && vx.column_step == d;
  const bool y_row = of_y > 1 && m == 1 && p == 1 && y.row_step == of_y * d;
  const bool y_rows =
      of_y > 1 && m == 1 && p > 1 && y.column_step == of_y * d && y.row_step % d == 0 && vy.column_step == d;
  VectorTangents sums;
  if (!transposed && !y_rows) vy.fill(y);
  if (transposed || !x_rows) vx.fill(x);
  if (x_rows) {
    const double* w = contiguous(vy.origin, vy.row_step, n, arena);
    double* to = arena.take(m * (of_x - 1));
    for (index_t i = 0; i < m; ++i)
      row_times_vector(x.at(i, 0), of_x, w, n, transposed ? nullptr : vx.origin + i * (vx.row_step / d),
                       to + i * (of_x - 1));
    sums.dx_y = to;
  }
  if (y_row || y_rows) {
    const double* w = contiguous(vx.origin, vx.column_step, n, arena);
    double* to = arena.take(of_y * p);
    if (y_row) row_times_vector(y.at(0, 0), of_y, w, n, nullptr, to);
    else vector_times_rows(y.at(0, 0), y.row_step / d, of_y, w, n, p, vy.origin, vy.row_step / d, to);
    sums.x_dy = y_row ? to : to + 1;
  }
  return sums;
}

}  // namespace dn
