"""The live timeline: what happens is pushed, nothing is missed over a reconnect, and the door stays shut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from frontdesk.web.pages.live import read_cursor, write_cursor
from tests.support.house import ADA, BEN, MALLORY, House
from tests.support.office import ADAS_NUMBER

CAROL = "+12065550123"


@dataclass(frozen=True, slots=True)
class Pushed:
    """One server-sent event."""

    name: str
    data: str
    cursor: str


async def _events(response: httpx2.Response) -> AsyncIterator[Pushed]:
    fields: dict[str, list[str]] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields.setdefault(name, []).append(value)
        elif fields:
            yield Pushed(
                "".join(fields.get("event", [])), "\n".join(fields.get("data", [])), "".join(fields.get("id", []))
            )
            fields = {}


@asynccontextmanager
async def _watch(client: httpx2.AsyncClient, house: House, *, after: str = "") -> AsyncIterator[AsyncIterator[Pushed]]:
    headers = {"Last-Event-ID": after} if after else {}
    path = f"/businesses/{house.ada.id}/stream"
    async with client.stream("GET", path, headers=headers, timeout=15) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield _events(response)


async def _until(events: AsyncIterator[Pushed], name: str, *, words: str = "") -> Pushed:
    async for event in events:
        if event.name == name and words in event.data:
            return event
    raise AssertionError(f"the stream ended before {name} with {words!r}")


async def test_a_missed_call_its_text_and_the_answer_are_pushed_as_they_happen(house: House) -> None:
    ada = await house.as_person(ADA)
    async with _watch(ada, house) as events:
        await _until(events, "pause", words="Sending is on")
        await house.missed_call()
        row = await _until(events, "rows", words="delivered")
        assert "Missed call" in row.data
        assert "texted in" in row.data
        await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Can you <b>come</b> at 5?")
        answer = await _until(events, "rows", words="come")
        assert "&lt;b&gt;come&lt;/b&gt;" in answer.data


async def test_a_pause_by_somebody_else_is_pushed_with_its_proof(house: House) -> None:
    ada, ben = await house.as_person(ADA), await house.as_person(BEN)
    async with _watch(ada, house) as events:
        await _until(events, "pause", words="Sending is on")
        await ben.post(f"/tenants/{house.ada.id}/pause", json={"reason": "wrong words"})
        proof = await _until(events, "pause", words="Paused")
        assert f"by {BEN}" in proof.data
        assert "0 in flight · 0 queued" in proof.data


async def test_whoever_comes_back_is_told_what_they_missed(house: House) -> None:
    ada = await house.as_person(ADA)
    async with _watch(ada, house) as events:
        await house.missed_call()
        cursor = (await _until(events, "cursor")).cursor
    await house.missed_call("+12065550177")
    async with _watch(ada, house, after=cursor) as events:
        row = await _until(events, "rows", words="555-0177")
        assert "Missed call" in row.data


async def test_nothing_of_another_business_is_pushed(house: House) -> None:
    mallory = await house.as_person(MALLORY)
    assert (await mallory.get(f"/businesses/{house.ada.id}/stream")).status_code == 404
    async with mallory.stream("GET", f"/businesses/{house.mallory.id}/stream", timeout=15) as response:
        events = _events(response)
        await _until(events, "pause")
        await house.missed_call()
        await mallory.post(f"/tenants/{house.mallory.id}/pause")
        seen = await _until(events, "pause", words="Paused")
        assert "555-0123" not in seen.data


async def test_a_stream_ends_when_its_session_does(house: House) -> None:
    ada = await house.as_person(ADA)
    async with _watch(ada, house) as events:
        await _until(events, "pause")
        await ada.post("/api/auth/logout")
        rest = [event async for event in events]
    assert all(event.name != "rows" for event in rest)


async def test_a_stopping_server_ends_its_streams_and_finishes(house: House) -> None:
    ada = await house.as_person(ADA)
    async with _watch(ada, house) as events:
        await _until(events, "pause")
        house.stop.set()
        await _until(events, "bye")
    async with asyncio.timeout(15):
        while True:
            try:
                await ada.get("/health")
            except httpx2.TransportError:
                break


async def test_a_cursor_survives_writing_and_nonsense_means_now(house: House) -> None:
    now = house.parts.clock.now()
    position = read_cursor("nonsense", now=now)
    assert position[0] == now
    assert read_cursor(write_cursor(position), now=now) == position
    assert read_cursor("2020-01-01T00:00:00+00:00_" + "0" * 32, now=now)[0] == now
    assert read_cursor("2999-01-01T00:00:00+00:00_" + "0" * 32, now=now)[0] == now


async def test_the_first_page_works_without_scripts(house: House) -> None:
    await house.missed_call()
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Can you come at 5?")
    ada = await house.as_person(ADA)
    ada.headers["Accept"] = "text/html"
    page = (await ada.get("/")).text
    assert "Missed call" in page
    assert "texted in" in page
    for tag in ("<script>", "<style", " style=", "onclick"):
        assert tag not in page
    [thread] = (await ada.get("/api/conversations")).json()
    opened = (await ada.get("/", params={"thread": thread["id"]})).text
    assert "Can you come at 5?" in opened
    token = ada.headers["X-CSRF-Token"]
    reply = {"csrf": token, "body": "See you at 5.", "key": "one"}
    answer = await ada.post(f"/businesses/{house.ada.id}/threads/{thread['id']}", data=reply)
    assert answer.status_code == 303
    assert "See you at 5." in (await ada.get(answer.headers["location"])).text
    older = await ada.get(f"/businesses/{house.ada.id}/timeline", params={"before": thread["id"]})
    assert older.status_code == 200
