// The rows of the tables as types, and their evaluation on elements with any number of levels.
//
// Each row becomes a struct whose columns are templates: for doubles, BranchFree (vector_math.h), and the Ref, Jet1 and
// NodeCount of expression_tape.h.
#pragma once
#include <cmath>
#include <type_traits>

#include "math/expression_tape.h"
#include "math/power.h"
#include "math/vector_math.h"

namespace dn {

constexpr double PI = 3.14159265358979323846;
constexpr double LN2 = 0.693147180559945309417;
constexpr double LN10 = 2.30258509299404568402;

// b^x / (b^x + b^y) = 1 / (1 + b^(y - x)), for the base b of Exp.  A relative rounding error of d = y - x causes a
// relative error of the exponential that is |d| log(b) times larger, so two-sum computes the error, and t is corrected
// to first order.  Exp is called with -|d| only, so that it cannot overflow.
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

// y / (3 x) = 1 / (3 y^2), the slope of y = cbrt(x).  The first form does not double y's error; the second has the
// limits at 0 and inf.
inline double cbrt_slope(double x, double y) { return x != 0 && std::isfinite(x) ? y / x / 3 : 1 / (3 * y * y); }

namespace rows {

using std::cos, std::cosh, std::exp, std::fabs, std::hypot, std::sin, std::sinh, std::sqrt;

// A column of a row, as a function template and as text.
#define COLUMN(name, parameters, ...)      \
  template <class T>                       \
  static constexpr T name parameters {     \
    return T(__VA_ARGS__);                 \
  }                                        \
  static constexpr const char* name##_text = #__VA_ARGS__;

#define OF_ONE ([[maybe_unused]] const T& x, [[maybe_unused]] const T& c, [[maybe_unused]] const T& y)
#define DOMAIN(lo, hi) static constexpr double bounds[4] = {lo, hi, 0, 0};
#define COMPANION(...) COLUMN(companion, ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y), __VA_ARGS__)
#define VECTOR_COMPANION(reach) static constexpr double vector_reach = reach;
#define VALUE(...) static constexpr const char* y_text = #__VA_ARGS__;
#define DY(...) COLUMN(dy, OF_ONE, __VA_ARGS__)
#define D2Y(...)                    \
  COLUMN(d2y, OF_ONE, __VA_ARGS__)  \
  static constexpr bool has_curvature = true;
#define DC(...) COLUMN(dc, OF_ONE, __VA_ARGS__)
struct RowOfOne {  // the columns that a row may leave out
  COMPANION(0)
  COLUMN(d2y, OF_ONE, 0)
  DC(0)
  static constexpr bool has_curvature = false;
  static constexpr double vector_reach = 0;
};
#define ROW(name, ...) \
  struct name##_ : RowOfOne { __VA_ARGS__ };
#include "math/elementary.def"
#undef ROW
#undef OF_ONE
#undef DOMAIN
#undef COMPANION
#undef VECTOR_COMPANION
#undef VALUE
#undef DY
#undef D2Y
#undef DC

#define OF_THREE ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z)
#define OF_FIVE                                                                           \
  ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z, \
   [[maybe_unused]] const T& c, [[maybe_unused]] const T& s)
#define DOMAIN(x_lo, x_hi, y_lo, y_hi) static constexpr double bounds[4] = {x_lo, x_hi, y_lo, y_hi};
#define COMPANION_C(...) COLUMN(companion_c, OF_THREE, __VA_ARGS__)
#define COMPANION_S(...) COLUMN(companion_s, OF_THREE, __VA_ARGS__)
#define VALUE(...) COLUMN(value, ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y), __VA_ARGS__)
#define Z_X(...) COLUMN(z_x, OF_FIVE, __VA_ARGS__)
#define Z_Y(...) COLUMN(z_y, OF_FIVE, __VA_ARGS__)
#define Z_XX(...)                     \
  COLUMN(z_xx, OF_FIVE, __VA_ARGS__)  \
  static constexpr bool has_curvature_x = true;
#define Z_XY(...) COLUMN(z_xy, OF_FIVE, __VA_ARGS__)
#define Z_YY(...)                     \
  COLUMN(z_yy, OF_FIVE, __VA_ARGS__)  \
  static constexpr bool has_curvature_y = true;
#define C_X(...) COLUMN(c_x, OF_FIVE, __VA_ARGS__)
#define C_Y(...) COLUMN(c_y, OF_FIVE, __VA_ARGS__)
#define S_X(...) COLUMN(s_x, OF_FIVE, __VA_ARGS__)
#define S_Y(...) COLUMN(s_y, OF_FIVE, __VA_ARGS__)
struct RowOfTwo {  // the columns that a row may leave out
  COMPANION_C(0)
  COMPANION_S(0)
  COLUMN(z_xx, OF_FIVE, 0)
  COLUMN(z_yy, OF_FIVE, 0)
  C_X(0)
  C_Y(0)
  S_X(0)
  S_Y(0)
  static constexpr bool has_curvature_x = false, has_curvature_y = false;
};
#define ROW2(name, ...) \
  struct name##_ : RowOfTwo { __VA_ARGS__ };
#include "math/binary.def"
#undef ROW2
#undef OF_THREE
#undef OF_FIVE
#undef DOMAIN
#undef COMPANION_C
#undef COMPANION_S
#undef VALUE
#undef Z_X
#undef Z_Y
#undef Z_XX
#undef Z_XY
#undef Z_YY
#undef C_X
#undef C_Y
#undef S_X
#undef S_Y
#undef COLUMN

}  // namespace rows

