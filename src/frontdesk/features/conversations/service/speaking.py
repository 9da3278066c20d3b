"""Hearing a person, answering a person, and what needs a person's eye."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from frontdesk.features import consent, contacts, delivery, senders, tenants
from frontdesk.features.conversations.events import TaskFinished, TaskRaised, TextReceived, TextWritten
from frontdesk.features.conversations.model import Task, ThreadMessage
from frontdesk.features.conversations.queries import messages as queries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.ports import InboundText

COMPLIANCE_USEFUL_FOR = timedelta(minutes=5)  # 47 CFR 64.1200(a)(12)
ANSWER_USEFUL_FOR = timedelta(hours=4)
MAX_TEXT = 1600  # characters, as carriers limit one message
CONVERSATION_CONSENT = timedelta(days=30)  # how long a person's own text lets a person at the business answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """What a thread needs to know of the business it speaks for."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text to write into a thread, and what permits it."""

    key: str
    message_class: delivery.MessageClass
    cause: str
    template: str
    basis: str
    basis_at: datetime
    body: str
    useful_until: datetime
    author: str = ""


async def say(
    tx: Transaction,
    words: Words,
    *,
    contact_id: UUID,
    phone_e164: str,
    sender_e164: str,
    provider: str,
    lane: delivery.InlineLane,
) -> delivery.Requested:
    """Write a text into a person's thread and ask delivery to send it, once per `words.key`."""
    body = delivery.to_gsm7_friendly(words.body)
    requested = await delivery.request_text(
        tx,
        delivery.TextIntent(
            key=words.key,
            message_class=words.message_class,
            cause=words.cause,
            template=words.template,
            basis=words.basis,
            basis_at=words.basis_at,
            contact_id=contact_id,
            recipient_e164=phone_e164,
            sender_e164=sender_e164,
            provider=provider,
            body=body,
            useful_until=words.useful_until,
        ),
        lane,
    )
    if not requested.created:
        return requested
    message_id = new_id()
    thread_id = await queries.add_message(
        tx,
        message_id=message_id,
        new_thread_id=new_id(),
        contact_id=contact_id,
        direction="outbound",
        body=body,
        media_json="[]",
        sender_e164=sender_e164,
        recipient_e164=phone_e164,
        author=words.author,
        wording=None,
        provider=None,
        provider_message_id=None,
        send_job_id=requested.job_id,
    )
    tx.announce(
        TextWritten(
            message_id=message_id, conversation_id=thread_id, contact_id=contact_id, send_job_id=requested.job_id
        )
    )
    return requested


async def receive_text(
    tx: Transaction,
    text: InboundText,
    *,
    business: Business,
    journal: consent.OptOutJournal,
    lane: delivery.InlineLane,
) -> consent.Heard | None:
    """Take a person's text into their thread and its meaning into force; None if it is there already.

    STOP, START and HELP are answered at most once, by a text that names the business.
    """
    if await queries.is_known(tx, provider=text.provider, provider_message_id=text.provider_message_id):
        return None
    contact = await contacts.ensure_contact(tx, phone_e164=text.sender_e164)
    wording = consent.understand(text.body, text.opt_out_hint.value if text.opt_out_hint else None)
    # First, because it may lock the person: everybody locks the person before the thread.
    heard = await consent.hear(
        tx,
        wording,
        phone_e164=text.sender_e164,
        sender_e164=text.recipient_e164,
        source=f"text:{text.provider_message_id}",
        carrier_answers=text.opt_out_hint is not None,
        journal=journal,
        body=text.body,
    )
    message_id, thread_id = await _keep_inbound(
        tx,
        text,
        contact_id=contact.id,
        wording=wording.verdict.value,
        answered=heard.reply is not consent.Reply.NOTHING,
    )
    if heard.unsure:
        await raise_task(
            tx,
            conversation_id=thread_id,
            kind="maybe_opt_out",
            subject="This text may ask us to stop. Marketing is off until somebody has read it.",
            source_key=f"maybe_opt_out:{message_id}",
        )
    if heard.reply is not consent.Reply.NOTHING:
        await _answer_compliance(
            tx, text, heard.reply, message_id=message_id, contact_id=contact.id, business=business, lane=lane
        )
    return heard


