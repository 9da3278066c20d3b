"""Looking after an installation: health, doctor, settings, the audit log for an auditor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.exporting import add_exports
from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from uuid import UUID

    from frontdesk.cli.doctor_findings import Finding
    from frontdesk.cli.health import Trouble
    from frontdesk.kernel.settings import Settings
    from frontdesk.wiring import Frontdesk

MASK = "********"
MAX_ROWS = 1000


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("health")(health)
    app.command("doctor")(doctor)
    settings = typer.Typer(help="Settings in force.")
    settings.command("show")(show_settings)
    settings.callback()(_settings)
    app.add_typer(settings, name="config")
    exports = typer.Typer(help="Records for people outside.")
    exports.command("audit")(export_audit)
    add_exports(exports)
    exports.callback()(_exports)
    app.add_typer(exports, name="export")


def _settings() -> None:
    """Look at the settings in force."""


def _exports() -> None:
    """Write records for people outside."""


def health(*, home: Home = None, as_json: AsJson = False) -> None:
    """Look at every check: what is wrong, since when, how bad, and which runbook. Exit code 1 if something is wrong."""
    from frontdesk.cli.health import examine
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, show_facts, write_json

    report = with_office(home, examine)
    if as_json:
        write_json(report)
    else:
        state = "[bold green]healthy[/bold green]" if report.ok else "[bold red]needs attention[/bold red]"
        console().print(f"Frontdesk is {state}.")
        for trouble in report.troubles:
            console().print(_trouble_line(trouble))
        show_facts(report.facts)
    if not report.ok:
        raise typer.Exit(1)


def _trouble_line(trouble: Trouble) -> str:
    from rich.markup import escape

    from frontdesk.cli.output import text_of

    mark = "[red]✗[/red]" if trouble.severity == "critical" else "[yellow]![/yellow]"
    since = f", since {text_of(trouble.since)}" if trouble.since is not None else ""
    return f"{mark} {escape(trouble.words)}{since}\n    [bold]frontdesk runbook run {trouble.runbook}[/bold]"


def doctor(*, home: Home = None, as_json: AsJson = False) -> None:
    """Check settings, database, disk, clock, carrier and webhook address; name what is wrong and what to do."""
    from frontdesk.cli import office
    from frontdesk.cli.doctor import examine
    from frontdesk.cli.output import console, write_json

    settings = office.read_settings(home)
    findings = office.run(lambda: examine(settings))
    failed = [one for one in findings if one.ok is False]
    if as_json:
        write_json({"ok": not failed, "checks": findings})
    else:
        for finding in findings:
            console().print(_finding_line(finding))
    if failed:
        raise typer.Exit(1)


def _finding_line(finding: Finding) -> str:
    from rich.markup import escape

    mark = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: "[yellow]-[/yellow]"}[finding.ok]
    remedy = f"\n    [bold]{escape(finding.remedy)}[/bold]" if finding.remedy else ""
    return f"{mark} {escape(finding.check)}: {escape(finding.found)}{remedy}"


def show_settings(*, home: Home = None, as_json: AsJson = False) -> None:
    """Show every setting in force; secrets are masked."""
    from frontdesk.cli.office import read_settings
    from frontdesk.cli.output import show_table, write_json

    shown = masked_settings(read_settings(home))
    if as_json:
        write_json({"settings": shown})
    else:
        show_table("Settings", ("name", "value"), list(shown.items()))


def masked_settings(settings: Settings) -> dict[str, object]:
    """List settings by name with what they hold; a secret that is set shows as a mask."""
    from frontdesk.kernel.settings.loading import is_secret, setting_name

    shown: dict[str, object] = {}
    for part in settings.parts():
        for field_name, value in part:
            field = type(part).model_fields[field_name]
            name = setting_name(field_name, field)
            if value is None or isinstance(value, bool | int):
                shown[name] = value
            elif is_secret(field):
                shown[name] = MASK if value else None
            else:
                shown[name] = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return shown


def export_audit(
    *,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Short name or id; none is the platform.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; none is standard output.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check the chain instead of writing it.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the audit log of a business, one chained entry per line, or check that nobody has changed it."""
    from frontdesk.cli import audit_export, office
    from frontdesk.cli.output import console, write_json

    async def find(parts: Frontdesk) -> UUID | None:
        return None if tenant is None else await office.find_tenant_id(parts, tenant)

    if verify:
        checked = office.with_office(home, lambda parts: audit_export.check(parts, find))
        if as_json:
            write_json(checked)
        else:
            console().print(checked.sentence)
        if not checked.intact:
            raise typer.Exit(1)
        return
    written = office.with_office(home, lambda parts: audit_export.write(parts, find, out))
    if out is not None and as_json:
        write_json(written)
    elif out is not None:
        console().print(f"{written.entries} entries written to {out}; the head is {written.head_hash}.")
