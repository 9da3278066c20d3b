"""Anybody books on the public page without a script, and changes or calls off by the link they are given."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx2
import icalendar
import pytest

from frontdesk.features import scheduling
from frontdesk.kernel.auth import Scope
from tests.journeys.test_booking_one_slot import offer_a_service
from tests.support.house import House, open_house

PHONE = "206 555 0123"
CAROL = "+12065550123"


@dataclass
class Visit:
    """Carol at the page."""

    house: House
    client: httpx2.AsyncClient
    desk: httpx2.AsyncClient

    async def get(self, path: str, status: int = 200) -> str:
        """Look at a page."""
        answer = await self.client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == status, answer.text
        return answer.text

    async def post(self, path: str, **form: str) -> httpx2.Response:
        """Send a form."""
        return await self.client.post(path, data=form, headers={"accept": "text/html"})

    async def free_times(self) -> list[str]:
        """Go from the first page to the times of the first free day; returns the links to their forms."""
        first = await self.get("/book/harbor")
        (service,) = re.findall(r'class="booking-choice" href="([^"]+)"', first)
        return [unescape(link) for link in re.findall(r'href="([^"]+/at\?at=[^"]+)"', await self.get(service))]

    async def book(self, link: str) -> str:
        """Fill in the form behind a link and send it; returns the address of the appointment."""
        form = await self.get(link)
        assert "By booking you agree to get texts from Harbor Plumbing about this appointment" in form
        path, _, _ = link.partition("?")
        (at,) = re.findall(r'name="at" value="([^"]+)"', form)
        answer = await self.post(path, at=at, name="Carol", phone=PHONE)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def appointments(self) -> list[scheduling.Appointment]:
        """List what is in the book."""
        async with self.house.parts.app.transaction(self.house.ada.id) as tx:
            return await scheduling.list_appointments(tx, scheduling.AppointmentFilter())


@pytest.fixture
async def visit(database_url: str, home: Path) -> AsyncIterator[Visit]:
    """Let Carol come to Ada's page."""
    async with open_house(database_url, home) as house:
        desk = await house.as_program(Scope.BOOKING_READ, Scope.BOOKING_WRITE, tenant_id=house.ada.id)
        await offer_a_service(desk)
        yield Visit(house=house, client=house.client(), desk=desk)


async def test_a_person_books_moves_and_calls_off_and_is_told_by_text_what_holds_in_the_end(visit: Visit) -> None:
    times = await visit.free_times()
    mine = await visit.book(times[-1])
    page = await visit.get(mine)
    assert "You are booked" in page
    (booked,) = await visit.appointments()
    assert booked.source == "booking_page"
    file = icalendar.Calendar.from_ical((await visit.client.get(f"{mine}/appointment.ics")).text)
    (event,) = file.walk("VEVENT")
    assert (file["method"], event["uid"], event["sequence"]) == ("REQUEST", f"{booked.id}@frontdesk", 0)
    assert event.decoded("dtstart") == booked.starts_at

    moving = await visit.get(f"{mine}/move")
    elsewhere = re.findall(r'name="at" value="([^"]+)"', moving)[0]
    assert (await visit.post(f"{mine}/move", at=elsewhere)).headers["location"] == mine
    (moved,) = await visit.appointments()
    assert moved.starts_at != booked.starts_at

    assert (await visit.post(f"{mine}/cancel")).headers["location"] == mine
    assert "Called off" in await visit.get(mine)
    gone = icalendar.Calendar.from_ical((await visit.client.get(f"{mine}/appointment.ics")).text)
    (event,) = gone.walk("VEVENT")
    assert (gone["method"], event["uid"], event["sequence"]) == ("CANCEL", f"{booked.id}@frontdesk", 2)

    await visit.house.settle()
    texts = [one.body for one in await visit.house.twin.messages() if one.to == CAROL]
    assert sorted(re.findall(r"is (booked|now|called off)", " ".join(texts))) == ["called off"]
    async with visit.house.parts.app.transaction(visit.house.ada.id) as tx:
        agreed = await tx.fetchrow("select scope, text_shown, ip, source from opt_ins where tenant_id = $1", tx.tenant)
    assert agreed is not None
    assert (agreed["scope"], agreed["source"], str(agreed["ip"])) == ("transactional", "booking_page", "127.0.0.1")


