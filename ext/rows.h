// The rows of the tables as types: one struct a function, with the row's columns as templates that serve doubles and
// Refs (series.h) alike, and the evaluation of a row on an element with any number of levels.
#pragma once
#include <cmath>
#include <type_traits>

#include "power.h"
#include "series.h"

namespace dn {

constexpr double PI = 3.14159265358979323846;
constexpr double LN2 = 0.693147180559945309417;
constexpr double LN10 = 2.30258509299404568402;

// e^x / (e^x + e^y) = 1 / (1 + e^(y - x)).  The rounding error of y - x would come out magnified |y - x| times, so it
// is found exactly (two-sum) and put back to first order; the larger of the two exponentials is never formed.
template <double (*Exp)(double)>
double logistic_of(double x, double y, double log_base) {
  if (x == y) return 0.5;
  const double d = y - x;
  if (!std::isfinite(d)) return d > 0 ? 0 : d < 0 ? 1 : d;
  const double b = d - y, error = ((y - (d - b)) + (-x - b)) * log_base;
  double t = Exp(d <= 0 ? d : -d);
  t += d <= 0 ? t * error : -t * error;
  return d <= 0 ? 1 / (1 + t) : t / (1 + t);
}
inline double logistic(double x, double y) { return logistic_of<std::exp>(x, y, 1); }
// 2^x / (2^x + 2^y)
inline double logistic2(double x, double y) { return logistic_of<std::exp2>(x, y, LN2); }

// 1 / (3 cbrt(x)^2) = y / (3 x), which does not double the error of y; 0 and inf have their limits
inline double cbrt_slope(double x, double y) { return x != 0 && std::isfinite(x) ? y / x / 3 : 1 / (3 * y * y); }

// NumPy's loop of each function's float64 values, found when the module is imported; see values.h.
enum ValueId {
#define ROW(name, ...) value_of_##name,
#include "elementary.def"
#undef ROW
#define ROW2(name, ...) value_of_##name,
#include "binary.def"
#undef ROW2
#define VALUE(name, types) value_of_##name,
#include "values.def"
#undef VALUE
  VALUE_COUNT
};

namespace rows {

using std::cos, std::cosh, std::exp, std::hypot, std::sin, std::sinh, std::sqrt;

#define COLUMN1(column, expression)                        \
  template <class T>                                       \
  static T column(const T& x, const T& c, const T& y) {    \
    (void)x, (void)c, (void)y;                             \
    return T(expression);                                  \
  }
#define ROW(row, low, high, c_, y_, dy_, d2y_, dc_)                            \
  struct row##_ {                                                               \
    static constexpr ValueId id = value_of_##row;                              \
    static double companion([[maybe_unused]] double x, [[maybe_unused]] double y) { return c_; } \
    COLUMN1(dy, dy_)                                                           \
    COLUMN1(d2y, d2y_)                                                         \
    COLUMN1(dc, dc_)                                                           \
  };
#include "elementary.def"
#undef ROW
#undef COLUMN1

#define COLUMN2(column, expression)                                          \
  template <class T>                                                         \
  static T column(const T& x, const T& y, const T& z, const T& c, const T& s) { \
    (void)x, (void)y, (void)z, (void)c, (void)s;                             \
    return T(expression);                                                    \
  }
#define ROW2(row, x_lo, x_hi, y_lo, y_hi, c_, s_, z_, z_x_, z_y_, z_xx_, z_xy_, z_yy_, c_x_, c_y_, s_x_, s_y_)      \
  struct row##_ {                                                                                                  \
    static constexpr ValueId id = value_of_##row;                                                                 \
    static double companion_c([[maybe_unused]] double x, [[maybe_unused]] double y, [[maybe_unused]] double z) {  \
      return c_;                                                                                                  \
    }                                                                                                             \
    static double companion_s([[maybe_unused]] double x, [[maybe_unused]] double y, [[maybe_unused]] double z) {  \
      return s_;                                                                                                  \
    }                                                                                                             \
    COLUMN2(z_x, z_x_)                                                                                            \
    COLUMN2(z_y, z_y_)                                                                                            \
    COLUMN2(z_xx, z_xx_)                                                                                          \
    COLUMN2(z_xy, z_xy_)                                                                                          \
    COLUMN2(z_yy, z_yy_)                                                                                          \
    COLUMN2(c_x, c_x_)                                                                                            \
    COLUMN2(c_y, c_y_)                                                                                            \
    COLUMN2(s_x, s_x_)                                                                                            \
    COLUMN2(s_y, s_y_)                                                                                            \
  };
#include "binary.def"
#undef ROW2
#undef COLUMN2

}  // namespace rows

// Rows whose columns are not an equation in + - * / and which compose the general case themselves.
template <class Row>
constexpr bool is_power = std::is_same_v<Row, rows::power_> || std::is_same_v<Row, rows::float_power_>;

// The outcome of a row on an element: the function y and its companions, each an element.
struct Outcome {
  double* y;
  double* c;
  double* s;
};

