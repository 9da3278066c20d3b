"""Facts that contacts announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from frontdesk.kernel.events import Event


@dataclass(frozen=True, slots=True)
class ImportCompleted(Event):
    """A file of people has been taken in to its last row; the figures count rows of the file."""

    name: ClassVar[str] = "contacts.import_completed.v1"
    import_id: UUID
    filename: str
    rows: int
    added: int
    merged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ImportUndoFinished(Event):
    """A file of people has been taken back; the figures count people, `left` those who were touched since."""

    name: ClassVar[str] = "contacts.import_undo_finished.v1"
    import_id: UUID
    filename: str
    removed: int
    restored: int
    left: int


EVENTS: tuple[type[Event], ...] = (ImportCompleted, ImportUndoFinished)
