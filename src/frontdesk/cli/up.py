"""The verb `up`: an installation in the foreground, with a welcome for people and a file for programs."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from frontdesk.cli.installation import Installation, running
from frontdesk.cli.office import read_settings
from frontdesk.cli.output import EXIT_FAILED, EXIT_OK
from frontdesk.kernel.supervision import stop_on_signals
from frontdesk.kernel.telemetry import configure_logging

if TYPE_CHECKING:
    from frontdesk.kernel.settings import Settings


def run_everything(*, home: Path | None, host: str | None, port: int | None, ready_file: Path | None) -> int:
    """Run everything until a signal; returns the exit code."""
    settings = read_settings(home)
    change = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = replace(settings, web=settings.web.model_copy(update=change))
    # On a terminal the welcome stands alone; the programs' own logs are in the home folder.
    level = "WARNING" if sys.stderr.isatty() else settings.process.log_level.value
    configure_logging(level=level, secrets=settings.secret_values())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return asyncio.run(_run(settings, ready_file))


async def _run(settings: Settings, ready_file: Path | None) -> int:
    stop, is_up = asyncio.Event(), asyncio.Event()
    with stop_on_signals(stop):
        work = asyncio.create_task(_up(settings, ready_file, stop=stop, is_up=is_up))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if work.done() or is_up.is_set():
            return await work
        work.cancel()  # a start that is broken off takes down what has been started
        with suppress(asyncio.CancelledError):
            await work
        return EXIT_OK


async def _up(settings: Settings, ready_file: Path | None, *, stop: asyncio.Event, is_up: asyncio.Event) -> int:
    async with running(settings) as installation:
        is_up.set()
        _welcome(installation)
        if ready_file is not None:  # last, because whoever waits for it may look for the welcome at once
            write_ready_file(ready_file, installation)
        gave_up = await _until_stop(installation, stop)
    if ready_file is not None:
        await asyncio.to_thread(ready_file.unlink, missing_ok=True)
    if gave_up:
        sys.stderr.write(f"frontdesk: {gave_up}\n")
        return EXIT_FAILED
    return EXIT_OK


async def _until_stop(installation: Installation, stop: asyncio.Event) -> str:
    """Wait for the stop; returns why it could not be waited for, empty if it came."""
    waits = [asyncio.create_task(stop.wait()), asyncio.ensure_future(installation.ended)]
    if installation.postgres is not None:
        waits.append(asyncio.create_task(installation.postgres.gave_up.wait()))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return ""
        if installation.ended.done():
            return str(installation.ended.exception() or "the programs have ended")
        return "PostgreSQL does not stay up: see postgres.log in the home folder"
    finally:
        for wait in waits:
            if wait is not installation.ended:
                wait.cancel()
                with suppress(asyncio.CancelledError):
                    await wait


def write_ready_file(path: Path, installation: Installation) -> None:
    """Write, whole or not at all and readable by its owner alone, how a program reaches what runs."""
    document = {
        "url": installation.url,
        "api_token": installation.welcome.api_token,
        "home": str(installation.home),
        "database_url": installation.database_url,
        "pids": installation.pids(),
    }
    draft = path.with_name(f".{path.name}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(document))
    draft.replace(path)


def _welcome(installation: Installation) -> None:
    """Tell people where to go and how to get in; secrets only at the first start or on a terminal."""
    from frontdesk.cli.output import console

    welcome = installation.welcome
    out = console()
    out.print(f"\n[bold green]Frontdesk is up:[/bold green] [bold]{installation.url}[/bold]")
    shown = welcome.first_start or sys.stdout.isatty()
    secrets = installation.home / "secrets"
    if welcome.password:
        out.print(f"  login      {welcome.email}  {welcome.password if shown else f'(see {secrets}/demo_password)'}")
    if welcome.setup:
        out.print("  set up     five short steps, once; whoever has this link runs the installation:")
        out.print(f"             {installation.url}/welcome?setup={welcome.setup}", soft_wrap=True)
    if welcome.api_token:
        out.print(f"  API token  {welcome.api_token if shown else f'(see {secrets}/api_token)'}")
    if installation.twin is not None:
        out.print("  carrier    the offline twin: no text leaves this machine until you set TWILIO_… keys")
    out.print(f"  state      {installation.home}\n  [dim]Ctrl-C stops everything.[/dim]\n")
