// The monomials of the levels with several variables and a degree above 1, and their products.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace dn {

using index_t = std::ptrdiff_t;
static_assert(sizeof(index_t) == 8, "sizes of elements, and of arrays of them, are counted in 64 bits");

// The monomials of degree 0 to d in a1 ... ak, in the order 1, a1, ..., ak, a1 a1, a1 a2, ..., ak ak, a1 a1 a1, ...: by
// degree, then lexicographically.  Those of degree m with no variable before a_v are the last of their degree, and
// a_v times them are the monomials of degree m + 1 that begin with a_v, in the same order.  So places follow by counting.
class Monomials {
 public:
  struct Factors {  // two monomials by their places
    std::int32_t a, b;
  };
  static constexpr index_t MOST = index_t{1} << 24;  // pairs of factors, of 8 bytes

  // The table of k variables to degree d, which is kept for the life of the process; null if it would be too large.
  static const Monomials* of(index_t variables, index_t degree) {
    static std::mutex lock;
    static std::map<std::pair<index_t, index_t>, std::unique_ptr<const Monomials>> tables;
    if (std::min(variables, degree) < 0 || std::max(variables, degree) > MOST) return nullptr;
    if (binomial(2 * variables + degree, degree) > MOST) return nullptr;
    const std::lock_guard<std::mutex> guard(lock);
    auto& table = tables[{variables, degree}];
    if (!table) table.reset(new Monomials(variables, degree));
    return table.get();
  }

  index_t variables() const { return variables_; }
  index_t degree() const { return degree_; }
  index_t count() const { return start_.back(); }
  index_t degree_of(index_t i) const { return monomials_[at(i)].degree; }

  // The place of the product of monomials i and j; -1 if that is of a higher degree, and vanishes.
  index_t product(index_t i, index_t j) const {
    if (degree_of(i) + degree_of(j) > degree_) return -1;
    for (; j > 0; j = monomials_[at(j)].rest) i = times_variable(i, monomials_[at(j)].first);
    return i;
  }

  // The pairs of monomials whose product is monomial c, from (1, c) to (c, 1).
  const Factors* begin(index_t c) const { return &factors_[at(begins_[at(c)])]; }
  const Factors* end(index_t c) const { return factors_.data() + begins_[at(c + 1)]; }

  bool divides(index_t i, index_t j) const {
    return std::any_of(begin(j), end(j), [i](const Factors& pair) { return pair.a == i; });
  }

  // Calls f(v) for each variable v = 0 ... k - 1 of monomial i, as often as it occurs.
  template <class F>
  void for_variables(index_t i, F f) const {
    for (; i > 0; i = monomials_[at(i)].rest) f(monomials_[at(i)].first);
  }

 private:
  struct Monomial {  // the variable `first` times the monomial `rest`, whose variables do not precede it
    index_t first, rest, degree;
  };
  const index_t variables_, degree_;
  std::vector<index_t> start_;  // [m * (k + 1) + v]: place of the first monomial of degree m without variables before v
  std::vector<Monomial> monomials_;
  std::vector<index_t> begins_;  // of the factors of each monomial
  std::vector<Factors> factors_;

  static std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

  // C(n, m), or more than MOST if it is that large.
  static index_t binomial(index_t n, index_t m) {
    if (n > MOST) return n;
    m = std::min(m, n - m);
    index_t found = 1;
    for (index_t i = 1; i <= m && found <= MOST; ++i) found = found * (n - m + i) / i;
    return found;
  }

  index_t start(index_t degree, index_t v) const { return start_[at(degree * (variables_ + 1) + v)]; }

  // The place of monomial i times variable v, for a product of degree at most d.
  index_t times_variable(index_t i, index_t v) const {
    const Monomial& m = monomials_[at(i)];
    if (m.degree == 0 || v <= m.first) return start(m.degree + 1, v) + (i - start(m.degree, v));
    return start(m.degree + 1, m.first) + (times_variable(m.rest, v) - start(m.degree, m.first));
  }

  Monomials(index_t variables, index_t degree) : variables_(variables), degree_(degree) {
    start_.assign(at(variables + 1), 0);
    start_.back() = 1;
    monomials_.push_back({0, 0, 0});
    for (index_t m = 1; m <= degree; ++m) {
      for (index_t v = 0; v < variables; ++v) {
        start_.push_back(static_cast<index_t>(monomials_.size()));
        for (index_t rest = start(m - 1, v); rest < start(m - 1, variables); ++rest) monomials_.push_back({v, rest, m});
      }
      start_.push_back(static_cast<index_t>(monomials_.size()));
    }
    std::vector<index_t> counts(monomials_.size() + 1);
    std::vector<index_t> products(monomials_.size());  // of monomial i and each j, one variable after the other
    const auto for_pairs = [&](auto visit) {
      for (index_t i = 0; i < count(); ++i)
        for (index_t j = 0; j < count() && degree_of(i) + degree_of(j) <= degree_; ++j) {
          const Monomial& m = monomials_[at(j)];
          products[at(j)] = j == 0 ? i : times_variable(products[at(m.rest)], m.first);
          visit(i, j, products[at(j)]);
        }
    };
    for_pairs([&](index_t, index_t, index_t c) { ++counts[at(c + 1)]; });
    for (std::size_t c = 1; c < counts.size(); ++c) counts[c] += counts[c - 1];
    begins_ = counts;
    factors_.resize(at(counts.back()));
    for_pairs([&](index_t i, index_t j, index_t c) {
      factors_[at(counts[at(c)]++)] = {static_cast<std::int32_t>(i), static_cast<std::int32_t>(j)};
    });
  }
};

}  // namespace dn
