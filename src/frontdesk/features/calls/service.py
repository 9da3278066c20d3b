"""The verbs of calls: what a carrier tells us of a call, and what it makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from frontdesk.features import contacts
from frontdesk.features.calls import queries
from frontdesk.features.calls.events import CallMissed, CallStarted, VoicemailLeft
from frontdesk.features.calls.model import STATUS_RANK, Call, MissedRule, why_missed
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook
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


async def start_call(
    tx: Transaction, webhook: Webhook, call: InboundCall, *, nobody_to_ring: bool, heard: Sequence[str]
) -> bool:
    """Archive the news that somebody calls and note it; if there is nowhere to ring, the call is missed at once.

    False if the webhook was taken in before. `heard` names the events that somebody listens to. This verb and the next
    two are one statement each, unless the call is missed: then others act on it before the commit.
    """
    news = queries.CallNews(
        provider_call_id=call.provider_call_id,
        caller_e164=call.caller_e164,
        called_e164=call.called_e164,
        caller_name=call.caller_name,
        status=CallStatus.RINGING.value,
        status_rank=STATUS_RANK[CallStatus.RINGING],
        because="nobody-to-ring" if nobody_to_ring else None,
    )
    return await _hear(tx, webhook, news, heard=heard)


async def end_dial(
    tx: Transaction, webhook: Webhook, ended: DialEnded, *, rule: MissedRule, heard: Sequence[str]
) -> bool:
    """Archive and note how ringing the business ended: answered, or missed; False for a repeat."""
    because = why_missed(ended.dial_status, seconds=ended.dial_duration_seconds, rule=rule)
    news = queries.CallNews(
        provider_call_id=ended.provider_call_id,
        caller_e164=ended.caller_e164,
        called_e164=ended.called_e164,
        status=CallStatus.IN_PROGRESS.value,
        status_rank=STATUS_RANK[CallStatus.IN_PROGRESS],
        dial_status=ended.dial_status.value,
        dial_seconds=ended.dial_duration_seconds,
        answered=because is None,
        because=because,
    )
    return await _hear(tx, webhook, news, heard=heard)


async def update_call(
    tx: Transaction, webhook: Webhook, update: CallUpdate, *, rule: MissedRule, heard: Sequence[str]
) -> bool:
    """Archive and note a call's own status, never backwards; one that ended unanswered is missed. False for a repeat.

    A completed call tells nothing of whether the business answered (a voicemail completes it too): the dial does.
    """
    ended = STATUS_RANK[update.status] >= STATUS_RANK[CallStatus.CANCELED]
    news = queries.CallNews(
        provider_call_id=update.provider_call_id,
        caller_e164=update.caller_e164,
        called_e164=update.called_e164,
        status=update.status.value,
        status_rank=STATUS_RANK[update.status],
        moves=True,
        duration_seconds=update.duration_seconds if ended else None,
        because=why_missed(update.status, seconds=update.duration_seconds, rule=rule),
    )
    return await _hear(tx, webhook, news, heard=heard)


async def _hear(tx: Transaction, webhook: Webhook, news: queries.CallNews, *, heard: Sequence[str]) -> bool:
    """Take news of a call in; a call is announced as missed once, however many webhooks say so."""
    call = await queries.take_in_news(tx, webhook, news, heard=heard)
    if call is not None and call.newly_missed and news.because is not None:
        tx.announce(
            CallMissed(
                call_id=call.id,
                contact_id=call.contact_id,
                caller_e164=news.caller_e164,
                called_e164=news.called_e164,
                provider=webhook.provider,
                because=news.because,
                called_at=call.started_at,
                missed_at=tx.now,
            )
        )
    return call is not None


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
