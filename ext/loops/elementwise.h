// Array loops of the table's functions: blocks of values through NumPy's loop, then the chain rule element by element.
#pragma once
#include <algorithm>

#include "loops/float_loops.h"
#include "loops/operands.h"
#include "math/chain_rule.h"

namespace dn {

// y = f(x) for a block of duals; K is the number of tangents, or 0 for any, and the steps are in doubles.
template <bool KeepZeroTangents, int K, bool Packed>
CLONES void unary_duals(const double* x, index_t x_step, double* y, index_t y_step, const double* value,
                        const double* slope, index_t m, index_t k) {
  for (index_t i = 0; i < m; ++i, x += Packed ? 1 + K : x_step, y += Packed ? 1 + K : y_step)
    chain<KeepZeroTangents>(y, x, value[i], slope[i], K ? K : k);
}

// The same of hyper-dual numbers; Single says that they have one tangent of each level.
template <bool KeepZeroTangents, bool HasCurvature, bool Single>
CLONES void unary_hypers(const double* x, index_t x_step, double* y, index_t y_step, const double* value,
                         const double* slope, const double* curvature, index_t m, index_t k1, index_t k2) {
  for (index_t i = 0; i < m; ++i, x += x_step, y += y_step)
    chain<KeepZeroTangents, HasCurvature>(y, x, value[i], slope[i], curvature[i], Single ? 1 : k1, Single ? 1 : k2);
}

template <bool KeepZeroTangents, bool HasCurvature>
void unary_tangents(const Operands& a, index_t start, index_t m, const double* y, const double* d1, const double* d2) {
  const ElementLayout& s = a.layout;
  const index_t k = s.size[0], x_step = a.step(0), y_step = a.step(1);
  const double* x = a.at(0, start);
  double* z = a.at(1, start);
  if (s.is_single_hyper()) {
    unary_hypers<KeepZeroTangents, HasCurvature, true>(x, x_step, z, y_step, y, d1, d2, m, 1, 1);
  } else if (s.is_hyper()) {
    unary_hypers<KeepZeroTangents, HasCurvature, false>(x, x_step, z, y_step, y, d1, d2, m, k, s.size[1]);
  } else if (k != 1) {
    unary_duals<KeepZeroTangents, 0, false>(x, x_step, z, y_step, y, d1, m, k);
  } else if (x_step == 2 && y_step == 2) {
    unary_duals<KeepZeroTangents, 1, true>(x, 2, z, 2, y, d1, m, 1);
  } else {
    unary_duals<KeepZeroTangents, 1, false>(x, x_step, z, y_step, y, d1, m, 1);
  }
}

inline double number(double x) { return x; }
inline double number(Near x) { return x.v; }

// The first and, where d2 is not null, the second derivatives of a block.
template <class Row, class T>
CLONES void unary_slopes(const double* x, const double* y, double* d1, double* d2, index_t m) {
  if (d2) {
    for (index_t i = 0; i < m; ++i) {
      const double c = number(Row::companion(T(x[i]), T(y[i])));
      d1[i] = Row::dy(x[i], c, y[i]);
      d2[i] = Row::d2y(x[i], c, y[i]);
    }
  } else {
    for (index_t i = 0; i < m; ++i) d1[i] = Row::dy(x[i], number(Row::companion(T(x[i]), T(y[i]))), y[i]);
  }
}

// Whether m elements of an operand, of two levels, move finitely.
inline bool all_tangents_finite(const Operands& a, int operand, index_t start, index_t m) {
  const double* x = a.at(operand, start);
  const index_t step = a.step(operand), components = a.layout.components();
  if (step == components && components <= 25) return all_finite(x, m * components);  // more than asked, in less time
  bool all = true;
  for (index_t i = 0; i < m; ++i, x += step) all &= has_finite_tangents(a.layout, x);
  return all;
}

inline bool all_within(const double* x, index_t m, double bound) {
  bool within = true;
  for (index_t i = 0; i < m; ++i) within &= std::fabs(x[i]) <= bound;
  return within;
}

template <class Row>
void find_slopes(const double* x, const double* y, double* d1, double* d2, index_t m) {
  if constexpr (Row::vector_reach != 0) {
    if (all_within(x, m, Row::vector_reach)) return unary_slopes<Row, Near>(x, y, d1, d2, m);
    for (index_t i = 0; i < m; ++i) {
      const double c = companion_of<Row>(x[i], y[i]);
      d1[i] = Row::dy(x[i], c, y[i]);
      if (d2) d2[i] = Row::d2y(x[i], c, y[i]);
    }
  } else {
    unary_slopes<Row, double>(x, y, d1, d2, m);
  }
}

// f of one element of any kind, given the value; y may be x itself.
template <class Row>
void element(const ElementLayout& s, double* y, const double* x, double value, Arena& arena) {
  if (fast_path<Row>(s, y, x, value)) return;
  Arena::Mark mark(arena);
  double* result = arena.take(s.components());
  apply<Row>(s, result, x, value, arena);
  mark_indeterminate(s, result, x);
  copy(s.components(), y, result);
}

template <class Row>
void unary_blocks(const Operands& a) {
  double x[BLOCK], y[BLOCK], d1[BLOCK], d2[BLOCK];
  const ElementLayout& s = a.layout;
  const bool second_order = s.is_hyper();
  Arena arena;
  for (index_t start = 0; start < a.n; start += BLOCK) {
    const index_t m = std::min(BLOCK, a.n - start);
    for (index_t i = 0; i < m; ++i) x[i] = *a.at(0, start + i);
    unary_values(value_of<Row>, x, y, m);
    KeepFlags keep;
    if (!s.is_dual() && !second_order) {
      for (index_t i = 0; i < m; ++i) element<Row>(s, a.at(1, start + i), a.at(0, start + i), y[i], arena);
      continue;
    }
    find_slopes<Row>(x, y, d1, second_order ? d2 : nullptr, m);
    const bool finite =
        all_finite(d1, m) && (!second_order || (all_finite(d2, m) && all_tangents_finite(a, 0, start, m)));
    if (finite) unary_tangents<false, Row::has_curvature>(a, start, m, y, d1, d2);
    else unary_tangents<true, Row::has_curvature>(a, start, m, y, d1, d2);
  }
}

template <class Row>
void unary(const Operands& a) {
  if (a.n != 1) return unary_blocks<Row>(a);
  double value;
  unary_values(value_of<Row>, a.at(0, 0), &value, 1);
  KeepFlags keep;
  if (fast_path<Row>(a.layout, a.at(1, 0), a.at(0, 0), value)) return;
  Arena arena;
  element<Row>(a.layout, a.at(1, 0), a.at(0, 0), value, arena);
}

// The slopes of a block, one array a partial derivative.
struct SlopeBlock {
  double x[BLOCK], y[BLOCK], xx[BLOCK], xy[BLOCK], yy[BLOCK];

