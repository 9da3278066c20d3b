"""The verb of text-back: answer a missed call, once."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features import consent, contacts, conversations, delivery, tenants
from frontdesk.features.calls.events import CallMissed
from frontdesk.features.textback.events import MissedCallAnswered
from frontdesk.features.textback.model import Outcome, Textback, TextbackLimits, why_not
from frontdesk.features.textback.queries import answers as queries
from frontdesk.features.textback.template import greeting_name, render
from frontdesk.kernel.db import Transaction


async def answer_missed_call(
    tx: Transaction, missed: CallMissed, *, limits: TextbackLimits, lane: delivery.InlineLane
) -> Textback:
    """Answer a missed call with one text, or write down why not.

    One caller gets one text per cool-down, however often they ring and through however many webhooks. Whoever has
    opted out is asked for by the gates all the same, so that the refusal is on record with its source.
    """
    tenant = await tenants.get_tenant(tx)
    reason = why_not(
        enabled=tenant.textback_enabled,
        caller_e164=missed.caller_e164,
        costs_extra=bool(missed.caller_e164) and contacts.describe(missed.caller_e164).kind.costs_extra,
    )
    if reason is None:
        # Held until the gates have spoken, so that a START in between cannot let a text leave without its turn.
        await delivery.lock_person(tx, phone_e164=missed.caller_e164)
    if reason is None and await consent.find_refusal(tx, phone_e164=missed.caller_e164) is None:
        won = await queries.take_turn(
            tx,
            caller_e164=missed.caller_e164,
            call_id=missed.call_id,
            cooldown_seconds=tenant.textback_cooldown_seconds,
        )
        reason = None if won else "textback.cooling_down"
    if reason is not None or missed.contact_id is None:
        return await _record(tx, missed.call_id, Outcome.SKIPPED, reason or "textback.hidden_number", None)
    requested = await _request(tx, missed, missed.contact_id, tenant, limits=limits, lane=lane)
    refused = requested.status in (delivery.JobStatus.BLOCKED, delivery.JobStatus.DROPPED)
    return await _record(
        tx,
        missed.call_id,
        Outcome.SKIPPED if refused else Outcome.TEXTING,
        requested.code,
        requested.job_id,
    )


async def _request(
    tx: Transaction,
    missed: CallMissed,
    contact_id: UUID,
    tenant: tenants.Tenant,
    *,
    limits: TextbackLimits,
    lane: delivery.InlineLane,
) -> delivery.Requested:
    opening = tenants.describe_opening(tenant, at=tx.now)
    template = tenant.textback_open_template if opening.is_open else tenant.textback_closed_template
    fields = {"business": tenant.name, "opens_at": opening.opens_at}
    if "caller_name" in delivery.tags_of(template):
        caller = await contacts.get_contact(tx, contact_id=contact_id)
        fields["caller_name"] = greeting_name(caller.name)
    return await conversations.say(
        tx,
        conversations.Words(
            key=f"textback:{missed.call_id}",
            message_class=delivery.MessageClass.REPLY,
            cause=f"call:{missed.call_id}",
            template="textback.open" if opening.is_open else "textback.closed",
            basis="answers the person's own call",
            basis_at=missed.called_at,
            body=render(template, fields),
            useful_until=missed.called_at + limits.useful_for,
        ),
        contact_id=contact_id,
        phone_e164=missed.caller_e164,
        sender_e164=missed.called_e164,
        provider=missed.provider,
        lane=lane,
    )


async def _record(tx: Transaction, call_id: UUID, outcome: Outcome, reason: str, send_job_id: UUID | None) -> Textback:
    textback = Textback(call_id=call_id, outcome=outcome, reason=reason, send_job_id=send_job_id, decided_at=tx.now)
    if await queries.record(tx, textback):
        tx.announce(MissedCallAnswered(call_id=call_id, outcome=outcome.value, reason=reason, send_job_id=send_job_id))
    return textback
