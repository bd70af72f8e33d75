// Which slopes the records of each ufunc take: the columns of the tables' rows, and the decisions of piecewise.h.
#pragma once
#include "loops/elementwise.h"
#include "loops/piecewise.h"
#include "reverse/tape.h"

namespace dn::reverse {

// How the result depends on the operands.
enum class Form {
  linear,   // z = factor[0] x + factor[1] y
  product,  // z = x y
  slopes,   // by slopes[k] of operand k
  steps     // constant between jumps: no derivative
};

struct UfuncInfo {
  const char* name;
  int operands;
  ValueId value;  // VALUE_COUNT where NumPy's ufunc is called
  Form form;
  double factor[2];
  SlopeLoop slopes[3];
  CurvatureLoop curvature[3];
  bool reads[3][3];            // reads[k]: whether slopes[k] reads x, y and z
  std::uint8_t bends[3] = {};  // bit i of bends[k]: whether slopes[k] changes with operand i, apart from kinks
};

template <class Row>
void slopes_of_row(const double* x, const double*, const double* z, double* slopes, index_t n) {
  compute_slopes<Row>(x, z, slopes, nullptr, n);
}
template <class Row, bool X>
CLONES void slopes_of_row2(const double* x, const double* y, const double* z, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    const Slopes d = slopes_of<Row, X, !X>(x[i], y[i], z[i], false);
    slopes[i] = X ? d.x : d.y;
  }
}
// The tangent of a slope: y'' dx; or z_xx dx + z_xy dy, and z_xy dx + z_yy dy.
template <class Row>
void curvature_of_row(const double* const* at, const double* const* tangents, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    const double x = at[0][i], z = at[2][i];
    slopes[i] = Row::d2y(x, companion_of<Row>(x, z), z) * tangents[0][i];
  }
}
template <class Row, bool X>
void curvature_of_row2(const double* const* at, const double* const* tangents, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    const Slopes d = slopes_of<Row, true, true>(at[0][i], at[1][i], at[2][i], true);
    slopes[i] = times(X ? d.xx : d.xy, tangents[0][i]) + times(X ? d.xy : d.yy, tangents[1][i]);
  }
}
// Between kinks slopes do not change; at a kink duals decide, and nan asks for them.
template <class Slope>
void curvature_between_kinks(const double* const* at, const double* const*, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) slopes[i] = at[0][i] == 0 ? NAN : 0;
}
inline void curvature_at_equal(const double* const* at, const double* const*, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) slopes[i] = at[0][i] == at[1][i] ? NAN : 0;
}
inline void curvature_of_clip(const double* const* at, const double* const*, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i)
    slopes[i] = at[0][i] == at[1][i] || at[0][i] == at[2][i] || at[1][i] == at[2][i] ? NAN : 0;
}
inline void curvature_zero(const double* const*, const double* const*, double* slopes, index_t n) {
  std::fill_n(slopes, n, 0.0);
}

inline constexpr ElementLayout no_levels{};  // at a tie no direction is known: the branches average
template <class Slope>
void slopes_between_kinks(const double* x, const double*, const double*, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) slopes[i] = Slope::slope(no_levels, nullptr, x[i]);
}
template <class Slope, bool X>
void slopes_between_kinks2(const double* x, const double* y, const double* z, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    double value = z[i], p, q;
    Slope::slopes(no_levels, nullptr, x[i], nullptr, y[i], value, p, q);
    // copysign(x, x) is x: at 0 duals decide, and nan asks for them
    slopes[i] = Slope::id == value_of_copysign && x[i] == 0 && y[i] == 0 ? NAN : X ? p : q;
  }
}
template <ValueId Id, bool X>
double share(double x, double y) {
  const int choice = Extremum<Id>::choose(x, y);
  return choice == 0 ? 0.5 : (choice > 0) == X ? 1 : 0;
}
template <ValueId Id, bool X>
void slopes_of_extremum(const double* x, const double* y, const double*, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) slopes[i] = share<Id, X>(x[i], y[i]);
}
// clip(x, low, high) = min(max(x, low), high)
template <int Operand>
void slopes_of_clip(const double* x, const double* low, const double* high, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    const double middle = Extremum<value_of_maximum>::choose(x[i], low[i]) >= 0 ? x[i] : low[i];
    const double inner = share<value_of_minimum, true>(middle, high[i]);
    slopes[i] = Operand == 2 ? share<value_of_minimum, false>(middle, high[i])
                             : inner * share<value_of_maximum, Operand == 0>(x[i], low[i]);
  }
}

#define EVERY {{true, true, true}, {true, true, true}, {true, true, true}}
#define STEP(name, operands) {#name, operands, value_of_##name, Form::steps, {0, 0}, {}, {}, {}},
#define KINK(name, loop, Slope)                                                                                       \
  {#name, 1, value_of_##loop, Form::slopes, {0, 0}, {slopes_between_kinks<Slope>, nullptr, nullptr},                  \
   {curvature_between_kinks<Slope>, nullptr, nullptr}, EVERY},
