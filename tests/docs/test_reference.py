"""docs/reference says what the program is: it is made from it, and nobody forgot to make it again."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from frontdesk.features.delivery.gates import GATES
from frontdesk.features.insights.model import why_no_text
from frontdesk.kernel.settings import load_settings
from frontdesk.kernel.settings.loading import PARTS, setting_name
from frontdesk.kernel.telemetry import CATALOGUE
from frontdesk.wiring import catalogue
from scripts.reference_pages import errors, reasons, sources
from scripts.reference_pages.api import render_api
from scripts.reference_pages.commands import all_commands
from scripts.reference_pages.pages import FOLDER, pages_of_the_program
from scripts.reference_pages.tables import render_tables

STALE = "run scripts/reference"


def written(page: str) -> str:
    """Read a page as it stands in the repository."""
    return (FOLDER / page).read_text(encoding="utf-8")


def test_the_pages_of_the_program_are_up_to_date() -> None:
    assert not [page for page, made in pages_of_the_program().items() if written(page) != made], STALE


async def test_the_page_of_tables_is_up_to_date(database_url: str) -> None:
    assert written("tables.md") == await render_tables(database_url), STALE


async def test_the_page_of_the_api_is_up_to_date(database_url: str, home: Path) -> None:
    assert written("api.md") == await render_api(database_url, home), STALE


async def test_every_operation_of_the_api_says_who_may_use_it(database_url: str, home: Path) -> None:
    lines = (await render_api(database_url, home)).splitlines()
    rows = [line for line in lines if line.startswith(("| GET", "| POST", "| PATCH", "| DELETE"))]
    assert len(rows) > 25
    assert not [row for row in rows if row.rstrip(" |").count("|") < 3 and "webhook" not in row]


def test_everything_that_has_a_name_has_an_entry() -> None:
    settings, metrics, events, commands = (written(f"{page}.md") for page in ("settings", "metrics", "events", "cli"))
    for part in PARTS:
        for field_name, field in part.model_fields.items():
            assert f"| `{setting_name(field_name, field)}` |" in settings
    for metric in CATALOGUE:
        assert f"| `{metric.name}` |" in metrics
    for event in catalogue():
        assert f"## {event.name}\n" in events
    for command in all_commands():
        assert f"## {command}\n" in commands


def test_every_code_has_an_entry_and_no_entry_is_left_over() -> None:
    page = written("errors.md")
    codes = {refusal.code for refusal in errors.refusals()} | errors.answers() | errors.reasons()
    assert len(codes) > 60
    assert not [code for code in codes if f"| `{code}` |" not in page]
    assert set(reasons.REASONS) == errors.reasons()
    assert set(reasons.ANSWERS) <= errors.answers()


def test_refusals_have_codes_that_can_be_read_from_the_source() -> None:
    """Except where a code is passed on, or built from a closed list of words."""
    places = {one.partition(":")[0] for one in errors.unnamed_refusals()}
    assert places == {
        "features/contacts/phones.py",
        "features/contacts/service/staging.py",
        "providers/twin/client.py",
        "web/pages/numbers.py",
        "web/problems.py",
    }


def test_every_gate_of_delivery_cites_its_source() -> None:
    assert all(gate.citation and gate.name for gate in GATES)


@pytest.mark.parametrize("code", sorted(code for code in reasons.REASONS if not code.endswith("…")))
def test_every_reason_is_told_to_people_in_words(code: str) -> None:
    if reasons.REASONS[code][0] in {"bar", "drop", "skipped"}:
        words = why_no_text(code, who="Carol")
        assert words != code.replace("_", " "), f"{code} has no words on the timeline"


def test_the_settings_of_the_source_exist_with_their_defaults(home: Path) -> None:
    fields = {setting_name(name, field): (part, name) for part in PARTS for name, field in part.model_fields.items()}
    assert not [name for name in sources.SETTINGS if name not in fields]
    loaded = {type(part): part for part in load_settings({}, home=home).parts()}
    for name, default in sources.DEFAULTS.items():
        part, field_name = fields[name]
        assert dict(loaded[part])[field_name] == default, name


def test_the_metrics_of_the_source_are_exported() -> None:
    exported = {metric.name: metric for metric in CATALOGUE}
    assert not [name for name, waits in sources.METRICS.items() if not waits and name not in exported]
    assert exported["webhook_dedupe_hits_total"].labels == ("provider",)
    assert exported["webhook_signature_failures_total"].labels == ("provider",)
    assert not [name for name, waits in sources.METRICS.items() if waits and name in exported], "no longer waits"


async def test_the_tables_of_the_source_have_the_columns_that_runbooks_read(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        )
    finally:
        await connection.close()
    columns: dict[str, set[str]] = {}
    for row in rows:
        columns.setdefault(row["table_name"], set()).add(row["column_name"])
    for table, (wanted, waits) in sources.TABLES.items():
        if waits:
            assert table not in columns, f"{table} no longer waits"
        else:
            assert set(wanted) <= columns.get(table, set()), table
    # Named by the first job besides those of the runbook.
    for table in ("audit_log", "compliance_events", "do_not_contact"):
        assert table in columns
