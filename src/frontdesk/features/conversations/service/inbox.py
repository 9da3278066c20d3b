"""The inbox: a page of threads in each view, a person's timeline, and what is on their card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.conversations.model import (
    Appointment,
    ConsentStep,
    Counts,
    Happening,
    Line,
    Paid,
    Received,
    View,
)
from frontdesk.features.conversations.queries import history, inbox
from frontdesk.features.conversations.queries.inbox import Touched
from frontdesk.kernel.db import Transaction

ON_A_CARD = 8
LEDGER_STEPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What a person's card tells besides who they are, each list the latest first."""

    appointments: Sequence[Appointment]
    received: Sequence[Received]
    paid: Sequence[Paid]
    consent: Sequence[ConsentStep]


async def list_lines(
    tx: Transaction, view: View, *, reader: UUID | None, before: tuple[datetime, UUID] | None = None, limit: int = 40
) -> list[Line]:
    """List a view's threads, the latest text first; pass the last one's moment and id as `before` to go on."""
    ids = await inbox.pick(tx, view, reader=reader, before=before, limit=limit)
    return await inbox.list_lines(tx, ids=ids, reader=reader) if ids else []


async def describe_lines(tx: Transaction, ids: Sequence[UUID], *, reader: UUID | None) -> list[Line]:
    """Describe some threads as lines of the inbox; those the business does not have are left out."""
    return await inbox.list_lines(tx, ids=ids, reader=reader) if ids else []


async def count_views(tx: Transaction, *, reader: UUID | None) -> Counts:
    """Count what waits in each view; 100 stands for that many or more."""
    return await inbox.get_counts(tx, reader=reader)


async def list_happenings(
    tx: Transaction,
    *,
    contact_id: UUID,
    conversation_id: UUID | None,
    phone_e164: str,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Happening]:
    """List what happened between a person and the business in every channel, newest first, from before a place."""
    return await history.list_happenings(
        tx,
        contact_id=contact_id,
        conversation_id=conversation_id,
        phone_e164=phone_e164,
        before=before or inbox.LAST,
        limit=limit,
    )


async def find_thread_of(tx: Transaction, *, contact_id: UUID) -> UUID | None:
    """Find the thread with a person, None if nobody wrote yet."""
    return await history.find_thread(tx, contact_id=contact_id)


async def read_card(tx: Transaction, *, contact_id: UUID, phone_e164: str) -> CardFacts:
    """Read what a person's card tells: appointments, campaigns, payments, and the steps of their consent."""
    return CardFacts(
        appointments=await history.list_appointments(tx, contact_id=contact_id, limit=ON_A_CARD),
        received=await history.list_received(tx, contact_id=contact_id, limit=ON_A_CARD),
        paid=await history.list_paid(tx, contact_id=contact_id, limit=ON_A_CARD),
        consent=await history.list_consent_steps(tx, phone_e164=phone_e164, limit=LEDGER_STEPS),
    )


async def list_touched(
    tx: Transaction, *, jobs: Sequence[UUID], calls: Sequence[UUID], contacts: Sequence[UUID]
) -> set[UUID]:
    """List the threads that events have touched through send jobs, calls and people."""
    if not (jobs or calls or contacts):
        return set()
    return await inbox.list_touched(tx, Touched(jobs=jobs, calls=calls, contacts=contacts))


async def find_latest_by_hand(tx: Transaction, *, conversation_id: UUID) -> tuple[UUID, str] | None:
    """Find the latest text that a person at the business wrote in a thread: its id and who it was."""
    return await inbox.find_latest_by_hand(tx, conversation_id=conversation_id)
