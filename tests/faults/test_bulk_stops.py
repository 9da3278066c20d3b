"""Whoever says STOP gets no more marketing, however, wherever and in whatever order it is said."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from frontdesk.features import consent, senders
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.providers.twin.wire import FaultKind, FaultOrder
from tests.faults.bulk import (
    CREATE,
    ask,
    ask_one_person_often,
    at_once,
    claim,
    in_turn,
    marketing_lane,
    open_bulk,
    posts,
    send_some,
    states,
    value_as_int,
)
from tests.support.marketing import add_people, let_numbers_advertise, phones, queue_campaign
from tests.support.office import ADAS_NUMBER, CAROL, MALLORYS_NUMBER, Office

NOBODYS_NUMBER, FORMER = "+13035550100", "+13035550199"
STOPS = "select count(*) from compliance_events where event_type = 'stop'"
REFUSED = "select scope from do_not_contact where phone_e164 = $1"
# The apostrophe of a phone's keyboard, marks of writing direction, an emoji with a joiner, a non-breaking space.
ODD_DRESS = (
    "Stop.",
    "  sToP!!! ",
    "\u2018STOP\u2019",
    "Don\u2019t text me again",
    "STOP \U0001f6d1",
    "\U0001f44d\U0001f3fd\u200d\U0001f525 stop",
    "\u202eSTOP\u202c",
    "\u200fSTOP",
    "\uff33\uff34\uff2f\uff30",
    "opt\u00a0out",
    "S.T.O.P",
    "no m\u00e1s",
    "STOP " + "please " * 227,
    "word " * 318 + "\nSTOP",
)


def sid(number: int) -> str:
    """Make the id of a message."""
    return f"SM{number:032}"


async def test_of_a_thousand_marketing_texts_to_a_person_none_starts_after_their_stop_is_answered(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await ask_one_person_often(office, CAROL, 1000)
        await office.twin.inject_fault(FaultOrder(kind=FaultKind.SLOW, on=CREATE, seconds=0.3))
        await marketing_lane(office).dispatch_once()
        assert await value_as_int(office, "select count(*) from send_jobs where status = 'posting'") == 1
        claimed = asyncio.create_task(send_some(office, turns=10))
        assert await office.text_in("STOP", sid=sid(1)) == 200
        before = len(await posts(office))
        await claimed
        for _ in range(20):
            assert await claim(office) == []
            office.clock.ahead += timedelta(seconds=1)
        office.clock.ahead += timedelta(hours=25)  # some were held by the cap of a day before the STOP came
        assert await claim(office) == []
        late = [post.fields["Body"] for post in (await posts(office))[before:]]
        assert [body for body in late if "opted out" not in body] == []
        assert sum("winter check" in post.fields["Body"] for post in await posts(office)) == 1
        assert (await states(office))["blocked", "consent.opted_out"] == 999


async def test_a_stop_to_a_number_without_a_business_binds_every_business_that_gets_it(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        assert await office.text_in("STOP", sid=sid(1), to=NOBODYS_NUMBER) == 200
        await send_from_number_in_turn(office)
        assert await office.posts_to(CAROL) == 0
        assert await office.posts_to("+12065550124") == 2, "others are texted from it by both"
        barred = "select count(distinct tenant_id) from send_jobs where recipient_e164 = $1 and failure_code = $2"
        assert await office.fetchval(barred, CAROL, "consent.opted_out") == 2


async def send_from_number_in_turn(office: Office) -> None:
    """Let the number that nobody had belong to Ada's business and then to Mallory's, which each advertise from it."""
    for owner in (office.ada, office.mallory):
        async with office.login.transaction(owner.id) as tx:
            await tx.execute("update sending_numbers set phone_e164 = $1 where phone_e164 = $2", FORMER, NOBODYS_NUMBER)
            await senders.add_number(tx, phone_e164=NOBODYS_NUMBER, provider="twilio")
        await let_numbers_advertise(office.login, owner.id)
        async with office.parts.app.transaction(owner.id) as tx:
            people = await add_people(tx, [CAROL, "+12065550124"])
            await queue_campaign(tx, people, sender_e164=NOBODYS_NUMBER)
        await send_some(office, turns=4)


async def test_yes_lifts_nothing_whatever_order_it_comes_in(database_url: str, home: Path) -> None:
    async with open_bulk(database_url, home) as office:
        people = phones(6)
        await ask(office, people)
        orders = list(itertools.permutations(("STOP", "YES", "Stop")))
        for turn, (person, order) in enumerate(zip(people, orders, strict=True)):
            for place, word in enumerate(order):
                assert await office.text_in(word, sid=sid(10 * turn + place), sender=person) == 200
            assert await office.fetchval(REFUSED, person) == "all"
        await send_some(office, turns=4)
        campaign = "select count(*) from send_jobs where message_class = 'C3' and failure_code = 'consent.opted_out'"
        assert await value_as_int(office, campaign) == 6
        assert not any("winter check" in post.fields["Body"] for post in await posts(office))


@pytest.mark.parametrize("order", sorted(set(itertools.permutations(("STOP", "START", "STOP")))), ids="-".join)
async def test_of_stop_and_start_the_last_that_was_received_counts(
    order: tuple[str, ...], database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await in_turn(office, [(word, sid(place)) for place, word in enumerate(order)])
        assert await office.fetchval(REFUSED, CAROL) == ("all" if order[-1] == "STOP" else None)


class StandingClock(DatabaseClock):
    """A clock that shows the same moment until it is put to another."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> datetime:
        """Tell the moment."""
        return self.moment


