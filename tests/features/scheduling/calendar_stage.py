"""Where calendars are played in tests: Ada's shop, her Google calendar at the twin, and a worker's turn on order."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import aiohttp

from frontdesk.features import scheduling
from frontdesk.features.scheduling.calendar_desk import CalendarDesk
from frontdesk.features.scheduling.jobs.calendars import calendar_handlers
from frontdesk.features.scheduling.jobs.calendars_sync import CalendarSync
from frontdesk.features.scheduling.model.calendars import CalendarCompany, CalendarUse
from frontdesk.features.scheduling.service import calendars as service
from frontdesk.features.scheduling.service.calendars_logins import PURPOSE
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.keys import SigningKeys
from frontdesk.kernel.outbox import Handlers
from frontdesk.kernel.sealing import Vault
from frontdesk.ports.calendars import CalendarProvider
from frontdesk.providers.caldav import CalDavCalendars, GuardedDial
from frontdesk.providers.google import GoogleApp, GoogleCalendars, GoogleConsent
from frontdesk.providers.http import HttpClient
from frontdesk.providers.jobber import JobberApp, JobberCalendars, JobberConsent
from frontdesk.providers.twin import TwinServer
from frontdesk.providers.twin.calendar_wire import OutsideEvent
from tests.features.scheduling.stage import Shop, open_shop
from tests.support.actors import TEST_ACTS

PAUSES = {
    CalendarCompany.GOOGLE: timedelta(seconds=60),
    CalendarCompany.JOBBER: timedelta(seconds=120),
    CalendarCompany.CALDAV: timedelta(seconds=60),
}
KEY = "a key of the tests, long enough to be one"


@dataclass
class Almanac:
    """The shop, the twin, the desk that connects accounts, and the worker that keeps them in step."""

    shop: Shop
    twin: TwinServer
    desk: CalendarDesk
    sync: CalendarSync
    providers: dict[CalendarCompany, CalendarProvider]
    push_url: str

    def use_keys(self, keys: SigningKeys) -> None:
        """Let a worker with other keys go on."""
        self.sync = CalendarSync(
            system=self.shop.system,
            app=self.shop.app,
            providers=self.providers,
            vault=Vault(keys, purpose=PURPOSE),
            clock=self.shop.clock,
            pauses=PAUSES,
            push_url=self.push_url,
            chance=random.Random(1),
        )

    async def connect_google(self) -> UUID:
        """Connect Ada's Google account as she does in a browser."""
        url = await self.desk.begin_consent(self.shop.ada.id, provider=CalendarCompany.GOOGLE, by=TEST_ACTS)
        back = await follow(url)
        return await self.desk.finish_consent(self.shop.ada.id, state=back["state"], code=back["code"], by=TEST_ACTS)

    async def calendars(self) -> list[CalendarUse]:
        """List Ada's calendars."""
        async with self.shop.app.transaction(self.shop.ada.id) as tx:
            return [one for account in await service.list_accounts(tx) for one in account.calendars]

    async def use(self, calendar: CalendarUse, resource: scheduling.Resource | None, *, writes: bool = True) -> None:
        """Let a calendar block a resource and take its appointments."""
        async with self.shop.app.transaction(self.shop.ada.id) as tx:
            await service.use_calendar(
                tx,
                calendar_id=calendar.id,
                resource_id=None if resource is None else resource.id,
                blocks=True,
                writes=writes,
                by=TEST_ACTS,
            )

    async def google_for(self, resource: scheduling.Resource) -> CalendarUse:
        """Connect Google and use its first calendar for a resource."""
        await self.connect_google()
        (calendar,) = await self.calendars()
        await self.use(calendar, resource)
        return calendar

    async def turn(self) -> int:
        """Let a worker ask whoever is due."""
        return await self.sync.turn()

    async def later(self, seconds: float) -> int:
        """Let time go by and a worker ask whoever is due then."""
        self.shop.clock.ahead += timedelta(seconds=seconds)
        return await self.sync.turn()

    async def asked_now(self) -> None:
        """Make every account of Ada's due and let a worker ask."""

        async def hasten(tx: Transaction) -> None:
            await service.sync_now(tx)

        await self.shop.app.perform(hasten, tenant_id=self.shop.ada.id)
        await self.sync.turn()

    def outside(self, start: float, end: float, *, event_id: str = "", cancelled: bool = False) -> str:
        """Let somebody write into Ada's Google calendar, in hours after Monday, 8 AM."""
        event = OutsideEvent(id=event_id, starts_at=self.shop.at(start), ends_at=self.shop.at(end), cancelled=cancelled)
        return self.twin.google.put_event(event).id

    def written(self) -> list[tuple[float, float, str]]:
        """List our events at Google: start and end in hours after Monday, 8 AM, and title."""
        found = []
        for one in self.twin.google.events():
            start, end = one.document["start"], one.document["end"]
            if one.id.startswith("frontdesk") and one.document["status"] != "cancelled":
                assert isinstance(start, dict)
                assert isinstance(end, dict)
                begins, ends = (
                    (datetime.fromisoformat(str(each["dateTime"])) - self.shop.at(0)) / timedelta(hours=1)
                    for each in (start, end)
                )
                found.append((begins, ends, str(one.document["summary"])))
        return sorted(found)


async def follow(url: str) -> dict[str, str]:
    """Follow a consent page's redirect; tells what it brings back."""
    async with aiohttp.ClientSession() as browser, browser.get(url, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


@asynccontextmanager
async def open_almanac(database_url: str, *, push_url: str = "") -> AsyncIterator[Almanac]:
    """Open the shop with one resource that gives the service, and calendars that can be connected."""
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop(database_url, resources=1))
        shop.handlers = Handlers([*scheduling.handlers(shop.told()), *calendar_handlers()])
        twin = await stack.enter_async_context(TwinServer(clock=shop.clock))
        http, dial = HttpClient(), GuardedDial(trusted_hosts=("127.0.0.1",))
        servers = HttpClient(dial=dial)
        stack.push_async_callback(http.close)
        stack.push_async_callback(servers.close)
        stack.callback(dial.close)
        config = twin.config
        google = GoogleApp.at(twin.url, client_id=config.google_client_id, client_secret=config.google_client_secret)
        jobber = JobberApp(
            client_id=config.jobber_client_id, client_secret=config.jobber_client_secret, api_base_url=twin.url
        )
        caldav = CalDavCalendars(dial, servers)
        providers: dict[CalendarCompany, CalendarProvider] = {
            CalendarCompany.GOOGLE: GoogleCalendars(google, http),
            CalendarCompany.JOBBER: JobberCalendars(jobber, http),
            CalendarCompany.CALDAV: caldav,
        }
        vault = Vault(SigningKeys(KEY), purpose=PURPOSE)
        sync = CalendarSync(
            system=shop.system,
            app=shop.app,
            providers=providers,
            vault=vault,
            clock=shop.clock,
            pauses=PAUSES,
            push_url=push_url,
            chance=random.Random(1),
        )
        yield Almanac(
            shop=shop,
            twin=twin,
            providers=providers,
            desk=CalendarDesk(
                app=shop.app,
                providers=providers,
                consents={
                    CalendarCompany.GOOGLE: GoogleConsent(google, http),
                    CalendarCompany.JOBBER: JobberConsent(jobber, http),
                },
                vault=vault,
                clock=shop.clock,
                judge_server=caldav.judge,
                public_base_url="http://127.0.0.1:9",
                jobber_token=config.jobber_api_token,
            ),
            sync=sync,
            push_url=push_url,
        )
