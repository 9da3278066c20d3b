"""Threads are given to members, rest and wake, are noted in and read by each for themselves."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest

from frontdesk.features import conversations, tenants
from frontdesk.features.conversations.model import quiet_until
from frontdesk.features.conversations.service import wake_threads
from frontdesk.kernel.clock import DatabaseClock
from tests.support.house import ADA, BEN, MALLORY, House, open_house
from tests.support.office import ADAS_NUMBER, CAROL, TravelClock


async def carol_writes(house: House, body: str = "hello there") -> UUID:
    """Let Carol write, and give the id of her thread."""
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body=body)
    await house.twin.wait_until_idle()
    async with house.parts.app.transaction(house.ada.id) as tx:
        return (await conversations.list_threads(tx))[0].id


async def reach_of(client: httpx2.AsyncClient, thread: UUID) -> dict[str, object]:
    """Ask whether the person of a thread may be written to."""
    answer = await client.get(f"/api/conversations/{thread}")
    assert answer.status_code == 200, answer.text
    document: dict[str, dict[str, object]] = answer.json()
    return document["reachability"]


async def test_a_thread_is_given_to_a_member_of_the_business_alone(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        thread = await carol_writes(house)
        ada, ben = await house.as_person(ADA), await house.as_person(BEN)
        members = {one["email"]: one["user_id"] for one in (await ada.get("/api/members")).json()["items"]}
        mine = {"assigned_to": members[BEN]}
        assert (await ada.patch(f"/api/conversations/{thread}", json=mine)).json()["assigned_to"] == members[BEN]
        listed = (await ben.get(f"/api/conversations?assigned_to={members[BEN]}")).json()
        assert [one["id"] for one in listed] == [str(thread)]
        refused = await ada.patch(f"/api/conversations/{thread}", json={"assigned_to": str(uuid4())})
        assert (refused.status_code, refused.json()["code"]) == (422, "conversations.not_a_member")
        nobody = await ada.patch(f"/api/conversations/{thread}", json={"assigned_to": None})
        assert nobody.json()["assigned_to"] is None


async def test_another_business_sees_and_changes_nothing(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        thread = await carol_writes(house)
        mallory = await house.as_person(MALLORY)
        assert (await mallory.get(f"/api/conversations/{thread}")).status_code == 404
        assert (await mallory.patch(f"/api/conversations/{thread}", json={"status": "done"})).status_code == 404
        assert (await mallory.post(f"/api/conversations/{thread}/notes", json={"body": "x"})).status_code == 404
        assert (await mallory.get(f"/api/conversations/{thread}/items")).status_code == 404


async def test_a_thread_rests_and_wakes_by_itself_or_by_its_person(database_url: str, home: Path) -> None:
    clock = TravelClock()
    async with open_house(database_url, home, clock=clock) as house:
        thread = await carol_writes(house)
        ada = await house.as_person(ADA)
        until = (clock.now() + timedelta(hours=2)).isoformat()
        rest = {"status": "snoozed", "snoozed_until": until}
        assert (await ada.patch(f"/api/conversations/{thread}", json=rest)).json()["status"] == "snoozed"
        assert (await ada.get("/api/conversations?status=open")).json() == []

        async with house.parts.system.transaction() as tx:
            assert await wake_threads(tx) == 0
        clock.ahead += timedelta(hours=3)
        async with house.parts.system.transaction() as tx:
            assert await wake_threads(tx) == 1
        assert [one["id"] for one in (await ada.get("/api/conversations?status=open")).json()] == [str(thread)]

        await ada.patch(f"/api/conversations/{thread}", json={"status": "done"})
        await carol_writes(house, "one more thing")
        assert (await ada.get("/api/conversations?status=open")).json()[0]["status"] == "open"


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2001-01-01T00:00:00Z", "conversations.snooze_invalid"),
        ("2999-01-01T00:00:00Z", "conversations.snooze_invalid"),
        (None, "conversations.snooze_invalid"),
        ("2027-01-01T00:00:00", "web.invalid"),  # a moment has a zone
    ],
)
async def test_a_rest_has_an_end_within_a_year(until: str | None, code: str, database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        thread = await carol_writes(house)
        ada = await house.as_person(ADA)
        answer = await ada.patch(f"/api/conversations/{thread}", json={"status": "snoozed", "snoozed_until": until})
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_each_member_has_read_for_themselves(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        thread = await carol_writes(house)
        ada, ben = await house.as_person(ADA), await house.as_person(BEN)
        assert (await ada.get("/api/conversations")).json()[0]["unread"] == 1
        assert (await ada.post(f"/api/conversations/{thread}/read")).status_code == 204
        assert (await ada.get("/api/conversations")).json()[0]["unread"] == 0
        assert (await ben.get("/api/conversations")).json()[0]["unread"] == 1


async def test_notes_stay_inside_and_calls_and_texts_stand_in_one_thread(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        await house.missed_call(CAROL)
        await house.settle()
        thread = await carol_writes(house)
        ada = await house.as_person(ADA)
        noted = await ada.post(f"/api/conversations/{thread}/notes", json={"body": " likes mornings "})
        assert (noted.status_code, noted.json()["body"]) == (201, "likes mornings")
        assert (await ada.get(f"/api/conversations/{thread}/notes")).json()["items"][0]["author"] == ADA
        items = (await ada.get(f"/api/conversations/{thread}/items")).json()
        assert sorted(one["kind"] for one in items) == ["call", "note", "text", "text"]
        assert [one["at"] for one in items] == sorted((one["at"] for one in items), reverse=True)
        assert not any("mornings" in text.body for text in await house.twin.messages())


async def test_answers_are_kept_ready_by_name(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        ada = await house.as_person(ADA)
        kept = await ada.post("/api/canned-replies", json={"name": "hours", "body": "We are open 9 to 5."})
        again = await ada.post("/api/canned-replies", json={"name": "hours", "body": "We are open 8 to 5."})
        assert kept.json()["id"] == again.json()["id"]
        listed = (await ada.get("/api/canned-replies")).json()["items"]
        assert [(one["name"], one["body"]) for one in listed] == [("hours", "We are open 8 to 5.")]
        assert (await ada.delete(f"/api/canned-replies/{listed[0]['id']}")).status_code == 204
        assert (await ada.delete(f"/api/canned-replies/{listed[0]['id']}")).status_code == 404


async def test_a_thread_says_whether_its_person_may_be_written_to(database_url: str, home: Path) -> None:
    async with open_house(database_url, home, clock=at_night()) as house:
        async with house.parts.app.transaction(house.ada.id) as tx:
            business = await tenants.get_tenant(tx)
            assert (business.quiet_from, business.quiet_until) == (time(21), time(9))
        thread = await carol_writes(house)
        ada = await house.as_person(ADA)
        reach = await reach_of(ada, thread)
        assert reach["transactional"] == ""
        assert reach["quiet_until"] is not None
        await carol_writes(house, "STOP")
        assert (await reach_of(ada, thread))["transactional"] == "consent.opted_out"


def at_night() -> DatabaseClock:
    """Make a clock by which it is two at night in New York and on the west coast not yet."""
    clock = TravelClock()
    clock.ahead = datetime(2027, 6, 8, 6, 0, tzinfo=UTC) - clock.now()
    return clock


@pytest.mark.parametrize(
    ("clock", "until"),
    [("20:59", None), ("21:00", "09:00"), ("23:30", "09:00"), ("08:59", "09:00"), ("09:00", None)],
)
def test_quiet_hours_go_over_midnight(clock: str, until: str | None) -> None:
    hour, minute = map(int, clock.split(":"))
    at = datetime(2027, 6, 8, hour, minute, tzinfo=UTC)
    found = quiet_until(starts=time(21), ends=time(9), zone="UTC", at=at)
    assert (None if found is None else f"{found:%H:%M}") == until
    assert found is None or at < found <= at + timedelta(hours=12)


async def test_a_finished_hand_over_leaves_nobody_waiting(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        thread = await carol_writes(house)
        async with house.parts.app.transaction(house.ada.id) as tx:
            await conversations.ask_for_person(tx, conversation_id=thread)
        ada = await house.as_person(ADA)
        assert (await ada.get("/api/conversations")).json()[0]["person_asked_at"] is not None
        answer = await ada.post(f"/api/conversations/{thread}/messages", json={"body": "On it."})
        assert answer.status_code == 202
        assert (await ada.get("/api/conversations")).json()[0]["person_asked_at"] is None
