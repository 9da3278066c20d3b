"""Incidents on the command line: open, take, write down, end, learn from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from datetime import timedelta

    from frontdesk.kernel.db import Transaction
    from frontdesk.operations.incidents.model import Action, Grade, Incident
    from frontdesk.operations.incidents.reporting import Report
    from frontdesk.wiring import Frontdesk

Found = TypeVar("Found")
Number = Annotated[int, typer.Argument(help="Number of the incident.", min=1, max=2_000_000_000)]
Words = Annotated[str, typer.Argument(help="What you have to say.", show_default=False)]
GradeName = Annotated[str | None, typer.Option("--grade", help="P0, the gravest, to P3.")]
SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(help="Incidents: who has them, what happened, what is learnt.")
    for verb in (show, ack, note, status, resolve, postmortem, action):
        group.command(verb.__name__)(verb)
    group.command("list")(list_incidents)
    group.command("open")(open_one)
    app.add_typer(group, name="incident")


def list_incidents(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List incidents, newest first; exits with 1 if one is open that nobody has taken."""
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.operations.incidents.queries import incidents

    found = ask(home, lambda tx: incidents.list_incidents(tx, only_open=not everything, before=None, limit=SHOWN))
    if as_json:
        write_json({"incidents": [_document(one) for one in found]})
    else:
        head = ("incident", "grade", "state", "title", "business", "opened", "told", "has it")
        rows = [
            (one.number, one.grade.name, one.state, one.title, one.tenant, one.opened_at, f"L{one.level}",
             one.acknowledged_by)
            for one in found
        ]  # fmt: skip
        show_table("Incidents", head, rows)
    if any(one.state == "open" for one in found):
        raise typer.Exit(1)


def show(number: Number, *, home: Home = None, as_json: AsJson = False) -> None:
    """Show an incident with its timeline, its impact and its actions."""
    from dataclasses import asdict

    from frontdesk.cli.output import show_facts, show_table, write_json
    from frontdesk.operations.incidents.reporting import collect_report

    report: Report = ask(home, lambda tx: collect_report(tx, number=number))
    if as_json:
        whole = {
            "incident": _document(report.incident),
            "timeline": report.timeline,
            "impact": asdict(report.impact),
            "actions": report.actions,
            "written": asdict(report.written),
        }
        write_json(whole)
        return
    _show(report.incident, as_json=False)
    rows = [(one.at, one.source, one.words, one.who) for one in report.timeline]
    show_table("Timeline (UTC)", ("at", "from", "what", "who"), rows)
    show_facts(asdict(report.impact))
    _show_actions(list(report.actions), as_json=False)


