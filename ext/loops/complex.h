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

// z = x y, the value given; z may be x or y.
inline void complex_product(const ElementLayout& s, double* z, const double* x, const double* y, Complex value,
                            Arena& arena) {
  Arena::Mark mark(arena);
  const index_t n = s.components();
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
  re[0] = value.re;
  im[0] = value.im;
  copy(2 * n, z, re);
}

// z = x / y, the value given, and the value of 1 / y; z may be x or y.  Each pass adds (x - z y) / y_0, which is right in
// one more degree.
inline void complex_quotient(const ElementLayout& s, double* z, const double* x, const double* y, Complex value,
                             Complex inverse, Arena& arena) {
  Arena::Mark mark(arena);
  const index_t n = s.components();
  double *quotient = arena.take(4 * n), *product = quotient + 2 * n;
  zero(2 * n, quotient);
  quotient[0] = value.re;
  quotient[n] = value.im;
  for (index_t pass = s.degree(); pass > 0; --pass) {
    complex_product(s, product, quotient, y, value, arena);
    for (index_t j = 1; j < n; ++j) {
      const double re = x[j] - product[j], im = x[n + j] - product[n + j];
      quotient[j] += times(inverse.re, re) - times(inverse.im, im);
      quotient[n + j] += times(inverse.re, im) + times(inverse.im, re);
    }
  }
  for (const double* operand : {x, x + n, y, y + n}) {
    mark_indeterminate(s, quotient, operand);
    mark_indeterminate(s, quotient + n, operand);
  }
  copy(2 * n, z, quotient);
}

enum class ComplexOperation { product, quotient };

// The derivatives over one first-order level of k tangents; z shares no memory with x and y.  False where a number, or
// the square of a divisor, is not finite: the functions above then know better.
template <ComplexOperation Op>
CLONES bool complex_elements(const double* x, index_t x_step, const double* y, index_t y_step, double* z,
                             index_t z_step, const Complex* values, index_t m, index_t k) {
  double check = 0;
  for (index_t i = 0; i < m; ++i, x += x_step, y += y_step, z += z_step) {
    const double *u = x + k + 1, *v = y + k + 1;
    double* w = z + k + 1;
    const double xr = x[0], xi = u[0], yr = y[0], yi = v[0], zr = values[i].re, zi = values[i].im;
    const double square = yr * yr + yi * yi, scale = 1 / square, inverse_re = scale * yr, inverse_im = -scale * yi;
    if constexpr (Op == ComplexOperation::quotient) check += 0 * square;
    INDEPENDENT
    for (index_t j = 1; j <= k; ++j) {
      double re, im;
      if constexpr (Op == ComplexOperation::product) {
        re = (xr * y[j] - xi * v[j]) + (x[j] * yr - u[j] * yi);
        im = (xr * v[j] + xi * y[j]) + (x[j] * yi + u[j] * yr);
      } else {
        const double pr = x[j] - (zr * y[j] - zi * v[j]), pi = u[j] - (zr * v[j] + zi * y[j]);
        re = inverse_re * pr - inverse_im * pi;
        im = inverse_re * pi + inverse_im * pr;
      }
      check += 0 * re + 0 * im;
      z[j] = re;
      w[j] = im;
    }
    z[0] = zr;
    w[0] = zi;
  }
  return check == 0;
}

