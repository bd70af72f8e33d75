// The rows of the tables as types, and their evaluation on elements with any number of levels.
//
// Each row becomes a struct whose columns are templates: for doubles, BranchFree (vector_math.h), and the Ref, Jet1 and
// NodeCount of expression_tape.h.
#pragma once
#include <array>
#include <cmath>
#include <type_traits>

#include "math/expression_tape.h"
#include "math/near.h"
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
  if (x == y) return x == -INFINITY ? 0 : 0.5;  // both -inf: 0, as of log(exp(x) + exp(y)), which logsumexp takes
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

#define DOMAIN(...) static constexpr double bounds[] = {__VA_ARGS__};  // the lowest and highest value of each argument
#define VALUE(...) COLUMN(value, ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y), __VA_ARGS__)
#define OF_ONE ([[maybe_unused]] const T& x, [[maybe_unused]] const T& c, [[maybe_unused]] const T& y)
#define COMPANION(...) COLUMN(companion, ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y), __VA_ARGS__)
#define VECTOR_COMPANION(reach) static constexpr double vector_reach = reach;
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
#undef OF_ONE
#undef COMPANION
#undef VECTOR_COMPANION
#undef DY
#undef D2Y
#undef DC

#define OF_THREE ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z)
#define OF_FIVE                                                                           \
  ([[maybe_unused]] const T& x, [[maybe_unused]] const T& y, [[maybe_unused]] const T& z, \
   [[maybe_unused]] const T& c, [[maybe_unused]] const T& s)
#define COMPANION_C(...) COLUMN(companion_c, OF_THREE, __VA_ARGS__)
#define COMPANION_S(...) COLUMN(companion_s, OF_THREE, __VA_ARGS__)
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

// Whether a row has a finite value but singular derivatives at a point: those that near_apply() computes.
template <class Row>
constexpr bool is_root = std::is_same_v<Row, rows::sqrt_> || std::is_same_v<Row, rows::cbrt_>;
template <class Row>
constexpr bool is_arc = std::is_same_v<Row, rows::arcsin_> || std::is_same_v<Row, rows::arccos_>;
template <class Row>
constexpr bool is_singular([[maybe_unused]] double x) {
  if constexpr (is_root<Row>) return x == 0;
  else if constexpr (is_arc<Row>) return x == 1 || x == -1;
  else return std::is_same_v<Row, rows::arccosh_> && x == 1;
}
template <class Row>
inline bool is_singular([[maybe_unused]] double x, [[maybe_unused]] double y) {
  if constexpr (is_power<Row>) return x == 0 && y > 0 && y != std::floor(y);
  else return std::is_same_v<Row, rows::hypot_> && x == 0 && y == 0;
}

// Notes that an element meets a singular point of a row (kinks.h); x or y is null where it is a constant.
template <class Row>
inline void note_singularity(const ElementLayout& s, const double* x) {
  if (is_singular<Row>(*x)) note_singular(s, x);
}
template <class Row>
inline void note_singularity(const ElementLayout& s, const double* x, double x0, const double* y, double y0) {
  if (!is_singular<Row>(x0, y0)) return;
  if constexpr (is_power<Row>) {
    // with a moving exponent no series tells more than the slope does, but for a base that only seems to rest
    if (x && (!y || s.is_near() || !moves_to_first_order(s, x))) note_singular(s, x);
  } else {  // hypot is Lipschitz: arguments that rest to first order have the slope 0
    if (x) note_kink(s, x);
    if (y) note_kink(s, y);
  }
}

// z = hypot(x, y) at (0, 0) where branches do not average: |x| or |y| if the other rests, else the derivatives of second
// order and above do not exist.  False, and z is untouched, elsewhere.
template <class Row>
inline bool branch_of_hypot(const ElementLayout& s, double* z, const double* x, double x0, const double* y, double y0) {
  if (!is_singular<Row>(x0, y0) || is_power<Row> || averages(s) || s.is_near()) return false;
  const bool x_moves = x && moves(s, x), y_moves = y && moves(s, y);
  const double* moving = x_moves ? x : y_moves ? y : nullptr;
  const int side = moving ? direction_sign(s, moving) : 0;
  for (index_t c = 1; c < s.components(); ++c)
    z[c] = x_moves && y_moves ? (s.order(c) > 1 ? NAN : 0) : moving ? side * moving[c] : 0;
  z[0] = 0;
  return true;
}

// What a row of A arguments computes: the function and its companions, y and c of one argument, z, c and s of two.
template <std::size_t A>
using Outputs = std::array<double*, A + 1>;
template <std::size_t A>
using Arguments = std::array<const double*, A>;

