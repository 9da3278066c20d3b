"""What happened around the database in one world, for the judges."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from tests.simulation.carrier import Post
from tests.simulation.plan import Plan


@dataclass(frozen=True, slots=True)
class Businesses:
    """The businesses of all worlds, with their numbers, by index."""

    ids: tuple[UUID, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A webhook that was answered with 2xx at a step."""

    path: str
    fields: dict[str, str]
    tick: int


@dataclass(slots=True)
class Story:
    """One world: its plan, the carrier's log, what was acknowledged, and what nobody should have seen."""

    plan: Plan
    businesses: Businesses
    posts: list[Post] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    campaigns: tuple[UUID, ...] = ()
    killed: int = 0
    stalled: int = 0
    settled: bool = False
