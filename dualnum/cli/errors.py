"""What can go wrong; every message becomes one line."""


class InputError(Exception):
    """Words, files or options that the command cannot work with: exit code 2."""


class FunctionError(Exception):
    """The user's function failed at a point; the cause is what it raised: exit code 1."""


def describe(error):
    """Return an exception as ``ValueError: message``."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def one_line(error):
    """Return an exception's message without line breaks."""
    return " ".join(str(error).split())
