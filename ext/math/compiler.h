// Attributes and barriers that compilers spell differently.
#pragma once
#ifdef _MSC_VER
#include <intrin.h>
#endif

static_assert(sizeof(void*) == 8, "dualnum needs a 64-bit platform: sizes of elements are counted in 64 bits");

// Compiles a function a second time for AVX2, with the same results to the bit; the loader chooses by the processor.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

// Keeps a rare path out of its caller, so that the caller is small enough to be inlined itself.
#ifdef _MSC_VER
#define NOINLINE __declspec(noinline)
#else
#define NOINLINE __attribute__((noinline))
#endif

// Promises that the iterations of a loop are independent: the result is an operand itself, or overlaps none.
#if defined(__GNUC__) && !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

namespace dn {

// Forbids the compiler to move the computation of x across this point.  Compilers do not know that arithmetic raises
// floating-point flags, and would otherwise move it across reads of the flags.
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

// The same for everything in memory.
inline void pin_memory() {
#if defined(__GNUC__)
  asm volatile("" ::: "memory");
#elif defined(_MSC_VER)
  _ReadWriteBarrier();
#endif
}

}  // namespace dn
