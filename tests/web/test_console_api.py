"""The JSON API over a real missed call: what happened, why, and what people do about it."""

from __future__ import annotations

from uuid import uuid4

from frontdesk.features import senders
from frontdesk.kernel.auth import Scope
from frontdesk.providers.twin import FaultKind, FaultOrder
from tests.support.house import ADA, ADMIN, BEN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER

CAROL = "+12065550123"


async def test_a_missed_call_shows_its_text_its_latency_and_every_gate_with_its_source(house: House) -> None:
    await house.missed_call()
    ada = await house.as_person(ADA)
    listed = (await ada.get("/api/calls")).json()
    assert listed["next"] is None
    [call] = listed["items"]
    assert (call["caller_e164"], call["missed_because"]) == (CAROL, "no-answer")
    report = (await ada.get(f"/api/calls/{call['id']}")).json()
    assert report["call"]["outcome"] == "texting"
    assert report["call"]["text"]["status"] in {"accepted", "sent", "delivered"}
    assert report["first_text_ms"] > 0
    [decision] = report["decisions"]
    assert decision["verdict"] == "send"
    assert {gate["gate"] for gate in decision["gates"]} >= {"consent", "kill_switch", "sender"}
    assert all(gate["citation"] for gate in decision["gates"])


async def test_a_send_job_shows_its_decisions_and_its_posts(house: House) -> None:
    await house.missed_call()
    ben = await house.as_person(BEN)
    await house.settle()
    jobs = (await ben.get("/api/send-jobs", params={"status": ["delivered", "sent", "accepted"]})).json()["items"]
    assert len(jobs) == 1
    assert (await ben.get("/api/send-jobs", params={"status": "failed"})).json()["items"] == []
    report = (await ben.get(f"/api/send-jobs/{jobs[0]['id']}")).json()
    [attempt] = report["attempts"]
    assert attempt["started_at"]
    assert attempt["outcome"] == "accepted"
    assert [decision["code"] for decision in report["decisions"]] == ["ok"]


async def test_who_said_stop_is_not_texted_and_the_call_says_why(house: House) -> None:
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    await house.missed_call()
    olive = await house.as_person(OLIVE)
    [call] = (await olive.get("/api/calls")).json()["items"]
    report = (await olive.get(f"/api/calls/{call['id']}")).json()
    assert report["call"]["outcome"] == "skipped"
    assert report["call"]["text"]["code"] == "consent.opted_out"
    assert "64.1200(a)(10)" in report["call"]["text"]["citation"]
    assert [one["phone_e164"] for one in (await olive.get("/api/dnc")).json()] == [CAROL]
    ledger = (await olive.get("/api/compliance-events", params={"phone_e164": CAROL})).json()
    assert {"stop"} <= {event["event_type"] for event in ledger}


async def test_an_answer_by_hand_is_sent_once_per_idempotency_key(house: House) -> None:
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Can you come at 5?")
    ben = await house.as_person(BEN)
    [thread] = (await ben.get("/api/conversations")).json()
    path = f"/api/conversations/{thread['id']}/messages"
    headers = {"Idempotency-Key": "answer-1"}
    first = await ben.post(path, json={"body": "Yes, see you at 5."}, headers=headers)
    again = await ben.post(path, json={"body": "Yes, see you at 5."}, headers=headers)
    assert first.status_code == again.status_code == 202
    assert first.json()["created"] is True
    assert (again.json()["job_id"], again.json()["created"]) == (first.json()["job_id"], False)
    other = await ben.post(path, json={"body": "No."}, headers=headers)
    assert other.status_code == 409
    assert other.json()["code"] == "conversations.key_reused"
    await house.settle()
    await house.twin.wait_until_idle()
    texts = [text.body for text in await house.twin.texts_to(CAROL)]
    assert texts.count("Yes, see you at 5.") == 1
    bodies = [one["body"] for one in (await ben.get(path)).json()["items"]]
    assert bodies == ["Yes, see you at 5.", "Can you come at 5?"]


async def test_an_answer_leaves_from_the_number_that_the_person_wrote_to(house: House) -> None:
    second = "+12125550155"
    async with house.parts.system.transaction(house.ada.id) as tx:
        await senders.add_number(tx, phone_e164=second, provider="twilio")
    await house.twin.configure_number(second, sms_url=f"{house.url}/webhooks/twilio/sms")
    await house.twin.send_text(customer=CAROL, to=second, body="Hello there")
    ben = await house.as_person(BEN)
    [thread] = (await ben.get("/api/conversations")).json()
    await ben.post(f"/api/conversations/{thread['id']}/messages", json={"body": "Hello Carol"})
    await house.settle()
    assert [(text.sender, text.body) for text in await house.twin.texts_to(CAROL)] == [(second, "Hello Carol")]


