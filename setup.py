"""Build dualnum's extension; pyproject.toml holds everything else.

DUALNUM_SANITIZE=address builds with AddressSanitizer, =thread with ThreadSanitizer; see CONTRIBUTING.rst for how to run
the tests with them.
"""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

# No fused multiply-add, no -ffast-math and no -march=native: values must equal NumPy's to the last bit.
# memset as a call: gcc's own code for the 120 bytes of a scalar ("rep stos") takes longer than a product of scalars.
# Hidden symbols: a second copy of the extension in the process, loaded from another path, shares nothing with this one.
UNIX_FLAGS = ["-O3", "-g0", "-std=c++17", "-fno-math-errno", "-ffp-contract=off", "-fno-builtin-memset"]
# Thread-local variables stay within the extension, so that a function asks for their place once, not for each of them.
UNIX_FLAGS += ["-fvisibility=hidden", "-ftls-model=local-dynamic", "-Wall", "-Wextra"]
MSVC_FLAGS = ["/O2", "/std:c++17", "/fp:precise"]


def needs(path):
    """Return the files upon which a C++ source of ours or of Cython's depends, itself included."""
    found = {path}
    for name in re.findall(r'^ *#include "(.+)"', Path(path).read_text(encoding="utf-8"), re.MULTILINE):
        if os.path.exists(f"ext/{name}"):
            found |= needs(f"ext/{name}")
    return found


class BuildExtension(build_ext):
    """Add the flags of the compiler that is used, and compile what has changed, several sources at once."""

    def build_extensions(self):
        sanitizer = os.environ.get("DUALNUM_SANITIZE")
        for extension in self.extensions:
            if self.compiler.compiler_type == "msvc":
                extension.extra_compile_args = MSVC_FLAGS
            else:
                extension.extra_compile_args = list(UNIX_FLAGS)
                if sanitizer:
                    flags = [f"-fsanitize={sanitizer}", "-fno-omit-frame-pointer", "-g", "-O1"]
                    extension.extra_compile_args += flags
                    extension.extra_link_args = flags[:1]
                if sys.platform == "linux":  # target_clones exports its resolvers whatever the visibility
                    extension.extra_link_args += ["-Wl,--version-script=ext/exports.map"]
        compile_all = self.compiler.compile

        def compile_changed(sources, output_dir=None, **options):
            def compile_one(source):
                (target,) = self.compiler.object_filenames([source], output_dir=output_dir)
                if self.force or newer_group([*needs(source), "setup.py"], target):
                    compile_all([source], output_dir=output_dir, **options)
                return target

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return list(pool.map(compile_one, sources))

        self.compiler.compile = compile_changed
        super().build_extensions()


core = Extension(
    "dualnum._core",
    sources=["ext/cython/_core.pyx", *sorted(glob("ext/loops/*.cpp")), *sorted(glob("ext/reverse/*.cpp"))],
    depends=["setup.py", *sorted(glob("ext/*/*.*"))],
    include_dirs=["ext", numpy.get_include()],
    define_macros=[
        ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
        ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION"),
    ],
    language="c++",
)

setup(
    ext_modules=cythonize([core], build_dir="build/cython", compiler_directives={"language_level": 3}),
    cmdclass={"build_ext": BuildExtension},
)
