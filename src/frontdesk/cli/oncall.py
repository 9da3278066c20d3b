"""Who is on call, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.incidents import ask, span_of
from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.kernel.db import Transaction
    from frontdesk.operations.incidents.on_call import OnCall
    from frontdesk.operations.incidents.rota import Turn

Level = Annotated[int, typer.Argument(help="1 is told first, 3 last.", min=1, max=3, show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(help="Who is on call: by turns, and who stands in.")
    group.command("show")(show)
    group.command("set")(set_turns)
    group.command("override")(override)
    app.add_typer(group, name="oncall")


def show(
    *,
    ahead: Annotated[str, typer.Option("--in", help="Not now but after a time, such as 12h or 7d.")] = "0s",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show who is on call at each level, and until when; exits with 1 if nobody is at the first."""
    from frontdesk.operations.incidents.on_call import who_is_on_call

    later = span_of(ahead)
    found = ask(home, lambda tx: who_is_on_call(tx, moment=tx.now + later))
    _show(found, as_json=as_json)
    if not any(one.level == 1 for one in found):
        raise typer.Exit(1)


def set_turns(
    level: Level,
    *,
    people: Annotated[
        list[str], typer.Option("--person", help="NAME=ADDRESS,ADDRESS in their order; the name alone if known.")
    ],
    zone: Annotated[str, typer.Option("--zone", help="On whose clock turns change.")] = "UTC",
    turn: Annotated[str, typer.Option("--turn", help="daily or weekly.")] = "weekly",
    hour: Annotated[int, typer.Option("--hour", help="At which hour turns change.", min=0, max=23)] = 9,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let people take turns at a level; weekly turns change on Mondays."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import on_call

    length = _turn(turn)

    async def work(tx: Transaction) -> list[OnCall]:
        names = []
        for one in people:
            name, given, addresses = one.partition("=")
            names.append(name.strip())
            if given:
                await on_call.put_person(tx, name=name, addresses=addresses.split(","), by=actor())
        await on_call.set_rota(tx, level=level, names=names, zone=zone, turn=length, handover_hour=hour, by=actor())
        return await on_call.who_is_on_call(tx)

    _show(ask(home, work), as_json=as_json)


def override(
    level: Level,
    name: Annotated[str, typer.Argument(help="Who stands in.", show_default=False)],
    *,
    lasting: Annotated[str, typer.Option("--for", help="For how long, such as 12h or 7d.")] = "24h",
    begins: Annotated[str, typer.Option("--in", help="After which time, such as 2d.")] = "0s",
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody stand in at a level for a while."""
    from frontdesk.cli.office import actor
    from frontdesk.operations.incidents import on_call

    later, length = span_of(begins), span_of(lasting)

    async def work(tx: Transaction) -> list[OnCall]:
        await on_call.stand_in(
            tx,
            level=level,
            name=name,
            starts_at=tx.now + later,
            lasts_until=tx.now + later + length,
            reason=reason,
            by=actor(),
        )
        return await on_call.who_is_on_call(tx)

    _show(ask(home, work), as_json=as_json)


def _turn(text: str) -> Turn:
    from frontdesk.operations.incidents.rota import Turn

    try:
        return Turn(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is neither daily nor weekly") from None


def _show(found: list[OnCall], *, as_json: bool) -> None:
    from frontdesk.cli.output import show_table, write_json

    if as_json:
        write_json({"on_call": found})
        return
    rows = [(f"L{one.level}", one.name, ", ".join(one.addresses), one.until, one.stands_in) for one in found]
    show_table("On call", ("level", "who", "reached at", "until", "stands in"), rows)
