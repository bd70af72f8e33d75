// The derivatives of x^y, exact at x = 0 and for the exponents 0, 1 and 2, where products with log(x) and 1/x fail.
#pragma once
#include <cmath>
#include <limits>
#include <utility>

#include "math/algebra.h"
#include "math/expression_tape.h"

namespace dn {

// x^(y - n) given p = x^(y - n + 1).  y - n may round where |y| is small, and a rounded exponent costs |log x| ulps;
// there p / x is as good as p itself and cannot overflow early.
inline double power_less(double x, double y, double n, double p) {
  const double exponent = y - n;
  return exponent + n == y || x == 0 ? std::pow(x, exponent) : p / x;
}

// y (y - 1) ... (y - n + 1) x^(y - n); a zero factor wins over 0^(-n)
inline double power_x(double x, double y, double z) { return y == 0 ? 0 : y * power_less(x, y, 1, z); }
inline double power_xx(double x, double y, double z) {
  return y == 0 || y == 1 ? 0 : y * (y - 1) * power_less(x, y, 2, power_less(x, y, 1, z));
}

// x^y log(x)^n; x^y = 0 wins over log(0)
inline double power_y(double x, double, double z) { return z == 0 ? 0 : z * std::log(x); }
inline double power_yy(double x, double, double z) { return z == 0 ? 0 : z * std::log(x) * std::log(x); }

// x^(y - 1) (1 + y log(x))
inline double power_xy(double x, double y, double z) {
  const double p = power_less(x, y, 1, z);
  return p == 0 ? 0 : p * (1 + (y == 0 ? 0 : y * std::log(x)));
}

// z = x^p for a series x = t^m (x_m + x_(m+1) t + ...) with m even: t^(p m) (x_m + ...)^p, which is a series if p m is
// an even integer too, and |t|^(p m) otherwise, which has no coefficient p m.  False where the general case applies.
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
  // w = (x_m + x_(m+1) t + ...)^p by w' u = p w u'; x ends at n, so its coefficients m .. n give the first n - m + 1
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

// z = x^p for a constant p at a value of 0 or nearly so, as a composition: the n-th Taylor coefficient at v is
// p (p - 1) ... (p - n + 1) / n! v^(p - n)
inline void power_at_zero(const ElementLayout& s, double* z, const double* x, double p, double value, Arena& arena) {
  if (x[0] == 0 && s.levels == 1 && s.kind[0] == Kind::taylor && power_of_even_zero(s.size[0], z, x, p, arena)) return;
  const index_t degree = s.degree();
  Arena::Mark mark(arena);
  double* c = arena.take(degree + 1);
  c[0] = value;
  double binomial = 1, power = value;
  for (index_t n = 1; n <= degree; ++n) {
    binomial *= (p - static_cast<double>(n - 1)) / static_cast<double>(n);
    power = power_less(x[0], p, static_cast<double>(n), power);
    c[n] = binomial == 0 ? 0 : binomial * power;
  }
  compose(s, z, c, x, arena);
}

// The components of z = x^p above second order, for a whole number p from 1 on, by squaring: y' = p y / x divides what
// rounding has left of terms that vanish by a small x.
inline void whole_power(const ElementLayout& s, double* z, const double* x, index_t p, Arena& arena) {
  const index_t n = s.components();
  Arena::Mark mark(arena);
  double *square = arena.take(n), *power = arena.take(n), *room = arena.take(n);
  copy(n, square, x);
  zero(n, power);
  power[0] = 1;
  for (;; p /= 2) {
    if (p % 2 == 1) {
      multiply(s, s.levels, room, power, square);
      std::swap(power, room);
    }
    if (p == 1) break;
    multiply(s, s.levels, room, square, square);
    std::swap(square, room);
  }
  for (index_t c = 1; c < n; ++c)
    if (s.order(c) > 2) z[c] = power[c];
}

// y' = p y / x needs a y that has not underflowed.
inline bool is_tiny(double y) { return std::fabs(y) < std::numeric_limits<double>::min(); }

// x^p for a constant p where x is not 0 and x^p not tiny: y' = p y / x
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
