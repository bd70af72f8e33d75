// The elementwise kernels, in the order of kernels.def.
#if defined(__GNUC__)
#pragma GCC diagnostic warning "-Wconversion"
#pragma GCC diagnostic warning "-Wsign-conversion"
#endif
#include <limits>
#include <string_view>

#include "loops/add_subtract.h"
#include "loops/complex.h"
#include "loops/elementwise.h"
#include "loops/kernels.h"
#include "loops/piecewise.h"

namespace dn {

ValueLoop value_loops[VALUE_COUNT], complex_add, complex_multiply, complex_divide;

const Kernel kernels[KERNELS] = {
#define KERNEL(ufunc, types, behaviour, ...) __VA_ARGS__,
#include "loops/kernels.def"
};

void run_tainting(Kernel kernel, const Operands& all) {
  int entry = 0;
  while (kernels[entry] != kernel) ++entry;
  const char* types = kernel_info[entry].types;
  int operands = 0;
  while (types[operands]) ++operands;
  const std::string_view name = kernel_info[entry].ufunc;
  const int inputs = name == "modf" || name == "frexp" ? 1 : name == "divmod" ? 2 : operands - 1;
  char* data[4];
  for (index_t i = 0; i < all.n; ++i) {
    for (int operand = 0; operand < operands; ++operand) data[operand] = all.data[operand] + i * all.strides[operand];
    const unsigned long met = taints_met();
    kernel(Operands{all.layout, data, all.strides, 1, all.ties});
    if (met == taints_met()) continue;
    for (int operand = inputs; operand < operands; ++operand)
      for (index_t c = 1, n = all.layout.components(); c < n; ++c) {
        double* component = reinterpret_cast<double*>(data[operand]) + c;
        if (types[operand] == 'D' || types[operand] == 'C') *component = std::numeric_limits<double>::quiet_NaN();
        if (types[operand] == 'C') component[n] = *component;
      }
  }
}

}  // namespace dn
