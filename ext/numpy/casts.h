// Casts into duals, and the array functions that NumPy calls beside its loops.
#pragma once
#include <numeric>

#include "numpy/loop_table.h"

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

inline const PyArray_Descr* descr_of(void* array) { return PyArray_DESCR(static_cast<PyArrayObject*>(array)); }

inline void swap_one(char* z, const char* x, int swap, index_t size) {
  if (x && x != z) std::memmove(z, x, static_cast<std::size_t>(size));
  if (!swap) return;
  for (index_t i = 0; i < size; i += index_t{sizeof(double)}) std::reverse(z + i, z + i + sizeof(double));
}
inline void copyswap(void* z, void* x, int swap, void* array) {
  swap_one(static_cast<char*>(z), static_cast<const char*>(x), swap, PyDataType_ELSIZE(descr_of(array)));
}
inline void copyswapn(void* z, npy_intp z_step, void* x, npy_intp x_step, npy_intp n, int swap, void* array) {
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  for (npy_intp i = 0; i < n; ++i)
    swap_one(static_cast<char*>(z) + i * z_step, x ? static_cast<const char*>(x) + i * x_step : nullptr, swap, size);
}

inline npy_bool nonzero(void* x, void*) {
  double value;
  std::memcpy(&value, x, sizeof value);
  return value != 0;
}

// nan sorts last, as NumPy has it
inline bool sorts_before(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }
inline int compare(const void* a, const void* b, void*) {
  double x, y;
  std::memcpy(&x, a, sizeof x);
  std::memcpy(&y, b, sizeof y);
  return sorts_before(x, y) ? -1 : sorts_before(y, x) ? 1 : 0;
}

// The first nan, else the first largest (smallest) value.
template <bool Largest>
int arg_extremum(void* data, npy_intp n, npy_intp* index, void* array) {
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  const auto at = [&](npy_intp i) { return *reinterpret_cast<const double*>(static_cast<char*>(data) + i * size); };
  *index = 0;
  for (npy_intp i = 0; i < n; ++i) {
    if (std::isnan(at(i))) {
      *index = i;
      return 0;
    }
    if (Largest ? at(i) > at(*index) : at(i) < at(*index)) *index = i;
  }
  return 0;
}

inline int arg_largest(void* data, npy_intp n, npy_intp* index, void* array) {
  return arg_extremum<true>(data, n, index, array);
}
inline int arg_smallest(void* data, npy_intp n, npy_intp* index, void* array) {
  return arg_extremum<false>(data, n, index, array);
}

// x[0] and x[1] are given: the rest goes on in equal steps, tangents too.
inline int fill(void* data, npy_intp n, void* array) {
  const index_t components = layout_of(descr_of(array)).components();
  double* x = static_cast<double*>(data);
  for (npy_intp i = 2; i < n; ++i)
    for (index_t j = 0; j < components; ++j) {
      const double start = x[j], delta = x[components + j] - start;
      x[i * components + j] = start + static_cast<double>(i) * delta;
    }
  return 0;
}

inline PyArray_SortFunc* float64_sort;  // NumPy's, found when the module is imported
inline PyArray_ArgSortFunc* float64_argsort;
inline void find_float64_sorts() {
  PyArray_Descr* descr = PyArray_DescrFromType(NPY_DOUBLE);
  float64_sort = PyDataType_GetArrFuncs(descr)->sort[NPY_QUICKSORT];
  float64_argsort = PyDataType_GetArrFuncs(descr)->argsort[NPY_QUICKSORT];
  Py_DECREF(descr);
}

inline std::unique_ptr<double[]> values_of(const void* data, npy_intp n, index_t size) {
  std::unique_ptr<double[]> values(new (std::nothrow) double[static_cast<std::size_t>(n) + 1]);
  for (npy_intp i = 0; values && i < n; ++i)
    values[i] = *reinterpret_cast<const double*>(static_cast<const char*>(data) + i * size);
  return values;
}

inline int argsort(void* data, npy_intp* order, npy_intp n, void* array) {
  const auto values = values_of(data, n, PyDataType_ELSIZE(descr_of(array)));
  return values ? float64_argsort(values.get(), order, n, nullptr) : out_of_memory();
}

// The elements in the order that NumPy's argsort gives the values, with the values that its sort gives them: the two
// may order zeros of different sign differently.
inline int sort(void* data, npy_intp n, void* array) {
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  const auto values = values_of(data, n, size);
  std::unique_ptr<npy_intp[]> order(new (std::nothrow) npy_intp[static_cast<std::size_t>(n) + 1]);
  std::unique_ptr<char[]> before(new (std::nothrow) char[static_cast<std::size_t>(n * size) + 1]);
  if (!values || !order || !before) return out_of_memory();
  std::iota(order.get(), order.get() + n, npy_intp{0});
  if (float64_argsort(values.get(), order.get(), n, nullptr) < 0 || float64_sort(values.get(), n, nullptr) < 0)
    return -1;
  std::memcpy(before.get(), data, static_cast<std::size_t>(n * size));
  for (npy_intp i = 0; i < n; ++i) {
    char* element = static_cast<char*>(data) + i * size;
    std::memcpy(element, before.get() + order[i] * size, static_cast<std::size_t>(size));
    std::memcpy(element, &values[i], sizeof(double));
  }
  return 0;
}

}  // namespace dn