// The first half of products with one tangent: the values of x and y, and for each element four terms, two that sum to
// re z' and two that sum to im z'.  Packed says that elements are contiguous.  False where a number is not finite.
//
// Half of a sum of four products is a vector of two lanes that needs few shuffles.  Compilers find these vectors only if
// the loop reads an element before it writes, in a function of its own; over whole sums gcc takes twice as long.
template <bool Packed>
NOINLINE bool complex_terms(const double* x, index_t x_step, const double* y, index_t y_step, Complex* x_values,
                            Complex* y_values, double* terms, index_t m) {
  if constexpr (Packed) x_step = y_step = 4;
  KeepFlags keep;
  for (index_t i = 0; i < m; ++i, x += x_step, y += y_step) {
    const double x0 = x[0], x1 = x[1], u0 = x[2], u1 = x[3], y0 = y[0], y1 = y[1], v0 = y[2], v1 = y[3];
    double* term = terms + 4 * i;
    x_values[i] = {x0, u0};
    y_values[i] = {y0, v0};
    term[0] = x0 * y1 - u0 * v1;
    term[1] = x1 * y0 - u1 * v0;
    term[2] = x0 * v1 + u0 * y1;
    term[3] = x1 * v0 + u1 * y0;
  }
  return all_finite(terms, 4 * m);
}

// The second half: z, given the values.
inline NOINLINE void sum_terms(const Complex* values, const double* terms, double* z, index_t z_step, index_t m) {
  for (index_t i = 0; i < m; ++i, z += z_step) {
    const double *term = terms + 4 * i, a = term[0], b = term[1], c = term[2], d = term[3];
    const Complex value = values[i];
    z[0] = value.re;
    z[1] = a + b;
    z[2] = value.im;
    z[3] = c + d;
  }
}

// Results of which each is the next one's operand x, in products.  NumPy's loop sees this, so it computes all values at
// once.
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

template <ComplexOperation Op>
void complex_arithmetic(const Operands& a) {
  constexpr bool divides = Op == ComplexOperation::quotient;
  const ElementLayout& s = a.layout;
  const bool in_turn = a.is_sequential();
  if (in_turn && !divides) return complex_products_in_turn(a);
  const index_t n = 2 * s.components(), x_step = a.strides[0] != 0, y_step = a.strides[1] != 0;
  const index_t block = in_turn ? 1 : BLOCK, sx = a.step(0), sy = a.step(1), sz = a.step(2);
  const bool single_product = !divides && s.is_dual() && n == 4;
  const bool at_once = s.is_dual() && !single_product && !in_turn && a.result_is_disjoint(2);
  Complex x[BLOCK], y[BLOCK], z[BLOCK], inverse[BLOCK];
  double terms[4 * BLOCK];
  Arena arena;
  for (index_t start = 0; start < a.n; start += block) {
    const index_t m = std::min(block, a.n - start);
    const double *px = a.at(0, start), *py = a.at(1, start);
    double* pz = a.at(2, start);
    const bool finite = single_product && (sx == n && sy == n ? complex_terms<true>(px, sx, py, sy, x, y, terms, m)
                                                              : complex_terms<false>(px, sx, py, sy, x, y, terms, m));
    if (!single_product) {
      for (index_t i = 0; i < (x_step ? m : 1); ++i) x[i] = complex_value(s, px + i * sx);
      for (index_t i = 0; i < (y_step ? m : 1); ++i) y[i] = complex_value(s, py + i * sy);
    }
    complex_values(divides ? complex_divide : complex_multiply, x, x_step, y, y_step, z, 1, m);
    KeepFlags keep;
    if (finite) {
      sum_terms(z, terms, pz, sz, m);
      continue;
    }
    if (at_once && complex_elements<Op>(px, sx, py, sy, pz, sz, z, m, n / 2 - 1)) continue;
    if constexpr (divides) {
      constexpr Complex one{1, 0};
      complex_values(complex_divide, &one, 0, y, y_step, inverse, 1, m);
    }
    for (index_t i = 0; i < m; ++i) {
      double* out = a.at(2, start + i);
      const double *ex = a.at(0, start + i), *ey = a.at(1, start + i);
      if constexpr (divides) complex_quotient(s, out, ex, ey, z[i], inverse[i], arena);
      else complex_product(s, out, ex, ey, z[i], arena);
    }
  }
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
    *reinterpret_cast<bool*>(a.data[1] + i * a.strides[1]) = All ? Test(x.re) && Test(x.im) : Test(x.re) || Test(x.im);
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
