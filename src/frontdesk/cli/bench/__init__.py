"""The verb `bench`: what this machine does, measured on real processes."""

from __future__ import annotations

from typing import Annotated

import typer

from frontdesk.cli.options import AsJson


def register(app: typer.Typer) -> None:
    """Add the verb."""
    benches = typer.Typer(help="Measure this machine: text-backs, drain, simulation.", no_args_is_help=True)
    benches.command("drain")(drain)
    app.add_typer(benches, name="bench")


def drain(
    *,
    jobs: Annotated[int, typer.Option(help="Texts to queue first.", min=1, max=76_000)] = 20_000,
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1, max=16)] = 2,
    delay_ms: Annotated[float, typer.Option(help="Milliseconds until the stub carrier answers.", min=0)] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Queue texts, then measure how fast real workers send them through all gates. Exit code 1 on any violation."""
    from frontdesk.cli.bench.drain import run_drain
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.office import run
    from frontdesk.cli.output import write_json

    figures = run(lambda: run_drain(jobs=jobs, workers=workers, delay_ms=delay_ms))
    if as_json:
        write_json(figures)
    else:
        show_figures("Drain: queued texts through all gates to a stub carrier", figures)
    if figures["violations"]:
        raise typer.Exit(1)
