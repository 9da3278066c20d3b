"""Calendars over HTTP: connected in a browser, told of changes by webhooks, and noticed when those are silent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
import pytest

from frontdesk.features import scheduling
from frontdesk.kernel.ids import new_id
from frontdesk.providers.twin import FaultKind, FaultOrder, TwinServer
from frontdesk.providers.twin.calendar_wire import JobberVisit, OutsideEvent
from tests.features.scheduling.calendar_stage import follow
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House, open_house
from tests.support.office import TravelClock


@dataclass
class Practice:
    """Ada's house, the companies that keep her calendars, and a resource whose time they take."""

    house: House
    twin: TwinServer
    clock: TravelClock
    resource_id: UUID

    @property
    def base(self) -> str:
        """The page of Ada's calendars."""
        return f"/businesses/{self.house.ada.id}/calendars"

    def soon(self, hours: float) -> datetime:
        """Tell a moment so many hours from now."""
        return self.clock.now() + timedelta(hours=hours)

    async def turn(self) -> int:
        """Let a worker ask whoever is due."""
        return await self.house.parts.calendars.sync.turn()

    async def connect_google(self, ada: httpx2.AsyncClient) -> httpx2.Response:
        """Connect Google as a browser does."""
        there = await ada.get(f"{self.base}/connect?provider=google")
        assert there.status_code == 303, there.text
        back = await follow(there.headers["location"])
        here = await ada.get("/calendars/callback", params=back)
        assert here.status_code == 303, here.text
        return await ada.get(here.headers["location"])

    async def use_first(self, ada: httpx2.AsyncClient, *, writes: bool = True) -> dict[str, object]:
        """Let the first calendar take the resource's time, and let a worker read it; gives it as the API shows it."""
        first = (await ada.get("/api/calendars")).json()["accounts"][0]["calendars"][0]
        wanted = {"resource_id": str(self.resource_id), "blocks": True, "writes": writes}
        answer = await ada.patch(f"/api/calendars/{first['id']}", json=wanted)
        assert answer.status_code == 200, answer.text
        assert await self.turn() == 1
        return await self.first(ada)

    async def first(self, ada: httpx2.AsyncClient) -> dict[str, object]:
        """Read the first calendar."""
        found: dict[str, object] = (await ada.get("/api/calendars")).json()["accounts"][0]["calendars"][0]
        return found

    async def is_greeted(self) -> bool:
        """Tell whether Google's first message on a channel was answered: if it was taken, it is a sign of life."""
        return bool(self.twin.world.journal.webhooks(kind="google.push", limit=10))

    async def count_busy(self) -> int:
        """Count the busy times that are kept."""
        async with self.house.parts.system.transaction() as tx:
            found = await tx.fetchval("select count(*) from sched_busy_times")
        assert isinstance(found, int)
        return found

    async def count_due(self) -> int:
        """Count accounts whose turn it is."""
        async with self.house.parts.system.transaction() as tx:
            found = await tx.fetchval("select count(*) from calendar_connections where due_at <= $1", tx.now)
        assert isinstance(found, int)
        return found


@asynccontextmanager
async def open_practice(database_url: str, home: Path) -> AsyncIterator[Practice]:
    clock = TravelClock()
    async with TwinServer(clock=clock) as twin:
        config = twin.config
        environ = {
            "GOOGLE_CLIENT_ID": config.google_client_id,
            "GOOGLE_CLIENT_SECRET": config.google_client_secret,
            "GOOGLE_API_BASE_URL": twin.url,
            "JOBBER_API_TOKEN": config.jobber_api_token,
            "JOBBER_CLIENT_SECRET": config.jobber_client_secret,
            "JOBBER_API_BASE_URL": twin.url,
        }
        async with open_house(database_url, home, environ=environ, clock=clock) as house:
            async with house.parts.app.transaction(house.ada.id) as tx:
                resource = await scheduling.add_resource(
                    tx, scheduling.new_resource(resource_id=new_id(), name="North"), by=TEST_ACTS
                )
            yield Practice(house, twin, clock, resource.id)


