// matmul, vecdot, matvec and vecmat.
//
// Values: NumPy's own loop on float64 buffers laid out like the operands, because what BLAS returns depends on strides
// and on both operands being one buffer.  Tangents: planes, one a component, multiplied by the same BLAS:
//   Z_c = sum X_a Y_b over the pairs (a, b) of components whose product is component c;
// all b go with a = 0 in one wide product, all a with b = 0 in one tall one, the other pairs one by one.
#pragma once
#include "loops.h"

namespace dn {

// One operand of a product: rows x columns elements, a vector being one row or one column.
struct Matrix {
  char* data;
  index_t rows, columns, row_step, column_step;  // steps in bytes
  index_t components;                            // 1 for float64

  const double* at(index_t i, index_t j) const {
    return reinterpret_cast<const double*>(data + i * row_step + j * column_step);
  }
};

// A float64 copy of a matrix's values whose strides are the matrix's own, in elements.
struct ValueCopy {
  double* origin;
  index_t row_step, column_step;  // in bytes

  // Steps of `step` elements, or, where a slice of something large would need a large buffer, the same kind of steps
  // (unit, none, other) packed closely.
  static void pack(index_t& row, index_t rows, index_t& column, index_t columns) {
    const bool columns_inside = std::abs(column) <= std::abs(row);
    index_t &inner = columns_inside ? column : row, &outer = columns_inside ? row : column;
    const index_t inner_count = columns_inside ? columns : rows;
    const auto sign = [](index_t step) { return step < 0 ? index_t{-1} : index_t{1}; };
    if (std::abs(inner) > 1) inner = 2 * sign(inner);
    if (outer != 0) outer = sign(outer) * (std::max(std::abs(inner), index_t{1}) * inner_count + 1);
  }

  static ValueCopy of(const Matrix& m, Arena& arena) {
    const index_t size = m.components * index_t{sizeof(double)};
    index_t row = m.row_step / size, column = m.column_step / size;
    const auto extent = [&] { return std::abs(row) * (m.rows - 1) + std::abs(column) * (m.columns - 1) + 1; };
    if (m.rows == 0 || m.columns == 0) return {arena.take(1), row * 8, column * 8};
    if (m.row_step % size != 0 || m.column_step % size != 0) {  // strides that float64 could not have
      row = m.columns;
      column = 1;
    }
    if (m.rows == 1) row = std::min(std::abs(row), m.columns * std::abs(column) + 1);
    if (m.columns == 1) column = std::min(std::abs(column), m.rows * std::abs(row) + 1);
    if (extent() > 4 * m.rows * m.columns + 64) pack(row, m.rows, column, m.columns);
    double* origin = arena.take(extent());
    if (row < 0) origin -= row * (m.rows - 1);
    if (column < 0) origin -= column * (m.columns - 1);
    for (index_t i = 0; i < m.rows; ++i)
      for (index_t j = 0; j < m.columns; ++j) origin[i * row + j * column] = *m.at(i, j);
    return {origin, row * index_t{sizeof(double)}, column * index_t{sizeof(double)}};
  }
};

// z = x y of plain matrices, z contiguous, by NumPy's matmul
inline void plain_product(const double* x, index_t x_step, const double* y, index_t y_step, double* z, index_t z_step,
                          index_t m, index_t n, index_t p) {
  constexpr index_t d = sizeof(double);
  char* data[3] = {reinterpret_cast<char*>(const_cast<double*>(x)), reinterpret_cast<char*>(const_cast<double*>(y)),
                   reinterpret_cast<char*>(z)};
  const index_t counts[4] = {1, m, n, p};
  const index_t strides[9] = {0, 0, 0, x_step * d, d, y_step * d, d, z_step * d, d};
  value_loops[value_of_matmul].function(data, counts, strides, value_loops[value_of_matmul].extra);
}

// The component of the product of components a and b, or -1 where it vanishes.
inline index_t product_component(const Shape& s, index_t a, index_t b) {
  index_t c = 0;
  for (int l = 0; l < s.levels; ++l) {
    const index_t i = a % (1 + s.size[l]), j = b % (1 + s.size[l]);
    a /= 1 + s.size[l];
    b /= 1 + s.size[l];
    if (s.kind[l] == Kind::first_order ? i != 0 && j != 0 : i + j > s.size[l]) return -1;
    c += (i + j) * s.stride[l];
  }
  return c;
}

// Element by element, where 0 * inf = 0 must be kept by hand.
inline void product_of_elements(const Shape& s, const Matrix& x, const Matrix& y, double* wide, Arena& arena) {
  const index_t components = s.components(), p = y.columns;
  double *room = arena.take(2 * components), *sum = arena.take(components);
  for (index_t i = 0; i < x.rows; ++i)
    for (index_t j = 0; j < p; ++j) {
      zero(components, sum);
      for (index_t k = 0; k < x.columns; ++k)
        multiply_add(s, s.levels, sum, lifted(x.components > 1, x.at(i, k), components, room),
                     lifted(y.components > 1, y.at(k, j), components, room + components));
      for (index_t c = 0; c < components; ++c) wide[(i * components + c) * p + j] = sum[c];
    }
}

// The tangents of x y into z's elements; z's values are set by the caller afterwards.
inline void product_tangents(const Shape& s, const Matrix& x, const Matrix& y, const Matrix& z, Arena& arena) {
  const index_t m = x.rows, n = x.columns, p = y.columns, components = s.components();
  const index_t nx = x.components, ny = y.components;
  Arena::Mark mark(arena);
  double* planes = arena.take(nx * m * n);        // [component of x][row][column]
  double* rows = arena.take(n * ny * p);          // [row][component of y][column]
  double* wide = arena.take(m * components * p);  // [row][component of z][column]
  for (index_t c = 0; c < nx; ++c)
    for (index_t i = 0; i < m; ++i)
      for (index_t k = 0; k < n; ++k) planes[(c * m + i) * n + k] = x.at(i, k)[c];
  for (index_t k = 0; k < n; ++k)
    for (index_t c = 0; c < ny; ++c)
      for (index_t j = 0; j < p; ++j) rows[(k * ny + c) * p + j] = y.at(k, j)[c];
  if (!all_finite(planes, nx * m * n) || !all_finite(rows, n * ny * p)) {
    product_of_elements(s, x, y, wide, arena);
  } else {
    const index_t z_step = components * p, y_step = ny * p;
    if (ny == components) plain_product(planes, n, rows, y_step, wide, z_step, m, n, ny * p);
    else zero(m * z_step, wide);
    if (nx == components) {
      double* tall = arena.take(components * m * p);
      const auto add = [&](const double* part, index_t c) {
        for (index_t i = 0; i < m; ++i)
          for (index_t j = 0; j < p; ++j) wide[i * z_step + c * p + j] += part[i * p + j];
      };
      plain_product(planes + m * n, n, rows, y_step, tall, p, (components - 1) * m, n, p);
      for (index_t c = 1; c < components; ++c) add(tall + (c - 1) * m * p, c);
      if (ny == components && s.degree() > 1)
        for (index_t a = 1; a < components; ++a)
          for (index_t b = 1; b < components; ++b) {
            const index_t c = product_component(s, a, b);
            if (c < 0) continue;
            plain_product(planes + a * m * n, n, rows + b * p, y_step, tall, p, m, n, p);
            add(tall, c);
          }
    }
  }
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < p; ++j) {
      double* element = const_cast<double*>(z.at(i, j));
      for (index_t c = 1; c < components; ++c) element[c] = wide[(i * components + c) * p + j];
    }
}

