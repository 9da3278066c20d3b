"""Who is on call at a moment: turns on a zone's own clock, and those who stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo


class Turn(StrEnum):
    """How long somebody is on call at a time."""

    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def days(self) -> int:
        """How many days that is."""
        return 1 if self is Turn.DAILY else 7


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever can be on call, and where they are reached, the best address first."""

    id: UUID
    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Whose turn it is at one level: people in their order, the first from the local day of `starts_at` on."""

    level: int
    zone: str
    turn: Turn
    handover_hour: int
    starts_at: datetime
    people: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Somebody stands in at a level for a while."""

    id: UUID
    level: int
    person_id: UUID
    starts_at: datetime
    lasts_until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on call at a level, and until when unless somebody stands in."""

    level: int
    person_id: UUID
    until: datetime
    stands_in: bool


def duty_at(rota: Rota | None, overrides: Sequence[Override], *, level: int, moment: datetime) -> Duty | None:
    """Tell who is on call at a level; `overrides` are those of all levels, the one written last comes last."""
    for one in reversed(overrides):
        if one.level == level and one.starts_at <= moment < one.lasts_until:
            return Duty(level, one.person_id, one.lasts_until, stands_in=True)
    if rota is None or moment < _turn_begins(rota, 0):
        return None
    turn = _turn_of(rota, moment)
    return Duty(level, rota.people[turn % len(rota.people)], _turn_begins(rota, turn + 1), stands_in=False)


def _turn_of(rota: Rota, moment: datetime) -> int:
    """Count the turns since the first one; days are those of the zone's calendar, whatever the clocks do."""
    local = moment.astimezone(ZoneInfo(rota.zone))
    day = local.date() if local.hour >= rota.handover_hour else local.date() - timedelta(days=1)
    return (day - _first_day(rota)).days // rota.turn.days


def _turn_begins(rota: Rota, turn: int) -> datetime:
    day = _first_day(rota) + timedelta(days=turn * rota.turn.days)
    return datetime.combine(day, time(rota.handover_hour), tzinfo=ZoneInfo(rota.zone)).astimezone(UTC)


def _first_day(rota: Rota) -> date:
    return rota.starts_at.astimezone(ZoneInfo(rota.zone)).date()
