// Elements at a singular point whose oldest level is near: power series in t, at x + t w for small t > 0.
//
// sqrt(x^4) is t^2 there, and has derivatives, although sqrt has none at 0.  Where a function is singular, its argument is
// u = t^m v with v != 0.  So u^p = t^(p m) v^p, and x / y = (x / t^m) / (y / t^m), where v^p and the second quotient are
// regular.  Drivers scale their tangents by t, so that every component of u has the factor t^m, not the first alone.
//
// Dividing by t^m loses the last m coefficients: they are NaN from there on.  So are components whose factor is a lower
// power of t, which have a pole.  An element is an array of series, one for each monomial of the younger levels.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "math/algebra.h"
#include "math/kinks.h"

namespace dn {

// The m of u = t^m v, of the series of the primal; 0 if that is zero as far as it goes.
inline index_t near_order(const ElementLayout& s, const double* u) {
  for (index_t i = 1; i <= s.size[0]; ++i)
    if (u[i] != 0) return i;
  return 0;
}

// z = x / t^m
inline void near_shift_down(const ElementLayout& s, double* z, const double* x, index_t m) {
  constexpr double noise = 64 * std::numeric_limits<double>::epsilon();
  const index_t length = 1 + s.size[0];
  for (index_t row = 0; row < s.components(); row += length) {
    double largest = 0;
    for (index_t i = 0; i < length; ++i) largest = std::max(largest, std::fabs(x[row + i]));
    bool pole = false;
    for (index_t i = 0; i < m; ++i) pole |= !(std::fabs(x[row + i]) <= noise * largest);
    for (index_t i = 0; i < length; ++i)
      z[row + i] = largest == 0 && !pole ? 0 : pole || i + m >= length ? NAN : x[row + i + m];
  }
}

// x *= t^m
inline void near_shift_up(const ElementLayout& s, double* x, index_t m) {
  const index_t length = 1 + s.size[0];
  for (index_t row = 0; row < s.components(); row += length)
    for (index_t i = length - 1; i >= 0; --i) x[row + i] = i < m ? 0 : x[row + i - m];
}

// Whether the series of a component of u, from `row` on, is not zero.
inline bool near_row_moves(const ElementLayout& s, const double* u, index_t row) {
  for (index_t i = 0; i <= s.size[0]; ++i)
    if (u[row + i] != 0) return true;
  return false;
}

// Whether a function of u may have the component from `row` on: u moves with each infinitesimal of its monomial.
inline bool near_row_may_move(const ElementLayout& s, const double* u, index_t row) {
  bool may = true;
  for (int l = 1; l < s.levels; ++l)
    s.for_infinitesimals(l, row / s.stride[l] % (1 + s.size[l]), [&](index_t v) {
      bool found = false;
      for (index_t other = 0; may && !found && other < s.components(); other += s.stride[1]) {
        bool has_v = false;
        s.for_infinitesimals(l, other / s.stride[l] % (1 + s.size[l]), [&](index_t w) { has_v |= v == w; });
        found = has_v && near_row_moves(s, u, other);
      }
      may &= found;
    });
  return may;
}

// z = 0, but NaN from coefficient `first` on in all components that a function of u may have.
inline void near_unknown(const ElementLayout& s, double* z, const double* u, index_t first) {
  zero(s.components(), z);
  for (index_t row = 0; row < s.components(); row += s.stride[1]) {
    const bool moving = near_row_may_move(s, u, row);
    for (index_t i = first; moving && i <= s.size[0]; ++i) z[row + i] = NAN;
  }
}

// z = x / y of elements with the primals 0.
inline void near_divide(const ElementLayout& s, double* z, const double* x, const double* y, Arena& arena) {
  Arena::Mark mark(arena);
  const index_t m = near_order(s, y);
  double *over = arena.take(s.components()), *under = arena.take(s.components());
  if (m == 0) {
    std::fill_n(z, s.components(), NAN);
    return;
  }
  near_shift_down(s, over, x, m);
  near_shift_down(s, under, y, m);
  divide(s, s.levels, z, over, under, true, arena);
}

}  // namespace dn