#define KINKS2(name, Slope, curvature)                                                                                \
  {#name, 2, value_of_##name, Form::slopes, {0, 0},                                                                   \
   {slopes_between_kinks2<Slope, true>, slopes_between_kinks2<Slope, false>, nullptr},                                \
   {curvature, curvature, nullptr}, EVERY},
#define EXTREMUM(name)                                                                                                \
  {#name, 2, value_of_##name, Form::slopes, {0, 0},                                                                   \
   {slopes_of_extremum<value_of_##name, true>, slopes_of_extremum<value_of_##name, false>, nullptr},                  \
   {curvature_at_equal, curvature_at_equal, nullptr}, EVERY},
#define LINEAR(name, operands, loop, x, y) {#name, operands, loop, Form::linear, {x, y}, {}, {}, {}},

template <class Row>
constexpr Form form_of = std::is_same_v<Row, rows::multiply_> ? Form::product : Form::slopes;

// `reads` of the rows follows from probes (find_reads).
inline UfuncInfo ufuncs[] = {
    LINEAR(add, 2, value_of_add, 1, 1) LINEAR(subtract, 2, value_of_subtract, 1, -1) LINEAR(
        negative, 1, VALUE_COUNT, -1, 0) LINEAR(positive, 1, VALUE_COUNT, 1, 0) LINEAR(conjugate, 1, VALUE_COUNT, 1, 0)
#define ROW(name, ...)                                                                                                \
  {#name, 1, value_of_##name, Form::slopes, {0, 0}, {slopes_of_row<rows::name##_>, nullptr, nullptr},                 \
   {curvature_of_row<rows::name##_>, nullptr, nullptr}, {}},
#include "math/elementary.def"
#define ROW2(name, ...)                                                                                               \
  {#name, 2, value_of_##name, form_of<rows::name##_>, {0, 0},                                                         \
   {slopes_of_row2<rows::name##_, true>, slopes_of_row2<rows::name##_, false>, nullptr},                              \
   {curvature_of_row2<rows::name##_, true>, curvature_of_row2<rows::name##_, false>, nullptr}, {}},
#include "math/binary.def"
        KINK(absolute, absolute, AbsoluteSlope) KINK(fabs, absolute, AbsoluteSlope) STEP(sign, 1) STEP(floor, 1) STEP(
            ceil, 1) STEP(rint, 1) STEP(trunc, 1) STEP(floor_divide, 2)
            KINKS2(copysign, CopysignSlope, curvature_between_kinks<CopysignSlope>) KINKS2(
                heaviside, HeavisideSlope, curvature_between_kinks<HeavisideSlope>)
                KINKS2(remainder, RemainderSlope<value_of_remainder>, curvature_zero) KINKS2(
                    fmod, RemainderSlope<value_of_fmod>, curvature_zero) EXTREMUM(maximum) EXTREMUM(minimum)
                    EXTREMUM(fmax) EXTREMUM(fmin){
                        "clip",
                        3,
                        VALUE_COUNT,
                        Form::slopes,
                        {0, 0},
                        {slopes_of_clip<0>, slopes_of_clip<1>, slopes_of_clip<2>},
                        {curvature_of_clip, curvature_of_clip, curvature_of_clip},
                        EVERY},
};
#undef EVERY
#undef STEP
#undef KINK
#undef KINKS2
#undef EXTREMUM
#undef LINEAR
inline constexpr int UFUNCS = sizeof(ufuncs) / sizeof(ufuncs[0]);

// Fills in `reads` of the rows: a slope reads an argument if it changes with that argument at one of the points.  They
// reach every branch of a row: power's slope reads z where y - 1 is rounded, as at 0.3, and computes another power else.
inline void find_reads() {
  constexpr double points[][3] = {{0.3, 0.6, 0.5},  {1.7, 2.6, 1.5},   {0.7, 0.3, 0.5},
                                  {-0.4, 0.1, 0.2}, {1.2, -0.3, 0.95}, {3.5, 0.45, 1.8}};
  for (UfuncInfo& u : ufuncs) {
    if (u.form != Form::slopes || u.reads[0][0]) continue;
    for (int k = 0; k < u.operands; ++k)
      for (int argument = 0; argument < 3; ++argument)
        for (const auto& point : points) {
          double moved[3], before, after;
          std::copy_n(point, 3, moved);
          moved[argument] += 0.125;
          u.slopes[k](point, point + 1, point + 2, &before, 1);
          u.slopes[k](moved, moved + 1, moved + 2, &after, 1);
          u.reads[k][argument] |= before != after && (before == before || after == after);
        }
    for (int k = 0; k < u.operands; ++k)
      for (int i = 0; i < u.operands; ++i)
        if (u.reads[k][i] || u.reads[k][2]) u.bends[k] = static_cast<std::uint8_t>(u.bends[k] | 1 << i);
  }
}

}  // namespace dn::reverse
