"""Outgoing webhooks over the API: who may have whom told of what, and what is shown of it."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.hooks import MAX_ENDPOINTS
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House

PATH = "/api/webhook-endpoints"
NEW = {"url": "https://hooks.example.com/in", "event_names": ["calls.missed.v1"], "description": "our CRM"}


async def test_an_endpoint_is_added_changed_rotated_and_taken_away_and_its_secret_is_told_once(house: House) -> None:
    ada = await house.as_person(ADA)
    made = await ada.post(PATH, json=NEW)
    assert made.status_code == 201, made.text
    endpoint, secret = made.json(), made.json()["secret"]
    assert secret.startswith("whsec_")
    mine = f"{PATH}/{endpoint['id']}"
    assert "secret" not in (await ada.get(mine)).json()
    assert secret not in (await ada.get(PATH)).text
    changed = (await ada.patch(mine, json={"enabled": False, "event_names": ["calls.answered.v1"]})).json()
    assert (changed["enabled"], changed["disabled_because"]) == (False, "by_hand")
    assert (await ada.post(f"{mine}/test")).json()["code"] == "hooks.endpoint_disabled"
    assert (await ada.patch(mine, json={"enabled": True})).json()["enabled"] is True
    rotated = (await ada.post(f"{mine}/rotate-secret")).json()
    assert rotated["secret"] != secret
    assert rotated["previous_secret_until"] is not None
    assert (await ada.delete(mine)).status_code == 204
    assert (await ada.get(mine)).json()["code"] == "hooks.endpoint_unknown"
    log = (await ada.get("/api/audit-log", params={"action": "hooks"})).json()
    assert [entry["action"] for entry in log] == [
        "hooks.endpoint_added",
        "hooks.endpoint_changed",
        "hooks.endpoint_changed",
        "hooks.secret_rotated",
        "hooks.endpoint_deleted",
    ]
    assert secret not in str(log)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "http://hooks.example.com/in"}, "hooks.url_invalid"),
        ({"url": "https://127.0.0.1/in"}, "hooks.url_invalid"),
        ({"url": "https://169.254.169.254/latest"}, "hooks.url_invalid"),
        ({"url": "https://2130706433/"}, "hooks.url_invalid"),
        ({"url": "https://user:pass@example.com/"}, "hooks.url_invalid"),
        ({"event_names": ["calls.imagined.v1"]}, "hooks.event_unknown"),
        ({"event_names": ["outbox.event_rejected.v1"]}, "hooks.event_unknown"),
        ({"event_names": []}, "web.invalid"),
        ({"description": "a\nb"}, "web.invalid"),
        ({"secret": "whsec_mine"}, "web.invalid"),
    ],
)
async def test_an_endpoint_that_cannot_be_is_refused(house: House, change: dict[str, object], code: str) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post(PATH, json=NEW | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


async def test_a_repeated_request_adds_one_endpoint_and_an_eleventh_is_refused(house: House) -> None:
    ada = await house.as_person(ADA)
    key = {"Idempotency-Key": "hook-1"}
    first, again = [(await ada.post(PATH, json=NEW, headers=key)).json() for _ in range(2)]
    assert (first["id"], first["secret"]) == (again["id"], again["secret"])
    for _ in range(MAX_ENDPOINTS - 1):
        assert (await ada.post(PATH, json=NEW)).status_code == 201
    full = await ada.post(PATH, json=NEW)
    assert (full.status_code, full.json()["code"]) == (409, "hooks.too_many_endpoints")
    page = (await ada.get(PATH, params={"limit": 6})).json()
    rest = (await ada.get(PATH, params={"limit": 6, "before": page["next"]})).json()
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (6, 4, None)


async def test_what_an_endpoint_was_told_is_listed_and_told_again(house: House) -> None:
    ada = await house.as_person(ADA)
    endpoint = (await ada.post(PATH, json=NEW)).json()
    mine = f"{PATH}/{endpoint['id']}"
    sent = await ada.post(f"{mine}/test")
    assert sent.status_code == 202
    delivery = sent.json()
    assert (delivery["event_name"], delivery["status"], delivery["tries"]) == ("hooks.test.v1", "pending", [])
    assert delivery["webhook_id"].startswith("msg_")
    listed = (await ada.get(f"{mine}/deliveries")).json()
    assert (listed["items"], listed["next"]) == ([delivery], None)
    assert (await ada.get(f"{mine}/deliveries", params={"status": "exhausted"})).json()["items"] == []
    one = f"{mine}/deliveries/{delivery['id']}"
    assert (await ada.get(one)).json() == delivery
    assert (await ada.post(f"{one}/replay")).json()["id"] == delivery["id"]
    since = (house.parts.clock.now() - timedelta(hours=1)).isoformat()
    again = await ada.post(f"{mine}/replay", json={"since": since})
    assert (again.status_code, again.json()) == (202, {"deliveries": 1})
    assert (await ada.post(f"{mine}/replay", json={"since": "2026-01-01T00:00:00"})).status_code == 422
    elsewhere = (await ada.post(PATH, json=NEW)).json()["id"]
    wrong = await ada.get(f"{PATH}/{elsewhere}/deliveries/{delivery['id']}")
    assert wrong.json()["code"] == "hooks.delivery_unknown"


async def test_who_only_looks_changes_nothing_and_who_works_there_sees_nothing(house: House) -> None:
    ada, ben = await house.as_person(ADA), await house.as_person(BEN)
    olive, mallory = await house.as_person(OLIVE), await house.as_person(MALLORY)
    mine = f"{PATH}/{(await ada.post(PATH, json=NEW)).json()['id']}"
    assert (await olive.get(mine)).status_code == 200
    assert (await ben.get(mine)).status_code == 403
    for who in (olive, ben):
        for answer in (await who.post(PATH, json=NEW), await who.delete(mine), await who.post(f"{mine}/test")):
            assert answer.json()["code"] == "auth.scope_missing"
    for answer in (
        await mallory.get(mine),
        await mallory.patch(mine, json={"enabled": False}),
        await mallory.delete(mine),
        await mallory.post(f"{mine}/test"),
        await mallory.post(f"{mine}/rotate-secret"),
        await mallory.get(f"{mine}/deliveries"),
        await mallory.post(f"{mine}/replay", json={"since": "2026-01-01T00:00:00Z"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "hooks.endpoint_unknown"), answer.text
    assert (await mallory.get(PATH)).json()["items"] == []


async def test_the_events_that_can_be_told_are_listed_each_with_a_sentence(house: House) -> None:
    program = await house.as_program(Scope.HOOKS_READ, tenant_id=house.ada.id)
    events = (await program.get("/api/webhook-events")).json()
    named = {one["name"]: one["summary"] for one in events}
    assert named["calls.missed.v1"]
    assert "outbox.event_rejected.v1" not in named
    assert all(named.values())


async def test_secrets_stand_sealed_in_the_database(house: House, database_url: str) -> None:
    ada = await house.as_person(ADA)
    secret = (await ada.post(PATH, json=NEW)).json()["secret"]
    owner = await asyncpg.connect(database_url)
    try:
        sealed = await owner.fetchval("select sealed_secret from webhook_endpoints")
    finally:
        await owner.close()
    assert secret.removeprefix("whsec_").encode() not in sealed
