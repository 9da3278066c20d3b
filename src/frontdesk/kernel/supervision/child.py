"""One program under supervision, and when it counts as ready."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Probe = Callable[[], Awaitable[bool]]


async def _at_once() -> bool:
    """Count a program as ready as soon as it runs."""
    return True


async def _never() -> bool:
    """Trust that a program which runs also works."""
    return False


@dataclass(frozen=True, slots=True)
class Child:
    """A Python program to keep running.

    `arguments` go to `python -m <module>`; `environment` is added to ours; `ready` is asked every 50 ms after each
    start until it answers true. `halted` is asked every 5 s: one that runs and is known not to work any more for 30 s
    is killed and started anew. Neither may raise.
    """

    name: str
    arguments: tuple[str, ...] = ()
    module: str = "frontdesk"
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Probe = _at_once
    halted: Probe = _never

    @property
    def command(self) -> list[str]:
        """The command line: the module runs tethered to its supervisor's life."""
        return [sys.executable, "-m", "frontdesk.kernel.supervision.tethered", self.module, *self.arguments]
