"""Facts that consent announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class ConsentChanged(Event):
    """A person opted out or in; `event_type` is the ledger's."""

    name: ClassVar[str] = "consent.changed.v1"
    phone_e164: str
    event_type: str
    scope: str


@dataclass(frozen=True, slots=True)
class OptInRequested(Event):
    """A person is to be asked by text whether they really want marketing; `frequency` is told to them."""

    name: ClassVar[str] = "consent.opt_in_requested.v1"
    request_id: UUID
    phone_e164: str
    frequency: str


@dataclass(frozen=True, slots=True)
class PersonSignedUp(Event):
    """A person has just agreed to marketing and is to be told so by text; `frequency` is told to them."""

    name: ClassVar[str] = "consent.person_signed_up.v1"
    opt_in_id: UUID
    phone_e164: str
    frequency: str


@dataclass(frozen=True, slots=True)
class ListImported(Event):
    """A do-not-contact list is in force; `added` people were not on it before."""

    name: ClassVar[str] = "consent.list_imported.v1"
    import_id: UUID
    scope: str
    added: int
    invalid: int


EVENTS: tuple[type[Event], ...] = (ConsentChanged, OptInRequested, PersonSignedUp, ListImported)