// The companions of a row at a point, where the primal is known.
template <class Row>
void set_companions(const Row&, const Arguments<1>& x, const Outputs<1>& out) {
  *out[1] = companion_of<Row>(*x[0], *out[0]);
}
template <class Row>
void set_companions(const Row&, const Arguments<2>& x, const Outputs<2>& out) {
  *out[1] = Row::companion_c(*x[0], *x[1], *out[0]);
  *out[2] = Row::companion_s(*x[0], *x[1], *out[0]);
}

// The derivatives of the outputs by the arguments, given both: y' and c'; or z_x, z_y, c_x, c_y, s_x and s_y.
template <class T, class Row>
constexpr std::array<T, 2> derivatives(const Row& row, const std::array<T, 1>& x, const std::array<T, 2>& out) {
  return {row.dy(x[0], out[1], out[0]), row.dc(x[0], out[1], out[0])};
}
template <class T, class Row>
constexpr std::array<T, 6> derivatives(const Row&, const std::array<T, 2>& args, const std::array<T, 3>& out) {
  const T &x = args[0], &y = args[1], &z = out[0], &c = out[1], &s = out[2];
  return {Row::z_x(x, y, z, c, s), Row::z_y(x, y, z, c, s), Row::c_x(x, y, z, c, s),
          Row::c_y(x, y, z, c, s), Row::s_x(x, y, z, c, s), Row::s_y(x, y, z, c, s)};
}

// Counts the nodes that a tape of the derivatives of a row needs at most.
template <std::size_t A, class Row>
constexpr int tape_nodes() {
  int nodes = 2 * A + 1;
  for (const NodeCount& column : derivatives(Row{}, std::array<NodeCount, A>{}, std::array<NodeCount, A + 1>{}))
    nodes += column.nodes;
  return nodes;
}

// The coefficients d_c x_c in level l, of m doubles each, where d_c is the degree of monomial c: t x'(t) in a Taylor level.
inline const double* euler_derivative(const ElementLayout& s, int l, const double* x, Arena& arena) {
  const index_t m = s.stride[l], n = s.size[l];
  double* w = arena.take((n + 1) * m);
  for (index_t c = 0; c <= n; ++c)
    for (index_t i = 0; i < m; ++i) w[c * m + i] = static_cast<double>(s.degree_of(l, c)) * x[c * m + i];
  return w;
}

// The chain rule for coefficient c of y, of degree d, whose derivative by x is the column [y']: d y_c = sum w_i [y']_j over
// the factors i != 1 and j of c, with w_i = d_i x_i.  Where d is 1, it is y_c = [y']_0 x_c.  Adds to y_c if `add`: so does
// the second argument of a function of two.
inline void propagate(const ExpressionTape& tape, Ref column, index_t degree, double* y, const double* w, index_t m,
                      index_t c, bool add = false) {
  double* z = y + c * m;
  const double d = static_cast<double>(degree);
  if (m == 1 && degree > 1) {
    double sum = add ? *z * d : 0;
    tape.add_product(&sum, column, w, c);
    *z = sum / d;
    return;
  }
  if (!add) zero(m, z);
  if (degree == 1) {
    tape.add_product(z, column, w + c * m);
    return;
  }
  for (index_t i = 0; i < m; ++i) z[i] *= d;
  tape.add_product(z, column, w, c);
  for (index_t i = 0; i < m; ++i) z[i] /= d;
}

