// Products with a seeded operand x: at most one element of a row of x has a tangent in each direction.  The tangents of
// the product, sum_k x_ik,c y_kj, then have one term each: they are multiples of rows of y.
#pragma once
#include <algorithm>
#include <new>

#include "loops/matmul_operands.h"

namespace dn {

constexpr index_t GROUP = 16;

inline bool group_is_zero(const double* x) {
  double sum[4] = {};
  for (index_t i = 0; i < GROUP; i += 4)
    for (index_t j = 0; j < 4; ++j) sum[j] += std::fabs(x[i + j]);
  return sum[0] + sum[1] + sum[2] + sum[3] == 0;
}

// The only element of a row with a tangent in one direction, and that tangent; element -1 if there is none.
struct SingleSource {
  index_t element;
  double tangent;
};

// The source of row i and direction c at [i * tangents + c]; null if two elements of a row have a tangent in the same
// direction.
inline const SingleSource* single_sources_of(const Matrix& a, Arena& arena) {
  const index_t tangents = a.components - 1;
  static_assert(sizeof(SingleSource) <= 2 * sizeof(double));
  SingleSource* const all = reinterpret_cast<SingleSource*>(arena.take(2 * a.rows * tangents));
  for (index_t i = 0; i < a.rows; ++i) {
    SingleSource* const sources = all + i * tangents;
    for (index_t c = 0; c < tangents; ++c) new (sources + c) SingleSource{-1, 0};
    for (index_t j = 0; j < a.columns; ++j) {
      const double* tangent = a.at(i, j) + 1;
      for (index_t c = 0, end; c < tangents; c = end) {
        end = std::min(c + GROUP, tangents);
        if (end - c == GROUP && group_is_zero(tangent + c)) continue;
        for (; c < end; ++c) {
          if (tangent[c] == 0) continue;
          if (sources[c].element >= 0) return nullptr;
          sources[c] = {j, tangent[c]};
        }
      }
    }
  }
  return all;
}

// to[j * step + c] = tangent of sources[c] * y[element of sources[c], j], for C sources and n columns j.
template <unsigned C>
inline void write_multiples(double* to, index_t step, const SingleSource* sources, const FloatMatrix& y, index_t n) {
  static constexpr double no_source = 0;
  const double* from[C];
  index_t steps[C];
  double factors[C];
  for (unsigned c = 0; c < C; ++c) {
    const bool found = sources[c].element >= 0;
    from[c] = found ? y.data + sources[c].element * y.row_step : &no_source;
    steps[c] = found ? y.column_step : 0;
    factors[c] = sources[c].tangent;
  }
  for (index_t j = 0; j < n; ++j, to += step) {
    double numbers[C];  // reads all before the first is written, because compilers cannot know that they do not overlap
    for (unsigned c = 0; c < C; ++c) numbers[c] = factors[c] * from[c][j * steps[c]];
    for (unsigned c = 0; c < C; ++c) to[c] = numbers[c];
  }
}

// Writes the tangents of z, one row of a product with y, given the sources of the row of x.
inline void write_tangents(const Matrix& z, const SingleSource* sources, const FloatMatrix& y) {
  constexpr index_t unroll = 4;
  const index_t tangents = z.components - 1, n = z.columns, step = z.column_step / index_t{sizeof(double)};
  double* to = const_cast<double*>(z.at(0, 0)) + 1;
  const auto is_zero = [](const SingleSource& one) { return one.element < 0; };
  const bool mostly_zero = 8 * (tangents - std::count_if(sources, sources + tangents, is_zero)) < tangents;
  for (index_t j = 0; mostly_zero && j < n; ++j) zero(tangents, to + j * step);
  for (index_t c = 0; c < tangents; c += unroll) {
    const index_t count = std::min(unroll, tangents - c);
    if (mostly_zero && std::all_of(sources + c, sources + c + count, is_zero)) continue;
    if (count == unroll) write_multiples<unroll>(to + c, step, sources + c, y, n);
    else
      for (index_t i = 0; i < count; ++i) write_multiples<1>(to + c + i, step, sources + c + i, y, n);
  }
}

}  // namespace dn
