"""The web process is killed at each step of a missed call: the provider tells again, and the caller gets one text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import pytest

from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.support.office import call_form
from tests.support.processes import LiveOffice, live_office
from tests.support.program import Program

pytestmark = pytest.mark.slow

CREATE = "messages.create"
Question = Callable[[], Awaitable[bool]]
# The last thing a webhook's transaction does at the server is to pass a gate that the test may hold.
WAIT_AT_COMMIT = """
    create function wait_at_commit() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock(18);
        return null;
      end $$;
    create constraint trigger wait_at_commit after insert on webhook_events deferrable initially deferred
      for each row execute function wait_at_commit()
"""
TAKEN_IN = "select count(*) from webhook_events where body like $1"


def _form(caller: str) -> dict[str, str]:
    return call_form(f"CA{caller[1:]:0>32}", caller, DialCallStatus="no-answer")


async def _taken_in(office: LiveOffice, caller: str) -> int:
    return await office.count(TAKEN_IN, f"%{caller[1:]}%".encode())


async def _killed_before_the_commit(office: LiveOffice, web: Program, caller: str) -> None:
    async with office.holding("lock table textbacks in share mode"):
        told = asyncio.create_task(office.post("voice/dial-action", _form(caller)))
        await office.stuck_in("insert into textbacks", kind="web")
        await web.kill()
        assert (await told)[0] == 0
    assert await _taken_in(office, caller) == 0
    assert await office.posts_to(caller) == 0


async def _killed_after_the_commit(
    office: LiveOffice, web: Program, telling: Coroutine[None, None, object], *, committed: Question
) -> None:
    """Kill it when its webhook is committed at the server and it cannot have heard of that."""
    async with office.login.transaction() as tx:
        await tx.execute(WAIT_AT_COMMIT)
    async with office.holding("select pg_advisory_xact_lock(18)") as gate:
        told = asyncio.create_task(telling)
        await office.stuck_in("commit", kind="web")
        await web.halt()
        await gate.release()
        await office.eventually(committed)
        await web.kill()
        assert await told in ((0, ""), 0)
    async with office.login.transaction() as tx:
        await tx.execute("drop function wait_at_commit cascade")


async def _killed_between_commit_and_answer(office: LiveOffice, web: Program, caller: str) -> None:
    async def committed() -> bool:
        return await _taken_in(office, caller) == 1

    telling = office.post("voice/dial-action", _form(caller))
    await _killed_after_the_commit(office, web, telling, committed=committed)


async def _killed_while_the_carrier_answers(office: LiveOffice, web: Program, caller: str) -> None:
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=CREATE, recipient=caller, seconds=60))
    assert (await office.post("voice/dial-action", _form(caller)))[0] == 200
    assert (await office.twin.wait_for_text(caller, status="queued")).met
    await web.kill()


async def _killed_before_the_result_is_written(office: LiveOffice, web: Program, caller: str) -> None:
    await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=CREATE, recipient=caller, seconds=0.3))
    assert (await office.post("voice/dial-action", _form(caller)))[0] == 200
    assert (await office.twin.wait_for_text(caller, status="queued")).met
    async with office.holding("lock table send_attempts in share mode"):
        await office.stuck_in("update send_attempts", kind="web")
        await web.kill()
    assert await office.status_of(caller) in {"posting", "unknown"}


Point = Callable[[LiveOffice, Program, str], Awaitable[None]]


@pytest.mark.parametrize(
    "points",
    [
        pytest.param((_killed_before_the_commit, _killed_between_commit_and_answer), id="taking in"),
        pytest.param(
            (_killed_while_the_carrier_answers, _killed_before_the_result_is_written),
            id="sending",
        ),
    ],
)
async def test_a_web_process_killed_at_any_step_of_a_missed_call_costs_no_text_and_doubles_none(
    points: tuple[Point, ...], database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        web, _ = await office.start()
        callers = [f"+1206555{number:04}" for number in range(301, 301 + len(points))]
        for point, caller in zip(points, callers, strict=True):
            await point(office, web, caller)
            web = await office.start_web()
            for _ in range(2):
                status, twiml = await office.post("voice/dial-action", _form(caller))
                assert status == 200
                assert "<Record" in twiml, "a repeat gets the instructions that were due the first time"
            await office.settled()
            assert await _taken_in(office, caller) == 1
        await office.each_got_one(callers)
        assert await office.count("select count(*) from calls where missed_at is not null") == len(callers)
        assert await office.count("select count(*) from textbacks") == len(callers)


async def test_a_stop_holds_although_the_web_process_was_killed_before_it_could_answer(
    database_url: str, home: Path
) -> None:
    async with live_office(database_url, home) as office:
        [web] = await office.start(workers=0)
        stop = {"sid": "SM" + "1" * 32, "OptOutType": "STOP"}

        async def committed() -> bool:
            return await office.count("select count(*) from do_not_contact") == 1

        await _killed_after_the_commit(office, web, office.text_in("STOP", **stop), committed=committed)
        assert await office.count("select count(*) from do_not_contact where scope = 'all'") == 1
        await office.start_web()
        assert await office.text_in("STOP", **stop) == 200
        assert (await office.miss_call())[0] == 200
        assert await office.posts_to() == 0
        assert await office.count("select count(*) from compliance_events where event_type = 'stop'") == 1
        assert await office.fetchval("select reason from textbacks") == "consent.opted_out"
