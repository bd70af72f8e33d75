// Complex duals.
//
// An element is two real ones, x and then y of x + i y: i is one more factor of the tensor product (algebra.h), with the
// monomials 1 and i.  So sums of real elements and products of them are all that the kernels need; functions are
// composed from products by dualnum/rules/complex/.
#pragma once
#include <cmath>

#include "loops/add_subtract.h"
#include "loops/piecewise.h"

namespace dn {

struct Complex {
  double re, im;
};

inline double* imaginary(const ElementLayout& s, double* x) { return x + s.components(); }
inline const double* imaginary(const ElementLayout& s, const double* x) { return x + s.components(); }
inline Complex complex_value(const ElementLayout& s, const double* x) { return {*x, *imaginary(s, x)}; }

// Calls kernels of N operands for the real and for the imaginary parts.
template <unsigned N>
void for_parts(const Operands& a, Kernel of_real, Kernel of_imaginary) {
  char* data[N];
  for (int part = 0; part < 2; ++part) {
    const index_t offset = part * a.layout.components() * index_t{sizeof(double)};
    for (unsigned i = 0; i < N; ++i) data[i] = a.data[i] + offset;
    (part ? of_imaginary : of_real)(Operands{a.layout, data, a.strides, a.n, a.ties});
  }
}

inline void complex_negative(const Operands& a) { for_parts<2>(a, negative, negative); }
inline void complex_positive(const Operands& a) {
  for_parts<2>(a, piecewise_unary<PositiveSlope>, piecewise_unary<PositiveSlope>);
}
inline void complex_conjugate(const Operands& a) { for_parts<2>(a, piecewise_unary<PositiveSlope>, negative); }

// Calls a loop of NumPy's on values: z[i] = f(x[i], y[i]), i < n; the steps of x, y and z are 0 or 1.
inline void complex_values(const ValueLoop& loop, const Complex* x, index_t x_step, const Complex* y, index_t y_step,
                           Complex* z, index_t z_step, index_t n) {
  constexpr index_t size = sizeof(Complex);
  char* data[3] = {reinterpret_cast<char*>(const_cast<Complex*>(x)), reinterpret_cast<char*>(const_cast<Complex*>(y)),
                   reinterpret_cast<char*>(z)};
  const index_t strides[3] = {x_step * size, y_step * size, z_step * size};
  loop.function(data, &n, strides, loop.extra);
}

// x + y or x - y.  NumPy sums the values of an axis pairwise, as complex numbers.
template <ValueId Id>
void complex_linear(const Operands& a) {
  constexpr Kernel real = linear<Id, true, true>;
  if (Id != value_of_add || !a.is_reduce()) return for_parts<3>(a, real, real);
  const ElementLayout& s = a.layout;
  Arena arena;
  Complex* values = reinterpret_cast<Complex*>(arena.take(2 * a.n + 2));
  for (index_t i = 0; i < a.n; ++i) values[i] = complex_value(s, a.at(1, i));
  Complex* sum = values + a.n;
  *sum = complex_value(s, a.at(2, 0));
  complex_values(complex_add, sum, 0, values, 1, sum, 0, a.n);
  KeepFlags keep;
  for_parts<3>(a, real, real);
  *a.at(2, 0) = sum->re;
  *imaginary(s, a.at(2, 0)) = sum->im;
}

// The derivatives of x y over one first-order level, where all numbers are finite.  z may be x or y.
inline void dual_product(index_t k, double* z, const double* x, const double* y) {
  const double *u = x + k + 1, *v = y + k + 1;
  const double xr = x[0], xi = u[0], yr = y[0], yi = v[0];
  for (index_t j = 1; j <= k; ++j) {
    const double re = (xr * y[j] - xi * v[j]) + (x[j] * yr - u[j] * yi);
    const double im = (xr * v[j] + xi * y[j]) + (x[j] * yi + u[j] * yr);
    z[j] = re;
    z[k + 1 + j] = im;
  }
}

// z = x y, the value given; z may be x or y.
inline void complex_product(const ElementLayout& s, double* z, const double* x, const double* y, Complex value,
                            Arena& arena) {
  const index_t n = s.components();
  if (s.is_dual() && all_finite(x, 2 * n) && all_finite(y, 2 * n)) {
    dual_product(n - 1, z, x, y);
  } else {
    Arena::Mark mark(arena);
    const double *u = x + n, *v = y + n;
    double *re = arena.take(3 * n), *im = re + n, *squares = im + n;
    zero(3 * n, re);
    multiply_add(s, s.levels, re, x, y);
    multiply_add(s, s.levels, squares, u, v);
    for (index_t j = 0; j < n; ++j) re[j] -= squares[j];
    multiply_add(s, s.levels, im, x, v);
    multiply_add(s, s.levels, im, u, y);
    for (const double* operand : {x, u, y, v}) {
      mark_indeterminate(s, re, operand);
      mark_indeterminate(s, im, operand);
    }
    copy(2 * n, z, re);
  }
  z[0] = value.re;
  z[n] = value.im;
}

// Products of which each is the next one's operand x.  NumPy's loop sees this, so it computes all values at once.
inline void complex_products_in_turn(const Operands& a) {
  const ElementLayout& s = a.layout;
  Arena arena;
  Complex* y = reinterpret_cast<Complex*>(arena.take(4 * a.n + 2));
  Complex* z = y + a.n;
  for (index_t i = 0; i < a.n; ++i) y[i] = complex_value(s, a.at(1, i));
  const Complex first = *z = complex_value(s, a.at(0, 0));
  complex_values(complex_multiply, z, 1, y, 1, z + 1, 1, a.n);
  if (a.is_reduce()) {
    Complex product = first;
    complex_values(complex_multiply, &product, 0, y, 1, &product, 0, a.n);
    z[a.n] = product;
  }
  KeepFlags keep;
  for (index_t i = 0; i < a.n; ++i) complex_product(s, a.at(2, i), a.at(0, i), a.at(1, i), z[i + 1], arena);
}

inline void complex_product(const Operands& a) {
  if (a.is_sequential()) return complex_products_in_turn(a);
  const ElementLayout& s = a.layout;
  const index_t x_step = a.strides[0] != 0, y_step = a.strides[1] != 0;
  Complex x[BLOCK], y[BLOCK], z[BLOCK];
  Arena arena;
  for (index_t start = 0; start < a.n; start += BLOCK) {
    const index_t m = std::min(BLOCK, a.n - start);
    for (index_t i = 0; i < (x_step ? m : 1); ++i) x[i] = complex_value(s, a.at(0, start + i));
    for (index_t i = 0; i < (y_step ? m : 1); ++i) y[i] = complex_value(s, a.at(1, start + i));
    complex_values(complex_multiply, x, x_step, y, y_step, z, 1, m);
    KeepFlags keep;
    for (index_t i = 0; i < m; ++i)
      complex_product(s, a.at(2, start + i), a.at(0, start + i), a.at(1, start + i), z[i], arena);
  }
}

// Whether an element counts as true: one of its parts is not 0 (kinks.h: decided).
inline bool complex_truth(const ElementLayout& s, const double* x) {
  const bool re = decided(s, x) != 0, im = decided(s, imaginary(s, x)) != 0;
  return re || im;
}

// Whether x and y are equal: in a near level beyond their values, as of real numbers.
inline bool complex_equal(const ElementLayout& s, const double* x, const double* y, double* scratch) {
  const double *u = imaginary(s, x), *v = imaginary(s, y);
  if (*x != *y || *u != *v) return false;
  if (!scratch) return true;
  const int re = side_of_tie(s, x, y, scratch), im = side_of_tie(s, u, v, scratch);
  return re == 0 && im == 0;
}

template <bool Equal>
void complex_comparison(const Operands& a) {
  ++comparisons;
  const ElementLayout& s = a.layout;
  Arena arena;
  double* scratch =
      compares_beyond_primals(s) && compared_by_value == ByValue::none ? arena.take(s.components()) : nullptr;
  for (index_t i = 0; i < a.n; ++i)
    *reinterpret_cast<bool*>(a.data[2] + i * a.strides[2]) = complex_equal(s, a.at(0, i), a.at(1, i), scratch) == Equal;
}

// A test of both parts: of each of them if All, else of one.
template <bool (*Test)(double), bool All>
void complex_predicate(const Operands& a) {
  for (index_t i = 0; i < a.n; ++i) {
    const Complex x = complex_value(a.layout, a.at(0, i));
    *reinterpret_cast<bool*>(a.data[1] + i * a.strides[1]) =
        All ? Test(x.re) && Test(x.im) : Test(x.re) || Test(x.im);
  }
}
inline void complex_logical_not(const Operands& a) {
  for (index_t i = 0; i < a.n; ++i)
    *reinterpret_cast<bool*>(a.data[1] + i * a.strides[1]) = !complex_truth(a.layout, a.at(0, i));
}
// X says that the first operand is a complex dual, and no bool, the running result of np.any and np.all.
template <bool (*Test)(double, double), bool X>
void complex_logical(const Operands& a) {
  ++comparisons;
  for (index_t i = 0; i < a.n; ++i) {
    const bool x = X ? complex_truth(a.layout, a.at(0, i)) : *reinterpret_cast<bool*>(a.data[0] + i * a.strides[0]);
    *reinterpret_cast<bool*>(a.data[2] + i * a.strides[2]) = Test(x, complex_truth(a.layout, a.at(1, i)));
  }
}

}  // namespace dn