  Slopes at(index_t i, bool second_order) const {
    return second_order ? Slopes{x[i], y[i], xx[i], xy[i], yy[i]} : Slopes{x[i], y[i], 0, 0, 0};
  }
  bool finite(index_t m, bool second_order) const {
    return all_finite(x, m) && all_finite(y, m) &&
           (!second_order || (all_finite(xx, m) && all_finite(xy, m) && all_finite(yy, m)));
  }
};

template <class Row, bool X, bool Y>
void find_slopes(SlopeBlock& d, const double* x, bool fixed_x, const double* y, bool fixed_y, const double* z,
                 index_t m, bool second_order) {
  for (index_t i = 0; i < m; ++i) {
    const Slopes at = slopes_of<Row, X, Y>(x[fixed_x ? 0 : i], y[fixed_y ? 0 : i], z[i], second_order);
    d.x[i] = at.x;
    d.y[i] = at.y;
    if (second_order) {
      d.xx[i] = at.xx;
      d.xy[i] = at.xy;
      d.yy[i] = at.yy;
    }
  }
}

template <bool KeepZeroTangents, bool X, bool Y, bool XX, bool YY>
void binary_tangents(const Operands& a, index_t start, index_t m, const double* z, const SlopeBlock& d) {
  const ElementLayout& s = a.layout;
  const index_t k = s.size[0];
  if (s.is_hyper()) {
    for (index_t i = 0; i < m; ++i)
      chain<KeepZeroTangents, X, Y, XX, YY>(a.at(2, start + i), a.at(0, start + i), a.at(1, start + i), z[i],
                                            d.at(i, true), k, s.size[1]);
  } else if (k == 1) {
    for (index_t i = 0; i < m; ++i)
      chain<KeepZeroTangents, X, Y>(a.at(2, start + i), a.at(0, start + i), a.at(1, start + i), z[i], d.at(i, false),
                                    1);
  } else {
    for (index_t i = 0; i < m; ++i)
      chain<KeepZeroTangents, X, Y>(a.at(2, start + i), a.at(0, start + i), a.at(1, start + i), z[i], d.at(i, false),
                                    k);
  }
}

// Products and quotients in one pass, value and tangents together; K is the number of tangents, or 0 for any, and the
// steps are those of the operands in doubles.  Returns whether a value is nan.
template <class Row, bool X, bool Y, int K, bool Packed>
CLONES bool fuse(const double* x, index_t x_step, const double* y, index_t y_step, double* z, index_t z_step, index_t m,
                 index_t k) {
  if constexpr (Packed) x_step = X ? 1 + K : 1, y_step = Y ? 1 + K : 1, z_step = 1 + K;
  bool nan = false;
  for (index_t i = 0; i < m; ++i, x += x_step, y += y_step, z += z_step) {
    const double value = Row::value(*x, *y);
    chain<false, X, Y>(z, x, y, value, slopes_of<Row, X, Y>(*x, *y, value, false), K ? K : k);
    nan |= value != value;
  }
  return nan;
}

// One number times duals: their components like one long array.
CLONES inline void scale(double factor, const double* x, double* z, index_t n) {
  for (index_t i = 0; i < n; ++i) z[i] = factor * x[i];
}

template <class Row, bool X, bool Y>
bool is_scaling(const Operands& a) {
  if constexpr (!std::is_same_v<Row, rows::multiply_> || (X && Y)) return false;
  const index_t components = a.layout.components();
  return a.strides[X ? 1 : 0] == 0 && a.step(X ? 0 : 1) == components && a.step(2) == components &&
         std::isfinite(*a.at(X ? 1 : 0, 0));
}

// The same of hyper-dual numbers; Single says that they have one tangent of each level.
template <class Row, bool X, bool Y, bool Single>
CLONES bool fuse_hyper(const double* x, index_t x_step, const double* y, index_t y_step, double* z, index_t z_step,
                       index_t m, index_t k1, index_t k2) {
  bool nan = false;
  for (index_t i = 0; i < m; ++i, x += x_step, y += y_step, z += z_step) {
    const double value = Row::value(*x, *y);
    const Slopes d = slopes_of<Row, X, Y>(*x, *y, value, true);
    chain<false, X, Y, Row::has_curvature_x, Row::has_curvature_y>(z, x, y, value, d, Single ? 1 : k1, Single ? 1 : k2);
    nan |= value != value;
  }
  return nan;
}

// False where the block must go the long way: where a value is nan or a flag was raised (0 * inf raises one), zero
// tangents are kept zero by hand, and the values' flags are told from the tangents'.
template <class Row, bool X, bool Y>
bool fused(const Operands& a, index_t start, index_t m) {
  const double *x = a.at(0, start), *y = a.at(1, start);
  double* z = a.at(2, start);
  const ElementLayout& s = a.layout;
  const index_t k = s.size[0], sx = a.step(0), sy = a.step(1), sz = a.step(2);
  KeepFlags keep;
  bool nan = false;
  if (is_scaling<Row, X, Y>(a)) scale(X ? *y : *x, X ? x : y, z, m * s.components());
  else if (s.is_single_hyper()) nan = fuse_hyper<Row, X, Y, true>(x, sx, y, sy, z, sz, m, 1, 1);
  else if (s.is_hyper()) nan = fuse_hyper<Row, X, Y, false>(x, sx, y, sy, z, sz, m, k, s.size[1]);
  else if (k != 1) nan = fuse<Row, X, Y, 0, false>(x, sx, y, sy, z, sz, m, k);
  else if (sx == 1 + X && sy == 1 + Y && sz == 2) nan = fuse<Row, X, Y, 1, true>(x, sx, y, sy, z, sz, m, 1);
  else nan = fuse<Row, X, Y, 1, false>(x, sx, y, sy, z, sz, m, 1);
  return !nan && !keep.raised();
}

template <class Row, bool X, bool Y>
void element(const ElementLayout& s, double* z, const double* x, const double* y, double value, Arena& arena) {
  if (fast_path<Row, X, Y>(s, z, x, y, value)) return;
  Arena::Mark mark(arena);
  const index_t components = s.components();
  double* scratch = arena.take(3 * components);
  x = as_element(X, x, components, scratch);
  y = as_element(Y, y, components, scratch + components);
  apply<Row>(s, scratch + 2 * components, x, y, !Y, value, arena);
  mark_indeterminate(s, scratch + 2 * components, x);
  mark_indeterminate(s, scratch + 2 * components, y);
  copy(components, z, scratch + 2 * components);
}

template <class Row, bool X, bool Y>
void binary_blocks(const Operands& a) {
  double x[BLOCK], y[BLOCK], z[BLOCK];
  SlopeBlock d;
  const ElementLayout& s = a.layout;
  const index_t block = a.is_sequential() ? 1 : BLOCK;
  const bool fixed_x = a.strides[0] == 0, fixed_y = a.strides[1] == 0, second_order = s.is_hyper();
  [[maybe_unused]] const bool fusible = is_arithmetic<Row> && (s.is_dual() || second_order) && a.result_is_apart();
  Arena arena;
  for (index_t start = 0; start < a.n; start += block) {
    const index_t m = std::min(block, a.n - start);
    if constexpr (is_arithmetic<Row>)
      if (fusible && fused<Row, X, Y>(a, start, m)) continue;
    a.gather(0, start, m, x);
    a.gather(1, start, m, y);
    binary_values(value_of<Row>, x, fixed_x, y, fixed_y, z, m);
    KeepFlags keep;
    if (!s.is_dual() && !second_order) {
      for (index_t i = 0; i < m; ++i)
        element<Row, X, Y>(s, a.at(2, start + i), a.at(0, start + i), a.at(1, start + i), z[i], arena);
      continue;
    }
    find_slopes<Row, X, Y>(d, x, fixed_x, y, fixed_y, z, m, second_order);
    constexpr bool xx = Row::has_curvature_x, yy = Row::has_curvature_y;
    const bool finite =
        d.finite(m, second_order) &&
        (!second_order || ((!X || all_tangents_finite(a, 0, start, m)) && (!Y || all_tangents_finite(a, 1, start, m))));
    if (finite) binary_tangents<false, X, Y, xx, yy>(a, start, m, z, d);
    else binary_tangents<true, X, Y, xx, yy>(a, start, m, z, d);
  }
}

template <class Row, bool X, bool Y>
void binary(const Operands& a) {
  if (a.n != 1) return binary_blocks<Row, X, Y>(a);
  const double *x = a.at(0, 0), *y = a.at(1, 0);
  double value;
  if constexpr (is_arithmetic<Row>) value = Row::value(*x, *y);
  else binary_values(value_of<Row>, x, a.strides[0] == 0, y, a.strides[1] == 0, &value, 1);
  pin(value);
  KeepFlags keep;
  if (fast_path<Row, X, Y>(a.layout, a.at(2, 0), x, y, value)) return;
  Arena arena;
  element<Row, X, Y>(a.layout, a.at(2, 0), x, y, value, arena);
}

// Sums of tangents, pairwise like NumPy's sums of values: blocks of 128, halves above.
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
  const auto at = [&](index_t i) { return reinterpret_cast<const double*>(x + i * step); };
  index_t i = 0;
  if (components <= 4) {  // so few that one sum would wait for itself
    double part[4][4] = {};
    for (; i + 4 <= n; i += 4)
      for (index_t r = 0; r < 4; ++r)
        for (index_t j = 1; j < components; ++j) part[r][j] += at(i + r)[j];
    for (index_t j = 1; j < components; ++j) sum[j] += (part[0][j] + part[1][j]) + (part[2][j] + part[3][j]);
  }
  for (; i < n; ++i)
    for (index_t j = 1; j < components; ++j) sum[j] += at(i)[j];
}