// out = the row of A arguments at x over the first l levels, where out[0][0] holds the primal.  Companions have no
// coefficients in a first-order level that is the youngest one of s: nothing reads them.
//
// By recursion: the lower levels give coefficient 0 of the outputs; a tape evaluates their derivatives on those;
// propagate() computes the coefficients of level l - 1.
template <std::size_t A, class Row>
void evaluate(const Row& row, const ElementLayout& s, int l, const Arguments<A>& x, const Outputs<A>& out,
              Arena& arena) {
  if (l == 0) return set_companions(row, x, out);
  const index_t m = s.stride[l - 1], n = s.size[l - 1];
  evaluate<A>(row, s, l - 1, x, out, arena);
  Arena::Mark mark(arena);
  ExpressionTape tape;
  static_assert(tape_nodes<A, Row>() <= ExpressionTape::CAPACITY);
  std::array<Ref, A> arguments;
  std::array<Ref, A + 1> outputs;
  for (Ref& r : arguments) r = tape.input();
  for (Ref& r : outputs) r = tape.input();
  const auto columns = derivatives(row, arguments, outputs);  // [output][argument]
  const bool first_order = s.kind[l - 1] == Kind::first_order;
  tape.bind(s, l - 1, first_order ? 1 : n + 1, arena);
  for (std::size_t a = 0; a < A; ++a) tape.set_input(arguments[a], const_cast<double*>(x[a]));
  for (std::size_t o = 0; o <= A; ++o) tape.set_input(outputs[o], out[o]);
  tape.advance(0, arena);
  Arguments<A> w = x;
  if (!first_order)
    for (const double*& series : w) series = euler_derivative(s, l - 1, series, arena);
  std::array<bool, A + 1> is_constant{};
  for (std::size_t o = 1; o <= A; ++o) {
    is_constant[o] = true;
    for (std::size_t a = 0; a < A; ++a) is_constant[o] &= columns[o * A + a].is_zero();
    if (is_constant[o]) zero(n * m, out[o] + m);
  }
  const index_t highest = s.degree_of(l - 1, n);
  for (index_t c = 1; c <= n; ++c) {
    const index_t degree = s.degree_of(l - 1, c);
    for (std::size_t o = 0; o <= A; ++o)
      if (o == 0 || (!is_constant[o] && (l < s.levels || !first_order)))
        for (std::size_t a = 0; a < A; ++a) propagate(tape, columns[o * A + a], degree, out[o], w[a], m, c, a > 0);
    if (degree < highest) tape.advance(c, arena);
  }
}

template <class Row>
void apply(const ElementLayout& s, double* y, const double* x, double value, Arena& arena);

// z = u^p in a near level, where u's primal is 0: t^(p m) v^p for u = t^m v.  If p m is no integer, it is no series: NaN
// from there on.
inline void near_power(const ElementLayout& s, double* z, const double* u, double p, Arena& arena) {
  Arena::Mark mark(arena);
  const index_t m = near_order(s, u);
  if (m == 0) return near_unknown(s, z, u, 1);  // u is at rest, or flatter than its series can tell
  const double lead = p * static_cast<double>(m), nearest = std::rint(lead);
  const bool is_series = std::fabs(lead - nearest) < 1e-12;
  const double last = static_cast<double>(s.size[0] + 1);
  const index_t start = static_cast<index_t>(std::min(last, is_series ? nearest : std::ceil(lead)));
  if (!is_series) return near_unknown(s, z, u, start);
  double* v = arena.take(s.components());
  near_shift_down(s, v, u, m);
  z[0] = 3 * p == 1 ? std::cbrt(v[0]) : std::pow(v[0], p);
  evaluate<1>(PowerRow{p}, s, s.levels, {v}, {z, arena.take(s.components())}, arena);
  near_shift_up(s, z, start);
}

// The same where p has tangents: u^p log(u) is no series.  0 where u is at rest.
inline void near_power(const ElementLayout& s, double* z, const double* u, const double* p, Arena& arena) {
  Arena::Mark mark(arena);
  near_unknown(s, z, u, 1);
  if (std::none_of(z, z + s.components(), [](double part) { return std::isnan(part); })) return;
  double* unknown = arena.take(s.components());
  near_unknown(s, unknown, p, 1);
  for (index_t c = 0; c < s.components(); ++c) z[c] += unknown[c];
}

// z = hypot(x, y) in a near level at (0, 0)
inline void near_hypot(const ElementLayout& s, double* z, const double* x, const double* y, Arena& arena) {
  Arena::Mark mark(arena);
  double* squares = arena.take(s.components());
  zero(s.components(), squares);
  multiply_add(s, s.levels, squares, x, x);
  multiply_add(s, s.levels, squares, y, y);
  near_power(s, z, squares, 0.5, arena);
}

// z = arcsin(x) or arccos(x) in a near level at x = +-1, or arccosh(x) at 1, given the primal: by 2 arcsin(r) or
// 2 arcsinh(r), where r = sqrt((1 -+ x) / 2) or sqrt((x - 1) / 2).
template <class Row>
void near_arc(const ElementLayout& s, double* z, const double* x, double value, Arena& arena) {
  constexpr bool hyperbolic = !is_arc<Row>;
  Arena::Mark mark(arena);
  double *square = arena.take(s.components()), *root = arena.take(s.components());
  const double side = hyperbolic ? -*x : *x, sign = std::is_same_v<Row, rows::arcsin_> ? -side : hyperbolic ? 1 : side;
  for (index_t c = 1; c < s.components(); ++c) square[c] = -side * x[c] / 2;
  square[0] = 0;
  near_power(s, root, square, 0.5, arena);
  if constexpr (hyperbolic) apply<rows::arcsinh_>(s, z, root, 0, arena);
  else apply<rows::arcsin_>(s, z, root, 0, arena);
  for (index_t c = 1; c < s.components(); ++c) z[c] *= 2 * sign;
  z[0] = value;
}

