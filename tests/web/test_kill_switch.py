"""The kill switch: anyone there may pull it, it proves itself, and it works when nothing else does."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.auth import Scope, find_user
from tests.support.house import ADA, ADMIN, BEN, OLIVE, House, open_house

CAROL = "+12065550123"


async def test_a_pause_proves_that_sending_stopped(house: House) -> None:
    await house.missed_call()
    await house.settle()
    ben = await house.as_person(BEN)
    answer = await ben.post(f"/tenants/{house.ada.id}/pause", json={"reason": "wrong template"})
    proof = answer.json()
    assert answer.status_code == 200
    assert (proof["paused"], proof["paused_by"], proof["reason"]) == (True, BEN, "wrong template")
    assert datetime.fromisoformat(proof["last_started_at"]) < datetime.fromisoformat(proof["paused_at"])
    assert (proof["in_flight"], proof["queued"]) == (0, 0)
    await house.missed_call("+12065550177")
    later = (await ben.get(f"/api/tenants/{house.ada.id}/pause")).json()
    assert later["queued"] == 1
    assert later["last_started_at"] == proof["last_started_at"]
    assert await house.twin.texts_to("+12065550177") == []


async def test_queued_texts_leave_after_the_resume(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.post(f"/api/tenants/{house.ada.id}/pause")
    await house.missed_call()
    resumed = await ada.post(f"/api/tenants/{house.ada.id}/resume")
    assert resumed.json()["paused"] is False
    await house.settle()
    assert len(await house.twin.texts_to(CAROL)) == 1


async def test_letting_go_takes_more_than_pulling(house: House) -> None:
    ben, olive = await house.as_person(BEN), await house.as_person(OLIVE)
    assert (await olive.post(f"/tenants/{house.ada.id}/pause")).status_code == 403
    assert (await ben.post(f"/tenants/{house.ada.id}/pause")).status_code == 200
    refused = await ben.post(f"/tenants/{house.ada.id}/resume")
    assert refused.json()["code"] == "auth.scope_missing"


async def test_the_switch_works_while_every_other_connection_is_in_use(database_url: str, home: Path) -> None:
    async with open_house(database_url, home, environ={"DATABASE_POOL_MAX_SIZE": "2"}) as house:
        ada = await house.as_person(ADA)
        async with AsyncExitStack() as busy:
            for _ in range(2):
                await busy.enter_async_context(house.parts.system.transaction())
                await busy.enter_async_context(house.parts.app.transaction(house.ada.id))
            answer = await ada.post(f"/tenants/{house.ada.id}/pause")
            assert answer.json()["paused"] is True


async def test_the_emergency_stop_holds_everybody_and_is_the_platforms(house: House) -> None:
    ada, admin = await house.as_person(ADA), await house.as_person(ADMIN)
    assert (await ada.post("/api/config", json={"key": "emergency_stop", "value": True})).status_code == 403
    assert (await admin.get("/api/config/emergency_stop")).json() == {"emergency_stop": False}
    pulled = await admin.post("/api/config", json={"key": "emergency_stop", "value": True})
    assert pulled.json() == {"emergency_stop": True, "max_emails_per_run": None}
    assert (await admin.get("/api/config")).json() == pulled.json()
    await house.missed_call()
    [job] = (await ada.get("/api/send-jobs")).json()["items"]
    assert (job["status"], job["failure_code"]) == ("queued", "delivery.paused_global")
    page = (await ada.get("/", headers={"Accept": "text/html"})).text
    assert f"All sending is stopped by {ADMIN}" in page
    pause_only = await house.as_program(Scope.DELIVERY_PAUSE)
    kept = await pause_only.post("/api/config", json={"key": "emergency_stop", "value": False})
    assert kept.status_code == 403
    assert (await admin.post("/api/config", json={"key": "max_calls", "value": True})).status_code == 422
    await admin.post("/api/config", json={"key": "emergency_stop", "value": False})
    await house.settle()
    assert len(await house.twin.texts_to(CAROL)) == 1


async def test_a_channel_stops_everywhere(house: House) -> None:
    admin = await house.as_person(ADMIN)
    proof = await admin.post("/api/channels/sms/pause", json={"reason": "carrier outage"})
    assert proof.json()["paused"] is True
    await house.missed_call()
    assert await house.twin.texts_to(CAROL) == []
    assert (await admin.post("/api/channels/pigeon/pause")).json()["code"] == "delivery.channel_unknown"
    assert (await admin.post("/api/channels/sms/resume")).json()["paused"] is False


async def test_a_runbook_pulls_the_switch_with_the_cookie_alone_and_no_page_can(house: House) -> None:
    ada = await house.as_person(ADA)
    runbook = house.client(Cookie=f"session_id={ada.cookies['session_id']}")
    for headers in ({"Origin": house.url}, {"Sec-Fetch-Site": "same-origin"}, {"Referer": house.url}):
        refused = await runbook.post(f"/tenants/{house.ada.id}/pause", headers=headers)
        assert refused.json()["code"] == "auth.csrf"
    assert (await runbook.post(f"/tenants/{house.ada.id}/pause")).json()["paused"] is True
    assert (await runbook.post(f"/tenants/{house.ada.id}/resume")).json()["paused"] is False


async def test_the_audit_log_names_whoever_did_it_by_id_with_a_readable_name_beside_it(house: House) -> None:
    ada, program = await house.as_person(ADA), await house.as_program(Scope.DELIVERY_PAUSE, tenant_id=house.ada.id)
    await ada.post(f"/tenants/{house.ada.id}/pause", json={"reason": "by a person"})
    await ada.post(f"/api/tenants/{house.ada.id}/resume")
    await ada.patch(f"/api/tenants/{house.ada.id}", json={"ring_seconds": 21})
    await program.post(f"/tenants/{house.ada.id}/pause", json={"reason": "by a program"})
    admin = await house.as_person(ADMIN)
    await admin.post("/api/channels/sms/pause", json={"reason": "everywhere"})
    entries = (await ada.get("/api/audit-log", params={"limit": 200})).json()
    done = [(entry["action"], entry["actor"], entry["actor_name"]) for entry in entries]
    async with house.parts.system.transaction() as tx:
        person = await find_user(tx, email=ADA)
        root = await find_user(tx, email=ADMIN)
        platform = await list_entries(tx, tenant_id=None)
    assert person is not None
    assert root is not None
    ((token_actor, token_name),) = {(who, name) for _, who, name in done if who.startswith("token:")}
    assert done[-4:] == [
        ("delivery.paused", f"user:{person.id}", ADA),
        ("delivery.resumed", f"user:{person.id}", ADA),
        ("tenants.updated", f"user:{person.id}", ADA),
        ("delivery.paused", token_actor, "token:a program"),
    ]
    assert token_name == "token:a program"
    assert (platform[-1].actor, platform[-1].actor_name) == (f"user:{root.id}", ADMIN)
    for name in {who for _, who, _ in done} | {entry.actor for entry in platform}:
        assert Actor(name).id == name
