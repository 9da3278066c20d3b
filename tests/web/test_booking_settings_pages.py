"""The booking settings over real HTTP: services, people, hours, the public page's looks, and the waiting list."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx2
import pytest

from frontdesk.features import scheduling
from tests.support.house import ADA, MALLORY, OLIVE, House
from tests.support.office import CAROL
from tests.web.test_agenda_pages import Diary, furnish, visitor

SERVICE = {
    "name": "Inspection",
    "duration_minutes": "45",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "15",
    "lead_minutes": "120",
    "horizon_days": "30",
    "price": "89.50",
    "deposit": "20",
    "reminder": ["1440", "120"],
    "public": "yes",
}


@pytest.fixture
async def diary(house: House) -> Diary:
    return await furnish(house)


def home(house: House) -> str:
    """Name the section."""
    return f"/businesses/{house.ada.id}/settings/booking"


async def services(house: House) -> dict[str, scheduling.Service]:
    """Read all services by name."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        return {one.name: one for one in await scheduling.list_services(tx, active_only=False)}


async def resources(house: House) -> dict[str, scheduling.Resource]:
    """Read all resources by name."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        return {one.name: one for one in await scheduling.list_resources(tx, active_only=False)}


async def strangers_page(house: House) -> httpx2.Response:
    """Open the public booking page."""
    return await house.client().get("/book/harbor")


async def test_an_empty_business_is_told_what_to_do_first(house: House) -> None:
    ada = await visitor(house, ADA)
    page = (await ada.get(home(house))).text
    assert "No service yet. Add the first thing" in page
    assert "Nobody yet. Add a person" in page
    assert "Nobody can be booked yet" in (await ada.get(f"/businesses/{house.ada.id}/agenda")).text


async def test_a_service_is_added_with_its_times_money_and_givers_and_strangers_see_it(diary: Diary) -> None:
    ada = await visitor(diary.house, ADA)
    added = await ada.post(f"{home(diary.house)}/services/new", data={**SERVICE, "giver": str(diary.north.id)})
    assert added.status_code == 303, added.text
    made = (await services(diary.house))["Inspection"]
    assert (made.duration_minutes, made.buffer_after_minutes, made.lead_minutes) == (45, 15, 120)
    assert (made.deposit_cents, made.reminder_minutes, made.active) == (2000, (1440, 120), True)
    shown = (await strangers_page(diary.house)).text
    assert "45 min, 89.50 USD, deposit 20.00 USD" in shown
    form = (await ada.get(f"{home(diary.house)}/services/{made.id}")).text
    assert 'value="89.50"' in form


async def test_a_service_for_the_team_alone_is_nothing_to_strangers(diary: Diary) -> None:
    ada = await visitor(diary.house, ADA)
    hidden = {**SERVICE, "name": "Repair", "giver": str(diary.north.id), "public": ""}
    assert (await ada.post(f"{home(diary.house)}/services/{diary.service.id}", data=hidden)).status_code == 303
    assert "Repair" not in (await strangers_page(diary.house)).text
    stranger = diary.house.client()
    for path in ("", "/at"):
        assert (await stranger.get(f"/book/harbor/s/{diary.service.id}{path}")).status_code == 404
    posted = await stranger.post(f"/book/harbor/s/{diary.service.id}/at", data={"name": "Dan", "phone": "2065550177"})
    assert posted.status_code == 404
    assert "Your team only" in (await ada.get(home(diary.house))).text


async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(diary: Diary) -> None:
    ada = await visitor(diary.house, ADA)
    wrong = {**SERVICE, "name": "", "duration_minutes": "4", "deposit": "lots", "price": "1e999999"}
    answer = await ada.post(f"{home(diary.house)}/services/new", data=wrong)
    assert answer.status_code == 422
    for words in ("Write a name of at most 120 letters.", "Write a whole number from 5 to 1,440."):
        assert words in answer.text
    assert answer.text.count("Write an amount like 25 or 49.50.") == 2
    assert 'value="lots"' in answer.text
    twice = await ada.post(f"{home(diary.house)}/services/new", data={**SERVICE, "name": "Repair"})
    assert "There is a service of that name already." in twice.text


async def test_a_person_gets_own_hours_breaks_and_days_off(diary: Diary) -> None:
    ada = await visitor(diary.house, ADA)
    form = {
        "name": "Ben",
        "capacity": "2",
        "zone": "America/Chicago",
        "week": "own",
        "gives_all": "yes",
        "open_mon_from": ["09:00", "18:00"],
        "open_mon_to": ["17:00", "00:00"],
        "rest_mon_from": "12:00",
        "rest_mon_to": "12:30",
        "off_0_first": "2026-12-24",
        "off_0_last": "2026-12-26",
        "off_0_name": "Christmas",
    }
    assert (await ada.post(f"{home(diary.house)}/resources/new", data=form)).status_code == 303
    ben = (await resources(diary.house))["Ben"]
    assert json.loads(ben.hours or "")["mon"] == [["09:00", "17:00"], ["18:00", "24:00"]]
    assert json.loads(ben.breaks)["mon"] == [["12:00", "12:30"]]
    assert (ben.capacity, ben.own_zone) == (2, "America/Chicago")
    async with diary.house.parts.app.transaction(diary.house.ada.id) as tx:
        assert ben.id in (await scheduling.list_givers(tx))[diary.service.id]
    page = (await ada.get(f"{home(diary.house)}/resources/{ben.id}")).text
    assert "Thu Dec 24, 2026 to Sat Dec 26, 2026: off (Christmas)" in page
    back = {"name": "Ben", "capacity": "1", "week": "business", "forget": "0", "archived": "yes"}
    assert (await ada.post(f"{home(diary.house)}/resources/{ben.id}", data=back)).status_code == 303
    ben = (await resources(diary.house))["Ben"]
    assert (ben.hours, ben.exceptions, ben.active, ben.own_zone) == (None, "[]", False, None)


async def test_hours_that_cannot_be_are_refused_in_words(diary: Diary) -> None:
    ada = await visitor(diary.house, ADA)
    form = {"name": "Ben", "capacity": "1", "week": "own"}
    overlapping = {**form, "open_mon_from": ["09:00", "12:00"], "open_mon_to": ["17:00", "18:00"]}
    refused = await ada.post(f"{home(diary.house)}/resources/new", data=overlapping)
    assert refused.status_code == 422
    assert "overlap" in refused.text
    half = await ada.post(f"{home(diary.house)}/resources/new", data={**form, "open_tue_from": "09:00"})
    assert "Tuesday: write from when until when." in half.text
    nowhere = await ada.post(f"{home(diary.house)}/resources/new", data={**form, "zone": "Mars/Olympus"})
    assert "Write a time zone like America/New_York" in nowhere.text


async def test_the_public_page_is_painted_greeted_previewed_and_shut(diary: Diary) -> None:
    ada = await visitor(diary.house, ADA)
    form = {"open": "yes", "welcome": "Hello <b>you</b>", "accent": "teal", "origins": "https://harbor.example/"}
    assert (await ada.post(f"{home(diary.house)}/page", data=form)).status_code == 303
    shown = await strangers_page(diary.house)
    assert "accent-teal" in shown.text
    assert "Hello &lt;b&gt;you" in shown.text
    assert "frame-ancestors https://harbor.example" in shown.headers["content-security-policy"]
    preview = await ada.get(f"{home(diary.house)}/preview")
    assert "accent-teal" in preview.text
    assert "frame-ancestors 'self'" in preview.headers["content-security-policy"]
    wrong = await ada.post(f"{home(diary.house)}/page", data={**form, "origins": "harbor.example"})
    assert wrong.status_code == 422
    assert "like https://example.com" in wrong.text
    assert (await ada.post(f"{home(diary.house)}/page", data={"welcome": "x"})).status_code == 303
    assert (await strangers_page(diary.house)).status_code == 404


async def test_who_waits_is_offered_a_time_told_of_it_and_nobody_else_gets_it(diary: Diary) -> None:
    async with diary.house.parts.app.transaction(diary.house.ada.id) as tx:
        waiter = await scheduling.join_waiting_list(
            tx,
            service_id=diary.service.id,
            resource_id=None,
            contact_id=diary.carol,
            wanted=(diary.at(12), diary.at(12) + timedelta(days=2)),
        )
    ada = await visitor(diary.house, ADA)
    page = (await ada.get(f"{home(diary.house)}/waiting", params={"offer": str(waiter.id)})).text
    assert "Carol" in page
    assert "Which time?" in page
    at = f"{diary.at(13).isoformat()}|{diary.north.id}"
    offered = await ada.post(f"{home(diary.house)}/waiting/{waiter.id}/offer", data={"at": at})
    assert offered.status_code == 303, offered.text
    assert "Was offered a time" in (await ada.get(offered.headers["location"])).text
    await diary.house.settle()
    assert [one for one in await diary.house.twin.texts_to(CAROL) if "is kept for you until" in one.body]
    again = await ada.post(f"{home(diary.house)}/waiting/{waiter.id}/offer", data={"at": at})
    assert again.status_code == 409
    assert "this person does not wait any more" in again.text
    assert (await ada.post(f"{home(diary.house)}/waiting/{waiter.id}/leave")).status_code == 303


async def test_who_only_looks_sees_the_settings_and_no_button(diary: Diary) -> None:
    olive = await visitor(diary.house, OLIVE)
    for path in ("", "/waiting", f"/services/{diary.service.id}", f"/resources/{diary.north.id}"):
        page = await olive.get(f"{home(diary.house)}{path}")
        assert page.status_code == 200
        assert ">Save<" not in page.text
        assert "Add a" not in page.text
    for path in ("/page", "/services/new", f"/services/{diary.service.id}", f"/resources/{diary.north.id}"):
        assert (await olive.post(f"{home(diary.house)}{path}")).status_code == 403


async def test_nothing_of_it_is_there_for_another_business_and_the_token_is_asked_for(diary: Diary) -> None:
    mallory = await visitor(diary.house, MALLORY)
    theirs = f"/businesses/{diary.house.mallory.id}/settings/booking"
    for path in (f"/services/{diary.service.id}", f"/resources/{diary.north.id}"):
        assert (await mallory.get(f"{theirs}{path}")).status_code == 404
        assert (await mallory.post(f"{theirs}{path}", data=SERVICE)).status_code == 404
    assert (await mallory.get(home(diary.house))).status_code == 404
    ada = await visitor(diary.house, ADA)
    ada.headers.pop("X-CSRF-Token")
    assert (await ada.post(f"{home(diary.house)}/page", data={"csrf": "x"})).status_code == 403
