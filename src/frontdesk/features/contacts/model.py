"""A person a business knows, and what a file of many people goes through."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from frontdesk.kernel.errors import Refused

MAX_TAGS = 50
MAX_TAG = 50
MAX_FIELDS = 50
MAX_FIELD_VALUE = 500
MAX_NAME = 120
MAX_SHORT = 80
_FIELD_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}").fullmatch
_BREAKS_A_TAG = re.compile(r"[;,|\"]")
_EMAIL = re.compile(r"[^\s@<>\"',;:()\[\]\\]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63})+").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person, known by one number."""

    id: UUID
    tenant_id: UUID
    phone_e164: str
    name: str
    created_at: datetime


class ZoneSource(StrEnum):
    """Who says in which time zone a person lives; a later word here weighs more."""

    UNKNOWN = ""
    ADDRESS = "address"  # the only zone of their country or region
    IMPORT = "import"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as those see them who write to many: an unknown zone is None, an unknown word is empty."""

    id: UUID
    phone_e164: str
    name: str
    given_name: str
    family_name: str
    timezone: str | None
    country: str
    region: str
    fields: Mapping[str, str]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that is kept of a person."""

    id: UUID
    tenant_id: UUID
    phone_e164: str
    name: str
    given_name: str
    family_name: str
    email: str
    timezone: str | None
    timezone_source: ZoneSource
    country: str
    region: str
    postal_code: str
    city: str
    fields: Mapping[str, str]
    tags: tuple[str, ...]
    source: str
    line_kind: str
    line_country: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is told of a person; what is empty is not known and changes nothing."""

    phone_e164: str
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    timezone: str | None = None
    timezone_source: ZoneSource = ZoneSource.UNKNOWN
    country: str = ""
    region: str = ""
    postal_code: str = ""
    city: str = ""
    fields: Mapping[str, str]
    tags: tuple[str, ...] = ()
    line_kind: str = ""
    line_country: str = ""


class ImportStatus(StrEnum):
    """Where a file of people stands."""

    UPLOADED = "uploaded"  # waits to be started
    QUEUED = "queued"
    READING = "reading"  # nothing is written yet
    CHECKING = "checking"  # the dry run looks who is known
    CHECKED = "checked"  # the dry run is over; nothing was written
    IMPORTING = "importing"
    COMPLETED = "completed"
    FAILED = "failed"  # what was done stays done; resuming goes on after it
    CANCELED = "canceled"

    @property
    def is_under_way(self) -> bool:
        """Whether a run is at work, or about to be."""
        return self in _UNDER_WAY


_UNDER_WAY = frozenset({ImportStatus.QUEUED, ImportStatus.READING, ImportStatus.CHECKING, ImportStatus.IMPORTING})


class RowOutcome(StrEnum):
    """What became of a row that was not taken as it stands."""

    REJECTED = "rejected"
    NOTED = "noted"  # taken without some of its cells


class Problem(msgspec.Struct, frozen=True, array_like=True):
    """What is wrong in one column of a row, and what to do; the row as a whole if `column` is empty."""

    column: str
    what: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """A row that was not taken as it stands, with its cells."""

    row_number: int
    outcome: RowOutcome
    problems: list[Problem]
    cells: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file of people and how far it has come; `layout` is what was found in it, rows are without the header."""

    id: UUID
    tenant_id: UUID
    filename: str
    file_kind: str
    file_bytes: int
    file_sha256: str
    status: ImportStatus
    settings: str
    layout: str
    dry_run: bool
    starts: int
    run_id: UUID | None
    rows_total: int | None
    rows_read: int
    rows_done: int
    rows_added: int
    rows_merged: int
    rows_rejected: int
    rows_noted: int
    failure_code: str
    failure: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rows_forgotten_at: datetime | None
    undo_run_id: UUID | None
    undo_starts: int
    undo_started_at: datetime | None
    undone_at: datetime | None
    undone_removed: int
    undone_restored: int
    undone_left: int

    @property
    def is_being_undone(self) -> bool:
        """Whether it is to be undone, and some of it still stands."""
        return self.undo_started_at is not None and self.undone_at is None

    @property
    def may_be_undone(self) -> bool:
        """Whether it wrote people, is over, and what undoing needs is still kept."""
        wrote = not self.dry_run and self.rows_added + self.rows_merged > 0
        over = self.status in (ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELED)
        return wrote and over and self.undo_started_at is None and self.rows_forgotten_at is None


