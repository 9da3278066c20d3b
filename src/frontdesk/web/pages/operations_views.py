"""What the pages of operations show: how checks stand, what a run did and asks for, how old drills are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.upkeep import Approval, Severity
from frontdesk.operations.checking import CheckState, find_check
from frontdesk.operations.checking.registry import find_remedy
from frontdesk.operations.drills.queries import DrillResult
from frontdesk.operations.runbooks import Run, Runbook, RunState, RunStep, StepKind, StepResult, library
from frontdesk.operations.runbooks.diagnosing import Diagnosis
from frontdesk.web.pages.rows import Chip, Tone

STALE = timedelta(minutes=2)  # checks are looked at every 15 s
TONES: Mapping[Severity, Tone] = {
    Severity.OK: Tone.GOOD,
    Severity.INFO: Tone.CALM,
    Severity.WARNING: Tone.WARN,
    Severity.CRITICAL: Tone.BAD,
}
RUN_CHIPS: Mapping[RunState, Chip] = {
    RunState.DIAGNOSING: Chip("looking", Tone.BUSY),
    RunState.AWAITING_APPROVAL: Chip("waits for a yes", Tone.WARN),
    RunState.REPAIRING: Chip("repairing", Tone.BUSY),
    RunState.VERIFYING: Chip("verifying", Tone.BUSY),
    RunState.TAKING_BACK: Chip("taking back", Tone.WARN),
    RunState.HEALTHY: Chip("nothing was wrong", Tone.GOOD),
    RunState.REPAIRED: Chip("repaired", Tone.GOOD),
    RunState.NEEDS_PERSON: Chip("needs a person", Tone.BAD),
    RunState.UNRESOLVED: Chip("not resolved", Tone.BAD),
    RunState.REFUSED: Chip("refused", Tone.BAD),
    RunState.CANCELED: Chip("canceled", Tone.CALM),
}
_STEP_CHIPS: Mapping[StepResult, Chip] = {
    StepResult.WELL: Chip("well", Tone.GOOD),
    StepResult.FAILING: Chip("not well", Tone.BAD),
    StepResult.DONE: Chip("done", Tone.GOOD),
    StepResult.REFUSED: Chip("refused", Tone.BAD),
    StepResult.FAILED: Chip("failed", Tone.BAD),
}
_KIND_WORDS: Mapping[StepKind, str] = {
    StepKind.CHECK: "Looked",
    StepKind.DO: "Did",
    StepKind.EXPECT: "Verified",
    StepKind.UNDO: "Took back",
}
_APPROVED_BY: Mapping[Approval, str] = {
    Approval.NOBODY: "harmless",
    Approval.OPERATOR: "an operator decides",
    Approval.OWNER: "the owner decides: it loses something, costs money, or lets texts leave",
}
MOVES_BY_ITSELF = frozenset({RunState.DIAGNOSING, RunState.REPAIRING, RunState.VERIFYING, RunState.TAKING_BACK})
ENDS_EARLY = frozenset({RunState.DIAGNOSING, RunState.AWAITING_APPROVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """A check as it stands; `since` is for how long."""

    name: str
    sentence: str
    words: str
    runbook: str
    runbook_title: str
    chip: Chip
    is_well: bool
    since: str
    since_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that a remedy has to be told."""

    field: str
    name: str
    kind: str
    sentence: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyLine:
    """A remedy that a run proposes or does."""

    name: str
    sentence: str
    decided_by: str
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of a run: what was looked at or done, and what came of it."""

    position: int
    kind: str
    name: str
    sentence: str
    words: str
    chip: Chip
    at: datetime
    evidence: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as it stands; `since` is how long ago it began, `took` what it took if it is over."""

    run: Run
    title: str
    chip: Chip
    started_by: str
    approved_by: str
    steps: Sequence[StepLine]
    remedies: Sequence[RemedyLine]
    since: str
    took: str

    @property
    def is_open(self) -> bool:
        """Whether something may still happen."""
        return not self.run.state.is_end

    @property
    def moves(self) -> bool:
        """Whether the next step is the program's."""
        return self.run.state in MOVES_BY_ITSELF

    @property
    def may_end_early(self) -> bool:
        """Whether it can still be canceled."""
        return self.run.state in ENDS_EARLY

    @property
    def awaits(self) -> bool:
        """Whether somebody has to say yes."""
        return self.run.state is RunState.AWAITING_APPROVAL

    @property
    def mark(self) -> str:
        """What changes when more than the steps of the page has to be drawn anew."""
        return self.run.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillLine:
    """What a runbook's last drill showed; `is_current` tells whether the page still says what was drilled."""

    slug: str
    title: str
    chip: Chip
    detected: str
    repaired: str
    words: str
    age: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisView:
    """What the checks of a page see this moment, and what the page would do."""

    checks: Sequence[CheckLine]
    is_healthy: bool
    conclusion: str


def age_words(span: timedelta) -> str:
    """Write how long something lasts: 8 s, 4 min, 3 h, 5 days."""
    seconds = max(0, round(span.total_seconds()))
    for limit, unit, words in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit} {words}"
    return f"{seconds // 86_400} days"


