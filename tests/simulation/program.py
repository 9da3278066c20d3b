"""A process of ours in the simulation: the real parts, put together as wiring does, on simulated time and carrier."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from frontdesk.features import calls, conversations, delivery, senders, tenants, textback
from frontdesk.kernel.claims import CLAIMS, Claims
from frontdesk.kernel.db import UNAVAILABLE, Database, Role, Transaction
from frontdesk.kernel.journal import Journal, JournalEntry
from frontdesk.kernel.liveness import LEASE, REGISTER, Presence
from frontdesk.kernel.loops import Loop
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.rings import Ring
from frontdesk.kernel.settings import Settings
from frontdesk.kernel.telemetry import Metrics
from frontdesk.ports import MessagingProvider
from frontdesk.web.webhooks import webhook_routes
from frontdesk.wiring import Frontdesk, catalogue, sign_of_life, twilio_account
from frontdesk.wiring.booking import BookingLinks
from frontdesk.wiring.calendars import open_calendars
from frontdesk.worker.main import list_loops
from tests.providers.telnyx.signing import ACCOUNT as TELNYX
from tests.providers.telnyx.signing import signed_headers
from tests.providers.twilio.signing import sign
from tests.simulation.background import RunQueue, background_loop
from tests.simulation.carrier import KEY_SECONDS, PROVIDER, Carrier, Line
from tests.simulation.chance import SimulatedClock
from tests.simulation.sessions import DatabaseFaults, SteppedPool, Stock
from tests.simulation.turnstile import Place, Turnstile

BASE_URL = "https://frontdesk.example"
TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = "AC" + "0" * 32
FORM = "application/x-www-form-urlencoded"
# How long a loop rests, times 0.7 to 1.3: far longer than in production, so that a world has few idle steps.
REST = {
    "show a sign of life": 20.0,
    "watch for late texts": 60.0,
    "take over from the dead": 20.0,
    "share marketing between providers": 40.0,
}
# They watch and count, which costs a world more steps than all its texts; their own tests are elsewhere.
OF_OPERATIONS = frozenset(
    {
        "look at every check",
        "run runbooks",
        "answer alerts with runbooks",
        "run monitors",
        "add up what was counted",
        "verify audit logs",
    }
)
# Nothing is booked or paid in these worlds; the stateful tests of bookings and payments are elsewhere.
OF_BOOKINGS = frozenset(
    {
        "let holds expire",
        "remind people of bookings",
        "put away what is over",
        "keep calendars in step",
        "work off payment orders",
        "look for missed payment news",
    }
)
OF_CAMPAIGNS = {"send campaigns": None, "look after campaigns": 15.0, "give back what was not sent": 30.0}
IDLE_REST = 60.0  # of what there is nothing to do for in a world without campaigns
RESTS = (0.05, 0.5, 4.0, 30.0)


class KeptJournal(Journal):
    """The real journal; while it writes, nobody else gets a turn."""

    def __init__(self, folder: Path, turnstile: Turnstile, *, name: str = "opt-outs") -> None:
        super().__init__(folder, name)
        self._turnstile = turnstile

    async def append(self, entry: Mapping[str, object], *, at: datetime) -> JournalEntry:
        """Write one entry and return once it is on the disk."""
        self._turnstile.talking += 1
        try:
            return await super().append(entry, at=at)
        finally:
            self._turnstile.talking -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all processes of one world share."""

    turnstile: Turnstile
    stock: Stock
    faults: DatabaseFaults
    carrier: Carrier
    settings: Settings
    metrics: Metrics
    journal_folder: Path
    watch: asyncpg.Connection
    server_time: Callable[[], datetime]
    random: Random
    complain: Callable[[str], None]
    doubtful: Callable[[], bool]
    runs: RunQueue | None  # in a world with campaigns


