"""Numbers, members and settings of a business over the API: who may change what, and what is written down of it."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from frontdesk.kernel.auth import Scope
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER, MALLORYS_NUMBER

SHORT_CODE = "12345"


async def audit_of(house: House, **wanted: str) -> list[dict[str, object]]:
    """List what Ada's audit log holds."""
    ada = await house.as_person(ADA)
    entries: list[dict[str, object]] = (await ada.get("/api/audit-log", params=wanted)).json()
    return entries


async def test_a_number_is_added_with_what_follows_from_it_changed_retired_and_taken_back(house: House) -> None:
    ada = await house.as_person(ADA)
    added = await ada.post("/api/sending-numbers", json={"phone_e164": "+18005550123"})
    assert added.status_code == 201, added.text
    number = added.json()
    assert (number["number_type"], number["registration_status"]) == ("toll_free", "unregistered")
    assert number["effective_segments_per_second"] == 3.0
    assert number["marketing_blocked_by"] == "senders.toll_free_not_verified"
    path = f"/api/sending-numbers/{number['id']}"
    plan = {"started_on": "2026-01-05", "daily": [50, 100]}
    told = {"registration_status": "approved", "segments_per_second": "2.5", "warmup": plan, "daily_limit": 500}
    changed = (await ada.patch(path, json=told)).json()
    assert (changed["segments_per_second"], changed["warmup"], changed["daily_limit"]) == ("2.500", plan, 500)
    assert changed["marketing_blocked_by"] == ""
    assert (await ada.patch(path, json={"warmup": None})).json()["warmup"] is None
    retired = (await ada.delete(path)).json()
    assert (retired["texting_allowed"], retired["texting_blocked_reason"]) == (False, "retired")
    assert retired["marketing_blocked_by"] == "senders.number_retired"
    assert (await ada.patch(path, json={"burst": 2})).json()["code"] == "senders.number_retired"
    back = (await ada.patch(path, json={"retired": False, "burst": 2})).json()
    assert (back["retired_at"], back["texting_allowed"], back["burst"]) == (None, True, 2)
    actions = [entry["action"] for entry in await audit_of(house, action="senders", subject=f"number:{number['id']}")]
    assert actions == [
        f"senders.{what}" for what in ("added", "changed", "changed", "retired", "taken_back", "changed")
    ]


