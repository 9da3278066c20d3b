"""What endpoints were told: looked at, told again, and tried out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.db import Tx, affected
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.hooks.endpoints import get_endpoint
from frontdesk.kernel.hooks.model import TEST_EVENT, Attempt, Delivery, DeliveryStatus, write_body
from frontdesk.kernel.ids import new_id

SHOWN_TRIES = 20
MAX_REPLAYED = 10_000

LIST = """
    select id, endpoint_id, message_id, event_name, status, attempts, due_at, last_outcome, last_status_code,
           created_at, finished_at
    from webhook_deliveries
    where tenant_id = $1 and endpoint_id = $2 and ($3::uuid is null or id < $3) and ($4::text is null or status = $4)
      and ($5::text is null or event_name = $5)
    order by id desc limit $6
"""
FIND = """
    select id, endpoint_id, message_id, event_name, status, attempts, due_at, last_outcome, last_status_code,
           created_at, finished_at
    from webhook_deliveries where tenant_id = $1 and endpoint_id = $2 and id = $3
"""
LIST_TRIES = """
    select delivery_id, number, started_at, took_ms, outcome, status_code
    from webhook_attempts as attempt
    join unnest($2::uuid[]) as wanted (id) on attempt.delivery_id = wanted.id
    where attempt.tenant_id = $1 order by number desc
"""
INSERT = """
    insert into webhook_deliveries (id, tenant_id, endpoint_id, message_id, event_name, body, status, due_at,
                                    created_at)
    values ($1, $2, $3, $4, $5, $6, 'pending', $7, $7)
"""
# The fence moves on, so that a try under way cannot end what is told again.
REPLAY = """
    update webhook_deliveries
    set status = 'pending', step = 0, due_at = $4, finished_at = null, claimed_by = null, claimed_at = null,
        fence = fence + 1
    where tenant_id = $1 and endpoint_id = $2 and id = $3
"""
REPLAY_SINCE = """
    update webhook_deliveries
    set status = 'pending', step = 0, due_at = $6, finished_at = null, claimed_by = null, claimed_at = null,
        fence = fence + 1
    where id in (
      select id from webhook_deliveries
      where tenant_id = $1 and endpoint_id = $2 and created_at >= $3 and created_at < $4
        and status = any($5::text[])
      order by id limit $7
    ) and tenant_id = $1
"""


async def list_deliveries(
    tx: Tx,
    *,
    endpoint_id: UUID,
    before: UUID | None,
    limit: int,
    status: DeliveryStatus | None = None,
    event_name: str | None = None,
) -> list[Delivery]:
    """List what an endpoint was told with the latest tries, newest first; refuses `hooks.endpoint_unknown` (404)."""
    await get_endpoint(tx, endpoint_id=endpoint_id)
    rows = await tx.fetch(LIST, tx.tenant, endpoint_id, before, status, event_name, limit)
    return await _with_tries(tx, rows)


async def get_delivery(tx: Tx, *, endpoint_id: UUID, delivery_id: UUID) -> Delivery:
    """Get one thing that an endpoint was told; refuses `hooks.delivery_unknown` (404)."""
    row = await tx.fetchrow(FIND, tx.tenant, endpoint_id, delivery_id)
    if row is None:
        raise _unknown()
    return (await _with_tries(tx, [row]))[0]


async def send_test(tx: Tx, *, endpoint_id: UUID, actor: Actor) -> Delivery:
    """Tell an endpoint something made up, whatever it listens to; refuses `hooks.endpoint_unknown` (404).

    A disabled endpoint is told nothing (`hooks.endpoint_disabled`, 409).
    """
    await _refuse_disabled(tx, endpoint_id)
    message_id, delivery_id = new_id(), new_id()
    data = json.dumps({"endpoint_id": str(endpoint_id), "by": actor.id})
    body = write_body(TEST_EVENT, at=tx.now, data=data, message_id=message_id)
    await tx.execute(INSERT, delivery_id, tx.tenant, endpoint_id, message_id, TEST_EVENT, body, tx.now)
    await write_entry(tx, actor=actor, action="hooks.test_sent", subject=f"webhook_endpoint:{endpoint_id}")
    return await get_delivery(tx, endpoint_id=endpoint_id, delivery_id=delivery_id)


async def replay(tx: Tx, *, endpoint_id: UUID, delivery_id: UUID, actor: Actor) -> Delivery:
    """Tell an endpoint something again, with the same id and body and all tries anew.

    Refuses `hooks.endpoint_unknown`, `hooks.delivery_unknown` (404) and `hooks.endpoint_disabled` (409).
    """
    await _refuse_disabled(tx, endpoint_id)
    if affected(await tx.execute(REPLAY, tx.tenant, endpoint_id, delivery_id, tx.now)) == 0:
        raise _unknown()
    details = {"delivery_id": str(delivery_id)}
    subject = f"webhook_endpoint:{endpoint_id}"
    await write_entry(tx, actor=actor, action="hooks.delivery_replayed", subject=subject, details=details)
    return await get_delivery(tx, endpoint_id=endpoint_id, delivery_id=delivery_id)


async def replay_since(
    tx: Tx, *, endpoint_id: UUID, since: datetime, until: datetime | None, delivered_too: bool, actor: Actor
) -> int:
    """Tell an endpoint again what happened from `since` to before `until`, 10 000 events at most; returns how many.

    Only what it has not taken yet, unless `delivered_too`. Refuses `hooks.endpoint_unknown` (404) and
    `hooks.endpoint_disabled` (409).
    """
    await _refuse_disabled(tx, endpoint_id)
    statuses = [DeliveryStatus.EXHAUSTED.value, DeliveryStatus.PENDING.value]
    if delivered_too:
        statuses.append(DeliveryStatus.DELIVERED.value)
    end = until or tx.now
    tag = await tx.execute(REPLAY_SINCE, tx.tenant, endpoint_id, since, end, statuses, tx.now, MAX_REPLAYED)
    count = affected(tag)
    details = {"since": since.isoformat(), "until": end.isoformat(), "deliveries": count}
    subject = f"webhook_endpoint:{endpoint_id}"
    await write_entry(tx, actor=actor, action="hooks.deliveries_replayed", subject=subject, details=details)
    return count


async def _refuse_disabled(tx: Tx, endpoint_id: UUID) -> None:
    endpoint = await get_endpoint(tx, endpoint_id=endpoint_id)
    if endpoint.disabled_at is not None:
        raise Refused("hooks.endpoint_disabled", "The endpoint is disabled; enable it first.", status=409)


async def _with_tries(tx: Tx, rows: Sequence[asyncpg.Record]) -> list[Delivery]:
    tries: dict[UUID, list[Attempt]] = {row["id"]: [] for row in rows}
    for row in await tx.fetch(LIST_TRIES, tx.tenant, list(tries)):
        if len(tries[row["delivery_id"]]) < SHOWN_TRIES:
            fields = dict(row)
            tries[fields.pop("delivery_id")].append(Attempt(**fields))
    return [
        Delivery(**{**dict(row), "status": DeliveryStatus(row["status"]), "tries": tuple(tries[row["id"]])})
        for row in rows
    ]


def _unknown() -> Refused:
    return Refused("hooks.delivery_unknown", "This endpoint was told no such thing.", status=404)
