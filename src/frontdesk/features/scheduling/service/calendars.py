"""The verbs of calendars outside: connect accounts, say which calendar counts for whom, take in what they tell."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.scheduling.events import CalendarAccessLost
from frontdesk.features.scheduling.model.calendars import (
    CalendarCompany,
    CalendarUse,
    Connection,
    Lease,
)
from frontdesk.features.scheduling.queries import calendars as calendar_queries
from frontdesk.features.scheduling.queries import calendars_accounts as accounts
from frontdesk.features.scheduling.queries import calendars_entries as entries
from frontdesk.features.scheduling.service.offers import get_resource
from frontdesk.features.scheduling.service.outside import forget_external_source, record_external_busy
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.ports.calendars import Account, Busy, Changes, ExternalCalendar


class LeaseLost(Exception):
    """Another worker has this account now, or it was connected anew: nothing more may be written for it."""


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """An account with its calendars, by name."""

    connection: Connection
    calendars: tuple[CalendarUse, ...]


async def list_accounts(tx: Transaction) -> list[ConnectedAccount]:
    """List the business's accounts, oldest first, each with its calendars."""
    found = await calendar_queries.list_calendars(tx)
    return [
        ConnectedAccount(one, tuple(each for each in found if each.connection_id == one.id))
        for one in await accounts.list_connections(tx)
    ]


async def get_connection(tx: Transaction, *, connection_id: UUID) -> Connection:
    """Get an account; refuses one that the business does not have (`calendars.not_found`)."""
    found = await accounts.find_connection(tx, connection_id=connection_id)
    if found is None:
        raise Refused("calendars.not_found", "no such account", status=404)
    return found


async def keep_connection(
    tx: Transaction,
    *,
    provider: CalendarCompany,
    account: Account,
    sealed_login: bytes,
    found: Sequence[ExternalCalendar],
    by: Actor,
) -> UUID:
    """Keep an account that was opened, or opened anew, with its calendars; returns the connection's id."""
    connection_id = await accounts.put_connection(
        tx,
        connection_id=new_id(),
        provider=provider,
        provider_account_id=account.id,
        account_name=account.name,
        sealed_login=sealed_login,
        connected_by=str(by),
    )
    await calendar_queries.put_calendars(tx, connection_id=connection_id, found=found)
    details = {"provider": provider.value, "account": account.name}
    await audit.write_entry(tx, actor=by, action="calendars.connected", subject=str(connection_id), details=details)
    return connection_id


async def disconnect(tx: Transaction, *, connection_id: UUID, by: Actor) -> tuple[CalendarCompany, str, bytes]:
    """Let an account go: its busy times no longer count, and what we wrote there stays.

    Returns provider, account and sealed login; refuses `calendars.not_found`.
    """
    for one in await calendar_queries.list_calendars(tx, connection_id=connection_id):
        if one.resource_id is not None and one.blocks:
            await forget_external_source(tx, resource_id=one.resource_id, source=one.source)
    gone = await accounts.delete_connection(tx, connection_id=connection_id)
    if gone is None:
        raise Refused("calendars.not_found", "no such account", status=404)
    await audit.write_entry(
        tx, actor=by, action="calendars.disconnected", subject=str(connection_id), details={"provider": gone[0].value}
    )
    return gone


