// Evaluates the columns of the tables on elements instead of doubles.
//
// A column such as -2 * y * c * c is a template.  Called with Refs, it records its operations on an ExpressionTape.
// The tape then computes coefficient k of every operation, in the youngest level, from the coefficients 0 .. k of its
// operands.  A function of a Taylor level of order n therefore costs O(n^2), and a first-order level needs coefficient 0
// only.  Coefficients are elements over the lower levels.
#pragma once
#include <array>
#include <cstdint>

#include "math/algebra.h"

namespace dn {

enum class Op : std::uint8_t { input, add, subtract, multiply, divide, quotient0, negate };

class ExpressionTape;

// A node of a tape, or, where tape is null, a constant.
struct Ref {
  ExpressionTape* tape;
  int node;
  double constant;
  Ref() = default;  // trivial, so that an ExpressionTape costs nothing before it records
  Ref(ExpressionTape* t, int n) : tape(t), node(n), constant(0) {}
  Ref(double c) : tape(nullptr), node(-1), constant(c) {}  // NOLINT: constants in the columns convert
  bool is_zero() const { return !tape && constant == 0; }
};

class ExpressionTape {
  struct Node {
    Op op;
    Ref a, b;
    double* coefficients;
    bool owned;  // bind() allocates the coefficients; else the caller sets them
  };

 public:
  static constexpr int CAPACITY = 48;  // nodes; evaluate() asserts that the columns of each row need no more

  ExpressionTape() {}  // NOLINT: the nodes are filled as they are recorded

  Ref input() { return push(Op::input, 0., 0., false); }
  Ref record(Op op, Ref a, Ref b) { return push(op, a, b, true); }

  // Coefficients, one a monomial of level `level` of s, are elements over the levels before it; allocates `count` of them
  // for every operation.
  void bind(const ElementLayout& s, int level, index_t count, Arena& arena) {
    layout_ = &s;
    level_ = level;
    m_ = s.stride[level];
    convolves_ = m_ == 1 && s.kind[level] != Kind::first_order && s.kind[level] != Kind::polynomial;
    for (int i = 0; i < count_; ++i)
      if (node(i).owned) node(i).coefficients = arena.take(m_ * count);
  }
  void set_input(Ref r, double* coefficients) { node(r.node).coefficients = coefficients; }

  // Computes coefficient k of every operation from the coefficients 0 .. k of the inputs.
  void advance(index_t k, Arena& arena) {
    for (int i = 0; i < count_; ++i)
      if (node(i).op != Op::input) compute(node(i), k, arena);
  }

  // z += coefficient 0 of r * x
  void add_product(double* z, Ref r, const double* x) const {
    if (r.tape) multiply_add(*layout_, level_, z, coefficient(r, 0), x);
    else
      for (index_t i = 0; i < m_; ++i) z[i] += times(r.constant, x[i]);
  }

  // z += coefficient k of the product of r and the series 0, w_1, w_2, ...
  void add_product(double* z, Ref r, const double* w, index_t k) const {
    if (!r.tape) {
      for (index_t i = 0; i < m_; ++i) z[i] += times(r.constant, w[k * m_ + i]);
    } else if (convolves_) {
      z[0] += convolution(w + 1, coefficient(r, 0), k - 1);
    } else {
      layout_->for_factors(level_, k, [&](index_t i, index_t j) {
        if (i != 0) multiply_add(*layout_, level_, z, coefficient(r, j), w + i * m_);
      });
    }
  }

 private:
  std::array<Node, CAPACITY> nodes_;
  int count_ = 0;
  const ElementLayout* layout_ = nullptr;
  int level_ = 0;
  index_t m_ = 1;           // doubles of a coefficient
  bool convolves_ = false;  // whether products are convolutions of doubles

  Node& node(int i) { return nodes_[static_cast<std::size_t>(i)]; }

  Ref push(Op op, Ref a, Ref b, bool owned) {
    node(count_) = Node{op, a, b, nullptr, owned};
    return Ref(this, count_++);
  }

  double* coefficient(Ref r, index_t k) const { return nodes_[static_cast<std::size_t>(r.node)].coefficients + k * m_; }

  // z += sign * coefficient k of r
  void add_to(double* z, Ref r, index_t k, double sign) const {
    if (!r.tape) {
      if (k == 0) z[0] += sign * r.constant;
      return;
    }
    const double* x = coefficient(r, k);
    for (index_t i = 0; i < m_; ++i) z[i] += sign * x[i];
  }

  // z += coefficient k of the product a * b
  void product_to(double* z, Ref a, Ref b, index_t k) const {
    if (!a.tape || !b.tape) {
      const Ref& node = a.tape ? a : b;
      const double c = a.tape ? b.constant : a.constant;
      const double* x = coefficient(node, k);
      for (index_t i = 0; i < m_; ++i) z[i] += times(c, x[i]);
      if (k == 0) z[0] = c * x[0];
      return;
    }
    if (convolves_) z[0] += convolution(coefficient(a, 0), coefficient(b, 0), k);
    else
      layout_->for_factors(level_, k, [&](index_t i, index_t j) {
        multiply_add(*layout_, level_, z, coefficient(a, i), coefficient(b, j));
      });
    if (k == 0) z[0] = coefficient(a, 0)[0] * coefficient(b, 0)[0];
  }

