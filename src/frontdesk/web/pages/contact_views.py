"""A person's card: who they are, whether they may be written to and why, and what they had from the business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import consent, contacts, conversations
from frontdesk.features.contacts import Card
from frontdesk.features.conversations import Appointment, Paid
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.pages.inbox_words import consent_words
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.rows import TONES, Chip, Tone
from frontdesk.web.pages.views import Place, read_place
from frontdesk.web.words import phone_words, status_words

LIFTED_BY_US = frozenset({"business", "unsure"})
REFUSED_BY = {
    "person": "They said so themselves; only their own START lifts it.",
    "carrier": "Their carrier said so for them; only their own START lifts it.",
    "unsure": "Their words may have meant it. Read them, then decide.",
    "business": "Put there by hand or from a list.",
}
APPOINTMENT_WORDS = {
    "booked": Chip("booked", Tone.GOOD),
    "cancelled": Chip("called off", Tone.WARN),
    "no_show": Chip("did not come", Tone.BAD),
    "completed": Chip("was here", Tone.CALM),
}
PAID_WORDS = {
    "requested": Chip("asked", Tone.BUSY),
    "open": Chip("asked", Tone.BUSY),
    "failed": Chip("failed", Tone.BAD),
    "expired": Chip("ran out", Tone.WARN),
    "paid": Chip("paid", Tone.GOOD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a person's consent, in words."""

    words: str
    why: str
    at: datetime
    stops: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Visiting:
    """An appointment with its state."""

    appointment: Appointment
    chip: Chip


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment with its state."""

    paid: Paid
    chip: Chip


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign that the person was part of, with what became of their text and why."""

    id: UUID
    name: str
    chip: Chip
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Everything on a person's card."""

    place: Place
    card: Card
    who: str
    phone: str
    thread: UUID | None
    clock_there: str
    zone_there: str
    texting: Chip
    texting_why: str
    marketing: Chip
    marketing_why: str
    refused: str
    may_lift: bool
    steps: Sequence[Step]
    coming: Sequence[Visiting]
    past: Sequence[Visiting]
    payments: Sequence[Payment]
    campaigns: Sequence[Campaign]
    may_write: bool
    may_refuse: bool
    wrong: str = ""

    @property
    def base(self) -> str:
        """Tell where this person's page is."""
        return f"/businesses/{self.place.tenant_id}/people/{self.card.id}"


async def read_person(tx: Transaction, visit: Visit, contact_id: UUID) -> PersonView | None:
    """Read a person's card; None if they were deleted, or the visitor may not see people."""
    if not visit.may(Scope.CONTACTS_READ):
        return None
    try:
        return await get_person(tx, visit, contact_id)
    except Refused:
        return None


async def get_person(tx: Transaction, visit: Visit, contact_id: UUID, *, wrong: str = "") -> PersonView:
    """Read a person's card; refuses somebody the business does not know (`contacts.not_found`)."""
    card = await contacts.get_card(tx, contact_id)
    place = await read_place(tx)
    facts = await conversations.read_card(tx, contact_id=card.id, phone_e164=card.phone_e164)
    standing = await consent.check_person(tx, phone_e164=card.phone_e164)
    refusal = await consent.find_refusal(tx, phone_e164=card.phone_e164)
    who = card.name or phone_words(card.phone_e164)
    visits = [Visiting(appointment=one, chip=APPOINTMENT_WORDS[one.status]) for one in facts.appointments]
    coming = [one for one in visits if one.appointment.starts_at > place.now and one.appointment.status == "booked"]
    there = None if card.timezone is None else place.now.astimezone(ZoneInfo(card.timezone))
    return PersonView(
        place=place,
        card=card,
        who=who,
        phone=phone_words(card.phone_e164) if card.name else "",
        thread=await conversations.find_thread_of(tx, contact_id=card.id),
        clock_there="" if there is None else f"{there:%H:%M}",
        zone_there="" if card.timezone is None else card.timezone.rpartition("/")[2].replace("_", " "),
        texting=_chip(standing.transactional),
        texting_why=reason_words(standing.transactional),
        marketing=_chip(standing.marketing),
        marketing_why=reason_words(standing.marketing),
        refused="" if refusal is None else REFUSED_BY.get(refusal.source, ""),
        may_lift=refusal is not None and refusal.source in LIFTED_BY_US and visit.may(Scope.CONSENT_WRITE),
        steps=[
            Step(
                words=consent_words(one.event_type, scope=one.scope, who=who),
                why=one.reason,
                at=one.at,
                stops="stop" in one.event_type or one.event_type in {"do_not_contact_listed", "opt_in_revoked"},
            )
            for one in facts.consent
        ],
        coming=list(reversed(coming)),
        past=[one for one in visits if one not in coming],
        payments=[Payment(paid=one, chip=PAID_WORDS[one.status]) for one in facts.paid],
        campaigns=[_campaign(one) for one in facts.received],
        may_write=visit.may(Scope.CONTACTS_WRITE),
        may_refuse=visit.may(Scope.CONSENT_WRITE),
        wrong=wrong,
    )


def _chip(code: str) -> Chip:
    return Chip("no", Tone.BAD) if code else Chip("yes", Tone.GOOD)


def _campaign(one: conversations.Received) -> Campaign:
    skipped = one.status == "skipped"
    words = "left out" if skipped else status_words(one.status)
    return Campaign(
        id=one.campaign_id,
        name=one.name,
        chip=Chip(words, Tone.CALM if skipped else TONES.get(one.status, Tone.CALM)),
        why=reason_words(one.code),
        at=one.at,
    )
