"""Where the output goes: standard output or a file, which is opened when the first of it is there."""

from __future__ import annotations

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
        try:
            if self.path is not None:
                if self.file is None:
                    self.file = open(self.path, "wb")
                self.file.write(data.encode(errors="backslashreplace") if isinstance(data, str) else data)
            elif isinstance(data, str):
                sys.stdout.write(data)
            elif is_terminal(sys.stdout):
                raise InputError(
                    "--format npy expects --output FILE, or a pipe, but standard output is a terminal"
                )
            else:
                sys.stdout.buffer.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise InputError(f"cannot write {self.path or 'standard output'}: {error.strerror}") from error

    def close(self):
        """Finish writing."""
        if self.file is not None:
            self.file.close()
        elif self.path is None:
            sys.stdout.flush()


def abandon_standard_output():
    """Keep Python from writing to a pipe that nobody reads any more when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
