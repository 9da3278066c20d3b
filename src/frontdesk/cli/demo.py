"""The verbs that pretend: the whole main job in a few seconds, and one missed call on a running installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from frontdesk.cli.play import Step


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("demo")(demo)
    pretend = typer.Typer(help="Let the twin's customers do something.")
    pretend.callback()(_pretend)
    pretend.command("missed-call")(missed_call)
    app.add_typer(pretend, name="simulate")


def _pretend() -> None:
    """Let the twin's customers do something."""


def demo(*, home: Home = None, as_json: AsJson = False) -> None:
    """Play the main job end to end on real processes; exit code 0 only if every step happened."""
    from frontdesk.cli.office import run
    from frontdesk.cli.output import console, write_json

    out = console()
    started_ms, steps = run(lambda: _play(home, None if as_json else out))
    ok = bool(steps) and all(step.ok for step in steps)
    if as_json:
        write_json({"ok": ok, "started_in_ms": started_ms, "steps": steps})
    else:
        out.print(f"\n[bold {'green' if ok else 'red'}]{'Every' if ok else 'Not every'} step happened.")
    if not ok:
        raise typer.Exit(1)


async def _play(home: Path | None, out: Console | None) -> tuple[float, list[Step]]:
    """Bring everything up in a home of its own (or the given one), play, take it down."""
    import tempfile
    import time
    from contextlib import ExitStack
    from dataclasses import replace
    from pathlib import Path

    from frontdesk.cli.installation import running
    from frontdesk.cli.office import read_settings
    from frontdesk.cli.play import Play
    from frontdesk.kernel.errors import Refused
    from frontdesk.kernel.telemetry import configure_logging
    from frontdesk.providers.twin import TwinControl

    with ExitStack() as stack:
        if home is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fd-demo-", ignore_cleanup_errors=True))
            home = Path(folder)
        settings = read_settings(home)
        settings = replace(settings, web=settings.web.model_copy(update={"port": 0, "host": "127.0.0.1"}))
        configure_logging(level="ERROR", secrets=settings.secret_values())
        began = time.monotonic()
        _head(out)
        async with running(settings) as installation:
            started_ms = round((time.monotonic() - began) * 1000, 1)
            if installation.twin is None:
                raise Refused("demo.real_carrier", "the demo needs the twin: unset the TWILIO_ keys for it")
            _up(out, started_ms, installation.url)
            async with TwinControl(installation.twin.url, token=installation.twin.control_token) as twin:
                steps = await Play(installation, twin=twin).run(lambda step: _tell(out, step))
        return started_ms, steps


def _head(out: Console | None) -> None:
    if out is not None:
        out.print("[bold]Frontdesk demo[/bold]: one missed call, exactly one text, and an appointment\n")


def _up(out: Console | None, started_ms: float, url: str) -> None:
    if out is not None:
        what = "PostgreSQL, web, worker and the pretended carrier"
        out.print(f"[dim]{what} are up at {url} after {started_ms / 1000:.1f} s[/dim]\n")


def _tell(out: Console | None, step: Step) -> None:
    from rich.markup import escape

    if out is None:
        return
    mark = "[bold green]✓[/bold green]" if step.ok else "[bold red]✗[/bold red]"
    took = "" if step.took_ms is None else f"{step.took_ms:8.1f} ms"
    out.print(f"[cyan]{step.at_ms:8.0f} ms[/cyan]  {mark}  [bold]{step.title:<46}[/bold] [magenta]{took:>11}[/magenta]")
    out.print(f"                  [dim]{escape(step.detail)}[/dim]")


def missed_call(
    *,
    tenant: Annotated[str, typer.Option("--tenant", help="Short name of the business.")] = "harbor-plumbing",
    caller: Annotated[str, typer.Option("--caller", help="The customer's number; none is a made-up one.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let a customer of the twin call a business of the running installation, and nobody answer."""
    from frontdesk.cli.office import read_settings, run
    from frontdesk.cli.output import console, write_json
    from frontdesk.cli.simulating import simulate_missed_call

    settings = read_settings(home)
    told = run(lambda: simulate_missed_call(settings, tenant=tenant, caller=caller))
    if as_json:
        write_json(told)
    else:
        console().print(f"{told['customer']} calls {told['number']}, and nobody answers.")
