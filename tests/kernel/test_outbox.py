"""Announced facts reach their handlers: tried at least once, with effect at most once, always within the schema."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import pytest

from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.events import Event
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.outbox import Catalogue, Dispatcher, Handlers, NewsOf, flush_with, on
from frontdesk.kernel.outbox.dispatcher import EventRejected
from frontdesk.kernel.outbox.store import claim_due, measure_lag, release_claims_of
from tests.support.office import TravelClock


@dataclass(frozen=True, slots=True)
class BellRang(Event):
    """Somebody rang."""

    name: ClassVar[str] = "test.bell_rang.v1"
    times: int


@dataclass
class Post:
    """A database with an outbox and its dispatcher."""

    system: Database
    clock: TravelClock
    dispatcher: Dispatcher
    process_id: UUID

    async def ring(self, times: int = 1, *, inline: bool = False) -> None:
        """Announce a fact."""
        async with self.system.transaction(inline=inline) as tx:
            tx.announce(BellRang(times))

    async def value(self, statement: str) -> object:
        """Ask the database."""
        async with self.system.transaction() as tx:
            return await tx.fetchval(statement)


Listener = Callable[[Transaction, NewsOf[BellRang]], Awaitable[None]]


@asynccontextmanager
async def office_post(url: str, *listeners: Listener, inline: bool = False) -> AsyncIterator[Post]:
    clock = TravelClock()
    handlers = Handlers(
        [on(BellRang, f"test.{index}", listener, inline=inline) for index, listener in enumerate(listeners)]
    )
    system = await Database.open(url, role=Role.SYSTEM, clock=clock, flush=flush_with(handlers))
    process_id = new_id()
    dispatcher = Dispatcher(
        system=system,
        app=system,
        catalogue=Catalogue([BellRang, EventRejected]),
        handlers=handlers,
        process_id=process_id,
    )
    try:
        yield Post(system, clock, dispatcher, process_id)
    finally:
        await system.close()


class Ear:
    """A listener that counts, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[int] = []
        self.failures = failures

    async def __call__(self, _tx: Transaction, news: NewsOf[BellRang]) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("no ear for it")
        self.heard.append(news.event.times)


async def test_a_fact_reaches_each_listener_once(database_url: str) -> None:
    first, second = Ear(), Ear()
    async with office_post(database_url, first, second) as post:
        for times in range(5):
            await post.ring(times)
        assert await post.dispatcher.dispatch_batch() == 5
        assert await post.dispatcher.dispatch_batch() == 0
        assert sorted(first.heard) == sorted(second.heard) == [0, 1, 2, 3, 4]
        assert await post.value("select count(*) from outbox_events where dispatched_at is null") == 0


async def test_a_rolled_back_fact_was_never_announced(database_url: str) -> None:
    async with office_post(database_url, Ear()) as post:

        async def announce_and_fail() -> None:
            async with post.system.transaction() as tx:
                tx.announce(BellRang(1))
                raise LookupError("rolled back")

        with pytest.raises(LookupError, match="rolled back"):
            await announce_and_fail()
        assert await post.value("select count(*) from outbox_events") == 0


async def test_a_listener_that_fails_is_tried_later_and_the_others_are_not_repeated(database_url: str) -> None:
    steady, shaky = Ear(), Ear(failures=2)
    async with office_post(database_url, steady, shaky) as post:
        await post.ring(7)
        for _ in range(3):
            await post.dispatcher.dispatch_batch()
            post.clock.ahead += timedelta(minutes=3)
        assert steady.heard == shaky.heard == [7]
        assert await post.value("select attempts from outbox_events") == 2


async def test_a_listener_that_always_fails_is_given_up_after_ten_tries(database_url: str) -> None:
    async with office_post(database_url, Ear(failures=99)) as post:
        await post.ring(7)
        for _ in range(12):
            await post.dispatcher.dispatch_batch()
            post.clock.ahead += timedelta(minutes=3)
        assert await post.value("select count(*) from outbox_events") == 0
        assert await post.value("select last_error from outbox_events_errors") == "test.0: RuntimeError: no ear for it"
        assert await post.value("select payload->>'times' from outbox_events_errors") == "7"


async def test_an_unreadable_event_is_buried_as_one_that_fits_the_catalogue(database_url: str) -> None:
    async with office_post(database_url, Ear()) as post:
        await post.ring(1)
        async with post.system.transaction() as tx:
            await tx.execute("""update outbox_events set payload = '{"times": "many"}'""")
        await post.dispatcher.dispatch_batch()
        assert await post.value("select name from outbox_events_errors") == EventRejected.name
        assert await post.value("select payload->>'original_name' from outbox_events_errors") == BellRang.name


async def test_an_event_that_took_three_processes_with_it_is_not_run_again_and_the_others_are(
    database_url: str,
) -> None:
    ear = Ear()
    async with office_post(database_url, ear) as post:
        for times in range(3):
            await post.ring(times)
        for _ in range(3):  # a process that claims and dies
            dead = new_id()
            async with post.system.transaction() as tx:
                claimed = await claim_due(tx, limit=10, owner=dead)
            async with post.system.transaction() as tx:
                await tx.execute("update outbox_events set claims = 3 where payload->>'times' = '1'")
                await release_claims_of(tx, owner=dead)
            del claimed
        await post.dispatcher.dispatch_batch()
        assert sorted(ear.heard) == [0, 2]
        assert await post.value("select payload->>'times' from outbox_events_errors") == "1"


async def test_inline_listeners_hear_it_in_the_same_transaction(database_url: str) -> None:
    ear = Ear()
    async with office_post(database_url, ear, inline=True) as post:
        await post.ring(1, inline=True)
        assert ear.heard == [1]
        assert await post.dispatcher.dispatch_batch() == 0


async def test_the_lag_is_the_age_of_the_oldest_that_waits(database_url: str) -> None:
    async with office_post(database_url, Ear()) as post:
        await post.ring(1)
        post.clock.ahead = timedelta(seconds=90)
        async with post.system.transaction() as tx:
            assert await measure_lag(tx) == pytest.approx(90, abs=1)
        await post.dispatcher.dispatch_batch()
        async with post.system.transaction() as tx:
            assert await measure_lag(tx) == 0
