"""Kill switches, the audit log and the decisions explorer over real HTTP: who may, what is proven and explained."""

from __future__ import annotations

import csv
import re
from uuid import uuid4

import httpx2
import pytest

from frontdesk.features import delivery
from frontdesk.kernel import audit
from frontdesk.kernel.actor import person
from frontdesk.kernel.audit import find_head, verify_export
from frontdesk.operations.custody import queries as custody
from frontdesk.operations.custody.model import Break, Verification, name_of
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, ADMIN, BEN, MALLORY, OLIVE, House

CAROL = "+12065550123"


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


def audit_of(house: House) -> str:
    """Tell where the log of Ada's business is."""
    return f"/businesses/{house.ada.id}/settings/audit"


def decisions_of(house: House) -> str:
    """Tell where the decisions of Ada's business are."""
    return f"/businesses/{house.ada.id}/decisions"


@pytest.mark.parametrize(
    ("scope", "words"), [("global", "Everything"), ("channel", "All text messages"), ("tenant", "Harbor Plumbing")]
)
async def test_a_switch_is_pulled_with_a_reason_proven_and_let_go(house: House, scope: str, words: str) -> None:
    root = await visitor(house, ADMIN)
    await house.missed_call()
    key = {"global": "all", "channel": "sms", "tenant": str(house.ada.id)}[scope]
    asked = await root.get("/operations/switches", params={"ask": "pull", "scope": scope, "key": key})
    assert '<dialog id="switch-dialog"' in asked.text
    nameless = await root.post("/operations/switches/pull", data={"scope": scope, "key": key})
    assert nameless.status_code == 422
    assert "Say why" in nameless.text
    pulled = await root.post("/operations/switches/pull", data={"scope": scope, "key": key, "reason": "<b>wrong</b>"})
    assert pulled.status_code == 303
    page = await root.get("/operations/switches")
    assert words in page.text
    assert "&lt;b&gt;wrong&lt;/b&gt;" in page.text
    assert "No text has started since; the last one did at" in page.text
    assert ADMIN in page.text
    assert (await root.post("/operations/switches/release", data={"scope": scope, "key": key})).status_code == 303
    assert "No switch is pulled" in (await root.get("/operations/switches")).text


async def test_pulling_for_a_business_stands_in_its_own_log(house: House) -> None:
    root, ada = await visitor(house, ADMIN), await visitor(house, ADA)
    key = str(house.ada.id)
    await root.post("/operations/switches/pull", data={"scope": "tenant", "key": key, "reason": "a wrong price"})
    page = await ada.get(audit_of(house), params={"what": "delivery.paused"})
    assert "a wrong price" in page.text
    assert "paused sending" in page.text


async def test_switches_of_what_there_is_not_are_not_found(house: House) -> None:
    root = await visitor(house, ADMIN)
    for scope, key in (("tenant", str(uuid4())), ("campaign", str(uuid4())), ("channel", "pigeon"), ("tenant", "x")):
        answer = await root.post("/operations/switches/pull", data={"scope": scope, "key": key, "reason": "x"})
        assert answer.status_code == 404, (scope, key, answer.text)
    async with house.parts.system.transaction() as tx:
        assert not await delivery.list_paused(tx)


async def test_only_the_platform_moves_its_switches_and_a_foreign_form_does_not(house: House) -> None:
    fields = {"scope": "global", "key": "all", "reason": "x"}
    for email in (ADA, BEN, OLIVE, MALLORY):
        client = await visitor(house, email)
        assert (await client.get("/operations/switches")).status_code == 403
        assert (await client.post("/operations/switches/pull", data=fields)).status_code == 403
    root = await visitor(house, ADMIN)
    root.headers.pop("X-CSRF-Token")
    foreign = {"Origin": "https://evil.example"}
    assert (await root.post("/operations/switches/pull", data=fields, headers=foreign)).status_code == 403


