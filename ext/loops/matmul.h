// The kernels of matmul, vecdot, matvec and vecmat.
//
// Values: NumPy's own loop multiplies float64 buffers that are strided, and shared, like the operands, because the
// result of BLAS depends on strides and on whether both operands are one buffer.  Tangents: d(x y) = dx y + x dy,
// products of float64 matrices by the same BLAS.
#pragma once
#include "loops/matmul_result.h"
#include "loops/matmul_seeded.h"
#include "loops/matmul_vector.h"
#include "math/chain_rule.h"

namespace dn {

constexpr index_t MAX_WITHOUT_BLAS = 100;   // multiplications; a call of BLAS costs more than so few
constexpr index_t MIN_BLOCK_ROWS = 128;     // with which BLAS is fast
constexpr index_t MIN_SEEDED_COLUMNS = 32;  // with which the search for sources pays

// The component of the product of the monomials of components a and b, or -1 where that vanishes.
inline index_t product_component(const ElementLayout& s, index_t a, index_t b) {
  index_t c = 0;
  for (int l = 0; l < s.levels; ++l) {
    const index_t i = a % (1 + s.size[l]), j = b % (1 + s.size[l]);
    a /= 1 + s.size[l];
    b /= 1 + s.size[l];
    const index_t place = s.product(l, i, j);
    if (place < 0) return -1;
    c += place * s.stride[l];
  }
  return c;
}

// T tangents, from component c on, of a product of duals whose matrices are too small for BLAS: z_c = x y_c + x_c y.
template <unsigned T, bool X, bool Y>
CLONES void small_tangents(const Matrix& x, const Matrix& y, const Matrix& z, index_t c) {
  for (index_t i = 0; i < z.rows; ++i)
    for (index_t j = 0; j < z.columns; ++j) {
      double sum[T] = {};
      for (index_t k = 0; k < x.columns; ++k) {
        const double *a = x.at(i, k), *b = y.at(k, j);
        for (unsigned t = 0; t < T; ++t)
          sum[t] += X && Y ? *a * b[c + t] + a[c + t] * *b : X ? a[c + t] * *b : *a * b[c + t];
      }
      double* to = const_cast<double*>(z.at(i, j)) + c;
      for (unsigned t = 0; t < T; ++t) to[t] = sum[t];
    }
}

// All tangents, so many at a time as registers hold.
template <bool X, bool Y>
void small_tangents(const Matrix& x, const Matrix& y, const Matrix& z) {
  index_t c = 1;
  for (; c + 8 <= z.components; c += 8) small_tangents<8, X, Y>(x, y, z, c);
  for (; c + 4 <= z.components; c += 4) small_tangents<4, X, Y>(x, y, z, c);
  for (; c + 2 <= z.components; c += 2) small_tangents<2, X, Y>(x, y, z, c);
  for (; c < z.components; ++c) small_tangents<1, X, Y>(x, y, z, c);
}

// Whether second_degree_tangents() does a product: of a vector and another operand, both of one level of degree 2.  BLAS
// would multiply each pair of components by itself.
inline bool is_second_degree_vector(const ElementLayout& s, const Matrix& x, const Matrix& y) {
  return s.is_second_degree() && x.components > 1 && y.components > 1 && (x.rows == 1 || y.columns == 1) &&
         s.tangents(0) <= MOST_CONSTANT;
}

// The tangents of a product of elements of one level of degree 2 in K variables.
template <int K>
CLONES void second_degree_tangents(const Matrix& x, const Matrix& y, const Matrix& z) {
  constexpr std::size_t firsts{K}, seconds{K * (K + 1) / 2};
  for (index_t row = 0; row < z.rows; ++row)
    for (index_t column = 0; column < z.columns; ++column) {
      double first[firsts] = {}, second[seconds] = {};
      for (index_t n = 0; n < x.columns; ++n) {
        const double *a = x.at(row, n), *b = y.at(n, column), *a2 = a + 1 + K, *b2 = b + 1 + K;
        int c = 0;
        for (int i = 1; i <= K; ++i) {
          first[i - 1] += *b * a[i] + *a * b[i];
          second[c] += (*b * a2[c] + *a * b2[c]) + a[i] * b[i];
          ++c;
          for (int j = i + 1; j <= K; ++j, ++c) second[c] += (*b * a2[c] + *a * b2[c]) + (a[i] * b[j] + b[i] * a[j]);
        }
      }
      double* to = const_cast<double*>(z.at(row, column)) + 1;
      copy(K, to, first);
      copy(K * (K + 1) / 2, to + K, second);
    }
}
inline void second_degree_tangents(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z) {
  with_constant(s.tangents(0), [&](auto K) {
    if constexpr (K() > 0) second_degree_tangents<K()>(x, y, z);
  });
}

// z = x y for one contiguous row x of duals and float64 y: BLAS writes all components of z in place.  False, and z is
// untouched, for other operands and where that does not pay.  Takes so many columns at a time as the cache holds.
inline bool product_in_place(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, FloatMatrix y0,
                             const double* values, Arena& arena) {
  constexpr index_t d = sizeof(double), max_columns = 512;
  const index_t components = z.components, n = x.columns;
  if (x.rows != 1 || z.columns == 1 || n == 0 || components <= 6) return false;
  if (z.column_step != components * d || x.column_step != components * d) return false;
  for (index_t j = 0; j < z.columns; j += max_columns) {
    const index_t p = std::min(max_columns, z.columns - j);
    const Matrix to = column_range(z, j, p);
    float_matmul({y0.data + j * y0.column_step, y0.column_step, y0.row_step}, {x.at(0, 0), components, 1},
                 const_cast<double*>(to.at(0, 0)), components, p, n, components);
    write_values(to, 0, 1, values + j);
    recompute_nonfinite(s, x, column_range(y, j, p), to, 0, 1, arena);
  }
  return true;
}

// z = x y for a seeded x and float64 y, given z's values; false, and z is untouched, if x is not seeded.
inline bool seeded_product(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z,
                           const FloatMatrix& y0, const double* values, Arena& arena) {
  const index_t tangents = z.components - 1;
  if (z.columns < MIN_SEEDED_COLUMNS || tangents < 4) return false;
  Arena::Mark mark(arena);
  const SingleSource* const sources = single_sources_of(x, arena);
  if (sources == nullptr) return false;
  const index_t max_columns = std::max(index_t{8}, 2048 / z.components);  // which the cache holds
  for (index_t i = 0; i < z.rows; ++i)
    for (index_t j = 0; j < z.columns; j += max_columns) {
      const Matrix to = column_range(row_range(z, i, 1), j, std::min(max_columns, z.columns - j));
      write_values(to, 0, 1, values + i * z.columns + j);
      write_tangents(to, sources + i * tangents, {y0.data + j * y0.column_step, y0.row_step, y0.column_step});
      recompute_nonfinite(s, row_range(x, i, 1), column_range(y, j, to.columns), to, 0, 1, arena);
    }
  return true;
}

// z = x y, given z's values.  x0 and y0 are the values of x and y.  For every component
//
//     z_c = sum x_a y_b   over the pairs (a, b) of components whose product is component c.
//
// x_dy has the pairs with a = 0, dx_y those with b = 0, each by one call of BLAS for all components: those of y stand
// side by side, those of x one below the other.  dx_dy has the other pairs, one by one, and is added to dx_y.
// `sums` holds terms that are known already.  Blocks of rows keep the intermediate results in the cache.
inline void write_product(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, FloatMatrix x0,
                          FloatMatrix y0, const VectorTangents& sums, const double* values, Arena& arena) {
  const index_t m = x.rows, n = x.columns, p = y.columns, components = s.components(), tangents = components - 1;
  const bool x_dual = x.components > 1, y_dual = y.components > 1, needs_dx_y = x_dual && sums.dx_y == nullptr;
  const bool needs_x_dy = y_dual && sums.x_dy == nullptr;
  constexpr index_t d = sizeof(double);
  const auto finish = [&] {
    write_values(z, 0, m, values);
    recompute_nonfinite(s, x, y, z, 0, m, arena);
  };
  if (tangents == 0) return write_values(z, 0, m, values);
  if (is_second_degree_vector(s, x, y)) {
    second_degree_tangents(s, x, y, z);
    return finish();
  }
  if (s.is_dual() && m * n * p <= MAX_WITHOUT_BLAS && sums.dx_y == nullptr && sums.x_dy == nullptr) {
    if (x_dual && y_dual) small_tangents<true, true>(x, y, z);
    else if (x_dual) small_tangents<true, false>(x, y, z);
    else small_tangents<false, true>(x, y, z);
    return finish();
  }
  Arena::Mark mark(arena);
  if (needs_dx_y && !y_dual && seeded_product(s, x, y, z, y0, values, arena)) return;
  if (needs_x_dy && !x_dual && p == 1 &&
      seeded_product(s, y.transposed(), x.transposed(), z.transposed(), x0.transposed(), values, arena))
    return;
  if (needs_x_dy && !x0.has_blas_layout(m, n)) {
    double* packed = arena.take(m * n);
    gather_component(x, 0, packed, n, 1);
    x0 = {packed, n, 1};
  }
  if (needs_dx_y && p > 1 && !y0.has_blas_layout(n, p)) {
    double* packed = arena.take(n * p);
    gather_component(y, 0, packed, p, 1);
    y0 = {packed, p, 1};
  }
  if (!y_dual && product_in_place(s, x, y, z, y0, values, arena)) return;
  // The components of contiguous elements are one matrix of doubles, which BLAS reads and writes in place: nothing to
  // copy, but the values are multiplied once more.  With few columns BLAS is slow.
  const bool direct = needs_x_dy && tangents >= 4 && components * p > 16 && y.is_contiguous() && z.is_contiguous();
  const bool needs_dx_dy = x_dual && y_dual && s.degree() > 1;
  FloatMatrix dy_rows{y.at(0, 0), y.row_step / d, 1};
  double* dy = nullptr;
  if ((needs_x_dy && !direct) || needs_dx_dy) {  // [row][component][column]
    dy = arena.take(n * tangents * p);
    gather_tangents(y, dy, p, tangents * p, 1);
    if (!direct) dy_rows = {dy, tangents * p, 1};
  }
  const index_t x_dy_columns = (direct ? components : tangents) * p, x_dy_step = direct ? z.row_step / d : x_dy_columns;
  const index_t row_size = tangents * ((needs_dx_y ? n : 0) + 2 * p) + 1;
  const index_t block = std::min(m, std::max(MIN_BLOCK_ROWS, (index_t{1} << 19) / row_size));
  double* x_dy = needs_x_dy && !direct ? arena.take(block * x_dy_step) : nullptr;
  double* dx = needs_dx_y ? arena.take(tangents * block * n) : nullptr;
  double* dx_y = needs_dx_y || needs_dx_dy ? arena.take(tangents * block * p) : nullptr;
  double* dx_dy = needs_dx_dy ? arena.take(block * p) : nullptr;
  double* dx_a = needs_dx_dy && !needs_dx_y ? arena.take(block * n) : nullptr;
  for (index_t first = 0; first < m; first += block) {
    const index_t count = std::min(block, m - first);
    const Matrix xs = row_range(x, first, count);
    const FloatMatrix left{x0.data + first * x0.row_step, x0.row_step, x0.column_step};
    if (direct) x_dy = const_cast<double*>(z.at(first, 0));
    if (needs_x_dy && p == 1 && tangents <= 4)  // BLAS is slow with two to four columns
      for (index_t c = 0; c < tangents; ++c)
        float_matmul(left, {dy_rows.data + c, tangents, 1}, x_dy + c, tangents, count, n, 1);
    else if (needs_x_dy) float_matmul(left, dy_rows, x_dy, x_dy_step, count, n, x_dy_columns);
    if (needs_dx_y) {
      gather_tangents(xs, dx, count * n, n, 1);
      float_matmul({dx, n, 1}, y0, dx_y, p, tangents * count, n, p);
    } else if (needs_dx_dy) {
      for (index_t i = 0; i < count; ++i)
        for (index_t c = 0; c < tangents; ++c) dx_y[c * count + i] = sums.dx_y[(first + i) * tangents + c];
    }
    if (needs_dx_dy)
      for (index_t a = 1; a < components; ++a) {
        if (!needs_dx_y) gather_component(xs, a, dx_a, n, 1);
        for (index_t b = 1; b < components; ++b) {
          const index_t c = product_component(s, a, b);
          if (c < 0) continue;
          float_matmul({needs_dx_y ? dx + (a - 1) * count * n : dx_a, n, 1}, {dy + (b - 1) * p, tangents * p, 1}, dx_dy,
                       p, count, n, p);
          for (index_t i = 0; i < count * p; ++i) dx_y[(c - 1) * count * p + i] += dx_dy[i];
        }
      }
    TangentView by_x, by_y;
    if (sums.x_dy != nullptr) by_y = {sums.x_dy, 0, 1, components};
    else if (y_dual)
      by_y = direct ? TangentView{x_dy + 1, x_dy_step, 1, components} : TangentView{x_dy, x_dy_step, p, 1};
    if (dx_y != nullptr) by_x = {dx_y, p, count * p, 1};
    else if (x_dual) by_x = {sums.dx_y + first * tangents, tangents, 1, 0};
    const index_t group_rows = std::max(index_t{1}, 2048 / (components * p + 1));  // rows, while they are in the cache
    for (index_t i = 0; i < count; i += group_rows) {
      const index_t at = first + i, group = std::min(group_rows, count - i);
      if (direct && !x_dual) write_values(z, at, group, values);
      else if (p == 1)
        write_row({z.data + at * z.row_step, 1, group, 0, z.row_step, components}, values + at,
                  by_x.from_row(i).transposed(), by_y.from_row(i).transposed());
      else
        for (index_t j = 0; j < group; ++j)
          write_row(row_range(z, at + j, 1), values + (at + j) * p, by_x.from_row(i + j), by_y.from_row(i + j));
      recompute_nonfinite(s, x, y, z, at, group, arena);
    }
  }
}

// Which of the core dimensions m and p a function has; a missing one is 1.
template <ValueId Id>
struct Core {
  static constexpr bool m = Id == value_of_matmul || Id == value_of_matvec;
  static constexpr bool p = Id == value_of_matmul || Id == value_of_vecmat;
};

// z = x y; values(vx, vy) returns the m * p values of z from the buffers of the operands' values.
template <class Values>
void matrix_product(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, Arena& arena,
                    Values values) {
  constexpr index_t d = sizeof(double);
  Arena::Mark mark(arena);
  const ValueBuffer vx = ValueBuffer::of(x, arena);  // copy_values fills it
  const bool transposed = x.data == y.data && x.components == y.components && x.rows == y.columns &&
                          x.row_step == y.column_step && x.column_step == y.row_step;
  const ValueBuffer vy = transposed ? ValueBuffer{vx.origin, vx.column_step, vx.row_step} : ValueBuffer::of(y, arena);
  VectorTangents sums;
  if (is_second_degree_vector(s, x, y)) {
    vx.fill(x);
    if (!transposed) vy.fill(y);
  } else {
    sums = copy_values(x, vx, y, vy, transposed, arena);
  }
  const double* result = values(vx, vy);
  KeepFlags keep;
  write_product(s, x, y, z, {vx.origin, vx.row_step / d, vx.column_step / d},
                {vy.origin, vy.row_step / d, vy.column_step / d}, sums, result, arena);
}

// The arena of the calling thread.  Fresh memory costs more than the product of matrices of moderate size.
inline Arena& thread_arena() {
  static thread_local Arena kept;
  return kept;
}

// Calls work(arena) with the thread's arena, or with a fresh one if the product needs much memory: for the values, for
// dy, for a block of rows, and for the sources of a seeded operand.
template <class Work>
void with_arena(const Matrix& x, const Matrix& y, Work work) {
  const index_t m = x.rows, n = x.columns, p = y.columns, components = std::max(x.components, y.components);
  const index_t needed = m * n + y.components * n * p + m * p + std::min(m, MIN_BLOCK_ROWS) * components * (n + 2 * p) +
                         2 * x.components * m;
  Arena fresh;
  work(needed <= index_t{1} << 21 ? thread_arena() : fresh);
}

// The kernel of a ufunc, of type ProductKernel (kernels.h); X and Y say which operands are dual.
template <ValueId Id, bool X, bool Y>
void product(const ElementLayout& s, char* const* data, const index_t* counts, const index_t* strides) {
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
  with_arena(x, y, [&](Arena& arena) {
    const auto values = [&](const ValueBuffer& vx, const ValueBuffer& vy) {
      double* result = arena.take(m * p + 1);
      char* value_data[3] = {reinterpret_cast<char*>(vx.origin), reinterpret_cast<char*>(vy.origin),
                             reinterpret_cast<char*>(result)};
      const index_t value_counts[4] = {1, Core<Id>::m ? m : n, Core<Id>::m ? n : p, p};
      index_t value_strides[9] = {0, 0, 0}, *v = value_strides + 3;
      if (Core<Id>::m) *v++ = vx.row_step;
      *v++ = vx.column_step;
      *v++ = vy.row_step;
      if (Core<Id>::p) *v++ = vy.column_step;
      if (Core<Id>::m) *v++ = p * d;
      if (Core<Id>::p) *v = d;
      value_loops[Id].function(value_data, value_counts, value_strides, value_loops[Id].extra);
      return result;
    };
    for (index_t outer = 0; outer < counts[0]; ++outer) {
      x.data = data[0] + outer * strides[0];
      y.data = data[1] + outer * strides[1];
      z.data = data[2] + outer * strides[2];
      matrix_product(s, x, y, z, arena, values);
    }
  });
}

}  // namespace dn
