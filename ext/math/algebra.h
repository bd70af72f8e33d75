// Arithmetic of elements with any number of levels.
//
// x, y and z point to elements over the first l levels of a ElementLayout; z may not overlap x or y unless a comment says so.
// A zero component stays zero whatever it is multiplied by (0 * inf = 0), so that an infinite slope does not poison a
// direction in which nothing moves; the value, component 0, follows IEEE, and whoever calls looks at what it meets
// (mark_indeterminate).
#pragma once
#include <cmath>
#include <cstring>
#include <limits>

#include "math/arena.h"
#include "math/compiler.h"
#include "math/element_layout.h"

namespace dn {

inline double times(double slope, double tangent) { return slope == 0 || tangent == 0 ? 0 : slope * tangent; }

// Whether component d has a part in every direction in which c has one, of at least c's order.
inline bool contains(const ElementLayout& s, index_t d, index_t c) {
  for (int l = 0; l < s.levels; ++l) {
    const index_t i = c % (1 + s.size[l]), j = d % (1 + s.size[l]);
    if (s.kind[l] == Kind::first_order ? i != 0 && i != j : j < i) return false;
    c /= 1 + s.size[l];
    d /= 1 + s.size[l];
  }
  return true;
}

// What a slope of zero leaves of a tangent x_c that is not finite, as in sqrt(x) * sqrt(x) at 0, no one knows: z_c is
// nan, and with it what is infinite above it.
inline void mark_indeterminate(const ElementLayout& s, double* z, const double* x) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (index_t c = 1; c < s.components(); ++c) {
    if (std::isfinite(x[c]) || !std::isfinite(z[c])) continue;
    z[c] = nan;
    for (index_t d = c + 1; d < s.components(); ++d)
      if (!std::isfinite(z[d]) && contains(s, d, c)) z[d] = nan;
  }
}

inline void copy(index_t n, double* z, const double* x) {
  std::memmove(z, x, sizeof(double) * static_cast<std::size_t>(n));
}
inline void zero(index_t n, double* z) { std::memset(z, 0, sizeof(double) * static_cast<std::size_t>(n)); }

// 0 * x is nan where x is not finite.
CLONES inline bool all_finite(const double* x, index_t n) {
  constexpr index_t lanes = 16;  // sums at a time, because one would wait for itself
  double sum[lanes] = {};
  index_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (index_t j = 0; j < lanes; ++j) sum[j] += 0 * x[i + j];
  for (index_t j = 0; i + j < n; ++j) sum[j] += 0 * x[i + j];
  for (index_t half = lanes / 2; half > 0; half /= 2)
    for (index_t j = 0; j < half; ++j) sum[j] += sum[j + half];
  return sum[0] == 0;
}

// sum_(i = 0 .. n) x_i y_(n - i).  Four sums, because one would wait for itself.
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
  if (l == 1) {
    if (s.kind[0] == Kind::first_order) {
      z[0] += times(x[0], y[0]);
      for (index_t j = 1; j <= k; ++j) z[j] += times(x[0], y[j]) + times(x[j], y[0]);
    } else {
      for (index_t j = 0; j <= k; ++j) z[j] += convolution(x, y, j);
    }
  } else if (s.kind[l - 1] == Kind::first_order) {
    multiply_add(s, l - 1, z, x, y);
    for (index_t j = 1; j <= k; ++j) {  // (x y)_j = x_0 y_j + x_j y_0
      multiply_add(s, l - 1, z + j * m, x, y + j * m);
      multiply_add(s, l - 1, z + j * m, x + j * m, y);
    }
  } else {
    for (index_t j = 0; j <= k; ++j)  // (x y)_j = sum_i x_i y_(j-i)
      for (index_t i = 0; i <= j; ++i) multiply_add(s, l - 1, z + j * m, x + i * m, y + (j - i) * m);
  }
}

// z = x * y
inline void multiply(const ElementLayout& s, int l, double* z, const double* x, const double* y) {
  zero(s.stride[l], z);
  multiply_add(s, l, z, x, y);
  z[0] = x[0] * y[0];
}

// z = x / y.  Component 0 is a value, which follows IEEE, or a tangent, of which a zero stays zero.
inline void divide(const ElementLayout& s, int l, double* z, const double* x, const double* y, bool is_value,
                   Arena& arena) {
  if (l == 0) {
    *z = *x == 0 && !is_value ? 0 : *x / *y;
    return;
  }
  const index_t m = s.stride[l - 1], k = s.size[l - 1];
  divide(s, l - 1, z, x, y, is_value, arena);
  if (l == 1) {
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
  for (index_t j = 1; j <= k; ++j) {
    // (x / y)_j = (x_j - sum_(i < j) z_i y_(j-i)) / y_0; of a first-order level the term i = 0 alone
    zero(m, part);
    const index_t terms = s.kind[l - 1] == Kind::first_order ? 1 : j;
    for (index_t i = 0; i < terms; ++i) multiply_add(s, l - 1, part, z + i * m, y + (j - i) * m);
    for (index_t i = 0; i < m; ++i) residual[i] = x[j * m + i] - part[i];
    divide(s, l - 1, z + j * m, residual, y, false, arena);
  }
}

// z = c[0] + c[1] h + c[2] h^2 + ... + c[degree] h^degree, where h is x without its value
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