@pytest.mark.parametrize(
    ("started", "refused"),
    [(timedelta(0), "all"), (timedelta(milliseconds=-5), "all"), (timedelta(milliseconds=5), None)],
    ids=["at the same moment", "before the stop", "after the stop"],
)
async def test_a_start_that_was_received_no_later_than_a_stop_lifts_nothing_though_it_is_written_later(
    started: timedelta, refused: str | None, database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        received = office.clock.now()
        clock = StandingClock(received)
        app = await Database.open(database_url, role=Role.APP, clock=clock, flush=flush_with(Handlers([])))
        # The second STOP is heard like the first: it is the last word that counts, not the first.
        for word, moment in (("STOP", timedelta(minutes=-1)), ("STOP", timedelta(0)), ("START", started)):
            clock.moment = received + moment
            async with app.transaction(office.ada.id) as tx:
                await consent.hear(
                    tx,
                    consent.understand(word, None),
                    phone_e164=CAROL,
                    sender_e164=ADAS_NUMBER,
                    source="test",
                    carrier_answers=False,
                    journal=office.parts.journal,
                )
        await app.close()
        assert await office.fetchval(REFUSED, CAROL) == refused
        of_sender = await office.fetchval("select count(*) from sender_opt_outs where phone_e164 = $1", CAROL)
        assert of_sender == (0 if refused is None else 1)


async def test_a_stop_in_any_dress_is_in_force_when_its_webhook_is_answered(database_url: str, home: Path) -> None:
    async with open_bulk(database_url, home) as office:
        people = phones(len(ODD_DRESS))
        await ask(office, people)
        for number, (person, body) in enumerate(zip(people, ODD_DRESS, strict=True)):
            assert len(body) <= 1600
            assert await office.text_in(body, sid=sid(number), sender=person) == 200
        for person, body in zip(people, ODD_DRESS, strict=True):
            assert await office.fetchval(REFUSED, person) == "all", body
        assert await claim(office) == []
        assert (await states(office))["blocked", "consent.opted_out"] == len(people)


async def test_marketing_that_the_carrier_refuses_for_an_opt_out_is_written_down_and_posted_once(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        stopped, other = phones(2)
        await office.twin.block_pair(number=ADAS_NUMBER, customer=stopped)
        await ask(office, [stopped, other])
        await send_some(office, turns=4)
        await office.settle()
        assert (await states(office))["failed", "21610"] == 1
        assert await office.fetchval("select failure_reason from send_jobs where failure_code = '21610'") == "Consent"
        assert await office.fetchval(REFUSED, stopped) == "all"
        assert await office.fetchval(REFUSED, other) is None
        assert await value_as_int(office, STOPS) == 1
        assert [entry.entry["phone_e164"] for entry in office.parts.journal.read_all().entries] == [stopped]
        office.clock.ahead += timedelta(days=1)
        async with office.parts.app.transaction(office.ada.id) as tx:
            contact = await tx.fetchval("select id from contacts where phone_e164 = $1", stopped)
            await queue_campaign(tx, {stopped: contact}, sender_e164=ADAS_NUMBER)  # type: ignore[dict-item]  # an id
        await send_some(office, turns=20, seconds=60)
        assert await office.posts_to(stopped) == 1
        assert (await states(office))["blocked", "consent.opted_out"] == 1


async def test_a_receipt_that_tells_of_an_opt_out_is_written_down_for_marketing_too(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        [stopped] = phones(1)
        await office.twin.script_fate(stopped, error_code=21610, status="undelivered")
        await ask(office, [stopped])
        await send_some(office, turns=2)
        assert await office.twin.wait_until_idle()
        await office.settle()
        assert await office.fetchval(REFUSED, stopped) == "all"
        assert await value_as_int(office, STOPS) == 1


async def test_a_thousand_stops_and_helps_of_a_minute_get_one_answer_each_and_no_more(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await at_once(office, [("STOP" if number % 2 else "HELP", sid(number)) for number in range(1000)])
        await office.settle()
        answers = "select count(*) from send_jobs where template = $1"
        assert await office.fetchval(answers, "stop_confirmation") == 1
        assert await office.fetchval(answers, "help") == 1
        assert await value_as_int(office, STOPS) == 1
        assert await office.posts_to() == 2
        assert len(office.parts.journal.read_all().entries) == 1
        assert await value_as_int(office, "select count(*) from conv_messages where direction = 'inbound'") == 1000


async def test_a_person_who_changes_their_mind_a_hundred_times_is_told_once_a_day(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await in_turn(office, [("STOP" if number % 2 else "START", sid(number)) for number in range(1, 100)])
        await office.settle()
        answers = "select count(*) from send_jobs where template = $1"
        assert await office.fetchval(answers, "stop_confirmation") == 1
        assert await office.fetchval(answers, "start_confirmation") == 1
        assert await office.fetchval(REFUSED, CAROL) == "all"
        office.clock.ahead += timedelta(hours=25)
        await in_turn(office, [("START", sid(900)), ("STOP", sid(901))])
        await office.settle()
        assert await office.fetchval(answers, "stop_confirmation") == 2


async def test_a_stop_to_another_businesss_number_leaves_this_ones_campaign_alone(
    database_url: str, home: Path
) -> None:
    async with open_bulk(database_url, home) as office:
        await ask(office, [CAROL])
        assert await office.text_in("STOP", sid=sid(1), to=MALLORYS_NUMBER) == 200
        await send_some(office, turns=2)
        assert await office.posts_to(CAROL) == 2, "one campaign text, and the answer to the STOP"
