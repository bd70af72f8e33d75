// Memory of large arrays, kept for the next array.
//
// The C library gives large blocks back to the system whenever they are freed, and the end of its heap wherever small
// ones have left it empty; asking for them anew costs a page fault and the clearing of a page every 4 KiB, which is more
// than most functions do with the page.  So while a driver calls its function, NumPy takes the memory of arrays from here
// (a memory handler, NEP 49): blocks of a page and more are not freed but kept for the next array that fits.  Never more than KEPT bytes wait here, the latest ones; they stay
// for the next call of a driver, and the others go back to the system at once.  Arrays that outlive the call give their
// memory back to here.
#pragma once
#include <Python.h>
#include <numpy/arrayobject.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#define HAS_MMAP
#endif

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace dn {

class Blocks {
  static constexpr std::size_t PAGE = std::size_t{1} << 12, LARGE = std::size_t{1} << 16,
                               HUGE_PAGES = std::size_t{1} << 22, KEPT = std::size_t{1} << 27;
  static constexpr std::size_t HEADER = 64, PLACES = 256;

  struct Block {
    std::size_t size;  // with this header
  };
  Block* kept_[PLACES] = {};  // the latest last
  std::size_t count_ = 0, bytes_ = 0;
  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;

  // Nobody waits: while another thread is at it (or was, in the process that this one was forked from), malloc serves.
  class Turn {
    std::atomic_flag& busy_;

   public:
    const bool mine;
    explicit Turn(std::atomic_flag& busy) : busy_(busy), mine(!busy.test_and_set(std::memory_order_acquire)) {}
    ~Turn() {
      if (mine) busy_.clear(std::memory_order_release);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
  };

  // Sizes in steps of an eighth, so that blocks fit arrays that are a little smaller or larger.
  static std::size_t rounded(std::size_t n) {
    if (n < PAGE) return n;
    std::size_t step = PAGE / 8;
    while (step * 16 < n) step *= 2;
    return (n + step - 1) / step * step;
  }
  static Block* block_of(void* p) { return reinterpret_cast<Block*>(static_cast<char*>(p) - HEADER); }
  static void* memory_of(Block* block, std::size_t size) {
    if (!block) return nullptr;
    block->size = size;
    return reinterpret_cast<char*>(block) + HEADER;
  }
  Block* remove(std::size_t place) {
    Block* block = kept_[place];
    std::memmove(kept_ + place, kept_ + place + 1, (count_ - place - 1) * sizeof(Block*));
    --count_;
    bytes_ -= block->size;
    return block;
  }
  Block* find(std::size_t size) {
    if (size < PAGE) return nullptr;
    const Turn turn(busy_);
    if (turn.mine)
      for (std::size_t i = count_; i-- > 0;)
        if (kept_[i]->size == size) return remove(i);
    return nullptr;
  }
  // Large blocks come from the system itself: in the C library's heap, one that is kept would keep those below it too.
  Block* ask(std::size_t size, bool zeroed) const {
#ifdef HAS_MMAP
    if (size >= LARGE) {
      void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
      if (p == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
      if (size >= HUGE_PAGES && huge_pages) madvise(p, size, MADV_HUGEPAGE);
#endif
      return static_cast<Block*>(p);
    }
#endif
    return static_cast<Block*>(zeroed ? std::calloc(size, 1) : std::malloc(size));
  }
  static void give_back(Block* block) {
#ifdef HAS_MMAP
    if (block->size >= LARGE) {
      munmap(block, block->size);
      return;
    }
#endif
    std::free(block);
  }

 public:
  bool huge_pages = true;

  void* take(std::size_t n, bool zeroed) {
    if (n > SIZE_MAX / 4) return nullptr;
    const std::size_t size = rounded(n + HEADER);
    Block* block = find(size);
    if (!block) return memory_of(ask(size, zeroed), size);
    return zeroed ? std::memset(memory_of(block, size), 0, n) : memory_of(block, size);
  }
  void give(void* p) {
    if (!p) return;
    Block* block = block_of(p);
    if (block->size >= PAGE && block->size <= KEPT) {
      const Turn turn(busy_);
      if (turn.mine) {
        while (count_ == PLACES || bytes_ + block->size > KEPT) give_back(remove(0));
        kept_[count_++] = block;
        bytes_ += block->size;
        return;
      }
    }
    give_back(block);
  }
  void* resize(void* p, std::size_t n) {
    void* q = take(n, false);
    if (p && q) {
      std::memcpy(q, p, std::min(n, block_of(p)->size - HEADER));
      give(p);
    }
    return q;
  }
};

inline Blocks blocks;

inline PyDataMem_Handler memory_handler = {"dualnum",
                                           1,
                                           {nullptr, [](void*, std::size_t n) { return blocks.take(n, false); },
                                            [](void*, std::size_t n, std::size_t size) -> void* {
                                              return size && n > SIZE_MAX / size ? nullptr
                                                                                 : blocks.take(n * size, true);
                                            },
                                            [](void*, void* p, std::size_t n) { return blocks.resize(p, n); },
                                            [](void*, void* p, std::size_t) { blocks.give(p); }}};

// Passes of drivers that this thread is in, and whether they have set the handler.
inline thread_local int open_passes = 0;
inline thread_local bool keeping = false;
inline void count_passes(int more) { open_passes += more; }
inline void set_keeping(bool now) { keeping = now; }

inline PyObject* memory_capsule() { return PyCapsule_New(&memory_handler, "mem_handler", nullptr); }

// Whether arrays get their memory as NumPy's default is, not from a handler of the user's or from here.
inline bool is_default_memory(PyObject* capsule) {
  const void* handler = PyCapsule_GetPointer(capsule, "mem_handler");
  if (!handler) PyErr_Clear();
  return handler && std::strcmp(static_cast<const PyDataMem_Handler*>(handler)->name, "default_allocator") == 0;
}

}  // namespace dn
