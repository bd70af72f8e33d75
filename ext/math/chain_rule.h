// The chain rule written out for one level of degree 1 or 2 and for hyper-dual numbers, given slopes at one point.
//
// z may be x or y themselves.  KeepZeroTangents enforces 0 * inf = 0 (algebra.h); callers set it where a slope, or for
// second derivatives a tangent, is not finite.
#pragma once
#include "math/elementary.h"

namespace dn {

// The partial derivatives of z(x, y) at one point; of y(x): x and xx.  Passed by value, so that they stay in registers.
struct Slopes {
  double x, y, xx, xy, yy;
};

inline bool finite(Slopes d) {
  return std::isfinite(d.x) && std::isfinite(d.y) && std::isfinite(d.xx) && std::isfinite(d.xy) && std::isfinite(d.yy);
}

// The slopes at a point where the value is nan: nan where they are infinite.  So x / norm(x) is nan at 0 with its slope.
inline double known_slope(double value, double slope) { return value != value && std::isinf(slope) ? value : slope; }
inline Slopes known_slopes(double value, Slopes d) {
  return {known_slope(value, d.x), known_slope(value, d.y), known_slope(value, d.xx), known_slope(value, d.xy),
          known_slope(value, d.yy)};
}

// Whether the tangents in each level are finite, which second derivatives contain products of.
inline bool has_finite_tangents(const ElementLayout& s, const double* x) {
  double sum = 0;
  for (int l = 0; l < s.levels; ++l)
    for (index_t i = 1, k = s.tangents(l); i <= k; ++i) sum += 0 * x[i * s.stride[l]];
  return sum == 0;
}

// slope * tangent
template <bool KeepZeroTangents>
inline double scaled_tangent(double slope, double tangent) {
  return KeepZeroTangents && tangent == 0 ? 0 : slope * tangent;
}

// tangent * other, of two tangents
template <bool KeepZeroTangents>
inline double tangent_product(double tangent, double other) {
  return KeepZeroTangents ? times(tangent, other) : tangent * other;
}

// f' x_ab + f'' x_a x_b; not HasCurvature says that f'' is 0.
template <bool KeepZeroTangents, bool HasCurvature>
inline double second_derivative(double slope, double curvature, double x_ab, double x_a, double x_b) {
  return scaled_tangent<KeepZeroTangents>(slope, x_ab) +
         (HasCurvature ? scaled_tangent<KeepZeroTangents>(curvature, tangent_product<KeepZeroTangents>(x_a, x_b)) : 0);
}

// z_x x_j + z_y y_j, where X and Y say which operands are duals.
template <bool KeepZeroTangents, bool X, bool Y>
inline double directional(Slopes d, double x_j, double y_j) {
  if constexpr (!Y) return scaled_tangent<KeepZeroTangents>(d.x, x_j);
  else if constexpr (!X) return scaled_tangent<KeepZeroTangents>(d.y, y_j);
  else return scaled_tangent<KeepZeroTangents>(d.x, x_j) + scaled_tangent<KeepZeroTangents>(d.y, y_j);
}

// z_j = z_x x_j + z_y y_j, of k tangents.  X and Y say which operands are duals; of the others nothing is read.
template <bool KeepZeroTangents, bool X, bool Y>
inline void chain_dual(double* z, const double* x, const double* y, double value, Slopes d, index_t k) {
  if constexpr (KeepZeroTangents) d = known_slopes(value, d);
  INDEPENDENT
  for (index_t j = 1; j <= k; ++j) z[j] = directional<KeepZeroTangents, X, Y>(d, X ? x[j] : 0, Y ? y[j] : 0);
  z[0] = value;
}

// z_ab = z_x x_ab + z_y y_ab + z_xx x_a x_b + z_xy (x_a y_b + y_a x_b) + z_yy y_a y_b, of k1 tangents a and k2 tangents
// b; XX and YY say that z_xx and z_yy are not 0.
template <bool KeepZeroTangents, bool X, bool Y, bool XX, bool YY>
inline void chain_hyper_dual(double* z, const double* x, const double* y, double value, Slopes d, index_t k1,
                             index_t k2) {
  const index_t m = 1 + k1;
  if constexpr (KeepZeroTangents) d = known_slopes(value, d);
  for (index_t j = 1; j <= k2; ++j) {
    const double *xb = X ? x + j * m : nullptr, *yb = Y ? y + j * m : nullptr;
    double* zb = z + j * m;
    const double bx = X ? xb[0] : 0, by = Y ? yb[0] : 0;
    INDEPENDENT
    for (index_t i = 1; i <= k1; ++i) {
      double t = 0;
      if constexpr (X) t = second_derivative<KeepZeroTangents, XX>(d.x, d.xx, xb[i], x[i], bx);
      if constexpr (Y) t += second_derivative<KeepZeroTangents, YY>(d.y, d.yy, yb[i], y[i], by);
      if constexpr (X && Y)
        t += scaled_tangent<KeepZeroTangents>(
            d.xy, tangent_product<KeepZeroTangents>(x[i], by) + tangent_product<KeepZeroTangents>(y[i], bx));
      zb[i] = t;
    }
    zb[0] = directional<KeepZeroTangents, X, Y>(d, bx, by);
  }
  chain_dual<KeepZeroTangents, X, Y>(z, x, y, value, d, k1);
}

// The coefficient of a_i a_j, for one level of degree 2 in k variables: z_x x_ij + z_y y_ij + z_xx x_i x_j
// + z_xy (x_i y_j + x_j y_i) + z_yy y_i y_j for i < j; of a_i a_i half of the terms with products.  K is k, or 0 for any.
// The loop over j begins with the diagonal, whose halves are exact.
template <bool KeepZeroTangents, bool X, bool Y, bool XX, bool YY, int K>
inline void chain_second_degree(double* z, const double* x, const double* y, double value, Slopes d, index_t k) {
  constexpr bool keep = KeepZeroTangents;
  if constexpr (K != 0) k = K;
  if constexpr (keep) d = known_slopes(value, d);
  index_t c = 1 + k;
  for (index_t i = 1; i <= k; ++i) {
    const double x_i = X ? x[i] : 0, y_i = Y ? y[i] : 0;
    double diagonal = 0;
    if constexpr (X) diagonal = second_derivative<keep, XX>(d.x, d.xx / 2, x[c], x_i, x_i);
    if constexpr (Y) diagonal += second_derivative<keep, YY>(d.y, d.yy / 2, y[c], y_i, y_i);
    if constexpr (X && Y) diagonal += scaled_tangent<keep>(d.xy, tangent_product<keep>(x_i, y_i));
    z[c] = diagonal;
    INDEPENDENT
    for (index_t j = i + 1; j <= k; ++j) {
      double t = 0;
      if constexpr (X) t = second_derivative<keep, XX>(d.x, d.xx, x[c + j - i], x_i, x[j]);
      if constexpr (Y) t += second_derivative<keep, YY>(d.y, d.yy, y[c + j - i], y_i, y[j]);
      if constexpr (X && Y)
        t += scaled_tangent<keep>(d.xy, tangent_product<keep>(x_i, y[j]) + tangent_product<keep>(y_i, x[j]));
      z[c + j - i] = t;
    }
    c += k - i + 1;
  }
  chain_dual<keep, X, Y>(z, x, y, value, d, k);
}

constexpr index_t MOST_CONSTANT = 6;

// Calls f with k as a constant type up to MOST_CONSTANT, so that no loop over the tangents remains; else with 0.
template <class F>
inline void with_constant(index_t k, F f) {
  switch (k) {
    case 1: return f(std::integral_constant<int, 1>{});
    case 2: return f(std::integral_constant<int, 2>{});
    case 3: return f(std::integral_constant<int, 3>{});
    case 4: return f(std::integral_constant<int, 4>{});
    case 5: return f(std::integral_constant<int, 5>{});
    case 6: return f(std::integral_constant<int, 6>{});
    default: return f(std::integral_constant<int, 0>{});
  }
}

// z = value + z1 t + z2 t^2 if z1 and z2 are finite; else false, and z is untouched.
inline bool store_if_finite(double* z, double value, double z1, double z2) {
  if (!std::isfinite(z1) || !std::isfinite(z2)) return false;
  z[0] = value;
  z[1] = z1;
  z[2] = z2;
  return true;
}

// y_1 = x_1 [y']_0 and 2 y_2 = x_1 [y']_1 + 2 x_2 [y']_0, the recurrence of evaluate() up to order 2.  False, and y is
// untouched, where one is not finite: apply() then decides.
template <class Row>
inline bool chain_quadratic(const Row& row, double* y, const double* x, double value) {
  const double c = companion_of<Row>(*x, value);
  const double y1 = x[1] * row.dy(*x, c, value), c1 = x[1] * row.dc(*x, c, value);
  const Jet1 slope = row.dy(Jet1{*x, x[1]}, Jet1{c, c1}, Jet1{value, y1});
  return store_if_finite(y, value, y1, (x[1] * slope.tangent + 2 * x[2] * slope.value) / 2);
}

// The same of two arguments: 2 z_2 = x_1 [z_x]_1 + 2 x_2 [z_x]_0 + y_1 [z_y]_1 + 2 y_2 [z_y]_0.
template <class Row, bool X, bool Y>
inline bool chain_quadratic(double* z, const double* x, const double* y, double value) {
  const double x1 = X ? x[1] : 0, y1 = Y ? y[1] : 0, x2 = X ? x[2] : 0, y2 = Y ? y[2] : 0;
  if constexpr (std::is_same_v<Row, rows::multiply_>)
    return store_if_finite(z, value, *x * y1 + x1 * *y, *x * y2 + x1 * y1 + x2 * *y);
  if constexpr (std::is_same_v<Row, rows::divide_>) {
    const double z1 = (x1 - value * y1) / *y;
    return store_if_finite(z, value, z1, (x2 - (value * y2 + z1 * y1)) / *y);
  }
  const double c = Row::companion_c(*x, *y, value);
  const double s = Row::companion_s(*x, *y, value);
  const auto along = [x1, y1](double by_x, double by_y) { return x1 * by_x + y1 * by_y; };
  const double z1 = along(Row::z_x(*x, *y, value, c, s), Row::z_y(*x, *y, value, c, s));
  const Jet1 jx{*x, x1}, jy{*y, y1}, jz{value, z1};
  const Jet1 jc{c, along(Row::c_x(*x, *y, value, c, s), Row::c_y(*x, *y, value, c, s))};
  const Jet1 js{s, along(Row::s_x(*x, *y, value, c, s), Row::s_y(*x, *y, value, c, s))};
  const Jet1 by_x = Row::z_x(jx, jy, jz, jc, js), by_y = Row::z_y(jx, jy, jz, jc, js);
  const double doubled = (x1 * by_x.tangent + 2 * x2 * by_x.value) + (y1 * by_y.tangent + 2 * y2 * by_y.value);
  return store_if_finite(z, value, z1, doubled / 2);
}

// The slopes of a row at a point, from its columns; those of second order are 0 unless asked for.
template <class Row>
inline Slopes slopes_of(double x, double y, bool second_order) {
  const double c = companion_of<Row>(x, y);
  Slopes d{};
  d.x = Row::dy(x, c, y);
  if (second_order) d.xx = Row::d2y(x, c, y);
  return d;
}

template <class Row, bool X, bool Y>
inline Slopes slopes_of(double x, double y, double z, bool second_order) {
  const double c = Row::companion_c(x, y, z), s = Row::companion_s(x, y, z);
  Slopes d{};
  if constexpr (X) d.x = Row::z_x(x, y, z, c, s);
  if constexpr (Y) d.y = Row::z_y(x, y, z, c, s);
  if (second_order) {
    if constexpr (X) d.xx = Row::z_xx(x, y, z, c, s);
    if constexpr (X && Y) d.xy = Row::z_xy(x, y, z, c, s);
    if constexpr (Y) d.yy = Row::z_yy(x, y, z, c, s);
  }
  return d;
}

// chain_dual and chain_hyper_dual of one element, which choose KeepZeroTangents.
template <bool X, bool Y>
NOINLINE void chain_dual_nonfinite(double* z, const double* x, const double* y, double value, Slopes d, index_t k) {
  chain_dual<true, X, Y>(z, x, y, value, d, k);
}

template <bool X, bool Y>
inline void chain_dual(const ElementLayout& s, double* z, const double* x, const double* y, double value, Slopes d) {
  if (std::isfinite(d.x) && std::isfinite(d.y)) chain_dual<false, X, Y>(z, x, y, value, d, s.size[0]);
  else chain_dual_nonfinite<X, Y>(z, x, y, value, d, s.size[0]);
}

template <bool KeepZeroTangents, bool X, bool Y, bool XX, bool YY>
inline void chain_second_order(const ElementLayout& s, double* z, const double* x, const double* y, double value,
                               Slopes d) {
  if (s.is_hyper()) chain_hyper_dual<KeepZeroTangents, X, Y, XX, YY>(z, x, y, value, d, s.size[0], s.size[1]);
  else chain_second_degree<KeepZeroTangents, X, Y, XX, YY, 0>(z, x, y, value, d, s.tangents(0));
}

template <bool X, bool Y, bool XX, bool YY>
inline void chain_second_order(const ElementLayout& s, double* z, const double* x, const double* y, double value,
                               Slopes d) {
  if (finite(d) && (!X || has_finite_tangents(s, x)) && (!Y || has_finite_tangents(s, y)))
    chain_second_order<false, X, Y, XX, YY>(s, z, x, y, value, d);
  else chain_second_order<true, X, Y, XX, YY>(s, z, x, y, value, d);
}

template <class Row>
NOINLINE void fast_path_second_order(const ElementLayout& s, double* y, const double* x, double value) {
  chain_second_order<true, false, Row::has_curvature, false>(s, y, x, nullptr, value, slopes_of<Row>(*x, value, true));
}

template <class Row, bool X, bool Y>
NOINLINE void fast_path_second_order(const ElementLayout& s, double* z, const double* x, const double* y,
                                     double value) {
  const Slopes d = slopes_of<Row, X, Y>(*x, *y, value, true);
  chain_second_order<X, Y, Row::has_curvature_x, Row::has_curvature_y>(s, z, x, y, value, d);
}

// y = f(x) of one element, given the value; false, and y is untouched, where apply() must do it.
template <class Row>
inline bool fast_path(const ElementLayout& s, double* y, const double* x, double value) {
  note_singularity<Row>(s, x);
  if (s.is_quadratic()) return chain_quadratic(Row{}, y, x, value);
  if (s.is_dual()) chain_dual<true, false>(s, y, x, nullptr, value, slopes_of<Row>(*x, value, false));
  else if (s.has_second_order_chain()) fast_path_second_order<Row>(s, y, x, value);
  else return false;
  return true;
}

// The same of two elements: z = f(x, y).
template <class Row, bool X, bool Y>
inline bool fast_path(const ElementLayout& s, double* z, const double* x, const double* y, double value) {
  note_singularity<Row>(s, X ? x : nullptr, *x, Y ? y : nullptr, *y);
  if (branch_of_hypot<Row>(s, z, X ? x : nullptr, *x, Y ? y : nullptr, *y)) return true;
  if (s.is_quadratic()) {
    if constexpr (is_power<Row>) return !Y && *x != 0 && !is_tiny(value) && chain_quadratic(PowerRow{*y}, z, x, value);
    else return chain_quadratic<Row, X, Y>(z, x, y, value);
  }
  if (s.is_dual()) chain_dual<X, Y>(s, z, x, y, value, slopes_of<Row, X, Y>(*x, *y, value, false));
  else if (s.has_second_order_chain()) fast_path_second_order<Row, X, Y>(s, z, x, y, value);
  else return false;
  return true;
}

}  // namespace dn
