// sin, cos and exp without branches and tables, so that compilers vectorise loops of them.
//
// They compute companions only, never primals: their results differ from the C library's by at most one bit.
#pragma once
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace dn {

// A double whose sin, cos and exp are those below, by overloading, in place of the C library's.
struct BranchFree {
  double v;
  BranchFree(double value) : v(value) {}  // NOLINT: constants in the columns convert
  explicit operator double() const { return v; }
};
inline BranchFree operator+(BranchFree a, BranchFree b) { return a.v + b.v; }
inline BranchFree operator-(BranchFree a, BranchFree b) { return a.v - b.v; }
inline BranchFree operator*(BranchFree a, BranchFree b) { return a.v * b.v; }
inline BranchFree operator/(BranchFree a, BranchFree b) { return a.v / b.v; }
inline BranchFree operator-(BranchFree a) { return -a.v; }

// The largest |x| for which they are accurate; none where the compiler keeps intermediate results wider than double.
constexpr double SINCOS_REACH = FLT_EVAL_METHOD == 0 ? 5e5 : -1, EXP_REACH = FLT_EVAL_METHOD == 0 ? 700 : -1;

inline std::uint64_t bits_of(double x) {
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline double double_of(std::uint64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// x + ROUND - ROUND is the integer nearest to x, |x| < 2^51, whose last bits are those of x + ROUND.
constexpr double ROUND = 0x1.8p52;

// sin(x + quarters * pi/2).  First x - n pi/2 = r + e with |r| <= pi/4 and a small correction e, by subtracting n times
// parts of pi/2 of 33 bits each, whose products with n are exact.  Then the polynomials of fdlibm (k_sin.c, k_cos.c).
inline BranchFree sine(BranchFree argument, std::uint64_t quarters) {
  const double x = argument.v, shifted = x * 0x1.45f306dc9c883p-1 + ROUND, n = shifted - ROUND;
  const std::uint64_t quadrant = bits_of(shifted) + quarters;
  const double a = x - n * 0x1.921fb544p0;
  const double second = n * 0x1.0b4611a6p-34, b = a - second, b_part = b - a;
  const double b_error = (a - (b - b_part)) - (second + b_part);
  const double third = n * 0x1.3198a2ep-69, c = b - third, c_part = c - b;
  const double c_error = (b - (c - c_part)) - (third + c_part);
  const double residual = (b_error + c_error) - n * 0x1.b839a252049c1p-104;
  const double r = c + residual, e = (c - r) + residual, z = r * r;

  const double s = 0x1.111111110f8a6p-7 +
                   z * (-0x1.a01a019c161d5p-13 +
                        z * (0x1.71de357b1fe7dp-19 + z * (-0x1.ae5e68a2b9cebp-26 + z * 0x1.5d93a5acfd57cp-33)));
  const double cube = z * r;
  const double sin_r = r - ((z * (0.5 * e - cube * s) - e) - cube * -0x1.5555555555549p-3);

  const double t =
      z * (0x1.555555555554cp-5 +
           z * (-0x1.6c16c16c15177p-10 +
                z * (0x1.a01a019cb159p-16 +
                     z * (-0x1.27e4f809c52adp-22 + z * (0x1.1ee9ebdb4b1c4p-29 + z * -0x1.8fae9be8838d4p-37)))));
  const double half = 0.5 * z, w = 1 - half;
  const double cos_r = w + (((1 - w) - half) + (z * t - r * e));

  const std::uint64_t odd = 0 - (quadrant & 1), sign = (quadrant & 2) << 62;
  return double_of(((bits_of(sin_r) & ~odd) | (bits_of(cos_r) & odd)) ^ sign);
}
inline BranchFree sin(BranchFree x) { return sine(x, 0); }
inline BranchFree cos(BranchFree x) { return sine(x, 1); }

// e^x = 2^n e^r: fdlibm's polynomial (e_exp.c) gives e^r, and n is added to its exponent bits.
inline BranchFree exp(BranchFree argument) {
  const double x = argument.v, shifted = x * 0x1.71547652b82fep0 + ROUND, n = shifted - ROUND;
  const double high = x - n * 0x1.62e42feep-1, low = n * 0x1.a39ef35793c76p-33, r = high - low, t = r * r;
  const double c =
      r - t * (0x1.555555555553ep-3 +
               t * (-0x1.6c16c16bebd93p-9 +
                    t * (0x1.1566aaf25de2cp-14 + t * (-0x1.bbd41c5d26bf1p-20 + t * 0x1.6376972bea4dp-25))));
  const double power = 1 - ((low - (r * c) / (2 - c)) - high);
  return double_of(bits_of(power) + (bits_of(shifted) << 52));
}

}  // namespace dn
