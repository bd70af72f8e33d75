"""Many mutants of the C++ headers in one build, of which one at a time is switched on at run time, for mutate.py.

``a + b`` becomes ``a + at<7> + b``: the operators of `Switch` below compute a - b where mutant 7 is current.  So the
precedence of all operators stays.  A constant becomes a conditional expression.  Where that does not compile, in
constant expressions and template arguments, the mutant is left out.
"""

import collections
import os
import re
import subprocess
import sys
import sysconfig

import numpy

HEADER = """#pragma once
#include <type_traits>
namespace mutants {
inline int current = 0;
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
    if constexpr (name<T, U>::value) { if (current == N) return decltype(x.left op y)(x.left other y); }        \\
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


def switch_to_mutant(int number):
    global current_mutant
    current_mutant = number
"""


def can_switch(mutant):
    _, start, _, after = mutant.make.args
    return mutant.path.endswith((".h", ".cpp")) and not re.search(r"&&|\|\|", after) and start >= 0


def write(where, original, numbered):
    """Write the sources with these mutants switched in; numbered is {number: mutant}."""
    changes = collections.defaultdict(list)
    for number, mutant in numbered.items():
        line, start, stop, after = mutant.make.args
        changes[mutant.path].append((line, start, stop, after, number))
    for path, text in original.items():
        lines = text.splitlines(keepends=True)
        for line, start, stop, after, number in sorted(changes[path], reverse=True):
            before = lines[line][start:stop]
            if before.startswith(" "):
                new = f"{before}mutants::at<{number}>{before}"
            else:
                new = f"(mutants::current == {number} ? {after} : {before})"
            lines[line] = lines[line][:start] + new + lines[line][stop:]
        (where / path).write_text('#include "mutants.h"\n' * (path in changes) + "".join(lines))


def build(where, mutants):
    """Build a copy of the checkout with all mutants that compile; return them by their numbers."""
    (where / "ext/mutants.h").write_text(HEADER)
    core = where / "ext/cython/_core.pyx"
    core.write_text(core.read_text() + SETTER)
    original = {mutant.path: (where / mutant.path).read_text() for mutant in mutants}
    numbered = dict(enumerate(filter(can_switch, mutants), 1))
    include = [f"-I{x}" for x in ("ext", numpy.get_include(), sysconfig.get_paths()["include"])]
    sources = ["build/cython/ext/cython/_core.cpp", "ext/loops/loops.cpp", "ext/loops/matmul.cpp"]
    environment = {**os.environ, "PYTHONPATH": str(where), "CFLAGS": "-w"}  # the switches cause warnings
    subprocess.run([sys.executable, "-c", CYTHONIZE], cwd=where, env=environment, check=True)
    for _ in range(6):
        write(where, original, numbered)
        bad = set()
        for source in sources:
            command = [
                "g++",
                "-std=c++17",
                "-w",
                "-fsyntax-only",
                "-fmax-errors=0",
                *MACROS,
                *include,
                source,
            ]
            errors = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False).stderr
            # the line of the error, and those that instantiate it
            bad |= {(path, int(n) - 2) for path, n in re.findall(r"(ext/[\w/]+\.\w+):(\d+):", errors)}
        if not bad:
            break
        numbered = {n: m for n, m in numbered.items() if (m.path, m.make.args[0]) not in bad}
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=where, env=environment, check=True
    )
    return numbered


MACROS = ["-DNPY_NO_DEPRECATED_API=NPY_2_0_API_VERSION", "-DNPY_TARGET_VERSION=NPY_2_0_API_VERSION"]
CYTHONIZE = (
    "from Cython.Build import cythonize; from setuptools import Extension; "
    "cythonize([Extension('dualnum._core', ['ext/cython/_core.pyx'], language='c++')], build_dir='build/cython', "
    "compiler_directives={'language_level': 3})"
)
