"""Promise: who is not answered is texted, offered real times, booked, and stands in the business's own calendar."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest

from frontdesk.cli.play_booking import BOOKED, MOVED, OFFERED, OTHER_TIME, Account, Appointment, Named, Reminder
from frontdesk.cli.play_scene import Scene, Text
from frontdesk.cli.seeding import DEMO_BUSINESSES
from frontdesk.providers.twin import CallOutcome
from tests.journeys.journey import Journey, begin
from tests.providers.calendars.radicale import Radicale, running_radicale

CONFIRMED = "Booked: "


async def ask(server: Radicale, method: str) -> str:
    """Use the business's calendar as its own program does."""
    secret = b64encode(f"{server.username}:{server.password}".encode()).decode()
    async with (
        aiohttp.ClientSession(server.url, headers={"Authorization": f"Basic {secret}"}) as person,
        person.request(method, "/ada/jobs/") as answer,
    ):
        assert answer.ok, f"{method}: {answer.status}"
        return await answer.text()


def starts(file: str) -> list[datetime]:
    """Read the starts out of a calendar file."""
    lines = [line.partition(":")[2] for line in file.splitlines() if line.startswith("DTSTART")]
    return [datetime.strptime(line, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for line in lines]


async def keep_in(journey: Journey, server: Radicale) -> None:
    """Let Ada alone give the service, with her own calendar."""
    ada, *others = msgspec.convert(await journey.api.get_json("/api/resources"), list[Named])
    for other in others:
        assert (await journey.api.patch_json(f"/api/resources/{other.id}", {"active": False})).status == 200
    login = {"server_url": server.url, "username": server.username, "password": server.password}
    connected = await journey.api.post_json("/api/calendars/servers", login)
    assert connected.status == 201, connected.body
    [calendar] = [one for one in msgspec.json.decode(connected.body, type=Account).calendars if "jobs" in one.name]
    use = {"resource_id": ada.id, "blocks": True, "writes": True}
    assert (await journey.api.patch_json(f"/api/calendars/{calendar.id}", use)).status == 200


async def written(scene: Scene, fits: Callable[[str], object], *, after: int = 0) -> Text:
    """Wait for a text of ours that fits; the first `after` do not count."""

    async def look() -> Text | None:
        ours = await scene.ours()
        return next((text for text in ours[: len(ours) - after] if fits(text.body)), None)

    return await scene.until(look, "no such text")


async def test_a_missed_call_becomes_an_appointment_in_a_real_calendar_and_moves_there(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALDAV_TRUSTED_HOSTS", "127.0.0.1")
    with running_radicale(tmp_path) as server:
        await ask(server, "MKCALENDAR")
        async with begin(database_url) as journey:
            await keep_in(journey, server)
            carol = journey.somebody()
            scene = Scene(
                api=journey.api, twin=journey.twin, customer=carol, business=DEMO_BUSINESSES[0], patience=20.0
            )
            await journey.twin.place_call(caller=carol, to=journey.number, outcome=CallOutcome.NO_ANSWER)
            assert (await journey.twin.wait_for_text(carol, status="delivered", within=10)).met

            await scene.say("tomorrow afternoon?")
            offers = OFFERED.findall((await written(scene, OFFERED.search)).body)
            assert len(offers) == 3
            await scene.say(offers[1][0])
            assert offers[1][1] in (await written(scene, lambda body: CONFIRMED in body)).body
            [booked] = msgspec.convert(await journey.api.get_json("/api/appointments"), list[Appointment])

            async def stands_at(moment: datetime) -> bool:
                return starts(await ask(server, "GET")) == [moment]

            await journey.eventually(lambda: stands_at(booked.starts_at))
            reminders = await journey.ask(f"/api/appointments/{booked.id}/reminders", list[Reminder])
            assert [one.status for one in reminders] == ["waiting"] * len(reminders)
            assert reminders

            said = len(await scene.ours())
            await scene.say(OTHER_TIME)
            other = OFFERED.findall((await written(scene, OFFERED.search, after=said)).body)
            await scene.say(other[0][0])
            await written(scene, lambda body: MOVED in body, after=said)
            moved = msgspec.convert(await journey.api.get_json(f"/api/appointments/{booked.id}"), Appointment)
            assert moved.starts_at != booked.starts_at
            await journey.eventually(lambda: stands_at(moved.starts_at))
            assert [text for text in await scene.ours() if BOOKED in text.body] == [], "confirmed a second time"