async def _keep_inbound(
    tx: Transaction, text: InboundText, *, contact_id: UUID, wording: str, answered: bool
) -> tuple[UUID, UUID]:
    message_id = new_id()
    thread_id = await queries.add_message(
        tx,
        message_id=message_id,
        new_thread_id=new_id(),
        contact_id=contact_id,
        direction="inbound",
        body=text.body,
        media_json=msgspec.json.encode(text.media).decode(),
        sender_e164=text.sender_e164,
        recipient_e164=text.recipient_e164,
        author="",
        wording=wording,
        provider=text.provider,
        provider_message_id=text.provider_message_id,
        send_job_id=None,
    )
    tx.announce(
        TextReceived(
            message_id=message_id,
            conversation_id=thread_id,
            contact_id=contact_id,
            wording=wording,
            answered=answered,
        )
    )
    return message_id, thread_id


async def _answer_compliance(
    tx: Transaction,
    text: InboundText,
    reply: consent.Reply,
    *,
    message_id: UUID,
    contact_id: UUID,
    business: Business,
    lane: delivery.InlineLane,
) -> None:
    await say(
        tx,
        Words(
            key=f"{reply.value}:{message_id}",
            message_class=delivery.MessageClass.COMPLIANCE,
            cause=f"text:{message_id}",
            template=reply.value,
            basis="answers the person's own STOP, START or HELP",
            basis_at=tx.now,
            body=consent.confirmation_text(reply, business=business.name, phone=business.phone),
            useful_until=tx.now + COMPLIANCE_USEFUL_FOR,
        ),
        contact_id=contact_id,
        phone_e164=text.sender_e164,
        sender_e164=text.recipient_e164,
        provider=text.provider,
        lane=lane,
    )
    await consent.note_reply(tx, reply, phone_e164=text.sender_e164)


async def write_to(
    tx: Transaction,
    *,
    contact_id: UUID,
    body: str,
    author: str,
    key: str,
    sender_e164: str,
    provider: str,
    lane: delivery.InlineLane,
) -> delivery.Requested:
    """Let a person at the business answer a person who wrote to them within the last 30 days.

    Refuses an empty or overlong text (`conversations.empty_text`, `conversations.text_too_long`) and a person who has
    not written (`conversations.no_conversation`): a first text needs consent that a thread does not give.
    """
    words = body.strip()
    if not words:
        raise Refused("conversations.empty_text", "the text is empty: write something to send", status=422)
    if len(words) > MAX_TEXT:
        raise Refused("conversations.text_too_long", "the text is longer than 1,600 characters: shorten it", status=422)
    contact = await contacts.get_contact(tx, contact_id=contact_id)
    heard_at = await queries.find_last_inbound(tx, contact_id=contact_id)
    if heard_at is None or tx.now - heard_at > CONVERSATION_CONSENT:
        raise Refused(
            "conversations.no_conversation",
            "this person has not written to you in the last 30 days: wait for their text or call",
            status=409,
        )
    return await say(
        tx,
        Words(
            key=key,
            message_class=delivery.MessageClass.TRANSACTIONAL,
            cause=f"person:{author}",
            template="written by hand",
            basis="conversation that the person began",
            basis_at=heard_at,
            body=words,
            useful_until=tx.now + ANSWER_USEFUL_FOR,
            author=author,
        ),
        contact_id=contact.id,
        phone_e164=contact.phone_e164,
        sender_e164=sender_e164,
        provider=provider,
        lane=lane,
    )


async def ask_to_confirm(tx: Transaction, *, request_id: UUID, phone_e164: str, lane: delivery.InlineLane) -> None:
    """Ask a person by text whether they really want marketing, once per request; nothing if it is closed by now."""
    request = await consent.find_open_request(tx, request_id=request_id)
    if request is None:
        return
    business = await tenants.get_tenant(tx)
    words = Words(
        key=f"opt_in:{request_id}",
        message_class=delivery.MessageClass.TRANSACTIONAL,
        cause=f"opt_in:{request_id}",
        template="opt_in_request",
        basis="the person's own sign-up, which they are asked to confirm",
        basis_at=request.requested_at,
        body=consent.request_text(business=business.name, frequency=request.frequency),
        useful_until=min(request.expires_at, tx.now + ANSWER_USEFUL_FOR),
    )
    if not await say_unasked(tx, words, phone_e164=phone_e164, lane=lane):
        subject = "Somebody signed up for texts and cannot be asked to confirm it: no number may text."
        await raise_task_about(
            tx, phone_e164=phone_e164, kind="opt_in_not_asked", subject=subject, source_key=f"opt_in:{request_id}"
        )


