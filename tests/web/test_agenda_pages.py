"""The calendar over real HTTP: what stands where, who may change it, and what two who change the same are told."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx2
import pytest

from frontdesk.features import contacts, scheduling, tenants
from frontdesk.kernel.ids import new_id
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.support.office import CAROL

NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class Diary:
    """Ada's business with a service that two people give, and Carol booked tomorrow at ten with North."""

    house: House
    service: scheduling.Service
    north: scheduling.Resource
    south: scheduling.Resource
    carol: UUID
    booked: scheduling.Appointment

    @property
    def base(self) -> str:
        """Name the section."""
        return f"/businesses/{self.house.ada.id}/agenda"

    @property
    def day(self) -> str:
        """Name the day of the booking."""
        return self.booked.starts_at.astimezone(NEW_YORK).date().isoformat()

    def at(self, hour: int, minute: int = 0) -> datetime:
        """Tell a moment of that day."""
        local = self.booked.starts_at.astimezone(NEW_YORK)
        return local.replace(hour=hour, minute=minute)

    async def current(self) -> scheduling.Appointment:
        """Read the booking as it is."""
        async with self.house.parts.app.transaction(self.house.ada.id) as tx:
            return await scheduling.get_appointment(tx, appointment_id=self.booked.id)


def tomorrow(house: House, hour: int) -> datetime:
    """Tell an hour of tomorrow in New York."""
    local = house.parts.clock.now().astimezone(NEW_YORK) + timedelta(days=1)
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


