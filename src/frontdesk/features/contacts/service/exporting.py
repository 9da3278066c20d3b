"""People as a file, CSV or XLSX, that comes back in as it went out, and the report of rows that were not taken."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from frontdesk.features.contacts.filters import EVERYBODY, Filter, compile_filter
from frontdesk.features.contacts.model import Card, Import, RowFault
from frontdesk.features.contacts.queries import cards, matching
from frontdesk.features.contacts.service.matching import NOBODY, fitting
from frontdesk.features.contacts.service.reading import Found
from frontdesk.features.contacts.sheets import MEDIA_TYPES, FileKind, rows_writer, write_row
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

OpenTransaction = Callable[[], AbstractAsyncContextManager[Transaction]]
PAGE = 1_000
MAX_KEYS = 200
FIELD = "field."
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
COLUMNS = (
    "phone", "name", "given_name", "family_name", "email", "timezone", "country", "region", "postal_code", "city",
    "tags",
)  # fmt: skip
REMARKS = ("import_row", "import_taken", "import_problem", "import_advice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export on record: of what kind, whom, and which custom fields get a column each."""

    kind: FileKind
    filter_: Filter | None
    keys: tuple[str, ...]
    begun_at: datetime

    @property
    def filename(self) -> str:
        """Its name as a download."""
        return f"contacts.{self.kind}"

    @property
    def media_type(self) -> str:
        """Its kind as HTTP names it."""
        return MEDIA_TYPES[self.kind]


async def begin_export(
    tx: Transaction, *, kind: FileKind, filter_: Filter | None, about: Mapping[str, str], by: Actor
) -> Export:
    """Put an export on record; `about` says in the audit log whom it holds."""
    details = {**about, "format": kind.value}
    await audit.write_entry(tx, actor=by, action="contacts.exported", subject="contacts", details=details)
    keys = await cards.list_field_keys(tx, limit=MAX_KEYS)
    return Export(kind=kind, filter_=filter_, keys=tuple(keys), begun_at=tx.now)


@dataclass(frozen=True, slots=True)
class ExportedPart:
    """The next bytes of an export and how many people are in them."""

    data: bytes
    people: int


async def write_people(export: Export, open_transaction: OpenTransaction) -> AsyncIterator[ExportedPart]:
    """Write people part by part; each page of 1,000 is read in a transaction of its own."""
    writer = rows_writer(export.kind, [*COLUMNS, *(FIELD + key for key in export.keys)], at=export.begun_at)
    after: UUID | None = NOBODY
    while after is not None:
        async with open_transaction() as tx:
            rows, after = await _read_page(tx, export, after=after)
        yield ExportedPart(await asyncio.to_thread(writer.write, rows), len(rows))
    yield ExportedPart(await asyncio.to_thread(writer.end), 0)


async def _read_page(tx: Transaction, export: Export, *, after: UUID) -> tuple[list[list[str]], UUID | None]:
    """Read the next people; returns after whom to go on, None at the end."""
    compiled = compile_filter(export.filter_ or EVERYBODY)
    ids = await matching.list_candidates(tx, tag=compiled.tag, after=after, limit=PAGE)
    fits = ids if export.filter_ is None else await fitting(tx, ids, compiled)
    rows = [_cells(card, export.keys) for card in reversed(await cards.list_cards(tx, ids=fits))]
    return rows, ids[-1] if len(ids) == PAGE else None


def _cells(card: Card, keys: Sequence[str]) -> list[str]:
    return [
        *(card.phone_e164, card.name, card.given_name, card.family_name, card.email, card.timezone or ""),
        *(card.country, card.region, card.postal_code, card.city, ";".join(card.tags)),
        *(card.fields.get(key, "") for key in keys),
    ]


def check_report(one: Import) -> None:
    """Refuse the report of an import whose rows are not kept any more (`contacts.import_rows_gone`)."""
    if one.rows_forgotten_at is not None:
        message = f"The rows that were not taken were deleted on {one.rows_forgotten_at:%Y-%m-%d}, for their age."
        raise Refused("contacts.import_rows_gone", message, status=410)


def report_header(header: list[str]) -> str:
    """Write the heading of a report of errors: our remarks, then the columns of the file."""
    return write_row([*REMARKS, *header])


def report_rows(faults: list[RowFault], *, width: int) -> str:
    """Write rows that were not taken as they stand; corrected, they can be sent as a file of their own."""
    return "".join(_report_row(fault, width) for fault in faults)


def _report_row(fault: RowFault, width: int) -> str:
    named = [f"{one.column}: {one.what}" if one.column else one.what for one in fault.problems]
    advice = dict.fromkeys(one.advice for one in fault.problems)
    taken = "no" if fault.outcome.value == "rejected" else "in part"
    cells = [*fault.cells[:width], *[""] * (width - len(fault.cells))]
    return write_row([str(fault.row_number), taken, "; ".join(named), " ".join(advice), *cells])


def header_of(one: Import) -> list[str]:
    """Read the headings of an import's file."""
    return msgspec.json.decode(one.layout, type=Found).header


def report_name(one: Import) -> str:
    """Name the report of an import as a file."""
    stem = _UNSAFE.sub("-", one.filename)
    return f"{stem[:60]}-errors.csv"
