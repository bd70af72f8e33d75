// The derivatives of x^y, exact at x = 0 and for the exponents 0, 1 and 2, where products with log(x) and 1/x fail.
#pragma once
#include <cmath>

#include "algebra.h"

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

// z = x^p for a constant p, as a composition: the n-th Taylor coefficient at v is p (p - 1) ... (p - n + 1) / n! v^(p - n)
inline void power_constant(const Shape& s, double* z, const double* x, double p, double value, Arena& arena) {
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

}  // namespace dn
