"""The verbs that run: everything at once, the web process, the worker, the migration."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer

from frontdesk.cli.options import AsJson, Home

Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("up")(up)
    app.command("web")(web)
    app.command("worker")(worker)
    app.command("migrate")(migrate)


def up(
    *,
    port: Port = None,
    host: Host = None,
    home: Home = None,
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", help="Written as JSON once everything answers.")
    ] = None,
) -> None:
    """Run everything on this machine: database, carrier twin while no keys are set, web, worker. Ctrl-C stops it."""
    from frontdesk.cli.up import run_everything

    raise typer.Exit(run_everything(home=home, host=host, port=port, ready_file=ready_file))


def web(*, port: Port = None, host: Host = None, home: Home = None) -> None:
    """Run one web process on an existing database."""
    _become("frontdesk.web", home=home, host=host, port=port)


def worker(*, home: Home = None) -> None:
    """Run one worker process on an existing database."""
    _become("frontdesk.worker", home=home)


def _become(module: str, *, home: Path | None, host: str | None = None, port: int | None = None) -> None:
    """Go on as the program of another way in, which the command line knows by name alone."""
    from frontdesk.cli.office import read_settings

    read_settings(home)  # faults are told here as by every command
    options = {"--home": home, "--host": host, "--port": port}
    sys.argv = [module, *(f"{name}={value}" for name, value in options.items() if value is not None)]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def migrate(
    *,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL instead of running it.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring the database to the newest revision; `--sql` is the dry run."""
    from frontdesk.cli import office
    from frontdesk.cli.output import console, write_json
    from frontdesk.schema import migrate as schema

    if sql:
        schema.print_sql()
        return

    async def work() -> tuple[str | None, str]:
        async with office.open_database(office.read_settings(home)) as url:
            before = await schema.current_revision(url)
            await schema.migrate(url)
            return before, schema.head_revision()

    before, now = office.run(work)
    if as_json:
        write_json({"before": before, "now": now, "changed": before != now})
    else:
        was = "" if before == now else f" It was at {before or 'none'}."
        console().print(f"The database is at revision {now}.{was}")