// The companion c(x, y), by vector_math.h where that is accurate.
template <class Row>
inline double companion_of(double x, double y) {
  if constexpr (Row::vector_reach != 0)
    if (std::fabs(x) <= Row::vector_reach) return double{Row::companion(BranchFree(x), BranchFree(y))};
  return Row::companion(x, y);
}

// Rows whose primal is one instruction, for which NumPy's loop need not be called.
template <class Row>
constexpr bool is_arithmetic = std::is_same_v<Row, rows::multiply_> || std::is_same_v<Row, rows::divide_>;

// Rows whose columns call functions, so that a tape cannot record them; apply() treats them by cases.
template <class Row>
constexpr bool is_power = std::is_same_v<Row, rows::power_> || std::is_same_v<Row, rows::float_power_>;

// Where the evaluation of a row is stored: the function y and its companions c and s, each an element.
struct RowResult {
  double* y;
  double* c;
  double* s;
};

// The coefficients 0, 1 x_1, 2 x_2, ..., n x_n of t x'(t), of m doubles each.
inline const double* euler_derivative(const double* x, index_t m, index_t n, Arena& arena) {
  double* w = arena.take((n + 1) * m);
  for (index_t k = 0; k <= n; ++k)
    for (index_t i = 0; i < m; ++i) w[k * m + i] = static_cast<double>(k) * x[k * m + i];
  return w;
}

// The chain rule for coefficient k of y, whose derivative by x is the column [y'].  In a first-order level w = x and
// y_k = [y']_0 x_k; in a Taylor level w = t x' and k y_k = sum_(i = 1 .. k) w_i [y']_(k - i).  Adds to y_k if `add`:
// so does the second argument of a function of two.
inline void propagate(const ExpressionTape& tape, Ref column, bool first_order, double* y, const double* w, index_t m,
                      index_t k, bool add = false) {
  double* z = y + k * m;
  if (m == 1 && !first_order) {
    double sum = add ? *z * static_cast<double>(k) : 0;
    tape.add_product(&sum, column, w, k);
    *z = sum / static_cast<double>(k);
    return;
  }
  if (!add) zero(m, z);
  if (first_order) {
    tape.add_product(z, column, w + k * m);
    return;
  }
  for (index_t i = 0; i < m; ++i) z[i] *= static_cast<double>(k);
  tape.add_product(z, column, w, k);
  for (index_t i = 0; i < m; ++i) z[i] /= static_cast<double>(k);
}

