"""What a wording looks like on the phone of somebody it is for, what it costs there, and how fast all of it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from frontdesk.features import contacts, delivery, senders
from frontdesk.features.campaigns.model import choose_sender
from frontdesk.features.campaigns.service.audience import read_audience
from frontdesk.features.campaigns.service.making import usable_numbers, weigh_numbers
from frontdesk.features.campaigns.words import SAMPLE, SAMPLE_VALUE, fill
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

SAMPLED = 5
SAMPLE_PHONE = "+12065550123"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPreview:
    """A wording as one person gets it; `room` is how many units fit into its segments.

    `stop_words` are the words of `body` that offer to stop, `beyond` the letters that keep it from the plain alphabet;
    `cents` is None where no price is known.
    """

    body: str
    stop_words: str
    counted: delivery.Segments
    room: int
    beyond: tuple[str, ...]
    cents: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonePreview:
    """The phone of one person: from which number the wordings come, and how each of them is read there."""

    sender_e164: str
    texts: Sequence[TextPreview]
    segments_per_second: float


async def sample_people(tx: Transaction, audience: str, *, limit: int = SAMPLED) -> list[UUID]:
    """List some people whom a campaign is for; refuses an audience that cannot be read."""
    found = await contacts.list_matching(tx, await read_audience(tx, audience), after=None, limit=limit)
    return [one.id for one in found]


async def preview_phone(
    tx: Transaction,
    *,
    bodies: Sequence[str],
    chosen: Sequence[str],
    business: str,
    person: contacts.Person | None,
) -> PhonePreview:
    """Fill wordings for a person, or for somebody with a usual name; a tag that does not exist stays as it is written.

    `chosen` are the numbers to send from; the one is named that this person's text would come from.
    """
    numbers = usable_numbers([one for one in await senders.list_numbers(tx) if one.phone_e164 in chosen])
    phone = SAMPLE_PHONE if person is None else person.phone_e164
    weighted = await weigh_numbers(tx, numbers)
    sender = choose_sender(phone, weighted) if weighted else ""
    provider = next((one.provider for one in numbers if one.phone_e164 == sender), "")
    prices = await delivery.price_segments(tx, [(provider, phone)])
    return PhonePreview(
        sender_e164=sender,
        texts=[_preview(body, business, person or _somebody(body), prices[0]) for body in bodies],
        segments_per_second=sum(
            senders.segments_per_second(one.number_type, one.segments_per_second) for one in numbers
        ),
    )


def time_for(segments: int, phone: PhonePreview) -> timedelta | None:
    """Tell how long so many segments take at the least at the pace of the numbers; None where nothing goes at all."""
    if not phone.segments_per_second:
        return None
    return timedelta(seconds=segments / phone.segments_per_second)


def _preview(body: str, business: str, person: contacts.Person, cents: Decimal | None) -> TextPreview:
    try:
        filled = fill(body, person, business=business)
    except Refused:
        filled = body  # a tag in it does not exist, which the findings say
    filled = delivery.to_gsm7_friendly(filled)
    counted = delivery.count_segments(filled)
    return TextPreview(
        body=filled,
        stop_words=delivery.part_at_opt_out(filled)[1],
        counted=counted,
        room=delivery.room_for(counted),
        beyond=delivery.beyond_gsm7(filled),
        cents=None if cents is None else cents * counted.count,
    )


def _somebody(body: str) -> contacts.Person:
    """Make up who reads where nobody is chosen yet; fields of the business's own get a usual value."""
    return contacts.Person(
        id=UUID(int=0),
        phone_e164=SAMPLE_PHONE,
        name=SAMPLE["name"],
        given_name=SAMPLE["given_name"],
        family_name=SAMPLE["family_name"],
        timezone=None,
        country="US",
        region="",
        fields=dict.fromkeys(delivery.tags_of(body), SAMPLE_VALUE),
        tags=(),
    )
