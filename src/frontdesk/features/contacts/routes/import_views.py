"""Files of people as programs see them."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from frontdesk.features.contacts.model import Import, ImportStatus


class UndoView(BaseModel):
    """How far the undoing of an import is: people removed, put back, and left as they were touched since."""

    started_at: datetime
    finished_at: datetime | None
    removed: int
    restored: int
    left: int


class ImportView(BaseModel):
    """A file of people and how far it has come; rows are counted without the header, `rows_ok` = added + merged."""

    id: UUID
    filename: str
    file_kind: str
    file_bytes: int
    file_sha256: str
    status: ImportStatus
    dry_run: bool
    settings: dict[str, object]
    layout: dict[str, object]
    rows_total: int | None
    rows_read: int
    rows_done: int
    rows_ok: int
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
    may_be_undone: bool
    undo: UndoView | None


def view_of(one: Import) -> ImportView:
    """Show an import."""
    settings, layout = _document(one.settings), _document(one.layout)
    return ImportView(
        id=one.id,
        filename=one.filename,
        file_kind=one.file_kind,
        file_bytes=one.file_bytes,
        file_sha256=one.file_sha256,
        status=one.status,
        dry_run=one.dry_run,
        settings=settings,
        layout=layout,
        rows_total=one.rows_total,
        rows_read=one.rows_read,
        rows_done=one.rows_done,
        rows_ok=one.rows_added + one.rows_merged,
        rows_added=one.rows_added,
        rows_merged=one.rows_merged,
        rows_rejected=one.rows_rejected,
        rows_noted=one.rows_noted,
        failure_code=one.failure_code,
        failure=one.failure,
        created_by=one.created_by,
        created_at=one.created_at,
        updated_at=one.updated_at,
        started_at=one.started_at,
        finished_at=one.finished_at,
        rows_forgotten_at=one.rows_forgotten_at,
        may_be_undone=one.may_be_undone,
        undo=_undo_view(one),
    )


def _undo_view(one: Import) -> UndoView | None:
    if one.undo_started_at is None:
        return None
    return UndoView(
        started_at=one.undo_started_at,
        finished_at=one.undone_at,
        removed=one.undone_removed,
        restored=one.undone_restored,
        left=one.undone_left,
    )


def _document(text: str) -> dict[str, object]:
    found = json.loads(text)
    return dict(found) if isinstance(found, Mapping) else {}
