"""An import taken back: whom it added goes, whom it changed is as before, whom somebody touched since stays.

Consents and opt-outs hang on the number and are never undone.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.contacts.events import ImportUndoFinished
from frontdesk.features.contacts.model import Import, LeftPerson
from frontdesk.features.contacts.queries import imports, undoing
from frontdesk.features.contacts.service.importing import LAST, get_import
from frontdesk.kernel import actor as actors
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import RunState, get_run, start_run

TAKE_BACK = "contacts.undo_import.v1"
BATCH = 2_000
FORGET_BATCH = 2_000


async def undo_import(tx: Transaction, import_id: UUID, *, by: Actor) -> Import:
    """Have an import undone in the background; asked again after its run broke off, it goes on.

    Refuses one that wrote nothing or is not over (`contacts.import_not_undoable`), is undone or being undone
    (`contacts.import_undone`), or is too old (`contacts.import_forgotten`).
    """
    if await imports.lock_import(tx, import_id=import_id) is None:
        raise Refused("contacts.import_not_found", "There is no such import.", status=404)
    one = await get_import(tx, import_id)
    if one.undone_at is not None or (one.is_being_undone and not await _broke_off(tx, one)):
        raise Refused("contacts.import_undone", "The import is undone already, or about to be.", status=409)
    if one.rows_forgotten_at is not None:
        message = "The import is too old: what was there before is not kept any more."
        raise Refused("contacts.import_forgotten", message, status=410)
    if not one.is_being_undone and not one.may_be_undone:
        message = "There is nothing to undo: the import is under way, or has written nobody."
        raise Refused("contacts.import_not_undoable", message, status=409)
    key = f"{one.id}/{one.undo_starts + 1}"
    started = await start_run(tx, TAKE_BACK, {"import_id": str(one.id)}, key=key)
    await undoing.record_undo_begun(tx, import_id=one.id, run_id=started.run_id)
    await audit.write_entry(tx, actor=by, action="contacts.import_undo_started", subject=f"import:{one.id}")
    return await get_import(tx, one.id)


async def undo_batch(tx: Transaction, import_id: UUID) -> int:
    """Undo the next changes of an import; returns how many people that concerned, 0 at the end."""
    one = await get_import(tx, import_id)
    people = await undoing.list_next(tx, import_id=import_id, limit=BATCH)
    if people:
        ended_at = one.finished_at or one.updated_at
        await undoing.put_back(tx, import_id=import_id, contact_ids=people, ended_at=ended_at)
    return len(people)


async def finish_undo(tx: Transaction, import_id: UUID) -> None:
    """End the undoing of an import: told to everybody, and on record."""
    if not await undoing.record_undone(tx, import_id=import_id):
        return
    one = await get_import(tx, import_id)
    figures = {"removed": one.undone_removed, "restored": one.undone_restored, "left": one.undone_left}
    tx.announce(ImportUndoFinished(import_id=import_id, filename=one.filename, **figures))
    await audit.write_entry(
        tx,
        actor=actors.system("imports"),
        action="contacts.import_undone",
        subject=f"import:{import_id}",
        details=figures,
    )


async def list_left(tx: Transaction, import_id: UUID, *, before: UUID | None, limit: int) -> list[LeftPerson]:
    """List people whom the undoing of an import left as they are, newest first, each with the reason."""
    await get_import(tx, import_id)
    return await undoing.list_left(tx, import_id=import_id, before=before or LAST, limit=limit)


async def forget_old_rows(tx: Transaction, *, before: datetime) -> bool:
    """Forget some rows of an import that ended before a moment, and what its undoing would take; False if none is left.

    The import itself and its figures stay.
    """
    import_id = await undoing.find_old(tx, before=before)
    if import_id is None:
        return False
    if await undoing.forget_some(tx, import_id=import_id, limit=FORGET_BATCH) == 0:
        await undoing.note_forgotten(tx, import_id=import_id)
    return True


async def _broke_off(tx: Transaction, one: Import) -> bool:
    if one.undo_run_id is None:
        return True
    return (await get_run(tx, run_id=one.undo_run_id)).state in {RunState.FAILED, RunState.CANCELED}