  void compute(Node& node, index_t k, Arena& arena) {
    double* z = node.coefficients + k * m_;
    zero(m_, z);
    switch (node.op) {
      case Op::input: break;
      case Op::add:
        add_to(z, node.a, k, 1);
        add_to(z, node.b, k, 1);
        break;
      case Op::subtract:
        add_to(z, node.a, k, 1);
        add_to(z, node.b, k, -1);
        break;
      case Op::negate: add_to(z, node.a, k, -1); break;
      case Op::multiply: product_to(z, node.a, node.b, k); break;
      case Op::divide:
      case Op::quotient0: quotient(node, z, k, arena); break;
    }
  }

  // z_k = (a_k - sum z_i b_j) / b_0 over the factors i of k but k itself
  void quotient(const Node& node, double* z, index_t k, Arena& arena) const {
    Arena::Mark mark(arena);
    double* residual = arena.take(m_);
    zero(m_, residual);
    add_to(residual, node.a, k, 1);
    if (!node.b.tape) {
      for (index_t i = 0; i < m_; ++i) z[i] = residual[i] / node.b.constant;
      return;
    }
    double* part = arena.take(m_);
    zero(m_, part);
    if (convolves_ && k > 0) part[0] = convolution(node.coefficients, coefficient(node.b, 1), k - 1);
    else
      layout_->for_factors(level_, k, [&](index_t i, index_t j) {
        if (i != k) multiply_add(*layout_, level_, part, node.coefficients + i * m_, coefficient(node.b, j));
      });
    for (index_t i = 0; i < m_; ++i) residual[i] -= part[i];
    divide(*layout_, level_, z, residual, coefficient(node.b, 0), k == 0 && node.op == Op::divide, arena);
  }
};

inline Ref record(Op op, const Ref& a, const Ref& b, double folded) {
  ExpressionTape* tape = a.tape ? a.tape : b.tape;
  return tape ? tape->record(op, a, b) : Ref(folded);
}
inline Ref operator+(const Ref& a, const Ref& b) { return record(Op::add, a, b, a.constant + b.constant); }
inline Ref operator-(const Ref& a, const Ref& b) { return record(Op::subtract, a, b, a.constant - b.constant); }
inline Ref operator*(const Ref& a, const Ref& b) { return record(Op::multiply, a, b, a.constant * b.constant); }
inline Ref operator/(const Ref& a, const Ref& b) { return record(Op::divide, a, b, a.constant / b.constant); }
inline Ref operator-(const Ref& a) { return record(Op::negate, a, 0., -a.constant); }

// A dual number with one tangent, for which the columns of a row are evaluated without a tape.
struct Jet1 {
  double value, tangent;
  Jet1(double v, double t = 0) : value(v), tangent(t) {}  // NOLINT: constants in the columns convert
};
inline Jet1 operator+(const Jet1& a, const Jet1& b) { return {a.value + b.value, a.tangent + b.tangent}; }
inline Jet1 operator-(const Jet1& a, const Jet1& b) { return {a.value - b.value, a.tangent - b.tangent}; }
inline Jet1 operator*(const Jet1& a, const Jet1& b) {
  return {a.value * b.value, a.value * b.tangent + a.tangent * b.value};
}
inline Jet1 operator/(const Jet1& a, const Jet1& b) {
  const double value = a.value / b.value;
  return {value, (a.tangent - value * b.tangent) / b.value};
}
inline Jet1 operator-(const Jet1& a) { return {-a.value, -a.tangent}; }

// Counts the nodes that the columns of a row record at most: operations on constants alone are counted too.
struct NodeCount {
  int nodes;
  constexpr NodeCount(double = 0) : nodes(0) {}  // NOLINT: constants in the columns convert
  constexpr NodeCount(const NodeCount& a, const NodeCount& b) : nodes(a.nodes + b.nodes + 1) {}
};
constexpr NodeCount operator+(const NodeCount& a, const NodeCount& b) { return {a, b}; }
constexpr NodeCount operator-(const NodeCount& a, const NodeCount& b) { return {a, b}; }
constexpr NodeCount operator*(const NodeCount& a, const NodeCount& b) { return {a, b}; }
constexpr NodeCount operator/(const NodeCount& a, const NodeCount& b) { return {a, b}; }
constexpr NodeCount operator-(const NodeCount& a) { return {a, NodeCount(0)}; }
constexpr NodeCount quotient0(const NodeCount& a, const NodeCount& b) { return {a, b}; }

// x / y, where 0 / 0 = 0
inline double quotient0(double x, double y) { return x == 0 ? 0 : x / y; }
inline Ref quotient0(const Ref& x, const Ref& y) {
  return record(Op::quotient0, x, y, quotient0(x.constant, y.constant));
}
inline Jet1 quotient0(const Jet1& x, const Jet1& y) { return x.value == 0 && x.tangent == 0 ? Jet1(0) : x / y; }

}  // namespace dn