template <int Sign>
inline double plus(double x, double y) {
  return Sign < 0 ? x - y : x + y;
}

// x + Sign y of a block, value and tangents together; C is the number of components, or 0 for any.
template <int Sign, bool X, bool Y, int C>
CLONES void add_elements(const double* x, index_t x_step, const double* y, index_t y_step, double* z, index_t z_step,
                         index_t n, index_t components) {
  if constexpr (C == 1) x_step = y_step = z_step = 1;
  for (index_t i = 0; i < n; ++i, x += x_step, y += y_step, z += z_step) {
    const double value = plus<Sign>(*x, *y);
    for (index_t j = 1; j < (C ? C : components); ++j)
      z[j] = X && Y ? plus<Sign>(x[j], y[j]) : X ? x[j] : Sign < 0 ? -y[j] : y[j];
    z[0] = value;
  }
}

// The same where only one operand is dual and the elements lie closely: its components like one long array, a block at a
// time, then the values.
template <int Sign, bool X>
CLONES void add_numbers(const double* x, index_t x_step, const double* y, index_t y_step, double* z, index_t n,
                        index_t components) {
  for (index_t start = 0; start < n; start += BLOCK) {
    const index_t m = std::min(BLOCK, n - start);
    const double* dual = X ? x : y;
    for (index_t i = 0; i < m * components; ++i) z[i] = !X && Sign < 0 ? -dual[i] : dual[i];
    for (index_t i = 0; i < m; ++i) z[i * components] = plus<Sign>(x[i * x_step], y[i * y_step]);
    x += m * x_step, y += m * y_step, z += m * components;
  }
}

