"""One world: its processes, their mishaps, and the calm in which everything must come to rest."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import asyncpg

from frontdesk.features import delivery
from frontdesk.kernel.settings import Settings
from frontdesk.kernel.telemetry import Metrics
from tests.simulation.background import RunQueue
from tests.simulation.carrier import Carrier
from tests.simulation.founding import found
from tests.simulation.market import LONG, TELNYX_NUMBER
from tests.simulation.outside import Outside
from tests.simulation.plan import Blow, Mishap, Plan
from tests.simulation.program import Program, Surroundings, lock, make_program
from tests.simulation.sessions import DatabaseFaults, Stock
from tests.simulation.story import Businesses, Story
from tests.simulation.turnstile import IDLE_TRANSACTION_SECONDS, PLACE, Turnstile

LONGEST_CALM = 4 * 3600.0
CALM_ROUNDS = 200
CAMPAIGN_ROUNDS = 800
SHORTEST_LEAP = 5.0
KEYED = frozenset({TELNYX_NUMBER})

PENDING = """
    select (select count(*) from send_jobs where status in ('queued', 'posting', 'unknown')) as jobs,
           (select count(*) from outbox_events where dispatched_at is null)
             + (select count(*) from parked_receipts join send_jobs using (provider, provider_message_id)) as events,
           (select count(*) from campaigns where status in ('expanding', 'running'))
             + (select count(*) from send_jobs where cost_cents > 0 and status in ('failed', 'blocked', 'dropped')
                  and provider_message_id is null)
             + (select count(*) from job_runs where state in ('queued', 'running')) as upkeep,
           least((select min(greatest(job.available_at, pace.next_at, stream.next_at)) from send_jobs as job
                  left join number_paces as pace
                         on pace.sender_e164 = job.sender_e164 and job.status = 'queued' and job.message_class = 'C3'
                  left join send_streams as stream
                         on stream.campaign_id = job.campaign_id and job.status = 'queued'
                  where job.status in ('queued', 'posting', 'unknown')),
                 (select min(available_at) from outbox_events where dispatched_at is null),
                 (select min(started_at) from job_runs where state = 'running'),
                 (select min(created_at) from job_runs where state = 'queued'),
                 (select min(ends_at) from campaigns where status in ('expanding', 'running'))) as next_at,
           (select max(hold_until) from breakers) as held_until
