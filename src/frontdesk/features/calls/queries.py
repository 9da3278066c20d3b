"""All SQL of calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.calls.model import Call
from frontdesk.kernel.db import Transaction

ENSURE_CALL = """
    insert into calls as call (id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164, status,
                               status_rank, started_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
    on conflict (provider, provider_call_id) do update
    set contact_id = coalesce(call.contact_id, excluded.contact_id), updated_at = excluded.updated_at
    returning call.id, call.contact_id, call.missed_at, call.answered_at, call.started_at, (xmax = 0) as is_new
"""

MOVE_STATUS = """
    update calls
    set status = $3, status_rank = $4, duration_seconds = coalesce($5, duration_seconds),
        ended_at = case when $4 >= 3 then coalesce(ended_at, $6) else ended_at end, updated_at = $6
    where tenant_id = $1 and id = $2 and status_rank <= $4
"""

NOTE_DIAL = """
    update calls
    set dial_status = $3, dial_seconds = $4,
        answered_at = case when $5 then coalesce(answered_at, $6) else answered_at end, updated_at = $6
    where tenant_id = $1 and id = $2
"""

MARK_MISSED = """
    update calls set missed_at = $3, missed_because = $4, updated_at = $3
    where tenant_id = $1 and id = $2 and missed_at is null and answered_at is null
    returning true
"""

ADD_VOICEMAIL = """
    insert into voicemails (id, tenant_id, call_id, provider, provider_recording_id, url, duration_seconds, received_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (provider, provider_recording_id) do nothing
    returning true
"""

GET_VOICEMAIL = """
    select id, call_id, provider, provider_recording_id, url, duration_seconds, stored_as, content_type
    from voicemails where tenant_id = $1 and id = $2
"""

NOTE_STORED = "update voicemails set stored_as = $3, content_type = $4 where tenant_id = $1 and id = $2"

FIND = """
    select id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164, status, dial_status,
           dial_seconds, duration_seconds, missed_at, missed_because, answered_at, ended_at, started_at
    from calls where tenant_id = $1 and id = $2
"""

FIND_CALLED_NUMBER = "select called_e164 from calls where provider = $1 and provider_call_id = $2"

LIST = """
    select id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164, status, dial_status,
           dial_seconds, duration_seconds, missed_at, missed_because, answered_at, ended_at, started_at
    from calls where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """What is known of a call when news of it arrives."""

    id: UUID
    contact_id: UUID | None
    missed_at: datetime | None
    answered_at: datetime | None
    started_at: datetime
    is_new: bool


async def ensure_call(
    tx: Transaction,
    *,
    call_id: UUID,
    provider: str,
    provider_call_id: str,
    contact_id: UUID | None,
    caller_e164: str,
    called_e164: str,
    status: str,
    status_rank: int,
) -> StoredCall:
    """Get a call by the carrier's id, adding it if this is its first news; locks it until the commit."""
    row = await tx.fetchrow(
        ENSURE_CALL,
        call_id,
        tx.tenant,
        provider,
        provider_call_id,
        contact_id,
        caller_e164,
        called_e164,
        status,
        status_rank,
        tx.now,
    )
    if row is None:
        raise LookupError(provider_call_id)
    return StoredCall(**dict(row))


async def move_status(tx: Transaction, *, call_id: UUID, status: str, rank: int, seconds: int | None) -> None:
    """Move a call's status, never backwards."""
    await tx.execute(MOVE_STATUS, tx.tenant, call_id, status, rank, seconds, tx.now)


async def note_dial(tx: Transaction, *, call_id: UUID, dial_status: str, seconds: int, answered: bool) -> None:
    """Write how ringing the business ended."""
    await tx.execute(NOTE_DIAL, tx.tenant, call_id, dial_status, seconds, answered, tx.now)


async def mark_missed(tx: Transaction, *, call_id: UUID, because: str) -> bool:
    """Mark a call as missed; False if it was already, or had been answered."""
    return await tx.fetchval(MARK_MISSED, tx.tenant, call_id, tx.now, because) is True


async def add_voicemail(
    tx: Transaction,
    *,
    voicemail_id: UUID,
    call_id: UUID,
    provider: str,
    provider_recording_id: str,
    url: str,
    duration_seconds: int,
) -> bool:
    """Link a voicemail to its call; False if it is linked already."""
    written = await tx.fetchval(
        ADD_VOICEMAIL, voicemail_id, tx.tenant, call_id, provider, provider_recording_id, url, duration_seconds, tx.now
    )
    return written is True


async def find_voicemail(tx: Transaction, *, voicemail_id: UUID) -> dict[str, object] | None:
    """Find a voicemail by id."""
    row = await tx.fetchrow(GET_VOICEMAIL, tx.tenant, voicemail_id)
    return None if row is None else dict(row)


async def note_stored(tx: Transaction, *, voicemail_id: UUID, stored_as: str, content_type: str) -> None:
    """Write where a voicemail's sound is kept."""
    await tx.execute(NOTE_STORED, tx.tenant, voicemail_id, stored_as, content_type)


async def find_call(tx: Transaction, *, call_id: UUID) -> Call | None:
    """Find a call by id."""
    row = await tx.fetchrow(FIND, tx.tenant, call_id)
    return None if row is None else Call(**dict(row))


async def find_called_number(tx: Transaction, *, provider: str, provider_call_id: str) -> str | None:
    """Find which of our numbers a call came to, whoever's it is."""
    called = await tx.fetchval(FIND_CALLED_NUMBER, provider, provider_call_id)
    return called if isinstance(called, str) else None


async def list_calls(tx: Transaction, *, before: UUID | None, limit: int) -> list[Call]:
    """List calls, newest first, from before a given one."""
    return [Call(**dict(row)) for row in await tx.fetch(LIST, tx.tenant, before, limit)]
