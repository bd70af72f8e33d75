// Products with variables: elements of which no two in a row move along the same direction, so that a tangent of the
// product is a multiple of one row of the other operand, and nothing is summed.
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

// The element of a row that alone moves along a direction, and its tangent; element -1 where none does.
struct SingleSource {
  index_t element;
  double tangent;
};

// The movers of each direction, for each row of a; null where two elements of a row move along the same.
inline const SingleSource* single_sources_of(const Matrix& a, Arena& arena) {
  const index_t tangents = a.components - 1;
  static_assert(sizeof(SingleSource) <= 2 * sizeof(double), "");
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

// to[j * step + c] = the tangent of mover c times y[its element, j], for C movers and n columns j
template <int C>
inline void put_multiples(double* to, index_t step, const SingleSource* sources, const Plain& y, index_t n) {
  static constexpr double nothing = 0;
  const double* from[C];
  index_t steps[C];
  double factors[C];
  for (int c = 0; c < C; ++c) {
    const bool moves = sources[c].element >= 0;
    from[c] = moves ? y.data + sources[c].element * y.row_step : &nothing;
    steps[c] = moves ? y.column_step : 0;
    factors[c] = sources[c].tangent;
  }
  for (index_t j = 0; j < n; ++j, to += step) {
    double numbers[C];  // all are read before one is written, because compilers can't tell that they lie apart
    for (int c = 0; c < C; ++c) numbers[c] = factors[c] * from[c][j * steps[c]];
    for (int c = 0; c < C; ++c) to[c] = numbers[c];
  }
}

// The tangents of one row of a product with y, from the movers of one row.
inline void put_tangents(const Matrix& z, const SingleSource* sources, const Plain& y) {
  constexpr index_t together = 4;
  const index_t tangents = z.components - 1, n = z.columns, step = z.column_step / index_t{sizeof(double)};
  double* to = const_cast<double*>(z.at(0, 0)) + 1;
  const auto is_zero = [](const SingleSource& one) { return one.element < 0; };
  const bool mostly_zero = 8 * (tangents - std::count_if(sources, sources + tangents, is_zero)) < tangents;
  for (index_t j = 0; mostly_zero && j < n; ++j) zero(tangents, to + j * step);
  for (index_t c = 0; c < tangents; c += together) {
    const index_t count = std::min(together, tangents - c);
    if (mostly_zero && std::all_of(sources + c, sources + c + count, is_zero)) continue;
    if (count == together) put_multiples<together>(to + c, step, sources + c, y, n);
    else
      for (index_t i = 0; i < count; ++i) put_multiples<1>(to + c + i, step, sources + c + i, y, n);
  }
}

}  // namespace dn
