"""All that ``import dualnum`` changes in NumPy, and the private part that rules read; ``PATCHES`` is the table.

Several NumPy functions in Python do not dispatch but look up a helper each time they run.  The extended helper treats
duals itself and calls NumPy's own with all other arguments.  The environment variable ``DUALNUM_PATCH_NUMPY=0``, read
once at import, switches off every row that changes something.
"""

import functools
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.polynomial

from dualnum._core import DUAL_DTYPES, ComplexDual, ComplexDualDType, Dual, DualDType
from dualnum.rules._components import components
from dualnum.rules._operands import as_dual_arrays, float_arguments, has_duals, with_values
from dualnum.rules.arrays.printing import element_formatter
from dualnum.rules.linalg._helpers import scaled_least_squares

ENABLED = os.environ.get("DUALNUM_PATCH_NUMPY") != "0"


class Patch(NamedTuple):
    """One row of the table."""

    name: str  #: of the function that makes the change
    targets: str  #: dotted paths, separated by spaces
    reason: str
    without: str  #: the consequence where the target is missing, or where the switch is off
    versions: str = "2.0 and later"  #: of NumPy that have the target


_COMPANIONS = "polynomial.poly chebyshev.cheb legendre.leg laguerre.lag hermite.herm hermite_e.herme".split()

