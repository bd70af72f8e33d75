// matmul, vecdot, matvec and vecmat.
//
// Values: NumPy's own loop on float64 buffers laid out like the operands, because what BLAS returns depends on strides
// and on both operands being one buffer.  Tangents: plain matrices, multiplied by the same BLAS.
#pragma once
#include "loops/matmul_operands.h"
#include "loops/matmul_seeded.h"
#include "loops/matmul_vector.h"

namespace dn {

constexpr index_t MOST_WITHOUT_BLAS = 100;  // products of numbers, for which a call of BLAS costs more than they do
constexpr index_t LEAST_ROWS = 128;         // of a block, for which BLAS is fast
constexpr index_t LEAST_MULTIPLES = 32;     // of a tangent, for which it pays to look whether most are zero

// The component of the product of components a and b, or -1 where it vanishes.
inline index_t product_component(const ElementLayout& s, index_t a, index_t b) {
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

// One element of the product, where 0 * inf = 0 must be kept by hand.  A zero that does not move contributes nothing.
inline void product_of_elements(const ElementLayout& s, const Matrix& x, const Matrix& y, index_t i, index_t j,
                                double* sum, double* scratch) {
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
  }
}

// Sums that make up tangents: number (row i, component c, column j) lies at data[i * row + (c - 1) * component + j *
// column]; data is null where an operand does not move.
struct Sums {
  const double* data = nullptr;
  index_t row = 0, component = 0, column = 0;

