"""No marketing leaves outside a lawful hour, whatever happens to clocks, zones and the places where people live."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.faults.bulk import (
    ask,
    ask_answers,
    claim,
    go_to,
    marketing_lane,
    open_bulk,
    people_texted,
    posts,
    send_some,
    states,
    value_as_int,
)
from tests.support.marketing import phones
from tests.support.office import CAROL, Office

PACIFIC, EASTERN = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/New_York")
TOLL_FREE = "+18885550123"
NIGHTS = (
    (datetime(2026, 10, 31, 17, tzinfo=UTC), timedelta(hours=1)),
    (datetime(2027, 3, 13, 17, tzinfo=UTC), timedelta(hours=-1)),
)
JUMPS = (timedelta(hours=1), timedelta(hours=-1), timedelta(days=3653), timedelta(days=-3653))


def lawful_in_washington(moment: datetime) -> bool:
    """Tell whether marketing may leave to somebody in Seattle: 8 to 20 by law, 9 to 21 by the business."""
    return 9 <= moment.astimezone(PACIFIC).hour < 20


@pytest.mark.parametrize("jump", JUMPS, ids=["an hour on", "an hour back", "ten years on", "ten years back"])
async def test_a_clock_that_jumps_in_the_middle_of_a_campaign_lets_nothing_out_by_night_and_doubles_nothing(
    jump: timedelta, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home, pace=2) as office:
        people = phones(60)
        await ask(office, people)
        go_to(office, datetime(2026, 12, 2, 3, 30, tzinfo=UTC))  # 19:30 in Seattle: an hour on is night
        await send_some(office, turns=3)
        before = len(await posts(office))
        assert 0 < before < 60
        office.clock.ahead += jump
        await watch_every_claim(office, turns=8)
        office.clock.ahead -= jump
        await watch_every_claim(office, turns=8)
        assert set((await people_texted(office)).values()) == {1}
        counted = await states(office)
        assert not any(status in {"posting", "unknown"} for status, _ in counted)
        assert sum(counted.values()) == 60


async def watch_every_claim(office: Office, *, turns: int) -> None:
    """Dispatch turn by turn; what leaves must leave at a lawful moment by the clock that all processes share."""
    lane = marketing_lane(office)
    for _ in range(turns):
        already, moment = len(await posts(office)), office.clock.now()
        await lane.dispatch_once()
        await office.parts.courier.idle()
        assert len(await posts(office)) == already or lawful_in_washington(moment), moment
        office.clock.ahead += timedelta(seconds=1)


async def test_a_lease_runs_out_by_the_databases_clock_and_its_text_is_looked_up_not_sent_again(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        [person] = phones(1)
        await ask(office, [person])
        [leased] = await claim(office)
        # Whoever held the lease posts after all; the hour that the clock jumps makes it overdue at once.
        office.clock.ahead += timedelta(hours=1)
        await office.reconcile()
        assert await states(office) == {("unknown", ""): 1}
        office.parts.courier.take(leased)
        await office.parts.courier.idle()
        office.clock.ahead -= timedelta(hours=1)
        for _ in range(4):
            await office.reconcile()
            await send_some(office, turns=1, seconds=6)
        assert await office.posts_to(person) == 1
        assert await value_as_int(office, "select count(*) from send_attempts") == 1


@pytest.mark.parametrize(("evening", "change"), NIGHTS, ids=["an hour twice", "an hour missing"])
async def test_over_a_night_in_which_the_clocks_change_texts_leave_in_lawful_hours_only(
    evening: datetime, change: timedelta, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        go_to(office, evening)
        moment = evening
        left: list[datetime] = []
        while moment < evening + timedelta(hours=36):
            phone = phones(1, start=len(left) + 1)[0]
            if not await value_as_int(office, "select count(*) from send_jobs where status = 'queued'"):
                await ask(office, [phone], useful_until=evening + timedelta(days=9))
            left += [office.clock.now() for _ in await claim(office)]
            moment += timedelta(minutes=15)
            go_to(office, moment)
        assert left
        assert all(lawful_in_washington(one) for one in left)
        gaps = list(itertools.pairwise(left))
        [(last, first)] = [(last, first) for last, first in gaps if first - last > timedelta(hours=2)]
        assert last.astimezone(PACIFIC).strftime("%H:%M") == "19:45"
        assert first.astimezone(PACIFIC).strftime("%H:%M") == "09:00"
        assert round_to_minute(first - last) == timedelta(hours=13, minutes=15) + change


def round_to_minute(span: timedelta) -> timedelta:
    """Leave out what the claims themselves took."""
    return timedelta(minutes=round(span / timedelta(minutes=1)))


async def test_a_person_who_moves_after_their_text_was_queued_gets_it_by_the_clock_of_the_new_place(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        stays, moves = phones(2)
        go_to(office, datetime(2026, 12, 2, 2, 0, tzinfo=UTC))  # 18:00 in Seattle, 21:00 in New York
        await ask(office, [stays, moves])
        async with office.login.transaction() as tx:
            await tx.execute(MOVE, "America/New_York", "US-NY", moves)
        assert [job.recipient_e164 for job in await claim(office)] == [stays]
        held = await held_until(office)
        assert held[moves].astimezone(EASTERN).strftime("%a %H:%M") == "Wed 09:00"


MOST_DECISIONS = "select max(count) from (select count(*) from send_decisions group by job_id) as decided"
MOVE = "update contacts set timezone = $1, region = $2 where phone_e164 = $3"


async def held_until(office: Office) -> dict[str, datetime]:
    """List until when texts are held by the law."""
    async with office.login.transaction() as tx:
        rows = await tx.fetch(
            "select recipient_e164, available_at from send_jobs where status = 'queued' and failure_code like 'law.%'"
        )
    return {row["recipient_e164"]: row["available_at"] for row in rows}


@pytest.mark.parametrize("phone", [TOLL_FREE, "+19995550123"], ids=["toll-free", "an area that does not exist"])
async def test_a_person_who_may_live_anywhere_gets_no_marketing_until_somebody_knows_where(
    phone: str, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await ask(office, [phone], zone=None, region="")
        for hour in range(24):
            go_to(office, datetime(2026, 12, 2, hour, 30, tzinfo=UTC))
            assert await claim(office) == []
        assert await states(office) == {("queued", "law.zone_unknown"): 1}
        async with office.login.transaction() as tx:
            await tx.execute(MOVE, "America/New_York", "US-NY", phone)
        go_to(office, datetime(2026, 12, 3, 15, 0, tzinfo=UTC))
        assert [job.recipient_e164 for job in await claim(office)] == [phone]


async def test_a_text_that_no_clock_will_let_go_is_not_decided_on_again_and_again(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await ask_answers(office, [CAROL, *phones(1)])
        await ask(office, [TOLL_FREE], zone=None, region="")
        await ask(office, phones(1))
        async with office.login.transaction() as tx:
            await tx.execute("update send_jobs set available_at = now() + interval '1 year' where message_class = 'C2'")
        await send_some(office, turns=150, seconds=0.4)
        assert await value_as_int(office, MOST_DECISIONS) <= 3, "once in 30 s is enough where nobody waits"
        assert await states(office) == {
            ("queued", "law.zone_unknown"): 1,
            ("queued", "delivery.earlier_text_first"): 1,
            ("queued", ""): 2,
        }


async def test_what_was_reserved_by_day_is_not_spent_by_night(database_url: str, home: Path) -> None:
    async with open_bulk(database_url, home) as office:
        await ask(office, phones(1))
        [leased] = await claim(office)
        office.clock.ahead += timedelta(hours=11)
        office.parts.courier.take(leased)
        await office.parts.courier.idle()
        assert await posts(office) == [], "a carrier may not keep it past the window, which is over"
        assert await office.fetchval("select daily_spent_cents from budgets") == 0
        assert await claim(office) == []
        assert await states(office) == {("queued", "law.quiet_hours"): 1}
