"""The verb `bench`: what this machine does, measured on real processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frontdesk.cli.options import AsJson


def register(app: typer.Typer) -> None:
    """Add the verb."""
    benches = typer.Typer(
        help="Measure this machine: text-backs, webhooks, drain, a campaign, simulation, understanding, meaning."
    )
    benches.command("textback")(measure_textback)
    benches.command("webhooks")(measure_webhooks)
    benches.command("drain")(measure_drain)
    benches.command("campaign")(measure_campaign)
    benches.command("booking")(measure_booking)
    benches.command("console")(measure_console)
    benches.command("simulate")(measure_simulate)
    benches.command("understanding")(measure_understanding)
    benches.command("meaning")(measure_meaning)
    app.add_typer(benches, name="bench")


def measure_drain(
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

    figures = run(lambda: run_drain(jobs=jobs, workers=workers, delay_ms=delay_ms), log_level="ERROR")
    if as_json:
        write_json(figures)
    else:
        show_figures("Drain: queued texts through all gates to a stub carrier", figures)
    if figures["violations"]:
        raise typer.Exit(1)


def measure_campaign(
    *,
    contacts: Annotated[int, typer.Option(help="People to import and text.", min=1, max=117_000)] = 100_000,
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1, max=16)] = 2,
    delay_ms: Annotated[float, typer.Option(help="Milliseconds until the stub carrier answers.", min=0)] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Import people and send them a campaign by real workers, timing each step. Exit code 1 on any violation."""
    from frontdesk.cli.bench.campaign import run_campaign
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.office import run
    from frontdesk.cli.output import write_json

    figures = run(lambda: run_campaign(people=contacts, workers=workers, delay_ms=delay_ms), log_level="ERROR")
    if as_json:
        write_json(figures)
    else:
        show_figures("Campaign: from a file of people to texts at a stub carrier", figures)
    if figures["violations"]:
        raise typer.Exit(1)


def measure_booking(
    *,
    concurrency: Annotated[int, typer.Option(help="People who ask for one slot at once.", min=1, max=500)] = 200,
    rounds: Annotated[int, typer.Option(help="How many slots are fought for, one after another.", min=1, max=30)] = 3,
    as_json: AsJson = False,
) -> None:
    """Let many people ask for one slot at once over HTTP. Exit code 1 unless each slot has exactly one winner."""
    from frontdesk.cli.bench.booking import run_booking
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.office import run
    from frontdesk.cli.output import write_json

    figures = run(lambda: run_booking(concurrency=concurrency, rounds=rounds), log_level="ERROR")
    if as_json:
        write_json(figures)
    else:
        show_figures("Booking: one slot, asked for by many at once", figures)
    if figures["violations"]:
        raise typer.Exit(1)


def measure_console(
    *,
    contacts: Annotated[int, typer.Option(help="People of the business.", min=100, max=1_000_000)] = 100_000,
    messages: Annotated[int, typer.Option(help="Texts from and to them.", min=100, max=2_000_000)] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="How often each page is asked for.", min=1, max=500)] = 25,
    viewers: Annotated[int, typer.Option(help="Who look live at once.", min=1, max=2_000)] = 500,
    as_json: AsJson = False,
) -> None:
    """Ask for each page of the console of a large business. Exit code 1 if one is refused or weighs over 200 KiB."""
    from frontdesk.cli.bench.console import flat, run_console
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.office import run
    from frontdesk.cli.output import write_json

    figures = run(
        lambda: run_console(people=contacts, messages=messages, rounds=rounds, viewers=viewers), log_level="ERROR"
    )
    if as_json:
        write_json(figures)
    else:
        show_figures("Console: pages of a large business, and live viewers", flat(figures))
    if figures["violations"]:
        raise typer.Exit(1)


def measure_textback(
    *,
    rate: Annotated[int, typer.Option(help="Missed calls per second.", min=1, max=2000)] = 50,
    seconds: Annotated[int, typer.Option(help="Seconds to measure, after 3 s of warm-up.", min=1, max=300)] = 20,
    receipts: Annotated[bool, typer.Option(help="Whether the carrier posts delivery receipts meanwhile.")] = True,
    as_json: AsJson = False,
) -> None:
    """Measure missed call to carrier POST at a steady rate, end to end over HTTP. Exit code 1 on any violation."""
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.bench.textback import run_textback
    from frontdesk.cli.office import run
    from frontdesk.cli.output import write_json

    figures = run(lambda: run_textback(rate=rate, seconds=seconds, receipts=receipts), log_level="ERROR")
    if as_json:
        write_json(figures)
    else:
        show_figures("Text-back: missed-call webhook sent to text at the carrier", figures)
    if figures["violations"] or figures["refused"]:
        raise typer.Exit(1)


def measure_webhooks(
    *,
    rate: Annotated[int, typer.Option(help="Webhooks per second.", min=1, max=3000)] = 500,
    seconds: Annotated[int, typer.Option(help="Seconds to measure, after 3 s of warm-up.", min=1, max=120)] = 20,
    as_json: AsJson = False,
) -> None:
    """Take people's texts in at a steady rate over HTTP, timing each answer. Exit code 1 on any violation."""
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.bench.webhooks import run_webhooks
    from frontdesk.cli.office import run
    from frontdesk.cli.output import write_json

    figures = run(lambda: run_webhooks(rate=rate, seconds=seconds), log_level="ERROR")
    if as_json:
        write_json(figures)
    else:
        show_figures("Webhooks: people's texts taken in, from the socket to the answer", figures)
    if figures["violations"]:
        raise typer.Exit(1)


def measure_understanding(
    *,
    replies: Annotated[
        Path | None, typer.Option(help="Folder with labelled replies; that of a source checkout if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read labelled replies: how many are understood, how fast. Exit code 1 if one would book what nobody asked for."""
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.bench.understanding import REPLIES, run_understanding
    from frontdesk.cli.output import write_json

    figures = run_understanding(folder=replies or REPLIES)
    if as_json:
        write_json(figures)
    else:
        show_figures("Understanding: labelled replies, and those no rule was written for", figures)
    if figures["violations"]:
        raise typer.Exit(1)


def measure_meaning(
    *,
    texts: Annotated[int, typer.Option(help="Texts to search among.", min=1_000, max=20_000)] = 20_000,
    labelled: Annotated[
        Path | None, typer.Option(help="Folder with texts and questions; that of a source checkout if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search by meaning: what it finds that words do not, milliseconds a text and a search, memory."""
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.bench.meaning import FOLDER, run_meaning
    from frontdesk.cli.office import run
    from frontdesk.cli.output import write_json

    figures = run(lambda: run_meaning(folder=labelled or FOLDER, texts=texts), log_level="ERROR")
    if as_json:
        write_json(figures)
    else:
        show_figures("Search by meaning: labelled questions, and a business with many texts", figures)
    if figures["violations"]:
        raise typer.Exit(1)


def measure_simulate(
    *,
    seeds: Annotated[int, typer.Option(help="Worlds to run.", min=1)] = 200,
    first: Annotated[int, typer.Option(help="The first seed.", min=0)] = 1,
    as_json: AsJson = False,
) -> None:
    """Run seeded worlds with kills and lost replies on a real PostgreSQL; needs a source checkout."""
    from frontdesk.cli.bench.figures import show_figures
    from frontdesk.cli.bench.simulation import run_simulation
    from frontdesk.cli.output import write_json

    figures = run_simulation(seeds=seeds, first=first)
    if as_json:
        write_json(figures)
    else:
        show_figures("Simulation: seeded worlds, invariants checked after each", figures)
    if figures["violations"]:
        raise typer.Exit(1)
