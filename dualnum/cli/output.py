"""The destination of the output: standard output, or a file that the first write opens."""

from __future__ import annotations

import contextlib
import os
import sys

from dualnum.cli.errors import InputError
from dualnum.cli.terminal import is_terminal


class Output:
    """A file, or standard output where `path` is None."""

    def __init__(self, path):
        self.path = path
        self.file = None

    def write(self, data):
        """Write text, or bytes."""
        if self.path is None and not isinstance(data, str) and is_terminal(sys.stdout):
            raise InputError(
                "--format npy expects --output FILE, or a pipe, but standard output is a terminal"
            )
        with self.writing():
            if self.path is not None:
                if self.file is None:
                    self.file = open(self.path, "wb")
                self.file.write(data.encode(errors="backslashreplace") if isinstance(data, str) else data)
            elif isinstance(data, str):
                sys.stdout.write(data)
            else:
                sys.stdout.buffer.write(data)

    def close(self):
        """Finish writing; raise an `InputError` if the rest in the buffer does not fit on the disk."""
        with self.writing():
            if self.file is not None:
                self.file.close()
            elif self.path is None:
                sys.stdout.flush()

    @contextlib.contextmanager
    def writing(self):
        """Turn a failure into an `InputError`, and drop the buffer: its next flush would fail, too."""
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            with contextlib.suppress(OSError):
                if self.file is not None:
                    self.file.close()
                elif self.path is None:
                    abandon_standard_output()
            raise InputError(f"cannot write {self.path or 'standard output'}: {error.strerror}") from error


def abandon_standard_output():
    """Redirect standard output to the null device: at exit Python flushes it, and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