async def test_nobody_writes_first_to_a_person_who_never_wrote(house: House) -> None:
    await house.missed_call()
    ben = await house.as_person(BEN)
    [thread] = (await ben.get("/api/conversations")).json()
    answer = await ben.post(f"/api/conversations/{thread['id']}/messages", json={"body": "Hello!"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "conversations.no_conversation"


async def test_lists_come_in_pages_that_neither_skip_nor_repeat(house: House) -> None:
    for number in range(3):
        await house.missed_call(f"+1206555014{number}")
    ada = await house.as_person(ADA)
    for path in ("/api/calls", "/api/contacts", "/api/send-jobs", "/api/timeline"):
        seen: list[str] = []
        before: dict[str, str] = {}
        for _ in range(10):
            page = (await ada.get(path, params={"limit": 2, **before})).json()
            seen += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            before = {"before": page["next"]}
        assert len(seen) == len(set(seen)) >= 3, path
        assert seen == sorted(seen, reverse=True), path
    assert (await ada.get("/api/calls", params={"limit": 0})).status_code == 422


async def test_settings_change_with_named_faults_and_are_audited(house: House) -> None:
    ada = await house.as_person(ADA)
    path = f"/api/tenants/{house.ada.id}"
    bad = await ada.patch(
        path,
        json={"timezone": "Mars/Olympus", "ring_seconds": 2, "forwarding_e164": "555", "name": None, "tenant_id": "x"},
    )
    assert bad.status_code == 422
    assert {fault["path"] for fault in bad.json()["faults"]} >= {
        "timezone", "ring_seconds", "forwarding_e164", "tenant_id",
    }  # fmt: skip
    hours = await ada.patch(path, json={"hours": {"weekly": {"mon": [["9", "17:00"]]}}})
    assert hours.json()["code"] == "tenants.hours_invalid"
    words = await ada.patch(path, json={"textback_open_template": "Sorry! Reply CANCEL to cancel your booking."})
    assert words.json()["code"] == "tenants.template_invalid"
    good = await ada.patch(path, json={"ring_seconds": 30, "forwarding_e164": None, "timezone": "America/Denver"})
    assert good.status_code == 200
    assert (good.json()["ring_seconds"], good.json()["forwarding_e164"]) == (30, None)
    entries = (await ada.get("/api/audit-log")).json()
    assert entries[-1]["action"] == "tenants.updated"
    assert entries[-1]["details"] == {"fields": ["forwarding_e164", "ring_seconds", "timezone"]}


async def test_everyone_sees_their_own_businesses_only(house: House) -> None:
    names = {}
    for email in (ADA, MALLORY, ADMIN):
        answer = await (await house.as_person(email)).get("/api/tenants")
        names[email] = [one["name"] for one in answer.json()]
    assert names == {ADA: ["Harbor Plumbing"], MALLORY: ["Mesa Dental"], ADMIN: ["Harbor Plumbing", "Mesa Dental"]}


async def test_a_failed_text_raises_a_task_that_a_person_finishes(house: House) -> None:
    await house.twin.inject_fault(FaultOrder(kind=FaultKind.REFUSED, code=21614))
    await house.missed_call()
    await house.settle()
    ben = await house.as_person(BEN)
    [task] = (await ben.get("/api/tasks")).json()
    assert task["kind"] == "text_failed"
    assert (await ben.post(f"/api/tasks/{task['id']}/done")).status_code == 204
    assert (await ben.get("/api/tasks")).json() == []
    assert (await ben.post(f"/api/tasks/{task['id']}/done")).json()["code"] == "conversations.task_not_open"


async def test_the_simulation_calls_through_the_twin(house: House) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post("/api/simulate/missed-call", json={"caller": CAROL})
    assert answer.status_code == 202
    report = await house.twin.wait_for_text(CAROL)
    assert report.met
    program = await house.as_program(Scope.SIMULATE, tenant_id=house.ada.id)
    assert (await program.post("/api/simulate/text", json={"customer": CAROL, "body": "Hi"})).status_code == 202


async def test_a_voicemail_that_is_not_fetched_yet_says_so(house: House) -> None:
    await house.twin.place_call(caller=CAROL, to=ADAS_NUMBER, voicemail=True)
    await house.twin.wait_until_idle()
    ada = await house.as_person(ADA)
    [entry] = (await ada.get("/api/timeline")).json()["items"]
    [voicemail] = entry["voicemails"]
    path = f"/api/voicemails/{voicemail['id']}/audio"
    assert (await ada.get(path)).json()["code"] == "calls.voicemail_on_its_way"
    folder = house.parts.settings.process.home / "recordings" / str(house.ada.id)
    folder.mkdir(parents=True)
    (folder / "message.wav").write_bytes(b"RIFF0123456789")
    async with house.parts.system.transaction(house.ada.id) as tx:
        await tx.execute(
            "update voicemails set stored_as = $1, content_type = 'audio/wav'", f"{house.ada.id}/message.wav"
        )
    heard = await ada.get(path, headers={"Range": "bytes=0-3"})
    assert (heard.status_code, heard.content, heard.headers["content-type"]) == (206, b"RIFF", "audio/wav")
    async with house.parts.system.transaction(house.ada.id) as tx:
        await tx.execute("update voicemails set stored_as = $1", "../secrets/secret_key")
    assert (await ada.get(path)).status_code == 404
    assert (await ada.get(f"/api/voicemails/{uuid4()}/audio")).status_code == 404
