// The chain rule for one element of one or two first-order levels, or of a series of order 2, given the slopes.
//
// z may be x or y themselves.  KeepZeroTangents says that a slope may not be finite, or for second derivatives a tangent, so that
// zero tangents are kept zero by hand.
#pragma once
#include "math/elementary.h"

namespace dn {

template <bool KeepZeroTangents>
inline double guarded_product(double slope, double tangent) {
  return KeepZeroTangents && tangent == 0 ? 0 : slope * tangent;
}

template <bool KeepZeroTangents>
inline double guarded_pair_product(double tangent, double other) {
  return KeepZeroTangents ? times(tangent, other) : tangent * other;
}

// Whether the tangents of one level alone are finite, which second derivatives multiply by each other.
inline bool has_finite_tangents(const ElementLayout& s, const double* x) {
  double sum = 0;
  for (index_t i = 1; i <= s.size[0]; ++i) sum += 0 * x[i];
  for (index_t j = 1; j <= s.size[1]; ++j) sum += 0 * x[j * s.stride[1]];
  return sum == 0;
}

// y_j = f' x_j
template <bool KeepZeroTangents>
inline void chain(double* y, const double* x, double value, double slope, index_t k) {
  INDEPENDENT
  for (index_t j = 1; j <= k; ++j) y[j] = guarded_product<KeepZeroTangents>(slope, x[j]);
  y[0] = value;
}

// y_ab = f' x_ab + f'' x_a x_b; not HasCurvature says that f'' is 0.
template <bool KeepZeroTangents, bool HasCurvature>
inline void chain(double* y, const double* x, double value, double slope, double curvature, index_t k1, index_t k2) {
  const index_t m = 1 + k1;
  for (index_t j = 1; j <= k2; ++j) {
    const double* xb = x + j * m;
    double* yb = y + j * m;
    const double b = xb[0];
    INDEPENDENT
    for (index_t i = 1; i <= k1; ++i)
      yb[i] =
          guarded_product<KeepZeroTangents>(slope, xb[i]) +
          (HasCurvature ? guarded_product<KeepZeroTangents>(curvature, guarded_pair_product<KeepZeroTangents>(x[i], b))
                        : 0);
    yb[0] = guarded_product<KeepZeroTangents>(slope, b);
  }
  chain<KeepZeroTangents>(y, x, value, slope, k1);
}

// Whether z_1 and z_2 are finite; if so, they are stored.
inline bool store_quadratic(double* z, double value, double z1, double z2) {
  if (!std::isfinite(z1) || !std::isfinite(z2)) return false;
  z[0] = value;
  z[1] = z1;
  z[2] = z2;
  return true;
}

// y_1 = x_1 [f']_0,  2 y_2 = x_1 [f']_1 + 2 x_2 [f']_0, as evaluate() has it.  False, and y untouched, where one is not
// finite: the general case decides.
template <class Row>
inline bool chain_quadratic(const Row& row, double* y, const double* x, double value) {
  const double c = companion_of<Row>(*x, value);
  const double y1 = x[1] * row.dy(*x, c, value), c1 = x[1] * row.dc(*x, c, value);
  const Jet1 slope = row.dy(Jet1{*x, x[1]}, Jet1{c, c1}, Jet1{value, y1});
  return store_quadratic(y, value, y1, (x[1] * slope.rate + 2 * x[2] * slope.value) / 2);
}

// The partial derivatives of z(x, y) at one point.
struct Slopes {
  double x, y, xx, xy, yy;
};

// z_j = z_x x_j + z_y y_j.  X and Y say which operands are duals; the others point to a float64.
template <bool KeepZeroTangents, bool X, bool Y>
inline void chain(double* z, const double* x, const double* y, double value, const Slopes& d, index_t k) {
  INDEPENDENT
  for (index_t j = 1; j <= k; ++j) {
    double t = 0;
    if constexpr (X && Y)
      t = guarded_product<KeepZeroTangents>(d.x, x[j]) + guarded_product<KeepZeroTangents>(d.y, y[j]);
    else if constexpr (X) t = guarded_product<KeepZeroTangents>(d.x, x[j]);
    else t = guarded_product<KeepZeroTangents>(d.y, y[j]);
    z[j] = t;
  }
  z[0] = value;
}

// z_ab = z_x x_ab + z_y y_ab + z_xx x_a x_b + z_xy (x_a y_b + y_a x_b) + z_yy y_a y_b; XX and YY say that z_xx and z_yy
// are not 0.
template <bool KeepZeroTangents, bool X, bool Y, bool XX, bool YY>
inline void chain(double* z, const double* x, const double* y, double value, const Slopes& d, index_t k1, index_t k2) {
  const index_t m = 1 + k1;
  for (index_t j = 1; j <= k2; ++j) {
    const double *xb = X ? x + j * m : nullptr, *yb = Y ? y + j * m : nullptr;
    double* zb = z + j * m;
    const double bx = X ? xb[0] : 0, by = Y ? yb[0] : 0;
    INDEPENDENT
    for (index_t i = 1; i <= k1; ++i) {
      double t = 0;
      if constexpr (X)
        t += guarded_product<KeepZeroTangents>(d.x, xb[i]) +
             (XX ? guarded_product<KeepZeroTangents>(d.xx, guarded_pair_product<KeepZeroTangents>(x[i], bx)) : 0);
      if constexpr (Y)
        t += guarded_product<KeepZeroTangents>(d.y, yb[i]) +
             (YY ? guarded_product<KeepZeroTangents>(d.yy, guarded_pair_product<KeepZeroTangents>(y[i], by)) : 0);
      if constexpr (X && Y)
        t += guarded_product<KeepZeroTangents>(
            d.xy, guarded_pair_product<KeepZeroTangents>(x[i], by) + guarded_pair_product<KeepZeroTangents>(y[i], bx));
      zb[i] = t;
    }
    double t = 0;
    if constexpr (X) t += guarded_product<KeepZeroTangents>(d.x, bx);
    if constexpr (Y) t += guarded_product<KeepZeroTangents>(d.y, by);
    zb[0] = t;
  }
  chain<KeepZeroTangents, X, Y>(z, x, y, value, d, k1);
}

// The same of two arguments, of which those that are no duals do not move.
template <class Row, bool X, bool Y>
inline bool chain_quadratic(double* z, const double* x, const double* y, double value) {
  const double x1 = X ? x[1] : 0, y1 = Y ? y[1] : 0, x2 = X ? x[2] : 0, y2 = Y ? y[2] : 0;
  if constexpr (std::is_same_v<Row, rows::multiply_>)
    return store_quadratic(z, value, *x * y1 + x1 * *y, *x * y2 + x1 * y1 + x2 * *y);
  if constexpr (std::is_same_v<Row, rows::divide_>) {
    const double z1 = (x1 - value * y1) / *y;
    return store_quadratic(z, value, z1, (x2 - (value * y2 + z1 * y1)) / *y);
  }
  const double c = Row::companion_c(*x, *y, value);
  const double s = Row::companion_s(*x, *y, value);
  const auto moved_by = [x1, y1](double by_x, double by_y) { return x1 * by_x + y1 * by_y; };
  const double z1 = moved_by(Row::z_x(*x, *y, value, c, s), Row::z_y(*x, *y, value, c, s));
  const Jet1 lx{*x, x1}, ly{*y, y1}, lz{value, z1};
  const Jet1 lc{c, moved_by(Row::c_x(*x, *y, value, c, s), Row::c_y(*x, *y, value, c, s))};
  const Jet1 ls{s, moved_by(Row::s_x(*x, *y, value, c, s), Row::s_y(*x, *y, value, c, s))};
  const Jet1 by_x = Row::z_x(lx, ly, lz, lc, ls), by_y = Row::z_y(lx, ly, lz, lc, ls);
  const double doubled = (x1 * by_x.rate + 2 * x2 * by_x.value) + (y1 * by_y.rate + 2 * y2 * by_y.value);
  return store_quadratic(z, value, z1, doubled / 2);
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

inline bool finite(double x) { return std::isfinite(x); }
inline bool finite(const Slopes& d) {
  return finite(d.x) && finite(d.y) && finite(d.xx) && finite(d.xy) && finite(d.yy);
}

// f of one element of two first-order levels, given the value.
template <class Row>
void fast_path_hyper_dual(const ElementLayout& s, double* y, const double* x, double value) {
  const double c = companion_of<Row>(*x, value), slope = Row::dy(*x, c, value), curvature = Row::d2y(*x, c, value);
  if (finite(slope) && finite(curvature) && has_finite_tangents(s, x))
    chain<false, Row::has_curvature>(y, x, value, slope, curvature, s.size[0], s.size[1]);
  else chain<true, Row::has_curvature>(y, x, value, slope, curvature, s.size[0], s.size[1]);
}

// f of one element of these kinds, given the value; false for others, and y untouched.
template <class Row>
inline bool fast_path(const ElementLayout& s, double* y, const double* x, double value) {
  if (s.is_quadratic()) return chain_quadratic(Row{}, y, x, value);
  if (s.is_dual()) {
    const double slope = Row::dy(*x, companion_of<Row>(*x, value), value);
    if (finite(slope)) chain<false>(y, x, value, slope, s.size[0]);
    else chain<true>(y, x, value, slope, s.size[0]);
    return true;
  }
  if (!s.is_hyper()) return false;
  fast_path_hyper_dual<Row>(s, y, x, value);
  return true;
}

// The same of two elements.
template <class Row, bool X, bool Y>
void fast_path_hyper_dual(const ElementLayout& s, double* z, const double* x, const double* y, double value) {
  const Slopes d = slopes_of<Row, X, Y>(*x, *y, value, true);
  if (finite(d) && (!X || has_finite_tangents(s, x)) && (!Y || has_finite_tangents(s, y)))
    chain<false, X, Y, Row::has_curvature_x, Row::has_curvature_y>(z, x, y, value, d, s.size[0], s.size[1]);
  else chain<true, X, Y, Row::has_curvature_x, Row::has_curvature_y>(z, x, y, value, d, s.size[0], s.size[1]);
}

template <class Row, bool X, bool Y>
inline bool fast_path(const ElementLayout& s, double* z, const double* x, const double* y, double value) {
  if (s.is_quadratic()) {
    if constexpr (is_power<Row>) return !Y && *x != 0 && !is_tiny(value) && chain_quadratic(PowerRow{*y}, z, x, value);
    else return chain_quadratic<Row, X, Y>(z, x, y, value);
  }
  if (s.is_dual()) {
    const Slopes d = slopes_of<Row, X, Y>(*x, *y, value, false);
    if (finite(d.x) && finite(d.y)) chain<false, X, Y>(z, x, y, value, d, s.size[0]);
    else chain<true, X, Y>(z, x, y, value, d, s.size[0]);
    return true;
  }
  if (!s.is_hyper()) return false;
  fast_path_hyper_dual<Row, X, Y>(s, z, x, y, value);
  return true;
}

}  // namespace dn
