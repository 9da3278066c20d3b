"""How a business's numbers fare: what each has sent today, what holds it back, how many said STOP to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from frontdesk.kernel.db import Transaction

LIST_USES = """
    select number.id as number_id, pace.day, coalesce(pace.sent_today, 0) as sent, breaker.opened_at,
           breaker.hold_until, coalesce(breaker.hold_reason, '') as hold_reason,
           (select count(*) from sender_opt_outs as stop where stop.sender_e164 = number.phone_e164)::int as opt_outs
    from sending_numbers as number
    left join number_paces as pace on pace.sender_e164 = number.phone_e164
    left join breakers as breaker
           on breaker.provider = number.provider and breaker.sender_e164 = number.phone_e164
    where number.tenant_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberUse:
    """How a number fares; `sent` counts texts of campaigns on `day`, `opened_at` is since when it keeps failing."""

    number_id: UUID
    day: date | None
    sent: int
    opened_at: datetime | None
    hold_until: datetime | None
    hold_reason: str
    opt_outs: int


async def list_uses(tx: Transaction) -> list[NumberUse]:
    """List how the tenant's numbers fare, retired ones too."""
    return [NumberUse(**dict(row)) for row in await tx.fetch(LIST_USES, tx.tenant)]
