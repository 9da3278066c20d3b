"""Who is here (processes that run, people who can log in), and a reading look at everything for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.db import UNAVAILABLE, Transaction
from frontdesk.kernel.errors import Refused

LIST_PROCESSES = """
    select id, kind, started_at, lease_until, lease_until > $1 as in_lease
    from live_processes where ended_at is null order by kind, started_at
"""

LOOK_AT_SERVER = "select current_setting('server_version_num')::int as version, clock_timestamp() as at"

LIST_PEOPLE = "select id, email, name, platform_admin, disabled_at, created_at from users order by email"


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process that has signed on and not off; `in_lease` is False once it has been silent for 30 s."""

    id: UUID
    kind: str
    started_at: datetime
    lease_until: datetime
    in_lease: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can log in, or could before being barred."""

    id: UUID
    email: str
    name: str
    platform_admin: bool
    disabled_at: datetime | None
    created_at: datetime


class ServerRefused(Exception):
    """The server is there and does not let us in, or does not know the database."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server's version, like 180006 for 18.6, and its time of day."""

    version: int
    at: datetime


async def look_at_server(url: str) -> ServerFacts:
    """Ask the server at `url` who it is, within 10 s; raises what is in `UNAVAILABLE`, or ServerRefused."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except UNAVAILABLE:
        raise
    except asyncpg.PostgresError as error:
        raise ServerRefused(str(error)) from error
    try:
        row = await connection.fetchrow(LOOK_AT_SERVER)
    finally:
        await connection.close()
    if row is None:
        raise ServerRefused("it does not say who it is")
    return ServerFacts(row["version"], row["at"])


async def list_processes(tx: Transaction) -> list[RunningProcess]:
    """List the processes that have signed on and not off, by kind."""
    return [RunningProcess(**dict(row)) for row in await tx.fetch(LIST_PROCESSES, tx.now)]


async def list_people(tx: Transaction) -> list[Person]:
    """List everybody who can log in, by e-mail address."""
    return [Person(**dict(row)) for row in await tx.fetch(LIST_PEOPLE)]


async def read_only(tx: Transaction, statement: str, *, limit: int) -> tuple[list[str], list[list[object]]]:
    """Run somebody's own statement in a transaction that cannot write; returns column names and up to `limit` rows.

    Refuses a statement that PostgreSQL does not take, or that would write (`query.refused`).
    """
    await tx.execute("set transaction read only")
    try:
        rows = await tx.fetch(statement)
    except asyncpg.PostgresError as error:
        raise Refused("query.refused", f"PostgreSQL says: {error}", status=422) from error
    columns = list(rows[0].keys()) if rows else []
    return columns, [list(row.values()) for row in rows[:limit]]
