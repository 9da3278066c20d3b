"""The verbs of endpoints: add, change, rotate the secret, take away; each on the audit log."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import asyncpg

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.db import Transaction, Tx, affected
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.hooks.addresses import read_address
from frontdesk.kernel.hooks.model import (
    BOTH_SECRETS_FOR,
    MAX_ENDPOINTS,
    MAX_EVENT_NAMES,
    DisabledBecause,
    Endpoint,
)
from frontdesk.kernel.hooks.sealing import Sealer
from frontdesk.kernel.hooks.signing import new_secret
from frontdesk.kernel.ids import new_id

LIST = """
    select id, tenant_id, url, description, event_names, previous_secret_until, failing_since_at, disabled_at,
           disabled_because, created_at, updated_at
    from webhook_endpoints where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""
FIND = """
    select id, tenant_id, url, description, event_names, previous_secret_until, failing_since_at, disabled_at,
           disabled_because, created_at, updated_at
    from webhook_endpoints where tenant_id = $1 and id = $2
"""
LOCK = """
    select id, tenant_id, url, description, event_names, previous_secret_until, failing_since_at, disabled_at,
           disabled_because, created_at, updated_at
    from webhook_endpoints where tenant_id = $1 and id = $2 for update
"""
FIND_SECRET = "select sealed_secret from webhook_endpoints where tenant_id = $1 and id = $2"  # noqa: S105 - a statement
LOCK_TENANT = "select pg_advisory_xact_lock(3, hashtext($1))"
COUNT = "select count(*) from webhook_endpoints where tenant_id = $1"
INSERT = """
    insert into webhook_endpoints (id, tenant_id, url, description, event_names, sealed_secret, listens_from_at,
                                   created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $7, $7)
"""
# Whoever is listened to again hears what happens from now on; what was missed is replayed on demand.
UPDATE = """
    update webhook_endpoints
    set url = $3, description = $4, event_names = $5, disabled_at = $6, disabled_because = $7, updated_at = $8,
        failing_since_at = case when disabled_at is not null and $6::timestamptz is null then null
                                else failing_since_at end,
        listens_from_at = case when disabled_at is not null and $6::timestamptz is null then $8
                               else listens_from_at end
    where tenant_id = $1 and id = $2
"""
ROTATE = """
    update webhook_endpoints
    set sealed_previous_secret = sealed_secret, previous_secret_until = $4, sealed_secret = $3, updated_at = $5
    where tenant_id = $1 and id = $2
"""
LOCK_SEALED = """
    select id, tenant_id, sealed_secret, sealed_previous_secret from webhook_endpoints order by id for update
"""
RESEAL = """
    update webhook_endpoints set sealed_secret = $3, sealed_previous_secret = $4 where tenant_id = $1 and id = $2
"""
DELETE = "delete from webhook_endpoints where tenant_id = $1 and id = $2"


async def list_endpoints(tx: Tx, *, before: UUID | None, limit: int) -> list[Endpoint]:
    """List the tenant's endpoints, newest first, from before a given one."""
    return [_endpoint(row) for row in await tx.fetch(LIST, tx.tenant, before, limit)]


async def get_endpoint(tx: Tx, *, endpoint_id: UUID) -> Endpoint:
    """Get one of the tenant's endpoints; refuses `hooks.endpoint_unknown` (404)."""
    return _known(await tx.fetchrow(FIND, tx.tenant, endpoint_id))


async def read_secret(tx: Tx, sealer: Sealer, *, endpoint_id: UUID) -> str:
    """Open an endpoint's signing secret."""
    sealed = await tx.fetchval(FIND_SECRET, tx.tenant, endpoint_id)
    if not isinstance(sealed, bytes):
        raise _unknown()
    return sealer.open(sealed, endpoint_id=endpoint_id)


async def add_endpoint(
    tx: Tx,
    sealer: Sealer,
    *,
    url: str,
    description: str,
    event_names: frozenset[str],
    known_names: frozenset[str],
    allow_loopback: bool,
    actor: Actor,
) -> Endpoint:
    """Tell a program outside of events from now on; its secret is made here.

    Refuses `hooks.url_invalid`, `hooks.event_unknown` and an eleventh endpoint (`hooks.too_many_endpoints`, 409).
    """
    read_address(url, allow_loopback=allow_loopback)
    refuse_unknown_names(event_names, known_names)
    await tx.execute(LOCK_TENANT, str(tx.tenant))
    if await tx.fetchval(COUNT, tx.tenant) == MAX_ENDPOINTS:
        raise Refused("hooks.too_many_endpoints", f"A business has at most {MAX_ENDPOINTS} endpoints.", status=409)
    endpoint_id = new_id()
    sealed = sealer.seal(new_secret(), endpoint_id=endpoint_id)
    await tx.execute(INSERT, endpoint_id, tx.tenant, url, description, sorted(event_names), sealed, tx.now)
    details = {"url": url, "event_names": sorted(event_names)}
    await write_entry(tx, actor=actor, action="hooks.endpoint_added", subject=_subject(endpoint_id), details=details)
    return await get_endpoint(tx, endpoint_id=endpoint_id)


