"""Figures are true, forgetting by hand forgets what it counted, and evidence never shrinks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from frontdesk.kernel import actor
from frontdesk.kernel.db import Database
from frontdesk.kernel.jobs import get_run
from frontdesk.kernel.settings.parts import RetentionSettings
from frontdesk.operations.maintenance import cleaning, config, figures
from frontdesk.operations.maintenance.queries.figures import ErrorType
from frontdesk.operations.maintenance.queries.sizes import TableStats

ADA = actor.system("cli/ada")
AGES = RetentionSettings.model_validate({})
ADD_WEBHOOKS = """
    insert into webhook_events (id, provider, kind, dedupe_key, body, correlation_id, received_at)
    select gen_random_uuid(), 'twilio', 'voice', age::text, '', gen_random_uuid(),
           $1::timestamptz - make_interval(days => age)
    from unnest(array[89, 91, 400]) as age
"""
REJECT = """
    insert into outbox_events_errors (id, name, payload, correlation_id, created_at, attempts, claims, handled,
                                      last_error, failed_at)
    select gen_random_uuid(), name, '{}', gen_random_uuid(), $1, 5, 0, '{}', 'did not fit', $1
    from unnest(array['conversations.received.v1', 'calls.missed.v1']) as name
"""


async def test_cleanup_counts_what_it_will_delete_and_a_dry_run_starts_nothing(system: Database) -> None:
    async with system.transaction() as tx:
        await tx.execute(ADD_WEBHOOKS, tx.now)
        dry = await cleaning.order_cleanup(tx, AGES, by=ADA, dry_run=True)
        ordered = await cleaning.order_cleanup(tx, AGES, by=ADA, dry_run=False)
        again = await cleaning.order_cleanup(tx, AGES, by=ADA, dry_run=False)
        assert dry.run_id is None
        assert ordered.run_id is not None
        assert (await get_run(tx, run_id=ordered.run_id)).workflow == cleaning.RETENTION
        assert again.run_id == ordered.run_id
    counted = {old.name: old.rows for old in ordered.deletes}
    assert counted["webhook_events"] == 2
    assert "compliance_events" not in counted
    assert "audit_log" not in counted


async def test_errors_are_listed_by_type_and_the_sources_names_answer(system: Database) -> None:
    async with system.transaction() as tx:
        await tx.execute(REJECT, tx.now)
        every = await figures.list_errors(tx, kind=None, limit=10)
        replies = await figures.list_errors(tx, kind=ErrorType.REPLY_PROCESSING, limit=10)
        for kind in ErrorType:
            assert len(await figures.list_errors(tx, kind=kind, limit=1)) <= 1
        waiting = await figures.read_retry_queue(tx)
    assert {error.subject for error in every} == {"conversations.received.v1", "calls.missed.v1"}
    assert [error.subject for error in replies] == ["conversations.received.v1"]
    assert waiting.dead == 2
    assert {one.queue: one.waiting for one in waiting.queues}["rejected_events"] == 2


async def test_nothing_was_sent_on_a_day_without_texts(system: Database) -> None:
    async with system.transaction() as tx:
        stats = await figures.read_stats(tx)
    assert (stats.sent_today, stats.bounces, stats.emails_sent_today) == (0, 0, 0)


async def test_the_limit_of_e_mails_is_kept_beside_the_emergency_stop(system: Database) -> None:
    async with system.transaction() as tx:
        assert await config.read_config(tx) == config.Config(emergency_stop=False, max_emails_per_run=None)
        await config.set_max_emails(tx, limit=1, by=ADA)
        await config.set_emergency_stop(tx, stopped=True, by=ADA)
        assert await config.read_config(tx) == config.Config(emergency_stop=True, max_emails_per_run=1)


async def test_every_table_is_measured_with_its_oldest_row(system: Database) -> None:
    async with system.transaction() as tx:
        await tx.execute(ADD_WEBHOOKS, tx.now)
        now = tx.now
        found = await cleaning.measure_database(tx)
    tables = {one.stats.name: one for one in found.tables}
    assert found.total_bytes > 0
    assert tables["webhook_events"].oldest_at == now - timedelta(days=400)
    assert tables["send_jobs"].stats.total_bytes > 0
    assert all(one.hint == "" for one in found.tables)


@pytest.mark.parametrize(
    ("live", "dead", "words"), [(1_000, 500, ""), (100_000, 15_000, ""), (20_000, 15_000, "vacuum (analyze) calls")]
)
def test_dead_rows_are_named_when_there_are_many(live: int, dead: int, words: str) -> None:
    stats = TableStats(
        name="calls",
        total_bytes=1,
        index_bytes=1,
        live_rows=live,
        dead_rows=dead,
        table_scans=0,
        index_scans=1,
        vacuumed_at=None,
        analyzed_at=None,
    )
    hint = cleaning.hint_for(stats)
    assert hint.startswith(words)
    assert bool(hint) == bool(words)
