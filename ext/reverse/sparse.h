// Sparse Jacobians and Hessians from a tape.
//
// Going forwards over the records, each slot of a shadow has a row: the columns of the variables that it depends on, and
// a coefficient for each, the derivative.  A record z += slope x appends the row of x, times the slope, to that of z.
// The rows' columns follow from the records' shadows, offsets and axes alone, not from values.  So a Plan keeps them
// between calls, as a list of flows
//
//     pool[target] = or += slope[element] pool[source]
//
// over the coefficients, which lie in one pool of memory.  A call whose tape has the same records runs the flows; any
// other makes a new plan.  In a row coefficients keep the order in which they have come, and those of one plane (the
// first of all rows, the second ...) lie side by side, so that the flows of a stencil are few long runs.  Coefficients
// that are the same number in all rows, as those of differences x[1:] - x[:-1], are one constant of the pool.
//
// A Hessian is the sum over all elements of all records of
//
//     adjoint(z) slope_xy (row of x)' (row of y),
//
// where slope_xy is the derivative of x's slope by y: the adjoints come from a sweep backwards, in which a record adds
// its terms before it pulls back.
#pragma once
#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "reverse/walk.h"

namespace dn::reverse {

using place_t = std::int32_t;  // of a coefficient: constants have negative places

// The part of a call's local Jacobian between two of its arrays: d out[out_slot[i]] / d in[in_slot[i]] = slope[i].
struct LocalJacobian {
  index_t call;
  Shadow *out, *in;
  index_t n;
  const index_t *out_slot, *in_slot;
  const double* slope;
};

// Column `column[i]` belongs to slot i of a shadow.
struct Seed {
  const Shadow* shadow;
  const index_t* column;
};

// What a plan is made for: a recorded call of f, with its variables and its result.
struct Recording {
  const Tape* tape;
  std::vector<Seed> seeds;
  index_t columns;
  const Shadow* result;  // null for a constant
  const index_t* result_slots;
  index_t rows;  // of a Jacobian: how many these are
  std::vector<LocalJacobian> locals;
  bool second;
};

// One linear map of a recording: a record, or a local Jacobian of a call.
struct Edge {
  const Record* record;
  const LocalJacobian* local;
};
std::vector<Edge> edges_of(const Recording&);

struct Step {
  index_t start, step;
  index_t at(index_t i) const { return start + i * step; }
};
// pool[target] = or += slope[element] pool[source], or hessian[target] += weight[element] pool[source] pool[other]
struct Run {
  index_t n;
  Step target, element, source, other;
};
struct Single {
  place_t target, element, source, other;
};
// Those of a record, or of coefficients that are carried over: edge -1.  What assigns comes first.
struct Flow {
  index_t edge;
  int operand;  // of a Hessian: which operand's derivative the slope's is
  std::vector<Run> assigned, added;
  std::vector<Single> assigned_singly, added_singly;
};
// pool[target] = pool[base] + slope pool[source], of constants; no base: 0
struct ConstantFlow {
  place_t target, base, source;
  index_t edge;
};

// More coefficients than these, of one array or of all, are no sparse matrix.
constexpr std::size_t MOST_OF_ONE = std::size_t{1} << 25, MOST_OF_ALL = std::size_t{1} << 28;
struct TooDense : std::overflow_error {
  TooDense() : std::overflow_error("too many coefficients") {}
};

class Plan {
 public:
  explicit Plan(const Recording&);
  bool fits(const Recording&) const;

  // The coefficients of one call.
  class Pool {
    double* memory_;
    std::size_t constants_;

   public:
    explicit Pool(const Plan& p)
        : memory_(static_cast<double*>(allocate_adjoints((p.constants + p.places) * sizeof(double)))),
          constants_(p.constants) {
      if (!memory_) throw std::bad_alloc();
    }
    ~Pool() { free_adjoints(memory_); }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    double* data() { return memory_ + constants_; }
  };
  void forward(const Recording&, Pool&) const;
  // Runs the edges before `edge` backwards, up to a call, which it returns; null at the end.  Each adds its terms to the
  // Hessian's lower triangle before it pulls the adjoints of its result back.
  const Record* backward(const std::vector<Edge>&, index_t& edge, Pool&, double* triangle) const;
  // Fills in the elements of the matrix, in the order of `indices`, from a pool or from a triangle.
  void elements(const double* from, double* to) const;

  std::size_t constants = 0, places = 0, triangle = 0;
  std::vector<std::int32_t> indptr, indices;  // of the matrix in compressed rows
  index_t rows = 0, columns = 0;

 private:
  friend class Planner;
  void add_terms(const ArrayRecord&, std::size_t edge, Pool&, double* triangle) const;
  std::vector<index_t> key_;
  std::vector<ConstantFlow> constant_flows_;
  std::vector<Flow> flows_;
  std::vector<Flow> terms_;
  std::vector<index_t> terms_of_;  // the first of an edge's terms, by edge; one more at the end
  std::vector<place_t> elements_;
};

}  // namespace dn::reverse
