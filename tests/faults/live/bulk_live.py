"""Campaigns for real programs: people in zones where it is noon or midnight now, and texts that wait for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from frontdesk.providers.twin.wire import JournalView
from tests.support.marketing import add_people, let_numbers_advertise, queue_campaign
from tests.support.office import ADAS_NUMBER
from tests.support.processes import MANY, LiveOffice

CREATE = "messages.create"
HELD = "select count(*) from send_jobs where status = 'queued' and failure_code = 'law.quiet_hours'"
RICH = "update tenants set daily_budget_cents = 1e9, monthly_budget_cents = 1e9"


def zone_at(hour: int) -> str:
    """Name a zone in which it is nearest to an hour of the day now."""
    now = datetime.now(UTC)

    def distance(zone: str) -> int:
        there = now.astimezone(ZoneInfo(zone))
        minutes = abs(there.hour * 60 + there.minute - hour * 60)
        return min(minutes, 24 * 60 - minutes)

    zones = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return min(sorted(zones), key=distance)


def californians(count: int, *, area: int = 213) -> list[str]:
    """List numbers of California, where marketing is allowed on every day of the week."""
    return [f"+1{area}555{number:04}" for number in range(1000, 1000 + count)]


async def queue_campaign_to(office: LiveOffice, numbers: Sequence[str], *, zone: str, pace: float = 1000) -> UUID:
    """Queue a campaign's texts to new people of California who are known to live in a zone; returns its id."""
    await let_numbers_advertise(office.login, office.ada.id, segments_per_second=pace)
    async with office.login.transaction() as tx:
        await tx.execute(RICH)
    async with office.login.transaction(office.ada.id) as tx:
        people = await add_people(tx, numbers, zone=zone, region="US-CA")
        return await queue_campaign(tx, people, sender_e164=ADAS_NUMBER)


async def posts_of(office: LiveOffice) -> list[JournalView]:
    """List the carrier's requests to send, oldest first."""
    return await office.twin.journal(operation=CREATE, limit=MANY)


async def all_posted(office: LiveOffice, count: int) -> None:
    """Wait until the carrier has been asked so often."""

    async def there() -> bool:
        return len(await posts_of(office)) >= count

    await office.eventually(there, seconds=30)


async def all_held(office: LiveOffice, count: int) -> None:
    """Wait until so many texts are held because it is night where their people are."""

    async def there() -> bool:
        return await office.count(HELD) == count

    await office.eventually(there, seconds=30)
