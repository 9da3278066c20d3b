"""Deposits as rows: what was promised before they were paid, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.db import Transaction

# Asked again for the same time, what was promised first stays promised.
ADD = """
    insert into sched_deposits (hold_id, tenant_id, payment_id, refund_hours, created_at) values ($2, $1, $3, $4, $5)
    on conflict (hold_id) do update set payment_id = excluded.payment_id
    where sched_deposits.tenant_id = excluded.tenant_id
"""

FIND_PROMISE = "select refund_hours from sched_deposits where tenant_id = $1 and hold_id = $2"

NOTE_BOOKED = "update sched_deposits set appointment_id = $3 where tenant_id = $1 and hold_id = $2"

FIND = """
    select payment_id, refund_hours, given_back_at from sched_deposits where tenant_id = $1 and appointment_id = $2
"""

NOTE_GIVEN_BACK = """
    update sched_deposits set given_back_at = coalesce(given_back_at, $3) where tenant_id = $1 and appointment_id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDeposit:
    """A deposit of an appointment; `refund_hours` as promised (None: it is kept), `given_back_at` once ordered."""

    payment_id: UUID
    refund_hours: int | None
    given_back_at: datetime | None


async def add_deposit(tx: Transaction, *, hold_id: UUID, payment_id: UUID, refund_hours: int | None) -> None:
    """Write that the deposit of a held time was asked for, and on what terms."""
    await tx.execute(ADD, tx.tenant, hold_id, payment_id, refund_hours, tx.now)


async def find_promise(tx: Transaction, *, hold_id: UUID) -> int | None:
    """Find until how many hours before the start the deposit of a held time goes back; None promises nothing."""
    found = await tx.fetchval(FIND_PROMISE, tx.tenant, hold_id)
    return found if isinstance(found, int) else None


async def note_booked(tx: Transaction, *, hold_id: UUID, appointment_id: UUID) -> None:
    """Note which appointment a deposit has booked."""
    await tx.execute(NOTE_BOOKED, tx.tenant, hold_id, appointment_id)


async def find_deposit(tx: Transaction, *, appointment_id: UUID) -> AskedDeposit | None:
    """Find the deposit of an appointment."""
    row = await tx.fetchrow(FIND, tx.tenant, appointment_id)
    return None if row is None else AskedDeposit(**row)


async def note_given_back(tx: Transaction, *, appointment_id: UUID) -> None:
    """Note that a deposit is on its way back."""
    await tx.execute(NOTE_GIVEN_BACK, tx.tenant, appointment_id, tx.now)
