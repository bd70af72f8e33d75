// Products of an operand that moves and one that does not, where most tangents are zero, as those of variables are: each
// moves along a direction of its own.
#pragma once
#include <algorithm>
#include <new>

#include "matrix.h"

namespace dn {

struct Nonzero {
  index_t row, column, component;
  double value;
};

constexpr index_t GROUP = 16;

inline bool group_is_zero(const double* x) {
  double sum[4] = {};
  for (index_t i = 0; i < GROUP; i += 4)
    for (index_t j = 0; j < 4; ++j) sum[j] += std::fabs(x[i + j]);
  return sum[0] + sum[1] + sum[2] + sum[3] == 0;
}

// The nonzero tangents of a matrix, row by row.
struct Nonzeros {
  Nonzero *first = nullptr, *last = nullptr;

  bool found() const { return first != nullptr; }

  // Not found where they are more than one in eight, which BLAS does in less time; mostly the first few tell.
  static Nonzeros of(const Matrix& a, Arena& arena) {
    const index_t tangents = a.components - 1, most = a.rows * a.columns * tangents / 8;
    Nonzeros all;
    all.first = all.last = reinterpret_cast<Nonzero*>(arena.take(most * index_t{sizeof(Nonzero) / sizeof(double)} + 1));
    index_t read = 0;
    for (index_t i = 0; i < a.rows; ++i)
      for (index_t j = 0; j < a.columns; ++j, read += tangents) {
        const double* element = a.at(i, j);
        for (index_t c = 1, end; c <= tangents; c = end) {
          end = std::min(c + GROUP, tangents + 1);
          if (end - c == GROUP && group_is_zero(element + c)) continue;
          for (; c < end; ++c) {
            if (element[c] == 0) continue;
            const index_t count = all.last - all.first;
            if (count == most || 4 * count > read + 64) return {};
            new (all.last++) Nonzero{i, j, c, element[c]};
          }
        }
      }
    return all;
  }
};

// Numbers `step` apart, times a factor.
struct Stream {
  const double* data;
  index_t step;
  double factor;
};

// to[j] += number j of x
CLONES inline void add_stream(const Stream& x, double* to, index_t n) {
  for (index_t j = 0; j < n; ++j) to[j] += x.factor * x.data[j * x.step];
}

// to[j * step + c] = number j of stream c, of C streams
template <int C>
inline void put_streams(double* to, index_t step, const Stream* streams, index_t n) {
  Stream x[C];
  for (int c = 0; c < C; ++c) x[c] = streams[c];
  for (index_t j = 0; j < n; ++j, to += step) {
    double numbers[C];  // all are read before one is written, because compilers can't tell that they lie apart
    for (int c = 0; c < C; ++c) numbers[c] = x[c].factor * x[c].data[j * x[c].step];
    for (int c = 0; c < C; ++c) to[c] = numbers[c];
  }
}

// The tangents sum_k X_c[k] y[k, j] of one row of elements, from the nonzero tangents of one row of x.
class SparseRow {
  Stream* streams_;  // one for each tangent
  double *sums_, *zeros_;
  index_t most_;

 public:
  // For `most` elements at a time.
  SparseRow(index_t tangents, index_t most, Arena& arena)
      : streams_(reinterpret_cast<Stream*>(arena.take(tangents * index_t{sizeof(Stream) / sizeof(double)}))),
        sums_(arena.take(tangents * most)),
        zeros_(arena.take(most)),
        most_(most) {
    zero(most, zeros_);
  }

  void put(Nonzeros x, const Plain& y, const Matrix& z) {
    const index_t tangents = z.components - 1, n = z.columns, step = z.column_step / index_t{sizeof(double)};
    std::fill(streams_, streams_ + tangents, Stream{zeros_, 1, 1});
    for (const Nonzero* at = x.first; at != x.last; ++at) {
      const Stream more{y.data + at->column * y.row_step, y.column_step, at->value};
      Stream& all = streams_[at->component - 1];
      double* sum = sums_ + (at->component - 1) * most_;
      if (all.data == zeros_) {
        all = more;
        continue;
      }
      if (all.data != sum) {
        zero(n, sum);
        add_stream(all, sum, n);
        all = {sum, 1, 1};
      }
      add_stream(more, sum, n);
    }
    double* to = const_cast<double*>(z.at(0, 0)) + 1;
    const bool mostly_zero = 8 * (x.last - x.first) < tangents;
    for (index_t j = 0; mostly_zero && j < n; ++j) zero(tangents, to + j * step);
    for (index_t c = 0; c < tangents; c += 4) {
      const Stream* const group = streams_ + c;
      const index_t count = std::min(index_t{4}, tangents - c);
      if (mostly_zero && std::all_of(group, group + count, [&](const Stream& one) { return one.data == zeros_; }))
        continue;
      if (count == 4) put_streams<4>(to + c, step, group, n);
      else
        for (index_t i = 0; i < count; ++i) put_streams<1>(to + c + i, step, group + i, n);
    }
  }
};

}  // namespace dn
