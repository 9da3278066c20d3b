"""Runs a module as a program that ends when its supervisor does, even when that one was killed outright.

The supervisor holds the other end of our standard input. The end of that input is the end of the supervisor on every
system, and needs nothing of the module that runs.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

GRACE_S = 5.0  # to finish what is under way; the database outlives its owner long enough for that
LOST = 75  # what sysexits.h calls a failure that may pass


def _follow_supervisor(lifeline: int) -> None:
    """Wait for the end of the supervisor, then ask this program to stop, and end it if it does not."""
    # A signal that this thread took would not wake the main one from what it waits for.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while os.read(lifeline, 64):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(LOST)


def main() -> None:
    """Tie this program to its supervisor and become the module named first on the command line."""
    lifeline = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    threading.Thread(target=_follow_supervisor, args=(lifeline,), name="lifeline", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
