"""Files of people: uploaded, started, followed, resumed, canceled; every batch whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import msgspec

from frontdesk.features.contacts.events import ImportCompleted
from frontdesk.features.contacts.model import (
    MAX_SHORT,
    Details,
    Import,
    ImportStatus,
    RowFault,
    RowOutcome,
    Tally,
    clean_tags,
    clean_text,
)
from frontdesk.features.contacts.queries import importing, imports
from frontdesk.features.contacts.service.drafts import Draft
from frontdesk.features.contacts.service.reading import Found, Job, Read
from frontdesk.features.contacts.zones import find_country
from frontdesk.kernel import actor as actors
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import RunState, cancel_run, get_run, start_run

TAKE_IN = "contacts.import.v1"
SOURCE = "import"
MAX_WAITING = 50
LAST = UUID(int=2**128 - 1)
_STARTABLE = frozenset({ImportStatus.UPLOADED, ImportStatus.CHECKED})
_RESUMABLE = frozenset({ImportStatus.FAILED, ImportStatus.CANCELED})
_UNDER_WAY = tuple(status for status in ImportStatus if status.is_under_way)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is taken in; `known_wins` keeps what is known where the file says something else."""

    job: Job
    tags: tuple[str, ...] = ()
    known_wins: bool = False


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What a run begins with: how far the import had come before it."""

    settings: Settings
    done: int
    dry_run: bool


def make_settings(job: Job, *, tags: Sequence[str], known_wins: bool) -> Settings:
    """Check the settings of an import; refuses `contacts.import_country` and tags that cannot be kept."""
    country = find_country(job.country)
    if country is None:
        raise Refused("contacts.import_country", "Say the country of the list by its two-letter code.", status=422)
    return Settings(job=msgspec.structs.replace(job, country=country), tags=clean_tags(tags), known_wins=known_wins)


async def add_import(
    tx: Transaction,
    *,
    import_id: UUID,
    filename: str,
    size: int,
    sha256: str,
    settings: Settings,
    read: Read,
    by: Actor,
) -> Import:
    """Add a file that was looked at and waits to be started."""
    waiting = [one for one in await imports.list_imports(tx, before=LAST, limit=200) if one.status in _STARTABLE]
    if len(waiting) >= MAX_WAITING:
        message = f"{MAX_WAITING} files wait already; start or cancel some."
        raise Refused("contacts.import_too_many", message, status=409)
    await imports.insert_import(
        tx,
        import_id=import_id,
        filename=_filename(filename),
        file_kind=read.found.kind,
        file_bytes=size,
        file_sha256=sha256,
        settings=msgspec.json.encode(settings).decode(),
        layout=msgspec.json.encode(read.found).decode(),
        by=by.id,
    )
    details = {"filename": _filename(filename), "sha256": sha256}
    await audit.write_entry(tx, actor=by, action="contacts.import_added", subject=_subject(import_id), details=details)
    return await get_import(tx, import_id)


async def get_import(tx: Transaction, import_id: UUID) -> Import:
    """Get an import as it stands; refuses one the business does not have (`contacts.import_not_found`)."""
    found = await imports.find_import(tx, import_id=import_id)
    if found is None:
        raise _unknown()
    return await _as_it_stands(tx, found)


async def list_imports(tx: Transaction, *, before: UUID | None, limit: int) -> list[Import]:
    """List imports, newest first."""
    found = await imports.list_imports(tx, before=before or LAST, limit=limit)
    return [await _as_it_stands(tx, one) for one in found]


async def start_import(
    tx: Transaction, import_id: UUID, *, dry_run: bool, settings: Settings | None = None, by: Actor
) -> Import:
    """Start an import from its first row, or a dry run that only looks; `settings` replaces those of the upload.

    Refuses one that is not waiting (`contacts.import_not_waiting`).
    """
    one = await _locked(tx, import_id)
    if one.status not in _STARTABLE:
        raise Refused("contacts.import_not_waiting", f"The import is {one.status}; it cannot be started.", status=409)
    await imports.forget_rows(tx, import_id=import_id)
    text = one.settings if settings is None else msgspec.json.encode(settings).decode()
    return await _queue(tx, replace(one, settings=text), dry_run=dry_run, resumed=False, by=by)


async def resume_import(tx: Transaction, import_id: UUID, *, by: Actor) -> Import:
    """Go on with an import that failed or was canceled, after the last row that was taken in.

    Refuses others (`contacts.import_not_stopped`) and one that was undone (`contacts.import_undone`).
    """
    one = await _locked(tx, import_id)
    if one.undo_started_at is not None:
        raise Refused("contacts.import_undone", "The import was undone; upload the file again.", status=409)
    if one.status not in _RESUMABLE or not one.starts:
        raise Refused("contacts.import_not_stopped", f"The import is {one.status}; nothing is to resume.", status=409)
    return await _queue(tx, one, dry_run=one.dry_run, resumed=True, by=by)


async def cancel_import(tx: Transaction, import_id: UUID, *, by: Actor) -> Import:
    """Stop an import after the batch that is under way; what was taken in stays, and is counted.

    Refuses one that is over (`contacts.import_over`).
    """
    one = await _locked(tx, import_id)
    since = (*_UNDER_WAY, *_STARTABLE)
    if not await imports.move_import(tx, import_id=import_id, since=since, to=ImportStatus.CANCELED):
        raise Refused("contacts.import_over", f"The import is {one.status} already.", status=409)
    if one.run_id is not None and one.status.is_under_way:
        await cancel_run(tx, run_id=one.run_id, actor=by)
    details = {"rows_done": one.rows_done}
    await audit.write_entry(
        tx, actor=by, action="contacts.import_canceled", subject=_subject(import_id), details=details
    )
    return await get_import(tx, import_id)


async def list_faults(tx: Transaction, import_id: UUID, *, after: int, limit: int) -> list[RowFault]:
    """List rows that were not taken as they stand, in the order of the file."""
    return await imports.list_rows(tx, import_id=import_id, after=after, limit=limit)


async def begin(tx: Transaction, import_id: UUID) -> Start:
    """Begin to read; refuses an import that is not under way (`contacts.import_canceled`)."""
    one = await _locked(tx, import_id)
    if not await imports.move_import(tx, import_id=import_id, since=_UNDER_WAY, to=ImportStatus.READING):
        raise _canceled()
    settings = msgspec.json.decode(one.settings, type=Settings)
    return Start(settings=settings, done=one.rows_done, dry_run=one.dry_run)


async def note_reading(tx: Transaction, import_id: UUID, *, rows: int) -> None:
    """Note how many rows have been read."""
    await imports.note_reading(tx, import_id=import_id, rows=rows)


async def begin_rows(tx: Transaction, import_id: UUID, *, found: Found, rows: int) -> None:
    """Go on from reading to the rows; refuses an import that is not being read."""
    layout = msgspec.json.encode(found).decode()
    if not await imports.note_read(tx, import_id=import_id, layout=layout, rows=rows):
        raise _canceled()


async def take_batch(
    tx: Transaction, import_id: UUID, drafts: Sequence[Draft], *, done_before: int, settings: Settings
) -> Tally | None:
    """Take in the next rows with all that is told of them, or only look in a dry run; None if they are in already.

    Refuses an import that was canceled in the meantime.
    """
    one = await _locked(tx, import_id)
    if one.status not in {ImportStatus.IMPORTING, ImportStatus.CHECKING}:
        raise _canceled()
    if one.rows_done != done_before:
        return None
    good = [draft for draft in drafts if draft.details is not None]
    people = merge_repeats(good, settings)
    if one.dry_run:
        first = [draft.details.phone_e164 for draft in good if draft.details is not None and not draft.repeats]
        added = len(first) - await importing.count_known(tx, first)
    else:
        added = await importing.put_people(
            tx, people, import_id=import_id, source=SOURCE, known_wins=settings.known_wins
        )
        tags = [(person.phone_e164, tag) for person in people for tag in person.tags]
        await importing.put_tags_by_phone(tx, tags, import_id=import_id)
    faults = [_fault(draft) for draft in drafts if draft.problems]
    await imports.put_rows(tx, import_id=import_id, faults=faults)
    tally = Tally(
        done=len(drafts),
        added=added,
        merged=len(good) - added,
        rejected=len(drafts) - len(good),
        noted=sum(fault.outcome is RowOutcome.NOTED for fault in faults),
    )
    return tally if await imports.record_batch(tx, import_id=import_id, done_before=done_before, tally=tally) else None


async def finish_import(tx: Transaction, import_id: UUID) -> None:
    """End an import after its last row: told to everybody, and on record."""
    one = await _locked(tx, import_id)
    if one.rows_done != one.rows_total:
        raise Refused("contacts.import_incomplete", "Rows are missing; resume the import.", status=409)
    to = ImportStatus.CHECKED if one.dry_run else ImportStatus.COMPLETED
    if not await imports.move_import(tx, import_id=import_id, since=_UNDER_WAY, to=to):
        raise _canceled()
    if one.dry_run:
        return
    figures = {"added": one.rows_added, "merged": one.rows_merged, "rejected": one.rows_rejected}
    tx.announce(ImportCompleted(import_id=import_id, filename=one.filename, rows=one.rows_done, **figures))
    await audit.write_entry(
        tx,
        actor=actors.system("imports"),
        action="contacts.import_completed",
        subject=_subject(import_id),
        details={"rows": one.rows_done, **figures},
    )


async def fail_import(tx: Transaction, import_id: UUID, *, run_id: UUID, code: str, why: str) -> None:
    """Note that a run gave up on an import; what was taken in stays, and resuming goes on after it."""
    one = await imports.lock_import(tx, import_id=import_id)
    if one is not None and one.run_id == run_id:
        await imports.move_import(
            tx, import_id=import_id, since=_UNDER_WAY, to=ImportStatus.FAILED, code=code, why=clean_text(why)[:500]
        )


def merge_repeats(drafts: Sequence[Draft], settings: Settings) -> list[Details]:
    """Merge rows with the same number into one, by the same rules as with what is known; adds the import's tags."""
    merged: dict[str, Details] = {}
    for draft in drafts:
        if (given := draft.details) is None:
            continue
        known = merged.get(given.phone_e164)
        if known is None:
            tags = tuple(sorted({*given.tags, *settings.tags}))
            merged[given.phone_e164] = replace(given, tags=tags)
        else:
            merged[given.phone_e164] = _both(given, known) if settings.known_wins else _both(known, given)
    return list(merged.values())