@dataclass(eq=False, slots=True, kw_only=True)
class Program:
    """One running process, web or worker; a restart makes a new one in a new place."""

    kind: str
    number: int
    place: Place
    around: Surroundings
    parts: Frontdesk
    endpoints: dict[str, Callable[[Request], Awaitable[Response]]] = field(default_factory=dict)
    is_up: bool = False
    stirred: int = 0

    @property
    def process_id(self) -> UUID:
        """The id under which it leases work."""
        return self.parts.presence.process_id

    async def boot(self) -> None:
        """Sign on as Presence does, then serve or work until the sign of life is lost."""
        turnstile, parts = self.around.turnstile, self.parts
        while not self.is_up:
            try:
                await parts.system.anchor_clock()
                async with parts.system.transaction() as tx:
                    await tx.execute(
                        REGISTER, self.process_id, self.kind, parts.presence.lock_key, tx.now, LEASE, "simulated"
                    )
                self.is_up = True
            except asyncpg.UniqueViolationError:
                self.is_up = True  # signed on before, by a commit whose answer was lost
            except UNAVAILABLE:
                await turnstile.sleep("start again", 0.5)
        loops = self._list_loops()
        tasks = [turnstile.spawn(self.place, self._keep_going(loop), loop.name) for loop in loops]
        await parts.presence.lost.wait()
        self.is_up = False
        for task in tasks:
            task.cancel()

    def _list_loops(self) -> list[Loop]:
        parts, runs = self.parts, self.around.runs
        left_out = OF_OPERATIONS | OF_BOOKINGS
        loops = [loop for loop in list_loops(parts) if loop.name not in left_out] if self.kind == "worker" else []
        if self.kind != "worker":
            return [sign_of_life(parts)]
        if runs is None:
            return loops
        return [*loops, background_loop(self.place, runs, app=parts.app, system=parts.system)]

    def _rest_of(self, loop: Loop) -> float | None:
        if loop.name in OF_CAMPAIGNS:
            return IDLE_REST if self.around.runs is None else OF_CAMPAIGNS[loop.name]
        return REST.get(loop.name)

    async def _keep_going(self, loop: Loop) -> None:
        """Take turns; after one in vain rest, briefly perhaps if something has stirred this process meanwhile."""
        turnstile, random = self.around.turnstile, self.around.random
        seen = -1
        while True:
            try:
                pause = await loop.turn()
            except UNAVAILABLE:
                pause = 0.5
            except Exception as error:  # noqa: BLE001 - whatever it was, the judges must hear of it
                self.around.complain(f"the loop '{loop.name}' failed: {type(error).__name__}: {error}")
                pause = 0.5
            if pause == 0:
                continue
            rest = self._rest_of(loop)
            if rest is None:
                rest = random.choice(RESTS) if seen != self.stirred or self.around.doubtful() else RESTS[-1]
                seen = self.stirred
            await turnstile.sleep(f"rest {loop.name}", rest * random.uniform(0.7, 1.3))

    async def answer(self, path: str, form: Mapping[str, str], query: str) -> tuple[int, int]:
        """Take a signed webhook through the real route; returns the status and the step of the answer."""
        url = f"{BASE_URL}{path}" + (f"?{query}" if query else "")
        headers = {"content-type": FORM, "x-twilio-signature": sign(url, form, TOKEN)}
        return await self._take(path, query, urlencode(form).encode(), headers)

    async def answer_event(self, path: str, body: bytes) -> tuple[int, int]:
        """Take one of Telnyx's signed events through the real route; returns the status and the step of the answer."""
        return await self._take(path, "", body, signed_headers(body, at=self.around.server_time()))

    async def _take(self, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, int]:
        await self.around.turnstile.step(f"webhook {path}")
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "scheme": "https",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("frontdesk.example", 443),
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        response = await self.endpoints[path](Request(scope, receive))
        return response.status_code, self.around.turnstile.steps

    async def stop_dead(self) -> None:
        """Kill -9: every task ends where it is, open transactions roll back, the session lock is free."""
        self.place.dead = True
        self.is_up = False
        for session in list(self.place.sessions):
            await session.abandon()
        tasks = list(self.place.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await unlock(self)


async def lock(program: Program) -> None:
    """Hold a process's session lock, as its own connection would."""
    turnstile = program.around.turnstile
    turnstile.talking += 1
    try:
        await program.around.watch.execute("select pg_advisory_lock($1)", program.parts.presence.lock_key)
    finally:
        turnstile.talking -= 1


async def unlock(program: Program) -> None:
    """Let go of a process's session lock."""
    turnstile = program.around.turnstile
    turnstile.talking += 1
    try:
        await program.around.watch.execute("select pg_advisory_unlock($1)", program.parts.presence.lock_key)
    finally:
        turnstile.talking -= 1


def make_program(kind: str, number: int, around: Surroundings) -> Program:
    """Put a process together as wiring does; it runs once `boot` is spawned in its place."""
    place = Place(f"{kind}{number}")
    turnstile = around.turnstile
    clock = SimulatedClock(turnstile, beginning=around.server_time())
    late: list[Handlers] = []

    async def flush(tx: Transaction) -> None:
        await flush_with(late[0])(tx)

    def database(role: Role) -> Database:
        pool = SteppedPool(role=role, turnstile=turnstile, stock=around.stock, faults=around.faults)
        pool.server_time = around.server_time
        return Database(cast("asyncpg.Pool", pool), role=role, clock=clock, flush=flush)

    system, app, switches = database(Role.SYSTEM), database(Role.APP), database(Role.SYSTEM)
    presence = Presence("", kind=kind, system=system)
    journal = KeptJournal(around.journal_folder, turnstile)
    known = timedelta(seconds=KEY_SECONDS)
    providers: dict[str, MessagingProvider] = {
        PROVIDER: Line(around.carrier, turnstile, place.name),
        "telnyx": Line(around.carrier, turnstile, place.name, name="telnyx", repost_safe=known),
    }
    made: list[Program] = []

    def stir() -> None:
        if made:
            made[0].stirred += 1

    courier = delivery.Courier(
        system=system,
        providers=providers,
        clock=clock,
        process_id=presence.process_id,
        callback_url=lambda provider, _job_id: f"{BASE_URL}/webhooks/{provider}/sms/status",
        wake=stir,
        recorded=stir,
        cut_off=presence.lost,
        jitter=around.random.random,
    )
    handlers = Handlers(
        [
            *textback.handlers(courier, textback.TextbackLimits()),
            *conversations.handlers(journal, courier),
            *calls.handlers(),
        ]
    )
    late.append(handlers)
    parts = Frontdesk(
        telnyx=TELNYX,
        settings=around.settings,
        clock=clock,
        app=app,
        system=system,
        switches=switches,
        presence=presence,
        journal=journal,
        claims=Claims(KeptJournal(around.journal_folder, turnstile, name=CLAIMS)),
        courier=courier,
        directory=senders.NumberDirectory(system=system, clock=clock),
        businesses=tenants.TenantDirectory(app=app, clock=clock),
        catalogue=catalogue(),
        handlers=handlers,
        providers=providers,
        twilio=twilio_account(around.settings),
        stripe=None,
        payments=None,
        identity=None,
        calendars=open_calendars(
            AsyncExitStack(), settings=around.settings, app=app, system=system, clock=clock, public_base_url=BASE_URL
        ),
        links=BookingLinks(Ring(keys=("simulated",)), around.settings.signing_keys(), base_url=BASE_URL),
        meanings=conversations.Meanings(None),
        metrics=around.metrics,
        public_base_url=BASE_URL,
    )
    program = Program(kind=kind, number=number, place=place, around=around, parts=parts)
    made.append(program)
    if kind == "web":
        program.endpoints = {route.path: route.endpoint for route in webhook_routes(parts) if isinstance(route, Route)}
    return program