// out.y = f(x) and out.c = c(x) over the first l levels, where out.y[0] holds the primal.
//
// By recursion: the lower levels give y_0 and c_0; a tape evaluates the columns y' and c' on them; propagate() computes
// the coefficients of level l - 1 from those.
template <class Row>
void evaluate(const Row& row, const ElementLayout& s, int l, const double* x, RowResult out, Arena& arena) {
  if (l == 0) {
    *out.c = companion_of<Row>(*x, *out.y);
    return;
  }
  const index_t m = s.stride[l - 1], n = s.size[l - 1];
  evaluate(row, s, l - 1, x, out, arena);
  Arena::Mark mark(arena);
  ExpressionTape tape;
  const Ref rx = tape.input(), rc = tape.input(), ry = tape.input();
  constexpr NodeCount leaf(0);
  static_assert(3 + Row{}.dy(leaf, leaf, leaf).nodes + Row{}.dc(leaf, leaf, leaf).nodes <= ExpressionTape::CAPACITY);
  const Ref dy = row.dy(rx, rc, ry), dc = row.dc(rx, rc, ry);
  const bool first_order = s.kind[l - 1] == Kind::first_order;
  tape.bind(s, l - 1, first_order ? 1 : n + 1, arena);
  tape.set_input(rx, const_cast<double*>(x));
  tape.set_input(rc, out.c);
  tape.set_input(ry, out.y);
  tape.advance(0, arena);
  const double* w = first_order ? x : euler_derivative(x, m, n, arena);
  const bool has_companion = dc.tape || dc.constant != 0;
  if (!has_companion) zero(n * m, out.c + m);
  for (index_t k = 1; k <= n; ++k) {
    propagate(tape, dy, first_order, out.y, w, m, k);
    if (has_companion && (l < s.levels || !first_order)) propagate(tape, dc, first_order, out.c, w, m, k);
    if (!first_order && k < n) tape.advance(k, arena);
  }
}

// The same of two arguments: out.y = f(x, y), out.c and out.s.
template <class Row>
void evaluate(const ElementLayout& s, int l, const double* x, const double* y, RowResult out, Arena& arena) {
  if (l == 0) {
    *out.c = Row::companion_c(*x, *y, *out.y);
    *out.s = Row::companion_s(*x, *y, *out.y);
    return;
  }
  const index_t m = s.stride[l - 1], n = s.size[l - 1];
  evaluate<Row>(s, l - 1, x, y, out, arena);
  Arena::Mark mark(arena);
  ExpressionTape tape;
  const Ref rx = tape.input(), ry = tape.input(), rz = tape.input(), rc = tape.input(), rs = tape.input();
  constexpr NodeCount leaf(0);
  static_assert(5 + Row::z_x(leaf, leaf, leaf, leaf, leaf).nodes + Row::z_y(leaf, leaf, leaf, leaf, leaf).nodes +
                    Row::c_x(leaf, leaf, leaf, leaf, leaf).nodes + Row::c_y(leaf, leaf, leaf, leaf, leaf).nodes +
                    Row::s_x(leaf, leaf, leaf, leaf, leaf).nodes + Row::s_y(leaf, leaf, leaf, leaf, leaf).nodes <=
                ExpressionTape::CAPACITY);
  const Ref by_x[3] = {Row::z_x(rx, ry, rz, rc, rs), Row::c_x(rx, ry, rz, rc, rs), Row::s_x(rx, ry, rz, rc, rs)};
  const Ref by_y[3] = {Row::z_y(rx, ry, rz, rc, rs), Row::c_y(rx, ry, rz, rc, rs), Row::s_y(rx, ry, rz, rc, rs)};
  double* const outputs[3] = {out.y, out.c, out.s};
  const bool first_order = s.kind[l - 1] == Kind::first_order;
  tape.bind(s, l - 1, first_order ? 1 : n + 1, arena);
  tape.set_input(rx, const_cast<double*>(x));
  tape.set_input(ry, const_cast<double*>(y));
  tape.set_input(rz, out.y);
  tape.set_input(rc, out.c);
  tape.set_input(rs, out.s);
  tape.advance(0, arena);
  const double* wx = first_order ? x : euler_derivative(x, m, n, arena);
  const double* wy = first_order ? y : euler_derivative(y, m, n, arena);
  for (index_t k = 1; k <= n; ++k) {
    for (int o = 0; o < 3; ++o) {
      propagate(tape, by_x[o], first_order, outputs[o], wx, m, k);
      propagate(tape, by_y[o], first_order, outputs[o], wy, m, k, true);
    }
    if (!first_order && k < n) tape.advance(k, arena);
  }
}

