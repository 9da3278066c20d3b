"""The phone beside the form of a campaign: its wordings as one of its people reads them, and what they cost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from frontdesk.features import campaigns, contacts
from frontdesk.features.campaigns.service.audience import read_audience
from frontdesk.features.contacts.service import matching
from frontdesk.features.delivery import part_at_opt_out
from frontdesk.features.delivery.segments import Encoding
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.web.pages.campaign_form import CampaignForm, Wording, audience_of
from frontdesk.web.words import phone_words

LETTERS = 8
NAMES = {"\N{ZERO WIDTH JOINER}": "an invisible joiner", "\N{VARIATION SELECTOR-16}": "an invisible selector"}
MINUTE, HOUR, DAY = 60, 3600, 86400
MOST_WEIGHT = 100
MOST_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Whom a form is for: how many fit, some of them, and the mark of the audience that this was read for."""

    mark: str = ""
    people: int | None = None
    exact: bool = True
    sample: Sequence[UUID] = ()
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextView:
    """A wording on the phone, parted at the words that offer to stop; `share` is how full its segments are, in percent.

    `beyond` names the letters that keep it from the plain alphabet, `cost` is empty where no price is known.
    """

    name: str
    before: str
    stop: str
    after: str
    segments: int
    units: int
    room: int
    share: int
    beyond: str
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneView:
    """The phone of one person: `at` of `count` who can be looked at; the sums are of all who fit."""

    who: str
    is_sample: bool
    at: int
    count: int
    sender_e164: str
    texts: Sequence[TextView]
    people: int | None
    exact: bool
    total_cents: Decimal | None
    total_segments: int | None
    takes: str


async def look_at_audience(tx: Transaction, form: CampaignForm, before: Looked) -> Looked:
    """Count whom a form is for and pick some of them; what was read `before` is kept where the audience is the same.

    More than 20,000 people are estimated from a sample, so that typing stays quick.
    """
    mark = mark_of(form)
    if mark == before.mark and before.people is not None:
        return before
    chosen = {"everybody": "all", "tags": form.tags, "filter": form.filter, "segment": form.segment}
    if not chosen.get(form.audience):
        return Looked(mark=mark)
    try:
        audience = msgspec.json.encode(audience_of(form)).decode()
        people, exact = await matching.estimate_matching(tx, await read_audience(tx, audience))
        sample = await campaigns.sample_people(tx, audience) if people else []
    except Refused as refusal:
        return Looked(mark=mark, wrong=refusal.message)
    return Looked(mark=mark, people=people, exact=exact, sample=tuple(sample))


async def show_phone(tx: Transaction, form: CampaignForm, looked: Looked, *, business: str, at: int) -> PhoneView:
    """Show the phone of the person at a place of the sample; of somebody with a usual name where nobody fits."""
    known = await contacts.facts_for(tx, looked.sample)
    sample = [known[one] for one in looked.sample if one in known]
    at = at % len(sample) if sample else 0
    person = sample[at] if sample else None
    wordings = [one for one in form.wordings if one.body]
    phone = await campaigns.preview_phone(
        tx, bodies=[one.body for one in wordings], chosen=sorted(form.senders), business=business, person=person
    )
    segments, cents = _sum_up(wordings, phone, looked.people)
    return PhoneView(
        who="Christopher Montgomery" if person is None else person.name or phone_words(person.phone_e164),
        is_sample=person is None,
        at=at,
        count=len(sample),
        sender_e164=phone.sender_e164,
        texts=[_show(one.name, text) for one, text in zip(wordings, phone.texts, strict=True)],
        people=looked.people,
        exact=looked.exact,
        total_cents=cents,
        total_segments=segments,
        takes=_takes(segments, phone, looked.people, form.per_minute),
    )


def mark_of(form: CampaignForm) -> str:
    """Mark an audience as it was typed."""
    said = f"{form.audience}\0{form.tags}\0{form.segment}\0{form.filter}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def time_words(span: timedelta) -> str:
    """Write how long something takes as people say it: a minute, 12 min, 3.5 h, 2.1 days."""
    seconds = span.total_seconds()
    if seconds < MINUTE:
        return "a minute"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h" if seconds < 2 * DAY else f"{seconds / DAY:.1f} days"


def _show(name: str, text: campaigns.TextPreview) -> TextView:
    before, stop, after = part_at_opt_out(text.body)
    is_plain = text.counted.encoding is Encoding.GSM7
    more = len(text.beyond) - LETTERS
    return TextView(
        name=name,
        before=before,
        stop=stop,
        after=after,
        segments=text.counted.count,
        units=text.counted.units,
        room=text.room,
        share=min(100, round(100 * text.counted.units / text.room)),
        beyond=""
        if is_plain
        else " ".join(NAMES.get(one, one) for one in text.beyond[:LETTERS]) + (f" and {more} more" if more > 0 else ""),
        cost=text.cents,
    )


def _sum_up(
    wordings: Sequence[Wording], phone: campaigns.PhonePreview, people: int | None
) -> tuple[int | None, Decimal | None]:
    """Sum up segments and cents over all people, each wording by its weight, as if all were read like this one."""
    weights = [_weight(one.weight) for one in wordings]
    if not people or not weights:
        return None, None
    whole = Decimal(sum(weights))
    parts = list(zip(weights, phone.texts, strict=True))
    segments = sum((Decimal(weight) * text.counted.count for weight, text in parts), Decimal(0)) / whole * people
    if any(text.cents is None for text in phone.texts):
        return round(segments), None
    cents = sum((weight * text.cents for weight, text in parts if text.cents is not None), Decimal(0)) / whole * people
    return round(segments), cents


def _weight(typed: str) -> int:
    return min(max(int(typed), 1), MOST_WEIGHT) if len(typed) <= MOST_DIGITS and typed.isdecimal() else 1


def _takes(segments: int | None, phone: campaigns.PhonePreview, people: int | None, per_minute: str) -> str:
    """Say how long all of it takes at the least; empty where that is not known."""
    span = None if segments is None else campaigns.time_for(segments, phone)
    if span is None or people is None:
        return ""
    try:
        most = float(per_minute or 0)
    except ValueError:
        most = 0.0
    if most > 0:
        span = max(span, timedelta(minutes=min(people / most, 1e6)))
    return time_words(span)
