"""The consent ledger: one hash chain per business that names nobody, and under it one history per person.

What is chained is the SHA-256 of an event's body, so that the whole chain can be shown to a regulator beside the
bodies of one person only. A body carries its number in the person's history and the fingerprint of the one before.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from frontdesk.features.consent.model import LedgerEvent, sha256_of
from frontdesk.kernel.audit import canonical_json
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

VERSION = 2
CHANNEL = "sms"

LOCK_PERSON_ALONE = "select pg_advisory_xact_lock(1, hashtext($1))"

# In one order for everybody who locks many, so that nobody waits in a circle.
LOCK_PERSONS_ALONE = """
    select pg_advisory_xact_lock(1, person.key)
    from (select distinct hashtext(phone) as key from unnest($1::text[]) as phone order by key) as person
"""

LIST_LAST_BODIES = """
    select asked.phone as phone_e164, latest.person_no, latest.body
    from unnest($2::text[]) as asked (phone)
    cross join lateral (
      select event.person_no, event.body from compliance_events as event
      where event.tenant_id = $1 and event.phone_e164 = asked.phone and event.person_no is not null
      order by event.person_no desc limit 1
    ) as latest
"""

ADD_TO_LEDGER = """
    insert into compliance_events (id, tenant_id, channel, event_type, phone_e164, scope, metadata, canonical, body,
                                   person_no, seq, prev_hash, hash, created_at)
    select entry.id, $1, $2, entry.event_type, entry.phone, entry.scope, entry.metadata::jsonb, entry.canonical,
           entry.body, entry.person_no, link.seq, link.prev_hash, link.hash, $3
    from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[])
         as entry (id, event_type, phone, scope, metadata, canonical, body, person_no)
    cross join lateral chain_append('compliance', $1, entry.canonical) as link
"""

HAPPENED_SINCE = """
    select exists (
      select from compliance_events
      where tenant_id = $1 and phone_e164 = $2 and event_type = $3 and created_at > $4
    )
"""

LIST_LEDGER = """
    select event_type, channel, phone_e164, scope, metadata, seq, created_at from compliance_events
    where tenant_id = $1 and ($2::text is null or phone_e164 = $2) and ($3::bigint is null or seq < $3)
    order by seq desc limit $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event about one person, before it is written."""

    event: LedgerEvent
    phone_e164: str
    scope: str
    metadata: Mapping[str, object]


async def lock_person_alone(tx: Transaction, *, phone_e164: str) -> None:
    """Hold a person's consent alone until the transaction ends: no gate about them is in between."""
    await tx.execute(LOCK_PERSON_ALONE, phone_e164)


async def lock_persons_alone(tx: Transaction, phones: Sequence[str]) -> None:
    """Hold many people's consent alone, in an order that is the same for everybody."""
    await tx.execute(LOCK_PERSONS_ALONE, list(phones))


async def add_to_ledger(
    tx: Transaction, *, event: LedgerEvent, phone_e164: str, scope: str, metadata: Mapping[str, object]
) -> None:
    """Add one event to the tenant's consent chain; the person's lock must be held alone."""
    await add_many_to_ledger(tx, [Entry(event=event, phone_e164=phone_e164, scope=scope, metadata=metadata)])


async def add_many_to_ledger(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Add events to the tenant's consent chain in their order; the locks of all their people must be held alone."""
    last = await _list_last_bodies(tx, sorted({entry.phone_e164 for entry in entries}))
    rows: list[tuple[object, ...]] = []
    for entry in entries:
        number, fingerprint = last.get(entry.phone_e164, (0, ""))
        body = _body(entry, at=tx.now, number=number + 1, before=fingerprint)
        last[entry.phone_e164] = (number + 1, sha256_of(body))
        rows.append(
            (
                new_id(),
                entry.event.value,
                entry.phone_e164,
                entry.scope,
                canonical_json(dict(entry.metadata)),
                _chained_text(body, at=tx.now),
                body,
                number + 1,
            )
        )
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(8)]
    await tx.execute(ADD_TO_LEDGER, tx.tenant, CHANNEL, tx.now, *columns)


def _chained_text(body: str, *, at: datetime) -> str:
    return canonical_json({"v": VERSION, "at": _moment(at), "body_sha256": sha256_of(body)})


def _body(entry: Entry, *, at: datetime, number: int, before: str) -> str:
    return canonical_json(
        {
            "at": _moment(at),
            "channel": CHANNEL,
            "event_type": entry.event.value,
            "phone_e164": entry.phone_e164,
            "scope": entry.scope,
            "metadata": dict(entry.metadata),
            "person_no": number,
            "person_prev": before,
            # Without it, whoever sees the chain could try every phone number against the fingerprint.
            "nonce": secrets.token_hex(16),
        }
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


async def _list_last_bodies(tx: Transaction, phones: list[str]) -> dict[str, tuple[int, str]]:
    rows: list[asyncpg.Record] = await tx.fetch(LIST_LAST_BODIES, tx.tenant, phones)
    return {row["phone_e164"]: (row["person_no"], sha256_of(row["body"])) for row in rows}


async def happened_within(tx: Transaction, *, phone_e164: str, event: LedgerEvent, span: timedelta) -> bool:
    """Tell whether the ledger has such an event of this person within the last `span`."""
    since: datetime = tx.now - span
    return await tx.fetchval(HAPPENED_SINCE, tx.tenant, phone_e164, event.value, since) is True


async def list_ledger(
    tx: Transaction, *, phone_e164: str | None, before: int | None, limit: int
) -> list[dict[str, object]]:
    """List the ledger, latest first, of one person or all, from before a number."""
    return [dict(row) for row in await tx.fetch(LIST_LEDGER, tx.tenant, phone_e164, before, limit)]
