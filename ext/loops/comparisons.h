// How often a thread has compared duals: a function that does little else finds its result without a derivative.
#pragma once

namespace dn {

inline thread_local unsigned long comparisons = 0;
// Of the last call of a driver's function.
inline thread_local unsigned long comparisons_of_call = 0;

}  // namespace dn