class ChangeKind(StrEnum):
    """What an import did to a person."""

    ADDED = "added"
    CHANGED = "changed"
    TAGGED = "tagged"  # nothing but tags


class UndoOutcome(StrEnum):
    """What became of a person when an import was undone; the last three are left as they are."""

    REMOVED = "removed"
    RESTORED = "restored"
    CHANGED_SINCE = "changed_since"
    IN_USE = "in_use"
    NOT_KNOWN = "not_known"


LEFT_BECAUSE: Mapping[UndoOutcome, str] = {
    UndoOutcome.CHANGED_SINCE: "Changed by somebody, or by a later file, since the import.",
    UndoOutcome.IN_USE: "There are calls, texts or a campaign with this person by now.",
    UndoOutcome.NOT_KNOWN: "Changed by something else in the same moment, so that nobody knows what was there before.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftPerson:
    """A person whom the undoing of an import left as they are, and why."""

    contact_id: UUID
    phone_e164: str
    name: str
    reason: UndoOutcome
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the rows of a batch fared."""

    done: int
    added: int
    merged: int
    rejected: int
    noted: int


def clean_text(raw: str) -> str:
    """Bring a text into the one form we keep: composed, in one line, without control characters."""
    text = unicodedata.normalize("NFC", raw)
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() or letter.isspace() else "" for letter in text)
    return " ".join(text.split())


def clean_tag(raw: str) -> str:
    """Bring a tag into the form we keep: lower case, single spaces; refuses `contacts.tag_invalid`."""
    tag = clean_text(raw).lower()
    if not tag or len(tag) > MAX_TAG or _BREAKS_A_TAG.search(tag):
        raise Refused(
            "contacts.tag_invalid",
            f"A tag has 1 to {MAX_TAG} characters and none of ; , | or quotes.",
            status=422,
        )
    return tag


def clean_tags(raw: Iterable[str]) -> tuple[str, ...]:
    """Bring tags into the form we keep, each once, sorted; refuses `contacts.tag_invalid` and more than 50 of them."""
    tags = tuple(sorted({clean_tag(one) for one in raw}))
    if len(tags) > MAX_TAGS:
        raise Refused("contacts.too_many_tags", f"A person has at most {MAX_TAGS} tags.", status=422)
    return tags


def clean_fields(raw: Mapping[str, str]) -> dict[str, str]:
    """Check custom fields and leave out empty ones; refuses `contacts.field_invalid`."""
    fields = {key: clean_text(value) for key, value in raw.items()}
    wrong = [key for key, value in fields.items() if not is_field_key(key) or len(value) > MAX_FIELD_VALUE]
    if wrong or len(fields) > MAX_FIELDS:
        raise Refused(
            "contacts.field_invalid",
            f"A person has at most {MAX_FIELDS} fields, named like favourite_colour, of {MAX_FIELD_VALUE} characters.",
            status=422,
            details={"fields": [clean_text(key)[:MAX_SHORT] for key in wrong[:20]]},
        )
    return {key: value for key, value in fields.items() if value}


def is_field_key(text: str) -> bool:
    """Tell whether a text can name a custom field: lower case, digits and underscores, 40 characters at most."""
    return _FIELD_KEY(text) is not None


def is_email(text: str) -> bool:
    """Tell whether a text looks like an e-mail address."""
    return len(text) <= 254 and _EMAIL(text) is not None  # noqa: PLR2004 - RFC 5321
