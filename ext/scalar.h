// Arithmetic of two scalars without the detour through blocks: the row's own slopes, one element.
#pragma once
#include "loops.h"

namespace dn {

enum class Arithmetic : int { add, subtract, multiply, divide };

template <class Row, bool X, bool Y>
inline void product_rule(const Shape& s, const double* x, const double* y, double value, double* z) {
  const Slopes d = slopes_of<Row, X, Y>(*x, *y, value, false);
  if (finite(d.x) && finite(d.y)) chain<false, X, Y>(z, x, y, value, d, s.size[0]);
  else chain<true, X, Y>(z, x, y, value, d, s.size[0]);
}

// z = x op y for one first-order level; false for other shapes, which take their kernels.
template <bool X, bool Y>
inline bool quick(Arithmetic op, const Shape& s, const double* x, const double* y, double* z) {
  if (!s.is_dual()) return false;
  switch (op) {
    case Arithmetic::add:
      for (index_t j = 1; j <= s.size[0]; ++j) z[j] = X && Y ? x[j] + y[j] : X ? x[j] : y[j];
      z[0] = *x + *y;
      break;
    case Arithmetic::subtract:
      for (index_t j = 1; j <= s.size[0]; ++j) z[j] = X && Y ? x[j] - y[j] : X ? x[j] : -y[j];
      z[0] = *x - *y;
      break;
    case Arithmetic::multiply: product_rule<rows::multiply_, X, Y>(s, x, y, *x * *y, z); break;
    case Arithmetic::divide: product_rule<rows::divide_, X, Y>(s, x, y, *x / *y, z); break;
  }
  return true;
}

}  // namespace dn
