// The result of a matrix product: writes values and tangents into its elements, and recomputes what is not finite.
#pragma once
#include "loops/matmul_operands.h"

namespace dn {

// A strided view of terms of tangents: that of row i, component c, column j is
// data[i * row + (c - 1) * component + j * column].  data is null for an operand without tangents.
struct TangentView {
  const double* data = nullptr;
  index_t row = 0, component = 0, column = 0;

  TangentView from_row(index_t i) const { return {data == nullptr ? data : data + i * row, row, component, column}; }
  TangentView transposed() const { return {data, column, component, row}; }
};

// C components of n elements of a row: to[k * step + c] = p[k * a.column + c * a.component], plus q's if Both.
template <int C, bool Both>
inline void write_components(double* to, index_t step, const double* p, TangentView a, const double* q, TangentView b,
                             index_t n) {
  for (index_t k = 0; k < n; ++k, to += step, p += a.column, q += Both ? b.column : 0)
    for (index_t c = 0; c < C; ++c) to[c] = Both ? p[c * a.component] + q[c * b.component] : p[c * a.component];
}

// The same of n contiguous elements with one tangent, and their values.
template <bool Both>
CLONES void write_duals(double* to, const double* values, const double* p, const double* q, index_t n) {
  for (index_t k = 0; k < n; ++k) {
    to[2 * k] = values[k];
    to[2 * k + 1] = Both ? p[k] + q[k] : p[k];
  }
}

// Writes z, which has one row: its values and the tangents a + b.
inline void write_row(const Matrix& z, const double* values, TangentView a, TangentView b) {
  if (a.data == nullptr) std::swap(a, b);
  const bool two = b.data != nullptr;
  const index_t chunk = std::max(index_t{8}, 2048 / z.components);  // columns of z at a time, which the cache holds
  const index_t step = z.column_step / index_t{sizeof(double)};
  const bool pairs = z.components == 2 && step == 2 && a.column == 1 && (!two || b.column == 1);
  for (index_t j = 0; j < z.columns; j += chunk) {
    const index_t n = std::min(z.columns - j, chunk);
    double* to = const_cast<double*>(z.at(0, j));
    const double* p = a.data + j * a.column;
    const double* q = two ? b.data + j * b.column : nullptr;
    if (pairs) {
      if (two) write_duals<true>(to, values + j, p, q, n);
      else write_duals<false>(to, values + j, p, q, n);
      continue;
    }
    scatter(values + j, 1, reinterpret_cast<char*>(to), z.column_step, n);
    for (index_t c = 1, count; c < z.components;
         c += count, p += count * a.component, q += two ? count * b.component : 0) {
      count = z.components - c < 4 ? 1 : 4;
      if (count == 4 && two) write_components<4, true>(to + c, step, p, a, q, b, n);
      else if (count == 4) write_components<4, false>(to + c, step, p, a, q, b, n);
      else if (two) write_components<1, true>(to + c, step, p, a, q, b, n);
      else write_components<1, false>(to + c, step, p, a, q, b, n);
    }
  }
}

// sum = element (i, j) of x y, by the rules of algebra.h.  A factor that is 0 in all components contributes nothing.
inline void product_element(const ElementLayout& s, const Matrix& x, const Matrix& y, index_t i, index_t j, double* sum,
                            double* scratch) {
  const index_t components = s.components();
  const auto is_zero = [components](const double* a) {
    return std::all_of(a, a + components, [](double c) { return c == 0; });
  };
  zero(components, sum);
  for (index_t k = 0; k < x.columns; ++k) {
    const double* a = as_element(x.components > 1, x.at(i, k), components, scratch);
    const double* b = as_element(y.components > 1, y.at(k, j), components, scratch + components);
    if (is_zero(a) || is_zero(b)) continue;
    multiply_add(s, s.levels, sum, a, b);
    mark_indeterminate(s, sum, a);
    mark_indeterminate(s, sum, b);
    mark_unknown(s, *a * *b, sum);
  }
}

// Recomputes the elements of row i of z whose tangents are not finite.
inline void recompute_row(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, index_t i,
                          Arena& arena) {
  const index_t components = z.components;
  Arena::Mark mark(arena);
  double *sum = arena.take(components), *scratch = arena.take(2 * components);
  for (index_t j = 0; j < z.columns; ++j) {
    double* element = const_cast<double*>(z.at(i, j));
    if (all_finite(element + 1, components - 1)) continue;
    product_element(s, x, y, i, j, sum, scratch);
    for (index_t c = 1; c < components; ++c) element[c] = sum[c];
  }
}

// Writes the values of `count` rows of z.
inline void write_values(const Matrix& z, index_t first, index_t count, const double* values) {
  for (index_t i = first; i < first + count; ++i)
    scatter(values + i * z.columns, 1, z.data + i * z.row_step, z.column_step, z.columns);
}

// Recomputes the elements with tangents that are not finite in `count` rows of z.  BLAS does not know that 0 * inf = 0.
inline void recompute_nonfinite(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z,
                                index_t first, index_t count, Arena& arena) {
  const index_t size = z.components * index_t{sizeof(double)}, row_size = z.columns * size;
  bool finite = z.columns == 1 || z.column_step == size;
  if (finite && z.row_step == row_size) finite = all_finite(z.at(first, 0), count * row_size / index_t{sizeof(double)});
  else
    for (index_t i = 0; i < count && finite; ++i)
      finite = all_finite(z.at(first + i, 0), row_size / index_t{sizeof(double)});
  for (index_t i = 0; i < count && !finite; ++i) recompute_row(s, x, y, z, first + i, arena);
}

}  // namespace dn
