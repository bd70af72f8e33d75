// What compilers and processors differ in.
#pragma once
#ifdef _MSC_VER
#include <intrin.h>
#endif

static_assert(sizeof(void*) == 8, "dualnum needs a 64-bit platform: sizes of elements are counted in 64 bits");

// Compiles a function a second time for AVX2; the loader chooses it where the processor has it.  Its bits are the same.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

// Promises that the iterations of a loop are independent: its result is its operand itself, or lies apart from it.
#if defined(__GNUC__) && !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

namespace dn {

// Keeps the computation of x where it is written, relative to reads of the floating-point flags.  Without it a compiler
// may compute x before or after, because it does not know that arithmetic raises flags.
inline void pin(double& x) {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
  asm volatile("" : "+x"(x));
#elif defined(__GNUC__) && defined(__aarch64__)
  asm volatile("" : "+w"(x));
#else
  volatile double pinned = x;
  x = pinned;
#endif
}

// The same for all numbers in memory.
inline void pin_memory() {
#if defined(__GNUC__)
  asm volatile("" ::: "memory");
#elif defined(_MSC_VER)
  _ReadWriteBarrier();
#endif
}

}  // namespace dn
