"""Events on the command line: those that could not be handled, looked at and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.kernel.outbox.replaying import RejectedEvent
    from frontdesk.wiring import Frontdesk

HowMany = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most, oldest first.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(help="Events that could not be handled.")
    group.command("rejected")(rejected)
    group.command("replay")(replay)
    app.add_typer(group, name="events")


def rejected(*, limit: HowMany = 100, home: Home = None, as_json: AsJson = False) -> None:
    """List events that were set aside, in the order in which they happened."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.kernel.outbox.replaying import list_rejected

    async def work(parts: Frontdesk) -> list[RejectedEvent]:
        async with parts.system.transaction() as tx:
            return await list_rejected(tx, limit=limit)

    found = with_office(home, work)
    if as_json:
        write_json(found)
    else:
        rows = [[one.created_at, one.name, one.attempts, one.last_error, one.id] for one in found]
        show_table("Set aside", ["happened", "event", "tries", "error", "id"], rows)


def replay(
    only: Annotated[list[UUID] | None, typer.Argument(help="Ids of events; none is all.", show_default=False)] = None,
    *,
    limit: HowMany = 1000,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put events back in their order, 50 a second; what had been handled of them is not done again."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel.outbox.replaying import replay_rejected

    async def work(parts: Frontdesk) -> int:
        async with parts.system.transaction() as tx:
            return await replay_rejected(tx, by=actor(), limit=limit, only=only or None)

    put_back = with_office(home, work)
    if as_json:
        write_json({"replayed": put_back})
    else:
        console().print(f"{put_back} events put back.")
