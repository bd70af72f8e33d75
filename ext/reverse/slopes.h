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
  bool reads[3][3];  // reads[k]: whether slopes[k] reads x, y and z
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
inline constexpr ElementLayout no_levels{};  // at a tie no direction is known: the branches average
template <class Slope>
void slopes_between_kinks(const double* x, const double*, const double*, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) slopes[i] = Slope::slope(no_levels, nullptr, x[i]);
}
template <class Slope, bool X>
void slopes_between_kinks2(const double* x, const double* y, const double* z, double* slopes, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    double p, q;
    Slope::slopes(no_levels, nullptr, x[i], y[i], z[i], p, q);
    slopes[i] = X ? p : q;
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

#define EVERY {true, true, true}
#define STEP(name, operands, id) {#name, operands, id, Form::steps, {0, 0}, {}, {}},
#define KINKS2(name, Slope)                                                                                      \
  {#name, 2, value_of_##name, Form::slopes, {0, 0}, {slopes_between_kinks2<Slope, true>,                       \
   slopes_between_kinks2<Slope, false>, nullptr}, {EVERY, EVERY, EVERY}},
#define EXTREMUM(name)                                                                                           \
  {#name, 2, value_of_##name, Form::slopes, {0, 0}, {slopes_of_extremum<value_of_##name, true>,                \
   slopes_of_extremum<value_of_##name, false>, nullptr}, {EVERY, EVERY, EVERY}},

// reads of the rows follows from probes (find_reads).
inline UfuncInfo ufuncs[] = {
    {"add", 2, value_of_add, Form::linear, {1, 1}, {}, {}},
    {"subtract", 2, value_of_subtract, Form::linear, {1, -1}, {}, {}},
    {"negative", 1, VALUE_COUNT, Form::linear, {-1, 0}, {}, {}},
    {"positive", 1, VALUE_COUNT, Form::linear, {1, 0}, {}, {}},
    {"conjugate", 1, VALUE_COUNT, Form::linear, {1, 0}, {}, {}},
#define ROW(name, ...) \
  {#name, 1, value_of_##name, Form::slopes, {0, 0}, {slopes_of_row<rows::name##_>, nullptr, nullptr}, {}},
#include "math/elementary.def"
#define ROW2(name, ...)                                                                                          \
  {#name, 2, value_of_##name, is_same_row<rows::name##_, rows::multiply_> ? Form::product : Form::slopes, {0, 0}, \
   {slopes_of_row2<rows::name##_, true>, slopes_of_row2<rows::name##_, false>, nullptr}, {}},
#define is_same_row std::is_same_v
#include "math/binary.def"
#undef is_same_row
    {"absolute",
     1,
     value_of_absolute,
     Form::slopes,
     {0, 0},
     {slopes_between_kinks<AbsoluteSlope>, nullptr, nullptr},
     {EVERY, EVERY, EVERY}},
    {"fabs",
     1,
     value_of_absolute,
     Form::slopes,
     {0, 0},
     {slopes_between_kinks<AbsoluteSlope>, nullptr, nullptr},
     {EVERY, EVERY, EVERY}},
    STEP(sign, 1, value_of_sign) STEP(floor, 1, value_of_floor) STEP(ceil, 1, value_of_ceil)
        STEP(rint, 1, value_of_rint) STEP(trunc, 1, value_of_trunc) STEP(floor_divide, 2, value_of_floor_divide)
            KINKS2(copysign, CopysignSlope) KINKS2(heaviside, HeavisideSlope)
                KINKS2(remainder, RemainderSlope<value_of_remainder>) KINKS2(fmod, RemainderSlope<value_of_fmod>)
                    EXTREMUM(maximum) EXTREMUM(minimum) EXTREMUM(fmax)
                        EXTREMUM(fmin){"clip",
                                       3,
                                       VALUE_COUNT,
                                       Form::slopes,
                                       {0, 0},
                                       {slopes_of_clip<0>, slopes_of_clip<1>, slopes_of_clip<2>},
                                       {EVERY, EVERY, EVERY}},
};
#undef EVERY
#undef STEP
#undef KINKS2
#undef EXTREMUM
inline constexpr int UFUNCS = sizeof(ufuncs) / sizeof(ufuncs[0]);

// Fills in `reads` of the rows: a slope reads an argument if it changes with that argument at one of two points.
inline void find_reads() {
  constexpr double points[][3] = {{0.3, 0.6, 0.5}, {1.7, 2.6, 1.5}};
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
  }
}

}  // namespace dn::reverse
