"""Lifting: functions that were never written for dualnum run on duals, with their call sites resolved anew."""

import functools
import types


def lift(f):
    """Return `f` as a function that takes duals where it was written for floats.

    Drivers do this by themselves where `f` refuses duals or loses a derivative (``lift="auto"``); `lift` is for duals
    that are made by hand, and for a look at what lifting does.

    Parameters
    ----------
    f : callable
        A function of any arguments.

    Returns
    -------
    callable
        Of the same arguments.  In `f`, and in every Python function that it calls, calls of functions for floats, such
        as ``math.sin``, ``float``, ``np.zeros``, do what they would do for floats and carry derivatives.

    Raises
    ------
    TypeError
        If a call with duals has no derivatives, because it is compiled code; the message names it and its line.

    Examples
    --------
    >>> import math
    >>> import dualnum as dn
    >>> def distance(x):
    ...     return float(math.hypot(x, 4.0))
    >>> dn.lift(distance)(dn.Dual(3.0))
    Dual(5.0, 0.6)
    """
    return Lifted(f)


class Lifted:
    """A function as `lift` returns it: it looks like f, binds as a method, and pickles if f does."""

    def __init__(self, f):
        functools.update_wrapper(self, f)

    def __call__(self, *args, **kwargs):
        from dualnum.lifting import attempt, state  # import dualnum stays as fast as it was

        args = tuple(map(state.with_again, args))
        kwargs = {name: state.with_again(x) for name, x in kwargs.items()}
        return attempt.call(self.__wrapped__, args, kwargs, True, False)

    def __get__(self, instance, owner=None):
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self):
        return lift, (self.__wrapped__,)

    def __repr__(self):
        return f"<dualnum.lift of {getattr(self, '__qualname__', self.__wrapped__)}>"
