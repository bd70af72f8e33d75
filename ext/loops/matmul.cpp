// The kernels of matrix products, in the order of kernels.def.
#if defined(__GNUC__)
#pragma GCC diagnostic warning "-Wconversion"
#pragma GCC diagnostic warning "-Wsign-conversion"
#endif
#include "loops/matmul.h"

#include "loops/kernels.h"

namespace dn {

const ProductKernel product_kernels[PRODUCTS] = {
#define PRODUCT(ufunc, types, ...) __VA_ARGS__,
#include "loops/kernels.def"
};

void products_of_values(const ElementLayout& s, Matrix x, Matrix y, Matrix z, const double* values, int axes,
                        const index_t* sizes, const index_t* x_steps, const index_t* y_steps) {
  index_t count = 1, at[64] = {};
  for (int axis = 0; axis < axes; ++axis) count *= sizes[axis];
  with_arena(x, y, [&](Arena& arena) {
    for (index_t i = 0; i < count; ++i) {
      matrix_product(s, x, y, z, arena, [&](const ValueBuffer&, const ValueBuffer&) { return values; });
      values += z.rows * z.columns;
      z.data += z.rows * z.row_step;
      for (int axis = axes; axis-- > 0;) {
        x.data += x_steps[axis];
        y.data += y_steps[axis];
        if (++at[axis] < sizes[axis]) break;
        x.data -= sizes[axis] * x_steps[axis];
        y.data -= sizes[axis] * y_steps[axis];
        at[axis] = 0;
      }
    }
  });
}

}  // namespace dn
