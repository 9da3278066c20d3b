"""An event that kills whoever touches it is set aside after three deaths, and never holds up the others."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from frontdesk.features.delivery.events import TextGivenUp
from frontdesk.kernel.events import Event
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.outbox.catalogue import encode
from frontdesk.wiring import catalogue
from tests.support.office import CAROL
from tests.support.processes import LiveOffice, live_office

ANNOUNCE = """
    insert into outbox_events (id, tenant_id, name, payload, correlation_id, created_at, available_at)
    values ($1, $2, $3, $4::jsonb, $1, now(), now())
"""
TASKS = "select count(*) from tasks where source_key = $1"
# Whoever handles this very event waits behind an insert that never commits; others do not notice.
IN_THE_WAY = """
    insert into tasks (id, tenant_id, kind, subject, source_key, created_at)
    values (gen_random_uuid(), $1, 'text_failed', 'in the way', $2, now())
"""


async def _announce(office: LiveOffice, event: Event, *, payload: str = "") -> UUID:
    event_id = new_id()
    await office.fetchval(ANNOUNCE, event_id, office.ada.id, event.name, payload or encode(event))
    return event_id


def _given_up() -> TextGivenUp:
    return TextGivenUp(job_id=new_id(), recipient_e164=CAROL, message_class="C1", reason="test")


async def _handled(office: LiveOffice, event: TextGivenUp) -> None:
    async def there() -> bool:
        return await office.count(TASKS, f"text_failed:{event.job_id}") == 1

    await office.eventually(there)


async def _reads(office: LiveOffice, event_id: UUID) -> Event:
    """Read a buried event with the program's own catalogue."""
    async with office.login.transaction() as tx:
        row = await tx.fetchrow("select name, payload from outbox_events_errors where id = $1", event_id)
    assert row is not None
    return catalogue().decode(row["name"], row["payload"])


@pytest.mark.slow
async def test_an_event_that_kills_its_worker_is_set_aside_after_three_deaths_and_others_flow(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        poison, others = _given_up(), [_given_up() for _ in range(20)]
        async with office.holding(IN_THE_WAY, office.ada.id, f"text_failed:{poison.job_id}"):
            for event in others[:10]:
                await _announce(office, event)
            buried = await _announce(office, poison)
            for event in others[10:]:
                await _announce(office, event)
            for _ in range(3):
                worker = await office.start_worker()
                connection = await office.stuck_in("insert into tasks", kind="worker")
                await worker.kill()
                await office.end_backends([connection])  # the server would notice within 5 s
            await office.start_worker()
            for event in others:
                await _handled(office, event)

            async def set_aside() -> bool:
                return await office.count("select count(*) from outbox_events_errors") == 1

            await office.eventually(set_aside)
            assert await _reads(office, buried) == poison
            assert await office.fetchval("select claims from outbox_events_errors") == 4
        assert await office.count("select count(*) from tasks") == len(others)

        # Deeper than a program can read, though PostgreSQL keeps it.
        deep = await _announce(office, poison, payload='{"a":' * 3000 + "1" + "}" * 3000)
        latest = _given_up()
        await _announce(office, latest)
        await _handled(office, latest)
        unreadable = msgspec.to_builtins(await _reads(office, deep))
        assert unreadable["original_name"] == TextGivenUp.name

        async def nothing_waits() -> bool:  # a batch is noted as dispatched after its last handler
            return await office.count("select count(*) from outbox_events where dispatched_at is null") == 0

        await office.eventually(nothing_waits)
