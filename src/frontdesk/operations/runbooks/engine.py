"""Running a runbook: diagnose, propose, repair once approved, verify, take back what did not help.

Every step is written in the transaction that does it, under the lock of its run: after a crash anybody goes on with the
next step, two who go on at once take turns, and no step is done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.actor import system as system_actor
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.upkeep import Approval, Order, Remedy
from frontdesk.operations.checking.looking import look
from frontdesk.operations.checking.registry import find_remedy, get_check, get_remedy
from frontdesk.operations.runbooks import queries
from frontdesk.operations.runbooks.arguments import check_arguments
from frontdesk.operations.runbooks.model import PlannedRemedy, Run, Runbook, RunState, RunStep, StepKind, StepResult
from frontdesk.operations.runbooks.opening import get_run
from frontdesk.operations.runbooks.planning import ForPerson, Healthy, Proposal, plan
from frontdesk.operations.runbooks.reading import library

REMEDY_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 1.0
AUTOMATIC_PER_HOUR = 2  # a repair that is needed more often is no repair
WORKER = "runbooks"
log = get_logger("operations")


async def follow_run(system: Database, run_id: UUID, pages: Mapping[str, Runbook] | None = None) -> Run:
    """Take a run as far as it goes: to its end, or until somebody has to approve. `pages`: else the library's."""
    while (pause := await advance(system, run_id, pages)) is not None:
        if pause:
            await system.clock.sleep(pause)
    async with system.transaction() as tx:
        return await get_run(tx, run_id=run_id)


async def advance_open_runs(system: Database) -> float | None:
    """Take one step in every run that can go on by itself; returns the seconds until the next, None without any."""
    async with system.transaction() as tx:
        open_runs = await queries.list_open_runs(tx)
    pauses = [await advance(system, run_id) for run_id in open_runs]
    return min((pause for pause in pauses if pause is not None), default=None)


async def advance(system: Database, run_id: UUID, pages: Mapping[str, Runbook] | None = None) -> float | None:
    """Do the next step of a run; returns the seconds after which to go on, None when it ended or awaits approval."""
    async with system.transaction() as tx:
        run = await get_run(tx, run_id=run_id)
        steps = await queries.list_steps(tx, run_id=run_id)
    turn = _Turn(system, run, steps, (library() if pages is None else pages)[run.slug])
    match run.state:
        case RunState.DIAGNOSING:
            await _diagnose(turn)
        case RunState.REPAIRING:
            await _repair(turn)
        case RunState.VERIFYING:
            return await _verify(turn)
        case RunState.TAKING_BACK:
            await _take_back(turn)
        case _:
            return None
    return 0.0


class _Overtaken(Exception):
    """Somebody else took the next step first: what this turn has done is rolled back."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One look at a run, and the right to write its next step if nobody was faster."""

    system: Database
    run: Run
    steps: list[RunStep]
    page: Runbook

    def done(self, kind: StepKind) -> list[RunStep]:
        """List the steps of one kind."""
        return [step for step in self.steps if step.kind is kind]

    async def hold(self, tx: Transaction) -> None:
        """Lock the run; raises `_Overtaken` if it has moved on since it was read."""
        current = await queries.lock_run(tx, run_id=self.run.id)
        steps = await queries.list_steps(tx, run_id=self.run.id)
        if current is None or current.state is not self.run.state or len(steps) != len(self.steps):
            raise _Overtaken

    async def write(
        self,
        tx: Transaction,
        kind: StepKind,
        name: str,
        result: StepResult,
        words: str,
        *,
        evidence: Mapping[str, object] | None = None,
        arguments: Mapping[str, str] | None = None,
    ) -> None:
        """Write the step that was done."""
        step = RunStep(
            position=len(self.steps) + 1,
            kind=kind,
            name=name,
            result=result,
            words=words,
            evidence=evidence or {},
            arguments=arguments or {},
            started_at=tx.now,
            finished_at=tx.now,
        )
        await queries.insert_step(tx, run_id=self.run.id, step=step)

    async def write_alone(self, kind: StepKind, name: str, result: StepResult, words: str, *, then: Run | None) -> None:
        """Write a step in a transaction of its own, and where the run stands after it."""
        try:
            async with self.system.transaction() as tx:
                await self.hold(tx)
                await self.write(tx, kind, name, result, words)
                if then is not None:
                    await queries.update_run(tx, then)
        except _Overtaken:
            return

    async def move(self, run: Run) -> None:
        """Write where the run stands now."""
        try:
            async with self.system.transaction() as tx:
                await self.hold(tx)
                await queries.update_run(tx, replace(run, finished_at=tx.now) if run.state.is_end else run)
        except _Overtaken:
            return


async def _diagnose(turn: _Turn) -> None:
    seen = {step.name for step in turn.done(StepKind.CHECK)}
    waiting = [name for name in turn.page.checks if name not in seen]
    if waiting:
        finding = await look(turn.system, get_check(waiting[0]))
        result = StepResult.WELL if finding.is_well else StepResult.FAILING
        try:
            async with turn.system.transaction() as tx:
                await turn.hold(tx)
                evidence = {**finding.evidence, "severity": finding.severity.word}
                await turn.write(tx, StepKind.CHECK, waiting[0], result, finding.words, evidence=evidence)
        except _Overtaken:
            pass
        return
    failing = [step.name for step in turn.done(StepKind.CHECK) if step.result is not StepResult.WELL]
    planned = plan(turn.page, failing=failing, find=find_remedy)
    match planned:
        case Healthy():
            words = "nothing is wrong; nothing was changed"
            await turn.move(replace(turn.run, state=RunState.HEALTHY, words=words))
        case ForPerson(words):
            await turn.move(replace(turn.run, state=RunState.NEEDS_PERSON, words=words))
        case Proposal():
            await _propose(turn, planned)
        case _:
            assert_never(planned)


