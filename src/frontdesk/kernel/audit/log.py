"""The audit log: who did what to whom, one chained row per change, in the transaction of the change."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit.chain import (
    Broken,
    ChainCheck,
    ChainHead,
    ChainState,
    Damage,
    Intact,
    Link,
    canonical_json,
    keepable,
)
from frontdesk.kernel.db import Tx

CHAIN = "audit"
PAGE = 1_000
ACTOR_NAME = "actor_name"

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
SEARCH_ENTRIES = """
select seq, at, actor, action, subject, details::text as details, canonical, prev_hash, hash
from audit_log
where tenant_id = $1 and seq > $2 and ($3::text is null or action = $3 or starts_with(action, $3 || '.'))
  and ($4::text is null or actor = $4) and ($5::text is null or subject = $5)
  and ($6::timestamptz is null or at >= $6) and ($7::timestamptz is null or at < $7)
order by seq limit $8
"""
FIND_HEAD = """
select seq, hash from chain_heads where chain = $1 and tenant_id is not distinct from $2
"""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit log; `actor` names who by id, `actor_name` for people (empty for a part of the system)."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """How a stretch of a chain stands, and whether it reached the chain's end."""

    state: ChainState
    at_end: bool


async def write_entry(
    tx: Tx, *, actor: Actor, action: str, subject: str, details: Mapping[str, object] | None = None
) -> Link:
    """Add one entry to the chain of the transaction's tenant (none: the platform's), at the transaction's moment.

    `action` is like 'delivery.paused', `subject` names what was changed; `details` is JSON without secrets or message
    bodies, among which the actor's readable name is kept. Writers of one chain wait for each other until
    commit, so write the entry last.
    """
    named = _with_name(details or {}, actor.name)
    return _link(await tx.fetchrow(APPEND_ENTRY, *_arguments(tx, actor.id, action, subject, named)))


async def list_entries(tx: Tx, *, tenant_id: UUID | None, after_seq: int = 0, limit: int = 100) -> list[AuditEntry]:
    """List entries of one chain after number `after_seq`, oldest first."""
    if tenant_id is None:
        rows = await tx.fetch(LIST_PLATFORM_ENTRIES, after_seq, limit)
    else:
        rows = await tx.fetch(LIST_TENANT_ENTRIES, tenant_id, after_seq, limit)
    return [entry_of(row) for row in rows]


async def search_entries(
    tx: Tx,
    *,
    after_seq: int = 0,
    limit: int = 100,
    action: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[AuditEntry]:
    """List entries of the transaction's tenant after number `after_seq` that fit, oldest first.

    `action` is one like 'delivery.paused', or an area like 'delivery'; `until` is the first moment not wanted.
    """
    rows = await tx.fetch(SEARCH_ENTRIES, tx.tenant, after_seq, action, actor, subject, since, until, limit)
    return [entry_of(row) for row in rows]


async def find_head(tx: Tx, *, chain: str, tenant_id: UUID | None) -> ChainHead | None:
    """Find the head of any chain; kept outside the database, it is an anchor against a rewritten history."""
    row = await tx.fetchrow(FIND_HEAD, chain, tenant_id)
    return None if row is None else ChainHead(row["seq"], row["hash"])


async def verify_chain(tx: Tx, *, tenant_id: UUID | None, anchors: Iterable[ChainHead] = ()) -> ChainState:
    """Check the whole chain of a tenant (None: the platform's); names the first broken link.

    `anchors` are heads noted earlier and kept elsewhere: with them, a chain that was cut and rewritten is found too.
    """
    verified = await verify_stretch(tx, tenant_id=tenant_id, anchors=anchors)
    return verified.state


async def verify_stretch(
    tx: Tx,
    *,
    tenant_id: UUID | None,
    after: ChainHead | None = None,
    limit: int | None = None,
    anchors: Iterable[ChainHead] = (),
) -> Stretch:
    """Check a chain from the link behind `after` (None: from the first) on, `limit` links of it (None: to its end).

    The link `after` must still be there as it was. What is intact is so as far as `state.head`.
    """
    # Read first: an entry written while we check is then beyond the head, never missing before it.
    head = await find_head(tx, chain=CHAIN, tenant_id=tenant_id)
    if after is not None and (damage := await _damage_at(tx, tenant_id, after)) is not None:
        return Stretch(Broken(after.seq, damage), at_end=False)
    check = ChainCheck(CHAIN, tenant_id, anchors=anchors, after=after)
    taken = 0
    async for entry in _entries(tx, tenant_id, after_seq=after.seq if after else 0):
        beyond = head is None or entry.seq > head.seq
        if beyond and await find_head(tx, chain=CHAIN, tenant_id=tenant_id) != head:
            break
        if taken == limit:
            return Stretch(Intact(check.reached), at_end=False)
        broken = check.take(entry.link, columns_agree=entry.columns_agree())
        if broken is not None:
            return Stretch(broken, at_end=False)
        taken += 1
    return Stretch(check.finish(head), at_end=True)


async def _damage_at(tx: Tx, tenant_id: UUID | None, known: ChainHead) -> Damage | None:
    """Look whether a link that was checked before is still what it was."""
    entries = await list_entries(tx, tenant_id=tenant_id, after_seq=known.seq - 1, limit=1)
    if not entries or entries[0].seq != known.seq:
        return Damage.MISSING
    return None if entries[0].link.hash == known.hash else Damage.CHANGED


async def _entries(tx: Tx, tenant_id: UUID | None, *, after_seq: int = 0) -> AsyncIterator[AuditEntry]:
    while entries := await list_entries(tx, tenant_id=tenant_id, after_seq=after_seq, limit=PAGE):
        for entry in entries:
            yield entry
        after_seq = entries[-1].seq


def entry_of(row: asyncpg.Record) -> AuditEntry:
    """Read an entry from its row."""
    details: dict[str, object] = json.loads(row["details"])
    name = str(details.pop(ACTOR_NAME, ""))
    return AuditEntry(row["seq"], row["at"], row["actor"], name, row["action"], row["subject"], details, _link(row))


def _with_name(details: Mapping[str, object], name: str) -> dict[str, object]:
    return {**details, **({ACTOR_NAME: name} if name else {})}


def _arguments(tx: Tx, actor: str, action: str, subject: str, details: Mapping[str, object]) -> tuple[object, ...]:
    # What is hashed must be what the columns can keep.
    kept: dict[str, object] = json.loads(canonical_json(details))
    entry = (tx.now, keepable(actor), keepable(action), keepable(subject), kept)
    return (tx.tenant_id, *entry[:4], canonical_json(kept), _canonical_of(*entry))


def _canonical(entry: AuditEntry) -> str:
    details = _with_name(entry.details, entry.actor_name)
    return _canonical_of(entry.at, entry.actor, entry.action, entry.subject, details)


def _canonical_of(at: datetime, actor: str, action: str, subject: str, details: Mapping[str, object]) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return canonical_json({"at": moment, "actor": actor, "action": action, "subject": subject, "details": details})


def _link(row: asyncpg.Record | None) -> Link:
    if row is None:
        raise LookupError("the audit log returned no row")
    return Link(row["seq"], row["canonical"], row["prev_hash"], row["hash"])
