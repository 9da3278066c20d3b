"""Monitors at a real carrier: a phone of ours calls and writes, and what it is answered comes in by our own webhook."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.operations.monitors import queries
from frontdesk.operations.monitors.model import CarrierLine, Failed
from frontdesk.ports import InboundText, OutboundText

CALL_WAITS_SECONDS = 40  # longer than any business lets it ring, so that the call is missed and not hung up
CALL_WITHIN_SECONDS = 90.0
TEXT_WITHIN_SECONDS = 60.0
LOOK_SECONDS = 0.25
VALIDITY_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideMonitor:
    """Something that our second phone does; `attempt` returns what came of it in words, or raises `Failed`."""

    name: str
    attempt: Callable[[Database, CarrierLine, datetime], Awaitable[str]]


async def note_heard(tx: Transaction, text: InboundText) -> None:
    """Keep what came to the number that monitors write from, for the monitor that waits for it."""
    await queries.insert_heard(
        tx, text_id=new_id(), sender_e164=text.sender_e164, recipient_e164=text.recipient_e164, body=text.body
    )


async def _misses_call(system: Database, line: CarrierLine, started_at: datetime) -> str:
    if line.placer is None:
        raise Failed("this carrier rings nobody for us")
    await _begin_as_a_friend(system, line)
    await line.placer.place_call(
        caller_e164=line.from_number, called_e164=line.number, waits_seconds=CALL_WAITS_SECONDS
    )
    await _until(system, line, started_at, CALL_WITHIN_SECONDS, "a caller who was not answered got no text")
    return "a caller who was not answered got a text"


async def _writes(system: Database, line: CarrierLine, started_at: datetime) -> str:
    await _write(line, "HELP")
    await _until(system, line, started_at, TEXT_WITHIN_SECONDS, "HELP was not answered")
    await _write(line, "STOP")
    await _stands(system, line, stopped=True)
    await _write(line, "START")
    await _stands(system, line, stopped=False)
    return "HELP was answered, and STOP and START were heeded"


async def _begin_as_a_friend(system: Database, line: CarrierLine) -> None:
    """Take back a STOP that a run before this one was cut off after."""
    async with system.transaction() as tx:
        stopped = await queries.is_stopped(tx, sender_e164=line.number, phone_e164=line.from_number)
    if stopped:
        await _write(line, "START")
        await _stands(system, line, stopped=False)


async def _write(line: CarrierLine, word: str) -> None:
    """Post one text straight through the carrier's port: it plays a customer, whom no gate of ours holds back."""
    await line.carrier.send_text(
        OutboundText(
            reference=new_id(),
            sender_e164=line.from_number,
            recipient_e164=line.number,
            body=word,
            validity_seconds=VALIDITY_SECONDS,
            status_callback="",
        ),
        starting=lambda: None,
    )


async def _until(system: Database, line: CarrierLine, since: datetime, seconds: float, otherwise: str) -> None:
    """Wait until the tested number has written to our second phone."""
    until = system.clock.monotonic() + seconds
    while system.clock.monotonic() < until:
        async with system.transaction() as tx:
            heard = await queries.count_heard(tx, sender_e164=line.number, recipient_e164=line.from_number, since=since)
        if heard:
            return
        await system.clock.sleep(LOOK_SECONDS)
    raise Failed(f"{otherwise} within {seconds:.0f} s")


async def _stands(system: Database, line: CarrierLine, *, stopped: bool) -> None:
    until = system.clock.monotonic() + TEXT_WITHIN_SECONDS
    while system.clock.monotonic() < until:
        async with system.transaction() as tx:
            if await queries.is_stopped(tx, sender_e164=line.number, phone_e164=line.from_number) is stopped:
                return
        await system.clock.sleep(LOOK_SECONDS)
    raise Failed(f"{'STOP' if stopped else 'START'} was not heeded within {TEXT_WITHIN_SECONDS:.0f} s")


CALLS = OutsideMonitor(name="missed_call", attempt=_misses_call)
WRITES = OutsideMonitor(name="stop_and_help", attempt=_writes)


def monitors_of(line: CarrierLine) -> tuple[OutsideMonitor, ...]:
    """List what can be tried at a carrier."""
    return (WRITES,) if line.placer is None else (CALLS, WRITES)
