// Arithmetic of two scalars: one element, without blocks.
#pragma once
#include "math/chain_rule.h"

namespace dn {

enum class Arithmetic : int { add, subtract, multiply, divide };

// z = x op y; false, and z is untouched, where the row's kernel must do it.  X and Y say which are duals.
template <bool X, bool Y>
inline bool fast_path(Arithmetic op, const ElementLayout& s, const double* x, const double* y, double* z) {
  const index_t components = s.components();
  switch (op) {
    case Arithmetic::add:
      for (index_t j = 1; j < components; ++j) z[j] = X && Y ? x[j] + y[j] : X ? x[j] : y[j];
      z[0] = *x + *y;
      return true;
    case Arithmetic::subtract:
      for (index_t j = 1; j < components; ++j) z[j] = X && Y ? x[j] - y[j] : X ? x[j] : -y[j];
      z[0] = *x - *y;
      return true;
    case Arithmetic::multiply: return fast_path<rows::multiply_, X, Y>(s, z, x, y, *x * *y);
    case Arithmetic::divide: return fast_path<rows::divide_, X, Y>(s, z, x, y, *x / *y);
  }
  return false;
}

}  // namespace dn
