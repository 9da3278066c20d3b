"""Monitors at a real carrier: two numbers of ours, the carrier's own API, and the answer by our own webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from frontdesk.kernel.settings import SettingsFaulty, load_settings
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.checks import CHECKS
from frontdesk.operations.monitors.model import CarrierLine
from frontdesk.operations.monitors.running import run_due_at_carrier
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.wiring.monitoring import find_carrier_line, find_line, monitoring
from tests.support.house import House, open_house
from tests.support.office import ADAS_NUMBER, TravelClock

SECOND_PHONE = "+13105550100"
NUMBERS = {"MONITOR_NUMBER": ADAS_NUMBER, "MONITOR_FROM_NUMBER": SECOND_PHONE, "MONITOR_RUNS_PER_DAY": "2"}


@asynccontextmanager
async def outside(database_url: str, home: Path, clock: TravelClock) -> AsyncIterator[tuple[House, CarrierLine]]:
    """Open a house whose carrier is the twin acting as Twilio, with a second number of ours that is no business's."""
    http = HttpClient(connections_per_origin=1)
    async with open_house(database_url, home, environ=NUMBERS, clock=clock) as house:
        await house.twin.configure_number(SECOND_PHONE, sms_url=f"{house.url}/webhooks/twilio/sms")
        line = await find_carrier_line(house.parts, http)
        assert line is not None
        assert find_line(house.parts) is None, "not by the twin's own phones"
        try:
            yield house, line
        finally:
            await http.close()


async def _standing(house: House) -> dict[str, tuple[bool | None, str]]:
    async with house.parts.system.transaction() as tx:
        return {one.name: (one.passed, one.words) for one in await queries.list_standing(tx)}


async def test_both_monitors_pass_through_the_carriers_api_and_our_own_webhook(database_url: str, home: Path) -> None:
    clock = TravelClock()
    async with outside(database_url, home, clock) as (house, line):
        for _ in range(2):
            assert await run_due_at_carrier(house.parts.system, line) == 2
            assert await run_due_at_carrier(house.parts.system, line) == 0, "not due before half a day is over"
            assert await _standing(house) == {
                "missed_call": (True, "a caller who was not answered got a text"),
                "stop_and_help": (True, "HELP was answered, and STOP and START were heeded"),
            }
            clock.ahead += timedelta(hours=12, seconds=1)
        written = await house.twin.journal(operation="messages.create", to=ADAS_NUMBER)
        assert len(written) == 6, "HELP, STOP and START, twice"
        assert len(await house.twin.journal(operation="calls.create", to=ADAS_NUMBER)) == 2
        async with house.parts.system.transaction() as tx:
            assert await tx.fetchval("select count(*) from sender_opt_outs") == 0, "our own answers are nobody's STOP"


async def test_whoever_asks_for_runs_the_day_has_so_many_and_no_more(database_url: str, home: Path) -> None:
    clock = TravelClock()
    async with outside(database_url, home, clock) as (house, line):
        for expected in (2, 0, 2, 0):
            async with house.parts.system.transaction() as tx:
                await queries.move_up(tx, name="missed_call")
                await queries.move_up(tx, name="stop_and_help")
            assert await run_due_at_carrier(house.parts.system, line) == expected
            clock.ahead += timedelta(minutes=6)
        assert len(await house.twin.journal(operation="calls.create", to=ADAS_NUMBER)) == 2


async def test_a_carrier_that_takes_no_text_of_the_monitor_is_a_failure(database_url: str, home: Path) -> None:
    async with outside(database_url, home, TravelClock()) as (house, line):
        await house.twin.inject_fault(FaultOrder(kind=FaultKind.REFUSED, on="messages.create", code=21606))
        assert await run_due_at_carrier(house.parts.system, replace(line, placer=None)) == 1
        standing = await _standing(house)
        assert list(standing) == ["stop_and_help"], "a carrier that rings nobody is not asked to"
        assert standing["stop_and_help"][0] is False
        async with house.parts.system.transaction() as tx:
            [check] = CHECKS
            assert (await check.look(tx)).severity.word == "warning"


async def test_the_worker_runs_them_and_a_stranger_who_writes_to_the_second_phone_is_no_answer(
    database_url: str, home: Path
) -> None:
    async with outside(database_url, home, TravelClock()) as (house, _):
        await house.twin.send_text(customer="+12065550123", to=SECOND_PHONE, body="STOP")
        assert await monitoring(house.parts).turn() > 0
        assert [passed for passed, _ in (await _standing(house)).values()] == [True] * 4
        async with house.parts.system.transaction() as tx:
            told = "select count(*) from monitor_texts where sender_e164 <> $1"
            assert await tx.fetchval(told, ADAS_NUMBER) == 0
            assert await tx.fetchval("select count(*) from sender_opt_outs") == 1
            assert await queries.forget_runs(tx, before=tx.now + timedelta(minutes=1), limit=10) == 4
            assert await tx.fetchval("select count(*) from monitor_texts") == 0


async def test_a_number_that_nobody_has_is_waited_for_and_nothing_is_sent(database_url: str, home: Path) -> None:
    environ = {**NUMBERS, "MONITOR_NUMBER": "+13105550199"}
    async with open_house(database_url, home, environ=environ) as house:
        assert await monitoring(house.parts).turn() == 60
        assert await house.twin.journal(operation="messages.create") == []
        async with house.parts.system.transaction() as tx:
            assert [one.name for one in await queries.list_standing(tx)] == ["booking_and_cancel", "booking_hold"]


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"MONITOR_FROM_NUMBER": SECOND_PHONE}, "needs MONITOR_NUMBER"),
        ({"MONITOR_FROM_NUMBER": SECOND_PHONE, "MONITOR_NUMBER": SECOND_PHONE}, "one number"),
        ({**NUMBERS, "MONITOR_RUNS_PER_DAY": "1000"}, "MONITOR_RUNS_PER_DAY"),
    ],
)
def test_numbers_that_cannot_be_used_are_refused_at_the_start(environ: dict[str, str], why: str, home: Path) -> None:
    with pytest.raises(SettingsFaulty, match=why):
        load_settings(environ, home)
