"""Whatever is done to bookings in whatever order: nothing overlaps, no hold is lost, and each answer is the right one.

`FRONTDESK_BOOKING_STEPS` says how many steps are taken in all (240 unless it is set).
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from frontdesk.features import scheduling
from frontdesk.kernel.errors import Refused
from tests.features.scheduling.stage import Shop, open_shop
from tests.support.database import clone_of

STEPS_AT_ONCE = 40
STEPS = int(os.environ.get("FRONTDESK_BOOKING_STEPS", "240"))
LENGTH, CLEARED = 1.0, 1.25  # hours of work, and until its seat is free again
STARTS = st.integers(0, 28).map(lambda quarter: 25 + quarter / 4)  # Tuesday, nine to four
BUSY = st.lists(
    st.tuples(st.integers(100, 131), st.integers(1, 8)).map(lambda one: (one[0] / 4, (one[0] + one[1]) / 4)), max_size=4
)
Stretch = tuple[float, float]


@dataclass
class Kept:
    """What the model knows of a hold or an appointment."""

    resource: int
    start: float
    expires_at: datetime | None = None

    @property
    def taken(self) -> Stretch:
        return self.start, self.start + CLEARED


def meet(one: Stretch, other: Stretch) -> bool:
    return one[0] < other[1] and other[0] < one[1]


class Bookings(RuleBasedStateMachine):
    """Ada's shop beside a model of it that is too simple to be wrong."""

    server: ClassVar[str]
    template: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.shop = self.runner.run(self._open())
        self.resources = (self.shop.north, self.shop.south)
        self.holds: dict[UUID, Kept] = {}
        self.ended: dict[UUID, Kept] = {}
        self.booked: dict[UUID, Kept] = {}
        self.outside: dict[tuple[int, str], list[Stretch]] = {}

    async def _open(self) -> Shop:
        url = await self.stack.enter_async_context(clone_of(self.server, self.template))
        return await self.stack.enter_async_context(open_shop(url))

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()

    def is_free(self, resource: int, start: float, *, but: UUID | None = None) -> bool:
        wanted, now = (start, start + CLEARED), self.shop.clock.now()
        live = [kept for key, kept in self.holds.items() if key != but and kept.expires_at and kept.expires_at > now]
        mine = [kept for key, kept in self.booked.items() if key != but]
        there = [kept.taken for kept in live + mine if kept.resource == resource]
        return not any(meet(wanted, taken) for taken in [*there, *self.busy_of(resource)])

    def busy_of(self, resource: int) -> list[Stretch]:
        return [one for (whose, _), busy in self.outside.items() for one in busy if whose == resource]

    def forget_overrun(self, resource: int, start: float) -> None:
        """Forget the holds in the way of a time that was won: they had run out."""
        for key, kept in list(self.holds.items()):
            if kept.resource == resource and meet(kept.taken, (start, start + CLEARED)):
                self.ended[key] = self.holds.pop(key)

    @rule(resource=st.sampled_from((0, 1)), start=STARTS)
    def hold(self, resource: int, start: float) -> None:
        free = self.is_free(resource, start)
        done = self.runner.run(self.shop.hold(start, self.resources[resource]))
        assert isinstance(done, scheduling.Held) == free
        if isinstance(done, scheduling.Held):
            self.forget_overrun(resource, start)
            self.holds[done.hold.id] = Kept(resource, start, done.hold.expires_at)
        else:
            assert done.why is scheduling.Why.TAKEN

    @rule(resource=st.sampled_from((0, 1)), start=STARTS)
    def book(self, resource: int, start: float) -> None:
        free = self.is_free(resource, start)
        done = self.runner.run(self.shop.book(start, self.resources[resource]))
        assert isinstance(done, scheduling.Appointment) == free
        if isinstance(done, scheduling.Appointment):
            self.forget_overrun(resource, start)
            self.booked[done.id] = Kept(resource, start)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.holds)))
        kept = self.holds.pop(key)
        outside = any(meet((kept.start, kept.start + LENGTH), busy) for busy in self.busy_of(kept.resource))
        done = self.runner.run(self.shop.confirm(key))
        assert isinstance(done, scheduling.Appointment) == (not outside)
        if isinstance(done, scheduling.Appointment):
            self.booked[done.id] = Kept(kept.resource, kept.start)
            again = self.runner.run(self.shop.confirm(key))
            assert isinstance(again, scheduling.Appointment)
            assert again.id == done.id
        else:
            self.ended[key] = kept

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def confirm_late(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.ended)))
        kept = self.ended[key]
        free = self.is_free(kept.resource, kept.start)
        done = self.runner.run(self.shop.confirm(key))
        assert isinstance(done, scheduling.Appointment) == free
        if isinstance(done, scheduling.Appointment):
            self.forget_overrun(kept.resource, kept.start)
            del self.ended[key]
            self.booked[done.id] = Kept(kept.resource, kept.start)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.holds)))
        del self.holds[key]

        async def release() -> bool:
            async with self.shop.app.transaction(self.shop.ada.id) as tx:
                return await scheduling.release_hold(tx, hold_id=key)

        assert self.runner.run(release())
        with pytest.raises(Refused, match="let go"):
            self.runner.run(self.shop.confirm(key))

    @rule(minutes=st.sampled_from((4, 8, 16)))
    def wait(self, minutes: int) -> None:
        self.shop.clock.ahead += timedelta(minutes=minutes)

    @rule()
    def collect(self) -> None:
        now = self.shop.clock.now()
        self.runner.run(scheduling.collect_holds(system=self.shop.system, app=self.shop.app))
        for key, kept in list(self.holds.items()):
            if kept.expires_at and kept.expires_at <= now:
                self.ended[key] = self.holds.pop(key)

    @precondition(lambda self: self.booked)
    @rule(data=st.data(), start=STARTS)
    def move(self, data: st.DataObject, start: float) -> None:
        key = data.draw(st.sampled_from(sorted(self.booked)))
        kept = self.booked[key]
        free = [one for one in (kept.resource, 1 - kept.resource) if self.is_free(one, start, but=key)]
        done = self.runner.run(self.shop.move(key, start))
        if isinstance(done, scheduling.Appointment):
            where = 0 if done.resource_id == self.shop.north.id else 1
            stays = (where, start) == (kept.resource, kept.start)
            assert stays or where == free[0]
            self.forget_overrun(where, start)
            self.booked[key] = Kept(where, start)
        else:
            assert not free

    @precondition(lambda self: self.booked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.booked)))
        del self.booked[key]
        done = self.runner.run(self.shop.cancel(key))
        assert done.status is scheduling.AppointmentStatus.CANCELLED

    @rule(resource=st.sampled_from((0, 1)), source=st.sampled_from(("google:1", "jobber:1")), busy=BUSY)
    def tell_busy(self, resource: int, source: str, busy: list[Stretch]) -> None:
        self.outside[resource, source] = busy
        hit = self.runner.run(self.shop.busy(self.resources[resource], *busy, source=source))
        for collision in hit:
            kept = self.booked[collision.appointment_id]
            assert any(meet((kept.start, kept.start + LENGTH), one) for one in self.busy_of(resource))

    @rule()
    def settle(self) -> None:
        self.runner.run(self.shop.settle())

    @invariant()
    def nothing_overlaps_and_nothing_is_lost(self) -> None:
        async def look() -> tuple[int, object, object, object, object]:
            return (
                await self.shop.overlaps(),
                await self.shop.fetchval("select count(*) from sched_holds"),
                await self.shop.fetchval("select count(*) from sched_occupancies where kind = 'hold'"),
                await self.shop.fetchval("select count(*) from sched_appointments where status = 'booked'"),
                await self.shop.fetchval("select count(*) from sched_occupancies where kind = 'appointment'"),
            )

        held, booked = len(self.holds), len(self.booked)
        assert self.runner.run(look()) == (0, held, held, booked, booked)

    @invariant()
    def collisions_are_known(self) -> None:
        under = {
            key
            for key, kept in self.booked.items()
            if any(meet((kept.start, kept.start + LENGTH), busy) for busy in self.busy_of(kept.resource))
        }

        async def look() -> set[UUID]:
            async with self.shop.login.transaction() as tx:
                rows = await tx.fetch("select id from sched_appointments where collided_at is not null")
            return {row["id"] for row in rows}

        assert self.runner.run(look()) == under


def test_no_order_of_steps_overlaps_bookings_or_loses_a_hold(database_server: str, database_template: str) -> None:
    Bookings.server, Bookings.template = database_server, database_template
    run_state_machine_as_test(
        Bookings,
        settings=settings(
            max_examples=max(1, STEPS // STEPS_AT_ONCE),
            stateful_step_count=STEPS_AT_ONCE,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
