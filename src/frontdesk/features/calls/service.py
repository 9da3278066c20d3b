"""The verbs of calls: what a carrier tells us of a call, and what it makes of it."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features import contacts
from frontdesk.features.calls import queries
from frontdesk.features.calls.events import CallAnswered, CallMissed, CallStarted, VoicemailLeft
from frontdesk.features.calls.model import STATUS_RANK, Call, MissedRule, why_missed
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.ports import CallStatus, CallUpdate, DialEnded, InboundCall, RecordingReady


async def _know_call(
    tx: Transaction,
    *,
    provider: str,
    provider_call_id: str,
    caller_e164: str,
    called_e164: str,
    status: CallStatus,
    caller_name: str = "",
) -> queries.StoredCall:
    """Get the call that news is about, whichever news comes first."""
    contact_id: UUID | None = None
    if caller_e164:
        contact_id = (await contacts.ensure_contact(tx, phone_e164=caller_e164, name=caller_name)).id
    call = await queries.ensure_call(
        tx,
        call_id=new_id(),
        provider=provider,
        provider_call_id=provider_call_id,
        contact_id=contact_id,
        caller_e164=caller_e164,
        called_e164=called_e164,
        status=status.value,
        status_rank=min(STATUS_RANK[status], 2),
    )
    if call.is_new:
        tx.announce(CallStarted(call_id=call.id, caller_e164=caller_e164, called_e164=called_e164))
    return call


async def start_call(tx: Transaction, call: InboundCall, *, nobody_to_ring: bool) -> None:
    """Note that somebody calls; if there is nowhere to ring, the call is missed at once."""
    stored = await _know_call(
        tx,
        provider=call.provider,
        provider_call_id=call.provider_call_id,
        caller_e164=call.caller_e164,
        called_e164=call.called_e164,
        status=CallStatus.RINGING,
        caller_name=call.caller_name,
    )
    if nobody_to_ring:
        await _miss(
            tx,
            stored,
            provider=call.provider,
            caller_e164=call.caller_e164,
            called_e164=call.called_e164,
            because="nobody-to-ring",
        )


async def end_dial(tx: Transaction, ended: DialEnded, *, rule: MissedRule) -> bool:
    """Note how ringing the business ended; True if the call counts as missed."""
    stored = await _know_call(
        tx,
        provider=ended.provider,
        provider_call_id=ended.provider_call_id,
        caller_e164=ended.caller_e164,
        called_e164=ended.called_e164,
        status=CallStatus.IN_PROGRESS,
    )
    because = why_missed(ended.dial_status, seconds=ended.dial_duration_seconds, rule=rule)
    await queries.note_dial(
        tx,
        call_id=stored.id,
        dial_status=ended.dial_status.value,
        seconds=ended.dial_duration_seconds,
        answered=because is None,
    )
    if because is None:
        if stored.answered_at is None:
            tx.announce(CallAnswered(call_id=stored.id))
        return False
    await _miss(
        tx,
        stored,
        provider=ended.provider,
        caller_e164=ended.caller_e164,
        called_e164=ended.called_e164,
        because=because,
    )
    return True


async def update_call(tx: Transaction, update: CallUpdate, *, rule: MissedRule) -> None:
    """Note a call's own status, never backwards; a call that ended unanswered is missed.

    A completed call tells nothing of whether the business answered (a voicemail completes it too): the dial does.
    """
    stored = await _know_call(
        tx,
        provider=update.provider,
        provider_call_id=update.provider_call_id,
        caller_e164=update.caller_e164,
        called_e164=update.called_e164,
        status=update.status,
    )
    ended = STATUS_RANK[update.status] >= STATUS_RANK[CallStatus.CANCELED]
    await queries.move_status(
        tx,
        call_id=stored.id,
        status=update.status.value,
        rank=STATUS_RANK[update.status],
        seconds=update.duration_seconds if ended else None,
    )
    because = why_missed(update.status, seconds=update.duration_seconds, rule=rule)
    if because is not None and stored.answered_at is None:
        await _miss(
            tx,
            stored,
            provider=update.provider,
            caller_e164=update.caller_e164,
            called_e164=update.called_e164,
            because=because,
        )


async def _miss(
    tx: Transaction, stored: queries.StoredCall, *, provider: str, caller_e164: str, called_e164: str, because: str
) -> None:
    """Mark a call as missed, once, however many callbacks say so."""
    if stored.missed_at is not None or not await queries.mark_missed(tx, call_id=stored.id, because=because):
        return
    tx.announce(
        CallMissed(
            call_id=stored.id,
            contact_id=stored.contact_id,
            caller_e164=caller_e164,
            called_e164=called_e164,
            provider=provider,
            because=because,
            called_at=stored.started_at,
            missed_at=tx.now,
        )
    )


async def keep_voicemail(tx: Transaction, recording: RecordingReady, *, called_e164: str, caller_e164: str) -> None:
    """Link a voicemail to its call, once."""
    stored = await _know_call(
        tx,
        provider=recording.provider,
        provider_call_id=recording.provider_call_id,
        caller_e164=caller_e164,
        called_e164=called_e164,
        status=CallStatus.IN_PROGRESS,
    )
    voicemail_id = new_id()
    added = await queries.add_voicemail(
        tx,
        voicemail_id=voicemail_id,
        call_id=stored.id,
        provider=recording.provider,
        provider_recording_id=recording.provider_recording_id,
        url=recording.url,
        duration_seconds=recording.duration_seconds,
    )
    if added:
        tx.announce(
            VoicemailLeft(voicemail_id=voicemail_id, call_id=stored.id, duration_seconds=recording.duration_seconds)
        )


async def find_called_number(tx: Transaction, *, provider: str, provider_call_id: str) -> str | None:
    """Find which of our numbers a call came to; asked across tenants, before its business is known."""
    return await queries.find_called_number(tx, provider=provider, provider_call_id=provider_call_id)


async def get_call(tx: Transaction, *, call_id: UUID) -> Call:
    """Get a call by id; refuses one the tenant does not have (`calls.not_found`)."""
    call = await queries.find_call(tx, call_id=call_id)
    if call is None:
        raise Refused("calls.not_found", "no such call", status=404)
    return call


async def list_calls(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[Call]:
    """List calls, newest first; pass the last id as `before` for the next page."""
    return await queries.list_calls(tx, before=before, limit=limit)
