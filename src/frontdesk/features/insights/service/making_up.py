"""Three months behind a business that has none: calls, talk, campaigns and bookings, for benches and pictures."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.features import scheduling
from frontdesk.features.insights.queries import made_up
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

LENGTH = timedelta(days=90)
AT_ONCE = 10_000
CAMPAIGNS = ("Winter check", "Spring tune-up", "Filter change", "Neighbours")
PRICE_CENTS = 14_900
VANS, A_DAY = 8, 8  # no more is booked than they can do
# Of a hundred messages: 10 calls (4 texts back), 60 texts of talk, 36 of campaigns.
CALLS_SHARE, TALK_SHARE, CAMPAIGN_SHARE = 0.10, 0.30, 0.36


async def make_up_history(tx: Transaction, *, people: int, messages: int, number_e164: str, by: Actor) -> None:
    """Give the transaction's business people, and about so many messages from and to its number."""
    for first in range(1, people + 1, AT_ONCE):
        await made_up.insert_people(tx, first=first, last=min(people, first + AT_ONCE - 1))
    calls, talk = int(messages * CALLS_SHARE), int(messages * TALK_SHARE)
    for insert, count in ((made_up.insert_calls, calls), (made_up.insert_talk, talk)):
        for first in range(1, count + 1, AT_ONCE):
            await insert(
                tx,
                first=first,
                last=min(count, first + AT_ONCE - 1),
                of=count,
                people=people,
                length=LENGTH,
                to_e164=number_e164,
            )
    await _send_campaigns(tx, texts=int(messages * CAMPAIGN_SHARE / len(CAMPAIGNS)), people=people, number=number_e164)
    vans = [
        await scheduling.add_resource(tx, scheduling.new_resource(resource_id=new_id(), name=f"Van {number}"), by=by)
        for number in range(1, VANS + 1)
    ]
    plain = scheduling.new_service(service_id=new_id(), name="Heater check", duration_minutes=60)
    service = await scheduling.add_service(tx, plain, by=by)
    await made_up.insert_bookings(
        tx,
        bookings=max(1, min(calls // 6, VANS * A_DAY * LENGTH.days)),
        service_id=service.id,
        resource_ids=[van.id for van in vans],
        people=people,
        length=LENGTH,
        cents=PRICE_CENTS,
    )


async def _send_campaigns(tx: Transaction, *, texts: int, people: int, number: str) -> None:
    for place, name in enumerate(CAMPAIGNS, start=1):
        campaign_id, ago = new_id(), timedelta(days=9 * place)
        await made_up.insert_campaign(tx, campaign_id=campaign_id, name=name, ago=ago, texts=texts, from_e164=number)
        for first in range(1, texts + 1, AT_ONCE):
            await made_up.insert_campaign_texts(
                tx,
                campaign_id=campaign_id,
                ago=ago,
                first=first,
                last=min(texts, first + AT_ONCE - 1),
                people=people,
                from_e164=number,
            )
