"""Build dualnum's extension; pyproject.toml holds everything else.

DUALNUM_SANITIZE=address builds with AddressSanitizer; see CONTRIBUTING.rst for how to run the tests with it.
"""

import os
from glob import glob

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# No fused multiply-add, no -ffast-math and no -march=native: values must equal NumPy's to the last bit.
# memset as a call: gcc's own code for the 120 bytes of a scalar ("rep stos") takes longer than a product of scalars.
UNIX_FLAGS = ["-O3", "-g0", "-std=c++17", "-fno-math-errno", "-ffp-contract=off", "-fno-builtin-memset"]
UNIX_FLAGS += ["-Wall", "-Wextra"]
MSVC_FLAGS = ["/O2", "/std:c++17", "/fp:precise"]


class BuildExtension(build_ext):
    """Add the flags of the compiler that is used."""

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
        super().build_extensions()


core = Extension(
    "dualnum._core",
    sources=["ext/cython/_core.pyx"],
    depends=[
        "setup.py",
        *sorted(path for kind in ("pyx", "pxi", "h", "def") for path in glob(f"ext/*/*.{kind}")),
    ],
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
