"""Rehearsing a campaign: every text made, gated and played over the coming days, and nothing sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from frontdesk.features import delivery, senders, tenants
from frontdesk.features.campaigns.model import REHEARSED_DAYS, RehearsalStatus
from frontdesk.features.campaigns.queries import campaigns, rehearsals
from frontdesk.features.campaigns.rehearsal import Carriers, Line, Money, Number, Stage, play, sum_up
from frontdesk.features.campaigns.service.drafting import get_campaign
from frontdesk.features.campaigns.service.making import Made, Maker, make_some
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import start_run

REHEARSE = "campaigns.rehearse.v1"
NOTHING = Decimal(0)


async def begin_rehearsal(tx: Transaction, *, campaign_id: UUID, by: Actor) -> rehearsals.Rehearsal:
    """Begin to rehearse a campaign as it is now; it runs in the background and is read by its id."""
    campaign = await get_campaign(tx, campaign_id=campaign_id)
    rehearsal_id = new_id()
    await rehearsals.insert_rehearsal(
        tx,
        rehearsal_id=rehearsal_id,
        campaign_id=campaign.id,
        content_hash=campaign.content_hash,
        ends_at=tx.now + timedelta(days=REHEARSED_DAYS),
        by=by.shown,
    )
    await campaigns.note_rehearsal(tx, campaign_id=campaign.id, rehearsal_id=rehearsal_id)
    await start_run(tx, REHEARSE, {"rehearsal_id": str(rehearsal_id)}, key=str(rehearsal_id))
    return await get_rehearsal(tx, rehearsal_id=rehearsal_id)


async def get_rehearsal(tx: Transaction, *, rehearsal_id: UUID) -> rehearsals.Rehearsal:
    """Get a rehearsal; refuses one the tenant does not have (`campaigns.rehearsal_not_found`)."""
    found = await rehearsals.find_rehearsal(tx, rehearsal_id=rehearsal_id)
    if found is None:
        raise Refused("campaigns.rehearsal_not_found", "no such rehearsal", status=404)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One person's part in a rehearsal: their text, and the line that is played."""

    contact_id: UUID
    variant: str
    body: str
    line: Line


async def preview_some(
    tx: Transaction, maker: Maker, *, rehearsal_id: UUID, after: UUID | None, so_far: int
) -> tuple[list[Part], delivery.Facts | None, UUID | None]:
    """Make the texts of the next people and ask the gates about each at its moment.

    Returns their parts, the facts of one whom the gates would let through (the law is asked with them again for later
    moments), and where to go on; None there means that nobody is left.
    """
    made = await make_some(tx, maker, after=after)
    wanted = [(one, one.intent) for one in made if one.intent is not None]
    quiet = (maker.campaign.quiet_from, maker.campaign.quiet_until)
    previews = await delivery.preview_many(
        tx, [intent for _, intent in wanted], campaign_id=maker.campaign.id, quiet=quiet
    )
    parts = [_part(one, intent, preview) for (one, intent), preview in zip(wanted, previews, strict=True)]
    parts += [_silent(one) for one in made if one.intent is None]
    allowed = next((one.facts for one in previews if one.verdict in ("send", "hold")), None)
    await rehearsals.note_progress(tx, rehearsal_id=rehearsal_id, rehearsed=so_far + len(made))
    return parts, allowed, made[-1].person.id if made else None


def _part(made: Made, intent: delivery.BulkIntent, preview: delivery.Preview) -> Part:
    return Part(
        contact_id=made.person.id,
        variant=made.variant,
        body=intent.body,
        line=Line(
            phone_e164=intent.recipient_e164,
            sender_e164=intent.sender_e164,
            zone=made.person.timezone,
            region=made.person.region,
            segments=preview.segments,
            cost_cents=preview.cost_cents,
            verdict=preview.verdict,
            code=preview.code,
            citation=preview.citation,
            ready_at=preview.ready_at,
        ),
    )


def _silent(made: Made) -> Part:
    line = Line(
        phone_e164=made.person.phone_e164,
        sender_e164="",
        zone=made.person.timezone,
        region=made.person.region,
        segments=0,
        cost_cents=NOTHING,
        verdict="bar",
        code=made.skipped_because or "",
        citation="",
        ready_at=None,
    )
    return Part(contact_id=made.person.id, variant=made.variant, body="", line=line)


