"""Where alerts are played in tests: readings that a test sets by hand, a clock it moves, and places that are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

from aiohttp import web

from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.upkeep import Reading, Sample, Severity
from frontdesk.operations.alerts.evaluating import Evaluated, Watch, evaluate_once
from frontdesk.operations.alerts.model import Operator, Rule, RuleBook
from frontdesk.operations.alerts.notifying import Notifier
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.ports.alerts import AlertSink
from tests.support.office import TravelClock


@dataclass
class Dial:
    """A reading that shows what the test sets; `broken` makes it fail."""

    name: str
    labels: tuple[str, ...] = ()
    samples: list[Sample] = field(default_factory=list)
    broken: bool = False

    def show(self, value: float, *labels: str) -> None:
        """Show one value."""
        self.samples = [Sample(value, labels)]

    async def measure(self, _tx: Transaction) -> Sequence[Sample]:
        """Tell what the dial shows."""
        if self.broken:
            raise ArithmeticError(self.name)
        return self.samples

    @property
    def reading(self) -> Reading:
        """The dial as a reading."""
        return Reading(name=self.name, help="A dial of the tests.", measure=self.measure, labels=self.labels)


def rule(name: str = "Hot", **changes: object) -> Rule:
    """Make a rule on the dial `heat`: above 10 for a minute."""
    fields: dict[str, object] = {
        "name": name, "reading": "heat", "operator": Operator.ABOVE, "threshold": 10.0,
        "lasting": timedelta(minutes=1), "severity": Severity.CRITICAL, "owner": "ops", "source": "test",
        "runbook": "texts-not-going-out",
        "summary": "It is {value} degrees hot in {tenant}", **changes,
    }  # fmt: skip
    return Rule(**fields)  # type: ignore[arg-type]  # the test names fields of the rule


@dataclass
class Stage:
    """Everything a test of alerts needs."""

    system: Database
    clock: TravelClock
    dials: dict[str, Dial]
    watch: Watch
    notifier: Notifier

    @property
    def heat(self) -> Dial:
        """The dial that most rules look at."""
        return self.dials["heat"]

    def use(self, *rules: Rule, **changes: object) -> None:
        """Evaluate these rules from now on."""
        book = replace(self.watch.book, rules=rules, **changes)  # type: ignore[arg-type]  # fields of the book
        self.watch = replace(self.watch, book=book)

    async def evaluate(self, *, after: float = 15) -> Evaluated:
        """Let time pass, then evaluate."""
        self.clock.ahead += timedelta(seconds=after)
        found = await evaluate_once(self.system, self.watch)
        assert found is not None
        return found

    async def run(self, seconds: float, *, step: float = 15) -> list[Evaluated]:
        """Evaluate and tell every 15 s for a while."""
        found = []
        for _ in range(int(seconds / step)):
            found.append(await self.evaluate(after=step))
            await self.notifier.notify_once()
        return found

    async def states(self) -> list[tuple[str, str]]:
        """List alerts with their states, in the order they began."""
        async with self.system.transaction() as tx:
            rows = await tx.fetch("select alertname, state from alert_instances order by id")
        return [(row["alertname"], row["state"]) for row in rows]


@asynccontextmanager
async def open_stage(database_url: str, *sinks: AlertSink) -> AsyncIterator[Stage]:
    """Open the stage with a rule on one dial."""
    clock = TravelClock()
    system = await Database.open(
        database_url, role=Role.SYSTEM, clock=clock, flush=flush_with(Handlers([])), max_size=4
    )
    dials = {"heat": Dial("heat", ("tenant",)), "crowd": Dial("crowd", ("tenant",))}
    named = {sink.name: sink for sink in sinks}
    book: RuleBook = replace(our_rules(), rules=(rule(),), inhibitions=())
    watch = Watch(
        book=book,
        readings={name: dial.reading for name, dial in dials.items()},
        sinks=tuple(sorted(named)),
        base_url="https://desk.example.com",
    )
    try:
        yield Stage(system, clock, dials, watch, Notifier(system=system, sinks=named, process_id=uuid4()))
    finally:
        await system.close()


@dataclass
class Ear:
    """A place that is told by HTTP: notes what it hears, and answers as the test wants."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    heard: list[dict[str, object]] = field(default_factory=list)
    refused: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, request: web.Request) -> web.Response:
        """Take one request."""
        body = await request.read()
        if self.status >= 300:
            self.refused += 1
        else:
            self.heard.append(json.loads(body))
        self.news.set()
        return web.Response(status=self.status, text="ok", headers=self.headers)


@asynccontextmanager
async def listening() -> AsyncIterator[Ear]:
    """Open a place on loopback that hears."""
    ear = Ear()
    app = web.Application()
    app.router.add_post("/{anything:.*}", ear.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001 - aiohttp names its port nowhere else
    assert isinstance(server, asyncio.Server)
    ear.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield ear
    finally:
        await runner.cleanup()
