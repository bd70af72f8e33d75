// Functions with a kink or a jump, each with its decision.
//
// At a kink two smooth branches have the same value: kinks.h says whether they average, as abs(x)' = 0 and max(x, 0)' =
// 1/2 at 0, or one of them is followed.  At a jump an element of a near level takes the value beside it.
#pragma once
#include "loops/comparisons.h"
#include "loops/elementwise.h"

namespace dn {

// y_j = factor x_j, tangents only.  0 * inf = 0, except where the factor 0 averages two branches: then it is nan.
inline void scale_tangents(index_t components, double* y, const double* x, double factor, bool average) {
  for (index_t j = 1; j < components; ++j) y[j] = factor != 0 ? times(factor, x[j]) : average ? 0 * x[j] + 0 : 0;
}

// The value y = f(x) of a function that jumps at integers or halves of them at most: in a near level that beside the
// jump, which all other elements note.
inline double beside_jump(const ElementLayout& s, const double* x, double y,
                          void (*values)(const double*, double*, index_t)) {
  if (2 * *x != std::rint(2 * *x) || !compares_beyond_primals(s)) return y;
  const auto value_towards = [&](double limit) {
    const double at = std::nextafter(*x, limit);
    double found;
    values(&at, &found, 1);
    return found;
  };
  KeepFlags keep;
  if (value_towards(-INFINITY) != value_towards(INFINITY)) note_kink(s, x);
  if (!s.is_near()) return y;
  const int side = direction_sign(s, x);
  return side == 0 ? y : value_towards(side > 0 ? INFINITY : -INFINITY);
}

// The kernel of a function of one argument that is linear between its kinks: y_j = Slope::slope x_j.
template <class Slope>
void piecewise_unary(const Operands& a) {
  double x[BLOCK], y[BLOCK];
  const index_t components = a.layout.components();
  for (index_t start = 0; start < a.n; start += BLOCK) {
    const index_t m = std::min(BLOCK, a.n - start);
    for (index_t i = 0; i < m; ++i) x[i] = *a.at(0, start + i);
    Slope::values(x, y, m);
    KeepFlags keep;
    for (index_t i = 0; i < m; ++i) {
      const double* in = a.at(0, start + i);
      double* out = a.at(1, start + i);
      const double value = Slope::jumps ? beside_jump(a.layout, in, y[i], Slope::values) : y[i];
      scale_tangents(components, out, in, Slope::slope(a.layout, in, x[i]), Slope::averages);
      out[0] = value;
    }
  }
}

// |x|: the slope is -1 or 1; at 0 the branches x and -x meet, whose difference 2 x has the sign of x.
struct AbsoluteSlope {
  static constexpr bool averages = true, jumps = false;
  static void values(const double* x, double* y, index_t n) { unary_values(value_of_absolute, x, y, n); }
  static double slope(const ElementLayout& s, const double* x, double v) {
    return v > 0 ? 1 : v < 0 ? -1 : v == 0 ? branch(s, x) : v;
  }
};
// Steps (sign, floor, ceil, rint, trunc) are constant between their jumps: 0.  At a jump the derivative does not exist,
// and 0 is the answer of every other library.
template <ValueId Id>
struct StepSlope {
  static constexpr bool averages = false, jumps = true;
  static void values(const double* x, double* y, index_t n) { unary_values(Id, x, y, n); }
  static double slope(const ElementLayout&, const double*, double) { return 0; }
};
// -x, component by component.
inline void negative(const Operands& a) {
  const index_t components = a.layout.components(), n = a.n, x_step = a.step(0), y_step = a.step(1);
  const double* x = a.at(0, 0);
  double* y = a.at(1, 0);
  if (x_step == components && y_step == components) {  // contiguous: one array of doubles
    for (index_t i = 0; i < n * components; ++i) y[i] = -x[i];
    return;
  }
  for (index_t i = 0; i < n; ++i, x += x_step, y += y_step)
    for (index_t j = 0; j < components; ++j) y[j] = -x[j];
}
struct PositiveSlope {
  static constexpr bool averages = false, jumps = false;
  static void values(const double* x, double* y, index_t n) { copy(n, y, x); }
  static double slope(const ElementLayout&, const double*, double) { return 1; }
};

// The kernel of a function of two arguments that is linear between its kinks: z_j = p x_j + q y_j, by Slope::slopes.
template <class Slope, bool X, bool Y>
void piecewise_binary(const Operands& a) {
  constexpr bool averages_both = Slope::id == value_of_copysign;  // p = 0 averages the branches of |x|
  double x[BLOCK], y[BLOCK], z[BLOCK];
  const index_t components = a.layout.components(), block = a.is_sequential() ? 1 : BLOCK;
  const bool fixed_x = a.strides[0] == 0, fixed_y = a.strides[1] == 0;
  for (index_t start = 0; start < a.n; start += block) {
    const index_t m = std::min(block, a.n - start);
    a.copy_values(0, start, m, x);
    a.copy_values(1, start, m, y);
    binary_values(Slope::id, x, fixed_x, y, fixed_y, z, m);
    KeepFlags keep;
    for (index_t i = 0; i < m; ++i) {
      const double *ex = a.at(0, start + i), *ey = a.at(1, start + i);
      double* out = a.at(2, start + i);
      double p, q;
      Slope::slopes(a.layout, X ? ex : nullptr, x[fixed_x ? 0 : i], Y ? ey : nullptr, y[fixed_y ? 0 : i], z[i], p, q);
      for (index_t j = 1; j < components; ++j)
        out[j] = (!X ? 0 : averages_both ? p * ex[j] : times(p, ex[j])) + (Y ? times(q, ey[j]) : 0);
      if constexpr (averages_both && X && Y)  // both branches of |x| change their sign with y
        if (x[fixed_x ? 0 : i] == 0 && y[fixed_y ? 0 : i] == 0 && averages(a.layout))
          for (index_t j = 1; j < components; ++j)
            if (ey[j] != 0) out[j] = std::copysign(ex[j], ey[j]);
      out[0] = z[i];
    }
  }
}

// The primal of an element; in a near level, where it is 0, a number of the sign that it takes.
inline double signed_primal(const ElementLayout& s, const double* x, double value) {
  if (value != 0 || !x) return value;
  note_kink(s, x);
  const double sign = s.is_near() ? direction_sign(s, x) : 0;
  return sign != 0 ? sign : value;
}

// The slopes get both elements, null where they are constants, and their primals; z is NumPy's value of the function,
// which they change in a near level beside a jump.

// copysign(x, y) = +-|x|: p = +-(slope of |x|); y only selects the sign, so q = 0.
struct CopysignSlope {
  static constexpr ValueId id = value_of_copysign;
  static void slopes(const ElementLayout& s, const double* ex, double x, const double* ey, double y, double& z,
                     double& p, double& q) {
    const bool negative = std::signbit(signed_primal(s, ey, y));
    const double side = x == 0 ? (ex ? branch(s, ex) : 0) : std::signbit(x) ? -1 : 1;
    z = negative != std::signbit(y) ? -z : z;
    p = negative ? -side : side;
    q = 0;
  }
};
// x - n y with n = floor(x / y) or trunc(x / y), a constant between jumps: p = 1, q = -n.
template <ValueId Id>
struct RemainderSlope {
  static constexpr ValueId id = Id;
  static void slopes(const ElementLayout& s, const double* ex, double x, const double* ey, double y, double& z,
                     double& p, double& q) {
    p = 1;
    q = std::isinf(y) ? (z == x ? 0 : 1) : -std::rint((x - z) / y);
    if (z != 0 || y == 0 || !compares_beyond_primals(s)) return;
    const int step = step_beside(s, ex, x, ey, y, -q);
    q -= step;
    if (step != 0) z = -step * y;
  }
  // What n adds beside a jump in a near level, where x - n y is 0 and takes the sign that no remainder has: one towards
  // minus infinity for floor, towards 0 for trunc.
  static int step_beside(const ElementLayout& s, const double* ex, double x, const double* ey, double y, double n) {
    Arena arena;
    double* difference = arena.take(s.components());
    for (index_t c = 0; c < s.components(); ++c) difference[c] = (ex ? ex[c] : 0) - (ey ? n * ey[c] : 0);
    if (Id == value_of_fmod && x == 0) return 0;
    note_kink(s, difference);
    if (!s.is_near()) return 0;
    const double side = direction_sign(s, difference) * y;
    if (Id == value_of_fmod) return (x < 0) == (y < 0) ? (side < 0 ? -1 : 0) : (side > 0 ? 1 : 0);
    return side < 0 ? -1 : 0;
  }
};
// floor(x / y) is a step.
template <ValueId Id>
struct BinaryStepSlope {
  static constexpr ValueId id = Id;
  static void slopes(const ElementLayout& s, const double* ex, double x, const double* ey, double y, double& z,
                     double& p, double& q) {
    p = q = 0;
    if (y != 0 && x - z * y == 0 && compares_beyond_primals(s))
      z += RemainderSlope<value_of_remainder>::step_beside(s, ex, x, ey, y, z);
  }
};
// heaviside(x, y) is a step in x; at x = 0 it is y, so q = 1.
struct HeavisideSlope {
  static constexpr ValueId id = value_of_heaviside;
  static void slopes(const ElementLayout& s, const double* ex, double x, const double*, double, double& z, double& p,
                     double& q) {
    p = 0;
    const double side = signed_primal(s, ex, x);
    if (x == 0 && side != 0) z = side > 0 ? 1 : 0;
    q = side == 0 ? 1 : 0;
  }
};

// maximum, minimum, fmax or fmin: the choice of an operand.
template <ValueId Id>
struct Extremum {
  static constexpr ValueId id = Id;
  static constexpr bool ignores_nan = Id == value_of_fmax || Id == value_of_fmin;
  static constexpr bool largest = Id == value_of_maximum || Id == value_of_fmax;