// y = f(x) over the first l levels, where out.y[0] holds the value.
//
// One level more multiplies the columns, evaluated over the lower levels, with the tangents in that level:
//   first order:  y_j = [y']_0 x_j            Taylor:  k y_k = sum_(i = 1 .. k) i x_i [y']_(k - i)
// and the companion goes the same way through c'.
template <class Row>
void evaluate(const Shape& s, int l, const double* x, Outcome out, Arena& arena) {
  if (l == 0) {
    *out.c = Row::companion(*x, *out.y);
    return;
  }
  const index_t m = s.stride[l - 1], n = s.size[l - 1];
  evaluate<Row>(s, l - 1, x, out, arena);
  Arena::Mark mark(arena);
  Program program;
  const Ref rx = program.input(), rc = program.input(), ry = program.input();
  const Ref dy = Row::dy(rx, rc, ry), dc = Row::dc(rx, rc, ry);
  const bool first_order = s.kind[l - 1] == Kind::first_order;
  program.bind(s, l - 1, first_order ? 1 : n + 1, arena);
  program.set_input(rx, const_cast<double*>(x));
  program.set_input(rc, out.c);
  program.set_input(ry, out.y);
  program.advance(0, arena);
  for (index_t k = 1; k <= n; ++k) {
    zero(m, out.y + k * m);
    zero(m, out.c + k * m);
    const index_t terms = first_order ? 1 : k;
    for (index_t i = 1; i <= terms; ++i) {
      const index_t moved = first_order ? k : i, column = first_order ? 0 : k - i;
      const double scale = first_order ? 1 : static_cast<double>(i) / static_cast<double>(k);
      program.multiply_add_to(out.y + k * m, dy, column, x + moved * m, scale, arena);
      program.multiply_add_to(out.c + k * m, dc, column, x + moved * m, scale, arena);
    }
    if (!first_order) program.advance(k, arena);
  }
}

// z = f(x, y) over the first l levels, where out.y[0] holds the value: as above with two arguments.
template <class Row>
void evaluate(const Shape& s, int l, const double* x, const double* y, Outcome out, Arena& arena) {
  if (l == 0) {
    *out.c = Row::companion_c(*x, *y, *out.y);
    *out.s = Row::companion_s(*x, *y, *out.y);
    return;
  }
  const index_t m = s.stride[l - 1], n = s.size[l - 1];
  evaluate<Row>(s, l - 1, x, y, out, arena);
  Arena::Mark mark(arena);
  Program p;
  const Ref rx = p.input(), ry = p.input(), rz = p.input(), rc = p.input(), rs = p.input();
  const Ref to_x[3] = {Row::z_x(rx, ry, rz, rc, rs), Row::c_x(rx, ry, rz, rc, rs), Row::s_x(rx, ry, rz, rc, rs)};
  const Ref to_y[3] = {Row::z_y(rx, ry, rz, rc, rs), Row::c_y(rx, ry, rz, rc, rs), Row::s_y(rx, ry, rz, rc, rs)};
  double* const outputs[3] = {out.y, out.c, out.s};
  const bool first_order = s.kind[l - 1] == Kind::first_order;
  p.bind(s, l - 1, first_order ? 1 : n + 1, arena);
  p.set_input(rx, const_cast<double*>(x));
  p.set_input(ry, const_cast<double*>(y));
  p.set_input(rz, out.y);
  p.set_input(rc, out.c);
  p.set_input(rs, out.s);
  p.advance(0, arena);
  for (index_t k = 1; k <= n; ++k) {
    const index_t terms = first_order ? 1 : k;
    for (int o = 0; o < 3; ++o) {
      zero(m, outputs[o] + k * m);
      for (index_t i = 1; i <= terms; ++i) {
        const index_t moved = first_order ? k : i, column = first_order ? 0 : k - i;
        const double scale = first_order ? 1 : static_cast<double>(i) / static_cast<double>(k);
        p.multiply_add_to(outputs[o] + k * m, to_x[o], column, x + moved * m, scale, arena);
        p.multiply_add_to(outputs[o] + k * m, to_y[o], column, y + moved * m, scale, arena);
      }
    }
    if (!first_order) p.advance(k, arena);
  }
}

// y = f(x) for the whole element, given the value.
template <class Row>
void apply(const Shape& s, double* y, const double* x, double value, Arena& arena) {
  Arena::Mark mark(arena);
  y[0] = value;
  evaluate<Row>(s, s.levels, x, Outcome{y, arena.take(s.components()), nullptr}, arena);
  y[0] = value;
}

// z = f(x, y) for the whole element, given the value; constant_y says that y has no tangents.
template <class Row>
void apply(const Shape& s, double* z, const double* x, const double* y, bool constant_y, double value, Arena& arena) {
  Arena::Mark mark(arena);
  const index_t n = s.components();
  if constexpr (std::is_same_v<Row, rows::multiply_>) {
    multiply(s, s.levels, z, x, y);
  } else if constexpr (std::is_same_v<Row, rows::divide_>) {
    divide(s, s.levels, z, x, y, true, arena);
  } else if constexpr (is_power<Row>) {
    power_constant(s, z, x, y[0], value, arena);
    if (!constant_y) {  // x^(p + h) = x^p exp(h log x), with h nilpotent
      double *log_x = arena.take(n), *exponent = arena.take(n), *h = arena.take(n), *c = arena.take(s.degree() + 1);
      apply<rows::log_>(s, log_x, x, std::log(x[0]), arena);
      copy(n, h, y);
      h[0] = 0;
      zero(n, exponent);
      multiply_add(s, s.levels, exponent, h, log_x);
      c[0] = 1;
      for (index_t i = 1; i <= s.degree(); ++i) c[i] = c[i - 1] / static_cast<double>(i);
      compose(s, log_x, c, exponent, arena);
      multiply(s, s.levels, h, z, log_x);
      copy(n, z, h);
    }
  } else {
    z[0] = value;
    evaluate<Row>(s, s.levels, x, y, Outcome{z, arena.take(n), arena.take(n)}, arena);
  }
  z[0] = value;
}

}  // namespace dn
