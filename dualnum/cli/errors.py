"""The errors that end the command; each message becomes one line."""

import contextlib
import sys


class InputError(Exception):
    """Words, files or options that the command cannot work with: exit code 2."""


class FunctionError(Exception):
    """The user's function failed at a point; the cause is its exception: exit code 1."""


def describe(error):
    """Return an exception as ``ValueError: message``."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


@contextlib.contextmanager
def foreign_code(kind, message):
    """Run code of the user: its output goes to standard error, an exception becomes an error of a `kind`.

    ``message(text)`` is the message about the exception that `text` describes. An interrupt stays a KeyboardInterrupt
    also where the code, or a library that it calls, turned it into another exception.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        cause = error
        while cause is not None:
            if isinstance(cause, KeyboardInterrupt):
                raise KeyboardInterrupt from error
            cause = cause.__cause__ or cause.__context__
        raise kind(message(describe(error))) from error


def one_line(error):
    """Return an exception's message without line breaks."""
    return " ".join(str(error).split())


def abbreviate(text, most=60):
    """Return text for a message to quote: only the beginning, if it is long."""
    return text if len(text) < most else text[: most - 4] + " ..."
