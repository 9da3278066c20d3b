"""A worker is killed at every sort of step of an import: another goes on, and nobody is lost or doubled."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import UUID

import pytest

from frontdesk.features.contacts.model import Import, ImportStatus
from frontdesk.features.contacts.service import importing
from frontdesk.features.contacts.service.reading import Job
from frontdesk.features.contacts.service.staging import Staged
from frontdesk.kernel.ids import new_id
from tests.support.actors import ADA_ACTS
from tests.support.processes import LiveOffice, live_office

ROWS, BATCH = 6_000, 500
# What the worker is held up at, and a piece of the statement that waits there: it is killed in the midst of that step.
DEATHS = [
    ("lock table imports in share mode", "set status"),  # the beginning
    ("lock table contacts in share mode", "with taken as"),  # people of a batch
    ("lock table contact_tags in share mode", "insert into contact_tags"),  # their tags
    ("lock table import_rows in share mode", "insert into import_rows"),  # what was wrong with them
    ("lock table outbox_events in share mode", "insert into outbox_events"),  # the end
]
STEPS = [1_000, 3_000, 5_000]
# Let the patience of the queue pass at once, with which it waits for a worker that says nothing.
HASTEN = "update pgqueuer set heartbeat = heartbeat - interval '1 minute' where status = 'picked'"
COUNTS = """
    select (select count(*) from contacts where tenant_id = $1),
           (select count(*) from contact_tags where tenant_id = $1)
"""


def people() -> str:
    rows = [f"Person {n},+1206{n // 5000 + 2}{n % 5000 + 200000:06},tag {n % 7}" for n in range(ROWS)]
    return "name,phone,tags\n" + "\n".join([*rows, *rows[:250]]) + "\nNobody,12,\n"


async def begin(office: LiveOffice) -> UUID:
    staged = Staged(office.home / "imports", tenant_id=office.ada.id, import_id=(import_id := new_id()))
    size, sha256 = staged.keep(io.BytesIO(people().encode()))
    settings = importing.make_settings(Job(country="US", batch=BATCH), tags=["list"], known_wins=False)
    read = await staged.look(settings.job)
    async with office.login.transaction(office.ada.id) as tx:
        await importing.add_import(
            tx,
            import_id=import_id,
            filename="people.csv",
            size=size,
            sha256=sha256,
            settings=settings,
            read=read,
            by=ADA_ACTS,
        )
        await importing.start_import(tx, import_id, dry_run=False, by=ADA_ACTS)
    return import_id


async def look_at(office: LiveOffice, import_id: UUID) -> Import:
    async with office.login.transaction(office.ada.id) as tx:
        return await importing.get_import(tx, import_id)


async def adds_up(office: LiveOffice, import_id: UUID) -> Import:
    """Check that the figures say exactly what is in the tables."""
    async with office.login.transaction(office.ada.id) as tx:
        one = await importing.get_import(tx, import_id)
        row = await tx.fetchrow(COUNTS, office.ada.id)
    assert row is not None
    assert one.rows_done == one.rows_added + one.rows_merged + one.rows_rejected
    assert row[0] == one.rows_added
    assert row[1] == 2 * one.rows_added
    assert one.rows_done % BATCH == 0 or one.rows_done == one.rows_total
    return one


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_killed_at_every_sort_of_step_it_loses_and_doubles_nobody(database_url: str, home: Path) -> None:
    async with live_office(database_url, home) as office:
        import_id = await begin(office)

        async def has_come_to(rows: int) -> None:
            async def there() -> bool:
                return (await look_at(office, import_id)).rows_done >= rows

            await office.eventually(there, seconds=60)

        for lock, waits_in in DEATHS:
            async with office.holding(lock):
                await office.fetchval(HASTEN)
                worker = await office.start_worker()
                await office.stuck_in(waits_in, kind="worker")
                await worker.kill()
            await adds_up(office, import_id)
            if waits_in == "insert into contact_tags":
                for rows in STEPS:
                    await office.fetchval(HASTEN)
                    worker = await office.start_worker()
                    await has_come_to(rows)
                    await worker.kill()
                    await adds_up(office, import_id)
        assert (await adds_up(office, import_id)).status is ImportStatus.IMPORTING
        await office.fetchval(HASTEN)
        await office.start_worker()

        async def over() -> bool:
            return not (await look_at(office, import_id)).status.is_under_way

        await office.eventually(over, seconds=60)
        stopped = await adds_up(office, import_id)
        assert stopped.status is ImportStatus.FAILED, "what kills every worker must not kill another"
        assert (stopped.rows_done, stopped.rows_total) == (6_251, 6_251)
        async with office.login.transaction(office.ada.id) as tx:
            await importing.resume_import(tx, import_id, by=ADA_ACTS)
        await office.eventually(over, seconds=60)
        done = await adds_up(office, import_id)
        assert done.status is ImportStatus.COMPLETED, done.failure
        assert (done.rows_done, done.rows_added, done.rows_merged, done.rows_rejected) == (6_251, 6_000, 250, 1)
        assert (
            await office.count("select count(*) from outbox_events where name like 'contacts.import_completed%'") == 1
        )
        staged = Staged(office.home / "imports", tenant_id=office.ada.id, import_id=import_id)

        async def is_gone() -> bool:  # the file goes after the commit
            return not staged.folder.exists()

        await office.eventually(is_gone)
