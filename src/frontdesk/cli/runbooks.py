"""Runbooks on the command line: find one, read it, let it diagnose, repair and verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from frontdesk.operations.runbooks import Run, RunStep
    from frontdesk.wiring import Frontdesk

Slug = Annotated[str, typer.Argument(help="Short name of the runbook.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]
Given = Annotated[
    list[str] | None, typer.Option("--set", help="What a remedy has to be told, as REMEDY.NAME=VALUE; repeat it.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(help="Runbooks: pages that run.")
    for verb in (find, show, diagnose, run, approve, cancel, history):
        group.command(verb.__name__)(verb)
    group.command("list")(list_all)
    app.add_typer(group, name="runbook")


def list_all(*, as_json: AsJson = False) -> None:
    """List the runbooks; needs no database."""
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.operations.runbooks import library

    pages = list(library().values())
    if as_json:
        write_json(
            [
                {
                    "slug": one.slug,
                    "title": one.title,
                    "severity": one.severity,
                    "owner": one.owner,
                    "alerts": one.alerts,
                    "sources": one.sources,
                    "drills": one.drill,
                }
                for one in pages
            ]
        )
        return
    rows = [[one.slug, one.severity, one.title, ", ".join(one.sources)] for one in pages]
    show_table(f"{len(pages)} runbooks", ["runbook", "severity", "when", "sources"], rows)


def find(
    words: Annotated[list[str], typer.Argument(help="What you see, in your own words.", show_default=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Rank the runbooks that fit what you see; needs no database."""
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.operations.runbooks import find_runbooks

    matches = find_runbooks(" ".join(words))
    if as_json:
        write_json(
            [{"slug": one.runbook.slug, "title": one.runbook.title, "score": round(one.score, 3)} for one in matches]
        )
    else:
        show_table("Best first", ["runbook", "when"], [[one.runbook.slug, one.runbook.title] for one in matches])
    if not matches:
        raise typer.Exit(1)


def show(slug: Slug) -> None:
    """Show a runbook as a person reads it; needs no database."""
    from rich.markdown import Markdown

    from frontdesk.cli.output import console
    from frontdesk.operations.runbooks import get_runbook

    console().print(Markdown(get_runbook(slug).text))


def diagnose(slug: Slug, *, home: Home = None, as_json: AsJson = False) -> None:
    """Look at every check of a runbook and tell what it would do; changes nothing. Exit code 1 if any fails."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.operations.runbooks import get_runbook
    from frontdesk.operations.runbooks.diagnosing import diagnose as look

    found = with_office(home, lambda parts: look(parts.system, get_runbook(slug)))
    if as_json:
        write_json(found.document())
    else:
        rows = [["✓" if one.finding.is_well else "✗", one.check.sentence, one.finding.words] for one in found.looked]
        show_table(slug, ["", "check", "found"], rows)
        from frontdesk.cli.output import console

        console().print(found.conclusion)
    if not found.is_healthy:
        raise typer.Exit(1)


def run(
    slug: Slug,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Approve whatever the page proposes.")] = False,
    reason: Reason = "run on the command line",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Diagnose, repair once approved, verify. Exit code 0 if all is well in the end."""
    from frontdesk.cli.office import with_office

    _finish(*with_office(home, lambda parts: _run(parts, slug, reason=reason, approved=yes)), as_json=as_json)


