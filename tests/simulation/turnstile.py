"""One step at a time: whenever everybody waits, the seed says who goes next, and time passes only here."""

from __future__ import annotations

import asyncio
import hashlib
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tests.simulation.sessions import Session

Result = TypeVar("Result")
IDLE_TRANSACTION_SECONDS = 15.0  # PostgreSQL ends a transaction that has been idle for this long (kernel.db)


class Stuck(Exception):
    """Nobody can run and nothing is due: the simulation itself is wrong."""


@dataclass(eq=False, slots=True)
class Place:
    """Where tasks run: one process of ours, or the world outside; `wall_offset` is how wrong its own clock is."""

    name: str
    dead: bool = False
    stalled_at: float | None = None
    wall_offset: float = 0.0
    tasks: dict[asyncio.Task[object], None] = field(default_factory=dict)
    sessions: dict[Session, None] = field(default_factory=dict)


PLACE: ContextVar[Place] = ContextVar("place")


@dataclass(eq=False, slots=True)
class Waiter:
    """A task at a boundary; `due` in simulated seconds, `after` in steps."""

    label: str
    place: Place
    task: asyncio.Task[object] | None
    due: float
    after: int
    session: Session | None
    future: asyncio.Future[None]


class QuietSelector(selectors.DefaultSelector):
    """Tells when the event loop has nothing left to run: the only moment at which a turn may be given."""

    def __init__(self) -> None:
        super().__init__()
        self.idle: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for input, unless somebody was given a turn instead."""
        if (timeout is None or timeout > 0) and self.idle():
            timeout = 0
        return super().select(timeout)


class Turnstile:
    """Lets one task go on at a time, drawn from the seed; everything it lets happen goes into the digest.

    `talking` counts statements under way: while one is, nobody else gets a turn, so how long PostgreSQL really takes
    never matters. A statement that waits for a lock does not count; whoever holds the lock then goes on alone until
    it lets go, so that at most one chain of sessions ever waits and its order is the same in every run.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.now = 0.0
        self.steps = 0
        self.talking = 0
        self.parked: list[Session] = []
        self.waiting: list[Waiter] = []
        self.is_open = False
        self.fine = False  # also between the statements of one transaction
        self.inertia = 0.0  # how likely the same task goes on
        self.pace = 0.002  # up to so many seconds pass in a step
        self.time_passed: Callable[[], None] = lambda: None
        self._random = Random(0)
        self._last: asyncio.Task[object] | None = None
        self._digest = hashlib.sha256()
        self.log: list[str] | None = None

    def open(self, random: Random, *, fine: bool, inertia: float, pace: float) -> None:
        """Begin a world: time is zero and the draws come from `random`."""
        self._random, self.fine, self.inertia, self.pace = random, fine, inertia, pace
        self.now, self.steps, self._last = 0.0, 0, None
        self._digest = hashlib.sha256()
        self.is_open = True

    def close(self) -> str:
        """End a world and give the digest of all that happened in it."""
        self.is_open = False
        return self._digest.hexdigest()

    def note(self, what: str) -> None:
        """Put something that happened into the digest."""
        line = f"{self.steps} {self.now:.4f} {what}"
        self._digest.update(line.encode())
        if self.log is not None:
            self.log.append(line)

    async def step(self, label: str, *, due: float = 0.0, after: int = 0, session: Session | None = None) -> None:
        """Wait for a turn; a place that was killed gets none any more."""
        place = PLACE.get()
        if place.dead:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        waiter = Waiter(label, place, task, due, after, session, self.loop.create_future())
        self.waiting.append(waiter)
        try:
            await waiter.future
        finally:
            if waiter in self.waiting:
                self.waiting.remove(waiter)
        if place.dead:
            raise asyncio.CancelledError

    async def sleep(self, label: str, seconds: float) -> None:
        """Wait for a turn that comes in `seconds` of simulated time at the earliest."""
        await self.step(label, due=self.now + max(seconds, 0.0))

    def spawn(self, place: Place, work: Coroutine[object, object, Result], name: str) -> asyncio.Task[Result]:
        """Start a task in a place; it first waits for its turn at its own first boundary."""
        context = copy_context()
        context.run(PLACE.set, place)
        return self.loop.create_task(work, name=name, context=context)

    def give_turn(self) -> bool:
        """Let one waiting task go on, if this world is open and no statement is under way."""
        if not self.is_open or self.talking or not self.waiting:
            return False
        waiter = self._whoever_holds_the_lock() if self.parked else self._draw()
        if waiter is None:
            return True
        self.waiting.remove(waiter)
        self.steps += 1
        self.now += self._random.random() * self.pace
        self.time_passed()
        self._last = waiter.task
        self.note(f"{waiter.place.name} {waiter.label}")
        waiter.future.set_result(None)
        return True

    def _draw(self) -> Waiter:
        ready = [waiter for waiter in self.waiting if self._may_go(waiter)]
        while not ready:
            coming = [
                waiter.due
                for waiter in self.waiting
                if waiter.due > self.now and waiter.place.stalled_at is None and waiter.after <= self.steps
            ]
            if not coming:
                raise Stuck(f"nobody can run: {[waiter.label for waiter in self.waiting]}")
            self.now = min(coming)
            self.time_passed()
            ready = [waiter for waiter in self.waiting if self._may_go(waiter)]
        if self.inertia and self._random.random() < self.inertia:
            for waiter in ready:
                if waiter.task is self._last:
                    return waiter
        return self._random.choice(ready)

    def _may_go(self, waiter: Waiter) -> bool:
        return waiter.due <= self.now and waiter.after <= self.steps and waiter.place.stalled_at is None

    def _whoever_holds_the_lock(self) -> Waiter | None:
        holder = self.parked[-1].holder
        assert holder is not None
        if holder.place.stalled_at is not None:
            self.now = max(self.now, holder.place.stalled_at + IDLE_TRANSACTION_SECONDS)
            self.time_passed()
            self.note(f"{holder.place.name} idle transaction ended by the server")
            holder.cut_off()
            return None
        for waiter in self.waiting:
            if waiter.session is holder:
                return waiter
        raise Stuck(f"{holder.place.name} holds a lock and waits for no turn")

    def let_go(self, holder: Session) -> None:
        """Watch those again who waited for a session whose transaction has ended."""
        for session in self.parked:
            if session.holder is holder:
                session.watch_again()
        self.parked = [session for session in self.parked if session.holder is not None]


def task_factory(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[object, object, object],
    *,
    context: Context | None = None,
    **_: object,
) -> asyncio.Task[object]:
    """Make a task and note in which place it runs: a kill ends all tasks of a place, also those the product makes."""
    task = asyncio.Task(work, loop=loop, context=context)
    place = PLACE.get(None) if context is None else context.get(PLACE)
    if place is not None:
        place.tasks[task] = None
        task.add_done_callback(lambda done: place.tasks.pop(done, None))
    return task
