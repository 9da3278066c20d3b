"""What the pages show, read from the features: rows, the kill switch, tasks, a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.features import conversations, delivery, insights, tenants
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.web.pages.rows import Chip, Row, message_chips, to_row
from frontdesk.web.words import phone_words

ROWS = 40
MESSAGES = 60
ANSWERABLE_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose page it is, in which zone its times are written, and the present moment."""

    tenant_id: UUID
    zone: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some of the timeline, `separated` by days; `next` is where what came earlier starts."""

    place: Place
    rows: Sequence[Row]
    next: UUID | None = None
    separated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseView:
    """How sending stands; `elsewhere` tells of a stop that this business cannot lift."""

    place: Place
    paused_at: datetime | None
    by: str
    reason: str
    in_flight: int
    queued: int
    last_started_at: datetime | None
    elsewhere: str
    may_pause: bool
    may_resume: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksView:
    """What a person should look at."""

    place: Place
    tasks: Sequence[conversations.Task]
    may_finish: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One text of a thread."""

    id: UUID
    ours: bool
    body: str
    author: str
    at: datetime
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """A thread with one person; `silent_because` says why nobody can answer, `wrong` what was wrong with a try."""

    place: Place
    id: UUID
    who: str
    phone: str
    opted_out: bool
    messages: Sequence[Message]
    silent_because: str
    draft: str
    wrong: str
    key: UUID


async def read_place(tx: Transaction) -> Place:
    """Read what every part of a page needs to know."""
    tenant = await tenants.get_tenant(tx)
    return Place(tenant_id=tenant.id, zone=tenant.timezone, now=tx.now)


async def read_rows(tx: Transaction, *, before: UUID | None = None) -> Rows:
    """Read some of the timeline, newest first."""
    entries = await insights.list_timeline(tx, before=before, limit=ROWS)
    return Rows(
        place=await read_place(tx),
        rows=[to_row(entry) for entry in entries],
        next=entries[-1].id if len(entries) == ROWS else None,
        separated=True,
    )


async def read_pause(tx: Transaction, visit: Visit, *, by_setting: bool) -> PauseView:
    """Read how the business's sending stands."""
    key = str(visit.tenant_id)
    proof = await delivery.prove_stop(tx, scope=delivery.Scope.TENANT, key=key)
    wider = [switch for switch in await delivery.list_paused(tx) if switch.scope in {"global", "channel"}]
    elsewhere = "All sending is switched off in the settings." if by_setting else ""
    if wider:
        elsewhere = f"All {'texting' if wider[0].scope == 'channel' else 'sending'} is stopped by {wider[0].paused_by}."
    return PauseView(
        place=await read_place(tx),
        paused_at=proof.paused_at,
        by=proof.paused_by,
        reason=proof.reason,
        in_flight=proof.in_flight,
        queued=proof.queued,
        last_started_at=proof.last_started_at,
        elsewhere=elsewhere,
        may_pause=visit.may(Scope.DELIVERY_PAUSE),
        may_resume=visit.may(Scope.DELIVERY_RESUME),
    )


async def read_tasks(tx: Transaction, visit: Visit) -> TasksView:
    """Read what a person should look at."""
    found = await conversations.list_tasks(tx, limit=20)
    return TasksView(place=await read_place(tx), tasks=found, may_finish=visit.may(Scope.MESSAGES_SEND))


async def read_thread(
    tx: Transaction, visit: Visit, conversation_id: UUID, *, draft: str = "", wrong: str = ""
) -> ThreadView:
    """Read a thread; refuses one that the business does not have."""
    thread = await conversations.get_thread(tx, conversation_id=conversation_id)
    found = await conversations.list_messages(tx, conversation_id=conversation_id, limit=MESSAGES)
    phone = phone_words(thread.phone_e164)
    heard = any(one.direction == "inbound" and tx.now - one.created_at < ANSWERABLE_FOR for one in found)
    who = thread.name or phone
    silent = ""
    if not visit.may(Scope.MESSAGES_SEND):
        silent = "You may read here, not write."
    elif thread.opted_out_scope == "all":
        silent = f"{who} has opted out. Nothing is sent until they text START."
    elif not heard:
        silent = f"{who} has not written in the last 30 days. Call back, or wait for their text."
    return ThreadView(
        place=await read_place(tx),
        id=thread.id,
        who=who,
        phone=phone if thread.name else "",
        opted_out=thread.opted_out_scope == "all",
        messages=[_message(one) for one in reversed(found)],
        silent_because=silent,
        draft=draft,
        wrong=wrong,
        key=new_id(),
    )


def _message(message: conversations.ThreadMessage) -> Message:
    return Message(
        id=message.id,
        ours=message.direction == "outbound",
        body=message.body,
        author=message.author,
        at=message.created_at,
        chips=message_chips(message),
    )