async def test_numbers_are_listed_page_by_page_and_by_what_they_are(house: House) -> None:
    ada = await house.as_person(ADA)
    for phone in ("+12125550101", "+18005550102", SHORT_CODE):
        assert (await ada.post("/api/sending-numbers", json={"phone_e164": phone})).status_code == 201
    seen: list[str] = []
    page: dict[str, object] = {}
    while page.get("next", "") is not None:
        wanted = {"limit": "3"} | ({"before": str(page["next"])} if page else {})
        page = (await ada.get("/api/sending-numbers", params=wanted)).json()
        items = page["items"]
        assert isinstance(items, list)
        seen += [one["phone_e164"] for one in items]
    assert seen == [SHORT_CODE, "+18005550102", "+12125550101", ADAS_NUMBER]
    for wanted, expected in (
        ({"number_type": "short_code"}, [SHORT_CODE]),
        ({"phone_e164": ADAS_NUMBER}, [ADAS_NUMBER]),
        ({"phone_e164": MALLORYS_NUMBER}, []),
        ({"retired": "true"}, []),
        ({"registration_status": "approved"}, []),
        ({"provider": "telnyx"}, []),
    ):
        items = (await ada.get("/api/sending-numbers", params=wanted)).json()["items"]
        assert [one["phone_e164"] for one in items] == expected, wanted


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"phone_e164": MALLORYS_NUMBER}, 409, "senders.number_taken"),
        ({"phone_e164": "+12125550188", "provider": "pigeon"}, 422, "senders.provider_invalid"),
        ({"phone_e164": "+12125550188", "number_type": "short_code"}, 422, "senders.number_type_invalid"),
        ({"phone_e164": "2125550188x"}, 422, "web.invalid"),
        ({"phone_e164": "+12125550188", "segments_per_second": "0"}, 422, "web.invalid"),
        (
            {"phone_e164": "+12125550188", "warmup": {"started_on": "2026-01-05", "daily": [2, 1]}},
            422,
            "senders.warmup_invalid",
        ),
    ],
)
async def test_a_number_that_cannot_be_is_refused(
    house: House, body: dict[str, object], status: int, code: str
) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post("/api/sending-numbers", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_repeated_request_adds_one_number(house: House) -> None:
    ada = await house.as_person(ADA)
    key = {"Idempotency-Key": "number-1"}
    first = await ada.post("/api/sending-numbers", json={"phone_e164": "+12125550188"}, headers=key)
    again = await ada.post("/api/sending-numbers", json={"phone_e164": "+12125550188"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_who_only_works_there_sees_numbers_and_changes_none(house: House) -> None:
    ben, mallory = await house.as_person(BEN), await house.as_person(MALLORY)
    [number] = (await ben.get("/api/sending-numbers")).json()["items"]
    path = f"/api/sending-numbers/{number['id']}"
    assert (await ben.patch(path, json={"burst": 2})).status_code == 403
    assert (await mallory.get(path)).status_code == 404
    assert (await mallory.delete(path)).json()["code"] == "senders.not_found"


async def test_settings_of_a_business_are_changed_checked_and_audited(house: House) -> None:
    ada = await house.as_person(ADA)
    path = f"/api/tenants/{house.ada.id}"
    registrations = {"us-tx-302": {"number": "20240001", "valid_until": "2027-08-31"}}
    told = {
        "daily_budget_cents": "1234.5678",
        "monthly_budget_cents": 20000,
        "quiet_from": "20:00",
        "quiet_until": "10:30",
        "state": "US-TX",
        "registrations": registrations,
        "double_opt_in": True,
        "marketing_daily_cap": 2,
        "website": "https://harbor.example",
        "postal_address": "1 Pier Road\nGalveston",
    }
    changed = (await ada.patch(path, json=told)).json()
    assert changed["daily_budget_cents"] == "1234.5678"
    assert (changed["quiet_from"], changed["quiet_until"]) == ("20:00:00", "10:30:00")
    assert changed["registrations"] == registrations
    assert (await ada.get(path)).json() == changed
    impossible: tuple[dict[str, object], ...] = (
        {"timezone": "Mars/Olympus"},
        {"state": "CA-ON"},
        {"daily_budget_cents": -1},
        {"daily_budget_cents": "1.00001"},
        {"marketing_daily_cap": 9},
        {"registrations": {"us-tx-302": {}}},
        {"registrations": {"not a kind": {"number": "1"}}},
        {"quiet_from": None},
        {"website": "ftp://x"},
    )
    for wrong in impossible:
        assert (await ada.patch(path, json=wrong)).status_code == 422, wrong
    assert (await ada.get(path)).json() == changed
    [entry] = await audit_of(house, action="tenants.updated")
    assert entry["details"] == {"fields": sorted(told)}


async def test_the_runbooks_own_questions_are_answered(house: House, database_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        numbers = await owner.fetch("SELECT * FROM sending_numbers;")
        assert {row["phone_e164"] for row in numbers} == {ADAS_NUMBER, MALLORYS_NUMBER}
        adas = str(house.ada.id)
        zone = await owner.fetchval("SELECT timezone FROM tenants WHERE id = '...';".replace("...", adas))
        assert zone == "America/New_York"
        question = "SELECT daily_budget_cents FROM tenants WHERE id = '...';".replace("...", adas)
        assert await owner.fetchval(question) == house.ada.daily_budget_cents
        await owner.execute("UPDATE tenants SET daily_budget_cents = 750 WHERE id = '...';".replace("...", adas))
    finally:
        await owner.close()
    ada = await house.as_person(ADA)
    assert (await ada.get(f"/api/tenants/{house.ada.id}")).json()["daily_budget_cents"] == "750.0000"


async def person_id(house: House, email: str) -> str:
    """Find somebody of Ada's business."""
    ada = await house.as_person(ADA)
    members = (await ada.get("/api/members")).json()["items"]
    return str(next(one["user_id"] for one in members if one["email"] == email))


async def test_people_are_taken_in_given_a_role_and_dismissed_at_once(house: House) -> None:
    ada, ben = await house.as_person(ADA), await house.as_person(BEN)
    added = await ada.post("/api/members", json={"email": "Dana@Example.com", "name": "Dana", "role": "agent"})
    assert added.status_code == 201, added.text
    assert (added.json()["email"], added.json()["may_log_in"]) == ("dana@example.com", False)
    twice = await ada.post("/api/members", json={"email": "dana@example.com", "role": "agent"})
    assert twice.json()["code"] == "auth.member_exists"
    known = await ada.post("/api/members", json={"email": MALLORY, "role": "auditor"})
    assert known.json()["may_log_in"] is True
    members = (await ada.get("/api/members", params={"role": "auditor"})).json()["items"]
    assert {one["email"] for one in members} == {OLIVE, MALLORY}
    bens = f"/api/members/{await person_id(house, BEN)}"
    assert (await ben.get("/api/audit-log")).status_code == 403
    assert (await ada.patch(bens, json={"role": "manager"})).json()["role"] == "manager"
    assert (await ben.get("/api/audit-log")).status_code == 200
    assert (await ada.delete(bens)).status_code == 204
    assert (await ben.get("/api/audit-log")).status_code in {400, 404}
    assert (await ada.delete(bens)).json()["code"] == "auth.member_unknown"
    actions = [
        entry["action"]
        for entry in await audit_of(house, action="auth", subject=bens.replace("/api/members/", "user:"))
    ]
    assert actions[-2:] == ["auth.member_put", "auth.member_removed"]


async def test_nobody_gives_or_takes_a_role_that_may_do_more_than_they_may(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.patch(f"/api/members/{await person_id(house, BEN)}", json={"role": "manager"})
    ben = await house.as_person(BEN)
    adas, bens = await person_id(house, ADA), await person_id(house, BEN)
    for answer in (
        await ben.post("/api/members", json={"email": "dana@example.com", "role": "owner"}),
        await ben.patch(f"/api/members/{bens}", json={"role": "owner"}),
        await ben.patch(f"/api/members/{adas}", json={"role": "agent"}),
        await ben.delete(f"/api/members/{adas}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.role_beyond"), answer.text
    assert (await ben.post("/api/members", json={"email": "dana@example.com", "role": "agent"})).status_code == 201
    program = await house.as_program(Scope.MEMBERS_READ, Scope.MEMBERS_WRITE, tenant_id=house.ada.id)
    answer = await program.post("/api/members", json={"email": "eve@example.com", "role": "agent"})
    assert answer.json()["code"] == "auth.role_beyond"


async def test_a_business_keeps_an_owner(house: House) -> None:
    ada = await house.as_person(ADA)
    adas = f"/api/members/{await person_id(house, ADA)}"
    for answer in (await ada.delete(adas), await ada.patch(adas, json={"role": "agent"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "auth.last_owner"), answer.text
    await ada.patch(f"/api/members/{await person_id(house, BEN)}", json={"role": "owner"})
    assert (await ada.patch(adas, json={"role": "agent"})).json()["role"] == "agent"


async def test_members_of_another_business_are_not_found(house: House) -> None:
    mallory = await house.as_person(MALLORY)
    bens = f"/api/members/{await person_id(house, BEN)}"
    assert [one["email"] for one in (await mallory.get("/api/members")).json()["items"]] == [MALLORY]
    for answer in (
        await mallory.get(bens),
        await mallory.patch(bens, json={"role": "agent"}),
        await mallory.delete(bens),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "auth.member_unknown")


async def test_the_audit_log_is_searched_by_area_actor_subject_and_time(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.patch(f"/api/tenants/{house.ada.id}", json={"ring_seconds": 25})
    everything = await audit_of(house)
    [change] = [entry for entry in everything if entry["action"] == "tenants.updated"]
    assert await audit_of(house, actor=str(change["actor"]), action="tenants") == [change]
    assert await audit_of(house, subject=f"tenant:{house.ada.id}", since=str(change["at"])) == [change]
    assert change not in await audit_of(house, until=str(change["at"]))
    assert await audit_of(house, action="tenant") == []
    assert UUID(str(change["actor"]).removeprefix("user:")).version == 7
    assert (await ada.get("/api/audit-log", params={"since": "2026-01-01T00:00:00"})).status_code == 422
