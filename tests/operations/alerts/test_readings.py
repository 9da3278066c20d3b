"""What is measured is what happened: texts, opt-outs, budgets, requests, checks, and the machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from frontdesk.kernel.ids import new_ids
from frontdesk.kernel.tallies import Tallier
from frontdesk.kernel.telemetry.metrics import (
    HTTP_REQUEST_SECONDS,
    HTTP_REQUESTS,
    WEBHOOK_REQUESTS,
    WEBHOOK_SIGNATURE_FAILURES,
)
from frontdesk.kernel.upkeep import Sample
from frontdesk.operations.alerts.counting import COUNTED, kind_of
from frontdesk.operations.alerts.readings import Machine, all_readings, by_name
from frontdesk.operations.checking import look_at_all
from tests.support.office import ADAS_NUMBER, CAROL, Office, open_office

ADD_TEXTS = """
    with person as (select id from contacts where tenant_id = $1 limit 1), made as (
      insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                             recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                             useful_until, correlation_id, created_at, updated_at, finished_at)
      select added.id, $1, added.id::text, $3, 'test', 'test', 'test', $5, person.id, $6, $7, 'twilio', 'x', 'gsm7', 1,
             $4, $5, $5::timestamptz + interval '1 day', added.id, $5, $5,
             case when $4 <> 'queued' then $5::timestamptz end
      from unnest($2::uuid[]) as added (id), person
      returning id, tenant_id, status
    )
    insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, started_at, outcome, process_id)
    select made.id, 1, made.tenant_id, $7, $5, $5, $8, $1 from made where status <> 'queued'
"""
REFUSE = """
    insert into do_not_contact (tenant_id, phone_e164, scope, source, reason, since)
    select $1, recipient_e164, 'all', 'person', 'STOP', $2 from send_jobs where tenant_id = $1 limit $3
    on conflict do nothing
"""


@pytest.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    """Open an office with one person in Ada's contacts."""
    async with open_office(database_url, home) as office:
        await office.text_in("hello", sid="SM" + "1" * 32)
        await office.settle()
        yield office


async def measured(office: Office, name: str) -> dict[tuple[str, ...], float]:
    """Measure a reading."""
    reading = by_name(all_readings(Machine(home=office.parts.settings.home)))[name]
    async with office.parts.system.transaction() as tx:
        await tx.execute("set transaction read only")
        samples = await reading.measure(tx)
    assert all(len(sample.labels) == len(reading.labels) for sample in samples)
    return {sample.labels: sample.value for sample in samples}


async def add_texts(
    office: Office, count: int, status: str, *, kind: str = "C2", at: datetime | None = None, outcome: str = "accepted"
) -> None:
    """Add texts of Ada's, sent at a moment."""
    moment = at or office.clock.now()
    async with office.login.transaction() as tx:
        await tx.execute(ADD_TEXTS, office.ada.id, new_ids(count), kind, status, moment, CAROL, ADAS_NUMBER, outcome)


async def test_every_reading_can_be_measured_and_only_reads(office: Office) -> None:
    for reading in all_readings(Machine(home=office.parts.settings.home)):
        async with office.parts.system.transaction() as tx:
            await tx.execute("set transaction read only")
            samples = await reading.measure(tx)
        assert all(isinstance(sample, Sample) for sample in samples), reading.name


async def test_the_delivery_rate_is_of_texts_that_ended(office: Office) -> None:
    await add_texts(office, 18, "delivered")
    await add_texts(office, 2, "undelivered")
    await add_texts(office, 50, "sent")  # without a receipt: unconfirmed is no failure
    await add_texts(office, 50, "delivered", at=office.clock.now() - timedelta(hours=2))
    assert await measured(office, "delivery_rate_percent") == {("harbor",): 90.0}
    assert await measured(office, "delivery_failed_percent") == {("harbor",): 10.0}
    assert await measured(office, "delivery_ended_texts") == {("harbor",): 20.0}


