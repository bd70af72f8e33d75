// Operands of matrix products, as matrices of elements and of doubles, and NumPy's matmul of doubles.
#pragma once
#include <cmath>

#include "loops/float_loops.h"
#include "loops/operands.h"

namespace dn {

// A matrix of rows x columns elements; a vector is one row or one column.
struct Matrix {
  char* data;
  index_t rows, columns, row_step, column_step;  // steps in bytes
  index_t components;                            // 1 for float64

  const double* at(index_t i, index_t j) const {
    return reinterpret_cast<const double*>(data + i * row_step + j * column_step);
  }
  Matrix transposed() const { return {data, columns, rows, column_step, row_step, components}; }
  // Whether the components of each row are contiguous, so that they are a row of columns * components doubles.
  bool is_contiguous() const {
    constexpr index_t d = sizeof(double);
    return (columns == 1 || column_step == components * d) && row_step % d == 0 && row_step >= columns * components * d;
  }
  bool is_row_major() const { return rows == 1 || (columns > 1 && std::abs(row_step) >= std::abs(column_step)); }
};

// Copies n doubles, `step` doubles apart, to places `to_step` bytes apart.
inline void scatter(const double* from, index_t step, char* to, index_t to_step, index_t n) {
  for (index_t k = 0; k < n; ++k, from += step, to += to_step) *reinterpret_cast<double*>(to) = *from;
}

CLONES inline void every_other(const double* from, double* to, index_t n) {
  for (index_t k = 0; k < n; ++k) to[k] = from[2 * k];
}

// to[i * row_step + k * column_step] = component c of element (i, k), traversed in the order of memory.
inline void gather_component(const Matrix& a, index_t c, double* to, index_t row_step, index_t column_step) {
  const bool by_rows = a.is_row_major();
  const index_t outer = by_rows ? a.rows : a.columns, inner = by_rows ? a.columns : a.rows;
  const index_t from_outer = by_rows ? a.row_step : a.column_step, from_inner = by_rows ? a.column_step : a.row_step;
  const index_t to_outer = by_rows ? row_step : column_step, to_inner = by_rows ? column_step : row_step;
  for (index_t i = 0; i < outer; ++i) {
    const char* from = a.data + i * from_outer + c * index_t{sizeof(double)};
    double* place = to + i * to_outer;
    if (from_inner == 2 * index_t{sizeof(double)} && to_inner == 1) {
      every_other(reinterpret_cast<const double*>(from), place, inner);
      continue;
    }
    for (index_t k = 0; k < inner; ++k, from += from_inner, place += to_inner)
      *place = *reinterpret_cast<const double*>(from);
  }
}

// A float64 buffer for a matrix's values, strided like the matrix: NumPy chooses the BLAS routine by the strides, and
// the last bits of the result depend on the routine.  A float64 matrix is its own buffer.
struct ValueBuffer {
  double* origin;
  index_t row_step, column_step;  // in bytes

  // Shrinks the strides (in elements) of a slice of something large, which would need a large buffer.  Keeps only each
  // stride's sign and class (0, 1, larger), which selects the BLAS path.
  static void compact_strides(index_t& row, index_t rows, index_t& column, index_t columns) {
    const bool columns_inside = std::abs(column) <= std::abs(row);
    index_t &inner = columns_inside ? column : row, &outer = columns_inside ? row : column;
    const index_t inner_count = columns_inside ? columns : rows;
    const auto sign = [](index_t step) { return step < 0 ? index_t{-1} : index_t{1}; };
    if (std::abs(inner) > 1) inner = 2 * sign(inner);
    if (outer != 0) outer = sign(outer) * (std::max(std::abs(inner), index_t{1}) * inner_count + 1);
  }

  static ValueBuffer of(const Matrix& m, Arena& arena) {
    const index_t size = m.components * index_t{sizeof(double)};
    index_t row = m.row_step / size, column = m.column_step / size;
    const auto extent = [&] { return std::abs(row) * (m.rows - 1) + std::abs(column) * (m.columns - 1) + 1; };
    if (m.components == 1) return {reinterpret_cast<double*>(m.data), m.row_step, m.column_step};  // float64 itself
    if (m.rows == 0 || m.columns == 0) return {arena.take(1), row * 8, column * 8};
    if (m.row_step % size != 0 || m.column_step % size != 0) {  // float64 has no such strides
      row = m.columns;
      column = 1;
    }
    if (m.rows == 1) row = std::min(std::abs(row), m.columns * std::abs(column) + 1);
    if (m.columns == 1) column = std::min(std::abs(column), m.rows * std::abs(row) + 1);
    if (extent() > 4 * m.rows * m.columns + 64) compact_strides(row, m.rows, column, m.columns);
    double* origin = arena.take(extent());
    if (row < 0) origin -= row * (m.rows - 1);
    if (column < 0) origin -= column * (m.columns - 1);
    return {origin, row * index_t{sizeof(double)}, column * index_t{sizeof(double)}};
  }

  void fill(const Matrix& m) const {
    if (m.components > 1)
      gather_component(m, 0, origin, row_step / index_t{sizeof(double)}, column_step / index_t{sizeof(double)});
  }
};

// A matrix of doubles; steps in doubles.
struct FloatMatrix {
  const double* data;
  index_t row_step, column_step;

  FloatMatrix transposed() const { return {data, column_step, row_step}; }
  // Whether BLAS accepts these strides, of the matrix or of its transpose.
  bool has_blas_layout(index_t rows, index_t columns) const {
    return (column_step == 1 && row_step >= columns) || (row_step == 1 && column_step >= rows);
  }
};

// z = x y of doubles, m x n times n x p, by NumPy's matmul; z's column step is 1.
inline void float_matmul(const FloatMatrix& x, const FloatMatrix& y, double* z, index_t z_step, index_t m, index_t n,
                         index_t p) {
  constexpr index_t d = sizeof(double);
  char* data[3] = {reinterpret_cast<char*>(const_cast<double*>(x.data)),
                   reinterpret_cast<char*>(const_cast<double*>(y.data)), reinterpret_cast<char*>(z)};
  const index_t counts[4] = {1, m, n, p};
  const index_t strides[9] = {0,          0, 0, x.row_step * d, x.column_step * d, y.row_step * d, y.column_step * d,
                              z_step * d, d};
  value_loops[value_of_matmul].function(data, counts, strides, value_loops[value_of_matmul].extra);
}

inline Matrix row_range(Matrix a, index_t first, index_t count) {
  a.data += first * a.row_step;
  a.rows = count;
  return a;
}

inline Matrix column_range(Matrix a, index_t first, index_t count) {
  a.data += first * a.column_step;
  a.columns = count;
  return a;
}

// to[(c - 1) * component_step + i * row_step + k * column_step] = component c >= 1 of element (i, k).  Copies all
// tangents of a row (or column) before the next, so that each is read from memory once.
inline void gather_tangents(const Matrix& a, double* to, index_t component_step, index_t row_step,
                            index_t column_step) {
  Matrix line = a;
  const bool by_rows = a.is_row_major();
  (by_rows ? line.rows : line.columns) = 1;
  for (index_t i = 0; i < (by_rows ? a.rows : a.columns); ++i) {
    for (index_t c = 1; c < a.components; ++c)
      gather_component(line, c, to + (c - 1) * component_step, row_step, column_step);
    line.data += by_rows ? a.row_step : a.column_step;
    to += by_rows ? row_step : column_step;
  }
}

}  // namespace dn