  // By value: 1 chooses x, -1 chooses y, 0 is a tie.
  static int choose(double x, double y) {
    if (std::isnan(x)) return ignores_nan && !std::isnan(y) ? -1 : 1;
    if (std::isnan(y)) return ignores_nan ? 1 : -1;
    return x == y ? 0 : (x > y) == largest ? 1 : -1;
  }

  // At a tie, by the difference x - y of the elements; 0 where they average.
  static int choose(const ElementLayout& s, const double* x, const double* y, double* scratch) {
    for (index_t j = 0; j < s.components(); ++j) scratch[j] = x[j] - y[j];
    return largest ? branch(s, scratch) : -branch(s, scratch);
  }
};

// z = x, y or, for a tie, their average, where x is itself the average of `weight` elements.  True if it averaged.
template <class E>
bool extremum(const ElementLayout& s, double* z, const double* x, const double* y, double weight, int choice,
              double* scratch) {
  if (choice == 0) choice = E::choose(s, x, y, scratch);
  if (choice > 0) copy(s.components(), z, x);
  else if (choice < 0) copy(s.components(), z, y);
  else
    for (index_t j = 0; j < s.components(); ++j) z[j] = (weight * x[j] + y[j]) / (weight + 1);
  return choice == 0;
}

template <ValueId Id, bool X, bool Y>
void extremum_loop(const Operands& a) {
  using E = Extremum<Id>;
  const ElementLayout& s = a.layout;
  const index_t components = s.components();
  Arena arena;
  double *scratch = arena.take(components), *lifted_x = arena.take(components), *lifted_y = arena.take(components);
  TieCounts* counts = a.ties;
  const bool in_place = a.data[0] == a.data[2] || a.is_sequential();
  double reduced = 0;  // NumPy's result of the whole reduction: only its loop knows the sign of a zero
  if (a.is_reduce()) {
    reduced = *a.at(0, 0);
    char *sum = reinterpret_cast<char*>(&reduced), *data[3] = {sum, a.data[1], sum};
    index_t strides[3] = {0, a.strides[1], 0};
    if (a.step(1) == (Y ? components : 1)) {  // contiguous elements: NumPy reduces contiguous numbers another way
      double* values = arena.take(a.n);
      a.copy_values(1, 0, a.n, values);
      data[1] = reinterpret_cast<char*>(values);
      strides[1] = sizeof(double);
    }
    value_loops[Id].function(data, &a.n, strides, value_loops[Id].extra);
  }
  // Blocks of values, unless an element depends on the one before: NumPy's choice among zeros depends on their number.
  const index_t block = a.is_sequential() ? 1 : BLOCK;
  double values[3][BLOCK];
  for (index_t start = 0; start < a.n; start += block) {
    const index_t m = std::min(block, a.n - start);
    a.copy_values(0, start, m, values[0]);
    a.copy_values(1, start, m, values[1]);
    binary_values(Id, values[0], a.strides[0] == 0, values[1], a.strides[1] == 0, values[2], m);
    KeepFlags keep;
    for (index_t i = start; i < start + m; ++i) {
      const double* x = as_element(X, a.at(0, i), components, lifted_x);
      const double* y = as_element(Y, a.at(1, i), components, lifted_y);
      double* z = a.at(2, i);
      const int choice = E::choose(*x, *y);
      index_t weight = 1;
      if (counts && in_place && !counts->empty()) {
        const auto found = counts->find(a.at(0, i));
        if (found != counts->end()) {
          weight = found->second;
          counts->erase(found);
        }
      }
      const bool shared =
          (choice <= 0 || x != z) && extremum<E>(s, z, x, y, static_cast<double>(weight), choice, scratch);
      z[0] = values[2][i - start];
      if (counts && in_place && (shared || (weight > 1 && choice > 0))) (*counts)[z] = shared ? weight + 1 : weight;
    }
  }
  if (a.is_reduce() && a.n > 0) *a.at(2, 0) = reduced;
}

// min(max(x, low), high), in NumPy's order of the two; the values by NumPy's own clip, because the sign of a zero depends
// on whether the bounds are fixed.
inline void clip(const Operands& a) {
  using Lower = Extremum<value_of_maximum>;
  using Upper = Extremum<value_of_minimum>;
  const ElementLayout& s = a.layout;
  const index_t components = s.components();
  Arena arena;
  double *scratch = arena.take(components), *middle = arena.take(components), *result = arena.take(components);
  double values[4][BLOCK];
  for (index_t start = 0; start < a.n; start += BLOCK) {
    const index_t m = std::min(BLOCK, a.n - start);
    char* data[4];
    index_t strides[4];
    for (int operand = 0; operand < 4; ++operand) {
      if (operand < 3) a.copy_values(operand, start, m, values[operand]);
      data[operand] = reinterpret_cast<char*>(values[operand]);
      strides[operand] = operand < 3 && a.strides[operand] == 0 ? 0 : index_t{sizeof(double)};
    }
    value_loops[value_of_clip].function(data, &m, strides, value_loops[value_of_clip].extra);
    KeepFlags keep;
    for (index_t i = 0; i < m; ++i) {
      const double *x = a.at(0, start + i), *low = a.at(1, start + i), *high = a.at(2, start + i);
      extremum<Lower>(s, middle, x, low, 1, Lower::choose(*x, *low), scratch);
      extremum<Upper>(s, result, middle, high, 1, Upper::choose(*middle, *high), scratch);
      copy(components, a.at(3, start + i), result);
      *a.at(3, start + i) = values[3][i];
    }
  }
}

// floor(x / y), a step, and the remainder.
template <bool X, bool Y>
void divmod(const Operands& a) {
  const index_t components = a.layout.components();
  using Slope = RemainderSlope<value_of_remainder>;
  for (index_t i = 0; i < a.n; ++i) {
    const double *x = a.at(0, i), *y = a.at(1, i);
    double quotient, remainder, p, q;
    binary_values(value_of_floor_divide, x, true, y, true, &quotient, 1);
    binary_values(value_of_remainder, x, true, y, true, &remainder, 1);
    KeepFlags keep;
    Slope::slopes(a.layout, X ? x : nullptr, *x, Y ? y : nullptr, *y, remainder, p, q);
    if (q != -quotient && !std::isnan(quotient) && a.layout.is_near()) quotient = -q;
    double *out_quotient = a.at(2, i), *out_remainder = a.at(3, i);
    // the remainder first, because the quotient may overwrite an operand
    for (index_t j = 1; j < components; ++j) out_remainder[j] = (X ? times(p, x[j]) : 0) + (Y ? times(q, y[j]) : 0);
    out_remainder[0] = remainder;
    zero(components, out_quotient);
    out_quotient[0] = quotient;
  }
}

// The fraction has x's tangents; the integer part is a step.
inline void modf(const Operands& a) {
  const index_t components = a.layout.components();
  for (index_t i = 0; i < a.n; ++i) {
    const double* x = a.at(0, i);
    double *fraction = a.at(1, i), *whole = a.at(2, i), whole_value;
    double value = std::modf(*x, &whole_value);
    const double beside = beside_jump(a.layout, x, whole_value, StepSlope<value_of_trunc>::values);
    if (beside != whole_value) {
      pin(whole_value);  // or clang computes inf - inf on either branch, and NumPy warns of it
      value = whole_value - beside, whole_value = beside;
    }
    copy(components, fraction, x);
    fraction[0] = value;
    zero(components, whole);
    whole[0] = whole_value;
  }
}

// x = mantissa * 2^exponent: the exponent is a step, so mantissa_j = x_j / 2^exponent.
inline void frexp(const Operands& a) {
  const index_t components = a.layout.components();
  for (index_t i = 0; i < a.n; ++i) {
    const double* x = a.at(0, i);
    double* mantissa = a.at(1, i);
    int exponent = 0;
    const double value = std::frexp(*x, &exponent);
    const bool scaled = std::isfinite(*x);
    KeepFlags keep;
    for (index_t j = 1; j < components; ++j) mantissa[j] = scaled ? std::ldexp(x[j], -exponent) : x[j];
    mantissa[0] = value;
    *reinterpret_cast<int*>(a.data[2] + i * a.strides[2]) = scaled ? exponent : 0;
  }
}

// x * 2^given
template <class Integer>
void ldexp(const Operands& a) {
  const index_t components = a.layout.components();
  for (index_t i = 0; i < a.n; ++i) {
    const double* x = a.at(0, i);
    double* z = a.at(2, i);
    const Integer given = *reinterpret_cast<const Integer*>(a.data[1] + i * a.strides[1]);
    const int exponent = static_cast<int>(std::clamp<Integer>(given, -100000, 100000));
    z[0] = std::ldexp(*x, exponent);
    KeepFlags keep;
    for (index_t j = 1; j < components; ++j) z[j] = std::ldexp(x[j], exponent);
  }
}

// Predicates and comparisons look at values only, but in a near level at the side of a tie; a First of bool is the
// accumulator of np.any and np.all.  X and Y say which operands are dual.
template <bool (*Test)(double), bool OfZero = false>
void predicate(const Operands& a) {
  for (index_t i = 0; i < a.n; ++i)
    *reinterpret_cast<bool*>(a.data[1] + i * a.strides[1]) = Test(OfZero ? decided(a.layout, a.at(0, i)) : *a.at(0, i));
}
template <bool (*Test)(double, double), bool X, bool Y>
void comparison(const Operands& a) {
  ++comparisons;
  const ElementLayout& s = a.layout;
  const bool is_equality = Test(0, 0) == !Test(0, 1) && Test(0, 1) == Test(1, 0);
  const bool beyond = compares_beyond_primals(s) && compared_by_value != ByValue::always &&
                      !(is_equality && compared_by_value == ByValue::equality);
  Arena arena;
  double* scratch = beyond ? arena.take(s.components()) : nullptr;
  if (!compares_beyond_primals(s)) {
    bool tied = false;
    for (index_t i = 0; i < a.n; ++i) {
      const double x = *a.at(0, i), y = *a.at(1, i);
      tied |= x == y;
      *reinterpret_cast<bool*>(a.data[2] + i * a.strides[2]) = Test(x, y);
    }
    for (index_t i = 0; tied && i < a.n; ++i)
      if (*a.at(0, i) == *a.at(1, i)) note_first_tie(s, X ? a.at(0, i) : nullptr, Y ? a.at(1, i) : nullptr);
    return;
  }
  for (index_t i = 0; i < a.n; ++i) {
    const double *x = a.at(0, i), *y = a.at(1, i);
    const int side = beyond && *x == *y ? side_of_tie(s, X ? x : nullptr, Y ? y : nullptr, scratch) : 0;
    *reinterpret_cast<bool*>(a.data[2] + i * a.strides[2]) = side == 0 ? Test(*x, *y) : Test(side, 0);
  }
}
template <bool (*Test)(double, double), bool X, bool Y, class First = double>
void logical(const Operands& a) {
  ++comparisons;
  for (index_t i = 0; i < a.n; ++i) {
    const double x = X ? decided(a.layout, a.at(0, i)) : *reinterpret_cast<const First*>(a.data[0] + i * a.strides[0]);
    const double y = Y ? decided(a.layout, a.at(1, i)) : *a.at(1, i);
    *reinterpret_cast<bool*>(a.data[2] + i * a.strides[2]) = Test(x, y);
  }
}

namespace tests {  // named after the ufuncs

inline bool isfinite(double x) { return std::isfinite(x); }
inline bool isnan(double x) { return std::isnan(x); }
inline bool isinf(double x) { return std::isinf(x); }
inline bool signbit(double x) { return std::signbit(x); }
inline bool logical_not(double x) { return x == 0; }
inline bool equal(double x, double y) { return x == y; }
inline bool not_equal(double x, double y) { return x != y; }
inline bool less(double x, double y) { return x < y; }
inline bool less_equal(double x, double y) { return x <= y; }
inline bool greater(double x, double y) { return x > y; }
inline bool greater_equal(double x, double y) { return x >= y; }
inline bool logical_and(double x, double y) { return x != 0 && y != 0; }
inline bool logical_or(double x, double y) { return x != 0 || y != 0; }
inline bool logical_xor(double x, double y) { return (x != 0) != (y != 0); }

}  // namespace tests

}  // namespace dn
