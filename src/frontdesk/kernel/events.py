"""The base of all facts that parts announce to each other."""

from __future__ import annotations

from typing import ClassVar


class Event:
    """A fact: a frozen dataclass; `name` is its wire name with version, like `calls.missed.v1`."""

    __slots__ = ()

    name: ClassVar[str]