// y = f(x) in a near level at a singular point; false, and y is untouched, elsewhere.
template <class Row>
bool near_apply([[maybe_unused]] const ElementLayout& s, [[maybe_unused]] double* y, const double* x,
                [[maybe_unused]] double value, [[maybe_unused]] Arena& arena) {
  if (!is_singular<Row>(*x) || !s.is_near()) return false;
  if constexpr (is_root<Row>) near_power(s, y, x, std::is_same_v<Row, rows::sqrt_> ? 0.5 : 1. / 3, arena);
  else if constexpr (is_arc<Row> || std::is_same_v<Row, rows::arccosh_>) near_arc<Row>(s, y, x, value, arena);
  return true;
}

// z = f(x, y) likewise.  0 / 0 has a limit as z's primal, unlike NumPy's.
template <class Row>
bool near_apply(const ElementLayout& s, double* z, const double* x, const double* y, bool constant_y, Arena& arena) {
  if (!s.is_near()) return false;
  if constexpr (std::is_same_v<Row, rows::divide_>) {
    if (*x == 0 && *y == 0) near_divide(s, z, x, y, arena);
    return *x == 0 && *y == 0;
  }
  if (!is_singular<Row>(*x, *y)) return false;
  if constexpr (is_power<Row>) constant_y ? near_power(s, z, x, *y, arena) : near_power(s, z, x, y, arena);
  else near_hypot(s, z, x, y, arena);
  return true;
}

// y = f(x) for the whole element, given the primal; y may not be x.
template <class Row>
void apply(const ElementLayout& s, double* y, const double* x, double value, Arena& arena) {
  if (near_apply<Row>(s, y, x, value, arena)) return;
  Arena::Mark mark(arena);
  y[0] = value;
  if constexpr (std::is_same_v<Row, rows::sqrt_>) {
    if (x[0] == 0 && even_zero_decides(s) && power_of_even_zero(s.size[0], y, x, 0.5, arena)) {
      y[0] = value;
      return;
    }
  }
  evaluate<1>(Row{}, s, s.levels, {x}, {y, arena.take(s.components())}, arena);
  y[0] = value;
}

// z = x^p for a constant p, given the primal.
inline void power_constant(const ElementLayout& s, double* z, const double* x, double p, double value, Arena& arena) {
  if (x[0] == 0 || is_tiny(value) || !std::isfinite(value)) {
    power_at_zero(s, z, x, p, value, arena);
  } else {
    Arena::Mark mark(arena);
    z[0] = value;
    evaluate<1>(PowerRow{p}, s, s.levels, {x}, {z, arena.take(s.components())}, arena);
    if (s.degree() > 2 && p >= 1 && p <= 1024 && p == std::floor(p))
      integer_power(s, z, x, static_cast<index_t>(p), arena);
  }
  z[0] = value;
}

// z = f(x, y) for the whole element, given the primal; constant_y says that y has no tangents.
template <class Row>
void apply(const ElementLayout& s, double* z, const double* x, const double* y, bool constant_y, double value,
           Arena& arena) {
  if (near_apply<Row>(s, z, x, y, constant_y, arena)) return;
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
    evaluate<2>(Row{}, s, s.levels, {x, y}, {z, arena.take(n), arena.take(n)}, arena);
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
  {{#name, rows::name##_::companion_text, rows::name##_::value_text, rows::name##_::dy_text, rows::name##_::d2y_text,     \
    rows::name##_::dc_text},                                                                                         \
   rows::name##_::bounds},
#include "math/elementary.def"
};
inline constexpr RowText binary_text[] = {
#define ROW2(name, ...)                                                                                              \
  {{#name, rows::name##_::companion_c_text, rows::name##_::companion_s_text, rows::name##_::value_text,               \
    rows::name##_::z_x_text, rows::name##_::z_y_text, rows::name##_::z_xx_text, rows::name##_::z_xy_text,             \
    rows::name##_::z_yy_text, rows::name##_::c_x_text, rows::name##_::c_y_text, rows::name##_::s_x_text,              \
    rows::name##_::s_y_text},                                                                                        \
   rows::name##_::bounds},
#include "math/binary.def"
};
inline constexpr int ELEMENTARY_ROWS = sizeof(elementary_text) / sizeof(elementary_text[0]);
inline constexpr int BINARY_ROWS = sizeof(binary_text) / sizeof(binary_text[0]);

}  // namespace dn
