"""Who can be on call, whose turn it is, and who stands in."""

from __future__ import annotations

from uuid import UUID

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.operations.incidents.rota import Override, Person, Rota, Turn

PUT_PERSON = """
    insert into oncall_responders (id, name, addresses, created_at) values ($1, $2, $3, $4)
    on conflict (name) do update set addresses = excluded.addresses
    returning id, name, addresses
"""

LIST_PEOPLE = "select id, name, addresses from oncall_responders order by name"

PUT_ROTA = """
    insert into oncall_rotas (level, zone, turn, handover_hour, starts_at, people) values ($1, $2, $3, $4, $5, $6)
    on conflict (level) do update
    set zone = excluded.zone, turn = excluded.turn, handover_hour = excluded.handover_hour,
        starts_at = excluded.starts_at, people = excluded.people
"""

LIST_ROTAS = "select level, zone, turn, handover_hour, starts_at, people from oncall_rotas order by level"

INSERT_OVERRIDE = """
    insert into oncall_overrides (id, level, person_id, starts_at, lasts_until, reason, created_by, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""

LIST_OVERRIDES = """
    select id, level, person_id, starts_at, lasts_until, reason from oncall_overrides
    where lasts_until > $1 order by created_at, id
"""


async def put_person(tx: Transaction, *, name: str, addresses: list[str]) -> Person:
    """Write down where somebody is reached."""
    row = await tx.fetchrow(PUT_PERSON, new_id(), name, addresses, tx.now)
    if row is None:
        raise LookupError("oncall_responders")
    return Person(row["id"], row["name"], tuple(row["addresses"]))


async def list_people(tx: Transaction) -> list[Person]:
    """List whoever can be on call, by name."""
    return [Person(row["id"], row["name"], tuple(row["addresses"])) for row in await tx.fetch(LIST_PEOPLE)]


async def put_rota(tx: Transaction, rota: Rota) -> None:
    """Write whose turn it is at a level."""
    await tx.execute(
        PUT_ROTA, rota.level, rota.zone, rota.turn.value, rota.handover_hour, rota.starts_at, list(rota.people)
    )


async def list_rotas(tx: Transaction) -> dict[int, Rota]:
    """Give every rota by its level."""
    return {
        row["level"]: Rota(**{**dict(row), "turn": Turn(row["turn"]), "people": tuple(row["people"])})
        for row in await tx.fetch(LIST_ROTAS)
    }


async def insert_override(tx: Transaction, override: Override, *, by: str) -> None:
    """Write who stands in."""
    await tx.execute(
        INSERT_OVERRIDE,
        override.id,
        override.level,
        override.person_id,
        override.starts_at,
        override.lasts_until,
        override.reason,
        by,
        tx.now,
    )


async def list_overrides(tx: Transaction) -> list[Override]:
    """List who stands in now or later, in the order it was written."""
    return [Override(**dict(row)) for row in await tx.fetch(LIST_OVERRIDES, tx.now)]


async def list_people_by_id(tx: Transaction) -> dict[UUID, Person]:
    """Give whoever can be on call by id."""
    return {one.id: one for one in await list_people(tx)}