def _both(weak: Details, strong: Details) -> Details:
    """Merge two rows about one person: what the stronger one says, and where it says nothing, the weaker."""
    zone = weak if strong.timezone is None else strong
    return replace(
        strong,
        name=strong.name or weak.name,
        given_name=strong.given_name or weak.given_name,
        family_name=strong.family_name or weak.family_name,
        email=strong.email or weak.email,
        timezone=zone.timezone,
        timezone_source=zone.timezone_source,
        country=strong.country or weak.country,
        region=strong.region or weak.region,
        postal_code=strong.postal_code or weak.postal_code,
        city=strong.city or weak.city,
        fields={**weak.fields, **strong.fields},
        tags=tuple(sorted({*weak.tags, *strong.tags})),
    )


async def _queue(tx: Transaction, one: Import, *, dry_run: bool, resumed: bool, by: Actor) -> Import:
    key = f"{one.id}/{one.starts + 1}"
    started = await start_run(tx, TAKE_IN, {"import_id": str(one.id)}, key=key)
    await imports.requeue_import(
        tx, import_id=one.id, run_id=started.run_id, dry_run=dry_run, settings=one.settings, resumed=resumed
    )
    action = "contacts.import_resumed" if resumed else "contacts.import_started"
    details = {"dry_run": dry_run, "rows_done": one.rows_done if resumed else 0}
    await audit.write_entry(tx, actor=by, action=action, subject=_subject(one.id), details=details)
    return await get_import(tx, one.id)


