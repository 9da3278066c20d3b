"""All pages by file name."""

from __future__ import annotations

from pathlib import Path

from frontdesk.kernel.settings import render_reference
from frontdesk.kernel.telemetry import CATALOGUE, Metric, render_metrics_reference
from frontdesk.operations.alerts.readings import Machine, all_readings, metric_of
from scripts.reference_pages.api import render_api
from scripts.reference_pages.commands import render_commands
from scripts.reference_pages.errors import render_errors
from scripts.reference_pages.events import render_events
from scripts.reference_pages.law import render_law
from scripts.reference_pages.runbooks import render_operations, render_runbooks
from scripts.reference_pages.sources import render_sources
from scripts.reference_pages.tables import render_tables

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def all_metrics() -> list[Metric]:
    """List what processes count and what is read of the database, each once."""
    counted = {metric.name for metric in CATALOGUE}
    read = [metric_of(reading) for reading in all_readings(Machine(home=Path()))]
    return [*CATALOGUE, *(metric for metric in read if metric.name not in counted)]


def pages_of_the_program() -> dict[str, str]:
    """Make the pages that need no database."""
    return {
        "settings.md": render_reference(),
        "metrics.md": render_metrics_reference(all_metrics()),
        "events.md": render_events(),
        "errors.md": render_errors(),
        "cli.md": render_commands(),
        "law.md": render_law(),
        "sources.md": render_sources(),
        "operations.md": render_operations(),
        **render_runbooks(),
    }


async def all_pages(database_url: str, home: Path) -> dict[str, str]:
    """Make every page; `database_url` names a migrated database, `home` a folder to spare."""
    return pages_of_the_program() | {
        "api.md": await render_api(database_url, home),
        "tables.md": await render_tables(database_url),
    }
