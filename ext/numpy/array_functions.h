// PyArray_ArrFuncs of duals, which NumPy calls beside the loops: copying, sorting, extrema.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>

#include "math/kinks.h"
#include "numpy/private_api.h"

namespace dn {

inline const PyArray_Descr* descr_of(void* array) { return PyArray_DESCR(static_cast<PyArrayObject*>(array)); }

// Copies n elements, unless x is null, then reverses the bytes of their doubles if swap is set.
inline void copyswapn(void* z, npy_intp z_step, void* x, npy_intp x_step, npy_intp n, int swap, void* array) {
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  for (npy_intp i = 0; i < n; ++i) {
    char* to = static_cast<char*>(z) + i * z_step;
    if (x) std::memmove(to, static_cast<const char*>(x) + i * x_step, static_cast<std::size_t>(size));
    for (index_t j = 0; swap && j < size; j += index_t{sizeof(double)}) std::reverse(to + j, to + j + sizeof(double));
  }
}
inline void copyswap(void* z, void* x, int swap, void* array) { copyswapn(z, 0, x, 0, 1, swap, array); }

// The primal of an element, which may be unaligned.
inline double value_at(const void* x) {
  double value;
  std::memcpy(&value, x, sizeof value);
  return value;
}

// How elements with equal primals compare (kinks.h): in a near level by their direction, elsewhere as equal.
class Ties {
  const ElementLayout& layout_;
  const bool beyond_ = compares_beyond_primals(layout_) && compared_by_value != ByValue::always;
  std::unique_ptr<double[]> x_, y_, scratch_;