async def test_a_booking_is_confirmed_by_one_text_that_says_when_and_how_to_stop(visit: Visit) -> None:
    mine = await visit.book((await visit.free_times())[0])
    await visit.house.settle()
    await visit.house.settle()
    (text,) = [one.body for one in await visit.house.twin.messages() if one.to == CAROL]
    assert text.startswith("Harbor Plumbing: Repair is booked for ")
    assert f"{visit.house.url}{mine}" in text
    assert text.endswith("Reply STOP to opt out.")


async def test_a_time_that_was_taken_meanwhile_is_answered_with_others(visit: Visit) -> None:
    link = (await visit.free_times())[0]
    await visit.book(link)
    path, _, at = link.partition("?at=")
    late = await visit.post(path, at=httpx2.QueryParams(f"at={at}")["at"], name="Dan", phone="206 555 0124")
    assert late.status_code == 409
    assert "This time cannot be had any more" in late.text
    assert re.findall(r"/at\?at=", late.text)


async def test_faults_are_named_beside_their_fields_and_nothing_is_lost(visit: Visit) -> None:
    link = (await visit.free_times())[0]
    path, _, at = link.partition("?at=")
    moment = httpx2.QueryParams(f"at={at}")["at"]
    answer = await visit.post(path, at=moment, name="", phone="12", note="At the <back> door")
    assert answer.status_code == 422
    assert 'id="name-fault"' in answer.text
    assert 'aria-describedby="agreement phone-fault"' in answer.text
    assert "At the &lt;back&gt; door" in answer.text
    assert await visit.appointments() == []


async def test_a_program_that_fills_in_the_hidden_field_books_nothing(visit: Visit) -> None:
    link = (await visit.free_times())[0]
    path, _, at = link.partition("?at=")
    moment = httpx2.QueryParams(f"at={at}")["at"]
    await visit.post(path, at=moment, name="Bot", phone=PHONE, website="https://spam.example")
    assert await visit.appointments() == []


async def test_one_address_books_only_so_often(visit: Visit) -> None:
    path, _, _ = (await visit.free_times())[0].partition("?")
    answers = [
        (await visit.post(path, at="", name="Mallory", phone=f"206 555 01{number:02}")).status_code
        for number in range(13)
    ]
    assert answers[:12] == [409] * 12
    assert answers[12] == 429


async def test_a_link_opens_its_own_booking_and_nothing_else(visit: Visit) -> None:
    mine = await visit.book((await visit.free_times())[0])
    token = mine.rpartition("/")[2]
    forged = ("A" if token[0] != "A" else "B") + token[1:]
    await visit.get(f"/book/harbor/a/{forged}", 404)
    await visit.get(f"/book/harbor/h/{token}", 404)  # made for another purpose
    await visit.get(f"/book/mesa/a/{token}", 404)  # of another business
    await visit.get("/book/nobody", 404)


async def test_only_named_sites_may_show_the_page_inside_theirs(visit: Visit) -> None:
    plain = await visit.client.get("/book/harbor")
    assert "frame-ancestors 'none'" in plain.headers["content-security-policy"]
    said = await visit.desk.put("/api/booking-page", json={"open": True, "embed_origins": ["https://harbor.example"]})
    assert said.status_code == 200, said.text
    framed = await visit.client.get("/book/harbor")
    assert "frame-ancestors https://harbor.example" in framed.headers["content-security-policy"]
    widget = await visit.client.get("/book/harbor/widget.js")
    assert widget.headers["cross-origin-resource-policy"] == "cross-origin"
    assert f'frame.src = "{visit.house.url}/book/harbor"' in widget.text
    for wrong in ("harbor.example", "https://harbor.example/page", "https://a.example; script-src *", "https://*"):
        refused = await visit.desk.put("/api/booking-page", json={"open": True, "embed_origins": [wrong]})
        assert refused.status_code == 422, wrong
    await visit.desk.put("/api/booking-page", json={"open": False})
    await visit.get("/book/harbor", 404)
