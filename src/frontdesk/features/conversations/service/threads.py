"""Looking after threads: who has them, when they rest, what is noted, and whether their person may be written to."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features import consent, contacts, tenants
from frontdesk.features.conversations.events import NoteWritten, ThreadChanged
from frontdesk.features.conversations.model import (
    CannedReply,
    Item,
    Note,
    Reachability,
    Thread,
    ThreadAct,
    ThreadFilter,
    ThreadStatus,
    quiet_until,
)
from frontdesk.features.conversations.queries import inbox, threads
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

LONGEST_REST = timedelta(days=365)
MAX_NOTE, MAX_NAME, MAX_CANNED = 4000, 60, 1600
ANY = ThreadFilter()


async def list_threads(
    tx: Transaction,
    wanted: ThreadFilter = ANY,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Thread]:
    """List threads, the latest text first; pass the last one's latest moment and id as `before` for the next page."""
    return await threads.list_threads(tx, wanted, only=None, before=before, limit=limit)


async def get_thread(tx: Transaction, *, conversation_id: UUID, reader: UUID | None = None) -> Thread:
    """Get a thread; refuses one the tenant does not have (`conversations.not_found`)."""
    found = await threads.list_threads(tx, ThreadFilter(reader=reader), only=conversation_id, before=None, limit=1)
    if not found:
        raise _unknown()
    return found[0]


async def reach_of(tx: Transaction, thread: Thread) -> Reachability:
    """Tell whether the person of a thread may be written to now: their refusals, and the business's quiet hours.

    Quiet hours are on the person's own clock where their zone is known, else on the business's; they bind marketing,
    and tell whoever answers by hand that it is late there.
    """
    standing = await consent.check_person(tx, phone_e164=thread.phone_e164)
    business = await tenants.get_tenant(tx)
    person = (await contacts.facts_for(tx, [thread.contact_id])).get(thread.contact_id)
    quiet = quiet_until(
        starts=business.quiet_from,
        ends=business.quiet_until,
        zone=(person.timezone if person else None) or business.timezone,
        at=tx.now,
    )
    return Reachability(transactional=standing.transactional, marketing=standing.marketing, quiet_until=quiet)


async def mark_read(tx: Transaction, *, conversation_id: UUID, by: UUID | None = None) -> None:
    """Note that somebody has read a thread; `by` is the member, whose own count of unread texts it ends."""
    await threads.mark_read(tx, conversation_id=conversation_id, by=by)


async def mark_unread(tx: Transaction, *, conversation_id: UUID, by: UUID) -> None:
    """Have a thread unread again for a member, as if its person had just written."""
    await inbox.mark_unread(tx, conversation_id=conversation_id, by=by)


async def assign_thread(tx: Transaction, *, conversation_id: UUID, to: UUID | None, by: str = "") -> None:
    """Give a thread to a member, or to nobody; refuses who does not work here (`conversations.not_a_member`).

    `by` is who does it, as the thread shows them.
    """
    if to is not None and not await threads.is_member(tx, user_id=to):
        raise Refused("conversations.not_a_member", "this person does not work for the business", status=422)
    status = await threads.put_assignee(tx, conversation_id=conversation_id, to=to)
    if status is None:
        raise _unknown()
    act = ThreadAct.TAKEN_BACK if to is None else ThreadAct.GIVEN
    await _write_down(tx, conversation_id, act, by=by, to=to)
    tx.announce(ThreadChanged(conversation_id=conversation_id, status=status.value, assigned_to=to))


async def snooze_thread(tx: Transaction, *, conversation_id: UUID, until: datetime, by: str = "") -> None:
    """Put a thread to rest until a moment, or until its person writes; refuses the past and more than a year.

    The refusal is `conversations.snooze_invalid`.
    """
    if not tx.now < until <= tx.now + LONGEST_REST:
        raise Refused(
            "conversations.snooze_invalid", "a thread rests until a moment within a year from now", status=422
        )
    await _set_status(tx, conversation_id, ThreadStatus.SNOOZED, until)
    await _write_down(tx, conversation_id, ThreadAct.SNOOZED, by=by, until=until)


async def open_thread(tx: Transaction, *, conversation_id: UUID, by: str = "") -> None:
    """Open a thread again."""
    await _set_status(tx, conversation_id, ThreadStatus.OPEN, None)
    await _write_down(tx, conversation_id, ThreadAct.OPENED, by=by)


async def settle_thread(tx: Transaction, *, conversation_id: UUID, by: str = "") -> None:
    """Call a thread done: nobody waits in it for a person any more, and the next text in it may be answered for us."""
    await _set_status(tx, conversation_id, ThreadStatus.DONE, None)
    await _write_down(tx, conversation_id, ThreadAct.DONE, by=by)


