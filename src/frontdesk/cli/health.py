"""How an installation stands, asked of its database."""

from __future__ import annotations

from dataclasses import dataclass, field

from frontdesk.features import delivery
from frontdesk.kernel import attendance
from frontdesk.kernel.outbox.store import measure_lag
from frontdesk.wiring import Frontdesk

LAG_LIMIT_SECONDS = 60.0  # the source's alert: outbox lag over 60 s
NEEDED_KINDS = ("web", "worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is wrong, in sentences, and the facts it was told from."""

    ok: bool
    wrong: list[str]
    facts: dict[str, object] = field(default_factory=dict)


async def examine(parts: Frontdesk) -> Report:
    """Look at processes, events, texts and switches."""
    async with parts.system.transaction() as tx:
        running = await attendance.list_processes(tx)
        lag = await measure_lag(tx)
        paused = await delivery.list_paused(tx)
        proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key="all")
    alive = [one for one in running if one.in_lease and one.kind != "cli"]
    wrong = [
        f"no {kind} process is running: start `frontdesk up`, or `frontdesk {kind}`"
        for kind in NEEDED_KINDS
        if not any(one.kind == kind for one in alive)
    ]
    if lag > LAG_LIMIT_SECONDS:
        wrong.append(f"events wait for {lag:.0f} s: is a worker running?")
    wrong += [
        f"sending is paused ({switch.scope} {switch.key}) since {switch.paused_at:%Y-%m-%d %H:%M} UTC by"
        f" {switch.paused_by}: {switch.reason or 'no reason given'}"
        for switch in paused
    ]
    return Report(
        ok=not wrong,
        wrong=wrong,
        facts={
            "processes": ", ".join(sorted(one.kind for one in alive)) or "none",
            "event_lag_s": round(lag, 3),
            "texts_waiting": proof.queued,
            "texts_in_flight": proof.in_flight,
            "last_text_started_at": proof.last_started_at,
            "paused": len(paused),
        },
    )
