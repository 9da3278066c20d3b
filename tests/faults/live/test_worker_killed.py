"""A worker is killed at each step of its work: others finish it, and nobody gets a text twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.support.processes import LiveOffice, live_office
from tests.support.program import Program
from tests.support.shut_door import ShutDoor

CREATE, LIST = "messages.create", "messages.list"


async def _killed_before_the_lease_is_committed(office: LiveOffice, worker: Program, recipient: str) -> None:
    async with office.holding("lock table send_attempts in share mode"):
        await office.queue(1, first=int(recipient[-7:]))
        await office.stuck_in("with decided as", kind="worker")
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


async def _killed_before_the_request_leaves(office: LiveOffice, recipient: str) -> None:
    """Kill one of its own when its lease is committed and the carrier cannot be reached."""
    async with ShutDoor(office.twin_url) as door:
        worker = await office.start_worker(TWILIO_API_BASE_URL=door.url)
        await office.queue(1, first=int(recipient[-7:]))
        await office.reaches(recipient, "posting")
        await worker.kill()
    assert await office.posts_to(recipient) == 0


async def _asks_the_carrier(office: LiveOffice, recipient: str, *, seconds: float) -> None:
    """Let the carrier's reply to a text be lost, and wait until a worker looks for the text there."""
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on=CREATE, recipient=recipient))
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=LIST, seconds=seconds))
    await office.queue(1, first=int(recipient[-7:]))

    async def asked() -> bool:
        await office.hasten()
        return bool(await office.twin.journal(operation=LIST, to=recipient))

    await office.eventually(asked)


async def _killed_while_it_asks_the_carrier(office: LiveOffice, worker: Program, recipient: str) -> None:
    await _asks_the_carrier(office, recipient, seconds=60)
    await worker.kill()
    assert await office.status_of(recipient) == "unknown"


async def _killed_before_the_finding_is_written(office: LiveOffice, worker: Program, recipient: str) -> None:
    await _asks_the_carrier(office, recipient, seconds=0.3)
    async with office.holding("lock table send_jobs in share mode"):
        await office.stuck_in("set status = $3, provider_message_id = $4", kind="worker")
        await worker.kill()
    assert await office.status_of(recipient) == "unknown"


Point = Callable[[LiveOffice, Program, str], Awaitable[None]]


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(
            (
                _killed_before_the_lease_is_committed,
                _killed_while_the_carrier_answers,
                _killed_before_the_result_is_written,
            ),
            id="sending",
        ),
        pytest.param(
            (_killed_while_it_asks_the_carrier, _killed_before_the_finding_is_written),
            id="looking",
            marks=pytest.mark.slow,
        ),
    ],
)
async def test_a_worker_killed_at_any_step_of_a_text_leaves_it_to_others_and_it_leaves_once(
    points: tuple[Point, ...], database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        recipients = [f"+1207{number:07}" for number in range(len(points) + 1)]
        await _killed_before_the_request_leaves(office, recipients[0])
        for point, recipient in zip(points, recipients[1:], strict=True):
            worker = await office.start_worker()
            await office.settled()
            await point(office, worker, recipient)
        await office.start_worker()
        await office.settled()
        await office.each_got_one(recipients)
