"""Figures by name, for a person at a terminal and for scripts: what waits, what leaves, what arrives, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home, OptionalTenant

if TYPE_CHECKING:
    from frontdesk.wiring import Frontdesk

FIGURES = ("queue-length", "sends-per-minute", "delivery-rate", "budget-status", "failure-reasons")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("query")(query)


def query(
    figure: Annotated[str, typer.Argument(help="One of: " + ", ".join(FIGURES) + ".")],
    *,
    tenant: OptionalTenant = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer one question about sending, for a business or for all."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import delivery

    if figure not in FIGURES:
        raise typer.BadParameter(f"{figure} is no figure; there are: {', '.join(FIGURES)}")

    async def work(parts: Frontdesk) -> list[dict[str, object]]:
        only = None if tenant is None else await find_tenant_id(parts, tenant)
        async with parts.system.transaction() as tx:
            return await delivery.read_figure(tx, figure, tenant_id=only)

    rows = with_office(home, work)
    if as_json:
        write_json({"figure": figure, "rows": rows})
        return
    head = tuple(rows[0]) if rows else ("nothing",)
    show_table(figure, head, [tuple(row.values()) for row in rows])
