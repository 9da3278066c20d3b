"""Maintenance mode and monitors on the command line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.operations.maintenance.model import Standing
    from frontdesk.operations.monitors.queries import Standing as MonitorStanding
    from frontdesk.wiring import Frontdesk

DRAIN_SECONDS = 60.0
RUN_SECONDS = 100.0  # three answers that do not come, and the look for what is due


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    maintenance = typer.Typer(help="Maintenance: announce it, stop sending, drain; then let go and watch.")
    for verb in (start, status, end):
        maintenance.command(verb.__name__)(verb)
    app.add_typer(maintenance, name="maintenance")
    monitors = typer.Typer(help="Monitors, which use the program as a customer does.")
    monitors.command("list")(list_monitors)
    monitors.command("run")(run_one)
    app.add_typer(monitors, name="monitor")


def start(
    *,
    minutes: Annotated[int, typer.Option("--minutes", help="How long it will take.", min=1, max=1440)],
    reason: Annotated[str, typer.Option("--reason", help="What is done, for everybody to read.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Announce maintenance, stop all sending, and wait up to 60 s until nothing is in flight; else exits with 1."""
    from frontdesk.cli.office import with_office

    standing = with_office(home, lambda parts: _start(parts, timedelta(minutes=minutes), reason))
    _show(standing, as_json=as_json)
    if standing is None or standing.in_flight:
        raise typer.Exit(1)


def status(*, home: Home = None, as_json: AsJson = False) -> None:
    """Show how far maintenance is, and for 15 minutes after it what has become worse."""
    from frontdesk.cli.office import with_office

    _show(with_office(home, _find), as_json=as_json)


def end(
    *,
    anyway: Annotated[bool, typer.Option("--anyway", help="Even if something is critical that was not.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Look at every check, let sending go on, and begin to watch."""
    from frontdesk.cli.office import with_office

    _show(with_office(home, lambda parts: _end(parts, anyway=anyway)), as_json=as_json)


def list_monitors(*, home: Home = None, as_json: AsJson = False) -> None:
    """List monitors with their last run; exits with 1 if one fails."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json

    found = with_office(home, _list)
    if as_json:
        write_json({"monitors": found})
    else:
        rows = [(one.name, one.last_at, one.passed, one.failures_in_row, one.words) for one in found]
        show_table("Monitors", ("monitor", "last run", "passed", "failed in a row", "what it saw"), rows)
    if any(one.failures_in_row for one in found):
        raise typer.Exit(1)


def run_one(
    name: Annotated[str, typer.Argument(help="missed_call or stop_and_help.", show_default=False)],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run a monitor now; exits with 1 if it fails."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    outcome = with_office(home, lambda parts: _run(parts, name))
    if as_json:
        write_json(outcome)
    else:
        console().print(f"{outcome.name}: {outcome.words} ({outcome.seconds or 0:.1f} s)", markup=False)
    if not outcome.passed:
        raise typer.Exit(1)


async def _start(parts: Frontdesk, lasting: timedelta, reason: str) -> Standing | None:
    from frontdesk.cli.office import actor
    from frontdesk.operations.maintenance.window import begin_maintenance, note_if_drained
    from frontdesk.wiring import SEND_TOPIC

    async with parts.system.transaction() as tx:
        await begin_maintenance(tx, lasting=lasting, reason=reason, by=actor())
        tx.on_commit(lambda: parts.presence.wake(SEND_TOPIC))
    until = parts.clock.monotonic() + DRAIN_SECONDS
    while parts.clock.monotonic() < until:
        async with parts.system.transaction() as tx:
            if await note_if_drained(tx):
                break
        await parts.clock.sleep(0.25)
    return await _find(parts)


async def _find(parts: Frontdesk) -> Standing | None:
    from frontdesk.operations.maintenance.window import find_maintenance

    async with parts.system.transaction() as tx:
        return await find_maintenance(tx)


async def _end(parts: Frontdesk, *, anyway: bool) -> Standing | None:
    from frontdesk.cli.office import actor
    from frontdesk.operations.checking import look_at_all
    from frontdesk.operations.maintenance.window import end_maintenance
    from frontdesk.wiring import SEND_TOPIC

    await look_at_all(parts.system)
    async with parts.system.transaction() as tx:
        standing = await end_maintenance(tx, by=actor(), anyway=anyway)
        tx.on_commit(lambda: parts.presence.wake(SEND_TOPIC))
    return standing


async def _list(parts: Frontdesk) -> list[MonitorStanding]:
    from frontdesk.operations.monitors.queries import list_standing

    async with parts.system.transaction() as tx:
        return await list_standing(tx)


async def _run(parts: Frontdesk, name: str) -> MonitorStanding:
    """Let a worker run it, which knows where the carrier is, and wait for what it sees."""
    from frontdesk.kernel.errors import Refused
    from frontdesk.operations.monitors import queries

    async with parts.system.transaction() as tx:
        known = [one.name for one in await queries.list_standing(tx)]
        asked_at = tx.now
        if not known:
            raise Refused(
                "monitors.off",
                "Set MONITOR_NUMBER, at a real carrier MONITOR_FROM_NUMBER too, and start a worker.",
                status=409,
            )
        if not await queries.move_up(tx, name=name):
            raise Refused(
                "monitors.unknown", f"No monitor is called {name}; there are: {', '.join(known)}.", status=404
            )
    until = parts.clock.monotonic() + RUN_SECONDS
    while parts.clock.monotonic() < until:
        async with parts.system.transaction() as tx:
            for one in await queries.list_standing(tx):
                if one.name == name and one.last_at is not None and one.last_at >= asked_at:
                    return one
        await parts.clock.sleep(0.5)
    raise Refused("monitors.not_run", "No worker has run it: is one up?", status=409)


def _show(standing: Standing | None, *, as_json: bool) -> None:
    from frontdesk.cli.output import console, show_facts, write_json

    if as_json:
        write_json({"maintenance": standing})
    elif standing is None:
        console().print("No maintenance is on.")
    else:
        one = standing.window
        show_facts(
            {
                "maintenance": standing.phase,
                "why": one.reason,
                "by": one.started_by,
                "since": one.started_at,
                "until": one.expected_until,
                "nothing in flight since": one.drained_at,
                "in flight": standing.in_flight,
                "queued": standing.queued,
                "watched until": one.watch_until,
                "became worse": ", ".join(standing.not_well) or "nothing",
            }
        )
