// The interface of the kernels: a list of them, and pointers to call.
//
// loops.cpp and matmul.cpp compile the kernels without NumPy's C API and Cython, so that a change there does not
// recompile them.
#pragma once
#include "loops/matmul_operands.h"

namespace dn {

enum class Behaviour { warns, quiet, ties };

// The ufunc and the types of a kernel's loop, as in kernels.def.
struct KernelInfo {
  const char* ufunc;
  const char* types;
  Behaviour behaviour;

  // The index of the first dual operand; all dual operands have the same dtype.
  constexpr int dual_operand() const {
    int operand = 0;
    while (types[operand] != 'D' && types[operand] != 'C') ++operand;
    return operand;
  }
};

inline constexpr KernelInfo kernel_info[] = {
#define KERNEL(ufunc, types, behaviour, ...) {#ufunc, types, Behaviour::behaviour},
#include "loops/kernels.def"
};
inline constexpr int KERNELS = sizeof(kernel_info) / sizeof(kernel_info[0]);
extern const Kernel kernels[KERNELS];

// The loop of a generalised ufunc: counts = the outer count, then the core dimensions; strides = the outer strides of
// x, y, z, then the core strides of x, y, z.
using ProductKernel = void (*)(const ElementLayout&, char* const* data, const index_t* counts, const index_t* strides);

inline constexpr KernelInfo product_info[] = {
#define PRODUCT(ufunc, types, ...) {#ufunc, types, Behaviour::warns},
#include "loops/kernels.def"
};
inline constexpr int PRODUCTS = sizeof(product_info) / sizeof(product_info[0]);
extern const ProductKernel product_kernels[PRODUCTS];

// z = x y for a stack of matrices, given the values of all products, contiguous.  The stack has `axes` axes with sizes
// and steps (in bytes) for x and y; z is contiguous, and x, y, z describe the first matrices.
void products_of_values(const ElementLayout& s, Matrix x, Matrix y, Matrix z, const double* values, int axes,
                        const index_t* sizes, const index_t* x_steps, const index_t* y_steps);

}  // namespace dn
