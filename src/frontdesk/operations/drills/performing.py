"""Performing a drill: healthy before, broken, found out, repaired by the runbook alone, healthy after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from frontdesk.kernel import actor
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.upkeep import Approval
from frontdesk.operations.checking.looking import Looked, look_at_each
from frontdesk.operations.checking.registry import get_check
from frontdesk.operations.drills.model import Act, Break, DrillReport, News, Stage, StageTime, Told
from frontdesk.operations.runbooks import (
    Run,
    Runbook,
    RunState,
    RunStep,
    StepKind,
    follow_run,
    get_run,
    list_steps,
    start_run,
)

DETECT_SECONDS = 120.0
LOOK_SECONDS = 0.25
BY = actor.system("drill")
_PASSED = {
    RunState.REPAIRED: "found out, repaired and verified by the page alone",
    RunState.NEEDS_PERSON: "found out; the page told a person what to do, and that helped",
}


@dataclass(frozen=True, slots=True)
class _Failed(Exception):
    words: str


def _nobody(_news: News) -> None:
    """Tell nobody."""


async def perform_drill(
    stage: Stage, page: Runbook, broken_by: Break, *, patience: float = DETECT_SECONDS, told: Told = _nobody
) -> DrillReport:
    """Break the stage, and let the page find it out within `patience` seconds and repair it; the report says if so.

    `told` hears of each act as it happens.
    """
    clock = stage.system.clock
    started = clock.monotonic()
    detected = repaired = None
    steps: list[RunStep] = []
    try:
        await _expect_healthy(stage, page)
        told(News(act=Act.HEALTHY, words="all is well before, and the page changes nothing"))
        started = clock.monotonic()
        await _do(broken_by.act, stage, "the stage could not be broken")
        told(News(act=Act.BROKEN, words=broken_by.sentence))
        seen = await _until_seen(stage, page, clock, patience)
        detected = clock.monotonic() - started
        told(News(act=Act.FOUND, words=f"after {detected:.1f} s: {seen.check.sentence}: {seen.finding.words}"))
        if broken_by.recover is not None and not broken_by.recover_after:
            await _do(broken_by.recover, stage, "the world did not get well")
        ended, steps = await _run(stage, page, reason=f"drill: {broken_by.sentence}")
        _expect_end(ended, broken_by.ends)
        if broken_by.recover is not None and broken_by.recover_after:
            await _do(broken_by.recover, stage, "a person could not do what the page says")
        repaired = clock.monotonic() - started - detected
        told(News(act=Act.REPAIRED, words=f"after {repaired:.1f} s more: {ended.words}"))
        await _until_well(stage, page, clock)
    except _Failed as failed:
        passed, words = False, failed.words
    else:
        passed, words = True, _PASSED[broken_by.ends]
    told(News(act=Act.ENDED, words=f"{'passed' if passed else 'failed'}: {words}"))
    return DrillReport(
        slug=page.slug,
        broken_by=broken_by.name,
        digest=page.digest,
        passed=passed,
        words=words,
        times=StageTime(_rounded(detected), _rounded(repaired)),
        steps=tuple(_shown(step) for step in steps),
    )


async def _do(act: Callable[[Stage], Awaitable[None]], stage: Stage, otherwise: str) -> None:
    """Do something to the stage; whatever goes wrong with it is a drill that failed, and the next is performed."""
    try:
        await act(stage)
    except Exception as error:
        raise _Failed(f"{otherwise}: {type(error).__name__}: {error}") from error


async def _expect_healthy(stage: Stage, page: Runbook) -> None:
    """On a healthy installation the page finds nothing and changes nothing."""
    await _expect_well(stage, page, "before anything was broken")
    ended, steps = await _run(stage, page, reason="drill: nothing is broken yet")
    _expect_end(ended, RunState.HEALTHY)
    if any(step.kind is not StepKind.CHECK for step in steps):
        raise _Failed("on a healthy installation the runbook did more than look")


def _expect_end(ended: Run, state: RunState) -> None:
    if ended.state is not state:
        raise _Failed(f"the runbook ended as {ended.state.value}, not {state.value}: {ended.words}")


async def _expect_well(stage: Stage, page: Runbook, when: str) -> None:
    failing = _failing(await _look(stage, page))
    if failing:
        raise _Failed(f"{when}: {failing[0].check.name}: {failing[0].finding.words}")


async def _until_seen(stage: Stage, page: Runbook, clock: Clock, patience: float) -> Looked:
    deadline = clock.monotonic() + patience
    while not (failing := _failing(await _look(stage, page))):
        if clock.monotonic() > deadline:
            raise _Failed(f"no check of the page has seen it within {patience:.1f} s")
        await clock.sleep(LOOK_SECONDS)
    return failing[0]


async def _until_well(stage: Stage, page: Runbook, clock: Clock) -> None:
    deadline = clock.monotonic() + page.within.total_seconds()
    while failing := _failing(await _look(stage, page)):
        if clock.monotonic() > deadline:
            raise _Failed(f"after the repair: {failing[0].check.name}: {failing[0].finding.words}")
        await clock.sleep(LOOK_SECONDS)


async def _look(stage: Stage, page: Runbook) -> list[Looked]:
    return await look_at_each(stage.system, [get_check(name) for name in page.checks])


def _failing(looked: Sequence[Looked]) -> list[Looked]:
    return [one for one in looked if not one.finding.is_well]


async def _run(stage: Stage, page: Runbook, *, reason: str) -> tuple[Run, list[RunStep]]:
    async with stage.system.transaction() as tx:
        run = await start_run(tx, page, by=BY, reason=reason, granted=Approval.OWNER)
    await follow_run(stage.system, run.id, {page.slug: page})
    async with stage.system.transaction() as tx:
        return await get_run(tx, run_id=run.id), await list_steps(tx, run_id=run.id)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _shown(step: RunStep) -> dict[str, str]:
    return {"kind": step.kind.value, "name": step.name, "result": step.result.value, "words": step.words}
