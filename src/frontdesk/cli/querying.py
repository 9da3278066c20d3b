"""Questions to the database: figures of sending by name, and any statement that only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home, OptionalTenant

if TYPE_CHECKING:
    from frontdesk.wiring import Frontdesk

FIGURES = ("queue-length", "sends-per-minute", "delivery-rate", "budget-status", "failure-reasons")
MAX_ROWS = 1_000
Question = Annotated[
    str, typer.Argument(help=f"A figure ({', '.join(FIGURES)}) or one SQL statement that reads.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("query")(query)


def query(question: Question, *, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False) -> None:
    """Answer a question: a figure of sending by its name, for a business or all, or one reading SQL statement.

    Nothing can be changed by a statement; it sees all businesses and gives at most 1,000 rows.
    """
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json

    if question not in FIGURES and tenant is not None:
        raise typer.BadParameter("a statement sees all businesses: name the business in it")
    work = _read_figure if question in FIGURES else _run_statement
    columns, rows = with_office(home, lambda parts: work(parts, question, tenant))
    if as_json:
        write_json({"columns": columns, "rows": rows})
    else:
        show_table(question if question in FIGURES else f"{len(rows)} rows", columns, rows)


async def _read_figure(parts: Frontdesk, figure: str, tenant: str | None) -> tuple[list[str], list[list[object]]]:
    from frontdesk.cli.office import find_tenant_id
    from frontdesk.features import delivery

    only = None if tenant is None else await find_tenant_id(parts, tenant)
    async with parts.system.transaction() as tx:
        found = await delivery.read_figure(tx, figure, tenant_id=only)
    return list(found[0]) if found else [], [list(row.values()) for row in found]


async def _run_statement(parts: Frontdesk, statement: str, _tenant: str | None) -> tuple[list[str], list[list[object]]]:
    from frontdesk.kernel.attendance import read_only

    async with parts.system.transaction() as tx:
        return await read_only(tx, statement, limit=MAX_ROWS)