async def set_the_stage(
    tx: Transaction, maker: Maker, rehearsal: rehearsals.Rehearsal, *, allowed: delivery.Facts | None
) -> Stage:
    """Read what the play needs: the numbers' pace, the money, and the law as asked with `allowed`."""
    tenant = await tenants.get_tenant(tx)
    money = await delivery.get_budget(tx)
    brands = await senders.list_brands(tx)

    def reopens(line: Line, at: datetime) -> datetime | None:
        if allowed is None:
            return None
        return delivery.next_lawful_moment(
            allowed, at=at, recipient_e164=line.phone_e164, known_zone=line.zone, known_region=line.region
        )

    def allowance(number: senders.SendingNumber) -> Callable[[date], int | None]:
        return lambda day: senders.daily_allowance(number.warmup, number.daily_limit, on=day)

    return Stage(
        starts_at=maker.started_at,
        until=rehearsal.ends_at,
        ends_at=maker.campaign.ends_at,
        zone=tenant.timezone,
        numbers={
            phone: Number(
                segments_per_second=senders.segments_per_second(one.number_type, one.segments_per_second),
                allowance=allowance(one),
                brand=one.brand_id,
                registration=one.registration_id or one.phone_e164,
            )
            for phone, one in maker.numbers.items()
        },
        money=Money(
            daily_budget_cents=money.daily_budget_cents,
            monthly_budget_cents=money.monthly_budget_cents,
            daily_spent_cents=money.daily_spent_cents,
            monthly_spent_cents=money.monthly_spent_cents,
        ),
        per_minute=maker.campaign.per_minute,
        reopens=reopens,
        carriers=_what_carriers_allow(maker.numbers.values(), brands),
    )


def _what_carriers_allow(numbers: Iterable[senders.SendingNumber], brands: Sequence[senders.Brand]) -> Carriers:
    """Bring together the limits of brands and of registered campaigns; every text is taken to count there."""
    limits = {
        one.brand_id: senders.segments_a_day(one.daily_segments, one.daily_share, advertising=True) for one in brands
    }
    shares = {one.brand_id: one.minute_share for one in brands}
    per_second: dict[str, float] = {}
    for one in numbers:
        rate = senders.campaign_segments_per_second(one.campaign_class, shares.get(one.brand_id, senders.WHOLE))
        if rate is not None:
            per_second[one.registration_id or one.phone_e164] = rate
    return Carriers(
        zone=senders.CARRIER_ZONE.key,
        daily_segments={brand: limit for brand, limit in limits.items() if limit is not None},
        used_today={one.brand_id: one.used_today for one in brands},
        per_second=per_second,
    )


def play_parts(parts: Sequence[Part], stage: Stage) -> list[Part]:
    """Play the parts; returns them with their end."""
    ended = {line.phone_e164: line for line in play((part.line for part in parts), stage)}
    return [replace(part, line=ended[part.line.phone_e164]) for part in parts]


async def write_parts(tx: Transaction, parts: Sequence[Part], *, rehearsal_id: UUID) -> None:
    """Write how some people's parts ended."""
    await rehearsals.add_entries(
        tx,
        [
            rehearsals.Entry(
                phone_e164=part.line.phone_e164,
                contact_id=part.contact_id,
                variant=part.variant,
                sender_e164=part.line.sender_e164,
                verdict=part.line.verdict,
                code=part.line.code,
                citation=part.line.citation,
                would_leave_at=part.line.leaves_at,
                segments=part.line.segments,
                cost_cents=part.line.cost_cents,
                body=part.body,
            )
            for part in parts
        ],
        rehearsal_id=rehearsal_id,
    )


async def finish_rehearsal(tx: Transaction, parts: Sequence[Part], *, rehearsal_id: UUID) -> None:
    """Write the sum of a rehearsal."""
    summary = sum_up(part.line for part in parts)
    await rehearsals.finish_rehearsal(
        tx,
        rehearsal_id=rehearsal_id,
        status=RehearsalStatus.DONE,
        summary_json=msgspec.json.encode(asdict(summary)).decode(),
        rehearsed=len(parts),
    )


async def fail_rehearsal(tx: Transaction, *, rehearsal_id: UUID, because: str) -> None:
    """Write why a rehearsal came to no end."""
    await rehearsals.finish_rehearsal(
        tx,
        rehearsal_id=rehearsal_id,
        status=RehearsalStatus.FAILED,
        summary_json=msgspec.json.encode({"error": because}).decode(),
        rehearsed=0,
    )


async def list_entries(
    tx: Transaction, *, rehearsal_id: UUID, after: str = "", verdict: str | None = None, limit: int = 50
) -> list[rehearsals.Entry]:
    """List the people of a rehearsal by number; pass the last number as `after` for the next page."""
    await get_rehearsal(tx, rehearsal_id=rehearsal_id)
    return await rehearsals.list_entries(tx, rehearsal_id=rehearsal_id, after=after, verdict=verdict, limit=limit)
