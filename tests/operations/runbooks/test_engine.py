"""A run of a runbook on a real database: it looks, asks, repairs once, verifies, and outlives its runner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from frontdesk.features import delivery
from frontdesk.kernel import actor, audit
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.upkeep import Approval
from frontdesk.operations import runbooks
from frontdesk.operations.runbooks import Run, RunState, RunStep, StepKind, StepResult
from frontdesk.operations.runbooks.diagnosing import diagnose

ADA = actor.system("cli/ada")
PAGE = runbooks.get_runbook("kill-switch")


async def pause(system: Database) -> None:
    """Pull the switch of a channel, as somebody who forgets about it."""
    async with system.transaction() as tx:
        await delivery.pause_sending(tx, scope=delivery.Scope.CHANNEL, key="sms", by=ADA, reason="work")


async def start(system: Database, granted: Approval = Approval.OWNER, *, alert: str = "") -> Run:
    """Open a run."""
    async with system.transaction() as tx:
        return await runbooks.start_run(tx, PAGE, by=ADA, reason="it is quiet", alert_name=alert, granted=granted)


async def steps_of(system: Database, run_id: UUID) -> list[RunStep]:
    """List the steps of a run."""
    async with system.transaction() as tx:
        return await runbooks.list_steps(tx, run_id=run_id)


async def paused(system: Database) -> int:
    """Count pulled switches."""
    async with system.transaction() as tx:
        return len(await delivery.list_paused(tx))


async def releases(system: Database) -> int:
    """Count how often sending was resumed, by the audit log."""
    async with system.transaction() as tx:
        return sum(
            entry.action == "delivery.resumed" for entry in await audit.list_entries(tx, tenant_id=None, limit=1000)
        )


async def test_on_a_healthy_installation_nothing_is_changed(system: Database) -> None:
    ended = await runbooks.follow_run(system, (await start(system)).id)
    assert ended.state is RunState.HEALTHY
    assert {step.kind for step in await steps_of(system, ended.id)} == {StepKind.CHECK}
    assert (await diagnose(system, PAGE)).is_healthy


async def test_a_diagnosis_alone_writes_nothing_and_says_what_it_would_do(system: Database) -> None:
    await pause(system)
    found = await diagnose(system, PAGE)
    assert not found.is_healthy
    assert "Release every kill switch" in found.conclusion
    assert await paused(system) == 1
    async with system.transaction() as tx:
        assert await runbooks.list_runs(tx, slug=None, before=None, limit=5) == []


async def test_it_repairs_what_was_approved_and_verifies_it(system: Database) -> None:
    await pause(system)
    ended = await runbooks.follow_run(system, (await start(system)).id)
    assert ended.state is RunState.REPAIRED
    assert await paused(system) == 0
    kinds = [(step.kind, step.result) for step in await steps_of(system, ended.id)]
    assert (StepKind.CHECK, StepResult.FAILING) in kinds
    assert kinds.count((StepKind.DO, StepResult.DONE)) == 1
    assert kinds[-2:] == [(StepKind.EXPECT, StepResult.WELL)] * 2


async def test_without_approval_it_proposes_and_waits(system: Database) -> None:
    await pause(system)
    waiting = await runbooks.follow_run(system, (await start(system, Approval.OPERATOR)).id)
    assert waiting.state is RunState.AWAITING_APPROVAL
    assert [one.name for one in waiting.remedies] == ["delivery.resume_sending"]
    assert await paused(system) == 1
    async with system.transaction() as tx:
        with pytest.raises(Refused, match="approval of an owner"):
            await runbooks.approve_run(tx, run_id=waiting.id, by=ADA, level=Approval.OPERATOR)
    async with system.transaction() as tx:
        await runbooks.approve_run(tx, run_id=waiting.id, by=ADA)
    assert (await runbooks.follow_run(system, waiting.id)).state is RunState.REPAIRED
    assert await paused(system) == 0


async def test_an_alert_alone_repairs_nothing_that_needs_an_owner(system: Database) -> None:
    await pause(system)
    waiting = await runbooks.follow_run(system, (await start(system, Approval.NOBODY, alert="SendingPaused")).id)
    assert waiting.state is RunState.AWAITING_APPROVAL
    assert await paused(system) == 1


async def test_a_second_run_of_a_page_is_refused_while_one_is_open(system: Database) -> None:
    await pause(system)
    first = await runbooks.follow_run(system, (await start(system, Approval.NOBODY)).id)
    with pytest.raises(Refused) as refused:
        await start(system)
    assert refused.value.code == "runbooks.already_running"
    async with system.transaction() as tx:
        await runbooks.cancel_run(tx, run_id=first.id, by=ADA)
    assert (await runbooks.follow_run(system, (await start(system)).id)).state is RunState.REPAIRED


async def test_two_who_run_it_at_once_take_turns_and_do_nothing_twice(system: Database) -> None:
    await pause(system)
    run = await start(system)
    ended = await asyncio.gather(*(runbooks.follow_run(system, run.id) for _ in range(3)))
    assert {one.state for one in ended} == {RunState.REPAIRED}
    assert await releases(system) == 1
    positions = [step.position for step in await steps_of(system, run.id)]
    assert positions == list(range(1, len(positions) + 1))


class Killed(BaseException):
    """The runner is dead."""


class Mortal(Database):
    """A database whose user dies at a given transaction: just before its commit, or just after it."""

    def arm(self, *, at: int, after_commit: bool) -> None:
        """Die at transaction number `at`, counted from 0."""
        self._left, self._after_commit = at, after_commit

    @asynccontextmanager
    async def transaction(  # type: ignore[override] # the same arguments, less closely typed
        self, *arguments: UUID, **named: object
    ) -> AsyncIterator[Transaction]:
        """Open a transaction, and die in it if it is the one."""
        self._left -= 1
        async with super().transaction(*arguments, **named) as tx:  # type: ignore[arg-type] # passed on as they came
            yield tx
            if self._left == -1 and not self._after_commit:
                raise Killed
        if self._left == -1:
            raise Killed


@pytest.mark.parametrize("after_commit", [False, True], ids=["before commit", "after commit"])
async def test_a_runner_killed_at_any_step_is_taken_over_and_nothing_is_done_twice(
    database_url: str, system: Database, *, after_commit: bool
) -> None:
    died = 0
    for at in range(60):
        await pause(system)
        before = await releases(system)
        run = await start(system)
        mortal = await Mortal.open(
            database_url, role=Role.SYSTEM, clock=DatabaseClock(), flush=flush_with(Handlers([])), max_size=2
        )
        assert isinstance(mortal, Mortal)
        mortal.arm(at=at, after_commit=after_commit)
        try:
            await runbooks.follow_run(mortal, run.id)
        except Killed:
            died += 1
        finally:
            await mortal.close()
        ended = await runbooks.follow_run(system, run.id)
        assert ended.state is RunState.REPAIRED
        assert await releases(system) == before + 1
        if died <= at:
            break
    assert died > 10, "every transaction of a run was its runner's last once"