async def test_the_log_is_found_by_who_what_and_when_and_page_by_page(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        for number in range(60):
            about = {"reason": f"reason {number}"}
            await audit.write_entry(tx, actor=TEST_ACTS, action="senders.changed", subject="number:x", details=about)
        carol = person(uuid4(), "carol@example.com")
        await audit.write_entry(tx, actor=carol, action="contacts.added", subject="contact:x")
    ada = await visitor(house, ADA)
    first = await ada.get(audit_of(house), params={"what": "senders"})
    assert first.text.count('<th scope="row"') == 50
    assert "reason 59" in first.text
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward is not None
    second = await ada.get(onward[1].replace("&amp;", "&"))
    assert "reason 9<" in second.text
    by_carol = await ada.get(audit_of(house), params={"who": "CAROL@"})
    assert by_carol.text.count('<th scope="row"') == 1
    assert "added somebody" in by_carol.text
    old = await ada.get(audit_of(house), params={"until": "2001-01-01"})
    assert "No entry fits what you asked for." in old.text
    assert (await ada.get(audit_of(house), params={"since": "2001-13-41"})).status_code == 422


async def test_the_log_says_whether_it_is_what_it_was(house: House) -> None:
    ada, root = await visitor(house, ADA), await visitor(house, ADMIN)
    assert "not verified yet" in (await ada.get(audit_of(house))).text
    async with house.parts.system.transaction(house.ada.id) as tx:
        head = await find_head(tx, chain="audit", tenant_id=house.ada.id)
        seen = Verification(whose=name_of(house.ada.id), verified=head, verified_at=tx.now)
        await custody.put_verification(tx, seen)
    assert head is not None
    assert f"Verified as far as entry {head.seq}." in (await ada.get(audit_of(house))).text
    async with house.parts.system.transaction() as tx:
        broken = Break(seq=2, damage="changed", at=tx.now, evidence="")
        await custody.put_verification(
            tx, Verification(whose=name_of(house.ada.id), verified=head, verified_at=tx.now, broken=broken)
        )
    assert "Entry 2 was changed." in (await ada.get(audit_of(house))).text
    assert "The log of Harbor Plumbing is broken" in (await root.get("/operations/audit")).text


async def test_the_log_leaves_as_a_table_and_as_a_sealed_chain(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        about = {"reason": "=cmd|'/c calc'!A0"}
        await audit.write_entry(tx, actor=TEST_ACTS, action="senders.changed", subject="number:x", details=about)
        head = await find_head(tx, chain="audit", tenant_id=house.ada.id)
    ada = await visitor(house, ADA)
    table = await ada.get(f"{audit_of(house)}/entries.csv", params={"what": "senders.changed"})
    rows = list(csv.reader(table.text.lstrip("\ufeff").splitlines()))
    assert rows[0][:3] == ["at", "who", "what"]
    assert rows[1][3].startswith("'=")
    chain = await ada.get(f"{audit_of(house)}/chain.jsonl")
    state = verify_export(chain.text.splitlines(), chain="audit", tenant_id=house.ada.id, head=head)
    assert isinstance(state, audit.Intact)
    root = await visitor(house, ADMIN)
    whole = await root.get("/operations/audit/chain.jsonl", params={"whose": str(house.ada.id)})
    assert whole.text == chain.text
    assert (await root.get("/operations/audit/entries.csv")).status_code == 200


async def test_the_log_is_for_those_who_may_read_it(house: House) -> None:
    ben, mallory, olive = [await visitor(house, one) for one in (BEN, MALLORY, OLIVE)]
    for path in ("", "/entries.csv", "/chain.jsonl"):
        assert (await ben.get(audit_of(house) + path)).status_code == 403
        assert (await mallory.get(audit_of(house) + path)).status_code == 404
        assert (await olive.get(audit_of(house) + path)).status_code == 200
    assert (await mallory.get("/operations/audit", params={"whose": str(house.ada.id)})).status_code == 403


async def test_why_a_text_was_sent_is_told_gate_by_gate_and_replayed(house: House) -> None:
    await house.missed_call()
    ada = await visitor(house, ADA)
    page = await ada.get(decisions_of(house))
    assert "Answer to a call" in page.text
    one = re.search(rf'href="({decisions_of(house)}/[0-9a-f-]+)"', page.text)
    assert one is not None
    shown = await ada.get(one[1])
    assert "Nothing stood in the way." in shown.text
    assert "Does the person agree?" in shown.text
    assert "47 CFR 64.1200" in shown.text
    assert "the rules of today say the same" in shown.text
    assert "Handed to the carrier" in shown.text
    async with house.parts.system.transaction(house.ada.id) as tx:
        await delivery.pause_sending(
            tx, scope=delivery.Scope.TENANT, key=str(house.ada.id), by=TEST_ACTS, reason="a test"
        )
    now = (await ada.get(one[1])).text.partition("If it were asked for now")[2]
    assert "Sending is paused." in now
    assert (await ada.get(decisions_of(house), params={"q": one[1].rpartition("/")[2]})).headers["location"] == one[1]


async def test_texts_are_found_by_person_words_and_what_became_of_them(house: House) -> None:
    await house.missed_call()
    await house.settle()
    ada = await visitor(house, ADA)

    async def rows(**asked: str) -> int:
        return (await ada.get(decisions_of(house), params=asked)).text.count('<th scope="row"')

    assert await rows(q="5550123") == 1
    assert await rows(q="HARBOR plumbing") == 1
    assert await rows(q="no such words") == 0
    assert await rows(outcome="sent") == 1
    assert await rows(outcome="not_sent") == 0
    assert await rows(outcome="held") == 0
    assert (await ada.get(decisions_of(house), params={"outcome": "x"})).status_code == 422


async def test_a_strangers_texts_are_not_explained(house: House) -> None:
    await house.missed_call()
    ada, mallory, root = [await visitor(house, one) for one in (ADA, MALLORY, ADMIN)]
    job = (await ada.get("/api/send-jobs")).json()["items"][0]["id"]
    assert (await mallory.get(decisions_of(house))).status_code == 404
    assert (await mallory.get(f"/businesses/{house.mallory.id}/decisions/{job}")).status_code == 404
    led = await root.get("/operations/decisions")
    assert led.status_code == 303
    assert led.headers["location"].endswith("/decisions")
