"""The part of the play that books: real times, a deposit, the business's calendar, reminders, and another time."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from frontdesk.cli.play_scene import OK, NotSeen, Scene, Text, Told
from frontdesk.providers.twin.calendar_client import CalendarTwin
from frontdesk.providers.twin.calendar_wire import CalendarSetup
from frontdesk.providers.twin.stripe_client import TwinStripe

OFFERED = re.compile(r"^([1-3A-C])\) (.+)$", re.MULTILINE)
PAY_LINK = re.compile(r"https?://\S+(/pay/\S+)")
BOOKED = "is booked for"
MOVED = "is now on"
DEPOSIT_CENTS = 2500
OTHER_TIME = "Sorry, can we move it to Wednesday morning?"
CREATED = 201

Kind = TypeVar("Kind")
Step = tuple[str, str, Callable[[], Awaitable[Told]]]


class Named(msgspec.Struct):
    """Anything with an id and a name."""

    id: str
    name: str


class Account(msgspec.Struct):
    """A connected account with its calendars."""

    calendars: list[Named]


class Link(msgspec.Struct):
    """Where the owner lets us in."""

    url: str


class Appointment(msgspec.Struct):
    """An appointment, as our API tells it."""

    id: str
    starts_at: datetime
    deposit: str
    status: str
    created_at: datetime


class Reminder(msgspec.Struct):
    """When a person is reminded."""

    due_at: datetime
    status: str


class BookingPart:
    """Books with a deposit, by text, and moves the appointment; the business's calendar is the twin's Google."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._calendars = CalendarTwin(scene.twin)
        self._stripe = TwinStripe(scene.twin)
        self._choice = ""
        self._chosen = ""
        self._pay_path = ""
        self._appointment: Appointment | None = None

    def preparations(self) -> list[Step]:
        """List what the owner does beforehand."""
        return [("calendar_connected", "The owner connects a calendar and asks a deposit", self._prepare)]

    def steps(self) -> list[Step]:
        """List the steps: name, title, and what to do and see."""
        return [
            ("times_offered", "Real free times are offered", self._times_offered),
            ("time_chosen", "The customer takes one", self._choose),
            ("deposit_asked", "It is held until its deposit is paid", self._deposit_asked),
            ("booked", "The deposit is paid: booked and confirmed", self._booked),
            ("reminders_set", "Reminders are set", self._reminders_set),
            ("calendar_written", "The booking stands in the owner's calendar", self._calendar_written),
            ("moved", "The customer asks for another time, and has it", self._moved),
        ]

    async def _prepare(self) -> Told:
        began = time.monotonic()
        api = self._scene.api
        people = msgspec.convert(await api.get_json("/api/resources"), list[Named])
        for number in range(1, len(people)):  # one calendar is there already
            await self._calendars.set_calendar(
                CalendarSetup(id=f"{number}@group.example.com", name=people[number].name)
            )
        link = await self._made("/api/calendars/consents", {"provider": "google"}, Link)
        page = await api.get_elsewhere(link.url)
        back = parse_qs(urlsplit(page.header("Location") or "").query)
        if "code" not in back:
            raise NotSeen(f"the owner's consent was not given: {page.status}")
        given = {"state": back["state"][0], "code": back["code"][0]}
        account = await self._made("/api/calendars/callback", given, Account)
        for person, calendar in zip(people, account.calendars, strict=False):
            use = {"resource_id": person.id, "blocks": True, "writes": True}
            await self._change(f"/api/calendars/{calendar.id}", use)
        [service, *_] = msgspec.convert(await api.get_json("/api/services"), list[Named])
        await self._change(f"/api/services/{service.id}", {"deposit_cents": DEPOSIT_CENTS})
        told = f"{len(account.calendars)} calendars at Google; {service.name} takes {DEPOSIT_CENTS / 100:.2f} USD"
        return told, round((time.monotonic() - began) * 1000, 1)

    async def _times_offered(self) -> Told:
        began = time.monotonic()
        offers = OFFERED.findall((await self._written(OFFERED.search, "no times were offered")).body)
        self._choice, self._chosen = offers[0]
        times = "; ".join(when for _, when in offers)
        return f"{len(offers)} from the database: {times}", round((time.monotonic() - began) * 1000, 1)

    async def _choose(self) -> Told:
        return await self._scene.say(self._choice)

    async def _deposit_asked(self) -> Told:
        began = time.monotonic()
        text = await self._written(PAY_LINK.search, "no deposit was asked for")
        link = PAY_LINK.search(text.body)
        if link is None or self._chosen not in text.body:
            raise NotSeen(f"another time is held than {self._chosen}: {text.body}")
        self._pay_path = link[1]
        return f"“{text.body}”", round((time.monotonic() - began) * 1000, 1)

    async def _booked(self) -> Told:
        async def pay_page() -> str | None:
            page = await self._scene.api.get(self._pay_path)
            return page.header("Location")

        at = await self._scene.until(pay_page, "there is no page to pay on")
        began = time.monotonic()
        await self._stripe.pay(urlsplit(at).path.rpartition("/")[2])
        text = await self._written(lambda body: BOOKED in body, "the booking was not confirmed")
        took = round((time.monotonic() - began) * 1000, 1)
        booked = msgspec.convert(await self._scene.api.get_json("/api/appointments?limit=200"), list[Appointment])
        paid = [one for one in booked if one.deposit == "paid" and one.status == "booked"]
        if not paid:
            raise NotSeen("the appointment is not in the list, or its deposit is not paid")
        self._appointment = max(paid, key=lambda one: one.created_at)
        return f"“{text.body}”", took

    async def _reminders_set(self) -> Told:
        known = self._known()
        document = await self._scene.api.get_json(f"/api/appointments/{known.id}/reminders")
        due = [one.due_at for one in msgspec.convert(document, list[Reminder]) if one.status == "waiting"]
        if not due:
            raise NotSeen("no reminder is set")
        return "; ".join(f"{one:%a, %b %d %H:%M} UTC" for one in sorted(due)), None

    async def _calendar_written(self) -> Told:
        began = time.monotonic()
        title = await self._scene.until(self._stands_there, "the booking is not in the calendar")
        return f"“{title}” at Google", round((time.monotonic() - began) * 1000, 1)

    async def _moved(self) -> Told:
        before = self._known()
        said = len(await self._scene.ours())
        began = time.monotonic()
        await self._scene.say(OTHER_TIME)
        offers = OFFERED.findall((await self._written(OFFERED.search, "no other times were offered", after=said)).body)
        await self._scene.say(offers[0][0])
        text = await self._written(lambda body: MOVED in body, "the appointment was not moved", after=said)
        document = await self._scene.api.get_json(f"/api/appointments/{before.id}")
        self._appointment = msgspec.convert(document, Appointment)
        if self._appointment.starts_at == before.starts_at:
            raise NotSeen("the appointment has its old time")
        await self._scene.until(self._stands_there, "the calendar has the old time")
        return f"“{text.body}” The calendar agrees.", round((time.monotonic() - began) * 1000, 1)

    async def _stands_there(self) -> str | None:
        """Find the title of the one event of the appointment, at its time."""
        known = self._known()
        for event in await self._calendars.events():
            start = event.document.get("start")
            if known.id.replace("-", "") in event.id and isinstance(start, dict):
                at = datetime.fromisoformat(str(start.get("dateTime")))
                return str(event.document.get("summary")) if at == known.starts_at else None
        return None

    async def _written(self, fits: Callable[[str], object], otherwise: str, *, after: int = 0) -> Text:
        """Wait for a text of ours that fits; the first `after` do not count."""

        async def look() -> Text | None:
            ours = await self._scene.ours()
            return next((text for text in ours[: len(ours) - after] if fits(text.body)), None)

        return await self._scene.until(look, otherwise)

    def _known(self) -> Appointment:
        if self._appointment is None:
            raise NotSeen("nothing is booked")
        return self._appointment

    async def _made(self, path: str, document: object, kind: type[Kind]) -> Kind:
        reply = await self._scene.api.post_json(path, document)
        if reply.status != CREATED:
            raise NotSeen(f"POST {path}: {reply.status} {reply.body[:300].decode(errors='replace')}")
        return msgspec.json.decode(reply.body, type=kind)

    async def _change(self, path: str, document: object) -> None:
        reply = await self._scene.api.patch_json(path, document)
        if reply.status != OK:
            raise NotSeen(f"PATCH {path}: {reply.status} {reply.body[:300].decode(errors='replace')}")
