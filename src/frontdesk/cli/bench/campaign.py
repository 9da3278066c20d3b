"""How fast a campaign goes from a file of people to texts at the carrier: every step by the product's own verbs."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.cli.bench.callers import person_number
from frontdesk.cli.bench.drain import BY, PACE_SECONDS, start_worker, switch, until_present, until_sent, until_settled
from frontdesk.cli.bench.figures import peak_rss_mib
from frontdesk.cli.bench.money import lift_budgets
from frontdesk.cli.bench.stubbed import stub_carrier
from frontdesk.cli.importing import import_people
from frontdesk.cli.seeding import DEMO_BUSINESSES, seed
from frontdesk.features import campaigns, consent, delivery, senders, tenants
from frontdesk.features.contacts.service.reading import Job
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries.budgets import list_prices
from frontdesk.features.delivery.segments import count
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.settings import load_settings
from frontdesk.kernel.zones import zone_names
from frontdesk.schema.migrate import migrate
from frontdesk.wiring import assemble

if TYPE_CHECKING:
    from frontdesk.cli.bench.stub_carrier import Report
    from frontdesk.wiring import Frontdesk

NUMBERS = 10
SEGMENTS_PER_S = Decimal(1000)
BURST = 100
CONSENTS_AT_ONCE = 1_000
PATIENCE_SECONDS = 3_600.0
WORDS = "{{business}}: winter check for $49 until Friday. Reply STOP to opt out."
AGREED = "I agree to get marketing texts from Harbor Plumbing. Consent is no condition of purchase."
EVERYBODY = json.dumps({"filter": {"where": "all", "of": []}})


@dataclass(slots=True)
class Stopwatch:
    """Seconds that each step took."""

    seconds: dict[str, float]

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        yield
        self.seconds[name] = loop.time() - began


async def run_campaign(*, people: int, workers: int, delay_ms: float) -> dict[str, object]:
    """Import `people`, record their consents, rehearse, approve, start and send one campaign; returns the figures.

    Import and consents are taken in by this process, all else by `workers` real ones. Sending is held by the kill
    switch until every text is made, so that its rate is its own; it counts from the first POST to the last, as the
    stub saw them. People live where it is noon now, so that the law allows the texts at any time of any day.
    """
    watch = Stopwatch({})
    async with AsyncExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="fd-bench-", ignore_cleanup_errors=True)
        home = Path(stack.enter_context(folder))
        server = EmbeddedPostgres(home)
        stack.push_async_callback(server.stop)
        url = await server.start()
        await migrate(url)
        stub = await stack.enter_async_context(stub_carrier(delay_ms=delay_ms))
        settings = load_settings({**os.environ, "DATABASE_URL": url}, home)
        parts = await assemble(
            stack, settings=settings, database_url=url, kind="cli", public_base_url=settings.base_url, home=home
        )
        await seed(parts.system, home)
        tenant_id, zone = await _set_up(parts), zone_at_noon(datetime.now(UTC))
        with watch.step("import"):
            await _import(parts, home, people=people, zone=zone)
        with watch.step("consents"):
            await _record_consents(parts, tenant_id, people=people, zone=zone)
        processes = [await start_worker(stack, home, url, stub) for _ in range(workers)]
        await until_present(parts.system, workers)
        campaign_id = await _bring_to_its_start(parts, tenant_id, watch)
        await stub.reset()
        await switch(parts.system, on=True)
        report = await until_sent(stub, people, patience=PATIENCE_SECONDS)
        settled_s = await until_settled(parts.system)
        peaks = [peak_rss_mib(process.pid) for process in processes]
        spent, owed = await _read_money(parts, tenant_id, people)
        wrong = await _count_wrong(parts, tenant_id, campaign_id, people)
    figures = _figures(report, watch, people=people, workers=workers)
    return {
        **figures,
        "recorded_after_last_post_s": round(settled_s, 3),
        "peak_rss_mib": max(peaks, default=0.0),
        "spent_cents": str(spent),
        "owed_cents": str(owed),
        "violations": report.repeated + (people - report.recipients) + wrong + int(spent != owed),
    }


def zone_at_noon(now: datetime) -> str:
    """Name a zone in which it is nearest to noon."""
    zones = sorted(zone for zone in zone_names() if "/" in zone and not zone.startswith("Etc/"))
    return min(zones, key=lambda zone: abs(_minutes(now.astimezone(ZoneInfo(zone))) - 12 * 60))


def _minutes(at: datetime) -> int:
    return at.hour * 60 + at.minute


def _figures(report: Report, watch: Stopwatch, *, people: int, workers: int) -> dict[str, object]:
    rate = report.posts / max(report.last_at - report.first_at, 1e-9)
    took = watch.seconds
    return {
        "people": people,
        "workers": workers,
        "sends_per_s": round(rate, 1),
        "sends_per_s_per_worker": round(rate / workers, 1),
        "import_rows_per_s": round(people / took["import"], 1),
        "consents_per_s": round(people / took["consents"], 1),
        "rehearsed_per_s": round(people / took["rehearse"], 1),
        "expanded_per_s": round(people / took["expand"], 1),
        **{f"{name}_s": round(seconds, 3) for name, seconds in took.items()},
        "send_s": round(report.last_at - report.first_at, 3),
        "posts": report.posts,
    }


async def _set_up(parts: Frontdesk) -> UUID:
    """Lift the budgets, register ten fast short codes, and let the business live where it is noon."""
    await lift_budgets(parts.system)
    async with parts.system.transaction() as tx:
        known = {tenant.slug: tenant for tenant in await tenants.list_tenants(tx)}
    business = known[DEMO_BUSINESSES[0].slug]
    async with parts.system.transaction(business.id) as tx:
        moved = replace(business, timezone=zone_at_noon(datetime.now(UTC)))
        await tenants.update_tenant(tx, moved, by=BY, changed=["timezone"])
        for phone in _numbers():
            change = senders.NumberChange(
                registration_status=senders.RegistrationStatus.APPROVED,
                registration_id="bench",
                segments_per_second=SEGMENTS_PER_S,
                burst=BURST,
                country="US",
            )
            await senders.add_number(tx, phone_e164=phone, provider="twilio", by=BY, settings=change)
    return business.id


def _numbers() -> tuple[str, ...]:
    return tuple(f"2225{number}" for number in range(NUMBERS))


async def _import(parts: Frontdesk, home: Path, *, people: int, zone: str) -> None:
    file = home / "people.csv"
    await asyncio.to_thread(_write_people, file, people, zone)
    one = await import_people(
        parts,
        DEMO_BUSINESSES[0].slug,
        file,
        job=Job(country="US"),
        tags=("bench",),
        known_wins=False,
        dry_run=False,
        report=None,
        tell=lambda _one: None,
    )
    if one.rows_added != people:
        raise Refused("bench.not_imported", f"{one.rows_added} of {people} people came in: {one.status} {one.failure}")


def _write_people(file: Path, people: int, zone: str) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("phone", "first name", "country", "state", "time zone"))
        rows.writerows((person_number(index), "Carol", "US", "US-CA", zone) for index in range(people))


async def _record_consents(parts: Frontdesk, tenant_id: UUID, *, people: int, zone: str) -> None:
    given_at = datetime.now(UTC) - timedelta(days=30)
    usual = consent.OptIn(
        phone_e164="",
        text_shown=AGREED,
        url="https://harbor.example/offers",
        given_at=given_at,
        zone=zone,
        ip="203.0.113.7",
        user_agent="Mozilla/5.0",
        sellers=("Harbor Plumbing",),
        not_a_condition=True,
        source="web form",
    )
    for start in range(0, people, CONSENTS_AT_ONCE):
        some = range(start, min(start + CONSENTS_AT_ONCE, people))
        given = [replace(usual, phone_e164=person_number(index)) for index in some]
        async with parts.app.transaction(tenant_id) as tx:
            await consent.record_many(tx, given, by=BY)


async def _bring_to_its_start(parts: Frontdesk, tenant_id: UUID, watch: Stopwatch) -> UUID:
    """Draft, rehearse and approve a campaign, then have all its texts made while the kill switch is pulled."""
    app = parts.app
    async with app.transaction(tenant_id) as tx:
        draft = campaigns.Draft(
            name="Winter check",
            audience=EVERYBODY,
            variants=(campaigns.Variant(name="A", body=WORDS),),
            senders=_numbers(),
            schedule=campaigns.Schedule(mode=campaigns.ScheduleMode.AT_ONCE),
            ends_at=tx.now + timedelta(days=2),
        )
        campaign = await campaigns.create_campaign(tx, draft, by=BY)
    with watch.step("rehearse"):
        async with app.transaction(tenant_id) as tx:
            rehearsal = await campaigns.begin_rehearsal(tx, campaign_id=campaign.id, by=BY)

        async def rehearsed() -> bool:
            async with app.transaction(tenant_id) as tx:
                return (await campaigns.get_rehearsal(tx, rehearsal_id=rehearsal.id)).status != "running"

        await _until(rehearsed)
    await switch(parts.system, on=False)
    async with app.transaction(tenant_id) as tx:
        await campaigns.approve_campaign(tx, campaign_id=campaign.id, content_hash=campaign.content_hash, by=BY)
    with watch.step("expand"):
        async with app.transaction(tenant_id) as tx:
            await campaigns.start_campaign(tx, campaign_id=campaign.id, by=BY)

        async def expanded() -> bool:
            async with app.transaction(tenant_id) as tx:
                now = await campaigns.get_campaign(tx, campaign_id=campaign.id)
            return now.status is campaigns.CampaignStatus.RUNNING

        await _until(expanded)
    return campaign.id


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await done():  # noqa: ASYNC110 - other programs are watched
            await asyncio.sleep(PACE_SECONDS)


async def _read_money(parts: Frontdesk, tenant_id: UUID, people: int) -> tuple[Decimal, Decimal]:
    """Tell what the budget says was spent, and what the texts cost by the price list."""
    countries = Counter(country_of(person_number(index)) for index in range(people))
    segments = count(WORDS.replace("{{business}}", DEMO_BUSINESSES[0].name)).count
    async with parts.system.transaction(tenant_id) as tx:
        spent = (await delivery.get_budget(tx)).daily_spent_cents
        prices = await list_prices(tx, [("twilio", country) for country in countries])
    owed = sum((prices["twilio", country] * texts for country, texts in countries.items()), Decimal(0))
    return spent, owed * segments


async def _count_wrong(parts: Frontdesk, tenant_id: UUID, campaign_id: UUID, people: int) -> int:
    """Count the people who are not written down as texted, by what the campaign says of itself."""
    async with parts.app.transaction(tenant_id) as tx:
        lines = await campaigns.sum_results(tx, campaign_id=campaign_id)
    texted = sum(line.people for line in lines if line.status in {"accepted", "sent", "delivered"})
    return abs(people - texted)