async def welcome(
    tx: Transaction, *, opt_in_id: UUID, phone_e164: str, frequency: str, lane: delivery.InlineLane
) -> None:
    """Tell a person by text that they are signed up, once per consent; nothing if it was taken back meanwhile."""
    record = await consent.get_opt_in(tx, opt_in_id=opt_in_id)
    if not record.permits_marketing:
        return
    business = await tenants.get_tenant(tx)
    words = Words(
        key=f"welcome:{opt_in_id}",
        message_class=delivery.MessageClass.TRANSACTIONAL,
        cause=f"opt_in:{opt_in_id}",
        template="opt_in_welcome",
        basis="the person's own sign-up, which this confirms",
        basis_at=record.given_at or record.recorded_at,
        body=consent.welcome_text(business=business.name, frequency=frequency),
        useful_until=tx.now + ANSWER_USEFUL_FOR,
    )
    if not await say_unasked(tx, words, phone_e164=phone_e164, lane=lane):
        subject = "Somebody signed up for texts and was not welcomed: no number may text."
        await raise_task_about(
            tx, phone_e164=phone_e164, kind="opt_in_not_welcomed", subject=subject, source_key=f"welcome:{opt_in_id}"
        )


async def say_unasked(tx: Transaction, words: Words, *, phone_e164: str, lane: delivery.InlineLane) -> bool:
    """Write to somebody who may never have written, from our first number that may text; False if none may."""
    numbers = [one for one in await senders.list_numbers(tx) if one.texting_allowed and one.retired_at is None]
    if not numbers:
        return False
    contact = await contacts.ensure_contact(tx, phone_e164=phone_e164)
    await say(
        tx,
        words,
        contact_id=contact.id,
        phone_e164=phone_e164,
        sender_e164=numbers[0].phone_e164,
        provider=numbers[0].provider,
        lane=lane,
    )
    return True


async def raise_task(
    tx: Transaction, *, conversation_id: UUID | None, kind: str, subject: str, source_key: str
) -> None:
    """Ask a person to look at something, once per source."""
    task_id = new_id()
    raised = await queries.raise_task(
        tx, task_id=task_id, conversation_id=conversation_id, kind=kind, subject=subject, source_key=source_key
    )
    if raised:
        tx.announce(TaskRaised(task_id=task_id, kind=kind))


async def raise_task_about(tx: Transaction, *, phone_e164: str, kind: str, subject: str, source_key: str) -> None:
    """Ask a person to look at the thread with somebody."""
    contact = await contacts.ensure_contact(tx, phone_e164=phone_e164)
    thread_id = await queries.find_of_contact(tx, contact_id=contact.id)
    await raise_task(tx, conversation_id=thread_id, kind=kind, subject=subject, source_key=source_key)


async def list_messages(
    tx: Transaction, *, conversation_id: UUID, before: UUID | None = None, limit: int = 50
) -> list[ThreadMessage]:
    """List a thread's texts, newest first; pass the last id as `before` for the next page."""
    return await queries.list_messages(tx, conversation_id=conversation_id, before=before, limit=limit)


async def find_message(tx: Transaction, *, message_or_job_id: UUID) -> ThreadMessage | None:
    """Find a text by its id or its send job's."""
    return await queries.find_message(tx, message_or_job_id=message_or_job_id)


async def list_tasks(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[Task]:
    """List what a person should look at, newest first; pass the last id as `before` for the next page."""
    return await queries.list_tasks(tx, before=before, limit=limit)


async def finish_task(tx: Transaction, *, task_id: UUID, by: str) -> None:
    """Mark a task as done; refuses one that is not open (`conversations.task_not_open`)."""
    finished = await queries.finish_task(tx, task_id=task_id, by=by)
    if finished is None:
        raise Refused("conversations.task_not_open", "no such open task", status=404)
    tx.announce(TaskFinished(task_id=task_id, conversation_id=finished[0], kind=finished[1]))


async def forget_old_messages(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` texts written before a moment; consent and the reasons of sends are kept elsewhere."""
    return await queries.forget_messages(tx, before=before, limit=limit)
