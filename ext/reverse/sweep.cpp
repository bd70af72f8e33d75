// Pushes the records of arrays, and sweeps over a tape.
#include <algorithm>
#include <cmath>

#include "math/compiler.h"
#include "reverse/walk.h"

namespace dn::reverse {

void* (*allocate_adjoints)(std::size_t) = std::malloc;
void (*free_adjoints)(void*) = std::free;

namespace {

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

// What multiplies in a record: its slopes, or their tangents.
enum class Factor { slope, tangent };

// A record's linear map, or the map of its slopes' tangents, between a field of one side and a field of the other:
// target += factor source, where the target is IN (backwards) or OUT (forwards).
class Map {
  const ArrayRecord& r_;
  const Role target_, source_;
  const bool assign_, of_tangents_;
  const Axis& axis_;
  double value_buffer_[3][BLOCK], tangent_buffer_[3][BLOCK], slopes_[BLOCK];
  double* at_target_;
  const double *at_source_, *values_[3], *tangents_[3];

 public:
  Map(const ArrayRecord& r, Role target, Field target_field, Field source_field, Factor factor, bool assign)
      : r_(r),
        target_(target),
        source_(target == IN ? OUT : IN),
        assign_(assign),
        of_tangents_(factor == Factor::tangent),
        axis_(r.axis[r.axes - 1]),
        at_target_(base(r, target, target_field)),
        at_source_(base(r, source_, source_field)) {
    for (int k = 0; k < 3; ++k) {
      const Source& s = r.source[k];
      values_[k] = s.capture ? s.data() : nullptr;
      tangents_[k] = s.capture && s.capture->tangent ? s.capture->tangent + s.offset : nullptr;
      if (r.action != Action::slopes) continue;
      if (!s.capture) std::fill_n(value_buffer_[k], std::min(BLOCK, axis_.n), s.number);
      if (of_tangents_ && !tangents_[k])
        std::fill_n(tangent_buffer_[k], std::min(BLOCK, axis_.n), tangent_of_number(k));
    }
  }
  void run() {
    const int outer = r_.axes - 1;
    index_t count[MAX_AXES_OF_RECORD] = {};
    while (true) {
      row();
      int axis = outer - 1;
      for (; axis >= 0; --axis) {
        const Axis& a = r_.axis[axis];
        const index_t moved = ++count[axis] < a.n ? 1 : 1 - a.n;
        at_target_ += moved * a.step[target_];
        at_source_ += moved * a.step[source_];
        for (int k = 0; k < 3; ++k) {
          if (values_[k]) values_[k] += moved * a.step[A + k];
          if (tangents_[k]) tangents_[k] += moved * a.step[A + k];
        }
        if (moved == 1) break;
        count[axis] = 0;
      }
      if (axis < 0) return;
    }
  }

