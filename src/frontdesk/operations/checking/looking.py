"""Looking at all checks: one after the other, each in a transaction that cannot write and cannot take long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.checking import queries
from frontdesk.operations.checking.registry import all_checks, find_check

LOOK_SECONDS = 5.0
log = get_logger("operations")


@dataclass(frozen=True, slots=True)
class Looked:
    """A check and what it saw."""

    check: Check
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """How a check stands: what is wrong, how bad, since when, and where it says what to do."""

    name: str
    sentence: str
    runbook: str
    severity: Severity
    words: str
    value: float | None
    evidence: Mapping[str, object]
    since_at: datetime
    looked_at: datetime


async def look_at_each(system: Database, checks: Iterable[Check] | None = None) -> list[Looked]:
    """Look at checks now (all of them by default); one that cannot be answered within 5 s is critical itself."""
    return [Looked(check, await look(system, check)) for check in (all_checks() if checks is None else checks)]


async def look(system: Database, check: Check) -> Finding:
    """Look at one check, in a transaction that cannot write."""
    try:
        async with asyncio.timeout(LOOK_SECONDS), system.transaction() as tx:
            await tx.execute("set transaction read only")
            return await check.look(tx)
    except Exception as error:  # noqa: BLE001 - what cannot be looked at is not well, whatever the reason
        log.warning("check_failed", check=check.name, error=error)
        return Finding(
            severity=Severity.CRITICAL, words=f"cannot be looked at: {type(error).__name__}: {str(error)[:200]}"
        )


async def look_at_all(system: Database) -> list[Looked] | None:
    """Look at every check and keep what it saw; None while another process does so this moment."""
    async with system.transaction() as turn:
        if not await queries.take_turn(turn):
            return None
        seen = await look_at_each(system)
        await queries.record_states(
            turn,
            [
                (one.check.name, one.finding.severity.word, one.finding.words, one.finding.value, one.finding.evidence)
                for one in seen
            ],
        )
    return seen


async def list_states(tx: Transaction) -> list[CheckState]:
    """List how every check stood when it was last looked at, worst first, then oldest."""
    found = []
    for stored in await queries.list_states(tx):
        check = find_check(stored.name)
        if check is not None:
            found.append(
                CheckState(
                    name=stored.name,
                    sentence=check.sentence,
                    runbook=check.runbook,
                    severity=Severity[stored.severity.upper()],
                    words=stored.words,
                    value=stored.value,
                    evidence=stored.evidence,
                    since_at=stored.since_at,
                    looked_at=stored.looked_at,
                )
            )
    return sorted(found, key=lambda one: (-one.severity, one.since_at))
