"""A program for the supervisor's tests: says in a folder what happens to it, and misbehaves when asked to."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType


def note(folder: Path, name: str) -> None:
    """Add one line to the story that the test reads."""
    with (folder / "story").open("a", encoding="utf-8") as story:
        story.write(f"{name}\n")


def is_alive(pid: int) -> bool:
    """Tell whether a program is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Live until a signal comes: `NAME HABIT FOLDER`."""
    name, habit, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])

    def stop(_number: int, _frame: FrameType | None) -> None:
        note(folder, f"{name} stopped")
        sys.exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if habit == "stubborn" else stop)
    if habit == "misconfigured":
        sys.exit(78)
    if habit == "hopeless":
        sys.exit(1)
    sys.stdout.write(f"{name} speaks\n")
    sys.stdout.flush()
    (folder / f"{name}.pid").write_text(str(os.getpid()), encoding="utf-8")
    note(folder, f"{name} started")
    supervisor = os.getppid()
    # Once only: the one that is started after this one's death must leave no grandchild that nobody knows of.
    if habit == "parent" and not (folder / "grandchild.pid").exists() and os.fork() == 0:
        (folder / "grandchild.pid").write_text(str(os.getpid()), encoding="utf-8")
    # The lifeline is not inherited, so whoever is forked here looks after its own end.
    while folder.exists() and is_alive(supervisor):
        time.sleep(0.5)


if __name__ == "__main__":
    main()
