"""Whatever the periods and however old the rows: forgetting takes nothing that proves consent, a refusal or a text."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from frontdesk.kernel.jobs import JobsWorker, RunState, Workflows, get_run, start_run
from frontdesk.kernel.settings.parts import RetentionSettings
from frontdesk.operations.maintenance.cleaning import RETENTION
from frontdesk.worker.background import add_retention
from tests.architecture.test_tenant_walls import ADA, MALLORY, made_up_row, tenant_tables
from tests.worker.place import Workplace, workplace

# All that may be forgotten by age; what is not named here must be there afterwards, row for row.
FORGOTTEN = {
    "webhook_events", "outbox_events", "conv_messages", "import_rows", "import_changes", "imports", "idempotency_keys",
    "provoked_texts", "api_allowances", "monitor_runs", "sessions", "login_attempts", "job_runs", "job_steps",
}  # fmt: skip
# What the law asks for by name; each must be among what was looked at.
EVIDENCE = {
    "compliance_events", "opt_ins", "opt_in_requests", "do_not_contact", "global_do_not_contact", "sender_opt_outs",
    "suppression_imports", "send_decisions", "send_jobs", "send_attempts", "audit_log", "chain_heads",
}  # fmt: skip
# What moves by itself while programs run.
MOVING = {"live_processes", "job_schedules", "alembic_version", "webhook_cursors"}
TABLES = "select tablename from pg_tables where schemaname = 'public' and not starts_with(tablename, 'pgqueuer')"
MOMENTS = """
    select table_name, column_name from information_schema.columns
    where table_schema = 'public' and data_type = 'timestamp with time zone' and is_generated = 'NEVER'
"""
PERIODS = ("conv_messages_days", "webhook_events_days", "outbox_events_days", "import_rows_days")
OLDEST = 4000


ROWS = {
    "global_do_not_contact": """
        insert into global_do_not_contact (phone_e164, scope, reason, listed_by, since)
        values ('+12065550123', 'all', 'x', 'tests', now())
    """,
    "sender_opt_outs": """
        insert into sender_opt_outs (sender_e164, phone_e164, since, reason)
        values ('+12065550100', '+12065550123', now(), 'STOP')
    """,
}


async def fill(owner: asyncpg.Connection) -> None:
    """Put a row of each business into every table that holds businesses' rows."""
    await owner.execute("set session_replication_role = replica")
    for table, column in (await tenant_tables(owner)).items():
        if table in FORGOTTEN | MOVING:
            continue
        for tenant in (ADA, MALLORY):
            # A row that cannot be made up is none of the evidence, which is counted below.
            with suppress(asyncpg.IntegrityConstraintViolationError, KeyError):
                statement, values = await made_up_row(owner, table, column, tenant)
                await owner.execute(statement, *values)
    for table in ("global_do_not_contact", "sender_opt_outs"):
        await owner.execute(ROWS[table])


async def age(owner: asyncpg.Connection, tables: set[str], chance: random.Random) -> None:
    """Let everything in some tables have happened long ago, each at another moment."""
    for row in await owner.fetch(MOMENTS):
        if row["table_name"] in tables:
            days = chance.randrange(1, OLDEST)
            column, table = row["column_name"], row["table_name"]
            await owner.execute(
                f"update {table} set {column} = now() - make_interval(days => $1)"  # noqa: S608 - the catalogue's names
                f" where {column} is not null",
                days,
            )


async def everything(owner: asyncpg.Connection, tables: set[str]) -> dict[str, list[str]]:
    """Read every row of some tables."""
    found = {}
    for table in sorted(tables):
        rows = await owner.fetch(f"select t::text as row from {table} as t order by 1")  # noqa: S608 - the same
        found[table] = [row["row"] for row in rows]
    return found


async def forget(place: Workplace, database_url: str, ages: RetentionSettings, key: str) -> None:
    """Run the nightly forgetting once."""
    workflows = Workflows()
    add_retention(workflows, replace(place.parts, settings=replace(place.parts.settings, retention=ages)))
    async with place.parts.system.transaction() as tx:
        run_id = (await start_run(tx, RETENTION, {}, key=key)).run_id
    stop = asyncio.Event()
    jobs = JobsWorker(database_url, workflows, app=place.parts.app, system=place.parts.system)
    working = asyncio.create_task(jobs.run(stop))

    async def done() -> bool:
        async with place.parts.system.transaction() as tx:
            return (await get_run(tx, run_id=run_id)).state is RunState.SUCCEEDED

    await place.eventually(done)
    stop.set()
    await working


@pytest.mark.timeout(120)
async def test_no_period_and_no_age_takes_evidence_away(database_url: str, home: Path) -> None:
    async with workplace(database_url, home) as place:
        owner = await asyncpg.connect(database_url)
        try:
            await fill(owner)
            kept = {row["tablename"] for row in await owner.fetch(TABLES)} - FORGOTTEN - MOVING
            assert kept >= EVIDENCE
            for seed in range(5):
                chance = random.Random(seed)
                await age(owner, EVIDENCE, chance)
                before = await everything(owner, kept)
                assert all(before[table] for table in EVIDENCE), [table for table in EVIDENCE if not before[table]]
                ages = RetentionSettings.model_validate({one: chance.choice((1, 30, OLDEST)) for one in PERIODS})
                await forget(place, database_url, ages, f"seed-{seed}")
                after = await everything(owner, kept)
                lost = {table: len(before[table]) - len(after[table]) for table in kept}
                assert {table for table, rows in lost.items() if rows > 0} == set()
                assert {table: after[table] for table in EVIDENCE} == {table: before[table] for table in EVIDENCE}
        finally:
            await owner.close()
