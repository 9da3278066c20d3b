"""Opening a run of a runbook, letting it repair, ending it early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.upkeep import Approval
from frontdesk.operations.checking.registry import get_remedy
from frontdesk.operations.runbooks import queries
from frontdesk.operations.runbooks.arguments import check_arguments
from frontdesk.operations.runbooks.model import Run, Runbook, RunState


async def start_run(
    tx: Transaction,
    page: Runbook,
    *,
    by: Actor,
    reason: str,
    alert_name: str = "",
    granted: Approval = Approval.NOBODY,
) -> Run:
    """Open a run of a runbook; refuses `runbooks.already_running` (409) while another one of it is open.

    `granted`: it repairs at once where the page proposes nothing that needs more. An `alert_name` says that no person
    has started it.
    """
    run_id = new_id()
    opened = await queries.insert_run(
        tx,
        run_id=run_id,
        slug=page.slug,
        digest=page.digest,
        reason=reason,
        started_by=by.id,
        alert_name=alert_name,
        granted=granted,
    )
    if not opened:
        other = await queries.find_open_run(tx, slug=page.slug)
        raise Refused("runbooks.already_running", f"This runbook is being run already: run {other}.", status=409)
    await audit.write_entry(
        tx, actor=by, action="runbooks.started", subject=page.slug, details={"run": str(run_id), "reason": reason}
    )
    return await get_run(tx, run_id=run_id)


async def get_run(tx: Transaction, *, run_id: UUID) -> Run:
    """Return a run; refuses `runbooks.run_unknown` (404)."""
    run = await queries.find_run(tx, run_id=run_id)
    if run is None:
        raise _unknown()
    return run


async def approve_run(
    tx: Transaction,
    *,
    run_id: UUID,
    by: Actor,
    level: Approval = Approval.OWNER,
    arguments: Mapping[str, Mapping[str, str]] | None = None,
) -> Run:
    """Let a run do what it proposes, with `arguments` by remedy where remedies ask for some.

    `level` is what whoever approves may grant. Refuses `runbooks.run_unknown` (404), `runbooks.nothing_to_approve`
    (409), `runbooks.approval_too_low` (403), and what arguments lack (422).
    """
    run = await _lock(tx, run_id)
    if run.state is not RunState.AWAITING_APPROVAL:
        raise Refused("runbooks.nothing_to_approve", f"This run is {run.state.value}: nothing awaits you.", status=409)
    if level.rank < run.approval.rank:
        raise Refused("runbooks.approval_too_low", f"This needs the approval of an {run.approval.value}.", status=403)
    given = arguments or {}
    remedies = tuple(replace(one, arguments={**one.arguments, **given.get(one.name, {})}) for one in run.remedies)
    for one in remedies:
        check_arguments(get_remedy(one.name), one.arguments)
    approved = replace(
        run, state=RunState.REPAIRING, approved_by=by.id, granted=level, remedies=remedies, words="approved"
    )
    await queries.update_run(tx, approved)
    await audit.write_entry(tx, actor=by, action="runbooks.approved", subject=run.slug, details={"run": str(run.id)})
    return approved


async def cancel_run(tx: Transaction, *, run_id: UUID, by: Actor) -> Run:
    """End a run that has not begun to repair; refuses `runbooks.run_unknown` and `runbooks.cannot_cancel` (409)."""
    run = await _lock(tx, run_id)
    if run.state not in {RunState.DIAGNOSING, RunState.AWAITING_APPROVAL}:
        raise Refused("runbooks.cannot_cancel", f"This run is {run.state.value} and takes its course.", status=409)
    await audit.write_entry(tx, actor=by, action="runbooks.canceled", subject=run.slug, details={"run": str(run.id)})
    ended = replace(run, state=RunState.CANCELED, words=f"canceled by {by.shown}", finished_at=tx.now)
    await queries.update_run(tx, ended)
    return ended


async def _lock(tx: Transaction, run_id: UUID) -> Run:
    run = await queries.lock_run(tx, run_id=run_id)
    if run is None:
        raise _unknown()
    return run


def _unknown() -> Refused:
    return Refused("runbooks.run_unknown", "There is no such run of a runbook.", status=404)
