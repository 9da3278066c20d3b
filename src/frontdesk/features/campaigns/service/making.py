"""Making the texts of a campaign: for each person one wording, one number, one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features import consent, contacts, delivery, senders, tenants
from frontdesk.features.campaigns.model import Campaign, Recipient, choose_sender, share_out
from frontdesk.features.campaigns.queries import recipients
from frontdesk.features.campaigns.service.audience import read_audience
from frontdesk.features.campaigns.words import fill
from frontdesk.kernel.db import Transaction

BATCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A person and the text made for them; no text where the filled wording is empty."""

    person: contacts.Person
    variant: str
    intent: delivery.BulkIntent | None
    skipped_because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What is needed to make texts: the campaign, its business's name, and its numbers with their weights."""

    campaign: Campaign
    business: str
    numbers: dict[str, senders.SendingNumber]
    weighted: tuple[tuple[str, float], ...]
    audience: contacts.Filter
    started_at: datetime


async def prepare(tx: Transaction, campaign: Campaign, *, started_at: datetime) -> Maker:
    """Read what making the texts needs; a number that may not send is left out, unless none may."""
    tenant = await tenants.get_tenant(tx)
    numbers = {one.phone_e164: one for one in await senders.list_numbers(tx) if one.phone_e164 in campaign.senders}
    return Maker(
        campaign=campaign,
        business=tenant.name,
        numbers=numbers,
        weighted=await weigh_numbers(tx, usable_numbers(list(numbers.values()))),
        audience=await read_audience(tx, campaign.audience),
        started_at=started_at,
    )


def usable_numbers(numbers: Sequence[senders.SendingNumber]) -> list[senders.SendingNumber]:
    """List the numbers that may send; all of them where none may, so that the gates say why."""
    return [one for one in numbers if one.texting_allowed and one.retired_at is None] or list(numbers)


async def weigh_numbers(tx: Transaction, numbers: Sequence[senders.SendingNumber]) -> tuple[tuple[str, float], ...]:
    """Tell how much each number takes of the texts: its pace, times the weight of its provider."""
    weights = await delivery.provider_weights(tx)
    paces = {
        one.phone_e164: senders.segments_per_second(one.number_type, one.segments_per_second)
        * weights.get(one.provider, 100)
        for one in numbers
    }
    return tuple(sorted(paces.items()))


async def make_some(tx: Transaction, maker: Maker, *, after: UUID | None, limit: int = BATCH) -> list[Made]:
    """Make the texts for the next people of the audience, by id."""
    people = await contacts.list_matching(tx, maker.audience, after=after, limit=limit)
    return [_make(maker, person, now=tx.now) for person in people]


def _make(maker: Maker, person: contacts.Person, *, now: datetime) -> Made:
    campaign = maker.campaign
    variant = share_out(campaign.id, person.phone_e164, campaign.variants)
    body = delivery.to_gsm7_friendly(fill(variant.body, person, business=maker.business))
    if not body:
        return Made(person=person, variant=variant.name, intent=None, skipped_because="campaign.empty_text")
    sender = choose_sender(person.phone_e164, maker.weighted)
    zones = consent.possible_zones(person.phone_e164, person.timezone)
    due_at = campaign.schedule.due_at(zones, started_at=maker.started_at)
    intent = delivery.BulkIntent(
        key=f"campaign:{campaign.id}:{person.phone_e164}",
        basis=f"campaign {campaign.id}: written consent on record",
        basis_at=now,
        contact_id=person.id,
        recipient_e164=person.phone_e164,
        sender_e164=sender,
        provider=maker.numbers[sender].provider,
        body=body,
        variant=variant.name,
        due_at=due_at,
        useful_until=campaign.ends_at,
    )
    return Made(person=person, variant=variant.name, intent=intent, skipped_because=None)


async def queue_some(tx: Transaction, maker: Maker, made: Sequence[Made]) -> None:
    """Queue texts and write down their people, in one transaction: neither is there without the other."""
    wanted = [one.intent for one in made if one.intent is not None]
    jobs = await delivery.request_many(tx, wanted, campaign_id=maker.campaign.id) if wanted else {}
    await recipients.add_recipients(
        tx,
        [
            Recipient(
                phone_e164=one.person.phone_e164,
                contact_id=one.person.id,
                variant=one.variant,
                sender_e164=one.intent.sender_e164 if one.intent else "",
                send_job_id=jobs.get(one.person.phone_e164),
                skipped_because=one.skipped_because,
                due_at=one.intent.due_at if one.intent else None,
            )
            for one in made
        ],
        campaign_id=maker.campaign.id,
    )