 public:
  explicit Ties(const ElementLayout& layout) : layout_(layout) {
    if (!beyond_) return;
    const std::size_t n = static_cast<std::size_t>(layout.components());
    x_.reset(new (std::nothrow) double[n]);
    y_.reset(new (std::nothrow) double[n]);
    scratch_.reset(new (std::nothrow) double[n]);
  }
  bool out_of_memory() const { return beyond_ && !(x_ && y_ && scratch_); }
  int compare(const void* a, const void* b) const {
    if (!beyond_ || out_of_memory()) return 0;
    const std::size_t size = sizeof(double) * static_cast<std::size_t>(layout_.components());
    std::memcpy(x_.get(), a, size);  // they may be unaligned
    std::memcpy(y_.get(), b, size);
    const int sign = direction_sign(layout_, x_.get(), y_.get(), scratch_.get());
    note_kink(layout_, scratch_.get(), ties_met);
    return layout_.is_near() ? sign : 0;
  }
};

inline npy_bool nonzero(void* x, void* array) {
  if (value_at(x) != 0) return true;
  const ElementLayout& layout = layout_of(descr_of(array));
  if (!compares_beyond_primals(layout)) {
    bool moving = false;
    for (index_t c = 1; c < layout.components(); ++c)
      moving |= value_at(static_cast<const char*>(x) + c * index_t{sizeof(double)}) != 0;
    ++(moving ? first_ties_met : first_rests_met);
    return false;
  }
  const std::unique_ptr<double[]> none(new (std::nothrow) double[static_cast<std::size_t>(layout.components())]());
  return none && Ties(layout).compare(x, none.get()) != 0 && compared_by_value == ByValue::none;
}

// NumPy's order: nan comes last.
inline bool sorts_before(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }
inline int compare(const void* a, const void* b, void* array) {
  const double x = value_at(a), y = value_at(b);
  return sorts_before(x, y) ? -1 : sorts_before(y, x) ? 1 : x == y ? Ties(layout_of(descr_of(array))).compare(a, b) : 0;
}

// Complex duals: NumPy's order, by the real and then by the imaginary values, those with nan last.
inline index_t half_size(void* array) { return layout_of(descr_of(array)).components() * index_t{sizeof(double)}; }
inline Complex complex_value_at(const void* x, void* array) {
  return {value_at(x), value_at(static_cast<const char*>(x) + half_size(array))};
}
inline npy_bool complex_nonzero(void* x, void* array) {
  return nonzero(x, array) || nonzero(static_cast<char*>(x) + half_size(array), array);
}
inline bool sorts_before(Complex a, Complex b) {
  const bool nan_a = std::isnan(a.im), nan_b = std::isnan(b.im);
  if (a.re < b.re) return !nan_a || nan_b;
  if (a.re > b.re) return nan_b && !nan_a;
  if (a.re == b.re || (std::isnan(a.re) && std::isnan(b.re))) return sorts_before(a.im, b.im);
  return std::isnan(b.re);
}
// Equal parts compare as those of real duals do; where the real parts part beside the point, the imaginary ones say
// nothing.
inline int compare_complex(const Ties& ties, const void* a, const void* b, void* array) {
  const Complex x = complex_value_at(a, array), y = complex_value_at(b, array);
  const bool numbers = !std::isnan(x.im) && !std::isnan(y.im) && x.re == y.re;
  const int first = numbers ? ties.compare(a, b) : 0;
  if (first != 0) return first;
  if (sorts_before(x, y)) return -1;
  if (sorts_before(y, x)) return 1;
  const auto imaginary = [array](const void* p) { return static_cast<const char*>(p) + half_size(array); };
  return numbers ? ties.compare(imaginary(a), imaginary(b)) : 0;
}
inline int complex_compare(const void* a, const void* b, void* array) {
  return compare_complex(Ties(layout_of(descr_of(array))), a, b, array);
}
// *index of the first with a nan, else of the first largest (smallest) value.
template <bool Largest>
int complex_arg_extremum(void* data, npy_intp n, npy_intp* index, void* array) {
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  const auto at = [&](npy_intp i) { return static_cast<char*>(data) + i * size; };
  const Ties ties(layout_of(descr_of(array)));
  *index = 0;
  for (npy_intp i = 0; i < n; ++i) {
    const Complex x = complex_value_at(at(i), array);
    const bool is_nan = std::isnan(x.re) || std::isnan(x.im);
    const int order = is_nan || i == 0 ? 0 : compare_complex(ties, at(i), at(*index), array);
    if (is_nan || (Largest ? order > 0 : order < 0)) *index = i;
    if (is_nan) break;
  }
  return 0;
}

// *index of the first nan, else of the first largest (smallest) primal.
template <bool Largest>
int arg_extremum(void* data, npy_intp n, npy_intp* index, void* array) {
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  const auto at = [&](npy_intp i) { return value_at(static_cast<char*>(data) + i * size); };
  const Ties ties(layout_of(descr_of(array)));
  *index = 0;
  for (npy_intp i = 0; i < n; ++i) {
    if (std::isnan(at(i))) {
      *index = i;
      return 0;
    }
    const double best = at(*index);
    const int tie = i > 0 && at(i) == best
                        ? ties.compare(static_cast<char*>(data) + i * size, static_cast<char*>(data) + *index * size)
                        : 0;
    if (Largest ? at(i) > best || tie > 0 : at(i) < best || tie < 0) *index = i;
  }
  return 0;
}

// x[i] = x[0] + i * (x[1] - x[0]) for i >= 2, in every component; np.arange fills x[0] and x[1].
inline int fill(void* data, npy_intp n, void* array) {
  const index_t components = PyDataType_ELSIZE(descr_of(array)) / index_t{sizeof(double)};
  double* x = static_cast<double*>(data);
  for (npy_intp i = 2; i < n; ++i)
    for (index_t j = 0; j < components; ++j) {
      const double start = x[j], delta = x[components + j] - start;
      x[i * components + j] = start + static_cast<double>(i) * delta;
    }
  return 0;
}

// The primals of n adjacent elements; null if memory runs out.
inline std::unique_ptr<double[]> values_of(const void* data, npy_intp n, index_t size) {
  std::unique_ptr<double[]> values(new (std::nothrow) double[static_cast<std::size_t>(n) + 1]);
  for (npy_intp i = 0; values && i < n; ++i) values[i] = value_at(static_cast<const char*>(data) + i * size);
  return values;
}

// Orders the elements by NumPy's argsort of their primals, and each run of equal ones by their ties.
inline int argsort_by_values(const void* data, const double* values, npy_intp* order, npy_intp n, void* array) {
  if (float64_argsort(const_cast<double*>(values), order, n, nullptr) < 0) return -1;
  const Ties ties(layout_of(descr_of(array)));
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  const auto at = [&](npy_intp i) { return static_cast<const char*>(data) + i * size; };
  for (npy_intp start = 0, stop; start < n; start = stop) {
    for (stop = start + 1; stop < n && values[order[stop]] == values[order[start]];) ++stop;
    if (stop - start > 1)
      std::stable_sort(order + start, order + stop,
                       [&](npy_intp a, npy_intp b) { return ties.compare(at(a), at(b)) < 0; });
  }
  return 0;
}
inline int argsort(void* data, npy_intp* order, npy_intp n, void* array) {
  const auto values = values_of(data, n, PyDataType_ELSIZE(descr_of(array)));
  return values ? argsort_by_values(data, values.get(), order, n, array) : out_of_memory();
}

// Orders the elements by NumPy's argsort of the primals, then writes the primals as NumPy's sort orders them: the two
// may place zeros of different sign differently.
inline int sort(void* data, npy_intp n, void* array) {
  const index_t size = PyDataType_ELSIZE(descr_of(array));
  const auto values = values_of(data, n, size);
  std::unique_ptr<npy_intp[]> order(new (std::nothrow) npy_intp[static_cast<std::size_t>(n) + 1]);
  std::unique_ptr<char[]> before(new (std::nothrow) char[static_cast<std::size_t>(n * size) + 1]);
  if (!values || !order || !before) return out_of_memory();
  std::iota(order.get(), order.get() + n, npy_intp{0});
  if (argsort_by_values(data, values.get(), order.get(), n, array) < 0 || float64_sort(values.get(), n, nullptr) < 0)
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
