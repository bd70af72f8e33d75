// The elementwise kernels, in the order of kernels.def.
#include "loops/elementwise.h"
#include "loops/kernels.h"
#include "loops/piecewise.h"

namespace dn {

ValueLoop value_loops[VALUE_COUNT];

const Kernel kernels[KERNELS] = {
#define KERNEL(ufunc, types, behaviour, ...) __VA_ARGS__,
#include "loops/kernels.def"
#undef KERNEL
};

}  // namespace dn
