"""How fast the console's pages are on a large business, what they weigh, and what five hundred live viewers cost."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from frontdesk.cli.bench.figures import cpu_seconds, latencies_ms, peak_rss_mib
from frontdesk.cli.calling import Caller
from frontdesk.cli.installation import Installation, running
from frontdesk.cli.office import read_settings
from frontdesk.cli.seeding import BY, DEMO_BUSINESSES
from frontdesk.features import insights, tenants
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.errors import Refused
from frontdesk.providers.http import HttpFailure

LIMIT_KIB = 200.0
WARM_UP = 3
OK = 200
HASTE = "API_CALLER_UNITS_PER_MINUTE"
PATIENCE_SECONDS = 60.0
IDLE_SECONDS = 10.0
AT_ONCE = 25  # viewers who come in the same moment
KEPT_DAYS = 100
GATHER = "analyze"  # what autovacuum would do within a minute
PAGES: Mapping[str, str] = {
    "home": "/?business={0}",
    "timeline": "/businesses/{0}/timeline",
    "inbox": "/businesses/{0}/inbox",
    "calendar": "/businesses/{0}/agenda",
    "people": "/businesses/{0}/people",
    "people_search": "/businesses/{0}/people?q=Person+4711",
    "campaigns": "/businesses/{0}/campaigns",
    "reports_7": "/businesses/{0}/reports?period=7",
    "reports_30": "/businesses/{0}/reports?period=30",
    "reports_90": "/businesses/{0}/reports?period=90",
    "budgets": "/businesses/{0}/settings/budgets",
    "numbers": "/businesses/{0}/settings/numbers",
    "calendars": "/businesses/{0}/calendars",
    "payments": "/businesses/{0}/payments",
    "operations": "/operations",
}
_ASSET = re.compile(rb'(?:src|href)="(/static/[^"]+)"')


@dataclass(slots=True)
class Looked:
    """What asking for a page gave: how long each answer took (s), its weight with everything it loads (KiB).

    `cpu_ms` is what web and database spent on one answer, which depends little on what else the machine does.
    """

    waits: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0
    weight_kib: float = 0.0
    refused: int = 0


async def run_console(*, people: int, messages: int, rounds: int, viewers: int) -> dict[str, object]:
    """Make up a large business, ask a real web process for each page in turn, then let many look live; the figures.

    A wait is from the request handed to the socket to the answer read, one request at a time.
    """
    with tempfile.TemporaryDirectory(prefix="fd-bench-", ignore_cleanup_errors=True) as folder:
        os.environ[HASTE] = "0"  # one caller asks for everything: what is measured is speed, not patience
        settings = read_settings(Path(folder))
        settings = replace(settings, web=settings.web.model_copy(update={"port": 0, "host": "127.0.0.1"}))
        async with running(settings) as installation:
            began = time.perf_counter()
            business = await _fill(installation, people, messages)
            filled_s = time.perf_counter() - began
            async with Caller(installation.url, token=installation.welcome.api_token) as web:
                weights: dict[str, float] = {}
                works = [installation.pids()[name] for name in ("web", "postgres") if name in installation.pids()]
                pages = {
                    name: await _look(web, path.format(business), rounds, weights, works)
                    for name, path in PAGES.items()
                }
                rss = peak_rss_mib(installation.pids()["web"])
                live = await _watch(installation, web, business, viewers)
            peak = peak_rss_mib(installation.pids()["web"])
    heaviest = max(one.weight_kib for one in pages.values())
    refused = sum(one.refused for one in pages.values())
    unseen = viewers - int(str(live["viewers_who_saw"]))
    return {
        "people": people,
        "messages": messages,
        "filled_s": round(filled_s, 1),
        "load": round(os.getloadavg()[0], 1),
        "pages": {
            name: {
                **latencies_ms(one.waits),
                "cpu_ms": one.cpu_ms,
                "weight_kib": one.weight_kib,
                "refused": one.refused,
            }
            for name, one in pages.items()
        },
        "worst_p95_ms": max(latencies_ms(one.waits)["p95_ms"] for one in pages.values()),
        "heaviest_kib": heaviest,
        "viewers": viewers,
        **live,
        "rss_before_viewers_mib": rss,
        "peak_rss_mib": peak,
        "violations": refused + unseen + int(heaviest > LIMIT_KIB),
    }


async def _fill(installation: Installation, people: int, messages: int) -> UUID:
    demo = DEMO_BUSINESSES[0]
    system = await Database.open(installation.database_url, role=Role.SYSTEM, clock=DatabaseClock())
    owner = await Database.open(installation.database_url, role=Role.LOGIN, clock=DatabaseClock())
    try:
        async with system.transaction() as tx:
            business = await tenants.find_tenant_by_slug(tx, slug=demo.slug)
        if business is None:
            raise Refused("bench.no_demo", "the demo business is not there")
        async with system.transaction(business.id) as tx:
            await insights.make_up_history(tx, people=people, messages=messages, number_e164=demo.phone_e164, by=BY)
        async with owner.transaction() as tx:
            await tx.execute(GATHER)
        async with system.transaction(business.id) as tx:
            await insights.keep_days(tx, zone=business.timezone, days=KEPT_DAYS)
    finally:
        await system.close()
        await owner.close()
    return business.id


async def _look(web: Caller, path: str, rounds: int, weights: dict[str, float], works: Sequence[int]) -> Looked:
    looked, body, used = Looked(), b"", 0.0
    for number in range(WARM_UP + rounds):
        if number == WARM_UP:
            used = sum(cpu_seconds(pid) for pid in works)
        began = time.perf_counter()
        try:
            reply = await web.get(path)
        except HttpFailure:  # so slow that nobody waits for it any more
            looked.refused += 1
            looked.waits.append(time.perf_counter() - began)
            continue
        body = reply.body
        looked.refused += int(reply.status != OK)
        if number >= WARM_UP:
            looked.waits.append(time.perf_counter() - began)
    looked.cpu_ms = round((sum(cpu_seconds(pid) for pid in works) - used) / rounds * 1000, 1)
    total = len(gzip.compress(body)) / 1024
    for asset in sorted({one.decode() for one in _ASSET.findall(body)}):
        if asset not in weights:
            weights[asset] = len(gzip.compress((await web.get(asset)).body)) / 1024
        total += weights[asset]
    looked.weight_kib = round(total, 1)
    return looked


async def _watch(installation: Installation, web: Caller, business: UUID, viewers: int) -> dict[str, object]:
    """Let many look live at once, let a call be missed, and tell how long each waited to see it."""
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for first in range(0, viewers, AT_ONCE):
        some = range(first, min(viewers, first + AT_ONCE))
        opened += await asyncio.gather(*(_open_stream(installation, business) for _ in some))
    try:
        web_pid = installation.pids()["web"]
        used, began = cpu_seconds(web_pid), time.perf_counter()
        await asyncio.sleep(IDLE_SECONDS)
        share = (cpu_seconds(web_pid) - used) / (time.perf_counter() - began)
        began = time.perf_counter()
        seeing = [asyncio.create_task(_see_row(reader)) for reader, _ in opened]
        web.speak_for(str(business))
        await web.post_json("/api/simulate/missed-call", {})
        waits = await asyncio.gather(*seeing, return_exceptions=True)
    finally:
        for _, writer in opened:
            writer.close()
    seen = [at - began for at in waits if isinstance(at, float)]
    return {
        "viewers_who_saw": len(seen),
        **latencies_ms(seen, prefix="seen_"),
        "web_cores_while_nothing_happens": round(share, 2),
    }


async def _open_stream(installation: Installation, business: UUID) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(installation.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    head = (
        f"GET /businesses/{business}/stream HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: Bearer {installation.welcome.api_token}\r\nAccept: text/event-stream\r\n\r\n"
    )
    writer.write(head.encode())
    await writer.drain()
    if b" 200 " not in await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS):
        raise LookupError("a live viewer was not let in")
    return reader, writer


async def _see_row(reader: asyncio.StreamReader) -> float:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while b"event: rows" not in (line := await reader.readline()):
            if not line:
                raise LookupError("a live viewer was cut off")
    return time.perf_counter()


def flat(figures: Mapping[str, object]) -> dict[str, object]:
    """Write the figures of pages on a line each, for people."""
    lines = {name: value for name, value in figures.items() if name != "pages"}
    pages = figures["pages"]
    if isinstance(pages, Mapping):
        for name, one in pages.items():
            lines[f"page {name}"] = (
                f"P50 {one['p50_ms']} ms, P95 {one['p95_ms']} ms, {one['cpu_ms']} ms of CPU, {one['weight_kib']} KiB"
            )
    return lines
