// The kernels as the rest of the extension sees them: a list of what there is, and pointers to call.
//
// loops.cpp and matmul.cpp compile them, apart from NumPy's C API and from Cython, so that a change there does not
// compile the loops anew.
#pragma once
#include "loops/matmul_operands.h"

namespace dn {

enum class Behaviour { warns, quiet, ties };

// A kernel by the ufunc and the types of the loop that it serves; see kernels.def.
struct KernelInfo {
  const char* ufunc;
  const char* types;
  Behaviour behaviour;

  // The first operand that is dual: all of them have its dtype.
  constexpr int dual_operand() const {
    int operand = 0;
    while (types[operand] != 'D') ++operand;
    return operand;
  }
};

inline constexpr KernelInfo kernel_info[] = {
#define KERNEL(ufunc, types, behaviour, ...) {#ufunc, types, Behaviour::behaviour},
#include "loops/kernels.def"
#undef KERNEL
};
inline constexpr int KERNELS = sizeof(kernel_info) / sizeof(kernel_info[0]);
extern const Kernel kernels[KERNELS];

// Products: counts are the outer one, then the core's; strides the outer ones of x, y, z, then the core's of x, y, z.
using ProductKernel = void (*)(const ElementLayout&, char* const* data, const index_t* counts, const index_t* strides);

inline constexpr KernelInfo product_info[] = {
#define PRODUCT(ufunc, types, ...) {#ufunc, types, Behaviour::warns},
#include "loops/kernels.def"
#undef PRODUCT
};
inline constexpr int PRODUCTS = sizeof(product_info) / sizeof(product_info[0]);
extern const ProductKernel product_kernels[PRODUCTS];

// A stack of products whose values are known: m * p numbers each, one after the other, as the results lie.  x and y
// have the stack's axes, z has as many elements as they count.
void products_of_values(const ElementLayout& s, Matrix x, Matrix y, Matrix z, const double* values, int axes,
                        const index_t* sizes, const index_t* x_steps, const index_t* y_steps);

}  // namespace dn
