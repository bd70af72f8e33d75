// The kernels of the tables' rows: NumPy's loop computes a block of values, then the chain rule the tangents.
#pragma once
#include <algorithm>

#include "loops/float_loops.h"
#include "loops/operands.h"
#include "math/chain_rule.h"

namespace dn {

// The forms of an element that have the chain rule written out: one level of degree 1, two of them, or one of degree 2.
enum class Form { dual, hyper_dual, second_degree };

// K is the number of tangents of each level, or 0 for any numbers k1 and k2.
template <Form F, bool KeepZeroTangents, bool X, bool Y, bool XX, bool YY, int K>
inline void chain(double* z, const double* x, const double* y, double value, Slopes d, index_t k1, index_t k2) {
  if constexpr (K != 0) k1 = k2 = K;
  if constexpr (F == Form::dual) chain_dual<KeepZeroTangents, X, Y>(z, x, y, value, d, k1);
  else if constexpr (F == Form::hyper_dual) chain_hyper_dual<KeepZeroTangents, X, Y, XX, YY>(z, x, y, value, d, k1, k2);
  else chain_second_degree<KeepZeroTangents, X, Y, XX, YY, K>(z, x, y, value, d, k1);
}

template <Form F>
using FormOf = std::integral_constant<Form, F>;

// Calls f(form, K, k1, k2) with the form of a layout that has one and with its numbers of tangents, as `chain` takes them;
// K is a constant for levels of degree 2 only if Constants says so: each is one more copy of the loop.
template <bool Constants, class F>
void with_form(const ElementLayout& s, F f) {
  constexpr std::integral_constant<int, 1> one;
  constexpr std::integral_constant<int, 0> any;
  const index_t k = s.tangents(0);
  if (s.is_second_degree()) {
    if constexpr (Constants) with_constant(k, [&](auto K) { f(FormOf<Form::second_degree>{}, K, k, index_t{0}); });
    else f(FormOf<Form::second_degree>{}, any, k, index_t{0});
  } else if (s.is_single_hyper()) {
    f(FormOf<Form::hyper_dual>{}, one, index_t{1}, index_t{1});
  } else if (s.is_hyper()) {
    f(FormOf<Form::hyper_dual>{}, any, k, s.size[1]);
  } else if (k == 1) {
    f(FormOf<Form::dual>{}, one, index_t{1}, index_t{0});
  } else {
    f(FormOf<Form::dual>{}, any, k, index_t{0});
  }
}

// y = f(x) of m elements, given values, slopes d1 and, of second order, curvatures d2.  Packed says that duals with one
// tangent are contiguous; steps are in doubles.
template <Form F, bool KeepZeroTangents, bool HasCurvature, int K, bool Packed>
CLONES void unary_elements(const double* x, index_t x_step, double* y, index_t y_step, const double* value,
                           const double* d1, const double* d2, index_t m, index_t k1, index_t k2) {
  if constexpr (Packed) x_step = y_step = 1 + K;
  for (index_t i = 0; i < m; ++i, x += x_step, y += y_step)
    chain<F, KeepZeroTangents, true, false, HasCurvature, false, K>(
        y, x, nullptr, value[i], Slopes{d1[i], 0, F == Form::dual ? 0 : d2[i], 0, 0}, k1, k2);
}

// Chooses the loop for the layout and the strides.
template <bool KeepZeroTangents, bool HasCurvature>
void unary_tangents(const Operands& a, index_t start, index_t m, const double* y, const double* d1, const double* d2) {
  const index_t x_step = a.step(0), y_step = a.step(1);
  const double* x = a.at(0, start);
  double* z = a.at(1, start);
  with_form<!KeepZeroTangents>(a.layout, [&](auto form, auto K, index_t k1, index_t k2) {
    constexpr bool single = form() == Form::dual && K() == 1;
    if (single && x_step == 2 && y_step == 2)
      unary_elements<form(), KeepZeroTangents, HasCurvature, K(), single>(x, 2, z, 2, y, d1, d2, m, k1, k2);
    else unary_elements<form(), KeepZeroTangents, HasCurvature, K(), false>(x, x_step, z, y_step, y, d1, d2, m, k1, k2);
  });
}

// Whether the tangents in all levels of m elements of an operand are finite.
inline bool all_tangents_finite(const Operands& a, int operand, index_t start, index_t m) {
  const double* x = a.at(operand, start);
  const index_t step = a.step(operand), components = a.layout.components();
  if (step == components && components <= 25) return all_finite(x, m * components);  // stricter, but faster
  bool all = true;
  for (index_t i = 0; i < m; ++i, x += step) all &= has_finite_tangents(a.layout, x);
  return all;
}

inline bool all_within(const double* x, index_t m, double bound) {
  bool within = true;
  for (index_t i = 0; i < m; ++i) within &= std::fabs(x[i]) <= bound;
  return within;
}

// d1 = f'(x) and, where d2 is not null, d2 = f''(x) of m numbers; BranchFreeOnly says that all are within vector_reach.
template <class Row, bool BranchFreeOnly>
CLONES void compute_slopes(const double* x, const double* y, double* d1, double* d2, index_t m) {
  for (index_t i = 0; i < m; ++i) {
    double c;
    if constexpr (BranchFreeOnly) c = double{Row::companion(BranchFree(x[i]), BranchFree(y[i]))};
    else c = companion_of<Row>(x[i], y[i]);
    d1[i] = Row::dy(x[i], c, y[i]);
    if (d2) d2[i] = Row::d2y(x[i], c, y[i]);
  }
}

// The same; chooses vector_math.h's functions where they are accurate for the whole block.
template <class Row>
void compute_slopes(const double* x, const double* y, double* d1, double* d2, index_t m) {
  if constexpr (Row::vector_reach != 0)
    if (all_within(x, m, Row::vector_reach)) return compute_slopes<Row, true>(x, y, d1, d2, m);
  compute_slopes<Row, false>(x, y, d1, d2, m);
}

// In a near level the derivatives at a pole, where finite operands give an infinite value, are no power series: NaN.
inline void mark_pole(const ElementLayout& s, double* z, double value, bool finite_operands) {
  if (!s.is_near() || !std::isinf(value) || !finite_operands) return;
  for (index_t c = 1; c < s.components(); ++c) z[c] = std::numeric_limits<double>::quiet_NaN();
}

// y = f(x) of one element of any layout, given the value; y may be x itself.
template <class Row>
void apply_to_element(const ElementLayout& s, double* y, const double* x, double value, Arena& arena) {
  if (fast_path<Row>(s, y, x, value)) return;
  Arena::Mark mark(arena);
  double* result = arena.take(s.components());
  apply<Row>(s, result, x, value, arena);
  mark_indeterminate(s, result, x);
  mark_unknown(s, value, result);
  mark_pole(s, result, value, std::isfinite(*x) && moves(s, x));
  copy(s.components(), y, result);
}

template <class Row>
void unary_blocks(const Operands& a) {
  double x[BLOCK], y[BLOCK], d1[BLOCK], d2[BLOCK];
  const ElementLayout& s = a.layout;
  const bool second_order = s.has_second_order_chain();
  Arena arena;
  for (index_t start = 0; start < a.n; start += BLOCK) {
    const index_t m = std::min(BLOCK, a.n - start);
    for (index_t i = 0; i < m; ++i) x[i] = *a.at(0, start + i);
    unary_values(value_of<Row>, x, y, m);
    KeepFlags keep;
    if (!s.is_dual() && !second_order) {
      for (index_t i = 0; i < m; ++i) apply_to_element<Row>(s, a.at(1, start + i), a.at(0, start + i), y[i], arena);
      continue;
    }
    compute_slopes<Row>(x, y, d1, second_order ? d2 : nullptr, m);
    const bool finite =
        all_finite(d1, m) && (!second_order || (all_finite(d2, m) && all_tangents_finite(a, 0, start, m)));
    if (finite) unary_tangents<false, Row::has_curvature>(a, start, m, y, d1, d2);
    else {
      for (index_t i = 0; i < m; ++i) note_singularity<Row>(s, a.at(0, start + i));
      unary_tangents<true, Row::has_curvature>(a, start, m, y, d1, d2);
    }
  }
}

// The kernel of a row of one argument; one element, such as a scalar, goes without blocks.
template <class Row>
void unary(const Operands& a) {
  if (a.n != 1) return unary_blocks<Row>(a);
  double value;
  unary_values(value_of<Row>, a.at(0, 0), &value, 1);
  KeepFlags keep;
  if (fast_path<Row>(a.layout, a.at(1, 0), a.at(0, 0), value)) return;
  Arena arena;
  apply_to_element<Row>(a.layout, a.at(1, 0), a.at(0, 0), value, arena);
}

// The slopes of a block: an array for each partial derivative.
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
void compute_slopes(SlopeBlock& d, const double* x, bool fixed_x, const double* y, bool fixed_y, const double* z,
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
  with_form<false>(a.layout, [&](auto form, auto K, index_t k1, index_t k2) {
    for (index_t i = 0; i < m; ++i)
      chain<form(), KeepZeroTangents, X, Y, XX, YY, K()>(a.at(2, start + i), a.at(0, start + i), a.at(1, start + i),
                                                         z[i], d.at(i, form() != Form::dual), k1, k2);
  });
}

// z = x y or x / y of m elements, values and tangents in one pass.  Packed and steps as in unary_elements.  Returns
// whether a value is nan.
template <class Row, bool X, bool Y, Form F, int K, bool Packed>
CLONES bool arithmetic_elements(const double* x, index_t x_step, const double* y, index_t y_step, double* z,
                                index_t z_step, index_t m, index_t k1, index_t k2) {
  if constexpr (Packed) x_step = X ? 1 + K : 1, y_step = Y ? 1 + K : 1, z_step = 1 + K;
  bool nan = false;
  for (index_t i = 0; i < m; ++i, x += x_step, y += y_step, z += z_step) {
    const double value = Row::value(*x, *y);
    const Slopes d = slopes_of<Row, X, Y>(*x, *y, value, F != Form::dual);
    chain<F, false, X, Y, Row::has_curvature_x, Row::has_curvature_y, K>(z, x, y, value, d, k1, k2);
    nan |= value != value;
  }
  return nan;
}

// z = factor x of n numbers: one float64 times contiguous duals.
CLONES inline void scale(double factor, const double* x, double* z, index_t n) {
  for (index_t i = 0; i < n; ++i) z[i] = factor * x[i];
}

// Whether the operation is one finite float64 times contiguous duals.
template <class Row, bool X, bool Y>
bool is_scaling(const Operands& a) {
  if constexpr (!std::is_same_v<Row, rows::multiply_> || (X && Y)) return false;
  const index_t components = a.layout.components();
  return a.strides[X ? 1 : 0] == 0 && a.step(X ? 0 : 1) == components && a.step(2) == components &&
         std::isfinite(*a.at(X ? 1 : 0, 0));
}

// z = x y or x / y of a block in one pass.  False where a value is nan or a floating-point flag was raised, and
// binary_blocks then computes the block anew: the flag may be a tangent's, or that of a 0 * inf which must be 0.
template <class Row, bool X, bool Y>
bool arithmetic_block(const Operands& a, index_t start, index_t m) {
  const double *x = a.at(0, start), *y = a.at(1, start);
  double* z = a.at(2, start);
  const index_t sx = a.step(0), sy = a.step(1), sz = a.step(2);
  KeepFlags keep;
  bool nan = false;
  if (is_scaling<Row, X, Y>(a)) scale(X ? *y : *x, X ? x : y, z, m * a.layout.components());
  else
    with_form<true>(a.layout, [&](auto form, auto K, index_t k1, index_t k2) {
      constexpr bool single = form() == Form::dual && K() == 1;
      if (single && sx == 1 + X && sy == 1 + Y && sz == 2)
        nan = arithmetic_elements<Row, X, Y, form(), K(), single>(x, sx, y, sy, z, sz, m, k1, k2);
      else nan = arithmetic_elements<Row, X, Y, form(), K(), false>(x, sx, y, sy, z, sz, m, k1, k2);
    });
  return !nan && !keep.raised();
}

template <class Row, bool X, bool Y>
void apply_to_element(const ElementLayout& s, double* z, const double* x, const double* y, double value, Arena& arena) {
  if (fast_path<Row, X, Y>(s, z, x, y, value)) return;
  Arena::Mark mark(arena);
  const index_t components = s.components();
  double* scratch = arena.take(3 * components);
  x = as_element(X, x, components, scratch);
  y = as_element(Y, y, components, scratch + components);
  apply<Row>(s, scratch + 2 * components, x, y, !Y, value, arena);
  mark_indeterminate(s, scratch + 2 * components, x);
  mark_indeterminate(s, scratch + 2 * components, y);
  mark_unknown(s, value, scratch + 2 * components);
  mark_pole(s, scratch + 2 * components, value, std::isfinite(*x) && std::isfinite(*y) && (moves(s, x) || moves(s, y)));
  copy(components, z, scratch + 2 * components);
}

template <class Row, bool X, bool Y>
void binary_blocks(const Operands& a) {
  double x[BLOCK], y[BLOCK], z[BLOCK];
  SlopeBlock d;
  const ElementLayout& s = a.layout;
  const index_t block = a.is_sequential() ? 1 : BLOCK;
  const bool fixed_x = a.strides[0] == 0, fixed_y = a.strides[1] == 0, second_order = s.has_second_order_chain();
  [[maybe_unused]] const bool in_one_pass =
      is_arithmetic<Row> && (s.is_dual() || second_order) && a.result_is_disjoint();
  Arena arena;
  for (index_t start = 0; start < a.n; start += block) {
    const index_t m = std::min(block, a.n - start);
    if constexpr (is_arithmetic<Row>)
      if (in_one_pass && arithmetic_block<Row, X, Y>(a, start, m)) continue;
    a.copy_values(0, start, m, x);
    a.copy_values(1, start, m, y);
    binary_values(value_of<Row>, x, fixed_x, y, fixed_y, z, m);
    KeepFlags keep;
    if (!s.is_dual() && !second_order) {
      for (index_t i = 0; i < m; ++i)
        apply_to_element<Row, X, Y>(s, a.at(2, start + i), a.at(0, start + i), a.at(1, start + i), z[i], arena);
      continue;
    }
    if constexpr (std::is_same_v<Row, rows::hypot_>)
      if (second_order) {  // an element at a time, because of its kink
        for (index_t i = 0; i < m; ++i)
          apply_to_element<Row, X, Y>(s, a.at(2, start + i), a.at(0, start + i), a.at(1, start + i), z[i], arena);
        continue;
      }
    compute_slopes<Row, X, Y>(d, x, fixed_x, y, fixed_y, z, m, second_order);
    constexpr bool xx = Row::has_curvature_x, yy = Row::has_curvature_y;
    const bool finite =
        d.finite(m, second_order) &&
        (!second_order || ((!X || all_tangents_finite(a, 0, start, m)) && (!Y || all_tangents_finite(a, 1, start, m))));
    if (is_power<Row> && !finite)
      for (index_t i = 0; i < m; ++i)
        note_singularity<Row>(s, X ? a.at(0, start + i) : nullptr, x[fixed_x ? 0 : i], Y ? a.at(1, start + i) : nullptr,
                              y[fixed_y ? 0 : i]);
    if (finite) binary_tangents<false, X, Y, xx, yy>(a, start, m, z, d);
    else binary_tangents<true, X, Y, xx, yy>(a, start, m, z, d);
  }
}

// The kernel of a row of two arguments; X and Y say which are duals.
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
  apply_to_element<Row, X, Y>(a.layout, a.at(2, 0), x, y, value, arena);
}

}  // namespace dn