  Sums from_row(index_t i) const { return {data == nullptr ? data : data + i * row, row, component, column}; }
  Sums transposed() const { return {data, column, component, row}; }
};

// C components of n neighbours in a row: to[k * step + c] = p[k * p.column + c * p.component], plus the same of q.
template <int C, bool Both>
inline void put_components(double* to, index_t step, const double* p, Sums a, const double* q, Sums b, index_t n) {
  for (index_t k = 0; k < n; ++k, to += step, p += a.column, q += Both ? b.column : 0)
    for (index_t c = 0; c < C; ++c) to[c] = Both ? p[c * a.component] + q[c * b.component] : p[c * a.component];
}

// Of n elements with one tangent that lie closely, values and tangents.
template <bool Both>
CLONES void put_pairs(double* to, const double* values, const double* p, const double* q, index_t n) {
  for (index_t k = 0; k < n; ++k) {
    to[2 * k] = values[k];
    to[2 * k + 1] = Both ? p[k] + q[k] : p[k];
  }
}

// Writes the one row of z: its values and the tangents a + b.
inline void put_row(const Matrix& z, const double* values, Sums a, Sums b) {
  if (a.data == nullptr) std::swap(a, b);
  const bool two = b.data != nullptr;
  const index_t stretch = std::max(index_t{8}, 2048 / z.components);  // of z's row, so that it is written in the cache
  const index_t step = z.column_step / index_t{sizeof(double)};
  const bool pairs = z.components == 2 && step == 2 && a.column == 1 && (!two || b.column == 1);
  for (index_t j = 0; j < z.columns; j += stretch) {
    const index_t n = std::min(z.columns - j, stretch);
    double* to = const_cast<double*>(z.at(0, j));
    const double* p = a.data + j * a.column;
    const double* q = two ? b.data + j * b.column : nullptr;
    if (pairs) {
      if (two) put_pairs<true>(to, values + j, p, q, n);
      else put_pairs<false>(to, values + j, p, q, n);
      continue;
    }
    scatter(values + j, 1, reinterpret_cast<char*>(to), z.column_step, n);
    for (index_t c = 1, count; c < z.components;
         c += count, p += count * a.component, q += two ? count * b.component : 0) {
      count = z.components - c < 4 ? 1 : 4;
      if (count == 4 && two) put_components<4, true>(to + c, step, p, a, q, b, n);
      else if (count == 4) put_components<4, false>(to + c, step, p, a, q, b, n);
      else if (two) put_components<1, true>(to + c, step, p, a, q, b, n);
      else put_components<1, false>(to + c, step, p, a, q, b, n);
    }
  }
}

// Multiplies anew, element by element, what is not finite in row i of z.
inline void recompute_row(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, index_t i,
                          Arena& arena) {
  const index_t components = z.components;
  Arena::Mark mark(arena);
  double *sum = arena.take(components), *scratch = arena.take(2 * components);
  for (index_t j = 0; j < z.columns; ++j) {
    double* element = const_cast<double*>(z.at(i, j));
    if (all_finite(element + 1, components - 1)) continue;
    product_of_elements(s, x, y, i, j, sum, scratch);
    for (index_t c = 1; c < components; ++c) element[c] = sum[c];
  }
}

// The tangents of a product of matrices so small that a call of BLAS costs more than they do: T components of each
// element, from component c on.
template <int T, bool X, bool Y>
CLONES void small_tangents(const Matrix& x, const Matrix& y, const Matrix& z, index_t c) {
  for (index_t i = 0; i < z.rows; ++i)
    for (index_t j = 0; j < z.columns; ++j) {
      double sum[T] = {};
      for (index_t k = 0; k < x.columns; ++k) {
        const double *a = x.at(i, k), *b = y.at(k, j);
        for (int t = 0; t < T; ++t)
          sum[t] += X && Y ? *a * b[c + t] + a[c + t] * *b : X ? a[c + t] * *b : *a * b[c + t];
      }
      double* to = const_cast<double*>(z.at(i, j)) + c;
      for (int t = 0; t < T; ++t) to[t] = sum[t];
    }
}

template <bool X, bool Y>
void small_tangents(const Matrix& x, const Matrix& y, const Matrix& z) {
  index_t c = 1;
  for (; c + 8 <= z.components; c += 8) small_tangents<8, X, Y>(x, y, z, c);
  for (; c + 4 <= z.components; c += 4) small_tangents<4, X, Y>(x, y, z, c);
  for (; c + 2 <= z.components; c += 2) small_tangents<2, X, Y>(x, y, z, c);
  for (; c < z.components; ++c) small_tangents<1, X, Y>(x, y, z, c);
}

// Parts of the tangents of a product with a vector: sum X_c y at x[i * tangents + c - 1] for row i, sum x Y_c at
// y[j * components + c - 1] for column j; null where they are not known.
struct VectorSums {
  const double *x = nullptr, *y = nullptr;
};

// n numbers that lie closely
inline const double* closely(const double* from, index_t step, index_t n, Arena& arena) {
  if (step == index_t{sizeof(double)}) return from;
  double* to = arena.take(n);
  for (index_t k = 0; k < n; ++k)
    to[k] = *reinterpret_cast<const double*>(reinterpret_cast<const char*>(from) + k * step);
  return to;
}

// Fills in the values of both operands.  Where one is a vector and the other's elements lie closely, the same pass over
// them makes the sums that are the parts of their tangents.
inline VectorSums fill_values(const Matrix& x, const ValueCopy& vx, const Matrix& y, const ValueCopy& vy,
                              bool transposed, Arena& arena) {
  KeepFlags keep;
  constexpr index_t d = sizeof(double);
  const index_t m = x.rows, n = x.columns, p = y.columns, of_x = x.components, of_y = y.components;
  const bool x_rows = of_x > 1 && p == 1 && x.column_step == of_x * d && vx.column_step == d;
  const bool y_row = of_y > 1 && m == 1 && p == 1 && y.row_step == of_y * d;
  const bool y_rows =
      of_y > 1 && m == 1 && p > 1 && y.column_step == of_y * d && y.row_step % d == 0 && vy.column_step == d;
  VectorSums sums;
  if (!transposed && !y_rows) vy.fill(y);
  if (transposed || !x_rows) vx.fill(x);
  if (x_rows) {
    const double* w = closely(vy.origin, vy.row_step, n, arena);
    double* to = arena.take(m * (of_x - 1));
    for (index_t i = 0; i < m; ++i)
      sum_row(x.at(i, 0), of_x, w, n, transposed ? nullptr : vx.origin + i * (vx.row_step / d), to + i * (of_x - 1));
    sums.x = to;
  }
  if (y_row || y_rows) {
    const double* w = closely(vx.origin, vx.column_step, n, arena);
    double* to = arena.take(of_y * p);
    if (y_row) sum_row(y.at(0, 0), of_y, w, n, nullptr, to);
    else sum_rows(y.at(0, 0), y.row_step / d, of_y, w, n, p, vy.origin, vy.row_step / d, to);
    sums.y = y_row ? to : to + 1;
  }
  return sums;
}

// Writes the values of some rows of z.
inline void put_values(const Matrix& z, index_t first, index_t count, const double* values) {
  for (index_t i = first; i < first + count; ++i)
    scatter(values + i * z.columns, 1, z.data + i * z.row_step, z.column_step, z.columns);
}

// Looks at some rows of z; where something is not finite, at one element after another.
inline void recompute_nonfinite(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z,
                                index_t first, index_t count, Arena& arena) {
  const index_t size = z.components * index_t{sizeof(double)}, row_size = z.columns * size;
  bool whole = z.columns == 1 || z.column_step == size;
  if (whole && z.row_step == row_size) whole = all_finite(z.at(first, 0), count * row_size / index_t{sizeof(double)});
  else
    for (index_t i = 0; i < count && whole; ++i)
      whole = all_finite(z.at(first + i, 0), row_size / index_t{sizeof(double)});
  for (index_t i = 0; i < count && !whole; ++i) recompute_row(s, x, y, z, first + i, arena);
}

// One row of z where x alone moves and elements lie closely, its tangents straight from BLAS; false where that does not
// pay.  So many columns at a time as the cache holds.
inline bool direct_row(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, Plain y0,
                       const double* values, Arena& arena) {
  constexpr index_t d = sizeof(double), most = 512;
  const index_t components = z.components, n = x.columns;
  if (x.rows != 1 || z.columns == 1 || n == 0 || components <= 6) return false;
  if (z.column_step != components * d || x.column_step != components * d) return false;
  for (index_t j = 0; j < z.columns; j += most) {
    const index_t p = std::min(most, z.columns - j);
    const Matrix to = some_columns(z, j, p);
    plain_product({y0.data + j * y0.column_step, y0.column_step, y0.row_step}, {x.at(0, 0), components, 1},
                  const_cast<double*>(to.at(0, 0)), components, p, n, components);
    put_values(to, 0, 1, values + j);
    recompute_nonfinite(s, x, some_columns(y, j, p), to, 0, 1, arena);
  }
  return true;
}

// z where x holds variables and y does not move, given its values; false where x's elements are no variables.
inline bool product_of_variables(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z,
                                 const Plain& y0, const double* values, Arena& arena) {
  const index_t tangents = z.components - 1;
  if (z.columns < LEAST_MULTIPLES || tangents < 4) return false;
  Arena::Mark mark(arena);
  const SingleSource* const sources = single_sources_of(x, arena);
  if (sources == nullptr) return false;
  const index_t most = std::max(index_t{8}, 2048 / z.components);  // columns, so that z stays in the cache
  for (index_t i = 0; i < z.rows; ++i)
    for (index_t j = 0; j < z.columns; j += most) {
      const Matrix to = some_columns(some_rows(z, i, 1), j, std::min(most, z.columns - j));
      put_values(to, 0, 1, values + i * z.columns + j);
      put_tangents(to, sources + i * tangents, {y0.data + j * y0.column_step, y0.row_step, y0.column_step});
      recompute_nonfinite(s, some_rows(x, i, 1), some_columns(y, j, to.columns), to, 0, 1, arena);
    }
  return true;
}

// x y into z's elements, given its values.  x0 and y0 are the operands' values; sums, where there are any, are the parts
// of x's or of y's tangents, which then need no work here.
//   Z_c = sum X_a Y_b over the pairs (a, b) whose product is component c:
// all b go with a = 0 in one wide product, all a with b = 0 in one tall one, the other pairs one by one.
// Rows of z are taken some at a time, so that what is between stays in the cache.
inline void product_elements(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, Plain x0,
                             Plain y0, const VectorSums& sums, const double* values, Arena& arena) {
  const index_t m = x.rows, n = x.columns, p = y.columns, components = s.components(), tangents = components - 1;
  const bool x_moves = x.components > 1, y_moves = y.components > 1, planes_needed = x_moves && sums.x == nullptr;
  const bool wide_needed = y_moves && sums.y == nullptr;
  constexpr index_t d = sizeof(double);
  const auto finish = [&] {
    put_values(z, 0, m, values);
    recompute_nonfinite(s, x, y, z, 0, m, arena);
  };
  if (tangents == 0) return put_values(z, 0, m, values);
  if (s.is_dual() && m * n * p <= MOST_WITHOUT_BLAS && sums.x == nullptr && sums.y == nullptr) {
    if (x_moves && y_moves) small_tangents<true, true>(x, y, z);
    else if (x_moves) small_tangents<true, false>(x, y, z);
    else small_tangents<false, true>(x, y, z);
    return finish();
  }
  Arena::Mark mark(arena);
  if (planes_needed && !y_moves && product_of_variables(s, x, y, z, y0, values, arena)) return;
  if (wide_needed && !x_moves && p == 1 &&
      product_of_variables(s, y.transposed(), x.transposed(), z.transposed(), x0.transposed(), values, arena))
    return;
  if (wide_needed && !x0.blasable(m, n)) {
    double* packed = arena.take(m * n);
    gather(x, 0, packed, n, 1);
    x0 = {packed, n, 1};
  }
  if (planes_needed && p > 1 && !y0.blasable(n, p)) {
    double* packed = arena.take(n * p);
    gather(y, 0, packed, p, 1);
    y0 = {packed, p, 1};
  }
  if (!y_moves && direct_row(s, x, y, z, y0, values, arena)) return;
  // Elements that lie closely are a plain matrix of numbers, which BLAS takes and writes as it is: nothing to pack, but
  // the values are multiplied once more.  With few columns BLAS is slow.
  const bool direct = wide_needed && tangents >= 4 && components * p > 16 && y.is_contiguous() && z.is_contiguous();
  const bool pairs = x_moves && y_moves && s.degree() > 1;
  Plain rows{y.at(0, 0), y.row_step / d, 1};
  double* y_planes = nullptr;
  if ((wide_needed && !direct) || pairs) {  // [row][component][column]
    y_planes = arena.take(n * tangents * p);
    gather_tangents(y, y_planes, p, tangents * p, 1);
    if (!direct) rows = {y_planes, tangents * p, 1};
  }
  const index_t wide_columns = (direct ? components : tangents) * p, wide_step = direct ? z.row_step / d : wide_columns;
  const index_t row_size = tangents * ((planes_needed ? n : 0) + 2 * p) + 1;
  const index_t block = std::min(m, std::max(LEAST_ROWS, (index_t{1} << 19) / row_size));
  double* wide = wide_needed && !direct ? arena.take(block * wide_step) : nullptr;
  double* planes = planes_needed ? arena.take(tangents * block * n) : nullptr;
  double* tall = planes_needed || pairs ? arena.take(tangents * block * p) : nullptr;
  double* part = pairs ? arena.take(block * p) : nullptr;
  double* plane = pairs && !planes_needed ? arena.take(block * n) : nullptr;
  for (index_t first = 0; first < m; first += block) {
    const index_t count = std::min(block, m - first);
    const Matrix xs = some_rows(x, first, count);
    const Plain left{x0.data + first * x0.row_step, x0.row_step, x0.column_step};
    if (direct) wide = const_cast<double*>(z.at(first, 0));
    if (wide_needed && p == 1 && tangents <= 4)  // BLAS is slow with two to four columns
      for (index_t c = 0; c < tangents; ++c)
        plain_product(left, {rows.data + c, tangents, 1}, wide + c, tangents, count, n, 1);
    else if (wide_needed) plain_product(left, rows, wide, wide_step, count, n, wide_columns);
    if (planes_needed) {
      gather_tangents(xs, planes, count * n, n, 1);
      plain_product({planes, n, 1}, y0, tall, p, tangents * count, n, p);
    } else if (pairs) {
      for (index_t i = 0; i < count; ++i)
        for (index_t c = 0; c < tangents; ++c) tall[c * count + i] = sums.x[(first + i) * tangents + c];
    }
    if (pairs)
      for (index_t a = 1; a < components; ++a) {
        if (!planes_needed) gather(xs, a, plane, n, 1);
        for (index_t b = 1; b < components; ++b) {
          const index_t c = product_component(s, a, b);
          if (c < 0) continue;
          plain_product({planes_needed ? planes + (a - 1) * count * n : plane, n, 1},
                        {y_planes + (b - 1) * p, tangents * p, 1}, part, p, count, n, p);
          for (index_t i = 0; i < count * p; ++i) tall[(c - 1) * count * p + i] += part[i];
        }
      }
    Sums by_x, by_y;
    if (sums.y != nullptr) by_y = {sums.y, 0, 1, components};
    else if (y_moves) by_y = direct ? Sums{wide + 1, wide_step, 1, components} : Sums{wide, wide_step, p, 1};
    if (tall != nullptr) by_x = {tall, p, count * p, 1};
    else if (x_moves) by_x = {sums.x + first * tangents, tangents, 1, 0};
    const index_t together = std::max(index_t{1}, 2048 / (components * p + 1));  // rows, while they are in the cache
    for (index_t i = 0; i < count; i += together) {
      const index_t at = first + i, group = std::min(together, count - i);
      if (direct && !x_moves) put_values(z, at, group, values);
      else if (p == 1)
        put_row({z.data + at * z.row_step, 1, group, 0, z.row_step, components}, values + at,
                by_x.from_row(i).transposed(), by_y.from_row(i).transposed());
      else
        for (index_t j = 0; j < group; ++j)
          put_row(some_rows(z, at + j, 1), values + (at + j) * p, by_x.from_row(i + j), by_y.from_row(i + j));
      recompute_nonfinite(s, x, y, z, at, group, arena);
    }
  }
}

// Which of the core dimensions m, n, p each function has; the missing ones count 1.
template <ValueId Id>
struct Core {
  static constexpr bool m = Id == value_of_matmul || Id == value_of_matvec;
  static constexpr bool p = Id == value_of_matmul || Id == value_of_vecmat;
};

// The product of one pair of operands; `values` is called with copies of theirs and returns the result's, m * p numbers.
template <class Values>
void one_product(const ElementLayout& s, const Matrix& x, const Matrix& y, const Matrix& z, Arena& arena,
                 Values values) {
  constexpr index_t d = sizeof(double);
  Arena::Mark mark(arena);
  const ValueCopy vx = ValueCopy::of(x, arena);  // filled below
  const bool transposed = x.data == y.data && x.components == y.components && x.rows == y.columns &&
                          x.row_step == y.column_step && x.column_step == y.row_step;
  const ValueCopy vy = transposed ? ValueCopy{vx.origin, vx.column_step, vx.row_step} : ValueCopy::of(y, arena);
  const VectorSums sums = fill_values(x, vx, y, vy, transposed, arena);
  const double* result = values(vx, vy);
  KeepFlags keep;
  product_elements(s, x, y, z, {vx.origin, vx.row_step / d, vx.column_step / d},
                   {vy.origin, vy.row_step / d, vy.column_step / d}, sums, result, arena);
}

// Fresh memory costs more than the product of matrices of moderate size, so each thread keeps some.
inline Arena& kept_arena() {
  static thread_local Arena kept;
  return kept;
}

// Calls work with an arena for one product: the copies of values, the planes of y, and a block of rows.
template <class Work>
void with_arena(const Matrix& x, const Matrix& y, Work work) {
  const index_t m = x.rows, n = x.columns, p = y.columns, components = std::max(x.components, y.components);
  const index_t needed = m * n + y.components * n * p + m * p + std::min(m, LEAST_ROWS) * components * (n + 2 * p) +
                         2 * x.components * m;  // the last ones are its movers
  Arena fresh;
  work(needed <= index_t{1} << 21 ? kept_arena() : fresh);
}

// counts: outer, then the core's; strides: the outer ones of x, y, z, then the core's of x, y, z.
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
    const auto values = [&](const ValueCopy& vx, const ValueCopy& vy) {
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
      one_product(s, x, y, z, arena, values);
    }
  });
}

}  // namespace dn
