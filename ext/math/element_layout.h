// The layout of an element: its levels, and the places of their components.  algebra.h opens with a primer.
#pragma once
#include "math/monomials.h"

namespace dn {

// A level has the monomials of degree at most d in k infinitesimals.  d = 1 is the first order, and k = 1 a Taylor level;
// the monomials of the others stand in a table (monomials.h).  A near level is a Taylor level that is older than all
// others: the series in t of a pass at x + t w (kinks.h).
enum class Kind : int { first_order, taylor, polynomial, near };

constexpr int MAX_LEVELS = 16;

// Levels are listed oldest first.  An element over l + 1 levels is 1 + size[l] elements over the first l, one after the
// other; each of these has stride[l] components.  So stride[0] = 1, and stride[levels] counts the whole element's.
// Component 0 is the primal.
struct ElementLayout {
  int levels;
  Kind kind[MAX_LEVELS];
  index_t size[MAX_LEVELS];  // number of monomials above 1: of tangents, or the order of a Taylor level
  index_t stride[MAX_LEVELS + 1];
  const Monomials* monomials[MAX_LEVELS];  // of a polynomial level, else null

  index_t components() const { return stride[levels]; }
  bool is_dual() const { return levels == 1 && kind[0] == Kind::first_order; }
  bool is_quadratic() const { return levels == 1 && kind[0] == Kind::taylor && size[0] == 2; }
  bool is_hyper() const { return levels == 2 && kind[0] == Kind::first_order && kind[1] == Kind::first_order; }
  bool is_near() const { return levels > 0 && kind[0] == Kind::near; }
  bool is_single_hyper() const { return is_hyper() && size[0] == 1 && size[1] == 1; }
  bool is_second_degree() const { return levels == 1 && kind[0] == Kind::polynomial && monomials[0]->degree() == 2; }
  // Whether chain_rule.h has the second derivatives of all numbers of this layout.
  bool has_second_order_chain() const { return is_hyper() || is_second_degree(); }
  // The number of its tangents in level l.
  index_t tangents(int l) const { return kind[l] == Kind::polynomial ? monomials[l]->variables() : size[l]; }

  // The degree of monomial i of level l.
  index_t degree_of(int l, index_t i) const {
    return kind[l] == Kind::first_order ? i != 0 : kind[l] == Kind::polynomial ? monomials[l]->degree_of(i) : i;
  }
  // Whether monomial i of level l divides monomial j.
  bool divides(int l, index_t i, index_t j) const {
    return kind[l] == Kind::first_order  ? i == 0 || i == j
           : kind[l] == Kind::polynomial ? monomials[l]->divides(i, j)
                                         : i <= j;
  }
  // The place of the product of monomials i and j of level l, or -1 where it vanishes.
  index_t product(int l, index_t i, index_t j) const {
    if (kind[l] == Kind::polynomial) return monomials[l]->product(i, j);
    return (kind[l] == Kind::first_order ? i != 0 && j != 0 : i + j > size[l]) ? -1 : i + j;
  }
  // Calls f(i, j) for the pairs of monomials of level l whose product is monomial c, from (0, c) to (c, 0).
  template <class F>
  void for_factors(int l, index_t c, F f) const {
    if (kind[l] == Kind::polynomial) {
      for (const Monomials::Factors *p = monomials[l]->begin(c), *end = monomials[l]->end(c); p != end; ++p)
        f(p->a, p->b);
    } else if (kind[l] == Kind::first_order) {
      f(index_t{0}, c);
      if (c != 0) f(c, index_t{0});
    } else {
      for (index_t i = 0; i <= c; ++i) f(i, c - i);
    }
  }
  // Calls f(v) for each infinitesimal v = 0, 1, ... of monomial i of level l, as often as it occurs.
  template <class F>
  void for_infinitesimals(int l, index_t i, F f) const {
    if (kind[l] == Kind::polynomial) return monomials[l]->for_variables(i, f);
    if (kind[l] == Kind::first_order && i != 0) f(i - 1);
    for (index_t j = 0; kind[l] != Kind::first_order && j < i; ++j) f(index_t{0});
  }

  // The degree of a component's monomial.
  index_t order(index_t component) const {
    index_t sum = 0;
    for (int l = 0; l < levels; component /= 1 + size[l++]) sum += degree_of(l, component % (1 + size[l]));
    return sum;
  }

  // The largest degree of a monomial: h^(degree() + 1) = 0 for every element h whose primal is 0.
  index_t degree() const {
    index_t d = 0;
    for (int l = 0; l < levels; ++l) d += degree_of(l, size[l]);
    return d;
  }

  // Makes level l one of `count` tangents, or of order `count`, to a degree above 1 if it is polynomial.  False where
  // its products are too many.
  bool set_level(int l, Kind of, index_t count, index_t degree) {
    kind[l] = of;
    monomials[l] = of == Kind::polynomial ? Monomials::of(count, degree) : nullptr;
    if (of == Kind::polynomial && !monomials[l]) return false;
    size[l] = monomials[l] ? monomials[l]->count() - 1 : count;
    return true;
  }

  // Fills in the strides; false when there are more than max_components components.
  bool lay_out(index_t max_components) {
    stride[0] = 1;
    for (int l = 0; l < levels; ++l) {
      if (size[l] < 0 || size[l] >= max_components || stride[l] > max_components / (1 + size[l])) return false;
      stride[l + 1] = stride[l] * (1 + size[l]);
    }
    return true;
  }
};

}  // namespace dn
