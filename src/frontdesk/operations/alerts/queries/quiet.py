"""Which alerts lead to a page right now."""

from __future__ import annotations

from collections.abc import Sequence

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id

LIST_FIRING = """
    select distinct alertname from alert_instances where state = 'firing' and alertname = any($1::text[])
    order by alertname
"""

LET_FIRE = """
    insert into alert_instances
      (id, fingerprint, alertname, labels, state, value, active_at, seen_at, heard_at, fired_at)
    values ($1, 'drill:' || $2, $2, jsonb_build_object('alertname', $2::text), 'firing', 1, $3, $3, $3, $3)
"""

FORGET_FIRED = "delete from alert_instances where fingerprint = 'drill:' || $1"


async def list_firing(tx: Transaction, *, rules: Sequence[str]) -> list[str]:
    """List which of some rules have an alert that fires."""
    return [row["alertname"] for row in await tx.fetch(LIST_FIRING, list(rules))]


async def insert_firing(tx: Transaction, *, rule: str) -> None:
    """Write an alert down as firing; the next evaluation that does not see its reason ends it."""
    await tx.execute(LET_FIRE, new_id(), rule, tx.now)


async def forget_firing(tx: Transaction, *, rule: str) -> None:
    """Take back what `insert_firing` wrote."""
    await tx.execute(FORGET_FIRED, rule)
