"""A set of due texts: gated with one look, decided like each alone, and every decision told in full."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest_asyncio

from frontdesk.features import contacts, delivery
from frontdesk.features.delivery.gates import ALL_PASSED, RULES_VERSION
from frontdesk.features.delivery.queries.claiming import read_facts_of_set
from frontdesk.features.delivery.queries.jobs import claim_jobs
from frontdesk.features.delivery.service.claiming import claim_and_gate
from frontdesk.features.delivery.service.deciding import ALL_PASSED_JSON
from frontdesk.kernel.ids import new_id
from tests.support.office import ADAS_NUMBER, CAROL, MALLORYS_NUMBER, Office, open_office

OTHERS = ("+12065550124", "+12065550125", "+12065550126")
QUEUE = """
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    values ($1::uuid, $2, $1::uuid::text, 'C2', 'test', 'test', 'conversation', $3, $4, $5, $6, 'twilio', 'Hi', 'gsm7',
            1, 'queued', $3, $3::timestamptz + interval '1 hour', $1, $3, $3)
"""


@pytest_asyncio.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, home) as found:
        yield found


async def queue(office: Office, recipients: Sequence[str], *, tenant: UUID, sender: str) -> list[UUID]:
    """Queue a text to each that nobody has decided on yet; returns them in the order they are due."""
    ids = []
    async with office.parts.app.transaction(tenant) as tx:
        for recipient in recipients:
            person = await contacts.ensure_contact(tx, phone_e164=recipient)
            ids.append(new_id())
            await tx.execute(QUEUE, ids[-1], tx.tenant, tx.now, person.id, recipient, sender)
    return sorted(ids)


async def claim(office: Office, *, limit: int = 100) -> list[UUID]:
    """Claim and gate as a worker does; returns the texts that may leave."""
    async with office.parts.system.transaction() as tx:
        leased, _ = await claim_and_gate(
            tx,
            limit=limit,
            owner=office.parts.process_id,
            decided_from=office.clock.monotonic(),
            paused_by_setting=False,
        )
    return [job.id for job in leased]


async def stored(office: Office, statement: str, *arguments: object) -> list[asyncpg.Record]:
    async with office.login.transaction() as tx:
        return await tx.fetch(statement, *arguments)


async def test_facts_of_a_set_are_the_facts_of_each_alone(office: Office) -> None:
    await queue(office, (CAROL, CAROL, *OTHERS), tenant=office.ada.id, sender=ADAS_NUMBER)
    await queue(
        office, (CAROL, OTHERS[0], ADAS_NUMBER, MALLORYS_NUMBER), tenant=office.mallory.id, sender=MALLORYS_NUMBER
    )
    await queue(office, (OTHERS[1],), tenant=office.mallory.id, sender=ADAS_NUMBER)
    async with office.parts.system.transaction() as tx:
        await tx.execute(
            "insert into do_not_contact (tenant_id, phone_e164, scope, reason, since)"
            " values ($1, $2, 'all', 'test', $3)",
            office.ada.id, OTHERS[0], tx.now,
        )  # fmt: skip
        await tx.execute(
            "insert into sender_opt_outs (sender_e164, phone_e164, reason, since) values ($1, $2, 'test', $3)",
            MALLORYS_NUMBER, OTHERS[0], tx.now,
        )  # fmt: skip
    async with office.parts.system.transaction() as tx:
        claimed = await claim_jobs(tx, limit=100)
        alone = [facts for job in claimed for facts in await read_facts_of_set(tx, [job])]
        assert await read_facts_of_set(tx, claimed) == alone
    assert len(claimed) == 9
    assert {one.opted_out_scope for one in alone} == {None, "all"}
    assert {one.opted_out_of_sender for one in alone} == {False, True}
    assert {one.recipient_is_own_number for one in alone} == {False, True}
    assert {one.sender_known for one in alone} == {False, True}


async def test_texts_that_pass_and_texts_that_do_not_are_told_apart_in_one_set(office: Office) -> None:
    first, second, third = await queue(office, OTHERS, tenant=office.ada.id, sender=ADAS_NUMBER)
    (stray,) = await queue(office, (CAROL,), tenant=office.mallory.id, sender=ADAS_NUMBER)
    assert await claim(office) == [first, second, third]
    rows = await stored(office, "select id, status, fence, attempts, lease_owner, failure_code from send_jobs")
    assert {row["id"]: tuple(row)[1:] for row in rows} == {
        **dict.fromkeys((first, second, third), ("posting", 1, 1, office.parts.process_id, None)),
        stray: ("blocked", 0, 0, None, "senders.unknown_number"),
    }
    attempts = await stored(office, "select job_id, fence from send_attempts order by job_id")
    assert [tuple(row) for row in attempts] == [(job, 1) for job in sorted((first, second, third))]


async def test_a_limit_is_kept_and_the_longest_due_go_first(office: Office) -> None:
    jobs = await queue(office, (CAROL, *OTHERS), tenant=office.ada.id, sender=ADAS_NUMBER)
    assert await claim(office, limit=3) == jobs[:3]
    assert await claim(office, limit=3) == jobs[3:]


async def test_a_text_that_passed_every_gate_tells_every_gate(office: Office) -> None:
    (passed,) = await queue(office, (CAROL,), tenant=office.ada.id, sender=ADAS_NUMBER)
    (barred,) = await queue(office, (CAROL,), tenant=office.mallory.id, sender=ADAS_NUMBER)
    assert await claim(office) == [passed]
    async with office.parts.app.transaction(office.ada.id) as tx:
        (told,) = (await delivery.report_job(tx, job_id=passed)).decisions
    assert (told.verdict, told.code, told.rules_version) == ("send", "ok", RULES_VERSION)
    assert json.loads(told.gates_json) == json.loads(ALL_PASSED_JSON)
    assert [gate["gate"] for gate in json.loads(told.gates_json)] == [gate.gate for gate in ALL_PASSED.gates]
    async with office.parts.app.transaction(office.mallory.id) as tx:
        (refused,) = (await delivery.report_job(tx, job_id=barred)).decisions
    assert {gate["verdict"] for gate in json.loads(refused.gates_json)} == {"send", "bar"}
    assert len(await stored(office, "select rules_version from passed_gates")) == 1
