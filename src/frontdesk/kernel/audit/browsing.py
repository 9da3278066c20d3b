"""Looking through the audit log: newest first, by who, what and when, of one chain at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.audit.log import AuditEntry, entry_of, list_entries
from frontdesk.kernel.db import Transaction

PAGE = 1_000
NEWEST = 2**62

BROWSE_TENANT = """
select seq, at, actor, action, subject, details::text as details, canonical, prev_hash, hash
from audit_log
where tenant_id = $1 and seq < $2 and ($3 = '' or action = $3 or starts_with(action, $3 || '.'))
  and ($4 = '' or position($4 in lower(actor || ' ' || coalesce(details ->> 'actor_name', ''))) > 0)
  and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
order by seq desc limit $7
"""
BROWSE_PLATFORM = """
select seq, at, actor, action, subject, details::text as details, canonical, prev_hash, hash
from audit_log
where tenant_id is null and seq < $1 and ($2 = '' or action = $2 or starts_with(action, $2 || '.'))
  and ($3 = '' or position($3 in lower(actor || ' ' || coalesce(details ->> 'actor_name', ''))) > 0)
  and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)
order by seq desc limit $6
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuestion:
    """Which entries are wanted: an action or an area of them, a part of who did it, from when, until when."""

    action: str = ""
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def browse_entries(
    tx: Transaction, asked: AuditQuestion, *, tenant_id: UUID | None, before_seq: int = NEWEST, limit: int
) -> list[AuditEntry]:
    """List the entries of a tenant's chain (None: the platform's) that fit, newest first, from before a number on."""
    who = asked.who.strip().lower()
    if tenant_id is None:
        rows = await tx.fetch(BROWSE_PLATFORM, before_seq, asked.action, who, asked.since, asked.until, limit)
    else:
        rows = await tx.fetch(BROWSE_TENANT, tenant_id, before_seq, asked.action, who, asked.since, asked.until, limit)
    return [entry_of(row) for row in rows]


async def read_whole_chain(tx: Transaction, *, tenant_id: UUID | None) -> AsyncIterator[list[AuditEntry]]:
    """Read a chain from its first entry to its last, a thousand at a time."""
    after = 0
    while entries := await list_entries(tx, tenant_id=tenant_id, after_seq=after, limit=PAGE):
        yield entries
        after = entries[-1].seq
