"""The post-mortem as a page: times and figures are read from the database, the rest is what people wrote."""

from __future__ import annotations

from datetime import datetime

from frontdesk.operations.incidents.model import Action, Impact, Incident, TimelineEntry, spoken
from frontdesk.operations.incidents.reporting import Report

MISSING = "*Not written yet.*"
NOTHING = "-"


def postmortem_page(report: Report) -> str:
    """Write a post-mortem as Markdown, with the sections that S2's template asks for; blameless by its questions."""
    incident, written = report.incident, report.written
    sections = (
        ("Summary", f"{written.summary or MISSING}\n\n{_facts(incident)}"),
        ("Timeline (UTC)", _timeline(report.timeline)),
        ("Impact", "\n\n".join(filter(None, (written.impact, _impact(report.impact))))),
        ("Root Cause", written.root_cause or MISSING),
        ("Contributing Factors", written.contributing or MISSING),
        (
            "What Went Well / What Hurt",
            f"**Well:** {written.went_well or MISSING}\n\n**Hurt:** {written.went_badly or MISSING}",
        ),
        ("Action Items", _actions(report.actions)),
    )
    head = f"# Post-mortem of incident {incident.number}: {_line(incident.title)}\n"
    return head + "".join(f"\n## {title}\n\n{text}\n" for title, text in sections)


def _facts(incident: Incident) -> str:
    rows = [
        ("Grade", incident.grade.name),
        ("Business", incident.tenant or "the platform"),
        ("Began", _moment(incident.began_at)),
        ("Opened", f"{_moment(incident.opened_at)} by {incident.opened_by}"),
        ("Acknowledged", _by(incident.acknowledged_at, incident.acknowledged_by, since=incident.opened_at)),
        ("Resolved", _by(incident.resolved_at, incident.resolved_by, since=incident.began_at)),
        ("Resolution", incident.resolution or NOTHING),
        ("Runbook", incident.runbook or NOTHING),
        ("Due", NOTHING if incident.postmortem_due_at is None else _moment(incident.postmortem_due_at)),
    ]
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {_line(text)} |" for name, text in rows)


def _timeline(entries: tuple[TimelineEntry, ...]) -> str:
    rows = [
        f"| {_moment(one.at)} | {one.source} | {_line(one.words)} | {_line(one.who) or NOTHING} |" for one in entries
    ]
    return "\n".join(["| at | from | what | who |", "|---|---|---|---|", *rows])


def _impact(impact: Impact) -> str:
    return (
        f"Counted: {impact.texts} texts were to leave meanwhile; {impact.late} were late, {impact.failed} failed, "
        f"{impact.blocked} were stopped by a gate or grew too old, {impact.waiting} still wait. "
        f"Businesses concerned: {impact.businesses}."
    )


def _actions(actions: tuple[Action, ...]) -> str:
    if not actions:
        return MISSING
    rows = [
        f"| {_line(one.words)} | {_line(one.owner)} | {one.due_at:%Y-%m-%d %H:%M} "
        f"| {'open' if one.done_at is None else f'{one.done_at:%Y-%m-%d}'} |"
        for one in actions
    ]
    return "\n".join(["| action | owner | due (UTC) | done |", "|---|---|---|---|", *rows])


def _by(at: datetime | None, who: str, *, since: datetime) -> str:
    return NOTHING if at is None else f"{_moment(at)} by {who}, after {spoken(at - since)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _line(text: str) -> str:
    """Write words as one cell of a table: no line ends, no bars, no markup that somebody brought along."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")
