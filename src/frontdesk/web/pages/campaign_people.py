"""The people of a campaign one by one: what each would get or got, when, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from frontdesk.features import campaigns, contacts
from frontdesk.features.campaigns import Campaign
from frontdesk.features.campaigns.queries.recipients import Outcome
from frontdesk.features.campaigns.queries.rehearsals import Entry
from frontdesk.features.campaigns.service.rehearsing import list_entries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.pages.campaign_views import GROUPS, chip_of, group_of
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.rows import TONES, Chip, Tone
from frontdesk.web.pages.views import Place, read_place
from frontdesk.web.words import status_words

PAGE = 50
STATUSES = (
    "queued", "posting", "unknown", "accepted", "sent", "delivered", "undelivered", "failed", "blocked", "dropped",
    "canceled", "skipped",
)  # fmt: skip
VERDICTS: Mapping[str, Chip] = {
    "send": Chip("would get it", Tone.GOOD),
    "hold": Chip("would wait", Tone.BUSY),
    "bar": Chip("would not", Tone.WARN),
    "drop": Chip("too late", Tone.WARN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One person: what is sent or was, when it leaves or left, and why not."""

    name: str
    phone_e164: str
    chip: Chip
    words: str
    at: datetime | None
    sender_e164: str
    variant: str
    cost_cents: Decimal
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Some of a campaign's people; `next` is where what follows starts."""

    place: Place
    campaign: Campaign
    chip: Chip
    is_rehearsal: bool
    status: str
    choices: Sequence[tuple[str, str]]
    people: Sequence[PersonLine]
    next: str
    is_first: bool


async def read_people(tx: Transaction, campaign_id: UUID, *, after: str, status: str) -> Listed:
    """Read what became of the text to each, by number; `status` narrows it."""
    campaign = await campaigns.get_campaign(tx, campaign_id=campaign_id)
    found = await campaigns.list_people(
        tx, campaign_id=campaign_id, after=after, status=status if status in STATUSES else None, limit=PAGE
    )
    known = await contacts.facts_for(tx, [one.contact_id for one in found])
    return Listed(
        place=await read_place(tx),
        campaign=campaign,
        chip=chip_of(campaign),
        is_rehearsal=False,
        status=status,
        choices=[(one, status_words(one) if one != "skipped" else "no text made") for one in STATUSES],
        people=[_outcome(one, known) for one in found],
        next=_next([one.phone_e164 for one in found], status),
        is_first=not after,
    )


async def read_rehearsed(tx: Transaction, campaign_id: UUID, *, after: str, verdict: str) -> Listed:
    """Read what each would get and when, or why not, by number; refuses a campaign that was not rehearsed."""
    campaign = await campaigns.get_campaign(tx, campaign_id=campaign_id)
    if campaign.rehearsal_id is None:
        raise Refused("campaigns.rehearsal_not_found", "no such rehearsal", status=404)
    found = await list_entries(
        tx,
        rehearsal_id=campaign.rehearsal_id,
        after=after,
        verdict=verdict if verdict in VERDICTS else None,
        limit=PAGE,
    )
    known = await contacts.facts_for(tx, [one.contact_id for one in found])
    return Listed(
        place=await read_place(tx),
        campaign=campaign,
        chip=chip_of(campaign),
        is_rehearsal=True,
        status=verdict,
        choices=[(name, chip.words) for name, chip in VERDICTS.items()],
        people=[_entry(one, known) for one in found],
        next=_next([one.phone_e164 for one in found], verdict),
        is_first=not after,
    )


def _outcome(one: Outcome, known: Mapping[UUID, contacts.Person]) -> PersonLine:
    group = group_of(one.status)
    words = reason_words(one.code) if group in ("silent", "waiting", "failed") else ""
    tone = GROUPS[group][1] if group == "silent" else TONES.get(one.status, Tone.CALM)
    return PersonLine(
        name=_name(known.get(one.contact_id)),
        phone_e164=one.phone_e164,
        chip=Chip(status_words(one.status) if one.status != "skipped" else "no text made", tone, one.code),
        words=words,
        at=one.posted_at or one.held_until or one.due_at,
        sender_e164=one.sender_e164,
        variant=one.variant,
        cost_cents=one.cost_cents,
        body="",
    )


def _entry(one: Entry, known: Mapping[UUID, contacts.Person]) -> PersonLine:
    return PersonLine(
        name=_name(known.get(one.contact_id)),
        phone_e164=one.phone_e164,
        chip=VERDICTS.get(one.verdict, Chip(one.verdict, Tone.CALM)),
        words="" if one.code == "ok" else reason_words(one.code, one.citation),
        at=one.would_leave_at,
        sender_e164=one.sender_e164,
        variant=one.variant,
        cost_cents=Decimal(0) if one.would_leave_at is None else one.cost_cents,
        body=one.body,
    )


def _name(person: contacts.Person | None) -> str:
    return "" if person is None else person.name


def _next(phones: Sequence[str], status: str) -> str:
    if len(phones) < PAGE:
        return ""
    return urlencode({"after": phones[-1], **({"status": status} if status else {})})
