"""People as CSV that comes back in as it went out, and the report of rows that were not taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from frontdesk.features.contacts.filters import EVERYBODY, Filter, compile_filter
from frontdesk.features.contacts.model import Import, RowFault
from frontdesk.features.contacts.queries import cards, matching
from frontdesk.features.contacts.service.matching import NOBODY, fitting
from frontdesk.features.contacts.service.reading import Found
from frontdesk.features.contacts.sheets import write_row
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction

PAGE = 1_000
MAX_KEYS = 200
FIELD = "field."
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
COLUMNS = (
    "phone", "name", "given_name", "family_name", "email", "timezone", "country", "region", "postal_code", "city",
    "tags",
)  # fmt: skip
REMARKS = ("import_row", "import_taken", "import_problem", "import_advice")


async def begin_export(tx: Transaction, *, by: Actor, about: Mapping[str, str]) -> list[str]:
    """Put an export on record; returns the custom fields that get a column each."""
    await audit.write_entry(tx, actor=by, action="contacts.exported", subject="contacts", details=about)
    return await cards.list_field_keys(tx, limit=MAX_KEYS)


def export_header(keys: list[str]) -> str:
    """Write the heading of an export."""
    return write_row([*COLUMNS, *(FIELD + key for key in keys)])


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Rows of an export, how many people they are, and after whom to go on; None at the end."""

    rows: str
    people: int
    after: UUID | None


async def export_page(tx: Transaction, *, keys: list[str], filter_: Filter | None, after: UUID | None) -> ExportPage:
    """Write the next people as rows."""
    compiled = compile_filter(filter_ or EVERYBODY)
    ids = await matching.list_candidates(tx, tag=compiled.tag, after=after or NOBODY, limit=PAGE)
    fits = ids if filter_ is None else await fitting(tx, ids, compiled)
    rows = []
    for card in reversed(await cards.list_cards(tx, ids=fits)):
        words = (
            *(card.phone_e164, card.name, card.given_name, card.family_name, card.email, card.timezone or ""),
            *(card.country, card.region, card.postal_code, card.city, ";".join(card.tags)),
        )
        rows.append(write_row([*words, *(card.fields.get(key, "") for key in keys)], phone_at=0))
    return ExportPage("".join(rows), len(rows), ids[-1] if len(ids) == PAGE else None)


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
