"""Read a business's timeline, and follow it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from frontdesk.features.insights.model import CallEntry, Changes, Entry, read_changes
from frontdesk.features.insights.queries import timeline as queries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.outbox import OutboxRow


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailSound:
    """Where a voicemail's sound is: at its provider under `url`, or already kept as `stored_as`."""

    provider: str
    url: str
    stored_as: str | None
    content_type: str | None


async def list_timeline(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[Entry]:
    """List calls and texts together, newest first; pass the last id as `before` for what came earlier.

    Ids sort by time, so the two lists merge by id.
    """
    calls = await queries.list_calls(tx, before=before, only=None, limit=limit)
    texts = await queries.list_texts(tx, before=before, only=None, limit=limit)
    return _newest_first([*calls, *texts])[:limit]


async def find_changed_entries(tx: Transaction, changes: Changes) -> list[Entry]:
    """Read the entries that changes touched, as they are now, newest first."""
    calls, messages = set(changes.calls), set(changes.messages)
    if changes.jobs:
        for cause, message_id in await queries.list_owners(tx, job_ids=list(changes.jobs)):
            kind, _, subject = cause.partition(":")
            if kind == "call":
                calls.add(UUID(subject))
            elif message_id is not None:
                messages.add(message_id)
    entries: list[Entry] = []
    if calls:
        entries += await queries.list_calls(tx, before=None, only=list(calls), limit=len(calls))
    if messages:
        entries += await queries.list_texts(tx, before=None, only=list(messages), limit=len(messages))
    return _newest_first(entries)


def summarise_changes(events: Iterable[OutboxRow]) -> Changes:
    """Tell which entries events of the feed touched."""
    return read_changes((event.name, msgspec.json.decode(event.payload, type=dict[str, object])) for event in events)


async def report_call(tx: Transaction, *, call_id: UUID) -> CallEntry:
    """Report a call and what became of it; refuses one the tenant does not have (`calls.not_found`)."""
    found = await queries.list_calls(tx, before=None, only=[call_id], limit=1)
    if not found:
        raise Refused("calls.not_found", "no such call", status=404)
    return found[0]


async def find_voicemail(tx: Transaction, *, voicemail_id: UUID) -> VoicemailSound:
    """Find a voicemail's sound; refuses one the tenant does not have (`calls.voicemail_not_found`)."""
    found = await queries.find_voicemail(tx, voicemail_id=voicemail_id)
    if found is None:
        raise Refused("calls.voicemail_not_found", "no such voicemail", status=404)
    provider, url, stored_as, content_type = found
    return VoicemailSound(provider=provider, url=url, stored_as=stored_as, content_type=content_type)


def _newest_first(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.id, reverse=True)