"""
KEEP_ALIVE = "update live_processes set lease_until = lease_until + make_interval(secs => $1)"
PULLED = """
    select scope, key from delivery_switches
    where paused_at is not null
      and not exists (select from campaigns where id::text = key and scope = 'campaign' and status = 'canceled')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What lasts from world to world."""

    turnstile: Turnstile
    stock: Stock
    watch: asyncpg.Connection
    businesses: Businesses
    settings: Settings
    metrics: Metrics
    folder: Path


class World:
    """Runs one plan on the stage."""

    def __init__(self, plan: Plan, *, seed: int, stage: Stage) -> None:
        self.story = Story(plan, stage.businesses)
        self._plan = plan
        self._turnstile = stage.turnstile
        self._watch = stage.watch
        self._random = Random(f"{seed}/world")
        refused, before, after = plan.database
        self._faults = DatabaseFaults(
            Random(f"{seed}/faults"), refused=refused, cut_before_commit=before, cut_after_commit=after
        )
        self._carrier = Carrier(
            stage.turnstile, Random(f"{seed}/carrier"), plan.troubles, beginning=plan.beginning, keyed=KEYED
        )
        self.story.posts = self._carrier.posts
        if plan.market is not None:
            self._carrier.opt_outs.update(plan.market.silent_stops)
        self._outside = Outside(
            turnstile=stage.turnstile,
            random=self._random,
            carrier=self._carrier,
            story=self.story,
            find_web=self._find_web,
            stir=self._stir,
        )
        self._carrier.accepted = self._outside.text_accepted
        self.journal_folder = Path(tempfile.mkdtemp(dir=stage.folder))
        self._around = Surroundings(
            turnstile=stage.turnstile,
            stock=stage.stock,
            faults=self._faults,
            carrier=self._carrier,
            settings=stage.settings,
            metrics=stage.metrics,
            journal_folder=self.journal_folder,
            watch=stage.watch,
            server_time=self._server_time,
            random=Random(f"{seed}/programs"),
            complain=self.story.complaints.append,
            doubtful=self._carrier.troubled_lately,
            runs=None if plan.market is None else RunQueue(stage.turnstile, stage.watch),
        )
        self._programs: list[Program] = []
        self._gone: list[Program] = []
        self._started = 0
        self._coming: dict[asyncio.Task[object] | None, None] = {}  # mishaps that have not struck yet

    def _server_time(self) -> datetime:
        return self._plan.beginning + timedelta(seconds=self._turnstile.now)

    async def run(self) -> Story:
        """Live through the plan, then let everything settle."""
        turnstile = self._turnstile
        if self._plan.market is not None:
            self.story.campaigns = await found(self._watch, self._plan.market, self.story.businesses)
        PLACE.set(self._outside.place)
        turnstile.time_passed = self._carrier.time_passed
        for kind, count in (("web", self._plan.webs), ("worker", self._plan.workers)):
            for _ in range(count):
                await self._start(kind)
        for blow in self._plan.blows:
            self._coming[turnstile.spawn(self._outside.place, self._strike(blow), blow.what.value)] = None
        for event in self._plan.events:
            self._outside.begin(event)
        while self._outside.errands:
            await turnstile.sleep("the day goes on", 4)
            await self._skip_quiet_time()
        for coming in self._coming:
            if coming is not None:
                coming.cancel()
        await self._calm()
        await self._close()
        return self.story

    async def _start(self, kind: str) -> None:
        self._started += 1
        program = make_program(kind, self._started, self._around)
        await lock(program)
        self._programs.append(program)
        running = self._turnstile.spawn(program.place, program.boot(), "boot")
        self._turnstile.spawn(self._outside.place, self._supervise(program, running), "supervisor")

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

    def _find_web(self) -> Program | None:
        webs = [program for program in self._programs if program.kind == "web" and program.is_up]
        return self._random.choice(webs) if webs else None

    async def _skip_quiet_time(self) -> None:
        """Leap to the next event when nothing is under way; the signs of life of the time between are written."""
        turnstile = self._turnstile
        coming = [waiter.due for waiter in turnstile.waiting if waiter.place is self._outside.place and waiter.due > 0]
        leap = min(coming, default=float("inf")) - turnstile.now - 1
        quiet = all(
            program.is_up and program.place.stalled_at is None and not program.place.sessions
            for program in self._programs
        )
        if leap < SHORTEST_LEAP or not quiet or self._carrier.under_way():
            return
        [left] = await self._look(PENDING)
        if left["jobs"] or left["events"] or left["upkeep"]:
            if self._plan.market is None or left["next_at"] is None:
                return
            leap = min(leap, (left["next_at"] - self._server_time()).total_seconds() - 0.5)
        if SHORTEST_LEAP <= leap < float("inf"):
            await self._look(KEEP_ALIVE, leap)
            turnstile.now += leap
            turnstile.note("quiet time skipped")

    # ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _strike(self, blow: Blow) -> None:
        turnstile = self._turnstile
        sender = None if blow.post is None else (await self._carrier.nth_post(blow.post)).place
        await turnstile.step(blow.what.value, after=blow.after if sender is None else turnstile.steps + blow.after)
        self._coming.pop(asyncio.current_task(), None)
        if blow.what is Mishap.JUMP:
            turnstile.now += blow.seconds
            turnstile.time_passed()
            return
        victims = [program for program in self._programs if program.place.stalled_at is None]
        if not victims:
            return
        senders = [program for program in victims if program.place.name == sender]
        victim = senders[0] if senders else victims[blow.target % len(victims)]
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
        if victim in self._programs:
            self.story.killed += 1
            self._programs.remove(victim)
            self._gone.append(victim)
            await victim.stop_dead()

    async def _stall(self, victim: Program, seconds: float) -> None:
        """Stop a process (SIGSTOP) for a while; the server ends a transaction that idles for too long."""
        turnstile = self._turnstile
        self.story.stalled += 1
        victim.place.stalled_at = turnstile.now
        await turnstile.sleep("stalled", seconds)
        if seconds >= IDLE_TRANSACTION_SECONDS:
            for session in list(victim.place.sessions):
                await session.abandon()
        victim.place.stalled_at = None

    # ── the calm ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _calm(self) -> None:
        """End all troubles, release all switches, and wait until nothing is due any more."""
        turnstile = self._turnstile
        self._carrier.calm_down()
        self._faults.stop()
        while any(program.place.stalled_at is not None for program in self._programs):
            await turnstile.sleep("calm", 5)
        for kind in ("web", "worker"):
            if not any(program.kind == kind for program in self._programs):
                await self._start(kind)
        for row in await self._look(PULLED):
            await self._outside.operate(delivery.Scope(row["scope"]), row["key"], paused=False)
        market = self._plan.market
        ends = turnstile.now + (LONGEST_CALM if market is None else LONG + LONGEST_CALM)
        for _ in range(CALM_ROUNDS if market is None else CAMPAIGN_ROUNDS):
            [left] = await self._look(PENDING)
            at_work = left["jobs"] or left["events"] or left["upkeep"]
            if not (at_work or self._outside.errands or self._carrier.under_way()):
                self.story.settled = True
                return
            if turnstile.now > ends:
                break
            await self._wait_for_work(left)
        self.story.complaints.append(f"never at rest, {len(self._outside.errands)} errands left")

    async def _wait_for_work(self, left: asyncpg.Record) -> None:
        now = self._server_time()
        far = left["next_at"] is not None and (left["next_at"] - now).total_seconds() > SHORTEST_LEAP
        if far and self._plan.market is not None:
            await self._skip_quiet_time()
        elif left["jobs"] or left["events"]:
            self._stir()
        elif not left["upkeep"]:
            await self._skip_quiet_time()
        now = self._server_time()
        held = left["held_until"] is not None and left["held_until"] > now
        wake = left["held_until"] if held else left["next_at"]
        ahead = 0.0 if wake is None or self._outside.errands else (wake - now).total_seconds()
        await self._turnstile.sleep("calm", min(ahead, 300.0) if ahead > SHORTEST_LEAP else 3.0)

    async def _look(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        self._turnstile.talking += 1
        try:
            rows: list[asyncpg.Record] = await self._watch.fetch(statement, *arguments)
        finally:
            self._turnstile.talking -= 1
        return rows

    async def _close(self) -> None:
        """End every process and errand, so that the next world begins with none."""
        for program in list(self._programs):
            program.place.stalled_at = None
            self._gone.append(program)
            await program.stop_dead()
        self._programs.clear()
        self._outside.place.dead = True
        mine = asyncio.current_task()
        others = [task for task in self._outside.place.tasks if task is not mine]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)
        for program in self._gone:
            await program.parts.journal.close()
