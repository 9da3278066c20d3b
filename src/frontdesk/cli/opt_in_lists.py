"""Consents in number by command: a file of another program's opt-ins, recorded with their evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home, TenantSlug

if TYPE_CHECKING:
    from frontdesk.features.consent import OptInReport
    from frontdesk.wiring import Frontdesk


def import_opt_ins(  # noqa: PLR0913 - its options
    file: Annotated[Path, typer.Argument(help="CSV headed phone, given_at, text, …", exists=True, dir_okay=False)],
    *,
    tenant: TenantSlug,
    text: Annotated[str, typer.Option(help="The words that people agreed to, where the file has none.")] = "",
    source: Annotated[str, typer.Option(help="Where the consents come from, where the file does not say.")] = "",
    zone: Annotated[str, typer.Option(help="Zone of given_at, where the file does not say.")] = "",
    seller: Annotated[list[str] | None, typer.Option(help="Who may text by it; repeat it for more.")] = None,
    not_a_condition: Annotated[
        bool, typer.Option("--not-a-condition", help="People were told that they need not agree in order to buy.")
    ] = False,
    country: Annotated[str, typer.Option(help="Country of numbers without a plus, like US.")] = "US",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Record the consents of a file. Rows that are none are named; read again, a file adds nothing."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import error_console, write_json
    from frontdesk.features import consent

    usual = consent.OptIn(
        phone_e164="",
        text_shown=text,
        zone=zone,
        source=source,
        sellers=tuple(seller or ()),
        not_a_condition=not_a_condition,
    )

    def tell(report: OptInReport) -> None:
        if not as_json:
            error_console().print(f"{report.rows_read} rows, {report.added} added, {report.invalid} invalid")

    async def work(parts: Frontdesk) -> OptInReport:
        tenant_id = await find_tenant_id(parts, tenant)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return await consent.import_opt_ins(
                lambda: parts.app.transaction(tenant_id),
                consent.read_listed_opt_ins(lines),
                usual=usual,
                country=country.upper(),
                name=file.name,
                by=actor(),
                progress=tell,
            )

    report = with_office(home, work)
    if as_json:
        write_json(report)
    else:
        _show(report)


def _show(report: OptInReport) -> None:
    from frontdesk.cli.output import console, show_table

    console().print(
        f"{report.rows_read} rows: {report.added} added, {report.known} were on record, {report.invalid} no consents"
    )
    if report.incomplete:
        lacks = ", ".join(f"{name} ({rows})" for name, rows in report.missing.items())
        console().print(f"{report.incomplete} permit no marketing; they lack: {lacks}")
    if report.invalid_rows:
        show_table("No consents", ("line", "why"), [(row.line, row.message) for row in report.invalid_rows])
