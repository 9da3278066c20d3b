"""How an installation stands: every check looked at now, with since when and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from frontdesk.features import delivery
from frontdesk.kernel import attendance
from frontdesk.kernel.outbox.store import measure_lag
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.checking import list_states, look_at_each
from frontdesk.wiring import Frontdesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One check that is not well; `since` is when a worker first saw it so, None if none has yet."""

    check: str
    severity: str
    words: str
    since: datetime | None
    runbook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is wrong, worst first, in sentences and in full, and the figures of the moment."""

    ok: bool
    wrong: list[str]
    troubles: list[Trouble]
    checks: int
    facts: dict[str, object] = field(default_factory=dict)


async def examine(parts: Frontdesk) -> Report:
    """Look at every check, reading only."""
    looked = await look_at_each(parts.system)
    async with parts.system.transaction() as tx:
        since = {state.name: state.since_at for state in await list_states(tx) if state.severity > Severity.INFO}
        running = await attendance.list_processes(tx)
        lag = await measure_lag(tx)
        paused = await delivery.list_paused(tx)
        proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key="all")
    alive = [one for one in running if one.in_lease and one.kind != "cli"]
    unwell = sorted((one for one in looked if not one.finding.is_well), key=lambda one: -one.finding.severity)
    troubles = [
        Trouble(
            check=one.check.name,
            severity=one.finding.severity.word,
            words=one.finding.words,
            since=since.get(one.check.name),
            runbook=one.check.runbook,
        )
        for one in unwell
    ]
    return Report(
        ok=not troubles,
        wrong=[one.words for one in troubles],
        troubles=troubles,
        checks=len(looked),
        facts={
            "processes": ", ".join(sorted(one.kind for one in alive)) or "none",
            "event_lag_s": round(lag, 3),
            "texts_waiting": proof.queued,
            "texts_in_flight": proof.in_flight,
            "last_text_started_at": proof.last_started_at,
            "paused": len(paused),
        },
    )
