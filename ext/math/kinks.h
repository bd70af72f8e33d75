// Kinks and singular points: what a pass meets there, and the direction in which it leaves them.
//
// At a kink two smooth branches have the same value.  To first order the branches average.  The product of two averages
// is not the average of the products, so elements of a higher degree follow one branch: that which holds at x + t w for
// small t > 0, where x are the variables and w is a direction fixed for all of them.  A near level (element_layout.h)
// holds the series in t; near.h does arithmetic with it.  Elements without one, made by hand, take w from their tangents.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

#include "math/element_layout.h"

namespace dn {

// How often drivers have called functions in this thread.
inline thread_local unsigned long driver_calls = 0;

// How often this thread has met, in elements of degree 2 or more, a kink at which they move, and a comparison of equal
// primals; a singular slope at an argument whose tangents are all zero; a kink or tie of elements that do not move with
// the variables of this pass; and such an argument or element that a near level shows to move.
inline thread_local unsigned long kinks_met = 0, ties_met = 0, zeros_met = 0, rests_met = 0, rest_ties_met = 0,
                                  rests_moved = 0;

// How often it has met, in elements of first order, a comparison of equal primals whose difference moves, and one whose
// difference rests.  There the branch of the value is followed, which is that of no smooth function if others average.
inline thread_local unsigned long first_ties_met = 0, first_rests_met = 0;

// The calls of drivers that this thread is in.  Within them branches average to all orders, and a pass that has met a
// kink is repeated with a near level.
inline thread_local int open_calls = 0;

// The passes with a near level that this thread is in: one at most, whose direction inner drivers follow as well.
inline thread_local int near_passes = 0;

// Which comparisons look at primals alone in a near level, too: == and != for f with a value at x that is not the limit
// there, and all of them where f has to take its branches as at x.
enum class ByValue : int { none, equality, always };
inline thread_local ByValue compared_by_value = ByValue::none;

// Whether an operation that meets a kink or a singular point gives NaN for all derivatives.  A pass in which it does
// shows which results depend on one.
enum class Taint : int { none, kinks, zeros };  // of singular points alone: zeros
inline thread_local Taint tainting = Taint::none;
// The contexts of all threads in which `tainting` is set: while there are none, no kernel has to look.
inline std::atomic<int> taintings{0};

// Sets `tainting` and returns what it was, to be given to end_tainting().
inline Taint begin_tainting(Taint taint) {
  ++taintings;
  return std::exchange(tainting, taint);
}
inline void end_tainting(Taint before) {
  --taintings;
  tainting = before;
}

// How many of them the thread has met so far.
inline unsigned long taints_met() { return zeros_met + (tainting == Taint::kinks ? kinks_met : 0); }

// Whether branches average: else the sign of their difference decides.
inline bool averages(const ElementLayout& s) { return !s.is_near() && (open_calls > 0 || s.degree() <= 1); }

// Whether an element has components besides its primal.
inline bool moves(const ElementLayout& s, const double* x) {
  for (index_t c = 1; c < s.components(); ++c)
    if (x[c] != 0) return true;
  return false;
}

// Notes an element at a kink, or at a tie, if its degree is 2 or more.
inline void note_kink(const ElementLayout& s, const double* x, unsigned long& met = kinks_met) {
  if (s.degree() <= 1) return;
  const bool moving = moves(s, x);
  if (s.is_near()) rests_moved += moving;
  else if (moving) ++met;
  else ++(&met == &ties_met ? rest_ties_met : rests_met);
}

// Notes a comparison of elements of first order with equal primals; either may be null for a constant.
inline void note_first_tie(const ElementLayout& s, const double* x, const double* y) {
  bool moving = false;
  for (index_t c = 1; c < s.components(); ++c) moving |= (x ? x[c] : 0) != (y ? y[c] : 0);
  ++(moving ? first_ties_met : first_rests_met);
}

// Whether an element moves to first order.
inline bool moves_to_first_order(const ElementLayout& s, const double* x) {
  for (index_t c = 1; c < s.components(); ++c)
    if (x[c] != 0 && s.order(c) == 1) return true;
  return false;
}

// Notes an argument with a singular slope.  Where it rests to first order, the slope times its tangents is 0 or unknown.
inline void note_singular(const ElementLayout& s, const double* x) {
  zeros_met += !s.is_near() && !moves_to_first_order(s, x);
  note_kink(s, x);
}

// Component i of w, in [1, 2): 1 for the first, then 20 bits of splitmix64, so that no small integer combination of them
// vanishes.  dualnum/drivers/_near.py has the same numbers.
inline double direction_weight(index_t i) {
  std::uint64_t z = static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return 1 + static_cast<double>((z ^ (z >> 31)) >> 44) / 1048576;
}

// Orders the monomials of components by how fast they vanish if every level moves more slowly than all older ones:
// negative where c's is larger, 0 for equal degrees in each level.  A near level is the slowest to vanish.
inline index_t compare_monomials(const ElementLayout& s, index_t c, index_t d) {
  const auto degree_in = [&s](index_t component, int l) {
    return s.degree_of(l, component / s.stride[l] % (1 + s.size[l]));
  };
  index_t total = 0;
  for (int l = s.is_near(); l < s.levels; ++l) total += degree_in(c, l) - degree_in(d, l);
  for (int l = s.levels - 1; total == 0 && l >= 0; --l) total = degree_in(c, l) - degree_in(d, l);
  return total;
}

// The sign that x, whose primal counts as 0, takes along w: that of its largest part; 0 where x does not move.
inline int direction_sign(const ElementLayout& s, const double* x) {
  index_t largest = 0;
  for (index_t c = 1; c < s.components(); ++c)
    if (x[c] != 0 && (largest == 0 || compare_monomials(s, c, largest) < 0)) largest = c;
  if (largest == 0) return 0;
  double sum = 0;
  for (index_t c = largest; c < s.components(); ++c) {
    if (x[c] == 0 || compare_monomials(s, c, largest) != 0) continue;
    double weighted = x[c];
    for (int l = 0; l < s.levels; ++l)
      if (s.kind[l] == Kind::first_order || s.kind[l] == Kind::polynomial)
        s.for_infinitesimals(l, c / s.stride[l] % (1 + s.size[l]), [&](index_t v) { weighted *= direction_weight(v); });
    sum += weighted;
  }
  if (sum == 0) sum = x[largest];
  return sum > 0 ? 1 : sum < 0 ? -1 : 0;
}

// The same of x - y, where either may be null for a constant of the same primal; scratch holds an element.
inline int direction_sign(const ElementLayout& s, const double* x, const double* y, double* scratch) {
  for (index_t c = 0; c < s.components(); ++c) scratch[c] = (x ? x[c] : 0) - (y ? y[c] : 0);
  return direction_sign(s, scratch);
}

// The branch at a kink, by the difference of the branches, whose value is 0: its sign, or 0 where they average.
inline int branch(const ElementLayout& s, const double* difference) {
  note_kink(s, difference);
  return averages(s) ? 0 : direction_sign(s, difference);
}

// A primal as tests for zero see it: 0 has the sign that it takes along w.
inline double decided(const ElementLayout& s, const double* x) {
  if (*x != 0) return *x;
  if (s.degree() <= 1) {
    note_first_tie(s, x, nullptr);
    return *x;
  }
  note_kink(s, x, ties_met);
  return s.is_near() && compared_by_value == ByValue::none ? direction_sign(s, x) : *x;
}

// Whether a complex element, its real part and then its imaginary one, counts as true: one of them is not 0.
inline bool complex_truth(const ElementLayout& s, const double* x) {
  const bool re = decided(s, x) != 0, im = decided(s, x + s.components()) != 0;
  return re || im;
}

// How x compares with y of the same primal in a near level, by sign; elsewhere 0, and a tie is noted.
inline int side_of_tie(const ElementLayout& s, const double* x, const double* y, double* scratch) {
  const int sign = direction_sign(s, x, y, scratch);
  note_kink(s, scratch, ties_met);
  return s.is_near() ? sign : 0;
}

// Whether comparisons of elements look beyond the primal: in a near level they do, and others note a tie.
inline bool compares_beyond_primals(const ElementLayout& s) { return s.is_near() || s.degree() > 1; }

}  // namespace dn
