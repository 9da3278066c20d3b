"""How many win when many people ask for one slot at once, and how long each of them waits for the answer."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import msgspec

from frontdesk.cli.bench.callers import caller_number
from frontdesk.cli.bench.figures import cpu_seconds, latencies_ms, peak_rss_mib
from frontdesk.cli.calling import Caller
from frontdesk.cli.installation import Installation, running
from frontdesk.cli.office import read_settings
from frontdesk.cli.seeding import BY, DEMO_BUSINESSES
from frontdesk.features import scheduling, tenants
from frontdesk.kernel import auth
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.errors import Refused

BOOKED, CONFLICT = 201, 409
WARM_UP = 50


@dataclass(slots=True)
class Answers:
    """What everybody who asked was told, and how long each waited (s)."""

    waits: list[float] = field(default_factory=list)
    wins: list[int] = field(default_factory=list)
    offered: int = 0
    others: int = 0


async def run_booking(*, concurrency: int, rounds: int) -> dict[str, object]:
    """Let `concurrency` people ask for one slot at once, `rounds` times; returns the figures.

    A wait is from the request handed to the socket to the answer read, by a real web process on this machine; all who
    ask hold an open connection each, as who has just looked at the free times does, and ask in the same moment.
    """
    with tempfile.TemporaryDirectory(prefix="fd-bench-", ignore_cleanup_errors=True) as folder:
        settings = read_settings(Path(folder))
        settings = replace(settings, web=settings.web.model_copy(update={"port": 0, "host": "127.0.0.1"}))
        async with running(settings) as installation:
            business, service_id, tokens = await _prepare(installation, rounds)
            pids = installation.pids()
            async with _caller(installation, installation.welcome.api_token, business, concurrency) as web:
                slots = await _slots(web, service_id, rounds)
                await asyncio.gather(*(web.get("/api/services") for _ in range(min(WARM_UP, concurrency))))
            cpu, answers = 0.0, Answers()
            for number, (slot, token) in enumerate(zip(slots, tokens, strict=False)):
                async with _caller(installation, token, business, concurrency) as web:
                    await asyncio.gather(*(web.get("/health") for _ in range(concurrency)))
                    before = cpu_seconds(pids["web"])
                    await _fight(web, answers, service_id, slot, concurrency=concurrency, first=number * concurrency)
                    cpu += cpu_seconds(pids["web"]) - before
            peak = peak_rss_mib(pids["web"])
    violations = sum(1 for wins in answers.wins if wins != 1) + answers.others
    return {
        "concurrency": concurrency,
        "rounds": len(slots),
        "winners": sum(answers.wins),
        "conflicts": answers.offered,
        **latencies_ms(answers.waits),
        "bookings_asked_per_s": round(len(answers.waits) / max(sum(_longest(answers, concurrency)), 1e-9), 1),
        "cpu_ms_per_request": round(cpu * 1000 / max(len(answers.waits), 1), 2),
        "peak_rss_mib": peak,
        "violations": violations,
    }


def _longest(answers: Answers, concurrency: int) -> list[float]:
    waits = answers.waits
    return [max(waits[start : start + concurrency]) for start in range(0, len(waits), concurrency)]


def _caller(installation: Installation, token: str, business: UUID, connections: int) -> Caller:
    caller = Caller(installation.url, token=token, connections=connections)
    caller.speak_for(str(business))
    return caller


async def _prepare(installation: Installation, rounds: int) -> tuple[UUID, UUID, list[str]]:
    """Leave the demo's first service to one person, and make a token per round: one alone would ask too fast."""
    system = await Database.open(installation.database_url, role=Role.SYSTEM, clock=DatabaseClock())
    try:
        async with system.transaction() as tx:
            business = await tenants.find_tenant_by_slug(tx, slug=DEMO_BUSINESSES[0].slug)
            tokens = [await _token(tx, number) for number in range(rounds)]
        if business is None:
            raise Refused("bench.no_demo", "the demo business is not there")
        async with system.transaction(business.id) as tx:
            (service,) = await scheduling.list_services(tx)
            (giver, *_others) = (await scheduling.list_givers(tx))[service.id]
            await scheduling.set_givers(tx, service_id=service.id, resource_ids=[giver], by=BY)
    finally:
        await system.close()
    return business.id, service.id, tokens


async def _token(tx: Transaction, number: int) -> str:
    issued = await auth.create_token(
        tx,
        name=f"bench {number}",
        scopes=frozenset({auth.Scope.BOOKING_WRITE}),
        grantable=frozenset(auth.Scope),
        expires_at=tx.now + timedelta(days=1),
        actor=BY,
    )
    return issued.secret


async def _slots(web: Caller, service_id: UUID, rounds: int) -> list[datetime]:
    """Choose free slots two hours apart, so that no winner takes the next one."""
    found = await web.get_json(f"/api/availability?service_id={service_id}&limit=1000")
    starts = [datetime.fromisoformat(one["starts_at"]) for one in cast("list[dict[str, str]]", found)]
    chosen: list[datetime] = []
    for start in starts:
        if not chosen or start - chosen[-1] >= timedelta(hours=2):
            chosen.append(start)
    return chosen[:rounds]


async def _fight(
    web: Caller, answers: Answers, service_id: UUID, slot: datetime, *, concurrency: int, first: int
) -> None:
    wins = 0

    async def ask(index: int) -> None:
        nonlocal wins
        wanted = {"service_id": service_id, "starts_at": slot, "phone_e164": caller_number(first + index)}
        began = time.monotonic()
        reply = await web.post_json("/api/appointments", wanted)
        answers.waits.append(time.monotonic() - began)
        if reply.status == BOOKED:
            wins += 1
        elif reply.status == CONFLICT and msgspec.json.decode(reply.body).get("other_slots"):
            answers.offered += 1
        else:
            answers.others += 1

    await asyncio.gather(*(ask(index) for index in range(concurrency)))
    answers.wins.append(wins)