async def test_the_queues_of_people_and_of_marketing_are_told_apart(office: Office) -> None:
    await add_texts(office, 3, "queued")
    await add_texts(office, 4, "queued", kind="C3")
    await add_texts(office, 5, "queued", at=office.clock.now() + timedelta(hours=1))
    assert await measured(office, "send_queue_waiting") == {(): 3}
    assert await measured(office, "send_queue_length") == {(): 7}


async def test_opt_outs_are_counted_among_the_last_hundred_texts(office: Office) -> None:
    await add_texts(office, 120, "delivered", at=office.clock.now() - timedelta(hours=1))
    assert await measured(office, "opt_out_percent") == {("harbor",): 0.0}
    async with office.login.transaction() as tx:
        await tx.execute(REFUSE, office.ada.id, office.clock.now() - timedelta(hours=2), 1)
    assert await measured(office, "opt_out_percent") == {("harbor",): 0.0}, "who said STOP before is not counted"
    async with office.login.transaction() as tx:
        await tx.execute("update do_not_contact set since = $1", office.clock.now())
    assert await measured(office, "opt_out_percent") == {("harbor",): 100.0}
    assert await measured(office, "opt_out_texts") == {("harbor",): 100.0}


async def test_a_carriers_errors_are_a_share_of_its_posts(office: Office) -> None:
    await add_texts(office, 15, "accepted")
    await add_texts(office, 5, "queued")
    await add_texts(office, 5, "failed", outcome="unavailable")
    assert await measured(office, "carrier_error_percent") == {("twilio",): 25.0}
    assert await measured(office, "carrier_posts") == {("twilio",): 20.0}


async def test_a_budget_is_measured_on_its_own_day(office: Office) -> None:
    today = office.clock.now().date()
    async with office.login.transaction() as tx:
        await tx.execute("update tenants set daily_budget_cents = 200, monthly_budget_cents = 1000, timezone = 'UTC'")
        await tx.execute(
            "update budgets set day = $2, month = date_trunc('month', $2::date), daily_spent_cents = 184,"
            " monthly_spent_cents = 300 where tenant_id = $1",
            office.ada.id,
            today,
        )
    assert (await measured(office, "budget_used_percent"))["harbor",] == 92.0
    async with office.login.transaction() as tx:
        await tx.execute("update budgets set day = $1", today - timedelta(days=1))
    assert (await measured(office, "budget_used_percent"))["harbor",] == 30.0


async def test_a_number_at_its_limit_of_the_day_is_counted(office: Office) -> None:
    async with office.login.transaction() as tx:
        await tx.execute("update sending_numbers set daily_limit = 5 where phone_e164 = $1", ADAS_NUMBER)
        await tx.execute(
            "insert into number_paces (sender_e164, day, sent_today) values ($1, $2, 4)",
            ADAS_NUMBER,
            office.clock.now().date(),
        )
    assert await measured(office, "warmup_limit_reached") == {}
    async with office.login.transaction() as tx:
        await tx.execute("update number_paces set sent_today = 5")
    assert await measured(office, "warmup_limit_reached") == {("harbor",): 1.0}


async def test_first_texts_that_are_late_burn_the_budget(office: Office) -> None:
    await office.missed_call()
    await office.settle()
    assert (await measured(office, "first_text_answers"))["1h",] == 1.0
    assert (await measured(office, "first_text_late"))["1h",] == 0.0
    async with office.login.transaction() as tx:
        await tx.execute("update send_attempts set started_at = started_at + interval '6 seconds'")
    assert (await measured(office, "first_text_late"))["1h",] == 1.0
    burn = await measured(office, "first_text_burn_rate")
    assert burn == {("1h",): pytest.approx(200.0), ("6h",): pytest.approx(200.0), ("3d",): pytest.approx(200.0)}
    office.clock.ahead += timedelta(minutes=20)
    assert (await measured(office, "first_text_burn_rate"))["1h",] == 0.0, "it has stopped five minutes ago"
    assert (await measured(office, "slo_first_sms_p95_seconds"))[()] == 0.0


async def test_an_answer_that_was_given_up_is_a_ticket(office: Office) -> None:
    await add_texts(office, 2, "failed", kind="C1", outcome="rejected")
    assert await measured(office, "first_texts_failed") == {("harbor",): 2.0}


