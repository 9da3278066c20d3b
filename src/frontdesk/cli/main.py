"""The `frontdesk` program: every verb, and how faults are told."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from frontdesk import __version__
from frontdesk.cli import (
    alerting,
    auditing,
    backing_up,
    bench,
    booking,
    calendaring,
    campaigns,
    consent,
    contacts,
    conversations,
    custody,
    demo,
    drilling,
    events,
    incidents,
    looking,
    maintaining,
    numbers,
    oncall,
    paying,
    people,
    querying,
    reporting,
    runbooks,
    sending,
    serving,
)
from frontdesk.cli.output import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, error_console, write_json

app = typer.Typer(
    name="frontdesk",
    help="The self-hosted front office: answers missed calls with exactly one text.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - the signature is Typer's
    if asked:
        sys.stdout.write(f"frontdesk {__version__}\n")
        raise typer.Exit


@app.callback()
def _frontdesk(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Answer missed calls with exactly one text: the self-hosted front office."""


for part in (
    serving,
    demo,
    sending,
    runbooks,
    drilling,
    events,
    paying,
    people,
    booking,
    calendaring,
    contacts,
    conversations,
    numbers,
    consent,
    campaigns,
    querying,
    reporting,
    looking,
    auditing,
    alerting,
    incidents,
    oncall,
    backing_up,
    maintaining,
    custody,
    bench,
):
    part.register(app)


def main() -> None:
    """Run the program; expected faults are one sentence and an exit code, never a traceback."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run one command and return its exit code: 0 ok, 1 failed, 2 wrong usage or settings."""
    as_json = "--json" in arguments
    try:
        code = app(arguments or ["--help"], standalone_mode=False, prog_name="frontdesk")
    except TyperException as error:
        return _tell("cli.usage", error.format_message(), as_json=as_json, code=EXIT_USAGE)
    except (typer.Abort, KeyboardInterrupt):
        return _tell("cli.interrupted", "interrupted", as_json=as_json, code=EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as error:  # noqa: BLE001 - what is not expected is raised again
        return _explain(error, as_json=as_json)
    return code if isinstance(code, int) else EXIT_OK if arguments else EXIT_USAGE


def _explain(error: Exception, *, as_json: bool) -> int:
    """Tell an expected fault in a sentence; anything else is a bug and keeps its traceback."""
    from frontdesk.kernel.db import UNAVAILABLE
    from frontdesk.kernel.errors import Refused
    from frontdesk.kernel.postgres import PostgresFailed
    from frontdesk.kernel.settings import SettingsFaulty

    if isinstance(error, SettingsFaulty):
        faults = [{"name": one.name, "wrong": one.wrong, "remedy": one.remedy} for one in error.faults]
        return _tell("cli.settings", str(error), as_json=as_json, code=EXIT_USAGE, faults=faults)
    if isinstance(error, Refused):
        return _tell(error.code, error.message, as_json=as_json, code=EXIT_FAILED)
    if isinstance(error, PostgresFailed):
        return _tell("cli.postgres", str(error), as_json=as_json, code=EXIT_FAILED)
    if isinstance(error, UNAVAILABLE):
        reason = f"the database or a file cannot be reached: {type(error).__name__}: {error}"
        return _tell("cli.unreachable", reason, as_json=as_json, code=EXIT_FAILED)
    raise error


def _tell(name: str, message: str, *, as_json: bool, code: int, faults: list[dict[str, str]] | None = None) -> int:
    if as_json:
        write_json({"error": {"code": name, "message": message, **({"faults": faults} if faults else {})}})
    else:
        from rich.markup import escape

        error_console().print(f"[bold red]frontdesk:[/bold red] {escape(message)}")
    return code