async def furnish(house: House, *, name: str = "Carol") -> Diary:
    """Let Ada's business offer repairs by two people, and book Carol."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        carol = await contacts.ensure_contact(tx, phone_e164=CAROL, name=name)
        service = await scheduling.add_service(
            tx, scheduling.new_service(service_id=new_id(), name="Repair", duration_minutes=60), by=TEST_ACTS
        )
        both = [
            await scheduling.add_resource(
                tx, scheduling.new_resource(resource_id=new_id(), name=resource), by=TEST_ACTS
            )
            for resource in ("North", "South")
        ]
        await scheduling.set_givers(tx, service_id=service.id, resource_ids=[one.id for one in both], by=TEST_ACTS)
        booked = await scheduling.book_slot(
            tx,
            service_id=service.id,
            resource_id=both[0].id,
            starts_at=tomorrow(house, 10),
            contact_id=carol.id,
            source="booking_page",
            note="The <b>boiler</b> leaks",
        )
        assert isinstance(booked, scheduling.Appointment)
    return Diary(house, service, both[0], both[1], carol.id, booked)


@pytest.fixture
async def diary(house: House) -> Diary:
    return await furnish(house)


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


async def test_day_and_week_show_what_is_booked_with_whom_and_when(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    week = html.unescape((await ben.get(diary.base, params={"day": diary.day})).text)
    assert "Repair, North" in week
    assert "10:00 to 11:00 AM" in week
    assert week.count("data-column=") == 7
    assert "times in America/New York" in week
    day = (await ben.get(diary.base, params={"day": diary.day, "view": "day"})).text
    assert re.findall(r'data-column="[^"/]+/([^"]+)"', day) == [str(diary.north.id), str(diary.south.id)]
    alone = (await ben.get(diary.base, params={"day": diary.day, "who": str(diary.south.id)})).text
    assert "Carol" not in alone


@pytest.mark.parametrize(("country", "first"), [("US", "Sun"), ("DE", "Mon"), ("AE", "Sat")])
async def test_a_week_begins_as_it_does_in_the_country(house: House, country: str, first: str) -> None:
    await furnish(house)
    async with house.parts.system.transaction(house.ada.id) as tx:
        await tenants.update_tenant(
            tx, replace(await tenants.get_tenant(tx), country=country), by=TEST_ACTS, changed=["country"]
        )
    ben = await visitor(house, BEN)
    page = (await ben.get(f"/businesses/{house.ada.id}/agenda", params={"day": "2026-11-25"})).text
    assert re.findall(r'data-column="[^"]+" *>?', page)
    assert re.search(r'id="column-1"><a [^>]*>(\w+)', page)[1] == first  # type: ignore[index]  # it is there


async def test_a_person_is_booked_and_told_and_what_they_are_called_is_only_text(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    form = {
        "step": "book",
        "service_id": str(diary.service.id),
        "resource_id": str(diary.south.id),
        "at": diary.at(14).isoformat(),
        "name": "<script>alert(1)</script>",
        "phone": "206 555 0177",
        "note": "Ring twice",
        "tell": "yes",
    }
    done = await ben.post(f"{diary.base}/new", params={"day": diary.day}, data=form)
    assert done.status_code == 303, done.text
    page = (await ben.get(done.headers["location"])).text
    assert "Booked." in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Ring twice" in page
    await diary.house.settle()
    texts = await diary.house.twin.texts_to("+12065550177")
    assert [text for text in texts if "Repair is booked" in text.body]


async def test_nobody_is_told_who_is_not_to_be(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    await diary.house.settle()
    before = len(await diary.house.twin.texts_to(CAROL))
    form = {"revision": str(diary.booked.revision), "at": diary.at(15).isoformat()}
    assert (await ben.post(f"{diary.base}/a/{diary.booked.id}/move", data=form)).status_code == 303
    off = {"revision": str(diary.booked.revision + 1), "because": "ill"}
    assert (await ben.post(f"{diary.base}/a/{diary.booked.id}/cancel", data=off)).status_code == 303
    await diary.house.settle()
    assert len(await diary.house.twin.texts_to(CAROL)) == before
    assert (await diary.current()).cancelled_because == "ill"


async def test_the_form_keeps_what_was_typed_and_says_what_is_wrong_at_its_field(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    form = {"step": "book", "service_id": str(diary.service.id), "at": diary.at(14).isoformat(), "name": "Dan"}
    wrong = await ben.post(f"{diary.base}/new", params={"day": diary.day}, data={**form, "phone": "12"})
    assert wrong.status_code == 422
    assert "Write the number with its area code" in wrong.text
    assert 'value="Dan"' in wrong.text
    none = await ben.post(f"{diary.base}/new", params={"day": diary.day}, data={"step": "book"})
    assert none.status_code == 422
    assert "Choose a time." in none.text
    looked = await ben.post(f"{diary.base}/new", params={"day": diary.day}, data={"q": "caro", "on": diary.day})
    assert looked.status_code == 200
    assert "(206) 555-0123" in looked.text


async def test_of_two_who_want_one_time_the_second_is_told_which_others_are_free(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    form = {
        "step": "book",
        "service_id": str(diary.service.id),
        "resource_id": str(diary.north.id),
        "at": diary.at(10, 30).isoformat(),
        "person": str(diary.carol),
    }
    refused = await ben.post(f"{diary.base}/new", params={"day": diary.day}, data=form)
    assert refused.status_code == 409
    assert "Somebody else has this time. These are free:" in refused.text
    assert "11:00 AM" in refused.text


async def test_two_who_move_one_appointment_one_wins_and_the_other_sees_what_happened(diary: Diary) -> None:
    ada, ben = await visitor(diary.house, ADA), await visitor(diary.house, BEN)
    path, seen = f"{diary.base}/a/{diary.booked.id}/move", str(diary.booked.revision)
    answers = await asyncio.gather(
        ada.post(path, data={"revision": seen, "at": diary.at(13).isoformat()}),
        ben.post(path, data={"revision": seen, "at": diary.at(16).isoformat()}),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    winner = "ada" if lost is answers[1] else "ben"
    assert f"{winner}@example.com moved this appointment to" in lost.text, re.findall(r"alert.>([^<]*)", lost.text)
    assert "Your change was not made." in lost.text
    assert (await diary.current()).starts_at == diary.at(13 if winner == "ada" else 16)


async def test_a_move_is_undone_and_a_taken_time_is_no_place_to_move_to(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    path = f"{diary.base}/a/{diary.booked.id}/move"
    moved = await ben.post(
        path, data={"revision": "0", "at": f"{diary.at(12).isoformat()}|{diary.south.id}", "tell": "yes"}
    )
    page = await ben.get(moved.headers["location"])
    assert "Moved." in page.text
    undo = {"revision": "1", "at": diary.booked.starts_at.isoformat(), "resource_id": str(diary.north.id)}
    assert undo["at"] in html.unescape(page.text)
    assert (await ben.post(path, data=undo)).status_code == 303
    assert (await diary.current()).resource_id == diary.north.id
    early = await ben.post(path, data={"revision": "2", "at": (diary.at(10) - timedelta(days=3)).isoformat()})
    assert early.status_code == 409
    assert "too soon" in early.text
    assert (await diary.current()).starts_at == diary.booked.starts_at


async def test_its_own_time_is_in_nobodys_way_when_an_appointment_is_dragged(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    answer = await ben.get(f"{diary.base}/a/{diary.booked.id}/free", params={"day": diary.day, "view": "day"})
    places = {(column, at) for column, _, at, _ in answer.json()["free"]}
    north = f"{diary.day}/{diary.north.id}"
    stamps = {datetime.fromisoformat(at) for column, at in places if column == north}
    assert {diary.at(10, 30), diary.at(9, 45), diary.at(10)} <= stamps


async def test_what_has_not_begun_is_neither_done_nor_missed(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    for verb in ("no-show", "done"):
        refused = await ben.post(f"{diary.base}/a/{diary.booked.id}/{verb}")
        assert refused.status_code == 409
        assert "This appointment has not begun yet." in refused.text


async def test_a_held_time_is_shown_with_its_minutes_and_let_go(diary: Diary) -> None:
    async with diary.house.parts.app.transaction(diary.house.ada.id) as tx:
        held = await scheduling.hold_slot(
            tx,
            service_id=diary.service.id,
            resource_id=diary.south.id,
            starts_at=diary.at(9),
            contact_id=None,
            source="booking_page",
        )
        assert isinstance(held, scheduling.Held)
    ben = await visitor(diary.house, BEN)
    page = (await ben.get(diary.base, params={"day": diary.day, "hold": str(held.hold.id)})).text
    assert "15 min left" in page
    assert "Let the time go" in page
    done = await ben.post(f"{diary.base}/holds/{held.hold.id}/release")
    assert done.status_code == 303
    assert "15 min left" not in (await ben.get(diary.base, params={"day": diary.day})).text
    assert (await ben.post(f"{diary.base}/holds/{held.hold.id}/release")).status_code == 404


async def test_who_only_looks_sees_no_button_and_is_refused(diary: Diary) -> None:
    olive = await visitor(diary.house, OLIVE)
    page = (await olive.get(diary.base, params={"day": diary.day, "open": str(diary.booked.id), "new": "1"})).text
    assert "The &lt;b&gt;boiler&lt;/b&gt; leaks" in page
    for word in ("New appointment", "Call off", "Move to…", "agenda-free"):
        assert word not in page
    for path in ("new", f"a/{diary.booked.id}/move", f"a/{diary.booked.id}/cancel", f"a/{diary.booked.id}/done"):
        assert (await olive.post(f"{diary.base}/{path}")).status_code == 403


async def test_nothing_of_it_is_there_for_another_business(diary: Diary) -> None:
    mallory = await visitor(diary.house, MALLORY)
    assert (await mallory.get(diary.base)).status_code == 404
    theirs = f"/businesses/{diary.house.mallory.id}/agenda"
    assert (await mallory.get(theirs, params={"open": str(diary.booked.id)})).status_code == 404
    assert (await mallory.post(f"{theirs}/a/{diary.booked.id}/cancel")).status_code == 404
    assert (await mallory.get(f"{theirs}/a/{diary.booked.id}/free")).status_code == 404


async def test_a_change_needs_the_token_of_its_page(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    ben.headers.pop("X-CSRF-Token")
    form = {"revision": "0", "at": diary.at(12).isoformat(), "csrf": "x"}
    assert (await ben.post(f"{diary.base}/a/{diary.booked.id}/move", data=form)).status_code == 403
    assert (await diary.current()).starts_at == diary.booked.starts_at


async def test_a_look_that_cannot_be_read_is_today(diary: Diary) -> None:
    ben = await visitor(diary.house, BEN)
    for query in ("day=x&view=y&who=z", "day=0001-01-01", "day=9999-12-31&view=list", "open=x&hold=y"):
        assert (await ben.get(f"{diary.base}?{query}")).status_code == 200
