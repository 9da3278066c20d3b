"""Drills on the command line: each breaks a throwaway installation and lets its runbook repair it."""

from __future__ import annotations

import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from frontdesk.kernel.db import Database
    from frontdesk.operations.drills import DrillReport, News, Stage
    from frontdesk.operations.drills.model import Break
    from frontdesk.operations.runbooks import Runbook
    from frontdesk.wiring import Frontdesk

SETTLES_WITHIN_SECONDS = 30.0
SETTLE_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("drill")(drill)


def drill(
    slug: Annotated[str | None, typer.Argument(help="Short name of the runbook.", show_default=False)] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every runbook, with each way to break what it repairs.")
    ] = False,
    aloud: Annotated[
        bool, typer.Option("--aloud", help="Say each act as a line of JSON on standard error, while it happens.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Break a throwaway installation with the twin as its carrier, and see whether the runbook repairs it.

    Nothing of your own installation is touched but the list of results. Exit code 1 if a drill fails.
    """
    from frontdesk.cli.office import run
    from frontdesk.cli.output import console, show_table, write_json

    planned = plan_drills(slug, every=every)
    reports = run(lambda: perform_all(planned, told=_say if aloud else None))
    kept = keep_results(home, reports)
    passed = sum(report.passed for report in reports)
    if as_json:
        write_json(
            {
                "drills": len(reports),
                "passed": passed,
                "kept": kept,
                "results": [report.document() for report in reports],
            }
        )
    else:
        rows = [
            [
                "✓" if one.passed else "✗",
                one.slug,
                one.broken_by,
                one.times.detected,
                one.times.repaired,
                one.words,
            ]
            for one in reports
        ]
        show_table("Drills", ["", "runbook", "broken by", "detected after s", "repaired after s", "words"], rows)
        console().print(f"{passed} of {len(reports)} passed.")
    if passed < len(reports):
        raise typer.Exit(1)


def plan_drills(slug: str | None, *, every: bool) -> list[tuple[Runbook, Break]]:
    """List what is to be drilled: a page with each way to break what it repairs."""
    from frontdesk.operations.drills import get_break
    from frontdesk.operations.runbooks import get_runbook, library

    if every == (slug is not None):
        raise typer.BadParameter("say which runbook, or --all")
    pages = [get_runbook(slug)] if slug is not None else list(library().values())
    return [(page, get_break(name)) for page in pages for name in page.drill]


def _say(news: News) -> None:
    """Say what has just happened, for a program that listens."""
    import sys

    import msgspec

    sys.stderr.write(msgspec.json.encode(news).decode() + "\n")
    sys.stderr.flush()


async def perform_all(
    planned: Sequence[tuple[Runbook, Break]], *, told: Callable[[News], None] | None = None
) -> list[DrillReport]:
    """Perform drills one after the other on a stage, which is thrown away once a drill fails on it.

    `told` hears of each act as it happens. A failure on a stage that others had broken before proves nothing: that
    drill is done once more on a new one.
    """
    from frontdesk.operations.drills import Act, News, perform_drill

    def tell(news: News) -> None:
        if told is not None:
            told(news)

    reports: list[DrillReport] = []
    waiting = list(planned)
    while waiting:
        async with throwaway_stage() as stage:
            is_new = True
            tell(News(act=Act.STAGED, words="a throwaway installation with a pretended carrier is up"))
            while waiting:
                page, broken_by = waiting[0]
                report = await perform_drill(stage, page, broken_by, told=tell)
                if not report.passed and not is_new:
                    break
                waiting.pop(0)
                reports.append(report)
                is_new = False
                if not report.passed:
                    break
    return reports


@asynccontextmanager
async def throwaway_stage() -> AsyncIterator[Stage]:
    """Lend a whole installation in a folder that is deleted afterwards: embedded database, twin, web, worker.

    None of our own settings reaches it: it has no carrier but its twin, and tells nobody of its alerts. Refuses
    `drills.no_twin` should it have another carrier all the same.
    """
    import os
    from contextlib import AsyncExitStack
    from dataclasses import replace

    from frontdesk.cli.installation import running
    from frontdesk.kernel.clock import DatabaseClock
    from frontdesk.kernel.db import Database, Role
    from frontdesk.kernel.errors import Refused
    from frontdesk.kernel.outbox import Handlers, flush_with
    from frontdesk.kernel.settings import load_settings, without_settings
    from frontdesk.operations.drills import Stage
    from frontdesk.providers.twin import TwinControl

    with tempfile.TemporaryDirectory(prefix="frontdesk-drill-") as folder, without_settings(os.environ):
        settings = load_settings({}, Path(folder))
        settings = replace(settings, web=settings.web.model_copy(update={"host": "127.0.0.1", "port": 0}))
        async with AsyncExitStack() as stack:
            installation = await stack.enter_async_context(running(settings))
            if installation.twin is None:
                raise Refused("drills.no_twin", "A drill needs a pretended carrier, and found a real one.", status=409)
            twin = await stack.enter_async_context(
                TwinControl(installation.twin.url, token=installation.twin.control_token)
            )
            system = await Database.open(
                installation.database_url,
                role=Role.SYSTEM,
                clock=DatabaseClock(),
                flush=flush_with(Handlers([])),
                max_size=4,
                application_name="frontdesk-drill",
            )
            stack.push_async_callback(system.close)
            await _all_is_well(system)
            yield Stage(
                system=system,
                twin=twin,
                pids=installation.pids,
                database_url=installation.database_url,
                url=installation.url,
                api_token=installation.welcome.api_token,
                home=installation.home,
            )


def keep_results(home: Path | None, reports: Sequence[DrillReport]) -> bool:
    """Write the results into the installation's own database; False where there is none to write to."""
    from frontdesk.cli.office import with_office
    from frontdesk.kernel.db import UNAVAILABLE
    from frontdesk.kernel.errors import Refused
    from frontdesk.kernel.postgres import PostgresFailed
    from frontdesk.operations.drills import record_result

    async def work(parts: Frontdesk) -> None:
        async with parts.system.transaction() as tx:
            for report in reports:
                await record_result(tx, report, started_at=tx.now)

    if not _has_database(home):
        return False
    try:
        with_office(home, work)
    except (*UNAVAILABLE, PostgresFailed, Refused):
        return False
    return True


def _has_database(home: Path | None) -> bool:
    """Tell whether there is an installation of ours; a drill makes none."""
    from frontdesk.cli.office import read_settings

    settings = read_settings(home)
    return settings.database.url is not None or (settings.home / "postgres").exists()


async def _all_is_well(system: Database) -> None:
    """Look at everything until nothing is critical: the first look may have come before the web process.

    What stays critical on this machine is left to the drills, each of which looks at its own checks first.
    """
    import asyncio

    from frontdesk.kernel.upkeep import Severity
    from frontdesk.operations.checking.looking import list_states, look_at_all

    deadline = system.clock.monotonic() + SETTLES_WITHIN_SECONDS
    while system.clock.monotonic() < deadline:
        await look_at_all(system)
        async with system.transaction() as tx:
            states = await list_states(tx)
        if states and all(one.severity is not Severity.CRITICAL for one in states):
            return
        await asyncio.sleep(SETTLE_SECONDS)
