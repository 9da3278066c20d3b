"""One world: its processes, the people and carriers around them, its mishaps, and the calm in which all must settle."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import assert_never
from uuid import UUID

import asyncpg

from frontdesk.features import contacts, conversations, delivery
from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.settings import Settings
from frontdesk.kernel.telemetry import Metrics
from frontdesk.ports import ReceiptStatus
from tests.simulation.carrier import PROVIDER, Carrier, Post, Troubles
from tests.simulation.chance import BEGINNING
from tests.simulation.plan import HINTS, Answer, Blow, Call, Mishap, Pause, Plan, Text
from tests.simulation.program import ACCOUNT, Program, Surroundings, lock, make_program
from tests.simulation.sessions import DatabaseFaults, Stock
from tests.simulation.turnstile import PLACE, Place, Turnstile

PATIENCE = 15.0  # seconds after which a carrier gives a webhook up
TRIES = 4
LONGEST_CALM = 4 * 3600.0
CALM_ROUNDS = 200

PENDING = """
    select (select count(*) from send_jobs where status in ('queued', 'posting', 'unknown')) as jobs,
           (select count(*) from outbox_events where dispatched_at is null)
             + (select count(*) from parked_receipts join send_jobs using (provider, provider_message_id)) as events,
           least((select min(available_at) from send_jobs where status in ('queued', 'posting', 'unknown')),
                 (select min(available_at) from outbox_events where dispatched_at is null)) as next_at,
           (select max(hold_until) from breakers) as held_until
"""


@dataclass(frozen=True, slots=True)
class Businesses:
    """The businesses of all worlds, with their numbers, by index."""

    ids: tuple[UUID, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A webhook that was answered with 2xx at a step."""

    path: str
    fields: dict[str, str]
    tick: int


