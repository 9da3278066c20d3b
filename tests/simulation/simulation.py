"""Runs worlds one after the other on one database and sums up what the judges found."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import structlog

from frontdesk.features.tenants.hours import DAYS
from frontdesk.kernel import epoch
from frontdesk.kernel.db import Transaction, identify
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.settings import load_settings
from frontdesk.kernel.telemetry import Metrics
from tests.simulation import recorder
from tests.simulation.chance import seeded_machine
from tests.simulation.judges import gather, judge
from tests.simulation.judges_of_marketing import JUDGES_OF_MARKETING
from tests.simulation.judges_of_money import JUDGES_OF_MONEY
from tests.simulation.plan import Plan, draw_plan
from tests.simulation.program import ACCOUNT, BASE_URL, TOKEN
from tests.simulation.sessions import Stock
from tests.simulation.story import Businesses
from tests.simulation.turnstile import QuietSelector, Stuck, Turnstile, task_factory
from tests.simulation.world import Stage, World
from tests.support.office import ADAS_NUMBER, MALLORYS_NUMBER

NUMBERS = (ADAS_NUMBER, MALLORYS_NUMBER)
TENANTS = (UUID(int=1), UUID(int=2))
TIDY_EVERY = 100
MEMORY = Path("/dev/shm")  # noqa: S108 - the journals of simulated worlds need no disk
# Faults of ours that the product only logs; in a world without lost connections none of them may happen.
NEVER_LOGGED = frozenset({"post_failed_unexpectedly", "inline_work_failed", "event_buried", "webhook_failed"})

ADD_BUSINESSES = """
    insert into tenants (id, slug, name, timezone, hours, forwarding_e164, textback_open_template,
                         textback_closed_template, recording_announcement, created_at, updated_at)
    select id, 'business' || number, 'Business ' || number, 'America/New_York', $2::jsonb,
           case when number = 1 then '+12125550199' end, '{{business}}: sorry we missed you. Reply STOP to opt out.',
           '{{business}}: we are closed now. Reply STOP to opt out.', 'This call is recorded.', now(), now()
    from unnest($1::uuid[]) with ordinality as given (id, number)
