"""All SQL of consent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from frontdesk.features.consent.model import LedgerEvent, Refusal
from frontdesk.kernel.audit import canonical_json
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

LOCK_PERSON_ALONE = "select pg_advisory_xact_lock(1, hashtext($1))"

FIND_REFUSAL = """
    select phone_e164, scope, reason, since from do_not_contact where tenant_id = $1 and phone_e164 = $2
"""

LIST_REFUSALS = """
    select phone_e164, scope, reason, since from do_not_contact
    where tenant_id = $1 order by since desc, phone_e164 limit $2
"""

REFUSE = """
    insert into do_not_contact (tenant_id, phone_e164, scope, reason, since) values ($1, $2, $3, $4, $5)
    on conflict (tenant_id, phone_e164) do update
    set scope = excluded.scope, reason = excluded.reason, since = excluded.since
    where do_not_contact.scope = 'marketing' and excluded.scope = 'all'
    returning true
"""

LIFT = "delete from do_not_contact where tenant_id = $1 and phone_e164 = $2 returning true"

REFUSE_SENDER = """
    insert into sender_opt_outs (sender_e164, phone_e164, since, reason) values ($1, $2, $3, $4) on conflict do nothing
"""

LIFT_SENDER = "delete from sender_opt_outs where sender_e164 = $1 and phone_e164 = $2 returning true"

ADD_TO_LEDGER = """
    with link as (select seq, prev_hash, hash from chain_append('compliance', $1, $8))
    insert into compliance_events (id, tenant_id, channel, event_type, phone_e164, scope, metadata, canonical, seq,
                                   prev_hash, hash, created_at)
    select $2, $1, $3, $4, $5, $6, $7::jsonb, $8, link.seq, link.prev_hash, link.hash, $9 from link
"""

HAPPENED_SINCE = """
    select exists (
      select from compliance_events
      where tenant_id = $1 and phone_e164 = $2 and event_type = $3 and created_at > $4
    )
"""

LIST_LEDGER = """
    select event_type, channel, phone_e164, scope, metadata, seq, created_at from compliance_events
    where tenant_id = $1 and ($2::text is null or phone_e164 = $2) order by seq desc limit $3
"""


async def lock_person_alone(tx: Transaction, *, phone_e164: str) -> None:
    """Hold a person's consent alone until the transaction ends: no gate about them is in between."""
    await tx.execute(LOCK_PERSON_ALONE, phone_e164)


async def find_refusal(tx: Transaction, *, phone_e164: str) -> Refusal | None:
    """Find out whether a person must not be texted."""
    row = await tx.fetchrow(FIND_REFUSAL, tx.tenant, phone_e164)
    return None if row is None else Refusal(**dict(row))


async def list_refusals(tx: Transaction, *, limit: int) -> list[Refusal]:
    """List who must not be texted, latest first."""
    return [Refusal(**dict(row)) for row in await tx.fetch(LIST_REFUSALS, tx.tenant, limit)]


async def refuse(tx: Transaction, *, phone_e164: str, scope: str, reason: str) -> bool:
    """Write that a person must not be texted; a wider refusal replaces a narrower one, never the other way."""
    return await tx.fetchval(REFUSE, tx.tenant, phone_e164, scope, reason, tx.now) is True


async def lift(tx: Transaction, *, phone_e164: str) -> bool:
    """Let a person be texted again; False if they were not refused."""
    return await tx.fetchval(LIFT, tx.tenant, phone_e164) is True


async def refuse_sender(tx: Transaction, *, sender_e164: str, phone_e164: str, reason: str) -> None:
    """Write that a person must not be texted from one number, whoever uses it."""
    await tx.execute(REFUSE_SENDER, sender_e164, phone_e164, tx.now, reason)


async def lift_sender(tx: Transaction, *, sender_e164: str, phone_e164: str) -> bool:
    """Let a person be texted from one number again."""
    return await tx.fetchval(LIFT_SENDER, sender_e164, phone_e164) is True


async def add_to_ledger(
    tx: Transaction, *, event: LedgerEvent, phone_e164: str, scope: str, metadata: Mapping[str, object]
) -> None:
    """Add one event to the tenant's consent chain."""
    canonical = canonical_json(
        {
            "at": tx.now.isoformat(),
            "channel": "sms",
            "event_type": event.value,
            "phone_e164": phone_e164,
            "scope": scope,
            "metadata": dict(metadata),
        }
    )
    await tx.execute(
        ADD_TO_LEDGER,
        tx.tenant,
        new_id(),
        "sms",
        event.value,
        phone_e164,
        scope,
        msgspec.json.encode(dict(metadata)).decode(),
        canonical,
        tx.now,
    )


async def happened_within(tx: Transaction, *, phone_e164: str, event: LedgerEvent, span: timedelta) -> bool:
    """Tell whether the ledger has such an event of this person within the last `span`."""
    since: datetime = tx.now - span
    return await tx.fetchval(HAPPENED_SINCE, tx.tenant, phone_e164, event.value, since) is True


async def list_ledger(tx: Transaction, *, phone_e164: str | None, limit: int) -> list[dict[str, object]]:
    """List the ledger, latest first, of one person or all."""
    return [dict(row) for row in await tx.fetch(LIST_LEDGER, tx.tenant, phone_e164, limit)]
