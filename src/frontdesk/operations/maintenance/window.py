"""Maintenance mode: announce, stop sending, drain, work, look, let go, watch."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.features import delivery
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.maintenance.model import LONGEST, WATCH, Phase, Standing, Window
from frontdesk.operations.maintenance.queries import windows

ALL = "all"
# These say that maintenance is on, which is no reason against ending it.
OUR_OWN = ["delivery.sending_is_on", "maintenance.ends_in_time", "maintenance.is_well_afterwards"]


async def begin_maintenance(tx: Transaction, *, lasting: timedelta, reason: str, by: Actor) -> Window:
    """Announce maintenance and stop all sending; a kill switch that is pulled already stays its puller's.

    Refuses `maintenance.running` (409) and `maintenance.length` (422) for less than a minute or more than 24 hours.
    """
    if not timedelta(minutes=1) <= lasting <= LONGEST:
        raise Refused("maintenance.length", "Maintenance takes between 1 minute and 24 hours.", status=422)
    before = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key=ALL)
    pulled = before.paused_at is None
    window = await windows.insert_window(
        tx, window_id=new_id(), reason=reason, by=by.shown, until=tx.now + lasting, pulled=pulled
    )
    if window is None:
        raise Refused("maintenance.running", "Maintenance is on already; end it first.", status=409)
    if pulled:
        await delivery.pause_sending(tx, scope=delivery.Scope.GLOBAL, key=ALL, by=by, reason=window.switch_reason)
    await audit.write_entry(
        tx,
        actor=by,
        action="maintenance.begun",
        subject=f"maintenance:{window.id}",
        details={"reason": reason, "until": window.expected_until.isoformat(), "pulled": pulled},
    )
    return window


async def note_if_drained(tx: Transaction) -> bool:
    """Note the moment from which nothing is in flight; returns whether that is so."""
    window = await windows.lock_open_window(tx)
    if window is None:
        return True
    proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key=ALL)
    if proof.in_flight:
        return False
    await windows.record_drained(tx, window_id=window.id)
    return True


async def find_maintenance(tx: Transaction) -> Standing | None:
    """Tell how maintenance stands: the open window, or the last one while it is watched; None otherwise."""
    window = await windows.find_current(tx)
    if window is None:
        return None
    proof = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key=ALL)
    return Standing(
        window=window,
        phase=window.phase(tx.now),
        in_flight=proof.in_flight,
        queued=proof.queued,
        not_well=tuple(await list_not_well(tx, window, worst_only=False)),
    )


async def end_maintenance(tx: Transaction, *, by: Actor, anyway: bool = False) -> Standing:
    """Let sending go on if this window stopped it, and begin to watch for 15 minutes.

    Refuses `maintenance.not_running` (409), and `maintenance.not_well` (409) while a check is critical that was not
    before; `anyway` ends it all the same. A switch that somebody else has pulled meanwhile stays pulled.
    """
    window = await windows.lock_open_window(tx)
    if window is None:
        raise Refused("maintenance.not_running", "No maintenance is on.", status=409)
    broken = await list_not_well(tx, window, worst_only=True)
    if broken and not anyway:
        raise Refused(
            "maintenance.not_well", f"Not well since the work began: {', '.join(broken)}. Mend it first.", status=409
        )
    before = await delivery.prove_stop(tx, scope=delivery.Scope.GLOBAL, key=ALL)
    released = window.pulled and before.reason == window.switch_reason
    if released:
        await delivery.resume_sending(tx, scope=delivery.Scope.GLOBAL, key=ALL, by=by)
    ended = await windows.record_ended(tx, window_id=window.id, by=by.shown, watch_until=tx.now + WATCH)
    await audit.write_entry(
        tx,
        actor=by,
        action="maintenance.ended",
        subject=f"maintenance:{window.id}",
        details={"released": released, "not_well": broken},
    )
    return Standing(
        window=ended, phase=Phase.WATCHING, in_flight=before.in_flight, queued=before.queued, not_well=tuple(broken)
    )


async def list_not_well(tx: Transaction, window: Window, *, worst_only: bool) -> list[str]:
    """List checks that became bad since the work began; after its end only what was looked at since then counts."""
    severities = [Severity.CRITICAL.word] if worst_only else [Severity.WARNING.word, Severity.CRITICAL.word]
    return await windows.list_not_well(
        tx,
        severities=severities,
        since=window.started_at,
        looked_since=window.ended_at or window.started_at,
        except_for=OUR_OWN,
    )