async def _as_it_stands(tx: Transaction, one: Import) -> Import:
    """Notice that a run ended without a word: it took its process down on every try, or was ended by an operator."""
    if not one.status.is_under_way or one.run_id is None:
        return one
    run = await get_run(tx, run_id=one.run_id)
    if run.state not in {RunState.FAILED, RunState.CANCELED}:
        return one
    why = run.last_error or "its run was ended"
    await fail_import(tx, one.id, run_id=one.run_id, code="contacts.import_stopped", why=why)
    return await imports.find_import(tx, import_id=one.id) or one


async def _locked(tx: Transaction, import_id: UUID) -> Import:
    found = await imports.lock_import(tx, import_id=import_id)
    if found is None:
        raise _unknown()
    return await _as_it_stands(tx, found)


def _fault(draft: Draft) -> RowFault:
    outcome = RowOutcome.REJECTED if draft.details is None else RowOutcome.NOTED
    return RowFault(row_number=draft.row_number, outcome=outcome, problems=draft.problems, cells=draft.cells)


def _filename(raw: str) -> str:
    """Keep the last part of a file's name for people to know it by; it names nothing on our disk."""
    return clean_text(raw.replace("\\", "/").rpartition("/")[2])[:MAX_SHORT] or "file"


def _subject(import_id: UUID) -> str:
    return f"import:{import_id}"


def _unknown() -> Refused:
    return Refused("contacts.import_not_found", "There is no such import.", status=404)


def _canceled() -> Refused:
    return Refused("contacts.import_canceled", "The import is not under way any more.", status=409)
