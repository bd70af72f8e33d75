// The algebra of truncated polynomials: a primer, then product, quotient and composition.
//
// ELEMENTS.  Forward-mode differentiation computes with numbers that carry infinitesimals.  A dual number is
//
//     v + t a,   where a != 0 but a^2 = 0,
//
// with the primal v and the tangent t.  Ordinary arithmetic on such numbers is calculus: (v + t a) (w + u a) =
// v w + (t w + v u) a, because a^2 vanishes, which is the product rule.
//
// LEVELS.  Infinitesimals come in levels.  Every call of a driver makes levels of its own, so that nested calls
// cannot confuse their perturbations.  A level has k infinitesimals and a degree d: its monomials are those of degree at
// most d, and products of a higher degree vanish (Kind, element_layout.h):
//
//     (k, 1)  first order   1, a1, ..., ak                      gradients: k tangents at once
//     (1, n)  Taylor        1, t, t^2, ..., t^n                 series: component j is f^(j) / j!
//     (k, d)  polynomial    1, a1, ..., ak, a1 a1, a1 a2, ...   d = 2: Hessians, each second derivative once
//
// The component of a monomial is its coefficient.  So f(x + a1 e_1 + ... + ak e_k) has the second derivative f_ij in the
// component of ai aj for i < j, but half of f_ii in that of ai ai.
//
// An element over several levels is a polynomial in the infinitesimals of all of them: a tensor product.  A product of
// infinitesimals of different levels, such as a b, does not vanish, and its component is a second derivative.
//
// LAYOUT.  Level 0 is the oldest.  In each level monomial 0 is the constant 1, and monomial j is aj, t^j, or the j-th of
// monomials.h, by degree.  The component of the monomial (i_0, i_1, ...) lies at place i_0 stride_0 + i_1 stride_1 + ..., with stride_0 = 1 and
// stride_(l+1) = (1 + size_l) stride_l: the oldest level varies fastest.  Place 0 holds the primal.  For example, a
// hyper-dual number (2,1)x(1,1) has a level of 2 tangents, a1 and a2, and a younger level of 1 tangent, b:
//
//     place       0    1    2    3    4     5        size   = {2, 1}
//     monomial    1    a1   a2   b    a1 b  a2 b     stride = {1, 3, 6}
//
// The element is therefore two elements over the first level, one after the other: x = X_0 + X_1 b, with X_0 in places
// 0 .. 2 and X_1 in places 3 .. 5.  The functions below recurse on this: a function with a parameter l handles
// elements over the first l levels, and a call with l - 1 handles their coefficients X_0, X_1, ...
//
// PRODUCT.  Multiply the polynomials and drop what vanishes.  In the youngest level
//
//     (x y)_c = sum X_i Y_j   over the pairs (i, j) of monomials whose product is monomial c
//
// which for_factors() lists: (0, c) and (c, 0) in first order, (i, c - i) in a Taylor level, a table's row in others.
//
// For one row of the Hessian of u w at u = 2, w = 5, seed u along a1 and b, and w along a2:
//
//     u   = 2 + a1 + b    = { 2, 1, 0, 1, 0, 0 }
//     w   = 5 + a2        = { 5, 0, 1, 0, 0, 0 }
//     u w                 = {10, 5, 2, 5, 0, 1}
//
// By the recursion: (u w)_0 = (2 + a1) (5 + a2) = 10 + 5 a1 + 2 a2, where a1 a2 vanishes, and
// (u w)_1 = (2 + a1) 0 + 1 (5 + a2) = 5 + a2.  Places 1 and 2 are the gradient (w, u) = (5, 2); places 4 and 5 are the
// second derivatives d2/du du = 0 and d2/du dw = 1.
//
// QUOTIENT.  z = x / y solves z y = x, one coefficient after the other: z_0 = X_0 / Y_0, then
// z_c = (X_c - the terms of (z y)_c that are known) / Y_0.
//
// COMPOSITION.  Write x = v + h, with h = x without its primal.  h is nilpotent: h^(d + 1) = 0 for the degree d of the
// layout.  So Taylor's formula is exact and finite,
//
//     f(v + h) = f(v) + f'(v) h + f''(v) / 2 h^2 + ... + f^(d)(v) / d! h^d,
//
// and f enters by numbers alone.  For u above and f(u) = u^2: h = a1 + b, h^2 = 2 a1 b, hence
// u^2 = 4 + 4 (a1 + b) + 1 (2 a1 b).  For functions of the tables, elementary.h obtains the same from recurrences, in
// O(n^2) for a series of order n, and chain_rule.h has the formulas written out for one level of degree 1 or 2 and for
// hyper-dual numbers.
//
// Two rules depart from IEEE arithmetic.  Both concern components 1, 2, ... only: the primal is NumPy's, bit for bit.
//
// ZERO TANGENTS STAY ZERO: 0 * inf = 0.  sqrt has the slope inf at 0.  A tangent of 0 says that x does not move in
// that direction, so sqrt(x) does not move either, and IEEE's nan would poison a gradient through entries that x does
// not touch.  times() implements the rule.
//
// INDETERMINATE COMPONENTS ARE NAN.  The first rule alone would return wrong zeros.  In sqrt(x) * sqrt(x) at
// x = 0 + a, the factor is s = 0 + inf a, and the tangent of s * s is 0 inf + inf 0, which times() makes 0; but
// x has the tangent 1.  So after the result is computed, mark_indeterminate() compares it with each operand: a component
// of the result that is finite where the operand's is not becomes nan.
#pragma once
#include <cmath>
#include <cstring>
#include <limits>

