"""Incidents that wait for somebody, and how a drill leaves one waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.operations.incidents.model import Grade

LIST_UNHEARD = """
    select number, grade, opened_at from incidents
    where resolved_at is null and acknowledged_at is null order by opened_at, number
"""

LEAVE = """
    insert into incidents (id, title, grade, opened_by, opened_at, began_at, level, told_at, asked_at)
    values ($1, 'Left waiting by a drill', 1, 'drill', $2::timestamptz - $3::interval, $2::timestamptz - $3::interval,
            3, $2, $2)
"""


@dataclass(frozen=True, slots=True)
class Unheard:
    """An open incident that nobody has taken."""

    number: int
    grade: Grade
    opened_at: datetime


async def list_unheard(tx: Transaction) -> list[Unheard]:
    """List open incidents that nobody has taken, the oldest first."""
    return [Unheard(row["number"], Grade(row["grade"]), row["opened_at"]) for row in await tx.fetch(LIST_UNHEARD)]


async def insert_left_waiting(tx: Transaction, *, since: timedelta) -> None:
    """Leave an incident that everybody was told of, that is so old and that nobody has taken."""
    await tx.execute(LEAVE, new_id(), tx.now, since)