async def test_requests_of_all_processes_are_measured_together(office: Office) -> None:
    metrics = office.parts.metrics
    for status, times in (("200", 97), ("404", 0), ("500", 3)):
        metrics.increment(HTTP_REQUESTS, times, method="GET", route="/api/contacts", status=status)
    metrics.increment(HTTP_REQUESTS, 40, method="GET", route="/healthz", status="503")
    metrics.increment(WEBHOOK_REQUESTS, 10, provider="twilio", status="200")
    for _ in range(19):
        metrics.observe(HTTP_REQUEST_SECONDS, 0.2, route="/api/contacts")
    metrics.observe(HTTP_REQUEST_SECONDS, 3.0, route="/api/contacts")
    await Tallier(metrics, COUNTED).flush(office.parts.system)
    assert (await measured(office, "http_error_percent"))["api",] == 3.0
    assert (await measured(office, "http_recent_requests"))["api",] == 100.0
    assert (await measured(office, "http_error_percent"))["webhook",] == 0.0
    assert 0.1 < (await measured(office, "http_p95_seconds"))["api",] <= 0.25
    assert (await measured(office, "http_window_faults"))["1h",] == 3.0
    burn = (await measured(office, "http_burn_rate"))["1h",]
    everything = (await measured(office, "http_window_requests"))["1h",]
    assert burn == pytest.approx(3 / everything / 0.001)


async def test_signature_failures_are_those_of_the_last_whole_minute(office: Office) -> None:
    now = office.clock.now()
    office.clock.ahead += now.replace(second=20, microsecond=0) - now
    office.parts.metrics.increment(WEBHOOK_SIGNATURE_FAILURES, 12, provider="telnyx")
    await Tallier(office.parts.metrics, COUNTED).flush(office.parts.system)
    assert await measured(office, "webhook_signature_failures_per_minute") == {}
    office.clock.ahead += timedelta(minutes=1)
    assert await measured(office, "webhook_signature_failures_per_minute") == {("telnyx",): 12.0}


async def test_a_check_that_fails_is_a_sample_with_its_kind(office: Office) -> None:
    await look_at_all(office.parts.system)
    failing = await measured(office, "check_failing")
    assert failing["operations.worker_runs", "critical", "ruled"] == 1.0


async def test_news_from_webhooks_that_waits_is_measured(office: Office) -> None:
    assert await measured(office, "webhook_lag_seconds") == {(): 0.0}
    async with office.login.transaction() as tx:
        await tx.execute(
            "update outbox_events set dispatched_at = null, created_at = $1, available_at = $1"
            " where starts_with(name, 'conversations.')",
            office.clock.now() - timedelta(seconds=45),
        )
    lag = (await measured(office, "webhook_lag_seconds"))[()]
    assert 45 <= lag < 60


async def test_the_machine_tells_of_itself(office: Office) -> None:
    assert 0 < (await measured(office, "host_disk_free_percent"))[()] <= 100
    assert 0 <= (await measured(office, "host_cpu_percent"))[()] <= 100
    assert (await measured(office, "clock_offset_seconds"))[()] < 2
    assert (await measured(office, "database_up"))[()] == 1
    assert 0 < (await measured(office, "database_connections_percent"))[()] < 100
    assert await measured(office, "certificate_days_left") == {}, "nothing is served over https here"


async def test_somebody_elses_long_transaction_is_seen(office: Office) -> None:
    async with office.parts.app.transaction(office.ada.id) as tx:
        await tx.fetchval("select 1")
        await office.parts.clock.sleep(0.05)
        assert (await measured(office, "database_oldest_transaction_seconds"))[()] >= 0.05


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        ("/api/contacts/{contact_id}", "api"),
        ("/tenants/{tenant_id}/pause", "api"),
        ("/webhooks/twilio/sms", "webhook"),
        ("/businesses/{slug}", "page"),
        ("/healthz", None),
        ("/metrics", None),
        ("none", None),
    ],
)
def test_a_route_is_of_one_kind(route: str, kind: str | None) -> None:
    assert kind_of(route) == kind