@dataclass(slots=True)
class Story:
    """What happened around the database, for the judges."""

    plan: Plan
    businesses: Businesses
    posts: list[Post] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    answers: list[tuple[Answer, UUID]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    killed: int = 0
    settled: bool = False


class World:
    """Runs one plan."""

    def __init__(
        self,
        plan: Plan,
        *,
        seed: int,
        turnstile: Turnstile,
        stock: Stock,
        watch: asyncpg.Connection,
        businesses: Businesses,
        settings: Settings,
        metrics: Metrics,
        folder: Path,
    ) -> None:
        self.story = Story(plan, businesses)
        self._plan = plan
        self._turnstile = turnstile
        self._watch = watch
        self._outside = Place("outside")
        self._random = Random(f"{seed}/world")
        self._businesses = businesses
        self._faults = DatabaseFaults(
            Random(f"{seed}/faults"),
            refused=plan.database[0],
            cut_before_commit=plan.database[1],
            cut_after_commit=plan.database[2],
        )
        self._carrier = Carrier(
            turnstile, Random(f"{seed}/carrier"), plan.troubles, beginning=BEGINNING, accepted=self._text_accepted
        )
        self.story.posts = self._carrier.posts
        self._around = Surroundings(
            turnstile=turnstile,
            stock=stock,
            faults=self._faults,
            carrier=self._carrier,
            settings=settings,
            metrics=metrics,
            journal_folder=Path(tempfile.mkdtemp(dir=folder)),
            watch=watch,
            server_time=self._server_time,
            random=Random(f"{seed}/programs"),
            complain=self.story.complaints.append,
        )
        self._programs: list[Program] = []
        self._gone: list[Program] = []
        self._started = 0
        self._errands: dict[asyncio.Task[object], None] = {}
        self._coming: dict[asyncio.Task[object] | None, None] = {}  # mishaps that have not struck yet

    @property
    def journal_folder(self) -> Path:
        """Where this world's opt-outs are journaled."""
        return self._around.journal_folder

    def _server_time(self) -> datetime:
        return BEGINNING + timedelta(seconds=self._turnstile.now)

    async def run(self) -> Story:
        """Live through the plan, then let everything settle."""
        turnstile = self._turnstile
        PLACE.set(self._outside)
        turnstile.time_passed = self._carrier.time_passed
        for kind, count in (("web", self._plan.webs), ("worker", self._plan.workers)):
            for _ in range(count):
                await self._start(kind)
        for blow in self._plan.blows:
            self._coming[turnstile.spawn(self._outside, self._strike(blow), blow.what.value)] = None
        for event in self._plan.events:
            match event:
                case Call():
                    self._go(self._call(event))
                case Text():
                    self._go(self._text(event))
                case Pause():
                    self._go(self._pause(event))
                case Answer():
                    self._go(self._answer(event))
                case _:
                    assert_never(event)
        while self._errands:
            await turnstile.sleep("the day goes on", 4)
            await self._skip_quiet_time()
        for coming in self._coming:
            if coming is not None:
                coming.cancel()
        await self._calm()
        await self._close()
        return self.story

    def _go(self, errand: Coroutine[object, object, object]) -> None:
        task = self._turnstile.spawn(self._outside, errand, "errand")
        self._errands[task] = None
        task.add_done_callback(lambda done: self._errands.pop(done, None))

    async def _start(self, kind: str) -> None:
        self._started += 1
        program = make_program(kind, self._started, self._around)
        await lock(program)
        self._programs.append(program)
        running = self._turnstile.spawn(program.place, program.boot(), "boot")
        self._turnstile.spawn(self._outside, self._supervise(program, running), "supervisor")

    async def _supervise(self, program: Program, running: asyncio.Task[object]) -> None:
        """Start a process anew that found itself declared dead, as the supervisor does."""
        await asyncio.wait({running})
        if program in self._programs:
            await self._turnstile.sleep("supervisor", 0.5)
            await self._kill(program)
            await self._start(program.kind)

    def _stir(self) -> None:
        for program in self._programs:
            program.stirred += 1

    async def _skip_quiet_time(self) -> None:
        """Leap to the next event when nothing is under way; the signs of life of the time between are written."""
        turnstile = self._turnstile
        coming = [waiter.due for waiter in turnstile.waiting if waiter.place is self._outside and waiter.due > 0]
        leap = min(coming, default=0.0) - turnstile.now - 1
        quiet = all(
            program.is_up and program.place.stalled_at is None and not program.place.sessions
            for program in self._programs
        )
        if leap < 5 or not quiet or self._carrier.under_way():
            return
        [left] = await self._look(PENDING)
        if left["jobs"] or left["events"]:
            return
        await self._look(f"update live_processes set lease_until = lease_until + interval '{leap} s' returning id")
        turnstile.now += leap
        turnstile.note("quiet time skipped")

    # ── what people do ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _call(self, call: Call) -> None:
        await self._turnstile.sleep("a call", call.at)
        for webhook in call.webhooks:
            self._go(self._tell(webhook.path, webhook.fields, after=webhook.after))

    async def _text(self, text: Text) -> None:
        await self._turnstile.sleep("a text", text.at)
        pair = (self._businesses.numbers[text.business], text.person)
        fields = {"MessageSid": text.sid, "From": text.person, "To": pair[0], "Body": text.body, "AccountSid": ACCOUNT}
        hint = HINTS.get(text.body)
        if hint is not None and self._carrier.troubles.keeps_opt_outs:
            fields["OptOutType"] = hint
            if hint == "STOP":
                self._carrier.opt_outs.add(pair)
            elif hint == "START":
                self._carrier.opt_outs.discard(pair)
        for after in text.told_after:
            self._go(self._tell("/webhooks/twilio/sms", fields, after=after))

    async def _pause(self, pause: Pause) -> None:
        await self._turnstile.sleep("the operator", pause.at)
        scope = delivery.Scope(pause.scope)
        key = {"global": "all", "channel": "sms", "tenant": str(self._businesses.ids[pause.business])}[pause.scope]
        await self._operate(scope, key, paused=True)
        await self._turnstile.sleep("the operator", pause.seconds)
        await self._operate(scope, key, paused=False)

    async def _operate(self, scope: delivery.Scope, key: str, *, paused: bool) -> None:
        """Pull or release a switch in some web process; a person tries until it is done."""
        for _ in range(50):
            web = self._some_web()
            if web is not None:
                work = self._turnstile.spawn(web.place, _switch(web, scope, key, paused=paused), "switch")
                await asyncio.wait({work})
                if not work.cancelled() and work.result() is True:
                    self._stir()
                    return
            await self._turnstile.sleep("try again", 0.3)

    async def _answer(self, answer: Answer) -> None:
        await self._turnstile.sleep("the business", answer.at)
        web = self._some_web()
        if web is None:
            return
        number = self._businesses.numbers[answer.business]
        work = self._turnstile.spawn(
            web.place, _write(web, answer, self._businesses.ids[answer.business], number), "write"
        )
        await asyncio.wait({work})
        if not work.cancelled() and isinstance(job := work.result(), UUID):
            self.story.answers.append((answer, job))

    # ── what the carrier does ────────────────────────────────────────────────────────────────────────────────────────

    async def _tell(self, path: str, fields: dict[str, str], *, after: float, query: str = "", for_ever: bool = False) -> None:
        """Deliver a webhook; without a good answer, again and again for a while."""
        await self._turnstile.sleep("the carrier", after)
        tries = 0
        while tries < TRIES or for_ever:
            tries += 1
            tick = await self._deliver(path, fields, query)
            if tick is not None:
                self.story.acknowledged.append(Acknowledged(path, fields, tick))
                self._stir()
                return
            await self._turnstile.sleep("the carrier", self._random.choice((0.0, 0.1, 1.0, 10.0)))

    async def _deliver(self, path: str, fields: dict[str, str], query: str) -> int | None:
        """Tell one web process; returns the step of its acknowledgement, None if there was none."""
        web = self._some_web()
        if web is None:
            await self._turnstile.sleep("nobody listens", 0.2)
            return None
        asked = self._turnstile.spawn(web.place, web.answer(path, fields, query), "request")
        patience = self._turnstile.spawn(self._outside, self._turnstile.sleep("patience", PATIENCE), "patience")
        await asyncio.wait({asked, patience}, return_when=asyncio.FIRST_COMPLETED)
        patience.cancel()
        if not asked.done() or asked.cancelled() or web.place.stalled_at is not None:
            return None
        status, tick = asked.result()  # type: ignore[misc]  # what Program.answer gives
        if status >= 500 and status != 503:
            self.story.complaints.append(f"{path} was answered with {status}")
        return tick if status < 300 else None

    def _text_accepted(self, post: Post) -> None:
        """Plan the receipts of a text: to be told in any order, more than once, early or late."""
        random = self._carrier.random
        ending, code = random.choices(
            ((ReceiptStatus.DELIVERED, ""), (ReceiptStatus.UNDELIVERED, "30003"), (ReceiptStatus.FAILED, "30008")),
            (8, 1, 1),
        )[0]
        for status in (ReceiptStatus.SENT, ending):
            for _ in range(random.choice((1, 1, 1, 2))):
                after = random.choice((0.0, 0.02, 0.5, 3.0)) if random.random() < 0.96 else random.uniform(20, 200)
                self._go(self._receipt(post, status, code if status is ending else "", after))

    async def _receipt(self, post: Post, status: ReceiptStatus, code: str, after: float) -> None:
        await self._turnstile.sleep("the carrier", after)
        post.status, post.error_code = max(
            (post.status, post.error_code), (status, code), key=lambda known: list(ReceiptStatus).index(known[0])
        )
        known = not self._carrier.strikes(self._carrier.troubles.no_reference)
        fields = {
            "MessageSid": post.sid or "",
            "MessageStatus": status.value,
            "From": post.text.sender_e164,
            "To": post.text.recipient_e164,
            "AccountSid": ACCOUNT,
            "ErrorCode": code or "0",
        }
        query = f"reference={post.text.reference}" if known else ""
        await self._tell("/webhooks/twilio/sms/status", fields, after=0, query=query, for_ever=True)

    # ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _strike(self, blow: Blow) -> None:
        turnstile = self._turnstile
        await turnstile.step(blow.what.value, after=blow.after)
        self._coming.pop(asyncio.current_task(), None)
        victims = [program for program in self._programs if program.place.stalled_at is None]
        if blow.what is Mishap.JUMP:
            turnstile.now += blow.seconds
            turnstile.time_passed()
            return
        if not victims:
            return
        victim = victims[blow.target % len(victims)]
        turnstile.note(f"{blow.what.value} {victim.place.name}")
        match blow.what:
            case Mishap.KILL:
                await self._kill(victim)
                await turnstile.sleep("restart", blow.seconds)
                await self._start(victim.kind)
            case Mishap.STALL:
                await self._stall(victim, blow.seconds)
            case Mishap.WALL_CLOCK:
                victim.place.wall_offset += blow.seconds

    async def _kill(self, victim: Program) -> None:
        if victim not in self._programs:
            return
        self.story.killed += 1
        self._programs.remove(victim)
        self._gone.append(victim)
        await victim.stop_dead()

    async def _stall(self, victim: Program, seconds: float) -> None:
        """Stop a process (SIGSTOP) for a while; the server ends a transaction that idles for 15 s."""
        turnstile = self._turnstile
        victim.place.stalled_at = turnstile.now
        await turnstile.sleep("stalled", seconds)
        if seconds >= 15:
            for session in list(victim.place.sessions):
                await session.abandon()
        victim.place.stalled_at = None

    def _some_web(self) -> Program | None:
        webs = [program for program in self._programs if program.kind == "web" and program.is_up]
        return self._random.choice(webs) if webs else None

    # ── the calm ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _calm(self) -> None:
        """End all troubles, release all switches, and wait until nothing is due any more."""
        turnstile = self._turnstile
        self._carrier.troubles = Troubles(
            clock_skew=self._carrier.troubles.clock_skew, keeps_opt_outs=self._carrier.troubles.keeps_opt_outs
        )
        self._faults.stop()
        while any(program.place.stalled_at is not None for program in self._programs):
            await turnstile.sleep("calm", 5)
        for kind in ("web", "worker"):
            if not any(program.kind == kind for program in self._programs):
                await self._start(kind)
        for row in await self._look("select scope, key from delivery_switches where paused_at is not null"):
            await self._operate(delivery.Scope(row["scope"]), row["key"], paused=False)
        ends = turnstile.now + LONGEST_CALM
        [left] = await self._look(PENDING)
        for _ in range(CALM_ROUNDS):
            if left["jobs"] or left["events"]:
                self._stir()
            else:
                await self._skip_quiet_time()
            await turnstile.sleep("calm", 3)
            [left] = await self._look(PENDING)
            if not (left["jobs"] or left["events"] or self._errands or self._carrier.under_way()):
                self.story.settled = True
                return
            if turnstile.now > ends:
                break
            wake = [at for at in (left["next_at"], left["held_until"]) if at is not None]
            ahead = (min(wake) - self._server_time()).total_seconds() if wake and not self._errands else 0
            if ahead > 10:
                await turnstile.sleep("calm", min(ahead, 300))
        self.story.complaints.append(f"never at rest: {dict(left.items())}, {len(self._errands)} errands")

    async def _look(self, statement: str) -> list[asyncpg.Record]:
        self._turnstile.talking += 1
        try:
            rows: list[asyncpg.Record] = await self._watch.fetch(statement)
        finally:
            self._turnstile.talking -= 1
        return rows

    async def _close(self) -> None:
        """End every process and errand, so that the next world begins with none."""
        for program in list(self._programs):
            self._programs.remove(program)
            self._gone.append(program)
            program.place.stalled_at = None
            await program.stop_dead()
        self._outside.dead = True
        mine = asyncio.current_task()
        others = [task for task in self._outside.tasks if task is not mine]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)
        for program in self._gone:
            await program.parts.journal.close()


async def _switch(web: Program, scope: delivery.Scope, key: str, *, paused: bool) -> bool:
    try:
        async with web.parts.switches.transaction() as tx:
            if paused:
                await delivery.pause_sending(tx, scope=scope, key=key, by="user:ada", reason="simulated")
            else:
                await delivery.resume_sending(tx, scope=scope, key=key, by="user:ada")
    except UNAVAILABLE:
        return False
    return True


async def _write(web: Program, answer: Answer, tenant_id: UUID, number: str) -> UUID | None:
    try:
        async with web.parts.app.transaction(tenant_id) as tx:
            contact = await contacts.find_contact_by_phone(tx, phone_e164=answer.person)
            if contact is None:
                return None
            requested = await conversations.write_to(
                tx,
                contact_id=contact.id,
                body=answer.body,
                author="user:ben",
                key=answer.key,
                sender_e164=number,
                provider=PROVIDER,
                lane=web.parts.courier,
            )
            return requested.job_id
    except (*UNAVAILABLE, Refused):
        return None