def approve(
    run_id: Annotated[UUID, typer.Argument(help="Id of the run.", show_default=False)],
    *,
    given: Given = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let a run do what it proposes, and see it through."""
    from frontdesk.cli.office import with_office

    arguments = _arguments(given or [])
    _finish(*with_office(home, lambda parts: _approve(parts, run_id, arguments)), as_json=as_json)


def cancel(
    run_id: Annotated[UUID, typer.Argument(help="Id of the run.", show_default=False)],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """End a run that has not begun to repair."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.operations import runbooks

    async def work(parts: Frontdesk) -> Run:
        async with parts.system.transaction() as tx:
            return await runbooks.cancel_run(tx, run_id=run_id, by=actor())

    _show(with_office(home, work), [], as_json=as_json)


def history(
    slug: Annotated[str | None, typer.Argument(help="Only of this runbook.", show_default=False)] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List past runs, newest first."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.operations import runbooks

    async def work(parts: Frontdesk) -> list[Run]:
        async with parts.system.transaction() as tx:
            return await runbooks.list_runs(tx, slug=slug, before=None, limit=limit)

    found = with_office(home, work)
    if as_json:
        write_json([_document(one, []) for one in found])
        return
    rows = [[one.started_at, one.slug, one.state.value, one.started_by, one.words, one.id] for one in found]
    show_table("Runs", ["started", "runbook", "state", "by", "words", "id"], rows)


async def _run(parts: Frontdesk, slug: str, *, reason: str, approved: bool) -> tuple[Run, list[RunStep]]:
    from frontdesk.cli.office import actor
    from frontdesk.kernel.upkeep import Approval
    from frontdesk.operations import runbooks

    granted = Approval.OWNER if approved else Approval.NOBODY
    async with parts.system.transaction() as tx:
        started = await runbooks.start_run(tx, runbooks.get_runbook(slug), by=actor(), reason=reason, granted=granted)
    return await _follow(parts, started.id)


async def _approve(parts: Frontdesk, run_id: UUID, arguments: dict[str, dict[str, str]]) -> tuple[Run, list[RunStep]]:
    from frontdesk.cli.office import actor
    from frontdesk.operations import runbooks

    async with parts.system.transaction() as tx:
        await runbooks.approve_run(tx, run_id=run_id, by=actor(), arguments=arguments)
    return await _follow(parts, run_id)


async def _follow(parts: Frontdesk, run_id: UUID) -> tuple[Run, list[RunStep]]:
    from frontdesk.operations import runbooks

    ended = await runbooks.follow_run(parts.system, run_id)
    async with parts.system.transaction() as tx:
        return ended, await runbooks.list_steps(tx, run_id=run_id)


def _arguments(given: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for one in given:
        path, equals, value = one.partition("=")
        remedy, dot, name = path.rpartition(".")
        if not equals or not dot:
            raise typer.BadParameter(f"{one} is not like delivery.allow_number.number=ID")
        found.setdefault(remedy, {})[name] = value
    return found


def _finish(ended: Run, steps: list[RunStep], *, as_json: bool) -> None:
    from frontdesk.operations.runbooks import RunState

    _show(ended, steps, as_json=as_json)
    if ended.state not in {RunState.HEALTHY, RunState.REPAIRED}:
        raise typer.Exit(1)


def _show(ended: Run, steps: Sequence[RunStep], *, as_json: bool) -> None:
    from frontdesk.cli.output import console, show_table, write_json
    from frontdesk.operations.runbooks import RunState

    if as_json:
        write_json(_document(ended, steps))
        return
    if steps:
        rows = [[step.kind.value, step.name, step.result.value, step.words] for step in steps]
        show_table(ended.slug, ["step", "what", "result", "found or done"], rows)
    console().print(f"[bold]{ended.state.value}[/bold]: {ended.words}")
    if ended.state is RunState.AWAITING_APPROVAL:
        for one in ended.remedies:
            console().print(f"  proposes: {one.sentence} ({one.name}, approval by {one.approval.value})")
        console().print(f"  approve with: frontdesk runbook approve {ended.id}")


def _document(ended: Run, steps: Sequence[RunStep]) -> dict[str, object]:
    return {
        "run": str(ended.id),
        "runbook": ended.slug,
        "state": ended.state.value,
        "words": ended.words,
        "started_by": ended.started_by,
        "approved_by": ended.approved_by,
        "remedies": [
            {
                "name": one.name,
                "sentence": one.sentence,
                "approval": one.approval.value,
                "arguments": dict(one.arguments),
            }
            for one in ended.remedies
        ],
        "started_at": ended.started_at,
        "finished_at": ended.finished_at,
        "steps": [
            {
                "kind": step.kind.value,
                "name": step.name,
                "result": step.result.value,
                "words": step.words,
                "at": step.finished_at,
            }
            for step in steps
        ],
    }
