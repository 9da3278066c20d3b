"""STOP and the kill switch, pulled while several workers are sending: nothing starts once they are in force."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from frontdesk.providers.twin.wire import JournalView
from tests.support.office import ADAS_NUMBER, CAROL
from tests.support.processes import LiveOffice, live_office

pytestmark = pytest.mark.slow

CREATE = "messages.create"
TO_ONE_PERSON = """
    with person as (
      insert into contacts (id, tenant_id, phone_e164, created_at) values (gen_random_uuid(), $1, $2, now())
      returning id
    )
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    select gen_random_uuid(), $1, 'test:' || n, 'C2', 'test', 'test', 'conversation', now(), person.id, $2, $3,
           'twilio', 'text ' || n, 'gsm7', 1, 'queued', now(), now() + interval '1 hour', $1, now(), now()
    from person, generate_series(1, $4::int) as n
"""


def _arrived_at(post: JournalView) -> datetime:
    return datetime.fromtimestamp(post.wall_us / 1e6, UTC)


async def _posts(office: LiveOffice) -> list[JournalView]:
    return await office.twin.journal(operation=CREATE, limit=100_000)


async def test_no_text_starts_after_a_stop_is_answered_while_two_workers_send_to_that_person(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        await office.start(workers=2)
        await office.fetchval(TO_ONE_PERSON, office.ada.id, CAROL, ADAS_NUMBER, 120)
        assert (await office.twin.wait_for_text(CAROL, status="queued", count=5, within=15)).met
        assert await office.text_in("Please stop texting me", sid="SM" + "1" * 32) == 200
        before = len(await _posts(office))
        await office.settled()
        late = (await _posts(office))[before:]
        assert [post.fields["Body"] for post in late if "opted out" not in post.fields["Body"]] == []
        texts = [post.fields["Body"] for post in await _posts(office) if post.fields["Body"].startswith("text ")]
        assert len(set(texts)) == len(texts)
        barred = await office.count("select count(*) from send_jobs where failure_code = 'consent.opted_out'")
        assert barred == 120 - len(texts)
        assert await office.count("select count(*) from compliance_events where event_type = 'stop'") == 1


async def test_a_pause_in_the_middle_of_ten_thousand_texts_stops_four_workers_within_a_second(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home, twin_beside=True) as office:
        token = await office.issue_token()
        _, *workers = await office.start(workers=4)
        for worker in workers:
            worker.step_back()
        # This worker hears of nothing: the connection that would tell it stands still at the server.
        deaf = await office.presence_backend(workers[0])
        os.kill(deaf, signal.SIGSTOP)
        try:
            queued = await office.queue(10_000)
            assert (await office.twin.wait_for_text(status="queued", count=500, within=30)).met
            status, proof = await office.ask("POST", f"/tenants/{office.ada.id}/pause", token=token)
            assert status == 200
            assert proof["paused"] is True
            await office.nothing_in_flight()
        finally:
            os.kill(deaf, signal.SIGCONT)
        _, proof = await office.ask("GET", f"/api/tenants/{office.ada.id}/pause", token=token)
        posts = await _posts(office)
        paused_at = await office.fetchval("select paused_at from delivery_switches where scope = 'tenant'")
        assert isinstance(paused_at, datetime)
        assert max(map(_arrived_at, posts)) - paused_at < timedelta(seconds=1)
        last_started_at = await office.fetchval("select max(started_at) from send_attempts")
        assert isinstance(last_started_at, datetime)
        assert last_started_at - paused_at < timedelta(seconds=1)
        assert len({post.fields["To"] for post in posts}) == len(posts)
        assert len(posts) < len(queued)
        assert await office.count("select count(*) from send_jobs where status = 'queued'") == len(queued) - len(posts)
        assert (proof["in_flight"], proof["queued"]) == (0, len(queued) - len(posts))
        assert datetime.fromisoformat(str(proof["last_started_at"])) == last_started_at