PATCHES = (
    Patch(
        "as_series",
        "numpy.polynomial.polyutils.as_series",
        "It converts coefficients to a common built-in dtype, and drops zeros at the end that have derivatives.",
        "Functions of numpy.polynomial raise ValueError for duals: no common type.",
    ),
    Patch(
        "trimseq",
        "numpy.polynomial.polyutils.trimseq",
        "It drops zeros at the end of a result that have derivatives.",
        "While as_series is extended: those derivatives are lost without an error.",
    ),
    Patch(
        "fit",
        "numpy.polynomial.polyutils._fit",
        "It calls np.linalg.lstsq with plain arrays of duals, which do not dispatch.",
        "Polynomial.fit and polyfit of numpy.polynomial raise errors for duals.",
    ),
    Patch(
        "dual_results",
        " ".join(
            ["numpy.vectorize._vectorize_call", "numpy.polynomial.chebyshev._cseries_to_zseries"]
            + [f"numpy.polynomial.{name}companion" for name in _COMPANIONS]
        ),
        "They return plain arrays of duals, which do not dispatch to np.dot, np.convolve or np.linalg.eigvals.",
        "TypeError for products of Chebyshev series, roots() of numpy.polynomial, np.dot of np.vectorize's results.",
    ),
    Patch(
        "to_real_if_imag_zero",
        "numpy.linalg._linalg._to_real_if_imag_zero",
        "It views complex roots as real ones; roots with derivatives are real already.",
        "roots() of numpy.polynomial raises TypeError for duals.",
        "2.5 and later",
    ),
    Patch(
        "trim_zeros",
        "numpy.lib._polynomial_impl.trim_zeros",
        "np.poly1d drops leading zeros that have derivatives.",
        "np.poly1d loses the derivatives of leading zeros without an error where it is given plain arrays or lists of "
        "duals; of a DualArray it refuses them.",
    ),
    Patch(
        "where",
        "numpy.lib._function_base_impl.where",
        "np.sinc puts a constant into the place of 0 with it, and has no other rule on a plain array of duals.",
        "np.sinc of a plain array of duals loses second and higher derivatives at 0.",
    ),
    Patch(
        "lerp",
        "numpy.lib._function_base_impl._lerp",
        "np.quantile interpolates in place, which a dual scalar does not allow.",
        "np.quantile and np.percentile raise TypeError where the result is one dual.",
    ),
    Patch(
        "median_nancheck",
        "numpy.lib._utils_impl._median_nancheck",
        "np.median writes nan into its result, unless that is a NumPy scalar, which a dual is not.",
        "np.median raises TypeError where the result is one dual and the data contain nan.",
    ),
    Patch(
        "otypes_of",
        "numpy.vectorize._get_ufunc_and_otypes",
        "np.vectorize names result types by a character, and no dtype can be made from that of duals.",
        "np.vectorize raises TypeError for duals.",
    ),
    Patch(
        "format_function",
        "numpy._core.arrayprint._get_format_function",
        "It has no formatter for the elements of other dtypes, which then print by repr, without print options.",
        "Arrays of duals print all digits, whatever np.printoptions and precision= say.",
    ),
    Patch(
        "masked_arrays",
        "numpy.ma.core.default_fill_value numpy.ma.extras.average numpy.ma.core.min_filler numpy.ma.core.max_filler",
        "They know built-in dtypes only; the last two hold the limits by which masked arrays find extrema and sort.",
        "Masked arrays of duals are filled with bytes; their average with weights, min, max and sort raise TypeError.",
    ),
    Patch(
        "isdtype_tables",
        "numpy._core.numerictypes.allTypes numpy._core.numerictypes.sctypes",
        "np.isdtype looks scalar types up there; array API code asks it first whether numbers are real floating.",
        "np.isdtype(x.dtype, ...) raises TypeError for duals.",
    ),
    Patch(
        "finfo_cache",
        "numpy.finfo._finfo_cache",
        "np.finfo(x.dtype) is that of float64; np.finfo itself knows built-in dtypes only.",
        "np.finfo(x.dtype) raises KeyError for duals.",
    ),
    Patch(
        "when_imported",
        "sys.meta_path",
        "The rules of scipy.special and the guard of scipy.sparse are imported right after these, and dualnum does "
        "not import SciPy itself.",
        "They are imported with dualnum if SciPy's modules are imported already; else by "
        "`import dualnum.rules.ufuncs.scipy_special, dualnum.rules.sparse.routines, dualnum.rules.sparse.classes`.",
        "all",
    ),
    Patch(
        "guarded",
        "scipy.sparse._sparsetools.<function>",
        "Its compiled routines look the type number of an array up in a table of NumPy's: dualnum.rules.sparse "
        "gives them the components of duals, or refuses.",
        "They crash the process on sparse matrices of duals.",
        "all",
    ),
    Patch(
        "carry_duals",
        "scipy.sparse._sputils.upcast scipy.sparse._sputils.getdtype scipy.sparse.<class>.<method>",
        "They know built-in dtypes only, and drop elements of value 0 that have derivatives.",
        "Products of sparse matrices and duals, and sparse matrices of duals, raise TypeError or ValueError.",
        "all",
    ),
    Patch(
        "h5py_types",
        "h5py.h5t.py_create",
        "It takes the dtype of duals for opaque bytes.",
        "h5py writes duals as bytes, without an error.",
        "all",
    ),
    Patch(
        "pandas_blocks",
        "pandas.core.internals.concat._concatenate_join_units pandas.core.dtypes.cast.np_can_hold_element",
        "pandas takes the dtype of duals for that of a missing column, which holds no number.",
        "pd.concat of frames with duals gives nan, Series.replace changes nothing.",
        "all",
    ),
    Patch(
        "optimizers",
        "scipy.optimize._minpack_py._check_func",
        "It lets duals pass, and compiled code then prints the error of their conversion.",
        "fsolve and leastsq print a TypeError before drivers call them as lifted functions.",
        "all",
    ),
    Patch(
        "sparse_zeros",
        "sparse.numba_backend._utils.equivalent",
        "It compares values alone, and what equals the fill value is not stored.",
        "Sparse arrays of the package sparse lose the derivatives of elements with the value 0.",
        "all",
    ),
    Patch(
        "log_of_sum",
        "scipy.special._logsumexp._logsumexp",
        "scipy.special.logsumexp calls it with plain arrays of duals, and it asks for results of their dtype.",
        "scipy.special.logsumexp raises TypeError for duals.",
        "SciPy 1.15 and later",
    ),
    Patch(
        "numpy_implementation",
        "numpy.<function>._implementation",
        "Read, not changed: NumPy's code below the dispatch, for rules that call it with other arguments.",
        "import dualnum fails, because no NumPy function seems to dispatch.  The switch does not concern it.",
    ),
)

