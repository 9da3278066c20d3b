"""How fast a missed call becomes a text at the carrier: signed webhooks at a steady rate against a real web process."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from frontdesk.cli.bench.callers import caller_number
from frontdesk.cli.bench.figures import cpu_seconds, latencies_ms, peak_rss_mib
from frontdesk.cli.bench.money import lift_budgets
from frontdesk.cli.calling import Caller
from frontdesk.cli.installation import Installation, running
from frontdesk.cli.office import read_settings
from frontdesk.cli.seeding import DEMO_BUSINESSES
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.errors import Refused
from frontdesk.providers.http import HttpFailure
from frontdesk.providers.twilio import TwilioAccount
from frontdesk.providers.twin import TwinControl

if TYPE_CHECKING:
    from frontdesk.providers.twin.wire import JournalView

WARM_UP_SECONDS = 3.0
RING_SECONDS = 0.5  # between the webhook that a call comes in and the one that nobody answered it
SETTLE_SECONDS = 20.0
PAGE = 5_000
OK = 200


@dataclass(slots=True)
class Log:
    """What the generator saw: when each missed call was told (monotonic s), how long each acknowledgement took."""

    told_at: dict[str, float] = field(default_factory=dict)
    acks: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    refused: int = 0


async def run_textback(*, rate: int, seconds: int, receipts: bool) -> dict[str, object]:
    """Tell of `rate` missed calls a second for `seconds`, each by another caller; returns the figures.

    The clock of one text runs from the moment its dial-action webhook is handed to the socket until its POST is read
    by the twin: both moments are of this machine's one monotonic clock, and our own share is a little less.
    """
    with tempfile.TemporaryDirectory(prefix="fd-bench-", ignore_cleanup_errors=True) as folder:
        settings = read_settings(Path(folder))
        settings = replace(settings, web=settings.web.model_copy(update={"port": 0, "host": "127.0.0.1"}))
        async with running(settings) as installation:
            if installation.twin is None or installation.account is None:
                raise Refused("bench.real_carrier", "the bench needs the twin: unset the TWILIO_ keys for it")
            await _lift_budgets(installation)
            async with TwinControl(installation.twin.url, token=installation.twin.control_token) as twin:
                known = await twin.settings()
                await twin.change_settings(msgspec.structs.replace(known, callback_share=float(receipts)))
                warm = round(rate * WARM_UP_SECONDS)
                pids = {name: pid for name, pid in installation.pids().items() if name != "up"}
                before = {name: cpu_seconds(pid) for name, pid in pids.items()}
                log = await _generate(installation, installation.account, rate=rate, calls=warm + rate * seconds)
                arrived = await _collect(twin, len(log.told_at))
            peaks = {name: peak_rss_mib(pid) for name, pid in pids.items()}
            costs = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    return _figures(log, arrived, rate=rate, seconds=seconds, warm=warm, peaks=peaks, costs=costs)


async def _lift_budgets(installation: Installation) -> None:
    system = await Database.open(installation.database_url, role=Role.SYSTEM, clock=DatabaseClock())
    try:
        await lift_budgets(system)
    finally:
        await system.close()


def _figures(
    log: Log,
    arrived: list[JournalView],
    *,
    rate: int,
    seconds: int,
    warm: int,
    peaks: dict[str, float],
    costs: dict[str, float],
) -> dict[str, object]:
    posts = Counter(entry.fields.get("To", "") for entry in arrived)
    first_at: dict[str, float] = {}
    for entry in arrived:
        first_at.setdefault(entry.fields.get("To", ""), entry.monotonic_us / 1e6)
    counted = list(log.told_at.items())[warm:]
    latencies = [first_at[caller] - told for caller, told in counted if caller in first_at]
    violations = sum(1 for caller in log.told_at if posts[caller] != 1)
    return {
        "rate_per_s": rate,
        "seconds": seconds,
        "calls": len(counted),
        **latencies_ms(latencies),
        **latencies_ms(log.acks[2 * warm :], prefix="ack_"),
        "generator_late_p99_ms": latencies_ms(log.late[2 * warm :])["p99_ms"],
        "webhooks": len(log.acks) + log.refused,
        "refused": log.refused,
        "violations": violations,
        # Unlike latencies, these hardly depend on what else the machine does.
        "cpu_ms_per_call": {name: round(cost * 1000 / len(log.told_at), 2) for name, cost in costs.items()},
        "peak_rss_mib": peaks.get("web", 0.0),
    }


async def _generate(installation: Installation, account: TwilioAccount, *, rate: int, calls: int) -> Log:
    """Send webhooks by the clock whether or not earlier ones are answered, so that no wait hides another."""
    log = Log()
    async with Caller(installation.url, connections=512) as web:
        begin = time.monotonic() + 0.2
        tasks = [
            asyncio.create_task(_one_call(web, account, log, index, begin + index / rate)) for index in range(calls)
        ]
        await asyncio.gather(*tasks)
    return log


async def _one_call(web: Caller, account: TwilioAccount, log: Log, index: int, due: float) -> None:
    business = DEMO_BUSINESSES[0]
    caller = caller_number(index)
    fields = {
        "CallSid": "CA" + secrets.token_hex(16),
        "AccountSid": account.account_sid,
        "From": caller,
        "Caller": caller,
        "To": business.phone_e164,
        "Called": business.phone_e164,
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
    }
    await _at(due, log)
    await _post(web, account, log, "/webhooks/twilio/voice", {**fields, "CallStatus": "ringing"})
    await _at(due + RING_SECONDS, log)
    log.told_at[caller] = time.monotonic()
    ended = {**fields, "CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialCallSid": "CA" + "0" * 32}
    await _post(web, account, log, "/webhooks/twilio/voice/dial-action", ended)


async def _at(due: float, log: Log) -> None:
    await asyncio.sleep(max(0.0, due - time.monotonic()))
    log.late.append(max(0.0, time.monotonic() - due))


async def _post(web: Caller, account: TwilioAccount, log: Log, path: str, fields: dict[str, str]) -> None:
    began = time.monotonic()
    try:
        reply = await web.post_webhook(account, path, fields)
    except HttpFailure:
        log.refused += 1
        return
    if reply.status == OK:
        log.acks.append(time.monotonic() - began)
    else:
        log.refused += 1


async def _collect(twin: TwinControl, calls: int) -> list[JournalView]:
    """Wait until every caller has a text or nothing moves any more, then read what the carrier got."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        report = await twin.wait_for_text(status="queued", count=calls, within=1.0)
        if report.met or report.count >= calls:
            break
    await twin.wait_until_idle(within=5.0)
    found: list[JournalView] = []
    while page := await twin.journal(after=found[-1].seq if found else 0, limit=PAGE, operation="messages.create"):
        found += page
    return found
