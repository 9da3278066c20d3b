"""What commands show: tables and lines for people, one JSON document for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200  # a file or another program reads it: nothing is to be cut off
EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def write_json(document: object) -> None:
    """Print one JSON document on a line."""
    sys.stdout.write(msgspec.json.encode(document, enc_hook=str).decode() + "\n")
    sys.stdout.flush()


def console() -> Console:
    """Open the terminal for people: colours only where it shows them."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(highlight=False, soft_wrap=wide is not None, width=wide)


def error_console() -> Console:
    """Open standard error for people."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as a table; an empty one says so."""
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        console().print(f"{title}: none")
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(text_of(value)) for value in row))
    console().print(table)


def show_facts(facts: Mapping[str, object]) -> None:
    """Print named values, one per line."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        console().print(f"[bold]{name:<{width}}[/bold]  {text_of(value)}", markup=True)


def text_of(value: object) -> str:
    """Write a value as people read it; times to the second, in UTC."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)
