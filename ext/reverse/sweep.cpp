// Pushes the records of arrays, and sweeps over a tape.
#include <algorithm>
#include <cmath>

#include "math/compiler.h"
#include "reverse/tape.h"

namespace dn::reverse {

void* (*allocate_adjoints)(std::size_t) = std::malloc;
void (*free_adjoints)(void*) = std::free;

namespace {

constexpr index_t BLOCK = 256;

// in += factor s out, or in = factor s out: a row of n elements.  Scaled says that there is an s.
template <bool Assign, bool Scaled>
CLONES void add_contiguous(double* in, const double* out, const double* s, double factor, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    const double t = Scaled ? factor * s[i] * out[i] : factor * out[i];
    in[i] = Assign ? t : in[i] + t;
  }
}
template <bool Assign>
CLONES void add_unscaled(double* in, const double* out, index_t n) {
  for (index_t i = 0; i < n; ++i) in[i] = Assign ? out[i] : in[i] + out[i];
}
template <bool Assign, bool Scaled>
CLONES void add_spread(double* in, double out, const double* s, index_t n) {
  for (index_t i = 0; i < n; ++i) {
    const double t = Scaled ? s[i] * out : out;
    in[i] = Assign ? t : in[i] + t;
  }
}
// sum s out; four accumulators hide the latency of addition.
template <bool Scaled>
double sum_of(const double* out, index_t out_step, const double* s, index_t n) {
  double sum[4] = {0, 0, 0, 0};
  index_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (index_t j = 0; j < 4; ++j) sum[j] += Scaled ? s[i + j] * out[(i + j) * out_step] : out[(i + j) * out_step];
  for (; i < n; ++i) sum[0] += Scaled ? s[i] * out[i * out_step] : out[i * out_step];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

template <bool Assign, bool Scaled>
void add_row(double* in, index_t in_step, const double* out, index_t out_step, const double* s, double factor,
             index_t n) {
  if (in_step == 0) {
    const double sum = factor * sum_of<Scaled>(out, out_step, s, n);
    *in = Assign ? sum : *in + sum;
  } else if (in_step == 1 && out_step == 1) {
    if (!Scaled && factor == 1) add_unscaled<Assign>(in, out, n);
    else add_contiguous<Assign, Scaled>(in, out, s, factor, n);
  } else if (in_step == 1 && out_step == 0) {
    add_spread<Assign, Scaled>(in, factor * *out, s, n);
  } else {
    for (index_t i = 0; i < n; ++i) {
      const double t = (Scaled ? factor * s[i] : factor) * out[i * out_step];
      in[i * in_step] = Assign ? t : in[i * in_step] + t;
    }
  }
}
void add_row(bool assign, double* in, index_t in_step, const double* out, index_t out_step, const double* s,
             double factor, index_t n) {
  if (s)
    assign ? add_row<true, true>(in, in_step, out, out_step, s, factor, n)
           : add_row<false, true>(in, in_step, out, out_step, s, factor, n);
  else
    assign ? add_row<true, false>(in, in_step, out, out_step, s, factor, n)
           : add_row<false, false>(in, in_step, out, out_step, s, factor, n);
}

// The m values of a source from p on: in place where they are contiguous, else gathered in the buffer.
const double* contiguous(const double* p, index_t step, double* buffer, index_t m) {
  if (step == 1) return p;
  for (index_t i = 0; i < m; ++i) buffer[i] = p[i * step];
  return buffer;
}

// One row of a record: n elements along its innermost axis.
class Row {
  const ArrayRecord& r_;
  const Axis& axis_;
  bool assign_;
  double buffer_[3][BLOCK], slopes_[BLOCK];
  bool is_fixed_[3];

 public:
  Row(const ArrayRecord& r, bool assign) : r_(r), axis_(r.axis[r.axes - 1]), assign_(assign) {
    if (r.action == Action::slopes)
      for (int k = 0; k < 3; ++k) {
        is_fixed_[k] = !r.source[k].capture;
        if (is_fixed_[k]) std::fill_n(buffer_[k], std::min(BLOCK, axis_.n), r.source[k].number);
      }
  }
  void operator()(double* out, double* in, const double* const* source) {
    const index_t n = axis_.n, out_step = axis_.step[OUT], in_step = axis_.step[IN];
    switch (r_.action) {
      case Action::add: add_row(assign_, in, in_step, out, out_step, nullptr, r_.factor, n); break;
      case Action::product: product(out, in, source[0]); break;
      case Action::zero:
        for (index_t i = 0; i < n; ++i) out[i * out_step] = 0;
        break;
      case Action::scale:
        for (index_t i = 0; i < n; ++i) out[i * out_step] *= r_.factor;
        break;
      default:
        for (index_t start = 0; start < n; start += BLOCK) {
          const index_t m = std::min(BLOCK, n - start);
          const double* at[3];
          for (int k = 0; k < 3; ++k) {
            const index_t step = axis_.step[A + k];
            at[k] = is_fixed_[k] ? buffer_[k] : contiguous(source[k] + start * step, step, buffer_[k], m);
          }
          r_.slopes(at[0], at[1], at[2], slopes_, m);
          add_row(assign_ && (in_step != 0 || start == 0), in + start * in_step, in_step, out + start * out_step,
                  out_step, slopes_, r_.factor, m);
        }
    }
  }

 private:
  void product(double* out, double* in, const double* a) {
    const index_t n = axis_.n, out_step = axis_.step[OUT], in_step = axis_.step[IN], a_step = axis_.step[A];
    if (a_step == 0) return add_row(assign_, in, in_step, out, out_step, nullptr, r_.factor * *a, n);
    if (a_step == 1) return add_row(assign_, in, in_step, out, out_step, a, r_.factor, n);
    for (index_t start = 0; start < n; start += BLOCK) {
      const index_t m = std::min(BLOCK, n - start);
      add_row(assign_ && (in_step != 0 || start == 0), in + start * in_step, in_step, out + start * out_step, out_step,
              contiguous(a + start * a_step, a_step, buffer_[0], m), r_.factor, m);
    }
  }
};

void run_rows(const ArrayRecord& r, bool assign) {
  const int outer = r.axes - 1;
  double *out = r.out->adjoint + r.out_offset, *in = r.in ? r.in->adjoint + r.in_offset : nullptr;
  const double* source[3];
  for (int k = 0; k < 3; ++k) source[k] = r.source[k].capture ? r.source[k].data() : nullptr;
  Row row(r, assign);
  index_t count[MAX_AXES_OF_RECORD] = {};
  while (true) {
    row(out, in, source);
    int axis = outer - 1;
    for (; axis >= 0; --axis) {
      const Axis& a = r.axis[axis];
      const index_t moved = ++count[axis] < a.n ? 1 : 1 - a.n;
      out += moved * a.step[OUT];
      in += moved * a.step[IN];
      for (int k = 0; k < 3; ++k)
        if (source[k]) source[k] += moved * a.step[A + k];
      if (moved == 1) break;
      count[axis] = 0;
    }
    if (axis < 0) return;
  }
}

bool run_arrays(const ArrayRecord& r) {
  if (!r.in) {
    run_rows(r, false);
    return true;
  }
  const bool assign = r.covers && !r.in->adjoint;
  if (assign && r.creates && r.action == Action::add && r.factor == 1 && r.out->size == r.in->size && r.in->size > 1 &&
      r.axes == 1 && r.axis[0].step[OUT] == 1) {
    r.in->adjoint = r.out->adjoint;
    r.out->adjoint = nullptr;
    return true;
  }
  if (!r.in->adjoint && !Tape::open(r.in, !assign)) return false;
  run_rows(r, assign);
  return true;
}

bool run_index(const IndexRecord& r) {
  if (r.in && !r.in->adjoint && !Tape::open(r.in)) return false;
  double *out = r.out->adjoint + r.out_offset, *in = r.in ? r.in->adjoint + r.in_offset : nullptr;
  if (r.action == Action::gather) {
    for (index_t i = 0; i < r.n; ++i)
      if (r.index[i] >= 0) in[r.index[i]] += out[i];
    return true;
  }
  for (index_t i = r.n; i-- > 0;) {
    double& written = out[r.index[i]];
    if (in) in[i] += written;
    written = 0;
  }
  return true;
}

// The step of an operand along axis `axis` of nd, in doubles: 0 where it broadcasts.
index_t step_of(const Operand* x, int nd, int axis) {
  if (!x) return 0;
  const int own = axis - (nd - x->nd);
  return own < 0 || x->dims[own] == 1 ? 0 : x->strides[own] / index_t{sizeof(double)};
}

// Whether axis `outer` continues `inner` for all operands, so that both are one.
bool joins(const Axis& outer, const Axis& inner) {
  for (int role = 0; role < ROLES; ++role)
    if (outer.step[role] != inner.step[role] * inner.n) return false;
  return true;
}

// Small steps belong to the inner axes: by out, where that moves, else by in.
bool belongs_outside(const Axis& a, const Axis& b) {
  const auto size = [](const Axis& x) { return std::abs(x.step[OUT] != 0 ? x.step[OUT] : x.step[IN]); };
  return size(a) > size(b);
}

}  // namespace

bool Tape::open(Shadow* s, bool zeroed) {
  if (s->adjoint) return true;
  if (s->size == 1) {
    s->adjoint = &s->number;
  } else {
    s->adjoint = static_cast<double*>(allocate_adjoints(static_cast<std::size_t>(s->size) * sizeof(double)));
    if (!s->adjoint) return false;
  }
  if (zeroed) std::memset(s->adjoint, 0, static_cast<std::size_t>(s->size) * sizeof(double));
  return true;
}

void Tape::release(Shadow* s) {
  if (s->adjoint && s->size != 1) free_adjoints(s->adjoint);
  s->adjoint = nullptr;
}

void Tape::release_adjoints() {
  for (Shadow* s = shadows; s; s = s->next) release(s);
}

Tape::~Tape() {
  release_adjoints();
  while (chunk_) {
    Chunk* previous = chunk_->previous;
    std::free(chunk_);
    chunk_ = previous;
  }
}

void Tape::push_arrays(Action action, const Operand* out, bool creates, const Operand* in, double factor,
                       SlopeLoop slopes, const Operand* a, const Operand* b, const Operand* c, int nd,
                       const index_t* dims) {
  Axis axes[MAX_AXES_OF_RECORD];
  const Operand* const operands[ROLES] = {out, in, a, b, c};
  int count = 0;
  for (int i = 0; i < nd; ++i) {
    if (dims[i] == 0) return;
    if (dims[i] == 1) continue;
    Axis& axis = axes[count++];
    axis.n = dims[i];
    for (int role = 0; role < ROLES; ++role) axis.step[role] = step_of(operands[role], nd, i);
  }
  if (count == 0) axes[count++] = {1, {1, 1, 1, 1, 1}};
  if (count > 1) {
    for (int i = 1; i < count; ++i)  // insertion sort, stable
      for (int j = i; j > 0 && belongs_outside(axes[j], axes[j - 1]); --j) std::swap(axes[j], axes[j - 1]);
    int kept = 0;
    for (int i = 1; i < count; ++i) {
      if (joins(axes[kept], axes[i])) {
        axes[i].n *= axes[kept].n;
        axes[kept] = axes[i];
      } else {
        axes[++kept] = axes[i];
      }
    }
    count = kept + 1;
  }
  auto* r = push<ArrayRecord>(sizeof(ArrayRecord) + static_cast<std::size_t>(count - 1) * sizeof(Axis), action);
  r->out = out->shadow;
  r->out_offset = out->offset;
  r->creates = creates;
  r->factor = factor;
  r->slopes = slopes;
  r->axes = static_cast<std::uint8_t>(count);
  if (in) {
    r->in = in->shadow;
    r->in_offset = in->offset;
    r->covers = count == 1 && axes[0].n == in->shadow->size && (axes[0].n == 1 || axes[0].step[IN] == 1);
  }
  for (int k = 0; k < 3; ++k)
    if (const Operand* x = operands[A + k]) r->source[k] = {x->capture, x->offset, x->number};
  std::copy_n(axes, count, r->axis);
}

const Record* Tape::sweep(const Record* r) {
  for (; r; r = r->previous) {
    if (r->action == Action::call) return r;
    if (!r->out->adjoint) continue;
    bool done = true;
    if (r->axes != 0) {
      done = run_arrays(*static_cast<const ArrayRecord*>(r));
    } else if (r->action == Action::add) {
      done = r->in->adjoint || open(r->in);
      if (done) r->in->adjoint[r->in_offset] += r->factor * r->out->adjoint[r->out_offset];
    } else {
      done = run_index(*static_cast<const IndexRecord*>(r));
    }
    if (!done) {
      out_of_memory = true;
      return nullptr;
    }
    if (r->creates) release(r->out);
  }
  return nullptr;
}

}  // namespace dn::reverse