// y = f(x) for the whole element, given the primal; y may not be x.
template <class Row>
void apply(const ElementLayout& s, double* y, const double* x, double value, Arena& arena) {
  Arena::Mark mark(arena);
  y[0] = value;
  if constexpr (std::is_same_v<Row, rows::sqrt_>) {
    if (x[0] == 0 && s.levels == 1 && s.kind[0] == Kind::taylor && power_of_even_zero(s.size[0], y, x, 0.5, arena)) {
      y[0] = value;
      return;
    }
  }
  evaluate(Row{}, s, s.levels, x, RowResult{y, arena.take(s.components()), nullptr}, arena);
  y[0] = value;
}

// z = x^p for a constant p, given the primal.
inline void power_constant(const ElementLayout& s, double* z, const double* x, double p, double value, Arena& arena) {
  if (x[0] == 0 || is_tiny(value) || !std::isfinite(value)) {
    power_at_zero(s, z, x, p, value, arena);
  } else {
    Arena::Mark mark(arena);
    z[0] = value;
    evaluate(PowerRow{p}, s, s.levels, x, RowResult{z, arena.take(s.components()), nullptr}, arena);
    if (s.degree() > 2 && p >= 1 && p <= 1024 && p == std::floor(p))
      integer_power(s, z, x, static_cast<index_t>(p), arena);
  }
  z[0] = value;
}

// z = f(x, y) for the whole element, given the primal; constant_y says that y has no tangents.
template <class Row>
void apply(const ElementLayout& s, double* z, const double* x, const double* y, bool constant_y, double value,
           Arena& arena) {
  Arena::Mark mark(arena);
  const index_t n = s.components();
  if constexpr (std::is_same_v<Row, rows::multiply_>) {
    multiply(s, s.levels, z, x, y);
  } else if constexpr (std::is_same_v<Row, rows::divide_>) {
    divide(s, s.levels, z, x, y, true, arena);
  } else if constexpr (is_power<Row>) {
    power_constant(s, z, x, y[0], value, arena);
    if (!constant_y) {  // x^(p + h) = x^p exp(h log x), with h nilpotent
      double *log_x = arena.take(n), *exponent = arena.take(n), *h = arena.take(n);
      apply<rows::log_>(s, log_x, x, std::log(x[0]), arena);
      copy(n, h, y);
      h[0] = 0;
      zero(n, exponent);
      multiply_add(s, s.levels, exponent, h, log_x);
      apply<rows::exp_>(s, log_x, exponent, 1, arena);
      multiply(s, s.levels, h, z, log_x);
      copy(n, z, h);
    }
  } else {
    z[0] = value;
    evaluate<Row>(s, s.levels, x, y, RowResult{z, arena.take(n), arena.take(n)}, arena);
  }
  z[0] = value;
}

// The tables' columns as text, for tests, documentation and stubs: the row's name first.
struct RowText {
  const char* columns[13];
  const double* bounds;
};
inline constexpr RowText elementary_text[] = {
#define ROW(name, ...)                                                                                               \
  {{#name, rows::name##_::companion_text, rows::name##_::y_text, rows::name##_::dy_text, rows::name##_::d2y_text,     \
    rows::name##_::dc_text},                                                                                         \
   rows::name##_::bounds},
#include "math/elementary.def"
#undef ROW
};
inline constexpr RowText binary_text[] = {
#define ROW2(name, ...)                                                                                              \
  {{#name, rows::name##_::companion_c_text, rows::name##_::companion_s_text, rows::name##_::value_text,               \
    rows::name##_::z_x_text, rows::name##_::z_y_text, rows::name##_::z_xx_text, rows::name##_::z_xy_text,             \
    rows::name##_::z_yy_text, rows::name##_::c_x_text, rows::name##_::c_y_text, rows::name##_::s_x_text,              \
    rows::name##_::s_y_text},                                                                                        \
   rows::name##_::bounds},
#include "math/binary.def"
#undef ROW2
};
inline constexpr int ELEMENTARY_ROWS = sizeof(elementary_text) / sizeof(elementary_text[0]);
inline constexpr int BINARY_ROWS = sizeof(binary_text) / sizeof(binary_text[0]);

}  // namespace dn
