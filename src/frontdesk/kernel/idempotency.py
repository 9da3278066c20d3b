"""Idempotency keys: a repeated request makes nothing twice, and a key means one request."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from annotated_types import MaxLen, MinLen

from frontdesk.kernel.db import Transaction, affected
from frontdesk.kernel.errors import Refused

KEPT = timedelta(hours=24)
MAX_LENGTH = 255
Key = Annotated[str, MinLen(1), MaxLen(MAX_LENGTH)]

LOCK = "select pg_advisory_xact_lock(2, hashtext($1 || ':' || $2 || ':' || $3))"

FIND = """
    select fingerprint, subject_id from idempotency_keys
    where tenant_id = $1 and operation = $2 and key = $3 and created_at > $4
"""

REMEMBER = """
    insert into idempotency_keys (tenant_id, operation, key, fingerprint, subject_id, created_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (tenant_id, operation, key) do update
    set fingerprint = excluded.fingerprint, subject_id = excluded.subject_id, created_at = excluded.created_at
"""

FORGET = """
    delete from idempotency_keys where (tenant_id, operation, key) in (
      select tenant_id, operation, key from idempotency_keys where created_at < $1 limit $2
    )
"""


async def once(
    tx: Transaction,
    *,
    operation: str,
    key: str | None,
    request: object,
    make: Callable[[], Awaitable[UUID]],
) -> tuple[UUID, bool]:
    """Make something once per key; returns its id and whether this request made it.

    A repeat within 24 h gets the id of the first; two at the same moment wait for each other. Without a key it is made
    anew. Refuses a key that came with another request (`idempotency.other_request`, 422).
    """
    if key is None:
        return await make(), True
    fingerprint = hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest()
    await tx.execute(LOCK, str(tx.tenant), operation, key)
    known = await tx.fetchrow(FIND, tx.tenant, operation, key, tx.now - KEPT)
    if known is None:
        subject_id = await make()
        await tx.execute(REMEMBER, tx.tenant, operation, key, fingerprint, subject_id, tx.now)
        return subject_id, True
    if known["fingerprint"] != fingerprint:
        raise Refused(
            "idempotency.other_request",
            "this Idempotency-Key came with another request before: use a new key for a new request",
            status=422,
        )
    found: UUID = known["subject_id"]
    return found, False


async def forget_old_keys(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget keys from before a moment, `limit` at most; returns how many."""
    return affected(await tx.execute(FORGET, before, limit))
