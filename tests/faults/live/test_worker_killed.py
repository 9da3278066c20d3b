"""A worker is killed at each step of its work: others finish it, and nobody gets a text twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.support.processes import LiveOffice, Program, live_office
from tests.support.shut_door import ShutDoor

CREATE, LIST = "messages.create", "messages.list"
CONFUSE_THE_WEB = """
    create function confuse_the_web() returns trigger language plpgsql as $$
      begin
        if current_setting('application_name') = 'frontdesk-web' then
          raise exception 'the web process cannot do this now';
        end if;
        return new;
      end $$;
    create trigger confuse_the_web before insert on textbacks for each row execute function confuse_the_web()
"""


async def _killed_before_the_lease_is_committed(office: LiveOffice, worker: Program, recipient: str) -> None:
    async with office.holding("lock table send_attempts in share mode"):
        await office.queue(1, first=int(recipient[-7:]))
        await office.stuck_in("insert into send_attempts", kind="worker")
        await worker.kill()
    assert await office.status_of(recipient) == "queued"


async def _killed_while_the_carrier_answers(office: LiveOffice, worker: Program, recipient: str) -> None:
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=CREATE, recipient=recipient, seconds=60))
    await office.queue(1, first=int(recipient[-7:]))
    assert (await office.twin.wait_for_text(recipient, status="queued")).met
    await worker.kill()


async def _killed_before_the_result_is_written(office: LiveOffice, worker: Program, recipient: str) -> None:
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=CREATE, recipient=recipient, seconds=0.3))
    await office.queue(1, first=int(recipient[-7:]))
    assert (await office.twin.wait_for_text(recipient, status="queued")).met
    async with office.holding("lock table send_attempts in share mode"):
        await office.stuck_in("update send_attempts", kind="worker")
        await worker.kill()


async def _killed_while_it_asks_the_carrier(office: LiveOffice, worker: Program, recipient: str) -> None:
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on=CREATE, recipient=recipient))
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=LIST, recipient="", seconds=60))
    await office.queue(1, first=int(recipient[-7:]))

    async def asked() -> bool:
        return bool(await office.twin.journal(operation=LIST, to=recipient))

    await office.eventually(asked)
    await worker.kill()
    assert await office.status_of(recipient) == "unknown"


async def _killed_before_the_finding_is_written(office: LiveOffice, worker: Program, recipient: str) -> None:
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on=CREATE, recipient=recipient))
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=LIST, recipient="", seconds=0.3))
    await office.queue(1, first=int(recipient[-7:]))

    async def asked() -> bool:
        return bool(await office.twin.journal(operation=LIST, to=recipient))

    await office.eventually(asked)
    async with office.holding("lock table send_jobs in share mode"):
        await office.stuck_in("set status = $3, provider_message_id = $4", kind="worker")
        await worker.kill()


async def test_a_worker_killed_at_any_step_of_a_text_leaves_it_to_others_and_it_leaves_once(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        [worker] = await office.start(webs=0)
        points = (
            _killed_before_the_lease_is_committed,
            _killed_while_the_carrier_answers,
            _killed_before_the_result_is_written,
            _killed_while_it_asks_the_carrier,
            _killed_before_the_finding_is_written,
        )
        recipients = [f"+1207{number:07}" for number in range(1, 1 + len(points))]
        for point, recipient in zip(points, recipients, strict=True):
            await point(office, worker, recipient)
            worker = await office.start_worker()
            await office.settled()
            assert await office.posts_to(recipient) == 1
        await office.each_got_one(recipients)
