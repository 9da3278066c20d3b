"""Reads a file of people row by row into drafts, one a line, whole or not at all, and tells how far it has come."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import msgspec

from frontdesk.features.contacts.service.drafts import Draft, Drafting
from frontdesk.features.contacts.sheets import Layout, Reading, Row, Table, guess_columns, open_table, place_columns

PREVIEW_ROWS = 20
SAMPLE = 60
PROGRESS_ROWS = 5_000
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to read and how; `rows` at most if given, drafts in groups of `batch`."""

    country: str
    mapping: dict[str, str] = msgspec.field(default_factory=dict)
    keep_others: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    has_header: bool | None = None
    batch: int = 2_000
    rows: int | None = None


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How many rows have been read."""

    rows: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is and which of its columns hold what; `samples` has a cell of each column as it stands there."""

    kind: str
    encoding: str
    delimiter: str
    sheet: str
    header: list[str]
    columns: dict[str, str]
    unused: list[str]
    preview: list[Draft]
    samples: list[str] = msgspec.field(default_factory=list)


class Read(msgspec.Struct, frozen=True, kw_only=True, tag="read"):
    """A file that was read: `offsets` are where the groups of drafts begin, `peak_bytes` the memory it took."""

    found: Found
    rows: int
    offsets: list[int]
    peak_bytes: int


class Unreadable(msgspec.Struct, frozen=True, tag="unreadable"):
    """Why a file was not read."""

    code: str
    message: str
    status: int


Word = Progress | Read | Unreadable


def read_file(path: Path, drafts: Path | None, job: Job, *, said: TextIO) -> Read:
    """Read a file of people, telling how far to `said`; refuses a file as a whole with `contacts.import_…`."""
    reading = Reading(encoding=job.encoding, delimiter=job.delimiter, sheet=job.sheet, has_header=job.has_header)
    table = open_table(path, reading)
    guess = guess_columns(table.header, table.sample, keep_others=job.keep_others)
    layout = place_columns(guess, table.header, job.mapping)
    drafting = Drafting(layout, table.header, country=job.country)
    preview = [drafting.draft(row) for row in table.sample[:PREVIEW_ROWS]]
    found = _found(table, layout, preview)
    if drafts is None:
        return Read(found=found, rows=len(table.sample), offsets=[], peak_bytes=_peak_bytes())
    rows, offsets = _write_drafts(table, Drafting(layout, table.header, country=job.country), drafts, job, said)
    return Read(found=found, rows=rows, offsets=offsets, peak_bytes=_peak_bytes())


def _write_drafts(table: Table, drafting: Drafting, path: Path, job: Job, said: TextIO) -> tuple[int, list[int]]:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    encode = msgspec.json.Encoder().encode
    offsets: list[int] = []
    count = place = 0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=1 << 18) as file:
        for row in table.rows:
            if count % job.batch == 0:
                offsets.append(place)
            place += file.write(encode(drafting.draft(row)) + b"\n")
            count += 1
            if count % PROGRESS_ROWS == 0:
                say(Progress(count), said)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return count, offsets


def say(word: Word, to: TextIO) -> None:
    """Tell one thing, on a line."""
    to.write(msgspec.json.encode(word).decode() + "\n")
    to.flush()


def _found(table: Table, layout: Layout, preview: list[Draft]) -> Found:
    return Found(
        kind=table.kind.value,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        header=list(table.header),
        columns=_headings(layout.columns, table.header),
        unused=list(layout.unused),
        preview=preview,
        samples=[
            next((_cell(row, at).strip()[:SAMPLE] for row in table.sample if _cell(row, at).strip()), "")
            for at in range(len(table.header))
        ],
    )


def _cell(row: Row, at: int) -> str:
    return row.cells[at] if at < len(row.cells) else ""


def _headings(columns: Mapping[str, int], header: tuple[str, ...]) -> dict[str, str]:
    return {target: header[at] if at < len(header) else "" for target, at in columns.items()}


def _peak_bytes() -> int:
    try:
        found = _PEAK.search(Path("/proc/self/status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
