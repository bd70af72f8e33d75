// Runs the flows of a plan: the numbers of sparse Jacobians and Hessians.
#include "math/compiler.h"
#include "reverse/sparse.h"

namespace dn::reverse {

namespace {

// The slopes of an edge's elements: a number for all of them, or one for each.
struct Slopes {
  const double* data;
  index_t step;
};
constexpr double one = 1;

Slopes slopes_of(const Edge& e, std::vector<double>& buffer) {
  if (e.local) return {e.local->slope, 1};
  const Record& r = *e.record;
  if (r.action == Action::gather || r.action == Action::assign) return {&one, 0};
  if (r.axes == 0 || r.action == Action::add || r.action == Action::scale) return {&r.factor, 0};
  const auto& a = static_cast<const ArrayRecord&>(r);
  const Source& x = a.source[0];
  if (r.action == Action::product) {
    if (!x.capture && r.factor == 1) return {&x.number, 0};
    if (x.capture && a.axes == 1 && a.axis[0].step[A] == 1 && r.factor == 1) return {x.data(), 1};
  }
  buffer.resize(static_cast<std::size_t>(size_of(a)));
  each_block(a, [&](const double* const* values, index_t, index_t, index_t element, index_t m) {
    double* to = buffer.data() + element;
    if (r.action == Action::slopes) a.slopes(values[0], values[1], values[2], to, m);
    else std::copy_n(values[0], m, to);
    if (r.factor != 1)
      for (index_t i = 0; i < m; ++i) to[i] *= r.factor;
  });
  return {buffer.data(), 1};
}

// The factors of an edge's terms: its adjoints times the derivative of its slopes by an operand.
Slopes weights_of(const ArrayRecord& r, int operand, std::vector<double>& buffer) {
  static const std::vector<double> zeros(BLOCK, 0.0), ones(BLOCK, 1.0);
  const double* tangents[3] = {zeros.data(), zeros.data(), zeros.data()};
  tangents[operand] = ones.data();
  buffer.resize(static_cast<std::size_t>(size_of(r)));
  const double* adjoint = r.out->field[ADJOINT];
  each_block(r, [&](const double* const* values, index_t out, index_t step, index_t element, index_t m) {
    double* to = buffer.data() + element;
    if (r.action == Action::slopes) r.curvature(values, tangents, to, m);
    else std::fill_n(to, m, 1.0);
    for (index_t i = 0; i < m; ++i) to[i] *= r.factor * adjoint[out + i * step];
  });
  return {buffer.data(), 1};
}

template <bool Assign>
void put(double& to, double t) {
  to = Assign ? t : to + t;
}

// to = or += slope from, of n elements; each of the two may have steps 0 or 1.
template <bool Assign>
CLONES void run_contiguous(double* to, const double* slope, index_t slope_step, const double* from, index_t from_step,
                           index_t n) {
  if (slope_step == 1 && from_step == 1)
    for (index_t i = 0; i < n; ++i) put<Assign>(to[i], slope[i] * from[i]);
  else if (slope_step == 1)
    for (index_t i = 0; i < n; ++i) put<Assign>(to[i], slope[i] * *from);
  else
    for (index_t i = 0; i < n; ++i) put<Assign>(to[i], *slope * from[i * from_step]);
}

template <bool Assign>
void run(const std::vector<Run>& runs, const std::vector<Single>& singles, Slopes s, double* pool) {
  for (const Run& r : runs) {
    const index_t slope_step = s.step * r.element.step;
    double* to = pool + r.target.start;
    const double *from = pool + r.source.start, *slope = s.data + s.step * r.element.start;
    if (r.target.step == 1 && (slope_step == 0 || slope_step == 1) && (r.source.step == 0 || r.source.step == 1))
      run_contiguous<Assign>(to, slope, slope_step, from, r.source.step, r.n);
    else
      for (index_t i = 0; i < r.n; ++i)
        put<Assign>(to[i * r.target.step], slope[i * slope_step] * from[i * r.source.step]);
  }
  for (const Single& x : singles) put<Assign>(pool[x.target], s.data[s.step * x.element] * pool[x.source]);
}

}  // namespace

void Plan::forward(const Recording& f, Pool& memory) const {
  const std::vector<Edge> edges = edges_of(f);
  std::vector<double> buffer;
  double* pool = memory.data();
  pool[-1] = 1;
  for (const ConstantFlow& c : constant_flows_) {
    const double t = *slopes_of(edges[static_cast<std::size_t>(c.edge)], buffer).data * pool[c.source];
    pool[c.target] = c.base ? pool[c.base] + t : t;
  }
  for (const Flow& flow : flows_) {
    const Slopes s = flow.edge < 0 ? Slopes{&one, 0} : slopes_of(edges[static_cast<std::size_t>(flow.edge)], buffer);
    run<true>(flow.assigned, flow.assigned_singly, s, pool);
    run<false>(flow.added, flow.added_singly, s, pool);
  }
}

const Record* Plan::backward(const std::vector<Edge>& edges, index_t& edge, Pool& pool, double* triangle_) const {
  while (edge > 0) {
    const auto e = static_cast<std::size_t>(--edge);
    const Record* r = edges[e].record;
    if (edges[e].local) {
      while (edge > 0 && edges[static_cast<std::size_t>(edge) - 1].record == r) --edge;
      return r;
    }
    if (terms_of_[e] != terms_of_[e + 1] && r->out->field[ADJOINT])
      add_terms(static_cast<const ArrayRecord&>(*r), e, pool, triangle_);
    if (!Tape::pull_adjoint(*r)) throw std::bad_alloc();
  }
  return nullptr;
}

void Plan::add_terms(const ArrayRecord& r, std::size_t edge, Pool& memory, double* triangle_) const {
  std::vector<double> buffer;
  const double* pool = memory.data();
  for (index_t k = terms_of_[edge]; k < terms_of_[edge + 1]; ++k) {
    const Flow& flow = terms_[static_cast<std::size_t>(k)];
    const Slopes s = weights_of(r, flow.operand, buffer);
    for (const Run& x : flow.added) {
      double* to = triangle_ + x.target.start;
      for (index_t i = 0; i < x.n; ++i)
        to[i * x.target.step] += s.data[x.element.at(i)] * pool[x.source.at(i)] * pool[x.other.at(i)];
    }
    for (const Single& x : flow.added_singly) triangle_[x.target] += s.data[x.element] * pool[x.source] * pool[x.other];
  }
}

void Plan::elements(const double* from, double* to) const {
  for (std::size_t i = 0; i < elements_.size(); ++i) to[i] = from[elements_[i]];
}

}  // namespace dn::reverse