def open_one(
    title: Annotated[str, typer.Argument(help="What is wrong, in a line.", show_default=False)],
    *,
    grade: GradeName = "P1",
    tenant: Annotated[str, typer.Option("--tenant", help="Short name of a business, if it is its alone.")] = "",
    runbook: Annotated[str, typer.Option("--runbook", help="Short name of the runbook that answers it.")] = "",
    began: Annotated[str, typer.Option("--began", help="How long ago it began, such as 20m.")] = "0s",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Open an incident; the worker tells whoever is on call."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents.opening import open_incident

    ago, how_grave = span_of(began), _grade(grade or "P1")

    async def work(tx: Transaction) -> Incident:
        return await open_incident(
            tx, title=title, grade=how_grave, by=actor(), tenant=tenant, runbook=runbook, began_at=tx.now - ago
        )

    _show(ask(home, work), as_json=as_json)


def ack(number: Number, *, home: Home = None, as_json: AsJson = False) -> None:
    """Take an incident, so that nobody else is told for want of it."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import working

    _show(ask(home, lambda tx: working.acknowledge(tx, number=number, by=actor())), as_json=as_json)


def note(number: Number, words: Words, *, home: Home = None, as_json: AsJson = False) -> None:
    """Write a note into an incident's timeline."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import working

    _show(ask(home, lambda tx: working.write_note(tx, number=number, words=words, by=actor())), as_json=as_json)


def status(
    number: Number, words: Words, *, grade: GradeName = None, home: Home = None, as_json: AsJson = False
) -> None:
    """Say how it stands, in words that may be told to businesses, and how grave it is by now."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import working
    from frontdesk.operations.incidents.model import NoteKind

    how_grave = None if grade is None else _grade(grade)

    async def work(tx: Transaction) -> Incident:
        if how_grave is not None:
            await working.regrade(tx, number=number, grade=how_grave, by=actor())
        return await working.write_note(tx, number=number, words=words, by=actor(), kind=NoteKind.STATUS)

    _show(ask(home, work), as_json=as_json)


def resolve(number: Number, words: Words, *, home: Home = None, as_json: AsJson = False) -> None:
    """End an incident and say what ended it."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import working

    _show(ask(home, lambda tx: working.resolve(tx, number=number, words=words, by=actor())), as_json=as_json)


def postmortem(
    number: Number,
    *,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="PART=WORDS; repeat it. Parts: summary, impact, root_cause, contributing, went_well, went_badly.",
        ),
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Declare it finished.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File for the page.")] = None,
    home: Home = None,
) -> None:
    """Write parts of the post-mortem, and print it as Markdown: times and figures come from the database."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import reporting
    from frontdesk.operations.incidents.postmortem import postmortem_page

    split = [one.partition("=") for one in given or ()]
    if not all(sign for _, sign, _ in split):
        raise typer.BadParameter("write --set like root_cause='why it happened'")
    parts = {name.strip().replace("-", "_"): text for name, _, text in split}

    async def work(tx: Transaction) -> str:
        if parts:
            await reporting.write_postmortem(tx, number=number, parts=parts, by=actor())
        if publish:
            await reporting.publish_postmortem(tx, number=number, by=actor())
        return postmortem_page(await reporting.collect_report(tx, number=number))

    page = ask(home, work)
    if out is None:
        typer.echo(page)
    else:
        out.write_text(page, encoding="utf-8")
        typer.echo(f"{out} written")


def action(
    number: Number,
    words: Annotated[str, typer.Argument(help="What has to be done; leave it out to list.")] = "",
    *,
    owner: Annotated[str, typer.Option("--owner", help="Who does it.")] = "",
    due: Annotated[str, typer.Option("--due", help="Within which time, such as 24h or 7d.")] = "7d",
    done: Annotated[str | None, typer.Option("--done", help="Id of an action that is done.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add an action with an owner and a date, note that one is done, or list them."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import working
    from frontdesk.operations.incidents.queries import incidents

    within = span_of(due)
    finished = None if done is None else _action_id(done)

    async def work(tx: Transaction) -> list[Action]:
        if finished is not None:
            return await working.finish_action(tx, number=number, action_id=finished, by=actor())
        if words:
            return await working.add_action(
                tx, number=number, words=words, owner=owner, due_at=tx.now + within, by=actor()
            )
        incident = await working.get_incident(tx, number=number)
        return await incidents.list_actions(tx, incident_id=incident.id)

    _show_actions(ask(home, work), as_json=as_json)


def ask(home: Path | None, work: Callable[[Transaction], Awaitable[Found]]) -> Found:
    """Do one thing in one transaction that sees every business."""
    from frontdesk.cli.office import with_office

    async def go(parts: Frontdesk) -> Found:
        async with parts.system.transaction() as tx:
            return await work(tx)

    return with_office(home, go)


def _show(incident: Incident, *, as_json: bool) -> None:
    from frontdesk.cli.output import show_facts, write_json

    if as_json:
        write_json(_document(incident))
    else:
        from rich.markup import escape

        show_facts({name: escape(str(value)) if isinstance(value, str) else value
                    for name, value in _document(incident).items()})  # fmt: skip


def _show_actions(actions: list[Action], *, as_json: bool) -> None:
    from frontdesk.cli.output import show_table, write_json

    if as_json:
        write_json({"actions": actions})
        return
    rows = [(one.id, one.words, one.owner, one.due_at, one.done_at) for one in actions]
    show_table("Actions", ("id", "action", "owner", "due", "done"), rows)


def _document(one: Incident) -> dict[str, object]:
    return {
        "number": one.number,
        "title": one.title,
        "grade": one.grade.name,
        "state": one.state,
        "tenant": one.tenant,
        "runbook": one.runbook,
        "opened_at": one.opened_at,
        "opened_by": one.opened_by,
        "began_at": one.began_at,
        "told_level": one.level,
        "acknowledged_at": one.acknowledged_at,
        "acknowledged_by": one.acknowledged_by,
        "resolved_at": one.resolved_at,
        "resolution": one.resolution,
        "postmortem_due_at": one.postmortem_due_at,
        "published_at": one.published_at,
    }


def _grade(name: str) -> Grade:
    from frontdesk.operations.incidents.model import Grade

    if name.upper() not in Grade.__members__:
        raise typer.BadParameter(f"{name} is none of P0, P1, P2, P3")
    return Grade[name.upper()]


def span_of(text: str) -> timedelta:
    """Read a span of time like 20m, 4h or 7d."""
    from frontdesk.operations.alerts.rulebook import read_span

    try:
        return read_span(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error)) from None


def _action_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no id of an action") from None