"""
ADD_NUMBERS = """
    insert into sending_numbers (id, tenant_id, phone_e164, provider, created_at)
    select id, id, phone, 'twilio', now() from unnest($1::uuid[], $2::text[]) as given (id, phone)
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one world came to."""

    seed: int
    plan: Plan
    steps: int
    posts: int
    violations: list[str]
    digest: str
    log: list[str]


@dataclass(slots=True)
class Summary:
    """What many worlds came to."""

    seeds: int = 0
    steps: int = 0
    posts: int = 0
    violations: int = 0
    seconds: float = 0.0
    deadlocks: int = 0
    failed: dict[int, list[str]] = field(default_factory=dict)

    def as_json(self) -> str:
        """Write the figures as one JSON object."""
        return json.dumps(
            {
                "seeds": self.seeds,
                "worlds_per_s": round(self.seeds / self.seconds, 1) if self.seconds else 0.0,
                "violations": self.violations,
                "steps": self.steps,
                "posts": self.posts,
                "deadlocks": self.deadlocks,
                "failed_seeds": sorted(self.failed),
            }
        )


class Simulation:
    """One database in which worlds come and go."""

    def __init__(self, url: str, *, alterations: Mapping[str, str] | None = None) -> None:
        self._url = url
        self._alterations = dict(alterations or {})
        self._selector = QuietSelector()
        self._loop = asyncio.SelectorEventLoop(self._selector)
        self._loop.set_task_factory(task_factory)  # type: ignore[arg-type]  # typeshed wants a generic coroutine
        self._loop.set_exception_handler(self._take_note)
        self.turnstile = Turnstile(self._loop)
        self._selector.idle = self.turnstile.give_turn
        self._folder = Path(tempfile.mkdtemp(prefix="sim-", dir=MEMORY if MEMORY.is_dir() else None))
        self._complaints: list[str] = []
        self._logged: list[str] = []
        self._worlds = 0
        self._loop.run_until_complete(self._open())

    async def _open(self) -> None:
        self.watch: asyncpg.Connection = await asyncpg.connect(self._url, server_settings={"jit": "off"})
        await recorder.install(self.watch)
        await identify(self.watch)
        await epoch.found(
            Transaction(
                self.watch,
                tenant_id=None,
                now=datetime.now(UTC),
                correlation_id=new_id(),
                causation_id=None,
                inline=False,
            )
        )
        hours = json.dumps({"weekly": {day: [["00:00", "24:00"]] for day in DAYS}, "special": []})
        await self.watch.execute(ADD_BUSINESSES, list(TENANTS), hours)
        await self.watch.execute(ADD_NUMBERS, list(TENANTS), list(NUMBERS))
        self._stage = Stage(
            turnstile=self.turnstile,
            stock=Stock(self._url, alterations=self._alterations),
            watch=self.watch,
            businesses=Businesses(TENANTS, NUMBERS),
            settings=load_settings(
                {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE_URL}, self._folder
            ),
            metrics=Metrics(),
            folder=self._folder,
        )

    def sql(self, statement: str) -> None:
        """Change the database of all worlds to come."""
        self._loop.run_until_complete(self.watch.execute(statement))

    def unaltered(self) -> list[str]:
        """List the words that were to be altered and that no statement of the product had."""
        return self._stage.stock.untouched()

    def close(self) -> None:
        """Close connections and loop, and take the folder away."""
        self._loop.run_until_complete(self._shut())
        self._loop.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _shut(self) -> None:
        await self._stage.stock.close()
        await self.watch.close()

    def live(self, seed: int, *, plan: Plan | None = None, keep_log: bool = False) -> Verdict:
        """Run the world of a seed and judge it."""
        with _silent_logs(self._logged):
            return self._loop.run_until_complete(self._live(seed, plan or draw_plan(seed, NUMBERS), keep_log=keep_log))

    async def _live(self, seed: int, plan: Plan, *, keep_log: bool) -> Verdict:
        turnstile = self.turnstile
        self._complaints.clear()
        self._logged.clear()
        await recorder.reset(self.watch)
        self._worlds += 1
        if self._worlds % TIDY_EVERY == 0:
            await recorder.tidy(self.watch)
        turnstile.log = [] if keep_log else None
        world = World(plan, seed=seed, stage=self._stage)
        turnstile.open(Random(f"{seed}/turns"), fine=plan.fine, inertia=plan.inertia, pace=plan.pace)
        with seeded_machine(turnstile, f"{seed}/chance", beginning=plan.beginning):
            story = await asyncio.create_task(world.run())
        trace = await recorder.read_trace(self.watch)
        for change in sorted(trace, key=lambda change: (change.tick, str(change.job_id), change.n)):
            turnstile.note(f"{change.tick} {change.kind} {change.job_id} {change.was} {change.became} {change.fence}")
        journal = Journal(world.journal_folder)
        journaled = [str(line.entry["phone_e164"]) for line in journal.read_all().entries]
        violations = judge(await gather(self.watch, story, trace, journaled), (*JUDGES_OF_MONEY, *JUDGES_OF_MARKETING))
        violations += [f"complaint: {complaint}" for complaint in self._complaints]
        if plan.database == (0.0, 0.0, 0.0):
            violations += [f"complaint: logged {event}" for event in self._logged if event in NEVER_LOGGED]
        shutil.rmtree(world.journal_folder, ignore_errors=True)
        return Verdict(
            seed, plan, turnstile.steps, len(story.posts), violations, turnstile.close(), list(turnstile.log or ())
        )

    def run(self, seeds: range, *, tell: Callable[[Verdict], None] = lambda _verdict: None) -> Summary:
        """Run many worlds."""
        summary, started = Summary(), time.perf_counter()
        for seed in seeds:
            verdict = self.live(seed)
            summary.seeds += 1
            summary.steps += verdict.steps
            summary.posts += verdict.posts
            if verdict.violations:
                summary.violations += len(verdict.violations)
                summary.failed[seed] = verdict.violations
            tell(verdict)
        summary.seconds = time.perf_counter() - started
        summary.deadlocks = self._stage.stock.deadlocks
        return summary

    def _take_note(self, _loop: asyncio.AbstractEventLoop, context: MutableMapping[str, object]) -> None:
        self._complaints.append(f"{context.get('message')}: {context.get('exception')!r}")


@contextmanager
def _silent_logs(heard: list[str]) -> Iterator[None]:
    """Collect the names of logged events instead of printing them."""

    def collect(_logger: object, _method: str, fields: MutableMapping[str, object]) -> MutableMapping[str, object]:
        heard.append(str(fields.get("event")))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[collect], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


__all__ = ["Simulation", "Stuck", "Summary", "Verdict"]
