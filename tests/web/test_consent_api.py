"""Consent over HTTP: opt-ins with their evidence, the question by text, do-not-contact lists, the regulator's pack."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from frontdesk.kernel.auth import Scope
from tests.support.house import ADA, ADMIN, BEN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER, CAROL

DAVE = "+12065550124"
COMPLETE: dict[str, object] = {
    "phone_e164": CAROL,
    "text_shown": "I agree to get marketing texts from Harbor Plumbing. Consent is no condition of purchase.",
    "url": "https://harbor.example/join",
    "given_at": "2026-03-04T09:05:00-08:00",
    "zone": "America/Los_Angeles",
    "ip": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
    "sellers": ["Harbor Plumbing"],
    "not_a_condition": True,
    "source": "web form",
}


def unpacked(content: bytes, folder: Path, head: str) -> tuple[int, str]:
    """Unpack a pack and check it with what it brings."""
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    [pack] = folder.iterdir()
    done = subprocess.run(
        [sys.executable, "-I", str(pack / "verify.py"), "--anchor", head], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


async def test_a_consent_is_recorded_once_per_key_listed_and_taken_back(house: House) -> None:
    ada = await house.as_person(ADA)
    first = await ada.post("/api/opt-ins", json=COMPLETE, headers={"Idempotency-Key": "form-7"})
    again = await ada.post("/api/opt-ins", json=COMPLETE, headers={"Idempotency-Key": "form-7"})
    assert first.status_code == again.status_code == 201, first.text
    assert first.json() == again.json()
    assert first.json()["permits_marketing"] is True
    other = await ada.post("/api/opt-ins", json=COMPLETE | {"url": "x"}, headers={"Idempotency-Key": "form-7"})
    assert other.json()["code"] == "idempotency.other_request"
    opt_in_id = first.json()["opt_in"]["id"]
    assert [one["id"] for one in (await ada.get("/api/opt-ins")).json()["items"]] == [opt_in_id]
    assert (await ada.get(f"/api/opt-ins/{opt_in_id}")).json()["given_at"] == "2026-03-04T17:05:00Z"
    gone = await ada.post(f"/api/opt-ins/{opt_in_id}/revoke", json={"reason": "asked on the phone"})
    assert gone.json()["revoked_at"] is not None
    assert (await ada.get("/api/opt-ins", params={"in_force": True})).json()["items"] == []
    assert len((await ada.get("/api/opt-ins", params={"phone_e164": CAROL})).json()["items"]) == 1


async def test_what_a_consent_lacks_is_named(house: House) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post("/api/opt-ins", json={"phone_e164": CAROL, "text_shown": "Yes, text me"})
    assert answer.status_code == 201
    assert answer.json()["permits_marketing"] is False
    assert answer.json()["missing"] == [
        "url", "given_at", "zone", "ip", "user_agent", "sellers", "not_a_condition", "source",
    ]  # fmt: skip
    assert len((await ada.get("/api/opt-ins", params={"complete": False})).json()["items"]) == 1
    standing = (await ada.post("/api/dnc/check", json={"phone_e164": CAROL})).json()
    assert (standing["transactional"], standing["marketing"]) == ("", "law.consent_unverifiable")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"phone_e164": "2065550123"}, "web.invalid"),
        ({"given_at": "2026-03-04T09:05:00"}, "web.invalid"),
        ({"given_at": "2036-03-04T09:05:00Z"}, "consent.time_to_come"),
        ({"text_sha256": "0" * 64}, "consent.text_differs"),
        ({"zone": "Mars"}, "consent.zone_unknown"),
        ({"ip": "1.2.3"}, "consent.ip_invalid"),
        ({"user_agent": "a\u0000b"}, "web.invalid"),
        ({"tenant_id": "00000000-0000-0000-0000-000000000001"}, "web.invalid"),
    ],
)
async def test_a_consent_that_cannot_be_true_is_refused(house: House, change: dict[str, object], code: str) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post("/api/opt-ins", json=COMPLETE | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_person_who_signed_up_is_asked_by_text_and_their_yes_counts(house: House) -> None:
    ada = await house.as_person(ADA)
    asked = await ada.post("/api/opt-ins", json=COMPLETE | {"confirm": True, "frequency": "Up to 4 msgs/month"})
    assert asked.status_code == 201
    assert (asked.json()["opt_in"], asked.json()["missing"]) == (None, ["confirmation"])
    await house.settle()
    [text] = [one.body for one in await house.twin.messages() if one.to == CAROL]
    for word in ("Harbor Plumbing", "Reply YES", "Up to 4 msgs/month", "Msg & data rates may apply", "HELP", "STOP"):
        assert word in text
    assert (await ada.get("/api/opt-ins")).json()["items"] == []
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Yes!")
    await house.twin.wait_until_idle()
    await house.settle()
    [kept] = (await ada.get("/api/opt-ins")).json()["items"]
    assert kept["confirmed_at"] is not None
    assert (await ada.post("/api/dnc/check", json={"phone_e164": CAROL})).json()["marketing"] == ""
    assert [one["outcome"] for one in (await ada.get("/api/opt-in-requests")).json()["items"]] == ["confirmed"]
    assert any("You are signed up" in one.body for one in await house.twin.messages() if one.to == CAROL)


async def test_whoever_has_said_stop_is_not_even_asked(house: House) -> None:
    ada = await house.as_person(ADA)
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    await house.twin.wait_until_idle()
    await ada.post("/api/opt-ins", json=COMPLETE | {"confirm": True})
    await house.settle()
    assert not [one for one in await house.twin.messages() if one.to == CAROL and "Reply YES" in one.body]


async def test_people_are_put_on_the_list_and_taken_off_it_with_reasons(house: House) -> None:
    ben = await house.as_person(BEN)
    put = await ben.post("/api/dnc", json={"phone_e164": CAROL, "scope": "marketing", "reason": "asked by letter"})
    assert put.json()["added"] is True
    assert put.json()["standing"]["marketing"] == "consent.opted_out_of_marketing"
    assert [one["source"] for one in (await ben.get("/api/dnc", params={"phone_e164": CAROL})).json()] == ["business"]
    removed = await ben.post("/api/dnc/remove", json={"phone_e164": CAROL, "reason": "wrong number"})
    assert removed.json()["refusal"] is None
    assert (await ben.post("/api/dnc/remove", json={"phone_e164": CAROL, "reason": "again"})).status_code == 404
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    await house.twin.wait_until_idle()
    refused = await ben.post("/api/dnc/remove", json={"phone_e164": CAROL, "reason": "he did not mean it"})
    assert (refused.status_code, refused.json()["code"]) == (409, "consent.own_refusal")
    ada = await house.as_person(ADA)
    actions = [one["action"] for one in (await ada.get("/api/audit-log", params={"limit": 200})).json()]
    assert actions.count("consent.dnc_added") == actions.count("consent.dnc_removed") == 1


async def test_a_list_is_uploaded_and_its_bad_rows_are_named(house: House) -> None:
    ada = await house.as_person(ADA)
    sent = await ada.post(
        "/api/dnc/imports",
        params={"name": "litigators", "reason": "bought"},
        content=f"phone\n{CAROL}\n(206) 555-0124\nnobody\n".encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert sent.status_code == 200, sent.text
    report = sent.json()
    assert (report["added"], report["invalid"], report["invalid_rows"][0]["line"]) == (2, 1, 4)
    assert [one["id"] for one in (await ada.get("/api/dnc/imports")).json()["items"]] == [report["id"]]
    bad = await ada.post("/api/dnc/imports", params={"name": "x", "reason": "y"}, content=b"\xff\xfe\x00")
    assert (bad.status_code, bad.json()["code"]) == (422, "consent.list_unreadable")
    admin = await house.as_person(ADMIN)
    everywhere = await admin.post(
        "/api/dnc/global/imports", params={"name": "court", "reason": "order"}, content=f"{DAVE}\n".encode()
    )
    assert everywhere.json()["added"] == 1
    assert [one["phone_e164"] for one in (await admin.get("/api/dnc/global")).json()] == [DAVE]
    gone = await admin.post("/api/dnc/global/remove", json={"phone_e164": DAVE, "reason": "lifted"})
    assert gone.status_code == 204


async def test_the_pack_is_downloaded_proves_itself_and_is_in_the_audit_log(house: House, tmp_path: Path) -> None:
    ada = await house.as_person(ADA)
    await ada.post("/api/opt-ins", json=COMPLETE)
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    await house.twin.wait_until_idle()
    olive = await house.as_person(OLIVE)
    answer = await olive.post("/api/exports/compliance", json={"phone_e164": CAROL})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert CAROL.removeprefix("+") in answer.headers["content-disposition"]
    code, said = await asyncio.to_thread(unpacked, answer.content, tmp_path, answer.headers["x-chain-head"])
    assert code == 0, said
    log = (await ada.get("/api/audit-log", params={"limit": 200})).json()
    [entry] = [one for one in log if one["action"] == "insights.compliance_exported"]
    assert entry["details"]["manifest_sha256"] == answer.headers["x-manifest-sha256"]
    assert entry["actor_name"] == OLIVE


async def test_a_pack_needs_its_scope_and_knows_one_business_only(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.post("/api/opt-ins", json=COMPLETE)
    program = await house.as_program(Scope.DELIVERY_READ, Scope.CONSENT_WRITE, tenant_id=house.ada.id)
    assert (await program.post("/api/exports/compliance", json={"phone_e164": CAROL})).status_code == 403
    mallory = await house.as_person(MALLORY)
    answer = await mallory.post("/api/exports/compliance", json={"phone_e164": CAROL})
    assert (answer.status_code, answer.json()["code"]) == (404, "insights.nothing_on_record")
