"""Runs a program as process 1 of a careless container does: inherits its orphans and never reaps one."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Become the parent of all orphans below us, start the program, and wait for a signal for ever."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become a subreaper")
    os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
