// The derivatives of x^y, exact at x = 0 and for the exponents 0, 1 and 2, where formulas with log(x) or 1/x give nan.
#pragma once
#include <cmath>
#include <limits>
#include <utility>

#include "math/algebra.h"
#include "math/expression_tape.h"
#include "math/kinks.h"

namespace dn {

// x^(y - n), given p = x^(y - n + 1).  Where y - n is rounded, as for small |y|, pow(x, y - n) has an error of |log x|
// ulps; p / x then has p's accuracy, and overflows only if the result does.
inline double reduced_power(double x, double y, double n, double p) {
  const double exponent = y - n;
  return exponent + n == y || x == 0 ? std::pow(x, exponent) : p / x;
}

// d/dx x^y = y x^(y - 1) and d2/dx2 x^y = y (y - 1) x^(y - 2), given z = x^y; 0 * inf = 0 where a factor is 0
inline double power_x(double x, double y, double z) { return y == 0 ? 0 : y * reduced_power(x, y, 1, z); }
inline double power_xx(double x, double y, double z) {
  return y == 0 || y == 1 ? 0 : y * (y - 1) * reduced_power(x, y, 2, reduced_power(x, y, 1, z));
}

// d/dy x^y = x^y log(x) and d2/dy2 x^y = x^y log(x)^2, given z = x^y; 0 * log(0) = 0
inline double power_y(double x, double, double z) { return z == 0 ? 0 : z * std::log(x); }
inline double power_yy(double x, double, double z) { return z == 0 ? 0 : z * std::log(x) * std::log(x); }

// d2/dx dy x^y = x^(y - 1) (1 + y log(x)), given z = x^y; 0 * log(0) = 0
inline double power_xy(double x, double y, double z) {
  const double p = reduced_power(x, y, 1, z);
  return p == 0 ? 0 : p * (1 + (y == 0 ? 0 : y * std::log(x)));
}

// Whether power_of_even_zero() applies: to series made by hand.  Drivers take what a near level shows.
inline bool even_zero_decides(const ElementLayout& s) {
  return s.levels == 1 && s.kind[0] == Kind::taylor && open_calls == 0;
}

// z = x^p for a series x = t^m (x_m + x_(m+1) t + ...) with m even, x_m > 0 and p not an integer.  Then
// z = |t|^(p m) (x_m + ...)^p.  If p m is an even integer, z is a series; else its coefficients from p m on do not
// exist and are nan.  False, and z is untouched, for other x and p.
inline bool power_of_even_zero(index_t n, double* z, const double* x, double p, Arena& arena) {
  index_t m = 1;
  while (m <= n && x[m] == 0) ++m;
  if (m > n || m % 2 != 0 || x[m] < 0 || p <= 0 || p == std::floor(p)) return false;
  const double lead = p * static_cast<double>(m);
  if (lead > static_cast<double>(n)) return false;
  zero(n + 1, z);
  const index_t first = static_cast<index_t>(std::ceil(lead));
  if (lead != std::floor(lead) || first % 2 != 0) {
    for (index_t k = first; k <= n; ++k) z[k] = NAN;
    return true;
  }
  // w = u^p for u = x_m + x_(m+1) t + ..., by w' u = p w u'.  The coefficients of u above n - m are unknown: nan.
  Arena::Mark mark(arena);
  const double* u = x + m;
  double* w = arena.take(n + 1);
  w[0] = std::pow(u[0], p);
  for (index_t k = 1; k <= n - first; ++k) {
    w[k] = 0;
    for (index_t i = 1; i <= k; ++i)
      w[k] += (p * static_cast<double>(i) - static_cast<double>(k - i)) * (i <= n - m ? u[i] : NAN) * w[k - i];
    w[k] /= static_cast<double>(k) * u[0];
  }
  copy(n - first + 1, z + first, w);
  return true;
}

// z = x^p for a constant p, by composition with the Taylor coefficients p (p - 1) ... (p - n + 1) / n! v^(p - n) at the
// primal v.  For a v of 0 or nearly so, where the recurrence y' = p y / x fails.
inline void power_at_zero(const ElementLayout& s, double* z, const double* x, double p, double value, Arena& arena) {
  if (x[0] == 0 && even_zero_decides(s) && power_of_even_zero(s.size[0], z, x, p, arena)) return;
  const index_t degree = s.degree();
  Arena::Mark mark(arena);
  double* c = arena.take(degree + 1);
  c[0] = value;
  double binomial = 1, power = value;
  for (index_t n = 1; n <= degree; ++n) {
    binomial *= (p - static_cast<double>(n - 1)) / static_cast<double>(n);
    power = reduced_power(x[0], p, static_cast<double>(n), power);
    c[n] = binomial == 0 ? 0 : binomial * power;
  }
  compose(s, z, c, x, arena);
}

// The components of x^p above second order, for an integer p >= 1, by repeated squaring into z.  Where terms of the
// recurrence y' = p y / x cancel, their rounding errors remain and are divided by a small x.
inline void integer_power(const ElementLayout& s, double* z, const double* x, index_t p, Arena& arena) {
  const index_t n = s.components();
  Arena::Mark mark(arena);
  double *square = arena.take(n), *power = arena.take(n), *scratch = arena.take(n);
  copy(n, square, x);
  zero(n, power);
  power[0] = 1;
  for (;; p /= 2) {
    if (p % 2 == 1) {
      multiply(s, s.levels, scratch, power, square);
      std::swap(power, scratch);
    }
    if (p == 1) break;
    multiply(s, s.levels, scratch, square, square);
    std::swap(square, scratch);
  }
  for (index_t c = 1; c < n; ++c)
    if (s.order(c) > 2) z[c] = power[c];
}

// Whether y is subnormal or 0: it has lost digits, and y' = p y / x inherits the loss.
inline bool is_tiny(double y) { return std::fabs(y) < std::numeric_limits<double>::min(); }

// The row of x^p for a constant p: y' = p y / x, for x other than 0 and x^p not tiny.
struct PowerRow {
  double p;
  static constexpr double vector_reach = 0;
  static double companion(double, double) { return 0; }
  template <class T>
  constexpr T dy(const T& x, const T&, const T& y) const {
    return T(p) * y / x;
  }
  template <class T>
  static constexpr T dc(const T&, const T&, const T&) {
    return T(0.);
  }
};

}  // namespace dn
