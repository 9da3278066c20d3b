"""The same stage at every provider: an account, a calendar in it, and somebody else who writes into it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import aiohttp

from frontdesk.ports.calendars import CalendarProvider, Login
from frontdesk.providers.caldav import CalDavCalendars, GuardedDial
from frontdesk.providers.google import GoogleApp, GoogleCalendars, GoogleConsent
from frontdesk.providers.http import HttpClient
from frontdesk.providers.jobber import JobberApp, JobberCalendars
from frontdesk.providers.twin import TwinServer
from frontdesk.providers.twin.calendar_wire import CalendarSetup, JobberVisit, OutsideEvent
from tests.providers.calendars.radicale import Radicale

BACK = "http://127.0.0.1:9/back"
VERIFIER = "a-verifier-that-nobody-else-knows-0123456789"
CHALLENGE = "z1xMKvjoRYUhKVN1kP_9oxEtHYhZuQziUft9gMEC2yY"  # S256 of the verifier


class Stage(Protocol):
    """One provider with its account opened."""

    provider: CalendarProvider
    login: Login
    calendar_id: str

    async def make_busy(self, starts_at: datetime, ends_at: datetime) -> None:
        """Let somebody else write an event."""
        ...

    async def forget_tokens(self) -> None:
        """Make the provider forget its sync tokens."""
        ...

    async def list_written(self) -> dict[str, tuple[datetime, datetime, str]]:
        """List our events that stand there: start, end and title by uid."""
        ...


async def let_in(consent: GoogleConsent, *, now: datetime) -> Login:
    """Consent as the owner does, in a browser that follows the redirect."""
    url = consent.consent_url(state="s", challenge=CHALLENGE, redirect_uri=BACK)
    async with aiohttp.ClientSession() as browser, browser.get(url, allow_redirects=False) as answer:
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    return await consent.redeem(code=code, verifier=VERIFIER, redirect_uri=BACK, now=now)


@dataclass
class GoogleStage:
    """Google, pretended by the twin."""

    provider: CalendarProvider
    login: Login
    twin: TwinServer
    calendar_id: str = "ada@example.com"

    @classmethod
    async def open(cls, twin: TwinServer, http: HttpClient) -> GoogleStage:
        app = GoogleApp.at(
            twin.url, client_id=twin.config.google_client_id, client_secret=twin.config.google_client_secret
        )
        login = await let_in(GoogleConsent(app, http), now=twin.world.now())
        return cls(GoogleCalendars(app, http), login, twin)

    async def make_busy(self, starts_at: datetime, ends_at: datetime) -> None:
        self.twin.google.put_event(OutsideEvent(starts_at=starts_at, ends_at=ends_at))

    async def forget_tokens(self) -> None:
        self.twin.google.set_calendar(CalendarSetup(forget_sync_tokens=True))

    async def list_written(self) -> dict[str, tuple[datetime, datetime, str]]:
        found = {}
        for one in self.twin.google.events():
            document = one.document
            start, end = document["start"], document["end"]
            if one.id.startswith("frontdesk") and document["status"] != "cancelled":
                assert isinstance(start, dict)
                assert isinstance(end, dict)
                begins, ends = (datetime.fromisoformat(str(each["dateTime"])) for each in (start, end))
                found[one.id] = (begins, ends, str(document["summary"]))
        return found


@dataclass
class JobberStage:
    """Jobber, pretended by the twin."""

    provider: CalendarProvider
    login: Login
    twin: TwinServer
    calendar_id: str

    @classmethod
    async def open(cls, twin: TwinServer, http: HttpClient) -> JobberStage:
        provider = JobberCalendars(JobberApp(api_base_url=twin.url), http)
        login = Login(access_token=twin.config.jobber_api_token)
        return cls(provider, login, twin, (await provider.list_calendars(login))[0].id)

    async def make_busy(self, starts_at: datetime, ends_at: datetime) -> None:
        self.twin.jobber.put_visit(JobberVisit(starts_at=starts_at, ends_at=ends_at, assigned=(self.calendar_id,)))

    async def forget_tokens(self) -> None:
        return

    async def list_written(self) -> dict[str, tuple[datetime, datetime, str]]:
        return {}


@dataclass
class CalDavStage:
    """A real Radicale."""

    provider: CalendarProvider
    login: Login
    calendar_id: str

    numbers = count(1)

    @classmethod
    async def open(cls, radicale: Radicale, http: HttpClient, dial: GuardedDial) -> CalDavStage:
        login = Login(server_url=radicale.url, username=radicale.username, password=radicale.password)
        calendar_id = f"{radicale.url}/{radicale.username}/work{next(cls.numbers)}/"
        await _ask(login, "MKCALENDAR", calendar_id)
        return cls(CalDavCalendars(dial, http), login, calendar_id)

    async def make_busy(self, starts_at: datetime, ends_at: datetime) -> None:
        uid = f"stranger-{next(self.numbers)}"
        text = "\r\n".join(
            (
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN", "BEGIN:VEVENT", f"UID:{uid}",
                "DTSTAMP:20260101T000000Z", f"DTSTART:{starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
                f"DTEND:{ends_at.astimezone(UTC):%Y%m%dT%H%M%SZ}", "SUMMARY:Dentist", "END:VEVENT", "END:VCALENDAR", "",
            )
        )  # fmt: skip
        await _ask(self.login, "PUT", f"{self.calendar_id}{uid}.ics", text)

    async def forget_tokens(self) -> None:
        """Nothing to do: the test asks with a token that no server knows."""

    async def list_written(self) -> dict[str, tuple[datetime, datetime, str]]:
        found = {}
        text = await _ask(self.login, "GET", self.calendar_id)
        for block in text.split("BEGIN:VEVENT")[1:]:
            lines = dict(line.split(":", 1) for line in block.splitlines() if ":" in line)
            if lines["UID"].startswith("frontdesk"):
                begins, ends = (
                    datetime.strptime(lines[name] + "+0000", "%Y%m%dT%H%M%SZ%z") for name in ("DTSTART", "DTEND")
                )
                found[lines["UID"]] = (begins, ends, lines["SUMMARY"])
        return found


async def _ask(login: Login, method: str, url: str, body: str = "") -> str:
    secret = b64encode(f"{login.username}:{login.password}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "text/calendar; charset=utf-8"}
    async with (
        aiohttp.ClientSession() as person,
        person.request(method, url, data=body.encode(), headers=headers) as answer,
    ):
        text = await answer.text()
        assert answer.ok, f"{method} {url}: {answer.status} {text}"
        return text
