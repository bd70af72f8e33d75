// Casts: numbers to duals, duals to duals of more levels and to complex ones, duals to bool.  All others raise, because
// they would lose derivatives.  NumPy hands loops aligned elements, but those that cast between levels.
#pragma once
#include <cmath>
#include <cstring>

#include "math/algebra.h"
#include "math/kinks.h"
#include "numpy/dtype.h"

namespace dn {

// NumPy's bool: every byte except 0 is true, as in a view of integers.
struct Bool {
  npy_bool byte;
  operator double() const { return byte != 0; }  // NOLINT: implicit, as a number's
};

// (-1)^sign * 2^(exponent - 15) * (1 + fraction / 1024); exponent 0 holds the subnormal fraction * 2^-24, 31 infinity
// and nan.
struct Float16 {
  std::uint16_t bits;
  operator double() const {  // NOLINT: implicit, as a number's
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    double value = exponent == 0    ? std::ldexp(fraction, -24)
                   : exponent == 31 ? (fraction ? NAN : INFINITY)
                                    : std::ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -value : value;
  }
};

// z = (x, 0, ..., 0), real or complex
template <class T>
int cast_from(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
              NpyAuxData*) {
  const index_t components = PyDataType_ELSIZE(context->descriptors[1]) / index_t{sizeof(double)};
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
    {NPY_BOOL, cast_from<Bool>},
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
    {NPY_HALF, cast_from<Float16>},
    {NPY_FLOAT, cast_from<float>},
    {NPY_DOUBLE, cast_from<double>},
};
inline constexpr int CASTS_FROM = sizeof(casts_from) / sizeof(casts_from[0]);

// The same of complex numbers with parts of type T, to complex duals.
template <class T>
int cast_from_complex(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts,
                      const npy_intp* strides, NpyAuxData*) {
  const index_t components = layout_of(context->descriptors[1]).components();
  for (npy_intp i = 0; i < counts[0]; ++i) {
    double* out = reinterpret_cast<double*>(data[1] + i * strides[1]);
    const T* x = reinterpret_cast<const T*>(data[0] + i * strides[0]);
    const double re = x[0], im = x[1];
    zero(2 * components, out);
    out[0] = re;
    out[components] = im;
  }
  return 0;
}
inline const CastFrom casts_from_complex[] = {{NPY_CFLOAT, cast_from_complex<float>},
                                              {NPY_CDOUBLE, cast_from_complex<double>}};
inline constexpr int CASTS_FROM_COMPLEX = sizeof(casts_from_complex) / sizeof(casts_from_complex[0]);

// Types that cannot hold tangents.  These casts exist to raise the project's own error.
inline const int casts_refused[] = {NPY_BYTE,   NPY_UBYTE,      NPY_SHORT,    NPY_USHORT,    NPY_INT,        NPY_UINT,
                                    NPY_LONG,   NPY_ULONG,      NPY_LONGLONG, NPY_ULONGLONG, NPY_HALF,       NPY_FLOAT,
                                    NPY_DOUBLE, NPY_LONGDOUBLE, NPY_CFLOAT,   NPY_CDOUBLE,   NPY_CLONGDOUBLE};
inline constexpr int CASTS_REFUSED = sizeof(casts_refused) / sizeof(casts_refused[0]);

// Whether the primal is not 0 (kinks.h: decided); nan counts as true, as float64's does.
inline int cast_to_bool(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts,
                        const npy_intp* strides, NpyAuxData*) {
  const ElementLayout& layout = layout_of(context->descriptors[0]);
  for (npy_intp i = 0; i < counts[0]; ++i)
    *reinterpret_cast<npy_bool*>(data[1] + i * strides[1]) =
        decided(layout, reinterpret_cast<double*>(data[0] + i * strides[0])) != 0;
  return 0;
}

inline int cast_complex_to_bool(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts,
                                const npy_intp* strides, NpyAuxData*) {
  const ElementLayout& layout = layout_of(context->descriptors[0]);
  for (npy_intp i = 0; i < counts[0]; ++i) {
    const double* x = reinterpret_cast<double*>(data[0] + i * strides[0]);
    *reinterpret_cast<npy_bool*>(data[1] + i * strides[1]) = complex_truth(layout, x);
  }
  return 0;
}

// Sets stride_in_to[i] to the distance, in components of `to`, between coefficients of level i of `from`.
// Returns false if `to` lacks a level of `from`.  Levels are compared by identity; both dtypes list them oldest first.
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

// The place of coefficient i in the dtype with more levels.
inline index_t embedded(const ElementLayout& from, const index_t* stride_in_to, index_t i) {
  index_t position = 0;
  for (int l = 0; l < from.levels; ++l) {
    position += i % (1 + from.size[l]) * stride_in_to[l];
    i /= 1 + from.size[l];
  }
  return position;
}

// z = x as an element of the dtype with more levels, whose other coefficients are 0.
inline void embed(const ElementLayout& from, const index_t* stride_in_to, const double* x, index_t components,
                  double* z) {
  zero(components, z);
  for (index_t i = 0; i < from.components(); ++i) z[embedded(from, stride_in_to, i)] = x[i];
}

// Casts elements of Parts real ones each; the target has Wide parts, of which those that are missing are 0.
template <int Parts, int Wide>
int cast_parts(PyArrayMethod_Context* context, char* const* data, const npy_intp* counts, const npy_intp* strides,
               NpyAuxData*) {
  const auto* from = reinterpret_cast<const DualDescr*>(context->descriptors[0]);
  const auto* to = reinterpret_cast<const DualDescr*>(context->descriptors[1]);
  index_t stride_in_to[MAX_LEVELS];
  if (!embedding(from, to, stride_in_to)) return fail(PyExc_SystemError, "dualnum: a cast to duals of fewer levels.");
  const index_t components = from->layout.components(), wide_components = to->layout.components();
  const std::size_t size = sizeof(double) * static_cast<std::size_t>(Parts * components);
  const std::size_t wide_size = sizeof(double) * static_cast<std::size_t>(Wide * wide_components);
  if (Parts == Wide && from->layout.levels == to->layout.levels) {
    for (npy_intp i = 0; i < counts[0]; ++i) std::memmove(data[1] + i * strides[1], data[0] + i * strides[0], size);
    return 0;
  }
  // Elements may be unaligned, which doubles must not be: their bytes are copied.
  constexpr index_t width = sizeof(double);
  for (npy_intp i = 0; i < counts[0]; ++i) {
    const char* x = data[0] + i * strides[0];
    char* z = data[1] + i * strides[1];
    std::memset(z, 0, wide_size);
    for (index_t part = 0; part < Parts; ++part)
      for (index_t c = 0; c < components; ++c)
        std::memcpy(z + (part * wide_components + embedded(from->layout, stride_in_to, c)) * width,
                    x + (part * components + c) * width, sizeof(double));
  }
  return 0;
}
inline constexpr auto cast_levels = cast_parts<1, 1>, cast_real_levels = cast_parts<1, 2>,
                      cast_complex_levels = cast_parts<2, 2>;

}  // namespace dn