async def use_calendar(
    tx: Transaction, *, calendar_id: UUID, resource_id: UUID | None, blocks: bool, writes: bool, by: Actor
) -> CalendarUse:
    """Say whose time a calendar takes (`blocks`) and whether that resource's appointments are written there (`writes`).

    Without a resource it is not used. Refuses `calendars.not_found`, `calendars.read_only`, `calendars.written_already`
    and `scheduling.resource_not_found`.
    """
    known = await calendar_queries.find_calendar(tx, calendar_id=calendar_id)
    if known is None:
        raise Refused("calendars.not_found", "no such calendar", status=404)
    if writes and not known.writable:
        raise Refused("calendars.read_only", "We may not write into this calendar.", status=409)
    if resource_id is None:
        blocks = writes = False
    else:
        await get_resource(tx, resource_id=resource_id)
        if writes and await calendar_queries.find_written(tx, resource_id=resource_id, besides=calendar_id):
            raise Refused(
                "calendars.written_already", "This resource's appointments go into another calendar.", status=409
            )
    if known.resource_id is not None and known.blocks and (not blocks or known.resource_id != resource_id):
        await forget_external_source(tx, resource_id=known.resource_id, source=known.source)
    await calendar_queries.update_use(
        tx, calendar_id=calendar_id, resource_id=resource_id, blocks=blocks, writes=writes
    )
    changed = await calendar_queries.find_calendar(tx, calendar_id=calendar_id)
    if changed is None:
        raise Refused("calendars.not_found", "no such calendar", status=404)
    await entries.put_entries(tx, calendar=changed)
    await accounts.advance_connections(tx, connection_id=known.connection_id)
    details = {"resource": str(resource_id or ""), "blocks": blocks, "writes": writes}
    await audit.write_entry(tx, actor=by, action="calendars.use_changed", subject=str(calendar_id), details=details)
    return changed


async def sync_now(tx: Transaction, *, connection_id: UUID | None = None) -> None:
    """Let an account be asked now, or all of the business; refuses `calendars.not_found`."""
    if connection_id is not None:
        await get_connection(tx, connection_id=connection_id)
    await accounts.advance_connections(tx, connection_id=connection_id)


async def note_appointment(tx: Transaction, *, appointment_id: UUID) -> int:
    """Note what an appointment changes in calendars outside; twice is the same as once."""
    return await entries.put_entries(tx, appointment_id=appointment_id)


async def take_in_look(
    tx: Transaction,
    lease: Lease,
    calendar: CalendarUse,
    changes: Changes,
    *,
    window: tuple[datetime, datetime] | None,
    busy: Sequence[Busy],
    silent: bool,
) -> int:
    """Take in what a calendar told: its busy times if they were read (`window`), and how far it is read now.

    Returns the number of bookings that it came over; raises LeaseLost, and `Overtaken` as `record_external_busy`.
    """
    if not await accounts.hold_lease(tx, lease):
        raise LeaseLost
    collided = 0
    if window is not None and calendar.resource_id is not None:
        stretches = [(one.starts_at, one.ends_at) for one in busy]
        collided = len(
            await record_external_busy(
                tx, resource_id=calendar.resource_id, source=calendar.source, window=window, busy=stretches
            )
        )
    await calendar_queries.record_look(
        tx, calendar, token=changes.token, covered_until=None if window is None else window[1], silent=silent
    )
    return collided


async def note_revoked(tx: Transaction, *, connection_id: UUID, because: str) -> bool:
    """Write down that an account no longer lets us in, and announce it once; what it told last stays kept free."""
    if not await accounts.revoke_connection(tx, connection_id=connection_id, because=because):
        return False
    lost = await get_connection(tx, connection_id=connection_id)
    tx.announce(CalendarAccessLost(connection_id=connection_id, provider=lost.provider.value, because=because))
    return True


async def note_push(tx: Transaction, *, calendar_id: UUID, connection_id: UUID, changed: bool) -> None:
    """Note that a channel spoke; a change is looked at now."""
    await calendar_queries.note_news(tx, calendar_id=calendar_id, changed=changed)
    if changed:
        await accounts.advance_connections(tx, connection_id=connection_id)


async def note_account_news(tx: Transaction, *, connection_id: UUID) -> None:
    """Note that something changed in an account."""
    await calendar_queries.note_news(tx, connection_id=connection_id, changed=True)
    await accounts.advance_connections(tx, connection_id=connection_id)


def hash_secret(secret: str) -> bytes:
    """Hash a random secret; it has 256 bits, so a plain hash keeps it."""
    return hashlib.sha256(secret.encode()).digest()


def secret_matches(secret: str, kept: bytes) -> bool:
    """Compare a presented secret with a kept hash, in constant time."""
    return hmac.compare_digest(hash_secret(secret), kept)
