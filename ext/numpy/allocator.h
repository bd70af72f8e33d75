// A memory handler for NumPy (NEP 49) that caches the blocks of freed arrays for the next arrays.
//
// The C library returns large freed blocks, and the free end of its heap, to the system.  The next large array then
// costs a page fault and the clearing of a page every 4 KiB, which takes longer than most ufuncs take on a page.  So
// while a driver calls its function on large arrays, NumPy allocates array data here:
//   * Every block carries a header with its size; its memory starts HEADER bytes further, on a cache line.
//   * A freed block of a page (4 KiB) or more enters the cache, unless it exceeds MAX_CACHED_BYTES by itself.  The
//     cache holds at most MAX_CACHED_BYTES and MAX_CACHED_BLOCKS; the blocks freed first leave it for the system.
//   * An allocation takes the cached block of its rounded size that was freed last.  calloc clears such a block; a
//     block from the system is zero already.
//   * The cache outlives the driver's call, and arrays that outlive the call still free their memory here.
//   * Blocks from 64 KiB on come from mmap.  From 4 MiB on they ask for huge pages, as NumPy's own arrays do.
//   * All threads in a driver's call share the cache; threads that f starts have NumPy's own handler.  A forked child
//     has its own copy of the cache.
#pragma once
#include <Python.h>
#include <numpy/arrayobject.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#define HAS_MMAP
#endif

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace dn {

class BlockCache {
  static constexpr std::size_t PAGE = std::size_t{1} << 12, FROM_MMAP = std::size_t{1} << 16,
                               HUGE_PAGES = std::size_t{1} << 22;
  static constexpr std::size_t HEADER = 64, MAX_CACHED_BLOCKS = 256, MAX_CACHED_BYTES = std::size_t{1} << 27;

  struct Block {
    std::size_t size;  // header included
  };
  static_assert(sizeof(Block) <= HEADER && HEADER % alignof(std::max_align_t) == 0, "arrays stay aligned");
  Block* cached_[MAX_CACHED_BLOCKS] = {};  // in the order in which they were freed
  std::size_t count_ = 0, bytes_ = 0;

  // A mutex that is only tried: on contention the caller bypasses the cache and goes to the system.  If another thread
  // holds it during fork(), the child never gets it, and bypasses the cache for good instead of waiting for ever.
  struct TryMutex {
    std::atomic_flag busy = ATOMIC_FLAG_INIT;
    bool try_lock() { return !busy.test_and_set(std::memory_order_acquire); }
    void unlock() { busy.clear(std::memory_order_release); }
  };
  using TryLock = std::unique_lock<TryMutex>;
  TryMutex mutex_;

  // n from a page on is rounded up by at most an eighth, so that arrays of slightly different sizes share blocks.
  static std::size_t rounded(std::size_t n) {
    if (n < PAGE) return n;
    std::size_t step = PAGE / 8;
    while (step * 16 < n) step *= 2;
    return (n + step - 1) / step * step;
  }
  static Block* block_of(void* p) { return reinterpret_cast<Block*>(static_cast<char*>(p) - HEADER); }
  // Writes the header; null for null.
  static void* memory_of(Block* block, std::size_t size) {
    if (!block) return nullptr;
    block->size = size;
    return reinterpret_cast<char*>(block) + HEADER;
  }
  Block* remove(std::size_t place) {
    Block* block = cached_[place];
    std::memmove(cached_ + place, cached_ + place + 1, (count_ - place - 1) * sizeof(Block*));
    --count_;
    bytes_ -= block->size;
    return block;
  }
  // The cached block of this size that was freed last, out of the cache; null if there is none.
  Block* reuse(std::size_t size) {
    if (size < PAGE) return nullptr;
    const TryLock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock())
      for (std::size_t i = count_; i-- > 0;)
        if (cached_[i]->size == size) return remove(i);
    return nullptr;
  }
  // A new block, or null.  Large ones bypass the C library: in its heap a cached block would pin the pages below it.
  Block* from_system(std::size_t size, bool zeroed) const {
#ifdef HAS_MMAP
    if (size >= FROM_MMAP) {
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
  static void to_system(Block* block) {
#ifdef HAS_MMAP
    if (block->size >= FROM_MMAP) {
      munmap(block, block->size);
      return;
    }
#endif
    std::free(block);
  }

 public:
  bool huge_pages = true;

  void* allocate(std::size_t n, bool zeroed) {
    if (n > SIZE_MAX / 4) return nullptr;  // so that no size below overflows
    const std::size_t size = rounded(n + HEADER);
    Block* block = reuse(size);
    if (!block) return memory_of(from_system(size, zeroed), size);
    return zeroed ? std::memset(memory_of(block, size), 0, n) : memory_of(block, size);
  }
  void free(void* p) {
    if (!p) return;
    Block* block = block_of(p);
    if (block->size >= PAGE && block->size <= MAX_CACHED_BYTES) {
      const TryLock lock(mutex_, std::try_to_lock);
      if (lock.owns_lock()) {
        while (count_ == MAX_CACHED_BLOCKS || bytes_ + block->size > MAX_CACHED_BYTES) to_system(remove(0));
        cached_[count_++] = block;
        bytes_ += block->size;
        return;
      }
    }
    to_system(block);
  }
  // Allocates anew, copies and frees; the bytes beyond the old size are not cleared, as with realloc.
  void* reallocate(void* p, std::size_t n) {
    void* q = allocate(n, false);
    if (p && q) {
      std::memcpy(q, p, std::min(n, block_of(p)->size - HEADER));
      free(p);
    }
    return q;
  }
};

inline BlockCache block_cache;

inline PyDataMem_Handler memory_handler = {
    "dualnum",
    1,
    {nullptr, [](void*, std::size_t n) { return block_cache.allocate(n, false); },
     [](void*, std::size_t n, std::size_t size) -> void* {
       return size && n > SIZE_MAX / size ? nullptr : block_cache.allocate(n * size, true);
     },
     [](void*, void* p, std::size_t n) { return block_cache.reallocate(p, n); },
     [](void*, void* p, std::size_t) { block_cache.free(p); }}};

// How many passes of drivers are nested in this thread, and whether one of them has set the handler.
inline thread_local int pass_depth = 0;
inline thread_local bool handler_is_set = false;

inline PyObject* memory_capsule() { return PyCapsule_New(&memory_handler, "mem_handler", nullptr); }

// Whether the capsule holds NumPy's default handler: neither the user's nor this one.
inline bool is_default_memory(PyObject* capsule) {
  const void* handler = PyCapsule_GetPointer(capsule, "mem_handler");
  if (!handler) PyErr_Clear();
  return handler && std::strcmp(static_cast<const PyDataMem_Handler*>(handler)->name, "default_allocator") == 0;
}

}  // namespace dn