async def _propose(turn: _Turn, proposal: Proposal) -> None:
    """Go on if whoever may has said yes, or if policy lets it run by itself; else wait."""
    lacks = any(not _is_complete(one) for one in proposal.remedies)
    granted = turn.run.granted is not Approval.NOBODY and turn.run.granted.rank >= proposal.approval.rank
    may = not lacks and (granted or await _may_act_alone(turn, proposal))
    await turn.move(
        replace(
            turn.run,
            state=RunState.REPAIRING if may else RunState.AWAITING_APPROVAL,
            remedies=proposal.remedies,
            approval=proposal.approval,
            words="repairing" if may else f"awaits approval: {proposal.approval.value}",
        )
    )


async def _may_act_alone(turn: _Turn, proposal: Proposal) -> bool:
    if not (turn.run.alert_name and turn.page.automatic and proposal.approval is Approval.NOBODY):
        return False
    async with turn.system.transaction() as tx:
        return await queries.count_automatic(tx, slug=turn.run.slug) < AUTOMATIC_PER_HOUR


async def _repair(turn: _Turn) -> None:
    done = turn.done(StepKind.DO)
    if len(done) == len(turn.run.remedies):
        until = turn.system.clock.now() + turn.page.within
        await turn.move(replace(turn.run, state=RunState.VERIFYING, words="verifying", verify_until=until))
        return
    planned = turn.run.remedies[len(done)]
    remedy = get_remedy(planned.name)

    async def stop(result: StepResult, words: str) -> None:
        then = replace(turn.run, state=RunState.TAKING_BACK, words=f"{remedy.sentence}: {words}")
        await turn.write_alone(StepKind.DO, remedy.name, result, words, then=then)

    run = turn.run
    by = Actor(run.approved_by) if run.approved_by else system_actor(WORKER)
    order = Order(by=by, reason=f"runbook {run.slug}: {run.reason}", arguments=planned.arguments)
    try:
        async with asyncio.timeout(REMEDY_SECONDS), turn.system.transaction() as tx:
            await turn.hold(tx)
            await _ask_leave(tx, remedy)
            words = await remedy.act(tx, order)
            await turn.write(tx, StepKind.DO, remedy.name, StepResult.DONE, words, arguments=planned.arguments)
    except _Overtaken:
        return
    except Refused as refused:
        await stop(StepResult.REFUSED, refused.message)
    except Exception as error:
        log.exception("remedy_failed", runbook=run.slug, remedy=remedy.name)
        await stop(StepResult.FAILED, f"{type(error).__name__}: {str(error)[:300]}")


async def _ask_leave(tx: Transaction, remedy: Remedy) -> None:
    """Refuse a remedy that must not act as things are, with what stands against it (`runbooks.remedy_refused`)."""
    if remedy.may_act is not None and not (barred := await remedy.may_act(tx)).is_well:
        raise Refused("runbooks.remedy_refused", barred.words, status=409)


async def _verify(turn: _Turn) -> float:
    met = {step.name for step in turn.done(StepKind.EXPECT)}
    waiting = [link.name for link in turn.page.verification if link.name not in met]
    if not waiting:
        words = "repaired, and verified by every expectation of the page"
        await turn.move(replace(turn.run, state=RunState.REPAIRED, words=words))
        return 0.0
    finding = await look(turn.system, get_check(waiting[0]))
    if finding.is_well:
        await turn.write_alone(StepKind.EXPECT, waiting[0], StepResult.WELL, finding.words, then=None)
        return 0.0
    until = turn.run.verify_until
    if until is None or turn.system.clock.now() < until:
        return LOOK_AGAIN_SECONDS
    then = replace(turn.run, state=RunState.TAKING_BACK, words=f"still not well: {finding.words}")
    await turn.write_alone(StepKind.EXPECT, waiting[0], StepResult.FAILING, finding.words, then=then)
    return 0.0


async def _take_back(turn: _Turn) -> None:
    """Undo, last first, what has been done and can be undone; then a person has to look."""
    undone = {step.name for step in turn.done(StepKind.UNDO)}
    for step in reversed(turn.done(StepKind.DO)):
        remedy = get_remedy(step.name)
        if remedy.undo is None or step.name in undone or step.result is not StepResult.DONE:
            continue
        order = Order(by=system_actor(WORKER), reason=f"runbook {turn.run.slug} did not help", arguments=step.arguments)
        try:
            async with turn.system.transaction() as tx:
                await turn.hold(tx)
                words = await remedy.undo(tx, order)
                await turn.write(tx, StepKind.UNDO, remedy.name, StepResult.DONE, words)
        except _Overtaken:
            pass
        except Refused as no:
            await turn.write_alone(StepKind.UNDO, remedy.name, StepResult.REFUSED, no.message, then=None)
        return
    refused = any(step.result is StepResult.REFUSED for step in turn.done(StepKind.DO))
    await turn.move(replace(turn.run, state=RunState.REFUSED if refused else RunState.UNRESOLVED))


def _is_complete(planned: PlannedRemedy) -> bool:
    try:
        check_arguments(get_remedy(planned.name), planned.arguments)
    except Refused:
        return False
    return True
