// The layout of an element: its levels, and the places of their components.  algebra.h opens with a primer.
#pragma once
#include <cstddef>

namespace dn {

using index_t = std::ptrdiff_t;
static_assert(sizeof(index_t) == 8, "sizes of elements, and of arrays of them, are counted in 64 bits");

// A near level is a Taylor level that is older than all others: the series in t of a pass at x + t w (kinks.h).
enum class Kind : int { first_order, taylor, near };

constexpr int MAX_LEVELS = 16;

// Levels are listed oldest first.  An element over l + 1 levels is 1 + size[l] elements over the first l, one after the
// other; each of these has stride[l] components.  So stride[0] = 1, and stride[levels] counts the whole element's.
// Component 0 is the primal.
struct ElementLayout {
  int levels;
  Kind kind[MAX_LEVELS];
  index_t size[MAX_LEVELS];  // number of tangents of a first-order level, order of a Taylor level
  index_t stride[MAX_LEVELS + 1];

  index_t components() const { return stride[levels]; }
  bool is_dual() const { return levels == 1 && kind[0] == Kind::first_order; }
  bool is_quadratic() const { return levels == 1 && kind[0] == Kind::taylor && size[0] == 2; }
  bool is_hyper() const { return levels == 2 && kind[0] == Kind::first_order && kind[1] == Kind::first_order; }
  bool is_near() const { return levels > 0 && kind[0] == Kind::near; }
  bool is_single_hyper() const { return is_hyper() && size[0] == 1 && size[1] == 1; }

  // The degree of a component's monomial.
  index_t order(index_t component) const {
    index_t sum = 0;
    for (int l = 0; l < levels; component /= 1 + size[l++]) {
      const index_t i = component % (1 + size[l]);
      sum += kind[l] == Kind::first_order ? i != 0 : i;
    }
    return sum;
  }

  // The largest degree of a monomial: h^(degree() + 1) = 0 for every element h whose primal is 0.
  index_t degree() const {
    index_t d = 0;
    for (int l = 0; l < levels; ++l) d += kind[l] == Kind::first_order ? size[l] != 0 : size[l];
    return d;
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
