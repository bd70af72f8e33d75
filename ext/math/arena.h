// Scratch memory for elements, whose size is known at run time only.
#pragma once
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "math/element_layout.h"

namespace dn {

// A stack of doubles.  take(n) returns n doubles, uninitialised, and throws std::bad_alloc where memory runs out or n
// is negative; the doubles stay in place until the Mark that was set before them ends its scope.
class Arena {
  struct Chunk {
    std::unique_ptr<double[]> data;
    index_t size, used;
  };
  static constexpr index_t FEW = 256;
  double few_[FEW];  // taken first, so that small elements need no allocation
  index_t few_used_ = 0;
  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;

 public:
  double* take(index_t n) {
    if (static_cast<std::size_t>(n) <= static_cast<std::size_t>(FEW - few_used_))
      return few_ + std::exchange(few_used_, few_used_ + n);
    if (n < 0) throw std::bad_array_new_length();  // the comparison above is unsigned, so it does not take these
    while (current_ < chunks_.size() && chunks_[current_].size - chunks_[current_].used < n) {
      if (chunks_[current_].used > 0) ++current_;
      else chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(current_));  // empty, too small
    }
    if (current_ == chunks_.size()) {
      index_t size = n > 4096 ? n : 4096;
      chunks_.push_back({std::unique_ptr<double[]>(new double[static_cast<std::size_t>(size)]), size, 0});
    }
    Chunk& chunk = chunks_[current_];
    double* p = chunk.data.get() + chunk.used;
    chunk.used += n;
    return p;
  }

  class Mark {
    Arena& arena_;
    index_t few_used_;
    std::size_t current_;
    index_t used_;

   public:
    explicit Mark(Arena& arena)
        : arena_(arena), few_used_(arena.few_used_), current_(arena.current_), used_(arena.used_now()) {}
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;
    ~Mark() { arena_.release(few_used_, current_, used_); }
  };

 private:
  index_t used_now() const { return current_ < chunks_.size() ? chunks_[current_].used : 0; }
  void release(index_t few_used, std::size_t current, index_t used) {
    few_used_ = few_used;
    for (std::size_t i = current + 1; i < chunks_.size(); ++i) chunks_[i].used = 0;
    if (current < chunks_.size()) chunks_[current].used = used;
    current_ = current;
  }
};

}  // namespace dn
