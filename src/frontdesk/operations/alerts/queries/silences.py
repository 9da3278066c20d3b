"""What nobody wants to be told for a while."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import Transaction
from frontdesk.operations.alerts.model import Silence

INSERT = """
    insert into alert_silences (id, matchers, author, reason, starts_at, silenced_until, created_at)
    values ($1, $2::jsonb, $3, $4, $5, $6, $5)
"""

LIFT = """
    update alert_silences set lifted_at = $2, lifted_by = $3
    where id = $1 and lifted_at is null and silenced_until > $2
    returning true
"""

FIND = """
    select id, matchers::text as matchers, author, reason, starts_at, silenced_until, lifted_at, lifted_by
    from alert_silences where id = $1
"""

LIST = """
    select id, matchers::text as matchers, author, reason, starts_at, silenced_until, lifted_at, lifted_by
    from alert_silences
    where $1::timestamptz is null or (silenced_until > $1 and lifted_at is null)
    order by starts_at desc limit 200
"""


@dataclass(frozen=True, slots=True)
class KnownSilence:
    """A silence as people look at it."""

    id: UUID
    matchers: Mapping[str, str]
    author: str
    reason: str
    starts_at: datetime
    silenced_until: datetime
    lifted_at: datetime | None
    lifted_by: str | None

    @property
    def silence(self) -> Silence:
        """What it means for alerts."""
        until = self.silenced_until if self.lifted_at is None else self.lifted_at
        return Silence(matchers=self.matchers, starts_at=self.starts_at, silenced_until=until)


async def insert_silence(tx: Transaction, silence: KnownSilence) -> None:
    """Write a silence."""
    await tx.execute(
        INSERT,
        silence.id,
        json.dumps(dict(silence.matchers)),
        silence.author,
        silence.reason,
        silence.starts_at,
        silence.silenced_until,
    )


async def lift_silence(tx: Transaction, *, silence_id: UUID, by: str) -> bool:
    """End a silence now; False if it is over or was never there."""
    return await tx.fetchval(LIFT, silence_id, tx.now, by) is True


async def find_silence(tx: Transaction, *, silence_id: UUID) -> KnownSilence | None:
    """Find a silence."""
    row = await tx.fetchrow(FIND, silence_id)
    return None if row is None else _silence(row)


async def list_silences(tx: Transaction, *, in_force_at: datetime | None) -> list[KnownSilence]:
    """List silences, newest first: those in force at a moment, or all."""
    return [_silence(row) for row in await tx.fetch(LIST, in_force_at)]


def _silence(row: asyncpg.Record) -> KnownSilence:
    return KnownSilence(**{**dict(row), "matchers": json.loads(row["matchers"])})