// Which of the core dimensions m, n, p each function has; the missing ones count 1.
template <ValueId Id>
struct Core {
  static constexpr bool m = Id == value_of_matmul || Id == value_of_matvec;
  static constexpr bool p = Id == value_of_matmul || Id == value_of_vecmat;
};

// counts: outer, then the core's; strides: the outer ones of x, y, z, then the core's of x, y, z.
template <ValueId Id, bool X, bool Y>
void product(const Shape& s, char* const* data, const index_t* counts, const index_t* strides) {
  constexpr index_t d = sizeof(double);
  const index_t components = s.components(), *count = counts + 1, *step = strides + 3;
  const index_t m = Core<Id>::m ? *count++ : 1, n = *count++, p = Core<Id>::p ? *count : 1;
  Matrix x{nullptr, m, n, 0, 0, X ? components : 1}, y{nullptr, n, p, 0, 0, Y ? components : 1};
  Matrix z{nullptr, m, p, 0, 0, components};
  if (Core<Id>::m) x.row_step = *step++;
  x.column_step = *step++;
  y.row_step = *step++;
  if (Core<Id>::p) y.column_step = *step++;
  if (Core<Id>::m) z.row_step = *step++;
  if (Core<Id>::p) z.column_step = *step;
  Arena arena;
  for (index_t outer = 0; outer < counts[0]; ++outer) {
    Arena::Mark mark(arena);
    x.data = data[0] + outer * strides[0];
    y.data = data[1] + outer * strides[1];
    z.data = data[2] + outer * strides[2];
    const ValueCopy vx = ValueCopy::of(x, arena);
    const bool transposed =
        x.data == y.data && X == Y && m == p && x.row_step == y.column_step && x.column_step == y.row_step;
    const ValueCopy vy = transposed ? ValueCopy{vx.origin, vx.column_step, vx.row_step} : ValueCopy::of(y, arena);
    double* values = arena.take(m * p + 1);
    char* value_data[3] = {reinterpret_cast<char*>(vx.origin), reinterpret_cast<char*>(vy.origin),
                           reinterpret_cast<char*>(values)};
    const index_t value_counts[4] = {1, Core<Id>::m ? m : n, Core<Id>::m ? n : p, p};
    index_t value_strides[9] = {0, 0, 0}, *v = value_strides + 3;
    if (Core<Id>::m) *v++ = vx.row_step;
    *v++ = vx.column_step;
    *v++ = vy.row_step;
    if (Core<Id>::p) *v++ = vy.column_step;
    if (Core<Id>::m) *v++ = p * d;
    if (Core<Id>::p) *v = d;
    value_loops[Id].function(value_data, value_counts, value_strides, value_loops[Id].extra);
    KeepFlags keep;
    product_tangents(s, x, y, z, arena);
    for (index_t i = 0; i < m; ++i)
      for (index_t j = 0; j < p; ++j) *const_cast<double*>(z.at(i, j)) = values[i * p + j];
  }
}

}  // namespace dn