@pytest.fixture
async def practice(database_url: str, home: Path) -> AsyncIterator[Practice]:
    async with open_practice(database_url, home) as practice:
        yield practice


async def test_a_calendar_is_connected_in_a_browser_and_its_page_says_how_it_stands(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    page = await practice.connect_google(ada)
    assert "Google Calendar: ada@example.com" in page.text
    assert "The account is connected." in page.text
    await practice.use_first(ada)
    page = await ada.get(practice.base)
    assert "told at once" in page.text
    (account,) = (await ada.get("/api/calendars")).json()["accounts"]
    (refresh,) = practice.twin.google.state.refresh
    assert refresh not in json.dumps(account) + page.text
    gone = await ada.delete(f"/api/calendars/accounts/{account['id']}")
    assert gone.status_code == 204
    assert (await ada.get("/api/calendars")).json()["accounts"] == []


async def test_an_owner_who_says_no_at_google_is_told_so_here(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    practice.twin.google.shut_out(refuse_consent=True)
    assert "its owner said no" in (await practice.connect_google(ada)).text


async def test_a_change_is_read_as_soon_as_google_pushes_it(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    await practice.connect_google(ada)
    calendar = await practice.use_first(ada)
    assert calendar["channel_expires_at"]
    assert await practice.count_due() == 0
    practice.twin.google.put_event(OutsideEvent(starts_at=practice.soon(2), ends_at=practice.soon(3)))

    async def due() -> bool:
        return await practice.count_due() == 1

    await practice.house.eventually(due)
    assert await practice.turn() == 1
    assert await practice.count_busy() == 1
    told = [one for one in practice.twin.world.journal.webhooks(kind="google.push", limit=10) if one.status == 200]
    assert told


async def test_a_channel_that_falls_silent_is_noticed_by_asking_and_opened_anew(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    await practice.connect_google(ada)
    await practice.use_first(ada)
    (first,) = practice.twin.google.state.channels
    await practice.house.eventually(practice.is_greeted)
    order = FaultOrder(kind=FaultKind.LOST, on="google.push", count=None)
    practice.twin.world.faults.add(order, "google.push")
    practice.twin.google.put_event(OutsideEvent(starts_at=practice.soon(2), ends_at=practice.soon(3)))
    practice.clock.ahead += timedelta(seconds=61)
    assert await practice.turn() == 1
    assert await practice.count_busy() == 1, "61 s after it was written, and nobody had told us"
    assert (await practice.first(ada))["channel_silent_since"]
    assert "silent" in (await ada.get(practice.base)).text
    practice.twin.world.faults.clear()
    practice.clock.ahead += timedelta(seconds=61)
    await practice.turn()
    (second,) = practice.twin.google.state.channels
    assert second != first
    assert not (await practice.first(ada))["channel_silent_since"]


async def test_a_channel_is_renewed_before_it_ends(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    await practice.connect_google(ada)
    await practice.use_first(ada)
    (first,) = practice.twin.google.state.channels
    practice.clock.ahead += timedelta(days=6, hours=1)
    await practice.turn()
    (second,) = practice.twin.google.state.channels
    assert second != first
    assert practice.twin.google.state.channels[second].expires_at > practice.soon(24 * 6)


async def test_push_messages_that_prove_nothing_change_nothing(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    await practice.connect_google(ada)
    await practice.use_first(ada)
    (channel,) = practice.twin.google.state.channels.values()
    stranger = practice.house.client()
    headers = {
        "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Token": channel.token,
        "X-Goog-Resource-ID": channel.resource_id,
        "X-Goog-Resource-State": "exists",
        "X-Goog-Message-Number": "77",
    }

    async def post(**changes: str) -> int:
        changed = {**headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
        return (await stranger.post("/webhooks/google/calendar", headers=changed)).status_code

    assert await post(X_Goog_Channel_Token="guessed") == 403
    assert await post(X_Goog_Channel_Token="") == 403
    assert await post(X_Goog_Channel_ID=str(uuid4())) == 404
    assert await post(X_Goog_Channel_ID="not a uuid") == 400
    assert await post(X_Goog_Resource_State="whatever") == 400
    assert await practice.count_due() == 0
    assert await post() == 200
    assert await practice.count_due() == 1
    await practice.turn()
    assert await post() == 200, "told again"
    assert await practice.count_due() == 0


async def test_jobber_tells_of_visits_and_of_being_left(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    answer = await ada.post("/api/calendars/jobber", json={})
    assert answer.status_code == 201, answer.text
    practice.twin.jobber.set_webhook(practice.house.url + "/webhooks/jobber")
    calendar = await practice.use_first(ada, writes=False)
    assert calendar["name"] == "Ada"
    practice.twin.jobber.put_visit(JobberVisit(starts_at=practice.soon(2), ends_at=practice.soon(3)))

    async def due() -> bool:
        return await practice.count_due() == 1

    await practice.house.eventually(due)
    await practice.turn()
    assert await practice.count_busy() == 1
    practice.twin.jobber.shut_out()

    async def lost() -> bool:
        (account,) = (await ada.get("/api/calendars")).json()["accounts"]
        return bool(account["state"] == "revoked")

    await practice.house.eventually(lost)
    assert "no longer lets us in" in (await ada.get(practice.base)).text


async def test_a_forged_jobber_webhook_is_refused(practice: Practice) -> None:
    body = b'{"data":{"webHookEvent":{"topic":"APP_DISCONNECT","accountId":"MQ==","itemId":"MQ==","occurredAt":"x"}}}'
    stranger = practice.house.client()
    for signature in ("", "Zm9yZ2Vk"):
        answer = await stranger.post("/webhooks/jobber", content=body, headers={"X-Jobber-Hmac-SHA256": signature})
        assert answer.status_code == 403


async def test_accounts_are_their_business_own_and_changed_by_whoever_may(practice: Practice) -> None:
    ada, ben, olive, mallory = [await practice.house.as_person(who) for who in (ADA, BEN, OLIVE, MALLORY)]
    await practice.connect_google(ada)
    (account,) = (await ben.get("/api/calendars")).json()["accounts"]
    assert len((await olive.get("/api/calendars")).json()["accounts"]) == 1
    assert (await mallory.get("/api/calendars")).json()["accounts"] == []
    assert (await mallory.get(practice.base)).status_code == 404
    calendar, path = account["calendars"][0]["id"], f"/api/calendars/accounts/{account['id']}"
    assert (await olive.post(f"{path}/sync")).status_code == 403
    assert (await mallory.post(f"{path}/sync")).status_code == 404
    assert (await mallory.delete(path)).status_code == 404
    assert (await mallory.patch(f"/api/calendars/{calendar}", json={"resource_id": None})).status_code == 404
    assert (await ben.post(f"{path}/sync")).status_code == 202
    stolen = await follow((await ada.get(f"{practice.base}/connect?provider=google")).headers["location"])
    assert (await mallory.get("/calendars/callback", params=stolen)).status_code == 400
    assert (await ben.get("/calendars/callback", params=stolen)).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "http://calendar.example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/dav",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://ada:secret@calendar.example.org/",
        "ftp://calendar.example.org/",
        "//calendar.example.org",
    ],
)
async def test_a_server_in_a_network_of_ours_is_not_connected_to(practice: Practice, address: str) -> None:
    ada = await practice.house.as_person(ADA)
    wanted = {"server_url": address, "username": "ada", "password": "hush"}
    answer = await ada.post("/api/calendars/servers", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["code"] == "calendars.server_invalid"
    assert "hush" not in answer.text


async def test_the_way_back_is_on_our_own_address(practice: Practice) -> None:
    ada = await practice.house.as_person(ADA)
    answer = await ada.post("/api/calendars/consents", json={"provider": "google"})
    assert answer.status_code == 201
    assert urlsplit(answer.json()["url"]).netloc == urlsplit(practice.twin.url).netloc
    back = await follow(answer.json()["url"])
    done = await ada.post("/api/calendars/callback", json={"state": back["state"], "code": back["code"]})
    assert done.status_code == 201, done.text
    assert done.json()["account_name"] == "ada@example.com"
    assert (await ada.post("/api/calendars/consents", json={"provider": "caldav"})).status_code == 409