_ROWS = {patch.name: patch for patch in PATCHES}


def _find(path):
    """Return the object at a dotted path, or None."""
    if path in sys.modules:
        return sys.modules[path]
    parent, _, name = path.rpartition(".")
    return getattr(_find(parent), name, None) if parent else None


def extends(on_duals: Callable) -> Callable:
    """Extend the targets of the row of this name by a function of NumPy's own helper and its arguments."""

    def extended(own):
        return functools.wraps(own)(lambda *args, **kwargs: on_duals(own, *args, **kwargs))

    for target in _ROWS[on_duals.__name__].targets.split() if ENABLED else ():
        owner, _, name = target.rpartition(".")
        if (own := _find(target)) is not None:
            setattr(_find(owner), name, extended(own))
    return on_duals


# ---- helpers of NumPy's functions ----


@extends
def as_series(own, alist, trim=True):
    """Return one-dimensional arrays of coefficients, without zeros at the end whose derivatives are zero too."""
    alist = list(alist)
    arrays = [np.array(a, ndmin=1) for a in alist]
    if not any(has_duals(a) for a in arrays):
        return own(alist, trim=trim)
    own([np.zeros(a.shape) for a in arrays], trim=False)  # NumPy's checks of the shapes
    if any(a.dtype.kind in "OSU" for a in arrays):
        raise ValueError("Coefficient arrays have no common type: duals expect numbers beside them.")
    dtype = np.result_type(float, *[a.dtype for a in arrays])
    arrays = [a.astype(dtype) for a in arrays]
    return as_dual_arrays([trimmed(a) for a in arrays] if trim else arrays)


def trimmed(a: np.ndarray) -> np.ndarray:
    """Return a without its last coefficients that are zero with all their derivatives; at least one is left."""
    count = np.flatnonzero(np.any(components(a), axis=-1))
    return a[: max(count[-1] + 1, 1)] if count.size else a[:1]


@extends
def trimseq(own, seq):
    """Return coefficients without zeros at the end whose derivatives are zero too."""
    return as_dual_arrays(trimmed(seq)) if has_duals(seq) and len(seq) else own(seq)


@extends
def fit(own, vander_f, x, y, deg, rcond=None, full=False, w=None):
    """Return NumPy's least-squares coefficients, with the derivatives of np.linalg.lstsq."""
    if not any(has_duals(np.asarray(a)) for a in (x, y, w)):
        return own(vander_f, x, y, deg, rcond, full, w)
    values = own(vander_f, *float_arguments([x, y, deg, rcond, full, w]))
    x, y, deg = np.asarray(x), np.asarray(y), np.asarray(deg)
    with np.errstate(all="ignore"):  # NumPy has warned of the values
        terms = np.arange(deg + 1) if deg.ndim == 0 else np.sort(deg)
        fitted, *details = scaled_least_squares(vander_f(x, int(terms[-1]))[:, terms], y, w, rcond)[0]
        result = np.zeros((int(terms[-1]) + 1, *y.shape[1:]), fitted.dtype)
        result[terms] = fitted
    return with_values((result, details) if full else result, values)


@extends
def trim_zeros(own, filt, trim="fb", **options):
    """Return np.poly1d's coefficients without leading zeros whose derivatives are zero too."""
    if has_duals(filt) and trim == "f" and not options:
        return trimmed(filt[::-1])[::-1] if len(filt) else filt
    return own(filt, trim, **options)


@extends
def dual_results(own, *args, **kwargs):
    """Return NumPy's results, those of duals as DualArray."""
    return as_dual_arrays(own(*args, **kwargs))


@extends
def to_real_if_imag_zero(own, w, t):
    """Return dual roots unchanged."""
    return w if has_duals(w) else own(w, t)


@extends
def where(own, condition, *branches):
    """Refuse duals: np.sinc differentiates as a rule, which NumPy calls for a number and for a DualArray."""
    if any(map(has_duals, (condition, *branches))):
        raise TypeError(
            "np.sinc of duals expects a DualArray, got a plain array; use np.sinc(x.view(dualnum.DualArray))."
        )
    return own(condition, *branches)


