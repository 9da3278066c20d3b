"""Reports on the command line: any of them as CSV, and the kept figures of days counted again."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from frontdesk.cli.options import AsJson, Home, OptionalTenant

if TYPE_CHECKING:
    from uuid import UUID

    from frontdesk.wiring import Frontdesk

MOST_DAYS = 399
NAMES = ("days", "recovered", "speed", "agents", "campaigns", "hours", "costs")
Days = Annotated[int, typer.Option("--days", help="How many days back.", min=1, max=MOST_DAYS)]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    report = typer.Typer(help="Reports of a business as CSV, and their kept figures counted again.")
    report.command("show")(show)
    report.command("rebuild")(rebuild)
    app.add_typer(report, name="report")


def show(
    name: Annotated[str, typer.Argument(help=f"Which: {', '.join(NAMES)}.", show_default=False)],
    *,
    days: Days = 30,
    tenant: OptionalTenant = None,
    home: Home = None,
) -> None:
    """Write a report of a business's last days to standard output as CSV that no spreadsheet computes."""
    from frontdesk.cli.office import with_office

    if name not in NAMES:
        raise typer.BadParameter(f"a report is one of {', '.join(NAMES)}")
    sys.stdout.write(with_office(home, lambda parts: _show(parts, name, days, tenant)))


def rebuild(*, days: Days = 100, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False) -> None:
    """Count the days that are over again from what is on record, and keep the figures, for one business or all."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    counted = with_office(home, lambda parts: _rebuild(parts, days, tenant))
    if as_json:
        write_json({"days": counted})
    else:
        console().print(f"{counted} days counted again")


async def _show(parts: Frontdesk, name: str, days: int, tenant: str | None) -> str:
    from frontdesk.features import insights, tenants

    (tenant_id, *_) = await _chosen(parts, tenant)
    async with parts.app.transaction(tenant_id) as tx:
        zone = (await tenants.get_tenant(tx)).timezone
        last = tx.now.astimezone(ZoneInfo(zone)).date()
        period = insights.choose_period(first=last - timedelta(days=days - 1), last=last, zone=zone)
        return insights.write_csv(await insights.tabulate(tx, insights.ReportName(name), period))


async def _rebuild(parts: Frontdesk, days: int, tenant: str | None) -> int:
    from frontdesk.features import insights, tenants

    counted = 0
    for tenant_id in await _chosen(parts, tenant):
        async with parts.app.transaction(tenant_id) as tx:
            zone = (await tenants.get_tenant(tx)).timezone
            counted += await insights.keep_days(tx, zone=zone, days=days, anew=True)
    return counted


async def _chosen(parts: Frontdesk, tenant: str | None) -> list[UUID]:
    from frontdesk.cli.office import find_tenant_id
    from frontdesk.features import tenants
    from frontdesk.kernel.errors import Refused

    if tenant is not None:
        return [await find_tenant_id(parts, tenant)]
    async with parts.system.transaction() as tx:
        found = [one.id for one in await tenants.list_tenants(tx)]
    if not found:
        raise Refused("tenants.not_found", "there is no business yet", status=404)
    return found
