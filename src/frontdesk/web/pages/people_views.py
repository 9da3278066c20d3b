"""What the pages of people show: rows, files and how far they are, columns and what they hold, rows to put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from frontdesk.features.contacts import Segment
from frontdesk.features.contacts.model import Card, Details, Import, ImportStatus, LeftPerson, RowFault
from frontdesk.features.contacts.service.importing import Settings
from frontdesk.features.contacts.service.reading import Found
from frontdesk.features.contacts.sheets.columns import FIELD, TARGETS, field_key
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.pages.views import Place
from frontdesk.web.words import phone_words

PAGE = 50
PREVIEW = 5
SHOWN = 60
TARGET_WORDS: Mapping[str, str] = {
    "phone": "Phone number",
    "name": "Full name",
    "given_name": "First name",
    "family_name": "Last name",
    "email": "E-mail",
    "timezone": "Time zone",
    "country": "Country",
    "region": "State or region",
    "postal_code": "Postal code",
    "city": "City",
    "tags": "Tags",
}
STATUS: Mapping[ImportStatus, Chip] = {
    ImportStatus.UPLOADED: Chip("waits for you", Tone.WARN),
    ImportStatus.QUEUED: Chip("about to begin", Tone.BUSY),
    ImportStatus.READING: Chip("reading", Tone.BUSY),
    ImportStatus.CHECKING: Chip("checking", Tone.BUSY),
    ImportStatus.CHECKED: Chip("waits for you", Tone.WARN),
    ImportStatus.IMPORTING: Chip("importing", Tone.BUSY),
    ImportStatus.COMPLETED: Chip("done", Tone.GOOD),
    ImportStatus.FAILED: Chip("stopped", Tone.BAD),
    ImportStatus.CANCELED: Chip("canceled", Tone.CALM),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who is looked for."""

    words: str = ""
    tag: str = ""
    segment: UUID | None = None

    @property
    def query(self) -> str:
        """The same as part of an address."""
        said = {"q": self.words, "tag": self.tag, "segment": "" if self.segment is None else str(self.segment)}
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.query)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """A file in the list of the latest."""

    id: UUID
    filename: str
    chip: Chip
    rows: int | None
    one: Import


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView:
    """Some of the people; `total` is None where counting takes a moment and was not asked for."""

    place: Place
    wanted: Wanted
    found: Sequence[Card]
    total: int | None
    next: UUID | None
    is_first: bool
    tags: Sequence[str]
    segments: Sequence[Segment]
    imports: Sequence[ImportLine]
    ask: str
    wrong: str
    may_write: bool
    may_export: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """A column of a file: what it is said to hold, what else it could, and a value that was read from it."""

    at: int
    heading: str
    target: str
    choices: Sequence[tuple[str, str]]
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """The first rows as they would be taken in; `headings` are only those that hold something."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """A file of people on its own page."""

    place: Place
    one: Import
    chip: Chip
    is_under_way: bool
    is_checked: bool
    is_waiting: bool
    is_done: bool
    is_stopped: bool
    people: int
    done: int
    total: int | None
    columns: Sequence[ColumnView]
    preview: PreviewView
    faults: Sequence[RowFault]
    country: str
    tags: str
    known_wins: bool
    may_write: bool
    may_be_undone: bool
    left: Sequence[LeftPerson]
    wrong: str


def show_imports(imports: Sequence[Import]) -> list[ImportLine]:
    """Show the latest files."""
    return [
        ImportLine(id=one.id, filename=one.filename, chip=_chip(one), rows=one.rows_total, one=one) for one in imports
    ]


def show_import(
    one: Import,
    faults: Sequence[RowFault],
    left: Sequence[LeftPerson],
    *,
    place: Place,
    may_write: bool,
    wrong: str = "",
) -> ImportView:
    """Show a file and how far it has come."""
    found = msgspec.json.decode(one.layout, type=Found)
    settings = msgspec.json.decode(one.settings, type=Settings)
    details = [draft.details for draft in found.preview if draft.details is not None]
    return ImportView(
        place=place,
        one=one,
        chip=_chip(one),
        is_under_way=one.status.is_under_way or one.is_being_undone,
        is_checked=one.status is ImportStatus.CHECKED,
        is_waiting=one.status in (ImportStatus.CHECKED, ImportStatus.UPLOADED),
        is_done=one.status is ImportStatus.COMPLETED,
        is_stopped=one.status in (ImportStatus.FAILED, ImportStatus.CANCELED),
        people=one.rows_added + one.rows_merged,
        done=one.rows_read if one.status is ImportStatus.READING else one.rows_done,
        total=None if one.status in (ImportStatus.READING, ImportStatus.QUEUED) else one.rows_total,
        columns=_columns(found, details),
        preview=_preview(found, details),
        faults=faults,
        country=settings.job.country,
        tags=", ".join(settings.tags),
        known_wins=settings.known_wins,
        may_write=may_write,
        may_be_undone=may_write and one.may_be_undone,
        left=left,
        wrong=wrong,
    )


def _chip(one: Import) -> Chip:
    if one.undone_at is not None:
        return Chip("undone", Tone.CALM)
    return Chip("being undone", Tone.BUSY) if one.is_being_undone else STATUS[one.status]


def target_words(target: str) -> str:
    """Say what a column holds."""
    return TARGET_WORDS.get(target) or f"Own field “{target.removeprefix(FIELD)}”"


def _columns(found: Found, details: Sequence[Details]) -> list[ColumnView]:
    held: dict[int, str] = {}
    for target, heading in found.columns.items():
        places = [at for at, one in enumerate(found.header) if one == heading and at not in held]
        if places:
            held[places[0]] = target
    raw = dict(enumerate(found.samples))
    return [
        _column(at, heading, held.get(at, "skip"), details, raw.get(at, "")) for at, heading in enumerate(found.header)
    ]


def _column(at: int, heading: str, target: str, details: Sequence[Details], raw: str) -> ColumnView:
    own = FIELD + (field_key(heading.removeprefix(FIELD)) or f"column_{at + 1}")
    fields = dict.fromkeys([own, target] if target.startswith(FIELD) else [own])
    choices = [("skip", "Leave out"), *TARGET_WORDS.items(), *((field, target_words(field)) for field in fields)]
    sample = raw or next((value for one in details if (value := _value(one, target))), "")
    return ColumnView(at=at, heading=heading or f"Column {at + 1}", target=target, choices=choices, sample=sample)


def _preview(found: Found, details: Sequence[Details]) -> PreviewView:
    targets = [*TARGETS, *sorted(target for target in found.columns if target.startswith(FIELD))]
    shown = [one for one in targets if any(_value(person, one) for person in details)]
    return PreviewView(
        headings=[target_words(target) for target in shown],
        rows=[[_as_read(person, target) for target in shown] for person in details[:PREVIEW]],
    )


def _as_read(details: Details, target: str) -> str:
    """Write what a row says as people read it."""
    value = _value(details, target)
    if target == "phone":
        return phone_words(value)
    return value.replace("_", " ") if target == "timezone" else value


def _value(details: Details, target: str) -> str:
    """Read what a row says for a target, as it would be kept."""
    if target.startswith(FIELD):
        return details.fields.get(target.removeprefix(FIELD), "")[:SHOWN]
    if target == "phone":
        return details.phone_e164
    if target == "tags":
        return ", ".join(details.tags)[:SHOWN]
    value = asdict(details).get(target)
    return value[:SHOWN] if isinstance(value, str) else ""
