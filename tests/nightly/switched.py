"""Many native mutants in one build, of which one at a time is switched on at run time, for mutate.py.

``a + b`` becomes ``a + at<7> + b``: the operators of `Switch` below compute a - b where mutant 7 is current.  So the
precedence of all operators stays.  A constant becomes a conditional expression, and so does an expression of Cython's:
``(a - b) if mutant_on(7) else (a + b)``.  Where that does not compile, as in constant expressions and template
arguments, the mutant is left out.
"""

import collections
import os
import re
import subprocess
import sys

HEADER = """#pragma once
#include <type_traits>
namespace mutants {
inline int current = 0;
inline unsigned char reached[1 << 16];  // by the number of the mutant, current or not
template <int N> constexpr bool on() { reached[N] = 1; return current == N; }
template <int N> struct Switch {};
template <int N> inline constexpr Switch<N> at{};
template <int N, class T> struct Half { T left; };
#define EITHER(op, other, name)                                                                               \\
  template <class T, class U, class = void> struct name : std::false_type {};                                  \\
  template <class T, class U> struct name<T, U, std::void_t<decltype(static_cast<                              \\
      decltype(std::declval<T>() op std::declval<U>())>(std::declval<T>() other std::declval<U>()))>>           \\
      : std::true_type {};                                                                                      \\
  template <int N, class T, class = std::enable_if_t<std::is_scalar_v<T>>>                                      \\
  constexpr Half<N, T> operator op(T left, Switch<N>) { return {left}; }                                        \\
  template <int N, class T, class U> constexpr auto operator op(Half<N, T> x, U y) -> decltype(x.left op y) {   \\
    if constexpr (name<T, U>::value) { if (on<N>()) return decltype(x.left op y)(x.left other y); }             \\
    return x.left op y;                                                                                         \\
  }
EITHER(+, -, Plus) EITHER(-, +, Minus) EITHER(*, /, Times) EITHER(/, *, Over)
EITHER(<, <=, Less) EITHER(<=, <, LessEqual) EITHER(>, >=, More) EITHER(>=, >, MoreEqual)
EITHER(==, !=, Equal) EITHER(!=, ==, NotEqual)
}  // namespace mutants
"""
SETTER = """
cdef extern from "mutants.h":
    int current_mutant "mutants::current"
    unsigned char reached_mutants "mutants::reached"[1 << 16]


def switch_to_mutant(int number):
    global current_mutant
    current_mutant = number


def mutants_reached():
    # the numbers of the mutants whose place was reached since the last call
    cdef int i
    found = [i for i in range(1 << 16) if reached_mutants[i]]
    for i in found:
        reached_mutants[i] = 0
    return found


cdef inline bint mutant_on(int number) noexcept nogil:
    reached_mutants[number] = 1
    return current_mutant == number
"""


def can_switch(mutant):
    return not is_cpp(mutant.path) or not re.search(r"&&|\|\|", mutant.make.args[3])


def is_cpp(path):
    return path.endswith((".h", ".cpp"))


def write(where, original, numbered):
    """Write the sources with these mutants switched in; numbered is {number: mutant}."""
    changes = collections.defaultdict(list)
    for number, mutant in numbered.items():
        line, start, stop, after = mutant.make.args
        changes[mutant.path].append((stop - start, line, start, stop, after, number))
    for path, text in original.items():
        lines = [list(line) for line in text.splitlines(keepends=True)]
        for size, line, start, stop, after, number in sorted(changes[path]):  # what others enclose first
            before = "".join(lines[line][start:stop])
            if not is_cpp(path):
                # a condition of Python's and of C's truth values; without the cast Cython makes NULL of the latter
                cast = "<bint>" * bool(re.search(r"\b(if|elif|while) $", "".join(lines[line][:start])))
                new = f"({cast}({after}) if mutant_on({number}) else {cast}({before}))"
            elif before.startswith(" "):
                new = f"{before}mutants::at<{number}>{before}"
            else:
                new = f"(mutants::on<{number}>() ? {after} : {before})"
            lines[line][start:stop] = [new] + [""] * (size - 1)
        header = '#include "mutants.h"\n' * (path in changes and is_cpp(path))
        (where / path).write_text(header + "".join(map("".join, lines)))


def build(where, mutants):
    """Build a copy of the checkout with all mutants that compile; return them by their numbers."""
    (where / "ext/mutants.h").write_text(HEADER)
    core = where / "ext/cython/_core.pyx"
    core.write_text(core.read_text() + SETTER)
    original = {mutant.path: (where / mutant.path).read_text() for mutant in mutants}
    numbered = dict(enumerate(filter(can_switch, mutants), 1))
    # warnings are about the switches; -O1 takes a third of the time
    environment = {**os.environ, "PYTHONPATH": str(where), "CFLAGS": "-w", "CXXFLAGS": "-w"}
    setup = where / "setup.py"
    setup.write_text(setup.read_text().replace('"-O3"', '"-O1"'))
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    for _ in range(12):
        write(where, original, numbered)
        done = subprocess.run(
            command, cwd=where, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return numbered
        # the line of the error, and those that instantiate it or that it expands
        found = re.findall(r"(ext/[\w/]+\.\w+):(\d+):", done.stdout + done.stderr)
        places = {(path, int(n) - 1 - is_cpp(path)) for path, n in found}
        numbers = {int(n) for n in re.findall(r"with int N = (\d+)", done.stderr)}
        numbered = {
            n: m for n, m in numbered.items() if n not in numbers and (m.path, m.make.args[0]) not in places
        }
    sys.exit(done.stderr)