def seconds_words(seconds: float | None) -> str:
    """Write a measured time: 2.4 s; empty where there is none."""
    return "" if seconds is None else f"{seconds:.1f} s"


def severity_chip(severity: Severity) -> Chip:
    """Mark how bad something is."""
    return Chip("well" if severity is Severity.OK else severity.word, TONES[severity])


def actor_words(actor: str, visitor: Actor) -> str:
    """Name who did something; a run keeps ids alone, so other people and programs have no name here."""
    if actor == visitor.id:
        return visitor.shown
    kind, _, name = actor.partition(":")
    return {"user": "another person", "token": "a program", "system": name}.get(kind, "")


def show_checks(states: Sequence[CheckState], *, now: datetime) -> list[CheckLine]:
    """Show how checks stand, in the order given."""
    return [
        CheckLine(
            name=one.name,
            sentence=one.sentence,
            words=one.words,
            runbook=one.runbook,
            runbook_title=title_of(one.runbook),
            chip=severity_chip(one.severity),
            is_well=one.severity <= Severity.INFO,
            since=age_words(now - one.since_at),
            since_at=one.since_at,
        )
        for one in states
    ]


def show_diagnosis(diagnosis: Diagnosis) -> DiagnosisView:
    """Show a diagnosis; what the command line says of itself is left out."""
    return DiagnosisView(
        checks=[
            CheckLine(
                name=one.check.name,
                sentence=one.check.sentence,
                words=one.finding.words,
                runbook=one.check.runbook,
                runbook_title=title_of(one.check.runbook),
                chip=severity_chip(one.finding.severity),
                is_well=one.finding.is_well,
                since="",
                since_at=None,
            )
            for one in diagnosis.looked
        ],
        is_healthy=diagnosis.is_healthy,
        conclusion=diagnosis.conclusion.partition(" Run it:")[0],
    )


def title_of(slug: str) -> str:
    """Name a runbook; one that is gone from the library by its short name."""
    page = library().get(slug)
    return slug if page is None else page.title


def show_run(
    run: Run,
    steps: Sequence[RunStep] = (),
    *,
    now: datetime,
    visitor: Actor,
    typed: Mapping[str, str] | None = None,
) -> RunView:
    """Show a run; `typed` is what a form that was refused had in it."""
    return RunView(
        run=run,
        title=title_of(run.slug),
        chip=RUN_CHIPS[run.state],
        started_by=actor_words(run.started_by, visitor),
        approved_by=actor_words(run.approved_by, visitor),
        steps=[_step(step) for step in steps],
        remedies=_remedies(run, typed or {}),
        since=age_words(now - run.started_at),
        took="" if run.finished_at is None else age_words(run.finished_at - run.started_at),
    )


def _step(step: RunStep) -> StepLine:
    check, remedy = find_check(step.name), find_remedy(step.name)
    known = check or remedy
    return StepLine(
        position=step.position,
        kind=_KIND_WORDS[step.kind],
        name=step.name,
        sentence=step.name if known is None else known.sentence,
        words=step.words,
        chip=_STEP_CHIPS[step.result],
        at=step.finished_at,
        evidence=step.evidence,
    )


def _remedies(run: Run, typed: Mapping[str, str]) -> list[RemedyLine]:
    found = []
    for planned in run.remedies:
        remedy = find_remedy(planned.name)
        fields = [
            Field(
                field=f"{planned.name}.{one.name}",
                name=one.name,
                kind=one.kind,
                sentence=one.sentence,
                value=typed.get(f"{planned.name}.{one.name}", planned.arguments.get(one.name, "")),
            )
            for one in (() if remedy is None else remedy.parameters)
        ]
        found.append(
            RemedyLine(
                name=planned.name,
                sentence=planned.sentence,
                decided_by=_APPROVED_BY[planned.approval],
                fields=fields,
            )
        )
    return found


def show_drills(results: Sequence[DrillResult], *, now: datetime) -> list[DrillLine]:
    """Show each runbook of the library with its latest drill; those never drilled, failed and outdated come first."""
    latest: dict[str, DrillResult] = {}
    for result in results:
        latest.setdefault(result.slug, result)
    lines = [_drill(page, latest.get(page.slug), now=now) for page in library().values()]
    order = (Tone.BAD, Tone.WARN, Tone.CALM, Tone.GOOD)
    return sorted(lines, key=lambda one: (order.index(one.chip.tone), one.title))


def _drill(page: Runbook, result: DrillResult | None, *, now: datetime) -> DrillLine:
    if result is None:
        chip = Chip("never here", Tone.CALM, "no drill of it was performed on this installation")
    elif not result.passed:
        chip = Chip("failed", Tone.BAD)
    elif result.digest != page.digest:
        chip = Chip("page changed since", Tone.WARN)
    else:
        chip = Chip("passed", Tone.GOOD)
    return DrillLine(
        slug=page.slug,
        title=page.title,
        chip=chip,
        detected=seconds_words(None if result is None else result.detected_seconds),
        repaired=seconds_words(None if result is None else result.repaired_seconds),
        words="" if result is None else result.words,
        age="" if result is None else age_words(now - result.finished_at),
        finished_at=None if result is None else result.finished_at,
    )
