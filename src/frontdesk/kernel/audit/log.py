"""The audit log: who did what to whom, one chained row per change, in the transaction of the change."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.audit.chain import (
    ChainCheck,
    ChainHead,
    ChainState,
    Link,
    canonical_json,
    keepable,
)
from frontdesk.kernel.db import Tx

CHAIN = "audit"
PAGE = 1_000

APPEND_ENTRY = """
with link as (select seq, prev_hash, hash from chain_append('audit', $1, $7))
insert into audit_log (tenant_id, seq, at, actor, action, subject, details, canonical, prev_hash, hash)
select $1, link.seq, $2, $3, $4, $5, $6::jsonb, $7, link.prev_hash, link.hash from link
returning seq, canonical, prev_hash, hash
"""
LIST_TENANT_ENTRIES = """
select seq, at, actor, action, subject, details::text as details, canonical, prev_hash, hash
from audit_log where tenant_id = $1 and seq > $2 order by seq limit $3
"""
LIST_PLATFORM_ENTRIES = """
select seq, at, actor, action, subject, details::text as details, canonical, prev_hash, hash
from audit_log where tenant_id is null and seq > $1 order by seq limit $2
"""
FIND_HEAD = """
select seq, hash from chain_heads where chain = $1 and tenant_id is not distinct from $2
"""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit log."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, object]
    link: Link

    def columns_agree(self) -> bool:
        """Tell whether the columns say what the canonical text says."""
        try:
            return bool(json.loads(self.link.canonical) == json.loads(_canonical(self)))
        except ValueError:
            return False


async def write_entry(
    tx: Tx, *, actor: str, action: str, subject: str, details: Mapping[str, object] | None = None
) -> Link:
    """Add one entry to the chain of the transaction's tenant (none: the platform's), at the transaction's moment.

    `actor` is like 'user:<id>', 'token:<id>' or 'system:<part>', `action` like 'delivery.paused', `subject` names what
    was changed; `details` is JSON without secrets or message bodies. Writers of one chain wait for each other until
    commit, so write the entry last.
    """
    return _link(await tx.fetchrow(APPEND_ENTRY, *_arguments(tx, actor, action, subject, details or {})))


async def list_entries(tx: Tx, *, tenant_id: UUID | None, after_seq: int = 0, limit: int = 100) -> list[AuditEntry]:
    """List entries of one chain after number `after_seq`, oldest first."""
    if tenant_id is None:
        rows = await tx.fetch(LIST_PLATFORM_ENTRIES, after_seq, limit)
    else:
        rows = await tx.fetch(LIST_TENANT_ENTRIES, tenant_id, after_seq, limit)
    return [
        AuditEntry(row["seq"], row["at"], row["actor"], row["action"], row["subject"], json.loads(row["details"]),
                   _link(row))
        for row in rows
    ]  # fmt: skip


async def find_head(tx: Tx, *, chain: str, tenant_id: UUID | None) -> ChainHead | None:
    """Find the head of any chain; kept outside the database, it is an anchor against a rewritten history."""
    row = await tx.fetchrow(FIND_HEAD, chain, tenant_id)
    return None if row is None else ChainHead(row["seq"], row["hash"])


async def verify_chain(tx: Tx, *, tenant_id: UUID | None, anchor: ChainHead | None = None) -> ChainState:
    """Check the whole chain of a tenant (None: the platform's); names the first broken link.

    `anchor` is a head noted earlier and kept elsewhere: with it, a chain that was cut and rewritten is found too.
    """
    # Read first: an entry written while we check is then beyond the head, never missing before it.
    head = await find_head(tx, chain=CHAIN, tenant_id=tenant_id)
    check = ChainCheck(CHAIN, tenant_id, anchor=anchor)
    async for entry in _entries(tx, tenant_id):
        beyond = head is None or entry.seq > head.seq
        if beyond and await find_head(tx, chain=CHAIN, tenant_id=tenant_id) != head:
            break
        broken = check.take(entry.link, columns_agree=entry.columns_agree())
        if broken is not None:
            return broken
    return check.finish(head)


async def _entries(tx: Tx, tenant_id: UUID | None) -> AsyncIterator[AuditEntry]:
    after_seq = 0
    while entries := await list_entries(tx, tenant_id=tenant_id, after_seq=after_seq, limit=PAGE):
        for entry in entries:
            yield entry
        after_seq = entries[-1].seq


def _arguments(tx: Tx, actor: str, action: str, subject: str, details: Mapping[str, object]) -> tuple[object, ...]:
    # What is hashed must be what the columns can keep.
    kept: dict[str, object] = json.loads(canonical_json(details))
    entry = (tx.now, keepable(actor), keepable(action), keepable(subject), kept)
    return (tx.tenant_id, *entry[:4], canonical_json(kept), _canonical_of(*entry))


def _canonical(entry: AuditEntry) -> str:
    return _canonical_of(entry.at, entry.actor, entry.action, entry.subject, entry.details)


def _canonical_of(at: datetime, actor: str, action: str, subject: str, details: Mapping[str, object]) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return canonical_json({"at": moment, "actor": actor, "action": action, "subject": subject, "details": details})


def _link(row: asyncpg.Record | None) -> Link:
    if row is None:
        raise LookupError("the audit log returned no row")
    return Link(row["seq"], row["canonical"], row["prev_hash"], row["hash"])
