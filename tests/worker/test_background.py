"""What a worker does by the clock: old rows go, what must be kept stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

from frontdesk.kernel.jobs import JobsWorker, RunState, Workflows, list_runs, start_run
from frontdesk.operations.maintenance.cleaning import RETENTION
from frontdesk.worker.background import add_retention
from tests.support.office import ADAS_NUMBER, CAROL
from tests.worker.place import workplace

OLD_AND_NEW = """
    insert into webhook_events (id, provider, kind, dedupe_key, body, correlation_id, received_at)
    select gen_random_uuid(), 'twilio', 'voice', age::text, '', gen_random_uuid(), now() - make_interval(days => age)
    from unnest(array[89, 91, 400]) as age;
    insert into outbox_events (id, name, payload, correlation_id, created_at, available_at, dispatched_at)
    select gen_random_uuid(), 'calls.answered.v1', '{}', gen_random_uuid(), now() - make_interval(days => age),
           now() - make_interval(days => age), now() - make_interval(days => age)
    from unnest(array[29, 31]) as age;
    insert into outbox_events (id, name, payload, correlation_id, created_at, available_at)
    select gen_random_uuid(), 'calls.answered.v1', '{}', gen_random_uuid(), now() - interval '60 days',
           now() + interval '1 hour'
"""
HANDED_ON_LONG_AGO = "select count(*) from outbox_events where dispatched_at < now() - interval '30 days'"
OLD_TEXTS = """
    with person as (
      insert into contacts (id, tenant_id, phone_e164, created_at)
      select gen_random_uuid(), id, $1, now() from tenants returning id, tenant_id
    ), thread as (
      insert into conversations (id, tenant_id, contact_id, last_message_at, created_at)
      select gen_random_uuid(), tenant_id, id, now(), now() from person returning id, tenant_id
    )
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, created_at)
    select gen_random_uuid(), tenant_id, id, 'inbound', age::text, $1, $2, now() - make_interval(days => age)
    from thread, unnest(array[179, 181]) as age
"""
OLD_IMPORTS = """
    with file as (
      insert into imports (id, tenant_id, filename, file_kind, file_bytes, file_sha256, status, settings, layout,
                           created_by, created_at, updated_at, finished_at)
      select gen_random_uuid(), id, age::text, 'csv', 1, '', 'completed', '{}', '{}', 'tests', now(), now(),
             now() - make_interval(days => age)
      from tenants, unnest(array[29, 31]) as age returning id, tenant_id
    )
    insert into import_rows (tenant_id, import_id, row_number, outcome, problems, cells)
    select tenant_id, id, row_number, 'rejected', '[]', '[]' from file, generate_series(2, 5000) as row_number
"""
ROWS_LEFT = """
    select one.filename, count(kept.row_number) as rows, one.rows_forgotten_at is null as is_kept
    from imports as one left join import_rows as kept on kept.import_id = one.id
    group by one.id order by one.filename
"""


async def test_the_nightly_run_forgets_what_is_older_than_the_settings_say(database_url: str, home: Path) -> None:
    async with workplace(database_url, home) as place:
        await place.login.execute(OLD_AND_NEW)
        await place.login.execute(OLD_TEXTS, CAROL, ADAS_NUMBER)
        await place.login.execute(OLD_IMPORTS)
        audited = await place.login.fetchval("select count(*) from audit_log")
        workflows = Workflows()
        add_retention(workflows, place.parts)
        assert [schedule.name for schedule in workflows.schedules] == ["retention.nightly"]
        async with place.parts.system.transaction() as tx:
            await start_run(tx, RETENTION, {}, key="test")
        stop = asyncio.Event()
        jobs = JobsWorker(database_url, workflows, app=place.parts.app, system=place.parts.system)
        working = asyncio.create_task(jobs.run(stop))

        async def done() -> bool:
            async with place.parts.system.transaction() as tx:
                return bool(await list_runs(tx, state=RunState.SUCCEEDED))

        await place.eventually(done)
        stop.set()
        await working
        ages = await place.login.fetch("select dedupe_key from webhook_events")
        assert [row["dedupe_key"] for row in ages] == ["89"]
        assert await place.login.fetchval(HANDED_ON_LONG_AGO) == 0
        assert await place.login.fetchval("select count(*) from outbox_events where dispatched_at is null") == 1
        assert [row["body"] for row in await place.login.fetch("select body from conv_messages")] == ["179"]
        files = [tuple(row) for row in await place.login.fetch(ROWS_LEFT)]
        assert files == [("29", 4999, True), ("31", 0, False)]
        assert await place.login.fetchval("select count(*) from audit_log") == audited
