// The shape of an element: which levels it has, and where their components lie.
#pragma once
#include <cstddef>

namespace dn {

using index_t = std::ptrdiff_t;

enum class Kind : int { first_order, taylor };

constexpr int MAX_LEVELS = 16;

// An element over the levels 0 .. n-1, oldest first, is 1 + size[n-1] elements over the levels 0 .. n-2, one after the
// other: the youngest level is outermost.  stride[l] is the number of components of an element over the first l levels,
// so stride[0] = 1 and stride[levels] is the whole element's.  Component 0 is the value.
struct ElementLayout {
  int levels;
  Kind kind[MAX_LEVELS];
  index_t size[MAX_LEVELS];  // tangents of a first-order level, order of a Taylor level
  index_t stride[MAX_LEVELS + 1];

  index_t components() const { return stride[levels]; }
  bool is_dual() const { return levels == 1 && kind[0] == Kind::first_order; }
  bool is_quadratic() const { return levels == 1 && kind[0] == Kind::taylor && size[0] == 2; }
  bool is_hyper() const { return levels == 2 && kind[0] == Kind::first_order && kind[1] == Kind::first_order; }

  bool is_single_hyper() const { return is_hyper() && size[0] == 1 && size[1] == 1; }

  // How many infinitesimals a component's monomial is made of.
  index_t order(index_t component) const {
    index_t sum = 0;
    for (int l = 0; l < levels; component /= 1 + size[l++]) {
      const index_t i = component % (1 + size[l]);
      sum += kind[l] == Kind::first_order ? i != 0 : i;
    }
    return sum;
  }

  // The smallest power of the infinitesimals that vanishes is degree() + 1.
  index_t degree() const {
    index_t d = 0;
    for (int l = 0; l < levels; ++l) d += kind[l] == Kind::first_order ? size[l] != 0 : size[l];
    return d;
  }

  // Fills in the strides; false when the components cannot be counted in max_components.
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
