// The chain rule for one element of one or two first-order levels, given the slopes.
//
// z may be x or y themselves.  Guard says that a slope may not be finite, so that zero tangents are kept zero by hand.
#pragma once
#include "values.h"

namespace dn {

template <bool Guard>
inline double moved(double slope, double tangent) {
  return Guard && tangent == 0 ? 0 : slope * tangent;
}

// y_j = f' x_j
template <bool Guard>
inline void chain(double* y, const double* x, double value, double slope, index_t k) {
  for (index_t j = 1; j <= k; ++j) y[j] = moved<Guard>(slope, x[j]);
  y[0] = value;
}

// y_ab = f' x_ab + f'' x_a x_b
template <bool Guard>
inline void chain(double* y, const double* x, double value, double slope, double bend, index_t k1, index_t k2) {
  const index_t m = 1 + k1;
  for (index_t j = 1; j <= k2; ++j) {
    const double* xb = x + j * m;
    double* yb = y + j * m;
    const double b = xb[0];
    for (index_t i = 1; i <= k1; ++i) yb[i] = moved<Guard>(slope, xb[i]) + moved<Guard>(bend, x[i] * b);
    yb[0] = moved<Guard>(slope, b);
  }
  chain<Guard>(y, x, value, slope, k1);
}

// The partial derivatives of z(x, y) at one point.
struct Slopes {
  double x, y, xx, xy, yy;
};

// z_j = z_x x_j + z_y y_j.  X and Y say which operands are duals; the others point to a float64.
template <bool Guard, bool X, bool Y>
inline void chain(double* z, const double* x, const double* y, double value, const Slopes& d, index_t k) {
  for (index_t j = 1; j <= k; ++j) {
    double t = 0;
    if constexpr (X && Y) t = moved<Guard>(d.x, x[j]) + moved<Guard>(d.y, y[j]);
    else if constexpr (X) t = moved<Guard>(d.x, x[j]);
    else t = moved<Guard>(d.y, y[j]);
    z[j] = t;
  }
  z[0] = value;
}

// z_ab = z_x x_ab + z_y y_ab + z_xx x_a x_b + z_xy (x_a y_b + y_a x_b) + z_yy y_a y_b
template <bool Guard, bool X, bool Y>
inline void chain(double* z, const double* x, const double* y, double value, const Slopes& d, index_t k1, index_t k2) {
  const index_t m = 1 + k1;
  for (index_t j = 1; j <= k2; ++j) {
    const double *xb = X ? x + j * m : nullptr, *yb = Y ? y + j * m : nullptr;
    double* zb = z + j * m;
    const double bx = X ? xb[0] : 0, by = Y ? yb[0] : 0;
    for (index_t i = 1; i <= k1; ++i) {
      double t = 0;
      if constexpr (X) t += moved<Guard>(d.x, xb[i]) + moved<Guard>(d.xx, x[i] * bx);
      if constexpr (Y) t += moved<Guard>(d.y, yb[i]) + moved<Guard>(d.yy, y[i] * by);
      if constexpr (X && Y) t += moved<Guard>(d.xy, x[i] * by + y[i] * bx);
      zb[i] = t;
    }
    double t = 0;
    if constexpr (X) t += moved<Guard>(d.x, bx);
    if constexpr (Y) t += moved<Guard>(d.y, by);
    zb[0] = t;
  }
  chain<Guard, X, Y>(z, x, y, value, d, k1);
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

// 0 * x is nan where x is not finite.  Four sums, because one would wait for itself.
inline bool all_finite(const double* x, index_t n) {
  double sum[4] = {0, 0, 0, 0};
  index_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (index_t j = 0; j < 4; ++j) sum[j] += 0 * x[i + j];
  for (; i < n; ++i) sum[0] += 0 * x[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]) == 0;
}

}  // namespace dn