async def wake_threads(tx: Transaction) -> int:
    """Open the threads of every business whose rest is over; returns how many."""
    woken = await threads.claim_woken(tx)
    for conversation_id, tenant_id, assigned_to in woken:
        tx.announce(
            ThreadChanged(conversation_id=conversation_id, status=ThreadStatus.OPEN.value, assigned_to=assigned_to),
            tenant_id=tenant_id,
        )
    return len(woken)


async def ask_for_person(tx: Transaction, *, conversation_id: UUID) -> None:
    """Note that somebody waits in a thread for a person at the business; the first time counts."""
    await threads.record_person_asked(tx, conversation_id=conversation_id)


async def nobody_waits(tx: Transaction, *, conversation_id: UUID) -> None:
    """Note that nobody waits in a thread for a person any more."""
    await threads.record_nobody_waits(tx, conversation_id=conversation_id)


async def find_last_by_hand(tx: Transaction, *, conversation_id: UUID) -> datetime | None:
    """Find when a person at the business last wrote in a thread; None if never."""
    return await threads.find_last_by_hand(tx, conversation_id=conversation_id)


async def add_note(tx: Transaction, *, conversation_id: UUID, body: str, author: str) -> Note:
    """Write a note for the others at the business; refuses an empty or overlong one (`conversations.note_invalid`)."""
    words = body.strip()
    if not 1 <= len(words) <= MAX_NOTE:
        raise Refused("conversations.note_invalid", "a note has 1 to 4,000 characters", status=422)
    await get_thread(tx, conversation_id=conversation_id)
    note = Note(id=new_id(), conversation_id=conversation_id, author=author, body=words, created_at=tx.now)
    await threads.add_note(tx, note)
    tx.announce(NoteWritten(note_id=note.id, conversation_id=conversation_id))
    return note


async def list_notes(
    tx: Transaction, *, conversation_id: UUID, before: UUID | None = None, limit: int = 50
) -> list[Note]:
    """List a thread's notes, newest first; pass the last id as `before` for the next page."""
    return await threads.list_notes(tx, conversation_id=conversation_id, before=before, limit=limit)


async def list_items(
    tx: Transaction, *, conversation_id: UUID, before: datetime | None = None, limit: int = 50
) -> list[Item]:
    """List texts, calls, voicemails and notes of a thread's person together, newest first, from before a moment."""
    return await threads.list_items(tx, conversation_id=conversation_id, before=before, limit=limit)


async def put_canned(tx: Transaction, *, name: str, body: str) -> CannedReply:
    """Keep an answer ready under a short name, in place of one that was there.

    Refuses an empty or overlong name or answer (`conversations.canned_invalid`).
    """
    short, words = name.strip(), body.strip()
    if not (1 <= len(short) <= MAX_NAME and 1 <= len(words) <= MAX_CANNED):
        raise Refused("conversations.canned_invalid", "a name has 1 to 60 characters, an answer 1 to 1,600", status=422)
    return await threads.put_canned(tx, reply_id=new_id(), name=short, body=words)


async def list_canned(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[CannedReply]:
    """List the answers that are kept ready, newest first; pass the last id as `before` for the next page."""
    return await threads.list_canned(tx, before=before, limit=limit)


async def get_canned(tx: Transaction, *, name: str) -> CannedReply:
    """Get an answer that is kept ready; refuses an unknown name (`conversations.canned_not_found`)."""
    found = await threads.find_canned(tx, name=name)
    if found is None:
        raise Refused("conversations.canned_not_found", "no answer is kept under this name", status=404)
    return found


async def drop_canned(tx: Transaction, *, reply_id: UUID) -> None:
    """Forget an answer that was kept ready; refuses an unknown one (`conversations.canned_not_found`)."""
    if not await threads.drop_canned(tx, reply_id=reply_id):
        raise Refused("conversations.canned_not_found", "no such answer is kept", status=404)


async def _set_status(tx: Transaction, conversation_id: UUID, status: ThreadStatus, until: datetime | None) -> None:
    known = await threads.put_status(tx, conversation_id=conversation_id, status=status, until=until)
    if known is None:
        raise _unknown()
    tx.announce(ThreadChanged(conversation_id=conversation_id, status=status.value, assigned_to=known[0]))


async def _write_down(
    tx: Transaction,
    conversation_id: UUID,
    act: ThreadAct,
    *,
    by: str,
    to: UUID | None = None,
    until: datetime | None = None,
) -> None:
    await inbox.add_change(
        tx,
        change_id=new_id(),
        conversation_id=conversation_id,
        kind=act.value,
        author=by,
        given_to=to,
        rests_until=until,
    )


def _unknown() -> Refused:
    return Refused("conversations.not_found", "no such conversation", status=404)
