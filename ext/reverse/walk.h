// Walks over the elements of a record, in the order of its axes.
#pragma once
#include <algorithm>

#include "reverse/tape.h"

namespace dn::reverse {

constexpr index_t BLOCK = 256;

// The m values of a source from p on: in place where they are contiguous, else gathered in the buffer.
inline const double* contiguous(const double* p, index_t step, double* buffer, index_t m) {
  if (step == 1) return p;
  for (index_t i = 0; i < m; ++i) buffer[i] = p[i * step];
  return buffer;
}

// Calls f(at, n) for each row along the innermost axis: at[role] is the place of its first element, in doubles from the
// start of the role's shadow or captured values.
template <class F>
void each_row(const ArrayRecord& r, F f) {
  index_t at[ROLES] = {r.out_offset, r.in_offset, r.source[0].offset, r.source[1].offset, r.source[2].offset};
  index_t count[MAX_AXES_OF_RECORD] = {};
  while (true) {
    f(at, r.axis[r.axes - 1].n);
    int axis = r.axes - 2;
    for (; axis >= 0; --axis) {
      const index_t moved = ++count[axis] < r.axis[axis].n ? 1 : 1 - r.axis[axis].n;
      for (int role = 0; role < ROLES; ++role) at[role] += moved * r.axis[axis].step[role];
      if (moved == 1) break;
      count[axis] = 0;
    }
    if (axis < 0) return;
  }
}

// Calls f(at, element) for each element.
template <class F>
void each_element(const ArrayRecord& r, F f) {
  const Axis& inner = r.axis[r.axes - 1];
  index_t element = 0;
  each_row(r, [&](const index_t* start, index_t n) {
    index_t at[ROLES];
    std::copy_n(start, int{ROLES}, at);
    for (index_t i = 0; i < n; ++i) {
      f(at, element++);
      for (int role = 0; role < ROLES; ++role) at[role] += inner.step[role];
    }
  });
}

// Calls f(values, out, step, element, m) for blocks of m elements: the values of the three sources, contiguous, the
// place of the first among the adjoints of `out` and the step there, and its number.
template <class F>
void each_block(const ArrayRecord& r, F f) {
  const Axis& inner = r.axis[r.axes - 1];
  double buffer[3][BLOCK];
  index_t element = 0;
  for (int k = 0; k < 3; ++k)
    if (!r.source[k].capture) std::fill_n(buffer[k], std::min(BLOCK, inner.n), r.source[k].number);
  each_row(r, [&](const index_t* at, index_t n) {
    for (index_t start = 0; start < n; start += BLOCK) {
      const index_t m = std::min(BLOCK, n - start);
      const double* values[3];
      for (int k = 0; k < 3; ++k) {
        const Capture* c = r.source[k].capture;
        const index_t step = inner.step[A + k];
        values[k] =
            !c ? buffer[k]
               : contiguous(reinterpret_cast<const double*>(c->data) + at[A + k] + start * step, step, buffer[k], m);
      }
      f(values, at[OUT] + start * inner.step[OUT], inner.step[OUT], element, m);
      element += m;
    }
  });
}

inline index_t size_of(const ArrayRecord& r) {
  index_t n = 1;
  for (int i = 0; i < r.axes; ++i) n *= r.axis[i].n;
  return n;
}

}  // namespace dn::reverse