async def change_endpoint(
    tx: Tx,
    *,
    endpoint_id: UUID,
    actor: Actor,
    known_names: frozenset[str],
    allow_loopback: bool,
    url: str | None = None,
    description: str | None = None,
    event_names: frozenset[str] | None = None,
    enabled: bool | None = None,
) -> Endpoint:
    """Change an endpoint; what is None stays. Enabling one starts anew: no failures, and events from now on.

    Refuses `hooks.endpoint_unknown` (404), `hooks.url_invalid` and `hooks.event_unknown`.
    """
    before = _known(await tx.fetchrow(LOCK, tx.tenant, endpoint_id))
    after = before
    if url is not None:
        read_address(url, allow_loopback=allow_loopback)
        after = replace(after, url=url)
    if description is not None:
        after = replace(after, description=description)
    if event_names is not None:
        refuse_unknown_names(event_names, known_names)
        after = replace(after, event_names=tuple(sorted(event_names)))
    if enabled is True:
        after = replace(after, disabled_at=None, disabled_because="")
    elif enabled is False and before.disabled_at is None:
        after = replace(after, disabled_at=tx.now, disabled_because=DisabledBecause.BY_HAND.value)
    if after != before:
        names = list(after.event_names)
        await tx.execute(
            UPDATE, tx.tenant, endpoint_id, after.url, after.description, names, after.disabled_at,
            after.disabled_because, tx.now,
        )  # fmt: skip
        details = {"url": after.url, "event_names": names, "enabled": after.disabled_at is None}
        subject = _subject(endpoint_id)
        await write_entry(tx, actor=actor, action="hooks.endpoint_changed", subject=subject, details=details)
    return await get_endpoint(tx, endpoint_id=endpoint_id)


async def rotate_secret(tx: Tx, sealer: Sealer, *, endpoint_id: UUID, actor: Actor) -> Endpoint:
    """Give an endpoint a new secret; for 24 h messages are signed with both. Refuses `hooks.endpoint_unknown` (404)."""
    _known(await tx.fetchrow(LOCK, tx.tenant, endpoint_id))
    sealed = sealer.seal(new_secret(), endpoint_id=endpoint_id)
    await tx.execute(ROTATE, tx.tenant, endpoint_id, sealed, tx.now + BOTH_SECRETS_FOR, tx.now)
    await write_entry(tx, actor=actor, action="hooks.secret_rotated", subject=_subject(endpoint_id))
    return await get_endpoint(tx, endpoint_id=endpoint_id)


async def reseal_secrets(tx: Transaction, sealer: Sealer) -> int:
    """Seal every endpoint's secrets with the current key; returns how many endpoints. The system role sees them all."""
    rows = await tx.fetch(LOCK_SEALED)
    for row in rows:
        endpoint_id, previous = row["id"], row["sealed_previous_secret"]
        sealed = sealer.seal(sealer.open(row["sealed_secret"], endpoint_id=endpoint_id), endpoint_id=endpoint_id)
        if previous is not None:
            previous = sealer.seal(sealer.open(previous, endpoint_id=endpoint_id), endpoint_id=endpoint_id)
        await tx.execute(RESEAL, row["tenant_id"], endpoint_id, sealed, previous)
    return len(rows)


async def delete_endpoint(tx: Tx, *, endpoint_id: UUID, actor: Actor) -> None:
    """Take an endpoint away with all that it was told; refuses `hooks.endpoint_unknown` (404)."""
    if affected(await tx.execute(DELETE, tx.tenant, endpoint_id)) == 0:
        raise _unknown()
    await write_entry(tx, actor=actor, action="hooks.endpoint_deleted", subject=_subject(endpoint_id))


def refuse_unknown_names(event_names: frozenset[str], known_names: frozenset[str]) -> None:
    """Refuse names that no event has (`hooks.event_unknown`), and a choice of none or more than there can be."""
    unknown = sorted(event_names - known_names)
    if unknown:
        raise Refused("hooks.event_unknown", f"No event is named {', '.join(unknown)[:200]}.", status=422)
    if not 1 <= len(event_names) <= MAX_EVENT_NAMES:
        raise Refused("hooks.event_unknown", f"Choose 1 to {MAX_EVENT_NAMES} events.", status=422)


def _known(row: asyncpg.Record | None) -> Endpoint:
    if row is None:
        raise _unknown()
    return _endpoint(row)


def _endpoint(row: asyncpg.Record) -> Endpoint:
    return Endpoint(**{**dict(row), "event_names": tuple(row["event_names"])})


def _subject(endpoint_id: UUID) -> str:
    return f"webhook_endpoint:{endpoint_id}"


def _unknown() -> Refused:
    return Refused("hooks.endpoint_unknown", "There is no such webhook endpoint here.", status=404)