#include "math/arena.h"
#include "math/compiler.h"
#include "math/element_layout.h"

// In all functions, x, y and z point to elements over the first l levels of the layout s; z may not overlap x or y
// unless a comment says so.
namespace dn {

// slope * tangent, where 0 * inf = 0
inline double times(double slope, double tangent) { return slope == 0 || tangent == 0 ? 0 : slope * tangent; }

// Whether the monomial of component c divides that of component d.
inline bool monomial_divides(const ElementLayout& s, index_t c, index_t d) {
  for (int l = 0; l < s.levels; ++l) {
    const index_t i = c % (1 + s.size[l]), j = d % (1 + s.size[l]);
    if (!s.divides(l, i, j)) return false;
    c /= 1 + s.size[l];
    d /= 1 + s.size[l];
  }
  return true;
}

// z_c = nan where x_c is not finite but z_c is: a slope of 0 met an infinite tangent, and 0 * inf is indeterminate.
// Then z_d = nan for every component d that is not finite and whose monomial is a multiple of c's, because its
// infinity was computed from z_c.
inline void mark_indeterminate(const ElementLayout& s, double* z, const double* x) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (index_t c = 1; c < s.components(); ++c) {
    if (std::isfinite(x[c]) || !std::isfinite(z[c])) continue;
    z[c] = nan;
    for (index_t d = c + 1; d < s.components(); ++d)
      if (!std::isfinite(z[d]) && monomial_divides(s, c, d)) z[d] = nan;
  }
}

// z_c = nan where it is infinite though the value is nan: known_slope() of any order.
inline void mark_unknown(const ElementLayout& s, double value, double* z) {
  if (value == value) return;
  for (index_t c = 1; c < s.components(); ++c)
    if (std::isinf(z[c])) z[c] = value;
}

inline void copy(index_t n, double* z, const double* x) {
  std::memmove(z, x, sizeof(double) * static_cast<std::size_t>(n));
}
inline void zero(index_t n, double* z) {
  if (n == 1) z[0] = 0;  // a coefficient of a Taylor level alone: a store costs less than the call
  else std::memset(z, 0, sizeof(double) * static_cast<std::size_t>(n));
}

// Whether sum_i 0 * x_i == 0, because 0 * x_i is nan where x_i is not finite.
CLONES inline bool all_finite(const double* x, index_t n) {
  constexpr index_t lanes = 16;  // accumulators, which hide the latency of addition
  double sum[lanes] = {};
  index_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (index_t j = 0; j < lanes; ++j) sum[j] += 0 * x[i + j];
  for (index_t j = 0; i + j < n; ++j) sum[j] += 0 * x[i + j];
  for (index_t half = lanes / 2; half > 0; half /= 2)
    for (index_t j = 0; j < half; ++j) sum[j] += sum[j + half];
  return sum[0] == 0;
}