 private:
  static double* base(const ArrayRecord& r, Role role, Field field) {
    return role == OUT ? r.out->field[field] + r.out_offset : r.in->field[field] + r.in_offset;
  }
  double tangent_of_number(int k) const {
    const Source& s = r_.source[k];
    return !s.capture && s.variable && s.variable->field[TANGENT] ? *s.variable->field[TANGENT] : 0;
  }
  void row() {
    const index_t n = axis_.n, target_step = axis_.step[target_], source_step = axis_.step[source_];
    if (r_.action == Action::add)
      return add_row(assign_, at_target_, target_step, at_source_, source_step, nullptr, r_.factor, n);
    if (r_.action == Action::product) return product();
    for (index_t start = 0; start < n; start += BLOCK) {
      const index_t m = std::min(BLOCK, n - start);
      const double *at[3], *tangents[3];
      for (int k = 0; k < 3; ++k) {
        const index_t step = axis_.step[A + k];
        at[k] = values_[k] ? contiguous(values_[k] + start * step, step, value_buffer_[k], m) : value_buffer_[k];
        if (of_tangents_)
          tangents[k] =
              tangents_[k] ? contiguous(tangents_[k] + start * step, step, tangent_buffer_[k], m) : tangent_buffer_[k];
      }
      if (of_tangents_) r_.curvature(at, tangents, slopes_, m);
      else r_.slopes(at[0], at[1], at[2], slopes_, m);
      add_row(assign_ && (target_step != 0 || start == 0), at_target_ + start * target_step, target_step,
              at_source_ + start * source_step, source_step, slopes_, r_.factor, m);
    }
  }
  void product() {
    const index_t n = axis_.n, step = axis_.step[A], target_step = axis_.step[target_],
                  source_step = axis_.step[source_];
    const double* a = of_tangents_ ? tangents_[0] : values_[0];
    if (!a || step == 0) {
      const double number = a ? *a : of_tangents_ ? tangent_of_number(0) : r_.source[0].number;
      return add_row(assign_, at_target_, target_step, at_source_, source_step, nullptr, r_.factor * number, n);
    }
    if (step == 1) return add_row(assign_, at_target_, target_step, at_source_, source_step, a, r_.factor, n);
    for (index_t start = 0; start < n; start += BLOCK) {
      const index_t m = std::min(BLOCK, n - start);
      add_row(assign_ && (target_step != 0 || start == 0), at_target_ + start * target_step, target_step,
              at_source_ + start * source_step, source_step, contiguous(a + start * step, step, value_buffer_[0], m),
              r_.factor, m);
    }
  }
};

// out *= factor over all axes of a record; 0 overwrites what is not finite, too.
void scale(const ArrayRecord& r, Field field) {
  double* out = r.out->field[field] + r.out_offset;
  const double factor = r.action == Action::zero ? 0 : r.factor;
  index_t count[MAX_AXES_OF_RECORD] = {};
  while (true) {
    const Axis& inner = r.axis[r.axes - 1];
    for (index_t i = 0; i < inner.n; ++i) {
      double& x = out[i * inner.step[OUT]];
      x = factor == 0 && r.action == Action::zero ? 0 : factor * x;
    }
    int axis = r.axes - 2;
    for (; axis >= 0; --axis) {
      const index_t moved = ++count[axis] < r.axis[axis].n ? 1 : 1 - r.axis[axis].n;
      out += moved * r.axis[axis].step[OUT];
      if (moved == 1) break;
      count[axis] = 0;
    }
    if (axis < 0) return;
  }
}

// in += slope out, of adjoints or of their tangents.
bool pull_arrays(const ArrayRecord& r, Field field) {
  if (!r.in) {
    scale(r, field);
    return true;
  }
  const bool assign = r.covers && !r.in->field[field];
  if (assign && field == ADJOINT && r.creates && r.action == Action::add && r.factor == 1 &&
      r.out->size == r.in->size && r.in->size > 1 && r.axes == 1 && r.axis[0].step[OUT] == 1) {
    r.in->field[field] = r.out->field[field];
    r.out->field[field] = nullptr;
    return true;
  }
  if (!r.in->field[field] && !Tape::open(r.in, field, !assign)) return false;
  Map(r, IN, field, field, Factor::slope, assign).run();
  return true;
}

bool pull_indexed(const IndexRecord& r, Field field) {
  if (r.in && !Tape::open(r.in, field)) return false;
  double *out = r.out->field[field] + r.out_offset, *in = r.in ? r.in->field[field] + r.in_offset : nullptr;
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

bool is_of_numbers(const Record& r) { return r.axes == 0 && r.action == Action::add; }

// One field pulled back through a record.
bool pull(const Record& r, Field field) {
  if (r.axes != 0) return pull_arrays(static_cast<const ArrayRecord&>(r), field);
  if (!is_of_numbers(r)) return pull_indexed(static_cast<const IndexRecord&>(r), field);
  if (!Tape::open(r.in, field)) return false;
  r.in->field[field][r.in_offset] += r.factor * r.out->field[field][r.out_offset];
  return true;
}

bool has_slopes(const Record& r) { return r.action == Action::product || r.action == Action::slopes; }

// The tangents of out, from those of in.
bool push_forward(const Record& r) {
  Shadow* out = r.out;
  if ((r.writes || r.action == Action::zero || r.action == Action::scale) && out->captured) {
    // the records before read the old tangents
    double* old = out->field[TANGENT];
    double* kept = old;
    if (old && out->size == 1) {  // which the shadow holds itself
      kept = static_cast<double*>(allocate_adjoints(sizeof(double)));
      if (!kept) return false;
      *kept = *old;
    }
    for (Capture* c = out->captured; c; c = c->same) c->tangent = kept;
    out->captured->owns = kept != nullptr;
    out->captured = nullptr;
    if (out->size != 1) out->field[TANGENT] = nullptr;
    if (!Tape::open(out, TANGENT)) return false;
    if (old && out->size != 1)
      std::memcpy(out->field[TANGENT], old, static_cast<std::size_t>(out->size) * sizeof(double));
  }
  if (!Tape::open(out, TANGENT)) return false;
  const bool moves = r.in && r.in->field[TANGENT];
  if (is_of_numbers(r)) {
    if (moves) out->field[TANGENT][r.out_offset] += r.factor * r.in->field[TANGENT][r.in_offset];
  } else if (r.axes != 0) {
    const auto& a = static_cast<const ArrayRecord&>(r);
    if (!r.in) scale(a, TANGENT);
    else if (moves) Map(a, OUT, TANGENT, TANGENT, Factor::slope, false).run();
  } else {
    const auto& x = static_cast<const IndexRecord&>(r);
    double* to = out->field[TANGENT] + r.out_offset;
    const double* from = moves ? r.in->field[TANGENT] + r.in_offset : nullptr;
    for (index_t i = 0; i < x.n; ++i) {
      if (r.action == Action::assign) to[x.index[i]] = from ? from[i] : 0;
      else if (from && x.index[i] >= 0) to[i] += from[x.index[i]];
    }
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

bool Tape::open(Shadow* s, Field field, bool zeroed) {
  double*& made = s->field[field];
  if (made) return true;
  if (s->size == 1) made = &s->number[field];
  else made = static_cast<double*>(allocate_adjoints(static_cast<std::size_t>(s->size) * sizeof(double)));
  if (!made) return false;
  if (zeroed) std::memset(made, 0, static_cast<std::size_t>(s->size) * sizeof(double));
  return true;
}

void Tape::release(Shadow* s, Field field) {
  if (s->field[field] && s->size != 1) free_adjoints(s->field[field]);
  s->field[field] = nullptr;
}

void Tape::release_fields() {
  for (Capture* c = captures; c; c = c->next) {
    if (c->owns) free_adjoints(c->tangent);
    c->tangent = nullptr;
    c->same = nullptr;
    c->owns = false;
  }
  for (Shadow* s = shadows; s; s = s->next) {
    for (const Field field : {ADJOINT, TANGENT, ADJOINT_TANGENT}) release(s, field);
    s->captured = nullptr;
  }
}

Tape::~Tape() {
  release_fields();
  while (chunk_) {
    Chunk* previous = chunk_->previous;
    std::free(chunk_);
    chunk_ = previous;
  }
}

void Tape::push_arrays(Action action, const Operand* out, bool creates, const Operand* in, double factor,
                       SlopeLoop slopes, const Operand* a, const Operand* b, const Operand* c, int nd,
                       const index_t* dims, CurvatureLoop curvature, std::uint8_t bends) {
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
  r->curvature = curvature;
  r->bends = bends;
  r->axes = static_cast<std::uint8_t>(count);
  if (in) {
    r->in = in->shadow;
    r->in_offset = in->offset;
    r->covers = count == 1 && axes[0].n == in->shadow->size && (axes[0].n == 1 || axes[0].step[IN] == 1);
  }
  for (int k = 0; k < 3; ++k)
    if (const Operand* x = operands[A + k])
      r->source[k] = {x->capture, x->offset, x->number, x->capture ? nullptr : x->shadow};
  std::copy_n(axes, count, r->axis);
}

const Record* Tape::sweep(const Record* r, bool second) {
  for (; r; r = r->previous) {
    if (r->action == Action::call) return r;
    Shadow* out = r->out;
    bool done = true;
    if (second && has_slopes(*r) && out->field[ADJOINT]) {
      done = open(r->in, ADJOINT_TANGENT);
      if (done) Map(*static_cast<const ArrayRecord*>(r), IN, ADJOINT_TANGENT, ADJOINT, Factor::tangent, false).run();
    }
    if (second && out->field[ADJOINT_TANGENT]) done = done && pull(*r, ADJOINT_TANGENT);
    if (out->field[ADJOINT]) done = done && pull(*r, ADJOINT);
    if (!done) {
      out_of_memory = true;
      return nullptr;
    }
    if (r->creates) {
      release(out);
      if (second) release(out, ADJOINT_TANGENT);
    }
  }
  return nullptr;
}

bool Tape::pull_adjoint(const Record& r) {
  if (r.out->field[ADJOINT] && !pull(r, ADJOINT)) return false;
  if (r.creates) release(r.out);
  return true;
}

void Tape::attach(Capture* c) {
  if (!c || !c->shadow || c->tangent || !c->shadow->field[TANGENT]) return;
  c->tangent = c->shadow->field[TANGENT];
  c->same = c->shadow->captured;
  c->shadow->captured = c;
}

const Record* Tape::push_tangents(const Record* r) {
  for (; r; r = r->next) {
    if (r->action == Action::call) return r;
    if (!push_forward(*r)) {
      out_of_memory = true;
      return nullptr;
    }
    if (r->axes != 0)
      for (const Source& s : static_cast<const ArrayRecord*>(r)->source) attach(s.capture);
  }
  return nullptr;
}

}  // namespace dn::reverse
