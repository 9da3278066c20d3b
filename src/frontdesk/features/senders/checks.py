"""What must be true of senders: carriers' limits leave room."""

from __future__ import annotations

from frontdesk.features.senders import queries
from frontdesk.features.senders.carriers import WHOLE, BrandUse
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity

PAGE = "brand-day-full"
NEARLY = 90  # percent of what a brand may send a day


async def _brands_have_room(tx: Transaction) -> Finding:
    used = await queries.list_brand_use(tx)
    full = [one for one in used if _percent(one) >= NEARLY]
    if not full:
        return Finding(severity=Severity.OK, words=f"{len(used)} brands have sent today, none near its limit", value=0)
    worst = max(full, key=_percent)
    spent = any(_percent(one) >= WHOLE for one in full)
    return Finding(
        severity=Severity.CRITICAL if spent else Severity.WARNING,
        words=f"the brand {worst.brand_id} has sent {_percent(worst)} % of what carriers let it send today",
        value=len(full),
        evidence={"brands": [{"brand": one.brand_id, "percent": _percent(one)} for one in full]},
    )


def _percent(used: BrandUse) -> int:
    allowed = used.daily_allowance
    return used.segments * WHOLE // allowed if allowed else WHOLE


CHECKS: tuple[Check, ...] = (
    Check(
        name="senders.brands_have_room",
        sentence="Every registered brand has room left today",
        runbook=PAGE,
        look=_brands_have_room,
    ),
)