// sum_(i = 0 .. n) x_i y_(n - i), where 0 * inf = 0.  Four accumulators hide the latency of addition.  The plain sum is
// not finite where the rule matters, and then times() computes it anew.
inline double convolution(const double* x, const double* y, index_t n) {
  double sum[4] = {0, 0, 0, 0};
  index_t i = 0;
  for (; i + 3 <= n; i += 4)
    for (index_t j = 0; j < 4; ++j) sum[j] += x[i + j] * y[n - i - j];
  for (; i <= n; ++i) sum[0] += x[i] * y[n - i];
  const double total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  if (std::isfinite(total)) return total;
  double guarded = 0;
  for (i = 0; i <= n; ++i) guarded += times(x[i], y[n - i]);
  return guarded;
}

// z += x * y
inline void multiply_add(const ElementLayout& s, int l, double* z, const double* x, const double* y) {
  if (l == 0) {
    *z += times(*x, *y);
    return;
  }
  const index_t m = s.stride[l - 1], k = s.size[l - 1];
  if (l == 1 && s.kind[0] == Kind::first_order) {
    z[0] += times(x[0], y[0]);
    for (index_t j = 1; j <= k; ++j) z[j] += times(x[0], y[j]) + times(x[j], y[0]);
  } else if (l == 1 && s.kind[0] != Kind::polynomial) {
    for (index_t j = 0; j <= k; ++j) z[j] += convolution(x, y, j);
  } else {
    for (index_t c = 0; c <= k; ++c)
      s.for_factors(l - 1, c, [&](index_t i, index_t j) { multiply_add(s, l - 1, z + c * m, x + i * m, y + j * m); });
  }
}

// z = x * y
inline void multiply(const ElementLayout& s, int l, double* z, const double* x, const double* y) {
  zero(s.stride[l], z);
  multiply_add(s, l, z, x, y);
  z[0] = x[0] * y[0];
}

// z = x / y.  is_value says that component 0 is a primal, which follows IEEE; else it is the first component of a
// coefficient, and 0 / 0 = 0.
inline void divide(const ElementLayout& s, int l, double* z, const double* x, const double* y, bool is_value,
                   Arena& arena) {
  if (l == 0) {
    *z = *x == 0 && !is_value ? 0 : *x / *y;
    return;
  }
  const index_t m = s.stride[l - 1], k = s.size[l - 1];
  divide(s, l - 1, z, x, y, is_value, arena);
  if (l == 1 && s.kind[0] != Kind::polynomial) {
    for (index_t j = 1; j <= k; ++j) {
      const double part = s.kind[0] == Kind::first_order ? times(z[0], y[j]) : convolution(z, y + 1, j - 1);
      const double residual = x[j] - part;
      z[j] = residual == 0 ? 0 : residual / y[0];
    }
    return;
  }
  Arena::Mark mark(arena);
  double* residual = arena.take(m);
  double* part = arena.take(m);
  for (index_t c = 1; c <= k; ++c) {  // z_c = (x_c - sum z_i y_j) / y_0 over the factors i of c but c itself
    zero(m, part);
    s.for_factors(l - 1, c, [&](index_t i, index_t j) {
      if (i != c) multiply_add(s, l - 1, part, z + i * m, y + j * m);
    });
    for (index_t i = 0; i < m; ++i) residual[i] = x[c * m + i] - part[i];
    divide(s, l - 1, z + c * m, residual, y, false, arena);
  }
}

// z = c[0] + c[1] h + c[2] h^2 + ... + c[degree] h^degree, where h is x without its primal; by Horner's scheme
inline void compose(const ElementLayout& s, double* z, const double* c, const double* x, Arena& arena) {
  const index_t n = s.components(), degree = s.degree();
  Arena::Mark mark(arena);
  double* h = arena.take(n);
  double* next = arena.take(n);
  copy(n, h, x);
  h[0] = 0;
  zero(n, z);
  z[0] = c[degree];
  for (index_t i = degree - 1; i >= 0; --i) {
    zero(n, next);
    multiply_add(s, s.levels, next, z, h);
    copy(n, z, next);
    z[0] = c[i];
  }
}

}  // namespace dn
