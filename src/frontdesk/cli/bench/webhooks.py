"""How fast webhooks are taken in: people's texts, signed, at a steady rate against a real web process and worker."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from frontdesk.cli.bench.callers import MAX_CALLERS, caller_number
from frontdesk.cli.bench.figures import cpu_seconds, latencies_ms, peak_rss_mib
from frontdesk.cli.calling import Caller
from frontdesk.cli.installation import Installation, running
from frontdesk.cli.office import read_settings
from frontdesk.cli.seeding import DEMO_BUSINESSES
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.intake import count_kept
from frontdesk.kernel.outbox.store import count_pending
from frontdesk.providers.http import HttpFailure
from frontdesk.providers.twilio import TwilioAccount, WebhookKind

WARM_UP_SECONDS = 3.0
EVERY_TENTH = 10  # is told twice, as providers do
TRIES = 3  # a provider tells again what was not answered well
AGAIN_SECONDS = 1.0
DRAIN_SECONDS = 60.0
LOOK_SECONDS = 0.5
OK = 200


@dataclass(slots=True)
class Log:
    """What the generator saw: which text was answered how fast, how late it was, what was told again or lost."""

    acks: list[tuple[int, float]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    told_again: int = 0
    lost: int = 0


async def run_webhooks(*, rate: int, seconds: int) -> dict[str, object]:
    """Send `rate` texts a second for `seconds`, each of another person; returns the figures.

    The clock of one answer runs from the moment its webhook is handed to the socket until the answer is read. A
    violation is a webhook that was never answered well, or one that was and is not kept exactly once.
    """
    warm = round(rate * WARM_UP_SECONDS)
    total = warm + rate * seconds
    with tempfile.TemporaryDirectory(prefix="fd-bench-", ignore_cleanup_errors=True) as folder:
        settings = read_settings(Path(folder))
        settings = replace(settings, web=settings.web.model_copy(update={"port": 0, "host": "127.0.0.1"}))
        async with running(settings) as installation:
            if installation.account is None or installation.twin is None:
                raise Refused("bench.real_carrier", "the bench needs the twin: unset the TWILIO_ keys for it")
            pids = {name: pid for name, pid in installation.pids().items() if name != "up"}
            before = {name: cpu_seconds(pid) for name, pid in pids.items()}
            log = await _generate(installation, installation.account, rate=rate, texts=total)
            kept, drained = await _after(installation)
            peaks = {name: peak_rss_mib(pid) for name, pid in pids.items()}
            costs = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    sent = total + total // EVERY_TENTH
    return {
        "rate_per_s": rate,
        "seconds": seconds,
        "webhooks": sent,
        "answered": len(log.acks),
        **latencies_ms([took for index, took in log.acks if index >= warm], prefix="ack_"),
        "generator_late_p99_ms": latencies_ms(log.late[warm:])["p99_ms"],
        "told_again": log.told_again,
        "kept": kept,
        "events_handled_after_s": drained,
        "violations": log.lost + abs(total - kept),
        "cpu_ms_per_webhook": {name: round(cost * 1000 / sent, 2) for name, cost in costs.items()},
        "peak_rss_mib": peaks.get("web", 0.0),
    }


async def _generate(installation: Installation, account: TwilioAccount, *, rate: int, texts: int) -> Log:
    """Send webhooks by the clock whether or not earlier ones are answered, so that no wait hides another."""
    log = Log()
    async with Caller(installation.url, connections=512) as web:
        begin = time.monotonic() + 0.2
        tasks = [asyncio.create_task(_one(web, account, log, index, begin + index / rate)) for index in range(texts)]
        await asyncio.gather(*tasks)
    return log


async def _one(web: Caller, account: TwilioAccount, log: Log, index: int, due: float) -> None:
    business = DEMO_BUSINESSES[index % len(DEMO_BUSINESSES)]
    fields = {
        "MessageSid": "SM" + secrets.token_hex(16),
        "AccountSid": account.account_sid,
        "From": caller_number(index % MAX_CALLERS),
        "To": business.phone_e164,
        "Body": f"Thanks, that was number {index}.",
        "NumMedia": "0",
        "ApiVersion": "2010-04-01",
    }
    await asyncio.sleep(max(0.0, due - time.monotonic()))
    log.late.append(max(0.0, time.monotonic() - due))
    for _ in range(2 if index % EVERY_TENTH == EVERY_TENTH - 1 else 1):
        await _tell(web, account, log, index, fields)


async def _tell(web: Caller, account: TwilioAccount, log: Log, index: int, fields: dict[str, str]) -> None:
    """Tell it as a provider does: again after a while if it was not answered well."""
    for turn in range(TRIES):
        if turn:
            log.told_again += 1
            await asyncio.sleep(AGAIN_SECONDS)
        began = time.monotonic()
        with suppress(HttpFailure):
            reply = await web.post_webhook(account, "/webhooks/twilio/sms", fields)
            if reply.status == OK:
                log.acks.append((index, time.monotonic() - began))
                return
    log.lost += 1


async def _after(installation: Installation) -> tuple[int, float]:
    """Count what was kept, and tell after how many seconds the worker had handled all that came of it; -1 if not."""
    system = await Database.open(installation.database_url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=1)
    try:
        async with system.transaction() as tx:
            kept = await count_kept(tx, provider="twilio", kind=WebhookKind.TEXT.value)
        began = time.monotonic()
        while time.monotonic() - began < DRAIN_SECONDS:
            async with system.transaction() as tx:
                if await count_pending(tx) == 0:
                    return kept, round(time.monotonic() - began, 1)
            await asyncio.sleep(LOOK_SECONDS)
        return kept, -1.0
    finally:
        await system.close()