@extends
def lerp(own, a, b, t, out=None):
    """Interpolate between single duals as between arrays of one element."""
    if out is None and isinstance(a, Dual):
        return own(np.asarray(a)[np.newaxis], np.asarray(b)[np.newaxis], t)[0]
    return own(a, b, t, out)


@extends
def median_nancheck(own, data, result, axis):
    """Return the last of the sorted data, nan if any of them is, in the place of a single dual."""
    if isinstance(result, (Dual, ComplexDual)) and data.size:
        last = data.take(-1, axis=axis)
        return last if np.isnan(last) else result
    return own(data, result, axis)


@extends
def otypes_of(own, vectorized, func, args):
    """Return NumPy's ufunc and result types, with DualDType for the character of duals."""
    ufunc, otypes = own(vectorized, func=func, args=args)
    kinds = {DualDType().char: DualDType, ComplexDualDType().char: ComplexDualDType}
    return ufunc, [kinds.get(letter, letter) for letter in otypes]


@extends
def format_function(own, data, **options):
    """Return the function that writes an element, by these print options."""
    if has_duals(data):
        return element_formatter(**options)
    return own(data, **options)


# ---- tables of NumPy ----


def isdtype_tables() -> None:
    """Enter the scalar types of duals among NumPy's types and among its real and complex floating types."""
    types, kinds = map(_find, _ROWS["isdtype_tables"].targets.split())
    for kind, scalar in (("float", DualDType().type), ("complex", ComplexDualDType().type)):
        if isinstance(types, dict) and isinstance(kinds, dict) and isinstance(kinds.get(kind), list):
            types.setdefault(scalar.__name__, scalar)
            if scalar not in kinds[kind]:
                kinds[kind].insert(0, scalar)  # NumPy takes the last one for the widest


class _AnyDtype:
    """A key equal to every dtype of duals: one entry in a table serves all of them and keeps none alive."""

    def __init__(self, kind):
        self.kind = kind

    def __hash__(self):
        return hash(self.kind)  # that of all dtypes of this kind

    def __eq__(self, other):
        return isinstance(other, self.kind) or (isinstance(other, _AnyDtype) and other.kind is self.kind)


def finfo_cache() -> None:
    """Enter float64's limits for every dual dtype."""
    cache = _find(_ROWS["finfo_cache"].targets)
    if isinstance(cache, dict):
        for kind in DUAL_DTYPES:
            cache[_AnyDtype(kind)] = np.finfo(float)


if ENABLED:
    isdtype_tables()
    finfo_cache()


# ---- rules for other packages ----


def when_imported(name: str, extension: str) -> None:
    """Import the module `extension`, "module" or "module:function to call", once the module `name` is, maybe now."""
    if sys.modules.get(name):
        import_extension(name, extension)
    elif ENABLED:
        sys.meta_path.insert(0, _Finder(name, extension))


def import_extension(name, extension):
    """Run the extension; warn where it fails, as for an unknown version, because the package still works."""
    module, _, function = extension.partition(":")
    try:
        module = importlib.import_module(module)
        if function:
            getattr(module, function)()
    except Exception as error:
        warnings.warn(
            f"dualnum has no derivatives of {name}, for {extension} fails: {error!r}",
            RuntimeWarning,
            stacklevel=2,
        )


class _Finder:
    """An entry of sys.meta_path that finds one module as the others do, and imports the extension after it."""

    def __init__(self, name, extension):
        self.name, self.extension = name, extension
        self.asked = False

    def find_spec(self, name, path=None, target=None):
        if name != self.name or self.asked:
            return None
        self.asked = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.asked = False
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_both(module):
            run(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            import_extension(self.name, self.extension)

        spec.loader.exec_module = run_both
        return spec


# ---- private parts that are only read ----


def numpy_implementation(function: Callable) -> Callable:
    """Return NumPy's own code of a function as a rule, which needs a loop for duals in each of its operations."""

    @functools.wraps(function)
    def rule(*args, **kwargs):
        return as_dual_arrays(function._implementation(*args, **kwargs))

    return rule
