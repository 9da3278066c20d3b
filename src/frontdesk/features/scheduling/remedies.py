"""What a runbook may do to bookings: clear away holds, give bookings their time back, or tell who lost it."""

from __future__ import annotations

from frontdesk.features.scheduling.events import BookingCollided, HoldExpired, SlotFreed
from frontdesk.features.scheduling.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Approval, Order, Remedy


async def _clear_holds(tx: Transaction, _order: Order) -> str:
    gone = await upkeep.take_overdue(tx)
    for hold in gone:
        tx.announce(
            HoldExpired(
                hold_id=hold.hold_id,
                resource_id=hold.resource_id,
                service_id=hold.service_id,
                contact_id=hold.contact_id,
                starts_at=hold.starts_at,
                awaited_payment=hold.awaits_payment,
                source=hold.source,
            ),
            tenant_id=hold.tenant_id,
        )
        tx.announce(
            SlotFreed(
                resource_id=hold.resource_id,
                service_id=hold.service_id,
                starts_at=hold.starts_at,
                ends_at=hold.ends_at,
            ),
            tenant_id=hold.tenant_id,
        )
    return f"cleared away {len(gone)} holds"


async def _give_time_back(tx: Transaction, _order: Order) -> str:
    given, told = 0, 0
    for appointment_id, _ in await upkeep.list_without_time(tx):
        if await upkeep.take_time(tx, appointment_id=appointment_id):
            given += 1
            continue
        lost = await upkeep.note_lost(tx, appointment_id=appointment_id)
        if lost is not None:
            told += 1
            tx.announce(
                BookingCollided(
                    appointment_id=appointment_id,
                    contact_id=lost.contact_id,
                    resource_id=lost.resource_id,
                    starts_at=lost.starts_at,
                    ends_at=lost.ends_at,
                    source="double booking",
                ),
                tenant_id=lost.tenant_id,
            )
    return f"gave {given} bookings their time back, {told} people are told that theirs is lost"


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="scheduling.clear_holds",
        sentence="Clear away every hold that has run out",
        approval=Approval.NOBODY,
        act=_clear_holds,
    ),
    Remedy(
        name="scheduling.give_time_back",
        sentence="Give bookings their time back, and tell people whose time somebody else has",
        approval=Approval.OPERATOR,
        act=_give_time_back,
    ),
)
