// The elementwise kernels, in the order of kernels.def.
#if defined(__GNUC__)
#pragma GCC diagnostic warning "-Wconversion"
#pragma GCC diagnostic warning "-Wsign-conversion"
#endif
#include "loops/add_subtract.h"
#include "loops/elementwise.h"
#include "loops/kernels.h"
#include "loops/piecewise.h"

namespace dn {

ValueLoop value_loops[VALUE_COUNT];

const Kernel kernels[KERNELS] = {
#define KERNEL(ufunc, types, behaviour, ...) __VA_ARGS__,
#include "loops/kernels.def"
};

}  // namespace dn