// False where a flag was raised, which may be a tangent's, or where an operand and the result overlap.
template <int Sign, bool X, bool Y>
bool add_at_once(const Operands& a, index_t components) {
  if (a.is_sequential() || !a.result_is_apart()) return false;
  const double *x = a.at(0, 0), *y = a.at(1, 0);
  double* z = a.at(2, 0);
  const index_t sx = a.step(0), sy = a.step(1), sz = a.step(2);
  KeepFlags keep;
  if (X && Y && sx == components && sy == components && sz == components)  // like one long array
    add_elements<Sign, true, true, 1>(x, 1, y, 1, z, 1, a.n * components, 1);
  else if (components == 2) add_elements<Sign, X, Y, 2>(x, sx, y, sy, z, sz, a.n, 2);
  else if (X != Y && (X ? sx : sy) == components && sz == components)
    add_numbers<Sign, X>(x, sx, y, sy, z, a.n, components);
  else add_elements<Sign, X, Y, 0>(x, sx, y, sy, z, sz, a.n, components);
  return !keep.raised();
}

// x + y and x - y: the values by NumPy's loop where they lie, the tangents alike.
template <ValueId Id, bool X, bool Y>
void linear(const Operands& a) {
  constexpr int sign = Id == value_of_subtract ? -1 : 1;
  const index_t components = a.layout.components();
  if (add_at_once<sign, X, Y>(a, components)) return;
  value_loops[Id].function(const_cast<char**>(a.data), &a.n, a.strides, value_loops[Id].extra);
  KeepFlags keep;
  if constexpr (X && Y && Id == value_of_add) {
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
    for (index_t j = 1; j < components; ++j) z[j] = X && Y ? x[j] + sign * y[j] : X ? x[j] : sign * y[j];
  }
}

}  // namespace dn
