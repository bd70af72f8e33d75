"""Modules of this package that extend another package are imported right after it, and never before."""

import importlib
import importlib.util
import sys
import warnings

__all__ = ["when_imported"]


def when_imported(name, extension):
    """Import the module `extension` as soon as the module `name` is there, which may be now."""
    if sys.modules.get(name):
        _extend(name, extension)
    else:
        sys.meta_path.insert(0, _Finder(name, extension))


def _extend(name, extension):
    """Import the extension; where it fails, as with a version that it does not know, the package itself still works."""
    try:
        importlib.import_module(extension)
    except Exception as error:
        warnings.warn(
            f"dualnum has no derivatives of {name}, for {extension} fails: {error!r}",
            RuntimeWarning,
            stacklevel=2,
        )


class _Finder:
    """What Python asks for modules: it finds this one as the others do, and adds the extension to what it runs."""

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
            _extend(self.name, self.extension)

        spec.loader.exec_module = run_both
        return spec
