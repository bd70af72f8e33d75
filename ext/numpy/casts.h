// Casts: into duals, from few levels to more, to bool; all others refuse, because they would lose derivatives.
#pragma once
#include <cmath>
#include <cstring>
#include <memory>

#include "math/algebra.h"
#include "numpy/dtype.h"

namespace dn {

// IEEE half precision
struct Half {
  std::uint16_t bits;
  operator double() const {  // NOLINT: a number
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    double value = exponent == 0    ? std::ldexp(fraction, -24)
                   : exponent == 31 ? (fraction ? NAN : INFINITY)
                                    : std::ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -value : value;
  }
};

template <class T>
int cast_from(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
              NpyAuxData*) {
  const index_t components = layout_of(context->descriptors[1]).components();
  for (npy_intp i = 0; i < counts[0]; ++i) {
    double* out = reinterpret_cast<double*>(data[1] + i * strides[1]);
    const T x = *reinterpret_cast<const T*>(data[0] + i * strides[0]);
    zero(components, out);
    out[0] = static_cast<double>(x);
  }
  return 0;
}

struct CastFrom {
  int type_num;
  PyArrayMethod_StridedLoop* loop;
};
inline const CastFrom casts_from[] = {
    {NPY_BOOL, cast_from<npy_bool>},
    {NPY_BYTE, cast_from<npy_byte>},
    {NPY_UBYTE, cast_from<npy_ubyte>},
    {NPY_SHORT, cast_from<npy_short>},
    {NPY_USHORT, cast_from<npy_ushort>},
    {NPY_INT, cast_from<npy_int>},
    {NPY_UINT, cast_from<npy_uint>},
    {NPY_LONG, cast_from<npy_long>},
    {NPY_ULONG, cast_from<npy_ulong>},
    {NPY_LONGLONG, cast_from<npy_longlong>},
    {NPY_ULONGLONG, cast_from<npy_ulonglong>},
    {NPY_HALF, cast_from<Half>},
    {NPY_FLOAT, cast_from<float>},
    {NPY_DOUBLE, cast_from<double>},
};
inline constexpr int CASTS_FROM = sizeof(casts_from) / sizeof(casts_from[0]);

// Types that would lose the tangents: the cast exists only to say so.
inline const int casts_refused[] = {NPY_BYTE,   NPY_UBYTE,      NPY_SHORT,    NPY_USHORT,    NPY_INT,        NPY_UINT,
                                    NPY_LONG,   NPY_ULONG,      NPY_LONGLONG, NPY_ULONGLONG, NPY_HALF,       NPY_FLOAT,
                                    NPY_DOUBLE, NPY_LONGDOUBLE, NPY_CFLOAT,   NPY_CDOUBLE,   NPY_CLONGDOUBLE};
inline constexpr int CASTS_REFUSED = sizeof(casts_refused) / sizeof(casts_refused[0]);

inline int cast_to_bool(PyArrayMethod_Context*, char* const* data, const npy_intp* counts, const npy_intp* strides,
                        NpyAuxData*) {
  for (npy_intp i = 0; i < counts[0]; ++i)
    *reinterpret_cast<npy_bool*>(data[1] + i * strides[1]) = *reinterpret_cast<double*>(data[0] + i * strides[0]) != 0;
  return 0;
}

// Where the components of an element over fewer levels go in one over more: position[i] of component i.
// Both know their levels as identities, oldest first; false if a level of `from` is not in `to`.
inline bool embedding(const DualDescr* from, const DualDescr* to, index_t* stride_in_to) {
  const ElementLayout &f = from->layout, &t = to->layout;
  int l = 0;
  for (int i = 0; i < f.levels; ++i, ++l) {
    while (l < t.levels && PyTuple_GET_ITEM(to->levels, l) != PyTuple_GET_ITEM(from->levels, i)) ++l;
    if (l == t.levels || t.size[l] != f.size[i]) return false;
    stride_in_to[i] = t.stride[l];
  }
  return true;
}

inline void embed(const ElementLayout& from, const index_t* stride_in_to, const double* x, index_t components,
                  double* z) {
  zero(components, z);
  for (index_t i = 0; i < from.components(); ++i) {
    index_t position = 0, rest = i;
    for (int l = 0; l < from.levels; ++l) {
      position += rest % (1 + from.size[l]) * stride_in_to[l];
      rest /= 1 + from.size[l];
    }
    z[position] = x[i];
  }
}

inline int cast_levels(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts,
                       const npy_intp* strides, NpyAuxData*) {
  const ElementLayout &from = layout_of(context->descriptors[0]), &to = layout_of(context->descriptors[1]);
  index_t stride_in_to[MAX_LEVELS];
  if (!embedding(reinterpret_cast<const DualDescr*>(context->descriptors[0]),
                 reinterpret_cast<const DualDescr*>(context->descriptors[1]), stride_in_to))
    return -1;  // the resolver has refused this
  // NumPy demands of this cast alone that it takes unaligned data: elements go through aligned copies.
  const std::size_t size = sizeof(double) * static_cast<std::size_t>(from.components());
  const std::size_t wide_size = sizeof(double) * static_cast<std::size_t>(to.components());
  const bool same = from.levels == to.levels;
  std::unique_ptr<double[]> scratch(same ? nullptr : new (std::nothrow) double[(size + wide_size) / sizeof(double)]);
  if (!same && !scratch) return out_of_memory();
  double *x = scratch.get(), *z = x + from.components();
  for (npy_intp i = 0; i < counts[0]; ++i) {
    if (same) {
      std::memmove(data[1] + i * strides[1], data[0] + i * strides[0], size);
    } else {
      std::memcpy(x, data[0] + i * strides[0], size);
      embed(from, stride_in_to, x, to.components(), z);
      std::memcpy(data[1] + i * strides[1], z, wide_size);
    }
  }
  return 0;
}

}  // namespace dn
